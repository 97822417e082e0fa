//! The words of our selectors, in the terms of the `selectors` crate: what names, values and pseudo-classes are
//! and which parts of Selectors Level 4 are parsed.

use std::fmt::{self, Write};

use cssparser::{CssStringWriter, ParseError, Parser as CssParser, ToCss, serialize_identifier};
use precomputed_hash::PrecomputedHash;
use selectors::parser::{NonTSPseudoClass, Parser, PseudoElement, SelectorImpl, SelectorParseErrorKind};

use super::pseudo::PseudoClass;
use crate::name::{Atom, Namespace, known_atom};

/// Ties the types of this module together for the `selectors` crate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Grammar;

impl SelectorImpl for Grammar {
    type ExtraMatchingData<'a> = ();
    type AttrValue = Text;
    type Identifier = Text;
    type LocalName = Name;
    type NamespaceUrl = NamespaceUrl;
    type NamespacePrefix = Text;
    type BorrowedLocalName = Name;
    type BorrowedNamespaceUrl = NamespaceUrl;
    type NonTSPseudoClass = PseudoClass;
    type PseudoElement = NoPseudoElement;
}

/// A class, an id, a prefix or the value of an attribute.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Text(pub(super) Box<str>);

impl From<&str> for Text {
    fn from(text: &str) -> Self {
        Self(text.into())
    }
}

impl AsRef<str> for Text {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl ToCss for Text {
    fn to_css<W: Write>(&self, destination: &mut W) -> fmt::Result {
        destination.write_char('"')?;
        write!(CssStringWriter::new(destination), "{}", self.0)?;
        destination.write_char('"')
    }
}

fn hash(text: &str) -> u32 {
    text.bytes().fold(0x811c_9dc5, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193))
}

impl PrecomputedHash for Text {
    fn precomputed_hash(&self) -> u32 {
        hash(&self.0)
    }
}

/// The local name of an element or attribute, with its number if all documents share it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Name {
    pub(super) text: Box<str>,
    pub(super) known: Option<Atom>,
}

impl From<&str> for Name {
    fn from(text: &str) -> Self {
        Self { text: text.into(), known: known_atom(text) }
    }
}

impl ToCss for Name {
    fn to_css<W: Write>(&self, destination: &mut W) -> fmt::Result {
        serialize_identifier(&self.text, destination)
    }
}

impl PrecomputedHash for Name {
    fn precomputed_hash(&self) -> u32 {
        hash(&self.text)
    }
}

/// A namespace.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct NamespaceUrl(pub(super) Namespace);

impl PrecomputedHash for NamespaceUrl {
    fn precomputed_hash(&self) -> u32 {
        self.0 as u32
    }
}

/// There are no pseudo-elements to match: `::text` and `::attr()` are taken off before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum NoPseudoElement {}

impl ToCss for NoPseudoElement {
    fn to_css<W: Write>(&self, _destination: &mut W) -> fmt::Result {
        match *self {}
    }
}

impl PseudoElement for NoPseudoElement {}

impl NonTSPseudoClass for PseudoClass {
    fn is_active_or_hover(&self) -> bool {
        false
    }

    fn is_user_action_state(&self) -> bool {
        false
    }
}

/// What is parsed. The prefixes `html`, `svg`, `math`, `xlink` and `xml` are declared.
pub(super) struct SelectorParser;

impl<'i> Parser<'i> for SelectorParser {
    type Impl = Grammar;
    type Error = SelectorParseErrorKind;

    fn parse_nth_child_of(&self) -> bool {
        true
    }

    fn parse_is_and_where(&self) -> bool {
        true
    }

    fn parse_has(&self) -> bool {
        true
    }

    fn is_is_alias(&self, name: &str) -> bool {
        name.eq_ignore_ascii_case("matches") || name.eq_ignore_ascii_case("any")
    }

    fn parse_non_ts_pseudo_class(
        &self,
        name: &str,
    ) -> Result<PseudoClass, ParseError<SelectorParseErrorKind>> {
        PseudoClass::named(name)
            .ok_or_else(|| ParseError::custom(SelectorParseErrorKind::UnsupportedPseudoClassOrElement))
    }

    fn parse_non_ts_functional_pseudo_class(
        &self,
        name: &str,
        arguments: &mut CssParser<'i>,
        _after_part: bool,
    ) -> Result<PseudoClass, ParseError<SelectorParseErrorKind>> {
        PseudoClass::function(name, arguments)
    }

    fn namespace_for_prefix(&self, prefix: &Text) -> Option<NamespaceUrl> {
        let namespace = match prefix.as_ref() {
            "html" => Namespace::Html,
            "svg" => Namespace::Svg,
            "math" => Namespace::MathMl,
            "xlink" => Namespace::XLink,
            "xml" => Namespace::Xml,
            _ => return None,
        };
        Some(NamespaceUrl(namespace))
    }
}
