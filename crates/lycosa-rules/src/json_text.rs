//! JSON as pages embed it: alone, or as the first value in a script that does more (`window.data = {…};`). And bodies
//! that are JSON themselves.

use serde::Deserialize as _;
use serde_json::Value;

use super::Subject;

/// Bytes of a text that is read as JSON at most.
const LONGEST: usize = 16 << 20;

/// The JSON value of a text; `None` when it holds none. Nesting is limited to 128 levels by the parser.
pub(super) fn parse(text: &str) -> Option<Value> {
    if text.len() > LONGEST {
        return None;
    }
    serde_json::from_str(text.trim()).ok().or_else(|| {
        let begin = text.find(['{', '['])?;
        Value::deserialize(&mut serde_json::Deserializer::from_str(&text[begin..])).ok()
    })
}

/// The body of a page that is no document, when its type or its beginning says that it is JSON: one value, or the list
/// of several (JSON Lines); what is wrapped as scripts are (`callback({…})`, `)]}'` before it) is taken out. `None` when
/// it is not JSON at all, else a sentence when it cannot be read.
pub(super) fn body(page: &dyn Subject) -> Option<Result<Value, String>> {
    let text = trimmed(page.text());
    let media_type = page.media_type();
    let is_json = media_type.is_some_and(is_json_type) || text.starts_with(['{', '[']);
    if page.document().is_some() || !is_json {
        return None;
    }
    Some(values(text))
}

/// The JSON value of a text that is JSON, or the list of several; else a sentence that says why it cannot be read.
pub(super) fn values(text: &str) -> Result<Value, String> {
    if text.len() > LONGEST {
        return Err(format!("it is longer than {} MiB", LONGEST >> 20));
    }
    let mut values = Vec::new();
    for value in serde_json::Deserializer::from_str(text).into_iter::<Value>() {
        match value {
            Ok(value) => values.push(value),
            Err(_)
                if values.is_empty()
                    && let Some(value) = parse(text) =>
            {
                return Ok(value);
            }
            Err(cause) => return Err(cause.to_string()),
        }
    }
    let first = if values.len() > 1 { Some(Value::Array(values)) } else { values.pop() };
    first.ok_or_else(|| "it is empty".to_owned())
}

/// Without white space and marks of byte order around it.
pub(super) fn trimmed(text: &str) -> &str {
    text.trim_matches(|c: char| c.is_whitespace() || c == '\u{feff}')
}

/// Whether a media type is one of JSON (MIME Sniffing standard, 4.6, and those for several values).
pub(super) fn is_json_type(media_type: &str) -> bool {
    const NAMES: [&str; 5] = [
        "application/json",
        "text/json",
        "application/x-ndjson",
        "application/jsonl",
        "application/json-seq",
    ];
    let essence = media_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    essence.ends_with("+json") || NAMES.contains(&essence.as_str())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn json_is_found_alone_and_in_scripts() {
        assert_eq!(parse(" [1] "), Some(json!([1])));
        assert_eq!(parse("window.data = {\"a\": 1}; go();"), Some(json!({ "a": 1 })));
        assert_eq!(parse("<!-- {\"a\": 1} -->"), Some(json!({ "a": 1 })));
        assert_eq!(parse("let a = 1;"), None);
        assert_eq!(parse(&"[".repeat(100_000)), None);
        assert_eq!(parse(""), None);
    }
}
