//! One holding of model units under review: what calls it serves, and where they could go.
//!
//! If callers route what exceeds the units, they try one provisioned model after the other, and all of
//! them serve all calls. Where AWS refuses that, each serves its own calls whole.

use std::borrow::Cow;

use jiff::civil::Date;

use crate::advice::rules::fill::FillAdvice;
use crate::advice::whole::{self, HeldThen, MoveSet, OwnCalls, Whole};
use crate::catalog::Offer;
use crate::config::Overflow;
use crate::domain::{ModelUnits, Term, Usd, day_of};
use crate::pricing::{Holding, Idleness, LaneKind, LaneRates, Priced, Workload};
use crate::sizing::bins::{LoadProfile, MOST_CALLS};
use crate::sizing::demand::{ServableDemand, UnknownDemand};
use crate::sizing::traffic::Traffic;
use crate::sizing::trial::{HeldPart, Trial};
use crate::sizing::tried_hours::WeeklySize;
use crate::sizing::{Purchase as _, UnitPurchase};

/// One holding of model units under review.
pub(super) struct HoldingReview<'c, 'w> {
    pub(super) priced: &'w Priced<'w>,
    pub(super) workload: &'w Workload<'w>,
    /// Rates of each lane where its requests are called on-demand, at the lower end of each range.
    pub(super) cheapest: &'c [LaneRates<'w>],
    /// The same rates at the end that is safe.
    pub(super) safe: &'c [LaneRates<'w>],
    pub(super) at_work: &'c [&'w Holding<'w>],
    /// Units of each of those, as told so far.
    pub(super) units: &'c [ModelUnits],
    /// Place of the holding among those.
    pub(super) place: usize,
    pub(super) holding: &'w Holding<'w>,
    pub(super) fill: &'c FillAdvice<'w>,
    pub(super) target: Option<&'c Whole>,
}

impl<'w> HoldingReview<'_, 'w> {
    /// Returns true if what AWS refuses is not called on-demand: each holding serves its own calls.
    pub(super) fn refuses(&self) -> bool {
        self.priced.observation.settings.overflow == Overflow::Throttle
    }

    /// Returns what the target decides on the holding; `None` where nothing is decided on it now.
    pub(super) fn then(&self) -> Option<&HeldThen> {
        let then = self.target?.of(self.workload, self.holding)?;
        (!self.holding.held.is_under_term()).then_some(then)
    }

    /// Returns true if the holding may be bound for a term.
    pub(super) fn may_bind(&self) -> bool {
        self.target.is_none_or(|target| target.moves == MoveSet::Commitments)
    }

    /// Returns the units that serve on beside the holding: those of other provisioned models too, if
    /// callers try one after the other.
    pub(super) fn others(&self) -> ModelUnits {
        let others = self.at_work.iter().zip(self.units).enumerate();
        let others = others.filter(|(at, _)| *at != self.place);
        let units = others.map(|(_, (_, units))| *units).sum();
        if self.refuses() { UnitPurchase::NONE } else { units }
    }

    /// Returns the first day of another term: that on which the present one ends, or today.
    pub(super) fn next_term(&self) -> Date {
        let now = self.priced.observation.as_of;
        self.holding.held.term_end(now).map_or(self.priced.day, day_of)
    }

    /// Returns some rates on-demand over another term.
    pub(super) fn over_term<'r>(
        &self,
        rates: &'r [LaneRates<'w>],
        term: Term,
    ) -> Cow<'r, [LaneRates<'w>]> {
        LaneRates::over_term(self.priced, self.workload, rates, term, self.next_term())
    }

    /// Returns the units of an offer beside those of others.
    pub(super) fn purchase(&self, offer: &Offer) -> Option<UnitPurchase> {
        Some(UnitPurchase {
            capacity: offer.capacity?,
            price: offer.unit_price,
            held: self.others(),
        })
    }

    /// Lists the offers of what is held without a term: its own where it has none.
    pub(super) fn without_term(&self) -> impl Iterator<Item = &'w Offer> {
        let own = self.holding.offer.as_ref();
        let offers = self.workload.offers.iter();
        offers.filter(move |offer| {
            offer.term == Term::None && own.is_some_and(|own| own.label == offer.label)
        })
    }

    /// Puts the holding on of a part to the weeks, of which each can hold as much without a term.
    pub(super) fn trial(&self, part: &HeldPart<'_, UnitPurchase>) -> Trial {
        let unbound: Vec<_> =
            self.without_term().filter_map(|offer| self.purchase(offer)).collect();
        let size = if self.refuses() {
            WeeklySize::Whole(part.more.amount)
        } else {
            WeeklySize::UpTo(self.holding.held.model_units)
        };
        part.trial(&unbound, size)
    }

    /// Puts the whole holding to the weeks by what it served, for so much a month; `None` where that is
    /// not known.
    pub(super) fn trial_of_served(&self, rates: &[LaneRates<'w>], cost: Usd) -> Option<Trial> {
        let (priced, workload, holding) = (self.priced, self.workload, self.holding);
        let traffic = Traffic::Units { serving: &[holding], with_on_demand: false };
        let hours = ServableDemand::hourly(priced, workload, rates, traffic).ok()?;
        let units = holding.held.model_units;
        let unbound = self.without_term().map(|offer| offer.unit_price.monthly_cost(units)).min();
        let days = workload.observed_days;
        Some(Trial::of_holding(&hours, priced.recent, cost, unbound, days))
    }

    /// Builds the demand for the holding at some rates of all lanes: where AWS refuses what exceeds
    /// units, of its own calls and of what went there whole; else of all that share the units, with the
    /// lanes that are to be filled in or without.
    pub(super) fn demand(
        &self,
        rates: &[LaneRates<'w>],
        with_lanes: bool,
    ) -> Result<ServableDemand, UnknownDemand> {
        if self.refuses() {
            return self.demand_of(rates, &self.calls_of(self.place), &[self.holding]);
        }
        let lanes = if with_lanes { self.fill.lanes.as_slice() } else { &[] };
        let rates = LaneRates::of_units(rates, lanes);
        let traffic = Traffic::Units { serving: self.at_work, with_on_demand: true };
        ServableDemand::new(self.priced, self.workload, &rates, traffic)
    }

    /// Lists the holdings whose own calls go to one of them.
    fn calls_of(&self, place: usize) -> Vec<&'w Holding<'w>> {
        let goes_there = |(at, holding): &(usize, &&'w Holding<'w>)| {
            let then = self.target.and_then(|target| target.of(self.workload, holding));
            match then.map(|then| then.own) {
                // What is given up serves no more, and what it served goes with it.
                Some(OwnCalls::To(other)) => self.host(other).is_some_and(|host| {
                    self.at_work.get(place).is_some_and(|here| here.held == host.held)
                }),
                Some(OwnCalls::Leave | OwnCalls::LeaveFor(_) | OwnCalls::ToBought) => {
                    *at == place && self.at_work[place].held == self.holding.held
                }
                Some(OwnCalls::Stay) | None => *at == place,
            }
        };
        let all = self.at_work.iter().enumerate().filter(goes_there);
        all.map(|(_, holding)| *holding).collect()
    }

    /// Returns a holding by its place in the target.
    fn host(&self, place: usize) -> Option<&'w Holding<'w>> {
        self.workload.holdings.get(self.target?.holdings.get(place)?.place)
    }

    /// Builds the demand of the calls of some holdings, with the lanes that went whole to some.
    fn demand_of(
        &self,
        rates: &[LaneRates<'w>],
        holdings: &[&Holding<'w>],
        filled: &[&Holding<'w>],
    ) -> Result<ServableDemand, UnknownDemand> {
        let is_theirs = |rates: &&LaneRates<'_>| {
            holdings.iter().any(|holding| rates.lane.kind == LaneKind::Provisioned(holding.held))
                || filled.iter().any(|it| self.fill.is_whole_in(rates.lane, it.held))
        };
        let own: Vec<LaneRates<'_>> = rates.iter().filter(is_theirs).cloned().collect();
        let traffic = Traffic::Units { serving: holdings, with_on_demand: true };
        ServableDemand::new(self.priced, self.workload, &own, traffic)
    }

    /// Returns another holding that takes all calls of this one: the one that the target names, or, once
    /// a term ends, one that has room then.
    pub(super) fn host_of_its_calls(&self) -> Option<&'w Holding<'w>> {
        match self.then() {
            Some(HeldThen { own: OwnCalls::To(place), .. }) => self.host(*place),
            None if self.refuses() => self.room_elsewhere(),
            _ => None,
        }
    }

    /// Returns true if all of its calls go to another holding. Of what is kept, what makes room for others
    /// is told with them.
    pub(super) fn goes_elsewhere(&self) -> bool {
        let is_kept = self.then().is_some_and(|then| then.units != UnitPurchase::NONE);
        !is_kept && self.host_of_its_calls().is_some()
    }

    fn room_elsewhere(&self) -> Option<&'w Holding<'w>> {
        let headroom = self.priced.observation.settings.headroom;
        let has_room = |at: &usize| {
            let (other, units) = (self.at_work.get(*at)?, self.units.get(*at)?);
            let both = [self.calls_of(self.place), self.calls_of(*at)].concat();
            let both = self.demand_of(self.safe, &both, &[self.holding, other]).ok()?;
            let needs = LoadProfile::of(&both).units(other.capacity()?, headroom)?;
            // What was given up is nobody's host, however little is asked for.
            let serves = *at != self.place && *units != UnitPurchase::NONE;
            (serves && needs <= units.count()).then_some(())
        };
        let place = (0..self.at_work.len()).find(|at| has_room(at).is_some())?;
        self.at_work.get(place).copied()
    }

    /// Returns the holding that makes room for the calls of this one, which is given up: its own calls go
    /// on-demand, at its cost.
    pub(super) fn makes_room(&self) -> Option<&'w Holding<'w>> {
        let HeldThen { own: OwnCalls::To(place), .. } = self.then()? else { return None };
        let host = self.target?.holdings.get(*place)?;
        let host = self.workload.holdings.get(host.place);
        host.filter(|_| self.payer().is_some_and(|payer| payer.held == self.holding.held))
    }

    /// Returns the holding whose giving up pays for the calls that leave for those of this one.
    pub(super) fn payer(&self) -> Option<&'w Holding<'w>> {
        let HeldThen { own: OwnCalls::To(place), .. } = self.then()? else { return None };
        match self.target?.holdings.get(*place)?.own {
            OwnCalls::LeaveFor(payer) => self.host(payer),
            _ => None,
        }
    }

    /// Returns true if the room for the calls of this one is made with what is filled.
    pub(super) fn host_is_made_room(&self) -> bool {
        let host = match self.then().map(|then| then.own) {
            Some(OwnCalls::To(place)) => self.target.and_then(|target| target.holdings.get(place)),
            _ => None,
        };
        let is_told_with_lanes =
            |host: &HeldThen| !matches!(host.own, OwnCalls::Stay | OwnCalls::LeaveFor(_));
        self.fill.is_counted() && host.is_some_and(is_told_with_lanes)
    }

    /// Returns true if calls of a holding that was given up or made smaller come here.
    pub(super) fn takes_calls(&self) -> bool {
        if self.refuses() {
            return self.calls_of(self.place).iter().any(|from| from.held != self.holding.held);
        }
        let mut all = self.at_work.iter().zip(self.units);
        all.any(|(other, units)| {
            *units < other.held.model_units && other.idleness == Idleness::Busy
        })
    }

    /// Returns true if on-demand traffic is to go to the holding.
    pub(super) fn is_filled(&self) -> bool {
        self.fill.filled().iter().any(|filled| filled.held == self.holding.held)
    }

    /// Counts the lanes of which those that are to go to the holding were chosen.
    pub(super) fn lanes_to_choose_from(&self) -> usize {
        let lanes = self.workload.servable().count().min(MOST_CALLS);
        if self.is_filled() { lanes } else { 1 }
    }

    /// Returns true if calls can go to another holding instead.
    pub(super) fn has_others(&self) -> bool {
        // Whether the others have room is known only where the capacity is.
        self.host_of_its_calls().is_some()
            || self.others() != UnitPurchase::NONE && self.holding.capacity().is_some()
    }

    /// Returns true if AWS serves what would be left: calls on-demand, or so many new units.
    pub(super) fn is_to_be_had(&self, units: ModelUnits) -> bool {
        if units != UnitPurchase::NONE {
            return whole::sells_units(self.workload);
        }
        self.host_of_its_calls().is_some() || whole::is_called_on_demand(self.workload)
    }
}
