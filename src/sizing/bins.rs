//! Units that refuse what exceeds them are bins: callers call one provisioned model, so the requests
//! of a lane go to one of them whole, or to none.

use crate::domain::{Capacity, Ratio, Usd, Window};
use crate::pricing::{LaneRates, Load, Priced, StepDemand, Workload};
use crate::sizing::demand::{ServableDemand, UnknownDemand};
use crate::sizing::model_units::enough_units;
use crate::sizing::traffic::Traffic;

/// Calls that are put together in every way: at twice as many, each bin would take 256 times as long.
/// Those beyond that stay where they are.
pub(crate) const MOST_CALLS: usize = 8;

/// Loads of some traffic an hour, step by step: the days that are known by the minute, and the hours
/// of the recent window, of which more may be known.
#[derive(Clone, Debug)]
pub(crate) struct LoadProfile {
    minutes: Vec<Load>,
    hours: Vec<Load>,
}

impl LoadProfile {
    /// Takes the loads of a demand.
    pub(crate) fn of(demand: &ServableDemand) -> Self {
        let loads = |steps: &[StepDemand], seconds: u32| {
            steps.iter().map(|step| step.load_an_hour(seconds)).collect()
        };
        Self {
            minutes: loads(&demand.minutes.steps, demand.minutes.step),
            hours: loads(demand.recent_hours(), demand.hours.step),
        }
    }

    /// Adds the loads of other traffic of the same days.
    fn and(&self, other: &Self) -> Self {
        let sum = |own: &[Load], others: &[Load]| {
            own.iter()
                .zip(others)
                .map(|(own, other)| Load {
                    input: own.input + other.input,
                    output: own.output + other.output,
                })
                .collect()
        };
        Self { minutes: sum(&self.minutes, &other.minutes), hours: sum(&self.hours, &other.hours) }
    }

    /// Returns the fewest units that refuse nothing: the highest step and headroom above that step.
    /// `None` where no count is enough.
    pub(crate) fn units(&self, capacity: Capacity, headroom: Ratio) -> Option<u32> {
        let mut highest = Load::default();
        for load in self.minutes.iter().chain(&self.hours) {
            highest.input = highest.input.max(load.input);
            highest.output = highest.output.max(load.output);
        }
        enough_units(highest, capacity, headroom)
    }
}

/// Lanes that can go to units whole, with their loads: the dearest of a workload.
pub(crate) struct LoadedLanes<'r, 'l> {
    rates: Vec<&'r LaneRates<'l>>,
    pub(crate) profiles: Vec<LoadProfile>,
}

impl<'r, 'l> LoadedLanes<'r, 'l> {
    /// Takes the standard on-demand lanes of a workload, the dearest where there are more than can be
    /// put together in every way.
    pub(crate) fn dearest(
        priced: &Priced<'_>,
        workload: &Workload<'_>,
        rates: &'r [LaneRates<'l>],
    ) -> Result<Self, UnknownDemand> {
        let standard = rates.iter().filter(|rates| rates.lane.is_servable());
        let mut rates: Vec<&LaneRates<'l>> = standard.collect();
        rates.sort_by_key(|rates| std::cmp::Reverse(rates.monthly_cost(priced.recent)));
        rates.truncate(MOST_CALLS);
        let traffic = Traffic::Units { serving: &[], with_on_demand: true };
        let profile = |rates: &&LaneRates<'l>| {
            let one = std::slice::from_ref(*rates);
            let demand = ServableDemand::new(priced, workload, one, traffic)?;
            Ok(LoadProfile::of(&demand))
        };
        let profiles = rates.iter().map(profile).collect::<Result<Vec<_>, UnknownDemand>>()?;
        Ok(Self { rates, profiles })
    }

    /// Keeps so many of the dearest lanes.
    pub(crate) fn truncate(&mut self, lanes: usize) {
        self.rates.truncate(lanes);
        self.profiles.truncate(lanes);
    }

    /// Returns what each lane costs at its rates, in USD a month.
    pub(crate) fn worth(&self, recent: Window) -> Vec<Usd> {
        self.rates.iter().map(|rates| rates.monthly_cost(recent)).collect()
    }

    /// Returns the lanes of a set.
    pub(crate) fn of(&self, set: CallSet) -> Vec<&'r LaneRates<'l>> {
        let lanes = self.rates.iter().enumerate();
        lanes.filter(|(lane, _)| set >> lane & 1 == 1).map(|(_, rates)| *rates).collect()
    }
}

/// Some of at most [`MOST_CALLS`] calls: bit n stands for the n-th.
pub(crate) type CallSet = usize;

/// Computes the units that each set of calls needs, in the order of the sets, the empty one first.
pub(crate) fn units_of_sets(
    lanes: &[LoadProfile],
    capacity: Capacity,
    headroom: Ratio,
) -> Vec<Option<u32>> {
    let lanes = &lanes[..lanes.len().min(MOST_CALLS)];
    let mut units = vec![None; 1 << lanes.len()];
    let of = |profile: Option<&LoadProfile>| match profile {
        Some(profile) => profile.units(capacity, headroom),
        None => Some(0),
    };
    visit(None, lanes, 0, &mut |set, profile| units[set] = of(profile));
    units
}

/// Visits every set of some lanes with its loads, of which only those on the way are kept: all of them
/// would take a hundred megabytes.
fn visit(
    already: Option<&LoadProfile>,
    lanes: &[LoadProfile],
    set: CallSet,
    each: &mut dyn FnMut(CallSet, Option<&LoadProfile>),
) {
    let Some((last, others)) = lanes.split_last() else {
        return each(set, already);
    };
    visit(already, others, set, each);
    let with = already.map_or_else(|| last.clone(), |already| already.and(last));
    visit(Some(&with), others, set | 1 << others.len(), each);
}

/// One place that calls can go to whole.
#[derive(Clone, Debug)]
pub(crate) struct Bin {
    /// Cost of each set of calls there in USD a month; `None` where the set cannot go there.
    pub(crate) costs: Vec<Option<Usd>>,
    /// Calls that are there already.
    pub(crate) home: CallSet,
}

/// Chooses the bin of each call, so that all together cost least: for each bin the set that is put
/// there. Of equals the one that moves fewest calls; `None` where some calls have no bin.
pub(crate) fn cheapest_assignment(bins: &[Bin]) -> Option<Vec<CallSet>> {
    let sets = bins.first().map_or(1, |bin| bin.costs.len());
    // For each set of calls that are left: the least that the bins from here on can take them for.
    let mut best: Vec<Option<(Usd, u32, Vec<CallSet>)>> = vec![None; sets];
    best[0] = Some((Usd::ZERO, 0, Vec::new()));
    for bin in bins.iter().rev() {
        let of_left = |left: CallSet| {
            let mut least: Option<(Usd, u32, CallSet)> = None;
            let mut set = left;
            // All parts of what is left, the largest first and the empty one last.
            loop {
                let cost = bin.costs.get(set).copied().flatten();
                if let (Some(cost), Some((others, moved, _))) = (cost, &best[left ^ set]) {
                    let moved = moved + (set & !bin.home).count_ones();
                    let found = (cost + *others, moved, set);
                    if least.is_none_or(|least| (found.0, found.1) < (least.0, least.1)) {
                        least = Some(found);
                    }
                }
                if set == 0 {
                    break;
                }
                set = (set - 1) & left;
            }
            let (cost, moved, set) = least?;
            let after = best[left ^ set].as_ref().map(|(_, _, sets)| sets.as_slice());
            let sets = std::iter::once(set).chain(after.unwrap_or_default().iter().copied());
            Some((cost, moved, sets.collect()))
        };
        best = (0..sets).map(of_left).collect();
    }
    best.pop()?.map(|(_, _, sets)| sets)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::quantity::CapacityOrigin;
    use proptest::prelude::*;

    proptest! {
        /// Every way to put calls into bins, one by one, by the definition.
        #[test]
        fn no_other_way_to_put_calls_into_bins_costs_less_or_moves_fewer(
            needs in prop::collection::vec(0i64..50, 0..5),
            bins in prop::collection::vec((0i64..90, 0i64..9, 0i64..100, 0usize..32), 1..4),
        ) {
            let sets = 1_usize << needs.len();
            let need = |set: usize| -> i64 {
                (0..needs.len()).filter(|call| set >> call & 1 == 1).map(|call| needs[call]).sum()
            };
            // So much for a load, and so much once anything is there.
            let bins: Vec<Bin> = bins
                .into_iter()
                .map(|(room, each, once, home)| {
                    let cost = |set: usize| Usd::new((each * need(set) + if set > 0 { once } else { 0 }).into());
                    let costs = (0..sets).map(|set| (need(set) <= room).then(|| cost(set))).collect();
                    Bin { costs, home: home % sets }
                })
                .collect();
            let found = cheapest_assignment(&bins);
            let value = |chosen: &[usize]| {
                let each = bins.iter().zip(chosen);
                let cost: Option<Vec<Usd>> = each.clone().map(|(bin, set)| bin.costs[*set]).collect();
                let moved: u32 = each.map(|(bin, set)| (set & !bin.home).count_ones()).sum();
                cost.map(|costs| (costs.into_iter().sum::<Usd>(), moved))
            };
            if let Some(found) = &found {
                prop_assert_eq!(found.iter().fold(0, |all, set| all | set), sets - 1);
                prop_assert_eq!(found.iter().map(|set| set.count_ones()).sum::<u32>(), (sets - 1).count_ones());
            }
            let found = found.map(|found| value(&found).expect("each set has a cost"));
            for way in 0..bins.len().pow(u32::try_from(needs.len()).unwrap()) {
                let bin = |call: usize| way / bins.len().pow(u32::try_from(call).unwrap()) % bins.len();
                let chosen: Vec<usize> = (0..bins.len())
                    .map(|of| (0..needs.len()).filter(|call| bin(*call) == of).map(|call| 1 << call).sum())
                    .collect();
                if let Some(other) = value(&chosen) {
                    prop_assert!(found.is_some_and(|found| found <= other), "{found:?} instead of {other:?}");
                }
            }
        }

        #[test]
        fn the_units_of_a_set_are_those_of_its_sum(
            lanes in prop::collection::vec(prop::collection::vec((0u64..900, 0u64..300), 4), 0..4),
            headroom in 0i64..50,
        ) {
            let capacity = Capacity { input_tokens_per_hour: 700, output_tokens_per_hour: 200, origin: CapacityOrigin::Assumed };
            let one = Load::of_units(capacity, 1);
            let load = |(input, output): &(u64, u64)| Load {
                input: u128::from(*input) * (one.input / 700),
                output: u128::from(*output) * (one.output / 200),
            };
            let profile = |steps: &Vec<(u64, u64)>| LoadProfile {
                minutes: steps.iter().map(load).collect(), hours: Vec::new(),
            };
            let profiles: Vec<LoadProfile> = lanes.iter().map(profile).collect();
            let headroom = Ratio::new(rust_decimal::Decimal::new(headroom, 2));
            let found = units_of_sets(&profiles, capacity, headroom);
            prop_assert_eq!(found.len(), 1 << lanes.len());
            for (set, units) in found.iter().enumerate() {
                let within = (0..lanes.len()).filter(|lane| set >> lane & 1 == 1).map(|lane| &lanes[lane]);
                let parts: Vec<&Vec<(u64, u64)>> = within.collect();
                let step = |at: usize| parts.iter().fold((0, 0), |sum, part| (sum.0 + part[at].0, sum.1 + part[at].1));
                let factor = rust_decimal::Decimal::ONE + headroom.number();
                let most = |pick: fn((u64, u64)) -> u64, of: u64| {
                    let high = (0..4).map(|at| pick(step(at))).max().unwrap();
                    (factor * rust_decimal::Decimal::from(high) / rust_decimal::Decimal::from(of)).ceil()
                };
                let needed = most(|load| load.0, 700).max(most(|load| load.1, 200));
                prop_assert_eq!(units.map(rust_decimal::Decimal::from), Some(needed.normalize()));
            }
        }
    }
}
