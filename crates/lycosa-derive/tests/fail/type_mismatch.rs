//! Types of the rules that the types of Rust cannot hold.

use lycosa_derive::Item;

#[derive(Item)]
struct Product {
    #[item(css = ".price", type = "number")]
    price: i64,
    #[item(css = ".stock", type = "bool")]
    stock: Option<String>,
    #[item(css = "a", type = "date")]
    dates: Vec<u8>,
    #[item(css = "a", type = "numbr")]
    number: f64,
}

fn main() {}
