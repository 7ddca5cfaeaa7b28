//! One way to serve a workload, advised or refused.

use serde::Serialize;

use crate::advice::gates::{Gate, Refusal};
use crate::advice::months::Months;
use crate::advice::{Action, Effort};
use crate::domain::Usd;
use crate::pricing::Workload;

/// One way to serve a workload.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Plan {
    /// Change that the plan makes; `None` for the present arrangement.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub action: Option<Action>,
    /// Effort of the change; `None` for the present arrangement.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub effort: Option<Effort>,
    /// Arrangement in words.
    pub description: String,
    /// Cost of the workload in USD a month; `None` where that cannot be said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub monthly_cost: Option<Usd>,
    /// Saving in USD a month beside the arrangement before, negative where the plan costs more; `None`
    /// for the present arrangement, or where that cannot be said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub estimated_monthly_savings: Option<Usd>,
    /// Months in which the next shorter arrangement has cost as much as the whole term; `None`
    /// without a term.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub months_to_pay: Option<Months>,
    /// Cost in USD a month beyond what is replaced, where the plan would end throttles without
    /// saving: the price of capacity, not a saving. `None` otherwise.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub price_of_capacity: Option<Usd>,
    /// True if the plan is part of the advice.
    pub advised: bool,
    /// Reasons against the plan; empty where the plan is advised.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub why_not: Vec<String>,
    /// Gates that the plan fails, in the order of the reasons.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub failed_gates: Vec<Gate>,
}

impl Plan {
    /// Builds the plan of the present arrangement.
    pub(super) fn present(workload: &Workload<'_>, advised: bool) -> Self {
        Self {
            action: None,
            effort: None,
            description: "as it runs now".into(),
            monthly_cost: Some(workload.monthly_cost()),
            estimated_monthly_savings: None,
            months_to_pay: None,
            price_of_capacity: None,
            advised,
            why_not: Vec::new(),
            failed_gates: Vec::new(),
        }
    }

    /// Builds the plan of a change, without figures.
    pub(super) fn new(action: Action, description: String) -> Self {
        Self {
            action: Some(action),
            effort: Some(action.effort()),
            description,
            monthly_cost: None,
            estimated_monthly_savings: None,
            months_to_pay: None,
            price_of_capacity: None,
            advised: false,
            why_not: Vec::new(),
            failed_gates: Vec::new(),
        }
    }

    /// Adds the saving beside the arrangement before; what it then costs is told once that is known.
    pub(super) fn saving(mut self, savings: Usd) -> Self {
        self.estimated_monthly_savings = Some(savings);
        self
    }

    /// Adds the bill of a workload under the plan, and the saving beside the arrangement before, which
    /// is negative where the plan costs more.
    pub(super) fn costing(mut self, monthly_cost: Usd, savings: Usd) -> Self {
        self.monthly_cost = Some(monthly_cost);
        self.estimated_monthly_savings = Some(savings);
        self
    }

    /// Marks the plan as advised.
    pub(super) fn advised(mut self) -> Self {
        self.advised = true;
        self
    }

    /// Marks the plan as not advised, with the reasons; without a reason nothing changes.
    pub(super) fn refused(mut self, refusals: Vec<Refusal>) -> Self {
        // Without a reason nothing changes, so that callers need not ask first.
        self.advised &= refusals.is_empty();
        for refusal in refusals {
            self.failed_gates.push(refusal.gate);
            self.why_not.push(refusal.why);
        }
        self
    }
}
