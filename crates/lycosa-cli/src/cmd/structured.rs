//! `lycosa extract --structured`: what a page says about itself in forms meant for machines, as JSON.

use lycosa::extract::structured::Structured;
use lycosa::{Error, ErrorKind, Result};
use lycosa_dom::{Document, DocumentKind, ParseOptions};
use url::Url;

use super::source;
use crate::exit::Exit;
use crate::output;

/// Prints the structured data of a page: its text and the charset it was in, its media type if one was declared, and its
/// address if known.
/// `name` is what the page was called on the command line, for its ending.
pub(super) fn print(
    name: &str,
    text: &str,
    charset: &str,
    media_type: Option<&str>,
    address: Option<&Url>,
) -> Result<Exit> {
    let found = if source::is_json(name, media_type, text) {
        Structured::of_json(text, address)
    } else {
        let kind = DocumentKind::of(media_type, text).unwrap_or(DocumentKind::Html);
        let document = Document::parse(text, kind, ParseOptions::default()).in_charset(charset);
        Structured::of(&document, address)
    };
    output::data(format!("{}\n", json(&found)?).as_bytes())?;
    Ok(if found.is_empty() { Exit::Failed } else { Exit::Done })
}

/// The data as JSON over several lines.
///
/// # Errors
/// When it cannot be written so.
pub(super) fn json(found: &Structured) -> Result<String> {
    serde_json::to_string_pretty(found).map_err(|cause| {
        Error::new(ErrorKind::Internal, "the data cannot be written as JSON").with_source(cause)
    })
}
