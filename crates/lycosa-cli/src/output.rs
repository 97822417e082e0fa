//! Words to people: data goes to standard output, everything else to standard error.
//!
//! A reader that goes away (`| head`) is no failure; it ends the output quietly.

use std::io::{self, Write};

use lycosa::{Error, ErrorKind};

use crate::exit::Exit;

/// Writes to standard output. `false` when nobody reads any more.
///
/// # Errors
/// Any failure but a closed pipe.
pub(crate) fn data(bytes: &[u8]) -> Result<bool, Error> {
    let mut out = io::stdout().lock();
    match out.write_all(bytes).and_then(|()| out.flush()) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(false),
        Err(error) => Err(Error::io("writing to standard output", error)),
    }
}

/// Says one line on standard error. When even that is closed, there is nobody to tell.
pub(crate) fn say(line: &str) {
    drop(writeln!(io::stderr().lock(), "{line}"));
}

/// Says what failed, and the hint on a line of its own; answers the code to end with.
pub(crate) fn fail(error: &Error) -> Exit {
    say(&format!("lycosa: {error}"));
    if let Some(hint) = error.hint() {
        say(&format!("  hint: {hint}"));
    }
    match error.kind() {
        ErrorKind::Usage | ErrorKind::Config => Exit::Usage,
        _ => Exit::Failed,
    }
}
