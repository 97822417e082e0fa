//! Look-around, a bracket that is not closed, and groups that are not there.

use lycosa_derive::Item;

#[derive(Item)]
#[item(when = "/p/(?=x)")]
struct Product {
    #[item(regex = r"(?<=EUR )\d+")]
    price: u32,
    #[item(css = "p", regex = r"(\d+")]
    weight: u32,
    #[item(css = "p", regex = r"(?P<grams>\d+) g", group = "gram")]
    grams: u32,
    #[item(css = "p", regex = r"(\d+) g", group = 2)]
    more: u32,
}

fn main() {}
