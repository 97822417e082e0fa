//! Defaults, file, `--set`, flags: later layers win, tables merge, lists and single values replace.

use std::path::Path;

use serde::Deserialize as _;
use serde_json::Value as Json;
use toml::de::DeTable;

use super::inspect::{Inspected, Mistake, inspect};
use super::place::{Step, find, inside_string, line_and_column};
use super::problem::{ConfigError, Problem, Source};
use super::verify::verify;
use super::{CrawlOptions, schema};

/// Bytes a configuration file may have.
const LARGEST_FILE: u64 = 16 << 20;

/// The layers of one configuration, lowest first.
#[derive(Debug, Default)]
pub struct Layers {
    layers: Vec<Layer>,
    problems: Vec<Problem>,
    /// Paths of the values that were taken out.
    wrong: Vec<Vec<Step>>,
    schema: Option<Json>,
}

#[derive(Debug)]
struct Layer {
    source: Source,
    text: String,
    values: toml::Table,
}

/// The options of a file (or of none) under `--set` pairs.
///
/// # Errors
/// Every mistake found in any of them.
pub fn load(file: Option<&Path>, sets: &[(String, String)]) -> Result<CrawlOptions, ConfigError> {
    let mut layers = Layers::new();
    if let Some(file) = file {
        layers.file(file)?;
    }
    for (key, value) in sets {
        layers.set(&format!("{key}={value}"))?;
    }
    layers.build()
}

/// Every mistake in the text of a configuration file; none when it can be used.
#[must_use]
pub fn check(name: &str, text: &str) -> Vec<Problem> {
    let mut layers = Layers::new();
    layers.text(name, text);
    layers.build().map_or_else(|error| error.problems, |_| Vec::new())
}

impl Layers {
    /// Defaults alone.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a file.
    ///
    /// # Errors
    /// When it cannot be read or is not text; mistakes in it are told by [`build`](Self::build).
    pub fn file(&mut self, path: &Path) -> Result<(), ConfigError> {
        let name = path.display().to_string();
        let wrong = |message: String, hint: &str| ConfigError {
            problems: vec![Problem {
                source: Source::File(name.clone()),
                line: 1,
                column: 1,
                message,
                hint: Some(hint.to_owned()),
            }],
        };
        let length = std::fs::metadata(path).map_or(0, |found| found.len());
        if length > LARGEST_FILE {
            let message = format!("the configuration file has {length} bytes, more than {LARGEST_FILE}");
            return Err(wrong(message, "check that this is the file you mean"));
        }
        let bytes = std::fs::read(path).map_err(|cause| {
            wrong(
                format!("the configuration file cannot be read: {cause}"),
                "check its name and that you may read it",
            )
        })?;
        let text = String::from_utf8(bytes).map_err(|cause| {
            let at = cause.utf8_error().valid_up_to();
            wrong(format!("the configuration file is not UTF-8 from byte {at} on"), "save it as UTF-8")
        })?;
        self.text(&name, &text);
        Ok(())
    }

    /// Adds the text of a file of this name.
    pub fn text(&mut self, name: &str, text: &str) {
        let inspected = inspect(text, &self.schema());
        self.push(Source::File(name.to_owned()), text.to_owned(), inspected);
    }

    /// Adds `KEY=VALUE` (`timeouts.connect=5s`, `include=["/a/"]`). The value is TOML, or text when it is not;
    /// a single text where a list belongs is a list of one.
    ///
    /// # Errors
    /// When there is no `=` or the key is not a dotted name; other mistakes are told by [`build`](Self::build).
    pub fn set(&mut self, pair: &str) -> Result<(), ConfigError> {
        let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
        let key = key.trim().replace('-', "_");
        let source = Source::Set(key.clone());
        let is_name =
            |part: &str| !part.is_empty() && part.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
        if !pair.contains('=') || !key.split('.').all(is_name) {
            return Err(ConfigError {
                problems: vec![Problem {
                    source,
                    line: 0,
                    column: 0,
                    message: "this is not KEY=VALUE".to_owned(),
                    hint: Some("write --set max_pages=100, or --set timeouts.connect=5s".to_owned()),
                }],
            });
        }
        let value = value.trim();
        self.overlay(source, &key, &[value.to_owned(), quoted(value), format!("[{}]", quoted(value))]);
        Ok(())
    }

    /// Adds the values a flag was given, as typed: one for an option that holds one, any number for a list.
    pub fn flag(&mut self, flag: &str, key: &str, values: impl IntoIterator<Item = impl AsRef<str>>) {
        let values: Vec<String> = values.into_iter().map(|value| value.as_ref().to_owned()).collect();
        let quoted: Vec<String> = values.iter().map(|value| quoted(value)).collect();
        let list = format!("[{}]", quoted.join(", "));
        let forms = match (values.as_slice(), quoted.as_slice()) {
            ([value], [text]) => vec![text.clone(), value.clone(), list],
            _ => vec![list],
        };
        self.overlay(Source::Flag(flag.to_owned()), key, &forms);
    }

    /// Adds one value in the first form that can be read; if none can, the mistakes of the one that tells most.
    fn overlay(&mut self, source: Source, key: &str, forms: &[String]) {
        let schema = self.schema();
        let mut best: Option<(String, Inspected)> = None;
        for form in forms {
            let text = format!("{key} = {form}");
            // A value with a line break could bring keys of its own.
            if form.contains('\n') || DeTable::parse(&text).is_err() {
                continue;
            }
            let inspected = inspect(&text, &schema);
            let is_fine = inspected.mistakes.is_empty();
            let tells_more =
                best.as_ref().is_none_or(|(_, known)| wants_a_list(known) && !wants_a_list(&inspected));
            if is_fine || tells_more {
                best = Some((text, inspected));
            }
            if is_fine {
                break;
            }
        }
        if let Some((text, inspected)) = best {
            self.push(source, text, inspected);
        }
    }

    fn push(&mut self, source: Source, text: String, inspected: Inspected) {
        self.wrong.extend(inspected.mistakes.iter().map(|mistake| mistake.path.clone()));
        let located = inspected.mistakes.into_iter().map(|mistake| locate(&source, &text, mistake));
        self.problems.extend(located);
        self.layers.push(Layer { source, text, values: inspected.values });
    }

    /// The options, checked: selectors, patterns, addresses and names of outputs make sense.
    ///
    /// # Errors
    /// Every mistake found in any layer.
    pub fn build(self) -> Result<CrawlOptions, ConfigError> {
        let mut merged = toml::Table::new();
        for layer in &self.layers {
            merge(&mut merged, &layer.values);
        }
        let mut problems = self.problems;
        let options = match CrawlOptions::deserialize(toml::Value::Table(merged)) {
            Ok(options) => options,
            Err(error) => {
                problems.extend(self.layers.last().map(|layer| Problem {
                    source: layer.source.clone(),
                    line: 1,
                    column: 1,
                    message: error.message().to_owned(),
                    hint: None,
                }));
                return Err(ConfigError { problems });
            }
        };
        for mistake in verify(&options) {
            // An item whose only field was wrong is not told to have none as well.
            // Nor is a profile missing whose list was left out for a mistake in it.
            let of_profiles = |path: &Vec<Step>| path.first() == Some(&"profiles".into());
            let names_one = mistake.path.iter().any(|step| *step == "profile".into())
                || mistake.path.starts_with(&["sessions".into(), "profiles".into()]);
            if names_one && self.wrong.iter().any(of_profiles) {
                continue;
            }
            if self.wrong.iter().any(|path| path.starts_with(&mistake.path)) {
                continue;
            }
            // The value that counts is the one of the last layer that has it.
            let holds = |layer: &&Layer| {
                DeTable::parse(&layer.text)
                    .is_ok_and(|document| find(document.get_ref(), &mistake.path).is_some())
            };
            let Some(layer) = self.layers.iter().rev().find(holds).or(self.layers.first()) else { continue };
            problems.push(locate(&layer.source, &layer.text, mistake));
        }
        let rank = |source: &Source| self.layers.iter().position(|layer| layer.source == *source);
        problems.sort_by_key(|problem| (rank(&problem.source), problem.line, problem.column));
        if problems.is_empty() { Ok(options) } else { Err(ConfigError { problems }) }
    }

    fn schema(&mut self) -> Json {
        self.schema.get_or_insert_with(schema).clone()
    }
}

impl CrawlOptions {
    /// Checks options that a program put together, as [`Layers::build`] checks those that were read.
    ///
    /// # Errors
    /// Every mistake found in them.
    pub fn validate(&self) -> Result<(), ConfigError> {
        let problems: Vec<_> =
            verify(self).into_iter().map(|mistake| locate(&Source::Program, "", mistake)).collect();
        if problems.is_empty() { Ok(()) } else { Err(ConfigError { problems }) }
    }
}

/// Whether a value was wrong for not being a list: its form as one then tells what is wrong inside.
fn wants_a_list(inspected: &Inspected) -> bool {
    inspected.mistakes.first().is_some_and(|mistake| mistake.message.contains("expected a list"))
}

fn quoted(text: &str) -> String {
    // JSON's escapes are TOML's too, but for one character that only TOML wants escaped.
    Json::String(text.to_owned()).to_string().replace('\u{7f}', "\\u007f")
}

fn locate(source: &Source, text: &str, mistake: Mistake) -> Problem {
    let byte = mistake.at.unwrap_or_else(|| place_of(text, &mistake));
    let (line, column) = match source {
        Source::File(_) => line_and_column(text, byte),
        _ => (0, 0),
    };
    let message = one_line(&mistake.message);
    Problem { source: source.clone(), line, column, message, hint: mistake.hint }
}

/// A message quotes what it is about, which may have line ends of its own.
fn one_line(message: &str) -> String {
    let escaped = |c: char| if c.is_control() { c.escape_default().to_string() } else { c.to_string() };
    message.chars().map(escaped).collect()
}

/// The byte of a mistake known by its path: a character inside the value, the value, or the key.
fn place_of(text: &str, mistake: &Mistake) -> usize {
    let Ok(document) = DeTable::parse(text) else { return 0 };
    let Some(found) = find(document.get_ref(), &mistake.path) else { return 0 };
    let inside = mistake.column.and_then(|column| inside_string(text, found.value, column));
    match found.value.get_ref() {
        _ if inside.is_some() => inside.unwrap_or(0),
        toml::de::DeValue::Table(_) => found.key.start,
        _ => found.value.span().start,
    }
}

/// Lays one table over another. Tables merge as deep as options nest.
fn merge(under: &mut toml::Table, over: &toml::Table) {
    for (key, value) in over {
        match (under.get_mut(key), value) {
            (Some(toml::Value::Table(under)), toml::Value::Table(over)) => merge(under, over),
            _ => drop(under.insert(key.clone(), value.clone())),
        }
    }
}
