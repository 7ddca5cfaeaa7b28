//! Should fewer tokens be reserved? Each holding that the overrides declare is looked at alone, the
//! others of its scope serving on, and taken at its exact joint optimum within what it has.
//!
//! Silent where nobody says what it costs.

use crate::advice::candidate::Amount;
use crate::advice::command::CONTACT;
use crate::advice::finding::Finding;
use crate::advice::gates::{self, Gate};
use crate::advice::holding_advice::{
    AtTermEnd, HoldingAdvice, HoldingLoad, SmallerHolding, refusals,
};
use crate::advice::{Action, Arrangement, Evidence, Plan, Recommendation, Working};
use crate::domain::Usd;
use crate::domain::period::HOURS_PER_MONTH;
use crate::pricing::LaneRates;
use crate::pricing::{Priced, Reserved, Workload, reserves};
use crate::sizing::ReservationTerms;
use crate::sizing::demand::ServableDemand;
use crate::sizing::traffic::Traffic;
use crate::sizing::trial::certainty_of_cut;
use crate::sizing::{Purchase, Reservation, TokenPurchase};

pub(crate) fn advise(
    priced: &Priced<'_>,
    workload: &Workload<'_>,
    current: &[LaneRates<'_>],
) -> Finding {
    let mut found = Finding::default();
    // One after the other, as units are: what ends first is decided first.
    let mut reserved: Vec<&Reserved<'_>> = workload.reserved.iter().collect();
    reserved.sort_by_key(|held| (held.declared.term_ends, &held.declared.name));
    let mut amounts: Vec<Reservation> = reserved
        .iter()
        .copied()
        .map(|held| Reservation::declared(held.declared))
        .collect();
    for place in 0..reserved.len() {
        let held = reserved[place];
        let others = reserved
            .iter()
            .zip(&amounts)
            .filter(|(other, _)| {
                other.declared.scope == held.declared.scope
                    && other.declared.name != held.declared.name
            })
            .map(|(_, amount)| *amount)
            .fold(Reservation::NONE, Reservation::and);
        let mut said = HoldingAdvice::unknown(&held.declared.name);
        let mut at_end = AtTermEnd::Undecided;
        match smaller_reservation(priced, workload, current, (held, others)) {
            Ok(Some(smaller)) => {
                said.load = HoldingLoad::UnderUsed;
                said.right_size = Some(smaller.to.to_string());
                let mut finding = finding(priced, workload, current, held, &smaller);
                let is_dismissed = finding.dismiss(priced);
                if !finding.recommendations.is_empty() {
                    at_end = smaller.at_term_end();
                    if !is_dismissed {
                        amounts[place] = smaller.reservation();
                    }
                }
                found.take(finding);
            }
            Ok(None) => {
                said.load = HoldingLoad::Fits;
                at_end = AtTermEnd::Renew;
            }
            Err(why) => found.reasons.push(why),
        }
        said.at_term_end = held.declared.term_ends.is_some().then_some(at_end);
        found.holdings.push(said);
    }
    found
}

/// What of a reservation would cost less, if anything. An error says why that is not known.
fn smaller_reservation(
    priced: &Priced<'_>,
    workload: &Workload<'_>,
    current: &[LaneRates<'_>],
    (held, others): (&Reserved<'_>, Reservation),
) -> Result<Option<SmallerHolding>, String> {
    let name = &held.declared.name;
    let unknown = |why: &str| format!("whether {name} has its right size is not known: {why}");
    if let Some(refusal) = gates::completeness(workload).first() {
        return Err(unknown(&refusal.why));
    }
    let Some(cost) = held.monthly_cost else {
        return Err(unknown("nobody says what it costs"));
    };
    let scope = held.declared.scope;
    let offers = &workload.reserved_offers;
    let offer = offers
        .iter()
        .find(|offer| offer.scope == scope && offer.term == held.declared.term);
    let Some(offer) = offer else {
        return Err(unknown("the price book has no price of it"));
    };
    let demand = ServableDemand::new(priced, workload, current, Traffic::Reserved(scope))
        .map_err(|why| unknown(&why.to_string()))?;
    let purchase = TokenPurchase {
        terms: ReservationTerms::of(offer),
        held: others,
    };
    let sized = demand.sized(&purchase);
    let now = Reservation::declared(held.declared);
    // At a price of its own only the whole of it is known to cost what it costs.
    let is_listed = held.declared.usd_per_hour.is_none();
    let to = if is_listed {
        sized.minutes.optimum_within(now)
    } else {
        Reservation::NONE
    };
    let total = |reservation: Reservation, cost: Usd| {
        cost + sized.all_monthly() - sized.replaced_monthly(reservation)
    };
    let then = total(to, purchase.cost(to, HOURS_PER_MONTH));
    let as_it_is = total(now, cost);
    if to == now || then >= as_it_is {
        return Ok(None);
    }
    Ok(Some(SmallerHolding {
        to: Amount::Tokens(to),
        is_none: to == Reservation::NONE,
        savings: as_it_is - then,
        certainty: certainty_of_cut(
            &purchase,
            &demand,
            ((now, cost), (to, purchase.cost(to, HOURS_PER_MONTH))),
            sized.burst_share(now),
            workload.observed_days,
        ),
        workings: vec![
            Working::new(
                "costs a month as it is",
                as_it_is,
                "the reservation and what goes on-demand beside it",
            ),
            Working::new(
                "costs a month then",
                then,
                "likewise, at its optimum by the minute",
            ),
        ],
        on: "the joint optimum of input and output, by the minute",
    }))
}

fn finding(
    priced: &Priced<'_>,
    workload: &Workload<'_>,
    current: &[LaneRates<'_>],
    held: &Reserved<'_>,
    smaller: &SmallerHolding,
) -> Finding {
    let name = &held.declared.name;
    let action = if smaller.is_none {
        Action::LetCommitmentExpire
    } else {
        Action::RightSizeReservation
    };
    let description = if smaller.is_none {
        format!("without `{name}`")
    } else {
        smaller.to.to_string()
    };
    let plan = Plan::new(action, description.clone()).saving(workload, smaller.savings);
    let refusals = refusals(priced, workload, smaller, (action, name));
    if !refusals.is_empty() {
        return Finding::refused(plan, refusals);
    }
    let mut evidence = Evidence::default();
    let served = current
        .iter()
        .filter(|rates| reserves(held.declared.scope, rates.scope));
    for rates in served {
        evidence.lane(priced, rates.lane);
    }
    let cost = held.monthly_cost.unwrap_or_default();
    let current = Arrangement {
        description: format!(
            "`{name}`: {}, {}",
            Amount::Tokens(Reservation::declared(held.declared)),
            held.declared.scope.in_words()
        ),
        monthly_cost: cost,
    };
    let proposed = Arrangement {
        description,
        monthly_cost: cost - smaller.savings,
    };
    let mut advice = Recommendation::new(action, workload, name, current, proposed, evidence);
    advice.take_figures(smaller);
    advice.rollback_possible = false;
    advice.contact = Some(CONTACT.to_owned());
    let today = priced.day;
    match held.declared.term_ends {
        Some(day) if day >= today => {
            advice.not_counted_because =
                Some(format!("it is paid for until its term ends on {day}"));
            advice.savings_start = day
                .to_zoned(jiff::tz::TimeZone::UTC)
                .ok()
                .map(|start| start.timestamp());
        }
        Some(_) => {}
        None => {
            advice.not_counted_because =
                Some("the overrides do not say when its term ends (`term_ends`)".to_owned());
        }
    }
    advice
        .risks
        .push("it is billed on after its term until AWS is told to delete it".into());
    Finding::advised(plan, advice, Gate::Order)
}
