//! `lycosa demo`: the first thing people run, held against what is written down of its site.

#[path = "../../src/demo_site/facts.rs"]
mod facts;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde_json::Value;

use crate::command::{Bench, PATIENCE, path_of};
use crate::kill::signal;
use facts::{Charset, PRODUCTS, Reached, facts};

fn by_path(records: &[Value]) -> BTreeMap<String, &Value> {
    records.iter().map(|record| (path_of(record, "final_url"), record)).collect()
}

#[test]
fn the_demo_finds_what_is_there_and_can_be_run_again() {
    let bench = Bench::new();
    let said = bench.run(&["demo"]).ends_with(0);
    assert_eq!(said.row("end"), "complete: every URL has its outcome");
    for status in ["301: 1", "302: 1", "308: 1", "404: 1", "429: 1", "503: 1"] {
        assert!(said.row("answers by status").contains(status), "no {status}:\n{}", said.err);
    }
    assert!(said.row("skipped").contains("robots: "), "{}", said.err);
    assert_eq!((said.row("items"), said.row("tried again")), ("24", "2"));
    let said = said.mentions("lycosa-demo/items.jsonl").mentions("What to run next:");
    said.mentions("head -n 3").mentions("lycosa crawl https://example.com/").keeps_quiet_about("leak");
    let pages = bench.records("lycosa-demo/pages.jsonl");
    every_page_of_the_site_is_there(&pages);
    every_product_is_an_item(&bench.records("lycosa-demo/items.jsonl"));
    bench.run(&["config", "check", "lycosa-demo/lycosa.toml"]).ends_with(0);
    // Again, into the same folder: the same pages, not twice as many.
    let said = bench.run(&["demo", "-q"]).ends_with(0);
    assert_eq!(said.err, "");
    let again = bench.records("lycosa-demo/pages.jsonl");
    let paths = |records: &[Value]| by_path(records).into_keys().collect::<BTreeSet<_>>();
    assert_eq!((again.len(), paths(&again)), (pages.len(), paths(&pages)));
    assert_eq!(bench.records("lycosa-demo/items.jsonl").len(), PRODUCTS.len());
}

fn every_page_of_the_site_is_there(pages: &[Value]) {
    let found = by_path(pages);
    assert_eq!(found.len(), pages.len(), "each once");
    let mut expected = 0;
    for fact in facts() {
        let is_page = fact.status == 200 && !matches!(fact.charset, Charset::NoPage(_));
        if !is_page || fact.reached == Reached::Denied {
            assert!(!found.contains_key(fact.path), "{} is no page or denied", fact.path);
            continue;
        }
        expected += 1;
        let record = found.get(fact.path).unwrap_or_else(|| panic!("{} was not found", fact.path));
        assert_eq!(record["title"], fact.title, "{}", fact.path);
        if let Charset::Header(name) | Charset::Meta(name) | Charset::Undeclared(name) = fact.charset {
            assert_eq!(record["charset"], name, "{}", fact.path);
        }
    }
    let calendar = found.keys().filter(|path| path.starts_with("/calendar/")).count();
    assert!((1..=24).contains(&calendar), "{calendar} pages of the endless calendar");
    assert_eq!(found.len(), expected + calendar, "nothing else is there");
    let greenhouse = found["/workshop/greenhouse"];
    assert_eq!(path_of(greenhouse, "url"), "/workshop/old-gate");
    assert_eq!(greenhouse["redirects"].as_array().map(Vec::len), Some(3));
}

fn every_product_is_an_item(items: &[Value]) {
    let found: BTreeMap<&str, &Value> =
        items.iter().map(|item| (item["sku"].as_str().expect("a sku"), item)).collect();
    for product in &PRODUCTS {
        let item = found[product.sku];
        assert_eq!(item["name"], product.name);
        assert_eq!(path_of(item, "page"), product.path);
        assert!(item["price"].as_str().is_some_and(|price| product.price.starts_with(price)), "{item}");
        let stock = item["stock"].as_str().expect("a stock");
        assert!(if product.stock == 0 {
            stock == "Sold out"
        } else {
            stock.starts_with(&product.stock.to_string())
        });
    }
    assert_eq!(found.len(), items.len());
}

#[test]
fn a_demo_that_is_interrupted_ends_as_a_crawl_does() {
    let bench = Bench::new();
    let child = bench.start(&["demo"]);
    let pages = bench.path("lycosa-demo/pages.jsonl");
    let begun = (0..PATIENCE.as_millis() / 50).any(|_| {
        std::thread::sleep(Duration::from_millis(50));
        std::fs::metadata(&pages).is_ok_and(|file| file.len() > 0)
    });
    assert!(begun, "the demo does not get going");
    signal("-INT", child.id());
    let output = child.wait_with_output().expect("the child is ours");
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(130), "{said}");
    assert!(said.contains("begins it anew") && !said.contains("What to run next"), "{said}");
}

#[test]
fn a_folder_that_cannot_be_made_is_named() {
    let bench = Bench::new();
    bench.write("file", "mine");
    bench.run(&["demo", "--folder", "file/demo"]).ends_with(1).complains("file/demo", "--folder");
}
