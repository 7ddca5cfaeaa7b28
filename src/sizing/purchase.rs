//! Both kinds of purchase by one face, so that one question is asked of either in the same words.

use crate::catalog::Offer;
use crate::domain::{Capacity, ModelUnits, Term, Usd, UsdPerModelUnitHour};
use crate::pricing::{Load, StepDemand};
use crate::sizing::model_units::UnitSizing;
use crate::sizing::reserved_tokens::{Reservation, ReservationSizing, ReservationTerms};
use crate::sizing::times;

/// Parts of a purchase by which smaller sizes are tried.
const SIZES: u32 = 8;

/// A kind of purchase under one offer, beside what is held already.
pub trait Purchase {
    /// Size of a purchase.
    type Amount: Copy + PartialEq + std::fmt::Debug;
    /// Sizing of the purchase over some steps.
    type Sizing;
    /// Size of no purchase at all.
    const NONE: Self::Amount;

    /// Lists what of the same kind is sold without a term, beside what is held already.
    fn without_term(&self, offers: &[Offer]) -> Vec<Self>
    where
        Self: Sized;

    /// Puts the purchase to some steps in a row, of so many seconds each, which are whole hours.
    fn sizing(&self, steps: &[StepDemand], seconds: u32) -> Self::Sizing;

    /// Finds the cheapest size if what exceeds the purchase goes on-demand.
    fn optimum(sizing: &Self::Sizing) -> Self::Amount;

    /// Finds the cheapest size of no more than so much, if what exceeds the purchase goes on-demand.
    fn optimum_within(sizing: &Self::Sizing, most: Self::Amount) -> Self::Amount;

    /// Returns the smallest size that is sold.
    fn smallest(sizing: &Self::Sizing) -> Self::Amount;

    /// Lists smaller sizes of the same purchase, eight at most, the largest first.
    fn smaller(sizing: &Self::Sizing, amount: Self::Amount) -> Vec<Self::Amount>;

    /// Computes the on-demand dollars that a purchase and what is held would replace.
    fn replaced(sizing: &Self::Sizing, amount: Self::Amount) -> Usd;

    /// Adds up the on-demand cost of everything.
    fn all_on_demand(sizing: &Self::Sizing) -> Usd;

    /// Computes the cost of a purchase over so many hours, used or not.
    fn cost(&self, amount: Self::Amount, hours: u64) -> Usd;

    /// Returns the load that a purchase and what is held serve in an hour.
    fn room_an_hour(&self, amount: Self::Amount) -> Load;

    /// Returns the number of times that a step is served with a purchase, what is held included.
    fn times_served(&self, step: &StepDemand, seconds: u32, amount: Self::Amount) -> f64 {
        times(step.times_served(seconds, self.room_an_hour(amount)))
    }
}

/// Model units under one offer.
#[derive(Clone, Copy, Debug)]
pub struct UnitPurchase {
    /// Capacity of a unit.
    pub capacity: Capacity,
    /// Price of a unit an hour.
    pub price: UsdPerModelUnitHour,
    /// Units that are held already.
    pub held: ModelUnits,
}

impl Purchase for UnitPurchase {
    type Amount = ModelUnits;
    type Sizing = UnitSizing;
    const NONE: ModelUnits = ModelUnits::new(0);

    fn without_term(&self, offers: &[Offer]) -> Vec<Self> {
        let unbound = offers.iter().filter(|offer| offer.term == Term::None);
        unbound
            .filter_map(|offer| {
                Some(Self { capacity: offer.capacity?, price: offer.unit_price, held: self.held })
            })
            .collect()
    }

    fn sizing(&self, steps: &[StepDemand], seconds: u32) -> UnitSizing {
        UnitSizing::of_steps(steps, seconds, self.capacity, self.price, self.held.count())
    }

    fn optimum(sizing: &UnitSizing) -> ModelUnits {
        ModelUnits::new(sizing.spill_optimum())
    }

    // The cost is convex in the units.
    fn optimum_within(sizing: &UnitSizing, most: ModelUnits) -> ModelUnits {
        Self::optimum(sizing).min(most)
    }

    // One unit is the least that AWS sells.
    fn smallest(_: &UnitSizing) -> ModelUnits {
        ModelUnits::new(1)
    }

    fn smaller(_: &UnitSizing, units: ModelUnits) -> Vec<ModelUnits> {
        let eighths = (1..u64::from(SIZES)).rev().map(|part| {
            let part = u64::from(units.count()) * part / u64::from(SIZES);
            ModelUnits::new(u32::try_from(part).unwrap_or(u32::MAX))
        });
        let mut sizes: Vec<ModelUnits> = eighths.filter(|size| *size != Self::NONE).collect();
        sizes.dedup();
        sizes
    }

    fn replaced(sizing: &UnitSizing, units: ModelUnits) -> Usd {
        sizing.replaced(units.count())
    }

    fn all_on_demand(sizing: &UnitSizing) -> Usd {
        sizing.all_on_demand()
    }

    fn cost(&self, units: ModelUnits, hours: u64) -> Usd {
        self.price.cost(units, hours)
    }

    fn room_an_hour(&self, units: ModelUnits) -> Load {
        Load::of_units(self.capacity, (self.held + units).count())
    }
}

/// Reserved tokens per minute under one offer.
#[derive(Clone, Copy, Debug)]
pub struct TokenPurchase {
    /// Prices and least amounts.
    pub terms: ReservationTerms,
    /// Tokens per minute that are held already.
    pub held: Reservation,
}

impl Purchase for TokenPurchase {
    type Amount = Reservation;
    type Sizing = ReservationSizing;
    const NONE: Reservation = Reservation::NONE;

    // Each reservation has a term.
    fn without_term(&self, _: &[Offer]) -> Vec<Self> {
        Vec::new()
    }

    fn sizing(&self, steps: &[StepDemand], seconds: u32) -> ReservationSizing {
        ReservationSizing::of_steps(steps, seconds, self.terms, self.held)
    }

    fn optimum(sizing: &ReservationSizing) -> Reservation {
        sizing.optimum()
    }

    fn optimum_within(sizing: &ReservationSizing, most: Reservation) -> Reservation {
        sizing.optimum_within(most)
    }

    fn smallest(sizing: &ReservationSizing) -> Reservation {
        sizing.smallest()
    }

    fn smaller(sizing: &ReservationSizing, reservation: Reservation) -> Vec<Reservation> {
        let part = |of: u64, eighths: u32| of / u64::from(SIZES) * u64::from(eighths);
        let eighths = (1..SIZES).rev().map(|eighths| {
            sizing.optimum_within(Reservation {
                input_tokens_per_minute: part(reservation.input_tokens_per_minute, eighths),
                output_tokens_per_minute: part(reservation.output_tokens_per_minute, eighths),
            })
        });
        let mut sizes: Vec<Reservation> = eighths.filter(|size| *size != Self::NONE).collect();
        sizes.dedup();
        sizes
    }

    fn replaced(sizing: &ReservationSizing, reservation: Reservation) -> Usd {
        sizing.replaced(reservation)
    }

    fn all_on_demand(sizing: &ReservationSizing) -> Usd {
        sizing.all_on_demand()
    }

    fn cost(&self, reservation: Reservation, hours: u64) -> Usd {
        self.terms.cost(reservation, hours)
    }

    fn room_an_hour(&self, reservation: Reservation) -> Load {
        self.held.and(reservation).load_an_hour()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::quantity::CapacityOrigin;
    use crate::sizing::{TOLERANCE, float, float_value};
    use proptest::prelude::*;

    proptest! {
        /// Units and reserved tokens that serve the same load leave the same, by the hour and by the
        /// minute, whether it is counted exactly, at each step or in floating point.
        #[test]
        fn what_serves_the_same_load_replaces_the_same(
            loads in prop::collection::vec((0u64..900_000, 0u64..200_000, 0u64..90_000), 60),
            unit in (1u64..9_000, 1u64..3_000), held in 0u32..3, more in 0u32..5,
            seconds in prop_oneof![Just(60u32), Just(3_600)],
        ) {
            let units = UnitPurchase {
                capacity: Capacity {
                    input_tokens_per_hour: unit.0 * 60,
                    output_tokens_per_hour: unit.1 * 60,
                    origin: CapacityOrigin::Assumed,
                },
                price: "1.00".parse().unwrap(),
                held: ModelUnits::new(held),
            };
            let reserved = |units: u32| Reservation {
                input_tokens_per_minute: unit.0 * u64::from(units),
                output_tokens_per_minute: unit.1 * u64::from(units),
            };
            let tokens = TokenPurchase {
                terms: ReservationTerms {
                    input: "0.10".parse().unwrap(),
                    output: "0.50".parse().unwrap(),
                    minimum: reserved(1),
                },
                held: reserved(held),
            };
            let step = |(dollars, input, output): (u64, u64, u64)| StepDemand {
                value: u128::from(dollars) * 10_u128.pow(13),
                load: Load {
                    input: u128::from(input) * 10_000,
                    output: u128::from(output) * 10_000,
                },
            };
            let steps: Vec<StepDemand> = loads.into_iter().map(step).collect();
            prop_assert_eq!(units.room_an_hour(ModelUnits::new(more)), tokens.room_an_hour(reserved(more)));
            let by_units = units.sizing(&steps, seconds);
            let by_tokens = tokens.sizing(&steps, seconds);
            let left = by_units.left_on_demand(more);
            prop_assert_eq!(left, by_tokens.left_on_demand(reserved(more)));
            let fast: f64 = steps
                .iter()
                .map(|step| {
                    let served = units.times_served(step, seconds, ModelUnits::new(more)).min(1.0);
                    float_value(step.value) * (1.0 - served)
                })
                .sum();
            // What asks for nothing is no part of a sizing, and is served whole.
            prop_assert!((fast - float(left)).abs() <= TOLERANCE * (1.0 + fast), "{fast} {left}");
        }
    }
}
