//! The advice to buy one offer, with its risks.

use std::borrow::Cow;
use std::collections::BTreeSet;

use crate::advice::amount::Amount;
use crate::advice::candidate::{Candidate, Offered, overflow_risk};
use crate::advice::command::CONTACT;
use crate::advice::gates;
use crate::advice::recommendation::several;
use crate::advice::rules::buy::basis::BuyingBasis;
use crate::advice::{Arrangement, Commitment, Evidence, Money, Recommendation, Standing, command};
use crate::catalog::{AllowedScope, Offer, ReservedOffer, ReservedScope};
use crate::config::Overflow;
use crate::domain::quantity::CapacityOrigin;
use crate::domain::{Meter, Scope, Term, Tokens};
use crate::pricing::{LaneRates, PricedMeter, reserves};
use crate::sizing::trial::{Trial, percent};
use crate::sizing::{BreakEven, Purchase as _, Reservation, UnitPurchase};

pub(super) fn break_even<'q>(basis: &BuyingBasis<'q>, offer: &Offer) -> Option<&'q BreakEven> {
    basis.break_even.iter().find(|even| even.term == offer.term && even.label == offer.label)
}

pub(super) fn recommendation(basis: &BuyingBasis<'_>, best: &Candidate<'_>) -> Recommendation {
    let (priced, workload) = (basis.priced, basis.workload);
    let mut evidence = Evidence::default();
    let rates = basis.rates(&best.offered);
    let goes_there = |rates: &&LaneRates<'_>| {
        best.only.is_empty() || best.only.iter().any(|id| id == rates.lane.usage.model_id.text())
    };
    for rates in rates.iter().filter(goes_there) {
        evidence.lane(priced, rates.lane);
        evidence.rates(workload, rates);
    }
    for rates in rates.iter().filter(goes_there) {
        evidence.history(priced, rates.lane);
    }
    match &best.offered {
        Offered::Units(offer) => evidence.offer(&workload.model, offer),
        Offered::Tokens(offer) => evidence.reserved_offer(&workload.model, offer),
    }
    let has_lanes = basis.target.is_none_or(|target| !target.lanes.is_empty());
    let lanes = match best.only.as_slice() {
        [] if !has_lanes && !best.replaced.is_empty() => None,
        [] => Some("on-demand".to_owned()),
        only => Some(format!("{} on-demand", only.join(" and "))),
    };
    let replaced = best.replaced.iter().map(|holding| {
        let held = holding.held;
        format!("{} of {}", held.model_units, held.provisioned_model_name)
    });
    let now = lanes.into_iter().chain(replaced).collect::<Vec<_>>().join(", and ");
    let current = Arrangement::costing(now, best.without);
    let proposed = Arrangement::costing(best.describe(), best.with());
    let action = best.offered.action();
    let subject = best.offered.subject(&workload.model);
    let trial = best.trial.as_ref();
    let certainty = trial.and_then(|trial| trial.certainty.as_ref());
    let money = Money::saved(current, proposed).sure(certainty, best.offered.term().months());
    let mut advice = Recommendation::new(action, workload, &subject, money, evidence);
    let robustness = trial.and_then(|trial| trial.robustness);
    advice.commitment = Commitment {
        break_even: match &best.offered {
            Offered::Units(offer) => break_even(basis, offer).cloned(),
            Offered::Tokens(_) => None,
        },
        months_to_pay: best.months_to_pay,
        robustness: robustness.and_then(|share| percent(share, 1)),
        backtest: trial.and_then(Trial::backtest),
        commitment_total: best.commitment_total(),
        advised_size: Some(best.amount.size()),
    };
    advice.standing = Standing {
        look_again: None,
        // Units without a term can be deleted at any time.
        rollback_possible: advice.commitment.commitment_total.is_none(),
        not_counted_because: match best.offered.scope() {
            None => gates::in_region(priced, workload),
            Some(ReservedScope::Regional) => {
                gates::allowed(priced, workload, &[AllowedScope::InRegion, AllowedScope::Geo])
            }
            Some(ReservedScope::Global) => {
                gates::allowed(priced, workload, &[AllowedScope::Global])
            }
        },
    };
    if let Some(held) = &best.held_back {
        advice.standing.hold(held);
    }
    advice.grounds.workings.extend(best.workings.iter().cloned());
    advice.grounds.risks.extend(risks(basis, best));
    match (&best.offered, best.amount) {
        (Offered::Units(offer), Amount::Units(units)) => {
            let steps = command::buy(workload, offer, units, &best.replaced);
            advice.remedy.take_steps(steps);
        }
        // No API reserves tokens.
        _ => advice.remedy.contact = Some(CONTACT.to_owned()),
    }
    advice
}

fn risks(basis: &BuyingBasis<'_>, best: &Candidate<'_>) -> Vec<String> {
    let mut risks = Vec::new();
    match &best.offered {
        Offered::Units(offer) => risks.extend(unit_risks(basis, best, offer)),
        Offered::Tokens(offer) => risks.extend(token_risks(basis, offer)),
    }
    if matches!(basis.rates(&best.offered), Cow::Owned(_)) {
        risks.push(
            "a price is known to change within the days that it is for: each counts for its days"
                .into(),
        );
    }
    if basis.workload.is_throttled() {
        risks.push(
            "requests were throttled: the true demand is higher than what was metered".into(),
        );
    }
    risks.push(match (&best.offered, best.offered.term()) {
        (Offered::Tokens(_), _) => {
            "a reservation is billed on after its term until AWS is told to delete it".to_owned()
        }
        (_, Term::None) => {
            "units without a term are priced for all hours; switching them off by the hour is not modelled".into()
        }
        _ => "a term cannot be ended early and renews by itself".to_owned(),
    });
    risks
}

fn unit_risks(basis: &BuyingBasis<'_>, best: &Candidate<'_>, offer: &Offer) -> Vec<String> {
    let settings = &basis.priced.observation.settings;
    let mut risks = Vec::new();
    if basis.held != UnitPurchase::NONE {
        risks.push(format!(
            "these are beside {} held already, which serve first: traffic has to go to both",
            basis.held
        ));
    }
    if !best.only.is_empty() {
        risks.push(format!(
            "of the model's requests those of {} alone go to the units, all of them; the others stay",
            best.only.join(" and ")
        ));
    }
    if !best.replaced.is_empty() {
        let names = best.replaced.iter().map(|it| it.held.provisioned_model_name.as_str());
        let names: Vec<&str> = names.collect();
        risks.push(format!(
            "the calls of {} go to the units too, which are given up for them",
            several(&names)
        ));
    }
    if basis.is_routed {
        risks.push(
            "what the units serve is called by the provisioned model's address; only the rest goes through a profile"
                .into(),
        );
    }
    if let Some(capacity) = offer.capacity {
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
    let lanes = basis.cheapest.iter().filter(|rates| rates.lane.is_servable());
    let mut meters = lanes.flat_map(|rates| &rates.lane.meters);
    let is_cached = |meter: &PricedMeter| {
        matches!(meter.meter, Meter::CacheRead | Meter::CacheWrite) && !meter.recent.is_zero()
    };
    if meters.any(is_cached) {
        risks.push(if settings.units_cache {
            "units are taken to cache prompts (GUARD_UNITS_CACHE), which AWS's pages contradict each other on".into()
        } else {
            "units are taken to cache nothing: each cached token loads them as any other (GUARD_UNITS_CACHE)".into()
        });
    }
    risks.push(overflow_risk(settings));
    if settings.overflow == Overflow::Throttle {
        risks.extend(best.fewer.clone());
    }
    risks
}

fn token_risks(basis: &BuyingBasis<'_>, offer: &ReservedOffer) -> Vec<String> {
    let mut risks = Vec::new();
    let held = basis.reserved(offer.scope);
    if held == Reservation::NONE {
        risks.push(format!(
            "if you hold none: no API lists reserved tokens, and the overrides declare none of the {} scope for this model",
            offer.scope.in_words()
        ));
    } else {
        risks.push("these are beside the reserved tokens that the overrides declare".into());
    }
    let served = basis.routed.iter().filter(|rates| rates.lane.is_standard());
    let scopes: BTreeSet<bool> = served
        .filter(|rates| reserves(offer.scope, rates.scope))
        .map(|rates| rates.scope == Scope::InRegion)
        .collect();
    if scopes.len() > 1 {
        risks.push(
            "one reservation is taken to serve in-Region requests and those through a geo profile alike: AWS does not say"
                .into(),
        );
    }
    if basis.is_routed {
        risks.push("it serves what is routed to the global profile, so route first".into());
    }
    let settings = &basis.priced.observation.settings;
    risks.push(if settings.reserved_cache_reads {
        "cache reads are taken to be served by the reservation (GUARD_RESERVED_CACHE_READS)".into()
    } else {
        "cache reads are taken to be billed as on-demand beside the reservation: AWS does not say"
            .to_owned()
    });
    risks
}
