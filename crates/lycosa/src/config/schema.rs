//! The JSON Schema of `lycosa.toml`, and its documented example.

use schemars::generate::SchemaSettings;
use serde_json::Value;

use super::CrawlOptions;

/// A `lycosa.toml` that shows the options people need, each explained.
pub const EXAMPLE: &str = include_str!("example.toml");

/// The JSON Schema (draft 2020-12) of `lycosa.toml`, for editors and other tools.
#[must_use]
pub fn schema() -> Value {
    let settings = SchemaSettings::draft2020_12().with(|settings| settings.inline_subschemas = true);
    let mut schema = settings.into_generator().into_root_schema_for::<CrawlOptions>();
    schema.insert("title".to_owned(), "lycosa.toml".into());
    schema.to_value()
}
