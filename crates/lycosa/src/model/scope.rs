//! Scope: whether a URL belongs to this crawl, with a reason.

use url::Url;

use super::{Exclusion, RequestKind};

/// A URL about to be offered to the frontier.
#[derive(Clone, Copy, Debug)]
pub struct Candidate<'a> {
    /// Canonical form.
    pub url: &'a Url,
    /// What it would be for.
    pub kind: RequestKind,
    /// Links from a seed.
    pub depth: u32,
}

/// A verdict on a URL.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It belongs to the crawl.
    Accept,
    /// It does not.
    Refuse(Exclusion),
}

/// Decides which URLs belong to the crawl. Pure: the same candidate gets the same verdict.
pub trait Scope: Send + Sync + std::fmt::Debug {
    /// The verdict.
    fn judge(&self, candidate: Candidate<'_>) -> Verdict;
}
