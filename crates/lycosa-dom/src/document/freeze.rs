//! From the tree under construction to the frozen document: one walk in pre-order that numbers the nodes, lays
//! all text out in document order and drops what lies deeper than the limit. It climbs by parent links and so
//! needs no stack.

use super::{
    AttributeRecord, Document, Place, Quirks, TreeState,
    arena::{Arena, Building, DOCUMENT, NONE},
};
use crate::name::NodeName;

/// The frozen document of a finished or interrupted build, and whether nodes beyond `max_depth` were left out.
pub(super) fn freeze(arena: Arena, dynamic: Vec<Box<str>>, max_depth: u32) -> (Document, bool) {
    let mut freezer = Freezer::new(arena);
    freezer.run(max_depth);
    let Freezer { mut arena, names, places, attributes, others, text, pruned, .. } = freezer;
    arena.values.shrink_to_fit();
    let document = Document {
        names,
        places,
        attributes,
        others,
        text,
        values: arena.values,
        dynamic,
        quirks: Quirks::None,
        tree_state: TreeState::Whole,
        scanned_links: Vec::new(),
        indexes: super::index::Indexes::default(),
        query_charset: None,
        made: std::sync::OnceLock::new(),
        xml: None,
        xml_fallback: None,
    };
    (document, pruned)
}

struct Freezer {
    arena: Arena,
    names: Vec<NodeName>,
    places: Vec<Place>,
    attributes: Vec<AttributeRecord>,
    others: Vec<(u32, super::arena::Other)>,
    text: String,
    pruned: bool,
}

fn number(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}

impl Freezer {
    fn new(arena: Arena) -> Self {
        let count = arena.nodes.len();
        Self {
            names: Vec::with_capacity(count),
            places: Vec::with_capacity(count + 1),
            attributes: Vec::with_capacity(arena.attributes.len()),
            others: Vec::with_capacity(arena.others.len()),
            text: String::with_capacity(arena.text.len()),
            pruned: false,
            arena,
        }
    }

    fn run(&mut self, max_depth: u32) {
        let (mut at, mut parent, mut depth) = (DOCUMENT, 0, 0);
        loop {
            let node = self.arena.nodes[at as usize];
            let id = self.emit(at, &node, parent);
            let is_text = node.name == NodeName::TEXT;
            if !is_text && node.first != NONE {
                if depth < max_depth {
                    (at, parent, depth) = (node.first, id, depth + 1);
                    continue;
                }
                self.pruned = true;
            }
            self.close(id);
            let Some((next, its_parent, its_depth)) = self.after(node, parent, depth) else { break };
            (at, parent, depth) = (next, its_parent, its_depth);
        }
        let (text, attributes) = (number(self.text.len()), number(self.attributes.len()));
        self.places.push(Place { parent: NONE, end: number(self.names.len()), text, attributes });
    }

    /// The node that follows one without further children, closing the ancestors that end with it.
    fn after(&mut self, mut node: Building, mut parent: u32, mut depth: u32) -> Option<(u32, u32, u32)> {
        while node.next == NONE {
            if node.parent == NONE {
                return None;
            }
            self.close(parent);
            node = self.arena.nodes[node.parent as usize];
            parent = self.places[parent as usize].parent;
            depth -= 1;
        }
        Some((node.next, parent, depth))
    }

    fn close(&mut self, id: u32) {
        self.places[id as usize].end = number(self.names.len());
    }

    fn emit(&mut self, at: u32, node: &Building, parent: u32) -> u32 {
        let id = number(self.names.len());
        let (text, attributes) = (number(self.text.len()), number(self.attributes.len()));
        self.names.push(node.name);
        let parent = if at == DOCUMENT { NONE } else { parent };
        self.places.push(Place { parent, end: id + 1, text, attributes });
        if node.name.is_element() {
            let range = node.a as usize..(node.a + node.b) as usize;
            let records = self.arena.attributes.get(range).unwrap_or_default();
            self.attributes.extend(records.iter().map(|record| AttributeRecord {
                name: record.name,
                owner: id,
                value: record.value,
            }));
        } else if node.name == NodeName::TEXT {
            self.copy_text(node);
        } else if node.name != NodeName::DOCUMENT
            && let Some(other) = self.arena.others.get(node.a as usize)
        {
            self.others.push((id, *other));
        }
        id
    }

    fn copy_text(&mut self, node: &Building) {
        self.text.push_str(&self.arena.text[node.a as usize..node.b as usize]);
        let mut piece = node.first;
        while piece != NONE {
            let super::arena::Piece { start, end, next } = self.arena.pieces[piece as usize];
            self.text.push_str(&self.arena.text[start as usize..end as usize]);
            piece = next;
        }
    }
}
