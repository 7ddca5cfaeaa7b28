//! Finding the one rate or the offers that apply.

use std::cmp::Reverse;
use std::collections::BTreeSet;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::catalog::book::PriceBook;
use crate::catalog::contract::Contract;
use crate::catalog::overrides::ReservedScope;
use crate::catalog::rows::{
    Dating, LifecycleRow, ModelPrices, ModelUnitsRow, PriceRange, Provenance, RateRow,
    ReservedTokensRow, RowRegion, RowScope, Term,
};
use crate::domain::quantity::CapacityOrigin;
use crate::domain::{
    BaseModel, Capacity, Meter, Partition, Region, Scope, ServiceTier, UsdPerMillionTokens,
    UsdPerModelUnitHour, UsdPerThousandTpmHour,
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

/// The tiers that a request can be served at beside the default one without its `ModelId` saying so.
const BESIDE_STANDARD: [ServiceTier; 2] = [ServiceTier::Flex, ServiceTier::Priority];

/// What a rate is asked for.
#[derive(Clone, Copy, Debug)]
pub struct RateQuery<'a> {
    /// The model.
    pub model: &'a BaseModel,
    /// The Region that is called.
    pub region: &'a Region,
    /// Where the requests may be served.
    pub scope: Scope,
    /// How they are served; `None` where that is not known.
    pub tier: Option<ServiceTier>,
    /// What is billed.
    pub meter: Meter,
    /// The input tokens of a request, which some prices depend on; `None` where not known.
    pub input_tokens: Option<u64>,
    /// The day.
    pub day: Date,
}

/// The price of one meter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rate {
    /// The list price; the lower end where the true one is a range.
    pub list_unit_price: UsdPerMillionTokens,
    /// What the account pays under its contract; the list price where it has none. The lower end
    /// where the true price is a range.
    pub contracted_unit_price: UsdPerMillionTokens,
    /// The upper end of what the account pays, where the true price is a range: writes kept for an
    /// hour, long contexts, another tier.
    pub upper_unit_price: UsdPerMillionTokens,
    /// Where it is written.
    pub source: RateSource,
}

impl Rate {
    fn new(list: PriceRange, paid: PriceRange, source: RateSource) -> Self {
        Self {
            list_unit_price: list.lower,
            contracted_unit_price: paid.lower,
            upper_unit_price: paid.upper,
            source,
        }
    }

    /// A rate that is one of two: the lower list price, what is paid for the lower one at least and
    /// for the upper at most, with the source of what is paid at least.
    fn or(self, other: Self) -> Self {
        let list_unit_price = self.list_unit_price.min(other.list_unit_price);
        let upper_unit_price = self.upper_unit_price.max(other.upper_unit_price);
        let lower = if other.contracted_unit_price < self.contracted_unit_price {
            other
        } else {
            self
        };
        Self {
            list_unit_price,
            upper_unit_price,
            ..lower
        }
    }
}

impl PriceBook {
    /// The tiers and lengths that have a price of their own among those that a rate may be of:
    /// two ranges can be compared end by end only where these are the same.
    #[must_use]
    pub fn variants(&self, wanted: &RateQuery<'_>) -> BTreeSet<(ServiceTier, Option<u64>)> {
        let Some(model) = self.model(wanted.model) else {
            return BTreeSet::new();
        };
        let is_asked = |tier: ServiceTier| match wanted.tier {
            Some(asked) => tier == asked,
            None => tier == ServiceTier::Standard || BESIDE_STANDARD.contains(&tier),
        };
        let rows = model.rates.iter().filter(|row| {
            is_asked(row.tier)
                && row.covers(wanted.scope)
                && row.price(wanted.meter).is_some()
                && basis(&row.regions, wanted.region).is_some()
        });
        rows.map(|row| (row.tier, row.above_input_tokens)).collect()
    }
}

impl RateQuery<'_> {
    /// The rate of a model, at list or under a contract.
    pub(super) fn of_model(
        &self,
        model: &ModelPrices,
        contract: Option<Contract<'_>>,
    ) -> Option<Rate> {
        if let Some(tier) = self.tier {
            return self.of_tier(&model.rates, tier, contract);
        }
        // Without the default tier's price the others do not bound what was paid.
        let standard = self.of_tier(&model.rates, ServiceTier::Standard, contract)?;
        Some(
            BESIDE_STANDARD
                .into_iter()
                .filter_map(|tier| self.of_tier(&model.rates, tier, contract))
                .fold(standard, Rate::or),
        )
    }

    /// The rate under one tier: the row for the length that is asked for, or, where that is not
    /// known, the row for short requests with the prices of longer ones as the upper end.
    fn of_tier(
        &self,
        rows: &[RateRow],
        tier: ServiceTier,
        contract: Option<Contract<'_>>,
    ) -> Option<Rate> {
        let of_band = |above: Option<u64>| {
            let of = rows.iter().filter(|row| {
                row.tier == tier && row.above_input_tokens == above && row.covers(self.scope)
            });
            let (row, source) = best(
                of.filter(|row| row.price(self.meter).is_some()),
                self.region,
                self.day,
                |row| (&row.regions, row.dating(), row.checked),
                |row| Some(row.scope),
            )?;
            let list = row.price(self.meter)?;
            let paid = match contract {
                Some(contract) => contract.row(row, self).price(self.meter)?,
                None => list,
            };
            let source = source.of(row.provenance());
            Some(Rate::new(list, paid, source))
        };
        let bands = || {
            rows.iter()
                .filter(|row| row.tier == tier && row.covers(self.scope))
                .filter(|row| basis(&row.regions, self.region).is_some())
                .filter_map(|row| row.above_input_tokens)
        };
        if let Some(tokens) = self.input_tokens {
            let band = bands().filter(|above| tokens > *above).max();
            // A band that does not price the meter has no price: the short one is not that.
            return of_band(band);
        }
        let short = of_band(None)?;
        Some(
            bands()
                .filter_map(|above| of_band(Some(above)))
                .fold(short, Rate::or),
        )
    }
}

/// Model units that can be bought.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Offer {
    /// What the book calls it, where it sells more than one kind.
    pub label: Option<String>,
    /// How long it binds.
    pub term: Term,
    /// USD for one unit and hour at list.
    pub list_unit_price: UsdPerModelUnitHour,
    /// USD for one unit and hour as the account pays it.
    pub unit_price: UsdPerModelUnitHour,
    /// What a unit serves, if anybody says so.
    pub capacity: Option<Capacity>,
    /// Where the price is written.
    pub source: RateSource,
}

/// Reserved tokens per minute that can be bought. Prices are USD an hour for 1,000 of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReservedOffer {
    /// The profiles that they serve.
    pub scope: ReservedScope,
    /// How long they bind.
    pub term: Term,
    /// Input at list.
    pub list_input: UsdPerThousandTpmHour,
    /// Output at list.
    pub list_output: UsdPerThousandTpmHour,
    /// Input as the account pays it.
    pub input: UsdPerThousandTpmHour,
    /// Output as the account pays it.
    pub output: UsdPerThousandTpmHour,
    /// The fewest input tokens a minute that are sold.
    pub minimum_input_tpm: u64,
    /// The fewest output tokens a minute that are sold.
    pub minimum_output_tpm: u64,
    /// Where the prices are written.
    pub source: RateSource,
}

impl PriceBook {
    /// The list rate of one meter, or `None`: then the usage is unpriced. Where it is not known how
    /// a request was served or how long it was, the rate is the range of what it may have cost.
    #[must_use]
    pub fn rate(&self, wanted: &RateQuery<'_>) -> Option<Rate> {
        wanted.of_model(self.model(wanted.model)?, None)
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
}

impl ModelPrices {
    /// The model units that are sold in a Region at list, one for each label and term.
    pub(super) fn offers(&self, region: &Region, day: Date) -> Vec<Offer> {
        let mut kinds: Vec<(Option<&String>, Term)> = self
            .model_units
            .iter()
            .map(|row| (row.label.as_ref(), row.term))
            .collect();
        kinds.sort_unstable();
        kinds.dedup();
        let of_kind = |(label, term): (Option<&String>, Term)| {
            let rows = self
                .model_units
                .iter()
                .filter(|row| row.label.as_ref() == label && row.term == term);
            let (row, source) = best(
                rows,
                region,
                day,
                |row| (&row.regions, row.dating(), row.checked),
                |_| None,
            )?;
            Some(Offer {
                label: row.label.clone(),
                term: row.term,
                list_unit_price: row.usd_per_unit_hour,
                unit_price: row.usd_per_unit_hour,
                capacity: stated_capacity(row),
                source: source.of(row.provenance()),
            })
        };
        kinds.into_iter().filter_map(of_kind).collect()
    }
}

impl ModelPrices {
    /// The reserved tokens per minute that are sold in a Region at list, one for each scope and term.
    pub(super) fn reserved_offers(&self, region: &Region, day: Date) -> Vec<ReservedOffer> {
        let scope_of = |row: &ReservedTokensRow| match row.scope {
            RowScope::InRegion | RowScope::Geo | RowScope::Regional => ReservedScope::Regional,
            RowScope::Global | RowScope::Any => ReservedScope::Global,
        };
        let mut kinds: Vec<(ReservedScope, Term)> = self
            .reserved_tokens
            .iter()
            .map(|row| (scope_of(row), row.term))
            .collect();
        kinds.sort_unstable();
        kinds.dedup();
        let of_kind = |(scope, term): (ReservedScope, Term)| {
            let rows = self
                .reserved_tokens
                .iter()
                .filter(|row| scope_of(row) == scope && row.term == term);
            let (row, source) = best(
                rows,
                region,
                day,
                |row| (&row.regions, row.dating(), row.checked),
                |row| Some(row.scope),
            )?;
            Some(ReservedOffer {
                scope,
                term,
                list_input: row.input,
                list_output: row.output,
                input: row.input,
                output: row.output,
                minimum_input_tpm: row.minimum_input_tpm,
                minimum_output_tpm: row.minimum_output_tpm,
                source: source.of(row.provenance()),
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
pub(super) fn basis(regions: &[RowRegion], region: &Region) -> Option<RegionBasis> {
    let is_named = |row: &RowRegion| matches!(row, RowRegion::Named(named) if named == region);
    if regions.iter().any(is_named) {
        return Some(RegionBasis::Named);
    }
    let is_commercial = region.partition() == Partition::Commercial;
    if is_commercial && regions.contains(&RowRegion::All) {
        return Some(RegionBasis::All);
    }
    let is_us = is_commercial && region.name().starts_with("us-");
    (is_us && regions.contains(&RowRegion::Unstated)).then_some(RegionBasis::Unstated)
}

/// How a row came to be chosen.
#[derive(Clone, Copy, Debug)]
struct Choice {
    region_basis: RegionBasis,
    in_force: InForce,
}

impl Choice {
    fn of(self, provenance: Provenance) -> RateSource {
        RateSource {
            region_basis: self.region_basis,
            in_force: self.in_force,
            provenance,
        }
    }
}

/// The row that applies: one for the very scope before a broad one, then one that has begun before
/// one that begins later, then by how it names the Region, then the one whose first day is nearest,
/// which of those that have begun is the newest, then the one that was looked at last.
fn best<'a, T: 'a>(
    rows: impl Iterator<Item = &'a T>,
    region: &Region,
    day: Date,
    read: impl Fn(&'a T) -> (&'a [RowRegion], Option<Dating>, Date),
    scope: impl Fn(&T) -> Option<RowScope>,
) -> Option<(&'a T, Choice)> {
    rows.filter_map(|row| {
        let (regions, dating, checked) = read(row);
        let region_basis = basis(regions, region)?;
        Some((row, dating?, checked, region_basis))
    })
    .min_by_key(|(row, dating, checked, region_basis)| {
        (
            scope(row).map(RowScope::breadth),
            day < dating.from,
            *region_basis,
            days_between(day.min(dating.from), day.max(dating.from)),
            Reverse(*checked),
            scope(row).map(RowScope::narrowness),
        )
    })
    .map(|(row, dating, _, region_basis)| {
        let in_force = in_force(dating, day);
        (
            row,
            Choice {
                region_basis,
                in_force,
            },
        )
    })
}

fn in_force(dating: Dating, day: Date) -> InForce {
    if dating.from <= day && dating.to.is_none_or(|to| day <= to) {
        InForce::Yes
    } else {
        InForce::Nearest
    }
}

/// Days from one day to a later one.
fn days_between(from: Date, to: Date) -> i64 {
    from.duration_until(to).as_hours() / 24
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::Overrides;

    fn book() -> PriceBook {
        PriceBook::aws().unwrap()
    }

    fn rate(model: &str, region: &str, scope: Scope, meter: Meter, day: &str) -> Option<Rate> {
        book().rate(&RateQuery {
            model: &BaseModel::new(model),
            region: &region.parse().unwrap(),
            scope,
            tier: Some(ServiceTier::Standard),
            meter,
            input_tokens: None,
            day: day.parse().unwrap(),
        })
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
    fn a_row_that_begins_later_does_not_price_an_older_day() {
        let row = |region: &str, dates: &str, price: &str| {
            format!(
                "[[model.rate]]\nscope=\"global\"\nregions=[\"{region}\"]\ntier=\"standard\"\n{dates}\n\
                 checked=\"2026-01-01\"\nsource=\"s\"\ninput=\"{price}\"\n"
            )
        };
        let head = "schema_version=1\nname=\"t\"\ndescription=\"d\"\ncharged=true\n[[model]]\nid=\"a.b\"\nname=\"B\"\nprovider=\"A\"\n";
        let price = |rows: &[String], day: &str| {
            let book = PriceBook::parse("t", &format!("{head}{}", rows.concat())).unwrap();
            let rate = book.rate(&RateQuery {
                model: &BaseModel::new("a.b"),
                region: &"us-east-1".parse().unwrap(),
                scope: Scope::Global,
                tier: Some(ServiceTier::Standard),
                meter: Meter::Input,
                input_tokens: None,
                day: day.parse().unwrap(),
            });
            rate.unwrap().list_unit_price.to_string()
        };
        let all = row("*", "effective_from=\"2025-01-01\"", "3.00");
        let named = row("us-east-1", "effective_from=\"2026-11-01\"", "2.00");
        assert_eq!(price(&[all.clone(), named.clone()], "2026-10-31"), "3.00");
        assert_eq!(price(&[all.clone(), named], "2026-11-01"), "2.00");
        // A newer sighting holds on after the last day on which it was seen.
        let seen = row(
            "*",
            "seen_from=\"2026-05-01\"\nseen_to=\"2026-05-02\"",
            "9.00",
        );
        assert_eq!(price(&[all.clone(), seen.clone()], "2026-04-30"), "3.00");
        assert_eq!(price(&[all, seen], "2026-11-14"), "9.00");
    }

    #[test]
    fn the_newest_row_in_force_wins() {
        let text = |from: &str, price: &str| {
            format!(
                "[[model.rate]]\nscope=\"any\"\nregions=[\"*\"]\ntier=\"standard\"\neffective_from=\"{from}\"\n\
                 checked=\"2026-01-01\"\nsource=\"s\"\ninput=\"{price}\"\n"
            )
        };
        let head = "schema_version=1\nname=\"t\"\ndescription=\"d\"\ncharged=true\n[[model]]\nid=\"a.b\"\nname=\"B\"\nprovider=\"A\"\n";
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
            book.rate(&RateQuery {
                model: &BaseModel::new("a.b"),
                region: &"eu-west-1".parse().unwrap(),
                scope: Scope::Global,
                tier: Some(ServiceTier::Standard),
                meter: Meter::Input,
                input_tokens: None,
                day: day.parse().unwrap(),
            })
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
