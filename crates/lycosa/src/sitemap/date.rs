//! Dates as sitemaps, feeds and robots tags write them: the W3C profile of ISO 8601, RFC 822 with its later amendments,
//! RFC 850.
//!
//! A date is a hint, so reading is lenient: missing parts are the earliest possible, an unknown zone is UTC.

use crate::model::Timestamp;

/// The moment, or `None` when the text is no date or before 1970.
pub fn parse(text: &str) -> Option<Timestamp> {
    let text = text.trim();
    let seconds =
        if text.as_bytes().get(..4)?.iter().all(u8::is_ascii_digit) { iso(text) } else { rfc822(text) }?;
    Some(Timestamp(u64::try_from(seconds).ok()?.checked_mul(1000)?))
}

/// `2004`, `2004-12`, `2004-12-23`, `2004-12-23T18:00:15.25+01:00`, the `T` a space, the time without seconds.
fn iso(text: &str) -> Option<i64> {
    let (date, time) = match text.find(['T', 't', ' ']) {
        Some(at) => (&text[..at], text[at + 1..].trim()),
        None => (text, ""),
    };
    let mut parts = date.split('-').map(number);
    let year = parts.next()??;
    let month = parts.next().unwrap_or(Some(1))?;
    let day = parts.next().unwrap_or(Some(1))?;
    let (clock, zone) = match time.find(['Z', 'z', '+', '-']) {
        Some(at) => time.split_at(at),
        None => (time, ""),
    };
    Some(days(year, month, day)? * 86_400 + time_of_day(clock)? - offset(zone))
}

/// `[Thu, ]05 Jan 2017 13:34:51 +0100` or `[Thursday, ]05-Jan-17 13:34:51 GMT`, the year with two digits, time and zone left out.
fn rfc822(text: &str) -> Option<i64> {
    let text = text.split_once(',').map_or(text, |(_, rest)| rest);
    // RFC 850 joins the day, the month and the year by hyphens; a zone may begin with one and stays whole.
    let mut words = text.split_ascii_whitespace().enumerate().flat_map(|(place, word)| {
        let separator = if place == 0 { '-' } else { ' ' };
        word.split(separator)
    });
    let day = number(words.next()?)?;
    let name = words.next()?.get(..3)?.to_ascii_lowercase();
    let months = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
    let month = i64::try_from(months.iter().position(|month| *month == name)?).ok()? + 1;
    let year = match number(words.next()?)? {
        year @ 0..=49 => year + 2000,
        year @ 50..=99 => year + 1900,
        year => year,
    };
    let time = time_of_day(words.next().unwrap_or_default())?;
    Some(days(year, month, day)? * 86_400 + time - offset(words.next().unwrap_or_default()))
}

fn number(text: &str) -> Option<i64> {
    let plain = (1..=6).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    plain.then(|| text.parse().ok()).flatten()
}

fn time_of_day(text: &str) -> Option<i64> {
    if text.is_empty() {
        return Some(0);
    }
    let mut parts = text.split(':');
    let hour = number(parts.next()?)?;
    let minute = number(parts.next()?)?;
    let second = match parts.next() {
        Some(second) => number(second.split('.').next()?)?,
        None => 0,
    };
    let sound = hour <= 24 && minute < 60 && second <= 60;
    sound.then_some(hour * 3600 + minute * 60 + second)
}

/// Seconds east of Greenwich of `+01:00`, `+0100`, `-01`; letters are taken as UTC but for the American zones.
fn offset(zone: &str) -> i64 {
    let hours = match zone.to_ascii_uppercase().as_str() {
        "EDT" => -4,
        "EST" | "CDT" => -5,
        "CST" | "MDT" => -6,
        "MST" | "PDT" => -7,
        "PST" => -8,
        _ => 0,
    };
    let sign = match zone.as_bytes().first() {
        Some(b'+') => 1,
        Some(b'-') => -1,
        _ => return hours * 3600,
    };
    let digits: String = zone.chars().filter(char::is_ascii_digit).collect();
    let part = |range: std::ops::Range<usize>| digits.get(range).and_then(number).unwrap_or(0);
    sign * (part(0..2).min(23) * 3600 + part(2..4).min(59) * 60)
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
            ("2004-12-23T18:00:15+00:00", 1_103_824_815),
            ("2004-12-23T18:00:15.999Z", 1_103_824_815),
            ("2004-12-23T19:00+01:00", 1_103_824_800),
            ("2004-12-23 18:00:15", 1_103_824_815),
            ("Thu, 05 Jan 2017 12:34:50 GMT", 1_483_619_690),
            ("Thu, 05 Jan 2017 13:34:51 +0100", 1_483_619_691),
            ("05 Jan 17 13:34:54 +0100", 1_483_619_694),
            ("05 January 2017", 1_483_574_400),
            ("Thu, 05 Jan 2017 07:34:50 EST", 1_483_619_690),
            ("Thursday, 05-Jan-17 12:34:50 GMT", 1_483_619_690),
            ("05 Jan 2017 04:34:50 -0800", 1_483_619_690),
        ];
        for (text, seconds) in table {
            assert_eq!(parse(text), Some(Timestamp(seconds * 1000)), "{text}");
        }
        for nonsense in ["", "soon", "2005-13-01", "2005-02-29", "1950-01-01", "12", "2005-01-01T25:00", "ä1"]
        {
            assert_eq!(parse(nonsense), None, "{nonsense}");
        }
    }

    proptest! {
        #[test]
        fn http_dates_agree_with_an_independent_parser(seconds in 0..253_402_300_799_u64) {
            let moment = std::time::UNIX_EPOCH + std::time::Duration::from_secs(seconds);
            prop_assert_eq!(parse(&httpdate::fmt_http_date(moment)), Some(Timestamp(seconds * 1000)));
        }

        #[test]
        fn no_text_panics(text in "\\PC{0,40}", digits in "[0-9TZ:. +-]{0,40}") {
            let _ = (parse(&text), parse(&digits));
        }
    }
}
