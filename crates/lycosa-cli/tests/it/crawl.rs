//! Crawls of whole sites: what the oracle expects is what the records say. Each kind of flag has a file of its own
//! below.

mod budgets;
mod outputs;
mod politeness;
mod requests;
mod robots;
mod scope;
mod scraper;
mod sitemaps;
mod state;
mod talk;

use std::collections::{BTreeMap, BTreeSet};

use lycosa_testkit::synthetic::SyntheticSite;
use lycosa_testkit::{Response, Server};
use serde_json::{Value, json};

use crate::command::{Bench, ids, page, path_of, plain, quick, site};

const RULES: &str = r#"
[items.jar]
for_each = ".item"
[items.jar.fields]
number = { css = ":scope::attr(data-id)", required = true }
name = ".name::text"
price = ".price::text"
"#;

#[test]
fn a_whole_site_is_what_the_oracle_says_pages_titles_and_items() {
    let site = quick(3);
    let oracle = site.oracle(None);
    let server = site.serve();
    let bench = Bench::new();
    bench.write("lycosa.toml", RULES);
    let flags = ["--config", "lycosa.toml", "--pages", "all.jsonl", "-c", "16", "--per-host", "16"];
    bench.crawl(&server.url("/"), &flags).ends_with(0);
    let records = bench.records("all.jsonl");
    let found: BTreeMap<String, String> = records
        .iter()
        .map(|record| {
            (plain(&path_of(record, "final_url")), record["title"].as_str().expect("a title").into())
        })
        .collect();
    let expected: BTreeMap<String, String> =
        oracle.titles().into_iter().map(|(path, title)| (plain(&path), title)).collect();
    assert_eq!(found, expected);
    assert_eq!(records.len(), expected.len(), "each once");
    let (items, expected) = (bench.records("pages.jsonl"), oracle.items());
    assert_eq!(items.len(), expected.len());
    for item in &items {
        let wanted = &expected[field(item, "number")];
        assert_eq!((field(item, "name"), field(item, "price")), (&*wanted.name, &*wanted.price));
        assert_eq!(item["type"], "jar");
    }
    for path in oracle.denied().keys() {
        assert_eq!(server.hits_on(path), 0, "robots.txt denies {path}");
    }
    let asked: BTreeSet<String> = server.log().iter().map(|hit| plain(&hit.target)).collect();
    assert_eq!(asked.len(), server.hits(), "no URL is asked for twice");
}

fn field<'r>(record: &'r Value, name: &str) -> &'r str {
    record[name].as_str().unwrap_or_else(|| panic!("no text {name} in {record}"))
}

#[test]
fn depth_and_parent_are_those_of_the_shortest_way() {
    let site = SyntheticSite { redirect_percent: 0, ..quick(4) };
    let oracle = site.oracle(Some(5));
    let server = site.serve();
    let bench = Bench::new();
    bench.crawl(&server.url("/"), &["-d", "5", "-c", "16", "--per-host", "16"]).ends_with(0);
    let records = bench.records("pages.jsonl");
    let depths: BTreeMap<String, u64> = records
        .iter()
        .map(|record| (plain(&path_of(record, "url")), record["depth"].as_u64().expect("a depth")))
        .collect();
    let expected: BTreeMap<String, u64> =
        oracle.pages().into_iter().map(|(path, depth)| (plain(&path), depth.into())).collect();
    assert_eq!(depths, expected);
    let number =
        |path: &str| oracle.visits.iter().find(|(known, _)| plain(known) == path).map(|(_, v)| v.page);
    for record in records.iter().filter(|record| record["depth"] != 0) {
        let (child, parent) = (plain(&path_of(record, "url")), plain(&path_of(record, "parent")));
        let links = site.links(number(&parent).expect("a page of the site"));
        assert!(
            links.contains(&number(&child).expect("a page of the site")),
            "{parent} does not link {child}"
        );
        assert_eq!(depths[&parent] + 1, depths[&child]);
    }
}

/// A page with something for every field.
const RICH: &[u8] = b"<!doctype html><html lang=fr><title>\n Caf\xe9 \n noir</title>\
    <meta name=description content='Un caf\xe9'><link rel=canonical href=/canon>\
    <a href=/one>1</a><a href=/one#x>1</a><a href=/two>2</a>";

#[test]
fn a_record_has_every_field_with_its_value() {
    let server = Server::start(|request| match request.target.as_str() {
        "/" => Response::new(200).header("Content-Type", "text/html; charset=windows-1252").body(RICH),
        "/one" => page("one", &[]),
        _ => Response::not_found(),
    });
    let bench = Bench::new();
    bench.crawl(&server.url("/"), &[]).ends_with(0);
    let first = bench.record("/");
    let expected = json!({
        "url": server.url("/"), "final_url": server.url("/"), "status": 200, "depth": 0, "parent": null,
        "title": "Café noir", "description": "Un café", "canonical": server.url("/canon"), "lang": "fr",
        "content_type": "text/html; charset=windows-1252", "charset": "windows-1252",
        "charset_source": "header", "bytes": RICH.len(), "outlinks": 3,
    });
    for (name, value) in expected.as_object().expect("an object") {
        assert_eq!(&first[name], value, "{name}");
    }
    let names: Vec<&String> = first.as_object().expect("an object").keys().collect();
    assert_eq!(names.len(), 20, "{names:?}");
    assert_eq!(first["declared_alias_of"], server.url("/canon"));
    assert_eq!(names.last().map(|name| name.as_str()), Some("content_hash"));
    assert_eq!(field(&first, "content_hash").len(), 32);
    assert_eq!(names[..2], ["id", "seq"]);
    assert!(first["duration_ms"].is_u64());
    let at = field(&first, "fetched_at");
    assert!(at.len() == 24 && at.ends_with('Z') && at.starts_with("20"), "{at}");
    let second = bench.record("/one");
    assert_eq!((&second["depth"], &second["parent"]), (&json!(1), &json!(server.url("/"))));
    assert_eq!((&second["lang"], &second["description"]), (&Value::Null, &Value::Null));
    assert!(second["seq"].as_u64() > first["seq"].as_u64());
    let ids = ids(&bench.records("pages.jsonl"));
    assert!(ids.len() == 2 && ids.keys().all(|id| id.len() == 32), "{ids:?}");
}

#[test]
fn two_seeds_are_one_crawl() {
    let one = site(&[("/", &["/a"]), ("/a", &[])]);
    let two = site(&[("/", &["/b"]), ("/b", &[])]);
    let bench = Bench::new();
    bench.crawl(&one.url("/"), &[&two.url("/")]).ends_with(0);
    let mut urls: Vec<_> =
        bench.records("pages.jsonl").iter().map(|record| field(record, "url").to_owned()).collect();
    urls.sort();
    let mut expected = vec![one.url("/"), one.url("/a"), two.url("/"), two.url("/b")];
    expected.sort();
    assert_eq!(urls, expected);
}

#[test]
fn a_redirect_chain_is_one_record_from_first_to_last_url() {
    let server = Server::start(|request| match request.target.as_str() {
        "/" => page("start", &["/old"]),
        "/old" => Response::redirect(301, "/older"),
        "/older" => Response::redirect(302, "/end"),
        "/end" => page("end", &[]),
        _ => Response::not_found(),
    });
    let bench = Bench::new();
    bench.crawl(&server.url("/"), &[]).ends_with(0);
    let record = bench.record("/old");
    assert_eq!((&record["final_url"], &record["status"]), (&json!(server.url("/end")), &json!(200)));
    assert_eq!((&record["depth"], &record["title"]), (&json!(1), &json!("end")));
    let hops = json!([
        { "url": server.url("/old"), "status": 301 }, { "url": server.url("/older"), "status": 302 }
    ]);
    assert_eq!(record["redirects"], hops);
    assert_eq!(bench.records("pages.jsonl").len(), 2, "the hops have no records of their own");
}

#[test]
fn a_redirect_to_a_known_page_is_an_alias_of_it() {
    let server = Server::start(|request| match request.target.as_str() {
        "/" => page("start", &["/other"]),
        "/other" => Response::redirect(308, "/"),
        _ => Response::not_found(),
    });
    let bench = Bench::new();
    bench.crawl(&server.url("/"), &["--all-outcomes"]).ends_with(0);
    let record = bench.record("/other");
    assert_eq!((&record["outcome"], &record["alias_of"]), (&json!("alias"), &json!(server.url("/"))));
    assert_eq!(record["status"], 308);
    assert_eq!(server.hits_on("/"), 1, "the page is not fetched twice");
}
