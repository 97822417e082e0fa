//! Measures the embedded frontier at one size: `fill` makes a crawl of that many URLs and measures rates, `reopen`
//! opens it again in a new process. Each prints one JSON object. `cargo xtask bench frontier` runs both for a row of
//! sizes and draws the figures. A test program: nothing here is part of the crawler.
#![expect(clippy::disallowed_methods, reason = "it measures time that passes")]

mod figures;
mod measure;
mod world;

use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser as _;

/// What the command uses.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Measures the embedded frontier.
#[derive(Debug, clap::Parser)]
#[command(name = "lycosa-frontier-bench")]
enum CommandLine {
    /// Make a crawl and measure it
    Fill {
        /// How many URLs
        #[arg(long)]
        urls: u64,
        /// An empty folder on the disk to measure
        #[arg(long)]
        folder: PathBuf,
        /// Bytes of memory for known URLs; what has no room is in a file
        #[arg(long, default_value_t = usize::MAX)]
        seen_memory: usize,
    },
    /// Open it again
    Reopen {
        /// How many URLs it has
        #[arg(long)]
        urls: u64,
        /// Its folder
        #[arg(long)]
        folder: PathBuf,
        /// As when it was made
        #[arg(long, default_value_t = usize::MAX)]
        seen_memory: usize,
    },
}

fn main() -> ExitCode {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let outcome = runtime.map_err(|error| error.to_string()).and_then(|runtime| {
        runtime
            .block_on(async {
                match CommandLine::parse() {
                    CommandLine::Fill { urls, folder, seen_memory } => {
                        measure::fill(urls, &folder, seen_memory).await
                    }
                    CommandLine::Reopen { urls, folder, seen_memory } => {
                        measure::reopen(urls, &folder, seen_memory).await
                    }
                }
            })
            .map_err(|error| error.to_string())
    });
    let (text, code) = match outcome {
        Ok(value) => (value.to_string(), ExitCode::SUCCESS),
        Err(reason) => (format!("error: {reason}"), ExitCode::FAILURE),
    };
    let _ = writeln!(std::io::stdout().lock(), "{text}");
    code
}
