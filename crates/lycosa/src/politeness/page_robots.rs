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

/// Dates after which a page asks not to be kept, that are kept of one page.
const MOST_DATES: usize = 16;

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
    unavailable_after: Vec<Box<str>>,
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

    /// The dates after which the page asks not to be kept, as written: by RFC 822, RFC 850 or ISO 8601, if it is one. The
    /// earliest that can be read counts, whoever wrote the others.
    #[must_use]
    pub fn unavailable_after(&self) -> &[Box<str>] {
        &self.unavailable_after
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
                && !VALUED.iter().any(|word| last_word(before_value(name)).eq_ignore_ascii_case(word))
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

    /// A word with its value, and words that somebody parted by spaces instead of commas, before it and after.
    fn piece(&mut self, place: SignalPlace, field: &str, piece: &str) {
        let mut left = piece;
        while let Some((front, value)) = left.split_once([':', '=']) {
            let word = last_word(front);
            let before = front.trim_end().strip_suffix(word).unwrap_or_default();
            before.split_ascii_whitespace().for_each(|word| self.word(place, field, word));
            let value = value.trim();
            // A date has words of its own.
            let is_date = word.eq_ignore_ascii_case("unavailable_after");
            let end = value.find(|space: char| space.is_ascii_whitespace()).filter(|_| !is_date);
            let (value, after) = value.split_at(end.unwrap_or(value.len()));
            self.valued(word, value);
            left = after;
        }
        left.split_ascii_whitespace().for_each(|word| self.word(place, field, word));
    }

    /// A word with its value.
    fn valued(&mut self, word: &str, value: &str) {
        let word = word.to_ascii_lowercase();
        match word.as_str() {
            "unavailable_after" if !value.is_empty() => self.date(value.chars().take(100).collect()),
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

    fn date(&mut self, date: Box<str>) {
        if self.unavailable_after.len() < MOST_DATES && !self.unavailable_after.contains(&date) {
            self.push(&format!("unavailable_after:{date}"));
            self.unavailable_after.push(date);
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

fn last_word(text: &str) -> &str {
    text.split_ascii_whitespace().next_back().unwrap_or_default()
}

/// The word of `unavailable_after=2020-01-02 03`, which has a colon only in its time.
fn before_value(piece: &str) -> &str {
    piece.split('=').next().unwrap_or_default().trim()
}

/// The parts between commas and semicolons. A date may have commas of its own, after the day of the week and before the
/// year: no word begins with a digit, and none is the name of a day.
fn pieces(value: &str) -> impl Iterator<Item = &str> {
    let mut left = Some(value);
    std::iter::from_fn(move || {
        let text = left?;
        let mut end = text.find([',', ';']);
        if end.is_some_and(|end| names_date(&text[..end])) {
            while let Some(comma) = end
                && text[comma..].starts_with(',')
                && is_within_date(&text[..comma], &text[comma + 1..])
            {
                end = text[comma + 1..].find([',', ';']).map(|at| comma + 1 + at);
            }
        }
        let (piece, rest) = match end {
            Some(end) => (&text[..end], Some(&text[end + 1..])),
            None => (text, None),
        };
        left = rest;
        Some(piece.trim())
    })
}

fn names_date(piece: &str) -> bool {
    const WORD: &[u8] = b"unavailable_after";
    piece.as_bytes().windows(WORD.len()).any(|part| part.eq_ignore_ascii_case(WORD))
}

/// Whether the comma between these two stands in a date: after the day of the week with which it begins, or before a number.
fn is_within_date(before: &str, after: &str) -> bool {
    let last = before.rsplit([':', '=', ',']).next().unwrap_or_default();
    after.trim_start().starts_with(|first: char| first.is_ascii_digit()) || is_weekday(last.trim())
}

fn is_weekday(word: &str) -> bool {
    let days = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
    word.len() <= 9
        && word.bytes().all(|byte| byte.is_ascii_alphabetic())
        && word.get(..3).is_some_and(|start| days.iter().any(|day| day.eq_ignore_ascii_case(start)))
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
    fn words_parted_by_spaces_are_heard_beside_values_and_dates() {
        for value in [
            "noindex nofollow max-snippet:20",
            "noindex max-image-preview:none nofollow",
            "max-snippet:20 noindex nofollow",
            "nofollow unavailable_after: 25 Jun 2030 15:00 Sat, noindex",
        ] {
            let said = header(&[value]);
            assert!(said.words().iter().any(|word| &**word == "noindex"), "{value}: {:?}", said.words());
            assert!(said.words().iter().any(|word| &**word == "nofollow"), "{value}: {:?}", said.words());
        }
        let other = header(&["otherbot: noindex max-snippet:20"]);
        assert!(other.words().is_empty(), "{:?}", other.words());
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
            assert_eq!(said.unavailable_after(), [date.into()], "{value}");
            assert_eq!(said.nofollow(), value.contains("nofollow"), "{value}");
        }
    }

    #[test]
    fn a_date_in_words_keeps_its_commas_and_what_follows_is_none_of_it() {
        for (value, date) in [
            ("unavailable_after: January 2, 2024, nofollow", "January 2, 2024"),
            ("unavailable_after: Thursday, January 5, 2017; nofollow", "Thursday, January 5, 2017"),
            ("UNAVAILABLE_AFTER:Thu,05 Jan 2017 12:34:50 GMT,nofollow", "Thu,05 Jan 2017 12:34:50 GMT"),
            ("unavailable_after=2020-01-02 03:04:05 UTC, nofollow", "2020-01-02 03:04:05 UTC"),
            (
                "lycosa: unavailable_after: Fri, 25 Jun 2010 15:00:00 GMT, nofollow",
                "Fri, 25 Jun 2010 15:00:00 GMT",
            ),
            ("unavailable_after: Sun Nov  6 08:49:37 1994, nofollow", "Sun Nov  6 08:49:37 1994"),
            ("nofollow, unavailable_after: soon, 5 more", "soon, 5 more"),
        ] {
            let said = header(&[value]);
            assert_eq!(said.unavailable_after(), [date.into()], "{value}");
            assert!(said.nofollow(), "{value}");
        }
        let said = header(&["max-snippet: 20, 5, noindex", "otherbot: unavailable_after: 2020-01-02"]);
        assert!(said.noindex() && said.unavailable_after().is_empty());
    }

    #[test]
    fn every_date_is_kept_once_up_to_a_bound() {
        let said =
            header(&["unavailable_after: soon", "unavailable_after: 2020-01-02, unavailable_after: soon"]);
        assert_eq!(said.unavailable_after(), ["soon".into(), "2020-01-02".into()]);
        assert_eq!(words(&said), "unavailable_after:soon unavailable_after:2020-01-02");
        let many: String = (1..10_000).map(|year| format!("unavailable_after: {year:04}, ")).collect();
        assert_eq!(header(&[&many]).unavailable_after().len(), MOST_DATES);
        // A value of commas and digits alone is read in one go.
        let commas = format!("unavailable_after: {}", ",1".repeat(1_000_000));
        assert_eq!(header(&[&commas]).unavailable_after().len(), 1);
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
