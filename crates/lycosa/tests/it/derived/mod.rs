//! Items as Rust types: the same records as the same rules in TOML, every kind of field, what fails, and crawls.

mod crawls;
mod fields;

use lycosa::Item;
use lycosa::config::Layers;
use lycosa::extract::rules::{LonePage, Rules};
use lycosa::url::Url;
use lycosa_dom::{Document, ParseOptions};
use serde_json::{Value, json};

/// The item rules of a configuration.
fn configured(text: &str) -> Rules {
    let mut layers = Layers::new();
    layers.text("lycosa.toml", text);
    layers.build().unwrap().rules().unwrap()
}

/// Lets a page at https://shop.example/p/1, found under this label, be looked at.
fn with_page<T>(html: &str, label: &str, look: impl FnOnce(&LonePage<'_>) -> T) -> T {
    let document = Document::parse_html(html, ParseOptions::default());
    let url = Url::parse("https://shop.example/p/1").unwrap();
    look(&LonePage::new(&document, &url).label(label))
}

/// The records of some rules.
fn records(rules: &Rules, page: &LonePage<'_>) -> Vec<Value> {
    rules
        .find(page)
        .items
        .into_iter()
        .map(|item| json!({ "type": &*item.kind, "fields": item.fields }))
        .collect()
}

/// What a type takes out of a page, after a look whether a configuration with the same rules takes the same.
fn extracted<T: Item>(toml: &str, html: &str, label: &str) -> Vec<T> {
    with_page(html, label, |page| {
        assert_eq!(records(T::rules().unwrap(), page), records(&configured(toml), page));
        let extracted = T::extract(page).unwrap();
        assert_eq!(extracted.rejects, []);
        extracted.items
    })
}

/// The block of the guide to rules that begins with this line.
fn of_the_guide(fence: &str) -> &'static str {
    let guide = include_str!("../../../../../docs/rules.md");
    let (_, rest) = guide.split_once(&format!("```{fence}\n")).unwrap();
    rest.split_once("```").unwrap().0
}

#[derive(Debug, PartialEq, Item)]
#[item(when_label = "detail", locale = "de")]
struct Product {
    #[item(select = ["css:h1", "json:$.name"], required = true)]
    name: String,
    #[item(json = "$.sku", type = "text")]
    sku: Option<String>,
    #[item(css = ".price", type = "number")]
    price: f64,
    #[item(css = ".released", type = "date")]
    released: Option<String>,
    #[item(regex = r"Gewicht: (?P<grams>\d+) g", group = "grams")]
    weight: Option<u32>,
    #[item(css = "img::attr(src)")]
    image: Option<Url>,
    #[item(xpath = "boolean(//*[@class='stock'])")]
    available: Option<bool>,
    #[item(css = ".tag")]
    tags: Vec<String>,
    #[item(value = "EUR")]
    currency: String,
    #[item(fact = "lang")]
    page_language: Option<String>,
    #[item(for_each = ".offer", unique_by = "shop")]
    offers: Vec<Offer>,
}

#[derive(Debug, PartialEq, Item)]
struct Offer {
    #[item(css = ".shop")]
    shop: String,
    #[item(css = ".amount", default = 0)]
    price: f64,
}

#[test]
fn the_guides_scraper_as_a_type_takes_what_the_guide_says() {
    let (toml, html) = (of_the_guide("toml"), of_the_guide("html"));
    let expected: Value = serde_json::from_str(of_the_guide("json")).unwrap();
    let found = with_page(html, "detail", |page| records(Product::rules().unwrap(), page));
    assert_eq!(found, [json!({ "type": "product", "fields": expected })]);
    let products: Vec<Product> = extracted(toml, html, "detail");
    assert_eq!(
        products,
        [Product {
            name: "Roter Kessel".to_owned(),
            sku: Some("4711".to_owned()),
            price: 1234.5,
            released: Some("2024-12-24".to_owned()),
            weight: Some(850),
            image: Some(Url::parse("https://shop.example/img/1.jpg").unwrap()),
            available: Some(true),
            tags: vec!["rot".to_owned(), "Stahl".to_owned()],
            currency: "EUR".to_owned(),
            page_language: Some("de".to_owned()),
            offers: vec![
                Offer { shop: "Ulm".to_owned(), price: 1200.0 },
                Offer { shop: "Bonn".to_owned(), price: 0.0 },
            ],
        }]
    );
    let elsewhere: Vec<Product> = extracted(toml, html, "list");
    assert_eq!(elsewhere, []);
}

#[test]
fn records_that_fail_are_told_with_field_rule_page_and_reason() {
    let html = "<h1>Kessel</h1><div class=offer><b class=amount>12</b></div>";
    let extracted = with_page(html, "detail", |page| Product::extract(page)).unwrap();
    assert_eq!((extracted.url.as_str(), extracted.items.len()), ("https://shop.example/p/1", 0));
    let failures: Vec<_> = extracted.rejects.iter().flat_map(|reject| &reject.failures).collect();
    let told: Vec<_> = failures.iter().map(|failure| (failure.field.as_str(), failure.rule)).collect();
    assert_eq!(told, [("offers.shop", "required"), ("price", "required")]);
    assert_eq!(failures[1].message, "nothing was found");
    assert_eq!(extracted.rejects[1].fields["name"], json!("Kessel"));
}
