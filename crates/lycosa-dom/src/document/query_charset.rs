//! The charset that the queries of a page's links are sent in. Browsers encode them as the page was encoded (URL
//! standard, "percent-encode after encoding"), and old sites count on it; paths are UTF-8 always.

use std::borrow::Cow;

use encoding_rs::{Encoding, UTF_8};

use super::Document;

impl Document {
    /// The document of a page that came in this charset (a label of the Encoding standard). Without, and with one
    /// that is not known, it is UTF-8.
    #[must_use]
    pub fn in_charset(mut self, label: &str) -> Self {
        let encoding = Encoding::for_label(label.as_bytes()).map_or(UTF_8, Encoding::output_encoding);
        self.query_charset = (encoding != UTF_8).then_some(encoding);
        self
    }

    /// Whether a reference of the page must be resolved with [`query_bytes`](Self::query_bytes): it has a query with
    /// letters beyond ASCII, and the page was not UTF-8.
    pub fn needs_query_charset(&self, reference: &str) -> bool {
        self.query_charset.is_some() && reference.split_once('?').is_some_and(|(_, query)| !query.is_ascii())
    }

    /// The bytes of a query in the page's charset. What the charset does not have becomes a numeric reference, as in
    /// browsers.
    pub fn query_bytes<'t>(&self, query: &'t str) -> Cow<'t, [u8]> {
        let Some(encoding) = self.query_charset else { return Cow::Borrowed(query.as_bytes()) };
        let (bytes, _, has_unmappable) = encoding.encode(query);
        if !has_unmappable {
            return bytes;
        }
        let mut out = Vec::with_capacity(query.len());
        for character in query.chars() {
            let mut buffer = [0; 4];
            let (bytes, _, is_unmappable) = encoding.encode(character.encode_utf8(&mut buffer));
            if is_unmappable {
                out.extend_from_slice(format!("%26%23{}%3B", u32::from(character)).as_bytes());
            } else {
                out.extend_from_slice(&bytes);
            }
        }
        Cow::Owned(out)
    }
}

#[cfg(test)]
mod tests {
    use crate::{Document, ParseOptions};

    fn query(label: &str, text: &str) -> Vec<u8> {
        let document = Document::parse_html("", ParseOptions::default()).in_charset(label);
        document.query_bytes(text).into_owned()
    }

    #[test]
    fn a_query_is_encoded_as_its_page_was() {
        assert_eq!(query("windows-1251", "q=\u{43f}"), b"q=\xef");
        assert_eq!(query("gb2312", "\u{4e2d}"), b"\xd6\xd0");
        assert_eq!(query("windows-1251", "\u{43f}\u{4e2d}"), b"\xef%26%2320013%3B");
        for label in ["utf-8", "utf-16le", "nonsense", "replacement"] {
            assert_eq!(query(label, "\u{43f}"), "\u{43f}".as_bytes(), "{label}");
        }
    }

    #[test]
    fn only_queries_beyond_ascii_of_other_charsets_need_it() {
        let plain = Document::parse_html("", ParseOptions::default());
        assert!(!plain.needs_query_charset("/p?q=\u{43f}"));
        let old = plain.in_charset("windows-1251");
        assert!(old.needs_query_charset("/p?q=\u{43f}"));
        assert!(!old.needs_query_charset("/\u{43f}?q=a") && !old.needs_query_charset("/\u{43f}"));
    }
}
