//! Whether the dates of a sitemap can be those of changes at all. How far those that can are believed, visits tell
//! (`LastmodTrust`).

use std::time::Duration;

use super::Sitemap;
use crate::model::Timestamp;

/// Entries from which on a file's dates are judged together.
const ENOUGH: usize = 10;

/// Dates this close before the moment of fetching were made by the fetching.
const JUST_NOW: Duration = Duration::from_secs(10 * 60);

/// Clocks differ; a date this far ahead is still now.
const AHEAD: Duration = Duration::from_secs(24 * 60 * 60);

/// Whether the dates of a file can be dates of changes: not when all of many are in the last minutes before it was
/// fetched, all the same to the second, or one of them is ahead of time. A file with few dates is believed.
#[must_use]
pub fn are_plausible(sitemap: &Sitemap, fetched_at: Timestamp) -> bool {
    let dates: Vec<Timestamp> = sitemap.entries.iter().filter_map(|entry| entry.lastmod).collect();
    if dates.iter().any(|date| *date > fetched_at.after(AHEAD)) {
        return false;
    }
    if dates.len() < ENOUGH {
        return true;
    }
    let is_day = |date: &Timestamp| date.0.is_multiple_of(24 * 60 * 60 * 1_000);
    let all_now = dates.iter().all(|date| date.after(JUST_NOW) >= fetched_at);
    let all_same = dates.windows(2).all(|pair| pair[0] == pair[1]) && !dates.iter().all(is_day);
    !all_now && !all_same
}

#[cfg(test)]
mod tests {
    use url::Url;

    use super::*;

    #[test]
    fn dates_made_by_fetching_are_told_from_dates_of_changes() {
        let now = Timestamp(1_700_000_000_000);
        let file = |date: &dyn Fn(u64) -> String, count: u64| {
            let entries: String = (0..count)
                .map(|n| format!("<url><loc>https://a.test/{n}</loc><lastmod>{}</lastmod></url>", date(n)))
                .collect();
            super::super::parse(
                format!("<urlset>{entries}</urlset>").as_bytes(),
                &Url::parse("https://a.test/").unwrap(),
            )
        };
        let believed = |date: &dyn Fn(u64) -> String, count| are_plausible(&file(date, count), now);
        assert!(believed(&|n| format!("2023-10-{:02}", n % 28 + 1), 50));
        assert!(believed(&|_| "2023-11-01".to_owned(), 50), "a day on which all changed");
        assert!(!believed(&|_| "2023-11-01T10:11:12Z".to_owned(), 50), "one second for all");
        assert!(!believed(&|n| format!("2023-11-14T22:12:{:02}Z", n % 50), 50), "the last minute");
        assert!(believed(&|_| "2023-11-14T22:13:00Z".to_owned(), 3), "few may have changed just now");
        assert!(!believed(&|_| "2031-01-01".to_owned(), 1), "ahead of time");
    }
}
