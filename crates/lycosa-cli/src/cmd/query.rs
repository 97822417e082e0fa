//! `lycosa query`: select parts of a page, the way people use htmlq, pup or xidel.

use std::io::Read as _;

use lycosa::crawler::single::{Single, SingleOptions};
use lycosa::{Error, ErrorKind, Result};
use lycosa_dom::{Document, Output, ParseOptions, Selector};

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
    /// Read the page as this charset, such as koi8-r, whatever it declares; `auto` finds out
    #[arg(long, value_name = "NAME", default_value = "auto", value_parser = super::fetch::charset)]
    charset: super::fetch::CharsetChoice,
    /// Print one JSON list of strings
    #[arg(long)]
    json: bool,
    /// Print the matches' markup
    #[arg(long)]
    html: bool,
}

const AFTER_HELP: &str = "Prints the text of every match on a line of its own; ends with 1 when nothing matches, as \
grep does. A URL is fetched without consulting robots.txt: this is one request made by a person, not a crawl.";

/// Runs the command.
pub(crate) async fn run(args: Args) -> Result<Exit> {
    let selector = selector(&args.css)?;
    let (bytes, content_type) = read(&args.source).await?;
    let text = super::fetch::decoded(&bytes, content_type.as_deref(), args.charset);
    let document = Document::parse_html(&text, ParseOptions::default());
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
    match selector.output() {
        Output::Node if html => document.select(selector).map(|node| node.html()).collect(),
        Output::Node => document.select(selector).map(|node| text(node.text())).collect(),
        _ => selector.values(document.root()).map(|value| text(&value)).collect(),
    }
}

/// A selector, or an error that shows where it went wrong.
pub(super) fn selector(text: &str) -> Result<Selector> {
    Selector::parse(text).map_err(|cause| {
        Error::new(ErrorKind::Usage, format!("the selector `{text}` cannot be read: {cause}"))
            .with_hint("CSS selectors with ::text or ::attr(name) at the end, such as \"h1::text\"")
    })
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
