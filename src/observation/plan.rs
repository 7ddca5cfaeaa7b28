//! The questions to `CloudWatch`: series of each `ModelId`, over spans that are still kept.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use crate::config::CacheSpelling;
use crate::domain::meter::{MetricName, read_name};
use crate::domain::period::{HOUR, MINUTE, is_kept};
use crate::domain::{Counter, Metric, ModelId, Window};
use crate::observation::{Answer, Dimension, DimensionSet, LaneUsage, MetricSeries, Span, Status};

/// Queries that `GetMetricData` takes in one call, by its documentation.
pub const QUERIES_PER_CALL: usize = 500;

/// Points that `GetMetricData` returns on one page, by its documentation.
pub const POINTS_PER_CALL: i32 = 100_800;

/// Days of minutes that model units are sized on.
// CloudWatch keeps minutes for 15 days; 14 of them are whole weeks, in which each weekday counts alike.
pub const MINUTE_DAYS: u32 = 14;

/// A series as `ListMetrics` names it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ListedMetric {
    /// The metric's name.
    pub name: String,
    /// Values of the exact dimension set, by name.
    pub dimensions: BTreeMap<String, String>,
}

impl ListedMetric {
    /// Returns the `ModelId` if the series is the total of that id, with no other dimension.
    #[must_use]
    pub fn total_of(&self) -> Option<&str> {
        match self.dimensions.iter().next() {
            Some((name, value)) if self.dimensions.len() == 1 && name == "ModelId" => Some(value),
            _ => None,
        }
    }
}

/// One metric to ask for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Query {
    /// Index of the lane in the plan.
    pub lane: usize,
    /// The value of `ModelId`.
    pub model_id: String,
    /// The metric's name.
    pub name: String,
    /// Meter or counter that the name stands for.
    pub metric: Metric,
}

/// Lists the lanes to survey: every `ModelId` that is listed and every id that the inventory knows,
/// since `ListMetrics` forgets what was silent for two weeks.
#[must_use]
pub fn lanes(listed: &[ListedMetric], known_ids: &[String]) -> Vec<LaneUsage> {
    let mut lanes: BTreeMap<&str, LaneUsage> = BTreeMap::new();
    for id in listed.iter().filter_map(|series| series.dimensions.get("ModelId")).chain(known_ids) {
        lanes.entry(id).or_insert_with(|| LaneUsage::new(ModelId::parse(id.as_str())));
    }
    // A dimension of the log delivery metrics, which is spelled like one of models.
    lanes.remove("Across all model IDs");
    for series in listed {
        let Some(lane) = series.dimensions.get("ModelId").and_then(|id| lanes.get_mut(id.as_str()))
        else {
            continue;
        };
        if series.total_of().is_none() {
            // Splits of latency or of errors say nothing of money.
            if matches!(read_name(&series.name), MetricName::Known(Metric::Meter(_))) {
                let names = series.dimensions.keys();
                lane.splits.push(names.map(|name| Dimension::from(name.as_str())).collect());
            }
        } else if read_name(&series.name) == MetricName::UnknownUsage {
            lane.unknown_metrics.push(series.name.clone());
        }
    }
    let mut lanes: Vec<LaneUsage> = lanes.into_values().collect();
    for lane in &mut lanes {
        lane.splits.sort_by_cached_key(DimensionSet::to_string);
        lane.splits.dedup();
        lane.unknown_metrics.sort_unstable();
        lane.unknown_metrics.dedup();
    }
    lanes
}

/// Lists the names that every lane is asked for, listed or not: a complete answer without points is
/// zero.
pub(crate) fn names_for_all(spellings: &[CacheSpelling]) -> Vec<&'static str> {
    let mut names =
        vec!["Invocations", "InvocationThrottles", "InputTokenCount", "OutputTokenCount"];
    // In the order of the settings: the first spelling with points is the one that is counted.
    names.extend(spellings.iter().flat_map(|spelling| spelling.names()));
    names
}

/// Builds the queries of a survey: the common names for every lane, and the other billed meters that
/// are listed for that lane.
#[must_use]
pub fn survey(
    lanes: &[LaneUsage],
    listed: &[ListedMetric],
    spellings: &[CacheSpelling],
) -> Vec<Query> {
    let common = names_for_all(spellings);
    let mut others: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for series in listed {
        if let (Some(id), MetricName::Known(_)) = (series.total_of(), read_name(&series.name)) {
            others.entry(id).or_default().insert(&series.name);
        }
    }
    // A spelling that the settings leave out stays out, listed or not.
    let cache_names: Vec<&str> = [CacheSpelling::TokenCount, CacheSpelling::Tokens]
        .iter()
        .flat_map(|spelling| spelling.names())
        .collect();
    let mut queries = Vec::new();
    for (index, lane) in lanes.iter().enumerate() {
        let listed_names = others.get(lane.model_id.text()).into_iter().flatten().copied();
        let further =
            listed_names.filter(|name| !common.contains(name) && !cache_names.contains(name));
        queries.extend(
            common.iter().copied().chain(further).filter_map(|name| query(index, lane, name)),
        );
    }
    queries
}

/// Builds the queries for the minutes of some lanes: the meters that have points in the survey, and
/// the refused requests, since a load counts as carried only where none was refused.
#[must_use]
pub fn minutes(lanes: &[LaneUsage], wanted: &BTreeSet<ModelId>) -> Vec<Query> {
    lanes
        .iter()
        .enumerate()
        .filter(|(_, lane)| wanted.contains(&lane.model_id))
        .flat_map(|(index, lane)| {
            let meters = lane.readings().into_iter().map(|reading| reading.name);
            let was_refused = lane.counter(Counter::InvocationThrottles).is_some();
            let refused = was_refused.then_some("InvocationThrottles");
            meters.chain(refused).filter_map(move |name| query(index, lane, name))
        })
        .collect()
}

fn query(index: usize, lane: &LaneUsage, name: &str) -> Option<Query> {
    let MetricName::Known(metric) = read_name(name) else {
        return None;
    };
    Some(Query {
        lane: index,
        model_id: lane.model_id.text().to_owned(),
        name: name.to_owned(),
        metric,
    })
}

/// Fault of a span that `CloudWatch` no longer keeps.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("CloudWatch no longer keeps points of {step} s from {start}: it would answer with silence")]
pub struct Forgotten {
    start: Timestamp,
    step: u32,
}

/// Returns the hourly span of a window, if `CloudWatch` still keeps the hours.
pub fn survey_span(window: Window, as_of: Timestamp) -> Result<Span, Forgotten> {
    check_kept(Span { window, step: HOUR }, as_of)
}

/// Returns the span of minutes at the end of a window, if `CloudWatch` still keeps them.
pub fn minute_span(window: Window, as_of: Timestamp) -> Result<Span, Forgotten> {
    check_kept(Span { window: window.last_days(MINUTE_DAYS), step: MINUTE }, as_of)
}

fn check_kept(span: Span, as_of: Timestamp) -> Result<Span, Forgotten> {
    if is_kept(span.window.start(), span.step, as_of) {
        Ok(span)
    } else {
        Err(Forgotten { start: span.window.start(), step: span.step })
    }
}

/// Puts answers into their lanes, in the order of the queries.
pub fn file_answers(lanes: &mut [LaneUsage], queries: &[Query], answers: Vec<Answer>, step: u32) {
    for (query, Answer { status, series }) in queries.iter().zip(answers) {
        let Some(lane) = lanes.get_mut(query.lane) else {
            continue;
        };
        let metric =
            MetricSeries { name: query.name.clone(), metric: query.metric, status, series };
        if step == HOUR {
            lane.survey.push(metric);
        } else {
            lane.minutes.push(metric);
        }
    }
}

/// Puts into lanes that each answer which they do not have is not known, for a reason.
pub fn file_unread(lanes: &mut [LaneUsage], queries: &[Query], why: &str, step: u32) {
    for query in queries {
        let metrics = lanes.get(query.lane).map(|lane| match step {
            HOUR => &lane.survey,
            _ => &lane.minutes,
        });
        if metrics.is_some_and(|metrics| metrics.iter().all(|metric| metric.name != query.name)) {
            let unread = Answer { status: Status::Incomplete(why.to_owned()), series: None };
            file_answers(lanes, std::slice::from_ref(query), vec![unread], step);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listed(name: &str, dimensions: &[(&str, &str)]) -> ListedMetric {
        ListedMetric {
            name: name.into(),
            dimensions: dimensions.iter().map(|(n, v)| ((*n).into(), (*v).into())).collect(),
        }
    }

    const BOTH: [CacheSpelling; 2] = [CacheSpelling::TokenCount, CacheSpelling::Tokens];

    #[test]
    fn only_the_exact_dimension_set_is_the_total() {
        let series = [
            listed("InputTokenCount", &[("ModelId", "a.b")]),
            listed("InputTokenCount", &[("ModelId", "a.b"), ("ContextWindow", "200K")]),
            listed(
                "InputTokenCount",
                &[("ModelId", "a.b"), ("ServiceTier", "flex"), ("ResolvedServiceTier", "flex")],
            ),
        ];
        let lanes = lanes(&series, &[]);
        assert_eq!(lanes.len(), 1);
        assert_eq!(lanes[0].splits.len(), 2);
        let queries = survey(&lanes, &series, &BOTH);
        assert_eq!(queries.iter().filter(|query| query.name == "InputTokenCount").count(), 1);
    }

    #[test]
    fn every_meter_is_asked_for_under_each_spelling_listed_or_not() {
        let lanes = lanes(&[], &["abcdefghijkl".to_owned()]);
        let names: Vec<String> =
            survey(&lanes, &[], &BOTH).into_iter().map(|query| query.name).collect();
        assert_eq!(names.len(), 8);
        assert!(names.contains(&"CacheReadInputTokens".to_owned()));
        assert!(names.contains(&"CacheReadInputTokenCount".to_owned()));
    }

    #[test]
    fn other_meters_are_asked_for_where_they_are_listed() {
        let series = [
            listed("OutputImageCount", &[("ModelId", "a.b")]),
            listed("InvocationLatency", &[("ModelId", "a.b")]),
        ];
        let lanes = lanes(&series, &[]);
        let names: Vec<String> =
            survey(&lanes, &series, &BOTH).into_iter().map(|query| query.name).collect();
        assert!(names.contains(&"OutputImageCount".to_owned()));
        assert!(!names.contains(&"InvocationLatency".to_owned()));
    }

    #[test]
    fn log_delivery_is_not_a_model() {
        let series = [listed(
            "ModelInvocationLogsS3DeliverySuccess",
            &[("ModelId", "Across all model IDs")],
        )];
        assert!(lanes(&series, &[]).is_empty());
    }

    #[test]
    fn a_span_that_cloudwatch_forgot_is_not_asked_for() {
        let window = |start: &str, end: &str| {
            Window::new(start.parse().unwrap(), end.parse().unwrap()).unwrap()
        };
        let as_of = "2026-04-06T01:14:59Z".parse().unwrap();
        let fresh = window("2026-01-05T00:00:00Z", "2026-04-06T00:00:00Z");
        assert_eq!(minute_span(fresh, as_of).unwrap().window.hours(), 14 * 24);
        let old = window("2026-01-05T00:00:00Z", "2026-04-04T00:00:00Z");
        assert!(minute_span(old, as_of).is_err());
        assert!(survey_span(old, as_of).is_ok());
        assert!(
            survey_span(window("2025-01-05T00:00:00Z", "2026-04-04T00:00:00Z"), as_of).is_err()
        );
    }
}
