//! A disk that becomes read-only in the middle: at whatever change, the crawl ends with an error that says what helps, and
//! goes on from what it acknowledged when the disk can be written again.

use std::io;
use std::sync::atomic::{AtomicU64, Ordering};

use super::*;
use crate::frontier::tests::on_disk;

const PAGES: u64 = 10;

/// Changes that are left before it is read-only, and how often it said that it is.
#[derive(Clone, Debug)]
struct Ending(Arc<(AtomicU64, AtomicU64)>);

impl Ending {
    fn after(changes: u64) -> Self {
        Self(Arc::new((AtomicU64::new(changes), AtomicU64::new(0))))
    }

    fn change(&self) -> io::Result<()> {
        let (left, refused) = &*self.0;
        if left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1)).is_ok() {
            return Ok(());
        }
        refused.fetch_add(1, Ordering::Relaxed);
        Err(io::ErrorKind::ReadOnlyFilesystem.into())
    }

    fn refused(&self) -> u64 {
        self.0.1.load(Ordering::Relaxed)
    }
}

#[derive(Debug)]
struct EndingFile(Box<dyn LogFile>, Ending);

impl LogFile for EndingFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.1.change()?;
        self.0.write(bytes)
    }

    fn sync(&mut self) -> io::Result<()> {
        self.1.change()
    }
}

impl FileLayer for Ending {
    on_disk!(read, list);

    fn append(&self, path: &Path) -> io::Result<Box<dyn LogFile>> {
        self.change()?;
        Ok(Box::new(EndingFile(Disk.append(path)?, self.clone())))
    }

    fn replace(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        self.change()?;
        // Whole or not at all, but not synced, which takes the most time by far.
        let temporary = path.with_extension("tmp");
        std::fs::write(&temporary, bytes)?;
        std::fs::rename(temporary, path)
    }

    fn truncate(&self, path: &Path, length: u64) -> io::Result<()> {
        self.change()?;
        Disk.truncate(path, length)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        self.change()?;
        Disk.remove(path)
    }

    fn sync_folder(&self, _: &Path) -> io::Result<()> {
        self.change()
    }

    fn segment_size(&self) -> u64 {
        300
    }

    fn waiting_memory(&self) -> usize {
        100
    }

    fn history_memory(&self) -> usize {
        200
    }
}

/// Fetches pages until there are enough; how many commits were acknowledged, and what ended it early.
fn crawl(frontier: &Embedded) -> (u64, Result<()>) {
    let mut acknowledged = 0;
    let mut on = || {
        if frontier.stats().known == 0 {
            wait(frontier.add((0..PAGES).map(|number| found(number, 0)).collect()))?;
        }
        loop {
            let Leased::Some(leases) = wait(frontier.lease(Want { max: 1, bytes: 0 }))? else {
                return Ok(());
            };
            let number = leases[0].key.0;
            let links = (0..4).map(|link| found(100 + number * 4 + link, 1)).collect();
            let links = if number < PAGES { links } else { Vec::new() };
            match wait(frontier.commit(vec![fetched(&leases[0], links)])).remove(0) {
                Err(CommitError::Broken(error)) => return Err(error),
                other => drop(other.unwrap()),
            }
            acknowledged += 1;
            if acknowledged % 4 == 0 {
                frontier.snapshot()?;
            }
            if acknowledged == PAGES {
                return wait(frontier.flush()).map(drop);
            }
        }
    };
    let ended = on();
    (acknowledged, ended)
}

fn says_what_helps(error: &Error, changes: u64) {
    let typed = matches!(error.kind(), ErrorKind::State | ErrorKind::Io);
    // Where there is no crawl yet, none can go on.
    let helps = error.hint().is_some_and(|hint| hint.contains("--resume") || hint.contains("--state"));
    assert!(typed && helps, "after {changes} changes: {error:?}");
    assert!(!error.to_string().contains('\n'));
}

#[test]
fn whatever_change_is_refused_the_error_says_what_helps_and_nothing_acknowledged_is_lost() {
    for changes in 0..1_000 {
        let mut base = Crawl::new();
        base.pace.delay = Duration::ZERO;
        let opening = |files: &Ending| Opening {
            files: Arc::new(files.clone()),
            durability: Durability::Power,
            seen_memory: 2_000,
            ..base.opening(base.folder.path())
        };
        let files = Ending::after(changes);
        let created =
            Embedded::create(opening(&files), CrawlIdentity::random(VERSIONS, String::new()).unwrap());
        let (acknowledged, ended) = match created {
            Ok(frontier) => crawl(&frontier),
            Err(error) => (0, Err(error)),
        };
        if files.refused() == 0 {
            assert!(
                ended.is_ok() && acknowledged == PAGES && changes > 60,
                "{ended:?} after {changes} changes"
            );
            return;
        }
        if let Err(error) = ended {
            says_what_helps(&error, changes);
        }
        if !exists(base.folder.path()) {
            continue;
        }
        // Still read-only: nothing is harmed by trying.
        if let Err(error) = Embedded::open(opening(&files), VERSIONS) {
            says_what_helps(&error, changes);
        }
        let frontier = Embedded::open(opening(&Ending::after(u64::MAX)), VERSIONS).unwrap();
        let done = frontier.stats().done;
        assert!(
            (acknowledged..=acknowledged + 1).contains(&done),
            "{done} after {acknowledged}, {changes} changes"
        );
        crawl(&frontier).1.unwrap();
    }
    panic!("it never came to its end");
}
