//! `Keep-Alive: timeout=5, max=100` (RFC 2068 §19.7.1, in use everywhere and in no current standard): how long the
//! server says it keeps an idle connection, and for how many requests more.

use std::time::Duration;

use http::{HeaderMap, HeaderName};

use crate::model::field_text;

/// What the last answer on a connection said.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct KeepAlive {
    /// The server closes an idle connection after this long.
    pub(super) timeout: Option<Duration>,
    /// Requests it still takes.
    pub(super) requests_left: Option<u64>,
}

const KEEP_ALIVE: HeaderName = HeaderName::from_static("keep-alive");

/// The server counts from the end of its answer, this side from when it has read it: a request must not be under
/// way when the server's time is up.
const MARGIN: Duration = Duration::from_secs(1);

impl KeepAlive {
    /// Reads the header; what cannot be read says nothing.
    pub(super) fn of(headers: &HeaderMap) -> Self {
        let mut said = Self::default();
        let values: Vec<_> = headers.get_all(&KEEP_ALIVE).into_iter().map(field_text).collect();
        for parameter in values.iter().flat_map(|value| value.split(',')) {
            let Some((name, value)) = parameter.split_once('=') else { continue };
            let Ok(number) = value.trim().trim_matches('"').parse::<u64>() else { continue };
            match name.trim().to_ascii_lowercase().as_str() {
                "timeout" => said.timeout = Some(Duration::from_secs(number)),
                "max" => said.requests_left = Some(number),
                _ => {}
            }
        }
        said
    }

    /// How long the connection may wait for its next request, at most `own`; nothing when it may take none.
    pub(super) fn idle_time(&self, own: Duration) -> Option<Duration> {
        if self.requests_left == Some(0) {
            return None;
        }
        let theirs = self.timeout.map(|timeout| timeout.saturating_sub(MARGIN));
        Some(theirs.map_or(own, |theirs| own.min(theirs))).filter(|time| !time.is_zero())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(value: &'static str) -> KeepAlive {
        KeepAlive::of(&HeaderMap::from_iter([(
            http::HeaderName::from_static("keep-alive"),
            http::HeaderValue::from_static(value),
        )]))
    }

    #[test]
    fn what_servers_say_is_read_whatever_its_spelling() {
        let both = KeepAlive { timeout: Some(Duration::from_secs(5)), requests_left: Some(100) };
        assert_eq!(said("timeout=5, max=100"), both);
        assert_eq!(said("Max=100 ,Timeout = \"5\""), both);
        assert_eq!(said("timeout=x, max, 300"), KeepAlive::default());
    }

    #[test]
    fn an_idle_time_ends_before_the_servers_and_never_after_ones_own() {
        let own = Duration::from_secs(30);
        assert_eq!(said("timeout=5").idle_time(own), Some(Duration::from_secs(4)));
        assert_eq!(said("timeout=600").idle_time(own), Some(own));
        assert_eq!(said("max=0").idle_time(own), None);
        assert_eq!(said("timeout=1").idle_time(own), None, "it may be closed by the time a request is there");
        assert_eq!(said("").idle_time(own), Some(own));
    }
}
