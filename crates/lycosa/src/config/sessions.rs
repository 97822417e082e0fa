//! Sessions that requests take turns with: how many, how long each lasts, what it is made with.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::profiles::{ProfileFields, named};
use super::{Secret, proxy_list};
use crate::error::Result;
use crate::model::ProxyUrl;
use crate::profiles::header_fields;
use crate::session::{Profile, Rotation, SessionOptions, SessionPool};

/// Sessions that take turns.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct SessionFields {
    /// Sessions alive at once, from 1 to 10000. Default none: one session for everything, which is never retired.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 10_000))]
    pub count: Option<u32>,
    /// How they take turns: `round-robin`, or `sticky` (the same place in the row for one site). Default `round-robin`.
    pub rotate: SessionRotation,
    /// Requests, hops of redirects included, after which a fresh session takes the place of one. Default no limit.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1))]
    pub max_uses: Option<u64>,
    /// Whether an answer that keeps the crawler out retires its session: status 403 or 429, or what `detect_blocks`
    /// tells from content. Default true.
    pub retire_on_block: bool,
    /// Failures in a row that retire a session, from 1. Default 5.
    #[schemars(range(min = 1))]
    pub max_failures: u32,
    /// Proxies, one for each place in the row, from the first again when there are fewer. Default none: those of `proxy`.
    #[serde(deserialize_with = "proxy_list::read", skip_serializing_if = "Vec::is_empty")]
    #[schemars(schema_with = "proxy_list::form")]
    pub proxies: Vec<Secret>,
    /// Names of profiles, one for each place in the row, from the first again when there are fewer. Default none: what
    /// each host is shown.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub profiles: Vec<String>,
}

impl Default for SessionFields {
    fn default() -> Self {
        Self {
            count: None,
            rotate: SessionRotation::default(),
            max_uses: None,
            retire_on_block: true,
            max_failures: SessionOptions::default().max_failures,
            proxies: Vec::new(),
            profiles: Vec::new(),
        }
    }
}

/// How sessions take turns.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum SessionRotation {
    /// One after the other.
    #[default]
    RoundRobin,
    /// The same place in the row for one site.
    Sticky,
}

impl SessionFields {
    /// Whether nothing is said of sessions.
    #[must_use]
    pub fn is_off(&self) -> bool {
        *self == Self::default()
    }

    /// The first key that was given and means nothing as long as `count` is not.
    pub(super) fn first_without_count(&self) -> Option<&'static str> {
        let plain = Self::default();
        let keys = [
            ("rotate", self.rotate != plain.rotate),
            ("max_uses", self.max_uses != plain.max_uses),
            ("retire_on_block", self.retire_on_block != plain.retire_on_block),
            ("max_failures", self.max_failures != plain.max_failures),
            ("proxies", !self.proxies.is_empty()),
            ("profiles", !self.profiles.is_empty()),
        ];
        keys.into_iter().find(|(_, given)| *given).map(|(key, _)| key)
    }
}

/// The sessions; none when there are none to take turns.
///
/// # Errors
/// When a profile is named that there is not, or cannot be worn.
pub(super) fn pool(fields: &SessionFields, profiles: &[ProfileFields]) -> Result<Option<SessionPool>> {
    let Some(count) = fields.count else { return Ok(None) };
    let places = usize::try_from(count).unwrap_or(usize::MAX);
    let worn = fields.profiles.iter().map(|name| {
        let (agent, headers) = named(profiles, name)?;
        header_fields(agent.as_deref(), &headers)
    });
    let worn = worn.collect::<Result<Vec<_>>>()?;
    let dressed = !worn.is_empty() || !fields.proxies.is_empty();
    let place = |at: usize| Profile {
        headers: worn.get(at % worn.len().max(1)).cloned().unwrap_or_default(),
        proxy: fields
            .proxies
            .get(at % fields.proxies.len().max(1))
            .map(|proxy| ProxyUrl::new(proxy.0.as_str())),
    };
    Ok(Some(SessionPool::new(SessionOptions {
        rotation: match fields.rotate {
            SessionRotation::RoundRobin => Rotation::RoundRobin,
            SessionRotation::Sticky => Rotation::StickyBySite,
        },
        slots: count,
        max_uses: fields.max_uses,
        max_blocks: if fields.retire_on_block { 1 } else { u32::MAX },
        max_failures: fields.max_failures,
        profiles: if dressed { (0..places).map(place).collect() } else { Vec::new() },
        ..SessionOptions::default()
    })))
}
