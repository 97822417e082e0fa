//! The table of the standard's authors, real files, and stories about groups.

use proptest::prelude::*;

use super::*;
use crate::corpus;

/// Rows that this implementation answers otherwise.
const DIFFERENT: [(&str, &str); 3] = [
    ("google-ID_Encoding-3", "both sides are brought to one spelling, so a raw character matches its escape"),
    ("google-ID_Encoding-5", "as above"),
    (
        "google-ID_Encoding-6",
        "RFC 9309 §2.2.2 compares unreserved characters decoded; its table has this very case",
    ),
];

#[test]
fn the_table_of_the_standards_authors_passes_but_for_the_rows_named() {
    let Some(rows) = corpus::rows("robots/google-robots_test.jsonl") else { return };
    let mut different = Vec::new();
    for row in &rows {
        let text = |name: &str| row[name].as_str().expect(name);
        let path = match text("url").split_once("://") {
            Some((_, rest)) => rest.find('/').map_or("/", |at| &rest[at..]),
            None => "/",
        };
        let allowed = RobotsTxt::parse(text("robotstxt").as_bytes()).allowed(text("useragent"), path);
        if Some(allowed) != row["allowed"].as_bool() {
            different.push(text("id"));
        }
    }
    assert_eq!(different, DIFFERENT.map(|(id, _)| id));
    assert!(rows.len() >= 90, "{}", rows.len());
}

/// The real files with their hosts.
fn real_files() -> Option<Vec<(String, Vec<u8>)>> {
    let rows = corpus::rows("robots/real-robots.jsonl.zst")?;
    let bytes = |row: &serde_json::Value| match (row["text"].as_str(), row["text_latin1"].as_str()) {
        (Some(text), _) => text.as_bytes().to_vec(),
        (None, latin1) => {
            latin1.expect("a text").chars().map(|c| u8::try_from(u32::from(c)).expect("Latin-1")).collect()
        }
    };
    Some(rows.iter().map(|row| (row["host"].as_str().expect("a host").to_owned(), bytes(row))).collect())
}

/// RFC 9309 over again, as plainly as can be: the rules for everybody, pattern and whether it allows.
fn book(text: &[u8]) -> Vec<(String, bool)> {
    let text = String::from_utf8_lossy(text).replace("\r\n", "\n").replace('\r', "\n");
    let (mut mine, mut in_rules, mut rules) = (false, true, Vec::new());
    for line in text.lines() {
        let line = line.split('#').next().unwrap_or_default();
        let Some((key, value)) = line.split_once(':') else { continue };
        let value = value.trim();
        match key.trim().to_ascii_lowercase().as_str() {
            "user-agent" => {
                mine = (mine && !in_rules) || value == "*";
                in_rules = false;
            }
            key @ ("allow" | "disallow") => {
                in_rules = true;
                if mine && value.starts_with(['/', '*']) {
                    rules.push((value.to_owned(), key == "allow"));
                    // Google's matcher takes the folder as allowed with its index page.
                    if let Some(at) = value
                        .rfind("/index.htm")
                        .filter(|at| key == "allow" && !value[at + 1..].contains('/'))
                    {
                        rules.push((format!("{}$", &value[..=at]), true));
                    }
                }
            }
            _ => {}
        }
    }
    rules
}

fn by_the_book(rules: &[(String, bool)], path: &str) -> bool {
    let matching = rules.iter().filter(|(pattern, _)| {
        if pattern.contains(['*', '$']) {
            pattern::tests::by_definition(pattern, path)
        } else {
            path.starts_with(pattern.as_str())
        }
    });
    matching.map(|(pattern, allow)| (pattern.len(), *allow)).max().is_none_or(|(_, allow)| allow)
}

#[test]
fn real_files_are_judged_as_by_the_book() {
    let Some(files) = real_files() else { return };
    let (mut judged, mut forbidden) = (0, 0);
    for (host, bytes) in &files {
        let rules = RobotsTxt::parse(bytes).agent("nobody-has-heard-of-this-one");
        if !is_plain(bytes) {
            continue;
        }
        let book = book(bytes);
        let patterns = rules.rules.iter().map(|rule| rule.pattern.of(&rules.text));
        // Paths in the one spelling are their own normal form, so the plain comparison holds for them.
        let paths = patterns
            .map(|pattern| format!("/{}", pattern.trim_start_matches('/').replace(['*', '$'], "x")))
            .take(40);
        let paths = paths.filter(|path| path != "/robots.txt");
        for path in paths.chain(["/".to_owned(), "/index.php?id=1".to_owned()]) {
            let verdict = rules.judge(&path);
            assert_eq!(verdict.allowed, by_the_book(&book, &path), "{host} {path} {verdict:?}");
            judged += 1;
            forbidden += usize::from(!verdict.allowed);
        }
    }
    println!("{} files, {judged} verdicts, {forbidden} of them no", files.len());
    assert!(judged > 5_000 && forbidden > 1_000, "{judged} {forbidden}");
}

/// Whether a file avoids what the plain reading does not know: escapes, forbidden characters, marks, misspellings.
fn is_plain(bytes: &[u8]) -> bool {
    let lower = bytes.to_ascii_lowercase();
    let text = String::from_utf8_lossy(&lower);
    let odd = ["%", "useragent", "user agent", "dissallow", "disalow", "dissalow", "*$*"];
    let lines = text.lines().map(|line| line.split('#').next().unwrap_or_default().trim());
    let is_rule = |line: &&str| line.starts_with("allow") || line.starts_with("disallow");
    let rule_is_plain = |line: &str| {
        line.contains(':')
            && !line.trim_end_matches('$').contains('$')
            && !line[8.min(line.len())..]
                .trim_start_matches([':', ' ', '\t', 'w'])
                .contains([' ', '\t', '|', '[', '^', '"', '\\', '<', '{', '`'])
    };
    bytes.is_ascii()
        && bytes.len() < MAX_ROBOTS_BYTES
        && !odd.iter().any(|odd| text.contains(odd))
        && lines.filter(is_rule).all(rule_is_plain)
}

/// File, agent, path, whether it is allowed, crawl-delay in seconds, number of sitemaps.
type Expected = (&'static str, &'static str, &'static str, bool, Option<u64>, usize);

/// No values come with these files; each was read by eye, by RFC 9309 and, for what goes beyond it, by their comments.
const EXPECTED: &[Expected] = &[
    ("astore.amazon.com-robots", "any", "/x", true, Some(5), 0),
    ("crawl-delay-group-merging", "mybot", "/private/", false, Some(10), 0),
    ("crawl-delay-group-merging", "mybot", "/login/", true, Some(10), 0),
    ("crawl-delay-group-merging", "yourbot", "/login/", false, None, 0),
    ("crawl-delay-group-merging", "another", "/private/", true, Some(30), 0),
    ("directive-typos-robots", "bot1", "/desallow/", false, None, 0),
    ("directive-typos-robots", "bot1", "/dissalow/", false, None, 0),
    ("directive-typos-robots", "bot2", "/useragent/", false, None, 0),
    ("directive-typos-robots", "bot3", "/useg-agent/", false, None, 0),
    ("directive-typos-robots", "bot4", "/useragent-no-colon/", false, None, 0),
    ("dos-line-endings", "any", "/", true, Some(1), 0),
    ("extended-standard-robots", "bot3", "/x", true, None, 0),
    ("extension-robots", "mybot", "/private/", false, None, 1),
    ("extension-robots", "another", "/secret/", true, None, 1),
    ("extensions-group-merging", "mybot", "/private/", false, None, 0),
    ("extensions-group-merging", "mybot", "/login/", false, None, 0),
    ("extensions-group-merging", "another", "/llms.txt", true, None, 0),
    ("extensions-group-merging", "another", "/x", false, None, 0),
    ("format-errors-robots", "bot1", "/whitespace-before-colon/", false, None, 1),
    ("format-errors-robots", "bot1", "/no-colon/", false, None, 1),
    ("format-errors-robots", "bot2", "/no-colon-useragent/", false, None, 1),
    ("format-errors-robots", "bot3", "/whitespace-before-colon", true, None, 1),
    ("malformed-path", "any", "/wiki/Wikipedia_talk%3Mediation_Committee/", false, None, 0),
    ("many-user-agents", "wget", "/x", false, None, 0),
    ("many-user-agents", "BackDoorBot", "/x", false, None, 0),
    ("many-user-agents", "lycosa", "/bot-trap/x", false, None, 0),
    ("many-user-agents", "lycosa", "/x", true, None, 0),
    ("merge-rules", "wget", "/foo/bar", true, None, 0),
    ("merge-rules", "wget", "/tmp/bar", false, None, 0),
    ("merge-rules", "curl", "/x", false, None, 0),
    ("precedence-of-rules", "testy", "/foo/bar", true, None, 0),
    ("precedence-of-rules", "testy", "/foo/baz", false, None, 0),
    ("precedence-of-rules", "testy", "/foo/", false, None, 0),
    ("precedence-of-rules", "wget", "/x", false, None, 0),
    ("precedence-of-rules", "wget", "/foo", true, None, 0),
    ("precedence-of-rules", "wget", "/", true, None, 0),
    ("relative-sitemap-robots", "any", "/cp/", false, None, 1),
    ("rfc9309-example-longest-match-robots", "foobot", "/example/page/", true, None, 0),
    ("rfc9309-example-longest-match-robots", "foobot", "/example/page/disallowed.gif", false, None, 0),
    ("rfc9309-example-rule-group-merging", "examplebot", "/baz", false, None, 0),
    ("rfc9309-example-rule-group-merging", "examplebot", "/bar", false, None, 0),
    ("rfc9309-example-rule-group-merging", "bazbot", "/bar", true, None, 0),
    ("rfc9309-example-simple-robots", "foobot", "/example/page.html", true, None, 0),
    ("rfc9309-example-simple-robots", "bazbot", "/example/page.html", false, None, 0),
    ("rfc9309-example-simple-robots", "quxbot", "/example/", true, None, 0),
    ("rfc9309-example-simple-robots", "another", "/publications/a.gif", true, None, 0),
    ("robots-with-utf16be-bom", "any", "/en/output/print", false, None, 1),
    ("robots-with-utf16le-bom", "any", "/en/output/print", false, None, 1),
    ("robots-with-utf8-bom", "any", "/login.aspx", false, None, 1),
    ("sitemap-robots", "any", "/", true, None, 2),
    ("sitemap-robots-dedup", "any", "/", true, None, 1),
    ("twitter.com-robots", "slurp", "/a?b", false, Some(1), 0),
    ("twitter.com-robots", "googlebot", "/a?b", false, None, 0),
    ("twitter.com-robots", "another", "/a/with_friends", false, None, 0),
    ("wildcards", "another", "/gp/cart/x", false, None, 8),
    ("www.flot.com-robots", "another", "/img/a.png", false, None, 1),
];

#[test]
fn files_with_marks_typos_and_extensions_are_understood() {
    for (file, agent, path, allowed, delay, sitemaps) in EXPECTED {
        let Some(bytes) = corpus::read(&format!("robots/crawler-commons-files/{file}.txt")) else { return };
        let robots = RobotsTxt::parse(&bytes);
        let found = (robots.allowed(agent, path), robots.crawl_delay(agent), robots.sitemaps().count());
        assert_eq!(found, (*allowed, delay.map(Duration::from_secs), *sitemaps), "{file} {agent} {path}");
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
         User-agent: b\nCrawl-delay: 999999\nCrawl-delay: -3\nUser-agent: c\nCrawl-delay: soon\nDisallow:\n",
    );
    let delay = |agent: &str| robots.crawl_delay(agent).map(|delay| delay.as_secs_f64());
    assert_eq!(delay("a"), Some(9.0));
    assert_eq!(delay("nobody"), Some(0.5));
    assert_eq!(delay("b"), Some(86_400.0), "a day at most");
    assert_eq!(delay("c"), None);
    assert!(!robots.allowed("a", "/x"), "it does not end the run of agents");
}

/// A file of real size and a path of real length, and what no file may reach whatever it says.
#[test]
fn every_real_file_is_asked_within_bounds() {
    let Some(files) = real_files() else { return };
    let path =
        normal_path("/de/catalog/shoes/women/boots/?color=black&size=38&page=12&sort=price").into_owned();
    let mut most = (0, String::new());
    for (host, bytes) in &files {
        let rules = RobotsTxt::parse(bytes).agent("lycosa");
        let mut steps = 0;
        rules.first_match(&path, &mut steps);
        most = most.max((steps, host.clone()));
    }
    println!("{} files, at most {} bytes looked at ({})", files.len(), most.0, most.1);
    assert!(most.0 < MAX_STEPS / 10, "{most:?}");
}

#[test]
fn a_hostile_file_is_asked_within_bounds_and_allows_nothing() {
    // One rule that takes seconds where stars are tried in turn.
    let one = robots(&format!("user-agent: *\ndisallow: /{}z", "a*".repeat(50))).agent("x");
    let path = format!("/{}", "a".repeat(2_000));
    let mut steps = 0;
    assert_eq!(one.first_match(&path, &mut steps), None);
    assert!(steps < 10_000, "{steps}");
    // As many rules as fit, none of which matches.
    let rules: String = (0..40_000).map(|n| format!("allow:*a{n:x}\n")).collect();
    let many = robots(&format!("user-agent: *\n{rules}")).agent("x");
    let mut steps = 0;
    let verdict = many.first_match(&path, &mut steps);
    assert!(steps < 2 * MAX_STEPS, "{steps}");
    assert_eq!(verdict.map(|verdict| verdict.allowed), Some(false));
    assert!(many.judge("/short").allowed, "a path of usual length is judged by the rules");
}

#[test]
fn a_file_of_nothing_but_agents_and_delays_is_read_in_one_pass() {
    // The square of this would be 10^9.
    let agents = "user-agent: a\n".repeat(17_000);
    let delays: String = (0..17_000).map(|n| format!("crawl-delay:{}\n", n % 9)).collect();
    let robots = robots(&format!("{agents}{delays}"));
    assert_eq!(robots.crawl_delay("a"), Some(Duration::from_secs(8)));
}

#[test]
fn who_allows_an_index_page_allows_its_folder() {
    let robots = robots(
        "user-agent: *\nallow: /a/index.html\nallow: /index.htm\ndisallow: /\ndisallow: /b/index.html",
    );
    for (path, allowed) in [
        ("/a/", true),
        ("/a/index.html", true),
        ("/a/index.htm", false),
        ("/a/x", false),
        ("/", true),
        ("/?a", false),
        ("/b/", false),
    ] {
        assert_eq!(robots.allowed("x", path), allowed, "{path}");
    }
    assert!(
        RobotsTxt::parse(b"user-agent: *\ndisallow: /b/index.html").allowed("x", "/b/"),
        "not the other way"
    );
}

#[test]
fn wishes_about_use_hold_for_their_agents_and_paths() {
    let robots = robots(
        "User-agent: *\nContent-Usage: train-ai=n\nContent-Usage: /open/ train-ai=y\nContent-Usage: /open/*.pdf$ \
         train-ai=n, search=y\nAllow: /\n\nUser-agent: a\nContent-Signal: search=yes, ai-train=no\nUser-agent: b\nDisallow: /x\n",
    );
    let said = |agent: &str, path: &str| {
        let signals = robots.agent(agent).use_signals(path);
        let one = |signal: &crate::model::UseSignal| format!("{} {:?}", signal.purpose, signal.allowed);
        signals.iter().map(one).collect::<Vec<_>>().join(", ")
    };
    assert_eq!(said("x", "/"), "train-ai Some(false)");
    assert_eq!(said("x", "/open/a"), "train-ai Some(true)");
    assert_eq!(said("x", "/open/a.pdf"), "train-ai Some(false), search Some(true)");
    assert_eq!(said("a", "/open/a"), "search Some(true), ai-train Some(false)");
    assert_eq!(said("b", "/"), "", "it was said before this agent was named");
    assert!(!robots.allowed("a", "/x"), "it does not end the run of agents");
}

#[test]
fn signals_about_use_are_kept_as_data() {
    let robots = robots(
        "Content-Usage: train-ai=n\nUser-agent: *\nContent-Signal: search=yes, ai-train=no\nAllow: /\n\nUser-agent: a\n",
    );
    let signal = |name: &str, value: &str| Signal { name: name.into(), value: value.into() };
    let global = signal("content-usage", "train-ai=n");
    let group = signal("content-signal", "search=yes, ai-train=no");
    assert_eq!(robots.agent("x").signals(), [global.clone(), group]);
    assert_eq!(robots.agent("a").signals(), [global]);
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
