//! A header field as curl takes it: `Name: value`.

use std::fmt;
use std::str::FromStr;

use http::{HeaderName, HeaderValue};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{self, Deserialize, Deserializer};
use serde::ser::{Serialize, Serializer};

use crate::middleware::parse_field;

/// One header field to send with every request. Its value is not printed by `{:?}`: it may be a token.
#[derive(Clone, PartialEq, Eq)]
pub struct HeaderLine {
    /// The name.
    pub name: HeaderName,
    /// The value.
    pub value: HeaderValue,
}

impl HeaderLine {
    /// Name and value as texts.
    #[must_use]
    pub fn pair(&self) -> (String, String) {
        (self.name.to_string(), String::from_utf8_lossy(self.value.as_bytes()).into_owned())
    }
}

impl fmt::Debug for HeaderLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: …", self.name)
    }
}

impl FromStr for HeaderLine {
    type Err = String;

    fn from_str(line: &str) -> Result<Self, String> {
        let (name, value) = parse_field(line).map_err(|error| {
            let hint = error.hint().map(|hint| format!("; {hint}")).unwrap_or_default();
            format!("{}{hint}", error.message())
        })?;
        Ok(Self { name, value })
    }
}

impl Serialize for HeaderLine {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let (name, value) = self.pair();
        serializer.collect_str(&format_args!("{name}: {value}"))
    }
}

impl<'de> Deserialize<'de> for HeaderLine {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

impl JsonSchema for HeaderLine {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "HeaderLine".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "pattern": "^[^:\\s]+\\s*:" })
    }
}
