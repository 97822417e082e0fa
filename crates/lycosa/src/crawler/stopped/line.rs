//! A URL of a crawl as a line of JSON: what `export` writes and `import` reads.
//!
//! Everything needed to go on is in it: where the URL was found, how it is sent, what became of it. What is as usual is
//! left out. Bodies are written in hexadecimal.

use std::collections::BTreeMap;

use super::statuses::status_of;
use crate::error::{Error, ErrorKind, Phase};
use crate::frontier::embedded::{Ended, Open, Where};
use crate::model::{
    Block, Discovered, Exclusion, Hop, Outcome, Parking, Request, RequestKind, SessionId, Timestamp,
};

/// The first line of an export: whose it is.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExportHead {
    /// The version of the format: 1.
    pub lycosa_export: u32,
    /// The crawl it was made of.
    pub crawl: String,
    /// Its seeds: they decide the scope.
    pub seeds: Vec<String>,
    /// Parameters that did not tell its URLs apart.
    pub strip_query: Vec<String>,
}

/// The last line of an export: one without it was cut short.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExportEnd {
    /// How many URLs it has.
    pub lycosa_export_end: u64,
}

/// A failure.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct ErrorLine {
    /// Its kind.
    pub kind: ErrorKind,
    /// The phase in which it failed.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub phase: Option<Phase>,
    /// One sentence.
    pub message: String,
    /// How the site kept the crawler out, if it did.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub block: Option<Block>,
}

/// A URL and its state.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(default)]
pub struct UrlLine {
    /// The URL as it is sent.
    pub url: String,
    /// `pending`, `parked`, `leased`, `fetched`, `redirected`, `alias`, `excluded`, `blocked` or `failed`.
    pub state: String,
    /// When it came to that.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at: Option<Timestamp>,
    /// What the request is for.
    #[serde(skip_serializing_if = "is_page")]
    pub kind: RequestKind,
    /// Links from a seed.
    pub depth: u32,
    /// Priority class, 0 (first) to 3.
    pub class: u8,
    /// What named it: a page, a sitemap or the robots.txt that names a sitemap; none for seeds, and for sitemaps that the
    /// user named or that were guessed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parent: Option<String>,
    /// How often it was sent before.
    #[serde(skip_serializing_if = "is_zero")]
    pub attempt: u32,
    /// Which visit it is.
    #[serde(skip_serializing_if = "is_zero")]
    pub generation: u32,
    /// Not before this moment.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub not_before: Option<Timestamp>,
    /// The status of the answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// Where it leads, for redirects.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
    /// Why it was excluded or is parked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<Exclusion>,
    /// The shape of which its site has too many, when it is parked for that.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shape: Option<String>,
    /// Why it failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<ErrorLine>,
    /// The method, unless GET.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub method: Option<String>,
    /// Header fields of this request alone.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub headers: Vec<(String, String)>,
    /// The body in hexadecimal.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub body: String,
    /// Its route label.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// Small facts that user code attached.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub meta: BTreeMap<Box<str>, Box<str>>,
    /// The session that the user chose for it.
    #[serde(skip_serializing_if = "is_zero")]
    pub session: u32,
    /// Redirects that led here.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub chain: Vec<Hop>,
}

fn is_page(kind: &RequestKind) -> bool {
    *kind == RequestKind::Page
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks by reference")]
fn is_zero(number: &u32) -> bool {
    *number == 0
}

impl Default for UrlLine {
    fn default() -> Self {
        Self::request(&Request::get(""), "pending")
    }
}

impl UrlLine {
    /// A URL with its outcome.
    #[must_use]
    pub fn of_ended(at: Timestamp, ended: &Ended) -> Self {
        let mut line = Self::of(&ended.found, ended.outcome.as_str());
        (line.at, line.status) = (Some(at), status_of(&ended.outcome));
        match &ended.outcome {
            Outcome::Fetched { .. } => {}
            Outcome::Redirect { to, .. } => line.to = Some(to.request.url.to_string()),
            Outcome::Alias { of, .. } => line.to = Some(of.to_string()),
            Outcome::Excluded { reason } => line.reason = Some(*reason),
            Outcome::Failed { error } => {
                line.error = Some(ErrorLine {
                    kind: error.kind(),
                    phase: error.phase(),
                    message: error.message().to_owned(),
                    block: error.block().cloned(),
                });
            }
        }
        line
    }

    /// A URL without one.
    #[must_use]
    pub fn of_open(open: &Open) -> Self {
        match &open.place {
            Where::Waiting(at) => Self { not_before: *at, ..Self::of(&open.found, "pending") },
            Where::Leased => Self::of(&open.found, "leased"),
            Where::Parked(why) => {
                let shape = match why {
                    Parking::Shape(shape) => Some(shape.shape.clone()),
                    Parking::Depth => None,
                };
                Self { reason: Some(why.reason()), shape, ..Self::of(&open.found, "parked") }
            }
        }
    }

    fn of(found: &Discovered, state: &str) -> Self {
        Self::request(&found.request, state)
    }

    fn request(request: &Request, state: &str) -> Self {
        let text = |text: &std::sync::Arc<str>| text.to_string();
        let hex = |byte: &u8| format!("{byte:02x}");
        Self {
            url: request.url.to_string(),
            state: state.to_owned(),
            at: None,
            kind: request.kind,
            depth: request.depth,
            class: request.class,
            parent: request.parent.as_ref().map(text),
            attempt: request.attempt,
            generation: request.generation,
            not_before: None,
            status: None,
            to: None,
            reason: None,
            shape: None,
            error: None,
            method: (request.method != http::Method::GET).then(|| request.method.to_string()),
            headers: request
                .headers
                .iter()
                .map(|(name, value)| (name.to_string(), value.to_string()))
                .collect(),
            body: request.body.iter().map(hex).collect(),
            label: request.label.as_ref().map(text),
            meta: request.meta.clone(),
            session: if request.session.is_rotated() { 0 } else { request.session.0 },
            chain: request.chain.clone(),
        }
    }

    /// The request; `None` when it cannot be one.
    pub(super) fn to_request(&self) -> Option<Request> {
        let size: usize = self.meta.iter().map(|(name, value)| name.len() + value.len()).sum();
        let method = self.method.as_deref().unwrap_or("GET").parse().ok()?;
        if size > Request::META_LIMIT || self.kind == RequestKind::Robots {
            return None;
        }
        Some(Request {
            kind: self.kind,
            method,
            headers: self
                .headers
                .iter()
                .map(|(name, value)| (name.as_str().into(), value.as_str().into()))
                .collect(),
            body: unhex(&self.body)?.into(),
            label: self.label.as_deref().map(Into::into),
            meta: self.meta.clone(),
            session: SessionId(self.session),
            class: self.class.min(Request::LAST_CLASS),
            depth: self.depth,
            parent: self.parent.as_deref().map(Into::into),
            attempt: self.attempt,
            generation: self.generation,
            chain: self.chain.clone(),
            ..Request::get(self.url.as_str())
        })
    }

    /// The outcome that the state stands for; `None` for one that waits. The outer `None`: the state is no such word.
    #[expect(clippy::option_option, reason = "no word, none and an outcome are three answers")]
    pub(super) fn outcome(&self) -> Option<Option<Outcome>> {
        let status = self.status.unwrap_or(0);
        Some(match self.state.as_str() {
            "pending" | "parked" | "leased" => None,
            "fetched" => Some(Outcome::Fetched { status }),
            "redirected" | "alias" => {
                Some(Outcome::Alias { status, of: self.to.as_deref().unwrap_or_default().into() })
            }
            "excluded" => Some(Outcome::Excluded { reason: self.reason.unwrap_or(Exclusion::Hook) }),
            "failed" | "blocked" => {
                let error = self.error.as_ref().map(ErrorLine::error);
                let unknown = || Error::new(ErrorKind::Io, "it failed in another crawl");
                Some(Outcome::Failed { error: error.unwrap_or_else(unknown).at_url(&self.url) })
            }
            _ => return None,
        })
    }
}

impl ErrorLine {
    fn error(&self) -> Error {
        if let Some(block) = &self.block {
            return Error::blocked(block.clone());
        }
        let error = Error::new(self.kind, self.message.clone());
        match self.phase {
            Some(phase) => error.in_phase(phase),
            None => error,
        }
    }
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    let digits = text.as_bytes().chunks(2);
    digits.map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_comes_back_as_it_went_and_what_is_usual_is_left_out() {
        let plain = UrlLine::request(&Request::get("http://a.test/"), "pending");
        let text = serde_json::to_string(&plain).unwrap();
        assert_eq!(text, r#"{"url":"http://a.test/","state":"pending","depth":0,"class":1}"#);
        let special = Request {
            method: http::Method::POST,
            headers: vec![("X-A".into(), "ü".into())],
            body: vec![0, 255, 16].into(),
            label: Some("detail".into()),
            meta: [("k".into(), "v".into())].into(),
            session: SessionId(7),
            depth: 3,
            class: 2,
            parent: Some("http://a.test/".into()),
            attempt: 1,
            generation: 2,
            chain: vec![Hop { url: "http://a.test/old".into(), status: 301 }],
            kind: RequestKind::Redirect,
            ..Request::get("http://a.test/x")
        };
        let line = UrlLine::request(&special, "pending");
        let again: UrlLine = serde_json::from_str(&serde_json::to_string(&line).unwrap()).unwrap();
        assert_eq!(again, line);
        assert_eq!(again.to_request(), Some(special));
    }

    #[test]
    fn what_cannot_be_a_request_is_none() {
        let usual = UrlLine { url: "http://a.test/".to_owned(), ..UrlLine::default() };
        assert!(usual.to_request().is_some());
        assert!(UrlLine { body: "0".repeat(3) + "x", ..usual.clone() }.to_request().is_none());
        assert!(UrlLine { method: Some("A B".to_owned()), ..usual.clone() }.to_request().is_none());
        assert!(UrlLine { state: "gone".to_owned(), ..usual }.outcome().is_none());
    }
}
