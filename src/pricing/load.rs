//! Demand over time in whole numbers: the on-demand cost of each step, the load that each asks for, and
//! the share of it that a commitment serves.

use jiff::Timestamp;
use rust_decimal::Decimal;

use crate::domain::money::UNIT_PRICE_SCALE;
use crate::domain::period::HOUR;
use crate::domain::{Capacity, Ceiling, LoadWeights, Meter, Series, Usd, UsdPerMillionTokens};

/// Decimals of a load: loads are counted in ten-thousandths of a token, so that weights such as
/// 1.25 stay whole. With fewer decimals such a weight is refused, more only make the numbers
/// longer.
pub const LOAD_SCALE: u32 = 4;

/// Load of one token of weight one.
pub(crate) const LOAD_ONE: u128 = 10_u128.pow(LOAD_SCALE);

/// Decimals of a value in dollars: a price for a million tokens has ten, so a token's price has six
/// more.
pub const MONEY_SCALE: u32 = UNIT_PRICE_SCALE + 6;

/// A load on the two ceilings of a commitment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Load {
    /// Input load in 10^-4 tokens.
    pub input: u128,
    /// Output load in 10^-4 tokens.
    pub output: u128,
}

impl Load {
    /// Returns the load of one token of a meter; `None` for a meter that a model unit does not
    /// serve.
    pub(crate) fn of_token(meter: Meter, weights: LoadWeights) -> Option<Self> {
        let (ceiling, weight) = weights.of(meter)?;
        let weight = whole(weight.number(), LOAD_SCALE)?;
        let (input, output) = match ceiling {
            Ceiling::Input => (weight, 0),
            Ceiling::Output => (0, weight),
        };
        Some(Self { input, output })
    }

    /// Adds so many times the load of one token.
    pub(crate) fn add(&mut self, token: Self, tokens: u64) {
        self.input += token.input * u128::from(tokens);
        self.output += token.output * u128::from(tokens);
    }

    /// Returns the load that so many tokens per minute serve in an hour.
    #[must_use]
    pub fn of_tokens_per_minute(input: u64, output: u64) -> Self {
        let an_hour = |tokens: u64| u128::from(tokens) * 60 * LOAD_ONE;
        Self { input: an_hour(input), output: an_hour(output) }
    }

    /// Returns the load that so many model units serve in an hour.
    #[must_use]
    pub fn of_units(capacity: Capacity, units: u32) -> Self {
        let all = |tokens: u64| u128::from(tokens) * u128::from(units) * LOAD_ONE;
        Self {
            input: all(capacity.input_tokens_per_hour),
            output: all(capacity.output_tokens_per_hour),
        }
    }

    /// Returns the number of times that this load is served by what has `room` for so much load in
    /// the same time.
    #[must_use]
    pub const fn times_served(self, room: Self) -> TimesServed {
        let input = TimesServed { room: room.input, asked: self.input };
        let output = TimesServed { room: room.output, asked: self.output };
        // r_I/I against r_O/O, without dividing. Nothing is asked of a ceiling without load.
        match (self.input, self.output) {
            (_, 0) => input,
            (0, _) => output,
            _ if room.input.saturating_mul(self.output)
                <= room.output.saturating_mul(self.input) =>
            {
                input
            }
            _ => output,
        }
    }
}

/// Number of times that a load could be served, as an exact fraction: `min(r_I / I, r_O / O)`. The
/// share of the requests that is served is that number, or 1 where it is above 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TimesServed {
    pub(crate) room: u128,
    /// Load on the same ceiling as `room`; zero where nothing is asked for.
    pub(crate) asked: u128,
}

impl TimesServed {
    /// Returns the share of the requests that is served, `min(1, r_I / I, r_O / O)`, as part and
    /// whole. The whole is above zero.
    #[must_use]
    pub fn share(self) -> (u128, u128) {
        match self.asked {
            0 => (1, 1),
            asked => (self.room.min(asked), asked),
        }
    }

    /// Returns the part of a value that is not served, rounded down.
    #[must_use]
    pub fn left_of(self, value: u128) -> u128 {
        let (part, whole) = self.share();
        part_of(value, whole - part, whole)
    }
}

/// Demand of one step.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StepDemand {
    /// On-demand cost in 10^-16 USD.
    pub value: u128,
    /// Load of the step's requests.
    pub load: Load,
}

impl StepDemand {
    /// Scales the load of a step of so many seconds to an hour.
    #[must_use]
    pub fn load_an_hour(&self, seconds: u32) -> Load {
        let steps = u128::from(HOUR / seconds);
        Load { input: self.load.input * steps, output: self.load.output * steps }
    }

    /// Returns the number of times that a step of so many seconds is served by what serves so much
    /// load in an hour.
    #[must_use]
    pub fn times_served(&self, seconds: u32, room_an_hour: Load) -> TimesServed {
        self.load_an_hour(seconds).times_served(room_an_hour)
    }

    /// Returns true if the step asks for nothing.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        self.load == Load::default()
    }
}

/// Demand over a stretch of time, step by step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DemandSeries {
    /// Start of the first step.
    pub start: Timestamp,
    /// Seconds of a step.
    pub step: u32,
    /// Demand of each step, in order.
    pub steps: Vec<StepDemand>,
}

impl DemandSeries {
    /// Builds a series without demand, from `start` on, over so many steps of so many seconds.
    #[must_use]
    pub fn none(start: Timestamp, step: u32, steps: usize) -> Self {
        Self { start, step, steps: vec![StepDemand::default(); steps] }
    }

    /// Adds one series of a meter, its value at a price and its load by the weights; `None` for a
    /// meter that a model unit does not serve, or a price of too many decimals.
    #[must_use]
    pub fn add(
        &mut self,
        meter: Meter,
        series: &Series,
        price: UsdPerMillionTokens,
        weights: LoadWeights,
    ) -> Option<()> {
        // A price with more decimals is refused, not rounded: a sum has to be that of its parts.
        let price = whole(price.dollars(), UNIT_PRICE_SCALE)?;
        let token = Load::of_token(meter, weights)?;
        for (step, tokens) in self.steps.iter_mut().zip(series.since(self.start)) {
            let tokens = tokens.unwrap_or_default();
            step.value += u128::from(tokens) * price;
            step.load.add(token, tokens);
        }
        Some(())
    }

    /// Counts the hours of the series.
    #[must_use]
    pub fn hours(&self) -> u64 {
        u64::try_from(self.steps.len()).unwrap_or_default() * u64::from(self.step) / 3_600
    }

    /// Adds up the on-demand cost of all steps.
    #[must_use]
    pub fn value(&self) -> Usd {
        dollars(self.steps.iter().map(|step| step.value).sum())
    }
}

/// Reads a decimal number as a whole number of 10^-scale; `None` where the number has more decimals
/// or is below zero.
pub(crate) fn whole(number: Decimal, scale: u32) -> Option<u128> {
    // Exact or not at all: no caller wants a number that is nearly the one that was given.
    let scaled = number.checked_mul(Decimal::from(10_u64.pow(scale)))?.normalize();
    if scaled.scale() == 0 { u128::try_from(scaled.mantissa()).ok() } else { None }
}

/// Returns the share `part` of `whole` of a value, rounded down.
fn part_of(value: u128, part: u128, whole: u128) -> u128 {
    let (mut part, mut whole) = (part, whole);
    loop {
        if let Some(product) = value.checked_mul(part) {
            return product / whole;
        }
        // No demand that CloudWatch can count comes here; should one, it loses its last digits.
        part >>= 8;
        whole = (whole >> 8).max(1);
    }
}

/// Turns a value in 10^-16 USD into dollars.
pub(crate) fn dollars(value: u128) -> Usd {
    // Sums above 2^95 units, some 4 trillion dollars, lose their last digits.
    let (mut value, mut scale) = (value, MONEY_SCALE);
    loop {
        if let Ok(mantissa) = i128::try_from(value)
            && let Ok(number) = Decimal::try_from_i128_with_scale(mantissa, scale)
        {
            return Usd::new(number.normalize());
        }
        value /= 10;
        scale = scale.saturating_sub(1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn series(values: &[u64]) -> Series {
        Series {
            start: "2026-04-06T00:00:00Z".parse().unwrap(),
            step: 60,
            values: values.iter().copied().map(Some).collect(),
        }
    }

    fn demand(input: &[u64], output: &[u64]) -> DemandSeries {
        let mut demand = DemandSeries::none(series(input).start, 60, input.len());
        let weights = LoadWeights::default();
        demand.add(Meter::Input, &series(input), "3.30".parse().unwrap(), weights).unwrap();
        demand.add(Meter::Output, &series(output), "16.50".parse().unwrap(), weights).unwrap();
        demand
    }

    fn amounts() -> impl Strategy<Value = u128> {
        prop_oneof![Just(0_u128), 0..1_000_u128, 0..1_000_000_000_000_000_000_u128]
    }

    fn loads() -> impl Strategy<Value = Load> {
        (amounts(), amounts()).prop_map(|(input, output)| Load { input, output })
    }

    #[test]
    fn the_scarcer_of_input_and_output_tells_how_many_requests_are_served() {
        let room = Load::of_tokens_per_minute(1_000, 1_000);
        let share = |input: u128, output: u128| {
            let asked = Load { input: input * LOAD_ONE, output: output * LOAD_ONE };
            let (part, whole) = asked.times_served(room).share();
            (Decimal::from(part) / Decimal::from(whole)).normalize().to_string()
        };
        // 1,000 a minute are 60,000 an hour.
        assert_eq!(share(60_000, 120_000), "0.5");
        assert_eq!(share(240_000, 120_000), "0.25");
        assert_eq!(share(10, 10), "1");
        assert_eq!(share(0, 120_000), "0.5");
        assert_eq!(share(0, 0), "1");
    }

    #[test]
    fn dollars_never_panic() {
        assert_eq!(dollars(10_000_000_000_000_000).to_string(), "$1.00");
        assert!(dollars(u128::MAX).is_positive());
    }

    proptest! {
        #[test]
        fn the_share_served_is_the_least_of_one_and_of_each_ceilings_share(load in loads(), room in loads()) {
            let (part, whole) = load.times_served(room).share();
            prop_assert!(part <= whole && whole > 0);
            // part/whole against r/L, without dividing.
            let ceilings = [(load.input, room.input), (load.output, room.output)];
            prop_assert!(ceilings.iter().all(|(load, room)| part * load <= room * whole));
            let is_met = |(load, room): &(u128, u128)| *load > 0 && part * load == room * whole;
            prop_assert!(part == whole || ceilings.iter().any(is_met));
        }

        #[test]
        fn the_share_served_never_falls_with_more_room(
            load in loads(), room in loads(), more in loads(), value in amounts(),
        ) {
            let larger = Load { input: room.input + more.input, output: room.output + more.output };
            let (small, large) = (load.times_served(room), load.times_served(larger));
            let ((part, whole), (larger_part, larger_whole)) = (small.share(), large.share());
            prop_assert!(part * larger_whole <= larger_part * whole);
            prop_assert!(large.left_of(value) <= small.left_of(value));
            prop_assert!(small.left_of(value) <= value);
            prop_assert_eq!(small.left_of(value), value * (whole - part) / whole);
        }

        #[test]
        fn the_value_of_a_demand_is_what_its_tokens_cost(input in proptest::collection::vec(0u64..1_000_000, 1..20)) {
            let output: Vec<u64> = input.iter().map(|n| n / 3).collect();
            let demand = demand(&input, &output);
            let price = |text: &str, tokens: &[u64]| {
                text.parse::<UsdPerMillionTokens>().unwrap().cost(series(tokens).total())
            };
            prop_assert_eq!(demand.value(), price("3.30", &input) + price("16.50", &output));
        }
    }
}
