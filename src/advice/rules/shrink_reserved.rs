//! Fewer reserved tokens, where that costs less. Each holding that the overrides declare is looked at
//! alone, the others of its scope serving on, and taken at its exact joint optimum within what it has.
//! What would go on-demand is taken at the upper end of its prices, and renewing is buying, as with
//! [`crate::advice::rules::shrink_units`].
//!
//! Silent where nobody says what it costs.

use jiff::tz::TimeZone;

use crate::advice::amount::Amount;
use crate::advice::command::CONTACT;
use crate::advice::finding::Finding;
use crate::advice::gates::{self, Gate};
use crate::advice::holding_advice::{
    AtTermEnd, HoldingAdvice, HoldingLoad, Renewal, SizeReview, SmallerHolding, UnknownSize,
    judged_by, refusals,
};
use crate::advice::{
    Action, Arrangement, Evidence, Money, Plan, Recommendation, Standing, Working,
};
use crate::domain::period::HOURS_PER_MONTH;
use crate::domain::sorting::sort_by;
use crate::domain::{Term, day_of};
use crate::pricing::{LaneRates, Priced, Reserved, Workload, reserves};
use crate::sizing::demand::ServableDemand;
use crate::sizing::traffic::Traffic;
use crate::sizing::trial::{HeldAmount, HeldPart};
use crate::sizing::tried_hours::WeeklySize;
use crate::sizing::{Purchase as _, Reservation, ReservationTerms, TokenPurchase};

pub(crate) fn advise(
    priced: &Priced<'_>,
    workload: &Workload<'_>,
    current: &[LaneRates<'_>],
) -> Finding {
    let mut finding = Finding::default();
    let dearest: Vec<LaneRates<'_>> = current.iter().map(LaneRates::at_upper_end).collect();
    // One after the other, as units are: what ends first is decided first.
    let mut reserved: Vec<&Reserved<'_>> = workload.reserved.iter().collect();
    sort_by(&mut reserved, |a, b| {
        (a.declared.term_ends, &a.declared.name).cmp(&(b.declared.term_ends, &b.declared.name))
    });
    let mut amounts: Vec<Reservation> =
        reserved.iter().copied().map(|held| Reservation::declared(held.declared)).collect();
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
        let review =
            ReservationReview { priced, workload, current, dearest: &dearest, held, others };
        let name = &held.declared.name;
        let mut holding_advice = HoldingAdvice::unknown(name);
        let mut at_end = AtTermEnd::Undecided;
        match review.size() {
            Ok(SizeReview::Smaller(smaller)) => {
                holding_advice.load = HoldingLoad::UnderUsed;
                holding_advice.right_size = Some(smaller.amount().to_string());
                let mut shrunk = review.finding(&smaller);
                let is_dismissed = shrunk.dismiss(priced);
                if !shrunk.recommendations.is_empty() {
                    at_end = smaller.at_term_end();
                    if !is_dismissed {
                        amounts[place] = smaller.to;
                    }
                }
                finding.take(shrunk);
            }
            Ok(SizeReview::NoneCheaper) => {
                holding_advice.load = HoldingLoad::Fits;
                (at_end, holding_advice.at_term_end_because) = review.renewal();
            }
            Err(why) => finding
                .reasons
                .push(format!("whether {name} has its right size is not known: {why}")),
        }
        holding_advice.at_term_end = held.declared.term_ends.is_some().then_some(at_end);
        if holding_advice.at_term_end.is_none() {
            holding_advice.at_term_end_because = None;
        }
        finding.holdings.push(holding_advice);
    }
    finding
}

/// One holding of reserved tokens under review.
struct ReservationReview<'r> {
    priced: &'r Priced<'r>,
    workload: &'r Workload<'r>,
    /// Rates of each lane, at the lower end of each range.
    current: &'r [LaneRates<'r>],
    /// The same rates at the upper end.
    dearest: &'r [LaneRates<'r>],
    held: &'r Reserved<'r>,
    /// Reserved tokens of the same scope that serve on beside the holding.
    others: Reservation,
}

impl ReservationReview<'_> {
    /// Looks for a smaller reservation that costs less.
    fn size(&self) -> Result<SizeReview<Reservation>, UnknownSize> {
        let declared = self.held.declared;
        if let Some(refusal) = gates::completeness(self.workload).into_iter().next() {
            return Err(UnknownSize::Incomplete(refusal));
        }
        if let Some(refusal) = gates::on_demand_price(self.workload, self.current) {
            return Err(UnknownSize::LowPrice(refusal));
        }
        let cost = self.held.monthly_cost.ok_or(UnknownSize::NoCost)?;
        let mut offers = self.workload.reserved_offers.iter();
        let offer = offers
            .find(|offer| offer.scope == declared.scope && offer.term == declared.term)
            .ok_or(UnknownSize::NoOffer)?;
        let traffic = Traffic::Reserved(declared.scope);
        let demand = ServableDemand::new(self.priced, self.workload, self.dearest, traffic)?;
        let purchase = TokenPurchase { terms: ReservationTerms::of(offer), held: self.others };
        let sized = demand.sized(&purchase);
        let now = HeldAmount { amount: Reservation::declared(declared), monthly_cost: cost };
        // At a price of its own only the whole of it is known to cost what it costs.
        let to = match declared.usd_per_hour {
            None => sized.minutes.optimum_within(now.amount),
            Some(_) => Reservation::NONE,
        };
        let then = HeldAmount { amount: to, monthly_cost: purchase.cost(to, HOURS_PER_MONTH) };
        let total = |held: HeldAmount<Reservation>| {
            held.monthly_cost + sized.all_monthly() - sized.replaced_monthly(held.amount)
        };
        if to == now.amount || total(then) >= total(now) {
            return Ok(SizeReview::NoneCheaper);
        }
        Ok(SizeReview::Smaller(SmallerHolding {
            to,
            savings: total(now) - total(then),
            certainty: HeldPart {
                purchase: &purchase,
                demand: &demand,
                more: now,
                less: Some(then),
                bursts: sized.burst_shares(now.amount, to),
                observed_days: self.workload.observed_days,
                term: Term::None,
            }
            .certainty_of_cut(),
            workings: vec![
                Working::new(
                    "costs a month as it is",
                    total(now),
                    "the reservation and what goes on-demand beside it",
                ),
                Working::new(
                    "costs a month then",
                    total(then),
                    "likewise, at its optimum by the minute",
                ),
                judged_by("the joint optimum of input and output, by the minute"),
            ],
        }))
    }

    /// Decides whether to reserve as much for another term, with the reason where not.
    fn renewal(&self) -> (AtTermEnd, Option<String>) {
        let undecided = (AtTermEnd::Undecided, None);
        let (priced, workload) = (self.priced, self.workload);
        let declared = self.held.declared;
        let mut offers = workload.reserved_offers.iter();
        let offer =
            offers.find(|offer| offer.scope == declared.scope && offer.term == declared.term);
        let (Some(offer), Some(cost)) = (offer, self.held.monthly_cost) else {
            return undecided;
        };
        let traffic = Traffic::Reserved(declared.scope);
        let first = declared.term_ends.unwrap_or(priced.day).max(priced.day);
        let current = LaneRates::over_term(priced, workload, self.current, declared.term, first);
        let demand = ServableDemand::new(priced, workload, &current, traffic);
        let Ok(demand) = demand else { return undecided };
        let purchase = TokenPurchase { terms: ReservationTerms::of(offer), held: self.others };
        let sized = demand.sized(&purchase);
        let now = HeldAmount { amount: Reservation::declared(declared), monthly_cost: cost };
        // What the others replace anyway is not this one's: at most, then.
        let others = sized.replaced_monthly_at_most(Reservation::NONE);
        let replaced = sized.replaced_monthly(now.amount) - others;
        let bursts = sized.burst_shares(now.amount, Reservation::NONE);
        let part = HeldPart {
            purchase: &purchase,
            demand: &demand,
            more: now,
            less: None,
            bursts,
            observed_days: workload.observed_days,
            term: declared.term,
        };
        let renewal = Renewal {
            term: declared.term,
            first,
            savings: replaced - cost,
            bound: cost,
            // Each reservation has a term.
            trial: Some(part.trial(&[], WeeklySize::UpTo(now.amount))),
            checked: gates::oldest_check(self.current, offer.source.provenance.checked),
        };
        renewal.decided(priced, workload)
    }

    fn finding(&self, smaller: &SmallerHolding<Reservation>) -> Finding {
        let (priced, workload, held) = (self.priced, self.workload, self.held);
        let name = &held.declared.name;
        let action = if smaller.is_none() {
            Action::LetCommitmentExpire
        } else {
            Action::RightSizeReservation
        };
        let description = if smaller.is_none() {
            format!("without `{name}`")
        } else {
            smaller.amount().to_string()
        };
        let plan = Plan::new(action, description.clone()).saving(smaller.savings);
        let cost = held.monthly_cost.unwrap_or_default();
        let refusals = refusals(priced, workload, smaller, cost, action, name);
        if !refusals.is_empty() {
            return Finding::refused(plan, refusals);
        }
        let mut evidence = Evidence::default();
        let served = self.current.iter().filter(|rates| reserves(held.declared.scope, rates.scope));
        for rates in served {
            evidence.lane(priced, rates.lane);
        }
        let mut offers = workload.reserved_offers.iter();
        let declared = held.declared;
        if let Some(offer) =
            offers.find(|offer| offer.scope == declared.scope && offer.term == declared.term)
        {
            evidence.reserved_offer(&workload.model, offer);
        }
        let current = Arrangement::costing(
            format!(
                "`{name}`: {}, {}",
                Amount::Tokens(Reservation::declared(held.declared)),
                held.declared.scope.in_words()
            ),
            cost,
        );
        let proposed = Arrangement::costing(description, cost - smaller.savings);
        // A term that has ended is billed on, so giving up saves at once.
        let today = day_of(priced.observation.as_of);
        let start = held.declared.term_ends.filter(|day| *day >= today);
        let money = Money {
            // It is billed on its last day too.
            savings_start: start
                .and_then(|day| day.tomorrow().ok()?.to_zoned(TimeZone::UTC).ok())
                .map(|start| start.timestamp()),
            ..Money::saved(current, proposed).sure(smaller.certainty.as_ref(), 1)
        };
        let mut advice = Recommendation::new(action, workload, name, money, evidence);
        advice.standing = Standing {
            rollback_possible: false,
            look_again: None,
            not_counted_because: match (held.declared.term_ends, start) {
                // Without its end nobody knows from when on it would save.
                (None, _) => {
                    Some("the overrides do not say when its term ends (`term_ends`)".to_owned())
                }
                (Some(_), Some(day)) => {
                    Some(format!("it is paid for until its term ends on {day}"))
                }
                (Some(_), None) => None,
            },
        };
        advice.grounds.workings.extend(smaller.workings.clone());
        let risk = "it is billed on after its term until AWS is told to delete it";
        advice.grounds.risks.push(risk.into());
        advice.remedy.contact = Some(CONTACT.to_owned());
        Finding::advised(plan, advice, Gate::Order)
    }
}
