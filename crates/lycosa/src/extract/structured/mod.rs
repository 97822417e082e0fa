//! Structured data without rules: what a page says about itself in a form meant for machines.
//!
//! `json_ld` and `microdata` read items. `lenient` reads the JSON of scripts, which is seldom checked by those who
//! write it; `reader` has what all share. Nothing here fails: what cannot be read is left out, with a note.

mod json_ld;
mod lenient;
mod microdata;
mod reader;

#[cfg(test)]
mod corpus_tests;

use lycosa_dom::Document;
use serde::Serialize;
use serde_json::Value;
use url::Url;

use reader::Reader;

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
        if reader.is_spent() {
            reader.note("page", "parts were left out, because they repeat one another beyond bounds");
        }
        Self { json_ld, microdata, notes: reader.into_notes() }
    }

    /// Reads a text that is JSON itself: linked data.
    #[must_use]
    pub fn of_json(text: &str, _url: Option<&Url>) -> Self {
        let mut found = Self::default();
        match json_ld::read_text(text) {
            Ok(objects) => found.json_ld = objects,
            Err(what) => found.notes.push(Note { format: "json-ld", what }),
        }
        found
    }

    /// Whether nothing was found.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.json_ld.is_empty() && self.microdata.is_empty()
    }
}
