//! The question of what to buy: what the rules before it left, and the loads that a purchase could serve.

use crate::advice::candidate::Offered;
use crate::advice::gates::{self};
use crate::catalog::{LoadWeights, ReservedOffer, ReservedScope};
use crate::config::Overflow;
use crate::domain::{Meter, ModelUnits, Ratio, Usd};
use crate::pricing::LaneRates;
use crate::pricing::{
    Holding, LaneKind, Priced, Workload, reserved_meters, reserved_weights, reserves,
};
use crate::sizing::BreakEven;
use crate::sizing::ReservationTerms;
use crate::sizing::{Certificate, MeterLoads, Reservation};

/// What the rules before this one leave to decide.
#[derive(Clone, Copy, Debug)]
pub(crate) struct BuyingBasis<'w> {
    pub(crate) priced: &'w Priced<'w>,
    pub(crate) workload: &'w Workload<'w>,
    /// The cheapest rates that each lane can have without a commitment: units are compared with these.
    pub(crate) cheapest: &'w [LaneRates<'w>],
    /// The rates of each lane once what counts is routed: reserved tokens serve one scope alone.
    pub(crate) routed: &'w [LaneRates<'w>],
    /// What the counted changes before it save.
    pub(crate) saved_before: Usd,
    /// The share of standard traffic that filling leaves on-demand.
    pub(crate) remaining: Ratio,
    /// The holdings that serve on.
    pub(crate) serving: &'w [&'w Holding<'w>],
    /// Where a unit of each offer begins to pay.
    pub(crate) break_even: &'w [BreakEven],
    /// Whether an idle holding of the same model is to be deleted.
    pub(crate) deletes_its_own: bool,
    /// Whether other traffic of the model is to go through another profile.
    pub(crate) is_routed: bool,
}

impl<'w> BuyingBasis<'w> {
    /// The rates that an offer is compared with.
    pub(super) const fn rates(&self, offered: &Offered<'_>) -> &'w [LaneRates<'w>] {
        match offered {
            Offered::Units(_) => self.cheapest,
            Offered::Tokens(_) => self.routed,
        }
    }

    /// The units that are held and serve on.
    pub(super) fn held(&self) -> u32 {
        self.serving
            .iter()
            .map(|holding| holding.held.model_units)
            .sum::<ModelUnits>()
            .count()
    }

    /// The reserved tokens of a scope that are held.
    pub(super) fn reserved(&self, scope: ReservedScope) -> Reservation {
        let held = self.workload.reserved.iter();
        held.filter(|held| held.declared.scope == scope)
            .map(|held| Reservation::declared(held.declared))
            .fold(Reservation::NONE, Reservation::and)
    }

    /// What could be bought for traffic that there is. Where reserved tokens are held, units are
    /// not sized beside them.
    pub(super) fn offered(&self) -> Vec<Offered<'w>> {
        let workload = self.workload;
        let units = workload
            .offers
            .iter()
            .filter(|_| workload.reserved.is_empty())
            .map(Offered::Units);
        let is_used = |offer: &&ReservedOffer| {
            let mut lanes = self.routed.iter();
            lanes.any(|rates| rates.lane.is_standard() && reserves(offer.scope, rates.scope))
        };
        let tokens = workload.reserved_offers.iter().filter(is_used);
        units.chain(tokens.map(Offered::Tokens)).collect()
    }

    /// The tokens that an offer could serve, hour by hour of the recent window, at the upper end of
    /// their prices; `None` where some have no price or are not served.
    pub(super) fn loads(&self, offered: &Offered<'_>) -> Option<Vec<MeterLoads>> {
        let settings = &self.priced.observation.settings;
        let (weights, meters) = match offered {
            Offered::Units(_) => {
                let prices = &self.priced.observation.prices;
                (prices.load_weights(&self.workload.model), None)
            }
            Offered::Tokens(_) => (reserved_weights(), Some(reserved_meters(settings))),
        };
        let mut loads: Vec<MeterLoads> = Vec::new();
        for rates in self.rates(offered) {
            let is_served = match (offered, &rates.lane.kind) {
                (Offered::Units(_), LaneKind::Provisioned(held)) => {
                    self.serving.iter().any(|holding| *holding.held == **held)
                }
                (Offered::Units(_), _) => rates.lane.is_standard(),
                (Offered::Tokens(offer), _) => {
                    rates.lane.is_standard() && reserves(offer.scope, rates.scope)
                }
            };
            if is_served {
                self.add_loads(&mut loads, rates, weights, meters)?;
            }
        }
        Some(loads)
    }

    pub(super) fn add_loads(
        &self,
        loads: &mut Vec<MeterLoads>,
        rates: &LaneRates<'_>,
        weights: LoadWeights,
        meters: Option<&[Meter]>,
    ) -> Option<()> {
        let recent = self.priced.recent;
        for reading in rates.lane.usage.readings() {
            let hours = reading.series.since(recent.start());
            let is_wanted = meters.is_none_or(|meters| meters.contains(&reading.meter));
            if !is_wanted || reading.series.total_since(recent.start()).is_zero() {
                continue;
            }
            let (_, rate) = rates.rates.iter().find(|(of, _)| *of == reading.meter)?;
            let (ceiling, weight) = weights.of(reading.meter)?;
            let hours = hours.iter().map(|tokens| tokens.unwrap_or_default());
            let of = MeterLoads::new(ceiling, weight, rate.upper_unit_price, hours.collect())?;
            match loads.iter_mut().find(|other| other.is_alike(&of)) {
                Some(other) => other.add(&of),
                None => loads.push(of),
            }
        }
        Some(())
    }

    /// The proof that nothing is saved under an offer, if there is one. What was refused by AWS or
    /// not read whole is not in the figures, so there nothing is proven.
    pub(super) fn certificate(&self, offered: &Offered<'_>) -> Option<Certificate> {
        if self.workload.is_throttled() || !gates::completeness(self.workload).is_empty() {
            return None;
        }
        let loads = self.loads(offered)?;
        let settings = &self.priced.observation.settings;
        match offered {
            Offered::Units(offer) => {
                // Where AWS refuses the rest, a few units can free what held ones have to spare.
                let is_alone = settings.overflow == Overflow::Spill || self.held() == 0;
                let capacity = offer.capacity.filter(|_| is_alone);
                Certificate::of_units(&loads, capacity, offer.unit_price)
            }
            Offered::Tokens(offer) if self.reserved(offer.scope) == Reservation::NONE => {
                Certificate::of_reservation(&loads, &ReservationTerms::of(offer))
            }
            Offered::Tokens(_) => None,
        }
    }
}
