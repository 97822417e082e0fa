//! The file layer: everything the embedded frontier asks of a file system, so that tests can fail it.
//!
//! [`Disk`] is the real one. A simulated one, which loses what was not synced, tears writes and runs full, lives
//! beside the tests.

use std::fmt::Debug;
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufReader, BufWriter, Write as _};
use std::path::{Path, PathBuf};

/// What writes the content of a file that takes another's place.
pub type Write<'w> = Box<dyn FnOnce(&mut dyn io::Write) -> io::Result<()> + 'w>;

/// What the log and its snapshots need of a file system.
pub trait FileLayer: Send + Sync + Debug {
    /// Opens a file for appending, made if it is not there.
    ///
    /// # Errors
    /// Whatever the file system says.
    fn append(&self, path: &Path) -> io::Result<Box<dyn LogFile>>;

    /// The whole content of a file.
    ///
    /// # Errors
    /// Whatever the file system says.
    fn read(&self, path: &Path) -> io::Result<Vec<u8>>;

    /// Puts a file in place, whole and durable, or not at all: a temporary file, synced, renamed, folder synced.
    ///
    /// # Errors
    /// Whatever the file system says; the file that was there before stays.
    fn replace(&self, path: &Path, bytes: &[u8]) -> io::Result<()>;

    /// As [`replace`](Self::replace), for content too large to be held at once: it is written piece by piece.
    ///
    /// # Errors
    /// What `write` or the file system says; the file that was there before stays.
    fn replace_with(&self, path: &Path, write: Write<'_>) -> io::Result<()> {
        let mut bytes = Vec::new();
        write(&mut bytes)?;
        self.replace(path, &bytes)
    }

    /// A file's content from its beginning on, piece by piece.
    ///
    /// # Errors
    /// Whatever the file system says.
    fn open(&self, path: &Path) -> io::Result<Box<dyn io::Read>> {
        Ok(Box::new(io::Cursor::new(self.read(path)?)))
    }

    /// Cuts a file to a length, durably.
    ///
    /// # Errors
    /// Whatever the file system says.
    fn truncate(&self, path: &Path, length: u64) -> io::Result<()>;

    /// Removes a file; that it is not there is no error.
    ///
    /// # Errors
    /// Whatever the file system says.
    fn remove(&self, path: &Path) -> io::Result<()>;

    /// The names of the files in a folder; none when the folder is not there.
    ///
    /// # Errors
    /// Whatever the file system says.
    fn list(&self, folder: &Path) -> io::Result<Vec<String>>;

    /// Makes new names in a folder durable.
    ///
    /// # Errors
    /// Whatever the file system says.
    fn sync_folder(&self, folder: &Path) -> io::Result<()>;

    /// Bytes of a file from a place on.
    ///
    /// # Errors
    /// Whatever the file system says; when the file ends before.
    fn read_at(&self, path: &Path, offset: u64, length: usize) -> io::Result<Vec<u8>> {
        let start = usize::try_from(offset).unwrap_or(usize::MAX);
        let bytes = self.read(path)?;
        let part = bytes.get(start..start.saturating_add(length));
        part.map(<[u8]>::to_vec).ok_or_else(|| io::ErrorKind::UnexpectedEof.into())
    }

    /// Opens a file to read parts of it many times; `None` when [`read_at`](Self::read_at) is to be asked each time.
    ///
    /// # Errors
    /// Whatever the file system says.
    fn parts(&self, path: &Path) -> io::Result<Option<Box<dyn Parts>>> {
        let _ = path;
        Ok(None)
    }

    /// Bytes of waiting URLs that are kept in memory; what goes beyond waits in files. Default 64 MiB.
    fn waiting_memory(&self) -> usize {
        64 << 20
    }

    /// Bytes of history that gather in memory before they are written. Default 4 MiB.
    fn history_memory(&self) -> usize {
        4 << 20
    }

    /// Bytes after which a file of the log is left and the next one begun. Default 64 MiB.
    fn segment_size(&self) -> u64 {
        64 << 20
    }
}

/// A file of which parts are read.
pub trait Parts: Send + Debug {
    /// Bytes of the file.
    ///
    /// # Errors
    /// Whatever the file system says.
    fn length(&self) -> io::Result<u64>;

    /// Fills the bytes with what the file has from a place on.
    ///
    /// # Errors
    /// Whatever the file system says; when the file ends before.
    fn read_at(&self, offset: u64, bytes: &mut [u8]) -> io::Result<()>;
}

/// A file that is only appended to.
pub trait LogFile: Send + Debug {
    /// Writes all of these bytes at the end.
    ///
    /// # Errors
    /// Whatever the file system says; part of the bytes may have been written.
    fn write(&mut self, bytes: &[u8]) -> io::Result<()>;

    /// Makes everything written durable (fdatasync).
    ///
    /// # Errors
    /// Whatever the file system says; what is durable is then unknown, and trying again would lie.
    fn sync(&mut self) -> io::Result<()>;
}

/// Bytes of large files that are written or read at once.
const PIECE: usize = 256 << 10;

/// The real file system.
#[derive(Clone, Copy, Debug, Default)]
pub struct Disk;

impl FileLayer for Disk {
    fn append(&self, path: &Path) -> io::Result<Box<dyn LogFile>> {
        Ok(Box::new(OpenOptions::new().create(true).append(true).open(path)?))
    }

    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        fs::read(path)
    }

    fn replace(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        self.replace_with(path, Box::new(|out| out.write_all(bytes)))
    }

    fn replace_with(&self, path: &Path, write: Write<'_>) -> io::Result<()> {
        let temporary = temporary(path);
        let put = || {
            let mut out = BufWriter::with_capacity(PIECE, File::create(&temporary)?);
            write(&mut out)?;
            out.into_inner()?.sync_all()?;
            fs::rename(&temporary, path)
        };
        if let Err(error) = put() {
            // It would only take room, of which there may be none.
            drop(fs::remove_file(&temporary));
            return Err(error);
        }
        path.parent().map_or(Ok(()), |folder| self.sync_folder(folder))
    }

    fn read_at(&self, path: &Path, offset: u64, length: usize) -> io::Result<Vec<u8>> {
        part(&File::open(path)?, offset, length)
    }

    fn parts(&self, path: &Path) -> io::Result<Option<Box<dyn Parts>>> {
        Ok(Some(Box::new(File::open(path)?)))
    }

    fn open(&self, path: &Path) -> io::Result<Box<dyn io::Read>> {
        Ok(Box::new(BufReader::with_capacity(PIECE, File::open(path)?)))
    }

    fn truncate(&self, path: &Path, length: u64) -> io::Result<()> {
        let file = OpenOptions::new().write(true).open(path)?;
        file.set_len(length)?;
        file.sync_all()
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        match fs::remove_file(path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }

    fn list(&self, folder: &Path) -> io::Result<Vec<String>> {
        let entries = match fs::read_dir(folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(error),
        };
        entries.map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned())).collect()
    }

    fn sync_folder(&self, folder: &Path) -> io::Result<()> {
        let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
        File::open(folder)?.sync_all()
    }
}

impl Parts for File {
    fn length(&self) -> io::Result<u64> {
        Ok(self.metadata()?.len())
    }

    #[cfg(unix)]
    fn read_at(&self, offset: u64, bytes: &mut [u8]) -> io::Result<()> {
        std::os::unix::fs::FileExt::read_exact_at(self, bytes, offset)
    }

    #[cfg(not(unix))]
    fn read_at(&self, offset: u64, bytes: &mut [u8]) -> io::Result<()> {
        use std::io::{Read as _, Seek as _};

        let mut file = self;
        file.seek(io::SeekFrom::Start(offset))?;
        file.read_exact(bytes)
    }
}

impl LogFile for File {
    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.write_all(bytes)
    }

    fn sync(&mut self) -> io::Result<()> {
        self.sync_data()
    }
}

/// Bytes of a file from a place on, which is open where the file layer has such files.
pub(super) fn part_of(
    files: &dyn FileLayer,
    path: &Path,
    open: Option<&dyn Parts>,
    offset: u64,
    length: usize,
) -> io::Result<Vec<u8>> {
    open.map_or_else(|| files.read_at(path, offset, length), |open| part(open, offset, length))
}

/// Bytes of a file from a place on. There is room made for what the file has, whatever a damaged state asks for.
fn part(file: &dyn Parts, offset: u64, length: usize) -> io::Result<Vec<u8>> {
    let end = offset.checked_add(length as u64).ok_or(io::ErrorKind::UnexpectedEof)?;
    // Little is asked for nearly always, and then the question would cost more than the room.
    if length > PIECE && end > file.length()? {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    let mut bytes = vec![0; length];
    file.read_at(offset, &mut bytes).map(|()| bytes)
}

/// How the name of a file ends that is being written.
pub(super) const UNFINISHED: &str = ".tmp";

/// The name under which a file is written before it takes its place.
pub(super) fn temporary(path: &Path) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(UNFINISHED);
    path.with_file_name(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_room_is_made_for_more_than_a_file_has() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("small");
        fs::write(&path, b"0123456789").unwrap();
        assert_eq!(Disk.read_at(&path, 8, 2).unwrap(), b"89");
        for (offset, length) in [(8, 3), (0, usize::MAX), (u64::MAX, 1), (4, isize::MAX as usize)] {
            let error = Disk.read_at(&path, offset, length).unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::UnexpectedEof, "{offset} {length}");
        }
        assert!(Disk.read_at(folder.path(), 0, 1).is_err(), "a folder");
    }
}
