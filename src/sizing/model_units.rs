//! The number of model units: the exact integer optimum under both overflow policies.

use rust_decimal::Decimal;

use crate::domain::{Capacity, ModelUnits, Percent, Ratio, Usd, UsdPerModelUnitHour};
use crate::pricing::{DemandSeries, Load, StepDemand};
use crate::sizing::loaded_steps::LoadedSteps;
use crate::sizing::{TOLERANCE, float, float_value, needed};

/// Sizing of model units for one workload and one offer, beside the units that are held already.
///
/// A step that asks for input load `I` and output load `O` needs `n = max(I / κI, O / κO)` units.
#[derive(Clone, Debug)]
pub struct UnitSizing {
    /// Steps that need any unit, in order.
    loaded: LoadedSteps,
    /// Needs of the same steps, for searches.
    needs: Vec<UnitNeed>,
    /// Capacity of a unit.
    capacity: Capacity,
    /// Largest load on each ceiling, scaled to an hour.
    highest: Load,
    /// Units that are held already. They are sunk and serve first.
    held: u32,
    /// Cost of one further unit over the whole stretch.
    unit_cost: Usd,
}

/// Need of one step in floating point, for searches.
#[derive(Clone, Copy, Debug)]
struct UnitNeed {
    /// Units that the step needs.
    units: f64,
    /// On-demand USD of the step for each of these units.
    value_each: f64,
}

impl UnitNeed {
    /// Returns the step's USD beyond so many units.
    fn left(&self, units: f64) -> f64 {
        (self.units - units).max(0.0) * self.value_each
    }
}

/// Units at which the search ends, more than anybody can buy. Without an end, doubling for a demand
/// beyond all counting would leave 32 bits.
const MOST_UNITS: u32 = 1 << 24;

impl UnitSizing {
    /// Puts the units to one stretch of demand, which is whole hours.
    #[must_use]
    pub fn new(
        demand: &DemandSeries,
        capacity: Capacity,
        price: UsdPerModelUnitHour,
        held: u32,
    ) -> Self {
        Self::of_steps(&demand.steps, demand.step, capacity, price, held)
    }

    /// Puts the units to some steps in a row, of so many seconds each, which are whole hours.
    #[must_use]
    pub fn of_steps(
        steps: &[StepDemand],
        seconds: u32,
        capacity: Capacity,
        price: UsdPerModelUnitHour,
        held: u32,
    ) -> Self {
        let loaded = LoadedSteps::new(steps, seconds);
        let one = Load::of_units(capacity, 1);
        let need = |step: &StepDemand| {
            let units = needed(step.times_served(seconds, one));
            UnitNeed { units, value_each: float_value(step.value) / units }
        };
        // Each ceiling by itself: throttled units must be enough for both.
        let mut highest = Load::default();
        for load in loaded.steps.iter().map(|step| step.load_an_hour(seconds)) {
            highest.input = highest.input.max(load.input);
            highest.output = highest.output.max(load.output);
        }
        Self {
            needs: loaded.steps.iter().map(need).collect(),
            highest,
            unit_cost: price.cost(ModelUnits::new(1), loaded.hours),
            loaded,
            capacity,
            held,
        }
    }

    /// Puts the same units to another price.
    pub(crate) fn reprice(&mut self, price: UsdPerModelUnitHour) {
        self.unit_cost = price.cost(ModelUnits::new(1), self.loaded.hours);
    }

    /// Computes what stays on-demand beside `units` further units, if the callers route the rest:
    /// of each step the part above what all units serve, in proportion.
    /// `Σ c·(1 − min(1, (k0 + k) / n))`, each step to 10^-16 USD, the sum to 10^-12.
    #[must_use]
    pub fn left_on_demand(&self, units: u32) -> Usd {
        let room = Load::of_units(self.capacity, self.held.saturating_add(units));
        self.loaded.left_on_demand(room)
    }

    /// Adds the cost of `units` further units to what stays on-demand:
    /// `k·u·H + Σ c·(1 − min(1, (k0 + k) / n))`.
    #[must_use]
    pub fn cost(&self, units: u32) -> Usd {
        self.units_cost(units) + self.left_on_demand(units)
    }

    /// Finds the cheapest number of further units if the callers route the rest; of equals the
    /// fewest, and no more than 2^24.
    ///
    /// The cost is convex in k, and the slope to the right of k is `u·H − Σ c/n` over the steps
    /// that need more than k0 + k. The least k whose slope is not below zero is the optimum or one
    /// above the optimum; the costs of the neighbours decide, exactly where they are close.
    #[must_use]
    pub fn spill_optimum(&self) -> u32 {
        let mut units = self.first_flat();
        if units > MOST_UNITS {
            return MOST_UNITS;
        }
        // Of equals the fewest, so that nothing is bought that saves nothing.
        while units > 0 && !self.is_cheaper(units, units - 1) {
            units -= 1;
        }
        while self.is_cheaper(units.saturating_add(1), units) {
            units += 1;
        }
        units
    }

    /// Finds the least number of further units from which on one more replaces no more than one
    /// costs.
    fn first_flat(&self) -> u32 {
        let unit_cost = float(self.unit_cost);
        let pays = |units: u32| {
            let served = f64::from(self.held) + f64::from(units);
            let more: f64 = self
                .needs
                .iter()
                .map(|need| if need.units > served { need.value_each } else { 0.0 })
                .sum();
            more > unit_cost
        };
        let mut above = 1_u32;
        while pays(above - 1) {
            if above > MOST_UNITS {
                return above;
            }
            above *= 2;
        }
        // It pays at `above / 2 - 1`, if that is any, and not at `above - 1`.
        let (mut low, mut high) = (above / 2, above - 1);
        while low < high {
            let middle = low + (high - low) / 2;
            if pays(middle) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        low
    }

    /// Returns true if one number of further units costs less than another.
    fn is_cheaper(&self, one: u32, other: u32) -> bool {
        let (a, b) = (self.fast_cost(one), self.fast_cost(other));
        // Doubles decide where they can tell the costs apart, and the exact costs where they
        // cannot.
        if (a - b).abs() > TOLERANCE * (a + b) {
            return a < b;
        }
        self.cost(one) < self.cost(other)
    }

    /// Computes the cost in floating point, for searches. A law holds this form to the exact one.
    fn fast_cost(&self, units: u32) -> f64 {
        let all = f64::from(self.held) + f64::from(units);
        let left: f64 = self.needs.iter().map(|need| need.left(all)).sum();
        float(self.unit_cost) * f64::from(units) + left
    }

    /// Returns the fewest further units that refuse nothing: all units together are at least the
    /// highest step and headroom above that step, `⌈(1 + headroom)·max n⌉ − k0`. `None` where no
    /// count is enough.
    #[must_use]
    pub fn throttle_minimum(&self, headroom: Ratio) -> Option<u32> {
        let units = enough_units(self.highest, self.capacity, headroom)?;
        Some(units.saturating_sub(self.held))
    }

    /// Chooses the cheapest number of further units if what exceeds them is refused: `enough`,
    /// which refuse nothing, where these cost less than `on_demand`, the cost of the traffic
    /// without them; else none.
    #[must_use]
    pub fn throttle_optimum(&self, enough: u32, on_demand: Usd) -> u32 {
        if self.units_cost(enough) < on_demand { enough } else { 0 }
    }

    /// Computes the cost of `units` further units over the stretch.
    #[must_use]
    pub fn units_cost(&self, units: u32) -> Usd {
        Usd::new(self.unit_cost.dollars() * Decimal::from(units))
    }

    /// Adds up the on-demand cost of everything, with no units at all.
    #[must_use]
    pub fn all_on_demand(&self) -> Usd {
        self.loaded.all_on_demand()
    }

    /// Returns the share of all dollars that all units together would leave; `None` where there are
    /// no dollars.
    #[must_use]
    pub fn left_share(&self, units: u32) -> Option<Percent> {
        self.left_on_demand(units).percent_of(self.all_on_demand())
    }

    /// Computes the on-demand dollars that all units together would replace.
    #[must_use]
    pub fn replaced(&self, units: u32) -> Usd {
        self.all_on_demand() - self.left_on_demand(units)
    }
}

/// Returns the fewest units that serve a load an hour and headroom above the load; `None` where no
/// count is enough.
pub(super) fn enough_units(highest: Load, capacity: Capacity, headroom: Ratio) -> Option<u32> {
    let factor = (Decimal::ONE + headroom.number()).normalize();
    let numerator = u128::try_from(factor.mantissa()).ok()?;
    let denominator = 10_u128.checked_pow(factor.scale())?;
    let mut units = 0;
    let unit = Load::of_units(capacity, 1);
    for (load, unit) in [(highest.input, unit.input), (highest.output, unit.output)] {
        let needed = load.checked_mul(numerator)?.div_ceil(denominator.checked_mul(unit)?);
        units = units.max(u32::try_from(needed).ok()?);
    }
    Some(units)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::quantity::CapacityOrigin;
    use crate::domain::{LoadWeights, Meter, Series};
    use proptest::prelude::*;

    const CAPACITY: Capacity = Capacity {
        input_tokens_per_hour: 60_000,
        output_tokens_per_hour: 15_000,
        origin: CapacityOrigin::Assumed,
    };

    fn demand(step: u32, loads: &[(u64, u64)]) -> DemandSeries {
        let start = "2026-04-06T00:00:00Z".parse().unwrap();
        let series = |pick: fn(&(u64, u64)) -> u64| Series {
            start,
            step,
            values: loads.iter().map(|load| Some(pick(load))).collect(),
        };
        let mut demand = DemandSeries::none(start, step, loads.len());
        let weights = LoadWeights::default();
        demand.add(Meter::Input, &series(|load| load.0), "3.30".parse().unwrap(), weights).unwrap();
        demand
            .add(Meter::Output, &series(|load| load.1), "16.50".parse().unwrap(), weights)
            .unwrap();
        demand
    }

    /// The cost from its definition: for each step, what the units do not serve, in fractions of
    /// whole numbers and without any of the search's shortcuts.
    fn cost_by_definition(
        loads: &[(u64, u64)],
        step: u32,
        unit_hour: Decimal,
        held: u32,
        units: u32,
    ) -> Decimal {
        let hours = Decimal::from(loads.len()) * Decimal::from(step) / Decimal::from(3_600);
        let mut cost = Decimal::from(units) * unit_hour * hours;
        let part = Decimal::from(step) / Decimal::from(3_600);
        for (input, output) in loads {
            let value = (Decimal::from(*input) * "3.30".parse::<Decimal>().unwrap()
                + Decimal::from(*output) * "16.50".parse::<Decimal>().unwrap())
                / Decimal::from(1_000_000);
            let need = (Decimal::from(*input) / (Decimal::from(60_000) * part))
                .max(Decimal::from(*output) / (Decimal::from(15_000) * part));
            if need > Decimal::ZERO {
                let served = (Decimal::from(held + units) / need).min(Decimal::ONE);
                cost += value * (Decimal::ONE - served);
            }
        }
        cost
    }

    fn close(a: Decimal, b: Decimal) -> bool {
        (a - b).abs() < Decimal::new(1, 9)
    }

    #[test]
    fn steps_without_load_are_skipped() {
        let demand = demand(3_600, &[(0, 0), (60_000, 0)]);
        let sizing = UnitSizing::new(&demand, CAPACITY, "0.05".parse().unwrap(), 0);
        assert_eq!(sizing.loaded.steps.len(), 1);
        assert_eq!(sizing.spill_optimum(), 1);
    }

    #[test]
    fn a_unit_that_costs_more_than_it_can_replace_is_not_bought() {
        let demand = demand(3_600, &[(60_000, 0), (60_000, 0)]);
        let sizing = UnitSizing::new(&demand, CAPACITY, "0.20".parse().unwrap(), 0);
        assert_eq!(sizing.spill_optimum(), 0);
    }

    #[test]
    fn a_demand_beyond_all_counting_ends_the_search() {
        let demand = demand(3_600, &[(1 << 53, 1 << 53)]);
        let sizing = UnitSizing::new(&demand, CAPACITY, "0.0000001".parse().unwrap(), 0);
        assert_eq!(sizing.spill_optimum(), MOST_UNITS);
    }

    #[test]
    fn a_tie_takes_fewer_units() {
        // One unit replaces exactly what it costs: 60,000 tokens at 3.30 a million are 0.198.
        let demand = demand(3_600, &[(60_000, 0)]);
        let sizing = UnitSizing::new(&demand, CAPACITY, "0.198".parse().unwrap(), 0);
        assert_eq!(sizing.cost(0), sizing.cost(1));
        assert_eq!(sizing.spill_optimum(), 0);
    }

    #[test]
    fn headroom_counts_above_the_highest_step() {
        let demand = demand(3_600, &[(600_000, 0), (60_000, 0)]);
        let sizing = |held| UnitSizing::new(&demand, CAPACITY, "0.01".parse().unwrap(), held);
        let headroom = |text: &str| Ratio::try_from(text.to_owned()).unwrap();
        assert_eq!(sizing(0).throttle_minimum(headroom("0")), Some(10));
        assert_eq!(sizing(0).throttle_minimum(headroom("0.2")), Some(12));
        assert_eq!(sizing(5).throttle_minimum(headroom("0.2")), Some(7));
        assert_eq!(sizing(20).throttle_minimum(headroom("0.2")), Some(0));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(600))]

        #[test]
        fn the_cost_is_its_definition(
            loads in proptest::collection::vec((0u64..900_000, 0u64..200_000), 1..30),
            cents in 1i64..300, held in 0u32..6, units in 0u32..20, minutes in any::<bool>(),
        ) {
            // A stretch is whole hours.
            let step = if minutes { 60 } else { 3_600 };
            let steps = if minutes { 60 } else { loads.len() };
            let loads: Vec<_> = loads.into_iter().cycle().take(steps).collect();
            let price = Decimal::new(cents, 3);
            let sizing = UnitSizing::new(&demand(step, &loads), CAPACITY, price.to_string().parse().unwrap(), held);
            prop_assert!(close(
                sizing.cost(units).dollars(),
                cost_by_definition(&loads, step, price, held, units)
            ));
        }

        /// Far within the tolerance that exact costs are asked for.
        #[test]
        fn the_cost_that_searches_use_is_the_exact_one(
            loads in proptest::collection::vec((0u64..900_000, 0u64..200_000), 1..30),
            cents in 1i64..300, held in 0u32..6, units in 0u32..20,
        ) {
            let price = Decimal::new(cents, 3).to_string().parse().unwrap();
            let sizing = UnitSizing::new(&demand(3_600, &loads), CAPACITY, price, held);
            let (fast, exact) = (sizing.fast_cost(units), float(sizing.cost(units)));
            prop_assert!((fast - exact).abs() <= TOLERANCE / 100.0 * exact + 1e-11, "{fast} {exact}");
        }

        #[test]
        fn the_spill_optimum_equals_brute_force(
            loads in proptest::collection::vec((0u64..900_000, 0u64..200_000), 1..30),
            cents in 1i64..300, held in 0u32..6,
        ) {
            let price = Decimal::new(cents, 3);
            let sizing = UnitSizing::new(&demand(3_600, &loads), CAPACITY, price.to_string().parse().unwrap(), held);
            let costs: Vec<Decimal> = (0..60)
                .map(|units| cost_by_definition(&loads, 3_600, price, held, units))
                .collect();
            let least = *costs.iter().min().unwrap();
            let found = sizing.spill_optimum();
            prop_assert!(close(costs[usize::try_from(found).unwrap()], least), "{found} of {costs:?}");
            let fewest = costs.iter().position(|cost| close(*cost, least)).unwrap();
            prop_assert_eq!(usize::try_from(found).unwrap(), fewest);
        }

        #[test]
        fn the_throttle_optimum_equals_brute_force(
            loads in proptest::collection::vec((0u64..900_000, 0u64..200_000), 1..30),
            cents in 1i64..300, held in 0u32..6, headroom in 0i64..100,
        ) {
            let price = Decimal::new(cents, 3);
            let headroom = Decimal::new(headroom, 2);
            let sizing = UnitSizing::new(&demand(3_600, &loads), CAPACITY, price.to_string().parse().unwrap(), held);
            let highest = loads
                .iter()
                .map(|(input, output)| {
                    (Decimal::from(*input) / Decimal::from(60_000)).max(Decimal::from(*output) / Decimal::from(15_000))
                })
                .max()
                .unwrap();
            let feasible = |units: &u32| Decimal::from(held + units) >= (Decimal::ONE + headroom) * highest;
            let enough = sizing.throttle_minimum(Ratio::new(headroom));
            prop_assert_eq!(enough, (0..60).find(feasible));
            // Units that refuse something are no plan; none at all leaves everything on-demand.
            let none = cost_by_definition(&loads, 3_600, price, 0, 0);
            let hours = Decimal::from(loads.len());
            let cost = |units: u32| {
                if units == 0 && !feasible(&0) { none } else { Decimal::from(units) * price * hours }
            };
            let best = (1..60)
                .filter(feasible)
                .chain([0])
                .min_by(|a, b| cost(*a).cmp(&cost(*b)).then(a.cmp(b)))
                .unwrap();
            prop_assert_eq!(sizing.throttle_optimum(enough.unwrap(), sizing.all_on_demand()), best);
        }
    }
}
