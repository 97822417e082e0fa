//! The words of our selectors, in the terms of the `selectors` crate: what names, values, pseudo-classes and
//! pseudo-elements are and how they are written.

use std::fmt::{self, Write};

use cssparser::{ToCss, serialize_identifier, serialize_string};
use precomputed_hash::PrecomputedHash;
use selectors::parser::{NonTSPseudoClass, PseudoElement, SelectorImpl};

use super::pseudo::PseudoClass;
use crate::name::{Atom, Namespace, NodeName, known_atom};

/// Ties the types of this module together for the `selectors` crate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Grammar;

impl SelectorImpl for Grammar {
    type ExtraMatchingData<'a> = ();
    type AttrValue = Text;
    type Identifier = Word;
    type LocalName = Name;
    type NamespaceUrl = NamespaceUrl;
    type NamespacePrefix = Word;
    type BorrowedLocalName = Name;
    type BorrowedNamespaceUrl = NamespaceUrl;
    type NonTSPseudoClass = PseudoClass;
    type PseudoElement = NamedPseudoElement;
}

/// The value of an attribute.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Text(Box<str>);

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
        serialize_string(&self.0, destination)
    }
}

/// A class, an id or a namespace prefix.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Word(pub(super) Box<str>);

impl From<&str> for Word {
    fn from(text: &str) -> Self {
        Self(text.into())
    }
}

impl ToCss for Word {
    fn to_css<W: Write>(&self, destination: &mut W) -> fmt::Result {
        serialize_identifier(&self.0, destination)
    }
}

fn hash(text: &str) -> u32 {
    text.bytes().fold(0x811c_9dc5, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193))
}

impl PrecomputedHash for Word {
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

/// A namespace by its address; the default is no namespace.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct NamespaceUrl {
    url: Box<str>,
    /// Its number, if it is one that all documents share.
    known: Option<Namespace>,
}

impl From<&str> for NamespaceUrl {
    fn from(url: &str) -> Self {
        Self { url: url.into(), known: Namespace::from_url(url) }
    }
}

impl NamespaceUrl {
    /// Whether a name is in it; only names of unusual namespaces are asked for the address.
    pub(super) fn is_of<'s>(&self, name: NodeName, address: impl FnOnce() -> &'s str) -> bool {
        match (name.namespace(), self.known) {
            (Namespace::Other, None) => address() == &*self.url,
            (found, Some(known)) => found == known,
            (_, None) => self.url.is_empty() && name.namespace() == Namespace::None,
        }
    }
}

impl PrecomputedHash for NamespaceUrl {
    fn precomputed_hash(&self) -> u32 {
        hash(&self.url)
    }
}

/// A pseudo-element browsers know. A document at rest has none, so it matches nothing. (`::text` and `::attr()`
/// are taken off before.)
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct NamedPseudoElement {
    name: Box<str>,
    /// What stands in the brackets of `::highlight(name)`.
    argument: Option<Box<str>>,
}

const PSEUDO_ELEMENTS: &[&str] = &[
    "before",
    "after",
    "first-line",
    "first-letter",
    "marker",
    "placeholder",
    "selection",
    "backdrop",
    "file-selector-button",
    "target-text",
    "spelling-error",
    "grammar-error",
    "details-content",
    "cue",
    "view-transition",
];
const PSEUDO_ELEMENT_FUNCTIONS: &[&str] = &[
    "highlight",
    "cue",
    "view-transition-group",
    "view-transition-image-pair",
    "view-transition-old",
    "view-transition-new",
];

impl NamedPseudoElement {
    /// Every `::-webkit-` name is one, as Selectors 4 (appendix B) asks.
    pub(super) fn named(name: &str) -> Option<Self> {
        let name = name.to_ascii_lowercase();
        let is_known = PSEUDO_ELEMENTS.contains(&&*name) || name.starts_with("-webkit-");
        is_known.then(|| Self { name: name.into(), argument: None })
    }

    pub(super) fn function(name: &str, argument: &str) -> Option<Self> {
        let name = name.to_ascii_lowercase();
        let is_known = PSEUDO_ELEMENT_FUNCTIONS.contains(&&*name) && !argument.is_empty();
        is_known.then(|| Self { name: name.into(), argument: Some(argument.into()) })
    }
}

impl ToCss for NamedPseudoElement {
    fn to_css<W: Write>(&self, destination: &mut W) -> fmt::Result {
        write!(destination, "::{}", self.name)?;
        match &self.argument {
            Some(argument) => write!(destination, "({argument})"),
            None => Ok(()),
        }
    }
}

impl PseudoElement for NamedPseudoElement {
    fn accepts_state_pseudo_classes(&self) -> bool {
        true
    }

    fn valid_after_slotted(&self) -> bool {
        matches!(&*self.name, "before" | "after")
    }

    fn valid_after_before_or_after(&self) -> bool {
        &*self.name == "marker"
    }

    fn is_before_or_after(&self) -> bool {
        matches!(&*self.name, "before" | "after")
    }
}

impl NonTSPseudoClass for PseudoClass {
    fn is_active_or_hover(&self) -> bool {
        matches!(self, Self::Never("active" | "hover"))
    }

    fn is_user_action_state(&self) -> bool {
        matches!(self, Self::Never("active" | "hover" | "focus" | "focus-visible" | "focus-within"))
    }
}
