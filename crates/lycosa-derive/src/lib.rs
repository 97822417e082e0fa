//! `#[derive(Item)]`: extraction rules as Rust types, checked when they are compiled.
//!
//! `attribute` reads what stands in `#[item(…)]`, `rule` makes rules of it, `shape` and `input` hold them against the
//! types of the fields, `check` compiles them as a crawl would, `expand` writes the implementation. `problem` gathers
//! what is wrong. How a page becomes a value of the struct is the library's: see `lycosa::Item`.

mod attribute;
mod check;
mod expand;
mod input;
mod problem;
mod rule;
mod shape;

use proc_macro::TokenStream;

use input::Input;
use problem::Problems;

/// Programs use this as `lycosa::Item`, where its keys are documented.
#[proc_macro_derive(Item, attributes(item))]
pub fn derive_item(input: TokenStream) -> TokenStream {
    let input = syn::parse_macro_input!(input as syn::DeriveInput);
    let mut problems = Problems::default();
    let Some(taken) = Input::of(&input, &mut problems) else { return problems.to_tokens().into() };
    check::check(&taken, &mut problems);
    if problems.is_empty() { expand::expand(&taken).into() } else { problems.to_tokens().into() }
}
