//! What became of a URL: exactly one [`Outcome`] for every accepted one, and the attempts that led to it.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use super::frontier::Discovered;
use super::{Record, RequestKind, Timestamp, Timings, UrlKey};
use crate::error::{Error, ErrorKind};

/// Why a URL was not fetched, or its answer not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Exclusion {
    /// Not an absolute http(s) URL.
    Invalid,
    /// Longer than the limit.
    TooLong,
    /// Its host is outside the scope.
    Host,
    /// Deeper than the depth limit.
    Depth,
    /// No `include` pattern matches it.
    NotIncluded,
    /// An `exclude` pattern matches it.
    Excluded,
    /// robots.txt disallows it.
    Robots,
    /// robots.txt could not be had (server error, unreachable), which counts as a full disallow (RFC 9309 §2.3.1.4).
    RobotsUnreachable,
    /// The address guard allows none of its addresses.
    Address,
    /// Its content type is not among those accepted.
    ContentType,
    /// User code said no.
    Hook,
    /// The page asks not to be indexed (`X-Robots-Tag`, `<meta name=robots>`).
    NoIndex,
    /// A page with the same content, or nearly the same, was written before.
    Duplicate,
    /// Its site has many URLs of its shape, and they did not prove worth more yet: parked.
    Template,
    /// As [`Exclusion::Template`], and its address looks like one of a spider trap: less is granted to these.
    Trap,
}

impl Exclusion {
    /// Every reason, in the order of its stored code (only append).
    pub const ALL: [Self; 15] = [
        Self::Invalid,
        Self::TooLong,
        Self::Host,
        Self::Depth,
        Self::NotIncluded,
        Self::Excluded,
        Self::Robots,
        Self::RobotsUnreachable,
        Self::Address,
        Self::ContentType,
        Self::Hook,
        Self::NoIndex,
        Self::Duplicate,
        Self::Template,
        Self::Trap,
    ];

    /// The name used in records and summaries, such as `not_included`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Invalid => "invalid",
            Self::TooLong => "too_long",
            Self::Host => "host",
            Self::Depth => "depth",
            Self::NotIncluded => "not_included",
            Self::Excluded => "excluded",
            Self::Robots => "robots",
            Self::RobotsUnreachable => "robots_unreachable",
            Self::Address => "address",
            Self::ContentType => "content_type",
            Self::Hook => "hook",
            Self::NoIndex => "noindex",
            Self::Duplicate => "duplicate",
            Self::Template => "template",
            Self::Trap => "trap",
        }
    }
}

/// How a lease ends for good.
#[derive(Clone, Debug)]
pub enum Outcome {
    /// A final answer came, of any status that is not a redirect to follow.
    Fetched {
        /// The HTTP status.
        status: u16,
    },
    /// A redirect: this URL is done, its continuation is queued unless its target is already known.
    Redirect {
        /// 301, 302, 303, 307 or 308.
        status: u16,
        /// The continuation (class 0, carrying chain, depth and session).
        to: Box<Discovered>,
        /// The record to write instead when the target is known already (its outcome becomes [`Outcome::Alias`]).
        if_known: Vec<Record>,
    },
    /// The URL leads to one that has its own outcome.
    Alias {
        /// The redirect's status.
        status: u16,
        /// The URL it stands for.
        of: Arc<str>,
    },
    /// It was accepted, but not to be fetched or kept after all.
    Excluded {
        /// Why.
        reason: Exclusion,
    },
    /// It could not be had: retries are used up or make no sense, or the answer is a block
    /// ([`ErrorKind::Blocked`]) and not content.
    Failed {
        /// What failed, in which phase.
        error: Error,
    },
}

impl Outcome {
    /// `fetched`, `redirected`, `alias`, `excluded`, `blocked` or `failed`.
    #[must_use]
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Fetched { .. } => "fetched",
            Self::Redirect { .. } => "redirected",
            Self::Alias { .. } => "alias",
            Self::Excluded { .. } => "excluded",
            Self::Failed { error } if error.kind() == ErrorKind::Blocked => "blocked",
            Self::Failed { .. } => "failed",
        }
    }
}

/// One request that was sent (or tried to be), whatever came of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Attempt {
    /// When it started.
    pub at: Timestamp,
    /// How long it took.
    pub duration: Duration,
    /// The status, when one came.
    pub status: Option<u16>,
    /// Kind and phase of the failure, when it failed, as `kind` or `kind/phase`.
    pub failure: Option<Box<str>>,
    /// The peer that was connected to.
    pub peer: Option<SocketAddr>,
    /// Bytes received on the wire, head and body.
    pub wire_bytes: u64,
    /// What the page says that came, compared with others of the crawl; none when it was not compared.
    pub content: Option<Content>,
    /// Time spent in each phase, as far as it came.
    pub timings: Timings,
}

/// What a page says, compared with others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Content {
    /// Something of its own.
    New,
    /// The same as another, or nearly.
    Repeats,
}

impl Content {
    /// All, in the order of their stored codes (only append).
    pub(crate) const ALL: [Self; 2] = [Self::New, Self::Repeats];
}

/// A link that was found and not accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefusedLink {
    /// Its fingerprint.
    pub key: UrlKey,
    /// Its URL.
    pub url: Box<str>,
    /// Why.
    pub reason: Exclusion,
}

/// The page that another repeats.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Repeated {
    /// Its URL.
    pub url: Box<str>,
    /// Whether the texts are nearly the same, and not the bytes.
    pub nearly: bool,
}

/// What a commit says for those who ask later what happened; nothing depends on it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CommitNotes {
    /// Links found on the page, whatever became of them.
    pub links: u32,
    /// How many of them were refused, by reason: exact.
    pub refused: Vec<(Exclusion, u32)>,
    /// Some of the refused ones by name: a sample.
    pub samples: Vec<RefusedLink>,
    /// What the URL was asked for as, when that is not what it waited as.
    pub asked_as: Option<RequestKind>,
    /// What its page repeats, when it gave no record for that.
    pub repeats: Option<Repeated>,
}
