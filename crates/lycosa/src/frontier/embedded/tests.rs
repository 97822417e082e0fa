//! Tests of the embedded frontier: what is read again is what was written, whatever rules the next run has.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use super::*;
use crate::frontier::conformance::{is_ready, wait};
use crate::frontier::tests::{self as shared, VERSIONS, on_disk};
use crate::model::{
    Attempt, Control, Frontier, HostUpdate, Lease, ManualClock, Origin, Outbox, Outcome, Request,
    RequestKind, Retry, Robots, SiteKey, Stats, UrlKey,
};

mod again;
mod kept;
mod read_only;

struct Crawl {
    folder: tempfile::TempDir,
    clock: Arc<ManualClock>,
    limits: Limits,
    pace: Pace,
}

impl Crawl {
    fn new() -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
            clock: Arc::new(ManualClock::new(Timestamp(1_000_000))),
            limits: Limits::default(),
            pace: Pace { robots: false, ..Pace::default() },
        }
    }

    fn opening(&self, folder: &Path) -> Opening {
        Opening {
            folder: folder.to_owned(),
            limits: self.limits,
            pace: self.pace,
            clock: self.clock.clone(),
            files: Arc::new(Disk),
            durability: Durability::Process,
            history: true,
            seen_memory: usize::MAX,
        }
    }

    fn create(&self) -> Embedded {
        let identity = CrawlIdentity::random(VERSIONS, String::new()).unwrap();
        Embedded::create(self.opening(self.folder.path()), identity).unwrap()
    }

    /// Opens a copy of the files as they are now: what a process killed at this moment leaves.
    fn after_a_kill(&self) -> (tempfile::TempDir, Result<Embedded>) {
        let copy = tempfile::tempdir().unwrap();
        for file in std::fs::read_dir(self.folder.path()).unwrap() {
            let file = file.unwrap();
            std::fs::copy(file.path(), copy.path().join(file.file_name())).unwrap();
        }
        let opened = Embedded::open(self.opening(copy.path()), VERSIONS);
        (copy, opened)
    }
}

fn found(number: u64, depth: u32) -> Discovered {
    let url = format!("http://a.test/{number}");
    let origin = Origin::of(&url::Url::parse(&url).unwrap()).unwrap();
    let request = Request { depth, ..Request::get(url) };
    Discovered { key: UrlKey(number), site: SiteKey("a.test".into()), origin, request }
}

fn lease_one(frontier: &impl Frontier) -> Lease {
    match wait(frontier.lease(Want { max: 1, bytes: 0 })).unwrap() {
        Leased::Some(mut leases) => leases.remove(0),
        other => panic!("no lease: {other:?}"),
    }
}

fn fetched(lease: &Lease, outlinks: Vec<Discovered>) -> Commit {
    let attempts = vec![Attempt { status: Some(200), ..Attempt::default() }];
    Commit { attempts, outlinks, ..shared::fetched(lease) }
}

fn balanced(stats: &Stats) {
    assert_eq!(stats.known, stats.pending + stats.leased + stats.done + stats.parked, "{stats:?}");
}

#[test]
fn a_lease_open_at_a_snapshot_may_end_in_the_log_after_it() {
    let crawl = Crawl::new();
    let frontier = crawl.create();
    wait(frontier.add(vec![found(1, 0), found(2, 0)])).unwrap();
    let lease = lease_one(&frontier);
    frontier.snapshot().unwrap();
    wait(frontier.commit(vec![fetched(&lease, vec![found(3, 1)])])).remove(0).unwrap();
    let (_copy, opened) = crawl.after_a_kill();
    let stats = opened.unwrap().stats();
    assert_eq!((stats.known, stats.done, stats.pending, stats.leased), (3, 1, 2, 0));
    balanced(&stats);
}

#[test]
fn a_crawl_goes_on_under_smaller_limits_and_other_rules() {
    let mut crawl = Crawl::new();
    let frontier = crawl.create();
    wait(frontier.add(vec![found(1, 0)])).unwrap();
    let first = lease_one(&frontier);
    wait(frontier.commit(vec![fetched(&first, vec![found(2, 1)])])).remove(0).unwrap();
    crawl.clock.advance(Duration::from_secs(1));
    let second = lease_one(&frontier);
    wait(frontier.commit(vec![fetched(&second, vec![])])).remove(0).unwrap();
    crawl.limits.max_depth = Some(0);
    crawl.pace = Pace { lease: Duration::from_millis(1), ..Pace::default() };
    let (_copy, opened) = crawl.after_a_kill();
    assert_eq!(opened.unwrap().stats().done, 2);
}

#[test]
fn an_extended_lease_outlives_its_first_deadline_in_the_log_too() {
    let crawl = Crawl::new();
    let frontier = crawl.create();
    wait(frontier.add(vec![found(1, 0), found(2, 0)])).unwrap();
    let lease = lease_one(&frontier);
    let wish = Extension { token: lease.token, for_time: Duration::from_secs(7_200), bytes: 0 };
    wait(frontier.extend(vec![wish])).remove(0).unwrap();
    crawl.clock.advance(Duration::from_secs(3_600));
    let other = lease_one(&frontier);
    let answers = wait(frontier.commit(vec![fetched(&other, vec![]), fetched(&lease, vec![])]));
    assert!(answers.iter().all(Result::is_ok), "{answers:?}");
    let (_copy, opened) = crawl.after_a_kill();
    assert_eq!(opened.unwrap().stats().done, 2);
}

#[test]
fn robots_that_grew_too_old_are_asked_for_again_in_the_log_too() {
    let mut crawl = Crawl::new();
    crawl.pace.robots = true;
    let frontier = crawl.create();
    wait(frontier.add(vec![found(1, 0)])).unwrap();
    for _ in 0..2 {
        let robots = lease_one(&frontier);
        assert_eq!(robots.request.kind, RequestKind::Robots);
        let until = crawl.clock.now().after(Duration::from_millis(600));
        let update = HostUpdate {
            origin: robots.origin.clone(),
            site: robots.site.clone(),
            robots: Some(Robots::AllowAll { until }),
            crawl_delay: None,
            block_until: None,
        };
        let commit = Commit { host_update: Some(update), is_page: false, ..fetched(&robots, vec![]) };
        wait(frontier.commit(vec![commit])).remove(0).unwrap();
        crawl.clock.advance(Duration::from_secs(1));
    }
    let (_copy, opened) = crawl.after_a_kill();
    let stats = opened.unwrap().stats();
    assert_eq!((stats.known, stats.pending), (1, 1));
}

#[test]
fn a_delay_learned_from_an_answer_holds_for_the_next_request() {
    let crawl = Crawl::new();
    let frontier = crawl.create();
    wait(frontier.add(vec![found(1, 0), found(2, 0)])).unwrap();
    let start = crawl.clock.now();
    let lease = lease_one(&frontier);
    let update = HostUpdate {
        origin: lease.origin.clone(),
        site: lease.site.clone(),
        robots: None,
        crawl_delay: Some(Duration::from_secs(9)),
        block_until: None,
    };
    let slow = Pace { robots: true, ..crawl.pace };
    wait(frontier.commit(vec![Commit { host_update: Some(update), ..fetched(&lease, vec![]) }]))
        .remove(0)
        .unwrap();
    wait(frontier.control(Control::Pace(slow))).unwrap();
    let next = wait(frontier.host(vec![lease.site])).unwrap().remove(0).unwrap().next_allowed;
    assert_eq!(next, start.after(Duration::from_secs(9)));
}

#[test]
fn a_token_is_worth_nothing_after_its_deadline_or_a_nack_and_is_never_given_again() {
    let crawl = Crawl::new();
    let frontier = crawl.create();
    wait(frontier.add(vec![found(1, 0)])).unwrap();
    let lease = lease_one(&frontier);
    crawl.clock.advance(crawl.pace.lease);
    assert!(matches!(wait(frontier.commit(vec![fetched(&lease, vec![])]))[0], Err(CommitError::Fenced)));
    let again = lease_one(&frontier);
    assert_eq!(again.key, lease.key);
    let nack = Nack { token: again.token, attempt: None, retry: Retry::default() };
    wait(frontier.nack(vec![nack])).remove(0).unwrap();
    assert!(matches!(wait(frontier.commit(vec![fetched(&again, vec![])]))[0], Err(CommitError::Fenced)));
    let (_copy, opened) = crawl.after_a_kill();
    let opened = opened.unwrap();
    crawl.clock.advance(Duration::from_secs(1));
    assert!(lease_one(&opened).token > again.token);
    balanced(&opened.stats());
}

#[test]
fn a_request_whose_lease_was_lost_with_the_process_still_rests_its_site() {
    let crawl = Crawl::new();
    let frontier = crawl.create();
    wait(frontier.add(vec![found(1, 0), found(2, 0)])).unwrap();
    // The lease is handed out, and the process dies before the log says so.
    let (_copy, opened) = crawl.after_a_kill();
    let lost = lease_one(&frontier);
    crawl.clock.advance(Duration::from_millis(1));
    let now = crawl.clock.now();
    let next = wait(opened.unwrap().host(vec![lost.site])).unwrap().remove(0).unwrap().next_allowed;
    assert!(next >= now.after(crawl.pace.delay - Duration::from_millis(1)), "{next:?} at {now:?}");
}

#[test]
fn bytes_granted_under_one_budget_count_when_the_next_run_has_a_smaller_one() {
    let mut crawl = Crawl::new();
    crawl.limits.max_bytes = Some(1_000);
    let frontier = crawl.create();
    wait(frontier.add(vec![found(1, 0)])).unwrap();
    let Leased::Some(leases) = wait(frontier.lease(Want { max: 1, bytes: 100 })).unwrap() else {
        panic!("no lease")
    };
    let wish = Extension { token: leases[0].token, for_time: Duration::from_secs(60), bytes: 400 };
    assert_eq!(wait(frontier.extend(vec![wish])).remove(0).unwrap().bytes, 400);
    crawl.limits.max_bytes = Some(300);
    let (_copy, opened) = crawl.after_a_kill();
    assert_eq!(opened.unwrap().stats().bytes, 500, "all of it may have been received");
}

#[test]
fn an_opening_is_durable_before_any_token_is_given() {
    let crawl = Crawl::new();
    let frontier = crawl.create();
    let stats = frontier.stats();
    assert_eq!(stats.durable_lsn, stats.last_lsn, "a kill now must not give the same tokens to another run");
    drop(frontier);
    let stats = Embedded::open(crawl.opening(crawl.folder.path()), VERSIONS).unwrap().stats();
    assert_eq!(stats.durable_lsn, stats.last_lsn);
}

/// A disk whose writes wait while the gate is shut.
#[derive(Debug)]
struct SlowDisk(Arc<(Mutex<bool>, std::sync::Condvar)>);

#[derive(Debug)]
struct SlowFile(Box<dyn LogFile>, Arc<(Mutex<bool>, std::sync::Condvar)>);

/// Opens the gate when a test ends, however it does, so that the log can be closed.
struct OpenAtTheEnd(Arc<SlowDisk>);

impl Drop for OpenAtTheEnd {
    fn drop(&mut self) {
        self.0.shut(false);
    }
}

impl SlowDisk {
    fn shut(&self, shut: bool) {
        *self.0.0.lock().unwrap() = shut;
        self.0.1.notify_all();
    }
}

impl LogFile for SlowFile {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<()> {
        drop(self.1.1.wait_while(self.1.0.lock().unwrap(), |shut| *shut).unwrap());
        self.0.write(bytes)
    }

    fn sync(&mut self) -> std::io::Result<()> {
        self.0.sync()
    }
}

impl FileLayer for SlowDisk {
    fn append(&self, path: &Path) -> std::io::Result<Box<dyn LogFile>> {
        Ok(Box::new(SlowFile(Disk.append(path)?, self.0.clone())))
    }

    on_disk!(read, replace, truncate, remove, list, sync_folder);
}

#[test]
fn a_url_is_known_only_once_it_is_durable_and_a_commit_is_seen_only_then() {
    let crawl = Crawl::new();
    let disk = Arc::new(SlowDisk(Arc::default()));
    let identity = CrawlIdentity::random(VERSIONS, String::new()).unwrap();
    let opening = Opening { files: disk.clone(), ..crawl.opening(crawl.folder.path()) };
    let frontier = Embedded::create(opening, identity).unwrap();
    let _open = OpenAtTheEnd(disk.clone());
    wait(frontier.add(vec![found(1, 0)])).unwrap();
    let lease = lease_one(&frontier);
    disk.shut(true);
    let mut first = frontier.add(vec![found(2, 0)]);
    assert!(!is_ready(&mut first));
    let mut again = frontier.add(vec![found(2, 0)]);
    assert!(!is_ready(&mut again), "known before it is durable");
    let mut commit = frontier.commit(vec![fetched(&lease, vec![])]);
    assert!(!is_ready(&mut commit));
    assert!(wait(frontier.read(Lsn(0), 9)).unwrap().is_empty(), "seen before it is durable");
    disk.shut(false);
    assert_eq!(wait(first).unwrap(), [AddStatus::New]);
    assert_eq!(wait(again).unwrap(), [AddStatus::Known]);
    wait(commit).remove(0).unwrap();
    assert_eq!(wait(frontier.read(Lsn(0), 9)).unwrap().len(), 1);
}

/// A crawl of a site whose queues are mostly in files, closed; its folder.
fn in_files(urls: u64) -> Crawl {
    let crawl = Crawl::new();
    let opening = Opening { files: shared::cramped(), ..crawl.opening(crawl.folder.path()) };
    let frontier =
        Embedded::create(opening, CrawlIdentity::random(VERSIONS, String::new()).unwrap()).unwrap();
    for first in (0..urls).step_by(50) {
        wait(frontier.add((first..urls.min(first + 50)).map(|number| found(number, 0)).collect())).unwrap();
    }
    crawl
}

fn backlog_files(folder: &Path) -> Vec<std::path::PathBuf> {
    let files = std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().path());
    let mut files: Vec<_> = files.filter(|path| path.to_string_lossy().contains("backlog-")).collect();
    files.sort();
    files
}

#[test]
fn what_waits_in_files_comes_back_in_order_and_files_without_use_go() {
    let crawl = in_files(500);
    assert!(!backlog_files(crawl.folder.path()).is_empty());
    let opening = || Opening { files: shared::cramped(), ..crawl.opening(crawl.folder.path()) };
    let mut served = Vec::new();
    for run in 0..5 {
        let frontier = Embedded::open(opening(), VERSIONS).unwrap();
        for _ in 0..100 {
            crawl.clock.advance(Duration::from_secs(1));
            let lease = lease_one(&frontier);
            served.push(lease.key.0);
            let _ = wait(frontier.commit(vec![fetched(&lease, vec![])])).remove(0).unwrap();
        }
        assert_eq!(frontier.stats().pending, 500 - 100 * (run + 1));
    }
    assert_eq!(served, (0..500).collect::<Vec<_>>());
    drop(Embedded::open(opening(), VERSIONS).unwrap());
    // The newest may still be appended to by the run that made it.
    assert!(backlog_files(crawl.folder.path()).len() <= 1, "{:?}", backlog_files(crawl.folder.path()));
}

#[test]
fn a_file_of_waiting_urls_that_is_missing_or_damaged_is_an_error() {
    let crawl = in_files(200);
    let file = backlog_files(crawl.folder.path()).remove(0);
    let whole = std::fs::read(&file).unwrap();
    let open = || Embedded::open(crawl.opening(crawl.folder.path()), VERSIONS);
    std::fs::remove_file(&file).unwrap();
    let error = open().err().unwrap();
    assert_eq!(error.kind(), ErrorKind::Corrupt);
    assert!(error.to_string().contains("backlog-") && error.to_string().contains("missing"), "{error}");
    // Every block is damaged: none is served but what of the first is in the snapshot too, and nothing after it is.
    let damaged: Vec<u8> = whole.iter().map(|byte| byte ^ 1).collect();
    std::fs::write(&file, damaged).unwrap();
    // Another limit would put everything elsewhere: what cannot be read stays where it is.
    let limits = Limits { max_depth: Some(3), ..crawl.limits };
    let opening = Opening { limits, ..crawl.opening(crawl.folder.path()) };
    assert_eq!(Embedded::open(opening, VERSIONS).err().unwrap().kind(), ErrorKind::Corrupt);
    let frontier = open().unwrap();
    let mut served = 0;
    let error = loop {
        crawl.clock.advance(Duration::from_secs(1));
        match wait(frontier.lease(Want { max: 1, bytes: 0 })) {
            Ok(Leased::Some(leases)) => {
                assert_eq!(leases[0].key.0, served);
                let _ = wait(frontier.commit(vec![fetched(&leases[0], vec![])])).remove(0).unwrap();
                served += 1;
            }
            Ok(other) => panic!("{other:?}"),
            Err(error) => break error,
        }
    };
    assert!(served < 20, "{served}");
    assert_eq!(error.kind(), ErrorKind::Corrupt);
    assert!(wait(frontier.add(vec![found(1000, 0)])).is_err());
    drop(frontier);
    std::fs::write(&file, whole).unwrap();
    let frontier = open().unwrap();
    crawl.clock.advance(Duration::from_secs(1));
    assert_eq!(lease_one(&frontier).key.0, served);
}

#[test]
fn another_depth_limit_finds_what_waits_in_files() {
    let crawl = in_files(300);
    let limits = Limits { max_depth: Some(3), ..crawl.limits };
    let files = shared::cramped();
    let opening = Opening { limits, files, ..crawl.opening(crawl.folder.path()) };
    let frontier = Embedded::open(opening, VERSIONS).unwrap();
    assert_eq!(frontier.stats().pending, 300);
    for number in 0..300 {
        crawl.clock.advance(Duration::from_secs(1));
        let lease = lease_one(&frontier);
        assert_eq!(lease.key.0, number);
        let _ = wait(frontier.commit(vec![fetched(&lease, vec![])])).remove(0).unwrap();
    }
    assert!(frontier.is_complete());
}
