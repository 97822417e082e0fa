//! Whether an element matches a selector. Our own matcher over what the `selectors` crate parses, because pages
//! are hostile: it counts its steps and stops at a limit, recurses by the selector only (never by the tree), and
//! remembers what makes naive matching quadratic (siblings, positions, nested lists, `:has()`).

use std::collections::HashMap;

use selectors::{
    attr::{
        AttrSelectorWithOptionalNamespace, CaseSensitivity, NamespaceConstraint, ParsedAttrSelectorOperation,
        ParsedCaseSensitivity,
    },
    parser::{Combinator, Component, LocalName, Selector, SelectorIter, SelectorKey, SelectorList},
};

use super::{
    grammar::{Grammar, Name, NamespaceUrl},
    nth::Positions,
    relative::Relatives,
};
use crate::{
    document::{Document, DocumentKind, NodeRef, Quirks},
    name::{KNOWN, Namespace, NodeName, atoms},
};

/// How many steps one search may take: about a second of work. A step is a visit to an element, or sixteen
/// bytes of text looked through.
const MAX_STEPS: u64 = 100_000_000;
/// How many bytes of text looked through cost as much as a visit to an element.
pub(super) const STEP: usize = 16;
/// As how many bytes of text an attribute counts that is passed over.
const ATTRIBUTE: usize = 4;
/// How many siblings are tried before remembered results are asked.
const PATIENCE: u32 = 8;

/// What is known about the document and a search while it lasts.
pub(super) struct Matcher<'d> {
    pub(super) document: &'d Document,
    /// The element `:scope` means; without one it is the root.
    scope: Option<u32>,
    case: CaseSensitivity,
    is_html: bool,
    steps_left: u64,
    pub(super) positions: Positions,
    pub(super) relatives: Relatives,
    /// Results of nested selectors with combinators.
    nested: HashMap<(SelectorKey, u32), bool>,
    /// By place in a selector and parent: what is known of the children.
    siblings: HashMap<(SelectorKey, usize, u32), Siblings>,
    facts: HashMap<(Fact, u32), Option<u32>>,
    radio_groups: HashMap<(u32, &'d str), bool>,
    page_language: Option<Option<&'d str>>,
}

/// The children of one parent against the part of a selector before a `~`.
#[derive(Clone, Copy)]
struct Siblings {
    /// None before this one matches.
    none_before: u32,
    /// This one matches.
    matching: u32,
}

/// Something found out once an element, by looking through what is in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Fact {
    FirstLegend,
    SelectedOption,
    DefaultButton,
    DecidingText,
}

/// How a part of a selector ended: matched, or what cannot help any more.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Outcome {
    Matched,
    /// An earlier sibling may match.
    TrySibling,
    /// A farther ancestor may match.
    TryAncestor,
    Never,
}

/// How ids and classes compare in a document.
pub(super) fn case_of(document: &Document) -> CaseSensitivity {
    match document.quirks() {
        Quirks::Quirks => CaseSensitivity::AsciiCaseInsensitive,
        _ => CaseSensitivity::CaseSensitive,
    }
}

impl<'d> Matcher<'d> {
    pub(super) fn new(document: &'d Document, scope: Option<NodeRef<'_>>) -> Self {
        Self {
            document,
            scope: scope.filter(|node| node.is_element()).map(NodeRef::number),
            case: case_of(document),
            is_html: document.kind() == DocumentKind::Html,
            steps_left: MAX_STEPS,
            positions: Positions::default(),
            relatives: Relatives::default(),
            nested: HashMap::new(),
            siblings: HashMap::new(),
            facts: HashMap::new(),
            radio_groups: HashMap::new(),
            page_language: None,
        }
    }

    /// Another `:scope`; what was remembered may have depended on the old one.
    pub(super) fn set_scope(&mut self, scope: NodeRef<'_>) {
        let steps_left = self.steps_left;
        *self = Self { steps_left, ..Self::new(self.document, Some(scope)) };
    }

    /// Whether the steps are used up; then nothing matches any more.
    pub(super) fn is_exhausted(&self) -> bool {
        self.steps_left == 0
    }

    #[cfg(test)]
    pub(super) fn steps_left(&self) -> u64 {
        self.steps_left
    }

    /// Pays for one step; `false` when there are none left.
    #[inline]
    pub(super) fn step(&mut self) -> bool {
        self.steps_left = self.steps_left.saturating_sub(1);
        self.steps_left > 0
    }

    /// Pays for looking through this many bytes.
    pub(super) fn charge(&mut self, bytes: usize) {
        self.steps_left = self.steps_left.saturating_sub((bytes / STEP) as u64);
    }

    /// Pays for looking through the attributes of a node.
    #[inline]
    pub(super) fn charge_attributes(&mut self, node: u32) {
        self.charge(ATTRIBUTE * self.document.attributes_in(node..node + 1).len());
    }

    /// The value of an attribute, which is looked for among all that the node has.
    #[inline]
    fn attribute(&mut self, node: u32, name: NodeName) -> Option<&'d str> {
        self.charge_attributes(node);
        self.document.attribute_value(node, name)
    }

    /// A fact about an element, found out once.
    pub(super) fn fact(
        &mut self,
        fact: Fact,
        element: NodeRef<'d>,
        find: impl FnOnce() -> Option<NodeRef<'d>>,
    ) -> Option<NodeRef<'d>> {
        let key = (fact, element.number());
        let number = match self.facts.get(&key) {
            Some(known) => *known,
            None => {
                self.charge(STEP * element.range().len());
                let found = find().map(NodeRef::number);
                self.facts.insert(key, found);
                found
            }
        };
        number.map(|number| NodeRef::new(self.document, number))
    }

    /// Whether a radio button of a name is checked in a form or page, found out once.
    pub(super) fn radio_group(
        &mut self,
        group: NodeRef<'d>,
        name: &'d str,
        find: impl FnOnce() -> bool,
    ) -> bool {
        let key = (group.number(), name);
        if let Some(known) = self.radio_groups.get(&key) {
            return *known;
        }
        self.charge(STEP * group.range().len());
        let found = find();
        self.radio_groups.insert(key, found);
        found
    }

    /// The language that the page declares for itself with a `<meta>`.
    pub(super) fn page_language(&mut self) -> Option<&'d str> {
        let document = self.document;
        *self.page_language.get_or_insert_with(|| {
            document.meta_http_equiv("content-language").filter(|tag| !tag.contains(','))
        })
    }

    /// Whether one selector of a list matches.
    pub(super) fn matches_list(&mut self, list: &SelectorList<Grammar>, node: NodeRef<'d>) -> bool {
        self.any(list.slice(), node.number())
    }

    /// Whether a selector matches; for those of `:has()`, from the given anchor.
    #[inline]
    pub(super) fn matches(&mut self, selector: &Selector<Grammar>, node: u32, anchor: Option<u32>) -> bool {
        self.sequence(selector, selector.iter(), node, anchor) == Outcome::Matched
    }

    /// Whether the last compound of a selector matches by itself.
    pub(super) fn matches_subject(&mut self, selector: &Selector<Grammar>, node: u32) -> bool {
        self.step() && selector.iter().all(|component| self.simple(component, node, None))
    }

    /// One of nested selectors. Those with combinators are remembered: asked of every sibling of every sibling,
    /// they would multiply.
    pub(super) fn any(&mut self, selectors: &[Selector<Grammar>], node: u32) -> bool {
        selectors.iter().any(|selector| {
            if !selector.iter_raw_match_order().any(Component::is_combinator) {
                return self.matches(selector, node, None);
            }
            let key = (SelectorKey::new(selector), node);
            if let Some(&known) = self.nested.get(&key) {
                return known;
            }
            let is_match = self.matches(selector, node, None);
            self.nested.insert(key, is_match);
            is_match
        })
    }

    /// Matches the compound at hand and then what stands before it, to the left.
    fn sequence(
        &mut self,
        selector: &Selector<Grammar>,
        mut rest: SelectorIter<'_, Grammar>,
        node: u32,
        anchor: Option<u32>,
    ) -> Outcome {
        // All that a relative selector names lies behind its anchor.
        if !self.step() || anchor.is_some_and(|anchor| node < anchor) {
            return Outcome::Never;
        }
        for component in rest.by_ref() {
            if !self.simple(component, node, anchor) {
                return Outcome::TrySibling;
            }
        }
        match rest.next_sequence() {
            None => Outcome::Matched,
            Some(Combinator::Child) => match self.parent(node) {
                None => Outcome::Never,
                Some(parent) => match self.sequence(selector, rest, parent, anchor) {
                    Outcome::TrySibling => Outcome::TryAncestor,
                    outcome => outcome,
                },
            },
            Some(Combinator::Descendant) => {
                let mut at = node;
                while let Some(parent) = self.parent(at) {
                    match self.sequence(selector, rest.clone(), parent, anchor) {
                        Outcome::TrySibling | Outcome::TryAncestor => at = parent,
                        outcome => return outcome,
                    }
                }
                Outcome::Never
            }
            Some(Combinator::NextSibling) => match self.previous(node) {
                None => Outcome::TryAncestor,
                Some(previous) => self.sequence(selector, rest, previous, anchor),
            },
            Some(Combinator::LaterSibling) => self.earlier_siblings(selector, &rest, node, anchor),
            Some(Combinator::PseudoElement | Combinator::SlotAssignment | Combinator::Part) => Outcome::Never,
        }
    }

    /// The part of a selector before a `~`, on the siblings before a node.
    fn earlier_siblings(
        &mut self,
        selector: &Selector<Grammar>,
        rest: &SelectorIter<'_, Grammar>,
        node: u32,
        anchor: Option<u32>,
    ) -> Outcome {
        let parent = self.document.parent_of(node).unwrap_or_default();
        let key = (SelectorKey::new(selector), rest.selector_length(), parent);
        let unknown = Siblings { none_before: 0, matching: u32::MAX };
        let (mut at, mut tried, mut known) = (node, 0, unknown);
        let outcome = loop {
            let Some(previous) = self.previous(at) else { break Outcome::TryAncestor };
            if tried == PATIENCE && anchor.is_none() {
                known = self.siblings.get(&key).copied().unwrap_or(unknown);
                if known.matching < node {
                    return Outcome::Matched;
                }
            }
            if at <= known.none_before {
                break Outcome::TryAncestor;
            }
            match self.sequence(selector, rest.clone(), previous, anchor) {
                Outcome::TrySibling => (at, tried) = (previous, tried + 1),
                Outcome::Matched => {
                    at = previous;
                    break Outcome::Matched;
                }
                outcome => break outcome,
            }
        };
        if tried >= PATIENCE && anchor.is_none() && !self.is_exhausted() {
            let known = self.siblings.entry(key).or_insert(unknown);
            match outcome {
                Outcome::Matched => known.matching = known.matching.min(at),
                Outcome::TryAncestor => known.none_before = known.none_before.max(node),
                _ => {}
            }
        }
        outcome
    }

    fn simple(&mut self, component: &Component<Grammar>, node: u32, anchor: Option<u32>) -> bool {
        let name = self.document.name(node);
        match component {
            Component::LocalName(local) => self.is_named(name, local),
            Component::ID(id) => {
                let value = self.attribute(node, NodeName::plain(atoms::ID));
                value.is_some_and(|value| self.case.eq(value.as_bytes(), id.0.as_bytes()))
            }
            Component::Class(class) => {
                let value = self.attribute(node, NodeName::plain(atoms::CLASS));
                value.is_some_and(|value| {
                    self.charge(value.len());
                    has_word(value, &class.0, self.case)
                })
            }
            Component::ExplicitUniversalType | Component::ExplicitAnyNamespace => true,
            Component::ExplicitNoNamespace => name.namespace() == Namespace::None,
            Component::DefaultNamespace(namespace) | Component::Namespace(_, namespace) => {
                namespace.is_of(name, || NodeRef::new(self.document, node).namespace_uri())
            }
            Component::AttributeInNoNamespaceExists { local_name, local_name_lower } => {
                let wanted = if self.folds_case(name) { local_name_lower } else { local_name };
                self.has_attribute(node, wanted, None, |_| true)
            }
            Component::AttributeInNoNamespace { local_name, operator, value, case_sensitivity } => {
                let case = unconditional(*case_sensitivity, self.folds_case(name));
                self.has_attribute(node, local_name, None, |found| {
                    operator.eval_str(found, value.as_ref(), case)
                })
            }
            Component::AttributeOther(attribute) => self.has_other_attribute(node, name, attribute),
            Component::Negation(list) => !self.any(list.slice(), node),
            Component::Is(list) | Component::Where(list) => self.any(list.slice(), node),
            Component::Has(selectors) => selectors.iter().any(|relative| self.has(relative, node)),
            Component::Nth(data) => self.is_nth(node, data, &[]),
            Component::NthOf(data) => self.is_nth(node, data.nth_data(), data.selectors()),
            Component::NonTSPseudoClass(class) => class.matches(self, NodeRef::new(self.document, node)),
            Component::Root => self.is_root(node),
            Component::Empty => self.is_empty(node),
            Component::Scope | Component::ImplicitScope | Component::ParentSelector => {
                self.scope.map_or_else(|| self.is_root(node), |scope| scope == node)
            }
            Component::RelativeSelectorAnchor => anchor == Some(node),
            // There are no shadow trees and no pseudo-elements, and what is invalid matches nothing.
            Component::Host(_)
            | Component::Slotted(_)
            | Component::Part(_)
            | Component::PseudoElement(_)
            | Component::Invalid(_)
            | Component::Combinator(_) => false,
        }
    }

    /// Whether names have no case: for HTML elements in HTML documents.
    #[inline]
    fn folds_case(&self, name: NodeName) -> bool {
        self.is_html && name.is_html()
    }

    #[inline]
    fn is_named(&self, found: NodeName, local: &LocalName<Grammar>) -> bool {
        self.is_name(found, if self.folds_case(found) { &local.lower_name } else { &local.name })
    }

    #[inline]
    fn is_name(&self, found: NodeName, wanted: &Name) -> bool {
        let found = self.document.local_atom(found);
        match wanted.known {
            Some(atom) => found == atom,
            None => found.0 as usize >= KNOWN.len() && self.document.atom_text(found) == &*wanted.text,
        }
    }

    /// An attribute of this name and namespace (`None`: without one) whose value will do. A name with a colon, which no
    /// attribute without a namespace has in HTML, means the name as it is written in the page: `xlink:href`.
    fn has_attribute(
        &mut self,
        node: u32,
        wanted: &Name,
        namespace: Option<&NamespaceConstraint<&NamespaceUrl>>,
        test: impl Fn(&str) -> bool,
    ) -> bool {
        if let (None, Some(atom)) = (namespace, wanted.known) {
            return self.attribute(node, NodeName::plain(atom)).is_some_and(|value| {
                self.charge(value.len());
                test(value)
            });
        }
        self.charge_attributes(node);
        let is_qualified = namespace.is_none() && wanted.text.contains(':');
        NodeRef::new(self.document, node).attrs().any(|attribute| {
            let found = attribute.node_name();
            let is_wanted = match namespace {
                None => found.namespace() == Namespace::None && self.is_name(found, wanted),
                Some(NamespaceConstraint::Any) => self.is_name(found, wanted),
                Some(NamespaceConstraint::Specific(namespace)) => {
                    namespace.is_of(found, || attribute.namespace_uri()) && self.is_name(found, wanted)
                }
            };
            self.charge(attribute.value().len());
            (is_wanted || is_qualified && attribute.is_named(&wanted.text)) && test(attribute.value())
        })
    }

    fn has_other_attribute(
        &mut self,
        node: u32,
        name: NodeName,
        attribute: &AttrSelectorWithOptionalNamespace<Grammar>,
    ) -> bool {
        let wanted = if self.folds_case(name) { &attribute.local_name_lower } else { &attribute.local_name };
        let namespace = attribute.namespace().map(|namespace| match namespace {
            NamespaceConstraint::Any => NamespaceConstraint::Any,
            NamespaceConstraint::Specific(url) => NamespaceConstraint::Specific(url),
        });
        match &attribute.operation {
            ParsedAttrSelectorOperation::Exists => {
                self.has_attribute(node, wanted, namespace.as_ref(), |_| true)
            }
            ParsedAttrSelectorOperation::WithValue { operator, case_sensitivity, value } => {
                let case = unconditional(*case_sensitivity, self.folds_case(name));
                self.has_attribute(node, wanted, namespace.as_ref(), |found| {
                    operator.eval_str(found, value.as_ref(), case)
                })
            }
        }
    }

    fn is_root(&self, node: u32) -> bool {
        self.document.parent_of(node) == Some(0)
    }

    /// No elements and no text: comments do not count, whitespace does (as browsers have it).
    fn is_empty(&mut self, node: u32) -> bool {
        let node = NodeRef::new(self.document, node);
        let mut passed = 0;
        let mut inside = node.descendants().inspect(|_| passed += 1);
        let is_empty = node.text().is_empty() && !inside.any(NodeRef::is_element);
        self.charge(STEP * passed);
        is_empty
    }

    /// The element it lies in.
    #[inline]
    pub(super) fn parent(&self, node: u32) -> Option<u32> {
        self.document.parent_of(node).filter(|&parent| self.document.name(parent).is_element())
    }

    /// The element before it under the same parent.
    pub(super) fn previous(&mut self, node: u32) -> Option<u32> {
        let mut sibling = self.document.previous_sibling_of(node)?;
        while !self.document.name(sibling).is_element() {
            self.step();
            sibling = self.document.previous_sibling_of(sibling)?;
        }
        Some(sibling)
    }

    /// The element after it under the same parent.
    pub(super) fn next(&mut self, node: u32) -> Option<u32> {
        let mut sibling = self.document.next_sibling_of(node)?;
        while !self.document.name(sibling).is_element() {
            self.step();
            sibling = self.document.next_sibling_of(sibling)?;
        }
        Some(sibling)
    }
}

fn unconditional(parsed: ParsedCaseSensitivity, folds_case: bool) -> CaseSensitivity {
    match parsed {
        ParsedCaseSensitivity::AsciiCaseInsensitive => CaseSensitivity::AsciiCaseInsensitive,
        ParsedCaseSensitivity::AsciiCaseInsensitiveIfInHtmlElementInHtmlDocument if folds_case => {
            CaseSensitivity::AsciiCaseInsensitive
        }
        _ => CaseSensitivity::CaseSensitive,
    }
}

/// Whether a value has a word among those that whitespace separates.
pub(super) fn has_word(value: &str, word: &str, case: CaseSensitivity) -> bool {
    value.len() >= word.len()
        && value.split_ascii_whitespace().any(|found| case.eq(found.as_bytes(), word.as_bytes()))
}
