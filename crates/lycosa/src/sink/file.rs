//! An append-only file that knows its length and the checksum of all it holds, and can be taken up again where
//! it was last made durable.
//!
//! Taking up reads everything before the position and compares checksums first; only then is anything cut. A file
//! that failed once accepts nothing more, because what reached the disk is no longer known.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use xxhash_rust::xxh3::Xxh3;

use super::Existing;
use super::position::FilePosition;
use crate::error::{Error, ErrorKind, Phase, Result};

/// See the module.
pub(super) struct DurableFile {
    path: PathBuf,
    file: File,
    hash: Xxh3,
    length: u64,
    /// Bytes that lay after its position when it was taken up, and are gone.
    lost: u64,
    /// Whether something was written or cut since the last sync.
    dirty: bool,
    broken: bool,
}

impl std::fmt::Debug for DurableFile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("DurableFile")
            .field("path", &self.path)
            .field("length", &self.length)
            .field("broken", &self.broken)
            .finish_non_exhaustive()
    }
}

impl DurableFile {
    /// Begins a file, with its parent folders; one that is there is treated as `existing` says. An empty file is
    /// never refused: there is nothing in it to lose, and a kill right after its creation leaves one.
    pub(super) fn begin(path: &Path, existing: Existing) -> Result<Self> {
        create_parent(path)?;
        if existing == Existing::SetAside {
            set_aside(path).map_err(|cause| failed("setting aside", path, cause))?;
        }
        let mut file = open(path, true)?;
        let length = file.metadata().map_err(|cause| failed("reading", path, cause))?.len();
        let mut hash = Xxh3::new();
        let kept = match existing {
            Existing::Refuse if length > 0 => return Err(refused(path)),
            Existing::Append => {
                checksum(&mut file, length, &mut hash).map_err(|cause| failed("reading", path, cause))?;
                length
            }
            Existing::Overwrite | Existing::Refuse | Existing::SetAside => 0,
        };
        let mut file =
            Self { path: path.to_owned(), file, hash, length: kept, lost: 0, dirty: true, broken: false };
        file.cut()?;
        sync_folder(path)?;
        Ok(file)
    }

    /// Takes up a file at a position it once reported.
    pub(super) fn resume(path: &Path, position: FilePosition) -> Result<Self> {
        // A file of which nothing was durable yet may have vanished with the power.
        let mut file = open(path, position.length == 0)?;
        let length = file.metadata().map_err(|cause| failed("reading", path, cause))?.len();
        let hash = checksum_of(path, &mut file, position)?;
        let mut file = Self {
            path: path.to_owned(),
            file,
            hash,
            length: position.length,
            lost: length - position.length,
            dirty: true,
            broken: false,
        };
        file.cut()?;
        Ok(file)
    }

    /// Tells of what was cut. It may be records of a run that was cut off, which are written again, or the text of
    /// somebody else: nobody can tell.
    pub(super) fn notice(&self) -> Option<String> {
        let (lost, path) = (self.lost, self.path.display());
        (lost > 0).then(|| {
            format!("{lost} bytes after the last record known of {path} were cut: of a write that was cut off, or somebody else's")
        })
    }

    /// Bytes it holds.
    pub(super) fn length(&self) -> u64 {
        self.length
    }

    /// Whether it holds something that does not end with a line feed.
    pub(super) fn lacks_line_end(&mut self) -> Result<bool> {
        let mut last = [b'\n'];
        self.guarded("reading", |file| {
            if let Some(at) = file.length.checked_sub(1) {
                file.file.seek(SeekFrom::Start(at))?;
                file.file.read_exact(&mut last)?;
            }
            Ok(())
        })?;
        Ok(last != [b'\n'])
    }

    /// Adds bytes at its end.
    pub(super) fn append(&mut self, bytes: &[u8]) -> Result<()> {
        self.guarded("writing", |file| {
            file.dirty = true;
            file.file.write_all(bytes)?;
            file.hash.update(bytes);
            file.length += bytes.len() as u64;
            Ok(())
        })
    }

    /// Makes everything durable and tells where it stands.
    pub(super) fn sync(&mut self) -> Result<FilePosition> {
        if self.dirty {
            self.guarded("syncing", |file| file.file.sync_data())?;
            self.dirty = false;
        }
        Ok(FilePosition { length: self.length, checksum: self.hash.digest() })
    }

    /// Cuts whatever lies after its length and goes there.
    fn cut(&mut self) -> Result<()> {
        self.guarded("truncating", |file| {
            file.file.set_len(file.length)?;
            file.file.seek(SeekFrom::Start(file.length)).map(drop)
        })
    }

    fn guarded(&mut self, doing: &str, step: impl FnOnce(&mut Self) -> io::Result<()>) -> Result<()> {
        if self.broken {
            let message = format!("{} failed before and takes nothing more", self.path.display());
            return Err(Error::new(ErrorKind::Output, message).in_phase(Phase::Export));
        }
        step(self).map_err(|cause| {
            self.broken = true;
            failed(doing, &self.path, cause)
        })
    }
}

/// Compares what a file holds with what was written up to a position it once reported, and changes nothing; how many bytes
/// that are, and how many are behind them.
///
/// # Errors
/// When it is gone, cannot be read, or is not what was written.
pub(super) fn compare(path: &Path, position: FilePosition) -> Result<(u64, u64)> {
    // A pipe in its place would be waited for.
    if std::fs::metadata(path).is_ok_and(|facts| !facts.is_file()) {
        return Err(changed(path, "it is no file any more"));
    }
    let mut file = File::open(path).map_err(|cause| match cause.kind() {
        io::ErrorKind::NotFound => changed(path, "it is gone").with_hint(GONE),
        _ => failed("opening", path, cause),
    })?;
    checksum_of(path, &mut file, position)?;
    let length = file.metadata().map_err(|cause| failed("reading", path, cause))?.len();
    Ok((position.length, length.saturating_sub(position.length)))
}

/// The checksum of what a file holds up to a position, when it is that of the position.
fn checksum_of(path: &Path, file: &mut File, position: FilePosition) -> Result<Xxh3> {
    let length = file.metadata().map_err(|cause| failed("reading", path, cause))?.len();
    if length < position.length {
        return Err(changed(path, &format!("it has {length} bytes, {} were written", position.length)));
    }
    let mut hash = Xxh3::new();
    checksum(file, position.length, &mut hash).map_err(|cause| failed("reading", path, cause))?;
    if hash.digest() != position.checksum {
        return Err(changed(path, &format!("its first {} bytes are not those written", position.length)));
    }
    Ok(hash)
}

/// What helps when a disk fails.
pub(super) const MEND: &str = "mend the disk, then go on with --resume; what was written is kept";

/// The number of "input/output error" (POSIX errno), for which Rust has no name: a disk that fails, or a file system that
/// gives up.
const EIO: i32 = 5;

/// An output error that names the path and, where the cause is a usual one, what to do.
pub(super) fn failed(doing: &str, path: &Path, cause: io::Error) -> Error {
    let hint = match cause.kind() {
        io::ErrorKind::NotFound => Some("check that its folder exists"),
        io::ErrorKind::PermissionDenied => Some("choose a place that you may write to"),
        io::ErrorKind::IsADirectory => Some("add a trailing / to write numbered parts into a folder"),
        io::ErrorKind::NotADirectory | io::ErrorKind::AlreadyExists => {
            Some("a part of its path is a file; choose another folder")
        }
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
            Some("make room, then continue with --resume; what was written is kept")
        }
        io::ErrorKind::ReadOnlyFilesystem => {
            Some("make the file system writable, then go on with --resume; or choose another place")
        }
        _ if cause.raw_os_error() == Some(EIO) => Some(MEND),
        _ => None,
    };
    let message = format!("{doing} {} failed", path.display());
    let error = Error::new(ErrorKind::Output, message).in_phase(Phase::Export).with_source(cause);
    match hint {
        Some(hint) => error.with_hint(hint),
        None => error,
    }
}

/// Makes the folders above an output.
pub(super) fn create_parent(path: &Path) -> Result<()> {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => {
            std::fs::create_dir_all(parent).map_err(|cause| failed("creating the folder of", path, cause))
        }
        _ => Ok(()),
    }
}

/// Makes a new name in a folder durable. Some file systems cannot sync folders and say so; that is no failure.
pub(super) fn sync_folder(path: &Path) -> Result<()> {
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    match File::open(parent).and_then(|folder| folder.sync_all()) {
        Err(cause) if !matches!(cause.kind(), io::ErrorKind::InvalidInput | io::ErrorKind::Unsupported) => {
            Err(failed("syncing the folder of", path, cause))
        }
        _ => Ok(()),
    }
}

/// Renames a file that holds something to the first number that is free.
fn set_aside(path: &Path) -> io::Result<()> {
    if std::fs::metadata(path).is_ok_and(|found| found.len() > 0) {
        let extension = path.extension().unwrap_or_default().to_string_lossy();
        let mut names = (1_u64..).map(|number| path.with_extension(format!("{number}.{extension}")));
        if let Some(free) = names.find(|name| !name.exists()) {
            std::fs::rename(path, free)?;
        }
    }
    Ok(())
}

/// What helps when what was written is not there any more.
pub(super) const GONE: &str =
    "put it back where it was, or begin anew with --fresh: what it held is nowhere else";

fn open(path: &Path, create: bool) -> Result<File> {
    let file = OpenOptions::new().read(true).write(true).create(create).truncate(false).open(path).map_err(
        |cause| match cause.kind() {
            io::ErrorKind::NotFound => changed(path, "it is gone").with_hint(GONE),
            _ => failed("opening", path, cause),
        },
    )?;
    // Not every file system has locks; only a lock that somebody holds is a reason to stop.
    match file.try_lock() {
        Err(TryLockError::WouldBlock) => {
            let message = format!("another process is writing {}", path.display());
            Err(Error::new(ErrorKind::Output, message).with_hint("choose another output file"))
        }
        _ => Ok(file),
    }
}

fn checksum(file: &mut File, length: u64, hash: &mut Xxh3) -> io::Result<()> {
    file.seek(SeekFrom::Start(0))?;
    let mut left = length;
    let mut buffer = vec![0; 1 << 18];
    while left > 0 {
        let wanted = usize::try_from(left).unwrap_or(usize::MAX).min(buffer.len());
        let piece = &mut buffer[..wanted];
        file.read_exact(piece)?;
        hash.update(piece);
        left -= wanted as u64;
    }
    Ok(())
}

pub(super) fn refused(path: &Path) -> Error {
    Error::new(ErrorKind::Output, format!("{} exists already", path.display()))
        .with_hint("use --overwrite to replace it, --append to write after it, or choose another name")
}

fn changed(path: &Path, what: &str) -> Error {
    let message = format!("{} was changed since this crawl wrote it: {what}", path.display());
    Error::new(ErrorKind::Output, message)
        .in_phase(Phase::Export)
        .with_hint("restore the file as it was, or begin anew with --fresh and --overwrite; nothing was cut")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_disk_that_fails_in_the_middle_ends_a_crawl_with_what_helps() {
        use io::{Error as Cause, ErrorKind as Kind};
        let input_output = Cause::from_raw_os_error(5);
        for cause in [input_output, Kind::ReadOnlyFilesystem.into(), Kind::StorageFull.into()] {
            let error = failed("writing", Path::new("out.jsonl"), cause);
            assert!(error.hint().is_some_and(|hint| hint.contains("--resume")), "{error:?}");
        }
    }
}
