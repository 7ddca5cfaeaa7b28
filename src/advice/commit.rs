//! Would model units cost less than the cheapest arrangement that needs no commitment?
//!
//! Each offer is taken at its exact optimum, on minutes, beside what is held already, and must pass
//! every gate. Of those that pass, the one that saves most is advised; the others say why not.

use super::fill::held_units;
use super::recommendation::shell_word;
use super::route::LaneRates;
use super::sizing::{Demands, Sized};
use super::{
    Action, Arrangement, BreakEven, Effort, Evidence, Finding, Plan, Recommendation, gates,
};
use crate::catalog::{Offer, Term};
use crate::domain::quantity::CapacityOrigin;
use crate::domain::{ModelUnits, Ratio, Tokens, Usd};
use crate::pricing::{Lane, LaneKind, Priced, Workload};
use crate::settings::{Overflow, Settings};
use crate::usage::plan::MINUTE_DAYS;
use rust_decimal::Decimal;

/// One offer at its optimum.
struct Candidate<'w> {
    offer: &'w Offer,
    units: ModelUnits,
    savings: Usd,
    plan: Plan,
    sized: Sized,
}

pub(super) fn advise(
    priced: &Priced<'_>,
    workload: &Workload<'_>,
    routes: &[LaneRates<'_>],
    remaining: Ratio,
    break_even: &[BreakEven],
) -> Finding {
    let standard: Usd = workload
        .on_demand()
        .filter(|lane| lane.is_standard())
        .map(Lane::monthly_cost)
        .sum();
    if !remaining.of(standard).is_positive() || workload.offers.is_empty() {
        return Finding::default();
    }
    let mut found = Finding::default();
    let (known, unknown): (Vec<&Offer>, Vec<&Offer>) = workload
        .offers
        .iter()
        .partition(|offer| offer.capacity.is_some());
    for offer in unknown {
        found.plans.push(unknown_capacity(offer, break_even));
    }
    if known.is_empty() {
        found.reasons.extend(
            found
                .plans
                .first()
                .and_then(|plan| plan.why_not.first())
                .cloned(),
        );
        return found;
    }
    let held = held_units(workload);
    let demands = match Demands::new(priced, workload, routes) {
        Ok(demands) => demands,
        Err(why) => {
            found
                .reasons
                .push(format!("no model units are advised: {why}"));
            return found;
        }
    };
    let mut candidates: Vec<Candidate<'_>> = known
        .iter()
        .filter_map(|offer| candidate(priced, workload, &demands, offer, held, standard))
        .collect();
    candidates.sort_by(|a, b| {
        b.savings
            .cmp(&a.savings)
            .then_with(|| a.offer.term.cmp(&b.offer.term))
    });
    let chosen = candidates
        .iter()
        .position(|candidate| candidate.plan.why_not.is_empty());
    if let Some(mut best) = chosen.map(|place| candidates.remove(place)) {
        for other in &mut candidates {
            if other.plan.why_not.is_empty() {
                other
                    .plan
                    .why_not
                    .push(format!("the {} saves more", best.offer.term));
            }
        }
        best.plan.advised = true;
        found
            .recommendations
            .push(recommendation(priced, workload, routes, &best, break_even));
        found.plans.push(best.plan);
    } else {
        let first = candidates
            .first()
            .and_then(|candidate| candidate.plan.why_not.first());
        found.reasons.extend(first.cloned());
    }
    found
        .plans
        .extend(candidates.into_iter().map(|candidate| candidate.plan));
    found
}

/// AWS publishes no capacity: without the operator's, only a condition can be stated.
fn unknown_capacity(offer: &Offer, break_even: &[BreakEven]) -> Plan {
    let condition = break_even
        .iter()
        .find(|even| even.term == offer.term && even.label == offer.label)
        .map_or_else(String::new, |even| {
            format!(
                ": one pays only if it sustains {} tokens an hour at this mix",
                even.tokens_per_hour
            )
        });
    Plan {
        action: Some(Action::BuyModelUnits),
        description: format!("model units, {}", describe(offer)),
        monthly_cost: None,
        estimated_monthly_savings: None,
        advised: false,
        why_not: vec![format!(
            "the capacity of a model unit is not known{condition} ({})",
            describe(offer)
        )],
    }
}

fn describe(offer: &Offer) -> String {
    match &offer.label {
        Some(label) => format!("{label}, {}", offer.term),
        None => offer.term.to_string(),
    }
}

fn candidate<'w>(
    priced: &Priced<'_>,
    workload: &Workload<'_>,
    demands: &Demands,
    offer: &'w Offer,
    held: u32,
    standard: Usd,
) -> Option<Candidate<'w>> {
    let settings = &priced.observation.settings;
    let sized = demands.sized(offer, held)?;
    let optimum = match settings.overflow {
        Overflow::Spill => sized.minutes.spill_optimum(),
        Overflow::Throttle => sized.minutes.throttle_optimum(settings.headroom),
    };
    // Where none pay, the smallest purchase is shown with what it would cost.
    let smallest = match settings.overflow {
        Overflow::Spill => 1,
        Overflow::Throttle => sized
            .minutes
            .throttle_minimum(settings.headroom)
            .unwrap_or(1)
            .max(1),
    };
    let units = ModelUnits::new(if optimum > 0 { optimum } else { smallest });
    let bound = offer.unit_price.monthly_cost(units);
    let without = sized.all_monthly() - sized.replaced_monthly(0);
    let with = sized.all_monthly() - sized.replaced_monthly(units.count()) + bound;
    let savings = without - with;
    let mut why_not = Vec::new();
    if optimum == 0 {
        why_not.push(no_units_pay(settings, offer, units, without, with));
    } else {
        why_not.extend(gates::thresholds(settings, savings, bound));
    }
    why_not.extend(gates::completeness(workload));
    why_not.extend(gates::history(settings, workload, offer.term));
    let region = &workload.place.region;
    if workload
        .observed
        .inventory
        .provisionable_ids(&workload.model)
        .is_empty()
    {
        why_not.push(format!(
            "AWS does not offer provisioned throughput of this model in {region} (bedrock:ListFoundationModels)"
        ));
    }
    let plan = Plan {
        action: Some(Action::BuyModelUnits),
        description: format!("{units}, {}", describe(offer)),
        monthly_cost: Some(workload.monthly_cost() - standard + with),
        estimated_monthly_savings: Some(savings),
        advised: false,
        why_not,
    };
    Some(Candidate {
        offer,
        units,
        savings,
        plan,
        sized,
    })
}

fn no_units_pay(
    settings: &Settings,
    offer: &Offer,
    units: ModelUnits,
    without: Usd,
    with: Usd,
) -> String {
    let offer = describe(offer);
    match settings.overflow {
        Overflow::Throttle => format!(
            "{units} ({offer}) would cover the highest minute and {} headroom and cost {with} a month, on-demand costs {without}",
            settings.headroom.percent()
        ),
        Overflow::Spill => format!(
            "{units} ({offer}) with the rest on-demand would cost {with} a month, on-demand alone costs {without}"
        ),
    }
}

fn recommendation(
    priced: &Priced<'_>,
    workload: &Workload<'_>,
    routes: &[LaneRates<'_>],
    best: &Candidate<'_>,
    break_even: &[BreakEven],
) -> Recommendation {
    let settings = &priced.observation.settings;
    let (offer, units) = (best.offer, best.units);
    let bound = offer.unit_price.monthly_cost(units);
    let without = best.sized.all_monthly() - best.sized.replaced_monthly(0);
    let mut evidence = Evidence::default();
    for route in routes {
        evidence.lane(priced, route.lane);
        let LaneKind::OnDemand { model, tier, .. } = &route.lane.kind else {
            continue;
        };
        for (meter, rate) in &route.rates {
            evidence.rate(model, route.scope, *tier, *meter, rate);
        }
    }
    evidence.offer(&workload.model, offer);
    let current = Arrangement {
        description: "on-demand".into(),
        monthly_cost: without,
    };
    let proposed = Arrangement {
        description: format!("{units}, {}", describe(offer)),
        monthly_cost: without - best.savings,
    };
    let kind = (Action::BuyModelUnits, Effort::Commitment);
    let subject = workload.model.id();
    let mut advice = Recommendation::new(kind, workload, subject, current, proposed, evidence);
    advice.risks.extend(offer.capacity.map(|capacity| {
        let origin = match capacity.origin {
            CapacityOrigin::Assumed => "assumed capacity (from the overrides; AWS publishes none)",
            CapacityOrigin::Stated => "capacity as the price book states it",
        };
        format!(
            "{origin}: a unit serves {} input and {} output tokens an hour",
            Tokens::new(capacity.input_tokens_per_hour),
            Tokens::new(capacity.output_tokens_per_hour)
        )
    }));
    advice.risks.push(match settings.overflow {
        Overflow::Throttle => format!(
            "AWS refuses what exceeds the units: they cover the highest minute of {MINUTE_DAYS} days and {} headroom",
            settings.headroom.percent()
        ),
        Overflow::Spill => {
            "callers are assumed to route what exceeds the units to on-demand, at one mix a minute".into()
        }
    });
    if offer.term != Term::None {
        advice
            .risks
            .push("a term cannot be ended early and renews by itself".into());
        let months = Decimal::from(offer.term.months());
        advice.commitment_total = Some(Usd::new(bound.dollars() * months));
        advice.rollback_possible = false;
    }
    advice.break_even = break_even
        .iter()
        .find(|even| even.term == offer.term && even.label == offer.label)
        .cloned();
    advice.command = buy_command(workload, offer, units);
    advice
}

fn buy_command(workload: &Workload<'_>, offer: &Offer, units: ModelUnits) -> Option<String> {
    let duration = match offer.term {
        Term::None => "",
        Term::OneMonth => " --commitment-duration OneMonth",
        Term::SixMonths => " --commitment-duration SixMonths",
        Term::ThreeMonths => return None,
    };
    // Of several context windows the longest serves every request that the others do.
    let ids = workload
        .observed
        .inventory
        .provisionable_ids(&workload.model);
    let id = ids.iter().max_by_key(|id| context_window(id))?;
    let name: String = workload
        .model
        .id()
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() { c } else { '-' })
        .collect();
    Some(format!(
        "aws bedrock create-provisioned-model-throughput --region {} --model-id {} --provisioned-model-name {} --model-units {}{duration}",
        workload.place.region,
        shell_word(id),
        shell_word(&name),
        units.count()
    ))
}

/// The tokens of an id's context window variant, as in `:300k`; zero where it has none.
fn context_window(id: &str) -> u64 {
    match crate::domain::ModelId::parse(id).target() {
        crate::domain::Target::Model {
            variant: Some(variant),
            ..
        } => {
            let digits = variant.trim_end_matches(['k', 'K']);
            let factor = if digits.len() < variant.len() {
                1_000
            } else {
                1
            };
            digits.parse::<u64>().map_or(0, |number| number * factor)
        }
        _ => 0,
    }
}
