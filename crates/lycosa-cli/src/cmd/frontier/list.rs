//! `lycosa frontier hosts`, `pending`, `dead` and `export`: lists, written as they are read.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;

use lycosa::crawler::stopped::{ExportEnd, HostLine, LastmodLine, Statuses, UrlLine};
use lycosa::host_pattern::HostPattern;
use lycosa::model::{Breaker, Origin, Timestamp};
use lycosa::url::Url;
use lycosa::{Error, ErrorKind, Result};

use super::Sort;
use super::change::not_told;
use super::kinds::Kind;
use super::stats::{moment, span};
use crate::cmd::states;
use crate::exit::Exit;
use crate::output;

/// Lines of a list unless more are asked for.
const USUAL: usize = 100;

/// Which hosts.
#[derive(Debug, clap::Args)]
pub(super) struct HostsArgs {
    /// What they are sorted by
    #[arg(long, value_enum, default_value = "pending")]
    sort: Sort,
    /// At most so many
    #[arg(long, value_name = "COUNT", default_value_t = 50)]
    limit: usize,
    /// These alone: example.com, *.example.com
    #[arg(long, value_name = "HOST")]
    host: Option<String>,
    /// Print JSON, one host a line
    #[arg(long)]
    json: bool,
}

/// Which URLs that wait.
#[derive(Debug, clap::Args)]
pub(super) struct PendingArgs {
    /// At these hosts alone: example.com, *.example.com
    #[arg(long, value_name = "HOST")]
    host: Option<String>,
    /// Of this priority class alone, 0 (first) to 3
    #[arg(long, value_name = "CLASS", value_parser = clap::value_parser!(u8).range(0..=3))]
    class: Option<u8>,
    /// At this many links from a seed alone
    #[arg(long, value_name = "LINKS")]
    depth: Option<u32>,
    /// Those held back by a depth limit or the budget of their shape, alone
    #[arg(long)]
    parked: bool,
    /// At most so many; 0 is all
    #[arg(long, value_name = "COUNT", default_value_t = USUAL)]
    limit: usize,
    /// Print JSON, one URL a line
    #[arg(long)]
    json: bool,
}

/// Which URLs that ended badly.
#[derive(Debug, clap::Args)]
pub(super) struct DeadArgs {
    /// At these hosts alone: example.com, *.example.com
    #[arg(long, value_name = "HOST")]
    host: Option<String>,
    /// Of this kind of failure, blocked in this way or for this reason alone, such as timeout, blocked, forbidden or robots
    #[arg(long, value_name = "KIND")]
    kind: Option<String>,
    /// What ended with this status, failure or not, such as 500, or 5xx for all of that class; repeatable
    #[arg(long, value_name = "STATUS", value_delimiter = ',')]
    status: Vec<Statuses>,
    /// At most so many; 0 is all
    #[arg(long, value_name = "COUNT", default_value_t = USUAL)]
    limit: usize,
    /// Print JSON, one URL a line
    #[arg(long)]
    json: bool,
}

/// A list on its way out: bounded, buffered, and ended quietly when nobody reads any more.
struct Lines<'w> {
    out: BufWriter<Box<dyn Write + 'w>>,
    left: usize,
    failed: Option<std::io::Error>,
    cut: bool,
}

impl Lines<'_> {
    fn to_reader(limit: usize) -> Self {
        let out: Box<dyn Write> = Box::new(std::io::stdout().lock());
        let left = if limit == 0 { usize::MAX } else { limit };
        Self { out: BufWriter::new(out), left, failed: None, cut: false }
    }

    /// Writes one; `false` when there shall be no more.
    fn put(&mut self, line: &str) -> bool {
        if self.left == 0 {
            self.cut = true;
            return false;
        }
        self.left -= 1;
        self.failed = writeln!(self.out, "{line}").err();
        self.failed.is_none()
    }

    /// Whether there was more, or nobody reads any more: then not all was looked at.
    fn is_full(&self) -> bool {
        self.cut || self.failed.is_some()
    }

    fn end(mut self, limit: usize) -> Result<Exit> {
        let flushed = self.out.flush().err();
        match self.failed.take().or(flushed) {
            Some(cause) if cause.kind() != std::io::ErrorKind::BrokenPipe => {
                return Err(Error::io("writing the list", cause));
            }
            _ => {}
        }
        drop(self.out);
        if self.cut {
            output::say(&format!("the first {limit}; more with --limit"));
        }
        Ok(Exit::Done)
    }
}

fn pattern(host: Option<&String>) -> Result<Option<HostPattern>> {
    host.map(|host| HostPattern::parse(host)).transpose()
}

fn fits(pattern: Option<&HostPattern>, url: &str) -> bool {
    pattern.is_none_or(|pattern| {
        Url::parse(url).ok().and_then(|url| Origin::of(&url)).is_some_and(|origin| pattern.fits(&origin))
    })
}

fn json(value: &impl serde::Serialize) -> Result<String> {
    serde_json::to_string(value)
        .map_err(|cause| Error::new(ErrorKind::Internal, "a line cannot be written").with_source(cause))
}

/// Prints hosts.
pub(super) fn hosts(folder: &Path, args: &HostsArgs) -> Result<Exit> {
    let mut crawl = states::open(folder)?;
    let pattern = pattern(args.host.as_ref())?;
    let limit = if args.limit == 0 { usize::MAX } else { args.limit };
    let found = crawl.hosts(args.sort.into(), limit, |record| {
        pattern.as_ref().is_none_or(|pattern| record.origins.iter().any(|known| pattern.fits(&known.origin)))
    })?;
    let mut lines = Lines::to_reader(0);
    if args.json {
        for host in &found {
            if !lines.put(&json(host)?) {
                break;
            }
        }
        return lines.end(0);
    }
    lines.put(&format!(
        "{:<32} {:>8} {:>15} {:>7} {:>7} {:>6}  {:>9} {:<13} {:>8}  {}",
        "host",
        "pending",
        "class 0/1/2/3",
        "parked",
        "done",
        "failed",
        "delay",
        "by",
        "answers",
        "robots, rest"
    ));
    for host in &found {
        if !lines.put(&output::printable(&host_row(host, crawl.now()))) {
            break;
        }
    }
    lines.end(0)
}

/// What the dates in a site's sitemaps are worth, in words.
pub(in crate::cmd) fn lastmod(dates: &LastmodLine) -> String {
    let LastmodLine { share, moved, confirmed, missed, .. } = dates;
    format!(
        "sitemap dates believed {:.0} % ({confirmed:.0} of {moved} that moved were right, {missed} changes without)",
        share * 100.0
    )
}

fn host_row(host: &HostLine, now: Timestamp) -> String {
    let millis = |millis: u64| span(std::time::Duration::from_millis(millis));
    let mut robots: Vec<&str> = host.origins.iter().map(|origin| origin.robots).collect();
    robots.dedup();
    let rest = host.blocked_until.map(|until| {
        let why = host.why.as_deref().unwrap_or("unknown");
        format!(", rests until {} ({why})", moment(until, now))
    });
    let breaker = match host.breaker {
        Breaker::Closed => String::new(),
        Breaker::Open => format!(", failed {} times in a row", host.failures_in_a_row),
        Breaker::HalfOpen => ", tried again after failures".to_owned(),
        Breaker::GivenUp => format!(", given up after {} rests", host.rests),
    };
    let held = match host.pending_for_robots {
        0 => String::new(),
        count => format!(", {count} wait for robots.txt"),
    };
    let retry = host.origins.iter().filter_map(|origin| origin.robots_retry).min();
    let held = match retry {
        Some(at) => format!("{held}, which failed and is asked for again {}", moment(at, now)),
        None => held,
    };
    let dates = host.lastmod.as_ref().map(|dates| format!(", {}", lastmod(dates))).unwrap_or_default();
    let spent = if host.has_spent { ", its page budget is used up" } else { "" };
    format!(
        "{:<32} {:>8} {:>15} {:>7} {:>7} {:>6}  {:>9} {:<13} {:>8}  {}{}{breaker}{spent}{held}{dates}",
        host.site,
        host.pending,
        host.pending_by_class.map(|count| count.to_string()).join("/"),
        host.parked,
        host.done,
        host.failed,
        millis(host.delay_ms),
        host.delay_cause.as_str(),
        millis(host.response_ms),
        robots.join("/"),
        rest.unwrap_or_default()
    )
}

/// Prints URLs that wait.
pub(super) fn pending(folder: &Path, args: &PendingArgs) -> Result<Exit> {
    let mut crawl = states::open(folder)?;
    let pattern = pattern(args.host.as_ref())?;
    let now = crawl.now();
    let mut lines = Lines::to_reader(args.limit);
    crawl.visit_open(|line| {
        let wanted = fits(pattern.as_ref(), &line.url)
            && args.class.is_none_or(|class| line.class == class)
            && args.depth.is_none_or(|depth| line.depth == depth)
            && (!args.parked || line.state == "parked");
        if !wanted {
            return true;
        }
        let shown = if args.json { json(&line).unwrap_or_default() } else { pending_row(&line, now) };
        lines.put(&shown)
    })?;
    lines.end(args.limit)
}

fn pending_row(line: &UrlLine, now: Timestamp) -> String {
    let at = line.not_before.filter(|at| *at > now);
    let at = at.map(|at| format!(", not before {}", moment(at, now))).unwrap_or_default();
    let why = match (&line.shape, line.reason) {
        (Some(shape), Some(reason)) => format!(", {} {shape}", reason.as_str()),
        (None, Some(reason)) => format!(", {}", reason.as_str()),
        _ => String::new(),
    };
    let row = format!("{}  ({}, class {}, depth {}{why}{at})", line.url, line.state, line.class, line.depth);
    output::printable(&row).into_owned()
}

/// Prints URLs that ended badly.
pub(super) fn dead(folder: &Path, args: &DeadArgs) -> Result<Exit> {
    let kind: Option<Kind> = args.kind.as_deref().map(str::parse).transpose()?;
    let crawl = states::open(folder)?;
    let pattern = pattern(args.host.as_ref())?;
    let mut lines = Lines::to_reader(args.limit);
    let mut told = 0_u64;
    crawl.visit_ended(|line| {
        told += 1;
        if !args.is_meant(&line)
            || kind.is_some_and(|kind| !kind.fits(&line))
            || !fits(pattern.as_ref(), &line.url)
        {
            return Ok(true);
        }
        let shown = if args.json { json(&line)? } else { dead_row(&line) };
        Ok(lines.put(&shown))
    })?;
    let untold = crawl.view().stats(crawl.now()).done.saturating_sub(told);
    let untold = if lines.is_full() { 0 } else { untold };
    let exit = lines.end(args.limit)?;
    if untold > 0 {
        output::say(&not_told(untold));
    }
    Ok(exit)
}

impl DeadArgs {
    fn is_meant(&self, line: &UrlLine) -> bool {
        let fits = |status| self.status.iter().any(|statuses| statuses.contains(status));
        if self.status.is_empty() { kind_of(line).is_some() } else { line.status.is_some_and(fits) }
    }
}

/// As what a URL failed, or why it was left out.
fn kind_of(line: &UrlLine) -> Option<&str> {
    let kind = line.error.as_ref().map(|error| error.kind.as_str());
    line.reason.map(|reason| reason.as_str()).or(kind)
}

fn dead_row(line: &UrlLine) -> String {
    let what = match (&line.error, kind_of(line), line.status) {
        (Some(error), Some(kind), _) => format!("{kind}: {}", error.message),
        (_, Some(kind), _) => kind.to_owned(),
        (_, None, status) => format!("status {}", status.unwrap_or(0)),
    };
    output::printable(&format!("{}  ({}, {what})", line.url, line.state)).into_owned()
}

/// Writes every URL with its state.
pub(super) fn export(folder: &Path, to: Option<&Path>) -> Result<Exit> {
    let mut crawl = states::open(folder)?;
    let mut lines = Lines::to_reader(0);
    if let Some(path) = to.filter(|path| *path != Path::new("-")) {
        let file = File::create_new(path).map_err(|cause| {
            Error::io(format!("making {}", path.display()), cause)
                .with_hint("name a file that is not there yet")
        })?;
        lines.out = BufWriter::new(Box::new(file));
    }
    let mut more = lines.put(&json(&crawl.export_head())?);
    let mut ended = 0_u64;
    if more {
        crawl.visit_ended(|line| {
            ended += 1;
            more = lines.put(&json(&line)?);
            Ok(more)
        })?;
    }
    let done = crawl.view().stats(crawl.now()).done;
    let mut urls = ended;
    if more {
        crawl.visit_open(|line| {
            urls += 1;
            more = lines.put(&json(&line).unwrap_or_default());
            more
        })?;
    }
    if more {
        more = lines.put(&json(&ExportEnd { lycosa_export_end: urls })?);
    }
    if more && ended < done {
        output::say(&format!(
            "warning: of {done} URLs with an outcome {ended} are in the history; the others, of a run without it, \
             would be fetched again"
        ));
    }
    lines.end(0)
}
