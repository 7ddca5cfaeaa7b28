//! Both kinds of purchase by one face, for what is asked of either in the same words.

use crate::domain::{Capacity, ModelUnits, Usd, UsdPerModelUnitHour};
use crate::pricing::StepDemand;
use crate::sizing::model_units::UnitSizing;
use crate::sizing::reserved_tokens::{Reservation, ReservationSizing, ReservationTerms};

/// A kind of purchase under one offer, beside what is held already.
pub trait Purchase {
    /// How much of it.
    type Amount: Copy + PartialEq + std::fmt::Debug;
    /// The question of how much, over some steps.
    type Sizing;
    /// Nothing.
    const NONE: Self::Amount;

    /// The question over some steps in a row, of so many seconds each, which are whole hours.
    fn sizing(&self, steps: &[StepDemand], seconds: u32) -> Self::Sizing;

    /// The cheapest purchase if what exceeds it goes on-demand.
    fn optimum(sizing: &Self::Sizing) -> Self::Amount;

    /// The on-demand dollars that a purchase and what is held would replace.
    fn replaced(sizing: &Self::Sizing, amount: Self::Amount) -> Usd;

    /// What everything would cost on-demand.
    fn all_on_demand(sizing: &Self::Sizing) -> Usd;

    /// What a purchase costs over so many hours, used or not.
    fn cost(&self, amount: Self::Amount, hours: u64) -> Usd;

    /// How many times over a step is served with a purchase, what is held included.
    fn times_served(&self, step: &StepDemand, seconds: u32, amount: Self::Amount) -> f64;
}

/// Model units under one offer.
#[derive(Clone, Copy, Debug)]
pub struct UnitPurchase {
    /// What a unit serves.
    pub capacity: Capacity,
    /// What it costs an hour.
    pub price: UsdPerModelUnitHour,
    /// Units that are held already.
    pub held: u32,
}

impl Purchase for UnitPurchase {
    type Amount = u32;
    type Sizing = UnitSizing;
    const NONE: u32 = 0;

    fn sizing(&self, steps: &[StepDemand], seconds: u32) -> UnitSizing {
        UnitSizing::of_steps(steps, seconds, self.capacity, self.price, self.held)
    }

    fn optimum(sizing: &UnitSizing) -> u32 {
        sizing.spill_optimum()
    }

    fn replaced(sizing: &UnitSizing, units: u32) -> Usd {
        sizing.replaced(units)
    }

    fn all_on_demand(sizing: &UnitSizing) -> Usd {
        sizing.all_on_demand()
    }

    fn cost(&self, units: u32, hours: u64) -> Usd {
        self.price.cost(ModelUnits::new(units), hours)
    }

    fn times_served(&self, step: &StepDemand, seconds: u32, units: u32) -> f64 {
        let need = crate::sizing::model_units::need(step, seconds, self.capacity);
        if need > 0.0 {
            f64::from(self.held.saturating_add(units)) / need
        } else {
            f64::INFINITY
        }
    }
}

/// Reserved tokens per minute under one offer.
#[derive(Clone, Copy, Debug)]
pub struct TokenPurchase {
    /// What they cost.
    pub terms: ReservationTerms,
    /// What is held already.
    pub held: Reservation,
}

impl Purchase for TokenPurchase {
    type Amount = Reservation;
    type Sizing = ReservationSizing;
    const NONE: Reservation = Reservation::NONE;

    fn sizing(&self, steps: &[StepDemand], seconds: u32) -> ReservationSizing {
        ReservationSizing::of_steps(steps, seconds, self.terms, self.held)
    }

    fn optimum(sizing: &ReservationSizing) -> Reservation {
        sizing.optimum()
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

    fn times_served(&self, step: &StepDemand, seconds: u32, reservation: Reservation) -> f64 {
        crate::sizing::reserved_tokens::times_served(step, seconds, self.held.and(reservation))
    }
}
