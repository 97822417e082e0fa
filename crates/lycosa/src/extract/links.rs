//! Where a page leads: its outlinks, resolved, each once, in document order.
//!
//! Taken are `<a>`, `<area>`, `<iframe>` and `<frame>`, `<link>` whose `rel` says `next`, `prev`, `alternate` or
//! `canonical`, `<meta http-equiv=refresh>`, and in feeds the entries, the next part and the page of the feed. Images, scripts, style sheets and forms are not pages.
//! Only `http` and `https` URLs count; fragments are cut, so that links into the same page are one.

use std::collections::HashMap;
use std::hash::{BuildHasher as _, BuildHasherDefault, Hasher, RandomState};

use lycosa_dom::{Document, Link, LinkKind};
use url::Url;
use xxhash_rust::xxh3::xxh3_64_with_seed;

use crate::error::Result;
use crate::model::{Extract, Findings, Outlink, Page};

/// Values of `rel` by which a `<link>` leads to a page.
const LEADING: [&str; 4] = ["next", "prev", "alternate", "canonical"];

/// Links that a page usually has: room made before the first.
const USUAL: usize = 112;

/// Which links a page's outlinks are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LinkOptions {
    /// Whether links with `rel=nofollow` are left out. Default false, they are taken and marked: the word is about
    /// ranking, not about crawling.
    pub respect_nofollow: bool,
    /// Links taken from one page at most. Default 10,000.
    pub limit: usize,
}

impl Default for LinkOptions {
    fn default() -> Self {
        Self { respect_nofollow: false, limit: 10_000 }
    }
}

/// Finds the outlinks of pages.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LinkExtractor {
    options: LinkOptions,
}

impl LinkExtractor {
    /// An extractor with these options.
    #[must_use]
    pub fn new(options: LinkOptions) -> Self {
        Self { options }
    }

    /// The outlinks of a document whose links resolve against `base`.
    #[must_use]
    pub fn outlinks(&self, document: &Document, base: &Url) -> Vec<Outlink> {
        let feed = super::structured::feed_links(document, base);
        let mut collector = Collector::new(document, base, self.options);
        for link in document.links().filter(leads) {
            let nofollow = link.rel.is_some_and(|rel| has_word(rel, "nofollow"));
            collector.add(link.href, nofollow);
        }
        if let Some(target) = document.meta_refresh().and_then(|refresh| refresh.url) {
            collector.add(target, false);
        }
        for (target, _) in &feed {
            collector.add(target, false);
        }
        collector.outlinks
    }
}

/// Adds the outlinks to the findings. Pages without a document have none.
impl Extract for LinkExtractor {
    fn extract(&self, page: &Page<'_>, findings: &mut Findings) -> Result<()> {
        if let Some(document) = page.document {
            let outlinks = self.outlinks(document, page.base);
            if findings.outlinks.is_empty() {
                findings.outlinks = outlinks;
            } else {
                findings.outlinks.extend(outlinks);
            }
        }
        Ok(())
    }
}

fn leads(link: &Link<'_>) -> bool {
    match link.kind {
        LinkKind::Link => link.rel.is_some_and(|rel| LEADING.iter().any(|word| has_word(rel, word))),
        kind => kind.is_navigation(),
    }
}

fn has_word(list: &str, word: &str) -> bool {
    list.split_ascii_whitespace().any(|found| found.eq_ignore_ascii_case(word))
}

/// Outlinks found so far. A reference seen before as it is written is not parsed again: pages repeat their menus.
///
/// Both tables are keyed by hashes under a random seed and compare what they find, so they are exact.
struct Collector<'a> {
    document: &'a Document,
    base: &'a Url,
    options: LinkOptions,
    seed: u64,
    /// References as written, with the place of the outlink each became.
    written: HashMap<u64, (&'a str, Option<usize>), BuildHasherDefault<AsIs>>,
    /// The places of the outlinks' URLs.
    resolved: HashMap<u64, usize, BuildHasherDefault<AsIs>>,
    outlinks: Vec<Outlink>,
}

impl<'a> Collector<'a> {
    fn new(document: &'a Document, base: &'a Url, options: LinkOptions) -> Self {
        Self {
            document,
            base,
            options,
            seed: RandomState::new().hash_one(0),
            written: HashMap::with_capacity_and_hasher(USUAL, BuildHasherDefault::default()),
            resolved: HashMap::with_capacity_and_hasher(USUAL, BuildHasherDefault::default()),
            outlinks: Vec::with_capacity(USUAL),
        }
    }

    fn add(&mut self, href: &'a str, nofollow: bool) {
        if (nofollow && self.options.respect_nofollow) || has_foreign_scheme(href) {
            return;
        }
        let reference = without_fragment(href);
        let hash = xxh3_64_with_seed(reference.as_bytes(), self.seed);
        let place = match self.written.get(&hash) {
            Some((known, place)) if *known == reference => *place,
            _ => {
                let place = self.resolve(reference, nofollow);
                // A page of nothing but different references shall not fill the memory.
                if self.written.len() < self.options.limit.saturating_mul(4) {
                    self.written.insert(hash, (reference, place));
                }
                place
            }
        };
        // One link without `nofollow` is enough.
        if let Some(outlink) = place.and_then(|place| self.outlinks.get_mut(place)) {
            outlink.nofollow &= nofollow;
        }
    }

    /// The place of this reference's outlink, a new one if need be.
    fn resolve(&mut self, reference: &str, nofollow: bool) -> Option<usize> {
        let mut url = crate::model::resolve(self.base, reference, Some(self.document))?;
        if url.fragment().is_some() {
            url.set_fragment(None);
        }
        if !matches!(url.scheme(), "http" | "https") {
            return None;
        }
        let hash = xxh3_64_with_seed(url.as_str().as_bytes(), self.seed);
        let known = self.resolved.get(&hash).copied();
        if let Some(place) = known.filter(|&place| self.outlinks.get(place).is_some_and(|o| o.url == url)) {
            return Some(place);
        }
        if self.outlinks.len() >= self.options.limit {
            return None;
        }
        let place = self.outlinks.len();
        self.outlinks.push(Outlink { nofollow, ..Outlink::to(url) });
        self.resolved.insert(hash, place);
        Some(place)
    }
}

/// A reference up to its fragment: nothing before that can hold a number sign (URL standard, 4.4). The sign stays
/// where a space stands before it, which would be cut as an end of the reference otherwise.
fn without_fragment(href: &str) -> &str {
    match href.bytes().position(|byte| byte == b'#') {
        Some(at) if href[..at].ends_with(|last: char| last <= ' ') => &href[..=at],
        Some(at) => &href[..at],
        None => href,
    }
}

/// Whether a reference has a scheme that is neither `http` nor `https` (`mailto:`, `javascript:`).
fn has_foreign_scheme(href: &str) -> bool {
    let bytes = href.as_bytes();
    let is_scheme = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.');
    let end = bytes.iter().position(|byte| !is_scheme(byte)).unwrap_or(bytes.len());
    if bytes.get(end) != Some(&b':') || !bytes.first().is_some_and(u8::is_ascii_alphabetic) {
        return false;
    }
    !["http", "https"].iter().any(|scheme| scheme.as_bytes().eq_ignore_ascii_case(&bytes[..end]))
}

/// A hash of a hash: itself. The keys are hashed with a random key before.
#[derive(Debug, Default)]
struct AsIs(u64);

impl Hasher for AsIs {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(byte);
        }
    }

    fn write_u64(&mut self, hash: u64) {
        self.0 = hash;
    }
}

#[cfg(test)]
mod tests {
    use lycosa_dom::ParseOptions;
    use proptest::prelude::*;

    use super::*;

    fn outlinks_of(html: &str, options: LinkOptions) -> Vec<Outlink> {
        let document = Document::parse_html(html, ParseOptions::default());
        let base = Url::parse("http://site.test/a/b?q#here").unwrap();
        LinkExtractor::new(options).outlinks(&document, &base)
    }

    fn urls(html: &str) -> Vec<String> {
        outlinks_of(html, LinkOptions::default()).into_iter().map(|link| link.url.into()).collect()
    }

    #[test]
    fn links_are_absolute_in_document_order_and_each_once() {
        let html = "<a href=c>1</a><a href='/d'>2</a><a href='//other.test/'>3</a><a href='c#part'>4</a>
            <a href='./c'>5</a><a href=' http://site.test/d '>6</a><map><area href=?x></map>";
        assert_eq!(
            urls(html),
            ["http://site.test/a/c", "http://site.test/d", "http://other.test/", "http://site.test/a/b?x"]
        );
    }

    #[test]
    fn only_what_leads_to_pages_counts() {
        let html = "<a href=mailto:me>x</a><a href='javascript:void(0)'>x</a><a href='JavaScript:1'>x</a>
            <a href='tel:1'>x</a><a href='data:text/html,x'>x</a><a href='ftp://f/'>x</a><a href='http://[bad'>x</a>
            <img src=i.png><script src=s.js></script><form action=f></form><link rel=stylesheet href=s.css>
            <link rel='nofollow NEXT' href=next><iframe src=frame></iframe><a>none</a>
            <a href='foo:bar/../x'>x</a><a href='a:80'>x</a><a href='./a:80'>x</a>
            <meta http-equiv=refresh content='5; url=moved'>";
        assert_eq!(
            urls(html),
            [
                "http://site.test/a/next",
                "http://site.test/a/frame",
                "http://site.test/a/a:80",
                "http://site.test/a/moved"
            ]
        );
    }

    #[test]
    fn a_link_that_is_followed_once_is_followed() {
        let html = "<a rel='noopener NoFollow' href=1>x</a><a rel=nofollow href=2>x</a><a href=./1>x</a>";
        let links = outlinks_of(html, LinkOptions::default());
        assert_eq!(links.iter().map(|link| link.nofollow).collect::<Vec<_>>(), [false, true]);
        let strict = outlinks_of(html, LinkOptions { respect_nofollow: true, ..LinkOptions::default() });
        assert_eq!(strict.len(), 1);
    }

    #[test]
    fn a_feed_leads_to_its_entries() {
        let base = Url::parse("http://site.test/feed").unwrap();
        let urls = |xml: &str| -> Vec<String> {
            let document = Document::parse_xml(xml, ParseOptions::default());
            LinkExtractor::default()
                .outlinks(&document, &base)
                .into_iter()
                .map(|link| link.url.into())
                .collect()
        };
        let rss = "<rss version='2.0'><channel><link>http://site.test/</link><item><title>One</title>
            <link>http://site.test/1?a=1&amp;b=2#c</link><guid>http://site.test/id/1</guid></item>
            <item><guid>http://site.test/2</guid></item><item><guid isPermaLink='false'>3</guid></item>
            <item><link>/4</link><enclosure url='/4.mp3' length='1' type='audio/mpeg'/></item>
            <item><link>mailto:me@site.test</link></item></channel></rss>";
        let expected =
            ["http://site.test/", "http://site.test/1?a=1&b=2", "http://site.test/2", "http://site.test/4"];
        assert_eq!(urls(rss), expected);
        let atom = "<feed xmlns='http://www.w3.org/2005/Atom' xml:base='http://site.test/blog/'><link href='.'/>
            <link rel='self' href='feed'/><link rel='next' href='feed?page=2'/><entry><link rel='edit' href='edit/1'/>
            <link href='1'/><content type='xhtml'><div xmlns='http://www.w3.org/1999/xhtml'><a href='/in'>x</a></div>
            </content></entry></feed>";
        let expected = [
            "http://site.test/in",
            "http://site.test/blog/",
            "http://site.test/blog/feed?page=2",
            "http://site.test/blog/1",
        ];
        assert_eq!(urls(atom), expected);
        assert_eq!(urls("<root><item><link>http://site.test/no</link></item></root>"), [""; 0]);
    }

    #[test]
    fn a_page_of_links_ends_at_the_limit() {
        let html: String = (0..100).map(|n| format!("<a href={n}>x</a>")).collect();
        assert_eq!(outlinks_of(&html, LinkOptions { limit: 7, ..LinkOptions::default() }).len(), 7);
    }

    #[test]
    fn a_reference_to_the_page_itself_is_one_link_without_fragment() {
        assert_eq!(urls("<a href=#a>x</a><a href=#b>x</a><a href=''>x</a>"), ["http://site.test/a/b?q"]);
    }

    /// The same by the shortest way: resolve everything, cut fragments, keep what is new.
    fn plainly(hrefs: &[String], base: &Url) -> Vec<String> {
        let mut urls: Vec<String> = Vec::new();
        for href in hrefs {
            let Ok(mut url) = base.join(href) else { continue };
            url.set_fragment(None);
            if matches!(url.scheme(), "http" | "https") && !urls.iter().any(|known| known == url.as_str()) {
                urls.push(url.into());
            }
        }
        urls
    }

    #[test]
    fn references_resolve_as_published() {
        let Some(rows) = crate::corpus::rows("url/crawler-commons-resolve.jsonl") else { return };
        for row in rows {
            let [reference, base, expected] = [0, 1, 2].map(|index| row["fields"][index].as_str().unwrap());
            let base = Url::parse(if base.is_empty() { "http://none.test/" } else { base }).unwrap();
            let document = Document::parse_html("", ParseOptions::default());
            let mut collector = Collector::new(&document, &base, LinkOptions::default());
            collector.add(reference, false);
            let found = collector.outlinks.first().map(|link| link.url.as_str());
            let expected = expected.split('#').next().filter(|url| url.starts_with("http"));
            assert_eq!(found, expected, "{row}");
        }
    }

    #[test]
    fn short_cuts_change_nothing_on_published_references() {
        let Some(rows) = crate::corpus::rows("url/wpt-urltestdata.jsonl") else { return };
        let base = Url::parse("http://site.test/a/b?q#here").unwrap();
        let hrefs: Vec<String> = rows
            .iter()
            .filter_map(|row| row["input"].as_str())
            .map(|href| href.trim_ascii().to_owned())
            .collect();
        assert!(hrefs.len() > 400);
        let document = Document::parse_html("", ParseOptions::default());
        let mut collector = Collector::new(&document, &base, LinkOptions::default());
        hrefs.iter().for_each(|href| collector.add(href, false));
        let found: Vec<String> = collector.outlinks.into_iter().map(|link| link.url.into()).collect();
        assert_eq!(found, plainly(&hrefs, &base));
    }

    fn href() -> impl Strategy<Value = String> {
        let piece = prop_oneof![
            Just("http"),
            Just("HTTPS"),
            Just("mailto"),
            Just("a1+.-"),
            Just(":"),
            Just("//"),
            Just("/"),
            Just("\\"),
            Just("site.test"),
            Just("[bad"),
            Just(".."),
            Just("."),
            Just("?"),
            Just("#"),
            Just("a"),
            Just("b c"),
            Just(" "),
            Just("\t"),
            Just("%2e"),
            Just("é"),
            Just("@"),
            Just("80")
        ];
        proptest::collection::vec(piece, 0..6).prop_map(|pieces| pieces.concat().trim_ascii().to_owned())
    }

    proptest! {
        #[test]
        fn short_cuts_change_nothing(hrefs in proptest::collection::vec(href(), 0..30)) {
            let base = Url::parse("http://site.test/a/b?q#here").unwrap();
            let document = Document::parse_html("", ParseOptions::default());
            let mut collector = Collector::new(&document, &base, LinkOptions::default());
            hrefs.iter().for_each(|href| collector.add(href, false));
            let found: Vec<String> = collector.outlinks.into_iter().map(|link| link.url.into()).collect();
            prop_assert_eq!(found, plainly(&hrefs, &base));
        }
    }
}
