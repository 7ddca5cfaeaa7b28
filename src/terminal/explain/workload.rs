//! One workload: what is used, every plan for it at Amazon Bedrock, and what else could serve it.

use crate::advice::Plan;
use crate::domain::ModelId;
use crate::report::{Report, WorkloadReport};
use crate::terminal::page::{cell, line, table, wrapped, write_table};
use crate::terminal::plans::{write_plans, write_sources, write_unknown};

/// A text that is no workload of a report.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotAWorkload {
    /// No workload is of such a model.
    #[error("the report has no recommendation and no workload `{asked}`; it has {}", .known.join(", "))]
    Unknown {
        /// Text that was asked for.
        asked: String,
        /// Ids of recommendations and names of workloads.
        known: Vec<String>,
    },
    /// Several workloads are.
    #[error("several workloads are of `{asked}`: {}", .candidates.join(", "))]
    Several {
        /// Text that was asked for.
        asked: String,
        /// Names of these workloads.
        candidates: Vec<String>,
    },
}

/// Most names that an error lists.
const MOST_NAMES: usize = 40;

/// Returns the workload of a model, by its id, the id of one of its profiles, or its name, exactly; with
/// `@REGION` behind it that of the Region.
///
/// # Errors
///
/// If none or several are meant.
pub fn find_workload<'r>(
    report: &'r Report,
    asked: &str,
) -> Result<&'r WorkloadReport, NotAWorkload> {
    let (model, region) = match asked.rsplit_once('@') {
        Some((model, region)) => (model, Some(region)),
        None => (asked, None),
    };
    let id = ModelId::parse(model.to_owned());
    let is_meant = |workload: &&WorkloadReport| {
        let is_model = id.model() == Some(&workload.model)
            || workload.model.id() == model
            || workload.name.as_deref() == Some(model);
        is_model && region.is_none_or(|region| workload.region.name().eq_ignore_ascii_case(region))
    };
    let found: Vec<&WorkloadReport> = report.workloads.iter().filter(is_meant).collect();
    match found.as_slice() {
        [workload] => Ok(workload),
        [] => {
            let ids = report.recommendations.iter().map(|advice| advice.id.clone());
            let workloads = report.workloads.iter().map(in_words);
            let mut known: Vec<String> = workloads.chain(ids).take(MOST_NAMES + 1).collect();
            if known.is_empty() {
                known.push("none".to_owned());
            } else if known.len() > MOST_NAMES {
                known.pop();
                known.push("more".to_owned());
            }
            Err(NotAWorkload::Unknown { asked: asked.to_owned(), known })
        }
        several => Err(NotAWorkload::Several {
            asked: asked.to_owned(),
            candidates: several.iter().copied().map(in_words).collect(),
        }),
    }
}

/// Returns the name by which a workload is found.
fn in_words(workload: &WorkloadReport) -> String {
    format!("{}@{}", workload.model, workload.region)
}

/// Writes a workload as text.
#[must_use]
pub fn render_workload(report: &Report, workload: &WorkloadReport) -> String {
    let mut page = String::new();
    if let Some(warning) = &report.run.warning {
        wrapped(&mut page, "!!  ", warning);
        line(&mut page, "");
    }
    let name = workload.name.as_deref().unwrap_or(workload.model.id());
    let at_least = if workload.is_at_least { " at least" } else { "" };
    let cost = if workload.is_priced {
        format!("{} a month{at_least}", workload.monthly_cost)
    } else {
        "unpriced".to_owned()
    };
    let title = format!("{name} ({}) in {}: {cost}", workload.model, workload.region);
    wrapped(&mut page, "", &title);
    wrapped(&mut page, "", &workload.verdict);
    for note in workload.notes.iter().chain(&workload.gaps) {
        wrapped(&mut page, "note  ", note);
    }
    line(&mut page, "");
    usage(&mut page, report, workload);
    line(&mut page, "PLANS FOR IT AT AMAZON BEDROCK");
    for plan in &workload.plans {
        write_plan(&mut page, plan);
    }
    line(&mut page, "");
    alternatives(&mut page, workload);
    page
}

/// Adds a plan of Amazon Bedrock, with the gates that it fails.
pub(super) fn write_plan(page: &mut String, plan: &Plan) {
    let cost = plan.monthly_cost.map_or_else(String::new, |cost| format!(": {cost} a month"));
    let months = plan
        .months_to_pay
        .map_or_else(String::new, |months| format!(", paid off after {months} months"));
    let why = match (plan.advised, plan.action, plan.why_not.as_slice()) {
        (true, Some(_), _) => "; advised".to_owned(),
        (_, _, []) => String::new(),
        (_, _, why) => format!("; not advised: {}", why.join("; ")),
    };
    wrapped(page, "  - ", &format!("{}{cost}{months}{why}", plan.description));
}

/// Adds what is used, lane by lane and meter by meter.
fn usage(page: &mut String, report: &Report, workload: &WorkloadReport) {
    line(page, "WHAT IS USED");
    let tokens = format!("In {} d", report.run.recent.hours() / 24);
    let mut rows = table(&["ModelId", "Meter", &tokens, "1M tokens", "A month"], &[2, 3, 4]);
    let or_none = |text: Option<String>| cell(text.unwrap_or_else(|| "-".to_owned()), true);
    for lane in &workload.lanes {
        for meter in &lane.meters {
            let price = meter.contracted_unit_price.map(|price| format!("${price}"));
            // What a provisioned model serves is billed by its hours.
            let cost = match &lane.provisioned_model_name {
                Some(held) => Some(format!("by {held}")),
                None => meter.monthly_cost.map(|cost| cost.to_string()),
            };
            rows.add_row([
                cell(lane.model_id.clone(), false),
                cell(meter.meter.name().to_owned(), false),
                cell(meter.tokens.to_string(), true),
                or_none(price),
                or_none(cost),
            ]);
        }
    }
    write_table(page, &rows);
}

/// Adds what else could serve it.
fn alternatives(page: &mut String, workload: &WorkloadReport) {
    let Some(found) = &workload.alternatives else { return };
    line(page, "WHAT ELSE IT COULD COST, cheapest first: never counted, the owner decides");
    if let Some((volume, shape)) = found.volume.zip(found.shape_in_words.as_ref()) {
        wrapped(page, "  ", &format!("{volume}; {shape}"));
        for note in &found.notes {
            wrapped(page, "  note  ", note);
        }
        line(page, "");
    }
    if !found.plans.is_empty() {
        // The JSON has what a request costs; here its ranges would leave no room for the plans.
        write_plans(page, &found.plans, false);
    }
    write_unknown(page, &found.unknown);
    write_sources(page, &found.plans);
}
