//! Names of an XML document while it is parsed: qualified names split and numbered once, and the namespace each
//! prefix stands for at the moment. Everything is looked up by number, so an element costs the same at any
//! depth and with any number of declarations in force.

use std::collections::HashMap;

use crate::name::{Atom, Atoms, Namespace, NodeName, atoms};

/// The places of the prefixes that always exist.
pub(super) const NO_PREFIX: u32 = 0;
const XML_PREFIX: u32 = 1;
pub(super) const XMLNS_PREFIX: u32 = 2;

/// A prefix without namespace.
const UNBOUND: u32 = u32::MAX;
/// Numbers of namespaces from here on are places in the document's list.
const FIRST_OTHER: u32 = Namespace::Other as u32;

/// The place of a qualified name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct QualifiedName(pub(super) u32);

#[derive(Clone, Copy, Debug)]
struct Parts {
    prefix: u32,
    local: Atom,
    /// Whether its colons are where they may be.
    is_valid: bool,
    /// The namespace it was last seen with, and what that made of it.
    last: (u32, NodeName),
}

/// All names of one document.
#[derive(Debug)]
pub(super) struct Names {
    atoms: Atoms,
    qualified: Vec<Parts>,
    qualified_places: HashMap<Box<str>, u32>,
    prefixes: Vec<Box<str>>,
    prefix_places: HashMap<Box<str>, u32>,
    namespaces: Vec<Box<str>>,
    namespace_places: HashMap<Box<str>, u32>,
    expanded: Vec<(u32, Atom)>,
    expanded_places: HashMap<(u32, u32), u32>,
    /// The number of the namespace of each prefix.
    bound: Vec<u32>,
    /// What to bind again when elements end: prefix and number.
    undo: Vec<(u32, u32)>,
}

/// The lists that the finished document keeps.
pub(super) struct Finished {
    pub(super) dynamic: Vec<Box<str>>,
    pub(super) namespaces: Vec<Box<str>>,
    pub(super) expanded: Vec<(u32, Atom)>,
    pub(super) prefixes: Vec<Box<str>>,
}

fn number(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}

impl Names {
    pub(super) fn new() -> Self {
        let mut names = Self {
            atoms: Atoms::default(),
            qualified: Vec::new(),
            qualified_places: HashMap::new(),
            prefixes: Vec::new(),
            prefix_places: HashMap::new(),
            namespaces: Vec::new(),
            namespace_places: HashMap::new(),
            expanded: Vec::new(),
            expanded_places: HashMap::new(),
            bound: Vec::new(),
            undo: Vec::new(),
        };
        let fixed = [("", Namespace::None), ("xml", Namespace::Xml), ("xmlns", Namespace::Xmlns)];
        for (prefix, namespace) in fixed {
            let place = names.prefix(prefix);
            names.set(place, namespace as u32);
        }
        names
    }

    pub(super) fn finish(self) -> Finished {
        Finished {
            dynamic: self.atoms.into_dynamic(),
            namespaces: self.namespaces,
            expanded: self.expanded,
            prefixes: self.prefixes,
        }
    }

    fn prefix(&mut self, text: &str) -> u32 {
        if let Some(place) = self.prefix_places.get(text) {
            return *place;
        }
        let place = number(self.prefixes.len());
        self.prefixes.push(text.into());
        self.prefix_places.insert(text.into(), place);
        self.bound.push(UNBOUND);
        place
    }

    fn namespace(&mut self, uri: &str) -> u32 {
        if let Some(known) = Namespace::from_url(uri) {
            return known as u32;
        }
        if let Some(number) = self.namespace_places.get(uri) {
            return *number;
        }
        let number = FIRST_OTHER + number(self.namespaces.len());
        self.namespaces.push(uri.into());
        self.namespace_places.insert(uri.into(), number);
        number
    }

    /// The place of a name as written.
    pub(super) fn qualified(&mut self, text: &str) -> QualifiedName {
        if let Some(place) = self.qualified_places.get(text) {
            return QualifiedName(*place);
        }
        let (prefix, local, is_valid) = match text.split_once(':') {
            None => ("", text, true),
            Some(("", _) | (_, "")) => ("", text, false),
            Some((_, local)) if local.contains(':') => ("", text, false),
            Some((prefix, local)) => (prefix, local, true),
        };
        let prefix = self.prefix(prefix);
        let local = self.atoms.of(local);
        let place = number(self.qualified.len());
        let last = (UNBOUND, NodeName::plain(local));
        self.qualified.push(Parts { prefix, local, is_valid, last });
        self.qualified_places.insert(text.into(), place);
        QualifiedName(place)
    }

    pub(super) fn prefix_of(&self, name: QualifiedName) -> u32 {
        self.qualified.get(name.0 as usize).map_or(NO_PREFIX, |parts| parts.prefix)
    }

    /// Whether the name's colons are where they may be.
    pub(super) fn is_valid(&self, name: QualifiedName) -> bool {
        self.qualified.get(name.0 as usize).is_none_or(|parts| parts.is_valid)
    }

    /// Whether this is the name `xmlns`.
    pub(super) fn is_default_declaration(&self, name: QualifiedName) -> bool {
        let parts = self.qualified.get(name.0 as usize);
        parts.is_some_and(|parts| parts.prefix == NO_PREFIX && parts.local == atoms::XMLNS)
    }

    /// The local name as text.
    pub(super) fn local_text(&self, name: QualifiedName) -> &str {
        self.qualified.get(name.0 as usize).map_or("", |parts| self.atoms.text(parts.local))
    }

    /// The name as written.
    pub(super) fn text(&self, name: QualifiedName) -> String {
        let (prefix, local) = (self.prefix_text(self.prefix_of(name)), self.local_text(name));
        if prefix.is_empty() { local.to_owned() } else { format!("{prefix}:{local}") }
    }

    pub(super) fn prefix_text(&self, prefix: u32) -> &str {
        self.prefixes.get(prefix as usize).map_or("", |text| text)
    }

    /// Whether the prefix stands for a namespace now.
    pub(super) fn is_bound(&self, prefix: u32) -> bool {
        self.bound.get(prefix as usize).is_some_and(|&namespace| namespace != UNBOUND)
    }

    /// The name of an element now.
    pub(super) fn element(&mut self, name: QualifiedName) -> NodeName {
        let namespace = self.bound.get(self.prefix_of(name) as usize).copied().unwrap_or(UNBOUND);
        self.in_namespace(name, namespace)
    }

    /// The name of an attribute now: without prefix it is in no namespace.
    pub(super) fn attribute(&mut self, name: QualifiedName) -> NodeName {
        match self.prefix_of(name) {
            NO_PREFIX => self.in_namespace(name, Namespace::None as u32),
            _ => self.element(name),
        }
    }

    /// The name of the attribute that declares the default namespace.
    pub(super) fn default_declaration(&mut self, name: QualifiedName) -> NodeName {
        self.in_namespace(name, Namespace::Xmlns as u32)
    }

    fn in_namespace(&mut self, name: QualifiedName, namespace: u32) -> NodeName {
        // Without a namespace, a prefix counts for nothing.
        let namespace = if namespace == UNBOUND { Namespace::None as u32 } else { namespace };
        let Some(parts) = self.qualified.get_mut(name.0 as usize) else { return NodeName::plain(Atom(0)) };
        if parts.last.0 == namespace {
            return parts.last.1;
        }
        let found = match Namespace::with_number(namespace) {
            Some(known) => NodeName::new(known, parts.local),
            None => {
                let pair = (namespace - FIRST_OTHER, parts.local);
                let next = number(self.expanded.len());
                let place = *self.expanded_places.entry((pair.0, pair.1.0)).or_insert(next);
                if place == next {
                    self.expanded.push(pair);
                }
                NodeName::in_table(place)
            }
        };
        parts.last = (namespace, found);
        found
    }

    /// Where declarations stand, to go back to with [`undo_to`](Self::undo_to).
    pub(super) fn mark(&self) -> usize {
        self.undo.len()
    }

    /// Makes a prefix stand for a namespace, or for none when the address is empty; `false` when the standard
    /// forbids it (Namespaces in XML 1.0, section 3) and nothing is declared.
    pub(super) fn declare(&mut self, prefix: &str, uri: &str) -> bool {
        let prefix = self.prefix(prefix);
        let namespace = self.namespace(uri);
        if prefix == XMLNS_PREFIX
            || namespace == Namespace::Xmlns as u32
            || (prefix == XML_PREFIX) != (namespace == Namespace::Xml as u32)
        {
            return false;
        }
        let before = self.bound.get(prefix as usize).copied().unwrap_or(UNBOUND);
        self.undo.push((prefix, before));
        let is_undeclared_prefix = prefix != NO_PREFIX && namespace == Namespace::None as u32;
        self.set(prefix, if is_undeclared_prefix { UNBOUND } else { namespace });
        !is_undeclared_prefix
    }

    pub(super) fn undo_to(&mut self, mark: usize) {
        while self.undo.len() > mark {
            let Some((prefix, namespace)) = self.undo.pop() else { return };
            self.set(prefix, namespace);
        }
    }

    fn set(&mut self, prefix: u32, namespace: u32) {
        if let Some(bound) = self.bound.get_mut(prefix as usize) {
            *bound = namespace;
        }
    }
}
