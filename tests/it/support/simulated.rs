//! A world in one thread: time that passes only when everything waits, and an AWS whose calls take time and go
//! wrong as a seed says. What happens hangs on the seed alone.

use std::collections::BTreeMap;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::{Duration, SystemTime};

use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, SdkConfig};
use aws_sdk_cloudwatch::config::{AsyncSleep, Credentials, SharedAsyncSleep, Sleep};
use aws_smithy_async::time::{SharedTimeSource, TimeSource};
use aws_smithy_runtime_api::client::http::{
    HttpConnector, HttpConnectorFuture, SharedHttpConnector, http_client_fn,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_types::body::SdkBody;
use bedrock_cost_guard::domain::Region;
use http_body_util::BodyExt as _;
use hyper::Request;
use hyper::body::Bytes;
use tokio::runtime::{Builder, Runtime};

use super::fake_aws::{FakeAws, FaultKind, operation_of, region_of};
use super::served::ATTEMPTS;

/// Numbers that follow from a seed.
#[derive(Clone, Debug)]
pub(crate) struct Numbers(u64);

impl Numbers {
    pub(crate) const fn of(seed: u64) -> Self {
        Self(seed)
    }

    /// Returns the next number. The steps are those of `SplitMix64`.
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut number = self.0;
        number = (number ^ (number >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        number = (number ^ (number >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        number ^ (number >> 31)
    }

    /// Returns a number below another.
    pub(crate) fn below(&mut self, end: u64) -> u64 {
        self.next() % end.max(1)
    }

    /// Returns one of some things.
    pub(crate) fn one_of<T: Copy>(&mut self, things: &[T]) -> T {
        let place = self.below(u64::try_from(things.len()).unwrap_or(1));
        things[usize::try_from(place).unwrap_or_default()]
    }
}

/// Time that passes only when everything waits.
#[derive(Clone, Debug, Default)]
pub(crate) struct VirtualTime(Arc<Mutex<Sleepers>>);

#[derive(Debug, Default)]
struct Sleepers {
    now: Duration,
    next: u64,
    /// Those who wait, by the time that they wait for and the order in which they began.
    waiting: BTreeMap<(Duration, u64), Waker>,
}

/// Wait for a time.
struct Wait {
    time: VirtualTime,
    until: (Duration, u64),
}

impl VirtualTime {
    fn sleepers(&self) -> MutexGuard<'_, Sleepers> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns the time that has passed.
    pub(crate) fn now(&self) -> Duration {
        self.sleepers().now
    }

    fn wait(&self, duration: Duration) -> Wait {
        let mut sleepers = self.sleepers();
        sleepers.next += 1;
        let until = (sleepers.now + duration, sleepers.next);
        Wait { time: self.clone(), until }
    }

    /// Goes on to the next time that somebody waits for. If nobody does, nothing will ever happen again.
    fn advance(&self) {
        let next = {
            let mut sleepers = self.sleepers();
            let next = sleepers.waiting.pop_first();
            if let Some(((time, _), _)) = &next {
                sleepers.now = sleepers.now.max(*time);
            }
            next
        };
        if let Some((_, waker)) = next {
            waker.wake();
        }
    }

    /// Builds a runtime of one thread in which this time passes.
    pub(crate) fn runtime(&self) -> Runtime {
        let time = self.clone();
        Builder::new_current_thread()
            .on_thread_park(move || time.advance())
            .build()
            .expect("a runtime for one thread can be built")
    }
}

impl Future for Wait {
    type Output = ();

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let mut sleepers = self.time.sleepers();
        if sleepers.now >= self.until.0 {
            return Poll::Ready(());
        }
        sleepers.waiting.insert(self.until, context.waker().clone());
        Poll::Pending
    }
}

impl Drop for Wait {
    fn drop(&mut self) {
        self.time.sleepers().waiting.remove(&self.until);
    }
}

impl AsyncSleep for VirtualTime {
    fn sleep(&self, duration: Duration) -> Sleep {
        Sleep::new(self.wait(duration))
    }
}

impl TimeSource for VirtualTime {
    fn now(&self) -> SystemTime {
        // Any day will do: nobody checks a signature.
        SystemTime::UNIX_EPOCH + Duration::from_hours(24 * 365 * 56) + Self::now(self)
    }
}

/// Way in which one call goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Course {
    /// Time until it is answered.
    pub(crate) takes: Duration,
    /// Failure of the call; `None` where it goes well.
    pub(crate) fails: Option<FaultKind>,
    /// True if its answer is lost once it is done.
    pub(crate) loses_answer: bool,
}

impl Course {
    /// Returns the course of a call that goes well, in so many milliseconds.
    pub(crate) const fn calm(milliseconds: u64) -> Self {
        let takes = Duration::from_millis(milliseconds);
        Self { takes, fails: None, loses_answer: false }
    }
}

/// Decision on how each call goes, by operation and Region.
pub(crate) type Fate = Box<dyn FnMut(&'static str, &Region) -> Course + Send>;

/// The fake AWS in this process, whose calls go as a fate has it.
#[derive(Clone)]
pub(crate) struct Simulated {
    pub(crate) fake: Arc<FakeAws>,
    pub(crate) time: VirtualTime,
    fate: Arc<Mutex<Fate>>,
}

impl fmt::Debug for Simulated {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Simulated")
    }
}

impl Simulated {
    pub(crate) fn new(aws: Arc<FakeAws>, time: VirtualTime, fate: Fate) -> Self {
        Self { fake: aws, time, fate: Arc::new(Mutex::new(fate)) }
    }

    /// Returns the configuration of a program in this world, as the Lambda has one.
    pub(crate) fn sdk_config(&self, home: &Region) -> SdkConfig {
        let connector = SharedHttpConnector::new(self.clone());
        let timeouts = TimeoutConfig::builder()
            .operation_attempt_timeout(Duration::from_mins(1))
            .operation_timeout(Duration::from_mins(4));
        let attempts = u32::try_from(ATTEMPTS).expect("few attempts");
        SdkConfig::builder()
            .behavior_version(BehaviorVersion::latest())
            .http_client(http_client_fn(move |_, _| connector.clone()))
            .sleep_impl(SharedAsyncSleep::new(self.time.clone()))
            .time_source(SharedTimeSource::new(self.time.clone()))
            .region(aws_config::Region::new(home.name().to_owned()))
            .endpoint_url(self.fake.url())
            .credentials_provider(aws_sdk_cloudwatch::config::SharedCredentialsProvider::new(
                Credentials::new("AKIDFAKE", "fake", None, None, "fake"),
            ))
            .retry_config(RetryConfig::standard().with_max_attempts(attempts))
            .timeout_config(timeouts.build())
            .build()
    }

    async fn answer(self, request: HttpRequest) -> Result<HttpResponse, ConnectorError> {
        let lost = |why: &'static str| ConnectorError::io(why.into());
        let request = request.try_into_http1x().map_err(|_| lost("no request"))?;
        let (head, body) = request.into_parts();
        let body = body.collect().await.map_err(|_| lost("no body"))?.to_bytes();
        let request: Request<Bytes> = Request::from_parts(head, body);
        let operation = operation_of(&request).expect("the guard asks for what there is");
        let region = region_of(&request).expect("calls are signed");
        let course = {
            let mut fate = self.fate.lock().unwrap_or_else(PoisonError::into_inner);
            fate(operation, &region)
        };
        self.time.wait(course.takes).await;
        if course.fails == Some(FaultKind::Reset) {
            return Err(lost("the connection was reset"));
        }
        let answer = self.fake.answer(request, course.fails).await;
        if course.loses_answer {
            return Err(lost("the answer was lost"));
        }
        let (head, body) = answer.into_parts();
        let body = body.collect().await.map_err(|_| lost("the body broke off"))?.to_bytes();
        let answer = hyper::Response::from_parts(head, SdkBody::from(body));
        HttpResponse::try_from(answer).map_err(|_| lost("no answer"))
    }
}

impl HttpConnector for Simulated {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        HttpConnectorFuture::new(self.clone().answer(request))
    }
}
