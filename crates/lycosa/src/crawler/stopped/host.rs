//! A site of the state as it is shown: counts, pace and which rule gives it, rest and why.

use std::time::Duration;

use super::Stopped;
use crate::error::Result;
use crate::model::{Breaker, DelayCause, HostRecord, LastmodTrust, Pace, Robots, SiteDates, Timestamp};
use crate::politeness::delay_cause;

/// An origin of a site.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct OriginLine {
    /// Scheme, host, port.
    pub origin: String,
    /// `unknown`, `rules`, `allow_all` or `deny_all`.
    pub robots: &'static str,
    /// Valid until then.
    pub robots_until: Option<Timestamp>,
    /// When the robots.txt, which failed, is asked for again, if URLs wait for that.
    pub robots_retry: Option<Timestamp>,
    /// The crawl-delay it asks for, in milliseconds.
    pub crawl_delay_ms: u64,
}

/// What the dates in a site's sitemaps are worth.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct LastmodLine {
    /// How much they are believed, 0 to 1; one half when no visit could tell yet.
    pub share: f64,
    /// Visits of pages whose date had moved.
    pub moved: u32,
    /// How many of these the date was right about; fractions, as a page may have changed without it.
    pub confirmed: f64,
    /// Changes that no date told of.
    pub missed: u32,
    /// When a sitemap with dates was read last; none when none was since the state keeps it.
    pub read_at: Option<Timestamp>,
}

impl From<SiteDates> for LastmodLine {
    fn from(dates: SiteDates) -> Self {
        let rounded = |number: f64| (number * 100.0).round() / 100.0;
        let LastmodTrust { moved, confirmed, missed } = dates.trust;
        Self {
            share: rounded(dates.trust.share()),
            moved,
            confirmed: f64::from(confirmed) / 100.0,
            missed,
            read_at: Some(dates.read_at).filter(|at| at.0 > 0),
        }
    }
}

/// A site.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct HostLine {
    /// Its name.
    pub site: String,
    /// URLs waiting.
    pub pending: u64,
    /// Of these: by priority class, those apart that wait for robots.txt.
    pub pending_by_class: [u64; 4],
    /// Of these: until their origin's robots.txt is there.
    pub pending_for_robots: u64,
    /// URLs held back by the depth limit or the budget of their shape.
    pub parked: u64,
    /// URLs that were being fetched when the process ended.
    pub leased: u32,
    /// Outcomes.
    pub done: u64,
    /// Failures among them.
    pub failed: u64,
    /// Pages written.
    pub pages: u64,
    /// Whether its budget of pages (`max_pages_per_host` of the last run) is used up: what waits is not asked for.
    pub has_spent: bool,
    /// Time between the starts of two requests, in milliseconds.
    pub delay_ms: u64,
    /// What made it as long as it is.
    pub delay_cause: DelayCause,
    /// Mean time of an answer, in milliseconds.
    pub response_ms: u64,
    /// No request before this moment.
    pub next: Timestamp,
    /// It rests until then, if that is yet to come.
    pub blocked_until: Option<Timestamp>,
    /// Why it rests.
    pub why: Option<String>,
    /// Its circuit breaker.
    pub breaker: Breaker,
    /// Failures in a row.
    pub failures_in_a_row: u32,
    /// Rests of its breaker in a row.
    pub rests: u32,
    /// What the dates in its sitemaps are worth, where it has some.
    pub lastmod: Option<LastmodLine>,
    /// Its origins.
    pub origins: Vec<OriginLine>,
}

/// What sites are sorted by, greatest first (but `Next`: soonest first).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum HostOrder {
    /// URLs waiting.
    #[default]
    Pending,
    /// Outcomes.
    Done,
    /// Failures.
    Failed,
    /// The delay in force.
    Delay,
    /// The moment of the next request.
    Next,
}

impl HostOrder {
    fn key(self, record: &HostRecord) -> u64 {
        match self {
            Self::Pending => u64::MAX - record.pending,
            Self::Done => u64::MAX - record.done,
            Self::Failed => u64::MAX - record.failed,
            Self::Delay => u64::MAX - millis(record.delay),
            Self::Next => record.next_allowed.0,
        }
    }
}

impl Stopped {
    /// The first sites in an order, at most so many, of those that are `wanted`. Memory is for twice as many.
    ///
    /// # Errors
    /// When the history, which says why one rests, cannot be read.
    pub fn hosts(
        &mut self,
        order: HostOrder,
        limit: usize,
        wanted: impl Fn(&HostRecord) -> bool,
    ) -> Result<Vec<HostLine>> {
        let mut best: Vec<(u64, HostRecord)> = Vec::new();
        let first = |best: &mut Vec<(u64, HostRecord)>| {
            best.sort_by(|one, other| (one.0, &one.1.site).cmp(&(other.0, &other.1.site)));
            best.truncate(limit);
        };
        self.view.visit_sites(|record| {
            if wanted(&record) {
                best.push((order.key(&record), record));
                if best.len() >= limit.saturating_mul(2).max(64) {
                    first(&mut best);
                }
            }
            true
        });
        first(&mut best);
        for (_, record) in &mut best {
            // A robots.txt is no URL of the crawl; each is the first of its site.
            let robots = self.view.waiting_robots(&record.site);
            record.pending = record.pending.saturating_sub(robots);
            if let Some(first) = record.pending_by_class.first_mut() {
                *first = first.saturating_sub(robots);
            }
        }
        best.iter().map(|(_, record)| self.host_line(record)).collect()
    }

    /// A site as it is shown.
    ///
    /// # Errors
    /// When the history, which says why it rests, cannot be read.
    pub fn host_line(&self, record: &HostRecord) -> Result<HostLine> {
        let pace = self.rules.as_ref().map(super::RunRules::pace).unwrap_or_default();
        let until = record.blocked_until.max(record.health.rests_until);
        let rests = until > self.now();
        let failing = record.health.reason.filter(|reason| reason.is_breakers());
        let why = match failing {
            Some(reason) if rests => Some(reason.as_str().to_owned()),
            _ if rests => self.why_it_rests(&record.site)?,
            _ => None,
        };
        Ok(HostLine {
            site: record.site.to_string(),
            pending: record.pending,
            pending_by_class: record.pending_by_class,
            pending_for_robots: record.pending_for_robots,
            parked: record.parked,
            leased: record.leased,
            done: record.done,
            failed: record.failed,
            pages: record.pages,
            has_spent: record.has_spent,
            delay_ms: millis(record.delay),
            delay_cause: cause_of(&pace, record),
            response_ms: millis(record.response_time),
            next: record.next_allowed,
            blocked_until: rests.then_some(until),
            why,
            breaker: record.health.breaker,
            failures_in_a_row: record.health.failures,
            rests: record.health.rests,
            lastmod: record.dates.map(LastmodLine::from),
            origins: record.origins.iter().map(origin).collect(),
        })
    }
}

fn cause_of(pace: &Pace, record: &HostRecord) -> DelayCause {
    let asked = record.origins.iter().map(|origin| origin.crawl_delay).max().unwrap_or_default();
    delay_cause(pace, asked, record.response_time)
}

fn origin(record: &crate::model::OriginRecord) -> OriginLine {
    let (robots, robots_until) = match &record.robots {
        Robots::Unknown => ("unknown", None),
        Robots::Rules { until, .. } => ("rules", Some(*until)),
        Robots::AllowAll { until } => ("allow_all", Some(*until)),
        Robots::DenyAll { until } => ("deny_all", Some(*until)),
        Robots::Withheld { .. } => ("unknown", None),
    };
    let crawl_delay_ms = millis(record.crawl_delay);
    let (origin, robots_retry) = (record.origin.to_string(), record.robots_retry);
    OriginLine { origin, robots, robots_until, robots_retry, crawl_delay_ms }
}

fn millis(span: Duration) -> u64 {
    u64::try_from(span.as_millis()).unwrap_or(u64::MAX)
}
