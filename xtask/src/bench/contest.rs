//! Runs the crawlers in turns over one served site.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use serde_json::Value;

use super::field::{CRAWLER_CORE, Crawler, script};
use crate::console::say;
use crate::failure::{Context as _, Failure, Result};
use crate::site::nginx::{Options, Server};
use crate::workspace;

/// What one run cost.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Run {
    pub(super) wall_seconds: f64,
    pub(super) cpu_seconds: f64,
    pub(super) peak_kibibytes: f64,
}

/// A site being served, and who crawls it.
pub(super) struct Contest<'c> {
    crawlers: &'c [Crawler],
    url: String,
    /// On the disk of the cache, not among temporary files: those may live in memory, where syncing is free.
    folder: PathBuf,
    _server: Server,
}

impl<'c> Contest<'c> {
    /// Starts the server.
    pub(super) fn new(crawlers: &'c [Crawler], site: PathBuf, core: u32) -> Result<Self> {
        let server = Server::start(&Options { core: Some(core), ..Options::new(site) })?;
        let folder = workspace::cache().join("bench").join(format!("run-{}", std::process::id()));
        Ok(Self { crawlers, url: server.url(), folder, _server: server })
    }

    /// Runs every crawler once, unmeasured, and returns the number of pages when all wrote the same set of URLs.
    pub(super) fn pages_agree(&self) -> Result<usize> {
        let mut first: Option<(&str, BTreeSet<String>)> = None;
        for crawler in self.crawlers {
            self.measured(crawler, &[])?;
            let pages = self.pages()?;
            let Some((name, expected)) = &first else {
                first = Some((crawler.name, pages));
                continue;
            };
            if let Some(difference) = difference(name, expected, crawler.name, &pages) {
                return Err(Failure::new(difference).hint("figures of different jobs are not compared"));
            }
        }
        Ok(first.map_or(0, |(_, pages)| pages.len()))
    }

    /// Measured rounds. The result has a list of runs for each crawler, one for each round.
    pub(super) fn rounds(&self, count: usize) -> Result<Vec<Vec<Run>>> {
        let mut runs = vec![Vec::with_capacity(count); self.crawlers.len()];
        for round in 0..count {
            for turn in 0..self.crawlers.len() {
                let at = (round + turn) % self.crawlers.len();
                let facts = self.measured(&self.crawlers[at], &[])?;
                let number = |name: &str| facts[name].as_f64().unwrap_or(f64::NAN);
                let run = Run {
                    wall_seconds: number("wall_s"),
                    cpu_seconds: number("cpu_s"),
                    peak_kibibytes: number("peak_rss_kib"),
                };
                let name = self.crawlers[at].name;
                say(&format!(
                    "round {}: {name}: {:.2} s, CPU {:.2} s",
                    round + 1,
                    run.wall_seconds,
                    run.cpu_seconds
                ));
                runs[at].push(run);
            }
        }
        Ok(runs)
    }

    /// User instructions of one run of each crawler, and the tool that counted them.
    pub(super) fn instructions(&self) -> Result<Vec<(f64, String)>> {
        let count = |crawler: &Crawler| {
            let facts = self.measured(crawler, &["--instructions"])?;
            let tool = facts["counted_by"].as_str().unwrap_or_default().to_owned();
            Ok((facts["instructions"].as_f64().unwrap_or(f64::NAN), tool))
        };
        self.crawlers.iter().map(count).collect()
    }

    /// One run in an empty folder, with its facts as `bench/measure.py` prints them.
    fn measured(&self, crawler: &Crawler, flags: &[&str]) -> Result<Value> {
        self.remove_folder();
        fs::create_dir_all(&self.folder).context(format!("make the folder {}", self.folder.display()))?;
        let mut command = script("measure.py");
        command.args(["--core", &CRAWLER_CORE.to_string()]).args(flags).arg("--");
        command.args(crawler.command(&self.url, &self.output(), &self.folder)).stderr(Stdio::inherit());
        let answer = command.output().context(format!("measure {}", crawler.name))?;
        let facts: Value = serde_json::from_slice(&answer.stdout)
            .map_err(|error| Failure::new(format!("measuring {} gave no facts: {error}", crawler.name)))?;
        if facts["status"] != 0 {
            return Err(Failure::new(format!("{} ended with status {}", crawler.name, facts["status"])));
        }
        Ok(facts)
    }

    fn output(&self) -> PathBuf {
        self.folder.join("out.jsonl")
    }

    /// The set of pages that the last run wrote.
    fn pages(&self) -> Result<BTreeSet<String>> {
        let text = fs::read_to_string(self.output()).context("read what the crawler wrote")?;
        text.lines().filter_map(|line| page(line).transpose()).collect()
    }

    fn remove_folder(&self) {
        if Path::new(&self.folder).exists() {
            let _ = fs::remove_dir_all(&self.folder);
        }
    }
}

impl Drop for Contest<'_> {
    fn drop(&mut self) {
        self.remove_folder();
    }
}

/// The URL of a line: a peer writes `url`, lycosa also where it ended. An alias is no page of its own.
fn page(line: &str) -> Result<Option<String>> {
    let record: Value =
        serde_json::from_str(line).map_err(|error| Failure::new(format!("not a JSON line: {error}")))?;
    if !record["alias_of"].is_null() {
        return Ok(None);
    }
    let url = record["final_url"].as_str().or(record["url"].as_str());
    url.map(|url| Some(url.to_owned())).ok_or_else(|| Failure::new(format!("a line without a URL: {line}")))
}

/// How two sets differ, in one sentence.
fn difference(one: &str, ones: &BTreeSet<String>, other: &str, others: &BTreeSet<String>) -> Option<String> {
    let only_one: Vec<&String> = ones.difference(others).collect();
    let only_other: Vec<&String> = others.difference(ones).collect();
    let example = only_one.first().or(only_other.first())?;
    Some(format!(
        "{} pages only from {one}, {} only from {other}, such as {example}",
        only_one.len(),
        only_other.len()
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sets_of_pages_are_compared_by_where_a_page_ended() {
        assert_eq!(page("{\"url\":\"a\",\"final_url\":\"b\"}"), Ok(Some("b".to_owned())));
        assert_eq!(page("{\"url\":\"a\"}"), Ok(Some("a".to_owned())));
        assert_eq!(page("{\"url\":\"a\",\"alias_of\":\"x\"}"), Ok(None));
        assert!(page("{}").is_err() && page("x").is_err());
    }

    #[test]
    fn a_difference_is_counted_on_both_sides_with_an_example() {
        let set = |list: &[&str]| list.iter().map(|url| (*url).to_owned()).collect::<BTreeSet<_>>();
        assert_eq!(difference("p", &set(&["a"]), "q", &set(&["a"])), None);
        let found = difference("p", &set(&["a", "b"]), "q", &set(&["a", "c", "d"])).unwrap();
        assert_eq!(found, "1 pages only from p, 2 only from q, such as b");
    }
}
