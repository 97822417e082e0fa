//! `lycosa fetch`: one URL, the way people use curl. Follows redirects, each hop through the address guard.

use std::borrow::Cow;
use std::fmt::Write as _;

use lycosa::crawler::single::{Fetched, Single};
use lycosa::{Error, ErrorKind, Result};
use lycosa_dom::{Charset, DecodeOptions};

use super::conversation;
use super::http::Http;
use super::page::{Query, Reading, cut, say_unread};
use crate::exit::Exit;
use crate::output;

/// Fetch one URL and print its facts (on standard error) and its body (on standard output).
#[derive(Debug, clap::Args)]
#[command(after_help = AFTER_HELP)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch on the command line")]
pub(crate) struct Args {
    /// The URL; a bare host means http
    url: String,
    /// Print the response's status and header fields before the body
    #[arg(short = 'i', long)]
    include: bool,
    /// Print the visible text instead of the markup
    #[arg(long, conflicts_with_all = ["links", "css", "xpath"])]
    text: bool,
    /// Print the links, absolute, one per line
    #[arg(long, conflicts_with_all = ["css", "xpath"])]
    links: bool,
    /// With --links, print all that the page refers to as JSON: images, scripts and forms too, with kind, text, rel and position
    #[arg(long, requires = "links")]
    json: bool,
    /// Print the text of what this CSS selector matches, one per line (`::text` and `::attr(name)` work)
    #[arg(long, value_name = "SELECTOR", allow_hyphen_values = true, value_parser = super::xpath::asked, conflicts_with = "xpath")]
    css: Option<String>,
    /// Print what this XPath 1.0 expression gives: the text of nodes, one per line, or a number, string or boolean
    #[arg(long, value_name = "EXPRESSION", allow_hyphen_values = true, value_parser = super::xpath::asked)]
    xpath: Option<String>,
    #[command(flatten)]
    reading: Reading,
    /// Read the text as this charset, such as koi8-r, whatever is declared; `auto` finds out. The body itself is printed
    /// as it came
    #[arg(long, value_name = "NAME", default_value = "auto", value_parser = charset)]
    charset: CharsetChoice,
    /// Print the facts alone, without the body
    #[arg(long)]
    facts: bool,
    #[command(flatten)]
    http: Http,
    /// Print every request and answer with the facts of its connection
    #[arg(short, long, conflicts_with = "quiet")]
    verbose: bool,
    /// Print how long each phase took
    #[arg(long, conflicts_with = "quiet")]
    timing: bool,
    /// Print nothing but the body
    #[arg(short, long)]
    quiet: bool,
}

/// The charset of `--charset`; none is `auto`.
#[derive(Clone, Copy, Debug)]
pub(super) struct CharsetChoice(pub(super) Option<Charset>);

/// Reads `--charset`.
pub(super) fn charset(name: &str) -> Result<CharsetChoice, String> {
    if name.eq_ignore_ascii_case("auto") {
        return Ok(CharsetChoice(None));
    }
    Charset::for_label(name).map(|charset| CharsetChoice(Some(charset))).map_err(|unknown| {
        let nearest = unknown.nearest.map(|label| format!("; did you mean `{label}`?")).unwrap_or_default();
        format!("{unknown}{nearest}")
    })
}

/// The text of a body in the chosen charset, and what that is called; `media_type` is what it was declared to be.
pub(super) fn decoded<'b>(
    bytes: &'b [u8],
    media_type: Option<&str>,
    charset: CharsetChoice,
) -> (Cow<'b, str>, &'static str) {
    let options = DecodeOptions { transport: media_type, charset: charset.0, ..DecodeOptions::default() };
    let decoded = lycosa_dom::decode_with(bytes, &options);
    decoded.map_or_else(|_| (Cow::default(), "UTF-8"), |decoded| (decoded.text, decoded.charset))
}

const AFTER_HELP: &str = "robots.txt is not consulted: this is one request made by a person, not a crawl. Ends with \
1 when no answer came, when it was cut short, or when its status is 400 or more.";

/// Runs the command.
pub(crate) async fn run(args: Args) -> Result<Exit> {
    let taken = Taken::new(&args)?;
    let single = Single::new(args.http.options(&args.reading, args.charset)?)?;
    let fetched = single.fetch(&args.url).await.map_err(told)?;
    if args.verbose {
        output::say(conversation::verbose(&fetched).trim_end());
    }
    if args.timing {
        output::say(conversation::timing(&fetched).trim_end());
    }
    if !(args.quiet || args.verbose || args.timing) {
        output::say(&facts(&fetched, !matches!(taken, Taken::Body)));
    }
    if !matches!(taken, Taken::Body) {
        say_unread(fetched.is_text(), fetched.content_type.as_deref());
    }
    let mut text = String::new();
    if args.include {
        head(&mut text, &fetched);
    }
    if !args.facts {
        body(&mut text, &taken, &fetched)?;
    }
    let raw = matches!(taken, Taken::Body) && !args.facts;
    if output::read_text(&text)? && raw {
        output::data(&fetched.body)?;
    }
    if let Some(error) = &fetched.error {
        return Err(super::source::raisable(error.clone()));
    }
    Ok(if fetched.status >= 400 { Exit::Failed } else { Exit::Done })
}

/// An error in the words of a command that fetches once and does not crawl.
pub(super) fn told(error: Error) -> Error {
    match error.kind() {
        ErrorKind::Offline => error.with_hint("fetch once without --offline to fill the cache"),
        _ => error,
    }
}

/// What there is to say of an answer. `is_searched`: the page is asked for more than its bytes.
pub(super) fn facts(fetched: &Fetched, is_searched: bool) -> String {
    let mut text = String::new();
    for hop in &fetched.chain {
        let _ = writeln!(text, "* {} {} (redirect)", hop.status, output::printable(&hop.url));
    }
    let _ = write!(text, "* {} {}", fetched.status, fetched.url);
    let mut fact = |name: &str, value: Option<String>| {
        if let Some(value) = value {
            let _ = write!(text, "\n* {name}: {}", output::printable(&value));
        }
    };
    let facts = &fetched.facts;
    let flagged = || "a redirect led from https to http".to_owned();
    fact("downgraded", fetched.is_downgraded().then(flagged));
    fact("peer", facts.peer.map(|peer| peer.to_string()));
    fact("proxy", facts.proxy.clone());
    fact("guard", facts.guard_delegated.then(|| "delegated (the proxy resolves the name)".to_owned()));
    fact("cache", facts.cache.map(|how| how.as_str().to_owned()));
    fact("protocol", Some(facts.version.to_owned()).filter(|version| !version.is_empty()));
    fact("tls", facts.tls.map(str::to_owned));
    fact("content type", fetched.content_type.clone());
    fact("charset", fetched.charset.clone());
    fact("title", fetched.title.clone());
    fact("tree", tree(fetched, is_searched));
    fact("bytes", Some(format!("{} ({} on the wire)", fetched.body.len(), fetched.wire_bytes)));
    let timings = &facts.timings;
    let phases = [
        ("dns", timings.dns),
        ("connect", timings.connect),
        ("tls", timings.tls),
        ("first byte", timings.first_byte),
    ];
    let spans: Vec<_> =
        phases.iter().filter_map(|(name, time)| time.map(|time| format!("{name} {time:.1?}"))).collect();
    let spans = if spans.is_empty() { String::new() } else { format!(" ({})", spans.join(", ")) };
    fact("time", Some(format!("{:.1?}{spans}", fetched.elapsed)));
    fetched.notes.iter().for_each(|note| fact("note", Some(note.clone())));
    fact("robots.txt", Some("not consulted".to_owned()));
    text
}

/// That the tree is not whole, of a page or of what is searched as one.
fn tree(fetched: &Fetched, is_searched: bool) -> Option<String> {
    let is_page =
        fetched.content_type.as_deref().is_none_or(|kind| kind.to_ascii_lowercase().contains("html"));
    let is_parsed = fetched.is_text() && (is_page || is_searched);
    let reason = is_parsed.then(|| cut(fetched.document())).flatten()?;
    Some(format!("cut ({reason})"))
}

/// The status and the header fields.
pub(super) fn head(text: &mut String, fetched: &Fetched) {
    let _ = writeln!(text, "{} {}", fetched.facts.version, fetched.status);
    for (name, value) in &fetched.headers {
        let _ = writeln!(text, "{name}: {}", String::from_utf8_lossy(value.as_bytes()));
    }
    text.push('\n');
}

fn body(text: &mut String, taken: &Taken, fetched: &Fetched) -> Result<()> {
    let lines = match taken {
        Taken::Body => Vec::new(),
        Taken::Text => vec![fetched.visible_text()],
        Taken::Links => fetched.links().iter().map(ToString::to_string).collect(),
        Taken::LinksAsJson => {
            vec![serde_json::to_string_pretty(&fetched.page_links()).map_err(|cause| {
                Error::new(ErrorKind::Internal, "the links cannot be written as JSON").with_source(cause)
            })?]
        }
        Taken::Query(query) => query.answer(fetched.document(), false)?.lines,
    };
    for line in lines {
        let _ = writeln!(text, "{line}");
    }
    Ok(())
}

/// What is printed of the page.
enum Taken {
    /// Its bytes as they came.
    Body,
    Text,
    Links,
    LinksAsJson,
    Query(Query),
}

impl Taken {
    /// Read before anything is fetched, so that a mistake costs no request.
    fn new(args: &Args) -> Result<Self> {
        let query = args.reading.query(args.css.as_deref(), args.xpath.as_deref())?;
        Ok(match query {
            Some(query) => Self::Query(query),
            None if args.text => Self::Text,
            None if args.json => Self::LinksAsJson,
            None if args.links => Self::Links,
            None => Self::Body,
        })
    }
}
