//! Calls that hang: a run ends in its time, and what was read by then is advised on, written and put.

use std::time::{Duration, Instant};

use bedrock_cost_guard::config::{CatalogSource, DocumentSource};
use bedrock_cost_guard::guard::{Error, ErrorType, RunOutcome};
use bedrock_cost_guard::observation::Observation;
use bedrock_cost_guard::report::{MissingPart, Part};

use crate::support::account::region;
use crate::support::fake_aws::{Fault, FaultKind, PageSizes};
use crate::support::served::Served;
use crate::support::{ROUTE, UNITS, sample_of, whole};

/// Time that a run has here.
const TIME: Duration = Duration::from_secs(6);

/// An answer that comes when everything is over.
const NEVER: FaultKind = FaultKind::Slow(Duration::from_mins(10));

/// Returns an account with advice in four Regions, and its metrics in a fifth.
fn in_four_regions() -> Observation {
    let mut observation = whole(sample_of(&[ROUTE]));
    let place = observation.places[0].clone();
    observation.places = ["eu-west-1", "us-east-1", "us-east-2", "us-west-2"]
        .map(|name| {
            let mut place = place.clone();
            place.place.region = region(name);
            place
        })
        .into();
    observation.settings.regions =
        observation.places.iter().map(|place| place.place.region.clone()).collect();
    observation.home.region = region("eu-central-1");
    observation
}

/// Runs an account that hangs somewhere, which ends in its time.
#[expect(clippy::print_stderr, reason = "the notes quote the figure")]
async fn run(account: &Served) -> Result<RunOutcome, Error> {
    let start = Instant::now();
    let outcome = account.try_run().await;
    eprintln!("ended after {:.2} s of {} s", start.elapsed().as_secs_f64(), TIME.as_secs());
    // A second for what is reckoned between the calls.
    assert!(start.elapsed() < TIME + Duration::from_secs(1), "{:?}", start.elapsed());
    outcome
}

/// Counts the lines of the log that are of recommendations.
fn advised(account: &Served) -> usize {
    account.log().iter().filter(|line| line.contains("\"recommendation\":")).count()
}

/// Returns the names of the metrics that were put as totals.
fn totals(account: &Served) -> Vec<String> {
    let data = account.fake.put_data().into_iter();
    data.filter(|datum| datum.dimensions.is_empty()).map(|datum| datum.name).collect()
}

fn parts(missing: &[MissingPart]) -> Vec<(Part, &str)> {
    missing.iter().map(|missing| (missing.part, missing.region.name())).collect()
}

#[tokio::test]
async fn a_region_that_hangs_costs_that_region_alone() {
    for operation in ["ListMetrics", "GetMetricData"] {
        let account = Served::of(in_four_regions())
            .within(TIME)
            .with_fault(Fault::of(operation, NEVER).to(region("us-east-2")));
        let outcome = run(&account).await.unwrap();
        assert_eq!(parts(&outcome.report.missing), [(Part::Region, "us-east-2")]);
        assert!(
            outcome.report.missing[0].error.contains("too long"),
            "{:?}",
            outcome.report.missing
        );
        assert_eq!(advised(&account), 3, "{operation}");
        assert!(!totals(&account).contains(&"MonthlyCost".to_owned()));
        assert_eq!(totals(&account).last().unwrap(), "RunSucceeded");
    }
}

#[tokio::test]
async fn more_regions_than_are_read_at_once_each_have_their_share() {
    let mut observation = in_four_regions();
    for name in ["ap-south-1", "ap-southeast-1", "ap-southeast-2", "ca-central-1", "sa-east-1"] {
        let mut place = observation.places[1].clone();
        place.place.region = region(name);
        observation.settings.regions.push(region(name));
        observation.places.push(place);
    }
    observation.settings.regions.sort();
    let hanging = ["ap-south-1", "ap-southeast-1", "ap-southeast-2", "ca-central-1"];
    let account = Served::of(observation).within(TIME);
    // The first four that are begun hang, so that nobody has a turn before they are cut.
    for name in hanging {
        account.fake.fault(Fault::of("ListMetrics", NEVER).to(region(name)));
    }
    let outcome = run(&account).await.unwrap();
    let missing: Vec<&str> =
        outcome.report.missing.iter().map(|missing| missing.region.name()).collect();
    assert_eq!(missing, hanging);
    assert_eq!(outcome.report.run.places.len(), 5);
}

#[tokio::test]
async fn a_region_that_is_slow_may_take_what_the_others_leave() {
    let time = Duration::from_secs(20);
    let mut observation = in_four_regions();
    for name in ["ap-south-1", "ap-southeast-1", "ca-central-1", "sa-east-1"] {
        let mut place = observation.places[1].clone();
        place.place.region = region(name);
        observation.settings.regions.push(region(name));
        observation.places.push(place);
    }
    observation.settings.regions.sort();
    // Sixteen seconds for the Regions, and less than three for the names of the first while others wait: its
    // pages, one after the other, take four.
    let slow = FaultKind::Slow(Duration::from_secs(1));
    let account = Served::of(observation).within(time);
    account.fake.set_page_sizes(PageSizes { list_metrics: 2, ..PageSizes::default() });
    for operation in ["ListMetrics", "GetMetricData"] {
        account.fake.fault(Fault::of(operation, slow).to(region("ap-south-1")));
    }
    let outcome = account.try_run().await.unwrap();
    assert_eq!(outcome.report.missing, []);
    assert_eq!(outcome.report.run.places.len(), 8);
}

#[tokio::test]
async fn a_list_that_hangs_costs_what_rests_on_it() {
    let account = Served::of(in_four_regions())
        .within(TIME)
        .with_fault(Fault::of("ListFoundationModels", NEVER).to(region("us-east-2")));
    let outcome = run(&account).await.unwrap();
    assert_eq!(parts(&outcome.report.missing), [(Part::FoundationModels, "us-east-2")]);
    assert_eq!(outcome.report.run.places.len(), 4);
}

#[tokio::test]
async fn minutes_that_hang_cost_purchases_alone() {
    let observation = whole(sample_of(&[ROUTE, UNITS]));
    let calm = Served::of(observation.clone());
    let calm = calm.run().await.report;
    let place = calm.recommendations.iter().find(|it| it.action.title() == "buy model units");
    let place = place.unwrap().region.clone();
    // After the pages of the hours come those of the minutes.
    let pages = 1;
    let account = Served::of(observation)
        .within(TIME)
        .with_fault(Fault::of("GetMetricData", NEVER).to(place.clone()).after(pages));
    let outcome = run(&account).await.unwrap();
    assert_eq!(parts(&outcome.report.missing), [(Part::Minutes, place.name())]);
    assert_eq!(outcome.report.totals.monthly_cost, calm.totals.monthly_cost);
    // What was asked for is billed, answered or not.
    assert_eq!(outcome.report.run.metrics_requested, calm.run.metrics_requested);
    assert!(advised(&account) > 0);
    assert!(totals(&account).contains(&"MonthlyCost".to_owned()));
}

#[tokio::test]
async fn a_history_that_hangs_costs_what_is_new() {
    for operation in ["ListMetrics", "GetMetricData"] {
        let account = Served::of(in_four_regions())
            .within(TIME)
            .with_fault(Fault::of(operation, NEVER).to(region("eu-central-1")));
        let outcome = run(&account).await.unwrap();
        // Without a series of its own there is nothing to ask the points of.
        let missing = parts(&outcome.report.missing);
        let expected: &[_] =
            if operation == "ListMetrics" { &[(Part::History, "eu-central-1")] } else { &[] };
        assert_eq!(missing, expected);
        assert_eq!(advised(&account), 4);
        assert!(totals(&account).contains(&"MonthlyCost".to_owned()));
    }
}

#[tokio::test]
async fn live_prices_that_hang_give_way_to_the_book() {
    let mut observation = in_four_regions();
    observation.settings.catalog = CatalogSource::Live;
    let account = Served::of(observation).within(TIME).with_fault(Fault::of("GetProducts", NEVER));
    let outcome = run(&account).await.unwrap();
    assert_eq!(advised(&account), 4);
    assert!(outcome.report.notes.iter().any(|note| note.contains("the Price List was not used")));
}

#[tokio::test]
async fn a_document_that_hangs_is_named_in_time() {
    let mut account = Served::of(in_four_regions()).within(TIME);
    account.settings.overrides =
        Some("s3://bucket/overrides.toml".parse::<DocumentSource>().unwrap());
    account.fake.fault(Fault::of("GetObject", NEVER));
    let error = run(&account).await.map(drop).unwrap_err();
    assert_eq!(error.error_type(), ErrorType::Deadline);
    assert!(error.to_string().contains("s3://bucket/overrides.toml"), "{error}");
}

#[tokio::test]
async fn metrics_that_hang_leave_the_advice_in_the_log() {
    let account =
        Served::of(in_four_regions()).within(TIME).with_fault(Fault::of("PutMetricData", NEVER));
    let outcome = run(&account).await.unwrap();
    assert_eq!(outcome.failure.unwrap().error_type(), ErrorType::Emit);
    assert_eq!(advised(&account), 4);
    let log = account.log();
    assert!(log.last().unwrap().contains("\"metrics_put\":0"), "{log:?}");
    assert_eq!(log, outcome.lines);
}
