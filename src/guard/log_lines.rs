//! The report as log lines: one for each recommendation, one for the run.
//!
//! The runtime's subscriber nests and escapes objects and has no timestamp, so these lines are made
//! here and written straight to standard output.

use serde::Serialize;
use serde_json::Error;

use crate::domain::text::escaped;
use crate::report::{FollowedAdvice, MissingPart, Report, Summary, UnfollowedAdvice};

#[derive(Serialize)]
struct LogLine<'a, T> {
    timestamp: String,
    level: &'static str,
    message: String,
    #[serde(flatten)]
    rest: &'a T,
}

#[derive(Serialize)]
struct RecommendationLine<'a> {
    recommendation: &'a crate::advice::Recommendation,
}

#[derive(Serialize)]
struct RunLine<'a> {
    totals: &'a crate::report::Totals,
    metrics_put: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    metrics_withheld: Option<&'a str>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    missing: &'a [MissingPart],
    not_covered: &'a [String],
    #[serde(skip_serializing_if = "Vec::is_empty")]
    notes: Vec<String>,
    unpriced: usize,
    incomplete: usize,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    unfollowed: &'a [UnfollowedAdvice],
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    followed: &'a [FollowedAdvice],
}

/// Writes the lines of a report, each ending in a newline: those of the recommendations, then that of
/// the run.
pub fn lines(report: &Report, summary: &Summary) -> Result<Vec<String>, Error> {
    let mut lines = of_recommendations(report)?;
    lines.push(of_run(report, summary)?);
    Ok(lines)
}

/// Writes a line for each recommendation.
pub(super) fn of_recommendations(report: &Report) -> Result<Vec<String>, Error> {
    let timestamp = report.run.as_of.to_string();
    let line = |recommendation: &crate::advice::Recommendation| {
        line(&LogLine {
            timestamp: timestamp.clone(),
            level: "INFO",
            message: recommendation.message(),
            rest: &RecommendationLine { recommendation },
        })
    };
    report.recommendations.iter().map(line).collect()
}

/// Writes the line of the run.
pub(super) fn of_run(report: &Report, summary: &Summary) -> Result<String, Error> {
    line(&LogLine {
        timestamp: report.run.as_of.to_string(),
        level: if report.run.charged && report.is_whole() { "INFO" } else { "WARN" },
        message: message(report),
        rest: &RunLine {
            totals: &report.totals,
            metrics_put: summary.metrics_put,
            metrics_withheld: summary.metrics_withheld.as_deref(),
            missing: &report.missing,
            not_covered: &report.not_covered,
            notes: notes(report),
            unpriced: report.unpriced.len(),
            incomplete: report.incomplete.len(),
            unfollowed: &report.unfollowed,
            followed: &report.followed,
        },
    })
}

/// Says the result of a run in one sentence that can be read alone, with what is missing of it.
fn message(report: &Report) -> String {
    let missing = report.missing_line().map_or_else(String::new, |missing| format!("; {missing}"));
    if report.run.places.is_empty() {
        return format!("run finished without an answer: no Region could be read{missing}");
    }
    let totals = &report.totals;
    let savings = match &report.run.warning {
        Some(warning) => warning.clone(),
        None => format!(
            "{}{} of it could be saved by {}",
            if report.has_whole_savings(None) { "" } else { "at least " },
            totals.potential_monthly_savings,
            match totals.recommendations {
                1 => "1 recommendation".to_owned(),
                more => format!("{more} recommendations"),
            }
        ),
    };
    format!(
        "run finished: {} a month{}, {savings}{missing}",
        totals.monthly_cost,
        if totals.is_at_least { " at least" } else { "" }
    )
}

/// Lists the notes of the run, of its workloads, and of terms that have ended.
fn notes(report: &Report) -> Vec<String> {
    let of_workloads = report.workloads.iter().flat_map(|workload| &workload.notes);
    let of_terms = report.holdings.iter().filter_map(|holding| {
        let passed = holding.passed_term_end.as_ref()?;
        Some(format!("{} in {}: {passed}", holding.provisioned_model_name, holding.region))
    });
    report.notes.iter().chain(of_workloads).cloned().chain(of_terms).collect()
}

/// Writes one line.
fn line<T: Serialize>(line: &T) -> Result<String, Error> {
    let json = serde_json::to_string(line)?;
    // Whoever reads the log reads it on some screen.
    let mut text = escaped(&json).into_owned();
    text.push('\n');
    Ok(text)
}
