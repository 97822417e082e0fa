//! What requests say of themselves, by host: `[[profiles]]` that are named once and `[[hosts]]` that wear them.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::HeaderLine;
use crate::error::{Error, ErrorKind, Result};
use crate::profiles::HostProfile;

/// A set of header fields that belong together, for `[[hosts]]` and `[sessions]` to name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ProfileFields {
    /// By which it is named elsewhere.
    #[schemars(length(min = 1))]
    pub name: String,
    /// Its `User-Agent`. Default: the one in `headers`, else that of the crawl.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_agent: Option<String>,
    /// Its header lines, sent in this order before those of the crawl, whose fields of the same names they replace.
    /// Default none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub headers: Vec<HeaderLine>,
}

/// What certain hosts are shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct HostFields {
    /// Which hosts: `example.com` alone, `*.example.com` for every name below it, `*` for all; each perhaps with `:PORT`.
    pub host: String,
    /// The name of the profile they are shown. Default none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub profile: Option<String>,
    /// The `User-Agent` there, in the place of the profile's. Default that one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_agent: Option<String>,
    /// Header lines that replace those of the profile, or come after them. Default none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub headers: Vec<HeaderLine>,
}

/// A profile as the library takes it: the `User-Agent` and the fields in their order.
pub(super) type Dress = (Option<String>, Vec<(String, String)>);

/// The profile of this name.
///
/// # Errors
/// When there is none.
pub(super) fn named(profiles: &[ProfileFields], name: &str) -> Result<Dress> {
    let Some(profile) = profiles.iter().find(|profile| profile.name == name) else {
        let names: Vec<_> = profiles.iter().map(|profile| profile.name.as_str()).collect();
        let hint = match super::names::nearest(name, names.iter().copied()) {
            Some(nearest) => format!("did you mean `{nearest}`?"),
            None if names.is_empty() => "write a [[profiles]] table with this name".to_owned(),
            None => format!("there are: {}", names.join(", ")),
        };
        return Err(Error::new(ErrorKind::Config, format!("there is no profile `{name}`")).with_hint(hint));
    };
    Ok((profile.user_agent.clone(), profile.headers.iter().map(HeaderLine::pair).collect()))
}

/// The profiles of the hosts, names resolved.
///
/// # Errors
/// As [`named`].
pub(super) fn of_hosts(hosts: &[HostFields], profiles: &[ProfileFields]) -> Result<Vec<HostProfile>> {
    hosts.iter().map(|host| of_host(host, profiles)).collect()
}

/// The profile of one rule.
///
/// # Errors
/// As [`named`].
pub(super) fn of_host(host: &HostFields, profiles: &[ProfileFields]) -> Result<HostProfile> {
    let profile = host.profile.as_deref().map(|name| named(profiles, name)).transpose()?;
    let (agent, mut headers) = profile.unwrap_or_default();
    let is = |name: &str, line: &HeaderLine| line.name.as_str().eq_ignore_ascii_case(name);
    let mut replaced: Vec<&str> = Vec::new();
    for line in &host.headers {
        // The first line of a name takes the place of the profile's, a further one comes after it.
        let at = headers.iter().position(|(name, _)| is(name, line));
        match at.filter(|_| !replaced.contains(&line.name.as_str())) {
            Some(at) => {
                headers[at] = line.pair();
                let mut index = 0;
                headers.retain(|(name, _)| {
                    index += 1;
                    index - 1 <= at || !is(name, line)
                });
            }
            None => headers.push(line.pair()),
        }
        replaced.push(line.name.as_str());
    }
    // A line of the host's own stands before what the profile says apart.
    let agent = agent.filter(|_| !host.headers.iter().any(|line| is("user-agent", line)));
    Ok(HostProfile { host: host.host.clone(), user_agent: host.user_agent.clone().or(agent), headers })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn worn(text: &str) -> String {
        let options = toml::from_str::<super::super::CrawlOptions>(text).unwrap();
        let profile = of_host(&options.hosts[0], &options.profiles).unwrap();
        let fields = crate::profiles::header_fields(profile.user_agent.as_deref(), &profile.headers).unwrap();
        let shown = fields.iter().map(|(name, value)| format!("{name}: {}", value.to_str().unwrap()));
        shown.collect::<Vec<_>>().join("; ")
    }

    #[test]
    fn what_a_host_says_itself_stands_before_its_profile() {
        let profile = "[[profiles]]\nname = 'p'\nuser_agent = 'profile/1'\nheaders = ['Accept: a']\n";
        let host = |more: &str| format!("{profile}[[hosts]]\nhost = '*'\nprofile = 'p'\n{more}");
        assert_eq!(worn(&host("")), "user-agent: profile/1; accept: a");
        assert_eq!(worn(&host("user_agent = 'host/1'")), "user-agent: host/1; accept: a");
        assert_eq!(worn(&host("headers = ['User-Agent: line/1']")), "accept: a; user-agent: line/1");
    }
}
