//! History: what happened to each URL, kept after the log that said so is gone.
//!
//! Facts are made when an event is applied, in a run and when the log is read again alike, so the log is their only
//! source. They gather in memory; once there are enough of them, and before every snapshot, those that are durable are
//! written as a run: one immutable file, sorted by fingerprint, named by the events it covers. Facts of events that a
//! run covers are not made again. `fact` is what one says, `run` the file, `read` the asking. What it leaves out: runs
//! are never merged, and the lease path knows nothing of any of this.

mod fact;
mod read;
mod run;

use std::path::Path;

pub(super) use self::fact::Story;
pub use self::fact::{Ended, Fact, Happened};
pub(super) use self::read::Reader;
pub use self::read::Told;
pub(super) use self::run::{check, covers, is_run};
use super::files::FileLayer;
use super::folder;
use crate::error::{Error, Result};
use crate::frontier::tables::Tables;
use crate::model::{
    Commit, Discovered, Exclusion, HostUpdate, Nack, Outcome, RefusedLink, SiteKey, Timestamp, UrlKey,
};

/// A fact in memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Noted {
    key: u64,
    lsn: u64,
    start: usize,
    end: usize,
}

/// Why a site rests that was told to by hand.
pub(super) const BY_HAND: &str = "by hand";

/// Refused links of one page, by reason.
type Refused = (u64, Vec<(Exclusion, u32)>);

/// The facts of events that no run covers yet.
#[derive(Debug, Default)]
pub(super) struct History {
    is_on: bool,
    /// Bytes of facts after which they are written.
    room: usize,
    /// The last event that a run covers.
    covered: u64,
    bytes: Vec<u8>,
    noted: Vec<Noted>,
    refused: Vec<Refused>,
}

/// Facts on their way to a file.
#[derive(Debug)]
pub(super) struct Batch {
    first: u64,
    last: u64,
    bytes: Vec<u8>,
    noted: Vec<Noted>,
    refused: Vec<(Exclusion, u64)>,
}

impl History {
    /// After the runs of a folder that say no more than this event.
    pub(super) fn open(folder: &Path, files: &dyn FileLayer, is_on: bool, believed: u64) -> Result<Self> {
        let runs = run::names(folder, files)?.into_iter();
        let covered = runs.map(|(_, last)| last).filter(|last| *last <= believed).max().unwrap_or(0);
        Ok(Self { is_on, room: files.history_memory(), covered, ..Self::default() })
    }

    /// The last event that a run covers.
    pub(super) fn covered(&self) -> u64 {
        self.covered
    }

    /// Nothing in memory, after the same runs.
    pub(super) fn covering(&self) -> Self {
        Self { covered: self.covered, ..Self::default() }
    }

    fn wants(&self, lsn: u64) -> bool {
        self.is_on && lsn > self.covered
    }

    fn note(&mut self, lsn: u64, key: UrlKey, put: impl FnOnce(&mut Vec<u8>)) {
        let start = self.bytes.len();
        put(&mut self.bytes);
        self.noted.push(Noted { key: key.0, lsn, start, end: self.bytes.len() });
    }

    /// What a commit will have said, taken down while its lease is open; `None` when nobody wants it.
    pub(super) fn story(&self, lsn: u64, tables: &Tables, commit: &Commit) -> Option<Story> {
        self.wants(lsn).then(|| Story::of(tables, commit)).flatten()
    }

    /// A lease has ended.
    pub(super) fn ended(&mut self, lsn: u64, now: Timestamp, story: Option<Story>, outcome: &Outcome) {
        let Some(story) = story.filter(|_| self.wants(lsn)) else { return };
        self.note(lsn, story.found.key, |out| fact::put_ended(out, now, &story, outcome));
        if let Some((site, until)) = &story.rests {
            let why = match outcome {
                Outcome::Failed { error } => error.to_string(),
                other => format!("{} at {}", other.as_str(), story.found.request.url),
            };
            self.rests(lsn, now, site, *until, &why);
        }
        let (parent, notes) = (story.found.request.url, story.notes);
        for RefusedLink { key, url, reason } in &notes.samples {
            self.note(lsn, *key, |out| fact::put_refused(out, now, url, *reason, &parent));
        }
        if !notes.refused.is_empty() {
            self.refused.push((lsn, notes.refused));
        }
    }

    /// A lease was given back.
    pub(super) fn given_back(&mut self, lsn: u64, now: Timestamp, tables: &Tables, nack: &Nack) {
        if !self.wants(lsn) {
            return;
        }
        let Some(found) = tables.leased(nack.token.0) else { return };
        if let Some(until) = nack.retry.block_site_until {
            let status = nack.attempt.as_ref().and_then(|attempt| attempt.status);
            let why = match status {
                Some(status) => format!("answer {status} at {}", found.request.url),
                None => format!("an answer at {}", found.request.url),
            };
            self.rests(lsn, now, &found.site, until, &why);
        }
        // Deferred, nothing sent: no news.
        if nack.attempt.is_some() && found.key.0 != 0 {
            self.note(lsn, found.key, |out| fact::put_tried(out, now, nack));
        }
    }

    /// Something was learned about a host outside of a commit.
    pub(super) fn learned(&mut self, lsn: u64, now: Timestamp, update: &HostUpdate) {
        if let Some(until) = update.block_until {
            self.rests(lsn, now, &update.site, until, "asked for outside of a page");
        }
    }

    /// A site rests.
    pub(super) fn rests(&mut self, lsn: u64, now: Timestamp, site: &SiteKey, until: Timestamp, why: &str) {
        if self.wants(lsn) {
            self.note(lsn, key_of_site(site), |out| fact::put_rests(out, now, until, why));
        }
    }

    /// URLs wait again.
    pub(super) fn again(&mut self, lsn: u64, now: Timestamp, list: &[Discovered]) {
        for found in list.iter().filter(|_| self.wants(lsn)).collect::<Vec<_>>() {
            self.note(lsn, found.key, |out| fact::put_again(out, now, found.request.generation));
        }
    }

    /// URLs came with their outcomes.
    pub(super) fn taken_in(&mut self, lsn: u64, now: Timestamp, list: &[(Discovered, Outcome)]) {
        if self.wants(lsn) {
            for (found, outcome) in list {
                let story = Story::bare(found.clone());
                self.note(lsn, found.key, |out| fact::put_ended(out, now, &story, outcome));
            }
        }
    }

    /// Facts to write now, if there are enough: those up to this event, which is durable.
    pub(super) fn take_if_full(&mut self, durable: u64) -> Option<Batch> {
        if self.bytes.len() < self.room { None } else { self.take(durable) }
    }

    /// All facts up to this event; `None` when there are none.
    pub(super) fn take(&mut self, to: u64) -> Option<Batch> {
        let count = self.noted.partition_point(|noted| noted.lsn <= to);
        let end = self.noted.get(count.checked_sub(1)?)?.end;
        let rest = self.bytes.split_off(end);
        let bytes = std::mem::replace(&mut self.bytes, rest);
        let rest = self.noted.split_off(count);
        let noted = std::mem::replace(&mut self.noted, rest);
        for left in &mut self.noted {
            (left.start, left.end) = (left.start - end, left.end - end);
        }
        let pages = self.refused.partition_point(|(lsn, _)| *lsn <= to);
        let mut refused: Vec<(Exclusion, u64)> = Vec::new();
        self.refused.drain(..pages).for_each(|(_, counts)| add_counts(&mut refused, &counts));
        let first = self.covered + 1;
        self.covered = to;
        Some(Batch { first, last: to, bytes, noted, refused })
    }
}

/// Adds counts by reason to others.
fn add_counts(all: &mut Vec<(Exclusion, u64)>, counts: &[(Exclusion, u32)]) {
    for (reason, count) in counts {
        match all.iter_mut().find(|(known, _)| known == reason) {
            Some((_, sum)) => *sum += u64::from(*count),
            None => all.push((*reason, u64::from(*count))),
        }
    }
}

impl Batch {
    /// Writes it as a run, whole or not at all.
    pub(super) fn write(mut self, folder: &Path, files: &dyn FileLayer) -> Result<()> {
        self.noted.sort_unstable();
        let path = folder.join(run::name(self.first, self.last));
        let bytes = run::bytes(&self).map_err(|cause| Error::io("compressing the history", cause))?;
        files
            .replace(&path, &bytes)
            .map_err(|cause| folder::unwritten(format!("writing {}", path.display()), cause))
    }
}

/// The key under which facts about a site are kept.
pub(super) fn key_of_site(site: &SiteKey) -> UrlKey {
    UrlKey(xxhash_rust::xxh3::xxh3_64_with_seed(site.0.as_bytes(), 0x5172))
}

/// Removes runs that say more than the log: what they say may never have happened.
pub(super) fn remove_after(folder: &Path, files: &dyn FileLayer, last: u64) -> Result<()> {
    for (first, to) in run::names(folder, files)?.into_iter().filter(|(_, to)| *to > last) {
        folder::remove_file(folder, files, &run::name(first, to))?;
    }
    Ok(())
}
