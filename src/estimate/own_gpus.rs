//! The same tokens on GPUs that a team rents and runs itself.
//!
//! A GPU is billed for every hour that it runs, used or not, so a month costs the same at any use, and
//! there are as many replicas as the busiest hour asks for. Only what a person says is counted: the price of
//! an hour, the tokens a second, and the share of the GPUs where others pay for the rest.

use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive as _;

use crate::domain::period::HOURS_PER_MONTH;
use crate::domain::{Percent, Ratio, Tokens, Usd};
use crate::estimate::basis::EstimateBasis;
use crate::estimate::bedrock::Plans;
use crate::estimate::plan::{EstimatedPlan, PlanKind, UnknownPlan};

/// GPUs as a person describes them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OwnGpus {
    /// Price of one GPU in USD an hour.
    pub usd_per_gpu_hour: Usd,
    /// GPUs of one replica.
    pub gpus: u32,
    /// Tokens a second that one replica serves, input and output together; `None` where nobody says.
    pub tokens_per_second: Option<u64>,
    /// Share of the GPUs that the volume pays for, above 0 to 1: others pay for the rest.
    pub share: Ratio,
    /// Cost of running them in USD a month: people, monitoring, storage.
    pub operations: Usd,
}

impl OwnGpus {
    /// Adds the plan with these GPUs.
    pub(super) fn add(&self, basis: &EstimateBasis<'_>, plans: &mut Plans) {
        let (gpus, hour) = (self.gpus, self.usd_per_gpu_hour);
        let described = |replicas: u64| {
            let all = u64::from(gpus) * replicas;
            format!("own GPUs: {all} at {hour} an hour")
        };
        let Some(rate) = self.tokens_per_second else {
            plans.unknown.push(UnknownPlan {
                kind: PlanKind::OwnGpus,
                description: described(1),
                why: "a GPU serves from 200 to 30,000 tokens a second, by the model, the precision and the lengths: say it by --tokens-per-second".into(),
                break_even_tokens_per_month: None,
            });
            return;
        };
        let volume = &basis.volume;
        let an_hour = Decimal::from(rate) * Decimal::from(3_600);
        let busiest = basis.shape.busiest_hour(volume.tokens());
        let replicas = (busiest / an_hour).ceil().to_u64().unwrap_or(u64::MAX).max(1);
        let hours = Decimal::from(HOURS_PER_MONTH);
        let all = Decimal::from(gpus) * Decimal::from(replicas);
        let rent = self.share.of(Usd::new(hour.dollars() * all * hours));
        let mut plan = EstimatedPlan::new(
            PlanKind::OwnGpus,
            described(replicas),
            rent + self.operations,
            volume,
        );
        let room = an_hour * hours * Decimal::from(replicas);
        let used = Decimal::from(volume.tokens().count()) * Decimal::ONE_HUNDRED / room;
        plan.utilisation = Some(Percent::new(used.round_dp(2).normalize()));
        let serves = (an_hour * hours).to_u64().map_or_else(String::new, |month| {
            format!("{} tokens a second are {} a month", Tokens::new(rate), Tokens::new(month))
        });
        plan.notes.push(format!(
            "{serves}; the figure is yours: no source has it for this model, precision and mix"
        ));
        if self.share == Ratio::ONE {
            plan.notes.push("billed for all hours, used or not".into());
        } else {
            plan.notes.push(format!(
                "{} of the GPUs is paid for: true only where others pay for the rest",
                self.share.percent()
            ));
        }
        if self.operations.is_positive() {
            plan.notes.push(format!("{} a month of it is for operations", self.operations));
        }
        plans.known.push(plan);
    }
}
