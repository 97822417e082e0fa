//! The HTTP/2 side of the server: streams that break off, stall and lie about their length, and connections that say
//! goodbye (GOAWAY) while they are wanted.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::{Request, Response};
use hyper::body::{Body, Frame, Incoming};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::Notify;

use crate::plan::PAGE;

/// What a body does next.
enum Step {
    Send(&'static [u8]),
    /// Lets others have their turn.
    Pause,
    /// Resets the stream.
    Break,
    /// Nothing, until the client resets it.
    Stall,
}

/// A body that does what it is told.
struct Scripted(VecDeque<Step>);

impl Body for Scripted {
    type Data = Bytes;
    type Error = std::io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        match self.0.pop_front() {
            None => Poll::Ready(None),
            Some(Step::Send(bytes)) => Poll::Ready(Some(Ok(Frame::data(Bytes::from_static(bytes))))),
            Some(Step::Break) => Poll::Ready(Some(Err(std::io::ErrorKind::BrokenPipe.into()))),
            Some(Step::Pause) => {
                cx.waker().wake_by_ref();
                Poll::Pending
            }
            Some(Step::Stall) => {
                self.0.push_front(Step::Stall);
                Poll::Pending
            }
        }
    }
}

/// Answers the streams of a connection as their paths say until the client goes, or until it said goodbye itself.
pub(crate) async fn connection(line: impl AsyncRead + AsyncWrite + Unpin + Send + 'static) {
    let goodbye = Arc::new(Notify::new());
    let wish = goodbye.clone();
    let service = hyper::service::service_fn(move |request: Request<Incoming>| {
        if request.uri().path() == "/goodbye" {
            wish.notify_one();
        }
        std::future::ready(Ok::<_, Infallible>(answer(request.uri().path())))
    });
    let builder = hyper::server::conn::http2::Builder::new(hyper_util::rt::TokioExecutor::new());
    let mut connection = pin!(builder.serve_connection(hyper_util::rt::TokioIo::new(line), service));
    loop {
        tokio::select! {
            // However it ended: that is the client's story.
            _ended = connection.as_mut() => return,
            () = goodbye.notified() => connection.as_mut().graceful_shutdown(),
        }
    }
}

fn answer(path: &str) -> Response<Scripted> {
    let (half, rest) = PAGE.split_at(PAGE.len() / 2);
    let (declared, steps) = match path {
        "/pieces" => {
            let pieces = PAGE.chunks(PAGE.len() / 8);
            (PAGE.len(), pieces.flat_map(|piece| [Step::Pause, Step::Send(piece)]).collect())
        }
        "/reset" => (PAGE.len(), vec![Step::Send(half), Step::Break]),
        "/short" => (PAGE.len(), vec![Step::Send(half)]),
        "/long" => (half.len(), vec![Step::Send(half), Step::Send(rest)]),
        "/stall" => (PAGE.len(), vec![Step::Send(half), Step::Stall]),
        _ => (PAGE.len(), vec![Step::Send(half), Step::Send(rest)]),
    };
    let mut response = Response::new(Scripted(steps.into()));
    response.headers_mut().insert("content-length", declared.into());
    response
}
