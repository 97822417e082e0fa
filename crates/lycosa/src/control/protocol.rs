//! What is said over the socket: one JSON object a line, an order from the client, a reply from the crawl.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::error::{Error, ErrorKind};

/// What a client asks for.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(tag = "do", rename_all = "snake_case", deny_unknown_fields)]
pub enum Order {
    /// How the crawl is, and what is in force.
    Status {},
    /// Start no request until resumed.
    Pause {},
    /// Go on.
    Resume {},
    /// Stop as Ctrl-C does.
    Stop {},
    /// Change rules: names and values as in the configuration file, `none` to lift a limit or empty a list.
    Set {
        /// Values by name.
        values: BTreeMap<String, String>,
    },
    /// Read the configuration file again.
    Reload {},
    /// Hosts that rest, then the slowest.
    Hosts {
        /// At most so many.
        limit: usize,
    },
    /// Let the site of a host rest.
    Block {
        /// The host.
        host: String,
        /// For so many milliseconds; without it until it is unblocked.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        milliseconds: Option<u64>,
    },
    /// End every rest of a site.
    Unblock {
        /// The host.
        host: String,
    },
}

/// The crawl's answer.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Reply {
    /// Whether it was done.
    pub ok: bool,
    /// What it says.
    #[serde(skip_serializing_if = "Value::is_null", default)]
    pub says: Value,
    /// What is wrong.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub error: Option<String>,
    /// What to do about it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub hint: Option<String>,
}

impl Reply {
    /// It was done, and this is to be said.
    #[must_use]
    pub fn done(says: Value) -> Self {
        Self { ok: true, says, error: None, hint: None }
    }

    /// It was not done.
    #[must_use]
    pub fn refused(error: &Error) -> Self {
        let hint = error.hint().map(str::to_owned);
        Self { ok: false, says: Value::Null, error: Some(error.to_string()), hint }
    }

    /// What it says.
    ///
    /// # Errors
    /// What is wrong, when it was not done.
    pub fn into_result(self) -> Result<Value, Error> {
        if self.ok {
            return Ok(self.says);
        }
        let error = Error::new(ErrorKind::Usage, self.error.unwrap_or_else(|| "it was not done".to_owned()));
        Err(match self.hint {
            Some(hint) => error.with_hint(hint),
            None => error,
        })
    }
}
