//! A URL of the frontier as its site knows it: of the plain GET of a page the path and a few numbers. `packed` keeps
//! those that wait as bytes.

use std::sync::Arc;

use crate::model::wire::plain_path;
use crate::model::{Origin, Request, RequestKind, Revisit, Timestamp, UrlKey};
use crate::scope::Fingerprint;

/// A URL on its way to a queue or out of it.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    /// Its fingerprint, unless it follows from the URL.
    pub(super) own_key: Option<UrlKey>,
    pub(crate) depth: u32,
    pub(crate) attempt: u16,
    /// Index into the site's origins.
    pub(crate) origin: u32,
    pub(crate) class: u8,
    pub(crate) kind: RequestKind,
    pub(super) body: Body,
}

/// What of a request is not in the numbers.
#[derive(Clone, Debug)]
pub(super) enum Body {
    /// A GET with nothing special: what follows the origin in the URL, and the parent shared by its siblings.
    Plain { path: Box<str>, parent: Option<Arc<str>> },
    /// Anything else, whole.
    Whole(Box<Request>),
}

/// What follows the origin in a URL.
fn path_of(url: &str) -> &str {
    let rest = after_scheme(url);
    rest.find(['/', '?']).and_then(|at| rest.get(at..)).unwrap_or("/")
}

/// The host of a URL, whatever it calls its front door.
fn host_of(url: &str) -> &str {
    let host = after_scheme(url).split(['/', '?']).next().unwrap_or_default();
    host.strip_prefix("www.").unwrap_or(host)
}

fn after_scheme(url: &str) -> &str {
    url.split_once("://").map_or(url, |(_, rest)| rest)
}

impl Entry {
    pub(crate) fn new(
        key: UrlKey,
        origin_index: u32,
        origin: &Origin,
        request: Request,
        fingerprint: Fingerprint,
    ) -> Self {
        let (depth, class, kind) = (request.depth, request.class.min(Request::LAST_CLASS), request.kind);
        let attempt = u16::try_from(request.attempt).unwrap_or(u16::MAX);
        let mut own_key = Some(key);
        let body = match plain_path(&request, origin) {
            Some(path) => {
                // Most URLs are found in their canonical spelling.
                own_key = own_key.filter(|key| *key != fingerprint.plain(origin, path));
                Body::Plain { path: path.into(), parent: request.parent }
            }
            None => Body::Whole(Box::new(request)),
        };
        Self { own_key, depth, attempt, origin: origin_index, class, kind, body }
    }

    /// Its fingerprint.
    pub(crate) fn key(&self, origin: &Origin, fingerprint: Fingerprint) -> UrlKey {
        match (self.own_key, &self.body) {
            (Some(key), _) => key,
            (None, Body::Plain { path, .. }) => fingerprint.plain(origin, path),
            // Only a plain URL is stored without its fingerprint.
            (None, Body::Whole(_)) => UrlKey(0),
        }
    }

    /// The page it was found on.
    pub(super) fn parent(&self) -> &Option<Arc<str>> {
        match &self.body {
            Body::Plain { parent, .. } => parent,
            Body::Whole(request) => &request.parent,
        }
    }

    /// What the page was at the visit before, when it is visited again.
    pub(super) fn revisit(&self) -> Option<&Revisit> {
        if let Body::Whole(request) = &self.body { request.revisit.as_deref() } else { None }
    }

    /// The visit.
    pub(super) fn generation(&self) -> u32 {
        if let Body::Whole(request) = &self.body { request.generation } else { 0 }
    }

    /// The same as this visit.
    pub(super) fn into_visit(mut self, generation: u32) -> Self {
        if let Body::Whole(request) = &mut self.body {
            request.generation = generation;
        }
        self
    }

    /// Whether it is a robots.txt on its way through redirects: it may be another site's, whose pages wait for it.
    pub(super) fn is_errand(&self) -> bool {
        self.kind == RequestKind::Robots && self.own_key != Some(UrlKey(0))
    }

    /// Whether it is the robots.txt of its own origin.
    pub(super) fn is_own_robots(&self) -> bool {
        self.kind == RequestKind::Robots && !self.is_errand()
    }

    /// The same, after it heard that a sitemap gives its page this date.
    pub(super) fn hear(mut self, date: Timestamp, now: Timestamp) -> Self {
        if let Body::Whole(request) = &mut self.body
            && let Some(revisit) = &mut request.revisit
        {
            revisit.hear(date, now);
        }
        self
    }

    /// The depth by which it counts among the open URLs of a level; a page that is visited again holds up no level.
    pub(crate) fn counted_depth(&self) -> Option<u32> {
        self.revisit().is_none().then_some(self.depth)
    }

    /// Path and query.
    pub(super) fn path(&self) -> &str {
        match &self.body {
            Body::Plain { path, .. } => path,
            Body::Whole(request) => path_of(&request.url),
        }
    }

    /// The path that was linked: of what redirects of one host led to, that with which they began.
    pub(super) fn linked_path(&self) -> &str {
        let Body::Whole(request) = &self.body else { return self.path() };
        match request.chain.first() {
            Some(hop) if host_of(&hop.url) == host_of(&request.url) => path_of(&hop.url),
            _ => self.path(),
        }
    }

    /// Moves it to another depth.
    pub(crate) fn set_depth(&mut self, depth: u32) {
        self.depth = depth;
        if let Body::Whole(request) = &mut self.body {
            request.depth = depth;
        }
    }

    /// The request, whole again.
    pub(crate) fn request(&self, origin: &Origin) -> Request {
        match &self.body {
            Body::Plain { path, parent } => Request {
                kind: self.kind,
                class: self.class,
                depth: self.depth,
                attempt: u32::from(self.attempt),
                parent: parent.clone(),
                ..Request::get(origin.url_of(path))
            },
            Body::Whole(request) => {
                Request { attempt: u32::from(self.attempt), class: self.class, ..(**request).clone() }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn origin(url: &str) -> Origin {
        Origin::of(&url::Url::parse(url).unwrap()).unwrap()
    }

    #[test]
    fn a_plain_get_and_a_special_request_come_out_as_they_went_in() {
        let origin = origin("http://a.test:8080/");
        let mut plain = Request::get("http://a.test:8080/x?y=1");
        plain.depth = 3;
        plain.parent = Some("http://a.test:8080/".into());
        let mut special = plain.clone();
        special.label = Some("detail".into());
        for request in [plain, special] {
            let fingerprint = Fingerprint::new([7; 16]);
            let entry = Entry::new(UrlKey(1), 0, &origin, request.clone(), fingerprint);
            assert_eq!(entry.request(&origin), request);
            assert_eq!(entry.key(&origin, fingerprint), UrlKey(1));
        }
    }
}
