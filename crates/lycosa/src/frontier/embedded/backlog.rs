//! The backlog on disk: blocks of waiting URLs, compressed, one after the other in files that are only appended to.
//!
//! A file is the truth of nothing: the log says what waits, a snapshot where the blocks of that moment are. So blocks
//! are synced before a snapshot that names them takes its place, a run never appends to a file of an earlier one, and
//! a file goes when a snapshot names none of its blocks any more.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::files::{FileLayer, LogFile};
use super::frame;
use super::recovery::damage;
use crate::error::{Error, ErrorKind, Result};
use crate::frontier::tables::{Backlog, InUse, Place};

/// Bytes after which a file is left and the next one begun.
const FILE: u64 = 64 << 20;
/// Bytes in use below which what is left of a file is copied to another.
pub(super) const SPARSE: u64 = FILE / 4;
/// The fastest level: most of a block is fingerprints, which do not compress.
const LEVEL: i32 = 1;
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
    /// The file that is appended to: its number, itself, its length.
    current: Option<(u32, Box<dyn LogFile>, u64)>,
    next: u32,
    room: usize,
    /// Why nothing is written any more: what a failed write or sync left is not known.
    broken: Option<Error>,
}

impl BacklogFiles {
    /// Begins after the files that are there.
    pub(super) fn new(folder: &Path, files: Arc<dyn FileLayer>) -> Result<Self> {
        let names = names(folder, &*files)?;
        let next = names.into_iter().max().map_or(1, |last| last.saturating_add(1));
        let room = files.waiting_memory();
        Ok(Self { folder: folder.to_owned(), files, current: None, next, room, broken: None })
    }

    fn path(&self, number: u32) -> PathBuf {
        self.folder.join(name(number))
    }

    fn begin(&mut self) -> Result<()> {
        if let Some((number, mut file, _)) = self.current.take() {
            file.sync()
                .map_err(|cause| Error::io(format!("syncing {}", self.path(number).display()), cause))?;
        }
        let path = self.path(self.next);
        let file = self
            .files
            .append(&path)
            .map_err(|cause| Error::io(format!("beginning {}", path.display()), cause))?;
        self.current = Some((self.next, file, 0));
        self.next += 1;
        Ok(())
    }
}

impl BacklogFiles {
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
        if self.current.as_ref().is_none_or(|(_, _, length)| *length >= FILE) {
            self.begin()?;
        }
        let folder = self.folder.clone();
        let failed = |cause| {
            Error::io(format!("writing waiting URLs to {}", folder.display()), cause)
                .with_hint("free space or mend the disk, then go on with --resume: nothing committed is lost")
        };
        let mut packed = u32::try_from(block.len()).unwrap_or(u32::MAX).to_le_bytes().to_vec();
        packed.extend(zstd::bulk::compress(block, LEVEL).map_err(failed)?);
        let Some((number, file, length)) = &mut self.current else {
            return Err(failed(std::io::ErrorKind::NotFound.into()));
        };
        let whole = [&frame::head(u64::from(*number), &packed)[..], &packed].concat();
        file.write(&whole).map_err(failed)?;
        let place = Place {
            file: *number,
            offset: u32::try_from(*length).unwrap_or(u32::MAX),
            length: u32::try_from(whole.len()).unwrap_or(u32::MAX),
        };
        *length += whole.len() as u64;
        Ok(place)
    }

    fn make_durable(&mut self) -> Result<()> {
        let Some((number, file, _)) = &mut self.current else { return Ok(()) };
        let path = self.folder.join(name(*number));
        let synced = file.sync().and_then(|()| self.files.sync_folder(&self.folder));
        synced.map_err(|cause| Error::io(format!("syncing {}", path.display()), cause))
    }
}

impl Backlog for BacklogFiles {
    fn put(&mut self, block: &[u8]) -> Result<Place> {
        self.unless_broken(|files| files.write(block))
    }

    fn get(&self, place: Place) -> Result<Vec<u8>> {
        let path = self.path(place.file);
        let bytes = self
            .files
            .read_at(&path, u64::from(place.offset), place.length as usize)
            .map_err(|cause| Error::io(format!("reading {}", path.display()), cause))?;
        let bad = || damage(&path, place.offset as usize, "a block does not match its checksum");
        let frame = frame::read(&bytes).filter(|frame| frame.first_lsn == u64::from(place.file));
        let (length, packed) =
            frame.and_then(|frame| frame.payload.split_first_chunk::<4>()).ok_or_else(bad)?;
        let length = usize::try_from(u32::from_le_bytes(*length)).ok().filter(|length| *length <= LONGEST);
        zstd::bulk::decompress(packed, length.ok_or_else(bad)?).map_err(|_| bad())
    }

    fn room(&self) -> usize {
        self.room
    }

    fn current(&self) -> u32 {
        self.current.as_ref().map_or(self.next, |(number, _, _)| *number)
    }

    fn sync(&mut self) -> Result<()> {
        self.unless_broken(Self::make_durable)
    }
}

fn names(folder: &Path, files: &dyn FileLayer) -> Result<Vec<u32>> {
    let names =
        files.list(folder).map_err(|cause| Error::io(format!("reading {}", folder.display()), cause))?;
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
        let path = folder.join(name(number));
        files.remove(&path).map_err(|cause| Error::io(format!("removing {}", path.display()), cause))?;
    }
    Ok(())
}
