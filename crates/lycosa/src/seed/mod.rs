//! Seeds: the URLs a crawl begins with, from arguments, a file or standard input.
//!
//! Question of this module: *where does the crawl begin?* One URL per line; blank lines and lines that begin with
//! `#` are passed over. A host without a scheme is taken as `http://`, as curl and wget do: a site that has moved
//! answers with a redirect to `https`, while many local servers know no TLS. The first wrong line ends the reading
//! with its number, because a crawl that silently lacks a seed is worse than one that does not start.

use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;

use url::{Host, Url};

use crate::error::{Error, ErrorKind, Result};
use crate::octets::{Unmarked, excerpt};

/// Bytes a line may have.
const MAX_LINE: u64 = 64 << 10;

/// A seed as typed: an absolute `http` or `https` URL, or a host with or without port and path.
///
/// # Errors
/// [`ErrorKind::Url`] when it is neither; the message names it.
pub fn parse(text: &str) -> Result<Url> {
    parse_as("seed ", text)
}

/// The same for a URL that is called so in errors; nothing, or a word with a space after it.
pub(crate) fn parse_as(called: &str, text: &str) -> Result<Url> {
    let text = text.trim();
    let wrong = |reason: &str| {
        Error::new(ErrorKind::Url, format!("{called}`{}` {reason}", excerpt(text)))
            .with_hint("give a URL such as `https://example.com/start`, or a host name")
    };
    if text.is_empty() {
        return Err(wrong("is empty"));
    }
    let parsed = match scheme(text) {
        Some(scheme) if !scheme.eq_ignore_ascii_case("http") && !scheme.eq_ignore_ascii_case("https") => {
            return Err(wrong(&format!("has the scheme `{scheme}`, but only http and https can be crawled")));
        }
        Some(_) => Url::parse(text),
        None => Url::parse(&format!("http://{text}")),
    };
    let url = parsed.map_err(|error| wrong(&format!("is not a URL: {error}")))?;
    if has_empty_label(&url) {
        let host = excerpt(url.host_str().unwrap_or_default());
        return Err(wrong(&format!("names no host: `{host}` has an empty part")));
    }
    if !url.username().is_empty() || url.password().is_some() {
        let host = url.host_str().unwrap_or_default();
        let what = if called.is_empty() { "URL" } else { called.trim() };
        let message =
            format!("the {what} at {host} holds a user name or password, which would end up in every record");
        return Err(Error::new(ErrorKind::Url, message)
            .with_hint("leave it out of the URL and give it with -u USER:PASSWORD"));
    }
    Ok(url)
}

/// Whether the host is a name with nothing between two dots, before the first or but for one after the last: the URL
/// Standard lets it pass, DNS has no such name (RFC 1034 §3.1).
fn has_empty_label(url: &Url) -> bool {
    let Some(Host::Domain(host)) = url.host() else { return false };
    host.strip_suffix('.').unwrap_or(host).split('.').any(str::is_empty)
}

/// The scheme, if there is one: `localhost:8080` has none, `mailto:x` has.
fn scheme(text: &str) -> Option<&str> {
    let (scheme, rest) = text.split_once(':')?;
    let plausible = scheme.starts_with(|c: char| c.is_ascii_alphabetic())
        && scheme.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.'));
    let port = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let is_port = !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit());
    (rest.starts_with("//") || (plausible && !is_port)).then_some(scheme)
}

/// The seeds in a stream, one by one. `name` is what errors call it (`seeds.txt`, `standard input`).
#[derive(Debug)]
pub struct SeedReader<R> {
    reader: Unmarked<R>,
    name: String,
    line: u64,
    over: bool,
}

impl<R: BufRead> SeedReader<R> {
    /// Reads from this stream.
    #[must_use]
    pub fn new(reader: R, name: impl Into<String>) -> Self {
        Self { reader: Unmarked::new(reader), name: name.into(), line: 0, over: false }
    }

    fn read(&mut self) -> Result<Option<Url>> {
        loop {
            let mut line = Vec::new();
            let mut limited = (&mut self.reader).take(MAX_LINE + 1);
            let read = limited.read_until(b'\n', &mut line);
            read.map_err(|error| Error::io(format!("reading seeds from {}", self.name), error))?;
            if line.is_empty() {
                return Ok(None);
            }
            self.line += 1;
            if u64::try_from(line.len()).is_ok_and(|length| length > MAX_LINE) {
                return Err(self.wrong(ErrorKind::Url, &format!("is longer than {MAX_LINE} bytes")));
            }
            let Ok(text) = std::str::from_utf8(&line) else {
                return Err(self.wrong(ErrorKind::Url, "is not valid UTF-8"));
            };
            let text = text.trim_start_matches('\u{FEFF}').trim();
            if text.is_empty() || text.starts_with('#') {
                continue;
            }
            return parse(text).map(Some).map_err(|error| {
                let located = self.wrong(error.kind(), &format!("cannot be used: {}", error.message()));
                match error.hint() {
                    Some(hint) => located.with_hint(hint),
                    None => located,
                }
            });
        }
    }

    fn wrong(&self, kind: ErrorKind, what: &str) -> Error {
        Error::new(kind, format!("line {} of {} {what}", self.line, self.name))
    }
}

impl<R: BufRead> Iterator for SeedReader<R> {
    type Item = Result<Url>;

    /// The next seed; nothing follows an error.
    fn next(&mut self) -> Option<Self::Item> {
        if self.over {
            return None;
        }
        let next = self.read().transpose();
        self.over = !matches!(next, Some(Ok(_)));
        next
    }
}

/// The seeds in a file.
///
/// # Errors
/// [`ErrorKind::Usage`] when the file cannot be opened; the reader then gives errors line by line.
pub fn seeds_in_file(path: &Path) -> Result<SeedReader<BufReader<File>>> {
    let name = path.display().to_string();
    match File::open(path) {
        Ok(file) => Ok(SeedReader::new(BufReader::new(file), name)),
        Err(error) => Err(Error::new(ErrorKind::Usage, format!("the seed file {name} cannot be read"))
            .with_hint("name a text file with one URL a line, or - for standard input")
            .with_source(error)),
    }
}

/// The seeds on standard input.
#[must_use]
pub fn seeds_on_stdin() -> SeedReader<std::io::StdinLock<'static>> {
    SeedReader::new(std::io::stdin().lock(), "standard input")
}

#[cfg(test)]
mod tests;
