//! The portions of a Region: workloads that are read and decided together, as many as its part of the memory
//! holds, and at least one.

use std::collections::{BTreeMap, BTreeSet};

use crate::advice;
use crate::domain::BaseModel;
use crate::domain::period::{HOUR, MINUTE};
use crate::domain::series::steps_of;
use crate::observation::plan::{self, ListedMetric};
use crate::observation::{LaneUsage, Observation, PlaceObservation, Span};

/// Bytes that a step of a series is taken to need before it is read.
const OF_STEP: usize = 4;

/// Lanes of which a portion is taken to need the minutes before it is read.
const LANES_WITH_MINUTES: usize = 100;

/// Some workloads of a Region.
#[derive(Debug, Default)]
pub(super) struct Portion {
    /// Models of the workloads.
    pub(super) models: BTreeSet<BaseModel>,
    /// Their lanes.
    pub(super) lanes: Vec<LaneUsage>,
    /// Bytes that their series are taken to need.
    bytes: usize,
}

/// A Region cut into portions.
#[derive(Debug)]
pub(super) struct Cut {
    /// Lanes without a known model, which each decision has to know of.
    pub(super) strays: Vec<LaneUsage>,
    /// Portions in order of their models; one at least.
    pub(super) portions: Vec<Portion>,
    /// Bytes that the Region is taken to need at once.
    pub(super) bytes: usize,
}

impl Cut {
    /// Cuts the lanes of a place, none of which is read, into portions of at most so many bytes, as far as a
    /// workload has no more.
    pub(super) fn of(
        run: &Observation,
        place: &mut PlaceObservation,
        listed: &[ListedMetric],
        span: Span,
        most: usize,
    ) -> Self {
        let by_model = advice::lanes_by_model(run, place);
        let mut lanes: Vec<Option<LaneUsage>> =
            std::mem::take(&mut place.usage.lanes).into_iter().map(Some).collect();
        let sizes = Sizes::of(listed, span);
        let mut cut = Self { strays: Vec::new(), portions: vec![Portion::default()], bytes: 0 };
        for (model, places) in by_model {
            let own = places.into_iter().filter_map(|place| lanes.get_mut(place)?.take());
            let own: Vec<LaneUsage> = own.collect();
            let Some(model) = model else {
                cut.strays = own;
                continue;
            };
            let bytes = sizes.of_workload(&own);
            match cut.portions.last_mut() {
                Some(last) if last.models.is_empty() || last.bytes + bytes <= most => {
                    last.add(model, own, bytes);
                }
                _ => {
                    let mut next = Portion::default();
                    next.add(model, own, bytes);
                    cut.portions.push(next);
                }
            }
        }
        let largest = cut.portions.iter().map(|portion| portion.bytes).max();
        cut.bytes = sizes.of_hours(&cut.strays) + largest.unwrap_or_default();
        cut
    }
}

impl Portion {
    fn add(&mut self, model: BaseModel, lanes: Vec<LaneUsage>, bytes: usize) {
        self.models.insert(model);
        self.lanes.extend(lanes);
        self.bytes += bytes;
    }
}

/// Estimates of the bytes that series need.
struct Sizes<'l> {
    /// Series that are listed of each id.
    totals: BTreeMap<&'l str, usize>,
    hours: usize,
    minutes: usize,
}

impl<'l> Sizes<'l> {
    fn of(listed: &'l [ListedMetric], span: Span) -> Self {
        let mut totals = BTreeMap::new();
        for id in listed.iter().filter_map(ListedMetric::total_of) {
            *totals.entry(id).or_default() += 1;
        }
        Self {
            totals,
            hours: steps_of(span.window, HOUR),
            minutes: steps_of(span.window.last_days(plan::MINUTE_DAYS), MINUTE),
        }
    }

    fn of_hours(&self, lanes: &[LaneUsage]) -> usize {
        let series = lanes.iter().filter_map(|lane| self.totals.get(lane.model_id.text()));
        series.sum::<usize>() * self.hours * OF_STEP
    }

    /// Estimates the hours of all that is listed, and the minutes of some lanes.
    fn of_workload(&self, lanes: &[LaneUsage]) -> usize {
        // Input, output, and both kinds of cached tokens.
        let with_minutes = 4 * lanes.len().min(LANES_WITH_MINUTES);
        self.of_hours(lanes) + with_minutes * self.minutes * OF_STEP
    }
}
