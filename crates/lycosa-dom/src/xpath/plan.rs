//! The plan: an expression with names and functions looked up, types known, steps joined and the usual shapes of
//! conditions recognised. `compile` makes it, `evaluate` runs it.

use std::sync::Arc;

use memchr::memmem::Finder;

use super::functions::Function;
pub(super) use super::parser::Axis;
use crate::{Pattern, name::Atom};

/// The plan of one expression.
#[derive(Debug)]
pub(super) struct Plan {
    pub(super) source: Arc<str>,
    pub(super) root: Expr,
    /// The names that steps and conditions ask for.
    pub(super) names: Vec<NameTest>,
    pub(super) variables: Vec<Box<str>>,
    /// How many values are computed at most once in an evaluation.
    pub(super) slots: usize,
    /// How many texts are searched for once in an evaluation.
    pub(super) searches: usize,
    /// The whole expression, when it is of the simplest kind.
    pub(super) downward: Option<Downward>,
    /// Whether the value may be another one at another node of the document.
    pub(super) needs_context: bool,
}

/// A path of child steps by name and place alone.
#[derive(Debug)]
pub(super) struct Downward {
    pub(super) is_from_root: bool,
    pub(super) steps: Box<[DownwardStep]>,
}

/// A step of it.
#[derive(Clone, Copy, Debug)]
pub(super) struct DownwardStep {
    /// The local name, which every document has the same number for.
    pub(super) name: Atom,
    pub(super) position: Option<u32>,
}

/// The number of a name in the plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct NameId(pub(super) usize);

/// A name as a step asks for it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct NameTest {
    /// Whether it asks for attributes and not for elements.
    pub(super) is_attribute: bool,
    /// The address of the namespace; `None` when there is no prefix.
    pub(super) namespace: Option<Arc<str>>,
    /// The local name; `None` for `prefix:*`.
    pub(super) local: Option<Box<str>>,
    /// The local name in lower case.
    pub(super) lower: Box<str>,
    /// The number of the lower-case name, where every document has it.
    pub(super) known: Option<Atom>,
    /// The same name as an SVG element in HTML is called, if it has capitals there.
    pub(super) capitals: Option<&'static str>,
}

/// The type of an expression, as far as it is known before evaluation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Type {
    Nodes,
    Number,
    Text,
    Boolean,
    /// A variable's.
    Unknown,
}

/// An operator that compares.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Comparison {
    Equal,
    NotEqual,
    Less,
    LessEqual,
    Greater,
    GreaterEqual,
}

/// An operator that calculates.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Arithmetic {
    Add,
    Subtract,
    Multiply,
    Divide,
    Modulo,
}

/// An expression.
#[derive(Debug)]
pub(super) enum Expr {
    Number(f64),
    Text(Box<str>),
    Boolean(bool),
    /// The number of a variable and the byte it stands at.
    Variable(usize, usize),
    /// What does not depend on the context: computed when first asked for.
    Once(usize, Box<Expr>),
    Or(Vec<Expr>),
    And(Vec<Expr>),
    Not(Box<Expr>),
    Boolify(Box<Expr>),
    Compare(Comparison, Box<(Expr, Expr)>),
    /// A comparison whose boolean is compared further, from left to right.
    Comparisons(Box<Expr>, Vec<(Comparison, Expr)>),
    Calculate(Box<Expr>, Vec<(Arithmetic, Expr)>),
    Negate(Box<Expr>),
    Union(Vec<Expr>),
    Path(Box<Path>),
    Filter(Box<Filter>),
    Position,
    Last,
    Call(Box<Call>),
    /// A condition on an attribute of the context.
    Attribute(Box<AttributeCondition>),
    /// Whether the string-value of the context contains a text; the number of the search.
    Contains(usize, Box<Finder<'static>>),
    /// Whether a text has anything but whitespace in it.
    NotBlank(Box<Expr>),
    /// Whether a text, its whitespace normalised, is this one.
    NormalizedIs(Box<Expr>, Box<str>),
}

/// A call of a function.
#[derive(Debug)]
pub(super) struct Call {
    pub(super) function: Function,
    pub(super) arguments: Vec<Expr>,
    pub(super) result: Type,
    pub(super) at: usize,
    /// The expression of a call that has one, when it is known before evaluation.
    pub(super) regex: Option<Pattern>,
}

/// A condition on the attribute with a name.
#[derive(Debug)]
pub(super) struct AttributeCondition {
    pub(super) name: NameId,
    pub(super) kind: AttributeTest,
    pub(super) text: Box<str>,
    /// Made to search for the text.
    pub(super) finder: Finder<'static>,
}

/// What is asked of the attribute's value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum AttributeTest {
    Exists,
    Is,
    IsNot,
    Contains,
    StartsWith,
    /// Has the word, words being parted by XPath whitespace.
    HasWord,
    /// Has the word, words being parted by the space alone.
    HasSpacedWord,
    /// Has the word, words being parted by HTML whitespace.
    HasClass,
}

impl AttributeCondition {
    /// Whether it can hold without the attribute.
    pub(super) fn needs_attribute(&self) -> bool {
        match self.kind {
            AttributeTest::Contains | AttributeTest::StartsWith => !self.text.is_empty(),
            _ => true,
        }
    }
}

/// Where a path starts.
#[derive(Debug)]
pub(super) enum Start {
    Context,
    Root,
    Expression(Expr),
}

/// A path.
#[derive(Debug)]
pub(super) struct Path {
    pub(super) start: Start,
    pub(super) steps: Vec<Step>,
}

/// An expression with predicates.
#[derive(Debug)]
pub(super) struct Filter {
    pub(super) primary: Expr,
    pub(super) predicates: Vec<Predicate>,
}

/// A step.
#[derive(Debug)]
pub(super) struct Step {
    pub(super) axis: Axis,
    /// Taken from the context nodes and all their descendants: `//` before a child step that counts, or before
    /// an attribute step.
    pub(super) is_deep: bool,
    pub(super) test: Test,
    pub(super) predicates: Vec<Predicate>,
    /// Whether a predicate depends on position or size.
    pub(super) is_positional: bool,
    /// An attribute that a node must have to pass the predicates, and its value, if that is given.
    pub(super) needed: Option<Needed>,
}

/// An attribute that a node must have to pass.
#[derive(Debug)]
pub(super) struct Needed {
    pub(super) name: NameId,
    /// Its value, if only one will do.
    pub(super) value: Option<Box<str>>,
    /// Whether the predicates ask for nothing but the value of this attribute.
    pub(super) is_all: bool,
}

/// What a step asks of a node.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Test {
    Any,
    Text,
    Comment,
    ProcessingInstruction(Option<Box<str>>),
    /// Any node of the axis's principal type.
    Star,
    Name(NameId),
}

/// A predicate, by what it needs to know.
#[derive(Debug)]
pub(super) enum Predicate {
    /// A condition that knows the node alone.
    Condition(Expr),
    /// The position is this.
    At(u32),
    /// The position is at most this.
    UpTo(u32),
    /// The position is the last.
    Last,
    /// Anything that counts.
    Counting { expression: Expr, uses_last: bool },
}

impl Downward {
    /// The expression as such a path, if it is one. What XML or SVG would call otherwise is none.
    pub(super) fn of(expr: &Expr, names: &[NameTest]) -> Option<Self> {
        let Expr::Path(path) = expr else { return None };
        let is_from_root = match path.start {
            Start::Root => true,
            Start::Context => false,
            Start::Expression(_) => return None,
        };
        let steps: Option<Box<[DownwardStep]>> =
            path.steps.iter().map(|step| DownwardStep::of(step, names)).collect();
        steps.filter(|steps| !steps.is_empty()).map(|steps| Self { is_from_root, steps })
    }
}

impl DownwardStep {
    fn of(step: &Step, names: &[NameTest]) -> Option<Self> {
        let Test::Name(NameId(number)) = step.test else { return None };
        let test = names.get(number)?;
        if step.axis != Axis::Child || step.is_deep || test.namespace.is_some() || test.capitals.is_some() {
            return None;
        }
        let position = match *step.predicates {
            [] => None,
            [Predicate::At(position)] => Some(position),
            _ => return None,
        };
        test.known.map(|name| Self { name, position })
    }
}

impl Expr {
    /// Its type, as far as it is known.
    pub(super) fn type_of(&self) -> Type {
        match self {
            Self::Number(_) | Self::Calculate(..) | Self::Negate(_) | Self::Position | Self::Last => {
                Type::Number
            }
            Self::Text(_) => Type::Text,
            Self::Boolean(_)
            | Self::Or(_)
            | Self::And(_)
            | Self::Not(_)
            | Self::Boolify(_)
            | Self::Compare(..)
            | Self::Comparisons(..)
            | Self::Attribute(_)
            | Self::Contains(..)
            | Self::NotBlank(_)
            | Self::NormalizedIs(..) => Type::Boolean,
            Self::Variable(..) => Type::Unknown,
            Self::Once(_, inner) => inner.type_of(),
            Self::Union(_) | Self::Path(_) | Self::Filter(_) => Type::Nodes,
            Self::Call(call) => call.result,
        }
    }

    /// Whether it is a path without steps from the context: `.`.
    pub(super) fn is_self(&self) -> bool {
        matches!(self, Self::Path(path) if path.steps.is_empty() && matches!(path.start, Start::Context))
    }
}
