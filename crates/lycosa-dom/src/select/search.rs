//! Finding matches. The rightmost compound of a selector has a key (an id, a class or a tag name) that is looked
//! up by a scan over flat arrays; only what has the key is tried against the whole selector, and not even that
//! when the key is all there is.

use selectors::{
    Element, OpaqueElement,
    attr::CaseSensitivity,
    context::{
        MatchingContext, MatchingForInvalidation, MatchingMode, NeedsSelectorFlags, QuirksMode,
        SelectorCaches,
    },
    matching::matches_selector_list,
    parser::{Component, SelectorList},
};

use super::{
    Branch, Selector,
    element::{Matched, has_word},
    grammar::{Grammar, Name, Text},
};
use crate::{
    document::{Document, DocumentKind, NodeRef, Quirks},
    name::{Atom, NodeName, atoms},
};

/// What everything that a selector matches must have.
#[derive(Clone, Debug)]
pub(super) enum Key {
    Id(Text),
    Class(Text),
    /// The name in HTML, and as written for other elements.
    Tag {
        html: Name,
        other: Name,
    },
    None,
}

impl Key {
    /// The best key of the last compound of a single selector, and whether that is the whole selector.
    pub(super) fn of(list: &SelectorList<Grammar>) -> (Self, bool) {
        let [selector] = list.slice() else { return (Self::None, false) };
        let (mut key, mut parts) = (Self::None, 0);
        for component in selector.iter() {
            parts += 1;
            match component {
                Component::ID(id) => key = Self::Id(id.clone()),
                Component::Class(class) if !matches!(key, Self::Id(_)) => key = Self::Class(class.clone()),
                Component::LocalName(name) if matches!(key, Self::None) => {
                    key = Self::Tag { html: name.lower_name.clone(), other: name.name.clone() };
                }
                _ => {}
            }
        }
        let is_whole = parts == 1 && selector.len() == 1 && !matches!(key, Self::None);
        (key, is_whole)
    }

    /// The tag it asks for.
    fn tag(&self, document: &Document) -> Option<Tag> {
        match self {
            Self::Tag { html, other } => Some(Tag::find(document, html, other)),
            _ => None,
        }
    }
}

/// The elements a selector matches, in document order.
pub struct Select<'d, 's> {
    scope: NodeRef<'d>,
    selector: &'s Selector,
    candidates: Candidates<'d>,
    /// The tags that the branches of a list need, where they need one.
    tags: Vec<Option<Tag>>,
    caches: SelectorCaches,
}

impl std::fmt::Debug for Select<'_, '_> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Select").field("scope", &self.scope).field("selector", self.selector).finish()
    }
}

impl<'d, 's> Select<'d, 's> {
    pub(super) fn new(scope: NodeRef<'d>, selector: &'s Selector) -> Self {
        let (document, start, end) = (scope.document(), scope.number() + 1, scope.subtree_end().number());
        let (key, tags) = match &*selector.branches {
            [branch] => (&branch.key, Vec::new()),
            branches => (&Key::None, branches.iter().map(|branch| branch.key.tag(document)).collect()),
        };
        let candidates = Candidates::new(document, key, start, end);
        Self { scope, selector, candidates, tags, caches: SelectorCaches::default() }
    }

    fn is_match(&mut self, node: NodeRef<'d>) -> bool {
        let scope = self.scope.is_element().then(|| Matched(self.scope).opaque());
        let caches = &mut self.caches;
        match &*self.selector.branches {
            [branch] if branch.is_key_only => true,
            [branch] => matches(branch, node, scope, caches),
            branches => branches.iter().zip(&self.tags).any(|(branch, tag)| {
                let has_tag = tag.is_none_or(|tag| tag.has(node.node_name()));
                let is_enough = tag.is_some() && branch.is_key_only;
                has_tag && (is_enough || matches(branch, node, scope, caches))
            }),
        }
    }
}

impl<'d> Iterator for Select<'d, '_> {
    type Item = NodeRef<'d>;

    fn next(&mut self) -> Option<NodeRef<'d>> {
        loop {
            let id = self.candidates.next()?;
            let node = NodeRef::new(self.scope.document(), id);
            if self.is_match(node) {
                return Some(node);
            }
        }
    }
}

/// Whether one branch matches an element, outside a search. `:scope` is the given node.
pub(super) fn matches_branch(branch: &Branch, node: NodeRef<'_>, scope: NodeRef<'_>) -> bool {
    let scope = scope.is_element().then(|| Matched(scope).opaque());
    matches(branch, node, scope, &mut SelectorCaches::default())
}

fn matches(
    branch: &Branch,
    node: NodeRef<'_>,
    scope: Option<OpaqueElement>,
    caches: &mut SelectorCaches,
) -> bool {
    match branch.list.slice() {
        [selector] if branch.is_simple => {
            selector.iter().all(|component| matches_simple(component, Matched(node)))
        }
        _ => matches_list(&branch.list, node, scope, caches),
    }
}

/// Whether a selector is one compound of tags, ids, classes and attributes that must be there: `a[href]`. Such
/// are matched here, without the general machine.
pub(super) fn is_simple(list: &SelectorList<Grammar>) -> bool {
    let [selector] = list.slice() else { return false };
    let components = selector.iter_raw_match_order();
    components.into_iter().all(|component| {
        matches!(
            component,
            Component::LocalName(_)
                | Component::ID(_)
                | Component::Class(_)
                | Component::AttributeInNoNamespaceExists { .. }
                | Component::ExplicitUniversalType
        )
    })
}

fn matches_simple(component: &Component<Grammar>, element: Matched<'_>) -> bool {
    let is_html = element.is_html_element_in_html_document();
    match component {
        Component::LocalName(name) => {
            element.has_local_name(if is_html { &name.lower_name } else { &name.name })
        }
        Component::ID(id) => element.has_id(id, case_of(element.0.document())),
        Component::Class(class) => element.has_class(class, case_of(element.0.document())),
        Component::AttributeInNoNamespaceExists { local_name, local_name_lower } => {
            element.has_attr_in_no_namespace(if is_html { local_name_lower } else { local_name })
        }
        _ => true,
    }
}

/// How ids and classes compare in a document.
fn case_of(document: &Document) -> CaseSensitivity {
    match document.quirks() {
        Quirks::Quirks => CaseSensitivity::AsciiCaseInsensitive,
        _ => CaseSensitivity::CaseSensitive,
    }
}

fn matches_list(
    list: &SelectorList<Grammar>,
    node: NodeRef<'_>,
    scope: Option<OpaqueElement>,
    caches: &mut SelectorCaches,
) -> bool {
    let quirks = match node.document().quirks() {
        Quirks::Quirks => QuirksMode::Quirks,
        Quirks::Limited => QuirksMode::LimitedQuirks,
        Quirks::None => QuirksMode::NoQuirks,
    };
    let mut context = MatchingContext::new(
        MatchingMode::Normal,
        None,
        caches,
        quirks,
        NeedsSelectorFlags::No,
        MatchingForInvalidation::No,
    );
    context.scope_element = scope;
    matches_selector_list(list, Matched(node), &mut context)
}

/// A tag name in the numbers of one document; `None` where no node has it.
#[derive(Clone, Copy)]
struct Tag {
    html: Option<Atom>,
    other: Option<Atom>,
}

impl Tag {
    fn find(document: &Document, html: &Name, other: &Name) -> Self {
        let other = document.find_atom(&other.text);
        match document.kind() {
            DocumentKind::Html => Self { html: document.find_atom(&html.text), other },
            DocumentKind::Xml => Self { html: other, other },
        }
    }

    /// The same in an XML document, whose names may lie in its table.
    fn has_in(self, document: &Document, name: NodeName) -> bool {
        name.is_element() && self.other == Some(document.local_atom(name))
    }

    #[inline]
    fn has(self, name: NodeName) -> bool {
        name.is_element() && Some(name.atom()) == if name.is_html() { self.html } else { self.other }
    }
}

/// The elements that have the key.
enum Candidates<'d> {
    All { document: &'d Document, next: u32, end: u32 },
    Tag { document: &'d Document, next: u32, end: u32, tag: Tag },
    Words(Box<dyn Iterator<Item = u32> + 'd>),
}

impl<'d> Candidates<'d> {
    fn new(document: &'d Document, key: &Key, start: u32, end: u32) -> Self {
        let case = case_of(document);
        match key {
            Key::None => Self::All { document, next: start, end },
            Key::Tag { html, other } => {
                Self::Tag { document, next: start, end, tag: Tag::find(document, html, other) }
            }
            Key::Class(class) => {
                let class = class.0.clone();
                let found = document.attributes_named(NodeName::plain(atoms::CLASS), start..end);
                let found = found.filter(move |(_, value)| has_word(value, &class, case));
                Self::Words(Box::new(found.map(|(owner, _)| owner)))
            }
            Key::Id(id) => {
                let id = id.0.clone();
                let found = document.attributes_named(NodeName::plain(atoms::ID), start..end);
                let found = found.filter(move |(_, value)| case.eq(value.as_bytes(), id.as_bytes()));
                Self::Words(Box::new(found.map(|(owner, _)| owner)))
            }
        }
    }
}

impl Iterator for Candidates<'_> {
    type Item = u32;

    fn next(&mut self) -> Option<u32> {
        match self {
            Self::Words(found) => found.next(),
            Self::All { document, next, end } => scan(document, next, *end, NodeName::is_element),
            Self::Tag { document, next, end, tag } => match document.kind() {
                DocumentKind::Html => scan(document, next, *end, |name| tag.has(name)),
                DocumentKind::Xml => scan(document, next, *end, |name| tag.has_in(document, name)),
            },
        }
    }
}

/// The next node whose name is wanted.
#[inline]
fn scan(document: &Document, next: &mut u32, end: u32, is_wanted: impl Fn(NodeName) -> bool) -> Option<u32> {
    let rest = document.names().get(*next as usize..end as usize)?;
    match rest.iter().position(|&name| is_wanted(name)) {
        Some(position) => {
            let found = *next + u32::try_from(position).ok()?;
            *next = found + 1;
            Some(found)
        }
        None => {
            *next = end;
            None
        }
    }
}
