//! The page as a whole: its head, its parts in order, and its foot.

use crate::domain::{Tokens, Usd, day_of};
use crate::report::{FollowedAdvice, Part, Report, UnfollowedAdvice};
use crate::terminal::page::{counted, line, wrapped};
use crate::terminal::report::doubts::doubts;
use crate::terminal::report::holdings::{holdings, reserved_holdings};
use crate::terminal::report::what_to_do::{advice, alternatives};
use crate::terminal::report::workloads::workloads;

/// Writes the report as text.
#[must_use]
pub fn render(report: &Report) -> String {
    let mut page = String::new();
    head(&mut page, report);
    advice(&mut page, report);
    earlier_advice(&mut page, report);
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
    for warning in run.warning.iter().chain(&report.missing_line()) {
        line(page, "");
        wrapped(page, "  !!  ", warning);
        line(page, "");
    }
    let days = run.window.hours() / 24;
    line(
        page,
        format!(
            "{} to {} UTC ({days} days), {}",
            day_of(run.window.start()),
            day_of(run.window.end()),
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
            if report.reserved_holdings.is_empty() { "provisioned models" } else { "what is held" },
            held(report),
            without_price(report)
        ),
    );
    if totals.monthly_list_cost != totals.monthly_cost {
        line(page, format!("  At list prices {:>14}", totals.monthly_list_cost));
    }
    if run.charged {
        savings(page, report);
    } else {
        line(page, "  Could be saved   not counted: nobody pays these prices");
    }
    line(page, "");
}

fn savings(page: &mut String, report: &Report) {
    let totals = &report.totals;
    let is_at_least = !report.has_whole_savings(None);
    // A share of two amounts of which either may be higher bounds nothing.
    let share = totals
        .potential_savings_percentage
        .filter(|_| !is_at_least && !totals.is_at_least)
        .map_or_else(String::new, |share| format!(" ({share})"));
    line(
        page,
        format!(
            "  Could be saved {:>14} a month{}{share} by {}",
            totals.potential_monthly_savings,
            if is_at_least { " at least" } else { "" },
            counted(totals.recommendations, "recommendation")
        ),
    );
    let efforts = totals.savings_by_effort.iter();
    let efforts: Vec<String> =
        efforts.map(|(effort, savings)| format!("{effort} {savings}")).collect();
    if !efforts.is_empty() {
        line(page, format!("  By effort      {}", efforts.join(", ")));
    }
}

/// Writes the cost of what is held, as far as that was read.
fn held(report: &Report) -> String {
    let cost = report.totals.holdings_monthly_cost;
    let mut lists = report.missing.iter();
    let is_read =
        lists.all(|missing| !matches!(missing.part, Part::Region | Part::ProvisionedModels));
    match (is_read, cost == Usd::ZERO) {
        (true, _) => cost.to_string(),
        (false, true) => "not read".to_owned(),
        (false, false) => format!("{cost} at least"),
    }
}

/// Counts the holdings that have no price and so are in no sum; empty where there are none.
fn without_price(report: &Report) -> String {
    let units = report.holdings.iter().map(|held| held.monthly_cost);
    let reserved = report.reserved_holdings.iter().map(|held| held.monthly_cost);
    match units.chain(reserved).filter(Option::is_none).count() {
        0 => String::new(),
        count => format!(" ({count} unpriced)"),
    }
}

/// Writes what came of earlier advice: what of it is open, since when, and what came of the rest.
fn earlier_advice(page: &mut String, report: &Report) {
    let unfollowed = report.unfollowed.iter().map(UnfollowedAdvice::in_words).collect();
    let followed = report.followed.iter().map(FollowedAdvice::in_words).collect();
    let sections: [(&str, Vec<String>); 2] =
        [("NOT FOLLOWED SO FAR", unfollowed), ("FOLLOWED", followed)];
    for (heading, sentences) in sections.into_iter().filter(|(_, sentences)| !sentences.is_empty())
    {
        line(page, heading);
        for sentence in sentences {
            wrapped(page, "  ", &sentence);
        }
        line(page, "");
    }
}

fn foot(page: &mut String, report: &Report) {
    let totals = &report.totals;
    let checked = totals.prices_checked.map_or_else(String::new, |day| {
        format!("The prices in use were checked on {day} or later. ")
    });
    let list = report.run.price_list.as_ref().map_or_else(String::new, |read| {
        format!(
            "The Price List of {} gave {} rates of {} lines; {} lines were refused, {} prices contradict each other, {} names have no model. ",
            day_of(read.time),
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
        "{checked}{list}{proven}This run asked CloudWatch for {} metrics, for which it bills {}; {} had their minutes read. At its schedule CloudWatch's part of what the guard costs is {} a month{}.",
        Tokens::new(report.run.metrics_requested),
        cents(report.run.metrics_requested_cost),
        counted(report.run.lanes_with_minutes, "lane"),
        totals.guard_monthly_cost,
        if report.is_whole() { "" } else { " at least" }
    );
    wrapped(page, "", &text);
}

/// Writes a small amount with all its digits: rounded to cents many a run would cost nothing.
fn cents(amount: Usd) -> String {
    format!("${}", amount.dollars().normalize())
}
