//! All matches of an expression, each at a bounded cost.
//!
//! One search is linear in the text, but each may look at all that is left before it knows that the first character
//! was all there is to find (`.*b|a` in a text of `a`), and so all of them together at the square of it. Here a search
//! sees a window only; a match that ends where the window does is searched for again in a window of its own.

use std::fmt;
use std::ops::Range;

use regex::Regex;

/// How far one search sees, in bytes. A match of half of it is always found.
const WINDOW: usize = 16 << 10;

/// Bytes of text that a search looks at for one step.
const BYTES_A_STEP: usize = 16;

/// What an expression found at one place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PatternMatch<'t> {
    text: &'t str,
    groups: Box<[Option<&'t str>]>,
}

impl<'t> PatternMatch<'t> {
    /// The whole match.
    pub fn text(&self) -> &'t str {
        self.text
    }

    /// What the group of this number took; 0 is the whole match.
    pub fn group(&self, number: usize) -> Option<&'t str> {
        match number.checked_sub(1) {
            None => Some(self.text),
            Some(place) => self.groups.get(place).copied().flatten(),
        }
    }
}

/// The matches of an expression in a text, see [`Pattern::matches`](super::Pattern::matches).
pub struct PatternMatches<'p, 't> {
    regex: &'p Regex,
    text: &'t str,
    /// Where the next search begins.
    at: usize,
    skipped: u64,
}

impl fmt::Debug for PatternMatches<'_, '_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("PatternMatches").field("at", &self.at).finish_non_exhaustive()
    }
}

impl<'p, 't> PatternMatches<'p, 't> {
    pub(super) fn new(regex: &'p Regex, text: &'t str) -> Self {
        Self { regex, text, at: 0, skipped: 0 }
    }

    /// How many matches were left out so far because they take more than 16 KiB.
    pub fn skipped(&self) -> u64 {
        self.skipped
    }

    /// The next match, paid from a purse of steps: 16 bytes of text that the search may have looked at are a step.
    /// `None` at the end of the text or when the purse is empty.
    pub fn next_paying(&mut self, steps: &mut u64) -> Option<PatternMatch<'t>> {
        while self.at <= self.text.len() {
            let end = self.window_end(self.at);
            let seen = self.text.get(..end)?;
            *steps = steps.checked_sub((end - self.at) as u64 / BYTES_A_STEP as u64 + 1).or_else(|| {
                *steps = 0;
                None
            })?;
            let Some((range, found)) = self.search(seen) else {
                if end == self.text.len() {
                    self.at = usize::MAX;
                    return None;
                }
                // What begins in the second half may go on behind the window.
                self.at = self.text.floor_char_boundary(self.at + WINDOW / 2);
                continue;
            };
            if range.end == end && end < self.text.len() {
                // More of it may lie behind the window.
                if range.start == self.at {
                    self.skipped += u64::from(!range.is_empty());
                    self.at = end;
                } else {
                    self.at = range.start;
                }
                continue;
            }
            if !range.is_empty() {
                self.at = range.end;
                return Some(found);
            }
            self.at = self.text.ceil_char_boundary(range.end + 1).max(range.end + 1);
        }
        None
    }

    fn window_end(&self, from: usize) -> usize {
        self.text.floor_char_boundary(from.saturating_add(WINDOW))
    }

    /// The first match in what is seen.
    fn search(&self, seen: &'t str) -> Option<(Range<usize>, PatternMatch<'t>)> {
        if self.regex.captures_len() == 1 {
            let found = self.regex.find_at(seen, self.at)?;
            return Some((found.range(), PatternMatch { text: found.as_str(), groups: Box::default() }));
        }
        let found = self.regex.captures_at(seen, self.at)?;
        let whole = found.get(0)?;
        let groups = found.iter().skip(1).map(|group| group.map(|group| group.as_str())).collect();
        Some((whole.range(), PatternMatch { text: whole.as_str(), groups }))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{Pattern, PatternLimits};

    fn all<'t>(pattern: &Pattern, text: &'t str) -> Vec<&'t str> {
        let (mut matches, mut steps) = (pattern.matches(text), u64::MAX);
        std::iter::from_fn(|| matches.next_paying(&mut steps)).map(|found| found.text()).collect()
    }

    fn compiled(pattern: &str) -> Pattern {
        Pattern::compile(pattern, &PatternLimits::default()).unwrap()
    }

    #[test]
    fn matches_come_from_left_to_right_with_their_groups() {
        let pattern = compiled(r"(?P<name>\w+): (\d+)?");
        let (mut matches, mut steps) = (pattern.matches("ä: 1; b: "), 100);
        let first = matches.next_paying(&mut steps).unwrap();
        assert_eq!((first.text(), first.group(1), first.group(2)), ("ä: 1", Some("ä"), Some("1")));
        let second = matches.next_paying(&mut steps).unwrap();
        assert_eq!((second.group(0), second.group(2), second.group(3)), (Some("b: "), None, None));
        assert_eq!(matches.next_paying(&mut steps), None);
        assert_eq!(matches.next_paying(&mut steps), None);
    }

    #[test]
    fn what_lies_across_windows_is_found_and_what_is_longer_is_left_out() {
        let gap = "-".repeat(WINDOW - 3);
        assert_eq!(all(&compiled("ab+"), &format!("{gap}abbbbb{gap}ab{gap}")), ["abbbbb", "ab"]);
        assert_eq!(all(&compiled(r"b\b"), &format!("{gap}-bb{gap}")), ["b"]);
        assert_eq!(all(&compiled(r"-\z"), &gap.repeat(3)).len(), 1);
        let pattern = compiled("ab+c?");
        let text = format!("a{}c abc", "b".repeat(3 * WINDOW));
        let (mut matches, mut steps) = (pattern.matches(&text), u64::MAX);
        assert_eq!(matches.next_paying(&mut steps).unwrap().text(), "abc");
        assert_eq!(matches.skipped(), 1);
    }

    #[test]
    fn searches_that_look_far_ahead_end_with_the_purse() {
        let text = "a".repeat(10 << 20);
        for pattern in [".*b|a", "a", "a*?", "x*"] {
            let (pattern, mut steps) = (compiled(pattern), 20_000_000);
            let mut matches = pattern.matches(&text);
            let count = std::iter::from_fn(|| matches.next_paying(&mut steps)).count();
            assert!(count <= 20_000 && steps == 0, "{count} {steps}");
        }
    }

    proptest! {
        #[test]
        fn short_texts_give_what_the_engine_gives(text in "[ab\u{e4}\n -]{0,40}", pattern in "[ab.*+?|^$\u{e4}()-]{1,8}") {
            let Ok(pattern) = Pattern::compile(&pattern, &PatternLimits::default()) else { return Ok(()) };
            let expected: Vec<&str> =
                pattern.regex().find_iter(&text).map(|found| found.as_str()).filter(|text| !text.is_empty()).collect();
            prop_assert_eq!(all(&pattern, &text), expected);
        }
    }
}
