//! Where the socket is: a file in the state folder, reached by a short name.
//!
//! The address of a Unix socket has 108 bytes at most (unix(7)). A folder whose path is longer is reached by the number
//! under which this process has it open.

use std::fs::File;
use std::os::fd::AsRawFd as _;
use std::path::{Path, PathBuf};

/// Its name in the state folder.
pub const FILE: &str = "control.sock";

/// Bytes that an address may have, its end apart.
const LONGEST: usize = 107;

/// The socket of the crawl in a folder.
#[must_use]
pub fn path(folder: &Path) -> PathBuf {
    folder.join(FILE)
}

/// A short way to a file in a folder, for as long as this value lives.
#[derive(Debug)]
pub(super) struct Way {
    pub(super) path: PathBuf,
    _folder: Option<File>,
}

impl Way {
    /// The way to the file of this name.
    ///
    /// # Errors
    /// When the folder cannot be opened.
    pub(super) fn to(folder: &Path, name: &str) -> std::io::Result<Self> {
        let path = folder.join(name);
        if path.as_os_str().len() <= LONGEST {
            return Ok(Self { path, _folder: None });
        }
        let open = File::open(folder)?;
        let path = PathBuf::from(format!("/proc/self/fd/{}", open.as_raw_fd())).join(name);
        Ok(Self { path, _folder: Some(open) })
    }
}
