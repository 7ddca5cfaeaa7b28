//! One recommendation with the origin of its figures, down to the rows of the price book and the
//! series.

use crate::advice::{Arrangement, EvidenceItem, Recommendation};
use crate::catalog::{InForce, RegionBasis};
use crate::report::{Report, WorkloadReport};
use crate::terminal::explain::workload::write_plan;
use crate::terminal::page::{cell, line, table, wrapped, write_table};

/// Returns the recommendation of an id, in either case of its letters.
#[must_use]
pub fn find<'r>(report: &'r Report, id: &str) -> Option<&'r Recommendation> {
    let mut advice = report.recommendations.iter();
    advice.find(|advice| advice.id.eq_ignore_ascii_case(id))
}

/// Writes a recommendation as text.
#[must_use]
pub fn render(report: &Report, advice: &Recommendation) -> String {
    let mut page = String::new();
    if let Some(warning) = &report.run.warning {
        wrapped(&mut page, "!!  ", warning);
        line(&mut page, "");
    }
    wrapped(&mut page, "", &advice.message());
    line(&mut page, "");
    line(&mut page, "WHAT IT IS");
    for (label, text) in facts(report, advice) {
        wrapped(&mut page, &format!("  {label:<12}"), &text);
    }
    for risk in &advice.grounds.risks {
        wrapped(&mut page, "  note        ", risk);
    }
    for note in workload_of(report, advice).iter().flat_map(|workload| &workload.notes) {
        wrapped(&mut page, "  note        ", note);
    }
    line(&mut page, "");
    line(&mut page, "HOW ITS FIGURES COME ABOUT");
    let mut workings = table(&["Figure", "Value", "From"], &[1]);
    for working in &advice.grounds.workings {
        workings.add_row([
            cell(working.what.clone(), false),
            cell(working.value.clone(), true),
            cell(working.from.clone(), false),
        ]);
    }
    write_table(&mut page, &workings);
    rates(&mut page, advice);
    series(&mut page, advice);
    others(&mut page, report, advice);
    page
}

fn facts(report: &Report, advice: &Recommendation) -> Vec<(&'static str, String)> {
    let mut facts = vec![
        ("id", advice.id.clone()),
        ("asks for", advice.effort.to_string()),
        ("now", of(&advice.money.current)),
        ("instead", of(&advice.money.proposed)),
        (
            "window",
            format!(
                "a month is {} to {} scaled to 730 hours; the survey begins on {}",
                report.run.recent.start(),
                report.run.recent.end(),
                report.run.window.start()
            ),
        ),
    ];
    let savings = &advice.money.estimated_monthly_savings;
    if let (Some(observed), Some(p10), Some(p50), Some(p90)) =
        (savings.observed, savings.p10, savings.p50, savings.p90)
    {
        facts.push((
            "range",
            format!(
                "between {p10} and {p90} a month, about three terms in four, by Student's t over blocks of four weeks; {p50} is the mean of all weeks, {observed} the recent window alone"
            ),
        ));
    }
    if let Some(robust) = advice.commitment.robustness {
        facts.push((
            "robust",
            format!("the recent hours at a share of their demand: even at {robust} less it costs no more than none"),
        ));
    }
    if let Some(test) = &advice.commitment.backtest {
        let text = match (test.realised_of_promised, test.refused_tokens) {
            (Some(share), _) => format!("{share} of what was promised was saved"),
            (None, Some(share)) => format!("{share} of the tokens would have been refused"),
            (None, None) => "nothing was promised".to_owned(),
        };
        facts.push((
            "tested",
            format!("{} weeks, each decided on those before it: {text}", test.folds),
        ));
    }
    if let Some(months) = advice.commitment.months_to_pay {
        facts.push((
            "term",
            format!(
                "{months} months of the cheapest shorter arrangement cost as much as its whole term"
            ),
        ));
    }
    if let Some(total) = advice.commitment.commitment_total {
        facts.push(("binds", format!("{total} over the whole term")));
    }
    if let Some(even) = &advice.commitment.break_even {
        facts.push((
            "pays",
            format!(
                "from {} tokens an hour a unit: {} USD an hour ÷ what a token costs at this mix",
                even.tokens_per_hour, even.usd_per_unit_hour
            ),
        ));
    }
    if let Some(because) = &advice.standing.not_counted_because {
        facts.push(("not counted", because.clone()));
    }
    if let Some(start) = advice.money.savings_start {
        facts.push(("saves from", start.to_string()));
    }
    if let Some(contact) = &advice.remedy.contact {
        facts.push(("ask", contact.clone()));
    }
    facts.extend(crate::terminal::report::steps(advice));
    facts.push(("look at", advice.remedy.console_url.clone()));
    facts
}

/// Returns the workload that a recommendation is of.
fn workload_of<'r>(report: &'r Report, advice: &Recommendation) -> Option<&'r WorkloadReport> {
    report.workloads.iter().find(|workload| {
        (&workload.account, &workload.region, &workload.model)
            == (&advice.account, &advice.region, &advice.model)
    })
}

fn of(arrangement: &Arrangement) -> String {
    let cost = arrangement.monthly_cost;
    let cost = cost.map_or_else(|| "no price".to_owned(), |cost| format!("{cost} a month"));
    format!("{}: {cost}", arrangement.description)
}

fn rates(page: &mut String, advice: &Recommendation) {
    line(page, "PRICES");
    for rate in advice.grounds.evidence.list_prices() {
        let paid = rate
            .contracted_unit_price
            .as_ref()
            .map_or_else(String::new, |paid| format!(", paid {paid}"));
        let from = match (rate.from, rate.in_force) {
            (Some(from), InForce::Yes) => format!("since {from}"),
            (Some(from), InForce::Nearest) => {
                format!("the nearest known to the day, dated {from}")
            }
            (None, _) => "undated".to_owned(),
        };
        let region = match rate.region_basis {
            RegionBasis::Named => "for this Region by name",
            RegionBasis::All => "one price for all Regions",
            RegionBasis::Unstated => "its source names no Region",
        };
        let text = format!(
            "{}: {} USD for {}{paid}; {from}, {region}, checked {}; {}",
            rate.what, rate.list_unit_price, rate.pricing_unit, rate.checked, rate.source
        );
        wrapped(page, "  - ", &text);
    }
}

fn series(page: &mut String, advice: &Recommendation) {
    line(page, "");
    line(page, "SERIES");
    for item in advice.grounds.evidence.items() {
        match item {
            EvidenceItem::Rate(_) => {}
            EvidenceItem::Series(series) => wrapped(
                page,
                "  - ",
                &format!(
                    "{} {} of ModelId {}, sums of {} s: {} from {} to {}",
                    series.namespace,
                    series.metric,
                    series.model_id,
                    series.step,
                    series.total,
                    series.start,
                    series.end
                ),
            ),
            EvidenceItem::More { count } => {
                wrapped(page, "  - ", &format!("and {count} more prices and series"));
            }
        }
    }
}

/// Adds the other ways to serve the same workload, each with the gates that it fails.
fn others(page: &mut String, report: &Report, advice: &Recommendation) {
    let Some(workload) = workload_of(report, advice) else { return };
    line(page, "");
    line(page, "OTHER PLANS FOR THE SAME WORKLOAD");
    for plan in workload.plans.iter().filter(|plan| !plan.advised) {
        write_plan(page, plan);
    }
}
