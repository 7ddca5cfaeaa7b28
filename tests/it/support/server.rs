//! One HTTP/1.1 server on the loopback, in a thread of its own.
//!
//! It has its own runtime, so that it serves tests without one, tests with one, and programs that
//! a test starts.

use std::collections::VecDeque;
use std::fmt;
use std::future::Future;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::thread::JoinHandle;
use std::time::Duration;

use http_body_util::BodyExt;
use hyper::body::{Bytes, Frame, Incoming, SizeHint};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::sync::oneshot;
use tokio::time::Sleep;

/// An answer. One that says [`close`] is not sent: the connection closes instead.
pub(crate) type Answer = Response<Body>;

/// The body of an answer. It may come some time after its head, and break off.
#[derive(Default)]
pub(crate) struct Body {
    until: Option<Pin<Box<Sleep>>>,
    /// Bytes still to be sent.
    parts: VecDeque<Result<Bytes, Cut>>,
    /// Bytes that the head promises.
    promised: u64,
}

/// Time between what a broken body has and its end.
const BEFORE_CUT: Duration = Duration::from_millis(50);

/// The end of a body that breaks off.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cut;

impl fmt::Display for Cut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the body breaks off")
    }
}

impl std::error::Error for Cut {}

impl Body {
    fn new(whole: Bytes) -> Self {
        let promised = u64::try_from(whole.len()).unwrap_or_default();
        Self { until: None, parts: VecDeque::from([Ok(whole)]), promised }
    }
}

impl hyper::body::Body for Body {
    type Data = Bytes;
    type Error = Cut;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Cut>>> {
        if let Some(until) = &mut self.until {
            ready!(until.as_mut().poll(context));
            self.until = None;
        }
        let part = self.parts.pop_front();
        if let Some(Err(_)) = self.parts.front() {
            // A client that is closed out at once may never see what came before.
            self.until = Some(Box::pin(tokio::time::sleep(BEFORE_CUT)));
        }
        Poll::Ready(part.map(|part| part.map(Frame::data)))
    }

    fn is_end_stream(&self) -> bool {
        self.parts.is_empty()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.promised)
    }
}

/// Marks an answer that is not to be sent.
#[derive(Clone, Copy)]
struct Close;

/// The server. It stops when it is dropped.
pub(crate) struct Server {
    address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    /// Starts to serve on a free port. The handler gets each request with its whole body.
    pub(crate) fn start<H, F>(handler: H) -> Self
    where
        H: Fn(Request<Bytes>) -> F + Send + Sync + 'static,
        F: Future<Output = Answer> + Send + 'static,
    {
        let listener =
            TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("the loopback has a free port");
        listener.set_nonblocking(true).expect("a listener can be non-blocking");
        let address = listener.local_addr().expect("a bound listener has an address");
        let (stop, stopped) = oneshot::channel();
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .expect("a runtime for one thread can be built");
            runtime.block_on(serve(listener, Arc::new(handler), stopped));
        });
        Self { address, stop: Some(stop), thread: Some(thread) }
    }

    /// Returns the address that the server listens at.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Some(stop) = self.stop.take() {
            // It may have stopped by itself.
            let _ = stop.send(());
        }
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

async fn serve<H, F>(listener: TcpListener, handler: Arc<H>, mut stopped: oneshot::Receiver<()>)
where
    H: Fn(Request<Bytes>) -> F + Send + Sync + 'static,
    F: Future<Output = Answer> + Send + 'static,
{
    let listener =
        tokio::net::TcpListener::from_std(listener).expect("the listener is non-blocking");
    loop {
        tokio::select! {
            _ = &mut stopped => return,
            accepted = listener.accept() => if let Ok((stream, _)) = accepted {
                tokio::spawn(converse(stream, Arc::clone(&handler)));
            },
        }
    }
}

/// Serves one connection until either side closes it.
async fn converse<H, F>(stream: TcpStream, handler: Arc<H>)
where
    H: Fn(Request<Bytes>) -> F + Send + Sync + 'static,
    F: Future<Output = Answer> + Send + 'static,
{
    let _ = stream.set_nodelay(true);
    let service = service_fn(|request: Request<Incoming>| {
        let handler = Arc::clone(&handler);
        async move {
            let (head, body) = request.into_parts();
            let body = body.collect().await.map_err(|error| error.to_string())?.to_bytes();
            let answer = handler(Request::from_parts(head, body)).await;
            if answer.extensions().get::<Close>().is_some() {
                Err("no answer".to_owned())
            } else {
                Ok(answer)
            }
        }
    });
    // An error here is a connection that one side has closed, which is for the client to notice.
    let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
}

/// Builds an answer with a body and headers.
pub(crate) fn answer(
    status: u16,
    headers: &[(&'static str, &str)],
    body: impl Into<Bytes>,
) -> Answer {
    let mut response = Response::new(Body::new(body.into()));
    *response.status_mut() = StatusCode::from_u16(status).expect("the fakes know their statuses");
    for (name, value) in headers {
        let value = value.parse().expect("the fakes know their headers");
        response.headers_mut().insert(*name, value);
    }
    response
}

/// Sends the head of an answer at once and its body later.
pub(crate) fn slowly(mut answer: Answer, delay: Duration) -> Answer {
    answer.body_mut().until = Some(Box::pin(tokio::time::sleep(delay)));
    answer
}

/// Sends the head of an answer and the first half of its body, and closes the connection.
pub(crate) fn cut(mut answer: Answer) -> Answer {
    let body = answer.body_mut();
    let whole = body.parts.pop_front().and_then(Result::ok).unwrap_or_default();
    body.parts = VecDeque::from([Ok(whole.slice(..whole.len() / 2)), Err(Cut)]);
    answer
}

/// Closes the connection without an answer.
pub(crate) fn close() -> Answer {
    let mut response = Response::default();
    response.extensions_mut().insert(Close);
    response
}
