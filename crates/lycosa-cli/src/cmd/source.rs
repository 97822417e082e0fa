//! A page that was named on the command line: from a file, a URL or standard input.

use std::io::Read as _;

use http::HeaderMap;
use lycosa::crawler::single::{Single, SingleOptions};
use lycosa::{Error, ErrorKind, Result};
use lycosa_dom::DocumentKind;

/// What was read.
pub(super) struct Read {
    pub(super) bytes: Vec<u8>,
    pub(super) content_type: Option<String>,
    /// The URL that answered; none for files.
    pub(super) url: Option<String>,
    /// 200 for files.
    pub(super) status: u16,
    pub(super) headers: HeaderMap,
}

impl Read {
    fn file(bytes: Vec<u8>) -> Self {
        Self { bytes, content_type: None, url: None, status: 200, headers: HeaderMap::new() }
    }
}

/// Reads a file, a URL, or standard input for `-`.
///
/// # Errors
/// When it cannot be read, or a server answers with an error.
pub(super) async fn read(source: &str) -> Result<Read> {
    if source == "-" {
        let mut bytes = Vec::new();
        std::io::stdin()
            .read_to_end(&mut bytes)
            .map_err(|cause| Error::io("reading standard input", cause))?;
        return Ok(Read::file(bytes));
    }
    if source.starts_with("http://") || source.starts_with("https://") {
        let fetched = Single::new(SingleOptions { proxy_from_env: true, ..SingleOptions::default() })?
            .fetch(source)
            .await?;
        if let Some(error) = fetched.error {
            return Err(error);
        }
        if fetched.status >= 400 {
            let message = format!("{source} answered {}", fetched.status);
            return Err(Error::new(ErrorKind::Protocol, message)
                .with_hint("`lycosa fetch URL` shows the page it sent with that"));
        }
        return Ok(Read {
            bytes: fetched.body.to_vec(),
            content_type: fetched.content_type,
            url: Some(fetched.url.into()),
            status: fetched.status,
            headers: fetched.headers,
        });
    }
    let bytes = std::fs::read(source).map_err(|cause| {
        Error::io(format!("reading {source}"), cause)
            .with_hint("name a file, an http(s) URL, or - for standard input")
    })?;
    Ok(Read::file(bytes))
}

/// How to parse it: by the name of its file, its media type, or how it begins.
pub(super) fn kind(source: &str, media_type: Option<&str>, text: &str) -> DocumentKind {
    let named = super::query::kind_of_name(source).filter(|_| media_type.is_none() && source != "-");
    named.or_else(|| DocumentKind::of(media_type, text)).unwrap_or(DocumentKind::Html)
}
