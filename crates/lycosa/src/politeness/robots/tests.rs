//! The table of the standard's authors, real files, and stories about groups.

use proptest::prelude::*;

use super::*;
use crate::corpus;

#[test]
fn dump() {
    for row in corpus::rows("robots/google-robots_test.jsonl").unwrap() {
        let text = |name: &str| row[name].as_str().unwrap().to_owned();
        let url = text("url");
        let path = match url.split_once("://") {
            Some((_, rest)) => rest.find('/').map_or("/", |at| &rest[at..]),
            None => "/",
        };
        let allowed = RobotsTxt::parse(text("robotstxt").as_bytes()).allowed(&text("useragent"), path);
        if allowed != row["allowed"].as_bool().unwrap() {
            println!("{}", row);
        }
    }
}

fn robots(text: &str) -> RobotsTxt {
    RobotsTxt::parse(text.as_bytes())
}

#[test]
fn groups_that_name_an_agent_are_merged_and_others_do_not_count() {
    let robots = robots(
        "User-agent: *\nDisallow: /\n\nUser-agent: LyCosa/2.0 (spider)\nDisallow: /a\n\nUser-agent: other\n\
         User-agent: lycosa\nSitemap: https://example.com/s.xml\nUnknown: x\n\nDisallow: /b\nAllow: /b/c\n",
    );
    let rules = robots.agent("lycosa");
    assert!(rules.is_named());
    assert!(rules.judge("/x").allowed && !rules.judge("/a").allowed && !rules.judge("/b").allowed);
    let verdict = rules.judge("/b/c?d");
    assert_eq!((verdict.allowed, verdict.line, verdict.rule), (true, Some(13), Some("/b/c")));
    assert!(!robots.agent("nobody").is_named());
    assert!(!robots.allowed("nobody", "/x"));
    assert!(!robots.allowed("lycosa-images", "/x"), "a longer name is another agent");
    assert!(robots.allowed("other", "/a") && !robots.allowed("other", "/b"));
    assert_eq!(robots.sitemaps().collect::<Vec<_>>(), ["https://example.com/s.xml"]);
}

#[test]
fn the_longest_rule_decides_and_of_equals_the_one_that_allows() {
    let robots =
        robots("user-agent: *\ndisallow: /page\nallow: /page\ndisallow: /page.h*\nallow: /*.html$\n");
    assert!(robots.allowed("x", "/page"));
    assert!(!robots.allowed("x", "/page.htm"));
    assert!(robots.allowed("x", "/page.html"), "of two with eight octets the allowing one");
    assert!(!robots.allowed("x", "/page.html?a"));
}

#[test]
fn both_sides_are_compared_in_one_spelling() {
    let table = [
        ("/foo/bar?baz=quz", "/foo/bar?baz=quz"),
        ("/foo/bar/ツ", "/foo/bar/%E3%83%84"),
        ("/foo/bar/%e3%83%84", "/foo/bar/ツ"),
        ("/foo/bar/%62%61%7A", "/foo/bar/baz"),
        ("/foo/bar/baz", "/foo/bar/%62%61%7A"),
        ("/a b", "/a%20b"),
        ("/a%2Ab", "/a*b"),
        ("/a%24", "/a$"),
        ("/a$b", "/a$b"),
        ("/a|b", "/a%7Cb"),
    ];
    for (rule, path) in table {
        assert!(!robots(&format!("user-agent: *\ndisallow: {rule}")).allowed("x", path), "{rule} {path}");
    }
    assert!(robots("user-agent: *\ndisallow: /a%2Fb").allowed("x", "/a/b"), "reserved characters stay apart");
}

#[test]
fn robots_txt_itself_is_always_allowed() {
    let robots = robots("user-agent: *\ndisallow: /");
    assert!(robots.allowed("x", "/robots.txt"));
    assert!(
        !robots.allowed("x", "/robots.txt.bak") && !robots.allowed("x", "") && !robots.allowed("x", "?a")
    );
}

#[test]
fn the_crawl_delay_belongs_to_the_agents_named_before_it() {
    let robots = robots(
        "User-agent: a\nCrawl-delay: 9\nUser-agent: *\nDisallow: /x\nCrawl-delay: 0.5 # half\n\n\
         User-agent: b\nCrawl-delay: 1000\nCrawl-delay: -3\nUser-agent: c\nCrawl-delay: soon\nDisallow:\n",
    );
    let delay = |agent: &str| robots.crawl_delay(agent).map(|delay| delay.as_secs_f64());
    assert_eq!(delay("a"), Some(9.0));
    assert_eq!(delay("nobody"), Some(0.5));
    assert_eq!(delay("b"), Some(300.0));
    assert_eq!(delay("c"), None);
    assert!(!robots.allowed("a", "/x"), "it does not end the run of agents");
}

#[test]
fn signals_about_use_are_kept_as_data() {
    let robots = robots("User-agent: *\nContent-Signal: search=yes, ai-train=no\nAllow: /\n");
    let rules = robots.agent("x");
    assert_eq!(
        rules.signals(),
        [Signal { name: "content-signal".into(), value: "search=yes, ai-train=no".into() }]
    );
}

#[test]
fn any_line_end_mark_and_common_misspelling_is_understood() {
    for end in ["\n", "\r", "\r\n", "\n\n", " \t\r\n"] {
        let text =
            ["useragent : X", "dissallow: /a", "Disallow /b", "# Disallow: /c", "disallow: /d#"].join(end);
        let plain = text.as_bytes().to_vec();
        let marked = [b"\xEF\xBB\xBF", plain.as_slice()].concat();
        let wide: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
        for bytes in [plain, marked, [b"\xFF\xFE", wide.as_slice()].concat()] {
            let rules = RobotsTxt::parse(&bytes).agent("x");
            let forbidden: Vec<_> =
                ["/a", "/b", "/c", "/d"].into_iter().filter(|path| !rules.judge(path).allowed).collect();
            assert_eq!(forbidden, ["/a", "/b", "/d"], "{end:?}");
        }
    }
    let numbers = robots("user-agent: x\r\n\r\ndisallow: /\r\n");
    assert_eq!(numbers.agent("x").judge("/").line, Some(3));
}

#[test]
fn a_cut_file_loses_its_half_line() {
    let mut text = String::from("User-agent: *\n");
    while text.len() < MAX_ROBOTS_BYTES - 12 {
        text.push_str("# filler\n");
    }
    text.truncate(MAX_ROBOTS_BYTES - 12);
    text.push_str("\nDisallow: /private");
    assert!(RobotsTxt::parse(text.as_bytes()).allowed("x", "/public"));
}

#[test]
fn a_header_tells_the_product_token() {
    let table = [
        ("lycosa/0.1 (+https://example.org)", "lycosa"),
        ("Mozilla/5.0 (compatible; MJ12bot/v1.4.8; http://example.org)", "MJ12bot"),
        ("My_Bot-x", "My_Bot-x"),
        ("", ""),
    ];
    for (header, token) in table {
        assert_eq!(product_token(header), token);
    }
}

proptest! {
    #[test]
    fn no_bytes_panic(
        bytes in proptest::collection::vec(any::<u8>(), 0..300), path in proptest::collection::vec(any::<u8>(), 0..40),
        lines in "((user-agent|disallow|allow|crawl-delay|sitemap)[: ]{0,2}[a-z/*$%0-9.]{0,8}[\r\n#]{1,2}){0,12}",
    ) {
        let path = String::from_utf8_lossy(&path);
        for bytes in [bytes.as_slice(), lines.as_bytes()] {
            let robots = RobotsTxt::parse(bytes);
            let _ = (robots.allowed("a", &path), robots.crawl_delay("*"), robots.sitemaps().count());
        }
    }
}
