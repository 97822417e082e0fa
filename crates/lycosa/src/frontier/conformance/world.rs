//! A stand and the steps that stories take on it: each a call that must succeed, after which the counts add up.

use std::time::Duration;

use xxhash_rust::xxh3::xxh3_64;

use super::{Make, Stand, wait};
use crate::error::{Error, ErrorKind};
use crate::model::{
    AddStatus, Attempt, Clock as _, Commit, CommitError, Committed, Control, Discovered, Exclusion,
    Extension, Finish, Frontier, Granted, HostRecord, HostUpdate, Lease, Leased, Limits, Lsn, Nack, Order,
    Origin, Outbox, Outcome, Pace, Patience, Record, RecordId, RecordKind, Request, Retry, Robots, SiteKey,
    Stats, Timestamp, UrlKey, Want,
};

/// What a step gives, or the violation that it found.
pub(super) type Check<T = ()> = Result<T, String>;

/// No delays, no robots.txt, many leases at once: rules for stories about something else.
pub(super) const PLAIN: Pace = Pace {
    delay: Duration::ZERO,
    response_factor: 0.0,
    adaptive_max: Duration::from_secs(10),
    per_origin: 100,
    robots: false,
    lease: Duration::from_secs(60),
    revisits: false,
    patience: Patience::ENDLESS,
    order: Order::Breadth,
};

/// One crawl under test.
pub(super) struct World {
    stand: Box<dyn Stand>,
}

impl World {
    pub(super) fn new(make: &mut Make<'_>, limits: Limits, pace: Pace) -> Self {
        Self { stand: make(limits, pace) }
    }

    pub(super) fn plain(make: &mut Make<'_>) -> Self {
        Self::new(make, Limits::default(), PLAIN)
    }

    pub(super) fn frontier(&self) -> &dyn Frontier {
        self.stand.frontier()
    }

    pub(super) fn outbox(&self) -> &dyn Outbox {
        self.stand.outbox()
    }

    pub(super) fn now(&self) -> Timestamp {
        self.stand.clock().now()
    }

    pub(super) fn advance(&self, milliseconds: u64) {
        self.stand.clock().advance(Duration::from_millis(milliseconds));
    }

    /// Turns the clock to this moment.
    pub(super) fn advance_to(&self, at: Timestamp) {
        self.advance(at.0.saturating_sub(self.now().0));
    }

    /// Opens the crawl anew; `false` when the implementation promises nothing beyond the process.
    pub(super) fn reopen(&mut self, limits: Limits, pace: Pace) -> Check<bool> {
        if !self.stand.reopen(limits, pace) {
            return Ok(false);
        }
        self.balanced().map(|()| true)
    }

    /// Writes a snapshot, where there is such a thing.
    pub(super) fn snapshot(&self) {
        self.stand.snapshot();
    }

    pub(super) fn stats(&self) -> Stats {
        self.frontier().stats()
    }

    fn balanced(&self) -> Check {
        let stats = self.stats();
        let sum = stats.pending + stats.leased + stats.done + stats.parked;
        let outcomes = stats.fetched + stats.redirected + stats.excluded + stats.failed;
        if stats.known == sum && stats.done == outcomes && stats.durable_lsn <= stats.last_lsn {
            Ok(())
        } else {
            Err(format!("the counts do not add up: {stats:?}"))
        }
    }

    pub(super) fn add(&self, found: Vec<Discovered>) -> Check<Vec<AddStatus>> {
        let statuses = wait(self.frontier().add(found)).map_err(in_full)?;
        self.balanced()?;
        Ok(statuses)
    }

    pub(super) fn add_pages(&self, urls: &[&str]) -> Check {
        self.add(urls.iter().map(|text| page(text)).collect()).map(drop)
    }

    /// URLs with an outcome go back by hand; how many, `None` when the implementation knows no such thing.
    pub(super) fn again(&self, found: Vec<Discovered>) -> Check<Option<usize>> {
        let count = self.stand.again(found);
        self.balanced().map(|()| count)
    }

    pub(super) fn ask_for(&self, want: Want) -> Check<Leased> {
        let now = self.now();
        let leased = wait(self.frontier().lease(want)).map_err(in_full)?;
        self.balanced()?;
        match &leased {
            Leased::Some(leases) if leases.is_empty() || leases.len() > want.max => {
                Err(format!("{} leases, {} wanted", leases.len(), want.max))
            }
            Leased::Some(leases) if leases.iter().any(|lease| lease.deadline <= now) => {
                Err(format!("a lease that has run out already: {leases:?}"))
            }
            Leased::NotBefore(at) if *at <= now => {
                Err(format!("not before {at:?}, at {now:?}: asking again would never end"))
            }
            _ => Ok(leased),
        }
    }

    pub(super) fn ask(&self, max: usize) -> Check<Leased> {
        self.ask_for(Want { max, bytes: 0 })
    }

    /// What can be had now, at most so many.
    pub(super) fn leases(&self, max: usize) -> Check<Vec<Lease>> {
        match self.ask(max)? {
            Leased::Some(leases) => Ok(leases),
            _ => Ok(Vec::new()),
        }
    }

    /// Exactly so many leases, which must be had now.
    pub(super) fn exactly(&self, count: usize) -> Check<Vec<Lease>> {
        let leases = self.leases(count)?;
        same("leases", &leases.len(), &count).map(|()| leases)
    }

    /// The one lease that must be had now.
    pub(super) fn lease(&self) -> Check<Lease> {
        match self.ask(1)? {
            Leased::Some(mut leases) if leases.len() == 1 => Ok(leases.remove(0)),
            other => Err(format!("a lease was due, the answer is {other:?}")),
        }
    }

    pub(super) fn lease_of(&self, url: &str) -> Check<Lease> {
        let lease = self.lease()?;
        same("the leased URL", lease.request.url.as_ref(), url)?;
        Ok(lease)
    }

    /// Nothing can be had now, and the crawl is not over.
    pub(super) fn nothing(&self) -> Check {
        match self.ask(1)? {
            Leased::Some(leases) => Err(format!("nothing was due, got {leases:?}")),
            Leased::Finished(finish) => Err(format!("the crawl is not over, got {finish:?}")),
            Leased::NotBefore(_) | Leased::Idle => Ok(()),
        }
    }

    pub(super) fn not_before(&self, at: Timestamp) -> Check {
        match self.ask(1)? {
            Leased::NotBefore(answered) if answered == at => Ok(()),
            other => Err(format!("not before {at:?} was due, the answer is {other:?}")),
        }
    }

    pub(super) fn finished(&self, why: Finish) -> Check {
        match self.ask(1)? {
            Leased::Finished(finish) if finish == why => Ok(()),
            other => Err(format!("finished ({why:?}) was due, the answer is {other:?}")),
        }
    }

    pub(super) fn commits(&self, batch: Vec<Commit>) -> Check<Vec<Result<Lsn, CommitError>>> {
        let answers = wait(self.frontier().commit(batch));
        self.balanced()?;
        Ok(answers)
    }

    pub(super) fn commit(&self, commit: Commit) -> Check<Lsn> {
        one("commit", self.commits(vec![commit])?)
    }

    /// Ends a lease as a fetched page.
    pub(super) fn fetch(&self, lease: &Lease) -> Check<Lsn> {
        self.commit(fetched(lease))
    }

    pub(super) fn nack(&self, lease: &Lease, attempt: Option<Attempt>, retry: Retry) -> Check {
        let answers = wait(self.frontier().nack(vec![Nack { token: lease.token, attempt, retry }]));
        self.balanced()?;
        one("nack", answers).map(drop)
    }

    pub(super) fn extend(&self, lease: &Lease, for_time: Duration, bytes: u64) -> Check<Granted> {
        let wish = Extension { token: lease.token, for_time, bytes };
        let answers = wait(self.frontier().extend(vec![wish]));
        self.balanced()?;
        one("extension", answers)
    }

    /// Nothing may be done with the token of this lease any more.
    pub(super) fn fenced(&self, lease: &Lease) -> Check {
        let before = self.stats();
        let frontier = self.frontier();
        let nack = Nack { token: lease.token, attempt: Some(sent(200)), retry: Retry::default() };
        let wish = Extension { token: lease.token, for_time: Duration::from_secs(1), bytes: 1 };
        let answers = [
            ("commit", wait(frontier.commit(vec![fetched(lease)])).pop().and_then(Result::err)),
            ("nack", wait(frontier.nack(vec![nack])).pop().and_then(Result::err)),
            ("extend", wait(frontier.extend(vec![wish])).pop().and_then(Result::err)),
            ("gate", wait(frontier.gate(lease.token, [192, 0, 2, 1].into())).err()),
        ];
        for (call, answer) in answers {
            if !matches!(answer, Some(CommitError::Fenced)) {
                return Err(format!("{call} with the token of an ended lease: {answer:?}"));
            }
        }
        // What is done beside the calls may have gone on meanwhile.
        let Stats { durable_lsn, seen_on_disk, seen_bytes, .. } = before;
        let after = Stats { durable_lsn, seen_on_disk, seen_bytes, ..self.stats() };
        same("the counts after fenced calls", &after, &before)
    }

    pub(super) fn control(&self, control: Control) -> Check {
        wait(self.frontier().control(control)).map_err(in_full)?;
        self.balanced()
    }

    pub(super) fn update_host(&self, update: HostUpdate) -> Check {
        wait(self.frontier().update_host(vec![update])).map_err(in_full)?;
        self.balanced()
    }

    pub(super) fn host(&self, site: &str) -> Check<HostRecord> {
        let mut records =
            wait(self.frontier().host(vec![SiteKey("nowhere.test".into()), SiteKey(site.into())]))
                .map_err(in_full)?;
        match (records.pop().flatten(), records.pop()) {
            (Some(record), Some(None)) => Ok(record),
            other => Err(format!("of an unknown and a known site: {other:?}")),
        }
    }

    pub(super) fn read(&self, from: Lsn, limit: usize) -> Check<Vec<Committed>> {
        wait(self.outbox().read(from, limit)).map_err(in_full)
    }
}

fn one<T>(call: &str, mut answers: Vec<Result<T, CommitError>>) -> Check<T> {
    match (answers.pop(), answers.len()) {
        (Some(answer), 0) => answer.map_err(|error| format!("{call}: {error}")),
        (answer, rest) => Err(format!("{call}: {} answers for one", rest + usize::from(answer.is_some()))),
    }
}

/// What was found must be what was wanted.
pub(super) fn same<T: PartialEq + std::fmt::Debug + ?Sized>(what: &str, found: &T, wanted: &T) -> Check {
    if found == wanted { Ok(()) } else { Err(format!("{what}: {found:?}, wanted {wanted:?}")) }
}

pub(super) fn in_full(error: Error) -> String {
    format!("{error} (hint: {})", error.hint().unwrap_or("none"))
}

/// A URL with its identities: the site is the last two labels of its host.
pub(super) fn page(text: &str) -> Discovered {
    discovered(Request::get(text))
}

pub(super) fn deep(text: &str, depth: u32) -> Discovered {
    discovered(Request { depth, ..Request::get(text) })
}

pub(super) fn discovered(request: Request) -> Discovered {
    let rest = request.url.strip_prefix("http://").unwrap_or(&request.url);
    let host = rest.split(['/', ':']).next().unwrap_or(rest);
    let labels: Vec<&str> = host.split('.').collect();
    let site = labels.get(labels.len().saturating_sub(2)..).unwrap_or_default().join(".");
    let origin = Origin { scheme: crate::model::Scheme::Http, host: host.into(), port: 80 };
    let key = UrlKey(xxh3_64(request.url.as_bytes()));
    Discovered { key, site: SiteKey(site.into()), origin, request }
}

/// The visit after the first, as a person asks for it.
pub(super) fn next_visit(found: Discovered) -> Discovered {
    let request = Request { generation: 1, ..found.request };
    Discovered { request, ..found }
}

/// A request that was sent and answered.
pub(super) fn sent(status: u16) -> Attempt {
    Attempt { status: Some(status), ..Attempt::default() }
}

/// The lease ends with this outcome and one request sent.
pub(super) fn ended(lease: &Lease, outcome: Outcome) -> Commit {
    let is_page = matches!(outcome, Outcome::Fetched { .. }) && lease.request.kind.yields_page();
    Commit { attempts: vec![sent(200)], is_page, ..Commit::ending(lease.token, outcome) }
}

pub(super) fn fetched(lease: &Lease) -> Commit {
    ended(lease, Outcome::Fetched { status: 200 })
}

pub(super) fn failed() -> Outcome {
    Outcome::Failed { error: Error::new(ErrorKind::Connect, "nobody listens") }
}

pub(super) fn excluded() -> Outcome {
    Outcome::Excluded { reason: Exclusion::Robots }
}

/// The lease ends with a redirect there.
pub(super) fn redirected(lease: &Lease, to: Discovered, if_known: Vec<Record>) -> Commit {
    ended(lease, Outcome::Redirect { status: 302, to: Box::new(to), if_known })
}

pub(super) fn record(number: u64) -> Record {
    let json = format!("{{\"n\":{number}}}").into();
    Record { id: RecordId(u128::from(number)), kind: RecordKind::Page, json }
}

/// Nothing learned yet about the host of this lease.
pub(super) fn about(lease: &Lease) -> HostUpdate {
    HostUpdate {
        origin: lease.origin.clone(),
        site: lease.site.clone(),
        robots: None,
        crawl_delay: None,
        block_until: None,
    }
}

/// The lease of a robots.txt ends with this answer.
pub(super) fn learned(lease: &Lease, robots: Robots) -> Commit {
    Commit { host_update: Some(HostUpdate { robots: Some(robots), ..about(lease) }), ..fetched(lease) }
}
