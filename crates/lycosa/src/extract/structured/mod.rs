//! Structured data without rules: what a page says about itself in a form meant for machines.
//!
//! `json_ld`, `microdata` and `rdfa` (with `prefixes`) read items, `meta` the head with Open Graph and
//! Twitter cards, `feed` and `json_feed` feeds. `lenient` reads the JSON of scripts, which is seldom checked by those who
//! write it; `reader` has what all share. Nothing here fails: what cannot be read is left out, with a note.

mod feed;
mod json_feed;
mod json_ld;
mod lenient;
mod meta;
mod microdata;
mod prefixes;
mod rdfa;
mod reader;

#[cfg(test)]
mod corpus_tests;
#[cfg(test)]
mod hostile_tests;
#[cfg(test)]
mod tests;

use lycosa_dom::{Document, TreeState};
use serde::Serialize;
use serde_json::{Map, Value};
use url::Url;

use reader::Reader;

pub(super) use feed::links as feed_links;
pub use feed::{Enclosure, Entry, Feed};
pub use reader::Note;

/// What a page says about itself.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Structured {
    /// The objects of JSON-LD scripts, as they stand there.
    #[serde(rename = "json-ld")]
    pub json_ld: Vec<Value>,
    /// Items of microdata: `{"type": [...], "id": "...", "properties": {name: [values]}}`.
    pub microdata: Vec<Value>,
    /// What RDFa Lite says, as expanded JSON-LD: `{"@id": "...", "@type": [...], property: [values]}`.
    pub rdfa: Vec<Value>,
    /// Open Graph and properties written like it (`article:tag`, `product:price`): lists of values by name; images and
    /// all that has parts are objects.
    #[serde(rename = "opengraph")]
    pub open_graph: Map<String, Value>,
    /// Twitter cards: lists of values by name, without the prefix `twitter:`.
    pub twitter: Map<String, Value>,
    /// Facts of the head (`title`, `lang`, `canonical`), and the values of the other `<meta>` by name.
    pub meta: Map<String, Value>,
    /// The feed that the document is, with its entries.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub feed: Option<Feed>,
    /// What was repaired, left out or cut.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<Note>,
}

impl Structured {
    /// Reads a page. Addresses become absolute with the page's own `url` and its `<base>`; without either they stay
    /// as written. Takes time linear in the size of the page, whatever the page.
    #[must_use]
    pub fn of(document: &Document, url: Option<&Url>) -> Self {
        let mut reader = Reader::new(document, url);
        let json_ld = json_ld::read(&mut reader);
        let microdata = microdata::read(&mut reader);
        let rdfa = rdfa::read(&mut reader);
        let feed = feed::read(&mut reader);
        let head = meta::read(&mut reader);
        if let TreeState::Cut { reason } = document.tree_state() {
            let limit = reason.as_str();
            reader.note("page", format!("parts may be missing, because the tree was cut ({limit})"));
        }
        if reader.is_spent() {
            reader.note("page", "parts were left out, because they repeat one another beyond bounds");
        }
        let meta::Head { meta, open_graph, twitter } = head;
        Self { json_ld, microdata, rdfa, open_graph, twitter, meta, feed, notes: reader.into_notes() }
    }

    /// Reads a text that is JSON itself: a JSON Feed, or linked data.
    #[must_use]
    pub fn of_json(text: &str, url: Option<&Url>) -> Self {
        let mut found = Self::default();
        match json_ld::read_text(text) {
            Ok(mut objects) => {
                found.feed = objects.first().and_then(|object| json_feed::read(object, url));
                if found.feed.is_some() {
                    objects.remove(0);
                }
                found.json_ld = objects;
            }
            Err(what) => found.notes.push(Note { format: "json", what }),
        }
        found
    }

    /// Whether nothing was found.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        let maps = [&self.open_graph, &self.twitter, &self.meta];
        let lists = [&self.json_ld, &self.microdata, &self.rdfa];
        self.feed.is_none()
            && lists.iter().all(|list| list.is_empty())
            && maps.iter().all(|map| map.is_empty())
    }
}
