//! The files of fingerprints that memory has no room for: immutable runs.
//!
//! A run is the truth of nothing: it holds what the log had said when a snapshot names it. It is durable before that
//! snapshot is begun, and those it was made of go when that one is in place: a process that ends at any moment leaves the
//! runs that its newest snapshot names, and others that the next opening removes. What it leaves out: the format
//! ([`Runs`](crate::frontier::tables::Runs) and its users know it).

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use super::files::{self, FileLayer, Parts};
use super::folder;
use super::recovery::damage;
use crate::error::{Error, Result};
use crate::frontier::tables::Runs;

/// The name of a file.
fn name(number: u32) -> String {
    format!("seen-{number:010}")
}

/// The number of a file, by its name.
pub(super) fn number(name: &str) -> Option<u32> {
    name.strip_prefix("seen-").filter(|rest| rest.len() == 10)?.parse().ok()
}

/// The files.
#[derive(Debug)]
pub(super) struct SeenFiles {
    folder: PathBuf,
    files: Arc<dyn FileLayer>,
    room: usize,
    /// The runs that were read, open.
    open: Mutex<BTreeMap<u32, Option<Box<dyn Parts>>>>,
}

impl SeenFiles {
    /// Runs in a folder, with so many bytes of memory before one is written.
    pub(super) fn new(folder: &Path, files: Arc<dyn FileLayer>, room: usize) -> Self {
        Self { folder: folder.to_owned(), files, room, open: Mutex::default() }
    }

    fn path(&self, number: u32) -> PathBuf {
        self.folder.join(name(number))
    }

    fn bytes(&self, number: u32, offset: u64, length: usize) -> io::Result<Vec<u8>> {
        let path = self.path(number);
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let parts = match open.entry(number) {
            Entry::Occupied(there) => there.into_mut(),
            Entry::Vacant(place) => place.insert(self.files.parts(&path)?),
        };
        let parts = parts.as_deref();
        files::part_of(&*self.files, &path, parts, offset, length)
    }
}

impl Runs for SeenFiles {
    fn room(&self) -> usize {
        self.room
    }

    fn read(&self, number: u32, offset: u64, length: usize) -> Result<Vec<u8>> {
        self.bytes(number, offset, length).map_err(|cause| match cause.kind() {
            io::ErrorKind::UnexpectedEof => damage(&self.path(number), at(offset), "its end is missing"),
            io::ErrorKind::NotFound => {
                damage(&self.path(number), 0, "it is missing, and it says which URLs are known")
            }
            _ => Error::io(format!("reading {}", self.path(number).display()), cause),
        })
    }

    fn write(&self, number: u32, write: &mut dyn FnMut(&mut dyn io::Write) -> io::Result<()>) -> Result<()> {
        let path = self.path(number);
        self.files
            .replace_with(&path, Box::new(|out| write(out)))
            .map_err(|cause| folder::unwritten(format!("writing {}", path.display()), cause))
    }

    fn damaged(&self, number: u32, offset: u64) -> Error {
        damage(&self.path(number), at(offset), "a block does not match its checksum")
    }

    fn beside(&self) -> Box<dyn Runs> {
        Box::new(Self::new(&self.folder, self.files.clone(), self.room))
    }

    fn close(&self, number: u32) {
        self.open.lock().unwrap_or_else(PoisonError::into_inner).remove(&number);
    }
}

fn at(offset: u64) -> usize {
    usize::try_from(offset).unwrap_or(usize::MAX)
}

fn numbers(folder: &Path, files: &dyn FileLayer) -> Result<Vec<u32>> {
    let names = folder::names(folder, files)?;
    Ok(names.iter().filter_map(|name| number(name)).collect())
}

/// Removes the runs whose numbers are below `end`, but for those that are needed.
pub(super) fn tidy(folder: &Path, files: &dyn FileLayer, needed: &[u32], end: u32) -> Result<()> {
    let is_left = |number: &u32| *number < end && !needed.contains(number);
    for number in numbers(folder, files)?.into_iter().filter(is_left) {
        folder::remove_file(folder, files, &name(number))?;
    }
    Ok(())
}
