//! A break in demand that is too fresh for the weeks to tell: the last days beside the same weekdays before.

use crate::sizing::HOURS_PER_WEEK;

const HOURS_PER_DAY: usize = 24;

/// Latest days that are looked at: of one or two a holiday would be a break.
const DAYS: usize = 3;

/// Weeks before them whose same weekdays tell what was to be expected.
const WEEKS: [usize; 3] = [1, 2, 3];

/// Weeks before them of which none may have been as low: what comes back every few weeks is no break.
const LOW_WEEKS: usize = 12;

/// Returns the demand of the last three days as a share of what the same weekdays of the three weeks before
/// asked for, each by its median; `None` where there are fewer days, those asked for nothing, or the same
/// three days of one of the last twelve weeks were as low.
///
/// `hours` has the demand of each hour, whole days counted back from the end.
pub(crate) fn share_of_the_last_days(hours: &[f64]) -> Option<f64> {
    let days = hours.len() / HOURS_PER_DAY;
    let per_week = HOURS_PER_WEEK / HOURS_PER_DAY;
    if days < DAYS + WEEKS.len() * per_week {
        return None;
    }
    let day = |back: usize| -> f64 {
        let end = hours.len() - back * HOURS_PER_DAY;
        hours.get(end - HOURS_PER_DAY..end).unwrap_or_default().iter().sum()
    };
    let expected = |back: usize| {
        let [a, b, c] = WEEKS.map(|week| day(back + week * per_week));
        // The one in the middle.
        a.min(b).max(a.max(b).min(c))
    };
    let (seen, asked): (f64, f64) =
        (0..DAYS).fold((0.0, 0.0), |sums, back| (sums.0 + day(back), sums.1 + expected(back)));
    let was_as_low = (1..=LOW_WEEKS).any(|week| {
        let first = DAYS + week * per_week;
        first <= days && (0..DAYS).map(|back| day(back + week * per_week)).sum::<f64>() <= seen
    });
    (asked > 0.0 && !was_as_low).then(|| seen / asked)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn hours(days: &[f64]) -> Vec<f64> {
        days.iter().flat_map(|day| [*day / 24.0; HOURS_PER_DAY]).collect()
    }

    #[test]
    fn a_fall_of_three_days_is_seen_and_a_weekend_is_none() {
        let week = [10.0, 10.0, 10.0, 10.0, 10.0, 1.0, 0.0];
        let mut days = week.repeat(4);
        assert_eq!(share_of_the_last_days(&hours(&days)), None);
        let end = days.len();
        days[end - 3..].fill(2.0);
        let share = share_of_the_last_days(&hours(&days)).unwrap();
        assert!((share - 6.0 / 11.0).abs() < 1e-12, "{share}");
        // One strange week of the three is outvoted.
        days[end - 10..end - 7].fill(90.0);
        assert!((share_of_the_last_days(&hours(&days)).unwrap() - share).abs() < 1e-12);
        // What was as low within twelve weeks is no break.
        days[end - 24..end - 21].fill(1.0);
        assert_eq!(share_of_the_last_days(&hours(&days)), None);
        // Nothing before is no break, and neither are too few days.
        assert_eq!(share_of_the_last_days(&[0.0; 24 * 24]), None);
        assert_eq!(share_of_the_last_days(&hours(&[5.0; 23])), None);
    }

    proptest! {
        #[test]
        fn what_repeats_each_week_is_no_break(week in prop::collection::vec(0.1f64..9.0, 7), weeks in 4usize..9) {
            prop_assert_eq!(share_of_the_last_days(&hours(&week.repeat(weeks))), None);
        }
    }
}
