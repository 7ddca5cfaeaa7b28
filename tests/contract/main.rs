//! The behaviour of `CloudWatch` that the guard relies on, held against whatever stands in for it.
//!
//! `CONTRACT_ENDPOINT` names a service to hold to it, such as `LocalStack`; without it that is the
//! fake of the integration tests.
#![expect(clippy::unwrap_used, reason = "all of this is a test")]

#[path = "../it/support/mod.rs"]
#[expect(dead_code, reason = "the contract needs a part of what stands in for AWS")]
mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use aws_config::{BehaviorVersion, SdkConfig};
use aws_sdk_cloudwatch::Client;
use aws_sdk_cloudwatch::config::Credentials;
use aws_sdk_cloudwatch::primitives::DateTime;
use aws_sdk_cloudwatch::types::{
    Dimension, Metric, MetricDataQuery, MetricDatum, MetricStat, StandardUnit, StatusCode,
};
use jiff::Timestamp;
use support::fake_aws::FakeAws;

const HOUR: i64 = 3_600;
const TOTAL: &[(&str, &str)] = &[("ModelId", "amazon.nova-micro-v1:0")];
const SPLIT: &[(&str, &str)] = &[("ContextWindow", "200K"), ("ModelId", "amazon.nova-micro-v1:0")];
const OPEN: &[(&str, &str)] =
    &[("RecommendationId", "units-0123456789ab"), ("Region", "us-east-1")];

#[expect(
    clippy::disallowed_methods,
    reason = "the contract is held now, as data can only be put now"
)]
fn now() -> Timestamp {
    Timestamp::now()
}

#[expect(clippy::disallowed_methods, reason = "this is the main file of the test")]
fn endpoint() -> Option<String> {
    std::env::var("CONTRACT_ENDPOINT").ok().filter(|endpoint| !endpoint.is_empty())
}

async fn config_of(endpoint: String) -> SdkConfig {
    aws_config::defaults(BehaviorVersion::latest())
        .http_client(bedrock_cost_guard::aws::clients::https())
        .region(aws_config::Region::new("us-east-1"))
        .endpoint_url(endpoint)
        .credentials_provider(Credentials::new("test", "test", None, None, "contract"))
        .load()
        .await
}

fn at(second: i64) -> DateTime {
    DateTime::from_secs(second)
}

fn dimensions(pairs: &[(&str, &str)]) -> Vec<Dimension> {
    pairs
        .iter()
        .map(|(name, value)| Dimension::builder().name(*name).value(*value).build())
        .collect()
}

fn datum(name: &str, pairs: &[(&str, &str)], second: i64, value: f64) -> MetricDatum {
    MetricDatum::builder()
        .metric_name(name)
        .set_dimensions(Some(dimensions(pairs)))
        .timestamp(at(second))
        .value(value)
        .unit(StandardUnit::Count)
        .build()
}

fn query(
    namespace: &str,
    id: &str,
    name: &str,
    pairs: &[(&str, &str)],
    stat: &str,
) -> MetricDataQuery {
    let metric = Metric::builder()
        .namespace(namespace)
        .metric_name(name)
        .set_dimensions(Some(dimensions(pairs)))
        .build();
    let stat = MetricStat::builder().metric(metric).period(3_600).stat(stat).build();
    MetricDataQuery::builder().id(id).metric_stat(stat).return_data(true).build()
}

type ListedMetric = BTreeSet<(String, BTreeMap<String, String>)>;

fn listed(name: &str, pairs: &[(&str, &str)]) -> (String, BTreeMap<String, String>) {
    let pairs = pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    (name.to_owned(), pairs.collect())
}

/// Reads all pages of `ListMetrics`.
async fn list(client: &Client, namespace: &str, name: Option<&str>) -> ListedMetric {
    let mut pages = client
        .list_metrics()
        .namespace(namespace)
        .set_metric_name(name.map(Into::into))
        .into_paginator()
        .send();
    let mut found = ListedMetric::new();
    while let Some(page) = pages.next().await {
        for metric in page.unwrap().metrics() {
            let pairs: Vec<(&str, &str)> = metric
                .dimensions()
                .iter()
                .map(|dimension| (dimension.name().unwrap(), dimension.value().unwrap()))
                .collect();
            let is_new = found.insert(listed(metric.metric_name().unwrap(), &pairs));
            assert!(is_new, "a series is listed twice");
        }
    }
    found
}

/// Reads all pages of `GetMetricData`: the points of each query, with the starts of their periods,
/// oldest first.
async fn get(
    client: &Client,
    queries: Vec<MetricDataQuery>,
    (start, end): (i64, i64),
) -> BTreeMap<String, Vec<(i64, f64)>> {
    let mut pages = client
        .get_metric_data()
        .set_metric_data_queries(Some(queries))
        .start_time(at(start))
        .end_time(at(end))
        .into_paginator()
        .send();
    let (mut points, mut statuses) = (BTreeMap::<_, Vec<_>>::new(), BTreeMap::new());
    while let Some(page) = pages.next().await {
        for result in page.unwrap().metric_data_results() {
            let id = result.id().unwrap().to_owned();
            assert_eq!(result.timestamps().len(), result.values().len());
            let times = result.timestamps().iter().map(DateTime::secs);
            points
                .entry(id.clone())
                .or_default()
                .extend(times.zip(result.values().iter().copied()));
            statuses.insert(id, result.status_code().cloned());
        }
    }
    let wholes = statuses.values().all(|status| *status == Some(StatusCode::Complete));
    assert!(wholes, "{statuses:?}");
    for points in points.values_mut() {
        points.sort_by_key(|(time, _)| *time);
    }
    points
}

/// Reads `ListMetrics` again until it shows what was put, which may take some time.
async fn list_when_there(client: &Client, namespace: &str, count: usize) -> ListedMetric {
    let mut found = list(client, namespace, None).await;
    for _ in 0..50 {
        if found.len() >= count {
            break;
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
        found = list(client, namespace, None).await;
    }
    found
}

#[tokio::test]
async fn cloudwatch_keeps_the_contract() {
    let now = now();
    let fake = FakeAws::start(support::account::Account::new().seen(now).observation);
    let endpoint = endpoint();
    let is_fake = endpoint.is_none();
    let client = Client::new(&config_of(endpoint.unwrap_or_else(|| fake.url())).await);
    let namespace = &format!("Contract/{}", now.as_millisecond());

    // Three whole hours, of which the first and the last are outside the windows below.
    let hour = now.as_second() - now.as_second().rem_euclid(HOUR) - 3 * HOUR;
    let data = [
        datum("InputTokenCount", TOTAL, hour - 1, 1_000.0),
        datum("InputTokenCount", TOTAL, hour, 10.0),
        datum("InputTokenCount", TOTAL, hour + HOUR - 1, 5.0),
        datum("InputTokenCount", TOTAL, hour + HOUR, 7.0),
        datum("InputTokenCount", TOTAL, hour + 2 * HOUR, 2_000.0),
        datum("InputTokenCount", SPLIT, hour, 3.0),
        datum("RecommendationOpen", OPEN, hour + 600, 1.0),
        datum("RecommendationOpen", OPEN, hour + 1_200, 0.0),
        datum("RecommendationOpen", OPEN, hour + HOUR + 600, 0.0),
    ];
    client
        .put_metric_data()
        .namespace(namespace)
        .set_metric_data(Some(data.into()))
        .send()
        .await
        .unwrap();

    // Each dimension set is a series of its own, and all are listed, with and without a name.
    let everything = list_when_there(&client, namespace, 3).await;
    let tokens = [listed("InputTokenCount", TOTAL), listed("InputTokenCount", SPLIT)];
    let open = listed("RecommendationOpen", OPEN);
    assert_eq!(everything, tokens.iter().cloned().chain([open.clone()]).collect());
    assert_eq!(list(&client, namespace, Some("InputTokenCount")).await, tokens.into());
    assert_eq!(list(&client, namespace, Some("RecommendationOpen")).await, [open].into());
    assert!(list(&client, namespace, Some("Nothing")).await.is_empty());

    // Only the exact dimension set answers, with the starts of periods, from the window's start to
    // before its end. What does not exist is complete and has no points.
    let queries = vec![
        query(namespace, "total", "InputTokenCount", TOTAL, "Sum"),
        query(namespace, "split", "InputTokenCount", SPLIT, "Sum"),
        query(namespace, "most", "InputTokenCount", TOTAL, "Maximum"),
        query(namespace, "open", "RecommendationOpen", OPEN, "Maximum"),
        query(namespace, "bare", "InputTokenCount", &[], "Sum"),
        query(namespace, "nothing", "Nothing", TOTAL, "Sum"),
    ];
    let answers = get(&client, queries, (hour, hour + 2 * HOUR)).await;
    let expected: [(&str, &[(i64, f64)]); 6] = [
        ("total", &[(hour, 15.0), (hour + HOUR, 7.0)]),
        ("split", &[(hour, 3.0)]),
        ("most", &[(hour, 10.0), (hour + HOUR, 7.0)]),
        ("open", &[(hour, 1.0), (hour + HOUR, 0.0)]),
        ("bare", &[]),
        ("nothing", &[]),
    ];
    for (id, points) in expected {
        assert_eq!(answers[id], points, "{id}");
    }
    assert_eq!(answers.len(), expected.len());

    // The same hour by itself, which a window in another place would cut or join otherwise.
    let queries = vec![query(namespace, "total", "InputTokenCount", TOTAL, "Sum")];
    let answers = get(&client, queries, (hour + HOUR, hour + 2 * HOUR)).await;
    assert_eq!(answers["total"], [(hour + HOUR, 7.0)]);

    if is_fake {
        assert_eq!(fake.violations(), [""; 0]);
        assert_eq!(fake.put_data().len(), 9);
    }
}
