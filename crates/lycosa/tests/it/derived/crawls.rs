//! Types in crawls: extracted, looked at, streamed, written; what does not fit is rejected and counted.

use std::path::Path;
use std::sync::{Arc, Mutex};

use lycosa::crawler::Output;
use lycosa::sink::{Select, SinkOptions};
use lycosa::{Crawler, Item};
use lycosa_testkit::{Response, Server};
use serde_json::Value;

#[derive(Debug, Clone, PartialEq, Item)]
#[item(for_each = "li")]
struct Entry {
    #[item(css = "b")]
    name: String,
    #[item(css = "i")]
    stock: u8,
}

fn shop() -> Server {
    Server::start(|request| match request.target.as_str() {
        "/" => Response::html(
            "<a href=/more>more</a><li><b>pan</b><i>3</i><li><b>pot</b><i>300</i><li><b>lid</b>".to_owned(),
        ),
        "/more" => Response::html("<li><b>cup</b><i>12</i>".to_owned()),
        _ => Response::not_found(),
    })
}

fn lines(path: &Path) -> Vec<Value> {
    let text = std::fs::read_to_string(path).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn to(path: &Path, select: Select) -> Output {
    Output { path: path.to_path_buf(), options: SinkOptions { select, ..SinkOptions::default() } }
}

#[tokio::test]
async fn a_crawl_writes_the_items_of_a_type_and_rejects_the_rest() {
    let server = shop();
    let folder = tempfile::tempdir().unwrap();
    let (items, rejects) = (folder.path().join("items.jsonl"), folder.path().join("rejects.jsonl"));
    let seen = Arc::new(Mutex::new(Vec::new()));
    let noted = seen.clone();
    let crawl = Crawler::new(&server.url("/")).items::<Entry>().on_item_of(move |entry: Entry| {
        noted.lock().unwrap().push(entry.name.clone());
        entry.name != "cup"
    });
    let outputs = [to(&items, Select::items()), to(&rejects, Select::rejects())];
    let report = crawl.options(|options| options.outputs.extend(outputs)).run().await.unwrap();
    let names = |path: &Path, of: &str| {
        let lines = lines(path).into_iter();
        lines.map(|line| line.pointer(of).and_then(Value::as_str).unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(names(&items, "/name"), ["pan"]);
    let mut failed = names(&rejects, "/failures/0/message");
    failed.sort();
    let expected =
        ["nothing was found", "the value does not fit its Rust type: it is out of the range of u8"];
    assert_eq!(failed, expected);
    assert_eq!(*seen.lock().unwrap(), ["pan", "cup"]);
    let counts = &report.items[0];
    assert_eq!((&*counts.kind, counts.found, counts.rejected), ("entry", 2, 2));
}

#[tokio::test]
async fn a_stream_gives_the_items_of_a_type() {
    let server = shop();
    let mut pages = Crawler::new(&server.url("/")).items::<Entry>().stream().await.unwrap();
    let mut entries = Vec::new();
    while let Some(page) = pages.next().await {
        entries.extend(page.items_of::<Entry>().map(Result::unwrap));
    }
    pages.finish().await.unwrap();
    let expected = [("pan", 3), ("cup", 12)].map(|(name, stock)| Entry { name: name.to_owned(), stock });
    assert_eq!(entries, expected);
}
