//! Consumption of one account in one Region, lane by lane and metric by metric.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::domain::meter::{MetricName, read_name};
use crate::domain::period::{HOUR, MINUTE};
use crate::domain::{Counter, Meter, Metric, ModelId, Series, Window};
use crate::observation::DimensionSet;

/// Largest sum that a double of CloudWatch's counts exactly, 2^53.
const MOST_COUNTED: u64 = 1 << 53;

/// Namespace in which Bedrock meters model invocations.
pub const NAMESPACE: &str = "AWS/Bedrock";

/// Consumption of one account in one Region.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Usage {
    /// Lanes, one for each value of `ModelId` that was asked for, in order of their text.
    pub lanes: Vec<LaneUsage>,
    /// Metrics that `GetMetricData` was asked for, which CloudWatch bills.
    pub metrics_requested: u64,
}

/// Consumption under one value of `ModelId`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LaneUsage {
    /// Value of `ModelId`.
    pub model_id: ModelId,
    /// Hourly sums over the whole window.
    pub survey: Vec<MetricSeries>,
    /// Sums by the minute over the last days; empty where they were not asked for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub minutes: Vec<MetricSeries>,
    /// Listed metrics that this version does not know and that may be billed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unknown_metrics: Vec<String>,
    /// Dimension sets below `{ModelId}` that exist. Their series split the total and are never added
    /// to the total.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub splits: Vec<DimensionSet>,
}

/// One metric of one `ModelId`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MetricSeries {
    /// The metric's name as it was asked for.
    pub name: String,
    /// Meter or counter that the name stands for.
    pub metric: Metric,
    /// Wholeness of the answer.
    pub status: Status,
    /// Points; `None` where there is not one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub series: Option<Series>,
}

impl MetricSeries {
    /// Returns true if a sum is above what a double counts exactly, which no answer may have.
    pub(super) fn has_impossible_sums(&self) -> bool {
        let mut sums = self.series.iter().flat_map(|series| series.values.points());
        sums.any(|(_, sum)| sum > MOST_COUNTED)
    }

    /// Returns true if the name is known as that of another meter or counter.
    pub(super) fn is_misnamed(&self) -> bool {
        matches!(read_name(&self.name), MetricName::Known(known) if known != self.metric)
    }
}

/// Answer of `CloudWatch` to one query.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// Wholeness of the answer.
    pub status: Status,
    /// Points; `None` where there is not one.
    pub series: Option<Series>,
}

/// Wholeness of an answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// All points are there: what is missing was not published.
    Complete,
    /// Points may be missing, for this reason.
    Incomplete(String),
}

/// One meter of a lane, under the one spelling that is used.
#[derive(Clone, Copy, Debug)]
pub struct MeterReading<'a> {
    /// The meter.
    pub meter: Meter,
    /// The metric's name.
    pub name: &'a str,
    /// The metric's points.
    pub series: &'a Series,
}

/// Reason why a lane's figures may be too low.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Gap {
    /// An answer is not whole.
    #[error("{metric}: {why}")]
    Incomplete {
        /// The metric's name.
        metric: String,
        /// The reason.
        why: String,
    },
    /// A meter has points under two spellings, and they disagree.
    #[error("{counted}: {other} has points too, and they differ; only the first is counted")]
    Conflict {
        /// The spelling that is counted.
        counted: String,
        /// The spelling that is not.
        other: String,
    },
    /// A metric of this name exists, which nobody knows.
    #[error("{0}: this version does not know the metric, and it may be billed")]
    Unknown(String),
}

impl Gap {
    /// Returns true if something was not read, which another run may read. The other gaps are for want
    /// of knowledge and stay.
    #[must_use]
    pub const fn is_unread(&self) -> bool {
        matches!(self, Self::Incomplete { .. })
    }
}

impl LaneUsage {
    /// Returns true if `CloudWatch` has series that split the lane by service tier.
    #[must_use]
    pub fn is_split_by_tier(&self) -> bool {
        self.splits.iter().any(DimensionSet::has_service_tier)
    }

    /// Returns a lane with nothing in it.
    #[must_use]
    pub fn new(model_id: ModelId) -> Self {
        Self {
            model_id,
            survey: Vec::new(),
            minutes: Vec::new(),
            unknown_metrics: Vec::new(),
            splits: Vec::new(),
        }
    }

    /// Returns the billed meters of the survey that have points, one reading for each meter.
    #[must_use]
    pub fn readings(&self) -> Vec<MeterReading<'_>> {
        readings(&self.survey)
    }

    /// Returns the billed meters of the minutes that have points, one reading for each meter.
    #[must_use]
    pub fn minute_readings(&self) -> Vec<MeterReading<'_>> {
        readings(&self.minutes)
    }

    /// Returns the hourly points of a counter; `None` where there is not one.
    #[must_use]
    pub fn counter(&self, counter: Counter) -> Option<&Series> {
        self.survey
            .iter()
            .find(|metric| metric.metric == Metric::Counter(counter))
            .and_then(|metric| metric.series.as_ref())
    }

    /// Returns true if anything was counted or metered.
    #[must_use]
    pub fn has_points(&self) -> bool {
        self.survey.iter().any(|metric| metric.series.is_some())
    }

    /// Lists why costs may be too low, in order of the sentences; empty where they are whole.
    #[must_use]
    pub fn gaps(&self) -> Vec<Gap> {
        let mut gaps = incomplete(&self.survey);
        gaps.extend(spelling_conflicts(&self.survey));
        // Of a lane that was silent, an unknown metric has counted nothing either.
        if self.has_points() {
            gaps.extend(self.unknown_metrics.iter().cloned().map(Gap::Unknown));
        }
        gaps.sort_by_cached_key(Gap::to_string);
        gaps.dedup();
        gaps
    }

    /// Lists the minutes that are not whole; empty where they are. Costs do not rest on minutes.
    ///
    /// CloudWatch makes both of the same samples, so that minutes which do not add up to their hour were
    /// not all there.
    #[must_use]
    pub fn minute_gaps(&self) -> Vec<Gap> {
        let mut gaps = incomplete(&self.minutes);
        gaps.extend(self.minutes.iter().filter_map(|minutes| {
            let hours = self.survey.iter().find(|hours| hours.name == minutes.name)?;
            let are_whole = [hours, minutes].into_iter().all(|of| of.status == Status::Complete);
            let hour = first_difference(hours.series.as_ref()?, minutes.series.as_ref()?)?;
            are_whole.then(|| Gap::Incomplete {
                metric: minutes.name.clone(),
                why: format!("its minutes from {hour} on do not add up to the hour"),
            })
        }));
        gaps
    }

    /// Returns true if every metric was answered whole and not one of them has a point.
    #[must_use]
    pub fn is_wholly_silent(&self) -> bool {
        !self.has_points()
            && self
                .survey
                .iter()
                .all(|metric| metric.status == Status::Complete)
            // A lane without an answer about invocations was not asked, and so is not known to be silent.
            && self
                .survey
                .iter()
                .any(|metric| metric.metric == Metric::Counter(Counter::Invocations))
    }
}

/// Returns the first hour that is not the sum of its minutes; `None` where all are.
fn first_difference(hours: &Series, minutes: &Series) -> Option<Timestamp> {
    let of_hour = usize::try_from(HOUR / MINUTE).unwrap_or(usize::MAX);
    let mut in_hours = hours.since(minutes.start).take(minutes.values.len().div_ceil(of_hour));
    let mut of_minutes = minutes.values.iter();
    let differs = in_hours.position(|hour| {
        let sum: u64 = of_minutes.by_ref().take(of_hour).flatten().sum();
        sum != hour.unwrap_or_default()
    })?;
    let seconds = i64::try_from(differs).ok()? * i64::from(HOUR);
    Some(minutes.start + SignedDuration::from_secs(seconds))
}

/// Lists the metrics whose answers are not whole.
fn incomplete(metrics: &[MetricSeries]) -> Vec<Gap> {
    let gap = |metric: &MetricSeries| match &metric.status {
        Status::Complete => None,
        Status::Incomplete(why) => {
            Some(Gap::Incomplete { metric: metric.name.clone(), why: why.clone() })
        }
    };
    metrics.iter().filter_map(gap).collect()
}

/// Returns one reading for each meter: where a meter has points under two spellings, the first that
/// was asked for.
fn readings(metrics: &[MetricSeries]) -> Vec<MeterReading<'_>> {
    let mut readings: Vec<MeterReading<'_>> = Vec::new();
    for metric in metrics {
        let (Metric::Meter(meter), Some(series)) = (metric.metric, &metric.series) else {
            continue;
        };
        if readings.iter().all(|reading| reading.meter != meter) {
            readings.push(MeterReading { meter, name: &metric.name, series });
        }
    }
    readings.sort_by_key(|reading| reading.meter);
    readings
}

/// Lists the meters with points under two spellings that disagree.
fn spelling_conflicts(metrics: &[MetricSeries]) -> Vec<Gap> {
    let mut conflicts = Vec::new();
    for reading in readings(metrics) {
        for other in metrics {
            let Some(series) = &other.series else {
                continue;
            };
            if other.metric == Metric::Meter(reading.meter)
                && other.name != reading.name
                && series != reading.series
            {
                conflicts.push(Gap::Conflict {
                    counted: reading.name.to_owned(),
                    other: other.name.clone(),
                });
            }
        }
    }
    conflicts
}

/// Stretch of time that is asked for: hours of the whole window, or minutes of its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// Start and end.
    pub window: Window,
    /// Seconds of a step.
    pub step: u32,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn metric(name: &str, metric: Metric, values: &[u64]) -> MetricSeries {
        MetricSeries {
            name: name.into(),
            metric,
            status: Status::Complete,
            series: (!values.is_empty()).then(|| Series {
                start: "2026-04-06T00:00:00Z".parse().unwrap(),
                step: 3_600,
                values: values.iter().copied().map(Some).collect(),
            }),
        }
    }

    fn lane(survey: Vec<MetricSeries>) -> LaneUsage {
        LaneUsage { survey, ..LaneUsage::new(ModelId::parse("a.b")) }
    }

    #[test]
    fn two_spellings_of_a_meter_are_never_added_up() {
        let read = Metric::Meter(Meter::CacheRead);
        let lane = lane(vec![
            metric("CacheReadInputTokenCount", read, &[7]),
            metric("CacheReadInputTokens", read, &[7]),
        ]);
        assert_eq!(lane.readings().len(), 1);
        assert_eq!(lane.readings()[0].series.total().count(), 7);
        assert!(lane.gaps().is_empty());
    }

    #[test]
    fn two_spellings_that_disagree_are_a_gap() {
        let read = Metric::Meter(Meter::CacheRead);
        let lane = lane(vec![
            metric("CacheReadInputTokenCount", read, &[7]),
            metric("CacheReadInputTokens", read, &[8]),
        ]);
        assert_eq!(lane.gaps().len(), 1);
    }

    #[test]
    fn either_spelling_alone_is_read() {
        let read = Metric::Meter(Meter::CacheRead);
        let lane = lane(vec![
            metric("CacheReadInputTokenCount", read, &[]),
            metric("CacheReadInputTokens", read, &[8]),
        ]);
        assert_eq!(lane.readings()[0].series.total().count(), 8);
    }

    #[test]
    fn an_unknown_metric_of_a_used_model_is_a_gap_and_of_an_unused_one_is_not() {
        let unknown = vec!["ReasoningTokenCount".to_owned()];
        let used = LaneUsage {
            unknown_metrics: unknown.clone(),
            ..lane(vec![metric("InputTokenCount", Metric::Meter(Meter::Input), &[1])])
        };
        assert_eq!(used.gaps().len(), 1);
        let unused = LaneUsage { unknown_metrics: unknown, ..lane(Vec::new()) };
        assert!(unused.gaps().is_empty());
    }

    #[test]
    fn silence_needs_an_answer_about_invocations() {
        let invocations = Metric::Counter(Counter::Invocations);
        assert!(lane(vec![metric("Invocations", invocations, &[])]).is_wholly_silent());
        assert!(!lane(vec![metric("Invocations", invocations, &[1])]).is_wholly_silent());
        assert!(!lane(Vec::new()).is_wholly_silent());
        let mut partial = lane(vec![metric("Invocations", invocations, &[])]);
        partial.survey[0].status = Status::Incomplete("PartialData".into());
        assert!(!partial.is_wholly_silent());
    }
}
