//! A run: fingerprints and marks outside of memory, sorted, in blocks of equal size that can be read on their own.
//!
//! Fingerprints come spread, so they are dense and even, and a block says only how far each is from the one before:
//! about six bytes for each of 10⁸. The first of every block is kept in memory, so a fingerprint is looked for in one
//! block, and many in order are looked for in one pass over the blocks that may hold them. A run is never changed;
//! merging it with others gives the next ([`merge`]). What it leaves out: files ([`Runs`]).

use std::fmt::Debug;
use std::io;
use std::sync::atomic::{AtomicBool, Ordering};

use xxhash_rust::xxh3::xxh3_64_with_seed;

use super::super::Mark;
use crate::error::{Error, Result};
use crate::model::wire::{self, Damaged, Reader};

/// Bytes of a block.
const BLOCK: usize = 4096;
/// A block's checksum and how many fingerprints it holds.
const HEAD: usize = 4 + 2;
/// The most bytes that one of them takes.
const LONGEST: usize = 11;
/// Blocks that are read at once where all are read.
const AT_ONCE: usize = 64;

/// Keeps runs outside of memory.
pub(crate) trait Runs: Send + Debug {
    /// Bytes of fingerprints that may stay in memory.
    fn room(&self) -> usize;

    /// Bytes of a run from a place on.
    ///
    /// # Errors
    /// When they cannot be read.
    fn read(&self, number: u32, offset: u64, length: usize) -> Result<Vec<u8>>;

    /// Writes a run, whole and durable or not at all.
    ///
    /// # Errors
    /// What `write` fails with, or that it cannot be written.
    fn write(&self, number: u32, write: &mut dyn FnMut(&mut dyn io::Write) -> io::Result<()>) -> Result<()>;

    /// The error of a run that is not what was written.
    fn damaged(&self, number: u32, offset: u64) -> Error;

    /// The same runs for somebody else, who reads and writes at the same time.
    fn beside(&self) -> Box<dyn Runs>;

    /// A run will be read no more.
    fn close(&self, number: u32);
}

/// Fingerprints and marks in order, as far as they can be read.
pub(super) type Entries<'a> = Box<dyn Iterator<Item = Result<(u64, Mark)>> + 'a>;

/// A run, and the first fingerprint of each of its blocks.
#[derive(Debug)]
pub(super) struct Run {
    number: u32,
    firsts: Vec<u64>,
    length: u64,
}

impl Run {
    /// Its number.
    pub(super) fn number(&self) -> u32 {
        self.number
    }

    /// How many fingerprints it holds.
    pub(super) fn len(&self) -> u64 {
        self.length
    }

    /// Writes where it is.
    pub(super) fn store(&self, out: &mut Vec<u8>) {
        wire::put_number(out, u64::from(self.number));
        wire::put_number(out, self.firsts.len() as u64);
        wire::put_number(out, self.length);
    }

    /// Reads what [`Self::store`] wrote, and what the run begins its blocks with.
    pub(super) fn load(reader: &mut Reader<'_>, runs: &dyn Runs) -> Result<Result<Self>, Damaged> {
        let (number, blocks, length) = (reader.small()?, reader.number()?, reader.number()?);
        let blocks = usize::try_from(blocks).ok().filter(|blocks| *blocks < usize::MAX / BLOCK);
        Ok(Self::open(number, blocks.ok_or(Damaged)?, length, runs))
    }

    fn open(number: u32, blocks: usize, length: u64, runs: &dyn Runs) -> Result<Self> {
        let offset = (blocks * BLOCK) as u64;
        let bytes = runs.read(number, offset, blocks * 8 + 8)?;
        let firsts: Vec<u64> =
            bytes.chunks_exact(8).map(|word| word.try_into().map_or(0, u64::from_le_bytes)).collect();
        let (sum, firsts) = firsts.split_first().ok_or_else(|| runs.damaged(number, offset))?;
        let is_sound =
            *sum == checksum(number, blocks, bytes.get(8..).unwrap_or_default()) && firsts.is_sorted();
        if !is_sound {
            return Err(runs.damaged(number, offset));
        }
        Ok(Self { number, firsts: firsts.to_vec(), length })
    }

    /// The block that can hold a fingerprint.
    fn block_of(&self, spread: u64) -> Option<usize> {
        self.firsts.partition_point(|first| *first <= spread).checked_sub(1)
    }

    /// Reads blocks from one on.
    fn blocks(&self, first: usize, count: usize, runs: &dyn Runs) -> Result<Vec<Vec<(u64, Mark)>>> {
        let bytes = runs.read(self.number, (first * BLOCK) as u64, count * BLOCK)?;
        let read = |(block, number): (&[u8], usize)| {
            let [begins, next] = [number, number + 1].map(|number| self.firsts.get(number).copied());
            let spread = |entry: &(u64, Mark)| entry.0;
            decode(self.number, number, block)
                .filter(|entries| entries.first().map(spread) == begins)
                .filter(|entries| next.is_none_or(|next| entries.last().map(spread) < Some(next)))
                .ok_or_else(|| runs.damaged(self.number, (number * BLOCK) as u64))
        };
        bytes.chunks(BLOCK).zip(first..).map(read).collect()
    }

    /// All of it, in order.
    pub(super) fn all<'a>(&'a self, runs: &'a dyn Runs) -> Entries<'a> {
        let firsts = (0..self.firsts.len()).step_by(AT_ONCE);
        Box::new(firsts.flat_map(move |first| {
            let count = AT_ONCE.min(self.firsts.len() - first);
            let (entries, error) = match self.blocks(first, count, runs) {
                Ok(blocks) => (blocks, None),
                Err(error) => (Vec::new(), Some(error)),
            };
            entries.into_iter().flatten().map(Ok).chain(error.map(Err))
        }))
    }
}

/// Reads a run of so many bytes from its beginning to its end: how many parts with a checksum of their own it has, and what
/// is wrong with them.
pub(crate) fn check(number: u32, size: u64, runs: &dyn Runs) -> (u64, Vec<Error>) {
    let a_block = BLOCK as u64 + 8;
    let blocks = size.checked_sub(8).filter(|rest| rest % a_block == 0).map(|rest| rest / a_block);
    let Some(blocks) = blocks.and_then(|blocks| usize::try_from(blocks).ok()) else {
        return (1, vec![runs.damaged(number, size)]);
    };
    let run = match Run::open(number, blocks, 0, runs) {
        Ok(run) => run,
        Err(error) => return (1, vec![error]),
    };
    let errors = (0..blocks).filter_map(|block| run.blocks(block, 1, runs).err()).collect();
    (blocks as u64 + 1, errors)
}

/// Looks fingerprints up in a run; those that come in order are found with one reading of each block.
pub(super) struct Search<'a> {
    run: &'a Run,
    runs: &'a dyn Runs,
    block: Option<(usize, Vec<(u64, Mark)>)>,
}

impl<'a> Search<'a> {
    pub(super) fn new(run: &'a Run, runs: &'a dyn Runs) -> Self {
        Self { run, runs, block: None }
    }

    /// The mark of a fingerprint, which is spread.
    pub(super) fn find(&mut self, spread: u64) -> Result<Option<Mark>> {
        let Some(number) = self.run.block_of(spread) else { return Ok(None) };
        if self.block.as_ref().is_none_or(|(at, _)| *at != number) {
            let entries = self.run.blocks(number, 1, self.runs)?.pop().unwrap_or_default();
            self.block = Some((number, entries));
        }
        let Some((_, entries)) = &self.block else { return Ok(None) };
        let at = entries.binary_search_by_key(&spread, |(there, _)| *there);
        Ok(at.ok().and_then(|at| entries.get(at)).map(|(_, mark)| *mark))
    }
}

/// Writes the run that holds what all of these hold; where several have a mark, that of the last counts.
///
/// # Errors
/// When something cannot be read or written, or this was stopped.
pub(super) fn merge(
    mut sources: Vec<Entries<'_>>,
    number: u32,
    runs: &dyn Runs,
    stop: &AtomicBool,
) -> Result<Run> {
    let mut written = None;
    runs.write(number, &mut |out| {
        let mut writer =
            Writer { out, stop, number, firsts: Vec::new(), block: Vec::new(), count: 0, last: 0, length: 0 };
        let next = |source: &mut Entries<'_>| source.next().transpose().map_err(io::Error::other);
        let mut heads = sources.iter_mut().map(next).collect::<io::Result<Vec<_>>>()?;
        while let Some(least) = heads.iter().flatten().map(|(spread, _)| *spread).min() {
            let mut last = None;
            for (head, source) in heads.iter_mut().zip(&mut sources) {
                if head.is_some_and(|(spread, _)| spread == least) {
                    last = std::mem::replace(head, next(source)?);
                }
            }
            last.map_or(Ok(()), |entry| writer.put(entry))?;
        }
        written = Some(writer.end()?);
        Ok(())
    })?;
    written.ok_or_else(|| runs.damaged(number, 0))
}

struct Writer<'a> {
    out: &'a mut dyn io::Write,
    stop: &'a AtomicBool,
    number: u32,
    firsts: Vec<u64>,
    /// The block being put together, without its head.
    block: Vec<u8>,
    count: u16,
    last: u64,
    length: u64,
}

impl Writer<'_> {
    fn put(&mut self, (spread, mark): (u64, Mark)) -> io::Result<()> {
        if HEAD + self.block.len() + LONGEST > BLOCK {
            self.leave_block()?;
        }
        if self.count == 0 {
            self.firsts.push(spread);
            self.last = 0;
        }
        let distance = spread.checked_sub(self.last).ok_or_else(|| io::Error::other("it is out of order"))?;
        // Three bits for the mark, four of the distance, and whether there is more of it.
        let more = u8::from(distance > 0xf);
        let low = u8::try_from(distance & 0xf).unwrap_or(0);
        self.block.push(mark as u8 | low << 3 | more << 7);
        if more == 1 {
            wire::put_number(&mut self.block, distance >> 4);
        }
        (self.last, self.count, self.length) = (spread, self.count + 1, self.length + 1);
        Ok(())
    }

    fn leave_block(&mut self) -> io::Result<()> {
        if self.stop.load(Ordering::Relaxed) {
            return Err(io::Error::other("it was stopped"));
        }
        let mut bytes = self.count.to_le_bytes().to_vec();
        bytes.append(&mut self.block);
        bytes.resize(BLOCK - 4, 0);
        let sum = checksum(self.number, self.firsts.len() - 1, &bytes);
        self.out.write_all(&short(sum).to_le_bytes())?;
        self.out.write_all(&bytes)?;
        self.count = 0;
        Ok(())
    }

    fn end(mut self) -> io::Result<Run> {
        if self.count > 0 {
            self.leave_block()?;
        }
        let firsts: Vec<u8> = self.firsts.iter().flat_map(|first| first.to_le_bytes()).collect();
        self.out.write_all(&checksum(self.number, self.firsts.len(), &firsts).to_le_bytes())?;
        self.out.write_all(&firsts)?;
        Ok(Run { number: self.number, firsts: self.firsts, length: self.length })
    }
}

/// Of a block's bytes and where they belong, so that a block is not taken for another.
fn checksum(number: u32, block: usize, bytes: &[u8]) -> u64 {
    xxh3_64_with_seed(bytes, u64::from(number) << 40 ^ block as u64)
}

fn short(sum: u64) -> u32 {
    u32::try_from(sum >> 32).unwrap_or(u32::MAX)
}

/// What a block holds; `None` when it is not what was written.
fn decode(number: u32, block: usize, bytes: &[u8]) -> Option<Vec<(u64, Mark)>> {
    let (sum, rest) = bytes.split_first_chunk::<4>()?;
    if bytes.len() != BLOCK || u32::from_le_bytes(*sum) != short(checksum(number, block, rest)) {
        return None;
    }
    let (count, packed) = rest.split_first_chunk::<2>()?;
    let count = usize::from(u16::from_le_bytes(*count));
    let mut reader = Reader::new(packed);
    let mut entries = Vec::with_capacity(count);
    let mut last = 0_u64;
    for place in 0..count {
        let head = reader.byte().ok()?;
        let more = if head >> 7 == 1 { reader.number().ok()? } else { 0 };
        let distance = more.checked_mul(16)? | u64::from(head >> 3 & 0xf);
        if distance == 0 && place > 0 {
            return None;
        }
        last = last.checked_add(distance)?;
        entries.push((last, *Mark::ALL.get(usize::from(head & 7))?));
    }
    Some(entries)
}

#[cfg(test)]
pub(super) mod tests {
    use std::collections::BTreeMap;
    use std::sync::{Arc, Mutex};

    use proptest::prelude::*;

    use super::*;
    use crate::error::ErrorKind;

    /// Runs in memory.
    #[derive(Clone, Debug, Default)]
    pub(in super::super) struct Held(Arc<Mutex<BTreeMap<u32, Vec<u8>>>>);

    pub(in super::super) fn numbers(runs: &Held) -> Vec<u32> {
        runs.0.lock().unwrap().keys().copied().collect()
    }

    impl Runs for Held {
        fn room(&self) -> usize {
            0
        }

        fn read(&self, number: u32, offset: u64, length: usize) -> Result<Vec<u8>> {
            let offset = offset as usize;
            let runs = self.0.lock().unwrap();
            runs[&number]
                .get(offset..offset + length)
                .map(<[u8]>::to_vec)
                .ok_or_else(|| self.damaged(number, 0))
        }

        fn write(
            &self,
            number: u32,
            write: &mut dyn FnMut(&mut dyn io::Write) -> io::Result<()>,
        ) -> Result<()> {
            let mut bytes = Vec::new();
            write(&mut bytes).map_err(|cause| Error::io("writing", cause))?;
            self.0.lock().unwrap().insert(number, bytes);
            Ok(())
        }

        fn damaged(&self, _: u32, offset: u64) -> Error {
            Error::new(ErrorKind::Corrupt, format!("damaged at {offset}"))
        }

        fn beside(&self) -> Box<dyn Runs> {
            Box::new(self.clone())
        }

        fn close(&self, _: u32) {}
    }

    fn written(old: Option<&Run>, batch: impl Iterator<Item = (u64, Mark)>, number: u32, runs: &Held) -> Run {
        let recent: Entries<'_> = Box::new(batch.map(Ok));
        let sources = old.map(|old| old.all(runs)).into_iter().chain([recent]).collect();
        merge(sources, number, runs, &AtomicBool::new(false)).unwrap()
    }

    pub(in super::super) fn any_mark() -> impl Strategy<Value = Mark> {
        (0..Mark::ALL.len()).prop_map(|number| Mark::ALL[number])
    }

    proptest! {
        #[test]
        fn what_was_merged_is_what_is_found(
            batches in prop::collection::vec(prop::collection::btree_map(prop_oneof![any::<u64>(), 0_u64..300, u64::MAX - 9..=u64::MAX], any_mark(), 0..1500), 1..4)
        ) {
            let (runs, mut run, mut model) = (Held::default(), None, BTreeMap::new());
            for (batch, number) in batches.into_iter().zip(1..) {
                run = Some(written(run.as_ref(), batch.clone().into_iter(), number, &runs));
                model.extend(batch);
            }
            let mut stored = Vec::new();
            run.unwrap().store(&mut stored);
            let run = Run::load(&mut Reader::new(&stored), &runs).unwrap().unwrap();
            prop_assert_eq!(run.len(), model.len() as u64);
            let all: Result<BTreeMap<u64, Mark>> = run.all(&runs).collect();
            prop_assert_eq!(&all.unwrap(), &model);
            let mut search = Search::new(&run, &runs);
            for spread in model.keys().flat_map(|there| [there.wrapping_sub(1), *there, there.wrapping_add(1)]) {
                prop_assert_eq!(search.find(spread).unwrap(), model.get(&spread).copied());
            }
        }

        #[test]
        fn a_changed_byte_is_noticed_by_whoever_reads_all(at in any::<prop::sample::Index>(), by in 1_u8..) {
            let runs = Held::default();
            let batch = (0..2000_u64).map(|number| (number << 50, Mark::Fetched));
            let run = written(None, batch, 7, &runs);
            let mut stored = Vec::new();
            run.store(&mut stored);
            {
                let mut held = runs.0.lock().unwrap();
                let bytes = held.get_mut(&7).unwrap();
                let at = at.index(bytes.len());
                bytes[at] ^= by;
            }
            let read = Run::load(&mut Reader::new(&stored), &runs).unwrap();
            let all = read.and_then(|run| run.all(&runs).collect::<Result<Vec<_>>>());
            prop_assert!(all.is_err());
        }
    }
}
