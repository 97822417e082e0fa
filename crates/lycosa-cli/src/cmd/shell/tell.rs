//! What a page is and holds, without a question: links, markup, header fields, structured data, what rules make of it.

use std::path::Path;

use lycosa::extract::structured::Structured;
use lycosa::{Error, ErrorKind, Result};
use tokio_util::sync::CancellationToken;

use super::ask::compiled;
use super::page::Page;
use super::shown::{Answer, line_of, width};
use crate::cmd::extract::{self, Plan, Subject};
use crate::cmd::{fetch, source, structured};

/// Characters of a link's text that are shown.
const WIDTH: usize = 60;

/// The links whose line the pattern is found in: number, kind, address, text, relation.
pub(super) fn links(
    page: &Page,
    pattern: Option<&str>,
    is_screen: bool,
    stop: &CancellationToken,
) -> Result<Answer> {
    let width = width(is_screen, WIDTH);
    let pattern = pattern.map(compiled).transpose()?;
    let links = page.links();
    let number = links.last().map_or(1, |link| link.position.to_string().len());
    let kind = links.iter().map(|link| link.kind.as_str().len()).max().unwrap_or(0);
    let mut answer = Answer::default();
    for link in links {
        let mut line = format!("{:>number$}  {:kind$}  {}", link.position, link.kind.as_str(), link.url);
        let text = line_of(&link.text, width);
        let facts = [
            (!text.is_empty()).then_some(text),
            (!link.rel.is_empty()).then(|| format!("[{}]", line_of(&link.rel.join(" "), width))),
            link.descriptor.clone(),
        ];
        facts.into_iter().flatten().for_each(|fact| line.push_str(&format!("  {fact}")));
        if pattern.as_ref().is_some_and(|pattern| !pattern.is_match(&line)) {
            continue;
        }
        if stop.is_cancelled() || !answer.push(&line) {
            break;
        }
    }
    if answer.len() > 0 {
        return Ok(answer);
    }
    Ok(Answer::nothing(if pattern.is_some() { "no link matches" } else { "the page has no links" }))
}

/// The text a person would read.
pub(super) fn text(page: &Page) -> Answer {
    let text = page.document().root().visible_text();
    if text.is_empty() { Answer::nothing("the page has no text") } else { Answer::of(&text) }
}

/// The status and the header fields.
///
/// # Errors
/// For files, which have none.
pub(super) fn headers(page: &Page) -> Result<Answer> {
    let Some(fetched) = page.answer() else {
        return Err(Error::new(
            ErrorKind::Usage,
            format!("{} is a file and has no header fields", page.name),
        )
        .with_hint("`facts` says what is known of it"));
    };
    let mut text = String::new();
    fetch::head(&mut text, fetched);
    Ok(Answer::of(text.trim_end()))
}

/// What the page says for machines.
pub(super) fn structured(page: &Page) -> Result<Answer> {
    let has_address = page.answer().is_some() || page.url.scheme() != "file";
    let address = has_address.then_some(&page.url);
    let found = match source::is_json(&page.name, page.media_type(), page.text()) {
        true => Structured::of_json(page.text(), address),
        false => Structured::of(page.document(), address),
    };
    let mut answer = Answer::of(&structured::json(&found)?);
    answer.is_failure = found.is_empty();
    Ok(answer)
}

/// What the rules of a file make of the page, as `lycosa extract` shows it.
pub(super) fn rules(page: &Page, file: &Path, set: &[String], label: Option<&str>) -> Result<Answer> {
    let plan = Plan::read(file, set).map_err(|error| match file.exists() {
        true => error,
        false => error.with_hint("name a file of rules: `rules FILE`"),
    })?;
    let is_json = source::is_json(&page.name, page.media_type(), page.text());
    let subject = Subject {
        url: &page.url,
        label,
        status: page.status(),
        headers: page.headers(),
        body: page.body(),
        text: page.text(),
        document: (!is_json).then(|| page.document()),
    };
    let (report, links) = plan.examine(&subject)?;
    let mut answer = Answer::of(&extract::shown(&page.name, &report, &links));
    answer.is_failure = extract::has_rejects(&report);
    Ok(answer)
}
