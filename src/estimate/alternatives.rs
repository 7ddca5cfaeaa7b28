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
}

impl Alternatives {
    /// Finds what else could serve a volume, beside what it costs now.
    #[must_use]
    pub fn new(basis: &EstimateBasis<'_>, now: &CostNow) -> Self {
        let mut all = Plans::default();
        other_models::add(basis, now, &mut all);
        let id = &basis.model.id;
        let mut beside = basis.references.ladder.beside(id).peekable();
        // A run that an older version saved has the prices of the models in use alone.
        if beside.peek().is_some() && beside.all(|it| basis.book.model(&it.id).is_none()) {
            all.unknown.push(unknown(
                "the prices of this run have no other model: --catalog names a book that has",
            ));
        }
        if let Some(CheapestCalls::Priced(least) | CheapestCalls::SeenLater(_, least)) =
            cheapest_on_demand(basis)
        {
            direct_api::add(basis, least.monthly_cost, &mut all);
        }
        rented_gpus::add(basis, &mut all);
        let Plans { known, unknown } = all.sorted();
        Self {
            volume: Some(basis.volume),
            shape_in_words: Some(basis.shape.in_words(None)),
            plans: known,
            unknown,
        }
    }

    /// Says why there is nothing to compare.
    #[must_use]
    pub fn none(why: &str) -> Self {
        Self { volume: None, shape_in_words: None, plans: Vec::new(), unknown: vec![unknown(why)] }
    }
}

fn unknown(why: &str) -> UnknownPlan {
    UnknownPlan {
        kind: PlanKind::OtherModel,
        description: "other models".into(),
        why: why.to_owned(),
        break_even_tokens_per_month: None,
    }
}
