//! The series of all Regions: those of an observation, and what was put.

use std::collections::BTreeMap;
use std::ops::Range;

use bedrock_cost_guard::domain::{Metric, Region, Series};
use bedrock_cost_guard::observation::Observation;
use bedrock_cost_guard::observation::{LaneUsage, MetricSeries, NAMESPACE, Status};
use bedrock_cost_guard::report::metrics::{MODEL, MONTHLY_COST, RECOMMENDATION_OPEN};
use jiff::{SignedDuration, Timestamp};

/// Time for which a series is listed after its last point.
const LISTED: SignedDuration = SignedDuration::from_hours(14 * 24);

const HOUR: i64 = 3_600;

/// Name of a series.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Key {
    /// Region that the series is in.
    pub(super) region: Region,
    /// The namespace.
    pub(super) namespace: String,
    /// The metric's name.
    pub(super) name: String,
    /// The exact dimension set.
    pub(super) dimensions: BTreeMap<String, String>,
}

/// Points of a series, and how it ends.
#[derive(Clone, Debug, Default)]
pub(super) struct Stored {
    hours: Option<Series>,
    minutes: Option<Series>,
    samples: Vec<(Timestamp, f64)>,
    hours_end_with: Option<&'static str>,
    minutes_end_with: Option<&'static str>,
}

/// A statistic of the points in a period.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Stat {
    /// All of them together.
    Sum,
    /// The largest.
    Maximum,
    /// The smallest.
    Minimum,
    /// The mean.
    Average,
    /// Number of the points.
    SampleCount,
}

impl Stat {
    /// Returns the statistic of this name.
    pub(super) fn named(name: &str) -> Option<Self> {
        match name {
            "Sum" => Some(Self::Sum),
            "Maximum" => Some(Self::Maximum),
            "Minimum" => Some(Self::Minimum),
            "Average" => Some(Self::Average),
            "SampleCount" => Some(Self::SampleCount),
            _ => None,
        }
    }

    fn of(self, values: &[f64]) -> f64 {
        let sum = || values.iter().sum::<f64>();
        match self {
            Self::Sum => sum(),
            Self::Maximum => values.iter().copied().fold(f64::NEG_INFINITY, f64::max),
            Self::Minimum => values.iter().copied().fold(f64::INFINITY, f64::min),
            Self::Average => sum() / as_double(values.len() as u64),
            Self::SampleCount => as_double(values.len() as u64),
        }
    }
}

/// All series.
#[derive(Clone, Debug, Default)]
pub(super) struct Store {
    series: BTreeMap<Key, Stored>,
}

impl Store {
    /// Stores what an account must have published for this to be observed.
    pub(super) fn of(observation: &Observation) -> Self {
        let mut store = Self::default();
        for place in &observation.places {
            for lane in &place.usage.lanes {
                store.add_lane(&place.place.region, lane, observation.as_of);
            }
        }
        let an_hour_before = observation.event.time - SignedDuration::from_hours(1);
        let own = |name: &str, region: &Region, dimension: &str, value: &str| Key {
            region: observation.home.region.clone(),
            namespace: observation.settings.metric_namespace.clone(),
            name: name.to_owned(),
            dimensions: [("Region", region.name()), (dimension, value)]
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .into(),
        };
        for open in &observation.open_before {
            let key = own(RECOMMENDATION_OPEN, &open.region, "RecommendationId", &open.id);
            store.put(key, an_hour_before, 1.0);
        }
        for before in &observation.models_before {
            let key = own(MONTHLY_COST, &before.region, MODEL, before.model.id());
            store.put(key, an_hour_before, 12.5);
        }
        store
    }

    fn add_lane(&mut self, region: &Region, lane: &LaneUsage, as_of: Timestamp) {
        let model_id = ("ModelId".to_owned(), lane.model_id.text().to_owned());
        let key = |name: &str, dimensions: BTreeMap<String, String>| Key {
            region: region.clone(),
            namespace: NAMESPACE.to_owned(),
            name: name.to_owned(),
            dimensions,
        };
        let total = |name: &str| key(name, [model_id.clone()].into());
        for metric in &lane.survey {
            let stored = self.series.entry(total(&metric.name)).or_default();
            stored.hours.clone_from(&metric.series);
            stored.hours_end_with = ends_with(metric);
        }
        for metric in &lane.minutes {
            let stored = self.series.entry(total(&metric.name)).or_default();
            stored.minutes.clone_from(&metric.series);
            stored.minutes_end_with = ends_with(metric);
        }
        let an_hour_ago = as_of - SignedDuration::from_hours(1);
        for name in &lane.unknown_metrics {
            self.put(total(name), an_hour_ago, 1.0);
        }
        // A split has the points of its total, so that whoever adds the two up doubles the usage.
        let metered = lane.survey.iter().find(|metric| {
            matches!(metric.metric, Metric::Meter(_))
                && metric.series.as_ref().is_some_and(Series::has_points)
        });
        for split in &lane.splits {
            let dimensions: BTreeMap<String, String> = split
                .to_string()
                .split(", ")
                .map(|name| {
                    if name == "ModelId" {
                        model_id.clone()
                    } else {
                        (name.to_owned(), "x".to_owned())
                    }
                })
                .collect();
            let name = metered.map_or("InputTokenCount", |metric| &metric.name);
            let key = key(name, dimensions);
            let recent = metered
                .and_then(|metric| metric.series.clone())
                .filter(|series| last_point(series).is_some_and(|last| last > as_of - LISTED));
            if recent.is_some() {
                self.series.entry(key).or_default().hours = recent;
            } else {
                self.put(key, an_hour_ago, 1.0);
            }
        }
    }

    /// Adds one point.
    pub(super) fn put(&mut self, key: Key, time: Timestamp, value: f64) {
        self.series.entry(key).or_default().samples.push((time, value));
    }

    /// Returns the series of this exact name.
    pub(super) fn get(&self, key: &Key) -> Option<&Stored> {
        self.series.get(key)
    }

    /// Lists the names of the series with a point in the last two weeks, in order.
    pub(super) fn listed(&self, as_of: Timestamp) -> impl Iterator<Item = &Key> {
        self.series
            .iter()
            .filter(move |(_, stored)| {
                stored.last_point().is_some_and(|last| last > as_of - LISTED)
            })
            .map(|(key, _)| key)
    }
}

impl Stored {
    fn last_point(&self) -> Option<Timestamp> {
        let grids = [&self.hours, &self.minutes].into_iter().flatten().filter_map(last_point);
        grids.chain(self.samples.iter().map(|(time, _)| *time)).max()
    }

    /// Returns the status that the last page ends with, where that is not `Complete`.
    pub(super) fn ends_with(&self, period: i64) -> Option<&'static str> {
        if period % HOUR == 0 { self.hours_end_with } else { self.minutes_end_with }
    }

    /// Returns the starts of periods, in seconds, and a statistic of each that has a point within a
    /// window.
    pub(super) fn points(&self, stat: Stat, period: i64, window: &Range<i64>) -> Vec<(i64, f64)> {
        let grid = if period % HOUR == 0 { self.hours.as_ref() } else { self.minutes.as_ref() };
        let mut raw = grid.map(|series| within(series, window)).unwrap_or_default();
        raw.extend(
            self.samples
                .iter()
                .map(|(time, value)| (time.as_second(), *value))
                .filter(|(time, _)| window.contains(time)),
        );
        raw.sort_by_key(|(time, _)| *time);
        let floor = |time: i64| time - time.rem_euclid(period);
        raw.chunk_by(|(one, _), (other, _)| floor(*one) == floor(*other))
            .filter_map(|points| {
                let values: Vec<f64> = points.iter().map(|(_, value)| *value).collect();
                points.first().map(|(time, _)| (floor(*time), stat.of(&values)))
            })
            .collect()
    }
}

/// Returns the points of a grid within a window.
fn within(series: &Series, window: &Range<i64>) -> Vec<(i64, f64)> {
    let first = series.start.as_second();
    let step = i64::from(series.step);
    (0_i64..)
        .zip(&series.values)
        .map(|(index, value)| (first + index * step, value))
        .skip_while(|(time, _)| *time < window.start)
        .take_while(|(time, _)| *time < window.end)
        .filter_map(|(time, value)| value.map(|value| (time, as_double(value))))
        .collect()
}

fn last_point(series: &Series) -> Option<Timestamp> {
    let (index, _) = series.values.points().last()?;
    let steps = i64::try_from(index).ok()?;
    Some(series.start + SignedDuration::from_secs(i64::from(series.step) * steps))
}

/// Returns the status that an incomplete series ends with, which its reason names.
fn ends_with(metric: &MetricSeries) -> Option<&'static str> {
    match &metric.status {
        Status::Complete => None,
        Status::Incomplete(why) => ["Forbidden", "InternalError"]
            .into_iter()
            .find(|status| why.contains(status))
            .or(Some("PartialData")),
    }
}

#[expect(clippy::cast_precision_loss, reason = "CloudWatch keeps counts as doubles too")]
fn as_double(count: u64) -> f64 {
    count as f64
}
