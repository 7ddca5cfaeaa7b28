//! The backtest: each week decided on the weeks before, with what was promised and what came of it.

use std::ops::Range;

use crate::sizing::HOURS_PER_WEEK;
use crate::sizing::coverage::weeks;

/// Weeks that a purchase is sized on: two, as long as the days that are known by the minute.
const SIZED_ON: usize = 2;

/// Folds from which on a backtest is more than an anecdote and gates advice. Eight weeks have six;
/// at twice that, no survey shorter than 14 weeks would be tested.
pub const ENOUGH_FOLDS: usize = 6;

/// One week that was decided on the weeks before.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Fold {
    /// Weekly saving that the weeks before promised, in USD, of a term beyond the best without one; or the
    /// tokens that the week asked for.
    pub promised: f64,
    /// The same saving of the week itself, in USD, or the tokens that were refused.
    pub realised: f64,
}

/// All weeks that were decided on the weeks before them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Backtest {
    /// One fold for each week in which something would have been bought.
    pub folds: Vec<Fold>,
}

impl Backtest {
    /// Decides each whole week of a survey on the weeks before that week. `decide` sizes a purchase
    /// on the last hours before and sees what the last `recent` weeks promise of that; `saving` tells
    /// what the decision saves in some hours. What promises nothing over the recent weeks is not bought
    /// and makes no fold.
    pub fn walk_forward<P>(
        hours: usize,
        recent: usize,
        decide: impl Fn(Range<usize>, Range<usize>) -> Option<P>,
        saving: impl Fn(&P, Range<usize>) -> f64,
    ) -> Self {
        let fold = |week: usize, weeks: &[Range<usize>]| {
            let held_out = weeks.get(week)?.clone();
            let before = |count: usize| {
                let first = weeks.get(week.saturating_sub(count))?;
                Some(first.start..held_out.start)
            };
            let span = before(recent)?;
            let purchase = decide(before(SIZED_ON)?, span.clone())?;
            #[expect(clippy::cast_precision_loss, reason = "weeks are few")]
            let spanned = (span.len() / HOURS_PER_WEEK) as f64;
            let promised = saving(&purchase, span) / spanned;
            // What would not have been bought can neither keep a promise nor break one.
            (promised > 0.0)
                .then(|| Fold { promised, realised: saving(&purchase, held_out.clone()) })
        };
        Self::over(hours, SIZED_ON, fold)
    }

    /// Measures what of each week's demand would have been refused beside what the weeks before
    /// asked for at most. `enough` sizes on some hours; `refused` tells the demand of others and
    /// the part of that which exceeds the size.
    pub fn refusals<P>(
        hours: usize,
        recent: usize,
        enough: impl Fn(Range<usize>) -> Option<P>,
        refused: impl Fn(&P, Range<usize>) -> Fold,
    ) -> Self {
        let fold = |week: usize, weeks: &[Range<usize>]| {
            let held_out = weeks.get(week)?.clone();
            let first = weeks.get(week.saturating_sub(recent))?;
            let units = enough(first.start..held_out.start)?;
            Some(refused(&units, held_out))
        };
        // Throttled units are sized on the recent window, so the first weeks have none before them.
        Self::over(hours, recent.max(1), fold)
    }

    fn over(
        hours: usize,
        from: usize,
        fold: impl Fn(usize, &[Range<usize>]) -> Option<Fold>,
    ) -> Self {
        let weeks: Vec<Range<usize>> = weeks(hours).collect();
        let folds = (from..weeks.len()).filter_map(|week| fold(week, &weeks));
        Self { folds: folds.collect() }
    }

    /// Returns what all folds realised as a share of what they promised; `None` where no fold
    /// promised anything.
    #[must_use]
    pub fn ratio(&self) -> Option<f64> {
        let sum = |of: fn(&Fold) -> f64| self.folds.iter().map(of).sum::<f64>();
        let promised = sum(|fold| fold.promised);
        (promised > 0.0).then(|| sum(|fold| fold.realised) / promised)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Buys the mean of what it was sized on, or of the recent weeks where that is less, and saves what a
    /// week asks for less that.
    fn of_weeks(weekly: &[f64]) -> Backtest {
        let mean = |span: Range<usize>| {
            let weeks = span.start / HOURS_PER_WEEK..span.end / HOURS_PER_WEEK;
            let count = f64::from(u32::try_from(weeks.len()).unwrap());
            weekly[weeks].iter().sum::<f64>() / count
        };
        Backtest::walk_forward(
            weekly.len() * HOURS_PER_WEEK,
            4,
            |sized_on, recent| Some(mean(sized_on).min(mean(recent)) - 1.0),
            |bought, span| {
                let weeks = f64::from(u32::try_from(span.len() / HOURS_PER_WEEK).unwrap());
                (mean(span) - bought) * weeks
            },
        )
    }

    #[test]
    fn eight_weeks_have_six_folds_and_a_steady_demand_keeps_its_promise() {
        let backtest = of_weeks(&[10.0; 8]);
        assert_eq!(backtest.folds.len(), ENOUGH_FOLDS);
        assert!((backtest.ratio().unwrap() - 1.0).abs() < 1e-12);
    }

    #[test]
    fn what_promises_nothing_is_not_bought() {
        let backtest = Backtest::walk_forward(8 * HOURS_PER_WEEK, 4, |_, _| Some(()), |(), _| -1.0);
        assert_eq!(backtest.folds, []);
        assert_eq!(backtest.ratio(), None);
    }

    #[test]
    fn a_week_is_refused_what_exceeds_the_weeks_before_it() {
        let weekly = [10.0, 10.0, 10.0, 10.0, 12.0, 9.0];
        let at = |hour: usize| weekly[hour / HOURS_PER_WEEK];
        let backtest = Backtest::refusals(
            weekly.len() * HOURS_PER_WEEK,
            4,
            |span| span.map(at).max_by(f64::total_cmp),
            |units, span| {
                let asked: f64 = span.clone().map(at).sum();
                Fold {
                    promised: asked,
                    realised: span.map(|hour| (at(hour) - units).max(0.0)).sum(),
                }
            },
        );
        assert_eq!(backtest.folds.len(), 2);
        let share = backtest.ratio().unwrap();
        assert!((share - 2.0 / 21.0).abs() < 1e-12, "{share}");
    }

    proptest! {
        #[test]
        fn no_fold_knows_its_own_week(mut weekly in prop::collection::vec(2.0f64..20.0, 4..12), last in 2.0f64..20.0) {
            let before = of_weeks(&weekly);
            if let Some(week) = weekly.last_mut() {
                *week = last;
            }
            let after = of_weeks(&weekly);
            let promised = |backtest: &Backtest| -> Vec<f64> {
                backtest.folds.iter().map(|fold| fold.promised).collect()
            };
            prop_assert_eq!(promised(&before), promised(&after));
        }
    }
}
