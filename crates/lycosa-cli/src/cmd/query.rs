//! `lycosa query`: select parts of a page, the way people use htmlq, pup or xidel.

use lycosa::{Error, ErrorKind, Result};
use lycosa_dom::{Document, Output, ParseOptions, Selector, XPath};
use serde_json::Value;

use super::{source, xpath};
use crate::exit::Exit;
use crate::output;

/// Select parts of a page from a file, a URL or standard input.
#[derive(Debug, clap::Args)]
#[command(after_help = AFTER_HELP)]
#[command(group(clap::ArgGroup::new("what").required(true).args(["css", "xpath"])))]
pub(crate) struct Args {
    /// A file, an http(s) URL, or `-` for standard input
    source: String,
    /// The CSS selector; `::text` and `::attr(name)` at its end select text nodes and attribute values
    #[arg(long, value_name = "SELECTOR")]
    css: Option<String>,
    /// The XPath 1.0 expression; it may give nodes, a number, a string or a boolean
    #[arg(long, value_name = "EXPRESSION")]
    xpath: Option<String>,
    /// Bind a prefix of the expression to a namespace; repeatable
    #[arg(long = "ns", value_name = "PREFIX=URI", value_parser = xpath::namespace)]
    namespaces: Vec<(String, String)>,
    /// How to parse: html, xml, or auto: by the media type, the file's name, or how the source begins
    #[arg(long = "as", value_name = "KIND", default_value = "auto", value_parser = ["auto", "html", "xml"])]
    kind: String,
    /// Read the page as this charset, such as koi8-r, whatever it declares; `auto` finds out
    #[arg(long, value_name = "NAME", default_value = "auto", value_parser = super::fetch::charset)]
    charset: super::fetch::CharsetChoice,
    /// Print JSON: a list of strings, or the number, string or boolean that the expression gives
    #[arg(long)]
    json: bool,
    /// Print the matches' markup; of attributes their value
    #[arg(long)]
    html: bool,
}

const AFTER_HELP: &str = "Prints the text of every match on a line of its own; ends with 1 when nothing matches, as \
grep does. A number, string or boolean of XPath is printed as XPath writes it, and always counts as a match; in JSON, \
NaN and Infinity are null. A URL is fetched without consulting robots.txt: this is one request made by a person, not a \
crawl.";

/// What is looked for.
enum Query {
    Css(Selector),
    XPath(XPath),
}

/// What was found: lines for people, the same for JSON, and whether that is nothing.
struct Answer {
    lines: Vec<String>,
    json: Value,
    is_nothing: bool,
}

impl Query {
    fn new(args: &Args) -> Result<Self> {
        if args.xpath.is_none() && !args.namespaces.is_empty() {
            return Err(Error::new(ErrorKind::Usage, "--ns without --xpath binds nothing")
                .with_hint("selectors know no prefixes; ask with --xpath"));
        }
        match (&args.css, &args.xpath) {
            (_, Some(expression)) => xpath::expression(expression, &args.namespaces).map(Self::XPath),
            (css, None) => selector(css.as_deref().unwrap_or_default()).map(Self::Css),
        }
    }

    fn answer(&self, document: &Document, html: bool) -> Result<Answer> {
        match self {
            Self::Css(selector) => {
                let lines = matches(document, selector, html);
                Ok(Answer { json: lines.clone().into(), is_nothing: lines.is_empty(), lines })
            }
            Self::XPath(expression) => {
                let value = xpath::evaluate(expression, document)?;
                let (lines, json) = (xpath::lines(&value, html), xpath::json(&value, html));
                Ok(Answer { lines, json, is_nothing: xpath::is_nothing(&value) })
            }
        }
    }
}

/// Runs the command.
pub(crate) async fn run(args: Args) -> Result<Exit> {
    let query = Query::new(&args)?;
    let found = source::read(&args.source).await?;
    let content_type = found.content_type.as_deref();
    let decoded = super::fetch::decoded(&found.bytes, content_type, args.charset);
    let document = parse(&decoded, &args, content_type);
    let answer = query.answer(&document, args.html)?;
    let mut text = String::new();
    if args.json {
        text = serde_json::to_string_pretty(&answer.json).map_err(|cause| {
            Error::new(ErrorKind::Internal, "the matches cannot be written as JSON").with_source(cause)
        })?;
        text.push('\n');
    } else {
        for value in &answer.lines {
            // One match, one line: markup keeps its own lines, text does not.
            text.push_str(if args.html { value } else { value.trim() });
            text.push('\n');
        }
    }
    output::data(text.as_bytes())?;
    Ok(if answer.is_nothing { Exit::Failed } else { Exit::Done })
}

/// The document of a text. What is only guessed to be XML may turn out to be HTML after all; what is said to be, not.
fn parse(text: &str, args: &Args, media_type: Option<&str>) -> Document {
    let options = ParseOptions::default();
    match args.kind.as_str() {
        "html" => Document::parse_html(text, options),
        "xml" => Document::parse_xml(text, options),
        _ => Document::parse(text, source::kind(&args.source, media_type, text), options),
    }
}

/// What a selector takes: markup when asked for, else text with its white space collapsed.
pub(super) fn matches(document: &Document, selector: &Selector, html: bool) -> Vec<String> {
    let text = |text: &str| lycosa_dom::collapse_whitespace(text).into_owned();
    let taken = selector.outputs(document.root()).flat_map(|(node, output)| match output {
        Output::Node if html => vec![node.html()],
        Output::Node => vec![text(node.text())],
        _ => output.take(node).iter().map(|value| text(value)).collect(),
    });
    taken.collect()
}

/// A selector, or an error that shows where it went wrong.
pub(super) fn selector(text: &str) -> Result<Selector> {
    Selector::parse(text).map_err(|cause| {
        Error::new(ErrorKind::Usage, format!("the selector `{text}` cannot be read: {cause}"))
            .with_hint("CSS selectors with ::text or ::attr(name) at the end, such as \"h1::text\"")
    })
}
