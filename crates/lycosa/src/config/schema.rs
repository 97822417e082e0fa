//! The JSON Schema of `lycosa.toml`, and its documented example.

use schemars::generate::SchemaSettings;
use schemars::{Schema, SchemaGenerator, json_schema};
use serde_json::Value;

use super::CrawlOptions;

/// A `lycosa.toml` that shows the options people need, each explained.
pub const EXAMPLE: &str = include_str!("example.toml");

/// A number of bytes that is not 0.
pub(super) fn some_bytes(_: &mut SchemaGenerator) -> Schema {
    json_schema!({
        "type": ["string", "integer"],
        "minimum": 1,
        "pattern": r"^\s*[0-9.]*[1-9][0-9.]*\s*([kKmMgGtT][iI]?[bB]|[bB])?\s*$"
    })
}

/// A span of time that is not 0.
pub(super) fn some_time(_: &mut SchemaGenerator) -> Schema {
    json_schema!({
        "type": ["string", "number"],
        "exclusiveMinimum": 0,
        "pattern": r"^\s*[0-9.smhd\s]*[1-9][0-9.]*\s*((ms|s|m|h|d)\s*([0-9.]+\s*(ms|s|m|h|d)\s*)*)?$"
    })
}

/// The JSON Schema (draft 2020-12) of `lycosa.toml`, for editors and other tools.
#[must_use]
pub fn schema() -> Value {
    let settings = SchemaSettings::draft2020_12().with(|settings| settings.inline_subschemas = true);
    let mut schema = settings.into_generator().into_root_schema_for::<CrawlOptions>();
    schema.insert("title".to_owned(), "lycosa.toml".into());
    schema.to_value()
}
