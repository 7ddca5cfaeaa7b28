//! Is there on-demand traffic beside a provisioned model that has room for it? Then it should go
//! there: the units are paid for either way.
//!
//! Needs the capacity of a unit and the minutes. Silent without on-demand traffic.

use super::route::LaneRates;
use super::sizing::Demands;
use super::{Action, Arrangement, Effort, Evidence, Finding, Plan, Recommendation, gates};
use crate::domain::{Ratio, Scope, Usd};
use crate::pricing::{Holding, Idleness, Lane, Priced, Workload};
use crate::settings::Overflow;

/// What filling says, and the share of standard on-demand traffic that it leaves.
#[derive(Debug)]
pub(super) struct Filling {
    pub(super) finding: Finding,
    pub(super) remaining: Ratio,
}

/// The holdings that can serve what comes on-demand: in service, of the same model, and paid for
/// whatever one does. An idle one without a term is not filled but deleted.
fn able<'w>(workload: &'w Workload<'_>) -> Vec<&'w Holding<'w>> {
    let paid_for =
        |holding: &&Holding<'_>| holding.idleness != Idleness::Idle || holding.held.is_under_term();
    workload
        .holdings
        .iter()
        .filter(|holding| holding.can_serve_more())
        .filter(paid_for)
        .collect()
}

/// The units of those holdings.
pub(super) fn held_units(workload: &Workload<'_>) -> u32 {
    able(workload)
        .iter()
        .map(|holding| holding.held.model_units.count())
        .sum()
}

pub(super) fn advise(priced: &Priced<'_>, workload: &Workload<'_>) -> Filling {
    let all = Ratio::new(rust_decimal::Decimal::ONE);
    let silent = |finding| Filling {
        finding,
        remaining: all,
    };
    let standard: Vec<_> = workload
        .on_demand()
        .filter(|lane| lane.is_standard())
        .collect();
    let before: Usd = standard.iter().map(|lane| lane.monthly_cost()).sum();
    let holdings = able(workload);
    if holdings.is_empty() || !before.is_positive() {
        return silent(Finding::default());
    }
    let plan = |savings: Option<Usd>| Plan {
        action: Some(Action::FillProvisionedModel),
        description: format!("on-demand traffic moved to {}", names(&holdings)),
        monthly_cost: savings.map(|savings| workload.monthly_cost() - savings),
        estimated_monthly_savings: savings,
        advised: true,
        why_not: Vec::new(),
    };
    let refused = |savings, why| silent(Finding::refused(plan(savings), why));
    let with_capacity = holdings.iter().find(|holding| holding.capacity().is_some());
    let Some(offer) = with_capacity.and_then(|holding| holding.offer.as_ref()) else {
        return refused(
            None,
            vec![format!(
                "whether {} has room cannot be said: the capacity of its units is not known",
                names(&holdings)
            )],
        );
    };
    let failed = gates::completeness(workload);
    if !failed.is_empty() {
        return refused(None, failed);
    }
    let now: Vec<LaneRates<'_>> = standard
        .iter()
        .map(|lane| LaneRates {
            lane,
            scope: Scope::InRegion,
            rates: lane
                .meters
                .iter()
                .filter_map(|meter| Some((meter.meter, meter.rate.clone()?)))
                .collect(),
        })
        .collect();
    let sized = match Demands::new(priced, workload, &now) {
        Ok(demands) => demands.sized(offer, held_units(workload)),
        Err(why) => return refused(None, vec![why]),
    };
    let Some(sized) = sized else {
        return silent(Finding::default());
    };
    let settings = &priced.observation.settings;
    if settings.overflow == Overflow::Throttle
        && sized.minutes.throttle_minimum(settings.headroom) != Some(0)
    {
        return refused(
            None,
            vec![format!(
                "its {} have no room for the highest minute of all traffic and {} headroom (GUARD_OVERFLOW=spill would count what fits)",
                crate::domain::ModelUnits::new(held_units(workload)),
                settings.headroom.percent()
            )],
        );
    }
    let served_already: Usd = holdings
        .iter()
        .filter_map(|holding| holding.monthly_value)
        .sum();
    let savings = (sized.replaced_monthly(0) - served_already).or_more(Usd::ZERO);
    let savings = if savings > before { before } else { savings };
    let failed = gates::thresholds(settings, savings, workload.monthly_cost());
    if !failed.is_empty() {
        return refused(Some(savings), failed);
    }
    let advice = recommendation(priced, workload, &standard, &holdings, (before, savings));
    let left = before - savings;
    Filling {
        finding: Finding {
            plans: vec![plan(Some(savings))],
            recommendations: vec![advice],
            reasons: Vec::new(),
        },
        remaining: Ratio::new(left.dollars() / before.dollars()),
    }
}

fn recommendation(
    priced: &Priced<'_>,
    workload: &Workload<'_>,
    standard: &[&Lane<'_>],
    holdings: &[&Holding<'_>],
    (before, savings): (Usd, Usd),
) -> Recommendation {
    let mut evidence = Evidence::default();
    for lane in standard {
        evidence.lane(priced, lane);
    }
    for offer in holdings.iter().filter_map(|holding| holding.offer.as_ref()) {
        evidence.offer(&workload.model, offer);
    }
    let ids: Vec<&str> = standard
        .iter()
        .map(|lane| lane.usage.model_id.text())
        .collect();
    let arns: Vec<&str> = holdings
        .iter()
        .map(|holding| holding.held.provisioned_model_arn.as_str())
        .collect();
    let current = Arrangement {
        description: format!("{} on-demand beside {}", ids.join(" and "), names(holdings)),
        monthly_cost: before,
    };
    let proposed = Arrangement {
        description: format!("model id {} for these calls", arns.join(" and ")),
        monthly_cost: before - savings,
    };
    let kind = (Action::FillProvisionedModel, Effort::None);
    let subject = arns.join(" ");
    let mut advice = Recommendation::new(kind, workload, &subject, current, proposed, evidence);
    advice.provisioned_model_arn = arns.first().map(|arn| (*arn).to_owned());
    advice.risks.push(format!(
        "a unit of {} is taken to serve what the overrides or the price book say",
        names(holdings)
    ));
    if priced.observation.settings.overflow == Overflow::Spill {
        advice.risks.push(
            "callers are assumed to route what exceeds it to on-demand, at one mix a minute".into(),
        );
    }
    advice
}

fn names(holdings: &[&Holding<'_>]) -> String {
    let names: Vec<&str> = holdings
        .iter()
        .map(|holding| holding.held.provisioned_model_name.as_str())
        .collect();
    names.join(" and ")
}
