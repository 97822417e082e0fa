//! The facts of a page: title, language, base, canonical address, robots and refresh directives. Each is
//! found by a scan of the name array and read in place; contents of templates do not count.

use std::borrow::Cow;

use super::links::trim;
use crate::{
    document::{Document, NodeRef},
    name::{Atom, NodeName, atoms},
    text::collapse_whitespace,
};

/// `<meta http-equiv=refresh>`: where to go and when.
#[derive(Clone, Debug, PartialEq)]
pub struct MetaRefresh<'d> {
    /// After how many seconds.
    pub seconds: f64,
    /// The address as written; `None` reloads the page itself.
    pub url: Option<&'d str>,
}

impl Document {
    /// The text of the first HTML `<title>`, whitespace collapsed; `None` without one. Titles of SVG images do
    /// not count.
    pub fn title(&self) -> Option<Cow<'_, str>> {
        let title = self.html_elements(atoms::TITLE).next()?;
        Some(collapse_whitespace(title.text()))
    }

    /// The content of the first `<meta>` whose `name` or `property` is this, compared without regard to ASCII
    /// case: `description`, `og:title`.
    pub fn meta(&self, name: &str) -> Option<&str> {
        self.metas(name).next()
    }

    /// The contents of all `<meta>` whose `name` or `property` is this, see [`meta`](Self::meta).
    pub fn metas<'d>(&'d self, name: &str) -> impl Iterator<Item = &'d str> {
        self.html_elements(atoms::META).filter_map(move |meta| {
            let is_named = |attribute| {
                let value = self.attribute_value(meta.number(), NodeName::plain(attribute));
                value.is_some_and(|value| trim(value).eq_ignore_ascii_case(name))
            };
            if !is_named(atoms::NAME) && !is_named(atoms::PROPERTY) {
                return None;
            }
            self.attribute_value(meta.number(), NodeName::plain(atoms::CONTENT)).map(trim)
        })
    }

    /// All `<meta>` with a `name` and a `content`, in document order: both without surrounding whitespace, else as
    /// written.
    pub fn named_metas(&self) -> impl Iterator<Item = (&str, &str)> {
        self.html_elements(atoms::META).filter_map(|meta| {
            let value = |name| self.attribute_value(meta.number(), NodeName::plain(name)).map(trim);
            Some((value(atoms::NAME)?, value(atoms::CONTENT)?))
        })
    }

    /// The same page in other languages: language and address, as written, of each `<link rel=alternate>` with both.
    pub fn alternates(&self) -> impl Iterator<Item = (&str, &str)> {
        self.html_elements(atoms::LINK).filter_map(|link| {
            let value = |name| self.attribute_value(link.number(), NodeName::plain(name)).map(trim);
            let (lang, rel, href) = (value(atoms::HREFLANG)?, value(atoms::REL)?, value(atoms::HREF)?);
            let is_alternate =
                rel.split_ascii_whitespace().any(|word| word.eq_ignore_ascii_case("alternate"));
            (is_alternate && !lang.is_empty() && !href.is_empty()).then_some((lang, href))
        })
    }

    /// The content of the first `<meta>` with this `http-equiv`, compared without regard to ASCII case.
    pub fn meta_http_equiv(&self, name: &str) -> Option<&str> {
        self.html_elements(atoms::META).find_map(|meta| {
            let equiv = self.attribute_value(meta.number(), NodeName::plain(atoms::HTTP_EQUIV))?;
            if !trim(equiv).eq_ignore_ascii_case(name) {
                return None;
            }
            self.attribute_value(meta.number(), NodeName::plain(atoms::CONTENT)).map(trim)
        })
    }

    /// The address of the first `<link rel=canonical>` with one, as written.
    pub fn canonical(&self) -> Option<&str> {
        self.html_elements(atoms::LINK).find_map(|link| {
            let rel = self.attribute_value(link.number(), NodeName::plain(atoms::REL))?;
            if !rel.split_ascii_whitespace().any(|word| word.eq_ignore_ascii_case("canonical")) {
                return None;
            }
            self.attribute_value(link.number(), NodeName::plain(atoms::HREF)).map(trim)
        })
    }

    /// The language the root element declares, else the one of `<meta http-equiv=content-language>` when it is
    /// a single one; as written, never empty.
    pub fn lang(&self) -> Option<&str> {
        let declared =
            self.root_element().and_then(|root| root.attr("lang").or_else(|| root.attr("xml:lang")));
        declared.map(trim).filter(|lang| !lang.is_empty()).or_else(|| {
            let pragma = self.meta_http_equiv("content-language")?;
            (!pragma.is_empty() && !pragma.contains(',')).then_some(pragma)
        })
    }

    /// The address of the first `<base>` that has one, as written. It is itself relative to the page's address.
    pub fn base_href(&self) -> Option<&str> {
        let mut bases = self.html_elements(atoms::BASE);
        bases.find_map(|base| self.attribute_value(base.number(), NodeName::plain(atoms::HREF))).map(trim)
    }

    /// The contents of all `<meta name=robots>` and of all `<meta>` named like `agent` (a product token such as
    /// `googlebot`), in document order: `noindex, nofollow`.
    pub fn meta_robots<'d>(&'d self, agent: &'d str) -> impl Iterator<Item = &'d str> {
        self.html_elements(atoms::META).filter_map(move |meta| {
            let name = trim(self.attribute_value(meta.number(), NodeName::plain(atoms::NAME))?);
            if !name.eq_ignore_ascii_case("robots") && !name.eq_ignore_ascii_case(agent) {
                return None;
            }
            self.attribute_value(meta.number(), NodeName::plain(atoms::CONTENT)).map(trim)
        })
    }

    /// The first `<meta http-equiv=refresh>` that says something valid (HTML standard, "shared declarative
    /// refresh steps").
    pub fn meta_refresh(&self) -> Option<MetaRefresh<'_>> {
        self.html_elements(atoms::META).find_map(|meta| {
            let equiv = self.attribute_value(meta.number(), NodeName::plain(atoms::HTTP_EQUIV))?;
            if !trim(equiv).eq_ignore_ascii_case("refresh") {
                return None;
            }
            parse_refresh(self.attribute_value(meta.number(), NodeName::plain(atoms::CONTENT))?)
        })
    }

    /// The HTML elements of a name outside templates, in document order.
    pub(crate) fn html_elements(&self, atom: Atom) -> impl Iterator<Item = NodeRef<'_>> {
        let wanted = NodeName::html(atom);
        let mut next = 0;
        std::iter::from_fn(move || {
            loop {
                let id = next;
                let name = *self.names().get(id as usize)?;
                next += 1;
                if name == wanted {
                    return Some(NodeRef::new(self, id));
                }
                if name == NodeName::html(atoms::TEMPLATE) {
                    next = self.end_of(id);
                }
            }
        })
    }
}

/// The value of a refresh directive: `5; url='/next'`.
pub(super) fn parse_refresh(content: &str) -> Option<MetaRefresh<'_>> {
    let content = content.trim_start_matches(|character: char| character.is_ascii_whitespace());
    let digits = content.len() - content.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    let number = &content[..digits];
    let rest = &content[digits..];
    if number.is_empty() && !rest.starts_with('.') {
        return None;
    }
    let seconds = if number.is_empty() { 0.0 } else { number.parse().ok()? };
    let rest = rest.trim_start_matches(|c: char| c.is_ascii_digit() || c == '.');
    if rest.is_empty() {
        return Some(MetaRefresh { seconds, url: None });
    }
    if !rest.starts_with([';', ',']) && !rest.starts_with(|c: char| c.is_ascii_whitespace()) {
        return None;
    }
    let rest = trim(rest);
    let rest = trim(rest.strip_prefix([';', ',']).unwrap_or(rest));
    if rest.is_empty() {
        return Some(MetaRefresh { seconds, url: None });
    }
    Some(MetaRefresh { seconds, url: Some(unquote(after_url_keyword(rest))) })
}

/// What follows `url =`, or the whole when that is not how it begins.
fn after_url_keyword(text: &str) -> &str {
    let Some((keyword, rest)) = text.split_at_checked(3) else { return text };
    if !keyword.eq_ignore_ascii_case("url") {
        return text;
    }
    trim(rest).strip_prefix('=').map_or(text, trim)
}

fn unquote(text: &str) -> &str {
    for quote in ['"', '\''] {
        if let Some(rest) = text.strip_prefix(quote) {
            return rest.split(quote).next().unwrap_or(rest);
        }
    }
    text
}
