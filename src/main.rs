//! The Lambda: the environment, the clock and the log's lines are here, all else in the library.

use std::borrow::Cow;
use std::io::Write as _;
use std::sync::Arc;
use std::time::Duration;

use bedrock_cost_guard::aws::Caller;
use bedrock_cost_guard::aws::clock::Clock;
use bedrock_cost_guard::config::{Settings, SettingsError, read_event};
use bedrock_cost_guard::domain::{AccountId, text};
use bedrock_cost_guard::guard::{Error, Invocation, Memory, Unwritten};
use bedrock_cost_guard::report::Summary;
use bedrock_cost_guard::{aws::clients, guard};
use lambda_runtime::layers::TracingLayer;
use lambda_runtime::tower::util::MapRequestLayer;
use lambda_runtime::{Context, Diagnostic, LambdaEvent, LambdaInvocation, Runtime, service_fn};
use serde::Deserialize;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

/// Time before the deadline of the platform at which a run is to be over.
const BEFORE_DEADLINE: Duration = Duration::from_secs(3);

/// Time after that at which a run that is not over is ended, to say why.
const GRACE: Duration = Duration::from_secs(2);

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    init_log();
    let settings = Settings::from_vars(vars());
    let config = clients::config(vars()).await;
    let memory = Arc::new(Memory::default());
    let handler = |event: LambdaEvent<RawEvent>| {
        let (settings, config) = (settings.clone(), config.clone());
        let memory = Arc::clone(&memory);
        async move {
            // Boxed: the whole run in one type is deeper than the compiler follows.
            let work = Box::pin(async move { handle(config, settings, event, &memory).await });
            guard::catch_panic(work).await.map_err(|error| diagnostic(&error))
        }
    };
    let raw_events = MapRequestLayer::new(RawEvent::wrapping);
    let runtime = Runtime::new(service_fn(handler)).layer(raw_events).layer(TracingLayer::new());
    runtime.run().await
}

/// Reads the environment. What is not Unicode is replaced, so that what reads it refuses it.
fn vars() -> impl Iterator<Item = (String, String)> {
    let text = |text: std::ffi::OsString| text.to_string_lossy().into_owned();
    #[expect(clippy::disallowed_methods, reason = "the one reading of the environment")]
    let vars = std::env::vars_os();
    vars.map(move |(name, value)| (text(name), text(value)))
}

/// The bytes of an event, as Lambda has them.
// The runtime reads JSON before it calls the handler, and what it cannot read fails under a type of error
// of its own. So the bytes travel in JSON that can always be read, and the guard reads them.
#[derive(Deserialize)]
#[serde(from = "String")]
struct RawEvent(Vec<u8>);

impl RawEvent {
    /// Wraps the body of an invocation into a JSON string, with a character for each byte.
    fn wrapping(mut invocation: LambdaInvocation) -> LambdaInvocation {
        let characters: String = invocation.body.iter().copied().map(char::from).collect();
        invocation.body = serde_json::Value::from(characters).to_string().into();
        invocation
    }
}

impl From<String> for RawEvent {
    fn from(characters: String) -> Self {
        // Each of them was made of a byte.
        Self(characters.chars().filter_map(|c| u8::try_from(c).ok()).collect())
    }
}

/// Writes the log to standard output, as the platform's logging controls ask: their level,
/// and JSON where they ask for it. The runtime's own subscriber does the same and brings a language
/// of filters along, which takes a thirtieth of the binary.
///
/// The level below `INFO` is for the guard's own lines. The SDKs write requests there, headers and all,
/// with the id of the access key and the token of the session.
fn init_log() {
    #[expect(clippy::disallowed_methods, reason = "the platform's own variables, not settings")]
    let control = |name| std::env::var(name).ok();
    let level = control("AWS_LAMBDA_LOG_LEVEL").or_else(|| control("RUST_LOG"));
    let level = level.map_or(LevelFilter::INFO, |level| match level.to_uppercase().as_str() {
        "FATAL" => LevelFilter::ERROR,
        name => name.parse().unwrap_or(LevelFilter::INFO),
    });
    let targets = Targets::new()
        .with_default(level.min(LevelFilter::INFO))
        .with_target(env!("CARGO_CRATE_NAME"), level)
        // The line that this room writes of a failed run names the type of error; this is a second one.
        .with_target("lambda_runtime::layers::panic", LevelFilter::OFF);
    let lines = tracing_subscriber::fmt().with_target(false).without_time().with_max_level(level);
    let format = control("AWS_LAMBDA_LOG_FORMAT").unwrap_or_default();
    if format.eq_ignore_ascii_case("json") {
        let lines = lines.json().with_writer(|| ScreenedOutput(text::escaped));
        lines.finish().with(targets).init();
    } else {
        let lines = lines.with_writer(|| ScreenedOutput(text::shown));
        lines.finish().with(targets).init();
    }
}

/// Standard output, with another form for what no screen shows.
struct ScreenedOutput(fn(&str) -> Cow<'_, str>);

impl std::io::Write for ScreenedOutput {
    fn write(&mut self, line: &[u8]) -> std::io::Result<usize> {
        // The subscriber writes whole lines.
        let text = String::from_utf8_lossy(line);
        std::io::stdout().lock().write_all((self.0)(&text).as_bytes())?;
        Ok(line.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        std::io::stdout().lock().flush()
    }
}

/// Runs once for an invocation, and writes the log lines of the run.
async fn handle(
    config: Result<aws_config::SdkConfig, SettingsError>,
    settings: Result<Settings, SettingsError>,
    event: LambdaEvent<RawEvent>,
    memory: &Memory,
) -> Result<Summary, Error> {
    let (settings, config) = (settings?, config?);
    #[expect(clippy::disallowed_methods, reason = "the one reading of the clock")]
    let as_of = jiff::Timestamp::now();
    let (RawEvent(bytes), context) = event.into_parts();
    let payload = read_event(&bytes)?;
    let left = time_left(&context, as_of);
    let invocation = Invocation {
        event: &payload,
        as_of,
        account: account(&context),
        caller: Caller::Lambda,
        time: left,
        clock: Clock::system(),
        log: &write_line,
        memory: guard::series_memory_of(memory_of_function()),
        // What was observed of a place is of no more use once it is decided.
        take_place: &|_| {},
    };
    let run = guard::run(&config, &settings, invocation, memory);
    let outcome = match tokio::time::timeout(left + GRACE, run).await {
        Ok(outcome) => outcome?,
        Err(_) => return Err(Error::Deadline(left.as_secs())),
    };
    match outcome.failure {
        None => Ok(outcome.summary),
        Some(error) => Err(error),
    }
}

/// Writes a line of the log at once, whatever comes after it.
fn write_line(line: &str) -> Result<(), Unwritten> {
    let mut out = std::io::stdout().lock();
    let written = out.write_all(line.as_bytes()).and_then(|()| out.flush());
    written.map_err(|error| Unwritten(error.to_string()))
}

/// Returns the time until shortly before the platform ends the invocation.
fn time_left(context: &Context, as_of: jiff::Timestamp) -> Duration {
    let now = u64::try_from(as_of.as_millisecond()).unwrap_or_default();
    Duration::from_millis(context.deadline.saturating_sub(now)).saturating_sub(BEFORE_DEADLINE)
}

/// Returns the bytes of memory of the function; those of the smallest one where the platform does not tell.
fn memory_of_function() -> u64 {
    #[expect(clippy::disallowed_methods, reason = "the platform's own variable, not a setting")]
    let megabytes = std::env::var("AWS_LAMBDA_FUNCTION_MEMORY_SIZE").ok();
    megabytes.and_then(|text| text.parse::<u64>().ok()).unwrap_or(128).saturating_mul(1 << 20)
}

/// Reads the account in the function's own ARN; unknown where the ARN has none.
fn account(context: &Context) -> AccountId {
    let digits = context.invoked_function_arn.split(':').nth(4).unwrap_or_default();
    let is_account = digits.len() == 12 && digits.bytes().all(|b| b.is_ascii_digit());
    AccountId::new(if is_account { digits } else { "" })
}

/// Logs an error, and spells the error for the platform.
fn diagnostic(error: &Error) -> Diagnostic {
    let error_type = error.error_type().to_string();
    tracing::error!(error_type, "{error}");
    Diagnostic { error_type, error_message: text::shown(&error.to_string()).into_owned() }
}
