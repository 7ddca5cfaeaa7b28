//! Scopes, Regions and rows of a price book in words.

use crate::catalog::price_list::{PriceListGap, UnusedLine};
use crate::catalog::{LifecycleRow, RateField, RateRow, RowRegion, RowScope};
use crate::domain::{Geo, Usd};
use crate::terminal::page::{line, wrapped};

/// The fields of a row in the order of the page, with their titles.
pub(super) const FIELDS: [(RateField, &str); 6] = [
    (RateField::Input, "Input"),
    (RateField::Output, "Output"),
    (RateField::CacheRead, "Read"),
    (RateField::CacheWrite5m, "Write 5m"),
    (RateField::CacheWrite30m, "Write 30m"),
    (RateField::CacheWrite1h, "Write 1h"),
];

/// Writes the exact price, with at least two decimals.
pub(super) fn plain(price: Usd) -> String {
    let number = price.dollars().normalize();
    if number.scale() < 2 { format!("{number:.2}") } else { number.to_string() }
}

/// Writes a scope in the words of the other pages.
pub(super) fn scope_name(scope: RowScope, geo: Option<Geo>) -> String {
    match (scope, geo) {
        (RowScope::InRegion, _) => "in-Region".to_owned(),
        (RowScope::Geo, Some(geo)) => format!("{} profile", geo.prefix()),
        (RowScope::Geo, None) => "geo profiles".to_owned(),
        (RowScope::Global, _) => "global profile".to_owned(),
        (RowScope::Regional, _) => "in-Region, geo".to_owned(),
        (RowScope::Any, _) => "any".to_owned(),
        (RowScope::Mantle, _) => "mantle endpoint".to_owned(),
    }
}

/// Writes Regions in a few words.
pub(super) fn region_names(regions: &[RowRegion]) -> String {
    let name = |region: &RowRegion| match region {
        RowRegion::Named(region) => region.name().to_owned(),
        RowRegion::All => "all, one price".to_owned(),
        RowRegion::Unstated | RowRegion::UnstatedInUs => "not stated".to_owned(),
    };
    match regions {
        [first, _, _, ..] => format!("{} and {} more", name(first), regions.len() - 1),
        few => few.iter().map(name).collect::<Vec<_>>().join(", "),
    }
}

/// Lists the days on which a model leaves, each with what it ends.
pub(super) fn lifecycle_days(row: &LifecycleRow) -> String {
    let days = [
        ("Legacy from", row.legacy),
        ("extended access from", row.extended_access),
        ("end of life on", row.end_of_life),
    ];
    let days = days.iter().filter_map(|(what, day)| Some(format!("{what} {}", day.as_ref()?)));
    days.collect::<Vec<_>>().join(", ")
}

/// Writes the requests that a row of rates is for.
pub(super) fn row_name(row: &RateRow) -> String {
    let above =
        row.above_input_tokens.map_or_else(String::new, |above| format!(" above {above} tokens"));
    format!(
        "{} {}{above}, {}",
        scope_name(row.scope, row.geo),
        row.tier,
        region_names(&row.regions)
    )
}

/// Writes a line of the Price List that is refused, with the reason.
pub(super) fn refused_line(line: &UnusedLine) -> String {
    format!("{} {} {}: {}", line.service_code, line.sku, line.usage_type, line.why)
}

/// Counts the lines of a name without a model, and adds the model that is spelled like the name.
pub(super) fn gap_lines(gap: &PriceListGap) -> String {
    let suggestion = gap.suggestion.as_ref().map_or_else(String::new, |model| {
        format!("; {model} is spelled like it, which proves nothing")
    });
    format!("{} lines{suggestion}", gap.lines)
}

/// Writes the first of some names, and the number of the others.
pub(super) fn some_of(names: &[&str]) -> String {
    const SHOWN: usize = 8;
    match names.get(..SHOWN) {
        Some(first) if names.len() > SHOWN => {
            format!("{} and {} more", first.join(", "), names.len() - SHOWN)
        }
        _ => names.join(", "),
    }
}

/// Begins a page on prices that nobody pays with its warnings.
pub(super) fn warn<'w>(page: &mut String, warnings: impl Iterator<Item = &'w String>) {
    for warning in warnings {
        wrapped(page, "!!  ", warning);
        line(page, "");
    }
}
