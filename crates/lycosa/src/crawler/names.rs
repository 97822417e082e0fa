//! The names a crawl goes by at each host: robots.txt is asked by those that are sent.

use std::borrow::Cow;

use http::HeaderMap;
use http::header::USER_AGENT as USER_AGENT_FIELD;

use super::options::Options;
use crate::error::Result;
use crate::middleware::USER_AGENT;
use crate::politeness::robots::RobotsAgents;
use crate::profiles::HostProfiles;

/// The `User-Agent`s that each host may be sent: that of its profile, else the crawl's own, and those of the sessions,
/// any of which may be the one to go.
///
/// # Errors
/// As [`HostProfiles::new`].
pub(super) fn robots_agents(options: &Options) -> Result<RobotsAgents> {
    // A header given by hand replaces the option.
    let by_hand = options.headers.iter().rfind(|(name, _)| name.eq_ignore_ascii_case("user-agent"));
    let own = by_hand.map(|(_, value)| value).or(options.user_agent.as_ref());
    let own = own.map_or(USER_AGENT, String::as_str);
    let sessions = options.sessions.as_ref().map_or_else(|| vec![None], |pool| pool.user_agents());
    // Sessions without a name of their own go by the host's.
    let with_sessions = |name: &str| -> Vec<String> {
        sessions.iter().map(|own| own.clone().unwrap_or_else(|| name.to_owned())).collect()
    };
    let mut agents = RobotsAgents::new(with_sessions(own).iter().map(String::as_str));
    let hosts = HostProfiles::new(&options.hosts)?;
    for (pattern, fields) in hosts.rules() {
        let names = with_sessions(agent_in(fields).as_deref().unwrap_or(own));
        agents = agents.at(pattern.clone(), names.iter().map(String::as_str));
    }
    Ok(agents)
}

/// The name looked up in robots.txt where no profile and no session brings another.
pub(super) fn robots_name(options: &Options) -> String {
    let by_hand = options.headers.iter().rfind(|(name, _)| name.eq_ignore_ascii_case("user-agent"));
    let own = by_hand.map(|(_, value)| value).or(options.user_agent.as_ref());
    crate::politeness::robots::product_token(own.map_or(USER_AGENT, String::as_str)).to_owned()
}

/// The name among these fields, with whatever letters it is sent.
fn agent_in(fields: &HeaderMap) -> Option<Cow<'_, str>> {
    fields.get(USER_AGENT_FIELD).map(|value| String::from_utf8_lossy(value.as_bytes()))
}
