//! `lycosa extract --structured`: what a page says for machines, from a file, a URL or standard input.

use lycosa_testkit::{Response, Server};
use serde_json::{Value, json};

use crate::command::{Bench, Said};

const PAGE: &str = "<title>Shop</title><meta property=og:image content=i.png>\
    <script type=application/ld+json>{\"@type\": \"Product\",}</script>\
    <div itemscope itemtype=http://schema.org/Offer><a itemprop=url href=buy>Buy</a></div>";

fn printed(said: &Said) -> Value {
    serde_json::from_str(&said.out).expect("JSON")
}

#[test]
fn a_file_is_read_with_addresses_as_written_or_by_the_url_given() {
    let bench = Bench::new();
    bench.write("page.html", PAGE);
    let found = printed(&bench.run(&["extract", "--structured", "page.html"]).ends_with(0));
    assert_eq!(found["json-ld"], json!([{"@type": "Product"}]));
    assert_eq!(found["microdata"][0]["properties"]["url"], json!(["buy"]));
    assert_eq!(found["opengraph"], json!({"og:image": [{"url": "i.png"}]}));
    assert_eq!(found["meta"]["title"], "Shop");
    assert_eq!(found["notes"], json!([{"in": "json-ld", "what": "script 1 was repaired: a comma too many"}]));
    let flags = ["extract", "--structured", "page.html", "--url", "http://a.test/b/"];
    let found = printed(&bench.run(&flags).ends_with(0));
    assert_eq!(found["microdata"][0]["properties"]["url"], json!(["http://a.test/b/buy"]));
}

#[test]
fn a_url_is_read_with_its_own_address() {
    let server = Server::start(|_| Response::new(200).header("Content-Type", "text/html").body(PAGE));
    let said = Bench::new().run(&["extract", "--structured", &server.url("/dir/")]).ends_with(0);
    assert_eq!(printed(&said)["microdata"][0]["properties"]["url"], json!([server.url("/dir/buy")]));
    assert_eq!(server.hits(), 1, "robots.txt is not consulted");
}

#[test]
fn a_charset_can_be_forced() {
    let bench = Bench::new();
    bench.write("page.html", "<meta charset=koi8-r><title>Паук</title>");
    let said = bench.run(&["extract", "--structured", "page.html", "--charset", "utf-8"]).ends_with(0);
    assert_eq!(printed(&said)["meta"]["title"], "Паук");
}

#[test]
fn feeds_are_read_from_xml_and_json() {
    let bench = Bench::new();
    let rss = "<rss><channel><item><title>One</title></item></channel></rss>";
    let said = bench.run_with_input(&["extract", "--structured", "-"], rss).ends_with(0);
    assert_eq!(printed(&said)["feed"]["entries"], json!([{"title": "One"}]));
    bench.write(
        "feed.json",
        "{\"version\": \"https://jsonfeed.org/version/1\", \"items\": [{\"id\": \"1\"}]}",
    );
    let said = bench.run(&["extract", "--structured", "feed.json"]).ends_with(0);
    assert_eq!(printed(&said)["feed"]["entries"], json!([{"id": "1"}]));
}

#[test]
fn a_page_that_says_nothing_ends_with_1_and_mistakes_with_2() {
    let bench = Bench::new();
    bench.write("empty.html", "<p>Hello");
    let found = printed(&bench.run(&["extract", "--structured", "empty.html"]).ends_with(1));
    assert_eq!(found["microdata"], json!([]));
    bench.run(&["extract", "empty.html"]).ends_with(2).complains("there is no lycosa.toml", "--structured");
    let flags = ["extract", "--structured", "empty.html", "--url", "here"];
    bench.run(&flags).ends_with(2).complains("no absolute URL", "");
    bench.run(&["extract", "--structured", "gone.html"]).ends_with(1).complains("gone.html", "name a file");
}

#[test]
fn a_page_longer_than_the_limit_is_refused_and_an_empty_name_too() {
    let bench = Bench::new();
    bench.write("long.html", &"<p>Hello".repeat(1000));
    let ask = |flags: &[&str]| bench.run(&[&["extract", "--structured"][..], flags].concat());
    ask(&["long.html", "--max-body", "1KB"])
        .ends_with(1)
        .complains("long.html is larger than the limit", "--max-body");
    let endless = "<p>Hello".repeat(1000);
    let piped = bench.run_with_input(&["extract", "--structured", "-", "--max-body", "1KB"], &endless);
    piped.ends_with(1).complains("standard input is larger than the limit", "--max-body");
    ask(&[""]).ends_with(2).complains("the source is empty", "name a file");
}
