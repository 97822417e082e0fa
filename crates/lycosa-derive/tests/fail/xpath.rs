//! A function that does not exist, but for its spelling.

use lycosa_derive::Item;

#[derive(Item)]
struct Product {
    #[item(xpath = "normalise-space(//h1)")]
    name: String,
}

fn main() {}
