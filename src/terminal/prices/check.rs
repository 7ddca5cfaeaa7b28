//! Faults of a price book, and notes on it.

use std::collections::BTreeSet;

use jiff::civil::Date;
use serde::Serialize;

use crate::catalog::price_list::{Harvest, Names};
use crate::catalog::{DatedRow, ModelPrices, PriceBook, RateField, RateRow, RowRegion, RowScope};
use crate::domain::{BaseModel, ServiceTier, Term, UsdPerMillionTokens};
use crate::terminal::page::{line, wrapped};
use crate::terminal::prices::ages;
use crate::terminal::prices::words::{
    gap_lines, refused_line, region_names, row_name, scope_name, some_of, warn,
};

/// The outcome of a check of a price book.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Check {
    /// Warning that nobody may act on the prices; `None` where AWS charges them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub warning: Option<String>,
    /// Faults that have to be mended: rows that contradict each other, prices that nobody has seen for
    /// so long that no commitment rests on them.
    pub faults: Vec<String>,
    /// Notes: models that have left, prices that were last seen long ago or have ended, gaps, odd
    /// prices.
    pub notes: Vec<String>,
}

impl Check {
    /// Returns true if there is nothing to mend.
    #[must_use]
    pub const fn is_clean(&self) -> bool {
        self.faults.is_empty()
    }

    /// Writes the outcome as text.
    #[must_use]
    pub fn render(&self) -> String {
        let mut page = String::new();
        warn(&mut page, self.warning.iter());
        for fault in &self.faults {
            wrapped(&mut page, "fault  ", fault);
        }
        for note in &self.notes {
            wrapped(&mut page, "note   ", note);
        }
        let verdict = match self.faults.len() {
            0 => "clean: nothing to mend".to_owned(),
            1 => "1 fault".to_owned(),
            count => format!("{count} faults"),
        };
        line(&mut page, verdict);
        page
    }
}

impl Check {
    /// Notes models that only the book has, or only the names of the Price List.
    pub fn unknown_names(&mut self, book: &PriceBook, names: &Names) {
        let paired: BTreeSet<&BaseModel> = names.models().map(|named| &named.model).collect();
        let missing: Vec<&str> = paired
            .iter()
            .filter(|model| book.model(model).is_none())
            .map(|model| model.id())
            .collect();
        if !missing.is_empty() {
            self.notes.push(format!(
                "the Price List has names for {} models without prices here: {}",
                missing.len(),
                some_of(&missing)
            ));
        }
        let without: Vec<&str> = book
            .models
            .iter()
            .map(|model| &model.id)
            .filter(|id| !paired.contains(id))
            .map(BaseModel::id)
            .collect();
        if !without.is_empty() {
            self.notes.push(format!(
                "{} models have no known name in the Price List, so nothing refreshes them: {}",
                without.len(),
                some_of(&without)
            ));
        }
    }

    /// Notes lines of a Price List that could not be used, and adds contradictions as faults.
    pub fn price_list(&mut self, harvest: &Harvest) {
        for gap in &harvest.unmapped {
            self.notes.push(format!(
                "gap: `{}` of {} has no model, {}",
                gap.name,
                gap.service_code,
                gap_lines(gap)
            ));
        }
        for line in &harvest.rejected {
            self.notes.push(format!("refused: {}", refused_line(line)));
        }
        for contradiction in &harvest.contradictions {
            self.faults.push(format!(
                "the Price List contradicts itself: {} {} in {}",
                contradiction.model, contradiction.item, contradiction.region
            ));
        }
    }
}

/// Checks a book that reads as one. Prices that were last seen more than `most_days` days ago are
/// noted.
#[must_use]
pub fn check(book: &PriceBook, today: Date, most_days: u32) -> Check {
    let mut check = Check { warning: book.warning(), ..Check::default() };
    for model in &book.models {
        early(model, today, &mut check.faults);
        contradictions(model, &mut check.faults);
        hourly_contradictions(model, &mut check.faults);
        odd(model, &mut check.notes);
        left(model, today, &mut check.notes);
        ages::ended(model, today, &mut check.notes);
    }
    ages::stale(book, today, most_days, &mut check.faults, &mut check.notes);
    unpriced(book, &mut check.notes);
    let rows = book.models.iter().flat_map(|model| &model.rates);
    let is_unstated = |row: &&RateRow| row.regions.iter().all(|of| *of == RowRegion::Unstated);
    let unstated = rows.clone().filter(is_unstated).count();
    if unstated > 0 {
        check.notes.push(format!(
            "{unstated} of {} rates have a source that names no Region; they price none",
            rows.count()
        ));
    }
    check
}

/// Finds rows that nobody can have looked at yet: they would be fresh for ever.
fn early(model: &ModelPrices, today: Date, faults: &mut Vec<String>) {
    let rates = model.rates.iter().map(|row| row.checked);
    let units = model.model_units.iter().map(|row| row.checked);
    let reserved = model.reserved_tokens.iter().map(|row| row.checked);
    if let Some(latest) = rates.chain(units).chain(reserved).max().filter(|day| *day > today) {
        faults.push(format!(
            "{}: a price was looked at on {latest}, which is after {today}: correct `checked`, or the day of its source",
            model.id
        ));
    }
}

/// Finds rows for the same requests that give different prices for the same day. A row with the day
/// on which its price took effect gives way to a later one like it.
fn contradictions(model: &ModelPrices, faults: &mut Vec<String>) {
    for (index, row) in model.rates.iter().enumerate() {
        for other in &model.rates[index + 1..] {
            let is_shared = |region: &&RowRegion| other.regions.contains(region);
            let Some(region) = row.regions.iter().find(is_shared) else {
                continue;
            };
            let of_one_kind = scopes_overlap(row, other)
                && row.tier == other.tier
                && row.above_input_tokens == other.above_input_tokens;
            if of_one_kind && meet(row, other) {
                for field in RateField::ALL {
                    let (a, b) = (field.of(row), field.of(other));
                    if a.is_some() && b.is_some() && a != b {
                        faults.push(format!(
                            "{}: two rows give different prices of `{}` for one day: {} ({})",
                            model.id,
                            field.name(),
                            row_name(row),
                            String::from(region.clone())
                        ));
                    }
                }
            }
        }
    }
}

/// Finds rows of capacity that give different prices for the same day.
fn hourly_contradictions(model: &ModelPrices, faults: &mut Vec<String>) {
    let mut fault = |what: &str, term: Term, regions: &[RowRegion]| {
        faults.push(format!(
            "{}: two rows give different prices of {what}, {term}, for one day: {}",
            model.id,
            region_names(regions)
        ));
    };
    let shared = |a: &[RowRegion], b: &[RowRegion]| a.iter().any(|region| b.contains(region));
    for (index, row) in model.model_units.iter().enumerate() {
        for other in &model.model_units[index + 1..] {
            let of_one_kind = (row.term, &row.label) == (other.term, &other.label)
                && shared(&row.regions, &other.regions)
                && meet(row, other);
            if of_one_kind && row.usd_per_unit_hour != other.usd_per_unit_hour {
                fault("a model unit", row.term, &row.regions);
            }
        }
    }
    for (index, row) in model.reserved_tokens.iter().enumerate() {
        for other in &model.reserved_tokens[index + 1..] {
            let of_one_kind = row.term == other.term
                && (row.scope == RowScope::Global) == (other.scope == RowScope::Global)
                && shared(&row.regions, &other.regions)
                && meet(row, other);
            if of_one_kind && (row.input, row.output) != (other.input, other.output) {
                fault("reserved tokens", row.term, &row.regions);
            }
        }
    }
}

/// Returns true if rows of two scopes can be about the same requests, none of them narrower by
/// rule.
fn scopes_overlap(row: &RateRow, other: &RateRow) -> bool {
    let is_part = |scope: RowScope| matches!(scope, RowScope::InRegion | RowScope::Geo);
    (row.scope, row.geo) == (other.scope, other.geo)
        || (row.scope == RowScope::Regional && is_part(other.scope))
        || (other.scope == RowScope::Regional && is_part(row.scope))
}

/// Returns true if two rows speak for the same days. A row with the day on which its price took
/// effect ends where a later one like it begins.
fn meet<R: DatedRow>(a: &R, b: &R) -> bool {
    let (Some(a), Some(b)) = (a.dating(), b.dating()) else {
        return false;
    };
    // Two open ends are a price and the one that follows it.
    let follow_on = a.to.is_none() && b.to.is_none() && a.from != b.from;
    !follow_on && a.overlaps(b)
}

/// Notes prices that are possible and look like a slip: of a thousand, or of two columns.
fn odd(model: &ModelPrices, notes: &mut Vec<String>) {
    // The dearest listed is 137.50 USD for a million tokens. Half as much would note that price,
    // twice as much would miss more slips.
    const DEAR: u32 = 200;
    for row in &model.rates {
        let at = |what: &str| format!("{}, {}: {what}", model.id, row_name(row));
        let dollars = |price: Option<UsdPerMillionTokens>| price.map(UsdPerMillionTokens::dollars);
        if let (Some(input), Some(read)) = (dollars(row.input), dollars(row.cache_read))
            && read >= input
        {
            notes.push(at("a cache read costs no less than an input token"));
        }
        if let (Some(input), Some(output)) = (dollars(row.input), dollars(row.output))
            && output < input
        {
            notes.push(at("an output token costs less than an input token"));
        }
        let dear = [row.input, row.output]
            .into_iter()
            .filter_map(dollars)
            .any(|price| price > DEAR.into());
        if dear {
            notes.push(at(&format!("a million tokens cost more than {DEAR} USD")));
        }
        if row.tier == ServiceTier::Batch
            && let Some(standard) = standard_of(model, row)
            && row.input > standard.input
        {
            notes.push(at("batch costs more than standard"));
        }
    }
}

fn standard_of<'m>(model: &'m ModelPrices, row: &RateRow) -> Option<&'m RateRow> {
    model.rates.iter().find(|other| {
        other.tier == ServiceTier::Standard
            && (other.scope, other.geo) == (row.scope, row.geo)
            && other.above_input_tokens == row.above_input_tokens
            && other.regions == row.regions
            && other.input.is_some()
    })
}

/// Notes models that can no longer be called, or whose units can no longer be bought.
fn left(model: &ModelPrices, today: Date, notes: &mut Vec<String>) {
    for row in &model.lifecycle {
        let regions = match row.regions.as_slice() {
            [RowRegion::All] => "all Regions".to_owned(),
            named => region_names(named),
        };
        match (row.end_of_life, row.legacy) {
            (Some(end), _) if end <= today => {
                notes.push(format!("{} left {regions} on {end}", model.id));
            }
            (end, Some(legacy)) if legacy <= today => {
                let end = end.map_or_else(String::new, |end| format!(", leaves on {end}"));
                notes.push(format!("{} is Legacy in {regions}{end}", model.id));
            }
            _ => {}
        }
    }
}

/// Notes models without any rate, and rows that price output and not input.
fn unpriced(book: &PriceBook, notes: &mut Vec<String>) {
    let without: Vec<&str> = book
        .models
        .iter()
        .filter(|model| model.rates.is_empty())
        .map(|model| model.id.id())
        .collect();
    if !without.is_empty() {
        notes.push(format!(
            "{} models have no rate by the token: {}",
            without.len(),
            some_of(&without)
        ));
    }
    for model in &book.models {
        for row in &model.rates {
            if row.tier == ServiceTier::Standard && row.input.is_none() && row.output.is_some() {
                notes.push(format!(
                    "{}, {} {}: output has a price and input has none",
                    model.id,
                    scope_name(row.scope, row.geo),
                    row.tier
                ));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &str = "schema_version = 1\nname = \"t\"\ndescription = \"d\"\ncharged = true\n[[model]]\nid = \"a.b\"\nname = \"B\"\nprovider = \"A\"\n";

    fn row(dates: &str, input: &str, read: &str) -> String {
        format!(
            "[[model.rate]]\nscope = \"in-region\"\nregions = [\"us-east-1\"]\ntier = \"standard\"\n{dates}\n\
             checked = \"2026-05-01\"\nsource = \"s\"\ninput = \"{input}\"\ncache_read = \"{read}\"\n"
        )
    }

    fn look(rows: &[String]) -> Check {
        let book = PriceBook::parse("t", &format!("{HEAD}{}", rows.concat())).unwrap();
        check(&book, "2026-06-01".parse().unwrap(), 45)
    }

    #[test]
    fn two_prices_for_one_day_are_a_fault() {
        let first = row("effective_from = \"2026-01-01\"", "1.00", "0.10");
        let seen = row("seen_from = \"2026-04-01\"\nseen_to = \"2026-04-30\"", "2.00", "0.10");
        let found = look(&[first.clone(), seen]);
        assert_eq!(found.faults.len(), 1, "{found:?}");
        assert!(found.faults[0].contains("different prices of `input`"));
        let later = row("effective_from = \"2026-04-01\"", "2.00", "0.10");
        assert!(look(&[first, later]).is_clean());
    }

    #[test]
    fn a_regional_row_beside_a_narrower_one_of_its_day_is_a_fault() {
        let narrow = row("effective_from = \"2026-01-01\"", "1.00", "0.10");
        let broad = |input: &str, from: &str| {
            let dates = format!("effective_from = \"{from}\"");
            row(&dates, input, "0.10").replace("in-region", "regional")
        };
        let faults = |other: String| look(&[narrow.clone(), other]).faults.len();
        assert_eq!(faults(broad("2.00", "2026-01-01")), 1);
        assert_eq!(faults(broad("1.00", "2026-01-01")), 0);
        assert_eq!(faults(broad("2.00", "2026-02-01")), 0);
    }

    #[test]
    fn units_and_reserved_tokens_with_two_prices_are_faults() {
        let unit = |price: &str| {
            format!(
                "[[model.model_units]]\nregions = [\"us-east-1\"]\nterm = \"none\"\nusd_per_unit_hour = \"{price}\"\n\
                 seen_from = \"2026-0{price}-01\"\nseen_to = \"2026-05-01\"\nchecked = \"2026-05-01\"\nsource = \"s\"\n"
            )
        };
        let reserved = |price: &str| {
            format!(
                "[[model.reserved_tokens]]\nscope = \"global\"\nregions = [\"us-east-1\"]\nterm = \"1-month\"\n\
                 input = \"{price}\"\noutput = \"9\"\nminimum_input_tpm = 1\nminimum_output_tpm = 1\n\
                 seen_from = \"2026-0{price}-01\"\nseen_to = \"2026-05-01\"\nchecked = \"2026-05-01\"\nsource = \"s\"\n"
            )
        };
        let found = look(&[unit("1"), unit("2"), reserved("1"), reserved("2")]);
        assert_eq!(found.faults.len(), 2, "{found:?}");
        assert!(found.faults[0].contains("a model unit, no commitment"));
        assert!(found.faults[1].contains("reserved tokens, 1-month term"));
    }

    #[test]
    fn prices_that_nobody_looked_at_for_long_are_noted_and_after_a_year_a_fault() {
        let book = PriceBook::parse(
            "t",
            &format!("{HEAD}{}", row("effective_from = \"2026-01-01\"", "1.00", "0.10")),
        )
        .unwrap();
        let on = |day: &str| check(&book, day.parse().unwrap(), 45);
        assert_eq!(on("2026-06-15").notes, [""; 0]);
        let noted = "2 figures of 1 model were last seen on 2026-05-01, 46 days ago (source s)";
        assert_eq!((on("2026-06-16").notes, on("2026-06-16").faults), (vec![noted.into()], vec![]));
        assert!(on("2027-05-01").is_clean());
        assert!(on("2027-05-02").faults[0].contains("366 days ago"));
    }

    #[test]
    fn a_slip_of_a_thousand_is_noted() {
        let found = look(&[row("effective_from = \"2026-01-01\"", "1.00", "100")]);
        assert!(found.is_clean());
        assert!(found.notes[0].contains("a cache read costs no less"), "{found:?}");
    }
}
