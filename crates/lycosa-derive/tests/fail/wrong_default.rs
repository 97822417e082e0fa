//! Defaults that the types cannot hold.

use lycosa_derive::Item;

#[derive(Item)]
struct Product {
    #[item(css = ".stock", default = "none")]
    stock: u32,
    #[item(css = ".small", default = 300)]
    small: u8,
    #[item(css = ".name", default = 0)]
    name: String,
    #[item(css = "a::attr(href)", default = "/relative")]
    link: url::Url,
    #[item(css = ".tag", default = "none")]
    tags: Vec<String>,
    #[item(css = ".tag", default = ["a", 1])]
    more_tags: Vec<String>,
    #[item(css = ".price", default = [1.5])]
    price: f64,
}

fn main() {}
