//! Records of values, records that stand nowhere, and defaults of records.

use lycosa_derive::Item;

struct Offer;

#[derive(Item)]
struct Product {
    #[item(css = ".tag", for_each = ".tags")]
    tags: Vec<String>,
    offers: Vec<Offer>,
    #[item(for_each = "p::text", default = 1)]
    more: Vec<Offer>,
}

fn main() {}
