//! A crawl without a crawler: a loop straight over the `Frontier` trait (lease, answer, commit), for measuring and
//! judging frontiers by webs of any size. What a page is, where it leads and whether it is allowed, it takes from the
//! web and not from markup; what it leases, and when, is the frontier's doing and is judged.
//!
//! Left out: sitemaps, and the redirect of a robots.txt that has moved.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use lycosa::model::{
    Attempt, Clock as _, Commit, CommitError, Content, Discovered, Exclusion, Finish, Gate, Hop, HostUpdate,
    Lease, Leased, Lsn, Nack, Outcome, Request, RequestKind, Retry, Robots, Timestamp, Want,
};
use lycosa::{Error, ErrorKind, Result};
use lycosa_testkit::web::{AccessLog, Kind, PageId, Place, Policy, Rules, Web};

use crate::clock::VirtualClock;
use crate::identities::Identities;
use crate::store::Opened;

/// Commits in one batch, at most.
const BATCH: usize = 1_024;
/// Commits after which the outbox is emptied.
const TRIM_EVERY: u64 = 65_536;
/// How long a robots.txt is valid.
const ROBOTS_VALID: Duration = Duration::from_secs(86_400);
/// How long a site rests after a 503.
const REST: Duration = Duration::from_secs(2);

/// A crawl by the loop.
#[derive(Debug)]
pub(crate) struct ByFrontier {
    pub(crate) web: Web,
    pub(crate) rules: Rules,
    pub(crate) seeds: Vec<u32>,
    pub(crate) log: Arc<AccessLog>,
    pub(crate) clock: VirtualClock,
    pub(crate) concurrency: usize,
    /// The clock jumps at least so far.
    pub(crate) tick: Duration,
    /// The class of pages when they are found.
    pub(crate) class: u8,
    /// Pages in the order in which they are asked for, when that is wanted.
    pub(crate) fetched: Option<Mutex<Vec<PageId>>>,
}

/// What the loop did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Done {
    pub(crate) commits: u64,
    pub(crate) nacks: u64,
    pub(crate) links: u64,
    pub(crate) gated: u64,
}

/// A request under way.
struct Flight {
    due: Timestamp,
    lease: Lease,
    place: Place,
    sent: Timestamp,
    first: bool,
}

impl PartialEq for Flight {
    fn eq(&self, other: &Self) -> bool {
        self.order() == other.order()
    }
}

impl Eq for Flight {}

impl PartialOrd for Flight {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Flight {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.order().cmp(&other.order())
    }
}

impl Flight {
    fn order(&self) -> (Timestamp, u64) {
        (self.due, self.lease.token.0)
    }
}

/// The loop while it runs.
struct Loop<'a> {
    plan: &'a ByFrontier,
    opened: &'a Opened,
    identities: Identities,
    flights: BinaryHeap<Reverse<Flight>>,
    done: Done,
    last: Lsn,
    rules_text: Arc<[u8]>,
}

impl ByFrontier {
    /// Crawls to the end. `watch` is called now and then, with the loop's counts.
    ///
    /// # Errors
    /// When the frontier fails, breaks a promise, or ends before it is complete.
    pub(crate) fn crawl(&self, opened: &Opened, watch: impl FnMut(&Done)) -> Result<Done> {
        let runtime = tokio::runtime::Builder::new_current_thread().build();
        let runtime = runtime.map_err(|cause| Error::io("starting a runtime", cause))?;
        let identities = Identities::new(self.web);
        let run = Loop {
            plan: self,
            opened,
            identities,
            flights: BinaryHeap::new(),
            done: Done::default(),
            last: Lsn(0),
            rules_text: b"User-agent: *".as_slice().into(),
        };
        runtime.block_on(run.run(watch))
    }
}

impl Loop<'_> {
    async fn run(mut self, mut watch: impl FnMut(&Done)) -> Result<Done> {
        let seeds = self.plan.seeds.iter().map(|host| Place::Page(self.plan.web.home(*host)));
        let seeds = seeds.map(|place| self.identities.discovered(place, RequestKind::Page, 0)).collect();
        self.opened.frontier.add(seeds).await?;
        loop {
            self.land().await?;
            watch(&self.done);
            let free = self.plan.concurrency.saturating_sub(self.flights.len());
            if free == 0 {
                self.wait(None)?;
                continue;
            }
            match self.opened.frontier.lease(Want { max: free, bytes: 0 }).await? {
                Leased::Some(leases) => self.send(leases).await?,
                Leased::NotBefore(at) => self.wait(Some(at))?,
                Leased::Idle => self.wait(None)?,
                Leased::Finished(Finish::Complete) => break,
                Leased::Finished(finish) => return Err(broken(format!("it ended early, by {finish:?}"))),
            }
        }
        let stats = self.opened.frontier.stats();
        if stats.pending + stats.leased > 0 || !self.flights.is_empty() {
            return Err(broken(format!("it said that it was complete, with {stats:?}")));
        }
        Ok(self.done)
    }

    /// Jumps to the next moment at which something is due.
    fn wait(&self, frontier: Option<Timestamp>) -> Result<()> {
        let flight = self.flights.peek().map(|Reverse(flight)| flight.due);
        let next = [frontier, flight].into_iter().flatten().min();
        let next = next.ok_or_else(|| broken("it waits for a change that can never come".to_owned()))?;
        let least = self.plan.clock.now().after(self.plan.tick.max(Duration::from_millis(1)));
        self.plan.clock.jump_to(next.max(least));
        Ok(())
    }

    /// Sends what was leased, as far as the second gate and robots.txt allow.
    async fn send(&mut self, leases: Vec<Lease>) -> Result<()> {
        let (mut nacks, mut excluded) = (Vec::new(), Vec::new());
        let now = self.plan.clock.now();
        for lease in leases {
            let web = &self.plan.web;
            let place = web
                .place_of_url(&lease.request.url)
                .ok_or_else(|| broken(format!("it leased {}, which nobody added", lease.request.url)))?;
            if self.plan.rules.robots && !web.allows(place) {
                let reason = Exclusion::Robots;
                excluded.push(Commit::ending(lease.token, Outcome::Excluded { reason }));
                continue;
            }
            let address = IpAddr::V4(web.address(place.host()));
            match self.opened.frontier.gate(lease.token, address).await.map_err(refused)? {
                Gate::Go => self.depart(lease, place, now),
                Gate::Defer(until) => {
                    self.done.gated += 1;
                    let retry = Retry { not_before: until, block_site_until: None, counts: false };
                    nacks.push(Nack { token: lease.token, attempt: None, retry });
                }
            }
        }
        self.give_back(nacks).await?;
        self.commit(excluded).await
    }

    fn depart(&mut self, lease: Lease, place: Place, now: Timestamp) {
        if let (Some(fetched), Place::Page(page)) = (&self.plan.fetched, place) {
            fetched.lock().unwrap_or_else(PoisonError::into_inner).push(page);
        }
        let path = self.plan.web.path(place);
        let arrival = self.plan.log.arrive(place.host(), &path, now.0);
        let due = now.after(self.plan.web.latency(place));
        self.flights.push(Reverse(Flight { due, lease, place, sent: now, first: arrival.first }));
    }

    /// Ends every request whose answer is there.
    async fn land(&mut self) -> Result<()> {
        let now = self.plan.clock.now();
        loop {
            let (mut commits, mut nacks) = (Vec::new(), Vec::new());
            while commits.len() < BATCH && self.flights.peek().is_some_and(|Reverse(next)| next.due <= now) {
                let Some(Reverse(flight)) = self.flights.pop() else { break };
                self.plan.log.leave(flight.place.host());
                match flight.place {
                    Place::Page(page) if flight.first && self.plan.web.kind(page) == Kind::Flaky => {
                        nacks.push(again(&flight, now));
                    }
                    _ => commits.push(self.answered(&flight, now)),
                }
            }
            if commits.is_empty() && nacks.is_empty() {
                return Ok(());
            }
            self.give_back(nacks).await?;
            self.commit(commits).await?;
        }
    }

    fn answered(&mut self, flight: &Flight, now: Timestamp) -> Commit {
        let request = &flight.lease.request;
        let mut commit = match flight.place {
            Place::Page(page) => self.page(flight, page),
            Place::Trap(trap) => {
                let mut outlinks = Vec::new();
                self.plan.web.trap_links(trap, |link| self.follow(link.to, request, &mut outlinks));
                Commit {
                    outlinks,
                    is_page: true,
                    ..Commit::ending(flight.lease.token, Outcome::Fetched { status: 200 })
                }
            }
            place => Commit {
                host_update: Some(self.host_update(place.host(), now)),
                ..Commit::ending(flight.lease.token, Outcome::Fetched { status: 200 })
            },
        };
        let status = match &commit.outcome {
            Outcome::Fetched { status } | Outcome::Redirect { status, .. } => Some(*status),
            _ => None,
        };
        let content = commit.is_page.then(|| self.content(flight.place));
        commit.attempts = vec![Attempt { content, ..attempt(flight, status, now) }];
        commit
    }

    /// What the engine would find that a page says: pages of a trap differ in numbers alone.
    fn content(&self, place: Place) -> Content {
        match place {
            Place::Page(page) => match self.plan.web.kind(page) {
                Kind::Copy { .. } | Kind::NearCopy { .. } => Content::Repeats,
                _ => Content::New,
            },
            _ => Content::Repeats,
        }
    }

    fn page(&mut self, flight: &Flight, page: PageId) -> Commit {
        let request = &flight.lease.request;
        match self.plan.web.kind(page) {
            Kind::Dead(status) => Commit::ending(flight.lease.token, Outcome::Fetched { status }),
            Kind::Redirect(status, to) => {
                let kind = RequestKind::Redirect;
                let mut to = self.identities.discovered(Place::Page(to), kind, request.depth);
                to.request.class = 0;
                to.request.chain = request.chain.clone();
                to.request.chain.push(Hop { url: request.url.clone(), status });
                Commit::ending(
                    flight.lease.token,
                    Outcome::Redirect { status, to: Box::new(to), if_known: Vec::new() },
                )
            }
            _ => {
                let mut outlinks = Vec::with_capacity(16);
                let leads = !(self.plan.rules.respect_meta && self.plan.web.says_nofollow(page));
                self.plan.web.links(page, |link| {
                    if leads && !(link.nofollow && self.plan.rules.respect_nofollow) {
                        self.follow(link.to, request, &mut outlinks);
                    }
                });
                self.done.links += outlinks.len() as u64;
                Commit {
                    outlinks,
                    is_page: true,
                    ..Commit::ending(flight.lease.token, Outcome::Fetched { status: 200 })
                }
            }
        }
    }

    fn follow(&self, to: Place, from: &Request, outlinks: &mut Vec<Discovered>) {
        let (depth, parent) = (from.depth, &from.url);
        let too_deep = self.plan.rules.max_depth.is_some_and(|most| depth >= most);
        if too_deep || (matches!(to, Place::Trap(_)) && !self.plan.rules.traps) {
            return;
        }
        let mut found = self.identities.discovered(to, RequestKind::Page, depth + 1);
        (found.request.parent, found.request.class) = (Some(parent.clone()), self.plan.class);
        outlinks.push(found);
    }

    fn host_update(&self, host: u32, now: Timestamp) -> HostUpdate {
        let until = now.after(ROBOTS_VALID);
        let robots = match self.plan.web.policy(host) {
            Policy::Absent => Robots::AllowAll { until },
            Policy::Failing => Robots::DenyAll { until },
            // What it says, the web is asked; the frontier only has to keep it.
            _ => Robots::Rules { body: self.rules_text.clone(), until },
        };
        HostUpdate {
            origin: self.identities.origin(host),
            site: self.identities.site(host),
            robots: Some(robots),
            crawl_delay: Some(self.plan.web.crawl_delay(host)),
            block_until: None,
        }
    }

    async fn commit(&mut self, batch: Vec<Commit>) -> Result<()> {
        if batch.is_empty() {
            return Ok(());
        }
        let before = self.done.commits / TRIM_EVERY;
        for answer in self.opened.frontier.commit(batch).await {
            self.last = self.last.max(answer.map_err(refused)?);
            self.done.commits += 1;
        }
        if self.done.commits / TRIM_EVERY != before {
            self.opened.outbox.trim(self.last).await?;
        }
        Ok(())
    }

    async fn give_back(&mut self, batch: Vec<Nack>) -> Result<()> {
        if batch.is_empty() {
            return Ok(());
        }
        for answer in self.opened.frontier.nack(batch).await {
            answer.map_err(refused)?;
            self.done.nacks += 1;
        }
        Ok(())
    }
}

fn attempt(flight: &Flight, status: Option<u16>, now: Timestamp) -> Attempt {
    Attempt { at: flight.sent, duration: now.since(flight.sent), status, ..Attempt::default() }
}

/// A 503: the URL comes again, and its site rests.
fn again(flight: &Flight, now: Timestamp) -> Nack {
    let until = now.after(REST);
    Nack {
        token: flight.lease.token,
        attempt: Some(attempt(flight, Some(503), now)),
        retry: Retry { not_before: until, block_site_until: Some(until), counts: true },
    }
}

fn broken(what: String) -> Error {
    Error::new(ErrorKind::Internal, format!("the frontier broke its promise: {what}"))
}

fn refused(error: CommitError) -> Error {
    match error {
        CommitError::Fenced => broken("an open lease was fenced".to_owned()),
        CommitError::Broken(error) => error,
    }
}
