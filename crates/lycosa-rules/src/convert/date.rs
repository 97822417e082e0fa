//! Dates as people and machines write them, one in a text: RFC 3339, RFC 2822, `24 Dec 2024`, `24.12.2024`,
//! `12/24/2024`, month names of European languages. The result is RFC 3339, without what the text does not say: a
//! date alone, a local time without an offset.
//!
//! Left out: relative dates, weeks, eras, seconds since 1970, and texts in which day and month could be swapped
//! without a rule that says which comes first.

use std::fmt::Write as _;

use super::locale::Locale;
use super::months::{folded, month};

/// Characters that a text with a date in it may have.
const LONGEST: usize = 128;

/// Words that make a date relative.
const RELATIVE: [&str; 14] = [
    "day", "days", "week", "weeks", "month", "months", "year", "years", "hour", "hours", "minutes", "tagen",
    "jours", "dias",
];

/// Offsets of zones that mail and news still name, in minutes (RFC 2822 section 4.3).
const ZONES: [(&str, i32); 13] = [
    ("z", 0),
    ("utc", 0),
    ("gmt", 0),
    ("ut", 0),
    ("est", -300),
    ("edt", -240),
    ("cst", -360),
    ("cdt", -300),
    ("mst", -420),
    ("mdt", -360),
    ("pst", -480),
    ("pdt", -420),
    ("cet", 60),
];

/// The order of day, month and year in a date of figures.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum DateOrder {
    /// 24/12/2024
    Dmy,
    /// 12/24/2024
    Mdy,
    /// 2024/12/24
    Ymd,
}

#[derive(Clone, Debug, PartialEq)]
enum Token {
    /// Its digits and how many.
    Number(u32, usize),
    /// Folded.
    Word(String),
    Mark(char),
}

/// Reads the one date of a text.
///
/// # Errors
/// Why the text is no date, as half a sentence.
pub(super) fn date(
    text: &str,
    locale: Option<Locale>,
    order: Option<DateOrder>,
) -> Result<String, &'static str> {
    let mut tokens = tokens(text.trim())?;
    let clock = take_time(&mut tokens)?;
    let day = day(&tokens, locale, order.or(locale.map(|locale| locale.order)))?;
    let (year, month, day) = sound(day)?;
    let mut out = format!("{year:04}-{month:02}-{day:02}");
    if let Some(clock) = clock {
        // Writing to a String cannot fail.
        let _ = write!(out, "T{:02}:{:02}:{:02}", clock.hour, clock.minute, clock.second);
        if !clock.fraction.is_empty() {
            out.extend([".", &clock.fraction]);
        }
        match clock.offset {
            None => {}
            Some(0) => out.push('Z'),
            Some(offset) => {
                let (sign, minutes) = (if offset < 0 { '-' } else { '+' }, offset.unsigned_abs());
                let _ = write!(out, "{sign}{:02}:{:02}", minutes / 60, minutes % 60);
            }
        }
    }
    Ok(out)
}

fn tokens(text: &str) -> Result<Vec<Token>, &'static str> {
    if text.chars().nth(LONGEST).is_some() {
        return Err("it is too long for a date");
    }
    let mut tokens = Vec::new();
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let class = |c: char| (c.is_ascii_digit(), c.is_alphabetic() || ('\u{300}'..='\u{36f}').contains(&c));
        let kind = class(c);
        let end = match kind {
            (false, false) => c.len_utf8(),
            _ => rest.find(|other| class(other) != kind).unwrap_or(rest.len()),
        };
        let (piece, after) = rest.split_at(end);
        match kind {
            (true, _) if piece.len() > 9 => return Err("it holds a number that belongs to no date"),
            (true, _) => tokens.push(Token::Number(piece.parse().unwrap_or(0), piece.len())),
            (_, true) => tokens.push(Token::Word(folded(piece))),
            _ if c.is_whitespace() => {}
            _ => tokens.push(Token::Mark(if matches!(c, '\u{2212}' | '\u{2013}') { '-' } else { c })),
        }
        rest = after;
    }
    Ok(tokens)
}

#[derive(Default)]
struct Clock {
    hour: u32,
    minute: u32,
    second: u32,
    fraction: String,
    /// Minutes east of Greenwich.
    offset: Option<i32>,
}

/// Takes `15:30`, `3:30:05.25 pm +01:00` out of the tokens.
fn take_time(tokens: &mut Vec<Token>) -> Result<Option<Clock>, &'static str> {
    let is_start = |at: &[Token]| matches!(at, [Token::Number(..), Token::Mark(':'), Token::Number(..)]);
    let Some(start) = tokens.windows(3).position(is_start) else { return Ok(None) };
    let number = |at: usize| match tokens.get(at) {
        Some(Token::Number(value, digits)) => Some((*value, *digits)),
        _ => None,
    };
    let mark = |at: usize, wanted: char| tokens.get(at) == Some(&Token::Mark(wanted));
    let mut clock = Clock { hour: number(start).map_or(0, |n| n.0), ..Clock::default() };
    clock.minute = number(start + 2).map_or(0, |n| n.0);
    let mut end = start + 3;
    if let (true, Some((second, _))) = (mark(end, ':'), number(end + 1)) {
        clock.second = second;
        end += 2;
        if let (true, Some((fraction, digits))) = (mark(end, '.') || mark(end, ','), number(end + 1)) {
            clock.fraction = format!("{fraction:0digits$}");
            end += 2;
        }
    }
    end = half_of_day(tokens, end, &mut clock)?;
    end = zone(tokens, end, &mut clock)?;
    if clock.hour > 23 || clock.minute > 59 || clock.second > 60 {
        return Err("it has a time that no day has");
    }
    tokens.drain(start..end);
    Ok(Some(clock))
}

/// `am`, `p.m.`
fn half_of_day(tokens: &[Token], at: usize, clock: &mut Clock) -> Result<usize, &'static str> {
    let word = |at: usize| match tokens.get(at) {
        Some(Token::Word(word)) => word.as_str(),
        _ => "",
    };
    let dot = |at: usize| usize::from(tokens.get(at) == Some(&Token::Mark('.')));
    let (is_late, end) = match (word(at), word(at + 1 + dot(at + 1))) {
        ("am", _) => (false, at + 1),
        ("pm", _) => (true, at + 1),
        ("a", "m") => (false, at + 2 + dot(at + 1)),
        ("p", "m") => (true, at + 2 + dot(at + 1)),
        _ => return Ok(at),
    };
    if !(1..=12).contains(&clock.hour) {
        return Err("it has a time that no day has");
    }
    clock.hour = clock.hour % 12 + if is_late { 12 } else { 0 };
    Ok(end + dot(end))
}

/// `Z`, `GMT`, `+0100`, `-05:00`, `+01`, `GMT+1`
fn zone(tokens: &[Token], at: usize, clock: &mut Clock) -> Result<usize, &'static str> {
    let mut end = at;
    if let Some(Token::Word(word)) = tokens.get(at) {
        let Some((_, minutes)) = ZONES.iter().find(|(name, _)| name == word) else { return Ok(at) };
        clock.offset = Some(*minutes);
        end += 1;
    }
    let (Some(Token::Mark(sign @ ('+' | '-'))), Some(Token::Number(value, digits))) =
        (tokens.get(end), tokens.get(end + 1))
    else {
        return Ok(end);
    };
    let is_last = tokens.get(end + 2).is_none();
    let (hours, minutes, after) = match (digits, tokens.get(end + 2), tokens.get(end + 3)) {
        (2, Some(Token::Mark(':')), Some(Token::Number(minutes, 2))) => (*value, *minutes, end + 4),
        (4, ..) if *sign == '+' || *value < 1400 => (value / 100, value % 100, end + 2),
        (1 | 2, ..) if is_last || *sign == '+' => (*value, 0, end + 2),
        _ => return Ok(end),
    };
    if hours > 14 || minutes > 59 {
        return Err("it has an offset that no place has");
    }
    let offset = i32::try_from(hours * 60 + minutes).unwrap_or(0);
    clock.offset = Some(if *sign == '-' { -offset } else { offset });
    Ok(after)
}

/// Year with its digits, month, day.
type Day = ((u32, usize), u32, u32);

fn day(tokens: &[Token], locale: Option<Locale>, order: Option<DateOrder>) -> Result<Day, &'static str> {
    let numbers: Vec<(u32, usize)> = tokens
        .iter()
        .filter_map(|token| match token {
            Token::Number(value, digits) => Some((*value, *digits)),
            _ => None,
        })
        .collect();
    if let Some(month) = named_month(tokens, locale)? {
        let is_year = |number: &(u32, usize)| number.1 >= 3 || number.0 > 31;
        return match numbers.as_slice() {
            [year, day] if is_year(year) && !is_year(day) => Ok((*year, month, day.0)),
            [day, year] if !is_year(day) => Ok((*year, month, day.0)),
            _ => Err("it does not name one day and one year beside the month"),
        };
    }
    match numbers.as_slice() {
        [(packed, 8)] => Ok(((packed / 10_000, 4), packed / 100 % 100, packed % 100)),
        [first, second, third] if is_joined(tokens) => figures(tokens, [*first, *second, *third], order),
        _ => Err("it holds no date"),
    }
}

const MONTHS: &str = "it names more than one month";

/// The month that a word names; a word at the very beginning before another month is the day of the week.
fn named_month(tokens: &[Token], locale: Option<Locale>) -> Result<Option<u32>, &'static str> {
    let words = || {
        tokens.iter().enumerate().filter_map(|(place, token)| match token {
            Token::Word(word) => Some((place, word.as_str())),
            _ => None,
        })
    };
    if locale.is_none_or(|locale| locale.language == "en")
        && words().any(|(_, word)| RELATIVE.contains(&word))
    {
        return Err("relative dates depend on when they are read");
    }
    let found: Vec<(usize, u32)> = words()
        .filter_map(|(place, word)| Some((place, month(word, locale.map(|locale| locale.language))?)))
        .collect();
    match found.as_slice() {
        [] => Ok(None),
        [(_, month)] | [(0, _), (_, month)] => Ok(Some(*month)),
        // A word of one language may be a month in another: `out` is October in Portuguese.
        _ if locale.is_none() => {
            let mut english = words().filter_map(|(_, word)| month(word, Some("en")));
            match (english.next(), english.next()) {
                (Some(month), None) => Ok(Some(month)),
                _ => Err(MONTHS),
            }
        }
        _ => Err(MONTHS),
    }
}

/// Whether three numbers belong together: the same mark between them, or none but words as in 2024年12月24日.
fn is_joined(tokens: &[Token]) -> bool {
    let is_number = |token: &Token| matches!(token, Token::Number(..));
    let first = tokens.iter().position(is_number).unwrap_or(0);
    let last = tokens.iter().rposition(is_number).unwrap_or(0);
    let between = tokens.get(first..last).unwrap_or_default().iter().filter(|token| !is_number(token));
    let marks: Vec<&Token> = between.collect();
    match marks.as_slice() {
        [Token::Mark(a), Token::Mark(b)] => a == b && matches!(a, '.' | '/' | '-'),
        [Token::Word(a), Token::Word(b)] => a == "年" && b == "月",
        _ => false,
    }
}

fn figures(
    tokens: &[Token],
    [first, second, third]: [(u32, usize); 3],
    order: Option<DateOrder>,
) -> Result<Day, &'static str> {
    let is_dotted = tokens.contains(&Token::Mark('.'));
    if first.1 >= 3 {
        return Ok((first, second.0, third.0));
    }
    let order = match order {
        Some(DateOrder::Ymd) if third.1 < 3 => return Ok((first, second.0, third.0)),
        Some(DateOrder::Ymd) | None if is_dotted => DateOrder::Dmy,
        Some(order @ (DateOrder::Dmy | DateOrder::Mdy)) => order,
        _ if first.0 > 12 => DateOrder::Dmy,
        _ if second.0 > 12 => DateOrder::Mdy,
        _ if first.0 == second.0 => DateOrder::Dmy,
        _ => return Err("day and month could be swapped: set `date_order` or `locale`"),
    };
    Ok(if order == DateOrder::Mdy { (third, first.0, second.0) } else { (third, second.0, first.0) })
}

/// The day, if the calendar has it. Years of two digits are those from 1969 to 2068, as POSIX has them.
fn sound(((year, digits), month, day): Day) -> Result<(u32, u32, u32), &'static str> {
    let year = match (digits, year) {
        (1 | 2, 0..=68) => year + 2000,
        (1 | 2, _) => year + 1900,
        _ => year,
    };
    let is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let days = match month {
        2 if is_leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => 0,
    };
    let is_day = (1..=days).contains(&day) && (1..=9999).contains(&year);
    if is_day { Ok((year, month, day)) } else { Err("the calendar has no such day") }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(text: &str, locale: &str, order: Option<DateOrder>) -> Result<String, &'static str> {
        date(text, Locale::of(locale), order)
    }

    #[test]
    fn dates_are_read_as_they_are_written() {
        for (text, locale, expected) in [
            ("2024-12-24", "", "2024-12-24"),
            ("2024-12-24T10:30:00Z", "", "2024-12-24T10:30:00Z"),
            ("2024-12-24T10:30:00.250+01:00", "", "2024-12-24T10:30:00.250+01:00"),
            ("2024-12-24 10:30", "", "2024-12-24T10:30:00"),
            ("2024-12-24T10:30:00-0500", "", "2024-12-24T10:30:00-05:00"),
            ("20241224", "", "2024-12-24"),
            ("2024/12/24", "", "2024-12-24"),
            ("Tue, 24 Dec 2024 10:30:00 +0100", "", "2024-12-24T10:30:00+01:00"),
            ("Tue, 24 Dec 2024 10:30:00 GMT", "", "2024-12-24T10:30:00Z"),
            ("Tue, 24 Dec 2024 10:30 EST", "", "2024-12-24T10:30:00-05:00"),
            ("24 Dec 2024", "", "2024-12-24"),
            ("Dec 24, 2024", "", "2024-12-24"),
            ("December 24th, 2024", "", "2024-12-24"),
            ("Dec. 24, 2024, 3:30 p.m.", "", "2024-12-24T15:30:00"),
            ("24 Dec 24", "", "2024-12-24"),
            ("12:05 AM, 1 Jan 1999", "", "1999-01-01T00:05:00"),
            ("24.12.2024", "", "2024-12-24"),
            ("4.2.24", "", "2024-02-04"),
            ("24. Dezember 2024", "", "2024-12-24"),
            ("Dienstag, 24. Dezember 2024, 15:30 Uhr", "de", "2024-12-24T15:30:00"),
            ("3. März 2024", "", "2024-03-03"),
            ("mardi 24 décembre 2024", "", "2024-12-24"),
            ("mar 24 dic 2024", "es", "2024-12-24"),
            ("24 de diciembre de 2024", "", "2024-12-24"),
            ("24 dicembre 2024", "it", "2024-12-24"),
            ("24 de março de 2024", "pt", "2024-03-24"),
            ("24 grudnia 2024", "", "2024-12-24"),
            ("24. prosince 2024", "", "2024-12-24"),
            ("24 декабря 2024 г.", "", "2024-12-24"),
            ("24 Δεκεμβρίου 2024", "el", "2024-12-24"),
            ("2024. december 24.", "hu", "2024-12-24"),
            ("24 mei 2024", "nl", "2024-05-24"),
            ("24. joulukuuta 2024", "fi", "2024-12-24"),
            ("24 Ağustos 2024", "tr", "2024-08-24"),
            ("2024年12月24日", "", "2024-12-24"),
            ("12/24/2024", "", "2024-12-24"),
            ("24/12/2024", "", "2024-12-24"),
            ("01/02/2024", "en", "2024-01-02"),
            ("01/02/2024", "en-GB", "2024-02-01"),
            ("01/02/2024", "fr", "2024-02-01"),
            ("05/05/2024", "", "2024-05-05"),
            ("Published: 24 Dec 2024 by Tom", "", "2024-12-24"),
            ("Sold out 24 Dec 2024", "", "2024-12-24"),
            ("29 Feb 2024", "", "2024-02-29"),
            ("1 Jan 69", "", "1969-01-01"),
        ] {
            assert_eq!(read(text, locale, None).as_deref(), Ok(expected), "{text} {locale}");
        }
        assert_eq!(read("01/02/2024", "en", Some(DateOrder::Dmy)).as_deref(), Ok("2024-02-01"));
        assert_eq!(read("24-02-01", "", Some(DateOrder::Ymd)).as_deref(), Ok("2024-02-01"));
    }

    #[test]
    fn what_is_no_date_or_unclear_is_none() {
        for text in [
            "",
            "yesterday",
            "3 days ago",
            "2 years 3 months ago",
            "01/02/2024",
            "2024-13-01",
            "30 Feb 2024",
            "29 Feb 2023",
            "May 2024",
            "2024",
            "5 May 2024 to 6 May 2024",
            "12.50",
            "192.168.1.1",
            "2024-12-24T25:00:00Z",
            "24 Dec 2024 13:00 pm",
            "12345678901234567890",
        ] {
            assert!(read(text, "", None).is_err(), "{text}: {:?}", read(text, "", None));
        }
        assert!(read(&"1 ".repeat(200), "", None).is_err());
    }

    proptest! {
        #[test]
        fn any_text_is_a_date_or_none(text in "[0-9:./, +\\-TZapm]{0,30}|[0-9A-Za-zéä. ,]{0,30}|\\PC{0,60}") {
            for locale in ["", "de", "en", "ja"] {
                if let Ok(date) = read(&text, locale, None) {
                    prop_assert_eq!(read(&date, locale, None), Ok(date.clone()), "{}", text);
                }
            }
        }

        #[test]
        fn every_day_is_read_back(year in 1970_u32..2100, month in 1_u32..13, day in 1_u32..29) {
            let expected = Ok(format!("{year:04}-{month:02}-{day:02}"));
            prop_assert_eq!(read(&format!("{day}.{month}.{year}"), "de", None), expected.clone());
            prop_assert_eq!(read(&format!("{month}/{day}/{year}"), "en", None), expected.clone());
            prop_assert_eq!(read(&format!("{year}-{month}-{day}"), "", None), expected);
        }
    }
}
