//! A run: facts sorted by fingerprint in one immutable file.
//!
//! First a frame with the index (the first fingerprint and the place of each block), then the blocks, each a frame with
//! about 16 KB of facts, compressed. Asking for one URL reads the index and a block.

use std::io;
use std::path::Path;

use super::super::files::FileLayer;
use super::super::folder;
use super::super::frame;
use super::super::recovery::damage;
use super::{Batch, Noted};
use crate::error::{Error, Result};
use crate::model::Exclusion;
use crate::model::wire::{self, Damaged, Reader};

/// Bytes of facts in a block, about.
const BLOCK: usize = 16 << 10;
/// The fastest level.
const LEVEL: i32 = 1;
/// Bytes that a block can have when it is decompressed; longer ones were not written here.
const LONGEST: usize = 128 << 20;

/// The name of the run that covers these events.
pub(super) fn name(first: u64, last: u64) -> String {
    format!("history-{first:020}-{last:020}")
}

/// The events that a run covers, by its name.
pub(in crate::frontier::embedded) fn covers(name: &str) -> Option<(u64, u64)> {
    let (first, last) = name.strip_prefix("history-")?.split_once('-')?;
    let number = |text: &str| if text.len() == 20 { text.parse().ok() } else { None };
    Some((number(first)?, number(last)?))
}

/// Whether a file is one of these.
pub(in crate::frontier::embedded) fn is_run(name: &str) -> bool {
    covers(name).is_some()
}

/// The runs in a folder, in order.
pub(super) fn names(folder: &Path, files: &dyn FileLayer) -> Result<Vec<(u64, u64)>> {
    let names = folder::names(folder, files)?;
    let mut runs: Vec<_> = names.iter().filter_map(|name| covers(name)).collect();
    runs.sort_unstable();
    Ok(runs)
}

/// Where a block is, counted from the end of the index.
#[derive(Clone, Copy, Debug)]
struct Block {
    first_key: u64,
    offset: u64,
    length: usize,
}

/// The content of a run.
pub(super) fn bytes(batch: &Batch) -> io::Result<Vec<u8>> {
    let (mut blocks, mut content, mut raw) = (Vec::new(), Vec::new(), Vec::new());
    let mut first_key = 0;
    for (place, noted) in batch.noted.iter().enumerate() {
        if raw.is_empty() {
            first_key = noted.key;
        }
        put_noted(&mut raw, *noted, batch.bytes.get(noted.start..noted.end).unwrap_or_default());
        if raw.len() >= BLOCK || place + 1 == batch.noted.len() {
            let offset = content.len();
            let mut packed = u32::try_from(raw.len()).unwrap_or(u32::MAX).to_le_bytes().to_vec();
            packed.extend(zstd::bulk::compress(&raw, LEVEL)?);
            content.extend_from_slice(&frame::head(blocks.len() as u64 + 2, &packed));
            content.extend_from_slice(&packed);
            blocks.push(Block { first_key, offset: offset as u64, length: content.len() - offset });
            raw.clear();
        }
    }
    let mut index = Vec::new();
    wire::put_number(&mut index, batch.first);
    wire::put_number(&mut index, batch.last);
    wire::put_list(&mut index, &batch.refused, |out, (reason, count)| {
        out.push(wire::code_of(&Exclusion::ALL, reason));
        wire::put_number(out, *count);
    });
    wire::put_list(&mut index, &blocks, |out, block| {
        out.extend_from_slice(&block.first_key.to_le_bytes());
        wire::put_number(out, block.offset);
        wire::put_number(out, block.length as u64);
    });
    let mut whole = frame::head(1, &index).to_vec();
    whole.extend(index);
    whole.extend(content);
    Ok(whole)
}

fn put_noted(out: &mut Vec<u8>, noted: Noted, fact: &[u8]) {
    out.extend_from_slice(&noted.key.to_le_bytes());
    wire::put_number(out, noted.lsn);
    wire::put_bytes(out, fact);
}

/// A run that is read.
#[derive(Debug)]
pub(super) struct Run {
    path: std::path::PathBuf,
    /// Where the blocks begin.
    start: u64,
    blocks: Vec<Block>,
    pub(super) refused: Vec<(Exclusion, u64)>,
}

/// Reads a run from its beginning to its end: how many parts with a checksum of their own it has, and what is wrong with
/// them.
pub(in crate::frontier::embedded) fn check(
    folder: &Path,
    files: &dyn FileLayer,
    covers: (u64, u64),
) -> (u64, Vec<Error>) {
    match Run::open(folder, files, covers) {
        Ok(run) => {
            let blocks = 0..run.len();
            (run.len() as u64 + 1, blocks.filter_map(|block| run.block(files, block).err()).collect())
        }
        Err(error) => (1, vec![error]),
    }
}

/// A fact as it is stored.
#[derive(Clone, Debug)]
pub(super) struct Stored {
    pub(super) key: u64,
    pub(super) lsn: u64,
    pub(super) fact: Vec<u8>,
}

impl Run {
    /// Reads the index.
    pub(super) fn open(folder: &Path, files: &dyn FileLayer, covers: (u64, u64)) -> Result<Self> {
        let path = folder.join(name(covers.0, covers.1));
        let reading = |cause| Error::io(format!("reading {}", path.display()), cause);
        let mut input = files.open(&path).map_err(reading)?;
        let bad = || damage(&path, 0, "its index cannot be read");
        let frame = frame::read_from(&mut *input).map_err(|_| bad())?;
        let (_, index) = frame.filter(|(number, _)| *number == 1).ok_or_else(bad)?;
        let read = || {
            let mut reader = Reader::new(&index);
            if (reader.number()?, reader.number()?) != covers {
                return Err(Damaged);
            }
            let refused = reader.list(|reader| Ok((reader.one_of(&Exclusion::ALL)?, reader.number()?)))?;
            let blocks = reader.list(|reader| {
                let (first_key, offset) = (reader.fixed64()?, reader.number()?);
                let length = usize::try_from(reader.number()?).map_err(|_| Damaged)?;
                Ok(Block { first_key, offset, length })
            })?;
            Ok((refused, blocks))
        };
        let (refused, blocks) = read().map_err(|Damaged| bad())?;
        let start = (frame::HEAD + index.len()) as u64;
        Ok(Self { path, start, blocks, refused })
    }

    /// How many blocks there are.
    pub(super) fn len(&self) -> usize {
        self.blocks.len()
    }

    /// The facts of a block, in order.
    pub(super) fn block(&self, files: &dyn FileLayer, number: usize) -> Result<Vec<Stored>> {
        let bad = || damage(&self.path, 0, &format!("block {number} cannot be read"));
        let block = self.blocks.get(number).ok_or_else(bad)?;
        let place = self.start.checked_add(block.offset).ok_or_else(bad)?;
        let bytes = files.read_at(&self.path, place, block.length).map_err(|cause| match cause.kind() {
            io::ErrorKind::UnexpectedEof => damage(&self.path, 0, "its end is missing"),
            _ => Error::io(format!("reading {}", self.path.display()), cause),
        })?;
        let frame = frame::read(&bytes).filter(|frame| frame.first_lsn == number as u64 + 2);
        let (length, packed) =
            frame.and_then(|frame| frame.payload.split_first_chunk::<4>()).ok_or_else(bad)?;
        let length = usize::try_from(u32::from_le_bytes(*length)).ok().filter(|length| *length <= LONGEST);
        let raw = zstd::bulk::decompress(packed, length.ok_or_else(bad)?).map_err(|_| bad())?;
        let mut reader = Reader::new(&raw);
        let mut facts = Vec::new();
        while !reader.is_empty() {
            let one = |reader: &mut Reader<'_>| -> Result<Stored, Damaged> {
                let (key, lsn) = (reader.fixed64()?, reader.number()?);
                Ok(Stored { key, lsn, fact: reader.bytes()?.to_vec() })
            };
            facts.push(one(&mut reader).map_err(|Damaged| bad())?);
        }
        Ok(facts)
    }

    /// The facts of one fingerprint.
    pub(super) fn find(&self, files: &dyn FileLayer, key: u64) -> Result<Vec<Stored>> {
        // The block before the first that begins at or after it may end with it.
        let first = self.blocks.partition_point(|block| block.first_key < key).saturating_sub(1);
        let mut found = Vec::new();
        for number in first..self.blocks.len() {
            if self.blocks.get(number).is_some_and(|block| block.first_key > key) {
                break;
            }
            found.extend(self.block(files, number)?.into_iter().filter(|stored| stored.key == key));
        }
        Ok(found)
    }
}
