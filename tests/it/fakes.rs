//! The fakes themselves, driven by the real clients.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use aws_sdk_cloudwatch::error::ProvideErrorMetadata;
use aws_sdk_cloudwatch::operation::get_metric_data::GetMetricDataOutput;
use aws_sdk_cloudwatch::operation::get_metric_data::builders::GetMetricDataFluentBuilder;
use aws_sdk_cloudwatch::primitives::DateTime;
use aws_sdk_cloudwatch::types::{
    Dimension, DimensionFilter, Metric, MetricDataQuery, MetricDatum, MetricStat, RecentlyActive,
    StandardUnit,
};
use aws_sdk_pricing::operation::get_products::builders::GetProductsFluentBuilder;
use aws_sdk_pricing::types::{Filter, FilterType};
use bedrock_cost_guard::aws::bedrock::Bedrock;
use bedrock_cost_guard::domain::{Series, Window};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::support::account::region;
use crate::support::fake_aws::{FakeAws, Fault, FaultKind, Pace, PageSizes};
use crate::support::fake_runtime::FakeRuntime;
use crate::support::served::Served;
use crate::support::{small_observation, whole};

const STEADY: &str = "amazon.nova-micro-v1:0";
const INCOMPLETE: &str = "us.amazon.nova-pro-v1:0";

async fn cloudwatch(fake: &FakeAws) -> aws_sdk_cloudwatch::Client {
    aws_sdk_cloudwatch::Client::new(&fake.sdk_config().await)
}

async fn bedrock(fake: &FakeAws) -> Bedrock {
    Bedrock {
        client: aws_sdk_bedrock::Client::new(&fake.sdk_config().await),
        region: region("us-east-1"),
    }
}

fn at(time: Timestamp) -> DateTime {
    DateTime::from_secs(time.as_second())
}

fn metric(namespace: &str, name: &str, dimensions: &[(&str, &str)]) -> Metric {
    let dimensions = dimensions
        .iter()
        .map(|(name, value)| Dimension::builder().name(*name).value(*value).build());
    Metric::builder()
        .namespace(namespace)
        .metric_name(name)
        .set_dimensions(Some(dimensions.collect()))
        .build()
}

fn usage(name: &str, model_id: &str) -> Metric {
    metric("AWS/Bedrock", name, &[("ModelId", model_id)])
}

fn query(id: &str, metric: Metric, period: i32) -> MetricDataQuery {
    let stat = MetricStat::builder().metric(metric).period(period).stat("Sum").build();
    MetricDataQuery::builder().id(id).metric_stat(stat).build()
}

fn ask(
    client: &aws_sdk_cloudwatch::Client,
    window: Window,
    queries: Vec<MetricDataQuery>,
) -> GetMetricDataFluentBuilder {
    client
        .get_metric_data()
        .set_metric_data_queries(Some(queries))
        .start_time(at(window.start()))
        .end_time(at(window.end()))
}

#[expect(clippy::unwrap_used, reason = "only tests call it")]
async fn pages(call: GetMetricDataFluentBuilder) -> Vec<GetMetricDataOutput> {
    call.into_paginator().send().collect::<Result<_, _>>().await.unwrap()
}

/// Returns all points of a series on some pages, and a status for each page that has the series.
fn joined(pages: &[GetMetricDataOutput], id: &str) -> (BTreeMap<i64, f64>, Vec<String>) {
    let results = pages.iter().flat_map(GetMetricDataOutput::metric_data_results);
    let (mut points, mut statuses) = (BTreeMap::new(), Vec::new());
    for result in results.filter(|result| result.id() == Some(id)) {
        let times = result.timestamps().iter().map(DateTime::secs);
        points.extend(times.zip(result.values().iter().copied()));
        statuses.extend(result.status_code().map(|status| status.as_str().to_owned()));
    }
    (points, statuses)
}

#[expect(clippy::cast_precision_loss, reason = "CloudWatch keeps counts as doubles too")]
fn observed(series: &Series) -> BTreeMap<i64, f64> {
    (0_i64..)
        .zip(&series.values)
        .filter_map(|(index, value)| {
            let time = series.start.as_second() + index * i64::from(series.step);
            value.map(|value| (time, value as f64))
        })
        .collect()
}

/// Sends a request by hand and returns the answer's status and body.
fn raw(address: &str, head: &str, body: &str) -> std::io::Result<(String, String)> {
    let mut stream = TcpStream::connect(address)?;
    let length = body.len();
    write!(
        stream,
        "{head}\r\nHost: localhost\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n{body}"
    )?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or_default();
    Ok((head.to_owned(), body.to_owned()))
}

#[tokio::test]
async fn pages_of_series_join_to_the_whole_list() {
    let fake = FakeAws::start(small_observation());
    let client = cloudwatch(&fake).await;
    let mut lists = Vec::new();
    for list_metrics in [500, 2] {
        fake.set_page_sizes(PageSizes { list_metrics, ..PageSizes::default() });
        let pages = client.list_metrics().namespace("AWS/Bedrock").into_paginator().send();
        let pages = pages.collect::<Result<Vec<_>, _>>().await.unwrap();
        let metrics = pages.iter().flat_map(|page| page.metrics().to_vec());
        lists.push((pages.len(), metrics.collect::<Vec<_>>()));
    }
    let [(1, whole), (4, joined)] = lists.as_slice() else { panic!("{lists:?}") };
    assert_eq!(whole, joined);
    assert_eq!(fake.requests("ListMetrics"), 5);
    assert!(whole.contains(&usage("ReasoningTokenCount", STEADY)));
    assert!(whole.contains(&metric(
        "AWS/Bedrock",
        "InputTokenCount",
        &[("ContextWindow", "x"), ("ModelId", STEADY)]
    )));
    let forgotten = usage("InputTokenCount", "amazon.nova-lite-v1:0");
    assert!(!whole.contains(&forgotten), "its last point is older than two weeks");
    assert_eq!(fake.violations(), [""; 0]);
}

#[tokio::test]
async fn series_are_filtered_by_dimensions_with_and_without_a_value() {
    let fake = FakeAws::start(small_observation());
    let client = cloudwatch(&fake).await;
    let count = async |filter: DimensionFilter| {
        client.list_metrics().dimensions(filter).send().await.unwrap().metrics().len()
    };
    assert_eq!(count(DimensionFilter::builder().name("ContextWindow").build()).await, 1);
    assert_eq!(count(DimensionFilter::builder().name("ModelId").value(STEADY).build()).await, 5);
}

#[tokio::test]
async fn points_continue_on_the_next_page_and_newest_come_first() {
    let observation = small_observation();
    let series = observation.places[0].usage.lanes[1].survey[1].series.clone().unwrap();
    let window = observation.window;
    let fake = FakeAws::start(observation);
    fake.set_page_sizes(PageSizes { datapoints: 1_000, ..PageSizes::default() });
    let names = ["Invocations", "InputTokenCount", "OutputTokenCount"];
    let queries = names.iter().map(|name| query(&name.to_lowercase(), usage(name, STEADY), 3_600));
    let pages = pages(ask(&cloudwatch(&fake).await, window, queries.collect())).await;
    let (points, statuses) = joined(&pages, "inputtokencount");
    assert_eq!(points, observed(&series));
    assert_eq!(statuses, ["PartialData", "Complete"]);
    let sizes: Vec<usize> = pages
        .iter()
        .map(|page| page.metric_data_results().iter().map(|result| result.values().len()).sum())
        .collect();
    assert_eq!(sizes.len(), fake.requests("GetMetricData"));
    assert!(sizes.iter().rev().skip(1).all(|size| *size == 1_000), "{sizes:?}");
    let first = pages[0].metric_data_results()[0].timestamps();
    assert!(first.windows(2).all(|pair| pair[0] > pair[1]));
    assert_eq!(fake.violations(), [""; 0]);
}

#[tokio::test]
async fn minutes_are_read_within_half_open_windows() {
    let observation = small_observation();
    let minutes = observation.places[0].usage.lanes[1].minutes[0].series.clone().unwrap();
    let end = observation.window.end();
    let fake = FakeAws::start(observation);
    let hour =
        Window::new(end - SignedDuration::from_hours(2), end - SignedDuration::from_hours(1))
            .unwrap();
    let queries = vec![
        query("minutes", usage("InputTokenCount", STEADY), 60),
        query("fives", usage("InputTokenCount", STEADY), 300),
    ];
    let pages = pages(ask(&cloudwatch(&fake).await, hour, queries)).await;
    let (points, _) = joined(&pages, "minutes");
    let inside = hour.start().as_second()..hour.end().as_second();
    let expected: BTreeMap<i64, f64> =
        observed(&minutes).into_iter().filter(|(time, _)| inside.contains(time)).collect();
    assert_eq!(points, expected);
    assert_eq!(points.len(), 60);
    let (fives, _) = joined(&pages, "fives");
    assert_eq!(fives.len(), 12);
    assert!((fives.values().sum::<f64>() - points.values().sum::<f64>()).abs() < 0.5);
}

#[tokio::test]
async fn a_series_that_is_not_whole_ends_so() {
    let observation = small_observation();
    let window = observation.window;
    let fake = FakeAws::start(observation);
    let queries = vec![
        query("partial", usage("InputTokenCount", INCOMPLETE), 3_600),
        query("forbidden", usage("OutputTokenCount", INCOMPLETE), 3_600),
        query("nothing", usage("Invocations", "no.such-model"), 3_600),
    ];
    let pages = pages(ask(&cloudwatch(&fake).await, window, queries)).await;
    assert_eq!(joined(&pages, "partial").1, ["PartialData"]);
    assert_eq!(joined(&pages, "forbidden").1, ["Forbidden"]);
    assert_eq!(joined(&pages, "nothing"), (BTreeMap::new(), vec!["Complete".to_owned()]));
}

#[tokio::test]
async fn a_period_that_is_no_longer_kept_is_answered_with_silence_and_recorded() {
    let observation = small_observation();
    let window = observation.window;
    let fake = FakeAws::start(observation);
    let client = cloudwatch(&fake).await;
    let queries = vec![query("q0", usage("InputTokenCount", STEADY), 60)];
    let pages = pages(ask(&client, window.last_days(16), queries)).await;
    assert_eq!(joined(&pages, "q0"), (BTreeMap::new(), vec!["Complete".to_owned()]));
    let violations = fake.violations();
    assert_eq!(violations.len(), 1, "{violations:?}");
    assert!(violations[0].contains("points of 60 s are no longer kept"), "{violations:?}");
}

#[tokio::test]
async fn calls_that_aws_would_misunderstand_are_refused_and_recorded() {
    let observation = small_observation();
    let window = observation.window;
    let fake = FakeAws::start(observation);
    let client = cloudwatch(&fake).await;
    let good = || query("q0", usage("InputTokenCount", STEADY), 3_600);
    let with_unit = MetricStat::builder()
        .metric(usage("InputTokenCount", STEADY))
        .period(3_600)
        .stat("Sum")
        .unit(StandardUnit::Count)
        .build();
    let with_unit = MetricDataQuery::builder().id("q0").metric_stat(with_unit).build();
    let many =
        (0..501).map(|number| query(&format!("q{number}"), usage("Invocations", STEADY), 3_600));
    let half_past = at(window.start() + SignedDuration::from_mins(30));
    let calls = [
        ("Unit", ask(&client, window, vec![with_unit])),
        ("the Id q0", ask(&client, window, vec![good(), good()])),
        ("501 queries", ask(&client, window, many.collect())),
        ("90", ask(&client, window, vec![query("q0", usage("Invocations", STEADY), 90)])),
        ("aligned", ask(&client, window, vec![good()]).start_time(half_past)),
        ("MaxDatapoints", ask(&client, window, vec![good()]).max_datapoints(100_801)),
        ("NextToken", ask(&client, window, vec![good()]).next_token("made up")),
        (
            "no MetricStat",
            ask(&client, window, vec![MetricDataQuery::builder().id("q0").expression("1").build()]),
        ),
    ];
    for (what, call) in calls {
        let error = call.send().await.unwrap_err();
        assert!(
            matches!(error.code(), Some("ValidationError" | "InvalidNextToken")),
            "{what}: {error:?}"
        );
        assert!(
            fake.violations().last().unwrap().contains(what),
            "{what}: {:?}",
            fake.violations()
        );
    }
    let recent = client.list_metrics().recently_active(RecentlyActive::Pt3H).send().await;
    assert_eq!(recent.unwrap_err().code(), Some("ValidationError"));
    assert_eq!(fake.violations().len(), 9);
}

#[tokio::test]
async fn what_was_put_is_kept_listed_and_read() {
    let observation = small_observation();
    let (as_of, window) = (observation.as_of, observation.window);
    let fake = FakeAws::start(observation);
    let client = cloudwatch(&fake).await;
    let datum = |number: usize| {
        MetricDatum::builder()
            .metric_name("MonthlySavings")
            .dimensions(
                Dimension::builder().name("RecommendationId").value(format!("id-{number}")).build(),
            )
            .value(1.5)
            .unit(StandardUnit::None)
            .timestamp(at(as_of - SignedDuration::from_hours(2)))
            .build()
    };
    // So many that the client compresses the body.
    let put = client
        .put_metric_data()
        .namespace("Guard")
        .set_metric_data(Some((0..200).map(datum).collect()));
    put.send().await.unwrap();
    let data = fake.put_data();
    assert_eq!(data.len(), 200);
    assert_eq!(data[7].dimensions, [("RecommendationId".to_owned(), "id-7".to_owned())].into());
    assert_eq!((data[7].unit.as_deref(), data[7].region.name()), (Some("None"), "us-east-1"));
    let listed =
        client.list_metrics().namespace("Guard").metric_name("MonthlySavings").send().await;
    assert_eq!(listed.unwrap().metrics().len(), 200);
    let one = metric("Guard", "MonthlySavings", &[("RecommendationId", "id-7")]);
    let pages = pages(ask(&client, window, vec![query("q0", one, 3_600)])).await;
    let hour = window.end().as_second() - 7_200;
    assert_eq!(joined(&pages, "q0").0, [(hour, 1.5)].into());
    assert_eq!(fake.violations(), [""; 0]);
}

#[tokio::test]
async fn data_that_aws_would_not_take_are_refused() {
    let observation = small_observation();
    let as_of = observation.as_of;
    let fake = FakeAws::start(observation);
    let client = cloudwatch(&fake).await;
    let datum = |value: f64, time: Timestamp| {
        MetricDatum::builder().metric_name("Cost").value(value).timestamp(at(time)).build()
    };
    let old = as_of - SignedDuration::from_hours(14 * 24 + 1);
    let late = as_of + SignedDuration::from_hours(3);
    for (namespace, data) in [
        ("AWS/Bedrock", vec![datum(1.0, as_of)]),
        ("Guard", vec![datum(f64::NAN, as_of)]),
        ("Guard", vec![datum(1.0, old)]),
        ("Guard", vec![datum(1.0, late)]),
        ("Guard", vec![datum(1.0, as_of); 1_001]),
    ] {
        let put = client.put_metric_data().namespace(namespace).set_metric_data(Some(data));
        let code = put.send().await.unwrap_err().code().map(str::to_owned);
        assert!(
            matches!(code.as_deref(), Some("InvalidParameterValue" | "ValidationError")),
            "{code:?}"
        );
    }
    assert_eq!(fake.violations().len(), 5);
    assert_eq!(fake.put_data(), []);
}

#[tokio::test]
async fn what_was_open_before_shows_an_hour_before_the_event() {
    let observation = small_observation();
    let window = observation.window;
    let fake = FakeAws::start(observation);
    let dimensions = [("Region", "us-east-1"), ("RecommendationId", "units-0123456789ab")];
    let open = metric("BedrockCostGuard", "RecommendationOpen", &dimensions);
    let pages = pages(ask(&cloudwatch(&fake).await, window, vec![query("q0", open, 3_600)])).await;
    assert_eq!(joined(&pages, "q0").0, [(window.end().as_second() - 3_600, 1.0)].into());
}

#[tokio::test]
async fn an_inventory_comes_back_as_it_was_observed() {
    let observation = small_observation();
    let inventory = observation.places[0].inventory.clone();
    let fake = FakeAws::start(observation);
    assert_eq!(bedrock(&fake).await.inventory().await.inventory, inventory);
    assert_eq!(fake.requests("ListProvisionedModelThroughputs"), 2, "a page has two");
    assert_eq!(fake.requests("ListInferenceProfiles"), 4, "of each type");
    assert_eq!(fake.requests("ListFoundationModels"), 1);
    let elsewhere =
        fake.sdk_config().await.to_builder().region(aws_config::Region::new("eu-west-1")).build();
    let elsewhere =
        Bedrock { client: aws_sdk_bedrock::Client::new(&elsewhere), region: region("eu-west-1") };
    assert!(elsewhere.inventory().await.inventory.provisioned_models.is_empty());
    assert_eq!(fake.violations(), [""; 0]);
}

#[tokio::test]
async fn a_parameter_that_is_not_known_is_refused() {
    let fake = FakeAws::start(small_observation());
    let client = bedrock(&fake).await.client;
    let error = client.list_foundation_models().by_provider("Amazon").send().await.unwrap_err();
    assert_eq!(error.code(), Some("ValidationException"));
    assert!(fake.violations()[0].contains("byProvider"), "{:?}", fake.violations());
}

#[tokio::test]
async fn throttled_calls_are_tried_again() {
    let fake = FakeAws::start(small_observation());
    fake.fault(Fault::of("ListMetrics", FaultKind::Throttle).times(2));
    cloudwatch(&fake).await.list_metrics().send().await.unwrap();
    assert_eq!(fake.requests("ListMetrics"), 3);
    fake.fault(Fault::of("ListInferenceProfiles", FaultKind::Throttle).times(1));
    fake.fault(Fault::of("ListFoundationModels", FaultKind::ServerError).times(1));
    assert!(bedrock(&fake).await.inventory().await.unread.is_empty());
    assert_eq!(fake.requests("ListInferenceProfiles"), 5);
    assert_eq!(fake.requests("ListFoundationModels"), 2);
    assert_eq!(fake.violations(), [""; 0]);
}

#[tokio::test]
async fn faults_last_as_long_as_they_are_set_for() {
    let fake = FakeAws::start(small_observation());
    let client = cloudwatch(&fake).await;
    let forbidden = || Fault::of("ListMetrics", FaultKind::Forbidden);
    fake.fault(forbidden().to(region("eu-west-1")));
    fake.fault(forbidden().after(1).times(1));
    client.list_metrics().send().await.unwrap();
    let error = client.list_metrics().send().await.unwrap_err();
    assert_eq!(error.code(), Some("AccessDenied"));
    client.list_metrics().send().await.unwrap();
    assert_eq!(fake.requests("ListMetrics"), 3);
}

#[tokio::test]
async fn faults_of_every_kind_reach_the_client() {
    let observation = small_observation();
    let window = observation.window;
    let fake = FakeAws::start(observation);
    let client = cloudwatch(&fake).await;

    fake.fault(Fault::of("ListMetrics", FaultKind::Reset).times(1));
    client.list_metrics().send().await.unwrap();
    assert_eq!(fake.requests("ListMetrics"), 2);

    fake.fault(Fault::of("ListMetrics", FaultKind::Malformed).times(1));
    let error = client.list_metrics().send().await.unwrap_err();
    assert!(error.code().is_none(), "{error:?}");

    fake.fault(Fault::of("ListMetrics", FaultKind::ServerError).times(3));
    let error = client.list_metrics().send().await.unwrap_err();
    assert_eq!(error.code(), Some("InternalServiceError"));

    let slow = FaultKind::Slow(Duration::from_millis(60));
    fake.fault(Fault::of("ListMetrics", slow).times(1));
    let before = Instant::now();
    client.list_metrics().send().await.unwrap();
    assert!(before.elapsed() >= Duration::from_millis(60));

    let call = ask(&client, window, vec![query("q0", usage("Invocations", STEADY), 3_600)]);
    fake.fault(Fault::of("GetMetricData", FaultKind::Messages).times(1));
    let page = call.clone().send().await.unwrap();
    assert_eq!(page.messages()[0].value(), Some("Maximum number of allowed metrics exceeded"));

    fake.fault(Fault::of("GetMetricData", FaultKind::InternalError).times(1));
    let pages = pages(call).await;
    let (points, statuses) = joined(&pages, "q0");
    assert_eq!(statuses, ["InternalError", "Complete"]);
    assert_eq!(points.len(), 91 * 24);
    assert_eq!(fake.violations(), [""; 0]);
}

#[test]
fn a_call_without_a_signature_is_refused_and_recorded() {
    let fake = FakeAws::start(small_observation());
    let address = fake.url().replace("http://", "");
    for authorization in [
        "",
        "Authorization: Bearer abc",
        "Authorization: AWS4-HMAC-SHA256 Credential=AKID/20260406/us-east-1/bedrock, SignedHeaders=host, Signature=0",
    ] {
        let head = format!("GET /foundation-models HTTP/1.1\r\n{authorization}");
        let (status, _) = raw(&address, head.trim_end(), "").unwrap();
        assert!(status.starts_with("HTTP/1.1 403"), "{status}");
    }
    let (status, _) = raw(&address, "GET /guardrails HTTP/1.1", "").unwrap();
    assert!(status.starts_with("HTTP/1.1 404"), "{status}");
    assert_eq!(fake.requests("ListFoundationModels"), 3);
    assert_eq!(fake.violations().len(), 4, "{:?}", fake.violations());
}

#[test]
fn the_environment_of_a_program_names_the_fake_and_its_region() {
    let fake = FakeAws::start(small_observation());
    let env: BTreeMap<&str, String> = fake.env().into_iter().collect();
    assert_eq!(env["AWS_ENDPOINT_URL"], fake.url());
    assert_eq!(env["AWS_REGION"], "us-east-1");
}

/// Echoes so many events as a function does; an event with `fail` is an error.
fn function(address: &str, events: usize) {
    for _ in 0..events {
        let (head, event) = raw(address, "GET /2018-06-01/runtime/invocation/next HTTP/1.1", "")
            .unwrap_or_default();
        let header = |name: &str| {
            head.lines()
                .find_map(|line| line.strip_prefix(name))
                .unwrap_or_default()
                .trim()
                .to_owned()
        };
        let id = header("lambda-runtime-aws-request-id:");
        let (kind, answer) = if event.contains("fail") {
            ("error", json!({ "errorType": "Event", "errorMessage": "no" }).to_string())
        } else {
            (
                "response",
                json!({ "event": event, "deadline": header("lambda-runtime-deadline-ms:") })
                    .to_string(),
            )
        };
        let path = format!("POST /2018-06-01/runtime/invocation/{id}/{kind} HTTP/1.1");
        let (status, _) = raw(address, &path, &answer).unwrap_or_default();
        assert!(status.starts_with("HTTP/1.1 202"), "{status}");
    }
}

#[test]
fn a_function_gets_events_and_its_answers_come_back() {
    let runtime = FakeRuntime::start();
    let env: BTreeMap<&str, String> = runtime.env().into_iter().collect();
    let address = env["AWS_LAMBDA_RUNTIME_API"].clone();
    let thread = std::thread::spawn(move || function(&address, 2));

    let done = runtime.invoke(&json!({ "dry_run": true }), Duration::from_secs(30));
    let value = done.outcome.unwrap();
    assert_eq!(value["event"], Value::from(r#"{"dry_run":true}"#));
    assert!(value["deadline"].as_str().unwrap().parse::<u64>().is_ok(), "{value}");
    assert!(done.elapsed < Duration::from_secs(30));

    let failed = runtime.invoke(&json!({ "fail": true }), Duration::from_secs(30));
    let error = failed.outcome.unwrap_err();
    assert_eq!((error.error_type.as_str(), error.error_message.as_str()), ("Event", "no"));
    thread.join().unwrap();
}

/// Writes a product of the Price List with as much as the fake looks at.
fn product(region: &str, usage_type: &str) -> String {
    let attributes = json!({ "regionCode": region, "usagetype": usage_type });
    json!({ "product": { "attributes": attributes, "sku": usage_type } }).to_string()
}

#[expect(clippy::unwrap_used, reason = "only tests call it")]
fn filter(kind: FilterType, field: &str, value: &str) -> Filter {
    Filter::builder().r#type(kind).field(field).value(value).build().unwrap()
}

/// Asks for the products of a service in a Region, a hundred on a page.
fn products(
    client: &aws_sdk_pricing::Client,
    service: &str,
    region: &str,
) -> GetProductsFluentBuilder {
    client
        .get_products()
        .service_code(service)
        .filters(filter(FilterType::TermMatch, "regionCode", region))
        .format_version("aws_v1")
        .max_results(100)
}

/// Starts a fake that sells five products in `us-east-1` and one in `eu-west-1`.
async fn price_list() -> (FakeAws, aws_sdk_pricing::Client) {
    let fake = FakeAws::start(small_observation());
    let mut all: Vec<String> =
        (0..5).map(|number| product("us-east-1", &format!("USE1-{number}"))).collect();
    all.insert(2, product("eu-west-1", "EUW1-0"));
    fake.set_products("AmazonBedrock", all);
    let client = aws_sdk_pricing::Client::new(&fake.sdk_config().await);
    (fake, client)
}

#[tokio::test]
async fn pages_of_products_join_to_all_of_the_region() {
    let (fake, client) = price_list().await;
    for (size, calls) in [(100, 1), (2, 3)] {
        fake.set_page_sizes(PageSizes { products: size, ..PageSizes::default() });
        let before = fake.requests("GetProducts");
        let pages = products(&client, "AmazonBedrock", "US-EAST-1").into_paginator();
        let found: Vec<String> = pages.items().send().collect::<Result<_, _>>().await.unwrap();
        let expected: Vec<String> =
            (0..5).map(|number| product("us-east-1", &format!("USE1-{number}"))).collect();
        assert_eq!(found, expected);
        assert_eq!(fake.requests("GetProducts") - before, calls);
    }
    let call = products(&client, "AmazonBedrock", "us-east-1").max_results(1);
    let page = call.clone().send().await.unwrap();
    assert_eq!(page.price_list().len(), 1);
    assert_eq!(page.format_version(), Some("aws_v1"));
    // The token of one question is none of another, and never the same twice.
    let token = page.next_token().unwrap();
    assert_ne!(call.send().await.unwrap().next_token(), Some(token));
    let other = products(&client, "AmazonBedrock", "eu-west-1").next_token(token);
    let error = other.send().await.unwrap_err();
    assert_eq!(error.code(), Some("InvalidNextTokenException"));
    assert_eq!(fake.violations().len(), 1);

    let (fake, client) = price_list().await;
    for (service, region) in [("AmazonBedrock", "eu-west-2"), ("AmazonBedrockService", "us-east-1")]
    {
        let page = products(&client, service, region).send().await.unwrap();
        assert_eq!(page.price_list().len(), 0);
        assert_eq!(page.next_token(), None);
    }
    assert_eq!(fake.violations(), [""; 0]);
}

#[tokio::test]
async fn questions_that_the_price_list_would_take_badly_are_recorded() {
    let (fake, client) = price_list().await;
    let call = || products(&client, "AmazonBedrock", "us-east-1");
    let by_usage = filter(FilterType::TermMatch, "usagetype", "use1-3");
    let page = call().filters(by_usage).send().await.unwrap();
    assert_eq!(page.price_list(), [product("us-east-1", "USE1-3")]);
    let page = call().set_max_results(None).send().await.unwrap();
    assert_eq!(page.price_list().len(), 5);
    let notes = fake.violations();
    assert_eq!(notes.len(), 2, "{notes:?}");
    assert!(notes[0].contains("it asks by usagetype, for use1-3"));
    assert!(notes[1].contains("it does not say MaxResults"));

    let any_of = filter(FilterType::AnyOf, "regionCode", "us-east-1,eu-west-1");
    for (what, call) in [
        ("ANY_OF", call().set_filters(Some(vec![any_of]))),
        ("MaxResults may not be 101", call().max_results(101)),
        ("FormatVersion aws_v2", call().format_version("aws_v2")),
        ("made up", call().next_token("made up")),
    ] {
        let error = call.send().await.unwrap_err();
        let code = error.code().unwrap_or_default().to_owned();
        assert!(code.starts_with("Invalid"), "{what}: {code}");
        let last = fake.violations().pop().unwrap();
        assert!(last.contains(what), "{what}: {last}");
    }
    let config = fake.sdk_config().await.to_builder();
    let config = config.region(aws_config::Region::new("us-west-2")).build();
    let elsewhere = aws_sdk_pricing::Client::new(&config);
    let error = products(&elsewhere, "AmazonBedrock", "us-east-1").send().await;
    assert_eq!(error.unwrap_err().code(), Some("InvalidSignatureException"));
    assert!(fake.violations().pop().unwrap().contains("no endpoint in us-west-2"));
}

#[tokio::test]
async fn faults_of_the_price_list_reach_the_client() {
    let (fake, client) = price_list().await;
    let call = || products(&client, "AmazonBedrock", "us-east-1").max_results(2);
    for (kind, code) in [
        (FaultKind::Throttle, "ThrottlingException"),
        (FaultKind::ServerError, "InternalErrorException"),
    ] {
        let before = fake.requests("GetProducts");
        fake.fault(Fault::of("GetProducts", kind).times(4));
        let error = call().send().await.unwrap_err();
        assert_eq!(error.code(), Some(code));
        // The fourth is tried again, and goes well.
        call().send().await.unwrap();
        assert_eq!(fake.requests("GetProducts") - before, 5);
    }
    fake.fault(Fault::of("GetProducts", FaultKind::Forbidden).times(1));
    let error = call().send().await.unwrap_err();
    assert_eq!(error.code(), Some("AccessDeniedException"));

    fake.fault(Fault::of("GetProducts", FaultKind::Reset).times(1));
    call().send().await.unwrap();

    fake.fault(Fault::of("GetProducts", FaultKind::Malformed).times(1));
    assert!(call().send().await.unwrap_err().code().is_none());

    let late = Duration::from_millis(60);
    fake.fault(Fault::of("GetProducts", FaultKind::SlowBody(late)).times(1));
    let before = Instant::now();
    call().send().await.unwrap();
    assert!(before.elapsed() >= late);

    fake.fault(Fault::of("GetProducts", FaultKind::ExpiredToken));
    let page = call().send().await.unwrap();
    let next = call().next_token(page.next_token().unwrap());
    let error = next.send().await.unwrap_err();
    assert_eq!(error.code(), Some("ExpiredNextTokenException"));
    assert_eq!(fake.violations(), [""; 0]);
}

#[tokio::test]
async fn objects_and_parameters_are_kept_where_they_were_put() {
    let fake = FakeAws::start(small_observation());
    let home = region("us-east-1");
    fake.set_object(&home, "bucket", "a b/c+d.toml", "text");
    fake.set_parameter(&home, "/a/b", "text");
    let config = fake.sdk_config().await;
    let s3 = aws_sdk_s3::Client::new(&config);
    let call = s3.get_object().bucket("bucket").key("a b/c+d.toml");
    let answer = call.send().await.unwrap();
    assert_eq!(answer.content_length(), Some(4));
    assert_eq!(answer.body.collect().await.unwrap().to_vec(), b"text");

    let ssm = aws_sdk_ssm::Client::new(&config);
    for (is_plain, value) in [(true, "text"), (false, "AQICAHgcipher==")] {
        let call = ssm.get_parameter().name("/a/b").with_decryption(is_plain);
        let parameter = call.send().await.unwrap().parameter.unwrap();
        assert_eq!(parameter.value(), Some(value));
    }
    let error = ssm.get_parameter().name("/a").send().await.unwrap_err();
    assert_eq!(error.code(), Some("ParameterNotFound"));
    assert_eq!(fake.violations(), [""; 0]);
}

#[tokio::test]
async fn calls_take_the_time_of_their_page_and_of_their_points() {
    let account = Served::of(whole(small_observation()));
    let before = account.run().await.report;
    let page = Duration::from_millis(20);
    for (points_a_second, least) in [(396_000, page), (20_000, Duration::from_millis(100))] {
        account.fake.set_pace(Pace { page, points_a_second });
        let start = Instant::now();
        let report = account.run().await.report;
        // One call for the points comes after that for the names.
        assert!(start.elapsed() > page + least, "{:?}", start.elapsed());
        assert_eq!(report.workloads, before.workloads);
    }
}
