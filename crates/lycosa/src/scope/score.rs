//! How much a link is worth before its page is known: a score from rules about its address and its text, and the
//! class of service that follows from it. How many links lead to it, the frontier counts.

use lycosa_dom::Pattern;
use url::Url;

use crate::model::Request;

/// Links from a seed after which a page is worth a point less.
const DEEP: u32 = 6;

/// A rule: what it is about must be found, all of it.
#[derive(Clone, Debug)]
pub struct ScoreRule {
    /// Found in the URL.
    pub url: Option<Pattern>,
    /// Found in the link's text.
    pub anchor: Option<Pattern>,
    /// Points, more or less.
    pub score: i32,
}

/// The rules of a crawl.
#[derive(Clone, Debug, Default)]
pub struct ScoreRules(pub Vec<ScoreRule>);

impl ScoreRules {
    /// Whether texts of links are asked about.
    #[must_use]
    pub fn reads_anchors(&self) -> bool {
        self.0.iter().any(|rule| rule.anchor.is_some())
    }

    /// The points of a link: those of every rule that fits, and one less for a page far from the seeds.
    #[must_use]
    pub fn score(&self, url: &Url, anchor: &str, depth: u32) -> i32 {
        let found = |pattern: &Option<Pattern>, text: &str| {
            pattern.as_ref().is_none_or(|pattern| pattern.is_match(text))
        };
        let fitting =
            self.0.iter().filter(|rule| found(&rule.url, url.as_str()) && found(&rule.anchor, anchor));
        let points = fitting.fold(0_i32, |sum, rule| sum.saturating_add(rule.score));
        points.saturating_sub(i32::from(depth > DEEP))
    }

    /// The class: 1 for points above 0, 3 for those below, 2 for none.
    #[must_use]
    pub fn class(&self, url: &Url, anchor: &str, depth: u32) -> u8 {
        match self.score(url, anchor, depth) {
            1.. => Request::PAGE_CLASS,
            0 => Request::PAGE_CLASS + 1,
            _ => Request::LAST_CLASS,
        }
    }
}

#[cfg(test)]
mod tests {
    use lycosa_dom::PatternLimits;

    use super::*;

    #[test]
    fn rules_add_up_to_a_class() {
        let pattern = |text: &str| Some(Pattern::compile(text, &PatternLimits::default()).unwrap());
        let rules = ScoreRules(vec![
            ScoreRule { url: pattern("/product/"), anchor: None, score: 2 },
            ScoreRule { url: pattern("[?&]sort="), anchor: None, score: -3 },
            ScoreRule { url: None, anchor: pattern("(?i)read more"), score: 1 },
        ]);
        assert!(rules.reads_anchors() && !ScoreRules::default().reads_anchors());
        let class = |path: &str, anchor: &str, depth| {
            rules.class(&Url::parse("https://a.test").unwrap().join(path).unwrap(), anchor, depth)
        };
        assert_eq!(class("/product/7", "", 1), 1);
        assert_eq!(class("/product/7?sort=price", "", 1), 3);
        assert_eq!(class("/product/7?sort=price", "Read more", 1), 2);
        assert_eq!([class("/about", "", 1), class("/about", "", 7)], [2, 3]);
    }
}
