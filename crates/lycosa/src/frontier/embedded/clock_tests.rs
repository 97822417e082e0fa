//! Wall clocks that jump between two runs: nothing waits for the difference, and nothing is served before its time.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use super::*;
use crate::frontier::conformance::wait;
use crate::frontier::tests::{self as shared, VERSIONS};
use crate::model::{
    Attempt, Clock, Cursor, Frontier, Lease, ManualClock, Origin, Outbox, Pace, Request, Retry, Revisit,
    SiteKey, UrlKey, Visit,
};

const HOUR: Duration = Duration::from_secs(3_600);
const BEGINNING: Timestamp = Timestamp(100_000_000);

fn opening(folder: &Path, clock: &Arc<ManualClock>) -> Opening {
    shared::opening(folder, clock, Arc::new(Disk))
}

fn found(number: u64) -> Discovered {
    let url = format!("http://a.test/{number}");
    let origin = Origin::of(&url::Url::parse(&url).unwrap()).unwrap();
    Discovered { key: UrlKey(number), site: SiteKey("a.test".into()), origin, request: Request::get(url) }
}

fn lease(frontier: &Embedded) -> Option<Lease> {
    match wait(frontier.lease(Want { max: 1, bytes: 0 })).unwrap() {
        Leased::Some(mut leases) => Some(leases.remove(0)),
        _ => None,
    }
}

/// A state with one URL that is to be asked for again in a minute, left in peace or by a kill.
fn with_a_retry(folder: &Path, in_peace: bool) {
    let clock = Arc::new(ManualClock::new(BEGINNING));
    let identity = CrawlIdentity::random(VERSIONS, String::new()).unwrap();
    let frontier = Embedded::create(opening(folder, &clock), identity).unwrap();
    wait(frontier.add(vec![found(1)])).unwrap();
    let lease = lease(&frontier).unwrap();
    let retry = Retry { not_before: clock.now().after(Duration::from_secs(60)), ..Retry::default() };
    wait(frontier.nack(vec![Nack { token: lease.token, attempt: Some(Attempt::default()), retry }]))
        .remove(0)
        .unwrap();
    if !in_peace {
        frontier.shared.log.fail(Error::new(ErrorKind::Internal, "the end of this process"));
    }
}

#[test]
fn a_retry_is_due_when_it_would_have_been_if_the_clock_is_set_back_an_hour() {
    for in_peace in [true, false] {
        let folder = tempfile::tempdir().unwrap();
        with_a_retry(folder.path(), in_peace);
        let clock = Arc::new(ManualClock::new(Timestamp(BEGINNING.0 - 3_600_000)));
        // Over two runs: the second finds the clock as the first left it.
        drop(Embedded::open(opening(folder.path(), &clock), VERSIONS).unwrap());
        let frontier = Embedded::open(opening(folder.path(), &clock), VERSIONS).unwrap();
        clock.advance(Duration::from_secs(59));
        assert!(lease(&frontier).is_none(), "before its time");
        clock.advance(Duration::from_secs(2));
        assert!(lease(&frontier).is_some(), "in peace: {in_peace}");
    }
}

#[test]
fn a_retry_is_due_at_once_if_the_clock_is_put_forward_an_hour() {
    let folder = tempfile::tempdir().unwrap();
    with_a_retry(folder.path(), true);
    let clock = Arc::new(ManualClock::new(BEGINNING.after(HOUR)));
    let frontier = Embedded::open(opening(folder.path(), &clock), VERSIONS).unwrap();
    clock.advance(Duration::from_secs(1));
    assert!(lease(&frontier).is_some());
}

#[test]
fn a_log_that_was_just_begun_does_not_hide_that_the_clock_was_set_back() {
    let folder = tempfile::tempdir().unwrap();
    let clock = Arc::new(ManualClock::new(BEGINNING));
    with_a_retry(folder.path(), true);
    let frontier = Embedded::open(opening(folder.path(), &clock), VERSIONS).unwrap();
    let cursor = Cursor { lsn: Lsn(0), position: String::new() };
    wait(frontier.set_cursor("sink", cursor)).unwrap();
    drop(frontier);
    // What a kill right after the beginning of a log leaves beside the snapshot.
    let logs = std::fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().path());
    for log in logs.filter(|path| path.file_name().unwrap().to_string_lossy().starts_with("log-")) {
        std::fs::write(log, "").unwrap();
    }
    let clock = Arc::new(ManualClock::new(Timestamp(BEGINNING.0 - 3_600_000)));
    let frontier = Embedded::open(opening(folder.path(), &clock), VERSIONS).unwrap();
    clock.advance(Duration::from_secs(61));
    assert!(lease(&frontier).is_some());
}

/// A state with one page that is visited again in ten minutes.
fn with_a_visit(opening: Opening, in_peace: bool) {
    let clock = opening.clock.clone();
    let identity = CrawlIdentity::random(VERSIONS, String::new()).unwrap();
    let frontier = Embedded::create(opening, identity).unwrap();
    wait(frontier.add(vec![found(1)])).unwrap();
    let revisit = Revisit::new(clock.now().after(Duration::from_secs(600)), Visit::default());
    let commit = Commit { revisit: Some(revisit), ..shared::fetched(&lease(&frontier).unwrap()) };
    wait(frontier.commit(vec![commit])).remove(0).unwrap();
    if !in_peace {
        frontier.shared.log.fail(Error::new(ErrorKind::Internal, "the end of this process"));
    }
}

#[test]
fn a_visit_is_due_when_it_would_have_been_if_the_clock_is_set_back_an_hour() {
    for in_peace in [true, false] {
        let folder = tempfile::tempdir().unwrap();
        let opening = |clock: &Arc<ManualClock>| Opening {
            pace: Pace { robots: false, delay: Duration::ZERO, revisits: true, ..Pace::default() },
            ..opening(folder.path(), clock)
        };
        with_a_visit(opening(&Arc::new(ManualClock::new(BEGINNING))), in_peace);
        let clock = Arc::new(ManualClock::new(Timestamp(BEGINNING.0 - 3_600_000)));
        drop(Embedded::open(opening(&clock), VERSIONS).unwrap());
        let frontier = Embedded::open(opening(&clock), VERSIONS).unwrap();
        clock.advance(Duration::from_secs(599));
        assert!(lease(&frontier).is_none(), "before its time");
        let next = frontier.stats().next_revisit.unwrap();
        assert!(next <= clock.now().after(Duration::from_secs(1)), "{next:?}");
        clock.advance(Duration::from_secs(2));
        assert!(lease(&frontier).is_some(), "in peace: {in_peace}");
    }
}

#[test]
fn visits_are_where_they_were_when_a_clock_that_had_no_date_has_one_again() {
    const DAY: u64 = 24 * 3_600_000;
    let folder = tempfile::tempdir().unwrap();
    let opening = |clock: &Arc<ManualClock>| Opening {
        pace: Pace { robots: false, delay: Duration::ZERO, revisits: true, ..Pace::default() },
        ..opening(folder.path(), clock)
    };
    let at = |time: u64| Arc::new(ManualClock::new(Timestamp(time)));
    with_a_visit(opening(&at(1_000 * DAY)), true);
    drop(Embedded::open(opening(&at(5_000)), VERSIONS).unwrap());
    let clock = at(1_000 * DAY + 60_000);
    let frontier = Embedded::open(opening(&clock), VERSIONS).unwrap();
    clock.advance(Duration::from_secs(500));
    assert!(lease(&frontier).is_none(), "before its time");
    clock.advance(Duration::from_secs(60));
    assert!(lease(&frontier).is_some());
}

#[test]
fn whoever_asks_is_told_when_a_visit_is_due_by_the_clock_as_it_is_now() {
    let folder = tempfile::tempdir().unwrap();
    let opening = |clock: &Arc<ManualClock>| opening(folder.path(), clock);
    with_a_visit(opening(&Arc::new(ManualClock::new(BEGINNING))), true);
    let now = Timestamp(BEGINNING.0 - 3_600_000);
    drop(Embedded::open(opening(&Arc::new(ManualClock::new(now))), VERSIONS).unwrap());
    let mut view = View::open(folder.path(), VERSIONS, Limits::default(), Pace::default()).unwrap();
    let due = view.next_visit(UrlKey(1)).unwrap().unwrap().due;
    assert_eq!(due, now.after(Duration::from_secs(600)));
}
