//! URLs by the status that they ended with: listed, and fetched again as a group.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use lycosa_testkit::{Request, Response, Server};

use super::{frontier, lines};
use crate::command::{Bench, page};

/// A site whose pages answer with their names, until it is mended.
fn broken(mended: &Arc<AtomicBool>) -> Server {
    let mended = mended.clone();
    Server::start(move |request: &Request| match request.path() {
        "/" => page("start", &["/500", "/502", "/404", "/a"]),
        "/a" => page("a", &[]),
        "/500" | "/502" | "/404" if mended.load(Ordering::SeqCst) => page("mended", &[]),
        path => Response::new(path.trim_start_matches('/').parse().unwrap_or(404)),
    })
}

#[test]
fn pages_go_back_by_the_status_they_answered_with() {
    let (mended, bench) = (Arc::new(AtomicBool::new(false)), Bench::new());
    let server = broken(&mended);
    bench.crawl(&server.url("/"), &["--retries", "0"]).ends_with(0);
    let paths = |words: &[&str]| {
        let said = frontier(&bench, &[&["dead", "--json"], words].concat()).ends_with(0);
        let mut paths: Vec<String> = lines(&said)
            .iter()
            .filter_map(|line| Some(line["url"].as_str()?.rsplit('/').next()?.to_owned()))
            .collect();
        paths.sort();
        paths
    };
    assert!(paths(&[]).is_empty(), "an answer is no failure");
    assert_eq!(paths(&["--status", "5xx"]), ["500", "502"]);
    assert_eq!(paths(&["--status", "404,502"]), ["404", "502"]);
    let shown = frontier(&bench, &["dead", "--status", "500"]).ends_with(0);
    assert!(shown.out.contains("/500  (fetched, status 500)"), "{}", shown.out);
    frontier(&bench, &["requeue", "--status", "many"]).ends_with(2).complains("`many` is no status", "");
    for words in [["requeue", "--status", "9xx"], ["dead", "--status", "6xx"]] {
        frontier(&bench, &words).ends_with(2).complains("is no status: write 404, or 1xx to 5xx", "");
    }
    frontier(&bench, &["requeue", "--status", "503"]).ends_with(1).mentions("0 URLs");
    frontier(&bench, &["requeue", "--status", "5xx", "--host", "other.test"]).ends_with(1);
    frontier(&bench, &["requeue", "--status", "5xx", "--kind", "timeout"]).ends_with(1);
    frontier(&bench, &["requeue", "--status", "500", "--status", "502"])
        .ends_with(0)
        .mentions("2 URLs will")
        .keeps_quiet_about("--no-history");
    mended.store(true, Ordering::SeqCst);
    bench.crawl(&server.url("/"), &["--resume"]).ends_with(0);
    assert!(paths(&["--status", "5xx"]).is_empty());
    assert_eq!((server.hits_on("/500"), server.hits_on("/404"), server.hits_on("/a")), (2, 1, 1));
}

#[test]
fn without_a_history_it_is_said_that_statuses_are_not_known() {
    let (mended, bench) = (Arc::default(), Bench::new());
    let server = broken(&mended);
    bench.crawl(&server.url("/"), &["--retries", "0", "--no-history"]).ends_with(0);
    let said = "what 5 URLs ended with is not known: they were crawled without a history (--no-history)";
    frontier(&bench, &["requeue", "--status", "5xx"]).ends_with(1).mentions(said).mentions("0 URLs");
    frontier(&bench, &["dead", "--status", "5xx"]).ends_with(0).mentions(said);
}

#[test]
fn blocked_urls_go_back_by_the_way_they_were_blocked() {
    let bench = Bench::new();
    let server = Server::start(|request: &Request| match request.path() {
        "/" => page("start", &["/403", "/401", "/a"]),
        "/a" => page("a", &[]),
        path => Response::new(path.trim_start_matches('/').parse().unwrap_or(404)),
    });
    let summary = bench.crawl(&server.url("/"), &["--retries", "0"]).ends_with(0);
    assert!(summary.row("blocked").contains("forbidden: 1"), "{}", summary.err);
    let paths = |kind: &str| {
        let said = frontier(&bench, &["dead", "--json", "--kind", kind]).ends_with(0);
        let ends = |line: &serde_json::Value| Some(line["url"].as_str()?.rsplit('/').next()?.to_owned());
        lines(&said).iter().filter_map(ends).collect::<Vec<String>>()
    };
    assert_eq!((paths("forbidden"), paths("login")), (vec!["403".to_owned()], vec!["401".to_owned()]));
    assert_eq!((paths("blocked").len(), paths("captcha").len()), (2, 0));
    frontier(&bench, &["requeue", "--kind", "rate_limited"]).ends_with(1).mentions("0 URLs");
    frontier(&bench, &["requeue", "--kind", "sadness"]).ends_with(2).complains("no kind", "rate_limited");
    frontier(&bench, &["requeue", "--kind", "forbidden", "--status", "401"]).ends_with(1);
    frontier(&bench, &["requeue", "--kind", "forbidden"]).ends_with(0).mentions("1 URL will");
    bench.crawl(&server.url("/"), &["--resume", "--retries", "0"]).ends_with(0);
    assert_eq!((server.hits_on("/403"), server.hits_on("/401")), (2, 1));
}
