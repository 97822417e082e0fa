//! `cargo xtask bench xpath`: what an XPath expression costs in this engine, beside libxml2 and `xpath-eval`.
//!
//! Each engine is a process ([`side`]) on one core; they take turns expression by expression over the same trees.
//! libxml2 gets our tree written as XML, so that every engine must find the very same nodes, and is asked once more
//! over the tree of its own HTML parser, for the record. [`table`] makes the tables.

mod expressions;
mod side;
mod table;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use self::expressions::{EXPRESSIONS, PAGES};
use self::side::Side;
use self::table::{HOWS, Row, SIDES, Sheet};
use super::field::{locked_version, require_taskset};
use super::figures::machine;
use crate::arguments::Arguments;
use crate::console::{header, say};
use crate::failure::{Context as _, Failure, Result};
use crate::site::scratch::Scratch;
use crate::{debian, workspace};

/// Where `--record` writes.
const RECORD: &str = "docs/bench-xpath.md";
/// Rounds without `--pairs`.
const ROUNDS: usize = 5;
/// What takes longer than this, in nanoseconds, is measured in the first round only.
const LONG: f64 = 1e9;

/// The command.
pub(super) fn run(arguments: &mut Arguments) -> Result<()> {
    let rounds = arguments.parsed("--pairs")?.unwrap_or(ROUNDS).max(1);
    let only = arguments.value("--page")?;
    let record = arguments.switch("--record");
    arguments.finish()?;
    require_taskset()?;
    debian::provide(debian::XPATH_BENCH_NEEDS)?;
    header("build");
    let folder = Scratch::new("xpath")?;
    let ground = Ground::new(folder.path())?;
    let mut sheets = Vec::new();
    for (at, (_, name)) in PAGES.iter().enumerate() {
        if only.as_ref().is_none_or(|only| only == name) {
            header(name);
            let sheet = ground.sheet(at, rounds)?;
            say(&table::sheet(&sheet));
            sheets.push(sheet);
        }
    }
    let summary = table::summary(&sheets);
    say(&summary);
    if record {
        let mut report = ground.head(rounds)?;
        report.push_str(&summary);
        sheets.iter().for_each(|sheet| report.push_str(&table::sheet(sheet)));
        let path = workspace::root().join(RECORD);
        fs::create_dir_all(path.parent().unwrap_or(&path)).context("make the folder of the record")?;
        fs::write(&path, &report).context(format!("write {RECORD}"))?;
        say(&format!("written to {RECORD}"));
    }
    agreed(&sheets)
}

/// Fails when an engine found something else in the same tree.
fn agreed(sheets: &[Sheet]) -> Result<()> {
    let rows = sheets.iter().flat_map(|sheet| sheet.rows.iter().map(move |row| (sheet, row)));
    let odd: Vec<String> = rows
        .filter(|(_, row)| (1..SIDES.len()).any(|side| row.differs(side)))
        .map(|(sheet, row)| format!("`{}` on {}", row.expression, sheet.title))
        .collect();
    match odd.first() {
        None => Ok(()),
        Some(first) => Err(Failure::new(format!("{} answers differ, such as {first}", odd.len()))
            .hint("the column `found` says what each engine found")),
    }
}

/// The programs and the pages.
#[derive(Debug)]
struct Ground {
    check: PathBuf,
    libxml2: PathBuf,
    folder: PathBuf,
    /// Of each page: nodes, elements, bytes, and how many words XML could not say.
    facts: Vec<String>,
}

impl Ground {
    fn new(folder: &Path) -> Result<Self> {
        workspace::run(&mut workspace::cargo([
            "build",
            "--quiet",
            "--release",
            "--package",
            "lycosa-xpath-check",
        ]))?;
        let check = workspace::target().join("release/lycosa-xpath-check");
        let libxml2 = folder.join("xpath-libxml2");
        let flags = workspace::output("xml2-config", &["--cflags", "--libs"]).unwrap_or_default();
        let mut cc = Command::new("cc");
        cc.args(["-O2", "-std=gnu11", "-o"]).arg(&libxml2);
        cc.arg(workspace::root().join("bench/xpath-libxml2.c")).args(flags.split_whitespace());
        workspace::run(&mut cc)?;
        let mut pages = Command::new(&check);
        pages.arg("pages").arg(folder).args(PAGES.map(|(name, _)| name));
        let answer = pages.output().context("take the pages out of the corpus")?;
        if !answer.status.success() {
            let words = String::from_utf8_lossy(&answer.stderr);
            return Err(Failure::new(words.trim().trim_start_matches("error: ").to_owned()));
        }
        let facts = String::from_utf8_lossy(&answer.stdout).lines().map(str::to_owned).collect();
        Ok(Self { check, libxml2, folder: folder.to_path_buf(), facts })
    }

    fn page(&self, at: usize, ending: &str) -> String {
        self.folder.join(format!("{at}.{ending}")).to_string_lossy().into_owned()
    }

    /// Starts the sides over a page, in the order of [`SIDES`], and makes sure that they have the same tree.
    fn sides(&self, at: usize) -> Result<[Side; 3]> {
        let check = self.check.to_string_lossy().into_owned();
        let libxml2 = self.libxml2.to_string_lossy().into_owned();
        let served =
            |side: &str| vec![check.clone(), "serve".to_owned(), side.to_owned(), self.page(at, "html")];
        let mut sides = [
            Side::start(SIDES[0], &served("ours"))?,
            Side::start(SIDES[1], &[libxml2, "xml".to_owned(), self.page(at, "xml")])?,
            Side::start(SIDES[2], &served("xpath-eval"))?,
        ];
        let trees = [sides[0].ask("tree")?, sides[1].ask("tree")?];
        if trees[0] != trees[1] {
            return Err(Failure::new(format!("the trees differ: {} and {}", trees[0], trees[1])));
        }
        Ok(sides)
    }

    /// Measures every expression over a page.
    fn sheet(&self, at: usize, rounds: usize) -> Result<Sheet> {
        let mut sides = self.sides(at)?;
        let mut rows: Vec<Row> =
            EXPRESSIONS.iter().map(|expression| Row { expression, ..Row::default() }).collect();
        for round in 0..rounds {
            for row in &mut rows {
                for how in 0..HOWS.len() {
                    measure(&mut sides, row, how, round)?;
                }
            }
            say(&format!("round {} of {rounds}", round + 1));
        }
        let html = ["html".to_owned(), self.page(at, "html")];
        let mut own =
            Side::start(SIDES[1], &[&[self.libxml2.to_string_lossy().into_owned()], &html[..]].concat())?;
        for row in rows.iter_mut().filter(|row| row.series[0][1].iter().all(|taken| *taken < LONG)) {
            row.own_tree = Some(own.measure(HOWS[0], row.expression)?.found.0);
        }
        let fact = |nth| self.facts.get(at).and_then(|line| line.split(' ').nth(nth)).unwrap_or("?");
        let title = format!(
            "{}: {} nodes, {} elements, {} bytes ({} names or characters unknown to XML)",
            PAGES[at].1,
            fact(0),
            fact(1),
            fact(2),
            fact(3)
        );
        Ok(Sheet { title, rows })
    }

    fn head(&self, rounds: usize) -> Result<String> {
        let lock = fs::read_to_string(workspace::root().join("Cargo.lock")).context("read Cargo.lock")?;
        let peer = locked_version(&lock, "xpath-eval").unwrap_or_else(|| "unknown".to_owned());
        let libxml2 = workspace::output("xml2-config", &["--version"]).unwrap_or_default();
        let check = self.check.file_name().unwrap_or_default().to_string_lossy();
        Ok(format!(
            "# XPath benchmark\n\n\
             Made by `cargo xtask bench xpath --pairs {rounds}`; what it does is in its `--help`.\n\n{}\
             - lycosa {}; libxml2 {} from C (`bench/xpath-libxml2.c`); xpath-eval {peer} with its `DocumentCache` \
             (`{check}`)\n\
             - One core for all, a process each, in turns; the same tree for all, equal in every node; results are \
             counted and hashed within the time\n\
             - Figures: microseconds an evaluation, median of {rounds} interleaved rounds (least to most); what takes \
             over a second is measured once\n\
             - first: over a document just parsed, parsing not counted; warm: over one that has been asked before\n\
             - ×: how many times as long the other engine takes\n",
            machine(),
            env!("CARGO_PKG_VERSION"),
            libxml2.trim(),
        ))
    }
}

/// Asks every side in turn, beginning with another each round.
fn measure(sides: &mut [Side; 3], row: &mut Row, how: usize, round: usize) -> Result<()> {
    for turn in 0..sides.len() {
        let at = (round + turn) % sides.len();
        let series = &mut row.series[how][at];
        if series.first().is_some_and(|taken| *taken >= LONG) {
            continue;
        }
        let measured = sides[at].measure(HOWS[how], row.expression)?;
        series.push(measured.nanoseconds);
        row.found[at] = measured.found;
    }
    Ok(())
}
