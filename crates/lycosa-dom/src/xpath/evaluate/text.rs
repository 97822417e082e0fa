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
            Self::Owned(text) if text.get(range.clone()).is_none() => Self::Plan(""),
            Self::Owned(mut text) => {
                text.truncate(range.end);
                text.drain(..range.start);
                Self::Owned(text)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_between_no_ends_of_characters_is_nothing() {
        let parts = |range: Range<usize>| {
            let texts = [Text::Plan("aäb"), Text::Document("aäb"), Text::Owned("aäb".to_owned())];
            texts.map(|text| text.part(range.clone()).into_string())
        };
        assert_eq!(parts(1..3), ["ä"; 3]);
        for nothing in [2..3, 0..2, 1..9, 5..5, Range { start: 3, end: 1 }] {
            assert_eq!(parts(nothing), [""; 3]);
        }
    }
}
