//! Text that must not end up in logs.

use std::fmt;

use schemars::JsonSchema;

/// A password, a cookie, an address with credentials. Stored and written to files as it is, never printed by
/// `{:?}`.
#[derive(Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct Secret(pub String);

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}
