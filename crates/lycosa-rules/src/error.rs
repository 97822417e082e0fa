//! Mistakes in rules: which rule, which field, which key, and what is wrong.

use std::fmt;

use lycosa_dom::{PatternError, PatternErrorKind, SelectorError, XPathError};

use super::json_path::PathMistake;
use super::{excerpt, without_middle};

/// A rule by its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RuleName {
    /// The item type of this name.
    Item(String),
    /// The follow rule at this place, from 0.
    Follow(usize),
}

/// A mistake in a rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleError {
    /// The rule.
    pub rule: RuleName,
    /// The names of the fields on the way to the one it is in; empty when it is in none.
    pub fields: Vec<String>,
    /// The key of the rule or field that is wrong; none when it is wrong as a whole.
    pub key: Option<&'static str>,
    /// The place in the key's list, from 0.
    pub index: Option<usize>,
    /// The character of the selector or expression at which it was noticed, from 1.
    pub column: Option<usize>,
    /// What is wrong, one lower-case sentence without a full stop.
    pub message: String,
    /// What to do.
    pub hint: Option<String>,
}

impl fmt::Display for RuleError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.rule {
            RuleName::Item(name) => write!(f, "item `{name}`")?,
            RuleName::Follow(place) => write!(f, "follow rule {}", place + 1)?,
        }
        if !self.fields.is_empty() {
            write!(f, ", field `{}`", self.fields.join("."))?;
        }
        write!(f, ": {}", self.message)
    }
}

impl std::error::Error for RuleError {}

/// Mistakes while a rule set is compiled, with the place at which the compiler is.
#[derive(Debug)]
pub(super) struct Mistakes {
    pub(super) rule: RuleName,
    pub(super) fields: Vec<String>,
    pub(super) found: Vec<RuleError>,
}

impl Mistakes {
    pub(super) fn of(rule: RuleName) -> Self {
        Self { rule, fields: Vec::new(), found: Vec::new() }
    }

    /// Notes a mistake in a key, or in the whole rule or field.
    pub(super) fn add(
        &mut self,
        key: impl Into<Option<&'static str>>,
        index: Option<usize>,
        mistake: Mistake,
    ) {
        let Mistake { message, column, hint } = mistake;
        let message = without_middle(&message).into_owned();
        let (rule, fields) = (self.rule.clone(), self.fields.clone());
        self.found.push(RuleError { rule, fields, key: key.into(), index, column, message, hint });
    }

    /// The value, or its mistake noted.
    pub(super) fn ok<T>(
        &mut self,
        key: &'static str,
        index: Option<usize>,
        result: Result<T, Mistake>,
    ) -> Option<T> {
        result.map_err(|mistake| self.add(key, index, mistake)).ok()
    }
}

/// What is wrong, wherever it is.
#[derive(Debug)]
pub(super) struct Mistake {
    message: String,
    column: Option<usize>,
    hint: Option<String>,
}

impl Mistake {
    pub(super) fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), column: None, hint: None }
    }

    pub(super) fn hint(self, hint: impl Into<String>) -> Self {
        Self { hint: Some(hint.into()), ..self }
    }

    /// The same, its column moved by what stands before the expression.
    pub(super) fn moved(self, by: usize) -> Self {
        Self { column: self.column.map(|column| column + by), ..self }
    }

    pub(super) fn of_selector(css: &str, error: &SelectorError) -> Self {
        let message =
            format!("the selector `{css}` is wrong at its character {}: {}", error.column, error.message);
        Self { message, column: Some(error.column), hint: None }
    }

    pub(super) fn of_xpath(expression: &str, error: &XPathError) -> Self {
        let (column, hint) = (error.column(), error.hint().map(str::to_owned));
        let message = format!(
            "the XPath expression `{expression}` is wrong at its character {column}: {}",
            error.message()
        );
        Self { message, column: Some(column), hint }
    }

    pub(super) fn of_path(path: &str, error: PathMistake) -> Self {
        let PathMistake { column, message } = error;
        let message = format!("the JSONPath `{path}` is wrong at its character {column}: {message}");
        Self { message, column: Some(column), hint: None }
    }

    pub(super) fn of_pattern(pattern: &str, error: &PatternError) -> Self {
        let message = describe_pattern_error(pattern, error);
        Self { message, column: error.column, hint: error.hint().map(str::to_owned) }
    }
}

/// Why an expression cannot be used, as one sentence.
#[must_use]
pub fn describe_pattern_error(pattern: &str, error: &PatternError) -> String {
    let verdict = match error.kind {
        PatternErrorKind::Syntax => "is wrong",
        _ => "cannot be used",
    };
    format!("the regular expression `{}` {verdict}: {}", excerpt(pattern), error.message)
}

/// "did you mean …?" for the candidate that is most like what was written, if one is.
pub fn did_you_mean<'n>(written: &str, candidates: impl Iterator<Item = &'n str>) -> Option<String> {
    let allowed = (written.chars().count() * 2 / 5).max(1);
    let near = candidates
        .map(|name| (strsim::damerau_levenshtein(written, name), name))
        .filter(|(distance, _)| *distance <= allowed)
        .min()?;
    Some(format!("did you mean `{}`?", near.1))
}
