//! Running a plan on a document. Parts: `expression` (values by type), `compare`, `condition` (the short forms of
//! usual conditions), `path` (from step to step), `steps` (a step from all nodes of a set at once), `counted`
//! (steps whose predicates count), `ranges` (what those walk over), `walk` (an axis from one node), `downward` (the
//! simplest paths, without all this), `nodes` (node-sets), `names` (names and string-values in one document), `text`
//! (strings that are lent where they can be).
//!
//! A node-set is always in document order without duplicates. A step keeps that order by the way it walks, and
//! sorts only where an axis can break it.

mod compare;
mod condition;
mod counted;
mod downward;
mod expression;
pub(super) mod names;
pub(super) mod nodes;
mod path;
mod ranges;
mod steps;
mod text;
mod walk;

use std::{
    borrow::Cow,
    collections::{BTreeMap, HashSet},
};

pub(super) use condition::has_word;
pub(super) use text::Text;

use self::{
    condition::Search,
    names::Matcher,
    nodes::{Key, NodeSet},
};
use super::{
    XPathErrorKind,
    environment::XPathEnvironment,
    error::Fault,
    plan::Plan,
    value::{XPathItem, XPathNodes, XPathValue},
};
use crate::{
    Pattern,
    document::{Document, NodeKind},
};

/// What evaluating something gives.
pub(super) type Outcome<T> = Result<T, Box<Fault>>;

/// What an expression is evaluated for: a node, its position and how many there are.
#[derive(Clone, Copy, Debug)]
pub(super) struct Focus {
    pub(super) key: Key,
    pub(super) position: usize,
    pub(super) size: usize,
}

impl Focus {
    /// For expressions that ask for the node alone.
    pub(super) fn on(key: Key) -> Self {
        Self { key, position: 1, size: 1 }
    }
}

/// A value inside the evaluator.
#[derive(Clone, Debug)]
pub(super) enum Value<'e, 'd> {
    Nodes(NodeSet<'d>),
    Number(f64),
    Text(Text<'e, 'd>),
    Boolean(bool),
}

/// An evaluation under way.
pub(super) struct Run<'e, 'd> {
    pub(super) document: &'d Document,
    plan: &'e Plan,
    environment: &'e XPathEnvironment<'d>,
    matchers: Vec<Matcher>,
    /// What is computed once.
    slots: Vec<Option<Value<'e, 'd>>>,
    /// The string-values of the node-sets among them, where they were compared with many.
    // Trees, because an empty one costs nothing: a map by hash would ask for its key at every evaluation.
    slot_strings: BTreeMap<usize, HashSet<&'d str>>,
    searches: Vec<Search>,
    pub(super) regexes: BTreeMap<(String, String), Pattern>,
    steps_left: u64,
    /// Bytes of values that are in use, and of those that stay until the end.
    held: usize,
    kept: usize,
    /// One bit for each node, for steps that must not visit one twice.
    marks: Vec<u64>,
}

pub(super) fn evaluate<'d>(
    plan: &Plan,
    context: XPathItem<'d>,
    environment: &XPathEnvironment<'d>,
    steps_left: &mut u64,
) -> Result<XPathValue<'d>, Fault> {
    let document = context.document();
    if context.node().is_some_and(|node| node.kind() == NodeKind::Doctype) {
        return Err(Fault::new(XPathErrorKind::Type, 0, "a doctype cannot be the context of an expression"));
    }
    if let Some(path) = &plan.downward
        && context.key().is_node()
        && let Some(set) = downward::follow(document, path, context.key().owner(), steps_left)
    {
        return Ok(XPathValue::Nodes(XPathNodes::new(document, set)));
    }
    run(plan, context, environment, steps_left)
}

// Apart, so that what precedes it stays small.
#[inline(never)]
fn run<'d>(
    plan: &Plan,
    context: XPathItem<'d>,
    environment: &XPathEnvironment<'d>,
    steps_left: &mut u64,
) -> Result<XPathValue<'d>, Fault> {
    let document = context.document();
    let mut run = Run {
        document,
        plan,
        environment,
        matchers: plan.names.iter().map(|name| Matcher::find(document, name)).collect(),
        slots: std::iter::repeat_with(|| None).take(plan.slots).collect(),
        slot_strings: BTreeMap::new(),
        searches: std::iter::repeat_with(Search::default).take(plan.searches).collect(),
        regexes: BTreeMap::new(),
        steps_left: *steps_left,
        held: 0,
        kept: 0,
        marks: Vec::new(),
    };
    let value = run.value(&plan.root, Focus::on(context.key()));
    *steps_left = run.steps_left;
    Ok(match value.map_err(|fault| *fault)? {
        Value::Nodes(set) => XPathValue::Nodes(XPathNodes::new(document, set)),
        Value::Number(number) => XPathValue::Number(number),
        Value::Boolean(truth) => XPathValue::Boolean(truth),
        Value::Text(Text::Document(text)) => XPathValue::String(Cow::Borrowed(text)),
        Value::Text(text) => XPathValue::String(Cow::Owned(text.into_string())),
    })
}

impl<'d> Run<'_, 'd> {
    /// Pays for steps.
    #[inline]
    pub(super) fn charge(&mut self, steps: u64) -> Outcome<()> {
        match self.steps_left.checked_sub(steps) {
            Some(left) => {
                self.steps_left = left;
                Ok(())
            }
            None => Err(self.out_of_steps()),
        }
    }

    #[cold]
    fn out_of_steps(&mut self) -> Box<Fault> {
        self.steps_left = 0;
        let message = format!("evaluation takes more than {} steps", self.environment.steps());
        Box::new(
            Fault::new(XPathErrorKind::StepLimit, 0, message)
                .hint("allow more steps, or let inner predicates look at fewer nodes"),
        )
    }

    /// Pays for reading text.
    #[inline]
    pub(super) fn charge_text(&mut self, bytes: usize) -> Outcome<()> {
        self.charge(bytes as u64 / 8 + 4)
    }

    /// Accounts for memory that a value takes.
    #[inline]
    pub(super) fn hold(&mut self, bytes: usize) -> Outcome<()> {
        self.held = self.held.saturating_add(bytes);
        if self.held.saturating_add(self.kept) > self.environment.memory() {
            return Err(self.out_of_memory());
        }
        Ok(())
    }

    /// Whether that much more memory may be taken for a moment.
    pub(super) fn afford(&mut self, bytes: usize) -> Outcome<()> {
        let mark = self.held;
        let result = self.hold(bytes);
        self.held = mark;
        result
    }

    #[cold]
    pub(super) fn out_of_memory(&self) -> Box<Fault> {
        let message = format!("evaluation holds more than {} bytes", self.environment.memory());
        Box::new(Fault::new(XPathErrorKind::MemoryLimit, 0, message).hint("allow more memory"))
    }

    /// The string-value of a node.
    pub(super) fn string_value(&self, key: Key) -> &'d str {
        names::string_value(self.document, key)
    }
}

impl Value<'_, '_> {
    fn memory(&self) -> usize {
        match self {
            Self::Nodes(set) => set.memory(),
            Self::Text(Text::Owned(text)) => text.capacity(),
            _ => 0,
        }
    }
}
