//! `lycosa extract`: data out of one page, without writing code.

use lycosa::{Error, ErrorKind, Result};
use url::Url;

use super::{fetch, query, structured};
use crate::exit::Exit;

/// Take data out of a page from a file, a URL or standard input
#[derive(Debug, clap::Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct Args {
    /// A file, an http(s) URL, or `-` for standard input
    source: String,
    /// Print the data that the page has for machines: JSON-LD, microdata, RDFa, Open Graph, Twitter cards, meta, feeds
    #[arg(long, required = true)]
    structured: bool,
    /// The URL of a page that comes from a file: its addresses are relative to it
    #[arg(long, value_name = "URL", value_parser = address)]
    url: Option<Url>,
    /// Read the page as this charset, such as koi8-r, whatever it declares; `auto` finds out
    #[arg(long, value_name = "NAME", default_value = "auto", value_parser = fetch::charset)]
    charset: fetch::CharsetChoice,
}

const AFTER_HELP: &str = "Prints JSON; ends with 1 when there is no such data. Addresses of a file stay as written \
where neither --url nor a <base> says what they are relative to. A URL is fetched without consulting robots.txt: this \
is one request made by a person, not a crawl.";

fn address(text: &str) -> Result<Url> {
    Url::parse(text).map_err(|cause| {
        Error::new(ErrorKind::Url, format!("`{text}` is no absolute URL: {cause}"))
            .with_hint("write it whole, such as http://example.org/page")
    })
}

/// Runs the command.
pub(crate) async fn run(args: Args) -> Result<Exit> {
    let page = query::read(&args.source).await?;
    let address = args.url.or(page.url);
    let media_type = page.content_type.as_deref();
    let text = fetch::decoded(&page.bytes, media_type, args.charset);
    structured::print(&args.source, &text, media_type, address.as_ref())
}
