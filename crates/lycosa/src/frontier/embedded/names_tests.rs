//! Names of files that a killed process did not make durable: the next one that uses them does.

use std::io;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::*;
use crate::frontier::tests::{VERSIONS, on_disk};
use crate::model::{ManualClock, Timestamp};

/// The real disk; counts what makes names durable, and can end the process that begins a file before that.
#[derive(Debug, Default)]
struct Watched {
    folder_syncs: AtomicU64,
    ends: std::sync::atomic::AtomicBool,
}

impl FileLayer for Watched {
    on_disk!(append, read, replace, truncate, remove, list);

    fn sync_folder(&self, folder: &Path) -> io::Result<()> {
        if self.ends.load(Ordering::Relaxed) {
            return Err(io::Error::other("this process was killed"));
        }
        self.folder_syncs.fetch_add(1, Ordering::Relaxed);
        Disk.sync_folder(folder)
    }
}

#[test]
fn a_log_that_was_begun_and_whose_name_was_not_durable_is_so_before_anything_is_acknowledged() {
    let folder = tempfile::tempdir().unwrap();
    let files = Arc::new(Watched::default());
    let opening = || Opening {
        history: true,
        seen_memory: usize::MAX,
        folder: folder.path().to_owned(),
        limits: Limits::default(),
        pace: Pace::default(),
        clock: Arc::new(ManualClock::new(Timestamp(1_000_000))),
        files: files.clone(),
        durability: Durability::Power,
    };
    files.ends.store(true, Ordering::Relaxed);
    let identity = CrawlIdentity::random(VERSIONS, String::new()).unwrap();
    assert!(Embedded::create(opening(), identity).is_err());
    assert!(folder.path().join(log::segment_name(1)).exists(), "its file is there, and perhaps not for ever");
    files.ends.store(false, Ordering::Relaxed);
    let before = files.folder_syncs.load(Ordering::Relaxed);
    let _frontier = Embedded::open(opening(), VERSIONS).unwrap();
    assert_eq!(files.folder_syncs.load(Ordering::Relaxed), before + 1);
}
