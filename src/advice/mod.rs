//! What to change: one plan for each workload, in the order in which changes are worth making.
//!
//! 1. `fill` what is paid for.
//! 2. `idle`: delete what nobody uses.
//! 3. `route` to the global profile.
//! 4. `commit` on what is left.
//!
//! A change is worth only what it saves after those before it, so each dollar counts once. A rule
//! that finds nothing to save stays silent or says why not; "no change" with its reason is an answer.

#![deny(clippy::float_arithmetic)]

mod break_even;
mod command;
mod commit;
mod fill;
mod gates;
mod idle;
mod rates;
mod recommendation;
mod route;
mod sizing;

pub use break_even::BreakEven;
pub use recommendation::{
    Action, Arrangement, Effort, Evidence, EvidenceItem, RateEvidence, Recommendation, Savings,
    SeriesEvidence,
};

use serde::Serialize;

use crate::domain::{Usd, day_of};
use crate::pricing::{Priced, Workload};

/// What the figures assume where callers route what exceeds the units.
const SPILL_ASSUMPTION: &str =
    "callers are assumed to route what exceeds the units to on-demand, at one mix a minute";

/// What the rules say of one workload.
#[derive(Debug)]
pub struct Advice {
    /// What could be done, cheapest first, the present arrangement among it.
    pub plans: Vec<Plan>,
    /// What to do, or what a setting or a term keeps from counting.
    pub recommendations: Vec<Recommendation>,
    /// The advice in one sentence, "no change" with its reason included.
    pub verdict: String,
    /// What a unit of each offer must replace to pay for itself.
    pub break_even: Vec<BreakEven>,
}

impl Advice {
    /// None at all, and why.
    fn silent(workload: &Workload<'_>, why: &str) -> Self {
        Self {
            plans: vec![Plan::present(workload, true)],
            recommendations: Vec::new(),
            verdict: format!("no advice: {why}"),
            break_even: Vec::new(),
        }
    }
}

/// One way to serve a workload.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Plan {
    /// What it changes; `None` for the present arrangement.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub action: Option<Action>,
    /// The arrangement in words.
    pub description: String,
    /// What the workload would cost in a month; `None` where that cannot be said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub monthly_cost: Option<Usd>,
    /// What it saves beside the arrangement before it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub estimated_monthly_savings: Option<Usd>,
    /// Whether it is part of the advice.
    pub advised: bool,
    /// Why it is not; empty where it is.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub why_not: Vec<String>,
}

impl Plan {
    /// The present arrangement.
    fn present(workload: &Workload<'_>, advised: bool) -> Self {
        Self {
            action: None,
            description: "as it runs now".into(),
            monthly_cost: Some(workload.monthly_cost()),
            estimated_monthly_savings: None,
            advised,
            why_not: Vec::new(),
        }
    }
}

/// What a rule found out about one workload.
#[derive(Debug, Default)]
struct Finding {
    plans: Vec<Plan>,
    recommendations: Vec<Recommendation>,
    /// Reasons against a change that people would ask about.
    reasons: Vec<String>,
}

impl Finding {
    /// A plan that is not advised.
    fn refused(plan: Plan, why_not: Vec<String>) -> Self {
        Self {
            reasons: why_not.clone(),
            plans: vec![Plan {
                advised: false,
                why_not,
                ..plan
            }],
            recommendations: Vec::new(),
        }
    }

    fn take(&mut self, other: Self) {
        self.plans.extend(other.plans);
        self.recommendations.extend(other.recommendations);
        self.reasons.extend(other.reasons);
    }
}

/// Applies the rules to one workload, in their order.
#[must_use]
pub fn advise(priced: &Priced<'_>, workload: &Workload<'_>) -> Advice {
    if let Some(why) = workload.no_advice(priced.observation) {
        return Advice::silent(workload, &why);
    }
    let mut found = Finding::default();
    let fill = fill::advise(priced, workload);
    let idle = idle::advise(priced, workload, fill.filled());
    let deletes_its_own = idle.recommendations.iter().any(Recommendation::is_counted);
    let route = route::advise(priced, workload, fill.remaining);
    let break_even = break_even::of_offers(priced, workload, &route.cheapest);
    let commit = commit::advise(&commit::Question {
        priced,
        workload,
        cheapest: &route.cheapest,
        remaining: fill.remaining,
        serving: &fill.serving,
        break_even: &break_even,
        deletes_its_own,
        is_routed: route
            .finding
            .recommendations
            .iter()
            .any(Recommendation::is_counted),
    });
    for finding in [fill.finding, idle, route.finding, commit] {
        found.take(finding);
    }

    dismiss(priced, &mut found);
    let keeps = !found.recommendations.iter().any(Recommendation::is_counted);
    let mut plans = vec![Plan::present(workload, keeps)];
    plans.extend(found.plans);
    plans.sort_by_key(|plan| (plan.monthly_cost.is_none(), plan.monthly_cost));
    // In the order of the rules, which is the order to do them in.
    let verdict = verdict(workload, &found.recommendations, &found.reasons);
    found
        .recommendations
        .sort_by(|a, b| b.savings().cmp(&a.savings()).then_with(|| a.id.cmp(&b.id)));
    Advice {
        plans,
        recommendations: found.recommendations,
        verdict,
        break_even,
    }
}

/// Takes what the operator dismissed out of the count for as long as they said.
fn dismiss(priced: &Priced<'_>, found: &mut Finding) {
    let today = day_of(priced.observation.as_of);
    for advice in &mut found.recommendations {
        if let Some(row) = priced.observation.overrides.dismissal(&advice.id, today) {
            let because = format!("the overrides dismiss it until {}: {}", row.until, row.why);
            let plans = found.plans.iter_mut();
            for plan in plans.filter(|plan| plan.action == Some(advice.action)) {
                plan.advised = false;
                plan.why_not.push(because.clone());
            }
            advice.not_counted_because = Some(match advice.not_counted_because.take() {
                Some(before) => format!("{before}; {because}"),
                None => because,
            });
        }
    }
}

fn verdict(
    workload: &Workload<'_>,
    recommendations: &[Recommendation],
    reasons: &[String],
) -> String {
    if !recommendations.is_empty() {
        let mut titles: Vec<String> = recommendations
            .iter()
            .map(|advice| {
                let uncounted = if advice.is_counted() {
                    ""
                } else {
                    " (not counted)"
                };
                format!("{}{uncounted}", advice.action.title())
            })
            .collect();
        titles.dedup();
        return titles.join(", then ");
    }
    if workload.lanes.is_empty() && workload.holdings.is_empty() {
        return "no change: it is not used".into();
    }
    match reasons {
        [] if workload.on_demand().next().is_none() => {
            "no change: nothing of it is billed by the token".into()
        }
        [] if workload.on_demand_monthly_cost() == Usd::ZERO
            && workload.unpriced().next().is_some() =>
        {
            "no advice: it has no price".into()
        }
        [] if workload.recent_tokens().is_zero() => "no change: it was not used recently".into(),
        [] if workload.on_demand_monthly_cost() == Usd::ZERO => {
            "no change: it costs nothing".into()
        }
        [] if workload.offers.is_empty() => {
            "no change: it is on its cheapest profile, and no model units are priced for it here"
                .into()
        }
        [] => "no change: it is on its cheapest arrangement".into(),
        reasons => format!("no change: {}", reasons.join("; ")),
    }
}
