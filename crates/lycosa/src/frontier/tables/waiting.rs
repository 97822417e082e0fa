//! The entries of one origin on one level in one class, first in, first out: the first ones perhaps out of a block, then
//! blocks outside of memory, then what came last.

use std::collections::VecDeque;

use super::entry::Entry;
use super::overflow::{BLOCK, Block, Overflow, Place};
use super::packed::Packed;
use crate::model::wire::{self, Damaged, Reader};

/// The entries.
#[derive(Debug, Default)]
pub(super) struct Waiting {
    /// What is served next. Out of `head_block`, when that is there: what was served of it is missing.
    head: Packed,
    head_block: Option<Block>,
    blocks: VecDeque<Block>,
    tail: Packed,
}

impl Waiting {
    pub(super) fn len(&self) -> usize {
        let blocks: usize = self.blocks.iter().map(Block::left).sum();
        self.head.len() + blocks + self.tail.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.head.is_empty() && self.blocks.is_empty() && self.tail.is_empty()
    }

    /// Bytes of entries in memory.
    pub(super) fn held(&self) -> usize {
        self.head.size() + self.tail.size()
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
        self.counted(overflow, |waiting, overflow| {
            if waiting.head.is_empty() {
                let Some(block) = waiting.blocks.front() else { return waiting.tail.pop(origin) };
                waiting.head = overflow.get(*block)?;
                waiting.head_block = waiting.blocks.pop_front();
            }
            let entry = waiting.head.pop(origin);
            if let (None, Some(block)) = (&entry, waiting.head_block) {
                overflow.note_unreadable(block);
            }
            if waiting.head.is_empty() {
                waiting.let_go(overflow);
            }
            entry
        })
    }

    /// Takes the first entry that this is true of. That is nearly always the first of all: only then it is quick.
    pub(super) fn take(
        &mut self,
        origin: u32,
        wanted: impl Fn(&Entry) -> bool,
        overflow: &mut Overflow,
    ) -> Option<Entry> {
        if self.head.is_empty() && !self.blocks.is_empty() {
            // Brings the first block in.
            let first = self.pop(origin, overflow)?;
            if wanted(&first) {
                return Some(first);
            }
            self.counted(overflow, |waiting, _| waiting.put_back(origin, &first));
        }
        self.counted(overflow, |waiting, overflow| {
            let is_first = waiting.head.entries(origin).next().is_some_and(|entry| wanted(&entry));
            if let Some(entry) = waiting.head.take(origin, &wanted) {
                if !is_first || waiting.head.is_empty() {
                    // No longer the end of its block.
                    waiting.let_go(overflow);
                }
                return Some(entry);
            }
            waiting.take_from_blocks(origin, &wanted, overflow).or_else(|| waiting.tail.take(origin, &wanted))
        })
    }

    /// The block that the head came from is not needed any more.
    fn let_go(&mut self, overflow: &mut Overflow) {
        if let Some(block) = self.head_block.take() {
            overflow.release(block.place);
        }
    }

    /// Puts the first entry back to where it was taken from.
    fn put_back(&mut self, origin: u32, first: &Entry) {
        let mut head = Packed::default();
        head.push(first);
        self.head.entries(origin).for_each(|entry| head.push(&entry));
        self.head = head;
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
            self.head.entries(origin).for_each(|entry| head.push(&entry));
            for block in self.blocks.iter().take(number + 1) {
                overflow.get(*block)?.entries(origin).for_each(|entry| head.push(&entry));
            }
            self.let_go(overflow);
            self.blocks.drain(..=number).for_each(|block| overflow.release(block.place));
            self.head = head;
            return self.head.take(origin, wanted);
        }
        None
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
                    Some(block) => waiting.blocks.push_back(block),
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
        let left = u32::try_from(self.head.len()).unwrap_or(u32::MAX);
        let blocks: Option<Vec<Block>> = match self.head_block {
            _ if self.head.is_empty() => Some(Vec::new()),
            // It is where it came from, but for what was served.
            Some(block) => Some(vec![Block { served: block.count.saturating_sub(left), ..block }]),
            None => self.head.split(BLOCK, origin).iter().map(|part| overflow.put(part)).collect(),
        };
        for block in blocks.iter().flatten().rev() {
            self.blocks.push_front(*block);
        }
        if blocks.is_some() {
            (self.head, self.head_block) = (Packed::default(), None);
        }
    }

    /// Where the blocks are.
    pub(super) fn places(&mut self) -> impl Iterator<Item = &mut Place> {
        self.head_block.iter_mut().chain(&mut self.blocks).map(|block| &mut block.place)
    }

    /// How many blocks there are.
    pub(super) fn blocks(&self) -> usize {
        self.blocks.len() + usize::from(self.head_block.is_some())
    }

    /// Forgets what was read of a block and can be read again.
    pub(super) fn drop_head(&mut self, overflow: &mut Overflow) {
        if self.head_block.is_some() && !self.head.is_empty() {
            self.counted(overflow, |waiting, _| {
                let left = u32::try_from(waiting.head.len()).unwrap_or(u32::MAX);
                if let Some(block) = waiting.head_block.take() {
                    waiting.blocks.push_front(Block { served: block.count.saturating_sub(left), ..block });
                }
                waiting.head = Packed::default();
            });
        }
    }

    /// Writes all of it; what is in a block is named by it.
    pub(super) fn store(&self, out: &mut Vec<u8>) {
        let left = u32::try_from(self.head.len()).unwrap_or(u32::MAX);
        let head_block = self.head_block.filter(|_| !self.head.is_empty());
        match head_block {
            Some(_) => Packed::default().store(out),
            None => self.head.store(out),
        }
        let head_block = head_block.map(|block| Block { served: block.count.saturating_sub(left), ..block });
        wire::put_number(out, (self.blocks.len() + usize::from(head_block.is_some())) as u64);
        head_block.iter().chain(&self.blocks).for_each(|block| block.store(out));
        self.tail.store(out);
    }

    /// Reads what [`Self::store`] wrote; what comes from a file is looked at throughout and counted as in use (`check`).
    pub(super) fn load(
        reader: &mut Reader<'_>,
        check: bool,
        overflow: &mut Overflow,
    ) -> Result<Self, Damaged> {
        let packed = if check { Packed::load } else { Packed::trust };
        let head = packed(reader)?;
        let blocks: VecDeque<Block> = reader.list(Block::load)?.into();
        if check {
            blocks.iter().for_each(|block| overflow.note_use(block.place));
        }
        let waiting = Self { head, head_block: None, blocks, tail: packed(reader)? };
        overflow.held += waiting.held();
        Ok(waiting)
    }
}
