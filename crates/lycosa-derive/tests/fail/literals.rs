//! Values of the wrong form.

use lycosa_derive::Item;

#[derive(Item)]
#[item(when_label = [])]
struct Product {
    #[item(css = 5)]
    name: String,
    #[item(css = "h1", trim = "yes")]
    heading: String,
    #[item(css = "h1", regex = "x", group = -1)]
    group: String,
    #[item(css = "h1", default = 99999999999999999999)]
    large: i64,
    #[item(css = h1)]
    word: String,
    #[item(css("h1"))]
    brackets: String,
}

fn main() {}
