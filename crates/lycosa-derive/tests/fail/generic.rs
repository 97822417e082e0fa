//! Parameters of structs.

use lycosa_derive::Item;

#[derive(Item)]
struct Product<T> {
    #[item(css = "h1")]
    name: T,
}

#[derive(Item)]
struct Borrowed<'a> {
    #[item(css = "h1")]
    name: &'a str,
}

fn main() {}
