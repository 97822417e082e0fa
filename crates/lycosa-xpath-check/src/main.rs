//! Compares XPath with two engines of other make: `fuzz` by answers over random expressions, `serve` for figures.
//!
//! `case` puts a document and an expression to three engines (`ours`, `peer`, `lxml`) and judges the answers;
//! `grammar` and `random_page` make expressions and documents, `shrink` makes a failing case small, `faults` lists
//! where an oracle is known to be wrong. A test program: nothing here is part of the crawler.

mod answer;
mod case;
mod corpus;
mod dice;
mod expression;
mod faults;
mod fuzz;
mod grammar;
mod lxml;
mod markup;
mod ours;
mod peer;
mod random_page;
mod serve;
mod shrink;

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Parser as _;

/// Compares XPath with engines of other make.
#[derive(Debug, clap::Parser)]
#[command(name = "lycosa-xpath-check")]
enum CommandLine {
    /// Random expressions over random and real documents
    Fuzz {
        /// How many expressions
        #[arg(long, default_value_t = 100_000)]
        cases: usize,
        /// Which
        #[arg(long, default_value_t = 1)]
        seed: u64,
    },
    /// Take pages out of the corpus: each as UTF-8 and as XML of the same tree
    Pages {
        /// Where to write
        folder: PathBuf,
        /// Names in the archive of pages
        names: Vec<String>,
    },
    /// Evaluate what standard input says over a page, and time it
    Serve {
        /// `ours` or `xpath-eval`
        side: String,
        page: PathBuf,
    },
}

fn say(text: &str) {
    let _ = writeln!(std::io::stdout().lock(), "{text}");
}

fn main() -> ExitCode {
    let result = match CommandLine::parse() {
        CommandLine::Fuzz { cases, seed } => fuzz(cases, seed),
        CommandLine::Pages { folder, names } => pages(&folder, &names),
        CommandLine::Serve { side, page } => std::fs::read_to_string(&page)
            .map_err(|error| format!("{} cannot be read: {error}", page.display()))
            .and_then(|html| serve::serve(&side, &html)),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(reason) => {
            let _ = writeln!(std::io::stderr().lock(), "error: {reason}");
            ExitCode::FAILURE
        }
    }
}

fn fuzz(cases: usize, seed: u64) -> Result<(), String> {
    let report = fuzz::run(fuzz::Plan { cases, seed, thorough: true }, say)?;
    say(&format!("\n{}", report.counts()));
    match report.disagreements.len() {
        0 => Ok(()),
        count => Err(format!("{count} disagreements")),
    }
}

/// Writes `N.html` and `N.xml` for the N-th name and says a line about each: nodes, elements, bytes, and how much of
/// the XML is written otherwise than it is.
fn pages(folder: &Path, names: &[String]) -> Result<(), String> {
    let found = corpus::pages(|name, _| names.iter().any(|wanted| wanted == name));
    for (at, name) in names.iter().enumerate() {
        let Some((_, html)) = found.iter().find(|(one, _)| one == name) else {
            return Err(format!("there is no page {name}; the test corpus is needed"));
        };
        let document = case::parse(html, true);
        let xml = markup::xml(&document);
        let write = |ending: &str, text: &str| {
            let path = folder.join(format!("{at}.{ending}"));
            std::fs::write(&path, text)
                .map_err(|error| format!("{} cannot be written: {error}", path.display()))
        };
        write("html", html)?;
        write("xml", &xml.text)?;
        let elements = document.nodes().filter(|node| node.is_element()).count();
        say(&format!("{} {elements} {} {}", document.len(), html.len(), xml.changed));
    }
    Ok(())
}
