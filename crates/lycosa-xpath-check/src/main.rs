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
mod shrink;

use std::io::Write as _;
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
}

fn say(text: &str) {
    let _ = writeln!(std::io::stdout().lock(), "{text}");
}

fn main() -> ExitCode {
    match CommandLine::parse() {
        CommandLine::Fuzz { cases, seed } => match fuzz::run(cases, seed, say) {
            Ok(report) => {
                report.disagreements.iter().for_each(|shown| say(&format!("\n{shown}")));
                say(&format!("\n{}", report.counts()));
                ExitCode::from(u8::from(!report.disagreements.is_empty()))
            }
            Err(reason) => {
                let _ = writeln!(std::io::stderr().lock(), "error: {reason}");
                ExitCode::FAILURE
            }
        },
    }
}
