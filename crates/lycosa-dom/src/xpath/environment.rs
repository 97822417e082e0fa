//! What an expression is compiled and evaluated with: prefixes, variables, limits.

use std::{collections::BTreeMap, sync::Arc};

use super::{
    functions::{RE, SET, STR},
    value::XPathValue,
};
use crate::name::Namespace;

/// The most that [`XPathOptions::max_nesting`] can be: the compiler and the evaluator recurse as deep.
const DEEPEST: usize = 200;

/// Namespace prefixes and limits for compiling. The prefixes `html`, `svg`, `math`, `xlink`, `xml`, `re`, `set` and
/// `str` are bound from the start and can be bound anew, `xml` excepted.
#[derive(Clone, Debug)]
pub struct XPathOptions {
    namespaces: Vec<(Box<str>, Arc<str>)>,
    max_length: usize,
    max_nesting: usize,
}

impl Default for XPathOptions {
    fn default() -> Self {
        let bound = [
            ("html", Namespace::Html.url()),
            ("svg", Namespace::Svg.url()),
            ("math", Namespace::MathMl.url()),
            ("xlink", Namespace::XLink.url()),
            ("xml", Namespace::Xml.url()),
            ("re", RE),
            ("set", SET),
            ("str", STR),
        ];
        let namespaces = bound.into_iter().map(|(prefix, address)| (prefix.into(), address.into()));
        Self { namespaces: namespaces.collect(), max_length: 64 * 1024, max_nesting: 100 }
    }
}

impl XPathOptions {
    /// Binds a prefix to the address of a namespace. `xml` stays what it is.
    #[must_use]
    pub fn namespace(mut self, prefix: &str, address: &str) -> Self {
        if prefix != "xml" {
            self.namespaces.retain(|(known, _)| **known != *prefix);
            self.namespaces.push((prefix.into(), address.into()));
        }
        self
    }

    /// Sets how long an expression may be, in bytes. Default 64 KiB.
    #[must_use]
    pub fn max_length(mut self, bytes: usize) -> Self {
        self.max_length = bytes;
        self
    }

    /// Sets how deep brackets of any kind may be nested. Default 100, at most 200.
    #[must_use]
    pub fn max_nesting(mut self, depth: usize) -> Self {
        self.max_nesting = depth.min(DEEPEST);
        self
    }

    pub(super) fn find_namespace(&self, prefix: &str) -> Option<Arc<str>> {
        let found = self.namespaces.iter().find(|(known, _)| **known == *prefix);
        found.map(|(_, address)| Arc::clone(address))
    }

    pub(super) fn prefixes(&self) -> impl Iterator<Item = &str> {
        self.namespaces.iter().map(|(prefix, _)| &**prefix)
    }

    pub(super) fn length(&self) -> usize {
        self.max_length
    }

    pub(super) fn nesting(&self) -> usize {
        self.max_nesting
    }
}

/// Variables and limits for one evaluation.
#[derive(Clone, Debug)]
pub struct XPathEnvironment<'d> {
    variables: BTreeMap<Box<str>, XPathValue<'d>>,
    max_steps: u64,
    max_memory: usize,
}

impl Default for XPathEnvironment<'_> {
    fn default() -> Self {
        Self { variables: BTreeMap::new(), max_steps: 100_000_000, max_memory: 256 << 20 }
    }
}

impl<'d> XPathEnvironment<'d> {
    /// Sets a variable. The name is without the `$`; one with a prefix is found under the prefix as the expression
    /// writes it.
    #[must_use]
    pub fn variable(mut self, name: &str, value: impl Into<XPathValue<'d>>) -> Self {
        self.variables.insert(name.into(), value.into());
        self
    }

    /// Sets how many steps an evaluation may take. A step is a node looked at forwards; a node looked at backwards or
    /// upwards is four, a condition asked of a node eight, text one for each eight bytes read. Default one hundred
    /// million, which takes about half a second; an ordinary expression on a page of a hundred thousand nodes takes
    /// less than two million.
    #[must_use]
    pub fn max_steps(mut self, steps: u64) -> Self {
        self.max_steps = steps;
        self
    }

    /// Sets how many bytes of node-sets and strings an evaluation may hold at a time. Default 256 MiB.
    #[must_use]
    pub fn max_memory(mut self, bytes: usize) -> Self {
        self.max_memory = bytes;
        self
    }

    pub(super) fn find_variable(&self, name: &str) -> Option<&XPathValue<'d>> {
        self.variables.get(name)
    }

    pub(super) fn steps(&self) -> u64 {
        self.max_steps
    }

    pub(super) fn memory(&self) -> usize {
        self.max_memory
    }
}
