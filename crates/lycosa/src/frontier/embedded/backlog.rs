//! The backlog on disk: blocks of waiting URLs, compressed, one after the other in files that are only appended to.
//! A file begins with the dictionary that its blocks are compressed with: samples of the blocks before it.
//!
//! A file is the truth of nothing: the log says what waits, a snapshot where the blocks of that moment are. So blocks
//! are synced before a snapshot that names them takes its place, a run never appends to a file of an earlier one, and
//! a file goes when a snapshot names none of its blocks any more.

use std::collections::HashMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use xxhash_rust::xxh3::xxh3_64_with_seed;

use super::files::{self, FileLayer, LogFile, Parts};
use super::folder;
use super::packing::{DICTIONARY, LONGEST, Samples, pack, unpack};
use super::recovery::damage;
use crate::error::{Error, ErrorKind, Result};
use crate::frontier::tables::{Backlog, InUse, Place};

/// Bytes after which a file is left and the next one begun.
const FILE: u64 = 64 << 20;
/// Bytes in use below which what is left of a file is copied to another.
pub(super) const SPARSE: u64 = FILE / 4;
/// The same while there is no whole dictionary: the first files of a run are short.
const FIRST_FILE: u64 = 1 << 20;
/// Bytes before a file's dictionary: its length and its checksum.
const HEAD: usize = 8;
/// Bytes that a dictionary can have: LZ4 refers no further back.
const LONGEST_DICTIONARY: usize = 64 << 10;
/// Bytes of blocks that are handed to the file system at once.
const GATHER: usize = 128 << 10;
/// Files to read from that are open at a time.
const OPEN: usize = 128;

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
    /// Files that blocks were read from.
    open: HashMap<u32, Readable>,
    samples: Samples,
    /// Room to compress in.
    packed: Vec<u8>,
}

/// A file that blocks are read from.
#[derive(Debug)]
struct Readable {
    path: PathBuf,
    /// The file, open; `None` when the file layer is to be asked each time.
    parts: Option<Box<dyn Parts>>,
    dictionary: Box<[u8]>,
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
    dictionary: Box<[u8]>,
}

impl Current {
    fn new(number: u32, file: Box<dyn LogFile>, dictionary: &[u8]) -> Self {
        let length = u32::try_from(dictionary.len()).unwrap_or(u32::MAX);
        let mut gathered = length.to_le_bytes().to_vec();
        gathered.extend_from_slice(&checksum(number, 0, dictionary).to_le_bytes());
        gathered.extend_from_slice(dictionary);
        Self { number, file, written: 0, gathered, dictionary: dictionary.into() }
    }

    fn is_full(&self) -> bool {
        self.length() >= if self.dictionary.len() < DICTIONARY { FIRST_FILE } else { FILE }
    }

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
        let (folder, open, samples) = (folder.to_owned(), HashMap::new(), Samples::default());
        Ok(Self { folder, files, current: None, next, room, broken: None, open, samples, packed: Vec::new() })
    }

    fn path(&self, number: u32) -> PathBuf {
        self.folder.join(name(number))
    }

    /// The file to append to, a new one when the last has become long.
    fn current(&mut self) -> io::Result<&mut Current> {
        if self.current.as_ref().is_some_and(Current::is_full)
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
                Ok(none.insert(Current::new(number, file, self.samples.dictionary())))
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
        let mut packed = std::mem::take(&mut self.packed);
        packed.clear();
        let current = self.current()?;
        pack(block, &current.dictionary, &mut packed);
        let offset = u32::try_from(current.length()).map_err(|_| io::ErrorKind::FileTooLarge)?;
        current.gathered.extend_from_slice(&checksum(current.number, offset, &packed).to_le_bytes());
        current.gathered.extend_from_slice(&packed);
        let length = u32::try_from(current.length()).map_err(|_| io::ErrorKind::FileTooLarge)? - offset;
        if current.gathered.len() >= GATHER {
            current.write()?;
        }
        let place = Place { file: current.number, offset, length };
        self.packed = packed;
        self.samples.note(block);
        Ok(place)
    }

    fn make_durable(&mut self) -> Result<()> {
        let Some(current) = &mut self.current else { return Ok(()) };
        let path = self.folder.join(name(current.number));
        let synced = current.sync().and_then(|()| self.files.sync_folder(&self.folder));
        synced.map_err(|cause| folder::unwritten(format!("syncing {}", path.display()), cause))
    }

    /// The block at a place; `None` when what is there is none.
    fn read(&mut self, place: Place) -> io::Result<Option<Vec<u8>>> {
        let block = |bytes: &[u8], dictionary: &[u8]| {
            let (sum, packed) = bytes.split_first_chunk::<4>()?;
            let is_whole = u32::from_le_bytes(*sum) == checksum(place.file, place.offset, packed);
            if is_whole { unpack(packed, dictionary) } else { None }
        };
        if let Some(current) = self.current.as_ref().filter(|current| current.number == place.file)
            && let Some(bytes) = current.gathered(place)
        {
            return Ok(block(bytes, &current.dictionary));
        }
        self.open(place.file)?;
        let Some(file) = self.open.get(&place.file) else { return Ok(None) };
        let (offset, length) = (u64::from(place.offset), place.length as usize);
        let bytes = files::part_of(&*self.files, &file.path, file.parts.as_deref(), offset, length)?;
        Ok(block(&bytes, &file.dictionary))
    }

    /// Makes sure that a file can be read from, unless its dictionary is damaged.
    fn open(&mut self, number: u32) -> io::Result<()> {
        if self.open.contains_key(&number) {
            return Ok(());
        }
        if self.open.len() >= OPEN {
            self.open.clear();
        }
        let path = self.path(number);
        if let Some(dictionary) = self.dictionary(number, &path)? {
            let parts = self.files.parts(&path)?;
            self.open.insert(number, Readable { path, parts, dictionary });
        }
        Ok(())
    }

    fn dictionary(&self, number: u32, path: &Path) -> io::Result<Option<Box<[u8]>>> {
        let head = self.files.read_at(path, 0, HEAD)?;
        let Some((length, sum)) = head.split_first_chunk::<4>() else { return Ok(None) };
        let length = u32::from_le_bytes(*length) as usize;
        if length > LONGEST_DICTIONARY {
            return Ok(None);
        }
        let bytes = self.files.read_at(path, HEAD as u64, length)?;
        let is_whole = checksum(number, 0, &bytes).to_le_bytes() == *sum;
        Ok(is_whole.then(|| bytes.into()))
    }
}

impl Backlog for BacklogFiles {
    fn put(&mut self, block: &[u8]) -> Result<Place> {
        self.unless_broken(|files| files.write(block))
    }

    fn get(&mut self, place: Place) -> Result<Vec<u8>> {
        let block = match self.read(place) {
            Ok(block) => block,
            Err(cause) if matches!(cause.kind(), io::ErrorKind::UnexpectedEof | io::ErrorKind::NotFound) => {
                None
            }
            Err(cause) => {
                return Err(Error::io(format!("reading {}", self.path(place.file).display()), cause));
            }
        };
        block.ok_or_else(|| {
            let path = self.path(place.file);
            let what = "a block or the file's dictionary is not there or does not match its checksum";
            // It is found while a crawl goes on, which has written since.
            damage(&path, place.offset as usize, what).with_hint(
                "restore the folder and the outputs from copies of one moment, or begin anew with --fresh",
            )
        })
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
