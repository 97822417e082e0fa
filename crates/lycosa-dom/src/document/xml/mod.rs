//! XML documents: the same frozen tree, built by a recovering parser on quick-xml's tokens. Parts: `parse` (the
//! parser), `token` (where markup ends when it is broken), `tree` (what it builds), `names` (prefixes and
//! namespaces), `attribute`, `dtd` and `entity` (the internal subset and what it declares), `problem` (what was
//! ill-formed). This file is what a finished XML document has beyond an HTML one.
//!
//! Left out: validation, external entities and external subsets (nothing is ever loaded), XML 1.1.

mod attribute;
mod dtd;
mod entity;
mod names;
mod parse;
mod problem;
mod token;
mod tree;

#[cfg(test)]
mod hostile;
#[cfg(test)]
mod oracle;
#[cfg(test)]
mod tests;

pub use problem::{XmlProblem, XmlProblemKind};

use std::collections::{HashMap, HashSet};

use super::{Document, NodeRef};
use crate::name::{Atom, Namespace, NodeName, atoms};

/// The namespace address of the prefix `xml`.
const XML_NAMESPACE: &str = "http://www.w3.org/XML/1998/namespace";

/// Which language a document was parsed as.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DocumentKind {
    /// By [`Document::parse_html`]: element names compare without regard to ASCII case.
    Html,
    /// By [`Document::parse_xml`]: names compare exactly.
    Xml,
}

impl DocumentKind {
    /// The name used in records: `html` or `xml`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Html => "html",
            Self::Xml => "xml",
        }
    }
}

/// What only an XML document has.
#[derive(Debug, Default)]
pub(super) struct XmlPart {
    /// Namespace addresses without a number of their own in [`Namespace`].
    namespaces: Vec<Box<str>>,
    /// The names in those: place of the namespace, local name.
    expanded: Vec<(u32, Atom)>,
    prefixes: Vec<Box<str>>,
    /// Elements with a prefix, ascending: node, place of the prefix.
    element_prefixes: Vec<(u32, u32)>,
    /// Attributes with a prefix, ascending: attribute, place of the prefix.
    attribute_prefixes: Vec<(u32, u32)>,
    /// The attributes that the document type declares to be identifiers, ascending.
    ids: Vec<u32>,
    problems: Vec<XmlProblem>,
    problem_count: u64,
    is_well_formed: bool,
}

impl XmlPart {
    pub(super) fn local_atom(&self, place: u32) -> Atom {
        self.expanded.get(place as usize).map_or(Atom(u32::MAX), |(_, local)| *local)
    }

    fn namespace_of(&self, place: u32) -> &str {
        let namespace = self.expanded.get(place as usize).map_or(u32::MAX, |(namespace, _)| *namespace);
        self.namespaces.get(namespace as usize).map_or("", |uri| uri)
    }

    fn prefix(&self, table: &[(u32, u32)], id: u32) -> &str {
        let Ok(position) = table.binary_search_by_key(&id, |(owner, _)| *owner) else { return "" };
        let prefix = table.get(position).and_then(|(_, prefix)| self.prefixes.get(*prefix as usize));
        prefix.map_or("", |prefix| prefix)
    }

    /// The place of a namespace without a number of its own.
    pub(super) fn namespace_place(&self, address: &str) -> Option<u32> {
        let place = self.namespaces.iter().position(|namespace| **namespace == *address)?;
        u32::try_from(place).ok()
    }

    /// The place of the namespace of the name at a place of the table.
    #[inline]
    pub(super) fn namespace_of_name(&self, place: u32) -> Option<u32> {
        self.expanded.get(place as usize).map(|(namespace, _)| *namespace)
    }

    /// The name in such a namespace, if the document has it.
    pub(super) fn name_in(&self, namespace: u32, local: Atom) -> Option<NodeName> {
        let place = self.expanded.iter().position(|entry| *entry == (namespace, local))?;
        u32::try_from(place).ok().map(NodeName::in_table)
    }

    pub(super) fn memory(&self) -> usize {
        let texts = self.namespaces.iter().chain(&self.prefixes).map(|text| text.len() + 16).sum::<usize>();
        texts
            + (self.element_prefixes.capacity() + self.attribute_prefixes.capacity())
                * size_of::<(u32, u32)>()
            + self.expanded.capacity() * size_of::<(u32, Atom)>()
            + self.ids.capacity() * size_of::<u32>()
            + self.problems.iter().map(XmlProblem::memory).sum::<usize>()
    }
}

impl Document {
    /// Which language it was parsed as.
    #[inline]
    pub fn kind(&self) -> DocumentKind {
        if self.xml.is_some() { DocumentKind::Xml } else { DocumentKind::Html }
    }

    /// What was ill-formed in an XML document, in the order it was met: the first 32 problems. Empty for HTML,
    /// where nothing counts as a problem.
    pub fn xml_problems(&self) -> &[XmlProblem] {
        self.xml.as_ref().map_or(&[], |part| &part.problems)
    }

    /// How many problems there were in all, those beyond the first 32 counted too.
    pub fn xml_problem_count(&self) -> u64 {
        self.xml.as_ref().map_or(0, |part| part.problem_count)
    }

    /// Whether an XML document is well-formed and uses its namespaces well, as far as can be told without
    /// loading anything: undeclared entities of HTML are let pass when the document type names an external
    /// subset that may declare them. `false` for HTML.
    pub fn is_well_formed_xml(&self) -> bool {
        self.xml.as_ref().is_some_and(|part| part.is_well_formed)
    }

    /// The place of a namespace that only this XML document has, for [`is_within`](Self::is_within).
    pub(crate) fn other_namespace(&self, address: &str) -> Option<u32> {
        self.xml.as_ref()?.namespace_place(address)
    }

    /// Whether a name lies in the namespace at a place.
    pub(crate) fn is_within(&self, name: NodeName, namespace: u32) -> bool {
        let place = name.table_place().filter(|_| name.is_element());
        place.zip(self.xml.as_ref()).and_then(|(place, part)| part.namespace_of_name(place))
            == Some(namespace)
    }

    /// The name in the namespace at a place, if the document has it.
    pub(crate) fn name_within(&self, namespace: u32, local: Atom) -> Option<NodeName> {
        self.xml.as_ref()?.name_in(namespace, local)
    }

    /// The attributes that declare the namespaces in scope on an element, `xml` left out: the nearest of each
    /// prefix, in document order. Also how many attributes were looked at.
    pub(crate) fn namespace_declarations(&self, element: u32) -> (Vec<u32>, u64) {
        let (mut found, mut seen) = (Vec::new(), HashSet::new());
        let (mut at, mut visited) = (Some(element), 0);
        while let Some(node) = at.filter(|_| self.xml.is_some()) {
            let attributes = self.attributes_in(node..node + 1);
            visited += 1 + u64::from(attributes.end - attributes.start);
            for attribute in attributes {
                if self.attribute_name(attribute).namespace() == Namespace::Xmlns {
                    let prefix = self.declared_prefix(attribute);
                    let is_declaring = !self.value_of_attribute(attribute).is_empty();
                    if seen.insert(prefix) && is_declaring && prefix != "xml" {
                        found.push(attribute);
                    }
                }
            }
            at = self.parent_of(node);
        }
        found.sort_unstable();
        (found, visited)
    }

    /// The prefix that a declaring attribute declares, empty for the default namespace.
    pub(crate) fn declared_prefix(&self, attribute: u32) -> &str {
        match self.attribute_prefix(attribute) {
            "" => "",
            _ => self.local_name(self.attribute_name(attribute)),
        }
    }

    /// The address of the namespace of a name in this document.
    pub(super) fn namespace_uri(&self, name: NodeName) -> &str {
        match (name.table_place(), &self.xml) {
            (Some(place), Some(part)) => part.namespace_of(place),
            _ if name.is_element() => name.namespace().url(),
            _ => "",
        }
    }

    pub(super) fn element_prefix(&self, id: u32) -> &str {
        self.xml.as_ref().map_or("", |part| part.prefix(&part.element_prefixes, id))
    }

    pub(super) fn attribute_prefix(&self, id: u32) -> &str {
        if let Some(part) = &self.xml {
            return part.prefix(&part.attribute_prefixes, id);
        }
        let Some(record) = self.attributes.get(id as usize) else { return "" };
        match record.name.namespace() {
            Namespace::Xmlns if record.name.atom() == atoms::XMLNS => "",
            namespace => namespace.attribute_prefix(),
        }
    }

    pub(crate) fn is_id_attribute(&self, id: u32) -> bool {
        let Some(record) = self.attributes.get(id as usize) else { return false };
        let is_called_id = self.local_atom(record.name) == atoms::ID;
        let Some(part) = &self.xml else {
            return is_called_id && record.name.namespace() == Namespace::None;
        };
        if part.ids.binary_search(&id).is_ok() {
            return true;
        }
        let owner = self.name(record.owner).namespace();
        is_called_id
            && match record.name.namespace() {
                Namespace::Xml => true,
                Namespace::None => matches!(owner, Namespace::Html | Namespace::Svg | Namespace::MathMl),
                _ => false,
            }
    }
}

impl<'d> NodeRef<'d> {
    /// The namespaces in scope at an element, as pairs of prefix and address: first `xml`, then in the order of
    /// the prefixes; the default namespace has the empty prefix. A declaration with an empty address takes the
    /// prefix out of scope. For other nodes those of the element they lie in.
    ///
    /// An HTML document declares nothing, so there are `xml` and, for an element, the default namespace that
    /// its name is in.
    pub fn in_scope_namespaces(self) -> Vec<(&'d str, &'d str)> {
        let mut found: HashMap<&str, &str> = HashMap::new();
        if self.document().kind() == DocumentKind::Html {
            if self.is_element() {
                found.insert("", self.namespace_uri());
            }
        } else {
            for node in std::iter::once(self).chain(self.ancestors()) {
                for (prefix, uri) in node.declared_namespaces() {
                    found.entry(prefix).or_insert(uri);
                }
            }
        }
        found.remove("xml");
        let mut pairs: Vec<_> = found.into_iter().filter(|(_, uri)| !uri.is_empty()).collect();
        pairs.sort_unstable();
        pairs.insert(0, ("xml", XML_NAMESPACE));
        pairs
    }

    /// The namespaces an element declares itself: prefix and address.
    pub(super) fn declared_namespaces(self) -> impl Iterator<Item = (&'d str, &'d str)> {
        self.attrs().filter(|attribute| attribute.namespace() == Namespace::Xmlns).map(|attribute| {
            let prefix = if attribute.prefix().is_empty() { "" } else { attribute.name() };
            (prefix, attribute.value())
        })
    }
}
