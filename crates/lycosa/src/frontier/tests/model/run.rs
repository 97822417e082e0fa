//! A frontier and its model side by side: each operation is done to both, and the answers compared.

use std::time::Duration;

use proptest::prelude::*;
use proptest::test_runner::TestCaseError;

use super::reference::{Model, State};
use super::{Check, Ending, Op, found};
use crate::frontier::conformance::{Stand, wait};
use crate::model::{
    Attempt, Clock as _, Commit, CommitError, Control, Discovered, Extension, Lease, Leased, Limits, Lsn,
    Nack, Order, Outcome, Pace, Payload, Record, RecordId, RecordKind, Request, Retry, Revisit, UrlKey,
    Visit, Want,
};

/// A frontier and the model of it.
pub(super) struct Run {
    stand: Box<dyn Stand>,
    model: Model,
    given: Vec<Lease>,
    /// Whether every link to a URL says the same depth.
    best: bool,
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
    pub(super) fn new(stand: Box<dyn Stand>, pace: Pace, best: bool) -> Self {
        let model = Model::new(stand.clock().now(), pace);
        Self { stand, model, given: Vec::new(), best }
    }

    fn found(&self, number: u8, depth: u32) -> Discovered {
        found(number, if self.best { u32::from(number % 4) } else { depth })
    }

    fn lease_named(&self, which: usize) -> Option<(Lease, bool)> {
        // The youngest first: those are mostly open.
        let lease = self.given.iter().rev().nth(which % self.given.len().clamp(1, 12))?.clone();
        let open = self.model.open.get(&lease.token).is_some_and(|open| open.deadline > self.model.now);
        Some((lease, open))
    }

    pub(super) fn step(&mut self, op: &Op) -> Check {
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
            Op::Limits { pages, of_host, requests, bytes, depth, time } => {
                let deadline = time.map(|time| self.model.now.after(Duration::from_millis(time)));
                let (max_pages, max_pages_per_host, max_requests) = (*pages, *of_host, *requests);
                let limits = Limits {
                    max_pages,
                    max_pages_per_host,
                    max_requests,
                    max_bytes: *bytes,
                    max_depth: *depth,
                    deadline,
                    templates: None,
                };
                self.model.limits = limits;
                self.control(Control::Limits(limits));
            }
            Op::Pace { delay, per_origin, lease, order } => {
                let (delay, lease) = (Duration::from_millis(*delay), Duration::from_millis(*lease));
                let order = if self.best || *order != Order::Best { *order } else { Order::Breadth };
                self.model.pace = Pace { delay, per_origin: *per_origin, lease, order, ..self.model.pace };
                self.control(Control::Pace(self.model.pace));
            }
            Op::Requeue(numbers) => self.requeue(numbers)?,
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
        let batch: Vec<_> = links.iter().map(|(number, depth)| self.found(*number, *depth)).collect();
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
        // What fails when it is asked for first is not visited again.
        let again = again
            .filter(|_| lease.request.generation > 0 || !matches!(end, Ending::Failed | Ending::NotSent));
        let links: Vec<_> = links.iter().map(|(number, depth)| self.found(*number, *depth)).collect();
        let record = |n| Record { id: RecordId(n), kind: RecordKind::Outcome, json: "{}".into() };
        let error = crate::error::Error::new(crate::error::ErrorKind::Connect, "no");
        let outcome = match end {
            Ending::Fetched => Outcome::Fetched { status: 200 },
            Ending::Failed | Ending::NotSent => Outcome::Failed { error },
            Ending::Redirect(to) => {
                let (to, if_known) =
                    (Box::new(self.found(to, lease.request.depth)), vec![record(2), record(3)]);
                Outcome::Redirect { status: 302, to, if_known }
            }
        };
        let attempt = Attempt { status: Some(200), wire_bytes: wire, ..Attempt::default() };
        let commit = Commit {
            token: lease.token,
            outcome,
            attempts: if matches!(end, Ending::NotSent) { Vec::new() } else { vec![attempt] },
            payload: Payload::Inline(vec![record(1)]),
            outlinks: links.clone(),
            host_update: None,
            is_page: matches!(end, Ending::Fetched),
            notes: crate::model::CommitNotes::default(),
            revisit: again.map(|after| self.revisit(after)),
            dates: None,
        };
        let answer = wait(self.stand.frontier().commit(vec![commit])).remove(0);
        retry_answer(&answer, open)?;
        if let Ok(lsn) = answer {
            let to =
                if let Ending::Redirect(to) = end { Some(self.found(to, lease.request.depth)) } else { None };
            self.model.committed(&lease, lsn, end, to, links, wire);
            if let Some(after) = again {
                self.model.visit_later(lease.key, self.model.now.after(Duration::from_millis(after)));
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

    pub(super) fn outbox(&self) -> Check {
        let committed = wait(self.stand.outbox().read(Lsn(0), usize::MAX)).unwrap();
        let shown: Vec<_> =
            committed.iter().map(|c| (c.lsn, c.key, c.outcome.as_str(), c.records.len())).collect();
        prop_assert_eq!(&shown, &self.model.commits);
        Ok(())
    }

    /// As a person asks for it who knows how each of them ended last. What becomes of visits that are to come of URLs that go
    /// back is told elsewhere (`embedded::tests::again`): those are left out here.
    fn requeue(&mut self, numbers: &[u8]) -> Check {
        let keys = numbers.iter().map(|number| UrlKey((*number).into()));
        let keys: Vec<_> = keys.filter(|key| !self.model.is_to_come(*key)).collect();
        let ended = |key: &UrlKey| self.model.urls.get(key).and_then(|url| url.ended.clone());
        let batch = keys.iter().map(|key| {
            let plain = found(u8::try_from(key.0).unwrap(), 0);
            let request = ended(key).unwrap_or_else(|| plain.request.clone());
            let generation = request.generation + 1;
            Discovered { request: Request { attempt: 0, generation, ..request }, ..plain }
        });
        let Some(count) = self.stand.again(batch.collect()) else { return Ok(()) };
        let wanted = keys.iter().filter(|key| self.model.go_back(**key)).count();
        prop_assert_eq!(count, wanted, "URLs that went back");
        Ok(())
    }
}
