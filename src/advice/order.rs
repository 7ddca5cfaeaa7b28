//! The order of the rules on one workload, and the advice that comes of it.
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
use crate::advice::proof::CertificateReport;
use crate::advice::rules::buy::BuyingBasis;
use crate::advice::rules::fill::FillAdvice;
use crate::advice::rules::{
    buy, caching, fill, idle, route, shrink_reserved, shrink_units, successor, tiers,
};
use crate::advice::{HoldingAdvice, Plan, Recommendation};
use crate::domain::{Ratio, Usd, day_of};
use crate::pricing::{Holding, Idleness, LaneRates, Priced, Workload};
use crate::sizing::{BreakEven, of_offers};

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
        }
    }
}

/// Applies the rules to one workload, in their order.
#[must_use]
pub fn advise(priced: &Priced<'_>, workload: &Workload<'_>) -> Advice {
    if let Some(why) = workload.no_advice(priced.observation) {
        return Advice::silent(workload, &why);
    }
    let (mut all, break_even) = if workload.reserved.is_empty() {
        by_the_token(priced, workload)
    } else {
        beside_reserved(priced, workload)
    };
    // After all rules, so that everything is still computed and compared.
    if let Some(warning) = priced.observation.prices.warning() {
        all.compare_only(&warning);
    }
    let keeps = !all.recommendations.iter().any(Recommendation::is_counted);
    let mut plans = vec![Plan::present(workload, keeps)];
    plans.extend(all.plans);
    // Plans without a cost go last, where nobody compares them.
    plans.sort_by_key(|plan| (plan.monthly_cost.is_none(), plan.monthly_cost));
    // In the order of the rules, which is the order to do them in.
    let mut reasons: Vec<String> = Vec::new();
    for reason in all.reasons {
        if !reasons.contains(&reason) {
            reasons.push(reason);
        }
    }
    let verdict = verdict(workload, &all.recommendations, &reasons);
    all.recommendations.sort_by(|a, b| b.savings().cmp(&a.savings()).then_with(|| a.id.cmp(&b.id)));
    Advice {
        plans,
        recommendations: all.recommendations,
        verdict,
        break_even,
        certificates: all.certificates,
        holdings: all.holdings,
    }
}

/// Holdings without a term of which every part is tried as spared: with twice as many it would take
/// eight times as long. Those beyond serve on, unless they are idle.
const MOST_SPARED: usize = 3;

/// Applies all rules to a workload without reserved tokens. What holdings without a term are good for
/// is seen only at the end: each part of them is taken as spared, the rules are gone through whole, and
/// the way that saves most is advised; of equals the one that spares fewest.
fn by_the_token(priced: &Priced<'_>, workload: &Workload<'_>) -> (Finding, Vec<BreakEven>) {
    let holdings = workload.holdings.iter();
    let loose = holdings.filter(|it| it.can_serve_more() && !it.held.is_under_term());
    let is_idle = |holding: &&Holding<'_>| holding.idleness == Idleness::Idle;
    let idle: Vec<&Holding<'_>> = loose.clone().filter(is_idle).collect();
    let loose: Vec<&Holding<'_>> = loose.take(MOST_SPARED).collect();
    let usual = fill::advise(priced, workload, &idle);
    let mut best = (after_filling(priced, workload, usual), idle.len());
    for set in 0_usize..1 << loose.len() {
        let spared = loose.iter().enumerate().filter(|(at, _)| set >> at & 1 == 1);
        let spared: Vec<&Holding<'_>> = spared.map(|(_, holding)| *holding).collect();
        if spared.len() == idle.len() && spared.iter().all(is_idle) {
            continue;
        }
        let fill = fill::advise(priced, workload, &spared);
        // Without anything to fill there is nothing to spare for.
        if !fill.is_counted() {
            continue;
        }
        let way = after_filling(priced, workload, fill);
        let (saves, most) = (way.0.saves(), best.0.0.saves());
        if saves > most || (saves == most && spared.len() < best.1) {
            best = (way, spared.len());
        }
    }
    best.0
}

/// Applies the rules that come after filling.
fn after_filling<'w>(
    priced: &'w Priced<'w>,
    workload: &'w Workload<'w>,
    mut fill: FillAdvice<'w>,
) -> (Finding, Vec<BreakEven>) {
    let mut route = route::advise(priced, workload, &fill);
    let mut shrink = shrink_units::advise(priced, workload, &route.afterwards(), &fill);
    if shrink.gives_up_now && fill.is_counted() {
        // One of both: what is given up is not filled before.
        fill = fill.forgone("holding less of what it would fill saves more");
        route = route::advise(priced, workload, &fill);
        shrink = shrink_units::advise(priced, workload, &route.afterwards(), &fill);
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
    let mut buy = buy::advise(&BuyingBasis {
        priced,
        workload,
        cheapest: &staying,
        routed: if is_routed { &staying } else { &current },
        saved_before: fill.finding.saves() + idle.saves() + route.finding.saves(),
        remaining: fill.remaining,
        serving: &fill.serving,
        break_even: &break_even,
        deletes_its_own: idle.recommendations.iter().any(|advice| {
            // One without a price is not counted, and deleted all the same.
            let is_now = advice.money.savings_start.is_none();
            let is_dismissed = || {
                let today = day_of(priced.observation.as_of);
                priced.observation.overrides.dismissal(&advice.id, today).is_some()
            };
            advice.is_counted() || (is_now && advice.savings().is_none() && !is_dismissed())
        }),
        is_routed,
    });
    // Holding less and buying exclude each other: the one that saves more counts. What can change only
    // when a term ends is decided then, and stops nothing today.
    if shrink.holds_less_now() && buy.saves() > shrink.finding.saves() {
        shrink.finding.forgo("buying beside it saves more");
    }
    if shrink.holds_less_now() {
        buy.forgo("holding less of the same model comes first");
    }
    let mut all = Finding::default();
    // What asks for more than money comes after all that counts, each as if it stood alone.
    let rates = route.afterwards();
    let left = rates.iter().map(|rates| fill.left_of(workload, rates.lane)).collect();
    let remaining = RemainingLanes { rates: &rates, left };
    for finding in [fill.finding, idle, route.finding, shrink.finding, buy] {
        all.take(finding);
    }
    all.take(tiers::advise(priced, workload, &remaining));
    all.take(caching::advise(priced, workload, &remaining));
    all.take(successor::advise(priced, workload, &remaining));
    (all, break_even)
}

/// Applies the rules beside reserved tokens: more of them, or fewer. What they serve would be lost
/// on another profile or tier, so nothing else is advised.
fn beside_reserved(priced: &Priced<'_>, workload: &Workload<'_>) -> (Finding, Vec<BreakEven>) {
    let current: Vec<LaneRates<'_>> = workload.lanes.iter().map(LaneRates::current).collect();
    let mut all = shrink_reserved::advise(priced, workload, &current);
    let mut buy = buy::advise(&BuyingBasis::unchanged(priced, workload, &current));
    if !all.recommendations.is_empty() {
        buy.forgo("holding less of what is reserved comes first");
    }
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
