//! The frontier: the memory of every URL the crawl has met, and the choice of the next.
//!
//! [`Frontier`] decides and remembers; [`Outbox`] lets exporters read what was committed. Implementations live in
//! the `frontier` module and run its conformance suite. They are built with a [`Clock`](super::Clock); no method
//! takes the time. Every call that changes something takes a batch, and every token is a fence: once a lease has
//! ended, by commit, nack or expiry, its token changes nothing any more.

use std::net::IpAddr;
use std::time::Duration;

use super::{
    Attempt, BoxFuture, CommitNotes, Committed, Dates, Exclusion, HostRecord, HostUpdate, Order, Origin,
    Outcome, Patience, Payload, Request, Revisit, Robots, SiteDates, SiteKey, TemplateBudget, Timestamp,
    UrlKey, Waits,
};
use crate::error::{Error, Result};

/// Position of an event in the log; 0 is before the first.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize,
)]
pub struct Lsn(pub u64);

/// Proof of a lease and its fence: never given twice in the life of a crawl, over restarts too.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Token(pub u64);

/// A URL on its way into the frontier, with its identities worked out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Discovered {
    /// What makes it the same as another.
    pub key: UrlKey,
    /// Its queue.
    pub site: SiteKey,
    /// Its origin.
    pub origin: Origin,
    /// The request to send.
    pub request: Request,
}

/// What became of a discovered URL.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AddStatus {
    /// Accepted: it will have exactly one outcome.
    New,
    /// Accepted before.
    Known,
    /// Accepted, but held back by a budget; it stays in the state and is not served now.
    Parked(Exclusion),
    /// Not accepted, not remembered.
    Refused(Exclusion),
}

/// What a caller of [`Frontier::lease`] can take.
#[derive(Clone, Copy, Debug)]
pub struct Want {
    /// At most this many leases; 1 or more.
    pub max: usize,
    /// Wire bytes to reserve with each lease when `max_bytes` is set.
    pub bytes: u64,
}

/// A URL handed to one worker for a while.
#[derive(Clone, Debug)]
pub struct Lease {
    /// The fence to end it with.
    pub token: Token,
    /// The URL's fingerprint.
    pub key: UrlKey,
    /// Its site.
    pub site: SiteKey,
    /// Its origin.
    pub origin: Origin,
    /// The request to send.
    pub request: Request,
    /// When the lease runs out unless extended.
    pub deadline: Timestamp,
    /// Wire bytes reserved: the body may not be longer without an extension. `u64::MAX` without `max_bytes`.
    pub bytes: u64,
    /// What robots.txt of its origin says, as the frontier knows it. Never [`Robots::Unknown`] for a page when
    /// [`Pace::robots`] is on.
    pub robots: Robots,
    /// The site was given up after so many failures in a row: the lease is to be ended as failed
    /// ([`ErrorKind::HostDown`](crate::ErrorKind::HostDown)), without a request.
    pub given_up: Option<u32>,
    /// Whether URLs of its shape are parked: what its page says is to be compared with others
    /// ([`Attempt::content`]), which decides whether more of them are let through.
    pub watched: bool,
    /// What its site's sitemaps said, when they gave dates.
    pub dates: Option<SiteDates>,
}

/// Answer of [`Frontier::lease`].
#[derive(Clone, Debug)]
pub enum Leased {
    /// At least one lease, at most as many as wanted.
    Some(Vec<Lease>),
    /// Nothing may start before this moment; earlier only after [`Frontier::changed`].
    NotBefore(Timestamp),
    /// Nothing can start until something changes (open leases end, a pause ends).
    Idle,
    /// No lease is open and none will be given any more under the present limits.
    Finished(Finish),
}

/// Why a crawl is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Finish {
    /// Every accepted URL has its outcome, those apart that are parked: beyond a depth limit lowered since, or over the
    /// budget of their shape.
    Complete,
    /// `max_pages` is reached, URLs are left.
    Pages,
    /// Every URL that is left is of a site that has reached `max_pages_per_host`, or waits for the robots.txt of one that
    /// leads there.
    HostPages,
    /// `max_requests` is reached, URLs are left.
    Requests,
    /// `max_bytes` is reached, URLs are left.
    Bytes,
    /// `max_time` is over, URLs are left.
    Time,
}

/// How a lease ends for good: one value, applied at once or not at all.
#[derive(Clone, Debug)]
pub struct Commit {
    /// The lease.
    pub token: Token,
    /// What became of the URL.
    pub outcome: Outcome,
    /// Every request sent under this lease; empty when none was (then no politeness delay is spent).
    pub attempts: Vec<Attempt>,
    /// Its records.
    pub payload: Payload,
    /// URLs found.
    pub outlinks: Vec<Discovered>,
    /// What was learned about the host.
    pub host_update: Option<HostUpdate>,
    /// Whether the payload counts as a page against `max_pages`.
    pub is_page: bool,
    /// For those who ask later what happened.
    pub notes: CommitNotes,
    /// When the URL is to be visited again, and what it was now; its request comes again then, in the next generation,
    /// while [`Pace::revisits`] is on.
    pub revisit: Option<Revisit>,
    /// What is said about the dates of sitemaps.
    pub dates: Option<Dates>,
}

impl Commit {
    /// Ends a lease with an outcome and says nothing else: no request was sent, and no page came of it.
    #[must_use]
    pub fn ending(token: Token, outcome: Outcome) -> Self {
        Self {
            token,
            outcome,
            attempts: Vec::new(),
            payload: Payload::default(),
            outlinks: Vec::new(),
            host_update: None,
            is_page: false,
            notes: CommitNotes::default(),
            revisit: None,
            dates: None,
        }
    }
}

/// Why a commit, nack or extension changed nothing.
#[derive(Clone, Debug)]
pub enum CommitError {
    /// The lease had ended: expired, committed or given back before.
    Fenced,
    /// The state cannot be written; nothing more will be accepted.
    Broken(Error),
}

impl std::fmt::Display for CommitError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Fenced => f.write_str("the lease had already ended"),
            Self::Broken(error) => write!(f, "the state cannot be written: {error}"),
        }
    }
}

impl std::error::Error for CommitError {}

/// A lease given back: the URL will be served again.
#[derive(Clone, Debug)]
pub struct Nack {
    /// The lease.
    pub token: Token,
    /// The request that was sent, if one was.
    pub attempt: Option<Attempt>,
    /// When and how to try again.
    pub retry: Retry,
}

/// When a URL may be tried again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Retry {
    /// Not before this moment.
    pub not_before: Timestamp,
    /// The whole site rests until this moment (429, 503, `Retry-After`). After a 429 that follows another the frontier
    /// makes the rest longer.
    pub block_site_until: Option<Timestamp>,
    /// Whether `attempt` of the request goes up (not for deferrals and cancellation). It does not after an attempt in
    /// vain at a site whose breaker is not closed ([`Patience`]).
    pub counts: bool,
}

/// A wish to keep a lease longer, or to receive more bytes under it.
#[derive(Clone, Copy, Debug)]
pub struct Extension {
    /// The lease.
    pub token: Token,
    /// The lease shall run out this long from now.
    pub for_time: Duration,
    /// More wire bytes to reserve.
    pub bytes: u64,
}

/// What an extension gave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Granted {
    /// The new deadline.
    pub deadline: Timestamp,
    /// Bytes granted: what was asked, or 0 when the budget has less left.
    pub bytes: u64,
}

/// Answer of the second gate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gate {
    /// Connect.
    Go,
    /// This address is busy; give the lease back until then.
    Defer(Timestamp),
}

/// Budgets of the crawl, in total over resumes (but `deadline`, which is of this run).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Limits {
    /// Page records: final 2xx answers (not robots, sitemaps, hops, retries).
    pub max_pages: Option<u64>,
    /// The same of each site ([`SiteKey`]): of a page that was reached over a redirect, the site that gave it. A site that
    /// has reached it is asked for nothing but the robots.txt that another's leads to; its URLs stay pending, and hold up
    /// no level.
    pub max_pages_per_host: Option<u64>,
    /// Requests sent, of every kind.
    pub max_requests: Option<u64>,
    /// Bytes on the wire.
    pub max_bytes: Option<u64>,
    /// Links from a seed. With a limit, the frontier serves level by level; URLs beyond one that was lowered are
    /// parked.
    pub max_depth: Option<u32>,
    /// No lease is given at or after this moment.
    pub deadline: Option<Timestamp>,
    /// How many URLs of one shape a site may have before they prove useful; none switches this off. Without effect
    /// while `max_depth` is set, which bounds every trap by itself and promises all URLs up to it.
    pub templates: Option<TemplateBudget>,
}

/// Politeness rules. A site's delay is the greatest of: its origins' crawl-delays, `delay`, `response_factor` ×
/// its mean response time (at most `adaptive_max`).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pace {
    /// The rule: time between the starts of two requests to a site. Default 500 ms.
    pub delay: Duration,
    /// k of k × response time; 0 switches it off (as `--delay` does). Default 1.
    pub response_factor: f32,
    /// Bound of the adaptive part. Default 10 s.
    pub adaptive_max: Duration,
    /// Leases open at once per origin, 1 or more. Default 2.
    pub per_origin: u32,
    /// Whether pages wait for their origin's robots.txt. Default true.
    pub robots: bool,
    /// How long a lease lasts unless extended. Default 10 min.
    pub lease: Duration,
    /// Whether URLs are served again when their next visit is due. Default false: visits to come are kept, and wait.
    pub revisits: bool,
    /// How long a site that fails is put up with.
    pub patience: Patience,
    /// In which order a site's URLs are served.
    pub order: Order,
}

impl Default for Pace {
    fn default() -> Self {
        Self {
            delay: Duration::from_millis(500),
            response_factor: 1.0,
            adaptive_max: Duration::from_secs(10),
            per_origin: 2,
            robots: true,
            lease: Duration::from_secs(600),
            revisits: false,
            patience: Patience::default(),
            order: Order::default(),
        }
    }
}

/// A change to the whole frontier.
#[derive(Clone, Debug)]
pub enum Control {
    /// Give no leases until resumed.
    Pause,
    /// Give leases again.
    Resume,
    /// New budgets, in force at once; what is reserved stays reserved.
    Limits(Limits),
    /// New politeness rules, in force at once.
    Pace(Pace),
    /// A site rests until a moment, over restarts too; the moment 0 ends every rest of it.
    Bar(SiteKey, Timestamp),
}

/// Counts of the frontier. `known == pending + leased + done + parked`, always (robots requests apart). A URL whose next
/// visit is not due yet is done; when the visit is due it is pending again, and its last outcome counts no more.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct Stats {
    /// URLs ever accepted.
    pub known: u64,
    /// Waiting in a queue.
    pub pending: u64,
    /// Handed out.
    pub leased: u64,
    /// With an outcome.
    pub done: u64,
    /// Accepted and held back: beyond a depth limit, or those of the next two.
    pub parked: u64,
    /// Of these: over the budget of their shape ([`Exclusion::Template`]).
    pub parked_templates: u64,
    /// Of these: the same, and they look like a trap ([`Exclusion::Trap`]).
    pub parked_traps: u64,
    /// Sites met.
    pub sites: u64,
    /// Sites that could be served right now.
    pub ready_sites: u64,
    /// Pages committed.
    pub pages: u64,
    /// Requests sent.
    pub requests: u64,
    /// Wire bytes received.
    pub bytes: u64,
    /// Outcomes: fetched.
    pub fetched: u64,
    /// Outcomes: redirected (aliases among them).
    pub redirected: u64,
    /// Outcomes: excluded.
    pub excluded: u64,
    /// Outcomes: failed.
    pub failed: u64,
    /// Records committed.
    pub records: u64,
    /// Visits to come that are not due yet, of URLs that are done.
    pub revisits_waiting: u64,
    /// When the first of them is due, or a little earlier; none when none waits.
    pub next_revisit: Option<Timestamp>,
    /// Links that were met and wait until they are looked for among the known URLs on disk; some of them are known.
    pub arriving: u64,
    /// Of the known URLs: those whose fingerprints are on disk. One that got its outcome after it was written there counts
    /// twice until that is merged.
    pub seen_on_disk: u64,
    /// Bytes of memory that the fingerprints of the others take.
    pub seen_bytes: u64,
    /// Outcomes of visits after the first.
    pub revisited: u64,
    /// The last position applied.
    pub last_lsn: Lsn,
    /// The last position that is durable.
    pub durable_lsn: Lsn,
}

/// The memory of every URL and the choice of the next.
///
/// Promises: an accepted URL is pending, leased, parked or has an outcome, never none of these and never two; it
/// is leased to one worker at a time, and never again once it has an outcome, unless its commit asked for a revisit. No lease ends while one of its
/// outlinks or records is missing; a record is visible in the outbox exactly when its commit is durable; an
/// outlink may be visible earlier. A method that returned is durable as the implementation promises (the memory
/// implementation promises nothing beyond the process). Budgets are reserved at lease and released at nack or by
/// another outcome, so they are met exactly.
pub trait Frontier: Send + Sync + std::fmt::Debug {
    /// Accepts URLs; answers one status for each, in order. Idempotent.
    fn add<'a>(&'a self, batch: Vec<Discovered>) -> BoxFuture<'a, Result<Vec<AddStatus>>>;

    /// Hands out URLs that may be fetched now.
    fn lease(&self, want: Want) -> BoxFuture<'_, Result<Leased>>;

    /// Resolves at the next change after this call that could alter the answer of `lease`; wakes are never lost
    /// when this is called before `lease`. May resolve without cause.
    fn changed(&self) -> BoxFuture<'static, ()>;

    /// Ends leases with their outcomes; answers for each its position, once it is durable.
    fn commit(&self, batch: Vec<Commit>) -> BoxFuture<'_, Vec<Result<Lsn, CommitError>>>;

    /// Gives leases back.
    fn nack(&self, batch: Vec<Nack>) -> BoxFuture<'_, Vec<Result<Lsn, CommitError>>>;

    /// Keeps leases longer, reserves more bytes.
    fn extend(&self, batch: Vec<Extension>) -> BoxFuture<'_, Vec<Result<Granted, CommitError>>>;

    /// What is known of these sites.
    fn host(&self, sites: Vec<SiteKey>) -> BoxFuture<'_, Result<Vec<Option<HostRecord>>>>;

    /// Tells what was learned about hosts outside a commit.
    fn update_host(&self, updates: Vec<HostUpdate>) -> BoxFuture<'_, Result<()>>;

    /// The second gate: may the holder of this lease connect to this address now? Sites that share an address
    /// network take turns.
    fn gate(&self, token: Token, address: IpAddr) -> BoxFuture<'_, Result<Gate, CommitError>>;

    /// Changes the whole frontier.
    fn control(&self, control: Control) -> BoxFuture<'_, Result<()>>;

    /// Counts.
    fn stats(&self) -> Stats;

    /// What is waited for; of use while nothing is handed out.
    fn waits(&self) -> Waits;

    /// Sites with waiting URLs that rest: at most `limit`, the one that rests longest first.
    fn resting(&self, limit: usize) -> Vec<HostRecord>;

    /// Sites with the most to tell: at most `limit`, the slowest mean response time first.
    fn slowest(&self, limit: usize) -> Vec<HostRecord>;

    /// Makes everything durable that was accepted so far.
    fn flush(&self) -> BoxFuture<'_, Result<Lsn>>;
}

/// How far an exporter has come: opaque to the outbox, stored with it.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Cursor {
    /// The last commit exported whole.
    pub lsn: Lsn,
    /// The sink's own position (length, running checksum), serialised by the sink.
    pub position: String,
}

/// Reading what was committed.
pub trait Outbox: Send + Sync + std::fmt::Debug {
    /// Durable commits after `from`, in order, at most `limit`; empty when there are none (yet).
    fn read(&self, from: Lsn, limit: usize) -> BoxFuture<'_, Result<Vec<Committed>>>;

    /// Resolves when a durable commit after `from` can be read.
    fn readable(&self, from: Lsn) -> BoxFuture<'_, ()>;

    /// Commits up to here will not be read again; their space may be freed. Never beyond the least cursor.
    fn trim(&self, to: Lsn) -> BoxFuture<'_, Result<()>>;

    /// The stored cursor of a sink, by the sink's name.
    fn cursor(&self, sink: &str) -> Option<Cursor>;

    /// The names of the sinks that have a cursor, in order.
    fn sinks(&self) -> Vec<String>;

    /// Stores a sink's cursor durably.
    fn set_cursor(&self, sink: &str, cursor: Cursor) -> BoxFuture<'_, Result<()>>;
}
