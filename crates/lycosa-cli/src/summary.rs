//! The summary at the end of a crawl: a table for people, on standard error.

use std::fmt::Write as _;
use std::time::Duration;

use lycosa::crawler::{End, Report};
use lycosa::ledger::Resource;
use lycosa::model::{FieldCounts, Finish, ItemCounts, Stats};
use lycosa::telemetry::Snapshot;

/// Entries of a list in the summary.
pub(crate) const ENTRIES: usize = 5;

/// The whole summary, ready to print, its lists cut after so many `entries`. `outputs` says where the records are.
pub(crate) fn render(report: &Report, outputs: &[String], again: Option<&str>, entries: usize) -> String {
    let mut text = String::new();
    let seconds = report.elapsed.as_secs_f64().max(0.001);
    #[expect(clippy::cast_precision_loss, reason = "a rate for people")]
    let rate = report.run.pages as f64 / seconds;
    line(&mut text, "end", &ending(report.end, report.crawl.parked));
    line(
        &mut text,
        "pages",
        &format!("{} in {} ({rate:.1} pages/s)", report.run.pages, span(report.elapsed)),
    );
    if report.crawl.pages != report.run.pages {
        line(&mut text, "pages in all runs", &report.crawl.pages.to_string());
    }
    if report.run.items > 0 {
        line(&mut text, "items", &report.run.items.to_string());
    }
    items(&mut text, &report.items, entries);
    let by_status: Vec<_> =
        report.run.statuses.iter().map(|(status, count)| format!("{status}: {count}")).collect();
    if !by_status.is_empty() {
        line(&mut text, "answers by status", &by_status.join(", "));
    }
    let received = format!("{} ({} decoded)", bytes(report.run.wire_bytes), bytes(report.run.decoded_bytes));
    line(&mut text, "received", &received);
    let counted = [("visits again", &report.run.revisits), ("also in sitemaps", &report.run.listed)];
    for (name, counts) in counted.into_iter().filter(|(_, counts)| !counts.is_empty()) {
        let counts: Vec<_> = counts.iter().map(|(what, count)| format!("{what}: {count}")).collect();
        line(&mut text, name, &counts.join(", "));
    }
    let Stats { known, done, pending, leased, parked, .. } = report.crawl;
    let urls = format!("{known} known, {done} done, {} left", pending + leased);
    let held = if parked > 0 { format!(", {parked} parked") } else { String::new() };
    line(&mut text, "URLs", &(urls + &held));
    held_back(&mut text, &report.crawl);
    troubles(&mut text, &report.run, entries);
    hosts(&mut text, report);
    for (problem, count) in &report.run.problems {
        line(
            &mut text,
            "note",
            &if *count > 1 { format!("{problem} ({count} times)") } else { problem.clone() },
        );
    }
    for output in outputs {
        line(&mut text, "output", output);
    }
    if let Some(again) = again {
        line(&mut text, "next", again);
    }
    text
}

/// What waits because its site has many URLs like it, and how to have it all the same.
fn held_back(text: &mut String, crawl: &Stats) {
    let (templates, traps) = (crawl.parked_templates, crawl.parked_traps);
    if templates + traps == 0 {
        return;
    }
    let list = [(templates, "of shapes that many URLs have"), (traps, "that look like a trap's")];
    let list = list.iter().filter(|(count, _)| *count > 0);
    let list: Vec<_> = list.map(|(count, what)| format!("{count} {what}")).collect();
    line(text, "parked", &list.join(", "));
    // What is undecided is let through while there is nothing else to do, so at the end all is decided.
    let more = if crawl.pending == 0 {
        "their pages repeat one another; a larger --template-budget with --resume lets more through, 0 all"
    } else {
        "go on with --resume, which decides whether they are worth it"
    };
    line(text, "", more);
}

/// What became of the items of each type: how many were kept and rejected, and the fields that were often without a
/// value, worst first, so that a site that changed its pages is noticed.
fn items(text: &mut String, counts: &[ItemCounts], entries: usize) {
    for item in counts {
        let mut parts = vec![format!("{} kept", item.found)];
        let further = [("rejected", item.rejected), ("repeated", item.repeated)];
        let further = further.into_iter().filter(|(_, count)| *count > 0);
        parts.extend(further.map(|(name, count)| format!("{count} {name}")));
        line(text, &item.kind, &parts.join(", "));
        for inner in item.inner.iter().filter(|inner| inner.rejected > 0) {
            line(text, "", &format!("{}: {} kept, {} rejected", inner.name, inner.found, inner.rejected));
        }
        let mut fields: Vec<&FieldCounts> = item.fields.iter().filter(|field| field.nulls().0 > 0).collect();
        fields.sort_by_key(|field| std::cmp::Reverse(per_mille(field)));
        for field in fields.iter().take(entries) {
            let (nulls, all) = field.nulls();
            let failed = match field.failed {
                0 => String::new(),
                failed => format!(", {failed} not converted"),
            };
            let share = per_mille(field).div_ceil(10);
            line(text, "", &format!("{}: null in {nulls} of {all} ({share} %{failed})", field.name));
        }
        let more = fields.len().saturating_sub(entries);
        if more > 0 {
            line(text, "", &format!("{more} more fields with nulls"));
        }
    }
}

fn per_mille(field: &FieldCounts) -> u64 {
    let (nulls, all) = field.nulls();
    nulls * 1000 / all.max(1)
}

/// What did not become a page, and why.
fn troubles(text: &mut String, run: &Snapshot, entries: usize) {
    let named = |count: &u64, name: &str| (name.to_owned(), *count);
    let skipped = run.skipped.iter().map(|(reason, count)| named(count, reason.as_str())).collect();
    list(text, "skipped", skipped, entries);
    let failed = run.failures.iter().map(|(name, count)| named(count, name)).collect();
    list(text, "failed", failed, entries);
    let blocked = run.blocks.iter().map(|(kind, count)| named(count, kind.as_str())).collect();
    list(text, "blocked", blocked, entries);
    let cached = run.cache.iter().map(|(how, count)| named(count, how.as_str())).collect();
    list(text, "cache", cached, entries);
    if run.retries > 0 {
        line(text, "tried again", &run.retries.to_string());
    }
    if run.retries_refused > 0 {
        let refused = format!("{} (the retry budget of their host was used up)", run.retries_refused);
        line(text, "not tried again", &refused);
    }
}

/// The warning of a crawl that left something open; said even when nothing else is.
pub(crate) fn leaks(open: &[(Resource, i64)]) -> Option<String> {
    let list: Vec<_> = open.iter().map(|(resource, count)| resource.counted(*count)).collect();
    (!list.is_empty()).then(|| format!("warning: still open at the end: {}", list.join(", ")))
}

fn hosts(text: &mut String, report: &Report) {
    let slow: Vec<_> = report
        .slowest
        .iter()
        .take(ENTRIES)
        .map(|host| format!("{} {} ({} done)", host.site, response_time(host.response_time), host.done))
        .collect();
    if !slow.is_empty() {
        line(text, "slowest hosts", &slow.join(", "));
    }
}

/// Mean times are kept in milliseconds: a fast host has none.
fn response_time(mean: Duration) -> String {
    if mean < Duration::from_millis(1) { "<1ms".to_owned() } else { span(mean) }
}

fn ending(end: End, parked: u64) -> String {
    match end {
        End::Finished(Finish::Complete) if parked > 0 => {
            return format!("complete but for {parked} parked: every other URL has its outcome");
        }
        End::Finished(Finish::Complete) => "complete: every URL has its outcome",
        End::Finished(Finish::Pages) => "stopped by --max-pages",
        End::Finished(Finish::HostPages) => "stopped by --max-pages-per-host",
        End::Finished(Finish::Requests) => "stopped by --max-requests",
        End::Finished(Finish::Bytes) => "stopped by --max-bytes",
        End::Finished(Finish::Time) => "stopped by --max-time",
        End::Interrupted => "interrupted",
        End::OutputClosed => "the reader of the output went away",
    }
    .to_owned()
}

fn line(text: &mut String, name: &str, value: &str) {
    // Writing to a String cannot fail.
    let _ = writeln!(text, "{name:>18}  {value}");
}

fn list(text: &mut String, name: &str, mut rows: Vec<(String, u64)>, entries: usize) {
    if rows.is_empty() {
        return;
    }
    rows.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    let shown: Vec<_> = rows.iter().take(entries).map(|(row, count)| format!("{row}: {count}")).collect();
    let more = rows.len().saturating_sub(entries);
    let rest = if more > 0 { format!(", {more} more") } else { String::new() };
    line(text, name, &format!("{}{rest}", shown.join(", ")));
}

/// A count of bytes for people: `1.5 MB`.
pub(crate) fn bytes(count: u64) -> String {
    const UNITS: [&str; 5] = ["B", "kB", "MB", "GB", "TB"];
    #[expect(clippy::cast_precision_loss, reason = "a size for people")]
    let mut value = count as f64;
    let mut unit = 0;
    while value >= 1000.0 && unit + 1 < UNITS.len() {
        value /= 1000.0;
        unit += 1;
    }
    let name = UNITS.get(unit).copied().unwrap_or_default();
    if unit == 0 { format!("{count} {name}") } else { format!("{value:.1} {name}") }
}

/// A span of time for people, to the millisecond.
pub(crate) fn span(time: Duration) -> String {
    humantime::format_duration(Duration::from_millis(u64::try_from(time.as_millis()).unwrap_or(u64::MAX)))
        .to_string()
}

#[cfg(test)]
mod tests {
    use lycosa::model::{BlockKind, CacheUse};

    use lycosa::model::InnerCounts;

    use super::*;

    #[test]
    fn what_kept_the_crawler_out_is_counted_by_kind() {
        let run = Snapshot {
            blocks: [(BlockKind::Forbidden, 1), (BlockKind::RateLimited, 7)].into(),
            cache: [(CacheUse::Hit, 3)].into(),
            retries_refused: 2,
            ..Snapshot::default()
        };
        let mut text = String::new();
        troubles(&mut text, &run, ENTRIES);
        assert!(text.contains("blocked  rate_limited: 7, forbidden: 1\n"), "{text}");
        assert!(text.contains("cache  hit: 3\n") && text.contains("not tried again  2 (the retry"), "{text}");
        assert!(!text.contains("skipped") && !text.contains("failed"), "{text}");
    }

    #[test]
    fn fields_that_are_often_null_are_told_worst_first() {
        let field = |name: &str, found, missing, failed| FieldCounts {
            name: name.to_owned(),
            found,
            defaulted: 0,
            missing,
            failed,
        };
        let fields = vec![field("name", 4, 0, 0), field("stock", 3, 1, 0), field("price", 1, 1, 2)];
        let inner =
            |name: &str, rejected| InnerCounts { name: name.to_owned(), found: 5, rejected, repeated: 0 };
        let inner = vec![inner("offers", 0), inner("offers.shops", 2)];
        let counts = ItemCounts { kind: "product".into(), found: 3, rejected: 1, repeated: 0, fields, inner };
        let mut text = String::new();
        items(&mut text, &[counts], ENTRIES);
        let lines: Vec<&str> = text.lines().map(str::trim).collect();
        assert_eq!(
            lines,
            [
                "product  3 kept, 1 rejected",
                "offers.shops: 5 kept, 2 rejected",
                "price: null in 3 of 4 (75 %, 2 not converted)",
                "stock: null in 1 of 4 (25 %)"
            ]
        );
    }

    #[test]
    fn sizes_read_like_sizes() {
        assert_eq!(bytes(999), "999 B");
        assert_eq!(bytes(1_500_000), "1.5 MB");
    }

    #[test]
    fn what_is_left_open_is_told_and_nothing_is_not() {
        assert_eq!(leaks(&[]), None);
        let told = leaks(&[(Resource::ConnectionsInUse, 2), (Resource::Leases, 1)]);
        assert_eq!(told.as_deref(), Some("warning: still open at the end: 2 connections in use, 1 lease"));
    }
}
