//! The arrows between the modules of the library: who may import whom.
//!
//! Every `crate::…` path and every `super::…` path that leaves its module is an arrow from the module the file is in
//! to the module it names. Test code is free: it may join what the library keeps apart.

use super::source::{Source, first_words, word_places};

/// A layer of the library.
struct Layer {
    name: &'static str,
    modules: &'static [&'static str],
    /// The layers whose modules it may import.
    imports: &'static [&'static str],
    /// The rule in words, for the complaint.
    rule: &'static str,
}

/// The table. A new top-level module is added here, after asking which layer it belongs to.
const LAYERS: &[Layer] = &[
    Layer {
        name: "words",
        modules: &["model", "error", "ledger", "telemetry", "octets", "basic_auth", "domain", "host_pattern"],
        imports: &["words"],
        rule: "words (layer 0) import only words",
    },
    Layer {
        name: "pure",
        modules: &["scope", "politeness", "extract", "session", "profiles", "proxies", "revisit", "sitemap"],
        imports: &["words"],
        rule: "pure modules (layer 1) import only words, never one another",
    },
    Layer {
        name: "stages",
        modules: &["seed", "frontier", "fetch", "render", "sink", "clock"],
        imports: &["words", "pure"],
        rule: "stages (layer 2) import words and pure modules, never one another",
    },
    Layer {
        name: "wrapping",
        modules: &["middleware"],
        imports: &["words", "pure"],
        rule: "middlewares (layer 3) wrap the `Fetch` trait and import words and pure modules only",
    },
    Layer {
        name: "joining",
        modules: &["engine"],
        imports: &["words", "pure"],
        rule: "the engine (layer 4) joins traits and imports no implementation",
    },
    Layer {
        name: "faces",
        modules: &["crawler", "exporters"],
        imports: &["words", "pure", "stages", "wrapping", "joining", "faces"],
        rule: "the crawler and the exporters (layer 5) import all but the configuration",
    },
    Layer {
        name: "configuration",
        modules: &["config"],
        imports: &["words", "pure", "stages", "wrapping", "joining", "faces"],
        rule: "the configuration stands above the crawler",
    },
    Layer {
        name: "control",
        modules: &["control"],
        imports: &["words", "pure", "stages", "wrapping", "joining", "faces", "configuration"],
        rule: "control joins a running crawl and its configuration",
    },
];

/// What whole crates may not name: where they are, the crates, and why.
const CRATE_ARROWS: &[(&str, &[&str], &str)] = &[
    ("crates/lycosa-dom/src/", &["lycosa"], "the document crate stands below the library"),
    ("crates/lycosa-rules/src/", &["lycosa"], "the rules stand below the library"),
    (
        "crates/lycosa-testkit/src/",
        &["lycosa", "lycosa_dom", "lycosa_rules"],
        "an oracle shares no code with what it judges",
    ),
];

/// Where the library's modules are.
const LIBRARY: &str = "crates/lycosa/src/";
/// The one thing a word may name of the document crate.
const DOCUMENT: &str = "Document";

/// The complaints about the arrows of one file.
pub(super) fn check(source: &Source) -> Vec<String> {
    let mut complaints = check_crate(source);
    complaints.extend(check_module(source));
    complaints
}

/// Arrows from one crate to another.
fn check_crate(source: &Source) -> Vec<String> {
    let Some((folder, forbidden, reason)) =
        CRATE_ARROWS.iter().find(|(folder, ..)| source.path.starts_with(folder))
    else {
        return Vec::new();
    };
    let from = folder.trim_start_matches("crates/").trim_end_matches("/src/");
    let sentence = |name: &str| format!("broken arrow {from} → {name}: {reason}");
    let named =
        forbidden.iter().flat_map(|name| source.paths(name).into_iter().map(move |(at, _)| (at, name)));
    named.map(|(at, name)| source.complaint(at, &sentence(name))).collect()
}

/// Arrows between the modules of the library; none from other files.
fn check_module(source: &Source) -> Vec<String> {
    let Some(from) = module_of(&source.path) else { return Vec::new() };
    if source.is_test_file() {
        return Vec::new();
    }
    let Some(layer) = layer_of(from) else {
        return vec![
            source
                .complaint(0, &format!("module `{from}` stands in no layer; add it to the table of layers")),
        ];
    };
    let tests = source.test_parts();
    let mut complaints = Vec::new();
    for (at, to) in arrows(source) {
        if to == from || tests.iter().any(|part| part.contains(&at)) {
            continue;
        }
        if let Some(reason) = broken(layer, &to) {
            complaints.push(source.complaint(at, &format!("broken arrow {from} → {to}: {reason}")));
        }
    }
    if layer.name == "words" {
        complaints.extend(document_only(source, from));
    }
    complaints
}

/// The layer a path belongs to, by its first folder or file name.
pub(super) fn module_of(path: &str) -> Option<&str> {
    let inside = path.strip_prefix(LIBRARY)?;
    let first = inside.split('/').next()?;
    let module = first.strip_suffix(".rs").unwrap_or(first);
    (!matches!(module, "lib" | "prelude")).then_some(module)
}

/// Whether a module must stay free of input, output and time.
pub(super) fn is_pure(module: &str) -> bool {
    layer_of(module).is_some_and(|layer| matches!(layer.name, "words" | "pure"))
}

fn layer_of(module: &str) -> Option<&'static Layer> {
    LAYERS.iter().find(|layer| layer.modules.contains(&module))
}

/// Why a module of `layer` may not name `to`, if it may not.
fn broken(layer: &Layer, to: &str) -> Option<String> {
    match layer_of(to) {
        Some(target) if layer.imports.contains(&target.name) => None,
        Some(_) => Some(layer.rule.to_owned()),
        None if to.starts_with(char::is_uppercase) => {
            Some(format!("`{to}` is named through the crate's root; name the module that owns it"))
        }
        None if matches!(to, "" | "self" | "super") => None,
        None => Some(format!("`{to}` stands in no layer; add it to the table of layers")),
    }
}

/// Every path that leaves for the crate's root: its place and the module it names.
fn arrows(source: &Source) -> Vec<(usize, String)> {
    let mut found = source.paths("crate");
    let inline = source.inline_modules();
    for at in word_places(&source.code, "super") {
        let before = source.code[..at].trim_end();
        if before.ends_with("::") && before.trim_end_matches("::").trim_end().ends_with("super") {
            continue; // Counted from the first `super` of the chain.
        }
        let mut rest = &source.code[at..];
        let mut climbs = 0;
        while let Some(after) = rest.trim_start().strip_prefix("super") {
            let Some(after) = after.trim_start().strip_prefix("::") else { break };
            climbs += 1;
            rest = after;
        }
        let nested = inline.iter().filter(|(_, block)| block.contains(&at)).count();
        if climbs > 0 && climbs == file_depth(&source.path) + nested {
            found.extend(first_words(rest).into_iter().map(|word| (at, word)));
        }
    }
    found
}

/// How many modules deep a file of the library is: 1 for `fetch.rs` and `fetch/mod.rs`, 2 for `fetch/pool.rs`.
fn file_depth(path: &str) -> usize {
    let inside = path.strip_prefix(LIBRARY).unwrap_or(path);
    let parts = inside.split('/').count();
    if inside.ends_with("/mod.rs") { parts - 1 } else { parts }
}

/// Words name nothing of the document crate but the document itself, for the `Extract` trait.
fn document_only(source: &Source, from: &str) -> Vec<String> {
    let tests = source.test_parts();
    let named = source.paths("lycosa_dom").into_iter();
    named
        .filter(|(at, word)| {
            let allowed = from == "model" && word == DOCUMENT;
            !allowed && !tests.iter().any(|part| part.contains(at))
        })
        .map(|(at, word)| {
            source.complaint(
                at,
                &format!(
                    "broken arrow {from} → lycosa_dom::{word}: words may name only `{DOCUMENT}`, in model"
                ),
            )
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn complaints(path: &str, text: &str) -> Vec<String> {
        check(&Source::new(&format!("{LIBRARY}{path}"), text.to_owned()))
    }

    #[test]
    fn every_layer_refuses_what_stands_above_or_beside_it() {
        for (path, import) in [
            ("model/mod.rs", "scope"),
            ("error.rs", "frontier"),
            ("ledger.rs", "engine"),
            ("scope.rs", "fetch"),
            ("scope.rs", "politeness"),
            ("fetch/mod.rs", "frontier"),
            ("sink/csv.rs", "seed"),
            ("render/mod.rs", "middleware"),
            ("middleware/retry.rs", "frontier"),
            ("middleware/retry.rs", "engine"),
            ("engine/mod.rs", "fetch"),
            ("engine/mod.rs", "middleware"),
            ("engine/mod.rs", "config"),
            ("crawler/mod.rs", "config"),
        ] {
            let found = complaints(path, &format!("use crate::{import}::Thing;"));
            assert_eq!(found.len(), 1, "{path} → {import}");
            assert!(found[0].contains(&format!("→ {import}: ")), "{found:?}");
        }
    }

    #[test]
    fn the_document_crate_and_the_test_kit_do_not_name_the_library() {
        for (path, text, expected) in [
            ("crates/lycosa-testkit/src/lib.rs", "use lycosa::model::Url;", 1),
            ("crates/lycosa-testkit/src/lib.rs", "use lycosa_dom::Document;", 1),
            ("crates/lycosa-dom/src/lib.rs", "fn f() { lycosa::run() }", 1),
            ("crates/lycosa-rules/src/run.rs", "use lycosa::model::Page;", 1),
            ("crates/lycosa-cli/src/main.rs", "use lycosa::Crawler; use lycosa_dom::Document;", 0),
        ] {
            assert_eq!(check(&Source::new(path, text.to_owned())).len(), expected, "{path}: {text}");
        }
    }

    #[test]
    fn downward_arrows_and_test_code_pass() {
        for (path, text) in [
            ("error.rs", "use crate::model::Url;"),
            ("frontier/log.rs", "use crate::{model::Clock, scope, error::Result};"),
            ("frontier/log.rs", "use super::super::model::Clock; use super::lease::Lease;"),
            ("engine/mod.rs", "use crate::model::{Fetch, Frontier};"),
            ("config/mod.rs", "use crate::crawler::Crawler;"),
            ("lib.rs", "pub use crate::config::Config;"),
            ("model/extract.rs", "use lycosa_dom::Document;"),
            ("fetch/mod.rs", "#[cfg(test)]\nmod tests { use crate::frontier::Memory; }"),
            ("fetch/tests.rs", "use crate::frontier::Memory;"),
            ("fetch/mod.rs", "/// See [`crate::frontier`].\nstruct S;"),
        ] {
            assert_eq!(complaints(path, text), Vec::<String>::new(), "{path}: {text}");
        }
    }

    #[test]
    fn an_arrow_through_super_through_a_group_or_in_a_body_is_seen() {
        assert_eq!(complaints("fetch.rs", "use super::frontier::X;").len(), 1);
        assert_eq!(complaints("fetch/pool.rs", "use super::super::{model, frontier::X};").len(), 1);
        assert_eq!(complaints("fetch/mod.rs", "mod inner { use super::super::sink; }").len(), 1);
        assert_eq!(complaints("fetch/mod.rs", "fn f() { crate::sink::write() }").len(), 1);
    }

    #[test]
    fn unknown_modules_and_names_taken_from_the_root_are_refused() {
        assert!(complaints("misc.rs", "")[0].contains("stands in no layer"));
        assert!(complaints("scope.rs", "use crate::misc::X;")[0].contains("stands in no layer"));
        assert!(complaints("scope.rs", "use crate::Error;")[0].contains("the module that owns it"));
    }

    #[test]
    fn words_name_only_the_document_of_the_document_crate() {
        assert_eq!(complaints("model/extract.rs", "use lycosa_dom::{Document, Selector};").len(), 1);
        assert_eq!(complaints("error.rs", "use lycosa_dom::Document;").len(), 1);
    }
}
