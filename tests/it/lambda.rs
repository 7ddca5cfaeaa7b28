//! The real Lambda binary, with the Runtime API and AWS faked around it.

use std::io::Read as _;
use std::process::{Child, Command, Stdio};
use std::thread::JoinHandle;
use std::time::Duration;

use bedrock_cost_guard::domain::BaseModel;
use bedrock_cost_guard::observation::Observation;
use serde_json::{Value, json};
use tempfile::NamedTempFile;

use crate::events;
use crate::support::account::region;
use crate::support::fake_aws::{FakeAws, Fault, FaultKind};
use crate::support::fake_runtime::{FakeRuntime, FunctionError, Invocation};
use crate::support::{ROUTE, UNITS, now, overrides_file, regions, sample_of, shifted};

const DEADLINE: Duration = Duration::from_mins(1);

/// The function, started and waiting for events. It ends when it is dropped.
struct Function {
    runtime: FakeRuntime,
    aws: FakeAws,
    child: Child,
    output: Option<JoinHandle<String>>,
    _overrides: NamedTempFile,
}

#[expect(clippy::unwrap_used, reason = "only tests call it")]
impl Function {
    fn start(observation: Observation, settings: &[(&str, &str)]) -> Self {
        Self::start_with(observation, settings, &[])
    }

    /// Starts it with other variables than those by which it finds the fakes.
    fn start_with(
        observation: Observation,
        settings: &[(&str, &str)],
        others: &[(&str, &str)],
    ) -> Self {
        let overrides = overrides_file(&observation.overrides);
        let runtime = FakeRuntime::start();
        let mut command = Command::new(env!("CARGO_BIN_EXE_bedrock-cost-guard"));
        command
            .env_clear()
            .env("GUARD_REGIONS", regions(&observation))
            .env("GUARD_OVERRIDES", overrides.path())
            .env("GUARD_ALLOW_GLOBAL_ROUTING", "true")
            .env("AWS_LAMBDA_LOG_FORMAT", "JSON")
            .env("AWS_LAMBDA_LOG_LEVEL", "INFO")
            .envs(runtime.env())
            .envs(settings.iter().copied())
            .stdout(Stdio::piped())
            .stderr(Stdio::inherit());
        let aws = FakeAws::start(observation);
        let mut child = command.envs(aws.env()).envs(others.iter().copied()).spawn().unwrap();
        let mut stdout = child.stdout.take().unwrap();
        let output = std::thread::spawn(move || {
            let mut text = String::new();
            stdout.read_to_string(&mut text).unwrap();
            text
        });
        Self { runtime, aws, child, output: Some(output), _overrides: overrides }
    }

    fn invoke(&self, event: &Value) -> Invocation {
        self.runtime.invoke(event, DEADLINE)
    }

    fn invoke_raw(&self, event: &[u8]) -> Invocation {
        self.runtime.invoke_raw(event.to_vec(), DEADLINE)
    }

    /// Ends it and gives what it wrote.
    fn text(mut self) -> String {
        self.child.kill().unwrap();
        self.output.take().unwrap().join().unwrap()
    }

    /// Ends it and gives what it wrote, line by line.
    fn lines(self) -> Vec<Value> {
        self.text().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }
}

impl Drop for Function {
    fn drop(&mut self) {
        // It may have been ended before.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Returns one Region with model units to buy, as the clock has it.
fn one_region() -> Observation {
    shifted(sample_of(&[UNITS]), now())
}

#[expect(clippy::unwrap_used, reason = "only tests call it")]
fn error(settings: &[(&str, &str)], event: &Value) -> FunctionError {
    let function = Function::start(one_region(), settings);
    let error = function.invoke(event).outcome.unwrap_err();
    assert_eq!(function.aws.requests("ListMetrics"), 0);
    error
}

#[test]
fn a_live_price_list_is_read_once_by_a_process_and_named_in_each_summary() {
    let observation = shifted(sample_of(&[ROUTE]), now());
    let function = Function::start(observation, &[("GUARD_CATALOG", "live")]);
    let page: Value = serde_json::from_str(include_str!(
        "../data/price_list/foundation-models.get-products.json"
    ))
    .unwrap();
    let products = page["PriceList"].as_array().unwrap().iter();
    let products = products.map(|product| product.as_str().unwrap().to_owned());
    function.aws.set_products("AmazonBedrockFoundationModels", products.collect());
    let mut costs = Vec::new();
    let mut asked = Vec::new();
    for _ in 0..2 {
        let summary = function.invoke(&json!({})).outcome.unwrap();
        assert_eq!(summary["run"]["catalog"], "live");
        assert!(summary["run"]["price_list"]["priced"].as_u64() > Some(0));
        // Sonnet 4.6 is listed at what the embedded book has.
        assert_eq!(summary["totals"]["recommendations"], 1);
        costs.push(summary["totals"]["monthly_cost"].clone());
        asked.push(function.aws.requests("GetProducts"));
    }
    assert_eq!(costs[0], costs[1]);
    assert!(asked[0] > 0 && asked[0] == asked[1], "{asked:?}");
    assert_eq!(function.aws.violations(), [""; 0]);
}

#[test]
fn the_lambda_answers_with_the_totals_of_the_run() {
    let observation = shifted(sample_of(&[ROUTE, UNITS]), now());
    let function = Function::start(observation, &[]);
    let summary = function.invoke(&json!({})).outcome.unwrap();
    assert_eq!(summary["schema_version"], "1.9");
    assert_eq!(summary["totals"]["recommendations"], 2);
    assert_eq!(summary["totals"]["workloads"], 2);
    let actions: Vec<&Value> = summary["recommendations"]
        .as_array()
        .unwrap()
        .iter()
        .map(|advice| &advice["action"])
        .collect();
    assert_eq!(actions, ["buy_model_units", "route_to_global_profile"]);
    assert!(summary.to_string().len() < 32_000);
    let put = function.aws.put_data();
    assert_eq!(summary["metrics_put"], put.len());
    assert_eq!(put.last().unwrap().name, "RunSucceeded");
    assert_eq!(function.aws.violations(), [""; 0]);
    // The account is the one of the function's own address.
    assert_eq!(
        summary["run"]["places"][0],
        json!({ "account": "123456789012", "region": "us-east-1" })
    );

    // It stays up for the next event.
    let again = function.invoke(&json!({ "dry_run": true })).outcome.unwrap();
    assert_eq!(again["metrics_withheld"], "dry run");
    assert_eq!(function.aws.put_data().len(), put.len());
}

#[test]
fn every_event_of_the_repository_runs() {
    let observation = shifted(sample_of(&[ROUTE]), now());
    let (time, end) = (observation.as_of, observation.window.end());
    let function = Function::start(observation, &[]);
    for (name, mut event) in events::files() {
        for (field, near) in [("time", time), ("scheduled_time", time), ("end", end)] {
            if let Some(value) = event.get_mut(field) {
                *value = near.to_string().into();
            }
        }
        let summary = function.invoke(&event).outcome;
        let summary = summary.unwrap_or_else(|error| panic!("{name}: {error:?}"));
        assert_eq!(summary["totals"]["workloads"], 1, "{name}");
        let withheld = summary["metrics_withheld"].as_str();
        let why = match name.as_str() {
            "manual-dry-run.json" => Some("dry run"),
            "manual-window.json" => {
                Some("the event names its own Regions: its totals are not those of the account")
            }
            _ => None,
        };
        assert_eq!(withheld, why, "{name}");
    }
    assert_eq!(function.aws.violations(), [""; 0]);
}

#[test]
fn the_log_has_a_line_for_each_recommendation_and_one_for_the_run() {
    let observation = shifted(sample_of(&[ROUTE, UNITS]), now());
    let function = Function::start(observation, &[]);
    function.invoke(&json!({})).outcome.unwrap();
    let lines = function.lines();
    // The runtime's own lines have their fields in an object and no timestamp.
    for line in lines.iter().filter(|line| line.get("fields").is_none()) {
        for field in ["timestamp", "level", "message"] {
            assert!(line[field].is_string(), "{line}");
        }
    }
    let advice: Vec<&Value> =
        lines.iter().filter(|line| line.get("recommendation").is_some()).collect();
    assert_eq!(advice.len(), 2);
    for line in advice {
        assert!(line["timestamp"].as_str().unwrap().ends_with('Z'), "{line}");
        assert_eq!(line["level"], "INFO");
        let message = line["message"].as_str().unwrap();
        assert!(message.contains("saves $") && message.contains(" a month"), "{message}");
        let advice = &line["recommendation"];
        assert!(advice["id"].as_str().unwrap().starts_with("rec-"));
        let evidence = advice["evidence"].as_array().unwrap();
        let rate = evidence.iter().find(|item| item["kind"] == "rate").unwrap();
        assert!(rate["source"].is_string());
    }
    let last = lines.last().unwrap();
    assert!(last["message"].as_str().unwrap().starts_with("run finished: $"), "{last}");
    assert_eq!(last["totals"]["recommendations"], 2);
}

#[test]
fn the_log_shows_no_character_that_steers_a_terminal() {
    // Overrides of a model that nobody knows are named in a note.
    let mut observation = one_region();
    let mut capacity = observation.overrides.capacity[0].clone();
    capacity.model = BaseModel::new("a.b\u{202e}\u{9b}31m");
    observation.overrides.capacity.push(capacity);
    let function = Function::start(observation, &[]);
    function.invoke(&json!({})).outcome.unwrap();
    function.invoke(&json!({ "re\u{202e}gions": 1 })).outcome.unwrap_err();
    let text = function.text();
    for escaped in ["a.b\\u202e\\u009b31m", "re\\u202egions"] {
        assert!(text.contains(escaped), "{text}");
    }
    assert!(!text.contains(['\u{202e}', '\u{9b}']), "{text}");
}

#[test]
fn a_malformed_event_is_named_as_that_with_its_field() {
    let error = error(&[], &json!({ "lookback_days": "ninety" }));
    assert_eq!(error.error_type, "Event");
    assert!(error.error_message.contains("`lookback_days`"), "{}", error.error_message);
}

#[test]
fn whatever_the_bytes_of_an_event_are_a_fault_of_them_is_named_as_that() {
    let function = Function::start(one_region(), &[]);
    let long_name = format!("{{\"{}\":1}}", "n".repeat(5_900_000));
    let envelope = r#"{"source":"aws.scheduler","detail-type":"Scheduled Event",
        "time":"2026-04-06T00:15:00Z","detail":"{\"dry_run\":true,\"dry_run\":false}"}"#;
    for (event, words) in [
        (&b""[..], "is empty"),
        (b"not JSON", "is not JSON"),
        (b"\xef\xbb\xbf{}", "byte order mark"),
        (b"{\"end\": \"\xff\xfe\"}", "is not text in UTF-8 from byte 9 on"),
        ("[".repeat(100_000).as_bytes(), "recursion limit exceeded"),
        (b"[]", "must be a JSON object"),
        (b"{\"dry_run\": true, \"dry_run\": false}", "has the key `dry_run` twice"),
        (envelope.as_bytes(), "`detail` has the key `dry_run` twice"),
        (long_name.as_bytes(), "is not known"),
    ] {
        let error = function.invoke_raw(event).outcome.unwrap_err();
        assert_eq!(error.error_type, "Event", "{}", error.error_message);
        assert!(error.error_message.contains(words), "{}", error.error_message);
        assert!(error.error_message.chars().count() <= 300, "{}", error.error_message);
    }
    // It is up for the next event, and blanks around one are none of its faults.
    function.invoke_raw(b" { \"dry_run\" : true }\n").outcome.unwrap();
}

#[test]
fn a_failed_run_is_one_line_of_the_log_with_its_type() {
    let function = Function::start(one_region(), &[]);
    for event in [&b"{"[..], b"{\"days\": \"\xe2\x80\xae7\"}"] {
        function.invoke_raw(event).outcome.unwrap_err();
    }
    function.aws.fault(Fault::of("ListMetrics", FaultKind::Forbidden));
    let denied = function.invoke(&json!({})).outcome.unwrap_err();
    let lines = function.lines();
    let errors: Vec<&Value> = lines.iter().filter(|line| line["level"] == "ERROR").collect();
    let types: Vec<&Value> = errors.iter().map(|line| &line["fields"]["error_type"]).collect();
    assert_eq!(types, ["Event", "Event", "Access"], "{lines:#?}");
    assert_eq!(errors[2]["fields"]["message"], denied.error_message);
}

#[test]
fn no_level_of_the_log_shows_credentials() {
    const TOKEN: &str = "c2Vzc2lvbi10b2tlbg";
    for level in ["DEBUG", "TRACE"] {
        let settings = [("AWS_LAMBDA_LOG_LEVEL", level), ("AWS_SESSION_TOKEN", TOKEN)];
        let function = Function::start(one_region(), &settings);
        function.invoke(&json!({})).outcome.unwrap();
        function.aws.fault(Fault::of("ListMetrics", FaultKind::Forbidden));
        function.invoke(&json!({})).outcome.unwrap_err();
        let text = function.text();
        assert!(text.contains("run finished") && text.contains("\"ERROR\""), "{text}");
        for secret in ["AKIDFAKE", TOKEN, "uthorization"] {
            assert!(!text.contains(secret), "{secret} at {level}");
        }
    }
}

#[test]
fn bad_settings_are_named_as_that_all_at_once() {
    let error = error(&[("GUARD_LOOKBACK_DAYS", "90"), ("GUARD_OVERFLOWS", "spill")], &json!({}));
    assert_eq!(error.error_type, "Config");
    for name in ["`GUARD_LOOKBACK_DAYS`", "`GUARD_OVERFLOWS`"] {
        assert!(error.error_message.contains(name), "{}", error.error_message);
    }
}

#[test]
fn an_endpoint_that_is_no_address_is_a_fault_of_the_configuration() {
    for value in ["", "nonsense"] {
        let function = Function::start_with(one_region(), &[], &[("AWS_ENDPOINT_URL", value)]);
        let error = function.invoke(&json!({})).outcome.unwrap_err();
        assert_eq!(error.error_type, "Config", "{}", error.error_message);
        assert!(error.error_message.contains("`AWS_ENDPOINT_URL` is "), "{}", error.error_message);
    }
}

#[test]
fn overrides_that_are_not_there_are_named_as_that() {
    let error = error(&[("GUARD_OVERRIDES", "missing.toml")], &json!({}));
    assert_eq!(error.error_type, "Config");
    assert!(error.error_message.contains("`missing.toml`"));
}

#[test]
fn a_parameter_that_is_not_there_is_named_as_that() {
    let error = error(&[("GUARD_OVERRIDES", "ssm:/guard/missing")], &json!({}));
    assert_eq!(error.error_type, "Config");
    assert!(error.error_message.contains("`ssm:/guard/missing`"));
}

#[test]
fn a_price_book_that_is_not_there_is_named_as_that() {
    let error = error(&[("GUARD_CATALOG", "missing.toml")], &json!({}));
    assert_eq!(error.error_type, "Catalog");
    assert!(error.error_message.contains("`missing.toml`"));
}

#[test]
fn a_bucket_that_is_not_of_the_functions_account_is_not_read() {
    let function = Function::start(one_region(), &[("GUARD_OVERRIDES", "s3://team-guard/o.toml")]);
    let home = region("us-east-1");
    function.aws.set_object(&home, "team-guard", "o.toml", "schema_version = 1\n");
    function.invoke(&json!({})).outcome.unwrap();
    function.aws.give_bucket("team-guard", "999999999999");
    let error = function.invoke(&json!({})).outcome.unwrap_err();
    assert_eq!(error.error_type, "Access");
    let words = "a bucket that is not of the function's own account";
    assert!(error.error_message.contains(words), "{}", error.error_message);
}

#[test]
fn a_forbidden_call_is_named_with_the_action_to_allow() {
    let function = Function::start(one_region(), &[]);
    function.aws.fault(Fault::of("GetMetricData", FaultKind::Forbidden));
    let error = function.invoke(&json!({})).outcome.unwrap_err();
    assert_eq!(error.error_type, "Access");
    let message = error.error_message;
    assert!(message.contains("cloudwatch:GetMetricData in us-west-2 is forbidden"), "{message}");
    assert!(message.contains("the function's role"), "{message}");
    assert_eq!(function.aws.requests("GetMetricData"), 1);
}

#[test]
fn a_call_that_stays_throttled_is_tried_six_times_and_named() {
    let function = Function::start(one_region(), &[]);
    function.aws.fault(Fault::of("GetMetricData", FaultKind::Throttle));
    let error = function.invoke(&json!({})).outcome.unwrap_err();
    assert_eq!(error.error_type, "Throttled");
    assert_eq!(function.aws.requests("GetMetricData"), 6);
}

#[test]
fn metrics_that_are_not_put_fail_the_run_after_its_lines() {
    let function = Function::start(one_region(), &[]);
    function.aws.fault(Fault::of("PutMetricData", FaultKind::Forbidden));
    let error = function.invoke(&json!({})).outcome.unwrap_err();
    assert_eq!(error.error_type, "Emit");
    let lines = function.lines();
    assert!(lines.iter().any(|line| line.get("recommendation").is_some()));
}

#[test]
fn a_run_without_time_left_ends_itself_and_says_so() {
    let function = Function::start(one_region(), &[]);
    function.aws.fault(Fault::of("ListMetrics", FaultKind::Slow(Duration::from_secs(20))));
    let done = function.runtime.invoke(&json!({}), Duration::from_secs(5));
    let error = done.outcome.unwrap_err();
    assert_eq!(error.error_type, "Deadline");
    assert!(done.elapsed < Duration::from_secs(5), "{:?}", done.elapsed);
    // What is put says that the Region is missing, and nothing of what it costs.
    let put: Vec<(String, f64)> =
        function.aws.put_data().into_iter().map(|datum| (datum.name, datum.value)).collect();
    let put: Vec<(&str, f64)> = put.iter().map(|(name, value)| (name.as_str(), *value)).collect();
    assert_eq!(put, [("FailedRegions", 1.0), ("IncompleteWorkloads", 0.0), ("RunSucceeded", 0.0)]);
}
