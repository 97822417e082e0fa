//! Paths into JSON: RFC 9535 without functions. Names, indices, slices, wildcards, descendants and filters are there;
//! in filters `@` paths of names and indices are compared with literals or with one another.
//!
//! A path is limited in length and nesting, an evaluation in the values it looks at, so that neither a rule nor a
//! page can take long.

mod filter;
mod parser;

use std::fmt;

use serde_json::Value;

use filter::Filter;
pub(super) use parser::PathMistake;

/// Values that one evaluation may look at: as many as stand in the largest JSON that is read, about.
const MOST_STEPS: usize = 8_000_000;

/// A parsed path.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct JsonPath {
    source: Box<str>,
    segments: Vec<Segment>,
}

#[derive(Clone, Debug, PartialEq)]
struct Segment {
    /// `..` before it: of every value inside as well.
    is_deep: bool,
    picks: Vec<Pick>,
}

#[derive(Clone, Debug, PartialEq)]
enum Pick {
    Name(String),
    Index(i64),
    Slice { start: Option<i64>, end: Option<i64>, step: i64 },
    All,
    Filter(Filter),
}

/// An evaluation that looked at too much.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct TooMuch;

impl fmt::Display for TooMuch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("it looks at more than eight million values, or the rules at too much of the page")
    }
}

impl JsonPath {
    /// Reads a path.
    pub(super) fn parse(text: &str) -> Result<Self, PathMistake> {
        parser::parse(text).map(|segments| Self { source: text.into(), segments })
    }

    /// The path as it was written.
    pub(super) fn source(&self) -> &str {
        &self.source
    }

    /// The values it leads to, in the order of RFC 9535, paid from a purse of steps.
    pub(super) fn find<'v>(&self, root: &'v Value, purse: &mut u64) -> Result<Vec<&'v Value>, TooMuch> {
        let allowed = usize::try_from(*purse).unwrap_or(usize::MAX).min(MOST_STEPS);
        let mut steps = allowed;
        let found = self.walk(root, &mut steps);
        let used = if found.is_ok() { allowed - steps } else { allowed };
        *purse = purse.saturating_sub(u64::try_from(used).unwrap_or(u64::MAX));
        found
    }

    fn walk<'v>(&self, root: &'v Value, steps: &mut usize) -> Result<Vec<&'v Value>, TooMuch> {
        let mut found = vec![root];
        for segment in &self.segments {
            let mut next = Vec::new();
            for value in found {
                if segment.is_deep {
                    let mut inside = vec![value];
                    while let Some(value) = inside.pop() {
                        segment.apply(value, &mut next, steps)?;
                        let before = inside.len();
                        inside.extend(children(value));
                        *steps = steps.checked_sub(inside.len() - before).ok_or(TooMuch)?;
                        inside.get_mut(before..).unwrap_or_default().reverse();
                    }
                } else {
                    segment.apply(value, &mut next, steps)?;
                }
            }
            found = next;
        }
        Ok(found)
    }
}

impl Segment {
    fn apply<'v>(
        &self,
        value: &'v Value,
        out: &mut Vec<&'v Value>,
        steps: &mut usize,
    ) -> Result<(), TooMuch> {
        for pick in &self.picks {
            let before = out.len();
            pick.apply(value, out, steps)?;
            *steps = steps.checked_sub(1 + out.len() - before).ok_or(TooMuch)?;
        }
        Ok(())
    }
}

impl Pick {
    fn apply<'v>(
        &self,
        value: &'v Value,
        out: &mut Vec<&'v Value>,
        steps: &mut usize,
    ) -> Result<(), TooMuch> {
        match self {
            Self::Name(name) => out.extend(value.as_object().and_then(|object| object.get(name))),
            Self::Index(index) => out.extend(value.as_array().and_then(|list| element(list, *index))),
            Self::All => out.extend(children(value)),
            Self::Slice { start, end, step } => {
                if let Some(list) = value.as_array() {
                    slice(list, *start, *end, *step, out);
                }
            }
            Self::Filter(filter) => {
                for child in children(value) {
                    *steps = steps.checked_sub(filter.cost()).ok_or(TooMuch)?;
                    if filter.holds(child) {
                        out.push(child);
                    }
                }
            }
        }
        Ok(())
    }
}

fn children(value: &Value) -> Box<dyn Iterator<Item = &Value> + '_> {
    match value {
        Value::Array(list) => Box::new(list.iter()),
        Value::Object(object) => Box::new(object.values()),
        _ => Box::new(std::iter::empty()),
    }
}

/// The element at an index, counted from the end when negative.
fn element(list: &[Value], index: i64) -> Option<&Value> {
    let place = usize::try_from(index.unsigned_abs()).ok()?;
    if index < 0 { list.get(list.len().checked_sub(place)?) } else { list.get(place) }
}

/// RFC 9535 section 2.3.4.2.
fn slice<'v>(list: &'v [Value], start: Option<i64>, end: Option<i64>, step: i64, out: &mut Vec<&'v Value>) {
    let length = i64::try_from(list.len()).unwrap_or(i64::MAX);
    let normal = |at: i64| if at < 0 { at.saturating_add(length) } else { at };
    let mut push = |at: i64| out.extend(usize::try_from(at).ok().and_then(|at| list.get(at)));
    if step > 0 {
        let mut at = normal(start.unwrap_or(0)).clamp(0, length);
        let end = normal(end.unwrap_or(length)).clamp(0, length);
        while at < end {
            push(at);
            at = at.saturating_add(step);
        }
    } else if step < 0 {
        let mut at = start.map_or(length - 1, normal).clamp(-1, length - 1);
        let end = end.map_or(-1, normal).clamp(-1, length - 1);
        while at > end {
            push(at);
            at = at.saturating_add(step);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn store() -> Value {
        json!({ "@type": "Product", "name": "Kettle", "a b": 1, "offers": [
            { "price": 10, "currency": "EUR", "tags": ["x"] },
            { "price": 12.5, "currency": "USD" },
            { "currency": "EUR", "sold": true, "note": null }
        ], "deep": { "price": 3 } })
    }

    fn find(path: &str) -> Value {
        let store = store();
        let path = JsonPath::parse(path).unwrap_or_else(|mistake| panic!("{path}: {mistake:?}"));
        path.find(&store, &mut u64::MAX.clone()).unwrap().into_iter().cloned().collect()
    }

    #[test]
    fn paths_find_what_the_standard_says() {
        for (path, expected) in [
            ("$.name", json!(["Kettle"])),
            ("$['name']", json!(["Kettle"])),
            ("$[\"a b\"]", json!([1])),
            ("$['@type']", json!(["Product"])),
            ("$.@type", json!(["Product"])),
            ("$.offers[0].price", json!([10])),
            ("$.offers[-1].sold", json!([true])),
            ("$.offers[*].price", json!([10, 12.5])),
            ("$.offers.*.currency", json!(["EUR", "USD", "EUR"])),
            ("$.offers[0,1].price", json!([10, 12.5])),
            ("$.offers[1:].currency", json!(["USD", "EUR"])),
            ("$.offers[::-1].currency", json!(["EUR", "USD", "EUR"])),
            ("$.offers[::2].currency", json!(["EUR", "EUR"])),
            ("$.offers[:-2].currency", json!(["EUR"])),
            ("$..price", json!([10, 12.5, 3])),
            ("$..[0].price", json!([10])),
            ("$.offers[?@.currency=='EUR'].price", json!([10])),
            ("$.offers[?(@.price > 10)].price", json!([12.5])),
            ("$.offers[?@.price].price", json!([10, 12.5])),
            ("$.offers[?!@.price].sold", json!([true])),
            ("$.offers[?@.price >= 10 && @.currency != 'USD'].price", json!([10])),
            ("$.offers[?@.sold == true || @.tags[0] == \"x\"].currency", json!(["EUR", "EUR"])),
            ("$.offers[?@.note == null].currency", json!(["EUR"])),
            ("$.gone.gone", json!([])),
            ("$.name[0]", json!([])),
            ("$", json!([store()])),
        ] {
            assert_eq!(find(path), expected, "{path}");
        }
    }

    #[test]
    fn a_bad_path_is_told_with_its_column() {
        for (path, column) in [
            ("", 1),
            ("name", 1),
            ("$.", 3),
            ("$name", 2),
            ("$[", 3),
            ("$['a", 3),
            ("$[?@.a ==]", 10),
            ("$[1", 4),
            ("$.a b", 4),
            ("$[?length(@)>1]", 4),
            ("$[99999999999999999999]", 3),
        ] {
            assert_eq!(JsonPath::parse(path).map_err(|mistake| mistake.column), Err(column), "{path}");
        }
        assert!(JsonPath::parse(&"$..a".repeat(5000)).is_err());
        assert!(JsonPath::parse(&format!("$[?{}@.a]", "(".repeat(5000))).is_err());
        assert!(JsonPath::parse(&format!("$[?{}@.a]", "!".repeat(4000))).is_err());
    }

    #[test]
    fn a_path_that_multiplies_is_given_up() {
        let mut deep = json!([]);
        for _ in 0..100 {
            deep = json!([deep, deep.is_array()]);
        }
        let path = JsonPath::parse("$..*..*..*..*..*").unwrap();
        assert_eq!(path.find(&deep, &mut u64::MAX.clone()), Err(TooMuch));
    }

    proptest! {
        #[test]
        fn any_text_is_a_path_or_a_mistake_inside_it(text in "\\$[\\.\\[\\]a0-9'\"?@=!&|():*, -]{0,30}|\\PC{0,30}") {
            match JsonPath::parse(&text) {
                Ok(path) => { let _ = path.find(&store(), &mut u64::MAX.clone()); }
                Err(mistake) => prop_assert!((1..=text.chars().count() + 1).contains(&mistake.column)),
            }
        }
    }
}
