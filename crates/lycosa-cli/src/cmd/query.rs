//! `lycosa query`: select parts of a page, the way people use htmlq, pup or xidel.

use std::io::Read;

use lycosa::config::ByteSize;
use lycosa::crawler::single::{Fetched, Single, SingleOptions, document};
use lycosa::{Error, ErrorKind, Result};
use lycosa_dom::{Document, DocumentKind, ParseOptions};

use super::page::{Reading, say_unread};
use crate::exit::Exit;
use crate::output;

/// Bytes of a page that are read unless `--max-body` says otherwise, as in a fetch.
const MAX_BODY: u64 = 64 << 20;

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
    if args.source.is_empty() {
        return Err(Error::new(ErrorKind::Usage, "the source is empty")
            .with_hint("name a file, an http(s) URL, or - for standard input"));
    }
    let query = args.reading.query(args.css.as_deref(), args.xpath.as_deref())?;
    let query = query.ok_or_else(|| Error::new(ErrorKind::Usage, "there is nothing to look for"))?;
    let answer = if is_url(&args.source) {
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
    output::data(text.as_bytes())?;
    Ok(if answer.is_nothing { Exit::Failed } else { Exit::Done })
}

/// Whether the source is an address: schemes are compared without regard to case (RFC 3986, 3.1).
fn is_url(source: &str) -> bool {
    source.split_once("://").is_some_and(|(scheme, _)| {
        scheme.eq_ignore_ascii_case("http") || scheme.eq_ignore_ascii_case("https")
    })
}

async fn fetch(args: &Args) -> Result<Fetched> {
    let options = SingleOptions {
        proxy_from_env: true,
        max_body: args.reading.max_body.map(|size| size.0),
        charset: args.charset.0,
        kind: args.reading.kind(),
        ..SingleOptions::default()
    };
    let fetched = Single::new(options)?.fetch(&args.source).await?;
    if let Some(error) = fetched.error {
        return Err(raisable(error));
    }
    if fetched.status >= 400 {
        let message = format!("{} answered {}", args.source, fetched.status);
        return Err(Error::new(ErrorKind::Protocol, message)
            .with_hint("`lycosa fetch URL` shows the page it sent with that"));
    }
    Ok(fetched)
}

/// The document of a file or of standard input. What a file's name says to be XML may turn out to be HTML after all.
fn local(args: &Args) -> Result<Document> {
    let bytes = read(&args.source, args.reading.max_body.map_or(MAX_BODY, |size| size.0))?;
    let text = super::fetch::decoded(&bytes, None, args.charset);
    let named = kind_of_name(&args.source).filter(|_| args.source != "-");
    Ok(match (args.reading.kind(), named) {
        (None, Some(kind)) => Document::parse(&text, kind, ParseOptions::default()),
        (said, _) => document(&text, said, None),
    })
}

/// What a file's name says that it is.
pub(super) fn kind_of_name(source: &str) -> Option<DocumentKind> {
    const HTML: [&str; 2] = ["html", "htm"];
    const XML: [&str; 7] = ["xml", "xhtml", "xht", "rss", "atom", "rdf", "svg"];
    let ending = std::path::Path::new(source).extension()?.to_str()?.to_ascii_lowercase();
    if HTML.contains(&ending.as_str()) {
        return Some(DocumentKind::Html);
    }
    XML.contains(&ending.as_str()).then_some(DocumentKind::Xml)
}

/// The bytes of a file or of standard input, if there are not too many.
fn read(source: &str, most: u64) -> Result<Vec<u8>> {
    if source == "-" {
        return read_within(std::io::stdin().lock(), "standard input", most);
    }
    let file = std::fs::File::open(source).map_err(|cause| {
        let hint = match source.split_once('/') {
            Some((host, _)) if looks_like_host(host) => format!("did you mean http://{source}?"),
            None if looks_like_host(source) && kind_of_name(source).is_none() => {
                format!("name a file that is there; did you mean http://{source}?")
            }
            _ => "name a file, an http(s) URL, or - for standard input".to_owned(),
        };
        Error::io(format!("reading {}", output::shortened(source)), cause).with_hint(hint)
    })?;
    read_within(file, source, most)
}

/// Whether a word could be a host name with or without a port, rather than a folder.
fn looks_like_host(word: &str) -> bool {
    let (host, port) = word.rsplit_once(':').unwrap_or((word, "80"));
    let is_name =
        |part: &str| !part.is_empty() && part.chars().all(|letter| letter.is_alphanumeric() || letter == '-');
    let is_dotted = host.contains('.') && host.split('.').all(is_name);
    (is_dotted || host == "localhost") && port.parse::<u16>().is_ok()
}

fn read_within(reader: impl Read, name: &str, most: u64) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    reader
        .take(most.saturating_add(1))
        .read_to_end(&mut bytes)
        .map_err(|cause| Error::io(format!("reading {name}"), cause))?;
    if bytes.len() as u64 > most {
        let message = format!("{name} is larger than the limit of {}", ByteSize(most));
        return Err(raisable(Error::new(ErrorKind::TooLarge, message)));
    }
    Ok(bytes)
}

/// The error of a page that is too large, with the flag that reads larger ones.
pub(super) fn raisable(error: Error) -> Error {
    match error.kind() {
        ErrorKind::TooLarge => error.with_hint("raise the limit with --max-body, such as --max-body 200MB"),
        _ => error,
    }
}
