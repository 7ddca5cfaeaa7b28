//! A volume as steps of demand, at some rates.

use crate::catalog::Rate;
use crate::domain::money::UNIT_PRICE_SCALE;
use crate::domain::period::{HOUR, HOURS_PER_MONTH};
use crate::domain::{LoadWeights, Meter, Usd};
use crate::estimate::shape::LoadShape;
use crate::estimate::volume::Volume;
use crate::pricing::{Load, StepDemand, whole};

/// Made traffic: the hours of a period that goes on for ever.
pub(super) struct MadeTraffic {
    pub(super) steps: Vec<StepDemand>,
    /// Load of a month.
    pub(super) month: Load,
}

impl MadeTraffic {
    /// Seconds of a step.
    pub(super) const STEP: u32 = HOUR;

    /// Spreads some meters of a volume over the hours of a shape; `None` where a price has more decimals
    /// than sums can hold, or a meter cannot be served by what is bought.
    pub(super) fn new(
        volume: &Volume,
        rates: &[(Meter, Rate)],
        weights: LoadWeights,
        shape: &LoadShape,
    ) -> Option<Self> {
        let mut value = 0;
        let mut month = Load::default();
        for (meter, rate) in rates {
            let tokens = volume.of(*meter).count();
            let price = whole(rate.contracted_unit_price.dollars(), UNIT_PRICE_SCALE)?;
            value += u128::from(tokens) * price;
            month.add(Load::of_token(*meter, weights)?, tokens);
        }
        let period = shape.period();
        let hours: u64 = period.iter().map(|stretch| u64::from(stretch.count)).sum();
        let mut steps = Vec::new();
        for stretch in period {
            // So much of the period's volume, of which a month has 730 ÷ its hours. Rounded down, so that
            // a unit that is just enough is enough.
            let of = |all: u128| {
                let part = all * u128::from(stretch.part) * u128::from(hours);
                part / (u128::from(stretch.whole) * u128::from(HOURS_PER_MONTH))
            };
            let load = Load { input: of(month.input), output: of(month.output) };
            let step = StepDemand { value: of(value), load };
            steps.extend(std::iter::repeat_n(step, usize::try_from(stretch.count).ok()?));
        }
        Some(Self { steps, month })
    }

    /// Scales what is left of the period on-demand to a month, to a millionth of a cent: the steps are
    /// rounded down to some 10^-16 USD each.
    pub(super) fn a_month(&self, of_period: Usd) -> Usd {
        let hours = u64::try_from(self.steps.len()).unwrap_or_default();
        Usd::new(of_period.per_month(hours).dollars().round_dp(8).normalize())
    }
}
