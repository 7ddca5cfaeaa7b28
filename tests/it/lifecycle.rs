//! Models that leave a Region: whose word counts, what their prices are worth then, and what every
//! report says of it.

use bedrock_cost_guard::advice::{Action, Gate};
use bedrock_cost_guard::guard::log_lines;
use bedrock_cost_guard::observation::FoundationModel;
use bedrock_cost_guard::report::{self, Report, Summary};
use bedrock_cost_guard::terminal;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::support::account::{Account, SONNET, held, window};
use crate::support::book::{MODEL, UNIT, book, in_region, rate, unit};
use crate::support::reports::{an_hour, counted, only, usd};
use crate::support::served::Served;

/// Writes the days of a model's life for one Region, as a book has them.
fn life(lines: &str) -> String {
    format!(
        "[[model.lifecycle]]\nregions = [\"us-east-1\"]\n{lines}\nchecked = \"2026-04-01\"\nsource = \"s\"\n"
    )
}

/// Sells and prices [`MODEL`] as dated rows do, with these further rows.
fn sold(rows: &[String]) -> Account {
    let units = [unit("none", "40.00", Some(UNIT)), unit("1-month", "30.00", Some(UNIT))];
    Account::on(book(&[&[in_region()][..], &units, rows].concat()))
}

/// Changes what AWS lists of [`MODEL`].
fn listed(mut account: Account, change: impl Fn(&mut FoundationModel)) -> Account {
    for entry in &mut account.observation.places[0].inventory.foundation_models {
        change(entry);
    }
    account
}

/// Puts [`MODEL`] into extended access since a month before the window ends, as AWS lists it.
fn extended(account: Account) -> Account {
    listed(account, |entry| entry.public_extended_access_time = Some(at("2026-03-01")))
}

#[expect(clippy::unwrap_used, reason = "only tests call it")]
fn at(day: &str) -> Timestamp {
    format!("{day}T00:00:00Z").parse().unwrap()
}

#[expect(clippy::unwrap_used, reason = "only tests call it")]
fn lifecycle(report: &Report) -> Value {
    serde_json::to_value(&only(report).lifecycle).unwrap()
}

#[test]
fn the_word_of_aws_for_the_region_goes_before_the_books() {
    let book = life(
        "legacy = \"2026-02-01\"\nextended_access = \"2026-05-01\"\nend_of_life = \"2026-08-01\"\nsuccessor = \"maker.next-v1:0\"",
    );
    let account = sold(&[book]).tokens(MODEL, 100_000, 0);
    let says_nothing = listed(account.clone(), |entry| entry.lifecycle_status = None);
    assert_eq!(
        lifecycle(&says_nothing.report()),
        json!({
            "is_legacy": true,
            "legacy": { "day": "2026-02-01", "source": "price_book" },
            "extended_access": { "day": "2026-05-01", "source": "price_book" },
            "end_of_life": { "day": "2026-08-01", "source": "price_book" },
            "successor": "maker.next-v1:0",
        })
    );
    // AWS says that it is not Legacy yet, which the book's day before today contradicts.
    assert_eq!(
        lifecycle(&account.report()),
        json!({
            "is_legacy": false,
            "extended_access": { "day": "2026-05-01", "source": "price_book" },
            "end_of_life": { "day": "2026-08-01", "source": "price_book" },
            "successor": "maker.next-v1:0",
        })
    );
    let says_all = listed(account, |entry| {
        entry.lifecycle_status = Some("LEGACY".into());
        entry.legacy_time = Some(at("2026-03-10"));
        entry.public_extended_access_time = Some(at("2026-06-10"));
        entry.end_of_life_time = Some(at("2026-09-10"));
    });
    assert_eq!(
        lifecycle(&says_all.report()),
        json!({
            "is_legacy": true,
            "legacy": { "day": "2026-03-10", "source": "aws" },
            "extended_access": { "day": "2026-06-10", "source": "aws" },
            "end_of_life": { "day": "2026-09-10", "source": "aws" },
            "successor": "maker.next-v1:0",
        })
    );
    let unknown = Account::selling_units().tokens(MODEL, 100_000, 0);
    assert_eq!(lifecycle(&unknown.report()), Value::Null);
}

#[test]
fn a_price_from_before_extended_access_is_at_least_in_text_json_and_explanation() {
    // 6 million input tokens an hour at 1.00 and 600,000 output tokens at 2.00.
    let account = extended(
        sold(&[rate("global", "standard", ["0.50", "1.00"])]).tokens(MODEL, 100_000, 10_000),
    );
    let report = account.report();
    let workload = only(&report);
    assert!(workload.is_at_least && report.totals.is_at_least);
    assert_eq!(workload.monthly_cost, an_hour("7.20"));
    let note = "Model in us-east-1 is in extended access since 2026-03-01, as AWS says; AWS may charge more than the price shown, which no source dates from that day on";
    assert_eq!(workload.notes, [note]);
    let words = |page: &str| page.split_whitespace().collect::<Vec<_>>().join(" ");
    let page = words(&terminal::report::render(&report));
    assert!(page.contains(&format!("≥ {}", workload.monthly_cost)), "{page}");
    assert!(page.contains(note), "{page}");
    let advice = &report.recommendations[0];
    assert_eq!(advice.action, Action::RouteToGlobalProfile);
    let explained = words(&terminal::explain::render(&report, advice));
    assert!(explained.contains(note), "{explained}");

    // The day before it begins, and where a dated row has the price of it, nothing is in doubt.
    let later = listed(account.clone(), |entry| {
        entry.public_extended_access_time = Some(window().end());
    });
    let since = in_region()
        .replace("2026-01-01", "2026-03-01")
        .replace("\"1.00\"", "\"2.00\"")
        .replace("output = \"2.00\"", "output = \"4.00\"");
    let dated = extended(sold(&[since]).tokens(MODEL, 100_000, 10_000));
    for (account, cost) in [(later, "7.20"), (dated, "14.40")] {
        let report = account.report();
        let workload = only(&report);
        assert!(!workload.is_at_least && workload.notes.is_empty());
        assert!(workload.monthly_cost <= an_hour(cost));
    }
}

#[test]
fn nothing_is_given_up_for_an_on_demand_price_that_may_be_too_low() {
    // A unit of 40 USD an hour serves what costs 7.20 on-demand, by the price from before.
    let busy = || sold(&[]).busy(held(), 100_000, 10_000);
    let known = busy().report();
    assert_eq!(counted(&known), [Action::GiveUpProvisionedModel]);
    assert!(known.holdings[0].worth.is_some());

    let low = extended(busy()).report();
    assert_eq!(low.recommendations, []);
    // Nor is it said to lose money.
    assert_eq!(low.holdings[0].worth, None);
    assert_eq!(low.holdings[0].right_size, None);
    let verdict = &only(&low).verdict;
    assert!(verdict.contains("from before 2026-03-01"), "{verdict}");
    // What is held is billed by the hour, and costs what it costs.
    assert!(!only(&low).is_at_least);

    // Unused, it is given up whatever an on-demand token costs.
    let idle = extended(sold(&[]).idle(held())).report();
    assert_eq!(counted(&idle), [Action::DeleteIdleProvisionedModel]);
}

#[test]
fn what_pays_at_a_price_that_may_be_too_low_pays_and_nothing_is_proven_against_it() {
    let bought =
        |input: u64, output: u64| extended(sold(&[]).tokens(MODEL, input, output)).report();
    assert_eq!(counted(&bought(700_000, 100_000)), [Action::BuyModelUnits]);
    // At twice the price a unit could pay: only as the price is shown it does not.
    let known = sold(&[]).tokens(MODEL, 100_000, 10_000).report();
    assert!(!known.certificates.is_empty());
    let low = bought(100_000, 10_000);
    assert_eq!(low.certificates, []);
    assert_eq!(counted(&low), []);
}

#[test]
fn a_route_from_a_price_within_extended_access_to_one_from_before_saves_nothing() {
    let global =
        |from: &str| rate("global", "standard", ["0.90", "1.80"]).replace("2026-01-01", from);
    let since = in_region().replace("2026-01-01", "2026-03-01");
    let counted_with = |rows: &[String]| {
        let mut account = extended(Account::on(book(rows)).tokens(MODEL, 700_000, 100_000));
        account.observation.settings.allow_global_routing = true;
        counted(&account.report())
    };
    assert_eq!(counted_with(&[since.clone(), global("2026-01-01")]), []);
    let routed = [Action::RouteToGlobalProfile];
    assert_eq!(counted_with(&[since, global("2026-03-01")]), routed);
    assert_eq!(counted_with(&[in_region(), global("2026-01-01")]), routed);
}

#[test]
fn an_end_of_life_within_a_quarter_is_a_note_on_every_workload_of_the_model() {
    let successor = life("successor = \"maker.next-v1:0\"");
    let notes = |account: Account, days: i64| {
        let end = window().end() + SignedDuration::from_hours(24 * days);
        let report = listed(account, |entry| entry.end_of_life_time = Some(end)).report();
        let workload = only(&report);
        let words = terminal::report::render(&report);
        let words = words.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(workload.notes.iter().all(|note| words.contains(note)), "{words}");
        workload.notes.join("; ")
    };
    let called = || sold(std::slice::from_ref(&successor)).tokens(MODEL, 1_000, 0);
    let look = "; an editor of the price book would look at maker.next-v1:0 first";
    assert_eq!(
        notes(called(), 0),
        format!(
            "Model in us-east-1 ends on 2026-04-06, today, as AWS says: requests fail from then on{look}"
        )
    );
    assert_eq!(
        notes(called(), 1),
        format!(
            "Model in us-east-1 ends on 2026-04-07, in 1 day, as AWS says: requests fail from then on{look}"
        )
    );
    assert!(notes(called(), 90).contains("ends on 2026-07-05, in 90 days"));
    assert_eq!(notes(called(), 91), "");
    let past = notes(called(), -5);
    assert_eq!(
        past,
        format!(
            "Model in us-east-1 ended on 2026-04-01, 5 days ago, as AWS says: requests fail from then on, but it was called since, so look whether that day holds{look}"
        )
    );
    // What is held of it alone is enough to hear of it.
    let held_alone = || sold(&[]).idle(held());
    assert_eq!(
        notes(held_alone(), -400),
        "Model in us-east-1 ended on 2025-03-02, 400 days ago, as AWS says: requests fail from then on"
    );
}

#[test]
fn jamba_at_its_last_day_says_so_by_the_price_book() {
    let account = Account::new().seen("2026-11-26T00:20:00Z".parse().unwrap());
    let report = account.tokens("ai21.jamba-1-5-large-v1:0", 1_000, 100).report();
    let note = &only(&report).notes[0];
    assert!(
        note.starts_with("Jamba 1.5 Large in us-east-1 ends on 2026-11-26, today, as the price book says: requests fail from then on"),
        "{note}"
    );
}

#[tokio::test]
async fn what_aws_lists_of_a_model_s_life_is_in_the_log_of_a_run() {
    let account =
        listed(Account::new().serves(SONNET, "ON_DEMAND").tokens(SONNET, 100_000, 0), |entry| {
            entry.legacy_time = Some(at("2025-12-01"));
            entry.public_extended_access_time = Some(at("2026-06-01"));
            entry.end_of_life_time = Some(at("2026-04-20"));
        });
    let expected = account.report();
    let outcome = Served::of(account.observation).run().await;
    assert_eq!(lifecycle(&outcome.report), lifecycle(&expected));
    let told = |day: &str| json!({ "day": day, "source": "aws" });
    assert_eq!(lifecycle(&outcome.report)["legacy"], told("2025-12-01"));
    assert_eq!(lifecycle(&outcome.report)["extended_access"], told("2026-06-01"));
    assert_eq!(lifecycle(&outcome.report)["end_of_life"], told("2026-04-20"));
    let summary = Summary::new(&outcome.report, 0, None);
    let lines = log_lines::lines(&outcome.report, &summary).unwrap();
    let run: Value = serde_json::from_str(lines.last().unwrap()).unwrap();
    let notes: Vec<&str> =
        run["notes"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
    assert!(notes.iter().any(|note| note.contains("ends on 2026-04-20, in 14 days, as AWS says")));
}

#[test]
fn a_commitment_does_not_outlive_the_day_that_aws_gives() {
    let report = |change: &dyn Fn(&mut FoundationModel)| {
        let units = [unit("1-month", "30.00", Some(UNIT)), life("end_of_life = \"2026-04-20\"")];
        let account = Account::on(book(&[&[in_region()][..], &units].concat()));
        listed(account.tokens(MODEL, 700_000, 100_000), change).report()
    };
    let gates = |report: &Report| {
        let mut plans = only(report).plans.iter();
        let plan = plans.find(|plan| plan.action == Some(Action::BuyModelUnits)).unwrap();
        plan.failed_gates.clone()
    };
    assert_eq!(gates(&report(&|_| {})), [Gate::Lifecycle]);
    let later = report(&|entry| entry.end_of_life_time = Some(at("2026-08-01")));
    assert_eq!(gates(&later), []);
    assert!(later.totals.potential_monthly_savings > usd("0"));
}

#[test]
fn an_observation_from_before_the_days_were_read_replays() {
    let account = sold(&[]).tokens(MODEL, 1_000, 0);
    let saved = account.observation.to_json().unwrap();
    assert!(!saved.contains("legacy_time") && !saved.contains("public_extended_access_time"));
    let replayed = bedrock_cost_guard::observation::Observation::from_json(&saved).unwrap();
    assert_eq!(report::build(&replayed), account.report());
}
