//! Places in a TOML text: from a path of keys to bytes, from bytes to line and column.

use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// One step of a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Step {
    Key(String),
    Index(usize),
}

impl From<&str> for Step {
    fn from(key: &str) -> Self {
        Self::Key(key.to_owned())
    }
}

/// A path as people write it: `items.product.fields`, `include[2]`.
pub(super) fn shown(path: &[Step]) -> String {
    let mut text = String::new();
    for step in path {
        match step {
            Step::Key(key) if text.is_empty() => text.push_str(key),
            Step::Key(key) => text.extend([".", key]),
            Step::Index(index) => text.extend(["[", &(index + 1).to_string(), "]"]),
        }
    }
    text
}

/// Line and column of a byte, both from 1; the column counts characters.
pub(super) fn line_and_column(text: &str, byte: usize) -> (usize, usize) {
    let before = &text[..text.floor_char_boundary(byte)];
    let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
    (before.matches('\n').count() + 1, before[line_start..].chars().count() + 1)
}

/// What a path leads to in a document.
pub(super) struct Found<'t, 'i> {
    /// Where the last key is written; the value's own place for an element of a list.
    pub(super) key: Range<usize>,
    pub(super) value: &'t Spanned<DeValue<'i>>,
}

/// Follows a path as far as it leads: the whole of it, or `None` when the first step is not there. A path into a
/// value that is written shorter (a field as a plain string) ends there.
pub(super) fn find<'t, 'i>(table: &'t DeTable<'i>, path: &[Step]) -> Option<Found<'t, 'i>> {
    let (first, rest) = path.split_first()?;
    let Step::Key(first) = first else { return None };
    let (key, value) = table.get_key_value(first.as_str())?;
    let mut found = Found { key: key.span(), value };
    for step in rest {
        let next = match (step, found.value.get_ref()) {
            (Step::Key(name), DeValue::Table(table)) => {
                table.get_key_value(name.as_str()).map(|(key, value)| Found { key: key.span(), value })
            }
            (Step::Index(index), DeValue::Array(list)) => {
                list.get(*index).map(|value| Found { key: value.span(), value })
            }
            _ => None,
        };
        match next {
            Some(next) => found = next,
            None => break,
        }
    }
    Some(found)
}

/// The byte of the `column`-th character (from 1) of a string value, when it is written so that this can be told:
/// between simple quotes and without escapes.
pub(super) fn inside_string(text: &str, value: &Spanned<DeValue<'_>>, column: usize) -> Option<usize> {
    let content = value.get_ref().as_str()?;
    let written = text.get(value.span())?;
    let inner = written.get(1..written.len().checked_sub(1)?)?;
    if inner != content {
        return None;
    }
    let offset = content.char_indices().nth(column.checked_sub(1)?).map_or(content.len(), |(at, _)| at);
    Some(value.span().start + 1 + offset)
}
