//! The positions that sinks store: a version, then `name=value` words, so that a person can read them.

use std::fmt;
use std::path::Path;

use crate::error::{Error, ErrorKind, Result};
use crate::model::Position;

/// Where a durable file stands: its length and the checksum of every byte before that.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct FilePosition {
    pub(super) length: u64,
    /// xxh3-64 of the first `length` bytes.
    pub(super) checksum: u64,
}

impl fmt::Display for FilePosition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "v1 length={} xxh3={:016x}", self.length, self.checksum)
    }
}

impl FilePosition {
    pub(super) fn parse(position: &Position, path: &Path) -> Result<Self> {
        let length = number(position, "length", 10);
        let checksum = number(position, "xxh3", 16);
        match (position.0.starts_with("v1 "), length, checksum) {
            (true, Some(length), Some(checksum)) => Ok(Self { length, checksum }),
            _ => Err(unreadable(position, path)),
        }
    }
}

/// The value of one word of a position.
pub(super) fn number(position: &Position, name: &str, radix: u32) -> Option<u64> {
    let mut words = position.0.split(' ').filter_map(|word| word.split_once('='));
    let (_, value) = words.find(|(key, _)| *key == name)?;
    u64::from_str_radix(value, radix).ok()
}

pub(super) fn unreadable(position: &Position, path: &Path) -> Error {
    let message = format!("the stored position of {} cannot be read: {:?}", path.display(), position.0);
    Error::new(ErrorKind::Corrupt, message)
        .with_hint("the state was made by another version; start anew with --fresh and another output file")
}
