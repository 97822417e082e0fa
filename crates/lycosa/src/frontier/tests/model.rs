//! The frontier against a model: any sequence of calls, and after each the answer must be one that the model allows.
//!
//! The model is a map of URLs with their states and knows nothing of queues, heaps or logs. It does not say which
//! URL is next, only which may be and when one must be; the order is the suite's business. Where an implementation
//! may be more careful than it need be (a site's rest after a request that was not sent, or after a restart), the
//! model keeps both bounds.

mod reference;

use std::time::Duration;

use std::sync::Arc;

use proptest::prelude::*;
use proptest::test_runner::{RngSeed, TestCaseError};

use self::reference::{Model, State};
use super::{EmbeddedStand, End, MemoryStand, Room, cramped};
use crate::frontier::conformance::{Stand, wait};
use crate::frontier::embedded::Disk;
use crate::model::{
    Attempt, Clock as _, Commit, CommitError, Control, Discovered, Extension, Lease, Leased, Limits, Lsn,
    Nack, Origin, Outcome, Pace, Payload, Record, RecordId, RecordKind, Request, Retry, Revisit, Scheme,
    SiteKey, UrlKey, Visit, Want,
};

type Check = Result<(), TestCaseError>;

/// URLs there are.
const URLS: u8 = 24;

#[derive(Clone, Debug)]
enum Op {
    Add(Vec<(u8, u32)>),
    Lease {
        max: usize,
        bytes: u64,
    },
    /// `which` is any lease ever given, ended ones too.
    Commit {
        which: usize,
        end: Ending,
        links: Vec<(u8, u32)>,
        wire: u64,
        again: Option<u64>,
    },
    Nack {
        which: usize,
        after: u64,
        block: Option<u64>,
        counts: bool,
        sent: bool,
    },
    Extend {
        which: usize,
        after: u64,
        bytes: u64,
    },
    Advance(u64),
    Pause(bool),
    Limits {
        pages: Option<u64>,
        requests: Option<u64>,
        bytes: Option<u64>,
        depth: Option<u32>,
        time: Option<u64>,
    },
    Pace {
        delay: u64,
        per_origin: u32,
        lease: u64,
    },
    Reopen,
    Snapshot,
}

#[derive(Clone, Copy, Debug)]
enum Ending {
    Fetched,
    Failed,
    NotSent,
    Redirect(u8),
}

fn link() -> impl Strategy<Value = (u8, u32)> {
    (0..URLS, 0_u32..4)
}

fn operation() -> impl Strategy<Value = Op> {
    let which = || 0_usize..64;
    let ending = prop_oneof![
        4 => Just(Ending::Fetched),
        1 => Just(Ending::Failed),
        1 => Just(Ending::NotSent),
        3 => (0..URLS).prop_map(Ending::Redirect),
    ];
    let again = prop_oneof![3 => Just(None), 2 => (0_u64..20_000).prop_map(Some), 2 => (60_000_u64..5_000_000).prop_map(Some)];
    let after = prop_oneof![4 => 0_u64..2_000, 1 => 60_000_u64..900_000];
    let some = |range: std::ops::Range<u64>| prop::option::weighted(0.4, range);
    prop_oneof![
        4 => prop::collection::vec(link(), 0..8).prop_map(Op::Add),
        8 => (1_usize..5, 0_u64..40).prop_map(|(max, bytes)| Op::Lease { max, bytes }),
        8 => (which(), ending, prop::collection::vec(link(), 0..4), 0_u64..40, again)
            .prop_map(|(which, end, links, wire, again)| Op::Commit { which, end, links, wire, again }),
        4 => (which(), after, some(0..2_000), any::<bool>(), any::<bool>())
            .prop_map(|(which, after, block, counts, sent)| Op::Nack { which, after, block, counts, sent }),
        2 => (which(), 0_u64..9_000, 0_u64..60)
            .prop_map(|(which, after, bytes)| Op::Extend { which, after, bytes }),
        6 => prop_oneof![8 => 0_u64..700, 2 => 0_u64..12_000, 1 => 0_u64..3_000_000].prop_map(Op::Advance),
        1 => any::<bool>().prop_map(Op::Pause),
        2 => (some(0..9), some(0..20), some(0..400), prop::option::of(0_u32..4), some(0..9_000)).prop_map(
            |(pages, requests, bytes, depth, time)| Op::Limits { pages, requests, bytes, depth, time }
        ),
        1 => (0_u64..900, 1_u32..4, 1_000_u64..9_000)
            .prop_map(|(delay, per_origin, lease)| Op::Pace { delay, per_origin, lease }),
        2 => Just(Op::Reopen),
        1 => Just(Op::Snapshot),
    ]
}

fn found(number: u8, depth: u32) -> Discovered {
    let (origin, site) = (number % 2, number % 3);
    let host = format!("{origin}.{site}.test");
    let url = format!("http://{host}/{number}");
    let origin = Origin { scheme: Scheme::Http, host: host.into(), port: 80 };
    let request = Request { depth, class: number % 4, ..Request::get(url) };
    Discovered { key: UrlKey(number.into()), site: SiteKey(format!("{site}.test").into()), origin, request }
}

struct Run {
    stand: Box<dyn Stand>,
    model: Model,
    given: Vec<Lease>,
}

fn retry_answer<T>(answer: &Result<T, CommitError>, open: bool) -> Check {
    match answer {
        Ok(_) => prop_assert!(open, "an ended lease was accepted"),
        Err(CommitError::Fenced) => prop_assert!(!open, "an open lease was refused"),
        Err(CommitError::Broken(error)) => return Err(TestCaseError::fail(error.to_string())),
    }
    Ok(())
}

impl Run {
    fn lease_named(&self, which: usize) -> Option<(Lease, bool)> {
        // The youngest first: those are mostly open.
        let lease = self.given.iter().rev().nth(which % self.given.len().clamp(1, 12))?.clone();
        let open = self.model.open.get(&lease.token).is_some_and(|open| open.deadline > self.model.now);
        Some((lease, open))
    }

    fn step(&mut self, op: &Op) -> Check {
        match op {
            Op::Add(links) => self.add(links)?,
            Op::Lease { max, bytes } => {
                self.model.expire(self.model.now);
                if !self.model.paused {
                    self.model.wake();
                }
                let want = Want { max: *max, bytes: *bytes };
                let answer = wait(self.stand.frontier().lease(want)).unwrap();
                self.model.answered(&answer, *max, *bytes)?;
                if let Leased::Some(leases) = answer {
                    self.given.extend(leases);
                }
            }
            Op::Commit { which, end, links, wire, again } => {
                self.commit(*which, *end, links, *wire, *again)?
            }
            Op::Nack { which, after, block, counts, sent } => {
                self.nack(*which, *after, *block, *counts, *sent)?
            }
            Op::Extend { which, after, bytes } => self.extend(*which, *after, *bytes)?,
            Op::Advance(milliseconds) => {
                self.stand.clock().advance(Duration::from_millis(*milliseconds));
                self.model.now = self.stand.clock().now();
            }
            Op::Pause(pause) => {
                self.model.paused = *pause;
                self.control(if *pause { Control::Pause } else { Control::Resume });
            }
            Op::Limits { pages, requests, bytes, depth, time } => {
                let deadline = time.map(|time| self.model.now.after(Duration::from_millis(time)));
                let (max_pages, max_requests) = (*pages, *requests);
                let limits = Limits {
                    max_pages,
                    max_requests,
                    max_bytes: *bytes,
                    max_depth: *depth,
                    deadline,
                    templates: None,
                };
                self.model.limits = limits;
                self.control(Control::Limits(limits));
            }
            Op::Pace { delay, per_origin, lease } => {
                let (delay, lease) = (Duration::from_millis(*delay), Duration::from_millis(*lease));
                self.model.pace = Pace { delay, per_origin: *per_origin, lease, ..self.model.pace };
                self.control(Control::Pace(self.model.pace));
            }
            Op::Snapshot => self.stand.snapshot(),
            Op::Reopen => {
                if self.stand.reopen(self.model.limits, self.model.pace) {
                    self.model.reopened(&self.stand.frontier().stats())?;
                    self.outbox()?;
                }
            }
        }
        self.model.compare(&self.stand.frontier().stats())
    }

    fn control(&self, control: Control) {
        wait(self.stand.frontier().control(control)).unwrap();
    }

    fn add(&mut self, links: &[(u8, u32)]) -> Check {
        let batch: Vec<_> = links.iter().map(|(number, depth)| found(*number, *depth)).collect();
        let wanted: Vec<_> = batch.iter().map(|found| self.model.add(found.clone(), false)).collect();
        prop_assert_eq!(wait(self.stand.frontier().add(batch)).unwrap(), wanted);
        Ok(())
    }

    fn commit(
        &mut self,
        which: usize,
        end: Ending,
        links: &[(u8, u32)],
        wire: u64,
        again: Option<u64>,
    ) -> Check {
        let Some((lease, open)) = self.lease_named(which) else { return Ok(()) };
        let record = |n| Record { id: RecordId(n), kind: RecordKind::Outcome, json: "{}".into() };
        let error = crate::error::Error::new(crate::error::ErrorKind::Connect, "no");
        let outcome = match end {
            Ending::Fetched => Outcome::Fetched { status: 200 },
            Ending::Failed | Ending::NotSent => Outcome::Failed { error },
            Ending::Redirect(to) => {
                let (to, if_known) = (Box::new(found(to, lease.request.depth)), vec![record(2), record(3)]);
                Outcome::Redirect { status: 302, to, if_known }
            }
        };
        let attempt = Attempt { status: Some(200), wire_bytes: wire, ..Attempt::default() };
        let commit = Commit {
            token: lease.token,
            outcome,
            attempts: if matches!(end, Ending::NotSent) { Vec::new() } else { vec![attempt] },
            payload: Payload::Inline(vec![record(1)]),
            outlinks: links.iter().map(|(number, depth)| found(*number, *depth)).collect(),
            host_update: None,
            is_page: matches!(end, Ending::Fetched),
            notes: crate::model::CommitNotes::default(),
            revisit: again.map(|after| self.revisit(after)),
            dates: None,
        };
        let answer = wait(self.stand.frontier().commit(vec![commit])).remove(0);
        retry_answer(&answer, open)?;
        if let Ok(lsn) = answer {
            self.model.committed(&lease, lsn, end, links, wire);
            if let (Some(after), Some(url)) = (again, self.model.urls.get_mut(&lease.key)) {
                let due = self.model.now.after(Duration::from_millis(after));
                (url.state, url.attempt) = (State::Again(due), 0);
                url.generation += 1;
            }
        }
        Ok(())
    }

    fn revisit(&self, after: u64) -> Revisit {
        let visit = Visit { at: self.model.now, etag: Some("\"tag\"".into()), ..Visit::default() };
        Revisit::new(self.model.now.after(Duration::from_millis(after)), visit)
    }

    fn nack(&mut self, which: usize, after: u64, block: Option<u64>, counts: bool, sent: bool) -> Check {
        let Some((lease, open)) = self.lease_named(which) else { return Ok(()) };
        let not_before = self.model.now.after(Duration::from_millis(after));
        let block_site_until = block.map(|block| self.model.now.after(Duration::from_millis(block)));
        let attempt = sent.then(|| Attempt { status: Some(503), wire_bytes: 3, ..Attempt::default() });
        let nack =
            Nack { token: lease.token, attempt, retry: Retry { not_before, block_site_until, counts } };
        let answer = wait(self.stand.frontier().nack(vec![nack])).remove(0);
        retry_answer(&answer, open)?;
        if open {
            let put_off = lease.request.revisit.is_some() && after >= 1 << 16;
            let state = if put_off { State::Again(not_before) } else { State::Waiting(not_before) };
            let key = self.model.end(lease.token, state, sent).unwrap();
            self.model.requests += u64::from(sent);
            self.model.bytes += if sent { 3 } else { 0 };
            self.model.urls.get_mut(&key).unwrap().attempt += u32::from(counts);
            let site = self.model.sites.entry(lease.site).or_default();
            site.blocked = site.blocked.max(block_site_until.unwrap_or_default());
        }
        Ok(())
    }

    fn extend(&mut self, which: usize, after: u64, bytes: u64) -> Check {
        let Some((lease, open)) = self.lease_named(which) else { return Ok(()) };
        let for_time = Duration::from_millis(after);
        let wish = Extension { token: lease.token, for_time, bytes };
        let answer = wait(self.stand.frontier().extend(vec![wish])).remove(0);
        retry_answer(&answer, open)?;
        let Ok(granted) = answer else { return Ok(()) };
        let room = self.model.limits.max_bytes.map(|limit| limit >= self.model.bytes_used() + bytes);
        prop_assert_eq!(granted.bytes, if room == Some(false) { 0 } else { bytes });
        let until = self.model.now.after(for_time);
        let open = self.model.open.get_mut(&lease.token).unwrap();
        open.deadline = open.deadline.max(until);
        open.bytes += if room == Some(true) { bytes } else { 0 };
        prop_assert_eq!(granted.deadline, open.deadline);
        Ok(())
    }

    fn outbox(&self) -> Check {
        let committed = wait(self.stand.outbox().read(Lsn(0), usize::MAX)).unwrap();
        let shown: Vec<_> =
            committed.iter().map(|c| (c.lsn, c.key, c.outcome.as_str(), c.records.len())).collect();
        prop_assert_eq!(&shown, &self.model.commits);
        Ok(())
    }
}

fn check(make: impl FnOnce(Limits, Pace) -> Box<dyn Stand>, operations: &[Op]) -> Check {
    let pace = Pace {
        robots: false,
        response_factor: 0.0,
        lease: Duration::from_secs(5),
        revisits: true,
        ..Pace::default()
    };
    let stand = make(Limits::default(), pace);
    let model = Model::new(stand.clock().now(), pace);
    let mut run = Run { stand, model, given: Vec::new() };
    for (number, op) in operations.iter().enumerate() {
        run.step(op).map_err(|error| TestCaseError::fail(format!("step {number}, {op:?}: {error}")))?;
    }
    run.outbox()
}

/// The same cases in every run; `PROPTEST_CASES` asks for more of them.
fn config() -> ProptestConfig {
    ProptestConfig { rng_seed: RngSeed::Fixed(7), failure_persistence: None, ..ProptestConfig::default() }
}

fn ending() -> impl Strategy<Value = End> {
    prop_oneof![Just(End::Kind), Just(End::Killed), Just(End::KilledAfterSnapshot)]
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn memory_does_what_the_model_allows(operations in prop::collection::vec(operation(), 1..120)) {
        check(MemoryStand::stand, &operations)?;
    }

    #[test]
    fn embedded_does_what_the_model_allows(
        operations in prop::collection::vec(operation(), 1..60),
        end in ending(),
        room in 0..4,
    ) {
        let room: Room = match room {
            0 => (Arc::new(Disk), usize::MAX),
            1 => (cramped(), usize::MAX),
            2 => (cramped(), 1),
            _ => (Arc::new(Disk), 1),
        };
        check(|limits, pace| EmbeddedStand::stand(limits, pace, end, &room), &operations)?;
    }
}
