//! Which URLs were ever accepted, and what became of each: exactly, in memory as far as there is room.
//!
//! `recent` is what is in memory, in many a `table`, `run` what is not. When memory is full, everything in it is merged with the run on
//! disk into the next run, in one sequential pass ([`Seen::fold`]). From then on a link that memory does not know
//! *arrives*: it is noted as such and waits with others, until all of them are looked for on disk in order, in one pass over the
//! blocks that may hold them ([`Seen::decide`]): as in IRLbot's DRUM (Lee et al. 2008), so no link costs a read of its
//! own. Where one URL matters, and not a link of many (a seed, a redirect, a question), one block is read for it. Bloom filters
//! would say "perhaps" to the nine links in ten that are known, and need that read for each.
//! What cannot be read is kept as trouble, and nothing may be decided after it.

mod recent;
mod run;
mod table;

use std::sync::OnceLock;

use self::recent::{Recent, gather, spread};
use self::run::{Run, Search, merge};
pub(crate) use self::run::{Runs, check as check_run};
use self::table::Note;
use super::Mark;
use crate::error::{Error, Result};
use crate::model::UrlKey;
use crate::model::wire::{Damaged, Reader};

/// One in so many bytes of memory's room is what links that arrive may take before they are decided about.
const ARRIVALS: usize = 64;
/// Links that may arrive at most before they are decided about: nobody is served meanwhile.
const MOST_ARRIVALS: usize = 1 << 20;

/// Fingerprints and marks.
#[derive(Debug, Default)]
pub(super) struct Seen {
    recent: Recent,
    /// What is noted as arriving, spread.
    arriving: Vec<u64>,
    run: Option<Run>,
    runs: Option<Box<dyn Runs>>,
    trouble: OnceLock<Error>,
}

impl Seen {
    /// From now on what memory has no room for is kept there.
    pub(super) fn begin(&mut self, runs: Box<dyn Runs>) {
        self.runs = Some(runs);
    }

    /// Why what is outside of memory could not be read or written.
    pub(super) fn trouble(&self) -> Option<Error> {
        self.trouble.get().cloned()
    }

    fn note_trouble<T>(&self, result: Result<T>) -> Option<T> {
        result.map_err(|error| drop(self.trouble.set(error))).ok()
    }

    /// The mark of a URL that was accepted.
    pub(super) fn get(&self, key: UrlKey) -> Option<Mark> {
        match self.recent.get(key) {
            Some(Note::Known(mark)) => Some(mark),
            _ => self.look_up(key),
        }
    }

    fn look_up(&self, key: UrlKey) -> Option<Mark> {
        let mut search = Search::new(self.run.as_ref()?, self.runs.as_deref()?);
        self.note_trouble(search.find(spread(key)))?
    }

    /// The same as far as memory knows.
    pub(super) fn glance(&self, key: UrlKey) -> Option<Mark> {
        match self.recent.get(key) {
            Some(Note::Known(mark)) => Some(mark),
            _ => None,
        }
    }

    /// Whether memory does not know a link.
    pub(super) fn is_news(&self, key: UrlKey) -> bool {
        self.recent.get(key).is_none()
    }

    /// Adds a URL with a mark; `false` when it is there.
    pub(super) fn add(&mut self, key: UrlKey, mark: Mark) -> bool {
        if self.run.is_none() {
            return self.recent.add(key, Note::Known(mark));
        }
        let there = self.get(key);
        if there.is_none() || !matches!(self.recent.get(key), Some(Note::Known(_))) {
            self.recent.set(key, Note::Known(there.unwrap_or(mark)));
        }
        there.is_none()
    }

    /// Sets the mark of a URL, which is added if it is not there.
    pub(super) fn set(&mut self, key: UrlKey, mark: Mark) {
        self.recent.set(key, Note::Known(mark));
    }

    /// Whether links arrive before they are decided about.
    pub(super) fn has_run(&self) -> bool {
        self.run.is_some()
    }

    /// How many links may arrive before they are decided about.
    pub(super) fn most_arrivals(&self) -> u64 {
        let room = self.runs.as_ref().map_or(0, |runs| runs.room());
        (room / ARRIVALS).clamp(1, MOST_ARRIVALS) as u64
    }

    /// Notes that a link arrives; `false` when memory knows it.
    pub(super) fn arrive(&mut self, key: UrlKey) -> bool {
        let arrives = self.recent.add(key, Note::Arriving);
        if arrives {
            self.arriving.push(spread(key));
        }
        arrives
    }

    /// Looks for everything that arrives on disk. `false` when that is impossible.
    pub(super) fn decide(&mut self) -> bool {
        let (Some(run), Some(runs)) = (&self.run, self.runs.as_deref()) else { return true };
        let mut search = Search::new(run, runs);
        let mut arriving = std::mem::take(&mut self.arriving);
        arriving.sort_unstable();
        for spread in arriving {
            let key = gather(spread);
            // One that was accepted or found meanwhile arrives no more.
            if self.recent.get(key) == Some(Note::Arriving) {
                match search.find(spread) {
                    Ok(there) => self.recent.set(key, there.map_or(Note::Arrived, Note::Known)),
                    Err(error) => return self.note_trouble::<()>(Err(error)).is_some(),
                }
            }
        }
        true
    }

    /// Whether a link that arrived is to be accepted, and then it is.
    pub(super) fn accept(&mut self, key: UrlKey) -> bool {
        let arrived = self.recent.get(key) == Some(Note::Arrived);
        if arrived {
            self.recent.set(key, Note::Known(Mark::Open));
        }
        arrived
    }

    /// Whether memory has no more room.
    pub(super) fn is_full(&self) -> bool {
        self.runs.as_ref().is_some_and(|runs| self.recent.bytes() > runs.room())
    }

    /// Merges what is in memory with what is on disk. Nothing may arrive at this moment.
    ///
    /// # Errors
    /// When it cannot be read or written; everything is as before then.
    pub(super) fn fold(&mut self) -> Result<()> {
        let Some(runs) = self.runs.as_deref() else { return Ok(()) };
        let known = self.recent.iter().filter_map(|(spread, note)| match note {
            Note::Known(mark) => Some((spread, mark)),
            Note::Arriving | Note::Arrived => None,
        });
        self.run = Some(merge(self.run.as_ref(), known, runs.unused()?, runs)?);
        self.recent = Recent::default();
        Ok(())
    }

    /// The run on disk, and how many URLs it holds.
    pub(super) fn run(&self) -> Option<(u32, u64)> {
        self.run.as_ref().map(|run| (run.number(), run.len()))
    }

    /// Bytes that it takes in memory.
    pub(super) fn bytes(&self) -> usize {
        self.recent.bytes()
    }

    /// Fetches what these will be looked for in ([`Recent::announce`]).
    pub(super) fn announce(&self, keys: impl Iterator<Item = UrlKey>) {
        self.recent.announce(keys);
    }

    /// Writes what is in memory from this table on ([`Recent::store`]).
    pub(super) fn store(&self, first: usize, bytes: usize, out: &mut Vec<u8>) -> Option<usize> {
        self.recent.store(first, bytes, out)
    }

    /// Reads what [`Self::store`] wrote.
    pub(super) fn load(&mut self, reader: &mut Reader<'_>) -> Result<(), Damaged> {
        self.recent.load(reader)
    }

    /// Writes where the run is; nothing when there is none.
    pub(super) fn store_run(&self, out: &mut Vec<u8>) {
        if let Some(run) = &self.run {
            run.store(out);
        }
    }

    /// Reads what [`Self::store_run`] wrote, after everything that [`Self::store`] wrote.
    pub(super) fn load_run(&mut self, reader: &mut Reader<'_>) -> Result<(), Damaged> {
        let run = Run::load(reader, self.runs.as_deref().ok_or(Damaged)?)?;
        self.run = self.note_trouble(run);
        let arriving = self.recent.iter().filter(|(_, note)| *note == Note::Arriving);
        self.arriving = arriving.map(|(spread, _)| spread).collect();
        Ok(())
    }
}
