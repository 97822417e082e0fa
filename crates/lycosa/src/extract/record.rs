//! Records as JSON: the page record that every page gives, the outcome record of a URL that gave none, and the
//! item record. Written once, at commit; sinks put `id` and `seq` first.
//!
//! A page record always has every column of [`PAGE_COLUMNS`], `null` when unknown, so that tables and readers can
//! rely on them. Facts that concern few pages (`redirects`, `downgraded`, `proxy`, `guard`, `tree`, `body`, `body_file`) are there only when they apply, and not
//! in tables.
//!
//! `outlinks` is the number of distinct links by default: the list itself would more than double the output, and
//! the crawl's own URLs are the output anyway. [`Outlinks::List`] writes it for those who draw link graphs.

use std::time::Duration;

use super::json::{Object, push_number, push_text};
use super::time::push_rfc3339;
use crate::model::{Block, Hop, Item, Outcome, Reject, Timestamp};

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
    object.end()
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
}

/// The record of an outcome: `url`, `outcome`, then what this outcome has of `status`, `reason`, `to`,
/// `alias_of`, `error`, `phase`, `message` and `block` (`kind`, `layer`, `evidence`), `final_url` and `content_type` when
/// there was an answer, then `attempts`, `depth`, `parent`.
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
        Outcome::Excluded { reason } => object.text("reason", reason.as_str()),
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

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use serde_json::{Value, json};

    use super::*;
    use crate::error::{Error, ErrorKind, Phase};
    use crate::model::{
        BlockKind, BlockLayer, Discovered, Exclusion, Origin, Request, Scheme, SiteKey, UrlKey,
    };

    fn facts() -> PageFacts<'static> {
        PageFacts {
            url: "http://a/?q=\"x\"",
            final_url: "http://a/end",
            status: 200,
            depth: 3,
            parent: Some("http://a/"),
            title: Some("Tab\tand\nbreak"),
            description: None,
            canonical: None,
            lang: Some("de"),
            content_type: Some("text/html"),
            charset: Some("UTF-8"),
            charset_source: Some("header"),
            bytes: 12_345,
            fetched_at: Timestamp(1_772_368_496_789),
            duration: Duration::from_micros(12_900),
            outlinks: Outlinks::Count(7),
            redirects: &[],
            proxy: None,
            guard_delegated: false,
            tree_cut: None,
            parsed_as: None,
            body_cut: None,
            body_file: None,
        }
    }

    fn parsed(record: &str) -> Value {
        assert!(!record.contains('\n'), "a record is one line");
        serde_json::from_str(record).unwrap()
    }

    #[test]
    fn a_page_record_has_every_column_in_order_and_nothing_else() {
        let record = parsed(&page_record(&facts()));
        let names: Vec<_> = record.as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(names, PAGE_COLUMNS);
        assert_eq!(record["url"], "http://a/?q=\"x\"");
        assert_eq!(record["title"], "Tab\tand\nbreak");
        assert_eq!(record["description"], Value::Null);
        assert_eq!(record["fetched_at"], "2026-03-01T12:34:56.789Z");
        assert_eq!(record["duration_ms"], 12);
        assert_eq!(record["outlinks"], 7);
    }

    #[test]
    fn what_concerns_few_pages_is_there_when_it_applies() {
        let hops = [Hop { url: Arc::from("http://a/old"), status: 301 }];
        let links = ["http://a/1", "http://a/2"];
        let facts = PageFacts {
            redirects: &hops,
            proxy: Some("http://proxy:3128"),
            guard_delegated: true,
            tree_cut: Some("depth"),
            parsed_as: Some(ParsedAs { kind: "html", fallback: Some("line 1, column 2: why") }),
            body_file: Some("a/x.html"),
            outlinks: Outlinks::List(&links),
            ..facts()
        };
        let record = parsed(&page_record(&facts));
        assert_eq!(record["redirects"], json!([{ "url": "http://a/old", "status": 301 }]));
        assert_eq!((&record["tree"], &record["tree_reason"]), (&json!("cut"), &json!("depth")));
        assert_eq!(record["outlinks"], json!(links));
        assert_eq!(
            (&record["parsed_as"], &record["parsed_as_reason"]),
            (&json!("html"), &json!("line 1, column 2: why"))
        );
        assert_eq!((&record["proxy"], &record["guard"]), (&json!("http://proxy:3128"), &json!("delegated")));
        assert_eq!(record["body_file"], "a/x.html");
        assert!(record.get("body").is_none());
    }

    #[test]
    fn a_way_that_left_encryption_is_flagged() {
        let hop = |url: &str| Hop { url: Arc::from(url), status: 302 };
        for (chain, last, flagged) in [
            (vec![hop("https://a/")], "http://a/", true),
            (vec![hop("HTTPS://a/"), hop("http://b/")], "https://c/", true),
            (vec![hop("http://a/"), hop("https://a/")], "https://a/x", false),
            (vec![hop("http://a/")], "http://b/", false),
            (vec![hop("https://a/")], "https://b/", false),
        ] {
            let facts = PageFacts { redirects: &chain, final_url: last, ..facts() };
            let record = parsed(&page_record(&facts));
            assert_eq!(record.get("downgraded"), flagged.then_some(&json!(true)), "{chain:?} {last}");
            assert_eq!(record["redirects"].as_array().unwrap().len(), chain.len());
        }
        assert!(!Hop::downgraded(&[], "http://a/"));
    }

    fn outcome(outcome: Outcome) -> Value {
        let facts = OutcomeFacts {
            url: "http://a/x",
            outcome: &outcome,
            final_url: None,
            content_type: None,
            attempts: 2,
            depth: 1,
            parent: None,
        };
        parsed(&outcome_record(&facts))
    }

    #[test]
    fn an_outcome_record_tells_what_became_of_a_url() {
        let error = Error::new(ErrorKind::Connect, "no connection could be made").in_phase(Phase::Connect);
        assert_eq!(
            outcome(Outcome::Failed { error }),
            json!({ "url": "http://a/x", "outcome": "failed", "error": "connect", "phase": "connect",
                    "message": "no connection could be made", "attempts": 2, "depth": 1, "parent": null })
        );
        assert_eq!(outcome(Outcome::Excluded { reason: Exclusion::Robots })["reason"], "robots");
        assert_eq!(outcome(Outcome::Fetched { status: 404 })["status"], 404);
        let alias = outcome(Outcome::Alias { status: 302, of: Arc::from("http://a/y") });
        assert_eq!((&alias["alias_of"], &alias["status"]), (&json!("http://a/y"), &json!(302)));
        let to = Discovered {
            key: UrlKey(1),
            site: SiteKey(Arc::from("a")),
            origin: Origin { scheme: Scheme::Http, host: Arc::from("a"), port: 80 },
            request: Request::get("http://a/z"),
        };
        let redirect = outcome(Outcome::Redirect { status: 301, to: Box::new(to), if_known: Vec::new() });
        assert_eq!((&redirect["outcome"], &redirect["to"]), (&json!("redirected"), &json!("http://a/z")));
    }

    #[test]
    fn a_blocked_url_tells_by_whom_and_why() {
        let (kind, layer) = (BlockKind::Challenge, BlockLayer::Edge);
        let block = Block { kind, layer, status: 200, evidence: "a \"page\"".into() };
        assert_eq!(
            outcome(Outcome::Failed { error: Error::blocked(block) }),
            json!({ "url": "http://a/x", "outcome": "blocked", "error": "blocked", "phase": null,
                    "message": "the answer is a block, not content: a \"page\"", "status": 200,
                    "block": { "kind": "challenge", "layer": "edge", "evidence": "a \"page\"" },
                    "attempts": 2, "depth": 1, "parent": null })
        );
    }

    #[test]
    fn an_item_record_keeps_the_order_of_its_fields() {
        let mut fields = serde_json::Map::new();
        fields.insert("zeta \"z\"".to_owned(), json!("a\nb"));
        fields.insert("alpha".to_owned(), json!(["x", null]));
        let item = Item { kind: Arc::from("product"), fields };
        assert_eq!(
            &*item_record(&item, "http://a/"),
            r#"{"type":"product","page":"http://a/","zeta \"z\"":"a\nb","alpha":["x",null]}"#
        );
    }
}
