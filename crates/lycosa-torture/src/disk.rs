//! A disk in memory behind the frontier's file layer: it knows what is durable, and forgets the rest when the power
//! fails. It can end the life that uses it in the middle of an access, run full, or fail a write or sync.
//!
//! Model: bytes are durable up to the last sync of their file; a name is durable after its folder's sync, and so is
//! its removal. Power loss keeps any prefix of what was not synced, with holes, and any of the undurable names.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard};

use lycosa::frontier::embedded::{FileLayer, LogFile};

use crate::dice::Dice;
use crate::switch::{Switch, gone};
use crate::verdict::locked;

#[derive(Clone, Debug, Default)]
struct Content {
    bytes: Vec<u8>,
    synced: usize,
    named: bool,
}

#[derive(Debug, Default)]
struct Files {
    present: BTreeMap<PathBuf, Content>,
    /// Removed, and not yet durably so.
    removed: BTreeMap<PathBuf, Content>,
}

/// What outlives every life.
#[derive(Clone, Debug, Default)]
pub(crate) struct Disk(Arc<Mutex<Files>>);

impl Disk {
    pub(crate) fn holds(&self, path: &Path) -> bool {
        locked(&self.0).present.contains_key(path)
    }

    /// Drops what was not made durable.
    pub(crate) fn lose_power(&self, dice: &mut Dice) {
        let mut files = locked(&self.0);
        for (path, content) in std::mem::take(&mut files.removed) {
            if dice.one_in(2) {
                files.present.entry(path).or_insert(content);
            }
        }
        files.present.retain(|_, content| content.named || dice.one_in(2));
        for content in files.present.values_mut() {
            forget(&mut content.bytes, content.synced, dice);
            (content.synced, content.named) = (content.bytes.len(), true);
        }
    }
}

/// Cuts bytes anywhere behind the durable ones, and perhaps leaves a hole in what stays.
pub(crate) fn forget(bytes: &mut Vec<u8>, durable: usize, dice: &mut Dice) {
    let durable = durable.min(bytes.len());
    let kept = match dice.below(3) {
        0 => durable,
        1 => bytes.len(),
        _ => dice.place(durable, bytes.len()),
    };
    bytes.truncate(kept);
    if kept > durable && dice.one_in(2) {
        let from = dice.place(durable, kept - 1);
        let to = dice.place(from, kept - 1);
        bytes[from..=to].fill(0);
    }
}

/// What goes wrong in one life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// The life ends inside this change to the disk, counted from 0.
    KillAt(u64),
    /// This change fails.
    FailAt(u64, Failure),
}

/// How a change to the disk fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Failure {
    /// The disk is full, from now on.
    Full,
    /// A write breaks off, once.
    Write,
    /// A sync fails, once.
    Sync,
}

/// The disk as one life sees it.
#[derive(Clone, Debug)]
pub(crate) struct LifeDisk {
    disk: Disk,
    switch: Arc<Switch>,
    trouble: Arc<Mutex<Trouble>>,
    segment: u64,
}

#[derive(Debug)]
struct Trouble {
    fault: Option<Fault>,
    changes: u64,
    struck: bool,
    dice: Dice,
}

/// What becomes of one change.
enum Fate {
    Done,
    /// Only so many bytes are written, then this error.
    Broken(usize, io::Error),
}

impl LifeDisk {
    /// `segment`: bytes after which the log begins a new file.
    pub(crate) fn new(
        disk: Disk,
        switch: Arc<Switch>,
        fault: Option<Fault>,
        segment: u64,
        dice: Dice,
    ) -> Self {
        let trouble = Trouble { fault, changes: 0, struck: false, dice };
        Self { disk, switch, trouble: Arc::new(Mutex::new(trouble)), segment }
    }

    /// Whether the fault has struck.
    pub(crate) fn struck(&self) -> bool {
        locked(&self.trouble).struck
    }

    /// Decides about a change of so many bytes.
    fn fate(&self, turn: &MutexGuard<'_, ()>, length: usize, is_sync: bool) -> Fate {
        let mut trouble = locked(&self.trouble);
        let number = trouble.changes;
        trouble.changes += 1;
        let part = trouble.dice.place(0, length);
        match trouble.fault {
            Some(Fault::KillAt(at)) if number >= at && !trouble.struck => {
                trouble.struck = true;
                self.switch.kill_in_turn(turn);
                Fate::Broken(part, gone())
            }
            Some(Fault::FailAt(at, Failure::Full)) if number >= at && !is_sync => {
                trouble.struck = true;
                Fate::Broken(part, io::ErrorKind::StorageFull.into())
            }
            Some(Fault::FailAt(at, failure))
                if number >= at && !trouble.struck && is_sync == (failure == Failure::Sync) =>
            {
                trouble.struck = true;
                Fate::Broken(part, io::Error::other("the disk reports an input or output error"))
            }
            _ => Fate::Done,
        }
    }

    /// A change that happens whole or not at all.
    fn change(&self, is_sync: bool, apply: impl FnOnce(&mut Files)) -> io::Result<()> {
        let turn = self.switch.turn()?;
        match self.fate(&turn, 1, is_sync) {
            Fate::Done => {
                apply(&mut locked(&self.disk.0));
                Ok(())
            }
            Fate::Broken(part, error) => {
                if part > 0 {
                    apply(&mut locked(&self.disk.0));
                }
                Err(error)
            }
        }
    }
}

impl FileLayer for LifeDisk {
    fn append(&self, path: &Path) -> io::Result<Box<dyn LogFile>> {
        let _turn = self.switch.turn()?;
        locked(&self.disk.0).present.entry(path.to_owned()).or_default();
        Ok(Box::new(OpenFile { life: self.clone(), path: path.to_owned() }))
    }

    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        let _turn = self.switch.turn()?;
        let files = locked(&self.disk.0);
        files.present.get(path).map(|content| content.bytes.clone()).ok_or(io::ErrorKind::NotFound.into())
    }

    fn replace(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        let turn = self.switch.turn()?;
        let mut temporary = path.as_os_str().to_owned();
        temporary.push(".tmp");
        match self.fate(&turn, bytes.len(), false) {
            Fate::Done => {
                let mut files = locked(&self.disk.0);
                let content = Content { bytes: bytes.to_vec(), synced: bytes.len(), named: true };
                files.present.insert(path.to_owned(), content);
                make_names_durable(&mut files, path.parent());
                Ok(())
            }
            Fate::Broken(part, error) => {
                let content = Content { bytes: bytes[..part].to_vec(), ..Content::default() };
                locked(&self.disk.0).present.insert(temporary.into(), content);
                Err(error)
            }
        }
    }

    fn truncate(&self, path: &Path, length: u64) -> io::Result<()> {
        self.change(false, |files| {
            if let Some(content) = files.present.get_mut(path) {
                content.bytes.truncate(usize::try_from(length).unwrap_or(usize::MAX));
                content.synced = content.bytes.len();
            }
        })
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        self.change(false, |files| {
            if let Some(content) = files.present.remove(path)
                && content.named
            {
                files.removed.insert(path.to_owned(), content);
            }
        })
    }

    fn list(&self, folder: &Path) -> io::Result<Vec<String>> {
        let _turn = self.switch.turn()?;
        let files = locked(&self.disk.0);
        let inside = files.present.keys().filter(|path| path.parent() == Some(folder));
        Ok(inside.filter_map(|path| Some(path.file_name()?.to_string_lossy().into_owned())).collect())
    }

    fn sync_folder(&self, folder: &Path) -> io::Result<()> {
        self.change(true, |files| make_names_durable(files, Some(folder)))
    }

    fn segment_size(&self) -> u64 {
        self.segment
    }

    fn history_memory(&self) -> usize {
        // So little that several runs of it are written in a life.
        4_000
    }

    fn waiting_memory(&self) -> usize {
        // So little that a crawl of a few hundred URLs fills files.
        2_000
    }
}

fn make_names_durable(files: &mut Files, folder: Option<&Path>) {
    let inside = |path: &Path| path.parent() == folder;
    files.removed.retain(|path, _| !inside(path));
    for (_, content) in files.present.iter_mut().filter(|(path, _)| inside(path)) {
        content.named = true;
    }
}

#[derive(Debug)]
struct OpenFile {
    life: LifeDisk,
    path: PathBuf,
}

impl LogFile for OpenFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        let turn = self.life.switch.turn()?;
        let (part, result) = match self.life.fate(&turn, bytes.len(), false) {
            Fate::Done => (bytes.len(), Ok(())),
            Fate::Broken(part, error) => (part, Err(error)),
        };
        let mut files = locked(&self.life.disk.0);
        // A file that was removed under its writer still takes bytes; nobody will ever read them.
        if let Some(content) = files.present.get_mut(&self.path) {
            content.bytes.extend_from_slice(&bytes[..part]);
        }
        result
    }

    fn sync(&mut self) -> io::Result<()> {
        self.life.change(true, |files| {
            if let Some(content) = files.present.get_mut(&self.path) {
                content.synced = content.bytes.len();
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::observer::Observer;
    use crate::verdict::Verdict;

    fn life(disk: &Disk, fault: Option<Fault>) -> LifeDisk {
        let observer = Arc::new(Observer::new(Verdict::default(), Duration::ZERO, Duration::ZERO));
        LifeDisk::new(disk.clone(), Arc::new(Switch::new(observer)), fault, 1 << 20, Dice::new(1, 1))
    }

    #[test]
    fn power_loss_takes_what_was_not_synced_and_nothing_else() {
        let mut lengths = std::collections::BTreeSet::new();
        for seed in 0..50 {
            let disk = Disk::default();
            let files = life(&disk, None);
            let path = Path::new("state/log");
            let mut log = files.append(path).unwrap();
            files.sync_folder(Path::new("state")).unwrap();
            log.write(b"durable").unwrap();
            log.sync().unwrap();
            log.write(b" and not").unwrap();
            disk.lose_power(&mut Dice::new(seed, 0));
            let left = files.read(path).unwrap();
            assert!(left.starts_with(b"durable"), "seed {seed}: {left:?}");
            lengths.insert(left.len());
        }
        assert!(lengths.contains(&7) && lengths.contains(&15) && lengths.len() > 2, "{lengths:?}");
    }

    #[test]
    fn a_new_name_is_durable_only_after_its_folder_was_synced() {
        let lost = |synced: bool| {
            (0..50).any(|seed| {
                let disk = Disk::default();
                let files = life(&disk, None);
                files.append(Path::new("state/log")).unwrap().sync().unwrap();
                if synced {
                    files.sync_folder(Path::new("state")).unwrap();
                }
                disk.lose_power(&mut Dice::new(seed, 0));
                !disk.holds(Path::new("state/log"))
            })
        };
        assert!(lost(false) && !lost(true));
    }

    #[test]
    fn after_a_kill_inside_a_write_nothing_reaches_the_disk_any_more() {
        let disk = Disk::default();
        let files = life(&disk, Some(Fault::KillAt(1)));
        let mut log = files.append(Path::new("log")).unwrap();
        log.write(b"whole").unwrap();
        assert!(log.write(b"cut off somewhere").is_err());
        let before = disk.0.lock().unwrap().present[Path::new("log")].bytes.clone();
        assert!(log.write(b"never").is_err() && files.remove(Path::new("log")).is_err());
        assert_eq!(disk.0.lock().unwrap().present[Path::new("log")].bytes, before);
        assert!(before.starts_with(b"whole"));
    }
}
