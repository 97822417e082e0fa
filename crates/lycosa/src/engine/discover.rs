//! From a link to something the frontier can keep: canonical form, scope, identity, request.

use std::collections::HashMap;
use std::sync::Arc;

use url::Url;

use super::shared::Shared;
use super::sitemap::GIVEN;
use crate::extract::page_links;
use crate::model::{
    Candidate, CommitNotes, Discovered, Exclusion, Findings, Hop, Outlink, Page, Request, RequestKind,
    UrlKey, Verdict,
};
use crate::scope::spelling;

/// The texts of a page's links, by address; empty when nobody asks about them.
pub(super) type Anchors = HashMap<Url, String>;

/// Why a target cannot be discovered.
pub(super) enum Target {
    /// It belongs to the crawl.
    Discovered(Box<Discovered>),
    /// It does not; its fingerprint, 0 when it has none.
    Refused(Exclusion, UrlKey),
}

impl Shared {
    /// The outlinks of a page that the frontier may not know yet. Refusals are counted by reason.
    pub(super) fn discover_outlinks(
        &self,
        from: &Request,
        page: &Url,
        findings: &Findings,
        anchors: &Anchors,
    ) -> (Vec<Discovered>, CommitNotes) {
        let parent: Arc<str> = page.as_str().into();
        let mut outlinks: Vec<Discovered> = Vec::new();
        let links = u32::try_from(findings.outlinks.len()).unwrap_or(u32::MAX);
        let mut notes = CommitNotes { links, ..CommitNotes::default() };
        for link in findings.outlinks.iter().take(self.parts.settings.max_links) {
            match self.discover_link(from, &parent, link, anchors) {
                Some(Target::Discovered(found)) => outlinks.push(*found),
                Some(Target::Refused(reason, key)) => self.refused(&mut notes, reason, key, &link.url),
                None => {}
            }
        }
        self.count_refused(&notes);
        (outlinks, notes)
    }

    fn discover_link(
        &self,
        from: &Request,
        parent: &Arc<str>,
        link: &Outlink,
        anchors: &Anchors,
    ) -> Option<Target> {
        let depth = from.depth.saturating_add(1);
        let score = self.parts.settings.score.as_deref();
        let class = |url: &Url| {
            let anchor = anchors.get(&link.url).map(String::as_str).unwrap_or_default();
            score.map_or(Request::PAGE_CLASS, |rules| rules.class(url, anchor, depth))
        };
        let make = |url: &Url| Request {
            class: class(url),
            label: link.label.clone(),
            meta: link.meta.clone(),
            session: from.session.for_outlinks(),
            depth,
            parent: Some(parent.clone()),
            ..Request::get(spelling(url))
        };
        self.discover(
            &link.url,
            RequestKind::Page,
            depth,
            |key| score.is_some() || !self.known.contains(key),
            make,
        )
    }

    /// The texts of a page's links, when a rule asks about them.
    pub(super) fn anchors(&self, page: &Page<'_>) -> Anchors {
        let reads = self.parts.settings.score.as_ref().is_some_and(|rules| rules.reads_anchors());
        let Some(document) = page.document.filter(|_| reads) else { return Anchors::new() };
        page_links(document, page.url).into_iter().map(|link| (link.url, link.text)).collect()
    }

    /// Judges a URL and makes a request of it; `None` when `wanted` turns its key away.
    pub(super) fn discover(
        &self,
        url: &Url,
        kind: RequestKind,
        depth: u32,
        wanted: impl Fn(UrlKey) -> bool,
        make: impl FnOnce(&Url) -> Request,
    ) -> Option<Target> {
        let Some(identified) = self.parts.identity.identify(url) else {
            return Some(Target::Refused(Exclusion::Invalid, UrlKey(0)));
        };
        if !wanted(identified.key) {
            return None;
        }
        let candidate = Candidate { url: &identified.canonical, kind, depth };
        if let Verdict::Refuse(reason) = self.parts.scope.judge(candidate) {
            return Some(Target::Refused(reason, identified.key));
        }
        let request = Request { kind, ..make(url) };
        Some(Target::Discovered(Box::new(identified.discovered(&self.parts.identity, request))))
    }

    /// A request that is sent wherever it leads; `None` when its URL has no identity.
    pub(super) fn discover_anywhere(&self, url: &Url, request: Request) -> Option<Discovered> {
        let identified = self.parts.identity.identify(url)?;
        Some(identified.discovered(&self.parts.identity, request))
    }

    /// The continuation of a redirect: class 0, carrying chain, depth, session.
    pub(super) fn discover_hop(&self, from: &Request, status: u16, target: &Url) -> Target {
        let make = |url: &Url| next_hop(from, status, url);
        if from.kind == RequestKind::Sitemap
            && from.meta.contains_key(GIVEN)
            && let Some(found) = self.discover_anywhere(target, make(target))
        {
            return Target::Discovered(Box::new(found));
        }
        let kind = if from.kind == RequestKind::Page { RequestKind::Redirect } else { from.kind };
        self.discover(target, kind, from.depth, |_| true, make)
            .unwrap_or(Target::Refused(Exclusion::Invalid, UrlKey(0)))
    }
}

/// Fields that are secrets between the user and one origin.
const SECRETS: [&str; 3] = ["authorization", "cookie", "proxy-authorization"];

/// Fields that describe a body and go with it.
const OF_BODY: [&str; 5] =
    ["content-type", "content-length", "content-encoding", "content-language", "content-location"];

/// The request of the next hop: its method by RFC 9110 §15.4, its header fields without what belongs to another
/// origin or to a body that is no longer sent.
fn next_hop(from: &Request, status: u16, to: &Url) -> Request {
    let mut chain = from.chain.clone();
    chain.push(Hop { url: from.url.clone(), status });
    let mut request = Request {
        url: spelling(to),
        chain,
        class: 0,
        attempt: 0,
        generation: 0,
        revisit: None,
        ..from.clone()
    };
    let becomes_get = status == 303 || (matches!(status, 301 | 302) && from.method == http::Method::POST);
    if becomes_get && from.method != http::Method::HEAD {
        request.method = http::Method::GET;
        request.body = bytes::Bytes::new();
        request.headers.retain(|(name, _)| !is_one_of(&OF_BODY, name));
    }
    let same_origin = Url::parse(&from.url).is_ok_and(|from| from.origin() == to.origin());
    if !same_origin {
        request.headers.retain(|(name, _)| !is_one_of(&SECRETS, name));
    }
    request
}

fn is_one_of(names: &[&str], name: &str) -> bool {
    names.iter().any(|known| known.eq_ignore_ascii_case(name))
}

#[cfg(test)]
mod tests {
    use http::Method;

    use super::*;

    fn request(method: &Method) -> Request {
        let headers = ["Authorization", "COOKIE", "Content-Type", "Accept-Language"];
        Request {
            method: method.clone(),
            headers: headers.iter().map(|name| ((*name).into(), "v".into())).collect(),
            body: bytes::Bytes::from_static(b"a=1"),
            ..Request::get("https://a.example/form")
        }
    }

    fn names(request: &Request) -> Vec<&str> {
        request.headers.iter().map(|(name, _)| &**name).collect()
    }

    #[test]
    fn the_method_changes_as_the_standard_says() {
        let to = Url::parse("https://a.example/next").unwrap();
        for (method, status, wanted) in [
            (Method::POST, 301, Method::GET),
            (Method::POST, 302, Method::GET),
            (Method::POST, 303, Method::GET),
            (Method::POST, 307, Method::POST),
            (Method::POST, 308, Method::POST),
            (Method::PUT, 302, Method::PUT),
            (Method::PUT, 303, Method::GET),
            (Method::HEAD, 303, Method::HEAD),
            (Method::GET, 301, Method::GET),
        ] {
            let hop = next_hop(&request(&method), status, &to);
            assert_eq!(hop.method, wanted, "{method} {status}");
            let keeps_body = method == wanted;
            assert_eq!(!hop.body.is_empty(), keeps_body, "{method} {status}");
            assert_eq!(names(&hop).contains(&"Content-Type"), keeps_body, "{method} {status}");
            assert_eq!(hop.chain, [Hop { url: "https://a.example/form".into(), status }]);
        }
    }

    #[test]
    fn secrets_stay_with_their_origin() {
        for (to, kept) in [
            ("https://a.example/next", true),
            ("https://A.example:443/next", true),
            ("http://a.example/next", false),
            ("https://a.example:8443/next", false),
            ("https://www.a.example/next", false),
            ("https://b.example/next", false),
        ] {
            let hop = next_hop(&request(&Method::GET), 302, &Url::parse(to).unwrap());
            assert_eq!(names(&hop).contains(&"Authorization"), kept, "{to}");
            assert_eq!(names(&hop).contains(&"COOKIE"), kept, "{to}");
            assert!(names(&hop).contains(&"Accept-Language"), "{to}");
        }
    }
}
