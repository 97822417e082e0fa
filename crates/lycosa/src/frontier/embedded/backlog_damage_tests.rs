//! Damage to the files of waiting URLs: a flipped bit, a missing end. What is served is what was added, in order, up
//! to an error that names the file and the place; never another URL, and never fewer in silence.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use proptest::prelude::*;
use proptest::sample::Index;

use super::*;
use crate::frontier::conformance::wait;
use crate::frontier::tests::{self as shared, VERSIONS, clock, on_disk};
use crate::model::{Attempt, Frontier, Lease, ManualClock, Origin, Request, SiteKey, UrlKey};

const URLS: u64 = 400;

fn opening(folder: &Path, clock: &Arc<ManualClock>) -> Opening {
    shared::opening(folder, clock, shared::cramped())
}

fn found(number: u64) -> Discovered {
    let url = format!("http://a.test/{number}");
    let origin = Origin::of(&url::Url::parse(&url).unwrap()).unwrap();
    Discovered { key: UrlKey(number), site: SiteKey("a.test".into()), origin, request: Request::get(url) }
}

/// The files of a state, most of whose URLs wait in files.
static LEFT: LazyLock<Vec<(String, Vec<u8>)>> = LazyLock::new(|| {
    let folder = tempfile::tempdir().unwrap();
    let identity = CrawlIdentity::random(VERSIONS, String::new()).unwrap();
    let frontier = Embedded::create(opening(folder.path(), &clock()), identity).unwrap();
    for first in (0..URLS).step_by(50) {
        wait(frontier.add((first..first + 50).map(found).collect())).unwrap();
    }
    drop(frontier);
    let files = std::fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().path());
    let named = |path: PathBuf| {
        (path.file_name().unwrap().to_string_lossy().into_owned(), std::fs::read(&path).unwrap())
    };
    files.map(named).collect()
});

/// Serves everything of a state whose files of waiting URLs `damage` has changed: the URLs up to the error, if any.
fn served(damage: impl Fn(&str, &mut Vec<u8>)) -> (Vec<u64>, Option<Error>) {
    let (folder, clock) = (tempfile::tempdir().unwrap(), clock());
    for (name, bytes) in LEFT.iter() {
        let mut bytes = bytes.clone();
        damage(name, &mut bytes);
        std::fs::write(folder.path().join(name), bytes).unwrap();
    }
    let frontier = match Embedded::open(opening(folder.path(), &clock), VERSIONS) {
        Ok(frontier) => frontier,
        Err(error) => return (Vec::new(), Some(error)),
    };
    let mut urls = Vec::new();
    loop {
        clock.advance(Duration::from_millis(10));
        match wait(frontier.lease(Want { max: 1, bytes: 0 })) {
            Ok(Leased::Some(mut leases)) => {
                let lease = leases.remove(0);
                let number = lease.request.url.rsplit('/').next().unwrap().parse().unwrap();
                assert_eq!(lease.key, UrlKey(number));
                urls.push(number);
                if let Err(CommitError::Broken(error)) =
                    wait(frontier.commit(vec![fetched(&lease)])).remove(0)
                {
                    return (urls, Some(error));
                }
            }
            Ok(Leased::Finished(_)) => return (urls, None),
            Ok(_) => {}
            Err(error) => return (urls, Some(error)),
        }
    }
}

fn fetched(lease: &Lease) -> Commit {
    let attempts = vec![Attempt { status: Some(200), ..Attempt::default() }];
    Commit { attempts, ..shared::fetched(lease) }
}

/// Length of all files of waiting URLs.
fn waiting() -> usize {
    LEFT.iter().filter(|(name, _)| name.starts_with("backlog-")).map(|(_, bytes)| bytes.len()).sum()
}

#[test]
fn what_was_not_damaged_is_served_whole() {
    assert!(waiting() > 1_000, "most of it waits in files");
    let (urls, error) = served(|_, _| {});
    assert!(error.is_none(), "{error:?}");
    assert_eq!(urls, (0..URLS).collect::<Vec<_>>());
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn a_damaged_file_of_waiting_urls_is_an_error_that_names_it(at: Index, bit in 0_u8..8, truncate: bool) {
        let at = at.index(waiting());
        let mut first = 0;
        let places: Vec<(String, usize)> = LEFT
            .iter()
            .filter(|(name, _)| name.starts_with("backlog-"))
            .map(|(name, bytes)| {
                first += bytes.len();
                (name.clone(), first - bytes.len())
            })
            .collect();
        let (target, begin) = places.iter().rfind(|(_, begin)| *begin <= at).unwrap().clone();
        let (urls, error) = served(|name, bytes| {
            if name != target {
            } else if truncate {
                bytes.truncate(at - begin);
            } else {
                bytes[at - begin] ^= 1 << bit;
            }
        });
        prop_assert_eq!(&urls, &(0..urls.len() as u64).collect::<Vec<_>>(), "another URL, or one left out");
        match error {
            Some(error) => {
                prop_assert!(error.to_string().contains("backlog-"), "{}", error);
                prop_assert!(matches!(error.kind(), ErrorKind::Corrupt | ErrorKind::Io), "{}", error);
            }
            // Blocks that were served before the state was left may still lie there, unused.
            None => prop_assert_eq!(urls.len() as u64, URLS),
        }
    }
}

/// Paths that have little in common but their words.
fn block(number: usize) -> Vec<u8> {
    let mixed = |at: usize| (number * 9 + at).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 16;
    (0..9).map(|at| format!("/articles/{:x}/stories-{at}.html?page=", mixed(at))).collect::<String>().into()
}

#[test]
fn a_later_file_has_a_dictionary_and_is_not_read_with_a_damaged_one() {
    use super::backlog::{BacklogFiles, name};
    use crate::frontier::tables::Backlog as _;

    let folder = tempfile::tempdir().unwrap();
    let open = || BacklogFiles::new(folder.path(), Arc::new(Disk)).unwrap();
    let mut backlog = open();
    let places: Vec<_> = (0..10_000).map(|number| backlog.put(&block(number)).unwrap()).collect();
    backlog.sync().unwrap();
    let of_file = |file| {
        let found = places.iter().filter(|place| place.file == file);
        (found.clone().count(), found.map(|place| place.length as usize).sum::<usize>())
    };
    let (blocks, first_bytes) = of_file(1);
    let (later, second_bytes) = of_file(2);
    assert_eq!((blocks + later, blocks > 1_000, later > 1_000), (places.len(), true, true));
    assert!(second_bytes * blocks < first_bytes * later, "shorter, because of its dictionary");

    let check = |backlog: &mut BacklogFiles| {
        for (place, number) in places.iter().zip(0..) {
            assert_eq!(backlog.get(*place).unwrap(), block(number));
        }
    };
    check(&mut backlog);
    check(&mut open());

    let path = folder.path().join(name(2));
    let whole = std::fs::read(&path).unwrap();
    let last = *places.last().unwrap();
    for at in [0, 2, 5, 8, 700] {
        let mut bytes = whole.clone();
        bytes[at] ^= 4;
        std::fs::write(&path, bytes).unwrap();
        let error = open().get(last).unwrap_err();
        assert!(error.to_string().contains(&name(2)), "{error}");
        assert!(matches!(error.kind(), ErrorKind::Corrupt | ErrorKind::Io), "{error}");
    }
}

#[test]
fn a_dictionary_that_says_it_is_longer_than_any_can_be_is_damage_and_no_reason_to_make_room() {
    for length in [(64_u32 << 10) + 1, 1 << 24, u32::MAX] {
        let (urls, error) = served(|name, bytes| {
            if name.starts_with("backlog-") {
                // Its length alone: what follows is as it was, and would be enough for some of it.
                bytes.resize(bytes.len() + (128 << 10), 7);
                bytes[..4].copy_from_slice(&length.to_le_bytes());
            }
        });
        let error = error.unwrap();
        assert!(error.kind() == ErrorKind::Corrupt && error.to_string().contains("backlog-"), "{error}");
        assert!(urls.len() < URLS as usize && urls.iter().zip(0..).all(|(url, number)| *url == number));
    }
}

/// A disk that runs full when it is told to.
#[derive(Debug, Default)]
struct Full {
    is_full: Arc<AtomicBool>,
    /// What fails is the sync, and not the write before it.
    at_sync: bool,
}

#[derive(Debug)]
struct FullFile {
    file: Box<dyn LogFile>,
    is_full: Arc<AtomicBool>,
    at_sync: bool,
}

impl FileLayer for Full {
    on_disk!(read, replace, truncate, remove, list, sync_folder);

    fn append(&self, path: &Path) -> io::Result<Box<dyn LogFile>> {
        let (file, is_full) = (Disk.append(path)?, self.is_full.clone());
        Ok(Box::new(FullFile { file, is_full, at_sync: self.at_sync }))
    }

    fn waiting_memory(&self) -> usize {
        100
    }
}

impl LogFile for FullFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        if self.is_full.load(Ordering::Relaxed) && !self.at_sync {
            return Err(io::ErrorKind::StorageFull.into());
        }
        self.file.write(bytes)
    }

    fn sync(&mut self) -> io::Result<()> {
        if self.is_full.load(Ordering::Relaxed) {
            return Err(io::ErrorKind::StorageFull.into());
        }
        self.file.sync()
    }
}

/// Bytes that nothing makes shorter.
fn noise(number: u64) -> Vec<u8> {
    (0..500_u64)
        .flat_map(|word| xxhash_rust::xxh3::xxh3_64(&(number << 16 | word).to_le_bytes()).to_le_bytes())
        .collect()
}

#[test]
fn a_disk_that_is_full_when_the_first_file_is_left_is_an_error_that_stays_one() {
    use crate::frontier::tables::Backlog as _;

    for at_sync in [false, true] {
        let folder = tempfile::tempdir().unwrap();
        let files = Full { at_sync, ..Full::default() };
        let is_full = files.is_full.clone();
        let mut backlog = backlog::BacklogFiles::new(folder.path(), Arc::new(files)).unwrap();
        let mut places = Vec::new();
        // A mebibyte, after which the first file of a run is left.
        while places
            .last()
            .is_none_or(|place: &crate::frontier::tables::Place| place.offset < (1 << 20) - 4_100)
        {
            places.push(backlog.put(&noise(places.len() as u64)).unwrap());
        }
        assert_eq!(backlog.current(), 1);
        is_full.store(true, Ordering::Relaxed);
        let error = (0..3).find_map(|number| backlog.put(&noise(number)).err()).unwrap();
        assert!(error.hint().is_some_and(|hint| hint.contains("free space")), "{error:?}");
        // There is room again, but what became of the first file is not known.
        is_full.store(false, Ordering::Relaxed);
        assert_eq!(backlog.put(&noise(1)).unwrap_err().to_string(), error.to_string());
        assert_eq!(backlog.sync().unwrap_err().to_string(), error.to_string());
        let mut names = Disk.list(folder.path()).unwrap();
        names.retain(|name| backlog::number(name).is_some());
        assert_eq!(names, [backlog::name(1)], "no second file was begun");
    }
}
