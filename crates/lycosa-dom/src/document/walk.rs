//! Iterators over nodes and attributes. All of them step by arithmetic over the pre-order numbers; none keeps
//! a stack.

use super::{Attribute, Document, NodeRef};

/// Nodes in document order.
#[derive(Clone, Debug)]
pub struct Descendants<'d> {
    document: &'d Document,
    next: usize,
    end: usize,
}

impl<'d> Descendants<'d> {
    pub(super) fn new(document: &'d Document, next: usize, end: usize) -> Self {
        Self { document, next, end }
    }
}

impl<'d> Iterator for Descendants<'d> {
    type Item = NodeRef<'d>;

    #[inline]
    fn next(&mut self) -> Option<NodeRef<'d>> {
        if self.next >= self.end {
            return None;
        }
        let node = NodeRef::new(self.document, u32::try_from(self.next).ok()?);
        self.next += 1;
        Some(node)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let left = self.end.saturating_sub(self.next);
        (left, Some(left))
    }
}

impl DoubleEndedIterator for Descendants<'_> {
    fn next_back(&mut self) -> Option<Self::Item> {
        if self.next >= self.end {
            return None;
        }
        self.end -= 1;
        Some(NodeRef::new(self.document, u32::try_from(self.end).ok()?))
    }
}

impl ExactSizeIterator for Descendants<'_> {}

/// The nodes directly in a node.
#[derive(Clone, Debug)]
pub struct Children<'d> {
    document: &'d Document,
    next: u32,
    end: u32,
}

impl<'d> Children<'d> {
    pub(super) fn new(document: &'d Document, parent: u32) -> Self {
        Self { document, next: parent + 1, end: document.end_of(parent) }
    }
}

impl<'d> Iterator for Children<'d> {
    type Item = NodeRef<'d>;

    fn next(&mut self) -> Option<NodeRef<'d>> {
        if self.next >= self.end {
            return None;
        }
        let node = NodeRef::new(self.document, self.next);
        self.next = self.document.end_of(self.next);
        Some(node)
    }
}

/// The nodes a node lies in, innermost first.
#[derive(Clone, Debug)]
pub struct Ancestors<'d> {
    node: NodeRef<'d>,
}

impl<'d> Ancestors<'d> {
    pub(super) fn new(node: NodeRef<'d>) -> Self {
        Self { node }
    }
}

impl<'d> Iterator for Ancestors<'d> {
    type Item = NodeRef<'d>;

    fn next(&mut self) -> Option<NodeRef<'d>> {
        self.node = self.node.parent()?;
        Some(self.node)
    }
}

/// The attributes of an element.
#[derive(Clone, Debug)]
pub struct Attributes<'d> {
    document: &'d Document,
    next: u32,
    end: u32,
}

impl<'d> Attributes<'d> {
    pub(super) fn new(document: &'d Document, node: u32) -> Self {
        let (first, records) = document.attributes_of(node);
        let count = u32::try_from(records.len()).unwrap_or(0);
        Self { document, next: first, end: first + count }
    }
}

impl<'d> Iterator for Attributes<'d> {
    type Item = Attribute<'d>;

    #[inline]
    fn next(&mut self) -> Option<Attribute<'d>> {
        if self.next >= self.end {
            return None;
        }
        self.next += 1;
        Attribute::new(self.document, self.next - 1)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let left = (self.end - self.next) as usize;
        (left, Some(left))
    }
}

impl ExactSizeIterator for Attributes<'_> {}
