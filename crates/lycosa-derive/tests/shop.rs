//! tmp
use lycosa::Item;
use lycosa::extract::rules::LonePage;
use lycosa::url::Url;

#[derive(Debug, PartialEq, Item)]
#[item(when_label = "detail", locale = "de")]
struct Product {
    #[item(select = ["css:h1", "json:$.name"])]
    name: String,
    #[item(css = ".price")]
    price: f64,
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
fn t() {
    let document =
        lycosa_dom::Document::parse_html("<h1>x</h1><p class=price>1.234,50 €</p>", Default::default());
    let url = Url::parse("http://a.test/").unwrap();
    let e = Product::extract(&LonePage::new(&document, &url).label("detail")).unwrap();
    assert_eq!(e.items.len(), 1, "{e:?}");
}
