//! The Lambda Runtime API on the loopback, which gives events to a real binary.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use hyper::Request;
use hyper::body::Bytes;
use serde_json::Value;

use super::server::{Answer, Server, answer, close};

const FUNCTION_ARN: &str = "arn:aws:lambda:us-east-1:123456789012:function:guard";

/// Time beyond its deadline that a function is waited for: to start, and to answer late.
const GRACE: Duration = Duration::from_secs(10);

/// The fake. It stops when it is dropped.
pub(crate) struct FakeRuntime {
    server: Server,
    queue: tokio::sync::mpsc::UnboundedSender<Job>,
    shared: Arc<Shared>,
}

/// Outcome of an event.
#[derive(Clone, Debug)]
pub(crate) struct Invocation {
    /// Answer of the function.
    pub(crate) outcome: Result<Value, FunctionError>,
    /// From when the function took the event until it answered.
    pub(crate) elapsed: Duration,
}

/// Report of a function that fails.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct FunctionError {
    /// The kind of error. `Fake.NoAnswer` where the function did not answer.
    pub(crate) error_type: String,
    /// The error in words.
    pub(crate) error_message: String,
}

struct Job {
    id: String,
    event: Vec<u8>,
    deadline: Duration,
}

struct Pending {
    taken: Option<Instant>,
    reply: mpsc::Sender<Invocation>,
}

struct Shared {
    jobs: tokio::sync::Mutex<tokio::sync::mpsc::UnboundedReceiver<Job>>,
    pending: Mutex<BTreeMap<String, Pending>>,
    count: AtomicU64,
}

impl FakeRuntime {
    /// Starts without an event: a function that asks for one waits.
    pub(crate) fn start() -> Self {
        let (queue, jobs) = tokio::sync::mpsc::unbounded_channel();
        let shared = Arc::new(Shared {
            jobs: tokio::sync::Mutex::new(jobs),
            pending: Mutex::new(BTreeMap::new()),
            count: AtomicU64::new(0),
        });
        let of_server = Arc::clone(&shared);
        let server = Server::start(move |request| serve(Arc::clone(&of_server), request));
        Self { server, queue, shared }
    }

    /// Returns the environment in which a function finds the runtime.
    pub(crate) fn env(&self) -> Vec<(&'static str, String)> {
        vec![
            ("AWS_LAMBDA_RUNTIME_API", self.server.address().to_string()),
            ("AWS_LAMBDA_FUNCTION_NAME", "guard".to_owned()),
            ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST".to_owned()),
            ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "128".to_owned()),
            ("AWS_LAMBDA_LOG_GROUP_NAME", "/aws/lambda/guard".to_owned()),
            ("AWS_LAMBDA_LOG_STREAM_NAME", "2026/04/06/[$LATEST]0".to_owned()),
            ("AWS_LAMBDA_INITIALIZATION_TYPE", "on-demand".to_owned()),
        ]
    }

    /// Gives the function an event and waits for its answer. The deadline counts from when the
    /// function takes the event; past it the answer is awaited for some time more, so that a test
    /// sees how late it is.
    pub(crate) fn invoke(&self, event: &Value, deadline: Duration) -> Invocation {
        self.invoke_raw(event.to_string().into_bytes(), deadline)
    }

    /// Gives the function an event of any bytes, and waits for its answer in the same way.
    pub(crate) fn invoke_raw(&self, event: Vec<u8>, deadline: Duration) -> Invocation {
        let number = self.shared.count.fetch_add(1, Ordering::Relaxed);
        let id = format!("00000000-0000-4000-8000-{number:012x}");
        let (reply, answers) = mpsc::channel();
        self.shared.pending().insert(id.clone(), Pending { taken: None, reply });
        let job = Job { id: id.clone(), event, deadline };
        self.queue.send(job).expect("the server keeps its end of the queue");
        answers.recv_timeout(deadline + GRACE).unwrap_or_else(|_| {
            let pending = self.shared.pending().remove(&id);
            let taken = pending.and_then(|pending| pending.taken);
            let what = if taken.is_some() {
                "took the event and did not answer"
            } else {
                "did not ask for an event"
            };
            Invocation {
                outcome: Err(FunctionError {
                    error_type: "Fake.NoAnswer".to_owned(),
                    error_message: format!("the function {what}"),
                }),
                elapsed: taken.map_or(Duration::ZERO, |taken| taken.elapsed()),
            }
        })
    }
}

impl Shared {
    fn pending(&self) -> MutexGuard<'_, BTreeMap<String, Pending>> {
        self.pending.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn answered(&self, id: &str, outcome: Result<Value, FunctionError>) -> Answer {
        let Some(Pending { taken, reply }) = self.pending().remove(id) else {
            return answer(400, &[], "there is no such invocation, or it has been answered");
        };
        let elapsed = taken.map_or(Duration::ZERO, |taken| taken.elapsed());
        // Nobody waits any more where the answer is later than late.
        let _ = reply.send(Invocation { outcome, elapsed });
        accepted()
    }
}

fn accepted() -> Answer {
    answer(202, &[("content-type", "application/json")], r#"{"status":"OK"}"#)
}

async fn serve(shared: Arc<Shared>, request: Request<Bytes>) -> Answer {
    let path = request.uri().path().to_owned();
    let Some(rest) = path.strip_prefix("/2018-06-01/runtime/") else {
        return answer(404, &[], "not the Runtime API");
    };
    let parts: Vec<&str> = rest.split('/').collect();
    match (request.method().as_str(), parts.as_slice()) {
        ("GET", ["invocation", "next"]) => next(&shared).await,
        ("POST", ["invocation", id, "response"]) => match serde_json::from_slice(request.body()) {
            Ok(value) => shared.answered(id, Ok(value)),
            Err(error) => shared.answered(id, Err(unreadable(&error))),
        },
        ("POST", ["invocation", id, "error"]) => shared.answered(id, Err(reported(request.body()))),
        ("POST", ["init", "error"]) => {
            let error = reported(request.body());
            let waiting: Vec<String> = shared.pending().keys().cloned().collect();
            for id in waiting {
                let _ = shared.answered(&id, Err(error.clone()));
            }
            accepted()
        }
        _ => answer(404, &[], "not the Runtime API"),
    }
}

async fn next(shared: &Shared) -> Answer {
    let job = loop {
        let Some(job) = shared.jobs.lock().await.recv().await else {
            return close();
        };
        // An event that nobody waits for any more is not given out.
        if let Some(pending) = shared.pending().get_mut(&job.id) {
            pending.taken = Some(Instant::now());
            break job;
        }
    };
    let deadline = now() + job.deadline;
    let headers = [
        ("content-type", "application/json"),
        ("lambda-runtime-aws-request-id", job.id.as_str()),
        ("lambda-runtime-deadline-ms", &deadline.as_millis().to_string()),
        ("lambda-runtime-invoked-function-arn", FUNCTION_ARN),
        ("lambda-runtime-trace-id", "Root=1-00000000-000000000000000000000000;Sampled=0"),
    ];
    answer(200, &headers, job.event)
}

#[expect(clippy::disallowed_methods, reason = "a function's deadline is a time of the clock")]
fn now() -> Duration {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default()
}

fn reported(body: &[u8]) -> FunctionError {
    let value: Value = match serde_json::from_slice(body) {
        Ok(value) => value,
        Err(error) => return unreadable(&error),
    };
    let text = |name: &str| value[name].as_str().unwrap_or_default().to_owned();
    FunctionError { error_type: text("errorType"), error_message: text("errorMessage") }
}

fn unreadable(error: &serde_json::Error) -> FunctionError {
    FunctionError { error_type: "Fake.NotJson".to_owned(), error_message: error.to_string() }
}
