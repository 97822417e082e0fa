//! Reading one layer and finding every mistake in it, not only the first.
//!
//! A text with broken syntax is reported and left. Keys the schema does not know are reported and taken out. What
//! remains is read as options again and again, each time without the value that was wrong the time before.

use serde::Deserialize as _;
use serde_json::Value as Json;
use toml::Spanned;
use toml::de::{DeArray, DeTable, DeValue};

use super::CrawlOptions;
use super::names::{nearest, remove_unknown};
use super::place::{Step, line_and_column, shown};
use crate::octets::without_middle;

/// Mistakes reported from one layer at most.
const MOST: usize = 100;

/// A mistake in one layer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Mistake {
    /// The byte at which it stands; `None` when only the path is known.
    pub(super) at: Option<usize>,
    /// The path of the value.
    pub(super) path: Vec<Step>,
    /// The character inside the value, from 1.
    pub(super) column: Option<usize>,
    pub(super) message: String,
    pub(super) hint: Option<String>,
}

/// What one layer says, without what is wrong in it.
pub(super) struct Inspected {
    pub(super) values: toml::Table,
    pub(super) mistakes: Vec<Mistake>,
}

/// Reads a layer.
pub(super) fn inspect(text: &str, schema: &Json) -> Inspected {
    let (document, errors) = DeTable::parse_recoverable(text);
    if !errors.is_empty() {
        return Inspected { values: toml::Table::new(), mistakes: syntax(text, &errors) };
    }
    let mut mistakes = Vec::new();
    let span = document.span();
    let mut table = document.into_inner();
    remove_unknown(&mut table, schema, &mut mistakes);
    while let Some(error) = read(&table, &span) {
        let at = error.span().map(|span| span.start);
        let Some((path, value)) = error.span().and_then(|span| take_out(&mut table, span.start)) else {
            mistakes.push(wrong_value(error.message(), at, Vec::new()));
            break;
        };
        let (of_elements, rest) = wrong_elements(&path, &value, &span);
        if let ([Step::Key(key)], Some(rest)) = (path.as_slice(), rest) {
            table.insert(
                Spanned::new(0..0, key.clone().into()),
                Spanned::new(value.span(), DeValue::Array(rest)),
            );
        }
        if of_elements.is_empty() {
            mistakes.push(wrong_value(error.message(), at, path));
        } else {
            mistakes.extend(of_elements);
        }
        if mistakes.len() >= MOST {
            break;
        }
    }
    mistakes.sort_by_key(|mistake| mistake.at);
    let values = toml::Table::deserialize(toml::de::Deserializer::from(Spanned::new(span, table)));
    Inspected { values: values.unwrap_or_default(), mistakes }
}

/// Mistakes of syntax, one a line: those that follow on the same line mostly follow from the first.
fn syntax(text: &str, errors: &[toml::de::Error]) -> Vec<Mistake> {
    let mut mistakes: Vec<Mistake> = errors
        .iter()
        .map(|error| {
            let message = error.message().lines().collect::<Vec<_>>().join(", ");
            let at = error.span().map(|span| span.start);
            Mistake { at, path: Vec::new(), column: None, message, hint: None }
        })
        .collect();
    mistakes.sort_by_key(|mistake| mistake.at);
    mistakes.dedup_by_key(|mistake| line_and_column(text, mistake.at.unwrap_or(0)).0);
    mistakes.truncate(MOST);
    mistakes
}

/// The elements of an option's list that are wrong by themselves, each with its place. And the list without what is
/// wrong in its tables, so that what else they say can be looked at; none if that is not all.
fn wrong_elements<'i>(
    path: &[Step],
    value: &Spanned<DeValue<'i>>,
    span: &std::ops::Range<usize>,
) -> (Vec<Mistake>, Option<DeArray<'i>>) {
    let ([Step::Key(key)], DeValue::Array(list)) = (path, value.get_ref()) else { return (Vec::new(), None) };
    let mut mistakes = Vec::new();
    let mut rest = DeArray::new();
    let mut is_mended = list.len() <= MOST;
    for (index, element) in list.iter().enumerate().take(MOST) {
        let mut element = element.clone();
        while mistakes.len() < MOST {
            let Some((mistake, at)) = wrong_element(key, index, &element, value, span) else { break };
            mistakes.push(mistake);
            let taken = match (element.get_mut(), at) {
                (DeValue::Table(inner), Some(at)) => take_out(inner, at),
                _ => None,
            };
            if taken.is_none() {
                is_mended = false;
                break;
            }
        }
        rest.push(element);
    }
    is_mended &= !mistakes.is_empty() && mistakes.len() < MOST;
    (mistakes, is_mended.then_some(rest))
}

/// What is first wrong in an element by itself, and the byte of it.
fn wrong_element(
    key: &str,
    index: usize,
    element: &Spanned<DeValue<'_>>,
    list: &Spanned<DeValue<'_>>,
    span: &std::ops::Range<usize>,
) -> Option<(Mistake, Option<usize>)> {
    let alone: DeArray<'_> = std::iter::once(element.clone()).collect();
    let mut table = DeTable::new();
    table.insert(Spanned::new(0..0, key.to_owned().into()), Spanned::new(list.span(), DeValue::Array(alone)));
    let error = read(&table, span)?;
    let path = vec![Step::Key(key.to_owned()), Step::Index(index)];
    // Inside a table the reader knows the place better than the table does.
    let at = match element.get_ref() {
        DeValue::Table(_) => error.span().map(|span| span.start),
        _ => None,
    };
    Some((wrong_value(error.message(), at.or(Some(element.span().start)), path), at))
}

fn read(table: &DeTable<'_>, span: &std::ops::Range<usize>) -> Option<toml::de::Error> {
    let document = Spanned::new(span.clone(), table.clone());
    CrawlOptions::deserialize(toml::de::Deserializer::from(document)).err()
}

/// Takes out the innermost value that holds this byte, with its path.
fn take_out<'i>(table: &mut DeTable<'i>, at: usize) -> Option<(Vec<Step>, Spanned<DeValue<'i>>)> {
    let holds = |span: std::ops::Range<usize>| span.start <= at && at < span.end.max(span.start + 1);
    let name = table.iter().find_map(|(key, value)| {
        let inside = holds(value.span()) || holds(key.span()) || inner_holds(value.get_ref(), &holds);
        inside.then(|| key.get_ref().to_string())
    })?;
    let step = Step::Key(name.clone());
    if let Some(DeValue::Table(inner)) = table.get_mut(name.as_str()).map(Spanned::get_mut)
        && let Some((rest, value)) = take_out(inner, at)
    {
        return Some((std::iter::once(step).chain(rest).collect(), value));
    }
    let value = table.remove(name.as_str())?;
    Some((vec![step], value))
}

/// Whether a table made by dotted keys or several headers, or a list of tables, whose own spans are not around their
/// values, holds a byte.
fn inner_holds(value: &DeValue<'_>, holds: &impl Fn(std::ops::Range<usize>) -> bool) -> bool {
    let inside = |value: &Spanned<DeValue<'_>>| holds(value.span()) || inner_holds(value.get_ref(), holds);
    match value {
        DeValue::Table(table) => table.iter().any(|(key, value)| holds(key.span()) || inside(value)),
        DeValue::Array(list) => list.iter().any(inside),
        _ => false,
    }
}

/// A wrong value in plain words.
fn wrong_value(message: &str, at: Option<usize>, path: Vec<Step>) -> Mistake {
    let message = message.lines().collect::<Vec<_>>().join(", ");
    let message = in_plain_words(&message);
    let message = without_middle(&message).into_owned();
    let hint = unknown_choice(&message);
    let message = if path.is_empty() { message } else { format!("`{}`: {message}", shown(&path)) };
    Mistake { at, path, column: None, message, hint }
}

/// The deserialiser's words for people who do not know its types.
fn in_plain_words(message: &str) -> String {
    let mut text = message.replace("invalid type: ", "").replace("invalid value: ", "");
    for (theirs, ours) in [
        ("expected u64", "expected a whole number from 0"),
        ("expected u32", "expected a whole number from 0 to 4294967295"),
        ("expected a sequence", "expected a list such as [\"…\"]"),
        ("expected a boolean", "expected true or false"),
        ("expected a string", "expected text in quotes"),
        ("expected struct Timeouts", "expected a table such as { total = \"1m\" }"),
        ("expected struct ItemRule", "expected a table with `fields`"),
        ("missing field `fields`", "the table `fields` is missing"),
        ("unknown variant ", "there is no choice "),
    ] {
        text = text.replace(theirs, ours);
    }
    text
}

/// For a choice that does not exist, the nearest that does.
fn unknown_choice(message: &str) -> Option<String> {
    let rest = message.strip_prefix("there is no choice `")?;
    let (written, expected) = rest.split_once('`')?;
    let choices: Vec<&str> = expected.split('`').skip(1).step_by(2).collect();
    let near = nearest(&written.to_ascii_lowercase(), choices.iter().copied());
    near.map(|name| format!("did you mean `{name}`?"))
}
