//! What is ill-formed in an XML document, and where. The list is bounded; the count is not.

use std::fmt;

/// So many problems are kept.
const MAX_KEPT: usize = 32;
/// A name quoted in a problem is cut at this many characters.
const MAX_DETAIL: usize = 64;

/// What is wrong. Each comment ends with what the parser makes of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum XmlProblemKind {
    /// An element has no end tag; it ends where its parent or the document ends.
    UnclosedElement,
    /// An end tag has no start tag; it is passed over.
    UnexpectedEndTag,
    /// A tag, comment, CDATA section or other markup does not end; it ends at the next `>` or with the text.
    UnclosedMarkup,
    /// A `<` that begins no markup; it is text.
    StrayLessThan,
    /// An attribute without value or quotes, or something in a tag that is no attribute; the value is read as
    /// HTML would, what is no attribute is passed over.
    InvalidAttribute,
    /// An attribute is given twice; the first counts.
    DuplicateAttribute,
    /// A prefix has no namespace; the name keeps the prefix and is in none.
    UndeclaredPrefix,
    /// A namespace declaration that is not allowed, as of the prefixes `xml` and `xmlns`; it is an attribute
    /// and declares nothing.
    InvalidDeclaration,
    /// A name with several colons, or one at its end; it is a local name.
    InvalidName,
    /// An entity is not declared; one of HTML is replaced, any other stays as written.
    UndefinedEntity,
    /// An entity lies in another file, or is no text; it is left out.
    ExternalEntity,
    /// An entity contains itself; it is left out.
    RecursiveEntity,
    /// Entities nest too deeply or grow beyond bounds; further ones are left out.
    EntityLimit,
    /// An `&` that begins no reference stays as written; a reference to a character that XML does not allow is
    /// left out.
    InvalidReference,
    /// A character that XML does not allow; it is left out. Also `]]>` in text, which stays.
    InvalidCharacter,
    /// Text outside the root element; it is kept there.
    TextOutsideRoot,
    /// A second root element; it is kept beside the first.
    SecondRoot,
    /// There is no element.
    NoRoot,
    /// The root element of a page is not in the namespace of HTML. Only told by
    /// [`xml_fallback`](crate::Document::xml_fallback).
    NoNamespace,
    /// An XML declaration that is not at the beginning, or a second or late document type; it is passed over.
    Misplaced,
    /// A comment with `--` in it; it is kept.
    InvalidComment,
    /// A declaration in the document type that cannot be read; it is passed over.
    InvalidDoctype,
}

impl XmlProblemKind {
    fn sentence(self) -> &'static str {
        match self {
            Self::UnclosedElement => "the element has no end tag",
            Self::UnexpectedEndTag => "the end tag has no start tag",
            Self::UnclosedMarkup => "the markup does not end",
            Self::StrayLessThan => "a `<` begins no markup",
            Self::InvalidAttribute => "the tag holds something that is no attribute with a quoted value",
            Self::DuplicateAttribute => "the attribute is given twice",
            Self::UndeclaredPrefix => "the prefix has no namespace",
            Self::InvalidDeclaration => "the prefix cannot be declared like this",
            Self::InvalidName => "the name has misplaced colons",
            Self::UndefinedEntity => "the entity is not declared",
            Self::ExternalEntity => "the entity is not text of this document",
            Self::RecursiveEntity => "the entity contains itself",
            Self::EntityLimit => "entities grow beyond bounds",
            Self::InvalidReference => "an `&` begins no valid reference",
            Self::InvalidCharacter => "a character is not allowed here",
            Self::TextOutsideRoot => "there is text outside the root element",
            Self::SecondRoot => "there is a second root element",
            Self::NoRoot => "there is no element",
            Self::NoNamespace => "the root element is not in the namespace of HTML",
            Self::Misplaced => "the declaration is out of place",
            Self::InvalidComment => "a comment contains `--`",
            Self::InvalidDoctype => "a declaration of the document type cannot be read",
        }
    }
}

/// One thing that is ill-formed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct XmlProblem {
    /// What is wrong.
    pub kind: XmlProblemKind,
    /// The line, counted from one. For a problem in an entity's text this is where the document refers to it.
    pub line: u32,
    /// The character in the line, counted from one.
    pub column: u32,
    /// The name it is about, as far as there is one.
    pub name: Box<str>,
}

impl XmlProblem {
    /// That a page's root element is not an element of HTML.
    pub(in crate::document) fn no_namespace() -> Self {
        Self { kind: XmlProblemKind::NoNamespace, line: 1, column: 1, name: "html".into() }
    }

    pub(super) fn memory(&self) -> usize {
        size_of::<Self>() + self.name.len()
    }
}

impl fmt::Display for XmlProblem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "line {}, column {}: {}", self.line, self.column, self.kind.sentence())?;
        if self.name.is_empty() { Ok(()) } else { write!(formatter, ": {}", self.name) }
    }
}

/// The problems of a document while it is parsed.
#[derive(Debug)]
pub(super) struct Problems<'t> {
    text: &'t str,
    pub(super) kept: Vec<XmlProblem>,
    pub(super) count: u64,
    pub(super) is_well_formed: bool,
    /// The last place that was looked up: byte, line, column.
    last: (usize, u32, u32),
}

impl<'t> Problems<'t> {
    pub(super) fn new(text: &'t str) -> Self {
        Self { text, kept: Vec::new(), count: 0, is_well_formed: true, last: (0, 1, 1) }
    }

    pub(super) fn add(&mut self, kind: XmlProblemKind, at: usize, name: &str) {
        self.is_well_formed = false;
        self.note(kind, at, name);
    }

    /// Records what does not make the document ill-formed.
    pub(super) fn note(&mut self, kind: XmlProblemKind, at: usize, name: &str) {
        self.count += 1;
        if self.kept.len() < MAX_KEPT {
            let (line, column) = self.place(at);
            let name = name.chars().take(MAX_DETAIL).collect();
            self.kept.push(XmlProblem { kind, line, column, name });
        }
    }

    fn place(&mut self, at: usize) -> (u32, u32) {
        let at = self.text.floor_char_boundary(at);
        let (mut from, mut line, mut column) = self.last;
        if at < from {
            (from, line, column) = (0, 1, 1);
        }
        for character in self.text.get(from..at).unwrap_or_default().chars() {
            if character == '\n' {
                (line, column) = (line + 1, 1);
            } else {
                column += 1;
            }
        }
        self.last = (at, line, column);
        (line, column)
    }
}
