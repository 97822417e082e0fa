//! `lycosa config`: check a configuration file, or print what one may contain.

use std::io::Read as _;
use std::path::PathBuf;

use lycosa::config::{self, Layers};
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
        /// The file, or `-` for standard input
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

/// The configuration on standard input, as long as a file may be.
fn read_input() -> Result<String> {
    const MOST: u64 = 16 << 20;
    let wrong = |what: &str, hint: &str| {
        Err(Error::new(ErrorKind::Config, format!("standard input {what}")).with_hint(hint.to_owned()))
    };
    let mut bytes = Vec::new();
    let read = std::io::stdin().lock().take(MOST + 1).read_to_end(&mut bytes);
    read.map_err(|cause| Error::io("reading standard input", cause))?;
    if bytes.len() as u64 > MOST {
        return wrong("is longer than 16MiB", "check that this is the file you mean");
    }
    match String::from_utf8(bytes) {
        Ok(text) => Ok(text),
        Err(_) => wrong("is not UTF-8", "save it as UTF-8"),
    }
}

fn check(file: &std::path::Path) -> Result<Exit> {
    let is_input = file.as_os_str() == "-";
    let (name, checked) = if is_input {
        const NAME: &str = "standard input";
        let mut layers = Layers::new();
        layers.text(NAME, &read_input()?);
        (NAME.to_owned(), layers.build())
    } else {
        (file.display().to_string(), config::load(Some(file), &[]))
    };
    match checked {
        Ok(_) => {
            output::say(&format!("{name}: no mistakes"));
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
            output::say(&format!("{name}: {count} mistake{}", if count == 1 { "" } else { "s" }));
            Ok(Exit::Usage)
        }
    }
}
