//! Links that memory does not know while a part of what is known is on disk: they wait, in order, until it is looked
//! for all of them there at once.
//!
//! Each link is here once. One that was accepted or found on disk meanwhile is dropped when the others are decided
//! about. What it leaves out: the looking ([`Seen`](super::seen::Seen)).

use super::overflow::{Overflow, Place};
use super::seen::{Done, Job};
use super::{Rules, Tables};
use crate::model::wire::{self, Damaged, Reader};
use crate::model::{AddStatus, Discovered, Exclusion, Order, RequestKind, Timestamp};

/// Links that wait in memory; more of them are moved out of it together.
const CHUNK: usize = 512;

/// Links in the order in which they came.
#[derive(Debug, Default)]
pub(super) struct Arrivals {
    chunks: Vec<Chunk>,
    last: Vec<Discovered>,
    count: u64,
}

/// Links that were written down.
#[derive(Debug)]
enum Chunk {
    Here(Vec<u8>),
    There(Place),
}

impl Arrivals {
    pub(super) fn len(&self) -> u64 {
        self.count
    }

    fn push(&mut self, found: Discovered, overflow: &mut Overflow) {
        self.last.push(found);
        self.count += 1;
        if self.last.len() >= CHUNK {
            let mut bytes = Vec::new();
            wire::put_discoveries(&mut bytes, &self.last);
            self.last.clear();
            let place = overflow.put_text(&bytes);
            self.chunks.push(place.map_or(Chunk::Here(bytes), Chunk::There));
        }
    }

    /// The blocks that hold some of them.
    pub(super) fn places(&mut self) -> impl Iterator<Item = &mut Place> {
        self.chunks.iter_mut().filter_map(|chunk| match chunk {
            Chunk::Here(_) => None,
            Chunk::There(place) => Some(place),
        })
    }

    /// Writes what must outlive the process.
    pub(super) fn store(&self, out: &mut Vec<u8>) {
        wire::put_number(out, self.count);
        wire::put_list(out, &self.chunks, |out, chunk| match chunk {
            Chunk::Here(bytes) => {
                out.push(0);
                wire::put_bytes(out, bytes);
            }
            Chunk::There(place) => {
                out.push(1);
                place.store(out);
            }
        });
        wire::put_discoveries(out, &self.last);
    }

    /// Reads what [`Self::store`] wrote.
    pub(super) fn load(reader: &mut Reader<'_>, overflow: &mut Overflow) -> Result<Self, Damaged> {
        let count = reader.number()?;
        let chunks = reader.list(|reader| match reader.byte()? {
            0 => Ok(Chunk::Here(reader.bytes()?.to_vec())),
            1 => Ok(Chunk::There(Place::load(reader)?)),
            _ => Err(Damaged),
        })?;
        let arrivals = Self { chunks, last: wire::read_discoveries(reader)?, count };
        for chunk in &arrivals.chunks {
            if let Chunk::There(place) = chunk {
                overflow.note_use(*place);
            }
        }
        Ok(arrivals)
    }
}

impl Chunk {
    fn links(self, overflow: &mut Overflow) -> Option<Vec<Discovered>> {
        let (bytes, place) = match self {
            Self::Here(bytes) => (bytes, None),
            Self::There(place) => (overflow.get_text(place)?, Some(place)),
        };
        let Ok(links) = wire::read_discoveries(&mut Reader::new(&bytes)) else {
            overflow.note_unpackable();
            return None;
        };
        place.into_iter().for_each(|place| overflow.release(place));
        Some(links)
    }
}

impl Tables {
    /// Takes a link in: at once, or when it has been looked for on disk.
    pub(super) fn meet(&mut self, found: Discovered, now: Timestamp, rules: Rules) -> AddStatus {
        if !self.seen.has_run() || found.request.kind == RequestKind::Robots {
            return self.accept(found, now, rules);
        }
        let too_deep = self.limits.max_depth.is_some_and(|limit| found.request.depth > limit);
        if rules == Rules::Present && too_deep {
            return AddStatus::Refused(Exclusion::Depth);
        }
        if !self.seen.arrive(found.key) {
            return AddStatus::Known;
        }
        self.arrivals.push(found, &mut self.overflow);
        AddStatus::New
    }

    /// Whether links wait to be looked for.
    pub(crate) fn has_arrivals(&self) -> bool {
        self.arrivals.len() > 0
    }

    /// Whether enough of them do; where the order in which links are met matters, one is enough.
    pub(crate) fn has_enough_arrivals(&self) -> bool {
        let least = if self.pace.order == Order::Depth { 1 } else { self.seen.most_arrivals() };
        self.arrivals.len() >= least
    }

    /// Looks for all of them, and accepts those that are new.
    pub(crate) fn decide_arrivals(&mut self, now: Timestamp) {
        if !self.seen.decide() {
            return;
        }
        let arrivals = std::mem::take(&mut self.arrivals);
        for chunk in arrivals.chunks {
            let Some(links) = chunk.links(&mut self.overflow) else { return };
            links.into_iter().for_each(|found| self.let_in(found, now));
        }
        arrivals.last.into_iter().for_each(|found| self.let_in(found, now));
        self.rouse_parked(now);
    }

    fn let_in(&mut self, found: Discovered, now: Timestamp) {
        if self.seen.accept(found.key) {
            self.count_accepted(&found);
            self.enqueue(found, now);
        }
    }

    /// Whether there is no more room in memory for fingerprints.
    pub(crate) fn has_full_memory(&self) -> bool {
        self.seen.is_full()
    }

    /// Whether [`Self::freeze_seen`] can make room now.
    pub(crate) fn can_freeze_seen(&self) -> bool {
        self.seen.can_freeze()
    }

    /// Makes room in memory for more fingerprints. Nothing may arrive at this moment.
    pub(crate) fn freeze_seen(&mut self) {
        self.seen.freeze();
    }

    /// Whether what was in memory is not on disk yet: the tables cannot be stored.
    pub(crate) fn has_frozen_seen(&self) -> bool {
        self.seen.is_frozen()
    }

    /// The work of writing what was in memory, if it waits for that.
    pub(crate) fn seen_to_write(&mut self) -> Option<Job> {
        self.seen.writing()
    }

    /// The work of merging runs of fingerprints, if there is some.
    pub(crate) fn seen_to_merge(&mut self) -> Option<Job> {
        self.seen.merging()
    }

    /// Whether there is no work on runs of fingerprints.
    #[cfg(test)]
    pub(crate) fn rests(&self) -> bool {
        self.seen.rests()
    }

    /// Takes over what work on runs has made; nothing when it failed.
    pub(crate) fn end_of_seen_job(&mut self, job: &Job, done: Option<Done>) {
        match done {
            Some(done) => self.seen.adopt(job, done),
            None => self.seen.leave(job),
        }
    }

    /// The numbers of the runs of fingerprints that are needed or being written, and the first number that none has yet.
    pub(crate) fn seen_runs(&self) -> (Vec<u32>, u32) {
        self.seen.numbers()
    }

    /// Fingerprints beyond what memory has room for are kept there.
    pub(crate) fn keep_seen_in(&mut self, runs: Box<dyn super::Runs>) {
        self.seen.begin(runs);
    }
}
