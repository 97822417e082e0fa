//! From a link to something the frontier can keep: canonical form, scope, identity, request.

use std::sync::Arc;

use url::Url;

use super::shared::Shared;
use crate::model::{
    Candidate, Discovered, Exclusion, Findings, Hop, Outlink, Request, RequestKind, UrlKey, Verdict,
};
use crate::scope::spelling;

/// Why a target cannot be discovered.
pub(super) enum Target {
    /// It belongs to the crawl.
    Discovered(Box<Discovered>),
    /// It does not.
    Refused(Exclusion),
}

impl Shared {
    /// The outlinks of a page that the frontier may not know yet. Refusals are counted by reason.
    pub(super) fn discover_outlinks(
        &self,
        from: &Request,
        page: &Url,
        findings: &Findings,
    ) -> Vec<Discovered> {
        let parent: Arc<str> = page.as_str().into();
        let mut outlinks: Vec<Discovered> = Vec::new();
        for link in findings.outlinks.iter().take(self.parts.settings.max_links) {
            match self.discover_link(from, &parent, link) {
                Some(Target::Discovered(found)) => outlinks.push(*found),
                Some(Target::Refused(reason)) => self.telemetry.skipped(reason, 1),
                None => {}
            }
        }
        outlinks
    }

    fn discover_link(&self, from: &Request, parent: &Arc<str>, link: &Outlink) -> Option<Target> {
        let depth = from.depth.saturating_add(1);
        let make = |url: &Url| Request {
            label: link.label.clone(),
            meta: link.meta.clone(),
            session: from.session.for_outlinks(),
            depth,
            parent: Some(parent.clone()),
            ..Request::get(spelling(url))
        };
        self.discover(&link.url, RequestKind::Page, depth, |key| !self.known.contains(key), make)
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
            return Some(Target::Refused(Exclusion::Invalid));
        };
        if !wanted(identified.key) {
            return None;
        }
        let candidate = Candidate { url: &identified.canonical, kind, depth };
        if let Verdict::Refuse(reason) = self.parts.scope.judge(candidate) {
            return Some(Target::Refused(reason));
        }
        let request = Request { kind, ..make(url) };
        Some(Target::Discovered(Box::new(identified.discovered(&self.parts.identity, request))))
    }

    /// The continuation of a redirect: class 0, carrying chain, depth, session; the method by RFC 9110 §15.4.
    pub(super) fn discover_hop(&self, from: &Request, key: UrlKey, status: u16, target: &Url) -> Target {
        let mut chain = from.chain.clone();
        chain.push(Hop { url: from.url.clone(), status });
        let rewritten = status == 303 || (matches!(status, 301 | 302) && from.method == http::Method::POST);
        let make = |url: &Url| {
            let mut request = Request { url: spelling(url), chain, class: 0, attempt: 0, ..from.clone() };
            if rewritten && from.method != http::Method::HEAD {
                request.method = http::Method::GET;
                request.body = bytes::Bytes::new();
            }
            request
        };
        let kind = if from.kind == RequestKind::Page { RequestKind::Redirect } else { from.kind };
        // A redirect to itself would be known to the frontier and end as an alias of nothing.
        self.discover(target, kind, from.depth, |found| found != key, make)
            .unwrap_or(Target::Refused(Exclusion::Invalid))
    }
}
