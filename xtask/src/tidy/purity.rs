//! What the lower layers may not touch: runtimes, files, sockets, processes and the clock.

use super::layers;
use super::source::{Source, word_places};

/// Crates that do input or output, or run tasks.
const CRATES: &[&str] =
    &["tokio", "tokio_util", "hyper", "hyper_util", "reqwest", "socket2", "rustls", "tokio_rustls"];
/// Modules of the standard library that reach outside the process.
const STD_MODULES: &[&str] = &["fs", "process", "thread"];
/// Names of the standard library that reach outside, whatever path they came by.
const NAMES: &[&str] = &["TcpStream", "TcpListener", "UdpSocket", "UnixStream", "Instant", "SystemTime::now"];
/// Crates that are pure as a whole.
const PURE_CRATES: &[&str] = &["crates/lycosa-dom/src/", "crates/lycosa-rules/src/"];

/// The complaints about one file; none for a file that may do these things.
pub(super) fn check(source: &Source) -> Vec<String> {
    let is_in = |folder: &&str| source.path.starts_with(*folder);
    let pure = PURE_CRATES.iter().any(is_in) || layers::module_of(&source.path).is_some_and(layers::is_pure);
    if !pure || source.is_test_file() {
        return Vec::new();
    }
    let mut found: Vec<(usize, String)> = Vec::new();
    for name in CRATES {
        let is_path = |at: &usize| source.code[at + name.len()..].trim_start().starts_with("::");
        found.extend(word_places(&source.code, name).filter(is_path).map(|at| (at, (*name).to_owned())));
    }
    for name in NAMES {
        found.extend(word_places(&source.code, name).map(|at| (at, (*name).to_owned())));
    }
    let modules = source.paths("std").into_iter().filter(|(_, word)| STD_MODULES.contains(&word.as_str()));
    found.extend(modules.map(|(at, word)| (at, format!("std::{word}"))));
    let tests = source.test_parts();
    found.retain(|(at, _)| !tests.iter().any(|part| part.contains(at)));
    let sentence = |name: &str| {
        format!("`{name}` in a pure layer: it knows no runtime, file, socket or clock (time is an argument)")
    };
    found.iter().map(|(at, name)| source.complaint(*at, &sentence(name))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn count(path: &str, text: &str) -> usize {
        check(&Source::new(path, text.to_owned())).len()
    }

    #[test]
    fn runtimes_files_sockets_and_clocks_are_refused_below_and_allowed_above() {
        for text in [
            "use tokio::sync::mpsc;",
            "fn f() { hyper::body::to_bytes() }",
            "use std::fs;",
            "use std::{fmt, fs::File};",
            "use std::net::{IpAddr, TcpStream};",
            "fn f() { Instant::now(); }",
            "fn f() { std::time::SystemTime::now(); }",
        ] {
            assert_eq!(count("crates/lycosa/src/scope/mod.rs", text), 1, "{text}");
            assert_eq!(count("crates/lycosa/src/model/mod.rs", text), 1, "{text}");
            assert_eq!(count("crates/lycosa-dom/src/text.rs", text), 1, "{text}");
            assert_eq!(count("crates/lycosa-rules/src/run.rs", text), 1, "{text}");
            assert_eq!(count("crates/lycosa/src/fetch/mod.rs", text), 0, "{text}");
        }
    }

    #[test]
    fn harmless_neighbours_of_those_names_pass() {
        for text in [
            "use std::net::IpAddr;",
            "let std_fs = tokio;",
            "fn to(t: SystemTime) {}",
            "// std::fs",
            "use std::fmt;",
        ] {
            assert_eq!(count("crates/lycosa/src/scope/mod.rs", text), 0, "{text}");
        }
        assert_eq!(count("crates/lycosa/src/scope/mod.rs", "#[cfg(test)]\nmod tests { use std::fs; }"), 0);
    }
}
