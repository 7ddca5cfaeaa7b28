//! How many model units: the exact integer optimum under both overflow policies.

use rust_decimal::Decimal;

use crate::domain::{Capacity, Percent, Ratio, Usd, UsdPerModelUnitHour};
use crate::pricing::Demand;

/// The question of one workload and one offer: given what each step asks for, what a unit serves
/// and what it costs, how many units beside those that are held already?
#[derive(Clone, Debug)]
pub struct Sizing {
    /// On-demand dollars of each step, and the units that it needs over [`Self::unit`]. Steps that
    /// need none are left out.
    steps: Vec<(Usd, u128)>,
    /// What one unit is, as a denominator.
    unit: u128,
    /// Units that are held already. They are sunk and serve first.
    held: u32,
    /// What one further unit costs over the whole stretch.
    unit_cost: Usd,
}

/// Costs are compared rounded to so many decimals, so that a tie is a tie.
const COST_SCALE: u32 = 12;

impl Sizing {
    /// The question over one stretch of demand.
    #[must_use]
    pub fn new(demand: &Demand, capacity: Capacity, price: UsdPerModelUnitHour, held: u32) -> Self {
        let unit_cost = price.cost(crate::domain::ModelUnits::new(1), demand.hours());
        let steps = demand
            .values()
            .zip(demand.needs(capacity))
            .filter(|(_, need)| *need > 0)
            .collect();
        Self {
            steps,
            unit: Demand::unit(capacity),
            held,
            unit_cost,
        }
    }

    /// What stays on-demand beside `units` further units, if the callers route the rest: of each
    /// step the part above what all units serve, in proportion.
    #[must_use]
    pub fn left_on_demand(&self, units: u32) -> Usd {
        let served = self.unit * u128::from(self.held.saturating_add(units));
        let left: Decimal = self
            .steps
            .iter()
            .filter(|(_, need)| *need > served)
            .map(|(value, need)| value.dollars() * share(need - served, *need))
            .sum();
        Usd::new(left.round_dp(COST_SCALE).normalize())
    }

    /// What `units` further units cost together with what stays on-demand:
    /// `k·u·H + Σ c·(1 − min(1, (k0+k)/n))`.
    #[must_use]
    pub fn cost(&self, units: u32) -> Usd {
        self.units_cost(units) + self.left_on_demand(units)
    }

    /// The cheapest number of further units if the callers route the rest; of equals the fewest.
    ///
    /// The cost is convex, so its slope finds the place: units pay as long as the on-demand dollars
    /// that one more would replace, Σ c/n over the steps that need more, exceed what it costs. That
    /// search is in floats; the exact costs of its neighbours then decide.
    #[must_use]
    pub fn spill_optimum(&self) -> u32 {
        let mut units = self.estimate();
        let mut cost = self.cost(units);
        while units > 0 {
            let fewer = self.cost(units - 1);
            if fewer > cost {
                break;
            }
            units -= 1;
            cost = fewer;
        }
        loop {
            let more = self.cost(units + 1);
            if more >= cost {
                return units;
            }
            units += 1;
            cost = more;
        }
    }

    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a first guess: the exact costs of the neighbours decide"
    )]
    fn estimate(&self) -> u32 {
        let to_f64 = |amount: Usd| f64::try_from(amount.dollars()).unwrap_or(f64::MAX);
        let mut needs: Vec<(f64, f64)> = self
            .steps
            .iter()
            .map(|(value, need)| (*need as f64 / self.unit as f64, to_f64(*value)))
            .collect();
        needs.sort_by(|a, b| b.0.total_cmp(&a.0));
        let unit_cost = to_f64(self.unit_cost);
        let mut replaced = 0.0;
        for (need, value) in needs {
            replaced += value / need;
            if replaced > unit_cost {
                return (need - f64::from(self.held)).clamp(0.0, f64::from(u32::MAX / 2)) as u32;
            }
        }
        // Even a unit that every step needs replaces less than it costs.
        0
    }

    /// The fewest further units that refuse nothing: all units together are at least the highest
    /// step and headroom above it. `None` where no count is enough.
    #[must_use]
    pub fn throttle_minimum(&self, headroom: Ratio) -> Option<u32> {
        let highest = self
            .steps
            .iter()
            .map(|(_, need)| *need)
            .max()
            .unwrap_or_default();
        let factor = (Decimal::ONE + headroom.number()).normalize();
        let numerator = u128::try_from(factor.mantissa()).ok()?;
        let denominator = 10_u128.checked_pow(factor.scale())?;
        let units = highest
            .checked_mul(numerator)?
            .div_ceil(denominator.checked_mul(self.unit)?);
        Some(u32::try_from(units).ok()?.saturating_sub(self.held))
    }

    /// The cheapest number of further units if what exceeds them is refused: `enough`, which refuse
    /// nothing, where they cost less than `on_demand`, which is what the traffic costs without them;
    /// else none.
    #[must_use]
    pub fn throttle_optimum(&self, enough: u32, on_demand: Usd) -> u32 {
        if self.units_cost(enough) < on_demand {
            enough
        } else {
            0
        }
    }

    /// What `units` further units cost over the stretch.
    #[must_use]
    pub fn units_cost(&self, units: u32) -> Usd {
        Usd::new(self.unit_cost.dollars() * Decimal::from(units))
    }

    /// What everything would cost on-demand, with no units at all.
    #[must_use]
    pub fn all_on_demand(&self) -> Usd {
        self.steps.iter().map(|(value, _)| *value).sum()
    }

    /// The share of all dollars that all units together would leave; `None` where there are none.
    #[must_use]
    pub fn left_share(&self, units: u32) -> Option<Percent> {
        self.left_on_demand(units).percent_of(self.all_on_demand())
    }

    /// The on-demand dollars that all units together would replace.
    #[must_use]
    pub fn replaced(&self, units: u32) -> Usd {
        self.all_on_demand() - self.left_on_demand(units)
    }
}

/// `part` of `whole`, both whole numbers.
fn share(part: u128, whole: u128) -> Decimal {
    // A decimal holds whole numbers below 2^96. Needs stay far below that for any demand that
    // CloudWatch can count; halving both keeps the share should one not.
    let shift = (u128::BITS - whole.leading_zeros()).saturating_sub(95);
    let number = |n: u128| {
        let whole = i128::try_from(n >> shift).unwrap_or(i128::MAX);
        Decimal::try_from_i128_with_scale(whole, 0).unwrap_or(Decimal::MAX)
    };
    number(part) / number(whole)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::LoadWeights;
    use crate::domain::quantity::CapacityOrigin;
    use crate::domain::{Meter, Series};
    use proptest::prelude::*;

    const CAPACITY: Capacity = Capacity {
        input_tokens_per_hour: 60_000,
        output_tokens_per_hour: 15_000,
        origin: CapacityOrigin::Assumed,
    };

    fn demand(step: u32, loads: &[(u64, u64)]) -> Demand {
        let start = "2026-04-06T00:00:00Z".parse().unwrap();
        let series = |pick: fn(&(u64, u64)) -> u64| Series {
            start,
            step,
            values: loads.iter().map(|load| Some(pick(load))).collect(),
        };
        let mut demand = Demand::none(start, step, loads.len());
        let weights = LoadWeights::default();
        demand
            .add(
                Meter::Input,
                &series(|load| load.0),
                "3.30".parse().unwrap(),
                weights,
            )
            .unwrap();
        demand
            .add(
                Meter::Output,
                &series(|load| load.1),
                "16.50".parse().unwrap(),
                weights,
            )
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
        let sizing = Sizing::new(&demand, CAPACITY, "0.05".parse().unwrap(), 0);
        assert_eq!(sizing.steps.len(), 1);
        assert_eq!(sizing.spill_optimum(), 1);
    }

    #[test]
    fn a_unit_that_costs_more_than_it_can_replace_is_not_bought() {
        let demand = demand(3_600, &[(60_000, 0), (60_000, 0)]);
        let sizing = Sizing::new(&demand, CAPACITY, "0.20".parse().unwrap(), 0);
        assert_eq!(sizing.spill_optimum(), 0);
    }

    #[test]
    fn a_tie_takes_fewer_units() {
        // One unit replaces exactly what it costs: 60,000 tokens at 3.30 a million are 0.198.
        let demand = demand(3_600, &[(60_000, 0)]);
        let sizing = Sizing::new(&demand, CAPACITY, "0.198".parse().unwrap(), 0);
        assert_eq!(sizing.cost(0), sizing.cost(1));
        assert_eq!(sizing.spill_optimum(), 0);
    }

    #[test]
    fn headroom_counts_above_the_highest_step() {
        let demand = demand(3_600, &[(600_000, 0), (60_000, 0)]);
        let sizing = |held| Sizing::new(&demand, CAPACITY, "0.01".parse().unwrap(), held);
        let headroom = |text: &str| Ratio::try_from(text.to_owned()).unwrap();
        assert_eq!(sizing(0).throttle_minimum(headroom("0")), Some(10));
        assert_eq!(sizing(0).throttle_minimum(headroom("0.2")), Some(12));
        assert_eq!(sizing(5).throttle_minimum(headroom("0.2")), Some(7));
        assert_eq!(sizing(20).throttle_minimum(headroom("0.2")), Some(0));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(400))]

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
            let sizing = Sizing::new(&demand(step, &loads), CAPACITY, price.to_string().parse().unwrap(), held);
            prop_assert!(close(
                sizing.cost(units).dollars(),
                cost_by_definition(&loads, step, price, held, units)
            ));
        }

        #[test]
        fn the_spill_optimum_equals_brute_force(
            loads in proptest::collection::vec((0u64..900_000, 0u64..200_000), 1..30),
            cents in 1i64..300, held in 0u32..6,
        ) {
            let price = Decimal::new(cents, 3);
            let sizing = Sizing::new(&demand(3_600, &loads), CAPACITY, price.to_string().parse().unwrap(), held);
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
            let sizing = Sizing::new(&demand(3_600, &loads), CAPACITY, price.to_string().parse().unwrap(), held);
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
