//! The best number of units where callers route what exceeds units: they try one provisioned model after
//! the other, so that what counts is how many units there are, and which lanes try them at all.

use rust_decimal::Decimal;

use crate::advice::gates;
use crate::advice::whole::moves::{Allowed, Moves, is_called_on_demand};
use crate::advice::whole::serving::{HeldThen, MoveSet, OwnCalls, Whole};
use crate::domain::{Capacity, Ceiling, ModelUnits, Usd};
use crate::pricing::{Holding, Idleness, Lane, LaneRates, Priced, Workload};
use crate::sizing::bins::MOST_CALLS;
use crate::sizing::demand::{ServableDemand, SizedDemand, UnknownDemand};
use crate::sizing::traffic::Traffic;
use crate::sizing::{Purchase as _, UnitPurchase};

/// Some lanes that try all units.
pub(super) struct Pool<'r, 'w> {
    lanes: Vec<&'r LaneRates<'w>>,
    /// Units beside those that are paid for anyway.
    sized: SizedDemand<UnitPurchase>,
    /// On-demand cost of the other lanes in USD a month.
    others: Usd,
}

/// Lanes of which every set is looked at: twice as many would take sixteen times as long.
const MOST_POOLED: usize = 4;

/// Lists the sets of some sorted lanes that are looked at, the smaller ones first: all sets of a few, and
/// of many the first ones.
pub(super) fn sets_of<'r, 'w>(sorted: &[&'r LaneRates<'w>]) -> Vec<Vec<&'r LaneRates<'w>>> {
    if sorted.len() > MOST_POOLED {
        // Of very many the first few, and all of them.
        let counts = (0..=sorted.len().min(MOST_CALLS)).chain([sorted.len()]);
        let mut sets: Vec<Vec<&LaneRates<'w>>> =
            counts.map(|count| sorted[..count].to_vec()).collect();
        sets.dedup_by_key(|set| set.len());
        return sets;
    }
    let mut sets: Vec<Vec<&LaneRates<'w>>> = (0_usize..1 << sorted.len())
        .map(|set| {
            let lanes = sorted.iter().enumerate().filter(|(lane, _)| set >> lane & 1 == 1);
            lanes.map(|(_, rates)| *rates).collect()
        })
        .collect();
    sets.sort_by_key(Vec::len);
    sets
}

impl<'w> Moves<'_, 'w> {
    /// Builds the demand that all units share, of some lanes and of the calls of all holdings.
    fn pooled(&self, lanes: &[&LaneRates<'w>]) -> Result<ServableDemand, UnknownDemand> {
        let lanes: Vec<&Lane<'_>> = lanes.iter().map(|rates| rates.lane).collect();
        let rates = LaneRates::of_units(&self.rates, &lanes);
        let serving: Vec<&Holding<'w>> = self.held.iter().map(|(_, holding)| *holding).collect();
        let traffic = Traffic::Units { serving: &serving, with_on_demand: true };
        ServableDemand::new(self.priced, self.workload, &rates, traffic)
    }

    /// Counts the units of some holdings.
    fn units(&self, is_meant: impl Fn(&Holding<'_>) -> bool) -> u32 {
        let held = self.held.iter().filter(|(_, holding)| is_meant(holding));
        held.map(|(_, holding)| holding.held.model_units.count()).sum()
    }

    /// Builds the demand that all units share with each set of lanes that is looked at: each of a few
    /// lanes, and of many those that are dearest by the unit.
    pub(super) fn pools(&self) -> Result<Vec<Pool<'_, 'w>>, UnknownDemand> {
        let sorted = by_worth_of_a_unit(self.priced, self.workload, &self.rates, self.capacity);
        let Some(offer) = self.held.first().and_then(|(_, holding)| holding.offer.as_ref()) else {
            return Ok(Vec::new());
        };
        let purchase = UnitPurchase {
            capacity: self.capacity,
            price: offer.unit_price,
            held: ModelUnits::new(self.units(|holding| holding.held.is_under_term())),
        };
        sets_of(&sorted)
            .into_iter()
            .map(|lanes| {
                let others =
                    sorted.iter().filter(|it| lanes.iter().all(|lane| !std::ptr::eq(*lane, **it)));
                let others = others.map(|it| it.monthly_cost(self.priced.recent)).sum();
                Ok(Pool { sized: self.pooled(&lanes)?.sized(&purchase), lanes, others })
            })
            .collect()
    }

    /// Finds the number of units that all calls share, and the lanes that try them.
    pub(super) fn best_pooled(
        &self,
        pools: &mut [Pool<'_, 'w>],
        allowed: Allowed,
    ) -> Option<Whole> {
        let is_loose = |holding: &Holding<'_>| !holding.held.is_under_term();
        let loose = self.units(is_loose);
        let fewest: u32 = self.held.iter().map(|(_, it)| self.fewest_of(it, allowed)).sum();
        let fixed = self.units(|holding| !is_loose(holding));
        // Calls that can go nowhere else keep a unit.
        let keeps_one = fixed == 0
            && !is_called_on_demand(self.workload)
            && self.held.iter().any(|(_, holding)| holding.idleness == Idleness::Busy);
        let of_held = self.held.iter().filter(|(_, holding)| is_loose(holding));
        let of_held = of_held.filter_map(|(_, holding)| self.price_of(holding, allowed.moves));
        let bought = self.offers(allowed.moves).map(|offer| offer.unit_price).min();
        let can_buy = bought.is_some();
        // Where nothing can change, units cost the same whatever their price.
        let any = || Some(self.held.first()?.1.offer.as_ref()?.unit_price);
        let price = of_held.min().into_iter().chain(bought).min().or_else(any)?;
        let moves_lanes =
            (allowed.fills || can_buy) && gates::in_region(self.priced, self.workload).is_none();
        let mut best: Option<(Usd, u32, Vec<usize>)> = None;
        // Of equals the fewest lanes: what is not worth a unit has not to be moved.
        for pool in pools.iter_mut().filter(|pool| moves_lanes || pool.lanes.is_empty()) {
            let sized = &mut pool.sized;
            sized.minutes.reprice(price);
            let mut further = UnitPurchase::optimum(&sized.minutes).count();
            if allowed.moves == MoveSet::Free || !allowed.changes {
                further = further.max(loose);
            }
            if !can_buy {
                further = further.min(loose);
            }
            let further = ModelUnits::new(further.max(fewest).max(u32::from(keeps_one)));
            let left = sized.all_monthly() - sized.replaced_monthly(further);
            let total = price.monthly_cost(further) + left + pool.others;
            if best.as_ref().is_none_or(|(least, ..)| total < *least) {
                best = Some((total, further.count(), self.places(pool.lanes.iter().copied())));
            }
        }
        let (_, further, lanes) = best?;
        let kept = self.kept(further.min(loose), allowed);
        let holdings = self.held.iter().zip(kept).map(|((place, _), units)| HeldThen {
            place: *place,
            units: ModelUnits::new(units),
            needed: ModelUnits::new(units),
            own: if units == 0 { OwnCalls::Leave } else { OwnCalls::Stay },
            lanes: Vec::new(),
        });
        Some(Whole { moves: allowed.moves, holdings: holdings.collect(), lanes })
    }

    /// Shares so many units among more holdings than can be tried in every way: idle ones go first, then
    /// the smaller ones.
    fn kept_of_many(
        &self,
        loose: &[usize],
        mut kept: Vec<u32>,
        units: u32,
        allowed: Allowed,
    ) -> Vec<u32> {
        let mut order = loose.to_vec();
        order.sort_by_key(|place| (!self.held[*place].1.idleness.is_idle(), kept[*place], *place));
        let mut more = loose.iter().map(|place| kept[*place]).sum::<u32>() - units;
        for place in order {
            if kept[place] <= more && self.can_go(self.held[place].1, allowed) {
                more -= kept[place];
                kept[place] = 0;
            }
        }
        self.cut(loose, &mut kept, more, allowed);
        kept
    }

    /// Shares so many units without a term among the holdings, so that as few as can be change.
    fn kept(&self, units: u32, allowed: Allowed) -> Vec<u32> {
        let now: Vec<u32> =
            self.held.iter().map(|(_, holding)| holding.held.model_units.count()).collect();
        let is_loose = |place: &usize| !self.held[*place].1.held.is_under_term();
        let loose: Vec<usize> = (0..now.len()).filter(is_loose).collect();
        let sum: u32 = loose.iter().map(|place| now[*place]).sum();
        if units >= sum {
            return now;
        }
        if loose.len() > MOST_CALLS {
            return self.kept_of_many(&loose, now, units, allowed);
        }
        let changes = |kept: &Vec<u32>| {
            let changed = loose.iter().filter(|place| kept[**place] != now[**place]);
            let idle =
                |place: &&usize| kept[**place] > 0 && self.held[**place].1.idleness.is_idle();
            let halves = loose.iter().filter(|place| (1..now[**place]).contains(&kept[**place]));
            (halves.count(), changed.count(), loose.iter().filter(idle).count())
        };
        let ways = (0_usize..1 << loose.len()).filter_map(|gone| {
            let goes = |at: &usize| gone >> at & 1 == 1;
            let can_go = |at: usize| self.fewest_of(self.held[loose[at]].1, allowed) == 0;
            (0..loose.len()).filter(goes).all(can_go).then_some(())?;
            let mut kept = now.clone();
            for at in (0..loose.len()).filter(goes) {
                kept[loose[at]] = 0;
            }
            let without: u32 = loose.iter().map(|place| kept[*place]).sum();
            self.cut(&loose, &mut kept, without.checked_sub(units)?, allowed).then_some(kept)
        });
        ways.min_by_key(changes).unwrap_or_else(|| now.clone())
    }

    /// Returns the fewest units of a holding that are held then.
    fn fewest_of(&self, holding: &Holding<'_>, allowed: Allowed) -> u32 {
        let units = holding.held.model_units.count();
        match (holding.held.is_under_term(), self.can_go(holding, allowed)) {
            (true, _) | (_, true) => 0,
            _ if self.can_shrink(holding, allowed) => units.min(1),
            _ => units,
        }
    }

    /// Makes holdings smaller by so many units, the largest first, each down to one at most; false where
    /// that is not enough.
    fn cut(&self, loose: &[usize], kept: &mut [u32], mut more: u32, allowed: Allowed) -> bool {
        let can_shrink = |place: &&usize| self.can_shrink(self.held[**place].1, allowed);
        let mut places: Vec<usize> = loose.iter().filter(can_shrink).copied().collect();
        places.sort_by_key(|place| (std::cmp::Reverse(kept[*place]), *place));
        for place in places {
            let less = more.min(kept[place].saturating_sub(1));
            kept[place] -= less;
            more -= less;
        }
        more == 0
    }
}

/// Sorts standard on-demand lanes by what a unit of theirs costs on-demand, the dearest first.
pub(super) fn by_worth_of_a_unit<'r, 'w>(
    priced: &Priced<'_>,
    workload: &Workload<'_>,
    rates: &'r [LaneRates<'w>],
    capacity: Capacity,
) -> Vec<&'r LaneRates<'w>> {
    let weights = priced.observation.unit_weights(&workload.model);
    let worth = |rates: &LaneRates<'w>| {
        let load = |ceiling: Ceiling| -> Decimal {
            let meters = rates.lane.meters.iter().filter_map(|meter| {
                let (of, weight) = weights.of(meter.meter)?;
                (of == ceiling).then(|| weight.number() * Decimal::from(meter.recent.count()))
            });
            meters.sum()
        };
        let units = |ceiling: Ceiling, serves: u64| {
            load(ceiling).checked_div(Decimal::from(serves)).unwrap_or_default()
        };
        let needed = units(Ceiling::Input, capacity.input_tokens_per_hour)
            .max(units(Ceiling::Output, capacity.output_tokens_per_hour));
        let cost = rates.monthly_cost(priced.recent).dollars();
        cost.checked_div(needed).unwrap_or(Decimal::MAX)
    };
    let mut lanes: Vec<&LaneRates<'w>> =
        rates.iter().filter(|rates| rates.lane.is_servable()).collect();
    lanes.sort_by_cached_key(|rates| std::cmp::Reverse(worth(rates)));
    lanes
}
