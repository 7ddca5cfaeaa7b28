//! Demand over time in whole numbers: what each step would cost on-demand and what it asks of units.

use jiff::Timestamp;
use rust_decimal::Decimal;

use crate::catalog::{Ceiling, LoadWeights};
use crate::domain::money::UNIT_PRICE_SCALE;
use crate::domain::{Meter, Series, Usd, UsdPerMillionTokens};

/// Loads are counted in ten-thousandths of a token, so that weights such as 1.25 stay whole.
pub const LOAD_SCALE: u32 = 4;

/// Dollars are counted in units of so many decimals: a price for a million tokens has ten.
pub const MONEY_SCALE: u32 = UNIT_PRICE_SCALE + 6;

/// What one step asks for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StepDemand {
    /// What it would cost on-demand, in 10^-16 USD.
    pub value: u128,
    /// Input load, in 10^-4 tokens.
    pub input: u128,
    /// Output load, in 10^-4 tokens.
    pub output: u128,
}

/// Demand over a stretch of time, step by step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DemandSeries {
    /// The start of the first step.
    pub start: Timestamp,
    /// Seconds of a step.
    pub step: u32,
    /// One entry for each step.
    pub steps: Vec<StepDemand>,
}

impl DemandSeries {
    /// No demand, from `start` on, over so many steps.
    #[must_use]
    pub fn none(start: Timestamp, step: u32, steps: usize) -> Self {
        Self {
            start,
            step,
            steps: vec![StepDemand::default(); steps],
        }
    }

    /// Adds one series of a meter: its value at a price, its load by the weights.
    /// `None` for what a model unit does not serve.
    #[must_use]
    pub fn add(
        &mut self,
        meter: Meter,
        series: &Series,
        price: UsdPerMillionTokens,
        weights: LoadWeights,
    ) -> Option<()> {
        let price = whole(price.dollars(), UNIT_PRICE_SCALE)?;
        let (ceiling, weight) = weights.of(meter)?;
        let weight = whole(weight.number(), LOAD_SCALE)?;
        let (input, output) = match ceiling {
            Ceiling::Input => (weight, 0),
            Ceiling::Output => (0, weight),
        };
        for (step, tokens) in self.steps.iter_mut().zip(series.since(self.start)) {
            let tokens = u128::from(tokens.unwrap_or_default());
            step.value += tokens * price;
            step.input += tokens * input;
            step.output += tokens * output;
        }
        Some(())
    }

    /// The hours that it spans.
    #[must_use]
    pub fn hours(&self) -> u64 {
        u64::try_from(self.steps.len()).unwrap_or_default() * u64::from(self.step) / 3_600
    }

    /// What all of it would cost on-demand.
    #[must_use]
    pub fn value(&self) -> Usd {
        dollars(self.steps.iter().map(|step| step.value).sum())
    }
}

/// A decimal number as a whole number of 10^-scale; `None` where it is not one, or below zero.
pub(crate) fn whole(number: Decimal, scale: u32) -> Option<u128> {
    let scaled = number
        .checked_mul(Decimal::from(10_u64.pow(scale)))?
        .normalize();
    if scaled.scale() == 0 {
        u128::try_from(scaled.mantissa()).ok()
    } else {
        None
    }
}

/// Dollars from 10^-16 USD.
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
        demand
            .add(
                Meter::Input,
                &series(input),
                "3.30".parse().unwrap(),
                weights,
            )
            .unwrap();
        demand
            .add(
                Meter::Output,
                &series(output),
                "16.50".parse().unwrap(),
                weights,
            )
            .unwrap();
        demand
    }

    #[test]
    fn dollars_never_panic() {
        assert_eq!(dollars(10_000_000_000_000_000).to_string(), "$1.00");
        assert!(dollars(u128::MAX).is_positive());
    }

    proptest! {
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
