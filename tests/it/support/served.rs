//! Accounts that the fake AWS serves, and runs of the guard over them.
#![expect(clippy::expect_used, reason = "a run that goes wrong fails its test")]

use std::sync::Mutex;
use std::time::Duration;

use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use bedrock_cost_guard::aws::Caller;
use bedrock_cost_guard::aws::clock::Clock;
use bedrock_cost_guard::config::{DocumentSource, Settings};
use bedrock_cost_guard::domain::AccountId;
use bedrock_cost_guard::guard::{self, Error, Invocation, Memory, RunOutcome, TakenPlace};
use bedrock_cost_guard::observation::{Observation, PlaceObservation};
use jiff::Timestamp;
use serde_json::{Value, json};
use tempfile::NamedTempFile;

use super::account::ACCOUNT;
use super::fake_aws::{FakeAws, Fault};
use super::overrides_file;

/// Times that a call is tried, as in the configuration of the programs.
pub(crate) const ATTEMPTS: usize = 6;

/// Time that a run has, unless a test gives less.
pub(crate) const TIME: Duration = Duration::from_mins(10);

/// Bytes that series may take, unless a test gives less.
pub(crate) const MEMORY: u64 = 1 << 30;

/// Places of a run, which it does not keep itself.
#[derive(Default)]
pub(crate) struct Places(Mutex<Vec<PlaceObservation>>);

impl Places {
    pub(crate) fn take(&self, taken: TakenPlace<'_>) {
        let mut places = self.0.lock().expect("nobody panics with it");
        match places.iter_mut().find(|other| other.place == taken.observed.place) {
            Some(other) => other.add(taken.observed),
            None => places.push(taken.observed),
        }
    }

    /// Puts the places where they were taken from, in their order.
    pub(crate) fn put_into(self, mut outcome: RunOutcome) -> RunOutcome {
        let mut places = self.0.into_inner().expect("nobody panics with it");
        places.sort_by(|a, b| a.place.cmp(&b.place));
        outcome.observation.places = places;
        outcome
    }
}

/// Account on the fake, with all that a run over it is started with.
pub(crate) struct Served {
    pub(crate) fake: FakeAws,
    pub(crate) settings: Settings,
    pub(crate) event: Value,
    pub(crate) as_of: Timestamp,
    memory: Memory,
    overrides: NamedTempFile,
    /// Time for which a call is waited for, retries included; `None` for ever.
    patience: Option<Duration>,
    /// Time that a run has.
    time: Duration,
    /// Bytes that the series of a run may take.
    room: u64,
    /// Lines of the log, as they were written.
    log: Mutex<Vec<String>>,
}

impl Served {
    /// Serves an observation and asks for the run that would make it.
    pub(crate) fn of(observation: Observation) -> Self {
        let overrides = overrides_file(&observation.overrides);
        let path = overrides.path().to_string_lossy().into_owned();
        Self {
            settings: Settings {
                overrides: Some(DocumentSource::Path(path)),
                ..observation.settings.clone()
            },
            event: json!({ "scheduled_time": observation.event.time.to_string() }),
            as_of: observation.as_of,
            fake: FakeAws::start(observation),
            memory: Memory::default(),
            overrides,
            patience: None,
            time: TIME,
            room: MEMORY,
            log: Mutex::default(),
        }
    }

    /// Moves the clock, and starts the next run by an event of that time.
    pub(crate) fn at(&mut self, time: Timestamp) {
        self.as_of = time;
        self.event = json!({ "scheduled_time": time.to_string() });
        self.fake.set_clock(time);
    }

    /// Waits so long for each call, its retries included.
    pub(crate) fn patient_for(self, patience: Duration) -> Self {
        Self { patience: Some(patience), ..self }
    }

    /// Gives each run so much time.
    pub(crate) fn within(self, time: Duration) -> Self {
        Self { time, ..self }
    }

    /// Gives the series of each run so many bytes.
    pub(crate) fn in_memory(self, room: u64) -> Self {
        Self { room, ..self }
    }

    /// Returns the lines of the log that were written so far.
    pub(crate) fn log(&self) -> Vec<String> {
        self.log.lock().expect("nobody panics with it").clone()
    }

    /// Returns the text of the overrides that the run reads.
    pub(crate) fn overrides_text(&self) -> String {
        std::fs::read_to_string(self.overrides.path()).expect("the file is there")
    }

    /// Makes some calls go wrong.
    pub(crate) fn with_fault(self, fault: Fault) -> Self {
        self.fake.fault(fault);
        self
    }

    /// Runs the guard, whatever comes of it.
    pub(crate) async fn try_run(&self) -> Result<RunOutcome, Error> {
        let retry = RetryConfig::standard()
            .with_max_attempts(u32::try_from(ATTEMPTS).expect("few attempts"))
            .with_initial_backoff(Duration::from_millis(1));
        let config = self.fake.sdk_config().await.to_builder();
        let mut config = config.retry_config(retry);
        if let Some(patience) = self.patience {
            let timeouts = TimeoutConfig::builder().operation_timeout(patience).build();
            config = config.timeout_config(timeouts);
        }
        let config = config.build();
        let places = Places::default();
        let invocation = Invocation {
            event: &self.event,
            as_of: self.as_of,
            account: AccountId::new(ACCOUNT),
            caller: Caller::Lambda,
            time: self.time,
            clock: Clock::system(),
            log: &|line| {
                self.log.lock().expect("nobody panics with it").push(line.to_owned());
                Ok(())
            },
            memory: self.room,
            take_place: &|taken| places.take(taken),
        };
        let outcome = guard::run(&config, &self.settings, invocation, &self.memory).await;
        outcome.map(|outcome| places.put_into(outcome))
    }

    /// Runs the guard, which goes well and asks for nothing that must not be asked for.
    pub(crate) async fn run(&self) -> RunOutcome {
        let outcome = self.try_run().await.expect("the run goes well");
        assert!(outcome.failure.is_none(), "{:?}", outcome.failure);
        assert_eq!(self.fake.violations(), [""; 0]);
        outcome
    }

    /// Runs the guard, which goes wrong: before it has a report, or after.
    pub(crate) async fn fail(&self) -> Error {
        match self.try_run().await {
            Err(error) => error,
            Ok(outcome) => outcome.failure.expect("the run goes wrong"),
        }
    }
}
