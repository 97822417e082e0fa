//! `lycosa extract --structured`: what a page says about itself in forms meant for machines, as JSON.

use std::path::Path;

use lycosa::extract::structured::Structured;
use lycosa::{Error, ErrorKind, Result};
use lycosa_dom::{Document, DocumentKind, ParseOptions};
use url::Url;

use crate::exit::Exit;
use crate::output;

/// Prints the structured data of a page: its text, its media type if one was declared, and its address if known.
/// `source` is what the page was called on the command line, for its ending.
pub(super) fn print(
    source: &str,
    text: &str,
    media_type: Option<&str>,
    address: Option<&Url>,
) -> Result<Exit> {
    let found = if is_json(source, media_type, text) {
        Structured::of_json(text, address)
    } else {
        let kind = DocumentKind::of(media_type, text).unwrap_or(DocumentKind::Html);
        let document = Document::parse(text, kind, ParseOptions::default());
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

/// Whether a source is JSON itself, a feed or linked data: by its media type, else by its name or its beginning.
pub(super) fn is_json(source: &str, media_type: Option<&str>, text: &str) -> bool {
    if let Some(media_type) = media_type {
        let essence = media_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        return essence == "application/json" || essence.ends_with("+json");
    }
    let ending = Path::new(source).extension().and_then(|ending| ending.to_str()).unwrap_or_default();
    ["json", "jsonld"].iter().any(|known| known.eq_ignore_ascii_case(ending))
        || text.trim_start().starts_with(['{', '['])
}
