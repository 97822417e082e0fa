//! `cargo xtask bench content`: how well the main content of pages is found, beside three peers, on the pages of the
//! corpus whose text is known.
//!
//! The scoring and the peers are in `bench/content.py`, this side's texts come from the example `content_texts`; this
//! prepares their files.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::figures::machine;
use crate::arguments::Arguments;
use crate::console::{header, say};
use crate::failure::{Context as _, Failure, Result};
use crate::workspace;

/// Where `--record` writes.
const RECORD: &str = "docs/bench-content.md";
/// The corpus: `$LYCOSA_CORPUS`, else this folder beside the workspace, as for the tests.
const CORPUS: &str = "../shared/corpus";
/// The peers, from the Python package index, in an environment of their own.
const PEERS: [&str; 4] =
    ["trafilatura==2.3.1", "readability-lxml==0.9", "lxml_html_clean", "resiliparse==2.0.1"];

/// The command.
pub(super) fn run(arguments: &mut Arguments) -> Result<()> {
    let worst = arguments.parsed::<usize>("--worst")?.unwrap_or(0);
    let half = arguments.value("--half")?;
    let record = arguments.switch("--record");
    arguments.finish()?;
    header("build");
    let build = ["build", "--quiet", "--release", "--package", "lycosa", "--example", "content_texts"];
    workspace::run(&mut workspace::cargo(build))?;
    let folder = workspace::cache().join("bench-content");
    fs::create_dir_all(&folder).context("make the folder of the benchmark")?;
    header("pages");
    unpack(&folder)?;
    let python = peers(&folder)?;
    header("scores");
    let mut command = Command::new(python);
    command.arg(workspace::root().join("bench/content.py")).arg(&folder);
    command.arg(workspace::target().join("release/examples/content_texts"));
    command.args(["--worst", &worst.to_string()]);
    if let Some(half) = half {
        command.args(["--half", &half]);
    }
    let answer = command.stdin(Stdio::null()).stderr(Stdio::inherit()).output().context("start python")?;
    if !answer.status.success() {
        return Err(Failure::new(format!("content.py ended with {}", answer.status)));
    }
    let report = format!("{}{}", head(), String::from_utf8_lossy(&answer.stdout));
    say(&report);
    if record {
        fs::write(workspace::root().join(RECORD), &report).context(format!("write {RECORD}"))?;
        say(&format!("written to {RECORD}"));
    }
    Ok(())
}

fn head() -> String {
    format!(
        "# Main content benchmark\n\n\
         Made by `cargo xtask bench content`; what it does is in its `--help`.\n\n{}\
         - Whole texts: the mean over pages of precision and recall of shingles of four tokens, and their F1.\n\
         - Pages of `trafilatura` have snippets that must and must not be in the text: precision and recall are of snippets.\n\
         - Halves are by a hash of the host. Rules and limits were chosen on the dev half alone.\n",
        machine()
    )
}

fn unpack(folder: &Path) -> Result<()> {
    let corpus = std::env::var_os("LYCOSA_CORPUS")
        .map_or_else(|| workspace::root().join(CORPUS), PathBuf::from)
        .join("pages");
    let archive = corpus.join("pages.tar.zst");
    if !archive.is_file() {
        return Err(Failure::new(format!("there is no corpus at {}", corpus.display()))
            .hint("name its folder in LYCOSA_CORPUS"));
    }
    let mut tar = Command::new("tar");
    workspace::run(tar.args(["-I", "zstd --long=27", "-xf"]).arg(archive).arg("-C").arg(folder))?;
    let mut zstd = Command::new("zstd");
    zstd.args(["-dqf", "--long=27"]).arg(corpus.join("index.jsonl.zst"));
    workspace::run(zstd.arg("-o").arg(folder.join("index.jsonl")))
}

/// The Python that has the peers.
fn peers(folder: &Path) -> Result<PathBuf> {
    let home = folder.join("peers");
    let python = home.join("bin/python");
    if !python.is_file() {
        workspace::run(Command::new(workspace::python()).args(["-m", "venv"]).arg(&home))?;
    }
    // An old pip cannot resolve what the peers need.
    for packages in [&["--upgrade", "pip"][..], &PEERS] {
        let mut pip = Command::new(&python);
        workspace::run(pip.args(["-m", "pip", "install", "--quiet"]).args(packages).stdin(Stdio::null()))?;
    }
    Ok(python)
}
