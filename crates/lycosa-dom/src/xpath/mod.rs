//! XPath 1.0, whole, over the frozen document: compiled once to a plan, run on any document from any thread.
//!
//! # How it is built
//!
//! `lexer` and `parser` make a syntax tree, `compile` makes the `plan` of it, `evaluate` runs the plan over arrays;
//! `functions`, `number`, `value` and `error` are what their names say.
#![doc = include_str!("language.md")]

mod compile;
mod environment;
mod error;
mod evaluate;
mod functions;
mod lexer;
mod number;
mod parser;
mod plan;
mod value;

#[cfg(test)]
mod tests;

pub use environment::{XPathEnvironment, XPathOptions};
pub use error::{XPathError, XPathErrorKind};
pub use value::{XPathItem, XPathNamespace, XPathNodes, XPathToken, XPathValue};

use std::{fmt, str::FromStr, sync::Arc};

use self::{error::Fault, plan::Plan};
use crate::document::NodeRef;

/// A compiled XPath 1.0 expression. Compile once, evaluate on any document from any thread; a clone costs nothing.
///
/// ```
/// use lycosa_dom::{Document, ParseOptions, XPath};
/// let document = Document::parse_html("<ul><li>one<li class='x y'>two</ul>", ParseOptions::default());
/// let items = XPath::compile("//li[has-class('y')]")?.evaluate(document.root())?;
/// assert_eq!(items.to_text(), "two");
/// assert_eq!(XPath::compile("count(//li)")?.evaluate(document.root())?.to_number(), 2.0);
/// # Ok::<(), lycosa_dom::XPathError>(())
/// ```
#[doc = include_str!("language.md")]
#[derive(Clone)]
pub struct XPath(Arc<Plan>);

impl fmt::Debug for XPath {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("XPath").field(&self.as_str()).finish()
    }
}

impl fmt::Display for XPath {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

impl FromStr for XPath {
    type Err = XPathError;

    fn from_str(expression: &str) -> Result<Self, XPathError> {
        Self::compile(expression)
    }
}

impl XPath {
    /// Compiles an expression with the prefixes that are always bound and the default limits.
    ///
    /// # Errors
    /// When it is no XPath 1.0 expression, names a function or a prefix that does not exist, or is too long or too
    /// deeply nested.
    pub fn compile(expression: &str) -> Result<Self, XPathError> {
        Self::compile_with(expression, &XPathOptions::default())
    }

    /// Compiles an expression with prefixes and limits of one's own.
    ///
    /// # Errors
    /// As [`compile`](Self::compile).
    pub fn compile_with(expression: &str, options: &XPathOptions) -> Result<Self, XPathError> {
        let too_long = expression.len() > options.length();
        let source: Arc<str> = match too_long {
            true => expression[..expression.floor_char_boundary(options.length())].into(),
            false => expression.into(),
        };
        if too_long {
            let message = format!("the expression is longer than {} bytes", options.length());
            return Err(Fault::new(XPathErrorKind::TooLong, source.len(), message).in_expression(&source));
        }
        let plan = compile::compile(&source, options).map_err(|fault| fault.in_expression(&source))?;
        Ok(Self(Arc::new(plan)))
    }

    /// The names of all functions, those of EXSLT with the prefix that is always bound; for editors.
    pub fn function_names() -> impl Iterator<Item = String> {
        functions::names()
    }

    /// The names of the axes (XPath 1.0, section 2.2); for editors.
    pub fn axis_names() -> impl Iterator<Item = &'static str> {
        parser::Axis::ALL.into_iter().map(|(name, _)| name)
    }

    /// The expression as it was given.
    pub fn as_str(&self) -> &str {
        &self.0.source
    }

    /// Whether its value may be another one at another node of the document; if not (`//h1`, `count(//li)`), one
    /// evaluation is enough for all nodes.
    ///
    /// ```
    /// # use lycosa_dom::XPath;
    /// assert!(!XPath::compile("//h1[. = 'x']")?.depends_on_context());
    /// assert!(XPath::compile("//h1 | .//h2")?.depends_on_context());
    /// # Ok::<(), lycosa_dom::XPathError>(())
    /// ```
    pub fn depends_on_context(&self) -> bool {
        self.0.needs_context
    }

    /// The value of the expression with this node as its context.
    ///
    /// # Errors
    /// When a variable is used (there are none here), the node is a doctype, or a limit is reached.
    pub fn evaluate<'d>(&self, context: NodeRef<'d>) -> Result<XPathValue<'d>, XPathError> {
        self.evaluate_with(context.into(), &XPathEnvironment::default())
    }

    /// The value of the expression with any item as its context, with variables and limits.
    ///
    /// # Errors
    /// When a variable is missing, is no node-set where one must stand or has nodes of another document; when the
    /// context is a doctype; when a regular expression made in evaluation is invalid; when a limit is reached.
    pub fn evaluate_with<'d>(
        &self,
        context: XPathItem<'d>,
        environment: &XPathEnvironment<'d>,
    ) -> Result<XPathValue<'d>, XPathError> {
        let mut steps = environment.steps();
        evaluate::evaluate(&self.0, context, environment, &mut steps)
            .map_err(|fault| fault.in_expression(&self.0.source))
    }

    /// As [`evaluate`](Self::evaluate), paying from a purse of steps that several evaluations share: a step is a node
    /// looked at or 16 bytes of text read.
    ///
    /// # Errors
    /// As [`evaluate`](Self::evaluate); when the purse is empty.
    pub fn evaluate_paying<'d>(
        &self,
        context: NodeRef<'d>,
        steps: &mut u64,
    ) -> Result<XPathValue<'d>, XPathError> {
        let environment = XPathEnvironment::default().max_steps(*steps);
        evaluate::evaluate(&self.0, context.into(), &environment, steps)
            .map_err(|fault| fault.in_expression(&self.0.source))
    }
}

/// The one of the names that is most like a name, if one is like it.
fn nearest<'n>(name: &str, names: impl Iterator<Item = &'n str>) -> Option<&'n str> {
    let allowed = (name.chars().count() / 3).clamp(1, 3);
    names
        .map(|known| (strsim::damerau_levenshtein(name, known), known))
        .filter(|(distance, _)| *distance <= allowed)
        .min()
        .map(|(_, known)| known)
}
