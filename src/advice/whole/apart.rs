//! The best places for calls where AWS refuses what exceeds units: callers call one provisioned model, so
//! each lane, and the calls of each provisioned model, go whole to on-demand, to one that is held, or to
//! one purchase.

use crate::advice::gates;
use crate::advice::whole::moves::{Allowed, Moves, is_called_on_demand};
use crate::advice::whole::serving::{HeldThen, OwnCalls, Whole};
use crate::domain::{ModelUnits, Usd};
use crate::pricing::Holding;
use crate::sizing::bins::{
    Bin, CallSet, LoadProfile, LoadedLanes, MOST_CALLS, cheapest_assignment, units_of_sets,
};
use crate::sizing::demand::{ServableDemand, UnknownDemand};
use crate::sizing::traffic::Traffic;
use crate::sizing::{Purchase as _, UnitPurchase};

/// Bins of the places that are no holding.
const ON_DEMAND: usize = 0;
const BOUGHT: usize = 1;
/// Bin of the first holding.
const FIRST_HELD: usize = 2;

/// Calls that go to one place whole: those of the holdings, which come first, and of the dearest lanes.
pub(super) struct WholeCalls<'r, 'w> {
    lanes: LoadedLanes<'r, 'w>,
    /// Units that each set of calls asks for, headroom included.
    needs: Vec<Option<u32>>,
    /// Cost of each call on-demand in USD a month, at the end that is safe.
    costs: Vec<Usd>,
    /// Calls of the holdings.
    own: CallSet,
}

impl<'r, 'w> WholeCalls<'r, 'w> {
    pub(super) fn of(moves: &'r Moves<'_, 'w>) -> Result<Self, UnknownDemand> {
        let (priced, workload) = (moves.priced, moves.workload);
        let own = |holding: &&'w Holding<'w>| {
            let traffic =
                Traffic::Units { serving: std::slice::from_ref(holding), with_on_demand: false };
            Ok(LoadProfile::of(&ServableDemand::new(priced, workload, &moves.rates, traffic)?))
        };
        let held = || moves.held.iter().map(|(_, holding)| holding).take(MOST_CALLS);
        let mut profiles = held().map(own).collect::<Result<Vec<_>, UnknownDemand>>()?;
        let mut lanes = LoadedLanes::dearest(priced, workload, &moves.rates)?;
        lanes.truncate(MOST_CALLS - profiles.len());
        let own = (1 << profiles.len()) - 1;
        profiles.extend(lanes.profiles.iter().cloned());
        let headroom = priced.observation.settings.headroom;
        let needs = units_of_sets(&profiles, moves.capacity, headroom);
        let costs = held().map(|holding| moves.value_of(holding));
        let costs = costs.chain(lanes.worth(priced.recent)).collect();
        Ok(Self { lanes, needs, costs, own })
    }

    /// Finds the best whole of some moves; `shuffles` says whether calls of what is kept may make room for
    /// others. They do so only for lanes, or for the calls of what is given up: it is told of with them.
    pub(super) fn best(
        &self,
        moves: &Moves<'_, 'w>,
        allowed: Allowed,
        shuffles: bool,
    ) -> Option<Whole> {
        let is_told = |whole: &Whole| {
            let is_idle = |then: &HeldThen| {
                let holding = moves.workload.holdings.get(then.place);
                holding.is_some_and(|holding| holding.idleness.is_idle())
            };
            let is_told = |(at, then): (usize, &HeldThen)| {
                then.units == UnitPurchase::NONE
                    || then.own == OwnCalls::Stay
                    || then.own == OwnCalls::Leave && whole.payer(moves.workload, at).is_some()
                    || is_idle(then)
            };
            let is_bought = |then: &HeldThen| {
                then.own == OwnCalls::ToBought && then.units != UnitPurchase::NONE
            };
            let is_filled = whole.holdings.iter().any(|then| !then.lanes.is_empty());
            !whole.holdings.iter().any(is_bought)
                && (is_filled || whole.holdings.iter().enumerate().all(is_told))
        };
        let best = self.assigned(moves, allowed, shuffles);
        if !shuffles {
            return best;
        }
        best.filter(is_told).or_else(|| self.assigned(moves, allowed, false))
    }

    fn assigned(&self, moves: &Moves<'_, 'w>, allowed: Allowed, shuffles: bool) -> Option<Whole> {
        let held = &moves.held[..moves.held.len().min(MOST_CALLS)];
        let mut bins = vec![self.on_demand(moves, allowed, shuffles), self.bought(moves, allowed)];
        let of_held = held
            .iter()
            .enumerate()
            .map(|(at, (_, it))| self.held(moves, allowed, shuffles, at, it));
        bins.extend(of_held);
        let chosen = cheapest_assignment(&bins)?;
        let bin_of = |call: usize| chosen.iter().position(|set| set >> call & 1 == 1);
        let set_of = |bin: usize| chosen.get(bin).copied().unwrap_or_default();
        let lanes_of = |bin: usize| moves.places(self.lanes.of(set_of(bin) >> held.len()));
        let of_held = |(at, (place, holding)): (usize, &(usize, &Holding<'w>))| {
            let set = set_of(FIRST_HELD + at);
            let now = holding.held.model_units;
            let needed = self.needs.get(set).copied().flatten().unwrap_or(now.count());
            let units = match set {
                0 if moves.can_go(holding, allowed) => UnitPurchase::NONE,
                _ if moves.can_shrink(holding, allowed) && needed > 0 => {
                    now.min(ModelUnits::new(needed))
                }
                _ => now,
            };
            let own = match bin_of(at) {
                Some(ON_DEMAND) => OwnCalls::Leave,
                Some(BOUGHT) => OwnCalls::ToBought,
                Some(bin) if bin != FIRST_HELD + at => OwnCalls::To(bin - FIRST_HELD),
                _ => OwnCalls::Stay,
            };
            let (needed, lanes) = (ModelUnits::new(needed), lanes_of(FIRST_HELD + at));
            HeldThen { place: *place, units, needed, own, lanes }
        };
        let holdings = held.iter().enumerate().map(of_held).collect();
        Some(Whole { moves: allowed.moves, holdings, lanes: lanes_of(BOUGHT) })
    }

    /// Builds the bin of what is billed by the token: lanes, and the calls of what may be given up or,
    /// of what is paid for anyway, may make room.
    fn on_demand(&self, moves: &Moves<'_, 'w>, allowed: Allowed, shuffles: bool) -> Bin {
        let is_callable = is_called_on_demand(moves.workload)
            && gates::on_demand_price(moves.workload, &moves.rates).is_none();
        let can_leave: CallSet = Self::of_held(moves, |holding| {
            let is_free = holding.held.is_under_term() && shuffles;
            moves.can_go(holding, allowed) && (is_callable || holding.idleness.is_idle())
                || is_free && is_callable
        });
        let cost = |set: CallSet| {
            let within = self.costs.iter().enumerate().filter(|(call, _)| set >> call & 1 == 1);
            (set & self.own & !can_leave == 0).then(|| within.map(|(_, cost)| *cost).sum())
        };
        let sets = self.needs.len();
        Bin { costs: (0..sets).map(cost).collect(), home: (sets - 1) & !self.own }
    }

    /// Builds the bin of one purchase, for lanes and for the calls of what is given up for it.
    fn bought(&self, moves: &Moves<'_, 'w>, allowed: Allowed) -> Bin {
        let price = moves.offers(allowed.moves).map(|offer| offer.unit_price).min();
        let can_go: CallSet = Self::of_held(moves, |holding| moves.can_go(holding, allowed));
        let cost = |set: CallSet| match (set, price) {
            (0, _) => Some(Usd::ZERO),
            (_, Some(price)) if set & self.own & !can_go == 0 => {
                Some(price.monthly_cost(ModelUnits::new(self.needs[set]?.max(1))))
            }
            _ => None,
        };
        Bin { costs: (0..self.needs.len()).map(cost).collect(), home: 0 }
    }

    /// Builds the bin of one holding: what is paid for to the end of a term costs no more for whatever
    /// it serves.
    fn held(
        &self,
        moves: &Moves<'_, 'w>,
        allowed: Allowed,
        shuffles: bool,
        at: usize,
        holding: &Holding<'_>,
    ) -> Bin {
        let home: CallSet = 1 << at;
        let units = holding.held.model_units.count();
        let is_bound = holding.held.is_under_term();
        let price = moves.price_of(holding, allowed.moves).filter(|_| !is_bound);
        let (can_go, can_shrink) =
            (moves.can_go(holding, allowed), moves.can_shrink(holding, allowed));
        let can_fill = allowed.fills && gates::in_region(moves.priced, moves.workload).is_none();
        let cost = |set: CallSet| {
            if set == 0 && can_go {
                return Some(Usd::ZERO);
            }
            // What is kept keeps its own calls, unless they make room for others.
            if !shuffles && set & home == 0 || set & !self.own != 0 && !can_fill {
                return None;
            }
            let needed = self.needs[set];
            // What serves its own calls now goes on, headroom or not.
            let fits = set & !home == 0 || needed.is_some_and(|needed| needed <= units);
            let fewer = needed.filter(|needed| can_shrink && *needed > 0 && *needed < units);
            let paid = ModelUnits::new(fewer.unwrap_or(units));
            fits.then(|| price.map_or(Usd::ZERO, |price| price.monthly_cost(paid)))
        };
        Bin { costs: (0..self.needs.len()).map(cost).collect(), home }
    }

    /// Collects the calls of some holdings.
    fn of_held(moves: &Moves<'_, 'w>, is_meant: impl Fn(&Holding<'_>) -> bool) -> CallSet {
        let held = moves.held.iter().enumerate().take(MOST_CALLS);
        held.filter(|(_, (_, holding))| is_meant(holding)).map(|(at, _)| 1 << at).sum()
    }
}
