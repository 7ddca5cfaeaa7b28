//! A report as metric points, with the names and dimension sets that alarms rely on.

use rust_decimal::Decimal;

use crate::config::Settings;
use crate::domain::{Percent, Region, Tokens, Usd};
use crate::report::{HoldingReport, Report, WorkloadReport};

/// One value of one metric.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Point {
    /// Name of the metric.
    pub name: &'static str,
    /// Unit of the metric.
    pub unit: Unit,
    /// Names and values of the dimensions; empty for a total.
    pub dimensions: Vec<(&'static str, String)>,
    /// Value of the point, exact until it is sent.
    pub value: Decimal,
}

/// The unit of a metric.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// US dollars and flags, for which CloudWatch has no unit.
    None,
    /// A number of things.
    Count,
    /// A share of 100.
    Percent,
}

/// Returns the point that says that a run ended well. It is sent last and alone, so that a run that
/// broke off is noticed.
#[must_use]
pub fn run_succeeded() -> Point {
    point("RunSucceeded", Unit::None, Vec::new(), Decimal::ONE)
}

/// Counts the custom metrics that a report puts, `RunSucceeded` included.
pub(super) fn count(report: &Report, settings: &Settings) -> usize {
    points(report, settings).len() + 1
}

/// Name of the metric that is 1 while a recommendation is open.
pub const RECOMMENDATION_OPEN: &str = "RecommendationOpen";

/// Names of the metrics that are withheld on a book whose prices AWS does not charge: an alarm would
/// take their dollars for real ones, and their zeros for an all-clear.
const REST_ON_PRICES: [&str; 5] = [
    "MonthlyCost",
    "PotentialMonthlySavings",
    "Recommendations",
    RECOMMENDATION_OPEN,
    "CommitmentWorth",
];

/// Returns all points of a report but `RunSucceeded`, zeros included, so that an alarm can clear.
#[must_use]
pub fn points(report: &Report, settings: &Settings) -> Vec<Point> {
    let most = usize::try_from(settings.max_metric_models).unwrap_or(usize::MAX);
    let mut points = totals(report);
    let mut regions: Vec<&Region> = report.run.places.iter().map(|place| &place.region).collect();
    // Places are sorted by account first, so that a Region can occur twice and apart.
    regions.sort_unstable();
    regions.dedup();
    for region in regions {
        points.extend(of_region(report, region));
    }
    // Workloads are sorted by cost, so that the limit keeps the dearest. One without a price has no
    // cost that could be put.
    for workload in report.workloads.iter().filter(|workload| workload.is_priced).take(most) {
        let dimensions = || in_region(&workload.region, "Model", workload.model.id());
        points.push(point(
            "MonthlyCost",
            Unit::None,
            dimensions(),
            workload.monthly_cost.dollars(),
        ));
        points.push(point(
            "PotentialMonthlySavings",
            Unit::None,
            dimensions(),
            workload.potential_monthly_savings.dollars(),
        ));
    }
    let mut holdings: Vec<&HoldingReport> = report.holdings.iter().collect();
    holdings.sort_by_key(|holding| std::cmp::Reverse(holding.monthly_cost));
    for holding in holdings.into_iter().take(most) {
        points.extend(of_holding(holding));
    }
    let counted = report.recommendations.iter().filter(|advice| advice.is_counted()).take(most);
    points.extend(counted.map(|advice| open(&advice.region, &advice.id, Decimal::ONE)));
    points.extend(
        report
            .closed
            .iter()
            .take(most)
            // The zero lets the alarm of a recommendation that is gone clear.
            .map(|closed| open(&closed.region, &closed.id, Decimal::ZERO)),
    );
    points.retain(|point| report.run.charged || !REST_ON_PRICES.contains(&point.name));
    points
}

fn totals(report: &Report) -> Vec<Point> {
    let totals = &report.totals;
    let total = |name, unit, value| point(name, unit, Vec::new(), value);
    let mut points = vec![
        total("MonthlyCost", Unit::None, totals.monthly_cost.dollars()),
        total("PotentialMonthlySavings", Unit::None, totals.potential_monthly_savings.dollars()),
        total("Recommendations", Unit::Count, Decimal::from(totals.recommendations)),
        total("UnpricedTokens", Unit::Count, Decimal::from(totals.unpriced_tokens.count())),
        total("IncompleteWorkloads", Unit::Count, Decimal::from(totals.incomplete_workloads)),
        total("CatalogAgeDays", Unit::Count, Decimal::from(totals.catalog_age_days)),
        total("GuardMonthlyCost", Unit::None, totals.guard_monthly_cost.dollars()),
    ];
    // The lowest of each: one total would hide the holding that loses money behind one that pays.
    let least = |read: &dyn Fn(&HoldingReport) -> Option<Decimal>| {
        report.holdings.iter().filter_map(read).min()
    };
    let worth = least(&|holding| holding.worth.map(Percent::number));
    let utilization = least(&|holding| holding.utilization.map(Percent::number));
    let days = least(&|holding| holding.days_to_term_end.map(Decimal::from));
    points.extend(worth.map(|value| total("CommitmentWorth", Unit::Percent, value)));
    points.extend(utilization.map(|value| total("CommitmentUtilization", Unit::Percent, value)));
    points.extend(days.map(|value| total("CommitmentDaysToExpiry", Unit::Count, value)));
    points
}

fn of_region(report: &Report, region: &Region) -> Vec<Point> {
    let dimensions = || vec![("Region", region.name().to_owned())];
    let workloads: Vec<&WorkloadReport> =
        report.workloads.iter().filter(|workload| workload.region == *region).collect();
    let dollars = |name, amount: Usd| point(name, Unit::None, dimensions(), amount.dollars());
    let count = |name, number: usize| {
        point(
            name,
            Unit::Count,
            dimensions(),
            Decimal::from(u64::try_from(number).unwrap_or(u64::MAX)),
        )
    };
    let recommendations = report
        .recommendations
        .iter()
        .filter(|advice| advice.region == *region && advice.is_counted())
        .count();
    let incomplete = report.incomplete.iter().filter(|workload| workload.region == *region).count();
    let unpriced: Tokens = report
        .unpriced
        .iter()
        .filter(|usage| usage.region == *region && usage.meter.is_some())
        .map(|usage| usage.quantity)
        .sum();
    vec![
        dollars("MonthlyCost", workloads.iter().map(|workload| workload.monthly_cost).sum()),
        dollars(
            "PotentialMonthlySavings",
            workloads.iter().map(|workload| workload.potential_monthly_savings).sum(),
        ),
        count("Recommendations", recommendations),
        point("UnpricedTokens", Unit::Count, dimensions(), Decimal::from(unpriced.count())),
        count("IncompleteWorkloads", incomplete),
    ]
}

fn of_holding(holding: &HoldingReport) -> Vec<Point> {
    let of = |name, unit, value| {
        let dimensions =
            in_region(&holding.region, "ProvisionedModel", &holding.provisioned_model_name);
        point(name, unit, dimensions, value)
    };
    let worth = holding.worth.map(|worth| of("CommitmentWorth", Unit::Percent, worth.number()));
    let utilization =
        holding.utilization.map(|used| of("CommitmentUtilization", Unit::Percent, used.number()));
    let days = holding
        .days_to_term_end
        .map(|days| of("CommitmentDaysToExpiry", Unit::Count, Decimal::from(days)));
    worth.into_iter().chain(utilization).chain(days).collect()
}

fn open(region: &Region, id: &str, value: Decimal) -> Point {
    point(RECOMMENDATION_OPEN, Unit::None, in_region(region, "RecommendationId", id), value)
}

fn in_region(region: &Region, name: &'static str, value: &str) -> Vec<(&'static str, String)> {
    vec![("Region", region.name().to_owned()), (name, value.to_owned())]
}

fn point(
    name: &'static str,
    unit: Unit,
    dimensions: Vec<(&'static str, String)>,
    value: Decimal,
) -> Point {
    Point { name, unit, dimensions, value }
}
