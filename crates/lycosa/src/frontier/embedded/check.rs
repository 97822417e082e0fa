//! Checking a state that stands still: every file of it is read from its beginning to its end and every checksum in it
//! compared, without changing a byte.
//!
//! The files are looked at kind by kind, so that all damage is told and not the first alone. Blocks of waiting URLs do not
//! say where they begin, so those are compared that the snapshot names. When no file is damaged, the state is read as
//! for a look, which finds what only all of them say together: a file of the log that is missing, an event that contradicts
//! those before it. What it leaves out: files that are no part of a state, such as outputs, and what a cut at the very end
//! of the log took away, which looks as if it had never been written.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use super::backlog::{self, BacklogFiles};
use super::files::FileLayer;
use super::folder;
use super::history;
use super::identity;
use super::log::segment_first;
use super::recovery::damage;
use super::seen::{self, SeenFiles};
use super::view::{Still, View, share};
use super::{CrawlIdentity, event, frame, snapshot};
use crate::error::{Error, ErrorKind, Result};
use crate::frontier::tables::{Backlog as _, Place, Tables, check_run};
use crate::model::wire::Reader;
use crate::model::{Cursor, Limits, Pace, Versions};

/// Errors of a kind of file that are kept; all are counted.
const MOST_ERRORS: usize = 10;

/// What a file of a state is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileKind {
    /// `crawl.json`: who the crawl is.
    Identity,
    /// `log-…`: what happened, from which everything follows.
    Log,
    /// `snapshot-…`: what the log before it came to.
    Snapshot,
    /// `backlog-…`: what waits and does not fit into memory.
    Waiting,
    /// `seen-…`: known URLs that do not fit into memory.
    Known,
    /// `history-…`: what happened to each URL, for questions.
    History,
}

impl FileKind {
    /// Its name in a word.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Identity => "identity",
            Self::Log => "log",
            Self::Snapshot => "snapshot",
            Self::Waiting => "waiting",
            Self::Known => "known",
            Self::History => "history",
        }
    }
}

/// What was found in the files of a kind.
#[derive(Clone, Debug)]
pub struct Checked {
    /// The kind.
    pub kind: FileKind,
    /// Files that are in use.
    pub files: u64,
    /// Bytes of them.
    pub bytes: u64,
    /// Parts with a checksum of their own that were read.
    pub parts: u64,
    /// How many parts or files are damaged or missing.
    pub damaged: u64,
    /// What is wrong, the first of each file, at most ten.
    pub errors: Vec<Error>,
    /// Files that nothing needs any more: left by a process that was killed, removed by the next run, not read.
    pub left_over: u64,
    /// Whether they could not be looked at, because another kind of file that says what is in them is damaged.
    pub is_skipped: bool,
}

/// What was found in a state.
#[derive(Clone, Debug)]
pub struct Check {
    /// Each kind of file, whether there are any or not.
    pub kinds: Vec<Checked>,
    /// Bytes at the end of the log of a write that was under way when the process was killed. They were never confirmed:
    /// this is no damage, and the next run cuts them off.
    pub unfinished: u64,
    /// What is wrong with files each of which is whole.
    pub together: Option<Error>,
    /// How far each output has come, by its name, when nothing is wrong, and the most bytes it is still to be given.
    pub outputs: Vec<(String, Cursor, u64)>,
}

impl Check {
    /// Whether nothing is damaged.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        self.damaged() == 0 && self.together.is_none()
    }

    /// How many parts or files are damaged or missing.
    #[must_use]
    pub fn damaged(&self) -> u64 {
        self.kinds.iter().map(|kind| kind.damaged).sum()
    }
}

/// Reads every file of the state in a folder; limits and pace are as for [`View::open`].
///
/// # Errors
/// When there is no state, a crawl is running in it, or it was made by other rules. Damage is no error here.
pub fn check(folder: &Path, versions: Versions, limits: Limits, pace: Pace) -> Result<Check> {
    if !super::exists(folder) {
        folder::fail_without_identity(folder, &Still)?;
        return Err(folder::without_crawl(folder).with_hint("name the folder of a crawl with --state"));
    }
    let lock = share(folder)?;
    let names = folder::names(folder, &Still)?;
    let layer: Arc<dyn FileLayer> = Arc::new(Still);
    let covers = snapshot::latest(folder, &*layer).unwrap_or_default();
    let checking = Checking { folder, layer, names, covers };
    let identity = checking.identity(versions)?;
    let (log, unfinished) = checking.log();
    let (snapshot, [waiting, known]) = checking.snapshot(limits, pace);
    let history = checking.history();
    let kinds = vec![identity, log, snapshot, waiting, known, history];
    let mut check = Check { kinds, unfinished, together: None, outputs: Vec::new() };
    if check.is_sound() {
        match View::open(folder, versions, limits, pace) {
            Ok(view) => {
                let noted = view.cursors().iter();
                check.outputs = noted
                    .map(|(name, cursor)| (name.clone(), cursor.clone(), view.most_bytes_for(cursor)))
                    .collect();
            }
            Err(error) => check.together = Some(error),
        }
    }
    drop(lock);
    Ok(check)
}

impl Checked {
    fn new(kind: FileKind) -> Self {
        let (files, bytes, parts, damaged, left_over) = (0, 0, 0, 0, 0);
        Self { kind, files, bytes, parts, damaged, errors: Vec::new(), left_over, is_skipped: false }
    }

    /// Notes what is wrong with a file, whose first error alone is kept.
    fn damage(&mut self, errors: impl IntoIterator<Item = Error>) {
        for (place, error) in errors.into_iter().enumerate() {
            self.damaged += 1;
            if place == 0 && self.errors.len() < MOST_ERRORS {
                self.errors.push(error);
            }
        }
    }
}

/// A state that is being checked.
struct Checking<'a> {
    folder: &'a Path,
    layer: Arc<dyn FileLayer>,
    names: Vec<String>,
    /// The last event that the newest snapshot covers, if there is one.
    covers: Option<u64>,
}

impl Checking<'_> {
    /// Files of a kind by their numbers, in order.
    fn named<N: Ord>(&self, number: impl Fn(&str) -> Option<N>) -> Vec<(N, &str)> {
        let mut found: Vec<_> =
            self.names.iter().filter_map(|name| Some((number(name)?, name.as_str()))).collect();
        found.sort_unstable();
        found
    }

    /// Counts a file; how many bytes it has.
    fn count(&self, checked: &mut Checked, name: &str) -> u64 {
        let size = std::fs::metadata(self.folder.join(name)).map_or(0, |facts| facts.len());
        checked.files += 1;
        checked.bytes += size;
        size
    }

    fn identity(&self, versions: Versions) -> Result<Checked> {
        let mut checked = Checked::new(FileKind::Identity);
        self.count(&mut checked, identity::FILE);
        checked.parts = 1;
        match CrawlIdentity::load(self.folder, &Still, versions) {
            Err(error) if !matches!(error.kind(), ErrorKind::Corrupt | ErrorKind::Io) => Err(error),
            loaded => {
                checked.damage(loaded.err());
                Ok(checked)
            }
        }
    }

    /// The log, and the bytes of an unfinished write at its end.
    fn log(&self) -> (Checked, u64) {
        let mut checked = Checked::new(FileKind::Log);
        let segments = self.named(segment_first);
        // Events that the snapshot covers may be missing: a run that was killed before they were written went on after them.
        let covered = self.covers.map_or(0, |covers| covers.saturating_add(1));
        let (mut next, mut unfinished) = (None, 0);
        for (place, (first, name)) in segments.iter().enumerate() {
            self.count(&mut checked, name);
            let path = self.folder.join(name);
            if next.is_some_and(|next| *first > covered.max(next)) {
                checked.damage([damage(&path, 0, "events are missing before it")]);
            }
            let is_last = place + 1 == segments.len();
            let bytes = self.layer.read(&path);
            let bytes = bytes.map_err(|cause| Error::io(format!("reading {}", path.display()), cause));
            let read = bytes.and_then(|bytes| segment(&path, &bytes, is_last, covered));
            match read {
                Ok(segment) => {
                    checked.parts += segment.frames;
                    unfinished += segment.unfinished;
                    next = Some(segment.next.unwrap_or(*first));
                }
                Err(error) => {
                    checked.damage([error]);
                    next = None;
                }
            }
        }
        (checked, unfinished)
    }

    /// The newest snapshot, and what lies in files that it names.
    fn snapshot(&self, limits: Limits, pace: Pace) -> (Checked, [Checked; 2]) {
        let mut checked = Checked::new(FileKind::Snapshot);
        let mut others = [Checked::new(FileKind::Waiting), Checked::new(FileKind::Known)];
        let all = self.names.iter().filter(|name| name.starts_with("snapshot-")).count() as u64;
        let Some(covers) = self.covers else {
            // Before the first snapshot the log says everything: whatever else there is was written for one.
            checked.left_over = all;
            others[0].left_over = self.named(backlog::number).len() as u64;
            others[1].left_over = self.named(seen::number).len() as u64;
            return (checked, others);
        };
        self.count(&mut checked, &snapshot::name(covers));
        checked.left_over = all - 1;
        let mut empty = Tables::new(limits, pace);
        empty.keep_rules();
        let begun = BacklogFiles::new(self.folder, self.layer.clone()).map(|files| {
            empty.overflow_into(Box::new(files));
            empty.keep_seen_in(Box::new(self.seen_files()));
        });
        let read = begun.and_then(|()| snapshot::read(self.folder, &*self.layer, covers, empty));
        let tables = read.and_then(|reading| {
            checked.parts = reading.number;
            reading.finish(self.folder)
        });
        match tables {
            Ok(mut tables) => {
                self.known(&mut others[1], &tables);
                self.waiting(&mut others[0], tables.places());
            }
            Err(error) => {
                checked.damage([error]);
                others.iter_mut().for_each(|other| other.is_skipped = true);
            }
        }
        (checked, others)
    }

    fn seen_files(&self) -> SeenFiles {
        SeenFiles::new(self.folder, self.layer.clone(), usize::MAX)
    }

    /// The runs of known URLs that a snapshot names.
    fn known(&self, checked: &mut Checked, tables: &Tables) {
        let (named, _) = tables.seen_runs();
        let trouble = tables.trouble();
        let files = self.named(seen::number);
        for (number, name) in files.iter().filter(|(number, _)| trouble.is_some() || named.contains(number)) {
            let size = self.count(checked, name);
            let (parts, errors) = check_run(*number, size, &self.seen_files());
            checked.parts += parts;
            checked.damage(errors);
        }
        checked.left_over = files.len() as u64 - checked.files;
        // A file that is missing, or another one in its place.
        checked.damage(trouble.filter(|_| checked.damaged == 0));
    }

    /// The blocks of waiting URLs that a snapshot names, file by file.
    fn waiting(&self, checked: &mut Checked, mut places: Vec<Place>) {
        places.sort_unstable_by_key(|place| (place.file, place.offset));
        let mut named = BTreeSet::new();
        for blocks in places.chunk_by(|one, next| one.file == next.file) {
            let Some(file) = blocks.first().map(|place| place.file) else { continue };
            named.insert(file);
            if self.names.contains(&backlog::name(file)) {
                self.count(checked, &backlog::name(file));
            }
            checked.parts += blocks.len() as u64;
            match BacklogFiles::new(self.folder, self.layer.clone()) {
                Ok(mut files) => {
                    checked.damage(blocks.iter().filter_map(|place| files.get(*place).err()));
                }
                Err(error) => checked.damage([error]),
            }
        }
        let files = self.named(backlog::number);
        checked.left_over = files.iter().filter(|(number, _)| !named.contains(number)).count() as u64;
    }

    fn history(&self) -> Checked {
        let mut checked = Checked::new(FileKind::History);
        let mut next = 1;
        for ((first, last), name) in self.named(history::covers) {
            self.count(&mut checked, name);
            let path = self.folder.join(name);
            // Each goes on where the one before it ended.
            if first != next {
                checked.damage([damage(&path, 0, "history is missing before it")]);
            }
            next = last.saturating_add(1);
            let (parts, errors) = history::check(self.folder, &*self.layer, (first, last));
            checked.parts += parts;
            checked.damage(errors);
        }
        let hint = "a crawl goes on without it; `lycosa explain` and `lycosa frontier dead` know less";
        checked.errors = checked.errors.into_iter().map(|error| error.with_hint(hint)).collect();
        checked
    }
}

/// What a segment of the log holds.
struct Segment {
    frames: u64,
    /// The event after its last one; none when it has none.
    next: Option<u64>,
    unfinished: u64,
}

fn segment(path: &Path, bytes: &[u8], is_last: bool, covered: u64) -> Result<Segment> {
    let mut read = Segment { frames: 0, next: None, unfinished: 0 };
    let mut at = 0;
    while let Some(rest) = bytes.get(at..).filter(|rest| !rest.is_empty()) {
        let Some(frame) = frame::read(rest) else {
            if !is_last || frame::follows(rest) {
                return Err(damage(path, at, "a frame does not match its checksum"));
            }
            read.unfinished = rest.len() as u64;
            break;
        };
        if read.next.is_some_and(|next| frame.first_lsn > covered.max(next)) {
            return Err(damage(path, at, "events are missing before it"));
        }
        let mut reader = Reader::new(frame.payload);
        let mut next = frame.first_lsn;
        while !reader.is_empty() {
            event::read(&mut reader).map_err(|_| damage(path, at, "an event cannot be read"))?;
            next = next.saturating_add(1);
        }
        (read.next, read.frames) = (Some(next), read.frames + 1);
        at += frame.length;
    }
    Ok(read)
}
