//! Why a command stopped: one sentence for people, and what to do about it.

use std::fmt;

/// The result of everything a command does.
pub(crate) type Result<T> = std::result::Result<T, Failure>;

/// A sentence saying what failed and on what, with an optional hint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Failure {
    what: String,
    hint: Option<String>,
}

impl Failure {
    /// A failure without a hint. `what` is a lower-case sentence without a full stop.
    pub(crate) fn new(what: impl Into<String>) -> Self {
        Self { what: what.into(), hint: None }
    }

    /// Adds what the reader can do.
    #[must_use]
    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "error: {}", self.what)?;
        match &self.hint {
            Some(hint) => write!(formatter, "\n hint: {hint}"),
            None => Ok(()),
        }
    }
}

/// Gives an I/O result the words for what was being done.
pub(crate) trait Context<T> {
    /// `doing` completes "could not …".
    fn context(self, doing: impl fmt::Display) -> Result<T>;
}

impl<T> Context<T> for std::io::Result<T> {
    fn context(self, doing: impl fmt::Display) -> Result<T> {
        self.map_err(|error| Failure::new(format!("could not {doing}: {error}")))
    }
}
