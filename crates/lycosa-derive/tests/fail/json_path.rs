//! Paths that cannot be read.

use lycosa_derive::Item;

#[derive(Item)]
struct Product {
    #[item(json = "$.offers[?@.price ==]")]
    price: f64,
    #[item(json = "name")]
    name: String,
}

fn main() {}
