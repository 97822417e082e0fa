//! What a contest needs: the sites on disk and the crawlers, built.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;

use crate::console::say;
use crate::failure::{Context as _, Failure, Result};
use crate::{site, workspace};

/// The core of the server; it does nothing else.
pub(super) const SERVER_CORE: u32 = 0;
/// The core of the crawler, all of its threads included.
pub(super) const CRAWLER_CORE: u32 = 1;
/// Changes when `bench/sites.py` makes other pages, so that a cached site is never measured for a newer one.
const SITES_VERSION: u32 = 1;

/// A site to crawl.
#[derive(Debug)]
pub(super) struct Ground {
    pub(super) name: &'static str,
    pub(super) title: &'static str,
    /// The documentation sites that `bench/sites.py` takes its pages from.
    sources: &'static [&'static str],
}

const GROUNDS: &[Ground] = &[
    Ground {
        name: "docs",
        title: "Documentation: real pages of 33 KB mean",
        sources: &["python", "postgresql", "java"],
    },
    Ground { name: "small", title: "Small: generated pages of 2 KB, 20 links each", sources: &[] },
];

impl Ground {
    /// The sites of a `--site` value.
    pub(super) fn named(name: &str) -> Result<Vec<&'static Self>> {
        let found: Vec<&Self> =
            GROUNDS.iter().filter(|ground| name == "both" || name == ground.name).collect();
        if found.is_empty() {
            return Err(Failure::new(format!("--site cannot be `{name}`")).hint("docs, small or both"));
        }
        Ok(found)
    }

    /// The folder to serve, made when it is not in the cache yet.
    pub(super) fn folder(&self) -> Result<PathBuf> {
        let folder = workspace::cache().join("bench").join(format!("{}-{SITES_VERSION}", self.name));
        if folder.join("index.html").is_file() {
            return Ok(folder);
        }
        say(&format!("making {}", folder.display()));
        if let Some(parent) = folder.parent() {
            fs::create_dir_all(parent).context(format!("make the folder {}", parent.display()))?;
        }
        let mut command = script("sites.py");
        command.arg(self.name).arg(&folder);
        for source in self.sources {
            command.arg(site::site(source)?.folder()?);
        }
        workspace::run(&mut command)?;
        Ok(folder)
    }
}

/// A script of `bench/`, ready for its arguments.
pub(super) fn script(name: &str) -> Command {
    let mut command = Command::new(workspace::python());
    command.arg(workspace::root().join("bench").join(name)).stdin(Stdio::null());
    command
}

/// One of the crawlers that are measured.
#[derive(Debug)]
pub(super) struct Crawler {
    pub(super) name: &'static str,
    pub(super) version: String,
    binary: PathBuf,
}

/// What the command of this project is called in tables.
pub(super) const LYCOSA: &str = "lycosa";

impl Crawler {
    /// The command line that crawls `url` and leaves its lines in `output`; all of its state goes to `folder`.
    pub(super) fn command(&self, url: &str, output: &Path, folder: &Path) -> Vec<String> {
        let text = |path: &Path| path.to_string_lossy().into_owned();
        let mut words = vec![text(&self.binary)];
        if self.name == LYCOSA {
            let flags = ["crawl", url, "--delay", "0", "--per-host", "16", "-c", "16", "-q", "-o"];
            words.extend(flags.map(str::to_owned));
            words.extend([text(output), "--state".to_owned(), text(&folder.join("state"))]);
        } else {
            words.extend([url.to_owned(), text(output)]);
        }
        words
    }
}

/// Builds everything and names what takes part.
pub(super) fn crawlers(peers_only: bool) -> Result<Vec<Crawler>> {
    let mut found = Vec::new();
    if !peers_only {
        let binary = workspace::build_lycosa(true)?;
        let version = env!("CARGO_PKG_VERSION").to_owned();
        found.push(Crawler { name: LYCOSA, version, binary });
    }
    let target = workspace::target().join("bench");
    let mut build = workspace::cargo([
        "build",
        "--quiet",
        "--release",
        "--locked",
        "--manifest-path",
        "bench/Cargo.toml",
    ]);
    workspace::run(build.env("CARGO_TARGET_DIR", &target))?;
    let lock =
        fs::read_to_string(workspace::root().join("bench/Cargo.lock")).context("read bench/Cargo.lock")?;
    let locked = |package: &str| locked_version(&lock, package).unwrap_or_else(|| "unknown".to_owned());
    found.push(Crawler {
        name: "reqwest + scraper",
        version: format!("{} + {}", locked("reqwest"), locked("scraper")),
        binary: target.join("release/reqwest-scraper"),
    });
    found.push(Crawler {
        name: "spider",
        version: locked("spider"),
        binary: target.join("release/spider-peer"),
    });
    Ok(found)
}

/// The version of a package in the text of a lock file.
pub(super) fn locked_version(lock: &str, package: &str) -> Option<String> {
    let (_, rest) = lock.split_once(&format!("name = \"{package}\"\nversion = \""))?;
    rest.split_once('"').map(|(version, _)| version.to_owned())
}

/// A contest on one core would measure the server with the crawler.
pub(super) fn require_cores() -> Result<()> {
    let cores = thread::available_parallelism().map_or(1, usize::from);
    if cores < 2 {
        return Err(Failure::new(
            "the benchmark needs two cores, one for the server and one for the crawler",
        ));
    }
    require_taskset()
}

/// What keeps a process on its core.
pub(super) fn require_taskset() -> Result<()> {
    match workspace::program("taskset") {
        Some(_) => Ok(()),
        None => Err(Failure::new("taskset is not installed").hint("on Debian: apt-get install util-linux")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_of_a_package_is_read_from_the_lock() {
        let lock = "[[package]]\nname = \"spider_x\"\nversion = \"1.0.0\"\n\n[[package]]\nname = \"spider\"\nversion = \"2.53.9\"\n";
        assert_eq!(locked_version(lock, "spider").as_deref(), Some("2.53.9"));
        assert_eq!(locked_version(lock, "absent"), None);
    }
}
