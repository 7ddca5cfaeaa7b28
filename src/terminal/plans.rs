//! The table of plans that an estimate or a workload has, with its notes and sources.

use rust_decimal::{Decimal, RoundingStrategy};

use crate::domain::{Tokens, Usd};
use crate::estimate::{EstimatedPlan, UnknownPlan};
use crate::terminal::page::{cell, table, wrapped, write_table};

/// Mark of a scope that AWS's lists do not have.
const UNLISTED: &str = "(?)";

/// Writes the table of plans, and the notes that it refers to by their numbers.
pub(super) fn write_plans(page: &mut String, plans: &[EstimatedPlan], has_requests: bool) {
    let has_use = plans.iter().any(|plan| plan.utilisation.is_some());
    let has_units = plans.iter().any(|plan| plan.model_units.is_some());
    let mut header = vec!["Plan", "A month", "12 months", "1M tokens"];
    if has_requests {
        header.extend(["A request", "1,000 requests"]);
    }
    if has_use {
        header.push("Used");
    }
    if has_units {
        header.push("Pays from");
    }
    let numbers: Vec<usize> = (1..header.len()).collect();
    header.push("Asks for");
    let mut rows = table(&header, &numbers);
    let mut notes: Vec<&str> = Vec::new();
    for plan in plans {
        let mut description = plan.description.clone();
        for note in &plan.notes {
            let known = notes.iter().position(|other| other == note);
            let place = known.unwrap_or_else(|| {
                notes.push(note);
                notes.len() - 1
            });
            description = format!("{description} [{}]", place + 1);
        }
        let mut row = vec![
            cell(description, false),
            cell(range(plan.monthly_cost, plan.monthly_cost_at_most), true),
            cell(range(plan.twelve_month_cost, plan.twelve_month_cost_at_most), true),
            cell(a_million(plan), true),
        ];
        let or_none = |text: Option<String>| cell(text.unwrap_or_else(|| "-".to_owned()), true);
        if has_requests {
            let requests = [
                (plan.cost_per_request, plan.cost_per_request_at_most),
                (plan.cost_per_thousand_requests, plan.cost_per_thousand_requests_at_most),
            ];
            row.extend(requests.map(|(least, most)| or_none(least.map(|it| fine_range(it, most)))));
        }
        if has_use {
            row.push(or_none(plan.utilisation.map(|used| used.to_string())));
        }
        if has_units {
            row.push(or_none(plan.break_even_tokens_per_month.map(short)));
        }
        row.push(cell(plan.effort.to_string(), false));
        rows.add_row(row);
    }
    write_table(page, &rows);
    if plans.iter().any(|plan| plan.description.contains(UNLISTED)) {
        let doubt = "public copies of AWS's lists do not have this for the Region, so a call may be refused";
        wrapped(page, &format!("{UNLISTED} "), doubt);
    }
    for (place, note) in notes.into_iter().enumerate() {
        wrapped(page, &format!("[{}] ", place + 1), note);
    }
}

/// Writes the plans whose cost is not known, each with the reason.
pub(super) fn write_unknown(page: &mut String, unknown: &[UnknownPlan]) {
    for plan in unknown {
        let from = plan.break_even_tokens_per_month.map_or_else(String::new, |tokens| {
            let from = short(tokens);
            format!("; one pays from {from} tokens a month at this mix, if it serves as many")
        });
        wrapped(page, "not known  ", &format!("{}: {}{from}", plan.description, plan.why));
    }
}

/// Writes the places where the prices are written, each once.
pub(super) fn write_sources(page: &mut String, plans: &[EstimatedPlan]) {
    let mut sources: Vec<&String> = Vec::new();
    for source in plans.iter().flat_map(|plan| &plan.sources) {
        if !sources.contains(&source) {
            sources.push(source);
        }
    }
    for source in sources {
        wrapped(page, "source     ", source);
    }
}

/// Writes an amount, as a range where there is one.
pub(super) fn range(least: Usd, most: Option<Usd>) -> String {
    most.map_or_else(|| least.to_string(), |most| format!("{least} to {most}"))
}

/// Writes what a million tokens cost, as a range where the price is one.
fn a_million(plan: &EstimatedPlan) -> String {
    fine_range(plan.cost_per_million_tokens, plan.cost_per_million_tokens_at_most)
}

/// Writes an amount that may be far below a cent, as a range where there is one.
fn fine_range(least: Usd, most: Option<Usd>) -> String {
    let least = fine(least);
    most.map_or_else(|| least.clone(), |most| format!("{least} to {}", fine(most)))
}

pub(super) fn rounded(number: Decimal, places: u32) -> Decimal {
    number.round_dp_with_strategy(places, RoundingStrategy::MidpointAwayFromZero).normalize()
}

/// Writes an amount that may be far below a cent: two decimals from a dollar on, else six at most.
pub(super) fn fine(amount: Usd) -> String {
    let dollars = amount.dollars();
    if dollars >= Decimal::ONE || dollars.is_zero() {
        return amount.to_string();
    }
    let mut shown = rounded(dollars, 6);
    if shown.scale() < 2 {
        shown.rescale(2);
    }
    if shown.is_zero() { "< $0.000001".to_owned() } else { format!("${shown}") }
}

/// Writes a number of tokens in millions or billions, to four digits or so.
pub(super) fn short(tokens: Tokens) -> String {
    let count = Decimal::from(tokens.count());
    let scales = [(1_000_000_000_u64, "B"), (1_000_000, "M"), (1_000, "k")];
    let scale = scales.into_iter().find(|(of, _)| tokens.count() >= *of);
    scale.map_or_else(
        || tokens.to_string(),
        |(of, letter)| format!("{}{letter}", rounded(count / Decimal::from(of), 2)),
    )
}
