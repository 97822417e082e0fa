//! JSON Feed (<https://www.jsonfeed.org/version/1.1/>), versions 1 and 1.1, in the form that all feeds get.

use serde_json::{Map, Value};
use url::Url;

use super::feed::{Enclosure, Entry, Feed};
use super::reader::Reader;

/// The feed that a JSON object is; `None` when it is something else.
pub(super) fn read(value: &Value, url: Option<&Url>) -> Option<Feed> {
    let feed = value.as_object()?;
    let is_feed = text(feed, "version").is_some_and(|version| version.contains("jsonfeed.org/version/"));
    if !is_feed {
        return None;
    }
    let address = |object: &Map<String, Value>, name: &str| Some(Reader::resolve(url, &text(object, name)?));
    let entries = feed.get("items").and_then(Value::as_array).into_iter().flatten();
    let entries = entries.filter_map(Value::as_object).map(|item| Entry {
        id: text(item, "id"),
        url: address(item, "url").or_else(|| address(item, "external_url")),
        title: text(item, "title"),
        summary: text(item, "summary"),
        content: text(item, "content_html").or_else(|| text(item, "content_text")),
        published: text(item, "date_published"),
        updated: text(item, "date_modified"),
        authors: authors(item),
        categories: texts(item, "tags"),
        enclosures: objects(item, "attachments")
            .filter_map(|file| {
                let url = address(file, "url")?;
                let length = file.get("size_in_bytes").and_then(Value::as_u64);
                Some(Enclosure { url, media_type: text(file, "mime_type"), length })
            })
            .collect(),
    });
    Some(Feed {
        format: "json",
        title: text(feed, "title"),
        url: address(feed, "home_page_url"),
        next: address(feed, "next_url"),
        feed_url: address(feed, "feed_url"),
        description: text(feed, "description"),
        language: text(feed, "language"),
        updated: None,
        entries: entries.collect(),
    })
}

/// A text, or a number where one was meant to be.
fn text(object: &Map<String, Value>, name: &str) -> Option<String> {
    match object.get(name)? {
        Value::String(text) if !text.is_empty() => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

fn texts(object: &Map<String, Value>, name: &str) -> Vec<String> {
    let values = object.get(name).and_then(Value::as_array).into_iter().flatten();
    values.filter_map(Value::as_str).map(str::to_owned).collect()
}

fn objects<'v>(object: &'v Map<String, Value>, name: &str) -> impl Iterator<Item = &'v Map<String, Value>> {
    object.get(name).and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_object)
}

/// Version 1 has one author, version 1.1 a list.
fn authors(item: &Map<String, Value>) -> Vec<String> {
    let single = item.get("author").and_then(Value::as_object);
    let all = objects(item, "authors").chain(single.filter(|_| !item.contains_key("authors")));
    all.filter_map(|author| text(author, "name")).collect()
}
