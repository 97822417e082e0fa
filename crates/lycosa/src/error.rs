//! The one error of the library: what failed, on what, in which phase, and what to do about it.
//!
//! An [`Error`] is a value that travels: it is cloned into outcomes, written to the state and printed for
//! people. It names no library's types; whatever caused it hangs behind an `Arc<dyn std::error::Error>` and is
//! dropped when the error is stored. Errors of single functions that nobody stores (a selector's syntax, a
//! refused commit) have types of their own beside those functions.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::model::Block;

/// What kind of thing went wrong: the question a program asks of an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ErrorKind {
    /// An argument or option makes no sense.
    Usage,
    /// A configuration file or rule is wrong.
    Config,
    /// A URL cannot be parsed or cannot be crawled (its scheme, say).
    Url,
    /// A host name did not resolve.
    Resolve,
    /// No connection could be made.
    Connect,
    /// The connection's peer broke it off in the middle.
    Disconnected,
    /// The TLS handshake failed.
    Tls,
    /// A proxy cannot be reached, broke off, or wants another login.
    Proxy,
    /// The peer broke HTTP.
    Protocol,
    /// A phase took longer than its limit.
    Timeout,
    /// The address guard refused every address of the host.
    AddressRefused,
    /// The second gate asks to come back later; no request was sent.
    Deferred,
    /// A wire, decoded, ratio, header or redirect limit was passed.
    TooLarge,
    /// A compressed body is damaged or of an unknown coding.
    Decompression,
    /// Redirects loop or are too many, or one has no usable target.
    Redirect,
    /// The crawl's own budget ended this request.
    Budget,
    /// A document could not be parsed or extraction failed.
    Extract,
    /// User code (a hook, an extractor, a middleware) panicked or failed.
    UserCode,
    /// The crawl was cancelled.
    Cancelled,
    /// The state folder is locked, of another crawl or of another version.
    State,
    /// Stored bytes do not match their checksum or cannot be read as what they should be.
    Corrupt,
    /// An output cannot be written, or was changed by somebody else.
    Output,
    /// Any other input or output failure (full disk, missing file).
    Io,
    /// A defect in Lycosa itself.
    Internal,
    /// The version of HTTP that is required cannot be had.
    HttpVersion,
    /// The site, or what stands before it, kept the crawler out; [`Error::block`] tells how.
    Blocked,
    /// The cache alone was to answer, and cannot.
    Offline,
    /// A proxy would not or could not connect to the host.
    Tunnel,
    /// A text is malformed in its charset, and that was not to be put up with.
    Charset,
    /// Its site failed for so long that it was given up; no request was sent.
    HostDown,
}

impl ErrorKind {
    /// Every kind, in the order of its stored code (the position is the code; only append).
    pub const ALL: [ErrorKind; 30] = [
        Self::Usage,
        Self::Config,
        Self::Url,
        Self::Resolve,
        Self::Connect,
        Self::Disconnected,
        Self::Tls,
        Self::Proxy,
        Self::Protocol,
        Self::Timeout,
        Self::AddressRefused,
        Self::Deferred,
        Self::TooLarge,
        Self::Decompression,
        Self::Redirect,
        Self::Budget,
        Self::Extract,
        Self::UserCode,
        Self::Cancelled,
        Self::State,
        Self::Corrupt,
        Self::Output,
        Self::Io,
        Self::Internal,
        Self::HttpVersion,
        Self::Blocked,
        Self::Offline,
        Self::Tunnel,
        Self::Charset,
        Self::HostDown,
    ];

    /// The name used in records, reports and metrics, such as `address_refused`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Usage => "usage",
            Self::Config => "config",
            Self::Url => "url",
            Self::Resolve => "resolve",
            Self::Connect => "connect",
            Self::Disconnected => "disconnected",
            Self::Tls => "tls",
            Self::Proxy => "proxy",
            Self::Protocol => "protocol",
            Self::Timeout => "timeout",
            Self::AddressRefused => "address_refused",
            Self::Deferred => "deferred",
            Self::TooLarge => "too_large",
            Self::Decompression => "decompression",
            Self::Redirect => "redirect",
            Self::Budget => "budget",
            Self::Extract => "extract",
            Self::UserCode => "user_code",
            Self::Cancelled => "cancelled",
            Self::State => "state",
            Self::Corrupt => "corrupt",
            Self::Output => "output",
            Self::Io => "io",
            Self::Internal => "internal",
            Self::HttpVersion => "http_version",
            Self::Blocked => "blocked",
            Self::Offline => "offline",
            Self::Tunnel => "tunnel",
            Self::Charset => "charset",
            Self::HostDown => "host_down",
        }
    }
}

impl ErrorKind {
    /// What helps against failures of this kind, where one sentence does.
    fn advice(self) -> Option<&'static str> {
        Some(match self {
            Self::Resolve => "check the spelling of the host name, and that this machine is online",
            Self::Connect => "check that the server runs and that host and port are right",
            Self::Timeout => {
                "give it more time with --timeout, or --set timeouts.connect=20s and the like in a crawl"
            }
            Self::Disconnected | Self::Protocol => "the server broke the exchange off; trying again may help",
            Self::TooLarge => "allow more with --max-body",
            Self::Tunnel => {
                "the host may be down, or the proxy's rules may forbid it; another proxy may reach it"
            }
            Self::Charset => "read it all the same with --set malformed=replace",
            Self::Redirect => "look at each hop with curl -I",
            Self::HostDown => "crawl it anew when it is back; --set host_rests=20 waits for longer",
            _ => return None,
        })
    }
}

impl fmt::Display for ErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The step of a URL's journey in which something failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Phase {
    /// Name resolution.
    Dns,
    /// Opening the TCP connection.
    Connect,
    /// Talking to a proxy (CONNECT, SOCKS).
    Proxy,
    /// The TLS handshake.
    Tls,
    /// From sending the request to the head of the response.
    FirstByte,
    /// Waiting for the next piece of the body.
    Idle,
    /// The request as a whole.
    Total,
    /// Undoing content codings and charsets.
    Decode,
    /// Building the document.
    Parse,
    /// Taking links and items of the document.
    Extract,
    /// Running user code.
    Hook,
    /// Writing to the state.
    Commit,
    /// Writing to an output.
    Export,
}

impl Phase {
    /// Every phase, in the order of its stored code (the position is the code; only append).
    pub const ALL: [Phase; 13] = [
        Self::Dns,
        Self::Connect,
        Self::Proxy,
        Self::Tls,
        Self::FirstByte,
        Self::Idle,
        Self::Total,
        Self::Decode,
        Self::Parse,
        Self::Extract,
        Self::Hook,
        Self::Commit,
        Self::Export,
    ];

    /// The name used in records and configuration, such as `first_byte`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Dns => "dns",
            Self::Connect => "connect",
            Self::Proxy => "proxy",
            Self::Tls => "tls",
            Self::FirstByte => "first_byte",
            Self::Idle => "idle",
            Self::Total => "total",
            Self::Decode => "decode",
            Self::Parse => "parse",
            Self::Extract => "extract",
            Self::Hook => "hook",
            Self::Commit => "commit",
            Self::Export => "export",
        }
    }
}

impl fmt::Display for Phase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Anything that went wrong: kind, phase, URL, elapsed time, limit, hint and cause.
///
/// Printed with `{}` it is one lower-case sentence with its causes; the hint is apart, so that a face can show
/// it on a line of its own.
#[derive(Clone, Debug, serde::Serialize)]
pub struct Error(Box<Inner>);

#[derive(Clone, Debug, serde::Serialize)]
struct Inner {
    kind: ErrorKind,
    message: String,
    phase: Option<Phase>,
    url: Option<String>,
    elapsed: Option<Duration>,
    limit: Option<Duration>,
    hint: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    block: Option<Block>,
    #[serde(skip)]
    source: Option<Arc<dyn std::error::Error + Send + Sync>>,
}

/// The library's result.
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// An error of this kind. `message` is one lower-case sentence without a full stop: what failed, on what.
    #[must_use]
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self(Box::new(Inner {
            kind,
            message: message.into(),
            phase: None,
            url: None,
            elapsed: None,
            limit: None,
            hint: None,
            block: None,
            source: None,
        }))
    }

    /// An answer that keeps the crawler out.
    #[must_use]
    pub fn blocked(block: Block) -> Self {
        let mut error = Self::new(ErrorKind::Blocked, block.sentence());
        error.0.block = Some(block);
        error
    }

    /// An input/output failure: `doing` says what was attempted, on what (`"writing out.jsonl"`).
    #[must_use]
    pub fn io(doing: impl fmt::Display, cause: std::io::Error) -> Self {
        Self::new(ErrorKind::Io, format!("{doing} failed")).with_source(cause)
    }

    /// A phase that ran past its limit.
    #[must_use]
    pub fn timeout(phase: Phase, elapsed: Duration, limit: Duration) -> Self {
        let message = format!("the {phase} phase took longer than its limit of {limit:?}");
        let mut error = Self::new(ErrorKind::Timeout, message).in_phase(phase);
        error.0.elapsed = Some(elapsed);
        error.0.limit = Some(limit);
        error
    }

    /// The same error, in this phase.
    #[must_use]
    pub fn in_phase(mut self, phase: Phase) -> Self {
        self.0.phase = Some(phase);
        self
    }

    /// The same error, about this URL (userinfo is cut out: errors end up in logs).
    #[must_use]
    pub fn at_url(mut self, url: &str) -> Self {
        self.0.url = Some(without_userinfo(url));
        self
    }

    /// The same error, after this much time.
    #[must_use]
    pub fn after(mut self, elapsed: Duration) -> Self {
        self.0.elapsed = Some(elapsed);
        self
    }

    /// The same error with advice: what the person can do now.
    #[must_use]
    pub fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.0.hint = Some(hint.into());
        self
    }

    /// The same error with the cause of another one, whose own words would only say again what these say.
    #[must_use]
    pub(crate) fn with_cause_of(mut self, other: &Self) -> Self {
        self.0.source.clone_from(&other.0.source);
        self
    }

    /// The same error with its cause.
    #[must_use]
    pub fn with_source(mut self, source: impl std::error::Error + Send + Sync + 'static) -> Self {
        self.0.source = Some(Arc::new(source));
        self
    }

    /// What kind of failure this is.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// The sentence alone, without URL and causes.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// The phase in which it failed, when there is one.
    #[must_use]
    pub fn phase(&self) -> Option<Phase> {
        self.0.phase
    }

    /// The URL it concerns, userinfo removed.
    #[must_use]
    pub fn url(&self) -> Option<&str> {
        self.0.url.as_deref()
    }

    /// How long the failed step ran.
    #[must_use]
    pub fn elapsed(&self) -> Option<Duration> {
        self.0.elapsed
    }

    /// The time limit that was passed.
    #[must_use]
    pub fn limit(&self) -> Option<Duration> {
        self.0.limit
    }

    /// Advice for people: that of this error, else what helps against its kind.
    #[must_use]
    pub fn hint(&self) -> Option<&str> {
        self.own_hint().or_else(|| self.0.kind.advice())
    }

    /// The advice of this error alone: what is stored with it.
    pub(crate) fn own_hint(&self) -> Option<&str> {
        self.0.hint.as_deref()
    }

    /// How the crawler was kept out, when it was ([`ErrorKind::Blocked`]).
    #[must_use]
    pub fn block(&self) -> Option<&Block> {
        self.0.block.as_ref()
    }

    /// Whether the same request may succeed later: transport failures are, refusals and bad data are not.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        matches!(
            self.0.kind,
            ErrorKind::Resolve
                | ErrorKind::Connect
                | ErrorKind::Disconnected
                | ErrorKind::Timeout
                | ErrorKind::Proxy
                | ErrorKind::Tunnel
                | ErrorKind::Deferred
        )
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.message)?;
        if let Some(url) = &self.0.url
            && !self.0.message.contains(url.as_str())
        {
            write!(f, " ({url})")?;
        }
        let mut cause = std::error::Error::source(self);
        while let Some(error) = cause {
            // One of ours tells its own causes, which would then be told twice.
            match error.downcast_ref::<Self>() {
                Some(own) => write!(f, ": {}", own.0.message)?,
                None => write!(f, ": {error}")?,
            }
            cause = error.source();
        }
        Ok(())
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.0.source.as_deref().map(|source| source as &(dyn std::error::Error + 'static))
    }
}

fn without_userinfo(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else { return url.to_owned() };
    let authority = rest.find(['/', '?', '#']).map_or(rest, |end| &rest[..end]);
    match authority.rfind('@') {
        Some(at) => format!("{scheme}://{}", &rest[at + 1..]),
        None => url.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_reads_as_one_sentence_with_its_causes() {
        let cause = std::io::Error::other("no space left on device");
        let error = Error::io("writing out.jsonl", cause);
        assert_eq!(error.to_string(), "writing out.jsonl failed: no space left on device");
    }

    #[test]
    fn passwords_in_urls_do_not_reach_the_message() {
        let error =
            Error::new(ErrorKind::Connect, "no connection could be made").at_url("http://me:secret@host/a@b");
        assert_eq!(error.to_string(), "no connection could be made (http://host/a@b)");
    }

    #[test]
    fn stored_codes_cover_every_kind_once() {
        let mut names: Vec<_> = ErrorKind::ALL.iter().map(|kind| kind.as_str()).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), ErrorKind::ALL.len());
    }
}
