//! From the parser's names to ours while a tree is built. Asked for every element and attribute, so the common
//! case is a slot of a small direct-mapped cache and one comparison; the maps behind it are asked once a name.

use std::{cell::OnceCell, collections::HashMap};

use html5ever::{LocalName, Namespace as ParserNamespace, QualName, ns};
use precomputed_hash::PrecomputedHash;

use super::{Atom, KNOWN, Namespace, NodeName, known_atom};

const SLOTS: usize = 128;

/// The numbers of all names met in one document.
#[derive(Debug)]
pub(crate) struct Interner {
    /// By hash of the local name: attributes without a namespace.
    attribute_slots: Vec<Option<(LocalName, NodeName)>>,
    /// By hash of the local name: the element name's place in the `ElementNames`.
    element_slots: Vec<u32>,
    element_places: HashMap<NodeName, u32>,
    atoms: Atoms,
}

/// The numbers of the local names met in one document.
#[derive(Debug, Default)]
pub(crate) struct Atoms {
    by_text: HashMap<Box<str>, Atom>,
    /// The names that are not known ones, from number `KNOWN.len()` on.
    dynamic: Vec<Box<str>>,
}

impl Atoms {
    /// The number of a name, a new one if need be.
    pub(crate) fn of(&mut self, text: &str) -> Atom {
        if let Some(atom) = known_atom(text).or_else(|| self.by_text.get(text).copied()) {
            return atom;
        }
        let number = u32::try_from(KNOWN.len() + self.dynamic.len()).unwrap_or(u32::MAX);
        self.dynamic.push(text.into());
        self.by_text.insert(text.into(), Atom(number));
        Atom(number)
    }

    /// The text of a name numbered here.
    pub(crate) fn text(&self, atom: Atom) -> &str {
        let number = atom.0 as usize;
        match KNOWN.get(number) {
            Some(text) => text,
            None => self.dynamic.get(number - KNOWN.len()).map_or("", |text| text),
        }
    }

    /// The texts of the names that only this document has.
    pub(crate) fn into_dynamic(self) -> Vec<Box<str>> {
        self.dynamic
    }
}

impl Interner {
    pub(crate) fn new() -> Self {
        Self {
            attribute_slots: vec![None; SLOTS],
            element_slots: vec![0; SLOTS],
            element_places: HashMap::new(),
            atoms: Atoms::default(),
        }
    }

    /// The texts of the names that only this document has.
    pub(crate) fn into_dynamic(self) -> Vec<Box<str>> {
        self.atoms.into_dynamic()
    }

    /// The name of an attribute.
    pub(crate) fn attribute(&mut self, name: &QualName) -> NodeName {
        if name.ns != ns!() {
            return NodeName::new(namespace(&name.ns), self.atoms.of(&name.local));
        }
        let slot = name.local.precomputed_hash() as usize % SLOTS;
        if let Some(Some((local, known))) = self.attribute_slots.get(slot)
            && *local == name.local
        {
            return *known;
        }
        let found = NodeName::plain(self.atoms.of(&name.local));
        if let Some(cell) = self.attribute_slots.get_mut(slot) {
            *cell = Some((name.local.clone(), found));
        }
        found
    }

    /// The name of an element and its place in `names`, where it is entered when new.
    pub(crate) fn element(&mut self, name: QualName, names: &ElementNames) -> (NodeName, u32) {
        let slot = name.local.precomputed_hash() as usize % SLOTS;
        let place = self.element_slots.get(slot).copied().unwrap_or(0);
        if let Some(entry) = names.get(place)
            && entry.local == name.local
            && entry.namespace == name.ns
        {
            return (entry.name, place);
        }
        let found = NodeName::new(namespace(&name.ns), self.atoms.of(&name.local));
        let entry = ElementName { namespace: name.ns, local: name.local, name: found };
        let place = *self.element_places.entry(found).or_insert_with(|| names.push(entry));
        if let Some(cell) = self.element_slots.get_mut(slot) {
            *cell = place;
        }
        (found, place)
    }
}

fn namespace(name: &ParserNamespace) -> Namespace {
    Namespace::from_url(name).unwrap_or_default()
}

/// An element name as the parser and as we write it.
#[derive(Debug)]
pub(crate) struct ElementName {
    pub(crate) namespace: ParserNamespace,
    pub(crate) local: LocalName,
    pub(crate) name: NodeName,
}

/// The element names of one document. Grows by whole chunks that never move, so that a name can be lent to the
/// parser without a guard while further names come in.
#[derive(Debug, Default)]
pub(crate) struct ElementNames {
    chunks: [OnceCell<Box<[OnceCell<ElementName>]>>; CHUNKS],
    len: std::cell::Cell<u32>,
}

const CHUNKS: usize = 24;
const FIRST_CHUNK: u32 = 64;

impl ElementNames {
    /// The chunk of a place and the position in it: chunk k holds 64·2^k names.
    fn locate(place: u32) -> (usize, usize) {
        let chunk = (place / FIRST_CHUNK + 1).ilog2();
        let before = FIRST_CHUNK * ((1 << chunk) - 1);
        (chunk as usize, (place - before) as usize)
    }

    pub(crate) fn get(&self, place: u32) -> Option<&ElementName> {
        let (chunk, position) = Self::locate(place);
        self.chunks.get(chunk)?.get()?.get(position)?.get()
    }

    fn push(&self, entry: ElementName) -> u32 {
        let place = self.len.get();
        let (chunk, position) = Self::locate(place);
        if let Some(cell) = self.chunks.get(chunk) {
            let size = (FIRST_CHUNK as usize) << chunk;
            let names = cell.get_or_init(|| (0..size).map(|_| OnceCell::new()).collect());
            if let Some(cell) = names.get(position) {
                // The place is new, so the cell is empty and nothing can be lost here.
                let _ = cell.set(entry);
            }
        }
        self.len.set(place + 1);
        place
    }
}
