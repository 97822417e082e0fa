//! The XML dialects: URL set, sitemap index, RSS 0.9x to 2.0, RSS 1.0 (RDF), Atom.
//!
//! Elements are known by their local names, because namespaces are wrong as often as right. A prefix counts as the
//! list's own when it is the root element's; so `image:loc` is not taken for a page. Only direct children of an
//! entry are looked at, and those of the elements that extensions put there. End tags are matched by name and only where it matters, so a forgotten one costs an entry
//! at most.

use quick_xml::Reader;
use quick_xml::events::{BytesRef, BytesStart, Event};
use quick_xml::name::QName;
use url::Url;

use super::extension::{Container, Extensions, Extra};
use super::{Said, Sitemap, SitemapKind, SitemapProblem, date};
use crate::model::Timestamp;

/// Deeper nesting ends the reading: lists are flat, but Atom entries can carry whole pages.
const MAX_DEPTH: usize = 512;

/// Bytes that are gathered of one field; no URL that a crawl accepts comes near.
const MAX_FIELD: usize = 64 << 10;

/// Reads `text` into `sitemap`.
pub(super) fn read(text: &str, base: &Url, sitemap: &mut Sitemap) {
    let mut reader = Reader::from_str(text);
    let config = reader.config_mut();
    config.check_end_names = false;
    config.allow_unmatched_ends = true;
    config.allow_dangling_amp = true;
    let mut walk = Walk { base, sitemap, root_prefix: None, depth: 0, entry: None, field: None };
    loop {
        let event = reader.read_event();
        let position = reader.buffer_position();
        let go_on = match event {
            Ok(Event::Start(start)) => walk.start(&start, position),
            Ok(Event::Empty(start)) => {
                let name = start.name();
                walk.start(&start, position) && walk.end(name, position)
            }
            Ok(Event::End(end)) => walk.end(end.name(), position),
            Ok(Event::Text(text)) => walk.text(&text),
            Ok(Event::CData(text)) => walk.text(&text),
            Ok(Event::GeneralRef(reference)) => walk.reference(&reference),
            Ok(Event::Eof) => false,
            Ok(_) => true,
            Err(error) => {
                walk.malformed(position, &error.to_string());
                false
            }
        };
        if !go_on {
            break;
        }
    }
    // A field that was not closed may be cut in the middle; an entry whose URL was complete counts.
    walk.field = None;
    if walk.entry.as_ref().is_some_and(|entry| entry.location.is_some()) {
        walk.finish_entry(reader.buffer_position());
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum FieldKind {
    Location,
    /// A feed item's `guid`: a location if nothing better comes.
    Fallback,
    Date,
    /// A field of an extension.
    Extra(Extra),
}

struct Field {
    kind: FieldKind,
    name: Box<str>,
    depth: usize,
    text: String,
}

#[derive(Default)]
struct Entry {
    depth: usize,
    location: Option<String>,
    fallback: Option<String>,
    lastmod: Option<Timestamp>,
    extensions: Option<Box<Extensions>>,
    /// The element of an extension that is open.
    container: Option<Container>,
    /// Text that stands in the entry itself: the URL, in files that forget the `loc` element.
    stray: String,
}

struct Walk<'a> {
    base: &'a Url,
    sitemap: &'a mut Sitemap,
    root_prefix: Option<Box<str>>,
    depth: usize,
    entry: Option<Entry>,
    field: Option<Field>,
}

impl Walk<'_> {
    fn start(&mut self, start: &BytesStart<'_>, position: u64) -> bool {
        let (local, prefix) = start.name().decompose();
        let local = local.into_inner();
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            self.malformed(position, "elements are nested too deeply");
            return false;
        }
        if self.sitemap.kind == SitemapKind::Unknown {
            self.root_prefix = prefix.map(|prefix| prefix.into_inner().into());
            self.sitemap.kind = root_kind(local);
            return self.sitemap.kind != SitemapKind::Unknown;
        }
        let prefix = prefix.map(quick_xml::name::Prefix::into_inner);
        let own = prefix.is_none() || prefix == self.root_prefix.as_deref();
        if own && is_entry(self.sitemap.kind, local) {
            self.finish_field();
            let go_on = self.finish_entry(position);
            self.entry = Some(Entry { depth: self.depth, ..Entry::default() });
            return go_on;
        }
        if self.entry.is_none() || self.field.is_some() {
            return true;
        }
        if self.sitemap.kind == SitemapKind::UrlSet && self.extension(start, local) {
            return true;
        }
        let Some(entry) = &mut self.entry else { return true };
        if self.depth != entry.depth + 1 {
            return true;
        }
        let Some(kind) = field_kind(self.sitemap.kind, local, prefix, own) else { return true };
        let feed_link = self.sitemap.kind == SitemapKind::Feed && kind == FieldKind::Location;
        if feed_link && let Some(target) = attribute(start, "href") {
            let alternate = attribute(start, "rel").is_none_or(|rel| rel.eq_ignore_ascii_case("alternate"));
            if alternate && entry.location.is_none() {
                entry.location = Some(target);
            }
            return true;
        }
        if kind == FieldKind::Fallback
            && attribute(start, "isPermaLink").is_some_and(|value| value == "false")
        {
            return true;
        }
        self.field = Some(Field {
            kind,
            name: start.name().into_inner().into(),
            depth: self.depth,
            text: String::new(),
        });
        true
    }

    /// Takes up what extensions put into an entry; `false` when it is none of that.
    fn extension(&mut self, start: &BytesStart<'_>, local: &str) -> bool {
        let Some(entry) = &mut self.entry else { return false };
        let below = self.depth.saturating_sub(entry.depth);
        if below == 1 && local.eq_ignore_ascii_case("link") {
            if let (Some(lang), Some(href)) = (attribute(start, "hreflang"), attribute(start, "href")) {
                let extensions = entry.extensions.get_or_insert_default();
                extensions.alternate(lang.trim(), &href, self.base, &mut self.sitemap.extras);
            }
            return true;
        }
        if below == 1 {
            entry.container = Container::of(local);
            return entry.container.is_some();
        }
        let extra = entry.container.filter(|_| below == 2).and_then(|container| Extra::of(container, local));
        if let Some(extra) = extra {
            let name = start.name().into_inner().into();
            let kind = FieldKind::Extra(extra);
            self.field = Some(Field { kind, name, depth: self.depth, text: String::new() });
        }
        extra.is_some()
    }

    fn end(&mut self, name: QName<'_>, position: u64) -> bool {
        if let Some(field) = &self.field
            && *field.name == *name.into_inner()
        {
            self.depth = field.depth - 1;
            self.finish_field();
            return true;
        }
        let local = name.local_name().into_inner();
        if let Some(entry) = &self.entry
            && is_entry(self.sitemap.kind, local)
        {
            self.depth = entry.depth - 1;
            self.finish_field();
            return self.finish_entry(position);
        }
        self.depth = self.depth.saturating_sub(1);
        true
    }

    fn text(&mut self, text: &str) -> bool {
        let target = match (&mut self.field, &mut self.entry) {
            (Some(field), _) => &mut field.text,
            (None, Some(entry)) if entry.depth == self.depth => &mut entry.stray,
            _ => return true,
        };
        if target.len() + text.len() <= MAX_FIELD {
            target.push_str(text);
        }
        true
    }

    fn reference(&mut self, reference: &BytesRef<'_>) -> bool {
        if let Ok(Some(character)) = reference.resolve_char_ref() {
            return self.text(character.encode_utf8(&mut [0; 4]));
        }
        match quick_xml::escape::resolve_predefined_entity(reference) {
            Some(text) => self.text(text),
            // An entity nobody defined is most likely a bare `&` of a query string.
            None => self.text("&") && self.text(reference) && self.text(";"),
        }
    }

    fn finish_field(&mut self) {
        let (Some(field), Some(entry)) = (self.field.take(), &mut self.entry) else { return };
        let text = field.text.trim();
        if text.is_empty() {
            return;
        }
        match field.kind {
            FieldKind::Location => _ = entry.location.get_or_insert_with(|| text.to_owned()),
            FieldKind::Fallback => _ = entry.fallback.get_or_insert_with(|| text.to_owned()),
            FieldKind::Date => entry.lastmod = entry.lastmod.max(date::parse(text)),
            FieldKind::Extra(extra) => {
                let extensions = entry.extensions.get_or_insert_default();
                extensions.take(extra, text, self.base, &mut self.sitemap.extras);
            }
        }
    }

    fn finish_entry(&mut self, position: u64) -> bool {
        let Some(mut entry) = self.entry.take() else { return true };
        let extensions = entry.extensions.take().filter(|said| **said != Extensions::default());
        let stray = entry.stray.trim();
        // A relative reference is taken from the element made for it only.
        let (url, found) = match (&entry.location, &entry.fallback) {
            (Some(location), _) => (self.base.join(location.trim()).ok(), location.as_str()),
            (None, Some(fallback)) => (Url::parse(fallback).ok(), fallback.as_str()),
            (None, None) => (Url::parse(stray).ok(), stray),
        };
        let said = Said { lastmod: entry.lastmod, extensions };
        self.sitemap.add(url, said, position, found)
    }

    fn malformed(&mut self, position: u64, reason: &str) {
        self.sitemap.problem(SitemapProblem::Malformed { position, reason: reason.into() });
    }
}

fn root_kind(local: &str) -> SitemapKind {
    let is = |name: &str| local.eq_ignore_ascii_case(name);
    if is("urlset") {
        SitemapKind::UrlSet
    } else if is("sitemapindex") {
        SitemapKind::Index
    } else if is("rss") || is("rdf") || is("feed") {
        SitemapKind::Feed
    } else {
        SitemapKind::Unknown
    }
}

fn is_entry(kind: SitemapKind, local: &str) -> bool {
    let names: &[&str] = match kind {
        SitemapKind::UrlSet | SitemapKind::Index => &["url", "sitemap"],
        SitemapKind::Feed => &["item", "entry"],
        SitemapKind::Text | SitemapKind::Unknown => &[],
    };
    names.iter().any(|name| name.eq_ignore_ascii_case(local))
}

fn field_kind(kind: SitemapKind, local: &str, prefix: Option<&str>, own: bool) -> Option<FieldKind> {
    let is = |name: &str| local.eq_ignore_ascii_case(name);
    if kind == SitemapKind::Feed {
        if own && is("link") {
            return Some(FieldKind::Location);
        }
        if own && is("guid") {
            return Some(FieldKind::Fallback);
        }
        let dated =
            own && ["pubdate", "updated", "published", "modified", "issued"].iter().any(|name| is(name));
        return (dated || (prefix == Some("dc") && is("date"))).then_some(FieldKind::Date);
    }
    match own {
        true if is("loc") => Some(FieldKind::Location),
        true if is("lastmod") => Some(FieldKind::Date),
        _ => None,
    }
}

fn attribute(start: &BytesStart<'_>, name: &str) -> Option<String> {
    let attribute =
        start.html_attributes().with_checks(false).flatten().find(|found| found.key.into_inner() == name)?;
    Some(match attribute.normalized_value(quick_xml::XmlVersion::Implicit1_0) {
        Ok(value) => value.into_owned(),
        Err(_) => attribute.value.into_owned(),
    })
}
