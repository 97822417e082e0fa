//! The names a crawl goes by, for the groups of robots.txt: those of the `User-Agent`s that a host may be sent.

use super::product_token;
use crate::host_pattern::HostPattern;
use crate::model::Origin;

/// Names that are kept for one host; a crawl that goes by more is judged by the first of them.
const MOST: usize = 16;

/// By which names robots.txt is asked at which host. Where a host may be sent several (sessions have their own), a
/// URL is allowed when every one of them is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RobotsAgents {
    everywhere: Vec<String>,
    hosts: Vec<(HostPattern, Vec<String>)>,
}

impl Default for RobotsAgents {
    fn default() -> Self {
        Self::new(["lycosa"])
    }
}

impl RobotsAgents {
    /// For every host the names in these `User-Agent`s; `lycosa` when there is none in them.
    pub fn new<'a>(user_agents: impl IntoIterator<Item = &'a str>) -> Self {
        Self { everywhere: names(user_agents), hosts: Vec::new() }
    }

    /// For certain hosts those in these instead; of several patterns that fit a host the first counts.
    #[must_use]
    pub fn at<'a>(mut self, host: HostPattern, user_agents: impl IntoIterator<Item = &'a str>) -> Self {
        self.hosts.push((host, names(user_agents)));
        self
    }

    /// The names at an origin, one or more.
    #[must_use]
    pub fn of(&self, origin: &Origin) -> &[String] {
        let of_host = self.hosts.iter().find(|(host, _)| host.fits(origin));
        of_host.map_or(&self.everywhere, |(_, names)| names)
    }
}

/// The name in a `User-Agent` as robots.txt knows it; `lycosa` when it has none.
pub(crate) fn name(user_agent: &str) -> &str {
    let token = product_token(user_agent);
    if token.is_empty() { "lycosa" } else { token }
}

fn names<'a>(user_agents: impl IntoIterator<Item = &'a str>) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for agent in user_agents {
        let name = name(agent);
        if names.len() < MOST && !names.iter().any(|known| known.eq_ignore_ascii_case(name)) {
            names.push(name.to_owned());
        }
    }
    if names.is_empty() {
        names.push("lycosa".to_owned());
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_host_knows_the_crawl_by_the_names_it_is_sent() {
        let pattern = |text| HostPattern::parse(text).unwrap();
        let agents = RobotsAgents::new(["Spider/1 (+me)", "spider/2", "Mozilla/5.0 (compatible; Other/3)"])
            .at(pattern("*.shop.test"), ["Phone/1"])
            .at(pattern("shop.test"), ["(nobody)"]);
        let of = |url: &str| agents.of(&Origin::of(&url.parse().unwrap()).unwrap()).join(" ");
        assert_eq!(of("http://a.test/"), "Spider Other");
        assert_eq!(of("http://m.shop.test/"), "Phone");
        assert_eq!(of("http://shop.test/"), "lycosa", "a header without a name");
        assert_eq!(RobotsAgents::new([]), RobotsAgents::default());
    }
}
