//! Rests of a site: the rules by which one that fails is left alone, and what is known of it for whoever asks.
//!
//! The frontier keeps them, like every delay; what made a site rest it takes from the attempts that it is told of.

use std::time::Duration;

use super::Timestamp;

/// How long a site is put up with that does not answer: a circuit breaker (M. Nygard, "Release It!", 2007).
///
/// After so many failures in a row (no connection, no name, no answer in time, a connection broken off, 5xx) the
/// breaker opens and the site rests. After the rest one request is let through: an answer closes the breaker, a failure
/// opens it again for twice as long. Retries of a URL that answered 5xx before do not count, or a site with one
/// broken page would seem down. While the breaker is not closed, a failure is none of its URL's: it takes none of its
/// tries.
///
/// A site that turns five pages in a row away (429, 503) without saying for how long is overloaded. It rests sooner
/// then and for less, 5 s at first and `first` at most, so that it is given up after about five minutes: pages that say
/// so for ever must not hold up a crawl whose other pages are done. A site that says how
/// long (`Retry-After`) gets that. When it asks again at the next page after all of that rest, its breaker opens too: it rests
/// as it asks, no shorter and no longer, with one request after each rest. Such rests count like others, but no more of them
/// than an overloaded site would have had in that time, so that it is given up no sooner. "At once" (`Retry-After: 0`) is
/// an invitation, and counts only when it comes after a rest of the breaker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Patience {
    /// Failures in a row that open the breaker; 0 switches it off. Default 8: more than the tries of two URLs.
    pub failures: u32,
    /// The first rest; each that follows is twice as long. A quarter more or less by chance. Default 1 min.
    pub first: Duration,
    /// Rests do not grow beyond this. Default 1 h.
    pub most: Duration,
    /// Rests in a row after which the site is given up: its URLs end as failed, without a request, until another rest
    /// of `most` is over. Default 8, which takes about three hours: longer than most repairs and deployments, and
    /// shorter than a crawl should wait for one host.
    pub rests: u32,
}

impl Default for Patience {
    fn default() -> Self {
        Self { failures: 8, first: Duration::from_secs(60), most: Duration::from_secs(3_600), rests: 8 }
    }
}

impl Patience {
    /// No failure makes a site rest.
    pub const ENDLESS: Self =
        Self { failures: 0, first: Duration::from_secs(60), most: Duration::from_secs(3_600), rests: 8 };
}

/// The state of a site's breaker.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Breaker {
    /// Requests go out.
    #[default]
    Closed,
    /// The site rests; after that one request is let through.
    Open,
    /// That request is under way.
    HalfOpen,
    /// It rested too often: its URLs fail without a request.
    GivenUp,
}

impl Breaker {
    /// All, in the order of their stored codes (only append).
    pub(crate) const ALL: [Self; 4] = [Self::Closed, Self::Open, Self::HalfOpen, Self::GivenUp];
}

/// Why a site rests.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RestReason {
    /// It failed too often in a row.
    Failing,
    /// It kept the crawler out (429, a block); each time in a row it rests for longer.
    Refused,
    /// It asked for it (503, `Retry-After`), or the user did.
    Asked,
    /// Another site of its address network has its turn.
    Network,
    /// It turned away too many in a row (429, 503): without saying for how long, or again after all of the rest it asked for.
    Overloaded,
}

impl RestReason {
    /// In words.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Failing => "it fails",
            Self::Refused => "it turned the crawler away",
            Self::Asked => "it was asked for",
            Self::Network => "another site of its network has its turn",
            Self::Overloaded => "it is overloaded",
        }
    }

    /// All, in the order of their stored codes (only append).
    pub(crate) const ALL: [Self; 5] =
        [Self::Failing, Self::Refused, Self::Asked, Self::Network, Self::Overloaded];

    /// Whether it is a breaker's.
    #[must_use]
    pub fn is_breakers(self) -> bool {
        matches!(self, Self::Failing | Self::Overloaded)
    }
}

/// What made a site's delay as long as it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DelayCause {
    /// The rule of the crawl.
    #[default]
    Rule,
    /// A crawl-delay of robots.txt.
    CrawlDelay,
    /// Its answers take long.
    ResponseTime,
}

impl DelayCause {
    /// In words.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Rule => "rule",
            Self::CrawlDelay => "robots.txt",
            Self::ResponseTime => "response time",
        }
    }
}

/// How a site does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Health {
    /// Its breaker.
    pub breaker: Breaker,
    /// Failures in a row.
    pub failures: u32,
    /// Rests of its breaker in a row.
    pub rests: u32,
    /// No request before this moment because of a rest; past or 0 when there is none.
    pub rests_until: Timestamp,
    /// Why it rests, or did last since it was well.
    pub reason: Option<RestReason>,
}

/// What a crawl waits for that starts no request.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Waits {
    /// Before this moment no request may start, if nothing changes meanwhile; past when one may now. `None` when only a
    /// change helps.
    pub until: Option<Timestamp>,
    /// Whether no request starts because of a pause.
    pub paused: bool,
    /// Sites with waiting URLs that rest now, by reason, the most sites first. Turns at a network are none of these.
    pub rests: Vec<SiteRests>,
}

/// Sites that rest for one reason.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct SiteRests {
    /// Why.
    pub reason: RestReason,
    /// How many.
    pub sites: u64,
    /// When the first of them may be asked again.
    pub until: Timestamp,
}
