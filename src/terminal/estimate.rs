//! The pages of an estimate: one model under every plan, or several models side by side.

use rust_decimal::{Decimal, RoundingStrategy};

use crate::domain::{Tokens, Usd};
use crate::estimate::{Comparison, Estimate, EstimatedPlan};
use crate::terminal::page::{cell, line, table, wrapped, write_table};

/// Mark of a scope that AWS's lists do not have.
const UNLISTED: &str = "(?)";

/// Writes the page of one model.
#[must_use]
pub fn render(estimate: &Estimate) -> String {
    let mut page = String::new();
    if let Some(warning) = &estimate.warning {
        wrapped(&mut page, "! ", warning);
    }
    let title = format!(
        "{} ({}), book `{}`, called from {}, prices of {}",
        estimate.name, estimate.model, estimate.book, estimate.region, estimate.day
    );
    wrapped(&mut page, "", &title);
    wrapped(&mut page, "", &format!("{}; {}", estimate.volume, estimate.shape_in_words));
    line(&mut page, "");
    line(&mut page, "WHAT IT COSTS, cheapest first");
    let notes = write_plans(&mut page, estimate);
    if estimate.plans.iter().any(|plan| plan.description.contains(UNLISTED)) {
        let doubt = "public copies of AWS's lists do not have this for the Region, so a call may be refused";
        wrapped(&mut page, &format!("{UNLISTED} "), doubt);
    }
    for (place, note) in notes.into_iter().enumerate() {
        wrapped(&mut page, &format!("[{}] ", place + 1), note);
    }
    let units = estimate.plans.iter().filter(|plan| plan.overflow.is_none());
    for plan in units {
        if let Some(from) = plan.break_even_tokens_per_month {
            let words = plan.description.split_once(", ").map_or("", |(_, words)| words);
            let from = short(from);
            let text =
                format!("a model unit, {words}, pays from {from} tokens a month at this mix");
            wrapped(&mut page, "break-even ", &text);
        }
    }
    for plan in &estimate.unknown {
        let from = plan.break_even_tokens_per_month.map_or_else(String::new, |tokens| {
            let from = short(tokens);
            format!("; one pays from {from} tokens a month at this mix, if it serves as many")
        });
        wrapped(&mut page, "not known  ", &format!("{}: {}{from}", plan.description, plan.why));
    }
    for note in &estimate.notes {
        wrapped(&mut page, "model      ", note);
    }
    let mut sources: Vec<&String> = Vec::new();
    for source in estimate.plans.iter().flat_map(|plan| &plan.sources) {
        if !sources.contains(&source) {
            sources.push(source);
        }
    }
    for source in sources {
        wrapped(&mut page, "source     ", source);
    }
    page
}

/// Writes the table of plans, and returns the notes that it refers to by their numbers.
fn write_plans<'e>(page: &mut String, estimate: &'e Estimate) -> Vec<&'e str> {
    let has_requests = estimate.volume.requests.is_some();
    let has_use = estimate.plans.iter().any(|plan| plan.utilisation.is_some());
    let has_units = estimate.plans.iter().any(|plan| plan.model_units.is_some());
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
    for plan in &estimate.plans {
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
            row.push(or_none(plan.cost_per_request.map(fine)));
            row.push(or_none(plan.cost_per_thousand_requests.map(fine)));
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
    notes
}

/// Writes the page of several models.
#[must_use]
pub fn render_comparison(comparison: &Comparison) -> String {
    let mut page = String::new();
    let Some(first) = comparison.estimates.first() else { return page };
    if let Some(warning) = &first.warning {
        wrapped(&mut page, "! ", warning);
    }
    let title =
        format!("book `{}`, called from {}, prices of {}", first.book, first.region, first.day);
    wrapped(&mut page, "", &title);
    wrapped(&mut page, "", &format!("{}; {}", first.volume, first.shape_in_words));
    line(&mut page, "");
    line(&mut page, "SIDE BY SIDE, in USD a month");
    let has_requests = first.volume.requests.is_some();
    let mut header = vec!["Model", "On-demand", "Times", "Batch", "Flex", "Model units"];
    if has_requests {
        header.push("1,000 requests");
    }
    let numbers: Vec<usize> = (1..header.len()).collect();
    let mut rows = table(&header, &numbers);
    let least = comparison.models.first().and_then(|model| model.on_demand);
    for model in &comparison.models {
        let or_none = |cost: Option<Usd>| {
            cell(cost.map_or_else(|| "-".to_owned(), |cost| cost.to_string()), true)
        };
        let times = model.on_demand.zip(least).and_then(|(cost, least)| {
            let times = cost.dollars().checked_div(least.dollars())?;
            Some(format!("{}×", rounded(times, 2)))
        });
        let on_demand = model.on_demand.map(|least| range(least, model.on_demand_at_most));
        let mut row = vec![
            cell(format!("{} ({})", model.name, model.model), false),
            cell(on_demand.unwrap_or_else(|| "-".to_owned()), true),
            cell(times.unwrap_or_else(|| "-".to_owned()), true),
            or_none(model.batch),
            or_none(model.flex),
            or_none(model.model_units),
        ];
        if has_requests {
            let cost = model.cost_per_thousand_requests.map(fine);
            row.push(cell(cost.unwrap_or_else(|| "-".to_owned()), true));
        }
        rows.add_row(row);
    }
    write_table(&mut page, &rows);
    for estimate in &comparison.estimates {
        for why in estimate.unknown.iter().map(|plan| format!("{}: {}", plan.description, plan.why))
        {
            wrapped(&mut page, "not known  ", &format!("{}, {why}", estimate.name));
        }
        for note in &estimate.notes {
            wrapped(&mut page, "model      ", &format!("{}: {note}", estimate.name));
        }
    }
    for why in &comparison.left_out {
        wrapped(&mut page, "left out   ", why);
    }
    wrapped(
        &mut page,
        "",
        "Other models answer otherwise and count tokens otherwise: try them on your own requests. Each plan of a model: `cost-guard estimate --model` with its name.",
    );
    page
}

/// Writes an amount, as a range where there is one.
fn range(least: Usd, most: Option<Usd>) -> String {
    most.map_or_else(|| least.to_string(), |most| format!("{least} to {most}"))
}

/// Writes what a million tokens cost, as a range where the price is one.
fn a_million(plan: &EstimatedPlan) -> String {
    let least = fine(plan.cost_per_million_tokens);
    let most = plan.cost_per_million_tokens_at_most.map(fine);
    most.map_or_else(|| least.clone(), |most| format!("{least} to {most}"))
}

fn rounded(number: Decimal, places: u32) -> Decimal {
    number.round_dp_with_strategy(places, RoundingStrategy::MidpointAwayFromZero).normalize()
}

/// Writes an amount that may be far below a cent: two decimals from a dollar on, else six at most.
fn fine(amount: Usd) -> String {
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
fn short(tokens: Tokens) -> String {
    let count = Decimal::from(tokens.count());
    let scales = [(1_000_000_000_u64, "B"), (1_000_000, "M"), (1_000, "k")];
    let scale = scales.into_iter().find(|(of, _)| tokens.count() >= *of);
    scale.map_or_else(
        || tokens.to_string(),
        |(of, letter)| format!("{}{letter}", rounded(count / Decimal::from(of), 2)),
    )
}
