//! The advice to buy one offer, with its risks.

use crate::advice::candidate::{Amount, Candidate, Offered, overflow_risk};
use crate::advice::command::CONTACT;
use crate::advice::gates;
use crate::advice::rules::buy::basis::BuyingBasis;
use crate::advice::{Arrangement, Evidence, Recommendation, Savings, command};
use crate::catalog::{Offer, ReservedOffer, ReservedScope, ScopeKind, Term};
use crate::config::Overflow;
use crate::domain::quantity::CapacityOrigin;
use crate::domain::{ModelUnits, Tokens};
use crate::sizing::trial::percent;
use crate::sizing::{BreakEven, Purchase as _, Reservation, UnitPurchase};

pub(super) fn break_even<'q>(basis: &BuyingBasis<'q>, offer: &Offer) -> Option<&'q BreakEven> {
    basis
        .break_even
        .iter()
        .find(|even| even.term == offer.term && even.label == offer.label)
}

pub(super) fn recommendation(basis: &BuyingBasis<'_>, best: &Candidate<'_>) -> Recommendation {
    let (priced, workload) = (basis.priced, basis.workload);
    let mut evidence = Evidence::default();
    for rates in basis.rates(&best.offered) {
        evidence.lane(priced, rates.lane);
        evidence.rates(workload, rates);
    }
    for rates in basis.rates(&best.offered) {
        evidence.history(priced, rates.lane);
    }
    match &best.offered {
        Offered::Units(offer) => evidence.offer(&workload.model, offer),
        Offered::Tokens(offer) => evidence.reserved_offer(&workload.model, offer),
    }
    let current = Arrangement {
        description: "on-demand".into(),
        monthly_cost: best.without,
    };
    let proposed = Arrangement {
        description: best.describe(),
        monthly_cost: best.with(),
    };
    let action = best.offered.action();
    let subject = best.offered.subject(&workload.model);
    let mut advice = Recommendation::new(action, workload, &subject, current, proposed, evidence);
    advice.workings.extend(best.workings.iter().cloned());
    if let Some(trial) = &best.trial {
        if let Some(certainty) = &trial.certainty {
            advice.estimated_monthly_savings = Savings {
                p10: certainty.p10(),
                p50: certainty.p50(),
                p90: certainty.p90(),
                ..advice.estimated_monthly_savings
            };
        }
        advice.robustness = trial.robustness.and_then(|share| percent(share, 1));
        advice.backtest = trial.backtest();
    }
    advice.months_to_pay = best.months_to_pay;
    advice.risks.extend(risks(basis, best));
    if let Some(total) = best.commitment_total() {
        advice.commitment_total = Some(total);
        advice.rollback_possible = false;
    }
    match &best.offered {
        Offered::Units(offer) => {
            advice.not_counted_because = gates::in_region(priced, workload);
            advice.break_even = break_even(basis, offer).cloned();
            let units = match best.amount {
                Amount::Units(units) => units,
                Amount::Tokens(_) => ModelUnits::default(),
            };
            advice.take_steps(command::buy(workload, offer, units).into_iter().collect());
        }
        Offered::Tokens(offer) => {
            let scopes: &[ScopeKind] = match offer.scope {
                ReservedScope::Regional => &[ScopeKind::InRegion, ScopeKind::Geo],
                ReservedScope::Global => &[ScopeKind::Global],
            };
            advice.not_counted_because = gates::allowed(priced, workload, scopes);
            advice.contact = Some(CONTACT.to_owned());
        }
    }
    advice
}

fn risks(basis: &BuyingBasis<'_>, best: &Candidate<'_>) -> Vec<String> {
    let mut risks = Vec::new();
    match &best.offered {
        Offered::Units(offer) => risks.extend(unit_risks(basis, best, offer)),
        Offered::Tokens(offer) => risks.extend(token_risks(basis, offer)),
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
    if basis.held() != UnitPurchase::NONE {
        risks.push(format!(
            "these are beside {} held already, which serve first: traffic has to go to both",
            basis.held()
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
