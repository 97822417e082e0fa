//! Which URLs were ever accepted, and what became of each: exactly, in memory as far as there is room.
//!
//! `recent` is what is in memory, in many a `table`, `run` what is not, and `pile` all of these together. When memory is
//! full, everything in it is frozen and written as a run beside the crawl ([`Seen::freeze`]); it is looked at until that is done.
//! From then on a link that memory does not know
//! *arrives*: it is noted as such and waits with others, until all of them are looked for on disk in order, in one pass over the
//! blocks that may hold them ([`Seen::decide`]): as in IRLbot's DRUM (Lee et al. 2008), so no link costs a read of its
//! own. Where one URL matters, and not a link of many (a seed, a redirect, a question), one block is read for it. Bloom filters
//! would say "perhaps" to the nine links in ten that are known, and need that read for each.
//! What cannot be read is kept as trouble, and nothing may be decided after it.

mod pile;
mod recent;
mod run;
mod table;

use std::sync::{Arc, OnceLock};

use self::pile::Pile;
pub(crate) use self::pile::{Done, Job};
use self::recent::{Recent, gather, spread};
use self::run::Run;
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
/// One in so many bytes of memory's room is what may come while what filled it before is being written.
const MEANWHILE: usize = 4;

/// Fingerprints and marks.
#[derive(Debug, Default)]
pub(super) struct Seen {
    recent: Recent,
    /// What filled memory, until it is written; what is noted in `recent` came after it.
    frozen: Option<Arc<Recent>>,
    /// What is noted as arriving, spread.
    arriving: Vec<u64>,
    pile: Pile,
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

    /// What memory has noted.
    fn note(&self, key: UrlKey) -> Option<Note> {
        self.recent.get(key).or_else(|| self.frozen.as_ref()?.get(key))
    }

    /// The mark of a URL that was accepted.
    pub(super) fn get(&self, key: UrlKey) -> Option<Mark> {
        self.glance(key).or_else(|| self.look_up(key))
    }

    fn look_up(&self, key: UrlKey) -> Option<Mark> {
        let mut search = self.pile.search(self.runs.as_deref()?);
        self.note_trouble(search.find(spread(key)))?
    }

    /// The same as far as memory knows.
    pub(super) fn glance(&self, key: UrlKey) -> Option<Mark> {
        match self.note(key) {
            Some(Note::Known(mark)) => Some(mark),
            _ => None,
        }
    }

    /// Whether memory does not know a link.
    pub(super) fn is_news(&self, key: UrlKey) -> bool {
        self.note(key).is_none()
    }

    /// Adds a URL with a mark; `false` when it is there.
    pub(super) fn add(&mut self, key: UrlKey, mark: Mark) -> bool {
        if self.pile.is_empty() && self.frozen.is_none() {
            return self.recent.add(key, Note::Known(mark));
        }
        if self.glance(key).is_some() {
            return false;
        }
        let there = self.look_up(key);
        self.recent.set(key, Note::Known(there.unwrap_or(mark)));
        there.is_none()
    }

    /// Sets the mark of a URL, which is added if it is not there.
    pub(super) fn set(&mut self, key: UrlKey, mark: Mark) {
        self.recent.set(key, Note::Known(mark));
    }

    /// Whether links arrive before they are decided about.
    pub(super) fn has_run(&self) -> bool {
        !self.pile.is_empty()
    }

    /// How many links may arrive before they are decided about.
    pub(super) fn most_arrivals(&self) -> u64 {
        let room = self.runs.as_ref().map_or(0, |runs| runs.room());
        (room / ARRIVALS).clamp(1, MOST_ARRIVALS) as u64
    }

    /// Notes that a link arrives; `false` when memory knows it.
    pub(super) fn arrive(&mut self, key: UrlKey) -> bool {
        let arrives = self.note(key).is_none();
        if arrives {
            self.recent.set(key, Note::Arriving);
            self.arriving.push(spread(key));
        }
        arrives
    }

    /// Looks for everything that arrives on disk. `false` when that is impossible.
    pub(super) fn decide(&mut self) -> bool {
        let Some(runs) = self.runs.as_deref() else { return true };
        let mut search = self.pile.search(runs);
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
        let share = if self.frozen.is_some() { MEANWHILE } else { 1 };
        self.runs.as_ref().is_some_and(|runs| self.recent.bytes() > runs.room() / share)
    }

    /// Whether what filled memory is on its way to disk: nothing may be stored meanwhile.
    pub(super) fn is_frozen(&self) -> bool {
        self.frozen.is_some()
    }

    /// Whether memory can be emptied: what filled it before is written, and there are not too many runs.
    pub(super) fn can_freeze(&self) -> bool {
        self.frozen.is_none() && !self.pile.is_full()
    }

    /// Makes room in memory; what was in it waits to be written ([`Self::writing`]). Nothing may arrive at this moment.
    pub(super) fn freeze(&mut self) {
        self.frozen = Some(Arc::new(std::mem::take(&mut self.recent)));
    }

    /// The work of writing what filled memory, if it waits for that.
    pub(super) fn writing(&mut self) -> Option<Job> {
        self.pile.write(self.frozen.as_ref()?, self.runs.as_deref()?)
    }

    /// The work of merging runs, if some are to be merged and are not yet.
    pub(super) fn merging(&mut self) -> Option<Job> {
        self.pile.merge(self.runs.as_deref()?)
    }

    /// Whether there is no work on runs.
    #[cfg(test)]
    pub(super) fn rests(&self) -> bool {
        self.frozen.is_none() && self.pile.rests()
    }

    /// Takes over what work has made; what it was made of is needed no more.
    pub(super) fn adopt(&mut self, job: &Job, done: Done) {
        if let Some(runs) = self.runs.as_deref() {
            if !done.is_merged() {
                self.frozen = None;
            }
            self.pile.adopt(job, done, runs);
        }
    }

    /// Work that was taken is not done.
    pub(super) fn leave(&mut self, job: &Job) {
        self.pile.leave(job);
    }

    /// The numbers of the runs that are needed or being written, and the first number that none has yet.
    pub(super) fn numbers(&self) -> (Vec<u32>, u32) {
        self.pile.numbers()
    }

    /// How many URLs the runs hold; one that several hold counts for each.
    pub(super) fn on_disk(&self) -> u64 {
        self.pile.len()
    }

    /// Bytes that it takes in memory.
    pub(super) fn bytes(&self) -> usize {
        self.recent.bytes() + self.frozen.as_ref().map_or(0, |frozen| frozen.bytes())
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

    /// Writes where each run is, oldest first.
    pub(super) fn store_runs<E>(&self, put: impl FnMut(&[u8]) -> Result<(), E>) -> Result<(), E> {
        self.pile.store(put)
    }

    /// Reads what [`Self::store_runs`] wrote of one run, after everything that [`Self::store`] wrote.
    pub(super) fn load_run(&mut self, reader: &mut Reader<'_>) -> Result<(), Damaged> {
        let run = Run::load(reader, self.runs.as_deref().ok_or(Damaged)?)?;
        if let Some(run) = self.note_trouble(run) {
            self.pile.push(run);
        }
        Ok(())
    }

    /// All that was stored is read.
    pub(super) fn end_loading(&mut self) {
        if self.has_run() {
            let arriving = self.recent.iter().filter(|(_, note)| *note == Note::Arriving);
            self.arriving = arriving.map(|(spread, _)| spread).collect();
        }
    }
}
