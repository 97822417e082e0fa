//! Rules on pages: what they take, what they drop, how their mistakes are named.

mod follow;
mod places;
mod records;
mod sources;

use http::HeaderMap;
use lycosa_dom::{Document, ParseOptions};
use serde_json::{Value, json};
use url::Url;

use super::*;

use crate::model::{Extract, Findings, Page, Request, Timestamp};

const SHOP: &str = r#"<html><body>
  <article class=product data-id=1><h2> Red <b>kettle</b> </h2><a href="/k/1?x=7">more</a>
    <span class=price>Price: 12.50 EUR</span><li>steel</li><li> </li><li>red</li></article>
  <article class=product data-id=2><h2>Pan</h2><a href="http://[bad">more</a></article>
  <article class=product data-id=3><span class=price>free</span></article>
</body></html>"#;

fn rules(text: &str) -> Named<ItemRule> {
    toml::from_str(text).unwrap()
}

/// Lets a page at http://shop.test/list/, found under this label, be looked at.
fn with_page<T>(html: &str, label: Option<&str>, look: impl FnOnce(&Page<'_>) -> T) -> T {
    let document = Document::parse_html(html, ParseOptions::default());
    let url = Url::parse("http://shop.test/list/").unwrap();
    let request = Request { label: label.map(Into::into), depth: 2, ..Request::get(url.as_str()) };
    let headers = HeaderMap::new();
    look(&Page {
        request: &request,
        url: &url,
        base: &url,
        status: 200,
        headers: &headers,
        body: html.as_bytes(),
        text: html,
        fetched_at: Timestamp(951_782_400_123),
        document: Some(&document),
    })
}

fn findings(extract: &dyn Extract, html: &str, label: Option<&str>) -> Findings {
    let mut findings = Findings::default();
    with_page(html, label, |page| extract.extract(page, &mut findings)).unwrap();
    findings
}

fn run(rules: &Rules, html: &str) -> Vec<(String, Value)> {
    let items = findings(rules, html, None).items.into_iter();
    items.map(|item| (item.kind.to_string(), Value::Object(item.fields))).collect()
}

/// The items of these rules on this page.
fn items(text: &str, html: &str) -> Value {
    run(&Rules::compile(&rules(text)).unwrap(), html).into_iter().map(|(_, fields)| fields).collect()
}

/// The values of one field of each product.
fn field(rule: &str) -> Vec<Value> {
    let text = format!("[product]\nfor_each = 'article.product'\nfields.f = {rule}");
    let rules = Rules::compile(&rules(&text)).unwrap();
    run(&rules, SHOP).into_iter().map(|(_, fields)| fields["f"].clone()).collect()
}

#[test]
fn a_field_takes_text_attributes_or_the_whole_element() {
    assert_eq!(field("'h2::text'"), [json!("Red"), json!("Pan"), Value::Null]);
    assert_eq!(field("'h2'"), [json!("Red kettle"), json!("Pan"), Value::Null]);
    assert_eq!(field("'h2 b::text'"), [json!("kettle"), Value::Null, Value::Null]);
    assert_eq!(field("'::attr(data-id)'"), [json!("1"), json!("2"), json!("3")]);
    assert_eq!(field("':scope::attr(data-id)'"), [json!("1"), json!("2"), json!("3")]);
    assert_eq!(field("':scope > h2::text'"), [json!("Red"), json!("Pan"), Value::Null]);
    assert_eq!(field("'.nothing'"), [Value::Null, Value::Null, Value::Null]);
}

#[test]
fn links_become_absolute_unless_told_otherwise() {
    let absolute = json!("http://shop.test/k/1?x=7");
    assert_eq!(field("'a::attr(href)'"), [absolute.clone(), Value::Null, Value::Null]);
    let raw = field("{ css = 'a::attr(href)', absolute = false }");
    assert_eq!(raw, [json!("/k/1?x=7"), json!("http://[bad"), Value::Null]);
    let number = field("{ css = 'a::attr(href)', regex = '/k/(\\d+)' }");
    assert_eq!(number, [json!("1"), Value::Null, Value::Null]);
    let path = field("{ css = 'a::attr(href)', regex = '/k/\\d+', absolute = true }");
    assert_eq!(path, [json!("http://shop.test/k/1"), Value::Null, Value::Null]);
}

#[test]
fn a_list_holds_every_value_that_is_not_empty() {
    assert_eq!(field("{ css = 'li::text', many = true }"), [json!(["steel", "red"]), json!([]), json!([])]);
    let kept = field("{ css = 'li::text', many = true, trim = false }");
    assert_eq!(kept[0], json!(["steel", " ", "red"]));
    let default = field("{ css = 'li::text', many = true, default = ['unknown'] }");
    assert_eq!(default[1], json!(["unknown"]));
}

#[test]
fn an_expression_takes_its_first_group_and_drops_what_it_does_not_find() {
    assert_eq!(field("{ css = '.price', regex = '([0-9.]+) EUR' }")[0], json!("12.50"));
    assert_eq!(field("{ css = '.price', regex = '[0-9]+' }")[0], json!("12"));
    assert_eq!(field("{ css = '.price', regex = '(x)|(12)' }")[0], json!("12"));
    assert_eq!(field("{ css = '.price', regex = '[0-9]+', default = 0 }")[2], json!(0));
}

#[test]
fn items_without_a_required_field_are_dropped_and_counted() {
    let text = "[product]\nfor_each = '.product'\n[product.fields]\nname = { css = 'h2', required = true }";
    let rules = Rules::compile(&rules(text)).unwrap();
    assert_eq!(run(&rules, SHOP).len(), 2);
    let counts = rules.counts();
    assert_eq!(counts.len(), 1);
    assert_eq!((&*counts[0].kind, counts[0].found, counts[0].rejected), ("product", 2, 1));
}

#[test]
fn required_and_default_exclude_each_other() {
    let text = "[p]\nfields.f = { css = 'h2', required = true, default = 'none' }";
    let mistakes = Rules::compile(&rules(text)).unwrap_err();
    assert_eq!((mistakes.len(), mistakes[0].key), (1, Some("required")), "{mistakes:?}");
    assert_eq!(mistakes[0].hint.as_deref(), Some("leave one of them out"));
    assert_eq!(field("{ css = 'h2', required = false, default = 'none' }")[2], json!("none"));
}

#[test]
fn fields_keep_their_order_and_types_theirs() {
    let text = "[zoo.fields]\nzebra = 'title'\nape = 'h1'\n[bar]\nfor_each = 'p'\nfields.x = ':scope'";
    let rules = Rules::compile(&rules(text)).unwrap();
    assert_eq!(rules.columns("zoo").unwrap(), ["page", "zebra", "ape"]);
    assert_eq!(rules.columns("gone"), None);
    let items = run(&rules, "<title>t</title><h1>h</h1><p>1<p>2");
    let kinds: Vec<_> = items.iter().map(|(kind, _)| kind.as_str()).collect();
    assert_eq!(kinds, ["zoo", "bar", "bar"]);
    assert_eq!(items[0].1.to_string(), r#"{"zebra":"t","ape":"h"}"#);
    assert_eq!(items[2].1, json!({ "x": "2" }));
}

#[test]
fn a_page_without_a_document_gives_nothing() {
    let rules = Rules::compile(&rules("[a.fields]\nx = 'p'")).unwrap();
    let url = Url::parse("http://shop.test/").unwrap();
    let (request, headers) = (Request::get(url.as_str()), HeaderMap::new());
    let page = Page {
        request: &request,
        url: &url,
        base: &url,
        status: 200,
        headers: &headers,
        body: b"",
        text: "",
        fetched_at: Timestamp(0),
        document: None,
    };
    let mut findings = Findings::default();
    rules.extract(&page, &mut findings).unwrap();
    assert_eq!(findings, Findings::default());
}
