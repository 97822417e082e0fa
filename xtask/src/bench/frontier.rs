//! `cargo xtask bench frontier`: what the embedded frontier does and holds at growing sizes.
//!
//! The work is done by `lycosa-frontier-bench`, a process for filling a crawl and another for opening it again; this
//! pins them, makes the table and draws each figure against the size ([`plot`]).

mod plot;

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

use self::plot::Panel;
use super::field::{CRAWLER_CORE, require_taskset};
use super::figures::machine;
use crate::arguments::Arguments;
use crate::console::{header, say};
use crate::failure::{Context as _, Failure, Result};
use crate::workspace;

/// Where `--record` writes.
const RECORD: &str = "docs/bench-frontier.md";
const PLOT: &str = "docs/bench-frontier.svg";
/// Sizes without `--sizes`.
const SIZES: &str = "1000000,10000000";

/// Which way a goal lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Goal {
    AtLeast,
    AtMost,
}

/// One figure of a size.
struct Figure {
    title: &'static str,
    /// Which of the two processes says it, and under which name.
    reopened: bool,
    name: &'static str,
    /// Divided by that, if by something.
    per: Option<&'static str>,
    /// What one of it is, for people.
    unit: f64,
    goal: Option<(Goal, f64)>,
}

const FIGURES: [Figure; 10] = [
    figure(
        "known-link checks, thousand a second",
        "checks_per_second",
        None,
        1e3,
        Some((Goal::AtLeast, 3000.0)),
    ),
    figure(
        "new URLs, durable, thousand a second",
        "inserts_per_second",
        None,
        1e3,
        Some((Goal::AtLeast, 300.0)),
    ),
    figure("slowest batch of 10,000 new URLs, seconds", "longest_insert_seconds", None, 1.0, None),
    figure("leases, thousand a second", "leases_per_second", None, 1e3, Some((Goal::AtLeast, 200.0))),
    figure(
        "commits, durable, thousand a second",
        "commits_per_second",
        None,
        1e3,
        Some((Goal::AtLeast, 20.0)),
    ),
    figure("memory, bytes a known URL", "resident_bytes", Some("known"), 1.0, Some((Goal::AtMost, 12.0))),
    figure("memory at most, bytes a known URL", "peak_bytes", Some("known"), 1.0, None),
    figure("disk, bytes a pending URL", "disk_bytes", Some("pending"), 1.0, Some((Goal::AtMost, 35.0))),
    figure("closing, seconds", "close_seconds", None, 1.0, None),
    Figure {
        reopened: true,
        ..figure("opening again, seconds", "reopen_seconds", None, 1.0, Some((Goal::AtMost, 10.0)))
    },
];

const fn figure(
    title: &'static str,
    name: &'static str,
    per: Option<&'static str>,
    unit: f64,
    goal: Option<(Goal, f64)>,
) -> Figure {
    Figure { title, reopened: false, name, per, unit, goal }
}

/// What the two processes said of one size.
struct Measured {
    urls: u64,
    /// Bytes of memory for known URLs, if there were not as many as they wanted.
    room: Option<u64>,
    fill: Value,
    reopen: Value,
}

impl Figure {
    fn of(&self, measured: &Measured) -> Option<f64> {
        let said = if self.reopened { &measured.reopen } else { &measured.fill };
        let part = match self.per {
            None => 1.0,
            Some(name) => said.get(name)?.as_f64().filter(|count| *count > 0.0)?,
        };
        Some(said.get(self.name)?.as_f64()? / part / self.unit)
    }

    fn goal(&self) -> String {
        match self.goal {
            None => "none".to_owned(),
            Some((Goal::AtLeast, goal)) => format!("≥ {goal}"),
            Some((Goal::AtMost, goal)) => format!("≤ {goal}"),
        }
    }

    fn is_met(&self, value: f64) -> bool {
        match self.goal {
            None => true,
            Some((Goal::AtLeast, goal)) => value >= goal,
            Some((Goal::AtMost, goal)) => value <= goal,
        }
    }
}

/// The command.
pub(super) fn run(arguments: &mut Arguments) -> Result<()> {
    let sizes = arguments.value("--sizes")?.unwrap_or_else(|| SIZES.to_owned());
    let folder = arguments.value("--folder")?;
    let room = arguments
        .value("--seen-memory")?
        .map(|text| number_of(&text, "--seen-memory 250000000"))
        .transpose()?;
    let record = arguments.switch("--record");
    arguments.finish()?;
    let sizes = sizes_of(&sizes)?;
    require_taskset()?;
    header("build");
    let build = ["build", "--quiet", "--release", "--package", "lycosa-frontier-bench"];
    workspace::run(&mut workspace::cargo(build))?;
    let folder = folder.map_or_else(|| workspace::cache().join("bench-frontier"), Into::into);
    let mut all = Vec::new();
    let runs = sizes.iter().map(|urls| (*urls, None));
    let cramped = room.and_then(|room| Some((*sizes.last()?, Some(room))));
    for (urls, room) in runs.chain(cramped) {
        header(&title(urls, room));
        let measured = measure(urls, room, &folder)?;
        for figure in &FIGURES {
            if let Some(value) = figure.of(&measured) {
                say(&format!("{}: {} (goal {})", figure.title, shown(value), figure.goal()));
            }
        }
        all.push(measured);
    }
    let report = report(&all);
    say(&report);
    if record {
        let write = |path: &str, text: &str| {
            fs::write(workspace::root().join(path), text).context(format!("write {path}"))
        };
        write(RECORD, &report)?;
        write(PLOT, &plot::svg(&panels(&all)))?;
        say(&format!("written to {RECORD} and {PLOT}"));
    }
    Ok(())
}

fn sizes_of(text: &str) -> Result<Vec<u64>> {
    text.split(',').map(|word| number_of(word, "--sizes 1000000,10000000")).collect()
}

fn number_of(word: &str, hint: &str) -> Result<u64> {
    word.trim().parse().map_err(|_| Failure::new(format!("`{word}` is no number")).hint(hint))
}

fn title(urls: u64, room: Option<u64>) -> String {
    let room = room.map(|room| format!(", {} MB for known ones", room / 1_000_000));
    format!("{urls} URLs{}", room.unwrap_or_default())
}

/// Runs both processes over a fresh folder, which is removed afterwards.
fn measure(urls: u64, room: Option<u64>, folder: &Path) -> Result<Measured> {
    let state = folder.join(urls.to_string());
    if state.exists() {
        fs::remove_dir_all(&state).context(format!("remove {}", state.display()))?;
    }
    fs::create_dir_all(&state).context(format!("make {}", state.display()))?;
    let fill = ask("fill", urls, room, &state)?;
    let reopen = ask("reopen", urls, room, &state)?;
    fs::remove_dir_all(&state).context(format!("remove {}", state.display()))?;
    Ok(Measured { urls, room, fill, reopen })
}

fn ask(what: &str, urls: u64, room: Option<u64>, folder: &Path) -> Result<Value> {
    let program = workspace::target().join("release/lycosa-frontier-bench");
    let mut command = Command::new("taskset");
    command.args(["-c", &CRAWLER_CORE.to_string()]).arg(program);
    command.args([what, "--urls", &urls.to_string(), "--folder"]).arg(folder);
    if let Some(room) = room {
        command.args(["--seen-memory", &room.to_string()]);
    }
    let output = command.output().context(format!("run lycosa-frontier-bench {what}"))?;
    let said = String::from_utf8_lossy(&output.stdout);
    serde_json::from_str(&said)
        .map_err(|_| Failure::new(format!("lycosa-frontier-bench {what}: {}", said.trim())))
}

/// Three figures.
fn shown(value: f64) -> String {
    let decimals = if value >= 100.0 {
        0
    } else if value >= 10.0 {
        1
    } else {
        2
    };
    format!("{value:.decimals$}")
}

fn report(all: &[Measured]) -> String {
    let mut out = format!(
        "# Frontier benchmark\n\n\
         Made by `cargo xtask bench frontier`; what it does is in its `--help`.\n\n{}\
         - One process on core {CRAWLER_CORE}, its log's thread included; every new URL and every commit is synced\n\
         - Hosts: one for a hundred URLs, their sizes by a power law (exponent 1.1); paths of about 30 bytes; four of \
         five links of a page stay on its host\n\
         - A commit is 12 known and 2 new links and a record of 1 KB, sixteen batches of 64 under way\n\n\
         ![each figure against the size](bench-frontier.svg)\n\n| figure | goal |",
        machine()
    );
    for measured in all {
        let _ = write!(out, " {} |", title(measured.urls, measured.room));
    }
    let _ = write!(out, "\n|---|---|{}\n", "---|".repeat(all.len()));
    for figure in &FIGURES {
        let _ = write!(out, "| {} | {} |", figure.title, figure.goal());
        for measured in all {
            let cell = figure.of(measured).map_or_else(
                || "not measured".to_owned(),
                |value| format!("{}{}", shown(value), if figure.is_met(value) { "" } else { " (missed)" }),
            );
            let _ = write!(out, " {cell} |");
        }
        out.push('\n');
    }
    out
}

fn panels(all: &[Measured]) -> Vec<Panel> {
    let panel = |figure: &Figure| Panel {
        title: figure.title,
        goal: figure.goal.map(|(_, goal)| goal),
        points: all
            .iter()
            .filter(|measured| measured.room.is_none())
            .filter_map(|measured| {
                #[expect(clippy::cast_precision_loss, reason = "a place in a picture")]
                Some((measured.urls as f64, figure.of(measured)?))
            })
            .collect(),
    };
    FIGURES.iter().map(panel).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_missed_goal_is_said_and_a_met_one_is_not() {
        let fill = json!({"checks_per_second": 2.5e6, "known": 100, "resident_bytes": 1100});
        let measured = [Measured { urls: 100, room: None, fill, reopen: json!({"reopen_seconds": 3.0}) }];
        let report = report(&measured);
        assert!(
            report.contains("| known-link checks, thousand a second | ≥ 3000 | 2500 (missed) |"),
            "{report}"
        );
        assert!(report.contains("| memory, bytes a known URL | ≤ 12 | 11.0 |"), "{report}");
        assert!(report.contains("| opening again, seconds | ≤ 10 | 3.00 |"), "{report}");
        assert!(report.contains("| closing, seconds | none | not measured |"), "{report}");
    }

    #[test]
    fn sizes_are_numbers() {
        assert_eq!(sizes_of("10, 20").ok(), Some(vec![10, 20]));
        assert!(sizes_of("many").is_err());
    }
}
