//! Cases of our own, worked out by hand from RFC 9309, from what Google documents and from the rules of its published
//! matcher: one line each. The tests of the published corpora are in `tests`.

use std::time::Duration;

use super::*;

/// A file, who asks, for what, and whether that is allowed.
type Case = (&'static str, &'static str, &'static str, bool);

fn check(cases: &[Case]) {
    for (text, agent, path, allowed) in cases {
        let found = RobotsTxt::parse(text.as_bytes()).allowed(agent, path);
        assert_eq!(found, *allowed, "{agent} asks for {path} under {text:?}");
    }
}

#[test]
fn groups_are_found_by_name() {
    check(&[
        ("", "x", "/a", true),
        ("User-agent: *", "x", "/a", true),
        ("Disallow: /", "x", "/a", true),
        ("User-agent: *\nDisallow:", "x", "/a", true),
        ("User-agent: *\nDisallow: /", "x", "/", false),
        ("User-agent: a\nUser-agent: b\nDisallow: /x", "b", "/x", false),
        ("User-agent: a\n\nUser-agent: b\nDisallow: /x", "a", "/x", false),
        ("User-agent: a\nDisallow: /x\nUser-agent: b\nAllow: /", "b", "/x", true),
        (
            "User-agent: A\nDisallow: /1\nUser-agent: *\nDisallow: /2\nUser-agent: a\nDisallow: /3",
            "a",
            "/3",
            false,
        ),
        ("User-agent: A\nDisallow: /1\nUser-agent: *\nDisallow: /2", "a", "/2", true),
        ("User-agent: a\nDisallow:\nUser-agent: *\nDisallow: /", "a", "/2", true),
        ("User-agent: foo bar\nDisallow: /", "foo", "/x", false),
        ("User-agent: foo/1.2\nDisallow: /", "foo", "/x", false),
        ("User-agent: *\nDisallow: /\nUser-agent: foo-news\nAllow: /", "foo", "/x", false),
        ("User-agent: a\nSitemap: /s.xml\nUser-agent: b\nDisallow: /", "a", "/x", false),
        ("User-agent: a\nNoindex: /n\nDisallow: /d", "a", "/n", true),
    ]);
}

#[test]
fn the_longest_pattern_decides() {
    check(&[
        ("User-agent: *\nAllow: /p\nDisallow: /", "x", "/page", true),
        ("User-agent: *\nAllow: /folder\nDisallow: /folder", "x", "/folder/page", true),
        ("User-agent: *\nAllow: /page\nDisallow: /*.htm", "x", "/page.htm", false),
        ("User-agent: *\nAllow: /page\nDisallow: /*.ph", "x", "/page.php5", true),
        ("User-agent: *\nAllow: /$\nDisallow: /", "x", "/", true),
        ("User-agent: *\nAllow: /$\nDisallow: /", "x", "/page.htm", false),
        ("User-agent: *\nDisallow: /fish", "x", "/Fish.asp", true),
        ("User-agent: *\nDisallow: /fish", "x", "/fish.php?id=anything", false),
        ("User-agent: *\nDisallow: /fish*", "x", "/fishheads", false),
        ("User-agent: *\nDisallow: /fish/", "x", "/fish", true),
        ("User-agent: *\nDisallow: /*.php", "x", "/folder/any.php.file.html", false),
        ("User-agent: *\nDisallow: /*.php$", "x", "/filename.php?parameters", true),
        ("User-agent: *\nDisallow: /*.php$", "x", "/filename.php/", true),
        ("User-agent: *\nDisallow: /fish*.php", "x", "/fishheads/catfish.php?p", false),
        ("User-agent: *\nDisallow: /a$b", "x", "/a$b/c", false),
        ("User-agent: *\nDisallow: /**/x", "x", "/a/x", false),
        ("User-agent: *\nDisallow: *", "x", "/a", false),
        ("User-agent: *\nDisallow: fish", "x", "/fish", true),
        ("User-agent: *\nDisallow: /a?b=*&c", "x", "/a?b=1&c", false),
        ("User-agent: *\nDisallow: /ä", "x", "/%C3%A4", false),
        ("User-agent: *\nDisallow: /%7ejoe", "x", "/~joe/index.html", false),
        ("User-agent: *\nDisallow: /a%3cd.html", "x", "/a%3Cd.html", false),
    ]);
}

#[test]
fn a_key_is_heard_by_its_beginning() {
    check(&[
        ("User-agent: *\nDisallows: /prefix", "x", "/prefix/1", false),
        ("User-agents: x\nDisallow: /", "x", "/a", false),
        ("USER-AGENT-NAME: x\ndisallowed /a", "x", "/a", false),
        ("User-agent: *\nDisallow all: /", "x", "/a", false),
        ("User-agent: *\nDisallow: /\nAllowed: /a", "x", "/a", true),
        ("User-agent: *\nDISSALLOWED: /a", "x", "/a", false),
        ("User-agent: *\nDiasllow: /a", "x", "/a", false),
        ("User-agent: *\nno-disallow: /a", "x", "/a", true),
        ("User-agent: *\nDis allow: /a", "x", "/a", true),
        ("User-agent: *\n: /a\nDisallow : /b", "x", "/b", false),
        ("User-agent: *\nDisallow /a b", "x", "/a", true),
        ("User-agent: *\nDisallowAITraining: /", "x", "/a", true),
        ("User-agent: *\nDisallow: /a\nAllowAITraining: /a", "x", "/a", false),
        ("User-agent: *\nDisallowü: /a", "x", "/a", false),
        ("User-agent: *\ndisallo: /a", "x", "/a", true),
    ]);
    let robots =
        RobotsTxt::parse(b"Sitemaps: /a.xml\nsitemap_index: /b.xml\nSite-map: /c.xml\nmysitemap: /d.xml");
    assert_eq!(robots.sitemaps().collect::<Vec<_>>(), ["/a.xml", "/b.xml", "/c.xml"]);
}

#[test]
fn exactly_five_hundred_kibibytes_are_read() {
    let of = |length: usize, last: &str| {
        let mut text = "User-agent: *\n".to_owned();
        let room = length - text.len() - last.len();
        text.push_str(&"#".repeat(room - 1));
        text.push('\n');
        text.push_str(last);
        assert_eq!(text.len(), length);
        text
    };
    let denies = |text: &str| !RobotsTxt::parse(text.as_bytes()).allowed("x", "/last/page");
    for length in [511_999, 512_000] {
        assert!(denies(&of(length, "Disallow: /last")), "{length}: nothing was cut off");
    }
    assert!(denies(&(of(512_000, "Disallow: /last") + "\nAllow: /last/page")), "the line was whole");
    assert!(!denies(&of(512_001, "Disallow: /last")), "half a line is none");
    assert!(!denies(&(of(512_000, "Disallow: /last") + "/not/this/page\n")), "half a line is none");
}

#[test]
fn a_comma_is_a_decimal_point_where_it_can_be_one() {
    let delays = [
        ("0,2", 200),
        ("1,5", 1_500),
        ("10,25 # seconds", 10_250),
        ("3,", 3_000),
        ("5, 10", 5_000),
        ("1,2,3", 1_000),
        ("1.5,5", 1_500),
        ("2,5s", 2_500),
        ("0.5", 500),
        (",5", 500),
        ("86400,9", 86_400_000),
    ];
    for (value, milliseconds) in delays {
        let robots = RobotsTxt::parse(format!("User-agent: *\nCrawl-delay: {value}").as_bytes());
        assert_eq!(robots.crawl_delay("x"), Some(Duration::from_millis(milliseconds)), "{value}");
    }
    for value in [",", ",x", "x,5"] {
        let robots = RobotsTxt::parse(format!("User-agent: *\nCrawl-delay: {value}").as_bytes());
        assert_eq!(robots.crawl_delay("x"), None, "{value}");
    }
}

#[test]
fn lines_about_training_and_licences_are_kept_and_forbid_nothing() {
    let robots = RobotsTxt::parse(
        b"User-agent: a\nDisallowAITraining: /\nAllowAITraining: /open/\nLicense: https://e.test/l.xml?a=1,b;c\n\
          Disallow: /x\nUser-agent: b\nAllow: /\n",
    );
    let uses = |agent: &str, path: &str| -> Vec<String> {
        let signals = robots.agent(agent).use_signals(path).into_iter();
        signals
            .map(|use_| format!("{} {} {:?} {}", use_.name, use_.purpose, use_.allowed, use_.value))
            .collect()
    };
    let license = "license license None https://e.test/l.xml?a=1,b;c".to_owned();
    assert_eq!(uses("a", "/p"), ["disallowaitraining ai-training Some(false) /".to_owned(), license.clone()]);
    assert_eq!(
        uses("a", "/open/p"),
        ["allowaitraining ai-training Some(true) /open/".to_owned(), license.clone()]
    );
    assert_eq!(uses("b", "/p"), [license], "a licence is everybody's");
    assert!(robots.allowed("a", "/p"));
    let hostile =
        format!("User-agent: *\n{}", format!("DisallowAITraining: /{}\n", "*a".repeat(400)).repeat(500));
    let rules = RobotsTxt::parse(hostile.as_bytes()).agent("x");
    assert!(rules.use_signals(&"/a".repeat(4_000)).len() <= 1);
}
