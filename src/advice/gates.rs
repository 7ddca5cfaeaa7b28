//! What advice must pass before it counts. Each gate that fails is named: "why not" is an answer.

use jiff::ToSpan as _;

use crate::catalog::{ScopeKind, Term};
use crate::domain::{Usd, day_of};
use crate::pricing::{Priced, Workload};
use crate::settings::Settings;

/// Savings must be above both thresholds: an amount, and a share of `base`, which is the money that
/// a commitment binds in the same time, or the workload's cost for other advice.
pub(super) fn thresholds(settings: &Settings, savings: Usd, base: Usd) -> Vec<String> {
    if savings <= settings.min_monthly_savings {
        return vec![format!(
            "it would save {savings} a month, not more than GUARD_MIN_MONTHLY_SAVINGS ({})",
            settings.min_monthly_savings
        )];
    }
    if savings <= settings.min_savings_ratio.of(base) {
        return vec![format!(
            "it would save {savings} of {base}, not more than GUARD_MIN_SAVINGS_RATIO ({})",
            settings.min_savings_ratio.percent()
        )];
    }
    Vec::new()
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
    if workload.has_tier_splits() {
        failed
            .push("part of it is served at another service tier, which is not priced apart".into());
    }
    // Units whose load is not known are neither free nor full, and units that are being made or
    // changed may be what somebody bought on this very advice.
    if let Some(holding) = workload
        .holdings
        .iter()
        .find(|holding| holding.is_in_doubt())
    {
        failed.push(format!(
            "what {} serves is not known ({})",
            holding.held.provisioned_model_name,
            holding.doubt()
        ));
    }
    failed
}

/// A commitment must not outlive its model, and AWS sells none for a Legacy one.
pub(super) fn lifecycle(priced: &Priced<'_>, workload: &Workload<'_>, term: Term) -> Vec<String> {
    let region = &workload.place.region;
    let listed = || workload.observed.inventory.listed(&workload.model);
    let book = priced.observation.prices.lifecycle(&workload.model, region);
    let is_legacy = listed().any(|model| model.lifecycle_status.as_deref() == Some("LEGACY"))
        || book
            .iter()
            .any(|row| row.legacy.is_some_and(|legacy| legacy <= priced.day));
    if is_legacy {
        return vec!["the model is Legacy: AWS sells no new provisioned throughput of it".into()];
    }
    let ends = listed()
        .filter_map(|model| model.end_of_life_time)
        .map(day_of);
    let end_of_life = ends
        .chain(book.iter().filter_map(|row| row.end_of_life))
        .min();
    let bound_until = priced.day.saturating_add(i64::from(term.days()).days());
    match end_of_life {
        Some(end) if end <= bound_until => {
            vec![format!(
                "the model's end of life, {end}, falls inside the {term}"
            )]
        }
        _ => Vec::new(),
    }
}

/// Model units serve in their Region; the overrides may not allow that for a model.
pub(super) fn in_region(priced: &Priced<'_>, workload: &Workload<'_>) -> Option<String> {
    let allowed = priced
        .observation
        .overrides
        .allows(&workload.model, ScopeKind::InRegion);
    (allowed == Some(false))
        .then(|| "the overrides do not allow the in-Region scope for this model".to_owned())
}
