//! Asking the history: everything about one URL, or every URL in turn.
//!
//! One URL costs an index and a block of each run. All of them are merged by fingerprint, with one block of each run in
//! memory at a time, so the facts of a URL come together wherever they were written.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::super::files::FileLayer;
use super::run::{self, Run, Stored};
use super::{Fact, History, add_counts, fact};
use crate::error::{Error, ErrorKind, Result};
use crate::model::{Exclusion, UrlKey};

/// The history of a crawl that stands still.
#[derive(Debug)]
pub(in crate::frontier::embedded) struct Reader {
    files: Arc<dyn FileLayer>,
    folder: PathBuf,
    runs: Vec<Run>,
    /// What no run covers, sorted.
    recent: Vec<Stored>,
    refused: Vec<(Exclusion, u64)>,
}

impl Reader {
    /// Of the runs in a folder and what was made of the log after them.
    pub(in crate::frontier::embedded) fn new(
        folder: &Path,
        files: Arc<dyn FileLayer>,
        mut history: History,
    ) -> Result<Self> {
        let covered = history.covered();
        let mut runs = Vec::new();
        for covers in run::names(folder, &*files)?.into_iter().filter(|(_, last)| *last <= covered) {
            runs.push(Run::open(folder, &*files, covers)?);
        }
        let mut refused: Vec<(Exclusion, u64)> = Vec::new();
        for (reason, count) in runs.iter().flat_map(|run| &run.refused) {
            match refused.iter_mut().find(|(known, _)| known == reason) {
                Some((_, sum)) => *sum += count,
                None => refused.push((*reason, *count)),
            }
        }
        history.refused.iter().for_each(|(_, counts)| add_counts(&mut refused, counts));
        history.noted.sort_unstable();
        let bytes = &history.bytes;
        let recent = history.noted.iter().map(|noted| Stored {
            key: noted.key,
            lsn: noted.lsn,
            fact: bytes.get(noted.start..noted.end).unwrap_or_default().to_vec(),
        });
        Ok(Self { files, folder: folder.to_owned(), runs, recent: recent.collect(), refused })
    }

    /// How many links were refused, by reason.
    pub(in crate::frontier::embedded) fn refused(&self) -> &[(Exclusion, u64)] {
        &self.refused
    }

    /// Everything about one URL, in the order in which it happened.
    pub(in crate::frontier::embedded) fn find(&self, key: UrlKey) -> Result<Vec<Fact>> {
        let first = self.recent.partition_point(|stored| stored.key < key.0);
        let recent = self.recent.iter().skip(first).take_while(|stored| stored.key == key.0).cloned();
        let mut stored: Vec<Stored> = recent.collect();
        for run in &self.runs {
            stored.extend(run.find(&*self.files, key.0)?);
        }
        stored.sort_by_key(|stored| stored.lsn);
        self.facts(&stored)
    }

    fn facts(&self, stored: &[Stored]) -> Result<Vec<Fact>> {
        let read = |stored: &Stored| {
            fact::read(stored.lsn, &stored.fact).map_err(|_| {
                let message = format!("a fact of the history in {} cannot be read", self.folder.display());
                Error::new(ErrorKind::Corrupt, message)
            })
        };
        stored.iter().map(read).collect()
    }

    /// Shows the facts of every fingerprint in turn, until `visit` says `false`.
    pub(in crate::frontier::embedded) fn visit(
        &self,
        mut visit: impl FnMut(UrlKey, &[Fact]) -> Result<bool>,
    ) -> Result<()> {
        let mut sources: Vec<Source<'_>> =
            self.runs.iter().map(|run| Source::run(run, &self.files)).collect();
        sources.push(Source::memory(&self.recent));
        let mut heap = BinaryHeap::new();
        for (place, source) in sources.iter_mut().enumerate() {
            heap.extend(source.key()?.map(|(key, lsn)| Reverse((key, lsn, place))));
        }
        let mut group: Vec<Stored> = Vec::new();
        while let Some(Reverse((key, _, place))) = heap.pop() {
            if group.first().is_some_and(|first| first.key != key) {
                let first = UrlKey(group.first().map_or(0, |first| first.key));
                if !visit(first, &self.facts(&group)?)? {
                    return Ok(());
                }
                group.clear();
            }
            let Some(source) = sources.get_mut(place) else { break };
            group.extend(source.take());
            heap.extend(source.key()?.map(|(key, lsn)| Reverse((key, lsn, place))));
        }
        if let Some(first) = group.first() {
            visit(UrlKey(first.key), &self.facts(&group)?)?;
        }
        Ok(())
    }
}

/// Facts in order: of a run, a block at a time, or of memory.
struct Source<'r> {
    run: Option<(&'r Run, &'r Arc<dyn FileLayer>)>,
    next_block: usize,
    block: std::vec::IntoIter<Stored>,
    head: Option<Stored>,
}

impl<'r> Source<'r> {
    fn run(run: &'r Run, files: &'r Arc<dyn FileLayer>) -> Self {
        Self { run: Some((run, files)), next_block: 0, block: Vec::new().into_iter(), head: None }
    }

    fn memory(recent: &[Stored]) -> Self {
        Self { run: None, next_block: 0, block: Vec::from(recent).into_iter(), head: None }
    }

    /// Where the next fact belongs.
    fn key(&mut self) -> Result<Option<(u64, u64)>> {
        while self.head.is_none() {
            self.head = self.block.next();
            if self.head.is_some() {
                break;
            }
            let Some((run, files)) = self.run.filter(|(run, _)| self.next_block < run.len()) else {
                return Ok(None);
            };
            self.block = run.block(&**files, self.next_block)?.into_iter();
            self.next_block += 1;
        }
        Ok(self.head.as_ref().map(|stored| (stored.key, stored.lsn)))
    }

    fn take(&mut self) -> Option<Stored> {
        self.head.take()
    }
}
