//! Whole runs: the real clients against the fake AWS, from the event to the metrics that were put.

use std::collections::BTreeMap;

use bedrock_cost_guard::advice::Action;
use bedrock_cost_guard::aws::Caller;
use bedrock_cost_guard::aws::clock::Clock;
use bedrock_cost_guard::config::CacheSpelling;
use bedrock_cost_guard::domain::period::HOUR;
use bedrock_cost_guard::domain::{AccountId, ModelId, Usd};
use bedrock_cost_guard::guard::{self, ErrorType, Invocation, Memory, RunOutcome};
use bedrock_cost_guard::observation::{LaneUsage, Observation, OpenBefore, Status};
use bedrock_cost_guard::report::{self, HoldingState, Report};
use jiff::SignedDuration;
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;
use serde_json::{Value, json};

use crate::support::account::{Account, metric, region, window};
use crate::support::fake_aws::{Fault, FaultKind, OPERATIONS, PageSizes, PutDatum};
use crate::support::reports::{actions, workload};
use crate::support::served::{ATTEMPTS, MEMORY, Served, TIME};
use crate::support::{CACHED, LEFTOVER, ROUTE, UNITS, lane_of, sample, sample_of, whole};

impl Served {
    /// Counts the calls of each operation, those that went wrong included.
    fn calls(&self) -> Calls {
        let of = |operation| self.fake.requests(operation);
        Calls {
            list_metrics: of("ListMetrics"),
            get_metric_data: of("GetMetricData"),
            put_metric_data: of("PutMetricData"),
            provisioned: of("ListProvisionedModelThroughputs"),
            profiles: of("ListInferenceProfiles"),
            models: of("ListFoundationModels"),
        }
    }
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Calls {
    list_metrics: usize,
    get_metric_data: usize,
    put_metric_data: usize,
    provisioned: usize,
    profiles: usize,
    models: usize,
}

/// Calls of a run over the one lane [`UNITS`]: the Region's list and two of the guard's own history,
/// the survey and the minutes, the metrics and `RunSucceeded`, and the inventory.
const CALM: Calls = Calls {
    list_metrics: 3,
    get_metric_data: 2,
    put_metric_data: 2,
    provisioned: 1,
    profiles: 2,
    models: 1,
};

/// Serves the Region of [`UNITS`] alone; the guard's own metrics are in `us-east-1`.
fn one_region() -> Served {
    Served::of(sample_of(&[UNITS]))
}

fn two_regions() -> Served {
    Served::of(sample_of(&[ROUTE, UNITS]))
}

/// Makes every call to `us-west-2` go wrong.
fn outage(operation: &'static str, kind: FaultKind) -> Fault {
    Fault::of(operation, kind).to(region("us-west-2"))
}

/// Writes a report without what depends on how it was gathered: the metrics asked for and their
/// price.
fn comparable(report: &Report) -> Value {
    let mut value = serde_json::to_value(report).unwrap_or_default();
    value["run"]["metrics_requested"].take();
    value["totals"]["guard_monthly_cost"].take();
    value
}

const LLAMA: &str = "meta.llama3-1-70b-instruct-v1:0";

#[tokio::test]
async fn the_sample_account_gathered_over_the_wire_gives_the_report_of_the_sample() {
    let sample = sample();
    let account = Served::of(sample.clone());
    let outcome = account.run().await;
    let expected = report::build(&sample);
    assert_eq!(comparable(&outcome.report), comparable(&expected));
    assert_eq!(
        actions(&outcome.report),
        [
            Action::DeleteIdleProvisionedModel,
            Action::BindProvisionedModel,
            Action::GiveUpProvisionedModel,
            Action::BuyModelUnits,
            Action::ReserveTokens,
            Action::RouteToGlobalProfile,
            Action::FillProvisionedModel,
            Action::RouteToGlobalProfile,
            Action::RightSizeProvisionedModel,
            Action::RightSizeReservation,
            Action::LetCommitmentExpire,
            Action::RouteToGlobalProfile,
        ]
    );
    assert_eq!(outcome.lines.len(), 13);
    assert_eq!(outcome.observation.history_unknown, None);
    assert_eq!(
        account.calls(),
        Calls {
            list_metrics: 4,
            get_metric_data: 11,
            put_metric_data: 2,
            provisioned: 4,
            profiles: 4,
            models: 2,
        }
    );
}

#[tokio::test]
async fn minutes_are_asked_for_only_where_they_could_change_what_is_said() {
    let outcome = Served::of(sample()).run().await;
    let mut lanes = outcome.observation.places.iter().flat_map(|place| {
        let lanes = place.usage.lanes.iter();
        lanes.filter(|lane| !lane.minutes.is_empty())
    });
    let ids: Vec<&str> = lanes.by_ref().map(|lane| lane.model_id.text()).collect();
    assert_eq!(
        ids,
        [
            // At work, to be right-sized or bound.
            "arn:aws:bedrock:us-east-1:123456789012:provisioned-model/a5515tant70b",
            "arn:aws:bedrock:us-east-1:123456789012:provisioned-model/re5earch90b0",
            // Offers that no certificate settles.
            "cohere.command-light-text-v14",
            "cohere.embed-english-v3",
            "cohere.embed-multilingual-v3",
            "us.meta.llama3-1-8b-instruct-v1:0",
            "us.meta.llama3-2-1b-instruct-v1:0",
            // At work, and nobody knows what a unit of the first two carries.
            "arn:aws:bedrock:us-west-2:123456789012:provisioned-model/5earch1ndex1",
            "arn:aws:bedrock:us-west-2:123456789012:provisioned-model/5ummar1e5cmd",
            "arn:aws:bedrock:us-west-2:123456789012:provisioned-model/m0derat10n8b",
            "arn:aws:bedrock:us-west-2:123456789012:provisioned-model/pr0t0type3b0",
            "cohere.embed-english-v3",
            "cohere.embed-multilingual-v3",
            // Tokens to reserve, and tokens that are.
            "global.anthropic.claude-haiku-4-5-20251001-v1:0",
            "global.anthropic.claude-opus-4-6-v1",
            UNITS,
            "us.meta.llama3-1-8b-instruct-v1:0",
            "us.meta.llama3-2-90b-instruct-v1:0",
        ]
    );
    assert_eq!(outcome.report.run.lanes_with_minutes, 18);
    let without = Served::of(Observation {
        overrides: bedrock_cost_guard::catalog::Overrides::default(),
        ..sample_of(&[UNITS])
    });
    let outcome = without.run().await;
    assert_eq!(actions(&outcome.report), []);
    assert_eq!(without.calls(), Calls { get_metric_data: 1, ..CALM });
}

#[tokio::test]
async fn the_order_of_the_regions_does_not_matter() {
    let mut account = two_regions();
    let expected = comparable(&account.run().await.report);
    account = two_regions();
    account.settings.regions.reverse();
    assert_eq!(comparable(&account.run().await.report), expected);
}

#[tokio::test]
async fn what_was_gathered_replays_to_the_same_report() {
    let outcome = two_regions().run().await;
    let saved = outcome.observation.to_json().unwrap();
    let replayed = report::build(&Observation::from_json(&saved).unwrap());
    assert_eq!(replayed.to_json().unwrap(), outcome.report.to_json().unwrap());
}

#[tokio::test]
async fn an_account_that_the_platform_does_not_tell_is_read_from_the_inventory() {
    let account = Served::of(sample());
    let config = account.fake.sdk_config().await;
    let invocation = Invocation {
        event: &account.event,
        as_of: account.as_of,
        account: AccountId::default(),
        caller: Caller::Terminal,
        time: TIME,
        clock: Clock::system(),
        log: &|_| Ok(()),
        memory: MEMORY,
        take_place: &|_| {},
    };
    let outcome =
        guard::run(&config, &account.settings, invocation, &Memory::default()).await.unwrap();
    assert_eq!(outcome.observation.home.account.digits(), "123456789012");
    let account_of = |advice: &bedrock_cost_guard::advice::Recommendation| advice.account.clone();
    assert!(
        outcome
            .report
            .recommendations
            .iter()
            .map(account_of)
            .all(|account| account.digits() == "123456789012")
    );
}

/// Returns the value of a metric that was put, by its name and dimensions.
fn put_value(data: &[PutDatum], name: &str, dimensions: &[(&str, &str)]) -> Option<f64> {
    let dimensions: BTreeMap<String, String> =
        dimensions.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    let mut found =
        data.iter().filter(|datum| datum.name == name && datum.dimensions == dimensions);
    let value = found.next().map(|datum| datum.value);
    assert!(found.next().is_none(), "{name} {dimensions:?} is put twice");
    value
}

fn number(amount: Usd) -> Option<f64> {
    amount.dollars().to_f64()
}

fn count(count: u64) -> Option<f64> {
    Decimal::from(count).to_f64()
}

#[tokio::test]
async fn the_metrics_that_are_put_are_the_totals_of_the_report() {
    let account = Served::of(whole(sample()));
    let RunOutcome { report, summary, .. } = account.run().await;
    let data = account.fake.put_data();
    let value = |name: &str, dimensions: &[(&str, &str)]| put_value(&data, name, dimensions);
    let totals = &report.totals;
    for (name, expected) in [
        ("MonthlyCost", number(totals.monthly_cost)),
        ("PotentialMonthlySavings", number(totals.potential_monthly_savings)),
        ("Recommendations", count(totals.recommendations)),
        ("UnpricedTokens", count(totals.unpriced_tokens.count())),
        ("FailedRegions", Some(0.0)),
        ("IncompleteWorkloads", Some(0.0)),
        ("CatalogAgeDays", count(totals.catalog_age_days.into())),
        ("GuardMonthlyCost", number(totals.guard_monthly_cost)),
        ("RunSucceeded", Some(1.0)),
        ("CommitmentWorth", Some(0.0)),
        ("CommitmentDaysToExpiry", Some(14.0)),
    ] {
        assert_eq!(value(name, &[]), expected, "{name}");
    }
    for of in ["us-east-1", "us-west-2"] {
        let workloads = || report.workloads.iter().filter(|it| it.region.name() == of);
        let cost = workloads().map(|workload| workload.monthly_cost).sum();
        let savings = workloads().map(|workload| workload.potential_monthly_savings).sum();
        let counted =
            report.recommendations.iter().filter(|it| it.region.name() == of && it.is_counted());
        let set = [("Region", of)];
        assert_eq!(value("MonthlyCost", &set), number(cost));
        assert_eq!(value("PotentialMonthlySavings", &set), number(savings));
        assert_eq!(value("Recommendations", &set), count(counted.count().try_into().unwrap()));
    }
    for workload in &report.workloads {
        let set = [("Region", workload.region.name()), ("Model", workload.model.id())];
        if !workload.is_priced {
            assert_eq!(value("MonthlyCost", &set), None);
            continue;
        }
        assert_eq!(value("MonthlyCost", &set), number(workload.monthly_cost));
        assert_eq!(
            value("PotentialMonthlySavings", &set),
            number(workload.potential_monthly_savings)
        );
    }
    for advice in &report.recommendations {
        let set = [("Region", advice.region.name()), ("RecommendationId", advice.id.as_str())];
        let open = advice.is_counted().then_some(1.0);
        assert_eq!(value("RecommendationOpen", &set), open);
    }
    let held = [("Region", "us-west-2"), ("ProvisionedModel", "moderation-8b")];
    let mut holdings = report.holdings.iter();
    let moderation = holdings.find(|it| it.provisioned_model_name == "moderation-8b").unwrap();
    assert_eq!(value("CommitmentWorth", &held), moderation.worth.unwrap().number().to_f64());
    assert_eq!(
        value("CommitmentUtilization", &held),
        moderation.utilization.unwrap().number().to_f64()
    );
    let used = report.holdings.iter().filter_map(|it| Some((it, it.utilization?.number())));
    let (least, utilization) = used.min_by_key(|(_, used)| *used).unwrap();
    assert_eq!(least.provisioned_model_name, "prototype-3b");
    assert_eq!(value("CommitmentUtilization", &[]), utilization.to_f64());
    assert_eq!(value("CommitmentDaysToExpiry", &held), Some(99.0));

    // 12 totals but the last, 6 for each of 2 Regions, 2 for each of 29 workloads with a price, 1 to 3 for each
    // of 7 holdings, 8 open recommendations and 3 sizes of 2 of them, what
    // one of these promises, and the last.
    assert_eq!(data.len(), 12 + 12 + 58 + 15 + 11 + 1 + 1);
    assert_eq!(summary.metrics_put, 110);
    for datum in &data {
        assert_eq!(datum.region.name(), "us-east-1");
        assert_eq!(datum.namespace, "BedrockCostGuard");
        assert_eq!(datum.timestamp, report.run.time);
    }
}

#[tokio::test]
async fn run_succeeded_is_put_last_and_alone() {
    let account = one_region();
    account.run().await;
    let data = account.fake.put_data();
    assert_eq!(data.last().unwrap().name, "RunSucceeded");
    assert_eq!(data.iter().filter(|datum| datum.name == "RunSucceeded").count(), 1);
    assert_eq!(account.calls().put_metric_data, 2);

    // The second call is the one that has it, and nothing else.
    let account =
        one_region().with_fault(Fault::of("PutMetricData", FaultKind::Forbidden).after(1).times(1));
    let outcome = account.try_run().await.unwrap();
    assert_eq!(outcome.failure.unwrap().error_type(), ErrorType::Emit);
    let without: Vec<PutDatum> = account.fake.put_data();
    assert_eq!(without, data[..data.len() - 1]);
}

#[tokio::test]
async fn zeros_are_put_too_so_that_an_alarm_can_clear() {
    let account = Served::of(Account::new().observation);
    account.run().await;
    let data = account.fake.put_data();
    for name in [
        "MonthlyCost",
        "PotentialMonthlySavings",
        "Recommendations",
        "IdleProvisionedModels",
        "UnpricedTokens",
        "IncompleteWorkloads",
    ] {
        assert_eq!(put_value(&data, name, &[]), Some(0.0), "{name}");
        assert_eq!(put_value(&data, name, &[("Region", "us-east-1")]), Some(0.0), "{name}");
    }
    assert_eq!(put_value(&data, "RunSucceeded", &[]), Some(1.0));
}

#[tokio::test]
async fn a_dry_run_puts_nothing() {
    let mut account = one_region();
    account.event["dry_run"] = true.into();
    let outcome = account.run().await;
    assert_eq!(account.fake.put_data(), []);
    assert_eq!(account.calls(), Calls { put_metric_data: 0, ..CALM });
    assert_eq!(outcome.summary.metrics_put, 0);
    assert_eq!(outcome.summary.metrics_withheld.as_deref(), Some("dry run"));
    assert_eq!(actions(&outcome.report), [Action::BuyModelUnits]);
}

#[tokio::test]
async fn an_event_that_is_too_old_for_cloudwatch_puts_nothing_and_says_so() {
    let mut account = one_region();
    let time = account.as_of - SignedDuration::from_hours(14 * 24 + 1);
    account.event = json!({ "scheduled_time": time.to_string() });
    let outcome = account.run().await;
    assert_eq!(account.fake.put_data(), []);
    let why = outcome.summary.metrics_withheld.unwrap();
    assert!(why.contains("14 days"), "{why}");
    assert!(outcome.lines.last().unwrap().contains("14 days"));
    // The minutes of that time are forgotten too, and what needs them is not advised.
    assert_eq!(account.calls().get_metric_data, 1);
    assert_eq!(actions(&outcome.report), []);
    let why = outcome.observation.places[0].minutes_unknown.clone();
    assert!(why.unwrap().contains("no longer keeps points of 60 s"));
}

#[tokio::test]
async fn a_recommendation_that_was_open_and_is_no_longer_is_closed() {
    let open = |id: &str, name: &str| OpenBefore { region: region(name), id: id.to_owned() };
    let mut observation = sample_of(&[UNITS]);
    let still = report::build(&observation).recommendations[0].id.clone();
    observation.open_before = vec![
        open(&still, "us-west-2"),
        open("rec-0000000000", "us-west-2"),
        // A Region that this run does not read says nothing of what is open there.
        open("rec-1111111111", "us-east-1"),
    ];
    let account = Served::of(observation);
    let outcome = account.run().await;
    let data = account.fake.put_data();
    let value = |region: &str, id: &str| {
        put_value(&data, "RecommendationOpen", &[("Region", region), ("RecommendationId", id)])
    };
    assert_eq!(value("us-west-2", &still), Some(1.0));
    assert_eq!(value("us-west-2", "rec-0000000000"), Some(0.0));
    assert_eq!(value("us-east-1", "rec-1111111111"), None);
    let closed: Vec<&str> = outcome.report.closed.iter().map(|closed| closed.id.as_str()).collect();
    assert_eq!(closed, ["rec-0000000000"]);
    assert_eq!(outcome.report.missing, []);
    // The survey and the minutes, and of the history the hours, the minutes and the sizes that were advised.
    assert_eq!(account.calls().get_metric_data, 5);
}

#[tokio::test]
async fn calls_that_go_wrong_for_a_while_do_not_change_the_report() {
    let calm = one_region();
    let expected = comparable(&calm.run().await.report);
    assert_eq!(calm.calls(), CALM);
    for kind in [FaultKind::Throttle, FaultKind::Reset, FaultKind::ServerError] {
        let times = ATTEMPTS - 1;
        for operation in OPERATIONS {
            let account = one_region().with_fault(Fault::of(operation, kind).times(times));
            let outcome = account.run().await;
            assert_eq!(comparable(&outcome.report), expected, "{kind:?} of {operation}");
            let calm = calm.fake.requests(operation);
            assert_eq!(account.fake.requests(operation), calm + times, "{kind:?} of {operation}");
        }
    }
}

#[tokio::test]
async fn usage_that_cannot_be_read_fails_the_run_when_there_is_no_other_region() {
    for (operation, kind, error_type, calls) in [
        (
            "ListMetrics",
            FaultKind::Throttle,
            ErrorType::Throttled,
            // And two for the guard's own history, in another Region.
            ATTEMPTS + 2,
        ),
        ("GetMetricData", FaultKind::Throttle, ErrorType::Throttled, ATTEMPTS),
        ("GetMetricData", FaultKind::Reset, ErrorType::Access, ATTEMPTS),
        ("GetMetricData", FaultKind::ServerError, ErrorType::Access, ATTEMPTS),
        ("GetMetricData", FaultKind::Forbidden, ErrorType::Access, 1),
        ("GetMetricData", FaultKind::Malformed, ErrorType::Access, 1),
    ] {
        let account = one_region().with_fault(outage(operation, kind));
        let error = account.fail().await;
        assert_eq!(error.error_type(), error_type, "{kind:?} of {operation}: {error}");
        let text = error.to_string();
        assert!(text.contains(operation) && text.contains("us-west-2"), "{text}");
        assert_eq!(account.fake.requests(operation), calls, "{kind:?} of {operation}");
        let put: Vec<(String, f64)> =
            account.fake.put_data().into_iter().map(|datum| (datum.name, datum.value)).collect();
        let named = |name: &str, value| (name.to_owned(), value);
        assert_eq!(
            put,
            [
                named("FailedRegions", 1.0),
                named("IncompleteWorkloads", 0.0),
                named("RunSucceeded", 0.0)
            ]
        );
    }
}

/// Operations that list the inventory, with the part that is missing without each.
const LISTS: [(&str, &str); 3] = [
    ("ListProvisionedModelThroughputs", "the provisioned models of us-west-2"),
    ("ListInferenceProfiles", "the application profiles of us-west-2"),
    ("ListFoundationModels", "the foundation models of us-west-2"),
];

#[tokio::test]
async fn a_list_that_is_refused_costs_that_list_alone() {
    let calm = one_region().run().await.report;
    for (operation, part) in LISTS {
        let account = one_region().with_fault(outage(operation, FaultKind::Forbidden));
        let RunOutcome { report, .. } = account.run().await;
        assert_eq!(report.totals.monthly_cost, calm.totals.monthly_cost, "{operation}");
        assert!(report.totals.is_at_least && workload(&report, LLAMA).is_at_least);
        assert_eq!(actions(&report), [], "{operation}");
        let missing = report.missing_line().unwrap();
        assert!(missing.contains(part), "{missing}");
        let error = &report.missing[0].error;
        let named = format!("bedrock:{operation} in us-west-2 is forbidden");
        assert!(error.starts_with(&named), "{error}");
        // Asked once for each type of profiles, and never again.
        let once = if operation == "ListInferenceProfiles" { 2 } else { 1 };
        assert_eq!(account.fake.requests(operation), once);
        let data = account.fake.put_data();
        for (name, value) in [
            ("MonthlyCost", None),
            ("PotentialMonthlySavings", None),
            ("IdleProvisionedModels", None),
            ("FailedRegions", Some(0.0)),
            ("IncompleteWorkloads", Some(1.0)),
            ("RunSucceeded", Some(0.0)),
        ] {
            assert_eq!(put_value(&data, name, &[]), value, "{name} without {operation}");
        }
    }
}

#[tokio::test]
async fn a_region_that_fails_costs_the_totals_and_nothing_of_the_other() {
    let alone = Served::of(sample_of(&[ROUTE])).run().await.report;
    for (operation, kind) in [
        ("ListMetrics", FaultKind::Throttle),
        ("GetMetricData", FaultKind::Reset),
        ("GetMetricData", FaultKind::Forbidden),
    ] {
        let account = two_regions().with_fault(outage(operation, kind));
        let RunOutcome { report, summary, lines, .. } = account.run().await;
        assert_eq!(report.workloads, alone.workloads);
        assert_eq!(report.recommendations, alone.recommendations);
        let missing = &report.not_covered[0];
        assert!(
            missing.starts_with("Region us-west-2: ") && missing.contains(operation),
            "{missing}"
        );
        assert!(report.totals.is_at_least);
        assert!(lines.last().unwrap().contains("missing: Region us-west-2"));
        assert_eq!(summary.missing.as_deref(), Some("missing: Region us-west-2"));
        let data = account.fake.put_data();
        let of = |name: &str, dimensions: &[(&str, &str)]| put_value(&data, name, dimensions);
        assert_eq!(of("FailedRegions", &[]), Some(1.0));
        assert_eq!(of("RunSucceeded", &[]), Some(0.0));
        for name in ["MonthlyCost", "PotentialMonthlySavings", "Recommendations", "UnpricedTokens"]
        {
            assert_eq!(of(name, &[]), None, "{name} is a part of its total");
            assert!(of(name, &[("Region", "us-east-1")]).is_some(), "{name}");
            assert_eq!(of(name, &[("Region", "us-west-2")]), None, "{name}");
        }
        let model = report.workloads[0].model.id();
        assert!(of("MonthlyCost", &[("Region", "us-east-1"), ("Model", model)]).is_some());
    }
}

#[tokio::test]
async fn a_part_that_is_missing_can_be_made_to_fail_the_run_once_it_has_reported() {
    for (fault, error_type) in [
        (outage("ListMetrics", FaultKind::Throttle), ErrorType::Throttled),
        (outage("ListFoundationModels", FaultKind::Forbidden), ErrorType::Access),
        // The minutes, once the survey is there.
        (outage("GetMetricData", FaultKind::Throttle).after(1), ErrorType::Throttled),
        // No call fails, and one series is not whole.
        (outage("GetMetricData", FaultKind::Messages), ErrorType::Partial),
    ] {
        let what = format!("{fault:?}");
        let mut account = two_regions().with_fault(fault);
        account.settings.fail_on_partial = true;
        let outcome = account.try_run().await.unwrap();
        let error = outcome.failure.unwrap();
        assert_eq!(error.error_type(), error_type, "{what}");
        assert!(error.to_string().contains("us-west-2"), "{error}");
        assert_eq!(actions(&outcome.report), [Action::RouteToGlobalProfile], "{what}");
        assert_eq!(outcome.lines.len(), 2, "{what}");
        let data = account.fake.put_data();
        assert_eq!(put_value(&data, "RunSucceeded", &[]), Some(0.0), "{what}");
        let set = [("Region", "us-east-1")];
        assert!(put_value(&data, "MonthlyCost", &set).is_some(), "{what}");
    }
}

#[tokio::test]
async fn minutes_that_cannot_be_read_leave_the_survey_and_are_named() {
    let minutes = || outage("GetMetricData", FaultKind::Throttle).after(1);
    let account = one_region().with_fault(minutes());
    let calm = one_region().run().await.report;
    let report = account.run().await.report;
    assert_eq!(report.totals.monthly_cost, calm.totals.monthly_cost);
    assert_eq!(actions(&report), []);
    let named = "the minutes of us-west-2: cloudwatch:GetMetricData in us-west-2 is throttled";
    assert!(report.not_covered.iter().any(|text| text.starts_with(named)));
    let verdict = &workload(&report, LLAMA).verdict;
    assert!(verdict.starts_with("no change: "), "{verdict}");
    assert_eq!(account.calls().get_metric_data, 1 + ATTEMPTS);
}

#[tokio::test]
async fn a_history_that_cannot_be_read_is_named_and_stops_nothing() {
    let account = one_region()
        .with_fault(Fault::of("ListMetrics", FaultKind::Forbidden).to(region("us-east-1")));
    let report = account.run().await.report;
    assert_eq!(actions(&report), [Action::BuyModelUnits]);
    let last = report.not_covered.last().unwrap();
    assert!(last.starts_with("recommendations that were open before: "), "{last}");
}

#[tokio::test]
async fn an_answer_that_ends_incomplete_is_shown_as_that_and_never_as_zero() {
    for status in ["PartialData", "Forbidden", "InternalError"] {
        let mut observation = sample_of(&[UNITS]);
        let lane = lane_of(&mut observation, UNITS);
        for metric in &mut lane.survey {
            if metric.name == "OutputTokenCount" {
                metric.status = Status::Incomplete(status.to_owned());
            }
        }
        let account = Served::of(observation);
        let report = account.run().await.report;
        assert_eq!(report.totals.incomplete_workloads, 1);
        assert_eq!(report.incomplete[0].model.id(), LLAMA);
        let gap = &report.incomplete[0].gaps[0];
        assert!(gap.contains("OutputTokenCount") && gap.contains(status), "{gap}");
        assert_eq!(actions(&report), []);
        let workload = workload(&report, LLAMA);
        assert!(workload.is_at_least && report.totals.is_at_least);
        assert!(workload.monthly_cost > Usd::ZERO);
        assert!(workload.verdict.contains("incomplete"), "{}", workload.verdict);
        let data = account.fake.put_data();
        assert_eq!(put_value(&data, "IncompleteWorkloads", &[]), Some(1.0));
    }
}

#[tokio::test]
async fn an_answer_without_a_point_that_ends_incomplete_is_not_zero_either() {
    let mut observation = sample_of(&[UNITS]);
    for metric in &mut lane_of(&mut observation, UNITS).survey {
        if metric.name == "CacheReadInputTokenCount" {
            metric.status = Status::Incomplete("PartialData".to_owned());
        }
    }
    let report = Served::of(observation).run().await.report;
    assert_eq!(report.totals.incomplete_workloads, 1);
    assert_eq!(actions(&report), []);
}

#[tokio::test]
async fn a_metric_that_nobody_knows_makes_its_workload_incomplete() {
    let mut observation = sample_of(&[UNITS]);
    lane_of(&mut observation, UNITS).unknown_metrics = vec!["ReasoningTokenCount".to_owned()];
    let report = Served::of(observation).run().await.report;
    assert_eq!(report.totals.incomplete_workloads, 1);
    assert!(report.incomplete[0].gaps[0].contains("ReasoningTokenCount"));
    assert_eq!(actions(&report), []);
}

#[tokio::test]
async fn a_message_about_a_whole_call_makes_its_workloads_incomplete() {
    let account = one_region().with_fault(Fault::of("GetMetricData", FaultKind::Messages).times(1));
    let report = account.run().await.report;
    assert_eq!(report.totals.incomplete_workloads, 1);
    assert!(
        report.incomplete[0].gaps[0].contains("Maximum number of allowed metrics exceeded"),
        "{:?}",
        report.incomplete
    );
    assert_eq!(actions(&report), []);
    assert!(report.totals.is_at_least && report.totals.monthly_cost > Usd::ZERO);
}

#[tokio::test]
async fn an_internal_error_that_the_next_page_makes_good_leaves_the_answer_whole() {
    let expected = comparable(&one_region().run().await.report);
    for from in [0, 1] {
        let account = one_region()
            .with_fault(Fault::of("GetMetricData", FaultKind::InternalError).after(from).times(1));
        assert_eq!(comparable(&account.run().await.report), expected);
        assert_eq!(account.calls(), Calls { get_metric_data: 3, ..CALM });
    }
}

#[tokio::test]
async fn all_pages_are_followed() {
    let expected = comparable(&two_regions().run().await.report);
    let account = two_regions();
    account.fake.set_page_sizes(PageSizes {
        list_metrics: 3,
        datapoints: 7_000,
        bedrock: 1,
        ..PageSizes::default()
    });
    let outcome = account.run().await;
    assert_eq!(comparable(&outcome.report), expected);
    // Each lane lists three series, so a page holds them; the guard's own history has none. Three
    // series of 2,184 hours are one page for each Region, two of 20,160 minutes are six.
    assert_eq!(account.calls().list_metrics, 4);
    assert_eq!(account.calls().get_metric_data, 2 + 6);

    let account = two_regions();
    account.fake.set_page_sizes(PageSizes {
        list_metrics: 2,
        datapoints: 1_000,
        bedrock: 1,
        ..PageSizes::default()
    });
    assert_eq!(comparable(&account.run().await.report), expected);
    assert_eq!(account.calls().list_metrics, 6);
    assert_eq!(account.calls().get_metric_data, 2 * 7 + 41);
}

#[tokio::test]
async fn batches_of_metrics_that_fail_do_not_stop_the_others() {
    let mut observation = sample_of(&[UNITS]);
    observation.settings.max_metric_models = 1_000;
    // As many metrics that close as need a second call.
    observation.open_before = (0..1_000)
        .map(|number| OpenBefore { region: region("us-west-2"), id: format!("rec-{number:010x}") })
        .collect();
    let calm = Served::of(observation.clone());
    calm.run().await;
    let all = calm.fake.put_data();
    assert_eq!(calm.calls().put_metric_data, 3);
    assert!(all.len() > 1_001, "{}", all.len());

    let account = Served::of(observation)
        .with_fault(Fault::of("PutMetricData", FaultKind::Throttle).times(ATTEMPTS));
    let outcome = account.try_run().await.unwrap();
    let failure = outcome.failure.unwrap();
    assert_eq!(failure.error_type(), ErrorType::Emit);
    let text = failure.to_string();
    assert!(text.contains("1 of 2 batches") && text.contains("cloudwatch:PutMetricData"), "{text}");
    assert_eq!(account.calls().put_metric_data, ATTEMPTS + 2);
    let put = account.fake.put_data();
    let (last, rest) = put.split_last().unwrap();
    assert_eq!(rest, &all[1_000..all.len() - 1]);
    assert_eq!((last.name.as_str(), last.value), ("RunSucceeded", 0.0));
    assert_eq!(actions(&outcome.report), [Action::BuyModelUnits]);
    assert_eq!(outcome.lines.len(), 2);
    assert_eq!(outcome.summary.metrics_put, u64::try_from(put.len()).unwrap());
}

#[tokio::test]
async fn the_total_of_a_model_is_never_added_to_its_splits() {
    let expected = one_region().run().await.report;
    let mut observation = sample_of(&[UNITS]);
    lane_of(&mut observation, UNITS).splits = vec!["ContextWindow, ModelId".into()];
    let account = Served::of(observation);
    let report = account.run().await.report;
    assert_eq!(report.workloads, expected.workloads);
    assert_eq!(report.totals, expected.totals);
    assert_eq!(report.recommendations, expected.recommendations);
    let split = report.not_covered.iter().find(|text| text.contains(UNITS)).unwrap();
    assert!(split.contains("ContextWindow"), "{split}");
}

#[tokio::test]
async fn usage_of_another_tier_that_is_not_priced_apart_gets_no_commitment() {
    let mut observation = sample_of(&[UNITS]);
    lane_of(&mut observation, UNITS).splits =
        vec!["ModelId, ResolvedServiceTier, ServiceTier".into()];
    let report = Served::of(observation).run().await.report;
    assert_eq!(actions(&report), []);
    let verdict = &workload(&report, LLAMA).verdict;
    assert!(verdict.contains("another service tier"), "{verdict}");
}

#[tokio::test]
async fn two_spellings_of_the_cache_metrics_are_never_added_up() {
    let expected = Served::of(sample_of(&[CACHED])).run().await.report;
    let mut observation = sample_of(&[CACHED]);
    let lane = lane_of(&mut observation, CACHED);
    let series_of = |name: &str| {
        let metric = lane.survey.iter().find(|metric| metric.name == name);
        metric.and_then(|metric| metric.series.clone())
    };
    let read = series_of("CacheReadInputTokenCount");
    let written = series_of("CacheWriteInputTokenCount");
    assert!(read.is_some() && written.is_some());
    for metric in &mut lane.survey {
        match metric.name.as_str() {
            "CacheReadInputTokens" => metric.series.clone_from(&read),
            "CacheWriteInputTokens" => metric.series.clone_from(&written),
            _ => {}
        }
    }
    let both = Served::of(observation.clone()).run().await.report;
    assert_eq!(both.totals, expected.totals);
    assert_eq!(both.workloads, expected.workloads);
    // Asked for under one spelling, it is the same again, for two metrics fewer.
    observation.settings.cache_metric_names = vec![CacheSpelling::Tokens];
    let one = Served::of(observation.clone()).run().await.report;
    assert_eq!(one.totals.monthly_cost, expected.totals.monthly_cost);
    assert_eq!(one.run.metrics_requested, expected.run.metrics_requested - 2);
    // Two that disagree are a gap, not a sum.
    observation.settings.cache_metric_names =
        vec![CacheSpelling::TokenCount, CacheSpelling::Tokens];
    let lane = lane_of(&mut observation, CACHED);
    for metric in &mut lane.survey {
        if metric.name == "CacheReadInputTokens" {
            metric.series.clone_from(&written);
        }
    }
    let differ = Served::of(observation).run().await.report;
    assert_eq!(differ.totals.monthly_cost, expected.totals.monthly_cost);
    assert_eq!(differ.totals.incomplete_workloads, 1);
}

#[tokio::test]
async fn a_large_account_is_asked_for_in_full_batches() {
    let mut observation = Account::new().observation;
    observation.places[0].usage.lanes = (0..600)
        .map(|number| LaneUsage {
            survey: vec![metric("InputTokenCount", window(), HOUR, |hour| {
                (hour + 1 == window().hours()).then_some(7)
            })],
            ..LaneUsage::new(ModelId::parse(format!("example.model-{number:03}-v1:0")))
        })
        .collect();
    let account = Served::of(observation);
    let outcome = account.run().await;
    assert_eq!(outcome.report.totals.workloads, 600);
    assert_eq!(outcome.report.totals.unpriced_tokens.count(), 600 * 7);
    assert_eq!(outcome.report.run.metrics_requested, 600 * 8);
    let calls = account.calls();
    assert_eq!(calls.list_metrics, 2 + 2);
    // A call asks for a million points at most, so that what is being read fits in memory.
    let at_once = 1_000_000 / usize::try_from(window().hours()).unwrap();
    assert_eq!(calls.get_metric_data, (600 * 8_usize).div_ceil(at_once.min(500)));
    // Not one of them has a price, so there is no cost of a model to put.
    assert_eq!(outcome.summary.metrics_put, 9 + 6 + 1);
    let summary = serde_json::to_string(&outcome.summary).unwrap();
    assert!(summary.len() < 32_000, "{}", summary.len());
}

/// Something that is done to an observation.
type Change<'c> = &'c dyn Fn(&mut Observation);

/// Runs the guard over the sample's forgotten provisioned model, and returns what is said of it.
async fn idle(
    change: impl FnOnce(&mut Observation),
) -> (Vec<Action>, String, HoldingState, Option<String>) {
    let mut observation = sample_of(&LEFTOVER);
    change(&mut observation);
    let report = Served::of(observation).run().await.report;
    let verdict = workload(&report, "amazon.nova-2-lite-v1:0").verdict.clone();
    let holding = &report.holdings[0];
    (actions(&report), verdict, holding.state, holding.reason.clone())
}

#[tokio::test]
async fn a_provisioned_model_is_idle_only_under_the_strict_rule() {
    let (actions, _, state, _) = idle(|_| {}).await;
    assert_eq!(actions, [Action::DeleteIdleProvisionedModel]);
    assert_eq!(state, HoldingState::Idle);

    let young = |observation: &mut Observation| {
        let days = SignedDuration::from_hours(7 * 24 - 1);
        let held = &mut observation.places[0].inventory.provisioned_models[0];
        held.creation_time = observation.window.end() - days;
    };
    let opaque = |observation: &mut Observation| {
        let lane = LaneUsage {
            survey: vec![metric("Invocations", observation.window, HOUR, |hour| {
                (hour % 100 == 0).then_some(1)
            })],
            ..LaneUsage::new(ModelId::parse("zzzzzzzzzzzz"))
        };
        observation.places[0].usage.lanes.push(lane);
    };
    let incomplete = |observation: &mut Observation| {
        for metric in &mut lane_of(observation, LEFTOVER[1]).survey {
            if metric.name == "Invocations" {
                metric.status = Status::Incomplete("PartialData".to_owned());
            }
        }
    };
    let creating = |observation: &mut Observation| {
        observation.places[0].inventory.provisioned_models[0].status = "Creating".into();
    };
    let variant = |observation: &mut Observation| {
        let lane = LaneUsage {
            survey: vec![metric("Invocations", observation.window, HOUR, |hour| {
                (hour % 100 == 0).then_some(1)
            })],
            ..LaneUsage::new(ModelId::parse("amazon.nova-2-lite-v1:0:256k"))
        };
        observation.places[0].usage.lanes.push(lane);
    };
    let cases: [(Change<'_>, &str); 5] = [
        (&variant, "amazon.nova-2-lite-v1:0:256k"),
        (&young, "younger than 14 days"),
        (&opaque, "zzzzzzzzzzzz"),
        (&incomplete, "not every answer"),
        (&creating, "its status is Creating"),
    ];
    for (change, why) in cases {
        let (actions, verdict, state, reason) = idle(|observation| change(observation)).await;
        assert_eq!(actions, [], "{why}");
        assert!(verdict.contains(why), "{why}: {verdict}");
        assert_eq!(state, HoldingState::NotSeen, "{why}");
        assert!(reason.unwrap().contains(why), "{why}");
    }
}

#[tokio::test]
async fn a_provisioned_model_with_any_traffic_is_busy() {
    let traffic = |observation: &mut Observation| {
        let window = observation.window;
        let survey = &mut lane_of(observation, LEFTOVER[2]).survey;
        survey.retain(|metric| metric.name != "Invocations");
        let called = window.hours() - 13 * 24;
        survey.push(metric("Invocations", window, HOUR, |hour| (hour == called).then_some(1)));
    };
    let (actions, _, state, _) = idle(traffic).await;
    assert_eq!((actions.as_slice(), state), (&[][..], HoldingState::Busy));
}
