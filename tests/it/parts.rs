//! A part never stands for the whole: what is put, closed and announced while something is missing,
//! from run to run.

use std::collections::{BTreeMap, BTreeSet};

use bedrock_cost_guard::advice;
use bedrock_cost_guard::aws::clients;
use bedrock_cost_guard::catalog::PriceBook;
use bedrock_cost_guard::domain::{BaseModel, ModelId, ModelUnits, Usd};
use bedrock_cost_guard::guard::RunOutcome;
use bedrock_cost_guard::observation::{
    FailedPlace, Inventory, InventoryList, LaneUsage, ModelBefore, Observation, OpenBefore,
    PlaceObservation, Status, UnreadList, Usage,
};
use bedrock_cost_guard::pricing;
use bedrock_cost_guard::report::{self, Part, PlaceReport, metrics};
use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;
use rust_decimal::Decimal;
use serde_json::Value;

use crate::support::account::region;
use crate::support::fake_aws::{FakeAws, Fault, FaultKind, PutDatum};
use crate::support::served::Served;
use crate::support::{
    LEFTOVER, ROUTE, UNITS, in_both_regions, lane_of, sample, sample_of, small_observation, whole,
};

const DAY: SignedDuration = SignedDuration::from_hours(24);

/// Returns the values of a metric that were put, in order, by their dimensions.
fn put(data: &[PutDatum], name: &str, dimensions: &[(&str, &str)]) -> Vec<f64> {
    let wanted: BTreeMap<String, String> =
        dimensions.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    let of = data.iter().filter(|datum| datum.name == name && datum.dimensions == wanted);
    of.map(|datum| datum.value).collect()
}

/// One day of an account whose second Region is denied: the run, and what it put.
struct Day {
    outcome: RunOutcome,
    data: Vec<PutDatum>,
}

/// Runs once, and returns what this run put.
async fn day(account: &mut Served, time: Timestamp) -> Day {
    account.at(time);
    let before = account.fake.put_data().len();
    let outcome = account.run().await;
    Day { outcome, data: account.fake.put_data().split_off(before) }
}

/// An alarm of the template on a metric of the guard's own, by the values of each day: silent days have
/// none.
#[derive(Clone, Copy, Debug)]
enum Alarm {
    /// Two days in a row without a point of `RunSucceeded`: the count, filled with zeros, is below one.
    MissingRun,
    /// The highest value of `RunSucceeded` of a day is below one; days without one are ignored.
    PartialRun,
    /// `PotentialMonthlySavings` of a day is at least 100; days without a point are ignored.
    Savings,
}

impl Alarm {
    /// Returns the state after each day, true while it fires.
    fn states(self, days: &[Vec<f64>]) -> Vec<bool> {
        let mut is_firing = false;
        let mut states = Vec::new();
        for (place, values) in days.iter().enumerate() {
            let highest = values.iter().copied().reduce(f64::max);
            is_firing = match (self, highest) {
                (Self::MissingRun, _) => {
                    place > 0 && values.is_empty() && days[place - 1].is_empty()
                }
                (Self::PartialRun, Some(highest)) => highest < 1.0,
                (Self::Savings, Some(highest)) => highest >= 100.0,
                (Self::PartialRun | Self::Savings, None) => is_firing,
            };
            states.push(is_firing);
        }
        states
    }
}

#[tokio::test]
async fn five_days_with_a_list_denied_for_good_leave_its_advice_as_it_was() {
    for operation in ["ListFoundationModels", "ListInferenceProfiles"] {
        let observation = in_both_regions(whole(sample_of(&[ROUTE])));
        let first = observation.as_of - DAY * 5;
        let mut account = Served::of(observation);
        let calm = day(&mut account, first).await;
        let advice = &calm.outcome.report.recommendations;
        let denied = advice.iter().find(|it| it.region.name() == "us-west-2").unwrap().id.clone();
        account.fake.fault(Fault::of(operation, FaultKind::Forbidden).to(region("us-west-2")));
        let mut succeeded = vec![put(&calm.data, "RunSucceeded", &[])];
        for number in 1..=5 {
            let Day { outcome, data } = day(&mut account, first + DAY * number).await;
            succeeded.push(put(&data, "RunSucceeded", &[]));
            assert_eq!(put(&data, "PotentialMonthlySavings", &[]), [0.0; 0], "no all-clear");
            assert_eq!(put(&data, "MonthlyCost", &[("Region", "us-west-2")]), [0.0; 0]);
            assert_eq!(put(&data, "MonthlyCost", &[("Region", "us-east-1")]).len(), 1);
            assert_eq!(outcome.report.closed, []);
            let set = [("Region", "us-west-2"), ("RecommendationId", denied.as_str())];
            // It was open, and stays so on each day.
            assert_eq!(put(&data, "RecommendationOpen", &set), [1.0], "day {number}");
            let mut advice = outcome.report.recommendations.iter();
            let advice = advice.find(|advice| advice.id == denied).unwrap();
            assert_eq!(advice.was_open, Some(true));
        }
        assert_eq!(Alarm::MissingRun.states(&succeeded), [false; 6]);
        assert_eq!(Alarm::PartialRun.states(&succeeded), [false, true, true, true, true, true]);
    }
}

#[tokio::test]
async fn advice_on_what_was_not_read_whole_is_not_new_on_each_day() {
    let observation = in_both_regions(whole(sample_of(&[ROUTE])));
    let first = observation.as_of - DAY * 5;
    let mut account = Served::of(observation);
    account
        .fake
        .fault(Fault::of("ListFoundationModels", FaultKind::Forbidden).to(region("us-west-2")));
    for number in 0..3 {
        let Day { outcome, data } = day(&mut account, first + DAY * number).await;
        let mut advice = outcome.report.recommendations.iter();
        let advice = advice.find(|advice| advice.region.name() == "us-west-2").unwrap();
        assert_eq!(advice.was_open, None, "nobody knows");
        let set = [("Region", "us-west-2"), ("RecommendationId", advice.id.as_str())];
        assert_eq!(put(&data, "RecommendationOpen", &set), [0.0; 0], "it is not opened");
    }
}

#[test]
fn traffic_of_which_no_model_is_known_closes_nothing_and_ends_no_model() {
    // A profile is deleted, and its traffic of the last weeks is of no model any more.
    let mut observation = whole(sample_of(&[ROUTE, "a1b2c3d4e5f6"]));
    let before = report::build(&observation);
    let advice = before.recommendations.iter().find(|it| it.model.id().contains("haiku")).unwrap();
    observation.open_before =
        vec![OpenBefore { region: region("us-east-1"), id: advice.id.clone() }];
    observation.models_before =
        vec![ModelBefore { region: region("us-east-1"), model: advice.model.clone() }];
    observation.places[0].inventory.application_profiles.clear();
    let report = report::build(&observation);
    assert!(!report.unpriced.is_empty());
    assert_eq!(report.closed, []);
    assert_eq!(report.vanished, []);
    // Nor where that traffic could not be read.
    let whole = observation.clone();
    for metric in &mut lane_of(&mut observation, "a1b2c3d4e5f6").survey {
        (metric.status, metric.series) = (Status::Incomplete("too long".to_owned()), None);
    }
    let report = report::build(&observation);
    assert_eq!((report.closed.len(), report.vanished.len()), (0, 0));
    observation = whole;
    // Without that traffic both are gone.
    observation.places[0].usage.lanes.retain(|lane| lane.model_id.text() == ROUTE);
    let report = report::build(&observation);
    assert_eq!((report.closed.len(), report.vanished.len()), (1, 1));
}

#[tokio::test]
async fn five_days_with_a_region_denied_for_good_are_no_silence_and_no_all_clear() {
    let observation = in_both_regions(whole(sample_of(&[ROUTE])));
    let first = observation.as_of - DAY * 5;
    let mut account = Served::of(observation);
    // The day before, both Regions are read, and the savings alarm fires.
    let calm = day(&mut account, first).await;
    assert_eq!(put(&calm.data, "RunSucceeded", &[]), [1.0]);
    let savings = put(&calm.data, "PotentialMonthlySavings", &[]);
    assert!(savings[0] > 100.0, "{savings:?}");
    let id = |day: &Day, name: &str| {
        let mut advice = day.outcome.report.recommendations.iter();
        advice.find(|advice| advice.region.name() == name).map(|advice| advice.id.clone())
    };
    let (route, denied) = (id(&calm, "us-east-1").unwrap(), id(&calm, "us-west-2").unwrap());
    account.fake.fault(Fault::of("ListMetrics", FaultKind::Forbidden).to(region("us-west-2")));

    let mut seen = Vec::new();
    let mut succeeded = vec![put(&calm.data, "RunSucceeded", &[])];
    let mut savings = vec![savings];
    for number in 1..=5 {
        // Somebody forbids global profiles on the third day and allows them on the fifth.
        account.settings.allow_global_routing = !(3..5).contains(&number);
        let Day { outcome, data } = day(&mut account, first + DAY * number).await;
        // A point each day: the alarm for missing runs counts those, and the one for whole runs their
        // values.
        assert_eq!(put(&data, "RunSucceeded", &[]), [0.0], "day {number}");
        assert_eq!(data.last().unwrap().name, "RunSucceeded");
        succeeded.push(put(&data, "RunSucceeded", &[]));
        savings.push(put(&data, "PotentialMonthlySavings", &[]));
        assert_eq!(put(&data, "FailedRegions", &[]), [1.0], "day {number}");
        // No total, so that the savings alarm keeps its state.
        for name in ["MonthlyCost", "PotentialMonthlySavings", "Recommendations"] {
            assert_eq!(put(&data, name, &[]), [0.0; 0], "{name} on day {number}");
            assert_eq!(put(&data, name, &[("Region", "us-west-2")]), [0.0; 0]);
            assert_eq!(put(&data, name, &[("Region", "us-east-1")]).len(), 1, "{name}");
        }
        let line = outcome.lines.last().unwrap();
        assert!(line.contains("missing: Region us-west-2"), "{line}");
        let open = |region: &str, id: &str| {
            put(&data, "RecommendationOpen", &[("Region", region), ("RecommendationId", id)])
        };
        // Of the denied Region nothing is said, neither that it is open nor that it is not.
        assert_eq!(open("us-west-2", &denied), [0.0; 0], "day {number}");
        let advice = outcome.report.recommendations.iter().find(|advice| advice.id == route);
        let was_open = advice.and_then(|advice| advice.was_open);
        let closed = outcome.report.closed.iter().map(|closed| closed.id.clone());
        seen.push((open("us-east-1", &route), was_open, closed.collect::<Vec<_>>()));
    }
    assert_eq!(
        seen,
        [
            (vec![1.0], Some(true), vec![]),
            (vec![1.0], Some(true), vec![]),
            // What was read is closed as usual, once.
            (vec![0.0], Some(true), vec![route.clone()]),
            (vec![], Some(false), vec![]),
            // And announced as new when it comes back.
            (vec![1.0], Some(false), vec![]),
        ]
    );
    // The Region can be read again: its advice has been open all the while.
    account.fake.clear_faults();
    let Day { outcome, data } = day(&mut account, first + DAY * 6).await;
    assert_eq!(put(&data, "RunSucceeded", &[]), [1.0]);
    let advice = outcome.report.recommendations.iter().find(|advice| advice.id == denied).unwrap();
    assert_eq!(advice.was_open, Some(true));
    succeeded.push(put(&data, "RunSucceeded", &[]));
    savings.push(put(&data, "PotentialMonthlySavings", &[]));
    assert_eq!(Alarm::MissingRun.states(&succeeded), [false; 7], "no alarm of a missing run");
    assert_eq!(Alarm::Savings.states(&savings), [true; 7], "no all-clear");
    let partial = Alarm::PartialRun.states(&succeeded);
    assert_eq!(partial, [false, true, true, true, true, true, false]);
    // And without any run the alarm for missing runs does fire.
    succeeded.extend([vec![], vec![]]);
    assert!(Alarm::MissingRun.states(&succeeded)[8]);
}

#[tokio::test]
async fn a_series_that_is_not_whole_leaves_its_advice_as_it_was_and_closes_that_of_others() {
    let mut observation = whole(sample_of(&[ROUTE, UNITS, LEFTOVER[0]]));
    let now = report::build(&observation);
    let open = now.recommendations.iter().filter(|advice| advice.is_counted());
    observation.open_before = open
        .map(|advice| OpenBefore { region: advice.region.clone(), id: advice.id.clone() })
        .collect();
    observation
        .open_before
        .push(OpenBefore { region: region("us-west-2"), id: "rec-0000000000".to_owned() });
    for status in ["PartialData", "InternalError", "Forbidden"] {
        let mut observation = observation.clone();
        for metric in &mut lane_of(&mut observation, UNITS).survey {
            metric.status = Status::Incomplete(format!("CloudWatch ended with {status}"));
        }
        let account = Served::of(observation);
        let RunOutcome { report, .. } = account.run().await;
        let data = account.fake.put_data();
        assert_eq!(put(&data, "IncompleteWorkloads", &[]), [1.0]);
        assert_eq!(put(&data, "RunSucceeded", &[]), [0.0]);
        assert_eq!(put(&data, "PotentialMonthlySavings", &[]), [0.0; 0], "no all-clear");
        let closed: Vec<&str> = report.closed.iter().map(|closed| closed.id.as_str()).collect();
        assert_eq!(closed, ["rec-0000000000"], "{status}");
        for advice in now.recommendations.iter().filter(|advice| advice.is_counted()) {
            let set = [("Region", advice.region.name()), ("RecommendationId", advice.id.as_str())];
            let is_of_it = advice.model.id().contains("llama3-1-70b");
            let expected: &[f64] = if is_of_it { &[] } else { &[1.0] };
            assert_eq!(put(&data, "RecommendationOpen", &set), expected, "{}", advice.message());
        }
        let set = |model| [("Region", "us-west-2"), ("Model", model)];
        assert_eq!(put(&data, "MonthlyCost", &set("meta.llama3-1-70b-instruct-v1:0")), [0.0; 0]);
    }
}

#[tokio::test]
async fn a_model_that_vanished_gets_its_zero_once_and_only_where_its_region_was_read() {
    let mut observation = whole(sample_of(&[ROUTE, UNITS]));
    let gone = |name: &str| ModelBefore {
        region: region(name),
        model: BaseModel::new("example.gone-v1:0"),
    };
    observation.models_before = vec![gone("us-east-1"), gone("us-west-2"), gone("eu-west-1")];
    let time = observation.as_of;
    let mut account = Served::of(observation);
    account.fake.fault(
        Fault::of("ListProvisionedModelThroughputs", FaultKind::Forbidden)
            .to(region("us-west-2"))
            .times(1),
    );
    let of = |data: &[PutDatum], name: &str| {
        let set = [("Region", name), ("Model", "example.gone-v1:0")];
        (put(data, "MonthlyCost", &set), put(data, "PotentialMonthlySavings", &set))
    };
    let nothing = || (vec![], vec![]);
    let zero = || (vec![0.0], vec![0.0]);
    let first = day(&mut account, time).await;
    assert_eq!(of(&first.data, "us-east-1"), zero());
    // It may be held there, and nobody could see it.
    assert_eq!(of(&first.data, "us-west-2"), nothing());
    // A Region that nobody reads says nothing.
    assert_eq!(of(&first.data, "eu-west-1"), nothing());
    let second = day(&mut account, time + DAY).await;
    assert_eq!(of(&second.data, "us-east-1"), nothing());
    assert_eq!(of(&second.data, "us-west-2"), zero());
}

#[tokio::test]
async fn runs_within_a_minute_know_one_another_and_a_repeated_one_does_not_know_itself() {
    let observation = whole(sample_of(&[ROUTE]));
    let time = observation.as_of + SignedDuration::from_secs(7);
    let mut account = Served::of(observation);
    let was_open = |day: &Day| {
        let advice = &day.outcome.report.recommendations[0];
        (advice.is_counted(), advice.was_open)
    };
    let first = day(&mut account, time).await;
    assert_eq!(was_open(&first), (true, Some(false)));
    // Lambda repeats an event with its own time: the same is new again.
    let repeated = day(&mut account, time).await;
    assert_eq!(was_open(&repeated), (true, Some(false)));
    let soon = SignedDuration::from_secs(20);
    let second = day(&mut account, time + soon).await;
    assert_eq!(was_open(&second), (true, Some(true)));
    account.settings.allow_global_routing = false;
    let third = day(&mut account, time + SignedDuration::from_mins(5)).await;
    assert_eq!(third.outcome.report.closed.len(), 1, "{:?}", third.outcome.report.closed);
    // Within the same hour the zero is the last word, and not the hour's highest value.
    let fourth = day(&mut account, time + SignedDuration::from_mins(10)).await;
    assert_eq!(fourth.outcome.report.closed, []);
}

#[tokio::test]
async fn a_history_that_is_not_whole_opens_and_closes_nothing_and_is_named() {
    let mut observation = whole(sample_of(&[ROUTE]));
    observation.open_before =
        vec![OpenBefore { region: region("us-east-1"), id: "rec-0000000000".to_owned() }];
    observation.home.region = region("eu-west-1");
    let account = Served::of(observation)
        .with_fault(Fault::of("GetMetricData", FaultKind::Messages).to(region("eu-west-1")));
    let RunOutcome { report, .. } = account.run().await;
    assert_eq!(report.closed, []);
    assert_eq!(report.recommendations[0].was_open, None);
    assert_eq!(report.missing.len(), 1);
    assert_eq!(report.missing[0].part, Part::History);
    assert!(report.missing[0].error.contains("rec-0000000000"), "{}", report.missing[0].error);
    let data = account.fake.put_data();
    assert_eq!(put(&data, "RunSucceeded", &[]), [0.0]);
    // Totals are totals all the same.
    assert_eq!(put(&data, "MonthlyCost", &[]).len(), 1);
}

#[tokio::test]
async fn a_region_that_is_not_enabled_says_so_and_asks_nobody_to_sign_in() {
    let mut observation = whole(sample_of(&[ROUTE, UNITS]));
    observation.places[1].place.region = region("ap-southeast-6");
    observation.settings.regions = vec![region("us-east-1"), region("ap-southeast-6")];
    let account = Served::of(observation);
    for operation in ["ListMetrics", "ListFoundationModels", "ListInferenceProfiles"] {
        account.fake.fault(
            Fault::of(operation, FaultKind::UnknownCredentials).to(region("ap-southeast-6")),
        );
    }
    let error = account.run().await.report.missing[0].error.clone();
    assert!(error.contains("is not enabled for the account"), "{error}");
    assert!(!error.contains("sign in") && !error.contains("AWS_PROFILE"), "{error}");
}

/// Asks an address as CloudWatch, and returns what is said of the failure.
#[expect(clippy::unwrap_used, reason = "only tests call it")]
async fn failure_at(address: &str) -> String {
    let fake = FakeAws::start(small_observation());
    let config = fake.sdk_config().await.to_builder().endpoint_url(address).build();
    let cloudwatch = clients::cloudwatch(&config, &region("us-east-1"));
    cloudwatch.list_metrics("AWS/Bedrock", None).await.unwrap_err().to_string()
}

#[tokio::test]
async fn a_connection_that_does_not_come_about_says_why() {
    let refused = {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.local_addr().unwrap()
    };
    let plain = FakeAws::start(small_observation());
    let tls = plain.url().replace("http://", "https://");
    for (address, words) in [
        ("http://no-such-host.invalid".to_owned(), "(DNS)"),
        (format!("http://{refused}"), "refused the connection"),
        (tls, "(TLS)"),
    ] {
        let text = failure_at(&address).await;
        assert!(text.contains(words), "{address}: {text}");
        assert!(text.starts_with("cloudwatch:ListMetrics in us-east-1 could not be asked: "));
        assert!(!text.contains("dispatch failure") && text.chars().count() <= 300, "{text}");
    }
}

#[tokio::test]
async fn an_answer_that_is_not_of_aws_says_its_status_and_its_type() {
    let account = Served::of(whole(sample_of(&[ROUTE])))
        .with_fault(Fault::of("GetMetricData", FaultKind::Html).to(region("us-east-1")));
    let text = account.fail().await.to_string();
    assert!(text.contains("HTTP 503") && text.contains("text/html"), "{text}");
    let account = Served::of(whole(sample_of(&[ROUTE])))
        .with_fault(Fault::of("GetMetricData", FaultKind::Reset).to(region("us-east-1")));
    let text = account.fail().await.to_string();
    assert!(text.contains("reset the connection"), "{text}");
}

/// A part of an account that can be lost.
#[derive(Clone, Copy, Debug)]
enum Lost {
    Region(usize),
    List(usize, InventoryList),
    Series(usize, usize),
    Minutes(usize),
    MinutesOf(usize, usize),
    History,
}

fn lost() -> impl Strategy<Value = Lost> {
    let lists = [
        InventoryList::ProvisionedModels,
        InventoryList::ApplicationProfiles,
        InventoryList::SystemProfiles,
        InventoryList::FoundationModels,
    ];
    prop_oneof![
        (0..2usize).prop_map(Lost::Region),
        (0..2usize, proptest::sample::select(lists.to_vec()))
            .prop_map(|(place, list)| Lost::List(place, list)),
        (0..2usize, 0..64usize).prop_map(|(place, lane)| Lost::Series(place, lane)),
        (0..2usize).prop_map(Lost::Minutes),
        (0..2usize, 0..64usize).prop_map(|(place, lane)| Lost::MinutesOf(place, lane)),
        Just(Lost::History),
    ]
}

/// Takes a part out of an observation, as a run that could not read it would save it.
fn lose(observation: &mut Observation, part: Lost) {
    let why = "lost on the way".to_owned();
    match part {
        Lost::Region(place) if place < observation.places.len() => {
            let place = observation.places.remove(place).place;
            observation.failed.push(FailedPlace {
                account: place.account,
                region: place.region,
                error: why,
            });
        }
        Lost::List(place, list) => {
            let Some(place) = observation.places.get_mut(place) else { return };
            match list {
                InventoryList::ProvisionedModels => place.inventory.provisioned_models.clear(),
                InventoryList::ApplicationProfiles => place.inventory.application_profiles.clear(),
                InventoryList::SystemProfiles => place.inventory.system_profiles.clear(),
                InventoryList::FoundationModels => place.inventory.foundation_models.clear(),
            }
            if place.inventory.has_read(list) {
                place.inventory.unread.push(UnreadList { list, error: why });
            }
        }
        Lost::Series(place, lane) => {
            let Some(place) = observation.places.get_mut(place) else { return };
            let lanes = place.usage.lanes.len();
            for metric in &mut place.usage.lanes[lane % lanes].survey {
                metric.status = Status::Incomplete(why.clone());
                if let Some(series) = &mut metric.series {
                    let half = series.values.len() / 2;
                    let values = series.values.iter().enumerate();
                    series.values =
                        values.map(|(step, sum)| sum.filter(|_| step >= half)).collect();
                }
            }
        }
        Lost::Minutes(place) => {
            let Some(place) = observation.places.get_mut(place) else { return };
            for lane in &mut place.usage.lanes {
                lane.minutes.clear();
            }
            place.minutes_unknown = Some(why);
        }
        Lost::MinutesOf(place, lane) => {
            let Some(place) = observation.places.get_mut(place) else { return };
            let lanes = place.usage.lanes.len();
            for metric in &mut place.usage.lanes[lane % lanes].minutes {
                metric.status = Status::Incomplete(why.clone());
            }
        }
        Lost::History => {
            observation.open_before.clear();
            observation.history_unknown = Some(why);
        }
        Lost::Region(_) => {}
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_point_of_an_account_with_parts_missing_is_another_than_of_the_whole(
        parts in proptest::collection::vec(lost(), 1..4),
        near in proptest::sample::select(vec!["25", "400", "1200"]),
    ) {
        let mut observation = whole(sample());
        let all = report::build(&observation);
        // Advice below this stays open, and is no advice where nobody knows that it was open.
        observation.settings.min_monthly_savings = near.parse().unwrap();
        // Everything that counts was open, and one that no longer is.
        let mut before: Vec<OpenBefore> = all
            .recommendations
            .iter()
            .filter(|advice| advice.is_counted())
            .map(|advice| OpenBefore { region: advice.region.clone(), id: advice.id.clone() })
            .collect();
        before.push(OpenBefore { region: region("us-west-2"), id: "rec-0000000000".into() });
        observation.open_before = before;
        let truth = report::build(&observation);
        let settings = observation.settings.clone();
        let of = |report: &report::Report| -> BTreeMap<_, Decimal> {
            let points = metrics::points(report, &settings);
            points.into_iter().map(|point| ((point.name, point.dimensions), point.value)).collect()
        };
        let known = of(&truth);
        let counted = truth.recommendations.iter().filter(|advice| advice.is_counted());
        let open: BTreeSet<String> = counted.map(|advice| advice.id.clone()).collect();
        for part in &parts {
            lose(&mut observation, *part);
        }
        let report = report::build(&observation);
        let loses = |part: &Lost| !matches!(part, Lost::MinutesOf(..));
        prop_assert!(!report.is_whole() || !parts.iter().any(loses), "{:?}", parts);
        prop_assert!(report.totals.monthly_cost <= truth.totals.monthly_cost);
        let tells = ["FailedRegions", "IncompleteWorkloads"];
        for (key, value) in of(&report) {
            if !tells.contains(&key.0) {
                prop_assert_eq!(known.get(&key), Some(&value), "{:?} of {:?}", key, parts);
            }
        }
        // Nothing that is still open in the whole account is closed by what is left of it.
        let closed: Vec<&str> = report.closed.iter().map(|closed| closed.id.as_str()).collect();
        prop_assert!(closed.iter().all(|id| !open.contains(*id)), "{:?} by {:?}", closed, parts);
        // What is said to be advice is advice of the whole account too.
        let savings: Usd = report.recommendations.iter().filter(|advice| advice.is_counted())
            .filter_map(bedrock_cost_guard::advice::Recommendation::savings).sum();
        prop_assert!(savings <= truth.totals.potential_monthly_savings);
    }
}

/// Divides a place between its models where the keys say so; each part has all lanes without a model.
fn divided(
    run: &Observation,
    place: &PlaceObservation,
    keys: &[bool],
) -> Vec<(BTreeSet<BaseModel>, PlaceObservation)> {
    let mut by_model = pricing::lanes_by_model(run, place);
    let strays = by_model.remove(&None).unwrap_or_default();
    let none = PlaceObservation { usage: Usage::default(), ..place.clone() };
    let mut parts = vec![(BTreeSet::new(), none.clone())];
    for ((model, lanes), is_next) in by_model.into_iter().zip(keys.iter().cycle()) {
        if *is_next {
            parts.push((BTreeSet::new(), none.clone()));
        }
        if let Some((models, part)) = parts.last_mut() {
            models.extend(model.clone());
            part.usage.lanes.extend(lanes.iter().map(|lane| place.usage.lanes[*lane].clone()));
        }
    }
    for (models, part) in &mut parts {
        part.usage.lanes.extend(strays.iter().map(|lane| place.usage.lanes[*lane].clone()));
        if advice::wants_minutes(run, part, models).is_empty() {
            part.minutes_unknown = None;
        }
    }
    parts[0].1.usage.metrics_requested = place.usage.metrics_requested;
    parts
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 16, failure_persistence: None, ..ProptestConfig::default() })]

    /// A Region that does not fit in memory is decided part by part.
    #[test]
    fn a_place_that_is_decided_part_by_part_is_decided_as_at_once(
        lost in proptest::collection::vec(lost(), 0..3),
        keys in proptest::collection::vec(any::<bool>(), 1..40),
        has_stray in any::<bool>(),
    ) {
        let mut observation = whole(sample());
        let all = report::build(&observation);
        let open = all.recommendations.iter().map(|it| (it.region.clone(), it.id.clone()));
        observation.open_before = open.map(|(region, id)| OpenBefore { region, id }).collect();
        let gone = ModelBefore { region: region("us-west-2"), model: BaseModel::new("a.gone") };
        observation.models_before.push(gone);
        if has_stray {
            let stray = observation.places[0].usage.lanes[0].clone();
            let stray = LaneUsage { model_id: ModelId::parse("nobody-knows"), ..stray };
            observation.places[0].usage.lanes.push(stray);
        }
        for part in &lost {
            lose(&mut observation, *part);
        }
        for place in 0..observation.places.len() {
            let mut part = observation.places[place].clone();
            let by_model = pricing::lanes_by_model(&observation, &part);
            // Of lanes without a model nobody reads the minutes.
            for lane in by_model.get(&None).into_iter().flatten() {
                part.usage.lanes[*lane].minutes.clear();
            }
            let models = by_model.into_keys().flatten().collect();
            if advice::wants_minutes(&observation, &part, &models).is_empty() {
                part.minutes_unknown = None;
            }
            observation.places[place] = part;
        }
        let at_once = report::build(&observation);
        let mut places = Vec::new();
        for place in &observation.places {
            let parts = divided(&observation, place, &keys);
            let reports = parts
                .iter()
                .map(|(models, part)| PlaceReport::of_models(&observation, part, models));
            places.extend(reports.reduce(|mut all, next| {
                all.add(next);
                all
            }));
        }
        let part_by_part = report::assemble(&observation, places);
        let [at_once, part_by_part] =
            [at_once, part_by_part].map(|report| format!("{report:#?}"));
        let mut both = at_once.lines().zip(part_by_part.lines());
        prop_assert_eq!(both.find(|(one, other)| one != other), None);
        prop_assert_eq!(at_once.len(), part_by_part.len());
    }
}

/// Objects of a document, by the way to each.
fn objects(value: &Value, way: &str, found: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            found.push(way.to_owned());
            for (name, value) in fields {
                let name = name.replace('~', "~0").replace('/', "~1");
                objects(value, &format!("{way}/{name}"), found);
            }
        }
        Value::Array(items) => {
            for (place, value) in items.iter().enumerate().take(3) {
                objects(value, &format!("{way}/{place}"), found);
            }
        }
        _ => {}
    }
}

#[test]
fn a_field_that_no_run_would_have_written_is_refused_wherever_it_is() {
    let mut observation = small_observation();
    observation.failed.push(FailedPlace {
        account: observation.home.account.clone(),
        region: region("eu-west-1"),
        error: "denied".into(),
    });
    let mut other = observation.places[0].clone();
    other.place.region = region("us-west-2");
    other.usage.lanes.clear();
    other.inventory = Inventory {
        unread: vec![UnreadList { list: InventoryList::SystemProfiles, error: "denied".into() }],
        ..Inventory::default()
    };
    observation.places.push(other);
    let saved: Value = serde_json::from_str(&observation.to_json().unwrap()).unwrap();
    assert!(Observation::from_json(&saved.to_string()).is_ok());
    let mut ways = Vec::new();
    objects(&saved, "", &mut ways);
    let mut taken = Vec::new();
    for way in ways {
        let mut saved = saved.clone();
        saved.pointer_mut(&way).unwrap()["not_of_a_run"] = true.into();
        if Observation::from_json(&saved.to_string()).is_ok() {
            taken.push(way);
        }
    }
    assert_eq!(taken, [""; 0], "a misspelt field is passed over there");
}

#[test]
fn what_is_there_twice_is_refused_wherever_it_is() {
    let mut observation = small_observation();
    let model = BaseModel::new("example.gone-v1:0");
    observation.models_before = vec![ModelBefore { region: region("us-east-1"), model }];
    let mut other = observation.places[0].clone();
    other.place.region = region("us-west-2");
    other.inventory.system_profiles.clear();
    other.inventory.provisioned_models.clear();
    let error = "denied".to_owned();
    let list = InventoryList::SystemProfiles;
    other.inventory.unread = vec![UnreadList { list, error: error.clone() }];
    observation.places.push(other);
    let account = observation.home.account.clone();
    observation.failed.push(FailedPlace { account, region: region("eu-west-1"), error });
    let observation = observation.with_prices(&PriceBook::aws().unwrap());
    let saved: Value = serde_json::from_str(&observation.to_json().unwrap()).unwrap();
    assert!(Observation::from_json(&saved.to_string()).is_ok());
    for way in [
        "/places",
        "/failed",
        "/open_before",
        "/models_before",
        "/places/0/usage/lanes",
        "/places/0/usage/lanes/0/survey",
        "/places/0/usage/lanes/1/minutes",
        "/places/0/inventory/system_profiles",
        "/places/1/inventory/unread",
        "/places/0/inventory/provisioned_models",
        "/places/0/inventory/application_profiles",
        "/places/0/inventory/foundation_models",
        "/prices/model",
    ] {
        let mut saved = saved.clone();
        let list = saved.pointer_mut(way).unwrap().as_array_mut().unwrap();
        assert!(!list.is_empty(), "{way}");
        list.push(list[0].clone());
        let fault = Observation::from_json(&saved.to_string()).map(drop).unwrap_err().to_string();
        assert!(fault.contains("twice"), "{way}: {fault}");
    }
    for version in [0, 99] {
        let mut saved = saved.clone();
        saved["schema_version"] = version.into();
        let fault = Observation::from_json(&saved.to_string()).map(drop).unwrap_err().to_string();
        assert!(fault.contains("schema_version"), "{fault}");
    }
}

/// Another account, partition, kind or blank makes no second address of one thing that is billed once.
#[test]
fn what_is_billed_once_cannot_be_saved_twice_under_another_address() {
    let saved = small_observation().to_json().unwrap();
    let saved: Value = serde_json::from_str(&saved).unwrap();
    let refused = |way: &str, change: &dyn Fn(&mut Value)| {
        let mut saved = saved.clone();
        let list = saved.pointer_mut(way).unwrap().as_array_mut().unwrap();
        let mut other = list[0].clone();
        change(&mut other);
        list.insert(0, other);
        Observation::from_json(&saved.to_string()).map(drop).unwrap_err().to_string()
    };
    for account in ["", "999999999999"] {
        let fault = refused("/places", &|place| place["place"]["account"] = account.into());
        assert!(fault.contains("Region us-east-1 is there twice"), "{fault}");
    }
    let held = "/places/0/inventory/provisioned_models";
    for (from, to) in [
        (":123456789012:", ":999999999999:"),
        ("arn:aws:", "arn:aws-us-gov:"),
        (":provisioned-model/", ":custom-model/"),
        ("", " "),
    ] {
        let fault = refused(held, &|held| {
            let arn = held["provisioned_model_arn"].as_str().unwrap_or_default();
            let arn = if from.is_empty() { format!("{arn}{to}") } else { arn.replace(from, to) };
            held["provisioned_model_arn"] = arn.into();
        });
        assert!(fault.contains("twice") || fault.contains("no address there"), "{fault}");
    }
    let fault = refused("/places/0/inventory/application_profiles", &|profile| {
        profile["inference_profile_arn"] =
            "arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/other".into();
    });
    assert!(fault.contains("twice"), "{fault}");
    let mut saved = saved.clone();
    let inventory = saved.pointer_mut("/places/0/inventory").unwrap();
    inventory["unread"] = serde_json::json!([{ "list": "provisioned_models", "error": "denied" }]);
    let fault = Observation::from_json(&saved.to_string()).map(drop).unwrap_err().to_string();
    assert!(fault.contains("was not read, and it has entries"), "{fault}");
}

/// A metric that nobody knows, or a spelling that differs, comes to a lane overnight: what it is billed for is
/// not known, so what was open is neither gone nor a smaller sum.
#[test]
fn usage_that_is_no_longer_understood_is_no_all_clear() {
    let mut observation = whole(sample());
    observation.settings.regions =
        observation.places.iter().map(|place| place.place.region.clone()).collect();
    let truth = report::build(&observation);
    let counted = truth.recommendations.iter().filter(|advice| advice.is_counted());
    observation.open_before = counted
        .map(|advice| OpenBefore { region: advice.region.clone(), id: advice.id.clone() })
        .collect();
    observation.open_before.sort();
    let settings = observation.settings.clone();
    let known = metrics::points(&truth, &settings);
    let mut changed = 0;
    for place in 0..observation.places.len() {
        for lane in 0..observation.places[place].usage.lanes.len() {
            let mut observation = observation.clone();
            let lane = &mut observation.places[place].usage.lanes[lane];
            if !lane.has_points() {
                continue;
            }
            lane.unknown_metrics = vec!["ReasoningTokenCount".to_owned()];
            let id = lane.model_id.text().to_owned();
            let report = report::build(&observation);
            assert_eq!(report.closed, [], "{id}");
            let is_less =
                report.totals.potential_monthly_savings < truth.totals.potential_monthly_savings;
            assert_eq!(
                report.missing.iter().any(|it| it.part == Part::OpenAdvice),
                is_less,
                "{id}"
            );
            changed += usize::from(is_less);
            let rests = ["PotentialMonthlySavings", "Recommendations", "RecommendationOpen"];
            let points = metrics::points(&report, &settings);
            for point in points.iter().filter(|point| rests.contains(&point.name)) {
                assert!(known.contains(point), "{id}: {point:?}");
            }
            // Costs are at least what is known, as with usage without a price.
            assert!(points.iter().any(|it| it.name == "MonthlyCost" && it.dimensions.is_empty()));
        }
    }
    assert!(changed >= 5, "{changed}");
}

#[test]
fn holdings_that_were_not_read_cost_no_number_of_dollars() {
    let mut observation = whole(sample_of(&[ROUTE]));
    let list = InventoryList::ProvisionedModels;
    let error = "denied".to_owned();
    observation.places[0].inventory.unread.push(UnreadList { list, error });
    let page = bedrock_cost_guard::terminal::report::render(&report::build(&observation));
    assert!(page.contains("for provisioned models not read"), "{page}");
}

/// Something that is done to an observation.
type Change = fn(&mut Observation);

#[test]
fn a_saved_run_that_says_nothing_of_a_region_or_has_what_cannot_be_is_refused() {
    let observation = small_observation();
    let cases: [(&str, Change); 5] = [
        ("was to be read", |it| {
            it.settings.regions = vec![region("us-east-1"), region("eu-west-1")];
        }),
        ("was to be read", |it| it.places.clear()),
        ("no units", |it| {
            it.places[0].inventory.provisioned_models[0].model_units = ModelUnits::new(0);
        }),
        ("no address there", |it| {
            let held = &mut it.places[0].inventory.provisioned_models[0];
            held.provisioned_model_arn =
                held.provisioned_model_arn.replace("us-east-1", "eu-west-1");
        }),
        ("more than CloudWatch counts", |it| {
            let series = it.places[0].usage.lanes[1].survey[1].series.as_mut();
            let series = series.unwrap();
            let values = series.values.iter().enumerate();
            let more = |(step, sum)| if step == 3 { Some((1 << 53) + 1) } else { sum };
            series.values = values.map(more).collect();
        }),
    ];
    assert!(Observation::from_json(&observation.to_json().unwrap()).is_ok());
    for (words, change) in cases {
        let mut other = observation.clone();
        change(&mut other);
        let saved = other.to_json().unwrap();
        let fault = Observation::from_json(&saved).map(drop).unwrap_err().to_string();
        assert!(fault.contains(words), "{fault}");
    }
}

#[tokio::test]
async fn a_page_of_a_proxy_does_not_pass_for_points_that_were_put() {
    let account = Served::of(whole(sample_of(&[ROUTE])))
        .with_fault(Fault::of("PutMetricData", FaultKind::HtmlOfAllIsWell));
    let text = account.fail().await.to_string();
    assert!(text.contains("cloudwatch:PutMetricData"), "{text}");
    assert!(text.contains("HTTP 200 of text/html"), "{text}");
}

#[tokio::test]
async fn what_is_of_another_region_is_not_counted_here_too() {
    let mut observation = in_both_regions(whole(sample_of(&[ROUTE, LEFTOVER[0]])));
    observation.places[1].inventory = observation.places[0].inventory.clone();
    let account = Served::of(observation);
    let RunOutcome { report, .. } = account.run().await;
    assert_eq!(report.holdings.len(), 1);
    let missing = report.missing_line().unwrap();
    assert!(missing.contains("the provisioned models of us-west-2"), "{missing}");
}

#[test]
fn minutes_that_do_not_add_up_to_their_hours_decide_no_purchase_and_close_none() {
    let mut observation = whole(sample_of(&[UNITS]));
    let before = report::build(&observation);
    let [advice] = before.recommendations.as_slice() else { panic!("{before:?}") };
    observation.open_before =
        vec![OpenBefore { region: advice.region.clone(), id: advice.id.clone() }];
    for metric in &mut lane_of(&mut observation, UNITS).minutes {
        if let Some(series) = &mut metric.series {
            series.values = series.values.iter().map(|sum| Some(sum? / 2)).collect();
        }
    }
    let report = report::build(&observation);
    assert_eq!(report.totals.monthly_cost, before.totals.monthly_cost);
    assert_eq!((report.recommendations.len(), report.closed.len()), (0, 0));
    assert_eq!(report.missing[0].part, Part::Minutes);
    assert!(report.missing[0].error.contains("do not add up to the hour"), "{:?}", report.missing);
}

/// At the size that was open a purchase may pass where the best size does not.
#[test]
fn what_was_open_at_a_size_that_is_not_known_is_not_closed() {
    let mut observation = whole(sample());
    let gone = OpenBefore { region: region("us-west-2"), id: "rec-0000000000".into() };
    observation.open_before = vec![gone.clone()];
    let closed = report::build(&observation);
    assert_eq!((closed.closed.len(), closed.missing.as_slice()), (1, [].as_slice()));
    observation.sizes_unknown = true;
    let report = report::build(&observation);
    assert_eq!(report.closed, []);
    let [part] = report.missing.as_slice() else { panic!("{:?}", report.missing) };
    assert_eq!((part.part, &part.region), (Part::OpenAdvice, &gone.region));
    assert!(part.error.contains("the size at which it was open"), "{part}");
    let saved = Observation::from_json(&observation.to_json().unwrap()).unwrap();
    assert_eq!(report::build(&saved), report);
}
