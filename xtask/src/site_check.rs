//! `cargo xtask site-check`: crawls a real site whole and compares with a walk of the files on disk.
//!
//! The oracle is `xtask/oracle/walk.py`: another language, another HTML parser, another URL resolver. Then the crawl is
//! started again with `--resume`, and the server's log must not grow.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::arguments::Arguments;
use crate::console::{complain, say};
use crate::failure::{Context as _, Failure, Result};
use crate::site::nginx::{Options, Server};
use crate::site::scratch::Scratch;
use crate::test::Verdict;
use crate::{site, workspace};

pub(crate) const SUMMARY: &str = "Crawl a real site whole and compare it with its files on disk.";
pub(crate) const HELP: &str = "
Usage: cargo xtask site-check [python|postgresql|java] [--release]

Crawls the site with the built command and checks that
  every page that is linked was written once, and nothing else,
  every title equals lxml's, whitespace collapsed,
  a second run with --resume fetches nothing and changes no byte of the output.";

/// The differences shown; the count tells the rest.
const SHOWN: usize = 10;

/// URL to title.
type Pages = BTreeMap<String, String>;

/// The command.
pub(crate) fn run(arguments: &mut Arguments) -> Result<()> {
    let release = arguments.switch("--release");
    let name = arguments.word().unwrap_or_else(|| "python".to_owned());
    arguments.finish()?;
    check_site(&name, release)
}

/// The check among the tests.
pub(crate) fn check() -> Result<Verdict> {
    check_site("python", false).map(|()| Verdict::Passed)
}

fn check_site(name: &str, release: bool) -> Result<()> {
    let binary = workspace::build_lycosa(release)?;
    compare(name, &binary, &site::site(name)?.folder()?)
}

/// Crawls the site in `root` twice with `binary`, and fails on the first difference from what must be.
fn compare(name: &str, binary: &Path, root: &Path) -> Result<()> {
    let scratch = Scratch::new("site-check")?;
    let options = Options { log: Some(scratch.path().join("first.log")), ..Options::new(root.to_path_buf()) };
    let server = Server::start(&options)?;
    let (url, port) = (server.url(), server.port());
    let crawl =
        Crawl { binary: binary.to_path_buf(), url: url.clone(), folder: scratch.path().to_path_buf() };

    crawl.run(false)?;
    // A log is complete once its server has ended.
    drop(server);
    let written = fs::read_to_string(crawl.output()).context("read the output of the crawl")?;
    let requests = lines(&options)?;
    let crawled = crawled(&written)?;
    let expected = expected(root, &url)?;
    say(&format!("{} pages crawled, {} expected, {requests} requests", crawled.len(), expected.len()));
    let differences = differences(&crawled, &expected);
    for difference in differences.iter().take(SHOWN) {
        complain(difference);
    }
    if !differences.is_empty() {
        return Err(Failure::new(format!(
            "{} pages of {name} differ from the files on disk",
            differences.len()
        )));
    }

    let options = Options { log: Some(scratch.path().join("second.log")), port, ..options };
    let server = Server::start(&options)?;
    crawl.run(true)?;
    drop(server);
    let again = lines(&options)?;
    if again > 0 {
        return Err(Failure::new(format!("the finished crawl of {name} sent {again} requests when resumed")));
    }
    if fs::read_to_string(crawl.output()).context("read the output of the crawl")? != written {
        return Err(Failure::new(format!("resuming the finished crawl of {name} changed its output")));
    }
    say("URLs and titles agree; resuming fetched nothing and changed nothing");
    Ok(())
}

/// How the command is started, the first time and again.
struct Crawl {
    binary: PathBuf,
    url: String,
    folder: PathBuf,
}

impl Crawl {
    fn output(&self) -> PathBuf {
        self.folder.join("out.jsonl")
    }

    fn run(&self, resume: bool) -> Result<()> {
        let mut command = Command::new(&self.binary);
        command.args(["crawl", &self.url, "--delay", "0", "--per-host", "16", "-c", "16", "-q"]);
        command.arg("-o").arg(self.output()).arg("--state").arg(self.folder.join("state"));
        if resume {
            command.arg("--resume");
        }
        workspace::run(command.current_dir(&self.folder).stdin(Stdio::null()))
    }
}

/// The pages of the output. A URL written twice is an error here already.
fn crawled(output: &str) -> Result<Pages> {
    let mut pages = Pages::new();
    for record in records(output)? {
        // An alias points to a page that has its own record.
        if !record["alias_of"].is_null() {
            continue;
        }
        let Some(url) = record["final_url"].as_str() else {
            return Err(Failure::new(format!("a record has no final_url: {record}")));
        };
        if pages.insert(url.to_owned(), normal(record["title"].as_str())).is_some() {
            return Err(Failure::new(format!("{url} was written twice")));
        }
    }
    Ok(pages)
}

/// The pages that the walk of the files finds.
fn expected(root: &Path, url: &str) -> Result<Pages> {
    let script = workspace::root().join("xtask/oracle/walk.py");
    let mut command = Command::new(workspace::python());
    command.arg(script).arg(root).arg(url).stdin(Stdio::null()).stderr(Stdio::inherit());
    let answer = command.output().context("start the walk of the files")?;
    if !answer.status.success() {
        return Err(Failure::new(format!("the walk of the files ended with {}", answer.status)));
    }
    let found = records(&String::from_utf8_lossy(&answer.stdout))?;
    let page = |record: Value| {
        (record["url"].as_str().unwrap_or_default().to_owned(), normal(record["title"].as_str()))
    };
    Ok(found.into_iter().map(page).collect())
}

fn records(text: &str) -> Result<Vec<Value>> {
    let parse = |line: &str| {
        serde_json::from_str(line).map_err(|error| Failure::new(format!("not a JSON line: {error}: {line}")))
    };
    text.lines().map(parse).collect()
}

/// A title with whitespace collapsed; an absent one is empty.
fn normal(title: Option<&str>) -> String {
    title.unwrap_or_default().split_whitespace().collect::<Vec<_>>().join(" ")
}

/// One sentence for each page that is missing, surplus, or titled differently.
fn differences(crawled: &Pages, expected: &Pages) -> Vec<String> {
    let mut found = Vec::new();
    for (url, title) in expected {
        match crawled.get(url) {
            None => found.push(format!("missing: {url}")),
            Some(other) if other != title => found.push(format!("title of {url}: `{other}`, not `{title}`")),
            Some(_) => {}
        }
    }
    let surplus = crawled.keys().filter(|url| !expected.contains_key(*url));
    found.extend(surplus.map(|url| format!("not linked or not on disk: {url}")));
    found
}

/// How many requests a server logged.
fn lines(options: &Options) -> Result<usize> {
    let Some(path) = &options.log else { return Ok(0) };
    Ok(fs::read_to_string(path).context("read the server's log")?.lines().count())
}

#[cfg(test)]
mod tests;
