//! Times as the web writes them: of HTTP (RFC 9110 §5.6.7) and of sitemaps (a day). By hand, as every crate that does
//! it is one that the crawler uses too.

const DAYS: [&str; 7] = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];
const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// A moment as HTTP writes it; milliseconds since 1970 in.
pub(super) fn http(ms: u64) -> String {
    let seconds = ms / 1_000;
    let (days, rest) = (seconds / 86_400, seconds % 86_400);
    let (year, month, day) = civil(days);
    format!(
        "{}, {day:02} {} {year} {:02}:{:02}:{:02} GMT",
        DAYS[days as usize % 7],
        MONTHS[month as usize - 1],
        rest / 3_600,
        rest / 60 % 60,
        rest % 60
    )
}

/// The day of a moment, such as `2024-02-29`.
pub(super) fn day(ms: u64) -> String {
    let (year, month, day) = civil(ms / 86_400_000);
    format!("{year}-{month:02}-{day:02}")
}

/// The second of a moment, such as `2024-02-29T12:00:00Z`.
pub(super) fn second(ms: u64) -> String {
    let rest = ms / 1_000 % 86_400;
    format!("{}T{:02}:{:02}:{:02}Z", day(ms), rest / 3_600, rest / 60 % 60, rest % 60)
}

/// Year, month and day of a number of days since 1970, by walking the years: nobody asks for far ones.
fn civil(mut days: u64) -> (u64, u64, u64) {
    let leap = |year: u64| year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    let mut year = 1970;
    while days >= 365 + u64::from(leap(year)) {
        days -= 365 + u64::from(leap(year));
        year += 1;
    }
    let lengths = [31, 28 + u64::from(leap(year)), 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    let mut month = 0;
    while days >= lengths[month] {
        days -= lengths[month];
        month += 1;
    }
    (year, month as u64 + 1, days + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_moments_are_written_as_the_standards_do() {
        assert_eq!(http(784_111_777_000), "Sun, 06 Nov 1994 08:49:37 GMT");
        assert_eq!(http(0), "Thu, 01 Jan 1970 00:00:00 GMT");
        assert_eq!(day(951_782_400_000), "2000-02-29");
        assert_eq!(day(4_107_542_400_000), "2100-03-01");
        assert_eq!(second(784_111_777_999), "1994-11-06T08:49:37Z");
    }
}
