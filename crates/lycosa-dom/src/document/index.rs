//! Where the nodes of each name are: arrays made once, so that "all `a` elements" is a slice. An index is made when
//! doing without it has cost as much as two scans of the document, because a document of which one thing is asked is
//! scanned sooner than indexed.
//! Threads may ask at the same time. XPath reads it; selectors scan.

use std::sync::{
    OnceLock,
    atomic::{AtomicU64, Ordering::Relaxed},
};

use super::Document;
use crate::name::{Atom, KNOWN, NodeName};

/// An index that is made when doing without it has cost enough.
#[derive(Debug)]
struct Lazy<T> {
    made: OnceLock<T>,
    /// How many nodes or attributes were looked at for want of it.
    spent: AtomicU64,
}

impl<T> Default for Lazy<T> {
    fn default() -> Self {
        Self { made: OnceLock::new(), spent: AtomicU64::new(0) }
    }
}

impl<T> Lazy<T> {
    /// The index over this many things, for who would look at `cost` of them otherwise.
    #[inline]
    fn get(&self, cost: usize, things: usize, make: impl FnOnce() -> T) -> Option<&T> {
        if let Some(made) = self.made.get() {
            return Some(made);
        }
        let spent = self.spent.fetch_add(cost as u64, Relaxed);
        (spent >= 2 * things as u64).then(|| self.made.get_or_init(make))
    }
}

/// The indexes of a document.
#[derive(Debug, Default)]
pub(super) struct Indexes {
    nodes: Lazy<NodeIndex>,
    attributes: Lazy<Groups>,
    ids: Lazy<Vec<u32>>,
    /// For each local name its attributes by value.
    values: OnceLock<Vec<Lazy<Vec<u32>>>>,
}

impl Indexes {
    pub(super) fn memory(&self) -> usize {
        let nodes = self.nodes.made.get().map_or(0, |index| {
            index.groups.memory() + size_of::<u32>() * (index.elements.len() + index.texts.len())
        });
        nodes
            + self.attributes.made.get().map_or(0, Groups::memory)
            + self.ids.made.get().map_or(0, |ids| size_of::<u32>() * ids.len())
            + self.values.get().map_or(0, |tables| {
                let table = |table: &Lazy<Vec<u32>>| table.made.get().map_or(0, |sorted| 4 * sorted.len());
                tables.iter().map(|one| size_of::<Lazy<Vec<u32>>>() + table(one)).sum()
            })
    }
}

/// Numbers grouped by atom, ascending in each group.
#[derive(Debug)]
struct Groups {
    /// Where each group starts; one more at the end.
    starts: Vec<u32>,
    members: Vec<u32>,
}

impl Groups {
    /// Groups what the iterator gives; it is run twice.
    fn new(groups: usize, members: impl Iterator<Item = (Atom, u32)> + Clone) -> Self {
        let members = members.filter(|(atom, _)| (atom.0 as usize) < groups);
        let mut starts = vec![0_u32; groups + 1];
        for (atom, _) in members.clone() {
            starts[atom.0 as usize + 1] += 1;
        }
        for group in 0..groups {
            starts[group + 1] += starts[group];
        }
        let mut next = starts.clone();
        let mut placed = vec![0_u32; starts[groups] as usize];
        for (atom, member) in members {
            let place = &mut next[atom.0 as usize];
            placed[*place as usize] = member;
            *place += 1;
        }
        Self { starts, members: placed }
    }

    fn get(&self, atom: Atom) -> &[u32] {
        let group = atom.0 as usize;
        match (self.starts.get(group), self.starts.get(group + 1)) {
            (Some(&start), Some(&end)) => &self.members[start as usize..end as usize],
            _ => &[],
        }
    }

    fn memory(&self) -> usize {
        size_of::<u32>() * (self.starts.len() + self.members.len())
    }
}

#[derive(Debug)]
struct NodeIndex {
    groups: Groups,
    elements: Vec<u32>,
    texts: Vec<u32>,
}

impl Document {
    fn node_index(&self, cost: usize) -> Option<&NodeIndex> {
        self.indexes.nodes.get(cost, self.names.len(), || {
            let (mut elements, mut texts) = (Vec::new(), Vec::new());
            for (&name, number) in self.names.iter().zip(0_u32..) {
                if name.is_element() {
                    elements.push(number);
                } else if name == NodeName::TEXT {
                    texts.push(number);
                }
            }
            let named = elements.iter().map(|&number| (self.local_atom(self.name(number)), number));
            NodeIndex { groups: Groups::new(self.atom_count(), named), elements, texts }
        })
    }

    fn atom_count(&self) -> usize {
        KNOWN.len() + self.dynamic.len()
    }

    /// All elements, when there is an index; `cost` is how many nodes are looked at without one.
    pub(crate) fn all_elements(&self, cost: usize) -> Option<&[u32]> {
        self.node_index(cost).map(|index| &*index.elements)
    }

    /// All text nodes, likewise.
    pub(crate) fn all_texts(&self, cost: usize) -> Option<&[u32]> {
        self.node_index(cost).map(|index| &*index.texts)
    }

    /// The elements with this local name, whatever their namespace, likewise.
    pub(crate) fn elements_named(&self, atom: Atom, cost: usize) -> Option<&[u32]> {
        self.node_index(cost).map(|index| index.groups.get(atom))
    }

    /// The attributes with this local name, whatever their namespace, when there is an index.
    pub(crate) fn attributes_by_name(&self, atom: Atom) -> Option<&[u32]> {
        let index = self.indexes.attributes.get(self.attributes.len(), self.attributes.len(), || {
            let records = self.attributes.iter().map(|record| self.local_atom(record.name));
            Groups::new(self.atom_count(), records.zip(0_u32..))
        });
        index.map(|index| index.get(atom))
    }

    /// The attributes with this local name and this value, in document order, when there is an index.
    pub(crate) fn attributes_with_value(&self, atom: Atom, value: &str) -> Option<&[u32]> {
        let group = self.attributes_by_name(atom)?;
        let tables = self
            .indexes
            .values
            .get_or_init(|| std::iter::repeat_with(Lazy::default).take(self.atom_count()).collect());
        // Sorting compares each value many times.
        let sorted = tables.get(atom.0 as usize)?.get(group.len(), group.len() * 8, || {
            let mut sorted = group.to_vec();
            sorted.sort_by(|&one, &other| self.value_of_attribute(one).cmp(self.value_of_attribute(other)));
            sorted
        })?;
        let start = sorted.partition_point(|&number| self.value_of_attribute(number) < value);
        let length = sorted[start..].partition_point(|&number| self.value_of_attribute(number) == value);
        Some(&sorted[start..start + length])
    }

    /// The attributes that are identifiers ([`Attribute::is_id`](super::Attribute::is_id)) with this value, in
    /// document order, when there is an index. In HTML documents these are all the `id` attributes.
    pub(crate) fn ids_with_value(&self, value: &str) -> Option<&[u32]> {
        let text = |number: u32| self.value(self.attributes[number as usize].value);
        let ids = self.indexes.ids.get(self.attributes.len(), self.attributes.len(), || {
            let count = u32::try_from(self.attributes.len()).unwrap_or(0);
            let mut ids: Vec<u32> = (0..count).filter(|&number| self.is_id_attribute(number)).collect();
            ids.sort_by(|&left, &right| text(left).cmp(text(right)));
            ids
        })?;
        let start = ids.partition_point(|&number| text(number) < value);
        let length = ids[start..].partition_point(|&number| text(number) == value);
        Some(&ids[start..start + length])
    }

    /// The element an attribute belongs to.
    #[inline]
    pub(crate) fn owner_of(&self, attribute: u32) -> u32 {
        self.attributes[attribute as usize].owner
    }

    /// The name of an attribute.
    #[inline]
    pub(crate) fn attribute_name(&self, attribute: u32) -> NodeName {
        self.attributes[attribute as usize].name
    }

    /// The value of an attribute.
    #[inline]
    pub(crate) fn value_of_attribute(&self, attribute: u32) -> &str {
        self.value(self.attributes[attribute as usize].value)
    }

    /// The numbers of the attributes of the nodes of a range; the range is not empty backwards.
    #[inline]
    pub(crate) fn attributes_in(&self, nodes: std::ops::Range<u32>) -> std::ops::Range<u32> {
        self.places[nodes.start as usize].attributes..self.places[nodes.end as usize].attributes
    }

    /// The text of all text nodes, and where in it the text of a node's subtree lies.
    pub(crate) fn whole_text(&self) -> &str {
        &self.text
    }

    /// Where in the whole text the text of a subtree lies.
    #[inline]
    pub(crate) fn text_range(&self, id: u32) -> std::ops::Range<usize> {
        let place = self.places[id as usize];
        place.text as usize..self.places[place.end as usize].text as usize
    }
}
