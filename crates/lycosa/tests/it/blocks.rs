//! A site that keeps the crawler out here and there.

use lycosa::crawler::End;
use lycosa::model::{BlockKind, Finish};
use lycosa_testkit::{Request, Response, Server};

use std::time::Duration;

use crate::crawled::{crawled, record};

const CHALLENGE: &str = "<html><head><title>Just a moment...</title></head><body><script>window._cf_chl_opt={};\
    </script><a href=/secret>x</a></body></html>";

fn site(request: &Request) -> Response {
    let challenge = || Response::html(CHALLENGE).header("Server", "cloudflare").header("Retry-After", "0");
    match request.path() {
        "/" => Response::html(
            "<title>Home</title><a href=/open>1</a><a href=/wall>2</a><a href=/private>3</a><a href=/account>4</a>\
             <a href=/busy>5</a><a href=/broken>6</a>",
        ),
        "/wall" => challenge(),
        "/private" => Response::html("<title>403 Forbidden</title><center>nginx</center>").status(403),
        "/account" => Response::redirect(302, "/login?next=/account"),
        "/login" => Response::html("<title>Log in</title><form><input type=\"password\"></form>"),
        "/busy" => Response::new(429).header("Retry-After", "0"),
        "/broken" => Response::html("<title>Oops</title>").status(500),
        _ => Response::html("<title>Open</title>"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_block_gives_no_page_and_says_by_whom_and_why() {
    let server = Server::start(site);
    let (report, records) = crawled(&server.url("/"), |options| options.retry.retries = 0).await;

    let wall = record(&records, "/wall");
    assert_eq!((&wall["outcome"], &wall["status"]), (&"blocked".into(), &200.into()));
    assert_eq!((&wall["block"]["kind"], &wall["block"]["layer"]), (&"challenge".into(), &"edge".into()));
    assert!(wall["block"]["evidence"].as_str().unwrap().contains("Cloudflare"));
    assert_eq!(server.hits_on("/secret"), 0, "links of a challenge page are nobody's");

    let private = record(&records, "/private");
    assert_eq!((&private["block"]["kind"], &private["status"]), (&"forbidden".into(), &403.into()));
    assert_eq!(record(&records, "/account")["block"]["kind"], "login");
    assert_eq!(record(&records, "/busy")["block"]["kind"], "rate_limited");
    let broken = record(&records, "/broken");
    assert_eq!((&broken["outcome"], broken.get("block")), (&"fetched".into(), None));

    assert_eq!(record(&records, "/open")["title"], "Open");
    assert_eq!(report.run.pages, 2, "the home page and the open one");
    let counted: Vec<_> = report.run.blocks.into_iter().collect();
    assert_eq!(
        counted,
        [
            (BlockKind::Forbidden, 1),
            (BlockKind::RateLimited, 1),
            (BlockKind::Challenge, 1),
            (BlockKind::Login, 1)
        ]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_site_that_cannot_answer_now_is_told_apart_from_one_that_bounds_how_often_it_is_asked() {
    for (status, kind, why, advice) in [
        (503, "unavailable", "the site cannot answer now: status 503", "try again later"),
        (
            429,
            "rate_limited",
            "the answer is a block, not content: status 429",
            "bounds how often it is asked",
        ),
    ] {
        let server = Server::start(move |_| Response::new(status));
        let (report, records) = crawled(&server.url("/"), |options| options.retry.retries = 0).await;
        assert_eq!(record(&records, "/")["block"]["kind"], kind);
        let seed = format!("the seed {} gave no page: {why}", server.url("/"));
        let mut told = report.run.problems.keys();
        assert!(
            told.any(|told| told.starts_with(&seed) && told.contains(advice)),
            "{:?}",
            report.run.problems
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_that_are_always_busy_among_others_do_not_make_the_site_rest_for_longer_and_longer() {
    let server = Server::start(|request: &Request| match request.path() {
        "/" => Response::html((0..90).fold(String::new(), |all, n| {
            let kind = if n % 3 == 2 { "busy" } else { "well" };
            format!("{all}<a href=/{kind}{n}>{n}</a>")
        })),
        path if path.starts_with("/busy") => Response::new(503),
        _ => Response::html("<title>Well</title>"),
    });
    // Growing rests would take hours; the time budget would end the crawl before.
    let (report, _) = crawled(&server.url("/"), |options| {
        options.retry.first = Duration::from_millis(1);
        options.max_time = Some(Duration::from_secs(60));
    })
    .await;
    assert_eq!(report.end, End::Finished(Finish::Complete));
    assert_eq!((report.run.blocks[&BlockKind::Unavailable], report.run.pages), (30, 61));
}

/// A home page with links to so many, all of which are busy until so many requests were turned away.
fn busy(pages: usize, turned_away: usize, status: u16) -> Server {
    let left = std::sync::atomic::AtomicUsize::new(turned_away);
    Server::start(move |request: &Request| {
        if request.path() == "/" {
            return Response::html((0..pages).map(|n| format!("<a href=/{n}>{n}</a>")).collect::<String>());
        }
        let order = std::sync::atomic::Ordering::SeqCst;
        let is_busy = left.fetch_update(order, order, |left| left.checked_sub(1)).is_ok();
        if is_busy { Response::new(status) } else { Response::html("<title>Here</title>") }
    })
}

/// Rests as short as a test needs.
fn short(options: &mut lycosa::crawler::Options) {
    options.retry.first = Duration::from_millis(1);
    options.patience.first = Duration::from_millis(1);
    options.patience.most = Duration::from_millis(4);
}

#[tokio::test(flavor = "multi_thread")]
async fn no_page_of_a_site_that_is_overloaded_for_a_while_is_lost() {
    for (status, per_host) in
        [(503, 1), (503, 2), (503, 16), (429, 2), (429, 16), (500, 2), (502, 2), (504, 2)]
    {
        let server = busy(100, 100, status);
        let (report, _) = crawled(&server.url("/"), |options| {
            short(options);
            options.patience.rests = 1_000;
            options.concurrency = 32;
            options.per_host = per_host;
        })
        .await;
        assert_eq!(report.end, End::Finished(Finish::Complete));
        assert_eq!((report.run.pages, server.hits()), (101, 201), "{status}, {per_host} at once");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_site_that_stays_overloaded_is_given_up_after_few_requests() {
    let server = busy(100, usize::MAX, 503);
    let (report, records) = crawled(&server.url("/"), |options| {
        short(options);
        options.patience.rests = 4;
        options.patience.most = Duration::from_secs(60);
    })
    .await;
    assert_eq!(report.end, End::Finished(Finish::Complete));
    // Five open the breaker, or six when two are under way; each rest is followed by one.
    assert!((10..=11).contains(&server.hits()), "{}", server.hits());
    let failed = records.iter().filter(|record| record["error"] == "host_down").count();
    assert_eq!((failed, report.run.pages), (100, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn with_no_retries_a_page_that_is_turned_away_is_not_asked_for_again() {
    let server = busy(20, 6, 503);
    let (report, _) = crawled(&server.url("/"), |options| {
        short(options);
        options.retry.retries = 0;
    })
    .await;
    assert_eq!((report.run.pages, server.hits()), (15, 21));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stated_time_is_kept_and_is_no_overload() {
    let left = std::sync::atomic::AtomicUsize::new(4);
    let server = Server::start(move |request: &Request| {
        if request.path() == "/" {
            return Response::html((0..8).map(|n| format!("<a href=/{n}>{n}</a>")).collect::<String>());
        }
        let order = std::sync::atomic::Ordering::SeqCst;
        let is_busy = left.fetch_update(order, order, |left| left.checked_sub(1)).is_ok();
        if is_busy {
            Response::new(503).header("Retry-After", "0.5")
        } else {
            Response::html("<title>Here</title>")
        }
    });
    let (report, _) = crawled(&server.url("/"), |options| {
        // A breaker that opened would stay so beyond the time budget.
        options.patience.first = Duration::from_secs(3_600);
        options.max_time = Some(Duration::from_secs(60));
        options.per_host = 1;
        // What the server asks for holds, whatever is the longest pause of our own.
        options.retry.first = Duration::from_millis(1);
        options.retry.most = Duration::from_millis(1);
    })
    .await;
    assert_eq!((report.end, report.run.pages), (End::Finished(Finish::Complete), 9));
    let at: Vec<_> = server.log().iter().filter(|hit| hit.path != "/").map(|hit| hit.at).collect();
    assert!(
        at.windows(2).take(4).all(|pair| pair[1] - pair[0] >= 900_000),
        "half a second counts as one: {at:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_site_that_asks_for_another_rest_after_each_one_is_given_up() {
    for status in [503, 429] {
        let server = Server::start(move |request: &Request| match request.path() {
            "/" => Response::html((0..8).map(|n| format!("<a href=/{n}>{n}</a>")).collect::<String>()),
            _ => Response::new(status).header("Retry-After", "1"),
        });
        let (report, records) = crawled(&server.url("/"), |options| {
            short(options);
            options.patience.rests = 2;
            options.patience.most = Duration::from_secs(60);
            options.per_host = 1;
        })
        .await;
        assert_eq!(report.end, End::Finished(Finish::Complete));
        let asked = server.log().iter().filter(|hit| hit.path != "/" && hit.path != "/robots.txt").count();
        let failed = records.iter().filter(|record| record["error"] == "host_down").count();
        assert_eq!((asked, failed, report.run.pages), (3, 8, 1), "{status}");
        let told = report.run.problems.keys().any(|problem| problem.contains("--kind host_down"));
        assert!(told, "the way back is named: {:?}", report.run.problems);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn without_detection_an_answer_is_what_its_status_says() {
    let server = Server::start(site);
    let (report, records) = crawled(&server.url("/wall"), |options| options.detect_blocks = false).await;
    assert_eq!(record(&records, "/wall")["title"], "Just a moment...");
    assert_eq!(server.hits_on("/secret"), 1);
    assert!(report.run.blocks.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_site_that_challenges_is_left_alone_for_a_while() {
    let server = Server::start(|request: &Request| match request.path() {
        "/" => Response::html("<a href=/wall>1</a><a href=/later>2</a>"),
        "/wall" => Response::html(CHALLENGE).status(403).header("Retry-After", "1"),
        _ => Response::html("<title>Later</title>"),
    });
    let (_, records) = crawled(&server.url("/"), |options| options.per_host = 1).await;
    assert_eq!(record(&records, "/later")["title"], "Later");
    let at = |path: &str| server.log().iter().find(|hit| hit.path == path).unwrap().at;
    assert!(at("/later") - at("/wall") >= 900_000, "the site rested for the second it asked for");
}
