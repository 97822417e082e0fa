//! robots.txt in the engine: the parsed rules by origin, and the journey of a robots request.
//!
//! The rules' text is the frontier's; here it is only parsed, once per text, and asked.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use url::Url;

use super::journey::{Arrival, Ending, Journey};
use crate::error::Error;
use crate::model::{Discovered, Exclusion, HostUpdate, Lease, Origin, Request, RequestKind, Robots};
use crate::politeness::robots::{RobotsTxt, policy};

/// Parsed rules kept at once; beyond, all are dropped and parsed again when needed.
const CAPACITY: usize = 4096;

/// Redirects of one robots.txt that are followed (RFC 9309 §2.3.1.2 asks for at least five).
const MAX_HOPS: usize = 5;

/// Bytes of a robots.txt that are read (RFC 9309 §2.5 asks for at least 500 KiB).
const MAX_BYTES: u64 = 512 << 10;

type Parsed = (Arc<[u8]>, Arc<RobotsTxt>);

/// Parsed rules by origin. The key to freshness is the identity of the text.
#[derive(Debug, Default)]
pub(super) struct RobotsCache(Mutex<HashMap<Origin, Parsed>>);

impl RobotsCache {
    fn rules(&self, origin: &Origin, body: &Arc<[u8]>) -> Arc<RobotsTxt> {
        let mut parsed = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((text, rules)) = parsed.get(origin)
            && (Arc::ptr_eq(text, body) || text == body)
        {
            return rules.clone();
        }
        if parsed.len() >= CAPACITY {
            parsed.clear();
        }
        let rules = Arc::new(RobotsTxt::parse(body));
        parsed.insert(origin.clone(), (body.clone(), rules.clone()));
        rules
    }
}

impl Journey {
    /// Why robots.txt forbids this lease's URL, if it does.
    pub(super) fn robots_refusal(&self, url: &Url) -> Option<Exclusion> {
        let settings = &self.shared.parts.settings;
        if !settings.robots || !self.lease.request.kind.yields_page() {
            return None;
        }
        match &self.lease.robots {
            Robots::Rules { body, .. } => {
                let rules = self.shared.robots.rules(&self.lease.origin, body);
                let path = &url[url::Position::BeforePath..url::Position::AfterQuery];
                (!rules.allowed(&settings.robots_agent, path).allowed).then_some(Exclusion::Robots)
            }
            Robots::DenyAll { .. } => Some(Exclusion::RobotsUnreachable),
            Robots::AllowAll { .. } | Robots::Unknown => None,
        }
    }

    /// Works on the answer to a robots request.
    pub(super) async fn robots_arrived(&mut self, arrival: Arrival) -> Ending {
        let hops = self.lease.request.chain.len();
        if let Some(target) = arrival.redirect_target(&self.url) {
            let hop = match target {
                Some(target) if hops < MAX_HOPS => self.robots_hop(arrival.status, &target),
                _ => None,
            };
            self.note_answer(arrival.status, 0, arrival.response.body.wire_bytes());
            return match hop {
                Some(to) => self.redirected(arrival.status, to, Vec::new()),
                // Too many hops or nowhere to go counts as no robots.txt (RFC 9309 §2.3.1.2).
                None => self.robots_learned(arrival.status, policy::unavailable(self.now())),
            };
        }
        let status = arrival.status;
        let headers = arrival.response.headers.clone();
        let (body, end) = arrival.response.body.read().await;
        self.note_answer(status, body.len() as u64, end.wire_bytes);
        if let Some(error) = end.error
            && body.is_empty()
        {
            return self.robots_failed(&error);
        }
        let robots = policy::meaning(status, &headers, &body, self.now());
        self.robots_learned(status, robots)
    }

    /// A robots.txt that could not be had: nothing is allowed for a while (RFC 9309 §2.3.1.4).
    pub(super) fn robots_failed(&mut self, error: &Error) -> Ending {
        let robots = policy::unreachable(self.now());
        self.shared.telemetry.problem(format!("robots.txt of {} could not be fetched", robots_origin(&self.lease)));
        let mut commit = self.failed_commit(error.clone());
        commit.host_update = Some(self.host_update(robots));
        Ending::Commit(Box::new(commit), None)
    }

    fn robots_learned(&mut self, status: u16, robots: Robots) -> Ending {
        let mut commit = self.fetched_commit(status);
        commit.outlinks = self.sitemap_requests(&robots);
        commit.host_update = Some(self.host_update(robots));
        Ending::Commit(Box::new(commit), None)
    }

    fn host_update(&self, robots: Robots) -> HostUpdate {
        let origin = robots_origin(&self.lease);
        let site = self.shared.parts.identity.site(&origin.host);
        let crawl_delay = match &robots {
            Robots::Rules { body, .. } => {
                let rules = self.shared.robots.rules(&origin, body);
                rules.crawl_delay(&self.shared.parts.settings.robots_agent).unwrap_or_default()
            }
            _ => std::time::Duration::ZERO,
        };
        HostUpdate { origin, site, robots: Some(robots), crawl_delay: Some(crawl_delay), block_until: None }
    }

    fn robots_hop(&self, status: u16, target: &Url) -> Option<Discovered> {
        let identified = self.shared.parts.identity.identify(target)?;
        let from = &self.lease.request;
        let mut chain = from.chain.clone();
        chain.push(crate::model::Hop { url: from.url.clone(), status });
        let request = Request {
            kind: RequestKind::Robots,
            url: crate::scope::spelling(target),
            class: 0,
            chain,
            ..Request::get("")
        };
        Some(identified.discovered(&self.shared.parts.identity, request))
    }

    /// The sitemaps that robots.txt names, or the usual place when it names none.
    fn sitemap_requests(&self, robots: &Robots) -> Vec<Discovered> {
        if !self.shared.parts.settings.sitemaps || matches!(robots, Robots::DenyAll { .. }) {
            return Vec::new();
        }
        let origin = robots_origin(&self.lease);
        let mut named = match robots {
            Robots::Rules { body, .. } => self.shared.robots.rules(&origin, body).sitemaps().to_vec(),
            _ => Vec::new(),
        };
        if named.is_empty() {
            named.push("/sitemap.xml".into());
        }
        let Ok(base) = Url::parse(&format!("{origin}/robots.txt")) else { return Vec::new() };
        named.iter().filter_map(|name| base.join(name).ok()).filter_map(|url| self.sitemap_request(&url, 0)).collect()
    }
}

/// Bounds of a robots.txt answer: what is longer is cut, not refused.
pub(super) fn bounds(mut limits: crate::model::FetchLimits) -> crate::model::FetchLimits {
    limits.decoded = MAX_BYTES;
    limits
}

/// The origin whose robots.txt a lease is about: where the chain of redirects began.
fn robots_origin(lease: &Lease) -> Origin {
    let first = lease.request.chain.first().and_then(|hop| Url::parse(&hop.url).ok());
    first.and_then(|url| Origin::of(&url)).unwrap_or_else(|| lease.origin.clone())
}
