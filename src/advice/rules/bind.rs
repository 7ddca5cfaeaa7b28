//! Binding what is held for a term. Only units that are worth their price, and that are not to shrink.

use rust_decimal::Decimal;

use crate::advice::finding::Finding;
use crate::advice::gates::{self, Gate, Refusal};
use crate::advice::holding_advice::put_off_to_term_end;
use crate::advice::{
    Action, Arrangement, Commitment, Evidence, Money, Plan, Recommendation, command,
};
use crate::catalog::Offer;
use crate::domain::{Term, Usd};
use crate::pricing::{Holding, LaneRates, Priced, Workload};
use crate::sizing::demand::ServableDemand;
use crate::sizing::traffic::Traffic;
use crate::sizing::trial::{Trial, percent};

/// An offer of the same units under a term, put to the gates.
struct TermOption<'o> {
    offer: &'o Offer,
    refusals: Vec<Refusal>,
    /// Trial of the offer; `None` where the demand is not known.
    trial: Option<Trial>,
}

/// Finds the term that costs least of those that fail the fewest gates; `None` where none costs
/// less.
fn best_term<'w>(
    priced: &Priced<'_>,
    workload: &'w Workload<'_>,
    cheapest: &[LaneRates<'_>],
    holding: &Holding<'_>,
    are_units_sold: bool,
) -> Option<TermOption<'w>> {
    let held = holding.held;
    let settings = &priced.observation.settings;
    let (own, cost) = (holding.offer.as_ref()?, holding.monthly_cost?);
    let traffic = Traffic::Units { serving: &[holding], with_on_demand: false };
    let option = |offer: &'w Offer| {
        let rates = LaneRates::over_term(priced, workload, cheapest, offer.term);
        let hours = ServableDemand::hourly(priced, workload, &rates, traffic).ok();
        let then = offer.unit_price.monthly_cost(held.model_units);
        let (action, arn) = (Action::BindProvisionedModel, &held.provisioned_model_arn);
        let was_open = gates::was_open(priced, workload, action, arn);
        // Trend and history gate here, since a term binds; the share is of what the term binds.
        let mut refusals = Vec::new();
        refusals.extend(gates::thresholds(settings, cost - then, then, was_open));
        let trial = hours
            .as_ref()
            .map(|hours| Trial::of_holding(hours, priced.recent, then, workload.observed_days));
        if let Some(trial) = &trial {
            refusals.extend(gates::certainty(trial.certainty.as_ref()));
            refusals.extend(gates::trend(trial, offer.term));
        }
        refusals.extend(gates::history(settings, workload, offer.term));
        refusals.extend(gates::lifecycle(priced, workload, offer.term));
        refusals.extend(gates::freshness(priced, offer.source.provenance.checked));
        if !are_units_sold {
            let why = "AWS does not offer units of this model in this Region";
            refusals.push(Refusal::new(Gate::Availability, why));
        }
        TermOption { offer, refusals, trial }
    };
    let others = workload.offers.iter().filter(|offer| {
        offer.label == own.label && offer.term != Term::None && offer.unit_price < own.unit_price
    });
    others.map(option).min_by_key(|option| (option.refusals.len(), option.offer.unit_price))
}

/// Advises to hold the same units under a term that costs less. A term is a commitment, so the offer
/// has to pass the gates of one. Silent where the price or the cost of what is held is not known.
pub(crate) fn advise(
    priced: &Priced<'_>,
    workload: &Workload<'_>,
    cheapest: &[LaneRates<'_>],
    holding: &Holding<'_>,
    are_units_sold: bool,
) -> Finding {
    let held = holding.held;
    let units = held.model_units;
    let (Some(own), Some(cost)) = (&holding.offer, holding.monthly_cost) else {
        return Finding::default();
    };
    let Some(option) = best_term(priced, workload, cheapest, holding, are_units_sold) else {
        return Finding::default();
    };
    let TermOption { offer, refusals, trial } = option;
    let then = offer.unit_price.monthly_cost(units);
    let action = Action::BindProvisionedModel;
    let description = format!("{units}, {}", offer.term);
    let plan = Plan::new(action, description.clone()).saving(workload, cost - then);
    if !refusals.is_empty() {
        // Listed, not told: nobody asks why what they hold is not bound for longer.
        return Finding::listed_all(plan, refusals);
    }
    let mut evidence = Evidence::default();
    evidence.offer(&holding.model, own);
    evidence.offer(&holding.model, offer);
    for rates in cheapest {
        evidence.lane(priced, rates.lane);
    }
    let arn = &held.provisioned_model_arn;
    let money = Money::saved(
        Arrangement::costing(
            format!("{units} of {}, {}", held.provisioned_model_name, own.term),
            cost,
        ),
        Arrangement::costing(description, then),
    );
    let mut advice = Recommendation::new(action, workload, arn, money, evidence);
    advice.provisioned_model_arn = Some(arn.clone());
    let robustness = trial.and_then(|trial| trial.robustness);
    let months = Decimal::from(offer.term.months());
    advice.commitment = Commitment {
        robustness: robustness.and_then(|share| percent(share, 1)),
        commitment_total: Some(Usd::new(then.dollars() * months)),
        ..Commitment::default()
    };
    advice.standing.rollback_possible = false;
    advice.grounds.risks.extend([
        "a term is bought with a new provisioned model: callers have to call that one".into(),
        "a term cannot be ended early and renews by itself".into(),
    ]);
    let steps = command::replace(workload, held, offer, units);
    put_off_to_term_end(priced, held, &mut advice, steps);
    Finding::advised(plan, advice, Gate::Order)
}
