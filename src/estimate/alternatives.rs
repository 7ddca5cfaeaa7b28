//! The alternatives to real usage: other models, the provider's API, rented GPUs.
//!
//! What Amazon Bedrock sells for the model itself is the advice's job. All of these ask for an evaluation or
//! a migration, so they are told and never counted.

use serde::Serialize;

use crate::estimate::basis::EstimateBasis;
use crate::estimate::calls::{CheapestCalls, cheapest_on_demand};
use crate::estimate::other_models::{self, CostNow};
use crate::estimate::plan::{EstimatedPlan, PlanKind, Plans, UnknownPlan};
use crate::estimate::volume::Volume;
use crate::estimate::{direct_api, rented_gpus};

/// Alternatives to a workload.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Alternatives {
    /// Tokens and requests of a month, as the recent window went; `None` where there is nothing to compare.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub volume: Option<Volume>,
    /// Spread of the volume in words; `None` where there is nothing to compare.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shape_in_words: Option<String>,
    /// Plans whose cost is known, cheapest first; in no total.
    pub plans: Vec<EstimatedPlan>,
    /// Plans whose cost is not known, each with the reason.
    pub unknown: Vec<UnknownPlan>,
    /// Remarks on all of them; empty where there are none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
}

impl Alternatives {
    /// Finds what else could serve a volume, beside what it costs now.
    #[must_use]
    pub fn new(basis: &EstimateBasis<'_>, now: &CostNow) -> Self {
        let mut all = Plans::default();
        other_models::add(basis, now, &mut all);
        // The least of Amazon Bedrock, also where its scope is not allowed: a direct API is nowhere in a
        // Region either.
        let overrides = basis.overrides.in_any_scope();
        let anywhere = EstimateBasis { overrides: &overrides, allow_global: true, ..basis.clone() };
        if let Some(CheapestCalls::Priced(least) | CheapestCalls::SeenLater(_, least)) =
            cheapest_on_demand(&anywhere)
        {
            direct_api::add(basis, least.monthly_cost, &mut all);
        }
        rented_gpus::add(basis, &mut all);
        let Plans { known, mut unknown } = all.sorted();
        if known.is_empty() && unknown.is_empty() {
            unknown.push(no_plan("nobody reviewed another model, seller or GPU for this one"));
        }
        Self {
            volume: Some(basis.volume),
            shape_in_words: Some(basis.shape.in_words(None)),
            plans: known,
            unknown,
            notes: Vec::new(),
        }
    }

    /// Says why there is nothing to compare.
    #[must_use]
    pub fn none(why: &str) -> Self {
        Self {
            volume: None,
            shape_in_words: None,
            plans: Vec::new(),
            unknown: vec![no_plan(why)],
            notes: Vec::new(),
        }
    }
}

fn no_plan(why: &str) -> UnknownPlan {
    UnknownPlan {
        kind: PlanKind::OtherModel,
        description: "alternatives".into(),
        why: why.to_owned(),
        break_even_tokens_per_month: None,
    }
}
