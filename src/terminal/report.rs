//! The report for a person at a terminal, in a screen or two.

use std::collections::BTreeMap;

use comfy_table::ContentArrangement;

use crate::advice::{Action, AtTermEnd, Effort, Load, Plan, Recommendation};
use crate::catalog::{InForce, RegionBasis};
use crate::domain::{Percent, Tokens, Usd};
use crate::report::{HoldingReport, HoldingState, Report, WorkloadReport};
use crate::terminal::page::{WIDTH, cell, line, table, wrapped, write_table};

/// The report as text.
#[must_use]
pub fn render(report: &Report) -> String {
    let mut page = String::new();
    head(&mut page, report);
    advice(&mut page, report);
    alternatives(&mut page, report);
    workloads(&mut page, report);
    holdings(&mut page, report);
    reserved_holdings(&mut page, report);
    doubts(&mut page, report);
    foot(&mut page, report);
    page
}

fn head(page: &mut String, report: &Report) {
    let run = &report.run;
    let totals = &report.totals;
    let regions: Vec<&str> = run.places.iter().map(|place| place.region.name()).collect();
    line(page, "Bedrock cost guard");
    if let Some(warning) = &run.warning {
        line(page, "");
        wrapped(page, "  !!  ", warning);
        line(page, "");
    }
    let days = run.window.hours() / 24;
    line(
        page,
        format!(
            "{} to {} UTC ({days} days), {}",
            crate::domain::day_of(run.window.start()),
            crate::domain::day_of(run.window.end()),
            regions.join(" and ")
        ),
    );
    wrapped(
        page,
        "",
        &format!(
            "{} of the book `{}`; a month is the last {} days scaled to 730 hours.",
            if run.has_contract {
                "Your prices, where the overrides name them, else list prices"
            } else {
                "List prices"
            },
            run.catalog,
            run.recent.hours() / 24
        ),
    );
    line(page, "");
    let at_least = if totals.is_at_least { " at least" } else { "" };
    line(
        page,
        format!(
            "  Now            {:>14} a month{at_least}: by the token {}, for {} {}{}",
            totals.monthly_cost,
            totals.on_demand_monthly_cost,
            if report.reserved_holdings.is_empty() {
                "provisioned models"
            } else {
                "what is held"
            },
            totals.holdings_monthly_cost,
            without_price(report)
        ),
    );
    if totals.monthly_list_cost != totals.monthly_cost {
        line(
            page,
            format!("  At list prices {:>14}", totals.monthly_list_cost),
        );
    }
    if run.charged {
        savings(page, report);
    } else {
        line(
            page,
            "  Could be saved   not counted: nobody pays these prices",
        );
    }
    line(page, "");
}

fn savings(page: &mut String, report: &Report) {
    let totals = &report.totals;
    let share = totals
        .potential_savings_percentage
        .map_or_else(String::new, |share| format!(" ({share})"));
    line(
        page,
        format!(
            "  Could be saved {:>14} a month{share} by {}",
            totals.potential_monthly_savings,
            counted(totals.recommendations, "recommendation")
        ),
    );
    let efforts = totals.savings_by_effort.iter();
    let efforts: Vec<String> = efforts
        .map(|(effort, savings)| format!("{effort} {savings}"))
        .collect();
    if !efforts.is_empty() {
        line(page, format!("  By effort      {}", efforts.join(", ")));
    }
}

/// A word on provisioned models that are in no sum.
fn without_price(report: &Report) -> String {
    let units = report.holdings.iter().map(|held| held.monthly_cost);
    let reserved = report
        .reserved_holdings
        .iter()
        .map(|held| held.monthly_cost);
    match units.chain(reserved).filter(Option::is_none).count() {
        0 => String::new(),
        count => format!(" ({count} unpriced)"),
    }
}

fn counted(number: u64, noun: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{number} {noun}{plural}")
}

fn advice(page: &mut String, report: &Report) {
    line(page, "WHAT TO DO");
    if report.workloads.is_empty() {
        line(
            page,
            "  Nothing: no use of Amazon Bedrock was found. NOTES has what was looked at, and where else to look.",
        );
    } else if report.recommendations.is_empty() {
        line(
            page,
            "  Nothing: no change would save money by the rules in force. The table says why.",
        );
    }
    for (place, recommendation) in report.recommendations.iter().enumerate() {
        one_advice(page, place + 1, recommendation);
    }
    line(page, "");
}

fn one_advice(page: &mut String, number: usize, advice: &Recommendation) {
    let share = advice
        .estimated_savings_percentage
        .map_or_else(String::new, |share| format!(", {share}"));
    let title = format!(
        "{number}. {} of {} in {}",
        advice.action.title(),
        advice.model,
        advice.region
    );
    let savings = format!("saves {}{share}", advice.savings());
    let gap = usize::from(WIDTH)
        .saturating_sub(2 + title.chars().count() + savings.chars().count())
        .max(2);
    line(page, format!("  {title}{}{savings}", " ".repeat(gap)));
    line(page, format!("     id       {}", advice.id));
    if let Some(because) = &advice.not_counted_because {
        let start = advice.savings_start.map_or_else(String::new, |start| {
            format!("it saves from {} on; ", crate::domain::day_of(start))
        });
        wrapped(page, "     not counted  ", &format!("{start}{because}"));
    }
    for (label, arrangement) in [("now", &advice.current), ("instead", &advice.proposed)] {
        let text = format!(
            "{}, {} a month",
            arrangement.description, arrangement.monthly_cost
        );
        wrapped(page, &format!("     {label:<9}"), &text);
    }
    if let Some(even) = &advice.break_even {
        let share = even.share_of_capacity.map_or_else(String::new, |share| {
            format!(", {share} of what one can carry")
        });
        let text = format!(
            "from {} tokens an hour a unit at this mix{share}",
            even.tokens_per_hour
        );
        wrapped(page, "     pays     ", &text);
    }
    if let Some(total) = advice.commitment_total {
        wrapped(
            page,
            "     binds    ",
            &format!("{total} over the whole term"),
        );
    }
    for (label, text) in certainty_lines(advice) {
        wrapped(page, &format!("     {label:<9}"), &text);
    }
    for risk in &advice.risks {
        wrapped(page, "     note     ", risk);
    }
    if let Some(contact) = &advice.contact {
        wrapped(page, "     ask      ", contact);
    }
    for (label, text) in steps(advice) {
        if label == "run" {
            // A command is kept in one piece, so that it can be copied.
            line(page, format!("     {label:<9}{text}"));
        } else {
            wrapped(page, &format!("     {label:<9}"), &text);
        }
    }
}

/// Lists the steps of a change with their labels: of a single one the command says enough.
pub(crate) fn steps(advice: &Recommendation) -> Vec<(&'static str, String)> {
    let is_single = advice.steps.len() < 2;
    let mut lines = Vec::new();
    for (place, step) in advice.steps.iter().enumerate() {
        if !is_single {
            lines.push(("step", format!("{}. {}", place + 1, step.text)));
        }
        let command = step.command.iter().map(|command| ("run", command.clone()));
        lines.extend(command);
        let wait_for = step
            .wait_for
            .iter()
            .map(|what| ("wait", format!("until {what}")));
        lines.extend(wait_for);
    }
    lines
}

/// How sure a saving is, in words.
fn certainty_lines(advice: &Recommendation) -> Vec<(&'static str, String)> {
    let mut lines = Vec::new();
    let savings = &advice.estimated_monthly_savings;
    if let (Some(p10), Some(p90)) = (savings.p10, savings.p90) {
        let text = format!("{p10} to {p90} a month four times in five, by all whole weeks");
        lines.push(("weeks", text));
    }
    if let Some(robust) = advice.robustness {
        lines.push((
            "robust",
            format!("it costs no more than none until {robust} of the demand is gone"),
        ));
    }
    if let Some(test) = &advice.backtest {
        let weeks = counted(u64::try_from(test.folds).unwrap_or_default(), "week");
        let text = match (test.realised_of_promised, test.refused_tokens) {
            (Some(share), _) => {
                format!("decided week by week it kept {share} of its promise in {weeks}")
            }
            (None, Some(share)) => {
                format!("sized week by week it refused {share} of the tokens of {weeks}")
            }
            (None, None) => return lines,
        };
        lines.push(("tested", text));
    }
    if let Some(months) = advice.months_to_pay {
        lines.push((
            "term",
            format!(
                "all of it costs what {months} months of the cheapest shorter arrangement cost"
            ),
        ));
    }
    lines
}

/// What costs less and asks for more than money: listed, never counted.
fn alternatives(page: &mut String, report: &Report) {
    const SHOWN: usize = 12;
    let mut listed: Vec<(&WorkloadReport, &Plan, Usd)> = report
        .workloads
        .iter()
        .flat_map(|workload| workload.plans.iter().map(move |plan| (workload, plan)))
        .filter(|(_, plan)| matches!(plan.effort, Some(Effort::Latency | Effort::Evaluation)))
        .filter_map(|(workload, plan)| {
            let savings = plan.estimated_monthly_savings?;
            savings.is_positive().then_some((workload, plan, savings))
        })
        .collect();
    if listed.is_empty() {
        return;
    }
    listed.sort_by(|a, b| {
        b.2.cmp(&a.2)
            .then_with(|| (&a.0.region, &a.0.model).cmp(&(&b.0.region, &b.0.model)))
    });
    line(
        page,
        "INSTEAD, CHEAPER BUT NOT ONLY MONEY: never counted, the owner decides",
    );
    let mut rows = table(
        &["Model", "Region", "Asks for", "Change", "Would save"],
        &[4],
    );
    rows.set_content_arrangement(ContentArrangement::Disabled);
    for (workload, plan, savings) in listed.iter().take(SHOWN) {
        let name = workload.name.as_deref().unwrap_or(workload.model.id());
        let title = plan.action.map_or("", Action::title);
        let effort = plan.effort.map_or_else(String::new, |it| it.to_string());
        rows.add_row([
            cell(name.to_owned(), false),
            cell(workload.region.name().to_owned(), false),
            cell(effort, false),
            cell(title.to_owned(), false),
            cell(savings.to_string(), true),
        ]);
    }
    write_table(page, &rows);
    if listed.len() > SHOWN {
        line(page, format!("  and {} more", listed.len() - SHOWN));
        line(page, "");
    }
}

fn workloads(page: &mut String, report: &Report) {
    line(page, "WORKLOADS");
    let tokens_title = format!("Tokens in {} d", report.run.recent.hours() / 24);
    let mut rows = table(&["Model", "Region", &tokens_title, "Now, a month"], &[2, 3]);
    // Nothing is broken in two: an id that is cannot be searched for.
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
    }
    line(page, "");
}

fn tokens(workload: &WorkloadReport) -> Tokens {
    workload
        .lanes
        .iter()
        .flat_map(|lane| &lane.meters)
        .map(|meter| meter.tokens)
        .sum()
}

fn cost(workload: &WorkloadReport) -> String {
    if !workload.is_priced {
        return "unpriced".into();
    }
    let at_least = if workload.is_at_least { "≥ " } else { "" };
    format!("{at_least}{}", workload.monthly_cost)
}

/// A small amount with the digits that it has.
fn cents(amount: Usd) -> String {
    format!("${}", amount.dollars().normalize())
}

/// A count in four digits or less, as in `12.3 M`.
fn short(tokens: Tokens) -> String {
    let count = rust_decimal::Decimal::from(tokens.count());
    for (size, letter) in [
        (1_000_000_000_000_u64, 'T'),
        (1_000_000_000, 'G'),
        (1_000_000, 'M'),
        (1_000, 'k'),
    ] {
        if tokens.count() >= size {
            let tenths = (count / rust_decimal::Decimal::from(size)).round_dp(1);
            return format!("{tenths:.1} {letter}");
        }
    }
    tokens.to_string()
}

fn holdings(page: &mut String, report: &Report) {
    if report.holdings.is_empty() {
        return;
    }
    line(page, "PROVISIONED MODELS");
    let mut rows = table(
        &[
            "Name",
            "Region",
            "Units",
            "A month",
            "Worth",
            "Used",
            "Term ends",
            "Then",
            "State",
        ],
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
        if let Some(risk) = &holding.lifecycle_risk {
            let text = format!("{}: {risk}", holding.provisioned_model_name);
            wrapped(page, "  - ", &text);
        }
        if let Some(reason) = &holding.reason {
            wrapped(
                page,
                "  - ",
                &format!("{}: {reason}", holding.provisioned_model_name),
            );
        }
    }
    line(
        page,
        "  Worth: on-demand dollars that it serves, of what it costs. Under 100 % it loses money, unless it is filled.",
    );
    line(page, "");
}

fn reserved_holdings(page: &mut String, report: &Report) {
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
                held.monthly_cost
                    .map_or_else(|| "unpriced".into(), |cost: Usd| cost.to_string()),
                true,
            ),
            cell(share(held.worth), true),
            cell(
                held.term_ends
                    .map_or_else(|| "not said".into(), |day| day.to_string()),
                false,
            ),
        ]);
    }
    write_table(page, &rows);
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
        (HoldingState::Busy, Load::Oversubscribed) => "throttled",
        (HoldingState::Busy, Load::UnderUsed) => "too large",
        (HoldingState::Busy, Load::Fits | Load::Unknown) => "busy",
    }
}

/// What to do before a term ends.
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
    holding.commitment_expiration_time.map_or_else(
        || "no term".into(),
        |time| crate::domain::day_of(time).to_string(),
    )
}

fn doubts(page: &mut String, report: &Report) {
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
        for workload in &report.incomplete {
            for gap in &workload.gaps {
                wrapped(page, "  - ", &format!("{}: {gap}", workload.region));
            }
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

/// Usage without a price by where it is and why, each with its meters.
fn unpriced(report: &Report) -> BTreeMap<(&str, &str, &str), Vec<String>> {
    let mut lines: BTreeMap<_, Vec<String>> = BTreeMap::new();
    for usage in &report.unpriced {
        lines
            .entry((
                usage.model_id.as_str(),
                usage.region.name(),
                usage.reason.as_str(),
            ))
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
        report
            .workloads
            .iter()
            .flat_map(|workload| &workload.lanes)
            .flat_map(|lane| &lane.meters)
    };
    let evidence = || {
        report
            .recommendations
            .iter()
            .flat_map(|advice| advice.evidence.list_prices())
    };
    let mut notes: Vec<&str> = report.notes.iter().map(String::as_str).collect();
    if report
        .workloads
        .iter()
        .any(|workload| workload.throttles > 0)
    {
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

fn foot(page: &mut String, report: &Report) {
    let totals = &report.totals;
    let checked = totals.prices_checked.map_or_else(String::new, |day| {
        format!("The prices in use were checked on {day} or later. ")
    });
    let list = report.run.price_list.as_ref().map_or_else(String::new, |read| {
        format!(
            "The Price List of {} gave {} rates of {} lines; {} lines were refused, {} prices contradict each other, {} names have no model. ",
            crate::domain::day_of(read.time),
            read.priced,
            read.lines,
            read.rejected,
            read.contradictions,
            read.unmapped
        )
    });
    let proofs = u64::try_from(report.certificates.len()).unwrap_or(u64::MAX);
    let proven = if proofs == 0 {
        String::new()
    } else {
        format!(
            "{} proven not to save at any size. ",
            match proofs {
                1 => "1 offer is".to_owned(),
                more => format!("{more} offers are"),
            }
        )
    };
    let text = format!(
        "{checked}{list}{proven}This run asked CloudWatch for {} metrics, for which it bills {}; {} had their minutes read. At its schedule CloudWatch's part of what the guard costs is {} a month.",
        Tokens::new(report.run.metrics_requested),
        cents(report.run.metrics_requested_cost),
        counted(report.run.lanes_with_minutes, "lane"),
        totals.guard_monthly_cost
    );
    wrapped(page, "", &text);
}
