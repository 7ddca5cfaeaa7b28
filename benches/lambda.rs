//! The Lambda as it is deployed, timed from outside over loopback: how soon it answers first, and
//! what a large account costs it in time and memory. With `--study=goals` the largest accounts alone.
//!
//! `GUARD_BENCH_BOOTSTRAP` names the release binary; `make bench` builds it and sets that.
#![expect(
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a measurement that cannot be made has nothing better to do"
)]

#[path = "../tests/it/support/mod.rs"]
#[expect(dead_code, reason = "a bench needs a part of what stands in for AWS")]
mod support;

#[path = "lambda/goals.rs"]
mod goals;

use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use bedrock_cost_guard::catalog::PriceBook;
use bedrock_cost_guard::domain::{Geo, ModelId, Scope};
use bedrock_cost_guard::observation::Observation;
use serde_json::json;
use support::account::Account;
use support::fake_aws::FakeAws;
use support::fake_runtime::{FakeRuntime, Invocation};

const STARTS: usize = 20;
const LARGE_RUNS: usize = 5;
const MODELS: usize = 50;
const METERS: [&str; 5] = [
    "Invocations",
    "InputTokenCount",
    "OutputTokenCount",
    "CacheReadInputTokenCount",
    "CacheWriteInputTokenCount",
];

fn main() {
    #[expect(clippy::disallowed_methods, reason = "a bench has no settings to read this from")]
    let bootstrap = std::env::var("GUARD_BENCH_BOOTSTRAP")
        .expect("GUARD_BENCH_BOOTSTRAP must name the Lambda's binary: run `make bench`");

    if std::env::args().any(|argument| argument == "--study=goals") {
        return goals::measure(&bootstrap);
    }
    let mut firsts: Vec<Duration> = (0..STARTS)
        .map(|_| {
            let aws = FakeAws::start(Account::new().seen(now()).observation);
            Guard::start(&bootstrap, &aws).answer()
        })
        .collect();
    firsts.sort_unstable();
    println!(
        "first response: median {} ms of {STARTS} starts ({} to {} ms)",
        firsts[STARTS / 2].as_millis(),
        firsts[0].as_millis(),
        firsts[STARTS - 1].as_millis()
    );

    let large = large_observation();
    let (mut walls, mut peaks) = (Vec::new(), Vec::new());
    for _ in 0..LARGE_RUNS {
        let aws = FakeAws::start(large.clone());
        let guard = Guard::start(&bootstrap, &aws);
        walls.push(guard.answer());
        peaks.push(guard.peak_kilobytes());
    }
    walls.sort_unstable();
    peaks.sort_unstable();
    println!(
        "{MODELS} models x {} meters x 91 days hourly: median {} ms from start to answer, peak {:.1} MB of {LARGE_RUNS} runs",
        METERS.len(),
        walls[LARGE_RUNS / 2].as_millis(),
        f64::from(peaks[LARGE_RUNS / 2]) / 1_024.0
    );
}

#[expect(clippy::disallowed_methods, reason = "the binary reads the same clock")]
fn now() -> jiff::Timestamp {
    jiff::Timestamp::now()
}

/// A running Lambda, stopped when it goes.
struct Guard {
    runtime: FakeRuntime,
    child: Child,
    started: Instant,
}

impl Guard {
    fn start(bootstrap: &str, aws: &FakeAws) -> Self {
        let runtime = FakeRuntime::start();
        let started = Instant::now();
        let child = Command::new(bootstrap)
            .env_clear()
            .envs(aws.env())
            .envs(runtime.env())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("the binary starts");
        Self { runtime, child, started }
    }

    /// Starts it with so many megabytes of memory, and no address space beyond them, to read some Regions.
    fn limited(bootstrap: &str, aws: &FakeAws, megabytes: u32, regions: &str) -> Self {
        let runtime = FakeRuntime::start();
        let started = Instant::now();
        let limit = format!("ulimit -v {}; exec \"$0\"", u64::from(megabytes) * 1_024);
        let child = Command::new("/bin/bash")
            .args(["-c", &limit, bootstrap])
            .env_clear()
            .envs(aws.env())
            .envs(runtime.env())
            .env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", megabytes.to_string())
            .env("GUARD_REGIONS", regions)
            .stdout(Stdio::null())
            .stderr(Stdio::inherit())
            .spawn()
            .expect("the binary starts");
        Self { runtime, child, started }
    }

    /// Gives it an event with so much time.
    fn invoke(&self, time: Duration) -> Invocation {
        self.runtime.invoke(&json!({}), time)
    }

    /// Measures the time from the start of the process to the first answer.
    fn answer(&self) -> Duration {
        let answer = self.runtime.invoke(&json!({}), Duration::from_mins(1));
        let elapsed = self.started.elapsed();
        assert!(answer.outcome.is_ok(), "{:?}", answer.outcome);
        elapsed
    }

    /// Returns the most memory that the process ever had, in kilobytes.
    fn peak_kilobytes(&self) -> u32 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id()))
            .expect("Linux tells of a process");
        status
            .lines()
            .find_map(|line| line.strip_prefix("VmHWM:"))
            .and_then(|text| text.split_whitespace().next())
            .and_then(|number| number.parse().ok())
            .expect("a process has a peak")
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        // It may be gone already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Builds an account of fifty models that the book has prices of, each busy for 91 days.
fn large_observation() -> Observation {
    let book = PriceBook::aws().expect("the embedded book is valid");
    let scopes = [Scope::InRegion, Scope::Geo(Geo::Us), Scope::Global];
    let ids = scopes
        .iter()
        .flat_map(|scope| book.models.iter().map(|model| ModelId::of_model(&model.id, *scope)));
    ids.take(MODELS)
        .fold(Account::new().seen(now()), |account, id| {
            account.survey(id.text(), METERS, |hour| [1_000 + hour * 7 % 900; 5])
        })
        .observation
}
