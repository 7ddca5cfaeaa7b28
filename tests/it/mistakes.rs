//! Mistakes that were made once: each test says the rule that one of them broke.

use std::collections::BTreeSet;

use bedrock_cost_guard::advice::{Action, Plan, Recommendation};
use bedrock_cost_guard::catalog::{Overrides, PriceBook, RateQuery, RegionBasis};
use bedrock_cost_guard::config::{Overflow, Run, Settings};
use bedrock_cost_guard::domain::period::HOUR;
use bedrock_cost_guard::domain::{
    AccountId, BaseModel, Geo, LoadWeights, Meter, ModelId, ModelUnits, Ratio, Scope, Series,
    ServiceTier, Tokens, Usd,
};
use bedrock_cost_guard::guard::RunOutcome;
use bedrock_cost_guard::observation::{
    CommitmentDuration, FailedPlace, FoundationModel, LaneUsage, Observation, OpenBefore,
    ProvisionedModel, Status,
};
use bedrock_cost_guard::pricing::{DemandSeries, LOAD_SCALE};
use bedrock_cost_guard::report::{self, HoldingState, Report, WorkloadReport, metrics};
use bedrock_cost_guard::terminal::report as text;
use jiff::SignedDuration;
use rust_decimal::Decimal;
use serde_json::{Value, json};

use crate::support::account::{
    Account, HELD, TOKENS, allowed_scopes, bound, bound_for_weeks, dismissed, held, metric, region,
    window,
};
use crate::support::book::{MODEL, UNIT, book, in_region, rate, unit, with_units};
use crate::support::fake_aws::PutDatum;
use crate::support::reports::{actions, an_hour, counted, workload};
use crate::support::served::Served;
use crate::support::{
    CACHED, LEFTOVER, MODERATION, UNITS, lane_of, sample, sample_of, small_observation, whole,
};

/// Id under which [`MODEL`] is called at the flex tier.
const FLEX: &str = "maker.model-v1:0+flex";

/// Writes the rows of [`with_units`], and a tenth less through the global profile.
fn with_global_prices() -> Vec<String> {
    let mut rows = with_units();
    rows.push(rate("global", "standard", ["0.90", "1.80"]));
    rows.push(rate("global", "flex", ["0.45", "0.90"]).replace('*', "us-east-1"));
    rows
}

/// Starts an account that sells units, and where the global profile costs a tenth less and may be
/// used.
fn with_global() -> Account {
    let mut account = Account::on(book(&with_global_prices()));
    account.observation.settings.allow_global_routing = true;
    account
}

/// Returns a provisioned model of so many units without a term.
fn units(number: u32) -> ProvisionedModel {
    ProvisionedModel { model_units: ModelUnits::new(number), ..held() }
}

#[expect(clippy::expect_used, reason = "only tests call it")]
fn recommended(report: &Report, action: Action) -> &Recommendation {
    let mut recommendations = report.recommendations.iter();
    recommendations.find(|advice| advice.action == action).expect("it is advised")
}

fn plans<'r>(report: &'r Report, model: &str, action: Action) -> Vec<&'r Plan> {
    let plans = workload(report, model).plans.iter();
    plans.filter(|plan| plan.action == Some(action)).collect()
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
    let account = Account::selling_units().tokens(MODEL, 700_000, 100_000);
    let report = account.busy(held(), 960_000, 100_000).report();
    // What is held is worth its price, and less under a term; binding is no change beside which nothing
    // can be bought.
    assert_eq!(counted(&report), [Action::BuyModelUnits, Action::BindProvisionedModel]);
    let advice = recommended(&report, Action::BuyModelUnits);
    let on_demand = workload(&report, MODEL).on_demand_monthly_cost;
    assert_eq!(on_demand, an_hour(54));
    assert_eq!(advice.money.current.monthly_cost, Some(on_demand));
    assert_eq!(advice.money.proposed.monthly_cost, Some(an_hour(30)));
    assert_eq!(advice.savings(), Some(an_hour(24)));
    assert!(advice.money.proposed.description.starts_with("1 model unit,"));
}

#[test]
fn a_provisioned_model_that_is_being_changed_gives_no_advice_from_its_traffic() {
    let account = Account::selling_units().tokens(MODEL, 700_000, 100_000);
    let steady = account.clone().busy(held(), 10_000, 1_000).report();
    assert_eq!(counted(&steady), [Action::FillProvisionedModel, Action::BindProvisionedModel]);

    let changing = ProvisionedModel { status: "Updating".into(), ..held() };
    let report = account.busy(changing, 10_000, 1_000).report();
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
fn what_was_not_read_whole_may_be_the_traffic_of_a_silent_unit() {
    let mut observation = sample_of(&LEFTOVER);
    let mut unread = metric("Invocations", observation.window, HOUR, |_| None);
    (unread.status, unread.series) = (Status::Incomplete("PartialData".to_owned()), None);
    let id = ModelId::parse("yyyyyyyyyyyy");
    let lane = LaneUsage { survey: vec![unread], ..LaneUsage::new(id) };
    observation.places[0].usage.lanes.push(lane);
    let report = report::build(&observation);
    assert_eq!(actions(&report), []);
    assert_eq!(report.holdings[0].state, HoldingState::NotSeen);
    assert!(report.holdings[0].reason.as_deref().unwrap().contains("yyyyyyyyyyyy"));
}

#[test]
fn an_idle_unit_without_a_price_is_to_be_deleted_and_saves_nobody_knows_how_much() {
    let unpriced = Account::on(book(&[in_region()]));
    for (held, is_bound) in [(units(2), false), (bound_for_weeks(), true)] {
        let report = unpriced.clone().tokens(MODEL, 900, 100).idle(held).report();
        let advice = recommended(&report, Action::DeleteIdleProvisionedModel);
        assert_eq!((advice.savings(), advice.is_counted()), (None, false));
        let because = advice.standing.not_counted_because.as_deref().unwrap();
        assert!(because.contains("the price book has no price of its units"), "{because}");
        assert_eq!(because.contains("until its term ends"), is_bound, "{because}");
        let delete = advice.remedy.steps.last().unwrap();
        assert!(delete.command.as_deref().unwrap().contains("delete-provisioned-model-throughput"));
        assert_eq!(report.totals.potential_monthly_savings, Usd::ZERO);
        // An alarm on the dollars would stay silent.
        let points = metrics::points(&report, &Settings::default());
        let idle = points.iter().filter(|point| point.name == "IdleProvisionedModels");
        assert!(idle.clone().count() == 2 && idle.clone().all(|it| it.value == Decimal::ONE));
        let json = serde_json::to_value(advice).unwrap();
        assert_eq!(json["estimated_monthly_savings"], json!({}));
        assert_eq!(json["current"].get("monthly_cost"), None);
        let page = text::render(&report);
        assert!(page.contains("saves an unknown amount") && page.contains("no price"), "{page}");
    }
}

#[test]
fn a_provisioned_model_has_not_been_idle_for_longer_than_it_exists() {
    let mut observation = sample_of(&LEFTOVER);
    let created = observation.window.end() - SignedDuration::from_hours(20 * 24);
    observation.places[0].inventory.provisioned_models[0].creation_time = created;
    let report = report::build(&observation);
    let advice = recommended(&report, Action::DeleteIdleProvisionedModel);
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
    assert_eq!(metric_of(&report, "CommitmentWorth", "ProvisionedModel").len(), 1);

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
    let names = ["Invocations", "InputTokenCount"];
    let mut account = Account::selling_units().survey("zzzzzzzzzzzz", names, |_| [0; 2]);
    for metric in &mut account.lane_of("zzzzzzzzzzzz").survey {
        metric.status = Status::Incomplete("PartialData".to_owned());
        metric.series = None;
    }
    let report = account.report();
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
    let open = |name: &str| OpenBefore { region: region(name), id: format!("rec-{name}") };
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
    let scopes = [Scope::InRegion, Scope::Geo(Geo::UsGov), Scope::Geo(Geo::Us), Scope::Global];
    let tiers = [
        ServiceTier::Standard,
        ServiceTier::Batch,
        ServiceTier::Flex,
        ServiceTier::Priority,
        ServiceTier::LatencyOptimized,
    ];
    let mut named = 0;
    for book in
        [book(&with_global_prices()), PriceBook::aws().unwrap(), PriceBook::article().unwrap()]
    {
        for model in book.models.iter().map(|model| &model.id) {
            for (scope, tier) in
                scopes.into_iter().flat_map(|scope| tiers.map(|tier| (scope, tier)))
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
            assert!(offers.iter().all(|offer| is_named(offer.source.region_basis)));
        }
    }
    assert!(named > 0);

    let mut account = with_global().tokens(MODEL, 100_000, 10_000);
    assert_eq!(actions(&account.report()), [Action::RouteToGlobalProfile]);
    account.observation.places[0].place.region = gov;
    let report = account.report();
    assert_eq!(actions(&report), []);
    assert!(plans(&report, MODEL, Action::RouteToGlobalProfile).is_empty());
    assert!(workload(&report, MODEL).monthly_cost.is_positive());
}

#[test]
fn requests_that_nothing_billed_was_metered_for_are_unpriced_and_not_free() {
    const REEL: &str = "amazon.nova-reel-v1:0";
    let account = Account::new().survey(REEL, ["Invocations"], |_| [2]);
    let report = account.report();
    assert_eq!(report.unpriced.len(), 1);
    let unpriced = &report.unpriced[0];
    assert_eq!((unpriced.model_id.as_str(), unpriced.meter), (REEL, None));
    assert_eq!(unpriced.quantity, Tokens::new(2 * 28 * 24));
    assert!(report.totals.is_at_least);
    // Requests are no tokens.
    assert_eq!(report.totals.unpriced_tokens, Tokens::ZERO);

    let page = text::render(&report);
    assert!(page.contains("1,344 requests"), "{page}");
    assert!(page.contains("no price of its output video seconds"), "{page}");
    let row = page.lines().find(|line| line.contains("Nova Reel")).unwrap();
    assert!(row.ends_with("unpriced") && !row.contains('$'), "{row}");
    assert_eq!(metric_of(&report, "MonthlyCost", "Model"), []);
}

#[test]
fn under_throttle_units_cover_the_recent_hours_before_the_minutes_too() {
    let twenty_days_ago = window().hours() - 20 * 24;
    let report = |times| {
        let account = Account::selling_units().lane(MODEL, TOKENS, |minute| {
            let is_peak = minute / 60 == twenty_days_ago;
            [750_000, 200_000].map(|count| if is_peak { times * count } else { count })
        });
        account.report()
    };
    // On-demand costs 69 USD an hour, a unit 30: two still pay, three do not.
    for (times, units) in [(1, 1), (2, 2)] {
        let report = report(times);
        let advice = recommended(&report, Action::BuyModelUnits);
        assert!(advice.money.proposed.description.starts_with(&ModelUnits::new(units).to_string()));
        let cost = an_hour(30 * units);
        assert_eq!(advice.money.proposed.monthly_cost, Some(cost));
        assert_eq!(advice.savings(), advice.money.current.monthly_cost.map(|now| now - cost));
        let on_demand = workload(&report, MODEL).on_demand_monthly_cost;
        assert_eq!(advice.money.current.monthly_cost.unwrap().to_string(), on_demand.to_string());
    }
    let report = report(3);
    assert_eq!(actions(&report), []);
    let verdict = &workload(&report, MODEL).verdict;
    assert!(verdict.contains("3 model units"), "{verdict}");
}

#[test]
fn a_model_that_leaves_gets_no_units_and_the_reason_is_named() {
    let observation = |change: &dyn Fn(&mut FoundationModel)| {
        let mut account = Account::selling_units().tokens(MODEL, 700_000, 100_000);
        change(&mut account.observation.places[0].inventory.foundation_models[0]);
        account.report()
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
    let bound = plans.iter().find(|plan| plan.description.contains("1-month term")).unwrap();
    assert!(!bound.advised);
    let why = bound.why_not.join("; ");
    assert!(why.contains("end of life, 2026-04-26"), "{why}");
    // Units without a term can go with the model.
    let advice = recommended(&ending, Action::BuyModelUnits);
    assert!(advice.standing.rollback_possible && advice.commitment.commitment_total.is_none());
}

#[test]
fn requests_that_were_refused_make_a_workload_cost_at_least_what_it_shows() {
    let report = |hour_of_refusals: u64| {
        let refused = |hour| [if hour == hour_of_refusals { 3 } else { 0 }];
        Account::selling_units()
            .tokens(MODEL, 700_000, 100_000)
            .survey(MODEL, ["InvocationThrottles"], refused)
            .report()
    };
    let is_a_risk = |report: &Report| {
        let risks = &recommended(report, Action::BuyModelUnits).grounds.risks;
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
    for (status, is_billed) in
        [("Failed", false), ("Creating", false), ("InService", true), ("Updating", true)]
    {
        let mut observation = sample_of(&LEFTOVER);
        observation.places[0].inventory.provisioned_models[0].status = status.into();
        let report = report::build(&observation);
        let cost = report.holdings[0].monthly_cost;
        assert_eq!(cost.is_some(), is_billed, "{status}");
        assert_eq!(report.totals.holdings_monthly_cost, cost.unwrap_or_default(), "{status}");
        assert_eq!(report.totals.is_at_least, !is_billed, "{status}");
    }
}

#[test]
fn traffic_under_two_ids_of_one_provisioned_model_is_counted_once_and_said() {
    let account = Account::selling_units();
    let whole = account.clone().busy(held(), 500_000, 100_000).report();
    assert!(whole.holdings[0].worth.is_some() && whole.incomplete.is_empty());
    let report =
        account.tokens("h0ldh0ldh0ld", 400_000, 100_000).busy(held(), 500_000, 100_000).report();
    let counted: Vec<&str> =
        workload(&report, MODEL).lanes.iter().map(|lane| lane.model_id.as_str()).collect();
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
    let without = with_global().tokens(MODEL, 100_000, 10_000);
    let expected = without.report();
    assert_eq!(counted(&expected), [Action::RouteToGlobalProfile]);
    let with = without.survey(MODEL, ["OutputImageCount"], |_| [0]);
    let report = with.report();
    assert_eq!(counted(&report), [Action::RouteToGlobalProfile]);
    assert_eq!(report.recommendations[0].savings(), expected.recommendations[0].savings());
    assert!(report.unpriced.is_empty() && !report.totals.is_at_least);
}

#[test]
fn a_recommendation_about_thousands_of_profiles_stays_short_and_says_how_many_more() {
    const PROFILES: usize = 1_500;
    let mut account = with_global().days(7);
    account.observation.settings.recent_days = 7;
    let account = (0..PROFILES).fold(account, |account, number| {
        let id = format!("p{number:011}");
        account.survey(&id, ["InputTokenCount"], |_| [1_000_000]).profile(&id, &["us-east-1"])
    });
    let report = account.report();
    let advice = recommended(&report, Action::RouteToGlobalProfile);
    assert_eq!(advice.money.current.monthly_cost, Some(an_hour(1_500)));
    assert_eq!(advice.savings(), Some(an_hour(150)));
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

fn allowing(account: Account, scopes: &[&str]) -> Report {
    account.overrides(&allowed_scopes(scopes)).report()
}

#[test]
fn units_are_not_counted_where_the_overrides_do_not_allow_their_region() {
    let buy = Account::selling_units().tokens(MODEL, 700_000, 100_000);
    let fill = buy.clone().busy(bound_for_weeks(), 10_000, 1_000);
    for (account, action) in [(buy, Action::BuyModelUnits), (fill, Action::FillProvisionedModel)] {
        let allowed = allowing(account.clone(), &["in-region"]);
        assert_eq!(counted(&allowed), [action]);
        let report = allowing(account, &["geo"]);
        let because = recommended(&report, action).standing.not_counted_because.as_deref();
        assert!(because.unwrap().contains("in-Region scope"));
        assert_eq!(counted(&report), []);
        assert_eq!(report.totals.potential_monthly_savings, Usd::ZERO);
    }
}

#[test]
fn the_overrides_of_a_model_go_before_the_setting_for_global_routing() {
    let account = |setting| {
        let mut account = with_global().tokens(MODEL, 100_000, 10_000);
        account.observation.settings.allow_global_routing = setting;
        account
    };
    let route = |report: &Report| {
        let advice = recommended(report, Action::RouteToGlobalProfile);
        advice.standing.not_counted_because.clone()
    };
    let why = route(&account(false).report()).unwrap();
    assert!(why.contains("GUARD_ALLOW_GLOBAL_ROUTING"), "{why}");
    let both = allowing(account(false), &["in-region", "global"]);
    assert_eq!(route(&both), None);
    let why = route(&allowing(account(true), &["in-region"])).unwrap();
    assert!(why.contains("overrides"), "{why}");
}

#[test]
fn an_idle_unit_beside_traffic_of_its_model_is_filled_or_deleted_by_what_saves_more() {
    // It costs 40 USD an hour.
    for (input, output, actions, savings) in [
        (100_000, 0, &[Action::DeleteIdleProvisionedModel][..], 40),
        // Filled, and 10 USD an hour less under a term.
        (700_000, 100_000, &[Action::FillProvisionedModel, Action::BindProvisionedModel][..], 64),
        // More than it can carry: two units under a term carry it, for 60 instead of 102 USD an hour.
        (
            1_500_000,
            100_000,
            &[Action::BuyModelUnits, Action::DeleteIdleProvisionedModel][..],
            40 + 42,
        ),
    ] {
        let account = Account::selling_units().tokens(MODEL, input, output);
        let report = account.idle(held()).report();
        assert_eq!(counted(&report), actions, "{input}");
        assert_eq!(report.totals.potential_monthly_savings, an_hour(savings));
    }
}

#[test]
fn filling_standard_traffic_takes_nothing_from_the_routing_of_a_flex_lane() {
    let mut account =
        with_global().tokens(FLEX, 500_000, 100_000).busy(bound_for_weeks(), 1_000, 1_000);
    account.observation.settings.min_savings_ratio = Ratio::ZERO;
    let alone = account.report();
    let expected = recommended(&alone, Action::RouteToGlobalProfile).savings();
    assert_eq!(expected, Some(Usd::new("1533".parse().unwrap())));
    let both = account.tokens(MODEL, 500_000, 100_000).report();
    assert_eq!(recommended(&both, Action::FillProvisionedModel).savings(), Some(an_hour(42)));
    assert_eq!(recommended(&both, Action::RouteToGlobalProfile).savings(), expected);
}

#[test]
fn an_application_profile_is_known_under_the_suffix_of_a_tier() {
    let report = Account::selling_units()
        .tokens("a1b2c3d4e5f6+flex", 500_000, 0)
        .profile("a1b2c3d4e5f6", &["us-east-1"])
        .report();
    assert!(report.unpriced.is_empty());
    let lane = &workload(&report, MODEL).lanes[0];
    assert_eq!(lane.service_tier, Some(ServiceTier::Flex));
    assert_eq!(lane.inference_profile_name.as_deref(), Some("team-a1b2c3d4e5f6"));
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
        (&|it| it["settings"]["recent_days"] = 0.into(), "recent_days"),
        (&|it| it["settings"]["recent_days"] = u32::MAX.into(), "recent_days"),
        (&|it| it["settings"]["lookback_days"] = 0.into(), "lookback_days"),
        (&|it| it["settings"]["headroom"] = "-0.1".into(), "settings.headroom"),
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
    let account = Account::selling_units();
    let mut value = serde_json::to_value(&account.observation).unwrap();
    assert!(Observation::from_json(&value.to_string()).is_ok());
    value["prices"]["model"][0]["model_units"][0]["input_tokens_per_hour"] = "0".into();
    let error = Observation::from_json(&value.to_string()).unwrap_err();
    assert!(error.to_string().contains("not a whole number of tokens from 1"), "{error}");
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
    assert_eq!(ids(&known).len(), 12);
    assert_eq!(ids(&unknown), ids(&known));
}

/// Runs the guard over the sample's [`UNITS`] with this event, and returns what the run put.
async fn run_with(event: Value) -> (RunOutcome, Vec<PutDatum>) {
    let mut served = Served::of(sample_of(&[UNITS]));
    served.event = event;
    (served.run().await, served.fake.put_data())
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
        let settings = Settings { dry_run: configured, ..Settings::default() };
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
    for any_names in ["us-east-1", "*"] {
        let any = rate("any", "standard", ["1.00", "1.00"]).replace('*', any_names);
        let very = rate("in-region", "standard", ["2.00", "2.00"]);
        for rows in [[any.clone(), very.clone()], [very, any]] {
            let book = book(&rows);
            let price = |scope| {
                let rate = book.rate(&RateQuery {
                    model: &BaseModel::new(MODEL),
                    region: &region("us-east-1"),
                    scope,
                    tier: Some(ServiceTier::Standard),
                    meter: Meter::Input,
                    input_tokens: None,
                    day: "2026-04-05".parse().unwrap(),
                });
                rate.unwrap().list_unit_price.to_string()
            };
            assert_eq!(price(Scope::InRegion), "2.00", "{rows:?}");
            assert_eq!(price(Scope::Global), "1.00", "{rows:?}");
        }
    }
}

#[test]
fn cache_reads_are_no_input_tokens_and_weigh_a_tenth_of_one() {
    let hours =
        |count| Series { start: window().start(), step: HOUR, values: vec![Some(count)].into() };
    let mut demand = DemandSeries::none(window().start(), HOUR, 1);
    let weights = LoadWeights::default();
    let (input, read) = ("3.00".parse().unwrap(), "0.30".parse().unwrap());
    demand.add(Meter::Input, &hours(1_000_000), input, weights).unwrap();
    demand.add(Meter::CacheRead, &hours(4_000_000), read, weights).unwrap();
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
    assert_eq!(tokens(Meter::CacheRead), metered("CacheReadInputTokenCount"));
    let sum: Usd = lane.meters.iter().filter_map(|meter| meter.monthly_list_cost).sum();
    assert_eq!(lane.monthly_cost, sum);
}

#[test]
fn only_the_dearest_models_have_metrics_of_their_own() {
    let report = report::build(&whole(sample()));
    let mut priced: Vec<&WorkloadReport> =
        report.workloads.iter().filter(|workload| workload.is_priced).collect();
    priced.sort_by_key(|workload| std::cmp::Reverse(workload.monthly_cost));
    for most in [0, 1, 3, 50] {
        let settings =
            Settings { max_metric_models: u32::try_from(most).unwrap(), ..Settings::default() };
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
            let dearest: Vec<&str> =
                priced.iter().take(most).map(|workload| workload.model.id()).collect();
            assert_eq!(of, dearest, "{name} of {most}");
        }
        // The totals are of all of them.
        let total =
            points.iter().find(|point| point.name == "MonthlyCost" && point.dimensions.is_empty());
        assert_eq!(total.unwrap().value, report.totals.monthly_cost.dollars(), "{most}");
    }
    assert!(priced.len() > 3);
}

#[test]
fn a_fill_that_does_not_count_keeps_nothing_else_from_counting() {
    let idle = Account::selling_units().tokens(MODEL, 700_000, 100_000).idle(held());
    let report = allowing(idle, &["geo"]);
    assert_eq!(counted(&report), [Action::DeleteIdleProvisionedModel]);

    let busy = with_global().tokens(MODEL, 700_000, 100_000).busy(bound_for_weeks(), 1_000, 1_000);
    let report = allowing(busy, &["geo", "global"]);
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
    let account = Account::selling_units().tokens(MODEL, 700_000, 100_000);
    let hidden = account.clone().idle(held()).tokens("someopaque12", 900_000, 100_000);
    let creating = account.idle(ProvisionedModel { status: "Creating".into(), ..held() });
    for (account, why) in [(hidden, "someopaque12"), (creating, "its status is Creating")] {
        let report = account.report();
        assert_eq!(actions(&report), []);
        let verdict = &workload(&report, MODEL).verdict;
        assert!(verdict.contains(why), "{verdict}");
    }
}

#[test]
fn changes_are_said_in_the_order_to_make_them_in() {
    let report = with_global().tokens(MODEL, 700_000, 100_000).report();
    assert_eq!(
        workload(&report, MODEL).verdict,
        "route to the global profile, then buy model units"
    );
    let buy = recommended(&report, Action::BuyModelUnits);
    assert!(
        buy.grounds.risks.iter().any(|risk| risk.contains("only the rest goes through a profile"))
    );
}

#[test]
fn units_beside_held_ones_say_that_both_have_to_be_called() {
    let mut account =
        Account::selling_units().tokens(MODEL, 700_000, 100_000).busy(held(), 800_000, 100_000);
    account.observation.settings.overflow = Overflow::Spill;
    let report = account.report();
    let buy = recommended(&report, Action::BuyModelUnits);
    assert!(buy.grounds.risks.iter().any(|risk| risk.contains("1 model unit held already")));
}

#[test]
fn two_units_that_could_each_be_spared_are_not_both_given_up() {
    // Each serves 36 USD an hour on-demand for 40, and one of them has room for both: 72 for 40.
    let other = ProvisionedModel {
        provisioned_model_arn: HELD.replace("h0ldh0ldh0ld", "0therh0ld000"),
        provisioned_model_name: "other".to_owned(),
        ..held()
    };
    let report = Account::selling_units()
        .busy(held(), 400_000, 100_000)
        .busy(other, 400_000, 100_000)
        .report();
    // The one that is kept costs 30 under a term.
    assert_eq!(counted(&report), [Action::GiveUpProvisionedModel, Action::BindProvisionedModel]);
    assert_eq!(report.totals.potential_monthly_savings, an_hour(40 + 10));
    let sizes: Vec<Option<&str>> =
        report.holdings.iter().map(|it| it.right_size.as_deref()).collect();
    assert!(sizes.contains(&Some("none")) && sizes.contains(&Some("1 model unit")));
}

#[test]
fn what_aws_does_not_serve_on_demand_is_not_given_up_for_on_demand() {
    let mut account = Account::selling_units().busy(held(), 100_000, 10_000);
    assert_eq!(counted(&account.report()), [Action::GiveUpProvisionedModel]);

    for model in &mut account.observation.places[0].inventory.foundation_models {
        model.inference_types_supported = vec!["PROVISIONED".into()];
    }
    let report = account.report();
    assert_eq!(actions(&report), []);
}

#[test]
fn a_legacy_model_is_not_right_sized_since_no_smaller_units_are_sold() {
    // Three units of which one would do, worth more than it costs, and less under a term.
    let three = |status: &str| {
        let mut account = Account::selling_units().busy(units(3), 700_000, 200_000);
        for model in &mut account.observation.places[0].inventory.foundation_models {
            model.lifecycle_status = Some(status.into());
        }
        account.report()
    };
    let active = three("ACTIVE");
    assert_eq!(counted(&active), [Action::BindProvisionedModel]);
    assert_eq!(active.totals.potential_monthly_savings, an_hour(120 - 30));
    // On-demand it costs 66 USD an hour, and three units 120: the whole is given up instead.
    let legacy = three("LEGACY");
    assert_eq!(counted(&legacy), [Action::GiveUpProvisionedModel]);
    assert_eq!(legacy.totals.potential_monthly_savings, an_hour(120 - 66));
}

#[test]
fn a_region_of_several_accounts_has_its_totals_once() {
    let mut observation = Account::selling_units().tokens(MODEL, 1_000, 100).observation;
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
        let prices = book(&[
            in_region(),
            unit("none", "40.00", Some(UNIT)),
            unit("1-month", "60.00", Some(UNIT)),
        ]);
        let account = Account::on(prices).lane(MODEL, TOKENS, |minute| {
            let left = (60 * window().hours() - 1 - minute) / (60 * 168);
            [560_000, 110_000].map(|count| count + count * each_week * left / 100)
        });
        account.report()
    };
    assert_eq!(counted(&with_fall(0)), [Action::BuyModelUnits]);
    let falling = with_fall(6);
    assert_eq!(counted(&falling), []);
    let bought = plans(&falling, MODEL, Action::BuyModelUnits);
    let mut reasons = bought.iter().flat_map(|plan| &plan.why_not);
    assert!(reasons.any(|why| why.contains("of it is left in a month")), "{bought:?}");
}

#[test]
fn what_a_unit_carries_above_its_stated_capacity_is_no_saving() {
    // Two held units carry what three are said to serve; 7.20 USD an hour are on-demand beside them.
    let mut account =
        Account::selling_units().tokens(MODEL, 100_000, 10_000).busy(units(2), 3_000_000, 900_000);
    for overflow in [Overflow::Spill, Overflow::Throttle] {
        account.observation.settings.overflow = overflow;
        let report = account.report();
        assert_eq!(actions(&report), []);
        let verdict = &workload(&report, MODEL).verdict;
        assert!(verdict.contains("150.0 % of the capacity that is stated"), "{verdict}");
    }
}

#[test]
fn what_can_change_only_when_a_term_ends_stops_no_purchase_today() {
    // An idle unit whose term ends soon, and traffic for one and a half, which has no room in it.
    let report = Account::selling_units()
        .tokens(MODEL, 1_500_000, 450_000)
        .idle(bound(CommitmentDuration::OneMonth, 3))
        .report();
    // 144 USD an hour on-demand, and two units for 60.
    assert_eq!(counted(&report), [Action::BuyModelUnits]);
    assert_eq!(report.totals.potential_monthly_savings, an_hour(144 - 60));
    let idle = recommended(&report, Action::DeleteIdleProvisionedModel);
    assert!(!idle.is_counted());
    // Nothing of it is to be run before that day.
    assert!(idle.remedy.command.is_none());
}

#[test]
fn of_holding_less_and_buying_more_the_one_that_saves_more_is_advised() {
    // Ten units where eight would do for what they serve, and on-demand traffic for two.
    let report = Account::selling_units()
        .tokens(MODEL, 1_000_000, 100_000)
        .busy(units(10), 6_000_000, 1_800_000)
        .report();
    let saved = report.totals.potential_monthly_savings;
    let best =
        report.workloads[0].plans.iter().filter_map(|plan| plan.estimated_monthly_savings).max();
    assert!(best.is_some_and(|best| best <= saved), "{:#?}", report.workloads[0].plans);
}

#[test]
fn a_dismissed_fill_leaves_its_traffic_for_others_to_save() {
    let account =
        with_global().tokens(MODEL, 500_000, 100_000).busy(bound_for_weeks(), 1_000, 1_000);
    let filled = account.report();
    assert_eq!(counted(&filled), [Action::FillProvisionedModel]);
    let dismissed = dismissed(&filled.recommendations[0].id);
    let report = account.overrides(&dismissed).report();
    assert_eq!(counted(&report), [Action::BuyModelUnits, Action::RouteToGlobalProfile]);
}

#[test]
fn routing_binds_nothing_and_needs_no_share_of_the_cost() {
    let mut rows = with_units();
    rows.push(rate("global", "standard", ["0.96", "1.92"]));
    let mut account = Account::on(book(&rows)).tokens(MODEL, 100_000, 10_000);
    account.observation.settings.allow_global_routing = true;
    let report = account.report();
    assert_eq!(counted(&report), [Action::RouteToGlobalProfile]);
    let saved = report.totals.potential_savings_percentage.unwrap().number();
    assert!(saved < Decimal::from(5), "{saved}");
    // An amount is asked for all the same.
    account.observation.settings.min_monthly_savings = report.totals.potential_monthly_savings;
    assert_eq!(counted(&account.report()), []);
}

#[test]
fn what_is_dismissed_is_nothing_that_a_purchase_is_compared_with() {
    for tokens in [[400_000, 60_000], [500_000, 80_000], [700_000, 100_000]] {
        let mut account = with_global().tokens(MODEL, tokens[0], tokens[1]);
        let route = recommended(&account.report(), Action::RouteToGlobalProfile).id.clone();
        let dismissed = account.clone().overrides(&dismissed(&route)).report();
        account.observation.settings.allow_global_routing = false;
        let forbidden = account.report();
        assert_eq!(counted(&dismissed), counted(&forbidden), "{tokens:?}");
        assert_eq!(
            dismissed.totals.potential_monthly_savings,
            forbidden.totals.potential_monthly_savings
        );
        assert_eq!(dismissed.certificates, forbidden.certificates, "{tokens:?}");
        assert_eq!(
            workload(&dismissed, MODEL).break_even,
            workload(&forbidden, MODEL).break_even,
            "{tokens:?}"
        );
    }
}

#[test]
fn a_unit_that_nobody_uses_is_deleted_however_dear_the_traffic_beside_it() {
    let account = Account::selling_units().tokens(MODEL, 100_000_000, 30_000_000).idle(held());
    let report = account.report();
    let idle = report
        .recommendations
        .iter()
        .find(|advice| advice.action == Action::DeleteIdleProvisionedModel && advice.is_counted());
    let share = idle.unwrap().savings().unwrap().percent_of(report.totals.monthly_cost).unwrap();
    assert!(share.number() < Decimal::from(5), "{share}");
}

#[test]
fn a_batch_job_has_no_cache_and_costs_more_above_its_share_of_reads() {
    const CALLED: &str = "us.anthropic.claude-sonnet-4-6";
    const SONNET: &str = "anthropic.claude-sonnet-4-6";
    const METERS: [&str; 3] = ["InputTokenCount", "OutputTokenCount", "CacheReadInputTokenCount"];
    // With reads at a tenth of the input price and batch at half, from 55.6 % of reads on.
    for (reads, is_dearer) in [(20, false), (50, false), (60, true), (90, true)] {
        let tokens = [100 - reads, 0, reads].map(|count: u64| count * 1_000_000);
        let report = Account::new().survey(CALLED, METERS, |_| tokens).report();
        let [plan] = plans(&report, SONNET, Action::UseBatchInference)[..] else {
            panic!("{reads} % of reads: {:?}", workload(&report, SONNET).plans)
        };
        let saved = plan.estimated_monthly_savings.unwrap();
        assert_eq!(!saved.is_positive(), is_dearer, "{reads} % of reads");
        let now = workload(&report, SONNET).monthly_cost;
        assert_eq!(plan.monthly_cost.unwrap(), now - saved);
        assert_eq!(plan.why_not[0].contains("no prompt cache"), is_dearer, "{:?}", plan.why_not);
        assert!(!plan.advised);
    }
}

#[test]
fn the_cost_of_a_plan_at_another_tier_is_the_bill_of_that_arrangement() {
    let tokens = [100_000_u64, 10_000];
    // USD for a million of each, at the flex tier of the global profile and of the Region.
    for (is_allowed, prices) in [(true, ["0.45", "0.90"]), (false, ["0.50", "1.00"])] {
        let mut account = with_global().tokens(MODEL, tokens[0], tokens[1]);
        account.observation.settings.allow_global_routing = is_allowed;
        let report = account.report();
        let [plan] = plans(&report, MODEL, Action::UseFlexTier)[..] else { panic!("no flex") };
        let of = |count: u64, price: &str| -> Decimal {
            Decimal::from(count * 60 * 730) * price.parse::<Decimal>().unwrap()
                / Decimal::from(1_000_000)
        };
        let bill = of(tokens[0], prices[0]) + of(tokens[1], prices[1]);
        assert_eq!(plan.monthly_cost.unwrap().dollars().round_dp(6), bill.round_dp(6));
    }
}

#[test]
fn a_cache_tells_what_its_reads_saved_and_its_writes_cost() {
    const CALLED: &str = "global.anthropic.claude-sonnet-4-6";
    const SONNET: &str = "anthropic.claude-sonnet-4-6";
    const METERS: [&str; 4] = [
        "InputTokenCount",
        "OutputTokenCount",
        "CacheReadInputTokenCount",
        "CacheWriteInputTokenCount",
    ];
    // An hour: a million of input, four million of reads, a million of writes.
    let account = |reads: u64| {
        let account = Account::new();
        account.survey(CALLED, METERS, move |_| [1_000_000, 0, reads * 1_000_000, 1_000_000])
    };
    let report = account(4).report();
    let cache = workload(&report, SONNET).cache.unwrap();
    // At 3.00 of input, 0.30 of reads, 3.75 and 6.00 of writes, in USD for a million.
    assert_eq!(cache.reads_saved, an_hour("10.8"));
    assert_eq!(cache.writes_cost, an_hour("0.75"));
    assert_eq!(cache.net, an_hour("10.05"));
    assert_eq!(cache.net_kept_an_hour, Some(an_hour("7.8")));
    // Writes that nobody reads lose.
    let cache = workload(&account(0).report(), SONNET).cache.unwrap();
    assert_eq!(cache.net, Usd::ZERO - an_hour("0.75"));
    let uncached = Account::new().tokens(CALLED, 1_000_000, 1_000).report();
    assert_eq!(workload(&uncached, SONNET).cache, None);
}

#[test]
fn input_that_is_mostly_uncached_is_told_beside_a_little_cache_use() {
    const CALLED: &str = "global.anthropic.claude-sonnet-4-6";
    const METERS: [&str; 2] = ["InputTokenCount", "CacheReadInputTokenCount"];
    for (reads, is_told) in [(0, true), (10, true), (60, false)] {
        let tokens = [100 - reads, reads].map(|count: u64| count * 1_000_000);
        let report = Account::new().survey(CALLED, METERS, |_| tokens).report();
        let told = plans(&report, "anthropic.claude-sonnet-4-6", Action::CachePrompts);
        assert_eq!(told.len(), usize::from(is_told), "{reads} % of reads");
        for plan in told {
            assert!(!plan.advised && plan.estimated_monthly_savings.is_none());
            let words =
                "more than 21.7 % of what is cached is read again in time, 52.6 % if writes";
            assert!(plan.description.contains(words), "{}", plan.description);
        }
    }
}
