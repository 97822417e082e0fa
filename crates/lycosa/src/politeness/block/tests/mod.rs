//! The table: answers in the shape real products send, and ordinary pages that look dangerously like them.

mod application;
mod content;
mod edge;
mod walls;

use http::header::{HeaderMap, HeaderName, HeaderValue};
use proptest::prelude::*;
use url::Url;

use super::*;

/// One answer and what it is.
#[derive(Debug)]
pub(super) struct Case {
    pub(super) name: &'static str,
    pub(super) status: u16,
    /// `name: value` lines.
    pub(super) head: &'static str,
    pub(super) body: &'static str,
    /// The URL that answered, and the one asked for when it was another.
    pub(super) urls: (&'static str, Option<&'static str>),
    pub(super) want: Option<(BlockKind, BlockLayer)>,
}

const PAGE: &str = "https://site.example/articles/7";
pub(super) const HTML: &str = "content-type: text/html; charset=utf-8";

/// A block.
pub(super) const fn block(
    name: &'static str,
    status: u16,
    head: &'static str,
    body: &'static str,
    want: (BlockKind, BlockLayer),
) -> Case {
    Case { name, status, head, body, urls: (PAGE, None), want: Some(want) }
}

/// Content, or a failure that is not about the visitor.
pub(super) const fn content(name: &'static str, status: u16, head: &'static str, body: &'static str) -> Case {
    Case { name, status, head, body, urls: (PAGE, None), want: None }
}

fn headers(head: &str) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for line in head.lines() {
        let (name, value) = line.split_once(':').unwrap();
        let name: HeaderName = name.trim().parse().unwrap();
        headers.append(name, HeaderValue::from_str(value.trim()).unwrap());
    }
    headers
}

pub(super) fn judged(case: &Case) -> Option<Block> {
    let headers = headers(case.head);
    let url = Url::parse(case.urls.0).unwrap();
    let first_url = case.urls.1.unwrap_or(case.urls.0);
    judge(&Seen { status: case.status, headers: &headers, body: case.body.as_bytes(), url: &url, first_url })
}

fn blocks() -> impl Iterator<Item = &'static Case> {
    edge::CASES.iter().chain(application::CASES).chain(walls::CASES)
}

#[test]
fn every_block_is_told_by_kind_and_layer() {
    let mut wrong = Vec::new();
    for case in blocks() {
        let block = judged(case);
        let got = block.as_ref().map(|block| (block.kind, block.layer));
        if got != case.want {
            wrong.push(format!("{}: {block:?}, wanted {:?}", case.name, case.want));
        }
        if let Some(block) = &block {
            assert_eq!(block.status, case.status, "{}", case.name);
            assert!(!block.evidence.is_empty() && block.evidence.len() < 200, "{}", case.name);
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(blocks().count() >= 80, "only {}", blocks().count());
}

#[test]
fn content_is_never_taken_for_a_block() {
    let wrong: Vec<_> = content::CASES
        .iter()
        .filter_map(|case| judged(case).map(|block| format!("{}: {block:?}", case.name)))
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(content::CASES.len() >= 60, "only {}", content::CASES.len());
}

#[test]
fn no_name_stands_twice() {
    let mut names: Vec<_> = blocks().chain(content::CASES).map(|case| case.name).collect();
    let all = names.len();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), all);
}

#[test]
fn a_status_that_can_be_a_block_has_its_body_read() {
    for case in blocks().filter(|case| case.status >= 400) {
        assert!(is_suspicious(case.status), "{}", case.name);
    }
}

#[test]
fn what_a_notice_says_is_content_in_a_long_page() {
    for case in blocks().filter(|case| (200..300).contains(&case.status)) {
        let headers = headers(case.head);
        if refusal::by_header(&headers).is_some() || case.urls.1.is_some() {
            continue;
        }
        let long = format!("{}<p>{}</p>", case.body, "A sentence of an article. ".repeat(200));
        let url = Url::parse(case.urls.0).unwrap();
        let seen = Seen {
            status: case.status,
            headers: &headers,
            body: long.as_bytes(),
            url: &url,
            first_url: case.urls.0,
        };
        // A script or comment that does not end hides what follows it.
        assert_eq!(judge(&seen), None, "{}", case.name);
    }
}

#[test]
fn evidence_is_short_whatever_the_answer_says() {
    let mut headers = HeaderMap::new();
    headers.insert("x-sucuri-block", HeaderValue::from_str(&"a ".repeat(5_000)).unwrap());
    let url = Url::parse(PAGE).unwrap();
    let block = judge(&Seen { status: 403, headers: &headers, body: b"", url: &url, first_url: PAGE });
    assert_eq!(block.unwrap().evidence.len(), EVIDENCE);
}

#[test]
fn only_the_beginning_of_a_body_is_looked_at() {
    let far = format!("{}{}", " ".repeat(EXAMINED), "error code: 1020 cf-error-details");
    let url = Url::parse(PAGE).unwrap();
    let none = HeaderMap::new();
    let seen = |body| Seen { status: 403, headers: &none, body, url: &url, first_url: PAGE };
    assert_eq!(judge(&seen(far.as_bytes())).unwrap().layer, BlockLayer::Unknown);
    assert_eq!(judge(&seen(far.trim().as_bytes())).unwrap().layer, BlockLayer::Edge);
}

proptest! {
    #[test]
    fn no_body_panics(
        body in prop::collection::vec(any::<u8>(), 0..400),
        status in prop::sample::select(vec![200_u16, 401, 403, 429, 503, 999]),
    ) {
        let url = Url::parse(PAGE).unwrap();
        let _ = judge(&Seen { status, headers: &HeaderMap::new(), body: &body, url: &url, first_url: PAGE });
    }
}
