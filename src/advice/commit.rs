//! Would model units cost less than the cheapest arrangement that needs no commitment?
//!
//! Each offer is taken at its exact optimum, on minutes, beside what is held already, and must pass
//! every gate. Of those that pass, the one that saves most is advised; the others say why not.

use rust_decimal::Decimal;

use super::rates::LaneRates;
use super::sizing::{Demands, Sized};
use super::{
    Action, Arrangement, BreakEven, Effort, Evidence, Finding, Plan, Recommendation, command, gates,
};
use crate::catalog::{Offer, Term};
use crate::domain::quantity::CapacityOrigin;
use crate::domain::{ModelUnits, Ratio, Tokens, Usd};
use crate::pricing::{Holding, Lane, Priced, Workload};
use crate::settings::Overflow;
use crate::usage::plan::MINUTE_DAYS;

/// What the rules before this one leave to decide.
#[derive(Clone, Copy, Debug)]
pub(super) struct Question<'w> {
    pub(super) priced: &'w Priced<'w>,
    pub(super) workload: &'w Workload<'w>,
    /// The cheapest rates that each lane can have without a commitment.
    pub(super) cheapest: &'w [LaneRates<'w>],
    /// The share of standard traffic that filling leaves on-demand.
    pub(super) remaining: Ratio,
    /// The holdings that serve on.
    pub(super) serving: &'w [&'w Holding<'w>],
    /// Where a unit of each offer begins to pay.
    pub(super) break_even: &'w [BreakEven],
    /// Whether an idle holding of the same model is to be deleted.
    pub(super) deletes_its_own: bool,
    /// Whether other traffic of the model is to go through another profile.
    pub(super) is_routed: bool,
}

impl Question<'_> {
    /// The units that are held and serve on.
    fn held(&self) -> u32 {
        self.serving
            .iter()
            .map(|holding| holding.held.model_units.count())
            .sum()
    }
}

/// One offer at its optimum.
struct Candidate<'w> {
    offer: &'w Offer,
    units: ModelUnits,
    /// What the traffic costs in a month without it.
    without: Usd,
    savings: Usd,
    plan: Plan,
    sized: Sized,
}

pub(super) fn advise(question: &Question<'_>) -> Finding {
    let workload = question.workload;
    let standard = standard_monthly_cost(workload);
    if !question.remaining.of(standard).is_positive() || workload.offers.is_empty() {
        return Finding::default();
    }
    let mut found = Finding::default();
    let (known, unknown): (Vec<&Offer>, Vec<&Offer>) = workload
        .offers
        .iter()
        .partition(|offer| offer.capacity.is_some());
    found.plans.extend(
        unknown
            .into_iter()
            .map(|offer| unknown_capacity(question, offer)),
    );
    if known.is_empty() {
        let condition = found
            .plans
            .first()
            .and_then(|plan| plan.why_not.first())
            .cloned();
        found.reasons.extend(condition);
        return found;
    }
    let because = |why: &str| format!("no model units are advised: {why}");
    if let Some(why) = gates::completeness(workload).first() {
        found.reasons.push(because(why));
        return found;
    }
    let demands = match Demands::new(
        question.priced,
        workload,
        question.cheapest,
        question.serving,
    ) {
        Ok(demands) => demands,
        Err(why) => {
            found.reasons.push(because(&why));
            return found;
        }
    };
    let mut candidates: Vec<Candidate<'_>> = known
        .iter()
        .filter_map(|offer| candidate(question, &demands, offer))
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
        let advice = recommendation(question, &best);
        best.plan.advised = advice.is_counted();
        best.plan.why_not.extend(advice.not_counted_because.clone());
        found.recommendations.push(advice);
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

/// What the traffic that units could serve costs now.
fn standard_monthly_cost(workload: &Workload<'_>) -> Usd {
    workload
        .on_demand()
        .filter(|lane| lane.is_standard())
        .map(Lane::monthly_cost)
        .sum()
}

/// AWS publishes no capacity: without the operator's, only a condition can be stated.
fn unknown_capacity(question: &Question<'_>, offer: &Offer) -> Plan {
    let condition = break_even(question, offer).map_or_else(String::new, |even| {
        format!(
            ": one pays only if it sustains {} tokens an hour at this mix",
            even.tokens_per_hour
        )
    });
    refused_unseen(
        offer,
        &format!("the capacity of a model unit is not known{condition}"),
    )
}

/// An offer that is refused before any number of units can be named.
fn refused_unseen(offer: &Offer, why: &str) -> Plan {
    Plan {
        action: Some(Action::BuyModelUnits),
        description: format!("model units, {}", describe(offer)),
        monthly_cost: None,
        estimated_monthly_savings: None,
        advised: false,
        why_not: vec![format!("{why} ({})", describe(offer))],
    }
}

fn break_even<'q>(question: &Question<'q>, offer: &Offer) -> Option<&'q BreakEven> {
    question
        .break_even
        .iter()
        .find(|even| even.term == offer.term && even.label == offer.label)
}

fn describe(offer: &Offer) -> String {
    match &offer.label {
        Some(label) => format!("{label}, {}", offer.term),
        None => offer.term.to_string(),
    }
}

fn candidate<'w>(
    question: &Question<'_>,
    demands: &Demands,
    offer: &'w Offer,
) -> Option<Candidate<'w>> {
    let (priced, workload) = (question.priced, question.workload);
    let settings = &priced.observation.settings;
    let sized = demands.sized(offer, question.held())?;
    // Where none pay, the smallest purchase is shown with what it would cost.
    let (optimum, smallest) = match settings.overflow {
        Overflow::Spill => (sized.minutes.spill_optimum(), 1),
        Overflow::Throttle => {
            let Some(enough) = sized.throttle_minimum(settings.headroom) else {
                return Some(beyond_counting(offer, sized));
            };
            (sized.throttle_optimum(enough), enough.max(1))
        }
    };
    let has_room = settings.overflow == Overflow::Throttle
        && sized.throttle_minimum(settings.headroom) == Some(0);
    let units = ModelUnits::new(if optimum > 0 { optimum } else { smallest });
    let bound = offer.unit_price.monthly_cost(units);
    let (without, with) = match settings.overflow {
        Overflow::Spill => (
            sized.all_monthly() - sized.replaced_monthly(0),
            sized.all_monthly() - sized.replaced_monthly(units.count()) + bound,
        ),
        // The units cover all of it, and nothing else may be left: AWS would refuse it.
        Overflow::Throttle => (sized.on_demand_monthly(), bound),
    };
    let savings = without - with;
    let why_not = if has_room {
        vec!["the units that are held have room for all of it".to_owned()]
    } else if optimum == 0 {
        vec![no_units_pay(question, &sized, offer, units)]
    } else {
        gates::thresholds(settings, savings, bound)
    };
    let plan = Plan {
        action: Some(Action::BuyModelUnits),
        description: format!("{units}, {}", describe(offer)),
        monthly_cost: Some(workload.monthly_cost() - standard_monthly_cost(workload) + with),
        estimated_monthly_savings: Some(savings),
        advised: false,
        why_not: why_not
            .into_iter()
            .chain(other_gates(question, offer))
            .collect(),
    };
    Some(Candidate {
        offer,
        units,
        without,
        savings,
        plan,
        sized,
    })
}

/// A demand that no number of units covers.
fn beyond_counting(offer: &Offer, sized: Sized) -> Candidate<'_> {
    let plan = refused_unseen(
        offer,
        "the highest minute needs more units than can be counted",
    );
    let (units, without) = (ModelUnits::default(), sized.on_demand_monthly());
    Candidate {
        offer,
        units,
        without,
        savings: Usd::ZERO - without,
        plan,
        sized,
    }
}

/// The gates that do not depend on the number of units.
fn other_gates(question: &Question<'_>, offer: &Offer) -> Vec<String> {
    let (priced, workload) = (question.priced, question.workload);
    let mut failed = gates::history(&priced.observation.settings, workload, offer.term);
    failed.extend(gates::lifecycle(priced, workload, offer.term));
    if workload
        .observed
        .inventory
        .provisionable_ids(&workload.model)
        .is_empty()
    {
        failed.push(format!(
            "AWS does not offer provisioned throughput of this model in {} (bedrock:ListFoundationModels)",
            workload.place.region
        ));
    }
    if question.deletes_its_own {
        failed.push("the idle provisioned model of the same model comes first".into());
    }
    failed
}

/// The figures are of the days that the units are sized on.
fn no_units_pay(
    question: &Question<'_>,
    sized: &Sized,
    offer: &Offer,
    units: ModelUnits,
) -> String {
    let settings = &question.priced.observation.settings;
    let offer = describe(offer);
    match settings.overflow {
        Overflow::Throttle => {
            let (with, without) = sized.monthly_as_minutes_went(units.count(), false);
            format!(
                "{units} ({offer}) would cover the highest minute and {} headroom and cost {with} a month; as the last {MINUTE_DAYS} days went, on-demand costs {without}",
                settings.headroom.percent()
            )
        }
        Overflow::Spill => {
            let (with, without) = sized.monthly_as_minutes_went(units.count(), true);
            format!(
                "{units} ({offer}) with the rest on-demand would cost {with} a month; as the last {MINUTE_DAYS} days went, on-demand alone costs {without}"
            )
        }
    }
}

fn recommendation(question: &Question<'_>, best: &Candidate<'_>) -> Recommendation {
    let (priced, workload) = (question.priced, question.workload);
    let (offer, units) = (best.offer, best.units);
    let mut evidence = Evidence::default();
    for rates in question.cheapest {
        evidence.lane(priced, rates.lane);
        evidence.rates(workload, rates);
    }
    evidence.offer(&workload.model, offer);
    let current = Arrangement {
        description: "on-demand".into(),
        monthly_cost: best.without,
    };
    let proposed = Arrangement {
        description: format!("{units}, {}", describe(offer)),
        monthly_cost: best.without - best.savings,
    };
    let kind = (Action::BuyModelUnits, Effort::Commitment);
    let subject = workload.model.id();
    let mut advice = Recommendation::new(kind, workload, subject, current, proposed, evidence);
    advice.not_counted_because = gates::in_region(priced, workload);
    advice.risks.extend(risks(question, best));
    if offer.term != Term::None {
        let bound = offer.unit_price.monthly_cost(units);
        let months = Decimal::from(offer.term.months());
        advice.commitment_total = Some(Usd::new(bound.dollars() * months));
        advice.rollback_possible = false;
    }
    advice.break_even = break_even(question, offer).cloned();
    advice.command = command::buy(workload, offer, units);
    advice
}

fn risks(question: &Question<'_>, best: &Candidate<'_>) -> Vec<String> {
    let settings = &question.priced.observation.settings;
    let mut risks = Vec::new();
    if question.held() > 0 {
        risks.push(format!(
            "these are beside {} held already, which serve first: traffic has to go to both",
            ModelUnits::new(question.held())
        ));
    }
    if question.is_routed {
        risks.push(
            "what the units serve is called by the provisioned model's address; only the rest goes through a profile"
                .into(),
        );
    }
    if let Some(capacity) = best.offer.capacity {
        let origin = match capacity.origin {
            CapacityOrigin::Assumed => "assumed capacity (from the overrides; AWS publishes none)",
            CapacityOrigin::Stated => "capacity as the price book states it",
        };
        risks.push(format!(
            "{origin}: a unit serves {} input and {} output tokens an hour",
            Tokens::new(capacity.input_tokens_per_hour),
            Tokens::new(capacity.output_tokens_per_hour)
        ));
    }
    match settings.overflow {
        Overflow::Throttle => {
            risks.push(format!(
                "AWS refuses what exceeds the units: they cover the highest minute of {MINUTE_DAYS} days and {} headroom",
                settings.headroom.percent()
            ));
            let fewer = best.units.count() - 1;
            if let Some(refused) = best.sized.minutes.left_share(fewer).filter(|_| fewer > 0) {
                risks.push(format!(
                    "{} would have left {refused} of that traffic refused, by its price",
                    ModelUnits::new(fewer)
                ));
            }
        }
        Overflow::Spill => risks.push(super::SPILL_ASSUMPTION.into()),
    }
    if question.workload.is_throttled() {
        risks.push(
            "requests were throttled: the true demand is higher than what was metered".into(),
        );
    }
    risks.push(match best.offer.term {
        Term::None => {
            "units without a term are priced for all hours; switching them off by the hour is not modelled".into()
        }
        _ => "a term cannot be ended early and renews by itself".to_owned(),
    });
    risks
}
