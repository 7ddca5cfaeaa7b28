//! The time of a run, shared out: a stage that hangs takes its own share and not that of the others.

use std::time::Duration;

use aws_config::SdkConfig;
use aws_config::timeout::TimeoutConfig;
use tokio::time::{Instant, timeout_at};

/// Time until an instant, of a run or of a stage.
#[derive(Clone, Copy, Debug)]
pub(super) struct Budget {
    end: Instant,
}

/// The error for work that was not done at the end of its budget.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("it was not done at the end of its share of the run's time")]
pub(super) struct Late;

impl Budget {
    /// Begins a budget of so much time.
    pub(super) fn of(time: Duration) -> Self {
        // A time that no clock counts is as good as a year.
        const YEAR: Duration = Duration::from_hours(365 * 24);
        Self { end: Instant::now() + time.min(YEAR) }
    }

    /// Returns the time that is left.
    pub(super) fn left(self) -> Duration {
        self.end.saturating_duration_since(Instant::now())
    }

    /// Returns the budget of a stage that may take so many percent of what is left.
    pub(super) fn percent(self, percent: u32) -> Self {
        Self::of(self.left() / 100 * percent)
    }

    /// Returns the budget of the first of so many parts, one after the other, of what is left.
    pub(super) fn first_of(self, parts: usize) -> Self {
        Self::of(self.left() / u32::try_from(parts.max(1)).unwrap_or(u32::MAX))
    }

    /// Does some work, and drops it where it is late.
    pub(super) async fn run<T>(self, work: impl Future<Output = T>) -> Result<T, Late> {
        timeout_at(self.end, work).await.map_err(|_| Late)
    }

    /// Returns a configuration by which each call ends, all its tries included, within one of so many
    /// parts of what is left, so that a call that hangs says itself that it did.
    pub(super) fn calls(self, config: &SdkConfig, parts: u32) -> SdkConfig {
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
        let run = Budget::of(Duration::from_mins(5));
        let stage = run.percent(60);
        assert!(is_about(stage.left(), Duration::from_mins(3)));
        assert!(is_about(stage.first_of(3).left(), Duration::from_mins(1)));
        let hang = run.first_of(3_000).run(std::future::pending::<()>());
        assert_eq!(hang.await, Err(Late));
        assert!(is_about(run.left(), Duration::from_mins(5)));
        assert_eq!(run.run(async { 7 }).await, Ok(7));
        assert_eq!(Budget::of(Duration::MAX).percent(50).run(async { 7 }).await, Ok(7));
        let late = Budget::of(Duration::ZERO);
        assert_eq!(late.run(std::future::pending::<()>()).await, Err(Late));
    }

    #[test]
    fn no_call_takes_longer_than_its_part_and_none_longer_than_was_set() {
        let run = Budget::of(Duration::from_mins(10));
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
