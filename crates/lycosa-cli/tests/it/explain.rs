//! `lycosa explain`: the story of a URL is what happened to it, whatever happened.

use lycosa_testkit::{Response, Server};
use serde_json::Value;

use crate::command::{Bench, Said, page};

/// A site with something for every story.
fn eventful() -> Server {
    Server::start(|request| match request.target.as_str() {
        "/robots.txt" => Response::text("User-agent: *\n# no entry\nDisallow: /secret\nCrawl-delay: 0\n"),
        "/" => {
            page("start", &["/a", "/secret/x", "/old", "http://elsewhere.test/far", "/private/1", "/broken"])
        }
        "/a" => page("a", &["/b", "/", "http://elsewhere.test/far"]),
        "/b" => page("b", &["/a"]),
        // To where nothing else leads: whoever leads somewhere first is told as its parent.
        "/old" => Response::redirect(301, "/moved"),
        "/moved" => page("moved", &[]),
        "/broken" => Response::new(200).reset_before_answer(),
        _ => Response::not_found(),
    })
}

fn crawled(flags: &[&str]) -> (Server, Bench) {
    let (server, bench) = (eventful(), Bench::new());
    // One after the other, so that it is sure which link came first.
    let usual = ["--exclude", "/private/", "--retries", "1", "--set", "retry.first=1ms", "-c", "1"];
    bench.crawl(&server.url("/"), &[&usual[..], flags].concat()).ends_with(0);
    (server, bench)
}

fn explain(bench: &Bench, url: &str) -> Said {
    bench.run(&["explain", url, "--state", "state"])
}

#[track_caller]
fn tells(said: &Said, parts: &[&str]) {
    for part in parts {
        assert!(said.out.contains(part), "`{part}` is not in:\n{}", said.out);
    }
}

#[test]
fn a_page_is_followed_back_to_its_seed_with_what_it_gave() {
    let (server, bench) = crawled(&[]);
    let said = explain(&bench, &server.url("/b#top")).ends_with(0);
    let (a, seed) = (server.url("/a"), server.url("/"));
    tells(
        &said,
        &["fetched: status 200", &format!("found on   {a} (depth 1)"), &format!("{seed} (depth 0)")],
    );
    tells(&said, &["gave 1 records (0 items), 1 links: 0 new, 0 refused", "first byte", "127.0.0.1:"]);
    tells(&said, &["belongs: scope = host admits 127.0.0.1", "no rule matches"]);
    tells(&explain(&bench, &seed).ends_with(0), &["it is a seed", "6 links: 4 new, 2 refused"]);
    let json: Value =
        serde_json::from_str(&bench.run(&["explain", &a, "--state", "state", "--json"]).ends_with(0).out)
            .expect("JSON");
    assert_eq!((&json["known"], &json["from_seed"]), (&true.into(), &true.into()));
    assert_eq!(json["found_on"][0]["url"], seed);
    let ended = &json["history"][0]["fact"];
    assert_eq!(
        (&ended["what"], &ended["is_page"], &ended["links"]),
        (&"ended".into(), &true.into(), &3.into())
    );
    assert_eq!(ended["attempts"][0]["status"], 200);
    assert!(ended["attempts"][0]["first_byte_ms"].as_f64() > Some(0.0), "{ended}");
}

#[test]
fn what_was_not_fetched_is_told_with_the_rule_that_decided() {
    let (server, bench) = crawled(&[]);
    let robots = explain(&bench, &server.url("/secret/x")).ends_with(0);
    tells(&robots, &["excluded: robots", "disallowed for Lycosa by line 3: Disallow: /secret"]);
    let far = explain(&bench, "http://elsewhere.test/far").ends_with(1);
    tells(&far, &[&format!("refused: host, first seen from {}", server.url("/")), "not among its hosts"]);
    let private = explain(&bench, &server.url("/private/1")).ends_with(1);
    tells(&private, &["refused: excluded, first seen from", "exclude pattern `/private/`"]);
    let never = explain(&bench, "http://elsewhere.test/never").ends_with(1);
    tells(&never, &["never accepted; the rules refuse it now: host"]);
    tells(&explain(&bench, &server.url("/never")).ends_with(1), &["never met"]);
    let stats = bench.run(&["frontier", "stats", "--state", "state"]).ends_with(0);
    tells(&stats, &["refused    host 2, excluded 1"]);
}

#[test]
fn failures_and_redirects_are_told_attempt_by_attempt() {
    let (server, bench) = crawled(&[]);
    let broken = explain(&bench, &server.url("/broken")).ends_with(0);
    tells(&broken, &["failed: ", "; again not before "]);
    assert_eq!(broken.out.matches("disconnected/first_byte").count(), 2, "two attempts:\n{}", broken.out);
    let old = explain(&bench, &server.url("/old")).ends_with(0);
    tells(&old, &[&format!("redirected (301) to {}", server.url("/moved"))]);
}

#[test]
fn a_url_that_waits_is_told_with_when_it_can_be_served() {
    let (server, bench) = (eventful(), Bench::new());
    bench.crawl(&server.url("/"), &["--max-pages", "1", "-c", "1"]).ends_with(3);
    tells(&explain(&bench, &server.url("/a")).ends_with(0), &["pending: class 1, depth 1; can be served"]);
    bench.crawl(&server.url("/"), &["--resume", "-d", "0", "-c", "1"]).ends_with(0);
    tells(&explain(&bench, &server.url("/a")).ends_with(0), &["parked: class 1, depth 1"]);
}

#[test]
fn a_crawl_without_history_says_that_it_has_none() {
    let (server, bench) = crawled(&["--no-history"]);
    let said = explain(&bench, &server.url("/a")).ends_with(0);
    tells(&said, &["done, in a run whose history was not kept"]);
    explain(&bench, "mailto:a@b.test").ends_with(2);
    explain(&bench, "http://").ends_with(2);
}
