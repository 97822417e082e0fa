//! Medians, intervals and the Markdown of a benchmark.

use std::fmt::Write as _;
use std::thread;

use super::contest::Run;
use super::field::{CRAWLER_CORE, Crawler, Ground, SERVER_CORE};
use crate::failure::Result;
use crate::workspace;

/// From this many runs on, a 95 % interval of the median is given instead of the range.
const ENOUGH_FOR_INTERVAL: usize = 15;
const KIBIBYTES_IN_MEBIBYTE: f64 = 1024.0;

/// The middle of a series, and how far it spreads.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Summary {
    median: f64,
    low: f64,
    high: f64,
}

impl Summary {
    /// Of a series that is not empty.
    pub(super) fn of(series: impl IntoIterator<Item = f64>) -> Self {
        let mut sorted: Vec<f64> = series.into_iter().collect();
        sorted.sort_by(f64::total_cmp);
        let count = sorted.len();
        if count == 0 {
            return Self { median: f64::NAN, low: f64::NAN, high: f64::NAN };
        }
        let median = f64::midpoint(sorted[(count - 1) / 2], sorted[count / 2]);
        let cut = if count >= ENOUGH_FOR_INTERVAL { ranks_outside(count) } else { 0 };
        Self { median, low: sorted[cut], high: sorted[count - 1 - cut] }
    }

    pub(super) fn median(&self) -> f64 {
        self.median
    }

    /// Where the series spreads to, down and up.
    pub(super) fn range(&self) -> (f64, f64) {
        (self.low, self.high)
    }

    pub(super) fn show(&self, decimals: usize) -> String {
        let Self { median, low, high } = self;
        format!("{median:.decimals$} ({low:.decimals$} to {high:.decimals$})")
    }
}

/// How many values lie outside a 95 % interval of the median on either side. The interval goes from the `k`-th
/// smallest to the `k`-th largest value, with the largest `k` for which fewer than `k` of `count` fair coins show heads
/// with a probability of at most 2.5 %.
fn ranks_outside(count: usize) -> usize {
    let mut term = 0.5_f64.powi(i32::try_from(count).unwrap_or(i32::MAX));
    let mut below = term;
    let mut rank = 0;
    while below <= 0.025 && rank + 1 < count / 2 {
        rank += 1;
        term *= f64::from(u32::try_from(count - rank + 1).unwrap_or(0))
            / f64::from(u32::try_from(rank).unwrap_or(1));
        below += term;
    }
    rank.saturating_sub(1)
}

/// The line about the machine.
pub(super) fn machine() -> String {
    let first_line = |program: &str, words: &[&str]| {
        workspace::output(program, words)
            .and_then(|text| text.lines().next().map(str::to_owned))
            .unwrap_or_default()
    };
    let processors = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = processors.lines().find_map(|line| line.strip_prefix("model name")).unwrap_or_default();
    let model = model.trim_start_matches(['\t', ' ', ':']);
    let cores = thread::available_parallelism().map_or(1, usize::from);
    let system = first_line("uname", &["-sr"]);
    let compiler = first_line("rustc", &["--version"]);
    format!("- Machine: {model}, {cores} cores, {system}; {compiler}\n")
}

/// The beginning of the report: what was run, where, and which versions.
pub(super) fn head(crawlers: &[Crawler], rounds: usize) -> Result<String> {
    let nginx = "nginx, one worker, no access log, no compression";
    let mut text = String::from("# Crawl benchmark\n\n");
    let _ = writeln!(
        text,
        "Made by `cargo xtask bench crawl --pairs {rounds}`; what it does is in its `--help`.\n"
    );
    text.push_str(&machine());
    let _ = writeln!(
        text,
        "- Server: {nginx}, on core {SERVER_CORE}; crawler on core {CRAWLER_CORE}; 16 in flight"
    );
    for crawler in crawlers {
        let _ = writeln!(text, "- {} {}", crawler.name, crawler.version);
    }
    let spread = if rounds >= ENOUGH_FOR_INTERVAL { "95 % interval of the median" } else { "least to most" };
    let _ = writeln!(text, "- Figures: median of {rounds} interleaved rounds ({spread})");
    Ok(text)
}

/// The table of one site. `runs` has a list for each crawler; `counts` is empty or has one entry for each.
pub(super) fn table(
    ground: &Ground,
    crawlers: &[Crawler],
    pages: usize,
    runs: &[Vec<Run>],
    counts: &[(f64, String)],
) -> String {
    let pages_number = pages as f64;
    let mut text = format!("\n## {}, {pages} pages\n\n", ground.title);
    text.push_str("| crawler | wall s | pages/s | CPU ms a page | peak RSS MiB | instructions a page |\n");
    text.push_str("|---|---|---|---|---|---|\n");
    for (at, crawler) in crawlers.iter().enumerate() {
        let wall = Summary::of(runs[at].iter().map(|run| run.wall_seconds));
        let cpu = Summary::of(runs[at].iter().map(|run| run.cpu_seconds * 1e3 / pages_number));
        let peak = Summary::of(runs[at].iter().map(|run| run.peak_kibibytes / KIBIBYTES_IN_MEBIBYTE));
        let instructions = match counts.get(at) {
            Some((count, tool)) => format!("{:.0} k ({tool})", count / pages_number / 1e3),
            None => "not counted".to_owned(),
        };
        let _ = writeln!(
            text,
            "| {} | {} | {:.0} | {} | {} | {instructions} |",
            crawler.name,
            wall.show(2),
            pages_number / wall.median,
            cpu.show(3),
            peak.show(0)
        );
    }
    text.push_str(&ratios(crawlers, runs));
    text
}

/// CPU of the first crawler over that of each other, round by round, so that noise shared by a round cancels.
fn ratios(crawlers: &[Crawler], runs: &[Vec<Run>]) -> String {
    let mut text = String::from("\n");
    let Some((first, others)) = crawlers.split_first() else { return text };
    for (at, other) in others.iter().enumerate() {
        let pairs = runs[0].iter().zip(&runs[at + 1]);
        let ratio = Summary::of(pairs.map(|(one, two)| one.cpu_seconds / two.cpu_seconds));
        let _ = writeln!(text, "CPU of {} over {}, by rounds: {}", first.name, other.name, ratio.show(2));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_short_series_gives_its_range_and_an_even_one_the_mean_of_its_middle() {
        assert_eq!(Summary::of([3.0, 1.0, 2.0]), Summary { median: 2.0, low: 1.0, high: 3.0 });
        assert_eq!(Summary::of([4.0, 1.0, 2.0, 3.0]).median, 2.5);
    }

    #[test]
    fn a_long_series_gives_the_interval_of_the_statistical_tables() {
        // Published ranks of the 95 % interval of a median: 4 and 12 of 15, 6 and 15 of 20, 10 and 21 of 30.
        for (count, low, high) in [(15, 4.0, 12.0), (20, 6.0, 15.0), (30, 10.0, 21.0)] {
            let summary = Summary::of((1..=count).map(f64::from));
            assert_eq!((summary.low, summary.high), (low, high), "{count}");
        }
    }
}
