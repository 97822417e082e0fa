//! The log's writing side: events gather in a buffer while the disk is busy; a thread of its own writes what has
//! gathered as one frame and syncs it. Who waits for durability waits for that thread.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;

use super::files::{FileLayer, LogFile};
use super::folder;
use super::frame;
use crate::error::{Error, ErrorKind, Result};

/// Events gather at least this long before they are written, so that a fast disk is not asked for every one.
const GATHER: Duration = Duration::from_millis(1);

/// Whether a commit outlives the process only, or power loss too.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Durability {
    /// Written, not synced: outlives the process.
    Process,
    /// Synced: outlives power loss.
    #[default]
    Power,
}

/// The queue before the disk.
#[derive(Debug, Default)]
struct Queue {
    buffer: Vec<u8>,
    /// The first event in the buffer.
    first: u64,
    /// The last event that was appended.
    last: u64,
    /// The last event that is durable.
    durable: u64,
    broken: Option<Error>,
    closing: bool,
}

/// The log, open for appending.
#[derive(Debug)]
pub(super) struct Log {
    queue: Mutex<Queue>,
    work: Condvar,
    done: Notify,
}

/// What the writing thread works with.
#[derive(Debug)]
pub(super) struct Writer {
    pub(super) folder: PathBuf,
    pub(super) files: Arc<dyn FileLayer>,
    pub(super) durability: Durability,
    pub(super) segment: Box<dyn LogFile>,
    pub(super) written: u64,
}

/// The name of the segment that begins with this event.
pub(super) fn segment_name(first_lsn: u64) -> String {
    format!("log-{first_lsn:020}")
}

/// The first event of a segment, by its name.
pub(super) fn segment_first(name: &str) -> Option<u64> {
    name.strip_prefix("log-").filter(|rest| rest.len() == 20)?.parse().ok()
}

impl Log {
    pub(super) fn new(last: u64) -> Self {
        let queue = Queue { first: last + 1, last, durable: last, ..Queue::default() };
        Self { queue: Mutex::new(queue), work: Condvar::new(), done: Notify::new() }
    }

    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Appends one event. The caller holds the lock on the tables, so the order here is the order there.
    pub(super) fn append(&self, put: impl FnOnce(&mut Vec<u8>)) -> u64 {
        let mut queue = self.queue();
        put(&mut queue.buffer);
        queue.last += 1;
        let (last, waiting) = (queue.last, queue.buffer.len());
        drop(queue);
        if waiting > 0 {
            self.work.notify_one();
        }
        last
    }

    pub(super) fn last(&self) -> u64 {
        self.queue().last
    }

    pub(super) fn durable(&self) -> u64 {
        self.queue().durable
    }

    /// Why nothing can be written any more, if so.
    pub(super) fn broken(&self) -> Option<Error> {
        self.queue().broken.clone()
    }

    /// Ends the writing: something else that the state needs is broken.
    pub(super) fn fail(&self, error: Error) {
        self.queue().broken.get_or_insert(error);
        self.done.notify_waiters();
    }

    /// Resolves when this event is durable.
    pub(super) async fn durable_at(&self, lsn: u64) -> Result<()> {
        loop {
            let done = self.done.notified();
            {
                let queue = self.queue();
                if queue.durable >= lsn {
                    return Ok(());
                }
                if let Some(error) = &queue.broken {
                    return Err(error.clone());
                }
            }
            done.await;
        }
    }

    /// Resolves at the next moment at which something became durable (or broke).
    pub(super) fn progress(&self) -> tokio::sync::futures::Notified<'_> {
        self.done.notified()
    }

    pub(super) fn close(&self) {
        self.queue().closing = true;
        self.work.notify_all();
    }

    /// The writing thread: until closed and empty, or broken.
    pub(super) fn run(&self, mut writer: Writer, wake: impl Fn()) {
        let mut batch = Vec::new();
        while let Some((first, last)) = self.take(&mut batch) {
            let written = writer.write(first, &batch);
            batch.clear();
            let mut queue = self.queue();
            match written {
                Ok(()) => queue.durable = last,
                Err(error) => queue.broken = Some(error),
            }
            let broken = queue.broken.is_some();
            drop(queue);
            self.done.notify_waiters();
            wake();
            if broken {
                return;
            }
        }
        if let Err(error) = writer.end() {
            self.queue().broken.get_or_insert(error);
        }
    }

    /// Waits for events and takes all there are; `None` when closed and empty, and when broken: events that came after
    /// what broke it may rest on something that could not be read.
    fn take(&self, batch: &mut Vec<u8>) -> Option<(u64, u64)> {
        let mut queue = self.queue();
        while queue.buffer.is_empty() {
            if queue.closing {
                return None;
            }
            queue = self.work.wait(queue).unwrap_or_else(PoisonError::into_inner);
        }
        if !queue.closing {
            drop(queue);
            std::thread::sleep(GATHER);
            queue = self.queue();
        }
        if queue.broken.is_some() {
            return None;
        }
        std::mem::swap(&mut queue.buffer, batch);
        let range = (queue.first, queue.last);
        queue.first = queue.last + 1;
        Some(range)
    }
}

impl Writer {
    /// Writes events as one frame, as durable as the crawl is.
    pub(super) fn write(&mut self, first: u64, payload: &[u8]) -> Result<()> {
        if self.written >= self.files.segment_size() {
            self.end()?;
            let (_, next) = begin_segment(&self.folder, first, &*self.files)?;
            self.segment = next;
            self.written = 0;
        }
        let head = frame::head(first, payload);
        let whole = [&head[..], payload].concat();
        self.segment.write(&whole).map_err(|cause| self.unwritten(cause))?;
        if self.durability == Durability::Power {
            self.segment.sync().map_err(|cause| self.unwritten(cause))?;
        }
        self.written += whole.len() as u64;
        Ok(())
    }

    /// Makes the segment durable, whatever was promised of each write: only the last one of a log may have a torn end.
    fn end(&mut self) -> Result<()> {
        if self.durability == Durability::Power {
            return Ok(());
        }
        self.segment.sync().map_err(|cause| self.unwritten(cause))
    }

    fn unwritten(&self, cause: io::Error) -> Error {
        Error::new(ErrorKind::State, format!("the log in {} cannot be written", self.folder.display()))
            .with_source(cause)
            .with_hint(folder::GOES_ON)
    }
}

/// Begins a new segment and makes its name durable.
pub(super) fn begin_segment(
    folder: &Path,
    first: u64,
    files: &dyn FileLayer,
) -> Result<(PathBuf, Box<dyn LogFile>)> {
    let path = folder.join(segment_name(first));
    let open = || {
        let file = files.append(&path)?;
        files.sync_folder(folder)?;
        Ok(file)
    };
    open()
        .map(|file| (path.clone(), file))
        .map_err(|cause| folder::unwritten(format!("beginning {}", path.display()), cause))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::frontier::embedded::Disk;

    #[test]
    fn what_comes_after_something_could_not_be_read_is_never_written() {
        let folder = tempfile::tempdir().unwrap();
        let log = Log::new(0);
        let (path, segment) = begin_segment(folder.path(), 1, &Disk).unwrap();
        let writer = Writer {
            folder: folder.path().to_owned(),
            files: Arc::new(Disk),
            durability: Durability::Power,
            segment,
            written: 0,
        };
        log.append(|out| out.push(1));
        log.fail(Error::new(ErrorKind::Io, "a run of known URLs cannot be read"));
        log.append(|out| out.push(2));
        log.run(writer, || ());
        assert!(std::fs::read(path).unwrap().is_empty());
        assert_eq!(log.durable(), 0);
    }
}
