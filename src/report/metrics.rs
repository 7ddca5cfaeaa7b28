//! A report as metric points, with the names and dimension sets that alarms rely on.

use rust_decimal::Decimal;

use crate::advice::Recommendation;
use crate::config::Settings;
use crate::domain::sorting::sort_by;
use crate::domain::{Percent, Region, Tokens, Usd};
use crate::report::{HoldingReport, HoldingState, Report, WorkloadReport};

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

/// Returns the point that says that a run ended: 1 if the whole was read and put, 0 if a part is
/// missing. It is sent last and alone, so that a run that broke off is noticed.
#[must_use]
pub fn run_succeeded(is_whole: bool) -> Point {
    point("RunSucceeded", Unit::None, Vec::new(), Decimal::from(u8::from(is_whole)))
}

/// Turns a number of things into the value of a point.
fn count(number: usize) -> Decimal {
    Decimal::from(u64::try_from(number).unwrap_or(u64::MAX))
}

/// Counts the custom metrics that a report puts, `RunSucceeded` included.
pub(super) fn how_many(report: &Report, settings: &Settings) -> usize {
    points(report, settings).len() + 1
}

/// Name of the metric of costs.
pub const MONTHLY_COST: &str = "MonthlyCost";

/// Name of the metric of what open recommendations would save.
pub const POTENTIAL_MONTHLY_SAVINGS: &str = "PotentialMonthlySavings";

/// Name of the metric of what the purchase of a model's first units would save.
pub const PROMISED_MONTHLY_SAVINGS: &str = "PromisedMonthlySavings";

/// Dimension of the metrics of one model.
pub const MODEL: &str = "Model";

/// Names of the metrics of the size of a purchase that is advised: model units, reserved input tokens and
/// reserved output tokens a minute.
pub const ADVISED_SIZES: [&str; 3] =
    ["AdvisedModelUnits", "AdvisedInputTokensPerMinute", "AdvisedOutputTokensPerMinute"];

/// Dimension of the metrics of one recommendation.
pub const RECOMMENDATION_ID: &str = "RecommendationId";

/// Name of the metric that is 1 while a recommendation is open.
pub const RECOMMENDATION_OPEN: &str = "RecommendationOpen";

/// Names of the metrics that are withheld on a book whose prices AWS does not charge: an alarm would
/// take their dollars for real ones, and their zeros for an all-clear.
const REST_ON_PRICES: [&str; 9] = [
    MONTHLY_COST,
    POTENTIAL_MONTHLY_SAVINGS,
    "Recommendations",
    RECOMMENDATION_OPEN,
    "CommitmentWorth",
    PROMISED_MONTHLY_SAVINGS,
    ADVISED_SIZES[0],
    ADVISED_SIZES[1],
    ADVISED_SIZES[2],
];

/// Returns all points of a report but `RunSucceeded`, zeros included, so that an alarm can clear. What
/// is no total, since a part of it was not read, has no point.
#[must_use]
pub fn points(report: &Report, settings: &Settings) -> Vec<Point> {
    let most = usize::try_from(settings.max_metric_models).unwrap_or(usize::MAX);
    let mut points = totals(report);
    let mut regions: Vec<&Region> = report.run.places.iter().map(|place| &place.region).collect();
    // Places are sorted by account first, so that a Region of two accounts occurs twice and apart.
    regions.sort_unstable();
    regions.dedup();
    for region in regions {
        points.extend(of_region(report, region));
    }
    // Workloads are sorted by cost, so that the limit keeps the dearest. One without a price has no
    // cost that could be put.
    for workload in report.workloads.iter().filter(|workload| workload.is_priced).take(most) {
        points.extend(of_workload(report, workload));
    }
    // The zero ends what was last said of a model that is gone.
    points.extend(report.vanished.iter().take(most).flat_map(|gone| {
        let of = |name| {
            point(name, Unit::None, in_region(&gone.region, MODEL, gone.model.id()), Decimal::ZERO)
        };
        [of(MONTHLY_COST), of(POTENTIAL_MONTHLY_SAVINGS)]
    }));
    let mut holdings: Vec<&HoldingReport> = report.holdings.iter().collect();
    sort_by(&mut holdings, |a, b| b.monthly_cost.cmp(&a.monthly_cost));
    for holding in holdings.into_iter().take(most) {
        points.extend(of_holding(holding));
    }
    let counted = report.recommendations.iter().filter(|advice| advice.is_counted()).take(most);
    // On usage that is not whole advice stays as it was: it is not opened, and below not closed.
    let settled = counted.filter(|advice| {
        advice.was_open == Some(true) || report.is_read(&advice.region, &advice.model)
    });
    points.extend(settled.flat_map(|advice| of_recommendation(report, advice)));
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

/// Returns the points of the account. A failed Region, a list that was not read and usage that is not
/// whole leave those alone that say so.
fn totals(report: &Report) -> Vec<Point> {
    let totals = &report.totals;
    let total = |name, unit, value| point(name, unit, Vec::new(), value);
    let mut points = vec![
        total("FailedRegions", Unit::Count, count(report.run.failed_regions.len())),
        total("IncompleteWorkloads", Unit::Count, Decimal::from(totals.incomplete_workloads)),
    ];
    // A run that did not read all costs less than one that does.
    if report.is_whole() {
        let cost = totals.guard_monthly_cost.dollars();
        points.push(total("GuardMonthlyCost", Unit::None, cost));
    }
    if report.has_whole_costs(None) {
        points.extend([
            total(MONTHLY_COST, Unit::None, totals.monthly_cost.dollars()),
            total("UnpricedTokens", Unit::Count, Decimal::from(totals.unpriced_tokens.count())),
        ]);
    }
    if report.has_whole_savings(None) {
        let savings = totals.potential_monthly_savings.dollars();
        points.extend([
            total(POTENTIAL_MONTHLY_SAVINGS, Unit::None, savings),
            total("Recommendations", Unit::Count, Decimal::from(totals.recommendations)),
            total("IdleProvisionedModels", Unit::Count, count(idle(report, None))),
            // Of the prices that advice rests on too.
            total("CatalogAgeDays", Unit::Count, Decimal::from(totals.catalog_age_days)),
        ]);
        let realised = totals.realised_over_promised;
        points.extend(
            realised.map(|share| total("RealisedOverPromised", Unit::Percent, share.number())),
        );
        // The lowest of each: one total would hide the holding that loses money behind one that pays.
        let least = |read: &dyn Fn(&HoldingReport) -> Option<Decimal>| {
            report.holdings.iter().filter_map(read).min()
        };
        let worth = least(&|holding| holding.worth.map(Percent::number));
        let utilization = least(&|holding| holding.utilization.map(Percent::number));
        let days = least(&|holding| holding.days_to_term_end.map(Decimal::from));
        points.extend(worth.map(|value| total("CommitmentWorth", Unit::Percent, value)));
        points
            .extend(utilization.map(|value| total("CommitmentUtilization", Unit::Percent, value)));
        points.extend(days.map(|value| total("CommitmentDaysToExpiry", Unit::Count, value)));
    }
    points
}

/// Returns the points of a Region, those alone that are totals of the Region.
fn of_region(report: &Report, region: &Region) -> Vec<Point> {
    let of =
        |name, unit, value| point(name, unit, vec![("Region", region.name().to_owned())], value);
    let workloads = || report.workloads.iter().filter(|workload| workload.region == *region);
    let incomplete = report.incomplete.iter().filter(|workload| workload.region == *region).count();
    let mut points = vec![of("IncompleteWorkloads", Unit::Count, count(incomplete))];
    if report.has_whole_costs(Some(region)) {
        let cost: Usd = workloads().map(|workload| workload.monthly_cost).sum();
        let unpriced: Tokens = report
            .unpriced
            .iter()
            .filter(|usage| usage.region == *region && usage.meter.is_some())
            .map(|usage| usage.quantity)
            .sum();
        points.extend([
            of(MONTHLY_COST, Unit::None, cost.dollars()),
            of("UnpricedTokens", Unit::Count, Decimal::from(unpriced.count())),
        ]);
    }
    if report.has_whole_savings(Some(region)) {
        let savings: Usd = workloads().map(|workload| workload.potential_monthly_savings).sum();
        let counted = report.recommendations.iter().filter(|advice| advice.is_counted());
        let counted = counted.filter(|advice| advice.region == *region).count();
        points.extend([
            of(POTENTIAL_MONTHLY_SAVINGS, Unit::None, savings.dollars()),
            of("Recommendations", Unit::Count, count(counted)),
            of("IdleProvisionedModels", Unit::Count, count(idle(report, Some(region)))),
        ]);
    }
    points
}

/// Counts the provisioned models that are paid for and not used, priced or not, of a Region or of all.
fn idle(report: &Report, region: Option<&Region>) -> usize {
    let holdings = report.holdings.iter();
    let idle = holdings.filter(|holding| holding.state == HoldingState::Idle);
    idle.filter(|holding| region.is_none_or(|region| holding.region == *region)).count()
}

/// Returns the points of a workload; none where its usage is not whole.
fn of_workload(report: &Report, workload: &WorkloadReport) -> Vec<Point> {
    if !report.is_read(&workload.region, &workload.model) {
        return Vec::new();
    }
    let of = |name, amount: Usd| {
        let dimensions = in_region(&workload.region, MODEL, workload.model.id());
        point(name, Unit::None, dimensions, amount.dollars())
    };
    let savings = of(POTENTIAL_MONTHLY_SAVINGS, workload.potential_monthly_savings);
    let is_whole = report.is_understood(&workload.region, &workload.model);
    let savings = (is_whole && report.is_decided(&workload.region)).then_some(savings);
    std::iter::once(of(MONTHLY_COST, workload.monthly_cost)).chain(savings).collect()
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

/// Returns the points of a recommendation that is open: that it is, the size of a purchase, and what that of a
/// model's first units promises.
fn of_recommendation(report: &Report, advice: &Recommendation) -> Vec<Point> {
    let size = advice.commitment.advised_size.unwrap_or_default();
    let sizes =
        [size.model_units.into(), size.input_tokens_per_minute, size.output_tokens_per_minute];
    let sizes = ADVISED_SIZES.into_iter().zip(sizes).filter(|(_, size)| *size > 0);
    let sizes = sizes.map(|(name, size)| {
        let dimensions = in_region(&advice.region, RECOMMENDATION_ID, &advice.id);
        point(name, Unit::Count, dimensions, Decimal::from(size))
    });
    // Beside others the calls of new units are partly those of the old.
    let is_first = !report.holdings.iter().any(|held| {
        (&held.account, &held.region, &held.model)
            == (&advice.account, &advice.region, &advice.model)
    });
    let promised = advice.savings().filter(|_| size.model_units > 0 && is_first);
    let promised = promised.map(|saving| {
        let dimensions = in_region(&advice.region, MODEL, advice.model.id());
        point(PROMISED_MONTHLY_SAVINGS, Unit::None, dimensions, saving.dollars())
    });
    std::iter::once(open(&advice.region, &advice.id, Decimal::ONE))
        .chain(sizes)
        .chain(promised)
        .collect()
}

fn open(region: &Region, id: &str, value: Decimal) -> Point {
    point(RECOMMENDATION_OPEN, Unit::None, in_region(region, RECOMMENDATION_ID, id), value)
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
