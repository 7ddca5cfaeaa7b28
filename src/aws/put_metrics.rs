//! The metrics of a run, put to CloudWatch.

use aws_sdk_cloudwatch::Client;
use aws_sdk_cloudwatch::config::interceptors::AfterDeserializationInterceptorContextRef;
use aws_sdk_cloudwatch::config::{ConfigBag, Intercept, RuntimeComponents};
use aws_sdk_cloudwatch::error::BoxError;
use aws_sdk_cloudwatch::primitives::DateTime;
use aws_sdk_cloudwatch::types::{Dimension, MetricDatum, StandardUnit};
use jiff::{SignedDuration, Timestamp};
use rust_decimal::prelude::ToPrimitive;

use crate::aws::{ApiError, Failure};
use crate::domain::Region;
use crate::report::metrics::{MONTHLY_COST, Point, RECOMMENDATION_OPEN, Unit};

/// Points that `PutMetricData` takes in one call, by its documentation.
const POINTS_PER_CALL: usize = 1_000;

/// Bytes of points in one call. `PutMetricData` takes 1 MB, of which a tenth is left for the rest of
/// the request.
const BYTES_PER_CALL: usize = 900_000;

/// Fault of a run whose metrics could not all be put.
#[derive(Debug, thiserror::Error)]
#[error("{failed} of {batches} batches of metrics were not put: {}", ApiError::join(errors))]
pub struct PutError {
    /// Batches that failed.
    pub failed: usize,
    /// Batches in all.
    pub batches: usize,
    /// Points of the batches that did not fail.
    pub put: u64,
    /// The errors of the batches that failed.
    pub errors: Vec<ApiError>,
}

/// Place that metrics go to.
#[derive(Clone, Debug)]
pub struct Sink {
    /// The SDK's client for the Region.
    pub client: Client,
    /// The Region.
    pub region: Region,
    /// The namespace.
    pub namespace: String,
}

/// Says why CloudWatch would not take points of an event's time; `None` where it would.
///
/// CloudWatch takes points from two weeks before now to two hours after.
#[must_use]
pub fn withheld(time: Timestamp, as_of: Timestamp) -> Option<String> {
    let age = as_of.duration_since(time);
    if age > SignedDuration::from_hours(14 * 24) {
        Some(format!(
            "the event's time, {time}, is more than 14 days ago, and CloudWatch takes no points that old"
        ))
    } else if age < SignedDuration::from_hours(-2) {
        Some(format!(
            "the event's time, {time}, is more than 2 hours ahead, and CloudWatch takes no points that new"
        ))
    } else {
        None
    }
}

impl Sink {
    /// Puts all points, in batches. A failed batch does not stop the others, but for one that hangs: the
    /// others would each take as long.
    pub async fn put(&self, points: &[Point], time: Timestamp) -> Result<u64, PutError> {
        let batches = batches(points);
        let mut errors = Vec::new();
        let mut put = 0;
        for (place, batch) in batches.iter().enumerate() {
            let data = batch.iter().map(|point| datum(point, time)).collect();
            let call = self
                .client
                .put_metric_data()
                .namespace(&self.namespace)
                .set_metric_data(Some(data))
                .customize()
                .interceptor(AnsweredByCloudWatch);
            match call.send().await {
                Ok(_) => put += u64::try_from(batch.len()).unwrap_or(u64::MAX),
                Err(error) => {
                    let error = ApiError::new("cloudwatch:PutMetricData", &self.region, &error);
                    if error.failure == Failure::TimedOut {
                        errors.resize(errors.len() + batches.len() - place, error);
                        break;
                    }
                    errors.push(error);
                }
            }
        }
        if errors.is_empty() {
            Ok(put)
        } else {
            Err(PutError { failed: errors.len(), batches: batches.len(), put, errors })
        }
    }
}

/// Refusal of an answer that is not CloudWatch's. An answer to points has nothing in it that could be
/// read wrong, so that the page of a proxy would pass for one.
#[derive(Debug)]
struct AnsweredByCloudWatch;

#[derive(Debug, thiserror::Error)]
#[error("the answer is not CloudWatch's, as a proxy or an endpoint of one's own gives")]
struct NotCloudWatch;

impl Intercept for AnsweredByCloudWatch {
    fn name(&self) -> &'static str {
        "AnsweredByCloudWatch"
    }

    fn read_after_deserialization(
        &self,
        context: &AfterDeserializationInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        // The protocol has this header in each answer.
        let is_its = context.response().headers().contains_key("smithy-protocol");
        if is_its || !context.response().status().is_success() {
            return Ok(());
        }
        Err(NotCloudWatch.into())
    }
}

/// Splits points so that each call is within both limits.
fn batches(points: &[Point]) -> Vec<&[Point]> {
    let mut batches = Vec::new();
    let (mut start, mut bytes) = (0, 0);
    for (index, point) in points.iter().enumerate() {
        let size = encoded_size(point);
        if index > start && (index - start == POINTS_PER_CALL || bytes + size > BYTES_PER_CALL) {
            batches.push(&points[start..index]);
            (start, bytes) = (index, 0);
        }
        bytes += size;
    }
    if start < points.len() {
        batches.push(&points[start..]);
    }
    batches
}

/// Returns the most bytes that a point takes on the wire: the texts, and room for the names of members.
fn encoded_size(point: &Point) -> usize {
    let dimensions: usize =
        point.dimensions.iter().map(|(name, value)| name.len() + value.len() + 24).sum();
    point.name.len() + dimensions + 96
}

/// Spells a point for the SDK. Exact numbers become doubles here alone, since CloudWatch keeps doubles.
fn datum(point: &Point, time: Timestamp) -> MetricDatum {
    let dimensions = point
        .dimensions
        .iter()
        .map(|(name, value)| Dimension::builder().name(*name).value(value).build())
        .collect();
    MetricDatum::builder()
        .metric_name(point.name)
        .set_dimensions(Some(dimensions))
        .timestamp(DateTime::from_secs(time.as_second()))
        .set_storage_resolution(is_read_back(point).then_some(1))
        .value(point.value.to_f64().unwrap_or_default())
        .unit(match point.unit {
            Unit::None => StandardUnit::None,
            Unit::Count => StandardUnit::Count,
            Unit::Percent => StandardUnit::Percent,
        })
        .build()
}

/// Returns true for the points that a later run compares itself with. They are kept by the second, so
/// that a run that follows within the minute knows them; CloudWatch charges the same.
fn is_read_back(point: &Point) -> bool {
    match point.name {
        RECOMMENDATION_OPEN => true,
        MONTHLY_COST => point.dimensions.len() == 2,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rust_decimal::Decimal;

    fn point(value: &str) -> Point {
        Point {
            name: "MonthlyCost",
            unit: Unit::None,
            dimensions: vec![("Model", value.into())],
            value: Decimal::ONE,
        }
    }

    #[test]
    fn no_batch_is_over_the_count_or_the_size() {
        let small: Vec<Point> = (0..2_500).map(|n| point(&n.to_string())).collect();
        let lengths: Vec<usize> = batches(&small).iter().map(|batch| batch.len()).collect();
        assert_eq!(lengths, [1_000, 1_000, 500]);
        let large: Vec<Point> = (0..2_000).map(|_| point(&"x".repeat(1_024))).collect();
        for batch in batches(&large) {
            assert!(batch.iter().map(encoded_size).sum::<usize>() <= BYTES_PER_CALL);
        }
        assert_eq!(batches(&large).iter().map(|batch| batch.len()).sum::<usize>(), 2_000);
        assert!(batches(&[]).is_empty());
    }

    #[test]
    fn points_too_old_for_cloudwatch_are_withheld() {
        let time = |text: &str| text.parse().unwrap();
        let now = time("2026-04-20T00:00:00Z");
        assert_eq!(withheld(time("2026-04-06T00:00:00Z"), now), None);
        assert!(withheld(time("2026-04-05T23:59:59Z"), now).unwrap().contains("14 days"));
    }
}
