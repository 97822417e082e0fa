//! Whether a URL looks like one of an endless many that a program makes up: spider traps, told from the URL alone.
//!
//! Nothing is refused here. A URL gets a score with its reasons, and whoever keeps budgets gives less to what scores
//! high; a page is never lost for how its address is spelled. Each sign stands for a family of traps that crawlers
//! have met: links resolved against the wrong base (`/a/b/a/b/a/b`), identifiers of sessions in addresses, filters
//! that pile up parameters, calendars that go on for ever, addresses escaped anew on each page.

use url::Url;

use super::template::{is_session, parameters};

/// A score from which on a URL is more likely a trap than not.
pub const SUSPECT_SCORE: u32 = 50;

/// Segments that are looked at.
const MOST_SEGMENTS: usize = 64;

/// Years around now that calendars of people show.
const YEARS_AHEAD: u32 = 3;
const FIRST_YEAR: u32 = 1900;

/// Parameters beyond which a query looks like filters piled up.
const USUAL_PARAMETERS: usize = 12;

/// What speaks for a trap.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum TrapSign {
    /// More than 12 segments of path; more than 24 count twice.
    Deep,
    /// More than 512 bytes; more than 1,024 count twice.
    Long,
    /// A segment stands in the path three times or more, or a run of segments follows itself.
    RepeatedSegments,
    /// The query has a parameter more than twice, or twice with one value.
    RepeatedParameters,
    /// The query has more than 12 parameters.
    ManyParameters,
    /// The address carries the identifier of a session.
    SessionId,
    /// A year that no calendar of people shows, in a part that looks like a date.
    Calendar,
    /// What was escaped is escaped again (`%2525`).
    EscapedAgain,
    /// Another absolute address is part of the path.
    AddressInPath,
}

impl TrapSign {
    /// Its name in records, such as `repeated_segments`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Deep => "deep",
            Self::Long => "long",
            Self::RepeatedSegments => "repeated_segments",
            Self::RepeatedParameters => "repeated_parameters",
            Self::ManyParameters => "many_parameters",
            Self::SessionId => "session_id",
            Self::Calendar => "calendar",
            Self::EscapedAgain => "escaped_again",
            Self::AddressInPath => "address_in_path",
        }
    }
}

/// How much a URL looks like a trap.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TrapScore {
    /// 0 to 100; see [`SUSPECT_SCORE`].
    pub score: u32,
    /// What speaks for it, each sign once.
    pub signs: Vec<TrapSign>,
}

impl TrapScore {
    /// Whether it is more likely a trap than not.
    #[must_use]
    pub fn is_suspect(&self) -> bool {
        self.score >= SUSPECT_SCORE
    }

    fn add(&mut self, sign: TrapSign, weight: u32) {
        if weight > 0 {
            self.signs.push(sign);
            self.score = (self.score + weight).min(100);
        }
    }
}

/// Looks at a URL, in time proportional to its length but for the first 64 segments of its path, which are compared
/// in pairs. `this_year` is the present one, such as 2026.
#[must_use]
pub fn trap_score(url: &Url, this_year: u32) -> TrapScore {
    score(url.path(), url.query().unwrap_or_default(), url.as_str().len(), this_year)
}

/// Whether a path with its query is suspect, whatever its host.
pub(crate) fn is_suspect_path(path_and_query: &str, this_year: u32) -> bool {
    let (path, query) = path_and_query.split_once('?').unwrap_or((path_and_query, ""));
    score(path, query, path_and_query.len(), this_year).is_suspect()
}

fn score(path: &str, query: &str, length: usize, this_year: u32) -> TrapScore {
    let mut score = TrapScore::default();
    let segments: Vec<&str> =
        path.split('/').filter(|segment| !segment.is_empty()).take(MOST_SEGMENTS).collect();
    score.add(TrapSign::Deep, in_steps(segments.len(), 12, 24, 25));
    score.add(TrapSign::Long, in_steps(length, 512, 1_024, 20));
    score.add(TrapSign::RepeatedSegments, repeated_segments(&segments));
    score.add(TrapSign::RepeatedParameters, repeated_parameters(query));
    score.add(TrapSign::ManyParameters, in_steps(parameters(query).count(), USUAL_PARAMETERS, 24, 25));
    let of_path = segments.iter().filter(|_| has(path, b';')).flat_map(|segment| segment.split(';').skip(1));
    let has_session = parameters(query)
        .chain(of_path)
        .filter_map(|parameter| parameter.split_once('='))
        .any(|(name, value)| is_session(name, value));
    score.add(TrapSign::SessionId, if has_session { 50 } else { 0 });
    score.add(TrapSign::Calendar, if is_far_date(&segments, query, this_year) { 60 } else { 0 });
    score.add(TrapSign::EscapedAgain, if is_escaped_again(path) || is_escaped_again(query) { 40 } else { 0 });
    let in_path = has(path, b':') && (path.contains("http:/") || path.contains("https:/"));
    score.add(TrapSign::AddressInPath, if in_path { 25 } else { 0 });
    score
}

/// Whether a byte is in a text. Every new URL is looked at, and few have what the longer questions are about.
fn has(text: &str, byte: u8) -> bool {
    memchr::memchr(byte, text.as_bytes()).is_some()
}

fn in_steps(value: usize, more_than: usize, much_more_than: usize, weight: u32) -> u32 {
    weight * (u32::from(value > more_than) + u32::from(value > much_more_than))
}

/// A segment three times: 30; four times or more, or a run of two or more segments that follows itself: 60. Short
/// numbers do not count: `/1/1/1` are ordinary coordinates.
fn repeated_segments(segments: &[&str]) -> u32 {
    if segments.len() < 3 {
        return 0;
    }
    let is_number = |segment: &str| segment.bytes().all(|byte| byte.is_ascii_digit());
    let times = |wanted: &str| segments.iter().filter(|segment| **segment == wanted).count();
    let most = segments.iter().filter(|segment| !is_number(segment)).map(|segment| times(segment)).max();
    let follows_itself = (2..=segments.len() / 2).any(|length| {
        segments.windows(2 * length).any(|window| {
            let (one, other) = window.split_at(length);
            one == other
                && !one.iter().all(|segment| is_number(segment))
                && one.windows(2).any(|pair| pair[0] != pair[1])
        })
    });
    match most.unwrap_or_default() {
        _ if follows_itself => 60,
        0..=2 => 0,
        3 => 30,
        _ => 60,
    }
}

/// A parameter with one value twice: 40; a name three times, but for lists (`a[]`): 30.
fn repeated_parameters(query: &str) -> u32 {
    if query.is_empty() {
        return 0;
    }
    let mut sorted: Vec<&str> = parameters(query).collect();
    sorted.sort_unstable();
    let twice = sorted.windows(2).any(|pair| pair[0] == pair[1] && pair[0].contains('='));
    let name = |parameter: &str| parameter.split('=').next().unwrap_or_default().to_owned();
    let names: Vec<String> = sorted.iter().map(|parameter| name(parameter)).collect();
    let is_list = |name: &str| name.ends_with("[]") || name.ends_with("%5B%5D");
    let often = names.windows(3).any(|three| three[0] == three[2] && !is_list(&three[0]));
    if twice {
        40
    } else if often {
        30
    } else {
        0
    }
}

/// Whether a date stands somewhere whose year is long gone or far ahead: `/calendar/2087/03`, `?date=1754-01-01`,
/// `?year=3021`.
fn is_far_date(segments: &[&str], query: &str, this_year: u32) -> bool {
    let is_far = |year: u32| year > this_year + YEARS_AHEAD || year < FIRST_YEAR;
    let number = |text: &str| text.parse::<u32>().ok();
    // A year, then a month: the year alone could be any number of four digits.
    let in_path = segments.windows(2).any(|pair| {
        let year = (pair[0].len() == 4).then(|| number(pair[0])).flatten();
        let is_month = pair[1].len() <= 2 && number(pair[1]).is_some_and(|month| (1..=12).contains(&month));
        year.is_some_and(|year| (1000..=9999).contains(&year) && is_far(year)) && is_month
    });
    let whole = |text: &str| whole_date(text.as_bytes());
    let named = parameters(query).filter_map(|parameter| parameter.split_once('=')).any(|(name, value)| {
        let name = name.to_ascii_lowercase();
        let says_year = (name == "year" || name == "y" || name.ends_with("_year")) && value.len() == 4;
        says_year && number(value).is_some_and(is_far) || whole(value).is_some_and(is_far)
    });
    in_path || named || segments.iter().any(|segment| whole(segment).is_some_and(is_far))
}

/// The year of a text that is a date: `2024-05`, `2024-05-31`, or the latter with a time.
fn whole_date(text: &[u8]) -> Option<u32> {
    text.first().filter(|byte| byte.is_ascii_digit())?;
    let number = |range: std::ops::Range<usize>| -> Option<u32> {
        std::str::from_utf8(text.get(range)?).ok()?.parse().ok()
    };
    let (year, month) = (number(0..4)?, number(5..7)?);
    let is_joined = text.get(4) == Some(&b'-') && (1..=12).contains(&month);
    let day = || text.get(7) == Some(&b'-') && number(8..10).is_some_and(|day| (1..=31).contains(&day));
    let is_date = match text.get(10) {
        _ if text.len() == 7 => true,
        None => day(),
        Some(next) => day() && matches!(next, b'T' | b't' | b' ' | b'+' | b'%'),
    };
    (is_joined && is_date && year >= 1000).then_some(year)
}

/// `%25` that is followed by `25` and two hexadecimal digits: escaped three times at least.
fn is_escaped_again(text: &str) -> bool {
    has(text, b'%')
        && text.match_indices("%2525").any(|(at, _)| {
            text.as_bytes().get(at + 5..at + 7).is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit))
        })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::corpus;

    fn look(text: &str) -> TrapScore {
        trap_score(&Url::parse(text).unwrap(), 2026)
    }

    #[test]
    fn traps_that_crawlers_have_met_are_suspect_and_say_why() {
        let deep = format!("https://a.test/{}", "x/y/".repeat(20));
        let filters: String = (0..30).map(|n| format!("f{n}=a&")).collect();
        for (url, sign) in [
            ("https://a.test/shop/list/shop/list/", TrapSign::RepeatedSegments),
            ("https://a.test/a/en/b/en/c/en/d/en", TrapSign::RepeatedSegments),
            (deep.as_str(), TrapSign::Deep),
            ("https://a.test/?PHPSESSID=0123456789abcdef0123456789abcdef", TrapSign::SessionId),
            ("https://a.test/x;jsessionid=0A1B2C3D4E5F6071", TrapSign::SessionId),
            ("https://a.test/?sid=8f14e45fceea167a5a36dedd4bea2543", TrapSign::SessionId),
            ("https://a.test/calendar/2087/03", TrapSign::Calendar),
            ("https://a.test/calendar/2087/3", TrapSign::Calendar),
            ("https://a.test/events?date=1754-01-01", TrapSign::Calendar),
            ("https://a.test/events?month=3&year=3021", TrapSign::Calendar),
            (&format!("https://a.test/?{filters}"), TrapSign::ManyParameters),
        ] {
            let score = look(url);
            assert!(score.is_suspect() && score.signs.contains(&sign), "{url} {score:?}");
        }
    }

    #[test]
    fn ordinary_addresses_are_not_suspect() {
        for url in [
            "https://a.test/",
            "https://a.test/2026/05/31/how-to-walk-a-dog",
            "https://a.test/1969/07/20",
            "https://a.test/tiles/1/1/1/1.png",
            "https://a.test/a/b/a/c",
            "https://a.test/?tag[]=a&tag[]=b&tag[]=c&page=2",
            "https://a.test/?s=dogs&year=2025",
            "https://a.test/model/2500/12v",
            "https://a.test/8000-12-port-switch-manual",
            "https://a.test/4500-99",
            "https://a.test/search?q=100%2525",
            "https://web.archive.test/web/2020/https://b.test/",
        ] {
            let score = look(url);
            assert!(!score.is_suspect(), "{url} {score:?}");
        }
    }

    #[test]
    fn signs_add_up() {
        let worst = format!("https://a.test/{}?{}", "a/b/".repeat(300), "x=1&".repeat(100));
        let score = look(&worst);
        assert_eq!(score.score, 100);
        assert!(score.signs.len() >= 5, "{score:?}");
    }

    #[test]
    fn few_real_urls_are_suspect() {
        for name in ["urls/kasztp-urls.txt.zst", "urls/links-in-pages.txt.zst"] {
            let Some(bytes) = corpus::read(name) else { return };
            let text = String::from_utf8_lossy(&bytes).into_owned();
            let urls: Vec<Url> = text.lines().filter_map(|line| Url::parse(line).ok()).collect();
            let mut signs = std::collections::BTreeMap::<&str, usize>::new();
            let mut suspect = 0;
            for url in &urls {
                let score = trap_score(url, 2026);
                suspect += usize::from(score.is_suspect());
                score.signs.iter().for_each(|sign| *signs.entry(sign.as_str()).or_default() += 1);
            }
            println!("{name}: {suspect} of {} suspect, {signs:?}", urls.len());
            assert!(suspect * 100 < urls.len(), "{name}: {suspect} of {}", urls.len());
        }
    }

    proptest! {
        #[test]
        fn no_url_panics(tail in "\\PC{0,80}", likely in "(%25|[/?&=;-]|[0-9]{1,4}|year|a){0,40}") {
            for tail in [tail, likely] {
                if let Ok(url) = Url::parse(&format!("https://a.test/{tail}")) {
                    prop_assert!(trap_score(&url, 2026).score <= 100);
                }
            }
        }
    }
}
