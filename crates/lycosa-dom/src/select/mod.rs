//! CSS selection: Selectors Level 4 as far as the `selectors` crate goes, with the scrapers' `::text` and
//! `::attr(name)`. Parts: `grammar` and `pseudo` (what selectors are made of), `element` (the document as the
//! matcher sees it), `output` (what to take), `search` (finding candidates without trying every element).

mod element;
mod grammar;
mod output;
mod pseudo;
mod search;

#[cfg(test)]
mod tests;

pub use output::Output;
pub use search::Select;

use std::{borrow::Cow, fmt};

use cssparser::Parser as CssParser;
use selectors::parser::{ParseRelative, SelectorList, SelectorParseErrorKind};

use self::{
    grammar::{Grammar, SelectorParser},
    output::split,
    search::Key,
};
use crate::document::{Document, NodeRef};

/// A selector longer than this is refused.
const MAX_LENGTH: usize = 64 * 1024;
/// Brackets nested deeper than this are refused.
const MAX_NESTING: u8 = 32;

/// A parsed selector list. Parse once, use on any document from any thread.
///
/// ```
/// use lycosa_dom::{Document, ParseOptions, Selector};
/// let document = Document::parse_html("<p>One <b>bold</b></p><a href=/x>x</a>", ParseOptions::default());
/// let links = Selector::parse("a::attr(href)")?;
/// assert_eq!(links.values(document.root()).collect::<Vec<_>>(), ["/x"]);
/// let texts = Selector::parse("p::text, b::text")?;
/// assert_eq!(texts.values(document.root()).collect::<Vec<_>>(), ["One ", "bold"]);
/// # Ok::<(), lycosa_dom::SelectorError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Selector {
    source: Box<str>,
    branches: Box<[Branch]>,
}

/// One selector of the list.
#[derive(Clone, Debug)]
struct Branch {
    list: SelectorList<Grammar>,
    output: Output,
    key: Key,
    /// Whether having the key is all the selector asks.
    is_key_only: bool,
    is_simple: bool,
}

/// Why a selector cannot be parsed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SelectorError {
    /// What is wrong, as one sentence without a full stop.
    pub message: String,
    /// Where it was noticed: the character, counted from one.
    pub column: usize,
}

impl fmt::Display for SelectorError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "invalid selector at column {}: {}", self.column, self.message)
    }
}

impl std::error::Error for SelectorError {}

impl SelectorError {
    fn at(source: &str, byte: usize, message: impl Into<String>) -> Self {
        let before = &source[..source.floor_char_boundary(byte)];
        Self { message: message.into(), column: before.chars().count() + 1 }
    }
}

impl Selector {
    /// Parses a selector list.
    ///
    /// # Errors
    /// When it is no selector, uses a pseudo-class that is not supported, or is absurdly long or nested.
    pub fn parse(source: &str) -> Result<Self, SelectorError> {
        if source.len() > MAX_LENGTH {
            return Err(SelectorError::at(source, MAX_LENGTH, "the selector is longer than 64 KiB"));
        }
        let texts = split(source).map_err(|(byte, message)| SelectorError::at(source, byte, message))?;
        let mut branches = Vec::with_capacity(texts.len());
        for text in texts {
            let selector = complete(text.selector, &text.output);
            let mut input = CssParser::new(&selector);
            input.set_nested_block_limit(MAX_NESTING);
            let parsed = SelectorList::parse(&SelectorParser, &mut input, ParseRelative::No);
            let list = parsed.map_err(|error| {
                let byte = text.start + input.position().byte_index().min(text.selector.len());
                SelectorError::at(source, byte, describe(&error.kind))
            })?;
            let (key, is_key_only) = Key::of(&list);
            let is_simple = search::is_simple(&list);
            branches.push(Branch { list, output: text.output, key, is_key_only, is_simple });
        }
        Ok(Self { source: source.into(), branches: branches.into() })
    }

    /// The selector as it was given.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// What the selector asks to take; of a list, what its first branch asks.
    pub fn output(&self) -> &Output {
        self.branches.first().map_or(&Output::Node, |branch| &branch.output)
    }

    /// The values in the subtree of a node, in document order of the matches: for `::text` each text node
    /// directly in a match, for `::attr()` the attribute of a match that has it, else the match as HTML.
    pub fn values<'d>(&self, root: NodeRef<'d>) -> impl Iterator<Item = Cow<'d, str>> {
        root.select(self).flat_map(move |node| self.values_of(node, root))
    }

    /// What this selector takes from a node that it matches.
    fn values_of<'d>(&self, node: NodeRef<'d>, scope: NodeRef<'_>) -> Vec<Cow<'d, str>> {
        let mut values = Vec::new();
        let several = self.branches.len() > 1;
        for branch in &self.branches {
            if several && !search::matches_branch(branch, node, scope) {
                continue;
            }
            match &branch.output {
                Output::Node => values.push(Cow::Owned(node.html())),
                Output::Attr(name) => values.extend(node.attr(name).map(Cow::Borrowed)),
                Output::Text => {
                    let texts = node.children().filter(|child| child.is_text());
                    values.extend(texts.map(|child| Cow::Borrowed(child.text())));
                }
            }
        }
        values
    }
}

/// A branch whose pseudo-element stood alone after a combinator means any element there.
fn complete<'s>(selector: &'s str, output: &Output) -> Cow<'s, str> {
    let is_open = selector.trim_ascii_start().is_empty()
        || selector.ends_with(|last: char| last.is_ascii_whitespace() || matches!(last, '>' | '+' | '~'));
    if *output != Output::Node && is_open {
        Cow::Owned(format!("{selector}*"))
    } else {
        Cow::Borrowed(selector)
    }
}

fn describe(kind: &cssparser::ParseErrorKind<SelectorParseErrorKind>) -> String {
    use SelectorParseErrorKind as Kind;
    match kind {
        cssparser::ParseErrorKind::Custom(kind) => match kind {
            Kind::EmptySelector => "a selector is missing".to_owned(),
            Kind::DanglingCombinator => "a combinator has nothing on one side".to_owned(),
            Kind::UnsupportedPseudoClassOrElement => "this pseudo-class is not supported".to_owned(),
            Kind::ExpectedNamespace => "this namespace prefix is not declared".to_owned(),
            Kind::ClassNeedsIdent => "a class name must follow the dot".to_owned(),
            Kind::BadValueInAttr => "the attribute's value must be a word or a quoted string".to_owned(),
            Kind::PseudoElementExpectedColon | Kind::PseudoElementExpectedIdent | Kind::NoIdentForPseudo => {
                "a name must follow the colon".to_owned()
            }
            Kind::NonCompoundSelector => "only one compound selector may stand here".to_owned(),
            Kind::ExplicitNamespaceUnexpectedToken => "a name must follow the namespace prefix".to_owned(),
            Kind::UnexpectedTokenInAttributeSelector
            | Kind::NoQualifiedNameInAttributeSelector
            | Kind::ExpectedBarInAttr
            | Kind::InvalidQualNameInAttr => "this attribute selector cannot be read".to_owned(),
            _ => "this is not allowed here".to_owned(),
        },
        cssparser::ParseErrorKind::Basic(kind) => format!("{kind}"),
    }
}

impl Document {
    /// The elements a selector matches, in document order.
    pub fn select<'d, 's>(&'d self, selector: &'s Selector) -> Select<'d, 's> {
        self.root().select(selector)
    }
}

impl<'d> NodeRef<'d> {
    /// The elements in this node that a selector matches, in document order. As in the DOM, the selector sees
    /// the whole document, so ancestors outside the node count; `:scope` is the node itself. Contents of a `<template>` are found.
    pub fn select<'s>(self, selector: &'s Selector) -> Select<'d, 's> {
        Select::new(self, selector)
    }

    /// Whether a selector matches this node; `:scope` is the node itself.
    pub fn matches(self, selector: &Selector) -> bool {
        self.is_element() && selector.branches.iter().any(|branch| search::matches_branch(branch, self, self))
    }
}
