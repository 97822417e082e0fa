//! How much: every budget is exact, and the crawl says which one ended it.

use std::time::Duration;

use lycosa_testkit::synthetic::SyntheticSite;
use lycosa_testkit::{Response, Server};

use crate::command::{Bench, page, quick, site};

const WIDE: [&str; 4] = ["-c", "64", "--per-host", "64"];

fn chain() -> Server {
    site(&[("/", &["/1"]), ("/1", &["/2"]), ("/2", &["/3"]), ("/3", &[])])
}

#[test]
fn depth_counts_links_from_the_seed() {
    let server = chain();
    for (depth, pages) in [("0", 1), ("1", 2), ("2", 3)] {
        let bench = Bench::new();
        bench.crawl(&server.url("/"), &["-d", depth]).ends_with(0);
        assert_eq!(bench.records("pages.jsonl").len(), pages, "depth {depth}");
    }
    assert_eq!(server.hits_on("/3"), 0);
}

#[test]
fn max_pages_is_exact_with_64_workers_and_over_resumed_runs() {
    let server = quick(5).serve();
    let bench = Bench::new();
    let run = |pages: &str, more: &[&str]| {
        bench.crawl(&server.url("/"), &[&["--max-pages", pages][..], &WIDE, more].concat())
    };
    let said = run("37", &[]).ends_with(3).mentions("stopped by --max-pages");
    assert_eq!(bench.records("pages.jsonl").len(), 37);
    said.mentions("--resume");
    run("37", &["--resume"]).ends_with(3);
    assert_eq!(bench.records("pages.jsonl").len(), 37, "the budget is that of all runs");
    run("50", &["--resume"]).ends_with(3);
    assert_eq!(bench.records("pages.jsonl").len(), 50);
}

#[test]
fn max_pages_per_host_is_exact_with_64_workers_and_over_resumed_runs() {
    let server = Server::start_on((std::net::Ipv4Addr::UNSPECIFIED, 0).into(), |request| {
        let links: Vec<String> = (1..31).map(|number| format!("/{number}")).collect();
        match request.target.as_str() {
            "/robots.txt" => Response::not_found(),
            _ => page("one of many", &links.iter().map(String::as_str).collect::<Vec<_>>()),
        }
    });
    let server = server.expect("a server on every address");
    let bench = Bench::new();
    let [one, two] =
        ["127.0.0.1", "127.0.0.2"].map(|host| format!("http://{host}:{}/", server.addr().port()));
    let run = |flags: &[&str]| bench.crawl(&one, &[&[two.as_str()][..], &WIDE, flags].concat());
    let taken = || {
        let records = bench.records("pages.jsonl");
        let of = |start: &str| {
            records
                .iter()
                .filter(|record| record["url"].as_str().is_some_and(|url| url.starts_with(start)))
                .count()
        };
        (of(&one), of(&two), records.len())
    };
    let said = run(&["--max-pages-per-host", "5"]).ends_with(3).mentions("stopped by --max-pages-per-host");
    said.mentions("raise or leave out --max-pages-per-host and go on with");
    assert_eq!(taken(), (5, 5, 10));
    let asked = |words: &[&str]| bench.run(&[words, &["--state", "state"]].concat()).ends_with(0).out;
    assert_eq!(asked(&["frontier", "hosts"]).matches("its page budget is used up").count(), 2);
    let stats = asked(&["frontier", "stats"]);
    assert!(stats.contains("hosts with their page budget used up: 2; 52 URLs wait there\n"), "{stats}");
    let waiting = asked(&["frontier", "pending", "--json", "--limit", "1"]);
    let waiting: serde_json::Value = serde_json::from_str(waiting.trim()).expect("a URL that waits");
    let story = asked(&["explain", waiting["url"].as_str().expect("a URL")]);
    assert!(
        story.contains("the page budget of 127.0.0.") && story.contains("is used up (5 written)"),
        "{story}"
    );
    run(&["--max-pages-per-host", "9", "--resume"]).ends_with(3);
    assert_eq!(taken(), (9, 9, 18), "the budget is that of all runs");
    run(&["--max-pages-per-host", "9", "--max-pages", "20", "--resume"]).ends_with(3);
    assert_eq!(taken().2, 18);
    run(&["--resume"]).ends_with(0);
    assert_eq!(taken(), (31, 31, 62));
}

#[test]
fn a_robots_txt_that_waits_at_a_host_whose_budget_is_used_up_is_no_url_there() {
    let [one, two] = [(); 2].map(|()| site(&[("/", &["/1"]), ("/1", &[])]));
    let bench = Bench::new();
    // Two origins of one host: the second is met when the budget is used up.
    let seeds = [one.url("/"), two.url("/")];
    let flags = [&seeds[1], "--max-pages-per-host", "1", "-c", "1", "--scope", "any"];
    bench.crawl(&seeds[0], &flags).ends_with(3);
    let asked = |words: &[&str]| bench.run(&[words, &["--state", "state"]].concat()).ends_with(0).out;
    let stats = asked(&["frontier", "stats"]);
    let pending = asked(&["frontier", "pending"]).lines().count();
    assert_eq!(pending, 2, "the other page and the other seed: {}", asked(&["frontier", "pending"]));
    assert!(stats.contains("hosts with their page budget used up: 1; 2 URLs wait there\n"), "{stats}");
    let hosts = asked(&["frontier", "hosts", "--json"]);
    assert!(hosts.contains("\"pending\":2,"), "{hosts}");
}

#[test]
fn max_requests_is_exact_whatever_the_requests_are_for() {
    let site = SyntheticSite { missing_percent: 30, redirect_percent: 20, ..quick(6) };
    let server = site.serve();
    let bench = Bench::new();
    let flags = [&["--max-requests", "41"][..], &WIDE].concat();
    bench.crawl(&server.url("/"), &flags).ends_with(3).mentions("stopped by --max-requests");
    assert_eq!(server.hits(), 41, "robots.txt, hops and missing pages count");
}

#[test]
fn max_time_lets_no_request_start_after_it() {
    let server = Server::start(|request| {
        let number: u32 = request.target.trim_start_matches('/').parse().unwrap_or(0);
        page("endless", &[&format!("/{}", number + 1)]).delay_first_byte(Duration::from_millis(20))
    });
    let bench = Bench::new();
    let said = bench.crawl(&server.url("/0"), &["--max-time", "700ms", "--no-robots"]).ends_with(3);
    said.mentions("stopped by --max-time");
    let log = server.log();
    let last = log.last().expect("a request").at - log[0].at;
    assert!(log.len() > 1 && last <= 700_000, "a request started {last} µs after the first");
    assert_eq!(bench.records("pages.jsonl").len(), log.len(), "what was asked for was written");
}

#[test]
fn max_bytes_is_never_exceeded_and_mostly_used() {
    const PAGE: u64 = 100_000;
    let server = Server::start(|request| {
        let folder = request.path().trim_end_matches('/');
        let links: String = (0..40).map(|n| format!("<a href='{folder}/{n}'>x</a>")).collect();
        let body = lycosa_testkit::Body::sized(format!("<!doctype html>{links}"), b"text ", PAGE);
        Response::html("").described(body)
    });
    let bench = Bench::new();
    let flags = [&["--max-bytes", "900kB", "--no-robots"][..], &WIDE].concat();
    let said = bench.crawl(&server.url("/"), &flags).ends_with(3).mentions("stopped by --max-bytes");
    // What is given back for want of a budget is tried by another run, if any.
    let said = said.keeps_quiet_about("tried again");
    let pages = bench.records("pages.jsonl").len() as u64;
    assert!(pages >= 1 && pages * PAGE <= 900_000, "{pages} pages of {PAGE} bytes");
    // Bodies that were cut off by the budget count as well.
    let received = said.row("received").split_once(" kB").expect("kilobytes").0;
    let received: f64 = received.parse().expect("a number");
    assert!((700.0..=900.0).contains(&received), "received {received} kB");
}

#[test]
fn max_body_cuts_one_response_and_names_the_limit() {
    let server = Server::start(|request| match request.target.as_str() {
        "/" => page("start", &["/large", "/small"]),
        "/large" => Response::html("").size(30_001),
        "/small" => Response::html("").size(30_000),
        _ => Response::not_found(),
    });
    let bench = Bench::new();
    bench.crawl(&server.url("/"), &["--max-body", "30000", "--all-outcomes"]).ends_with(0);
    assert_eq!(bench.record("/small")["bytes"], 30_000);
    let large = bench.record("/large");
    assert_eq!(large["error"], "too_large");
    assert!(large["message"].as_str().is_some_and(|message| message.contains("30000")), "{large}");
}
