//! Standard output and pipes: at-least-once, because what went through cannot be taken back.

use std::fs::OpenOptions;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use super::Select;
use super::encoding::Encoding;
use super::file::failed;
use super::file_sink::not_open;
use crate::error::{Error, ErrorKind, Phase, Result};
use crate::model::{Committed, Position, Sink};

/// Bytes held back between two syncs at most.
const FLUSH_AT: usize = 64 << 10;

/// Records into a stream. A consumer that closes it makes [`write`](Sink::write) and [`sync`](Sink::sync) fail
/// with an error that [`is_closed_pipe`] recognises.
pub struct StreamSink {
    path: PathBuf,
    select: Select,
    encoding: Encoding,
    out: Option<Box<dyn Write + Send>>,
    given: Option<Box<dyn Write + Send>>,
    pending: Vec<u8>,
}

impl std::fmt::Debug for StreamSink {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("StreamSink").field("path", &self.path).finish_non_exhaustive()
    }
}

impl StreamSink {
    /// A sink on standard output for `-`, on the pipe or device of this path otherwise.
    pub(super) fn new(path: &Path, select: Select, encoding: Encoding) -> Self {
        Self { path: path.to_owned(), select, encoding, out: None, given: None, pending: Vec::new() }
    }

    /// A sink of JSON Lines on anything that can be written to.
    #[must_use]
    pub fn on(name: &str, out: impl Write + Send + 'static, select: Select) -> Self {
        let mut sink = Self::new(Path::new(name), select, Encoding::Jsonl);
        sink.given = Some(Box::new(out));
        sink
    }

    fn destination(&mut self) -> Result<Box<dyn Write + Send>> {
        if let Some(given) = self.given.take() {
            return Ok(given);
        }
        if self.path == Path::new("-") {
            return Ok(Box::new(io::stdout()));
        }
        let file = OpenOptions::new().write(true).open(&self.path);
        Ok(Box::new(file.map_err(|cause| failed("opening", &self.path, cause))?))
    }

    fn flush(&mut self) -> Result<()> {
        let out = self.out.as_mut().ok_or_else(|| not_open(&self.path))?;
        let written = out.write_all(&self.pending).and_then(|()| out.flush());
        self.pending.clear();
        written.map_err(|cause| stream_error(&self.path, cause))
    }
}

fn stream_error(path: &Path, cause: io::Error) -> Error {
    if path == Path::new("-") {
        return Error::new(ErrorKind::Output, "writing to standard output failed")
            .in_phase(Phase::Export)
            .with_source(cause);
    }
    failed("writing", path, cause)
}

/// Whether an output failed because its reader has gone (`lycosa crawl … | head`): an end, not a failure.
#[must_use]
pub fn is_closed_pipe(error: &Error) -> bool {
    std::error::Error::source(error)
        .and_then(|source| source.downcast_ref::<io::Error>())
        .is_some_and(|cause| cause.kind() == io::ErrorKind::BrokenPipe)
}

impl Sink for StreamSink {
    fn name(&self) -> String {
        self.path.to_string_lossy().into_owned()
    }

    fn is_stream(&self) -> bool {
        true
    }

    /// A position changes nothing: the consumer is a new one, and gets a header again.
    fn open(&mut self, _position: Option<&Position>) -> Result<()> {
        self.out = Some(self.destination()?);
        self.pending = self.encoding.header()?;
        Ok(())
    }

    fn write(&mut self, commit: &Committed) -> Result<()> {
        for (record, seq) in commit.records.iter().zip(commit.first_seq..) {
            if self.select.takes(&record.kind) {
                self.encoding.record(record, seq, &mut self.pending)?;
            }
        }
        if self.pending.len() >= FLUSH_AT { self.flush() } else { Ok(()) }
    }

    fn sync(&mut self) -> Result<Position> {
        self.flush()?;
        Ok(Position("v1 stream".to_owned()))
    }

    fn close(&mut self) -> Result<Position> {
        let position = self.sync()?;
        self.out = None;
        Ok(position)
    }
}
