//! Mistakes that were made once: each test says the rule that one of them broke.

use std::collections::BTreeSet;

use bedrock_cost_guard::advice::{Action, Plan, Recommendation};
use bedrock_cost_guard::catalog::{
    AllowedScope, AllowedScopes, Overrides, PriceBook, RateQuery, RegionBasis,
};
use bedrock_cost_guard::config::Run;
use bedrock_cost_guard::config::{DocumentSource, Overflow, Settings};
use bedrock_cost_guard::domain::period::{HOUR, MINUTE};
use bedrock_cost_guard::domain::{
    AccountId, BaseModel, Geo, LoadWeights, Meter, ModelId, ModelUnits, Ratio, Scope, Series,
    ServiceTier, Tokens, Usd, Window,
};
use bedrock_cost_guard::guard::Memory;
use bedrock_cost_guard::guard::{self, RunOutcome};
use bedrock_cost_guard::observation::OpenBefore;
use bedrock_cost_guard::observation::{
    ApplicationProfile, CommitmentDuration, FoundationModel, ProvisionedModel,
};
use bedrock_cost_guard::observation::{FailedPlace, Observation};
use bedrock_cost_guard::observation::{LaneUsage, MetricSeries, Status};
use bedrock_cost_guard::pricing::{DemandSeries, LOAD_SCALE};
use bedrock_cost_guard::report::{self, HoldingState, Report, WorkloadReport, metrics};
use bedrock_cost_guard::terminal::report as text;
use jiff::SignedDuration;
use rust_decimal::Decimal;
use serde_json::{Value, json};

use crate::support::fake_aws::{FakeAws, PutDatum};
use crate::support::{
    UNITS, empty_observation, metric, overrides_file, region, sample, sample_of, small_observation,
};

/// A model with round prices: a full unit replaces 96 USD an hour and costs 40, or 30 under a term.
const MODEL: &str = "maker.model-v1:0";

/// The same at the flex tier, for half the price.
const FLEX: &str = "maker.model-v1:0+flex";

const BOOK: &str = r#"
schema_version = 1
name = "round"
description = "round prices"
charged = true
[[model]]
id = "maker.model-v1:0"
name = "Model"
provider = "Maker"
[[model.rate]]
scope = "in-region"
regions = ["us-east-1", "us-gov-west-1"]
tier = "standard"
effective_from = "2026-01-01"
checked = "2026-04-01"
source = "s"
input = "1.00"
output = "2.00"
[[model.rate]]
scope = "in-region"
regions = ["us-east-1"]
tier = "flex"
effective_from = "2026-01-01"
checked = "2026-04-01"
source = "s"
input = "0.50"
output = "1.00"
[[model.model_units]]
regions = ["us-east-1"]
term = "none"
usd_per_unit_hour = "40.00"
input_tokens_per_hour = "60000000"
output_tokens_per_hour = "18000000"
effective_from = "2026-01-01"
checked = "2026-04-01"
source = "s"
[[model.model_units]]
regions = ["us-east-1"]
term = "1-month"
usd_per_unit_hour = "30.00"
input_tokens_per_hour = "60000000"
output_tokens_per_hour = "18000000"
effective_from = "2026-01-01"
checked = "2026-04-01"
source = "s"
"#;

/// A tenth less through the global profile.
const GLOBAL: &str = r#"
[[model.rate]]
scope = "global"
regions = ["*"]
tier = "standard"
effective_from = "2026-01-01"
checked = "2026-04-01"
source = "s"
input = "0.90"
output = "1.80"
[[model.rate]]
scope = "global"
regions = ["unstated"]
tier = "flex"
effective_from = "2026-01-01"
checked = "2026-04-01"
source = "s"
input = "0.45"
output = "0.90"
"#;

/// A provisioned model of the sample that nobody uses, under the ids that it could be metered by.
const LEFTOVER: [&str; 3] = [
    "arn:aws:bedrock:us-east-1:123456789012:provisioned-model/l0adt3stl3ft",
    "l0adt3stl3ft",
    "load-test-leftover",
];

/// A busy provisioned model of the sample, and the on-demand traffic beside it.
const MODERATION: [&str; 4] = [
    "arn:aws:bedrock:us-west-2:123456789012:provisioned-model/m0derat10n8b",
    "m0derat10n8b",
    "moderation-8b",
    "us.meta.llama3-1-8b-instruct-v1:0",
];

/// A provisioned model of [`MODEL`].
const HELD: &str = "arn:aws:bedrock:us-east-1:123456789012:provisioned-model/h0ldh0ldh0ld";

/// An account in `us-east-1` that uses [`MODEL`] and may buy units of it, with global prices or not.
#[expect(clippy::expect_used, reason = "only tests call it")]
fn account(with_global: bool, lanes: Vec<LaneUsage>) -> Observation {
    let mut observation = empty_observation("2026-04-06T00:20:00Z".parse().expect("a time"));
    let global = if with_global { GLOBAL } else { "" };
    observation.prices = PriceBook::parse("round", &format!("{BOOK}{global}")).expect("a book");
    observation.settings.allow_global_routing = with_global;
    let place = &mut observation.places[0];
    place.usage.lanes = lanes;
    let listed = |id: &str, kind: &str| FoundationModel {
        model_id: id.to_owned(),
        lifecycle_status: Some("ACTIVE".into()),
        end_of_life_time: None,
        inference_types_supported: vec![kind.into()],
    };
    place.inventory.foundation_models = vec![
        listed(MODEL, "ON_DEMAND"),
        listed(&format!("{MODEL}:8k"), "PROVISIONED"),
    ];
    observation
}

/// The window of [`account`].
#[expect(clippy::expect_used, reason = "only tests call it")]
fn window() -> Window {
    empty_observation("2026-04-06T00:20:00Z".parse().expect("a time")).window
}

/// Traffic that is the same in each minute but for `times` as much in one hour.
fn traffic_with(id: &str, input: u64, output: u64, peak: (u64, u64)) -> LaneUsage {
    let hour = |count: u64| {
        move |hour| {
            let times = if hour == peak.0 { peak.1 } else { 1 };
            Some(60 * count * times)
        }
    };
    let minute = |count: u64| move |_| Some(count);
    let last = window().last_days(14);
    LaneUsage {
        survey: vec![
            metric("Invocations", window(), HOUR, |_| Some(60)),
            metric("InputTokenCount", window(), HOUR, hour(input)),
            metric("OutputTokenCount", window(), HOUR, hour(output)),
        ],
        minutes: vec![
            metric("InputTokenCount", last, MINUTE, minute(input)),
            metric("OutputTokenCount", last, MINUTE, minute(output)),
        ],
        ..LaneUsage::new(ModelId::parse(id))
    }
}

/// Traffic that is the same in each minute.
fn traffic(id: &str, input: u64, output: u64) -> LaneUsage {
    traffic_with(id, input, output, (u64::MAX, 1))
}

/// A lane that was asked about and has no points.
fn silent(id: &str) -> LaneUsage {
    LaneUsage {
        survey: vec![MetricSeries {
            series: None,
            ..metric("Invocations", window(), HOUR, |_| None)
        }],
        ..LaneUsage::new(ModelId::parse(id))
    }
}

/// One unit of [`MODEL`] without a term, in service since the window began.
fn held() -> ProvisionedModel {
    let arn = format!("arn:aws:bedrock:us-east-1::foundation-model/{MODEL}:8k");
    ProvisionedModel {
        provisioned_model_arn: HELD.to_owned(),
        provisioned_model_name: "held".to_owned(),
        model_arn: arn.clone(),
        foundation_model_arn: arn,
        model_units: ModelUnits::new(1),
        status: "InService".into(),
        commitment_duration: None,
        commitment_expiration_time: None,
        creation_time: window().start(),
    }
}

/// An account with one unit and the ids that it could be metered by, all silent.
fn with_idle(mut observation: Observation) -> Observation {
    let place = &mut observation.places[0];
    let held = held();
    place
        .usage
        .lanes
        .extend(held.metered_ids().into_iter().map(silent));
    place.inventory.provisioned_models.push(held);
    observation
}

/// An account with one unit that serves this traffic.
fn with_busy(mut observation: Observation, input: u64, output: u64) -> Observation {
    let place = &mut observation.places[0];
    place.usage.lanes.push(traffic(HELD, input, output));
    place.inventory.provisioned_models.push(held());
    observation
}

/// The same under a term that ends long after the window, so that nothing is given up now.
fn with_bound(observation: Observation, input: u64, output: u64) -> Observation {
    let mut observation = with_busy(observation, input, output);
    let end = observation.window.end();
    for held in &mut observation.places[0].inventory.provisioned_models {
        held.commitment_duration = Some(CommitmentDuration::OneMonth);
        held.commitment_expiration_time = Some(end + SignedDuration::from_hours(20 * 24));
    }
    observation
}

/// So many dollars an hour, all month.
fn an_hour(dollars: i64) -> Usd {
    Usd::new(Decimal::from(dollars * 730))
}

fn actions(report: &Report) -> Vec<Action> {
    let recommendations = report.recommendations.iter();
    recommendations.map(|advice| advice.action).collect()
}

fn counted(report: &Report) -> Vec<Action> {
    let recommendations = report.recommendations.iter();
    recommendations
        .filter(|advice| advice.is_counted())
        .map(|advice| advice.action)
        .collect()
}

#[expect(clippy::expect_used, reason = "only tests call it")]
fn of(report: &Report, action: Action) -> &Recommendation {
    let mut recommendations = report.recommendations.iter();
    recommendations
        .find(|advice| advice.action == action)
        .expect("it is advised")
}

#[expect(clippy::expect_used, reason = "only tests call it")]
fn workload<'r>(report: &'r Report, model: &str) -> &'r WorkloadReport {
    let mut workloads = report.workloads.iter();
    workloads
        .find(|workload| workload.model.id() == model)
        .expect("it is in the report")
}

fn plans<'r>(report: &'r Report, model: &str, action: Action) -> Vec<&'r Plan> {
    let plans = workload(report, model).plans.iter();
    plans.filter(|plan| plan.action == Some(action)).collect()
}

#[expect(clippy::expect_used, reason = "only tests call it")]
fn lane_of<'o>(observation: &'o mut Observation, id: &str) -> &'o mut LaneUsage {
    let places = observation.places.iter_mut();
    places
        .flat_map(|place| &mut place.usage.lanes)
        .find(|lane| lane.model_id.text() == id)
        .expect("it has the lane")
}

fn metric_of(report: &Report, name: &str, dimension: &str) -> Vec<metrics::Point> {
    let points = metrics::points(report, &Settings::default());
    points
        .into_iter()
        .filter(|point| point.name == name)
        .filter(|point| point.dimensions.iter().any(|(of, _)| *of == dimension))
        .collect()
}

#[test]
fn units_beside_a_full_holding_save_what_on_demand_costs_less_what_they_cost() {
    // 54 USD an hour on-demand, 1.66 units of load with the holding's own, one of them held.
    let account = account(false, vec![traffic(MODEL, 700_000, 100_000)]);
    let report = report::build(&with_busy(account, 960_000, 100_000));
    assert_eq!(counted(&report), [Action::BuyModelUnits]);
    let advice = of(&report, Action::BuyModelUnits);
    let on_demand = workload(&report, MODEL).on_demand_monthly_cost;
    assert_eq!(on_demand, an_hour(54));
    assert_eq!(advice.money.current.monthly_cost, on_demand);
    assert_eq!(advice.money.proposed.monthly_cost, an_hour(30));
    assert_eq!(advice.savings(), an_hour(24));
    assert!(
        advice
            .money
            .proposed
            .description
            .starts_with("1 model unit,")
    );
}

#[test]
fn a_provisioned_model_that_is_being_changed_gives_no_advice_from_its_traffic() {
    let account = || account(false, vec![traffic(MODEL, 700_000, 100_000)]);
    let steady = report::build(&with_busy(account(), 10_000, 1_000));
    assert_eq!(counted(&steady), [Action::FillProvisionedModel]);

    let mut changing = with_busy(account(), 10_000, 1_000);
    changing.places[0].inventory.provisioned_models[0].status = "Updating".into();
    let report = report::build(&changing);
    assert_eq!(actions(&report), []);
    let verdict = &workload(&report, MODEL).verdict;
    assert!(verdict.contains("its status is Updating"), "{verdict}");
}

#[test]
fn a_window_that_ended_days_ago_calls_nothing_idle() {
    let mut observation = sample_of(&LEFTOVER);
    let today = report::build(&observation);
    assert_eq!(actions(&today), [Action::DeleteIdleProvisionedModel]);

    observation.event.end = Some(observation.window.end());
    observation.as_of += SignedDuration::from_hours(3 * 24);
    observation.event.time = observation.as_of;
    let report = report::build(&observation);
    assert_eq!(actions(&report), []);
    assert_eq!(report.holdings[0].state, HoldingState::NotSeen);
    let reason = report.holdings[0].reason.as_deref().unwrap();
    assert!(reason.contains("ended more than a day ago"), "{reason}");
    let everything = report.to_json().unwrap();
    assert!(!everything.contains("delete-provisioned-model"));
}

#[test]
fn a_provisioned_model_has_not_been_idle_for_longer_than_it_exists() {
    let mut observation = sample_of(&LEFTOVER);
    let created = observation.window.end() - SignedDuration::from_hours(20 * 24);
    observation.places[0].inventory.provisioned_models[0].creation_time = created;
    let report = report::build(&observation);
    let advice = of(&report, Action::DeleteIdleProvisionedModel);
    let description = &advice.money.current.description;
    assert!(description.ends_with("idle for 20 days"), "{description}");
    let evidence = serde_json::to_value(&advice.grounds.evidence).unwrap();
    let starts: BTreeSet<&str> = evidence
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|item| item.get("start")?.as_str())
        .collect();
    assert_eq!(starts, [created.to_string().as_str()].into());
}

#[test]
fn a_holding_whose_answers_are_incomplete_has_no_worth_and_no_utilization() {
    let whole = sample_of(&MODERATION);
    let report = report::build(&whole);
    assert!(report.holdings[0].worth.is_some() && report.holdings[0].utilization.is_some());
    assert_eq!(
        metric_of(&report, "CommitmentWorth", "ProvisionedModel").len(),
        1
    );

    let mut busy = sample_of(&MODERATION);
    let lane = lane_of(&mut busy, MODERATION[0]);
    lane.survey[1].status = Status::Incomplete("PartialData".to_owned());
    let mut idle = sample_of(&LEFTOVER);
    let lane = lane_of(&mut idle, LEFTOVER[1]);
    lane.survey[0].status = Status::Incomplete("PartialData".to_owned());
    for observation in [busy, idle] {
        let report = report::build(&observation);
        let holding = &report.holdings[0];
        assert_eq!((holding.worth, holding.utilization), (None, None));
        let points = metrics::points(&report, &observation.settings);
        let named = |name: &str| points.iter().any(|point| point.name == name);
        assert!(!named("CommitmentWorth") && !named("CommitmentUtilization"));
    }
}

#[test]
fn an_unknown_id_without_a_whole_answer_is_not_taken_for_nothing() {
    let mut observation = account(false, Vec::new());
    let incomplete = |name: &str| MetricSeries {
        status: Status::Incomplete("PartialData".to_owned()),
        series: None,
        ..metric(name, window(), HOUR, |_| None)
    };
    observation.places[0].usage.lanes = vec![LaneUsage {
        survey: vec![incomplete("Invocations"), incomplete("InputTokenCount")],
        ..LaneUsage::new(ModelId::parse("zzzzzzzzzzzz"))
    }];
    let report = report::build(&observation);
    assert_eq!(report.incomplete.len(), 1);
    let gaps = &report.incomplete[0].gaps;
    assert_eq!(gaps.len(), 2);
    assert!(gaps.iter().all(|gap| gap.contains("zzzzzzzzzzzz")));
    assert!(report.totals.is_at_least);
    assert_eq!(report.totals.incomplete_workloads, 1);
}

#[test]
fn what_was_not_read_whole_closes_no_recommendation() {
    let mut observation = sample_of(&[UNITS]);
    let open = |name: &str| OpenBefore {
        region: region(name),
        id: format!("rec-{name}"),
    };
    observation.open_before = ["us-west-2", "us-east-1", "eu-west-1"].map(open).to_vec();
    observation.failed = vec![FailedPlace {
        account: observation.home.account.clone(),
        region: region("eu-west-1"),
        error: "cloudwatch:ListMetrics is forbidden".to_owned(),
    }];
    let closed = |observation: &Observation| -> Vec<String> {
        let closed = report::build(observation).closed;
        closed.into_iter().map(|closed| closed.id).collect()
    };
    assert_eq!(closed(&observation), ["rec-us-west-2"]);
    observation.places[0].minutes_unknown = Some("they are forgotten".to_owned());
    assert_eq!(closed(&observation), [""; 0]);
}

#[test]
fn govcloud_has_only_prices_that_name_it_and_no_global_profile() {
    let gov = region("us-gov-west-1");
    let day = "2026-04-05".parse().unwrap();
    let scopes = [
        Scope::InRegion,
        Scope::Geo(Geo::UsGov),
        Scope::Geo(Geo::Us),
        Scope::Global,
    ];
    let tiers = [
        ServiceTier::Standard,
        ServiceTier::Batch,
        ServiceTier::Flex,
        ServiceTier::Priority,
        ServiceTier::LatencyOptimized,
    ];
    let round = PriceBook::parse("round", &format!("{BOOK}{GLOBAL}")).unwrap();
    let mut named = 0;
    for book in [
        round,
        PriceBook::aws().unwrap(),
        PriceBook::article().unwrap(),
    ] {
        for model in book.models.iter().map(|model| &model.id) {
            for (scope, tier) in scopes
                .into_iter()
                .flat_map(|scope| tiers.map(|tier| (scope, tier)))
            {
                for meter in Meter::TOKENS {
                    let wanted = RateQuery {
                        model,
                        region: &gov,
                        scope,
                        tier: Some(tier),
                        meter,
                        input_tokens: None,
                        day,
                    };
                    let Some(rate) = book.rate(&wanted) else {
                        continue;
                    };
                    assert_eq!(rate.source.region_basis, RegionBasis::Named, "{model}");
                    assert_ne!(scope, Scope::Global, "{model}");
                    named += 1;
                }
            }
            let offers = book.offers(model, &gov, day, &Overrides::default());
            let is_named = |basis| basis == RegionBasis::Named;
            assert!(
                offers
                    .iter()
                    .all(|offer| is_named(offer.source.region_basis))
            );
        }
    }
    assert!(named > 0);

    let mut observation = account(true, vec![traffic(MODEL, 100_000, 10_000)]);
    assert_eq!(
        actions(&report::build(&observation)),
        [Action::RouteToGlobalProfile]
    );
    observation.places[0].place.region = gov;
    let report = report::build(&observation);
    assert_eq!(actions(&report), []);
    assert!(plans(&report, MODEL, Action::RouteToGlobalProfile).is_empty());
    assert!(workload(&report, MODEL).monthly_cost.is_positive());
}

#[test]
fn requests_that_nothing_billed_was_metered_for_are_unpriced_and_not_free() {
    const REEL: &str = "amazon.nova-reel-v1:0";
    let mut observation = empty_observation("2026-04-06T00:20:00Z".parse().unwrap());
    observation.places[0].usage.lanes = vec![LaneUsage {
        survey: vec![metric("Invocations", window(), HOUR, |_| Some(2))],
        ..LaneUsage::new(ModelId::parse(REEL))
    }];
    let report = report::build(&observation);
    assert_eq!(report.unpriced.len(), 1);
    let unpriced = &report.unpriced[0];
    assert_eq!((unpriced.model_id.as_str(), unpriced.meter), (REEL, None));
    assert_eq!(unpriced.quantity, Tokens::new(2 * 28 * 24));
    assert!(report.totals.is_at_least);
    // Requests are no tokens.
    assert_eq!(report.totals.unpriced_tokens, Tokens::ZERO);

    let page = text::render(&report);
    assert!(page.contains("1,344 requests"), "{page}");
    assert!(
        page.contains("no price of its output video seconds"),
        "{page}"
    );
    let row = page
        .lines()
        .find(|line| line.contains("Nova Reel"))
        .unwrap();
    assert!(row.ends_with("unpriced") && !row.contains('$'), "{row}");
    assert_eq!(metric_of(&report, "MonthlyCost", "Model"), []);
}

#[test]
fn under_throttle_units_cover_the_recent_hours_before_the_minutes_too() {
    let twenty_days_ago = window().hours() - 20 * 24;
    let report = |times| {
        let lane = traffic_with(MODEL, 750_000, 200_000, (twenty_days_ago, times));
        report::build(&account(false, vec![lane]))
    };
    // On-demand costs 69 USD an hour, a unit 30: two still pay, three do not.
    for (times, units) in [(1, 1), (2, 2)] {
        let report = report(times);
        let advice = of(&report, Action::BuyModelUnits);
        assert!(
            advice
                .money
                .proposed
                .description
                .starts_with(&ModelUnits::new(units).to_string())
        );
        let cost = an_hour(30 * i64::from(units));
        assert_eq!(advice.money.proposed.monthly_cost, cost);
        assert_eq!(advice.savings(), advice.money.current.monthly_cost - cost);
        let on_demand = workload(&report, MODEL).on_demand_monthly_cost;
        assert_eq!(
            advice.money.current.monthly_cost.to_string(),
            on_demand.to_string()
        );
    }
    let report = report(3);
    assert_eq!(actions(&report), []);
    let verdict = &workload(&report, MODEL).verdict;
    assert!(verdict.contains("3 model units"), "{verdict}");
}

#[test]
fn a_model_that_leaves_gets_no_units_and_the_reason_is_named() {
    let observation = |change: &dyn Fn(&mut FoundationModel)| {
        let mut observation = account(false, vec![traffic(MODEL, 700_000, 100_000)]);
        change(&mut observation.places[0].inventory.foundation_models[0]);
        report::build(&observation)
    };
    let bought = |report: &Report| -> Vec<bool> {
        let plans = plans(report, MODEL, Action::BuyModelUnits);
        plans.iter().map(|plan| plan.advised).collect()
    };
    assert_eq!(bought(&observation(&|_| {})), [true, false]);

    let legacy = observation(&|listed| listed.lifecycle_status = Some("LEGACY".into()));
    assert_eq!(actions(&legacy), []);
    for plan in plans(&legacy, MODEL, Action::BuyModelUnits) {
        assert!(plan.why_not.iter().any(|why| why.contains("Legacy")));
    }
    assert!(workload(&legacy, MODEL).verdict.contains("Legacy"));

    let end = window().end() + SignedDuration::from_hours(20 * 24);
    let ending = observation(&|listed| listed.end_of_life_time = Some(end));
    let plans = plans(&ending, MODEL, Action::BuyModelUnits);
    let bound = plans
        .iter()
        .find(|plan| plan.description.contains("1-month term"))
        .unwrap();
    assert!(!bound.advised);
    let why = bound.why_not.join("; ");
    assert!(why.contains("end of life, 2026-04-26"), "{why}");
    // Units without a term can go with the model.
    let advice = of(&ending, Action::BuyModelUnits);
    assert!(advice.standing.rollback_possible && advice.commitment.commitment_total.is_none());
}

#[test]
fn requests_that_were_refused_make_a_workload_cost_at_least_what_it_shows() {
    let report = |hour_of_refusals: u64| {
        let mut lane = traffic(MODEL, 700_000, 100_000);
        lane.survey
            .push(metric("InvocationThrottles", window(), HOUR, |hour| {
                (hour == hour_of_refusals).then_some(3)
            }));
        report::build(&account(false, vec![lane]))
    };
    let is_a_risk = |report: &Report| {
        let risks = &of(report, Action::BuyModelUnits).grounds.risks;
        risks.iter().any(|risk| risk.contains("throttled"))
    };
    let recent = report(window().hours() - 1);
    assert!(workload(&recent, MODEL).is_at_least && recent.totals.is_at_least);
    assert_eq!(workload(&recent, MODEL).throttles, 3);
    assert!(is_a_risk(&recent));
    let long_ago = report(0);
    assert!(!workload(&long_ago, MODEL).is_at_least && !long_ago.totals.is_at_least);
    assert!(!is_a_risk(&long_ago));
}

#[test]
fn a_holding_that_was_never_in_service_is_not_said_to_cost_anything() {
    for (status, is_billed) in [
        ("Failed", false),
        ("Creating", false),
        ("InService", true),
        ("Updating", true),
    ] {
        let mut observation = sample_of(&LEFTOVER);
        observation.places[0].inventory.provisioned_models[0].status = status.into();
        let report = report::build(&observation);
        let cost = report.holdings[0].monthly_cost;
        assert_eq!(cost.is_some(), is_billed, "{status}");
        assert_eq!(
            report.totals.holdings_monthly_cost,
            cost.unwrap_or_default(),
            "{status}"
        );
        assert_eq!(report.totals.is_at_least, !is_billed, "{status}");
    }
}

#[test]
fn traffic_under_two_ids_of_one_provisioned_model_is_counted_once_and_said() {
    let mut observation = with_busy(account(false, Vec::new()), 500_000, 100_000);
    let whole = report::build(&observation);
    assert!(whole.holdings[0].worth.is_some() && whole.incomplete.is_empty());
    let lanes = &mut observation.places[0].usage.lanes;
    lanes.insert(0, traffic("h0ldh0ldh0ld", 400_000, 100_000));
    let report = report::build(&observation);
    let counted: Vec<&str> = workload(&report, MODEL)
        .lanes
        .iter()
        .map(|lane| lane.model_id.as_str())
        .collect();
    assert_eq!(counted, [HELD]);
    let gap = &report.incomplete[0].gaps[0];
    assert!(
        gap.contains(&format!("{HELD} and h0ldh0ldh0ld")) && gap.contains("only the busiest"),
        "{gap}"
    );
    let holding = &report.holdings[0];
    assert_eq!((holding.worth, holding.utilization), (None, None));
    assert!(report.totals.is_at_least);
}

#[test]
fn a_meter_of_zeros_does_not_stand_in_the_way_of_a_cheaper_profile() {
    let without = account(true, vec![traffic(MODEL, 100_000, 10_000)]);
    let expected = report::build(&without);
    assert_eq!(counted(&expected), [Action::RouteToGlobalProfile]);
    let mut with = without;
    let images = metric("OutputImageCount", window(), HOUR, |_| Some(0));
    with.places[0].usage.lanes[0].survey.push(images);
    let report = report::build(&with);
    assert_eq!(counted(&report), [Action::RouteToGlobalProfile]);
    assert_eq!(
        report.recommendations[0].savings(),
        expected.recommendations[0].savings()
    );
    assert!(report.unpriced.is_empty() && !report.totals.is_at_least);
}

#[test]
fn a_recommendation_about_thousands_of_profiles_stays_short_and_says_how_many_more() {
    const PROFILES: usize = 1_500;
    let mut observation = account(true, Vec::new());
    observation.settings.recent_days = 7;
    observation.window = observation.window.last_days(7);
    let week = observation.window;
    let ids: Vec<String> = (0..PROFILES)
        .map(|number| format!("p{number:011}"))
        .collect();
    let place = &mut observation.places[0];
    place.usage.lanes = ids
        .iter()
        .map(|id| LaneUsage {
            survey: vec![metric("InputTokenCount", week, HOUR, |_| Some(1_000_000))],
            ..LaneUsage::new(ModelId::parse(id.as_str()))
        })
        .collect();
    place.inventory.application_profiles = ids.iter().map(|id| profile(id)).collect();
    let report = report::build(&observation);
    let advice = of(&report, Action::RouteToGlobalProfile);
    assert_eq!(advice.money.current.monthly_cost, an_hour(1_500));
    assert_eq!(advice.savings(), an_hour(150));
    assert_eq!(advice.remedy.command, None);
    assert!(advice.money.current.description.ends_with("and 1495 more"));
    let whole = serde_json::to_string(advice).unwrap();
    assert!(whole.len() < 64 * 1024, "{}", whole.len());
    // Two rates and a series for each profile.
    let evidence = serde_json::to_value(&advice.grounds.evidence).unwrap();
    let (last, named) = evidence.as_array().unwrap().split_last().unwrap();
    assert_eq!(last["kind"], "more");
    let more = usize::try_from(last["count"].as_u64().unwrap()).unwrap();
    assert_eq!(named.len() + more, 2 + PROFILES);
}

/// An application profile of [`MODEL`] in its Region.
fn profile(id: &str) -> ApplicationProfile {
    ApplicationProfile {
        inference_profile_id: id.to_owned(),
        inference_profile_arn: format!(
            "arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/{id}"
        ),
        inference_profile_name: format!("team-{id}"),
        model_arns: vec![format!(
            "arn:aws:bedrock:us-east-1::foundation-model/{MODEL}"
        )],
    }
}

/// The same account where requests of [`MODEL`] may use these scopes.
fn allowing(mut observation: Observation, scopes: &[AllowedScope]) -> Observation {
    observation.overrides = Overrides {
        schema_version: 1,
        capacity: Vec::new(),
        allowed_scopes: vec![AllowedScopes {
            model: MODEL.to_owned(),
            scopes: scopes.iter().copied().collect(),
        }],
        ..Overrides::default()
    };
    observation
}

#[test]
fn units_are_not_counted_where_the_overrides_do_not_allow_their_region() {
    let buy = account(false, vec![traffic(MODEL, 700_000, 100_000)]);
    let fill = with_bound(buy.clone(), 10_000, 1_000);
    for (observation, action) in [
        (buy, Action::BuyModelUnits),
        (fill, Action::FillProvisionedModel),
    ] {
        let allowed = report::build(&allowing(observation.clone(), &[AllowedScope::InRegion]));
        assert_eq!(counted(&allowed), [action]);
        let report = report::build(&allowing(observation, &[AllowedScope::Geo]));
        let because = of(&report, action).standing.not_counted_because.as_deref();
        assert!(because.unwrap().contains("in-Region scope"));
        assert_eq!(counted(&report), []);
        assert_eq!(report.totals.potential_monthly_savings, Usd::ZERO);
    }
}

#[test]
fn the_overrides_of_a_model_go_before_the_setting_for_global_routing() {
    let account = |setting| {
        let mut observation = account(true, vec![traffic(MODEL, 100_000, 10_000)]);
        observation.settings.allow_global_routing = setting;
        observation
    };
    let route = |observation: &Observation| {
        let report = report::build(observation);
        of(&report, Action::RouteToGlobalProfile)
            .standing
            .not_counted_because
            .clone()
    };
    let why = route(&account(false)).unwrap();
    assert!(why.contains("GUARD_ALLOW_GLOBAL_ROUTING"), "{why}");
    let with = [AllowedScope::InRegion, AllowedScope::Global];
    assert_eq!(route(&allowing(account(false), &with)), None);
    let why = route(&allowing(account(true), &[AllowedScope::InRegion])).unwrap();
    assert!(why.contains("overrides"), "{why}");
}

#[test]
fn an_idle_unit_beside_traffic_of_its_model_is_filled_or_deleted_by_what_saves_more() {
    // It costs 40 USD an hour.
    for (input, output, action, savings) in [
        (100_000, 0, Action::DeleteIdleProvisionedModel, 40),
        (700_000, 100_000, Action::FillProvisionedModel, 54),
        // More than it can carry.
        (1_500_000, 100_000, Action::DeleteIdleProvisionedModel, 40),
    ] {
        let account = account(false, vec![traffic(MODEL, input, output)]);
        let report = report::build(&with_idle(account));
        assert_eq!(counted(&report), [action], "{input}");
        assert_eq!(report.totals.potential_monthly_savings, an_hour(savings));
        let bought = plans(&report, MODEL, Action::BuyModelUnits);
        assert!(bought.iter().all(|plan| !plan.advised), "{input}");
    }
}

#[test]
fn filling_standard_traffic_takes_nothing_from_the_routing_of_a_flex_lane() {
    let report = |lanes| {
        let mut observation = with_bound(account(true, lanes), 1_000, 1_000);
        observation.settings.min_savings_ratio = Ratio::ZERO;
        report::build(&observation)
    };
    let alone = report(vec![traffic(FLEX, 500_000, 100_000)]);
    let expected = of(&alone, Action::RouteToGlobalProfile).savings();
    assert_eq!(expected, Usd::new("1533".parse().unwrap()));
    let both = report(vec![
        traffic(MODEL, 500_000, 100_000),
        traffic(FLEX, 500_000, 100_000),
    ]);
    assert_eq!(
        of(&both, Action::FillProvisionedModel).savings(),
        an_hour(42)
    );
    assert_eq!(of(&both, Action::RouteToGlobalProfile).savings(), expected);
}

#[test]
fn an_application_profile_is_known_under_the_suffix_of_a_tier() {
    let mut observation = account(false, vec![traffic("a1b2c3d4e5f6+flex", 500_000, 0)]);
    observation.places[0].inventory.application_profiles = vec![profile("a1b2c3d4e5f6")];
    let report = report::build(&observation);
    assert!(report.unpriced.is_empty());
    let lane = &workload(&report, MODEL).lanes[0];
    assert_eq!(lane.service_tier, Some(ServiceTier::Flex));
    assert_eq!(
        lane.inference_profile_name.as_deref(),
        Some("team-a1b2c3d4e5f6")
    );
    assert_eq!(lane.monthly_cost, an_hour(15));
}

/// Something that is done to a saved observation.
type Change<'c> = &'c dyn Fn(&mut Value);

#[test]
fn a_saved_observation_that_cannot_be_is_refused_by_name() {
    let saved = serde_json::to_value(small_observation()).unwrap();
    let read = |value: &Value| Observation::from_json(&value.to_string());
    assert_eq!(read(&saved).unwrap(), small_observation());
    let capacity = |value: &mut Value, count: u64| {
        value["overrides"] = json!({ "schema_version": 1, "capacity": [{
            "model": MODEL, "input_tokens_per_minute": count, "output_tokens_per_minute": 5,
        }] });
    };
    let series = "/places/0/usage/lanes/0/survey/0/series";
    let minutes = "/places/0/usage/lanes/1/minutes/0/series";
    let at = |pointer: &'static str, field: &'static str, new: Value| {
        move |value: &mut Value| {
            if let Some(series) = value.pointer_mut(pointer) {
                series[field] = new.clone();
            }
        }
    };
    let none_of_it = at(series, "values", json!([]));
    let one_value = at(series, "values", json!([1]));
    let another_step = at(series, "step", json!(7_200));
    let no_step = at(series, "step", json!(0));
    let no_step_of_minutes = at(minutes, "step", json!(0));
    let another_start = at(minutes, "start", json!("2026-04-05T00:00:00Z"));
    let unfilled = "`InputTokenCount` of `amazon.nova";
    let changes: [(Change<'_>, &str); 13] = [
        (
            &|it| it["settings"]["recent_days"] = 0.into(),
            "recent_days",
        ),
        (
            &|it| it["settings"]["recent_days"] = u32::MAX.into(),
            "recent_days",
        ),
        (
            &|it| it["settings"]["lookback_days"] = 0.into(),
            "lookback_days",
        ),
        (
            &|it| it["settings"]["headroom"] = "-0.1".into(),
            "settings.headroom",
        ),
        (
            &|it| {
                let lanes = it.pointer_mut("/places/0/usage/lanes");
                if let Some(lanes) = lanes.and_then(Value::as_array_mut) {
                    lanes.push(lanes[0].clone());
                }
            },
            "`amazon.nova-lite-v1:0` in us-east-1 is there twice",
        ),
        (&none_of_it, unfilled),
        (&one_value, unfilled),
        (&another_step, unfilled),
        (&no_step, unfilled),
        (&no_step_of_minutes, unfilled),
        (&another_start, unfilled),
        (&|it| capacity(it, 0), MODEL),
        (&|it| capacity(it, u64::MAX), MODEL),
    ];
    for (change, named) in changes {
        let mut value = saved.clone();
        change(&mut value);
        let error = read(&value).unwrap_err().to_string();
        assert!(error.contains(named), "{named}: {error}");
    }
    let mut value = saved;
    capacity(&mut value, 1);
    assert!(read(&value).is_ok());
}

#[test]
fn a_capacity_of_zero_in_the_prices_of_a_saved_observation_is_refused() {
    let observation = account(false, Vec::new());
    let mut value = serde_json::to_value(&observation).unwrap();
    assert!(Observation::from_json(&value.to_string()).is_ok());
    value["prices"]["model"][0]["model_units"][0]["input_tokens_per_hour"] = "0".into();
    let error = Observation::from_json(&value.to_string()).unwrap_err();
    assert!(error.to_string().contains("`0`"), "{error}");
}

#[test]
fn a_recommendation_keeps_its_id_where_the_account_is_not_known() {
    let known = sample();
    let mut unknown = known.clone();
    unknown.home.account = AccountId::default();
    for observed in &mut unknown.places {
        observed.place.account = AccountId::default();
    }
    let ids = |observation: &Observation| -> Vec<String> {
        let recommendations = report::build(observation).recommendations;
        recommendations.into_iter().map(|it| it.id).collect()
    };
    assert_eq!(ids(&known).len(), 7);
    assert_eq!(ids(&unknown), ids(&known));
}

/// A run of the sample's [`UNITS`] with this event, and what it put.
#[expect(clippy::expect_used, reason = "only tests call it")]
async fn run_with(event: Value) -> (RunOutcome, Vec<PutDatum>) {
    let observation = sample_of(&[UNITS]);
    let overrides = overrides_file(&observation.overrides);
    let path = overrides.path().to_string_lossy().into_owned();
    let settings = Settings {
        overrides: Some(DocumentSource::Path(path)),
        ..observation.settings.clone()
    };
    let as_of = observation.as_of;
    let fake = FakeAws::start(observation);
    let config = fake.sdk_config().await;
    let account = AccountId::new("123456789012");
    let outcome = guard::run(
        &config,
        &settings,
        &event,
        as_of,
        account,
        &Memory::default(),
    )
    .await
    .expect("the run goes well");
    (outcome, fake.put_data())
}

#[tokio::test]
async fn an_event_with_regions_or_a_past_window_of_its_own_puts_no_metrics_and_says_why() {
    for (event, why) in [
        (json!({ "regions": ["us-west-2"] }), "its own Regions"),
        (json!({ "end": "2026-04-03T00:00:00Z" }), "its own window"),
    ] {
        let (outcome, put) = run_with(event).await;
        assert_eq!(put, []);
        assert_eq!(outcome.summary.metrics_put, 0);
        let withheld = outcome.summary.metrics_withheld.unwrap();
        assert!(withheld.contains(why), "{withheld}");
        assert!(outcome.lines.last().unwrap().contains(why));
        assert!(outcome.report.totals.monthly_cost.is_positive());
    }
    // The hour that a run would have ended at anyway is no other window.
    let (outcome, put) = run_with(json!({ "end": "2026-04-06T00:00:00Z" })).await;
    assert!(!put.is_empty() && outcome.summary.metrics_withheld.is_none());
}

#[test]
fn an_event_cannot_undo_that_the_operator_asked_for_a_dry_run() {
    let as_of = "2026-04-06T00:20:00Z".parse().unwrap();
    let dry = |configured: bool, event: &Value| {
        let settings = Settings {
            dry_run: configured,
            ..Settings::default()
        };
        let run = Run::parse(event, as_of).unwrap();
        run.settings(&settings).dry_run
    };
    for (event, configured, expected) in [
        (json!({ "dry_run": false }), true, true),
        (json!({}), true, true),
        (json!({ "dry_run": true }), false, true),
        (json!({ "dry_run": false }), false, false),
    ] {
        assert_eq!(dry(configured, &event), expected, "{event}");
    }
}

#[test]
fn a_price_of_the_very_scope_goes_before_one_of_any_scope_wherever_it_stands() {
    let row = |scope: &str, regions: &str, price: &str| {
        format!(
            "[[model.rate]]\nscope = \"{scope}\"\nregions = [\"{regions}\"]\ntier = \"standard\"\n\
             effective_from = \"2026-01-01\"\nchecked = \"2026-04-01\"\nsource = \"s\"\ninput = \"{price}\"\n"
        )
    };
    let head = "schema_version = 1\nname = \"t\"\ndescription = \"d\"\ncharged = true\n[[model]]\nid = \"a.b\"\nname = \"B\"\nprovider = \"A\"\n";
    for any_names in ["us-east-1", "*"] {
        let any = row("any", any_names, "1.00");
        let very = row("in-region", "*", "2.00");
        for rows in [format!("{any}{very}"), format!("{very}{any}")] {
            let book = PriceBook::parse("t", &format!("{head}{rows}")).unwrap();
            let price = |scope| {
                let rate = book.rate(&RateQuery {
                    model: &BaseModel::new("a.b"),
                    region: &region("us-east-1"),
                    scope,
                    tier: Some(ServiceTier::Standard),
                    meter: Meter::Input,
                    input_tokens: None,
                    day: "2026-04-05".parse().unwrap(),
                });
                rate.unwrap().list_unit_price.to_string()
            };
            assert_eq!(price(Scope::InRegion), "2.00", "{rows}");
            assert_eq!(price(Scope::Global), "1.00", "{rows}");
        }
    }
}

#[test]
fn cache_reads_are_no_input_tokens_and_weigh_a_tenth_of_one() {
    const CACHED: &str = "global.anthropic.claude-sonnet-4-5-20250929-v1:0";
    let hours = |count| Series {
        start: window().start(),
        step: HOUR,
        values: vec![Some(count)],
    };
    let mut demand = DemandSeries::none(window().start(), HOUR, 1);
    let weights = LoadWeights::default();
    let (input, read) = ("3.00".parse().unwrap(), "0.30".parse().unwrap());
    demand
        .add(Meter::Input, &hours(1_000_000), input, weights)
        .unwrap();
    demand
        .add(Meter::CacheRead, &hours(4_000_000), read, weights)
        .unwrap();
    let load = demand.steps[0].load.input;
    assert_eq!(load, (1_000_000 + 400_000) * 10_u128.pow(LOAD_SCALE));
    assert_eq!(demand.steps[0].load.output, 0);
    assert_eq!(demand.value(), Usd::new("4.2".parse().unwrap()));

    // More is read from the cache than comes in: neither is taken off the other.
    let observation = sample_of(&[CACHED]);
    let report = report::build(&observation);
    let lane = &workload(&report, "anthropic.claude-sonnet-4-5-20250929-v1:0").lanes[0];
    let tokens = |of: Meter| {
        let meter = lane.meters.iter().find(|meter| meter.meter == of);
        meter.unwrap().tokens
    };
    assert!(tokens(Meter::CacheRead) > tokens(Meter::Input));
    let metered = |name: &str| {
        let mut survey = observation.places[0].usage.lanes[0].survey.iter();
        let metric = survey.find(|metric| metric.name == name).unwrap();
        let series = metric.series.as_ref().unwrap();
        series.total_since(report.run.recent.start())
    };
    assert_eq!(tokens(Meter::Input), metered("InputTokenCount"));
    assert_eq!(
        tokens(Meter::CacheRead),
        metered("CacheReadInputTokenCount")
    );
    let sum: Usd = lane
        .meters
        .iter()
        .filter_map(|meter| meter.monthly_list_cost)
        .sum();
    assert_eq!(lane.monthly_cost, sum);
}

#[test]
fn only_the_dearest_models_have_metrics_of_their_own() {
    let report = report::build(&sample());
    let mut priced: Vec<&WorkloadReport> = report
        .workloads
        .iter()
        .filter(|workload| workload.is_priced)
        .collect();
    priced.sort_by_key(|workload| std::cmp::Reverse(workload.monthly_cost));
    for most in [0, 1, 3, 50] {
        let settings = Settings {
            max_metric_models: u32::try_from(most).unwrap(),
            ..Settings::default()
        };
        let points = metrics::points(&report, &settings);
        for name in ["MonthlyCost", "PotentialMonthlySavings"] {
            let of: Vec<&str> = points
                .iter()
                .filter(|point| point.name == name)
                .filter_map(|point| {
                    let model = point.dimensions.iter().find(|(of, _)| *of == "Model");
                    Some(model?.1.as_str())
                })
                .collect();
            let dearest: Vec<&str> = priced
                .iter()
                .take(most)
                .map(|workload| workload.model.id())
                .collect();
            assert_eq!(of, dearest, "{name} of {most}");
        }
        // The totals are of all of them.
        let total = points
            .iter()
            .find(|point| point.name == "MonthlyCost" && point.dimensions.is_empty());
        assert_eq!(
            total.unwrap().value,
            report.totals.monthly_cost.dollars(),
            "{most}"
        );
    }
    assert!(priced.len() > 3);
}

#[test]
fn a_fill_that_does_not_count_keeps_nothing_else_from_counting() {
    let idle = with_idle(account(false, vec![traffic(MODEL, 700_000, 100_000)]));
    let report = report::build(&allowing(idle, &[AllowedScope::Geo]));
    assert_eq!(counted(&report), [Action::DeleteIdleProvisionedModel]);

    let busy = with_bound(
        account(true, vec![traffic(MODEL, 700_000, 100_000)]),
        1_000,
        1_000,
    );
    let report = report::build(&allowing(busy, &[AllowedScope::Geo, AllowedScope::Global]));
    assert_eq!(counted(&report), [Action::RouteToGlobalProfile]);
    let filling = Some(Action::FillProvisionedModel);
    let plans = &report.workloads[0].plans;
    let fill = plans.iter().find(|plan| plan.action == filling).unwrap();
    assert!(!fill.advised && fill.why_not[0].contains("in-Region"));
}

#[test]
fn units_whose_load_is_not_known_are_not_taken_for_free() {
    // Its traffic may be what an unknown id carries; one that is being made may be what somebody
    // just bought on this very advice.
    let mut hidden = with_idle(account(false, vec![traffic(MODEL, 700_000, 100_000)]));
    let unknown = traffic("someopaque12", 900_000, 100_000);
    hidden.places[0].usage.lanes.push(unknown);
    let mut creating = with_idle(account(false, vec![traffic(MODEL, 700_000, 100_000)]));
    creating.places[0].inventory.provisioned_models[0].status = "Creating".into();
    for (observation, why) in [
        (hidden, "someopaque12"),
        (creating, "its status is Creating"),
    ] {
        let report = report::build(&observation);
        assert_eq!(actions(&report), []);
        let verdict = &workload(&report, MODEL).verdict;
        assert!(verdict.contains(why), "{verdict}");
    }
}

#[test]
fn changes_are_said_in_the_order_to_make_them_in() {
    let report = report::build(&account(true, vec![traffic(MODEL, 700_000, 100_000)]));
    assert_eq!(
        workload(&report, MODEL).verdict,
        "route to the global profile, then buy model units"
    );
    let buy = of(&report, Action::BuyModelUnits);
    assert!(
        buy.grounds
            .risks
            .iter()
            .any(|risk| risk.contains("only the rest goes through a profile"))
    );
}

#[test]
fn units_beside_held_ones_say_that_both_have_to_be_called() {
    let beside = with_busy(
        account(false, vec![traffic(MODEL, 700_000, 100_000)]),
        800_000,
        100_000,
    );
    let report = report::build(&beside);
    let buy = of(&report, Action::BuyModelUnits);
    assert!(
        buy.grounds
            .risks
            .iter()
            .any(|risk| risk.contains("1 model unit held already"))
    );
}

/// An account with two units that serve a part of one each.
fn with_two_half_empty(observation: Observation) -> Observation {
    let mut observation = with_busy(observation, 400_000, 100_000);
    let place = &mut observation.places[0];
    let other = HELD.replace("h0ldh0ldh0ld", "0therh0ld000");
    place.usage.lanes.push(traffic(&other, 400_000, 100_000));
    place.inventory.provisioned_models.push(ProvisionedModel {
        provisioned_model_arn: other,
        provisioned_model_name: "other".to_owned(),
        ..held()
    });
    observation
}

#[test]
fn two_units_that_could_each_be_spared_are_not_both_given_up() {
    // Each serves 36 USD an hour on-demand for 40, and one of them has room for both: 72 for 40.
    let report = report::build(&with_two_half_empty(account(false, Vec::new())));
    // The one that is kept costs 30 under a term.
    assert_eq!(
        counted(&report),
        [Action::GiveUpProvisionedModel, Action::BindProvisionedModel]
    );
    assert_eq!(report.totals.potential_monthly_savings, an_hour(40 + 10));
    let sizes: Vec<Option<&str>> = report
        .holdings
        .iter()
        .map(|it| it.right_size.as_deref())
        .collect();
    assert!(sizes.contains(&Some("none")) && sizes.contains(&Some("1 model unit")));
}

#[test]
fn what_aws_does_not_serve_on_demand_is_not_given_up_for_on_demand() {
    let account = || with_busy(account(false, Vec::new()), 100_000, 10_000);
    let report = report::build(&account());
    assert_eq!(counted(&report), [Action::GiveUpProvisionedModel]);

    let mut only_provisioned = account();
    for model in &mut only_provisioned.places[0].inventory.foundation_models {
        model.inference_types_supported = vec!["PROVISIONED".into()];
    }
    let report = report::build(&only_provisioned);
    assert_eq!(actions(&report), []);
}

#[test]
fn a_legacy_model_is_not_right_sized_since_no_smaller_units_are_sold() {
    // Three units of which one would do, worth more than it costs.
    let three = |status: &str| {
        let mut observation = with_busy(account(false, Vec::new()), 700_000, 200_000);
        let inventory = &mut observation.places[0].inventory;
        inventory.provisioned_models[0].model_units = ModelUnits::new(3);
        for model in &mut inventory.foundation_models {
            model.lifecycle_status = Some(status.into());
        }
        report::build(&observation)
    };
    assert_eq!(
        counted(&three("ACTIVE")),
        [Action::RightSizeProvisionedModel]
    );
    // On-demand it costs 66 USD an hour, and three units 120: the whole is given up instead.
    let legacy = three("LEGACY");
    assert_eq!(counted(&legacy), [Action::GiveUpProvisionedModel]);
    assert_eq!(legacy.totals.potential_monthly_savings, an_hour(120 - 66));
}

#[test]
fn a_region_of_several_accounts_has_its_totals_once() {
    let mut observation = account(false, vec![traffic(MODEL, 1_000, 100)]);
    let mut west = observation.places[0].clone();
    west.place.region = region("us-west-2");
    let mut other = observation.places[0].clone();
    other.place.account = AccountId::new("210987654321");
    observation.places.extend([west, other]);
    let report = report::build(&observation);
    let points = metrics::points(&report, &Settings::default());
    let regions: Vec<&str> = points
        .iter()
        .filter(|point| point.name == "MonthlyCost" && point.dimensions.len() == 1)
        .map(|point| point.dimensions[0].1.as_str())
        .collect();
    assert_eq!(regions, ["us-east-1", "us-west-2"]);
}

#[test]
fn units_without_a_term_are_not_bought_where_a_month_of_the_same_fall_would_lose() {
    // 46.80 USD an hour on-demand in the last week, 40 for a unit.
    let with_fall = |each_week: u64| {
        let mut observation = account(false, vec![traffic(MODEL, 560_000, 110_000)]);
        let book = BOOK.replace(
            "usd_per_unit_hour = \"30.00\"",
            "usd_per_unit_hour = \"60.00\"",
        );
        observation.prices = PriceBook::parse("round", &book).unwrap();
        let lane = lane_of(&mut observation, MODEL);
        for metrics in [&mut lane.survey, &mut lane.minutes] {
            for series in metrics.iter_mut().filter_map(|it| it.series.as_mut()) {
                let a_week = if series.step == HOUR { 168 } else { 168 * 60 };
                let weeks = series.values.len() / a_week;
                for (place, value) in series.values.iter_mut().enumerate() {
                    let left = u64::try_from(weeks - 1 - place / a_week).unwrap();
                    if let Some(value) = value {
                        *value += *value * each_week * left / 100;
                    }
                }
            }
        }
        report::build(&observation)
    };
    assert_eq!(counted(&with_fall(0)), [Action::BuyModelUnits]);
    let falling = with_fall(6);
    assert_eq!(counted(&falling), []);
    let bought = plans(&falling, MODEL, Action::BuyModelUnits);
    let mut reasons = bought.iter().flat_map(|plan| &plan.why_not);
    assert!(
        reasons.any(|why| why.contains("of it is left in a month")),
        "{bought:?}"
    );
}

#[test]
fn what_a_unit_carries_above_its_stated_capacity_is_no_saving() {
    // Two held units carry what three are said to serve; 7.20 USD an hour are on-demand beside them.
    let mut observation = with_busy(
        account(false, vec![traffic(MODEL, 100_000, 10_000)]),
        3_000_000,
        900_000,
    );
    observation.places[0].inventory.provisioned_models[0].model_units = ModelUnits::new(2);
    for overflow in [Overflow::Spill, Overflow::Throttle] {
        observation.settings.overflow = overflow;
        let report = report::build(&observation);
        assert_eq!(actions(&report), []);
        let verdict = &workload(&report, MODEL).verdict;
        assert!(
            verdict.contains("150.0 % of the capacity that is stated"),
            "{verdict}"
        );
    }
}

#[test]
fn nothing_is_bought_beside_units_that_are_let_go_when_their_term_ends() {
    // An idle unit whose term ends soon, and traffic for one and a half.
    let mut observation = with_idle(account(false, vec![traffic(MODEL, 1_500_000, 450_000)]));
    let end = observation.window.end();
    let held = &mut observation.places[0].inventory.provisioned_models[0];
    held.commitment_duration = Some(CommitmentDuration::OneMonth);
    held.commitment_expiration_time = Some(end + SignedDuration::from_hours(3 * 24));
    let report = report::build(&observation);
    assert_eq!(counted(&report), []);
    assert_eq!(actions(&report), [Action::DeleteIdleProvisionedModel]);
    let bought = plans(&report, MODEL, Action::BuyModelUnits);
    assert!(bought.iter().all(|plan| !plan.advised));
    let reasons: Vec<&String> = bought.iter().flat_map(|plan| &plan.why_not).collect();
    assert!(
        reasons.iter().any(|why| why.contains("when its term ends")),
        "{reasons:?}"
    );
    // Nothing is to be run before that day.
    assert!(report.recommendations[0].remedy.command.is_none());
}

#[test]
fn of_holding_less_and_buying_more_the_one_that_saves_more_is_advised() {
    // Ten units where eight would do for what they serve, and on-demand traffic for two.
    let mut observation = with_busy(
        account(false, vec![traffic(MODEL, 1_000_000, 100_000)]),
        6_000_000,
        1_800_000,
    );
    observation.places[0].inventory.provisioned_models[0].model_units = ModelUnits::new(10);
    let report = report::build(&observation);
    let saved = report.totals.potential_monthly_savings;
    let best = report.workloads[0]
        .plans
        .iter()
        .filter_map(|plan| plan.estimated_monthly_savings)
        .max();
    assert!(
        best.is_some_and(|best| best <= saved),
        "{:#?}",
        report.workloads[0].plans
    );
}

#[test]
fn a_dismissed_fill_leaves_its_traffic_for_others_to_save() {
    let mut observation = with_bound(
        account(true, vec![traffic(MODEL, 500_000, 100_000)]),
        1_000,
        1_000,
    );
    let filled = report::build(&observation);
    assert_eq!(counted(&filled), [Action::FillProvisionedModel]);
    let id = filled.recommendations[0].id.clone();
    let text = format!(
        "schema_version = 1\n[[dismissed]]\nid = \"{id}\"\nuntil = \"2026-12-31\"\nwhy = \"no\"\n"
    );
    observation.overrides = Overrides::parse("o.toml", &text).unwrap();
    let report = report::build(&observation);
    assert_eq!(counted(&report), [Action::RouteToGlobalProfile]);
}
