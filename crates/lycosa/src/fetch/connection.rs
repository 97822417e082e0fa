//! One open connection: hyper's state machine over its byte stream, and how both are driven.
//!
//! An HTTP/1 connection has no task: whoever uses it polls hyper's state machine and the answer together, so
//! there is no hand-over between tasks, and dropping the connection closes the socket on the spot. While idle
//! nobody polls it; the request sent next comes back unsent from a peer that closed meanwhile. HTTP/2 needs tasks of its own; they end when the connection is dropped.

use std::net::SocketAddr;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use hyper::body::{Body as _, Incoming};
use hyper::client::conn::{TrySendError, http1, http2};
use hyper_util::rt::TokioIo;
use tokio_util::sync::{CancellationToken, DropGuard};
use tokio_util::task::TaskTracker;
use tokio_util::task::task_tracker::TaskTrackerToken;

use super::bell::Bell;
use super::deadline::{Due, Watch};
use super::keep_alive::KeepAlive;
use super::pool::Slot;
use super::stream::{Stream, TcpMeter};
use super::tls::Handshake;
use crate::error::{Error, ErrorKind, Phase};
use crate::ledger::{Ledger, Open, Resource};
use crate::model::{FetchLimits, TcpFacts};

type Outgoing = Request<Full<Bytes>>;

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
    // Dropped in this order: the sender first would let HTTP/2 say goodbye, the driver then cuts the line.
    sender: Sender,
    driver: Driver,
    watch: Watch,
    pub(super) about: About,
    /// Requests sent on it.
    pub(super) served: u64,
    /// What the server's last answer said of the time after it.
    pub(super) keep_alive: KeepAlive,
    meter: Arc<TcpMeter>,
    counted: Counted,
}

enum Sender {
    H1(http1::SendRequest<Full<Bytes>>),
    H2(http2::SendRequest<Full<Bytes>>),
}

#[expect(clippy::large_enum_variant, reason = "a connection is boxed as a whole")]
enum Driver {
    /// Polled by the user of the connection; `None` once it ended.
    Inline {
        connection: Option<http1::Connection<TokioIo<Stream>, Full<Bytes>>>,
        bell: Arc<Bell>,
        rope: Waker,
    },
    /// Runs in tasks until this is dropped.
    Tasks(#[expect(dead_code, reason = "held for its drop")] DropGuard),
}

impl Driver {
    /// Moves the connection along. Everything that waits on it is polled after this, by the same task.
    fn poll(&mut self, cx: &mut Context<'_>) {
        let Self::Inline { connection: slot, bell, rope } = self else { return };
        let Some(connection) = slot else { return };
        bell.heard_by(cx.waker());
        if Pin::new(connection).poll(&mut Context::from_waker(rope)).is_ready() {
            // Dropping it tells whoever still waits; the error, if any, reaches them that way too.
            *slot = None;
        }
    }

    /// Does something that wakes the connection, which is polled right afterwards.
    fn muted<T>(&self, work: impl FnOnce() -> T) -> T {
        match self {
            Self::Inline { bell, .. } => bell.muted(work),
            Self::Tasks(_) => work(),
        }
    }
}

/// Why a request got no head.
pub(super) enum Unanswered {
    /// It was never sent: here it is back.
    Unsent(Box<Outgoing>),
    /// It may have been received.
    Failed(Error),
}

impl Connection {
    /// Speaks HTTP/1 over a stream.
    pub(super) async fn http1(
        stream: Stream,
        limits: &FetchLimits,
        about: About,
        counted: Counted,
    ) -> Result<Box<Self>, hyper::Error> {
        let head = limits.head as usize;
        let meter = stream.meter();
        let (sender, driver) = http1::Builder::new()
            .allow_obsolete_multiline_headers_in_responses(true)
            .allow_spaces_after_header_name_in_responses(true)
            .ignore_invalid_headers_in_responses(true)
            .max_headers(limits.fields as usize)
            .max_header_size(head)
            .max_buf_size(head.max(16 << 10))
            .handshake(TokioIo::new(stream))
            .await?;
        let bell = Arc::new(Bell::default());
        let driver = Driver::Inline { connection: Some(driver), rope: bell.clone().into(), bell };
        Ok(Self::new(Sender::H1(sender), driver, about, meter, counted))
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
        Ok(Self::new(Sender::H2(sender), Driver::Tasks(guard), about, meter, counted))
    }

    fn new(
        sender: Sender,
        driver: Driver,
        about: About,
        meter: Arc<TcpMeter>,
        mut counted: Counted,
    ) -> Box<Self> {
        counted.open.becomes(Resource::ConnectionsInUse);
        let keep_alive = KeepAlive::default();
        Box::new(Self {
            sender,
            driver,
            watch: Watch::default(),
            about,
            served: 0,
            keep_alive,
            meter,
            counted,
        })
    }

    /// Somebody uses it from now on, or nobody does.
    pub(super) fn becomes(&mut self, state: Resource) {
        self.counted.open.becomes(state);
        if let (Driver::Inline { bell, .. }, Resource::ConnectionsIdle) = (&self.driver, state) {
            bell.unheard();
        }
    }

    /// The kernel's view of it when an answer last was sampled.
    pub(super) fn tcp(&self) -> Option<TcpFacts> {
        self.meter.read()
    }

    pub(super) fn is_http2(&self) -> bool {
        matches!(self.sender, Sender::H2(_))
    }

    /// Whether it was open when it was last looked at. Sending notices a peer that closed meanwhile.
    pub(super) fn is_open(&self) -> bool {
        match &self.sender {
            Sender::H1(sender) => sender.is_ready(),
            Sender::H2(sender) => !sender.is_closed(),
        }
    }

    /// Whether the next request can go out on it now. Notices a peer that closed meanwhile.
    pub(super) fn is_reusable(&mut self) -> bool {
        self.driver.poll(&mut Context::from_waker(Waker::noop()));
        self.is_open()
    }

    /// Sends a request and waits for the head of the answer.
    pub(super) async fn send(
        &mut self,
        request: Outgoing,
        due: Due,
    ) -> Result<Response<Incoming>, Unanswered> {
        self.served += 1;
        let mut watch = |cx: &mut Context<'_>| self.watch.poll(cx, due.at, &self.counted.open);
        let answer = match &mut self.sender {
            Sender::H1(sender) => {
                let mut answer = pin!(self.driver.muted(|| sender.try_send_request(request)));
                drive(&mut self.driver, &mut watch, answer.as_mut(), true).await
            }
            Sender::H2(sender) => {
                let mut answer = pin!(sender.try_send_request(request));
                drive(&mut self.driver, &mut watch, answer.as_mut(), false).await
            }
        };
        match answer {
            Some(Ok(response)) => Ok(response),
            Some(Err(mut error)) => Err(match error.take_message() {
                Some(request) => Unanswered::Unsent(Box::new(request)),
                None => Unanswered::Failed(head_error(error.into_error())),
            }),
            None => Err(Unanswered::Failed(due.passed())),
        }
    }

    /// The next piece of the body that came with the last head; `None` at its end.
    pub(super) fn poll_data(
        &mut self,
        cx: &mut Context<'_>,
        incoming: &mut Incoming,
    ) -> Poll<Option<Result<Bytes, hyper::Error>>> {
        let inline = matches!(self.driver, Driver::Inline { .. });
        let mut driven = !inline;
        loop {
            // What makes an inline body ready happens inside `driver.poll`, so it needs no waker of its own.
            let mut quiet = Context::from_waker(Waker::noop());
            let waker = if inline { &mut quiet } else { &mut *cx };
            let frame = self.driver.muted(|| Pin::new(&mut *incoming).poll_frame(waker));
            match frame {
                Poll::Ready(Some(Ok(frame))) => {
                    if let Ok(data) = frame.into_data() {
                        return Poll::Ready(Some(Ok(data)));
                    }
                }
                Poll::Ready(Some(Err(error))) => return Poll::Ready(Some(Err(error))),
                Poll::Ready(None) => return Poll::Ready(None),
                Poll::Pending if driven => return Poll::Pending,
                Poll::Pending => {
                    self.driver.poll(cx);
                    driven = true;
                }
            }
        }
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

type Answered = Result<Response<Incoming>, TrySendError<Outgoing>>;

/// Polls a connection and the answer on it until one of answer and deadline is there.
async fn drive<F: Future<Output = Answered>>(
    driver: &mut Driver,
    watch: &mut impl FnMut(&mut Context<'_>) -> Poll<()>,
    mut answer: Pin<&mut F>,
    inline: bool,
) -> Option<Answered> {
    std::future::poll_fn(|cx| {
        driver.poll(cx);
        let mut quiet = Context::from_waker(Waker::noop());
        match answer.as_mut().poll(if inline { &mut quiet } else { cx }) {
            Poll::Ready(answer) => Poll::Ready(Some(answer)),
            Poll::Pending => watch(cx).map(|()| None),
        }
    })
    .await
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

fn head_error(error: hyper::Error) -> Error {
    // hyper names this one case only with its server feature; its words are part of its tests.
    let (kind, message) = if error.is_parse() && error.to_string().contains("too large") {
        (ErrorKind::TooLarge, "the response head is larger than the limit")
    } else if error.is_parse() {
        (ErrorKind::Protocol, "the response is not HTTP")
    } else if error.is_incomplete_message() {
        (ErrorKind::Disconnected, "the connection was closed before a whole response head came")
    } else {
        (ErrorKind::Disconnected, "the connection broke before a response came")
    };
    Error::new(kind, message).in_phase(Phase::FirstByte).with_source(error)
}
