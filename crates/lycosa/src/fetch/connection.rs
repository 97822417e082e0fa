//! One open connection: HTTP/1.1 or HTTP/2 over its byte stream, its timer, and what is known of it.
//!
//! An HTTP/1.1 connection has no task: whoever uses it polls it, and dropping it closes the socket on the spot.
//! While idle nobody polls it; the request sent next comes back unsent from a peer that closed meanwhile. HTTP/2
//! needs tasks of its own; they end when the connection is dropped.

use std::net::SocketAddr;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::{HeaderMap, Request, StatusCode, Version};
use http_body_util::Full;
use hyper::body::{Body as _, Incoming};
use hyper::client::conn::http2;
use hyper_util::rt::TokioIo;
use tokio_util::sync::{CancellationToken, DropGuard};
use tokio_util::task::TaskTracker;
use tokio_util::task::task_tracker::TaskTrackerToken;

use super::deadline::{Due, Watch};
use super::http1::{self, Failure, HeadLimits, Http1};
use super::keep_alive::KeepAlive;
use super::pool::Slot;
use super::stream::{Stream, TcpMeter};
use super::tls::Handshake;
use crate::error::{Error, ErrorKind, Phase};
use crate::ledger::{Ledger, Open, Resource};
use crate::model::{FetchLimits, TcpFacts};

/// A request for HTTP/2.
pub(super) type Http2Request = Request<Full<Bytes>>;

/// What stays true of a connection for its whole life.
#[derive(Clone, Debug)]
pub(super) struct About {
    /// Number in its client, from 1.
    pub(super) id: u64,
    /// The other end of the socket: the server, or the proxy.
    pub(super) peer: SocketAddr,
    /// The address the proxy was asked for, when it was asked by address.
    pub(super) destination: Option<SocketAddr>,
    pub(super) proxy: Option<Arc<str>>,
    pub(super) tls: Option<Handshake>,
    /// The guard could not see the destination.
    pub(super) delegated: bool,
}

/// How many of these there are, and who waits for their end.
pub(super) struct Counted {
    open: Open,
    _slot: Slot,
    _token: TaskTrackerToken,
}

impl Counted {
    pub(super) fn new(ledger: &Ledger, tracker: &TaskTracker, slot: Slot) -> Self {
        Self { open: ledger.open(Resource::ConnectionsOpening), _slot: slot, _token: tracker.token() }
    }
}

/// An open connection, used by one exchange at a time.
pub(super) struct Connection {
    line: Line,
    watch: Watch,
    pub(super) about: About,
    /// Requests sent on it.
    pub(super) served: u64,
    /// What the server's last answer said of the time after it.
    pub(super) keep_alive: KeepAlive,
    meter: Arc<TcpMeter>,
    counted: Counted,
}

#[expect(clippy::large_enum_variant, reason = "a connection is boxed as a whole")]
enum Line {
    Http1(Http1<Stream>),
    Http2 {
        // Dropped in this order: the sender first lets HTTP/2 say goodbye, the guard then cuts the line.
        incoming: Option<Incoming>,
        sender: http2::SendRequest<Full<Bytes>>,
        _guard: DropGuard,
    },
}

/// The head of an answer.
pub(super) struct Head {
    pub(super) status: StatusCode,
    pub(super) version: Version,
    pub(super) headers: HeaderMap,
}

/// Why a request got no head.
pub(super) enum Unanswered {
    /// It was never sent.
    Unsent,
    /// It may have been received.
    Failed(Error),
}

/// Why a body did not come to its end.
pub(super) enum Broken {
    Http1(Failure),
    Http2(hyper::Error),
}

impl Broken {
    /// The error of a body that broke off after this many bytes.
    pub(super) fn error(self, after: u64) -> Error {
        let message = format!("the body broke off after {after} bytes");
        match self {
            Self::Http1(Failure::Malformed(why)) => malformed(&message, why, Phase::Idle),
            Self::Http1(Failure::TooLarge(_)) => {
                malformed(&message, "its trailers are too large", Phase::Idle)
            }
            Self::Http1(failure) => {
                with_cause(Error::new(ErrorKind::Disconnected, message).in_phase(Phase::Idle), failure)
            }
            Self::Http2(cause) => {
                let kind = if cause.is_parse() { ErrorKind::Protocol } else { ErrorKind::Disconnected };
                Error::new(kind, message).in_phase(Phase::Idle).with_source(cause)
            }
        }
    }
}

/// What a body that is not over may still bring.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rest {
    /// At least this many bytes.
    pub(super) least: u64,
    /// This many bytes, where that is known.
    pub(super) exact: Option<u64>,
}

impl Connection {
    /// Speaks HTTP/1.1 over a stream.
    pub(super) fn http1(stream: Stream, limits: &FetchLimits, about: About, counted: Counted) -> Box<Self> {
        let meter = stream.meter();
        // A map of header fields holds 2^15 at most.
        let fields = (limits.fields as usize).min(1 << 13);
        let limits = HeadLimits { bytes: limits.head as usize, fields };
        Self::new(Line::Http1(Http1::new(stream, limits)), about, meter, counted)
    }

    /// Speaks HTTP/2 over a stream.
    pub(super) async fn http2(
        stream: Stream,
        limits: &FetchLimits,
        about: About,
        counted: Counted,
        tasks: Tasks,
    ) -> Result<Box<Self>, hyper::Error> {
        let guard = tasks.stop.clone().drop_guard();
        let meter = stream.meter();
        let (sender, driver) = http2::Builder::new(tasks.clone())
            .max_header_list_size(limits.head)
            .handshake(TokioIo::new(stream))
            .await?;
        hyper::rt::Executor::execute(&tasks, async move {
            // Its error reaches the request that is under way.
            let _ = driver.await;
        });
        Ok(Self::new(Line::Http2 { incoming: None, sender, _guard: guard }, about, meter, counted))
    }

    fn new(line: Line, about: About, meter: Arc<TcpMeter>, mut counted: Counted) -> Box<Self> {
        counted.open.becomes(Resource::ConnectionsInUse);
        let (watch, keep_alive) = (Watch::default(), KeepAlive::default());
        Box::new(Self { line, watch, about, served: 0, keep_alive, meter, counted })
    }

    /// Somebody uses it from now on, or nobody does.
    pub(super) fn becomes(&mut self, state: Resource) {
        self.counted.open.becomes(state);
    }

    /// The kernel's view of it when an answer last was sampled.
    pub(super) fn tcp(&self) -> Option<TcpFacts> {
        self.meter.read()
    }

    pub(super) fn is_http2(&self) -> bool {
        matches!(self.line, Line::Http2 { .. })
    }

    /// Whether it was open when it was last looked at. Sending notices a peer that closed meanwhile.
    pub(super) fn is_open(&self) -> bool {
        match &self.line {
            Line::Http1(line) => line.is_idle(),
            Line::Http2 { sender, .. } => !sender.is_closed(),
        }
    }

    /// Whether the next request can go out on it now. Notices a peer that closed meanwhile, and forgets the task
    /// that used it last.
    pub(super) fn is_reusable(&mut self) -> bool {
        match &mut self.line {
            Line::Http1(line) => line.is_reusable(),
            Line::Http2 { sender, .. } => !sender.is_closed(),
        }
    }

    /// Sends a request over HTTP/1.1 and waits for the head of its answer.
    pub(super) async fn send_http1(
        &mut self,
        due: Due,
        request: impl FnOnce(&mut http1::Outgoing),
    ) -> Result<Head, Unanswered> {
        self.served += 1;
        let Line::Http1(line) = &mut self.line else { return Err(Unanswered::Unsent) };
        line.begin(request);
        let (watch, open) = (&mut self.watch, &self.counted.open);
        let answer = std::future::poll_fn(|cx| match line.poll_head(cx) {
            Poll::Ready(answer) => Poll::Ready(Some(answer)),
            Poll::Pending => watch.poll(cx, due.at, open).map(|()| None),
        });
        match answer.await {
            Some(Ok(http1::Head { status, version, headers })) => Ok(Head { status, version, headers }),
            Some(Err(Failure::Unsent)) => Err(Unanswered::Unsent),
            Some(Err(failure)) => Err(Unanswered::Failed(head_error(failure))),
            None => Err(Unanswered::Failed(due.passed())),
        }
    }

    /// Sends a request over HTTP/2 and waits for the head of its answer. A request that was never sent is given
    /// back.
    pub(super) async fn send_http2(
        &mut self,
        due: Due,
        request: Http2Request,
    ) -> Result<Head, (Unanswered, Option<Http2Request>)> {
        self.served += 1;
        let Line::Http2 { incoming, sender, .. } = &mut self.line else {
            return Err((Unanswered::Unsent, Some(request)));
        };
        let (watch, open) = (&mut self.watch, &self.counted.open);
        let mut sent = pin!(sender.try_send_request(request));
        let answer = std::future::poll_fn(|cx| match sent.as_mut().poll(cx) {
            Poll::Ready(answer) => Poll::Ready(Some(answer)),
            Poll::Pending => watch.poll(cx, due.at, open).map(|()| None),
        });
        match answer.await {
            Some(Ok(response)) => {
                let (parts, body) = response.into_parts();
                *incoming = Some(body);
                Ok(Head { status: parts.status, version: parts.version, headers: parts.headers })
            }
            Some(Err(mut error)) => match error.take_message() {
                Some(request) => Err((Unanswered::Unsent, Some(request))),
                None => Err((Unanswered::Failed(http2_error(error.into_error())), None)),
            },
            None => Err((Unanswered::Failed(due.passed()), None)),
        }
    }

    /// The next piece of the body that came with the last head; `None` at its end.
    pub(super) fn poll_data(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, Broken>>> {
        match &mut self.line {
            Line::Http1(line) => line.poll_data(cx).map_err(Broken::Http1),
            Line::Http2 { incoming, .. } => loop {
                let Some(body) = incoming else { return Poll::Ready(None) };
                match std::task::ready!(Pin::new(body).poll_frame(cx)) {
                    Some(Ok(frame)) => {
                        if let Ok(data) = frame.into_data() {
                            return Poll::Ready(Some(Ok(data)));
                        }
                    }
                    Some(Err(cause)) => return Poll::Ready(Some(Err(Broken::Http2(cause)))),
                    None => *incoming = None,
                }
            },
        }
    }

    /// Whether the body is at its end, without asking for more of it.
    pub(super) fn is_body_over(&self) -> bool {
        match &self.line {
            Line::Http1(line) => line.is_body_over(),
            Line::Http2 { incoming, .. } => incoming.as_ref().is_none_or(hyper::body::Body::is_end_stream),
        }
    }

    /// Gives the rest of the body up; whether the connection goes on without it. Dropping the rest of an HTTP/2
    /// body resets its stream (RFC 9113 §8.1).
    pub(super) fn abandon_body(&mut self) -> bool {
        match &mut self.line {
            Line::Http1(_) => false,
            Line::Http2 { incoming, .. } => {
                *incoming = None;
                true
            }
        }
    }

    /// What the body may still bring.
    pub(super) fn rest(&self) -> Rest {
        let exact = match &self.line {
            Line::Http1(line) => line.declared_rest(),
            Line::Http2 { incoming: Some(body), .. } => {
                let hint = body.size_hint();
                return Rest { least: hint.lower(), exact: hint.exact() };
            }
            Line::Http2 { .. } => Some(0),
        };
        Rest { least: exact.unwrap_or(0), exact }
    }

    /// Ready when the deadline is past.
    pub(super) fn poll_due(&mut self, cx: &mut Context<'_>, due: &Due) -> Poll<()> {
        self.watch.poll(cx, due.at, &self.counted.open)
    }
}

impl std::fmt::Debug for Connection {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Connection").field("about", &self.about).finish_non_exhaustive()
    }
}

/// The tasks of an HTTP/2 connection: counted, and stopped with it.
#[derive(Clone, Debug)]
pub(super) struct Tasks {
    tracker: TaskTracker,
    ledger: Ledger,
    stop: CancellationToken,
}

impl Tasks {
    pub(super) fn new(tracker: &TaskTracker, ledger: &Ledger) -> Self {
        Self { tracker: tracker.clone(), ledger: ledger.clone(), stop: CancellationToken::new() }
    }
}

impl<F: Future + Send + 'static> hyper::rt::Executor<F> for Tasks
where
    F::Output: Send,
{
    fn execute(&self, task: F) {
        let (stop, open) = (self.stop.clone(), self.ledger.open(Resource::Tasks));
        self.tracker.spawn(async move {
            let _open = open;
            stop.run_until_cancelled_owned(task).await;
        });
    }
}

fn head_error(failure: Failure) -> Error {
    let (kind, message) = match &failure {
        Failure::TooLarge("fields") => {
            (ErrorKind::TooLarge, "the response head has more fields than the limit")
        }
        Failure::TooLarge(_) => (ErrorKind::TooLarge, "the response head is larger than the limit"),
        Failure::Malformed(why) => return malformed("the response is not HTTP", why, Phase::FirstByte),
        Failure::Unsent | Failure::Incomplete => {
            (ErrorKind::Disconnected, "the connection was closed before a whole response head came")
        }
        Failure::Broken(_) => (ErrorKind::Disconnected, "the connection broke before a response came"),
    };
    with_cause(Error::new(kind, message).in_phase(Phase::FirstByte), failure)
}

fn malformed(message: &str, why: &str, phase: Phase) -> Error {
    Error::new(ErrorKind::Protocol, format!("{message}: {why}")).in_phase(phase)
}

fn with_cause(error: Error, failure: Failure) -> Error {
    match failure {
        Failure::Broken(cause) => error.with_source(cause),
        _ => error,
    }
}

fn http2_error(error: hyper::Error) -> Error {
    let (kind, message) = if error.is_parse() {
        (ErrorKind::Protocol, "the response is not HTTP")
    } else {
        (ErrorKind::Disconnected, "the connection broke before a response came")
    };
    Error::new(kind, message).in_phase(Phase::FirstByte).with_source(error)
}
