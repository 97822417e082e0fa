//! What requests say of themselves, by host: header fields that belong together, in their order.
//!
//! A profile is a `User-Agent` and the fields that go with it; a rule says which hosts meet it. The `headers`
//! middleware dresses requests in them, sessions bring profiles of their own. Secrets have no place here: a rule for
//! a host holds whatever led there, so `Authorization` and `Cookie` are refused.

use http::header::{AUTHORIZATION, COOKIE, PROXY_AUTHORIZATION, USER_AGENT};
use http::{HeaderMap, HeaderName, HeaderValue};

use crate::error::{Error, ErrorKind, Result};
pub use crate::host_pattern::HostPattern;
use crate::model::Origin;

/// What certain hosts are shown instead of what all others are.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct HostProfile {
    /// Which hosts, as [`HostPattern`] reads it.
    pub host: String,
    /// The `User-Agent` there. Default: the one in `headers`, else the crawl's own.
    pub user_agent: Option<String>,
    /// Header fields by name and value, in the order in which they are sent: before those of the crawl, whose fields
    /// of the same names they replace.
    pub headers: Vec<(String, String)>,
}

impl std::fmt::Debug for HostProfile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let names: Vec<_> = self.headers.iter().map(|(name, _)| name).collect();
        let mut shown = f.debug_struct("HostProfile");
        shown
            .field("host", &self.host)
            .field("user_agent", &self.user_agent)
            .field("headers", &names)
            .finish()
    }
}

/// The profiles of all hosts: of several rules that fit a host the first counts.
#[derive(Clone, Debug, Default)]
pub struct HostProfiles {
    rules: Vec<(HostPattern, HeaderMap)>,
}

impl HostProfiles {
    /// Reads the rules.
    ///
    /// # Errors
    /// [`ErrorKind::Usage`] for a host that is none and for what [`header_fields`] refuses.
    pub fn new(profiles: &[HostProfile]) -> Result<Self> {
        let rule = |profile: &HostProfile| {
            let fields = header_fields(profile.user_agent.as_deref(), &profile.headers)?;
            Ok((HostPattern::parse(&profile.host)?, fields))
        };
        profiles.iter().map(rule).collect::<Result<_>>().map(|rules| Self { rules })
    }

    /// Whether there is no rule.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rules.is_empty()
    }

    /// The rules in their order.
    pub fn rules(&self) -> impl Iterator<Item = &(HostPattern, HeaderMap)> {
        self.rules.iter()
    }

    /// With what every request carries laid under each rule.
    #[must_use]
    pub fn over(mut self, base: &HeaderMap) -> Self {
        for (_, fields) in &mut self.rules {
            *fields = laid_over(std::mem::take(fields), base.clone());
        }
        self
    }

    /// The fields for an origin; none when no rule is for it.
    #[must_use]
    pub fn of(&self, origin: &Origin) -> Option<&HeaderMap> {
        self.rules.iter().find(|(pattern, _)| pattern.fits(origin)).map(|(_, fields)| fields)
    }
}

/// A profile as header fields: the `User-Agent` first, unless it is one of the fields and so has its place. A name
/// given twice is sent twice.
///
/// # Errors
/// [`ErrorKind::Usage`] for what is no header field, an empty `User-Agent`, and `Authorization`, `Cookie` and the like.
pub fn header_fields(user_agent: Option<&str>, headers: &[(String, String)]) -> Result<HeaderMap> {
    let mut fields = HeaderMap::with_capacity(headers.len() + 1);
    let has_own = headers.iter().any(|(name, _)| name.eq_ignore_ascii_case(USER_AGENT.as_str()));
    if let (Some(agent), false) = (user_agent, has_own) {
        fields.insert(USER_AGENT, agent_value(agent)?);
    }
    for (name, value) in headers {
        let (name, value) = header_field(name, value)?;
        if [AUTHORIZATION, COOKIE, PROXY_AUTHORIZATION].contains(&name) {
            return Err(Error::new(
                ErrorKind::Usage,
                format!("a profile cannot hold {name}, which is for certain origins alone"),
            )
            .with_hint("`user`, `cookie` and `headers` send secrets to the seeds' origins alone"));
        }
        fields.append(name, value);
    }
    // Said apart, it comes before what the fields say, in their place.
    if let (Some(agent), true) = (user_agent, has_own) {
        fields.insert(USER_AGENT, agent_value(agent)?);
    }
    Ok(fields)
}

/// One header field of a request.
///
/// # Errors
/// [`ErrorKind::Usage`] for characters that HTTP does not allow, for fields that frame the message and so are set by
/// the client alone, and for an empty `User-Agent`.
pub fn header_field(name: &str, value: &str) -> Result<(HeaderName, HeaderValue)> {
    let usage = |what: &str| Error::new(ErrorKind::Usage, format!("{name:?} {what}"));
    let parsed = HeaderName::from_bytes(name.as_bytes()).map_err(|_| usage("is not a header name"))?;
    if is_framing(&parsed) {
        return Err(Error::new(ErrorKind::Usage, format!("the header {parsed} is set by the client itself"))
            .with_hint("leave it out"));
    }
    if parsed == USER_AGENT {
        return Ok((parsed, agent_value(value)?));
    }
    let value = HeaderValue::from_str(value).map_err(|_| usage("has a value that HTTP does not allow"))?;
    Ok((parsed, value))
}

/// Fields that frame the message and belong to the client alone.
fn is_framing(name: &HeaderName) -> bool {
    use http::header::{CONNECTION, CONTENT_LENGTH, HOST, TE, TRAILER, TRANSFER_ENCODING, UPGRADE};
    [HOST, CONTENT_LENGTH, TRANSFER_ENCODING, CONNECTION, UPGRADE, TE, TRAILER].contains(name)
}

/// The value of a `User-Agent`.
///
/// # Errors
/// [`ErrorKind::Usage`] when it is empty or has characters that HTTP does not allow.
pub fn agent_value(text: &str) -> Result<HeaderValue> {
    let bad = |what: &str| {
        Error::new(ErrorKind::Usage, what)
            .with_hint("a crawler says who it is: a name and an address to write to")
    };
    if text.trim().is_empty() {
        return Err(bad("the User-Agent is empty, and no request goes without one"));
    }
    HeaderValue::from_str(text).map_err(|_| bad("the User-Agent has characters that HTTP does not allow"))
}

/// The fields of `top` in their order, then those of `under` that `top` does not name.
#[must_use]
pub fn laid_over(mut top: HeaderMap, under: HeaderMap) -> HeaderMap {
    let mut shown = true;
    let rest = under.into_iter().filter_map(|(name, value)| {
        // A further value of a field comes without its name.
        if let Some(name) = &name {
            shown = !top.contains_key(name);
        }
        shown.then_some((name, value))
    });
    let rest: Vec<_> = rest.collect();
    top.extend(rest);
    top
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(lines: &[(&str, &str)]) -> Vec<(String, String)> {
        lines.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    fn shown(headers: &HeaderMap) -> String {
        headers
            .iter()
            .map(|(name, value)| format!("{name}: {}", value.to_str().unwrap()))
            .collect::<Vec<_>>()
            .join("; ")
    }

    #[test]
    fn a_profile_keeps_its_order_and_says_its_name_first() {
        let given = fields(&[("Accept", "a"), ("X", "1"), ("X", "2"), ("Accept-Language", "de")]);
        let headers = header_fields(Some("me/1"), &given).unwrap();
        assert_eq!(shown(&headers), "user-agent: me/1; accept: a; x: 1; x: 2; accept-language: de");
        let given = fields(&[("Accept", "a"), ("User-Agent", "other/2"), ("X", "1")]);
        assert_eq!(shown(&header_fields(None, &given).unwrap()), "accept: a; user-agent: other/2; x: 1");
        assert_eq!(shown(&header_fields(Some("me/1"), &given).unwrap()), "accept: a; user-agent: me/1; x: 1");
    }

    #[test]
    fn what_a_profile_does_not_name_comes_after_it() {
        let top = header_fields(Some("me/1"), &fields(&[("Accept", "a")])).unwrap();
        let under = header_fields(
            Some("base/1"),
            &fields(&[("Accept", "b"), ("Accept", "c"), ("X", "1"), ("X", "2"), ("Y", "3")]),
        );
        let both = laid_over(top, under.unwrap());
        assert_eq!(shown(&both), "user-agent: me/1; accept: a; x: 1; x: 2; y: 3");
    }

    #[test]
    fn the_first_rule_that_fits_a_host_counts() {
        let profile = |host: &str, agent: &str| HostProfile {
            host: host.to_owned(),
            user_agent: Some(agent.to_owned()),
            headers: Vec::new(),
        };
        let rules = [profile("a.test", "one/1"), profile("*.test", "two/1"), profile("b.test", "three/1")];
        let rules = HostProfiles::new(&rules).unwrap();
        let of = |url: &str| rules.of(&Origin::of(&url.parse().unwrap()).unwrap()).map(shown);
        assert_eq!(of("http://a.test/").unwrap(), "user-agent: one/1");
        assert_eq!(of("http://b.test/").unwrap(), "user-agent: two/1");
        assert_eq!(of("http://a.example/"), None);
    }

    #[test]
    fn what_cannot_be_sent_and_secrets_are_refused() {
        for (agent, lines, part) in [
            (Some(" "), &[][..], "the User-Agent is empty"),
            (None, &[("User-Agent", "")], "the User-Agent is empty"),
            (Some("a\nb"), &[], "characters"),
            (None, &[("Bad Name", "x")], "is not a header name"),
            (None, &[("X", "a\u{7}")], "does not allow"),
            (None, &[("Host", "a")], "set by the client itself"),
            (None, &[("Cookie", "a=hunter2")], "cannot hold cookie"),
            (None, &[("authorization", "hunter2")], "cannot hold authorization"),
        ] {
            let error = header_fields(agent, &fields(lines)).unwrap_err();
            assert!(error.kind() == ErrorKind::Usage && error.message().contains(part), "{error}");
            assert!(!format!("{error:?}").contains("hunter2"));
        }
    }
}
