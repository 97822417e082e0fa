//! The entries of one origin on one level in one class, first in, first out: the first ones perhaps out of a block, then
//! blocks outside of memory, then what came last.

use std::collections::VecDeque;

use super::entry::Entry;
use super::overflow::{BLOCK, Block, Overflow, Place};
use super::packed::Packed;
use crate::model::wire::{self, Damaged, Reader};

/// Bytes of entries out of a block that stay in memory with a site that sleeps, so that not every one costs a read.
const KEPT: usize = 256;
/// The same of entries that have just been moved into a block: one or two, for the next time this is looked at.
const KEPT_FIRST: usize = 96;

/// The entries.
#[derive(Debug, Default)]
pub(super) struct Waiting {
    /// What is served next.
    head: Packed,
    /// Whether the head is only a copy of what comes next in the first block.
    is_copy: bool,
    blocks: VecDeque<Block>,
    tail: Packed,
}

impl Waiting {
    pub(super) fn len(&self) -> usize {
        let blocks: usize = self.blocks.iter().map(Block::left).sum();
        let head = if self.is_copy { 0 } else { self.head.len() };
        head + blocks + self.tail.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.head.is_empty() && self.blocks.is_empty() && self.tail.is_empty()
    }

    /// Bytes of entries that are in memory alone.
    pub(super) fn held(&self) -> usize {
        let head = if self.is_copy { 0 } else { self.head.size() };
        head + self.tail.size()
    }

    /// Does something and counts what it does to memory.
    fn counted<T>(
        &mut self,
        overflow: &mut Overflow,
        change: impl FnOnce(&mut Self, &mut Overflow) -> T,
    ) -> T {
        let before = self.held();
        let result = change(self, overflow);
        overflow.held = (overflow.held + self.held()).saturating_sub(before);
        result
    }

    /// Puts an entry at the end.
    pub(super) fn push(&mut self, entry: &Entry, overflow: &mut Overflow) {
        self.counted(overflow, |waiting, _| waiting.tail.push(entry));
    }

    /// Takes the first entry; `None` also when it is in a block that cannot be read.
    pub(super) fn pop(&mut self, origin: u32, overflow: &mut Overflow) -> Option<Entry> {
        self.fill(overflow);
        self.counted(overflow, |waiting, overflow| {
            if waiting.is_copy {
                return waiting.pop_copy(origin, overflow);
            }
            if !waiting.head.is_empty() {
                return waiting.head.pop(origin);
            }
            // What follows a block that cannot be read must not overtake it.
            if waiting.blocks.is_empty() { waiting.tail.pop(origin) } else { None }
        })
    }

    /// Copies what comes next in the first block, when that is what is next of all.
    fn fill(&mut self, overflow: &mut Overflow) {
        if self.head.is_empty()
            && let Some(block) = self.blocks.front()
            && let Some(head) = overflow.get(*block)
        {
            (self.head, self.is_copy) = (head, true);
        }
    }

    fn pop_copy(&mut self, origin: u32, overflow: &mut Overflow) -> Option<Entry> {
        let entry = self.head.pop(origin);
        let block = self.blocks.front_mut()?;
        if entry.is_none() {
            overflow.note_unreadable(*block);
            return None;
        }
        block.served += 1;
        if block.left() == 0 {
            overflow.release(block.place);
            self.blocks.pop_front();
            self.head = Packed::default();
        }
        self.is_copy = !self.head.is_empty();
        entry
    }

    /// Takes the first entry that this is true of. That is nearly always the first of all: only then it is quick.
    pub(super) fn take(
        &mut self,
        origin: u32,
        wanted: impl Fn(&Entry) -> bool,
        overflow: &mut Overflow,
    ) -> Option<Entry> {
        self.fill(overflow);
        if self.head.entries(origin).next().is_some_and(|entry| wanted(&entry)) {
            return self.pop(origin, overflow);
        }
        self.counted(overflow, |waiting, overflow| {
            let own = if waiting.is_copy { None } else { waiting.head.take(origin, &wanted) };
            let found = own.or_else(|| waiting.take_from_blocks(origin, &wanted, overflow));
            found.or_else(|| waiting.tail.take(origin, &wanted))
        })
    }

    /// Everything up to the block with the entry comes into memory.
    fn take_from_blocks(
        &mut self,
        origin: u32,
        wanted: impl Fn(&Entry) -> bool,
        overflow: &mut Overflow,
    ) -> Option<Entry> {
        for number in 0..self.blocks.len() {
            let entries = overflow.get(*self.blocks.get(number)?)?;
            if !entries.entries(origin).any(|entry| wanted(&entry)) {
                continue;
            }
            let mut head = Packed::default();
            if !self.is_copy {
                self.head.entries(origin).for_each(|entry| head.push(&entry));
            }
            for block in self.blocks.iter().take(number + 1) {
                overflow.get(*block)?.entries(origin).for_each(|entry| head.push(&entry));
            }
            self.blocks.drain(..=number).for_each(|block| overflow.release(block.place));
            (self.head, self.is_copy) = (head, false);
            return self.head.take(origin, wanted);
        }
        None
    }

    /// Shows every entry that can be read.
    pub(super) fn each(&self, origin: u32, overflow: &mut Overflow, show: &mut impl FnMut(&Entry)) {
        if !self.is_copy {
            self.head.entries(origin).for_each(|entry| show(&entry));
        }
        for block in &self.blocks {
            if let Some(entries) = overflow.get(*block) {
                entries.entries(origin).for_each(|entry| show(&entry));
            }
        }
        self.tail.entries(origin).for_each(|entry| show(&entry));
    }

    /// Moves entries out of memory, if there are so many bytes of them.
    pub(super) fn shed(&mut self, origin: u32, least: usize, overflow: &mut Overflow) {
        if self.held() < least {
            return;
        }
        self.counted(overflow, |waiting, overflow| {
            waiting.shed_head(origin, overflow);
            let mut parts = std::mem::take(&mut waiting.tail).split(BLOCK, origin).into_iter();
            while let Some(part) = parts.next() {
                match overflow.put(&part) {
                    Some(block) => {
                        waiting.blocks.push_back(block);
                        if waiting.blocks.len() == 1 && waiting.head.is_empty() {
                            waiting.keep_first_of(part);
                        }
                    }
                    // It stays, and what comes after it.
                    None => {
                        let rest = std::iter::once(part).chain(parts.by_ref());
                        rest.flat_map(|part| part.entries(origin).collect::<Vec<_>>())
                            .for_each(|entry| waiting.tail.push(&entry));
                    }
                }
            }
        });
    }

    fn shed_head(&mut self, origin: u32, overflow: &mut Overflow) {
        if self.is_copy {
            return;
        }
        let parts = self.head.split(BLOCK, origin);
        let blocks: Option<Vec<Block>> = parts.iter().map(|part| overflow.put(part)).collect();
        if let Some(blocks) = blocks {
            blocks.iter().rev().for_each(|block| self.blocks.push_front(*block));
            self.head = Packed::default();
            parts.into_iter().take(1).for_each(|part| self.keep_first_of(part));
        }
    }

    /// Keeps a copy of the first entries of the first block, which was just written.
    fn keep_first_of(&mut self, mut part: Packed) {
        part.shorten(KEPT_FIRST);
        self.is_copy = !part.is_empty();
        self.head = part;
    }

    /// Where the blocks are.
    pub(super) fn all_places(&self) -> impl Iterator<Item = Place> {
        self.blocks.iter().map(|block| block.place)
    }

    /// The same, to be moved.
    pub(super) fn places(&mut self) -> impl Iterator<Item = &mut Place> {
        self.blocks.iter_mut().map(|block| &mut block.place)
    }

    /// How many blocks there are.
    pub(super) fn blocks(&self) -> usize {
        self.blocks.len()
    }

    /// Forgets most of what is only a copy.
    pub(super) fn shorten_copy(&mut self) {
        if self.is_copy {
            self.head.shorten(KEPT);
            self.is_copy = !self.head.is_empty();
        }
    }

    /// Writes all of it; what is in a block is named by it.
    pub(super) fn store(&self, out: &mut Vec<u8>) {
        let is_copy = self.is_copy && self.head.size() <= KEPT;
        out.push(u8::from(is_copy));
        let head = if self.is_copy == is_copy { &self.head } else { &Packed::default() };
        head.store(out);
        wire::put_number(out, self.blocks.len() as u64);
        self.blocks.iter().for_each(|block| block.store(out));
        self.tail.store(out);
    }

    /// Reads what [`Self::store`] wrote; what comes from a file is looked at throughout and counted as in use (`check`).
    pub(super) fn load(
        reader: &mut Reader<'_>,
        check: bool,
        overflow: &mut Overflow,
    ) -> Result<Self, Damaged> {
        let packed = if check { Packed::load } else { Packed::trust };
        let is_copy = reader.byte()? == 1;
        let head = packed(reader)?;
        let blocks: VecDeque<Block> = reader.list(Block::load)?.into();
        if check {
            blocks.iter().for_each(|block| overflow.note_use(block.place));
        }
        let left = blocks.front().map_or(0, Block::left);
        if is_copy && (head.is_empty() || head.len() > left) {
            return Err(Damaged);
        }
        let waiting = Self { head, is_copy, blocks, tail: packed(reader)? };
        overflow.held += waiting.held();
        Ok(waiting)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::super::Tables;
    use super::super::overflow::tests::List;
    use crate::model::{Discovered, Leased, Limits, Origin, Pace, Request, SiteKey, Timestamp, UrlKey, Want};

    #[test]
    fn the_first_lease_of_a_site_whose_urls_lie_elsewhere_reads_no_block() {
        const SITES: u64 = 400;
        let (backlog, now) = (List::with_room(64 << 10), Timestamp(1_000_000));
        let pace = Pace { robots: false, delay: Duration::ZERO, ..Pace::default() };
        let mut tables = Tables::new(Limits::default(), pace);
        tables.overflow_into(Box::new(backlog.clone()));
        for number in 0..SITES * 100 {
            let site = format!("site-{}.test", number % SITES);
            let url = format!("http://{site}/a/page/{number}");
            let origin = Origin::of(&url::Url::parse(&url).unwrap()).unwrap();
            let request = Request::get(url);
            tables.add(
                Discovered { key: UrlKey(number + 1), site: SiteKey(site.into()), origin, request },
                now,
            );
        }
        let before = backlog.reads();
        assert!(backlog.blocks() as u64 >= SITES, "{}", backlog.blocks());
        let mut leases = 0;
        while leases < SITES {
            let Leased::Some(more) = tables.lease(Want { max: 16, bytes: 0 }, now) else {
                panic!("{leases}")
            };
            leases += more.len() as u64;
        }
        assert_eq!(backlog.reads(), before);
        assert!(tables.trouble().is_none());
    }
}
