//! The metrics that the guard itself put before: recommendations that were open, models that had a
//! cost, and what was told of those models day by day, before this run.
//!
//! Each series is compared with its own last point, so a Region that was not read for a while is
//! compared with the last run that did read it.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};

use crate::aws::ApiError;
use crate::aws::cloudwatch::{CloudWatch, MetricQuery, Spent, Stretch};
use crate::domain::period::{HOUR, MINUTE, floor_to_hour, is_kept};
use crate::domain::{BaseModel, Region};
use crate::observation::latest::Latest;
use crate::observation::plan::ListedMetric;
use crate::observation::told::{Values, advised_size, told_days};
use crate::observation::{AdvisedSize, ModelBefore, OpenBefore, Status, ToldDay};
use crate::report::metrics::{
    ADVISED_SIZES, COMMITMENT_MONTHLY_COST, MODEL, MONTHLY_COST, POTENTIAL_MONTHLY_SAVINGS,
    RECOMMENDATION_ID, RECOMMENDATION_OPEN,
};

/// Time for which a series is remembered: as long as `ListMetrics` remembers one.
const REMEMBERED: SignedDuration = SignedDuration::from_hours(14 * 24);

/// Time before the run's hour that is read by the minute.
// In an hour with several runs the highest value stands for all of them: with runs each quarter of an
// hour a recommendation that closed would close again. Minutes of more hours would tell nothing new.
const BY_THE_MINUTE: SignedDuration = SignedDuration::from_hours(3);

/// Time for which CloudWatch keeps points of a second.
const SECONDS_KEPT: SignedDuration = SignedDuration::from_hours(3);

/// Knowledge of the runs before, from the guard's own metrics.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Before {
    /// Recommendations whose last point is not zero.
    pub open: Vec<OpenBefore>,
    /// Models whose last cost is not zero.
    pub models: Vec<ModelBefore>,
    /// Series whose answer is not whole, with the reason: of those nothing is known.
    pub unknown: Vec<String>,
    /// Figures that were put of these models, the last of each day.
    pub told: Vec<ToldDay>,
    /// Sizes of the purchases that were open, as they were last advised.
    pub sizes: Vec<AdvisedSize>,
    /// Reason why these figures are not known, or not of all models; `None` where they are.
    pub told_unknown: Option<String>,
}

/// One series of the guard's own, by what it is about.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Own {
    Open(OpenBefore),
    Cost(ModelBefore),
}

impl Own {
    /// Takes a listed series over; `None` for other sets of dimensions, which are totals or somebody
    /// else's.
    fn listed(series: &ListedMetric) -> Option<Self> {
        if series.dimensions.len() != 2 {
            return None;
        }
        let region: Region = series.dimensions.get("Region")?.parse().ok()?;
        match series.name.as_str() {
            RECOMMENDATION_OPEN => {
                let id = series.dimensions.get(RECOMMENDATION_ID)?.clone();
                Some(Self::Open(OpenBefore { region, id }))
            }
            MONTHLY_COST => {
                let model = BaseModel::new(series.dimensions.get(MODEL)?);
                Some(Self::Cost(ModelBefore { region, model }))
            }
            _ => None,
        }
    }

    fn query(&self, namespace: &str) -> MetricQuery {
        match self {
            Self::Open(OpenBefore { region, id }) => {
                query(namespace, RECOMMENDATION_OPEN, region, (RECOMMENDATION_ID, id))
            }
            Self::Cost(ModelBefore { region, model }) => {
                query(namespace, MONTHLY_COST, region, (MODEL, model.id()))
            }
        }
    }

    fn in_words(&self) -> String {
        match self {
            Self::Open(OpenBefore { region, id }) => {
                format!("{RECOMMENDATION_OPEN} of {id} in {region}")
            }
            Self::Cost(ModelBefore { region, model }) => {
                format!("{MONTHLY_COST} of {model} in {region}")
            }
        }
    }
}

/// Builds the query of one series of the guard's own in a Region.
fn query(
    namespace: &str,
    name: &str,
    region: &Region,
    (dimension, value): (&str, &str),
) -> MetricQuery {
    MetricQuery {
        namespace: namespace.into(),
        name: name.into(),
        dimensions: [
            ("Region".to_owned(), region.name().to_owned()),
            (dimension.to_owned(), value.to_owned()),
        ]
        .into(),
        statistic: "Maximum",
    }
}

/// Reads what was open and what had a cost before `time`, which is the run's own and is left out: a
/// run that is repeated compares itself with the same runs as at first. What was told of each model is
/// read from `since` on.
pub async fn before(
    cloudwatch: &CloudWatch,
    namespace: &str,
    since: Timestamp,
    time: Timestamp,
    as_of: Timestamp,
    spent: &mut Spent,
) -> Result<Before, ApiError> {
    let (open, costs) = tokio::try_join!(
        cloudwatch.list_metrics(namespace, Some(RECOMMENDATION_OPEN)),
        cloudwatch.list_metrics(namespace, Some(MONTHLY_COST)),
    )?;
    let known: BTreeSet<Own> = open.iter().chain(&costs).filter_map(Own::listed).collect();
    let known: Vec<Own> = known.into_iter().collect();
    let queries: Vec<MetricQuery> = known.iter().map(|own| own.query(namespace)).collect();
    let mut latest: Vec<Latest> =
        vec![Latest { status: Status::Complete, point: None }; known.len()];
    for stretch in stretches(time, as_of) {
        // In order of time, so that what is later goes over what is earlier.
        let found = cloudwatch.get_latest(&queries, stretch, spent).await?;
        for (latest, found) in latest.iter_mut().zip(found) {
            if latest.status == Status::Complete {
                latest.status = found.status;
            }
            latest.point = found.point.or(latest.point);
        }
    }
    let span = Stretch { start: since, end: floor_to_hour(time), step: HOUR };
    let mut before = told(cloudwatch, namespace, &known, span, spent).await;
    for (own, Latest { status, point }) in known.into_iter().zip(latest) {
        match (own, status, point) {
            (own, Status::Incomplete(why), _) => {
                before.unknown.push(format!("{}: {why}", own.in_words()));
            }
            (Own::Open(open), _, Some((_, true))) => before.open.push(open),
            (Own::Cost(model), _, Some((_, true))) => before.models.push(model),
            (_, Status::Complete, _) => {}
        }
    }
    Ok(before)
}

/// Reads what was told day by day of models, and the sizes that were advised. Advice stands without it, so
/// that a fault is a reason.
async fn told(
    cloudwatch: &CloudWatch,
    namespace: &str,
    known: &[Own],
    span: Stretch,
    spent: &mut Spent,
) -> Before {
    let queries: Vec<MetricQuery> = known
        .iter()
        .flat_map(|own| {
            let (names, region, dimension) = match own {
                Own::Cost(ModelBefore { region, model }) => {
                    let names = [MONTHLY_COST, POTENTIAL_MONTHLY_SAVINGS, COMMITMENT_MONTHLY_COST];
                    (names, region, (MODEL, model.id()))
                }
                Own::Open(OpenBefore { region, id }) => {
                    (ADVISED_SIZES, region, (RECOMMENDATION_ID, id.as_str()))
                }
            };
            names.map(|name| query(namespace, name, region, dimension))
        })
        .collect();
    let mut before = Before::default();
    if span.start >= span.end {
        return before;
    }
    let values = match cloudwatch.get_values(&queries, span, spent).await {
        Ok(values) => values,
        Err(error) => {
            before.told_unknown = Some(error.to_string());
            return before;
        }
    };
    for (own, series) in known.iter().zip(values.chunks(ADVISED_SIZES.len())) {
        let incomplete = series.iter().find_map(|(_, status)| match status {
            Status::Incomplete(why) => Some(why),
            Status::Complete => None,
        });
        let values: Option<[&Values; 3]> =
            series.iter().map(|(values, _)| values).collect::<Vec<_>>().try_into().ok();
        match (own, values, incomplete) {
            (_, _, Some(why)) => {
                before.told_unknown.get_or_insert(format!("{}: {why}", own.in_words()));
            }
            (Own::Cost(ModelBefore { region, model }), Some(values), None) => {
                before.told.extend(told_days(region, model, values));
            }
            (Own::Open(OpenBefore { region, id }), Some(values), None) => {
                before.sizes.extend(advised_size(region, id, values));
            }
            (_, None, None) => {}
        }
    }
    before
}

/// Returns the stretches that end at a time, the earliest first: hours, then minutes, then the seconds
/// of the run's own minute, as far as `CloudWatch` keeps them.
fn stretches(time: Timestamp, as_of: Timestamp) -> Vec<Stretch> {
    let hour = floor_to_hour(time);
    let into_hour = time.as_second() - hour.as_second();
    let minute = hour + SignedDuration::from_secs(into_hour - into_hour % i64::from(MINUTE));
    let second = hour + SignedDuration::from_secs(into_hour);
    let fine = hour - BY_THE_MINUTE;
    let hours = |end| Stretch { start: hour - REMEMBERED, end, step: HOUR };
    // An event that is repeated days later finds hours alone.
    if !is_kept(fine, MINUTE, as_of) {
        return vec![hours(hour)];
    }
    let seconds = Stretch { start: minute, end: second, step: 1 };
    let are_kept = as_of.duration_since(minute) < SECONDS_KEPT;
    let mut stretches = vec![hours(fine), Stretch { start: fine, end: minute, step: MINUTE }];
    stretches.extend((are_kept && minute < second).then_some(seconds));
    stretches
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn stretches_join_without_a_gap_and_end_with_the_runs_own_second() {
        for time in ["2026-04-06T00:15:00Z", "2026-04-06T00:15:59.7Z", "2026-04-06T02:00:00Z"] {
            let time = at(time);
            let stretches = stretches(time, time + SignedDuration::from_secs(5));
            assert!(stretches.windows(2).all(|pair| pair[0].end == pair[1].start));
            assert_eq!(stretches[0].start, floor_to_hour(time) - REMEMBERED);
            assert_eq!(stretches.last().unwrap().end.as_second(), time.as_second());
            for stretch in &stretches {
                let step = i64::from(stretch.step);
                assert_eq!(stretch.start.as_second() % step, 0, "{stretch:?}");
                assert_eq!(stretch.end.as_second() % step, 0, "{stretch:?}");
                assert!(stretch.start < stretch.end, "{stretch:?}");
            }
        }
    }

    #[test]
    fn of_an_old_event_no_points_are_asked_for_that_are_no_longer_kept() {
        let time = at("2026-04-06T00:15:30Z");
        let steps = |hours| {
            let stretches = stretches(time, time + SignedDuration::from_hours(hours));
            stretches.iter().map(|stretch| stretch.step).collect::<Vec<_>>()
        };
        assert_eq!(steps(0), [HOUR, MINUTE, 1]);
        assert_eq!(steps(4), [HOUR, MINUTE]);
        assert_eq!(steps(14 * 24), [HOUR]);
    }
}
