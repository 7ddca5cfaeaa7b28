//! The same model through its global profile, where that costs less.
//!
//! Counted only where the operator allows it: requests may then be served anywhere. Silent for
//! lanes that are global already, and where the book has no global rate for every meter in use.

use crate::advice::finding::Finding;
use crate::advice::recommendation::several;
use crate::advice::rules::fill::FillAdvice;
use crate::advice::{
    Action, Arrangement, Evidence, Gate, Money, Plan, Recommendation, Step, command, gates,
};
use crate::catalog::AllowedScope;
use crate::domain::{ModelId, Scope, Usd};
use crate::pricing::{Lane, LaneKind, LaneRates, Priced, Workload};

/// Advice of the rule, with the cheapest rates of effort none or routing that each lane can have,
/// which later rules compare with.
#[derive(Debug)]
pub(crate) struct RouteAdvice<'l> {
    pub(crate) finding: Finding,
    pub(crate) cheapest: Vec<LaneRates<'l>>,
}

impl<'l> RouteAdvice<'l> {
    /// Returns the rates of each lane from here on: on-demand lanes stay as they are unless routing
    /// counts, and what leaves a provisioned model goes where the tokens cost least.
    pub(crate) fn afterwards(&self) -> Vec<LaneRates<'l>> {
        let is_routed = self.finding.counts();
        let rates = self.cheapest.iter();
        rates
            .map(|cheapest| match cheapest.lane.kind {
                LaneKind::OnDemand { .. } if !is_routed => LaneRates::current(cheapest.lane),
                _ => cheapest.clone(),
            })
            .collect()
    }
}

pub(crate) fn advise<'l>(
    priced: &Priced<'_>,
    workload: &'l Workload<'_>,
    fill: &FillAdvice<'_>,
) -> RouteAdvice<'l> {
    let forbidden = forbidden(priced, workload);
    let cheapest = cheapest(priced, workload);
    let moved: Vec<LaneRates<'_>> = workload
        .lanes
        .iter()
        .filter(|lane| matches!(lane.kind, LaneKind::OnDemand { .. }))
        .filter_map(|lane| cheaper_global(priced, workload, lane))
        .collect();
    // What filling takes away is not routed.
    let left = |lane: &Lane<'_>, cost: Usd| {
        let left = fill.left_of(workload, lane).of(cost);
        // A ratio has endless digits; dollars are told with twelve.
        Usd::new(left.dollars().round_dp(12).normalize())
    };
    let before: Usd = moved.iter().map(|to| left(to.lane, to.lane.monthly_cost())).sum();
    let after: Usd = moved.iter().map(|to| left(to.lane, to.monthly_cost(priced.recent))).sum();
    let savings = before - after;
    if !savings.is_positive() {
        return RouteAdvice { finding: Finding::default(), cheapest };
    }
    let target = ModelId::of_model(&workload.model, Scope::Global);
    let action = Action::RouteToGlobalProfile;
    let plan = Plan::new(action, format!("through {target}")).saving(savings);
    // Another profile binds nothing, so no share is asked for.
    let was_open = gates::was_open(priced, workload, action, workload.model.id());
    let failed = gates::least(&priced.observation.settings, savings, was_open);
    if let Some(failed) = failed {
        return RouteAdvice { finding: Finding::refused(plan, vec![failed]), cheapest };
    }
    let mut advice = recommendation(priced, workload, &moved, &target, before, after);
    advice.standing.not_counted_because = forbidden;
    let mut finding = Finding::advised(plan, advice, Gate::Setting);
    finding.dismiss(priced);
    RouteAdvice { finding, cheapest }
}

/// Finds the cheapest rates that each lane can have without a commitment. A lane that may not be
/// moved keeps its present ones.
pub(crate) fn cheapest<'l>(priced: &Priced<'_>, workload: &'l Workload<'_>) -> Vec<LaneRates<'l>> {
    // What is forbidden or dismissed is no arrangement that anything could be compared with.
    let (action, subject) = (Action::RouteToGlobalProfile, workload.model.id());
    let is_allowed = forbidden(priced, workload).is_none()
        && !gates::is_dismissed(priced, workload, action, subject);
    let of = |lane: &'l Lane<'_>| {
        let global = is_allowed.then(|| cheaper_global(priced, workload, lane));
        global.flatten().unwrap_or_else(|| LaneRates::current(lane))
    };
    workload.lanes.iter().map(of).collect()
}

/// Finds the rates of a lane through the global profile, where they cost less.
fn cheaper_global<'l>(
    priced: &Priced<'_>,
    workload: &Workload<'_>,
    lane: &'l Lane<'_>,
) -> Option<LaneRates<'l>> {
    let is_cheaper = |global: &LaneRates<'_>| {
        // Only where all of it has a price: what is unpriced would look free.
        lane.is_priced() && global.monthly_cost(priced.recent) < lane.monthly_cost()
    };
    LaneRates::global(priced, workload, lane).filter(is_cheaper)
}

/// Says what keeps global routing from counting: the overrides where they speak of the model, else
/// the setting.
pub(crate) fn forbidden(priced: &Priced<'_>, workload: &Workload<'_>) -> Option<String> {
    match priced.observation.overrides.allows(&workload.model, AllowedScope::Global) {
        Some(true) => None,
        Some(false) => {
            Some("the overrides do not allow the global scope for this model".to_owned())
        }
        None if priced.observation.settings.allow_global_routing => None,
        None => Some("GUARD_ALLOW_GLOBAL_ROUTING is false".to_owned()),
    }
}

fn recommendation(
    priced: &Priced<'_>,
    workload: &Workload<'_>,
    moved: &[LaneRates<'_>],
    target: &ModelId,
    before: Usd,
    after: Usd,
) -> Recommendation {
    let mut evidence = Evidence::default();
    for to in moved {
        evidence.lane(priced, to.lane);
        evidence.rates(workload, to);
    }
    let ids: Vec<&str> = moved.iter().map(|to| to.lane.usage.model_id.text()).collect();
    let current = Arrangement::costing(several(&ids), before);
    let proposed = Arrangement::costing(target.to_string(), after);
    let action = Action::RouteToGlobalProfile;
    let subject = workload.model.id();
    let money = Money::saved(current, proposed);
    let mut advice = Recommendation::new(action, workload, subject, money, evidence);
    let risks = &mut advice.grounds.risks;
    risks.push(
        "requests may be served in any commercial Region: data residency is the owner's call"
            .into(),
    );
    if !workload.is_whole() {
        risks.push("the usage is incomplete: the saving is at least this".into());
    }
    if workload.has_tier_splits() {
        risks
            .push("part of it is served at another service tier, which is not priced apart".into());
    }
    let step = profile_step(workload, moved, target);
    advice.remedy.take_steps(step.into_iter().collect());
    advice
}

/// Makes the step to a new application profile where one stands between the callers and the model;
/// else callers name the global profile themselves. Where there are several, one command would be
/// but a part.
fn profile_step(
    workload: &Workload<'_>,
    moved: &[LaneRates<'_>],
    target: &ModelId,
) -> Option<Step> {
    // Of several lanes one command would be but a part of the change.
    let [only] = moved else { return None };
    let LaneKind::OnDemand { profile: Some(profile), .. } = &only.lane.kind else {
        return None;
    };
    command::copy_profile(profile, &profile.account()?, &workload.place.region, target)
}
