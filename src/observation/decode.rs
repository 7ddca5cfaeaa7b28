//! Pages of `CloudWatch` answers as series, each with its status: complete or not.

use jiff::Timestamp;

use crate::domain::{Series, Tokens};
use crate::observation::{Answer, Span, Status};

/// Status of a series on one page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PageStatus {
    /// The series ends on this page.
    Complete,
    /// More comes on the next page, or there was a fault; only the last status counts.
    Other(String),
}

/// One series on one page.
#[derive(Clone, Debug)]
pub struct PageResult {
    /// Index of the query in the call.
    pub query: usize,
    /// Status of the series.
    pub status: PageStatus,
    /// Starts of steps and the sums of the steps.
    pub points: Vec<(Timestamp, f64)>,
}

/// Collector of the pages of one call.
#[derive(Debug)]
pub struct Decoder {
    span: Span,
    series: Vec<Option<Series>>,
    statuses: Vec<Option<PageStatus>>,
    faults: Vec<Option<String>>,
}

impl Decoder {
    /// Returns a decoder for a call of so many queries.
    #[must_use]
    pub fn new(span: Span, queries: usize) -> Self {
        Self {
            span,
            series: vec![None; queries],
            statuses: vec![None; queries],
            faults: vec![None; queries],
        }
    }

    /// Adds one page of one series.
    pub fn take(&mut self, result: PageResult) {
        let PageResult { query, status, points } = result;
        // An answer to a query that was not asked has nowhere to go.
        let (Some(slot), Some(fault)) = (self.series.get_mut(query), self.faults.get_mut(query))
        else {
            return;
        };
        for (time, sum) in points {
            // A series begins with its first point, so that silence stays without one.
            let series =
                slot.get_or_insert_with(|| Series::empty(self.span.window, self.span.step));
            let index = series.index_of(time);
            match (index.and_then(|index| series.values.get_mut(index)), Tokens::try_from(sum)) {
                (Some(value), Ok(tokens)) => *value = Some(tokens.count()),
                (Some(_), Err(error)) => *fault = Some(format!("at {time}, {error}")),
                (None, _) => {
                    *fault = Some(format!("a point at {time} is not a step of the window"));
                }
            }
        }
        // Pages before the last one always say that there is more, so a later status replaces an earlier.
        if let Some(last) = self.statuses.get_mut(query) {
            *last = Some(status);
        }
    }

    /// Marks every series of the call as incomplete: `CloudWatch` complains about the whole call, or
    /// the call ended before its last page.
    pub fn spoil(&mut self, why: &str) {
        for fault in &mut self.faults {
            fault.get_or_insert_with(|| why.to_owned());
        }
    }

    /// Returns the answers in the order of the queries.
    #[must_use]
    pub fn finish(self) -> Vec<Answer> {
        let status = |last: Option<PageStatus>, fault: Option<String>| match (fault, last) {
            // `CloudWatch` can say Complete of a series whose points make no sense.
            (Some(fault), _) => Status::Incomplete(fault),
            (None, Some(PageStatus::Complete)) => Status::Complete,
            (None, Some(PageStatus::Other(name))) => {
                Status::Incomplete(format!("CloudWatch ended with {name}"))
            }
            (None, None) => Status::Incomplete("CloudWatch did not answer for it".into()),
        };
        self.series
            .into_iter()
            .zip(self.statuses)
            .zip(self.faults)
            .map(|((series, last), fault)| Answer {
                status: status(last, fault),
                series: series.filter(Series::has_points),
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Window;

    fn span() -> Span {
        Span {
            window: Window::new(
                "2026-04-06T00:00:00Z".parse().unwrap(),
                "2026-04-06T04:00:00Z".parse().unwrap(),
            )
            .unwrap(),
            step: 3_600,
        }
    }

    fn page(status: PageStatus, points: &[(&str, f64)]) -> PageResult {
        PageResult {
            query: 0,
            status,
            points: points.iter().map(|(time, sum)| (time.parse().unwrap(), *sum)).collect(),
        }
    }

    fn more() -> PageStatus {
        PageStatus::Other("PartialData".into())
    }

    #[test]
    fn partial_data_on_an_early_page_is_how_pages_look() {
        let mut decoder = Decoder::new(span(), 1);
        decoder.take(page(more(), &[("2026-04-06T03:00:00Z", 4.0)]));
        decoder.take(page(PageStatus::Complete, &[("2026-04-06T00:00:00Z", 1.0)]));
        let answer = decoder.finish().remove(0);
        assert_eq!(answer.status, Status::Complete);
        assert_eq!(answer.series.unwrap().values, [Some(1), None, None, Some(4)]);
    }

    #[test]
    fn partial_data_on_the_last_page_is_incomplete_and_not_zero() {
        let mut decoder = Decoder::new(span(), 1);
        decoder.take(page(more(), &[("2026-04-06T03:00:00Z", 4.0)]));
        let answer = decoder.finish().remove(0);
        assert_eq!(answer.status, Status::Incomplete("CloudWatch ended with PartialData".into()));
        assert!(answer.series.is_some());
    }

    #[test]
    fn complete_without_points_is_zero() {
        let mut decoder = Decoder::new(span(), 1);
        decoder.take(page(PageStatus::Complete, &[]));
        let (status, series) = (Status::Complete, None);
        assert_eq!(decoder.finish(), [Answer { status, series }]);
    }

    #[test]
    fn a_series_that_no_page_mentions_is_incomplete() {
        assert!(matches!(Decoder::new(span(), 1).finish()[0].status, Status::Incomplete(_)));
    }

    #[test]
    fn what_is_not_a_count_or_not_on_the_grid_spoils_its_series() {
        for point in [
            ("2026-04-06T00:00:00Z", 0.5),
            ("2026-04-06T00:00:00Z", f64::NAN),
            ("2026-04-06T00:30:00Z", 1.0),
            ("2026-04-06T04:00:00Z", 1.0),
        ] {
            let mut decoder = Decoder::new(span(), 1);
            decoder.take(page(PageStatus::Complete, &[point]));
            assert!(matches!(decoder.finish()[0].status, Status::Incomplete(_)), "{point:?}");
        }
    }

    #[test]
    fn a_message_about_the_call_spoils_all_of_it() {
        let mut decoder = Decoder::new(span(), 2);
        decoder.take(page(PageStatus::Complete, &[]));
        decoder.spoil("Maximum number of allowed metrics exceeded");
        assert!(
            decoder.finish().iter().all(|answer| matches!(answer.status, Status::Incomplete(_)))
        );
    }
}
