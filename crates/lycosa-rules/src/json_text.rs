//! JSON as pages embed it: alone, or as the first value in a script that does more (`window.data = {…};`).

use serde::Deserialize as _;
use serde_json::Value;

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
