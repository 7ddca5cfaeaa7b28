//! The guard's own cost in a month: CloudWatch's part, which is nearly all of it.

use rust_decimal::Decimal;

use crate::domain::Usd;
use crate::domain::period::HOURS_PER_MONTH;
use crate::domain::schedule::runs_per_month;
use crate::observation::Observation;
use crate::report::{Report, metrics};

/// AWS's list price in USD for 1,000 metrics that `GetMetricData` is asked for.
const PER_THOUSAND_REQUESTED: Decimal = Decimal::from_parts(1, 0, 0, false, 2);

/// AWS's list price in USD for a custom metric that is published through a whole month; less costs
/// in proportion, by the hour.
const PER_CUSTOM_METRIC: Decimal = Decimal::from_parts(3, 0, 0, false, 1);

/// Computes the bill for so many metrics that CloudWatch was asked for.
pub(super) fn of_requested(metrics: u64) -> Usd {
    let thousands = Decimal::from(metrics) / Decimal::ONE_THOUSAND;
    Usd::new((thousands * PER_THOUSAND_REQUESTED).normalize())
}

/// Adds up metrics asked for on each run, and custom metrics for each hour in which they are put,
/// in USD a month at the schedule. Free allowances are not taken off. A schedule that cannot be
/// read costs nothing.
pub(super) fn monthly(observation: &Observation, report: &Report) -> Usd {
    let Ok(runs) = runs_per_month(&observation.settings.schedule) else {
        return Usd::ZERO;
    };
    let read = report.run.metrics_requested_cost.dollars() * runs;
    let metrics = Decimal::from(metrics::count(report, &observation.settings));
    // A custom metric is billed by the hours with a point, at most all of a month.
    let hours = runs.min(Decimal::from(HOURS_PER_MONTH));
    // A dry run reads as much as any other and puts nothing.
    let put = if observation.settings.dry_run {
        Decimal::ZERO
    } else {
        metrics * PER_CUSTOM_METRIC * hours / Decimal::from(HOURS_PER_MONTH)
    };
    // Six decimals show the cost of a single metric that was asked for.
    Usd::new((read + put).round_dp(6).normalize())
}
