//! The steps of a stretch of demand that ask for anything, and what is left of them on-demand.

use crate::domain::Usd;
use crate::domain::period::HOUR;
use crate::pricing::{Load, StepDemand, dollars};
use crate::sizing::COST_SCALE;

/// Steps of a stretch that ask for anything, in order.
#[derive(Clone, Debug)]
pub(super) struct LoadedSteps {
    pub(super) steps: Vec<StepDemand>,
    /// Seconds of a step.
    pub(super) seconds: u32,
    /// Hours of the whole stretch, idle steps included.
    pub(super) hours: u64,
}

impl LoadedSteps {
    /// Takes the loaded ones of some steps in a row, of so many seconds each, which are whole
    /// hours.
    pub(super) fn new(steps: &[StepDemand], seconds: u32) -> Self {
        let stretch = u64::try_from(steps.len()).unwrap_or_default() * u64::from(seconds);
        Self {
            steps: steps.iter().filter(|step| !step.is_idle()).copied().collect(),
            seconds,
            // What is bought is paid for in idle steps too.
            hours: stretch / u64::from(HOUR),
        }
    }

    /// Adds up the on-demand cost of everything.
    pub(super) fn all_on_demand(&self) -> Usd {
        dollars(self.steps.iter().map(|step| step.value).sum())
    }

    /// Computes what stays on-demand beside what serves so much load in an hour, if the callers
    /// route the rest: `Σ c·(1 − min(1, r_I / I, r_O / O))`, each step to 10^-16 USD, the sum to
    /// 10^-12.
    pub(super) fn left_on_demand(&self, room_an_hour: Load) -> Usd {
        let left = |step: &StepDemand| {
            let served = step.times_served(self.seconds, room_an_hour);
            served.left_of(step.value)
        };
        let left = dollars(self.steps.iter().map(left).sum());
        Usd::new(left.dollars().round_dp(COST_SCALE).normalize())
    }
}
