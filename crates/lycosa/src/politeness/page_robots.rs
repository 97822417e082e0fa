//! What a page says to crawlers about itself: `X-Robots-Tag` header fields and `<meta name=robots>`, as Google documents
//! them ("Robots meta tag, data-nosnippet, and X-Robots-Tag specifications"); no standard does.
//!
//! Each may speak to one agent: a field by a name and a colon before the words, an element by its own name. What is
//! said to all and what is said to one of the names of the crawl is added up, and of contrary words the forbidding one
//! counts. Kept are words that restrict; `all`, `index`, `follow` and previews without a bound say nothing.
//! Wishes about use (`noai`, `tdm-reservation`, `Content-Usage`) come out apart, as [`UseSignal`]s.

use crate::model::{SignalPlace, UseSignal};

/// Words that are kept of one page.
const MOST_WORDS: usize = 32;

/// Bytes that are looked at of one value.
const LONGEST_VALUE: usize = 4_096;

/// Words without a value that restrict something.
const WORDS: [&str; 14] = [
    "noindex",
    "nofollow",
    "noarchive",
    "nocache",
    "nosnippet",
    "noimageindex",
    "notranslate",
    "nositelinkssearchbox",
    "indexifembedded",
    "noodp",
    "noydir",
    "nopagereadaloud",
    "noyaca",
    "nomediaindex",
];

/// Words with a value after a colon; every other word before a colon is the name of an agent.
const VALUED: [&str; 4] = ["unavailable_after", "max-snippet", "max-image-preview", "max-video-preview"];

/// What a page says to a crawler about itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PageRobots {
    words: Vec<Box<str>>,
    unavailable_after: Option<Box<str>>,
    uses: Vec<UseSignal>,
}

impl PageRobots {
    /// Reads one header field (name in lower case), one line of it at a time, as a crawl of these names hears it.
    /// Others than `x-robots-tag`, `content-usage`, `content-signal`, `tdm-reservation` and `tdm-policy` say nothing.
    pub fn header(&mut self, field: &str, value: &str, names: &[String]) {
        let value = within(value);
        match field {
            "x-robots-tag" => self.tag(value, names),
            "content-usage" | "content-signal" => {
                UseSignal::list(SignalPlace::Header, field, value).for_each(|signal| self.keep(signal));
            }
            _ => self.reservation(SignalPlace::Header, field, value),
        }
    }

    /// Reads one `<meta>`, by its name and content.
    pub fn meta(&mut self, name: &str, content: &str, names: &[String]) {
        let content = within(content);
        let is = |known: &str| name.eq_ignore_ascii_case(known);
        if is("robots") || names.iter().any(|known| is(known)) {
            for piece in pieces(content) {
                self.piece(SignalPlace::Meta, "robots", piece);
            }
        } else {
            self.reservation(SignalPlace::Meta, name, content);
        }
    }

    /// Whether the page asks not to be kept by who makes it findable (`noindex`, `none`).
    #[must_use]
    pub fn noindex(&self) -> bool {
        self.says("noindex")
    }

    /// Whether the page asks that its links are not followed (`nofollow`, `none`).
    #[must_use]
    pub fn nofollow(&self) -> bool {
        self.says("nofollow")
    }

    /// The date after which the page asks not to be kept, as written: by RFC 822, RFC 850 or ISO 8601.
    #[must_use]
    pub fn unavailable_after(&self) -> Option<&str> {
        self.unavailable_after.as_deref()
    }

    /// The words that restrict something, in lower case, each once, in the order they were met: `noindex`,
    /// `max-snippet:20`.
    #[must_use]
    pub fn words(&self) -> &[Box<str>] {
        &self.words
    }

    /// Wishes about the use of the content.
    #[must_use]
    pub fn uses(&self) -> &[UseSignal] {
        &self.uses
    }

    fn says(&self, word: &str) -> bool {
        self.words.iter().any(|known| &**known == word)
    }

    /// A value of `X-Robots-Tag`: a name and a colon turn what follows over to that agent.
    fn tag(&mut self, value: &str, names: &[String]) {
        let mut is_mine = true;
        for piece in pieces(value) {
            let mut rest = piece;
            if let Some((name, after)) = piece.split_once(':')
                && !VALUED.iter().any(|word| name.trim().eq_ignore_ascii_case(word))
            {
                let name = name.trim();
                is_mine = matches!(name, "*" | "robots")
                    || names.iter().any(|mine| mine.eq_ignore_ascii_case(name));
                rest = after.trim();
            }
            if is_mine {
                self.piece(SignalPlace::Header, "x-robots-tag", rest);
            }
        }
    }

    /// One word with its value, or several words that somebody parted by spaces.
    fn piece(&mut self, place: SignalPlace, field: &str, piece: &str) {
        let Some((word, value)) = piece.split_once([':', '=']) else {
            piece.split_ascii_whitespace().for_each(|word| self.word(place, field, word));
            return;
        };
        let (word, value) = (word.trim().to_ascii_lowercase(), value.trim());
        match word.as_str() {
            "unavailable_after" if !value.is_empty() && self.unavailable_after.is_none() => {
                self.unavailable_after = Some(value.chars().take(100).collect());
                self.push(&format!("unavailable_after:{}", self.unavailable_after().unwrap_or_default()));
            }
            "max-snippet" | "max-video-preview" if value.parse::<u32>().is_ok() => {
                self.push(&format!("{word}:{value}"))
            }
            "max-image-preview"
                if ["none", "standard"].iter().any(|known| value.eq_ignore_ascii_case(known)) =>
            {
                self.push(&format!("{word}:{}", value.to_ascii_lowercase()));
            }
            _ => {}
        }
    }

    fn word(&mut self, place: SignalPlace, field: &str, word: &str) {
        let is = |known: &str| word.eq_ignore_ascii_case(known);
        if is("none") {
            self.push("noindex");
            self.push("nofollow");
        } else if let Some(purpose) = refused_use(word) {
            self.keep(UseSignal::new(place, field, &purpose, Some(false), word));
        } else if let Some(known) = WORDS.iter().find(|known| is(known)) {
            self.push(known);
        }
    }

    fn push(&mut self, word: &str) {
        if self.words.len() < MOST_WORDS && !self.says(word) {
            self.words.push(word.into());
        }
    }

    /// The two names of the TDM Reservation Protocol: 1 reserves the right to mine text and data, 0 does not.
    fn reservation(&mut self, place: SignalPlace, name: &str, value: &str) {
        if name.eq_ignore_ascii_case("tdm-reservation") {
            let allowed = match value.trim() {
                "0" => Some(true),
                "1" => Some(false),
                _ => None,
            };
            self.keep(UseSignal::new(place, name, "tdm", allowed, value));
        } else if name.eq_ignore_ascii_case("tdm-policy") {
            self.keep(UseSignal::new(place, name, "tdm", None, value));
        }
    }

    fn keep(&mut self, signal: UseSignal) {
        if self.uses.len() < UseSignal::MOST && !self.uses.contains(&signal) {
            self.uses.push(signal);
        }
    }
}

/// The use that a word of the family of `noai` refuses: `noml`, `nollm`, `notrain` and the like, which nobody has
/// standardised, by what follows the `no`.
fn refused_use(word: &str) -> Option<String> {
    let word = word.to_ascii_lowercase();
    let rest = word.strip_prefix("no")?.trim_start_matches(['-', '_']);
    match rest {
        "imageai" => Some("image-ai".to_owned()),
        _ => ["ai", "ml", "llm", "train", "genai", "gpt"]
            .iter()
            .any(|known| rest.starts_with(known))
            .then(|| rest.to_owned()),
    }
}

fn within(value: &str) -> &str {
    &value[..value.floor_char_boundary(LONGEST_VALUE)]
}

/// The parts between commas and semicolons. A date may have a comma of its own, after the day of the week.
fn pieces(value: &str) -> impl Iterator<Item = &str> {
    let mut left = Some(value);
    std::iter::from_fn(move || {
        let text = left?;
        let mut end = text.find([',', ';']);
        if let Some(comma) = end
            && ends_in_weekday(&text[..comma])
        {
            end = text[comma + 1..].find([',', ';']).map(|at| comma + 1 + at);
        }
        let (piece, rest) = match end {
            Some(end) => (&text[..end], Some(&text[end + 1..])),
            None => (text, None),
        };
        left = rest;
        Some(piece.trim())
    })
}

fn ends_in_weekday(piece: &str) -> bool {
    let Some((_, value)) = piece.split_once(':') else { return false };
    let days = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
    let value = value.trim();
    value.len() <= 9
        && value.bytes().all(|byte| byte.is_ascii_alphabetic())
        && value.get(..3).is_some_and(|start| days.iter().any(|day| day.eq_ignore_ascii_case(start)))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn names() -> Vec<String> {
        vec!["Lycosa".to_owned()]
    }

    fn header(values: &[&str]) -> PageRobots {
        let mut said = PageRobots::default();
        values.iter().for_each(|value| said.header("x-robots-tag", value, &names()));
        said
    }

    fn meta(metas: &[(&str, &str)]) -> PageRobots {
        let mut said = PageRobots::default();
        metas.iter().for_each(|(name, content)| said.meta(name, content, &names()));
        said
    }

    fn words(said: &PageRobots) -> String {
        said.words().join(" ")
    }

    #[test]
    fn header_fields_speak_to_all_or_to_the_agent_they_name() {
        for (values, expected) in [
            (&["noindex"][..], "noindex"),
            (&["NOINDEX, NoFollow"], "noindex nofollow"),
            (&["none"], "noindex nofollow"),
            (&["all"], ""),
            (&["index, follow, max-snippet:-1, max-image-preview:large, max-video-preview:-1"], ""),
            (&["googlebot: noindex, nofollow"], ""),
            (&["lycosa: noindex, nofollow"], "noindex nofollow"),
            (&["LYCOSA:noarchive", "googlebot: noindex"], "noarchive"),
            (&["googlebot: nofollow, lycosa: noindex, noarchive, otherbot: nosnippet"], "noindex noarchive"),
            (&["noindex, otherbot: nofollow"], "noindex"),
            (&["*: nofollow"], "nofollow"),
            (&["max-snippet: 20, noindex"], "max-snippet:20 noindex"),
            (&["max-image-preview: standard"], "max-image-preview:standard"),
            (&["lycosas: noindex", "lyco: noindex"], ""),
            (&["", ",,;,", ":", "a:", "noindexed"], ""),
        ] {
            assert_eq!(words(&header(values)), expected, "{values:?}");
        }
    }

    #[test]
    fn a_date_keeps_its_comma() {
        for (value, date) in [
            ("unavailable_after: 25 Jun 2010 15:00:00 PST", "25 Jun 2010 15:00:00 PST"),
            ("unavailable_after: Friday, 25-Jun-10 15:00:00 PST, nofollow", "Friday, 25-Jun-10 15:00:00 PST"),
            ("nofollow, unavailable_after: 2010-06-25T15:00:00-08:00", "2010-06-25T15:00:00-08:00"),
            (
                "lycosa: nofollow, unavailable_after: Fri, 25 Jun 2010 15:00:00 GMT",
                "Fri, 25 Jun 2010 15:00:00 GMT",
            ),
        ] {
            let said = header(&[value]);
            assert_eq!(said.unavailable_after(), Some(date));
            assert_eq!(said.nofollow(), value.contains("nofollow"), "{value}");
        }
    }

    #[test]
    fn elements_for_all_and_for_the_crawl_add_up() {
        let said = meta(&[("Robots", "index, nofollow"), ("LYCOSA", "noindex"), ("googlebot", "noarchive")]);
        assert_eq!(words(&said), "nofollow noindex");
        assert!(said.noindex() && said.nofollow());
        assert_eq!(
            words(&meta(&[("robots", "noindex nofollow"), ("robots", "NOINDEX;noarchive")])),
            "noindex nofollow noarchive"
        );
        let said = meta(&[("robots", "follow, index"), ("description", "noindex")]);
        assert!(!said.noindex() && !said.nofollow());
    }

    #[test]
    fn words_of_the_family_of_noai_are_wishes_about_use() {
        let said =
            header(&["noml, NoLLM, notrain, no-ai-training, noimageai, noai, nothing, notranslate, noodp"]);
        let uses: Vec<_> = said.uses().iter().map(|signal| (&*signal.purpose, signal.allowed)).collect();
        let refused = ["ml", "llm", "train", "ai-training", "image-ai", "ai"].map(|name| (name, Some(false)));
        assert_eq!(uses, refused);
        assert_eq!(words(&said), "notranslate noodp");
    }

    #[test]
    fn wishes_about_use_come_out_apart() {
        let mut said = header(&["noai, noimageai, noindex", "googlebot: noai"]);
        said.meta("robots", "noai", &names());
        said.header("content-usage", "train-ai=n", &[]);
        said.header("tdm-reservation", "1", &[]);
        said.meta("TDM-Policy", "https://example.com/policy.json", &[]);
        said.meta("tdm-reservation", "0", &[]);
        let uses: Vec<_> = said
            .uses()
            .iter()
            .map(|signal| {
                format!("{} {} {} {:?}", signal.place.as_str(), signal.name, signal.purpose, signal.allowed)
            })
            .collect();
        assert_eq!(
            uses,
            [
                "header x-robots-tag ai Some(false)",
                "header x-robots-tag image-ai Some(false)",
                "meta robots ai Some(false)",
                "header content-usage train-ai Some(false)",
                "header tdm-reservation tdm Some(false)",
                "meta tdm-policy tdm None",
                "meta tdm-reservation tdm Some(true)",
            ]
        );
        assert_eq!(words(&said), "noindex");
    }

    #[test]
    fn a_page_that_says_much_is_heard_in_part() {
        let mut said = PageRobots::default();
        for number in 0..10_000 {
            said.header("x-robots-tag", &format!("max-snippet:{number}"), &names());
            said.header("content-usage", &format!("a{number}=n"), &names());
        }
        assert_eq!((said.words().len(), said.uses().len()), (MOST_WORDS, UseSignal::MOST));
    }

    proptest! {
        #[test]
        fn no_text_panics(text in "\\PC{0,80}", likely in "(noindex|lycosa|unavailable_after|fri|max-snippet|[:,; é]){0,20}") {
            for text in [text.as_str(), likely.as_str()] {
                let mut said = header(&[text]);
                said.meta("robots", text, &names());
                let _ = (said.noindex(), said.words().len());
            }
        }
    }
}
