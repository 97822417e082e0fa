//! Two sources, and the same key twice.

use lycosa_derive::Item;

#[derive(Item)]
struct Product {
    #[item(css = "h1", xpath = "//h1")]
    name: String,
    #[item(css = "h1", css = "h2")]
    heading: String,
}

fn main() {}
