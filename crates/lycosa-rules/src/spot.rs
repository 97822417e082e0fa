//! What a record is made from: an element, a value in JSON, or what an expression found in a text.

use std::borrow::Cow;

use lycosa_dom::{NodeRef, PatternMatch};
use serde_json::Value;

/// Where the fields of a record look. `'d` is the document, `'s` what lives as long as the record is looked at.
#[derive(Clone, Copy, Debug)]
pub(super) struct Spot<'s, 'd> {
    /// The nearest element around, or the root of the document; none when the page has no elements.
    pub(super) element: Option<NodeRef<'d>>,
    pub(super) part: Part<'s>,
}

/// What of the element it is.
#[derive(Clone, Copy, Debug)]
pub(super) enum Part<'s> {
    /// The element itself.
    Whole,
    /// A value, to which paths are relative.
    Json(&'s Value),
    /// A match of the expression of this number, whose groups are values.
    /// A match of the expression of this number, whose groups are values.
    Match(u32, &'s PatternMatch<'s>),
}

impl<'s, 'd> Spot<'s, 'd> {
    /// The page, or an element.
    pub(super) fn of(element: Option<NodeRef<'d>>) -> Self {
        Self { element, part: Part::Whole }
    }

    /// The same place, narrowed down.
    pub(super) fn with<'t>(self, part: Part<'t>) -> Spot<'t, 'd> {
        Spot { element: self.element, part }
    }
}

/// The text of a value: its own if it is one, else JSON.
pub(super) fn text_of_json(value: &Value) -> Cow<'_, str> {
    match value {
        Value::String(text) => Cow::Borrowed(text),
        other => Cow::Owned(other.to_string()),
    }
}
