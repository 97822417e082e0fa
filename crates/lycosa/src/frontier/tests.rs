//! Every frontier runs the suite; the embedded one is ended kindly and killed.

mod model;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use super::conformance::{Stand, check, wait};
use super::embedded::{CrawlIdentity, Disk, Durability, FORMAT_VERSION, FileLayer, Opening};
use super::{Embedded, Memory};
use crate::model::{
    Commit, Discovered, Frontier, Lease, Limits, ManualClock, Outbox, Outcome, Pace, Timestamp, Versions,
};

pub(super) const VERSIONS: Versions =
    Versions { format: FORMAT_VERSION, fingerprint: 1, canonicalisation: 1, suffix_list: 1, site_key: 1 };

/// A crawl without robots.txt and delays, as durable as its process.
pub(super) fn opening(folder: &Path, clock: &Arc<ManualClock>, files: Arc<dyn FileLayer>) -> Opening {
    Opening {
        history: true,
        seen_memory: usize::MAX,
        folder: folder.to_owned(),
        limits: Limits::default(),
        pace: Pace { robots: false, delay: Duration::ZERO, ..Pace::default() },
        clock: clock.clone(),
        files,
        durability: Durability::Process,
    }
}

/// A page that was fetched, without anything on it and without a request.
pub(super) fn fetched(lease: &Lease) -> Commit {
    Commit { is_page: true, ..Commit::ending(lease.token, Outcome::Fetched { status: 200 }) }
}

/// A folder, in memory where there is one: a sync takes no time there, and these tests ask for many.
fn temporary() -> tempfile::TempDir {
    let memory = Path::new("/dev/shm");
    let folder = tempfile::Builder::new().tempdir_in(memory);
    folder.unwrap_or_else(|_| tempfile::tempdir().unwrap())
}

pub(super) fn clock() -> Arc<ManualClock> {
    Arc::new(ManualClock::new(Timestamp(1_000_000)))
}

pub(super) struct MemoryStand {
    frontier: Memory,
    clock: Arc<ManualClock>,
}

impl MemoryStand {
    pub(super) fn stand(limits: Limits, pace: Pace) -> Box<dyn Stand> {
        let clock = clock();
        Box::new(Self { frontier: Memory::new(limits, pace, clock.clone()), clock })
    }
}

impl Stand for MemoryStand {
    fn frontier(&self) -> &dyn Frontier {
        &self.frontier
    }

    fn outbox(&self) -> &dyn Outbox {
        &self.frontier
    }

    fn clock(&self) -> &ManualClock {
        &self.clock
    }

    fn reopen(&mut self, _limits: Limits, _pace: Pace) -> bool {
        false
    }
}

/// Methods of a file layer of tests that are the real disk's.
macro_rules! on_disk {
    ($($method:ident),*) => { $(on_disk!(@ $method);)* };
    (@ append) => {
        fn append(&self, path: &std::path::Path) -> std::io::Result<Box<dyn crate::frontier::embedded::LogFile>> {
            crate::frontier::embedded::Disk.append(path)
        }
    };
    (@ read) => {
        fn read(&self, path: &std::path::Path) -> std::io::Result<Vec<u8>> {
            crate::frontier::embedded::Disk.read(path)
        }
    };
    (@ replace) => {
        fn replace(&self, path: &std::path::Path, bytes: &[u8]) -> std::io::Result<()> {
            crate::frontier::embedded::Disk.replace(path, bytes)
        }
    };
    (@ truncate) => {
        fn truncate(&self, path: &std::path::Path, length: u64) -> std::io::Result<()> {
            crate::frontier::embedded::Disk.truncate(path, length)
        }
    };
    (@ remove) => {
        fn remove(&self, path: &std::path::Path) -> std::io::Result<()> {
            crate::frontier::embedded::Disk.remove(path)
        }
    };
    (@ list) => {
        fn list(&self, folder: &std::path::Path) -> std::io::Result<Vec<String>> {
            crate::frontier::embedded::Disk.list(folder)
        }
    };
    (@ sync_folder) => {
        fn sync_folder(&self, folder: &std::path::Path) -> std::io::Result<()> {
            crate::frontier::embedded::Disk.sync_folder(folder)
        }
    };
}

pub(super) use on_disk;

/// The disk of a machine without memory: what waits goes to files at once.
#[derive(Debug)]
struct Cramped;

pub(super) fn cramped() -> Arc<dyn FileLayer> {
    Arc::new(Cramped)
}

impl FileLayer for Cramped {
    on_disk!(append, read, replace, truncate, remove, list, sync_folder);

    fn waiting_memory(&self) -> usize {
        100
    }

    fn history_memory(&self) -> usize {
        2_000
    }
}

/// A file system, and bytes of memory for fingerprints.
pub(super) type Room = (Arc<dyn FileLayer>, usize);

/// How a process ends.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum End {
    /// It closes its state, which writes a snapshot.
    Kind,
    /// What it has written so far is all there is.
    Killed,
    /// The same, after a snapshot in the middle.
    KilledAfterSnapshot,
}

pub(super) struct EmbeddedStand {
    pub(super) frontier: Option<Embedded>,
    pub(super) folder: tempfile::TempDir,
    pub(super) clock: Arc<ManualClock>,
    pub(super) end: End,
    pub(super) files: Arc<dyn FileLayer>,
    pub(super) seen_memory: usize,
}

impl EmbeddedStand {
    pub(super) fn stand(limits: Limits, pace: Pace, end: End, files: &Room) -> Box<dyn Stand> {
        let mut stand = Self {
            frontier: None,
            folder: temporary(),
            clock: clock(),
            end,
            files: files.0.clone(),
            seen_memory: files.1,
        };
        let identity = CrawlIdentity::random(VERSIONS, String::new()).unwrap();
        stand.frontier = Some(Embedded::create(stand.opening(limits, pace), identity).unwrap());
        Box::new(stand)
    }

    fn opening(&self, limits: Limits, pace: Pace) -> Opening {
        Opening {
            folder: self.folder.path().to_owned(),
            limits,
            pace,
            clock: self.clock.clone(),
            files: self.files.clone(),
            durability: Durability::Process,
            history: true,
            seen_memory: self.seen_memory,
        }
    }

    fn open(&self) -> &Embedded {
        self.frontier.as_ref().unwrap()
    }
}

impl Stand for EmbeddedStand {
    fn frontier(&self) -> &dyn Frontier {
        self.open()
    }

    fn outbox(&self) -> &dyn Outbox {
        self.open()
    }

    fn clock(&self) -> &ManualClock {
        &self.clock
    }

    fn reopen(&mut self, limits: Limits, pace: Pace) -> bool {
        if self.end == End::KilledAfterSnapshot {
            self.open().snapshot().unwrap();
        }
        if self.end != End::Kind {
            // A copy of the files as they are is what a process killed at this moment leaves.
            let copy = temporary();
            self.open().at_rest(|| {
                for file in std::fs::read_dir(self.folder.path()).unwrap() {
                    let file = file.unwrap();
                    std::fs::copy(file.path(), copy.path().join(file.file_name())).unwrap();
                }
            });
            self.frontier = None;
            self.folder = copy;
        }
        self.frontier = None;
        self.frontier = Some(Embedded::open(self.opening(limits, pace), VERSIONS).unwrap());
        true
    }

    fn snapshot(&self) {
        self.open().snapshot().unwrap();
    }

    fn again(&self, batch: Vec<Discovered>) -> Option<usize> {
        let count = self.open().again(batch).unwrap();
        wait(self.open().flush()).unwrap();
        Some(count)
    }
}

#[test]
fn memory_keeps_every_promise() {
    check(&mut MemoryStand::stand).unwrap_or_else(|what| panic!("{what}"));
}

#[test]
fn embedded_keeps_every_promise_over_kind_and_unkind_ends() {
    keeps_every_promise(&(Arc::new(Disk), usize::MAX), &[End::Kind, End::Killed, End::KilledAfterSnapshot]);
}

#[test]
fn embedded_keeps_every_promise_when_hardly_anything_fits_into_memory() {
    keeps_every_promise(&(cramped(), usize::MAX), &[End::Kind, End::Killed, End::KilledAfterSnapshot]);
}

#[test]
fn embedded_keeps_every_promise_when_no_known_url_fits_into_memory() {
    keeps_every_promise(&(cramped(), 1), &[End::Killed]);
}

#[test]
fn embedded_keeps_every_promise_when_links_are_looked_for_on_disk_later() {
    keeps_every_promise(&(Arc::new(Disk), 2000), &[End::KilledAfterSnapshot]);
}

fn keeps_every_promise(room: &Room, ends: &[End]) {
    let answers = ends
        .iter()
        .map(|end| (end, check(&mut |limits, pace| EmbeddedStand::stand(limits, pace, *end, room))));
    let broken: Vec<_> = answers.filter_map(|(end, answer)| Some((end, answer.err()?))).collect();
    assert!(broken.is_empty(), "{broken:#?}");
}
