//! Types that no rule fills.

use lycosa_derive::Item;

#[derive(Item)]
struct Product {
    #[item(css = "h1")]
    pair: (String, String),
    #[item(css = "h1")]
    text: &'static str,
    #[item(css = "h1")]
    list: Option<Vec<String>>,
    #[item(css = "h1")]
    lists: Vec<Vec<String>>,
}

fn main() {}
