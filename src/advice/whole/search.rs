//! The search for the best whole of each set of moves, and for the best lanes of one purchase where
//! nothing is held.

use crate::advice::whole::apart::WholeCalls;
use crate::advice::whole::moves::{Allowed, Moves};
use crate::advice::whole::pooled::{Pool, by_worth_of_a_unit, sets_of};
use crate::advice::whole::serving::{MoveSet, Wholes};
use crate::catalog::Offer;
use crate::config::Overflow;
use crate::domain::period::HOURS_PER_MONTH;
use crate::domain::{ModelUnits, Usd};
use crate::pricing::{Holding, LaneRates, Priced, Workload};
use crate::sizing::bins::{LoadedLanes, units_of_sets};
use crate::sizing::demand::{ServableDemand, UnknownDemand};
use crate::sizing::traffic::Traffic;
use crate::sizing::{Purchase as _, UnitPurchase};

/// Calls of a workload, put together as they can be.
enum Calls<'r, 'w> {
    Whole(WholeCalls<'r, 'w>),
    Pooled(Vec<Pool<'r, 'w>>),
}

/// Finds the best whole of each set of moves, the smallest set first, and each whole once. None where
/// nothing of known capacity is held, or the figures are not whole.
pub(crate) fn wholes<'w>(
    priced: &Priced<'w>,
    workload: &'w Workload<'w>,
    cheapest: &[LaneRates<'w>],
) -> Result<Vec<Wholes>, UnknownDemand> {
    let Some(moves) = Moves::of(priced, workload, cheapest) else {
        return Ok(Vec::new());
    };
    let is_loose = |(_, holding): &(usize, &Holding<'_>)| !holding.held.is_under_term();
    let loose = moves.held.iter().any(is_loose);
    let mut calls = match priced.observation.settings.overflow {
        Overflow::Throttle => Calls::Whole(WholeCalls::of(&moves)?),
        Overflow::Spill => Calls::Pooled(moves.pools()?),
    };
    let ways: &[bool] = if matches!(calls, Calls::Whole(_)) { &[false, true] } else { &[false] };
    let mut distinct: Vec<Wholes> = Vec::new();
    for set in [MoveSet::Free, MoveSet::Undoable, MoveSet::Commitments] {
        for changes in [false, true] {
            if changes && (set == MoveSet::Free || !loose) {
                continue;
            }
            let mut best = |fills: bool, shuffles: bool| {
                let allowed = Allowed { moves: set, changes, fills };
                match &mut calls {
                    Calls::Whole(calls) => calls.best(&moves, allowed, shuffles),
                    Calls::Pooled(pools) => moves.best_pooled(pools, allowed),
                }
            };
            // Where what makes room is refused, that which needs none stands.
            for shuffles in ways {
                let both = best(true, *shuffles).zip(best(false, *shuffles));
                let Some((filling, otherwise)) = both else { continue };
                let otherwise = otherwise.with_paying_guests(workload);
                // Calls can make room for lanes and for a guest at the cost of either.
                for filling in [filling.with_paying_guests(workload), filling] {
                    let found = Wholes { filling, otherwise: otherwise.clone() };
                    // Of equals the one of the largest set, which tells what a term would add.
                    distinct.retain(|other| !other.is_like(&found));
                    distinct.push(found);
                }
            }
        }
    }
    Ok(distinct)
}

/// Chooses the lanes that go to units under one offer where none are held, so that most is saved; `None`
/// where those are all of them.
pub(crate) fn lanes_that_pay<'w>(
    priced: &Priced<'_>,
    workload: &Workload<'_>,
    rates: &[LaneRates<'w>],
    offer: &Offer,
) -> Result<Option<Vec<LaneRates<'w>>>, UnknownDemand> {
    let settings = &priced.observation.settings;
    let standard = rates.iter().filter(|rates| rates.lane.is_standard()).count();
    let Some(capacity) = offer.capacity.filter(|_| standard > 1) else {
        return Ok(None);
    };
    // Where nothing pays, the reason is told of all of it.
    let mut best: (Usd, Vec<&LaneRates<'w>>) = (Usd::ZERO, Vec::new());
    match settings.overflow {
        Overflow::Throttle => {
            let lanes = LoadedLanes::dearest(priced, workload, rates)?;
            let needs = units_of_sets(&lanes.profiles, capacity, settings.headroom);
            for (set, units) in needs.into_iter().enumerate() {
                let of_set = lanes.of(set);
                let Some(units) = units else { continue };
                let worth: Usd = of_set.iter().map(|it| it.monthly_cost(priced.recent)).sum();
                let saves = worth - offer.unit_price.monthly_cost(ModelUnits::new(units));
                if saves > best.0 {
                    best = (saves, of_set);
                }
            }
        }
        Overflow::Spill => {
            let purchase =
                UnitPurchase { capacity, price: offer.unit_price, held: UnitPurchase::NONE };
            let sorted = by_worth_of_a_unit(priced, workload, rates, capacity);
            for lanes in sets_of(&sorted) {
                let of_set: Vec<LaneRates<'w>> = lanes.iter().copied().cloned().collect();
                let traffic = Traffic::Units { serving: &[], with_on_demand: true };
                let sized =
                    ServableDemand::new(priced, workload, &of_set, traffic)?.sized(&purchase);
                let units = UnitPurchase::optimum(&sized.minutes);
                let saves = sized.replaced_monthly(units) - purchase.cost(units, HOURS_PER_MONTH);
                if saves > best.0 {
                    best = (saves, lanes);
                }
            }
        }
    }
    let is_part = !best.1.is_empty() && best.1.len() < standard;
    Ok(is_part.then(|| best.1.into_iter().cloned().collect()))
}
