//! Keys that do not exist, or belong elsewhere.

use lycosa_derive::Item;

#[derive(Item)]
#[item(for_eech = "article", css = "p")]
struct Product {
    #[item(csss = "h1")]
    name: String,
    #[item(css = "h1", when = "/p/")]
    heading: String,
    #[item(css = "h1", colour = "red")]
    colour: String,
    #[item(fields = "offer")]
    offer: String,
}

fn main() {}
