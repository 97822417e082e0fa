//! Feeds and their entries, in one form whatever they are written in: RSS 0.9x, 1.0 and 2.0, Atom (RFC 4287), and JSON
//! Feed 1.1 (in `json_feed`). Dates stay as written: feeds have them in several notations, not all of them sound.

use lycosa_dom::{Document, DocumentKind, NodeRef};
use serde::Serialize;
use url::Url;

use super::reader::Reader;

const FORMAT: &str = "feed";
const ATOM: &str = "http://www.w3.org/2005/Atom";
/// Entries taken of one feed.
const MAX_ENTRIES: usize = 20_000;

/// A feed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Feed {
    /// `rss`, `atom` or `json`.
    pub format: &'static str,
    /// What it is called.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// The page that it belongs to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// Where its next part is, with older entries (RFC 5005).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
    /// Where it says that it is itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub feed_url: Option<String>,
    /// What it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Its language.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
    /// When it last changed, as written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub updated: Option<String>,
    /// Its entries in order.
    pub entries: Vec<Entry>,
}

/// An entry of a feed. Text may be markup, as feeds have it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Entry {
    /// What tells it from others.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// Where it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// What it is called.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// What it is about; in RSS the description.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub summary: Option<String>,
    /// The whole of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub content: Option<String>,
    /// When it was first published, as written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub published: Option<String>,
    /// When it last changed, as written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub updated: Option<String>,
    /// Who wrote it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub authors: Vec<String>,
    /// Categories and tags.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub categories: Vec<String>,
    /// Files that belong to it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub enclosures: Vec<Enclosure>,
}

/// A file that belongs to an entry.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Enclosure {
    /// Where it is.
    pub url: String,
    /// Its media type.
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub media_type: Option<String>,
    /// How long it is said to be, in bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub length: Option<u64>,
}

/// The feed that a document is; `None` when it is something else.
pub(super) fn read(reader: &mut Reader<'_>) -> Option<Feed> {
    let root = reader.document().root_element()?;
    let mut feed = match root.name() {
        "rss" | "RDF" => Feed { format: "rss", ..Feed::default() },
        "feed" => Feed { format: "atom", ..Feed::default() },
        _ => return None,
    };
    let channels: Vec<_> = root.children().filter(|node| node.name() == "channel").collect();
    let holders = std::iter::once(root).chain(channels);
    for part in holders.flat_map(NodeRef::children).filter(|node| node.is_element()) {
        match part.name() {
            "item" | "entry" if feed.entries.len() == MAX_ENTRIES => {
                reader.note(FORMAT, format!("only the first {MAX_ENTRIES} entries were taken"));
                break;
            }
            "item" | "entry" => feed.entries.push(entry(reader, part)),
            _ => feed_part(reader, &mut feed, part),
        }
    }
    if let Some(problem) = reader.document().xml_problems().first() {
        reader.note(FORMAT, format!("the XML is ill-formed: {problem}"));
    }
    Some(feed)
}

/// Where a feed from this address leads, with what is said about it: to the page it belongs to, its next part, its
/// entries. Empty for other documents.
pub(in crate::extract) fn links(document: &Document, url: &Url) -> Vec<(String, String)> {
    if document.kind() != DocumentKind::Xml {
        return Vec::new();
    }
    let Some(feed) = read(&mut Reader::new(document, Some(url))) else { return Vec::new() };
    let own = [(feed.url, feed.title), (feed.next, None)];
    let entries = feed.entries.into_iter().map(|entry| (entry.url, entry.title));
    own.into_iter()
        .chain(entries)
        .filter_map(|(url, title)| Some((url?, title.unwrap_or_default())))
        .collect()
}

fn feed_part(reader: &Reader<'_>, feed: &mut Feed, part: NodeRef<'_>) {
    match part.name() {
        "title" => keep(&mut feed.title, text(reader, part)),
        "description" | "subtitle" | "tagline" => keep(&mut feed.description, text(reader, part)),
        "language" => keep(&mut feed.language, text(reader, part)),
        "lastBuildDate" | "updated" | "modified" => keep(&mut feed.updated, text(reader, part)),
        "link" if is_atom_link(part) => match part.attr("rel").unwrap_or("alternate") {
            "alternate" => keep(&mut feed.url, address(reader, part, part.attr("href"))),
            "next" => keep(&mut feed.next, address(reader, part, part.attr("href"))),
            "self" => keep(&mut feed.feed_url, address(reader, part, part.attr("href"))),
            _ => {}
        },
        "link" => keep(&mut feed.url, address(reader, part, Some(part.text()))),
        _ => {}
    }
}

fn entry(reader: &Reader<'_>, node: NodeRef<'_>) -> Entry {
    let mut entry = Entry::default();
    let mut guid = None;
    for part in node.children().filter(|node| node.is_element()) {
        match part.name() {
            "id" => keep(&mut entry.id, text(reader, part)),
            "guid" => {
                keep(&mut entry.id, text(reader, part));
                guid = (part.attr("isPermaLink") != Some("false")).then_some(part);
            }
            // Media extensions have titles of their own, deeper or under another prefix.
            "title" if part.prefix() != "media" => keep(&mut entry.title, text(reader, part)),
            "summary" | "description" if part.prefix() != "media" => {
                keep(&mut entry.summary, text(reader, part));
            }
            "content" if part.prefix() != "media" => keep(&mut entry.content, text(reader, part)),
            "encoded" => keep(&mut entry.content, text(reader, part)),
            "pubDate" | "published" | "issued" | "date" => keep(&mut entry.published, text(reader, part)),
            "updated" | "modified" => keep(&mut entry.updated, text(reader, part)),
            "author" | "creator" => entry.authors.extend(author(reader, part)),
            "category" | "subject" => {
                entry.categories.extend(part.attr("term").map(str::to_owned).or_else(|| text(reader, part)));
            }
            "enclosure" => entry.enclosures.extend(enclosure(reader, part, "url")),
            "link" if is_atom_link(part) => match part.attr("rel").unwrap_or("alternate") {
                "alternate" => keep(&mut entry.url, address(reader, part, part.attr("href"))),
                "enclosure" => entry.enclosures.extend(enclosure(reader, part, "href")),
                _ => {}
            },
            "link" => keep(&mut entry.url, address(reader, part, Some(part.text()))),
            _ => {}
        }
    }
    // RSS lets the identifier be the address (RSS 2.0, guid).
    if let Some(guid) = guid.filter(|guid| guid.text().trim_start().starts_with("http")) {
        keep(&mut entry.url, address(reader, guid, Some(guid.text())));
    }
    entry
}

/// Atom's links hold their address in an attribute, also when they stand in RSS.
fn is_atom_link(node: NodeRef<'_>) -> bool {
    node.namespace_uri() == ATOM || node.attr("href").is_some()
}

/// The first one stays.
fn keep(place: &mut Option<String>, value: Option<String>) {
    if place.is_none() {
        *place = value;
    }
}

/// What an element says: its text, which may be escaped markup, or the markup in it (RFC 4287, 3.1).
fn text(reader: &Reader<'_>, node: NodeRef<'_>) -> Option<String> {
    if !reader.pay(node.range().len() * 16 + node.text().len()) {
        return None;
    }
    let markup = (node.attr("type") == Some("xhtml")).then(|| {
        let within = node.children().find(|child| child.is_element());
        within.map_or_else(String::new, NodeRef::inner_html)
    });
    let text = markup.unwrap_or_else(|| node.text().to_owned());
    let text = text.trim();
    (!text.is_empty()).then(|| text.to_owned())
}

fn author(reader: &Reader<'_>, node: NodeRef<'_>) -> Option<String> {
    let name = node.children().find(|part| part.name() == "name");
    text(reader, name.unwrap_or(node))
}

fn enclosure(reader: &Reader<'_>, node: NodeRef<'_>, attribute: &str) -> Option<Enclosure> {
    let url = address(reader, node, node.attr(attribute))?;
    let length = node.attr("length").and_then(|length| length.trim().parse().ok());
    Some(Enclosure { url, media_type: node.attr("type").map(str::to_owned), length })
}

/// An address resolved against the `xml:base` of the elements around it, then against the feed's own.
fn address(reader: &Reader<'_>, node: NodeRef<'_>, reference: Option<&str>) -> Option<String> {
    let reference = reference?.trim();
    if reference.is_empty() {
        return None;
    }
    let bases: Vec<_> =
        std::iter::once(node).chain(node.ancestors()).filter_map(|n| n.attr("xml:base")).collect();
    if bases.is_empty() {
        return Some(reader.url(reference)).filter(|url| !url.is_empty());
    }
    let mut base: Option<Url> = reader.base().cloned();
    for declared in bases.into_iter().rev() {
        if !reader.pay(declared.len() + base.as_ref().map_or(0, |base| base.as_str().len())) {
            return None;
        }
        let next = match &base {
            Some(base) => base.join(declared).ok(),
            None => Url::parse(declared).ok(),
        };
        base = next.or(base);
    }
    let resolved = base.as_ref().and_then(|base| base.join(reference).ok()).map(String::from);
    Some(resolved.unwrap_or_else(|| reference.to_owned()))
}
