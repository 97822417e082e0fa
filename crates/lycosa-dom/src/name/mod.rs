//! Names as numbers. An element or attribute name is a [`NodeName`]: four bits of namespace and a number for
//! the local name. Names of the HTML standard have the same number in every document (see `known`), the rest
//! are numbered per document. So "is it an HTML `a`?" is one integer comparison, in a scan over a flat array.

mod interner;
mod known;

pub(crate) use interner::{ElementNames, Interner};
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
}

impl Namespace {
    /// The namespace's address, empty for none.
    pub fn url(self) -> &'static str {
        match self {
            Self::None => "",
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

    /// The prefix an HTML parser gives to attributes of this namespace (`xlink:href`), empty for none.
    pub(crate) fn attribute_prefix(self) -> &'static str {
        match self {
            Self::XLink => "xlink",
            Self::Xml => "xml",
            Self::Xmlns => "xmlns",
            _ => "",
        }
    }

    const ALL: [Self; 7] =
        [Self::None, Self::Html, Self::Svg, Self::MathMl, Self::XLink, Self::Xml, Self::Xmlns];
}

/// The number of a local name. Below `KNOWN.len()` it means the same in every document.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Atom(pub(crate) u32);

const NAMESPACE_SHIFT: u32 = 28;
const ATOM_MASK: u32 = (1 << NAMESPACE_SHIFT) - 1;
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

    pub(crate) const fn is_element(self) -> bool {
        self.0 >> NAMESPACE_SHIFT != NOT_AN_ELEMENT
    }

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
