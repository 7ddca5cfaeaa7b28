//! Time: whole hours in UTC, half-open, and the month of 730 hours.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

/// Hours of a month, everywhere: 365 days of 24 hours, by 12.
pub const HOURS_PER_MONTH: u64 = 730;

/// Seconds in an hour, the step of the survey.
pub const HOUR: u32 = 3_600;

/// Seconds in a minute, the step that model units are sized on.
pub const MINUTE: u32 = 60;

/// Returns true if `CloudWatch` still has points of `step` seconds from `start` on, asked at
/// `as_of`.
///
/// `CloudWatch` keeps points of 60 s for 15 days, of 300 s for 63 and of 3,600 s for 455, by the
/// age of the span's start at the time of the call; past that it answers with silence.
#[must_use]
pub fn is_kept(start: Timestamp, step: u32, as_of: Timestamp) -> bool {
    // Almost a day's distance from the end of what is kept. With a whole day, 14 days of minutes
    // could never be read, since a window ends up to 75 minutes before its event.
    const MARGIN: SignedDuration = SignedDuration::from_hours(22);
    let days = match step {
        step if step < 300 => 15,
        step if step < HOUR => 63,
        _ => 455,
    };
    as_of.duration_since(start) + MARGIN <= SignedDuration::from_hours(days * 24)
}

/// A span of whole hours, start included and end excluded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Bounds", into = "Bounds")]
pub struct Window {
    start: Timestamp,
    end: Timestamp,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Bounds {
    start: Timestamp,
    end: Timestamp,
}

/// The error for two times that do not bound a window.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{start}` to `{end}` is not a window: both must be whole hours, the start before the end")]
pub struct NotAWindow {
    start: Timestamp,
    end: Timestamp,
}

impl Window {
    /// Builds the window between two whole hours.
    pub fn new(start: Timestamp, end: Timestamp) -> Result<Self, NotAWindow> {
        let whole = |time: Timestamp| time == floor_to_hour(time);
        if start < end && whole(start) && whole(end) {
            Ok(Self { start, end })
        } else {
            Err(NotAWindow { start, end })
        }
    }

    /// Returns the first instant of the window.
    #[must_use]
    pub const fn start(&self) -> Timestamp {
        self.start
    }

    /// Returns the first instant after the window.
    #[must_use]
    pub const fn end(&self) -> Timestamp {
        self.end
    }

    /// Returns the length of the window in hours.
    #[must_use]
    pub fn hours(&self) -> u64 {
        u64::try_from(self.end.duration_since(self.start).as_hours()).unwrap_or_default()
    }

    /// Returns the last `days` whole days of the window, or all of it where it is shorter.
    #[must_use]
    pub fn last_days(&self, days: u32) -> Self {
        let start = SignedDuration::try_from_hours(i64::from(days) * 24)
            .and_then(|length| self.end.checked_sub(length).ok())
            .unwrap_or(self.start);
        Self { start: start.max(self.start), end: self.end }
    }

    /// Returns the day whose prices apply: the last one that the window touches.
    #[must_use]
    pub fn last_day(&self) -> Date {
        // The end is excluded: a window that ends at midnight ends with the day before.
        day_of(self.end - SignedDuration::from_secs(1))
    }
}

impl TryFrom<Bounds> for Window {
    type Error = NotAWindow;

    fn try_from(bounds: Bounds) -> Result<Self, NotAWindow> {
        Self::new(bounds.start, bounds.end)
    }
}

impl From<Window> for Bounds {
    fn from(window: Window) -> Self {
        Self { start: window.start, end: window.end }
    }
}

/// Returns the start of the hour that `time` is in.
#[must_use]
pub fn floor_to_hour(time: Timestamp) -> Timestamp {
    let seconds = time.as_second();
    let subsecond = SignedDuration::from_nanos(i64::from(time.subsec_nanosecond()));
    // Euclid's remainder is never negative, so times before 1970 floor towards the past too.
    time - subsecond - SignedDuration::from_secs(seconds.rem_euclid(i64::from(HOUR)))
}

/// Returns the UTC day of an instant.
#[must_use]
pub fn day_of(time: Timestamp) -> Date {
    time.to_zoned(TimeZone::UTC).date()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn time(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn a_window_is_whole_hours_in_order() {
        assert!(Window::new(time("2026-04-06T00:00:00Z"), time("2026-04-06T01:00:00Z")).is_ok());
        assert!(Window::new(time("2026-04-06T00:00:01Z"), time("2026-04-06T01:00:00Z")).is_err());
        assert!(Window::new(time("2026-04-06T01:00:00Z"), time("2026-04-06T01:00:00Z")).is_err());
    }

    #[test]
    fn hours_floor_towards_the_past() {
        assert_eq!(floor_to_hour(time("2026-04-06T10:59:59.9Z")), time("2026-04-06T10:00:00Z"));
        assert_eq!(floor_to_hour(time("2026-04-06T10:00:00Z")), time("2026-04-06T10:00:00Z"));
        assert_eq!(floor_to_hour(time("1969-12-31T23:30:00Z")), time("1969-12-31T23:00:00Z"));
    }

    #[test]
    fn the_price_day_is_the_last_day_inside_the_window() {
        let window =
            Window::new(time("2026-04-01T00:00:00Z"), time("2026-04-06T00:00:00Z")).unwrap();
        assert_eq!(window.last_day().to_string(), "2026-04-05");
        assert_eq!(window.last_days(2).hours(), 48);
        assert_eq!(window.last_days(99), window);
    }
}
