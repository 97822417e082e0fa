//! Requirements that contradict the types.

use lycosa_derive::Item;

#[derive(Item)]
struct Product {
    #[item(css = "h1", required)]
    name: Option<String>,
    #[item(css = "h2", required = false)]
    heading: String,
    #[item(css = "h3", many)]
    third: String,
    #[item(css = "h4", many = false)]
    fourth: Vec<String>,
}

fn main() {}
