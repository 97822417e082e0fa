//! The XML dialects: URL set, sitemap index, RSS 0.9x to 2.0, RSS 1.0 (RDF), Atom.
//!
//! Elements are known by their local names, because namespaces are wrong as often as right. A prefix counts as the
//! list's own when it is the root element's; so `image:loc` is not taken for a page. Only direct children of an
//! entry are looked at, and those of the elements that extensions put there. End tags are matched by name and only
//! where it matters, so a forgotten one costs an entry at most. Relative addresses follow `xml:base`.

use std::borrow::Cow;

use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};
use quick_xml::name::QName;
use url::Url;

use super::entity::{Entities, Unescaped};
use super::extension::{Container, Extensions, Extra};
use super::{Said, Sitemap, SitemapKind, SitemapProblem, date};
use crate::model::Timestamp;

/// Deeper nesting ends the reading: lists are flat, but Atom entries can carry whole pages.
const MAX_DEPTH: usize = 512;

/// Bytes that are gathered of one field; no URL that a crawl accepts comes near.
const MAX_FIELD: usize = 64 << 10;

/// Bytes of an `xml:base` that is heard, as written and as a whole: bases within bases must not grow.
const MAX_BASE: usize = 2_083;

/// Reads `text` into `sitemap`.
pub(super) fn read(text: &str, base: &Url, sitemap: &mut Sitemap) {
    let mut reader = Reader::from_str(text);
    let config = reader.config_mut();
    config.check_end_names = false;
    config.allow_unmatched_ends = true;
    config.allow_dangling_amp = true;
    let mut walk = Walk {
        file: base,
        bases: Vec::new(),
        entities: Entities::default(),
        sitemap,
        root_prefix: None,
        depth: 0,
        entry: None,
        field: None,
    };
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
            Ok(Event::DocType(text)) if walk.depth == 0 => {
                walk.entities = Entities::of(&text);
                true
            }
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
    said: Unescaped,
}

/// An address as it stands in an entry, and what it means there.
struct Location {
    url: Option<Url>,
    found: String,
}

#[derive(Default)]
struct Entry {
    depth: usize,
    location: Option<Location>,
    fallback: Option<Location>,
    lastmod: Option<Timestamp>,
    extensions: Option<Box<Extensions>>,
    /// The element of an extension that is open.
    container: Option<Container>,
    /// Text that stands in the entry itself: the URL, in files that forget the `loc` element.
    stray: Unescaped,
}

struct Walk<'a> {
    /// Where the file was found.
    file: &'a Url,
    /// What open elements say that addresses are relative to, by their depth.
    bases: Vec<(usize, Url)>,
    entities: Entities,
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
            self.enter_base(start);
            self.root_prefix = prefix.map(|prefix| prefix.into_inner().into());
            self.sitemap.kind = root_kind(local);
            return self.sitemap.kind != SitemapKind::Unknown;
        }
        let prefix = prefix.map(quick_xml::name::Prefix::into_inner);
        let own = prefix.is_none() || prefix == self.root_prefix.as_deref();
        if own && is_entry(self.sitemap.kind, local) {
            self.finish_field();
            // An entry whose end was forgotten takes its bases with it.
            let outside = self.entry.as_ref().map_or(self.depth, |entry| entry.depth) - 1;
            self.leave_bases(outside);
            let go_on = self.finish_entry(position);
            self.enter_base(start);
            self.entry = Some(Entry { depth: self.depth, ..Entry::default() });
            return go_on;
        }
        self.enter_base(start);
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
                let target = self.entities.unescape(target);
                let location = self.location(target);
                self.set_location(location);
            }
            return true;
        }
        if kind == FieldKind::Fallback && attribute(start, "isPermaLink") == Some("false") {
            return true;
        }
        self.field = Some(Field {
            kind,
            name: start.name().into_inner().into(),
            depth: self.depth,
            said: Unescaped::default(),
        });
        true
    }

    /// What relative addresses are relative to, here.
    fn base(&self) -> &Url {
        self.bases.last().map_or(self.file, |(_, base)| base)
    }

    /// Hears an element's `xml:base` (XML Base; RFC 4287 §2), relative to that of its parents.
    fn enter_base(&mut self, start: &BytesStart<'_>) {
        let Some(written) = attribute(start, "xml:base").filter(|written| written.len() <= MAX_BASE) else {
            return;
        };
        let written = self.entities.unescape(written);
        let base = self.base().join(written.text.trim()).ok();
        let is_usable =
            |base: &Url| matches!(base.scheme(), "http" | "https") && base.as_str().len() <= MAX_BASE;
        if let Some(base) = base.filter(is_usable).filter(|_| !written.is_broken) {
            self.bases.push((self.depth, base));
        }
    }

    /// Forgets what elements deeper than this said.
    fn leave_bases(&mut self, depth: usize) {
        while self.bases.last().is_some_and(|(inside, _)| *inside > depth) {
            self.bases.pop();
        }
    }

    fn location(&self, said: Unescaped) -> Location {
        let url = if said.is_broken { None } else { self.base().join(said.text.trim()).ok() };
        Location { url, found: said.text }
    }

    fn set_location(&mut self, location: Location) {
        if let Some(entry) = &mut self.entry {
            entry.location.get_or_insert(location);
        }
    }

    /// Takes up what extensions put into an entry; `false` when it is none of that.
    fn extension(&mut self, start: &BytesStart<'_>, local: &str) -> bool {
        let Some(entry) = &mut self.entry else { return false };
        let below = self.depth.saturating_sub(entry.depth);
        if below == 1 && local.eq_ignore_ascii_case("link") {
            if let (Some(lang), Some(href)) = (attribute(start, "hreflang"), attribute(start, "href")) {
                let base = self.bases.last().map_or(self.file, |(_, base)| base);
                let href = self.entities.unescape(href);
                if !href.is_broken {
                    let extensions = entry.extensions.get_or_insert_default();
                    extensions.alternate(lang.trim(), &href.text, base, &mut self.sitemap.extras);
                }
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
            self.field = Some(Field { kind, name, depth: self.depth, said: Unescaped::default() });
        }
        extra.is_some()
    }

    fn end(&mut self, name: QName<'_>, position: u64) -> bool {
        if let Some(field) = &self.field
            && *field.name == *name.into_inner()
        {
            self.depth = field.depth - 1;
            self.finish_field();
            self.leave_bases(self.depth);
            return true;
        }
        let local = name.local_name().into_inner();
        if let Some(entry) = &self.entry
            && is_entry(self.sitemap.kind, local)
        {
            self.depth = entry.depth - 1;
            self.finish_field();
            self.leave_bases(self.depth);
            return self.finish_entry(position);
        }
        self.depth = self.depth.saturating_sub(1);
        self.leave_bases(self.depth);
        true
    }

    /// Where text belongs that comes now: to a field, or to the entry itself.
    fn gathered(&mut self) -> Option<&mut Unescaped> {
        match (&mut self.field, &mut self.entry) {
            (Some(field), _) => Some(&mut field.said),
            (None, Some(entry)) if entry.depth == self.depth => Some(&mut entry.stray),
            _ => None,
        }
    }

    fn text(&mut self, text: &str) -> bool {
        if let Some(said) = self.gathered()
            && said.text.len() + text.len() <= MAX_FIELD
        {
            said.text.push_str(text);
        }
        true
    }

    fn reference(&mut self, name: &str) -> bool {
        let is_wanted = self.gathered().is_some_and(|said| said.text.len() < MAX_FIELD);
        if is_wanted {
            let mut text = String::new();
            let is_known = self.entities.resolve(name, &mut text);
            self.text(&text);
            if let Some(said) = self.gathered() {
                said.is_broken |= !is_known;
            }
        }
        true
    }

    fn finish_field(&mut self) {
        let Some(Field { kind, said, .. }) = self.field.take() else { return };
        let text = said.text.trim();
        if text.is_empty() {
            return;
        }
        if kind == FieldKind::Location {
            let location = self.location(said);
            return self.set_location(location);
        }
        let base = self.bases.last().map_or(self.file, |(_, base)| base);
        let Some(entry) = &mut self.entry else { return };
        match kind {
            FieldKind::Fallback => {
                entry.fallback.get_or_insert_with(|| absolute(&said));
            }
            FieldKind::Date => entry.lastmod = entry.lastmod.max(date::parse(text)),
            FieldKind::Extra(extra) if !said.is_broken => {
                let extensions = entry.extensions.get_or_insert_default();
                extensions.take(extra, text, base, &mut self.sitemap.extras);
            }
            FieldKind::Extra(_) | FieldKind::Location => {}
        }
    }

    fn finish_entry(&mut self, position: u64) -> bool {
        let Some(mut entry) = self.entry.take() else { return true };
        let extensions = entry.extensions.take().filter(|said| **said != Extensions::default());
        let location = entry.location.or(entry.fallback).unwrap_or_else(|| absolute(&entry.stray));
        let said = Said { lastmod: entry.lastmod, extensions };
        self.sitemap.add(location.url, said, position, &location.found)
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

/// An address outside the elements made for addresses: a relative one is none there.
fn absolute(said: &Unescaped) -> Location {
    let found = said.text.trim();
    let url = if said.is_broken { None } else { Url::parse(found).ok() };
    Location { url, found: found.to_owned() }
}

/// The value of an attribute as written, references included.
fn attribute<'a>(start: &'a BytesStart<'_>, name: &str) -> Option<&'a str> {
    let attribute =
        start.html_attributes().with_checks(false).flatten().find(|found| found.key.into_inner() == name)?;
    match attribute.value {
        Cow::Borrowed(value) => Some(value),
        // No reader makes one of these.
        Cow::Owned(_) => None,
    }
}
