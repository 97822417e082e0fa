//! The short forms of usual conditions: on an attribute without making a node-set of it, on the text of an element
//! without reading the same text again for every element around it, on whitespace without writing a new string.

use memchr::memmem;

use super::{
    Focus, Outcome, Run,
    names::Matcher,
    nodes::{Key, Place},
};
use crate::{
    name::NodeName,
    xpath::{
        number::is_space,
        plan::{AttributeCondition, AttributeTest, Expr, NameId},
    },
};

/// The search for one text in all text of the document.
#[derive(Debug, Default)]
pub(super) struct Search {
    /// How much was read by searching in single nodes.
    read: usize,
    /// Where the text occurs, once the whole was searched.
    found: Option<Vec<u32>>,
}

impl<'e, 'd> Run<'e, 'd> {
    /// The value of the attribute of a node that a name finds; the first of two if it finds two.
    #[inline]
    fn attribute_named(&self, name: NameId, key: Key) -> Option<&'d str> {
        let document = self.document;
        if !key.is_node() {
            return None;
        }
        match self.matcher(name) {
            Matcher::Exact(name) => document.attribute_value(key.owner(), name),
            Matcher::Nothing => None,
            matcher => {
                let mut range = document.attributes_in(key.owner()..key.owner() + 1);
                let found = range.find(|&attribute| matcher.has_attribute(document, attribute));
                found.map(|attribute| document.value_of_attribute(attribute))
            }
        }
    }

    pub(super) fn attribute_holds(&mut self, condition: &'e AttributeCondition, key: Key) -> Outcome<bool> {
        if key.is_node() {
            // They are looked through one by one.
            self.charge(self.document.attributes_in(key.owner()..key.owner() + 1).len() as u64)?;
        }
        let matcher = self.matcher(condition.name);
        if matches!(matcher, Matcher::Either(..) | Matcher::Within(_) | Matcher::WithinOther(_)) {
            return self.any_attribute_holds(condition, matcher, key);
        }
        let Some(value) = self.attribute_named(condition.name, key) else {
            return Ok(!condition.needs_attribute());
        };
        self.value_holds(condition, value)
    }

    /// Whether conditions on one attribute, combined, hold for its value.
    pub(super) fn holds_for_value(&mut self, expr: &'e Expr, value: &str) -> Outcome<bool> {
        match expr {
            Expr::Attribute(condition) => self.value_holds(condition, value),
            Expr::Not(inner) => Ok(!self.holds_for_value(inner, value)?),
            Expr::Or(sides) => {
                for side in sides {
                    self.charge(1)?;
                    if self.holds_for_value(side, value)? {
                        return Ok(true);
                    }
                }
                Ok(false)
            }
            Expr::And(sides) => {
                for side in sides {
                    self.charge(1)?;
                    if !self.holds_for_value(side, value)? {
                        return Ok(false);
                    }
                }
                Ok(true)
            }
            _ => Ok(false),
        }
    }

    /// A comparison holds if it does for any attribute; a function takes the first.
    fn any_attribute_holds(
        &mut self,
        condition: &'e AttributeCondition,
        matcher: Matcher,
        key: Key,
    ) -> Outcome<bool> {
        let document = self.document;
        if !key.is_node() {
            return Ok(!condition.needs_attribute());
        }
        let mut values = document
            .attributes_in(key.owner()..key.owner() + 1)
            .filter(|&attribute| matcher.has_attribute(document, attribute))
            .map(|attribute| document.value_of_attribute(attribute));
        match condition.kind {
            AttributeTest::Exists => Ok(values.next().is_some()),
            AttributeTest::Is | AttributeTest::IsNot => {
                for value in values {
                    if self.value_holds(condition, value)? {
                        return Ok(true);
                    }
                }
                Ok(false)
            }
            _ => match values.next() {
                Some(value) => self.value_holds(condition, value),
                None => Ok(!condition.needs_attribute()),
            },
        }
    }

    #[inline]
    fn value_holds(&mut self, condition: &'e AttributeCondition, value: &str) -> Outcome<bool> {
        let text = &*condition.text;
        let holds = match condition.kind {
            AttributeTest::Exists => return Ok(true),
            AttributeTest::Is => value == text,
            AttributeTest::IsNot => value != text,
            AttributeTest::StartsWith => value.starts_with(text),
            AttributeTest::Contains => {
                self.charge(value.len() as u64 / 64)?;
                return Ok(condition.finder.find(value.as_bytes()).is_some());
            }
            AttributeTest::HasWord => has_word(value, text, is_space),
            AttributeTest::HasSpacedWord => has_word(value, text, |byte| byte == b' '),
            AttributeTest::HasClass => has_word(value, text, |byte| byte.is_ascii_whitespace()),
        };
        self.charge(value.len() as u64 / 64)?;
        Ok(holds)
    }

    /// Whether the string-value of a node contains a text. Elements lie in one another and share their text: when
    /// more was read than there is, the places of the text in the whole document are found once and looked up.
    pub(super) fn contains(&mut self, search: usize, finder: &memmem::Finder<'e>, key: Key) -> Outcome<bool> {
        let document = self.document;
        let is_own = key.place() == Place::Node
            && (document.name(key.owner()).is_element()
                || matches!(document.name(key.owner()), NodeName::DOCUMENT | NodeName::TEXT));
        if !is_own {
            let text = self.string_value(key);
            self.charge_text(text.len())?;
            return Ok(finder.find(text.as_bytes()).is_some());
        }
        let (whole, range) = (document.whole_text(), document.text_range(key.owner()));
        let needle = finder.needle();
        if range.len() < needle.len() {
            return Ok(false);
        }
        let Some(state) = self.searches.get_mut(search) else { return Ok(false) };
        if state.found.is_none() {
            state.read += range.len();
            if state.read <= whole.len() / 4 {
                self.charge(range.len() as u64 / 64 + 1)?;
                return Ok(finder.find(&whole.as_bytes()[range]).is_some());
            }
            self.charge(whole.len() as u64 / 16)?;
            let found = occurrences(whole.as_bytes(), finder);
            self.kept += found.capacity() * size_of::<u32>();
            self.hold(0)?;
            if let Some(state) = self.searches.get_mut(search) {
                state.found = Some(found);
            }
        }
        let found = self.searches.get(search).and_then(|state| state.found.as_deref()).unwrap_or_default();
        let next = found.partition_point(|&place| (place as usize) < range.start);
        Ok(found.get(next).is_some_and(|&place| place as usize + needle.len() <= range.end))
    }

    /// Whether a text is this one when its whitespace is normalised.
    pub(super) fn normalized_is(&mut self, inner: &'e Expr, wanted: &str, focus: Focus) -> Outcome<bool> {
        let text = self.text(inner, focus)?;
        let (is_equal, read) = normalized_equals(text.as_bytes(), wanted.as_bytes());
        self.charge_text(read)?;
        Ok(is_equal)
    }
}

/// Whether one of the words of a value, parted by the given bytes, is this one.
#[inline]
pub(in crate::xpath) fn has_word(value: &str, word: &str, is_separator: impl Fn(u8) -> bool) -> bool {
    value.len() >= word.len()
        && value.as_bytes().split(|&byte| is_separator(byte)).any(|part| part == word.as_bytes())
}

/// Compares a text with another as if its whitespace were normalised; also how much of it was read.
fn normalized_equals(text: &[u8], wanted: &[u8]) -> (bool, usize) {
    let mut at = 0;
    let mut rest = wanted;
    let mut is_first = true;
    loop {
        while text.get(at).copied().is_some_and(is_space) {
            at += 1;
        }
        if at == text.len() {
            return (rest.is_empty(), at);
        }
        if !is_first {
            let Some(after) = rest.strip_prefix(b" ") else { return (false, at) };
            rest = after;
        }
        is_first = false;
        while let Some(&byte) = text.get(at).filter(|&&byte| !is_space(byte)) {
            match rest.split_first() {
                Some((&wanted, after)) if wanted == byte => rest = after,
                _ => return (false, at),
            }
            at += 1;
        }
    }
}

/// All places of a text in another, overlapping ones too, in time linear in both.
fn occurrences(text: &[u8], finder: &memmem::Finder<'_>) -> Vec<u32> {
    let needle = finder.needle();
    let failure = failures(needle);
    let place = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
    if failure.last() == Some(&0) {
        // Nothing at its end is at its beginning too, so it cannot overlap itself.
        return finder.find_iter(text).map(place).collect();
    }
    let (mut found, mut matched) = (Vec::new(), 0);
    for (at, byte) in text.iter().enumerate() {
        while matched > 0 && (matched == needle.len() || needle[matched] != *byte) {
            matched = failure[matched - 1];
        }
        if needle.get(matched) == Some(byte) {
            matched += 1;
        }
        if matched == needle.len() {
            found.push(place(at + 1 - matched));
        }
    }
    found
}

/// For each beginning of a text the length of the longest end of it that is a beginning too (Knuth, Morris, Pratt).
fn failures(needle: &[u8]) -> Vec<usize> {
    let mut failure = vec![0; needle.len()];
    let mut matched = 0;
    for at in 1..needle.len() {
        while matched > 0 && needle[matched] != needle[at] {
            matched = failure[matched - 1];
        }
        if needle[matched] == needle[at] {
            matched += 1;
        }
        failure[at] = matched;
    }
    failure
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_that_overlap_themselves_are_found_everywhere() {
        let all = |text: &str, needle: &str| occurrences(text.as_bytes(), &memmem::Finder::new(needle));
        assert_eq!(all("aaaa", "aa"), [0, 1, 2]);
        assert_eq!(all("abababa", "aba"), [0, 2, 4]);
        assert_eq!(all("the other then", "the"), [0, 5, 10]);
        assert!(all("abc", "abcd").is_empty());
        assert_eq!(all("aabaaab", "aab"), [0, 4]);
    }

    #[test]
    fn whitespace_is_normalised_while_comparing() {
        let equals = |text: &str, wanted: &str| normalized_equals(text.as_bytes(), wanted.as_bytes()).0;
        assert!(equals(" \n a\t b  ", "a b") && equals("", "") && equals("  ", "") && equals("ab", "ab"));
        assert!(
            !equals("a b", "ab")
                && !equals("ab", "a b")
                && !equals("a", "a ")
                && !equals("a b", "a")
                && !equals("a", "")
        );
        assert!(!equals("a\u{a0}b", "a b"));
    }
}
