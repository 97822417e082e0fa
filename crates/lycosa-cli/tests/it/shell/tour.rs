//! The session in `docs/shell.md` is what happens. With `LYCOSA_WRITE_TOUR` set, what happens is written there instead.

use std::path::{Path, PathBuf};

use crate::command::Bench;
use crate::terminal::Terminal;

const LINE: &str = "lycosa> ";

fn path() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/shell.md")
}

/// The first fenced block of this language.
fn block<'t>(text: &'t str, language: &str) -> &'t str {
    let (_, rest) = text.split_once(&format!("```{language}\n")).expect("a block");
    rest.split_once("```").expect("its end").0
}

#[test]
fn the_tour_is_what_happens() {
    let text = std::fs::read_to_string(path()).expect("the documentation");
    let bench = Bench::new();
    bench.write("kettle.html", block(&text, "html"));
    bench.write("lycosa.toml", block(&text, "toml"));
    let told = block(&text, "text");
    let (start, _) = told.split_once('\n').expect("a command");
    let arguments: Vec<&str> = start.trim_start_matches("$ lycosa ").split(' ').collect();
    let mut terminal = Terminal::start(&bench, &arguments);
    terminal.greeting();
    let mut happened = format!("{start}\n");
    for line in told.lines().filter_map(|line| line.strip_prefix(LINE)) {
        happened.push_str(&format!("{LINE}{line}\n"));
        if line == "quit" {
            terminal.press("quit\r");
            continue;
        }
        let said = terminal.enter(line).replace(&bench.path("").display().to_string(), "/home/me/");
        happened.push_str(&said);
        happened.push_str(if said.is_empty() { "" } else { "\n" });
    }
    assert_eq!(terminal.ends(), Some(0));
    if std::env::var_os("LYCOSA_WRITE_TOUR").is_some() {
        std::fs::write(path(), text.replace(told, &happened)).expect("the documentation is written");
        return;
    }
    assert_eq!(told, happened);
}
