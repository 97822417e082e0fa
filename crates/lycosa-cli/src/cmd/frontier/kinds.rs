//! What `--kind` names: a kind of failure, a way in which sites keep crawlers out, or a reason to leave a URL out.

use std::str::FromStr;

use lycosa::crawler::stopped::UrlLine;
use lycosa::model::{BlockKind, Exclusion};
use lycosa::{Error, ErrorKind, Result};

/// One of them. No two have the same name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Failure(ErrorKind),
    Block(BlockKind),
    Reason(Exclusion),
}

impl Kind {
    /// Whether a URL ended as this.
    pub(super) fn fits(self, line: &UrlLine) -> bool {
        let error = line.error.as_ref();
        match self {
            Self::Failure(kind) => line.reason.is_none() && error.is_some_and(|error| error.kind == kind),
            Self::Block(kind) => {
                error.and_then(|error| error.block.as_ref()).is_some_and(|block| block.kind == kind)
            }
            Self::Reason(reason) => line.reason == Some(reason),
        }
    }

    fn as_str(self) -> &'static str {
        match self {
            Self::Failure(kind) => kind.as_str(),
            Self::Block(kind) => kind.as_str(),
            Self::Reason(reason) => reason.as_str(),
        }
    }

    fn all() -> impl Iterator<Item = Self> {
        let failures = ErrorKind::ALL.into_iter().map(Self::Failure);
        let blocks = BlockKind::ALL.into_iter().map(Self::Block);
        failures.chain(blocks).chain(Exclusion::ALL.into_iter().map(Self::Reason))
    }
}

impl FromStr for Kind {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self> {
        Self::all().find(|kind| kind.as_str() == name.trim()).ok_or_else(|| {
            let names: Vec<&str> = Self::all().map(Self::as_str).collect();
            Error::new(ErrorKind::Usage, format!("`{name}` is no kind of failure and no reason"))
                .with_hint(format!("one of {}", names.join(", ")))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_means_one_kind() {
        let all: Vec<Kind> = Kind::all().collect();
        for kind in &all {
            assert_eq!(kind.as_str().parse::<Kind>().unwrap(), *kind, "{}", kind.as_str());
        }
        assert!("sadness".parse::<Kind>().is_err());
    }
}
