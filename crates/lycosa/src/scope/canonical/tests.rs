//! Published tables of canonical URLs, with every difference named, and the laws of canonicalisation.

use proptest::prelude::*;

use super::*;
use crate::corpus;

/// A published table: rows by number, from 1.
struct Table {
    file: &'static str,
    from: &'static str,
    to: &'static str,
    /// Rows that agree.
    agree: usize,
    /// Rows whose input is no absolute http(s) URL to the WHATWG standard: nothing here is asked about those.
    apart: usize,
    /// Rows that are meant to differ, with the reason.
    different: &'static [(&'static str, &'static [usize])],
}

const MORE_THAN_ONCE: &str = "they undo escapes until none is left; a server undoes them once";
const HOST_OF_DOTS: &str = "they read a host of dots as 0.0.0.0; browsers do not";
const ORDER: &str = "they sort the query or drop empty parts; its order and parts can matter";
const FRAGMENT: &str = "they keep the fragment";
const DAMAGED: &str = "the row's own charset is damaged, or its columns are shifted";

const TABLES: [Table; 5] = [
    Table {
        file: "url/crawler-commons-normalize.jsonl",
        from: "input",
        to: "normalized",
        agree: 41,
        apart: 5,
        different: &[
            ("they merge repeated slashes; servers can tell them apart", &[29, 30, 31]),
            (ORDER, &[47, 49, 52, 53, 54]),
            (DAMAGED, &[35, 36]),
        ],
    },
    Table {
        file: "url/urlcanon-semantic_precise.jsonl",
        from: "input",
        to: "canonical",
        agree: 50,
        apart: 66,
        different: &[
            (FRAGMENT, &[29, 50, 91]),
            (HOST_OF_DOTS, &[30, 31, 33, 37, 40]),
            ("they decode reserved and forbidden characters; RFC 3986 keeps them apart", &[52, 53, 71]),
            (ORDER, &[55, 56]),
            (MORE_THAN_ONCE, &[75, 76, 77, 78, 82, 83, 86]),
            (DAMAGED, &[57, 58, 61, 107]),
        ],
    },
    Table {
        file: "url/urlcanon-supplemental_whatwg.jsonl",
        from: "input",
        to: "canonical",
        agree: 15,
        apart: 25,
        different: &[
            ("they keep the spelling of escapes, as a parser must", &[2, 7, 8, 10, 13, 14, 17, 18, 19]),
            ("they keep dots after the host", &[21]),
            ("they keep an empty query", &[23]),
            (HOST_OF_DOTS, &[39, 40, 41, 42, 43, 44]),
            ("they keep user and password", &[57, 58]),
        ],
    },
    Table {
        file: "url/urlcanon-aggressive.jsonl",
        from: "input",
        to: "canonical",
        agree: 0,
        apart: 6,
        different: &[
            ("they merge www, schemes and letter cases of the path", &[1, 2, 3, 4, 5, 6, 14, 15, 16]),
            ("they drop session ids; that is a crawl's own choice", &[13, 17, 18, 19, 20]),
            (ORDER, &[21]),
        ],
    },
    Table {
        file: "url/safebrowsing-canonical.jsonl",
        from: "input_latin1",
        to: "output_latin1",
        agree: 7,
        apart: 9,
        different: &[
            (MORE_THAN_ONCE, &[11, 12]),
            ("they cut at the second question mark", &[17]),
            ("they drop the port", &[20]),
            (DAMAGED, &[25]),
            ("browsers read `http:///x` as host x", &[32, 33, 34]),
        ],
    },
];

fn canonical_of(text: &str) -> Option<String> {
    let url = Url::parse(text).ok().filter(|url| matches!(url.scheme(), "http" | "https"))?;
    Some(canonical(&url).as_str().to_owned())
}

#[test]
fn published_tables_agree_but_for_the_differences_that_are_named() {
    for table in TABLES {
        let Some(rows) = corpus::rows(table.file) else { return };
        let (mut agree, mut apart, mut different) = (0, 0, Vec::new());
        for (index, row) in rows.iter().enumerate() {
            let text = |name: &str| row.get(name).and_then(|value| value.as_str());
            if text("kind").is_some_and(|kind| kind != "CanonicalURL") {
                continue;
            }
            match canonical_of(text(table.from).expect("an input")) {
                None => apart += 1,
                Some(ours) if text(table.to) == Some(&ours) => agree += 1,
                Some(_) => different.push(index + 1),
            }
        }
        let mut named: Vec<usize> =
            table.different.iter().flat_map(|(_, rows)| rows.iter().copied()).collect();
        named.sort_unstable();
        assert_eq!(different, named, "{}", table.file);
        assert_eq!((agree, apart), (table.agree, table.apart), "{}", table.file);
        println!("{}: {agree} agree, {} differ on purpose", table.file, different.len());
    }
}

#[test]
fn every_rule_has_its_effect() {
    let table = [
        ("HTTP://User:pw@EXAMPLE.com.:80/%7Euser/./a/../b?#top", "http://example.com/~user/b"),
        ("https://example.com:443", "https://example.com/"),
        ("https://example.com:80/", "https://example.com:80/"),
        ("http://example.com/a%2fb%3f", "http://example.com/a%2Fb%3F"),
        ("http://example.com/?b=2&a=1&utm_source=x", "http://example.com/?b=2&a=1&utm_source=x"),
        ("http://example.com//a//", "http://example.com//a//"),
        ("http://example.com/a[]=1?b[]=|", "http://example.com/a%5B%5D=1?b%5B%5D=%7C"),
        ("http://example.com/%41%2d%2E?q=%61+%20", "http://example.com/A-.?q=a+%20"),
        ("http://example.com/%2e%2E/x", "http://example.com/x"),
        ("http://0x7f.1./", "http://127.0.0.1/"),
        ("http://bücher.example/ü", "http://xn--bcher-kva.example/%C3%BC"),
        ("http://[::FFFF:1]:80/", "http://[::ffff:1]/"),
        ("http://a.09../%61#x", "http://a.09../%61"),
        ("http://.../x", "http://.../x"),
    ];
    for (found, expected) in table {
        assert_eq!(canonical_of(found).as_deref(), Some(expected), "{found}");
    }
}

#[test]
fn a_canonical_url_is_borrowed_and_other_schemes_are_left_alone() {
    for text in ["https://example.com/a%2Fb?x=%20", "mailto:A@b.c", "data:text/plain,%61#x"] {
        let url = Url::parse(text).expect("a URL");
        assert!(matches!(canonical(&url), Cow::Borrowed(_)), "{text}");
    }
}

/// Escapes undone once: what a server makes of a path.
fn meant(text: &str) -> Vec<u8> {
    let (mut bytes, mut out) = (text.as_bytes(), Vec::new());
    while let Some((&first, rest)) = bytes.split_first() {
        let digits = rest.get(..2).and_then(|digits| std::str::from_utf8(digits).ok());
        let byte = digits.filter(|_| first == b'%').and_then(|digits| u8::from_str_radix(digits, 16).ok());
        let plain = digits.is_some_and(|digits| digits.bytes().all(|digit| digit.is_ascii_hexdigit()));
        match byte.filter(|_| plain) {
            Some(byte) => {
                out.push(byte);
                bytes = &rest[2..];
            }
            None => {
                out.push(first);
                bytes = rest;
            }
        }
    }
    out
}

fn check_laws(url: &Url) {
    let once = canonical(url);
    let twice = canonical(&once);
    assert_eq!(once.as_str(), twice.as_str(), "{url}");
    assert_eq!(Url::parse(once.as_str()).as_ref(), Ok(&*once), "{url}: the serialisation is the URL");
    assert_eq!(meant(once.path()), meant(url.path()), "{url}");
    assert_eq!(meant(once.query().unwrap_or_default()), meant(url.query().unwrap_or_default()), "{url}");
    assert_eq!(once.scheme(), url.scheme());
}

#[test]
fn the_laws_hold_for_the_links_of_real_pages() {
    let mut count = 0_usize;
    for file in ["urls/links-in-pages.txt.zst", "urls/kasztp-urls.txt.zst"] {
        let Some(bytes) = corpus::read(file) else { return };
        let text = String::from_utf8_lossy(&bytes);
        for url in text.lines().filter_map(|line| Url::parse(line).ok()) {
            if matches!(url.scheme(), "http" | "https") {
                check_laws(&url);
                count += 1;
            }
        }
    }
    assert!(count > 100_000, "{count}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]
    #[test]
    fn the_laws_hold_for_any_url(
        host in "[a-z0-9.%-]{1,12}", path in "([/a-zA-Z.%0-9|\\[ é~]|%2[0-9eEfF]|%[4-7][0-9a-f]){0,24}", tail in "\\PC{0,12}",
    ) {
        for text in [format!("http://{host}/{path}{tail}"), format!("https://u@example.com.{tail}/?{path}#{tail}")] {
            if let Ok(url) = Url::parse(&text) {
                check_laws(&url);
            }
        }
    }
}
