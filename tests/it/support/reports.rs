//! Parts of a report that tests ask for.
#![expect(clippy::expect_used, reason = "a report without what a test asks for is wrong")]

use std::fmt::Display;

use bedrock_cost_guard::advice::Action;
use bedrock_cost_guard::domain::Usd;
use bedrock_cost_guard::report::{Report, WorkloadReport};
use rust_decimal::Decimal;

/// Returns the actions of all recommendations.
pub(crate) fn actions(report: &Report) -> Vec<Action> {
    let recommendations = report.recommendations.iter();
    recommendations.map(|advice| advice.action).collect()
}

/// Returns the actions of the recommendations that count.
pub(crate) fn counted(report: &Report) -> Vec<Action> {
    let counted = report.recommendations.iter().filter(|it| it.is_counted());
    counted.map(|advice| advice.action).collect()
}

/// Returns the workload of a model.
pub(crate) fn workload<'r>(report: &'r Report, model: &str) -> &'r WorkloadReport {
    let mut workloads = report.workloads.iter();
    let found = workloads.find(|workload| workload.model.id() == model);
    found.expect("the model is in the report")
}

/// Returns the workload of a report that has one.
pub(crate) fn only(report: &Report) -> &WorkloadReport {
    assert_eq!(report.workloads.len(), 1);
    &report.workloads[0]
}

/// Reads an amount of dollars.
pub(crate) fn usd(text: &str) -> Usd {
    text.parse().expect("an amount")
}

/// Returns the cost of a month in which each hour costs so many dollars.
pub(crate) fn an_hour(dollars: impl Display) -> Usd {
    let hour = usd(&dollars.to_string()).dollars();
    Usd::new(hour * Decimal::from(730))
}
