//! How the command ends after a crawl, and what is said when there was nothing to do or to have.

use lycosa::crawler::{End, Report};
use lycosa::model::Finish;

use super::place;
use crate::exit::Exit;
use crate::output;

/// How the command ends after a crawl.
pub(in crate::cmd) fn exit_of(report: &Report) -> Exit {
    match report.end {
        _ if is_empty(report) => Exit::Failed,
        End::Finished(Finish::Complete) | End::OutputClosed => Exit::Done,
        End::Finished(_) => Exit::Budget,
        End::Interrupted => Exit::Interrupted,
    }
}

/// Whether the crawl came to its end without a single page: whoever asked for one got nothing.
pub(super) fn is_empty(report: &Report) -> bool {
    let crawl = &report.crawl;
    // Without a request only those were fetched that were imported with their outcome.
    let is_moved = crawl.requests == 0 && crawl.fetched > 0;
    report.end == End::Finished(Finish::Complete) && crawl.pages == 0 && !is_moved
}

/// Says that no page was found, and what may help.
pub(super) fn say_empty(report: &Report, seeds: &[String]) {
    let why = report.run.problems.keys().next().map(|why| format!(": {why}")).unwrap_or_default();
    output::say(&format!("lycosa: no page was found{why}"));
    let unreached = report.run.failures.keys().any(|name| name.starts_with("resolve"));
    let spelling = if unreached { "check the seeds' spelling; " } else { "" };
    let advice = place::file_hint(seeds)
        .unwrap_or_else(|| format!("{spelling}`lycosa fetch -v URL` shows what a seed answers"));
    output::say(&format!("  hint: {advice}"));
}

/// Whether a crawl that was to visit pages again had none to visit, and did nothing else.
pub(super) fn remembers_none(report: &Report) -> bool {
    let ended = report.end == End::Finished(Finish::Complete);
    ended && report.run.requests == 0 && report.crawl.revisits_waiting == 0
}
