//! Doubts about the figures: usage without a price, gaps, notes on prices, and parts not covered.

use std::collections::BTreeMap;

use crate::catalog::{InForce, RegionBasis};
use crate::report::{IncompleteReport, Report};
use crate::terminal::page::{line, wrapped};

pub(super) fn doubts(page: &mut String, report: &Report) {
    if !report.unpriced.is_empty() {
        line(page, "NO PRICE");
        for ((model_id, region, reason), tokens) in unpriced(report) {
            wrapped(
                page,
                "  - ",
                &format!("{model_id} in {region}: {}; {reason}", tokens.join(", ")),
            );
        }
        line(page, "");
    }
    if !report.incomplete.is_empty() {
        line(
            page,
            "INCOMPLETE: these cost at least what is shown, and no commitment is advised for them",
        );
        let of = |workload: &IncompleteReport| {
            let gaps = workload.gaps.iter();
            gaps.map(|gap| format!("{}: {gap}", workload.region)).collect::<Vec<_>>()
        };
        let mut lines: Vec<String> = Vec::new();
        // A list that was not read is a gap of every workload of its Region, and said once.
        for gap in report.incomplete.iter().flat_map(of) {
            if !lines.contains(&gap) {
                lines.push(gap);
            }
        }
        for gap in lines {
            wrapped(page, "  - ", &gap);
        }
        line(page, "");
    }
    let notes = notes(report);
    if !notes.is_empty() {
        line(page, "NOTES");
        for note in notes {
            wrapped(page, "  - ", note);
        }
        line(page, "");
    }
    line(page, "NOT COVERED");
    for what in &report.not_covered {
        wrapped(page, "  - ", what);
    }
    line(page, "");
}

/// Groups usage without a price by model id, Region and reason, each with its meters.
fn unpriced(report: &Report) -> BTreeMap<(&str, &str, &str), Vec<String>> {
    let mut lines: BTreeMap<_, Vec<String>> = BTreeMap::new();
    for usage in &report.unpriced {
        lines
            .entry((usage.model_id.as_str(), usage.region.name(), usage.reason.as_str()))
            .or_default()
            .push(match usage.meter {
                Some(meter) => format!("{} {meter}", usage.quantity),
                None => format!("{} requests", usage.quantity),
            });
    }
    lines
}

fn notes(report: &Report) -> Vec<&str> {
    let meters = || {
        report.workloads.iter().flat_map(|workload| &workload.lanes).flat_map(|lane| &lane.meters)
    };
    let evidence =
        || report.recommendations.iter().flat_map(|advice| advice.grounds.evidence.list_prices());
    let mut notes: Vec<&str> = report.notes.iter().map(String::as_str).collect();
    if report.workloads.iter().any(|workload| workload.throttles > 0) {
        notes.push("≥: requests were throttled, so the demand is higher than what was metered");
    }
    if meters().any(|meter| meter.upper_unit_price.is_some()) {
        notes.push(
            "≥: where one of several prices applies and CloudWatch does not tell which, the lowest is used: five-minute cache writes, short contexts, the cheapest tier",
        );
    }
    let unstated = Some(RegionBasis::Unstated);
    if meters().any(|meter| meter.region_basis == unstated)
        || evidence().any(|rate| Some(rate.region_basis) == unstated)
    {
        notes.push(
            "some prices come from a source that names no Region; they are used in commercial US Regions only",
        );
    }
    if meters().any(|meter| meter.in_force == Some(InForce::Nearest))
        || evidence().any(|rate| rate.in_force == InForce::Nearest)
    {
        notes.push("some prices are not dated for this window: the nearest known one is used");
    }
    notes
}
