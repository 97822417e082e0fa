//! Cookie dates (RFC 6265bis §5.1.1): whatever servers write into `Expires`, read the one way all browsers do.
//!
//! Zones are ignored, as the algorithm says: every date is UTC. Other dates of the web have other rules and other
//! modules.

/// Seconds since 1970 (negative before), or nothing when the text is no date.
pub(super) fn parse(text: &[u8]) -> Option<i64> {
    let (mut time, mut day, mut month, mut year) = (None, None, None, None);
    for token in text.split(|byte| is_delimiter(*byte)).filter(|token| !token.is_empty()) {
        // In this order, each once: the first token that can be something is that.
        if time.is_none() {
            time = time_of(token);
            if time.is_some() {
                continue;
            }
        }
        if day.is_none() {
            day = number(token, 1, 2);
            if day.is_some() {
                continue;
            }
        }
        if month.is_none() {
            month = month_of(token);
            if month.is_some() {
                continue;
            }
        }
        if year.is_none() {
            year = number(token, 2, 4);
        }
    }
    let year = match year? {
        short @ 70..=99 => short + 1900,
        short @ 0..=69 => short + 2000,
        full => full,
    };
    let (hour, minute, second) = time?;
    seconds(year, month?, day?, hour, minute, second)
}

fn is_delimiter(byte: u8) -> bool {
    matches!(byte, 0x09 | 0x20..=0x2F | 0x3B..=0x40 | 0x5B..=0x60 | 0x7B..=0x7E)
}

/// `hms-time`: three numbers of one or two digits; after the last anything but a digit may follow.
fn time_of(token: &[u8]) -> Option<(i64, i64, i64)> {
    let mut parts = token.splitn(3, |byte| *byte == b':');
    let (hour, minute, second) = (parts.next()?, parts.next()?, parts.next()?);
    let whole = |part: &[u8]| part.iter().all(u8::is_ascii_digit).then(|| number(part, 1, 2)).flatten();
    Some((whole(hour)?, whole(minute)?, number(second, 1, 2)?))
}

/// A number of `least` to `most` digits, alone or followed by something that is no digit.
fn number(token: &[u8], least: usize, most: usize) -> Option<i64> {
    let digits = token.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let text = token.get(..digits).filter(|_| (least..=most).contains(&digits))?;
    std::str::from_utf8(text).ok()?.parse().ok()
}

/// 1 to 12, by the first three letters.
fn month_of(token: &[u8]) -> Option<i64> {
    const MONTHS: [&[u8; 3]; 12] =
        [b"jan", b"feb", b"mar", b"apr", b"may", b"jun", b"jul", b"aug", b"sep", b"oct", b"nov", b"dec"];
    let start = token.get(..3)?;
    (1..).zip(MONTHS).find(|(_, month)| start.eq_ignore_ascii_case(*month)).map(|(number, _)| number)
}

/// Proleptic Gregorian calendar to seconds; nothing for a day or time that does not exist, or before 1601.
fn seconds(year: i64, month: i64, day: i64, hour: i64, minute: i64, second: i64) -> Option<i64> {
    let leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    let last = match month {
        2 if leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    };
    if year < 1601 || !(1..=last).contains(&day) || hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    // Days since 0000-03-01, so that the leap day ends its year.
    let (from_march, year) = ((month + 9) % 12, if month < 3 { year - 1 } else { year });
    let days = year * 365 + year / 4 - year / 100 + year / 400 + (from_march * 306 + 5) / 10 + day - 1;
    Some((days - 719_468) * 86_400 + hour * 3600 + minute * 60 + second)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::corpus;

    #[test]
    fn the_dates_of_the_ietf_suite_are_read_as_it_says() {
        let Some(rows) = corpus::rows("cookies/http-state-dates.jsonl") else { return };
        for row in &rows {
            let text = row["test"].as_str().unwrap();
            let expected = row["expected"].as_str().map(|date| {
                let at = httpdate::parse_http_date(date).unwrap();
                i64::try_from(at.duration_since(std::time::UNIX_EPOCH).unwrap().as_secs()).unwrap()
            });
            assert_eq!(parse(text.as_bytes()), expected, "{text}");
        }
        assert_eq!(rows.len(), 36);
    }

    #[test]
    fn days_and_times_that_do_not_exist_are_no_dates() {
        for text in [
            "29 Feb 2023 00:00:00",
            "30 Feb 2024 00:00:00",
            "31 Apr 2024 00:00:00",
            "0 Jan 2024 00:00:00",
            "1 Jan 1600 00:00:00",
            "1 Jan 2024 24:00:00",
            "1 Jan 2024 00:60:00",
            "1 Jan 2024 00:00:60",
            "1 Jan 2024",
            "Jan 2024 00:00:00",
            "1 2024 00:00:00",
            "1 Jan 00:00:00",
            "1 Jan 2024 100:00:00",
            "",
        ] {
            assert_eq!(parse(text.as_bytes()), None, "{text}");
        }
        assert_eq!(parse(b"29 Feb 2024 23:59:59"), Some(1_709_251_199));
        assert_eq!(parse(b"1 Jan 1601 00:00:00"), Some(-11_644_473_600));
        assert_eq!(parse(b"1 Jan 69 0:0:0"), Some(3_124_224_000), "two digits below 70 are of this century");
        assert_eq!(parse(b"1 Jan 70 0:0:0"), Some(0));
    }

    proptest! {
        #[test]
        fn what_servers_should_write_is_read_back(at in 0_u64..=7_258_118_399) {
            let time = std::time::UNIX_EPOCH + std::time::Duration::from_secs(at);
            prop_assert_eq!(parse(httpdate::fmt_http_date(time).as_bytes()), i64::try_from(at).ok());
        }

        #[test]
        fn no_bytes_at_all_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..80),
            soup in "([0-9]{1,5}|jan|FEB|:|-| |/|,){0,12}") {
            let _ = (parse(&bytes), parse(soup.as_bytes()));
        }
    }
}
