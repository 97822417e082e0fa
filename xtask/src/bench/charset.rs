//! `cargo xtask bench charset`: how often charset detection is right beside three peers, on the corpus and on texts
//! that nothing was trained on; and what decoding costs beside bare encoding_rs.
//!
//! The scoring is done by `bench/charset.py`, the timing by the example `charset_cost`; this prepares their files, pins
//! and takes medians.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;

use super::field::{CRAWLER_CORE, require_cores};
use super::figures::{Summary, machine};
use crate::arguments::Arguments;
use crate::console::{header, say};
use crate::debian;
use crate::failure::{Context as _, Failure, Result};
use crate::workspace;

/// Where `--record` writes.
const RECORD: &str = "docs/bench-charset.md";
/// Rounds without `--pairs`.
const ROUNDS: usize = 15;
/// The corpus: `$LYCOSA_CORPUS`, else this folder beside the workspace, as for the tests.
const CORPUS: &str = "../shared/corpus";
/// The languages of the texts that detection was not trained on.
const LANGUAGES: [&str; 22] = [
    "cs", "da", "de", "el", "es", "et", "fi", "fr", "hu", "it", "ja", "ko", "nl", "pl", "pt", "ru", "sl",
    "sv", "tr", "vi", "zh-cn", "zh-tw",
];
/// What is decoded for time: the language of the text and the encoding it is put in.
const TIMED: [(&str, &str); 9] = [
    ("zh-cn", "utf-8"),
    ("fr", "utf-8"),
    ("fr", "windows-1252"),
    ("ru", "windows-1251"),
    ("pl", "iso-8859-2"),
    ("zh-cn", "gbk"),
    ("zh-tw", "big5"),
    ("ja", "shift_jis"),
    ("ko", "euc-kr"),
];
/// Bytes of a file that is timed: a large page, and detection weighs little in it.
const TIMED_BYTES: &str = "1000000";

/// The command.
pub(super) fn run(arguments: &mut Arguments) -> Result<()> {
    let rounds = arguments.parsed("--pairs")?.unwrap_or(ROUNDS).max(1);
    let record = arguments.switch("--record");
    arguments.finish()?;
    require_cores()?;
    for package in ["uchardet", "python3-chardet", "python3-charset-normalizer"] {
        if !debian::is_installed(package) {
            debian::install(&[package])?;
        }
    }
    header("build");
    let build = ["build", "--quiet", "--release", "--package", "lycosa-dom", "--example", "charset_cost"];
    workspace::run(&mut workspace::cargo(build))?;
    let bench = Bench {
        program: workspace::target().join("release/examples/charset_cost"),
        folder: workspace::cache().join("bench-charset"),
    };
    fs::create_dir_all(&bench.folder).context("make the folder of the benchmark")?;
    let mut report = head(rounds);
    header("corpus");
    if let Some(listing) = bench.corpus()? {
        report.push_str(&bench.scores(&listing)?);
    }
    header("texts that nothing was trained on");
    let listing = bench.held_out()?;
    report.push_str(&bench.scores(&listing)?);
    header("speed");
    report.push_str(&bench.speeds(rounds)?);
    say(&report);
    if record {
        fs::write(workspace::root().join(RECORD), &report).context(format!("write {RECORD}"))?;
        say(&format!("written to {RECORD}"));
    }
    Ok(())
}

fn head(rounds: usize) -> String {
    let peers = ["uchardet", "python3-chardet", "python3-charset-normalizer"].map(|package| {
        let version =
            workspace::output("dpkg-query", &["-W", "-f", "${Version}", package]).unwrap_or_default();
        format!("{package} {version}")
    });
    format!(
        "# Charset benchmark\n\n\
         Made by `cargo xtask bench charset`; what it does is in its `--help`.\n\n{}\
         - Peers: {}\n\
         - Right means that the bytes decode to the text that the labelled encoding gives; nothing is declared.\n\
         - Encodings outside the Encoding standard without a decoder here (Johab, EUC-TW, ISO-2022-KR, HZ) are right when named.\n\
         - The language model was made from the Lingua project's models (`cargo xtask train charset`), not from these files.\n\
         - Speeds: medians of {rounds} interleaved rounds on one core (spread), decoding 1 MB\n",
        machine(),
        peers.join(", ")
    )
}

struct Bench {
    program: PathBuf,
    folder: PathBuf,
}

impl Bench {
    /// Unpacks the corpus and lists it; `None` when there is none.
    fn corpus(&self) -> Result<Option<PathBuf>> {
        let corpus = std::env::var_os("LYCOSA_CORPUS")
            .map_or_else(|| workspace::root().join(CORPUS), PathBuf::from)
            .join("charset");
        let Ok(index) = fs::read_to_string(corpus.join("index.jsonl")) else {
            say(&format!("no corpus at {}", corpus.display()));
            return Ok(None);
        };
        let folder = self.folder.join("corpus");
        fs::create_dir_all(&folder).context("make the corpus folder")?;
        let archive = corpus.join("charset.tar.zst");
        let mut command = Command::new("tar");
        workspace::run(command.arg("--zstd").arg("-xf").arg(archive).arg("-C").arg(&folder))?;
        let mut rows = String::new();
        for line in index.lines() {
            let row: Value = serde_json::from_str(line)
                .map_err(|error| Failure::new(format!("the index of the corpus cannot be read: {error}")))?;
            let field = |name: &str| row[name].as_str().unwrap_or_default();
            let path = folder.join(field("file"));
            let _ = writeln!(rows, "{}\t{}\t{}", field("source"), field("encoding"), path.display());
        }
        let listing = self.folder.join("corpus.tsv");
        fs::write(&listing, rows).context("write the listing of the corpus")?;
        Ok(Some(listing))
    }

    /// Fetches the help pages of LibreOffice and cuts them into pieces in every encoding.
    fn held_out(&self) -> Result<PathBuf> {
        let texts = self.folder.join("texts");
        for language in LANGUAGES {
            let package = format!("libreoffice-help-{language}");
            if !texts.join(&package).is_dir() {
                unpack(&package, &texts)?;
            }
        }
        let listing = self.folder.join("held-out.tsv");
        let mut command = self.python("charset_texts.py");
        workspace::run(command.arg(&texts).arg(self.folder.join("pieces")).arg(&listing))?;
        Ok(listing)
    }

    fn python(&self, script: &str) -> Command {
        let mut command = Command::new(workspace::python());
        command.arg(workspace::root().join("bench").join(script)).stdin(Stdio::null());
        command
    }

    /// The tables of one listing.
    fn scores(&self, listing: &Path) -> Result<String> {
        let mut command = self.python("charset.py");
        let answer = command.arg(listing).arg(&self.program).stderr(Stdio::inherit()).output();
        let answer = answer.context("start python3")?;
        if !answer.status.success() {
            return Err(Failure::new(format!("charset.py ended with {}", answer.status)));
        }
        let table = String::from_utf8_lossy(&answer.stdout).into_owned();
        say(&table);
        Ok(table)
    }

    fn speeds(&self, rounds: usize) -> Result<String> {
        let mut text = String::from(
            "\n## Speed\n\nGigabytes of input a second.\n\n\
             | encoding | text | declared | this library | encoding_rs | ratio by rounds |\n|---|---|---|---|---|---|\n",
        );
        for (language, encoding) in TIMED {
            let file = self.folder.join(format!("{language}-{encoding}.txt"));
            let mut command = self.python("charset_texts.py");
            command.args(["--long", TIMED_BYTES, language, encoding]);
            workspace::run(command.arg(self.folder.join("texts")).arg(&file))?;
            for declared in [encoding, "auto"] {
                let pairs = self.timed(declared, &file, rounds)?;
                let of = |side: fn(&(f64, f64)) -> f64| Summary::of(pairs.iter().map(side)).show(2);
                let _ = writeln!(
                    text,
                    "| {encoding} | {language} | {} | {} | {} | {} |",
                    if declared == "auto" { "no" } else { "yes" },
                    of(|pair| pair.0),
                    of(|pair| pair.1),
                    of(|pair| pair.0 / pair.1),
                );
            }
        }
        Ok(text)
    }

    /// Pairs of speeds: the library's and encoding_rs's.
    fn timed(&self, label: &str, file: &Path, rounds: usize) -> Result<Vec<(f64, f64)>> {
        let mut command = Command::new("taskset");
        command.args(["-c", &CRAWLER_CORE.to_string()]).arg(&self.program).args(["decode", label]);
        let answer = command.arg(file).arg(rounds.to_string()).stderr(Stdio::inherit()).output();
        let said = String::from_utf8_lossy(&answer.context("start taskset")?.stdout).into_owned();
        let pairs: Vec<(f64, f64)> = said.lines().filter_map(pair).collect();
        if pairs.len() == rounds {
            Ok(pairs)
        } else {
            Err(Failure::new(format!("charset_cost gave no figures for {}: {said:?}", file.display())))
        }
    }
}

fn pair(line: &str) -> Option<(f64, f64)> {
    let (one, other) = line.split_once(' ')?;
    Some((one.parse().ok()?, other.parse().ok()?))
}

/// Downloads a Debian package and unpacks it without installing it.
fn unpack(package: &str, into: &Path) -> Result<()> {
    let folder = into.join(package);
    let download = into.join(format!("{package}.part"));
    fs::create_dir_all(&download).context("make a folder")?;
    let mut command = Command::new("apt-get");
    command.args(["download", "-qq", "-o", "APT::Sandbox::User=root", package]).current_dir(&download);
    workspace::run(command.stdin(Stdio::null()))?;
    let entries = fs::read_dir(&download).context("list the download")?;
    let archive = entries.filter_map(std::result::Result::ok).map(|entry| entry.path()).next();
    let archive = archive.ok_or_else(|| Failure::new(format!("apt-get did not download {package}")))?;
    workspace::run(Command::new("dpkg-deb").arg("-x").arg(archive).arg(&folder))?;
    fs::remove_dir_all(&download).context("remove the download")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_are_two_numbers_and_nothing_else() {
        assert_eq!(pair("1.5 0.75"), Some((1.5, 0.75)));
        assert_eq!((pair("1.5"), pair("a b"), pair("")), (None, None, None));
    }
}
