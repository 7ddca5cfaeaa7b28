//! What advice must pass before it counts. Each gate that fails is named: "why not" is an answer.

use crate::catalog::Term;
use crate::domain::Usd;
use crate::pricing::Workload;
use crate::settings::Settings;

/// Savings must be above both thresholds: an amount, and a share of `base`, which is the money that
/// a commitment binds in the same time, or the workload's cost for other advice.
pub(super) fn thresholds(settings: &Settings, savings: Usd, base: Usd) -> Vec<String> {
    let mut failed = Vec::new();
    if savings <= settings.min_monthly_savings {
        failed.push(format!(
            "it would save {savings} a month, not more than GUARD_MIN_MONTHLY_SAVINGS ({})",
            settings.min_monthly_savings
        ));
    }
    if savings <= settings.min_savings_ratio.of(base) {
        failed.push(format!(
            "it would save {savings} of {base}, not more than GUARD_MIN_SAVINGS_RATIO ({})",
            settings.min_savings_ratio.percent()
        ));
    }
    failed
}

/// A commitment needs history: the configured days at least, and as many as its term binds.
pub(super) fn history(settings: &Settings, workload: &Workload<'_>, term: Term) -> Vec<String> {
    let needed = settings.min_observed_days.max(term.days());
    if workload.observed_days >= needed {
        return Vec::new();
    }
    vec![format!(
        "it has {} whole days of history, a {term} needs {needed}",
        workload.observed_days
    )]
}

/// A commitment needs whole figures.
pub(super) fn completeness(workload: &Workload<'_>) -> Vec<String> {
    let mut failed = Vec::new();
    if let Some(gap) = workload.gaps.first() {
        failed.push(format!("its usage is incomplete ({gap})"));
    }
    if let Some(usage) = workload.unpriced().next() {
        failed.push(format!("part of it has no price ({})", usage.reason));
    }
    failed
}
