//! `Cache-Control` (RFC 9111 §5.2): the directives of a request or an answer.

use http::HeaderMap;
use http::header::{CACHE_CONTROL, PRAGMA};

/// Seconds beyond which a number means "for ever" (RFC 9111 §1.2.2).
const FOREVER: u64 = 1 << 31;

/// The directives of one message, names in lower case.
#[derive(Debug, Default)]
pub(super) struct Directives(Vec<(String, Option<String>)>);

impl Directives {
    /// Those of an answer.
    pub(super) fn of(headers: &HeaderMap) -> Self {
        let mut list = Vec::new();
        for value in headers.get_all(CACHE_CONTROL) {
            let text = String::from_utf8_lossy(value.as_bytes());
            split(&text).into_iter().filter_map(directive).for_each(|found| list.push(found));
        }
        Self(list)
    }

    /// Those of a request; `Pragma: no-cache` counts when there is no `Cache-Control` (§5.4).
    pub(super) fn of_request(headers: &HeaderMap) -> Self {
        let pragma =
            headers.get(PRAGMA).is_some_and(|value| value.as_bytes().eq_ignore_ascii_case(b"no-cache"));
        if pragma && !headers.contains_key(CACHE_CONTROL) {
            return Self(vec![("no-cache".to_owned(), None)]);
        }
        Self::of(headers)
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.0.iter().any(|(found, _)| found == name)
    }

    /// The seconds of a directive, the least when it stands more than once; 0 when they are no number, since what
    /// cannot be read shall not keep an answer alive.
    pub(super) fn seconds(&self, name: &str) -> Option<u64> {
        let values = self.0.iter().filter(|(found, _)| found == name).map(|(_, value)| value.as_deref());
        values.map(|value| value.map_or(0, whole_seconds)).min()
    }

    /// As [`seconds`](Self::seconds), where a directive without a value means "for ever".
    pub(super) fn seconds_or_forever(&self, name: &str) -> Option<u64> {
        let bare = self.0.iter().any(|(found, value)| found == name && value.is_none());
        if bare { Some(FOREVER) } else { self.seconds(name) }
    }
}

pub(super) fn whole_seconds(text: &str) -> u64 {
    let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if is_number { text.parse().unwrap_or(FOREVER).min(FOREVER) } else { 0 }
}

/// The parts between commas that stand in no quoted string.
fn split(text: &str) -> Vec<&str> {
    let (mut quoted, mut escaped) = (false, false);
    text.split(|c: char| {
        let is_end = c == ',' && !quoted;
        if c == '"' && !escaped {
            quoted = !quoted;
        }
        escaped = quoted && c == '\\' && !escaped;
        is_end
    })
    .collect()
}

fn directive(part: &str) -> Option<(String, Option<String>)> {
    let (name, value) = match part.split_once('=') {
        Some((name, value)) => (name, Some(value.trim().trim_matches('"').to_owned())),
        None => (part, None),
    };
    let name = name.trim().to_ascii_lowercase();
    (!name.is_empty()).then_some((name, value))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(lines: &[&str]) -> Directives {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(CACHE_CONTROL, line.parse().unwrap());
        }
        Directives::of(&headers)
    }

    #[test]
    fn directives_are_read_whatever_their_spelling() {
        let found = read(&["Public, MAX-AGE = \"60\" ,, x=\"a, no-store\"", "must-revalidate"]);
        assert!(found.has("public") && found.has("must-revalidate") && !found.has("no-store"));
        assert_eq!(found.seconds("max-age"), Some(60));
        assert_eq!(found.seconds("s-maxage"), None);
    }

    #[test]
    fn numbers_that_are_none_keep_nothing_alive() {
        for (line, seconds) in [
            ("max-age=5, max-age=3", 3),
            ("max-age=-1", 0),
            ("max-age=1.5", 0),
            ("max-age=", 0),
            ("max-age", 0),
            ("max-age=99999999999999999999", FOREVER),
        ] {
            assert_eq!(read(&[line]).seconds("max-age"), Some(seconds), "{line}");
        }
        assert_eq!(read(&["max-stale"]).seconds_or_forever("max-stale"), Some(FOREVER));
        assert_eq!(read(&["max-stale=9"]).seconds_or_forever("max-stale"), Some(9));
    }
}
