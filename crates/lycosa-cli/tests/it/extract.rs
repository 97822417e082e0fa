//! `lycosa extract`: what rules make of a page, and why; and what the documentation says of them.

use std::collections::BTreeSet;

use lycosa_testkit::{Response, Server};
use serde_json::{Value, json};

use crate::command::{Bench, Said};

const RULES: &str = r#"
[items.product]
for_each = ".product"
[items.product.fields]
name = { select = ["css:h1", "css:h2"], required = true }
price = { css = ".price", type = "number", default = 0 }
stock = ".stock"

[items.shop]
when = "/shops/"
fields.name = "h1"

[[follow]]
css = "a.more"
label = "detail"
"#;

const PAGE: &str = "<div class=product><h2>Kettle</h2><i class=price>12,50 &euro;</i></div>\
                    <div class=product><i class=price>free</i></div><a class=more href=/k/1>more</a>";

fn extract(page: &str, flags: &[&str]) -> Said {
    let bench = Bench::new();
    bench.write("lycosa.toml", RULES);
    bench.write("page.html", page);
    bench.run(&[&["extract", "--config", "lycosa.toml", "page.html"][..], flags].concat())
}

#[test]
fn a_page_without_records_says_why() {
    let bench = Bench::new();
    bench.write("page.html", "<p class=a>x</p>");
    let why = |rule: &str, flags: &[&str]| {
        bench.write("lycosa.toml", rule);
        let page = ["extract", "--config", "lycosa.toml", "page.html"];
        bench.run(&[&page[..], flags].concat()).ends_with(0).out
    };
    let detail = "[[follow]]\ncss = 'a'\nlabel = 'detail'\n[items.p]\nwhen_label = 'detail'\nfields.a = '.a'";
    let out = why(detail, &[]);
    assert!(
        out.contains(
            "p: none on this page, because when_label asks for \"detail\", and the page has no label"
        ),
        "{out}"
    );
    assert!(why(detail, &["--label", "list"]).contains("has the label \"list\""));
    assert!(!why(detail, &["--label", "detail"]).contains("none on this page"));
    assert!(
        why("[items.p]\nfor_each = '.b'\nfields.a = '.a'", &[]).contains("because for_each found nothing")
    );
}

#[test]
fn a_table_tells_of_each_field_what_was_found_and_by_which_rule() {
    let said = extract(PAGE, &["--url", "http://shop.test/list"]).ends_with(1);
    assert_eq!(
        said.out,
        "page.html\n\n\
         product 1: kept\n  \
           name   found    \"Kettle\"  css:h2\n  \
           price  found    12.5      css:.price\n  \
           stock  missing  null      -\n\n\
         product 2: rejected for name\n  \
           name   missing, required  null  -\n  \
           price  default            0     css:.price  \"free\": it holds no number\n  \
           stock  missing            null  -\n\n\
         shop: none on this page, because its URL does not match `when`\n\n\
         follow\n  \
           detail  http://shop.test/k/1\n"
    );
}

#[test]
fn nothing_required_is_missing_and_all_is_well() {
    let fine = PAGE.replace("free</i>", "free</i><h1>Pan</h1>");
    extract(&fine, &[]).ends_with(0);
    extract("<p>nothing", &[]).ends_with(0);
}

#[test]
fn machines_get_one_line_a_page() {
    let said = extract(PAGE, &["--json", "--url", "http://shop.test/shops/1", "--label", "x"]).ends_with(1);
    let page: Value = serde_json::from_str(&said.out).expect("one line of JSON");
    assert_eq!(page["page"], "http://shop.test/shops/1");
    assert_eq!(page["records"][0]["record"], json!({ "name": "Kettle", "price": 12.5, "stock": null }));
    assert_eq!(page["records"][1]["fate"], "rejected");
    let price = &page["records"][1]["fields"][1];
    assert_eq!((&price["how"], &price["by"]), (&json!("default"), &json!("css:.price")));
    assert_eq!(page["records"][2]["type"], "shop");
    assert_eq!(page["follow"], json!([{ "label": "detail", "url": "http://shop.test/k/1" }]));
}

#[test]
fn a_page_can_be_fetched_and_bad_rules_are_told_at_their_place() {
    let server = Server::start(|_: &lycosa_testkit::Request| Response::html(PAGE));
    let bench = Bench::new();
    bench.write("lycosa.toml", RULES);
    let said = bench.run(&["extract", &server.url("/list")]).ends_with(1);
    assert!(said.out.contains(&server.url("/k/1")), "{}", said.out);
    bench.write("bad.toml", "[items.p.fields]\na = { xpath = '//h1[' }");
    let said = bench.run(&["extract", "--config", "bad.toml", "-"]).ends_with(2);
    assert!(said.err.contains("bad.toml:2:21: item `p`, field `a`: the XPath expression"), "{}", said.err);
    bench.write("none.toml", "depth = 1");
    bench.run(&["extract", "--config", "none.toml", "-"]).ends_with(2);
}

#[test]
fn a_body_that_is_json_is_read_from_files_and_servers() {
    let server = Server::start(|request: &lycosa_testkit::Request| {
        match request.path() {
        "/feed" => Response::new(200).header("content-type", "application/rss+xml").body(
            "<rss xmlns:dc='http://purl.org/dc/elements/1.1/'><channel><item><title>One</title><link>/1</link>\
             <dc:creator>Me</dc:creator></item></channel></rss>",
        ),
        _ => Response::new(200).header("content-type", "application/json").body(r#"{"hits": [{"name": "a"}]}"#),
    }
    });
    let bench = Bench::new();
    bench.write(
        "lycosa.toml",
        "[items.hit]\nfor_each = 'json:$.hits'\nfields.name = 'json:$.name'\n[items.entry]\nfor_each = 'item'\n\
         [items.entry.fields]\ntitle = 'title'\nlink = { css = 'link', type = 'url' }\n\
         author = { select = ['css:dc|creator', 'xpath:dc:creator'] }\n\
         by = { xpath = 'dc:creator' }",
    );
    let record = |flags: &[&str]| {
        let said = bench.run(&[&["extract", "--json"], flags].concat()).ends_with(0);
        let page: Value = serde_json::from_str(&said.out).expect("one line of JSON");
        page["records"][0]["record"].clone()
    };
    bench.write("hits.json", r#"{"hits": [{"name": "a"}]}"#);
    assert_eq!(record(&["hits.json"]), json!({ "name": "a" }));
    assert_eq!(record(&[&server.url("/search")]), json!({ "name": "a" }));
    let entry = json!({ "title": "One", "link": server.url("/1"), "author": "Me", "by": "Me" });
    assert_eq!(record(&[&server.url("/feed")]), entry);
    bench.write("broken.json", "{\"hits\": [");
    let said = bench.run(&["extract", "broken.json"]).ends_with(0);
    assert!(said.out.contains("note: the body could not be read as JSON: EOF"), "{}", said.out);
}

#[test]
fn queries_of_links_are_sent_in_the_charset_of_the_page() {
    let bench = Bench::new();
    bench.write("lycosa.toml", "[[follow]]\ncss = 'a'\n[items.p.fields]\nlink = 'a::attr(href)'");
    let page = "<meta charset=windows-1252><a href='?q=caf\u{e9}'>x</a>";
    let bytes: Vec<u8> = page.chars().map(|c| u8::try_from(u32::from(c)).expect("Latin-1")).collect();
    std::fs::write(bench.path("page.html"), bytes).expect("a page");
    let said = bench.run(&["extract", "page.html", "--json", "--url", "http://a.test/"]).ends_with(0);
    let page: Value = serde_json::from_str(&said.out).expect("one line of JSON");
    assert_eq!(page["follow"][0]["url"], "http://a.test/?q=caf%E9");
    assert_eq!(page["records"][0]["record"]["link"], "http://a.test/?q=caf%E9");
}

#[test]
fn a_page_of_more_than_64_mib_is_refused() {
    let bench = Bench::new();
    bench.write("lycosa.toml", RULES);
    let file = std::fs::File::create(bench.path("large.html")).expect("a file");
    file.set_len((64 << 20) + 1).expect("a sparse file");
    bench
        .run(&["extract", "large.html"])
        .ends_with(1)
        .complains("larger than the limit of 64MiB", "--max-body");
}

/// The fenced block of this language that follows this heading.
fn block<'d>(document: &'d str, heading: &str, language: &str) -> &'d str {
    let (_, rest) = document.split_once(heading).unwrap_or_else(|| panic!("no heading {heading}"));
    let (_, rest) = rest.split_once(&format!("```{language}\n")).expect("a fenced block");
    rest.split_once("```").expect("its end").0
}

#[test]
fn the_documentation_names_every_key_and_its_example_does_what_it_says() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/rules.md");
    let document = std::fs::read_to_string(path).expect("docs/rules.md");
    let bench = Bench::new();
    bench.write("lycosa.toml", block(&document, "## A whole scraper", "toml"));
    bench.run(&["config", "check", "lycosa.toml"]).ends_with(0);
    bench.write("page.html", block(&document, "## A whole scraper", "html"));
    let flags = ["--json", "--url", "https://shop.example/p/1", "--label", "detail"];
    let said = bench.run(&[&["extract", "page.html"][..], &flags].concat()).ends_with(0);
    let page: Value = serde_json::from_str(&said.out).expect("one line of JSON");
    let expected: Value =
        serde_json::from_str(block(&document, "## A whole scraper", "json")).expect("a JSON record");
    assert_eq!(page["records"][0]["record"], expected, "{:#}", page["records"][0]["record"]);

    let heading = "## Records in JSON and in texts";
    bench.write("lycosa.toml", block(&document, heading, "toml"));
    bench.run(&["config", "check", "lycosa.toml"]).ends_with(0);
    bench.write("answer.json", block(&document, heading, "json"));
    let flags = ["extract", "answer.json", "--json", "--url", "https://shop.example/search"];
    let said = bench.run(&flags).ends_with(1);
    let page: Value = serde_json::from_str(&said.out).expect("one line of JSON");
    let kept = page["records"].as_array().expect("records").iter().filter(|record| record["fate"] == "kept");
    let kept: Vec<_> = kept.map(|record| record["record"].clone()).collect();
    let expected: Value = serde_json::from_str(block(&document, heading, "json records")).expect("records");
    assert_eq!(Value::from(kept), expected);
    assert_eq!(page["follow"][0]["url"], "https://shop.example/search?page=2");
    assert_eq!(page["follow"][3], json!({ "label": "detail", "url": "https://shop.example/p/3" }));

    let schema: Value =
        serde_json::from_str(&Bench::new().run(&["config", "schema"]).ends_with(0).out).expect("a schema");
    let mut keys = BTreeSet::new();
    collect_keys(&schema["properties"]["items"], &schema, &mut keys);
    collect_keys(&schema["properties"]["follow"], &schema, &mut keys);
    assert!(keys.len() >= 25 && keys.contains("unique_by") && keys.contains("match"), "{keys:?}");
    for key in keys {
        assert!(document.contains(&format!("| `{key}`")), "{key} is not in docs/rules.md");
    }
}

/// The names of all properties in a schema, each definition once.
fn collect_keys(part: &Value, root: &Value, keys: &mut BTreeSet<String>) {
    if let Some(target) = part["$ref"].as_str() {
        let target = root.pointer(target.trim_start_matches('#')).expect("a definition");
        if keys.contains("css") && target["properties"].get("css").is_some() {
            return;
        }
        return collect_keys(target, root, keys);
    }
    for (name, property) in part["properties"].as_object().into_iter().flatten() {
        keys.insert(name.clone());
        collect_keys(property, root, keys);
    }
    for inner in part["anyOf"].as_array().into_iter().flatten() {
        collect_keys(inner, root, keys);
    }
    for key in ["items", "additionalProperties"] {
        if part[key].is_object() {
            collect_keys(&part[key], root, keys);
        }
    }
}
