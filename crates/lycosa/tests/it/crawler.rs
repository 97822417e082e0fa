//! The library as its users meet it: the ten-line crawl, hooks on every arrow, the stream, stopping, panics.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use lycosa::Crawler;
use lycosa::crawler::{End, Output};
use lycosa::error::{Error, ErrorKind};
use lycosa::model::Finish;
use lycosa::proxies::{ProxyOptions, ProxyPool};
use lycosa::sink::{Select, SinkOptions};
use lycosa_testkit::{Gate, Request, Response, Server};
use serde_json::Value;

/// A page with a heading and links.
fn page(heading: &str, links: &[&str]) -> Response {
    let links: String = links.iter().map(|link| format!("<a href=\"{link}\">x</a>")).collect();
    Response::html(format!("<title>{heading}</title><h1>{heading} <i>!</i></h1>{links}"))
}

/// A start page, two more and a missing one.
fn small() -> Server {
    Server::start(|request| match request.target.as_str() {
        "/" => page("start", &["/one", "/two", "/gone"]),
        "/one" | "/two" => page(request.path(), &[]),
        _ => Response::not_found(),
    })
}

/// Pages that link the next one, without end.
fn endless() -> Server {
    Server::start(|request: &Request| match request.target.trim_start_matches('/').parse::<u32>() {
        Ok(number) => page("endless", &[&format!("/{}", number + 1)]),
        Err(_) => Response::not_found(),
    })
}

fn crawler(server: &Server, path: &str) -> Crawler {
    Crawler::new(&server.url(path)).delay(Duration::ZERO)
}

/// What a hook notes down.
#[derive(Clone, Default)]
struct Notes(Arc<Mutex<BTreeSet<String>>>);

impl Notes {
    fn add(&self, note: impl Into<String>) {
        self.0.lock().unwrap().insert(note.into());
    }

    fn are(&self, expected: &[&str]) {
        let notes = self.0.lock().unwrap();
        assert_eq!(notes.iter().map(String::as_str).collect::<Vec<_>>(), expected);
    }
}

fn records(path: &Path) -> Vec<Value> {
    let text = std::fs::read_to_string(path).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn path_of(url: &str) -> String {
    url::Url::parse(url).unwrap().path().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_lines_crawl_a_site_into_a_file() {
    let server = small();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("headings.jsonl");
    let report = crawler(&server, "/")
        .max_pages(100)
        .on_html("h1", |heading, page| page.emit("heading", [("text", heading.text())]))
        .output(&file)
        .run()
        .await
        .unwrap();
    assert_eq!(report.end, End::Finished(Finish::Complete));
    assert_eq!((report.run.pages, report.run.items, report.crawl.pending), (3, 3, 0));
    assert_eq!(report.open, [], "nothing is left open");
    assert!(report.to_string().starts_with("complete: 3 pages, 3 items, 4 URLs known, 0 left"), "{report}");
    let items: BTreeSet<String> = records(&file)
        .iter()
        .filter(|record| record["type"] == "heading")
        .map(|record| record["text"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(items, ["/one !", "/two !", "start !"].map(String::from).into());
}

#[tokio::test]
async fn a_runtime_of_one_thread_crawls_large_pages_too() {
    let server = Server::start(|request| match request.target.as_str() {
        "/" => page(&"x".repeat(600 << 10), &["/one"]),
        "/one" => page("one", &[]),
        _ => Response::not_found(),
    });
    let report = crawler(&server, "/").run().await.unwrap();
    assert_eq!((report.crawl.pages, report.run.failures.len()), (2, 0), "{report}");
}

#[tokio::test(flavor = "multi_thread")]
async fn hooks_see_every_arrow() {
    let server = small();
    let (requests, answers, pages, errors) =
        (Notes::default(), Notes::default(), Notes::default(), Notes::default());
    let (on_request, on_response, on_page, on_error) =
        (requests.clone(), answers.clone(), pages.clone(), errors.clone());
    let gone = "http://gone.invalid/";
    crawler(&server, "/")
        .seed(gone)
        .options(|options| options.retry.retries = 0)
        .on_request(move |request| {
            on_request.add(path_of(&request.url));
            request.headers.push(("X-Mark".into(), "7".into()));
            true
        })
        .on_response(move |request, status, headers| {
            let kind = headers.get("content-type").map_or("", |kind| kind.to_str().unwrap());
            on_response.add(format!("{} {status} {kind}", path_of(&request.url)));
        })
        .on_page(move |page| {
            let headings = page.css("h1")?;
            on_page.add(format!("{}: {}", page.url().path(), headings[0].text()));
            Ok(())
        })
        .on_error(move |request, error| on_error.add(format!("{} {}", path_of(&request.url), error.kind())))
        .run()
        .await
        .unwrap();
    requests.are(&["/", "/gone", "/one", "/robots.txt", "/two"]);
    answers.are(&[
        "/ 200 text/html; charset=utf-8",
        "/gone 404 text/html; charset=utf-8",
        "/one 200 text/html; charset=utf-8",
        "/robots.txt 404 text/html; charset=utf-8",
        "/two 200 text/html; charset=utf-8",
    ]);
    pages.are(&["/: start !", "/one: /one !", "/two: /two !"]);
    errors.are(&["/robots.txt resolve"]);
    for hit in server.log() {
        assert!(hit.headers.iter().any(|(name, value)| name == "x-mark" && value == "7"), "{}", hit.path);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_can_be_vetoed_and_robots_txt_is_asked_for_all_the_same() {
    let server = small();
    let report =
        crawler(&server, "/").on_request(|request| request.url.ends_with("/two")).run().await.unwrap();
    assert_eq!((report.end, report.run.pages), (End::Finished(Finish::Complete), 0));
    let report =
        crawler(&server, "/").on_request(|request| !request.url.ends_with("/two")).run().await.unwrap();
    assert_eq!((report.run.pages, server.hits_on("/two")), (2, 0));
    assert_eq!(
        report.run.skipped.iter().map(|(reason, count)| (reason.as_str(), *count)).next(),
        Some(("hook", 1))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn items_can_be_changed_and_dropped() {
    let server = small();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("items.jsonl");
    let report = crawler(&server, "/")
        .on_page(|page| {
            let place = page.url().path().to_owned();
            page.emit("place", [("path", place)]);
            Ok(())
        })
        .on_item(|item| {
            item.fields.insert("seen".to_owned(), true.into());
            item.fields["path"] != "/two"
        })
        .output(&file)
        .run()
        .await
        .unwrap();
    assert_eq!(report.run.items, 2);
    let items: Vec<Value> = records(&file).into_iter().filter(|record| record["type"] == "place").collect();
    assert!(items.len() == 2 && items.iter().all(|item| item["seen"] == true), "{items:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn follow_adds_links_and_a_label_comes_back_with_the_page() {
    let server = Server::start(|request| match request.target.as_str() {
        "/" => Response::html("<p data-next=hidden data-item=/item>no links"),
        _ => page(request.path(), &[]),
    });
    let seen = Notes::default();
    let notes = seen.clone();
    crawler(&server, "/")
        .on_html("p", |paragraph, page| {
            if let Some(next) = paragraph.attr("data-next") {
                page.follow(next);
            }
            if let Some(item) = paragraph.attr("data-item") {
                page.follow_as(item, "item");
                page.follow("http://[broken");
            }
        })
        .on_page(move |page| {
            notes.add(format!("{} {:?}", page.url().path(), page.label()));
            Ok(())
        })
        .run()
        .await
        .unwrap();
    seen.are(&["/ None", "/hidden None", "/item Some(\"item\")"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_yields_every_page_and_waits_for_its_reader() {
    let server = endless();
    // Its pages are all alike: a trap, if traps were looked for.
    let crawler = crawler(&server, "/0").options(|options| options.templates = None);
    let mut pages = crawler.concurrency(1).max_pages(200).stream().await.unwrap();
    let first = pages.next().await.unwrap();
    // Which page is handed over first is not promised.
    assert_eq!((first.status(), first.title().as_deref()), (200, Some("endless")));
    assert_eq!(first.css("h1").unwrap()[0].text(), "endless !");
    // Sixteen pages wait in the stream, a handful of journeys for a place in it; 100 are never reached.
    let ran_ahead = tokio::time::timeout(Duration::from_secs(1), server.hits_reach(100)).await.is_ok();
    assert!(!ran_ahead, "the crawl did not wait for its reader");
    let mut count = 1;
    while pages.next().await.is_some() {
        count += 1;
    }
    assert_eq!(count, 200);
    let report = pages.finish().await.unwrap();
    assert_eq!((report.end, report.run.pages), (End::Finished(Finish::Pages), 200));
    assert_eq!(report.open, []);
}

#[tokio::test(flavor = "multi_thread")]
async fn dropping_the_stream_ends_the_crawl() {
    let server = endless();
    let mut pages = crawler(&server, "/0").stream().await.unwrap();
    pages.next().await.unwrap();
    drop(pages);
    let closed = async {
        while server.open_connections() > 0 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), closed)
        .await
        .expect("the crawl lets go of its connections");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stop_token_ends_the_crawl_and_the_state_goes_on() {
    let server = endless();
    let folder = tempfile::tempdir().unwrap();
    let state = folder.path().join("state");
    let crawl = crawler(&server, "/0").state(&state).build().await.unwrap();
    let (stop, watch) = (crawl.stop_token(), crawl.watch());
    let running = tokio::spawn(crawl.run());
    server.hits_reach(20).await;
    stop.cancel();
    let report = running.await.unwrap().unwrap();
    assert_eq!((report.end, report.open.len()), (End::Interrupted, 0));
    assert_eq!(watch.now().pages, report.run.pages);
    let before = report.crawl.pages;
    assert!(before > 0);
    // A watch looks at the open state, and a state can be open once.
    drop(watch);
    let again = Crawler::default().state(&state).resume().delay(Duration::ZERO).max_pages(before + 5);
    let report = again.run().await.unwrap();
    assert_eq!((report.run.pages, report.crawl.pages), (5, before + 5));
    assert_eq!(server.hits_on("/0"), 1, "nothing is fetched twice");
}

/// An output for pages and what became of the other URLs.
fn outcomes(path: &Path) -> Output {
    let options = SinkOptions { select: Select::pages().with_outcomes(), ..SinkOptions::default() };
    Output { path: path.to_owned(), options }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_panic_in_a_hook_ends_its_url_and_the_crawl_goes_on() {
    let server = small();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("pages.jsonl");
    let errors = Notes::default();
    let notes = errors.clone();
    let report = crawler(&server, "/")
        .options(|options| {
            options.outputs.push(outcomes(&file));
            options.all_outcomes = true;
        })
        .on_error(move |request, error| notes.add(format!("{} {}", path_of(&request.url), error.kind())))
        .on_page(|page| match page.url().path() {
            "/one" => panic!("the user's mistake"),
            "/two" => Err(Error::new(ErrorKind::UserCode, "the user's refusal")),
            _ => Ok(()),
        })
        .run()
        .await
        .unwrap();
    assert_eq!((report.end, report.run.pages), (End::Finished(Finish::Complete), 1));
    assert_eq!(report.open, []);
    assert_eq!(report.run.failures.get("user_code (hook)"), Some(&2), "{:?}", report.run.failures);
    errors.are(&["/one user_code", "/two user_code"]);
    let refused = records(&file).into_iter().find(|record| record["url"] == server.url("/two")).unwrap();
    assert_eq!((&refused["error"], &refused["phase"]), (&"user_code".into(), &"hook".into()));
    let panicked = records(&file).into_iter().find(|record| record["url"] == server.url("/one"));
    let message = panicked.expect("the URL has its record")["message"].as_str().unwrap().to_owned();
    assert!(message.contains("the user's mistake"), "{message}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_panic_before_every_request_still_lets_the_crawl_end() {
    let server = small();
    let report = crawler(&server, "/")
        .on_request(|_| panic!("always"))
        .on_error(|_, _| panic!("here too"))
        .run()
        .await
        .unwrap();
    assert_eq!((report.end, report.run.pages, report.crawl.pending), (End::Finished(Finish::Complete), 0, 0));
    assert_eq!(server.hits(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_crawls_in_one_process_do_not_see_each_other() {
    let gate = Gate::closed();
    let held = gate.clone();
    let one = Server::start(move |request| match request.target.as_str() {
        "/" => page("one", &["/a", "/b"]),
        "/a" | "/b" => page("one", &[]).behind(&held),
        _ => Response::not_found(),
    });
    let two = small();
    let counts = [Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0))];
    let count = |counter: &Arc<AtomicUsize>| {
        let counter = counter.clone();
        move |page: &mut lycosa::crawler::PageContext<'_>| {
            page.emit("seen", [("n", counter.fetch_add(1, Ordering::SeqCst))]);
            Ok(())
        }
    };
    let first = crawler(&one, "/").on_page(count(&counts[0])).build().await.unwrap();
    let stop = first.stop_token();
    let running = tokio::spawn(first.run());
    one.hits_reach(4).await;
    // The first is in the middle of its work; the second begins, ends, and closes what is its own.
    let report = crawler(&two, "/").on_page(count(&counts[1])).run().await.unwrap();
    assert_eq!((report.run.pages, report.run.items, report.open.len()), (3, 3, 0));
    assert!(!stop.is_cancelled());
    gate.open();
    let report = running.await.unwrap().unwrap();
    assert_eq!((report.end, report.run.pages), (End::Finished(Finish::Complete), 3));
    assert_eq!(counts.map(|counter| counter.load(Ordering::SeqCst)), [3, 3]);
}

#[test]
fn secrets_are_not_printed() {
    let crawler = Crawler::new("http://x.example/").options(|options| {
        options.user = Some(("me".to_owned(), "hushhush".to_owned()));
        options.cookie = Some("a=hushhush".to_owned());
        options.headers.push(("Authorization".to_owned(), "hushhush".to_owned()));
        let proxy = "http://me:hushhush@proxy.example/";
        options.proxies = Some(Arc::new(ProxyPool::new([proxy], ProxyOptions::default())));
    });
    let printed = format!("{crawler:?}");
    assert!(printed.contains("x.example") && !printed.contains("hushhush"), "{printed}");
}

#[tokio::test(flavor = "multi_thread")]
async fn mistakes_are_told_when_the_crawl_is_built() {
    let refused = |crawler: Crawler| async { crawler.run().await.unwrap_err() };
    let error = refused(Crawler::new("http://[")).await;
    assert_eq!(error.kind(), ErrorKind::Url);
    let error = refused(Crawler::new("x.example").on_html("p[", |_, _| ())).await;
    assert!(error.message().contains("`p[` cannot be read"), "{error}");
    let error = refused(Crawler::default()).await;
    assert!(error.hint().is_some(), "{error}");
    let error = refused(Crawler::new("x.example").concurrency(0)).await;
    assert_eq!(error.kind(), ErrorKind::Usage);
}
