//! Dates as sitemaps, feeds and robots tags write them: ISO 8601 in the profiles of the W3C and of XML Schema and in its
//! basic form, RFC 822 with its later amendments, RFC 850, `asctime`, and dates in English words.
//!
//! A date is a hint, so reading is lenient: missing parts are the earliest possible, an unknown zone is UTC. What means
//! different days in different countries (`01/02/2024`) is no date here.

use crate::model::Timestamp;

/// Bytes of the longest text that is looked at; the longest spelling of a date has about half of them.
const LONGEST: usize = 100;

const MONTHS: [&str; 12] =
    ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];

const WEEKDAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

/// Zones in hours east of Greenwich: those of RFC 822, and others whose name means one thing only.
const ZONES: [(&str, i64); 27] = [
    ("Z", 0),
    ("UT", 0),
    ("UTC", 0),
    ("GMT", 0),
    ("WET", 0),
    ("EST", -5),
    ("EDT", -4),
    ("CST", -6),
    ("CDT", -5),
    ("MST", -7),
    ("MDT", -6),
    ("PST", -8),
    ("PDT", -7),
    ("AKST", -9),
    ("AKDT", -8),
    ("HST", -10),
    ("WEST", 1),
    ("CET", 1),
    ("CEST", 2),
    ("EET", 2),
    ("EEST", 3),
    ("MSK", 3),
    ("JST", 9),
    ("KST", 9),
    ("AEST", 10),
    ("AEDT", 11),
    ("NZST", 12),
];

/// The moment, or `None` when the text is no date or before 1970.
pub fn parse(text: &str) -> Option<Timestamp> {
    let text = text.trim();
    if text.len() > LONGEST {
        return None;
    }
    let mut date = Date::default();
    let mut rest = date.numeric(text);
    while let Some(first) = rest.chars().next() {
        rest = match first {
            '0'..='9' => date.figures(rest)?,
            '+' | '-' => date.sign(rest, first)?,
            '(' | '[' => &rest[rest.find([')', ']'])? + 1..],
            _ if first.is_ascii_alphabetic() => date.word(rest)?,
            _ if first == ',' || first.is_whitespace() => &rest[first.len_utf8()..],
            _ => return None,
        };
    }
    Some(Timestamp(u64::try_from(date.seconds()?).ok()?.checked_mul(1000)?))
}

/// What has been read of a date.
#[derive(Default)]
struct Date {
    year: Option<i64>,
    month: Option<i64>,
    day: Option<i64>,
    /// Seconds since midnight.
    clock: Option<i64>,
    /// Seconds east of Greenwich.
    offset: Option<i64>,
    /// Whether the zone was named; a second name is none of a date.
    is_named: bool,
}

impl Date {
    fn is_whole(&self) -> bool {
        self.year.is_some() && self.month.is_some() && self.day.is_some()
    }

    /// Takes up `2004`, `2004-12`, `2004-12-23`, `2004/12/23` or `20041223` at the beginning and gives what follows: all
    /// of it when it begins with none of these.
    fn numeric<'a>(&mut self, text: &'a str) -> &'a str {
        let (digits, mut rest) = run(text, |letter| letter.is_ascii_digit());
        let (mut month, mut day) = (None, None);
        match digits.len() {
            4 => {
                let separator = rest.chars().next().filter(|first| matches!(first, '-' | '/'));
                for part in [&mut month, &mut day] {
                    let Some(after) = separator.and_then(|sign| rest.strip_prefix(sign)) else { break };
                    let (digits, after) = run(after, |letter| letter.is_ascii_digit());
                    if !(1..=2).contains(&digits.len()) {
                        break;
                    }
                    *part = number(digits);
                    rest = after;
                }
            }
            // Hours and minutes, or seconds too, may follow without a letter between.
            8 | 12 | 14 => (month, day, rest) = (number(&text[4..6]), number(&text[6..8]), &text[8..]),
            _ => return text,
        }
        let goes_on =
            |letter: char| letter.is_ascii_digit() || letter.is_whitespace() || "TtZz+-".contains(letter);
        if rest.chars().next().is_some_and(|letter| !goes_on(letter)) {
            return text;
        }
        (self.year, self.month, self.day) = (number(&text[..4]), month, day);
        rest
    }

    /// Takes up a time of day, a day of the month or a year.
    fn figures<'a>(&mut self, text: &'a str) -> Option<&'a str> {
        let (found, mut rest) = run(text, |letter| letter.is_ascii_digit() || letter == ':' || letter == '.');
        let digits = found.trim_end_matches('.');
        if found.contains(':') {
            self.set_clock(time_of_day(found)?)?;
            // ISO 8601 prefers a comma before a fraction.
            if let Some(fraction) = rest.strip_prefix(',') {
                rest = run(fraction, |letter| letter.is_ascii_digit()).1;
            }
            return Some(rest);
        }
        match digits.len() {
            2 | 4 | 6 if self.is_whole() => self.set_clock(basic_time(digits)?)?,
            1 | 2 if self.day.is_none() => {
                self.day = number(digits);
                let ordinal = |end: &str| rest.get(..2).is_some_and(|start| start.eq_ignore_ascii_case(end));
                if ["st", "nd", "rd", "th"].into_iter().any(ordinal) {
                    rest = &rest[2..];
                }
            }
            2 if self.month.is_some() && self.year.is_none() => {
                self.year = number(digits).map(|year| if year < 50 { year + 2000 } else { year + 1900 });
            }
            4 if self.year.is_none() => self.year = number(digits),
            _ => return None,
        }
        Some(rest)
    }

    /// Takes up a zone, or a hyphen between the parts of a date.
    fn sign<'a>(&mut self, text: &'a str, sign: char) -> Option<&'a str> {
        let rest = &text[1..];
        if sign == '-' && self.clock.is_none() && !self.is_whole() {
            return Some(rest);
        }
        let (found, rest) = run(rest, |letter| letter.is_ascii_digit() || letter == ':');
        let (hours, minutes) = match found.split_once(':') {
            Some(parts) => parts,
            None => found.split_at(if found.len() > 2 { found.len() - 2 } else { found.len() }),
        };
        let minutes = if minutes.is_empty() { 0 } else { number(minutes)? };
        let seconds = number(hours).filter(|hours| *hours < 24)? * 3600 + minutes * 60;
        // `GMT+0100` has a name for zero before it.
        let is_free = self.offset.is_none_or(|offset| offset == 0 && self.is_named);
        (is_free && minutes < 60).then_some(())?;
        self.offset = Some(if sign == '-' { -seconds } else { seconds });
        Some(rest)
    }

    /// Takes up a month, a day of the week, half of the day, a zone, or a word between them.
    fn word<'a>(&mut self, text: &'a str) -> Option<&'a str> {
        let (found, rest) = run(text, |letter| letter.is_ascii_alphabetic() || "./_".contains(letter));
        let word = found.trim_end_matches('.');
        let is = |other: &str| word.eq_ignore_ascii_case(other);
        let begins = |name: &str| word.get(..3).is_some_and(|start| start.eq_ignore_ascii_case(name));
        let month = MONTHS.iter().position(|name| begins(name)).filter(|_| self.month.is_none());
        if let Some(month) = month {
            self.month = i64::try_from(month + 1).ok();
        } else if let Some(clock) = self.clock.filter(|_| is("am") || is("pm") || is("a.m") || is("p.m")) {
            let hour = clock / 3600;
            (1..=12).contains(&hour).then_some(())?;
            let noon = if word.starts_with(['p', 'P']) { 12 } else { 0 };
            self.clock = Some(clock + (hour % 12 + noon - hour) * 3600);
        } else if let Some((_, hours)) = ZONES.iter().find(|(name, _)| is(name)).filter(|_| !self.is_named) {
            self.is_named = true;
            self.offset.get_or_insert(hours * 3600);
        } else if self.clock.is_none() {
            let is_between = is("at") || (is("t") && self.year.is_some());
            (is_between || WEEKDAYS.iter().any(|name| begins(name))).then_some(())?;
        } else {
            let is_first = !std::mem::replace(&mut self.is_named, true);
            is_first.then_some(())?;
        }
        Some(rest)
    }

    fn set_clock(&mut self, seconds: i64) -> Option<()> {
        self.clock.replace(seconds).is_none().then_some(())
    }

    /// Seconds since 1970 in UTC.
    fn seconds(&self) -> Option<i64> {
        let is_complete = self.month.is_some() || self.day.is_none();
        let days =
            days(self.year?, self.month.unwrap_or(1), self.day.unwrap_or(1)).filter(|_| is_complete)?;
        Some(days * 86_400 + self.clock.unwrap_or(0) - self.offset.unwrap_or(0))
    }
}

/// The beginning that has only such characters, and the rest.
fn run(text: &str, accept: impl Fn(char) -> bool) -> (&str, &str) {
    text.split_at(text.find(|letter| !accept(letter)).unwrap_or(text.len()))
}

/// Of up to six digits.
fn number(text: &str) -> Option<i64> {
    let plain = (1..=6).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    plain.then(|| text.parse().ok()).flatten()
}

/// Seconds since midnight of `18:00`, `18:00:15` or `18:00:15.25`; the fraction is dropped.
fn time_of_day(text: &str) -> Option<i64> {
    let mut parts = text.split(':');
    let (hour, minute) = (number(parts.next()?)?, number(parts.next()?)?);
    let second = match parts.next() {
        Some(second) => number(second.split('.').next()?)?,
        None => 0,
    };
    parts.next().is_none().then_some(())?;
    since_midnight(hour, minute, second)
}

/// The same of `18`, `1800` or `180015`.
fn basic_time(digits: &str) -> Option<i64> {
    let part = |start: usize| digits.get(start..start + 2).map_or(Some(0), number);
    since_midnight(part(0)?, part(2)?, part(4)?)
}

/// The day may end with 24:00, and a minute with a leap second.
fn since_midnight(hour: i64, minute: i64, second: i64) -> Option<i64> {
    let sound = (hour < 24 && minute < 60 && second <= 60) || (hour, minute, second) == (24, 0, 0);
    sound.then_some(hour * 3600 + minute * 60 + second)
}

/// Days since 1970-01-01 in the Gregorian calendar; `None` for a day that does not exist.
fn days(year: i64, month: i64, day: i64) -> Option<i64> {
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let length = match month {
        2 => 28 + i64::from(leap),
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => return None,
    };
    if !(1..=length).contains(&day) || !(1..=9999).contains(&year) {
        return None;
    }
    // Years begin in March here, so the leap day comes last.
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let before_year = year * 365 + year / 4 - year / 100 + year / 400;
    Some(before_year + (month * 153 + 2) / 5 + day - 719_469)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn dates_of_the_wild_are_understood() {
        let table = [
            ("1970-01-01", 0),
            ("2005", 1_104_537_600),
            ("2005-01", 1_104_537_600),
            ("2005-01-01", 1_104_537_600),
            ("2005/01/01", 1_104_537_600),
            ("20050101", 1_104_537_600),
            ("2004-12-31T24:00:00Z", 1_104_537_600),
            ("2004-12-23T18:00:15+00:00", 1_103_824_815),
            ("2004-12-23T18:00:15.999Z", 1_103_824_815),
            ("2004-12-23T18:00:15,999Z", 1_103_824_815),
            ("2004-12-23T19:00+01:00", 1_103_824_800),
            ("2004-12-23 18:00:15", 1_103_824_815),
            ("2004-12-23T18:00:15 +0000", 1_103_824_815),
            ("2004-12-23 10:00:15 PST", 1_103_824_815),
            ("2004/12/23 18:00:15", 1_103_824_815),
            ("20041223T180015Z", 1_103_824_815),
            ("20041223180015", 1_103_824_815),
            ("2004-12-23T19:00:15+01:00[Europe/Berlin]", 1_103_824_815),
            ("2024-01-02+01:00", 1_704_150_000),
            ("2024-01-02-05:00", 1_704_171_600),
            ("2024-01-02Z", 1_704_153_600),
            ("2024-01+01:00", 1_704_063_600),
            ("Thu, 05 Jan 2017 12:34:50 GMT", 1_483_619_690),
            ("Thu, 05 Jan 2017 13:34:51 +0100", 1_483_619_691),
            ("05 Jan 17 13:34:54 +0100", 1_483_619_694),
            ("05 January 2017", 1_483_574_400),
            ("5 January 2017", 1_483_574_400),
            ("January 5, 2017", 1_483_574_400),
            ("Jan. 5th, 2017", 1_483_574_400),
            ("Thursday, January 5, 2017", 1_483_574_400),
            ("January 5, 2017 at 12:34 PM", 1_483_619_640),
            ("January 5, 2017 12:34 a.m. UTC", 1_483_576_440),
            ("2017-Jan-05", 1_483_574_400),
            ("January 2017", 1_483_228_800),
            ("Thu, 05 Jan 2017 07:34:50 EST", 1_483_619_690),
            ("Thu, 05 Jan 2017 05:34:50 PDT", 1_483_619_690),
            ("Thu, 05 Jan 2017 12:34:50 XYZ", 1_483_619_690),
            ("Thursday, 05-Jan-17 12:34:50 GMT", 1_483_619_690),
            ("05 Jan 2017 04:34:50 -0800", 1_483_619_690),
            ("05 Jan 2017 04:34:50 -0800 (PST)", 1_483_619_690),
            ("Sun Nov  6 08:49:37 1994", 784_111_777),
            ("Sun Nov  6 08:49:37 UTC 1994", 784_111_777),
            ("Sun Nov 06 09:49:37 +0100 1994", 784_111_777),
            ("Sun Nov 06 1994 09:49:37 GMT+0100 (Central European Standard Time)", 784_111_777),
        ];
        for (text, seconds) in table {
            assert_eq!(parse(text), Some(Timestamp(seconds * 1000)), "{text}");
        }
    }

    #[test]
    fn what_is_no_date_or_could_be_two_is_none() {
        let nonsense = [
            "",
            "soon",
            "12",
            "ä1",
            "2005-13-01",
            "2005-02-29",
            "20050229",
            "1950-01-01",
            "2005-01-01T25:00",
            "2005-01-01T24:01",
            "2005-01-01T10:60",
            "2005-01-01T10:00:00:00",
            "2005-01-01T13:00 PM",
            "2005-01-01 10:00 11:00",
            "2005-01-01 10:00 +25:00",
            "2005-01-01 10:00 +0100 +0200",
            "2005-01-01 soon",
            "2005-01-01abc",
            "2005-001",
            "200501",
            "1104537600",
            "01/02/2005",
            "05 Jan",
            "31 February 2005",
            "Posted January 2, 2005",
            "January 2, 2005, and never again",
            "Jan Feb 2, 2005",
            "2005-01-01 (never closed",
            "2005-01-01T\u{661}0:00",
        ];
        for text in nonsense {
            assert_eq!(parse(text), None, "{text}");
        }
        assert_eq!(parse(&"2005-01-01 ".repeat(1_000_000)), None);
    }

    const NAMES: [&str; 12] = [
        "January",
        "February",
        "March",
        "April",
        "May",
        "June",
        "July",
        "August",
        "September",
        "October",
        "November",
        "December",
    ];

    proptest! {
        #[test]
        fn http_dates_agree_with_an_independent_parser(seconds in 0..253_402_300_799_u64) {
            let moment = std::time::UNIX_EPOCH + std::time::Duration::from_secs(seconds);
            prop_assert_eq!(parse(&httpdate::fmt_http_date(moment)), Some(Timestamp(seconds * 1000)));
        }

        #[test]
        fn every_spelling_of_a_moment_is_that_moment(
            (year, month, day) in (1971..2999_i64, 1..=12_usize, 1..=28_i64),
            (hour, minute, second) in (0..24_i64, 0..60_i64, 0..60_i64),
            zone in -14..=14_i64,
        ) {
            let number = i64::try_from(month).unwrap();
            let midnight = days(year, number, day).unwrap() * 86_400;
            let clock = hour * 3600 + minute * 60 + second;
            let name = NAMES[month - 1];
            let short = &name[..3];
            let sign = if zone < 0 { '-' } else { '+' };
            let east = zone.abs();
            let time = format!("{hour:02}:{minute:02}:{second:02}");
            let half = if hour < 12 { "AM" } else { "PM" };
            let twelve = (hour + 11) % 12 + 1;
            let whole = [
                format!("{year}-{number:02}-{day:02}T{time}{sign}{east:02}:00"),
                format!("{year}-{number:02}-{day:02} {time} {sign}{east:02}00"),
                format!("{year}/{number}/{day} {time} {sign}{east}"),
                format!("{year}{number:02}{day:02}T{hour:02}{minute:02}{second:02}{sign}{east:02}00"),
                format!("{day} {short} {year} {time} {sign}{east:02}00"),
                format!("{day:02}-{short}-{year} {time} {sign}{east:02}00"),
                format!("{short} {day:2} {time} {sign}{east:02}00 {year}"),
                format!("{name} {day}, {year} {twelve}:{minute:02}:{second:02} {half} GMT{sign}{east}"),
            ];
            for text in whole {
                let expected = u64::try_from(midnight + clock - zone * 3600).unwrap() * 1000;
                prop_assert_eq!(parse(&text), Some(Timestamp(expected)), "{}", text);
            }
            let dates = [
                format!("{year}-{number:02}-{day:02}"),
                format!("{year}{number:02}{day:02}"),
                format!("{year}/{number:02}/{day:02}"),
                format!("{name} {day}, {year}"),
                format!("{day}. {name} {year}"),
            ];
            for text in dates {
                let expected = u64::try_from(midnight).unwrap() * 1000;
                prop_assert_eq!(parse(&text), Some(Timestamp(expected)), "{}", text);
            }
        }

        #[test]
        fn no_text_panics(
            text in "\\PC{0,40}",
            digits in "[0-9TZ:./,()+-]{0,40}",
            words in proptest::collection::vec("[0-9]{1,4}|[+-]|:|T|Jan|é|pm|GMT|\\(|\\[|,|\\.| ", 0..16),
        ) {
            let _ = (parse(&text), parse(&digits), parse(&words.concat()));
        }
    }
}
