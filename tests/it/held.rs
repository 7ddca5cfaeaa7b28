//! What is held: units under ids with a version and a context window, and terms whose listed end
//! has passed.

use std::sync::LazyLock;

use bedrock_cost_guard::advice::Action;
use bedrock_cost_guard::config::Settings;
use bedrock_cost_guard::domain::day_of;
use bedrock_cost_guard::observation::{CommitmentDuration, Observation, ProvisionedModel};
use bedrock_cost_guard::report::{self, Report, metrics};
use bedrock_cost_guard::terminal;
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;
use rust_decimal::Decimal;

use crate::support::account::{Account, bound, held, window};
use crate::support::reports::{an_hour, counted, only};
use crate::support::served::Served;

const ENGLISH: &str = "cohere.embed-english-v3";

/// Holds a unit of a model under the id that units are sold under.
fn unit_of(id: &str, name: &str) -> ProvisionedModel {
    let arn = format!("arn:aws:bedrock:us-east-1::foundation-model/{id}");
    ProvisionedModel {
        provisioned_model_name: name.to_owned(),
        model_arn: arn.clone(),
        foundation_model_arn: arn,
        ..held()
    }
}

/// Holds a unit of [`ENGLISH`] that serves, beside calls of the same.
fn embedding() -> Account {
    Account::new()
        .serves(ENGLISH, "ON_DEMAND")
        .serves(&format!("{ENGLISH}:0:512"), "PROVISIONED")
        .tokens(ENGLISH, 100_000, 0)
        .busy(unit_of(&format!("{ENGLISH}:0:512"), "embed"), 200_000, 0)
}

#[test]
fn units_that_are_sold_with_a_version_and_calls_without_are_one_workload() {
    let observation = embedding().observation;
    let book = observation.prices.clone();
    // The rows that a saved document keeps are enough to find the model again.
    let saved = observation.with_prices(&book).to_json().unwrap();
    let report = report::build(&Observation::from_json(&saved).unwrap());
    let workload = only(&report);
    assert_eq!(workload.model.id(), ENGLISH);
    assert_eq!(workload.name.as_deref(), Some("Embed 3 English"));
    assert_eq!(workload.lanes.len(), 2);
    // A unit without a term costs 7.12 USD an hour; what it serves, 12 million tokens an hour, and
    // what is called, 6 million, cost 0.10 a million.
    assert_eq!(workload.holdings_monthly_cost, an_hour("7.12"));
    assert_eq!(workload.on_demand_monthly_cost, an_hour("0.60"));
    let holding = &report.holdings[0];
    assert_eq!(holding.model.id(), ENGLISH);
    assert_eq!(holding.worth.unwrap().to_string(), "16.9 %");
    assert!(!workload.is_at_least);
    assert_eq!(counted(&report), [Action::GiveUpProvisionedModel]);
}

#[test]
fn units_of_a_model_that_nobody_calls_have_the_price_of_the_book() {
    for (id, model, an_hour_of_a_month) in [
        ("cohere.command-text-v14:7:4k", "cohere.command-text-v14", Some("39.60")),
        ("anthropic.claude-instant-v1:2:100k", "anthropic.claude-instant-v1", Some("39.60")),
        ("meta.llama2-13b-chat-v1:0:4k", "meta.llama2-13b-chat-v1", Some("21.18")),
        ("amazon.nova-2-lite-v1:0:256k", "amazon.nova-2-lite-v1:0", Some("55.00")),
        // What the book does not sell has no price, under its own name all the same.
        ("amazon.titan-text-express-v1:0:8k", "amazon.titan-text-express-v1", None),
        ("amazon.titan-embed-text-v1:2:8k", "amazon.titan-embed-text-v1", None),
    ] {
        let unit = ProvisionedModel {
            commitment_duration: Some(CommitmentDuration::OneMonth),
            ..unit_of(id, "unit")
        };
        let report = Account::new().serves(id, "PROVISIONED").idle(unit).report();
        assert_eq!(only(&report).model.id(), model);
        assert_eq!(report.holdings[0].monthly_cost, an_hour_of_a_month.map(an_hour));
    }
}

#[tokio::test]
async fn a_run_finds_the_model_of_units_under_the_id_that_they_are_sold_under() {
    let expected = embedding().report();
    let outcome = Served::of(embedding().observation).run().await;
    let workload = only(&outcome.report);
    assert_eq!(workload.model.id(), ENGLISH);
    assert_eq!(workload.monthly_cost, only(&expected).monthly_cost);
    assert_eq!(counted(&outcome.report), counted(&expected));
}

/// Holds a unit under a term that AWS lists as over since five days.
fn passed() -> ProvisionedModel {
    bound(CommitmentDuration::OneMonth, -5)
}

const PASSED: &str = "AWS still lists 2026-04-01 as the end of its term: it has renewed, or ends now; look in the console for the new end";

#[test]
fn a_term_whose_listed_end_has_passed_is_not_waited_for_on_that_day() {
    let account = Account::selling_units();
    for account in [account.clone().idle(passed()), account.busy(passed(), 100_000, 10_000)] {
        let report = account.report();
        let advice = &report.recommendations[0];
        assert!(!advice.is_counted());
        assert_eq!(advice.money.savings_start, None);
        assert!(!advice.message().contains(" from 2026"));
        let because = advice.standing.not_counted_because.as_deref().unwrap();
        assert_eq!(because, format!("it is paid for until its term ends; {PASSED}"));
        let steps = serde_json::to_string(&advice.remedy.steps).unwrap();
        assert!(steps.contains("the term has ended and was not renewed"), "{steps}");
        assert!(!steps.contains("2026-04-01"), "{steps}");

        let holding = &report.holdings[0];
        assert_eq!(holding.passed_term_end.as_deref(), Some(PASSED));
        assert_eq!(holding.days_to_term_end, None);
        let page = terminal::report::render(&report);
        let words = page.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(words.contains(&format!("held: {PASSED}")), "{words}");
        assert_eq!(days_of(&report, 0), []);
    }
}

#[test]
fn the_next_end_of_a_term_is_not_hidden_by_one_that_has_passed() {
    let next = ProvisionedModel {
        provisioned_model_arn: format!("{}n", held().provisioned_model_arn),
        provisioned_model_name: "next".to_owned(),
        ..bound(CommitmentDuration::OneMonth, 20)
    };
    let report = Account::selling_units().idle(passed()).idle(next).report();
    // The run is twenty minutes into the first of the twenty days.
    let (total, each) = (days_of(&report, 0), days_of(&report, 2));
    assert_eq!(total, [Decimal::from(19)]);
    assert_eq!(each, total);
}

/// Returns the points of `CommitmentDaysToExpiry` with so many dimensions.
fn days_of(report: &Report, dimensions: usize) -> Vec<Decimal> {
    let points = metrics::points(report, &Settings::default());
    let days = points.iter().filter(|point| {
        point.name == "CommitmentDaysToExpiry" && point.dimensions.len() == dimensions
    });
    days.map(|point| point.value).collect()
}

static BUSY: LazyLock<Account> =
    LazyLock::new(|| Account::selling_units().busy(held(), 100_000, 10_000));

/// Reads every date that stands in a text.
fn dates(text: &str) -> Vec<Date> {
    let starts = text.char_indices().map(|(at, _)| at);
    starts.filter_map(|at| text.get(at..at + 10)?.parse().ok()).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn nothing_is_to_be_waited_for_before_the_day_of_the_run(
        // Hours from the window's end, the run being twenty minutes after it.
        ends in prop::collection::vec(-2_000i64..2_000, 1..5),
        idle in any::<bool>(),
        six in any::<bool>(),
    ) {
        let mut account = if idle { Account::selling_units() } else { BUSY.clone() };
        let end_of = |hours: i64| window().end() + SignedDuration::from_hours(hours);
        account.observation.places[0].inventory.provisioned_models.clear();
        for (number, hours) in ends.iter().enumerate() {
            let term = if six { CommitmentDuration::SixMonths } else { CommitmentDuration::OneMonth };
            // The first of them is the one with traffic, where there is any.
            let suffix = if number == 0 { String::new() } else { number.to_string() };
            let held = ProvisionedModel {
                provisioned_model_arn: format!("{}{suffix}", held().provisioned_model_arn),
                provisioned_model_name: format!("held{suffix}"),
                commitment_expiration_time: Some(end_of(*hours)),
                ..bound(term, 0)
            };
            account = if number == 0 && !idle { account.holding(held) } else { account.idle(held) };
        }
        let report = account.report();
        let now: Timestamp = account.observation.as_of;
        for advice in &report.recommendations {
            prop_assert!(advice.money.savings_start.is_none_or(|start| start >= now));
            for step in &advice.remedy.steps {
                let texts = [Some(&step.text), step.wait_for.as_ref()];
                for date in texts.into_iter().flatten().flat_map(|text| dates(text)) {
                    prop_assert!(date >= day_of(now), "{:?}", step);
                }
            }
        }
        let ahead = ends.iter().map(|hours| end_of(*hours)).filter(|end| *end >= now);
        let least = ahead.map(|end| end.duration_since(now).as_hours() / 24).min();
        let told = days_of(&report, 0);
        prop_assert_eq!(told, least.map(Decimal::from).into_iter().collect::<Vec<_>>());
        prop_assert!(days_of(&report, 2).iter().all(|days| !days.is_sign_negative()));
        let page = terminal::report::render(&report);
        let passed = ends.iter().filter(|hours| end_of(**hours) < now).count();
        let noted = report.holdings.iter().filter(|held| held.passed_term_end.is_some()).count();
        prop_assert_eq!(noted, passed);
        prop_assert_eq!(page.contains("AWS still lists"), passed > 0);
    }
}
