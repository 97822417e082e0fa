//! A host that fails: what is tried again, how often, and when it is let be.

use lycosa::error::ErrorKind;
use lycosa_testkit::{Request, Response, Server};
use std::fmt::Write as _;
use std::time::Duration;

use crate::crawled::{crawled, record};

/// A home page with links to so many pages, all answered by `page`.
fn many(pages: usize, page: impl Fn(&Request) -> Response + Send + Sync + 'static) -> Server {
    Server::start(move |request: &Request| {
        if request.path() != "/" {
            return page(request);
        }
        let mut home = String::new();
        (0..pages).for_each(|n| write!(home, "<a href=/{n}>{n}</a>").unwrap());
        Response::html(home)
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_host_that_is_down_bears_its_budget_of_retries_and_no_more() {
    let server = many(100, |_| Response::new(502));
    let (report, _) = crawled(&server.url("/"), |options| {
        options.retry.first = Duration::from_millis(1);
        options.retry.retries = 5;
        // The budget of retries alone is asked here.
        options.patience.failures = 0;
    })
    .await;
    let requests = 101;
    assert_eq!(server.hits(), requests + 10 + requests / 10);
    assert_eq!(report.run.retries, 20);
    assert!(report.run.retries_refused >= 80, "{}", report.run.retries_refused);
}

#[tokio::test(flavor = "multi_thread")]
async fn bodies_that_break_off_draw_on_the_same_budget() {
    let server = many(40, |_| Response::html("<p>0123456789").truncate_at(5));
    let (report, _) = crawled(&server.url("/"), |options| options.retry.first = Duration::ZERO).await;
    assert_eq!((report.run.retries, server.hits()), (14, 41 + 14));
}

#[tokio::test(flavor = "multi_thread")]
async fn every_page_of_a_host_that_invites_retries_is_had() {
    let server = many(40, |request| match request.visit {
        1 => Response::new(503).header("Retry-After", "0"),
        _ => Response::html("<title>Here</title>"),
    });
    let (report, _) = crawled(&server.url("/"), |options| {
        options.retry.budget_floor = 0;
        options.retry.budget_percent = 0;
        options.retry.first = Duration::ZERO;
    })
    .await;
    assert_eq!((report.run.pages, report.run.retries), (41, 40));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_does_not_sleep_while_a_url_waits() {
    // The only worker has the second page long before the first may be asked again.
    let server = many(2, |request| match (request.path(), request.visit) {
        ("/0", 1) => Response::new(500).header("Retry-After", "1"),
        _ => Response::html("<title>Here</title>"),
    });
    let (report, _) = crawled(&server.url("/"), |options| options.concurrency = 1).await;
    let paths: Vec<_> = server.log().iter().map(|hit| hit.path.clone()).collect();
    assert_eq!(paths, ["/", "/0", "/1", "/0"]);
    assert_eq!(report.run.pages, 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn statuses_and_failures_are_a_choice() {
    let server = many(1, |request| match request.visit {
        1 => Response::new(404),
        _ => Response::html("<title>Found</title>"),
    });
    let (_, records) = crawled(&server.url("/"), |options| {
        options.retry.statuses = vec![404];
        options.retry.first = Duration::ZERO;
    })
    .await;
    assert_eq!(record(&records, "/0")["title"], "Found");

    let server = many(1, |_| Response::new(200).reset_before_answer());
    crawled(&server.url("/"), |options| options.retry.failures = vec![ErrorKind::Resolve]).await;
    assert_eq!(server.hits_on("/0"), 1);
}
