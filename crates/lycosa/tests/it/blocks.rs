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
async fn an_overload_without_a_time_does_not_make_the_site_rest_for_longer_and_longer() {
    let server = Server::start(|request: &Request| match request.path() {
        "/" => Response::html((0..30).map(|n| format!("<a href=/{n}>{n}</a>")).collect::<String>()),
        _ => Response::new(503),
    });
    // Thirty growing rests would take half an hour; the time budget would end the crawl before.
    let (report, _) = crawled(&server.url("/"), |options| {
        options.retry.first = Duration::from_millis(1);
        options.max_time = Some(Duration::from_secs(60));
    })
    .await;
    assert_eq!(report.end, End::Finished(Finish::Complete));
    assert_eq!(report.run.blocks[&BlockKind::RateLimited], 30);
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
