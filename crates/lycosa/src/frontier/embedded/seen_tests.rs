//! More known URLs than memory has room for: what is known stays known, memory stays bounded, and a file that is not what
//! was written is an error, never a URL that is fetched again.

use std::io;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use proptest::prelude::*;
use proptest::sample::Index;

use super::*;
use crate::frontier::conformance::wait;
use crate::frontier::tests::{self as shared, VERSIONS, clock, on_disk};
use crate::model::{Frontier, Lease, ManualClock, Origin, Request, SiteKey, Stats, UrlKey};

/// Bytes of memory for fingerprints.
const ROOM: usize = 20_000;
/// Files that there may be of them.
const MOST_RUNS: usize = 12;
/// Pages of the site, each of which links [`LINKS`] others, from its own number on.
const PAGES: u64 = 1_500;
const LINKS: u64 = 5;

fn opening(folder: &Path, clock: &Arc<ManualClock>, files: Arc<dyn FileLayer>) -> Opening {
    Opening { seen_memory: ROOM, ..shared::opening(folder, clock, files) }
}

fn found(number: u64) -> Discovered {
    let url = format!("http://a.test/{number}");
    let origin = Origin::of(&url::Url::parse(&url).unwrap()).unwrap();
    // Fingerprints as a hash gives them.
    let key = UrlKey(xxhash_rust::xxh3::xxh3_64(&number.to_le_bytes()));
    Discovered { key, site: SiteKey("a.test".into()), origin, request: Request::get(url) }
}

fn number(lease: &Lease) -> u64 {
    lease.request.url.rsplit('/').next().unwrap().parse().unwrap()
}

fn fetched(lease: &Lease) -> Commit {
    let next = (1..=LINKS).map(|step| (number(lease) * 3 + step) % PAGES);
    Commit { outlinks: next.map(found).collect(), ..shared::fetched(lease) }
}

/// Fetches up to so many pages; their numbers, and the error that ended it.
fn crawl(frontier: &Embedded, most: usize) -> (Vec<u64>, Option<Error>) {
    let mut pages = Vec::new();
    while pages.len() < most {
        match wait(frontier.lease(Want { max: 1, bytes: 0 })) {
            Ok(Leased::Some(leases)) => {
                pages.push(number(&leases[0]));
                match wait(frontier.commit(vec![fetched(&leases[0])])).remove(0) {
                    Err(CommitError::Broken(error)) => return (pages, Some(error)),
                    other => drop(other.unwrap()),
                }
            }
            Ok(_) => break,
            Err(error) => return (pages, Some(error)),
        }
    }
    (pages, None)
}

fn begin(folder: &Path, files: Arc<dyn FileLayer>) -> Embedded {
    let identity = CrawlIdentity::random(VERSIONS, String::new()).unwrap();
    let frontier = Embedded::create(opening(folder, &clock(), files), identity).unwrap();
    wait(frontier.add(vec![found(0)])).unwrap();
    frontier
}

fn runs(folder: &Path) -> Vec<String> {
    let names = Disk.list(folder).unwrap();
    let mut runs: Vec<String> = names.into_iter().filter(|name| seen::number(name).is_some()).collect();
    runs.sort();
    runs
}

/// All pages that links lead to from page 0.
fn reachable() -> Vec<u64> {
    let (mut pages, mut next) = (std::collections::BTreeSet::from([0]), vec![0]);
    while let Some(page) = next.pop() {
        let links = (1..=LINKS).map(|step| (page * 3 + step) % PAGES);
        next.extend(links.filter(|link| pages.insert(*link)));
    }
    pages.into_iter().collect()
}

#[test]
fn a_site_larger_than_memory_is_crawled_once_and_whole_over_many_ends() {
    let folder = tempfile::tempdir().unwrap();
    let mut frontier = begin(folder.path(), Arc::new(Disk));
    let mut pages = Vec::new();
    loop {
        let (more, error) = crawl(&frontier, 170);
        assert!(error.is_none(), "{error:?}");
        if more.is_empty() {
            break;
        }
        pages.extend(more);
        let stats: Stats = frontier.stats();
        // The tables of a moment between two snapshots may be a little larger.
        assert!(stats.seen_bytes < 2 * ROOM as u64, "{stats:?}");
        assert_eq!(stats.known, stats.done + stats.pending);
        drop(frontier);
        assert!(runs(folder.path()).len() <= MOST_RUNS, "{:?}", runs(folder.path()));
        frontier = Embedded::open(opening(folder.path(), &clock(), Arc::new(Disk)), VERSIONS).unwrap();
    }
    assert!(frontier.stats().seen_on_disk > PAGES / 2, "{:?}", frontier.stats());
    assert!(frontier.is_complete());
    pages.sort_unstable();
    assert_eq!(pages, reachable());
    let again = wait(frontier.add((0..PAGES).map(found).collect())).unwrap();
    assert_eq!(again.iter().filter(|status| **status == AddStatus::Known).count(), pages.len());
}

#[test]
fn whoever_looks_sees_links_that_were_not_decided_about() {
    let folder = tempfile::tempdir().unwrap();
    let frontier = begin(folder.path(), Arc::new(Disk));
    for _ in 0..400 {
        crawl(&frontier, 1);
        if frontier.stats().arriving > 0 {
            break;
        }
    }
    assert!(frontier.stats().arriving > 0, "{:?}", frontier.stats());
    let before = frontier.stats();
    drop(frontier);
    let mut view = View::open(folder.path(), VERSIONS, Limits::default(), Pace::default()).unwrap();
    let stats = view.stats(Timestamp(2_000_000));
    assert_eq!((stats.arriving, stats.done), (0, before.done));
    let mut open = 0;
    view.visit_open(None, |_| {
        open += 1;
        true
    })
    .unwrap();
    assert_eq!(open, stats.pending);
    drop(view);
    let reopened = Embedded::open(opening(folder.path(), &clock(), Arc::new(Disk)), VERSIONS).unwrap();
    assert_eq!(reopened.stats().arriving, before.arriving, "looking changed nothing");
}

/// A disk that runs full when it is told to, for runs alone.
#[derive(Debug, Default)]
struct Full(AtomicBool);

impl FileLayer for Full {
    on_disk!(append, read, truncate, remove, list, sync_folder);

    fn replace(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        let name = path.file_name().unwrap().to_string_lossy();
        if self.0.load(Ordering::Relaxed) && seen::number(&name).is_some() {
            return Err(io::ErrorKind::StorageFull.into());
        }
        Disk.replace(path, bytes)
    }
}

#[test]
fn a_full_disk_stops_the_crawl_and_it_goes_on_when_there_is_room() {
    let folder = tempfile::tempdir().unwrap();
    let files = Arc::new(Full::default());
    let frontier = begin(folder.path(), files.clone());
    let (mut pages, error) = crawl(&frontier, 300);
    assert!(error.is_none(), "{error:?}");
    files.0.store(true, Ordering::Relaxed);
    let (more, error) = crawl(&frontier, usize::MAX);
    let error = error.unwrap();
    assert!(error.to_string().contains("writing "), "{error}");
    assert!(error.hint().is_some_and(|hint| hint.contains("--resume")), "{error:?}");
    drop(frontier);
    files.0.store(false, Ordering::Relaxed);
    let frontier = Embedded::open(opening(folder.path(), &clock(), files), VERSIONS).unwrap();
    let done = frontier.stats().done;
    // The last may have been committed though nobody was told so.
    assert!((pages.len() + more.len() - 1..=pages.len() + more.len()).contains(&(done as usize)));
    pages.extend(more.into_iter().take(done as usize - pages.len()));
    let (rest, error) = crawl(&frontier, usize::MAX);
    assert!(error.is_none(), "{error:?}");
    pages.extend(rest);
    pages.sort_unstable();
    assert_eq!(pages, reachable());
}

/// A disk whose driver has a defect: who writes a run panics.
#[derive(Debug)]
struct Defective;

impl FileLayer for Defective {
    on_disk!(append, read, truncate, remove, list, sync_folder);

    fn replace(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        assert!(seen::number(&path.file_name().unwrap().to_string_lossy()).is_none(), "as planned");
        Disk.replace(path, bytes)
    }
}

#[test]
fn who_crawls_learns_that_work_beside_the_crawl_panicked_and_waits_for_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let frontier = begin(folder.path(), Arc::new(Defective));
    let (pages, error) = crawl(&frontier, usize::MAX);
    let error = error.unwrap();
    assert!(error.kind() == ErrorKind::Internal && error.to_string().contains("panic"), "{error}");
    drop(frontier);
    let frontier = Embedded::open(opening(folder.path(), &clock(), Arc::new(Disk)), VERSIONS).unwrap();
    let done = frontier.stats().done as usize;
    assert!((pages.len() - 1..=pages.len()).contains(&done), "{done} of {}", pages.len());
}

#[test]
fn runs_that_no_snapshot_names_go_when_a_state_is_opened() {
    let folder = tempfile::tempdir().unwrap();
    let frontier = begin(folder.path(), Arc::new(Disk));
    assert_eq!(crawl(&frontier, 700).0.len(), 700);
    drop(frontier);
    let named = runs(folder.path());
    assert!((1..=MOST_RUNS).contains(&named.len()), "{named:?}");
    std::fs::write(folder.path().join("seen-0000009998"), b"a run whose snapshot could not be written")
        .unwrap();
    let unfinished = ["seen-0000009999.tmp", "snapshot-00000000000000009999.tmp"];
    for name in unfinished {
        std::fs::write(folder.path().join(name), b"half of a file").unwrap();
    }
    View::open(folder.path(), VERSIONS, Limits::default(), Pace::default()).unwrap();
    assert_eq!(runs(folder.path()).len(), named.len() + 1, "looking removes nothing");
    drop(Embedded::open(opening(folder.path(), &clock(), Arc::new(Disk)), VERSIONS).unwrap());
    let left = Disk.list(folder.path()).unwrap();
    assert!(unfinished.iter().all(|name| !left.iter().any(|there| there == name)), "{left:?}");
    assert_eq!(runs(folder.path()), named);
}

#[test]
fn a_folder_in_the_place_of_a_run_is_an_error_that_names_it() {
    let folder = tempfile::tempdir().unwrap();
    let frontier = begin(folder.path(), Arc::new(Disk));
    assert_eq!(crawl(&frontier, 700).0.len(), 700);
    drop(frontier);
    let open = || Embedded::open(opening(folder.path(), &clock(), Arc::new(Disk)), VERSIONS).map(drop);
    let path = |name: &str| folder.path().join(name);
    std::fs::create_dir(path("seen-0000009998")).unwrap();
    let error = open().unwrap_err();
    assert!(error.to_string().contains("seen-0000009998"), "{error}");
    assert!(error.hint().is_some_and(|hint| hint.contains("move this folder away")), "{error:?}");
    std::fs::remove_dir(path("seen-0000009998")).unwrap();
    let named = runs(folder.path()).remove(0);
    std::fs::remove_file(path(&named)).unwrap();
    std::fs::create_dir(path(&named)).unwrap();
    let error = open().unwrap_err();
    assert!(error.to_string().contains(&named), "{error}");
}

#[test]
fn a_run_of_more_blocks_than_any_file_has_is_damage_and_no_reason_to_make_room() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("seen-0000000001"), [7; 5_000]).unwrap();
    let files = seen::SeenFiles::new(folder.path(), Arc::new(Disk), ROOM);
    for blocks in [100_000_000, usize::MAX / 4096 - 1] {
        use crate::frontier::tables::Runs as _;
        let error = files.read(1, (blocks * 4096) as u64, blocks * 8 + 8).unwrap_err();
        assert!(
            error.kind() == ErrorKind::Corrupt && error.to_string().contains("its end is missing"),
            "{error}"
        );
        assert!(files.read(1, 0, blocks * 4096).is_err());
    }
}

/// A state in the middle of the site, by file.
fn left() -> &'static [(String, Vec<u8>)] {
    static LEFT: std::sync::LazyLock<Vec<(String, Vec<u8>)>> = std::sync::LazyLock::new(|| {
        let folder = tempfile::tempdir().unwrap();
        let frontier = begin(folder.path(), Arc::new(Disk));
        assert_eq!(crawl(&frontier, 700).0.len(), 700);
        drop(frontier);
        let names = Disk.list(folder.path()).unwrap();
        names
            .into_iter()
            .map(|name| (name.clone(), std::fs::read(folder.path().join(name)).unwrap()))
            .collect()
    });
    &LEFT
}

/// Goes on with a state whose run `damage` has changed.
fn goes_on(damage: impl Fn(&mut Vec<u8>)) -> (Vec<u64>, Option<Error>) {
    let folder = tempfile::tempdir().unwrap();
    for (name, bytes) in left() {
        let mut bytes = bytes.clone();
        if seen::number(name).is_some() {
            damage(&mut bytes);
        }
        std::fs::write(folder.path().join(name), bytes).unwrap();
    }
    match Embedded::open(opening(folder.path(), &clock(), Arc::new(Disk)), VERSIONS) {
        Ok(frontier) => crawl(&frontier, usize::MAX),
        Err(error) => (Vec::new(), Some(error)),
    }
}

#[test]
fn an_unharmed_state_goes_on_to_the_end() {
    let (pages, error) = goes_on(|_| {});
    assert!(error.is_none(), "{error:?}");
    assert_eq!(pages.len(), reachable().len() - 700);
}

#[test]
fn whoever_asks_is_told_of_a_damaged_run_and_not_that_a_url_was_never_met() {
    let folder = tempfile::tempdir().unwrap();
    for (name, bytes) in left() {
        let mut bytes = bytes.clone();
        if seen::number(name).is_some() {
            // The first block alone: its fingerprints are told of when they are asked for.
            bytes[50] ^= 1;
        }
        std::fs::write(folder.path().join(name), bytes).unwrap();
    }
    let view = View::open(folder.path(), VERSIONS, Limits::default(), Pace::default());
    // Links that arrived may be looked for in it at once.
    let asked = view.and_then(|view| {
        (0..PAGES).map(|page| view.is_open(found(page).key)).collect::<Result<Vec<Option<bool>>>>()
    });
    let error = asked.unwrap_err();
    assert!(error.kind() == ErrorKind::Corrupt && error.to_string().contains("seen-"), "{error}");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn a_changed_or_cut_run_is_an_error_and_never_a_page_again(at in any::<Index>(), by in 1_u8.., cuts: bool) {
        let (pages, error) = goes_on(|bytes| {
            let at = at.index(bytes.len());
            if cuts { bytes.truncate(at) } else { bytes[at] ^= by }
        });
        let error = error.expect("it is noticed before the end");
        prop_assert_eq!(error.kind(), ErrorKind::Corrupt);
        prop_assert!(error.to_string().contains("seen-"), "{}", error);
        let unique: std::collections::BTreeSet<u64> = pages.iter().copied().collect();
        prop_assert_eq!(unique.len(), pages.len());
        prop_assert!(pages.len() <= reachable().len() - 700);
    }
}
