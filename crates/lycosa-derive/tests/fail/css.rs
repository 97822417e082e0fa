//! A pseudo-class that does not exist, a combinator without an end, and a selector in a list.

use lycosa_derive::Item;

#[derive(Item)]
struct Product {
    #[item(css = "h1:frist-child")]
    name: String,
    #[item(css = "ul > li >")]
    tags: Vec<String>,
    #[item(select = ["css:h2", "xpath://h3[", "css:..x"])]
    heading: Option<String>,
}

fn main() {}
