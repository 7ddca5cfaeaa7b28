//! The metrics that the guard itself put before: recommendations that were open before this run.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};

use crate::aws::ApiError;
use crate::aws::cloudwatch::{CloudWatch, MetricQuery, Spent};
use crate::domain::Window;
use crate::domain::period::{HOUR, floor_to_hour};
use crate::observation::{Answer, OpenBefore, Span};
use crate::report::metrics::RECOMMENDATION_OPEN;

/// Days for which an open recommendation is remembered: as long as `ListMetrics` remembers a series.
const DAYS: i64 = 14;

/// Reads the recommendations that were open before `time`.
pub async fn open_before(
    cloudwatch: &CloudWatch,
    namespace: &str,
    time: Timestamp,
    spent: &mut Spent,
) -> Result<Vec<OpenBefore>, ApiError> {
    let listed = cloudwatch.list_metrics(namespace, Some(RECOMMENDATION_OPEN)).await?;
    let known: BTreeSet<OpenBefore> = listed
        .iter()
        // Other sets of dimensions in the namespace are of somebody else.
        .filter(|series| series.dimensions.len() == 2)
        .filter_map(|series| {
            let region = series.dimensions.get("Region")?.parse().ok()?;
            let id = series.dimensions.get("RecommendationId")?.clone();
            Some(OpenBefore { region, id })
        })
        .collect();
    let end = floor_to_hour(time);
    let Ok(window) = Window::new(end - SignedDuration::from_hours(DAYS * 24), end) else {
        return Ok(Vec::new());
    };
    let known: Vec<OpenBefore> = known.into_iter().collect();
    let queries: Vec<MetricQuery> = known
        .iter()
        .map(|open| MetricQuery {
            namespace: namespace.into(),
            name: RECOMMENDATION_OPEN.into(),
            dimensions: [
                ("Region".to_owned(), open.region.name().to_owned()),
                ("RecommendationId".to_owned(), open.id.clone()),
            ]
            .into(),
            statistic: "Maximum",
        })
        .collect();
    let answers = cloudwatch.get_metric_data(&queries, Span { window, step: HOUR }, spent).await?;
    Ok(still_open(known, &answers))
}

/// Keeps the recommendations whose last point is not zero.
fn still_open(known: Vec<OpenBefore>, answers: &[Answer]) -> Vec<OpenBefore> {
    known
        .into_iter()
        .zip(answers)
        .filter(|(_, answer)| {
            let points = answer.series.iter().flat_map(|series| &series.values);
            points.flatten().next_back().is_some_and(|last| *last > 0)
        })
        .map(|(open, _)| open)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Series;
    use crate::observation::Status;

    #[test]
    fn a_recommendation_is_open_until_its_last_point_is_zero() {
        let open = |id: &str| OpenBefore { region: "us-east-1".parse().unwrap(), id: id.into() };
        let answer = |values: Option<&[Option<u64>]>| Answer {
            status: Status::Complete,
            series: values.map(|values| Series {
                start: "2026-04-06T00:00:00Z".parse().unwrap(),
                step: HOUR,
                values: values.to_vec(),
            }),
        };
        let answers = [
            answer(Some(&[Some(1), Some(0)])),
            answer(Some(&[Some(0), Some(1), None])),
            answer(None),
        ];
        assert_eq!(still_open(vec![open("a"), open("b"), open("c")], &answers), [open("b")]);
    }
}
