//! `cargo xtask tidy`: the shape of the tree, checked by reading it.
//!
//! Each rule is a function from one file to the sentences it deserves; the tables they read stand at the top of
//! their files. [`layers`] and [`purity`] guard the architecture of the library, [`habits`] the small rules every
//! Rust file follows, [`words`] what may not be written anywhere. [`source`] gives them the text with comments and
//! strings blanked out. It reads tokens, not meaning: a path assembled by a macro would escape it.

mod habits;
mod layers;
mod purity;
mod source;
mod words;

use std::fs;
use std::path::{Path, PathBuf};

use crate::arguments::Arguments;
use crate::console::{complain, say};
use crate::failure::{Context as _, Failure, Result};
use crate::workspace;
use source::Source;

pub(crate) const SUMMARY: &str = "Check import arrows, purity, file sizes and forbidden words.";
pub(crate) const HELP: &str = "
Usage: cargo xtask tidy

Reads every file of the checkout and names each broken rule with file and line:
  arrows   a module of the library imports only what its layer may (ARCHITECTURE.md)
  purity   the lower layers and lycosa-dom name no runtime, file, socket or clock
  habits   a `//!` head, at most 500 lines, no modules called utils or the like,
           no `cfg(feature)` inside a function body, no `#[ignore]` without a reason
  words    no absolute paths of one machine, no registry host names";

/// Folders that hold nothing written by hand.
const NOT_SOURCE: &[&str] = &[".git", "target", ".lycosa", "node_modules", "__pycache__"];
/// A file larger than this is data, and no rule reads it.
const LARGEST_FILE: u64 = 1 << 20;

/// The command.
pub(crate) fn run(arguments: &mut Arguments) -> Result<()> {
    arguments.finish()?;
    let root = workspace::root();
    let mut complaints = Vec::new();
    let mut sources = Vec::new();
    let mut read = 0;
    for path in files(&root)? {
        let Ok(text) = fs::read_to_string(root.join(&path)) else { continue };
        read += 1;
        complaints.extend(words::check(&path, &text));
        if path.ends_with(".rs") {
            sources.push(Source::new(&path, text));
        }
    }
    let tests: Vec<String> = sources.iter().flat_map(Source::test_modules).collect();
    for source in &mut sources {
        source.mark_test(&tests);
        complaints.extend(check(source));
    }
    for complaint in &complaints {
        complain(complaint);
    }
    if !complaints.is_empty() {
        return Err(Failure::new(format!("{} rules are broken in the tree", complaints.len())));
    }
    say(&format!("{read} files read, no rule broken"));
    Ok(())
}

/// Every rule on one Rust file.
fn check(source: &Source) -> Vec<String> {
    let mut complaints = habits::check(source);
    complaints.extend(layers::check(source));
    complaints.extend(purity::check(source));
    complaints
}

/// The paths of all files that people write, relative to the root and sorted.
fn files(root: &Path) -> Result<Vec<String>> {
    let mut found = Vec::new();
    let mut open = vec![PathBuf::new()];
    while let Some(folder) = open.pop() {
        let entries = fs::read_dir(root.join(&folder)).context(format!("list `{}`", folder.display()))?;
        for entry in entries {
            let entry = entry.context(format!("list `{}`", folder.display()))?;
            let name = entry.file_name().to_string_lossy().into_owned();
            let path = folder.join(&name);
            let kind = entry.file_type().context(format!("look at `{}`", path.display()))?;
            if NOT_SOURCE.contains(&name.as_str()) {
                continue; // In a linked worktree `.git` is a file.
            }
            if kind.is_dir() {
                open.push(path);
            } else if kind.is_file() && entry.metadata().is_ok_and(|facts| facts.len() <= LARGEST_FILE) {
                found.push(path.to_string_lossy().replace('\\', "/"));
            }
        }
    }
    found.sort();
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clean_file_passes_every_rule_and_a_bad_one_is_named_with_its_line() {
        let complaints = |import: &str| {
            let text = format!("//! Leases URLs.\nuse crate::{import};\n");
            check(&Source::new("crates/lycosa/src/frontier/lease.rs", text))
        };
        assert_eq!(complaints("model::Clock"), Vec::<String>::new());
        let broken = complaints("fetch::Client");
        assert_eq!(broken.len(), 1);
        assert!(broken[0].starts_with("crates/lycosa/src/frontier/lease.rs:2: "), "{broken:?}");
    }
}
