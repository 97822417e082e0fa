//! Every kind of field, and values that the rules take and the types do not.

use lycosa::Item;
use lycosa::extract::item::{FieldValue, Misfit};
use lycosa::extract::rules::ValueType;
use lycosa::url::Url;
use serde_json::{Value, json};

use super::{configured, extracted, records, with_page};

const PAGE: &str = r#"<html lang=en><title>Shop</title><base href="/base/">
  <script type=application/ld+json>{"@graph": [{"price": 12.5}, {"price": null}], "rating": 4}</script>
  <script id=more>var data = {"a": [1, 2]};</script>
  <article data-id=7><h2> Red <b>kettle</b> </h2><a href=k/1>more</a><i>-3</i><i>5</i><i>x</i>
    <s>yes</s><p>1,234.50 EUR</p><u>01/02/2024</u><div class=maker><em>Acme</em><tt>9</tt></div></article>
  <article data-id=8><h2>Pan</h2></article><article data-id=8><h2>Pan again</h2></article></html>"#;

#[derive(Debug, PartialEq)]
struct Cents(i64);

impl FieldValue for Cents {
    const TYPE: ValueType = ValueType::Number;

    fn from_value(value: Value) -> Result<Self, Misfit> {
        let cents = value.as_f64().map(|number| format!("{:.0}", number * 100.0));
        let cents = cents.and_then(|cents| cents.parse().ok());
        cents.map(Cents).ok_or_else(|| Misfit::new(&value, "it is no sum"))
    }
}

#[derive(Debug, PartialEq, Item)]
#[item(locale = "en-GB")]
struct Maker {
    #[item(css = "em")]
    id: String,
    #[item(css = "tt")]
    rank: Option<u8>,
}

#[derive(Debug, PartialEq, Item)]
#[item(name = "thing", for_each = ["section", "xpath://article"], unique_by = "number", when = "/p/[0-9]+$")]
#[item(when_label = ["", "detail"], locale = "en", date_order = "dmy")]
struct Thing {
    #[item(css = "::attr(data-id)")]
    number: u64,
    #[item(name = "heading", css = "h2", type = "html", collapse)]
    markup: String,
    #[item(css = "h2", trim = false, collapse = false)]
    raw: String,
    #[item(css = "a::attr(href)")]
    link: Option<String>,
    #[item(css = "a::attr(href)", absolute = false)]
    reference: Option<String>,
    #[item(css = "a::attr(href)")]
    url: Option<Url>,
    #[item(xpath = ".//i", default = [-1])]
    integers: Vec<i8>,
    #[item(css = "i", regex = "(-)?([0-9])", group = 2)]
    digits: Vec<u16>,
    #[item(css = "s")]
    flag: Option<bool>,
    #[item(css = "p")]
    cents: Option<Cents>,
    #[item(css = "p", default = -0.5)]
    price: f32,
    #[item(css = "u", type = "date")]
    day: Option<String>,
    #[item(json = "$['@graph'][*].price")]
    prices: Vec<f64>,
    #[item(json = "$.a", from = "#more")]
    data: Value,
    #[item(fact = "title")]
    r#type_name: String,
    #[item(select = ["css:.none", "value:constant"])]
    constant: String,
    #[item(value = [1, 2.5, true])]
    list: Value,
    #[item(for_each = ".maker", locale = "de")]
    maker: Option<Maker>,
    #[item(for_each = "div")]
    makers: Vec<Maker>,
}

const TOML: &str = r##"
follow = [{ css = "a", label = "detail" }]
[items.thing]
for_each = ["section", "xpath://article"]
unique_by = "number"
when = "/p/[0-9]+$"
when_label = ["", "detail"]
locale = "en"
date_order = "dmy"
[items.thing.fields]
number = { css = "::attr(data-id)", type = "integer", required = true }
heading = { css = "h2", type = "html", collapse = true, required = true }
raw = { css = "h2", trim = false, collapse = false, required = true }
link = "a::attr(href)"
reference = { css = "a::attr(href)", absolute = false }
url = { css = "a::attr(href)", type = "url" }
integers = { xpath = ".//i", default = [-1], many = true, type = "integer" }
digits = { css = "i", regex = "(-)?([0-9])", group = 2, many = true, type = "integer" }
flag = { css = "s", type = "bool" }
cents = { css = "p", type = "number" }
price = { css = "p", type = "number", default = -0.5 }
day = { css = "u", type = "date" }
prices = { json = "$['@graph'][*].price", many = true, type = "number" }
data = { json = "$.a", from = "#more", type = "json", required = true }
type_name = { fact = "title", required = true }
constant = { select = ["css:.none", "value:constant"], required = true }
list = { value = [1, 2.5, true] }
maker = { for_each = ".maker", many = false, locale = "de", fields = { id = { css = "em", required = true }, rank = { css = "tt", type = "integer" } } }
makers = { for_each = "div", locale = "en-GB", fields = { id = { css = "em", required = true }, rank = { css = "tt", type = "integer" } } }
"##;

#[test]
fn every_kind_of_field_holds_what_a_configuration_says() {
    let things: Vec<Thing> = extracted(TOML, PAGE, "detail");
    let [first, second] = things.as_slice() else { panic!("{things:?}") };
    let link = "https://shop.example/base/k/1";
    let maker = || Maker { id: "Acme".to_owned(), rank: Some(9) };
    assert_eq!((first.number, first.markup.as_str()), (7, "<h2> Red <b>kettle</b> </h2>"));
    assert_eq!(first.raw, " Red kettle ");
    assert_eq!(first.link.as_deref(), Some(link));
    assert_eq!(first.reference.as_deref(), Some("k/1"));
    assert_eq!(first.url.as_ref().map(Url::as_str), Some(link));
    assert_eq!((first.integers.as_slice(), first.digits.as_slice()), (&[-3, 5][..], &[3, 5][..]));
    assert_eq!((first.flag, &first.cents, first.price), (Some(true), &Some(Cents(123_450)), 1234.5));
    assert_eq!(first.day.as_deref(), Some("2024-02-01"));
    assert_eq!((first.prices.as_slice(), &first.data), (&[12.5][..], &json!([1, 2])));
    assert_eq!((first.type_name.as_str(), first.constant.as_str()), ("Shop", "constant"));
    assert_eq!(first.list, json!([1, 2.5, true]));
    assert_eq!((&first.maker, &first.makers), (&Some(maker()), &vec![maker()]));
    assert_eq!((second.number, second.integers.as_slice(), second.price), (8, &[-1][..], -0.5));
    assert_eq!((&second.cents, &second.maker, second.makers.len()), (&None, &None, 0));
}

#[test]
fn what_the_rules_take_and_the_type_cannot_hold_is_a_reject() {
    let html = PAGE.replace("<tt>9</tt>", "<tt>256</tt>");
    let extracted = with_page(&html, "", |page| Thing::extract(page)).unwrap();
    assert_eq!(extracted.items.iter().map(|thing| thing.number).collect::<Vec<_>>(), [8]);
    let failure = &extracted.rejects[0].failures[0];
    assert_eq!((failure.field.as_str(), failure.rule), ("maker.rank", "type"));
    assert_eq!(failure.value.as_deref(), Some("256"));
    assert_eq!(failure.message, "the value does not fit its Rust type: it is out of the range of u8");
}

#[test]
fn a_record_may_have_fields_that_an_item_may_not() {
    let error = Maker::rules().unwrap_err();
    assert!(error.to_string().contains("the name `id` is taken"), "{error}");
    assert_eq!((Maker::NAME, Maker::FIELDS, Maker::DEPTH), ("maker", &["id", "rank"][..], 1));
    assert_eq!((Thing::NAME, Thing::DEPTH, Thing::FIELDS[1]), ("thing", 2, "heading"));
}

#[test]
fn names_of_the_library_are_free_in_the_program() {
    #[derive(Debug, PartialEq, Item)]
    struct Group {
        #[item(css = "h2")]
        fact: String,
    }
    #[derive(Debug, PartialEq, Item)]
    struct Record {
        #[item(for_each = "article")]
        record: Vec<Group>,
        first: Group,
        #[item(fact = "title")]
        convert: String,
    }
    let extracted = with_page(PAGE, "", |page| Record::extract(page)).unwrap();
    let record = &extracted.items[0];
    let facts: Vec<_> = record.record.iter().map(|group| group.fact.as_str()).collect();
    assert_eq!(facts, ["Red kettle", "Pan", "Pan again"]);
    assert_eq!((record.first.fact.as_str(), record.convert.as_str()), ("Red kettle", "Shop"));
}

#[test]
fn pages_that_the_rules_are_not_for_give_nothing() {
    let elsewhere = with_page(PAGE, "list", |page| records(Thing::rules().unwrap(), page));
    assert_eq!(elsewhere, Vec::<Value>::new());
    assert_eq!(with_page(PAGE, "list", |page| records(&configured(TOML), page)), Vec::<Value>::new());
}
