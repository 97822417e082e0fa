//! `cargo xtask bench fetch`: what a request costs in this client, beside hyper bare in the same run.
//!
//! The work is done by the example `fetch_cost`, one process for each measurement; this serves, pins, takes turns and
//! makes the table.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::field::{CRAWLER_CORE, SERVER_CORE, require_cores};
use super::figures::{Summary, machine};
use crate::arguments::Arguments;
use crate::console::{header, say};
use crate::failure::{Context as _, Failure, Result};
use crate::site::nginx::{Options, Server};
use crate::site::scratch::Scratch;
use crate::workspace;

/// Where `--record` writes.
const RECORD: &str = "docs/bench-fetch.md";
/// Rounds without `--pairs`.
const ROUNDS: usize = 7;
/// Requests of one measurement without `--requests`.
const REQUESTS: u32 = 20_000;
/// Requests over which memory is looked at.
const LONG: u32 = 100_000;
/// Requests counted by callgrind; as many again are taken off, and the start of the process with them.
const COUNTED: u32 = 2_000;
const PAGE: &str = "2k.html";
const PAGE_BYTES: usize = 2_048;

/// What is spoken.
struct Protocol {
    title: &'static str,
    tls: bool,
    http2: bool,
}

const PROTOCOLS: [Protocol; 3] = [
    Protocol { title: "HTTP/1.1", tls: false, http2: false },
    Protocol { title: "HTTP/1.1 over TLS", tls: true, http2: false },
    Protocol { title: "HTTP/2 over TLS", tls: true, http2: true },
];

const SIDES: [&str; 2] = ["bare", "client"];

/// One measurement of one side.
#[derive(Clone, Copy, Debug)]
struct Cost {
    nanoseconds: f64,
    peak_kibibytes: f64,
}

/// The flags.
struct Wanted {
    rounds: usize,
    requests: u32,
    instructions: bool,
    record: bool,
}

/// The command.
pub(super) fn run(arguments: &mut Arguments) -> Result<()> {
    let wanted = Wanted {
        rounds: arguments.parsed("--pairs")?.unwrap_or(ROUNDS).max(1),
        requests: arguments.parsed("--requests")?.unwrap_or(REQUESTS).max(1),
        instructions: arguments.switch("--instructions"),
        record: arguments.switch("--record"),
    };
    arguments.finish()?;
    require_cores()?;
    header("build");
    let build = ["build", "--quiet", "--release", "--package", "lycosa", "--example", "fetch_cost"];
    workspace::run(&mut workspace::cargo(build))?;
    let bench = Bench::new(workspace::target().join("release/examples/fetch_cost"))?;
    let mut report = head(&wanted);
    for protocol in &PROTOCOLS {
        header(protocol.title);
        let row = bench.row(protocol, &wanted)?;
        say(&row);
        report.push_str(&row);
    }
    say(&report);
    if wanted.record {
        let path = workspace::root().join(RECORD);
        fs::create_dir_all(path.parent().unwrap_or(&path)).context("make the folder of the record")?;
        fs::write(&path, &report).context(format!("write {RECORD}"))?;
        say(&format!("written to {RECORD}"));
    }
    Ok(())
}

fn head(wanted: &Wanted) -> String {
    let (rounds, requests) = (wanted.rounds, wanted.requests);
    format!(
        "# Fetch benchmark\n\n\
         Made by `cargo xtask bench fetch`; what it does is in its `--help`.\n\n{}\
         - Server: nginx, one worker, on core {SERVER_CORE}; the client, one thread, on core {CRAWLER_CORE}\n\
         - One connection, one request at a time, a body of {PAGE_BYTES} bytes; facts, ledger, guard and limits on\n\
         - CPU: thread time per request, median of {rounds} interleaved rounds of {requests} requests (spread)\n\
         - Memory: the most the process ever held, over {LONG} requests\n\
         - Instructions: in user space, per request, by callgrind\n\n\
         | protocol | hyper bare, CPU µs | client, CPU µs | ratio | memory, MiB | instructions, bare | client | ratio |\n\
         |---|---|---|---|---|---|---|---|\n",
        machine()
    )
}

/// The program, what it fetches and whom it trusts.
struct Bench {
    program: PathBuf,
    folder: Scratch,
}

impl Bench {
    fn new(program: PathBuf) -> Result<Self> {
        let folder = Scratch::new("fetch")?;
        let text: String = "A page of two kibibytes. ".chars().cycle().take(PAGE_BYTES).collect();
        fs::write(folder.path().join(PAGE), text).context("write the page")?;
        workspace::run(Command::new(&program).arg("certificate").arg(folder.path()))?;
        Ok(Self { program, folder })
    }

    /// A row of the table: everything measured of a protocol.
    fn row(&self, protocol: &Protocol, wanted: &Wanted) -> Result<String> {
        let tls = protocol.tls.then(|| self.folder.path().to_path_buf());
        let core = Some(SERVER_CORE);
        let server = Server::start(&Options { core, tls, ..Options::new(self.folder.path().to_path_buf()) })?;
        let url = format!("{}{PAGE}", server.url());
        let mut nanoseconds = [Vec::new(), Vec::new()];
        for round in 0..wanted.rounds {
            for turn in 0..SIDES.len() {
                let side = (round + turn) % SIDES.len();
                nanoseconds[side].push(self.measured(side, protocol, &url, wanted.requests)?.nanoseconds);
            }
        }
        let peak = self.measured(1, protocol, &url, LONG)?.peak_kibibytes / 1_024.0;
        let [bare, client] = &nanoseconds;
        let ratio = Summary::of(client.iter().zip(bare).map(|(client, bare)| client / bare));
        let micros = |series: &[f64]| Summary::of(series.iter().map(|ns| ns / 1e3)).show(2);
        let mut row = format!(
            "| {} | {} | {} | {} | {peak:.1} |",
            protocol.title,
            micros(bare),
            micros(client),
            ratio.show(3)
        );
        if wanted.instructions {
            let bare = self.instructions(0, protocol, &url)?;
            let client = self.instructions(1, protocol, &url)?;
            let _ = writeln!(row, " {bare:.0} | {client:.0} | {:.3} |", client / bare);
        } else {
            row.push_str(" | | |\n");
        }
        Ok(row)
    }

    /// The words after the program's name.
    fn words(&self, side: usize, protocol: &Protocol, url: &str, requests: u32) -> Vec<String> {
        let mut words = vec![SIDES[side].to_owned(), url.to_owned(), requests.to_string()];
        if protocol.tls {
            words.push(self.folder.path().join("cert.pem").to_string_lossy().into_owned());
        }
        if protocol.http2 {
            words.push("h2".to_owned());
        }
        words
    }

    fn measured(&self, side: usize, protocol: &Protocol, url: &str, requests: u32) -> Result<Cost> {
        let mut command = Command::new("taskset");
        command.args(["-c", &CRAWLER_CORE.to_string()]).arg(&self.program);
        let command = command.args(self.words(side, protocol, url, requests)).stdin(Stdio::null());
        let answer = command.stderr(Stdio::inherit()).output().context("start taskset")?;
        let said = String::from_utf8_lossy(&answer.stdout);
        cost(&said)
            .ok_or_else(|| Failure::new(format!("fetch_cost {} gave no figures: {said:?}", SIDES[side])))
    }

    /// User instructions of one request.
    fn instructions(&self, side: usize, protocol: &Protocol, url: &str) -> Result<f64> {
        let once = self.counted(side, protocol, url, COUNTED)?;
        let twice = self.counted(side, protocol, url, 2 * COUNTED)?;
        Ok((twice - once) / f64::from(COUNTED))
    }

    fn counted(&self, side: usize, protocol: &Protocol, url: &str, requests: u32) -> Result<f64> {
        let out = self.folder.path().join("callgrind.out");
        let mut command = Command::new("valgrind");
        command.args(["--tool=callgrind", "--quiet"]);
        command.arg(format!("--callgrind-out-file={}", out.display())).arg(&self.program);
        command.args(self.words(side, protocol, url, requests)).stdin(Stdio::null()).stdout(Stdio::null());
        workspace::run(&mut command)?;
        total(&out)
    }
}

/// What `fetch_cost` printed.
fn cost(said: &str) -> Option<Cost> {
    let mut numbers = said.split_whitespace().map(str::parse);
    let (Some(Ok(nanoseconds)), Some(Ok(peak_kibibytes))) = (numbers.next(), numbers.next()) else {
        return None;
    };
    Some(Cost { nanoseconds, peak_kibibytes })
}

/// The sum that a file of callgrind ends with.
fn total(file: &Path) -> Result<f64> {
    let text = fs::read_to_string(file).context(format!("read {}", file.display()))?;
    let sums =
        text.lines().filter_map(|line| line.strip_prefix("totals: ").or(line.strip_prefix("summary: ")));
    sums.filter_map(|sum| sum.trim().parse().ok())
        .next_back()
        .ok_or_else(|| Failure::new("callgrind counted nothing"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_figures_are_read_and_anything_else_is_none() {
        let found = cost("23980 9400\n").unwrap();
        assert_eq!((found.nanoseconds, found.peak_kibibytes), (23_980.0, 9_400.0));
        assert!(cost("").is_none() && cost("x y").is_none() && cost("1").is_none());
    }

    #[test]
    fn the_sum_of_callgrind_is_its_last_line_of_that_kind() {
        let scratch = Scratch::new("callgrind").unwrap();
        let file = scratch.path().join("out");
        fs::write(&file, "summary: 12\nfn=(1)\n1 5\ntotals: 163912866\n").unwrap();
        assert_eq!(total(&file), Ok(163_912_866.0));
        fs::write(&file, "events: Ir\n").unwrap();
        assert!(total(&file).is_err());
    }
}
