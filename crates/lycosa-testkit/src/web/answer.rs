//! The answers of the web: a function of the request, the time and, for pages that are down at first, the visit.

use super::prf::{Question, below, unit};
use super::{Kind, PageId, Place, Policy, Web, dates};
use std::time::Duration;

/// What is asked.
#[derive(Debug, Clone, Copy)]
pub struct Ask<'a> {
    /// The host's number: see [`Web::host_of_authority`].
    pub host: u32,
    /// Path and query.
    pub target: &'a str,
    /// Milliseconds since 1970.
    pub now_ms: u64,
    /// Whether this URL was never asked for before.
    pub first: bool,
    /// The value of `If-None-Match`.
    pub if_none_match: Option<&'a str>,
    /// The value of `If-Modified-Since`. Compared letter by letter, as an origin server may.
    pub if_modified_since: Option<&'a str>,
}

/// What is answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// Header fields.
    pub headers: Vec<(&'static str, String)>,
    /// The body.
    pub body: String,
    /// The time until the answer begins.
    pub latency: Duration,
}

impl Answer {
    fn new(status: u16, kind: &str, body: String) -> Self {
        Self { status, headers: vec![("Content-Type", kind.to_owned())], body, latency: Duration::ZERO }
    }

    fn page(status: u16, body: String) -> Self {
        Self::new(status, "text/html; charset=utf-8", body)
    }

    fn redirect(status: u16, to: String) -> Self {
        Self { headers: vec![("Location", to)], ..Self::page(status, "<p>Elsewhere.".to_owned()) }
    }

    fn dead(status: u16) -> Self {
        Self::page(status, format!("<!doctype html><title>{status}</title><p>Nothing lives here."))
    }
}

impl Web {
    /// The answer to a request.
    pub fn answer(&self, ask: &Ask<'_>) -> Answer {
        let place = self.place(ask.host, ask.target);
        let answer = match place {
            None => Answer::dead(404),
            Some(Place::Page(page)) => self.answer_page(page, ask),
            Some(Place::Trap(trap)) => Answer::page(200, self.trap_html(trap)),
            Some(Place::Robots(host)) => self.answer_robots(host),
            Some(Place::MovedRobots(host)) => match self.policy(host) {
                Policy::Moved => Answer::new(200, "text/plain", self.robots_text(host).unwrap_or_default()),
                _ => Answer::dead(404),
            },
            Some(Place::Sitemap(host)) if self.has_sitemap(host) && self.sitemap_rule(host).is_moved() => {
                Answer::redirect(302, self.path(Place::MovedSitemap(host)))
            }
            Some(place @ (Place::Sitemap(_) | Place::MovedSitemap(_) | Place::SitemapPart(..))) => {
                match self.sitemap(place, ask.now_ms) {
                    Some(xml) => Answer::new(200, "application/xml", xml),
                    None => Answer::dead(404),
                }
            }
        };
        Answer { latency: self.latency(place.unwrap_or(Place::Robots(ask.host))), ..answer }
    }

    /// How long a place takes to answer: most little, some long.
    pub fn latency(&self, place: Place) -> Duration {
        let hash = match place {
            Place::Page(page) => self.hash(Question::Latency, page),
            Place::Trap(trap) => self.prf.draw(Question::Latency, trap.state, 1),
            other => self.prf.draw(Question::Latency, other.host().into(), 2),
        };
        let (least, most) = self.settings.latency_ms;
        let share = unit(hash).powi(4);
        Duration::from_millis(least + (share * most.saturating_sub(least) as f64) as u64)
    }

    /// Time between two changes of a page, in milliseconds; evenly over the magnitudes.
    pub fn period_ms(&self, page: PageId) -> u64 {
        let (least, most) = self.settings.period_s;
        let (least, most) = (least.max(1) as f64 * 1_000.0, most.max(1) as f64 * 1_000.0);
        let hash = self.hash(Question::Period, self.content_of(page));
        (least * (most / least).powf(unit(hash))) as u64
    }

    /// The version of a page at a time: it counts its changes since a moment of its own.
    pub fn version(&self, page: PageId, now_ms: u64) -> u64 {
        let period = self.period_ms(page);
        (now_ms + self.phase_ms(page, period)) / period
    }

    /// When a page changed for the last time before a moment, both in milliseconds since 1970.
    pub fn changed_ms(&self, page: PageId, now_ms: u64) -> u64 {
        let period = self.period_ms(page);
        (self.version(page, now_ms) * period).saturating_sub(self.phase_ms(page, period))
    }

    fn phase_ms(&self, page: PageId, period: u64) -> u64 {
        below(self.hash(Question::Phase, self.content_of(page)), period)
    }

    fn answer_robots(&self, host: u32) -> Answer {
        match (self.policy(host), self.robots_text(host)) {
            (Policy::Failing, _) => Answer::dead(500),
            (Policy::Moved, _) => Answer::redirect(301, self.path(Place::MovedRobots(host))),
            (_, Some(text)) => Answer::new(200, "text/plain; charset=utf-8", text),
            (_, None) => Answer::dead(404),
        }
    }

    fn answer_page(&self, page: PageId, ask: &Ask<'_>) -> Answer {
        match self.kind(page) {
            Kind::Dead(status) => Answer::dead(status),
            Kind::Redirect(status, to) => {
                let place = Place::Page(to);
                let near = to.host == page.host && to.index.is_multiple_of(2);
                Answer::redirect(status, if near { self.path(place) } else { self.url(place) })
            }
            Kind::Flaky if ask.first => Answer::dead(503),
            _ => self.content(page, ask),
        }
    }

    fn content(&self, page: PageId, ask: &Ask<'_>) -> Answer {
        let version = self.version(page, ask.now_ms);
        let tag = format!("\"{}-{}-{version}\"", page.host, page.index);
        let changed = dates::http(self.changed_ms(page, ask.now_ms));
        // RFC 9110 §13.2.2: the date counts only where no tag was sent.
        let unchanged = match ask.if_none_match {
            Some(tags) => tags.split(',').any(|held| held.trim().trim_start_matches("W/") == tag),
            None => ask.if_modified_since == Some(changed.as_str()),
        };
        let mut answer = if unchanged {
            Answer { headers: Vec::new(), ..Answer::page(304, String::new()) }
        } else {
            Answer::page(200, self.html(page, version))
        };
        answer.headers.push(("ETag", tag));
        if self.settings.last_modified {
            answer.headers.push(("Last-Modified", changed));
        }
        answer
    }
}
