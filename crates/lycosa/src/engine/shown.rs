//! The words that a page shows, made once for all who compare pages: whether it changed, is like another, or says
//! something of its own. Most pages are asked for them by one of these, some by none.

use std::cell::OnceCell;

use lycosa_dom::Document;

/// A page whose words are made when they are asked for first.
#[derive(Debug)]
pub(super) struct Shown<'p> {
    document: Option<&'p Document>,
    text: &'p str,
    words: OnceCell<String>,
}

impl<'p> Shown<'p> {
    /// A document, or a text that is none.
    pub(super) fn new(document: Option<&'p Document>, text: &'p str) -> Self {
        Self { document, text, words: OnceCell::new() }
    }

    /// The visible words of the document, which leave out scripts, tokens in attributes and whatever else changes with
    /// every answer and nobody reads; of what is no document, all of its text. Parted and followed by one space each.
    pub(super) fn words(&self) -> &str {
        self.words.get_or_init(|| match self.document {
            Some(document) => document.root().visible_words(),
            None => lycosa_dom::words(self.text),
        })
    }
}
