//! The time of a run, shared out: a stage that hangs takes its own share and not that of the others.

use std::time::Duration;

use aws_config::SdkConfig;
use aws_config::timeout::TimeoutConfig;
use futures_util::future::{Either, select};

use crate::aws::clock::Clock;

/// Share of a stage, in percent, that one call may take, its tries and the waits between them included: with
/// less a Region that is throttled could not say so.
pub(super) const OF_CALLS: u32 = 85;

/// Time until an instant, of a run or of a stage, by a clock.
#[derive(Clone, Debug)]
pub(super) struct Budget {
    /// End, on the clock.
    end: Duration,
    clock: Clock,
}

/// The error for work that was not done at the end of its budget.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("it was not done at the end of its share of the run's time")]
pub(super) struct Late;

impl Budget {
    /// Begins a budget of so much time on a clock.
    pub(super) fn of(time: Duration, clock: Clock) -> Self {
        Self { end: clock.now(), clock }.until(time)
    }

    /// Returns the budget of so much time from now on.
    fn until(&self, time: Duration) -> Self {
        // A time that no clock counts is as good as a year.
        const YEAR: Duration = Duration::from_hours(365 * 24);
        Self { end: self.clock.now() + time.min(YEAR), ..self.clone() }
    }

    /// Returns the time that is left.
    pub(super) fn left(&self) -> Duration {
        self.end.saturating_sub(self.clock.now())
    }

    /// Returns the budget of a stage that may take so many percent of what is left.
    pub(super) fn percent(&self, percent: u32) -> Self {
        self.until(self.left() / 100 * percent)
    }

    /// Returns the budget of the first of so many parts, one after the other, of what is left.
    pub(super) fn first_of(&self, parts: usize) -> Self {
        self.until(self.left() / u32::try_from(parts.max(1)).unwrap_or(u32::MAX))
    }

    /// Does some work, and drops it where it is late.
    pub(super) async fn run<T>(&self, work: impl Future<Output = T>) -> Result<T, Late> {
        let late = self.clock.sleep(self.left());
        match select(std::pin::pin!(work), std::pin::pin!(late)).await {
            Either::Left((done, _)) => Ok(done),
            Either::Right(_) => Err(Late),
        }
    }

    /// Returns a configuration by which each call ends, all its tries included, within one of so many
    /// parts of what is left, so that a call that hangs says itself that it did.
    pub(super) fn calls(&self, config: &SdkConfig, parts: u32) -> SdkConfig {
        let most = self.left() / parts.max(1);
        let set = config.timeout_config();
        let least = |set: Option<Duration>, most: Duration| set.map_or(most, |set| set.min(most));
        let operation = least(set.and_then(TimeoutConfig::operation_timeout), most);
        // A try that hangs leaves time for another.
        let attempt = least(set.and_then(TimeoutConfig::operation_attempt_timeout), operation / 2);
        let timeouts = set.map_or_else(TimeoutConfig::builder, TimeoutConfig::to_builder);
        let timeouts = timeouts.operation_timeout(operation).operation_attempt_timeout(attempt);
        config.to_builder().timeout_config(timeouts.build()).build()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::aws::clients;

    /// Returns true if a time is as long as another, but for what a busy machine takes.
    fn is_about(time: Duration, other: Duration) -> bool {
        time <= other && time + Duration::from_secs(5) > other
    }

    #[tokio::test]
    async fn a_stage_that_hangs_leaves_the_others_their_time() {
        let run = Budget::of(Duration::from_mins(5), Clock::system());
        let stage = run.percent(60);
        assert!(is_about(stage.left(), Duration::from_mins(3)));
        assert!(is_about(stage.first_of(3).left(), Duration::from_mins(1)));
        let hang = run.first_of(3_000);
        assert_eq!(hang.run(std::future::pending::<()>()).await, Err(Late));
        assert!(is_about(run.left(), Duration::from_mins(5)));
        assert_eq!(run.run(async { 7 }).await, Ok(7));
        assert_eq!(
            Budget::of(Duration::MAX, Clock::system()).percent(50).run(async { 7 }).await,
            Ok(7)
        );
        let late = Budget::of(Duration::ZERO, Clock::system());
        assert_eq!(late.run(std::future::pending::<()>()).await, Err(Late));
    }

    #[test]
    fn no_call_takes_longer_than_its_part_and_none_longer_than_was_set() {
        let run = Budget::of(Duration::from_mins(10), Clock::system());
        let times = |config: &SdkConfig| {
            let set = config.timeout_config().unwrap();
            (set.operation_timeout().unwrap(), set.operation_attempt_timeout().unwrap())
        };
        let config = run.calls(&clients::offline(), 5);
        let (operation, attempt) = times(&config);
        assert!(is_about(operation, Duration::from_mins(2)));
        assert_eq!(attempt, operation / 2);
        // What was set before holds where it is shorter.
        assert_eq!(times(&run.calls(&config, 1)), (operation, attempt));
        assert!(is_about(times(&run.calls(&config, 60)).0, Duration::from_secs(10)));
    }
}
