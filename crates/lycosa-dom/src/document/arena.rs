//! The vectors behind a tree under construction and the moves the tree builder may ask for. Everything is a
//! number: a node is its place in `nodes`, a text is a span of a buffer. What is over budget is not stored and
//! `overflow` is set, because the tree builder cannot be told to stop in the middle of a piece.

use crate::name::NodeName;

/// No node.
pub(super) const NONE: u32 = u32::MAX;
/// The document node.
pub(super) const DOCUMENT: u32 = 0;

/// Attribute values may take this many times the input's length, plus a constant: the tree builder copies the
/// attributes of unclosed formatting elements, which hostile input can use to multiply them.
const VALUE_FACTOR: usize = 8;
const VALUE_BASE: usize = 16 << 20;

/// A range of the value buffer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Span {
    pub(crate) start: u32,
    pub(crate) end: u32,
}

/// A node under construction.
#[derive(Clone, Copy, Debug)]
pub(super) struct Building {
    pub(super) name: NodeName,
    pub(super) parent: u32,
    pub(super) previous: u32,
    pub(super) next: u32,
    /// First and last child; of a text node, first and last further piece of text.
    pub(super) first: u32,
    pub(super) last: u32,
    /// Element: first attribute and count. Text: start and end. Others: place in `others`.
    pub(super) a: u32,
    pub(super) b: u32,
    /// The depth when it was last inserted; a guess after its ancestors were moved.
    depth: u32,
}

/// A further piece of a text node, whose text did not arrive in one go.
#[derive(Clone, Copy, Debug)]
pub(super) struct Piece {
    pub(super) start: u32,
    pub(super) end: u32,
    pub(super) next: u32,
}

/// An attribute under construction.
#[derive(Clone, Copy, Debug)]
pub(super) struct BuildingAttribute {
    pub(super) name: NodeName,
    pub(super) value: Span,
}

/// The strings of a doctype (name, public, system), a comment (data) or a processing instruction (name, data).
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Other {
    pub(crate) name: Span,
    pub(crate) data: Span,
    pub(crate) more: Span,
}

/// The tree under construction.
#[derive(Debug)]
pub(super) struct Arena {
    pub(super) nodes: Vec<Building>,
    pub(super) attributes: Vec<BuildingAttribute>,
    pub(super) others: Vec<Other>,
    pub(super) pieces: Vec<Piece>,
    pub(super) text: String,
    pub(super) values: String,
    value_budget: usize,
    /// Something was not stored because the budget was used up.
    pub(super) overflow: bool,
    last_element: u32,
    deepest: (u32, u32),
}

fn number(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}

impl Arena {
    pub(super) fn with_text_len(len: usize) -> Self {
        let mut arena = Self {
            nodes: Vec::with_capacity(len / 40 + 16),
            attributes: Vec::with_capacity(len / 60 + 16),
            others: Vec::new(),
            pieces: Vec::new(),
            text: String::with_capacity(len / 2),
            values: String::with_capacity(len / 4),
            value_budget: len
                .saturating_mul(VALUE_FACTOR)
                .saturating_add(VALUE_BASE)
                .min(u32::MAX as usize - 1),
            overflow: false,
            last_element: DOCUMENT,
            deepest: (0, DOCUMENT),
        };
        arena.push(NodeName::DOCUMENT, 0, 0);
        arena
    }

    pub(super) fn push(&mut self, name: NodeName, a: u32, b: u32) -> u32 {
        let id = number(self.nodes.len());
        self.nodes.push(Building {
            name,
            parent: NONE,
            previous: NONE,
            next: NONE,
            first: NONE,
            last: NONE,
            a,
            b,
            depth: 0,
        });
        id
    }

    /// Copies a string into the value buffer; an empty span when the budget is used up.
    pub(super) fn store(&mut self, value: &str) -> Span {
        if self.values.len() + value.len() > self.value_budget {
            self.overflow = true;
            return Span::default();
        }
        let start = number(self.values.len());
        self.values.push_str(value);
        Span { start, end: number(self.values.len()) }
    }

    pub(super) fn next_attribute(&self) -> u32 {
        number(self.attributes.len())
    }

    pub(super) fn push_attribute(&mut self, name: NodeName, value: Span) {
        // An attribute record is charged like 16 bytes of value.
        if self.attributes.len() * 16 > self.value_budget {
            self.overflow = true;
            return;
        }
        self.attributes.push(BuildingAttribute { name, value });
    }

    /// Moves the attributes of a node to the end, where more can follow.
    pub(super) fn begin_more_attributes(&mut self, id: u32) -> Option<u32> {
        let node = self.nodes.get(id as usize)?;
        let range = node.a as usize..(node.a + node.b) as usize;
        let first = self.next_attribute();
        if range.end <= self.attributes.len() {
            self.attributes.extend_from_within(range);
        }
        Some(first)
    }

    pub(super) fn has_attribute_since(&self, first: u32, name: NodeName) -> bool {
        self.attributes.iter().skip(first as usize).any(|attribute| attribute.name == name)
    }

    pub(super) fn end_more_attributes(&mut self, id: u32, first: u32) {
        let count = self.next_attribute() - first;
        let node = self.at(id);
        node.a = first;
        node.b = count;
    }

    /// The node. Ids come from `push` alone, so they are in range.
    #[inline]
    fn at(&mut self, id: u32) -> &mut Building {
        &mut self.nodes[id as usize]
    }

    pub(super) fn has_parent(&self, id: u32) -> bool {
        self.nodes[id as usize].parent != NONE
    }

    pub(super) fn detach(&mut self, id: u32) {
        let Building { parent, previous, next, .. } = *self.at(id);
        if parent == NONE {
            return;
        }
        match previous {
            NONE => self.at(parent).first = next,
            _ => self.at(previous).next = next,
        }
        match next {
            NONE => self.at(parent).last = previous,
            _ => self.at(next).previous = previous,
        }
        let node = self.at(id);
        (node.parent, node.previous, node.next) = (NONE, NONE, NONE);
    }

    pub(super) fn append(&mut self, parent: u32, child: u32) {
        self.detach(child);
        let parent_node = self.at(parent);
        let (last, depth) = (parent_node.last, parent_node.depth + 1);
        parent_node.last = child;
        if last == NONE {
            parent_node.first = child;
        } else {
            self.at(last).next = child;
        }
        self.placed(child, parent, last, NONE, depth);
    }

    pub(super) fn insert_before(&mut self, sibling: u32, child: u32) {
        self.detach(child);
        let Building { parent, previous, depth, .. } = *self.at(sibling);
        if parent == NONE {
            return;
        }
        self.at(sibling).previous = child;
        if previous == NONE {
            self.at(parent).first = child;
        } else {
            self.at(previous).next = child;
        }
        self.placed(child, parent, previous, sibling, depth);
    }

    fn placed(&mut self, child: u32, parent: u32, previous: u32, next: u32, depth: u32) {
        let node = self.at(child);
        (node.parent, node.previous, node.next, node.depth) = (parent, previous, next, depth);
        if node.name.is_element() {
            self.last_element = child;
            if depth > self.deepest.0 {
                self.deepest = (depth, child);
            }
        }
    }

    pub(super) fn append_text(&mut self, parent: u32, text: &str) {
        let last = self.at(parent).last;
        if last != NONE && self.at(last).name == NodeName::TEXT {
            return self.extend_text(last, text);
        }
        let node = self.new_text(text);
        self.append(parent, node);
    }

    pub(super) fn insert_text_before(&mut self, sibling: u32, text: &str) {
        let previous = self.at(sibling).previous;
        if previous != NONE && self.at(previous).name == NodeName::TEXT {
            return self.extend_text(previous, text);
        }
        let node = self.new_text(text);
        self.insert_before(sibling, node);
    }

    fn new_text(&mut self, text: &str) -> u32 {
        let start = number(self.text.len());
        self.text.push_str(text);
        let end = number(self.text.len());
        self.push(NodeName::TEXT, start, end)
    }

    fn extend_text(&mut self, id: u32, text: &str) {
        let start = number(self.text.len());
        self.text.push_str(text);
        let end = number(self.text.len());
        let Building { b, last, .. } = *self.at(id);
        let open_end = match last {
            NONE => b,
            piece => self.pieces[piece as usize].end,
        };
        if open_end == start {
            match last {
                NONE => self.at(id).b = end,
                piece => self.pieces[piece as usize].end = end,
            }
            return;
        }
        let piece = number(self.pieces.len());
        self.pieces.push(Piece { start, end, next: NONE });
        match last {
            NONE => self.at(id).first = piece,
            before => self.pieces[before as usize].next = piece,
        }
        self.at(id).last = piece;
    }

    pub(super) fn reparent_children(&mut self, node: u32, new_parent: u32) {
        let Building { first, last, .. } = *self.at(node);
        if first == NONE {
            return;
        }
        (self.at(node).first, self.at(node).last) = (NONE, NONE);
        let depth = self.at(new_parent).depth + 1;
        let mut child = first;
        while child != NONE {
            let moved = self.at(child);
            (moved.parent, moved.depth) = (new_parent, depth);
            child = moved.next;
        }
        let old_last = self.at(new_parent).last;
        self.at(new_parent).last = last;
        self.at(first).previous = old_last;
        match old_last {
            NONE => self.at(new_parent).first = first,
            _ => self.at(old_last).next = first,
        }
    }

    /// Whether the tree is deeper than `limit` where it is being built. Depths noted at insertion are only a
    /// hint, since moves make them stale; what they suggest is counted before it is believed.
    pub(super) fn is_deeper_than(&mut self, limit: u32) -> bool {
        if self.deepest.0 > limit {
            let suspect = self.deepest.1;
            let depth = self.count_ancestors(suspect, limit);
            self.deepest = (depth, suspect);
            if depth > limit {
                return true;
            }
        }
        self.count_ancestors(self.last_element, limit) > limit
    }

    fn count_ancestors(&self, id: u32, limit: u32) -> u32 {
        let (mut node, mut depth) = (id, 0);
        while depth <= limit {
            node = self.nodes[node as usize].parent;
            if node == NONE {
                break;
            }
            depth += 1;
        }
        depth
    }
}
