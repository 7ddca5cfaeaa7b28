//! Advice to buy units that was followed: what came of its promise, held to sums of its own.

use bedrock_cost_guard::advice::Action;
use bedrock_cost_guard::domain::{BaseModel, ModelUnits, Percent, Usd, day_of};
use bedrock_cost_guard::observation::{
    CommitmentDuration, LaneUsage, Observation, ProvisionedModel, SavingBefore,
};
use bedrock_cost_guard::report::{self, FollowedAdvice, Report};
use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;
use rust_decimal::Decimal;

use crate::support::account::{ACCOUNT, Account, HELD, TOKENS, held, region};
use crate::support::book::MODEL;
use crate::support::served::Served;
use crate::support::{UNITS, lane_of, sample_of, whole};

const DAY: SignedDuration = SignedDuration::from_hours(24);

/// Days over which a month is scaled.
const RECENT: i64 = 28;

/// USD a month of one unit without a term.
const UNIT_COST: u32 = 29_200;

fn usd(dollars: impl Into<Decimal>) -> Usd {
    Usd::new(dollars.into())
}

/// Returns a saving that a run put so many hours before a time.
fn promise(before: Timestamp, hours: i64, promised: Option<u32>) -> SavingBefore {
    SavingBefore {
        region: region("us-east-1"),
        model: BaseModel::new(MODEL),
        time: before - SignedDuration::from_hours(hours),
        potential_monthly_savings: usd(promised.unwrap_or(500)),
        promised_monthly_savings: promised.map(usd),
    }
}

/// Returns an account with a unit that was created so many days before the window's end, and that serves so
/// many input tokens an hour since the window began.
fn account(days: i64, an_hour: u64) -> Account {
    let created =
        Account::selling_units().observation.window.end() - DAY * i32::try_from(days).unwrap_or(0);
    let unit = ProvisionedModel { creation_time: created, ..held() };
    Account::selling_units().survey(HELD, TOKENS, |_| [an_hour, 0]).holding(unit)
}

fn created(account: &Account) -> Timestamp {
    account.observation.places[0].inventory.provisioned_models[0].creation_time
}

#[expect(clippy::panic, reason = "only tests call it")]
fn only(report: &Report) -> &FollowedAdvice {
    let [advice] = report.followed.as_slice() else { panic!("{:?}", report.followed) };
    // The page says the same.
    let page = bedrock_cost_guard::terminal::report::render(report);
    assert!(page.contains("\nFOLLOWED\n"), "{page}");
    advice
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn units_save_what_their_own_calls_would_cost_less_their_price(
        days in 1i64..80, hours in 1i64..300, promised in proptest::option::of(0u32..40_000),
        an_hour in 0u64..60_000_000, others in proptest::option::of(0u64..100_000_000), later in any::<bool>(),
    ) {
        let mut account = account(days, an_hour);
        // Calls that go by the token are no matter, nor is what runs said after the purchase.
        if let Some(tokens) = others {
            account = account.survey(MODEL, TOKENS, |hour| [tokens / (1 + hour % 7), 9]);
        }
        let at = created(&account);
        account.observation.savings_before = vec![promise(at, hours, promised)];
        if later {
            account.observation.savings_before.push(promise(at, -5, Some(1_000)));
        }
        let report = account.report();
        let is_followed = promised.is_some_and(|promised| promised > 0) && hours <= 7 * 24;
        prop_assert_eq!(!report.followed.is_empty(), is_followed);
        let Some(promised) = promised.filter(|_| is_followed) else {
            prop_assert_eq!(report.totals.realised_over_promised, None);
            return Ok(());
        };
        let advice = only(&report);
        prop_assert_eq!(advice.promised_monthly_savings, usd(promised));
        prop_assert_eq!(advice.model_units, ModelUnits::new(1));
        if days < RECENT {
            prop_assert_eq!(advice.realised_monthly_savings, None);
            prop_assert_eq!(advice.known_from, Some(day_of(at + DAY * i32::try_from(RECENT).unwrap())));
            prop_assert_eq!(report.totals.realised_over_promised, None);
            return Ok(());
        }
        // A million input tokens cost a dollar.
        let worth = Decimal::from(an_hour) * Decimal::from(730) / Decimal::from(1_000_000);
        let saved = worth - Decimal::from(UNIT_COST);
        let realised = advice.realised_monthly_savings.unwrap().dollars();
        prop_assert_eq!(realised.round_dp(6), saved.round_dp(6));
        prop_assert_eq!(advice.known_from, None);
        let share = saved * Decimal::from(100) / Decimal::from(promised);
        let told = report.totals.realised_over_promised.map(Percent::number).unwrap();
        prop_assert!((told - share).abs() < Decimal::new(1, 3), "{} {}", told, share);
        prop_assert_eq!(advice.in_words().contains("more than by the token"), saved < Decimal::ZERO);
    }
}

#[test]
fn what_a_promise_was_not_of_is_not_held_to_it() {
    let mut bought = account(40, 40_000_000);
    bought.observation.savings_before = vec![promise(created(&bought), 2, Some(1_000))];
    assert_eq!(bought.report().followed.len(), 1);
    let other = |creation_time| ProvisionedModel {
        provisioned_model_arn: format!("{HELD}2"),
        provisioned_model_name: "other".to_owned(),
        creation_time,
        ..held()
    };
    // A day later it is still the same purchase; nobody asked about the calls of the second, so that no sum is.
    let both = bought.clone().holding(other(created(&bought) + DAY)).report();
    let advice = only(&both);
    assert_eq!(advice.model_units, ModelUnits::new(2));
    assert_eq!((advice.realised_monthly_savings, advice.known_from), (None, None));
    assert!(advice.in_words().ends_with("what it saves is not known"));
    assert_eq!(both.totals.realised_over_promised, None);
    // More that come later, or were there before, serve calls of the first.
    for days in [8, -20] {
        let later = bought.clone().holding(other(created(&bought) + DAY * days));
        assert!(later.report().followed.is_empty());
    }
    // A run that saw nothing to buy took the promise back... but not where it saw something else to save.
    bought.observation.savings_before.push(promise(created(&bought), 1, None));
    assert_eq!(bought.report().followed.len(), 1);
    bought.observation.prices.charged = false;
    assert!(bought.report().followed.is_empty());
}

/// Gives the calls of a lane to a provisioned model, from a time on.
fn hand_over(observation: &mut Observation, id: &str, unit: &ProvisionedModel) {
    let arn = &unit.provisioned_model_arn;
    let mut moved = LaneUsage {
        model_id: bedrock_cost_guard::domain::ModelId::parse(arn),
        ..lane_of(observation, id).clone()
    };
    let clear = |lane: &mut LaneUsage, is_after: bool| {
        for series in
            lane.survey.iter_mut().chain(&mut lane.minutes).filter_map(|it| it.series.as_mut())
        {
            let (start, step) = (series.start, i64::from(series.step));
            let before = (unit.creation_time.as_second() - start.as_second()).max(0) / step;
            let before = usize::try_from(before).unwrap_or_default();
            let values: Vec<Option<u64>> = series.values.iter().collect();
            series.values = values
                .into_iter()
                .enumerate()
                .map(|(place, value)| value.filter(|_| (place >= before) == is_after))
                .collect();
        }
    };
    clear(&mut moved, true);
    clear(lane_of(observation, id), false);
    observation.places[0].usage.lanes.push(moved);
}

#[tokio::test]
async fn weeks_after_a_purchase_runs_say_what_came_of_its_promise() {
    let mut observation = whole(sample_of(&[UNITS]));
    let last = observation.as_of;
    let here = observation.places[0].place.region.clone();
    let bought = last - DAY * 30;
    let model = "arn:aws:bedrock:us-west-2::foundation-model/meta.llama3-1-70b-instruct-v1:0";
    let unit = ProvisionedModel {
        provisioned_model_arn: format!(
            "arn:aws:bedrock:us-west-2:{ACCOUNT}:provisioned-model/b0ughtb0ught"
        ),
        model_arn: model.to_owned(),
        foundation_model_arn: model.to_owned(),
        commitment_duration: Some(CommitmentDuration::OneMonth),
        creation_time: bought + SignedDuration::from_hours(2),
        commitment_expiration_time: Some(bought + DAY * 61),
        ..held()
    };
    // Minutes are there for the days before the purchase alone.
    let lane = lane_of(&mut observation, UNITS);
    for metric in &mut lane.minutes {
        let hours = lane.survey.iter().find(|hours| hours.name == metric.name).unwrap();
        let (Some(series), Some(hours)) = (&mut metric.series, &hours.series) else { continue };
        series.start -= DAY * 30;
        let hours: Vec<u64> =
            hours.values.iter().skip((91 - 30 - 14) * 24).map(Option::unwrap_or_default).collect();
        let minute = |place: usize| {
            let (hour, minute) = (hours[place / 60], u64::try_from(place % 60).unwrap());
            Some(hour / 60 + u64::from(minute < hour % 60))
        };
        series.values = (0..series.values.len()).map(minute).collect();
    }
    hand_over(&mut observation, UNITS, &unit);
    let mut account = Served::of(observation);
    account.at(bought);
    let before = account.run().await.report;
    let mut advice = before.recommendations.iter();
    let buy = advice.find(|advice| advice.action == Action::BuyModelUnits);
    let buy =
        buy.unwrap_or_else(|| panic!("{:?} {:?}", before.workloads[0].verdict, before.missing));
    let promised = buy.savings().unwrap();
    let units = buy.commitment.advised_size.unwrap().model_units;
    account.fake.change(&here, |inventory| {
        let unit = ProvisionedModel { model_units: ModelUnits::new(units), ..unit };
        inventory.provisioned_models.push(unit);
    });
    account.at(bought + DAY * 2);
    let soon = account.run().await.report;
    let advice = only(&soon);
    assert_eq!(advice.promised_on, day_of(bought));
    assert_eq!(advice.realised_monthly_savings, None);
    assert!(advice.in_words().contains("what it saves is known from "));
    // CloudWatch names what was put in the last two weeks.
    for days in [14, 26] {
        account.at(bought + DAY * days);
        account.run().await;
    }
    account.at(last);
    let from = account.fake.put_data().len();
    let outcome = account.run().await;
    let advice = only(&outcome.report);
    assert!(
        (advice.promised_monthly_savings.dollars() - promised.dollars()).abs() < Decimal::new(1, 3)
    );
    let realised = advice.realised_monthly_savings.unwrap();
    let holding = &outcome.report.holdings[0];
    let cost = holding.monthly_cost.unwrap().dollars();
    let worth = holding.worth.unwrap().number() * cost / Decimal::from(100);
    assert!((worth - cost - realised.dollars()).abs() < Decimal::ONE, "{advice:?}");
    assert!(realised.is_positive(), "{advice:?}");
    let put = account.fake.put_data().split_off(from);
    let put = put.iter().find(|it| it.name == "RealisedOverPromised").unwrap();
    assert!(put.dimensions.is_empty());
    let share = realised.dollars() * Decimal::from(100) / promised.dollars();
    assert!((Decimal::try_from(put.value).unwrap() - share).abs() < Decimal::new(1, 2));
    let last = outcome.lines.last().unwrap();
    assert!(last.contains("\"followed\":[{") && last.contains("realised_over_promised"), "{last}");
    // And what a run saw, a saved observation says again.
    let saved = Observation::from_json(&outcome.observation.to_json().unwrap()).unwrap();
    assert_eq!(report::build(&saved), outcome.report);
}
