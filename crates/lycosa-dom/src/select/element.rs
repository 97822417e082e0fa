//! An element of the document as the `selectors` crate sees it.

use selectors::{
    Element, OpaqueElement,
    attr::{AttrSelectorOperation, CaseSensitivity, NamespaceConstraint},
    bloom::BloomFilter,
    matching::{ElementSelectorFlags, MatchingContext},
};

use super::{
    grammar::{Grammar, Name, NamespaceUrl, NoPseudoElement, Text},
    pseudo::PseudoClass,
};
use crate::{
    document::{DocumentKind, NodeRef},
    name::{KNOWN, Namespace, NodeName, atoms},
};

/// A node that is known to be an element.
#[derive(Clone, Copy, Debug)]
pub(super) struct Matched<'d>(pub(super) NodeRef<'d>);

impl Matched<'_> {
    fn value(&self, name: NodeName) -> Option<&str> {
        self.0.document().attribute_value(self.0.number(), name)
    }

    fn name_is(&self, found: NodeName, wanted: &Name) -> bool {
        let found = self.0.document().local_atom(found);
        match wanted.known {
            Some(atom) => found == atom,
            None => found.0 as usize >= KNOWN.len() && self.0.document().atom_text(found) == &*wanted.text,
        }
    }
}

impl Element for Matched<'_> {
    type Impl = Grammar;

    fn opaque(&self) -> OpaqueElement {
        OpaqueElement::new(&self.0.document().names()[self.0.number() as usize])
    }

    fn parent_element(&self) -> Option<Self> {
        self.0.parent().filter(|parent| parent.is_element()).map(Self)
    }

    fn parent_node_is_shadow_root(&self) -> bool {
        false
    }

    fn containing_shadow_host(&self) -> Option<Self> {
        None
    }

    fn is_pseudo_element(&self) -> bool {
        false
    }

    fn prev_sibling_element(&self) -> Option<Self> {
        let mut sibling = self.0.previous_sibling();
        while let Some(node) = sibling {
            if node.is_element() {
                return Some(Self(node));
            }
            sibling = node.previous_sibling();
        }
        None
    }

    fn next_sibling_element(&self) -> Option<Self> {
        let mut sibling = self.0.next_sibling();
        while let Some(node) = sibling {
            if node.is_element() {
                return Some(Self(node));
            }
            sibling = node.next_sibling();
        }
        None
    }

    fn first_element_child(&self) -> Option<Self> {
        self.0.children().find(|child| child.is_element()).map(Self)
    }

    fn is_html_element_in_html_document(&self) -> bool {
        self.0.node_name().is_html() && self.0.document().kind() == DocumentKind::Html
    }

    fn has_local_name(&self, name: &Name) -> bool {
        self.name_is(self.0.node_name(), name)
    }

    fn has_namespace(&self, namespace: &NamespaceUrl) -> bool {
        self.0.namespace() == namespace.0
    }

    fn is_same_type(&self, other: &Self) -> bool {
        self.0.node_name() == other.0.node_name()
    }

    fn attr_matches(
        &self,
        namespace: &NamespaceConstraint<&NamespaceUrl>,
        name: &Name,
        operation: &AttrSelectorOperation<&Text>,
    ) -> bool {
        self.0.attrs().any(|attribute| {
            let found = attribute.node_name();
            let in_namespace = match namespace {
                NamespaceConstraint::Any => true,
                NamespaceConstraint::Specific(namespace) => found.namespace() == namespace.0,
            };
            in_namespace && self.name_is(found, name) && operation.eval_str(attribute.value())
        })
    }

    fn has_attr_in_no_namespace(&self, name: &Name) -> bool {
        if let Some(atom) = name.known {
            return self.value(NodeName::plain(atom)).is_some();
        }
        self.0
            .attrs()
            .map(|attribute| attribute.node_name())
            .any(|found| found.namespace() == Namespace::None && self.name_is(found, name))
    }

    fn match_non_ts_pseudo_class(&self, class: &PseudoClass, _: &mut MatchingContext<'_, Grammar>) -> bool {
        class.matches(self.0)
    }

    fn match_pseudo_element(&self, pseudo: &NoPseudoElement, _: &mut MatchingContext<'_, Grammar>) -> bool {
        match *pseudo {}
    }

    fn apply_selector_flags(&self, _flags: ElementSelectorFlags) {}

    fn is_link(&self) -> bool {
        matches!(self.0.node_name().html_atom(), Some(atoms::A | atoms::AREA))
            && self.value(NodeName::plain(atoms::HREF)).is_some()
    }

    fn is_html_slot_element(&self) -> bool {
        false
    }

    fn has_id(&self, id: &Text, case: CaseSensitivity) -> bool {
        let value = self.value(NodeName::plain(atoms::ID));
        value.is_some_and(|value| case.eq(value.as_bytes(), id.0.as_bytes()))
    }

    fn has_class(&self, class: &Text, case: CaseSensitivity) -> bool {
        let value = self.value(NodeName::plain(atoms::CLASS));
        value.is_some_and(|value| has_word(value, &class.0, case))
    }

    fn has_custom_state(&self, _name: &Text) -> bool {
        false
    }

    fn imported_part(&self, _name: &Text) -> Option<Text> {
        None
    }

    fn is_part(&self, _name: &Text) -> bool {
        false
    }

    fn is_empty(&self) -> bool {
        self.0.text().is_empty() && !self.0.children().any(|child| child.is_element())
    }

    fn is_root(&self) -> bool {
        self.0.parent().is_some_and(|parent| parent.number() == 0)
    }

    /// Hashes would only speed up `:has()`, at the price of walking the tree recursively.
    fn add_element_unique_hashes(&self, _filter: &mut BloomFilter) -> bool {
        false
    }
}

/// Whether a value has a word among those that whitespace separates.
pub(super) fn has_word(value: &str, word: &str, case: CaseSensitivity) -> bool {
    value.len() >= word.len()
        && value.split_ascii_whitespace().any(|found| case.eq(found.as_bytes(), word.as_bytes()))
}
