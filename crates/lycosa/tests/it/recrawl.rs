//! Pages that are visited again, by servers that tell the truth and servers that do not.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use lycosa::Crawler;
use lycosa::clock::SystemClock;
use lycosa::crawler::{Continue, End, Options, RevisitRecords, Revisits};
use lycosa::model::{Clock as _, Finish};
use lycosa::revisit::Bounds;
use lycosa_testkit::{Request, Response, Server, daemon};

use crate::crawled::{crawled, crawled_into};

/// Visits come soon, until so many requests were sent.
fn again(options: &mut Options, requests: u64) {
    options.recrawl = true;
    options.max_requests = Some(requests);
    let bounds = Bounds { min: Duration::from_millis(20), max: Duration::from_millis(60) };
    options.revisits = Some(Revisits { bounds, ..Revisits::default() });
}

#[tokio::test(flavor = "multi_thread")]
async fn nginx_is_asked_with_conditions_and_sends_no_page_twice() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("index.html"), "<title>Home</title><a href=other.html>other</a>")
        .unwrap();
    std::fs::write(folder.path().join("other.html"), "<title>Other</title>").unwrap();
    let root = folder.path().display();
    let Some(server) = daemon::nginx(folder.path(), &format!("listen LISTEN;\nroot {root};")) else { return };
    let (report, records) =
        crawled(&format!("http://{}/", server.address), |options| again(options, 12)).await;
    assert_eq!(report.end, End::Finished(Finish::Requests));
    assert_eq!(records.len(), 2, "nothing has changed: {records:#?}");
    assert_eq!((report.run.statuses[&200], report.run.statuses[&304]), (2, 10));
    assert_eq!(report.run.revisits["not_modified"], 10);
    assert_eq!((report.crawl.known, report.crawl.revisited), (2, 10));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_has_changed_is_written_again_with_its_visit() {
    let asked = AtomicU64::new(0);
    let server = Server::start(move |_: &Request| {
        let third = asked.fetch_add(1, Ordering::Relaxed) / 3;
        // Markup changes with every answer, the text with every third.
        let token = asked.load(Ordering::Relaxed);
        Response::html(format!("<title>Home</title><input type=hidden value={token}><p>Edition {third}"))
    });
    let (report, records) = crawled(&server.url("/"), |options| again(options, 9)).await;
    let told: Vec<_> = records.iter().map(|record| (&record["generation"], &record["changed"])).collect();
    let null = serde_json::Value::Null;
    assert_eq!(told, [(&null, &null), (&3.into(), &true.into()), (&6.into(), &true.into())]);
    let ids: std::collections::BTreeSet<_> = records.iter().map(|record| record["id"].as_str()).collect();
    assert_eq!(ids.len(), 3, "each visit has an id of its own");
    assert_eq!((report.run.revisits["changed"], report.run.revisits["same"]), (2, 6));
}

#[tokio::test(flavor = "multi_thread")]
async fn all_visits_are_written_when_asked_for() {
    let server = Server::start(|_: &Request| Response::html("<title>Home</title>"));
    let (_, records) = crawled(&server.url("/"), |options| {
        again(options, 4);
        let revisits = options.revisits.unwrap();
        options.revisits = Some(Revisits { records: RevisitRecords::All, ..revisits });
    })
    .await;
    let changed: Vec<_> = records.iter().skip(1).map(|record| record["changed"].as_bool()).collect();
    assert_eq!(changed, [Some(false); 3]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_always_says_304_is_found_out() {
    let asked = AtomicU64::new(0);
    let server = Server::start(move |request: &Request| {
        let number = asked.fetch_add(1, Ordering::Relaxed);
        if request.header("if-none-match").is_some() {
            return Response::new(304).header("ETag", "\"same\"");
        }
        Response::html(format!("<title>Home</title><p>Edition {number}")).header("ETag", "\"same\"")
    });
    let (report, records) = crawled(&server.url("/"), |options| again(options, 14)).await;
    assert_eq!(report.run.statuses[&304], 8, "then it must prove it");
    assert_eq!(report.run.statuses[&200], 6, "and it is not believed any more");
    assert_eq!(records.len(), 6);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tag_that_is_always_new_is_no_change() {
    let asked = AtomicU64::new(0);
    let server = Server::start(move |_: &Request| {
        let number = asked.fetch_add(1, Ordering::Relaxed);
        Response::html("<title>Home</title>").header("ETag", format!("\"{number}\""))
    });
    let (report, records) = crawled(&server.url("/"), |options| again(options, 6)).await;
    assert_eq!((records.len(), report.run.revisits["same"]), (1, 5));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_that_fails_for_a_while_is_asked_for_again() {
    let asked = AtomicU64::new(0);
    let server = Server::start(move |_: &Request| match asked.fetch_add(1, Ordering::Relaxed) {
        1 => Response::html("gone").status(404),
        2 => Response::redirect(302, "/elsewhere"),
        number => Response::html(format!("<title>Home</title><p>Edition {number}")),
    });
    let (_, records) = crawled(&server.url("/"), |options| again(options, 8)).await;
    let back = records.iter().any(|record| record["generation"] == 3 && record["changed"] == true);
    assert!(back, "{records:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_panic_in_user_code_does_not_end_the_visits_of_a_page() {
    let server = Server::start(|_: &Request| Response::html("<title>Home</title>"));
    let asked = AtomicU64::new(0);
    let crawler = Crawler::new(&server.url("/")).options(|options| {
        (options.robots, options.delay) = (false, Some(Duration::ZERO));
        again(options, 6);
    });
    let crawler = crawler.on_request(move |_| {
        assert!(
            !asked.fetch_add(1, Ordering::Relaxed).is_multiple_of(3) || asked.load(Ordering::Relaxed) == 1
        );
        true
    });
    let report = crawler.run().await.unwrap();
    assert_eq!((report.end, server.hits()), (End::Finished(Finish::Requests), 6));
    assert!(report.run.failures.contains_key("user_code (hook)"), "{:?}", report.run.failures);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_finished_crawl_is_resumed_to_visit_its_pages_again() {
    let server = Server::start(|request: &Request| match request.path() {
        "/" => Response::html("<title>Home</title><a href=/a>a</a><a href=/b>b</a>"),
        path => Response::html(format!("<title>{path}</title>")).header("ETag", "\"1\""),
    });
    let folder = tempfile::tempdir().unwrap();
    let state = folder.path().join("state");
    let (report, _) =
        crawled_into(folder.path(), &server.url("/"), |options| options.state = Some(state.clone())).await;
    assert_eq!((report.end, report.crawl.pages), (End::Finished(Finish::Complete), 3));
    // The pages are due after the shortest time that the first run knew of, or when this one asks for all of them.
    let (report, _) = crawled_into(folder.path(), &server.url("/"), |options| {
        again(options, 3);
        options.max_requests = None;
        options.max_time = Some(Duration::from_millis(300));
        (options.state, options.continuation) = (Some(state.clone()), Continue::Resume);
    })
    .await;
    assert_eq!(report.end, End::Finished(Finish::Time), "three visits to come keep the crawl open");
    assert_eq!(report.crawl.revisits_waiting, 3);
    assert_eq!(server.hits_on("/a"), 1, "it is not due for minutes");
}

/// What visits proved about the dates of a site whose sitemap says of four pages that they have just changed, whenever it
/// is read; and whether they have.
async fn proved(changes: bool) -> lycosa::model::LastmodTrust {
    let readings = AtomicU64::new(0);
    let server = Server::start(move |request: &Request| {
        if request.target == "/sitemap.xml" {
            // Its clock goes ahead, a minute at each reading, so that no date is that of a visit.
            let ahead = Duration::from_secs(60 * readings.fetch_add(1, Ordering::Relaxed) + 60);
            let now =
                humantime::format_rfc3339_seconds(SystemClock::default().now().to_system_time() + ahead);
            let pages: String = (1..=4)
                .map(|n| {
                    let host = request.host();
                    format!("<url><loc>http://{host}/{n}</loc><lastmod>{now}</lastmod></url>")
                })
                .collect();
            return Response::new(200).header("Content-Type", "text/xml").body(format!(
                "<urlset xmlns=\"http://www.sitemaps.org/schemas/sitemap/0.9\">{pages}</urlset>"
            ));
        }
        let edition = if changes { readings.load(Ordering::Relaxed) } else { 0 };
        Response::html(format!("<title>Page</title><p>Edition {edition}"))
    });
    let (report, _) = crawled(&server.url("/1"), |options| {
        again(options, 160);
        // One after the other: what is told of a page that is under way comes too late for it.
        (options.sitemap, options.concurrency) = (true, 1);
    })
    .await;
    report.slowest[0].dates.expect("a sitemap with dates").trust
}

#[tokio::test(flavor = "multi_thread")]
async fn what_visits_prove_about_the_dates_of_a_sitemap_is_kept_with_its_site() {
    let (right, wrong) = (proved(true).await, proved(false).await);
    assert!(right.moved > 5 && right.of_moved() > 0.7, "{right:?}");
    assert!(wrong.moved > 5 && wrong.of_moved() < 0.2, "{wrong:?}");
    assert_eq!((wrong.confirmed, wrong.missed), (0, 0), "{wrong:?}");
}
