//! The basis of the decision to buy: what the rules before left, and the loads that a purchase could
//! serve.

use std::borrow::Cow;

use crate::advice::candidate::Offered;
use crate::advice::gates;
use crate::advice::whole::{self, Whole};
use crate::catalog::{Offer, ReservedOffer, ReservedScope};
use crate::config::Overflow;
use crate::domain::{ModelUnits, Ratio};
use crate::pricing::{Holding, Lane, LaneRates, Priced, Workload, reserves};
use crate::sizing::demand::UnknownDemand;
use crate::sizing::traffic::{ServableLanes, Traffic};
use crate::sizing::{
    BreakEven, Certificate, MeterLoads, Purchase as _, Reservation, ReservationTerms, UnitPurchase,
};

/// Facts that the rules before leave to the decision to buy.
#[derive(Clone, Copy, Debug)]
pub(crate) struct BuyingBasis<'w> {
    pub(crate) priced: &'w Priced<'w>,
    pub(crate) workload: &'w Workload<'w>,
    /// Cheapest rates that each lane can have without a commitment: units are compared with these.
    pub(crate) cheapest: &'w [LaneRates<'w>],
    /// Rates of each lane once what counts is routed: reserved tokens serve one scope alone.
    pub(crate) routed: &'w [LaneRates<'w>],
    /// Share of standard traffic that filling leaves on-demand, from 0 to 1.
    pub(crate) remaining: Ratio,
    /// Holdings that serve on.
    pub(crate) serving: &'w [&'w Holding<'w>],
    /// Units that serve beside what is bought.
    pub(crate) held: ModelUnits,
    /// Volume at which a unit of each offer begins to pay.
    pub(crate) break_even: &'w [BreakEven],
    /// True if other traffic of the model is to go through another profile.
    pub(crate) is_routed: bool,
    /// Whole of the workload; `None` where nothing of known capacity is held.
    pub(crate) target: Option<&'w Whole>,
}

impl<'w> BuyingBasis<'w> {
    /// Builds the basis of a workload of which nothing was changed before.
    pub(crate) const fn unchanged(
        priced: &'w Priced<'w>,
        workload: &'w Workload<'w>,
        rates: &'w [LaneRates<'w>],
    ) -> Self {
        Self {
            priced,
            workload,
            cheapest: rates,
            routed: rates,
            remaining: Ratio::ONE,
            serving: &[],
            held: UnitPurchase::NONE,
            break_even: &[],
            is_routed: false,
            target: None,
        }
    }

    /// Returns the rates that an offer is compared with, of the days that its term binds.
    pub(super) fn rates(&self, offered: &Offered<'_>) -> Cow<'w, [LaneRates<'w>]> {
        let today = match offered {
            Offered::Units(_) => self.cheapest,
            Offered::Tokens(_) => self.routed,
        };
        LaneRates::over_term(self.priced, self.workload, today, offered.term(), self.priced.day)
    }

    /// Returns the holdings that serve beside what is bought. Where AWS refuses what exceeds units, a
    /// lane goes to one provisioned model whole, and what is bought serves alone.
    pub(super) fn beside(&self) -> &'w [&'w Holding<'w>] {
        match self.priced.observation.settings.overflow {
            Overflow::Spill => self.serving,
            Overflow::Throttle => &[],
        }
    }

    /// Lists the holdings that are given up for what is bought.
    pub(super) fn replaced(&self) -> Vec<&'w Holding<'w>> {
        whole::replaced_by_bought(self.workload, self.target)
    }

    /// Returns the rates of the lanes that go to units under an offer; `None` where those are all.
    pub(super) fn lanes(
        &self,
        rates: &[LaneRates<'w>],
        offer: &Offer,
    ) -> Result<Option<Vec<LaneRates<'w>>>, UnknownDemand> {
        let Some(target) = self.target else {
            return whole::lanes_that_pay(self.priced, self.workload, rates, offer);
        };
        let lanes = whole::at(self.workload, &target.lanes);
        let standard = self.workload.standard().count();
        // Without a lane of its own the reason is told of all of them.
        let is_part = !lanes.is_empty() && lanes.len() < standard || !self.replaced().is_empty();
        Ok(is_part.then(|| LaneRates::of_units(rates, &lanes)))
    }

    /// Adds up the reserved tokens of a scope that are held.
    pub(super) fn reserved(&self, scope: ReservedScope) -> Reservation {
        let held = self.workload.reserved.iter();
        held.filter(|held| held.declared.scope == scope)
            .map(|held| Reservation::declared(held.declared))
            .fold(Reservation::NONE, Reservation::and)
    }

    /// Lists what could be bought for traffic that there is. Where reserved tokens are held, units
    /// are not sized beside them.
    pub(super) fn offered(&self) -> Vec<Offered<'w>> {
        let workload = self.workload;
        let units = workload
            .offers
            .iter()
            // What reserved tokens serve would be counted as demand for units too.
            .filter(|_| workload.reserved.is_empty())
            .map(Offered::Units);
        let is_used = |offer: &&ReservedOffer| {
            let mut lanes = self.routed.iter();
            lanes.any(|rates| rates.lane.is_standard() && reserves(offer.scope, rates.scope))
        };
        // They would serve the lanes too whose minutes are not read.
        let all_are_servable = workload.standard().all(Lane::is_servable);
        let tokens = workload.reserved_offers.iter().filter(is_used).filter(|_| all_are_servable);
        units.chain(tokens.map(Offered::Tokens)).collect()
    }

    /// Returns the traffic that an offer could serve, with the calls of some holdings.
    pub(super) fn traffic<'s>(
        offered: &Offered<'_>,
        serving: &'s [&'s Holding<'s>],
    ) -> Traffic<'s> {
        match offered {
            Offered::Units(_) => Traffic::Units { serving, with_on_demand: true },
            Offered::Tokens(offer) => Traffic::Reserved(offer.scope),
        }
    }

    /// Collects the tokens that an offer could serve, hour by hour of the recent window, at the
    /// upper end of their prices; `None` where some have no price or are not served.
    fn loads(&self, offered: &Offered<'_>) -> Option<Vec<MeterLoads>> {
        let recent = self.priced.recent.start();
        let rates = self.rates(offered);
        // What is bought can take the calls of a holding and free its room: these count too.
        let traffic = match offered {
            Offered::Units(_) => Traffic::Units { serving: self.serving, with_on_demand: true },
            Offered::Tokens(offer) => Traffic::Reserved(offer.scope),
        };
        let lanes = ServableLanes::new(self.priced, self.workload, &rates, traffic);
        let mut loads: Vec<MeterLoads> = Vec::new();
        // A proof is of all that could go there, also of what nothing is decided for.
        let stays = |rates: &&LaneRates<'_>| rates.lane.is_standard() && !rates.lane.is_servable();
        let others = rates.iter().filter(|_| matches!(traffic, Traffic::Units { .. }));
        for rates in lanes.all().chain(others.filter(stays)) {
            for reading in rates.lane.usage.readings() {
                let meter = reading.meter;
                if !lanes.counts(meter) || reading.series.total_since(recent).is_zero() {
                    continue;
                }
                let (_, rate) = rates.rates.iter().find(|(of, _)| *of == meter)?;
                let (ceiling, weight) = lanes.weights.of(meter)?;
                let hours = reading.series.since(recent);
                let hours = hours.map(Option::unwrap_or_default).collect();
                let of_meter = MeterLoads::new(ceiling, weight, rate.upper_unit_price, hours)?;
                match loads.iter_mut().find(|other| other.is_alike(&of_meter)) {
                    Some(other) => other.add(&of_meter),
                    // Alike meters are one, so that a proof looks at few of them.
                    None => loads.push(of_meter),
                }
            }
        }
        Some(loads)
    }

    /// Looks for a proof that nothing is saved under an offer. What was refused by AWS or not read
    /// whole is not in the figures, nor is what AWS may charge more in extended access, so there
    /// nothing is proven.
    pub(super) fn certificate(&self, offered: &Offered<'_>) -> Option<Certificate> {
        let is_low = self.workload.priced_before_extended_access().is_some();
        // What is given up for it saves more than on-demand dollars.
        let is_more = matches!(offered, Offered::Units(_)) && !self.replaced().is_empty();
        if is_more
            || is_low
            || self.workload.is_throttled()
            || !gates::completeness(self.workload).is_empty()
        {
            return None;
        }
        let loads = self.loads(offered)?;
        let settings = &self.priced.observation.settings;
        match offered {
            Offered::Units(offer) => {
                // Where AWS refuses the rest, a few units can free what held ones have to spare.
                let is_alone = settings.overflow == Overflow::Spill || self.serving.is_empty();
                let capacity = offer.capacity.filter(|_| is_alone);
                Certificate::of_units(&loads, capacity, offer.unit_price)
            }
            Offered::Tokens(offer) if self.reserved(offer.scope) == Reservation::NONE => {
                Certificate::of_reservation(&loads, &ReservationTerms::of(offer))
            }
            // Beside a lopsided reservation a little of one meter can free much of the other.
            Offered::Tokens(_) => None,
        }
    }
}
