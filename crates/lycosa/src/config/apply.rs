//! From options to the values that the stages of a crawl are built with.

use http::{HeaderMap, header};
use url::Url;

use super::CrawlOptions;
use crate::extract::{LinkExtractor, LinkOptions};
use crate::model::{FetchLimits, Limits, Pace, Timestamp};
use crate::scope::ScopeOptions;

impl CrawlOptions {
    /// The budgets of a run that starts at this moment.
    #[must_use]
    pub fn limits(&self, start: Timestamp) -> Limits {
        Limits {
            max_pages: self.max_pages,
            max_requests: self.max_requests,
            max_bytes: self.max_bytes.map(|size| size.0),
            max_depth: self.depth,
            deadline: self.max_time.map(|span| start.after(span.0)),
        }
    }

    /// The politeness rules. A delay that was given switches off the part that follows the response time.
    #[must_use]
    pub fn pace(&self) -> Pace {
        let default = Pace { per_origin: self.per_host, robots: self.robots, ..Pace::default() };
        match self.delay {
            Some(delay) => Pace { delay: delay.0, response_factor: 0.0, ..default },
            None => default,
        }
    }

    /// The scope around these seeds.
    #[must_use]
    pub fn scope_options(&self, seeds: Vec<Url>) -> ScopeOptions {
        ScopeOptions {
            mode: self.scope,
            seeds,
            allowed_domains: self.allowed_domains.clone(),
            include: self.include.clone(),
            exclude: self.exclude.clone(),
            max_depth: self.depth,
            ..ScopeOptions::default()
        }
    }

    /// The bounds of one response.
    #[must_use]
    pub fn fetch_limits(&self) -> FetchLimits {
        FetchLimits { wire: self.max_body.0, decoded: self.max_body.0, ..FetchLimits::default() }
    }

    /// The extractor of links.
    #[must_use]
    pub fn link_extractor(&self) -> LinkExtractor {
        LinkExtractor::new(LinkOptions { nofollow: self.nofollow, ..LinkOptions::default() })
    }

    /// The headers of every request: `User-Agent`, then the header lines, which replace one of the same name.
    /// Cookies and authentication are not among them, because they go to the seeds' hosts alone.
    #[must_use]
    pub fn headers(&self) -> HeaderMap {
        let mut headers = HeaderMap::new();
        if let Ok(agent) = self.user_agent.parse() {
            headers.insert(header::USER_AGENT, agent);
        }
        let mut replaced = Vec::new();
        for line in &self.headers {
            if replaced.contains(&&line.name) {
                headers.append(line.name.clone(), line.value.clone());
            } else {
                headers.insert(line.name.clone(), line.value.clone());
                replaced.push(&line.name);
            }
        }
        headers
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::super::{HeaderLine, Span};
    use super::*;

    #[test]
    fn a_delay_that_is_given_is_the_rule() {
        assert_eq!(CrawlOptions::default().pace(), Pace::default());
        let options = CrawlOptions { delay: Some(Span::default()), per_host: 16, ..CrawlOptions::default() };
        let pace = options.pace();
        assert_eq!((pace.delay, pace.per_origin), (Duration::ZERO, 16));
        assert!(pace.response_factor.abs() < f32::EPSILON);
    }

    #[test]
    fn time_runs_from_the_start_of_the_run() {
        let options =
            CrawlOptions { max_time: Some(Span::seconds(2)), depth: Some(3), ..CrawlOptions::default() };
        let limits = options.limits(Timestamp(1000));
        assert_eq!((limits.deadline, limits.max_depth), (Some(Timestamp(3000)), Some(3)));
        assert_eq!(CrawlOptions::default().limits(Timestamp(1000)), Limits::default());
    }

    #[test]
    fn header_lines_replace_the_agent_and_may_repeat() {
        let line = |text: &str| text.parse::<HeaderLine>().unwrap();
        let headers = vec![line("X-A: 1"), line("user-agent: me"), line("x-a: 2")];
        let map = CrawlOptions { headers, ..CrawlOptions::default() }.headers();
        assert_eq!(map.get_all("x-a").iter().collect::<Vec<_>>(), ["1", "2"]);
        assert_eq!(map.get_all("user-agent").iter().collect::<Vec<_>>(), ["me"]);
        assert!(CrawlOptions::default().headers()["user-agent"].to_str().unwrap().starts_with("lycosa/"));
    }
}
