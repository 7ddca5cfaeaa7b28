//! The answers of `CloudWatch`.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_cloudwatch::types::StandardUnit;
use bedrock_cost_guard::domain::Region;
use ciborium::Value;
use jiff::{SignedDuration, Timestamp};

use super::cbor::{Members, Writer};
use super::store::{Key, Stat};
use super::token::{self, fingerprint};
use super::{FaultKind, PutDatum, Refusal, State};

const QUERIES_PER_CALL: usize = 500;
const POINTS_PER_CALL: i64 = 100_800;
const DATA_PER_CALL: usize = 1_000;
const BYTES_PER_CALL: usize = 1_000_000;
const DAY: i64 = 24 * 3_600;

/// Answers `ListMetrics`.
pub(super) fn list_metrics(
    state: &State,
    region: &Region,
    body: &[u8],
) -> Result<Vec<u8>, Refusal> {
    let mut members = Members::read("ListMetrics", body)?;
    let namespace = members.text("Namespace")?;
    let name = members.text("MetricName")?;
    let mut filters = Vec::new();
    for filter in members.list("Dimensions")? {
        let mut filter = Members::of("a dimension filter", filter)?;
        let dimension = filter.text("Name")?;
        filters.push((filter.require("Name", dimension)?, filter.text("Value")?));
        filter.finish()?;
    }
    if filters.len() > 10 {
        return Err(Refusal::validation("ListMetrics has more than 10 dimension filters"));
    }
    let token = members.text("NextToken")?;
    members.finish()?;

    let fingerprint = fingerprint(&(region, &namespace, &name, &filters));
    let [first, _] = token.map_or(Ok([0, 0]), |token| read_token(&token, fingerprint))?;
    let wanted = |key: &&Key| {
        key.region == *region
            && namespace.as_ref().is_none_or(|namespace| *namespace == key.namespace)
            && name.as_ref().is_none_or(|name| *name == key.name)
            && filters.iter().all(|(name, value)| {
                key.dimensions
                    .get(name)
                    .is_some_and(|found| value.as_ref().is_none_or(|value| value == found))
            })
    };
    let found: Vec<&Key> = state.store.listed(state.as_of).filter(wanted).collect();
    let rest = found.get(first..).unwrap_or_default();
    let page = &rest[..rest.len().min(state.page_sizes.list_metrics.clamp(1, 500))];

    let mut writer = Writer::default();
    let more = page.len() < rest.len();
    writer.map(if more { 2 } else { 1 }).text("Metrics").list(page.len());
    for key in page {
        writer.map(3).text("Namespace").text(&key.namespace).text("MetricName").text(&key.name);
        writer.text("Dimensions").list(key.dimensions.len());
        for (name, value) in &key.dimensions {
            writer.map(2).text("Name").text(name).text("Value").text(value);
        }
    }
    if more {
        writer.text("NextToken").text(&token::write(
            fingerprint,
            [first + page.len(), 0],
            state.arrivals("ListMetrics"),
        ));
    }
    Ok(writer.finish())
}

/// One query of `GetMetricData`.
#[derive(Hash)]
struct Query {
    id: String,
    namespace: String,
    name: String,
    dimensions: BTreeMap<String, String>,
    period: i64,
    stat: Stat,
}

/// Part of one series on one page.
struct PageResult<'a> {
    query: &'a Query,
    points: Vec<(i64, f64)>,
    status: &'static str,
}

/// Answers `GetMetricData`. What AWS would answer with silence is noted.
pub(super) fn get_metric_data(
    state: &State,
    region: &Region,
    body: &[u8],
    fault: Option<FaultKind>,
    notes: &mut Vec<String>,
) -> Result<Vec<u8>, Refusal> {
    let mut members = Members::read("GetMetricData", body)?;
    let start = whole_seconds(&mut members, "StartTime")?;
    let end = whole_seconds(&mut members, "EndTime")?;
    let queries = queries(members.list("MetricDataQueries")?)?;
    let descending = match members.text("ScanBy")?.as_deref() {
        None | Some("TimestampDescending") => true,
        Some("TimestampAscending") => false,
        Some(other) => return Err(Refusal::validation(format!("ScanBy may not be {other}"))),
    };
    let most = members.integer("MaxDatapoints")?.unwrap_or(POINTS_PER_CALL);
    if !(1..=POINTS_PER_CALL).contains(&most) {
        return Err(Refusal::validation(format!("MaxDatapoints may not be {most}")));
    }
    let token = members.text("NextToken")?;
    members.finish()?;
    if start >= end {
        return Err(Refusal::validation("StartTime is not before EndTime"));
    }
    if let Some(query) =
        queries.iter().find(|query| start % query.period != 0 || end % query.period != 0)
    {
        return Err(Refusal::validation(format!(
            "StartTime and EndTime are not aligned to the {} s of {}",
            query.period, query.id
        )));
    }

    let fingerprint = fingerprint(&(region, &queries, start, end, descending));
    let [first, mut offset] = token.map_or(Ok([0, 0]), |token| read_token(&token, fingerprint))?;
    let mut room =
        usize::try_from(most).unwrap_or(usize::MAX).min(state.page_sizes.datapoints.max(1));
    let mut results = Vec::new();
    let mut next = None;
    if matches!(fault, Some(FaultKind::InternalError)) {
        results.extend(queries.get(first).map(|query| PageResult {
            query,
            points: Vec::new(),
            status: "InternalError",
        }));
        next = Some([first, offset]);
    }
    for (index, query) in queries.iter().enumerate().skip(first) {
        if next.is_some() {
            break;
        }
        if room == 0 {
            next = Some([index, 0]);
            break;
        }
        let key = Key {
            region: region.clone(),
            namespace: query.namespace.clone(),
            name: query.name.clone(),
            dimensions: query.dimensions.clone(),
        };
        let stored = state.store.get(&key);
        let mut points = match (stored, silence(query.period, start, state.as_of)) {
            (_, Some(why)) => {
                notes.push(format!(
                    "{} of {}: {why}, so the answer is silence",
                    query.name, query.id
                ));
                Vec::new()
            }
            (None, None) => Vec::new(),
            (Some(stored), None) => stored.points(query.stat, query.period, &(start..end)),
        };
        if descending {
            points.reverse();
        }
        points.drain(..offset.min(points.len()));
        let mut status =
            stored.and_then(|stored| stored.ends_with(query.period)).unwrap_or("Complete");
        if points.len() > room {
            points.truncate(room);
            status = "PartialData";
            next = Some([index, offset + room]);
        }
        room -= points.len();
        offset = 0;
        results.push(PageResult { query, points, status });
    }
    let message = matches!(fault, Some(FaultKind::Messages));
    Ok(write_page(
        &results,
        message,
        next.map(|place| token::write(fingerprint, place, state.arrivals("GetMetricData"))),
    ))
}

fn write_page(results: &[PageResult<'_>], message: bool, token: Option<String>) -> Vec<u8> {
    let mut writer = Writer::default();
    writer.map(1 + usize::from(message) + usize::from(token.is_some()));
    writer.text("MetricDataResults").list(results.len());
    for PageResult { query, points, status } in results {
        writer.map(5).text("Id").text(&query.id).text("Label").text(&query.name);
        writer.text("Timestamps").list(points.len());
        for (time, _) in points {
            writer.time(*time);
        }
        writer.text("Values").list(points.len());
        for (_, value) in points {
            writer.double(*value);
        }
        writer.text("StatusCode").text(status);
    }
    if message {
        writer.text("Messages").list(1).map(2).text("Code").text("MaxMetricsExceeded");
        writer.text("Value").text("Maximum number of allowed metrics exceeded");
    }
    if let Some(token) = token {
        writer.text("NextToken").text(&token);
    }
    writer.finish()
}

fn whole_seconds(members: &mut Members, name: &str) -> Result<i64, Refusal> {
    let time = members.time(name)?;
    let time = members.require(name, time)?;
    if time.subsec_nanosecond() != 0 {
        return Err(Refusal::validation(format!(
            "{name} is not aligned: it has fractions of a second"
        )));
    }
    Ok(time.as_second())
}

fn queries(items: Vec<Value>) -> Result<Vec<Query>, Refusal> {
    if !(1..=QUERIES_PER_CALL).contains(&items.len()) {
        return Err(Refusal::validation(format!(
            "there are {} queries, not 1 to {QUERIES_PER_CALL}",
            items.len()
        )));
    }
    let mut ids = BTreeSet::new();
    let mut queries = Vec::with_capacity(items.len());
    for item in items {
        let query = query(Members::of("a query", item)?)?;
        if !ids.insert(query.id.clone()) {
            return Err(Refusal::validation(format!("two queries have the Id {}", query.id)));
        }
        queries.push(query);
    }
    Ok(queries)
}

fn query(mut members: Members) -> Result<Query, Refusal> {
    let id = members.text("Id")?;
    let id = members.require("Id", id)?;
    let legal = id.len() <= 255
        && id.starts_with(|first: char| first.is_ascii_lowercase())
        && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    if !legal {
        return Err(Refusal::validation(format!("{id} is not an Id")));
    }
    if members.boolean("ReturnData")? == Some(false) {
        return Err(Refusal::validation(format!("{id} returns nothing and serves no expression")));
    }
    let stat = members.map("MetricStat", "a MetricStat")?;
    let mut stat = members.require("MetricStat", stat)?;
    members.finish()?;

    let metric = stat.map("Metric", "a metric")?;
    let mut metric = stat.require("Metric", metric)?;
    let period = stat.integer("Period")?;
    let period = stat.require("Period", period)?;
    let name = stat.text("Stat")?;
    let name = stat.require("Stat", name)?;
    // `Unit` is one of the members that nobody takes: one that does not match empties the answer.
    stat.finish()?;
    if period != 1 && (period <= 0 || period % 60 != 0) {
        return Err(Refusal::validation(format!(
            "the Period of {id} is {period}, not 1 or a multiple of 60"
        )));
    }
    let Some(stat) = Stat::named(&name) else {
        return Err(Refusal::validation(format!("the Stat of {id} is {name}")));
    };

    let namespace = metric.text("Namespace")?;
    let namespace = metric.require("Namespace", namespace)?;
    let name = metric.text("MetricName")?;
    let name = metric.require("MetricName", name)?;
    let dimensions = dimensions(metric.list("Dimensions")?)?;
    metric.finish()?;
    Ok(Query { id, namespace, name, dimensions, period, stat })
}

fn dimensions(items: Vec<Value>) -> Result<BTreeMap<String, String>, Refusal> {
    if items.len() > 30 {
        return Err(Refusal::validation("there are more than 30 dimensions"));
    }
    let mut dimensions = BTreeMap::new();
    for item in items {
        let mut item = Members::of("a dimension", item)?;
        let (name, value) = (item.text("Name")?, item.text("Value")?);
        let (name, value) = (item.require("Name", name)?, item.require("Value", value)?);
        item.finish()?;
        let is_plain =
            |text: &str| text.bytes().all(|byte| byte.is_ascii_graphic() || byte == b' ');
        let legal = name.len() <= 255
            && value.len() <= 1_024
            && !name.starts_with(':')
            && is_plain(&name)
            && is_plain(&value)
            && !name.trim().is_empty()
            && !value.trim().is_empty();
        if !legal {
            return Err(Refusal::value(format!("the dimension {name}={value} is not legal")));
        }
        if dimensions.insert(name.clone(), value).is_some() {
            return Err(Refusal::value(format!("the dimension {name} is there twice")));
        }
    }
    Ok(dimensions)
}

/// Says why AWS would answer with silence, if it would: it keeps fine periods for a short time.
fn silence(period: i64, start: i64, as_of: Timestamp) -> Option<String> {
    let age = as_of.as_second() - start;
    let step = if age <= 3 * 3_600 {
        1
    } else if age <= 15 * DAY {
        60
    } else if age <= 63 * DAY {
        300
    } else {
        3_600
    };
    let days = age / DAY;
    if age > 455 * DAY {
        Some(format!("points of {days} days ago are no longer kept"))
    } else if period % step != 0 {
        Some(format!("points of {period} s are no longer kept after {days} days"))
    } else {
        None
    }
}

/// Answers `PutMetricData`.
pub(super) fn put_metric_data(
    state: &mut State,
    region: &Region,
    body: &[u8],
) -> Result<Vec<u8>, Refusal> {
    if body.len() > BYTES_PER_CALL {
        return Err(Refusal::validation(format!(
            "the body has {} bytes, more than 1 MB",
            body.len()
        )));
    }
    let mut members = Members::read("PutMetricData", body)?;
    let namespace = members.text("Namespace")?;
    let namespace = members.require("Namespace", namespace)?;
    let items = members.list("MetricData")?;
    members.finish()?;
    if namespace.starts_with("AWS/") || namespace.starts_with(':') || namespace.len() > 255 {
        return Err(Refusal::value(format!("the namespace {namespace} is not for customers")));
    }
    if !(1..=DATA_PER_CALL).contains(&items.len()) {
        return Err(Refusal::validation(format!(
            "there are {} data, not 1 to {DATA_PER_CALL}",
            items.len()
        )));
    }
    let data: Vec<PutDatum> = items
        .into_iter()
        .map(|item| datum(Members::of("a datum", item)?, region, &namespace, state.as_of))
        .collect::<Result<_, _>>()?;
    for datum in data {
        let key = Key {
            region: datum.region.clone(),
            namespace: datum.namespace.clone(),
            name: datum.name.clone(),
            dimensions: datum.dimensions.clone(),
        };
        state.store.put(key, datum.timestamp, datum.value);
        state.put.push(datum);
    }
    let mut writer = Writer::default();
    writer.map(0);
    Ok(writer.finish())
}

/// Reads a datum. `Values` and `StatisticValues` are refused: nothing here has a use for them.
fn datum(
    mut members: Members,
    region: &Region,
    namespace: &str,
    as_of: Timestamp,
) -> Result<PutDatum, Refusal> {
    let name = members.text("MetricName")?;
    let name = members.require("MetricName", name)?;
    let dimensions = dimensions(members.list("Dimensions")?)?;
    let timestamp = members.time("Timestamp")?.unwrap_or(as_of);
    let value = members.double("Value")?;
    let value = members.require("Value", value)?;
    let unit = members.text("Unit")?;
    let resolution = members.integer("StorageResolution")?;
    members.finish()?;
    if name.len() > 255 || !name.is_ascii() {
        return Err(Refusal::value(format!("{name} is not the name of a metric")));
    }
    if !value.is_finite() || value.abs() > 2.0_f64.powi(360) {
        return Err(Refusal::value(format!("{name} has the value {value}")));
    }
    let (oldest, newest) =
        (as_of - SignedDuration::from_hours(14 * 24), as_of + SignedDuration::from_hours(2));
    if !(oldest..=newest).contains(&timestamp) {
        return Err(Refusal::value(format!(
            "{name} is of {timestamp}, which is not from {oldest} to {newest}"
        )));
    }
    if let Some(unit) = unit.as_deref().filter(|unit| !StandardUnit::values().contains(unit)) {
        return Err(Refusal::validation(format!("{name} has the Unit {unit}")));
    }
    if let Some(resolution) = resolution.filter(|resolution| ![1, 60].contains(resolution)) {
        return Err(Refusal::validation(format!("{name} has the StorageResolution {resolution}")));
    }
    Ok(PutDatum {
        region: region.clone(),
        namespace: namespace.to_owned(),
        name,
        dimensions,
        value,
        unit,
        timestamp,
    })
}

fn read_token(token: &str, fingerprint: u64) -> Result<[usize; 2], Refusal> {
    token::read(token, fingerprint).ok_or_else(|| {
        let message = format!("{token} is not a NextToken of this call");
        Refusal::new(400, "InvalidNextToken", message)
    })
}
