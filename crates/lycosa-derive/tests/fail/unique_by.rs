//! Names of fields that are not there, or are there under another name.

use lycosa_derive::Item;

#[derive(Item)]
#[item(for_each = "article", unique_by = ["name", "pice"])]
struct Article {
    #[item(css = "h1")]
    name: String,
    #[item(css = ".price")]
    price: f64,
}

fn main() {}
