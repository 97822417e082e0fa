//! Sizes as people write them: `10MB`, `64KiB`, or a plain number of bytes.

use std::fmt;
use std::str::FromStr;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{self, Deserialize, Deserializer, Visitor};
use serde::ser::{Serialize, Serializer};

/// A number of bytes. Written as text with a unit, decimal (`kB`, `MB`, `GB`, `TB`) or binary (`KiB`, `MiB`,
/// `GiB`, `TiB`), or as a plain number. `10M` is refused, because tools differ on what it means.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct ByteSize(pub u64);

const UNITS: [(&str, u64); 9] = [
    ("TiB", 1 << 40),
    ("GiB", 1 << 30),
    ("MiB", 1 << 20),
    ("KiB", 1 << 10),
    ("TB", 1_000_000_000_000),
    ("GB", 1_000_000_000),
    ("MB", 1_000_000),
    ("kB", 1000),
    ("B", 1),
];

impl FromStr for ByteSize {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("`{text}` is no size: write a number of bytes, or 10MB, 64KiB");
        let too_large = || format!("`{text}` is too large: a size is at most {} bytes (16 EiB)", u64::MAX);
        let trimmed = text.trim();
        let end = trimmed.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(trimmed.len());
        let (number, unit) = trimmed.split_at(end);
        let unit = unit.trim_start();
        let unit = if unit.is_empty() { "B" } else { unit };
        if matches!(unit, "k" | "K" | "M" | "G" | "T") {
            let letter = unit.to_ascii_uppercase();
            return Err(format!(
                "`{text}` can mean two sizes: write {number}{letter}B or {number}{letter}iB"
            ));
        }
        let (_, scale) = UNITS.iter().find(|(name, _)| name.eq_ignore_ascii_case(unit)).ok_or_else(wrong)?;
        if let Ok(whole) = number.parse::<u64>() {
            return whole.checked_mul(*scale).map(Self).ok_or_else(too_large);
        }
        // So many digits are no mistake of the pen.
        if !number.is_empty() && number.bytes().all(|digit| digit.is_ascii_digit()) {
            return Err(too_large());
        }
        let bytes = number.parse::<f64>().map_err(|_| wrong())? * approximate(*scale);
        if bytes.is_finite() && bytes < approximate(1 << 53) {
            Ok(Self(whole_part(bytes)))
        } else {
            Err(format!("`{text}` is too large for a fraction: write a whole number"))
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "units are powers of two or ten, exact as floats")]
fn approximate(value: u64) -> f64 {
    value as f64
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "checked before: finite, from 0 to 2⁵³; a fraction of a byte means nothing"
)]
fn whole_part(value: f64) -> u64 {
    value as u64
}

impl fmt::Display for ByteSize {
    /// In the greatest unit that needs no fraction.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let fits = |(_, size): &&(&str, u64)| self.0 > 0 && self.0.is_multiple_of(*size);
        let best = UNITS.iter().filter(fits).max_by_key(|(_, size)| *size);
        match best {
            Some((unit, size)) if *size > 1 => write!(f, "{}{unit}", self.0 / size),
            _ => write!(f, "{}", self.0),
        }
    }
}

impl Serialize for ByteSize {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for ByteSize {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Text;
        impl Visitor<'_> for Text {
            type Value = ByteSize;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a size such as \"10MB\" or \"64KiB\", or a number of bytes")
            }
            fn visit_str<E: de::Error>(self, text: &str) -> Result<ByteSize, E> {
                text.parse().map_err(E::custom)
            }
            fn visit_i64<E: de::Error>(self, bytes: i64) -> Result<ByteSize, E> {
                bytes.to_string().parse().map_err(E::custom)
            }
        }
        deserializer.deserialize_any(Text)
    }
}

impl JsonSchema for ByteSize {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "ByteSize".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": ["string", "integer"],
            "minimum": 0,
            "pattern": r"^\s*[0-9.]+\s*([kKmMgGtT][iI]?[bB]|[bB])?\s*$"
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn sizes_are_read_as_people_write_them() {
        for (text, bytes) in [
            ("10MB", 10_000_000),
            ("64KiB", 65_536),
            ("1.5 GB", 1_500_000_000),
            ("12", 12),
            ("3b", 3),
            ("0", 0),
            ("18446744073709551615", u64::MAX),
        ] {
            assert_eq!(text.parse(), Ok(ByteSize(bytes)), "{text}");
        }
        for text in [
            "",
            "big",
            "10M",
            "1k",
            "-1",
            "10 MiBs",
            "99999999999TB",
            "1..5kB",
            "9e9TB",
            "1e30",
            "100EiB",
            "18446744073709551616",
        ] {
            assert!(text.parse::<ByteSize>().is_err(), "{text}");
        }
        for text in ["99999999999TB", "18446744073709551616", "17592186044416 TiB"] {
            assert!(text.parse::<ByteSize>().unwrap_err().contains("too large: a size is at most"), "{text}");
        }
        assert!("10M".parse::<ByteSize>().unwrap_err().contains("10MB or 10MiB"));
    }

    proptest! {
        #[test]
        fn a_size_reads_back_as_it_was_written(bytes: u64) {
            let size = ByteSize(bytes);
            prop_assert_eq!(size.to_string().parse(), Ok(size));
        }
    }
}
