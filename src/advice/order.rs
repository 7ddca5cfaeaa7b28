//! The order in which the rules tell what the best whole of a workload changes, and the advice that comes
//! of it.
//!
//! 1. `fill` what is paid for.
//! 2. `idle`: delete what nobody uses.
//! 3. `route` to the global profile.
//! 4. `shrink_units`: hold less of what is at work, now or when its term ends.
//! 5. `buy` on what is left.
//!
//! `tiers`, `caching` and `successor` list what asks for more than money. It is never counted.
//!
//! A change is worth only what it saves after those before it, so each dollar counts once. A rule
//! that finds nothing to save stays silent or says why not; "no change" with its reason is an answer.

use crate::advice::bill::RemainingLanes;
use crate::advice::finding::Finding;
use crate::advice::forgone::{self, Forgone};
use crate::advice::proof::CertificateReport;
use crate::advice::rules::buy::BuyingBasis;
use crate::advice::rules::{
    buy, caching, fill, idle, route, shrink_reserved, shrink_units, successor, tiers,
};
use crate::advice::whole::{self, Wholes};
use crate::advice::{HoldingAdvice, Plan, Recommendation};
use crate::config::Overflow;
use crate::domain::sorting::sort_by;
use crate::domain::{Ratio, Usd};
use crate::pricing::{Holding, LaneRates, Priced, Workload};
use crate::sizing::{BreakEven, Purchase as _, UnitPurchase, of_offers};

/// Advice on one workload.
#[derive(Debug)]
pub struct Advice {
    /// Plans with the present arrangement among them, cheapest first.
    pub plans: Vec<Plan>,
    /// Changes to make, and changes that a setting or a term keeps from counting.
    pub recommendations: Vec<Recommendation>,
    /// Advice in one sentence, "no change" with its reason included.
    pub verdict: String,
    /// Volume that a unit of each offer must replace to pay for itself.
    pub break_even: Vec<BreakEven>,
    /// Proofs that no purchase under an offer saves.
    pub certificates: Vec<CertificateReport>,
    /// Advice on each holding, by its address or, of reserved tokens, its name.
    pub holdings: Vec<HoldingAdvice>,
    /// Saving that is forbidden; `None` where none is.
    pub forgone: Option<Forgone>,
}

impl Advice {
    /// Builds the advice of a workload on which nothing is said, with the reason.
    fn silent(workload: &Workload<'_>, why: &str) -> Self {
        Self {
            plans: vec![Plan::present(workload, true)],
            recommendations: Vec::new(),
            verdict: format!("no advice: {why}"),
            break_even: Vec::new(),
            certificates: Vec::new(),
            holdings: Vec::new(),
            forgone: None,
        }
    }
}

/// Finds the best whole of one workload and tells it. `if_allowed` is priced as if the operator forbade
/// nothing.
#[must_use]
pub fn advise(priced: &Priced<'_>, if_allowed: &Priced<'_>, workload: &Workload<'_>) -> Advice {
    if let Some(why) = workload.no_advice(priced.observation) {
        return Advice::silent(workload, &why);
    }
    let (mut all, break_even) = arranged(priced, workload);
    let forgone = forgone::is_anything_forbidden(priced, workload).then(|| {
        let (allowed, _) = arranged(if_allowed, workload);
        forgone::add(&mut all, allowed, priced, workload)
    });
    let forgone = forgone.flatten().filter(|_| priced.observation.prices.warning().is_none());
    // After all rules, so that everything is still computed and compared.
    if let Some(warning) = priced.observation.prices.warning() {
        all.compare_only(&warning);
    }
    let keeps = !all.recommendations.iter().any(Recommendation::is_counted);
    let mut plans = vec![Plan::present(workload, keeps)];
    plans.extend(all.plans);
    // Plans without a cost go last, where nobody compares them.
    let cost = |plan: &Plan| (plan.monthly_cost.is_none(), plan.monthly_cost);
    sort_by(&mut plans, |a, b| cost(a).cmp(&cost(b)));
    // In the order of the rules, which is the order to do them in.
    let mut reasons: Vec<String> = Vec::new();
    for reason in all.reasons {
        if !reasons.contains(&reason) {
            reasons.push(reason);
        }
    }
    let verdict = verdict(workload, &all.recommendations, &reasons);
    sort_by(&mut all.recommendations, |a, b| {
        b.savings().cmp(&a.savings()).then_with(|| a.id.cmp(&b.id))
    });
    Advice {
        plans,
        recommendations: all.recommendations,
        verdict,
        break_even,
        certificates: all.certificates,
        holdings: all.holdings,
        forgone,
    }
}

/// Advises on a workload, beside reserved tokens or not.
fn arranged(priced: &Priced<'_>, workload: &Workload<'_>) -> (Finding, Vec<BreakEven>) {
    if workload.reserved.is_empty() {
        by_the_token(priced, workload)
    } else {
        beside_reserved(priced, workload)
    }
}

/// Tells the best whole of a workload without reserved tokens: each set of moves has one, and what the
/// gates leave of it counts. Of equals the one that changes less.
fn by_the_token(priced: &Priced<'_>, workload: &Workload<'_>) -> (Finding, Vec<BreakEven>) {
    let cheapest = route::cheapest(priced, workload);
    // Where the demand is not known, each rule says so for its part.
    let found = whole::wholes(priced, workload, &cheapest).unwrap_or_default();
    let mut best: Option<(Finding, Vec<BreakEven>)> = None;
    for wholes in &found {
        let told = told(priced, workload, &cheapest, Some(wholes));
        let told = told
            .filter(|told| best.as_ref().is_none_or(|(before, _)| told.0.saves() > before.saves()));
        best = told.or(best);
    }
    best.or_else(|| told(priced, workload, &cheapest, None)).unwrap_or_default()
}

/// Applies the rules to a whole, each to its part. `None` where other changes rest on giving up what is
/// not to be given up.
fn told<'w>(
    priced: &'w Priced<'w>,
    workload: &'w Workload<'w>,
    cheapest: &[LaneRates<'w>],
    wholes: Option<&Wholes>,
) -> Option<(Finding, Vec<BreakEven>)> {
    let filling = wholes.map(|wholes| &wholes.filling);
    let fill = fill::advise(priced, workload, cheapest, filling);
    // Nothing rests on lanes that are not to come, nor on calls that were to make room for them.
    let target =
        wholes.map(|wholes| if fill.is_counted() { &wholes.filling } else { &wholes.otherwise });
    let route = route::advise(priced, workload, &fill);
    let shrink = shrink_units::advise(priced, workload, &route.afterwards(), &fill, target);
    let mut payers = target.into_iter().flat_map(|target| target.payers(workload));
    let rests_on_nothing = |(payer, others): (&Holding<'_>, usize)| {
        (fill.is_counted() || others > 0) && !shrink.finding.counts_on(payer.held)
    };
    if payers.any(rests_on_nothing) {
        return None;
    }
    let idle = idle::advise(priced, workload, &[fill.filled(), shrink.hosting.clone()].concat());
    let cheapest = &route.cheapest;
    let is_routed = route.finding.counts();
    // Lanes that went to what is held whole are nobody's to serve.
    let stays = |rates: &&LaneRates<'_>| fill.left_of(workload, rates.lane) > Ratio::ZERO;
    let staying: Vec<LaneRates<'_>> = cheapest.iter().filter(stays).cloned().collect();
    let current: Vec<LaneRates<'_>> = workload.lanes.iter().map(LaneRates::current).collect();
    let current: Vec<LaneRates<'_>> = current.iter().filter(stays).cloned().collect();
    let break_even = of_offers(priced, workload, cheapest);
    let buy = buy::advise(&BuyingBasis {
        priced,
        workload,
        cheapest: &staying,
        routed: if is_routed { &staying } else { &current },
        remaining: fill.remaining,
        serving: &fill.serving,
        held: match priced.observation.settings.overflow {
            Overflow::Spill => fill.serving.iter().map(|it| shrink.units_of(it)).sum(),
            // A lane goes to one provisioned model whole, and what is bought serves alone.
            Overflow::Throttle => UnitPurchase::NONE,
        },
        break_even: &break_even,
        is_routed,
        target,
    });
    let mut all = Finding::default();
    // What asks for more than money comes after all that counts, each as if it stood alone.
    let rates = route.afterwards();
    let left = rates.iter().map(|rates| fill.left_of(workload, rates.lane)).collect();
    let remaining = RemainingLanes { rates: &rates, left };
    let mut bill = workload.monthly_cost();
    for mut finding in [fill.finding, idle, route.finding, shrink.finding, buy] {
        bill = finding.billed(bill);
        all.take(finding);
    }
    all.take(tiers::advise(priced, workload, &remaining));
    all.take(caching::advise(priced, workload, &remaining));
    all.take(successor::advise(priced, workload, &remaining));
    Some((all, break_even))
}

/// Applies the rules beside reserved tokens: more of them, or fewer. What they serve would be lost
/// on another profile or tier, so nothing else is advised.
fn beside_reserved(priced: &Priced<'_>, workload: &Workload<'_>) -> (Finding, Vec<BreakEven>) {
    let current: Vec<LaneRates<'_>> = workload.lanes.iter().map(LaneRates::current).collect();
    let mut all = shrink_reserved::advise(priced, workload, &current);
    let bill = all.billed(workload.monthly_cost());
    let mut buy = buy::advise(&BuyingBasis::unchanged(priced, workload, &current));
    if !all.recommendations.is_empty() {
        buy.forgo("holding less of what is reserved comes first");
    }
    buy.billed(bill);
    all.take(buy);
    (all, Vec::new())
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
                let uncounted = if advice.is_counted() { "" } else { " (not counted)" };
                format!("{}{uncounted}", advice.action.title())
            })
            .collect();
        // Two holdings of one model may have the same advice.
        titles.dedup();
        let titles = titles.join(", then ");
        let is_done = recommendations.iter().any(Recommendation::is_counted);
        // Where nothing is to be done now, the reasons are still what people would ask about.
        return if is_done || reasons.is_empty() {
            titles
        } else {
            format!("{titles}; {}", reasons.join("; "))
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
