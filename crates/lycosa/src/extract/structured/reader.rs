//! What all readers of structured data share: addresses made absolute, text as a reader sees it, a budget that keeps
//! hostile pages linear, and notes of what was forgiven or left out.

use std::cell::Cell;

use lycosa_dom::{Document, NodeRef};
use serde::Serialize;
use url::Url;

use crate::extract::declared_base;

/// Notes kept of one page; one more says that there were others.
const MAX_NOTES: usize = 50;
/// Steps that every page may cost, and steps per byte of its tree.
const STEPS: (u64, u64) = (4_000_000, 2);

/// Something a person who looks at the data should know.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Note {
    /// Which of the formats it is about, by its name in the output.
    #[serde(rename = "in")]
    pub format: &'static str,
    /// What happened, in words.
    pub what: String,
}

/// A page that is being read.
#[derive(Debug)]
pub(super) struct Reader<'d> {
    document: &'d Document,
    base: Option<Url>,
    steps: Cell<u64>,
    notes: Vec<Note>,
}

impl<'d> Reader<'d> {
    /// A page from this address, if it is known.
    pub(super) fn new(document: &'d Document, url: Option<&Url>) -> Self {
        let steps = STEPS.1.saturating_mul(document.memory() as u64).saturating_add(STEPS.0);
        let base = match url {
            Some(url) => Some(declared_base(document, url).unwrap_or_else(|| url.clone())),
            None => document.base_href().and_then(|href| Url::parse(href).ok()),
        };
        Self { document, base, steps: Cell::new(steps), notes: Vec::new() }
    }

    pub(super) fn document(&self) -> &'d Document {
        self.document
    }

    /// The address that references are relative to.
    pub(super) fn base(&self) -> Option<&Url> {
        self.base.as_ref()
    }

    /// A reference resolved as browsers do (URL standard): empty when it cannot be. Without an address to resolve
    /// against it stays as written, without white space around it. Empty too when the page costs too much already:
    /// every address may be as long as the one it is relative to.
    pub(super) fn url(&self, reference: &str) -> String {
        let length = self.base.as_ref().map_or(0, |base| base.as_str().len()) + reference.len();
        if !self.pay(length) {
            return String::new();
        }
        match &self.base {
            // The query is sent in the charset of the page, as that of its links is.
            Some(base) if self.document.needs_query_charset(reference) => {
                crate::model::resolve(base, reference, Some(self.document))
                    .map_or_else(String::new, String::from)
            }
            base => Self::resolve(base.as_ref(), reference),
        }
    }

    /// Pays for work; `false` when the page has used up what it may cost.
    pub(super) fn pay(&self, steps: usize) -> bool {
        let left = self.steps.get().checked_sub(steps as u64);
        self.steps.set(left.unwrap_or(0));
        left.is_some()
    }

    /// The text of an element as a reader sees it; empty when the page costs too much already.
    pub(super) fn text(&self, node: NodeRef<'d>) -> String {
        let size = node.range().len() + node.text().len();
        if self.pay(size) { node.visible_text().trim().to_owned() } else { String::new() }
    }

    /// Whether the budget ran out.
    pub(super) fn is_spent(&self) -> bool {
        self.steps.get() == 0
    }

    /// Writes a note.
    pub(super) fn note(&mut self, format: &'static str, what: impl Into<String>) {
        let what = what.into();
        match self.notes.len() {
            MAX_NOTES => self.notes.push(Note { format, what: "there are more notes".to_owned() }),
            count if count < MAX_NOTES => self.notes.push(Note { format, what }),
            _ => {}
        }
    }

    /// Ends reading.
    pub(super) fn into_notes(self) -> Vec<Note> {
        self.notes
    }

    /// A reference resolved against an address, if there is one; see [`url`](Self::url).
    pub(super) fn resolve(base: Option<&Url>, reference: &str) -> String {
        match base {
            Some(base) => base.join(reference).map(String::from).unwrap_or_default(),
            None => reference.trim_ascii().to_owned(),
        }
    }
}
