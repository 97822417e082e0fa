//! Finding matches. The rightmost compound of a selector has a key (an id, a class or a tag name) that is looked
//! up by a scan over flat arrays; only what has the key is tried against the whole selector, and not even that
//! when the key is all there is.

use selectors::{
    attr::CaseSensitivity,
    parser::{Component, SelectorList},
};

use super::{
    Branch, Selector,
    grammar::{Grammar, Name, Word},
    matching::{Matcher, case_of, has_word},
};
use crate::{
    document::{Document, DocumentKind, NodeRef},
    name::{Atom, NodeName, atoms},
};

/// What everything that a selector matches must have.
#[derive(Clone, Debug)]
pub(super) enum Key {
    Id(Word),
    Class(Word),
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
    matcher: Matcher<'d>,
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
        Self { scope, selector, candidates, tags, matcher: Matcher::new(document, Some(scope)) }
    }

    /// Whether the search ended early because it had taken 100 million steps (about a second of work): a page
    /// made to be slow, or a selector that is. What was found until then is right, and there may be more.
    pub fn is_cut(&self) -> bool {
        self.matcher.is_exhausted()
    }

    fn is_match(&mut self, node: NodeRef<'d>) -> bool {
        match &*self.selector.branches {
            [branch] if branch.is_key_only => true,
            [branch] => self.matcher.matches_list(&branch.list, node),
            branches => branches.iter().zip(&self.tags).any(|(branch, tag)| {
                let has_tag = tag.is_none_or(|tag| tag.fits(node));
                let is_enough = tag.is_some() && branch.is_key_only;
                has_tag && (is_enough || self.matcher.matches_list(&branch.list, node))
            }),
        }
    }

    /// The branches that match a node that was found.
    pub(super) fn branches_of(&mut self, node: NodeRef<'d>) -> impl Iterator<Item = &'s Branch> {
        let is_single = self.selector.branches.len() == 1;
        let branches = self.selector.branches.iter();
        branches.filter(move |branch| is_single || self.matcher.matches_list(&branch.list, node))
    }
}

impl<'d> Iterator for Select<'d, '_> {
    type Item = NodeRef<'d>;

    fn next(&mut self) -> Option<NodeRef<'d>> {
        loop {
            let id = self.candidates.next()?;
            let node = NodeRef::new(self.scope.document(), id);
            let is_match = self.is_match(node);
            // A result that the limit fell into the middle of is no result.
            if self.matcher.is_exhausted() {
                self.candidates = Candidates::Words(Box::new(std::iter::empty()));
                return None;
            }
            if is_match {
                return Some(node);
            }
        }
    }
}

/// Asks many nodes of a document whether a selector matches them.
pub(crate) struct Tester<'d, 's> {
    selector: &'s Selector,
    matcher: Matcher<'d>,
}

impl<'d, 's> Tester<'d, 's> {
    pub(crate) fn new(document: &'d Document, selector: &'s Selector) -> Self {
        Self { selector, matcher: Matcher::new(document, None) }
    }

    /// Whether it matches; `:scope` is the node itself.
    pub(crate) fn matches(&mut self, node: NodeRef<'d>) -> bool {
        if !node.is_element() {
            return false;
        }
        if self.selector.has_scope {
            self.matcher.set_scope(node);
        }
        let matcher = &mut self.matcher;
        self.selector.branches.iter().any(|branch| matcher.matches_list(&branch.list, node))
            && !matcher.is_exhausted()
    }

    pub(crate) fn is_cut(&self) -> bool {
        self.matcher.is_exhausted()
    }
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

    fn fits(self, node: NodeRef<'_>) -> bool {
        match node.document().kind() {
            DocumentKind::Html => self.has(node.node_name()),
            DocumentKind::Xml => self.has_in(node.document(), node.node_name()),
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
        let case: CaseSensitivity = case_of(document);
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
