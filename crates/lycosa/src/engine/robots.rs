//! robots.txt in the engine: the parsed rules by origin, and the journey of a robots request.
//!
//! The rules' text is the frontier's; here it is only parsed, once per text, and asked.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use url::Url;

use super::journey::{Arrival, Ending, Journey};
use super::shared::Shared;
use crate::error::{Error, ErrorKind};
use crate::model::{
    Discovered, Exclusion, HostUpdate, Lease, Origin, Request, RequestKind, Robots, field_text,
};
use crate::octets::excerpt;
use crate::politeness::robots::{
    AgentRules, MAX_ROBOTS_BYTES, MAX_ROBOTS_REDIRECTS, RobotsAnswer, RobotsTxt, is_known, robots_meaning,
};
use crate::scope::spelling;

/// Parsed rules kept at once; beyond, all are dropped and parsed again when needed.
const CAPACITY: usize = 4096;

/// Names whose rules are kept of one text.
const MOST_NAMES: usize = 32;

/// Bytes of a robots.txt that are read (RFC 9309 §2.5 asks for at least 500 KiB).
const MAX_BYTES: u64 = 512 << 10;

/// A text and what it says to each name that asked.
type Parsed = (Arc<[u8]>, Vec<(String, Arc<AgentRules>)>);

/// Parsed rules by origin, and why it may not be asked for some. The key to freshness is the identity of the text.
#[derive(Debug, Default)]
pub(super) struct RobotsCache {
    parsed: Mutex<HashMap<Origin, Parsed>>,
    withheld: Mutex<HashMap<Origin, Error>>,
}

impl RobotsCache {
    pub(super) fn rules(&self, origin: &Origin, body: &Arc<[u8]>, agent: &str) -> Arc<AgentRules> {
        let mut parsed = self.parsed.lock().unwrap_or_else(PoisonError::into_inner);
        let same = |text: &Arc<[u8]>| Arc::ptr_eq(text, body) || text == body;
        if let Some((_, known)) = parsed.get(origin).filter(|(text, _)| same(text))
            && let Some((_, rules)) = known.iter().find(|(name, _)| name == agent)
        {
            return rules.clone();
        }
        if parsed.len() >= CAPACITY {
            parsed.clear();
        }
        let rules = Arc::new(RobotsTxt::parse(body).agent(agent));
        let (text, known) = parsed.entry(origin.clone()).or_insert_with(|| (body.clone(), Vec::new()));
        if !same(text) || known.len() >= MOST_NAMES {
            (*text, *known) = (body.clone(), Vec::new());
        }
        known.push((agent.to_owned(), rules.clone()));
        rules
    }

    /// Remembers why an origin's robots.txt may not be asked for.
    fn withhold(&self, origin: &Origin, why: Error) {
        let mut withheld = self.withheld.lock().unwrap_or_else(PoisonError::into_inner);
        if withheld.len() >= CAPACITY {
            withheld.clear();
        }
        withheld.insert(origin.clone(), why);
    }

    fn why_withheld(&self, origin: &Origin) -> Error {
        let withheld = self.withheld.lock().unwrap_or_else(PoisonError::into_inner);
        withheld.get(origin).cloned().unwrap_or_else(|| {
            let message = format!("the robots.txt of {origin} may not be asked for by the rules of this run");
            Error::new(ErrorKind::AddressRefused, message)
        })
    }
}

impl Journey {
    /// Why robots.txt forbids this lease's URL, if it does: that of a page, of a sitemap or of a hop of either.
    pub(super) fn robots_refusal(&self, url: &Url) -> Option<Exclusion> {
        if !self.heeds_robots() {
            return None;
        }
        match &self.lease.robots {
            Robots::Rules { body, .. } => self.denial(body, url).map(|_| Exclusion::Robots),
            Robots::DenyAll { .. } => Some(Exclusion::RobotsUnreachable),
            // What waits there ends by `robots_withheld`, before this is asked.
            Robots::Withheld { .. } => Some(Exclusion::RobotsUnreachable),
            // Unknown is only what a frontier says that does not ask.
            Robots::AllowAll { .. } | Robots::Unknown => None,
        }
    }

    /// Whether this lease's URL is one that robots.txt has a say in: every one but that of a robots.txt.
    fn heeds_robots(&self) -> bool {
        self.shared.parts.settings.robots && self.lease.request.kind != RequestKind::Robots
    }

    /// The line that forbids this lease's URL, in words.
    pub(super) fn denying_line(&self) -> Option<String> {
        match &self.lease.robots {
            Robots::Rules { body, .. } if self.heeds_robots() => self.denial(body, &self.url),
            _ => None,
        }
    }

    /// The line by which these rules forbid a URL, if they do, in words.
    fn denial(&self, body: &Arc<[u8]>, url: &Url) -> Option<String> {
        let path = &url[url::Position::BeforePath..url::Position::AfterQuery];
        let denies = |name: &str| {
            let rules = self.shared.robots.rules(&self.lease.origin, body, name);
            let verdict = rules.judge(path);
            (!verdict.allowed).then(|| match (verdict.line, verdict.rule) {
                (Some(line), Some(rule)) => format!("line {line}: `Disallow: {}`", excerpt(rule)),
                _ => "its rules take too long to compare".to_owned(),
            })
        };
        match own_name(&self.request) {
            Some(own) => denies(own),
            None => {
                let names = self.shared.parts.settings.robots_agents.of(&self.lease.origin);
                names.iter().find_map(|name| denies(name))
            }
        }
    }

    /// Why nothing may be asked for here in this run, if its own rules forbid asking for robots.txt.
    pub(super) fn robots_withheld(&self) -> Option<Error> {
        let is_withheld = self.heeds_robots() && matches!(self.lease.robots, Robots::Withheld { .. });
        is_withheld.then(|| self.shared.robots.why_withheld(&self.lease.origin).at_url(self.url.as_str()))
    }

    /// Works on the answer to a robots request.
    pub(super) async fn robots_arrived(&mut self, arrival: Arrival) -> Ending {
        let status = arrival.status;
        if let Some(target) = arrival.redirect_target(&self.url) {
            self.note_answer(status, 0, arrival.response.body.wire_bytes());
            let hops = self.lease.request.chain.len();
            return match target
                .filter(|_| hops < MAX_ROBOTS_REDIRECTS)
                .and_then(|to| self.robots_hop(status, &to))
            {
                Some(to) => self.redirected(status, to, Vec::new()),
                None => self.robots_learned(status, RobotsAnswer::Lost, &Robots::Unknown),
            };
        }
        let response = *arrival.response;
        let headers = response.headers;
        let (body, end) = response.body.read().await;
        self.note_answer(status, body.len() as u64, end.wire_bytes);
        if (400..500).contains(&status) && status != 429 {
            self.shared.telemetry.robots_absent();
        }
        if body.len() > MAX_ROBOTS_BYTES {
            let (origin, most) = (robots_origin(&self.lease), MAX_ROBOTS_BYTES >> 10);
            self.shared
                .telemetry
                .problem(format!("robots.txt of {origin} is read to {most} KiB, the rest does not count"));
        }
        // What was cut by the limit counts as far as it goes; a body that broke off is asked for again. One that ended
        // before that limit by another bound of ours says nothing of what would have followed.
        let is_cut = |error: &Error| error.kind() == ErrorKind::TooLarge && body.len() >= MAX_ROBOTS_BYTES;
        if let Some(error) = end.error.filter(|error| !is_cut(error)) {
            return match self.retry_body(&error) {
                Some(nack) => nack,
                None => self.robots_failed(&error).await,
            };
        }
        let text = |name: http::HeaderName| headers.get(name).map(field_text);
        let (retry_after, cache_control) =
            (text(http::header::RETRY_AFTER), text(http::header::CACHE_CONTROL));
        let (retry_after, cache_control) = (retry_after.as_deref(), cache_control.as_deref());
        let before = self.known_before().await;
        if let Some(nack) = self.robots_awaited(Some(status), retry_after, &before) {
            return nack;
        }
        let answer = RobotsAnswer::Response { status, body: &body, cache_control, retry_after };
        self.robots_learned(status, answer, &before)
    }

    /// A robots.txt that could not be had: nothing new is allowed for a while (RFC 9309 §2.3.1.4).
    pub(super) async fn robots_failed(&mut self, error: &Error) -> Ending {
        let before = self.known_before().await;
        // A site that was given up is waited for no longer.
        if error.kind() != ErrorKind::HostDown
            && let Some(nack) = self.robots_awaited(None, None, &before)
        {
            return nack;
        }
        let robots = self.robots_now(RobotsAnswer::Failed, &before);
        let (origin, then) = (robots_origin(&self.lease), consequence(&robots));
        self.shared
            .telemetry
            .problem(format!("robots.txt of {origin} could not be fetched, {then}: {error}"));
        let mut commit = self.failed_commit(error.clone());
        commit.host_update = Some(self.host_update(robots));
        Ending::Commit(Box::new(commit), None)
    }

    /// A robots.txt that the rules of this run forbid to ask for. Its server said nothing, so its pages end as it did,
    /// for the same reason, and a run with other rules asks first.
    pub(super) async fn robots_refused(&mut self, error: Error) -> Ending {
        let before = self.known_before().await;
        let robots = self.robots_now(RobotsAnswer::Withheld, &before);
        if matches!(robots, Robots::Withheld { .. }) {
            self.shared.robots.withhold(&robots_origin(&self.lease), error.clone());
        }
        let mut commit = self.failed_commit(error);
        commit.host_update = Some(self.host_update(robots));
        Ending::Commit(Box::new(commit), None)
    }

    fn robots_learned(&mut self, status: u16, answer: RobotsAnswer<'_>, before: &Robots) -> Ending {
        let robots = self.robots_now(answer, before);
        if answer.is_failure() {
            let (origin, then) = (robots_origin(&self.lease), consequence(&robots));
            self.shared.telemetry.problem(format!("robots.txt of {origin} answered {status}, {then}"));
        }
        let mut commit = self.fetched_commit(status);
        commit.outlinks = self.sitemap_requests(&robots);
        commit.host_update = Some(self.host_update(robots));
        Ending::Commit(Box::new(commit), None)
    }

    /// What an outcome means for the origin that this lease is about, after what was known of it.
    fn robots_now(&self, answer: RobotsAnswer<'_>, before: &Robots) -> Robots {
        let failures = if answer.is_failure() { self.renewals_failed() } else { 0 };
        let robots = robots_meaning(answer, before, failures, self.now());
        self.robots_settled(&robots, !answer.is_failure());
        robots
    }

    fn host_update(&self, robots: Robots) -> HostUpdate {
        host_update(&self.shared, &self.lease, robots)
    }

    fn robots_hop(&self, status: u16, target: &Url) -> Option<Discovered> {
        let identified = self.shared.parts.identity.identify(target)?;
        let from = &self.lease.request;
        let mut chain = from.chain.clone();
        chain.push(crate::model::Hop { url: from.url.clone(), status });
        let request =
            Request { kind: RequestKind::Robots, url: spelling(target), class: 0, chain, ..Request::get("") };
        Some(identified.discovered(&self.shared.parts.identity, request))
    }

    /// The sitemaps that robots.txt names, or the usual place when it names none.
    fn sitemap_requests(&self, robots: &Robots) -> Vec<Discovered> {
        if !self.shared.parts.settings.sitemaps || matches!(robots, Robots::DenyAll { .. }) {
            return Vec::new();
        }
        let origin = robots_origin(&self.lease);
        let mut named: Vec<String> = match robots {
            Robots::Rules { body, .. } => RobotsTxt::parse(body).sitemaps().map(str::to_owned).collect(),
            _ => Vec::new(),
        };
        let is_guess = named.is_empty();
        if is_guess {
            named.push("/sitemap.xml".to_owned());
        }
        let Ok(base) = Url::parse(&format!("{origin}/robots.txt")) else { return Vec::new() };
        let parent: Option<Arc<str>> = (!is_guess).then(|| base.as_str().into());
        named
            .iter()
            .filter_map(|name| base.join(name).ok())
            .filter_map(|url| self.shared.sitemap_request(&url, parent.clone(), 0))
            .collect()
    }
}

/// The name by which a request that brings its own `User-Agent` goes.
pub(super) fn own_name(request: &Request) -> Option<&str> {
    let mut agents = request.headers.iter().filter(|(name, value)| {
        name.eq_ignore_ascii_case(http::header::USER_AGENT.as_str()) && !value.trim().is_empty()
    });
    agents.next_back().map(|(_, value)| crate::politeness::robots::agents::name(value))
}

/// What a robots lease leaves behind when its journey could not be gone: a host whose robots.txt nobody answers for
/// would wait for it for ever.
pub(super) async fn update_without_answer(shared: &Shared, lease: &Lease) -> Option<HostUpdate> {
    if lease.request.kind != RequestKind::Robots {
        return None;
    }
    let before = shared.robots_known(lease, &robots_origin(lease)).await;
    let robots = robots_meaning(RobotsAnswer::Failed, &before, 0, shared.parts.clock.now());
    Some(host_update(shared, lease, robots))
}

/// What becomes of the pages of a robots.txt that failed.
fn consequence(robots: &Robots) -> &'static str {
    if is_known(robots) { "what was known of it goes on" } else { "its pages are left out" }
}

fn host_update(shared: &Shared, lease: &Lease, robots: Robots) -> HostUpdate {
    let origin = robots_origin(lease);
    let site = shared.parts.identity.site(&origin.host);
    let crawl_delay = match &robots {
        Robots::Rules { body, .. } => {
            let names = shared.parts.settings.robots_agents.of(&origin).iter();
            let delays = names.filter_map(|name| shared.robots.rules(&origin, body, name).crawl_delay());
            delays.max().unwrap_or_default()
        }
        _ => std::time::Duration::ZERO,
    };
    HostUpdate { origin, site, robots: Some(robots), crawl_delay: Some(crawl_delay), block_until: None }
}

/// Bounds of a robots.txt answer: what is longer is cut, not refused. Those of pages do not hold for it: a text cut
/// after ten bytes would allow what its eleventh forbids.
pub(super) fn bounds(mut limits: crate::model::FetchLimits) -> crate::model::FetchLimits {
    limits.decoded = MAX_BYTES;
    limits.wire = crate::model::FetchLimits::default().wire;
    limits
}

/// The origin whose robots.txt a lease is about: where the chain of redirects began.
pub(super) fn robots_origin(lease: &Lease) -> Origin {
    let first = lease.request.chain.first().and_then(|hop| Url::parse(&hop.url).ok());
    first.and_then(|url| Origin::of(&url)).unwrap_or_else(|| lease.origin.clone())
}
