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
use crate::point::{Aim, Point, Side};
use crate::switch::{Switch, gone};
use crate::verdict::locked;

#[derive(Clone, Debug, Default)]
struct Content {
    bytes: Vec<u8>,
    synced: usize,
    named: bool,
    /// What has the name as long as this file's is not durable.
    before: Option<Box<Self>>,
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
        files.present.retain(|_, content| match content.before.take() {
            // One or the other has the name, whatever happens.
            Some(before) => {
                if dice.one_in(2) {
                    *content = *before;
                }
                true
            }
            None => content.named || dice.one_in(2),
        });
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
    /// Nothing can be written from now on.
    ReadOnly,
}

/// The disk as one life sees it.
#[derive(Clone, Debug)]
pub(crate) struct LifeDisk {
    disk: Disk,
    switch: Arc<Switch>,
    trouble: Arc<Mutex<Trouble>>,
    aim: Aim,
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
        aim: Aim,
        segment: u64,
        dice: Dice,
    ) -> Self {
        let trouble = Trouble { fault, changes: 0, struck: false, dice };
        Self { disk, switch, trouble: Arc::new(Mutex::new(trouble)), aim, segment }
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
            Some(Fault::FailAt(at, Failure::ReadOnly)) if number >= at => {
                trouble.struck = true;
                Fate::Broken(0, io::ErrorKind::ReadOnlyFilesystem.into())
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

    /// One change of so many bytes, 0 for a sync: `apply` is told how many of them reach the disk.
    fn step(&self, point: Point, length: usize, apply: impl FnOnce(&mut Files, usize)) -> io::Result<()> {
        let turn = self.switch.turn()?;
        let dies = |side| {
            let dies = self.aim.strikes(point, side);
            if dies {
                self.switch.kill_in_turn(&turn);
            }
            dies
        };
        if dies(Side::Before) {
            return Err(gone());
        }
        if dies(Side::Inside) {
            let part = locked(&self.trouble).dice.place(0, length);
            apply(&mut locked(&self.disk.0), part);
            return Err(gone());
        }
        match self.fate(&turn, length, length == 0) {
            Fate::Done => apply(&mut locked(&self.disk.0), length),
            Fate::Broken(part, error) => {
                if part > 0 {
                    apply(&mut locked(&self.disk.0), part);
                }
                return Err(error);
            }
        }
        if dies(Side::After) { Err(gone()) } else { Ok(()) }
    }
}

impl FileLayer for LifeDisk {
    fn append(&self, path: &Path) -> io::Result<Box<dyn LogFile>> {
        let is_new = !locked(&self.disk.0).present.contains_key(path);
        if is_new {
            let point = Point::of(path, [Point::LogBegin, Point::Other, Point::BacklogBegin, Point::Other]);
            self.step(point, 1, |files, _| {
                files.present.entry(path.to_owned()).or_default();
            })?;
        }
        let _turn = self.switch.turn()?;
        Ok(Box::new(OpenFile { life: self.clone(), path: path.to_owned() }))
    }

    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        let _turn = self.switch.turn()?;
        let files = locked(&self.disk.0);
        files.present.get(path).map(|content| content.bytes.clone()).ok_or(io::ErrorKind::NotFound.into())
    }

    fn replace(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        let mut temporary = path.as_os_str().to_owned();
        temporary.push(".tmp");
        let temporary = PathBuf::from(temporary);
        let point = |snapshot, run| Point::of(path, [Point::Other, snapshot, Point::Other, run]);
        self.step(point(Point::SnapshotWrite, Point::RunWrite), bytes.len(), |files, part| {
            let content = Content { bytes: bytes[..part].to_vec(), ..Content::default() };
            files.present.insert(temporary.clone(), content);
        })?;
        self.step(point(Point::SnapshotSync, Point::RunSync), 0, |files, _| make_durable(files, &temporary))?;
        self.step(point(Point::SnapshotRename, Point::RunRename), 1, |files, _| {
            if let Some(mut content) = files.present.remove(&temporary) {
                content.named = false;
                content.before = files.present.remove(path).map(Box::new);
                files.present.insert(path.to_owned(), content);
            }
        })?;
        path.parent().map_or(Ok(()), |folder| self.sync_folder(folder))
    }

    fn truncate(&self, path: &Path, length: u64) -> io::Result<()> {
        let point = Point::of(path, [Point::LogCut, Point::Other, Point::Other, Point::Other]);
        self.step(point, 1, |files, _| {
            if let Some(content) = files.present.get_mut(path) {
                content.bytes.truncate(usize::try_from(length).unwrap_or(usize::MAX));
                content.synced = content.bytes.len();
            }
        })
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        let points = [Point::LogTidy, Point::SnapshotTidy, Point::BacklogTidy, Point::RunTidy];
        self.step(Point::of(path, points), 1, |files, _| {
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
        self.step(Point::FolderSync, 0, |files, _| make_names_durable(files, Some(folder)))
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

fn make_durable(files: &mut Files, path: &Path) {
    if let Some(content) = files.present.get_mut(path) {
        content.synced = content.bytes.len();
    }
}

fn make_names_durable(files: &mut Files, folder: Option<&Path>) {
    let inside = |path: &Path| path.parent() == folder;
    files.removed.retain(|path, _| !inside(path));
    for (_, content) in files.present.iter_mut().filter(|(path, _)| inside(path)) {
        (content.named, content.before) = (true, None);
    }
}

#[derive(Debug)]
struct OpenFile {
    life: LifeDisk,
    path: PathBuf,
}

impl LogFile for OpenFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        let point =
            Point::of(&self.path, [Point::LogAppend, Point::Other, Point::BacklogWrite, Point::Other]);
        self.life.step(point, bytes.len(), |files, part| {
            // A file that was removed under its writer still takes bytes; nobody will ever read them.
            if let Some(content) = files.present.get_mut(&self.path) {
                content.bytes.extend_from_slice(&bytes[..part]);
            }
        })
    }

    fn sync(&mut self) -> io::Result<()> {
        let point = Point::of(&self.path, [Point::LogSync, Point::Other, Point::BacklogSync, Point::Other]);
        self.life.step(point, 0, |files, _| make_durable(files, &self.path))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::observer::Observer;
    use crate::verdict::Verdict;

    fn life(disk: &Disk, fault: Option<Fault>) -> LifeDisk {
        let observer = Arc::new(Observer::new(Verdict::default(), &crate::plan::Plan::new(1, 0)));
        let aim = Aim::new(None, crate::point::Tally::default(), None);
        LifeDisk::new(disk.clone(), Arc::new(Switch::new(observer)), fault, aim, 1 << 20, Dice::new(1, 1))
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
    fn a_name_that_was_taken_over_is_the_new_files_or_the_old_ones() {
        let left: std::collections::BTreeSet<Vec<u8>> = (0..50)
            .map(|seed| {
                let disk = Disk::default();
                let path = Path::new("state/crawl.json");
                life(&disk, None).replace(path, b"old").unwrap();
                // The change before the last: the new file has the name, not yet durably.
                assert!(life(&disk, Some(Fault::FailAt(3, Failure::Sync))).replace(path, b"new").is_err());
                disk.lose_power(&mut Dice::new(seed, 0));
                life(&disk, None).read(path).unwrap()
            })
            .collect();
        assert_eq!(left, [b"new".to_vec(), b"old".to_vec()].into());
    }

    #[test]
    fn after_a_kill_inside_a_write_nothing_reaches_the_disk_any_more() {
        let disk = Disk::default();
        let files = life(&disk, Some(Fault::KillAt(2)));
        let mut log = files.append(Path::new("log")).unwrap();
        log.write(b"whole").unwrap();
        assert!(log.write(b"cut off somewhere").is_err());
        let before = disk.0.lock().unwrap().present[Path::new("log")].bytes.clone();
        assert!(log.write(b"never").is_err() && files.remove(Path::new("log")).is_err());
        assert_eq!(disk.0.lock().unwrap().present[Path::new("log")].bytes, before);
        assert!(before.starts_with(b"whole"));
    }
}
