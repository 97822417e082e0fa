//! The tree an XML document becomes. Nodes are numbered in document order as they come, and nothing is ever
//! moved, so the numbers under construction are those of the frozen document.

use std::{borrow::Cow, collections::HashSet};

use super::{
    XmlPart,
    attribute::{self, RawAttribute},
    dtd::{Attributes, Dtd},
    entity::{Expansion, allowed, tokenised},
    names::{Finished, NO_PREFIX, Names, QualifiedName, XMLNS_PREFIX},
    problem::{Problems, XmlProblemKind as Kind},
    token::{is_space, split_name},
};
use crate::{
    document::{
        CutReason, Document, TreeState,
        arena::{Arena, DOCUMENT, Other},
        freeze::freeze,
        parse::DEEPEST,
    },
    name::NodeName,
};

/// An element that has not ended.
#[derive(Clone, Copy, Debug)]
struct Open {
    node: u32,
    name: QualifiedName,
    /// Which namespace declarations were in force before it.
    mark: usize,
    /// Where its start tag is.
    at: usize,
}

/// An attribute with its value ready.
struct Ready<'a> {
    name: QualifiedName,
    value: Cow<'a, str>,
    is_id: bool,
}

/// The tree under construction.
pub(super) struct Tree<'t> {
    pub(super) arena: Arena,
    pub(super) problems: Problems<'t>,
    names: Names,
    part: XmlPart,
    open: Vec<Open>,
    /// How many open elements have each name.
    open_names: Vec<u32>,
    /// How many elements below the depth limit are open.
    skipped: usize,
    max_depth: usize,
    pub(super) is_pruned: bool,
    pub(super) has_root: bool,
}

fn number(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}

impl<'t> Tree<'t> {
    pub(super) fn new(text: &'t str, max_depth: u32) -> Self {
        Self {
            arena: Arena::with_text_len(text.len()),
            problems: Problems::new(text),
            names: Names::new(),
            part: XmlPart::default(),
            open: Vec::new(),
            open_names: Vec::new(),
            skipped: 0,
            max_depth: max_depth.min(DEEPEST) as usize,
            is_pruned: false,
            has_root: false,
        }
    }

    pub(super) fn depth(&self) -> usize {
        self.open.len() + self.skipped
    }

    fn parent(&self) -> u32 {
        self.open.last().map_or(DOCUMENT, |open| open.node)
    }

    /// Whether what comes now lies below the depth limit, which is then noted.
    fn is_too_deep(&mut self) -> bool {
        let is_too_deep = self.open.len() >= self.max_depth;
        self.is_pruned |= is_too_deep;
        is_too_deep
    }

    pub(super) fn start(
        &mut self,
        content: &str,
        is_empty: bool,
        at: usize,
        dtd: &Dtd,
        expansion: &mut Expansion,
    ) {
        if self.is_too_deep() {
            self.skipped += usize::from(!is_empty);
            return;
        }
        let (name, rest) = split_name(content);
        if self.open.is_empty() {
            if self.has_root {
                self.problems.add(Kind::SecondRoot, at, name);
            }
            self.has_root = true;
        }
        let mut raw = Vec::new();
        if !attribute::read(rest, &mut raw) {
            self.problems.add(Kind::InvalidAttribute, at, name);
        }
        let mark = self.names.mark();
        let ready = self.values(&raw, dtd.attributes.get(name), at, dtd, expansion);
        self.declare(&ready, at);
        let name = self.names.qualified(name);
        let prefix = self.check(name, at);
        let node_name = self.names.element(name);
        let first = self.arena.next_attribute();
        self.attributes(ready, at);
        let count = self.arena.next_attribute() - first;
        let node = self.arena.push(node_name, first, count);
        self.arena.append(self.parent(), node);
        if prefix != NO_PREFIX {
            self.part.element_prefixes.push((node, prefix));
        }
        if is_empty {
            self.names.undo_to(mark);
            return;
        }
        self.open.push(Open { node, name, mark, at });
        let needed = name.0 as usize + 1;
        if self.open_names.len() < needed {
            self.open_names.resize(needed, 0);
        }
        self.open_names[name.0 as usize] += 1;
    }

    /// The prefix of a name, whose faults are recorded.
    fn check(&mut self, name: QualifiedName, at: usize) -> u32 {
        let prefix = self.names.prefix_of(name);
        if !self.names.is_valid(name) {
            self.problems.add(Kind::InvalidName, at, "");
        }
        if prefix != NO_PREFIX && !self.names.is_bound(prefix) {
            self.problems.add(Kind::UndeclaredPrefix, at, self.names.prefix_text(prefix));
        }
        prefix
    }

    /// The values of attributes, those included that the document type adds.
    fn values<'a>(
        &mut self,
        raw: &[RawAttribute<'a>],
        declared: Option<&'a Attributes>,
        at: usize,
        dtd: &Dtd,
        expansion: &mut Expansion,
    ) -> Vec<Ready<'a>> {
        let mut ready = Vec::with_capacity(raw.len());
        for RawAttribute { name, value } in raw {
            let value = dtd.entities.attribute_value(value, at, expansion, &mut self.problems);
            let known = declared.and_then(|declared| declared.get(name));
            // That `xml:id` is an identifier needs no declaration (xml:id, section 4).
            let is_cdata = known.map_or(*name != "xml:id", |known| known.is_cdata);
            ready.push(Ready {
                name: self.names.qualified(name),
                value: if is_cdata { value } else { tokenised(value) },
                is_id: known.is_some_and(|known| known.is_id),
            });
        }
        let Some(declared) = declared.filter(|_| !expansion.is_exceeded) else { return ready };
        let given: HashSet<&str> = raw.iter().map(|attribute| attribute.name).collect();
        for (missing, default) in declared.defaults().filter(|(missing, _)| !given.contains(&*missing.name)) {
            // Paid for even if it turns out to be a double: one declaration serves any number of elements.
            if !expansion.take(default.len()) {
                self.problems.note(Kind::EntityLimit, at, &missing.name);
                break;
            }
            let name = self.names.qualified(&missing.name);
            ready.push(Ready { name, value: default.into(), is_id: missing.is_id });
        }
        ready
    }

    fn declare(&mut self, attributes: &[Ready<'_>], at: usize) {
        for Ready { name, value, .. } in attributes {
            let name = *name;
            let prefix = match self.names.prefix_of(name) {
                NO_PREFIX if self.names.is_default_declaration(name) => "",
                XMLNS_PREFIX => self.names.local_text(name),
                _ => continue,
            };
            let prefix: Box<str> = prefix.into();
            if !self.names.declare(&prefix, value) {
                self.problems.add(Kind::InvalidDeclaration, at, &prefix);
            }
        }
    }

    fn attributes(&mut self, attributes: Vec<Ready<'_>>, at: usize) {
        // Few attributes are compared one by one, unless some names are all different.
        const FEW: usize = 12;
        let first = self.arena.attributes.len();
        let mut seen = HashSet::new();
        let is_meant = |name| self.names.is_bound(self.names.prefix_of(name));
        let is_many = attributes.len() > FEW || !attributes.iter().all(|ready| is_meant(ready.name));
        for Ready { name, value, is_id } in attributes {
            let prefix = self.check(name, at);
            let is_default = prefix == NO_PREFIX && self.names.is_default_declaration(name);
            let node_name =
                if is_default { self.names.default_declaration(name) } else { self.names.attribute(name) };
            // Names with prefixes that mean nothing are all different.
            let is_meant = self.names.is_bound(prefix);
            let is_double = is_meant
                && if is_many {
                    !seen.insert(node_name)
                } else {
                    self.arena.attributes.iter().skip(first).any(|attribute| attribute.name == node_name)
                };
            if is_double {
                self.problems.add(Kind::DuplicateAttribute, at, self.names.local_text(name));
                continue;
            }
            let value = self.arena.store(&value);
            let id = self.arena.next_attribute();
            self.arena.push_attribute(node_name, value);
            if self.arena.overflow {
                return;
            }
            if prefix != NO_PREFIX {
                self.part.attribute_prefixes.push((id, prefix));
            }
            if is_id {
                self.part.ids.push(id);
            }
        }
    }

    /// An end tag. It ends the innermost element of its name above `floor`, with all that lie in that.
    pub(super) fn end(&mut self, content: &str, floor: usize, at: usize) {
        if self.skipped > 0 && self.depth() > floor {
            self.skipped -= 1;
            return;
        }
        let (text, rest) = split_name(content);
        if !rest.trim_start_matches(is_space).is_empty() {
            self.problems.add(Kind::InvalidAttribute, at, text);
        }
        let name = self.names.qualified(text);
        let is_open = self.open_names.get(name.0 as usize).is_some_and(|&count| count > 0);
        let opened = if is_open { self.open.iter().rposition(|open| open.name == name) } else { None };
        match opened.filter(|&place| place >= floor) {
            Some(place) => {
                self.close_to(place + 1);
                self.close();
            }
            None => self.problems.add(Kind::UnexpectedEndTag, at, text),
        }
    }

    /// Ends all elements above `floor`, which have no end tags.
    pub(super) fn close_to(&mut self, floor: usize) {
        while self.depth() > floor {
            if self.skipped > 0 {
                self.skipped -= 1;
                continue;
            }
            let Some(open) = self.close() else { return };
            self.problems.add(Kind::UnclosedElement, open.at, &self.names.text(open.name));
        }
    }

    fn close(&mut self) -> Option<Open> {
        let open = self.open.pop()?;
        self.names.undo_to(open.mark);
        if let Some(count) = self.open_names.get_mut(open.name.0 as usize) {
            *count = count.saturating_sub(1);
        }
        Some(open)
    }

    /// Text, in which characters may stand that XML does not allow.
    pub(super) fn text(&mut self, text: &str, at: usize) {
        if text.is_empty() {
            return;
        }
        if self.open.is_empty() {
            if text.chars().all(is_space) {
                return;
            }
            self.problems.add(Kind::TextOutsideRoot, at, "");
        }
        if !self.is_too_deep() {
            let text = allowed(text, at, &mut self.problems);
            if !text.is_empty() {
                self.arena.append_text(self.parent(), &text);
            }
        }
    }

    pub(super) fn comment(&mut self, data: &str, at: usize) {
        if data.contains("--") || data.ends_with('-') {
            self.problems.add(Kind::InvalidComment, at, "");
        }
        if !self.is_too_deep() {
            let data = allowed(data, at, &mut self.problems);
            let data = self.arena.store(&data);
            self.other(NodeName::COMMENT, Other { data, ..Other::default() });
        }
    }

    pub(super) fn instruction(&mut self, content: &str, at: usize) {
        let (target, data) = split_name(content);
        if target.is_empty() {
            self.problems.add(Kind::UnclosedMarkup, at, "");
            return;
        }
        // The name is kept for the XML declaration (XML 1.0, 2.6).
        if target.eq_ignore_ascii_case("xml") {
            self.problems.add(Kind::Misplaced, at, target);
            return;
        }
        if !self.is_too_deep() {
            let data = allowed(data, at, &mut self.problems);
            let data = data.trim_start_matches(is_space);
            let (name, data) = (self.arena.store(target), self.arena.store(data));
            self.other(NodeName::PROCESSING_INSTRUCTION, Other { name, data, ..Other::default() });
        }
    }

    /// A document type, which without a name is none.
    pub(super) fn doctype(&mut self, dtd: &Dtd) {
        if dtd.name.is_empty() {
            return;
        }
        let store = |text: &str, arena: &mut Arena| arena.store(text);
        let name = store(&dtd.name, &mut self.arena);
        let data = store(&dtd.public, &mut self.arena);
        let more = store(&dtd.system, &mut self.arena);
        self.other(NodeName::DOCTYPE, Other { name, data, more });
    }

    fn other(&mut self, name: NodeName, other: Other) {
        let place = number(self.arena.others.len());
        self.arena.others.push(other);
        let node = self.arena.push(name, place, 0);
        self.arena.append(self.parent(), node);
    }

    /// The frozen document; `cut` says why it is not whole.
    pub(super) fn finish(mut self, cut: Option<CutReason>) -> Document {
        let Finished { dynamic, namespaces, expanded, prefixes } = self.names.finish();
        self.part.namespaces = namespaces;
        self.part.expanded = expanded;
        self.part.prefixes = prefixes;
        self.part.problems = self.problems.kept;
        self.part.problem_count = self.problems.count;
        self.part.is_well_formed = self.problems.is_well_formed && cut.is_none();
        let (mut document, _) = freeze(self.arena, dynamic, DEEPEST + 1);
        document.xml = Some(Box::new(self.part));
        if let Some(reason) = cut {
            document.tree_state = TreeState::Cut { reason };
        }
        document
    }
}
