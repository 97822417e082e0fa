//! Spans of time as people write them: `250ms`, `1.5s`, `2h 30m`, or a plain number of seconds.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{self, Deserialize, Deserializer, Visitor};
use serde::ser::{Serialize, Serializer};

/// A span of time, to the millisecond. Written as text with units (`ms`, `s`, `m`, `h`, `d`), or as a number of seconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Span(pub Duration);

/// The longest span in milliseconds: a hundred years.
const LONGEST: f64 = 100.0 * 366.0 * 86_400_000.0;

const BELOW_ZERO: &str = "a span of time must be 0 or more and at most 100 years";

/// Units in milliseconds.
const UNITS: [(&str, f64); 5] =
    [("ms", 1.0), ("s", 1000.0), ("m", 60_000.0), ("h", 3_600_000.0), ("d", 86_400_000.0)];

impl Span {
    /// This many seconds.
    #[must_use]
    pub const fn seconds(seconds: u64) -> Self {
        Self(Duration::from_secs(seconds))
    }

    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "checked before: from 0 to a hundred years"
    )]
    fn from_millis(millis: f64) -> Result<Self, String> {
        if (0.0..=LONGEST).contains(&millis) {
            return Ok(Self(Duration::from_millis(millis.round() as u64)));
        }
        Err(BELOW_ZERO.to_owned())
    }
}

impl FromStr for Span {
    type Err = String;

    /// Reads one or more numbers with units, or one number of seconds.
    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("`{text}` is no span of time: write 250ms, 1.5s, 10m, 2h or 1d");
        let mut rest = text.trim();
        if let Ok(seconds) = rest.parse::<f64>() {
            return Self::from_millis(seconds * 1000.0);
        }
        let mut total = 0.0;
        if rest.is_empty() {
            return Err(wrong());
        }
        if let Some(positive) = rest.strip_prefix('-').filter(|rest| !rest.starts_with('-')) {
            // Below zero, if it is a span but for that.
            return Err(positive.parse::<Self>().map_or_else(|_| wrong(), |_| BELOW_ZERO.to_owned()));
        }
        while !rest.is_empty() {
            let end = rest.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(rest.len());
            let (number, after) = rest.split_at(end);
            let after = after.trim_start();
            let end = after.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(after.len());
            let (unit, after) = after.split_at(end);
            let number: f64 = number.parse().map_err(|_| wrong())?;
            let (_, scale) = UNITS.iter().find(|(name, _)| *name == unit).ok_or_else(wrong)?;
            total += number * scale;
            rest = after.trim_start();
        }
        Self::from_millis(total)
    }
}

impl fmt::Display for Span {
    /// In the greatest unit that needs no fraction.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let millis = self.0.as_millis();
        let units = [("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1000)];
        match units.iter().find(|(_, size)| millis > 0 && millis.is_multiple_of(*size)) {
            Some((unit, size)) => write!(f, "{}{unit}", millis / size),
            None => write!(f, "{millis}ms"),
        }
    }
}

impl Serialize for Span {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Span {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Text;
        impl Visitor<'_> for Text {
            type Value = Span;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a span of time such as \"250ms\" or \"10m\", or a number of seconds")
            }
            fn visit_str<E: de::Error>(self, text: &str) -> Result<Span, E> {
                text.parse().map_err(E::custom)
            }
            fn visit_i64<E: de::Error>(self, seconds: i64) -> Result<Span, E> {
                seconds.to_string().parse().map_err(E::custom)
            }
            fn visit_f64<E: de::Error>(self, seconds: f64) -> Result<Span, E> {
                Span::from_millis(seconds * 1000.0).map_err(E::custom)
            }
        }
        deserializer.deserialize_any(Text)
    }
}

impl JsonSchema for Span {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Span".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": ["string", "number"],
            "minimum": 0,
            "pattern": r"^\s*([0-9.]+|([0-9.]+\s*(ms|s|m|h|d)\s*)+)\s*$"
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn spans_are_read_as_people_write_them() {
        for (text, millis) in [
            ("250ms", 250),
            ("1.5s", 1500),
            ("2h 30m", 9_000_000),
            ("1d", 86_400_000),
            (" 10 m ", 600_000),
            ("0", 0),
            ("2.5", 2500),
        ] {
            assert_eq!(text.parse(), Ok(Span(Duration::from_millis(millis))), "{text}");
        }
        for text in
            ["", "fast", "5 parsecs", "1s2", "-1s", "-1", "s", "1..5s", "1e300", "NaN", "inf", "200000d"]
        {
            assert!(text.parse::<Span>().is_err(), "{text}");
        }
        for text in ["-1s", "-2h 30m", "-1"] {
            assert!(text.parse::<Span>().unwrap_err().contains("must be 0 or more"), "{text}");
        }
    }

    proptest! {
        #[test]
        fn a_span_reads_back_as_it_was_written(millis in 0..10_u64.pow(11)) {
            let span = Span(Duration::from_millis(millis));
            prop_assert_eq!(span.to_string().parse(), Ok(span));
        }
    }
}
