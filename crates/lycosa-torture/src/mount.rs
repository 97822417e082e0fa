//! Real file systems that break: one that runs full (tmpfs of a few pages) and one that becomes read-only under
//! whoever writes to it (ext4 on a loop device, mounted with `errors=remount-ro`, that is told that it met an error).
//! Both need the right to mount.
//!
//! `mount -o remount,ro` is no way to do that: Linux refuses it (EBUSY) as long as a file is open for writing.

use std::fmt;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use lycosa::frontier::embedded::{Disk, FileLayer, LogFile};
use lycosa::{Error, Result};
use tempfile::TempDir;

/// KiB of a file system that runs full, at first, and what it gets each time that it is mended.
const ROOM: (u64, u64) = (96, 64);
/// Bytes of a file system that becomes read-only.
const IMAGE: u64 = 24 << 20;

/// How a file system breaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Break {
    /// It runs full.
    Full,
    /// It becomes read-only in the middle of a life.
    ReadOnly,
}

impl fmt::Display for Break {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Full => "runs full",
            Self::ReadOnly => "becomes read-only",
        })
    }
}

/// A file system of the torture's own; goes away when dropped.
#[derive(Debug)]
pub(crate) struct Mount {
    pub(crate) kind: Break,
    folder: TempDir,
    room: AtomicU64,
    times: AtomicU64,
}

impl Mount {
    /// A new one, or why there is none here.
    pub(crate) fn new(kind: Break) -> std::result::Result<Arc<Self>, String> {
        let folder = TempDir::new().map_err(|cause| cause.to_string())?;
        let mount = Self { kind, folder, room: AtomicU64::new(ROOM.0), times: AtomicU64::new(0) };
        std::fs::create_dir(mount.path()).map_err(|cause| cause.to_string())?;
        if kind == Break::ReadOnly {
            let image = std::fs::File::create(mount.image()).map_err(|cause| cause.to_string())?;
            image.set_len(IMAGE).map_err(|cause| cause.to_string())?;
            run("mkfs.ext4", &["-q", "-F", &text(&mount.image())])?;
        }
        mount.attach()?;
        if kind == Break::ReadOnly {
            // Whether it can be done here.
            mount.strike()?;
            mount.renew()?;
        }
        Ok(Arc::new(mount))
    }

    /// Where it is mounted.
    pub(crate) fn path(&self) -> PathBuf {
        self.folder.path().join("mounted")
    }

    /// How often it broke.
    pub(crate) fn times(&self) -> u64 {
        self.times.load(Ordering::Relaxed)
    }

    fn image(&self) -> PathBuf {
        self.folder.path().join("image")
    }

    fn attach(&self) -> std::result::Result<(), String> {
        let path = text(&self.path());
        match self.kind {
            Break::Full => {
                let size = format!("size={}k", self.room.load(Ordering::Relaxed));
                run("mount", &["-t", "tmpfs", "-o", &size, "lycosa-torture", &path]).map(drop)
            }
            Break::ReadOnly => {
                run("mount", &["-o", "loop,errors=remount-ro", &text(&self.image()), &path]).map(drop)
            }
        }
    }

    /// Makes it read-only, whoever writes: it meets an error, on which it gives up its journal.
    ///
    /// It stands still meanwhile. Otherwise an fdatasync that is under way may answer that all went well although the
    /// kernel has thrown its transaction away (`docs/torture.md`), and no program could keep what it was told is kept.
    ///
    /// # Errors
    /// When it is not read-only then.
    pub(crate) fn strike(&self) -> std::result::Result<(), String> {
        let path = text(&self.path());
        let device = run("findmnt", &["--noheadings", "--output", "SOURCE", &path])?;
        let device = device.trim().trim_start_matches("/dev/");
        let trigger = format!("/sys/fs/ext4/{device}/trigger_fs_error");
        run("fsfreeze", &["--freeze", &path])?;
        let met = std::fs::write(&trigger, "torture");
        run("fsfreeze", &["--unfreeze", &path])?;
        met.map_err(|cause| format!("{trigger} cannot be written: {cause}"))?;
        match std::fs::File::create(self.path().join("probe")) {
            Err(cause) if cause.kind() == std::io::ErrorKind::ReadOnlyFilesystem => Ok(()),
            Err(cause) => Err(format!("instead of read-only, it is broken: {cause}")),
            Ok(_) => Err("it is not read-only after an error".to_owned()),
        }
    }

    /// Gives it room, or makes it writable again.
    ///
    /// # Errors
    /// When the torture's own commands fail.
    pub(crate) fn mend(&self) -> Result<()> {
        self.times.fetch_add(1, Ordering::Relaxed);
        let mended = match self.kind {
            Break::Full => {
                let room = self.room.fetch_add(ROOM.1, Ordering::Relaxed) + ROOM.1;
                run("mount", &["-o", &format!("remount,size={room}k"), &text(&self.path())]).map(drop)
            }
            Break::ReadOnly => self.renew(),
        };
        mended.map_err(|what| Error::new(lycosa::ErrorKind::Io, what))
    }

    /// Checks the file system and mounts it anew: one that gave up cannot be remounted for writing.
    fn renew(&self) -> std::result::Result<(), String> {
        run("umount", &[&text(&self.path())])?;
        // Answers 1 when it has mended something.
        drop(run("e2fsck", &["-p", "-f", &text(&self.image())]));
        self.attach()
    }
}

impl Drop for Mount {
    fn drop(&mut self) {
        if let Err(what) = run("umount", &[&text(&self.path())]) {
            drop(writeln!(std::io::stderr(), "{what}"));
        }
    }
}

fn text(path: &Path) -> String {
    path.display().to_string()
}

/// Answers what it said.
fn run(program: &str, words: &[&str]) -> std::result::Result<String, String> {
    let ran = Command::new(program).args(words).stdin(Stdio::null()).output();
    let ran = ran.map_err(|cause| format!("{program} cannot be run: {cause}"))?;
    if ran.status.success() {
        return Ok(String::from_utf8_lossy(&ran.stdout).into_owned());
    }
    let said = String::from_utf8_lossy(&ran.stderr);
    Err(format!("{program} failed: {}", said.lines().next().unwrap_or("without a word")))
}

/// The real file system, with files so small that a short crawl has many.
#[derive(Debug)]
pub(crate) struct SmallFiles {
    pub(crate) segment: u64,
}

impl FileLayer for SmallFiles {
    fn append(&self, path: &Path) -> std::io::Result<Box<dyn LogFile>> {
        Disk.append(path)
    }

    fn read(&self, path: &Path) -> std::io::Result<Vec<u8>> {
        Disk.read(path)
    }

    fn replace(&self, path: &Path, bytes: &[u8]) -> std::io::Result<()> {
        Disk.replace(path, bytes)
    }

    fn truncate(&self, path: &Path, length: u64) -> std::io::Result<()> {
        Disk.truncate(path, length)
    }

    fn remove(&self, path: &Path) -> std::io::Result<()> {
        Disk.remove(path)
    }

    fn list(&self, folder: &Path) -> std::io::Result<Vec<String>> {
        Disk.list(folder)
    }

    fn sync_folder(&self, folder: &Path) -> std::io::Result<()> {
        Disk.sync_folder(folder)
    }

    fn read_at(&self, path: &Path, offset: u64, length: usize) -> std::io::Result<Vec<u8>> {
        Disk.read_at(path, offset, length)
    }

    fn segment_size(&self) -> u64 {
        self.segment
    }

    fn waiting_memory(&self) -> usize {
        2_000
    }
}
