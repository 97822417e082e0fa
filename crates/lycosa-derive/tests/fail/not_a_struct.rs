//! What has no named fields.

use lycosa_derive::Item;

#[derive(Item)]
enum Kind {
    Product,
}

#[derive(Item)]
struct Pair(String, String);

#[derive(Item)]
struct Nothing;

#[derive(Item)]
struct Empty {}

#[derive(Item)]
union Either {
    left: u8,
    right: i8,
}

fn main() {}
