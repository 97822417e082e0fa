//! The journey of a sitemap: its entries become pages to visit, with their addresses in other languages, an index's
//! entries further sitemaps. When an entry says when its page changed, and the file's dates can be dates of changes,
//! that goes along as a hint. Images, videos and news are counted and left: each would cost memory for each URL that
//! waits.

use std::collections::HashSet;
use std::sync::Arc;

use url::Url;

use super::discover::Target;
use super::journey::{Arrival, Ending, Journey};
use super::judgement::LASTMOD;
use super::shared::Shared;
use crate::model::{CommitNotes, Dates, Discovered, Request, RequestKind, Timestamp, UrlKey, field_text};
use crate::sitemap::{self, Sitemap, SitemapKind, SitemapLimits, SitemapProblem};

/// Indexes within indexes that are followed; the protocol allows one level.
const MAX_NESTING: u32 = 2;

/// Sitemaps that an index may name, by how deep it is: the protocol's number, and few where the protocol has none, so
/// that indexes of indexes cannot multiply.
const MOST_SITEMAPS: [usize; 2] = [sitemap::MAX_SITEMAP_ENTRIES, 500];

/// Key in a request's facts that counts the nesting.
const NESTING: &str = "sitemap.nesting";

/// Key in the facts of a request for a sitemap that the user named, or that such a one on the same site names.
pub(crate) const GIVEN: &str = "sitemap.given";

impl Shared {
    /// The sitemaps at the usual place of these seeds' origins, for a crawl that asks for no robots.txt to name them.
    pub(super) fn usual_sitemaps(&self, seeds: &[Url]) -> Vec<Discovered> {
        if self.parts.settings.robots || !self.parts.settings.sitemaps {
            return Vec::new();
        }
        let places = seeds.iter().filter_map(|seed| seed.join("/sitemap.xml").ok());
        places.filter_map(|place| self.sitemap_request(&place, None, 0)).collect()
    }

    /// The sitemaps that the user named.
    pub(super) fn given_sitemaps(&self) -> Vec<Discovered> {
        self.parts.settings.sitemap_urls.iter().filter_map(|url| self.given_sitemap(url, None, 0)).collect()
    }

    /// A request for a sitemap that the user named, or that an index names which was, which is read wherever it is; what
    /// it names is judged as ever.
    fn given_sitemap(&self, url: &Url, parent: Option<Arc<str>>, nesting: u32) -> Option<Discovered> {
        let mut request = bare_request(url, parent, nesting)?;
        request.kind = RequestKind::Sitemap;
        request.meta.insert(GIVEN.into(), "true".into());
        self.discover_anywhere(url, request)
    }

    /// A request for this sitemap, which `parent` names (its index or a robots.txt) or which is guessed, unless the
    /// crawl's scope or the nesting forbids it.
    pub(super) fn sitemap_request(
        &self,
        url: &Url,
        parent: Option<Arc<str>>,
        nesting: u32,
    ) -> Option<Discovered> {
        match self.sitemap_target(url, parent, nesting)? {
            Target::Discovered(found) => Some(*found),
            Target::Refused(reason, _) => {
                self.telemetry.skipped(reason, 1);
                None
            }
        }
    }

    /// The same, with the reason when the scope forbids it, which is not counted yet.
    fn sitemap_target(&self, url: &Url, parent: Option<Arc<str>>, nesting: u32) -> Option<Target> {
        let request = bare_request(url, parent, nesting)?;
        self.discover(url, RequestKind::Sitemap, 0, |_| true, |_| request)
    }
}

/// The request for a sitemap that the user names, which is read wherever it is.
pub(crate) fn request_of_given(url: &Url) -> Request {
    let mut request =
        Request { class: 0, kind: RequestKind::Sitemap, ..Request::get(crate::scope::spelling(url)) };
    request.meta.insert(GIVEN.into(), "true".into());
    request
}

/// What is said of a list without a usable entry.
fn without_entries(sitemap: &sitemap::Sitemap) -> String {
    let bad = |problem: &&SitemapProblem| matches!(problem, SitemapProblem::BadUrl { .. });
    match sitemap.problems.iter().filter(bad).count() {
        0 => "it names no URL".to_owned(),
        count => format!(
            "none of its {count} entries has a usable URL; they must be whole, such as https://example.com/page"
        ),
    }
}

/// What is said of a list when all that it names is refused: why most of it is, and what can be done about that.
fn all_refused(notes: &CommitNotes) -> Option<String> {
    let count: u32 = notes.refused.iter().map(|(_, count)| count).sum();
    let (reason, most) = notes.refused.iter().max_by_key(|(_, count)| *count)?;
    let of_them = if *most < count { format!(", as of {most} of them") } else { String::new() };
    let why = super::lost::sentence(*reason);
    (count == notes.links).then(|| {
        let entries = if count == 1 {
            "its only entry does not belong".to_owned()
        } else {
            format!("none of its {count} entries belongs")
        };
        format!("{entries} to the crawl{of_them}: {why}")
    })
}

/// The request for a sitemap, unless the nesting forbids it.
fn bare_request(url: &Url, parent: Option<Arc<str>>, nesting: u32) -> Option<Request> {
    if nesting > MAX_NESTING {
        return None;
    }
    let mut request = Request { class: 0, parent, ..Request::get(crate::scope::spelling(url)) };
    if nesting > 0 {
        request.meta.insert(NESTING.into(), nesting.to_string().into());
    }
    Some(request)
}

impl Journey {
    /// Works on the answer to a sitemap request.
    pub(super) async fn sitemap_arrived(&mut self, arrival: Arrival) -> Ending {
        let status = arrival.status;
        let response = *arrival.response;
        let (body, end) = response.body.read().await;
        self.note_answer(status, body.len() as u64, end.wire_bytes);
        if let Some(error) = end.error {
            if let Some(nack) = self.retry_body(&error) {
                return nack;
            }
            self.shared.telemetry.problem(format!("sitemap {} was read only in part", self.url));
        }
        let mut commit = self.fetched_commit(status);
        if (200..300).contains(&status) {
            let reading;
            let content_type = response.headers.get(http::header::CONTENT_TYPE);
            let content_type = content_type.map(field_text);
            let content_type = content_type.as_deref();
            (commit.outlinks, commit.notes, reading) = self.sitemap_entries(&body, content_type);
            let content = super::revisits::body_hash(&body);
            let _ = self.compared(content);
            commit.revisit = self.visit_after(content, &response.headers);
            if let Some(reading) = reading {
                self.tell_dates(reading, &mut commit);
            }
        }
        Ending::Commit(Box::new(commit), None)
    }

    fn sitemap_entries(
        &self,
        body: &[u8],
        content_type: Option<&str>,
    ) -> (Vec<Discovered>, CommitNotes, Option<Dates>) {
        let most = self.shared.parts.settings.max_links;
        let limits = SitemapLimits { entries: most, ..SitemapLimits::default() };
        let sitemap = sitemap::parse_within(body, &self.url, content_type, limits);
        // Where a sitemap was guessed, a page that says so is as good as 404.
        let is_silent = sitemap.kind == SitemapKind::Unknown && self.is_guess();
        let tell = |what: &str| match is_silent {
            true => {}
            false => self.shared.telemetry.problem(format!("sitemap {}: {what}", self.url)),
        };
        sitemap.problems.iter().for_each(|problem| tell(&problem.to_string()));
        if sitemap.entries.is_empty() && sitemap.kind != SitemapKind::Unknown {
            tell(&without_entries(&sitemap));
        }
        if sitemap.kind == SitemapKind::Index {
            let (found, notes) = self.index_entries(&sitemap, &tell);
            return (found, notes, None);
        }
        let believed = sitemap::are_plausible(&sitemap, self.started());
        if !believed {
            tell("its dates cannot be those of changes, they are not believed");
        }
        let (found, notes) = self.sitemap_pages(&sitemap, believed, most);
        self.count_extensions(&sitemap);
        self.shared.count_refused(&notes);
        if let Some(why) = all_refused(&notes) {
            tell(&why);
        }
        (found, notes, believed.then(|| self.reading(&sitemap)).flatten())
    }

    /// The sitemaps that an index names.
    fn index_entries(&self, sitemap: &Sitemap, tell: &dyn Fn(&str)) -> (Vec<Discovered>, CommitNotes) {
        let request = &self.lease.request;
        let nesting: u32 = request.meta.get(NESTING).and_then(|n| n.parse().ok()).unwrap_or(0);
        let depth = usize::try_from(nesting).unwrap_or(usize::MAX).min(MOST_SITEMAPS.len() - 1);
        if nesting >= MAX_NESTING {
            tell("it is an index in an index of an index, what it names is not read");
        } else if sitemap.entries.len() > MOST_SITEMAPS[depth] {
            tell(&format!("it names more than {} sitemaps, the rest is not read", MOST_SITEMAPS[depth]));
        }
        let links = u32::try_from(sitemap.entries.len()).unwrap_or(u32::MAX);
        let (mut found, mut notes) = (Vec::new(), CommitNotes { links, ..CommitNotes::default() });
        let is_given = request.meta.contains_key(GIVEN);
        for entry in sitemap.entries.iter().take(MOST_SITEMAPS[depth]) {
            let parent = Some(request.url.clone());
            if is_given && self.own_key(&entry.loc).is_some() {
                found.extend(self.shared.given_sitemap(&entry.loc, parent, nesting + 1));
                continue;
            }
            match self.shared.sitemap_target(&entry.loc, parent, nesting + 1) {
                Some(Target::Discovered(one)) => found.push(*one),
                Some(Target::Refused(reason, key)) => {
                    self.shared.refused(&mut notes, reason, key, &entry.loc);
                }
                None => {}
            }
        }
        self.shared.count_refused(&notes);
        if found.is_empty() && nesting < MAX_NESTING && links > 0 {
            tell(&format!(
                "none of the {links} sitemaps that it names belongs to the crawl; widen `--scope`, or name one with \
                 `--sitemap-url` to read it wherever it is"
            ));
        }
        (found, notes)
    }

    /// The pages of a list: those of its entries, and behind them those in other languages that are no entries, each
    /// once, as long as there are no more than `most`.
    fn sitemap_pages(
        &self,
        sitemap: &Sitemap,
        believed: bool,
        most: usize,
    ) -> (Vec<Discovered>, CommitNotes) {
        let links = u32::try_from(sitemap.entries.len()).unwrap_or(u32::MAX);
        let mut notes = CommitNotes { links, ..CommitNotes::default() };
        let entries = sitemap.entries.iter();
        let pages = entries.filter_map(|entry| {
            self.sitemap_page(&entry.loc, entry.lastmod.filter(|_| believed), &mut notes)
        });
        let mut found: Vec<Discovered> = pages.collect();
        let said = || sitemap.entries.iter().filter_map(|entry| entry.extensions.as_deref());
        let mut alternates = said().flat_map(|said| &said.alternates).peekable();
        if alternates.peek().is_none() {
            return (found, notes);
        }
        let key = |url: &Url| self.shared.parts.identity.identify(url).map(|identified| identified.key);
        let mut named: HashSet<UrlKey> = sitemap.entries.iter().filter_map(|entry| key(&entry.loc)).collect();
        for alternate in alternates {
            if key(&alternate.url).is_none_or(|key| !named.insert(key)) {
                continue;
            }
            if notes.links as usize >= most {
                let what = format!("more than {most} URLs, those in other languages beyond are not followed");
                self.shared.telemetry.problem(format!("sitemap {}: it names {what}", self.url));
                break;
            }
            notes.links += 1;
            found.extend(self.sitemap_page(&alternate.url, None, &mut notes));
        }
        (found, notes)
    }

    fn count_extensions(&self, sitemap: &Sitemap) {
        let said = || sitemap.entries.iter().filter_map(|entry| entry.extensions.as_deref());
        let telemetry = &self.shared.telemetry;
        telemetry.listed("alternates", said().map(|said| said.alternates.len()).sum());
        telemetry.listed("images", said().map(|said| said.images.len()).sum());
        telemetry.listed("videos", said().map(|said| said.videos.len()).sum());
        telemetry.listed("news", said().filter(|said| said.news.is_some()).count());
    }

    fn sitemap_page(
        &self,
        url: &Url,
        lastmod: Option<Timestamp>,
        notes: &mut CommitNotes,
    ) -> Option<Discovered> {
        let parent = self.lease.request.url.clone();
        let make = |url: &Url| {
            let mut request = Request { parent: Some(parent), ..Request::get(crate::scope::spelling(url)) };
            if let Some(at) = lastmod {
                request.meta.insert(LASTMOD.into(), at.0.to_string().into());
            }
            request
        };
        let wanted = |key| !self.shared.known.contains(key);
        match self.shared.discover(url, RequestKind::Page, 0, wanted, make)? {
            Target::Discovered(found) => Some(*found),
            Target::Refused(reason, key) => {
                self.shared.refused(notes, reason, key, url);
                None
            }
        }
    }
}
