//! The journey of a sitemap: its entries become pages to visit, an index's entries further sitemaps.

use url::Url;

use super::discover::Target;
use super::journey::{Arrival, Ending, Journey};
use super::shared::Shared;
use crate::model::{Discovered, Request, RequestKind};
use crate::sitemap::{self, SitemapKind};

/// Indexes within indexes that are followed; the protocol allows one level.
const MAX_NESTING: u32 = 2;

/// Key in a request's facts that counts the nesting.
const NESTING: &str = "sitemap.nesting";

impl Shared {
    /// The sitemaps at the usual place of these seeds' origins, for a crawl that asks for no robots.txt to name them.
    pub(super) fn usual_sitemaps(&self, seeds: &[Url]) -> Vec<Discovered> {
        if self.parts.settings.robots || !self.parts.settings.sitemaps {
            return Vec::new();
        }
        let places = seeds.iter().filter_map(|seed| seed.join("/sitemap.xml").ok());
        places.filter_map(|place| self.sitemap_request(&place, 0)).collect()
    }

    /// A request for this sitemap, unless the crawl's scope or the nesting forbids it.
    pub(super) fn sitemap_request(&self, url: &Url, nesting: u32) -> Option<Discovered> {
        if nesting > MAX_NESTING {
            return None;
        }
        let make = |url: &Url| {
            let mut request = Request::get(crate::scope::spelling(url));
            request.class = 0;
            if nesting > 0 {
                request.meta.insert(NESTING.into(), nesting.to_string().into());
            }
            request
        };
        match self.discover(url, RequestKind::Sitemap, 0, |_| true, make)? {
            Target::Discovered(found) => Some(*found),
            Target::Refused(reason) => {
                self.telemetry.skipped(reason, 1);
                None
            }
        }
    }
}

impl Journey {
    /// Works on the answer to a sitemap request.
    pub(super) async fn sitemap_arrived(&mut self, arrival: Arrival) -> Ending {
        let status = arrival.status;
        let (body, end) = arrival.response.body.read().await;
        self.note_answer(status, body.len() as u64, end.wire_bytes);
        if let Some(error) = end.error {
            if let Some(nack) = self.retry_body(&error) {
                return nack;
            }
            self.shared.telemetry.problem(format!("sitemap {} was read only in part", self.url));
        }
        let mut commit = self.fetched_commit(status);
        if (200..300).contains(&status) {
            commit.outlinks = self.sitemap_entries(&body);
        }
        Ending::Commit(Box::new(commit), None)
    }

    fn sitemap_entries(&self, body: &[u8]) -> Vec<Discovered> {
        let nesting = self.lease.request.meta.get(NESTING).and_then(|n| n.parse().ok()).unwrap_or(0);
        let sitemap = sitemap::parse(body, &self.url);
        for problem in &sitemap.problems {
            self.shared.telemetry.problem(format!("sitemap {}: {problem}", self.url));
        }
        let is_index = sitemap.kind == SitemapKind::Index;
        let found = sitemap.entries.iter().take(self.shared.parts.settings.max_links);
        found
            .filter_map(|entry| {
                if is_index {
                    self.shared.sitemap_request(&entry.loc, nesting + 1)
                } else {
                    self.sitemap_page(&entry.loc)
                }
            })
            .collect()
    }

    fn sitemap_page(&self, url: &Url) -> Option<Discovered> {
        let parent = self.lease.request.url.clone();
        let make = |url: &Url| Request { parent: Some(parent), ..Request::get(crate::scope::spelling(url)) };
        match self.shared.discover(url, RequestKind::Page, 0, |key| !self.shared.known.contains(key), make)? {
            Target::Discovered(found) => Some(*found),
            Target::Refused(reason) => {
                self.shared.telemetry.skipped(reason, 1);
                None
            }
        }
    }
}
