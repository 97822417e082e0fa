//! A whole scraper without code: from lists to details, items of both, rejects apart, counts at the end.

use serde_json::json;

use super::*;
use lycosa_testkit::Request;

const SCRAPER: &str = r#"
[[follow]]
css = "a.next"
label = "list"

[[follow]]
css = "a.product"
label = "detail"

[items.product]
when_label = "detail"
locale = "de"
[items.product.fields]
name = { select = ["css:h1.gone", "xpath://h1"], required = true }
price = { css = ".price", type = "number", required = true }
list = { fact = "parent" }

[items.page]
when_label = ["", "list"]
fields.products = { xpath = "count(//a[@class='product'])", type = "integer" }
"#;

/// Three lists of two products each; product 4 has no price that can be read.
fn shop(request: &Request) -> Response {
    let path = request.path();
    if let Some(list) = path.strip_prefix("/list/").and_then(|list| list.parse::<u32>().ok()) {
        let products: String = (list * 2..list * 2 + 2)
            .map(|product| {
                format!("<a class=product href='/p/{product}'>p</a><a href='/trap/{product}'>t</a>")
            })
            .collect();
        let next = if list < 2 {
            format!("<a class=next href='/list/{}'>next</a>", list + 1)
        } else {
            String::new()
        };
        return Response::html(format!("<title>List</title>{products}{next}"));
    }
    match path.strip_prefix("/p/") {
        Some("1") => Response::redirect(302, "/p/one"),
        Some("4") => Response::html("<h1>Product 4</h1><p class=price>ask us</p>"),
        Some(product) => {
            Response::html(format!("<h1>Product {product}</h1><p class=price>1.000,50 &euro;</p>"))
        }
        None => Response::not_found(),
    }
}

#[test]
fn lists_lead_to_details_and_a_record_that_fails_goes_apart() {
    let server = Server::start(shop);
    let bench = Bench::new();
    bench.write("lycosa.toml", SCRAPER);
    let said = bench.run(&[
        "crawl",
        &server.url("/list/0"),
        "--config",
        "lycosa.toml",
        "--delay",
        "0",
        "-o",
        "items.jsonl",
        "--state",
        "state",
        "--durability",
        "process",
        "--no-robots",
    ]);
    let said = said.ends_with(0);
    let items = bench.records("items.jsonl");
    let names: BTreeSet<&str> =
        items.iter().filter(|item| item["type"] == "product").map(|item| field(item, "name")).collect();
    let expected = ["Product 0", "Product 2", "Product 3", "Product 5", "Product one"];
    assert_eq!(names, expected.into_iter().collect());
    let first = items.iter().find(|item| item["name"] == "Product 3").expect("product 3");
    assert_eq!((&first["price"], &first["list"]), (&json!(1000.5), &json!(server.url("/list/1"))));
    let lists: Vec<_> =
        items.iter().filter(|item| item["type"] == "page").map(|item| &item["products"]).collect();
    assert_eq!(lists, [&json!(2), &json!(2), &json!(2)]);
    let rejects = bench.records("items.jsonl.rejects.jsonl");
    assert_eq!(rejects.len(), 1, "{rejects:?}");
    assert_eq!(rejects[0]["page"], json!(server.url("/p/4")));
    assert_eq!((&rejects[0]["field"], &rejects[0]["rule"]), (&json!("price"), &json!("type")));
    assert_eq!(rejects[0]["failures"][0]["value"], "ask us");
    assert_eq!(rejects[0]["record"]["name"], "Product 4");
    assert!(
        server.log().iter().all(|hit| !hit.target.starts_with("/trap/")),
        "only the rules' links are followed"
    );
    assert!(said.err.contains("product  5 kept, 1 rejected"), "{}", said.err);
    assert!(said.err.contains("price: null in 1 of 6 (17 %, 1 not converted)"), "{}", said.err);
}

#[test]
fn rejects_are_written_once_when_a_crawl_goes_on() {
    let server = Server::start(shop);
    let bench = Bench::new();
    bench.write("lycosa.toml", SCRAPER);
    let base =
        ["--config", "lycosa.toml", "--delay", "0", "-o", "items.jsonl", "--state", "state", "--no-robots"];
    let url = server.url("/list/0");
    bench.run(&[&["crawl", &url, "--max-pages", "4"][..], &base].concat()).ends_with(3);
    bench.run(&[&["crawl", &url, "--max-pages", "7", "--resume"][..], &base].concat()).ends_with(3);
    bench.run(&[&["crawl", &url, "--max-pages", "100", "--resume"][..], &base].concat()).ends_with(0);
    let records: Vec<Value> =
        [bench.records("items.jsonl"), bench.records("items.jsonl.rejects.jsonl")].concat();
    let ids: BTreeSet<&str> = records.iter().map(|record| field(record, "id")).collect();
    assert_eq!((records.len(), ids.len()), (9, 9), "{records:#?}");
}

#[test]
fn a_search_that_answers_json_is_scraped_where_its_type_is_accepted() {
    let server = Server::start(|request: &Request| {
        let page: u32 = request.path().trim_start_matches("/search/").parse().unwrap_or(9);
        let next = if page < 3 { format!("\"/search/{}\"", page + 1) } else { "null".to_owned() };
        let body = format!("{{\"next\": {next}, \"hits\": [{{\"name\": \"a{page}\"}}, {{\"name\": null}}]}}");
        Response::new(200).header("content-type", "application/json").body(body)
    });
    let bench = Bench::new();
    bench.write(
        "lycosa.toml",
        "[[follow]]\njson = '$.next'\n[items.hit]\nfor_each = 'json:$.hits'\n\
         fields.name = { json = '$.name', required = true }",
    );
    let crawl = |more: &[&str]| {
        let url = server.url("/search/1");
        let flags = [
            "crawl",
            &url,
            "--config",
            "lycosa.toml",
            "--delay",
            "0",
            "-o",
            "hits.jsonl",
            "--overwrite",
            "--no-robots",
        ];
        bench.run(&[&flags[..], more].concat())
    };
    let said = crawl(&[]);
    assert!(
        said.err
            .contains("application/json is not among the accepted types (`--accept-types`, `accept_types`)"),
        "{}",
        said.err
    );
    let said = crawl(&["--accept-types", "application/json"]).ends_with(0);
    assert_eq!(bench.read("hits.jsonl").lines().count(), 3);
    assert!(said.err.contains("3 kept, 3 rejected"), "{}", said.err);
}

#[test]
fn a_feed_leads_to_its_entries() {
    let server = Server::start(|request: &Request| match request.path() {
        "/feed" => Response::new(200)
            .header("content-type", "application/rss+xml")
            .body("<rss><channel><item><link>/1</link></item><item><link>/2</link></item></channel></rss>"),
        "/1" | "/2" => Response::html("<p>entry"),
        _ => Response::not_found(),
    });
    let bench = Bench::new();
    let url = server.url("/feed");
    bench.run(&["crawl", &url, "--delay", "0", "-o", "pages.jsonl", "--no-robots"]).ends_with(0);
    assert_eq!(bench.read("pages.jsonl").lines().count(), 3);
}

#[test]
fn records_of_pages_that_are_left_out_are_not_counted() {
    let server = Server::start(|request: &Request| {
        let left_out = if request.path() == "/hidden" { "<meta name=robots content=noindex>" } else { "" };
        let links = if request.path() == "/" {
            "<a href=/hidden>1</a><a href=/same>2</a><a href=/again>3</a>"
        } else {
            ""
        };
        match request.path() {
            "/" | "/hidden" | "/same" | "/again" => {
                Response::html(format!("{left_out}<p class=thing></p><p class=thing><b>x</b></p>{links}"))
            }
            _ => Response::not_found(),
        }
    });
    let bench = Bench::new();
    bench.write(
        "lycosa.toml",
        "[items.thing]\nfor_each = '.thing'\nfields.name = { css = 'b', required = true }",
    );
    let flags = ["--config", "lycosa.toml", "--duplicates", "skip"];
    let said = bench.crawl(&server.url("/"), &flags).ends_with(0);
    let rejects = bench.records("pages.jsonl.rejects.jsonl");
    assert_eq!(rejects.len(), 2, "of the start and one of the same: {rejects:?}");
    said.mentions("thing  2 kept, 2 rejected").mentions("null in 2 of 4");
}
