//! A verdict of the scope in words: which rule decided.

use url::Url;

use super::rules::{ScopeMode, ScopeRules};
use super::site::host_of;
use crate::model::{Candidate, Exclusion, Scope as _, Verdict};

impl ScopeRules {
    /// The verdict on a candidate and the rule that gave it, as half a sentence.
    #[must_use]
    pub fn explain(&self, candidate: Candidate<'_>) -> (Verdict, String) {
        let verdict = self.judge(candidate);
        let url = candidate.url;
        let why = match verdict {
            Verdict::Accept => self.admitted_by(url),
            Verdict::Refuse(Exclusion::Invalid) => {
                "only http and https URLs with a host are crawled".to_owned()
            }
            Verdict::Refuse(Exclusion::TooLong) => {
                format!("its {} bytes are more than {}", url.as_str().len(), self.max_url_length())
            }
            Verdict::Refuse(Exclusion::Host) => {
                let host = host_of(url).unwrap_or_default();
                format!("scope = {}: {host} is not among its hosts", self.mode())
            }
            Verdict::Refuse(Exclusion::Depth) => {
                format!("it is {} links from a seed, more than depth = {}", candidate.depth, self.max_depth())
            }
            Verdict::Refuse(Exclusion::Excluded) => {
                format!("exclude pattern `{}`", self.deciding_pattern(url).unwrap_or_default())
            }
            Verdict::Refuse(Exclusion::NotIncluded) => "no include pattern matches".to_owned(),
            Verdict::Refuse(other) => other.as_str().to_owned(),
        };
        (verdict, why)
    }

    fn admitted_by(&self, url: &Url) -> String {
        let host = host_of(url).unwrap_or_default();
        let by = if self.mode() == ScopeMode::Any { "every host" } else { host };
        match self.deciding_pattern(url) {
            Some(pattern) => {
                format!("scope = {} admits {by}, include pattern `{pattern}` matches", self.mode())
            }
            None => format!("scope = {} admits {by}", self.mode()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::rules::ScopeOptions;
    use super::*;
    use crate::model::RequestKind;

    #[test]
    fn the_rule_that_decided_is_named() {
        let seed = Url::parse("http://a.test/").unwrap();
        let rules = ScopeRules::new(ScopeOptions {
            seeds: vec![seed],
            include: vec!["/docs/".to_owned()],
            exclude: vec!["/private/".to_owned()],
            max_depth: Some(2),
            ..ScopeOptions::default()
        })
        .unwrap();
        for (url, depth, said) in [
            ("http://a.test/docs/1", 1, "scope = host admits a.test, include pattern `/docs/` matches"),
            ("http://a.test/", 0, "scope = host admits a.test"),
            ("http://b.test/docs/", 1, "scope = host: b.test is not among its hosts"),
            ("http://a.test/docs/", 3, "it is 3 links from a seed, more than depth = 2"),
            ("http://a.test/docs/private/", 1, "exclude pattern `/private/`"),
            ("http://a.test/blog", 1, "no include pattern matches"),
            ("ftp://a.test/", 1, "only http and https URLs with a host are crawled"),
        ] {
            let url = Url::parse(url).unwrap();
            let candidate = Candidate { url: &url, kind: RequestKind::Page, depth };
            assert_eq!(rules.explain(candidate).1, said, "{url}");
        }
    }
}
