//! The exporter: reads the outbox in order, on a thread of its own, and brings each commit to the sinks.
//!
//! Every sink has its own cursor in the state, stored after the sink made its bytes durable, so a crash between
//! the two makes the sink write the same bytes again and never others.

use std::sync::Arc;
use std::time::Duration;

use tokio::runtime::Handle;
use tokio_util::sync::CancellationToken;

use super::shared::Shared;
use crate::error::{Error, ErrorKind, Phase, Result};
use crate::model::{Committed, Cursor, Lsn, Outbox, Position, Sink, Timestamp};

/// Commits read at once.
const BATCH: usize = 256;

/// Time between two moments at which outputs are made durable and their positions stored.
const SYNC_EVERY: Duration = Duration::from_millis(500);

/// One sink and how far it has come.
struct Stream {
    sink: Box<dyn Sink>,
    name: String,
    done: Lsn,
    stored: Lsn,
    /// A closed pipe wants no more; that is an end, not a failure.
    closed: bool,
}

/// Brings commits to sinks until told to finish, then to the end of the outbox.
pub(super) struct Exporter {
    shared: Arc<Shared>,
    streams: Vec<Stream>,
    read: Lsn,
    last_sync: Timestamp,
}

impl Exporter {
    /// Opens every sink at its stored position.
    ///
    /// # Errors
    /// When one cannot be opened, or would begin after records that are no longer there; then none is.
    pub(super) async fn open(shared: Arc<Shared>, sinks: Vec<Box<dyn Sink>>) -> Result<Self> {
        let all = shared.parts.frontier.stats().records;
        let first = shared.parts.outbox.read(Lsn(0), 1).await?.first().map_or(all, |commit| commit.first_seq);
        refuse_late(&sinks, first, &*shared.parts.outbox)?;
        let mut streams = Vec::with_capacity(sinks.len());
        for mut sink in sinks {
            let name = sink.name();
            let cursor = shared.parts.outbox.cursor(&name);
            let position = cursor.as_ref().map(|cursor| Position(cursor.position.clone()));
            let done = cursor.as_ref().map(|cursor| cursor.lsn).unwrap_or_default();
            if let Some(position) = &position {
                let holds = sink.holds(position).map_err(|error| error.in_phase(Phase::Export))?;
                refuse_ahead(&name, holds, done, &*shared.parts.outbox).await?;
            }
            sink.open(position.as_ref()).map_err(|error| error.in_phase(Phase::Export))?;
            if let Some(notice) = sink.notice() {
                shared.telemetry.problem(notice);
            }
            let mut stream = Stream { sink, name, done, stored: done, closed: false };
            if cursor.is_none() {
                // From here on the output is this crawl's own: a kill before its first records must not leave a
                // file that a resumed crawl takes for somebody else's.
                let position = stream.sink.sync().map_err(|error| error.in_phase(Phase::Export))?;
                store(&mut stream, position, &*shared.parts.outbox).await?;
            }
            streams.push(stream);
        }
        let read = streams.iter().map(|stream| stream.done).min().unwrap_or_default();
        let last_sync = shared.parts.clock.now();
        Ok(Self { shared, streams, read, last_sync })
    }

    /// Runs on a blocking thread. `finish` says that no commit will follow any more.
    pub(super) fn run(mut self, handle: &Handle, finish: &CancellationToken) -> Result<()> {
        loop {
            let finishing = finish.is_cancelled();
            let outbox = self.shared.parts.outbox.clone();
            let batch = handle.block_on(outbox.read(self.read, BATCH))?;
            if let Some(last) = batch.last() {
                let last = last.lsn;
                self.write(&batch)?;
                self.read = last;
                self.shared.exported.advance(last);
            } else if finishing {
                break;
            } else {
                self.sync(handle)?;
                handle.block_on(async {
                    tokio::select! {
                        () = outbox.readable(self.read) => {}
                        () = finish.cancelled() => {}
                    }
                });
            }
            if self.shared.parts.clock.now().since(self.last_sync) >= SYNC_EVERY {
                self.sync(handle)?;
            }
        }
        self.close(handle)
    }

    fn write(&mut self, batch: &[Committed]) -> Result<()> {
        for stream in self.streams.iter_mut().filter(|stream| !stream.closed) {
            let done = stream.done;
            for commit in batch.iter().filter(|commit| commit.lsn > done) {
                match stream.sink.write(commit) {
                    Ok(()) => stream.done = commit.lsn,
                    Err(error) if is_closed_pipe(&error) => {
                        stream.closed = true;
                        break;
                    }
                    Err(error) => return Err(error.in_phase(Phase::Export)),
                }
            }
        }
        let records: usize = batch.iter().map(|commit| commit.records.len()).sum();
        self.shared.telemetry.exported(records as u64);
        if !self.streams.is_empty() && self.streams.iter().all(|stream| stream.closed) {
            return Err(Error::new(ErrorKind::Output, "the reader of the output has gone away")
                .with_source(std::io::Error::from(std::io::ErrorKind::BrokenPipe)));
        }
        Ok(())
    }

    fn sync(&mut self, handle: &Handle) -> Result<()> {
        self.last_sync = self.shared.parts.clock.now();
        for stream in self.streams.iter_mut().filter(|stream| stream.done > stream.stored) {
            let position = if stream.closed { Position::default() } else { stream.sink.sync()? };
            handle.block_on(store(stream, position, &*self.shared.parts.outbox))?;
        }
        let least = self.streams.iter().map(|stream| stream.stored).min().unwrap_or(self.read);
        handle.block_on(self.shared.parts.outbox.trim(least))
    }

    fn close(mut self, handle: &Handle) -> Result<()> {
        for stream in self.streams.iter_mut().filter(|stream| !stream.closed) {
            let position = stream.sink.close().map_err(|error| error.in_phase(Phase::Export))?;
            handle.block_on(store(stream, position, &*self.shared.parts.outbox))?;
        }
        handle.block_on(self.shared.parts.outbox.trim(self.read))
    }
}

/// A file that began in the middle of a crawl would hold an arbitrary part of it and look whole.
fn refuse_late(sinks: &[Box<dyn Sink>], first: u64, outbox: &dyn Outbox) -> Result<()> {
    let late = sinks.iter().find(|sink| !sink.is_stream() && outbox.cursor(&sink.name()).is_none());
    let Some(late) = late.filter(|_| first > 0) else { return Ok(()) };
    let name = late.name();
    let message =
        format!("{name} would lack the records before {first}, which were already written elsewhere");
    let before = outbox.sinks().join(" and ");
    Err(Error::new(ErrorKind::State, message)
        .with_hint(format!("go on with the outputs as they were ({before}), or begin anew with --fresh")))
}

/// An output that says itself how far it has come passes over what it holds. When its last commit is none of this
/// state, which was set back or lost its end with the power, it would pass over commits that it does not hold.
async fn refuse_ahead(name: &str, holds: Option<Lsn>, stored: Lsn, outbox: &dyn Outbox) -> Result<()> {
    let Some(holds) = holds.filter(|holds| *holds > stored) else { return Ok(()) };
    let there = outbox.read(Lsn(holds.0 - 1), 1).await?;
    if there.first().is_some_and(|commit| commit.lsn == holds) {
        return Ok(());
    }
    let message =
        format!("{name} is ahead of the crawl's state: commit {}, which it ends at, is not there", holds.0);
    Err(Error::new(ErrorKind::Output, message).in_phase(Phase::Export).with_hint(
        "restore the state and the output from the same moment, or begin anew with --fresh and another output; \
         nothing was written",
    ))
}

async fn store(stream: &mut Stream, position: Position, outbox: &dyn Outbox) -> Result<()> {
    let cursor = Cursor { lsn: stream.done, position: position.0 };
    outbox.set_cursor(&stream.name, cursor).await?;
    stream.stored = stream.done;
    Ok(())
}

/// Whether an output's reader simply stopped reading (`| head`).
pub(super) fn is_closed_pipe(error: &Error) -> bool {
    let mut cause = std::error::Error::source(error);
    while let Some(inner) = cause {
        if let Some(io) = inner.downcast_ref::<std::io::Error>() {
            return io.kind() == std::io::ErrorKind::BrokenPipe;
        }
        cause = inner.source();
    }
    false
}
