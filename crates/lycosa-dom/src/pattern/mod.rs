//! Regular expressions of users: searched in time linear in the text, whatever the expression and the text are.
//!
//! The syntax is what Perl, Python and JavaScript have in common, so far as an automaton can do it; where those
//! and the `regex` crate write a thing differently, `dialect` rewrites it. What needs backtracking is refused
//! with its reason. Compiled size and nesting are limited, because a search costs at most size times length.
//!
//! Left out: replacing, and bytes. Iterating over matches (`matches`) bounds how far one search looks ahead, because
//! it would be quadratic in the worst case otherwise.

mod boundary;
mod class;
mod dialect;
mod error;
mod matches;

#[cfg(test)]
mod attack;
#[cfg(test)]
mod tests;

pub use error::{PatternError, PatternErrorKind};
pub use matches::{PatternMatch, PatternMatches};

use std::fmt;

use regex::{Regex, RegexBuilder, RegexSet, RegexSetBuilder};

/// Limits of [`Pattern::compile`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct PatternLimits {
    /// Bytes that the compiled expression may take. Default 2 MiB: `\w{1,40}` fits, whose every repetition holds all
    /// letters of Unicode.
    pub size: usize,
    /// Groups and classes may nest this deep. Default 100.
    pub nesting: u32,
    /// Bytes of the expression as written. Default 16 KiB.
    pub length: usize,
}

impl PatternLimits {
    /// The default of [`size`](Self::size).
    pub const SIZE: usize = 2 << 20;

    /// The default limits with another [`size`](Self::size).
    #[must_use]
    pub fn with_size(size: usize) -> Self {
        Self { size, ..Self::default() }
    }
}

impl Default for PatternLimits {
    fn default() -> Self {
        Self { size: Self::SIZE, nesting: 100, length: 16 << 10 }
    }
}

/// Bytes that a search may take to remember what it has worked out. With less, large expressions are worked out
/// anew at every character.
const SEARCH_MEMORY: usize = 16 << 20;

/// A compiled regular expression.
///
/// ```
/// use lycosa_dom::{Pattern, PatternErrorKind, PatternLimits};
/// let price = Pattern::compile(r"(\d+)\.\d\d \w+\Z", &PatternLimits::default())?;
/// assert_eq!(price.find("only 12.50 euros"), Some("12.50 euros"));
/// assert_eq!(price.capture("only 12.50 euros"), Some("12"));
/// assert_eq!((price.group("only 12.50 euros", 0), price.groups()), (Some("12.50 euros"), 1));
/// let error = Pattern::compile(r"\d+(?= euros)", &PatternLimits::default()).unwrap_err();
/// assert_eq!((error.kind, error.column), (PatternErrorKind::LookAround, Some(4)));
/// # Ok::<(), lycosa_dom::PatternError>(())
/// ```
#[derive(Clone)]
pub struct Pattern {
    source: Box<str>,
    regex: Regex,
}

impl Pattern {
    /// Compiles an expression.
    ///
    /// # Errors
    /// When it is no regular expression, needs backtracking (back-references, look-around, atomic groups,
    /// possessive repetition, recursion, conditions), or exceeds the limits.
    pub fn compile(source: &str, limits: &PatternLimits) -> Result<Self, PatternError> {
        let regex = RegexBuilder::new(&dialect::checked(source, limits)?)
            .size_limit(limits.size)
            .dfa_size_limit(SEARCH_MEMORY)
            .nest_limit(limits.nesting.saturating_add(dialect::ADDED_NESTING))
            .build()
            .map_err(|error| PatternError::of_build(&error, limits))?;
        Ok(Self { source: source.into(), regex })
    }

    /// The expression as it was given.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// What it was compiled to, for replacing in XPath, which bounds what iterating over matches can cost.
    pub(crate) fn regex(&self) -> &Regex {
        &self.regex
    }

    /// Whether it is found anywhere in the text.
    pub fn is_match(&self, text: &str) -> bool {
        self.regex.is_match(text)
    }

    /// What it first finds in the text.
    pub fn find<'t>(&self, text: &'t str) -> Option<&'t str> {
        self.regex.find(text).map(|found| found.as_str())
    }

    /// Where it is first found at or behind this byte of the text, with the text before it known to `^` and `\b`; nowhere
    /// when the byte is inside a character or behind the end.
    ///
    /// Whoever asks again behind each match pays for a search every time: bound how often.
    ///
    /// ```
    /// use lycosa_dom::{Pattern, PatternLimits};
    /// let word = Pattern::compile(r"\bc\w", &PatternLimits::default())?;
    /// assert_eq!(word.find_from("accident, cat", 1), Some(10..12));
    /// # Ok::<(), lycosa_dom::PatternError>(())
    /// ```
    pub fn find_from(&self, text: &str, from: usize) -> Option<std::ops::Range<usize>> {
        let found = text.is_char_boundary(from).then(|| self.regex.find_at(text, from)).flatten();
        found.map(|found| found.range())
    }

    /// What its groups took in what it first finds at or behind this byte, in order from group 1.
    pub fn groups_from<'t>(&self, text: &'t str, from: usize) -> Option<Vec<Option<&'t str>>> {
        let found = text.is_char_boundary(from).then(|| self.regex.captures_at(text, from)).flatten()?;
        Some(found.iter().skip(1).map(|group| group.map(|group| group.as_str())).collect())
    }

    /// What its first group that took part took, else the whole of what it first finds.
    pub fn capture<'t>(&self, text: &'t str) -> Option<&'t str> {
        if self.regex.captures_len() == 1 {
            return self.find(text);
        }
        let groups = self.regex.captures(text)?;
        let found = groups.iter().skip(1).flatten().next().or_else(|| groups.get(0))?;
        Some(found.as_str())
    }

    /// What the group of this number took in what it first finds; 0 is the whole match.
    pub fn group<'t>(&self, text: &'t str, number: usize) -> Option<&'t str> {
        self.regex.captures(text)?.get(number).map(|found| found.as_str())
    }

    /// All that it finds in the text, from left to right and without overlap. Empty matches are left out, and so are
    /// those that take more than 16 KiB.
    ///
    /// ```
    /// use lycosa_dom::{Pattern, PatternLimits};
    /// let pair = Pattern::compile(r"(\w+)=(\d+)", &PatternLimits::default())?;
    /// let (mut found, mut steps) = (pair.matches("a=1, b=2"), 1_000);
    /// let second = found.next_paying(&mut steps).and_then(|_| found.next_paying(&mut steps)).unwrap();
    /// assert_eq!((second.text(), second.group(2)), ("b=2", Some("2")));
    /// # Ok::<(), lycosa_dom::PatternError>(())
    /// ```
    pub fn matches<'p, 't>(&'p self, text: &'t str) -> PatternMatches<'p, 't> {
        PatternMatches::new(&self.regex, text)
    }

    /// How many groups it has, the whole match not counted.
    pub fn groups(&self) -> usize {
        self.regex.captures_len() - 1
    }

    /// The names of its groups in order, from group 1; none for those without a name.
    pub fn group_names(&self) -> impl Iterator<Item = Option<&str>> {
        self.regex.capture_names().skip(1)
    }
}

impl fmt::Debug for Pattern {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Pattern({:?})", self.source)
    }
}

/// Several expressions, searched for together.
#[derive(Clone, Debug)]
pub struct PatternSet {
    sources: Box<[Box<str>]>,
    set: RegexSet,
}

impl PatternSet {
    /// Compiles expressions; the limit of size holds for each of them and for all together.
    ///
    /// # Errors
    /// As of [`Pattern::compile`], with the place of the expression in the list; `None` when only all together
    /// are too large.
    pub fn compile<S: AsRef<str>>(
        sources: &[S],
        limits: &PatternLimits,
    ) -> Result<Self, (Option<usize>, PatternError)> {
        if sources.is_empty() {
            return Ok(Self { sources: Box::default(), set: RegexSet::empty() });
        }
        let mut checked = Vec::with_capacity(sources.len());
        for (place, source) in sources.iter().enumerate() {
            let source = source.as_ref();
            Pattern::compile(source, limits).map_err(|error| (Some(place), error))?;
            checked.push(dialect::checked(source, limits).map_err(|error| (Some(place), error))?);
        }
        let set = RegexSetBuilder::new(&checked)
            .size_limit(limits.size)
            .dfa_size_limit(SEARCH_MEMORY)
            .nest_limit(limits.nesting.saturating_add(dialect::ADDED_NESTING))
            .build()
            .map_err(|error| (None, PatternError::of_build(&error, limits)))?;
        Ok(Self { sources: sources.iter().map(|source| source.as_ref().into()).collect(), set })
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.sources.is_empty()
    }

    /// Whether one of them is found anywhere in the text.
    pub fn is_match(&self, text: &str) -> bool {
        !self.is_empty() && self.set.is_match(text)
    }

    /// The first of them, by their order, that is found in the text.
    pub fn first_match(&self, text: &str) -> Option<&str> {
        let place = self.set.matches(text).iter().next()?;
        self.sources.get(place).map(|source| &**source)
    }
}
