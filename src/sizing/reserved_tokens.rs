//! The number of reserved tokens per minute: the exact joint optimum of input and output.
//!
//! Input and output are bought apart, but a request needs both: of each step's requests the share
//! `min(1, r_I / I, r_O / O)` is served, and the rest goes to the standard tier, by the request. So
//! the best number of one depends on the other, and the best of each alone is only an upper bound.

use rust_decimal::Decimal;

use crate::catalog::{ReservedHolding, ReservedOffer};
use crate::domain::{Usd, UsdPerThousandTpmHour};
use crate::pricing::{DemandSeries, Load, StepDemand};
use crate::sizing::loaded_steps::LoadedSteps;
use crate::sizing::{TOLERANCE, float, float_value};

/// Tokens per minute in one step: AWS sells whole thousands. At another step the optimum would be
/// no amount that is sold.
pub const STEP: u64 = 1_000;

/// Reserved tokens per minute of input and of output.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Reservation {
    /// Input and cache write tokens a minute, one each.
    pub input_tokens_per_minute: u64,
    /// Output tokens a minute.
    pub output_tokens_per_minute: u64,
}

impl Reservation {
    /// Returns the tokens that a declared holding reserves.
    #[must_use]
    pub fn declared(holding: &ReservedHolding) -> Self {
        Self {
            input_tokens_per_minute: holding.input_tokens_per_minute,
            output_tokens_per_minute: holding.output_tokens_per_minute,
        }
    }

    /// No tokens at all.
    pub const NONE: Self = Self { input_tokens_per_minute: 0, output_tokens_per_minute: 0 };

    /// Returns so many steps of input and of output.
    pub(super) fn of_steps(input: u64, output: u64) -> Self {
        Self {
            input_tokens_per_minute: input.saturating_mul(STEP),
            output_tokens_per_minute: output.saturating_mul(STEP),
        }
    }

    /// Returns the load that the reservation serves in an hour.
    #[must_use]
    pub fn load_an_hour(self) -> Load {
        Load::of_tokens_per_minute(self.input_tokens_per_minute, self.output_tokens_per_minute)
    }

    /// Adds another reservation.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self {
            input_tokens_per_minute: self
                .input_tokens_per_minute
                .saturating_add(other.input_tokens_per_minute),
            output_tokens_per_minute: self
                .output_tokens_per_minute
                .saturating_add(other.output_tokens_per_minute),
        }
    }
}

/// Prices of a reservation and the least that is sold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReservationTerms {
    /// Price of 1,000 input tokens a minute in USD an hour.
    pub input: UsdPerThousandTpmHour,
    /// Price of 1,000 output tokens a minute in USD an hour.
    pub output: UsdPerThousandTpmHour,
    /// Least reservation that is sold.
    pub minimum: Reservation,
}

impl ReservationTerms {
    /// Returns the terms of an offer.
    #[must_use]
    pub fn of(offer: &ReservedOffer) -> Self {
        Self {
            input: offer.input,
            output: offer.output,
            minimum: Reservation {
                input_tokens_per_minute: offer.minimum_input_tpm,
                output_tokens_per_minute: offer.minimum_output_tpm,
            },
        }
    }

    /// Computes the cost of a reservation over so many hours, used or not.
    #[must_use]
    pub fn cost(&self, reservation: Reservation, hours: u64) -> Usd {
        let of = |price: UsdPerThousandTpmHour, tokens: u64| {
            price.dollars() * Decimal::from(tokens) / Decimal::from(STEP)
        };
        let hour = of(self.input, reservation.input_tokens_per_minute)
            + of(self.output, reservation.output_tokens_per_minute);
        Usd::new(hour * Decimal::from(hours))
    }

    /// Returns the least steps of input and of output that are sold.
    fn minimum_steps(&self) -> (u64, u64) {
        let steps = |tokens: u64| tokens.div_ceil(STEP).max(1);
        (steps(self.minimum.input_tokens_per_minute), steps(self.minimum.output_tokens_per_minute))
    }
}

/// Sizing of reserved tokens for one workload, one scope and one offer, beside the tokens that are
/// held already, which are sunk and serve first.
#[derive(Clone, Debug)]
pub struct ReservationSizing {
    /// Steps that ask for anything, in order.
    loaded: LoadedSteps,
    /// Needs of the same steps, for searches.
    needs: Vec<ReservationNeed>,
    terms: ReservationTerms,
    held: Reservation,
}

/// Need of one step in floating point, for searches: input and output in [`STEP`]s a minute, the
/// value in USD.
#[derive(Clone, Copy, Debug)]
struct ReservationNeed {
    input: f64,
    output: f64,
    value: f64,
}

/// Least and most steps that can be bought of one meter.
#[derive(Clone, Copy, Debug)]
struct StepBounds {
    least: u64,
    most: u64,
}

/// Cheapest input for one output, in whole steps, with the cost in floating point.
#[derive(Clone, Copy, Debug)]
struct Row {
    input: u64,
    cost: f64,
    /// Cost that no input goes below, in whole steps or in parts of steps.
    floor: f64,
}

impl ReservationSizing {
    /// Puts a reservation to one stretch of demand, which is whole hours.
    #[must_use]
    pub fn new(demand: &DemandSeries, terms: ReservationTerms, held: Reservation) -> Self {
        Self::of_steps(&demand.steps, demand.step, terms, held)
    }

    /// Puts a reservation to some steps in a row, of so many seconds each, which are whole hours.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "for the search")]
    pub fn of_steps(
        steps: &[StepDemand],
        seconds: u32,
        terms: ReservationTerms,
        held: Reservation,
    ) -> Self {
        let loaded = LoadedSteps::new(steps, seconds);
        let step = Reservation::of_steps(1, 1).load_an_hour();
        let need = |demand: &StepDemand| {
            let load = demand.load_an_hour(seconds);
            ReservationNeed {
                input: load.input as f64 / step.input as f64,
                output: load.output as f64 / step.output as f64,
                value: float_value(demand.value),
            }
        };
        Self { needs: loaded.steps.iter().map(need).collect(), loaded, terms, held }
    }

    /// Computes what stays on-demand beside a further reservation:
    /// `Σ c·(1 − min(1, r_I / I, r_O / O))`, each step to 10^-16 USD, the sum to 10^-12.
    #[must_use]
    pub fn left_on_demand(&self, reservation: Reservation) -> Usd {
        let all = self.held.and(reservation);
        self.loaded.left_on_demand(all.load_an_hour())
    }

    /// Adds the cost of a further reservation to what stays on-demand:
    /// `(r_I·p_I + r_O·p_O)·H + Σ c·(1 − min(1, r_I / I, r_O / O))`.
    #[must_use]
    pub fn cost(&self, reservation: Reservation) -> Usd {
        self.reservation_cost(reservation) + self.left_on_demand(reservation)
    }

    /// Computes the cost of a further reservation over the stretch.
    #[must_use]
    pub fn reservation_cost(&self, reservation: Reservation) -> Usd {
        self.terms.cost(reservation, self.loaded.hours)
    }

    /// Adds up the on-demand cost of everything.
    #[must_use]
    pub fn all_on_demand(&self) -> Usd {
        self.loaded.all_on_demand()
    }

    /// Computes the on-demand dollars that a further reservation and what is held would replace.
    #[must_use]
    pub fn replaced(&self, reservation: Reservation) -> Usd {
        self.all_on_demand() - self.left_on_demand(reservation)
    }

    /// Returns the least reservation that is sold, in whole steps.
    #[must_use]
    pub fn smallest(&self) -> Reservation {
        let (input, output) = self.terms.minimum_steps();
        Reservation::of_steps(input, output)
    }

    /// Finds the cheapest further reservation, in whole steps from the least that is sold on, or
    /// none where none costs less.
    ///
    /// The cost is convex in both numbers together. For one output the best input is a weighted
    /// quantile, found by the slope; a search over outputs gives a good row, and the rows beside
    /// that row are looked at on both sides until one costs, even in parts of steps, no less than
    /// the best so far: past that, convexity allows no better one.
    #[must_use]
    pub fn optimum(&self) -> Reservation {
        // More than the largest step asks for serves nobody, but the least that is sold may be more.
        let (least_input, least_output) = self.terms.minimum_steps();
        self.optimum_within(Reservation::of_steps(
            least_input.max(self.most(|need| need.input)),
            least_output.max(self.most(|need| need.output)),
        ))
    }

    /// Finds the cheapest further reservation of no more than `most` of either meter; none where
    /// less than the least that is sold is allowed.
    #[must_use]
    pub fn optimum_within(&self, most: Reservation) -> Reservation {
        let (least_input, least_output) = self.terms.minimum_steps();
        let most_input = most.input_tokens_per_minute / STEP;
        let most_output = most.output_tokens_per_minute / STEP;
        if self.needs.is_empty() || most_input < least_input || most_output < least_output {
            return Reservation::NONE;
        }
        let inputs = StepBounds { least: least_input, most: most_input };
        let outputs = StepBounds { least: least_output, most: most_output };
        let first = self.first_row(outputs, inputs);
        let none = float(self.cost(Reservation::NONE));
        let mut best = (first, self.row(first, inputs.least, inputs));
        for is_up in [true, false] {
            // Convex in both: the best input of the next row is near that of the last one.
            let mut from = best.1.input;
            let mut output = first;
            loop {
                output = match is_up {
                    true if output < outputs.most => output + 1,
                    false if output > outputs.least => output - 1,
                    _ => break,
                };
                let row = self.row(output, from, inputs);
                from = row.input;
                // What floating point cannot tell from no gain is none.
                let to_beat = best.1.cost.min(none);
                if row.cost < best.1.cost {
                    best = (output, row);
                } else if row.floor >= to_beat - TOLERANCE * to_beat.abs() {
                    break;
                }
            }
        }
        let found = Reservation::of_steps(best.1.input, best.0);
        // Exact at last: what doubles found must really cost less than nothing at all.
        if self.cost(found) < self.cost(Reservation::NONE) { found } else { Reservation::NONE }
    }

    /// Finds a row near the best one, by thirds.
    fn first_row(&self, outputs: StepBounds, inputs: StepBounds) -> u64 {
        let (mut low, mut high) = (outputs.least, outputs.most);
        let mut from = inputs.least;
        while high - low > 2 {
            let third = (high - low) / 3;
            let (a, b) = (low + third, high - third);
            let (row_a, row_b) = (self.row(a, from, inputs), self.row(b, from, inputs));
            from = row_a.input;
            if row_a.cost <= row_b.cost {
                high = b;
            } else {
                low = a;
            }
        }
        low + (high - low) / 2
    }

    /// Returns the largest need of a step in whole steps, rounded up.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "loads are not negative, and far below 2^53"
    )]
    fn most(&self, of: impl Fn(&ReservationNeed) -> f64) -> u64 {
        self.needs.iter().map(of).fold(0.0, f64::max).ceil() as u64
    }

    /// Finds the cheapest input within the bounds for so many steps of output, looked for from a
    /// guess on.
    #[expect(clippy::cast_precision_loss, reason = "steps are far below 2^53")]
    fn row(&self, output: u64, guess: u64, inputs: StepBounds) -> Row {
        let held = |tokens: u64| tokens as f64 / STEP as f64;
        let (held_input, held_output) =
            (held(self.held.input_tokens_per_minute), held(self.held.output_tokens_per_minute));
        let all_output = output as f64 + held_output;
        // Up to here input is what is scarce, and each step of it replaces so many dollars.
        // The search keeps its own form of the share served, in doubles, since it prices many rows. A
        // law holds that form to the exact one.
        let bounds: Vec<(f64, f64)> = self
            .needs
            .iter()
            .map(|need| {
                let share = if need.output > all_output { all_output / need.output } else { 1.0 };
                if need.input > 0.0 {
                    (need.input * share, need.value / need.input)
                } else {
                    // Without input it is served in the share that its output has room for.
                    (share, 0.0)
                }
            })
            .collect();
        let input_step = float(self.terms.cost(Reservation::of_steps(1, 0), self.loaded.hours));
        let output_step = float(self.terms.cost(Reservation::of_steps(0, 1), self.loaded.hours));
        let gain = |input: u64| {
            let all = input as f64 + held_input;
            let more: f64 =
                bounds.iter().map(|(bound, each)| if *bound > all { *each } else { 0.0 }).sum();
            more - input_step
        };
        let cost = |input: u64| {
            let all = input as f64 + held_input;
            let left: f64 = self
                .needs
                .iter()
                .zip(&bounds)
                .map(|(need, (bound, each))| {
                    if need.input > 0.0 {
                        need.value - bound.min(all) * each
                    } else {
                        need.value * (1.0 - bound)
                    }
                })
                .sum();
            input_step * input as f64 + output_step * output as f64 + left
        };
        let flat = first(inputs.least, guess, |input| input >= inputs.most || gain(input) <= 0.0);
        let at_flat = cost(flat);
        let mut row = Row { input: flat, cost: at_flat, floor: at_flat };
        if flat > inputs.least {
            let before = cost(flat - 1);
            // Between the two the cost falls no faster than it does right of the first.
            row.floor = (before - gain(flat - 1)).min(at_flat);
            if before <= at_flat {
                row.input = flat - 1;
                row.cost = before;
            }
        }
        row
    }
}

/// Finds the first whole number from `least` on that `is_past`, which holds from some number on,
/// looked for from `guess` on.
fn first(least: u64, guess: u64, is_past: impl Fn(u64) -> bool) -> u64 {
    let guess = guess.max(least);
    let mut width = 1;
    let (mut low, mut high);
    if is_past(guess) {
        high = guess;
        loop {
            low = high.saturating_sub(width).max(least);
            if low == high || !is_past(low) {
                break;
            }
            high = low;
            width *= 2;
        }
        if low == high {
            return high;
        }
    } else {
        low = guess;
        loop {
            high = low.saturating_add(width);
            if is_past(high) || high == u64::MAX {
                break;
            }
            low = high;
            width *= 2;
        }
    }
    // Not past at `low`, past at `high`.
    while high - low > 1 {
        let middle = low + (high - low) / 2;
        if is_past(middle) {
            high = middle;
        } else {
            low = middle;
        }
    }
    high
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{LoadWeights, Meter, Series};
    use proptest::prelude::*;

    fn reservation(input: u64, output: u64) -> Reservation {
        Reservation::of_steps(input, output)
    }

    fn demand(step: u32, loads: &[(u64, u64)]) -> DemandSeries {
        let start = "2026-04-06T00:00:00Z".parse().unwrap();
        let series = |pick: fn(&(u64, u64)) -> u64| Series {
            start,
            step,
            values: loads.iter().map(|load| Some(pick(load))).collect(),
        };
        let mut demand = DemandSeries::none(start, step, loads.len());
        let weights = LoadWeights::default();
        for (meter, price, pick) in [
            (Meter::Input, "3.00", (|load| load.0) as fn(&(u64, u64)) -> u64),
            (Meter::Output, "15.00", |load| load.1),
        ] {
            demand.add(meter, &series(pick), price.parse().unwrap(), weights).unwrap();
        }
        demand
    }

    fn terms(input: &str, output: &str, minimum: (u64, u64)) -> ReservationTerms {
        ReservationTerms {
            input: input.parse().unwrap(),
            output: output.parse().unwrap(),
            minimum: reservation(minimum.0, minimum.1),
        }
    }

    /// The cost from its definition, in decimals, step by step.
    fn cost_by_definition(
        loads: &[(u64, u64)],
        step: u32,
        terms: &ReservationTerms,
        held: (u64, u64),
        bought: (u64, u64),
    ) -> Decimal {
        let number = |n: u64| Decimal::from(n);
        let minutes = Decimal::from(step) / Decimal::from(60);
        let hours = number(loads.len().try_into().unwrap()) * minutes / Decimal::from(60);
        let mut cost = (number(bought.0) * terms.input.dollars()
            + number(bought.1) * terms.output.dollars())
            * hours;
        for (input, output) in loads {
            let value = (number(*input) * Decimal::from(3) + number(*output) * Decimal::from(15))
                / Decimal::from(1_000_000);
            let share = |reserved: u64, tokens: u64| {
                if tokens == 0 {
                    Decimal::ONE
                } else {
                    (number(reserved) * Decimal::from(1_000) * minutes / number(tokens))
                        .min(Decimal::ONE)
                }
            };
            let served = share(held.0 + bought.0, *input).min(share(held.1 + bought.1, *output));
            cost += value * (Decimal::ONE - served);
        }
        cost
    }

    fn close(a: Decimal, b: Decimal) -> bool {
        (a - b).abs() <= Decimal::new(1, 9)
    }

    fn steps(found: Reservation) -> (u64, u64) {
        (found.input_tokens_per_minute / STEP, found.output_tokens_per_minute / STEP)
    }

    /// The least cost of all purchases up to the largest load, each from its definition.
    fn brute_force(
        loads: &[(u64, u64)],
        step: u32,
        terms: &ReservationTerms,
        held: (u64, u64),
    ) -> Decimal {
        let minutes = u64::from(step / 60);
        let most = |pick: fn(&(u64, u64)) -> u64| {
            loads.iter().map(pick).max().unwrap_or_default().div_ceil(1_000 * minutes)
        };
        let (least_input, least_output) = terms.minimum_steps();
        let mut best = cost_by_definition(loads, step, terms, held, (0, 0));
        for input in least_input..=most(|load| load.0).max(least_input) {
            for output in least_output..=most(|load| load.1).max(least_output) {
                best = best.min(cost_by_definition(loads, step, terms, held, (input, output)));
            }
        }
        best
    }

    #[test]
    fn at_the_price_of_full_use_nothing_is_reserved() {
        // 0.18 USD an hour for 60,000 input tokens that cost 0.18 on-demand: the 1-month price.
        let loads = vec![(20_000, 4_000); 60];
        let sizing = ReservationSizing::new(
            &demand(60, &loads),
            terms("0.18", "0.90", (1, 1)),
            Reservation::NONE,
        );
        assert_eq!(sizing.optimum(), Reservation::NONE);
        assert_eq!(sizing.cost(reservation(20, 4)), sizing.cost(Reservation::NONE));
    }

    #[test]
    fn below_it_a_constant_demand_is_reserved_whole() {
        let loads = vec![(20_000, 4_000); 60];
        let sizing = ReservationSizing::new(
            &demand(60, &loads),
            terms("0.162", "0.81", (1, 1)),
            Reservation::NONE,
        );
        assert_eq!(sizing.optimum(), reservation(20, 4));
    }

    #[test]
    fn the_least_that_is_sold_can_cost_more_than_it_saves() {
        let loads = vec![(20_000, 4_000); 60];
        let sizing = ReservationSizing::new(
            &demand(60, &loads),
            terms("0.162", "0.81", (100, 10)),
            Reservation::NONE,
        );
        assert_eq!(sizing.optimum(), Reservation::NONE);
    }

    #[test]
    fn the_best_of_each_meter_alone_is_too_much() {
        // Half of the minutes ask for input only, the others for output only, so that each meter
        // alone would be worth reserving; half of the minutes ask for both at another mix.
        let mut loads = vec![(40_000, 1_000); 30];
        loads.extend(vec![(4_000, 10_000); 30]);
        let terms = terms("0.05", "0.30", (1, 1));
        let sizing = ReservationSizing::new(&demand(60, &loads), terms, Reservation::NONE);
        let found = steps(sizing.optimum());
        let by_force = brute_force(&loads, 60, &terms, (0, 0));
        assert!(close(sizing.cost(sizing.optimum()).dollars(), by_force), "{found:?}");
    }

    fn loads(most: (u64, u64)) -> impl Strategy<Value = Vec<(u64, u64)>> {
        prop::collection::vec((0..most.0, 0..most.1), 1..12)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(300))]

        #[test]
        fn the_cost_is_its_definition(
            loads in loads((900_000, 200_000)),
            held in (0u64..3, 0u64..3), bought in (0u64..12, 0u64..6), minutes in any::<bool>(),
        ) {
            let step = if minutes { 60 } else { 3_600 };
            let steps = if minutes { 60 } else { loads.len() };
            let loads: Vec<_> = loads.into_iter().cycle().take(steps).collect();
            let terms = terms("0.162", "0.81", (1, 1));
            let sizing = ReservationSizing::new(&demand(step, &loads), terms, reservation(held.0, held.1));
            prop_assert!(close(
                sizing.cost(reservation(bought.0, bought.1)).dollars(),
                cost_by_definition(&loads, step, &terms, held, bought)
            ));
        }

        /// Far within the tolerance that the search gives itself.
        #[test]
        fn the_cost_that_searches_use_is_the_exact_one(
            loads in loads((900_000, 500_000)), held in (0u64..3, 0u64..3), output in 1u64..9, most in 1u64..20,
        ) {
            let terms = terms("0.162", "0.81", (1, 1));
            let sizing = ReservationSizing::new(&demand(3_600, &loads), terms, reservation(held.0, held.1));
            let row = sizing.row(output, 1, StepBounds { least: 1, most });
            let exact = float(sizing.cost(reservation(row.input, output)));
            prop_assert!((row.cost - exact).abs() <= TOLERANCE / 100.0 * exact + 1e-11, "{row:?} {exact}");
        }

        #[test]
        fn the_optimum_equals_brute_force(
            loads in loads((900_000, 500_000)),
            prices in (1i64..300, 1i64..1_500), minimum in (1u64..4, 1u64..3), held in (0u64..3, 0u64..3),
        ) {
            let terms = ReservationTerms {
                input: Decimal::new(prices.0, 3).to_string().parse().unwrap(),
                output: Decimal::new(prices.1, 3).to_string().parse().unwrap(),
                minimum: reservation(minimum.0, minimum.1),
            };
            let sizing = ReservationSizing::new(&demand(3_600, &loads), terms, reservation(held.0, held.1));
            let found = sizing.optimum();
            let least = brute_force(&loads, 3_600, &terms, held);
            prop_assert!(
                close(cost_by_definition(&loads, 3_600, &terms, held, steps(found)), least),
                "{:?}", steps(found)
            );
        }

        #[test]
        fn within_a_limit_it_is_the_best_of_what_the_limit_allows(
            loads in loads((300_000, 200_000)), prices in (1i64..300, 1i64..1_500), most in (1u64..6, 1u64..4),
        ) {
            let terms = ReservationTerms {
                input: Decimal::new(prices.0, 3).to_string().parse().unwrap(),
                output: Decimal::new(prices.1, 3).to_string().parse().unwrap(),
                minimum: reservation(1, 1),
            };
            let sizing = ReservationSizing::new(&demand(3_600, &loads), terms, Reservation::NONE);
            let found = sizing.optimum_within(reservation(most.0, most.1));
            let mut least = cost_by_definition(&loads, 3_600, &terms, (0, 0), (0, 0));
            for input in 1..=most.0 {
                for output in 1..=most.1 {
                    least = least.min(cost_by_definition(&loads, 3_600, &terms, (0, 0), (input, output)));
                }
            }
            prop_assert!(steps(found).0 <= most.0 && steps(found).1 <= most.1);
            prop_assert!(close(cost_by_definition(&loads, 3_600, &terms, (0, 0), steps(found)), least));
        }

        #[test]
        fn the_order_of_steps_does_not_matter(loads in loads((900_000, 500_000))) {
            let terms = terms("0.10", "0.50", (1, 1));
            let of = |loads: &[(u64, u64)]| {
                ReservationSizing::new(&demand(3_600, loads), terms, Reservation::NONE).cost(reservation(5, 3))
            };
            let reversed: Vec<_> = loads.iter().rev().copied().collect();
            prop_assert_eq!(of(&loads), of(&reversed));
        }

        #[test]
        fn the_first_that_is_past_is_found_from_any_guess(least in 0u64..50, guess in 0u64..200, at in 0u64..200) {
            prop_assert_eq!(first(least, guess, |n| n >= at), at.max(least));
        }
    }
}
