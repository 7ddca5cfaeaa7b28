//! Units that refuse what exceeds them are bins: callers call one provisioned model, so the requests
//! of a lane go to one of them whole, or to none.

use crate::domain::{Capacity, Ratio, Usd, Window};
use crate::pricing::{LaneRates, Load, Priced, StepDemand, Workload};
use crate::sizing::demand::{ServableDemand, UnknownDemand};
use crate::sizing::model_units::enough_units;
use crate::sizing::traffic::Traffic;

/// Lanes that are put together in every way: at twice as many, each bin would take 256 times as long.
/// Lanes beyond that stay where they are.
const MOST_LANES: usize = 8;

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
        let standard = rates.iter().filter(|rates| rates.lane.is_standard());
        let mut rates: Vec<&LaneRates<'l>> = standard.collect();
        rates.sort_by_key(|rates| std::cmp::Reverse(rates.monthly_cost(priced.recent)));
        rates.truncate(MOST_LANES);
        let traffic = Traffic::Units { serving: &[], with_on_demand: true };
        let profile = |rates: &&LaneRates<'l>| {
            let one = std::slice::from_ref(*rates);
            let demand = ServableDemand::new(priced, workload, one, traffic)?;
            Ok(LoadProfile::of(&demand))
        };
        let profiles = rates.iter().map(profile).collect::<Result<Vec<_>, UnknownDemand>>()?;
        Ok(Self { rates, profiles })
    }

    /// Returns what each lane costs at its rates, in USD a month.
    pub(crate) fn worth(&self, recent: Window) -> Vec<Usd> {
        self.rates.iter().map(|rates| rates.monthly_cost(recent)).collect()
    }

    /// Returns the lanes of a set.
    pub(crate) fn of(&self, set: LaneSet) -> Vec<&'r LaneRates<'l>> {
        let lanes = self.rates.iter().enumerate();
        lanes.filter(|(lane, _)| set >> lane & 1 == 1).map(|(_, rates)| *rates).collect()
    }
}

/// Some of at most [`MOST_LANES`] lanes: bit n stands for the n-th.
pub(crate) type LaneSet = usize;

/// Computes the units that each set of lanes needs, beside traffic that is in the bin already; in the
/// order of the sets, the empty one first.
pub(crate) fn units_of_sets(
    already: Option<&LoadProfile>,
    lanes: &[LoadProfile],
    capacity: Capacity,
    headroom: Ratio,
) -> Vec<Option<u32>> {
    let lanes = &lanes[..lanes.len().min(MOST_LANES)];
    let mut units = vec![None; 1 << lanes.len()];
    let of = |profile: Option<&LoadProfile>| match profile {
        Some(profile) => profile.units(capacity, headroom),
        None => Some(0),
    };
    visit(already, lanes, 0, &mut |set, profile| units[set] = of(profile));
    units
}

/// Visits every set of some lanes with its loads, of which only those on the way are kept: all of them
/// would take a hundred megabytes.
fn visit(
    already: Option<&LoadProfile>,
    lanes: &[LoadProfile],
    set: LaneSet,
    each: &mut dyn FnMut(LaneSet, Option<&LoadProfile>),
) {
    let Some((last, others)) = lanes.split_last() else {
        return each(set, already);
    };
    visit(already, others, set, each);
    let with = already.map_or_else(|| last.clone(), |already| already.and(last));
    visit(Some(&with), others, set | 1 << others.len(), each);
}

/// Chooses which lanes go to which bin, so that the lanes that find room are worth most: for each bin
/// the set that is put there. `fits` says for each bin which sets have room, `worth` what each lane
/// costs elsewhere. Of equals the set that comes first in their order.
pub(crate) fn best_assignment(fits: &[Vec<bool>], worth: &[Usd]) -> Vec<LaneSet> {
    let sets = 1_usize << worth.len().min(MOST_LANES);
    let value = |set: LaneSet| -> Usd {
        let lanes = worth.iter().take(MOST_LANES).enumerate();
        lanes.filter(|(lane, _)| set >> lane & 1 == 1).map(|(_, worth)| *worth).sum()
    };
    // For each set of lanes that are left: the most that the bins from here on can take of them.
    let mut best: Vec<(Usd, Vec<LaneSet>)> = vec![(Usd::ZERO, Vec::new()); sets];
    for fits in fits.iter().rev() {
        let of_left = |left: LaneSet| {
            let mut most: Option<(Usd, LaneSet)> = None;
            let mut set = left;
            // All parts of what is left, the largest first and the empty one last.
            loop {
                if set == 0 || fits.get(set).copied().unwrap_or_default() {
                    let sum = value(set) + best[left ^ set].0;
                    if most.is_none_or(|(before, _)| sum >= before) {
                        most = Some((sum, set));
                    }
                }
                if set == 0 {
                    break;
                }
                set = (set - 1) & left;
            }
            let (sum, set) = most.unwrap_or_default();
            let after = best[left ^ set].1.iter().copied();
            (sum, std::iter::once(set).chain(after).collect::<Vec<_>>())
        };
        best = (0..sets).map(of_left).collect();
    }
    best.pop().map(|(_, sets)| sets).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::quantity::CapacityOrigin;
    use proptest::prelude::*;

    proptest! {
        /// Every way to put lanes into bins, one by one, by the definition.
        #[test]
        fn no_other_way_to_put_lanes_into_bins_is_worth_more(
            worth in prop::collection::vec(0i64..100, 0..5),
            needs in prop::collection::vec(0u64..50, 5),
            rooms in prop::collection::vec(0u64..90, 0..4),
        ) {
            let worth: Vec<Usd> = worth.into_iter().map(|worth| Usd::new(worth.into())).collect();
            let sets = 1_usize << worth.len();
            let need = |set: usize| -> u64 {
                (0..worth.len()).filter(|lane| set >> lane & 1 == 1).map(|lane| needs[lane]).sum()
            };
            let fits: Vec<Vec<bool>> = rooms
                .iter()
                .map(|room| (0..sets).map(|set| need(set) <= *room).collect())
                .collect();
            let chosen = best_assignment(&fits, &worth);
            let mut taken = 0;
            for (bin, set) in chosen.iter().enumerate() {
                prop_assert_eq!(taken & set, 0, "a lane is in two bins");
                prop_assert!(*set == 0 || fits[bin][*set]);
                taken |= set;
            }
            let sum = |lanes: &mut dyn Iterator<Item = usize>| -> Usd { lanes.map(|lane| worth[lane]).sum() };
            let found = sum(&mut (0..worth.len()).filter(|lane| taken >> lane & 1 == 1));
            let ways = (rooms.len() + 1).pow(u32::try_from(worth.len()).unwrap());
            for way in 0..ways {
                let bin = |lane: usize| way / (rooms.len() + 1).pow(u32::try_from(lane).unwrap()) % (rooms.len() + 1);
                let is_possible = (0..rooms.len()).all(|of| {
                    let set = (0..worth.len()).filter(|lane| bin(*lane) == of).map(|lane| needs[lane]).sum::<u64>();
                    set <= rooms[of]
                });
                let moved = sum(&mut (0..worth.len()).filter(|lane| bin(*lane) < rooms.len()));
                prop_assert!(!is_possible || moved <= found, "{moved} instead of {found}");
            }
        }

        #[test]
        fn the_units_of_a_set_are_those_of_its_sum(
            lanes in prop::collection::vec(prop::collection::vec((0u64..900, 0u64..300), 4), 0..4),
            already in prop::option::of(prop::collection::vec((0u64..900, 0u64..300), 4)),
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
            let found = units_of_sets(already.as_ref().map(profile).as_ref(), &profiles, capacity, headroom);
            prop_assert_eq!(found.len(), 1 << lanes.len());
            for (set, units) in found.iter().enumerate() {
                let within = (0..lanes.len()).filter(|lane| set >> lane & 1 == 1).map(|lane| &lanes[lane]);
                let parts: Vec<&Vec<(u64, u64)>> = already.iter().chain(within).collect();
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
