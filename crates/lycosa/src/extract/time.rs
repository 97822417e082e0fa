//! Moments as text: RFC 3339 in UTC with milliseconds, the form `fetched_at` has.

use crate::model::Timestamp;

/// Days of 400 Gregorian years.
const DAYS_OF_ERA: u64 = 146_097;
/// Days from 0000-03-01 to 1970-01-01.
const DAYS_BEFORE_EPOCH: u64 = 719_468;
/// The last moment with a year of four digits, 9999-12-31T23:59:59.999Z; later ones are written as this one.
const LAST: u64 = 253_402_300_799_999;

/// The moment as `2026-03-01T12:34:56.789Z`.
pub(super) fn rfc3339(at: Timestamp) -> String {
    let mut out = String::with_capacity(24);
    push_rfc3339(&mut out, at);
    out
}

/// Adds `2026-03-01T12:34:56.789Z`.
pub(super) fn push_rfc3339(out: &mut String, at: Timestamp) {
    let millis = at.0.min(LAST);
    let (days, in_day) = (millis / 86_400_000, millis % 86_400_000);
    let (year, month, day) = civil(days);
    let seconds = in_day / 1000;
    push_padded(out, year, 4);
    for (mark, value) in
        [('-', month), ('-', day), ('T', seconds / 3600), (':', seconds / 60 % 60), (':', seconds % 60)]
    {
        out.push(mark);
        push_padded(out, value, 2);
    }
    out.push('.');
    push_padded(out, in_day % 1000, 3);
    out.push('Z');
}

/// Year, month, day of a day counted from 1970-01-01. Years are counted from March, so that the leap day is the
/// last day of its year and every month's start is a linear function of its number.
fn civil(days: u64) -> (u64, u64, u64) {
    let days = days + DAYS_BEFORE_EPOCH;
    let (era, of_era) = (days / DAYS_OF_ERA, days % DAYS_OF_ERA);
    let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let from_march = (5 * of_year + 2) / 153;
    let day = of_year - (153 * from_march + 2) / 5 + 1;
    let month = if from_march < 10 { from_march + 3 } else { from_march - 9 };
    (400 * era + year_of_era + u64::from(month <= 2), month, day)
}

fn push_padded(out: &mut String, value: u64, digits: u32) {
    for place in (0..digits).rev() {
        out.push(char::from(b'0' + u8::try_from(value / 10_u64.pow(place) % 10).unwrap_or(0)));
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn written(millis: u64) -> String {
        let mut out = String::new();
        push_rfc3339(&mut out, Timestamp(millis));
        out
    }

    #[test]
    fn known_moments_are_written_as_known() {
        for (millis, text) in [
            (0, "1970-01-01T00:00:00.000Z"),
            (951_782_400_123, "2000-02-29T00:00:00.123Z"),
            (4_107_542_399_999, "2100-02-28T23:59:59.999Z"),
            (4_107_542_400_000, "2100-03-01T00:00:00.000Z"),
            (u64::MAX, "9999-12-31T23:59:59.999Z"),
        ] {
            assert_eq!(written(millis), text);
        }
    }

    proptest! {
        #[test]
        fn every_moment_is_written_as_an_independent_formatter_writes_it(millis in 0..LAST) {
            let time = Timestamp(millis).to_system_time();
            prop_assert_eq!(written(millis), humantime::format_rfc3339_millis(time).to_string());
        }
    }
}
