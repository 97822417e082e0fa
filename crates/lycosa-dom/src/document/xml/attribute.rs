//! The attributes in a start tag, as they stand. What is broken is read the way HTML would, so that nothing
//! after it is lost.

use super::token::{is_space, split_name};

/// An attribute as written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct RawAttribute<'a> {
    pub(super) name: &'a str,
    pub(super) value: &'a str,
}

/// Reads what follows the name in a start tag. `true` if all of it was well-formed.
pub(super) fn read<'a>(content: &'a str, found: &mut Vec<RawAttribute<'a>>) -> bool {
    let mut rest = content;
    let mut is_fine = true;
    loop {
        let trimmed = rest.trim_start_matches(is_space);
        if trimmed.is_empty() {
            return is_fine;
        }
        // Attributes must be set apart.
        is_fine &= trimmed.len() < rest.len();
        let (name, after_name) = split_name(trimmed);
        if name.is_empty() {
            is_fine = false;
            rest = skip_character(trimmed);
            continue;
        }
        let Some(after_equals) = after_name.trim_start_matches(is_space).strip_prefix('=') else {
            is_fine = false;
            found.push(RawAttribute { name, value: "" });
            rest = after_name;
            continue;
        };
        let (value, after, is_quoted) = value(after_equals.trim_start_matches(is_space));
        is_fine &= is_quoted && !value.contains('<');
        found.push(RawAttribute { name, value });
        rest = after;
    }
}

/// The value a text begins with, what follows, and whether it was quoted.
fn value(text: &str) -> (&str, &str, bool) {
    for quote in ['"', '\''] {
        if let Some((value, after)) = text.strip_prefix(quote).and_then(|inside| inside.split_once(quote)) {
            return (value, after, true);
        }
    }
    let (value, after) = text.split_at(text.find(is_space).unwrap_or(text.len()));
    (value.trim_start_matches(['"', '\'']), after, false)
}

fn skip_character(text: &str) -> &str {
    let mut characters = text.chars();
    characters.next();
    characters.as_str()
}
