//! The workloads, dearest first, each with its verdict.

use comfy_table::ContentArrangement;

use crate::domain::Tokens;
use crate::report::{Report, WorkloadReport};
use crate::terminal::page::{cell, line, table, wrapped};

pub(super) fn workloads(page: &mut String, report: &Report) {
    line(page, "WORKLOADS");
    let tokens_title = format!("Tokens in {} d", report.run.recent.hours() / 24);
    let mut rows = table(&["Model", "Region", &tokens_title, "Now, a month"], &[2, 3]);
    // Nothing is broken in two: a broken id cannot be searched for.
    rows.set_content_arrangement(ContentArrangement::Disabled);
    for workload in &report.workloads {
        let name = workload.name.as_deref().unwrap_or(workload.model.id());
        rows.add_row([
            cell(name.to_owned(), false),
            cell(workload.region.name().to_owned(), false),
            cell(short(tokens(workload)), true),
            cell(cost(workload), true),
        ]);
    }
    let mut lines = rows.lines();
    if let Some(header) = lines.next() {
        line(page, format!(" {header}"));
    }
    for (row, workload) in lines.zip(&report.workloads) {
        line(page, format!(" {row}"));
        wrapped(page, "      ", &workload.verdict);
        if let Some(forgone) = &workload.forgone {
            let more = forgone.estimated_monthly_savings;
            let because = forgone.because.join("; ");
            let told = format!("would save {more} more a month, not counted because {because}");
            wrapped(page, "      ", &told);
        }
        if let Some(cache) = &workload.cache {
            wrapped(page, "      cache: ", &cache.to_string());
        }
        for note in &workload.notes {
            wrapped(page, "      note: ", note);
        }
    }
    if !report.workloads.is_empty() {
        line(page, "");
        line(
            page,
            "  `cost-guard explain MODEL` shows every plan of a workload, and what else could serve it.",
        );
    }
    line(page, "");
}

fn tokens(workload: &WorkloadReport) -> Tokens {
    workload.lanes.iter().flat_map(|lane| &lane.meters).map(|meter| meter.tokens).sum()
}

fn cost(workload: &WorkloadReport) -> String {
    // Where nothing of it has a price there is no sum, and "at least nothing" would read as free.
    if !workload.is_priced || workload.is_at_least && workload.monthly_cost.is_zero() {
        return "unpriced".into();
    }
    let at_least = if workload.is_at_least { "≥ " } else { "" };
    format!("{at_least}{}", workload.monthly_cost)
}

/// Writes a count in four digits or less, as in `12.3 M`.
fn short(tokens: Tokens) -> String {
    let count = rust_decimal::Decimal::from(tokens.count());
    for (size, letter) in
        [(1_000_000_000_000_u64, 'T'), (1_000_000_000, 'G'), (1_000_000, 'M'), (1_000, 'k')]
    {
        if tokens.count() >= size {
            let tenths = (count / rust_decimal::Decimal::from(size)).round_dp(1);
            return format!("{tenths:.1} {letter}");
        }
    }
    tokens.to_string()
}
