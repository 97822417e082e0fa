//! What waits and does not fit into memory: blocks of packed entries that somebody else keeps.
//!
//! The tables know where each block is and how much of it was served; [`Backlog`] keeps the bytes. A block that cannot
//! be read stays where it is, and the trouble is kept for whoever asks: nothing is skipped in silence.

use std::collections::BTreeMap;
use std::fmt::Debug;

use super::Tables;
use super::packed::Packed;
use crate::error::{Error, ErrorKind, Result};
use crate::model::wire::{self, Damaged, Reader};

/// Bytes of entries in a block, about: what is read to serve one of them.
pub(super) const BLOCK: usize = 2 << 10;
/// Queues with this many bytes waiting are written away first, then smaller ones.
pub(super) const WORTHWHILE: [usize; 3] = [4 << 10, 512, 128];
/// Files with little left in them whose blocks are copied at a time.
pub(super) const FILES_LEFT_AT_ONCE: usize = 8;
/// One file of so many may have little left in it.
const SHARE_OF_FILES: usize = 8;

/// Where a block is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    /// The file.
    pub(crate) file: u32,
    /// Where in it.
    pub(crate) offset: u32,
    /// How many bytes it has there.
    pub(crate) length: u32,
}

/// Keeps blocks outside of memory.
pub(crate) trait Backlog: Send + Debug {
    /// Keeps a block.
    ///
    /// # Errors
    /// When it cannot be written.
    fn put(&mut self, block: &[u8]) -> Result<Place>;

    /// A block that was kept.
    ///
    /// # Errors
    /// When it cannot be read or is damaged.
    fn get(&mut self, place: Place) -> Result<Vec<u8>>;

    /// Bytes of entries that may wait in memory.
    fn room(&self) -> usize;

    /// Makes every block durable.
    ///
    /// # Errors
    /// When it is not.
    fn sync(&mut self) -> Result<()>;

    /// The file that is appended to; those before it are only read.
    fn current(&self) -> u32;

    /// Blocks are wanted from these files alone from now on, and from those that come.
    fn keep_only(&mut self, in_use: &InUse);
}

/// A block of a queue.
#[derive(Clone, Copy, Debug)]
pub(super) struct Block {
    pub(super) place: Place,
    pub(super) count: u32,
    /// How many of its entries were served.
    pub(super) served: u32,
}

impl Place {
    pub(super) fn store(self, out: &mut Vec<u8>) {
        for number in [self.file, self.offset, self.length] {
            wire::put_number(out, u64::from(number));
        }
    }

    pub(super) fn load(reader: &mut Reader<'_>) -> Result<Self, Damaged> {
        Ok(Self { file: reader.small()?, offset: reader.small()?, length: reader.small()? })
    }
}

impl Block {
    /// How many of its entries wait.
    pub(super) fn left(&self) -> usize {
        self.count.saturating_sub(self.served) as usize
    }

    pub(super) fn store(&self, out: &mut Vec<u8>) {
        self.place.store(out);
        wire::put_number(out, u64::from(self.count));
        wire::put_number(out, u64::from(self.served));
    }

    pub(super) fn load(reader: &mut Reader<'_>) -> Result<Self, Damaged> {
        let place = Place::load(reader)?;
        let block = Self { place, count: reader.small()?, served: reader.small()? };
        if block.served < block.count { Ok(block) } else { Err(Damaged) }
    }
}

/// The backlog, if there is one, and how full memory is.
#[derive(Debug, Default)]
pub(super) struct Overflow {
    backlog: Option<Box<dyn Backlog>>,
    /// Bytes of entries that wait in memory, about.
    pub(super) held: usize,
    /// What is held when moving it out of memory is tried next: more than `room` when little could be moved.
    bar: usize,
    /// Bytes of what is elsewhere, by file.
    in_use: InUse,
    trouble: Option<Error>,
}

impl Overflow {
    pub(super) fn begin(&mut self, backlog: Box<dyn Backlog>) {
        self.backlog = Some(backlog);
    }

    /// Why a block could not be kept or read.
    pub(super) fn trouble(&self) -> Option<Error> {
        self.trouble.clone()
    }

    /// Bytes to which what is held must shrink, when it has grown too much.
    pub(super) fn excess(&self) -> Option<usize> {
        let room = self.backlog.as_ref()?.room();
        (self.held > room.max(self.bar) && self.trouble.is_none()).then_some(room / 2)
    }

    /// Bytes of entries from which on a queue of a site that goes to sleep is moved out of memory; `None` while half of
    /// the room is free. It halves with each tenth of the room that is taken beyond, so that blocks are about as large as
    /// memory allows, and little is moved when as much leaves the queues as comes.
    pub(super) fn least_to_shed(&self) -> Option<usize> {
        let room = self.backlog.as_ref()?.room();
        let beyond = self.held.checked_sub(room / 2).filter(|_| self.trouble.is_none())?;
        let [most, _, fewest] = WORTHWHILE;
        let halvings = u32::try_from(beyond / (room / 10).max(1)).unwrap_or(u32::MAX);
        Some(most.checked_shr(halvings).unwrap_or_default().max(fewest))
    }

    /// Sets the bar after an attempt: many short queues take memory, and looking at all of them takes time.
    pub(super) fn attempted(&mut self, goal: usize) {
        self.bar = if self.held > goal { self.held + self.held / 4 } else { 0 };
    }

    /// The backlog, unless everything has room in memory: then it is only read.
    fn taker(&mut self) -> Option<&mut Box<dyn Backlog>> {
        self.backlog.as_mut().filter(|backlog| backlog.room() < usize::MAX)
    }

    /// Keeps entries elsewhere; `None` when that is impossible, and then they stay.
    pub(super) fn put(&mut self, entries: &Packed) -> Option<Block> {
        let mut bytes = Vec::new();
        entries.store(&mut bytes);
        let count = u32::try_from(entries.len()).ok()?;
        self.put_text(&bytes).map(|place| Block { place, count, served: 0 })
    }

    /// Keeps a text elsewhere, if that is possible.
    pub(super) fn put_text(&mut self, text: &[u8]) -> Option<Place> {
        match self.taker()?.put(text) {
            Ok(place) => {
                self.note_use(place);
                Some(place)
            }
            Err(error) => {
                self.trouble = Some(error);
                None
            }
        }
    }

    /// A text that was kept elsewhere.
    pub(super) fn get_text(&mut self, place: Place) -> Option<Vec<u8>> {
        match self.backlog.as_mut()?.get(place) {
            Ok(text) => Some(text),
            Err(error) => {
                self.trouble = Some(error);
                None
            }
        }
    }

    /// Something there is needed.
    pub(super) fn note_use(&mut self, place: Place) {
        *self.in_use.entry(place.file).or_default() += u64::from(place.length);
    }

    /// What is there is needed no more.
    pub(super) fn release(&mut self, place: Place) {
        if let Some(bytes) = self.in_use.get_mut(&place.file) {
            *bytes = bytes.saturating_sub(u64::from(place.length));
            if *bytes == 0 {
                self.in_use.remove(&place.file);
            }
        }
    }

    /// Bytes of what is elsewhere, by file.
    pub(super) fn in_use(&self) -> InUse {
        self.in_use.clone()
    }

    /// A site that was packed cannot be unpacked, which only a mistake in here can bring about.
    pub(super) fn note_unpackable(&mut self) {
        self.trouble = Some(Error::new(ErrorKind::Internal, "a site of the frontier cannot be unpacked"));
    }

    /// The entries of a block that were not served.
    pub(super) fn get(&mut self, block: Block) -> Option<Packed> {
        let bytes = self.get_text(block.place)?;
        let read = move || {
            let mut entries = Packed::adopt(bytes)?;
            entries.skip(block.served).map(|()| entries)
        };
        let whole = read().ok().filter(|entries| entries.len() == block.left());
        if whole.is_none() {
            self.note_unreadable(block);
        }
        whole
    }

    /// Keeps in mind that an entry of a block could not be read.
    pub(super) fn note_unreadable(&mut self, block: Block) {
        self.trouble = Some(unreadable(block));
    }

    /// Makes every block durable; the file that is appended to.
    pub(super) fn sync(&mut self) -> Result<u32> {
        let Some(backlog) = self.backlog.as_mut() else { return Ok(0) };
        // Trying again would lie: what a failed sync was about may be gone from the system's memory.
        if let Err(error) = backlog.sync() {
            self.trouble = Some(error.clone());
            return Err(error);
        }
        Ok(backlog.current())
    }

    /// Blocks are wanted from these files alone.
    pub(super) fn keep_only(&mut self, in_use: &InUse) {
        if let Some(backlog) = self.backlog.as_mut() {
            backlog.keep_only(in_use);
        }
    }

    /// Copies what is at a place to where blocks are written now.
    pub(super) fn copy(&mut self, place: &mut Place) {
        let Some(backlog) = self.backlog.as_mut() else { return };
        match backlog.get(*place).and_then(|bytes| backlog.put(&bytes)) {
            Ok(new) => {
                self.release(std::mem::replace(place, new));
                self.note_use(new);
            }
            Err(error) => self.trouble = Some(error),
        }
    }
}

impl Tables {
    /// From now on what does not fit into memory waits there.
    pub(crate) fn overflow_into(&mut self, backlog: Box<dyn Backlog>) {
        self.sites.fit(backlog.room());
        self.overflow.begin(backlog);
    }

    /// Why what waits outside of memory could not be written or read; nothing more may be served then.
    pub(crate) fn trouble(&self) -> Option<Error> {
        self.overflow.trouble().or_else(|| self.seen.trouble())
    }

    /// Moves entries out of memory when there are too many: long queues first, and from site to site in turn.
    pub(super) fn shed_excess(&mut self) {
        let Some(goal) = self.overflow.excess() else { return };
        self.shed_to(goal);
        self.overflow.attempted(goal);
    }

    fn shed_to(&mut self, goal: usize) {
        for least in WORTHWHILE {
            // What is parked is needed last.
            self.templates.shed(least, &mut self.overflow);
            for _ in self.sites.numbers() {
                let last = self.sites.numbers().end.saturating_sub(1);
                self.shed_at = if self.shed_at < last { self.shed_at + 1 } else { 0 };
                if self.sites.held(self.shed_at) >= least
                    && let Some(site) = self.sites.wake(self.shed_at, &mut self.overflow)
                {
                    site.shed(least, &mut self.overflow);
                }
                if self.overflow.held <= goal || self.overflow.trouble().is_some() {
                    return;
                }
            }
        }
    }

    /// How many bytes of blocks are in use, by file.
    pub(crate) fn in_use(&self) -> InUse {
        self.overflow.in_use()
    }

    /// What is counted in passing is what counting everything gives.
    #[cfg(test)]
    fn assert_counts(&mut self) {
        let mut in_use = InUse::new();
        for place in self.places() {
            *in_use.entry(place.file).or_default() += u64::from(place.length);
        }
        assert_eq!(in_use, self.overflow.in_use);
        let counted: usize = self.sites.numbers().map(|number| self.sites.held(number)).sum();
        let counted = counted + self.templates.held();
        assert_eq!(counted, self.overflow.held);
    }

    /// Makes what waits outside of memory durable, for a snapshot that names it; which files those are, and which one
    /// is appended to. Files of which less than `least` bytes are in use are left by their last blocks first.
    ///
    /// # Errors
    /// When something cannot be read or written.
    pub(crate) fn settle_overflow(&mut self, least: u64) -> Result<(InUse, u32)> {
        // What could not be read may be missing in the tables: they must not be stored.
        self.trouble().map_or(Ok(()), Err)?;
        #[cfg(test)]
        self.assert_counts();
        let current = self.overflow.sync()?;
        let in_use = self.in_use();
        let sparse = in_use.iter().filter(|(file, bytes)| **file < current && **bytes < least);
        let sparse: Vec<u32> = sparse.map(|(file, _)| *file).take(FILES_LEFT_AT_ONCE).collect();
        // All sites are looked at for it: not for one file of many.
        if sparse.len() < in_use.len().div_ceil(SHARE_OF_FILES).min(FILES_LEFT_AT_ONCE) || sparse.is_empty() {
            self.overflow.keep_only(&in_use);
            return Ok((in_use, current));
        }
        for place in self.templates.places().filter(|place| sparse.contains(&place.file)) {
            self.overflow.copy(place);
        }
        for number in self.sites.numbers() {
            let Some(site) = self.sites.wake(number, &mut self.overflow) else { break };
            for place in site.places().filter(|place| sparse.contains(&place.file)) {
                self.overflow.copy(place);
            }
        }
        for place in
            self.revisits.places().chain(self.arrivals.places()).filter(|place| sparse.contains(&place.file))
        {
            self.overflow.copy(place);
        }
        self.trouble().map_or(Ok(()), Err)?;
        let current = self.overflow.sync()?;
        let in_use = self.in_use();
        self.overflow.keep_only(&in_use);
        Ok((in_use, current))
    }
}

fn unreadable(block: Block) -> Error {
    let message = format!("the URLs that wait in backlog file {} cannot be read", block.place.file);
    Error::new(ErrorKind::Corrupt, message)
        .with_hint("restore the state folder from a copy, or begin anew with --fresh")
}

/// Bytes of blocks in use, by file.
pub(crate) type InUse = BTreeMap<u32, u64>;

#[cfg(test)]
pub(super) mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;

    /// Keeps blocks in a list, and counts how often one is read.
    #[derive(Clone, Debug, Default)]
    pub(in super::super) struct List {
        held: Arc<Mutex<(Vec<Vec<u8>>, usize)>>,
        room: usize,
    }

    impl List {
        pub(in super::super) fn with_room(room: usize) -> Self {
            Self { room, ..Self::default() }
        }

        pub(in super::super) fn blocks(&self) -> usize {
            self.held.lock().unwrap().0.len()
        }

        pub(in super::super) fn reads(&self) -> usize {
            self.held.lock().unwrap().1
        }
    }

    impl Backlog for List {
        fn put(&mut self, block: &[u8]) -> Result<Place> {
            let (blocks, _) = &mut *self.held.lock().unwrap();
            blocks.push(block.to_vec());
            Ok(Place { file: 0, offset: u32::try_from(blocks.len() - 1).unwrap(), length: 1 })
        }

        fn get(&mut self, place: Place) -> Result<Vec<u8>> {
            let (blocks, reads) = &mut *self.held.lock().unwrap();
            *reads += 1;
            Ok(blocks[place.offset as usize].clone())
        }

        fn room(&self) -> usize {
            self.room
        }

        fn sync(&mut self) -> Result<()> {
            Ok(())
        }

        fn current(&self) -> u32 {
            0
        }

        fn keep_only(&mut self, _in_use: &InUse) {}
    }
}
