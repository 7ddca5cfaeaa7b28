//! The cost of a purchase by its definition, in whole numbers, and the best of all purchases by
//! trying each. Nothing here is shared with what it is held against.
//!
//! Money is in 10^-16 USD, loads are in hundredths of a token.

use super::dice::Dice;

/// Hundredths of input load for a token: input, cache write, cache read.
const WEIGHTS: [i128; 3] = [100, 125, 10];

/// A token at 10^-4 USD a million costs so much.
const PRICE: i128 = 1_000_000;

/// A 10^-4 USD in 10^-16.
pub(crate) const TEN_THOUSANDTH: i128 = 1_000_000_000_000;

/// Tokens of a step: input, cache write, cache read, output.
pub(crate) type Tokens = [u64; 4];

/// A demand of whole hours at some prices.
pub(crate) struct Demand {
    /// Seconds of a step.
    pub(crate) seconds: u32,
    /// The steps.
    pub(crate) steps: Vec<Tokens>,
    /// Prices of a million tokens, in 10^-4 USD.
    pub(crate) prices: [u64; 4],
}

/// One step: on-demand cost, input load, output load.
struct Step {
    value: i128,
    input: i128,
    output: i128,
}

impl Demand {
    /// Prices as models have them: output costs a few times as much as input.
    pub(crate) fn new(dice: &mut Dice, seconds: u32, steps: Vec<Tokens>) -> Self {
        let input = dice.between(500, 50_000);
        let output = input * dice.between(2, 5);
        Self { seconds, steps, prices: [input, input + input / 4, input / 10, output] }
    }

    pub(crate) fn hours(&self) -> i128 {
        i128::from(self.seconds) * self.steps.len() as i128 / 3_600
    }

    fn measured(&self) -> Vec<Step> {
        let measure = |tokens: &Tokens| {
            let count = |meter: usize| i128::from(tokens[meter]);
            let price = |meter: usize| i128::from(self.prices[meter]) * PRICE;
            Step {
                value: (0..4).map(|meter| count(meter) * price(meter)).sum(),
                input: (0..3).map(|meter| count(meter) * WEIGHTS[meter]).sum(),
                output: count(3) * 100,
            }
        };
        self.steps.iter().map(measure).collect()
    }

    /// Returns the on-demand cost of the whole demand.
    pub(crate) fn value(&self) -> i128 {
        self.measured().iter().map(|step| step.value).sum()
    }

    /// Returns the least difference of costs that counts: more than rounding each step can make.
    pub(crate) fn slack(&self) -> i128 {
        // The library gives sums to 10^-12 USD.
        10_000 + self.steps.len() as i128
    }
}

/// Returns what stays on-demand of a step if so much of each load is served: the larger part of the
/// two.
fn left(step: &Step, input: i128, output: i128) -> i128 {
    let part = |load: i128, served: i128| {
        if load > served { step.value * (load - served) / load } else { 0 }
    };
    part(step.input, input).max(part(step.output, output))
}

/// Model units: what one serves in an hour, what it costs an hour in 10^-16 USD, how many are held.
pub(crate) struct Units {
    pub(crate) input_per_hour: u64,
    pub(crate) output_per_hour: u64,
    pub(crate) price: i128,
    pub(crate) held: u32,
}

impl Units {
    /// Returns what all units together serve of each load in a step.
    fn serve(&self, demand: &Demand, further: u32) -> (i128, i128) {
        let units = i128::from(self.held) + i128::from(further);
        let in_step =
            |per_hour: u64| i128::from(per_hour) * 100 * units * i128::from(demand.seconds) / 3_600;
        (in_step(self.input_per_hour), in_step(self.output_per_hour))
    }

    /// Returns the cost of so many further units.
    pub(crate) fn bought(&self, demand: &Demand, further: u32) -> i128 {
        i128::from(further) * self.price * demand.hours()
    }

    /// Returns `k·u·H + Σ c·(1 − min(1, (k0 + k) / n))` for every `k` that could be best.
    pub(crate) fn spill_costs(&self, demand: &Demand) -> Vec<i128> {
        let steps = demand.measured();
        let mut costs = Vec::new();
        for further in 0.. {
            let (input, output) = self.serve(demand, further);
            let left: i128 = steps.iter().map(|step| left(step, input, output)).sum();
            costs.push(self.bought(demand, further) + left);
            // One more than what serves everything, so that a wrong answer has a cost too.
            if left == 0 && further > 0 {
                break;
            }
        }
        costs
    }

    /// Counts the fewest further units of which all together serve every step and a headroom in
    /// percent.
    pub(crate) fn enough(&self, demand: &Demand, headroom: u64) -> u32 {
        let steps = demand.measured();
        let factor = 100 + i128::from(headroom);
        let is_enough = |further: &u32| {
            let (input, output) = self.serve(demand, *further);
            steps.iter().all(|step| {
                input * 100 >= step.input * factor && output * 100 >= step.output * factor
            })
        };
        (0..u32::MAX).find(is_enough).unwrap_or(u32::MAX)
    }
}

/// Reserved tokens: prices of 1,000 a minute in 10^-16 USD an hour, the least that is sold, and
/// what is held, both in tokens a minute. First input, then output.
pub(crate) struct Tpm {
    pub(crate) prices: [i128; 2],
    pub(crate) minimum: [u64; 2],
    pub(crate) held: [u64; 2],
}

impl Tpm {
    /// Returns `(r_I·p_I + r_O·p_O)·H + Σ c·(1 − min(1, r_I / I, r_O / O))` for a reservation in
    /// thousands.
    pub(crate) fn cost(&self, demand: &Demand, thousands: [u64; 2]) -> i128 {
        self.cost_of(demand, &demand.measured(), thousands)
    }

    fn cost_of(&self, demand: &Demand, steps: &[Step], thousands: [u64; 2]) -> i128 {
        let bought: i128 =
            [0, 1].map(|side| i128::from(thousands[side]) * self.prices[side]).iter().sum();
        let [input, output] = [0, 1].map(|side| {
            let tokens = i128::from(self.held[side]) + i128::from(thousands[side]) * 1_000;
            tokens * 100 * i128::from(demand.seconds) / 60
        });
        let left: i128 = steps.iter().map(|step| left(step, input, output)).sum();
        bought * demand.hours() + left
    }

    /// Returns the least cost of none and of all reservations from the least that is sold on.
    pub(crate) fn least_cost(&self, demand: &Demand) -> i128 {
        let steps = demand.measured();
        let a_thousand = i128::from(demand.seconds) / 60 * 100_000;
        let most = |load: fn(&Step) -> i128| {
            let highest = steps.iter().map(load).max().unwrap_or_default();
            u64::try_from((highest + a_thousand - 1) / a_thousand).unwrap_or_default()
        };
        let [least_input, least_output] = self.minimum.map(|tokens| tokens.div_ceil(1_000));
        let mut least = self.cost_of(demand, &steps, [0, 0]);
        for input in least_input..=most(|step| step.input).max(least_input) {
            for output in least_output..=most(|step| step.output).max(least_output) {
                least = least.min(self.cost_of(demand, &steps, [input, output]));
            }
        }
        least
    }
}
