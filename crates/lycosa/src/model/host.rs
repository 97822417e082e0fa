//! What a crawl knows of a host: its robots.txt, its pace, how it does.

use std::sync::Arc;
use std::time::Duration;

use super::{DelayCause, Health, Origin, SiteDates, SiteKey, Timestamp};

/// What is known of an origin's robots.txt.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Robots {
    /// Not fetched yet, or no longer valid.
    #[default]
    Unknown,
    /// Rules to parse.
    Rules {
        /// The file, cut at 500 KiB (RFC 9309 §2.5).
        body: Arc<[u8]>,
        /// Valid until then.
        until: Timestamp,
    },
    /// There is none (4xx): everything is allowed.
    AllowAll {
        /// Valid until then.
        until: Timestamp,
    },
    /// It could not be had (5xx, unreachable): nothing is allowed.
    DenyAll {
        /// Valid until then.
        until: Timestamp,
    },
    /// This run may not ask for it, by rules of its own (the address guard, an offline cache): nothing is asked for at
    /// its origin either. Another run may have other rules, so that nothing of this outlives the run.
    Withheld {
        /// Valid until then.
        until: Timestamp,
    },
}

/// What a worker learned about a host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostUpdate {
    /// The origin it concerns.
    pub origin: Origin,
    /// The site of that origin.
    pub site: SiteKey,
    /// What robots.txt says.
    pub robots: Option<Robots>,
    /// The crawl-delay it asks for; `Some(ZERO)` takes an earlier one back.
    pub crawl_delay: Option<Duration>,
    /// The whole site rests until then. In the commit of an answer that kept the crawler out (any status but 503) the
    /// frontier makes the rest longer each time in a row.
    pub block_until: Option<Timestamp>,
}

/// What the frontier knows of an origin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OriginRecord {
    /// The origin.
    pub origin: Origin,
    /// Its robots.txt.
    pub robots: Robots,
    /// When its robots.txt, which failed, is asked for again, if its URLs wait for that.
    pub robots_retry: Option<Timestamp>,
    /// Its crawl-delay.
    pub crawl_delay: Duration,
    /// Leases open on it.
    pub leased: u32,
}

/// What the frontier knows of a site.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostRecord {
    /// The site.
    pub site: SiteKey,
    /// Its origins, in the order they were met.
    pub origins: Vec<OriginRecord>,
    /// The delay in force between the starts of two requests.
    pub delay: Duration,
    /// What made it as long as it is.
    pub delay_cause: DelayCause,
    /// Whether it works, and how long it rests.
    pub health: Health,
    /// No request before this moment.
    pub next_allowed: Timestamp,
    /// The whole site rests until this moment (429, 503, a block, by hand); zero when it never did.
    pub blocked_until: Timestamp,
    /// URLs waiting.
    pub pending: u64,
    /// Of these: by priority class, those apart that wait for robots.txt. One that was moved to a better class may count in
    /// both until the other entry's turn comes.
    pub pending_by_class: [u64; 4],
    /// Of these: until their origin's robots.txt is there.
    pub pending_for_robots: u64,
    /// URLs held back by a depth limit.
    pub parked: u64,
    /// Leases open.
    pub leased: u32,
    /// Mean response time of its answers (exponentially weighted).
    pub response_time: Duration,
    /// Outcomes so far.
    pub done: u64,
    /// Failures so far.
    pub failed: u64,
    /// Pages written.
    pub pages: u64,
    /// Whether its budget of pages ([`Limits::max_pages_per_host`](super::Limits)) is used up: what waits stays pending.
    pub has_spent: bool,
    /// What its sitemaps said, when they gave dates.
    pub dates: Option<SiteDates>,
}
