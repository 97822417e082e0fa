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

/// What the history says of one URL or site.
#[derive(Clone, Debug, Default)]
pub struct Told {
    /// What happened, in order, as far as it can be read.
    pub facts: Vec<Fact>,
    /// What is damaged of the history where it may say more.
    pub damage: Option<Error>,
}

/// The history of a crawl that stands still. Runs that cannot be opened are left out, and that they are is told.
#[derive(Debug)]
pub(in crate::frontier::embedded) struct Reader {
    files: Arc<dyn FileLayer>,
    folder: PathBuf,
    runs: Vec<Run>,
    /// What no run covers, sorted.
    recent: Vec<Stored>,
    refused: Vec<(Exclusion, u64)>,
    damage: Option<Error>,
}

impl Reader {
    /// Of the runs in a folder and what was made of the log after them.
    pub(in crate::frontier::embedded) fn new(
        folder: &Path,
        files: Arc<dyn FileLayer>,
        mut history: History,
    ) -> Result<Self> {
        let covered = history.covered();
        let (mut runs, mut damage) = (Vec::new(), None);
        for covers in run::names(folder, &*files)?.into_iter().filter(|(_, last)| *last <= covered) {
            runs.extend(unless_damaged(Run::open(folder, &*files, covers), &mut damage)?);
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
        Ok(Self { files, folder: folder.to_owned(), runs, recent: recent.collect(), refused, damage })
    }

    /// Why a run could not be opened, if so.
    pub(in crate::frontier::embedded) fn damage(&self) -> Option<&Error> {
        self.damage.as_ref()
    }

    /// How many links were refused, by reason, as far as the runs could be opened.
    pub(in crate::frontier::embedded) fn refused(&self) -> &[(Exclusion, u64)] {
        &self.refused
    }

    /// What can be read about one URL, in the order in which it happened.
    pub(in crate::frontier::embedded) fn find(&self, key: UrlKey) -> Result<Told> {
        let mut damage = self.damage.clone();
        let first = self.recent.partition_point(|stored| stored.key < key.0);
        let recent = self.recent.iter().skip(first).take_while(|stored| stored.key == key.0).cloned();
        let mut stored: Vec<Stored> = recent.collect();
        for run in &self.runs {
            stored.extend(unless_damaged(run.find(&*self.files, key.0), &mut damage)?.into_iter().flatten());
        }
        stored.sort_by_key(|stored| stored.lsn);
        let mut facts = Vec::with_capacity(stored.len());
        for stored in &stored {
            facts.extend(unless_damaged(self.fact(stored), &mut damage)?);
        }
        Ok(Told { facts, damage })
    }

    fn fact(&self, stored: &Stored) -> Result<Fact> {
        fact::read(stored.lsn, &stored.fact).map_err(|_| {
            let message = format!("a fact of the history in {} cannot be read", self.folder.display());
            Error::new(ErrorKind::Corrupt, message)
        })
    }

    fn facts(&self, stored: &[Stored]) -> Result<Vec<Fact>> {
        stored.iter().map(|stored| self.fact(stored)).collect()
    }

    /// Shows the facts of every fingerprint in turn, until `visit` says `false`. Damage is an error.
    pub(in crate::frontier::embedded) fn visit(
        &self,
        mut visit: impl FnMut(UrlKey, &[Fact]) -> Result<bool>,
    ) -> Result<()> {
        self.damage.clone().map_or(Ok(()), Err)?;
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

/// What was read; nothing when it is damaged, and the first damage is kept.
fn unless_damaged<T>(read: Result<T>, damage: &mut Option<Error>) -> Result<Option<T>> {
    match read {
        Err(error) if error.kind() == ErrorKind::Corrupt => {
            damage.get_or_insert(error);
            Ok(None)
        }
        read => read.map(Some),
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
