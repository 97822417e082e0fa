//! How much of a text that was given a message repeats.

use std::borrow::Cow;

/// Characters repeated at most.
const SHOWN: usize = 200;
/// Characters kept of the end where that says something as well.
const TAIL: usize = 120;

/// The beginning of a long text with `…` after it, and any other text as it is.
#[must_use]
pub fn excerpt(text: &str) -> Cow<'_, str> {
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) => Cow::Owned(format!("{}…", &text[..end])),
        None => Cow::Borrowed(text),
    }
}

/// The beginning and the end of a long sentence that repeats something in its middle.
#[must_use]
pub fn without_middle(text: &str) -> Cow<'_, str> {
    let (Some((head, _)), Some((tail, _))) =
        (text.char_indices().nth(SHOWN), text.char_indices().rev().nth(TAIL - 1))
    else {
        return Cow::Borrowed(text);
    };
    if head >= tail {
        Cow::Borrowed(text)
    } else {
        Cow::Owned(format!("{}…{}", &text[..head], &text[tail..]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_texts_are_cut_between_characters_and_short_ones_not_at_all() {
        assert_eq!(excerpt("é"), "é");
        assert_eq!(excerpt(&"é".repeat(200)), "é".repeat(200));
        assert_eq!(excerpt(&"é".repeat(201)), format!("{}…", "é".repeat(200)));
        assert_eq!(without_middle(&"é".repeat(320)), "é".repeat(320));
        let long = format!("{}, expected a list", "é".repeat(9000));
        let cut = without_middle(&long);
        assert_eq!(cut.chars().count(), 321);
        assert!(cut.ends_with(", expected a list"), "{cut}");
    }
}
