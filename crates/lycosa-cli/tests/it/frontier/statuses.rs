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
