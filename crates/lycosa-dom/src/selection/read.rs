//! What the nodes of a selection hold.

use super::{NodeRef, Selection};

impl<'d> Selection<'d> {
    /// An attribute of the first node, if it has it.
    pub fn attr(&self, name: &str) -> Option<&'d str> {
        self.iter().next().and_then(|node| node.attr(name))
    }

    /// An attribute of the first node, or something else.
    pub fn attr_or<'s>(&self, name: &str, default: &'s str) -> &'s str
    where
        'd: 's,
    {
        self.attr(name).unwrap_or(default)
    }

    /// An attribute of all nodes that have it.
    pub fn attrs(&self, name: &str) -> impl Iterator<Item = &'d str> {
        self.iter().filter_map(move |node| node.attr(name))
    }

    /// Whether one of them has a class.
    pub fn has_class(&self, class: &str) -> bool {
        self.iter().any(|node| node.has_class(class))
    }

    /// The texts of all nodes, joined. Of a node that lies in another one of them the text is there once,
    /// as part of the outer one: jQuery repeats it, which hostile nesting can make into gigabytes. See
    /// [`texts`](Self::texts) for each.
    pub fn text(&self) -> String {
        let mut end = 0;
        let outermost = self.iter().filter(|node| {
            let is_outside = node.number() >= end;
            end = end.max(node.subtree_end().number());
            is_outside
        });
        outermost.map(own_text).collect()
    }

    /// The text of each node, that of those in others too.
    pub fn texts(&self) -> impl Iterator<Item = &'d str> {
        self.iter().map(own_text)
    }

    /// What is in the first node, as HTML; empty for an empty selection.
    pub fn html(&self) -> String {
        self.iter().next().map(NodeRef::inner_html).unwrap_or_default()
    }

    /// The first node as HTML; empty for an empty selection.
    pub fn outer_html(&self) -> String {
        self.iter().next().map(NodeRef::html).unwrap_or_default()
    }

    /// The name of the first node; empty for an empty selection and for nodes without a name.
    pub fn name(&self) -> &'d str {
        self.iter().next().map(NodeRef::name).unwrap_or_default()
    }

    /// Calls a function with the position and each node.
    pub fn each(&self, mut call: impl FnMut(usize, NodeRef<'d>)) -> &Self {
        self.iter().enumerate().for_each(|(position, node)| call(position, node));
        self
    }

    /// Calls a function with the position and each node while it says `true`.
    pub fn each_while(&self, mut call: impl FnMut(usize, NodeRef<'d>) -> bool) -> &Self {
        self.iter().enumerate().all(|(position, node)| call(position, node));
        self
    }

    /// What a function makes of the position and each node.
    pub fn map<T>(&self, mut call: impl FnMut(usize, NodeRef<'d>) -> T) -> Vec<T> {
        self.iter().enumerate().map(|(position, node)| call(position, node)).collect()
    }
}

/// The text of an element or text node; jQuery has none for comments.
fn own_text(node: NodeRef<'_>) -> &str {
    node.text()
}
