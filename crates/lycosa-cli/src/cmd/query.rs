//! `lycosa query`: select parts of a page, the way people use htmlq, pup or xidel.

use lycosa::crawler::single::{Fetched, SingleOptions};
use lycosa::{Error, ErrorKind, Result};
use lycosa_dom::Document;

use super::page::{Reading, say_unread};
use super::source;
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
    #[arg(long, value_name = "SELECTOR", allow_hyphen_values = true, value_parser = super::xpath::asked)]
    css: Option<String>,
    /// The XPath 1.0 expression; it may give nodes, a number, a string or a boolean
    #[arg(long, value_name = "EXPRESSION", allow_hyphen_values = true, value_parser = super::xpath::asked)]
    xpath: Option<String>,
    #[command(flatten)]
    reading: Reading,
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

/// Runs the command.
pub(crate) async fn run(args: Args) -> Result<Exit> {
    source::check(&args.source)?;
    let query = args.reading.query(args.css.as_deref(), args.xpath.as_deref())?;
    let query = query.ok_or_else(|| Error::new(ErrorKind::Usage, "there is nothing to look for"))?;
    let answer = if source::is_url(&args.source) {
        let fetched = fetch(&args).await?;
        say_unread(fetched.is_text(), fetched.content_type.as_deref());
        query.answer(fetched.document(), args.html)?
    } else {
        query.answer(&local(&args)?, args.html)?
    };
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
    output::read_text(&text)?;
    Ok(if answer.is_nothing { Exit::Failed } else { Exit::Done })
}

async fn fetch(args: &Args) -> Result<Fetched> {
    let options = SingleOptions {
        proxy_from_env: true,
        max_body: args.reading.max_body.map(|size| size.0),
        charset: args.charset.0,
        kind: args.reading.kind(),
        ..SingleOptions::default()
    };
    source::fetch(&args.source, options).await
}

fn local(args: &Args) -> Result<Document> {
    let bytes = source::bytes(&args.source, args.reading.max_body)?;
    let (text, charset) = super::fetch::decoded(&bytes, None, args.charset);
    Ok(args.reading.document_of(&args.source, &text).in_charset(charset))
}
