//! CSS selection: Selectors Level 4 as browsers have it, with the scrapers' `::text` and `::attr(name)` and the
//! extensions of jQuery, cssselect and cascadia that ask about one element. Parts: `rewrite`, `output`, `parser`
//! and `grammar` (what a selector says), `pseudo` and `pattern` (what its pseudo-classes ask), `matching`, `nth` and
//! `relative` (asking it of an element), `search` (finding candidates without trying every element).

mod error;
mod grammar;
mod matching;
mod nth;
mod output;
mod parser;
mod pattern;
mod place;
mod pseudo;
mod relative;
mod rewrite;
mod search;

#[cfg(test)]
mod tests;

pub use error::SelectorError;
pub use output::Output;
pub use search::Select;

pub(crate) use search::Tester;

use std::{borrow::Cow, collections::VecDeque, fmt};

use cssparser::{Parser as CssParser, ToCss};
use selectors::parser::{Component, Selector as Parsed, SelectorList};

use self::{
    error::describe, grammar::Grammar, output::split, parser::SelectorParser, pseudo::PseudoClass,
    search::Key,
};
use crate::document::{Document, NodeRef};

/// A selector longer than this is refused, in bytes.
const MAX_LENGTH: usize = 64 * 1024;
/// Brackets nested deeper than this are refused.
const MAX_NESTING: u8 = 32;
/// A selector with more compounds than this, counted along the deepest nesting, is refused: matching recurses
/// once for each.
const MAX_COMPOUNDS: usize = 512;

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
    /// Whether `:scope` may occur, so that results depend on where the search began.
    has_scope: bool,
}

/// One selector of the list.
#[derive(Clone, Debug)]
struct Branch {
    list: SelectorList<Grammar>,
    output: Output,
    key: Key,
    /// Whether having the key is all the selector asks.
    is_key_only: bool,
}

impl Selector {
    /// Parses a selector list.
    ///
    /// # Errors
    /// When it is no selector, uses a pseudo-class that is not supported, or is longer than 64 KiB, nested deeper
    /// than 32 brackets or made of more than 512 compounds.
    pub fn parse(source: &str) -> Result<Self, SelectorError> {
        Self::parse_with_namespaces(source, &[])
    }

    /// Parses a selector list that uses namespace prefixes, given as pairs of prefix and address. The empty
    /// prefix declares the default namespace, which then holds for every element name without a prefix.
    /// `html`, `svg`, `math`, `xlink` and `xml` are declared already. An undeclared prefix is an error
    /// (Selectors 4, 5.1.1); `*|name` needs none.
    ///
    /// ```
    /// # use lycosa_dom::{Document, ParseOptions, Selector};
    /// let feed = "<feed xmlns='http://www.w3.org/2005/Atom' xmlns:d='http://purl.org/dc/elements/1.1/'>
    ///             <title>Spiders</title><d:creator>Arachne</d:creator></feed>";
    /// let document = Document::parse_xml(feed, ParseOptions::default());
    /// let namespaces = [("dc", "http://purl.org/dc/elements/1.1/")];
    /// let creator = Selector::parse_with_namespaces("dc|creator", &namespaces)?;
    /// assert_eq!(document.select(&creator).next().unwrap().text(), "Arachne");
    /// # Ok::<(), lycosa_dom::SelectorError>(())
    /// ```
    ///
    /// # Errors
    /// As for [`parse`](Self::parse).
    pub fn parse_with_namespaces(source: &str, namespaces: &[(&str, &str)]) -> Result<Self, SelectorError> {
        if source.len() > MAX_LENGTH {
            return Err(SelectorError::at(source, MAX_LENGTH, "the selector is longer than 64 KiB"));
        }
        let rewritten = rewrite::rewrite(source, MAX_NESTING);
        let fail = |byte: usize, message: String| {
            SelectorError::at(source, rewritten.origin(byte).min(source.len()), message)
        };
        let texts = split(&rewritten.text).map_err(|(byte, message)| fail(byte, message.to_owned()))?;
        let mut branches = Vec::with_capacity(texts.len());
        for text in texts {
            let list = parse_branch(&text, namespaces, 0)
                .map_err(|(byte, message)| fail(text.start + byte, message))?;
            if list.slice().iter().map(depth).max().unwrap_or_default() > MAX_COMPOUNDS {
                return Err(fail(text.start, "the selector has more than 512 compounds".to_owned()));
            }
            let (key, is_key_only) = Key::of(&list);
            branches.push(Branch { list, output: text.output, key, is_key_only });
        }
        let has_scope = has_scope(source);
        Ok(Self { source: source.into(), branches: branches.into(), has_scope })
    }

    /// The selector as CSS writes it (CSSOM, "serialize a group of selectors"): lower-case names, quoted
    /// values, one space around combinators and after commas.
    ///
    /// ```
    /// let selector = lycosa_dom::Selector::parse("UL>li:NTH-CHILD( odd ),a[href^=http]::attr( href )")?;
    /// assert_eq!(selector.to_css(), "UL > li:nth-child(2n+1), a[href^=\"http\"]::attr(href)");
    /// # Ok::<(), lycosa_dom::SelectorError>(())
    /// ```
    pub fn to_css(&self) -> String {
        let branches = self.branches.iter().map(|branch| {
            let mut css = branch.list.to_css_string();
            match &branch.output {
                Output::Node => {}
                Output::Text => css.push_str("::text"),
                Output::Attr(name) => {
                    css.push_str("::attr(");
                    // Writing to a string cannot fail.
                    let _ = cssparser::serialize_identifier(name, &mut css);
                    css.push(')');
                }
            }
            css
        });
        branches.collect::<Vec<_>>().join(", ")
    }

    /// The selector as it was given.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// Whether `:scope` may occur in it.
    pub(crate) fn has_scope(&self) -> bool {
        self.has_scope
    }

    /// What the selector asks to take; of a list, what its first branch asks.
    pub fn output(&self) -> &Output {
        self.branches.first().map_or(&Output::Node, |branch| &branch.output)
    }

    /// The matches in the subtree of a node, in document order, each with what to take from it; twice, if two
    /// branches of the list match it.
    pub fn outputs<'s, 'd: 's>(
        &'s self,
        root: NodeRef<'d>,
    ) -> impl Iterator<Item = (NodeRef<'d>, &'s Output)> + 's {
        let (mut select, mut waiting) = (root.select(self), VecDeque::new());
        std::iter::from_fn(move || {
            while waiting.is_empty() {
                let node = select.next()?;
                waiting.extend(select.branches_of(node).map(|branch| (node, &branch.output)));
            }
            waiting.pop_front()
        })
    }

    /// The values in the subtree of a node, in document order of the matches: for `::text` each text node
    /// directly in a match, for `::attr()` the attribute of a match that has it, else the match as HTML.
    pub fn values<'s, 'd: 's>(&'s self, root: NodeRef<'d>) -> impl Iterator<Item = Cow<'d, str>> + 's {
        self.outputs(root).flat_map(|(node, output)| output.take(node))
    }
}

impl fmt::Display for Selector {
    /// The selector as it was given.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.source)
    }
}

impl std::str::FromStr for Selector {
    type Err = SelectorError;

    fn from_str(source: &str) -> Result<Self, SelectorError> {
        Self::parse(source)
    }
}

/// How deep in brackets the place of a mistake is looked for.
const MAX_PLACES: u8 = 4;

/// `Err` holds the byte where it was noticed and the sentence.
fn parse_branch(
    text: &output::BranchText<'_>,
    namespaces: &[(&str, &str)],
    depth: u8,
) -> Result<SelectorList<Grammar>, (usize, String)> {
    let selector = complete(text.selector, &text.output);
    let mut input = CssParser::new(&selector);
    input.set_nested_block_limit(MAX_NESTING);
    let parser = SelectorParser::new(namespaces);
    let parsed = Parsed::parse(&parser, &mut input);
    let at = input.position().byte_index().min(text.selector.len());
    match parsed {
        Ok(parsed) if input.is_exhausted() => Ok(SelectorList::from_one(parsed)),
        Ok(_) => Err((at, "this is not allowed here".to_owned())),
        Err(error) => Err(match parser.complaint() {
            None => {
                let is_wrong = |inner: &str| {
                    let inner = output::BranchText { selector: inner, output: Output::Node, start: 0 };
                    let is_shallow = depth < MAX_PLACES;
                    if !is_shallow {
                        return None;
                    }
                    parse_branch(&inner, namespaces, depth + 1).err().map(|(at, _)| at)
                };
                (place::inside(text.selector, at, &is_wrong), describe(&error.kind))
            }
            Some(complaint) => {
                let read = text.selector.get(..at).unwrap_or_default().to_ascii_lowercase();
                let found = read.rfind(&complaint.about.to_ascii_lowercase());
                (found.unwrap_or(at), complaint.message)
            }
        }),
    }
}

/// Whether a selector may ask for `:scope`; escapes could hide the word.
fn has_scope(source: &str) -> bool {
    source.contains(['&', '\\']) || source.to_ascii_lowercase().contains(":scope")
}

/// How many compounds matching may have at hand at once.
fn depth(selector: &Parsed<Grammar>) -> usize {
    let deepest = |selectors: &[Parsed<Grammar>]| selectors.iter().map(depth).max().unwrap_or_default();
    let nested = |component: &Component<Grammar>| match component {
        Component::Negation(list) | Component::Is(list) | Component::Where(list) => deepest(list.slice()),
        Component::NonTSPseudoClass(PseudoClass::HasChild(list) | PseudoClass::AnyOf(list)) => {
            deepest(list.slice())
        }
        Component::NthOf(data) => deepest(data.selectors()),
        Component::Has(list) => {
            list.iter().map(|relative| depth(&relative.selector)).max().unwrap_or_default()
        }
        _ => 0,
    };
    let components = || selector.iter_raw_match_order();
    let compounds = 1 + components().filter(|component| component.is_combinator()).count();
    compounds + components().map(nested).max().unwrap_or_default()
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
        Tester::new(self.document(), selector).matches(self)
    }
}
