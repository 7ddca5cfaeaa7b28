//! Finding the one rate or the offers that apply.

use std::cmp::Reverse;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::book::PriceBook;
use super::overrides::Overrides;
use super::rows::{
    Dating, LifecycleRow, ModelUnitsRow, Provenance, RateRow, RowRegion, RowScope, Term,
};
use crate::domain::quantity::CapacityOrigin;
use crate::domain::{
    BaseModel, Capacity, Meter, Partition, Region, Scope, ServiceTier, UsdPerMillionTokens,
    UsdPerModelUnitHour,
};

/// How a row came to apply to a Region.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RegionBasis {
    /// The row names the Region.
    Named,
    /// The source gives one price for all its Regions.
    All,
    /// The source names no Region. Such a row applies to the commercial US Regions only, which are
    /// what AWS's price page shows unless one chooses another.
    Unstated,
}

/// Whether a row's dates hold the day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum InForce {
    /// They do.
    Yes,
    /// They do not; no row's do, and this one is the nearest.
    Nearest,
}

/// Where a price is written, for whoever wants to check it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RateSource {
    /// How the row came to apply to the Region.
    pub region_basis: RegionBasis,
    /// Whether its dates hold the day.
    pub in_force: InForce,
    /// When it held and where that is written.
    #[serde(flatten)]
    pub provenance: Provenance,
}

/// The list price of one meter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rate {
    /// The price; the lower end where the true one is a range.
    pub list_unit_price: UsdPerMillionTokens,
    /// The upper end, where the true price is a range: writes kept for an hour, long contexts.
    pub upper_unit_price: UsdPerMillionTokens,
    /// Where it is written.
    pub source: RateSource,
}

/// Model units that can be bought.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Offer {
    /// What the book calls it, where it sells more than one kind.
    pub label: Option<String>,
    /// How long it binds.
    pub term: Term,
    /// USD for one unit and hour.
    pub unit_price: UsdPerModelUnitHour,
    /// What a unit serves, if anybody says so.
    pub capacity: Option<Capacity>,
    /// Where the price is written.
    pub source: RateSource,
}

impl PriceBook {
    /// The rate of one meter, or `None`: then the usage is unpriced.
    #[must_use]
    pub fn rate(
        &self,
        model: &BaseModel,
        region: &Region,
        scope: Scope,
        tier: ServiceTier,
        meter: Meter,
        day: Date,
    ) -> Option<Rate> {
        let rows = &self.model(model)?.rates;
        let of =
            |row: &&RateRow| row.covers(scope) && row.tier == tier && !row.prices(meter).is_empty();
        let (row, source) = best(
            rows.iter()
                .filter(of)
                .filter(|row| row.above_input_tokens.is_none()),
            region,
            day,
            |row| (&row.regions, row.provenance()),
            |row| row.scope == RowScope::Any,
        )?;
        let prices = row.prices(meter);
        let list_unit_price = *prices.first()?;
        // Which requests were long is not known, so a long-context row widens the range.
        let upper_unit_price = rows
            .iter()
            .filter(of)
            .filter(|other| other.above_input_tokens.is_some())
            .filter(|other| basis(&other.regions, region).is_some())
            .flat_map(|other| other.prices(meter))
            .chain(prices)
            .max()?;
        Some(Rate {
            list_unit_price,
            upper_unit_price,
            source,
        })
    }

    /// When a model leaves a Region, as far as the book says.
    #[must_use]
    pub fn lifecycle(&self, model: &BaseModel, region: &Region) -> Vec<&LifecycleRow> {
        let rows = self
            .model(model)
            .map(|prices| prices.lifecycle.as_slice())
            .unwrap_or_default();
        rows.iter()
            .filter(|row| basis(&row.regions, region).is_some())
            .collect()
    }

    /// The model units that are sold for a model in a Region, one for each label and term.
    /// A capacity that the book states goes before the operator's.
    #[must_use]
    pub fn offers(
        &self,
        model: &BaseModel,
        region: &Region,
        day: Date,
        overrides: &Overrides,
    ) -> Vec<Offer> {
        let Some(prices) = self.model(model) else {
            return Vec::new();
        };
        let mut kinds: Vec<(Option<&String>, Term)> = prices
            .model_units
            .iter()
            .map(|row| (row.label.as_ref(), row.term))
            .collect();
        kinds.sort_unstable();
        kinds.dedup();
        let of_kind = |(label, term): (Option<&String>, Term)| {
            let rows = prices
                .model_units
                .iter()
                .filter(|row| row.label.as_ref() == label && row.term == term);
            let (row, source) = best(
                rows,
                region,
                day,
                |row| (&row.regions, row.provenance()),
                |_| false,
            )?;
            Some(Offer {
                label: row.label.clone(),
                term: row.term,
                unit_price: row.usd_per_unit_hour,
                capacity: stated_capacity(row).or_else(|| overrides.capacity(model)),
                source,
            })
        };
        kinds.into_iter().filter_map(of_kind).collect()
    }
}

fn stated_capacity(row: &ModelUnitsRow) -> Option<Capacity> {
    Some(Capacity {
        input_tokens_per_hour: row.input_tokens_per_hour?.0,
        output_tokens_per_hour: row.output_tokens_per_hour?.0,
        origin: CapacityOrigin::Stated,
    })
}

/// How a row with these Regions applies to one, if it does. A row that names no Region is of the
/// commercial partition.
fn basis(regions: &[RowRegion], region: &Region) -> Option<RegionBasis> {
    let is_commercial = region.partition() == Partition::Commercial;
    let is_us = is_commercial && region.name().starts_with("us-");
    regions
        .iter()
        .filter_map(|row| match row {
            RowRegion::Named(named) => (named == region).then_some(RegionBasis::Named),
            RowRegion::All => is_commercial.then_some(RegionBasis::All),
            RowRegion::Unstated => is_us.then_some(RegionBasis::Unstated),
        })
        .min()
}

/// The row that applies: one for the very scope before a broad one, then by how it names the Region, then one in force before one that is
/// only near, then the nearest, then the newest.
fn best<'a, T: 'a>(
    rows: impl Iterator<Item = &'a T>,
    region: &Region,
    day: Date,
    read: impl Fn(&'a T) -> (&'a [RowRegion], Provenance),
    is_broad: impl Fn(&T) -> bool,
) -> Option<(&'a T, RateSource)> {
    rows.filter_map(|row| {
        let (regions, provenance) = read(row);
        let region_basis = basis(regions, region)?;
        let dating = provenance.dating()?;
        Some((
            row,
            dating,
            RateSource {
                region_basis,
                in_force: in_force(dating, day),
                provenance,
            },
        ))
    })
    .min_by_key(|(row, dating, source)| {
        (
            is_broad(row),
            source.region_basis,
            days_away(*dating, day),
            Reverse(dating.from),
        )
    })
    .map(|(row, _, source)| (row, source))
}

fn in_force(dating: Dating, day: Date) -> InForce {
    if days_away(dating, day) == 0 {
        InForce::Yes
    } else {
        InForce::Nearest
    }
}

/// Days between a day and a row's dates; zero inside them.
fn days_away(dating: Dating, day: Date) -> i32 {
    let days = |from: Date, to: Date| from.until(to).map_or(i32::MAX, |span| span.get_days());
    if day < dating.from {
        days(day, dating.from)
    } else {
        dating
            .to
            .filter(|to| day > *to)
            .map_or(0, |to| days(to, day))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn book() -> PriceBook {
        PriceBook::aws().unwrap()
    }

    fn rate(model: &str, region: &str, scope: Scope, meter: Meter, day: &str) -> Option<Rate> {
        book().rate(
            &BaseModel::new(model),
            &region.parse().unwrap(),
            scope,
            ServiceTier::Standard,
            meter,
            day.parse().unwrap(),
        )
    }

    #[test]
    fn in_region_claude_costs_a_tenth_more_than_global() {
        let price = |scope| {
            rate(
                "anthropic.claude-sonnet-4-6",
                "us-east-1",
                scope,
                Meter::Input,
                "2026-04-05",
            )
            .unwrap()
            .list_unit_price
            .to_string()
        };
        assert_eq!(price(Scope::InRegion), "3.30");
        assert_eq!(price(Scope::Geo(crate::domain::Geo::Us)), "3.30");
        assert_eq!(price(Scope::Global), "3.00");
    }

    #[test]
    fn a_cache_write_is_a_range() {
        let rate = rate(
            "anthropic.claude-sonnet-4-6",
            "us-east-1",
            Scope::InRegion,
            Meter::CacheWrite,
            "2026-04-05",
        )
        .unwrap();
        assert_eq!(rate.list_unit_price.to_string(), "4.125");
        assert_eq!(rate.upper_unit_price.to_string(), "6.60");
    }

    #[test]
    fn a_day_outside_takes_the_nearest_row_and_says_so() {
        let rate = rate(
            "amazon.nova-micro-v1:0",
            "us-east-1",
            Scope::InRegion,
            Meter::Input,
            "2020-01-01",
        );
        assert_eq!(rate.unwrap().source.in_force, InForce::Nearest);
    }

    #[test]
    fn what_is_not_in_the_book_has_no_rate() {
        let day = "2026-04-05";
        assert!(
            rate(
                "anthropic.claude-sonnet",
                "us-east-1",
                Scope::InRegion,
                Meter::Input,
                day
            )
            .is_none()
        );
        assert!(
            rate(
                "amazon.nova-micro-v1:0",
                "us-east-1",
                Scope::InRegion,
                Meter::OutputImages,
                day
            )
            .is_none()
        );
        assert!(
            rate(
                "amazon.nova-micro-v1:0",
                "af-south-1",
                Scope::InRegion,
                Meter::Input,
                day
            )
            .is_none()
        );
    }

    #[test]
    fn a_price_without_a_region_stays_in_the_commercial_us() {
        let model = "anthropic.claude-opus-4-20250514-v1:0";
        let basis = |region| {
            rate(model, region, Scope::InRegion, Meter::Input, "2026-04-05")
                .map(|rate| rate.source.region_basis)
        };
        assert_eq!(basis("us-west-2"), Some(RegionBasis::Unstated));
        assert_eq!(basis("us-gov-west-1"), None);
        assert_eq!(basis("eu-west-1"), None);
    }

    #[test]
    fn the_newest_row_in_force_wins() {
        let text = |from: &str, price: &str| {
            format!(
                "[[model.rate]]\nscope=\"any\"\nregions=[\"*\"]\ntier=\"standard\"\neffective_from=\"{from}\"\n\
                 checked=\"2026-01-01\"\nsource=\"s\"\ninput=\"{price}\"\n"
            )
        };
        let head = "schema_version=1\nname=\"t\"\ndescription=\"d\"\n[[model]]\nid=\"a.b\"\nname=\"B\"\nprovider=\"A\"\n";
        let book = PriceBook::parse(
            "t",
            &format!(
                "{head}{}{}",
                text("2025-01-01", "2.00"),
                text("2026-01-01", "1.00")
            ),
        )
        .unwrap();
        let price = |day: &str| {
            book.rate(
                &BaseModel::new("a.b"),
                &"eu-west-1".parse().unwrap(),
                Scope::Global,
                ServiceTier::Standard,
                Meter::Input,
                day.parse().unwrap(),
            )
            .unwrap()
        };
        assert_eq!(price("2025-12-31").list_unit_price.to_string(), "2.00");
        assert_eq!(price("2026-01-01").list_unit_price.to_string(), "1.00");
        assert_eq!(price("2024-12-31").source.in_force, InForce::Nearest);
    }

    #[test]
    fn the_article_states_capacities_and_aws_does_not() {
        let offers = |book: PriceBook, model: &str| {
            book.offers(
                &BaseModel::new(model),
                &"us-west-2".parse().unwrap(),
                "2026-04-05".parse().unwrap(),
                &Overrides::default(),
            )
        };
        let article = offers(
            PriceBook::article().unwrap(),
            "meta.llama3-1-70b-instruct-v1:0",
        );
        assert_eq!(article.len(), 2);
        assert_eq!(article[0].capacity.unwrap().input_tokens_per_hour, 100_000);
        let aws = offers(book(), "meta.llama3-1-70b-instruct-v1:0");
        assert_eq!(
            aws.iter().map(|offer| offer.term).collect::<Vec<_>>(),
            [Term::None, Term::OneMonth, Term::SixMonths]
        );
        assert!(aws.iter().all(|offer| offer.capacity.is_none()));
    }
}
