//! The backlog on disk: blocks of waiting URLs, compressed, one after the other in files that are only appended to.
//!
//! A file is the truth of nothing: the log says what waits, a snapshot where the blocks of that moment are. So blocks
//! are synced before a snapshot that names them takes its place, a run never appends to a file of an earlier one, and
//! a file goes when a snapshot names none of its blocks any more.

use std::collections::HashMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use xxhash_rust::xxh3::xxh3_64_with_seed;
use zstd::bulk::{Compressor, Decompressor};

use super::files::{self, FileLayer, LogFile, Parts};
use super::folder;
use super::recovery::damage;
use crate::error::{Error, ErrorKind, Result};
use crate::frontier::tables::{Backlog, InUse, Place};
use crate::model::wire::{self, Reader};

/// Bytes after which a file is left and the next one begun.
const FILE: u64 = 64 << 20;
/// Bytes in use below which what is left of a file is copied to another.
pub(super) const SPARSE: u64 = FILE / 4;
/// The fastest level.
const LEVEL: i32 = 1;
/// Shorter blocks are kept as they are: little would be saved, and much time spent on each.
const WORTHWHILE: usize = 192;
/// Bytes of blocks that are handed to the file system at once.
const GATHER: usize = 128 << 10;
/// Files to read from that are open at a time.
const OPEN: usize = 128;
/// Bytes that a block can have when it is decompressed; longer ones were not written here.
const LONGEST: usize = 64 << 20;

/// The name of a file.
pub(super) fn name(number: u32) -> String {
    format!("backlog-{number:010}")
}

/// The number of a file, by its name.
pub(super) fn number(name: &str) -> Option<u32> {
    name.strip_prefix("backlog-").filter(|rest| rest.len() == 10)?.parse().ok()
}

/// The files.
#[derive(Debug)]
pub(super) struct BacklogFiles {
    folder: PathBuf,
    files: Arc<dyn FileLayer>,
    current: Option<Current>,
    next: u32,
    room: usize,
    /// Why nothing is written any more: what a failed write or sync left is not known.
    broken: Option<Error>,
    /// Files that blocks were read from, open still.
    open: HashMap<u32, Box<dyn Parts>>,
    packing: Packing,
}

/// The file that is appended to.
#[derive(Debug)]
struct Current {
    number: u32,
    file: Box<dyn LogFile>,
    /// Bytes that were handed to the file system.
    written: u64,
    /// Those after them.
    gathered: Vec<u8>,
}

impl Current {
    fn length(&self) -> u64 {
        self.written + self.gathered.len() as u64
    }

    fn write(&mut self) -> io::Result<()> {
        self.file.write(&self.gathered)?;
        self.written += self.gathered.len() as u64;
        self.gathered.clear();
        Ok(())
    }

    fn sync(&mut self) -> io::Result<()> {
        self.write()?;
        self.file.sync()
    }

    /// The bytes of a place, as far as they were not handed on.
    fn gathered(&self, place: Place) -> Option<&[u8]> {
        let start = usize::try_from(u64::from(place.offset).checked_sub(self.written)?).ok()?;
        self.gathered.get(start..start.checked_add(place.length as usize)?)
    }
}

impl BacklogFiles {
    /// Begins after the files that are there.
    pub(super) fn new(folder: &Path, files: Arc<dyn FileLayer>) -> Result<Self> {
        let names = names(folder, &*files)?;
        let next = names.into_iter().max().map_or(1, |last| last.saturating_add(1));
        let room = files.waiting_memory();
        let packing = Packing::new().map_err(|cause| Error::io("making room to compress in", cause))?;
        let (folder, open) = (folder.to_owned(), HashMap::new());
        Ok(Self { folder, files, current: None, next, room, broken: None, open, packing })
    }

    fn path(&self, number: u32) -> PathBuf {
        self.folder.join(name(number))
    }

    /// The file to append to, a new one when the last has become long.
    fn current(&mut self) -> io::Result<&mut Current> {
        if self.current.as_ref().is_some_and(|current| current.length() >= FILE)
            && let Some(mut full) = self.current.take()
        {
            full.sync()?;
        }
        let (path, number) = (self.path(self.next), self.next);
        match &mut self.current {
            Some(current) => Ok(current),
            none => {
                let file = self.files.append(&path)?;
                self.next += 1;
                Ok(none.insert(Current { number, file, written: 0, gathered: Vec::new() }))
            }
        }
    }

    /// Does something to the files; after a failure nothing more is done to them.
    fn unless_broken<T>(&mut self, change: impl FnOnce(&mut Self) -> Result<T>) -> Result<T> {
        if let Some(error) = &self.broken {
            return Err(error.clone());
        }
        let result = change(self);
        self.broken = result.as_ref().err().cloned();
        result
    }

    fn write(&mut self, block: &[u8]) -> Result<Place> {
        if block.len() > LONGEST {
            let message = format!("a block of {} bytes of waiting URLs is too long", block.len());
            return Err(Error::new(ErrorKind::Internal, message));
        }
        self.append(block).map_err(|cause| {
            folder::unwritten(format!("writing waiting URLs to {}", self.folder.display()), cause)
        })
    }

    fn append(&mut self, block: &[u8]) -> io::Result<Place> {
        let packed = self.packing.pack(block)?;
        let current = self.current()?;
        let offset = u32::try_from(current.length()).map_err(|_| io::ErrorKind::FileTooLarge)?;
        current.gathered.extend_from_slice(&checksum(current.number, offset, &packed).to_le_bytes());
        current.gathered.extend_from_slice(&packed);
        let length = u32::try_from(current.length()).map_err(|_| io::ErrorKind::FileTooLarge)? - offset;
        if current.gathered.len() >= GATHER {
            current.write()?;
        }
        Ok(Place { file: current.number, offset, length })
    }

    fn make_durable(&mut self) -> Result<()> {
        let Some(current) = &mut self.current else { return Ok(()) };
        let path = self.folder.join(name(current.number));
        let synced = current.sync().and_then(|()| self.files.sync_folder(&self.folder));
        synced.map_err(|cause| folder::unwritten(format!("syncing {}", path.display()), cause))
    }

    /// The bytes at a place.
    fn read(&mut self, place: Place) -> io::Result<Vec<u8>> {
        let current = self.current.as_ref().filter(|current| current.number == place.file);
        if let Some(bytes) = current.and_then(|current| current.gathered(place)) {
            return Ok(bytes.to_vec());
        }
        let (path, offset) = (self.path(place.file), u64::from(place.offset));
        if !self.open.contains_key(&place.file) {
            if self.open.len() >= OPEN {
                self.open.clear();
            }
            if let Some(parts) = self.files.parts(&path)? {
                self.open.insert(place.file, parts);
            }
        }
        let Some(parts) = self.open.get(&place.file) else {
            return self.files.read_at(&path, offset, place.length as usize);
        };
        files::part(&**parts, offset, place.length as usize)
    }
}

impl Backlog for BacklogFiles {
    fn put(&mut self, block: &[u8]) -> Result<Place> {
        self.unless_broken(|files| files.write(block))
    }

    fn get(&mut self, place: Place) -> Result<Vec<u8>> {
        let path = self.path(place.file);
        let bytes =
            self.read(place).map_err(|cause| Error::io(format!("reading {}", path.display()), cause))?;
        let bad = || damage(&path, place.offset as usize, "a block does not match its checksum");
        let (sum, packed) = bytes.split_first_chunk::<4>().ok_or_else(bad)?;
        if u32::from_le_bytes(*sum) != checksum(place.file, place.offset, packed) {
            return Err(bad());
        }
        self.packing.unpack(packed).ok_or_else(bad)
    }

    fn room(&self) -> usize {
        self.room
    }

    fn current(&self) -> u32 {
        self.current.as_ref().map_or(self.next, |current| current.number)
    }

    fn sync(&mut self) -> Result<()> {
        self.unless_broken(Self::make_durable)
    }

    fn keep_only(&mut self, in_use: &InUse) {
        self.open.retain(|number, _| in_use.contains_key(number));
    }
}

/// Of a block's bytes and where they belong, so that a block is not taken for another.
fn checksum(file: u32, offset: u32, packed: &[u8]) -> u32 {
    let place = u64::from(file) << 32 | u64::from(offset);
    u32::try_from(xxh3_64_with_seed(packed, place) >> 32).unwrap_or(u32::MAX)
}

/// How a block is made short: its length, whether it is compressed (the lowest bit), and then itself.
struct Packing {
    compressor: Compressor<'static>,
    decompressor: Decompressor<'static>,
}

impl std::fmt::Debug for Packing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Packing").finish_non_exhaustive()
    }
}

impl Packing {
    fn new() -> io::Result<Self> {
        Ok(Self { compressor: Compressor::new(LEVEL)?, decompressor: Decompressor::new()? })
    }

    fn pack(&mut self, block: &[u8]) -> io::Result<Vec<u8>> {
        let compressed =
            if block.len() < WORTHWHILE { Vec::new() } else { self.compressor.compress(block)? };
        let shorter = (1..block.len()).contains(&compressed.len());
        let mut out = Vec::with_capacity(block.len() + 5);
        wire::put_number(&mut out, (block.len() as u64) << 1 | u64::from(shorter));
        out.extend_from_slice(if shorter { &compressed } else { block });
        Ok(out)
    }

    fn unpack(&mut self, packed: &[u8]) -> Option<Vec<u8>> {
        let mut reader = Reader::new(packed);
        let head = reader.number().ok()?;
        let length = usize::try_from(head >> 1).ok().filter(|length| *length <= LONGEST)?;
        let rest = packed.get(packed.len() - reader.left()..)?;
        let block =
            if head & 1 == 0 { rest.to_vec() } else { self.decompressor.decompress(rest, length).ok()? };
        (block.len() == length).then_some(block)
    }
}

fn names(folder: &Path, files: &dyn FileLayer) -> Result<Vec<u32>> {
    let names = folder::names(folder, files)?;
    Ok(names.iter().filter_map(|name| number(name)).collect())
}

/// Refuses a state whose blocks are not there.
pub(super) fn check(folder: &Path, files: &dyn FileLayer, in_use: &InUse) -> Result<()> {
    let there = names(folder, files)?;
    match in_use.keys().find(|number| !there.contains(number)) {
        None => Ok(()),
        Some(number) => Err(damage(&folder.join(name(*number)), 0, "it is missing, and URLs wait in it")),
    }
}

/// Removes the files that hold nothing a snapshot names, up to the newest one that does or that is written to.
pub(super) fn tidy(folder: &Path, files: &dyn FileLayer, in_use: &InUse, before: u32) -> Result<()> {
    for number in
        names(folder, files)?.into_iter().filter(|number| *number < before && !in_use.contains_key(number))
    {
        folder::remove_file(folder, files, &name(number))?;
    }
    Ok(())
}
