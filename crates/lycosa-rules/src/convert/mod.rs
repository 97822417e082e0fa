//! From text or JSON to a value of the type that a field asks for. Total: any input is a value or a reason.
//!
//! `number` and `date` read what people write, `locale` is what they ask of a locale, `months` are names of months.

mod date;
mod locale;
mod months;
mod number;

pub use date::DateOrder;
pub(super) use locale::{Locale, languages};

use serde_json::{Number, Value};
use url::Url;

/// What a field holds.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum ValueType {
    /// Text.
    #[default]
    Text,
    /// The markup of a match, itself included.
    Html,
    /// A number, read as people write it (`1.234,56 €`).
    Number,
    /// A number without a fraction.
    Integer,
    /// True or false: `true`, `yes`, `on`, `1` and their contraries, in common European languages.
    Bool,
    /// An absolute URL, resolved against the page.
    Url,
    /// A date, as RFC 3339 as far as it is known: `2024-12-24`, `2024-12-24T10:30:00`, with an offset if one is said.
    Date,
    /// JSON as it is, or text that is read as JSON.
    Json,
}

/// How to convert.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Conversion {
    pub(super) to: ValueType,
    pub(super) locale: Option<Locale>,
    pub(super) order: Option<DateOrder>,
}

impl Conversion {
    /// A text as a value of the type.
    ///
    /// # Errors
    /// Why it cannot be, as half a sentence.
    pub(super) fn text(
        &self,
        text: &str,
        resolve: impl FnOnce(&str) -> Option<Url>,
    ) -> Result<Value, &'static str> {
        match self.to {
            ValueType::Text | ValueType::Html => Ok(text.into()),
            ValueType::Number => {
                let plain = number::number(text, self.locale.map(|locale| locale.decimal))?;
                let number = plain.parse().ok().and_then(Number::from_f64);
                number.map(Value::Number).ok_or("it is too large for a number")
            }
            ValueType::Integer => {
                let plain = number::number(text, self.locale.map(|locale| locale.decimal))?;
                integer(&plain).map(Value::from)
            }
            ValueType::Bool => boolean(text).map(Value::Bool),
            ValueType::Url => match resolve(text) {
                Some(url) if !text.trim().is_empty() => Ok(url.as_str().into()),
                _ => Err("it is no URL"),
            },
            ValueType::Date => date::date(text, self.locale, self.order).map(Value::String),
            ValueType::Json => super::json_text::parse(text).ok_or("it is no JSON"),
        }
    }

    /// A JSON value as a value of the type. Numbers and booleans stay what they are where that fits.
    ///
    /// # Errors
    /// Why it cannot be, as half a sentence.
    pub(super) fn json(
        &self,
        value: &Value,
        resolve: impl FnOnce(&str) -> Option<Url>,
    ) -> Result<Value, &'static str> {
        match (self.to, value) {
            (ValueType::Json, _) | (ValueType::Bool, Value::Bool(_)) => Ok(value.clone()),
            (ValueType::Number, Value::Number(_)) => Ok(value.clone()),
            (ValueType::Integer, Value::Number(number)) => match number.as_i64() {
                Some(whole) => Ok(whole.into()),
                None => integer(&number.to_string()).map(Value::from),
            },
            (_, Value::String(text)) => self.text(text, resolve),
            (_, Value::Array(_) | Value::Object(_)) if self.to != ValueType::Text => {
                Err("it is a list or an object")
            }
            _ => self.text(&value.to_string(), resolve),
        }
    }
}

/// A plain decimal without a fraction.
fn integer(plain: &str) -> Result<i64, &'static str> {
    const FRACTION: &str = "it has a fraction";
    const LARGE: &str = "it is too large for an integer";
    if !plain.contains(['e', 'E']) {
        let (whole, fraction) = plain.split_once('.').unwrap_or((plain, ""));
        return match fraction.trim_end_matches('0') {
            "" => whole.parse().map_err(|_| LARGE),
            _ => Err(FRACTION),
        };
    }
    let value: f64 = plain.parse().map_err(|_| LARGE)?;
    if value.fract() != 0.0 {
        return Err(FRACTION);
    }
    #[expect(clippy::cast_possible_truncation, reason = "a whole number in the exact range")]
    if value.abs() <= 9_007_199_254_740_992.0 { Ok(value as i64) } else { Err(LARGE) }
}

fn boolean(text: &str) -> Result<bool, &'static str> {
    const YES: [&str; 14] =
        ["true", "yes", "y", "on", "1", "ja", "oui", "si", "sí", "sim", "tak", "ano", "да", "wahr"];
    const NO: [&str; 14] =
        ["false", "no", "n", "off", "0", "nein", "non", "nee", "não", "nie", "nej", "ne", "нет", "falsch"];
    let word = text.trim().to_lowercase();
    match (YES.contains(&word.as_str()), NO.contains(&word.as_str())) {
        (true, _) => Ok(true),
        (_, true) => Ok(false),
        _ => Err("it is neither yes nor no"),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn convert(to: ValueType, text: &str) -> Result<Value, &'static str> {
        let base = Url::parse("http://a.test/dir/").unwrap();
        Conversion { to, ..Conversion::default() }.text(text, |reference| base.join(reference).ok())
    }

    #[test]
    fn every_type_takes_what_it_can_read() {
        for (to, text, expected) in [
            (ValueType::Text, " x ", json!(" x ")),
            (ValueType::Number, "1,234.5", json!(1234.5)),
            (ValueType::Integer, "1,234", json!(1234)),
            (ValueType::Integer, "5.00 €", json!(5)),
            (ValueType::Integer, "1e3", json!(1000)),
            (ValueType::Bool, " Yes ", json!(true)),
            (ValueType::Bool, "nein", json!(false)),
            (ValueType::Url, "x?y#z", json!("http://a.test/dir/x?y#z")),
            (ValueType::Date, "24 Dec 2024", json!("2024-12-24")),
            (ValueType::Json, "{\"a\": [1, null]}", json!({ "a": [1, null] })),
        ] {
            assert_eq!(convert(to, text), Ok(expected), "{to:?} {text}");
        }
        for (to, text) in [
            (ValueType::Number, "1e999"),
            (ValueType::Integer, "5.5"),
            (ValueType::Integer, "99999999999999999999"),
            (ValueType::Integer, "1e20"),
            (ValueType::Bool, "in stock"),
            (ValueType::Url, "http://[bad"),
            (ValueType::Url, " "),
            (ValueType::Date, "soon"),
            (ValueType::Json, "{"),
        ] {
            assert!(convert(to, text).is_err(), "{to:?} {text}");
        }
    }

    #[test]
    fn json_keeps_its_own_types_where_they_fit() {
        let json = |to, value: Value| Conversion { to, ..Conversion::default() }.json(&value, |_| None);
        assert_eq!(json(ValueType::Number, json!(12.5)), Ok(json!(12.5)));
        assert_eq!(json(ValueType::Number, json!("12,5")), Ok(json!(12.5)));
        assert_eq!(json(ValueType::Integer, json!(3.0)), Ok(json!(3)));
        assert!(json(ValueType::Integer, json!(3.5)).is_err());
        assert_eq!(json(ValueType::Text, json!(12.5)), Ok(json!("12.5")));
        assert_eq!(json(ValueType::Text, json!([1])), Ok(json!("[1]")));
        assert_eq!(json(ValueType::Bool, json!(true)), Ok(json!(true)));
        assert_eq!(json(ValueType::Json, json!([1])), Ok(json!([1])));
        assert!(json(ValueType::Date, json!({})).is_err());
    }

    proptest! {
        #[test]
        fn no_text_of_any_type_panics(text in "\\PC{0,80}") {
            for to in [ValueType::Number, ValueType::Integer, ValueType::Bool, ValueType::Url, ValueType::Date, ValueType::Json] {
                let _ = convert(to, &text);
            }
        }
    }
}
