//! `cargo xtask test`: everything that must hold before a change is taken, in one command.

use std::io::{BufRead as _, BufReader};
use std::process::{Command, Stdio};

use crate::arguments::Arguments;
use crate::console::{header, say};
use crate::counts::{Counts, Reader};
use crate::failure::{Context as _, Failure, Result};
use crate::{debian, readme, site_check, tidy, torture, workspace};

pub(crate) const SUMMARY: &str = "Install what tests need, then run every check and every test.";
pub(crate) const HELP: &str = "
Usage: cargo xtask test

Stops at the first step that fails. On Debian as root, missing packages are
installed with apt-get; elsewhere they are listed. Build products go to
CARGO_TARGET_DIR, by default ~/.cache/lycosa/target.

The last line is `N passed, N failed, N skipped`. A test that lacks something
and says so on a line beginning with `skipped` counts as skipped.";

/// What a step came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// It ran and all is well.
    Passed,
    /// It could not run, and has said why.
    Skipped,
}

/// A step beside the tests that cargo runs.
struct Step {
    title: &'static str,
    /// Whether it appears in the counts, as a test among the others.
    counted: bool,
    run: fn() -> Result<Verdict>,
}

/// What runs before the tests: the cheapest first.
const BEFORE: &[Step] = &[
    Step { title: "what the tests need", counted: false, run: provide },
    Step { title: "format", counted: false, run: format },
    Step { title: "tidy", counted: false, run: tree_is_tidy },
    Step { title: "clippy", counted: false, run: clippy },
];

/// What runs after them, because it takes the built command.
const AFTER: &[Step] = &[
    Step { title: "a real site, crawled whole", counted: true, run: site_check::check },
    Step { title: "help blocks of the README", counted: true, run: readme::check },
    Step { title: "short torture", counted: true, run: torture::short },
];

/// The command.
pub(crate) fn run(arguments: &mut Arguments) -> Result<()> {
    arguments.finish()?;
    let mut counts = Counts::default();
    let result = everything(&mut counts);
    if let Err(failure) = &result {
        say(&format!("\n{failure}"));
        // A step that is no test fails the run too, and the last line must not read like success.
        counts.failed = counts.failed.max(1);
    }
    say(&format!("\n{counts}"));
    result.map_err(|_| Failure::new("not everything passed"))
}

/// Every step in order, adding to the counts as it goes.
fn everything(counts: &mut Counts) -> Result<()> {
    steps(BEFORE, counts)?;
    header("tests");
    tests(counts)?;
    steps(AFTER, counts)
}

fn steps(steps: &[Step], counts: &mut Counts) -> Result<()> {
    for step in steps {
        header(step.title);
        match (step.run)()? {
            Verdict::Passed => counts.passed += u64::from(step.counted),
            Verdict::Skipped => counts.skipped += 1,
        }
    }
    Ok(())
}

fn provide() -> Result<Verdict> {
    debian::provide(debian::TEST_NEEDS)?;
    for (tool, component) in [("fmt", "rustfmt"), ("clippy", "clippy")] {
        provide_component(tool, component)?;
    }
    Ok(Verdict::Passed)
}

/// Adds a part of the Rust toolchain that a minimal installation leaves out.
fn provide_component(tool: &str, component: &str) -> Result<()> {
    let is_there = || {
        let mut asked = workspace::cargo([tool, "--version"]);
        asked.stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok_and(|status| status.success())
    };
    if is_there() {
        return Ok(());
    }
    let line = ["component", "add", component];
    if workspace::program("rustup").is_some() {
        workspace::run(Command::new("rustup").args(line).current_dir(workspace::root()))?;
    }
    if is_there() {
        return Ok(());
    }
    Err(Failure::new(format!("cargo has no `{tool}`")).hint(format!("rustup {}", line.join(" "))))
}

fn format() -> Result<Verdict> {
    workspace::run(&mut workspace::cargo(["fmt", "--all", "--check"]))?;
    Ok(Verdict::Passed)
}

fn tree_is_tidy() -> Result<Verdict> {
    tidy::run(&mut Arguments::new(Vec::new()))?;
    Ok(Verdict::Passed)
}

fn clippy() -> Result<Verdict> {
    let words = ["clippy", "--quiet", "--workspace", "--all-targets", "--", "-D", "warnings"];
    workspace::run(&mut workspace::cargo(words))?;
    Ok(Verdict::Passed)
}

/// Where the cases of properties begin. The same commit gets the same verdict here; a plain `cargo test` draws other cases
/// every time, and keeps those that fail.
const PROPERTIES_SEED: &str = "PROPTEST_RNG_SEED";

/// Unit, integration and documentation tests of the whole workspace.
fn tests(counts: &mut Counts) -> Result<()> {
    let mut command = workspace::cargo(["test", "--workspace", "--no-fail-fast", "--", "--show-output"]);
    if std::env::var_os(PROPERTIES_SEED).is_none() {
        command.env(PROPERTIES_SEED, "1");
    }
    let mut child = command.stdout(Stdio::piped()).spawn().context("start cargo test")?;
    let mut reader = Reader::default();
    if let Some(output) = child.stdout.take() {
        for line in BufReader::new(output).split(b'\n') {
            let line = line.context("read the output of cargo test")?;
            if let Some(shown) = reader.line(&String::from_utf8_lossy(&line)) {
                say(&shown);
            }
        }
    }
    *counts += reader.counts();
    let status = child.wait().context("wait for cargo test")?;
    if status.success() { Ok(()) } else { Err(Failure::new(format!("cargo test ended with {status}"))) }
}
