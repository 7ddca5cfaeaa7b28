//! What to change: one plan for each workload, in the order in which changes are worth making.
//!
//! 1. `fill` what is paid for.
//! 2. `idle`: delete what nobody uses.
//! 3. `route` to the global profile.
//! 4. `renew`: hold less of what is at work, now or when its term ends.
//! 5. `commit` on what is left.
//!
//! `tiers`, `caching` and `successor` list what asks for more than money. It is never counted.
//!
//! A change is worth only what it saves after those before it, so each dollar counts once. A rule
//! that finds nothing to save stays silent or says why not; "no change" with its reason is an answer.

#![deny(clippy::float_arithmetic)]

mod break_even;
mod caching;
mod candidate;
mod certificate;
mod command;
mod commit;
mod demands;
mod fill;
mod gates;
mod held;
mod idle;
mod rates;
mod recommendation;
mod renew;
mod reserved;
mod route;
mod screen;
mod successor;
mod tiers;
#[expect(
    clippy::float_arithmetic,
    reason = "statistics of what exact dollars say already"
)]
mod trial;

pub use break_even::BreakEven;
pub use candidate::Months;
pub use certificate::CertificateReport;
pub use gates::Gate;
pub use held::{AtTermEnd, HoldingAdvice, Load};
pub use recommendation::{
    Action, Arrangement, Effort, Evidence, EvidenceItem, RateEvidence, Recommendation, Savings,
    SeriesEvidence, Step, Working,
};
pub use screen::wants_minutes;
pub use trial::BacktestReport;

use serde::Serialize;

use crate::domain::{Usd, day_of};
use crate::pricing::{Priced, Workload};
use gates::Refusal;
use rates::LaneRates;

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
    /// Proofs that no purchase under an offer saves.
    pub certificates: Vec<CertificateReport>,
    /// What is said of its holdings, by their address or, of reserved tokens, their name.
    pub holdings: Vec<HoldingAdvice>,
}

impl Advice {
    /// None at all, and why.
    fn silent(workload: &Workload<'_>, why: &str) -> Self {
        Self {
            plans: vec![Plan::present(workload, true)],
            recommendations: Vec::new(),
            verdict: format!("no advice: {why}"),
            break_even: Vec::new(),
            certificates: Vec::new(),
            holdings: Vec::new(),
        }
    }
}

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
    fn present(workload: &Workload<'_>, advised: bool) -> Self {
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
    fn new(action: Action, description: String) -> Self {
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
    fn saving(mut self, workload: &Workload<'_>, savings: Usd) -> Self {
        self.monthly_cost = Some(workload.monthly_cost() - savings);
        self.estimated_monthly_savings = Some(savings);
        self
    }

    /// The same as advice.
    fn advised(mut self) -> Self {
        self.advised = true;
        self
    }

    /// The same, not advised, and why.
    fn refused(mut self, refusals: Vec<Refusal>) -> Self {
        self.advised &= refusals.is_empty();
        for refusal in refusals {
            self.failed_gates.push(refusal.gate);
            self.why_not.push(refusal.why);
        }
        self
    }
}

/// What a rule found out about one workload.
#[derive(Debug, Default)]
struct Finding {
    plans: Vec<Plan>,
    recommendations: Vec<Recommendation>,
    /// Reasons against a change that people would ask about.
    reasons: Vec<String>,
    certificates: Vec<CertificateReport>,
    holdings: Vec<HoldingAdvice>,
}

impl Finding {
    /// A plan that is not advised.
    fn refused(plan: Plan, refusals: Vec<Refusal>) -> Self {
        Self {
            reasons: refusals.iter().map(|it| it.why.clone()).collect(),
            plans: vec![plan.refused(refusals)],
            ..Self::default()
        }
    }

    /// A plan that is only listed, and why; it says nothing against the advice.
    fn listed(plan: Plan, refusal: Refusal) -> Self {
        Self::listed_all(plan, vec![refusal])
    }

    fn listed_all(plan: Plan, refusals: Vec<Refusal>) -> Self {
        Self {
            plans: vec![plan.refused(refusals)],
            ..Self::default()
        }
    }

    /// Advice with its plan, which is not advised where something keeps it from counting.
    fn advised(plan: Plan, advice: Recommendation, gate: Gate) -> Self {
        let kept = advice.not_counted_because.as_deref();
        let plan = match kept {
            None => plan.advised(),
            Some(because) => plan.refused(vec![Refusal::new(gate, because)]),
        };
        Self {
            plans: vec![plan],
            recommendations: vec![advice],
            ..Self::default()
        }
    }

    /// Whether any of its advice counts.
    fn counts(&self) -> bool {
        self.recommendations.iter().any(Recommendation::is_counted)
    }

    /// What its counted advice saves in a month.
    fn saves(&self) -> Usd {
        let counted = self.recommendations.iter().filter(|it| it.is_counted());
        counted.map(Recommendation::savings).sum()
    }

    /// Does without its counted advice after all, since another change is better or comes first.
    fn forgo(&mut self, why: &str) {
        let (counted, others): (Vec<_>, Vec<_>) = std::mem::take(&mut self.recommendations)
            .into_iter()
            .partition(Recommendation::is_counted);
        self.recommendations = others;
        let forgone = counted.iter();
        self.reasons
            .extend(forgone.map(|advice| format!("{}: {why}", advice.action.title())));
        for plan in self.plans.iter_mut().filter(|plan| plan.advised) {
            *plan = plan.clone().refused(vec![Refusal::new(Gate::Order, why)]);
        }
    }

    /// Counts nothing and keeps no command: the prices behind it are not what AWS charges.
    fn compare_only(&mut self, warning: &str) {
        for advice in &mut self.recommendations {
            advice.not_counted_because = Some(warning.to_owned());
            advice.take_steps(Vec::new());
            advice.contact = None;
        }
        for plan in self.plans.iter_mut().filter(|plan| plan.advised) {
            *plan = plan
                .clone()
                .refused(vec![Refusal::new(Gate::Prices, warning)]);
        }
    }

    fn take(&mut self, other: Self) {
        self.plans.extend(other.plans);
        self.recommendations.extend(other.recommendations);
        self.reasons.extend(other.reasons);
        self.certificates.extend(other.certificates);
        self.holdings.extend(other.holdings);
    }
}

/// Applies the rules to one workload, in their order.
#[must_use]
pub fn advise(priced: &Priced<'_>, workload: &Workload<'_>) -> Advice {
    if let Some(why) = workload.no_advice(priced.observation) {
        return Advice::silent(workload, &why);
    }
    let (mut found, break_even) = if workload.reserved.is_empty() {
        by_the_token(priced, workload)
    } else {
        beside_reserved(priced, workload)
    };
    if let Some(warning) = priced.observation.prices.warning() {
        found.compare_only(&warning);
    }
    let keeps = !found.recommendations.iter().any(Recommendation::is_counted);
    let mut plans = vec![Plan::present(workload, keeps)];
    plans.extend(found.plans);
    plans.sort_by_key(|plan| (plan.monthly_cost.is_none(), plan.monthly_cost));
    // In the order of the rules, which is the order to do them in.
    let mut reasons: Vec<String> = Vec::new();
    for reason in found.reasons {
        if !reasons.contains(&reason) {
            reasons.push(reason);
        }
    }
    let verdict = verdict(workload, &found.recommendations, &reasons);
    found
        .recommendations
        .sort_by(|a, b| b.savings().cmp(&a.savings()).then_with(|| a.id.cmp(&b.id)));
    Advice {
        plans,
        recommendations: found.recommendations,
        verdict,
        break_even,
        certificates: found.certificates,
        holdings: found.holdings,
    }
}

/// All rules.
fn by_the_token(priced: &Priced<'_>, workload: &Workload<'_>) -> (Finding, Vec<BreakEven>) {
    let mut fill = fill::advise(priced, workload);
    let mut route = route::advise(priced, workload, &fill);
    let mut renew = renew::advise(priced, workload, &route.afterwards(), &fill);
    if renew.gives_up_counted() && fill.is_counted() {
        // One of both: what is given up is not filled before.
        fill = fill.forgone("holding less of what it would fill saves more");
        route = route::advise(priced, workload, &fill);
        renew = renew::advise(priced, workload, &route.afterwards(), &fill);
    }
    let idle = idle::advise(priced, workload, fill.filled());
    let cheapest = &route.cheapest;
    let is_routed = route.finding.counts();
    let current: Vec<LaneRates<'_>> = workload.lanes.iter().map(LaneRates::current).collect();
    let break_even = break_even::of_offers(priced, workload, cheapest);
    let mut commit = commit::advise(&commit::Question {
        priced,
        workload,
        cheapest,
        routed: if is_routed { cheapest } else { &current },
        saved_before: fill.finding.saves() + idle.saves() + route.finding.saves(),
        remaining: fill.remaining,
        serving: &fill.serving,
        break_even: &break_even,
        deletes_its_own: idle.counts(),
        is_routed,
    });
    let ends_later = idle.recommendations.iter().any(|it| !it.is_counted());
    if renew.finding.counts() && commit.saves() > renew.finding.saves() {
        renew.finding.forgo("buying beside it saves more");
    }
    if renew.finding.counts() {
        commit.forgo("holding less of the same model comes first");
    } else if ends_later || !renew.finding.recommendations.is_empty() {
        commit.forgo(
            "what is held of the same model is to change when its term ends: that comes first",
        );
    }
    let mut found = Finding::default();
    let left = fill.remaining;
    for finding in [fill.finding, idle, route.finding, renew.finding, commit] {
        found.take(finding);
    }
    found.take(tiers::advise(priced, workload, cheapest, left));
    found.take(caching::advise(priced, workload, cheapest));
    found.take(successor::advise(priced, workload, cheapest));
    (found, break_even)
}

/// What is advised beside reserved tokens: more of them, or fewer. What they serve would be lost on
/// another profile or tier, so nothing else is.
fn beside_reserved(priced: &Priced<'_>, workload: &Workload<'_>) -> (Finding, Vec<BreakEven>) {
    let current: Vec<LaneRates<'_>> = workload.lanes.iter().map(LaneRates::current).collect();
    let mut found = reserved::advise(priced, workload, &current);
    let mut commit = commit::advise(&commit::Question {
        priced,
        workload,
        cheapest: &current,
        routed: &current,
        saved_before: Usd::ZERO,
        remaining: crate::domain::Ratio::ONE,
        serving: &[],
        break_even: &[],
        deletes_its_own: false,
        is_routed: false,
    });
    if !found.recommendations.is_empty() {
        commit.forgo("holding less of what is reserved comes first");
    }
    found.take(commit);
    (found, Vec::new())
}

/// Takes what the operator dismissed out of the count for as long as they said, and says whether
/// there was any.
fn dismiss(priced: &Priced<'_>, found: &mut Finding) -> bool {
    let today = day_of(priced.observation.as_of);
    let mut is_dismissed = false;
    for advice in &mut found.recommendations {
        if let Some(row) = priced.observation.overrides.dismissal(&advice.id, today) {
            is_dismissed = true;
            let because = format!("the overrides dismiss it until {}: {}", row.until, row.why);
            let plans = found.plans.iter_mut();
            for plan in plans.filter(|plan| plan.action == Some(advice.action)) {
                *plan = plan
                    .clone()
                    .refused(vec![Refusal::new(Gate::Setting, because.as_str())]);
            }
            advice.not_counted_because = Some(match advice.not_counted_because.take() {
                Some(before) => format!("{before}; {because}"),
                None => because,
            });
        }
    }
    is_dismissed
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
        let said = titles.join(", then ");
        let is_done = recommendations.iter().any(Recommendation::is_counted);
        // Where nothing is to be done now, the reasons are still what people would ask about.
        return if is_done || reasons.is_empty() {
            said
        } else {
            format!("{said}; {}", reasons.join("; "))
        };
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
