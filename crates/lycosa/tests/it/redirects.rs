//! Redirects: how far, where to, and what goes along.

use lycosa::crawler::single::{Single, SingleOptions};
use lycosa::error::ErrorKind;
use lycosa::scope::ScopeMode;
use lycosa_testkit::{Request, Response, Server};
use serde_json::json;
use tokio::io::AsyncWriteExt as _;

use crate::crawled::{crawled, record};
use crate::fetch_server::{Server as RawServer, read_head};
use crate::fetch_tunnels::acceptor;

/// `/n` leads to `/n-1`, and `/0` is a page.
fn stairs(request: &Request) -> Response {
    match request.path().trim_start_matches('/').parse::<u32>() {
        Ok(0) => Response::html("<title>Ground</title>"),
        Ok(step) => Response::redirect(302, &format!("/{}", step - 1)),
        Err(_) => Response::not_found(),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_chain_is_kept_in_the_page() {
    let server = Server::start(stairs);
    let (_, records) = crawled(&server.url("/2"), |_| {}).await;
    let page = record(&records, "/2");
    assert_eq!((&page["title"], &page["final_url"]), (&json!("Ground"), &json!(server.url("/0"))));
    let hop = |path| json!({ "url": server.url(path), "status": 302 });
    assert_eq!(page["redirects"], json!([hop("/2"), hop("/1")]));
    assert!(page.get("downgraded").is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn more_redirects_than_allowed_are_a_failure_with_the_number() {
    let server = Server::start(stairs);
    let (_, records) = crawled(&server.url("/9"), |options| options.max_redirects = 3).await;
    let last = &record(&records, "/9");
    assert_eq!((&last["outcome"], &last["error"]), (&json!("failed"), &json!("redirect")));
    assert!(last["message"].as_str().unwrap().contains("more than 3 redirects"), "{last}");
    assert_eq!(server.hits(), 4, "the first and three more");
    let (_, records) = crawled(&server.url("/3"), |options| options.max_redirects = 3).await;
    assert_eq!(record(&records, "/3")["title"], "Ground");
}

fn circle(request: &Request) -> Response {
    match request.path() {
        "/a" => Response::redirect(301, "/b"),
        "/b" => Response::redirect(302, "/c"),
        "/c" => Response::redirect(307, "/a"),
        _ => Response::redirect(302, request.path()),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_loop_is_met_at_its_first_repetition_in_a_crawl() {
    let server = Server::start(circle);
    let (_, records) = crawled(&server.url("/a"), |_| {}).await;
    let failed = record(&records, "/a");
    assert_eq!(failed["error"], "redirect");
    assert!(failed["message"].as_str().unwrap().contains("a redirect loop at"), "{failed}");
    assert_eq!(server.hits(), 3);
    let (_, records) = crawled(&server.url("/self"), |_| {}).await;
    assert!(record(&records, "/self")["message"].as_str().unwrap().contains("a redirect loop at"));
    assert_eq!(server.hits(), 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_loop_is_met_at_its_first_repetition_in_a_single_fetch() {
    let server = Server::start(circle);
    let error = Single::new(SingleOptions::default()).unwrap().fetch(&server.url("/a")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Redirect);
    assert!(error.message().contains("a redirect loop at"), "{error}");
    assert_eq!(server.hits(), 3);
}

/// A second origin, and a first one that leads there.
fn two_origins() -> (Server, Server) {
    let other = Server::start(|_: &Request| Response::html("<title>Other</title>"));
    let target = other.url("/end");
    let first = Server::start(move |request: &Request| match request.path() {
        "/go" => Response::redirect(307, &target),
        "/stay" => Response::redirect(307, "/here"),
        _ => Response::html("<title>Here</title>"),
    });
    (first, other)
}

fn secrets(server: &Server, path: &str) -> (bool, bool, bool) {
    let log = server.log();
    let hit = log.iter().find(|hit| hit.path == path).unwrap();
    let has = |name: &str| hit.headers.iter().any(|(found, _)| found.eq_ignore_ascii_case(name));
    (has("authorization"), has("cookie"), has("x-open"))
}

#[tokio::test(flavor = "multi_thread")]
async fn secrets_are_dropped_across_origins_in_a_crawl() {
    let (first, other) = two_origins();
    for path in ["/go", "/stay"] {
        crawled(&first.url(path), |options| {
            options.user = Some(("me".to_owned(), "secret".to_owned()));
            options.cookie = Some("sid=1".to_owned());
            options.headers.push(("X-Open".to_owned(), "yes".to_owned()));
            options.scope = ScopeMode::Any;
            options.allow_address.push("127.0.0.0/8".to_owned());
        })
        .await;
    }
    assert_eq!(secrets(&first, "/go"), (true, true, true));
    assert_eq!(secrets(&first, "/here"), (true, true, true));
    assert_eq!(secrets(&other, "/end"), (false, false, true));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hop_to_an_address_nobody_allowed_is_refused() {
    let (first, other) = two_origins();
    let (_, records) = crawled(&first.url("/go"), |options| options.scope = ScopeMode::Any).await;
    let refused = record(&records, "/go");
    assert_eq!((&refused["outcome"], &refused["error"]), (&json!("failed"), &json!("address_refused")));
    assert_eq!(other.hits(), 0);

    let single = Single::new(SingleOptions {
        user: Some(("me".to_owned(), "secret".to_owned())),
        ..SingleOptions::default()
    });
    let error = single.unwrap().fetch(&first.url("/go")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::AddressRefused);
    assert_eq!(other.hits(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hop_out_of_scope_is_not_taken() {
    let first = Server::start(|_: &Request| Response::redirect(302, "http://elsewhere.example/"));
    let (report, records) = crawled(&first.url("/"), |_| {}).await;
    let refused = record(&records, "/");
    assert_eq!((&refused["outcome"], &refused["reason"]), (&json!("excluded"), &json!("host")));
    assert_eq!(report.run.requests, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_redirect_without_a_usable_target_is_a_failure() {
    let server = Server::start(|_: &Request| Response::redirect(302, "http://[broken/"));
    let (_, records) = crawled(&server.url("/x"), |_| {}).await;
    assert_eq!(record(&records, "/x")["error"], "redirect");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_way_from_https_to_http_is_flagged_and_loses_the_secrets() {
    let open = Server::start(|_: &Request| Response::html("<title>Open</title>"));
    let (acceptor, _) = acceptor(&[]);
    let target = open.url("/end");
    let secure = RawServer::each(move |stream, _| {
        let (acceptor, target) = (acceptor.clone(), target.clone());
        async move {
            let Ok(mut stream) = acceptor.accept(stream).await else { return };
            let head = format!("HTTP/1.1 302 Found\r\nLocation: {target}\r\nContent-Length: 0\r\n\r\n");
            while read_head(&mut stream).await.is_some() {
                if stream.write_all(head.as_bytes()).await.is_err() {
                    return;
                }
            }
        }
    })
    .await;
    let seed = format!("https://{}/begin", secure.address);
    let (_, records) = crawled(&seed, |options| {
        options.insecure = true;
        options.cookie = Some("sid=1".to_owned());
        options.scope = ScopeMode::Any;
        options.allow_address.push("127.0.0.0/8".to_owned());
    })
    .await;
    let page = record(&records, "/begin");
    assert_eq!((&page["title"], &page["downgraded"]), (&json!("Open"), &json!(true)));
    assert_eq!(page["redirects"], json!([{ "url": seed, "status": 302 }]));
    assert_eq!(secrets(&open, "/end"), (false, false, false));
}

#[tokio::test(flavor = "multi_thread")]
async fn outcomes_without_a_page_tell_what_was_asked_and_answered() {
    let server = Server::start(|request: &Request| match request.path() {
        "/robots.txt" => Response::text("User-agent: *\nDisallow: /closed"),
        "/" => Response::html("<a href=/in>1</a><a href=/gone>2</a><a href=/to-gone>3</a>"),
        "/in" => Response::redirect(302, "/closed"),
        "/to-gone" => Response::redirect(302, "/away"),
        _ => Response::text("nothing").status(404),
    });
    let (_, records) = crawled(&server.url("/"), |options| options.robots = true).await;
    let denied = record(&records, "/in");
    assert_eq!((&denied["reason"], &denied["attempts"]), (&"robots".into(), &1.into()), "{denied:#}");
    assert!(denied.get("final_url").is_none(), "nothing answered at the end");
    for (path, last, attempts) in [("/gone", "/gone", 1), ("/to-gone", "/away", 2)] {
        let record = record(&records, path);
        assert_eq!((&record["status"], &record["attempts"]), (&404.into(), &attempts.into()), "{record:#}");
        assert_eq!(record["final_url"], server.url(last), "{record:#}");
        assert!(record["content_type"].as_str().unwrap().starts_with("text/plain"), "{record:#}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_robots_txt_that_is_too_long_is_read_in_part_and_told() {
    for (padding, told) in [(1 << 10, false), (600 << 10, true)] {
        let server = Server::start(move |request: &Request| match request.path() {
            "/robots.txt" => {
                Response::text(format!("User-agent: *\nDisallow: /closed\n#{}\n", "x".repeat(padding)))
            }
            _ => Response::html("<a href=/closed>1</a>"),
        });
        let (report, records) = crawled(&server.url("/"), |options| options.robots = true).await;
        assert_eq!(record(&records, "/closed")["reason"], "robots");
        let notes: Vec<_> =
            report.run.problems.keys().filter(|note| note.contains("is read to 500 KiB")).collect();
        assert_eq!(notes.len(), usize::from(told), "{:?}", report.run.problems);
    }
}
