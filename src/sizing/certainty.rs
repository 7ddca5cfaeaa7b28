//! The certainty of a saving from its weeks, and the trend of demand.

use crate::domain::Usd;
use crate::domain::period::HOURS_PER_MONTH;
use crate::sizing::student::{exceeded, t90, t95};
use crate::sizing::{HOURS_PER_WEEK, estimate};

/// Mean weekly saving of a purchase of fixed size, and how well the weeks tell that mean: by
/// Student's t, so that no random numbers are needed. Weeks are taken as independent; where one
/// week leans on the one before, the true bounds are wider.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Certainty {
    weeks: usize,
    mean: f64,
    /// Standard error of the mean, in USD a week.
    error: f64,
}

impl Certainty {
    /// Computes the mean and its error from the saving of each week in USD; `None` for fewer than
    /// two weeks.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "weeks are few")]
    pub fn of(weekly: &[f64]) -> Option<Self> {
        let weeks = weekly.len();
        if weeks < 2 {
            return None;
        }
        let mean = weekly.iter().sum::<f64>() / weeks as f64;
        let squares: f64 = weekly.iter().map(|week| (week - mean) * (week - mean)).sum();
        // One degree of freedom is spent on the mean.
        let variance = squares / (weeks - 1) as f64;
        Some(Self { weeks, mean, error: (variance / weeks as f64).sqrt() })
    }

    /// Returns the number of weeks behind the mean.
    #[must_use]
    pub const fn weeks(&self) -> usize {
        self.weeks
    }

    /// Returns the lower bound of the weekly saving in USD, `mean − t·s/√n`, for the best of so many
    /// choices: 5 % for one, and 1 % ÷ choices for the best of several, which looks good by chance, the
    /// more so as weeks lean on each other.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "choices are few")]
    pub fn lower_bound(&self, choices: usize) -> f64 {
        let degrees = self.weeks - 1;
        let t = match choices {
            0 | 1 => t95(degrees),
            _ => exceeded(0.01 / choices as f64, degrees),
        };
        self.mean - t * self.error
    }

    /// Returns the tenth percentile of the monthly saving.
    #[must_use]
    pub fn p10(&self) -> Option<Usd> {
        monthly(self.mean - t90(self.weeks - 1) * self.error)
    }

    /// Returns the median of the monthly saving, which is the mean.
    #[must_use]
    pub fn p50(&self) -> Option<Usd> {
        monthly(self.mean)
    }

    /// Returns the ninetieth percentile of the monthly saving.
    #[must_use]
    pub fn p90(&self) -> Option<Usd> {
        monthly(self.mean + t90(self.weeks - 1) * self.error)
    }
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
    #[expect(clippy::cast_precision_loss, reason = "weeks are few")]
    pub fn of(weekly: &[f64]) -> Option<Self> {
        let weeks = weekly.len();
        if weeks < 2 {
            return None;
        }
        let middle = (weeks - 1) as f64 / 2.0;
        let mean = weekly.iter().sum::<f64>() / weeks as f64;
        let (mut along, mut squares) = (0.0, 0.0);
        for (week, demand) in weekly.iter().enumerate() {
            let place = week as f64 - middle;
            along += place * (demand - mean);
            squares += place * place;
        }
        let slope = along / squares;
        let last = mean + slope * middle;
        // A line that is at nothing by now says that nothing is left.
        (mean > 0.0).then_some(Self { last: last.max(0.0), slope })
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

    #[test]
    fn the_bounds_are_those_of_students_t() {
        // Mean 10, s = 2, n = 4: s/√n = 1, t95(3) = 2.353363.
        let certainty =
            Certainty::of(&[8.0, 12.0, 8.845_299_461_620_75, 11.154_700_538_379_25]).unwrap();
        assert!((certainty.mean - 10.0).abs() < 1e-9);
        let s = certainty.error * 2.0;
        assert!((certainty.lower_bound(1) - (10.0 - 2.353_363 * s / 2.0)).abs() < 1e-9);
        assert_eq!(certainty.p50().unwrap().to_string(), "$43.45");
        assert!(certainty.p10() < certainty.p50() && certainty.p50() < certainty.p90());
    }

    #[test]
    fn equal_weeks_leave_no_doubt() {
        let certainty = Certainty::of(&[5.0; 13]).unwrap();
        assert!((certainty.lower_bound(1) - 5.0).abs() < 1e-12);
        assert_eq!(certainty.p10(), certainty.p90());
        assert_eq!(Certainty::of(&[5.0]), None);
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
                [week - spread, week + spread].repeat(pairs)
            };
            let few = Certainty::of(&weeks(2)).unwrap();
            let many = Certainty::of(&weeks(8)).unwrap();
            prop_assert!(many.lower_bound(1) > few.lower_bound(1));
            prop_assert!(few.lower_bound(4) <= few.lower_bound(2));
            prop_assert!(few.lower_bound(2) <= few.lower_bound(1));
            prop_assert!(few.lower_bound(1) < week);
        }

        #[test]
        fn the_line_of_a_line_is_that_line(start in 10.0f64..100.0, step in -0.5f64..0.5) {
            let weekly: Vec<f64> = (0..13).map(|week| start + step * f64::from(week)).collect();
            let decline = Decline::of(&weekly).unwrap();
            prop_assert!((decline.last - weekly[12]).abs() < 1e-6);
            prop_assert!((decline.slope - step).abs() < 1e-6);
        }
    }
}
