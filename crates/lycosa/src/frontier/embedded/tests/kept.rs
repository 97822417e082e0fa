//! Tests of what is kept for questions, and of changes by hand: both outlive kills, and neither depends on the moment.

use std::collections::BTreeMap;

use super::*;
use crate::model::{CommitNotes, Exclusion, RefusedLink, Repeated, RequestKind};

fn repeated(number: u64) -> Repeated {
    Repeated { url: format!("http://b.test/like/{number}").into(), nearly: number.is_multiple_of(2) }
}

/// A commit that notes a refused link, and of every second URL that it was asked for as a sitemap.
fn noted(lease: &Lease, number: u64) -> Commit {
    let sample =
        |key: u64, url: String| RefusedLink { key: UrlKey(key), url: url.into(), reason: Exclusion::Host };
    Commit {
        notes: CommitNotes {
            links: 2,
            refused: vec![(Exclusion::Host, 2)],
            samples: vec![sample(1_000_000 + number, format!("http://b.test/{number}"))],
            asked_as: number.is_multiple_of(2).then_some(RequestKind::Sitemap),
            repeats: number.is_multiple_of(3).then(|| repeated(number)),
        },
        ..fetched(lease, vec![])
    }
}

/// A crawl that has fetched this many URLs, one after another, its history written often.
fn lived(urls: u64, mut after: impl FnMut(u64, &Crawl, &Embedded)) -> (Crawl, Embedded) {
    let crawl = Crawl { pace: Pace { delay: Duration::ZERO, ..Crawl::new().pace }, ..Crawl::new() };
    let opening = Opening { files: crate::frontier::tests::cramped(), ..crawl.opening(crawl.folder.path()) };
    let identity = CrawlIdentity::random(VERSIONS, String::new()).unwrap();
    let frontier = Embedded::create(opening, identity).unwrap();
    for number in 1..=urls {
        wait(frontier.add(vec![found(number, 0)])).unwrap();
        let lease = lease_one(&frontier);
        wait(frontier.commit(vec![noted(&lease, number)])).remove(0).unwrap();
        after(number, &crawl, &frontier);
    }
    (crawl, frontier)
}

/// How often each URL ended, by what is kept.
fn ended(view: &View) -> BTreeMap<u64, usize> {
    let mut ended = BTreeMap::new();
    view.visit_facts(|key, facts| {
        let ends = facts.iter().filter(|fact| matches!(fact.what, Happened::Ended(_))).count();
        if ends > 0 {
            ended.insert(key.0, ends);
        }
        Ok(true)
    })
    .unwrap();
    ended
}

fn copy(from: &Path) -> tempfile::TempDir {
    let copy = tempfile::tempdir().unwrap();
    for file in std::fs::read_dir(from).unwrap() {
        let file = file.unwrap();
        std::fs::copy(file.path(), copy.path().join(file.file_name())).unwrap();
    }
    copy
}

fn look(folder: &Path) -> View {
    View::open(folder, VERSIONS, Limits::default(), Pace::default()).unwrap()
}

fn runs(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> =
        Disk.list(folder).unwrap().into_iter().filter(|name| history::is_run(name)).collect();
    names.sort();
    names
}

#[test]
fn what_happened_is_kept_once_whenever_the_process_is_killed_and_the_log_is_gone() {
    let mut seen_runs = 0;
    let (crawl, frontier) = lived(120, |number, crawl, frontier| {
        if number % 50 == 0 {
            frontier.snapshot().unwrap();
        }
        if number % 7 == 0 {
            let copy = copy(crawl.folder.path());
            let view = look(copy.path());
            let expected: BTreeMap<u64, usize> = (1..=number).map(|key| (key, 1)).collect();
            assert_eq!(ended(&view), expected);
            assert_eq!(view.refused(), [(Exclusion::Host, 2 * number)], "exact");
            let last = |key: u64| match view.facts(UrlKey(key)).unwrap().facts.pop().map(|fact| fact.what) {
                Some(Happened::Ended(ended)) => Some(ended),
                _ => None,
            };
            for key in number - 2..=number {
                let repeats = last(key).and_then(|ended| ended.repeats);
                assert_eq!(repeats, (key % 3 == 0).then(|| repeated(key)));
            }
            let kept = [number - 1, number].map(|key| last(key).map(|ended| ended.found.request.kind));
            let mut expected = [Some(RequestKind::Page), Some(RequestKind::Sitemap)];
            expected.rotate_left(usize::from(number % 2 == 1));
            assert_eq!(kept, expected, "as what they were asked for");
            let facts = view.facts(UrlKey(1_000_000 + number)).unwrap().facts;
            assert!(
                matches!(&facts[..], [Fact { what: Happened::Refused { url, reason: Exclusion::Host, parent }, .. }]
                    if **url == format!("http://b.test/{number}") && **parent == format!("http://a.test/{number}")),
                "{facts:?}"
            );
            seen_runs = seen_runs.max(runs(copy.path()).len());
        }
    });
    assert!(seen_runs > 3, "{seen_runs}");
    drop(frontier);
    let view = look(crawl.folder.path());
    assert_eq!(ended(&view).len(), 120);
    assert!(view.facts(UrlKey(77_777)).unwrap().facts.is_empty());
}

#[test]
fn a_history_that_says_more_than_the_log_is_not_believed() {
    let (crawl, frontier) = lived(60, |_, _, _| {});
    wait(frontier.flush()).unwrap();
    let log = Disk.read(&crawl.folder.path().join(log::segment_name(1))).unwrap();
    for kept in [log.len() / 2, log.len() / 3, log.len() - 1, 0] {
        let copy = copy(crawl.folder.path());
        std::fs::write(copy.path().join(log::segment_name(1)), &log[..kept]).unwrap();
        let before = runs(copy.path());
        let (known, first) = {
            let view = look(copy.path());
            let done = view.stats(Timestamp(2_000_000)).done;
            (done, ended(&view))
        };
        assert_eq!(first.len() as u64, known, "what the log says, and no more");
        assert!(first.values().all(|ends| *ends == 1), "{first:?}");
        assert_eq!(runs(copy.path()), before, "looking changes nothing");
        drop(Embedded::open(crawl.opening(copy.path()), VERSIONS).unwrap());
        assert_eq!(ended(&look(copy.path())), first, "the same after opening");
    }
}

#[test]
fn a_damaged_history_is_told_and_does_not_stop_a_crawl() {
    let (crawl, frontier) = lived(60, |_, _, _| {});
    drop(frontier);
    let whole = ended(&look(crawl.folder.path()));
    let name = runs(crawl.folder.path()).remove(0);
    let bytes = Disk.read(&crawl.folder.path().join(&name)).unwrap();
    let mut told = 0;
    for at in (0..bytes.len()).step_by(13) {
        let copy = copy(crawl.folder.path());
        let mut damaged = bytes.clone();
        damaged[at] ^= 0x10;
        std::fs::write(copy.path().join(&name), &damaged).unwrap();
        let looked = View::open(copy.path(), VERSIONS, Limits::default(), Pace::default())
            .and_then(|view| view.visit_facts(|_, _| Ok(true)));
        match looked {
            Ok(()) => panic!("damage at byte {at} was not noticed"),
            Err(error) => assert_eq!(error.kind(), ErrorKind::Corrupt, "{error}"),
        }
        told += 1;
        Embedded::open(crawl.opening(copy.path()), VERSIONS).unwrap();
    }
    assert!(told > 10 && whole.len() == 60);
}

#[test]
fn a_url_that_goes_back_is_fetched_again_once_as_a_new_visit_over_a_kill() {
    let (crawl, frontier) = lived(3, |_, _, _| {});
    let mut again = found(2, 0);
    again.request.generation = 1;
    assert_eq!(frontier.again(vec![again.clone(), found(99, 0)]).unwrap(), 1, "the other is not known");
    assert_eq!(frontier.again(vec![again]).unwrap(), 0, "it waits already");
    wait(frontier.flush()).unwrap();
    let (folder, reopened) = crawl.after_a_kill();
    let reopened = reopened.unwrap();
    crawl.clock.advance(Duration::from_secs(60));
    let lease = lease_one(&reopened);
    assert_eq!((lease.key, lease.request.generation), (UrlKey(2), 1));
    wait(reopened.commit(vec![fetched(&lease, vec![])])).remove(0).unwrap();
    let stats = reopened.stats();
    assert_eq!((stats.known, stats.done, stats.fetched, stats.pending), (3, 3, 3, 0));
    drop(reopened);
    assert_eq!(ended(&look(folder.path())), BTreeMap::from([(1, 1), (2, 2), (3, 1)]));
}

#[test]
fn urls_that_come_with_their_outcome_are_known_and_told_of() {
    let crawl = Crawl::new();
    let frontier = crawl.create();
    let fetched = Outcome::Fetched { status: 200 };
    assert_eq!(frontier.take_in(vec![(found(1, 0), fetched.clone()), (found(1, 0), fetched)]).unwrap(), 1);
    assert_eq!(
        wait(frontier.add(vec![found(1, 0), found(2, 0)])).unwrap(),
        [AddStatus::Known, AddStatus::New]
    );
    let (folder, reopened) = crawl.after_a_kill();
    let stats = reopened.unwrap().stats();
    assert_eq!((stats.known, stats.done, stats.fetched, stats.pending), (2, 1, 1, 1));
    assert_eq!(ended(&look(folder.path())), BTreeMap::from([(1, 1)]));
}

#[test]
fn a_site_that_rests_by_hand_does_so_for_as_long_as_it_was_told() {
    let crawl = Crawl::new();
    let frontier = crawl.create();
    let site = SiteKey("a.test".into());
    wait(frontier.add(vec![found(1, 0)])).unwrap();
    let until = crawl.clock.now().after(Duration::from_secs(7 * 24 * 3600));
    wait(frontier.control(Control::Bar(site.clone(), until))).unwrap();
    // From the log, then from a snapshot.
    let (folder, reopened) = crawl.after_a_kill();
    drop(reopened.unwrap());
    let reopened = Embedded::open(crawl.opening(folder.path()), VERSIONS).unwrap();
    assert_eq!(wait(reopened.host(vec![site.clone()])).unwrap()[0].as_ref().unwrap().blocked_until, until);
    crawl.clock.advance(Duration::from_secs(6 * 24 * 3600));
    assert!(matches!(wait(reopened.lease(Want { max: 1, bytes: 0 })).unwrap(), Leased::NotBefore(_)));
    wait(reopened.control(Control::Bar(site, Timestamp(0)))).unwrap();
    assert_eq!(lease_one(&reopened).key, UrlKey(1));
}

#[test]
fn a_crawl_may_keep_no_history() {
    let crawl = Crawl::new();
    let opening = Opening { history: false, ..crawl.opening(crawl.folder.path()) };
    let frontier =
        Embedded::create(opening, CrawlIdentity::random(VERSIONS, String::new()).unwrap()).unwrap();
    wait(frontier.add(vec![found(1, 0)])).unwrap();
    let lease = lease_one(&frontier);
    wait(frontier.commit(vec![fetched(&lease, vec![])])).remove(0).unwrap();
    drop(frontier);
    assert!(runs(crawl.folder.path()).is_empty());
}

#[test]
fn files_of_a_crawl_without_its_identity_are_not_taken_for_another_crawls() {
    let crawl = Crawl::new();
    let folder = &crawl.folder;
    let opening = || crawl.opening(folder.path());
    let identity = || CrawlIdentity::random(VERSIONS, String::new()).unwrap();
    drop(Embedded::create(opening(), identity()).unwrap());
    std::fs::remove_file(folder.path().join("crawl.json")).unwrap();
    let names = || {
        let mut names = Disk.list(folder.path()).unwrap();
        names.sort();
        names
    };
    let before = names();
    let error = Embedded::create(opening(), identity()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Corrupt);
    assert!(error.to_string().contains("no crawl.json"), "{error}");
    assert!(error.hint().is_some_and(|hint| hint.contains("--fresh")), "{error}");
    assert_eq!(names(), before);
    super::super::remove(folder.path()).unwrap();
    drop(Embedded::create(opening(), identity()).unwrap());
}
