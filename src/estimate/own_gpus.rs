//! The same tokens on GPUs of a price and a rate that a person says.
//!
//! A GPU is billed for every hour that it runs, used or not, so a month costs the same at any use, and
//! there are as many replicas as the busiest hour asks for. Only what a person says is counted: the price of
//! an hour, the tokens a second, and the share of the GPUs where others pay for the rest.

use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive as _;

use crate::domain::period::HOURS_PER_MONTH;
use crate::domain::{Percent, Tokens, Usd};
use crate::estimate::basis::{EstimateBasis, OwnGpus, SelfHosting};
use crate::estimate::plan::{EstimatedPlan, PlanKind, Plans, UnknownPlan};

/// Decimals of a number of copies: parts of hours are rounded, and what just fits fits.
const ROUNDED: u32 = 9;

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
        let facts = basis.references.ladder.of(&basis.model.id);
        if facts.is_some_and(|facts| !facts.open) {
            plans.unknown.push(UnknownPlan {
                kind: PlanKind::OwnGpus,
                description: described(1),
                why: "the weights of this model are not to be had".into(),
                break_even_tokens_per_month: None,
            });
            return;
        }
        let volume = &basis.volume;
        let an_hour = Decimal::from(rate) * Decimal::from(3_600);
        let busiest = basis.shape.busiest_hour(volume.tokens());
        let replicas =
            (busiest / an_hour).round_dp(ROUNDED).ceil().to_u64().unwrap_or(u64::MAX).max(1);
        let hours = Decimal::from(HOURS_PER_MONTH);
        let all = Decimal::from(gpus) * Decimal::from(replicas);
        let SelfHosting { share, operations, .. } = basis.self_hosting;
        let rent = share.of(Usd::new(hour.dollars() * all * hours));
        let mut plan =
            EstimatedPlan::new(PlanKind::OwnGpus, described(replicas), rent + operations, volume);
        let room = an_hour * hours * Decimal::from(replicas);
        let used = Decimal::from(volume.tokens().count()) * Decimal::ONE_HUNDRED / room;
        plan.utilisation = Some(Percent::new(used.round_dp(2).normalize()));
        let serves = (an_hour * hours).to_u64().map_or_else(String::new, |month| {
            format!("{} tokens a second are {} a month", Tokens::new(rate), Tokens::new(month))
        });
        plan.notes.push(format!("{serves}: as you say"));
        plan.notes.extend(basis.self_hosting.notes());
        plans.known.push(plan);
    }
}
