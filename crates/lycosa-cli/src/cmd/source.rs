//! A page that was named on the command line: from a file, a URL or standard input.

use std::io::Read as _;

use http::HeaderMap;
use lycosa::config::ByteSize;
use lycosa::crawler::single::{Fetched, Single, SingleOptions};
use lycosa::{Error, ErrorKind, Result};
use lycosa_dom::DocumentKind;

use crate::output;

/// Bytes of a page that are read unless `--max-body` says otherwise, as in a fetch.
const MAX_BODY: u64 = 64 << 20;

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

/// Reads a file, a URL, or standard input for `-`.
///
/// # Errors
/// When it cannot be read or is too large, or a server answers with an error.
pub(super) async fn read(source: &str, max_body: Option<ByteSize>) -> Result<Read> {
    check(source)?;
    if !is_url(source) {
        let bytes = bytes(source, max_body)?;
        return Ok(Read { bytes, content_type: None, url: None, status: 200, headers: HeaderMap::new() });
    }
    let max_body = max_body.map(|size| size.0);
    let options = SingleOptions { proxy_from_env: true, max_body, ..SingleOptions::default() };
    let fetched = fetch(source, options).await?;
    Ok(Read {
        bytes: fetched.body.to_vec(),
        content_type: fetched.content_type,
        url: Some(fetched.url.into()),
        status: fetched.status,
        headers: fetched.headers,
    })
}

/// Refuses a source without a name.
pub(super) fn check(source: &str) -> Result<()> {
    if source.is_empty() {
        return Err(Error::new(ErrorKind::Usage, "the source is empty")
            .with_hint("name a file, an http(s) URL, or - for standard input"));
    }
    Ok(())
}

/// Whether the source is an address: schemes are compared without regard to case (RFC 3986, 3.1).
pub(super) fn is_url(source: &str) -> bool {
    source.split_once("://").is_some_and(|(scheme, _)| {
        scheme.eq_ignore_ascii_case("http") || scheme.eq_ignore_ascii_case("https")
    })
}

/// Fetches a page that must be there.
///
/// # Errors
/// When no whole answer came, or the server answers with an error.
pub(super) async fn fetch(url: &str, options: SingleOptions) -> Result<Fetched> {
    let fetched = Single::new(options)?.fetch(url).await?;
    if let Some(error) = fetched.error {
        return Err(raisable(error));
    }
    if fetched.status >= 400 {
        let message = format!("{url} answered {}", fetched.status);
        return Err(Error::new(ErrorKind::Protocol, message)
            .with_hint("`lycosa fetch URL` shows the page it sent with that"));
    }
    Ok(fetched)
}

/// How to parse it: by the name of its file, its media type, or how it begins.
pub(super) fn kind(source: &str, media_type: Option<&str>, text: &str) -> DocumentKind {
    let named = kind_of_name(source).filter(|_| media_type.is_none() && source != "-");
    named.or_else(|| DocumentKind::of(media_type, text)).unwrap_or(DocumentKind::Html)
}

/// What a file's name says that it is.
pub(super) fn kind_of_name(source: &str) -> Option<DocumentKind> {
    const HTML: [&str; 2] = ["html", "htm"];
    const XML: [&str; 7] = ["xml", "xhtml", "xht", "rss", "atom", "rdf", "svg"];
    let ending = std::path::Path::new(source).extension()?.to_str()?.to_ascii_lowercase();
    if HTML.contains(&ending.as_str()) {
        return Some(DocumentKind::Html);
    }
    XML.contains(&ending.as_str()).then_some(DocumentKind::Xml)
}

/// Whether a source is JSON itself: by its media type, else by its name or its beginning.
pub(super) fn is_json(source: &str, media_type: Option<&str>, text: &str) -> bool {
    if let Some(media_type) = media_type {
        let essence = media_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        return essence == "application/json" || essence.ends_with("+json");
    }
    let ending =
        std::path::Path::new(source).extension().and_then(|ending| ending.to_str()).unwrap_or_default();
    ["json", "jsonld", "ndjson", "jsonl"].iter().any(|known| known.eq_ignore_ascii_case(ending))
        || text.trim_start().starts_with(['{', '['])
}

/// The bytes of a file or of standard input, if there are not too many.
///
/// # Errors
/// When they cannot be read, or are more than `--max-body`.
pub(super) fn bytes(source: &str, most: Option<ByteSize>) -> Result<Vec<u8>> {
    let most = most.map_or(MAX_BODY, |size| size.0);
    if source == "-" {
        return read_within(std::io::stdin().lock(), "standard input", most);
    }
    let file = std::fs::File::open(source).map_err(|cause| {
        let hint = match source.split_once('/') {
            Some((host, _)) if looks_like_host(host) => format!("did you mean http://{source}?"),
            None if looks_like_host(source) && kind_of_name(source).is_none() => {
                format!("name a file that is there; did you mean http://{source}?")
            }
            _ => "name a file, an http(s) URL, or - for standard input".to_owned(),
        };
        Error::io(format!("reading {}", output::shortened(source)), cause).with_hint(hint)
    })?;
    read_within(file, source, most)
}

/// Whether a word could be a host name with or without a port, rather than a folder.
fn looks_like_host(word: &str) -> bool {
    let (host, port) = word.rsplit_once(':').unwrap_or((word, "80"));
    let is_name =
        |part: &str| !part.is_empty() && part.chars().all(|letter| letter.is_alphanumeric() || letter == '-');
    let is_dotted = host.contains('.') && host.split('.').all(is_name);
    (is_dotted || host == "localhost") && port.parse::<u16>().is_ok()
}

fn read_within(reader: impl std::io::Read, name: &str, most: u64) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    reader
        .take(most.saturating_add(1))
        .read_to_end(&mut bytes)
        .map_err(|cause| Error::io(format!("reading {name}"), cause))?;
    if bytes.len() as u64 > most {
        let message = format!("{name} is larger than the limit of {}", ByteSize(most));
        return Err(raisable(Error::new(ErrorKind::TooLarge, message)));
    }
    Ok(bytes)
}

/// The error of a page that is too large, with the flag that reads larger ones.
pub(super) fn raisable(error: Error) -> Error {
    match error.kind() {
        ErrorKind::TooLarge => error.with_hint("raise the limit with --max-body, such as --max-body 200MB"),
        _ => error,
    }
}
