//! The server's own log, of fixed size: a few numbers for each host and address, one bit for each page, counts. What it
//! says of a crawler's manners is judged by when requests arrived, not by what the crawler believes.

use super::coverage::{Coverage, Numbering};
use super::{Place, Web};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Violations that are described.
const DESCRIBED: usize = 8;
/// Pages of traps that are told apart; beyond, every one counts as new.
const MOST_TRAPS: u64 = 1_000_000;

/// The manners that are expected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Manners {
    /// The least time between the starts of two requests to a host, to its site, and of two sites' to one address. A
    /// host's crawl-delay raises it for that host. Default 500 ms.
    pub delay: Duration,
    /// What an arrival may be early by, because the one before was held up on its way; default none, which fits a
    /// crawl under a clock of its own.
    pub slack: Duration,
    /// The most requests open on a host at once; default 2.
    pub per_host: u32,
    /// Whether robots.txt is to be obeyed, its crawl-delay included; default true.
    pub robots: bool,
}

impl Default for Manners {
    fn default() -> Self {
        Self { delay: Duration::from_millis(500), slack: Duration::ZERO, per_host: 2, robots: true }
    }
}

/// What was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asked {
    /// A place that the web has.
    Known(Place),
    /// Something that no link, redirect or sitemap names.
    Unknown,
}

/// A request that has arrived.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Arrival {
    /// What was asked for.
    pub asked: Asked,
    /// Whether it was asked for the first time.
    pub first: bool,
}

/// Counts of a log.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Counts {
    /// All requests.
    pub requests: u64,
    /// Requests for pages, whatever they answered.
    pub pages: u64,
    /// Requests for pages and traps' pages that had been asked for before.
    pub repeated: u64,
    /// Requests for pages of traps.
    pub traps: u64,
    /// Requests for robots.txt.
    pub robots: u64,
    /// Requests for sitemaps.
    pub sitemaps: u64,
    /// Requests for what the web does not have.
    pub unknown: u64,
    /// Requests for what robots.txt denies.
    pub denied: u64,
    /// Requests that came too soon after another of their host, their site, or their address.
    pub too_soon: u64,
    /// Requests that came while too many of their host were open.
    pub too_many: u64,
    /// The most requests of one host that were open at once.
    pub most_open: u32,
    /// The most requests that were open at once.
    pub most_open_in_all: u32,
    /// The first few violations, described.
    pub violations: Vec<String>,
}

impl Counts {
    /// The part of all requests for pages that went into traps, from 0 to 1.
    pub fn trap_loss(&self) -> f64 {
        self.traps as f64 / ((self.pages + self.traps) as f64).max(1.0)
    }

    fn violated(&mut self, describe: impl FnOnce() -> String) {
        if self.violations.len() < DESCRIBED {
            self.violations.push(describe());
        }
    }
}

/// Milliseconds since the log began, plus one; 0 is never. Wraps after 49 days, and so may miss one violation then.
type Stamp = u32;

#[derive(Debug)]
struct State {
    began_ms: Option<u64>,
    host_last: Vec<Stamp>,
    host_open: Vec<u16>,
    host_requests: Vec<u32>,
    host_first: Vec<Stamp>,
    site_last: Vec<Stamp>,
    /// The site that asked last at each address, and when.
    address_last: Vec<(u32, Stamp)>,
    open: u32,
    last_ms: u64,
    coverage: Coverage,
    counts: Counts,
}

/// The log of a server. Shared by its connections.
#[derive(Debug)]
pub struct AccessLog {
    web: Web,
    manners: Manners,
    state: Mutex<State>,
}

impl AccessLog {
    /// An empty log of a web's server.
    pub fn new(web: Web, numbering: Numbering, manners: Manners) -> Self {
        let hosts = web.hosts() as usize;
        let state = State {
            began_ms: None,
            host_last: vec![0; hosts],
            host_open: vec![0; hosts],
            host_requests: vec![0; hosts],
            host_first: vec![0; hosts],
            site_last: vec![0; hosts],
            address_last: vec![(0, 0); web.addresses() as usize],
            open: 0,
            last_ms: 0,
            coverage: Coverage::new(web, numbering),
            counts: Counts::default(),
        };
        Self { web, manners, state: Mutex::new(state) }
    }

    /// Notes a request, at a time in milliseconds. It is open until [`AccessLog::leave`].
    pub fn arrive(&self, host: u32, target: &str, at_ms: u64) -> Arrival {
        let asked = self.web.place(host, target).map_or(Asked::Unknown, Asked::Known);
        let mut state = self.state();
        state.last_ms = state.last_ms.max(at_ms);
        self.note_time(&mut state, host, asked, at_ms);
        self.note_open(&mut state, host);
        let first = self.note_place(&mut state, host, target, asked);
        Arrival { asked, first }
    }

    /// Notes the end of a request.
    pub fn leave(&self, host: u32) {
        let mut state = self.state();
        let open = &mut state.host_open[host as usize];
        *open = open.saturating_sub(1);
        state.open = state.open.saturating_sub(1);
    }

    /// The counts so far.
    pub fn counts(&self) -> Counts {
        self.state().counts.clone()
    }

    /// The pages asked for so far, whatever they answered.
    pub fn coverage(&self) -> Coverage {
        self.state().coverage.clone()
    }

    /// When the last request arrived, in milliseconds; 0 when none has.
    pub fn last_ms(&self) -> u64 {
        self.state().last_ms
    }

    /// Requests of a host so far, and the time from the first to the last.
    pub fn span(&self, host: u32) -> (u32, Duration) {
        let (state, at) = (self.state(), host as usize);
        let span = state.host_last[at].wrapping_sub(state.host_first[at]);
        (state.host_requests[at], Duration::from_millis(span.into()))
    }

    fn note_time(&self, state: &mut State, host: u32, asked: Asked, at_ms: u64) {
        let began = *state.began_ms.get_or_insert(at_ms);
        let stamp = (at_ms.saturating_sub(began) as u32).wrapping_add(1).max(1);
        let (at, site) = (host as usize, self.web.site(host));
        // Before it has read robots.txt, a crawler cannot know what that asks for.
        let known_to_ask = !matches!(asked, Asked::Known(Place::Robots(_) | Place::MovedRobots(_)));
        let crawl_delay =
            if known_to_ask && self.manners.robots { self.web.crawl_delay(host) } else { Duration::ZERO };
        let host_last = std::mem::replace(&mut state.host_last[at], stamp);
        let site_last = std::mem::replace(&mut state.site_last[site as usize], stamp);
        let seat = &mut state.address_last[self.web.address_number(host) as usize];
        let (neighbour, address_last) = std::mem::replace(seat, (site, stamp));
        let neighbour_last = if neighbour == site { 0 } else { address_last };
        if host_last == 0 {
            state.host_first[at] = stamp;
        }
        state.host_requests[at] += 1;
        let checks = [
            ("host", host_last, self.manners.delay.max(crawl_delay)),
            ("site", site_last, self.manners.delay),
            ("address", neighbour_last, self.manners.delay),
        ];
        let early = |last: Stamp, delay: Duration| {
            let gap = Duration::from_millis(stamp.wrapping_sub(last).into());
            (last != 0 && gap + self.manners.slack < delay).then_some((gap, delay))
        };
        for (what, last, delay) in checks {
            if let Some((gap, delay)) = early(last, delay) {
                state.counts.too_soon += 1;
                let name = self.web.name(host);
                state.counts.violated(|| {
                    format!("{asked:?} on {name} came {gap:?} after another of its {what}, not {delay:?}")
                });
                break;
            }
        }
    }

    fn note_open(&self, state: &mut State, host: u32) {
        let open = &mut state.host_open[host as usize];
        *open = open.saturating_add(1);
        let open = u32::from(*open);
        state.open += 1;
        let in_all = state.open;
        let counts = &mut state.counts;
        counts.most_open = counts.most_open.max(open);
        counts.most_open_in_all = counts.most_open_in_all.max(in_all);
        if open > self.manners.per_host {
            counts.too_many += 1;
            counts.violated(|| format!("{open} requests were open on {}", self.web.name(host)));
        }
    }

    /// Counts what was asked for; whether it was the first time.
    fn note_place(&self, state: &mut State, host: u32, target: &str, asked: Asked) -> bool {
        let counts = &mut state.counts;
        counts.requests += 1;
        let Asked::Known(place) = asked else {
            counts.unknown += 1;
            counts.violated(|| format!("nothing leads to {target} on {}", self.web.name(host)));
            return true;
        };
        match place {
            Place::Page(_) => counts.pages += 1,
            Place::Trap(_) => counts.traps += 1,
            Place::Robots(_) | Place::MovedRobots(_) => counts.robots += 1,
            Place::Sitemap(_) | Place::MovedSitemap(_) | Place::SitemapPart(..) => counts.sitemaps += 1,
        }
        if self.manners.robots && !self.web.allows(place) {
            counts.denied += 1;
            counts.violated(|| format!("denied: {}", self.web.describe(place)));
        }
        let is_kept = match place {
            Place::Page(_) => true,
            Place::Trap(_) => counts.traps <= MOST_TRAPS,
            _ => false,
        };
        if !is_kept {
            return true;
        }
        let first = state.coverage.insert(place);
        state.counts.repeated += u64::from(!first);
        first
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
