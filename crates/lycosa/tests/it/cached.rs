//! A site crawled again with a cache, and without the network.

use lycosa::crawler::Options;
use lycosa::model::CacheUse;
use lycosa_testkit::{Request, Response, Server};
use serde_json::Value;

use crate::crawled::{crawled, record};

fn site(request: &Request) -> Response {
    let page = |title: &str| Response::html(format!("<title>{title}</title>"));
    match request.path() {
        "/robots.txt" => Response::text("User-agent: *\nDisallow: /private").header("Cache-Control", "max-age=600"),
        "/" => Response::html("<title>Home</title><a href=/fresh>1</a><a href=/tagged>2</a><a href=/secret>3</a><a href=/old>4</a>")
            .header("Cache-Control", "max-age=600"),
        "/fresh" => page("Fresh").header("Cache-Control", "max-age=600").gzipped(),
        "/tagged" if request.header("if-none-match") == Some("\"a\"") => Response::new(304),
        "/tagged" => page("Tagged").header("ETag", "\"a\""),
        "/old" => Response::redirect(301, "/fresh").header("Cache-Control", "max-age=600"),
        _ => page("Secret").header("Cache-Control", "no-store"),
    }
}

fn options(folder: &std::path::Path, offline: bool) -> impl FnOnce(&mut Options) {
    let folder = folder.to_owned();
    move |options| {
        options.robots = true;
        options.cache = Some(folder);
        options.offline = offline;
    }
}

/// What two crawls of the same content have in common: all but times and ids.
fn content(records: &[Value]) -> Vec<(Value, Value, Value)> {
    let mut content: Vec<_> = records
        .iter()
        .map(|record| (record["url"].clone(), record["title"].clone(), record["bytes"].clone()))
        .collect();
    content.sort_by_key(|(url, ..)| url.to_string());
    content
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_crawl_asks_only_for_what_is_not_fresh() {
    let server = Server::start(site);
    let folder = tempfile::tempdir().unwrap();
    let (first, records) = crawled(&server.url("/"), options(folder.path(), false)).await;
    assert_eq!((first.run.cache[&CacheUse::Miss], first.run.cache.len()), (6, 1));
    let hits = server.hits();

    let (second, again) = crawled(&server.url("/"), options(folder.path(), false)).await;
    assert_eq!(content(&again), content(&records));
    let asked: Vec<_> = server.log().split_off(hits).iter().map(|hit| hit.path.clone()).collect();
    let mut sorted = asked.clone();
    sorted.sort();
    assert_eq!(sorted, ["/secret", "/tagged"]);
    let counted = [CacheUse::Hit, CacheUse::Revalidated, CacheUse::Miss].map(|how| second.run.cache[&how]);
    assert_eq!(counted, [4, 1, 1], "home, fresh, old and robots.txt; tagged; secret");
    assert_eq!(second.crawl.requests, 2, "what the cache answers is no request");
}

#[tokio::test(flavor = "multi_thread")]
async fn offline_a_crawl_has_what_the_cache_has_and_fails_for_the_rest() {
    let server = Server::start(site);
    let folder = tempfile::tempdir().unwrap();
    crawled(&server.url("/"), options(folder.path(), false)).await;
    let hits = server.hits();

    let (report, records) = crawled(&server.url("/"), options(folder.path(), true)).await;
    assert_eq!(server.hits(), hits, "not one request");
    for page in ["Home", "Fresh", "Tagged"] {
        assert!(records.iter().any(|record| record["title"] == page), "{page}");
    }
    let secret = record(&records, "/secret");
    assert_eq!((&secret["outcome"], &secret["error"]), (&"failed".into(), &"offline".into()));
    assert_eq!(report.run.cache[&CacheUse::Offline], 5);
    assert_eq!(report.run.failures["offline"], 1);
}

#[tokio::test]
async fn without_network_and_cache_there_is_nothing_to_begin_with() {
    let crawler = lycosa::Crawler::new("http://a.example/").options(|options| options.offline = true);
    let error = crawler.run().await.unwrap_err();
    assert_eq!(error.kind(), lycosa::ErrorKind::Usage);
    assert!(error.hint().unwrap().contains("--cache"));
}
