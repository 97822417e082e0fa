//! Names that every record has, and names given twice.

use lycosa_derive::Item;

#[derive(Item)]
#[item(name = "thing")]
struct Product {
    #[item(css = "h1")]
    id: String,
    #[item(css = "h2", name = "page")]
    heading: String,
    #[item(css = "h3")]
    third: String,
    #[item(css = "h4", name = "third")]
    fourth: String,
}

fn main() {}
