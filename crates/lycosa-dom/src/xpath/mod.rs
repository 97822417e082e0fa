//! XPath 1.0, whole, over the frozen document: compiled once to a plan, run on any document from any thread.
//!
//! # What there is
//!
//! All of the recommendation (W3C, 16 November 1999). Axes: `ancestor`, `ancestor-or-self`, `attribute`, `child`,
//! `descendant`, `descendant-or-self`, `following`, `following-sibling`, `namespace`, `parent`, `preceding`,
//! `preceding-sibling`, `self`. Functions: `last`, `position`, `count`, `id`, `local-name`, `namespace-uri`, `name`;
//! `string`, `concat`, `starts-with`, `contains`, `substring-before`, `substring-after`, `substring`,
//! `string-length`, `normalize-space`, `translate`; `boolean`, `not`, `true`, `false`, `lang`; `number`, `sum`,
//! `floor`, `ceiling`, `round`. Node tests: names, `*`, `prefix:*`, `node()`, `text()`, `comment()`,
//! `processing-instruction()` with or without a target. Variables come with the evaluation
//! ([`XPathEnvironment`]), namespace prefixes with the compilation ([`XPathOptions`]).
//!
//! # Beyond the recommendation
//!
//! What scrapers are used to. `has-class('a', …)`: the context element has all these classes. EXSLT under prefixes
//! that are bound from the start: `re:test(text, pattern, flags?)` and `re:replace(text, pattern, flags, by)` with
//! expressions that run in linear time (no look-around, no back references; flags `i` and `g`);
//! `set:difference`, `set:intersection`, `set:distinct`, `set:has-same-node`, `set:leading`, `set:trailing`;
//! `str:replace(text, from, to)`, `str:concat(nodes)`, `str:padding(length, text?)`, `str:align(text, in, how?)`.
//! Functions that would have to make nodes (`re:match`, `str:tokenize`, `str:split`) do not exist: the document is
//! frozen. Those of XPath 2.0 do not exist either; the error says what to write instead.
//!
//! # Names
//!
//! In an HTML document an element name without a prefix is compared without regard to ASCII case and finds HTML,
//! SVG and MathML elements alike: `//svg//path` works, as it does in lxml and parsel, and so does `//DIV`. (A
//! browser finds HTML elements alone by an unprefixed name; nobody's page rules can rely on that, since in a
//! browser `//svg` finds nothing at all.) The prefixes `html`, `svg` and `math` are bound from the start and
//! strict, so is `xml`, so is `xlink`. An attribute name is compared without regard to ASCII case on HTML elements,
//! exactly on others, as in browsers. `@xml:lang` also finds what the HTML parser leaves as an attribute
//! literally called `xml:lang`. `name()` and `local-name()` give `div`, lower case. A doctype is no node of XPath;
//! the contents of a `<template>` are its children. In an XML document names are compared strictly.
//!
//! # Limits
//!
//! An expression is at most 64 KiB long and its brackets 100 deep. An evaluation ends with
//! [`XPathErrorKind::StepLimit`] after [`XPathEnvironment::max_steps`] and with
//! [`XPathErrorKind::MemoryLimit`] beyond [`XPathEnvironment::max_memory`]. Nothing recurses over the depth of the
//! document.
//!
//! # How it is built
//!
//! `lexer` and `parser` make a syntax tree, `compile` makes the `plan` of it, `evaluate` runs the plan over arrays;
//! `functions`, `number`, `value` and `error` are what their names say.

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
pub use value::{XPathItem, XPathNamespace, XPathNodes, XPathValue};

use std::{fmt, str::FromStr, sync::Arc};

use self::{error::Fault, plan::Plan};
use crate::document::NodeRef;

/// A compiled expression. Compile once, evaluate on any document from any thread; a clone costs nothing.
///
/// ```
/// use lycosa_dom::{Document, ParseOptions, XPath};
/// let document = Document::parse_html("<ul><li>one<li class='x y'>two</ul>", ParseOptions::default());
/// let items = XPath::compile("//li[has-class('y')]")?.evaluate(document.root())?;
/// assert_eq!(items.to_text(), "two");
/// assert_eq!(XPath::compile("count(//li)")?.evaluate(document.root())?.to_number(), 2.0);
/// # Ok::<(), lycosa_dom::XPathError>(())
/// ```
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

    /// The expression as it was given.
    pub fn as_str(&self) -> &str {
        &self.0.source
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
        evaluate::evaluate(&self.0, context, environment).map_err(|fault| fault.in_expression(&self.0.source))
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
