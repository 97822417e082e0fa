//! How a page that a person asked for is parsed: as what they say, as its media type says, or as it begins.
//!
//! The pages of a crawl are none of this: they are read by their media type alone.

use lycosa_dom::{Document, DocumentKind, ParseOptions};

/// Comments and instructions before the first tag are looked through this far, in bytes.
const SNIFFED: usize = 4096;

/// The document of a text.
///
/// What `said` names it is, without second thoughts. Else the media type decides (see [`DocumentKind::of`]), and
/// without one, or with `application/octet-stream`, which says nothing, the beginning: a document type or a root
/// element of HTML makes it HTML also behind an XML declaration; anything else is as [`DocumentKind::of_text`] says.
/// Of other types, and when nothing tells, it is HTML.
#[must_use]
pub fn document(text: &str, said: Option<DocumentKind>, media_type: Option<&str>) -> Document {
    let options = ParseOptions::default();
    match said {
        Some(DocumentKind::Xml) => return Document::parse_xml(text, options),
        Some(DocumentKind::Html) => return Document::parse_html(text, options),
        None => {}
    }
    let kind = match media_type.filter(|kind| !is_unspecific(kind)) {
        None if begins_as_page(text) => Some(DocumentKind::Html),
        media_type => DocumentKind::of(media_type, text),
    };
    Document::parse(text, kind.unwrap_or(DocumentKind::Html), options)
}

/// Whether a media type says no more than that there are bytes (RFC 2046, 4.5.1).
pub(super) fn is_unspecific(media_type: &str) -> bool {
    let essence = media_type.split(';').next().unwrap_or_default().trim();
    essence.is_empty() || essence.eq_ignore_ascii_case("application/octet-stream")
}

/// Whether bytes begin with markup, which a text does and an image does not.
pub(super) fn begins_with_markup(bytes: &[u8]) -> bool {
    bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes).trim_ascii_start().starts_with(b"<")
}

/// Whether a text begins as a page: with the document type of HTML or XHTML, or with its root element, behind any
/// declaration, comments and instructions.
fn begins_as_page(text: &str) -> bool {
    let mut rest = &text[..text.floor_char_boundary(SNIFFED)];
    rest = rest.trim_start_matches(|character: char| character.is_whitespace() || character == '\u{feff}');
    loop {
        let end = match rest {
            _ if rest.starts_with("<!--") => "-->",
            _ if rest.starts_with("<?") => "?>",
            _ => break,
        };
        let Some((_, after)) = rest.split_once(end) else { return false };
        rest = after.trim_start();
    }
    let tag = rest.split_once('>').map_or(rest, |(tag, _)| tag).to_ascii_lowercase();
    let mut words = tag.split_ascii_whitespace();
    match words.next() {
        Some("<!doctype") => words.next() == Some("html") || tag.contains("-//w3c//dtd xhtml"),
        name => name == Some("<html"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_known_by_its_beginning() {
        for text in [
            "<html><p>",
            "\u{feff} <HTML lang=en>",
            "<?xml version='1.0'?><!DOCTYPE html PUBLIC \"-//W3C//DTD XHTML 1.0 Strict//EN\" \"x\"><html>",
            "<?xml version='1.0'?>\n<!-- c --><html xmlns='http://www.w3.org/1999/xhtml'>",
            "<!doctype html>",
        ] {
            assert!(begins_as_page(text), "{text}");
        }
        for text in ["", "<?xml version='1.0'?><rss>", "<htmlx>", "<!DOCTYPE svg>", "<?xml", "<!-- ", "html"]
        {
            assert!(!begins_as_page(text), "{text}");
        }
        assert!(!begins_as_page(&"<!-- c -->".repeat(1 << 16)), "only the beginning is looked at");
    }

    #[test]
    fn what_is_said_goes_before_the_media_type_and_that_before_the_beginning() {
        let page = "<?xml version='1.0'?><html xmlns='http://www.w3.org/1999/xhtml'><p>One</p></html>";
        let kind = |said, media_type| document(page, said, media_type).kind();
        assert_eq!(kind(None, None), DocumentKind::Html);
        assert_eq!(kind(None, Some("application/octet-stream")), DocumentKind::Html);
        assert_eq!(kind(None, Some("application/xhtml+xml")), DocumentKind::Xml);
        assert_eq!(kind(Some(DocumentKind::Html), Some("text/xml")), DocumentKind::Html);
        assert_eq!(kind(Some(DocumentKind::Xml), Some("text/html")), DocumentKind::Xml);
        let feed = document("<rss><link>x</link></rss>", None, Some("application/octet-stream"));
        assert_eq!(feed.kind(), DocumentKind::Xml);
    }
}
