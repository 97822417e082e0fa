//! Tests of URLs that go back by hand while visits of them are to come: each visit is made once, over kills.

use super::*;
use crate::model::{CommitNotes, Finish, Revisit, Visit};

/// What happens to the process between two steps.
#[derive(Clone, Copy, Debug)]
enum Between {
    Nothing,
    Kill,
    SnapshotAndKill,
}

const ALL: [Between; 3] = [Between::Nothing, Between::Kill, Between::SnapshotAndKill];

struct Story {
    crawl: Crawl,
    frontier: Embedded,
    between: Between,
}

impl Story {
    fn begin(between: Between, limits: Limits) -> Self {
        let pace = Pace { revisits: true, delay: Duration::ZERO, ..Crawl::new().pace };
        let crawl = Crawl { pace, limits, ..Crawl::new() };
        let frontier = crawl.create();
        Self { crawl, frontier, between }
    }

    fn step(&mut self) {
        wait(self.frontier.flush()).unwrap();
        if matches!(self.between, Between::SnapshotAndKill) {
            self.frontier.snapshot().unwrap();
        }
        if !matches!(self.between, Between::Nothing) {
            let (folder, opened) = self.crawl.after_a_kill();
            self.frontier = opened.unwrap();
            self.crawl.folder = folder;
        }
        balanced(&self.frontier.stats());
    }

    fn commit(&self, lease: &Lease, outlinks: Vec<Discovered>, again: Option<u64>) {
        let due = |after| Timestamp(self.crawl.clock.now().0 + after);
        let revisit = again.map(|after| Revisit::new(due(after), Visit::default()));
        let commit = Commit { revisit, notes: CommitNotes::default(), ..fetched(lease, outlinks) };
        wait(self.frontier.commit(vec![commit])).remove(0).unwrap();
        balanced(&self.frontier.stats());
    }

    fn lease(&self) -> Leased {
        let leased = wait(self.frontier.lease(Want { max: 9, bytes: 0 })).unwrap();
        balanced(&self.frontier.stats());
        leased
    }

    fn only_lease(&self) -> Lease {
        match self.lease() {
            Leased::Some(mut leases) if leases.len() == 1 => leases.remove(0),
            other => panic!("one lease was due: {other:?}"),
        }
    }

    /// Back with it, as a person asks for it who knows of the visit `last`.
    fn again(&self, last: &Lease) -> usize {
        let mut request = last.request.clone();
        request.generation += 1;
        let found =
            Discovered { key: last.key, site: last.site.clone(), origin: last.origin.clone(), request };
        let count = self.frontier.again(vec![found.clone(), found]).unwrap();
        balanced(&self.frontier.stats());
        count
    }

    fn is_complete(&self) {
        let leased = self.lease();
        assert!(matches!(leased, Leased::Finished(Finish::Complete)), "{leased:?}");
    }

    fn advance(&self, milliseconds: u64) {
        self.crawl.clock.advance(Duration::from_millis(milliseconds));
    }
}

#[test]
fn a_url_that_goes_back_does_not_come_again_for_the_visit_it_waited_for() {
    for between in ALL {
        let mut story = Story::begin(between, Limits::default());
        wait(story.frontier.add(vec![found(1, 0)])).unwrap();
        let first = story.only_lease();
        story.commit(&first, vec![], Some(1_000_000));
        story.step();
        assert_eq!(story.again(&first), 1);
        assert_eq!(story.again(&first), 0, "it waits already");
        story.step();
        let second = story.only_lease();
        assert_eq!(story.again(&first), 0, "it is under way");
        story.commit(&second, vec![], Some(3_000_000));
        story.step();
        story.advance(1_000_000);
        assert!(matches!(story.lease(), Leased::NotBefore(_)), "{between:?}");
        story.step();
        // Back once more, with two visits to come behind it.
        assert_eq!(story.again(&second), 1);
        let third = story.only_lease();
        story.commit(&third, vec![], Some(4_000_000));
        story.advance(2_000_000);
        assert!(matches!(story.lease(), Leased::NotBefore(_)), "{between:?}");
        story.advance(2_000_000);
        let fourth = story.only_lease();
        story.commit(&fourth, vec![], None);
        story.is_complete();
        let generations = [&first, &second, &third, &fourth].map(|lease| lease.request.generation);
        assert!(generations.is_sorted_by(|one, next| one < next), "{generations:?}");
        let stats = story.frontier.stats();
        assert_eq!((stats.done, stats.fetched, stats.revisits_waiting), (1, 1, 0));
    }
}

#[test]
fn a_visit_that_is_due_or_under_way_is_not_asked_for_twice() {
    for between in ALL {
        let mut story = Story::begin(between, Limits::default());
        // Another page of the site is due first, so that the visit waits in its queue.
        wait(story.frontier.add(vec![found(1, 0), found(2, 0)])).unwrap();
        let Leased::Some(leases) = story.lease() else { panic!("both are due") };
        leases.iter().for_each(|lease| story.commit(lease, vec![], Some(1_000)));
        story.advance(1_000);
        let under_way = lease_one(&story.frontier);
        let waits = leases.iter().find(|lease| lease.key != under_way.key).unwrap();
        assert_eq!(story.again(waits), 0, "it is pending");
        assert_eq!(story.again(&under_way), 0, "it is leased");
        story.commit(&under_way, vec![], None);
        story.step();
        assert_eq!(story.again(waits), 0, "it is pending");
        let visit = story.only_lease();
        assert_eq!(visit.key, waits.key);
        story.commit(&visit, vec![], None);
        story.is_complete();
    }
}

#[test]
fn a_url_that_went_back_in_vain_is_still_visited_when_it_is_due() {
    for between in ALL {
        let mut story = Story::begin(between, Limits::default());
        wait(story.frontier.add(vec![found(1, 0)])).unwrap();
        let first = story.only_lease();
        story.commit(&first, vec![], Some(1_000_000));
        assert_eq!(story.again(&first), 1);
        let second = story.only_lease();
        story.step();
        let second = if matches!(between, Between::Nothing) { second } else { story.only_lease() };
        // The visit is due while the other is under way, and waits for its end.
        story.advance(1_000_000);
        let wish = Extension { token: second.token, for_time: Duration::from_secs(100_000), bytes: 0 };
        drop(wait(story.frontier.extend(vec![wish])));
        let second = match story.lease() {
            Leased::Some(mut leases) => leases.remove(0),
            _ => second,
        };
        story.commit(&second, vec![], None);
        story.step();
        story.advance(10_000_000);
        let third = story.only_lease();
        assert!(third.request.revisit.is_some() && third.request.generation > second.request.generation);
        story.commit(&third, vec![], None);
        story.is_complete();
    }
}

#[test]
fn a_visit_that_goes_back_holds_up_no_level() {
    for between in ALL {
        let limits = Limits { max_depth: Some(3), ..Limits::default() };
        let mut story = Story::begin(between, limits);
        wait(story.frontier.add(vec![found(1, 0)])).unwrap();
        let first = story.only_lease();
        story.commit(&first, vec![], Some(1_000));
        story.advance(1_000);
        let visit = story.only_lease();
        story.commit(&visit, vec![], Some(1_000_000));
        assert_eq!(story.again(&visit), 1);
        story.step();
        let back = story.only_lease();
        assert!(back.request.revisit.is_some());
        story.commit(&back, vec![found(2, 1)], None);
        story.step();
        assert_eq!(story.only_lease().key, UrlKey(2));
    }
}
