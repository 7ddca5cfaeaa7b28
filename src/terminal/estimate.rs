//! The pages of an estimate: one model under every plan, or several models side by side.

use crate::domain::Usd;
use crate::estimate::{Comparison, Estimate};
use crate::terminal::page::{cell, line, table, wrapped, write_table};
use crate::terminal::plans::{
    fine, range, rounded, short, write_plans, write_sources, write_unknown,
};

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
    write_plans(&mut page, &estimate.plans, estimate.volume.requests.is_some());
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
    write_unknown(&mut page, &estimate.unknown);
    for note in &estimate.notes {
        wrapped(&mut page, "model      ", note);
    }
    write_sources(&mut page, &estimate.plans);
    page
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
