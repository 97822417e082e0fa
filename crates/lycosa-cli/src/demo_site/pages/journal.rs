//! The journal: a list over three pages (`/journal/page/2`) and a page for each entry below its year.

use super::super::answer::Answer;
use super::super::data::{ENTRIES, Entry};
use super::super::layout::pager;
use std::fmt::Write;

const PER_PAGE: usize = 3;

pub(in super::super) fn answer(path: &str) -> Option<Answer> {
    match path.split_once('/') {
        None if path.is_empty() => list(1),
        Some(("page", number)) => number.parse().ok().filter(|page| *page > 1).and_then(list),
        Some((year, slug)) => ENTRIES
            .iter()
            .find(|entry| entry.slug == slug && entry.date.starts_with(year) && year.len() == 4)
            .map(detail),
        None => None,
    }
}

fn address(page: usize) -> String {
    if page == 1 { "/journal/".into() } else { format!("/journal/page/{page}") }
}

fn list(page: usize) -> Option<Answer> {
    let entries = ENTRIES.chunks(PER_PAGE).nth(page.checked_sub(1)?)?;
    let mut body = String::from("<h1>Station journal</h1>");
    for Entry { slug, date, title, text } in entries {
        let year = &date[..4];
        let first = text.split_inclusive('.').next().unwrap_or(text);
        let _ = write!(
            body,
            "<section class=\"entry\"><h2><a href=\"/journal/{year}/{slug}\">{title}</a></h2>\
             <time datetime=\"{date}\">{date}</time><p>{first}</p></section>"
        );
    }
    body.push_str(&pager(page, ENTRIES.len().div_ceil(PER_PAGE), address));
    let title = if page == 1 { "Station journal".into() } else { format!("Station journal, page {page}") };
    Some(Answer::page(&title, &body))
}

fn detail(entry: &Entry) -> Answer {
    let Entry { date, title, text, .. } = entry;
    let body = format!(
        "<article class=\"entry\"><h1>{title}</h1><time datetime=\"{date}\">{date}</time><p>{text}</p></article>\
         <p><a href=\"/journal/\">The whole journal</a></p>"
    );
    Answer::page(title, &body)
}
