//! Recommendations, most saving first, and plans that are cheaper but ask for more than money.

use comfy_table::ContentArrangement;

use crate::advice::{Action, Effort, Plan, Recommendation};
use crate::domain::{Usd, day_of};
use crate::report::{Report, WorkloadReport};
use crate::terminal::page::{WIDTH, cell, counted, line, table, wrapped, write_table};

pub(super) fn advice(page: &mut String, report: &Report) {
    line(page, "WHAT TO DO");
    // Use under an id that no model is known behind is no workload, and is listed below all the same.
    let is_unused = report.workloads.is_empty() && report.unpriced.is_empty();
    let has_looked = report.is_whole() && !report.run.places.is_empty();
    if is_unused && has_looked {
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
        .money
        .estimated_savings_percentage
        .map_or_else(String::new, |share| format!(", {share}"));
    let title =
        format!("{number}. {} of {} in {}", advice.action.title(), advice.model, advice.region);
    let savings = match advice.savings() {
        Some(savings) => format!("saves {savings}{share}"),
        None => "saves an unknown amount".to_owned(),
    };
    let gap = usize::from(WIDTH)
        .saturating_sub(2 + title.chars().count() + savings.chars().count())
        .max(2);
    line(page, format!("  {title}{}{savings}", " ".repeat(gap)));
    line(page, format!("     id       {}", advice.id));
    if let Some(because) = &advice.standing.not_counted_because {
        let start = advice
            .money
            .savings_start
            .map_or_else(String::new, |start| format!("it saves from {} on; ", day_of(start)));
        wrapped(page, "     not counted  ", &format!("{start}{because}"));
    }
    for (label, arrangement) in
        [("now", &advice.money.current), ("instead", &advice.money.proposed)]
    {
        let cost = arrangement.monthly_cost;
        let cost = cost.map_or_else(|| "no price".to_owned(), |cost| format!("{cost} a month"));
        let text = format!("{}, {cost}", arrangement.description);
        wrapped(page, &format!("     {label:<9}"), &text);
    }
    if let Some(even) = &advice.commitment.break_even {
        let share = even
            .share_of_capacity
            .map_or_else(String::new, |share| format!(", {share} of what one can carry"));
        let text =
            format!("from {} tokens an hour a unit at this mix{share}", even.tokens_per_hour);
        wrapped(page, "     pays     ", &text);
    }
    if let Some(total) = advice.commitment.commitment_total {
        wrapped(page, "     binds    ", &format!("{total} over the whole term"));
    }
    for (label, text) in certainty_lines(advice) {
        wrapped(page, &format!("     {label:<9}"), &text);
    }
    for risk in &advice.grounds.risks {
        wrapped(page, "     note     ", risk);
    }
    if let Some(contact) = &advice.remedy.contact {
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

/// Lists the steps of a change with their labels; a single step shows only its command, which says
/// enough.
pub(crate) fn steps(advice: &Recommendation) -> Vec<(&'static str, String)> {
    let is_single = advice.remedy.steps.len() < 2;
    let mut lines = Vec::new();
    for (place, step) in advice.remedy.steps.iter().enumerate() {
        if !is_single {
            lines.push(("step", format!("{}. {}", place + 1, step.text)));
        }
        let command = step.command.iter().map(|command| ("run", command.clone()));
        lines.extend(command);
        let wait_for = step.wait_for.iter().map(|what| ("wait", format!("until {what}")));
        lines.extend(wait_for);
    }
    lines
}

/// Says how sure a saving is, each ground with its label.
fn certainty_lines(advice: &Recommendation) -> Vec<(&'static str, String)> {
    let mut lines = Vec::new();
    let savings = &advice.money.estimated_monthly_savings;
    if let (Some(p10), Some(p90)) = (savings.p10, savings.p90) {
        let text = format!("between {p10} and {p90} a month, about three terms in four");
        lines.push(("range", text));
    }
    if let Some(robust) = advice.commitment.robustness {
        lines.push((
            "robust",
            format!("it costs no more than none until {robust} of the demand is gone"),
        ));
    }
    if let Some(test) = &advice.commitment.backtest {
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
    if let Some(months) = advice.commitment.months_to_pay {
        lines.push((
            "term",
            format!(
                "all of it costs what {months} months of the cheapest shorter arrangement cost"
            ),
        ));
    }
    lines
}

/// Writes a saving, or what a plan would cost beyond what is paid.
fn would_save(savings: Usd) -> String {
    if savings.is_positive() {
        savings.to_string()
    } else {
        format!("costs {} more", Usd::ZERO - savings)
    }
}

/// Adds the plans that ask for more than money: listed, never counted. One that costs more says so.
pub(super) fn alternatives(page: &mut String, report: &Report) {
    // A dozen keeps the page to a screen or two; the JSON report has all plans.
    const SHOWN: usize = 12;
    let mut listed: Vec<(&WorkloadReport, &Plan, Usd)> = report
        .workloads
        .iter()
        .flat_map(|workload| workload.plans.iter().map(move |plan| (workload, plan)))
        .filter(|(_, plan)| matches!(plan.effort, Some(Effort::Latency | Effort::Evaluation)))
        .filter_map(|(workload, plan)| {
            let savings = plan.estimated_monthly_savings?;
            (savings != Usd::ZERO).then_some((workload, plan, savings))
        })
        .collect();
    if listed.is_empty() {
        return;
    }
    listed.sort_by(|a, b| {
        b.2.cmp(&a.2).then_with(|| (&a.0.region, &a.0.model).cmp(&(&b.0.region, &b.0.model)))
    });
    line(page, "INSTEAD, AND NOT ONLY MONEY: never counted, the owner decides");
    let mut rows = table(&["Model", "Region", "Asks for", "Change", "Would save"], &[4]);
    // As in the table of workloads, nothing is broken in two.
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
            cell(would_save(*savings), true),
        ]);
    }
    write_table(page, &rows);
    if listed.len() > SHOWN {
        line(page, format!("  and {} more", listed.len() - SHOWN));
        line(page, "");
    }
}
