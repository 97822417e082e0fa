//! Sinks: where records end.
//!
//! An exporter reads the outbox in order, on a thread of its own, and hands each commit to a sink. How a sink
//! makes "once" true is its own affair: files by position and truncation, databases by upsert and a cursor in
//! the same transaction.

use super::{Committed, Lsn};
use crate::error::Result;

/// A sink's own durable position, as text it alone understands (length, running checksum).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Position(pub String);

/// Where records end. May block: it runs on a thread of its own.
///
/// The exporter calls `open` once, then `write` and `sync` any number of times, then `close`. When it began without
/// a position it calls `sync` before the first `write` and stores what that tells. After a crash it opens the sink at the position of the last `sync` whose cursor was stored and writes the following commits
/// again, byte for byte the same ones; the sink must then show every record once.
pub trait Sink: Send + std::fmt::Debug {
    /// The name under which its cursor is stored, unique within a crawl (the path, for files).
    fn name(&self) -> String;

    /// Whether what was written is gone for good, read by somebody (a pipe): such a sink may begin in the middle of a
    /// crawl, since it never holds all of it.
    fn is_stream(&self) -> bool {
        false
    }

    /// Whether [`open`](Self::open) without a position would refuse what is there already. Changes nothing, so that
    /// it can be asked before an older state is thrown away.
    ///
    /// # Errors
    /// The one that `open` would give.
    fn check_new(&self) -> Result<()> {
        Ok(())
    }

    /// Takes up at `position`, the last stored one, or begins when there is none.
    ///
    /// # Errors
    /// [`ErrorKind::Output`](crate::error::ErrorKind::Output) when the output cannot be written or what stands
    /// before `position` was changed; then nothing is cut and nothing is written.
    fn open(&mut self, position: Option<&Position>) -> Result<()>;

    /// The last commit that its output holds, when the output says so itself: it will pass over what comes up to there,
    /// so the crawl makes sure before [`open`](Self::open) that it is a commit of its own. `None`, by default: it holds
    /// what `position` says. Changes nothing.
    ///
    /// # Errors
    /// When the output cannot be read.
    fn holds(&self, _position: &Position) -> Result<Option<Lsn>> {
        Ok(None)
    }

    /// What `open` found and people should know of, such as bytes it cut. Nothing, by default.
    fn notice(&self) -> Option<String> {
        None
    }

    /// Takes one commit's records; those it does not care for it skips.
    ///
    /// # Errors
    /// When the output cannot be written.
    fn write(&mut self, commit: &Committed) -> Result<()>;

    /// Makes everything written durable and tells the position after it.
    ///
    /// # Errors
    /// When it cannot be made durable.
    fn sync(&mut self) -> Result<Position>;

    /// Ends the output (a compressor's trailer, a rename).
    ///
    /// # Errors
    /// When the output cannot be completed.
    fn close(&mut self) -> Result<Position>;
}
