//! Which parameters of a query do not tell pages apart, by a crawl's own choice. None by default: some sites route by
//! what others track with, and a wrongly merged page is lost in silence.

use std::borrow::Cow;

use url::Url;

use crate::octets::push_normal;

/// Parameters by which visits are counted, and none that is known to choose a page.
const TRACKING: [&str; 38] = [
    "utm_*",
    "gclid",
    "gclsrc",
    "gbraid",
    "wbraid",
    "dclid",
    "gad_source",
    "gad_campaignid",
    "srsltid",
    "fbclid",
    "igshid",
    "igsh",
    "msclkid",
    "twclid",
    "ttclid",
    "li_fat_id",
    "yclid",
    "ysclid",
    "_openstat",
    "epik",
    "rdt_cid",
    "sccid",
    "mc_cid",
    "mc_eid",
    "mkt_tok",
    "_hsenc",
    "_hsmi",
    "__hssc",
    "__hstc",
    "__hsfp",
    "hsctatracking",
    "vero_id",
    "oly_anon_id",
    "oly_enc_id",
    "_ga",
    "_gl",
    "wickedid",
    "pk_campaign",
];

/// Parameters that hold the identifier of a session.
const SESSIONS: [&str; 9] = [
    "phpsessid",
    "jsessionid",
    "aspsessionid*",
    "sessionid",
    "session_id",
    "sessid",
    "cfid",
    "cftoken",
    "oscsid",
];

/// The lists that have a name.
const LISTS: [(&str, &[&str]); 2] = [("@tracking", &TRACKING), ("@sessions", &SESSIONS)];

/// Names of one choice, and bytes of each.
const MOST_NAMES: usize = 1_000;
const LONGEST_NAME: usize = 200;

/// Parameters that are left out of canonical URLs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct QueryRules {
    /// As canonical URLs spell them, but in lower case.
    names: Vec<Box<str>>,
    /// Beginnings of names, likewise.
    beginnings: Vec<Box<str>>,
}

/// A name that cannot be one of a parameter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QueryRuleError {
    /// Its place in the list.
    pub place: usize,
    /// What is wrong with it, as a sentence.
    pub message: String,
    /// What to write instead.
    pub hint: &'static str,
}

impl QueryRules {
    /// Rules that leave out the parameters of these names. A name is written as it reads or as it stands in a URL:
    /// `filter[a]` is `filter%5Ba%5D`, and `größe` is `gr%C3%B6%C3%9Fe`. It is compared without the case of the letters
    /// A to Z and may end in `*`; `@tracking` and `@sessions` stand for lists built in.
    ///
    /// # Errors
    /// A name that is empty, only `*`, too long, has a star elsewhere, or is no list; or more than a thousand.
    pub fn new<S: AsRef<str>>(names: &[S]) -> Result<Self, QueryRuleError> {
        let mut rules = Self::default();
        if names.len() > MOST_NAMES {
            let message = format!("there are {} parameters to leave out", names.len());
            return Err(QueryRuleError {
                place: MOST_NAMES,
                message,
                hint: "a thousand is the most; use `*` for families",
            });
        }
        for (place, name) in names.iter().enumerate() {
            let name = name.as_ref().trim();
            if name.starts_with('@') {
                let Some((_, list)) = LISTS.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)) else {
                    let message = format!("there is no list `{name}`");
                    return Err(QueryRuleError {
                        place,
                        message,
                        hint: "the lists are @tracking and @sessions",
                    });
                };
                list.iter().for_each(|name| rules.add(name));
                continue;
            }
            let plain = name.strip_suffix('*').unwrap_or(name);
            if plain.is_empty() || plain.len() > LONGEST_NAME || plain.contains(['*', '=', '&', '?', '#']) {
                let message =
                    format!("`{}` is no name of a parameter", name.chars().take(60).collect::<String>());
                return Err(QueryRuleError {
                    place,
                    message,
                    hint: "write a name such as gclid, or a beginning such as utm_*",
                });
            }
            rules.add(name);
        }
        Ok(rules)
    }

    fn add(&mut self, name: &str) {
        match name.strip_suffix('*') {
            Some(beginning) => self.beginnings.push(spelled(beginning)),
            None => self.names.push(spelled(name)),
        }
    }

    /// Whether nothing is left out.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.names.is_empty() && self.beginnings.is_empty()
    }

    /// This canonical URL without these parameters, what is kept in its order; borrowed when it has none of them.
    #[must_use]
    pub fn apply<'a>(&self, url: Cow<'a, Url>) -> Cow<'a, Url> {
        let Some(query) = url.query().filter(|_| !self.is_empty()) else { return url };
        if !query.split('&').any(|parameter| self.leaves_out(parameter)) {
            return url;
        }
        let kept: Vec<&str> = query.split('&').filter(|parameter| !self.leaves_out(parameter)).collect();
        let kept = kept.join("&");
        let mut url = url.into_owned();
        url.set_query((!kept.is_empty()).then_some(kept.as_str()));
        Cow::Owned(url)
    }

    fn leaves_out(&self, parameter: &str) -> bool {
        let name = parameter.split('=').next().unwrap_or_default();
        let is = |known: &str| known.eq_ignore_ascii_case(name);
        let begins = |known: &str| {
            name.as_bytes()
                .get(..known.len())
                .is_some_and(|start| start.eq_ignore_ascii_case(known.as_bytes()))
        };
        self.names.iter().any(|known| is(known)) || self.beginnings.iter().any(|known| begins(known))
    }
}

/// A name in the one spelling that queries of canonical URLs have, in lower case.
fn spelled(name: &str) -> Box<str> {
    let mut spelled = String::with_capacity(name.len());
    // The URL standard escapes apostrophes in queries, so a raw one is never met there.
    push_normal(&mut spelled, name.as_bytes(), |byte| byte == b'\'');
    spelled.make_ascii_lowercase();
    spelled.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn left(names: &[&str], text: &str) -> String {
        let url = Url::parse(text).unwrap();
        QueryRules::new(names).unwrap().apply(Cow::Borrowed(&url)).as_str().to_owned()
    }

    #[test]
    fn named_parameters_go_and_the_others_stay_in_order() {
        let url = "https://a.test/p?b=2&utm_source=x&a=1&GCLID=y&utm=z&b=3";
        assert_eq!(left(&[], url), url);
        assert_eq!(left(&["utm_*", "gclid"], url), "https://a.test/p?b=2&a=1&utm=z&b=3");
        assert_eq!(left(&["@tracking"], url), "https://a.test/p?b=2&a=1&utm=z&b=3");
        assert_eq!(left(&["@sessions"], "https://a.test/?PHPSESSID=1"), "https://a.test/");
        assert_eq!(left(&["b*"], "https://a.test/?b&bb=&c=b"), "https://a.test/?c=b");
        assert_eq!(left(&["a"], "https://a.test/?a%20=1"), "https://a.test/?a%20=1");
    }

    #[test]
    fn applying_twice_changes_nothing_more_and_nothing_is_copied_without_need() {
        let rules = QueryRules::new(&["@tracking", "x"]).unwrap();
        let url = Url::parse("https://a.test/?&x=1&&y=2&").unwrap();
        let once = rules.apply(Cow::Borrowed(&url)).into_owned();
        assert_eq!(*rules.apply(Cow::Borrowed(&once)), once);
        assert!(matches!(rules.apply(Cow::Borrowed(&once)), Cow::Borrowed(_)));
    }

    #[test]
    fn what_is_no_name_is_refused_with_its_place() {
        for name in ["", "*", "a*b", "a=b", "@unknown", "?a", &"x".repeat(300)] {
            let error = QueryRules::new(&["utm_*", name]).unwrap_err();
            assert_eq!(error.place, 1, "{name}");
            assert!(!error.message.is_empty() && !error.hint.is_empty());
        }
        assert!(QueryRules::new(&vec!["a"; 1_001]).is_err());
    }
}
