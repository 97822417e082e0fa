//! Names as numbers. An element or attribute name is a [`NodeName`]: four bits of namespace and a number for
//! the local name. Names of the HTML standard have the same number in every document (see `known`), the rest
//! are numbered per document. So "is it an HTML `a`?" is one integer comparison, in a scan over a flat array.
//!
//! Namespaces that only XML brings are numbered per document too, and have no room in four bits: a name in one
//! of them is the place of the pair of namespace and local name in a table of its document
//! (`Document::local_atom`). Two names of a document are equal exactly when these integers are.

mod interner;
mod known;

pub(crate) use interner::{Atoms, ElementNames, Interner};
pub(crate) use known::{KNOWN, atoms, known_atom};

/// The namespace of an element or attribute name.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Namespace {
    /// No namespace: most attributes.
    #[default]
    None = 0,
    /// `http://www.w3.org/1999/xhtml`
    Html = 1,
    /// `http://www.w3.org/2000/svg`
    Svg = 2,
    /// `http://www.w3.org/1998/Math/MathML`
    MathMl = 3,
    /// `http://www.w3.org/1999/xlink`
    XLink = 4,
    /// `http://www.w3.org/XML/1998/namespace`
    Xml = 5,
    /// `http://www.w3.org/2000/xmlns/`
    Xmlns = 6,
    /// Any other, in an XML document: see [`NodeRef::namespace_uri`](crate::NodeRef::namespace_uri).
    Other = 7,
}

impl Namespace {
    /// The namespace's address; empty for none, and for [`Other`](Self::Other), whose address the document has.
    pub fn url(self) -> &'static str {
        match self {
            Self::None | Self::Other => "",
            Self::Html => "http://www.w3.org/1999/xhtml",
            Self::Svg => "http://www.w3.org/2000/svg",
            Self::MathMl => "http://www.w3.org/1998/Math/MathML",
            Self::XLink => "http://www.w3.org/1999/xlink",
            Self::Xml => "http://www.w3.org/XML/1998/namespace",
            Self::Xmlns => "http://www.w3.org/2000/xmlns/",
        }
    }

    /// The namespace with this address, if it is one an HTML parser can produce.
    pub fn from_url(url: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|namespace| namespace.url() == url)
    }

    /// The namespace with this number, `None` where the number is not one of its own.
    pub(crate) fn with_number(number: u32) -> Option<Self> {
        Self::ALL.get(number as usize).copied().filter(|&namespace| namespace != Self::Other)
    }

    /// The prefix an HTML parser gives to attributes of this namespace (`xlink:href`), empty for none.
    pub(crate) fn attribute_prefix(self) -> &'static str {
        match self {
            Self::XLink => "xlink",
            Self::Xml => "xml",
            Self::Xmlns => "xmlns",
            _ => "",
        }
    }

    const ALL: [Self; 8] =
        [Self::None, Self::Html, Self::Svg, Self::MathMl, Self::XLink, Self::Xml, Self::Xmlns, Self::Other];
}

/// The number of a local name. Below `KNOWN.len()` it means the same in every document.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Atom(pub(crate) u32);

const NAMESPACE_SHIFT: u32 = 28;
const ATOM_MASK: u32 = (1 << NAMESPACE_SHIFT) - 1;
/// Set in the number of a name that is a place in the document's table of names. No local name has so high a
/// number: a text has at most 2^30 bytes, and a new name takes more than eight of them.
const TABLE_BIT: u32 = 1 << (NAMESPACE_SHIFT - 1);
/// The namespace bits of nodes that are not elements.
const NOT_AN_ELEMENT: u32 = 15;

/// Namespace and local name in one integer; for a node that is no element, its kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct NodeName(u32);

impl NodeName {
    pub(crate) const DOCUMENT: Self = Self::other(0);
    pub(crate) const DOCTYPE: Self = Self::other(1);
    pub(crate) const TEXT: Self = Self::other(2);
    pub(crate) const COMMENT: Self = Self::other(3);
    pub(crate) const PROCESSING_INSTRUCTION: Self = Self::other(4);

    const fn other(kind: u32) -> Self {
        Self(NOT_AN_ELEMENT << NAMESPACE_SHIFT | kind)
    }

    pub(crate) const fn new(namespace: Namespace, atom: Atom) -> Self {
        Self((namespace as u32) << NAMESPACE_SHIFT | atom.0)
    }

    /// The name of an HTML element.
    pub(crate) const fn html(atom: Atom) -> Self {
        Self::new(Namespace::Html, atom)
    }

    /// The name of an attribute without a namespace.
    pub(crate) const fn plain(atom: Atom) -> Self {
        Self::new(Namespace::None, atom)
    }

    /// The name at a place in the document's table, for namespaces without bits of their own.
    pub(crate) const fn in_table(place: u32) -> Self {
        Self((Namespace::Other as u32) << NAMESPACE_SHIFT | TABLE_BIT | place)
    }

    /// The place in the document's table, for a name that lies there.
    pub(crate) const fn table_place(self) -> Option<u32> {
        if self.0 >> NAMESPACE_SHIFT == Namespace::Other as u32 {
            Some(self.0 & (TABLE_BIT - 1))
        } else {
            None
        }
    }

    pub(crate) const fn is_element(self) -> bool {
        self.0 >> NAMESPACE_SHIFT != NOT_AN_ELEMENT
    }

    /// The number of the local name, comparable with those of known names. Of a name in the document's table it
    /// is no local name's number; ask `Document::local_atom` where such names can occur.
    pub(crate) const fn atom(self) -> Atom {
        Atom(self.0 & ATOM_MASK)
    }

    pub(crate) const fn is_html(self) -> bool {
        self.0 >> NAMESPACE_SHIFT == Namespace::Html as u32
    }

    pub(crate) fn namespace(self) -> Namespace {
        let code = self.0 >> NAMESPACE_SHIFT;
        Namespace::ALL.get(code as usize).copied().unwrap_or_default()
    }

    /// The atom of an HTML element, for `match`; `None` for everything else.
    pub(crate) const fn html_atom(self) -> Option<Atom> {
        if self.is_html() { Some(self.atom()) } else { None }
    }
}
