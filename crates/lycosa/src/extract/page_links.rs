//! Every link of a page as browsers resolve it, with its kind, text and relation. What a crawl follows is the smaller
//! and faster list of `links`.

use std::collections::HashSet;

use lycosa_dom::{Document, Link, LinkKind};
use serde::{Serialize, Serializer};
use url::Url;

use crate::model::resolve;

/// The longest address that a `<base>` may declare, in bytes: every relative link of the page becomes as long.
const MAX_BASE: usize = 8 * 1024;
/// The addresses of one page together, in bytes.
const MAX_ADDRESSES: usize = 64 * 1024 * 1024;

/// A link with what the page says about it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct PageLink {
    /// Where it leads. Any scheme, fragment kept.
    #[serde(serialize_with = "address")]
    pub url: Url,
    /// The element it comes from.
    #[serde(serialize_with = "kind_name")]
    pub kind: LinkKind,
    /// What a reader is told about it, see [`Link::text`].
    pub text: String,
    /// The words of `rel`, in lower case, each once: `nofollow`, `ugc`, `sponsored`, `next`.
    pub rel: Vec<String>,
    /// For which width or density an image of a `srcset` is (`640w`, `2x`, empty for `1x`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub descriptor: Option<String>,
    /// Its place among the links of the page in document order, counted from 1. Links that lead nowhere count too.
    pub position: usize,
}

fn address<S: Serializer>(url: &Url, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(url.as_str())
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for this")]
fn kind_name<S: Serializer>(kind: &LinkKind, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(kind.as_str())
}

/// The address that a page's `<base>` declares for its references; `None` when it declares none that browsers would
/// take (HTML standard, "set the frozen base URL"), or one longer than 8 KiB.
#[must_use]
pub fn declared_base(document: &Document, url: &Url) -> Option<Url> {
    let base = url.join(document.base_href()?).ok()?;
    let is_short = base.as_str().len() <= MAX_BASE.max(url.as_str().len());
    (is_short && !matches!(base.scheme(), "data" | "javascript")).then_some(base)
}

/// All links of a page from this address, in document order. Left out are those that browsers do not follow either:
/// addresses that cannot be resolved, and empty ones but of anchors, areas and forms (an empty `action` or
/// `formaction` means the page itself, whatever its `<base>`), and what comes after 64 MiB of addresses.
#[must_use]
pub fn page_links(document: &Document, url: &Url) -> Vec<PageLink> {
    let base = declared_base(document, url);
    let base = base.as_ref().unwrap_or(url);
    let numbered = document.all_links().zip(1..);
    let resolved = numbered.filter_map(|(link, position)| {
        let target = target(&link, document, base, url)?;
        let Link { kind, descriptor, .. } = link;
        let (text, rel) = (link.text(document), words(link.rel));
        Some(PageLink { url: target, kind, text, rel, descriptor: descriptor.map(str::to_owned), position })
    });
    let mut left = MAX_ADDRESSES;
    let all = resolved.chain(feed_links(document, url));
    let within_bounds = all.map_while(|link| {
        left = left.checked_sub(link.url.as_str().len())?;
        Some(link)
    });
    within_bounds.collect()
}

/// The links of a feed. Their places count on from those of the elements.
fn feed_links(document: &Document, url: &Url) -> impl Iterator<Item = PageLink> {
    let first = document.all_links().count() + 1;
    let links = super::structured::feed_links(document, url).into_iter().zip(first..);
    links.filter_map(|((target, text), position)| {
        let (url, kind) = (Url::parse(&target).ok()?, LinkKind::Feed);
        Some(PageLink { url, kind, text, rel: Vec::new(), descriptor: None, position })
    })
}

fn target(link: &Link<'_>, document: &Document, base: &Url, page: &Url) -> Option<Url> {
    let resolved = |href| resolve(base, href, Some(document));
    match link.kind {
        LinkKind::Form | LinkKind::FormAction if link.href.is_empty() => Some(page.clone()),
        LinkKind::A | LinkKind::Area => resolved(link.href),
        _ if link.href.is_empty() => None,
        _ => resolved(link.href),
    }
}

fn words(rel: Option<&str>) -> Vec<String> {
    let mut seen = HashSet::new();
    let words = rel.unwrap_or_default().split_ascii_whitespace().map(str::to_ascii_lowercase);
    words.filter(|word| seen.insert(word.clone())).collect()
}

#[cfg(test)]
mod tests {
    use lycosa_dom::ParseOptions;
    use proptest::prelude::*;

    use super::*;

    fn links(html: &str) -> Vec<PageLink> {
        let document = Document::parse_html(html, ParseOptions::default());
        page_links(&document, &Url::parse("http://site.test/dir/page?q").unwrap())
    }

    fn urls(html: &str) -> Vec<String> {
        links(html).into_iter().map(|link| link.url.into()).collect()
    }

    #[test]
    fn a_link_tells_its_kind_text_relation_and_place() {
        let found = links(
            "<a href=x rel='UGC nofollow ugc'>A <b>shop</b></a><a href='http://[bad'>x</a><img srcset='i 2x'>",
        );
        let first = PageLink {
            url: Url::parse("http://site.test/dir/x").unwrap(),
            kind: LinkKind::A,
            text: "A shop".to_owned(),
            rel: vec!["ugc".to_owned(), "nofollow".to_owned()],
            descriptor: None,
            position: 1,
        };
        assert_eq!(found[0], first);
        let json = serde_json::to_value(&found[1]).unwrap();
        let wanted = serde_json::json!(
            {"url": "http://site.test/dir/i", "kind": "img", "text": "", "rel": [], "descriptor": "2x", "position": 3}
        );
        assert_eq!(json, wanted);
    }

    #[test]
    fn references_resolve_as_in_browsers() {
        let page = "<base target=x><base href=/b/><base href=/c/><a href=1>x</a><a href=#top>x</a><a href>x</a>\
                    <form action></form><form action=' ?f '></form><form></form><iframe src></iframe><img src=''>\
                    <a href='mailto:me@site.test'>x</a><meta http-equiv=refresh content='0; url=2'>";
        assert_eq!(
            urls(page),
            [
                "http://site.test/b/1",
                "http://site.test/b/#top",
                "http://site.test/b/",
                "http://site.test/dir/page?q",
                "http://site.test/b/?f",
                "mailto:me@site.test",
                "http://site.test/b/2",
            ]
        );
        assert_eq!(urls("<base href='javascript:1'><a href=1>x</a>"), ["http://site.test/dir/1"]);
        assert_eq!(urls("<base href='data:,x'><a href=1>x</a>"), ["http://site.test/dir/1"]);
        assert_eq!(urls("<base href='http://[bad'><a href=1>x</a>"), ["http://site.test/dir/1"]);
    }

    #[test]
    fn the_links_of_a_feed_are_named_so() {
        let xml = "<rss><channel><link>/</link><item><title>One</title><link>1</link></item></channel></rss>";
        let document = Document::parse_xml(xml, ParseOptions::default());
        let found = page_links(&document, &Url::parse("http://site.test/dir/feed").unwrap());
        let found: Vec<_> = found
            .iter()
            .map(|link| (link.url.as_str(), link.kind.as_str(), &*link.text, link.position))
            .collect();
        let expected = [("http://site.test/", "feed", "", 1), ("http://site.test/dir/1", "feed", "One", 2)];
        assert_eq!(found, expected);
    }

    #[test]
    fn a_long_base_does_not_multiply() {
        let long = format!("<base href='/{}/'>{}", "a".repeat(1_000_000), "<a href=x>".repeat(1_000));
        assert_eq!(urls(&long)[0], "http://site.test/dir/x");
        let many = format!("<base href='/{}/'>{}", "a".repeat(8_000), "<a href=x>".repeat(10_000));
        assert!(urls(&many).iter().map(String::len).sum::<usize>() <= MAX_ADDRESSES);
    }

    proptest! {
        #[test]
        fn any_page_has_links_in_order(html in any::<String>(), href in any::<String>()) {
            let found = links(&format!("<base href={href}>{html}<a href='{href}'>"));
            prop_assert!(found.is_sorted_by_key(|link| link.position));
        }
    }
}
