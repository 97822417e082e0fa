//! `lycosa extract`: what the rules make of pages, with the reason of every value and of every miss; without rules their
//! content, or what they say about themselves.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use http::HeaderMap;
use lycosa::clock::SystemClock;
use lycosa::config::{ByteSize, CrawlOptions, Layers};
use lycosa::extract::declared_base;
use lycosa::extract::rules::{Fate, FieldReport, FollowRules, How, PageReport, RecordReport, Rules};
use lycosa::model::{Clock as _, Extract as _, Findings, Page, Request};
use lycosa::{Error, ErrorKind, Result};
use lycosa_dom::{Document, ParseOptions};
use serde_json::{Value, json};
use url::Url;

use super::crawl::config_error;
use super::source::{self, Read};
use super::{content, fetch, structured};
use crate::exit::Exit;
use crate::output;

/// Show what the rules of a configuration take out of pages, and why; or their content as Markdown.
#[derive(Debug, clap::Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct Args {
    /// Files, http(s) URLs, or `-` for standard input
    #[arg(required = true, value_name = "PAGE")]
    pages: Vec<String>,
    /// The file with the rules
    #[arg(long, value_name = "FILE", default_value = "lycosa.toml")]
    config: PathBuf,
    /// Set one option by its name in the file; repeatable
    #[arg(long, value_name = "KEY=VALUE")]
    set: Vec<String>,
    /// The URL of a page that comes from a file, for links and `when`
    #[arg(long, value_name = "URL")]
    url: Option<String>,
    /// The label of the pages, as a follow rule would give it
    #[arg(long, value_name = "LABEL")]
    label: Option<String>,
    /// Print JSON, one line a page
    #[arg(long)]
    json: bool,
    /// Print the data that pages have for machines, without rules: JSON-LD, microdata, RDFa, Open Graph, Twitter cards,
    /// meta, feeds
    #[arg(long, conflicts_with_all = ["config", "set", "label", "json"])]
    structured: bool,
    #[command(flatten)]
    content: content::Taking,
    /// Read the pages as this charset, such as koi8-r, whatever they declare; `auto` finds out
    #[arg(long, value_name = "NAME", default_value = "auto", value_parser = fetch::charset)]
    charset: fetch::CharsetChoice,
    /// The longest page to read, such as 10MB [default: 64MiB]
    #[arg(long, value_name = "BYTES")]
    max_body: Option<ByteSize>,
}

const AFTER_HELP: &str = "Shows for each field whether it was found, has its default, is missing or could not be \
converted, the value, and the source that gave it. Ends with 1 when a record lacks a required field. A URL is fetched \
without consulting robots.txt: this is one request made by a person, not a crawl.";

/// Characters of a value that are shown.
const SHOWN: usize = 60;

/// The rules of the configuration.
pub(super) struct Plan {
    rules: Rules,
    follow: Option<FollowRules>,
}

/// Runs the command.
pub(crate) async fn run(args: Args) -> Result<Exit> {
    if args.structured || args.content.format.is_some() {
        return without_rules(&args).await;
    }
    let plan = Plan::read(&args.config, &args.set)?;
    let mut exit = Exit::Done;
    for name in &args.pages {
        let read = source::read(name, args.max_body).await?;
        let address = address(name, &read, &args)?;
        let media_type = read.content_type.as_deref();
        let (text, charset) = fetch::decoded(&read.bytes, media_type, args.charset);
        let document = (!source::is_json(name, media_type, &text)).then(|| {
            let kind = source::kind(name, media_type, &text);
            Document::parse(&text, kind, ParseOptions::default()).in_charset(charset)
        });
        let subject = Subject {
            url: &address,
            label: args.label.as_deref(),
            status: read.status,
            headers: &read.headers,
            body: &read.bytes,
            text: &text,
            document: document.as_ref(),
        };
        let (report, links) = plan.examine(&subject)?;
        if has_rejects(&report) {
            exit = Exit::Failed;
        }
        let text = if args.json { as_json(&address, &report, &links) } else { shown(name, &report, &links) };
        if !output::read_text(&text)? {
            break;
        }
    }
    Ok(exit)
}

/// Prints the content of pages, or what they say about themselves. Files have no address unless one is given.
async fn without_rules(args: &Args) -> Result<Exit> {
    let mut exit = Exit::Done;
    for name in &args.pages {
        let read = source::read(name, args.max_body).await?;
        let address = args.url.as_ref().or(read.url.as_ref()).map(|text| absolute(text)).transpose()?;
        let media_type = read.content_type.as_deref();
        let (text, charset) = fetch::decoded(&read.bytes, media_type, args.charset);
        let printed = match args.content.format {
            Some(format) => {
                content::print(name, &text, charset, media_type, address.as_ref(), format, &args.content)?
            }
            None => structured::print(name, &text, charset, media_type, address.as_ref())?,
        };
        if printed == Exit::Failed {
            exit = Exit::Failed;
        }
    }
    Ok(exit)
}

/// A URL that is written whole.
///
/// # Errors
/// When it is not.
pub(super) fn absolute(text: &str) -> Result<Url> {
    Url::parse(text).map_err(|cause| {
        Error::new(ErrorKind::Usage, format!("`{text}` is no absolute URL: {cause}"))
            .with_hint("write it whole, such as http://example.org/page")
    })
}

/// The URL of a page: where it came from, or what stands for that.
fn address(name: &str, read: &Read, args: &Args) -> Result<Url> {
    let text = match (&args.url, &read.url) {
        (Some(given), _) => given.clone(),
        (None, Some(url)) => url.clone(),
        (None, None) => {
            let file = std::path::absolute(name).ok().and_then(|path| Url::from_file_path(path).ok());
            file.map_or_else(|| "file:///-".to_owned(), String::from)
        }
    };
    absolute(&text)
}

/// A page for rules.
pub(super) struct Subject<'p> {
    pub(super) url: &'p Url,
    /// As a follow rule would give it.
    pub(super) label: Option<&'p str>,
    pub(super) status: u16,
    pub(super) headers: &'p HeaderMap,
    pub(super) body: &'p [u8],
    pub(super) text: &'p str,
    /// None of JSON.
    pub(super) document: Option<&'p Document>,
}

impl Plan {
    /// The rules of a file, with options set over it.
    ///
    /// # Errors
    /// When there is no file, it has mistakes or no rules.
    pub(super) fn read(config: &Path, set: &[String]) -> Result<Self> {
        let mut layers = Layers::new();
        if !config.exists() {
            return Err(Error::new(ErrorKind::Usage, format!("there is no {}", config.display())).with_hint(
                "name a file of rules with --config, or print pages without rules: --format markdown, --structured",
            ));
        }
        layers.file(config).map_err(config_error)?;
        for pair in set {
            layers.set(pair).map_err(config_error)?;
        }
        let options: CrawlOptions = layers.build().map_err(config_error)?;
        let rules = options.rules().map_err(config_error)?;
        let follow = options.follow_rules().map_err(config_error)?;
        if rules.is_empty() && follow.is_none() {
            return Err(Error::new(ErrorKind::Config, format!("{} has no rules", config.display()))
                .with_hint("`lycosa config example` shows item rules"));
        }
        Ok(Self { rules, follow })
    }

    /// What items there are, and the links to follow with their labels.
    ///
    /// # Errors
    /// When the rules of links cannot be carried out.
    pub(super) fn examine(&self, subject: &Subject<'_>) -> Result<(PageReport, Vec<(String, String)>)> {
        let base = subject.document.and_then(|document| declared_base(document, subject.url));
        let request = Request { label: subject.label.map(Into::into), ..Request::get(subject.url.as_str()) };
        let page = Page {
            request: &request,
            url: subject.url,
            base: base.as_ref().unwrap_or(subject.url),
            status: subject.status,
            headers: subject.headers,
            body: subject.body,
            text: subject.text,
            fetched_at: SystemClock::new().now(),
            document: subject.document,
        };
        let mut report = self.rules.examine(&page);
        let mut findings = Findings::default();
        if let Some(follow) = &self.follow {
            follow.extract(&page, &mut findings)?;
        }
        report.notes.append(&mut findings.notes);
        let label = |label: Option<&str>| label.unwrap_or_default().to_owned();
        let links = findings.outlinks.into_iter();
        Ok((report, links.map(|link| (label(link.label.as_deref()), link.url.into())).collect()))
    }
}

/// Whether a record lacks what is required.
pub(super) fn has_rejects(report: &PageReport) -> bool {
    report.records.iter().any(|record| record.fate == Fate::Rejected)
}

fn as_json(url: &Url, report: &PageReport, links: &[(String, String)]) -> String {
    let links: Vec<Value> = links.iter().map(|(label, url)| json!({ "label": label, "url": url })).collect();
    let page = json!({
        "page": url.as_str(),
        "records": report.records,
        "none": report.none,
        "why_none": report.why_none,
        "follow": links,
        "notes": report.notes,
    });
    format!("{page}\n")
}

/// For people: a table for each record, with the links at the end.
pub(super) fn shown(name: &str, report: &PageReport, links: &[(String, String)]) -> String {
    let mut text = format!("{name}\n");
    let mut number = 0;
    for (place, record) in report.records.iter().enumerate() {
        let before = place.checked_sub(1).and_then(|before| report.records.get(before));
        number = if before.is_some_and(|before| before.kind == record.kind) { number + 1 } else { 1 };
        // Writing to a String cannot fail.
        let _ = writeln!(text, "\n{} {number}: {}", record.kind, fate(record));
        table(&mut text, &record.fields);
    }
    for (kind, why) in report.none.iter().zip(&report.why_none) {
        let _ = writeln!(text, "\n{kind}: none on this page, because {why}");
    }
    if !links.is_empty() {
        let _ = writeln!(text, "\nfollow");
        for (label, url) in links {
            let label = if label.is_empty() { "-" } else { label };
            let _ = writeln!(text, "  {label}  {url}");
        }
    }
    for note in &report.notes {
        let _ = writeln!(text, "\nnote: {note}");
    }
    text
}

fn fate(record: &RecordReport) -> String {
    let lacks = |field: &&FieldReport| field.required && matches!(field.how, How::Missing | How::Failed);
    match record.fate {
        Fate::Kept => "kept".to_owned(),
        Fate::Repeated => "left out: an earlier one has the same values in `unique_by`".to_owned(),
        Fate::Rejected => {
            let lacking: Vec<_> =
                record.fields.iter().filter(lacks).map(|field| field.field.as_str()).collect();
            format!("rejected for {}", lacking.join(", "))
        }
    }
}

fn table(text: &mut String, fields: &[FieldReport]) {
    let row = |field: &FieldReport| {
        let how = match field.how {
            How::Found => "found",
            How::Default => "default",
            How::Missing if field.required => "missing, required",
            How::Missing => "missing",
            How::Failed if field.required => "failed, required",
            How::Failed => "failed",
        };
        let why = field.why.as_ref().map(|why| format!("  {}", short(why))).unwrap_or_default();
        let by = field.by.clone().unwrap_or_else(|| "-".to_owned());
        [field.field.clone(), how.to_owned(), short(&field.value.to_string()), format!("{by}{why}")]
    };
    let rows: Vec<[String; 4]> = fields.iter().map(row).collect();
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let (name, how, value) = (width(0), width(1), width(2));
    for [a, b, c, d] in &rows {
        let _ = writeln!(text, "  {a:name$}  {b:how$}  {c:value$}  {d}");
    }
}

/// The beginning of a text, on one line.
fn short(text: &str) -> String {
    let line: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(SHOWN + 1).collect();
    match line.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line,
    }
}
