//! The result of one rule: plans, recommendations, and reasons against what people would ask about.

use crate::advice::gates::{self, Gate, Refusal};
use crate::advice::proof::CertificateReport;
use crate::advice::{AtTermEnd, HoldingAdvice, Plan, Recommendation};
use crate::domain::{Usd, day_of};
use crate::observation::ProvisionedModel;
use crate::pricing::Priced;

/// Result of one rule on one workload.
#[derive(Debug, Default)]
pub(super) struct Finding {
    pub(super) plans: Vec<Plan>,
    pub(super) recommendations: Vec<Recommendation>,
    /// Reasons against a change that people would ask about.
    pub(super) reasons: Vec<String>,
    pub(super) certificates: Vec<CertificateReport>,
    pub(super) holdings: Vec<HoldingAdvice>,
}

impl Finding {
    /// Builds a plan that is not advised, with the reasons against that plan.
    pub(super) fn refused(plan: Plan, refusals: Vec<Refusal>) -> Self {
        Self {
            // These are told in the verdict; those of a plan that is only listed are not.
            reasons: refusals.iter().map(|refusal| refusal.why.clone()).collect(),
            plans: vec![plan.refused(refusals)],
            ..Self::default()
        }
    }

    /// Builds a plan that is only listed, with its reason; a listed plan says nothing against the
    /// advice.
    pub(super) fn listed(plan: Plan, refusal: Refusal) -> Self {
        Self::listed_all(plan, vec![refusal])
    }

    pub(super) fn listed_all(plan: Plan, refusals: Vec<Refusal>) -> Self {
        Self { plans: vec![plan.refused(refusals)], ..Self::default() }
    }

    /// Builds advice with a plan, which is not advised where something keeps the advice from
    /// counting.
    pub(super) fn advised(plan: Plan, advice: Recommendation, gate: Gate) -> Self {
        let kept = advice.standing.not_counted_because.as_deref();
        let plan = match kept {
            None => plan.advised(),
            Some(because) => plan.refused(vec![Refusal::new(gate, because)]),
        };
        Self { plans: vec![plan], recommendations: vec![advice], ..Self::default() }
    }

    /// Returns true if any of the advice counts.
    pub(super) fn counts(&self) -> bool {
        self.recommendations.iter().any(Recommendation::is_counted)
    }

    /// Returns true if advice on a holding counts.
    pub(super) fn counts_on(&self, held: &ProvisionedModel) -> bool {
        let is_on = |advice: &&Recommendation| {
            advice.provisioned_model_arn.as_ref() == Some(&held.provisioned_model_arn)
        };
        self.recommendations.iter().filter(is_on).any(Recommendation::is_counted)
    }

    /// Adds up what the counted advice saves in a month.
    pub(super) fn saves(&self) -> Usd {
        let counted = self.recommendations.iter().filter(|advice| advice.is_counted());
        counted.filter_map(Recommendation::savings).sum()
    }

    /// Tells what each plan costs: the bill once all before is done, and this. Returns the bill once all
    /// of the advised plans are done too, in USD a month.
    pub(super) fn billed(&mut self, before: Usd) -> Usd {
        let mut bill = before;
        for plan in &mut self.plans {
            let Some(savings) = plan.estimated_monthly_savings else { continue };
            if plan.advised {
                bill = bill - savings;
            }
            plan.monthly_cost = Some(if plan.advised { bill } else { before - savings });
        }
        bill
    }

    /// Forgoes the counted advice after all, since another change is better or comes first.
    pub(super) fn forgo(&mut self, why: &str) {
        // What does not count stays: another change takes nothing from it.
        let (counted, others): (Vec<_>, Vec<_>) = std::mem::take(&mut self.recommendations)
            .into_iter()
            .partition(Recommendation::is_counted);
        self.recommendations = others;
        let forgone = counted.iter();
        self.reasons.extend(forgone.map(|advice| format!("{}: {why}", advice.action.title())));
        for plan in self.plans.iter_mut().filter(|plan| plan.advised) {
            *plan = plan.clone().refused(vec![Refusal::new(Gate::Order, why)]);
        }
    }

    /// Gives all of the advice up, since another change is made instead of it.
    pub(super) fn replaced_by(&mut self, why: &str) {
        self.recommendations.clear();
        for plan in &mut self.plans {
            *plan = plan.clone().refused(vec![Refusal::new(Gate::Better, why)]);
        }
    }

    /// Counts nothing and keeps no command: AWS does not charge the prices behind the advice.
    pub(super) fn compare_only(&mut self, warning: &str) {
        for advice in &mut self.recommendations {
            let because = &mut advice.standing.not_counted_because;
            *because = Some(match because.take() {
                Some(before) => format!("{warning} Besides, {before}"),
                None => warning.to_owned(),
            });
            // A command would be run on prices that nobody pays.
            advice.remedy.take_steps(Vec::new());
            advice.remedy.contact = None;
        }
        for plan in self.plans.iter_mut().filter(|plan| plan.advised) {
            *plan = plan.clone().refused(vec![Refusal::new(Gate::Prices, warning)]);
        }
        for said in &mut self.holdings {
            said.right_size = None;
            said.at_term_end = said.at_term_end.map(|_| AtTermEnd::Undecided);
            said.at_term_end_because = None;
        }
    }

    pub(super) fn take(&mut self, other: Self) {
        self.plans.extend(other.plans);
        self.recommendations.extend(other.recommendations);
        self.reasons.extend(other.reasons);
        self.certificates.extend(other.certificates);
        self.holdings.extend(other.holdings);
    }

    /// Takes what the operator dismissed out of the count for as long as the operator said. Returns
    /// true if there was any.
    pub(super) fn dismiss(&mut self, priced: &Priced<'_>) -> bool {
        let today = day_of(priced.observation.as_of);
        let mut is_dismissed = false;
        for advice in &mut self.recommendations {
            if let Some(row) = priced.observation.overrides.dismissal(&advice.id, today) {
                is_dismissed = true;
                let because = gates::dismissed_until(row);
                // In one finding all plans of the action are of this advice.
                let plans = self.plans.iter_mut();
                for plan in plans.filter(|plan| plan.action == Some(advice.action)) {
                    *plan =
                        plan.clone().refused(vec![Refusal::new(Gate::Setting, because.as_str())]);
                }
                advice.standing.also_not_counted(&because);
            }
        }
        is_dismissed
    }
}
