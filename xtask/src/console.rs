//! What a command says. A reader that went away (`| head`) is no reason to fail, so write errors are dropped.

use std::io::{Write as _, stderr, stdout};

/// One line (or block) on standard output.
pub(crate) fn say(text: &str) {
    let mut out = stdout().lock();
    let _ = writeln!(out, "{text}").and_then(|()| out.flush());
}

/// One line (or block) on standard error.
pub(crate) fn complain(text: &str) {
    let _ = writeln!(stderr().lock(), "{text}");
}

/// The header line of a step.
pub(crate) fn header(title: &str) {
    say(&format!("\n== {title} =="));
}
