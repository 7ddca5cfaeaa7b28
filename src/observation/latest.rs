//! The latest point of each series: all that is read of the guard's own metrics.

use std::ops::Range;

use jiff::Timestamp;

use crate::observation::Status;
use crate::observation::decode::{Collector, PageResult, PerQuery};

/// Latest point of one series.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Latest {
    /// Wholeness of the answer.
    pub status: Status,
    /// Time of the point, and true if the value is above zero; `None` without a point.
    pub point: Option<(Timestamp, bool)>,
}

/// Collector of the latest points. The values themselves are dollars or flags: whether one is above
/// zero is all that is kept, so no amount passes through a float.
#[derive(Debug)]
pub struct LatestPoints {
    /// Time that was asked for.
    span: Range<Timestamp>,
    series: PerQuery<Option<(Timestamp, bool)>>,
}

impl LatestPoints {
    /// Returns a collector for a call of so many queries over a span.
    #[must_use]
    pub fn new(span: Range<Timestamp>, queries: usize) -> Self {
        Self { span, series: PerQuery::new(queries) }
    }

    /// Returns the latest points in the order of the queries.
    #[must_use]
    pub fn finish(self) -> Vec<Latest> {
        self.series.finish().map(|(point, status)| Latest { status, point }).collect()
    }
}

impl Collector for LatestPoints {
    fn take(&mut self, result: PageResult) {
        let span = &self.span;
        self.series.take(result, |latest, wholeness, time, value| {
            if !value.is_finite() || value < 0.0 {
                wholeness.spoil(format!("at {time}, {value} is no value of the guard's"));
                return;
            }
            if !span.contains(&time) {
                wholeness.spoil(format!("a point at {time} was not asked for"));
                return;
            }
            let is_above = value > 0.0;
            match latest {
                Some((known, was_above)) if *known == time && *was_above != is_above => {
                    wholeness.spoil(format!("CloudWatch gave two values for {time}"));
                }
                Some((known, _)) if *known >= time => {}
                _ => *latest = Some((time, is_above)),
            }
        });
    }

    fn spoil(&mut self, why: &str) {
        self.series.spoil(why);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::observation::decode::PageStatus;

    fn page(status: PageStatus, points: &[(&str, f64)]) -> PageResult {
        let points = points.iter().map(|(time, value)| (time.parse().unwrap(), *value)).collect();
        PageResult { query: 0, status, points }
    }

    fn latest(pages: &[&[(&str, f64)]]) -> Latest {
        let day = "2026-04-06T00:00:00Z".parse().unwrap().."2026-04-07T00:00:00Z".parse().unwrap();
        let mut points = LatestPoints::new(day, 1);
        for of_page in pages {
            points.take(page(PageStatus::Complete, of_page));
        }
        points.finish().remove(0)
    }

    const EARLY: &str = "2026-04-06T00:00:00Z";
    const LATE: &str = "2026-04-06T01:00:00Z";

    #[test]
    fn the_latest_point_counts_in_whatever_order_points_come() {
        let at = |time: &str, is_above| Some((time.parse().unwrap(), is_above));
        for pages in [
            &[&[(EARLY, 7.5), (LATE, 0.0)][..]][..],
            &[&[(LATE, 0.0)], &[(EARLY, 7.5)]],
            &[&[(LATE, 0.0)], &[(LATE, 0.0)]],
        ] {
            let Latest { status, point } = latest(pages);
            assert_eq!((status, point), (Status::Complete, at(LATE, false)));
        }
        assert_eq!(latest(&[&[(EARLY, 0.01)]]).point, at(EARLY, true));
        assert_eq!(latest(&[&[]]).point, None);
    }

    #[test]
    fn what_makes_no_sense_spoils_the_series() {
        for pages in [
            &[&[(EARLY, f64::NAN)][..]][..],
            &[&[(EARLY, -1.0)]],
            &[&[(EARLY, 1.0)], &[(EARLY, 0.0)]],
            &[&[(EARLY, 1.0)], &[("2100-01-01T00:00:00Z", 0.0)]],
        ] {
            assert!(matches!(latest(pages).status, Status::Incomplete(_)), "{pages:?}");
        }
    }
}
