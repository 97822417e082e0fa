//! Locales, orders and facts that do not exist.

use lycosa_derive::Item;

#[derive(Item)]
#[item(locale = "xx", date_order = "dym")]
struct Product {
    #[item(css = ".price", locale = "klingon")]
    price: f64,
    #[item(fact = "langg")]
    language: Option<String>,
    #[item(select = ["fact:titel"])]
    title: Option<String>,
}

fn main() {}
