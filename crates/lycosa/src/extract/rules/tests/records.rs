//! Records in records, lists of them, which are kept and which are rejected, and the counts of it all.

use serde_json::json;

use super::*;

const SHOPS: &str = r#"<article class=product><h2>Kettle</h2>
    <div class=offer><b>A</b><i>12,50</i></div><div class=offer><b>B</b></div><div class=offer><b>A</b><i>9</i></div>
    <address><b>Ulm</b></address></article>
  <article class=product><h2>Pan</h2></article>
  <article class=product><h2>Kettle</h2></article>"#;

const RULES: &str = "
[product]
for_each = ['.gone', 'xpath://article']
unique_by = 'name'
[product.fields]
name = 'h2'
[product.fields.offers]
for_each = '.offer'
[product.fields.offers.fields]
shop = 'b'
price = { css = 'i', type = 'number', required = true }
[product.fields.seller.fields]
city = 'address b'
";

#[test]
fn records_hold_records_and_lists_of_them() {
    assert_eq!(
        items(RULES, SHOPS),
        json!([
            { "name": "Kettle", "offers": [{ "shop": "A", "price": 12.5 }, { "shop": "A", "price": 9.0 }],
              "seller": { "city": "Ulm" } },
            { "name": "Pan", "offers": [], "seller": { "city": null } },
        ])
    );
    let unique = RULES.replace("for_each = '.offer'", "for_each = '.offer'\nunique_by = ['shop']");
    assert_eq!(items(&unique, SHOPS)[0]["offers"], json!([{ "shop": "A", "price": 12.5 }]));
    let one = RULES.replace("for_each = '.offer'", "for_each = '.offer'\nmany = false");
    assert_eq!(items(&one, SHOPS)[0]["offers"], json!({ "shop": "A", "price": 12.5 }));
    assert_eq!(items(&one, SHOPS)[1]["offers"], json!(null));
}

#[test]
fn what_lacks_something_required_is_rejected_with_its_reasons() {
    let text = "[p]\nfor_each = 'article'\n[p.fields]\nname = 'h2'\n\
                price = { css = 'i', type = 'integer', required = true }\nlink = { css = 'a', required = true }";
    let rules = Rules::compile(&rules(text)).unwrap();
    assert!(rules.can_reject());
    let html = "<article><h2>A</h2><i>free</i></article><article><h2>B</h2><i>5</i><a>x</a></article>";
    let found = findings(&rules, html, None);
    assert_eq!((found.items.len(), found.rejects.len()), (1, 1));
    let record: Value =
        serde_json::from_str(&crate::extract::reject_record(&found.rejects[0], "http://shop.test/")).unwrap();
    assert_eq!(
        record,
        json!({
            "type": "p", "page": "http://shop.test/", "field": "price", "rule": "type",
            "failures": [
                { "field": "price", "rule": "type", "source": "css:i", "value": "free",
                  "message": "the value could not be converted: it holds no number" },
                { "field": "link", "rule": "required", "source": null, "value": null,
                  "message": "nothing was found" }
            ],
            "record": { "name": "A", "price": null, "link": null }
        })
    );
}

#[test]
fn an_inner_record_that_fails_is_told_by_the_way_to_its_field() {
    let rules = Rules::compile(&rules(RULES)).unwrap();
    let found = findings(&rules, SHOPS, None);
    let fields: Vec<_> = found.rejects.iter().map(|reject| reject.failures[0].field.as_str()).collect();
    assert_eq!(fields, ["offers.price"]);
    let needed = RULES.replace("for_each = '.offer'", "for_each = '.offer'\nrequired = true");
    let found = findings(&Rules::compile(&super::rules(&needed)).unwrap(), SHOPS, None);
    assert_eq!((found.items.len(), found.rejects.len()), (1, 3), "{:?}", found.rejects);
}

#[test]
fn every_field_is_counted_so_that_a_changed_site_is_noticed() {
    let rules = Rules::compile(&rules(RULES)).unwrap();
    findings(&rules, SHOPS, None);
    let counts = rules.counts().remove(0);
    assert_eq!((counts.found, counts.rejected, counts.repeated), (2, 0, 1));
    let fields: Vec<_> = counts.fields.iter().map(|field| (field.name.as_str(), field.nulls())).collect();
    assert_eq!(
        fields,
        [
            ("name", (0, 3)),
            ("offers", (2, 3)),
            ("offers.shop", (0, 3)),
            ("offers.price", (1, 3)),
            ("seller", (0, 3)),
            ("seller.city", (2, 3))
        ]
    );
}

#[test]
fn item_types_are_for_some_pages_only() {
    let found = |when: &str, label: Option<&str>| {
        let text = format!("[p]\n{when}\nfields.f = 'h2'");
        findings(&Rules::compile(&rules(&text)).unwrap(), SHOPS, label).items.len()
    };
    assert_eq!(found("when = '/list/'", None), 1);
    assert_eq!(found("when = '/detail/'", None), 0);
    assert_eq!(found("when_label = 'detail'", None), 0);
    assert_eq!(found("when_label = 'detail'", Some("detail")), 1);
    assert_eq!(found("when_label = ['', 'detail']", None), 1);
    assert_eq!(found("when_label = ''", Some("detail")), 0);
}

#[test]
fn an_examination_tells_where_every_value_came_from() {
    let text = "[p]\nfor_each = 'article'\n[p.fields]\nname = { select = ['css:h1', 'css:h2'] }\n\
                price = { css = 'i', type = 'integer', default = 0 }\nlink = { css = 'a', required = true }\n[q.fields]\nx = 'x'\n\
                [r]\nfor_each = 'gone'\nfields.x = 'x'";
    let rules = Rules::compile(&rules(text)).unwrap();
    let html = "<article><h2>A</h2><i>free</i></article>";
    let report = with_page(html, None, |page| rules.examine(page));
    assert_eq!((report.records.len(), report.none.as_slice()), (2, &["r".to_owned()][..]));
    assert_eq!(report.records[0].fate, Fate::Rejected);
    let told: Vec<_> = report.records[0]
        .fields
        .iter()
        .map(|field| (field.field.as_str(), field.how, field.by.as_deref(), field.why.as_deref()))
        .collect();
    assert_eq!(
        told,
        [
            ("name", How::Found, Some("css:h2"), None),
            ("price", How::Default, Some("css:i"), Some("\"free\": it holds no number")),
            ("link", How::Missing, None, None),
        ]
    );
}

#[test]
fn an_examination_tells_of_a_field_before_what_is_in_it() {
    let rules = Rules::compile(&rules(RULES)).unwrap();
    let report = with_page(SHOPS, None, |page| rules.examine(page));
    let fields: Vec<_> = report.records[0].fields.iter().map(|field| field.field.as_str()).collect();
    let offers = ["offers.shop", "offers.price"].repeat(3);
    assert_eq!(fields, [&["name", "offers"][..], &offers, &["seller", "seller.city"]].concat());
    assert_eq!(report.records[2].fate, Fate::Repeated);
}
