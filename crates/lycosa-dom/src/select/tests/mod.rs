//! Selection: against published tables (`tables`), what the language is (`syntax`), the extensions, the state of
//! controls (`forms`), hostile input (`hostile`), a naive matcher (`oracle`) and other engines (`engines`).

mod engines;
mod extensions;
mod forms;
mod hostile;
mod oracle;
mod search;
mod syntax;
mod tables;

use super::*;
use crate::ParseOptions;

fn parse(html: &str) -> Document {
    Document::parse_html(html, ParseOptions::default())
}

/// The ids of the matches, `nil` for one without.
fn ids<'d>(document: &'d Document, selector: &Selector) -> Vec<&'d str> {
    document.select(selector).map(|node| node.attr("id").unwrap_or("nil")).collect()
}

/// The ids of what a selector finds.
fn found<'d>(document: &'d Document, source: &str) -> Vec<&'d str> {
    ids(document, &Selector::parse(source).unwrap_or_else(|error| panic!("{source}: {error}")))
}
