//! Pages of `CloudWatch` answers as series, each with its status: complete or not.

use jiff::Timestamp;

use crate::domain::series::{step_at, steps_of};
use crate::domain::{Series, SumsBuilder, Tokens};
use crate::observation::{Answer, Span, Status};

/// Status of a series on one page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PageStatus {
    /// The series ends on this page.
    Complete,
    /// More comes on the next page, or there was a fault; only the last status counts.
    Other(String),
    /// The page has not as many values as times: its points are lost, whatever comes later.
    Unpaired,
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
pub trait Collector {
    /// Adds one page of one series.
    fn take(&mut self, result: PageResult);

    /// Marks every series of the call as incomplete: `CloudWatch` complains about the whole call, or
    /// the call ended before its last page.
    fn spoil(&mut self, why: &str);
}

/// Wholeness of one series so far.
#[derive(Clone, Debug, Default)]
pub(super) struct Wholeness {
    last: Option<PageStatus>,
    fault: Option<String>,
}

impl Wholeness {
    /// Notes the status of a page. Pages before the last one always say that there is more, so a
    /// later status replaces an earlier.
    pub(super) fn note(&mut self, status: PageStatus) {
        if status == PageStatus::Unpaired {
            self.spoil("CloudWatch gave not as many values as times");
        }
        self.last = Some(status);
    }

    /// Notes a fault; the first is kept.
    pub(super) fn spoil(&mut self, why: impl Into<String>) {
        self.fault.get_or_insert_with(|| why.into());
    }

    /// Returns the status of the series.
    pub(super) fn finish(self) -> Status {
        match (self.fault, self.last) {
            // `CloudWatch` can say Complete of a series whose points make no sense.
            (Some(fault), _) => Status::Incomplete(fault),
            (None, Some(PageStatus::Complete)) => Status::Complete,
            (None, Some(PageStatus::Other(name))) => {
                Status::Incomplete(format!("CloudWatch ended with {name}"))
            }
            (None, Some(PageStatus::Unpaired) | None) => {
                Status::Incomplete("CloudWatch did not answer for it".into())
            }
        }
    }
}

/// Answers of a call so far, one for each of its queries.
#[derive(Debug)]
pub(super) struct PerQuery<T>(Vec<(T, Wholeness)>);

impl<T: Clone + Default> PerQuery<T> {
    /// Returns the state before the first page of a call of so many queries.
    pub(super) fn new(queries: usize) -> Self {
        Self(vec![(T::default(), Wholeness::default()); queries])
    }

    /// Adds one page of one series, point by point.
    pub(super) fn take(
        &mut self,
        result: PageResult,
        mut add: impl FnMut(&mut T, &mut Wholeness, Timestamp, f64),
    ) {
        let PageResult { query, status, points } = result;
        let Some((found, wholeness)) = self.0.get_mut(query) else {
            self.spoil("CloudWatch answered for a query that was not asked");
            return;
        };
        for (time, value) in points {
            add(found, wholeness, time, value);
        }
        wholeness.note(status);
    }

    /// Notes a fault of every series.
    pub(super) fn spoil(&mut self, why: &str) {
        for (_, wholeness) in &mut self.0 {
            wholeness.spoil(why);
        }
    }

    /// Returns what was found, with its status, in the order of the queries.
    pub(super) fn finish(self) -> impl Iterator<Item = (T, Status)> {
        self.0.into_iter().map(|(found, wholeness)| (found, wholeness.finish()))
    }
}

/// Collector of series, step by step.
#[derive(Debug)]
pub struct Decoder {
    span: Span,
    series: PerQuery<Option<SumsBuilder>>,
}

impl Decoder {
    /// Returns a decoder for a call of so many queries.
    #[must_use]
    pub fn new(span: Span, queries: usize) -> Self {
        Self { span, series: PerQuery::new(queries) }
    }

    /// Returns the answers in the order of the queries.
    #[must_use]
    pub fn finish(self) -> Vec<Answer> {
        let Span { window, step } = self.span;
        let series =
            |sums: SumsBuilder| Series { start: window.start(), step, values: sums.finish() };
        let answer = |(sums, status): (Option<SumsBuilder>, Status)| Answer {
            status,
            series: sums.map(series).filter(Series::has_points),
        };
        self.series.finish().map(answer).collect()
    }
}

impl Collector for Decoder {
    fn take(&mut self, result: PageResult) {
        let span = self.span;
        self.series.take(result, |slot, wholeness, time, sum| {
            // A series begins with its first point, so that silence stays without one.
            let steps = steps_of(span.window, span.step);
            let sums = slot.get_or_insert_with(|| SumsBuilder::none(steps));
            let place =
                step_at(span.window.start(), span.step, time).filter(|place| *place < steps);
            match (place, Tokens::try_from(sum)) {
                (Some(place), Ok(tokens)) => {
                    let known = sums.get(place).filter(|known| *known != tokens.count());
                    if known.is_some() {
                        wholeness.spoil(format!("CloudWatch gave two values for {time}"));
                    }
                    // The lower stays, as at least what there was.
                    let least = known.map_or(tokens.count(), |known| known.min(tokens.count()));
                    sums.set(place, least);
                }
                (Some(_), Err(error)) => wholeness.spoil(format!("at {time}, {error}")),
                (None, _) => {
                    wholeness.spoil(format!("a point at {time} is not a step of the window"));
                }
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
        assert_eq!(
            answer.series.unwrap().values.iter().collect::<Vec<_>>(),
            [Some(1), None, None, Some(4)]
        );
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
    fn two_values_for_one_time_leave_the_lower_and_spoil_the_series() {
        let time = "2026-04-06T00:00:00Z";
        let mut decoder = Decoder::new(span(), 1);
        decoder.take(page(more(), &[(time, 5.0)]));
        decoder.take(page(more(), &[(time, 5.0)]));
        decoder.take(page(PageStatus::Complete, &[(time, 5.0)]));
        assert_eq!(decoder.finish()[0].status, Status::Complete, "a page that came again");
        for values in [[5.0, 3.0], [3.0, 5.0]] {
            let mut decoder = Decoder::new(span(), 1);
            decoder.take(page(more(), &[(time, values[0])]));
            decoder.take(page(PageStatus::Complete, &[(time, values[1])]));
            let answer = decoder.finish().remove(0);
            let why = format!("CloudWatch gave two values for {time}");
            assert_eq!(answer.status, Status::Incomplete(why));
            assert_eq!(answer.series.unwrap().total().count(), 3);
        }
    }

    #[test]
    fn values_that_nobody_can_pair_with_times_spoil_the_series_for_good() {
        let mut decoder = Decoder::new(span(), 1);
        decoder.take(page(PageStatus::Unpaired, &[]));
        decoder.take(page(PageStatus::Complete, &[("2026-04-06T00:00:00Z", 5.0)]));
        assert!(matches!(decoder.finish()[0].status, Status::Incomplete(_)));
    }

    #[test]
    fn an_answer_to_a_query_that_was_not_asked_spoils_the_call() {
        let mut decoder = Decoder::new(span(), 1);
        decoder.take(page(PageStatus::Complete, &[]));
        decoder.take(PageResult { query: 1, ..page(PageStatus::Complete, &[]) });
        assert!(matches!(decoder.finish()[0].status, Status::Incomplete(_)));
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
