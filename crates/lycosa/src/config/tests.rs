//! Configurations, good and bad: each mistake at its line and column, with the name that was meant.

mod rules;
mod schema;

use std::time::Duration;

use proptest::prelude::*;
use serde_json::Value as Json;

use super::*;
use crate::error::ErrorKind;

/// A text with one mistake; its line, its column; part of the message; part of the hint, empty for none.
type Case = (&'static str, usize, usize, &'static str, &'static str);

const BAD: &[Case] = &[
    // Syntax.
    ("max_pages = ", 1, 13, "", ""),
    ("seeds = ['a'\ndepth = 1", 2, 1, "", ""),
    ("depth = 1\ndepth = 2", 2, 1, "duplicate", ""),
    ("[timeouts\ndns = '5s'", 1, 10, "", ""),
    // Names.
    ("max_page = 5", 1, 1, "no option `max_page`", "`max_pages`"),
    ("\n  max-pages = 5", 2, 3, "no option `max-pages`", "`max_pages`"),
    ("Depth = 5", 1, 1, "no option `Depth`", "`depth`"),
    ("concurency = 5", 1, 1, "no option `concurency`", "`concurrency`"),
    ("max_depth = 5", 1, 1, "no option `max_depth`", "`depth`"),
    ("download_delay = 5", 1, 1, "no option `download_delay`", "`delay`"),
    ("timeout = '5s'", 1, 1, "no option `timeout`", "`timeouts.total`"),
    ("first_byte = '5s'", 1, 1, "no option `first_byte`", "`timeouts.first_byte`"),
    ("banana = 5", 1, 1, "no option `banana`", "config schema"),
    ("[timeouts]\nconect = '5s'", 2, 1, "no option `timeouts.conect`", "`connect`"),
    ("[timeouts]\nbanana = '5s'", 2, 1, "no option `timeouts.banana`", "known here: dns"),
    ("timeouts.conect = '5s'", 1, 10, "no option `timeouts.conect`", "`connect`"),
    ("[item.product]\nfor_each = 'p'", 1, 2, "no option `item`", "`items`"),
    ("[items.p]\nforeach = 'p'\nfields.a = 'a'", 2, 1, "no option `items.p.foreach`", "`for_each`"),
    (
        "[items.p.fields]\na = { css = 'a', require = true }",
        2,
        18,
        "no option `items.p.fields.a.require`",
        "`required`",
    ),
    // Types and values.
    ("max_pages = 'many'", 1, 13, "`max_pages`: string \"many\", expected a whole number from 0", ""),
    ("depth = -1", 1, 9, "`depth`: integer `-1`, expected a whole number", ""),
    ("robots = 'no'", 1, 10, "`robots`: string \"no\", expected true or false", ""),
    ("seeds = 'http://a/'", 1, 9, "`seeds`: string \"http://a/\", expected a list", ""),
    ("seeds = ['a.test',\n  5]", 2, 3, "`seeds[2]`: integer `5`, expected text", ""),
    ("delay = '5 parsecs'", 1, 9, "`delay`: `5 parsecs` is no span of time", ""),
    ("timeouts = { dns = '5s', total = 'long' }", 1, 34, "`timeouts.total`: `long` is no span", ""),
    ("timeouts = 5", 1, 12, "`timeouts`: integer `5`, expected a table", ""),
    ("max_bytes = '10M'", 1, 13, "`10M` can mean two sizes: write 10MB or 10MiB", ""),
    ("scope = 'hosts'", 1, 9, "`scope`: there is no choice `hosts`", ""),
    ("headers = ['Accept-Language']", 1, 12, "`headers[1]`: the header \"Accept-Language\" has no colon", ""),
    ("[items.p]\nfor_each = 'p'", 1, 1, "`items.p`: the table `fields` is missing", ""),
    (
        "[items.p.fields]\na = { many = true }",
        2,
        1,
        "item `p`, field `a`: it does not say where its value is",
        "css, xpath",
    ),
    ("[items.p.fields]\na = 5", 2, 5, "expected a selector or a table that says where", ""),
    // What has the right type and makes no sense.
    ("seeds = ['a.test', 'ftp://b/']", 1, 20, "has the scheme `ftp`", "https://"),
    ("seeds = ['http://[bad']", 1, 10, "is not a URL", "host name"),
    (
        "include = ['ok', 'a(b']",
        1,
        20,
        "`include`: the regular expression `a(b` is wrong: unclosed group",
        "",
    ),
    (
        "exclude = ['é(?=b)']",
        1,
        14,
        "`exclude`: the regular expression `é(?=b)` cannot be used: look-ahead is not supported",
        "put a group around",
    ),
    ("include = [\"(a)\\\\1\"]", 1, 12, "backreferences are not supported", "one class each"),
    (
        "include = ['a', '(a{1000}){1000}']",
        1,
        17,
        "`include`: the regular expression `(a{1000}){1000}` cannot be used: it grows larger than 2097152 bytes",
        "repeat less",
    ),
    (
        "regex_size = '20KB'\ninclude = ['\\w']",
        2,
        12,
        "it grows larger than 20000 bytes",
        "narrow the classes",
    ),
    ("regex_size = 0", 1, 14, "`regex_size` must be 1 or more", ""),
    (
        "regex_size = '1KB'\nexclude = ['aaaaaaaa', 'bbbbbbbb', 'cccccccc', 'dddddddd']",
        2,
        11,
        "of all expressions together, it grows larger than 1000 bytes",
        "raise `regex_size`",
    ),
    ("[items.p.fields]\na = { css = 'b', regex = 'x++' }", 2, 29, "possessive repetition", "linear"),
    ("exclude = [\"\\\\d[\"]", 1, 12, "`exclude`: the regular expression `\\d[` is wrong", ""),
    ("allowed_domains = ['http://a.test']", 1, 20, "is not a host name", "without scheme"),
    ("allow_address = ['10.0.0.0/33']", 1, 18, "`10.0.0.0/33` is no address", "10.0.0.0/8"),
    ("concurrency = 0", 1, 15, "`concurrency` must be 1 or more", ""),
    ("[timeouts]\nidle = 0", 2, 8, "`timeouts.idle` must be longer", "leave it out"),
    ("proxy = 'ftp://me:secret@p/'", 1, 9, "`proxy` is not the address of a proxy", "socks5"),
    (
        "proxy = ['http://a:1', 'ftp://me:secret@p/']",
        1,
        24,
        "`proxy` is not the address of a proxy",
        "socks5",
    ),
    ("proxy = 5", 1, 9, "`proxy`: integer `5`, expected an address in quotes, or a list of them", ""),
    ("proxy_policy = 'sticki'", 1, 16, "`proxy_policy`: there is no choice `sticki`", "`sticky`"),
    ("no_proxy = ['a.test', 'http://a.test']", 1, 23, "`http://a.test` is no host", "10.0.0.0/8"),
    ("user = 'me'", 1, 8, "no password", "USER:PASSWORD"),
    ("user_agent = ''", 1, 14, "`user_agent`: the User-Agent is empty", ""),
    ("accept_types = ['text/html', 'pdf']", 1, 30, "`pdf` is no media type", "text/*"),
    ("output = 'pages.txt'", 1, 10, "does not tell a format", ".jsonl"),
    ("output = 'a.jsonl'\npages = 'b.jsonl'", 2, 9, "there are no item rules", "`output` holds the pages"),
    ("all_outcomes = true\noutput = 'a.csv'", 2, 10, "cannot hold the outcomes", ".jsonl"),
    ("overwrite = true\nappend = true", 2, 10, "exclude each other", "choose one"),
    (
        "[[profiles]]\nname = 'a'\nuser_agnet = 'b'",
        3,
        1,
        "no option `profiles[1].user_agnet`",
        "`user_agent`",
    ),
    ("[[profiles]]\nuser_agent = 'b'", 1, 1, "missing", ""),
    ("[[profiles]]\nname = 'a'\n[[profiles]]\nname = 'a'", 4, 8, "the name `a` is empty or taken", "its own"),
    ("[[profiles]]\nname = 'a'\nuser_agent = ''", 3, 14, "the User-Agent is empty", "says who it is"),
    ("[[profiles]]\nname = 'a'\nheaders = ['Cookie: secret']", 3, 12, "cannot hold cookie", "seeds' origins"),
    (
        "[[profiles]]\nname = 'a'\nheaders = ['Accept']\n[[hosts]]\nhost = '*'\nprofile = 'a'",
        3,
        11,
        "has no colon",
        "",
    ),
    ("[[hosts]]\nhost = 'http://a.test'", 2, 8, "`http://a.test` is no host", "*.example.com"),
    (
        "[[hosts]]\nhost = '*'\nprofile = 'phon'\n[[profiles]]\nname = 'phone'",
        3,
        11,
        "no profile `phon`",
        "`phone`",
    ),
    ("[[hosts]]\nhost = '*'\nprofile = 'x'", 3, 11, "no profile `x`", "[[profiles]]"),
    ("[sessions]\nmax_uses = 5", 2, 12, "says nothing without `sessions.count`", "count = 4"),
    ("[sessions]\ncount = 0", 2, 9, "`sessions.count` must be 1 or more", ""),
    ("[sessions]\ncount = 99999", 2, 9, "`sessions.count` must be 10000 or less", ""),
    ("[sessions]\ncount = 4\nmax_uses = 0", 3, 12, "`sessions.max_uses` must be 1 or more", ""),
    ("[sessions]\ncount = 4\nmax_failures = 0", 3, 16, "`sessions.max_failures` must be 1", ""),
    ("[sessions]\ncount = 4\nrotate = 'stick'", 3, 10, "no choice `stick`", "`sticky`"),
    (
        "[sessions]\ncount = 4\nproxies = ['a:1', 'ftp://secret@x']",
        3,
        19,
        "not the address of a proxy",
        "socks5h",
    ),
    ("[sessions]\ncount = 4\nprofiles = ['x']", 3, 13, "there is no profile `x`", "[[profiles]]"),
    ("keep_cookies = false\n[sessions]\ncount = 4", 3, 9, "sessions keep cookies", "choose one"),
    ("dns_servers = ['127.0.0.1', 'dns.test']", 1, 29, "dns.test", ""),
    ("cacert = 'no-such-file.pem'", 1, 10, "`no-such-file.pem` cannot be read", "PEM"),
    ("cacert = ''", 1, 10, "`cacert` is empty", "leave it out"),
    (
        "seed_files = ['-', 'no-such-seeds.txt']",
        1,
        20,
        "`no-such-seeds.txt` cannot be read",
        "standard input",
    ),
    ("offline = true", 1, 11, "`offline` without `cache`", "name the folder"),
    ("cache = ''", 1, 9, "`cache` is empty", "leave it out"),
    ("state = ' '", 1, 9, "`state` is empty", "leave it out"),
    ("nofollow = true", 1, 1, "no option `nofollow`", "respect_nofollow = true"),
    ("headers = ['User-Agent;']", 1, 12, "the User-Agent is empty", ""),
    ("headers = ['Host: a.test']", 1, 12, "set by the client itself", ""),
    ("[items.p]\nfor_each = 'p::text'\nfields.a = 'a'", 2, 12, "`for_each` selects elements", "leave out"),
    ("[items.p]\nfields.a = ''", 2, 13, "item `p`, field `a`: the selector", ""),
    ("[items.p.fields]\na = { css = '' }", 2, 14, "item `p`, field `a`: the selector", ""),
    ("[items.p.fields]\na = { css = 'b', regex = '(' }", 2, 27, "the regular expression `(` is wrong", ""),
    ("[items.p.fields]\nid = 'b'", 2, 6, "the name `id` is taken", "id_value"),
    (
        "output = 'a.csv'\n[items.p]\nfields.a = 'a'\n[items.q]\nfields.a = 'a'",
        1,
        10,
        "several types",
        ".jsonl",
    ),
];

#[test]
fn every_bad_configuration_is_told_at_its_place_with_what_was_meant() {
    let mut wrong = Vec::new();
    for (text, line, column, message, hint) in BAD.iter().chain(rules::BAD) {
        let problems = check("lycosa.toml", text);
        let found: Vec<_> = problems.iter().map(|p| (p.line, p.column)).collect();
        let hints = problems.iter().map(|p| p.hint.clone().unwrap_or_default()).collect::<String>();
        let messages = problems.iter().map(|p| p.message.as_str()).collect::<Vec<_>>().join(" | ");
        if found != [(*line, *column)] || !messages.contains(message) || !hints.contains(hint) {
            wrong.push(format!("{text:?}\n  {found:?} {messages} ({hints})"));
        }
        assert!(problems.iter().all(|p| !p.message.contains(['\n', '\r'])), "{text:?} {messages}");
        assert!(!messages.contains("secret"), "{messages}");
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_bad_header_line_hides_no_other_mistake_of_its_profile() {
    let text = "[[profiles]]\nname = ''\nheaders = ['Accept']\nuser_agent = ''\n[[profiles]]\nname = 'b'\n\
                headers = ['A: 1', 'Cookie: x', 'Authorization: y']\n[[hosts]]\nhost = 'http://x'\nheaders = ['Bad']";
    let lines: Vec<_> =
        check("lycosa.toml", text).iter().map(|problem| (problem.line, problem.column)).collect();
    assert_eq!(lines, [(2, 8), (3, 11), (4, 14), (7, 20), (7, 33), (9, 8), (10, 11)]);
}

#[test]
fn several_mistakes_are_told_together() {
    let text = "dept = 3\nmax_pages = 'x'\nseeds = ['ftp://a/', 5]\n[timeouts]\ndns = 'y'\ntls = 'z'\n\
                [items.p.fields]\na = { css = '>>' }\nb = { css = 'b', regex = '(' }";
    let problems = check("lycosa.toml", text);
    let lines: Vec<_> = problems.iter().map(|problem| problem.line).collect();
    assert_eq!(lines, [1, 2, 3, 5, 6, 8, 9]);
    assert_eq!(problems[0].to_string(), "lycosa.toml:1:1: there is no option `dept`");
}

#[test]
fn mistakes_are_told_in_the_order_of_their_lines() {
    let text = "user = 'me'\nmax_pages = 'x'\nconcurrency = 0\nbanana = 1\n[timeouts]\nidle = 0\ntls = 'y'\n";
    let lines: Vec<_> = check("lycosa.toml", text).iter().map(|problem| problem.line).collect();
    assert_eq!(lines, [1, 2, 3, 4, 6, 7]);
}

#[test]
fn a_selector_is_wrong_where_its_parser_says() {
    let selector = "div >> b";
    let column = lycosa_dom::Selector::parse(selector).unwrap_err().column;
    assert!(column > 1);
    let problems = check("x.toml", &format!("[items.p.fields]\nfirst = 'a'\na = {{ css = '{selector}' }}"));
    assert_eq!((problems.len(), problems[0].line, problems[0].column), (1, 3, 13 + column));
}

#[test]
fn every_wrong_element_of_a_list_is_told() {
    let problems = check("x.toml", "headers = ['A: b', 'C', 5, 'D: e', 'F']");
    let places: Vec<_> = problems.iter().map(|problem| problem.column).collect();
    assert_eq!(places, [20, 25, 36], "{problems:?}");
    assert!(problems[0].message.starts_with("`headers[2]`: the header \"C\" has no colon"), "{problems:?}");
}

#[test]
fn columns_count_characters() {
    let problems = check("x.toml", "seeds = [\"é\", \"ü\", 5]");
    assert_eq!((problems[0].line, problems[0].column), (1, 20));
}

#[test]
fn the_example_is_good_and_reads_back_as_it_was_written() {
    assert_eq!(check("example.toml", EXAMPLE), []);
    let mut layers = Layers::new();
    layers.text("example.toml", EXAMPLE);
    let options = layers.build().unwrap();
    assert_eq!(options.max_body, ByteSize(10_000_000));
    assert_eq!(options.timeouts.total, Span::seconds(60));
    assert_eq!(options.timeouts.dns, Timeouts::default().dns);
    let fields: Vec<_> = options.items.iter().next().unwrap().1.fields.iter().map(|(name, _)| name).collect();
    assert_eq!(fields, ["name", "price", "was", "link", "tags", "stock", "seen", "offers"]);
    let written = toml::Value::try_from(&options).unwrap();
    let again: CrawlOptions = written.try_into().unwrap();
    assert_eq!(again, options);
}

#[test]
fn nothing_at_all_is_the_defaults() {
    assert_eq!(Layers::new().build().unwrap(), CrawlOptions::default());
    assert_eq!(load(None, &[]).unwrap(), CrawlOptions::default());
    let written = toml::Value::try_from(CrawlOptions::default()).unwrap();
    assert_eq!(written.try_into::<CrawlOptions>().unwrap(), CrawlOptions::default());
}

#[test]
fn flags_win_over_sets_and_sets_over_the_file() {
    let mut layers = Layers::new();
    layers.text(
        "f.toml",
        "depth = 1\nmax_pages = 1\nretries = 1\ninclude = ['a']\n[timeouts]\ndns = 1\ntls = 1",
    );
    layers.set("max-pages = 2").unwrap();
    layers.set("timeouts.dns=2s").unwrap();
    layers.set("include=b").unwrap();
    layers.set("user_agent=42").unwrap();
    layers.set("headers=['A: b', 'C: d']").unwrap();
    layers.flag("--retries", "retries", ["3"]);
    layers.flag("--timeout", "timeouts.total", ["3"]);
    layers.flag("--no-robots", "robots", ["false"]);
    layers.flag("--exclude", "exclude", ["x"]);
    layers.flag("-H", "headers", ["E: \"f\"", "G: h"]);
    let options = layers.build().unwrap();
    assert_eq!((options.depth, options.max_pages, options.retries), (Some(1), Some(2), 3));
    let seconds = |span: Span| span.0;
    assert_eq!(seconds(options.timeouts.dns), Duration::from_secs(2));
    assert_eq!(seconds(options.timeouts.tls), Duration::from_secs(1));
    assert_eq!(seconds(options.timeouts.total), Duration::from_secs(3));
    assert_eq!((options.include, options.exclude), (vec!["b".to_owned()], vec!["x".to_owned()]));
    assert_eq!(options.user_agent, "42");
    assert!(!options.robots);
    assert_eq!(options.headers.len(), 2);
    assert_eq!(options.headers[0].value, "\"f\"");
}

fn problems(error: ConfigError) -> Vec<String> {
    error.problems.iter().map(ToString::to_string).collect()
}

#[test]
fn mistakes_outside_files_name_the_flag_or_key() {
    let mut layers = Layers::new();
    layers.set("max_page=5").unwrap();
    layers.flag("--max-pages", "max_pages", ["ten"]);
    layers.flag("--include", "include", ["ok", "("]);
    let told = problems(layers.build().unwrap_err());
    assert_eq!(told[0], "--set max_page: there is no option `max_page`");
    assert_eq!(told[1], "--max-pages: `max_pages`: string \"ten\", expected a whole number from 0");
    assert!(told[2].starts_with("--include: `include`: the regular expression `(` is wrong"), "{told:?}");
    for pair in ["max_pages", "=5", "a b=5", "timeouts.=5", "a]=\n[b"] {
        let told = problems(Layers::new().set(pair).unwrap_err());
        assert!(told[0].ends_with("this is not KEY=VALUE"), "{told:?}");
    }
}

#[test]
fn a_value_cannot_bring_keys_of_its_own() {
    let mut layers = Layers::new();
    layers.set("user_agent=\"a\"\nmax_pages = 5").unwrap();
    let error = layers.build();
    assert!(error.is_err(), "a line break cannot stand in a header");
}

#[test]
fn the_value_that_counts_is_the_one_blamed() {
    let mut layers = Layers::new();
    layers.text("f.toml", "output = 'a.jsonl'");
    layers.flag("-o", "output", ["a.txt"]);
    let told = problems(layers.build().unwrap_err());
    assert_eq!(told, ["-o: `output`: the name `a.txt` does not tell a format"]);
}

#[test]
fn secrets_are_not_printed() {
    let mut layers = Layers::new();
    layers.set("user=me:hunter2").unwrap();
    layers.set("cookie=session=hunter2").unwrap();
    layers.set("headers=Authorization: hunter2").unwrap();
    let options = layers.build().unwrap();
    assert!(!format!("{options:?}").contains("hunter2"));
    assert_eq!(options.user.unwrap().0, "me:hunter2");
}

#[test]
fn one_proxy_is_text_and_several_are_a_list() {
    for (written, proxies) in [
        (&["proxy=http://me:hunter2@a"][..], &["http://me:hunter2@a"][..]),
        (&["proxy=['a:1', 'socks5h://b']", "proxy_policy=sticky"], &["a:1", "socks5h://b"]),
        (&["proxy=a:1", "proxy=[]"], &[]),
    ] {
        let mut layers = Layers::new();
        written.iter().for_each(|pair| layers.set(pair).unwrap());
        let options = layers.build().unwrap();
        assert!(!format!("{options:?}").contains("hunter2"));
        assert_eq!(options.proxy.iter().map(|proxy| proxy.0.as_str()).collect::<Vec<_>>(), proxies);
        let crawl = options.into_crawl(Occasion::default()).unwrap();
        let pool = crawl.proxies.map(|pool| pool.proxies().len());
        assert_eq!((pool.unwrap_or_default(), crawl.proxy_from_env), (proxies.len(), true));
    }
    let mut layers = Layers::new();
    layers.flag("--proxy", "proxy", ["a:1", "b:2"]);
    assert_eq!(layers.build().unwrap().proxy.len(), 2);
}

#[test]
fn a_file_that_cannot_be_read_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("lycosa.toml");
    let error = load(Some(&path), &[]).unwrap_err();
    assert!(error.to_string().contains("lycosa.toml:1:1: the configuration file cannot be read"), "{error}");
    std::fs::write(&path, b"seeds = ['\xff']").unwrap();
    let error = crate::Error::from(load(Some(&path), &[]).unwrap_err());
    assert_eq!(error.kind(), ErrorKind::Config);
    assert!(error.message().ends_with("is not UTF-8 from byte 10 on"), "{error}");
    std::fs::write(&path, "depth = 3").unwrap();
    let options = load(Some(&path), &[("depth".to_owned(), "4".to_owned())]).unwrap();
    assert_eq!(options.depth, Some(4));
}

#[test]
fn options_of_a_program_are_checked_as_well() {
    assert_eq!(CrawlOptions::default().validate(), Ok(()));
    let options = CrawlOptions { include: vec!["(".to_owned()], per_host: 0, ..CrawlOptions::default() };
    let told = problems(options.validate().unwrap_err());
    assert_eq!(told.len(), 2);
    assert_eq!(told[1], "options: `per_host` must be 1 or more");
}

#[test]
fn a_message_is_one_line_whatever_it_quotes() {
    let text = "[items.x]\nfor_each = \"\"\"a::\\\nb\"\"\"\n[items.x.fields]\nb = { css = \"p::\\nown\" }\n";
    let problems = check("x.toml", text);
    assert!(problems.iter().any(|problem| problem.message.contains("p::\\nown")), "{problems:?}");
    assert!(problems.iter().all(|problem| !problem.message.contains('\n')), "{problems:?}");
}

proptest! {
    #[test]
    fn any_text_is_judged_at_a_place_inside_it(text: String) {
        judge(&text)?;
    }

    #[test]
    fn a_damaged_example_is_judged_at_a_place_inside_it(at in 0..EXAMPLE.len(), cut in 0..40_usize, with in "[\\PC\\n]{0,3}") {
        let (at, end) = (EXAMPLE.floor_char_boundary(at), EXAMPLE.floor_char_boundary((at + cut).min(EXAMPLE.len())));
        judge(&format!("{}{with}{}", &EXAMPLE[..at], &EXAMPLE[end.max(at)..]))?;
    }

    #[test]
    fn any_pair_is_judged(key in "[a-z_.]{0,12}", value: String) {
        let mut layers = Layers::new();
        if layers.set(&format!("{key}={value}")).is_ok() {
            let _ = layers.build();
        }
    }
}

fn judge(text: &str) -> Result<(), TestCaseError> {
    let lines: Vec<&str> = text.split('\n').collect();
    for problem in check("x.toml", text) {
        let line = problem.line.checked_sub(1).and_then(|line| lines.get(line));
        prop_assert!(line.is_some_and(|line| problem.column <= line.chars().count() + 1), "{problem:?}");
        prop_assert!(!problem.message.contains('\n'), "{problem:?}");
    }
    Ok(())
}
