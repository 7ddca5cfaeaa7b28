//! Would the same model cost less through its global profile?
//!
//! Counted only where the operator allows it: requests may then be served anywhere. Silent for
//! lanes that are global already, and where the book has no global rate for every meter in use.

use super::recommendation::shell_word;
use super::{Action, Arrangement, Effort, Evidence, Finding, Plan, Recommendation, gates};
use crate::catalog::{Rate, ScopeKind};
use crate::domain::{Meter, ModelId, Ratio, Scope, ServiceTier, Usd};
use crate::pricing::{Lane, LaneKind, Priced, Workload};

/// The cheapest rates, of effort none or routing, that a lane's meters can have.
#[derive(Debug)]
pub(super) struct LaneRates<'l> {
    /// The lane.
    pub(super) lane: &'l Lane<'l>,
    /// The scope that it would be called under.
    pub(super) scope: Scope,
    /// The rates of its meters with recent tokens.
    pub(super) rates: Vec<(Meter, Rate)>,
}

/// What routing says, and the rates that later rules compare with.
#[derive(Debug)]
pub(super) struct Routing<'l> {
    pub(super) finding: Finding,
    pub(super) routes: Vec<LaneRates<'l>>,
}

pub(super) fn advise<'l>(
    priced: &Priced<'_>,
    workload: &'l Workload<'_>,
    remaining: Ratio,
) -> Routing<'l> {
    let settings = &priced.observation.settings;
    let overrides = &priced.observation.overrides;
    let forbidden = match overrides.allows(&workload.model, ScopeKind::Global) {
        Some(true) => None,
        Some(false) => {
            Some("the overrides do not allow the global scope for this model".to_owned())
        }
        None if settings.allow_global_routing => None,
        None => Some("GUARD_ALLOW_GLOBAL_ROUTING is false".to_owned()),
    };
    let mut routes = Vec::new();
    let mut moved = Vec::new();
    for lane in workload.on_demand() {
        let current = current_rates(lane);
        let global = global_rates(priced, workload, lane);
        let Some(global) =
            global.filter(|global| monthly(priced, lane, global) < lane.monthly_cost())
        else {
            routes.push(current);
            continue;
        };
        let rates = LaneRates {
            lane,
            scope: Scope::Global,
            rates: global,
        };
        moved.push((lane, monthly(priced, lane, &rates.rates)));
        // A lane that may not be moved is compared at what it costs now.
        routes.push(if forbidden.is_none() { rates } else { current });
    }
    let cost = |of: &dyn Fn(&(&Lane<'_>, Usd)) -> Usd| {
        let whole: Usd = moved.iter().map(of).sum();
        Usd::new(remaining.of(whole).dollars().round_dp(12).normalize())
    };
    let before = cost(&|(lane, _)| lane.monthly_cost());
    let after = cost(&|(_, after)| *after);
    let savings = before - after;
    if moved.is_empty() || !savings.is_positive() {
        return Routing {
            finding: Finding::default(),
            routes,
        };
    }
    let target = ModelId::of_model(&workload.model, Scope::Global);
    let plan = Plan {
        action: Some(Action::RouteToGlobalProfile),
        description: format!("through {target}"),
        monthly_cost: Some(workload.monthly_cost() - savings),
        estimated_monthly_savings: Some(savings),
        advised: forbidden.is_none(),
        why_not: forbidden.iter().cloned().collect(),
    };
    let failed = gates::thresholds(settings, savings, workload.monthly_cost());
    if !failed.is_empty() {
        return Routing {
            finding: Finding::refused(plan, failed),
            routes,
        };
    }
    let costs = (before, after);
    let mut advice = recommendation(priced, workload, &moved, &target, costs);
    advice.not_counted_because = forbidden;
    let finding = Finding {
        plans: vec![plan],
        recommendations: vec![advice],
        reasons: Vec::new(),
    };
    Routing { finding, routes }
}

fn recommendation(
    priced: &Priced<'_>,
    workload: &Workload<'_>,
    moved: &[(&Lane<'_>, Usd)],
    target: &ModelId,
    (before, after): (Usd, Usd),
) -> Recommendation {
    let mut evidence = Evidence::default();
    for (lane, _) in moved {
        evidence.lane(priced, lane);
        let LaneKind::OnDemand { model, tier, .. } = &lane.kind else {
            continue;
        };
        for (meter, rate) in global_rates(priced, workload, lane).unwrap_or_default() {
            evidence.rate(model, Scope::Global, *tier, meter, &rate);
        }
    }
    let ids: Vec<&str> = moved
        .iter()
        .map(|(lane, _)| lane.usage.model_id.text())
        .collect();
    let current = Arrangement {
        description: ids.join(" and "),
        monthly_cost: before,
    };
    let proposed = Arrangement {
        description: target.to_string(),
        monthly_cost: after,
    };
    let kind = (Action::RouteToGlobalProfile, Effort::Routing);
    let subject = workload.model.id();
    let mut advice = Recommendation::new(kind, workload, subject, current, proposed, evidence);
    advice.risks.push(
        "requests may be served in any commercial Region: data residency is the owner's call"
            .into(),
    );
    if !workload.is_whole() {
        advice
            .risks
            .push("the usage is incomplete: the saving is at least this".into());
    }
    advice.command = profile_command(workload, moved, target);
    advice
}

fn current_rates<'l>(lane: &'l Lane<'_>) -> LaneRates<'l> {
    let scope = match &lane.kind {
        LaneKind::OnDemand { scope, .. } => *scope,
        _ => Scope::InRegion,
    };
    let rates = lane
        .meters
        .iter()
        .filter_map(|meter| Some((meter.meter, meter.rate.clone()?)))
        .collect();
    LaneRates { lane, scope, rates }
}

/// The global rates of all meters of a lane; `None` where one has none, or the lane is global.
fn global_rates(
    priced: &Priced<'_>,
    workload: &Workload<'_>,
    lane: &Lane<'_>,
) -> Option<Vec<(Meter, Rate)>> {
    let LaneKind::OnDemand {
        model, scope, tier, ..
    } = &lane.kind
    else {
        return None;
    };
    if *scope == Scope::Global || lane.meters.is_empty() || !lane.is_priced() {
        return None;
    }
    let rate = |meter| {
        let region = &workload.place.region;
        priced
            .observation
            .prices
            .rate(model, region, Scope::Global, *tier, meter, priced.day)
    };
    lane.meters
        .iter()
        .map(|meter| Some((meter.meter, rate(meter.meter)?)))
        .collect()
}

fn monthly(priced: &Priced<'_>, lane: &Lane<'_>, rates: &[(Meter, Rate)]) -> Usd {
    lane.meters
        .iter()
        .filter_map(|meter| {
            let (_, rate) = rates.iter().find(|(of, _)| *of == meter.meter)?;
            Some(
                rate.list_unit_price
                    .cost(meter.recent)
                    .per_month(priced.recent.hours()),
            )
        })
        .sum()
}

/// Callers name the profile themselves, except where an application profile stands between: then a
/// new one has to be made.
fn profile_command(
    workload: &Workload<'_>,
    moved: &[(&Lane<'_>, Usd)],
    target: &ModelId,
) -> Option<String> {
    let profile = moved.iter().find_map(|(lane, _)| match &lane.kind {
        LaneKind::OnDemand {
            profile,
            tier: ServiceTier::Standard,
            ..
        } => *profile,
        _ => None,
    })?;
    let account = profile.account()?;
    let region = &workload.place.region;
    let partition = if region.name().starts_with("us-gov-") {
        "aws-us-gov"
    } else {
        "aws"
    };
    let source = format!("arn:{partition}:bedrock:{region}:{account}:inference-profile/{target}");
    Some(format!(
        "aws bedrock create-inference-profile --region {region} --inference-profile-name {} --model-source copyFrom={}",
        shell_word(&format!("{}-global", profile.inference_profile_name)),
        shell_word(&source)
    ))
}
