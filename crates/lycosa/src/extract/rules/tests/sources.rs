//! Where values come from and what types make of them.

use serde_json::json;

use super::*;

const DETAIL: &str = r#"<html lang=de><head><title>Red kettle</title>
  <script type="application/ld+json">{"@type": "BreadcrumbList"}</script>
  <script type="application/LD+JSON">{"@type": "Product", "name": " Red  kettle ", "sku": 7, "tags": ["a", null, "b"],
     "offers": [{"price": "12.50", "priceCurrency": "EUR"}, {"price": 9.9, "priceCurrency": "USD"}]}</script>
  <script id=data>window.data = {"stock": {"count": 3}}; go()</script>
  <script type="application/ld+json">{ broken</script></head>
  <body><h1>Red <b>kettle</b></h1><p class=price>1.234,56 &euro;</p><p class=date>24. Dezember 2024</p>
  <p class=code>EAN 40-15; SKU x7</p><a class=more href="/k/1">more</a><i class=spaced> a  <b>b</b> </i>
  <ul><li>1,5<li>zwei<li>2</ul></body></html>"#;

/// The value of one field of the page.
fn field(rule: &str) -> Value {
    items(&format!("[p]\nfields.f = {rule}"), DETAIL)[0]["f"].clone()
}

#[test]
fn xpath_takes_nodes_texts_attributes_and_computed_values() {
    assert_eq!(field("{ xpath = '//h1' }"), json!("Red kettle"));
    assert_eq!(field("{ xpath = '//h1/b/text()' }"), json!("kettle"));
    assert_eq!(field("{ xpath = '//a/@href', type = 'url' }"), json!("http://shop.test/k/1"));
    assert_eq!(field("{ xpath = 'count(//li)', type = 'integer' }"), json!(3));
    assert_eq!(field("{ xpath = 'boolean(//h1)', type = 'bool' }"), json!(true));
    assert_eq!(field("{ xpath = '//h1', type = 'html' }"), json!("<h1>Red <b>kettle</b></h1>"));
    assert_eq!(field("'xpath://h1'"), json!("Red kettle"), "the short form takes a prefix");
    assert_eq!(field("{ xpath = '//li', many = true }"), json!(["1,5", "zwei", "2"]));
}

#[test]
fn a_chain_takes_the_first_source_that_gives_something_usable() {
    assert_eq!(field("{ select = ['css:.gone', 'xpath://h1', 'css:title'] }"), json!("Red kettle"));
    assert_eq!(field("{ select = ['.gone', 'value:none'] }"), json!("none"));
    assert_eq!(field("{ select = ['css:h1', 'css:.price'], type = 'number' }"), json!(1234.56));
    assert_eq!(field("{ select = ['json:$.gone', 'fact:title'] }"), json!("Red kettle"));
    assert_eq!(field("{ select = ['css:li', 'css:h1'], type = 'number', many = true }"), json!([1.5, 2.0]));
    assert_eq!(field("{ select = ['css:.gone', 'css:.gone2'] }"), json!(null));
}

#[test]
fn json_paths_look_into_every_script_of_the_page() {
    assert_eq!(field("{ json = '$.name' }"), json!("Red kettle"));
    assert_eq!(field("{ json = '$.name', collapse = false, trim = false }"), json!(" Red  kettle "));
    assert_eq!(field("{ json = '$.sku' }"), json!(7), "a value keeps its type");
    assert_eq!(field("{ json = '$.sku', type = 'text' }"), json!("7"));
    assert_eq!(field("{ json = '$.offers[0].price', type = 'number' }"), json!(12.5));
    assert_eq!(field("{ json = \"$.offers[?@.priceCurrency=='USD'].price\" }"), json!(9.9));
    assert_eq!(field("{ json = '$.offers[*].price', many = true, type = 'text' }"), json!(["12.50", "9.9"]));
    assert_eq!(field("{ json = '$.tags', many = true }"), json!(["a", "b"]), "a list is a list of values");
    assert_eq!(field("{ json = '$.stock.count', from = 'script#data' }"), json!(3));
    assert_eq!(field("{ json = '$.stock.count', from = 'xpath://script[@id]' }"), json!(3));
    assert_eq!(field("{ json = '$.gone' }"), json!(null));
    let findings = findings(&Rules::compile(&rules("[p]\nfields.f = 'json:$.gone'")).unwrap(), DETAIL, None);
    assert_eq!(findings.notes, ["the JSON of an element could not be read"]);
}

#[test]
fn constants_and_facts_are_values_too() {
    assert_eq!(field("{ value = 'shop' }"), json!("shop"));
    assert_eq!(field("{ value = 5 }"), json!(5));
    for (fact, value) in [
        ("url", json!("http://shop.test/list/")),
        ("final_url", json!("http://shop.test/list/")),
        ("title", json!("Red kettle")),
        ("status", json!(200)),
        ("depth", json!(2)),
        ("lang", json!("de")),
        ("fetched_at", json!("2000-02-29T00:00:00.123Z")),
        ("label", json!(null)),
        ("parent", json!(null)),
    ] {
        assert_eq!(field(&format!("{{ fact = '{fact}' }}")), value, "{fact}");
    }
}

#[test]
fn an_expression_alone_searches_the_text_and_groups_go_by_number_or_name() {
    assert_eq!(field("{ regex = 'SKU (x\\d)' }"), json!("x7"));
    assert_eq!(field("{ select = ['regex:GTIN (\\d+)', 'regex:EAN (\\d+)'], type = 'integer' }"), json!(40));
    assert_eq!(field("{ css = '.code', regex = '(\\d+)-(\\d+)', group = 2 }"), json!("15"));
    assert_eq!(field("{ css = '.code', regex = '(\\d+)-(\\d+)', group = 0 }"), json!("40-15"));
    assert_eq!(
        field("{ css = '.code', regex = '(\\d+)-(?P<last>\\d+)', group = 'last', type = 'integer' }"),
        json!(15)
    );
    assert_eq!(field("{ regex = 'SKU (?P<sku>x.)', group = 'sku' }"), json!("x7"));
    assert_eq!(field("{ select = ['regex:SKU x\\d'], regex = 'x(\\d)' }"), json!("7"));
}

#[test]
fn types_convert_and_say_when_they_cannot() {
    assert_eq!(field("{ css = '.price', type = 'number' }"), json!(1234.56));
    assert_eq!(field("{ css = '.date', type = 'date' }"), json!("2024-12-24"));
    assert_eq!(field("{ css = '.date', type = 'date', locale = 'fr' }"), json!(null));
    assert_eq!(field("{ css = '.price', type = 'integer' }"), json!(null));
    assert_eq!(field("{ css = '.price', type = 'integer', default = 0 }"), json!(0));
    assert_eq!(field("{ css = 'a', type = 'html' }"), json!("<a class=\"more\" href=\"/k/1\">more</a>"));
    assert_eq!(field("{ css = '#data', type = 'json' }"), json!({ "stock": { "count": 3 } }));
    assert_eq!(field("{ css = '.spaced' }"), json!("a b"));
    assert_eq!(field("{ css = '.spaced', collapse = false }"), json!("a  b"));
    assert_eq!(field("{ css = '.spaced', trim = false }"), json!(" a b "));
    assert_eq!(field("{ css = '.spaced', trim = false, collapse = false }"), json!(" a  b "));
}

#[test]
fn the_locale_of_an_item_type_holds_for_its_fields() {
    let text = "[p]\nlocale = 'de'\n[p.fields]\na = { css = 'i', type = 'number' }\n\
                b = { css = 'i', type = 'number', locale = 'en' }\nc = { css = 'b', type = 'date' }\n\
                d = { css = 'b', type = 'date', date_order = 'mdy' }";
    let found = items(text, "<i>1.234</i><b>01/02/2024</b>");
    assert_eq!(found, json!([{ "a": 1234.0, "b": 1.234, "c": "2024-02-01", "d": "2024-01-02" }]));
}

#[test]
fn a_page_that_makes_rules_work_too_hard_is_given_up() {
    let text =
        "[p]\nfor_each = 'i'\nfields.f = { xpath = '//i[count(preceding::i[count(following::i) > 3]) > 2]' }";
    let html = "<i>x</i>".repeat(3_000);
    let rules = Rules::compile(&rules(text)).unwrap();
    let found = findings(&rules, &html, None);
    assert!(found.notes.iter().any(|note| note.contains("given up")), "{:?}", found.notes);
    let many = Rules::compile(&super::rules("[p]\nfor_each = 'i'\nfields.f = 'i'")).unwrap();
    let found = findings(&many, &"<i>".repeat(120_000), None);
    assert!(found.items.len() <= 100_000, "{}", found.items.len());
}

#[test]
fn the_main_content_is_a_fact() {
    let text = "Kettles boil water, as they have done, in one form or another, for four thousand years.";
    let page = format!(
        "<nav><a href=/>Home</a></nav><article><h1>Kettles</h1><p>{text} <a href=/k>More</a></article>"
    );
    let found = items("[p]\nfields.md = { fact = 'markdown' }\nfields.text = 'fact:main_text'", &page);
    assert_eq!(found[0]["md"], json!(format!("# Kettles\n\n{text} [More](http://shop.test/k)")));
    assert_eq!(found[0]["text"], json!(format!("{text} More")));
    assert_eq!(items("[p]\nfields.md = { fact = 'markdown' }", "<script>x</script>")[0]["md"], Value::Null);
}
