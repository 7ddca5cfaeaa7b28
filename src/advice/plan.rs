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
    /// What it changes; `None` for the present arrangement.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub action: Option<Action>,
    /// What it asks for; `None` for the present arrangement.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub effort: Option<Effort>,
    /// The arrangement in words.
    pub description: String,
    /// What the workload would cost in a month; `None` where that cannot be said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub monthly_cost: Option<Usd>,
    /// What it saves beside the arrangement before it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub estimated_monthly_savings: Option<Usd>,
    /// In how many months the next shorter arrangement has cost as much as its whole term.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub months_to_pay: Option<Months>,
    /// What is paid a month beyond what it replaces, where it would end throttles without saving:
    /// the price of capacity, not a saving.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub price_of_capacity: Option<Usd>,
    /// Whether it is part of the advice.
    pub advised: bool,
    /// Why it is not; empty where it is.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub why_not: Vec<String>,
    /// The gates that it fails, in the order of the reasons.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub failed_gates: Vec<Gate>,
}

impl Plan {
    /// The present arrangement.
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

    /// A change, without figures.
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

    /// The same with what it saves of a workload's cost.
    pub(super) fn saving(mut self, workload: &Workload<'_>, savings: Usd) -> Self {
        self.monthly_cost = Some(workload.monthly_cost() - savings);
        self.estimated_monthly_savings = Some(savings);
        self
    }

    /// The same as advice.
    pub(super) fn advised(mut self) -> Self {
        self.advised = true;
        self
    }

    /// The same, not advised, and why.
    pub(super) fn refused(mut self, refusals: Vec<Refusal>) -> Self {
        self.advised &= refusals.is_empty();
        for refusal in refusals {
            self.failed_gates.push(refusal.gate);
            self.why_not.push(refusal.why);
        }
        self
    }
}
