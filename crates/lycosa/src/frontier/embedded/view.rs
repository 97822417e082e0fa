//! Looking into the state of a crawl that stands still, without changing a byte of it.
//!
//! A view reads the snapshot and the log after it as opening does, under a shared lock, and writes nothing: an unfinished
//! write at the end of the log is passed over and left there. It is of the moment at which it was opened.

use std::fs::{File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::files::{Disk, FileLayer, LogFile, Write};
use super::folder::{in_use, is_ours, without_crawl};
use super::history::{Fact, Reader, Told, key_of_site};
use super::identity::CrawlIdentity;
use super::recovery::{self, How, Recovery};
use crate::error::{Error, Result};
use crate::frontier::tables::{Mark, Tables, Whereabouts};
use crate::model::{
    Cursor, Discovered, Exclusion, HostRecord, Limits, Lsn, Pace, Parking, Record, Revisit, SiteKey, Stats,
    Timestamp, UrlKey, Versions,
};
use crate::scope::Fingerprint;

/// Where an open URL is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Where {
    /// In a queue, or held until robots.txt of its origin is there; not before this moment if there is one.
    Waiting(Option<Timestamp>),
    /// Held back, and why.
    Parked(Parking),
    /// Handed out when the process ended; it will be fetched again.
    Leased,
}

/// A URL without an outcome.
#[derive(Clone, Debug)]
pub struct Open {
    /// The URL, its depth, class, parent.
    pub found: Discovered,
    /// Where it is.
    pub place: Where,
}

/// Bytes that an output may begin with, such as the names of a table's columns.
const HEAD: u64 = 4096;

/// The state of a crawl that stands still.
#[derive(Debug)]
pub struct View {
    folder: PathBuf,
    identity: CrawlIdentity,
    tables: Tables,
    cursors: Vec<(String, Cursor)>,
    /// The commits that an output may still have to be given, and the most bytes that each comes to.
    commits: Vec<(Lsn, u64)>,
    history: Reader,
    last: u64,
    recovery: Recovery,
    /// Held for as long as it is looked at: no crawl begins meanwhile.
    _lock: Option<File>,
}

impl View {
    /// Opens the crawl in a folder; delays are worked out with this pace, and what the log added to shapes of URLs by
    /// the budget among these limits.
    ///
    /// # Errors
    /// When there is none, a crawl is running in it, it was made by other rules, or is damaged.
    pub fn open(folder: &Path, versions: Versions, limits: Limits, pace: Pace) -> Result<Self> {
        if !super::exists(folder) {
            return Err(without_crawl(folder).with_hint(
                "name the folder of a crawl with --state; those made without it are below .lycosa",
            ));
        }
        let lock = share(folder)?;
        let layer: Arc<dyn FileLayer> = Arc::new(Still);
        let identity = CrawlIdentity::load(folder, &*layer, versions)?;
        let fingerprint = Fingerprint::new(identity.fingerprint_key);
        let how = How { history: true, as_stored: true, only_look: true, seen_memory: usize::MAX };
        let mut state = recovery::recover(folder, &layer, (limits, pace), how, fingerprint)?;
        // Whoever looks wants to know what is known.
        state.tables.decide_arrivals(state.last_time);
        state.tables.trouble().map_or(Ok(()), Err)?;
        let history = Reader::new(folder, layer, state.history)?;
        Ok(Self {
            folder: folder.to_owned(),
            identity,
            tables: state.tables,
            commits: state
                .tail
                .commits
                .iter()
                .map(|commit| (commit.lsn, most_bytes(&commit.records)))
                .collect(),
            cursors: state.tail.cursors.into_iter().collect(),
            history,
            last: state.last,
            recovery: state.recovery,
            _lock: lock,
        })
    }

    /// Who the crawl is.
    #[must_use]
    pub fn identity(&self) -> &CrawlIdentity {
        &self.identity
    }

    /// What was found at opening; nothing of it was mended.
    #[must_use]
    pub fn recovery(&self) -> &Recovery {
        &self.recovery
    }

    /// Counts.
    #[must_use]
    pub fn stats(&self, now: Timestamp) -> Stats {
        let ready = self.tables.parts().map(|sites| self.tables.count_ready(sites, now));
        let (last_lsn, durable_lsn) = (Lsn(self.last), Lsn(self.last));
        Stats { last_lsn, durable_lsn, ready_sites: ready.sum(), ..self.tables.counts() }
    }

    /// Whether every accepted URL has its outcome.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.tables.is_complete()
    }

    /// How far each output has come, by its name.
    #[must_use]
    pub fn cursors(&self) -> &[(String, Cursor)] {
        &self.cursors
    }

    /// The most bytes that an output which has come so far is still to be given: it may have them already, not noted yet.
    #[must_use]
    pub fn most_bytes_for(&self, cursor: &Cursor) -> u64 {
        let rest = self.commits.iter().filter(|(lsn, _)| *lsn > cursor.lsn);
        rest.map(|(_, bytes)| *bytes)
            .reduce(|sum, bytes| sum.saturating_add(bytes))
            .map_or(0, |sum| sum + HEAD)
    }

    /// The depth limit in force when the state was left.
    #[must_use]
    pub fn max_depth(&self) -> Option<u32> {
        self.tables.limits.max_depth
    }

    /// The files of the state and their bytes, by name.
    ///
    /// # Errors
    /// When the folder cannot be read.
    pub fn files(&self) -> Result<Vec<(String, u64)>> {
        let reading = |cause| Error::io(format!("reading {}", self.folder.display()), cause);
        let mut files = Vec::new();
        for name in Disk.list(&self.folder).map_err(reading)?.into_iter().filter(|name| is_ours(name)) {
            let size = std::fs::metadata(self.folder.join(&name)).map_err(reading)?.len();
            files.push((name, size));
        }
        files.sort();
        Ok(files)
    }

    /// Shows every site, until `visit` says `false`.
    pub fn visit_sites(&self, visit: impl FnMut(HostRecord) -> bool) {
        self.tables.visit_sites(visit);
    }

    /// How many robots.txt requests wait at a site. Its record counts them with the URLs that wait, which they are not.
    pub fn waiting_robots(&mut self, site: &SiteKey) -> u64 {
        self.tables.waiting_robots(site)
    }

    /// One site, with the text of its robots.txt.
    pub fn site(&mut self, site: &SiteKey) -> Option<HostRecord> {
        self.tables.host(site)
    }

    /// Until when a site rests by hand.
    #[must_use]
    pub fn barred_until(&self, site: &SiteKey) -> Option<Timestamp> {
        self.tables.barred_until(site)
    }

    /// Whether a URL was accepted, and then whether it still waits for its outcome.
    ///
    /// # Errors
    /// When the file of known URLs cannot be read.
    pub fn is_open(&self, key: UrlKey) -> Result<Option<bool>> {
        let mark = self.tables.mark(key);
        self.tables.trouble().map_or(Ok(mark.map(|mark| mark == Mark::Open)), Err)
    }

    /// Shows what has no outcome, of one site or of all, until `visit` says `false`. What was shown is not shown again:
    /// it is taken out of this view, so that a frontier larger than memory can be looked through.
    ///
    /// # Errors
    /// When what waits in files cannot be read.
    pub fn visit_open(&mut self, only: Option<&SiteKey>, mut visit: impl FnMut(Open) -> bool) -> Result<()> {
        self.tables.drain(only, |found, place| {
            let place = match place {
                Whereabouts::Waiting(at) => Where::Waiting(at),
                Whereabouts::Parked(why) => Where::Parked(why),
                Whereabouts::Leased => Where::Leased,
            };
            visit(Open { found, place })
        });
        self.tables.trouble().map_or(Ok(()), Err)
    }

    /// The next visit of a URL, if one is to come. What was looked through for it is taken out of this view.
    ///
    /// # Errors
    /// When what waits in files cannot be read.
    pub fn next_visit(&mut self, key: UrlKey) -> Result<Option<Revisit>> {
        let next = self.tables.next_visit(key);
        self.tables.trouble().map_or(Ok(next), Err)
    }

    /// What happened to a URL, in order; damage is told beside what can be read.
    ///
    /// # Errors
    /// When the files of the history cannot be read.
    pub fn facts(&self, key: UrlKey) -> Result<Told> {
        self.history.find(key)
    }

    /// What is kept about a site itself, in order; damage is told beside what can be read.
    ///
    /// # Errors
    /// When the files of the history cannot be read.
    pub fn facts_of_site(&self, site: &SiteKey) -> Result<Told> {
        self.history.find(key_of_site(site))
    }

    /// Shows what happened to each URL in turn, until `visit` says `false`.
    ///
    /// # Errors
    /// When the history cannot be read or is damaged, and whatever `visit` fails with.
    pub fn visit_facts(&self, visit: impl FnMut(UrlKey, &[Fact]) -> Result<bool>) -> Result<()> {
        self.history.visit(visit)
    }

    /// Why a file of the history cannot be opened, if so: what it says is missing in everything that is told.
    #[must_use]
    pub fn history_damage(&self) -> Option<&Error> {
        self.history.damage()
    }

    /// How many links were refused, by reason.
    #[must_use]
    pub fn refused(&self) -> &[(Exclusion, u64)] {
        self.history.refused()
    }
}

/// The most bytes that records come to in an output: their numbers come before them, and tables double quotation marks.
fn most_bytes(records: &[Record]) -> u64 {
    records.iter().map(|record| 2 * record.json.len() as u64 + 256).sum::<u64>()
}

/// Many may look at once, but not while a crawl runs. A folder without a lock file, a copy, is nobody's.
pub(super) fn share(folder: &Path) -> Result<Option<File>> {
    let path = folder.join("lock");
    let file = match File::open(&path) {
        Ok(file) => file,
        Err(cause) if cause.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(cause) => return Err(Error::io(format!("reading {}", path.display()), cause)),
    };
    match file.try_lock_shared() {
        Ok(()) => Ok(Some(file)),
        Err(TryLockError::WouldBlock) => Err(in_use(folder)),
        // A file system without locks: whoever mounted it so knows what runs there.
        Err(TryLockError::Error(cause)) if cause.kind() == io::ErrorKind::Unsupported => Ok(None),
        Err(TryLockError::Error(cause)) => Err(Error::io(format!("locking {}", path.display()), cause)),
    }
}

/// The file system, read only.
#[derive(Clone, Copy, Debug)]
pub(super) struct Still;

fn refused() -> io::Error {
    io::ErrorKind::ReadOnlyFilesystem.into()
}

impl FileLayer for Still {
    fn append(&self, _: &Path) -> io::Result<Box<dyn LogFile>> {
        Err(refused())
    }

    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        Disk.read(path)
    }

    fn replace(&self, _: &Path, _: &[u8]) -> io::Result<()> {
        Err(refused())
    }

    fn replace_with(&self, _: &Path, _: Write<'_>) -> io::Result<()> {
        Err(refused())
    }

    fn open(&self, path: &Path) -> io::Result<Box<dyn io::Read>> {
        Disk.open(path)
    }

    /// What follows is not read again in this process, so it need not go.
    fn truncate(&self, _: &Path, _: u64) -> io::Result<()> {
        Ok(())
    }

    fn remove(&self, _: &Path) -> io::Result<()> {
        Err(refused())
    }

    fn list(&self, folder: &Path) -> io::Result<Vec<String>> {
        Disk.list(folder)
    }

    fn sync_folder(&self, _: &Path) -> io::Result<()> {
        Ok(())
    }

    fn read_at(&self, path: &Path, offset: u64, length: usize) -> io::Result<Vec<u8>> {
        Disk.read_at(path, offset, length)
    }

    /// What the log added since the snapshot is kept in memory: there is nowhere else.
    fn waiting_memory(&self) -> usize {
        usize::MAX
    }
}
