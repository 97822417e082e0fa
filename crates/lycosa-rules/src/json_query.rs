//! JSONPath for people who try one out: the same paths and the same reading of embedded JSON as in rules, without a
//! rule around them. Conversion and choosing among sources are for rules.

use std::fmt;

use lycosa_dom::Document;
use serde_json::Value;

use super::json_path::JsonPath;
use super::json_text::{self, is_json_type};

/// Values that are taken out of one page.
const MOST_VALUES: usize = 10_000;
/// Values that one page's paths may look at together.
const STEPS: u64 = 4_000_000;
/// Bytes of scripts that one page may have read as JSON.
const MOST_TEXT: usize = 64 << 20;

/// A JSONPath (RFC 9535 without functions).
#[derive(Clone, Debug)]
pub struct JsonQuery(JsonPath);

/// Why a path cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct JsonQueryError {
    /// The character at which it was noticed, from 1.
    pub column: usize,
    /// What is wrong, one lower-case sentence without a full stop.
    pub message: &'static str,
}

impl fmt::Display for JsonQueryError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} at column {}", self.message, self.column)
    }
}

impl std::error::Error for JsonQueryError {}

/// What a path found in the JSON of a page.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct JsonFound {
    /// The values, in the order of the page and of RFC 9535.
    pub values: Vec<Value>,
    /// How many texts were JSON.
    pub texts: usize,
    /// How many scripts of a JSON type could not be read.
    pub unreadable: usize,
    /// Whether a limit ended the search: 10,000 values, 4 million values looked at, 64 MiB of scripts.
    pub is_cut: bool,
}

impl JsonQuery {
    /// Reads a path.
    ///
    /// # Errors
    /// When it is no JSONPath, or longer than 4096 characters.
    pub fn parse(path: &str) -> Result<Self, JsonQueryError> {
        let parsed = JsonPath::parse(path.trim());
        parsed
            .map(Self)
            .map_err(|mistake| JsonQueryError { column: mistake.column, message: mistake.message })
    }

    /// What it finds in a text that is JSON, as rules read the body of such a page: one value, the list of several (JSON
    /// Lines), or the value in what is wrapped as scripts are. Nothing when it cannot be read.
    #[must_use]
    pub fn of_text(&self, text: &str) -> JsonFound {
        let mut found = JsonFound::default();
        if let Ok(json) = json_text::values(json_text::trimmed(text)) {
            self.look(&json, &mut { STEPS }, &mut found);
        }
        found
    }

    /// What it finds in the scripts of a page: those that say they are JSON (`application/json`, `…+json`), and the
    /// first value of others that begin with one or assign one (`window.state = {…}`).
    ///
    /// ```
    /// use lycosa_rules::JsonQuery;
    /// use lycosa_dom::{Document, ParseOptions};
    /// let page = "<script type='application/ld+json'>{\"name\": \"Kettle\"}</script><script>s = {\"name\": 1}</script>";
    /// let document = Document::parse_html(page, ParseOptions::default());
    /// let found = JsonQuery::parse("$.name")?.of_document(&document);
    /// assert_eq!(found.values, ["Kettle".into(), serde_json::Value::from(1)]);
    /// # Ok::<(), lycosa_rules::JsonQueryError>(())
    /// ```
    #[must_use]
    pub fn of_document(&self, document: &Document) -> JsonFound {
        let (mut found, mut steps, mut left) = (JsonFound::default(), STEPS, MOST_TEXT);
        for script in document.nodes().filter(|node| node.is_element() && node.name() == "script") {
            let text = script.text();
            if text.trim().is_empty() {
                continue;
            }
            let Some(rest) = left.checked_sub(text.len()) else {
                found.is_cut = true;
                break;
            };
            left = rest;
            match json_text::parse(text) {
                Some(json) => self.look(&json, &mut steps, &mut found),
                None => found.unreadable += usize::from(script.attr("type").is_some_and(is_json_type)),
            }
            if found.is_cut {
                break;
            }
        }
        found
    }

    fn look(&self, json: &Value, steps: &mut u64, found: &mut JsonFound) {
        found.texts += 1;
        match self.0.find(json, steps) {
            Ok(values) => {
                let room = MOST_VALUES - found.values.len();
                found.is_cut |= values.len() > room;
                found.values.extend(values.into_iter().take(room).cloned());
            }
            Err(_too_much) => found.is_cut = true,
        }
    }
}

#[cfg(test)]
mod tests {
    use lycosa_dom::ParseOptions;
    use serde_json::json;

    use super::*;

    fn found(path: &str, page: &str) -> JsonFound {
        JsonQuery::parse(path).unwrap().of_document(&Document::parse_html(page, ParseOptions::default()))
    }

    #[test]
    fn every_script_that_holds_json_is_asked_and_broken_ones_are_counted() {
        let page = "<script type='application/LD+json; a'>{\"a\": [1, 2]}</script><script>let x = 1;</script>\
                    <script type=application/json>{ broken</script><script> </script>\
                    <script>window.s = {\"a\": null}; go()</script>";
        let all = found("$.a", page);
        assert_eq!(all.values, [json!([1, 2]), json!(null)]);
        assert_eq!((all.texts, all.unreadable, all.is_cut), (2, 1, false));
        assert_eq!(found("$..*", page).values.len(), 4);
        assert_eq!(JsonQuery::parse("$[0]").unwrap().of_text("[7]").values, [json!(7)]);
        let lines = JsonQuery::parse("$[*].a").unwrap().of_text("{\"a\": 1}\n{\"a\": 2}\n");
        assert_eq!(lines.values, [json!(1), json!(2)]);
        assert_eq!(JsonQuery::parse("$").unwrap().of_text("{ broken"), JsonFound::default());
        let wrong = JsonQuery::parse("a.b").unwrap_err();
        assert_eq!(wrong.to_string(), "a path begins with `$` at column 1");
    }

    #[test]
    fn pages_made_to_be_expensive_are_cut() {
        let list = format!("[{}0]", "0,".repeat(20_000));
        let many = found("$[*]", &format!("<script>{list}</script>").repeat(3));
        assert_eq!((many.values.len(), many.is_cut), (MOST_VALUES, true));
        let steps = found("$..[?@.a == 1]", &format!("<script>{list}</script>").repeat(1_000));
        assert!(steps.is_cut && steps.values.is_empty());
    }
}
