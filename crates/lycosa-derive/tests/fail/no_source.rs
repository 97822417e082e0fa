//! Fields that do not say where their values are.

use lycosa_derive::Item;

#[derive(Item)]
struct Product {
    name: String,
    #[item(required, trim = false)]
    price: f64,
    #[item(css)]
    heading: String,
}

fn main() {}
