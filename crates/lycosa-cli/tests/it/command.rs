//! Running the command in tests: in a folder of its own, with everything it said, and small sites to crawl.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use lycosa_testkit::synthetic::SyntheticSite;
use lycosa_testkit::{Request, Response, Server};
use serde_json::Value;

/// What every story's crawl says unless it is about that very flag.
const BASE: [&str; 8] = ["--delay", "0", "-o", "pages.jsonl", "--state", "state", "--durability", "process"];

/// How long a run may take; the longest, that of the demo, takes some twelve seconds.
pub(crate) const PATIENCE: Duration = Duration::from_secs(90);

/// A folder in which the command runs; removed afterwards.
#[derive(Debug)]
pub(crate) struct Bench {
    folder: tempfile::TempDir,
}

impl Bench {
    pub(crate) fn new() -> Self {
        Self { folder: tempfile::tempdir().expect("a temporary folder") }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.path(name);
        std::fs::write(&path, text).expect("a file in the temporary folder");
        path
    }

    pub(crate) fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name))
            .unwrap_or_else(|cause| panic!("{name} cannot be read: {cause}"))
    }

    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_lycosa"));
        command.current_dir(self.folder.path()).args(arguments).stdin(Stdio::null());
        for name in ["http_proxy", "https_proxy", "all_proxy", "no_proxy"] {
            command.env_remove(name).env_remove(name.to_ascii_uppercase());
        }
        command
    }

    /// Runs to the end.
    pub(crate) fn run(&self, arguments: &[&str]) -> Said {
        Said::of(outcome(&mut self.command(arguments)))
    }

    /// Runs to the end with this text on standard input.
    pub(crate) fn run_with_input(&self, arguments: &[&str], input: &str) -> Said {
        let file = self.write("standard-input", input);
        let input = std::fs::File::open(file).expect("the input just written");
        Said::of(outcome(self.command(arguments).stdin(input)))
    }

    /// Starts it and lets it run.
    pub(crate) fn start(&self, arguments: &[&str]) -> Child {
        let quiet = self.command(arguments).stdout(Stdio::null()).stderr(Stdio::piped()).spawn();
        quiet.expect("the command starts")
    }

    /// `lycosa crawl URL` into `pages.jsonl` without delay, with these flags after it.
    pub(crate) fn crawl(&self, url: &str, flags: &[&str]) -> Said {
        self.run(&[&["crawl", url][..], &BASE, flags].concat())
    }

    /// The same with this text on standard input.
    pub(crate) fn crawl_with_input(&self, url: &str, flags: &[&str], input: &str) -> Said {
        self.run_with_input(&[&["crawl", url][..], &BASE, flags].concat(), input)
    }

    /// The same, started and left alone.
    pub(crate) fn start_crawl(&self, url: &str, flags: &[&str]) -> Child {
        self.start(&[&["crawl", url][..], &BASE, flags].concat())
    }

    /// The same, with the most memory it ever held, in bytes.
    pub(crate) fn crawl_measured(&self, url: &str, flags: &[&str]) -> (Said, u64) {
        let mut child = self.start_crawl(url, flags);
        let status = format!("/proc/{}/status", child.id());
        let (mut peak, _watchdog) = (0, Watchdog::over(&child));
        // The kernel keeps the maximum; the last reading before the end is missing at most the last moment.
        while child.try_wait().expect("the child is ours").is_none() {
            peak = peak.max(high_water_mark(&status));
            std::thread::sleep(Duration::from_millis(2));
        }
        (Said::of(child.wait_with_output().expect("the child is ours")), peak)
    }

    /// The paths of the pages in `pages.jsonl`, as the oracle spells them.
    pub(crate) fn paths(&self) -> BTreeSet<String> {
        self.records("pages.jsonl").iter().map(|record| path_of(record, "url")).collect()
    }

    /// The one record of `pages.jsonl` whose URL ends so.
    #[track_caller]
    pub(crate) fn record(&self, ending: &str) -> Value {
        let ends = |record: &Value| record["url"].as_str().is_some_and(|url| url.ends_with(ending));
        let mut found: Vec<Value> = self.records("pages.jsonl").into_iter().filter(ends).collect();
        assert_eq!(found.len(), 1, "records of {ending}: {found:?}");
        found.remove(0)
    }

    /// The records of a JSON Lines file.
    pub(crate) fn records(&self, name: &str) -> Vec<Value> {
        records(&self.path(name))
    }
}

pub(crate) fn records(path: &Path) -> Vec<Value> {
    let text = std::fs::read_to_string(path)
        .unwrap_or_else(|cause| panic!("{} cannot be read: {cause}", path.display()));
    let parse =
        |line: &str| serde_json::from_str(line).unwrap_or_else(|cause| panic!("no record ({cause}): {line}"));
    text.lines().map(parse).collect()
}

/// Kills a child at the end of patience: a crawl that never ends is a failure, not a test that hangs.
pub(crate) struct Watchdog {
    ended: Option<mpsc::Sender<()>>,
    thread: Option<std::thread::JoinHandle<()>>,
}

impl Watchdog {
    pub(crate) fn over(child: &Child) -> Self {
        let process = child.id().to_string();
        let (ended, watched) = mpsc::channel();
        let thread = std::thread::spawn(move || {
            if watched.recv_timeout(PATIENCE) == Err(mpsc::RecvTimeoutError::Timeout) {
                let killed = Command::new("kill").args(["-KILL", &process]).status();
                assert!(killed.is_ok_and(|status| status.success()), "kill is there");
            }
        });
        Self { ended: Some(ended), thread: Some(thread) }
    }
}

impl Drop for Watchdog {
    fn drop(&mut self) {
        self.ended.take();
        let joined = self.thread.take().map(std::thread::JoinHandle::join);
        assert!(
            joined.is_none_or(|joined| joined.is_ok()) || std::thread::panicking(),
            "the watchdog failed"
        );
    }
}

fn outcome(command: &mut Command) -> Output {
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the command starts");
    let _watchdog = Watchdog::over(&child);
    child.wait_with_output().expect("the child is ours")
}

fn high_water_mark(status: &str) -> u64 {
    let text = std::fs::read_to_string(status).unwrap_or_default();
    let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kilobytes = line.and_then(|rest| rest.trim().trim_end_matches(" kB").parse::<u64>().ok());
    kilobytes.unwrap_or(0) * 1024
}

/// A site of pages by path, each with its links; robots.txt and all else are missing.
pub(crate) fn site(pages: &'static [(&'static str, &'static [&'static str])]) -> Server {
    Server::start(move |request| answer(pages, request))
}

/// The answer of such a site.
pub(crate) fn answer(pages: &[(&str, &[&str])], request: &Request) -> Response {
    match pages.iter().find(|(path, _)| *path == request.target) {
        Some((path, links)) => page(path, links),
        None => Response::not_found(),
    }
}

/// A page with this title and these links.
pub(crate) fn page(title: &str, links: &[&str]) -> Response {
    let links: String = links.iter().map(|link| format!("<li><a href=\"{link}\">{link}</a>")).collect();
    Response::html(format!("<!doctype html><title>{title}</title><ul>{links}</ul>"))
}

/// The synthetic site of this seed, of a size that a story can wait for.
pub(crate) fn quick(seed: u64) -> SyntheticSite {
    SyntheticSite { delay_ms: (0, 1), page_bytes: 400, pages: 300, ..SyntheticSite::with_seed(seed) }
}

/// What the escapes of a path stand for: the URL that was sent may be spelled otherwise than the oracle's.
pub(crate) fn plain(path: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = path.as_bytes();
    while let Some((&byte, after)) = rest.split_first() {
        match (byte, after) {
            (b'%', [a, b, tail @ ..]) => {
                let hex =
                    std::str::from_utf8(&[*a, *b]).ok().and_then(|hex| u8::from_str_radix(hex, 16).ok());
                bytes.push(hex.unwrap_or(byte));
                rest = tail;
            }
            _ => {
                bytes.push(byte);
                rest = after;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// The path and query of a field that holds a URL.
pub(crate) fn path_of(record: &Value, field: &str) -> String {
    let url = record[field].as_str().unwrap_or_else(|| panic!("no {field} in {record}"));
    let after_scheme = url.split_once("://").map_or(url, |(_, rest)| rest);
    after_scheme.find('/').map_or("/".to_owned(), |start| after_scheme[start..].to_owned())
}

/// How often each id occurs.
pub(crate) fn ids(records: &[Value]) -> BTreeMap<String, usize> {
    let mut ids = BTreeMap::new();
    for record in records {
        *ids.entry(record["id"].as_str().expect("an id").to_owned()).or_default() += 1;
    }
    ids
}

/// What a run of the command said.
#[derive(Debug)]
pub(crate) struct Said {
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Said {
    fn of(output: Output) -> Self {
        Self {
            code: output.status.code(),
            out: String::from_utf8_lossy(&output.stdout).into_owned(),
            err: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }

    /// Asserts the exit code; everything that was said stands in the failure.
    #[track_caller]
    pub(crate) fn ends_with(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "standard output:\n{}\nstandard error:\n{}", self.out, self.err);
        self
    }

    /// Asserts that standard error contains this.
    #[track_caller]
    pub(crate) fn mentions(self, text: &str) -> Self {
        assert!(self.err.contains(text), "`{text}` is not in standard error:\n{}", self.err);
        self
    }

    /// Asserts that standard error does not contain this.
    #[track_caller]
    pub(crate) fn keeps_quiet_about(self, text: &str) -> Self {
        assert!(!self.err.contains(text), "`{text}` is in standard error:\n{}", self.err);
        self
    }

    /// Asserts one line `lycosa: …` that contains this, and a hint that contains that.
    #[track_caller]
    pub(crate) fn complains(self, what: &str, hint: &str) -> Self {
        let told: Vec<&str> = self.err.lines().filter(|line| line.starts_with("lycosa: ")).collect();
        assert!(told.len() == 1 && told[0].contains(what), "no one line about `{what}` in:\n{}", self.err);
        let mut hints = self.err.lines().filter(|line| line.starts_with("  hint: "));
        assert!(hints.any(|line| line.contains(hint)), "no hint about `{hint}` in:\n{}", self.err);
        self
    }

    /// The value of a row of the summary.
    #[track_caller]
    pub(crate) fn row(&self, name: &str) -> &str {
        let row = |line: &'_ str| line.trim_start().starts_with(&format!("{name}  "));
        let line = self.err.lines().find(|line| row(line));
        let line = line.unwrap_or_else(|| panic!("no row {name} in:\n{}", self.err));
        line.trim_start()[name.len()..].trim()
    }
}
