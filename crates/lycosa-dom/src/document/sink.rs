//! The tree while it is being built: nodes in one vector, linked by numbers, that the HTML5 tree builder may
//! rearrange. Text and attribute values are copied once, into two shared buffers; no node owns an allocation.
//! `freeze` turns the result into a `Document`. Left out on purpose: copying the chosen option into a
//! `<selectedcontent>`, which would double text, and declarative shadow roots, which stay templates.

use std::{borrow::Cow, cell::RefCell, collections::HashMap};

use html5ever::{
    Attribute, ExpandedName, LocalName, Namespace, QualName,
    interface::{ElementFlags, NodeOrText, QuirksMode, TreeSink},
    tendril::StrTendril,
};

use super::arena::{Arena, DOCUMENT, Other, Span};
use crate::name::{ElementNames, Interner, NodeName};

/// Attribute values longer than this are stored once when the tree builder clones their element.
const SHARED_VALUE: usize = 256;

/// A node as the tree builder holds it: its number and the place of its name.
#[derive(Clone, Copy, Debug)]
pub(super) struct Handle {
    id: u32,
    name: u32,
}

/// What the tree builder writes into.
#[derive(Debug)]
pub(super) struct Sink {
    names: ElementNames,
    /// The name of what has none.
    nameless: (Namespace, LocalName),
    state: RefCell<State>,
}

/// The part of the sink that changes.
#[derive(Debug)]
pub(super) struct State {
    pub(super) arena: Arena,
    pub(super) interner: Interner,
    pub(super) quirks: QuirksMode,
    /// Long values by their place in memory; holding the value keeps that place from being used again.
    long_values: HashMap<(usize, usize), (StrTendril, Span)>,
    /// The elements created as integration points, ascending.
    integration_points: Vec<u32>,
}

impl Sink {
    pub(super) fn new(text_len: usize) -> Self {
        let state = State {
            arena: Arena::with_text_len(text_len),
            interner: Interner::new(),
            quirks: QuirksMode::NoQuirks,
            long_values: HashMap::new(),
            integration_points: Vec::new(),
        };
        let nameless = (Namespace::default(), LocalName::default());
        Self { names: ElementNames::default(), nameless, state: RefCell::new(state) }
    }

    /// Looks at the tree between two pieces of input.
    pub(super) fn look<T>(&self, read: impl FnOnce(&mut Arena) -> T) -> T {
        read(&mut self.state.borrow_mut().arena)
    }

    fn other(&self, name: NodeName, other: Other) -> Handle {
        let arena = &mut self.state.borrow_mut().arena;
        let place = u32::try_from(arena.others.len()).unwrap_or(u32::MAX);
        arena.others.push(other);
        Handle { id: arena.push(name, place, 0), name: u32::MAX }
    }
}

impl State {
    fn store(&mut self, value: &StrTendril) -> Span {
        if value.len() <= SHARED_VALUE {
            return self.arena.store(value);
        }
        let key = (value.as_ptr() as usize, value.len());
        if let Some((_, span)) = self.long_values.get(&key) {
            return *span;
        }
        let span = self.arena.store(value);
        self.long_values.insert(key, (value.clone(), span));
        span
    }

    fn push_attributes(&mut self, attributes: &[Attribute]) {
        for attribute in attributes {
            let name = self.interner.attribute(&attribute.name);
            let value = self.store(&attribute.value);
            self.arena.push_attribute(name, value);
        }
    }
}

impl TreeSink for Sink {
    type Handle = Handle;
    type Output = State;
    type ElemName<'a> = ExpandedName<'a>;

    fn finish(self) -> State {
        self.state.into_inner()
    }

    fn parse_error(&self, _message: Cow<'static, str>) {}

    fn get_document(&self) -> Handle {
        Handle { id: DOCUMENT, name: u32::MAX }
    }

    #[inline]
    fn elem_name<'a>(&'a self, target: &'a Handle) -> ExpandedName<'a> {
        match self.names.get(target.name) {
            Some(entry) => ExpandedName { ns: &entry.namespace, local: &entry.local },
            None => ExpandedName { ns: &self.nameless.0, local: &self.nameless.1 },
        }
    }

    fn create_element(&self, name: QualName, attributes: Vec<Attribute>, flags: ElementFlags) -> Handle {
        let state = &mut *self.state.borrow_mut();
        let (name, place) = state.interner.element(name, &self.names);
        let (first, before) = (state.arena.next_attribute(), state.arena.attributes.len());
        state.push_attributes(&attributes);
        let count = u32::try_from(state.arena.attributes.len() - before).unwrap_or(0);
        let id = state.arena.push(name, first, count);
        if flags.mathml_annotation_xml_integration_point {
            state.integration_points.push(id);
        }
        Handle { id, name: place }
    }

    fn create_comment(&self, text: StrTendril) -> Handle {
        let data = self.state.borrow_mut().arena.store(&text);
        self.other(NodeName::COMMENT, Other { data, ..Other::default() })
    }

    fn create_pi(&self, target: StrTendril, data: StrTendril) -> Handle {
        let (name, data) = {
            let arena = &mut self.state.borrow_mut().arena;
            (arena.store(&target), arena.store(&data))
        };
        self.other(NodeName::PROCESSING_INSTRUCTION, Other { name, data, ..Other::default() })
    }

    #[inline]
    fn append(&self, parent: &Handle, child: NodeOrText<Handle>) {
        let arena = &mut self.state.borrow_mut().arena;
        match child {
            NodeOrText::AppendNode(node) => arena.append(parent.id, node.id),
            NodeOrText::AppendText(text) => arena.append_text(parent.id, &text),
        }
    }

    fn append_based_on_parent_node(&self, element: &Handle, previous: &Handle, child: NodeOrText<Handle>) {
        let has_parent = self.state.borrow().arena.has_parent(element.id);
        if has_parent {
            self.append_before_sibling(element, child);
        } else {
            self.append(previous, child);
        }
    }

    fn append_doctype_to_document(&self, name: StrTendril, public: StrTendril, system: StrTendril) {
        let other = {
            let arena = &mut self.state.borrow_mut().arena;
            Other { name: arena.store(&name), data: arena.store(&public), more: arena.store(&system) }
        };
        let doctype = self.other(NodeName::DOCTYPE, other);
        self.state.borrow_mut().arena.append(DOCUMENT, doctype.id);
    }

    /// The contents are the children of the template element itself.
    fn get_template_contents(&self, target: &Handle) -> Handle {
        *target
    }

    fn same_node(&self, x: &Handle, y: &Handle) -> bool {
        x.id == y.id
    }

    fn set_quirks_mode(&self, mode: QuirksMode) {
        self.state.borrow_mut().quirks = mode;
    }

    fn append_before_sibling(&self, sibling: &Handle, new_node: NodeOrText<Handle>) {
        let arena = &mut self.state.borrow_mut().arena;
        match new_node {
            NodeOrText::AppendNode(node) => arena.insert_before(sibling.id, node.id),
            NodeOrText::AppendText(text) => arena.insert_text_before(sibling.id, &text),
        }
    }

    fn add_attrs_if_missing(&self, target: &Handle, attributes: Vec<Attribute>) {
        let state = &mut *self.state.borrow_mut();
        let Some(first) = state.arena.begin_more_attributes(target.id) else { return };
        for attribute in &attributes {
            let name = state.interner.attribute(&attribute.name);
            if !state.arena.has_attribute_since(first, name) {
                let value = state.store(&attribute.value);
                state.arena.push_attribute(name, value);
            }
        }
        state.arena.end_more_attributes(target.id, first);
    }

    fn remove_from_parent(&self, target: &Handle) {
        self.state.borrow_mut().arena.detach(target.id);
    }

    fn reparent_children(&self, node: &Handle, new_parent: &Handle) {
        self.state.borrow_mut().arena.reparent_children(node.id, new_parent.id);
    }

    fn is_mathml_annotation_xml_integration_point(&self, handle: &Handle) -> bool {
        self.state.borrow().integration_points.binary_search(&handle.id).is_ok()
    }

    fn allow_declarative_shadow_roots(&self, _intended_parent: &Handle) -> bool {
        false
    }
}
