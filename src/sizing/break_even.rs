//! The volume at which a model unit begins to pay, at the mix of tokens that was observed.

use rust_decimal::prelude::ToPrimitive;
use rust_decimal::{Decimal, RoundingStrategy};
use serde::Serialize;

use crate::catalog::Offer;
use crate::domain::period::HOURS_PER_MONTH;
use crate::domain::{
    Capacity, Ceiling, LoadWeights, Meter, ModelUnits, Percent, Term, Tokens, Usd,
    UsdPerModelUnitHour,
};
use crate::pricing::{CarriedLoad, LaneRates, Priced, Workload};

/// Volume that one unit of an offer must serve to cost no more than on-demand: `u / v`, where `u`
/// is the unit's price an hour and `v` the on-demand price of a token, at the observed mix and the
/// cheapest rates that are allowed. A necessary condition: a unit must also be able to carry that
/// volume.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct BreakEven {
    /// Book's name of the offer; `None` where the book sells one kind only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// Term of the offer.
    pub term: Term,
    /// Price of one unit in USD an hour.
    pub usd_per_unit_hour: UsdPerModelUnitHour,
    /// Cost of one unit in USD a month.
    pub unit_monthly_cost: Usd,
    /// Volume in tokens a month, all meters together.
    pub tokens_per_month: Tokens,
    /// Volume in tokens an hour.
    pub tokens_per_hour: Tokens,
    /// Capacity of a unit, with who states the capacity; `None` where nobody does.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub capacity: Option<Capacity>,
    /// Volume as a share of a unit's capacity at the observed mix; above 100 % a unit never pays,
    /// at any volume. `None` where the capacity is not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub share_of_capacity: Option<Percent>,
    /// Largest unthrottled loads of five minutes that one of the account's own units carried, of
    /// which none is below another in both numbers; empty where the capacity is known.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub carried_at_least: Vec<CarriedLoad>,
}

impl BreakEven {
    /// Says the ends of what units carried, to go on after a condition; empty where nothing is
    /// known.
    #[must_use]
    pub fn carried_in_words(&self) -> String {
        let load = |carried: &CarriedLoad| {
            format!(
                "{} input and {} output tokens a minute",
                Tokens::new(carried.input_tokens_per_minute),
                Tokens::new(carried.output_tokens_per_minute)
            )
        };
        let (first, last) = (self.carried_at_least.first(), self.carried_at_least.last());
        match (first, last) {
            (Some(one), Some(other)) if one != other => format!(
                "; the account's own units carried at least {} each, or {}",
                load(one),
                load(other)
            ),
            (Some(one), _) => {
                format!("; the account's own units carried at least {} each", load(one))
            }
            _ => String::new(),
        }
    }
}

/// A mix of tokens with its cost and its load on a unit.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Mix {
    tokens: Decimal,
    cost: Decimal,
    input_load: Decimal,
    output_load: Decimal,
}

impl Mix {
    pub(crate) fn add(&mut self, meter: Meter, tokens: Tokens, cost: Usd, weights: LoadWeights) {
        let count = Decimal::from(tokens.count());
        self.tokens += count;
        self.cost += cost.dollars();
        match weights.of(meter) {
            Some((Ceiling::Input, weight)) => self.input_load += count * weight.number(),
            Some((Ceiling::Output, weight)) => self.output_load += count * weight.number(),
            None => {}
        }
    }

    /// Computes the break-even of an offer at this mix; `None` where the mix costs nothing.
    pub(crate) fn break_even(&self, offer: &Offer) -> Option<BreakEven> {
        if self.cost.is_zero() || self.tokens.is_zero() {
            return None;
        }
        let an_hour = offer.unit_price.dollars() * self.tokens / self.cost;
        let whole = |tokens: Decimal| {
            tokens
                // Up: at one token less a unit would not pay yet.
                .round_dp_with_strategy(0, RoundingStrategy::AwayFromZero)
                .to_u64()
                .map(Tokens::new)
        };
        let share_of_capacity = offer.capacity.map(|capacity| {
            let needed = an_hour / self.tokens;
            let input = self.input_load * needed / Decimal::from(capacity.input_tokens_per_hour);
            let output = self.output_load * needed / Decimal::from(capacity.output_tokens_per_hour);
            Percent::new((input.max(output) * Decimal::ONE_HUNDRED).round_dp(4).normalize())
        });
        Some(BreakEven {
            label: offer.label.clone(),
            term: offer.term,
            usd_per_unit_hour: offer.unit_price,
            unit_monthly_cost: offer.unit_price.monthly_cost(ModelUnits::new(1)),
            tokens_per_month: whole(an_hour * Decimal::from(HOURS_PER_MONTH))?,
            tokens_per_hour: whole(an_hour)?,
            capacity: offer.capacity,
            share_of_capacity,
            carried_at_least: Vec::new(),
        })
    }
}

/// Computes the break-even of every offer for a workload, at the mix of the recent standard
/// traffic.
pub(crate) fn of_offers(
    priced: &Priced<'_>,
    workload: &Workload<'_>,
    routes: &[LaneRates<'_>],
) -> Vec<BreakEven> {
    let weights = priced.observation.unit_weights(&workload.model);
    let mut mix = Mix::default();
    // Model units serve what the standard tier serves, so other tiers are no part of the mix.
    for route in routes.iter().filter(|route| route.lane.is_standard()) {
        for meter in &route.lane.meters {
            if let Some((_, rate)) = route.rates.iter().find(|(of, _)| *of == meter.meter) {
                mix.add(
                    meter.meter,
                    meter.recent,
                    rate.contracted_unit_price.cost(meter.recent),
                    weights,
                );
            }
        }
    }
    workload
        .offers
        .iter()
        .filter_map(|offer| {
            let mut even = mix.break_even(offer)?;
            // Beside a known capacity a lower bound says nothing.
            if even.capacity.is_none() {
                even.carried_at_least.clone_from(&workload.carried);
            }
            Some(even)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::{Overrides, PriceBook, RateQuery};
    use crate::domain::{BaseModel, Scope, ServiceTier};
    use proptest::prelude::*;

    /// The break-even of the first tier of a model of the article, in tokens a month.
    fn of_article(model: &str, input: u64, output: u64) -> BreakEven {
        let book = PriceBook::article().unwrap();
        let model = BaseModel::new(model);
        let region = "us-east-1".parse().unwrap();
        let day = "2026-04-05".parse().unwrap();
        let mut mix = Mix::default();
        for (meter, tokens) in [(Meter::Input, input), (Meter::Output, output)] {
            let rate = book
                .rate(&RateQuery {
                    model: &model,
                    region: &region,
                    scope: Scope::InRegion,
                    tier: Some(ServiceTier::Standard),
                    meter,
                    input_tokens: None,
                    day,
                })
                .unwrap();
            let tokens = Tokens::new(tokens);
            mix.add(meter, tokens, rate.list_unit_price.cost(tokens), LoadWeights::default());
        }
        let offers = book.offers(&model, &region, day, &Overrides::default());
        mix.break_even(&offers[0]).unwrap()
    }

    const SONNET: &str = "anthropic.claude-3-7-sonnet-20250219-v1:0";
    const LLAMA_70B: &str = "meta.llama3-1-70b-instruct-v1:0";

    #[test]
    fn the_articles_thresholds_are_what_its_own_prices_give() {
        // "Above roughly 50M tokens a month" holds for Sonnet at an even mix only.
        assert_eq!(of_article(SONNET, 50, 50).tokens_per_month.count(), 48_666_667);
        assert_eq!(of_article(SONNET, 80, 20).tokens_per_month.count(), 81_111_112);
        // "Above 5M" is 12.7 times too low for Llama 3.1 70B.
        assert_eq!(of_article(LLAMA_70B, 50, 50).tokens_per_month.count(), 63_709_091);
    }

    #[test]
    fn a_unit_that_cannot_carry_its_break_even_never_pays() {
        let even = of_article(SONNET, 50, 50).share_of_capacity.unwrap();
        assert_eq!(even.to_string(), "33.3 %");
        let inputs = of_article(SONNET, 95, 5).share_of_capacity.unwrap();
        assert_eq!(inputs.to_string(), "158.3 %");
    }

    proptest! {
        #[test]
        fn at_its_break_even_a_unit_costs_what_the_tokens_cost_and_just_below_it_more(
            input in 1u64..1_000_000, output in 0u64..1_000_000,
        ) {
            let even = of_article(SONNET, input, output);
            // The article's rates: 3 USD and 15 USD for a million.
            let a_token = (Decimal::from(input) * Decimal::from(3)
                + Decimal::from(output) * Decimal::from(15))
                / Decimal::from(1_000_000)
                / Decimal::from(input + output);
            let tokens = Decimal::from(even.tokens_per_hour.count());
            let unit = even.usd_per_unit_hour.dollars();
            let hair = Decimal::new(1, 18);
            prop_assert!(tokens * a_token >= unit - hair);
            prop_assert!((tokens - Decimal::ONE) * a_token < unit + hair);
        }
    }

    #[test]
    fn a_mix_that_costs_nothing_has_no_break_even() {
        let book = PriceBook::article().unwrap();
        let offers = book.offers(
            &BaseModel::new(SONNET),
            &"us-east-1".parse().unwrap(),
            "2026-04-05".parse().unwrap(),
            &Overrides::default(),
        );
        assert_eq!(Mix::default().break_even(&offers[0]), None);
    }
}
