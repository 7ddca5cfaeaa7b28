//! The twenty-four classic mistakes of a guard over Bedrock's costs, by their numbers: each test says
//! the rule that one of them breaks, and fails where it is made.
//!
//! Not here: 12 (models that are billed through the Marketplace stand under services of their own in
//! Cost Explorer; the guard asks Cost Explorer nothing and reconciles with no bill).

use std::collections::BTreeSet;

use bedrock_cost_guard::advice::{Action, Effort, Gate, Plan, Recommendation};
use bedrock_cost_guard::catalog::InForce;
use bedrock_cost_guard::catalog::price_list::{Harvest, Names, PriceList};
use bedrock_cost_guard::config::{Overflow, Settings};
use bedrock_cost_guard::domain::{Meter, ModelUnits, Ratio, Tokens, Usd};
use bedrock_cost_guard::guard::RunOutcome;
use bedrock_cost_guard::observation::{OpenBefore, ProvisionedModel, Status};
use bedrock_cost_guard::report::{self, Report, metrics};
use jiff::SignedDuration;
use rust_decimal::Decimal;
use serde_json::{Value, json};

use crate::support::account::{
    Account, HELD, SONNET, TOKENS, bound_for_weeks, held, region, reserved, window,
};
use crate::support::book::{MODEL, UNIT, book, in_region, model, parse, rate, unit, with_units};
use crate::support::fake_aws::FakeAws;
use crate::support::products::{nova_micro, product};
use crate::support::reports::{an_hour, counted, only, usd};
use crate::support::served::Served;

/// Metrics a minute for which tokens are reserved: 33.66 USD an hour on-demand, for 26.73.
const WRITES: [(&str, u64); 3] = [
    ("InputTokenCount", 20_000),
    ("OutputTokenCount", 10_000),
    ("CacheWriteInputTokenCount", 80_000),
];

/// Returns the one recommendation that counts.
fn the_one(report: &Report) -> &Recommendation {
    assert_eq!(counted(report).len(), 1, "{:?}", counted(report));
    // Those that do not count stand behind.
    &report.recommendations[0]
}

/// Returns the one recommendation, which a term keeps from counting.
fn the_one_to_come(report: &Report) -> &Recommendation {
    let [advice] = &report.recommendations[..] else { unreachable!("{:?}", counted(report)) };
    assert!(!advice.is_counted());
    advice
}

/// Returns the plans of an action whose descriptions have some words.
fn plans<'r>(report: &'r Report, action: Action, words: &str) -> Vec<&'r Plan> {
    let plans = report.workloads.iter().flat_map(|it| &it.plans);
    plans.filter(|plan| plan.action == Some(action) && plan.description.contains(words)).collect()
}

/// Runs the guard over an account, minutes after it was observed.
async fn run_later(account: &Account, event: Value, minutes: i64) -> (RunOutcome, FakeAws) {
    let mut served = Served::of(account.observation.clone());
    served.event = event;
    served.as_of += SignedDuration::from_mins(minutes);
    (served.run().await, served.fake)
}

async fn run(account: &Account) -> Report {
    run_later(account, json!({}), 0).await.0.report
}

/// Mistake 1: input tokens are taken to hold the cached ones, or cached ones are forgotten.
#[test]
fn cached_tokens_are_not_part_of_input_tokens_nor_ignored() {
    let metered = [
        ("InputTokenCount", 10_000),
        ("OutputTokenCount", 1_000),
        ("CacheReadInputTokenCount", 100_000),
        ("CacheWriteInputTokenCount", 20_000),
    ];
    let report = Account::new().steady(SONNET, metered).report();
    // An hour: 0.6 × 3.30 + 0.06 × 16.50 + 6 × 0.33 + 1.2 × 4.125 USD.
    assert_eq!(report.totals.monthly_cost, an_hour("9.90"));
    let meters = &only(&report).lanes[0].meters;
    let of: Vec<(Meter, u64, Option<Usd>)> =
        meters.iter().map(|it| (it.meter, it.tokens.count(), it.monthly_cost)).collect();
    assert_eq!(
        of,
        [
            (Meter::Input, 672 * 600_000, Some(an_hour("1.98"))),
            (Meter::Output, 672 * 60_000, Some(an_hour("0.99"))),
            (Meter::CacheRead, 672 * 6_000_000, Some(an_hour("1.98"))),
            (Meter::CacheWrite, 672 * 1_200_000, Some(an_hour("4.95"))),
        ]
    );
}

/// Mistake 1, of model units: their load is taken for the sum of all tokens, or for input alone.
#[test]
fn a_unit_is_loaded_by_a_cache_write_with_a_quarter_more_and_by_a_read_with_a_tenth() {
    let bought = |reads: u64| {
        let metered = [
            ("InputTokenCount", 400_000),
            ("OutputTokenCount", 100_000),
            ("CacheReadInputTokenCount", reads),
            ("CacheWriteInputTokenCount", 160_000),
        ];
        let mut account = Account::selling_units().steady(MODEL, metered);
        // If units cache nothing each token weighs one: 2,560,000 ask for four units, for 120 USD.
        assert_eq!(counted(&account.report()), []);
        account.observation.settings.units_cache = true;
        let report = account.report();
        let advice = the_one(&report).clone();
        assert_eq!(advice.action, Action::BuyModelUnits);
        advice
    };
    // 400,000 + 1.25 × 160,000 + 0.1 × 2,000,000 are 800,000, with a fifth more 960,000: one unit,
    // in place of 24 + 12 + 12 + 12 USD.
    let one = bought(2_000_000);
    assert_eq!(one.money.current.monthly_cost, Some(an_hour("60")));
    assert_eq!(one.money.proposed.monthly_cost, Some(an_hour("30")));
    // With 4,000,000 reads 1,000,000, with a fifth more two units, in place of 12 USD more.
    let two = bought(4_000_000);
    assert_eq!(two.money.current.monthly_cost, Some(an_hour("72")));
    assert_eq!(two.money.proposed.monthly_cost, Some(an_hour("60")));
}

/// Mistake 1, of reserved tokens: they are sized on all tokens alike, or on input alone.
#[test]
fn cache_writes_fill_a_reservation_once_at_a_quarter_more_and_reads_do_not_fill_it() {
    let account = Account::new().steady(SONNET, WRITES);
    let without = account.report();
    let advice = the_one(&without);
    // An hour on-demand: 1.2 × 3.30 + 4.8 × 4.125 + 0.6 × 16.50 USD. Reserved for three months:
    // 100 × 0.1782 + 10 × 0.891.
    assert_eq!(advice.action, Action::ReserveTokens);
    assert_eq!(advice.money.current.monthly_cost, Some(an_hour("33.66")));
    assert_eq!(advice.money.proposed.monthly_cost, Some(an_hour("26.73")));
    assert!(
        advice
            .money
            .proposed
            .description
            .starts_with("100,000 input and 10,000 output tokens a minute reserved")
    );
    // Where writes are, even a month at list beats parity: 100 × 0.198 + 10 × 0.99 USD.
    let for_a_month = plans(&without, Action::ReserveTokens, "1-month term");
    assert_eq!(for_a_month[0].estimated_monthly_savings, Some(an_hour("3.96")));

    // 60 million reads an hour cost 19.80 USD, and stay what they are.
    let mut with = account.steady(SONNET, [("CacheReadInputTokenCount", 1_000_000)]);
    let beside = with.report();
    assert_eq!(beside.totals.monthly_cost, an_hour("53.46"));
    assert_eq!(the_one(&beside).money.current.monthly_cost, Some(an_hour("33.66")));
    assert_eq!(the_one(&beside).money.proposed, advice.money.proposed);
    // Where the operator says that they are served, they are, and take no room.
    with.observation.settings.reserved_cache_reads = true;
    let served = with.report();
    assert_eq!(the_one(&served).money.current.monthly_cost, Some(an_hour("53.46")));
    assert_eq!(the_one(&served).money.proposed, advice.money.proposed);
}

/// Mistake 2: series of several dimension sets, or of two spellings of one metric, are added up.
#[tokio::test]
async fn the_total_of_a_model_id_is_never_added_to_what_splits_or_repeats_it() {
    let mut account = Account::new()
        .steady(SONNET, [("InputTokenCount", 10_000), ("CacheReadInputTokenCount", 100_000)])
        .survey(SONNET, ["CacheReadInputTokens"], |_| [60 * 100_000]);
    account.lane_of(SONNET).splits =
        vec!["ContextWindow, ModelId".into(), "ModelId, ResolvedServiceTier, ServiceTier".into()];
    let report = run(&account).await;
    // An hour: 0.6 × 3.30 + 6 × 0.33 USD.
    assert_eq!(report.totals.monthly_cost, an_hour("3.96"));
    let read: Vec<u64> = only(&report).lanes[0].meters.iter().map(|it| it.tokens.count()).collect();
    assert_eq!(read, [672 * 600_000, 672 * 6_000_000]);
    assert_eq!(report.totals.incomplete_workloads, 0);
}

/// Mistake 3: a Region beside the guard's own, or an endpoint that is metered elsewhere, is missed
/// without a word.
#[tokio::test]
async fn other_regions_are_read_where_asked_and_what_is_not_read_is_said() {
    let mut account = Account::new().tokens(SONNET, 10_000, 1_000);
    let observation = &mut account.observation;
    let mut west = observation.places[0].clone();
    west.place.region = region("us-west-2");
    observation.places.push(west);
    // An hour: 0.6 × 3.30 + 0.06 × 16.50 USD, in each.
    observation.settings.regions = vec![region("us-east-1"), region("us-west-2")];
    let both = run(&account).await;
    assert_eq!(both.totals.monthly_cost, an_hour("5.94"));
    let says = |report: &Report, what: &str| report.not_covered.iter().any(|it| it.contains(what));
    assert!(says(&both, "Regions other than us-east-1, us-west-2"));

    account.observation.settings.regions = Vec::new();
    let home = run(&account).await;
    assert_eq!(home.totals.monthly_cost, an_hour("2.97"));
    assert!(says(&home, "Regions other than us-east-1"));
    for unread in ["AWS/BedrockMantle", "batch inference jobs", "agents, guardrails"] {
        assert!(says(&home, unread), "{unread}");
    }
}

/// Mistake 4: the id of a profile is looked up as that of a model, so that a prefix, an application
/// profile or the suffix of a tier gets no price or the wrong one.
#[test]
fn a_profile_and_a_tier_have_the_prices_of_their_own_whatever_their_id_looks_like() {
    let prices = book(&[
        in_region(),
        rate("in-region", "flex", ["0.50", "1.00"]),
        rate("us", "standard", ["1.10", "2.20"]),
        rate("global", "standard", ["0.90", "1.80"]),
    ]);
    // Six million tokens an hour.
    let cases = [
        (MODEL.to_owned(), "6.00"),
        (format!("us.{MODEL}"), "6.60"),
        (format!("global.{MODEL}"), "5.40"),
        (format!("{MODEL}+flex"), "3.00"),
        ("a1b2c3d4e5f6".to_owned(), "6.60"),
        ("f6e5d4c3b2a1".to_owned(), "6.00"),
        ("f6e5d4c3b2a1+flex".to_owned(), "3.00"),
    ];
    let account = Account::on(prices)
        .profile("a1b2c3d4e5f6", &["us-east-1", "us-east-2", "us-west-2"])
        .profile("f6e5d4c3b2a1", &["us-east-1"]);
    let mut account = cases.iter().fold(account, |account, (id, _)| account.tokens(id, 100_000, 0));
    let report = account.report();
    for (id, hour) in &cases {
        let lanes = &only(&report).lanes;
        let lane = lanes.iter().find(|lane| lane.model_id == *id).unwrap();
        assert_eq!(lane.monthly_cost, an_hour(hour), "{id}");
    }
    assert_eq!(report.totals.monthly_cost, an_hour("36.60"));
    assert_eq!(report.unpriced, []);

    // What no inventory knows is not guessed.
    let inventory = &mut account.observation.places[0].inventory;
    inventory.application_profiles.pop();
    let report = account.report();
    assert_eq!(report.totals.monthly_cost, an_hour("27.60"));
    assert_eq!(report.unpriced.len(), 2);
    assert_eq!(report.totals.unpriced_tokens.count(), 2 * 672 * 60 * 100_000);
}

/// Mistake 5: a cross-Region request is priced by the Region that serves it.
#[test]
fn a_cross_region_profile_has_the_price_of_the_region_that_was_called() {
    let geo =
        |region: &str, input: &str| rate("us", "standard", [input, "2.00"]).replace('*', region);
    let id = format!("us.{MODEL}");
    let prices = book(&[geo("us-east-1", "1.10"), geo("us-west-2", "2.20")]);
    let east = Account::on(prices).tokens(&id, 100_000, 0);
    let west = east
        .clone()
        .tokens("a1b2c3d4e5f6", 100_000, 0)
        .profile("a1b2c3d4e5f6", &["us-east-1", "us-west-2"]);
    let mut observation = east.observation;
    observation.places.extend(west.observation.places);
    observation.places[1].place.region = region("us-west-2");
    let report = report::build(&observation);
    let of = |name: &str| {
        let mut workloads = report.workloads.iter();
        let workload = workloads.find(|it| it.region.name() == name).unwrap();
        workload.monthly_cost
    };
    // Six million tokens an hour, and twice as many.
    assert_eq!(of("us-east-1"), an_hour("6.60"));
    assert_eq!(of("us-west-2"), an_hour("26.40"));
}

/// Mistake 6: a commitment is sized on mean use, which hides what exceeds it.
#[test]
fn units_are_sized_on_the_highest_minute_and_not_on_the_mean() {
    let even = Account::selling_units().tokens(MODEL, 700_000, 100_000).report();
    // An hour: 42 × 1.00 + 6 × 2.00 USD. 840,000 with a fifth more are one unit.
    assert_eq!(the_one(&even).money.current.monthly_cost, Some(an_hour("54")));
    assert_eq!(the_one(&even).savings(), Some(an_hour("24")));

    // Ten times as much in each tenth minute, and nothing between.
    let mut uneven = Account::selling_units().lane(MODEL, TOKENS, |minute| {
        [700_000, 100_000].map(|count| if minute.is_multiple_of(10) { 10 * count } else { 0 })
    });
    let refused = uneven.report();
    assert_eq!(refused.totals.monthly_cost, an_hour("54"));
    assert_eq!(counted(&refused), []);
    // 8,400,000 in the highest minute are nine units, which cost 270 USD an hour.
    let plans = plans(&refused, Action::BuyModelUnits, "9 model units, 1-month");
    assert_eq!(plans[0].failed_gates, [Gate::Optimum]);
    assert_eq!(plans[0].estimated_monthly_savings, Some(an_hour("-216")));

    // Where callers route the rest, one unit takes a seventh of each burst: 7.71 USD of 30.
    uneven.observation.settings.overflow = Overflow::Spill;
    assert_eq!(counted(&uneven.report()), []);
}

/// Mistake 6, of reserved tokens: what exceeds them is forgotten, or refused, or the peak is
/// reserved.
#[test]
fn what_exceeds_a_reservation_is_paid_at_the_standard_price_beside_it() {
    let noon = |minute: u64| if minute / 60 % 24 == 12 { 3 } else { 1 };
    let writes = |minute| WRITES.map(|(_, count)| count * noon(minute));
    let report = Account::new().lane(SONNET, WRITES.map(|(name, _)| name), writes).report();
    let advice = the_one(&report);
    assert_eq!(advice.action, Action::ReserveTokens);
    assert!(
        advice
            .money
            .proposed
            .description
            .starts_with("100,000 input and 10,000 output tokens a minute reserved")
    );
    // Each hour asks for 33.66 USD and one of each day for twice as much beside that: 2.805 USD on
    // the mean. A reservation of 26.73 replaces the first alone.
    assert_eq!(advice.money.current.monthly_cost, Some(an_hour("36.465")));
    assert_eq!(advice.money.proposed.monthly_cost, Some(an_hour("29.535")));
    assert_eq!(advice.savings(), Some(an_hour("6.93")));
}

/// Mistake 7: a commitment is taken for a discount.
#[test]
fn reserved_tokens_save_at_list_for_three_months_above_nine_tenths_of_use_and_for_one_never() {
    let mut account = Account::new();
    account.observation.settings.min_monthly_savings = Usd::ZERO;
    account.observation.settings.min_savings_ratio = Ratio::ZERO;
    let steady = |input, output| account.clone().tokens(SONNET, input, output);
    let every_other = account
        .clone()
        .lane(SONNET, TOKENS, |minute| [95_000, 9_500].map(|count| minute % 2 * 2 * count));
    // The least that is sold, 100,000 and 10,000, costs 29.70 USD an hour for a month and 26.73 for
    // three; in full use on-demand costs 19.80 + 9.90.
    for (account, saved) in [
        (steady(100_000, 10_000), Some("2.97")),
        (steady(95_000, 9_500), Some("1.485")),
        (steady(90_000, 9_000), None),
        // 19.80 + 5.94: full input pays for no idle output.
        (steady(100_000, 6_000), None),
        // As much as the second case on the mean, in half of the minutes.
        (every_other, None),
    ] {
        let report = account.report();
        let counted = report.recommendations.iter().filter(|it| it.is_counted());
        let savings: Vec<Usd> = counted.filter_map(Recommendation::savings).collect();
        let expected: Vec<Usd> = saved.map(an_hour).into_iter().collect();
        assert_eq!(savings, expected);
        let for_a_month = plans(&report, Action::ReserveTokens, "1-month term");
        assert_eq!(for_a_month.len(), 1);
        assert_eq!(for_a_month[0].failed_gates, [Gate::Certificate]);
        let for_three = plans(&report, Action::ReserveTokens, "3-month term");
        assert_eq!(for_three.len(), 1);
        assert_eq!(for_three[0].advised, saved.is_some());
    }
}

/// Mistake 7, of model units: whether one pays turns on a capacity that AWS does not publish, and it
/// is made up.
#[test]
fn a_unit_of_unknown_capacity_is_a_condition_and_no_purchase() {
    let capacity = |input: u64, output: u64| {
        format!(
            "[[capacity]]\nmodel = \"{MODEL}\"\ninput_tokens_per_minute = {input}\noutput_tokens_per_minute = {output}\n"
        )
    };
    let prices = book(&[in_region(), unit("1-month", "30.00", None)]);
    let account = Account::on(prices).tokens(MODEL, 700_000, 100_000);
    let report = |text: &str| account.clone().overrides(text).report();
    // 48 million tokens an hour cost 54 USD.
    let unknown = report("");
    assert_eq!(counted(&unknown), []);
    let plans_of = |report: &Report| -> Vec<Vec<Gate>> {
        let plans = plans(report, Action::BuyModelUnits, "");
        plans.iter().map(|plan| plan.failed_gates.clone()).collect()
    };
    assert_eq!(plans_of(&unknown), [[Gate::Knowledge]]);
    // 30 ÷ 54 of them.
    assert_eq!(only(&unknown).break_even[0].tokens_per_hour.count(), 26_666_667);
    let large = report(&capacity(1_000_000, 300_000));
    assert_eq!(the_one(&large).savings(), Some(an_hour("24")));
    // A full unit serves six and 1.8 million an hour, for which on-demand takes 9.60 USD.
    let small = report(&capacity(100_000, 30_000));
    assert_eq!(counted(&small), []);
    assert_eq!(plans_of(&small), [[Gate::Certificate]]);
}

/// Mistake 8: minutes are asked for that `CloudWatch` no longer keeps, and its silence is believed.
#[tokio::test]
async fn minutes_that_cloudwatch_forgot_are_not_asked_for_and_nothing_is_bought_without_them() {
    let account = Account::new().steady(SONNET, WRITES);
    let (fresh, fake) = run_later(&account, json!({}), 0).await;
    assert_eq!(counted(&fresh.report), [Action::ReserveTokens]);
    assert_eq!(fake.requests("GetMetricData"), 2);
    let minutes = &fresh.observation.places[0].usage.lanes[0].minutes[0];
    let minutes = minutes.series.as_ref().unwrap();
    assert_eq!(minutes.values.len(), 14 * 24 * 60);

    // Its minutes would begin 17 days ago.
    let past = json!({ "end": "2026-04-03T00:00:00Z" });
    let (old, fake) = run_later(&account, past, 0).await;
    assert_eq!(counted(&old.report), []);
    assert_eq!(fake.requests("GetMetricData"), 1);
    assert_eq!(old.report.totals.monthly_cost, an_hour("33.66"));
    let mut not_covered = old.report.not_covered.iter();
    let said = "the minutes of us-east-1: CloudWatch no longer keeps points of 60 s";
    assert!(not_covered.any(|it| it.starts_with(said)));
}

/// Mistake 9: what was not answered, or has no price, is taken for zero and then for a saving.
#[tokio::test]
async fn what_was_not_answered_or_has_no_price_is_neither_zero_nor_a_saving() {
    // On input alone, 42 USD an hour, a unit for 30 would pay.
    let mut account = Account::selling_units().tokens(MODEL, 700_000, 100_000);
    let output = &mut account.lane_of(MODEL).survey[1];
    output.series = None;
    output.status = Status::Incomplete("CloudWatch ended with Forbidden".to_owned());
    let forbidden = account.report();
    assert_eq!(forbidden.totals.monthly_cost, an_hour("42"));
    assert!(forbidden.totals.is_at_least);
    assert_eq!(forbidden.totals.incomplete_workloads, 1);
    assert_eq!(counted(&forbidden), []);

    let without = |row: String, output: &str| row.replace(&format!("output = \"{output}\"\n"), "");
    let with = |rows: &[String]| {
        let mut account = Account::on(book(rows)).tokens(MODEL, 700_000, 100_000);
        account.observation.settings.allow_global_routing = true;
        account.report()
    };
    let unpriced = with(&[without(in_region(), "2.00"), unit("1-month", "30.00", Some(UNIT))]);
    assert_eq!(unpriced.totals.monthly_cost, an_hour("42"));
    assert!(unpriced.totals.is_at_least);
    assert_eq!(unpriced.unpriced[0].meter, Some(Meter::Output));
    assert_eq!(unpriced.totals.unpriced_tokens, Tokens::new(672 * 60 * 100_000));
    assert_eq!(counted(&unpriced), []);
    // A profile that has no price of output does not serve it for nothing.
    let cheaper = without(rate("global", "standard", ["0.50", "1.00"]), "1.00");
    let half = with(&[in_region(), cheaper]);
    assert_eq!(half.totals.monthly_cost, an_hour("54"));
    assert_eq!(counted(&half), []);

    // The same word over the wire.
    let mut account = Account::new().tokens(SONNET, 10_000, 1_000);
    let output = &mut account.lane_of(SONNET).survey[1];
    output.series = None;
    output.status = Status::Incomplete("Forbidden".to_owned());
    let report = run(&account).await;
    assert_eq!(report.totals.monthly_cost, an_hour("1.98"));
    assert!(report.totals.is_at_least);
    assert!(report.incomplete[0].gaps[0].contains("Forbidden"));
}

/// Mistake 10: flex and batch are recommended by their price alone.
#[test]
fn slower_tiers_are_listed_where_they_have_a_price_and_never_counted() {
    let report = |rows: &[String]| {
        let account = Account::on(book(rows)).tokens(MODEL, 300_000, 50_000);
        account.report()
    };
    let listed = report(&[
        in_region(),
        rate("in-region", "flex", ["0.50", "1.00"]),
        rate("in-region", "batch", ["0.40", "0.80"]),
    ]);
    assert_eq!(listed.totals.monthly_cost, an_hour("24"));
    assert_eq!(counted(&listed), []);
    assert_eq!(listed.totals.potential_monthly_savings, Usd::ZERO);
    for (action, saved) in [(Action::UseFlexTier, "12"), (Action::UseBatchInference, "14.40")] {
        let plan = plans(&listed, action, "")[0];
        assert_eq!(plan.effort, Some(Effort::Latency));
        assert_eq!(plan.estimated_monthly_savings, Some(an_hour(saved)));
        assert_eq!((plan.advised, &plan.failed_gates[..]), (false, &[Gate::Effort][..]));
    }
    // Not all models are served at them.
    let without = report(&[in_region()]);
    assert!(plans(&without, Action::UseFlexTier, "").is_empty());
    assert!(plans(&without, Action::UseBatchInference, "").is_empty());
}

/// Mistake 11: an existing commitment is ignored, or given up as if it could be ended today.
#[test]
fn what_is_bound_saves_from_the_end_of_its_term_on_and_renews_unless_it_is_ended() {
    // Six million input and 600,000 output tokens an hour are worth 7.20 USD, and it costs 30, or 40
    // without a term.
    let at_work = Account::selling_units().busy(bound_for_weeks(), 100_000, 10_000).report();
    let advice = the_one_to_come(&at_work);
    assert_eq!(advice.action, Action::LetCommitmentExpire);
    assert_eq!(advice.savings(), Some(an_hour("22.80")));
    assert_eq!(advice.money.savings_start.unwrap().to_string(), "2026-04-26T00:00:00Z");
    assert!(!advice.standing.rollback_possible);
    assert!(advice.grounds.risks.iter().any(|risk| risk.contains("renews by itself")));
    assert_eq!(at_work.totals.potential_monthly_savings, Usd::ZERO);
    let free = Account::selling_units().busy(held(), 100_000, 10_000).report();
    assert_eq!(counted(&free), [Action::GiveUpProvisionedModel]);
    assert_eq!(free.totals.potential_monthly_savings, an_hour("32.80"));

    let idle = Account::selling_units().idle(bound_for_weeks()).report();
    let advice = the_one_to_come(&idle);
    assert_eq!(advice.action, Action::DeleteIdleProvisionedModel);
    assert_eq!(advice.savings(), Some(an_hour("30")));
    assert!(advice.money.savings_start.is_some());
    assert_eq!(idle.totals.potential_monthly_savings, Usd::ZERO);

    // What is paid for either way has room for 45 USD an hour: it is filled, and nothing is bought.
    let beside = Account::selling_units()
        .tokens(MODEL, 650_000, 50_000)
        .busy(bound_for_weeks(), 100_000, 10_000)
        .report();
    assert_eq!(the_one(&beside).action, Action::FillProvisionedModel);
    assert_eq!(the_one(&beside).savings(), Some(an_hour("45")));
}

/// Mistake 13: output is multiplied as quotas burn down, five times for some models.
#[tokio::test]
async fn output_tokens_are_billed_and_load_a_unit_once_whatever_quotas_count() {
    let mut account = Account::new().tokens(SONNET, 10_000, 10_000);
    account.lane_of(SONNET).unknown_metrics = vec!["EstimatedTPMQuotaUsage".to_owned()];
    let report = run(&account).await;
    // An hour: 0.6 × 3.30 + 0.6 × 16.50 USD.
    assert_eq!(report.totals.monthly_cost, an_hour("11.88"));
    assert_eq!(report.totals.incomplete_workloads, 0);

    // 250,000 a minute with a fifth more fill a unit to the brim; five times as many would take five.
    let report = Account::selling_units().tokens(MODEL, 500_000, 250_000).report();
    assert_eq!(the_one(&report).money.current.monthly_cost, Some(an_hour("60")));
    assert_eq!(the_one(&report).money.proposed.monthly_cost, Some(an_hour("30")));
}

#[expect(clippy::unwrap_used, reason = "only tests call it")]
fn harvest(products: &[String]) -> Harvest {
    let mut list = PriceList::new();
    for product in products {
        list.add_product(product);
    }
    list.read(&Names::embedded().unwrap(), "2026-04-01".parse().unwrap())
}

/// Mistake 14: a price of a thousand is read as one of a million or the other way round, and a
/// placeholder of zero as a price.
#[test]
fn a_price_is_of_as_many_as_its_description_says_and_a_zero_is_no_price() {
    const MICRO: &str = "amazon.nova-micro-v1:0";
    let micro = |price: &str| {
        let product = nova_micro("us-east-1", "input", price);
        Account::on(harvest(&[product]).book)
            .survey(MICRO, ["InputTokenCount"], |_| [1_000_000])
            .report()
    };
    // A million an hour at 0.035 USD.
    let priced = micro("0.0000350000");
    assert_eq!(priced.totals.monthly_cost, an_hour("0.035"));
    assert_eq!(priced.unpriced, []);
    let placeholder = micro("0.0000000000");
    assert_eq!(placeholder.totals.monthly_cost, Usd::ZERO);
    assert_eq!(placeholder.unpriced[0].quantity, Tokens::new(672_000_000));
    assert!(placeholder.totals.is_at_least);

    // Its unit says a million tokens a minute, and its price is that of a thousand.
    let sonnet = |side: &str, price: &str| {
        let attributes = json!({
            "servicename": "Claude Sonnet 4.6 (Amazon Bedrock Edition)",
            "regionCode": "us-east-1",
            "usagetype": format!("USE1-MP:USE1_Reserved_1Month_{side}TPM_Geo-Units"),
        });
        let description = format!(
            "AWS Marketplace software usage|us-east-1|Per Hour per 1K {side} TPM Reserved 1 Month Regional CRIS"
        );
        product("AmazonBedrockFoundationModels", &attributes, "1M TPM Hour", &description, price)
    };
    let list = harvest(&[sonnet("Input", "0.1980000000"), sonnet("Output", "0.9900000000")]);
    let held = reserved("regional", 100_000, 10_000).replace("3-months", "1-month");
    let report = Account::on(list.book).overrides(&held).report();
    // 100 × 0.198 + 10 × 0.99 USD.
    assert_eq!(report.totals.holdings_monthly_cost, an_hour("29.70"));
}

/// Mistake 15: a model that leaves keeps its old price for ever, and nobody sees how old prices are.
#[test]
fn a_price_that_has_begun_goes_before_the_older_one_and_the_age_of_prices_is_told() {
    let report = |rows: &[String]| {
        let account = Account::on(book(rows)).tokens(MODEL, 100_000, 0);
        account.report()
    };
    let higher_from = |day: &str| {
        let higher = in_region().replace("input = \"1.00\"", "input = \"2.00\"");
        [in_region(), higher.replace("2026-01-01", day)]
    };
    // Extended access has begun on the last day of the window, or begins a day later.
    let begun = report(&higher_from("2026-04-05"));
    assert_eq!(begun.totals.monthly_cost, an_hour("12"));
    let later = report(&higher_from("2026-04-06"));
    assert_eq!(later.totals.monthly_cost, an_hour("6"));

    // Somebody looked at it on the first of April.
    assert_eq!(begun.totals.catalog_age_days, 5);
    let points = metrics::points(&begun, &Settings::default());
    let age = points.iter().find(|it| it.name == "CatalogAgeDays").unwrap();
    assert_eq!(age.value, Decimal::from(5));
    // A price that was seen at another time alone says so.
    let seen = in_region().replace(
        "effective_from = \"2026-01-01\"",
        "seen_from = \"2025-01-01\"\nseen_to = \"2025-06-30\"",
    );
    let old = report(&[seen]);
    let meter = &only(&old).lanes[0].meters[0];
    assert_eq!(meter.in_force, Some(InForce::Nearest));

    // And no commitment outlives its model.
    let mut legacy = Account::selling_units().tokens(MODEL, 700_000, 100_000);
    assert_eq!(counted(&legacy.report()), [Action::BuyModelUnits]);
    let listed = &mut legacy.observation.places[0].inventory.foundation_models[0];
    listed.lifecycle_status = Some("LEGACY".into());
    assert_eq!(counted(&legacy.report()), []);
}

/// Mistake 16: advice flaps: one busy day, too little history or a few dollars are enough.
#[test]
fn a_commitment_needs_weeks_of_history_and_a_saving_that_is_worth_it() {
    let bought = |account: &Account| {
        let report = account.report();
        let gates: Vec<Vec<Gate>> = plans(&report, Action::BuyModelUnits, "1-month term")
            .into_iter()
            .map(|plan| plan.failed_gates.clone())
            .collect();
        assert_eq!(counted(&report).is_empty(), gates != [[]]);
        gates
    };
    let since = |days: usize| {
        let mut account = Account::selling_units().tokens(MODEL, 700_000, 100_000);
        for metric in &mut account.lane_of(MODEL).survey {
            let values = &mut metric.series.as_mut().unwrap().values;
            let before = values.len() - days * 24;
            let since = values.iter().enumerate();
            *values = since.map(|(hour, sum)| sum.filter(|_| hour >= before)).collect();
        }
        account
    };
    assert_eq!(bought(&since(56)), [vec![]]);
    assert_eq!(bought(&since(55)), [[Gate::History]]);

    let last = |days: u64, times: u64| {
        Account::selling_units().lane(MODEL, TOKENS, |minute| {
            let is_before = minute < 60 * window().hours() - days * 24 * 60;
            [700_000, 100_000].map(|count| if is_before { 0 } else { times * count })
        })
    };
    // One day asks for 2,160 USD an hour, 77 on the mean of four weeks: no unit is filled by it.
    assert_eq!(bought(&last(1, 40)), [[Gate::Certificate]]);
    // Three weeks at 54 USD an hour are 40.50 on the mean of four, and nothing in the ten before.
    assert_eq!(bought(&last(21, 1)), [[Gate::Certainty, Gate::Backtest]]);

    // 31.20 USD an hour become 30: 876 USD a month are less than a twentieth of what is bound.
    let little = Account::selling_units().tokens(MODEL, 500_000, 10_000);
    assert_eq!(bought(&little), [[Gate::Thresholds]]);
}

/// Mistake 16, of seasons: a window that is no whole number of weeks weighs weekends by the day of
/// the run.
#[test]
fn a_month_weighs_weekdays_and_weekends_alike_on_whatever_day_it_is_looked_at() {
    for later in 0..7 {
        // The first window begins on a Monday.
        let is_weekend = |hour: u64| (hour / 24 + later) % 7 > 4;
        let as_of = window().end() + SignedDuration::from_mins(20 + 24 * 60 * later.cast_signed());
        let account = Account::on(book(&[in_region()])).seen(as_of).survey(
            MODEL,
            ["InputTokenCount"],
            |hour| [if is_weekend(hour) { 0 } else { 7_000_000 }],
        );
        // Seven USD an hour on five days of seven.
        let report = account.report();
        assert_eq!(report.totals.monthly_cost, an_hour("5"), "{later}");
    }
}

/// Mistake 17: each model and each recommendation is a custom metric, without an end.
#[test]
fn models_with_metrics_of_their_own_are_bounded_and_totals_hold_them_all() {
    let points = |models: u32| {
        let id = |number: u32| format!("maker.model-{number:03}-v1:0");
        let models_of_book = (0..models).map(|number| model(&id(number), &[in_region()]));
        let account = Account::on(parse(&models_of_book.collect::<String>()).unwrap());
        let account = (0..models).fold(account, |account, number| {
            account.survey(&id(number), ["InputTokenCount"], |_| [1_000_000])
        });
        metrics::points(&account.report(), &Settings::default())
    };
    let (some, more) = (points(60), points(120));
    assert_eq!(some.len(), more.len());
    let named = |name: &str| -> BTreeSet<&str> {
        let dimensions = more.iter().flat_map(|point| &point.dimensions);
        dimensions.filter(|(of, _)| *of == name).map(|(_, value)| value.as_str()).collect()
    };
    assert_eq!(named("Model").len(), 50);
    for point in &more {
        let set: Vec<&str> = point.dimensions.iter().map(|(name, _)| *name).collect();
        assert!([&[][..], &["Region"], &["Region", "Model"]].contains(&&set[..]), "{set:?}");
    }
    let mut totals = more.iter();
    let total = totals.find(|it| it.name == "MonthlyCost" && it.dimensions.is_empty());
    assert_eq!(total.unwrap().value, Decimal::from(120 * 730));
}

/// Mistake 18: images, speech, searches and video are priced as tokens, or as nothing.
#[test]
fn what_is_not_billed_by_text_tokens_is_unpriced_and_named() {
    let report = Account::new()
        .survey("amazon.nova-canvas-v1:0", ["OutputImageCount"], |_| [10])
        .survey(
            "amazon.nova-2-sonic-v1:0",
            ["InputSpeechTokenCount", "OutputSpeechTokenCount"],
            |_| [1_000, 2_000],
        )
        .survey("amazon.rerank-v1:0", ["Invocations"], |_| [3])
        // Embeddings have no output, and lack nothing.
        .survey("amazon.titan-embed-text-v2:0", ["InputTokenCount"], |_| [1_000_000])
        .report();
    let unpriced: Vec<(&str, Option<Meter>, u64)> = report
        .unpriced
        .iter()
        .map(|it| (it.model_id.as_str(), it.meter, it.quantity.count()))
        .collect();
    assert_eq!(
        unpriced,
        [
            ("amazon.nova-2-sonic-v1:0", Some(Meter::InputSpeech), 672_000),
            ("amazon.nova-2-sonic-v1:0", Some(Meter::OutputSpeech), 1_344_000),
            ("amazon.nova-canvas-v1:0", Some(Meter::OutputImages), 6_720),
            ("amazon.rerank-v1:0", None, 2_016),
        ]
    );
    assert!(report.totals.is_at_least);
    assert_eq!(report.totals.monthly_cost, an_hour("0.02"));
    let exact = report.workloads.iter().filter(|it| !it.is_at_least);
    let exact: Vec<&str> = exact.map(|it| it.model.id()).collect();
    assert_eq!(exact, ["amazon.titan-embed-text-v2:0"]);
}

/// Mistake 19: requests of long contexts are priced like short ones, as if that were exact.
#[test]
fn where_long_contexts_cost_more_the_price_is_a_lower_bound() {
    let long = rate("in-region", "standard", ["2.00", "3.00"]) + "above_input_tokens = 200000\n";
    let report = |rows: &[String]| {
        let account = Account::on(book(rows)).tokens(MODEL, 300_000, 50_000);
        account.report()
    };
    let unit = unit("1-month", "30.00", Some(UNIT));
    // 18 × 1.00 + 6 × 1.00 USD an hour, or 36 + 9.
    let ranged = report(&[in_region(), long, unit.clone()]);
    assert_eq!(ranged.totals.monthly_cost, an_hour("24"));
    assert!(ranged.totals.is_at_least);
    let upper: Vec<Option<String>> = only(&ranged).lanes[0]
        .meters
        .iter()
        .map(|it| it.upper_unit_price.map(|price| price.to_string()))
        .collect();
    assert_eq!(upper, [Some("2.00".to_owned()), Some("3.00".to_owned())]);
    let exact = report(&[in_region(), unit]);
    assert_eq!(exact.totals.monthly_cost, an_hour("24"));
    assert!(!exact.totals.is_at_least);
    // That a unit for 30 USD never pays is proven where 24 are all, and not where they may be 45.
    assert_eq!(exact.certificates.len(), 1);
    assert_eq!(ranged.certificates, []);
}

/// Mistake 20: what was asked for with low latency is taken to have been served so, and what leaving
/// it would save is counted.
#[test]
fn what_leaving_a_dearer_tier_saves_is_not_counted_for_it_falls_back_by_itself() {
    let fast = format!("{MODEL}+latency-optimized");
    let report = |rows: &[String]| {
        let account = Account::on(book(rows)).tokens(MODEL, 100_000, 0);
        account.tokens(&fast, 100_000, 0).report()
    };
    // What fell back is metered under the plain id, and costs six USD an hour there.
    let dearer = rate("in-region", "latency-optimized", ["1.25", "2.50"]);
    let priced = report(&[in_region(), dearer]);
    assert_eq!(priced.totals.monthly_cost, an_hour("13.50"));
    let plan = plans(&priced, Action::LeaveDearerTier, "")[0];
    assert_eq!(plan.estimated_monthly_savings, Some(an_hour("1.50")));
    assert!(!plan.advised);
    assert_eq!(counted(&priced), []);
    assert_eq!(priced.totals.potential_monthly_savings, Usd::ZERO);
    // Without a price of its own it is not priced as if it had fallen back.
    let unpriced = report(&[in_region()]);
    assert_eq!(unpriced.totals.monthly_cost, an_hour("6"));
    assert_eq!(unpriced.unpriced[0].model_id, fast);
}

/// Mistake 21: list prices are taken for what the account pays.
#[test]
fn advice_saves_what_the_account_pays_and_the_list_stands_beside_it() {
    let with = |percent: &str, on_what: &str| {
        let discount = format!(
            "[[discount]]\nprovider = \"Maker\"\npercent = \"{percent}\"\non = [\"{on_what}\"]\nfrom = \"2026-01-01\"\nsource = \"s\"\n"
        );
        let account = Account::selling_units().tokens(MODEL, 700_000, 100_000);
        account.overrides(&discount).report()
    };
    // 54 USD an hour less a fifth, against a unit at list.
    let fifth = with("20", "tokens");
    assert_eq!(fifth.totals.monthly_list_cost, an_hour("54"));
    assert_eq!(fifth.totals.monthly_cost, an_hour("43.20"));
    assert_eq!(the_one(&fifth).savings(), Some(an_hour("13.20")));
    // At half the price nothing is left to save.
    assert_eq!(counted(&with("50", "tokens")), []);
    let units = with("10", "model-units");
    assert_eq!(units.totals.monthly_cost, an_hour("54"));
    assert_eq!(the_one(&units).savings(), Some(an_hour("27")));
}

/// Mistake 22: a run that is repeated publishes twice.
#[tokio::test]
async fn an_event_that_comes_again_puts_the_same_values_at_the_same_time() {
    let account = Account::new().steady(SONNET, WRITES);
    let event = json!({ "scheduled_time": "2026-04-06T00:20:00Z" });
    let (first, once) = run_later(&account, event.clone(), 0).await;
    let (again, twice) = run_later(&account, event, 25).await;
    assert_eq!(once.put_data(), twice.put_data());
    let put = once.put_data();
    let stamps: BTreeSet<String> = put.iter().map(|it| it.timestamp.to_string()).collect();
    assert_eq!(stamps, ["2026-04-06T00:20:00Z".to_owned()].into());
    // No value of one metric is put twice.
    let series: BTreeSet<_> = put.iter().map(|it| (&it.name, &it.dimensions)).collect();
    assert_eq!(series.len(), put.len());
    assert_eq!(the_one(&first.report).id, the_one(&again.report).id);
}

/// Mistake 23: money is kept in floating point.
#[test]
fn prices_of_ten_decimals_and_sums_of_tenths_are_exact_to_the_last_one() {
    let cost = |input: &str, output: &str| {
        let prices = book(&[rate("in-region", "standard", [input, output])]);
        let report = Account::on(prices).survey(MODEL, TOKENS, |_| [1_000_000_000_000; 2]).report();
        serde_json::to_value(report.totals.monthly_cost).unwrap()
    };
    // 730,000,000 × 0.3312500001 USD, as text.
    assert_eq!(cost("0.0312500001", "0.30"), json!("241812500.073"));
    assert_eq!(cost("0.10", "0.20"), json!("219000000"));
    let float = in_region().replace("\"1.00\"", "1.00");
    assert!(parse(&model(MODEL, &[float])).is_err());
}

/// Mistake 24: sums of tokens are kept in 32 bits, or in doubles beyond what these count.
#[tokio::test]
async fn sums_of_tokens_are_whole_far_beyond_what_32_bits_or_a_double_count() {
    // A double counts an hour of it, and not the 672 hours.
    const HOURLY: u64 = 4_000_000_000_000_001;
    let account =
        |count| Account::new().survey("amazon.nova-micro-v1:0", ["InputTokenCount"], |_| [count]);
    let report = run(&account(HOURLY)).await;
    let meter = &only(&report).lanes[0].meters[0];
    assert_eq!(meter.tokens.count(), 2_688_000_000_000_000_672);
    // 730 × 4,000,000,000.000001 × 0.035 USD.
    assert_eq!(report.totals.monthly_cost, usd("102200000000.00002555"));
    // What not even an hour's sum counts whole is not rounded to something near.
    let report = run(&account((1 << 53) + 2)).await;
    assert_eq!(report.totals.incomplete_workloads, 1);
    assert!(report.totals.is_at_least);
}

/// Mistake 15: a commitment is bought on prices that nobody has looked at for years.
#[test]
fn no_commitment_rests_on_prices_that_nobody_has_looked_at_for_too_long() {
    let report = |prices| {
        let account = Account::on(prices).tokens(MODEL, 700_000, 100_000);
        account.report()
    };
    let fresh = report(book(&with_units()));
    assert_eq!(counted(&fresh), [Action::BuyModelUnits]);

    let old = |text: String| {
        let text = text.replace("2026-01-01", "2023-01-01");
        text.replace("2026-04-01", "2024-04-01")
    };
    let unit = unit("1-month", "30.00", Some(UNIT));
    let of_units = [in_region(), old(unit.clone())];
    let of_tokens = [old(in_region()), unit];
    for rows in [of_units, of_tokens] {
        let report = report(book(&rows));
        assert_eq!(counted(&report), []);
        let plan = plans(&report, Action::BuyModelUnits, "1-month")[0];
        assert_eq!(plan.failed_gates, [Gate::Knowledge]);
        assert!(plan.why_not[0].contains("735 days ago"), "{:?}", plan.why_not);
    }
}

/// Mistake 15: a model in extended access is priced as before, and the price is taken for whole.
#[test]
fn a_price_from_before_extended_access_is_a_lower_bound_in_it() {
    let seen = |until: &str| {
        in_region().replace(
            "effective_from = \"2026-01-01\"",
            &format!("seen_from = \"2025-01-01\"\nseen_to = \"{until}\""),
        )
    };
    let leaving = "[[model.lifecycle]]\nregions = [\"us-east-1\"]\nlegacy = \"2025-12-01\"\n\
                   extended_access = \"2026-03-01\"\nend_of_life = \"2026-12-01\"\n\
                   checked = \"2026-04-01\"\nsource = \"s\"\n";
    let at_least = |until: &str| {
        let prices = book(&[seen(until), leaving.to_owned()]);
        let report = Account::on(prices).tokens(MODEL, 100_000, 0).report();
        let words = only(&report).notes.join("; ");
        assert_eq!(words.contains("in extended access"), report.totals.is_at_least);
        report.totals.is_at_least
    };
    assert!(at_least("2025-06-30"));
    // Nor does a sighting after that day tell: AWS's list goes on with the price from before.
    assert!(at_least("2026-03-20"));
}

/// Mistake 16: a saving that hovers at a threshold opens and closes with each run.
#[test]
fn what_is_open_stays_open_until_it_is_well_below_the_threshold() {
    // 30.6 USD an hour on-demand for a unit of 30: 2 % of what it binds.
    let mut account = Account::selling_units().tokens(MODEL, 510_000, 0);
    let at = |account: &mut Account, ratio: &str| {
        account.observation.settings.min_savings_ratio = Ratio::new(ratio.parse().unwrap());
        account.report()
    };
    let open = at(&mut account, "0.019");
    assert_eq!(counted(&open), [Action::BuyModelUnits]);
    assert_eq!(counted(&at(&mut account, "0.024")), []);
    account.observation.open_before =
        vec![OpenBefore { region: region("us-east-1"), id: open.recommendations[0].id.clone() }];
    assert_eq!(counted(&at(&mut account, "0.024")), [Action::BuyModelUnits]);
    let closed = at(&mut account, "0.026");
    assert_eq!(counted(&closed), []);
    assert_eq!(closed.closed.len(), 1);
}

/// Mistake 17: each provisioned model has metrics of its own, however many there are.
#[test]
fn metrics_of_what_is_held_are_bounded_and_the_dearest_have_theirs() {
    let account = (1..=60).fold(Account::selling_units(), |account, number| {
        account.holding(ProvisionedModel {
            provisioned_model_arn: HELD.replace("h0ld", &format!("h0{number:02}")),
            provisioned_model_name: format!("held-{number}"),
            model_units: ModelUnits::new(number),
            ..bound_for_weeks()
        })
    });
    let points = metrics::points(&account.report(), &Settings::default());
    let names: BTreeSet<&str> = points
        .iter()
        .flat_map(|point| &point.dimensions)
        .filter(|(name, _)| *name == "ProvisionedModel")
        .map(|(_, value)| value.as_str())
        .collect();
    assert_eq!(names.len(), 50);
    assert!(names.contains("held-60") && !names.contains("held-10"));
}

/// Mistake: a command takes a name that is taken, AWS refuses it, and the change stops halfway.
#[test]
fn a_new_provisioned_model_gets_a_name_that_no_other_has() {
    let named = |names: &[&str]| {
        let mut account = Account::selling_units().tokens(MODEL, 700_000, 100_000);
        let models = &mut account.observation.places[0].inventory.provisioned_models;
        for name in names {
            let arn = HELD.replace("h0ld", name);
            // Of another model: what is held of the same would serve the demand.
            let model = "arn:aws:bedrock:us-east-1::foundation-model/other.model-v1:0";
            models.push(ProvisionedModel {
                provisioned_model_arn: arn,
                provisioned_model_name: (*name).to_owned(),
                model_arn: model.to_owned(),
                foundation_model_arn: model.to_owned(),
                ..held()
            });
        }
        let report = account.report();
        let command = the_one(&report).remedy.command.clone().unwrap();
        let mut words = command.split(' ').skip_while(|word| *word != "--provisioned-model-name");
        words.nth(1).unwrap().to_owned()
    };
    assert_eq!(named(&[]), "maker-model-v1-0");
    assert_eq!(named(&["maker-model-v1-0"]), "maker-model-v1-0-2");
    assert_eq!(named(&["maker-model-v1-0", "maker-model-v1-0-2"]), "maker-model-v1-0-3");
}
