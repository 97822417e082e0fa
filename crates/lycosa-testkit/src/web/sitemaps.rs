//! Sitemaps: every ordinary page of the hosts that have one, with the time of its last change; an index where one file
//! is not enough. They stand at the usual place, or have moved from there, and
//! every second robots.txt names them; some robots.txt deny them.

use super::dates;
use super::prf::{Question, below};
use super::{LastmodShares, PageId, Place, Web};
use std::fmt::Write;

/// Pages looked at for one file: at most as many entries as the protocol allows.
const PAGES_PER_FILE: u32 = 50_000;

/// What the dates in a sitemap say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Lastmod {
    /// The day of a page's last change.
    Day,
    /// Its second.
    Exact,
    /// The day on which the sitemap is asked for, for every page.
    Now,
    /// The same day for ever, for every page.
    Never,
}

/// Where a host's sitemap stands, and what robots.txt denies of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SitemapRule {
    /// At the usual place, allowed.
    Open,
    /// At the usual place, which is denied.
    Denied,
    /// At the usual place; of an index the second part is denied.
    PartDenied,
    /// Moved, to a place that is allowed.
    Moved,
    /// Moved, to a place that is denied.
    MovedDenied,
}

impl SitemapRule {
    /// Whether the usual place answers with a redirect.
    pub fn is_moved(self) -> bool {
        matches!(self, Self::Moved | Self::MovedDenied)
    }

    /// The line of robots.txt, with its end.
    pub(super) fn line(self) -> &'static str {
        match self {
            Self::Open | Self::Moved => "",
            Self::Denied => "Disallow: /sitemap.xml\n",
            Self::PartDenied => "Disallow: /sitemap-1.xml\n",
            Self::MovedDenied => "Disallow: /maps/\n",
        }
    }

    /// Whether that line is about this place.
    pub(super) fn denies(self, place: Place) -> bool {
        match self {
            Self::Open | Self::Moved => false,
            Self::Denied => matches!(place, Place::Sitemap(_)),
            Self::PartDenied => matches!(place, Place::SitemapPart(_, 1)),
            Self::MovedDenied => matches!(place, Place::MovedSitemap(_)),
        }
    }
}

impl Web {
    /// Where the sitemap of a host stands, and what robots.txt denies of it.
    pub fn sitemap_rule(&self, host: u32) -> SitemapRule {
        let draw = |which| self.prf.draw(Question::SitemapPlace, host.into(), which);
        if below(draw(0), 100) >= self.settings.sitemap_rules_percent.into() {
            return SitemapRule::Open;
        }
        match below(draw(1), 4) {
            0 => SitemapRule::Denied,
            1 => SitemapRule::PartDenied,
            2 => SitemapRule::Moved,
            _ => SitemapRule::MovedDenied,
        }
    }

    /// The files that must be read to learn of a page that a sitemap lists, in this order.
    pub(super) fn sitemap_way(&self, page: PageId) -> impl Iterator<Item = Place> {
        let host = page.host;
        let moved = self.sitemap_rule(host).is_moved().then_some(Place::MovedSitemap(host));
        let part =
            (self.sitemap_parts(host) > 0).then_some(Place::SitemapPart(host, page.index / PAGES_PER_FILE));
        [Some(Place::Sitemap(host)), moved, part].into_iter().flatten()
    }

    /// What the dates in the sitemap of a host say.
    pub fn lastmod(&self, host: u32) -> Lastmod {
        let LastmodShares { exact, now, never } = self.settings.lastmod;
        let draw = self.prf.part(100, Question::Lastmod, host.into(), 0);
        match draw {
            _ if draw < exact => Lastmod::Exact,
            _ if draw < exact + now => Lastmod::Now,
            _ if draw < exact + now + never => Lastmod::Never,
            _ => Lastmod::Day,
        }
    }

    fn listed_date(&self, page: PageId, now_ms: u64) -> String {
        match self.lastmod(page.host) {
            Lastmod::Day => dates::day(self.changed_ms(page, now_ms)),
            Lastmod::Exact => dates::second(self.changed_ms(page, now_ms)),
            Lastmod::Now => dates::day(now_ms),
            Lastmod::Never => "2020-02-02".to_owned(),
        }
    }

    /// Whether a host has a sitemap.
    pub fn has_sitemap(&self, host: u32) -> bool {
        self.prf.part(100, Question::HasSitemap, host.into(), 0) < self.settings.sitemap_percent
    }

    /// Whether the sitemap of its host lists a page.
    pub fn is_listed(&self, page: PageId) -> bool {
        self.has_sitemap(page.host) && self.is_ordinary(page)
    }

    /// Files of a host's sitemap beside its index; 0 when the pages fit into one.
    pub fn sitemap_parts(&self, host: u32) -> u32 {
        let files = self.size(host).div_ceil(PAGES_PER_FILE);
        if files > 1 { files } else { 0 }
    }

    /// The sitemap at a place at this time; `None` when there is none.
    pub(super) fn sitemap(&self, place: Place, now_ms: u64) -> Option<String> {
        let (host, first) = match place {
            Place::MovedSitemap(host) if !self.sitemap_rule(host).is_moved() => return None,
            Place::Sitemap(host) | Place::MovedSitemap(host) if self.sitemap_parts(host) == 0 => (host, 0),
            Place::Sitemap(host) | Place::MovedSitemap(host) => {
                return self.has_sitemap(host).then(|| self.sitemap_index(host));
            }
            Place::SitemapPart(host, part) if part < self.sitemap_parts(host) => {
                (host, part * PAGES_PER_FILE)
            }
            _ => return None,
        };
        if !self.has_sitemap(host) {
            return None;
        }
        let mut xml = head("urlset");
        let end = self.size(host).min(first.saturating_add(PAGES_PER_FILE));
        for page in (first..end).map(|index| PageId { host, index }).filter(|page| self.is_ordinary(*page)) {
            let changed = self.listed_date(page, now_ms);
            let url = self.url(Place::Page(page)).replace('&', "&amp;");
            let _ = write!(xml, "<url><loc>{url}</loc><lastmod>{changed}</lastmod></url>");
        }
        xml.push_str("</urlset>");
        Some(xml)
    }

    fn sitemap_index(&self, host: u32) -> String {
        let mut xml = head("sitemapindex");
        for part in 0..self.sitemap_parts(host) {
            let _ = write!(xml, "<sitemap><loc>{}</loc></sitemap>", self.url(Place::SitemapPart(host, part)));
        }
        xml.push_str("</sitemapindex>");
        xml
    }
}

fn head(root: &str) -> String {
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?><{root} xmlns=\"http://www.sitemaps.org/schemas/sitemap/0.9\">"
    )
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::web::{AccessLog, Manners, Numbering, Policy, Rules, Settings};

    #[test]
    fn a_sitemap_that_robots_txt_denies_leads_nowhere_and_asking_for_it_is_seen() {
        let settings = Settings { sitemap_percent: 100, sitemap_rules_percent: 100, ..Settings::default() };
        let web = Web::new(Settings { hosts: 200, pages: 4_000, links_per_page: 2, ..settings });
        let kinds: BTreeSet<_> =
            (0..web.hosts()).map(|host| format!("{:?}", web.sitemap_rule(host))).collect();
        assert_eq!(kinds.len(), 4, "{kinds:?}");
        let log = AccessLog::new(web, Numbering::new(&web), Manners::default());
        let mut denied = 0;
        for host in 0..web.hosts() {
            let places = [Place::Sitemap(host), Place::MovedSitemap(host), Place::SitemapPart(host, 1)];
            for place in places.into_iter().filter(|place| !web.allows(*place)) {
                denied += 1;
                log.arrive(host, &web.path(place), denied * 3_600_000);
                log.leave(host);
                let (text, path) = (web.robots_text(host), web.path(place));
                let all = matches!(web.policy(host), Policy::Closed | Policy::Failing);
                assert!(
                    all || text.is_some_and(|text| text.contains("Disallow: /maps/") || text.contains(&path))
                );
            }
        }
        assert!(denied > 60, "{denied}");
        assert_eq!(log.counts().denied, denied);
        let count = |settings, robots| {
            let rules = Rules { sitemaps: true, robots, ..Rules::default() };
            Web::new(settings).coverage(rules, &[0]).digest().count
        };
        let open = Settings { sitemap_rules_percent: 0, ..*web.settings() };
        assert!(count(*web.settings(), true) < count(open, true));
        assert_eq!(count(*web.settings(), false), count(open, false));
    }
}
