//! Advice that is open for long: since when, and what that cost, held to sums of its own.

use bedrock_cost_guard::advice::Action;
use bedrock_cost_guard::domain::{BaseModel, Usd, day_of};
use bedrock_cost_guard::observation::{Observation, SavingBefore};
use bedrock_cost_guard::report::{self, Report, UnfollowedAdvice};
use jiff::SignedDuration;
use proptest::prelude::*;
use rust_decimal::Decimal;

use crate::support::account::{Account, TOKENS, held, region};
use crate::support::book::MODEL;
use crate::support::fake_aws::{Fault, FaultKind};
use crate::support::served::Served;
use crate::support::{ROUTE, UNITS, sample_of, whole};

const DAY: SignedDuration = SignedDuration::from_hours(24);

/// Returns an account whose idle unit costs 29,200 USD a month, with what runs put so many days before the
/// end of its window, in USD a month.
fn told(savings: impl IntoIterator<Item = (i64, u32)>) -> Account {
    let mut account = Account::selling_units().survey(MODEL, TOKENS, |_| [60_000, 60]).idle(held());
    let end = account.observation.window.end();
    let before = |(days, saving): (i64, u32)| SavingBefore {
        region: region("us-east-1"),
        model: BaseModel::new(MODEL),
        time: end - DAY * i32::try_from(days).unwrap_or_default(),
        potential_monthly_savings: Usd::new(saving.into()),
        promised_monthly_savings: None,
    };
    account.observation.savings_before = savings.into_iter().map(before).collect();
    account
}

#[expect(clippy::unwrap_used, clippy::panic, reason = "only tests call it")]
fn only(report: &Report) -> &UnfollowedAdvice {
    let [advice] = report.unfollowed.as_slice() else { panic!("{:?}", report.unfollowed) };
    // The page says the same.
    let page = bedrock_cost_guard::terminal::report::render(report);
    let (_, page) = page.split_once("NOT FOLLOWED SO FAR").unwrap();
    assert!(page.contains(&advice.forgone_savings.to_string()), "{page}");
    advice
}

/// Returns USD a month for so many days, in USD.
fn for_days(usd: u32, days: u32) -> Usd {
    Usd::new(Decimal::from(usd)).in_proportion(Decimal::from(24 * days), Decimal::from(730))
}

#[test]
fn days_without_a_run_are_not_counted_and_a_week_without_advice_begins_it_anew() {
    // Ten days ago nothing counted for a day, and for five days no run told anything.
    let report = told([(40, 9_000), (10, 730), (9, 0), (8, 730), (7, 1_460), (2, 730), (1, 730)]);
    let report = report.report();
    let advice = only(&report);
    assert_eq!((advice.open_since.to_string().as_str(), advice.is_at_least), ("2026-03-27", false));
    // One day each of the tenth, eighth, second and first, and two of the five after the seventh.
    let expected = for_days(730, 4).dollars() + for_days(1_460, 2).dollars();
    assert_eq!(advice.forgone_savings.dollars().round_dp(6), expected.round_dp(6));
    assert_eq!(
        advice.in_words(),
        "maker.model-v1:0 in us-east-1: advice is open since 2026-03-27; followed then it would have saved $192.00 by now, as each run reckoned"
    );
}

#[test]
fn what_is_as_old_as_the_history_is_at_least_as_old() {
    let report = told((1..=91).map(|day| (day, 730))).report();
    let advice = only(&report);
    assert!(advice.is_at_least);
    assert!(advice.in_words().contains("or before; followed then it would have saved at least"));
}

#[test]
fn what_is_followed_or_dismissed_is_not_open() {
    // The unit is gone: nothing can be saved.
    let mut account = told((1..=9).map(|day| (day, 29_200)));
    account.observation.places[0].inventory.provisioned_models.clear();
    assert!(account.report().unfollowed.is_empty());
    // Open since this run alone.
    assert!(told([]).report().unfollowed.is_empty());
    assert!(told([(1, 0)]).report().unfollowed.is_empty());
    assert!(told([(20, 29_200)]).report().unfollowed.is_empty());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn no_more_is_forgone_than_each_day_told_and_order_changes_nothing(
        savings in proptest::collection::btree_map(1i64..91, 0u32..50_000, 0..60), seed in any::<u64>(),
    ) {
        let mut account = told(savings.clone());
        let report = account.report();
        let all: u32 = savings.values().sum();
        for advice in &report.unfollowed {
            prop_assert!(advice.forgone_savings <= for_days(all, 2));
            prop_assert!(advice.forgone_savings.is_positive());
        }
        let length = account.observation.savings_before.len().max(1);
        account.observation.savings_before.rotate_left(usize::try_from(seed).unwrap_or_default() % length);
        prop_assert_eq!(account.report(), report);
    }
}

#[test]
fn a_saved_saving_that_no_run_puts_is_refused() {
    for saving in ["-1", "1000000000000001"] {
        let mut observation = told([(1, 730)]).observation;
        assert!(Observation::from_json(&observation.to_json().unwrap()).is_ok());
        observation.savings_before[0].potential_monthly_savings = Usd::new(saving.parse().unwrap());
        let fault = Observation::from_json(&observation.to_json().unwrap()).unwrap_err();
        assert!(fault.to_string().contains("none that a run puts"), "{fault}");
    }
}

#[tokio::test]
async fn runs_tell_since_when_advice_is_open_and_keep_the_size_of_a_purchase() {
    let observation = whole(sample_of(&[ROUTE, UNITS]));
    let last = observation.as_of;
    let mut account = Served::of(observation);
    let mut outcome = None;
    for day in (0..=3).rev() {
        account.at(last - DAY * day);
        outcome = Some(account.run().await);
    }
    // The same hours are read again in the next hour, by when the size of the purchase was put.
    assert_eq!(outcome.unwrap().observation.sizes_before, []);
    account.at(last + SignedDuration::from_mins(50));
    let outcome = account.run().await;
    let report = &outcome.report;
    assert_eq!(only(report).open_since, day_of(last - DAY * 3));
    let line = outcome.lines.last().unwrap();
    assert!(line.contains("\"unfollowed\":[{"), "{line}");
    let mut advice = report.recommendations.iter();
    let buy = advice.find(|advice| advice.action == Action::BuyModelUnits).unwrap();
    let sizes = &outcome.observation.sizes_before;
    let size = sizes.iter().find(|before| before.id == buy.id).unwrap();
    assert_eq!(Some(size.size), buy.commitment.advised_size);
    // A saved observation says the same.
    let saved = Observation::from_json(&outcome.observation.to_json().unwrap()).unwrap();
    assert_eq!(&report::build(&saved), report);
}

#[tokio::test]
async fn what_was_told_before_that_is_not_whole_costs_nothing_else() {
    let mut observation = whole(sample_of(&[ROUTE]));
    // The guard's own metrics alone are in this Region.
    observation.home.region = region("eu-west-1");
    let last = observation.as_of;
    let mut account = Served::of(observation);
    account.at(last - DAY);
    account.run().await;
    account.at(last);
    let calm = account.run().await.report;
    assert_eq!(calm.unfollowed.len(), 1);
    // What was before comes in three pages, by the hour and by the minute; then what was told.
    for kind in [FaultKind::Messages, FaultKind::Forbidden] {
        account.fake.clear_faults();
        let fault = Fault::of("GetMetricData", kind).to(region("eu-west-1")).after(3);
        account.fake.fault(fault);
        let from = account.fake.put_data().len();
        let report = account.run().await.report;
        assert!(report.unfollowed.is_empty());
        let note = report.notes.iter().find(|note| note.contains("since when advice is"));
        assert!(note.is_some(), "{:?}", report.notes);
        // What is new, the totals and the advice do not rest on it.
        assert_eq!(report.recommendations, calm.recommendations);
        assert_eq!(report.missing, []);
        let put = account.fake.put_data().split_off(from);
        let value = |name: &str| {
            let mut data = put.iter().filter(|it| it.dimensions.is_empty());
            data.find(|it| it.name == name).map(|it| it.value)
        };
        assert_eq!(value("RunSucceeded"), Some(1.0));
        assert!(value("PotentialMonthlySavings").is_some());
    }
}
