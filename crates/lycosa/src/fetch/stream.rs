//! The byte stream of a connection: plain or TLS, with the kernel's view of it sampled now and then.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio_rustls::client::TlsStream;

use crate::model::TcpFacts;

/// The kernel is asked at the first answer of a connection and at every one that is this many further on: a system
/// call each time would be a noticeable part of what a small answer costs.
const SAMPLED: u32 = 16;

/// What a connection runs over.
#[derive(Debug)]
pub(super) enum Line {
    Plain(TcpStream),
    Tls(Box<TlsStream<TcpStream>>),
}

/// A line that samples `TCP_INFO` when the first bytes of an answer arrive, of every [`SAMPLED`]th. The protocol
/// above owns it, so what it saw is read through its [`TcpMeter`].
#[derive(Debug)]
pub(super) struct Stream {
    line: Line,
    meter: Arc<TcpMeter>,
    /// A request went out and nothing has come back yet.
    awaits_answer: bool,
    /// Answers begun.
    answers: u32,
}

/// The last sample of a connection.
#[derive(Debug, Default)]
pub(super) struct TcpMeter {
    /// Microseconds; 0 before the first sample.
    rtt: AtomicU64,
    retransmits: AtomicU64,
}

impl TcpMeter {
    fn note(&self, info: lycosa_tcp_info::TcpInfo) {
        let micros = u64::try_from(info.rtt.as_micros()).unwrap_or(u64::MAX);
        self.rtt.store(micros, Ordering::Relaxed);
        self.retransmits.store(info.retransmits.into(), Ordering::Relaxed);
    }

    /// What was seen last; nothing where the kernel does not tell.
    pub(super) fn read(&self) -> Option<TcpFacts> {
        let rtt = self.rtt.load(Ordering::Relaxed);
        (rtt > 0).then(|| TcpFacts {
            rtt: Duration::from_micros(rtt),
            retransmits: self.retransmits.load(Ordering::Relaxed),
        })
    }
}

impl Stream {
    pub(super) fn new(line: Line) -> Self {
        Self { line, meter: Arc::default(), awaits_answer: false, answers: 0 }
    }

    pub(super) fn meter(&self) -> Arc<TcpMeter> {
        self.meter.clone()
    }

    fn sample(&mut self) {
        let tcp = match &self.line {
            Line::Plain(stream) => stream,
            Line::Tls(stream) => stream.get_ref().0,
        };
        if let Some(info) = lycosa_tcp_info::tcp_info(tcp) {
            self.meter.note(info);
        }
    }
}

impl AsyncRead for Stream {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<std::io::Result<()>> {
        let this = self.get_mut();
        let read = match &mut this.line {
            Line::Plain(stream) => Pin::new(stream).poll_read(cx, buf),
            Line::Tls(stream) => Pin::new(stream.as_mut()).poll_read(cx, buf),
        };
        if this.awaits_answer && read.is_ready() {
            this.awaits_answer = false;
            if this.answers.is_multiple_of(SAMPLED) {
                this.sample();
            }
            this.answers = this.answers.wrapping_add(1);
        }
        read
    }
}

impl AsyncWrite for Stream {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<std::io::Result<usize>> {
        let this = self.get_mut();
        this.awaits_answer = true;
        match &mut this.line {
            Line::Plain(stream) => Pin::new(stream).poll_write(cx, buf),
            Line::Tls(stream) => Pin::new(stream.as_mut()).poll_write(cx, buf),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        match &mut self.get_mut().line {
            Line::Plain(stream) => Pin::new(stream).poll_flush(cx),
            Line::Tls(stream) => Pin::new(stream.as_mut()).poll_flush(cx),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        match &mut self.get_mut().line {
            Line::Plain(stream) => Pin::new(stream).poll_shutdown(cx),
            Line::Tls(stream) => Pin::new(stream.as_mut()).poll_shutdown(cx),
        }
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[std::io::IoSlice<'_>],
    ) -> Poll<std::io::Result<usize>> {
        let this = self.get_mut();
        this.awaits_answer = true;
        match &mut this.line {
            Line::Plain(stream) => Pin::new(stream).poll_write_vectored(cx, bufs),
            Line::Tls(stream) => Pin::new(stream.as_mut()).poll_write_vectored(cx, bufs),
        }
    }

    fn is_write_vectored(&self) -> bool {
        match &self.line {
            Line::Plain(stream) => stream.is_write_vectored(),
            Line::Tls(stream) => stream.is_write_vectored(),
        }
    }
}
