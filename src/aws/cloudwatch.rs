//! `CloudWatch`: `ListMetrics` and `GetMetricData`, all pages of each.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};

use aws_sdk_cloudwatch::Client;
use aws_sdk_cloudwatch::primitives::DateTime;
use aws_sdk_cloudwatch::types::{
    Dimension, Metric, MetricDataQuery, MetricDataResult, MetricStat, StatusCode,
};
use jiff::Timestamp;

use crate::aws::ApiError;
use crate::aws::pages::Pages;
use crate::domain::Region;
use crate::domain::text::{MOST_QUOTED, clip};
use crate::observation::before::{ValuePoints, Values};
use crate::observation::decode::{Collector, Decoder, PageResult, PageStatus};
use crate::observation::latest::{Latest, LatestPoints};
use crate::observation::plan::{ListedMetric, POINTS_PER_CALL, QUERIES_PER_CALL};
use crate::observation::{Answer, Span, Status};

/// `CloudWatch` in one Region.
#[derive(Clone, Debug)]
pub struct CloudWatch {
    /// The SDK's client for that Region.
    pub client: Client,
    /// The Region.
    pub region: Region,
}

/// One metric with its exact dimensions and statistic.
#[derive(Clone, Debug)]
pub struct MetricQuery {
    /// The namespace.
    pub namespace: String,
    /// The metric's name.
    pub name: String,
    /// Values of the exact dimension set, by name.
    pub dimensions: BTreeMap<String, String>,
    /// The statistic: `Sum` for counts, `Maximum` for gauges.
    pub statistic: &'static str,
}

/// Stretch of time that is asked for, start included and end excluded, on whole steps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stretch {
    /// First instant.
    pub start: Timestamp,
    /// First instant after the stretch.
    pub end: Timestamp,
    /// Seconds of a step.
    pub step: u32,
}

/// Metrics that `CloudWatch` bills, counted over some calls.
#[derive(Debug, Default)]
pub struct Spent(AtomicU64);

impl Spent {
    /// Returns the metrics that `GetMetricData` was asked for, once for each call that had them, whatever became
    /// of that call.
    #[must_use]
    pub fn metrics_requested(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

impl CloudWatch {
    /// Lists every series of a namespace, or of one metric there, that had a point in the last two
    /// weeks.
    pub async fn list_metrics(
        &self,
        namespace: &str,
        metric_name: Option<&str>,
    ) -> Result<Vec<ListedMetric>, ApiError> {
        const OPERATION: &str = "cloudwatch:ListMetrics";
        let mut listed = Vec::new();
        let mut pages = Pages::new(OPERATION, &self.region);
        loop {
            let page = self
                .client
                .list_metrics()
                .namespace(namespace)
                .set_metric_name(metric_name.map(Into::into))
                .set_next_token(pages.token())
                .send()
                .await
                .map_err(|error| ApiError::new(OPERATION, &self.region, &error))?;
            let has_next = pages.is_followed(page.next_token())?;
            for metric in &pages.list(page.metrics, "Metrics")? {
                // A series that is left out would be usage that nobody asks for.
                let metric = listed_metric(metric, namespace);
                listed.push(metric.ok_or_else(|| {
                    pages.broken(
                        "a listed metric has no name, one dimension twice, or another namespace",
                    )
                })?);
            }
            if !has_next {
                break;
            }
        }
        // `ListMetrics` promises no order, and no series only once.
        listed.sort_unstable();
        listed.dedup();
        Ok(listed)
    }

    /// Reads the series of some queries over one span, in the order of the queries. A fault in a
    /// series is in the status of its answer; only a call that fails as a whole is an error.
    pub async fn get_metric_data(
        &self,
        queries: &[MetricQuery],
        span: Span,
        spent: &Spent,
    ) -> Result<Vec<Answer>, ApiError> {
        let stretch =
            Stretch { start: span.window.start(), end: span.window.end(), step: span.step };
        let mut answers = Vec::with_capacity(queries.len());
        for batch in queries.chunks(QUERIES_PER_CALL) {
            let mut decoder = Decoder::new(span, batch.len());
            self.get_batch(batch, stretch, spent, &mut decoder).await?;
            answers.extend(decoder.finish());
        }
        Ok(answers)
    }

    /// Reads the latest point of each query within a stretch, in the order of the queries.
    pub async fn get_latest(
        &self,
        queries: &[MetricQuery],
        stretch: Stretch,
        spent: &Spent,
    ) -> Result<Vec<Latest>, ApiError> {
        let mut latest = Vec::with_capacity(queries.len());
        for batch in queries.chunks(QUERIES_PER_CALL) {
            let span = stretch.start..stretch.end;
            let mut points = LatestPoints::new(span, batch.len());
            self.get_batch(batch, stretch, spent, &mut points).await?;
            latest.extend(points.finish());
        }
        Ok(latest)
    }

    /// Reads the values of each query within a stretch, by step, in the order of the queries.
    pub async fn get_values(
        &self,
        queries: &[MetricQuery],
        stretch: Stretch,
        spent: &Spent,
    ) -> Result<Vec<(Values, Status)>, ApiError> {
        let mut values = Vec::with_capacity(queries.len());
        for batch in queries.chunks(QUERIES_PER_CALL) {
            let mut points = ValuePoints::new(stretch.start..stretch.end, batch.len());
            self.get_batch(batch, stretch, spent, &mut points).await?;
            values.extend(points.finish());
        }
        Ok(values)
    }

    async fn get_batch(
        &self,
        batch: &[MetricQuery],
        stretch: Stretch,
        spent: &Spent,
        // One function for all collectors: the call is much code.
        collector: &mut (dyn Collector + Send),
    ) -> Result<(), ApiError> {
        const OPERATION: &str = "cloudwatch:GetMetricData";
        let step = i32::try_from(stretch.step).unwrap_or(i32::MAX);
        let queries: Vec<MetricDataQuery> =
            batch.iter().enumerate().map(|(index, query)| sdk_query(index, query, step)).collect();
        let call = self
            .client
            .get_metric_data()
            .set_metric_data_queries(Some(queries))
            .start_time(date_time(stretch.start))
            .end_time(date_time(stretch.end))
            .max_datapoints(POINTS_PER_CALL);
        // Before the call: what fails, or is cut, has been asked for too.
        spent.0.fetch_add(u64::try_from(batch.len()).unwrap_or(u64::MAX), Ordering::Relaxed);
        let mut pages = Pages::new(OPERATION, &self.region);
        loop {
            let page = call
                .clone()
                .set_next_token(pages.token())
                .send()
                .await
                .map_err(|error| ApiError::new(OPERATION, &self.region, &error))?;
            for message in page.messages() {
                let text = [message.code(), message.value()];
                let text = text.into_iter().flatten().collect::<Vec<_>>().join(": ");
                collector.spoil(&clip(&text, MOST_QUOTED));
            }
            let next = pages.is_followed(page.next_token());
            for result in &pages.list(page.metric_data_results, "MetricDataResults")? {
                match page_result(result) {
                    Some(result) => collector.take(result),
                    None => collector.spoil("CloudWatch answered for a query that was not asked"),
                }
            }
            match next {
                Ok(true) => {}
                Ok(false) => break,
                // What came so far is kept, as at least what there is.
                Err(error) => {
                    collector.spoil(&error.detail);
                    break;
                }
            }
        }
        Ok(())
    }
}

/// Takes a listed series over; `None` where a name is left out or there twice, or where the series is
/// of another namespace.
fn listed_metric(metric: &Metric, namespace: &str) -> Option<ListedMetric> {
    let given = metric.dimensions();
    let dimensions: BTreeMap<String, String> = given
        .iter()
        .map(|dimension| Some((dimension.name()?.to_owned(), dimension.value()?.to_owned())))
        .collect::<Option<_>>()?;
    let is_its = metric.namespace() == Some(namespace) && dimensions.len() == given.len();
    is_its.then_some(ListedMetric { name: metric.metric_name()?.to_owned(), dimensions })
}

/// Spells a query for the SDK. No unit is asked for: one that does not match makes the answer empty.
fn sdk_query(index: usize, query: &MetricQuery, step: i32) -> MetricDataQuery {
    let dimensions = query
        .dimensions
        .iter()
        .map(|(name, value)| Dimension::builder().name(name).value(value).build())
        .collect();
    let metric = Metric::builder()
        .namespace(&query.namespace)
        .metric_name(&query.name)
        .set_dimensions(Some(dimensions))
        .build();
    let stat = MetricStat::builder().metric(metric).period(step).stat(query.statistic).build();
    MetricDataQuery::builder().id(id_of(index)).metric_stat(stat).return_data(true).build()
}

/// Returns the id of a query in its call.
fn id_of(index: usize) -> String {
    format!("q{index}")
}

/// Takes one series of a page over; `None` where no query of ours has the id.
fn page_result(result: &MetricDataResult) -> Option<PageResult> {
    let id = result.id()?;
    let query: usize = id.strip_prefix('q')?.parse().ok()?;
    if id != id_of(query) {
        return None;
    }
    let status = match result.status_code() {
        Some(StatusCode::Complete) => PageStatus::Complete,
        Some(other) => PageStatus::Other(other.as_str().to_owned()),
        None => PageStatus::Other("no status".into()),
    };
    let (times, values) = (result.timestamps(), result.values());
    if times.len() != values.len() {
        // Nobody knows which value is of which time.
        return Some(PageResult { query, status: PageStatus::Unpaired, points: Vec::new() });
    }
    let points = times.iter().map(timestamp).zip(values.iter().copied()).collect();
    Some(PageResult { query, status, points })
}

fn date_time(time: Timestamp) -> DateTime {
    DateTime::from_secs(time.as_second())
}

/// Takes a time over. One out of range becomes a time that is on no grid, so that its point is noticed.
fn timestamp(time: &DateTime) -> Timestamp {
    Timestamp::from_second(time.secs()).unwrap_or(Timestamp::MIN)
}
