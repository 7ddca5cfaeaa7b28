//! Counts over time: one value for each step, or none where `CloudWatch` had no point.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::domain::period::Window;
use crate::domain::quantity::Tokens;
use crate::domain::sums::{Sums, SumsIter};

/// Sums of one metric, evenly spaced. A missing point is `None`, which is not zero: nothing was
/// published for that step.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Series {
    /// Start of the first step.
    pub start: Timestamp,
    /// Length of a step in seconds.
    pub step: u32,
    /// Sums, one entry for each step, the first at `start`.
    pub values: Sums,
}

impl Series {
    /// Returns true if the series has one value for each step of a window.
    #[must_use]
    pub fn fits(&self, window: Window, step: u32) -> bool {
        self.start == window.start()
            && self.step == step
            && self.values.len() == steps_of(window, step)
    }

    /// Returns true if the series has any point.
    #[must_use]
    pub fn has_points(&self) -> bool {
        self.values.has_points()
    }

    /// Returns the start of the first step with a point; `None` without points.
    #[must_use]
    pub fn first_point(&self) -> Option<Timestamp> {
        let (index, _) = self.values.points().next()?;
        let steps = i64::try_from(index).ok()?;
        Some(self.start + SignedDuration::from_secs(i64::from(self.step) * steps))
    }

    /// Returns the sum of all points.
    #[must_use]
    pub fn total(&self) -> Tokens {
        self.values.points().map(|(_, sum)| Tokens::new(sum)).sum()
    }

    /// Returns the values from `start` on, to the end of the series.
    #[must_use]
    pub fn since(&self, start: Timestamp) -> SumsIter<'_> {
        let offset = start.duration_since(self.start).as_secs().max(0);
        let index = usize::try_from(offset / i64::from(self.step)).unwrap_or(usize::MAX);
        self.values.iter_from(index)
    }

    /// Returns the sum of all points from `start` on.
    #[must_use]
    pub fn total_since(&self, start: Timestamp) -> Tokens {
        self.since(start).flatten().map(Tokens::new).sum()
    }
}

/// Counts the steps of a window.
#[must_use]
pub fn steps_of(window: Window, step: u32) -> usize {
    usize::try_from(window.hours() * 3_600 / u64::from(step)).unwrap_or_default()
}

/// Returns the index of the step from `start` on that begins at `time`; `None` where no step does.
#[must_use]
pub fn step_at(start: Timestamp, step: u32, time: Timestamp) -> Option<usize> {
    let offset = time.duration_since(start).as_secs();
    // A point off the grid has no step. Rounding it to one would add up two sums as one.
    if offset < 0 || offset % i64::from(step) != 0 || time.subsec_nanosecond() != 0 {
        return None;
    }
    usize::try_from(offset / i64::from(step)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn series() -> Series {
        Series {
            start: "2026-04-06T00:00:00Z".parse().unwrap(),
            step: 3_600,
            values: vec![None, Some(5), Some(0), None].into(),
        }
    }

    #[test]
    fn a_missing_point_is_not_a_zero() {
        let series = series();
        assert!(series.has_points());
        assert_eq!(series.first_point().unwrap().to_string(), "2026-04-06T01:00:00Z");
        assert_eq!(serde_json::to_value(&series).unwrap()["values"][0], serde_json::Value::Null);
    }

    #[test]
    fn times_off_the_grid_have_no_index() {
        let series = series();
        let step = |time: &str| step_at(series.start, series.step, time.parse().unwrap());
        assert_eq!(step("2026-04-06T01:00:00Z"), Some(1));
        for off in ["2026-04-06T01:00:01Z", "2026-04-06T01:00:00.5Z", "2026-04-05T23:00:00Z"] {
            assert_eq!(step(off), None, "{off}");
        }
    }

    #[test]
    fn sums_can_begin_late() {
        let series = series();
        assert_eq!(series.total().count(), 5);
        assert_eq!(series.total_since("2026-04-06T02:00:00Z".parse().unwrap()).count(), 0);
        assert_eq!(series.total_since("2026-04-05T02:00:00Z".parse().unwrap()).count(), 5);
    }
}
