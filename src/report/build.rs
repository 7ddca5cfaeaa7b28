//! A report from an observation, with no I/O, no clock and no randomness: the same observation gives
//! the same bytes.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;

use crate::advice::{CertificateReport, Recommendation};
use crate::domain::sorting::sort_by;
use crate::domain::{Usd, day_of};
use crate::observation::Observation;
use crate::report::changes::{closed, left_open, vanished};
use crate::report::document::{
    IncompleteReport, Report, RunInfo, Totals, UnpricedReport, WorkloadReport,
};
use crate::report::followed::realised_over_promised;
use crate::report::guard_cost;
use crate::report::missing::missing;
use crate::report::not_covered::{has_contract, has_old_window, not_covered, notes};
use crate::report::place_report::PlaceReport;

/// Version of the document. Additions raise the minor number; removals and new meanings the major.
pub const SCHEMA_VERSION: &str = "1.9";

/// Builds a report from an observation.
#[must_use]
pub fn build(observation: &Observation) -> Report {
    let places = observation.places.iter();
    assemble(observation, places.map(|observed| PlaceReport::of(observation, observed)).collect())
}

/// Puts the report of a run together from those of its places. Of the observation its places are no matter.
#[must_use]
pub fn assemble(observation: &Observation, mut places: Vec<PlaceReport>) -> Report {
    // The order in which they were read must not show.
    sort_by(&mut places, |a, b| a.place.cmp(&b.place));
    let mut recommendations: Vec<Recommendation> =
        of_all(&mut places, |it| &mut it.recommendations);
    // The id decides last, so that the order does not hang on the order of the observation.
    sort_by(&mut recommendations, |a, b| {
        b.is_counted()
            .cmp(&a.is_counted())
            .then_with(|| b.savings().cmp(&a.savings()))
            .then_with(|| a.id.cmp(&b.id))
    });
    let certificates: Vec<CertificateReport> = of_all(&mut places, |it| &mut it.certificates);
    let mut workloads: Vec<WorkloadReport> = of_all(&mut places, |it| &mut it.workloads);
    let is_unused = workloads.is_empty() && places.iter().all(|it| it.is_without_strays);
    sort_by(&mut workloads, |a, b| {
        b.monthly_cost
            .cmp(&a.monthly_cost)
            .then_with(|| (&a.account, &a.region, &a.model).cmp(&(&b.account, &b.region, &b.model)))
    });
    let mut unpriced = of_all(&mut places, |it| &mut it.of_workloads.unpriced);
    unpriced.extend(of_all(&mut places, |it| &mut it.of_strays.unpriced));
    let mut incomplete = of_all(&mut places, |it| &mut it.of_workloads.incomplete);
    incomplete.extend(of_all(&mut places, |it| &mut it.of_strays.incomplete));
    let left_open = left_open(observation, &places, &recommendations);
    let mut unfollowed = of_all(&mut places, |it| &mut it.unfollowed);
    sort_by(&mut unfollowed, |a, b| b.forgone_savings.cmp(&a.forgone_savings));
    let mut report = Report {
        schema_version: SCHEMA_VERSION,
        run: run_info(observation, &places),
        totals: totals(observation, &places, &workloads, &recommendations, &unpriced, &incomplete),
        missing: missing(observation, &places, &incomplete, &left_open),
        notes: notes(observation, &places, is_unused),
        not_covered: not_covered(observation, &places),
        holdings: of_all(&mut places, |it| &mut it.holdings),
        reserved_holdings: of_all(&mut places, |it| &mut it.reserved_holdings),
        closed: closed(observation, &places, &recommendations),
        vanished: vanished(observation, &places),
        followed: of_all(&mut places, |it| &mut it.followed),
        workloads,
        recommendations,
        unpriced,
        incomplete,
        certificates,
        unfollowed,
    };
    report.totals.realised_over_promised = realised_over_promised(&report.followed);
    report.totals.is_at_least |= !report.has_whole_costs(None);
    report.totals.guard_monthly_cost = guard_cost::monthly(observation, &report);
    report
}

/// Takes the entries of one kind out of all places, in order of the places.
fn of_all<T>(places: &mut [PlaceReport], of: impl Fn(&mut PlaceReport) -> &mut Vec<T>) -> Vec<T> {
    places.iter_mut().flat_map(|place| std::mem::take(of(place))).collect()
}

fn run_info(observation: &Observation, places: &[PlaceReport]) -> RunInfo {
    let metrics_requested = places
        .iter()
        .map(|place| place.metrics_requested)
        .fold(observation.history_metrics_requested, u64::saturating_add);
    let with_minutes: usize = places.iter().map(|place| place.lanes_with_minutes).sum();
    RunInfo {
        time: observation.event.time,
        trigger: observation.event.trigger,
        as_of: observation.as_of,
        window: observation.window,
        recent: observation.window.last_days(observation.settings.recent_days),
        catalog: observation.prices.name.clone(),
        charged: observation.prices.charged,
        warning: observation.prices.warning(),
        has_contract: has_contract(observation),
        catalog_description: observation.prices.description.clone(),
        price_list: observation.price_list.clone(),
        places: places
            .iter()
            .map(|it| it.place.clone())
            .collect::<BTreeSet<_>>()
            .into_iter()
            .collect(),
        failed_regions: observation.failed.iter().map(|failed| failed.region.clone()).collect(),
        dry_run: observation.settings.dry_run,
        metrics_requested,
        metrics_requested_cost: guard_cost::of_requested(metrics_requested),
        lanes_with_minutes: u64::try_from(with_minutes).unwrap_or(u64::MAX),
    }
}

fn totals(
    observation: &Observation,
    places: &[PlaceReport],
    workloads: &[WorkloadReport],
    recommendations: &[Recommendation],
    unpriced: &[UnpricedReport],
    incomplete: &[IncompleteReport],
) -> Totals {
    let monthly_cost: Usd = workloads.iter().map(|workload| workload.monthly_cost).sum();
    let stalest = places.iter().filter_map(|place| place.stalest_check).min();
    let counted: Vec<&Recommendation> =
        recommendations.iter().filter(|advice| advice.is_counted()).collect();
    let potential: Usd = counted.iter().filter_map(|advice| advice.savings()).sum();
    let mut savings_by_effort = BTreeMap::new();
    for (advice, savings) in counted.iter().filter_map(|it| Some((it, it.savings()?))) {
        *savings_by_effort.entry(advice.effort).or_insert(Usd::ZERO) += savings;
    }
    let count = |length: usize| u64::try_from(length).unwrap_or(u64::MAX);
    Totals {
        monthly_list_cost: workloads.iter().map(|workload| workload.monthly_list_cost).sum(),
        monthly_cost,
        on_demand_monthly_cost: workloads
            .iter()
            .map(|workload| workload.on_demand_monthly_cost)
            .sum(),
        holdings_monthly_cost: workloads
            .iter()
            .map(|workload| workload.holdings_monthly_cost)
            .sum(),
        is_at_least: workloads.iter().any(|workload| workload.is_at_least)
            || !unpriced.is_empty()
            || !incomplete.is_empty()
            || has_old_window(observation),
        potential_monthly_savings: potential,
        potential_savings_percentage: potential.percent_of(monthly_cost),
        savings_by_effort,
        recommendations: count(counted.len()),
        uncounted_recommendations: count(recommendations.len() - counted.len()),
        workloads: count(workloads.len()),
        incomplete_workloads: count(incomplete.len()),
        unpriced_tokens: unpriced
            .iter()
            .filter(|usage| usage.meter.is_some())
            .map(|usage| usage.quantity)
            .sum(),
        catalog_age_days: stalest
            .map_or(0, |checked| days_between(checked, day_of(observation.as_of))),
        prices_checked: stalest,
        // `build` sets these last: the cost depends on the metrics of the finished report.
        guard_monthly_cost: Usd::ZERO,
        realised_over_promised: None,
    }
}

/// Counts the whole days from one day to a later one; 0 where the other is not later.
fn days_between(from: Date, to: Date) -> u32 {
    let days = from.until(to).map_or(0, |span| span.get_days());
    u32::try_from(days).unwrap_or_default()
}
