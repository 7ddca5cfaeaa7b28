//! The cost of the guard itself: CloudWatch's part, which is nearly all of it.

use rust_decimal::Decimal;

use crate::domain::Usd;
use crate::domain::period::HOURS_PER_MONTH;
use crate::domain::schedule::runs_per_month;
use crate::observation::Observation;
use crate::report::{Report, metrics};

/// Price of 1,000 metrics that `GetMetricData` is asked for, USD.
// 0.01 is AWS's list price; free allowances are not taken off.
const PER_THOUSAND_REQUESTED: Decimal = Decimal::from_parts(1, 0, 0, false, 2);

/// Price of one custom metric that is put in each hour of a month, USD.
// 0.30 is AWS's list price; fewer hours cost in proportion.
const PER_CUSTOM_METRIC: Decimal = Decimal::from_parts(3, 0, 0, false, 1);

/// Returns CloudWatch's charge for the metrics that it was asked for.
pub(super) fn of_requested(metrics: u64) -> Usd {
    let thousands = Decimal::from(metrics) / Decimal::ONE_THOUSAND;
    Usd::new((thousands * PER_THOUSAND_REQUESTED).normalize())
}

/// Returns the cost of the guard at its schedule, USD a month: metrics asked for on each run, and
/// custom metrics for each hour in which they are put.
pub(super) fn monthly(observation: &Observation, report: &Report) -> Usd {
    let Ok(runs) = runs_per_month(&observation.settings.schedule) else {
        return Usd::ZERO;
    };
    let read = report.run.metrics_requested_cost.dollars() * runs;
    let metrics = Decimal::from(metrics::how_many(report, &observation.settings));
    // A metric is billed once an hour, however often a run puts it in that hour.
    let hours = runs.min(Decimal::from(HOURS_PER_MONTH));
    let put = if observation.settings.dry_run {
        Decimal::ZERO
    } else {
        metrics * PER_CUSTOM_METRIC * hours / Decimal::from(HOURS_PER_MONTH)
    };
    Usd::new((read + put).round_dp(6).normalize())
}
