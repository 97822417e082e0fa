//! A crawl of a loopback site, and what it wrote.

use lycosa::crawler::{Crawler, Options, Output, Report};
use lycosa::sink::{Items, Select, SinkOptions};
use serde_json::Value;
use std::path::Path;
use std::time::Duration;

/// Crawls from this URL, without delay and robots.txt, and tells every record beside the report.
pub(crate) async fn crawled(seed: &str, change: impl FnOnce(&mut Options)) -> (Report, Vec<Value>) {
    let folder = tempfile::tempdir().unwrap();
    crawled_into(folder.path(), seed, change).await
}

/// The same, with the records in this folder.
pub(crate) async fn crawled_into(
    folder: &Path,
    seed: &str,
    change: impl FnOnce(&mut Options),
) -> (Report, Vec<Value>) {
    let path = folder.join("out.jsonl");
    let select = Select { pages: true, items: Items::All, outcomes: true, ..Select::default() };
    let output = Output { path: path.clone(), options: SinkOptions { select, ..SinkOptions::default() } };
    let crawler = Crawler::new(seed).options(|options| {
        options.robots = false;
        options.delay = Some(Duration::ZERO);
        options.all_outcomes = true;
        options.outputs.push(output);
        change(options);
    });
    let report = crawler.run().await.unwrap();
    assert_eq!(report.open, [], "nothing leaks");
    let text = std::fs::read_to_string(&path).unwrap();
    (report, text.lines().map(|line| serde_json::from_str(line).unwrap()).collect())
}

/// The last record of the URL that ends so: after those of its redirects.
pub(crate) fn record<'a>(records: &'a [Value], end: &str) -> &'a Value {
    let found = records.iter().rfind(|record| record["url"].as_str().unwrap().ends_with(end));
    found.unwrap_or_else(|| panic!("no record of {end}: {records:#?}"))
}
