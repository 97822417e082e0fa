//! The shape of a URL: what is left when numbers, dates, identifiers, titles and values are taken out of it.
//!
//! URLs of one program differ in these and agree in the rest, so a budget per shape bounds what one program can make
//! up (calendars, searches, filters) without naming it. Only spellings are looked at; what a site means by them is
//! not known here. The query's parameters stand in alphabetical order, so that their permutations are one shape.

use std::borrow::Cow;
use std::fmt::Write as _;

use url::Url;
use xxhash_rust::xxh3::xxh3_64;

/// Bytes of a shape; a longer one is cut and told apart by a hash of the whole.
pub const LONGEST_TEMPLATE: usize = 512;

/// Segments of a path that stand in a shape, one that follows itself counted once; what is beyond goes into one.
const MOST_SEGMENTS: usize = 16;

/// Parameters that are looked at; what is beyond goes into one.
const MOST_PARAMETERS: usize = 32;

/// Names of parameters that hold a session, in lower case. `sid` and `s` have other uses too, and count by their value.
const SESSIONS: [&str; 11] = [
    "phpsessid",
    "jsessionid",
    "aspsessionid",
    "asp.net_sessionid",
    "sessionid",
    "session_id",
    "session",
    "sessid",
    "cfid",
    "cftoken",
    "oscsid",
];

/// Months and days of the week in English, French, German, Spanish, Italian, Portuguese and Dutch, where they are
/// written without accents, and their English abbreviations, sorted.
#[rustfmt::skip]
const CALENDAR: [&str; 117] = [
    "abril", "agosto", "apr", "april", "aprile", "aug", "august", "augustus", "avril", "dec", "december",
    "dezember", "dezembro", "dicembre", "diciembre", "dienstag", "dimanche", "dinsdag", "domenica", "domingo",
    "donderdag", "donnerstag", "enero", "feb", "febbraio", "febrero", "februar", "februari", "february",
    "fevereiro", "freitag", "fri", "friday", "gennaio", "giugno", "jan", "janeiro", "januar", "januari",
    "january", "janvier", "jeudi", "jueves", "juillet", "juin", "jul", "julho", "juli", "julio", "july", "jun",
    "june", "junho", "juni", "junio", "luglio", "lundi", "lunes", "maandag", "maart", "maggio", "mai", "maio",
    "mar", "march", "mardi", "martes", "marzo", "may", "mayo", "mei", "mercredi", "mittwoch", "mon", "monday",
    "montag", "nov", "november", "novembre", "novembro", "noviembre", "oct", "october", "octobre", "octubre",
    "oktober", "ottobre", "outubro", "samedi", "samstag", "sat", "saturday", "segunda", "sep", "sept",
    "september", "septembre", "septiembre", "setembro", "settembre", "sexta", "sonnabend", "sonntag", "sun",
    "sunday", "thu", "thursday", "tue", "tuesday", "vendredi", "viernes", "vrijdag", "wed", "wednesday",
    "woensdag", "zaterdag", "zondag",
];

/// What a piece of a URL looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A word that stands for itself.
    Word,
    /// Digits alone.
    Number,
    /// A day, perhaps with a time.
    Date,
    /// Digits and letters that no person wrote: UUIDs, hashes, tokens.
    Id,
    /// Several words joined by hyphens or underscores: a title.
    Slug,
    /// Nothing.
    Empty,
}

/// The shape: host, path and names of parameters, with `{n}` for numbers, `{month}` for names of months and days, `{date}`, `{id}`, `{slug}`, `{session}`
/// and `{v}` for other values, `+` after a segment that its like follows, and `/{repeats}` for a path with a word that comes again; at most [`LONGEST_TEMPLATE`] bytes and a
/// hash.
///
/// `https://a.test/2024/05/item-77.html?page=2&q=x` has the shape `a.test/{n}/{n}/item-{n}.html?page={n}&q={v}`.
#[must_use]
pub fn template(url: &Url) -> String {
    let mut shape = String::with_capacity(url.as_str().len());
    shape.push_str(url.host_str().unwrap_or_default());
    if let Some(port) = url.port() {
        let _ = write!(shape, ":{port}");
    }
    push_path(&mut shape, url.path());
    push_query(&mut shape, url.query().unwrap_or_default());
    if shape.len() > LONGEST_TEMPLATE {
        let hash = xxh3_64(shape.as_bytes());
        shape.truncate(shape.floor_char_boundary(LONGEST_TEMPLATE));
        let _ = write!(shape, "…{hash:016x}");
    }
    shape
}

/// A number for the shape of a path and query: the same on every host of a site.
pub(crate) fn path_template(path_and_query: &str) -> u64 {
    xxh3_64(path_shape(path_and_query).as_bytes())
}

/// The shape of a path and query.
pub(crate) fn path_shape(path_and_query: &str) -> String {
    let (path, query) = path_and_query.split_once('?').unwrap_or((path_and_query, ""));
    let mut shape = String::with_capacity(path_and_query.len());
    push_path(&mut shape, path);
    push_query(&mut shape, query);
    shape
}

/// The shape of every path in which a word stands twice.
const REPEATS: &str = "/{repeats}";

/// Whether a segment is a word, which no path of a person repeats as it may a number or a letter.
fn is_word(segment: &str) -> bool {
    segment.len() > 1 && segment.bytes().any(|byte| byte.is_ascii_alphabetic())
}

/// The segments of a path. Relative links that are followed again and again make paths longer by the same words, in every
/// order: all paths of a site that repeat one are one shape.
fn push_path(shape: &mut String, path: &str) {
    let (mut before, mut this, mut follows_itself) = (String::new(), String::new(), false);
    let (begin, mut words) = (shape.len(), [""; MOST_SEGMENTS]);
    let mut count = 0;
    for segment in path.strip_prefix('/').unwrap_or(path).split('/') {
        if is_word(segment) && words.get(..count).is_some_and(|before| before.contains(&segment)) {
            shape.truncate(begin);
            shape.push_str(REPEATS);
            return;
        }
        this.clear();
        push_segment(&mut this, segment);
        if this == before && segment.bytes().any(|byte| byte.is_ascii_alphabetic()) {
            shape.push_str(if follows_itself { "" } else { "+" });
            follows_itself = true;
            continue;
        }
        let Some(word) = words.get_mut(count) else {
            shape.push_str("/…");
            return;
        };
        *word = segment;
        shape.push('/');
        shape.push_str(&this);
        (count, follows_itself) = (count + 1, false);
        std::mem::swap(&mut before, &mut this);
    }
}

/// A number that URLs share if and only if they have the same host, path and parameters in any order: what tells the
/// permutations of a query from different queries.
#[must_use]
pub fn order_free(url: &Url) -> u64 {
    let mut parts: Vec<&str> = parameters(url.query().unwrap_or_default()).collect();
    parts.sort_unstable();
    let start = &url[..url::Position::AfterPath];
    let all: String = std::iter::once(start).chain(parts).flat_map(|part| [part, "\0"]).collect();
    xxh3_64(all.as_bytes())
}

/// The parameters of a query, empty ones left out.
pub(super) fn parameters(query: &str) -> impl Iterator<Item = &str> {
    query.split('&').filter(|part| !part.is_empty())
}

fn push_segment(shape: &mut String, segment: &str) {
    let (segment, parameters) = segment.split_once(';').unwrap_or((segment, ""));
    let (stem, extension) = match segment.rsplit_once('.') {
        Some((stem, extension)) if is_extension(extension) && !stem.is_empty() => (stem, Some(extension)),
        _ => (segment, None),
    };
    match kind(stem) {
        Kind::Word | Kind::Empty => push_without_digits(shape, stem),
        kind => shape.push_str(kind.placeholder()),
    }
    if let Some(extension) = extension {
        shape.push('.');
        shape.push_str(extension);
    }
    for parameter in parameters.split(';').filter(|part| !part.is_empty()).take(MOST_PARAMETERS) {
        shape.push(';');
        push_parameter(shape, parameter);
    }
}

fn push_query(shape: &mut String, query: &str) {
    if query.is_empty() {
        return;
    }
    let mut shapes: Vec<String> = parameters(query)
        .take(MOST_PARAMETERS)
        .map(|parameter| {
            let mut one = String::new();
            push_parameter(&mut one, parameter);
            one
        })
        .collect();
    shapes.sort_unstable();
    // `a[]=1&a[]=2` is as much one filter as `a[]=1`.
    shapes.dedup();
    for (index, parameter) in shapes.iter().enumerate() {
        shape.push(if index == 0 { '?' } else { '&' });
        shape.push_str(parameter);
    }
    if parameters(query).nth(MOST_PARAMETERS).is_some() {
        shape.push_str("&…");
    }
}

fn push_parameter(shape: &mut String, parameter: &str) {
    let Some((name, value)) = parameter.split_once('=') else {
        match kind(parameter) {
            Kind::Word | Kind::Empty => push_without_digits(shape, parameter),
            kind => shape.push_str(kind.placeholder()),
        }
        return;
    };
    push_without_digits(shape, name);
    shape.push('=');
    shape.push_str(match kind(value) {
        _ if is_session(name, value) => "{session}",
        Kind::Empty => "",
        Kind::Word | Kind::Slug => "{v}",
        kind => kind.placeholder(),
    });
}

/// Whether a parameter holds the identifier of a session: by its name, or as `sid` by an identifier as value.
pub(super) fn is_session(name: &str, value: &str) -> bool {
    let name = name.to_ascii_lowercase();
    let is_known = SESSIONS.contains(&name.as_str()) || name.starts_with("aspsessionid");
    is_known && value.len() >= 6
        || matches!(name.as_str(), "sid" | "s" | "sess") && value.len() >= 16 && kind(value) == Kind::Id
}

/// Runs of digits as `{n}`.
fn push_without_digits(shape: &mut String, text: &str) {
    let mut rest = text;
    while !rest.is_empty() {
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        shape.push_str(if digits > 0 { "{n}" } else { "" });
        rest = rest.get(digits..).unwrap_or_default();
        let letters = rest.bytes().take_while(u8::is_ascii_alphabetic).count();
        let others = rest.bytes().take_while(|byte| !byte.is_ascii_alphanumeric()).count();
        let (plain, after) = rest.split_at(letters.max(others));
        shape.push_str(if is_in_calendar(plain) { "{month}" } else { plain });
        rest = after;
    }
}

/// Whether a word names a month or a day of the week, in one of the languages that most calendars are written in.
fn is_in_calendar(word: &str) -> bool {
    /// Letters of the longest.
    const LONGEST: usize = 10;
    let mut lower = [0; LONGEST];
    let Some(lower) = lower.get_mut(..word.len()).filter(|lower| lower.len() > 2) else { return false };
    lower.copy_from_slice(word.as_bytes());
    lower.make_ascii_lowercase();
    std::str::from_utf8(lower).is_ok_and(|lower| CALENDAR.binary_search(&lower).is_ok())
}

impl Kind {
    fn placeholder(self) -> &'static str {
        match self {
            Self::Number => "{n}",
            Self::Date => "{date}",
            Self::Id => "{id}",
            Self::Slug => "{slug}",
            Self::Word | Self::Empty => "",
        }
    }
}

/// What a piece looks like.
pub(super) fn kind(piece: &str) -> Kind {
    let bytes = piece.as_bytes();
    if bytes.is_empty() {
        return Kind::Empty;
    }
    if bytes.iter().all(u8::is_ascii_digit) {
        return Kind::Number;
    }
    if is_date(bytes) {
        return Kind::Date;
    }
    if is_id(bytes) {
        return Kind::Id;
    }
    let plain = without_escapes(piece);
    if plain.contains(['-', '_', '+']) {
        let words = plain.split(['-', '_', '+']).filter(|word| word.chars().any(char::is_alphabetic)).count();
        if words >= 3 || (words >= 2 && plain.chars().count() >= 24) {
            return Kind::Slug;
        }
    }
    // A title in a script without spaces, or with escaped ones.
    if plain.len() != piece.len() && piece.len() >= 24 { Kind::Slug } else { Kind::Word }
}

/// `2024-05-31`, also with dots, underscores or without a century's doubt, and with a time after it.
fn is_date(bytes: &[u8]) -> bool {
    let digit = |at: usize| bytes.get(at).is_some_and(u8::is_ascii_digit);
    let separator = |at: usize| matches!(bytes.get(at), Some(b'-' | b'.' | b'_' | b'/'));
    let all = |range: std::ops::Range<usize>| range.into_iter().all(digit);
    let year_first = all(0..4) && separator(4) && all(5..7) && separator(7) && all(8..10);
    let day_first = all(0..2) && separator(2) && all(3..5) && separator(5) && all(6..10);
    let month = bytes.len() == 7 && all(0..4) && separator(4) && all(5..7);
    let after = bytes.get(10);
    month
        || ((year_first || day_first)
            && after.is_none_or(|byte| matches!(byte, b'T' | b't' | b'_' | b'+' | b'%')))
}

/// Hexadecimal digits from eight on of which some are digits (UUIDs too), or sixteen and more letters and digits that
/// change between the two more often than words with a number do.
fn is_id(bytes: &[u8]) -> bool {
    let digits = bytes.iter().filter(|byte| byte.is_ascii_digit()).count();
    if bytes.len() < 8 || digits == 0 {
        return false;
    }
    let body = bytes.iter().filter(|byte| **byte != b'-');
    if body.clone().all(u8::is_ascii_hexdigit) && digits >= 2 && bytes.iter().any(u8::is_ascii_alphabetic) {
        return true;
    }
    let is_token = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'=' | b'~');
    let changes =
        bytes.windows(2).filter(|pair| pair[0].is_ascii_digit() != pair[1].is_ascii_digit()).count();
    bytes.len() >= 16 && bytes.iter().all(is_token) && changes >= 4 && changes * 5 >= bytes.len()
}

/// A file's ending: up to five letters and digits of which the first is a letter.
fn is_extension(text: &str) -> bool {
    (1..=5).contains(&text.len())
        && text.starts_with(|first: char| first.is_ascii_alphabetic())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

/// Escaped octets as one letter each: what words and lengths are counted by.
fn without_escapes(text: &str) -> Cow<'_, str> {
    if !text.contains('%') {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('%') {
        out.push_str(&rest[..at]);
        let is_space = rest[at..].starts_with("%20");
        out.push(if is_space { '-' } else { 'x' });
        rest = rest.get(at + 3..).unwrap_or_default();
    }
    out.push_str(rest);
    Cow::Owned(out)
}

#[cfg(test)]
mod tests {
    use std::collections::{HashMap, HashSet};

    use proptest::prelude::*;

    use super::*;
    use crate::corpus;

    fn shape(text: &str) -> String {
        template(&Url::parse(text).unwrap())
    }

    #[test]
    fn what_varies_is_taken_out() {
        for (url, expected) in [
            ("https://a.test/", "a.test/"),
            ("http://a.test:81/en/about", "a.test:81/en/about"),
            ("https://a.test/events/monday-march-3-2026", "a.test/events/{month}-{month}-{n}-{n}"),
            ("https://a.test/events/Sun-Sept-14-2031", "a.test/events/{month}-{month}-{n}-{n}"),
            ("https://a.test/kalender/oktober/29nov2026", "a.test/kalender/{month}/{n}{month}{n}"),
            ("https://a.test/mayor/secondhand-marching", "a.test/mayor/secondhand-marching"),
            ("https://a.test/2024/05/item-77.html?page=2&q=x", "a.test/{n}/{n}/item-{n}.html?page={n}&q={v}"),
            ("https://a.test/p/0b1e3c1a-9f1d-4b7e-8a53-2f6c0f1d9e77", "a.test/p/{id}"),
            ("https://a.test/d41d8cd98f00b204e9800998ecf8427e.jpg", "a.test/{id}.jpg"),
            ("https://a.test/news/how-to-walk-a-dog", "a.test/news/{slug}"),
            ("https://a.test/news/how-to-walk-a-dog-123.html", "a.test/news/{slug}.html"),
            ("https://a.test/cal?date=2024-05-31", "a.test/cal?date={date}"),
            ("https://a.test/2024-05/31.05.2024", "a.test/{date}/{date}"),
            ("https://a.test/x;jsessionid=0A1B2C3D4E5F6071?b=&a", "a.test/x;jsessionid={session}?a&b="),
            ("https://a.test/?PHPSESSID=abcdef123456&id=7", "a.test/?PHPSESSID={session}&id={n}"),
            ("https://a.test/?f[1]=a&f[2]=b&f[2]=c", "a.test/?f[{n}]={v}"),
            ("https://a.test/wiki/%E6%97%A5%E6%9C%AC%E8%AA%9E", "a.test/wiki/{slug}"),
            ("https://a.test/v2/api.php", "a.test/v{n}/api.php"),
            ("https://a.test/deep/in/in/in/in/x", "a.test/{repeats}"),
            ("https://a.test/deep/a/a/a/x", "a.test/deep/a+/x"),
            ("https://a.test/1/1/1/tile.png", "a.test/{n}/{n}/{n}/tile.png"),
            ("https://a.test/about/contact/about/", "a.test/{repeats}"),
            ("https://a.test/contact/x/about/contact/team?p=3", "a.test/{repeats}?p={n}"),
            ("https://a.test/d/o/d/p1/p2/2024/2024", "a.test/d/o/d/p{n}+/{n}/{n}"),
        ] {
            assert_eq!(shape(url), expected, "{url}");
        }
    }

    #[test]
    fn permutations_of_a_query_are_one_shape_and_one_number() {
        let of = |text: &str| order_free(&Url::parse(text).unwrap());
        assert_eq!(shape("https://a.test/?a=1&b=x"), shape("https://a.test/?b=y&a=2"));
        assert_eq!(of("https://a.test/?a=1&b=x"), of("https://a.test/?b=x&a=1"));
        assert_ne!(of("https://a.test/?a=1&b=x"), of("https://a.test/?b=x&a=2"));
        assert_ne!(of("https://a.test/?a=1&b=x"), of("https://a.test/c?b=x&a=1"));
        assert_ne!(of("https://a.test/?ab=1"), of("https://a.test/?a&b=1"));
    }

    #[test]
    fn hosts_of_a_site_share_shapes_and_paths_that_grow_are_one() {
        assert_eq!(path_template("/p/17?a=1&b=x"), path_template("/p/4?b=y&a=2"));
        assert_ne!(path_template("/p/17"), path_template("/q/17"));
        let deep = |times| path_template(&format!("/deep/{}", "in/".repeat(times)));
        assert_eq!(deep(3), deep(400));
        let pair = |times| path_template(&format!("/deep/{}", "a/b/".repeat(times)));
        assert_eq!(pair(30), pair(31), "cut after so many segments");
    }

    #[test]
    fn a_shape_is_bounded() {
        let long = format!("https://a.test/{}x?{}", "word".repeat(5_000), "abc=d&".repeat(5_000));
        let (one, other) = (shape(&long), shape(&long.replacen("wordx", "wardx", 1)));
        assert!(one.len() < LONGEST_TEMPLATE + 32);
        assert_ne!(one, other, "cut, but told apart");
    }

    #[test]
    fn real_urls_of_large_hosts_fall_into_few_shapes() {
        for (name, at_most) in [("urls/kasztp-urls.txt.zst", 0.6), ("urls/links-in-pages.txt.zst", 0.6)] {
            let Some(bytes) = corpus::read(name) else { return };
            let text = String::from_utf8_lossy(&bytes).into_owned();
            let mut hosts: HashMap<String, Vec<Url>> = HashMap::new();
            for url in text.lines().filter_map(|line| Url::parse(line).ok()) {
                hosts.entry(url.host_str().unwrap_or_default().to_owned()).or_default().push(url);
            }
            let large: Vec<&Vec<Url>> = hosts.values().filter(|urls| urls.len() >= 200).collect();
            let shapes_of = |urls: &&Vec<Url>| urls.iter().map(template).collect::<HashSet<_>>().len();
            let (shapes, urls): (usize, usize) =
                large.iter().fold((0, 0), |(shapes, all), urls| (shapes + shapes_of(urls), all + urls.len()));
            println!("{name}: {urls} URLs of {} hosts, {shapes} shapes", large.len());
            assert!(shapes as f64 / urls as f64 <= at_most, "{name} {shapes} of {urls}");
        }
    }

    proptest! {
        #[test]
        fn no_url_panics(tail in "\\PC{0,80}", likely in "(%[0-9a-z]?|[/?&=;.-]|[a-f0-9]{1,9}|日){0,30}") {
            for tail in [tail, likely] {
                if let Ok(url) = Url::parse(&format!("https://a.test/{tail}")) {
                    prop_assert!(template(&url).len() < LONGEST_TEMPLATE + 32);
                    let _ = order_free(&url);
                }
            }
        }
    }
}
