//! What is stored of a request: everything needed to send it again after a restart.

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;

use super::Revisit;

/// The honest name, `Lycosa/<version> (+<url>)`: the `User-Agent` when nothing else was chosen.
pub const USER_AGENT: &str =
    concat!("Lycosa/", env!("CARGO_PKG_VERSION"), " (+", env!("CARGO_PKG_REPOSITORY"), ")");

/// What a request is for. The frontier treats the kinds differently: robots go first, pages wait for them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RequestKind {
    /// A URL of the crawl itself.
    #[default]
    Page,
    /// The robots.txt of an origin; made by the frontier when it first meets the origin.
    Robots,
    /// A sitemap or sitemap index.
    Sitemap,
    /// The next hop of a redirect that began at a page.
    Redirect,
    /// A page that a browser shall load.
    Render,
}

impl RequestKind {
    /// Every kind, in the order of its stored code (only append).
    pub const ALL: [Self; 5] = [Self::Page, Self::Robots, Self::Sitemap, Self::Redirect, Self::Render];

    /// Whether the final 2xx answer of this request is a page of the crawl, counted by `max_pages`.
    #[must_use]
    pub fn yields_page(self) -> bool {
        matches!(self, Self::Page | Self::Redirect | Self::Render)
    }
}

/// Name of a session (cookies, proxy, headers that belong together); the default session is `0`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize)]
pub struct SessionId(pub u32);

impl SessionId {
    /// Ids from here on are given out by rotations; those below name sessions that the user chose.
    pub const ROTATED: u32 = 1 << 31;

    /// Whether a rotation gave it out.
    #[must_use]
    pub fn is_rotated(self) -> bool {
        self.0 >= Self::ROTATED
    }

    /// The session of a link found on a page of this one: a named session is kept, a rotation decides anew.
    #[must_use]
    pub fn for_outlinks(self) -> Self {
        if self.is_rotated() { Self::default() } else { self }
    }
}

/// One redirect that was followed: where it was met, its status.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Hop {
    /// The URL that answered with the redirect.
    pub url: Arc<str>,
    /// Its status: 301, 302, 303, 307 or 308.
    pub status: u16,
}

impl Hop {
    /// Whether somewhere on the way from the first of these hops to `last` an encrypted connection gave way to an open
    /// one: whoever listened there could read and change what followed.
    #[must_use]
    pub fn downgraded(chain: &[Self], last: &str) -> bool {
        let is = |url: &str, scheme: &str| {
            url.get(..scheme.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(scheme))
        };
        let next = chain.iter().skip(1).map(|hop| &*hop.url).chain([last]);
        chain.iter().zip(next).any(|(hop, next)| is(&hop.url, "https://") && is(next, "http://"))
    }
}

/// A request as the frontier keeps it. A plain GET page costs its path and a few flags when stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// What it is for.
    pub kind: RequestKind,
    /// `GET` unless said otherwise.
    pub method: http::Method,
    /// Absolute URL in the spelling found (not the canonical one), without fragment.
    pub url: Arc<str>,
    /// Extra headers of this request alone, in order.
    pub headers: Vec<(Box<str>, Box<str>)>,
    /// The body; empty for GET.
    pub body: Bytes,
    /// Route label, for extraction rules and hooks.
    pub label: Option<Arc<str>>,
    /// Small facts that the user's code attached; at most [`Request::META_LIMIT`] bytes together.
    pub meta: BTreeMap<Box<str>, Box<str>>,
    /// The session it belongs to.
    pub session: SessionId,
    /// Priority class 0 (first) to 3 (last); within a site the classes share turns.
    pub class: u8,
    /// Links followed from a seed: a seed is 0. Redirects do not add to it.
    pub depth: u32,
    /// The URL of what named it: the page with its link, the list that has it, or the robots.txt that names a sitemap. None
    /// for seeds, for sitemaps that the user named and for those that were guessed.
    pub parent: Option<Arc<str>>,
    /// How many times it was sent before.
    pub attempt: u32,
    /// The visit: 0 the first time, counted up when it is crawled anew.
    pub generation: u32,
    /// What the page was at the visit before, when it is visited again; set by the frontier.
    pub revisit: Option<Box<Revisit>>,
    /// Redirects followed so far, first first; empty for anything but [`RequestKind::Redirect`].
    pub chain: Vec<Hop>,
}

impl Request {
    /// Bytes that keys and values of `meta` may have together.
    pub const META_LIMIT: usize = 4096;
    /// The highest class number: the last served.
    pub const LAST_CLASS: u8 = 3;
    /// The class of ordinary pages.
    pub const PAGE_CLASS: u8 = 1;

    /// A plain GET of a page at depth 0.
    #[must_use]
    pub fn get(url: impl Into<Arc<str>>) -> Self {
        Self {
            kind: RequestKind::Page,
            method: http::Method::GET,
            url: url.into(),
            headers: Vec::new(),
            body: Bytes::new(),
            label: None,
            meta: BTreeMap::new(),
            session: SessionId::default(),
            class: Self::PAGE_CLASS,
            depth: 0,
            parent: None,
            attempt: 0,
            generation: 0,
            revisit: None,
            chain: Vec::new(),
        }
    }

    /// The URL with which the journey began: the first hop's, or its own.
    #[must_use]
    pub fn first_url(&self) -> &str {
        self.chain.first().map_or(&self.url, |hop| &hop.url)
    }
}
