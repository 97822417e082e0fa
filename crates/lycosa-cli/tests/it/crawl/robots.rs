//! What a person sees of robots.txt: sitemaps that it forbids, a site that waits for one that fails, and what was left out
//! on that account and is taken up again.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use lycosa_testkit::{Request, Response, Server};

use crate::command::{Bench, PATIENCE, Said, Watchdog, page};

fn sitemap(request: &Request, paths: &[&str]) -> Response {
    let host = request.host();
    let entries: String =
        paths.iter().map(|path| format!("<url><loc>http://{host}{path}</loc></url>")).collect();
    Response::new(200).header("Content-Type", "text/xml").body(format!("<urlset>{entries}</urlset>"))
}

#[test]
fn a_sitemap_that_robots_txt_forbids_is_not_asked_for_and_told_with_the_rule() {
    let server = Server::start(|request| match request.path() {
        "/robots.txt" => Response::text("User-agent: *\nDisallow: /sitemap.xml\nDisallow: /maps/\n"),
        "/sitemap.xml" => sitemap(request, &["/guessed"]),
        "/maps/typed.xml" => sitemap(request, &["/typed"]),
        path => page(path, &[]),
    });
    let flags = ["--sitemap", "--sitemap-url", "/maps/typed.xml"];
    let bench = Bench::new();
    let said = bench.crawl(&server.url("/"), &flags).ends_with(0);
    assert_eq!((server.hits_on("/sitemap.xml"), server.hits_on("/maps/typed.xml")), (0, 0));
    assert_eq!(said.row("skipped"), "robots: 2");
    let said = said.mentions(
        "/maps/typed.xml gave no entries: the robots.txt of its site forbids it (line 3: `Disallow: /maps/`)",
    );
    said.mentions("/sitemap.xml gave no entries: the robots.txt of its site forbids it (line 2: ");
    let map = server.url("/maps/typed.xml");
    let story = bench.run(&["explain", &map, "--state", "state"]).ends_with(0).out;
    assert!(story.contains("excluded: robots") && story.contains("line 3: Disallow: /maps/"), "{story}");
    let bench = Bench::new();
    bench.crawl(&server.url("/"), &[&flags[..], &["--no-robots"]].concat()).ends_with(0);
    assert_eq!((server.hits_on("/typed"), server.hits_on("/guessed")), (1, 1), "nobody was asked");
}

/// A site whose robots.txt answers 503 until it heals.
fn healing() -> (Server, Arc<AtomicBool>) {
    let heals = Arc::new(AtomicBool::new(false));
    let healed = heals.clone();
    let server = Server::start(move |request| match request.path() {
        "/robots.txt" if healed.load(Ordering::SeqCst) => Response::text("User-agent: *\nDisallow: /private"),
        // Slowly enough to be among the slow hosts.
        "/robots.txt" => Response::new(503).delay_first_byte(Duration::from_millis(20)),
        "/" => page("start", &["/open", "/private"]),
        path => page(path, &[]),
    });
    (server, heals)
}

#[test]
fn a_short_failure_of_robots_txt_costs_no_page_and_is_seen_while_it_lasts() {
    let (server, heals) = healing();
    let bench = Bench::new();
    let mut child = bench.start_crawl(&server.url("/"), &["--retries", "0"]);
    let watchdog = Watchdog::over(&child);
    assert!(server.wait_for_hits(3, PATIENCE), "it is asked for again and again");
    let hosts = |flags: &[&str]| bench.run(&[&["ctl", "hosts", "--state", "state"], flags].concat());
    let seen = |said: &Said| said.code == Some(0) && said.out.contains("asked for again");
    let shown = (0..100).map(|_| hosts(&[])).find(seen).expect("it is shown until when it waits");
    assert!(shown.out.contains("waits for its robots.txt, which failed"), "{}", shown.out);
    assert_eq!(server.hits_on("/"), 0);
    heals.store(true, Ordering::SeqCst);
    assert!(child.wait().expect("it ends").success());
    drop(watchdog);
    assert_eq!((server.hits_on("/open"), server.hits_on("/private")), (1, 0));
    assert_eq!(bench.records("pages.jsonl").len(), 2);
}

#[test]
fn a_crawl_that_ends_while_it_waits_says_so_and_goes_on_where_it_was() {
    let (server, heals) = healing();
    let bench = Bench::new();
    let flags = ["--retries", "0", "--max-time", "9s"];
    let said = bench.crawl(&server.url("/"), &flags).ends_with(3);
    said.mentions("waiting: 1 URL cannot be asked for until ")
        .mentions(" (the robots.txt of 1 host answers with an error); `lycosa ctl hosts`")
        .mentions("answered 503: its URLs wait until it can be read, at most 30s (`--robots-patience`)");
    let hosts = bench.run(&["frontier", "hosts", "--state", "state"]).ends_with(0).out;
    assert!(hosts.contains("1 wait for robots.txt, which failed and is asked for again"), "{hosts}");
    let story = bench.run(&["explain", &server.url("/"), "--state", "state"]).ends_with(0).out;
    assert!(story.contains("waited for: its robots.txt failed and is asked for again"), "{story}");
    heals.store(true, Ordering::SeqCst);
    bench.crawl(&server.url("/"), &["--resume"]).ends_with(0);
    assert_eq!((server.hits_on("/open"), server.hits_on("/private")), (1, 0));
}

#[test]
fn what_was_left_out_for_want_of_a_robots_txt_goes_back_in_bulk_and_asks_for_it_again() {
    let (server, heals) = healing();
    let bench = Bench::new();
    let frontier = |words: &[&str]| bench.run(&[&["frontier"], words, &["--state", "state"]].concat());
    let (one, two) = (server.url("/open"), server.url("/private"));
    let flags = [&one, &two, "--retries", "0", "--robots-patience", "0s"];
    bench.crawl(&server.url("/"), &flags).ends_with(1);
    assert_eq!(server.hits(), 1);
    frontier(&["requeue", "--kind", "robots_unreachable", "--host", "other.test"])
        .ends_with(1)
        .mentions("0 URLs");
    frontier(&["requeue", "--host", "127.0.0.1"]).ends_with(1).mentions("0 URLs");
    heals.store(true, Ordering::SeqCst);
    let again = frontier(&["requeue", "--reason", "robots_unreachable", "--host", "127.0.0.1"]).ends_with(0);
    again.mentions("3 URLs will be fetched again");
    bench.crawl(&server.url("/"), &["--resume"]).ends_with(0);
    assert_eq!(
        (server.hits_on("/robots.txt"), server.hits_on("/open"), server.hits_on("/private")),
        (2, 1, 0)
    );
    assert_eq!(frontier(&["dead", "--kind", "robots"]).ends_with(0).out.lines().count(), 1);
}
