//! A state that was set back, by a copy or by lost power, beside outputs that were not.

use std::path::Path;
use std::time::Duration;

use lycosa::Crawler;
use lycosa::error::ErrorKind;
use lycosa_testkit::{Request, Response, Server};

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for file in std::fs::read_dir(from).unwrap() {
        let file = file.unwrap();
        std::fs::copy(file.path(), to.join(file.file_name())).unwrap();
    }
}

fn crawler(server: &Server, folder: &Path, output: &str, most: Option<u64>) -> Crawler {
    let crawler = Crawler::new(&server.url("/0")).output(folder.join(output)).state(folder.join("state"));
    crawler.options(|options| {
        (options.robots, options.delay, options.max_pages) = (false, Some(Duration::ZERO), most);
    })
}

/// A chain of pages, each known only by the one before.
fn chain() -> Server {
    Server::start(|request: &Request| {
        let number: u32 = request.path().trim_start_matches('/').parse().unwrap_or(0);
        let next = number + 1;
        let link = if next < 12 { format!("<a href=/{next}>next</a>") } else { String::new() };
        Response::html(format!("<title>{number}</title>{link}"))
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_is_ahead_of_its_state_is_refused_and_nothing_is_left_out() {
    let (server, folder) = (chain(), tempfile::tempdir().unwrap());
    let (state, old) = (folder.path().join("state"), folder.path().join("old"));
    let crawler = |most| crawler(&server, folder.path(), "crawl.sqlite", most);
    crawler(Some(3)).run().await.unwrap();
    copy(&state, &old);
    crawler(Some(6)).resume().run().await.unwrap();
    let database = std::fs::read(folder.path().join("crawl.sqlite")).unwrap();
    std::fs::remove_dir_all(&state).unwrap();
    copy(&old, &state);
    let error = crawler(None).resume().run().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Output, "{error}");
    assert!(error.to_string().contains("crawl.sqlite") && error.to_string().contains("ahead"), "{error}");
    assert!(error.hint().is_some_and(|hint| hint.contains("restore")), "{:?}", error.hint());
    let after = std::fs::read(folder.path().join("crawl.sqlite")).unwrap();
    assert!(database == after, "nothing was written to it");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_is_ahead_of_its_state_is_cut_to_it() {
    let (server, folder) = (chain(), tempfile::tempdir().unwrap());
    let (state, old) = (folder.path().join("state"), folder.path().join("old"));
    let crawler = |most| crawler(&server, folder.path(), "out.jsonl", most);
    crawler(Some(3)).run().await.unwrap();
    copy(&state, &old);
    crawler(Some(6)).resume().run().await.unwrap();
    std::fs::remove_dir_all(&state).unwrap();
    copy(&old, &state);
    crawler(None).resume().run().await.unwrap();
    let text = std::fs::read_to_string(folder.path().join("out.jsonl")).unwrap();
    assert_eq!(text.lines().count(), 12);
}
