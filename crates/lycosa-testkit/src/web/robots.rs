//! robots.txt: what each host's says, and, by a table of its own and not by reading that text, what it means.

use super::paths::Branch;
use super::prf::{Question, below};
use super::{Place, Web};
use std::fmt::Write;
use std::time::Duration;

/// What a host's robots.txt says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Policy {
    /// 404: all is allowed.
    Absent,
    /// A group that allows all.
    Empty,
    /// `/private/` is denied.
    Plain,
    /// `/private/` is denied and `/private/open/` is not.
    LongestWins,
    /// `/*/draft$` and `/*?*lang=` are denied.
    Patterns,
    /// All is denied to everyone; the crawler has a group of its own, which denies `/bots/`.
    OwnGroup,
    /// Another crawler may have nothing, everyone else is denied `/private/open/`.
    OtherGroup,
    /// The rules of [`Policy::Plain`], behind a redirect.
    Moved,
    /// All is denied.
    Closed,
    /// It answers 500, and so nothing is allowed (RFC 9309 §2.3.1.4).
    Failing,
}

impl Web {
    /// What the robots.txt of a host says. The first host has [`Policy::Plain`], so that a crawl can begin there.
    pub fn policy(&self, host: u32) -> Policy {
        if host == 0 {
            return Policy::Plain;
        }
        let part = self.prf.part(100, Question::Policy, host.into(), 0);
        if part >= self.settings.robots_percent {
            return if part.is_multiple_of(2) { Policy::Absent } else { Policy::Empty };
        }
        match below(self.prf.draw(Question::Policy, host.into(), 1), 20) {
            0..5 => Policy::Plain,
            5..9 => Policy::LongestWins,
            9..12 => Policy::Patterns,
            12..14 => Policy::OwnGroup,
            14..16 => Policy::OtherGroup,
            16..18 => Policy::Moved,
            18 => Policy::Closed,
            _ => Policy::Failing,
        }
    }

    /// The crawl-delay that a host asks the crawler for; zero when it asks for none. Hosts that deny everything, that
    /// have no robots.txt or whose own does not answer ask for none; nor does the first host.
    pub fn crawl_delay(&self, host: u32) -> Duration {
        let asks = host > 0
            && self.prf.part(100, Question::CrawlDelay, host.into(), 0) < self.settings.crawl_delay_percent
            && !matches!(self.policy(host), Policy::Absent | Policy::Closed | Policy::Failing);
        let (shortest, longest) = self.settings.crawl_delay_ms;
        let span = longest.saturating_sub(shortest) + 1;
        let drawn = shortest + below(self.prf.draw(Question::CrawlDelay, host.into(), 1), span);
        if asks { Duration::from_millis(drawn) } else { Duration::ZERO }
    }

    /// Whether the robots.txt of its host lets the crawler ask for a place: anything but a robots.txt, which is always
    /// allowed.
    pub fn allows(&self, place: Place) -> bool {
        let branch = match place {
            Place::Page(page) => Some(self.branch(page)),
            Place::Robots(_) | Place::MovedRobots(_) => return true,
            Place::Trap(_) | Place::Sitemap(_) | Place::MovedSitemap(_) | Place::SitemapPart(..) => None,
        };
        let policy = self.policy(place.host());
        if policy != Policy::Absent && self.sitemap_rule(place.host()).denies(place) {
            return false;
        }
        match policy {
            Policy::Absent | Policy::Empty => true,
            Policy::Plain | Policy::Moved => !matches!(branch, Some(Branch::Private | Branch::Open)),
            Policy::LongestWins => branch != Some(Branch::Private),
            Policy::Patterns => !matches!(branch, Some(Branch::Draft | Branch::Query)),
            Policy::OwnGroup => branch != Some(Branch::Bots),
            Policy::OtherGroup => branch != Some(Branch::Open),
            Policy::Closed | Policy::Failing => false,
        }
    }

    /// The text of a host's robots.txt, wherever it is; `None` where none is answered.
    pub fn robots_text(&self, host: u32) -> Option<String> {
        let agent = self.settings.agent;
        let delay = self.crawl_delay(host);
        let delay = if delay.is_zero() {
            String::new()
        } else {
            format!("Crawl-delay: {}\n", delay.as_millis() as f64 / 1_000.0)
        };
        // Both stand in the group that is the crawler's.
        let delay = format!("{delay}{}", self.sitemap_rule(host).line());
        let mut text = match self.policy(host) {
            Policy::Absent | Policy::Failing => return None,
            Policy::Empty => format!("User-agent: *\nDisallow:\n{delay}"),
            Policy::Plain | Policy::Moved => {
                format!("# hello\nUser-agent: *\n{delay}Disallow: /private/ # ours\n")
            }
            Policy::LongestWins => {
                format!("user-agent: *\r\nDisallow: /private/\r\nAllow: /private/open/\r\n{delay}")
            }
            Policy::Patterns => {
                format!("User-agent: *\nDisallow: /*/draft$\nDisallow: /*?*lang=\n{delay}")
            }
            Policy::OwnGroup => format!(
                "User-agent: *\nCrawl-delay: 3600\nDisallow: /\n\nUser-agent: other\n\
                 User-agent: {agent}\nDisallow: /bots/\n{delay}"
            ),
            Policy::OtherGroup => format!(
                "User-agent: {agent}other\nDisallow: /\nCrawl-delay: 3600\n\nUser-agent: *\n\
                 Disallow: /private/open/\n{delay}"
            ),
            Policy::Closed => "User-agent: *\nDisallow: /\n".to_owned(),
        };
        if self.has_sitemap(host) && host.is_multiple_of(2) {
            let _ = write!(text, "\nSitemap: {}\n", self.url(Place::Sitemap(host)));
        }
        Some(text)
    }
}
