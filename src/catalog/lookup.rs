//! The lookup of one rate: by model, Region, scope, tier, meter and day, or not at all.

use std::collections::BTreeSet;

use crate::catalog::book::PriceBook;
use crate::catalog::model_prices::ModelPrices;
use crate::catalog::rate::{Rate, RateQuery};
use crate::catalog::rate_field::RateField;
use crate::catalog::rates::Rates;
use crate::catalog::rows::{PriceRange, RateRow};
use crate::catalog::select::best_of;
use crate::domain::ServiceTier;

/// The tiers, beside the default one, that can serve a request without its `ModelId` saying so.
const BESIDE_STANDARD: [ServiceTier; 2] = [ServiceTier::Flex, ServiceTier::Priority];

impl PriceBook {
    /// Lists the tiers and lengths that have a price of their own among those that a rate may be
    /// of. Two ranges can be compared end by end only where these are the same.
    #[must_use]
    pub fn variants(&self, wanted: &RateQuery<'_>) -> BTreeSet<(ServiceTier, Option<u64>)> {
        let Some(model) = self.model(wanted.model) else {
            return BTreeSet::new();
        };
        let is_asked = |tier: ServiceTier| match wanted.tier {
            Some(asked) => tier == asked,
            None => tier == ServiceTier::Standard || BESIDE_STANDARD.contains(&tier),
        };
        let rows = model.rates.of_region(wanted.region).map(|(_, row)| row).filter(|row| {
            is_asked(row.tier) && row.covers(wanted.scope) && row.price(wanted.meter).is_some()
        });
        rows.map(|row| (row.tier, row.above_input_tokens)).collect()
    }
}

/// A function from a list row to the row at the prices of a contract.
pub(super) type Contracted<'c> = dyn Fn(&RateRow) -> RateRow + 'c;

impl RateQuery<'_> {
    /// Finds the rate of a model, at list or under a contract.
    pub(super) fn of_model(
        &self,
        model: &ModelPrices,
        contracted: Option<&Contracted<'_>>,
    ) -> Option<Rate> {
        if let Some(tier) = self.tier {
            return self.of_tier(&model.rates, tier, contracted);
        }
        // Without the default tier's price the others do not bound what was paid.
        let standard = self.of_tier(&model.rates, ServiceTier::Standard, contracted)?;
        Some(
            BESIDE_STANDARD
                .into_iter()
                .filter_map(|tier| self.of_tier(&model.rates, tier, contracted))
                .fold(standard, Rate::or),
        )
    }

    /// Finds the rate under one tier: the row for the length that is asked for, or, where that is
    /// not known, the row for short requests with the prices of longer ones as the upper end.
    fn of_tier(
        &self,
        rows: &Rates,
        tier: ServiceTier,
        contracted: Option<&Contracted<'_>>,
    ) -> Option<Rate> {
        let rows = || {
            let here = rows.of_region(self.region);
            here.filter(|(_, row)| row.tier == tier && row.covers(self.scope))
        };
        let of_band = |above: Option<u64>| {
            // Each kind of cache writes may have its price from another row, and they are one range.
            let fields = RateField::of_meter(self.meter).iter();
            let priced = fields.filter_map(|field| {
                let priced = rows()
                    .filter(|(_, row)| row.above_input_tokens == above && field.of(row).is_some());
                let (row, source) = best_of(priced, self.day)?;
                let list = field.of(row)?;
                let paid = match contracted {
                    Some(contracted) => field.of(&contracted(row))?,
                    None => list,
                };
                Some(Rate::new(PriceRange::exactly(list), PriceRange::exactly(paid), source))
            });
            priced.reduce(Rate::or)
        };
        let bands = || rows().filter_map(|(_, row)| row.above_input_tokens);
        if let Some(tokens) = self.input_tokens {
            let band = bands().filter(|above| tokens > *above).max();
            // A band that does not price the meter has no price: the short one is not that.
            return of_band(band);
        }
        let short = of_band(None)?;
        Some(bands().filter_map(|above| of_band(Some(above))).fold(short, Rate::or))
    }
}

impl PriceBook {
    /// Finds the list rate of one meter; `None` where the usage is unpriced. Where the tier or the
    /// length of a request is not known, the rate is the range of what the request may have cost.
    #[must_use]
    pub fn rate(&self, wanted: &RateQuery<'_>) -> Option<Rate> {
        wanted.of_model(self.model(wanted.model)?, None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::{InForce, Overrides, RegionBasis};
    use crate::domain::{BaseModel, Meter, Scope, Term};

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
            rate("anthropic.claude-sonnet-4-6", "us-east-1", scope, Meter::Input, "2026-04-05")
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
            rate("anthropic.claude-sonnet", "us-east-1", Scope::InRegion, Meter::Input, day)
                .is_none()
        );
        assert!(
            rate("amazon.nova-micro-v1:0", "us-east-1", Scope::InRegion, Meter::OutputImages, day)
                .is_none()
        );
        assert!(
            rate("amazon.nova-micro-v1:0", "af-south-1", Scope::InRegion, Meter::Input, day)
                .is_none()
        );
    }

    #[test]
    fn a_price_without_a_region_prices_none_but_in_older_observations() {
        let mut book = PriceBook::parse(
            "t",
            "schema_version=1\nname=\"t\"\ndescription=\"d\"\ncharged=true\n[[model]]\nid=\"a.b\"\nname=\"B\"\nprovider=\"A\"\n\
             [[model.rate]]\nscope=\"global\"\nregions=[\"unstated\"]\ntier=\"standard\"\neffective_from=\"2026-01-01\"\n\
             checked=\"2026-01-01\"\nsource=\"s\"\ninput=\"1.00\"\n",
        )
        .unwrap();
        let basis = |book: &PriceBook, region: &str| {
            let rate = book.rate(&RateQuery {
                model: &BaseModel::new("a.b"),
                region: &region.parse().unwrap(),
                scope: Scope::Global,
                tier: Some(ServiceTier::Standard),
                meter: Meter::Input,
                input_tokens: None,
                day: "2026-04-05".parse().unwrap(),
            });
            rate.map(|rate| rate.source.region_basis)
        };
        for region in ["us-west-2", "us-gov-west-1", "eu-west-1"] {
            assert_eq!(basis(&book, region), None, "{region}");
        }
        book.read_unstated_in_us();
        assert_eq!(basis(&book, "us-west-2"), Some(RegionBasis::Unstated));
        assert_eq!(basis(&book, "us-gov-west-1"), None);
        assert_eq!(basis(&book, "eu-west-1"), None);
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
        let all = row("us-east-1", "effective_from=\"2025-01-01\"", "3.00");
        let named = row("us-east-1", "effective_from=\"2026-11-01\"", "2.00");
        assert_eq!(price(&[all.clone(), named.clone()], "2026-10-31"), "3.00");
        assert_eq!(price(&[all.clone(), named], "2026-11-01"), "2.00");
        // A newer sighting holds on after the last day on which it was seen.
        let seen = row("us-east-1", "seen_from=\"2026-05-01\"\nseen_to=\"2026-05-02\"", "9.00");
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
            &format!("{head}{}{}", text("2025-01-01", "2.00"), text("2026-01-01", "1.00")),
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
        let article = offers(PriceBook::article().unwrap(), "meta.llama3-1-70b-instruct-v1:0");
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
