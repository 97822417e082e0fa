//! Records in themselves, which would nest for ever.

use lycosa_derive::Item;

#[derive(Item)]
struct Comment {
    #[item(css = ":scope > p")]
    text: String,
    #[item(for_each = ":scope > .reply")]
    replies: Vec<Comment>,
}

fn main() {}
