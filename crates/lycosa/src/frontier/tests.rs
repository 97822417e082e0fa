//! Every frontier runs the suite; the embedded one is ended kindly and killed.

mod model;

use std::sync::Arc;

use super::conformance::{Stand, check};
use super::embedded::{CrawlIdentity, Disk, Durability, FORMAT_VERSION, Opening};
use super::{Embedded, Memory};
use crate::model::{Frontier, Limits, ManualClock, Outbox, Pace, Timestamp, Versions};

pub(super) const VERSIONS: Versions =
    Versions { format: FORMAT_VERSION, fingerprint: 1, canonicalisation: 1, suffix_list: 1, site_key: 1 };

fn clock() -> Arc<ManualClock> {
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
}

impl EmbeddedStand {
    pub(super) fn stand(limits: Limits, pace: Pace, end: End) -> Box<dyn Stand> {
        let (clock, folder) = (clock(), tempfile::tempdir().unwrap());
        let opening = Self::opening(&folder, &clock, limits, pace);
        let identity = CrawlIdentity::random(VERSIONS, String::new()).unwrap();
        let frontier = Some(Embedded::create(opening, identity).unwrap());
        Box::new(Self { frontier, folder, clock, end })
    }

    fn opening(folder: &tempfile::TempDir, clock: &Arc<ManualClock>, limits: Limits, pace: Pace) -> Opening {
        Opening {
            folder: folder.path().to_owned(),
            limits,
            pace,
            clock: clock.clone(),
            files: Arc::new(Disk),
            durability: Durability::Process,
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
            let copy = tempfile::tempdir().unwrap();
            for file in std::fs::read_dir(self.folder.path()).unwrap() {
                let file = file.unwrap();
                std::fs::copy(file.path(), copy.path().join(file.file_name())).unwrap();
            }
            self.frontier = None;
            self.folder = copy;
        }
        self.frontier = None;
        let opening = Self::opening(&self.folder, &self.clock, limits, pace);
        self.frontier = Some(Embedded::open(opening, VERSIONS).unwrap());
        true
    }

    fn snapshot(&self) {
        self.open().snapshot().unwrap();
    }
}

#[test]
fn memory_keeps_every_promise() {
    check(&mut MemoryStand::stand).unwrap_or_else(|what| panic!("{what}"));
}

#[test]
fn embedded_keeps_every_promise_over_kind_and_unkind_ends() {
    let ends = [End::Kind, End::Killed, End::KilledAfterSnapshot];
    let answers = ends.map(|end| (end, check(&mut |limits, pace| EmbeddedStand::stand(limits, pace, end))));
    let broken: Vec<_> = answers.into_iter().filter_map(|(end, answer)| Some((end, answer.err()?))).collect();
    assert!(broken.is_empty(), "{broken:#?}");
}
