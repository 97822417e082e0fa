//! Records as JSON: the page record that every page gives, the outcome record of a URL that gave none, and the
//! item record. Written once, at commit; sinks put `id` and `seq` first.
//!
//! A page record always has every column of [`PAGE_COLUMNS`], `null` when unknown, so that tables and readers can
//! rely on them. Facts that concern few pages (`charset_confidence`, `charset_declared`, `charset_unknown`, `charset_malformed`, `redirects`, `downgraded`, `proxy`, `guard`, `tree`, `body`, `body_file`, `generation` and `changed` of visits after the first, and all of [`PageSays`]) are there only when they apply, and not
//! in tables.
//!
//! `outlinks` is the number of distinct links by default: the list itself would more than double the output, and
//! the crawl's own URLs are the output anyway. [`Outlinks::List`] writes it for those who draw link graphs.

use std::time::Duration;

use super::json::{Object, push_number, push_text};
use super::time::push_rfc3339;
use crate::model::{Block, Hop, Item, Outcome, Reject, Repeated, Timestamp, UseSignal};

/// The fields of a page record, in order.
pub const PAGE_COLUMNS: [&str; 16] = [
    "url",
    "final_url",
    "status",
    "depth",
    "parent",
    "title",
    "description",
    "canonical",
    "lang",
    "content_type",
    "charset",
    "charset_source",
    "bytes",
    "fetched_at",
    "duration_ms",
    "outlinks",
];

/// What a page record says of the links of its page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outlinks<'a> {
    /// How many distinct ones there are.
    Count(u64),
    /// Their absolute URLs, in document order.
    List(&'a [&'a str]),
}

/// What few pages have to say of their character encoding.
#[derive(Clone, Copy, Debug, Default)]
pub struct CharsetNotes<'a> {
    /// How sure it is (`charset_confidence`), when it is not certain.
    pub confidence: Option<&'a str>,
    /// The declaration that the bytes contradicted (`charset_declared`).
    pub declared: Option<&'a str>,
    /// An encoding without a decoder that was declared or recognised (`charset_unknown`).
    pub unknown: Option<&'a str>,
    /// Malformed sequences (`charset_malformed`), when there were any.
    pub malformed: u64,
}

/// What a page says about itself to crawlers, and which pages it is like.
#[derive(Clone, Copy, Debug, Default)]
pub struct PageSays<'a> {
    /// Restricting words of `X-Robots-Tag` and `<meta name=robots>` (`robots`), when there are any.
    pub robots: &'a [Box<str>],
    /// Wishes about the use of the content (`content_use`: `from`, `name`, `use`, and `allowed` or else `value`), when
    /// there are any.
    pub uses: &'a [UseSignal],
    /// Language and absolute URL of the same page in other languages (`alternates`: `lang`, `url`), when there are any.
    pub alternates: &'a [(String, String)],
    /// The URL of this crawl that it declares to be its own, in canonical form: `rel=canonical` when that names another URL
    /// than the one that answered.
    pub declared_alias_of: Option<&'a str>,
    /// When the sitemap that named it says it last changed (`sitemap_lastmod`), as RFC 3339.
    pub sitemap_lastmod: Option<Timestamp>,
    /// The hash of its bytes (`content_hash`).
    pub content_hash: Option<u128>,
    /// The SimHash of its text (`simhash`).
    pub simhash: Option<u64>,
    /// A page of this crawl with the same bytes (`duplicate_of`).
    pub duplicate_of: Option<&'a str>,
    /// A page of this crawl with nearly the same text (`near_duplicate_of`).
    pub near_duplicate_of: Option<&'a str>,
}

/// What is known of a page.
#[derive(Clone, Copy, Debug)]
pub struct PageFacts<'a> {
    /// The URL with which the journey began.
    pub url: &'a str,
    /// The URL that answered.
    pub final_url: &'a str,
    /// The HTTP status.
    pub status: u16,
    /// Links from a seed.
    pub depth: u32,
    /// The page on which the URL was found; none for seeds.
    pub parent: Option<&'a str>,
    /// The document's title.
    pub title: Option<&'a str>,
    /// The content of `<meta name=description>`.
    pub description: Option<&'a str>,
    /// The absolute URL of `<link rel=canonical>`.
    pub canonical: Option<&'a str>,
    /// The language the document names.
    pub lang: Option<&'a str>,
    /// The media type of the answer, as sent.
    pub content_type: Option<&'a str>,
    /// The character encoding it was read with.
    pub charset: Option<&'a str>,
    /// How that encoding was found.
    pub charset_source: Option<&'a str>,
    /// What else is to be said of it.
    pub charset_notes: CharsetNotes<'a>,
    /// Body bytes after undoing content codings.
    pub bytes: u64,
    /// When the request started.
    pub fetched_at: Timestamp,
    /// From the start of the request to the end of the body.
    pub duration: Duration,
    /// The links in it.
    pub outlinks: Outlinks<'a>,
    /// Redirects that led from `url` to `final_url`.
    pub redirects: &'a [Hop],
    /// The proxy it came through, without credentials (`proxy`).
    pub proxy: Option<&'a str>,
    /// Whether the address guard could not see where the proxy connected to (`guard: "delegated"`).
    pub guard_delegated: bool,
    /// Why the tree does not hold the whole page (`tree: "cut"`, `tree_reason`), when it does not.
    pub tree_cut: Option<&'a str>,
    /// The language it was parsed as (`parsed_as`, `parsed_as_reason`), when that is not HTML from the outset.
    pub parsed_as: Option<ParsedAs<'a>>,
    /// Why the body was not read to its end (`body: "cut"`, `body_reason`), when it was not.
    pub body_cut: Option<&'a str>,
    /// Where the body was saved (`body_file`), when it was.
    pub body_file: Option<&'a str>,
    /// What it says about itself, and which pages it is like.
    pub says: PageSays<'a>,
    /// Which visit after the first it is, and whether its content has changed (`generation`, `changed`).
    pub revisited: Option<(u32, bool)>,
}

/// Which parser made a page's tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ParsedAs<'a> {
    /// `xml` or `html`.
    pub kind: &'a str,
    /// Why it is not XML although the page's type says so.
    pub fallback: Option<&'a str>,
}

/// The record of a page.
#[must_use]
pub fn page_record(facts: &PageFacts<'_>) -> Box<str> {
    let mut object = Object::with_capacity(estimate(facts));
    object.text("url", facts.url);
    object.text("final_url", facts.final_url);
    object.number("status", u64::from(facts.status));
    object.number("depth", u64::from(facts.depth));
    object.optional("parent", facts.parent);
    object.optional("title", facts.title);
    object.optional("description", facts.description);
    object.optional("canonical", facts.canonical);
    object.optional("lang", facts.lang);
    object.optional("content_type", facts.content_type);
    object.optional("charset", facts.charset);
    object.optional("charset_source", facts.charset_source);
    object.number("bytes", facts.bytes);
    push_time(&mut object, facts.fetched_at);
    object.number("duration_ms", millis(facts.duration));
    match facts.outlinks {
        Outlinks::Count(count) => object.number("outlinks", count),
        Outlinks::List(links) => push_list(object.name("outlinks"), links, |out, link| push_text(out, link)),
    }
    push_charset_notes(&mut object, &facts.charset_notes);
    if let Some((generation, changed)) = facts.revisited {
        object.number("generation", u64::from(generation));
        object.raw("changed", if changed { "true" } else { "false" });
    }
    if !facts.redirects.is_empty() {
        push_list(object.name("redirects"), facts.redirects, push_hop);
        if Hop::downgraded(facts.redirects, facts.final_url) {
            object.raw("downgraded", "true");
        }
    }
    if let Some(proxy) = facts.proxy {
        object.text("proxy", proxy);
    }
    if facts.guard_delegated {
        object.text("guard", "delegated");
    }
    for (name, reason, cut) in
        [("tree", "tree_reason", facts.tree_cut), ("body", "body_reason", facts.body_cut)]
    {
        if let Some(why) = cut {
            object.text(name, "cut");
            object.text(reason, why);
        }
    }
    if let Some(parsed_as) = facts.parsed_as {
        object.text("parsed_as", parsed_as.kind);
        if let Some(why) = parsed_as.fallback {
            object.text("parsed_as_reason", why);
        }
    }
    if let Some(file) = facts.body_file {
        object.text("body_file", file);
    }
    says::push(&mut object, &facts.says);
    object.end()
}

fn push_charset_notes(object: &mut Object, notes: &CharsetNotes<'_>) {
    let texts = [
        ("charset_confidence", notes.confidence),
        ("charset_declared", notes.declared),
        ("charset_unknown", notes.unknown),
    ];
    for (name, text) in texts {
        if let Some(text) = text {
            object.text(name, text);
        }
    }
    if notes.malformed > 0 {
        object.number("charset_malformed", notes.malformed);
    }
}

/// What is known of a URL that gave no page.
#[derive(Clone, Copy, Debug)]
pub struct OutcomeFacts<'a> {
    /// The URL with which the journey began.
    pub url: &'a str,
    /// What became of it.
    pub outcome: &'a Outcome,
    /// The URL that gave the last answer; none when nothing answered.
    pub final_url: Option<&'a str>,
    /// The declared type of that answer.
    pub content_type: Option<&'a str>,
    /// Requests sent for it, those of its redirects included.
    pub attempts: u32,
    /// Links from a seed.
    pub depth: u32,
    /// The page on which the URL was found; none for seeds.
    pub parent: Option<&'a str>,
    /// Which visit after the first it was (`generation`).
    pub revisited: Option<u32>,
    /// The page that its page repeats, when it is left out for that (`duplicate_of` or `near_duplicate_of`).
    pub repeats: Option<&'a Repeated>,
}

/// The record of an outcome: `url`, `outcome`, then what this outcome has of `status`, `reason`, `duplicate_of`,
/// `near_duplicate_of`, `to`, `alias_of`, `error`, `phase`, `message` and `block` (`kind`, `layer`, `evidence`), `final_url` and `content_type` when
/// there was an answer, then `attempts`, `depth`, `parent`, and `generation` of a visit after the first.
#[must_use]
pub fn outcome_record(facts: &OutcomeFacts<'_>) -> Box<str> {
    let mut object = Object::with_capacity(256 + facts.url.len() + facts.parent.map_or(0, str::len));
    object.text("url", facts.url);
    object.text("outcome", facts.outcome.as_str());
    match facts.outcome {
        Outcome::Fetched { status } => object.number("status", u64::from(*status)),
        Outcome::Redirect { status, to, .. } => {
            object.number("status", u64::from(*status));
            object.text("to", &to.request.url);
        }
        Outcome::Alias { status, of } => {
            object.number("status", u64::from(*status));
            object.text("alias_of", of);
        }
        Outcome::Excluded { reason } => {
            object.text("reason", reason.as_str());
            if let Some(repeated) = facts.repeats {
                let name = if repeated.nearly { "near_duplicate_of" } else { "duplicate_of" };
                object.text(name, &repeated.url);
            }
        }
        Outcome::Failed { error } => {
            object.text("error", error.kind().as_str());
            object.optional("phase", error.phase().map(|phase| phase.as_str()));
            object.text("message", &error.to_string());
            if let Some(block) = error.block() {
                object.number("status", u64::from(block.status));
                push_block(object.name("block"), block);
            }
        }
    }
    for (name, value) in [("final_url", facts.final_url), ("content_type", facts.content_type)] {
        if let Some(value) = value {
            object.text(name, value);
        }
    }
    object.number("attempts", u64::from(facts.attempts));
    object.number("depth", u64::from(facts.depth));
    object.optional("parent", facts.parent);
    if let Some(generation) = facts.revisited {
        object.number("generation", u64::from(generation));
    }
    object.end()
}

/// The record of an item: `type`, `page` (the URL it was taken from), then its fields in order.
#[must_use]
pub fn item_record(item: &Item, page: &str) -> Box<str> {
    let mut object = Object::with_capacity(256);
    object.text("type", &item.kind);
    object.text("page", page);
    for (name, value) in &item.fields {
        match value {
            serde_json::Value::String(text) => {
                let mut json = String::with_capacity(text.len() + 8);
                push_text(&mut json, text);
                object.raw(name, &json);
            }
            other => object.raw(name, &other.to_string()),
        }
    }
    object.end()
}

/// The record of what fails its rules: `type`, `page`, the `field` and `rule` of the first failure, all `failures`
/// (`field`, `rule`, `source`, `value`, `message`), and as `record` what was found all the same.
#[must_use]
pub fn reject_record(reject: &Reject, page: &str) -> Box<str> {
    let mut object = Object::with_capacity(512);
    object.text("type", &reject.kind);
    object.text("page", page);
    let first = reject.failures.first();
    object.optional("field", first.map(|failure| failure.field.as_str()));
    object.optional("rule", first.map(|failure| failure.rule));
    // A map of texts can always be written.
    object.raw("failures", &serde_json::to_string(&reject.failures).unwrap_or_default());
    object.raw("record", &serde_json::to_string(&reject.fields).unwrap_or_default());
    object.end()
}

fn push_time(object: &mut Object, at: Timestamp) {
    let out = object.name("fetched_at");
    out.push('"');
    push_rfc3339(out, at);
    out.push('"');
}

fn push_list<T>(out: &mut String, list: &[T], mut push: impl FnMut(&mut String, &T)) {
    out.push('[');
    for (index, element) in list.iter().enumerate() {
        if index > 0 {
            out.push(',');
        }
        push(out, element);
    }
    out.push(']');
}

fn push_hop(out: &mut String, hop: &Hop) {
    out.push_str("{\"url\":");
    push_text(out, &hop.url);
    out.push_str(",\"status\":");
    push_number(out, u64::from(hop.status));
    out.push('}');
}

fn push_block(out: &mut String, block: &Block) {
    let names =
        [("kind", block.kind.as_str()), ("layer", block.layer.as_str()), ("evidence", &block.evidence)];
    let mut object = Object::with_capacity(128);
    names.into_iter().for_each(|(name, value)| object.text(name, value));
    out.push_str(&object.end());
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

/// Names, punctuation and numbers take about 350 bytes; the texts come on top.
fn estimate(facts: &PageFacts<'_>) -> usize {
    let texts =
        [facts.parent, facts.title, facts.description, facts.canonical, facts.lang, facts.content_type];
    let optional: usize = texts.iter().flatten().map(|text| text.len()).sum();
    350 + facts.url.len() + facts.final_url.len() + optional
}

mod says;
#[cfg(test)]
mod tests;
