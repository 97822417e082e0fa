//! Pages on the command line: how one is parsed and asked, in `query` and `fetch` alike, and what there is to say about
//! the tree it became.

use lycosa::config::ByteSize;
use lycosa::crawler::single::document;
use lycosa::{Error, ErrorKind, Result};
use lycosa_dom::{
    CutReason, Document, DocumentKind, NodeRef, Output, ParseOptions, Selector, TreeState, XPath,
    XmlProblemKind,
};
use serde_json::Value;

use super::{source, xpath};
use crate::output;

/// The flags that say how a page is read.
#[derive(Clone, Debug, clap::Args)]
pub(super) struct Reading {
    /// Bind a prefix of the expression to a namespace; repeatable
    #[arg(long = "ns", value_name = "PREFIX=URI", value_parser = xpath::namespace)]
    namespaces: Vec<(String, String)>,
    /// How to parse: html, xml, or auto: by the media type, the file's name, or how the source begins
    #[arg(long = "as", value_name = "KIND", default_value = "auto")]
    kind: ParseAs,
    /// The longest page to read, such as 10MB [default: 64MiB]
    #[arg(long, value_name = "BYTES")]
    pub(super) max_body: Option<ByteSize>,
}

/// What `--as` may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum ParseAs {
    Auto,
    Html,
    Xml,
}

impl Reading {
    /// What the page is said to be.
    pub(super) fn kind(&self) -> Option<DocumentKind> {
        match self.kind {
            ParseAs::Auto => None,
            ParseAs::Html => Some(DocumentKind::Html),
            ParseAs::Xml => Some(DocumentKind::Xml),
        }
    }

    /// An expression with the prefixes that are bound.
    ///
    /// # Errors
    /// When it cannot be read, or a prefix is bound twice or may not be.
    pub(super) fn expression(&self, text: &str) -> Result<XPath> {
        xpath::check_namespaces(&self.namespaces)?;
        xpath::expression(text, &self.namespaces)
    }

    /// The document of a file or of standard input, called so. What a file's name says to be XML may turn out to be HTML
    /// after all.
    pub(super) fn document_of(&self, name: &str, text: &str) -> Document {
        let named = source::kind_of_name(name).filter(|_| name != "-");
        match (self.kind(), named) {
            (None, Some(kind)) => Document::parse(text, kind, ParseOptions::default()),
            (said, _) => document(text, said, None),
        }
    }

    /// The selector or the expression, if there is one of them.
    ///
    /// # Errors
    /// When it cannot be read, or prefixes are bound that nothing uses.
    pub(super) fn query(&self, css: Option<&str>, xpath: Option<&str>) -> Result<Option<Query>> {
        if xpath.is_none() && !self.namespaces.is_empty() {
            return Err(Error::new(ErrorKind::Usage, "--ns without --xpath binds nothing")
                .with_hint("selectors know no prefixes; ask with --xpath"));
        }
        match (css, xpath) {
            (_, Some(text)) => self.expression(text).map(|it| Some(Query::XPath(it, text.to_owned()))),
            (Some(text), None) => selector(text).map(|it| Some(Query::Css(it))),
            (None, None) => Ok(None),
        }
    }
}

/// What is looked for.
pub(super) enum Query {
    Css(Selector),
    /// With its text.
    XPath(XPath, String),
}

/// What was found: lines for people, the same for JSON, and whether that is nothing.
pub(super) struct Answer {
    pub(super) lines: Vec<String>,
    pub(super) json: Value,
    pub(super) is_nothing: bool,
}

impl Query {
    /// Asks a page, and says on standard error why an answer may lack something.
    pub(super) fn answer(&self, document: &Document, html: bool) -> Result<Answer> {
        shortcomings(document).iter().for_each(|line| output::say(&format!("note: {line}")));
        match self {
            Self::Css(selector) => {
                let lines: Vec<String> = matches(document, selector, html).map(|(_, line)| line).collect();
                Ok(Answer { json: lines.clone().into(), is_nothing: lines.is_empty(), lines })
            }
            Self::XPath(expression, text) => {
                let value = xpath::evaluate(expression, document)?;
                let (lines, json) = (xpath::lines(&value, html), xpath::json(&value, html));
                let is_nothing = xpath::is_nothing(&value);
                if let Some(hint) = is_nothing.then(|| xpath::unbound_names(text, document)).flatten() {
                    output::say(&format!("  hint: {hint}"));
                }
                Ok(Answer { lines, json, is_nothing })
            }
        }
    }
}

/// What was left out of a page's tree, so that a search is not one of the whole page; one line each.
pub(super) fn shortcomings(document: &Document) -> Vec<String> {
    let limits = ParseOptions::default();
    let mut lines = Vec::new();
    if let TreeState::Cut { reason } = document.tree_state() {
        lines.push(match reason {
            CutReason::Nodes => {
                format!("the tree was cut at {} nodes: what lies behind is not searched", limits.max_nodes)
            }
            CutReason::Depth => {
                format!(
                    "the tree was cut at a depth of {}: what lies deeper is not searched",
                    limits.max_depth
                )
            }
            reason => format!("the tree was cut ({}): what lies behind is not searched", reason.as_str()),
        });
    }
    let problems = document.xml_problems();
    if let Some(problem) = problems.iter().find(|problem| problem.kind == XmlProblemKind::EntityLimit) {
        lines.push(format!("{problem}; further ones were left out and are not searched"));
    }
    lines
}

/// Why the tree was cut, in a word.
pub(super) fn cut(document: &Document) -> Option<&'static str> {
    match document.tree_state() {
        TreeState::Whole => None,
        TreeState::Cut { reason } => Some(reason.as_str()),
    }
}

/// What a selector takes, match by match: markup when asked for, else text with its white space collapsed. With the
/// element, if it is that which matches and not a text or an attribute of it.
pub(super) fn matches<'d: 's, 's>(
    document: &'d Document,
    selector: &'s Selector,
    html: bool,
) -> impl Iterator<Item = (Option<NodeRef<'d>>, String)> + 's {
    let text = |text: &str| lycosa_dom::collapse_whitespace(text).into_owned();
    selector.outputs(document.root()).flat_map(move |(node, output)| match output {
        Output::Node if html => vec![(Some(node), node.html())],
        Output::Node => vec![(Some(node), text(node.text()))],
        _ => output.take(node).iter().map(|value| (None, text(value))).collect(),
    })
}

/// A selector, or an error with a caret under the place where it went wrong.
pub(super) fn selector(text: &str) -> Result<Selector> {
    Selector::parse(text).map_err(|cause| {
        let (shown, caret) = (output::shortened(text), cause.caret().replace('\n', "\n  "));
        Error::new(ErrorKind::Usage, format!("the selector `{shown}` cannot be read: {cause}\n  {caret}"))
            .with_hint(selector_hint(text))
    })
}

/// What to write instead: for the ways of other languages their like, else an example.
fn selector_hint(text: &str) -> String {
    let is_name = |word: &str| {
        !word.is_empty() && word.chars().all(|letter| letter.is_alphanumeric() || "-_".contains(letter))
    };
    let halves = ["@", "|"].into_iter().find_map(|sign| {
        let (before, after) = text.trim().rsplit_once(sign)?;
        is_name(after).then_some((sign, before, after))
    });
    match halves {
        Some(("@", before, name)) if text.len() < 200 => {
            format!("write {}::attr({name})", before.trim_matches('/'))
        }
        Some(("|", before, name)) if is_name(before) => {
            format!("selectors know no prefixes: --xpath //{before}:{name} --ns {before}=…")
        }
        _ => "CSS selectors with ::text or ::attr(name) at the end, such as \"h1::text\"".to_owned(),
    }
}

/// Says that content is no page, when it is none.
pub(super) fn say_unread(is_text: bool, content_type: Option<&str>) {
    if let (false, Some(kind)) = (is_text, content_type) {
        output::say(&format!("note: not read as a page: {}", output::printable(kind)));
        output::say("  hint: --as html reads it all the same");
    }
}
