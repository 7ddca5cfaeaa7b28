//! The report of the sample account: what a first run shows.

use std::collections::BTreeMap;

use bedrock_cost_guard::advice::{Action, Effort};
use bedrock_cost_guard::domain::{Tokens, Usd};
use bedrock_cost_guard::observation::Observation;
use bedrock_cost_guard::report::metrics::{self, Point};
use bedrock_cost_guard::report::{self, text};
use rust_decimal::Decimal;

use crate::support::sample;

#[test]
fn the_sample_has_every_kind_of_advice() {
    let report = report::build(&sample());
    let advice: Vec<(Action, Effort, &str, bool)> = report
        .recommendations
        .iter()
        .map(|it| (it.action, it.effort, it.model.id(), it.is_counted()))
        .collect();
    assert_eq!(
        advice,
        [
            (
                Action::DeleteIdleProvisionedModel,
                Effort::None,
                "amazon.nova-2-lite-v1:0",
                true
            ),
            (
                Action::BuyModelUnits,
                Effort::Commitment,
                "meta.llama3-1-70b-instruct-v1:0",
                true
            ),
            (
                Action::RouteToGlobalProfile,
                Effort::Routing,
                "anthropic.claude-sonnet-4-6",
                true
            ),
            (
                Action::FillProvisionedModel,
                Effort::None,
                "meta.llama3-1-8b-instruct-v1:0",
                true
            ),
            (
                Action::RouteToGlobalProfile,
                Effort::Routing,
                "anthropic.claude-haiku-4-5-20251001-v1:0",
                true
            ),
        ]
    );
}

#[test]
fn the_totals_are_the_sums_of_the_rows() {
    let observation = sample();
    let report = report::build(&observation);
    let totals = &report.totals;
    let sum = |amounts: &mut dyn Iterator<Item = Usd>| amounts.sum::<Usd>();
    let workloads = || report.workloads.iter();
    assert_eq!(
        totals.monthly_cost,
        sum(&mut workloads().map(|it| it.monthly_cost))
    );
    assert_eq!(
        totals.monthly_cost,
        totals.on_demand_monthly_cost + totals.holdings_monthly_cost
    );
    assert_eq!(
        totals.on_demand_monthly_cost,
        sum(&mut workloads()
            .flat_map(|it| &it.lanes)
            .map(|lane| lane.monthly_cost))
    );
    assert_eq!(
        totals.holdings_monthly_cost,
        sum(&mut report.holdings.iter().filter_map(|it| it.monthly_cost))
    );
    for workload in workloads() {
        assert_eq!(
            workload.monthly_cost,
            workload.on_demand_monthly_cost + workload.holdings_monthly_cost
        );
    }
    let counted = || report.recommendations.iter().filter(|it| it.is_counted());
    assert_eq!(
        totals.potential_monthly_savings,
        sum(&mut counted().map(bedrock_cost_guard::advice::Recommendation::savings))
    );
    assert_eq!(
        totals.potential_monthly_savings,
        sum(&mut workloads().map(|it| it.potential_monthly_savings))
    );
    let mut by_effort: BTreeMap<Effort, Usd> = BTreeMap::new();
    for advice in counted() {
        *by_effort.entry(advice.effort).or_default() += advice.savings();
    }
    assert_eq!(totals.savings_by_effort, by_effort);
    let unpriced: Tokens = report.unpriced.iter().map(|it| it.quantity).sum();
    assert_eq!(totals.unpriced_tokens, unpriced);

    let points = metrics::points(&report, &observation.settings);
    let of = |name: &str, sets: &dyn Fn(&Point) -> bool| -> Decimal {
        let points = points.iter().filter(|point| point.name == name);
        points
            .filter(|point| sets(point))
            .map(|point| point.value)
            .sum()
    };
    for name in [
        "MonthlyCost",
        "PotentialMonthlySavings",
        "Recommendations",
        "UnpricedTokens",
        "IncompleteWorkloads",
    ] {
        let total = of(name, &|point| point.dimensions.is_empty());
        let regions = of(name, &|point| {
            matches!(point.dimensions.as_slice(), [("Region", _)])
        });
        assert_eq!(total, regions, "{name}");
    }
}

#[test]
fn the_text_names_what_has_no_price_and_what_is_incomplete() {
    let text = text::render(&report::build(&sample()));
    assert!(text.contains("example.unreleased-model-v1:0 in us-east-1: 134,399,123 input tokens"));
    assert!(text.contains(
        "us-east-1: mistral.mistral-7b-instruct-v0:2 OutputTokenCount: CloudWatch ended with PartialData"
    ));
}

#[test]
fn the_headline_and_the_titles_of_the_text_are_these() {
    let text = text::render(&report::build(&sample()));
    let lines = text.lines().enumerate();
    let key = |(place, line): &(usize, &str)| {
        let is_title = !line.is_empty() && !line.starts_with(' ');
        let is_advice = line.starts_with("  ") && line.as_bytes().get(3) == Some(&b'.');
        *place < 6 || is_title || is_advice
    };
    let lines: Vec<&str> = lines.filter(key).map(|(_, line)| line).collect();
    insta::assert_snapshot!(lines.join("\n"), @r"
    Bedrock cost guard
    2026-01-05 to 2026-04-06 UTC (91 days), us-east-1 and us-west-2
    List prices of the book `aws`; a month is the last 28 days scaled to 730 hours.

      Now               $114,062.36 a month at least: $60,348.96 by the token, $53,713.40 for provisioned models
      Could be saved     $58,948.25 a month (51.7 %) by 5 recommendations
    WHAT TO DO
      1. delete the idle provisioned model of amazon.nova-2-lite-v1:0 in us-east-1       saves $44,165.00, 100.0 %
      2. buy model units of meta.llama3-1-70b-instruct-v1:0 in us-west-2                  saves $12,083.89, 43.9 %
      3. route to the global profile of anthropic.claude-sonnet-4-6 in us-east-1            saves $1,168.00, 9.1 %
      4. fill the provisioned model of meta.llama3-1-8b-instruct-v1:0 in us-west-2        saves $1,142.00, 100.0 %
      5. route to the global profile of anthropic.claude-haiku-4-5-20251001-v1:0 in us-east-1  saves $389.36, 9.1 %
    WORKLOADS
    PROVISIONED MODELS
    NO PRICE
    INCOMPLETE: these cost at least what is shown, and no commitment is advised for them
    NOTES
    NOT COVERED
    The prices in use were checked on 2026-11-23 or later. This run asked CloudWatch for 130 metrics; at its
    schedule CloudWatch's part of what the guard costs is $0.64 a month.
    ");
}

/// What the first version of the program saved, and what it reported on it.
#[test]
fn an_observation_of_the_first_version_still_replays() {
    let saved = include_str!("../data/observations/1.json");
    let observation = Observation::from_json(saved).unwrap();
    let report = report::build(&observation);
    let advice: Vec<(&str, String)> = report
        .recommendations
        .iter()
        .map(|advice| (advice.id.as_str(), advice.savings().to_string()))
        .collect();
    assert_eq!(advice, [("rec-add3bb56d4", "$1,168.00".to_owned())]);
    assert_eq!(report.totals.monthly_cost.to_string(), "$12,847.98");
    assert_eq!(report.totals.monthly_list_cost, report.totals.monthly_cost);
}
