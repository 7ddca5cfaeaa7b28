//! What became of earlier advice, held to sums of its own: followed, not followed, and neither.

use bedrock_cost_guard::domain::{BaseModel, Usd};
use bedrock_cost_guard::observation::{Observation, ToldDay};
use bedrock_cost_guard::report::{self, Report, TrackRecord};
use jiff::SignedDuration;
use proptest::prelude::*;
use rust_decimal::Decimal;

use crate::support::account::{Account, HELD, TOKENS, held, region};
use crate::support::book::{MODEL, UNIT, book, in_region, rate, unit};
use crate::support::fake_aws::{Fault, FaultKind};
use crate::support::served::Served;
use crate::support::{LEFTOVER, ROUTE, sample_of, whole};

/// Days that a month is scaled from.
const RECENT: u64 = 28;

const DAY: SignedDuration = SignedDuration::from_hours(24);

fn usd(dollars: Decimal) -> Usd {
    Usd::new(dollars)
}

/// Returns the price of tokens over the recent days as a month, at 1 and 2 USD a million.
fn monthly(input: u64, output: u64) -> Decimal {
    let dollars = Decimal::from(input + 2 * output) / Decimal::from(1_000_000);
    dollars * Decimal::from(730) / Decimal::from(24 * RECENT)
}

/// Returns an account whose book sells units at so many dollars an hour.
fn selling(price: u32) -> Account {
    let global = rate("global", "standard", ["0.90", "1.80"]);
    Account::on(book(&[in_region(), global, unit("none", format!("{price}.00"), Some(UNIT))]))
}

/// Returns what a run told so many days before the end of the account's window.
fn told(account: &Account, days: u64, figures: [Decimal; 2], held: Option<Decimal>) -> ToldDay {
    let back = SignedDuration::from_hours(i64::try_from(24 * days).unwrap_or_default());
    ToldDay {
        region: region("us-east-1"),
        model: BaseModel::new(MODEL),
        time: account.observation.window.end() - back,
        monthly_cost: usd(figures[0]),
        potential_monthly_savings: usd(figures[1]),
        commitment_monthly_cost: held.map(usd),
    }
}

#[expect(clippy::unwrap_used, reason = "only tests call it")]
fn record(report: &Report) -> &TrackRecord {
    report.track_record.as_ref().unwrap()
}

/// Returns an amount in whole cents, as far as a rounded double carries it.
fn cents(amount: Usd) -> Decimal {
    amount.dollars().round_dp(2)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_purchase_brings_what_its_calls_would_cost_by_the_token_and_no_more(
        before in 1_000u64..400_000, after in 1_000u64..400_000, output in 1u64..50_000,
        since in 30u64..60, price in 5u32..40, promised in 100u32..50_000,
    ) {
        let mut account = selling(price);
        let hours = account.observation.window.hours();
        let switch = hours - 24 * since;
        let of = |hour: u64| [60 * if hour < switch { before } else { after }, 60 * output];
        let none = [0, 0];
        account = account
            .survey(MODEL, TOKENS, |hour| if hour < switch { of(hour) } else { none })
            .survey(HELD, TOKENS, |hour| if hour < switch { none } else { of(hour) })
            .holding(held());
        let month = 60 * 24 * RECENT;
        let (then, now) = (monthly(before * month, output * month), monthly(after * month, output * month));
        let unit = Decimal::from(730 * price);
        let promised = Decimal::from(promised);
        account.observation.told_before = (1..=8)
            .map(|back| told(&account, since + back, [then, promised], None))
            .chain((1..since).map(|back| told(&account, back, [unit, Decimal::ZERO], Some(unit))))
            .collect();
        let report = account.report();
        let record = record(&report);
        // What is open now is not part of what was followed.
        let open = report.workloads[0].potential_monthly_savings.dollars();
        if open * Decimal::TWO > promised {
            return Ok(());
        }
        let [followed] = record.followed.as_slice() else {
            panic!("{record:?}");
        };
        prop_assert_eq!(followed.promised_monthly_savings, usd(promised));
        let realised = cents(followed.realised_monthly_savings.unwrap());
        prop_assert!((realised - (now - unit)).abs() < Decimal::new(2, 2), "{} for {}", realised, now - unit);
    }

    #[test]
    fn an_idle_unit_that_is_deleted_brings_its_price_whatever_the_calls_do(
        before in 1_000u64..400_000, after in 1_000u64..400_000, since in 30u64..60, price in 5u32..40,
    ) {
        let mut account = selling(price);
        let hours = account.observation.window.hours();
        let switch = hours - 24 * since;
        account = account.survey(MODEL, TOKENS, |hour| [60 * if hour < switch { before } else { after }, 60]);
        let month = 60 * 24 * RECENT;
        let unit = Decimal::from(730 * price);
        let then = monthly(before * month, month) + unit;
        let now = monthly(after * month, month);
        account.observation.told_before = (1..=8)
            .map(|back| told(&account, since + back, [then, unit], Some(unit)))
            .chain((1..since).map(|back| told(&account, back, [now, Decimal::ZERO], None)))
            .collect();
        let report = account.report();
        let [followed] = record(&report).followed.as_slice() else {
            panic!("{:?}", report.track_record);
        };
        let realised = cents(followed.realised_monthly_savings.unwrap());
        prop_assert!((realised - unit).abs() < Decimal::new(2, 2), "{} for {}", realised, unit);
        prop_assert_eq!(record(&report).realised_over_promised.unwrap().number().round_dp(1), Decimal::ONE_HUNDRED);
    }

    #[test]
    fn calls_that_change_alone_are_no_advice_that_was_followed(
        before in 1_000u64..400_000, after in 0u64..400_000, since in 1u64..60, price in 5u32..40,
        is_held in any::<bool>(), promised in 100u32..50_000,
    ) {
        let mut account = selling(price);
        let hours = account.observation.window.hours();
        let switch = hours - 24 * since;
        let (id, unit) = if is_held { (HELD, Decimal::from(730 * price)) } else { (MODEL, Decimal::ZERO) };
        account = account.survey(id, TOKENS, |hour| [60 * if hour < switch { before } else { after }, 60]);
        if is_held {
            account = account.holding(held());
        }
        let month = 60 * 24 * RECENT;
        let then = if is_held { unit } else { monthly(before * month, month) };
        let put = is_held.then_some(unit);
        account.observation.told_before = (1..=8)
            .map(|back| told(&account, since + back, [then, Decimal::from(promised)], put))
            .collect();
        let report = account.report();
        prop_assert!(record(&report).followed.is_empty(), "{:?}", report.track_record);
        prop_assert_eq!(record(&report).realised_over_promised, None);
    }
}

#[test]
fn what_was_followed_lately_is_known_from_a_day_that_is_named() {
    let account = selling(30).survey(MODEL, TOKENS, |_| [60_000, 60]);
    let month = 60 * 24 * RECENT;
    let now = monthly(1_000 * month, month);
    let unit = Decimal::from(730 * 30);
    let mut account = account;
    account.observation.told_before = (10..20)
        .map(|back| told(&account, back, [now + unit, unit], Some(unit)))
        .chain((1..10).map(|back| told(&account, back, [now, Decimal::ZERO], None)))
        .collect();
    let report = account.report();
    let [followed] = record(&report).followed.as_slice() else {
        panic!("{:?}", report.track_record);
    };
    // The first day without it was nine days ago, and a month is the last 28.
    assert_eq!(followed.open_until.to_string(), "2026-03-27");
    assert_eq!(followed.known_from.unwrap().to_string(), "2026-04-25");
    assert_eq!(followed.realised_monthly_savings, None);
    assert_eq!(
        followed.in_words(),
        "maker.model-v1:0 in us-east-1: $21,900.00 a month was advised until 2026-03-27 and followed; what it saves is known from 2026-04-25"
    );
}

#[test]
fn a_cost_that_nobody_can_explain_is_no_saving() {
    // Then it cost twice what its calls cost today, and no commitment was told: a discount, or units.
    let month = 60 * 24 * RECENT;
    let now = monthly(1_000 * month, month);
    let mut account = selling(30).survey(MODEL, TOKENS, |_| [60_000, 60]);
    account.observation.told_before = (40..50)
        .map(|back| told(&account, back, [now + now, Decimal::from(5_000)], None))
        .chain((1..40).map(|back| told(&account, back, [now, Decimal::ZERO], None)))
        .collect();
    assert!(record(&account.report()).followed.is_empty());
}

#[test]
fn what_is_open_for_long_says_what_it_would_have_brought() {
    let mut account = selling(30).survey(MODEL, TOKENS, |_| [60_000, 60]).idle(held());
    let open = Decimal::from(21_900);
    let month = 60 * 24 * RECENT;
    let cost = monthly(1_000 * month, month) + open;
    // Ten days, of which one said that nothing was open, and a silence of five days.
    account.observation.told_before = [10, 9, 8, 7, 2, 1]
        .map(|back| {
            let open = if back == 9 { Decimal::ZERO } else { open };
            told(&account, back, [cost, open], Some(Decimal::from(21_900)))
        })
        .into();
    let report = account.report();
    let [unfollowed] = record(&report).unfollowed.as_slice() else {
        panic!("{:?}", report.track_record);
    };
    assert_eq!(unfollowed.open_since.to_string(), "2026-03-29");
    // One day of the eighth, two of the five after the seventh, one of the second, and the last.
    assert_eq!(unfollowed.forgone_savings, usd(Decimal::from(3_600)));
}

/// Returns the values of a total that were put from some point on.
fn put(account: &Served, from: usize, name: &str) -> Vec<f64> {
    let data = account.fake.put_data();
    let of = data[from..].iter().filter(|it| it.name == name && it.dimensions.is_empty());
    of.map(|datum| datum.value).collect()
}

#[tokio::test]
async fn weeks_of_runs_tell_what_deleting_an_idle_unit_brought() {
    // Beside it a model that is called, whose advice nobody follows.
    let ids: Vec<&str> = LEFTOVER.into_iter().chain([ROUTE]).collect();
    let observation = whole(sample_of(&ids));
    let last = observation.as_of;
    let home = observation.home.region.clone();
    let mut account = Served::of(observation);
    let mut outcome = None;
    let mut from = 0;
    for day in (0..=12).rev() {
        account.at(last - DAY * day);
        if day == 9 {
            account.fake.change(&home, |it| it.provisioned_models.clear());
        }
        from = account.fake.put_data().len();
        outcome = Some(account.run().await);
    }
    let outcome = outcome.unwrap();
    let record = record(&outcome.report);
    let [followed] = record.followed.as_slice() else {
        panic!("{record:?}");
    };
    // A unit without a term costs 60.50 USD an hour, and nobody called it.
    assert_eq!(followed.promised_monthly_savings, usd(Decimal::from(44_165)));
    assert_eq!(followed.realised_monthly_savings, Some(usd(Decimal::from(44_165))));
    assert_eq!(put(&account, from, "RealisedOverPromised"), [100.0]);
    let [unfollowed] = record.unfollowed.as_slice() else {
        panic!("{record:?}");
    };
    assert!(unfollowed.forgone_savings.is_positive());
    let line = outcome.lines.last().unwrap();
    assert!(line.contains("what was followed brought 100.0 % of what was promised"), "{line}");
    // The terminal says the same on a page.
    let page = bedrock_cost_guard::terminal::report::render(&outcome.report);
    assert!(page.contains("WHAT BECAME OF EARLIER ADVICE"), "{page}");
    // And what a run saw, a saved observation says again.
    let saved = Observation::from_json(&outcome.observation.to_json().unwrap()).unwrap();
    assert_eq!(report::build(&saved), outcome.report);
}

#[tokio::test]
async fn a_history_of_costs_that_is_not_whole_costs_only_the_track_record() {
    let mut observation = whole(sample_of(&[ROUTE]));
    // The guard's own metrics alone are in this Region.
    observation.home.region = region("eu-west-1");
    let last = observation.as_of;
    let mut account = Served::of(observation);
    account.at(last - DAY);
    account.run().await;
    account.at(last);
    let calm = account.run().await;
    // What was before comes in three pages, by the hour and by the minute; then the costs.
    let fault = Fault::of("GetMetricData", FaultKind::Messages).to(region("eu-west-1")).after(3);
    account.fake.fault(fault);
    let from = account.fake.put_data().len();
    let outcome = account.run().await;
    assert!(calm.report.track_record.is_some());
    assert_eq!(outcome.report.track_record, None);
    let note = outcome.report.notes.iter().find(|note| note.contains("earlier advice")).unwrap();
    assert!(note.contains("rec-") || note.contains("anthropic"), "{note}");
    // What is new, the totals and the advice do not rest on it.
    assert_eq!(outcome.report.recommendations, calm.report.recommendations);
    assert_eq!(outcome.report.missing, []);
    assert_eq!(put(&account, from, "RunSucceeded"), [1.0]);
    assert_eq!(put(&account, from, "MonthlyCost").len(), 1);
}
