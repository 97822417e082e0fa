//! Blocks: an answer by which a site, or what stands before it, keeps the crawler out instead of giving content.

/// What a block asks of the visitor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum BlockKind {
    /// Go away: this resource, or this visitor, is refused.
    Forbidden,
    /// Come more slowly.
    RateLimited,
    /// Run a script, or wait, to show that a browser is there.
    Challenge,
    /// Solve a puzzle to show that a person is there.
    Captcha,
    /// Say who you are.
    Login,
    /// Come later, and nothing says whether because the site is down, has too much to do or is asked too often.
    Unavailable,
}

impl BlockKind {
    /// Every kind, in the order of its stored code (only append).
    pub const ALL: [Self; 6] =
        [Self::Forbidden, Self::RateLimited, Self::Challenge, Self::Captcha, Self::Login, Self::Unavailable];

    /// The name used in records and summaries, such as `rate_limited`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Forbidden => "forbidden",
            Self::RateLimited => "rate_limited",
            Self::Challenge => "challenge",
            Self::Captcha => "captcha",
            Self::Login => "login",
            Self::Unavailable => "unavailable",
        }
    }

    /// Whether asking again at once makes it worse: the site then rests. A refused resource or a missing login
    /// says nothing about the next URL.
    #[must_use]
    pub fn asks_for_rest(self) -> bool {
        matches!(self, Self::RateLimited | Self::Challenge | Self::Captcha | Self::Unavailable)
    }
}

/// Who blocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum BlockLayer {
    /// A network or a defence before the site: a CDN, a web application firewall, a bot detector.
    Edge,
    /// The site's own server or program.
    Application,
    /// The answer does not tell.
    Unknown,
}

impl BlockLayer {
    /// Every layer, in the order of its stored code (only append).
    pub const ALL: [Self; 3] = [Self::Edge, Self::Application, Self::Unknown];

    /// The name used in records, such as `edge`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Edge => "edge",
            Self::Application => "application",
            Self::Unknown => "unknown",
        }
    }
}

/// An answer that is a block, and why it was taken for one.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Block {
    /// What it asks for.
    pub kind: BlockKind,
    /// Who asks.
    pub layer: BlockLayer,
    /// The status it came with.
    pub status: u16,
    /// What decided, for people: a status, a header, a product's page. One line.
    pub evidence: Box<str>,
}

impl Block {
    /// What it comes to, in a sentence with the evidence.
    pub(crate) fn sentence(&self) -> String {
        let what = match self.kind {
            BlockKind::Unavailable => "the site cannot answer now",
            _ => "the answer is a block, not content",
        };
        format!("{what}: {}", self.evidence)
    }
}
