//! `lycosa config`: check a configuration file, or print what one may contain.

use std::path::PathBuf;

use lycosa::config;
use lycosa::{Error, ErrorKind, Result};

use crate::exit::Exit;
use crate::output;

/// Check a configuration file, or print what one may contain.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Find every mistake in a file, each with its line and column
    Check {
        /// The file
        file: PathBuf,
    },
    /// Print the JSON Schema of the file, for editors
    Schema,
    /// Print an example that shows the options people need
    Example,
}

/// Runs the command.
pub(crate) fn run(args: &Args) -> Result<Exit> {
    match &args.command {
        Command::Check { file } => check(file),
        Command::Schema => {
            let text = serde_json::to_string_pretty(&config::schema()).map_err(|cause| {
                Error::new(ErrorKind::Internal, "the schema cannot be written").with_source(cause)
            })?;
            output::data(format!("{text}\n").as_bytes())?;
            Ok(Exit::Done)
        }
        Command::Example => {
            output::data(config::EXAMPLE.as_bytes())?;
            Ok(Exit::Done)
        }
    }
}

fn check(file: &std::path::Path) -> Result<Exit> {
    match config::load(Some(file), &[]) {
        Ok(_) => {
            output::say(&format!("{}: no mistakes", file.display()));
            Ok(Exit::Done)
        }
        Err(error) => {
            for problem in &error.problems {
                output::say(&problem.to_string());
                if let Some(hint) = &problem.hint {
                    output::say(&format!("  hint: {hint}"));
                }
            }
            let count = error.problems.len();
            output::say(&format!("{}: {count} mistake{}", file.display(), if count == 1 { "" } else { "s" }));
            Ok(Exit::Usage)
        }
    }
}
