//! The saving of a workload beyond its advice, if nothing were forbidden: settings, overrides and
//! dismissals are the operator's to change, so what they cost is said, and never counted.

use serde::Serialize;

use crate::advice::finding::Finding;
use crate::advice::gates::{self, Gate, Refusal};
use crate::advice::rules::route;
use crate::advice::{Action, Recommendation};
use crate::catalog::AllowedScope;
use crate::domain::{Usd, day_of};
use crate::pricing::{Priced, Workload};

/// Saving that a setting, the overrides or a dismissal keep from a workload.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Forgone {
    /// Saving beyond what counts, in USD a month.
    pub estimated_monthly_savings: Usd,
    /// Settings, overrides and dismissals that keep it from counting.
    pub because: Vec<String>,
}

/// Returns true if anything is forbidden that a workload could have.
pub(super) fn is_anything_forbidden(priced: &Priced<'_>, workload: &Workload<'_>) -> bool {
    let overrides = &priced.observation.overrides;
    route::forbidden(priced, workload).is_some()
        || !overrides.dismissed.is_empty()
        || overrides.allows(&workload.model, AllowedScope::Global).is_some()
}

/// Adds to a finding what is forbidden of the advice that there would be, and computes what it would
/// save beyond.
pub(super) fn add(
    finding: &mut Finding,
    if_allowed: Finding,
    priced: &Priced<'_>,
    workload: &Workload<'_>,
) -> Option<Forgone> {
    let more = if_allowed.saves() - finding.saves();
    let mut because = Vec::new();
    for mut advice in if_allowed.recommendations.into_iter().filter(Recommendation::is_counted) {
        let Some((gate, why)) = why_forbidden(priced, workload, &advice) else { continue };
        if !because.contains(&why) {
            because.push(why.clone());
        }
        if finding.recommendations.iter().any(|told| told.id == advice.id) {
            continue;
        }
        let is_of_it = |plan: &&crate::advice::Plan| {
            plan.advised
                && plan.action == Some(advice.action)
                && plan.estimated_monthly_savings == advice.savings()
        };
        let plans = if_allowed.plans.iter().filter(is_of_it).take(1).cloned();
        finding.plans.extend(plans.map(|plan| plan.refused(vec![Refusal::new(gate, &*why)])));
        advice.standing.also_not_counted(&why);
        finding.recommendations.push(advice);
    }
    let is_forgone = more.is_positive() && !because.is_empty();
    is_forgone.then_some(Forgone { estimated_monthly_savings: more, because })
}

/// Says what forbids a change; `None` where nothing does.
fn why_forbidden(
    priced: &Priced<'_>,
    workload: &Workload<'_>,
    advice: &Recommendation,
) -> Option<(Gate, String)> {
    let today = day_of(priced.observation.as_of);
    let dismissal = priced.observation.overrides.dismissal(&advice.id, today);
    let why = dismissal.map(gates::dismissed_until).or_else(|| match advice.action {
        Action::RouteToGlobalProfile => route::forbidden(priced, workload),
        Action::FillProvisionedModel | Action::BuyModelUnits => gates::in_region(priced, workload),
        _ => None,
    })?;
    Some((Gate::Setting, why))
}
