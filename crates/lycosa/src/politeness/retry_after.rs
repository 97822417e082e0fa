//! The `Retry-After` header (RFC 9110 §10.2.3).

use std::time::{Duration, SystemTime};

use crate::model::Timestamp;

/// The longest wait that a header can cause: longer ones are cut to this, so that nobody parks a site for ever.
pub const MAX_RETRY_AFTER: Duration = Duration::from_secs(24 * 60 * 60);

/// How long from `now` the header asks to wait: seconds, or an HTTP date in any of its three forms. Parts of a second,
/// which the standard does not know, count as a whole one; a date in universal time may say so in other words than
/// `GMT`. A date in the past is zero; anything above [`MAX_RETRY_AFTER`] is cut to it; `None` when the value is neither.
#[must_use]
pub fn retry_after(value: &str, now: Timestamp) -> Option<Duration> {
    let value = value.trim();
    seconds(value).or_else(|| until(value, now)).map(|wait| wait.min(MAX_RETRY_AFTER))
}

fn seconds(value: &str) -> Option<Duration> {
    let (whole, part) = value.split_once('.').unwrap_or((value, "0"));
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if !is_number(whole) || !is_number(part) {
        return None;
    }
    // Digits that overflow ask for more than any limit.
    let whole = whole.parse().map_or(MAX_RETRY_AFTER, Duration::from_secs);
    let more = u64::from(part.bytes().any(|digit| digit != b'0'));
    Some(whole.saturating_add(Duration::from_secs(more)))
}

/// Names that Greenwich has beside `GMT`, in dates of mail and of programs.
const GREENWICH: [&str; 5] = ["+0000", "-0000", "UTC", "UT", "Z"];

const WEEKDAYS: [&str; 7] = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];

/// Longer texts are no date.
const LONGEST_DATE: usize = 50;

fn until(value: &str, now: Timestamp) -> Option<Duration> {
    if value.len() > LONGEST_DATE {
        return None;
    }
    let zone = value.rsplit_once(' ');
    let date = match zone.filter(|(_, zone)| GREENWICH.iter().any(|name| zone.eq_ignore_ascii_case(name))) {
        Some((moment, _)) => format!("{} GMT", moment.trim_end()),
        None => value.to_owned(),
    };
    let since_epoch = moment(&date)?.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    Some(since_epoch.saturating_sub(Duration::from_millis(now.0)))
}

/// The moment of an HTTP date, whose day of the week may be wrong: the rest says it all.
fn moment(date: &str) -> Option<SystemTime> {
    let length = date.bytes().take_while(u8::is_ascii_alphabetic).count();
    let (_, rest) = date.split_at(length);
    let spelled = |day: &&str| {
        httpdate::parse_http_date(&format!("{}{rest}", if length == 3 { &day[..3] } else { *day })).ok()
    };
    httpdate::parse_http_date(date).ok().or_else(|| WEEKDAYS.iter().find_map(spelled))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Sun, 06 Nov 1994 08:49:37 GMT.
    const NOW: Timestamp = Timestamp(784_111_777_000);

    #[test]
    fn seconds_and_dates_are_understood_and_bounded() {
        let seconds = |value: &str| retry_after(value, NOW).map(|wait| wait.as_secs());
        assert_eq!(seconds("120"), Some(120));
        assert_eq!(seconds(" 0 "), Some(0));
        assert_eq!(seconds("Sun, 06 Nov 1994 08:50:37 GMT"), Some(60));
        assert_eq!(seconds("Sunday, 06-Nov-94 08:50:37 GMT"), Some(60));
        assert_eq!(seconds("Sun Nov  6 08:50:37 1994"), Some(60));
        assert_eq!(seconds("Sun, 06 Nov 1994 08:49:00 GMT"), Some(0));
        assert_eq!(seconds("Fri, 31 Dec 9999 23:59:59 GMT"), Some(24 * 3600));
        assert_eq!(seconds("99999999999999999999999999"), Some(24 * 3600));
        for nonsense in
            ["", "-1", "1.", ".5", "1.5.2", "1.5s", "1e3", "soon", "Sun, 99 Nov 1994 08:49:37 GMT"]
        {
            assert_eq!(seconds(nonsense), None, "{nonsense}");
        }
    }

    #[test]
    fn what_means_one_thing_only_is_understood_though_it_is_not_the_standards() {
        let seconds = |value: &str| retry_after(value, NOW).map(|wait| wait.as_secs());
        assert_eq!(["5.0", "2.5", "0.001", "0.0", "120.000"].map(seconds), [5, 3, 1, 0, 120].map(Some));
        assert_eq!(seconds("99999999999999999999999.9"), Some(24 * 3600));
        for date in [
            "Sun, 06 Nov 1994 08:50:37 +0000",
            "Sun, 06 Nov 1994 08:50:37 -0000",
            "Sun, 06 Nov 1994 08:50:37 UTC",
            "Sun, 06 Nov 1994 08:50:37 utc",
            "Sunday, 06-Nov-94 08:50:37 UTC",
            // The day of the week is wrong; the date is meant.
            "Sat, 06 Nov 1994 08:50:37 +0000",
        ] {
            assert_eq!(seconds(date), Some(60), "{date}");
        }
        assert_eq!(seconds("Sun, 06 Nov 1994 08:50:37 +0100"), None, "another zone is none of HTTP's");
    }

    proptest! {
        #[test]
        fn no_value_panics(value in "\\PC{0,40}", now in any::<u64>()) {
            if let Some(wait) = retry_after(&value, Timestamp(now)) {
                prop_assert!(wait <= MAX_RETRY_AFTER);
            }
        }
    }
}
