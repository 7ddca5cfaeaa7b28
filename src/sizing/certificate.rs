//! Proofs that no purchase can save, whatever its size: cheap, from the hours of the survey alone.
//!
//! Each bounds from above what a purchase could replace and finds that it costs at least that. A
//! workload with a proof for each offer needs no minutes and gets no commitment advice. Prices are
//! taken at the upper end where the true one is a range, so that a proof holds for the whole of it.

use rust_decimal::Decimal;
use serde::Serialize;

use crate::domain::money::UNIT_PRICE_SCALE;
use crate::domain::{
    Capacity, Ceiling, ModelUnits, Ratio, Usd, UsdPerMillionTokens, UsdPerModelUnitHour,
};
use crate::pricing::{LOAD_ONE, LOAD_SCALE, Load, dollars, whole};
use crate::sizing::reserved_tokens::{Reservation, ReservationTerms, STEP};

/// Kind of a proof.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Proof {
    /// The smallest purchase costs at least all on-demand dollars that the purchase could replace.
    /// Needs no capacity.
    Volume,
    /// The purchase costs, even in full use, at least what is served: no mix of the meters in use
    /// and no volume helps.
    Price,
    /// With each hour's dearest tokens served first, and the demand within the hour as even as can
    /// be, the purchase still replaces no more than the purchase costs.
    Window,
}

/// A proof that a purchase does not save, with the two numbers of the proof.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Certificate {
    /// Kind of the proof.
    pub proof: Proof,
    /// Most on-demand USD that the purchase could replace in so many hours.
    pub replaceable: Usd,
    /// Cost of the purchase in USD over as many hours.
    pub cost: Usd,
    /// Hours of both numbers.
    pub hours: u64,
}

/// Tokens of one meter at one price, hour by hour.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MeterLoads {
    ceiling: Ceiling,
    /// Load of one token in 10^-4 tokens.
    weight: u128,
    /// Price of one token in 10^-16 USD.
    price: u128,
    /// Tokens of each hour.
    hours: Vec<u64>,
}

impl MeterLoads {
    /// Builds the loads of a meter whose tokens count against a ceiling at a weight and a price;
    /// `None` where weight or price has more decimals than are kept.
    #[must_use]
    pub fn new(
        ceiling: Ceiling,
        weight: Ratio,
        price: UsdPerMillionTokens,
        hours: Vec<u64>,
    ) -> Option<Self> {
        Some(Self {
            ceiling,
            weight: whole(weight.number(), LOAD_SCALE)?,
            price: whole(price.dollars(), UNIT_PRICE_SCALE)?,
            hours,
        })
    }

    /// Returns true if another meter has the same ceiling, weight and price, so that both can be
    /// one.
    #[must_use]
    pub fn is_alike(&self, other: &Self) -> bool {
        (self.ceiling, self.weight, self.price) == (other.ceiling, other.weight, other.price)
    }

    /// Adds the tokens of a meter that is alike.
    pub fn add(&mut self, other: &Self) {
        for (tokens, more) in self.hours.iter_mut().zip(&other.hours) {
            *tokens = tokens.saturating_add(*more);
        }
    }

    fn value(&self) -> u128 {
        self.hours.iter().map(|tokens| u128::from(*tokens) * self.price).sum()
    }

    fn is_used(&self) -> bool {
        self.price > 0 && self.hours.iter().any(|tokens| *tokens > 0)
    }
}

/// Counts the hours that all loads span.
fn hours_of(meters: &[MeterLoads]) -> u64 {
    let hours = meters.iter().map(|meter| meter.hours.len()).max();
    u64::try_from(hours.unwrap_or_default()).unwrap_or_default()
}

/// Sorts the used meters of one ceiling, the dearest load first.
fn dearest_first(meters: &[MeterLoads], ceiling: Ceiling) -> Vec<&MeterLoads> {
    let mut used: Vec<&MeterLoads> =
        meters.iter().filter(|meter| meter.ceiling == ceiling && meter.is_used()).collect();
    // p/w against p'/w'; what weighs nothing goes first.
    used.sort_by(|a, b| (b.price * a.weight).cmp(&(a.price * b.weight)));
    used
}

/// Bounds the USD that a full hour of `load` weighted tokens can replace, whatever the mix; `None`
/// where a meter has a price and no weight.
fn full_worth(dearest: &[&MeterLoads], load: u64) -> Option<Usd> {
    let Some(first) = dearest.first() else {
        return Some(Usd::ZERO);
    };
    if first.weight == 0 {
        return None;
    }
    let tokens = Decimal::from(load) * Decimal::from(10_u64.pow(LOAD_SCALE));
    let price = dollars(first.price);
    // Rounded up: a bound must not be below what it bounds.
    let worth = tokens.checked_mul(price.dollars())? / Decimal::from(first.weight);
    let up = rust_decimal::RoundingStrategy::AwayFromZero;
    Some(Usd::new(worth.round_dp_with_strategy(12, up).normalize()))
}

/// Bounds what is replaced over all hours if each hour serves `load` ten-thousandths of a weighted
/// token, dearest first: in 10^-16 USD, rounded up.
fn packed(dearest: &[&MeterLoads], load: u128) -> u128 {
    let hours = dearest.iter().map(|meter| meter.hours.len()).max();
    let mut worth = 0;
    for hour in 0..hours.unwrap_or_default() {
        let mut left = load;
        for meter in dearest {
            let tokens = u128::from(meter.hours.get(hour).copied().unwrap_or_default());
            let (asked, value) = (tokens * meter.weight, tokens * meter.price);
            if asked <= left {
                worth += value;
                left -= asked;
            } else {
                worth += part_up(value, left, asked);
                break;
            }
        }
    }
    worth
}

fn part_up(value: u128, part: u128, whole: u128) -> u128 {
    match value.checked_mul(part) {
        Some(product) => product.div_ceil(whole),
        // Far beyond any real demand; all of it bounds a part of it.
        None => value,
    }
}

impl Certificate {
    /// Looks for a proof that no number of units under an offer saves, and returns the first that
    /// holds of volume, price and window.
    ///
    /// The worth of one unit bounds the saving where callers route the rest. Where AWS refuses the
    /// rest, a few units beside held ones can free what those have to spare: pass no capacity then,
    /// so that only the volume proves anything.
    #[must_use]
    pub fn of_units(
        meters: &[MeterLoads],
        capacity: Option<Capacity>,
        price: UsdPerModelUnitHour,
    ) -> Option<Self> {
        let hours = hours_of(meters);
        let cost = price.cost(ModelUnits::new(1), hours);
        let volume = Bound { replaceable: all_value(meters), cost };
        if let Some(proof) = volume.proves(Proof::Volume, hours) {
            return Some(proof);
        }
        let capacity = capacity?;
        let input = dearest_first(meters, Ceiling::Input);
        let output = dearest_first(meters, Ceiling::Output);
        let full = || {
            let input = full_worth(&input, capacity.input_tokens_per_hour)?;
            let output = full_worth(&output, capacity.output_tokens_per_hour)?;
            let full =
                Bound { replaceable: input + output, cost: price.cost(ModelUnits::new(1), 1) };
            full.proves(Proof::Price, 1)
        };
        full().or_else(|| {
            // What k units replace is concave in k and no less than nothing at none, so one unit
            // replaces most for its money, beside held ones too.
            let unit = Load::of_units(capacity, 1);
            let window = Bound {
                replaceable: dollars(packed(&input, unit.input) + packed(&output, unit.output)),
                cost,
            };
            window.proves(Proof::Window, hours)
        })
    }

    /// Looks for a proof that no reservation under an offer saves. The proof holds only where
    /// nothing is held: beside a lopsided holding a little of the one meter can set free much of
    /// the other.
    #[must_use]
    pub fn of_reservation(meters: &[MeterLoads], terms: &ReservationTerms) -> Option<Self> {
        let hours = hours_of(meters);
        let volume =
            Bound { replaceable: all_value(meters), cost: terms.cost(terms.minimum, hours) };
        if let Some(proof) = volume.proves(Proof::Volume, hours) {
            return Some(proof);
        }
        // The price proof needs both meters to lose in full use; one that gains can pay for the
        // other.
        let mut full = Some(Bound::default());
        let mut window = Bound::default();
        for (ceiling, step, least) in [
            (Ceiling::Input, Reservation::of_steps(1, 0), terms.minimum.input_tokens_per_minute),
            (Ceiling::Output, Reservation::of_steps(0, 1), terms.minimum.output_tokens_per_minute),
        ] {
            let dearest = dearest_first(meters, ceiling);
            let step_hour = terms.cost(step, 1);
            let worth = full_worth(&dearest, STEP * 60).filter(|worth| *worth <= step_hour);
            full = full
                .zip(worth)
                .map(|(full, worth)| full.and(Bound { replaceable: worth, cost: step_hour }));
            window = window.and(best_alone(&dearest, step_hour, hours, least.div_ceil(STEP)));
        }
        full.and_then(|full| full.proves(Proof::Price, 1))
            .or_else(|| window.proves(Proof::Window, hours))
    }
}

/// Most that a purchase can replace, beside its cost, both in USD.
#[derive(Clone, Copy, Debug, Default)]
struct Bound {
    replaceable: Usd,
    cost: Usd,
}

impl Bound {
    /// Adds both purchases up.
    fn and(self, other: Self) -> Self {
        Self { replaceable: self.replaceable + other.replaceable, cost: self.cost + other.cost }
    }

    /// Returns the proof that the purchase does not save, where the bound is below the cost or
    /// equal.
    fn proves(self, proof: Proof, hours: u64) -> Option<Certificate> {
        (self.replaceable <= self.cost).then_some(Certificate {
            proof,
            replaceable: self.replaceable,
            cost: self.cost,
            hours,
        })
    }
}

/// Adds up the on-demand cost of everything.
fn all_value(meters: &[MeterLoads]) -> Usd {
    dollars(meters.iter().map(MeterLoads::value).sum())
}

/// Finds the best purchase of one meter as if the other were free and plenty. The best ones of both
/// meters together bound what any purchase of both can gain.
fn best_alone(dearest: &[&MeterLoads], step_hour: Usd, hours: u64, least: u64) -> Bound {
    let least = least.max(1);
    let step_load = u128::from(STEP) * 60 * LOAD_ONE;
    let of = |steps: u64| {
        let load = u128::from(steps) * step_load;
        let cost = step_hour.dollars() * Decimal::from(hours) * Decimal::from(steps);
        Bound { replaceable: dollars(packed(dearest, load)), cost: Usd::new(cost) }
    };
    let gain = |steps: u64| {
        let bound = of(steps);
        bound.replaceable - bound.cost
    };
    let most = dearest
        .iter()
        .map(|meter| {
            let tokens = meter.hours.iter().max().copied().unwrap_or_default();
            u128::from(tokens) * meter.weight
        })
        .sum::<u128>()
        .div_ceil(step_load);
    // More steps than the busiest hour asks for replace nothing more.
    let most = u64::try_from(most).unwrap_or(u64::MAX).max(least);
    // Concave in the steps: the first whose next one gains nothing.
    let (mut low, mut high) = (least, most);
    while low < high {
        let middle = low + (high - low) / 2;
        if gain(middle + 1) > gain(middle) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    of(low)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::quantity::CapacityOrigin;
    use crate::domain::{LoadWeights, Meter, Series};
    use crate::pricing::DemandSeries;
    use crate::sizing::{ReservationSizing, UnitSizing};
    use proptest::prelude::*;

    /// Tokens of an hour: input, cache write, cache read, output.
    type Hour = [u64; 4];

    const METERS: [Meter; 4] = [Meter::Input, Meter::CacheWrite, Meter::CacheRead, Meter::Output];

    fn decimal(number: i64, scale: u32) -> String {
        Decimal::new(number, scale).to_string()
    }

    fn loads(hours: &[Hour], prices: [i64; 4], weights: LoadWeights) -> Vec<MeterLoads> {
        METERS
            .into_iter()
            .enumerate()
            .map(|(place, meter)| {
                let (ceiling, weight) = weights.of(meter).unwrap();
                let price = decimal(prices[place], 2).parse().unwrap();
                let tokens = hours.iter().map(|hour| hour[place]).collect();
                MeterLoads::new(ceiling, weight, price, tokens).unwrap()
            })
            .collect()
    }

    /// The same hours as a demand by the minute, each hour's tokens spread over some of its minutes.
    fn demand(hours: &[Hour], prices: [i64; 4], weights: LoadWeights, busy: &[u8]) -> DemandSeries {
        let start = "2026-04-06T00:00:00Z".parse().unwrap();
        let mut demand = DemandSeries::none(start, 60, hours.len() * 60);
        for (place, meter) in METERS.into_iter().enumerate() {
            let values = hours
                .iter()
                .zip(busy.iter().cycle())
                .flat_map(|(hour, busy)| {
                    let busy = u64::from(*busy % 60) + 1;
                    let tokens = hour[place];
                    (0..60).map(move |minute| {
                        let each = tokens / busy;
                        Some(match minute {
                            0 => tokens - each * (busy - 1),
                            _ if minute < busy => each,
                            _ => 0,
                        })
                    })
                })
                .collect();
            let series = Series { start, step: 60, values };
            let price = decimal(prices[place], 2).parse().unwrap();
            demand.add(meter, &series, price, weights).unwrap();
        }
        demand
    }

    fn capacity(input: u64, output: u64) -> Capacity {
        Capacity {
            input_tokens_per_hour: input,
            output_tokens_per_hour: output,
            origin: CapacityOrigin::Assumed,
        }
    }

    #[test]
    fn a_unit_that_is_dear_in_full_use_is_certified_by_its_price() {
        // 1,000,000 input tokens for 3 and 200,000 output tokens for 3, against 6.01 an hour.
        let hours = vec![[50_000_000, 0, 0, 9_000_000]; 3];
        let loads = loads(&hours, [300, 375, 30, 1_500], LoadWeights::default());
        let of = |price: &str| {
            Certificate::of_units(
                &loads,
                Some(capacity(1_000_000, 200_000)),
                price.parse().unwrap(),
            )
        };
        assert_eq!(of("6.00").unwrap().proof, Proof::Price);
        assert_eq!(of("5.99"), None);
    }

    #[test]
    fn volume_needs_no_capacity() {
        let hours = vec![[1_000_000, 0, 0, 0]; 3];
        let loads = loads(&hours, [300, 375, 30, 1_500], LoadWeights::default());
        let of = |price: &str| Certificate::of_units(&loads, None, price.parse().unwrap());
        let proof = of("3.00").unwrap();
        assert_eq!((proof.proof, proof.hours), (Proof::Volume, 3));
        assert_eq!(proof.replaceable.to_string(), "$9.00");
        assert_eq!(of("2.99"), None);
    }

    #[test]
    fn a_busy_hour_among_idle_ones_is_certified_by_the_window() {
        let mut hours = vec![[0, 0, 0, 0]; 10];
        hours[3] = [100_000_000, 0, 0, 0];
        let loads = loads(&hours, [300, 375, 30, 1_500], LoadWeights::default());
        let proof =
            Certificate::of_units(&loads, Some(capacity(10_000_000, 1)), "4.00".parse().unwrap());
        assert_eq!(proof.unwrap().proof, Proof::Window);
    }

    #[test]
    fn a_month_of_reserved_tokens_at_list_is_certified_by_its_price_unless_caches_are_written() {
        let terms = ReservationTerms {
            input: "0.18".parse().unwrap(),
            output: "0.90".parse().unwrap(),
            minimum: Reservation {
                input_tokens_per_minute: 100_000,
                output_tokens_per_minute: 10_000,
            },
        };
        let weights = LoadWeights { cache_write: Ratio::ONE, cache_read: Ratio::default() };
        let prices = [300, 375, 0, 1_500];
        let plain = loads(&[[90_000_000, 0, 0, 9_000_000]; 4], prices, weights);
        assert_eq!(Certificate::of_reservation(&plain, &terms).unwrap().proof, Proof::Price);
        let writing = loads(&[[0, 90_000_000, 0, 9_000_000]; 4], prices, weights);
        assert_eq!(Certificate::of_reservation(&writing, &terms), None);
    }

    fn hours() -> impl Strategy<Value = Vec<Hour>> {
        let tokens = || prop_oneof![Just(0u64), 0u64..2_000_000];
        prop::collection::vec([tokens(), tokens(), tokens(), tokens()], 1..6)
    }

    fn prices() -> impl Strategy<Value = [i64; 4]> {
        [1i64..500, 1i64..600, 0i64..100, 1i64..2_000]
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(400))]

        #[test]
        fn no_number_of_units_ever_beats_a_certificate(
            hours in hours(), prices in prices(), busy in prop::collection::vec(any::<u8>(), 1..6),
            capacity_of in (1_000u64..3_000_000, 1_000u64..3_000_000), cents in 1i64..1_500, held in 0u32..3,
        ) {
            let weights = LoadWeights::default();
            let capacity = capacity(capacity_of.0, capacity_of.1);
            let price: UsdPerModelUnitHour = decimal(cents, 2).parse().unwrap();
            if Certificate::of_units(&loads(&hours, prices, weights), Some(capacity), price).is_some() {
                let demand = demand(&hours, prices, weights, &busy);
                let sizing = UnitSizing::new(&demand, capacity, price, held);
                for units in 1..40 {
                    prop_assert!(sizing.cost(units) >= sizing.cost(0), "{units} units save");
                }
                // Under throttle the units replace all of it.
                if let Some(enough) = sizing.throttle_minimum(Ratio::default()).filter(|n| *n > 0 && held == 0) {
                    prop_assert_eq!(sizing.throttle_optimum(enough, sizing.all_on_demand()), 0);
                }
            }
            // Beside held units, and without a capacity, the volume alone bounds all that is replaced.
            if Certificate::of_units(&loads(&hours, prices, weights), None, price).is_some() {
                let demand = demand(&hours, prices, weights, &busy);
                let sizing = UnitSizing::new(&demand, capacity, price, held);
                if let Some(enough) = sizing.throttle_minimum(Ratio::default()).filter(|n| *n > 0) {
                    prop_assert_eq!(sizing.throttle_optimum(enough, sizing.all_on_demand()), 0);
                }
            }
        }

        #[test]
        fn no_reservation_ever_beats_a_certificate(
            hours in hours(), prices in prices(), busy in prop::collection::vec(any::<u8>(), 1..6),
            milli in (1i64..400, 1i64..1_200), minimum in (1u64..20, 1u64..10),
        ) {
            let weights = LoadWeights { cache_write: Ratio::ONE, cache_read: Ratio::default() };
            // What is not reserved for is no part of the demand.
            let hours: Vec<Hour> = hours.into_iter().map(|[i, w, _, o]| [i, w, 0, o]).collect();
            let of = |steps: (u64, u64)| Reservation {
                input_tokens_per_minute: steps.0 * STEP,
                output_tokens_per_minute: steps.1 * STEP,
            };
            let terms = ReservationTerms {
                input: decimal(milli.0, 3).parse().unwrap(),
                output: decimal(milli.1, 3).parse().unwrap(),
                minimum: of(minimum),
            };
            if Certificate::of_reservation(&loads(&hours, prices, weights), &terms).is_some() {
                let demand = demand(&hours, prices, weights, &busy);
                let sizing = ReservationSizing::new(&demand, terms, Reservation::NONE);
                prop_assert_eq!(sizing.optimum(), Reservation::NONE);
                for input in minimum.0..minimum.0 + 12 {
                    for output in minimum.1..minimum.1 + 8 {
                        prop_assert!(sizing.cost(of((input, output))) >= sizing.cost(Reservation::NONE));
                    }
                }
            }
        }
    }
}
