//! `cargo xtask bench crawl`: what a page costs, beside two peers, in the same run on the same machine.
//!
//! [`field`] prepares the sites, the crawlers and the server; [`contest`] runs them in turns and compares what they
//! wrote; [`figures`] makes medians and the table. One core serves, another crawls.

mod contest;
mod field;
mod figures;

use std::fs;

use crate::arguments::Arguments;
use crate::console::{header, say};
use crate::failure::{Context as _, Failure, Result};
use crate::workspace;
use contest::Contest;
use field::{Ground, SERVER_CORE};

pub(crate) const SUMMARY: &str = "Measure a crawl beside reqwest+scraper and spider.";
pub(crate) const HELP: &str = "
Usage: cargo xtask bench crawl [FLAGS]

Serves a site with nginx on core 0 and crawls it on core 1, 16 requests in
flight, in rounds: each round runs every crawler once, in turning order. lycosa
runs with robots.txt and its durable frontier on. A first round that is not
measured checks that all wrote the same set of pages.

  --site docs|small|both  3,051 documentation pages of 33 KB, 50,001 pages of
                          2 KB, or both (default)
  --pairs N               measured rounds (default 5; from 15 on the table gives
                          95 % intervals of the median)
  --instructions          also count user instructions, once each, with perf or,
                          where there is no counter, with callgrind (slow)
  --peers-only            leave lycosa out
  --record                write the tables to docs/bench-crawl.md";

/// Where `--record` writes.
const RECORD: &str = "docs/bench-crawl.md";
/// Rounds without `--pairs`.
const ROUNDS: usize = 5;

/// The command.
pub(crate) fn run(arguments: &mut Arguments) -> Result<()> {
    let what = arguments.word().unwrap_or_default();
    let sites = arguments.value("--site")?.unwrap_or_else(|| "both".to_owned());
    let rounds = arguments.parsed("--pairs")?.unwrap_or(ROUNDS).max(1);
    let instructions = arguments.switch("--instructions");
    let peers_only = arguments.switch("--peers-only");
    let record = arguments.switch("--record");
    arguments.finish()?;
    if what != "crawl" {
        return Err(Failure::new(format!("there is no benchmark `{what}`")).hint("cargo xtask bench crawl"));
    }
    let grounds = Ground::named(&sites)?;
    field::require_cores()?;
    header("build");
    let crawlers = field::crawlers(peers_only)?;
    let mut report = figures::head(&crawlers, rounds)?;
    for ground in grounds {
        header(ground.name);
        let folder = ground.folder()?;
        let contest = Contest::new(&crawlers, folder, SERVER_CORE)?;
        let pages = contest.pages_agree()?;
        say(&format!("{pages} pages from every crawler"));
        let runs = contest.rounds(rounds)?;
        let counts = if instructions { contest.instructions()? } else { Vec::new() };
        let table = figures::table(ground, &crawlers, pages, &runs, &counts);
        say(&table);
        report.push_str(&table);
    }
    if record {
        let path = workspace::root().join(RECORD);
        let folder = path.parent().unwrap_or(&path).to_path_buf();
        fs::create_dir_all(&folder).context(format!("make the folder {}", folder.display()))?;
        fs::write(&path, &report).context(format!("write {RECORD}"))?;
        say(&format!("written to {RECORD}"));
    }
    Ok(())
}
