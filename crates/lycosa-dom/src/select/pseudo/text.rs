//! Pseudo-classes about text: `:contains()` and its kin. Letters count as they are written unless the name says
//! otherwise; text is that of all text nodes, unchanged (see `NodeRef::text`).

use std::{
    borrow::Cow,
    fmt::{self, Write},
};

use cssparser::{ParseError, Parser as CssParser};
use selectors::parser::SelectorParseErrorKind;

use super::{Matcher, NodeRef, Pattern, SelectorParser, expression, raw, words, write_strings};
use crate::select::matching::STEP;

/// A question about the text of an element.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in super::super) struct TextTest {
    name: &'static str,
    place: Place,
    needle: Needle,
}

/// Which text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    /// Of the element and all in it.
    Whole,
    /// Of the text nodes directly in it, joined.
    Own,
    /// Of each text node directly in it.
    OwnNodes,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Needle {
    /// One of these.
    Words(Vec<String>),
    /// One of these whatever the case; with their lower-case forms.
    Folded(Vec<String>, Vec<String>),
    Pattern(Pattern),
}

/// What a name asks for.
#[derive(Clone, Copy)]
enum Kind {
    Words,
    Folded,
    Pattern,
}

const NAMES: &[(&str, Place, Kind)] = &[
    ("contains", Place::Whole, Kind::Words),
    ("-soup-contains", Place::Whole, Kind::Words),
    ("-soup-contains-own", Place::OwnNodes, Kind::Words),
    ("containsown", Place::Own, Kind::Words),
    ("icontains", Place::Whole, Kind::Folded),
    ("icontainsown", Place::Own, Kind::Folded),
    ("matches-re", Place::Whole, Kind::Pattern),
    ("matches", Place::Whole, Kind::Pattern),
    ("matchesown", Place::Own, Kind::Pattern),
];

type Parsed = Result<TextTest, ParseError<SelectorParseErrorKind>>;

impl TextTest {
    /// The class with this name; `None` when there is none.
    pub(super) fn function(
        parser: &SelectorParser<'_>,
        name: &str,
        arguments: &mut CssParser<'_>,
    ) -> Option<Parsed> {
        let &(name, place, kind) = NAMES.iter().find(|(word, ..)| word.eq_ignore_ascii_case(name))?;
        Some(match kind {
            Kind::Pattern => Self::expression(parser, name, arguments),
            Kind::Words => needles(arguments).map(|words| Self { name, place, needle: Needle::Words(words) }),
            Kind::Folded => needles(arguments).map(|words| {
                let lower = words.iter().map(|word| word.to_lowercase()).collect();
                Self { name, place, needle: Needle::Folded(words, lower) }
            }),
        })
    }

    /// A regular expression, quoted or as it stands.
    pub(super) fn expression(
        parser: &SelectorParser<'_>,
        name: &str,
        arguments: &mut CssParser<'_>,
    ) -> Parsed {
        let source = expression(arguments);
        if source.is_empty() {
            return Err(parser.refuse(&format!(":{name}"), "a regular expression is missing".to_owned()));
        }
        let pattern =
            Pattern::compile(source).map_err(|message| parser.refuse(&format!(":{name}"), message))?;
        let known = NAMES.iter().find(|(word, ..)| *word == name);
        let (name, place) = known.map_or(("matches-re", Place::Whole), |&(name, place, _)| (name, place));
        Ok(Self { name, place, needle: Needle::Pattern(pattern) })
    }

    pub(super) fn to_css<W: Write>(&self, destination: &mut W) -> fmt::Result {
        match &self.needle {
            Needle::Words(words) | Needle::Folded(words, _) => write_strings(self.name, words, destination),
            Needle::Pattern(pattern) => {
                write!(destination, ":{}(", self.name)?;
                pattern.to_css(destination)?;
                destination.write_char(')')
            }
        }
    }

    pub(super) fn matches<'d>(&self, matcher: &mut Matcher<'d>, node: NodeRef<'d>) -> bool {
        match self.place {
            Place::Whole => {
                matcher.charge(node.text().len());
                self.needle.is_in(node.text())
            }
            Place::Own => {
                let (text, passed) = own_text(node);
                matcher.charge(text.len() + STEP * passed);
                self.needle.is_in(&text)
            }
            Place::OwnNodes => node.children().any(|child| {
                matcher.charge(STEP);
                child.is_text() && {
                    matcher.charge(child.text().len());
                    self.needle.is_in(child.text())
                }
            }),
        }
    }
}

impl Needle {
    fn is_in(&self, text: &str) -> bool {
        match self {
            Self::Words(words) => words.iter().any(|word| text.contains(word.as_str())),
            Self::Folded(_, words) => {
                let text = text.to_lowercase();
                words.iter().any(|word| text.contains(word.as_str()))
            }
            Self::Pattern(pattern) => pattern.is_match(text),
        }
    }
}

/// The texts directly in a node, joined, and how many children were looked at.
fn own_text<'d>(node: NodeRef<'d>) -> (Cow<'d, str>, usize) {
    let mut passed = 0;
    let children = node.children().inspect(|_| passed += 1);
    let mut texts = children.filter(|child| child.is_text()).map(NodeRef::text);
    let first = texts.next().unwrap_or_default();
    let text = match texts.next() {
        None => Cow::Borrowed(first),
        Some(second) => Cow::Owned([first, second].into_iter().chain(texts).collect()),
    };
    (text, passed)
}

/// Words and strings between commas, any of which will do; else, as in jQuery, all that stands there is the
/// text: `:contains(Wolf spider)`.
fn needles(arguments: &mut CssParser<'_>) -> Result<Vec<String>, ParseError<SelectorParseErrorKind>> {
    let listed = arguments.try_parse(|arguments| {
        let words = words(arguments)?;
        arguments.expect_exhausted()?;
        Ok::<_, ParseError<SelectorParseErrorKind>>(words)
    });
    match (listed, raw(arguments)) {
        (Ok(words), _) => Ok(words),
        (Err(error), "") => Err(error),
        (Err(_), text) => Ok(vec![text.to_owned()]),
    }
}
