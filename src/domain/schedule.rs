//! Runs of an EventBridge schedule, which decide the cost of the guard itself.

use rust_decimal::Decimal;

use crate::domain::period::HOURS_PER_MONTH;
use crate::domain::text::{MOST_QUOTED, clip};

/// The error for a text that is not a schedule expression.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{}` is not a schedule expression, such as rate(1 day) or cron(0 6 * * ? *)",
    clip(.0, MOST_QUOTED)
)]
pub struct NotASchedule(String);

/// Counts the runs in a month of 730 hours of a `rate(...)`, `cron(...)` or `at(...)` expression.
///
/// A cron expression is counted by its minutes and hours; restrictions on its days are passed over,
/// so the count is an upper bound there.
pub fn runs_per_month(expression: &str) -> Result<Decimal, NotASchedule> {
    let call = expression.strip_suffix(')').and_then(|text| text.split_once('('));
    let runs = match call {
        Some(("rate", body)) => rate(body),
        Some(("cron", body)) => cron(body),
        // A schedule of one time runs once, and counts as that in any month.
        Some(("at", body)) if !body.is_empty() => Some(Decimal::ONE),
        _ => None,
    };
    runs.ok_or_else(|| NotASchedule(expression.into()))
}

fn rate(body: &str) -> Option<Decimal> {
    let (number, unit) = body.split_once(' ')?;
    let number: u32 = number.parse().ok().filter(|number| *number > 0)?;
    let minutes_per_month = Decimal::from(HOURS_PER_MONTH * 60);
    // EventBridge has these three units. `rate(1 days)` is read too, although EventBridge wants the
    // plural right: the count is the same.
    let minutes = match unit.trim_end_matches('s') {
        "minute" => 1,
        "hour" => 60,
        "day" => 24 * 60,
        _ => return None,
    };
    Some(
        (minutes_per_month / Decimal::from(number) / Decimal::from(minutes))
            .round_dp(6)
            .normalize(),
    )
}

fn cron(body: &str) -> Option<Decimal> {
    let fields: Vec<&str> = body.split_whitespace().collect();
    let [minutes, hours, _, _, _, _] = fields[..] else {
        return None;
    };
    let runs_per_day = count_named(minutes, 60)? * count_named(hours, 24)?;
    Some(
        (Decimal::from(runs_per_day * HOURS_PER_MONTH) / Decimal::from(24)).round_dp(6).normalize(),
    )
}

/// Counts those of `0..size` that a cron field of minutes or hours names; `None` where it is not
/// such a field.
fn count_named(field: &str, size: u64) -> Option<u64> {
    let mut named = vec![false; usize::try_from(size).ok()?];
    for part in field.split(',') {
        let (range, step) = match part.split_once('/') {
            Some((range, step)) => {
                (range, Some(step.parse::<usize>().ok().filter(|step| *step > 0)?))
            }
            None => (part, None),
        };
        let (first, last) = match (range, range.split_once('-')) {
            ("*", _) => (0, named.len() - 1),
            (_, Some((first, last))) => (first.parse().ok()?, last.parse().ok()?),
            // With a step a single number is the first of many, as in `0/15`.
            (one, None) => {
                let first = one.parse().ok()?;
                (first, if step.is_some() { named.len() - 1 } else { first })
            }
        };
        if first > last || last >= named.len() {
            return None;
        }
        for number in (first..=last).step_by(step.unwrap_or(1)) {
            *named.get_mut(number)? = true;
        }
    }
    u64::try_from(named.iter().filter(|is_named| **is_named).count()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn schedules_are_counted() {
        for (expression, runs) in [
            ("rate(1 hour)", "730"),
            ("rate(5 minutes)", "8760"),
            ("rate(1 day)", "30.416667"),
            ("cron(0 6 * * ? *)", "30.416667"),
            ("cron(0/15 * * * ? *)", "2920"),
            ("cron(0 8-17/3,23 ? * MON-FRI *)", "152.083333"),
            ("at(2026-12-01T00:00:00)", "1"),
        ] {
            assert_eq!(runs_per_month(expression).unwrap().to_string(), runs, "{expression}");
        }
    }

    #[test]
    fn other_texts_are_refused() {
        for bad in [
            "",
            "daily",
            "rate(0 days)",
            "rate(1 week)",
            "cron(0 6 * *)",
            "cron(61 * * * ? *)",
            "cron(0/0 * * * ? *)",
            "at()",
        ] {
            assert!(runs_per_month(bad).is_err(), "{bad}");
        }
    }
}
