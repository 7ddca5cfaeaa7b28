//! Several models side by side, for the same volume.

use serde::Serialize;

use crate::domain::{BaseModel, Usd};
use crate::estimate::answer::Estimate;
use crate::estimate::plan::{EstimatedPlan, PlanKind};

/// One model of a comparison, with the least that each kind of plan costs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ComparedModel {
    /// Base id of the model.
    pub model: BaseModel,
    /// Name that people use.
    pub name: String,
    /// Cost on-demand in USD a month, by the cheapest profile; the least, where the price is a range.
    pub on_demand: Option<Usd>,
    /// Most that it may cost in USD a month, where the price is a range.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub on_demand_at_most: Option<Usd>,
    /// Cost in batch jobs in USD a month.
    pub batch: Option<Usd>,
    /// Cost at the flex tier in USD a month.
    pub flex: Option<Usd>,
    /// Cost with model units in USD a month, what exceeds them included.
    pub model_units: Option<Usd>,
    /// Cost of 1,000 requests on-demand in USD; `None` where the requests are not known.
    pub cost_per_thousand_requests: Option<Usd>,
}

/// Several models side by side.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Comparison {
    /// Models, the one that is cheapest on-demand first.
    pub models: Vec<ComparedModel>,
    /// Estimate of each, in the order that was asked for.
    pub estimates: Vec<Estimate>,
    /// Models that were asked for and have no estimate, each with the reason.
    pub left_out: Vec<String>,
}

impl Comparison {
    /// Puts estimates of one volume side by side.
    #[must_use]
    pub fn new(estimates: Vec<Estimate>, left_out: Vec<String>) -> Self {
        let compared = |estimate: &Estimate| {
            let least = |kind: PlanKind| -> Option<&EstimatedPlan> {
                estimate.plans.iter().find(|plan| plan.kind == kind)
            };
            let cost = |kind: PlanKind| least(kind).map(|plan| plan.monthly_cost);
            ComparedModel {
                model: estimate.model.clone(),
                name: estimate.name.clone(),
                on_demand: cost(PlanKind::OnDemand),
                on_demand_at_most: least(PlanKind::OnDemand)
                    .and_then(|plan| plan.monthly_cost_at_most),
                batch: cost(PlanKind::Batch),
                flex: cost(PlanKind::Flex),
                model_units: cost(PlanKind::ModelUnits),
                cost_per_thousand_requests: least(PlanKind::OnDemand)
                    .and_then(|plan| plan.cost_per_thousand_requests),
            }
        };
        let mut models: Vec<ComparedModel> = estimates.iter().map(compared).collect();
        models.sort_by_key(|model| (model.on_demand.is_none(), model.on_demand));
        Self { models, estimates, left_out }
    }
}
