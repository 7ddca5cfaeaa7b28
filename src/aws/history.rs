//! The metrics that the guard itself put before this run: recommendations that were open and their sizes,
//! models that had a cost, and what could have been saved of these on each day.
//!
//! Each series is compared with its own last point, so a Region that was not read for a while is
//! compared with the last run that did read it.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};

use crate::aws::ApiError;
use crate::aws::cloudwatch::{CloudWatch, MetricQuery, Spent, Stretch};
use crate::domain::period::{HOUR, MINUTE, floor_to_hour, is_kept};
use crate::domain::{BaseModel, Region};
use crate::observation::Status::{self, Complete, Incomplete};
use crate::observation::before::{last_size, savings_by_day};
use crate::observation::latest::Latest;
use crate::observation::plan::ListedMetric;
use crate::observation::{ModelBefore, OpenBefore, SavingBefore, SizeBefore};
use crate::report::metrics::{
    ADVISED_SIZES, MODEL, MONTHLY_COST, POTENTIAL_MONTHLY_SAVINGS, PROMISED_MONTHLY_SAVINGS,
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
}

/// Values that the runs before put of what was open and of what had a cost.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Told {
    /// Savings of the models, the last of each day.
    pub savings: Vec<SavingBefore>,
    /// Sizes of the purchases that were open.
    pub sizes: Vec<SizeBefore>,
    /// Series whose answer is not whole, with the reason: they are left out.
    pub unknown: Vec<String>,
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
/// run that is repeated compares itself with the same runs as at first.
pub async fn before(
    cloudwatch: &CloudWatch,
    namespace: &str,
    time: Timestamp,
    as_of: Timestamp,
    spent: &Spent,
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
    let mut before = Before::default();
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

/// Reads the values that were put of what was open and of what had a cost, from `since` to the hour of the
/// run. Advice stands without them.
pub async fn told(
    cloudwatch: &CloudWatch,
    namespace: &str,
    before: &Before,
    since: Timestamp,
    time: Timestamp,
    spent: &Spent,
) -> Result<Told, ApiError> {
    let span = Stretch { start: since, end: floor_to_hour(time), step: HOUR };
    if span.start >= span.end {
        return Ok(Told::default());
    }
    let sizes = before.open.iter().flat_map(|OpenBefore { region, id }| {
        ADVISED_SIZES.map(|name| query(namespace, name, region, (RECOMMENDATION_ID, id)))
    });
    let savings = before.models.iter().flat_map(|ModelBefore { region, model }| {
        [POTENTIAL_MONTHLY_SAVINGS, PROMISED_MONTHLY_SAVINGS]
            .map(|name| query(namespace, name, region, (MODEL, model.id())))
    });
    let queries: Vec<MetricQuery> = sizes.chain(savings).collect();
    let values = cloudwatch.get_values(&queries, span, spent).await?;
    let (of_sizes, of_savings) = values.split_at(ADVISED_SIZES.len() * before.open.len());
    let mut told = Told::default();
    for (OpenBefore { region, id }, series) in before.open.iter().zip(of_sizes.chunks(3)) {
        match series {
            [(units, Complete), (input, Complete), (output, Complete)] => {
                let size = last_size([units, input, output]);
                let size =
                    size.map(|size| SizeBefore { region: region.clone(), id: id.clone(), size });
                told.sizes.extend(size);
            }
            _ => told.unknown.push(format!("the size of {id} in {region}")),
        }
    }
    for (model, series) in before.models.iter().zip(of_savings.chunks(2)) {
        match series {
            [(savings, Complete), (promised, Complete)] => {
                told.savings.extend(savings_by_day(model, savings, promised));
            }
            [(_, Incomplete(why)), _] | [_, (_, Incomplete(why))] => {
                let ModelBefore { region, model } = model;
                told.unknown.push(format!("the savings of {model} in {region}: {why}"));
            }
            _ => {}
        }
    }
    if !told.unknown.is_empty() {
        // What came of promises is said of all of them or of none.
        told.savings.iter_mut().for_each(|saving| saving.promised_monthly_savings = None);
    }
    Ok(told)
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
