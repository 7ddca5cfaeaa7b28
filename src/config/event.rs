//! The event that starts a run: every form of trigger parses into one [`Run`].
//!
//! - An EventBridge rule sends an envelope whose `detail` is an object.
//! - EventBridge Scheduler sends the same envelope with `detail` a string, or exactly the `Input`
//!   that was configured.
//! - A person sends a manual payload: `{}`, or any of `end`, `lookback_days`, `regions`, `dry_run`.
//!
//! [`read_event`] reads the bytes of an event, and the text of a `detail`, more strictly than JSON asks:
//! what says a thing twice has two meanings.

use std::fmt;

use jiff::{SignedDuration, Timestamp};
use serde::de::{self, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value};

use crate::config::settings::{LOOKBACK_DAYS, Settings};
use crate::domain::text::clip;
use crate::domain::{Region, Window, period};

/// Time that `CloudWatch` gets to settle: a window ends at least so long before its event.
pub const SETTLE: SignedDuration = SignedDuration::from_mins(15);

/// One run, whatever started it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Run {
    /// The event's own time, which the metrics carry that the run puts.
    pub time: Timestamp,
    /// The kind of event.
    pub trigger: Trigger,
    /// The end of the window, a whole hour; `None` for the last hour that has settled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end: Option<Timestamp>,
    /// Days of history to read; `None` for the configured ones.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lookback_days: Option<u32>,
    /// Regions to read; `None` for the configured ones.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub regions: Option<Vec<Region>>,
    /// True if the run puts no metrics; `None` for what is configured.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dry_run: Option<bool>,
}

/// Kind of event that started a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Trigger {
    /// An EventBridge rule.
    Rule,
    /// EventBridge Scheduler, with or without an `Input` of its own.
    Scheduler,
    /// A person.
    Manual,
}

/// Fault of an event that is not one of the known forms. The text has at most 300 characters and none
/// of the event's values, but for times and days that were read as such.
// An event of 6 MB with one long name would otherwise be an error of 6 MB, in the log and in the answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the event's field `{}` {}", clip(field, MOST_OF_A_NAME), clip(fault, MOST_OF_A_FAULT))]
pub struct EventError {
    /// The field, by its path.
    pub field: String,
    /// The fault, and a value that would be right.
    pub fault: String,
}

/// Characters of a field's name that an error shows.
const MOST_OF_A_NAME: usize = 60;

/// Characters of a fault that an error shows. With the name and the words between that makes less than
/// 300.
const MOST_OF_A_FAULT: usize = 210;

fn refuse<T>(field: &str, fault: impl Into<String>) -> Result<T, EventError> {
    Err(EventError { field: field.into(), fault: fault.into() })
}

/// The name of the whole event in errors, where another field has its own.
const WHOLE: &str = "(whole event)";

/// Reads the bytes of an event: JSON in UTF-8, in which no object has a key twice.
pub fn read_event(bytes: &[u8]) -> Result<Value, EventError> {
    match std::str::from_utf8(bytes) {
        Ok(text) => read_text(WHOLE, text),
        Err(error) => {
            refuse(WHOLE, format!("is not text in UTF-8 from byte {} on", error.valid_up_to()))
        }
    }
}

/// Reads the text of an event, or of a field that has one.
fn read_text(field: &str, text: &str) -> Result<Value, EventError> {
    if text.trim_ascii().is_empty() {
        return refuse(field, "is empty: send a JSON object, such as {}");
    }
    if text.starts_with('\u{feff}') {
        return refuse(field, "begins with a byte order mark: save it as UTF-8 without one");
    }
    match serde_json::from_str(text) {
        Ok(StrictJson(value)) => Ok(value),
        // Of data there is one fault alone, a key that is there twice. The others are in the words of the
        // parser, which quote nothing.
        Err(error) if error.is_data() => refuse(field, error.to_string()),
        Err(error) => refuse(field, format!("is not JSON: {error}")),
    }
}

/// JSON in which no object has a key twice: `serde_json` takes the last of them, and who wrote the first
/// is not told.
struct StrictJson(Value);

impl<'de> Deserialize<'de> for StrictJson {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(StrictVisitor).map(Self)
    }
}

struct StrictVisitor;

impl<'de> Visitor<'de> for StrictVisitor {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        while let Some(StrictJson(item)) = items.next_element()? {
            list.push(item);
        }
        Ok(list.into())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let mut fields = Map::new();
        while let Some((name, StrictJson(value))) = entries.next_entry::<String, _>()? {
            if fields.contains_key(&name) {
                let name = clip(&name, MOST_OF_A_NAME);
                return Err(de::Error::custom(format!("has the key `{name}` twice: keep one,")));
            }
            fields.insert(name, value);
        }
        Ok(fields.into())
    }
}

/// The fields of EventBridge's envelope.
const ENVELOPE_FIELDS: [&str; 9] =
    ["version", "id", "detail-type", "source", "account", "time", "region", "resources", "detail"];

/// Fields that Scheduler's `Input` may fill from its placeholders, beside the manual ones.
const SCHEDULER_FIELDS: [&str; 4] =
    ["scheduled_time", "schedule_arn", "execution_id", "attempt_number"];

impl Run {
    /// Reads an event. `as_of` is the clock, and the time of an event that has none.
    pub fn parse(event: &Value, as_of: Timestamp) -> Result<Self, EventError> {
        let Value::Object(fields) = event else {
            return refuse(WHOLE, format!("must be a JSON object, not {}", json_type(event)));
        };
        let run = if fields.contains_key("detail-type") || fields.contains_key("detail") {
            Self::from_envelope(fields)?
        } else {
            Self::from_payload(fields, as_of)?
        };
        // CloudWatch takes no points that are further ahead than two hours.
        if run.time > as_of + SignedDuration::from_hours(2) {
            return refuse(
                time_field(fields),
                format!("is {}, later than the clock, {as_of}", run.time),
            );
        }
        if let Some(end) = run.end {
            if end != period::floor_to_hour(end) {
                return refuse(
                    "end",
                    format!(
                        "must be a whole hour, such as {}, not {end}",
                        period::floor_to_hour(end)
                    ),
                );
            }
            // By the clock here: hours that have not settled yet would be read too low.
            let latest = latest_end(as_of);
            if end > latest {
                return refuse(
                    "end",
                    format!("is {end}, later than the last hour that has settled, {latest}"),
                );
            }
        }
        Ok(run)
    }

    fn from_envelope(fields: &Map<String, Value>) -> Result<Self, EventError> {
        // An option beside `detail` would be passed over, and the run would do something else.
        let is_foreign = |name: &&String| !ENVELOPE_FIELDS.contains(&name.as_str());
        if let Some(name) = fields.keys().find(is_foreign) {
            return refuse(name, "is not one of an envelope: options go into detail");
        }
        let Some(time) = fields.get("time") else {
            return refuse("time", "is missing from the envelope");
        };
        let time = timestamp("time", time)?;
        let trigger = match fields.get("source").and_then(Value::as_str) {
            Some("aws.scheduler") => Trigger::Scheduler,
            Some("aws.events") => Trigger::Rule,
            Some(_) => return refuse("source", "is neither aws.events nor aws.scheduler"),
            None => return refuse("source", "is missing from the envelope"),
        };
        let detail = match fields.get("detail") {
            None | Some(Value::Null) => Map::new(),
            Some(Value::Object(detail)) => detail.clone(),
            Some(Value::String(text)) => match read_text("detail", text)? {
                Value::Object(detail) => detail,
                other => {
                    return refuse(
                        "detail",
                        format!("must be the text of a JSON object, not of {}", json_type(&other)),
                    );
                }
            },
            Some(other) => {
                return refuse(
                    "detail",
                    format!("must be an object or a string, not {}", json_type(other)),
                );
            }
        };
        Self::with_options(time, trigger, &detail, &[])
            .map_err(|error| EventError { field: format!("detail.{}", error.field), ..error })
    }

    fn from_payload(fields: &Map<String, Value>, as_of: Timestamp) -> Result<Self, EventError> {
        let scheduled = SCHEDULER_FIELDS.iter().any(|name| fields.contains_key(*name));
        let trigger = if scheduled { Trigger::Scheduler } else { Trigger::Manual };
        let time = match fields.get("scheduled_time") {
            Some(value) => timestamp("scheduled_time", value)?,
            None => as_of,
        };
        Self::with_options(time, trigger, fields, &SCHEDULER_FIELDS)
    }

    fn with_options(
        time: Timestamp,
        trigger: Trigger,
        fields: &Map<String, Value>,
        passed_over: &[&str],
    ) -> Result<Self, EventError> {
        let mut run =
            Self { time, trigger, end: None, lookback_days: None, regions: None, dry_run: None };
        for (name, value) in fields {
            match name.as_str() {
                "end" => run.end = Some(timestamp(name, value)?),
                "lookback_days" => run.lookback_days = Some(lookback_days(name, value)?),
                "regions" => run.regions = Some(regions(name, value)?),
                "dry_run" => match value {
                    Value::Bool(dry_run) => run.dry_run = Some(*dry_run),
                    other => {
                        return refuse(
                            name,
                            format!("must be true or false, not {}", json_type(other)),
                        );
                    }
                },
                known if passed_over.contains(&known) => {}
                _ => {
                    return refuse(
                        name,
                        "is not known: a payload may have end, lookback_days, regions and dry_run",
                    );
                }
            }
        }
        Ok(run)
    }

    /// Returns the settings with what the event asks for put over them.
    #[must_use]
    pub fn settings(&self, settings: &Settings) -> Settings {
        let mut settings = settings.clone();
        if let Some(days) = self.lookback_days {
            settings.lookback_days = days;
            // A month cannot be scaled from more days than are read.
            settings.recent_days = settings.recent_days.min(days);
        }
        if let Some(regions) = &self.regions {
            settings.regions.clone_from(regions);
        }
        // An event can make a run a dry one and cannot undo what the operator asked for.
        settings.dry_run |= self.dry_run.unwrap_or_default();
        settings
    }

    /// Returns the window of the survey, which ends at the given hour, or at the last whole hour
    /// that had settled by the event's time.
    pub fn window(&self, settings: &Settings, as_of: Timestamp) -> Result<Window, EventError> {
        // By the event's time and not by the clock: an event that is repeated later reads the same window.
        let end = self.end.unwrap_or_else(|| latest_end(self.time.min(as_of)));
        let start = end - SignedDuration::from_hours(i64::from(settings.lookback_days) * 24);
        if !period::is_kept(start, period::HOUR, as_of) {
            let field = if self.end.is_some() { "end" } else { "time" };
            return refuse(
                field,
                format!(
                    "puts the window's start at {start}, before the 455 days that CloudWatch keeps"
                ),
            );
        }
        match Window::new(start, end) {
            Ok(window) => Ok(window),
            Err(error) => refuse("end", error.to_string()),
        }
    }
}

/// Names the field that holds an event's time.
fn time_field(fields: &Map<String, Value>) -> &'static str {
    if fields.contains_key("scheduled_time") { "scheduled_time" } else { "time" }
}

fn latest_end(time: Timestamp) -> Timestamp {
    period::floor_to_hour(time - SETTLE)
}

fn timestamp(field: &str, value: &Value) -> Result<Timestamp, EventError> {
    let Value::String(text) = value else {
        return refuse(
            field,
            format!("must be a time such as 2026-04-06T00:00:00Z, not {}", json_type(value)),
        );
    };
    match text.parse::<Timestamp>() {
        // Far from the ends of what a time can hold, so that no sum with a window overflows.
        Ok(time) if (2000..=2200).contains(&period::day_of(time).year()) => Ok(time),
        _ => refuse(field, "is not a time such as 2026-04-06T00:00:00Z"),
    }
}

fn lookback_days(field: &str, value: &Value) -> Result<u32, EventError> {
    let Value::Number(days) = value else {
        return refuse(field, format!("must be a number of days, not {}", json_type(value)));
    };
    // As text, by the check of the setting; 91.0 is refused with all else that is not whole.
    let read = LOOKBACK_DAYS.read(&days.to_string(), str::parse);
    read.or_else(|_| refuse(field, format!("is not {LOOKBACK_DAYS}")))
}

fn regions(field: &str, value: &Value) -> Result<Vec<Region>, EventError> {
    let Value::Array(items) = value else {
        return refuse(field, format!("must be a list of Regions, not {}", json_type(value)));
    };
    let mut regions = Vec::new();
    for (number, item) in (1..).zip(items) {
        let region = match item.as_str().map(str::parse::<Region>) {
            Some(Ok(region)) => region,
            Some(Err(_)) => {
                return refuse(
                    field,
                    format!("has at place {number} no name of an AWS Region, such as us-east-1"),
                );
            }
            None => {
                return refuse(
                    field,
                    format!("must be a list of Regions, not of {}", json_type(item)),
                );
            }
        };
        if !regions.contains(&region) {
            regions.push(region);
        }
    }
    // The settings have a meaning for no Regions, which nobody means who writes a list.
    if regions.is_empty() {
        return refuse(field, "is empty: leave it out to read the configured Regions");
    }
    Ok(regions)
}

fn json_type(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const AS_OF: &str = "2026-04-06T00:20:07Z";

    fn as_of() -> Timestamp {
        AS_OF.parse().unwrap()
    }

    fn window_of(event: &Value) -> Window {
        let run = Run::parse(event, as_of()).unwrap();
        run.window(&run.settings(&Settings::default()), as_of()).unwrap()
    }

    fn fault_of(event: &Value) -> EventError {
        Run::parse(event, as_of()).unwrap_err()
    }

    #[test]
    fn the_window_ends_at_the_last_settled_hour() {
        let scheduled = |time: &str| json!({"source": "aws.events", "detail-type": "Scheduled Event", "time": time, "detail": {}});
        assert_eq!(
            window_of(&scheduled("2026-04-06T00:15:00Z")).end().to_string(),
            "2026-04-06T00:00:00Z"
        );
        assert_eq!(
            window_of(&scheduled("2026-04-06T00:14:59Z")).end().to_string(),
            "2026-04-05T23:00:00Z"
        );
        assert_eq!(window_of(&json!({})).hours(), 182 * 24);
    }

    #[test]
    fn scheduler_sends_its_detail_as_a_string() {
        let event = json!({
            "source": "aws.scheduler", "detail-type": "Scheduled Event",
            "time": "2026-04-06T00:15:00Z", "detail": "{\"dry_run\":true}"
        });
        let run = Run::parse(&event, as_of()).unwrap();
        assert_eq!((run.trigger, run.dry_run), (Trigger::Scheduler, Some(true)));
    }

    #[test]
    fn an_empty_payload_takes_the_clock() {
        let run = Run::parse(&json!({}), as_of()).unwrap();
        assert_eq!((run.time, run.trigger), (as_of(), Trigger::Manual));
    }

    #[test]
    fn a_payload_goes_over_the_settings() {
        let run = Run::parse(
            &json!({"lookback_days": 28, "regions": ["eu-west-1", "eu-west-1"], "dry_run": true}),
            as_of(),
        )
        .unwrap();
        let settings = run.settings(&Settings::default());
        assert_eq!(
            (settings.lookback_days, settings.regions.len(), settings.dry_run),
            (28, 1, true)
        );
    }

    #[test]
    fn each_fault_names_its_field() {
        for (event, field) in [
            (json!([]), "(whole event)"),
            (json!({"end": "soon"}), "end"),
            (json!({"end": "2026-04-05T10:30:00Z"}), "end"),
            (json!({"end": "2026-04-06T01:00:00Z"}), "end"),
            (json!({"lookback_days": 90}), "lookback_days"),
            (json!({"lookback_days": "91"}), "lookback_days"),
            (json!({"lookback_days": 91.0}), "lookback_days"),
            (json!({"regions": []}), "regions"),
            (json!({"regions": ["here"]}), "regions"),
            (json!({"dry_run": "yes"}), "dry_run"),
            (json!({"days": 7}), "days"),
            (json!({"detail": {}}), "time"),
            (json!({"detail": {}, "dry_run": true}), "dry_run"),
            (json!({"detail": {}, "time": "2026-04-06T00:15:00Z"}), "source"),
            (json!({"detail": {}, "time": "2026-04-06T00:15:00Z", "source": "aws.s3"}), "source"),
            (
                json!({"detail": 5, "time": "2026-04-06T00:15:00Z", "source": "aws.events"}),
                "detail",
            ),
            (
                json!({"detail": "{", "time": "2026-04-06T00:15:00Z", "source": "aws.events"}),
                "detail",
            ),
            (json!({"detail": {}, "time": "2026-04-07T00:15:00Z", "source": "aws.events"}), "time"),
            (json!({"scheduled_time": 5}), "scheduled_time"),
            (json!({"end": "9999-12-30T00:00:00Z"}), "end"),
        ] {
            assert_eq!(fault_of(&event).field, field, "{event}");
        }
    }

    #[test]
    fn bytes_that_are_no_event_are_refused_in_few_words() {
        let deep = "[".repeat(200);
        let name = format!("{{\"{}\":1}}", "n".repeat(6_000_000));
        let twice = format!("{{\"{0}\":1,\"{0}\":2}}", "n".repeat(6_000_000));
        for (bytes, words) in [
            (&b""[..], "is empty: send a JSON object, such as {}"),
            (b" \n", "is empty"),
            (b"lookback", "is not JSON: expected value at line 1 column 1"),
            (b"{", "is not JSON: EOF while parsing an object at line 1 column 1"),
            (b"{} {}", "is not JSON: trailing characters at line 1 column 4"),
            (b"\xef\xbb\xbf{}", "begins with a byte order mark"),
            (b"{\"end\": \"\xff\"}", "is not text in UTF-8 from byte 9 on"),
            (deep.as_bytes(), "is not JSON: recursion limit exceeded at line 1 column 128"),
            (
                b"{\"dry_run\": true,\n \"dry_run\": false}",
                "has the key `dry_run` twice: keep one, at line 2",
            ),
            (b"{\"detail\": {\"a\": [{\"b\": 1, \"b\": 1}]}}", "has the key `b` twice"),
            (name.as_bytes(), "nnn…` is not known: a payload may have"),
            (twice.as_bytes(), "nnn…` twice: keep one"),
        ] {
            let fault = read_event(bytes).and_then(|event| Run::parse(&event, as_of()));
            let fault = fault.unwrap_err().to_string();
            assert!(fault.contains(words), "{fault}");
            assert!(fault.chars().count() <= 300, "{} characters", fault.chars().count());
        }
        assert_eq!(
            read_event(b" {\"a\": [1, -1, 1.5, null, true, \"\"]}\n"),
            Ok(json!({"a": [1, -1, 1.5, null, true, ""]}))
        );
    }

    #[test]
    fn a_detail_of_text_is_read_as_strictly_as_the_event() {
        for (detail, words) in [
            ("", "`detail` is empty"),
            ("{", "`detail` is not JSON: EOF"),
            ("[]", "`detail` must be the text of a JSON object, not of a list"),
            ("{\"dry_run\": true, \"dry_run\": false}", "`detail` has the key `dry_run` twice"),
            ("\u{feff}{}", "`detail` begins with a byte order mark"),
        ] {
            let event =
                json!({"detail": detail, "time": "2026-04-06T00:15:00Z", "source": "aws.events"});
            let fault = fault_of(&event).to_string();
            assert!(fault.contains(words), "{fault}");
        }
    }

    #[test]
    fn history_that_cloudwatch_has_forgotten_is_refused() {
        let run = Run::parse(&json!({"end": "2025-04-05T00:00:00Z"}), as_of()).unwrap();
        assert_eq!(run.window(&Settings::default(), as_of()).unwrap_err().field, "end");
    }
}
