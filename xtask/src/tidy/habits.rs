//! The small rules that every Rust file of the tree follows.

use super::source::{Source, word_places};

/// The most lines a file may have, tests inside it included.
const MOST_LINES: usize = 500;
/// Files that may be longer, each with its reason.
const LONGER_FILES: &[(&str, &str)] = &[];
/// Names that say nothing about what is inside.
const EMPTY_NAMES: &[&str] = &["utils", "util", "common", "helpers", "helper", "types", "manager", "misc"];

/// The complaints about one file.
pub(super) fn check(source: &Source) -> Vec<String> {
    let mut complaints = Vec::new();
    if !source.text.trim_start().starts_with("//!") {
        complaints.push(source.complaint(0, "a file opens with a `//!` head that says what it is for"));
    }
    let lines = source.text.lines().count();
    let may_be_longer = LONGER_FILES.iter().any(|(path, _)| *path == source.path);
    if lines > MOST_LINES && !may_be_longer {
        complaints.push(source.complaint(0, &format!("{lines} lines; a file has at most {MOST_LINES}")));
    }
    complaints.extend(names(source));
    complaints.extend(switches_in_bodies(source));
    for (at, _) in source.code.match_indices("#[ignore]") {
        complaints.push(source.complaint(at, "`#[ignore]` needs its reason: `#[ignore = \"…\"]`"));
    }
    complaints
}

/// Modules by file, folder, or inline.
fn names(source: &Source) -> Vec<String> {
    let parts = source.path.split('/').map(|part| part.strip_suffix(".rs").unwrap_or(part).to_owned());
    let by_path = parts.map(|name| (name, 0));
    let inline = source.inline_modules().into_iter().map(|(name, block)| (name, block.start));
    let empty = by_path.chain(inline).filter(|(name, _)| EMPTY_NAMES.contains(&name.as_str()));
    empty
        .map(|(name, at)| {
            source.complaint(at, &format!("a module called `{name}` says nothing about its content"))
        })
        .collect()
}

/// A feature adds or removes items; a body that changes with features is two bodies in one.
fn switches_in_bodies(source: &Source) -> Vec<String> {
    let mut places: Vec<usize> = source.code.match_indices("cfg(feature").map(|(at, _)| at).collect();
    let bodies = source.function_bodies();
    places.retain(|at| bodies.iter().any(|body| body.contains(at)));
    places.extend(word_places(&source.code, "cfg!"));
    places.sort_unstable();
    places
        .iter()
        .map(|at| source.complaint(*at, "a feature switches items, never a part of a function body"))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn complaints(path: &str, text: &str) -> Vec<String> {
        check(&Source::new(path, text.to_owned()))
    }

    #[test]
    fn a_file_without_a_head_and_a_file_that_is_too_long_are_named() {
        assert!(complaints("a.rs", "use x;")[0].contains("head"));
        let long = format!("//! Long.\n{}", "\n".repeat(MOST_LINES));
        assert!(complaints("a.rs", &long)[0].contains("501 lines"));
        let longest = format!("//! Long.\n{}", "\n".repeat(MOST_LINES - 1));
        assert_eq!(complaints("a.rs", &longest), Vec::<String>::new());
    }

    #[test]
    fn empty_names_are_refused_as_file_folder_and_inline_module() {
        assert_eq!(complaints("src/utils.rs", "//! Head.").len(), 1);
        assert_eq!(complaints("src/common/a.rs", "//! Head.").len(), 1);
        assert_eq!(complaints("src/a.rs", "//! Head.\nmod helpers {}").len(), 1);
        assert_eq!(complaints("src/a.rs", "//! Head.\nmod helping {}").len(), 0);
    }

    #[test]
    fn features_switch_items_and_never_a_part_of_a_body() {
        assert_eq!(complaints("a.rs", "//! H.\n#[cfg(feature = \"x\")]\npub mod y;").len(), 0);
        assert_eq!(complaints("a.rs", "//! H.\nfn f() { #[cfg(feature = \"x\")] g(); }").len(), 1);
        assert_eq!(complaints("a.rs", "//! H.\nfn f() { if cfg!(feature = \"x\") {} }").len(), 1);
    }

    #[test]
    fn a_test_is_ignored_only_with_a_reason() {
        assert_eq!(complaints("a.rs", "//! H.\n#[ignore]\nfn f() {}").len(), 1);
        assert_eq!(complaints("a.rs", "//! H.\n#[ignore = \"slow\"]\nfn f() {}").len(), 0);
    }
}
