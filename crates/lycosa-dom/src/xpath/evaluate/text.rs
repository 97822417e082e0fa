//! Strings inside the evaluator: lent by the plan or by the document wherever one slice serves.

use std::ops::{Deref, Range};

/// A string.
#[derive(Clone, Debug)]
pub(in crate::xpath) enum Text<'e, 'd> {
    /// From the expression or from a variable.
    Plan(&'e str),
    /// From the document.
    Document(&'d str),
    Owned(String),
}

impl Deref for Text<'_, '_> {
    type Target = str;

    #[inline]
    fn deref(&self) -> &str {
        match self {
            Self::Plan(text) => text,
            Self::Document(text) => text,
            Self::Owned(text) => text,
        }
    }
}

impl Text<'_, '_> {
    pub(in crate::xpath) fn into_string(self) -> String {
        match self {
            Self::Owned(text) => text,
            lent => lent.to_string(),
        }
    }

    /// A part of it, lent if it is lent itself. Ends of the range that are no ends of characters give nothing.
    pub(in crate::xpath) fn part(self, range: Range<usize>) -> Self {
        match self {
            Self::Plan(text) => Self::Plan(text.get(range).unwrap_or_default()),
            Self::Document(text) => Self::Document(text.get(range).unwrap_or_default()),
            Self::Owned(mut text) => {
                text.truncate(range.end);
                text.drain(..range.start.min(text.len()));
                Self::Owned(text)
            }
        }
    }
}
