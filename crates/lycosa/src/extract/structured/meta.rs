//! `<meta>` and the other facts of a page's head, Open Graph (<https://ogp.me>) and Twitter cards.
//!
//! Names are lower-cased, values stand in lists in document order. Open Graph's properties with parts
//! (`og:image:width`, `product:price:amount`) become objects, each part with the one it follows.

use lycosa_dom::NodeRef;
use serde_json::{Map, Value};

use super::reader::Reader;

/// Values of `<meta>` kept of one page.
const MAX_VALUES: usize = 2_000;

/// What the head says, by kind.
#[derive(Debug, Default)]
pub(super) struct Head {
    /// `title`, `lang`, `canonical`, then everything by name.
    pub(super) meta: Map<String, Value>,
    /// Open Graph and what is written like it.
    pub(super) open_graph: Map<String, Value>,
    /// Twitter cards, names without their prefix.
    pub(super) twitter: Map<String, Value>,
}

/// Reads all `<meta>` of a page, wherever they stand.
pub(super) fn read(reader: &mut Reader<'_>) -> Head {
    let mut head = Head::default();
    facts(reader, &mut head.meta);
    let document = reader.document();
    let mut next = 0;
    let mut left = MAX_VALUES;
    for node in document.nodes().filter(|node| node.is_element()) {
        if node.id().number() < next {
            continue;
        }
        match node.name() {
            "template" => next = node.subtree_end().number(),
            "meta" if left == 0 => {
                reader.note("meta", format!("only the first {MAX_VALUES} values were taken"));
                break;
            }
            "meta" => left -= usize::from(element(reader, node, &mut head)),
            _ => {}
        }
    }
    head
}

fn facts(reader: &Reader<'_>, meta: &mut Map<String, Value>) {
    let document = reader.document();
    let mut fact = |name: &str, value: Option<String>| {
        if let Some(value) = value.filter(|value| !value.is_empty()) {
            meta.insert(name.to_owned(), value.into());
        }
    };
    fact("title", document.title().map(Into::into));
    fact("lang", document.lang().map(str::to_owned));
    fact("canonical", document.canonical().map(|reference| reader.url(reference)));
}

/// Takes one element; `false` when it says nothing.
fn element(reader: &Reader<'_>, node: NodeRef<'_>, head: &mut Head) -> bool {
    let Some(content) = node.attr("content").map(str::trim) else { return false };
    // Both attributes are used for both vocabularies, whatever their papers say.
    let names = [node.attr("property"), node.attr("name")].into_iter().flatten();
    let mut is_taken = false;
    for name in names.flat_map(str::split_ascii_whitespace).map(str::to_ascii_lowercase) {
        is_taken = true;
        if let Some(name) = name.strip_prefix("twitter:") {
            let is_address = matches!(name, "image" | "image:src" | "url" | "player" | "player:stream");
            let value = if is_address { reader.url(content) } else { content.to_owned() };
            push(&mut head.twitter, name, value.into());
        } else if name.contains(':') {
            open_graph(reader, &mut head.open_graph, &name, content);
        } else {
            push(&mut head.meta, &name, content.into());
        }
    }
    if let Some(directive) = node.attr("http-equiv") {
        is_taken = true;
        push(
            &mut head.meta,
            &format!("http-equiv:{}", directive.trim().to_ascii_lowercase()),
            content.into(),
        );
    }
    is_taken
}

fn push(values: &mut Map<String, Value>, name: &str, value: Value) {
    match values.entry(name).or_insert_with(|| Value::Array(Vec::new())) {
        Value::Array(values) => values.push(value),
        // The facts come first and are single: a `<meta name=title>` beside a `<title>`.
        single => *single = Value::Array(vec![single.take(), value]),
    }
}

/// The properties whose values are addresses, and the part that is the same as the whole.
const MEDIA: [&str; 3] = ["og:image", "og:video", "og:audio"];

/// Takes one property: `og:image` begins an object, `og:image:width` is part of the last.
fn open_graph(reader: &Reader<'_>, properties: &mut Map<String, Value>, name: &str, content: &str) {
    let mut colons = name.match_indices(':').map(|(at, _)| at);
    let second = colons.nth(1);
    let (whole, part) = match second {
        Some(at) => (&name[..at], &name[at + 1..]),
        None => (name, ""),
    };
    let is_media = MEDIA.contains(&whole);
    let is_address = (is_media && matches!(part, "" | "url" | "secure_url")) || name == "og:url";
    let value = Value::from(if is_address { reader.url(content) } else { content.to_owned() });
    let is_whole = part.is_empty() || (is_media && part == "url");
    let entries = properties.entry(whole).or_insert_with(|| Value::Array(Vec::new()));
    let Value::Array(entries) = entries else { return };
    if is_whole && part == "url" && follows_itself(entries, &value) {
        return;
    }
    if is_whole {
        entries.push(if is_media { object("url", value) } else { value });
        return;
    }
    let key = if is_media { "url" } else { "value" };
    match entries.last_mut() {
        Some(Value::Object(last)) => {
            // Parts without a whole that begin again are those of the next.
            let is_next = last.contains_key(part) && !last.contains_key(key);
            if is_next { entries.push(object(part, value)) } else { add_part(last, part, value) }
        }
        Some(last) => {
            let mut parts = Map::new();
            parts.insert(key.to_owned(), last.take());
            add_part(&mut parts, part, value);
            *last = Value::Object(parts);
        }
        None => entries.push(object(part, value)),
    }
}

/// Whether `og:image:url` only repeats the `og:image` before it.
fn follows_itself(entries: &[Value], value: &Value) -> bool {
    entries.last().is_some_and(|last| last.get("url") == Some(value))
}

fn object(name: &str, value: Value) -> Value {
    Map::from_iter([(name.to_owned(), value)]).into()
}

/// A part that is said twice of one whole is a list, such as `og:locale:alternate`.
fn add_part(parts: &mut Map<String, Value>, part: &str, value: Value) {
    match parts.get_mut(part) {
        None => drop(parts.insert(part.to_owned(), value)),
        Some(Value::Array(values)) => values.push(value),
        Some(single) => *single = Value::Array(vec![single.take(), value]),
    }
}

#[cfg(test)]
mod tests {
    use lycosa_dom::{Document, ParseOptions};
    use serde_json::json;
    use url::Url;

    use super::super::Structured;

    fn read(html: &str) -> Structured {
        let document = Document::parse_html(html, ParseOptions::default());
        Structured::of(&document, Some(&Url::parse("http://site.test/dir/").unwrap()))
    }

    #[test]
    fn parts_of_open_graph_belong_to_the_image_they_follow() {
        let found = read(
            "<meta property=og:title content='The Rock'><meta property=og:image content=a.png>\
             <meta property=og:image:width content=300><meta property=og:image:height content=200>\
             <meta property=og:image content=/b.png><meta property=og:image:url content=c.png>\
             <meta property=og:image:url content=c.png><meta property=og:image:secure_url content='https://s.test/c.png'>\
             <meta property=og:locale content=en_GB><meta property=og:locale:alternate content=fr_FR>\
             <meta property=og:locale:alternate content=es_ES><meta name='OG:Type' content=video.movie>\
             <meta property=article:tag content=x><meta property=article:tag content=y><meta property=og:video:width content=1>",
        );
        let wanted = json!({
            "og:title": ["The Rock"],
            "og:image": [
                {"url": "http://site.test/dir/a.png", "width": "300", "height": "200"},
                {"url": "http://site.test/b.png"},
                {"url": "http://site.test/dir/c.png", "secure_url": "https://s.test/c.png"},
            ],
            "og:locale": [{"value": "en_GB", "alternate": ["fr_FR", "es_ES"]}],
            "og:type": ["video.movie"],
            "article:tag": ["x", "y"],
            "og:video": [{"width": "1"}],
        });
        assert_eq!(json!(found.open_graph), wanted);
    }

    #[test]
    fn two_prices_without_a_whole_are_two_objects() {
        let found = read(
            "<meta property=product:price:amount content=1><meta property=product:price:currency content=EUR>\
             <meta property=product:price:amount content=2><meta property=product:price:currency content=USD>",
        );
        let wanted = json!([{"amount": "1", "currency": "EUR"}, {"amount": "2", "currency": "USD"}]);
        assert_eq!(found.open_graph["product:price"], wanted);
    }

    #[test]
    fn cards_and_names_are_kept_apart_and_templates_do_not_count() {
        let found = read(
            "<html lang=de><title> A  page </title><link rel=canonical href=/c><meta name=Description content=' x '>\
             <meta name=twitter:card content=summary><meta property=twitter:image content=i.png>\
             <meta http-equiv=Refresh content=5><meta name=empty><template><meta name=hidden content=x></template>",
        );
        let wanted = json!({
            "title": "A page", "lang": "de", "canonical": "http://site.test/c", "description": ["x"],
            "http-equiv:refresh": ["5"],
        });
        assert_eq!(json!(found.meta), wanted);
        assert_eq!(
            json!(found.twitter),
            json!({"card": ["summary"], "image": ["http://site.test/dir/i.png"]})
        );
    }

    #[test]
    fn a_page_of_nothing_but_meta_ends_at_the_limit() {
        let found = read(&"<meta property=og:image:width content=1>".repeat(100_000));
        assert!(found.notes.iter().any(|note| note.what == "only the first 2000 values were taken"));
        let names: String = (0..100_000).map(|n| format!("<meta property='{n}:a:b' content=1>")).collect();
        assert!(read(&names).open_graph.len() <= 2000);
    }
}
