//! `cargo xtask bench crawl`: what a page costs, beside two peers, in the same run on the same machine; and
//! `cargo xtask bench fetch`: what a request costs, in [`fetch`]; `cargo xtask bench xpath`: what an expression costs,
//! in [`xpath`]; `cargo xtask bench charset`: how often charset detection is right, in [`charset`]; `cargo xtask bench
//! content`: how well main content is found, in [`content`]; and `cargo xtask bench frontier`: what the frontier does and
//! holds at growing sizes, in [`frontier`].
//!
//! [`field`] prepares the sites, the crawlers and the server; [`contest`] runs them in turns and compares what they
//! wrote; [`figures`] makes medians and the table. One core serves, another crawls.

mod charset;
mod content;
mod contest;
mod fetch;
mod field;
mod figures;
mod frontier;
mod xpath;

use std::fs;

use crate::arguments::Arguments;
use crate::console::{header, say};
use crate::failure::{Context as _, Failure, Result};
use crate::workspace;
use contest::Contest;
use field::{Ground, SERVER_CORE};

pub(crate) const SUMMARY: &str =
    "Measure a crawl, a request, XPath, charset detection, main content or the frontier.";
pub(crate) const HELP: &str = "
Usage: cargo xtask bench crawl|fetch|xpath|charset|content|frontier [FLAGS]

crawl: serves a site with nginx on core 0 and crawls it on core 1, 16 requests in
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
  --record                write the tables to docs/bench-crawl.md

fetch: serves a page of 2 KB with nginx on core 0 and fetches it on core 1, one
request at a time over one connection, with this client and with hyper bare, in
turns: over HTTP/1.1, over TLS, and over HTTP/2. Also the most memory that
100,000 requests held.

  --pairs N               rounds (default 7)
  --requests N            requests of a measurement (default 20000)
  --instructions          also count user instructions with callgrind
  --record                write the table to docs/bench-fetch.md

xpath: evaluates some forty expressions over five large pages of the test corpus
on core 1, with this engine, with libxml2 (from C, compiled expressions) and with
the crate xpath-eval and its cache, in turns over the same trees: the first time
over a document, and warm. Every engine must find the same nodes.

  --pairs N               rounds (default 5)
  --page NAME             one page alone: forum, results, encyclopedia, newspaper
                          or videos
  --record                write the tables to docs/bench-xpath.md

charset: detects the encoding of the corpus' files, and of pieces of LibreOffice's
help pages (from Debian, 75 MB at first) in every encoding, beside uchardet, chardet
and charset-normalizer, nothing being declared; then times decoding beside bare
encoding_rs.

  --pairs N               rounds of timing (default 15)
  --record                write the tables to docs/bench-charset.md

content: finds the main content of the corpus' pages whose text is known, beside
trafilatura, readability-lxml and Resiliparse (by pip, in an environment of their
own), same pages, same scorer: F1 of shingles of four tokens for whole texts, of
snippets that must and must not be there for others; for a dev half, on which it
was tuned, and a held-out half, by a hash of the host. Also the time of a page.

  --half dev|held-out     one half alone
  --worst N               name the N worst pages of each source
  --record                write the tables to docs/bench-content.md

frontier: fills the embedded frontier with URLs of hosts whose sizes follow a power
law, checks known links, takes leases, commits pages, closes it and opens it again
in a new process, all on core 1; prints rates, memory and disk for each size.

  --sizes N,N             how many URLs (default 1000000,10000000)
  --seen-memory BYTES     the last size once more, with so much memory for known URLs
                          and the rest in a file
  --folder DIR            where the states are made (default in the cache folder)
  --record                write docs/bench-frontier.md and its picture";

/// Where `--record` writes.
const RECORD: &str = "docs/bench-crawl.md";
/// Rounds without `--pairs`.
const ROUNDS: usize = 5;

/// The command.
pub(crate) fn run(arguments: &mut Arguments) -> Result<()> {
    let what = arguments.word().unwrap_or_default();
    match what.as_str() {
        "fetch" => return fetch::run(arguments),
        "charset" => return charset::run(arguments),
        "content" => return content::run(arguments),
        "xpath" => return xpath::run(arguments),
        "frontier" => return frontier::run(arguments),
        _ => {}
    }
    let sites = arguments.value("--site")?.unwrap_or_else(|| "both".to_owned());
    let rounds = arguments.parsed("--pairs")?.unwrap_or(ROUNDS).max(1);
    let instructions = arguments.switch("--instructions");
    let peers_only = arguments.switch("--peers-only");
    let record = arguments.switch("--record");
    arguments.finish()?;
    if what != "crawl" {
        return Err(Failure::new(format!("there is no benchmark `{what}`"))
            .hint("cargo xtask bench crawl, fetch, xpath, charset, content or frontier"));
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
