//! Which parts of Selectors Level 4 are parsed, and what of jQuery's and the scrapers' extensions.

use std::cell::RefCell;

use cssparser::{ParseError, Parser as CssParser};
use selectors::parser::{ParseRelative, Parser, SelectorList, SelectorParseErrorKind};

use super::{
    grammar::{Grammar, NamedPseudoElement, NamespaceUrl, Word},
    pseudo::PseudoClass,
};
use crate::name::Namespace;

type Failure = ParseError<SelectorParseErrorKind>;

/// What is parsed. The prefixes `html`, `svg`, `math`, `xlink` and `xml` are declared beside the given ones.
pub(super) struct SelectorParser<'n> {
    /// Prefixes and namespace addresses; the empty prefix is the default namespace.
    namespaces: &'n [(&'n str, &'n str)],
    /// The last thing that was not understood: what to look for in the source, and the sentence.
    complaint: RefCell<Option<Complaint>>,
}

/// A sentence better than the kind of a parse error gives.
#[derive(Clone, Debug)]
pub(super) struct Complaint {
    /// The text it is about, as far as it is known.
    pub(super) about: String,
    pub(super) message: String,
}

/// Sizzle's pseudo-classes that count matches. What they count depends on what stands before them, so they are
/// no property of an element; a `Selection` has methods for them.
const POSITIONAL: &[&str] = &["first", "last", "eq", "even", "odd", "gt", "lt", "nth"];

impl<'n> SelectorParser<'n> {
    pub(super) fn new(namespaces: &'n [(&'n str, &'n str)]) -> Self {
        Self { namespaces, complaint: RefCell::new(None) }
    }

    fn declared(&self, prefix: &str) -> Option<NamespaceUrl> {
        self.namespaces.iter().find(|(known, _)| *known == prefix).map(|(_, url)| (*url).into())
    }

    pub(super) fn complaint(self) -> Option<Complaint> {
        self.complaint.into_inner()
    }

    /// An error with a sentence of its own.
    pub(super) fn refuse(&self, about: &str, message: String) -> Failure {
        *self.complaint.borrow_mut() = Some(Complaint { about: about.to_owned(), message });
        ParseError::custom(SelectorParseErrorKind::UnsupportedPseudoClassOrElement)
    }

    fn unknown(&self, colons: &str, name: &str, brackets: &str) -> Failure {
        let lower = name.to_ascii_lowercase();
        let message = if POSITIONAL.contains(&&*lower) {
            format!("`:{lower}` counts matches, which a selector cannot; take it from the selection")
        } else if colons == "::" {
            format!("the pseudo-element `::{name}{brackets}` is not supported")
        } else {
            format!("the pseudo-class `:{name}{brackets}` is not supported")
        };
        self.refuse(&format!("{colons}{name}"), message)
    }

    /// A selector list inside a pseudo-class of ours.
    pub(super) fn list(&self, arguments: &mut CssParser<'_>) -> Result<SelectorList<Grammar>, Failure> {
        SelectorList::parse_disallow_pseudo(self, arguments, ParseRelative::No)
    }
}

/// The rest of a block as it is written, trimmed.
pub(super) fn raw<'i>(arguments: &mut CssParser<'i>) -> &'i str {
    let start = arguments.position();
    while arguments.next_including_whitespace_and_comments().is_ok() {}
    arguments.slice_from(start).trim_ascii()
}

impl<'i> Parser<'i> for SelectorParser<'_> {
    type Impl = Grammar;
    type Error = SelectorParseErrorKind;

    fn parse_slotted(&self) -> bool {
        true
    }

    fn parse_part(&self) -> bool {
        true
    }

    fn parse_host(&self) -> bool {
        true
    }

    fn parse_nth_child_of(&self) -> bool {
        true
    }

    fn parse_is_and_where(&self) -> bool {
        true
    }

    fn parse_has(&self) -> bool {
        true
    }

    fn parse_parent_selector(&self) -> bool {
        true
    }

    fn is_is_alias(&self, name: &str) -> bool {
        ["any", "-webkit-any", "-moz-any"].iter().any(|alias| alias.eq_ignore_ascii_case(name))
    }

    fn parse_non_ts_pseudo_class(&self, name: &str) -> Result<PseudoClass, Failure> {
        PseudoClass::named(name).ok_or_else(|| self.unknown(":", name, ""))
    }

    fn parse_non_ts_functional_pseudo_class(
        &self,
        name: &str,
        arguments: &mut CssParser<'i>,
        _after_part: bool,
    ) -> Result<PseudoClass, Failure> {
        match PseudoClass::function(self, name, arguments) {
            Some(class) => class,
            None => Err(self.unknown(":", name, "()")),
        }
    }

    fn parse_pseudo_element(&self, name: &str) -> Result<NamedPseudoElement, Failure> {
        NamedPseudoElement::named(name).ok_or_else(|| self.unknown("::", name, ""))
    }

    fn parse_functional_pseudo_element(
        &self,
        name: &str,
        arguments: &mut CssParser<'i>,
    ) -> Result<NamedPseudoElement, Failure> {
        NamedPseudoElement::function(name, raw(arguments)).ok_or_else(|| self.unknown("::", name, "()"))
    }

    fn default_namespace(&self) -> Option<NamespaceUrl> {
        self.declared("")
    }

    fn namespace_for_prefix(&self, prefix: &Word) -> Option<NamespaceUrl> {
        self.declared(&prefix.0).or_else(|| {
            let namespace = match &*prefix.0 {
                "html" => Namespace::Html,
                "svg" => Namespace::Svg,
                "math" => Namespace::MathMl,
                "xlink" => Namespace::XLink,
                "xml" => Namespace::Xml,
                _ => return None,
            };
            Some(namespace.url().into())
        })
    }
}
