//! One holding of model units under review: what calls it serves, and where they could go.
//!
//! If callers route what exceeds the units, they try one provisioned model after the other, and all of
//! them serve all calls. Where AWS refuses that, each serves its own calls whole.

use std::borrow::Cow;
use std::cell::OnceCell;

use jiff::civil::Date;

use crate::advice::rules::fill::FillAdvice;
use crate::catalog::Offer;
use crate::config::Overflow;
use crate::domain::{ModelUnits, Term, day_of};
use crate::observation::InferenceType;
use crate::pricing::{Holding, Idleness, LaneKind, LaneRates, Priced, Workload};
use crate::sizing::bins::LoadProfile;
use crate::sizing::demand::{ServableDemand, UnknownDemand};
use crate::sizing::traffic::Traffic;
use crate::sizing::{Purchase as _, UnitPurchase};

/// One holding of model units under review.
pub(super) struct HoldingReview<'c, 'w> {
    pub(super) priced: &'w Priced<'w>,
    pub(super) workload: &'w Workload<'w>,
    /// Rates of each lane where its requests are called on-demand, at the lower end of each range.
    pub(super) cheapest: &'c [LaneRates<'w>],
    /// The same rates at the upper end.
    pub(super) dearest: &'c [LaneRates<'w>],
    pub(super) at_work: &'c [&'w Holding<'w>],
    /// Units of each of those, as decided so far.
    pub(super) units: &'c [ModelUnits],
    /// Place of the holding that each one's calls go to instead, as decided so far.
    pub(super) hosts: &'c [Option<usize>],
    /// Place of the holding among those.
    pub(super) place: usize,
    pub(super) holding: &'w Holding<'w>,
    pub(super) fill: &'c FillAdvice<'w>,
    /// Place of another holding with room, once that was looked for.
    pub(super) room: OnceCell<Option<usize>>,
}

impl<'w> HoldingReview<'_, 'w> {
    /// Returns true if what AWS refuses is not called on-demand: each holding serves its own calls.
    pub(super) fn refuses(&self) -> bool {
        self.priced.observation.settings.overflow == Overflow::Throttle
    }

    /// Returns the units that serve on beside the holding: those of other provisioned models too, if
    /// callers try one after the other.
    pub(super) fn others(&self) -> ModelUnits {
        let others = self.at_work.iter().zip(self.units).enumerate();
        let others =
            others.filter(|(at, (other, _))| *at != self.place && !self.fill.spares(other));
        let units = others.map(|(_, (_, units))| *units).sum();
        if self.refuses() { UnitPurchase::NONE } else { units }
    }

    /// Returns the first day of another term: that on which the present one ends, or today.
    pub(super) fn next_term(&self) -> Date {
        let now = self.priced.observation.as_of;
        self.holding.held.term_end(now).map_or(self.priced.day, day_of)
    }

    /// Returns the rates on-demand over another term.
    pub(super) fn rates_over(&self, term: Term) -> Cow<'_, [LaneRates<'w>]> {
        LaneRates::over_term(self.priced, self.workload, self.cheapest, term, self.next_term())
    }

    /// Returns the units of an offer beside those of others.
    pub(super) fn purchase(&self, offer: &Offer) -> Option<UnitPurchase> {
        Some(UnitPurchase {
            capacity: offer.capacity?,
            price: offer.unit_price,
            held: self.others(),
        })
    }

    /// Builds the demand for the holding at some rates of all lanes.
    pub(super) fn demand(&self, rates: &[LaneRates<'w>]) -> Result<ServableDemand, UnknownDemand> {
        if self.refuses() {
            return self.demand_of(rates, &self.calls_of(self.place));
        }
        self.pooled_demand(rates, true)
    }

    /// Builds the demand beside a holding that is spared; `None` where the holding is not, or where
    /// AWS refuses what exceeds units.
    pub(super) fn demand_without_its_calls(
        &self,
        rates: &[LaneRates<'w>],
    ) -> Result<Option<ServableDemand>, UnknownDemand> {
        if self.refuses() || !self.fill.spares(self.holding) {
            return Ok(None);
        }
        self.pooled_demand(rates, false).map(Some)
    }

    /// Builds the demand that all units share, with the calls of the holding or without: those of
    /// holdings that are spared are among it once they are given up.
    fn pooled_demand(
        &self,
        rates: &[LaneRates<'w>],
        with_its_calls: bool,
    ) -> Result<ServableDemand, UnknownDemand> {
        let is_among = |(at, (holding, units)): &(usize, (&&Holding<'w>, &ModelUnits))| {
            if *at == self.place {
                with_its_calls
            } else {
                !self.fill.spares(holding) || **units == UnitPurchase::NONE
            }
        };
        let all = self.at_work.iter().zip(self.units).enumerate().filter(is_among);
        let serving: Vec<&Holding<'_>> = all.map(|(_, (holding, _))| *holding).collect();
        let traffic = Traffic::Units { serving: &serving, with_on_demand: self.fill.is_counted() };
        ServableDemand::new(self.priced, self.workload, rates, traffic)
    }

    /// Lists a holding with those whose calls go there instead.
    pub(super) fn calls_of(&self, place: usize) -> Vec<&'w Holding<'w>> {
        let of = |(at, _): &(usize, &&Holding<'w>)| {
            let mut host = *at;
            // A host can have been given up itself since.
            while let Some(Some(next)) = self.hosts.get(host) {
                host = *next;
            }
            host == place
        };
        let all = self.at_work.iter().enumerate().filter(of);
        all.map(|(_, holding)| *holding).collect()
    }

    /// Builds the demand of the calls of some holdings, with the lanes that went there whole.
    pub(super) fn demand_of(
        &self,
        rates: &[LaneRates<'w>],
        holdings: &[&Holding<'w>],
    ) -> Result<ServableDemand, UnknownDemand> {
        let is_theirs = |rates: &&LaneRates<'_>| {
            holdings.iter().any(|holding| {
                rates.lane.kind == LaneKind::Provisioned(holding.held)
                    || self.fill.is_whole_in(rates.lane, holding.held)
            })
        };
        let own: Vec<LaneRates<'_>> = rates.iter().filter(is_theirs).cloned().collect();
        let traffic = Traffic::Units { serving: holdings, with_on_demand: true };
        ServableDemand::new(self.priced, self.workload, &own, traffic)
    }

    /// Returns another holding that has room for all calls of this one, by its place.
    pub(super) fn room_elsewhere(&self) -> Option<usize> {
        // Asked for many times, and found by building the demand of each pair.
        *self.room.get_or_init(|| self.find_room())
    }

    fn find_room(&self) -> Option<usize> {
        let headroom = self.priced.observation.settings.headroom;
        let has_room = |at: &usize| {
            let (other, units) = (self.at_work.get(*at)?, self.units.get(*at)?);
            let both = [self.calls_of(self.place), self.calls_of(*at)].concat();
            let both = self.demand_of(self.dearest, &both).ok()?;
            let needs = LoadProfile::of(&both).units(other.capacity()?, headroom)?;
            // What was given up is nobody's host, however little is asked for.
            let serves = *at != self.place && *units != UnitPurchase::NONE;
            (serves && needs <= units.count()).then_some(())
        };
        let mut places = 0..self.at_work.len();
        if self.refuses() { places.find(|at| has_room(at).is_some()) } else { None }
    }

    /// Returns true if another holding has room for all calls of this one.
    pub(super) fn has_room_elsewhere(&self) -> bool {
        self.room_elsewhere().is_some()
    }

    /// Returns true if calls of a holding that was given up or made smaller come here.
    pub(super) fn takes_calls(&self) -> bool {
        let mut all = self.at_work.iter().zip(self.units);
        let others = all.any(|(other, units)| {
            *units < other.held.model_units && other.idleness == Idleness::Busy
        });
        if self.refuses() { self.hosts.contains(&Some(self.place)) } else { others }
    }

    /// Returns true if on-demand traffic is to go to the holding.
    pub(super) fn is_filled(&self) -> bool {
        self.fill.filled().iter().any(|filled| filled.held == self.holding.held)
    }

    /// Returns true if calls can go to another holding instead.
    pub(super) fn has_others(&self) -> bool {
        // Whether the others have room is known only where the capacity is.
        self.has_room_elsewhere()
            || self.others() != UnitPurchase::NONE && self.holding.capacity().is_some()
    }

    /// Returns true if AWS serves what would be left: calls on-demand, or so many new units.
    pub(super) fn is_to_be_had(&self, units: ModelUnits) -> bool {
        let workload = self.workload;
        if units != UnitPurchase::NONE {
            let is_sold = !workload.provisionable_ids().is_empty();
            return is_sold && !workload.lifecycle.is_legacy;
        }
        if self.has_room_elsewhere() {
            return true;
        }
        // On-demand traffic, or AWS's word for it, shows that the model can be called without
        // units.
        // Where the list does not have the model at all, it says nothing of it.
        workload.on_demand().next().is_some()
            || workload.listed.is_empty()
            || workload.listed.iter().any(|entry| {
                let mut types = entry.inference_types_supported.iter();
                types.any(|inference| *inference != InferenceType::Provisioned)
            })
    }
}
