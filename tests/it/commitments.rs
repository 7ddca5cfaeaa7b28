//! Commitments from end to end: what is reserved, what it is worth, what capacity costs, and the same
//! bytes whoever asks.

#![expect(clippy::unwrap_used, clippy::panic, reason = "helpers that only tests call")]

use std::thread;

use bedrock_cost_guard::advice::{Action, AtTermEnd, Gate, HoldingLoad, Plan, Recommendation};
use bedrock_cost_guard::domain::Usd;
use bedrock_cost_guard::report::{self, Report};
use bedrock_cost_guard::terminal::explain;
use rust_decimal::Decimal;

use crate::support::account::{Account, TOKENS, dismissed, reserved};
use crate::support::reports::{an_hour, counted};
use crate::support::sample;

/// Id of the global profile of Claude Sonnet 4.6, which costs 3 and 15 USD for a million and can be
/// reserved for 0.162 and 0.81 USD an hour for 1,000 a minute over three months: nine tenths of
/// that, from 100,000 and 10,000 a minute on.
const GLOBAL: &str = "global.anthropic.claude-sonnet-4-6";

/// Starts an account with so many input and output tokens in every minute of [`GLOBAL`].
fn using(input: u64, output: u64) -> Account {
    Account::new().tokens(GLOBAL, input, output)
}

fn held(input: u64, output: u64) -> String {
    reserved("global", input, output) + "term_ends = \"2026-05-31\"\n"
}

/// Starts an account with reserved tokens that are hardly used.
pub(crate) fn with_reserved_tokens() -> Account {
    using(50_000, 5_000).overrides(&held(200_000, 20_000))
}

fn only(report: &Report) -> &Recommendation {
    let [advice] = report.recommendations.as_slice() else {
        panic!("{:#?}", report.recommendations);
    };
    advice
}

fn plan<'r>(report: &'r Report, words: &str) -> &'r Plan {
    let mut plans = report.workloads[0].plans.iter();
    plans.find(|plan| plan.description.contains(words)).unwrap()
}

#[test]
fn three_months_of_reserved_tokens_are_advised_where_use_is_whole() {
    // 54 USD an hour on-demand, 48.6 reserved.
    let report = using(200_000, 20_000).report();
    let advice = only(&report);
    assert_eq!(advice.action, Action::ReserveTokens);
    assert_eq!(advice.money.current.monthly_cost, Some(an_hour("54")));
    assert_eq!(advice.money.proposed.monthly_cost, Some(an_hour("48.6")));
    assert_eq!(
        advice.money.proposed.description,
        "200,000 input and 20,000 output tokens a minute reserved, global, 3-month term"
    );
    // Three months of it against months of on-demand: 3 × 48.6 ÷ 54.
    assert_eq!(advice.commitment.months_to_pay.unwrap().to_string(), "2.7");
    assert_eq!(advice.commitment.robustness.unwrap().to_string(), "10.0 %");
    assert_eq!(advice.commitment.backtest.as_ref().unwrap().folds, 11);
    assert!(advice.remedy.contact.is_some() && advice.remedy.command.is_none());
    assert!(advice.grounds.risks.iter().any(|risk| risk.starts_with("if you hold none")));
    let savings = advice.money.estimated_monthly_savings;
    assert_eq!((savings.p10, savings.p90), (savings.p50, savings.p50));
    // One month costs what on-demand costs in full use.
    assert_eq!(plan(&report, "1-month").failed_gates, [Gate::Certificate]);
}

#[test]
fn a_reservation_of_two_scopes_of_requests_says_that_it_is_taken_to_serve_both() {
    let lanes = ["anthropic.claude-sonnet-4-6", "us.anthropic.claude-sonnet-4-6"];
    for used in [&lanes[..1], &lanes[1..], &lanes[..]] {
        let account = Account::new();
        let account = used.iter().fold(account, |account, id| account.tokens(id, 200_000, 20_000));
        let report = account.report();
        let mut advice = report.recommendations.iter();
        let advice = advice.find(|advice| advice.action == Action::ReserveTokens).unwrap();
        let says = |risk: &String| risk.starts_with("one reservation is taken to serve");
        assert_eq!(advice.grounds.risks.iter().any(says), used.len() == 2, "{used:?}");
    }
}

#[test]
fn reserved_tokens_are_not_advised_below_nine_tenths_of_their_use() {
    // Full in 85 of 100 minutes, and next to nothing in the others.
    let minute = |minute: u64| {
        if minute % 20 < 17 { [200_000, 20_000] } else { [2_000, 200] }
    };
    let report = Account::new().lane(GLOBAL, TOKENS, minute).report();
    assert!(report.recommendations.is_empty());
    assert_eq!(plan(&report, "3-month").failed_gates, [Gate::Optimum]);
}

#[test]
fn a_smaller_demand_than_is_sold_is_proven_not_to_save() {
    let report = using(50_000, 5_000).report();
    assert!(report.recommendations.is_empty());
    let proof = &report.certificates[0];
    assert_eq!(proof.sentence.split(':').next(), Some("proven not to save"));
    assert!(report.certificates.iter().all(|it| it.cost >= it.replaceable));
    assert_eq!(report.certificates.len(), 2);
}

#[test]
fn what_is_reserved_already_is_taken_into_account() {
    let report = using(200_000, 20_000).overrides(&held(200_000, 20_000)).report();
    assert!(report.recommendations.is_empty());
    let reserved = &report.reserved_holdings[0];
    assert_eq!(reserved.load, HoldingLoad::Fits);
    assert_eq!(reserved.at_term_end, Some(AtTermEnd::Renew));
    assert_eq!(reserved.worth.unwrap().to_string(), "111.1 %");
    assert_eq!(reserved.unused_effective_cost, Some(Usd::ZERO));

    // Half of the demand is served: another 100,000 and 10,000 serve the rest.
    let report = using(200_000, 20_000).overrides(&held(100_000, 10_000)).report();
    let advice = only(&report);
    assert_eq!(advice.savings(), Some(an_hour("2.7")));
    assert!(advice.grounds.risks.iter().any(|risk| risk.contains("beside the reserved tokens")));
}

#[test]
fn reserved_tokens_that_are_hardly_used_are_let_expire_when_their_term_ends() {
    // 13.5 USD an hour on-demand for what 48.6 USD an hour are held for.
    let report = with_reserved_tokens().report();
    let advice = only(&report);
    assert_eq!(advice.action, Action::LetCommitmentExpire);
    assert_eq!(advice.savings(), Some(an_hour("35.1")));
    assert!(!advice.is_counted());
    assert_eq!(advice.money.savings_start.unwrap().to_string(), "2026-06-01T00:00:00Z");
    let reserved = &report.reserved_holdings[0];
    assert_eq!(reserved.at_term_end, Some(AtTermEnd::LetExpire));
    // A quarter of each meter is used, and used and unused are all of its cost.
    assert_eq!(reserved.input_utilization.unwrap().to_string(), "25.0 %");
    assert_eq!(reserved.used_effective_cost, Some(an_hour("12.15")));
    assert_eq!(reserved.unused_effective_cost, Some(an_hour("36.45")));
}

#[test]
fn global_tokens_are_reserved_only_for_what_is_routed_there() {
    let mut account = Account::new().tokens("us.anthropic.claude-sonnet-4-6", 200_000, 20_000);
    account.observation.settings.allow_global_routing = true;
    assert_eq!(counted(&account.report()), [Action::RouteToGlobalProfile, Action::ReserveTokens]);
    // Where requests may not be served elsewhere, they stay and are reserved as they are.
    account.observation.settings.allow_global_routing = false;
    let report = account.report();
    assert_eq!(counted(&report), [Action::ReserveTokens]);
    let reserve = report.recommendations.iter().find(|advice| advice.is_counted()).unwrap();
    assert!(reserve.money.proposed.description.contains("in-Region and geo"));
}

#[test]
fn of_two_reservations_that_could_each_be_spared_one_is() {
    let twice =
        format!("{}{}", held(200_000, 20_000), held(200_000, 20_000).replace("chat", "again"));
    let report = using(200_000, 20_000).overrides(&twice).report();
    let advice = only(&report);
    assert_eq!(advice.action, Action::LetCommitmentExpire);
    assert_eq!(advice.savings(), Some(an_hour("48.6")));

    // Dismissed, it changes nothing for the other, which can be spared just as well.
    let dismissed = twice + &dismissed(&advice.id);
    let report = using(200_000, 20_000).overrides(&dismissed).report();
    assert_eq!(report.recommendations.len(), 2);
    assert_eq!(
        report.recommendations.iter().filter_map(Recommendation::savings).collect::<Vec<_>>(),
        [an_hour("48.6"), an_hour("48.6")]
    );
}

#[test]
fn one_meter_of_a_reservation_can_be_too_large_while_the_other_is_too_small() {
    let report = using(200_000, 41_000).overrides(&held(260_000, 40_000)).report();
    let advice = only(&report);
    assert_eq!(advice.action, Action::RightSizeReservation);
    assert!(advice.money.proposed.description.starts_with("195,000 input and 40,000 output"));
    // What is left is not asked for more at the same time.
    let plans = report.workloads[0].plans.iter();
    let further: Vec<bool> = plans
        .filter(|plan| plan.action == Some(Action::ReserveTokens))
        .map(|plan| plan.advised)
        .collect();
    assert!(!further.is_empty() && !further.contains(&true));
}

#[test]
fn what_is_paid_by_a_price_of_its_own_is_judged_as_a_whole() {
    let dear = held(200_000, 20_000).replace("from =", "usd_per_hour = \"100\"\nfrom =");
    // Of half a year, since twelve weeks tell no range of a month to come.
    let account = Account::new().days(182).tokens(GLOBAL, 200_000, 20_000);
    let report = account.overrides(&dear).report();
    let advice = only(&report);
    // 54 USD an hour on-demand for what costs 100.
    assert_eq!(advice.action, Action::LetCommitmentExpire);
    assert_eq!(advice.savings(), Some(an_hour("46")));
    let savings = advice.money.estimated_monthly_savings;
    assert_eq!((savings.p10, savings.p90), (Some(an_hour("46")), Some(an_hour("46"))));
}

#[test]
fn capacity_against_throttles_has_a_price_and_is_no_saving() {
    // Now and then three times as much, so that no reservation pays.
    let tokens = |place: u64| {
        [120_000, 12_000].map(|count| if place.is_multiple_of(3) { count / 40 } else { count })
    };
    let report = Account::new()
        .lane(GLOBAL, TOKENS, |minute| tokens(minute / 60))
        .survey(GLOBAL, ["InvocationThrottles"], |_| [3])
        .report();
    assert!(report.recommendations.is_empty());
    // What was refused is not in the figures, so nothing is proven.
    assert!(report.certificates.is_empty());
    let plan = plan(&report, "3-month");
    assert!(plan.price_of_capacity.is_some_and(Usd::is_positive));
    let why = plan.why_not.join("; ");
    assert!(why.contains("which is no saving"), "{why}");
}

#[test]
fn a_longer_term_pays_back_in_months_of_the_next_shorter_arrangement() {
    let report = report::build(&sample());
    let workload = report
        .workloads
        .iter()
        .find(|it| it.region.name() == "us-west-2" && it.model.id().contains("70b"))
        .unwrap();
    let of = |words: &str| {
        let mut plans = workload.plans.iter();
        plans.find(|plan| plan.description.contains(words)).unwrap()
    };
    let cost = |words: &str| of(words).monthly_cost.unwrap().dollars();
    let months = |words: &str| of(words).months_to_pay.unwrap().number();
    let up = |number: Decimal| {
        number.round_dp_with_strategy(1, rust_decimal::RoundingStrategy::AwayFromZero)
    };
    // 13.08 USD an hour over six months against 21.18, that against 24 without a term.
    assert_eq!(months("6-month"), up(cost("6-month") * Decimal::from(6) / cost("1-month")));
    assert_eq!(months("1-month"), up(cost("1-month") / cost("no commitment")));
    assert!(of("no commitment").months_to_pay.is_none());
}

#[test]
fn explaining_shows_every_rate_and_series_behind_a_recommendation() {
    let report = report::build(&sample());
    for advice in &report.recommendations {
        let found = explain::find(&report, &advice.id.to_uppercase()).unwrap();
        assert_eq!(found, advice);
        let page = explain::render(&report, advice);
        let flat: String = page.split_whitespace().collect::<Vec<_>>().join(" ");
        for rate in advice.grounds.evidence.list_prices() {
            assert!(flat.contains(&rate.what) && flat.contains(&rate.list_unit_price), "{flat}");
            assert!(flat.contains(&rate.source), "{flat}");
        }
        let savings = advice.savings().unwrap().to_string();
        assert!(flat.contains(&savings) && flat.contains("ModelId"), "{flat}");
    }
    assert!(explain::find(&report, "rec-0000000000").is_none());
}

#[test]
fn the_same_observation_gives_the_same_bytes_on_any_number_of_threads() {
    let observation = sample();
    let expected = report::build(&observation).to_json().unwrap();
    for threads in [1, 2, 8] {
        let reports: Vec<String> = thread::scope(|scope| {
            let started: Vec<_> = (0..threads)
                .map(|_| scope.spawn(|| report::build(&observation).to_json().unwrap()))
                .collect();
            started.into_iter().map(|it| it.join().unwrap()).collect()
        });
        assert!(reports.iter().all(|report| *report == expected));
    }
}
