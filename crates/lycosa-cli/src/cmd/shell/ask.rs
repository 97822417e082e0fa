//! Questions to a page: selectors, expressions, patterns, paths into JSON. Each answers in lines and stops when asked to.

use std::time::Duration;

use lycosa::extract::rules::JsonQuery;
use lycosa::{Error, ErrorKind, Result};
use lycosa_dom::{NodeRef, Pattern, PatternLimits, Selector, XPath, XPathValue};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::page::Page;
use super::paths::Paths;
use super::shown::{Answer, line_of, width};
use crate::cmd::page::{Reading, matches, selector, shortcomings};
use crate::cmd::source::is_json;
use crate::cmd::xpath;
use crate::output;

/// Characters of a node that are shown beside its path.
const WIDTH: usize = 100;
/// Matches of a pattern that are looked for, and for how long: each match may cost a look at the rest of the page.
const MOST_MATCHES: usize = 10_000;
const PATIENCE: Duration = Duration::from_secs(10);

/// A query that was asked: `html NUMBER` shows the markup of its matches.
#[derive(Clone, Debug)]
pub(super) enum Query {
    Css(Selector),
    /// With its text.
    XPath(XPath, String),
}

impl Query {
    pub(super) fn css(text: &str) -> Result<Self> {
        selector(text).map(Self::Css)
    }

    pub(super) fn xpath(text: &str, reading: &Reading) -> Result<Self> {
        reading.expression(text).map(|expression| Self::XPath(expression, text.to_owned()))
    }

    /// What the page answers; `is_screen`: texts are cut to lines.
    pub(super) fn answer(&self, page: &Page, is_screen: bool, stop: &CancellationToken) -> Result<Answer> {
        let width = width(is_screen, WIDTH);
        let mut answer = match self {
            Self::Css(selector) => css(page, selector, width, stop),
            Self::XPath(expression, text) => expressed(page, expression, text, width, stop)?,
        };
        let lacking = shortcomings(page.document()).into_iter().map(|line| format!("note: {line}"));
        answer.notes.splice(0..0, lacking);
        Ok(answer)
    }

    /// The markup of the match of this number, from 1.
    pub(super) fn markup(&self, page: &Page, number: usize) -> Result<Answer> {
        let place = number - 1;
        let found = match self {
            Self::Css(selector) => {
                matches(page.document(), selector, true).nth(place).map(|(_, markup)| markup)
            }
            Self::XPath(expression, _) => match xpath::evaluate(expression, page.document())? {
                XPathValue::Nodes(nodes) => nodes.get(place).map(|item| xpath::text(item, true)),
                other => (place == 0).then(|| other.to_text().into_owned()),
            },
        };
        Ok(match found {
            Some(markup) => Answer::of(&markup),
            None => Answer::nothing(&format!("the last query has no match {number}")),
        })
    }
}

/// One match a line, as `lycosa query` prints them; an element without text by its tag.
fn css(page: &Page, selector: &Selector, width: usize, stop: &CancellationToken) -> Answer {
    let mut answer = Answer::default();
    for (element, text) in matches(page.document(), selector, false) {
        let line = match (text.trim(), element) {
            ("", Some(element)) => tag(element, width),
            (text, _) => text.to_owned(),
        };
        if stop.is_cancelled() || !answer.push(&line) {
            break;
        }
    }
    if answer.len() == 0 { Answer::nothing("nothing matches") } else { answer }
}

/// The start tag of an element, for those that hold no text.
fn tag(node: NodeRef<'_>, width: usize) -> String {
    let mut tag = format!("<{}", node.qualified_name());
    for attribute in node.attrs() {
        tag.push_str(&format!(" {}=\"{}\"", attribute.qualified_name(), line_of(attribute.value(), width)));
        if tag.len() > width.saturating_mul(2) {
            tag.push_str(" …");
            break;
        }
    }
    tag.push('>');
    tag
}

/// Nodes with number and path, a line each; other values as XPath writes them.
fn expressed(
    page: &Page,
    expression: &XPath,
    text: &str,
    most: usize,
    stop: &CancellationToken,
) -> Result<Answer> {
    let value = xpath::evaluate(expression, page.document())?;
    let XPathValue::Nodes(nodes) = &value else {
        return Ok(Answer::of(&xpath::lines(&value, false).join("\n")));
    };
    if nodes.is_empty() {
        let mut answer = Answer::nothing("nothing matches");
        let hint = xpath::unbound_names(text, page.document());
        answer.notes.extend(hint.map(|hint| format!("  hint: {hint}")));
        return Ok(answer);
    }
    let (mut answer, mut paths) = (Answer::default(), Paths::default());
    let width = nodes.len().to_string().len();
    for (item, number) in nodes.iter().zip(1_usize..) {
        let line = format!("{number:>width$}  {}  {}", paths.of(item), line_of(item.string_value(), most));
        if stop.is_cancelled() || !answer.push(line.trim_end()) {
            break;
        }
    }
    Ok(answer)
}

/// What a regular expression finds in the text, and where that has nothing in the source.
pub(super) fn regex(page: &Page, pattern: &str, in_source: bool, stop: &CancellationToken) -> Result<Answer> {
    let compiled = compiled(pattern)?;
    let found = match in_source {
        true => None,
        false => Some(occurrences(&page.document().root().visible_text(), &compiled, stop)),
    };
    match found {
        Some(found) if found.len() > 0 => Ok(found),
        text => {
            let mut found = occurrences(page.text(), &compiled, stop);
            if found.len() == 0 {
                return Ok(Answer::nothing("nothing matches"));
            }
            if text.is_some() {
                found.notes.insert(0, "note: found in the source; the text has none".to_owned());
            }
            Ok(found)
        }
    }
}

/// A regular expression of a person.
pub(super) fn compiled(pattern: &str) -> Result<Pattern> {
    Pattern::compile(pattern, &PatternLimits::default()).map_err(|cause| {
        let shown = output::shortened(pattern);
        let place = cause.column.map(|column| caret(pattern, column)).unwrap_or_default();
        let error = Error::new(
            ErrorKind::Usage,
            format!("the pattern `{shown}` cannot be used: {}{place}", cause.message),
        );
        match cause.hint() {
            Some(hint) => error.with_hint(hint),
            None => error.with_hint("what Perl, Python and JavaScript share, such as \\d+ or (?i)price"),
        }
    })
}

/// What was written, on a line of its own, and under it a caret at this character, from 1; nothing of what is long.
fn caret(text: &str, column: usize) -> String {
    if text.chars().nth(WIDTH).is_some() {
        return format!(" at column {column}");
    }
    format!("\n  {text}\n  {}^", " ".repeat(column.saturating_sub(1)))
}

/// Every match on a line, with groups their values.
fn occurrences(text: &str, pattern: &Pattern, stop: &CancellationToken) -> Answer {
    let (mut answer, mut from, mut count) = (Answer::default(), 0, 0);
    let until = Instant::now() + PATIENCE;
    while let Some(found) = pattern.find_from(text, from) {
        count += 1;
        if stop.is_cancelled() || count > MOST_MATCHES || Instant::now() > until {
            answer.notes.push(format!("note: given up after {} matches", count - 1));
            break;
        }
        let line = match pattern.groups() {
            0 => text[found.clone()].to_owned(),
            _ => {
                let groups = pattern.groups_from(text, found.start).unwrap_or_default();
                groups.into_iter().map(Option::unwrap_or_default).collect::<Vec<_>>().join("  ")
            }
        };
        if !answer.push(&line.replace('\n', " ")) {
            break;
        }
        // Behind an empty match the next one begins a character later.
        let next =
            if found.is_empty() { text[found.end..].chars().next().map_or(1, char::len_utf8) } else { 0 };
        from = found.end + next;
    }
    answer
}

/// What a JSONPath finds in the page, if that is JSON, or in its scripts: a value a line.
pub(super) fn json(page: &Page, path: &str, stop: &CancellationToken) -> Result<Answer> {
    let query = JsonQuery::parse(path).map_err(|wrong| {
        let shown = output::shortened(path);
        Error::new(
            ErrorKind::Usage,
            format!("the path `{shown}` cannot be read: {wrong}{}", caret(path, wrong.column)),
        )
        .with_hint("JSONPath, such as $.name, $..price or $.offers[?@.price < 10]")
    })?;
    let found = match is_json(&page.name, page.media_type(), page.text()) {
        true => query.of_text(page.text()),
        false => query.of_document(page.document()),
    };
    let mut answer = Answer::default();
    for value in &found.values {
        if stop.is_cancelled() || !answer.push(&value.to_string()) {
            break;
        }
    }
    if found.texts == 0 {
        answer.notes.push("the page holds no JSON".to_owned());
    } else if found.values.is_empty() {
        answer.notes.push("nothing matches".to_owned());
    }
    answer.is_failure = found.values.is_empty();
    if found.unreadable > 0 {
        answer.notes.push({
            let plural = if found.unreadable == 1 { "" } else { "s" };
            format!("note: {} script{plural} of JSON could not be read", found.unreadable)
        });
    }
    if found.is_cut {
        answer.notes.push("note: given up at a limit; there may be more".to_owned());
    }
    Ok(answer)
}
