//! How mistakes in a configuration are told: where, what, and what to do.

use std::fmt;

use crate::error::{Error, ErrorKind};
use crate::extract::rules::RuleError;

/// Where a value was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// A file, by the name it was given.
    File(String),
    /// `--set KEY=VALUE`, by its key: the value may be a secret.
    Set(String),
    /// A flag, by its name.
    Flag(String),
    /// The program that uses the library.
    Program,
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(name) => f.write_str(name),
            Self::Set(key) => write!(f, "--set {key}"),
            Self::Flag(name) => f.write_str(name),
            Self::Program => f.write_str("options"),
        }
    }
}

/// One mistake.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Where it was written.
    pub source: Source,
    /// Its line, from 1; 0 outside files.
    pub line: usize,
    /// Its column in characters, from 1; 0 outside files.
    pub column: usize,
    /// What is wrong: one lower-case sentence without a full stop that names the key.
    pub message: String,
    /// What to do.
    pub hint: Option<String>,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.source {
            Source::File(_) => write!(f, "{}:{}:{}: {}", self.source, self.line, self.column, self.message),
            _ => write!(f, "{}: {}", self.source, self.message),
        }
    }
}

/// A configuration that cannot be used, with every mistake found in it; never empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigError {
    /// The mistakes, in the order of the layers and places.
    pub problems: Vec<Problem>,
}

impl fmt::Display for ConfigError {
    /// One line for each mistake.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, problem) in self.problems.iter().enumerate() {
            let gap = if index > 0 { "\n" } else { "" };
            write!(f, "{gap}{problem}")?;
            if let (Some(hint), true) = (&problem.hint, self.problems.len() > 1) {
                write!(f, " ({hint})")?;
            }
        }
        Ok(())
    }
}

impl std::error::Error for ConfigError {}

/// Rules that never stood in a file: a program wrote them.
impl From<Vec<RuleError>> for ConfigError {
    fn from(errors: Vec<RuleError>) -> Self {
        let problem = |error: RuleError| Problem {
            source: Source::Program,
            line: 0,
            column: 0,
            message: error.to_string(),
            hint: error.hint,
        };
        Self { problems: errors.into_iter().map(problem).collect() }
    }
}

/// One sentence: the first mistake, its hint, and how many more there are.
impl From<ConfigError> for Error {
    fn from(wrong: ConfigError) -> Self {
        let more = wrong.problems.len().saturating_sub(1);
        let Some(first) = wrong.problems.into_iter().next() else {
            return Self::new(ErrorKind::Config, "the configuration cannot be used");
        };
        let message = match more {
            0 => first.to_string(),
            _ => format!("{first} (and {more} more)"),
        };
        let error = Self::new(ErrorKind::Config, message);
        match first.hint {
            Some(hint) => error.with_hint(hint),
            None => error,
        }
    }
}
