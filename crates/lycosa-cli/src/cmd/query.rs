//! `lycosa query`: select parts of a page, the way people use htmlq, pup or xidel.

use std::io::Read as _;

use lycosa::crawler::single::{Single, SingleOptions};
use lycosa::{Error, ErrorKind, Result};
use lycosa_dom::{Document, DocumentKind, Output, ParseOptions, Selector};

use crate::exit::Exit;
use crate::output;

/// Select parts of a page from a file, a URL or standard input.
#[derive(Debug, clap::Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct Args {
    /// A file, an http(s) URL, or `-` for standard input
    source: String,
    /// The CSS selector; `::text` and `::attr(name)` at its end select text nodes and attribute values
    #[arg(long, value_name = "SELECTOR")]
    css: String,
    /// Print one JSON list of strings
    #[arg(long)]
    json: bool,
    /// Print the matches' markup
    #[arg(long)]
    html: bool,
    /// Parse the page as this, whatever its type, name or beginning say
    #[arg(long = "as", value_name = "LANGUAGE", value_parser = ["html", "xml"])]
    language: Option<String>,
}

const AFTER_HELP: &str = "Prints the text of every match on a line of its own; ends with 1 when nothing matches, as \
grep does. A URL is fetched without consulting robots.txt: this is one request made by a person, not a crawl.";

/// Runs the command.
pub(crate) async fn run(args: Args) -> Result<Exit> {
    let selector = selector(&args.css)?;
    let (bytes, content_type) = read(&args.source).await?;
    let decoded = lycosa_dom::decode(&bytes, content_type.as_deref(), None);
    let document = match (args.language.as_deref(), is_named_xml(&args.source)) {
        (Some("xml"), _) => Document::parse_xml(&decoded.text, ParseOptions::default()),
        (Some(_), _) => Document::parse_html(&decoded.text, ParseOptions::default()),
        (None, true) => Document::parse(&decoded.text, DocumentKind::Xml, ParseOptions::default()),
        (None, false) => {
            let kind = DocumentKind::of(content_type.as_deref(), &decoded.text);
            Document::parse(&decoded.text, kind.unwrap_or(DocumentKind::Html), ParseOptions::default())
        }
    };
    let found = matches(&document, &selector, args.html);
    let mut text = String::new();
    if args.json {
        text = serde_json::to_string_pretty(&found).map_err(|cause| {
            Error::new(ErrorKind::Internal, "the matches cannot be written as JSON").with_source(cause)
        })?;
        text.push('\n');
    } else {
        for value in &found {
            // One match, one line: markup keeps its own lines, text does not.
            text.push_str(if args.html { value } else { value.trim() });
            text.push('\n');
        }
    }
    output::data(text.as_bytes())?;
    Ok(if found.is_empty() { Exit::Failed } else { Exit::Done })
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

/// Whether this is a file whose name says that it is XML.
fn is_named_xml(source: &str) -> bool {
    const ENDINGS: [&str; 7] = ["xml", "xhtml", "xht", "rss", "atom", "rdf", "svg"];
    let is_file = !source.starts_with("http://") && !source.starts_with("https://");
    let ending = std::path::Path::new(source).extension().and_then(|ending| ending.to_str());
    is_file && ending.is_some_and(|ending| ENDINGS.iter().any(|known| known.eq_ignore_ascii_case(ending)))
}

async fn read(source: &str) -> Result<(Vec<u8>, Option<String>)> {
    if source == "-" {
        let mut bytes = Vec::new();
        std::io::stdin()
            .read_to_end(&mut bytes)
            .map_err(|cause| Error::io("reading standard input", cause))?;
        return Ok((bytes, None));
    }
    if source.starts_with("http://") || source.starts_with("https://") {
        let fetched = Single::new(SingleOptions { proxy_from_env: true, ..SingleOptions::default() })?
            .fetch(source)
            .await?;
        if let Some(error) = fetched.error {
            return Err(error);
        }
        if fetched.status >= 400 {
            let message = format!("{source} answered {}", fetched.status);
            return Err(Error::new(ErrorKind::Protocol, message)
                .with_hint("`lycosa fetch URL` shows the page it sent with that"));
        }
        return Ok((fetched.body.to_vec(), fetched.content_type));
    }
    let bytes = std::fs::read(source).map_err(|cause| {
        Error::io(format!("reading {source}"), cause)
            .with_hint("name a file, an http(s) URL, or - for standard input")
    })?;
    Ok((bytes, None))
}
