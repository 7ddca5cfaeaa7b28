//! The clock that the calls of a configuration go by, so that runs and calls share one time.

use std::time::{Duration, SystemTime};

use aws_config::SdkConfig;
use aws_smithy_async::rt::sleep::{AsyncSleep as _, SharedAsyncSleep, TokioSleep};
use aws_smithy_async::time::{SharedTimeSource, SystemTimeSource};

/// Clock of a configuration; the system's where it has none.
#[derive(Clone, Debug)]
pub struct Clock {
    time: SharedTimeSource,
    sleep: SharedAsyncSleep,
}

impl Clock {
    /// Returns the clock of a configuration.
    #[must_use]
    pub fn of(config: &SdkConfig) -> Self {
        let system = || SharedTimeSource::new(SystemTimeSource::new());
        let tokio = || SharedAsyncSleep::new(TokioSleep::new());
        Self {
            time: config.time_source().unwrap_or_else(system),
            sleep: config.sleep_impl().unwrap_or_else(tokio),
        }
    }

    /// Returns the time since 1970.
    #[must_use]
    pub fn now(&self) -> Duration {
        self.time.now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default()
    }

    /// Waits for so long.
    pub async fn sleep(&self, duration: Duration) {
        self.sleep.sleep(duration).await;
    }
}
