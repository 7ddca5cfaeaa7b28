//! Holdings: provisioned models, and reserved tokens as the overrides declare them.

use crate::advice::{AtTermEnd, HoldingLoad};
use crate::domain::{Percent, Tokens, Usd, day_of};
use crate::report::{HoldingReport, HoldingState, Report};
use crate::terminal::page::{cell, line, table, wrapped, write_table};

pub(super) fn holdings(page: &mut String, report: &Report) {
    if report.holdings.is_empty() {
        return;
    }
    line(page, "PROVISIONED MODELS");
    let mut rows = table(
        &["Name", "Region", "Units", "A month", "Worth", "Used", "Term ends", "Then", "State"],
        &[2, 3, 4, 5],
    );
    for holding in &report.holdings {
        rows.add_row([
            cell(holding.provisioned_model_name.clone(), false),
            cell(holding.region.name().to_owned(), false),
            cell(holding.model_units.count().to_string(), true),
            cell(
                holding
                    .monthly_cost
                    .map_or_else(|| "unpriced".into(), |cost: Usd| cost.to_string()),
                true,
            ),
            cell(share(holding.worth), true),
            cell(share(holding.utilization), true),
            cell(term(holding), false),
            cell(then(holding.at_term_end).to_owned(), false),
            cell(state(holding).to_owned(), false),
        ]);
    }
    write_table(page, &rows);
    for holding in &report.holdings {
        if let Some(because) = &holding.at_term_end_because {
            let text = format!("{}: {because}", holding.provisioned_model_name);
            wrapped(page, "  - ", &text);
        }
        if let Some(risk) = &holding.lifecycle_risk {
            let text = format!("{}: {risk}", holding.provisioned_model_name);
            wrapped(page, "  - ", &text);
        }
        if let Some(passed) = &holding.passed_term_end {
            wrapped(page, "  - ", &format!("{}: {passed}", holding.provisioned_model_name));
        }
        if let Some(reason) = &holding.reason {
            wrapped(page, "  - ", &format!("{}: {reason}", holding.provisioned_model_name));
        }
    }
    line(
        page,
        "  Worth: on-demand dollars that it serves, of what it costs. Under 100 % it loses money, unless it is filled.",
    );
    line(page, "");
}

pub(super) fn reserved_holdings(page: &mut String, report: &Report) {
    if report.reserved_holdings.is_empty() {
        return;
    }
    line(page, "RESERVED TOKENS, as the overrides declare them");
    let mut rows = table(
        &[
            "Name",
            "Region",
            "Model",
            "Input a minute",
            "Output a minute",
            "A month",
            "Worth",
            "Term ends",
        ],
        &[3, 4, 5, 6],
    );
    for held in &report.reserved_holdings {
        rows.add_row([
            cell(held.name.clone(), false),
            cell(held.region.name().to_owned(), false),
            cell(held.model.id().to_owned(), false),
            cell(Tokens::new(held.input_tokens_per_minute).to_string(), true),
            cell(Tokens::new(held.output_tokens_per_minute).to_string(), true),
            cell(
                held.monthly_cost.map_or_else(|| "unpriced".into(), |cost: Usd| cost.to_string()),
                true,
            ),
            cell(share(held.worth), true),
            cell(held.term_ends.map_or_else(|| "not said".into(), |day| day.to_string()), false),
        ]);
    }
    write_table(page, &rows);
    for held in &report.reserved_holdings {
        if let Some(because) = &held.at_term_end_because {
            wrapped(page, "  - ", &format!("{}: {because}", held.name));
        }
    }
    line(
        page,
        "  What fits into them, hour by hour, is taken off the cost by the token; minutes above them are not seen.",
    );
    line(page, "");
}

const fn state(holding: &HoldingReport) -> &'static str {
    match (holding.state, holding.load) {
        (HoldingState::Idle, _) => "idle",
        (HoldingState::NotSeen, _) => "not seen",
        (HoldingState::Busy, HoldingLoad::Oversubscribed) => "throttled",
        (HoldingState::Busy, HoldingLoad::UnderUsed) => "too large",
        (HoldingState::Busy, HoldingLoad::Fits | HoldingLoad::Unknown) => "busy",
    }
}

/// Says in a word or two what to do before a term ends.
const fn then(at_term_end: Option<AtTermEnd>) -> &'static str {
    match at_term_end {
        None => "",
        Some(AtTermEnd::Renew) => "renew",
        Some(AtTermEnd::RightSize) => "hold less",
        Some(AtTermEnd::LetExpire) => "let expire",
        Some(AtTermEnd::Undecided) => "undecided",
    }
}

fn share(share: Option<Percent>) -> String {
    share.map_or_else(|| "unknown".into(), |share| share.to_string())
}

fn term(holding: &HoldingReport) -> String {
    match holding.commitment_expiration_time {
        Some(_) if holding.passed_term_end.is_some() => "not known".into(),
        Some(time) => day_of(time).to_string(),
        None => "no term".into(),
    }
}
