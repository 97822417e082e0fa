//! Sitemaps: every ordinary page of the hosts that have one, with the time of its last change; an index where one file
//! is not enough. They stand at the usual place, and every second robots.txt names them.

use super::dates;
use super::prf::Question;
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

impl Web {
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
            Place::Sitemap(host) if self.sitemap_parts(host) == 0 => (host, 0),
            Place::Sitemap(host) => return self.has_sitemap(host).then(|| self.sitemap_index(host)),
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
