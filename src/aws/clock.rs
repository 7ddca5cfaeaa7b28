//! The clock of a run: the system's, which never goes back, or that which a configuration brings along.

use std::time::{Duration, Instant, SystemTime};

use aws_config::SdkConfig;
use aws_smithy_async::rt::sleep::{AsyncSleep as _, SharedAsyncSleep, TokioSleep};
use aws_smithy_async::time::SharedTimeSource;

/// Clock by which a run measures its time and waits.
#[derive(Clone, Debug)]
pub struct Clock {
    time: Hands,
    sleep: SharedAsyncSleep,
}

#[derive(Clone, Debug)]
enum Hands {
    /// Time since then.
    Since(Instant),
    Of(SharedTimeSource),
}

impl Clock {
    /// Returns the clock of the system.
    #[must_use]
    pub fn system() -> Self {
        let sleep = SharedAsyncSleep::new(TokioSleep::new());
        Self { time: Hands::Since(Instant::now()), sleep }
    }

    /// Returns the clock that the calls of a configuration go by; what it lacks is that of the system.
    #[must_use]
    pub fn of(config: &SdkConfig) -> Self {
        let system = Self::system();
        Self {
            time: config.time_source().map_or(system.time, Hands::Of),
            sleep: config.sleep_impl().unwrap_or(system.sleep),
        }
    }

    /// Returns the time since some instant, which is always the same.
    #[must_use]
    pub fn now(&self) -> Duration {
        match &self.time {
            Hands::Since(start) => start.elapsed(),
            Hands::Of(source) => {
                source.now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default()
            }
        }
    }

    /// Waits for so long.
    pub async fn sleep(&self, duration: Duration) {
        self.sleep.sleep(duration).await;
    }
}
