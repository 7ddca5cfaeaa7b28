//! The certainty of a saving from its weeks, the range of a coming term, and the trend of demand.
//!
//! One week leans on the one before: the means of longer blocks lean less. The tables of
//! `docs/advice-quality.md` say how often each figure holds, and where it does not.

use crate::domain::Usd;
use crate::domain::period::HOURS_PER_MONTH;
use crate::sizing::line::Line;
use crate::sizing::student::{exceeded, t90, t95};
use crate::sizing::{HOURS_PER_WEEK, estimate};

/// Weeks of a block that the mean is tested on: with one, a term that saves nothing is advised in 11 to
/// 14 % where weeks lean on each other; with four, a young workload has too few.
const TESTED: usize = 2;

/// Weeks of a block that the coming term is foreseen by.
const FORESEEN: usize = 4;

/// Blocks below which nothing is said of the coming term.
const FEWEST_FORESEEN: usize = 4;

/// Chance at which a saving that is none passes for one, if weeks are independent. At 1 % it passes in 6.4 of
/// 100 with four lanes to choose from whose weeks keep 0.6 of their noise, at this in 5.6; at half of 1 % a
/// true saving of 15 % would be told in fewer than four of five.
const LEVEL: f64 = 0.008;

/// Mean weekly saving of a purchase of fixed size, and how well the weeks tell that mean: by
/// Student's t, so that no random numbers are needed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Certainty {
    weeks: usize,
    mean: f64,
    /// Standard error of the mean, in USD a week.
    error: f64,
    /// Degrees of freedom of the error.
    degrees: usize,
    /// Blocks that the coming term is foreseen by; `None` where they are too few.
    foreseen: Option<Blocks>,
}

/// Means of blocks of weeks.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Blocks {
    count: usize,
    mean: f64,
    deviation: f64,
}

/// A range of the monthly saving of a coming term.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SavingRange {
    /// Lower end in USD a month.
    pub low: Usd,
    /// Mean of the weeks in USD a month.
    pub mean: Usd,
    /// Upper end in USD a month.
    pub high: Usd,
}

/// Returns the mean of each block of whole weeks, counted back from the end; what is left of the oldest
/// is in none.
#[expect(clippy::cast_precision_loss, reason = "weeks are few")]
fn blocks(weekly: &[f64], weeks: usize) -> Vec<f64> {
    let first = weekly.len() % weeks;
    let blocks = weekly.get(first..).unwrap_or_default().chunks(weeks);
    blocks.map(|block| block.iter().sum::<f64>() / weeks as f64).collect()
}

#[expect(clippy::cast_precision_loss, reason = "blocks are few")]
fn mean_of(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len().max(1) as f64
}

/// Returns the deviation of values from their mean, one degree of freedom spent on that.
#[expect(clippy::cast_precision_loss, reason = "blocks are few")]
fn deviation_of(values: &[f64]) -> f64 {
    let mean = mean_of(values);
    let squares: f64 = values.iter().map(|value| (value - mean) * (value - mean)).sum();
    (squares / (values.len().max(2) - 1) as f64).sqrt()
}

/// Returns the deviation of values from the straight line through them, where that line rises by more than
/// chance would have it in 1 of 20; `None` otherwise. What grows is not uncertain for its growth.
#[expect(clippy::cast_precision_loss, reason = "blocks are few")]
fn deviation_from_rise(values: &[f64]) -> Option<f64> {
    let line = Line::through(values).filter(|_| values.len() > 2)?;
    let degrees = values.len() - 2;
    let deviation = (line.left(values) / degrees as f64).sqrt();
    let error = deviation / line.squares.sqrt();
    (line.slope > t95(degrees) * error).then_some(deviation)
}

impl Certainty {
    /// Computes the mean and its error from the saving of each week in USD, over blocks of two weeks;
    /// `None` for fewer than two blocks.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "blocks are few")]
    pub fn of(weekly: &[f64]) -> Option<Self> {
        let tested = blocks(weekly, TESTED);
        let count = tested.len();
        if count < 2 {
            return None;
        }
        let (deviation, degrees) = match deviation_from_rise(&tested) {
            Some(deviation) => (deviation, count - 2),
            None => (deviation_of(&tested), count - 1),
        };
        let foreseen = blocks(weekly, FORESEEN);
        let foreseen = (foreseen.len() >= FEWEST_FORESEEN).then(|| Blocks {
            count: foreseen.len(),
            mean: mean_of(&foreseen),
            deviation: deviation_of(&foreseen),
        });
        Some(Self {
            weeks: count * TESTED,
            // Never more than the weeks had, however they rise.
            mean: mean_of(&tested),
            error: deviation / (count as f64).sqrt(),
            degrees,
            foreseen,
        })
    }

    /// Returns the number of weeks behind the mean.
    #[must_use]
    pub const fn weeks(&self) -> usize {
        self.weeks
    }

    /// Returns the saving of the mean week, as a month.
    #[must_use]
    pub fn monthly_mean(&self) -> Option<Usd> {
        monthly(self.mean)
    }

    /// Returns the lower bound of the weekly saving in USD, `mean − t·s/√n`, for the best of so many
    /// choices, at the level of that many.
    #[must_use]
    pub fn lower_bound(&self, choices: usize) -> f64 {
        let t = exceeded(level(choices), self.degrees);
        self.mean - t * self.error
    }

    /// Returns the range in which the monthly saving of a coming term of so many months lies about three
    /// times in four, and which holds what was observed: `mean ± t·s·√(1/n + 1/m)` over blocks of four
    /// weeks, of which the term has `m`. `None` for fewer than four blocks.
    ///
    /// The mean of a coming term strays by more than that of the weeks that were, and weeks that lean on
    /// each other by more again: the quantile is that of four in five.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "blocks are few")]
    pub fn range(&self, months: u32, observed: Usd) -> Option<SavingRange> {
        let Blocks { count, mean, deviation } = self.foreseen?;
        let weeks = f64::from(months.max(1)) * HOURS_PER_MONTH as f64 / HOURS_PER_WEEK as f64;
        let coming = weeks / FORESEEN as f64;
        let half = t90(count - 1) * deviation * (1.0 / count as f64 + 1.0 / coming).sqrt();
        Some(SavingRange {
            low: monthly(mean - half)?.min(observed),
            mean: monthly(mean)?,
            high: monthly(mean + half)?.max(observed),
        })
    }
}

/// Returns the chance at which a saving that is none may pass for one, as the best of so many choices:
/// `0.8 % ÷ L × 6 ÷ (5 + L)`.
///
/// The best of several looks good by chance, and better still where weeks lean on each other: with the first
/// division alone it passed in 6.7 of 100 with six.
#[expect(clippy::cast_precision_loss, reason = "choices are few")]
fn level(choices: usize) -> f64 {
    let choices = choices.max(1) as f64;
    LEVEL / choices * 6.0 / (5.0 + choices)
}

/// Writes the level of so many choices in percent.
pub(crate) fn level_in_words(choices: usize) -> String {
    let percent = format!("{:.2}", level(choices) * 100.0);
    format!("{} %", percent.trim_end_matches('0'))
}

/// Scales USD a week to a month of 730 hours; `None` for what is no number.
#[expect(clippy::cast_precision_loss, reason = "both are small")]
pub(crate) fn monthly(weekly: f64) -> Option<Usd> {
    estimate(weekly * HOURS_PER_MONTH as f64 / HOURS_PER_WEEK as f64)
}

/// Straight line through the demand of each week.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Decline {
    /// Height of the line at the last week.
    last: f64,
    /// Change of the line from week to week; below zero where demand falls.
    slope: f64,
}

impl Decline {
    /// Fits the line to each week's demand by least squares; `None` for fewer than two weeks or
    /// without demand.
    #[must_use]
    pub fn of(weekly: &[f64]) -> Option<Self> {
        let line = Line::through(weekly)?;
        // A line that is at nothing by now says that nothing is left.
        let last = line.after(0.0).max(0.0);
        (line.mean > 0.0).then_some(Self { last, slope: line.slope })
    }

    /// Returns the share of today's demand that is left after so many weeks if the observed decline
    /// goes on, from 0 to 1; 1 where demand grows or stays.
    #[must_use]
    pub fn left_after(&self, weeks: f64) -> f64 {
        // Growth is not promised to go on: a purchase has to pay at today's demand.
        if self.slope >= 0.0 {
            return 1.0;
        }
        if self.last <= 0.0 {
            return 0.0;
        }
        ((self.last + self.slope * weeks) / self.last).clamp(0.0, 1.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Repeats each value for the two weeks of a block.
    fn twice(blocks: &[f64]) -> Vec<f64> {
        blocks.iter().flat_map(|block| [*block; 2]).collect()
    }

    #[test]
    fn the_bounds_are_those_of_students_t() {
        // Means 8, 12, 10, 10 of blocks: s² = 8/3, n = 4, and t exceeded in 8 of 1,000 by 3 degrees is 4.9298.
        let certainty = Certainty::of(&twice(&[8.0, 12.0, 10.0, 10.0])).unwrap();
        let error = (8.0_f64 / 3.0 / 4.0).sqrt();
        assert!((certainty.lower_bound(1) - (10.0 - 4.929_800 * error)).abs() < 1e-3);
        assert_eq!((certainty.weeks(), certainty.degrees), (8, 3));
        // A ninth week, the oldest, is in no block.
        let longer: Vec<f64> = [99.0].into_iter().chain(twice(&[8.0, 12.0, 10.0, 10.0])).collect();
        assert!((Certainty::of(&longer).unwrap().mean - certainty.mean).abs() < 1e-12);
    }

    #[test]
    fn what_grows_is_not_uncertain_for_its_growth() {
        let noise = [0.1, -0.2, 0.15, -0.1, 0.05, 0.1, -0.15, 0.05];
        let rising = |step: f64| -> Vec<f64> {
            let place = |place: usize| f64::from(u32::try_from(place).unwrap());
            twice(
                &noise.iter().enumerate().map(|(at, it)| it + step * place(at)).collect::<Vec<_>>(),
            )
        };
        let (rises, falls) =
            (Certainty::of(&rising(1.0)).unwrap(), Certainty::of(&rising(-1.0)).unwrap());
        assert!(rises.error < 0.1 && rises.degrees == 6, "{rises:?}");
        assert!(falls.error > 0.8 && falls.degrees == 7, "{falls:?}");
        // The level is that of all weeks.
        assert!((rises.mean - 3.5).abs() < 0.1);
    }

    #[test]
    fn a_range_is_that_of_the_coming_term_and_holds_what_was_observed() {
        let usd = |dollars: i64| Usd::new(rust_decimal::Decimal::from(dollars));
        let of_blocks =
            |blocks: &[f64]| -> Vec<f64> { blocks.iter().flat_map(|block| [*block; 4]).collect() };
        let certainty =
            Certainty::of(&of_blocks(&[90.0, 110.0, 95.0, 105.0, 100.0, 100.0])).unwrap();
        let month = certainty.range(1, usd(435)).unwrap();
        let half_year = certainty.range(6, usd(435)).unwrap();
        assert_eq!(month.mean.to_string(), "$434.52");
        assert!(month.low < half_year.low && half_year.high < month.high);
        assert_eq!(certainty.range(1, usd(900)).unwrap().high, usd(900));
        assert_eq!(certainty.range(1, usd(-5)).unwrap().low, usd(-5));
        // By hand: s² = (100 + 100 + 25 + 25) / 5 = 50, t90(5) = 1.475884, m = 730 / 672.
        let half = 1.475_884 * (50.0_f64 * (1.0 / 6.0 + 672.0 / 730.0)).sqrt();
        assert_eq!(month.low, monthly(100.0 - half).unwrap());
        assert_eq!(Certainty::of(&[5.0; 15]).unwrap().range(1, usd(0)), None);
    }

    #[test]
    fn equal_weeks_leave_no_doubt() {
        let certainty = Certainty::of(&[5.0; 17]).unwrap();
        assert!((certainty.lower_bound(1) - 5.0).abs() < 1e-12);
        let range = certainty.range(1, monthly(5.0).unwrap()).unwrap();
        assert_eq!((range.low, range.high), (range.mean, range.mean));
        assert_eq!(Certainty::of(&[5.0; 3]), None);
    }

    #[test]
    fn a_decline_goes_on_and_growth_does_not_count() {
        let falling: Vec<f64> = (0..13).map(|week| 100.0 - 5.0 * f64::from(week)).collect();
        let decline = Decline::of(&falling).unwrap();
        // 40 are left, and 5 go each week.
        assert!((decline.left_after(4.0) - 0.5).abs() < 1e-12);
        assert!(decline.left_after(26.0).abs() < 1e-12);
        let growing: Vec<f64> = falling.iter().rev().copied().collect();
        assert!((Decline::of(&growing).unwrap().left_after(26.0) - 1.0).abs() < 1e-12);
    }

    proptest! {
        #[test]
        fn more_weeks_of_the_same_spread_are_surer(week in -50.0f64..50.0, spread in 0.1f64..20.0) {
            let weeks = |pairs: usize| -> Vec<f64> {
                twice(&[week - spread, week + spread].repeat(pairs))
            };
            let few = Certainty::of(&weeks(2)).unwrap();
            let many = Certainty::of(&weeks(8)).unwrap();
            prop_assert!(many.lower_bound(1) > few.lower_bound(1));
            prop_assert!(few.lower_bound(4) <= few.lower_bound(2));
            prop_assert!(few.lower_bound(2) <= few.lower_bound(1));
            prop_assert!(few.lower_bound(1) < week);
        }
    }
}
