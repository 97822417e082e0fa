//! `lycosa frontier check`: whether every file of a state, and its outputs, are what was written.

use std::path::Path;

use lycosa::crawler::stopped::{self, OutputCheck, StateCheck};
use lycosa::frontier::embedded::{Checked, FileKind};
use lycosa::{Error, ErrorKind, Result};
use serde_json::{Value, json};

use crate::exit::Exit;
use crate::output;
use crate::summary::bytes;

/// Reads everything and tells what is damaged.
pub(super) fn run(folder: &Path, as_json: bool) -> Result<Exit> {
    let check = stopped::check(folder)?;
    let text = if as_json { format!("{}\n", facts(folder, &check)) } else { told(&check) };
    output::data(text.as_bytes())?;
    if check.is_sound() {
        return Ok(Exit::Done);
    }
    Err(damaged(folder, &check))
}

/// What the command fails with.
fn damaged(folder: &Path, check: &StateCheck) -> Error {
    let state = &check.state;
    let needed = |checked: &&Checked| checked.kind != FileKind::History && checked.damaged > 0;
    let output = |what: &str, wrong: &Error| {
        let message = format!("the state in {} is sound, and an output is {what}", folder.display());
        Error::new(ErrorKind::Corrupt, message).with_hint(wrong.hint().unwrap_or_default().to_owned())
    };
    // What is lost is told before what is too much.
    for (_, found) in &check.outputs {
        if let OutputCheck::Wrong(error) = found {
            return output("not what was written", error);
        }
    }
    if let Some(error) = check.outputs.iter().find_map(|(name, found)| wrong(name, found)) {
        return output("ahead of it", &error);
    }
    let hint = if state.kinds.iter().any(|checked| needed(&checked)) || state.together.is_some() {
        "restore the folder and the outputs from copies of one moment, or begin anew with --fresh"
    } else {
        "the crawl can go on with --resume: what is damaged is for questions alone"
    };
    let message = format!("the state in {} is damaged", folder.display());
    Error::new(ErrorKind::Corrupt, message).with_hint(hint)
}

fn told(check: &StateCheck) -> String {
    let mut rows: Vec<(&str, String)> = Vec::new();
    for checked in &check.state.kinds {
        rows.push((checked.kind.as_str(), found(checked)));
        checked.errors.iter().for_each(|error| tell(&mut rows, error));
    }
    if check.state.unfinished > 0 {
        let unfinished = check.state.unfinished;
        let place = rows.iter().position(|(name, _)| *name == FileKind::Log.as_str()).unwrap_or_default();
        let text =
            format!("its last {unfinished} bytes are of a write that was never finished, which is no damage");
        rows.insert(place + 1, ("", text));
    }
    rows.push(("last run", if check.rules.is_some() { "damaged" } else { "sound" }.to_owned()));
    check.rules.iter().for_each(|error| tell(&mut rows, error));
    for (name, output) in &check.outputs {
        let found = match output {
            OutputCheck::Sound(count) => format!("{} as they were written: sound", bytes(*count)),
            OutputCheck::Ahead { written, ahead, is_explained: true } => format!(
                "{} as they were written: sound; {ahead} bytes more were not noted before it was killed: --resume writes them anew",
                bytes(*written)
            ),
            OutputCheck::Ahead { written, .. } => {
                format!("{} as they were written, and more", bytes(*written))
            }
            OutputCheck::Wrong(_) => "damaged".to_owned(),
            OutputCheck::NotRead => "not read: no single file".to_owned(),
        };
        rows.push(("output", format!("{name}: {found}")));
        wrong(name, output).iter().for_each(|error| tell(&mut rows, error));
    }
    if let Some(error) = &check.state.together {
        rows.push(("together", "each file is whole, and yet".to_owned()));
        tell(&mut rows, error);
    }
    rows.iter().map(|(name, value)| format!("{name:<10} {}\n", output::printable(value))).collect()
}

fn wrong(name: &str, output: &OutputCheck) -> Option<Error> {
    match output {
        OutputCheck::Wrong(error) => Some(error.clone()),
        OutputCheck::Ahead { ahead, is_explained: false, .. } => {
            let message = format!(
                "{name} has {ahead} bytes more than the state knows: the end of the log is lost, or they are somebody else's"
            );
            Some(Error::new(ErrorKind::Corrupt, message).with_hint(
                "--resume cuts them and fetches what is not in the log again; keep a copy of the output if they matter",
            ))
        }
        OutputCheck::Ahead { .. } | OutputCheck::Sound(_) | OutputCheck::NotRead => None,
    }
}

fn tell(rows: &mut Vec<(&str, String)>, error: &Error) {
    rows.push(("", error.to_string()));
    rows.extend(error.hint().map(|hint| ("", format!("  hint: {hint}"))));
}

/// What was found in the files of a kind, in a line.
fn found(checked: &Checked) -> String {
    let left_over = match checked.left_over {
        0 => String::new(),
        1 => "; 1 file is left over and not needed any more".to_owned(),
        count => format!("; {count} files are left over and not needed any more"),
    };
    if checked.is_skipped {
        return format!("not read: what is in them a snapshot says{left_over}");
    }
    if checked.files == 0 && checked.damaged == 0 {
        return format!("none{left_over}");
    }
    let plural = |count: u64| if count == 1 { "" } else { "s" };
    let (files, parts) = (checked.files, checked.parts);
    let verdict = match checked.damaged {
        0 => "sound".to_owned(),
        damaged => format!("{damaged} damaged or missing"),
    };
    format!(
        "{files} file{}, {}, {parts} checksum{} compared: {verdict}{left_over}",
        plural(files),
        bytes(checked.bytes),
        plural(parts)
    )
}

fn facts(folder: &Path, check: &StateCheck) -> Value {
    let error = |error: &Error| json!({ "message": error.to_string(), "hint": error.hint() });
    let kinds: Vec<Value> = check
        .state
        .kinds
        .iter()
        .map(|checked| {
            json!({
                "kind": checked.kind.as_str(),
                "files": checked.files,
                "bytes": checked.bytes,
                "checksums": checked.parts,
                "damaged": checked.damaged,
                "errors": checked.errors.iter().map(error).collect::<Vec<_>>(),
                "left_over": checked.left_over,
                "read": !checked.is_skipped,
            })
        })
        .collect();
    let outputs: Vec<Value> = check
        .outputs
        .iter()
        .map(|(name, output)| {
            let read = !matches!(output, OutputCheck::NotRead);
            let ahead = if let OutputCheck::Ahead { ahead, .. } = output { *ahead } else { 0 };
            let error = wrong(name, output).as_ref().map(error);
            json!({ "name": name, "read": read, "ahead_bytes": ahead, "error": error })
        })
        .collect();
    json!({
        "folder": folder.display().to_string(),
        "sound": check.is_sound(),
        "kinds": kinds,
        "unfinished_bytes": check.state.unfinished,
        "together": check.state.together.as_ref().map(error),
        "last_run": check.rules.as_ref().map(error),
        "outputs": outputs,
    })
}
