//! A Rust file as the rules see it: comments and literals blanked out, every byte at its place.
//!
//! This is a lexer's first step, not a parser. Where a rule needs structure (a function body, a test module), it is
//! found by matching braces, which is exact once strings and comments are gone.

use std::ops::Range;

/// One file: its path, its text, and its code.
#[derive(Debug)]
pub(crate) struct Source {
    pub(crate) path: String,
    pub(crate) text: String,
    /// `text` with comments, strings and characters replaced by spaces, of the same length.
    pub(crate) code: String,
    /// Set for a file that another one includes under `#[cfg(test)]`.
    included_for_tests: bool,
}

impl Source {
    /// Reads a file's text. `path` is relative to the root of the checkout.
    pub(crate) fn new(path: &str, text: String) -> Self {
        let code = blank(&text);
        Self { path: path.to_owned(), text, code, included_for_tests: false }
    }

    /// The one-based line of a place in the code.
    pub(crate) fn line(&self, at: usize) -> usize {
        self.code.as_bytes()[..at].iter().filter(|byte| **byte == b'\n').count() + 1
    }

    /// A sentence about a place in this file.
    pub(crate) fn complaint(&self, at: usize, sentence: &str) -> String {
        format!("{}:{}: {sentence}", self.path, self.line(at))
    }

    /// Whether the whole file is test code.
    pub(crate) fn is_test_file(&self) -> bool {
        let name = self.path.rsplit('/').next().unwrap_or_default();
        self.included_for_tests
            || name == "tests.rs"
            || name.ends_with("_tests.rs")
            || ["/tests/", "/benches/"].iter().any(|part| self.path.contains(part))
    }

    /// Marks the file as test code when it belongs to one of these modules, as [`Self::test_modules`] names them.
    pub(crate) fn mark_test(&mut self, modules: &[String]) {
        let rest = |module: &String| self.path.strip_prefix(module.as_str());
        self.included_for_tests =
            modules.iter().filter_map(rest).any(|rest| rest == ".rs" || rest.starts_with('/'));
    }

    /// The paths, without an ending, of the files that this one includes as `#[cfg(test)] mod name;`.
    pub(crate) fn test_modules(&self) -> Vec<String> {
        let path = self.path.strip_suffix(".rs").unwrap_or(&self.path);
        let (parent, name) = path.rsplit_once('/').unwrap_or(("", path));
        let folder = if matches!(name, "mod" | "lib" | "main") { parent } else { path };
        let declared = |at: usize| {
            let item = self.code[at + "#[cfg(test)]".len()..].split(';').next().unwrap_or_default();
            let words: Vec<&str> = item.split_whitespace().collect();
            let is_plain =
                item.chars().all(|c| c.is_alphanumeric() || c.is_whitespace() || "_()".contains(c));
            match words.as_slice() {
                [.., "mod", name] if is_plain => Some(format!("{folder}/{name}")),
                _ => None,
            }
        };
        self.code.match_indices("#[cfg(test)]").filter_map(|(at, _)| declared(at)).collect()
    }

    /// The parts of this file under `#[cfg(test)]`.
    pub(crate) fn test_parts(&self) -> Vec<Range<usize>> {
        let starts = self.code.match_indices("#[cfg(test)]").chain(self.code.match_indices("#[cfg(all(test"));
        starts.filter_map(|(at, _)| self.block_after(at + 2).map(|block| at..block.end)).collect()
    }

    /// The bodies of functions.
    pub(crate) fn function_bodies(&self) -> Vec<Range<usize>> {
        let is_named = |at: &usize| {
            self.code[at + 2..].trim_start().starts_with(|c: char| c.is_alphabetic() || c == '_')
        };
        word_places(&self.code, "fn").filter(is_named).filter_map(|at| self.block_after(at)).collect()
    }

    /// Inline modules, with their names.
    pub(crate) fn inline_modules(&self) -> Vec<(String, Range<usize>)> {
        let named = |at: usize| {
            let rest = self.code[at + 3..].trim_start();
            let name = leading_word(rest);
            let is_inline = rest[name.len()..].trim_start().starts_with('{');
            (is_inline && !name.is_empty()).then(|| name.to_owned()).zip(self.block_after(at))
        };
        word_places(&self.code, "mod").filter_map(named).collect()
    }

    /// The braces of the item that starts at `at`; `None` when it ends with a semicolon first.
    fn block_after(&self, at: usize) -> Option<Range<usize>> {
        let bytes = self.code.as_bytes();
        let mut nesting = 0_usize;
        let mut open = at;
        loop {
            match bytes.get(open)? {
                b'(' | b'[' => nesting += 1,
                b')' | b']' => nesting = nesting.saturating_sub(1),
                b';' if nesting == 0 => return None,
                b'{' if nesting == 0 => break,
                _ => {}
            }
            open += 1;
        }
        Some(open..matching_brace(bytes, open))
    }

    /// For every path that starts with `root::`, the place and the words that follow: one for `root::a::b`, several
    /// for `root::{a, b::c}`.
    pub(crate) fn paths(&self, root: &str) -> Vec<(usize, String)> {
        let mut found = Vec::new();
        for at in word_places(&self.code, root) {
            let Some(rest) = self.code[at + root.len()..].trim_start().strip_prefix("::") else { continue };
            found.extend(first_words(rest).into_iter().map(|word| (at, word)));
        }
        found
    }
}

/// The word, or the first word of each member of a group, at the start of a path's rest.
pub(crate) fn first_words(rest: &str) -> Vec<String> {
    let rest = rest.trim_start();
    if !rest.starts_with('{') {
        return vec![leading_word(rest).to_owned()];
    }
    let inside = &rest[1..matching_brace(rest.as_bytes(), 0).saturating_sub(1).max(1)];
    let mut words = Vec::new();
    let mut depth = 0_usize;
    let mut start = true;
    for (at, byte) in inside.bytes().enumerate() {
        match byte {
            b'{' => depth += 1,
            b'}' => depth = depth.saturating_sub(1),
            b',' if depth == 0 => start = true,
            _ if start && !byte.is_ascii_whitespace() => {
                words.push(leading_word(&inside[at..]).to_owned());
                start = false;
            }
            _ => {}
        }
    }
    words
}

/// The places of a word that is not part of a longer one.
pub(crate) fn word_places<'a>(code: &'a str, word: &'a str) -> impl Iterator<Item = usize> + 'a {
    let is_part = |byte: Option<&u8>| byte.is_some_and(|byte| byte.is_ascii_alphanumeric() || *byte == b'_');
    let bytes = code.as_bytes();
    code.match_indices(word).map(|(at, _)| at).filter(move |at| {
        !is_part(at.checked_sub(1).and_then(|before| bytes.get(before)))
            && !is_part(bytes.get(at + word.len()))
    })
}

fn leading_word(text: &str) -> &str {
    let end = text.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(text.len());
    &text[..end]
}

/// The end (exclusive) of the block that opens at `open`; the end of the text when it is never closed.
fn matching_brace(bytes: &[u8], open: usize) -> usize {
    let mut depth = 0_usize;
    for (at, byte) in bytes.iter().enumerate().skip(open) {
        match byte {
            b'{' => depth += 1,
            b'}' => depth = depth.saturating_sub(1),
            _ => continue,
        }
        if depth == 0 {
            return at + 1;
        }
    }
    bytes.len()
}

/// Replaces comments and literals by spaces, keeping newlines and length.
fn blank(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let end = literal_end(bytes, at);
        match end {
            Some(end) => {
                let skipped = bytes[at..end].iter();
                out.extend(skipped.map(|byte| if *byte == b'\n' { b'\n' } else { b' ' }));
                at = end;
            }
            None => {
                out.push(bytes[at]);
                at += 1;
            }
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

/// The end of the comment or literal that starts at `at`, when one does.
fn literal_end(bytes: &[u8], at: usize) -> Option<usize> {
    let rest = &bytes[at..];
    let in_word = at > 0 && (bytes[at - 1].is_ascii_alphanumeric() || bytes[at - 1] == b'_');
    match rest {
        [b'/', b'/', ..] => Some(at + rest.iter().position(|byte| *byte == b'\n').unwrap_or(rest.len())),
        [b'/', b'*', ..] => Some(at + block_comment_length(rest)),
        [b'"', ..] => Some(at + string_length(rest)),
        [b'r', ..] if !in_word => raw_string_length(&rest[1..]).map(|length| at + 1 + length),
        [b'b' | b'c', b'r', ..] if !in_word => raw_string_length(&rest[2..]).map(|length| at + 2 + length),
        [b'\'', ..] => character_length(rest).map(|length| at + length),
        _ => None,
    }
}

/// Comments nest.
fn block_comment_length(rest: &[u8]) -> usize {
    let mut depth = 0_usize;
    let mut at = 0;
    while at < rest.len() {
        match &rest[at..] {
            [b'/', b'*', ..] => (depth, at) = (depth + 1, at + 2),
            [b'*', b'/', ..] => (depth, at) = (depth - 1, at + 2),
            _ => at += 1,
        }
        if depth == 0 {
            return at;
        }
    }
    rest.len()
}

fn string_length(rest: &[u8]) -> usize {
    let mut at = 1;
    while at < rest.len() {
        match rest[at] {
            b'\\' => at += 2,
            b'"' => return at + 1,
            _ => at += 1,
        }
    }
    rest.len()
}

/// The length of `#"…"#` with any number of marks; `None` when this is not a raw string.
fn raw_string_length(rest: &[u8]) -> Option<usize> {
    let marks = rest.iter().take_while(|byte| **byte == b'#').count();
    if rest.get(marks) != Some(&b'"') {
        return None;
    }
    let close: Vec<u8> = std::iter::once(b'"').chain(std::iter::repeat_n(b'#', marks)).collect();
    let body = &rest[marks + 1..];
    let end = body.windows(close.len()).position(|window| window == close).unwrap_or(body.len());
    Some((marks + 1 + end + close.len()).min(rest.len()))
}

/// The length of a character literal; `None` for a lifetime.
fn character_length(rest: &[u8]) -> Option<usize> {
    if rest.get(1) == Some(&b'\\') {
        // The escaped byte itself may be a quote; everything up to the closing one is short.
        return rest.iter().skip(3).position(|byte| *byte == b'\'').map(|at| at + 4);
    }
    let width = match rest.get(1)? {
        0xF0.. => 4,
        0xE0.. => 3,
        0xC0.. => 2,
        _ => 1,
    };
    (rest.get(1 + width) == Some(&b'\'')).then_some(width + 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(text: &str) -> Source {
        Source::new("crates/lycosa/src/fetch/pool.rs", text.to_owned())
    }

    #[test]
    fn comments_strings_and_characters_are_blanked_and_lifetimes_stay() {
        let text =
            "a /* x /* y */ z */ b // c\n\"d\\\"e\" r#\"f\"g\"# 'h' '\\'' '→' &'i str br\"j\" car\"k\"";
        let code = blank(text);
        assert_eq!(code.len(), text.len());
        let words: Vec<&str> = code.split_whitespace().collect();
        assert_eq!(words, ["a", "b", "&'i", "str", "car"]);
    }

    #[test]
    fn a_file_included_only_for_tests_is_test_code() {
        let library = "//! Head.\n#[cfg(test)]\npub(crate) mod corpus;\nmod scope;\n#[cfg(test)]\nmod tests { fn f() {} }";
        let library = Source::new("crates/lycosa/src/lib.rs", library.to_owned());
        assert_eq!(library.test_modules(), ["crates/lycosa/src/corpus"]);
        for (path, expected) in
            [("corpus.rs", true), ("corpus/read.rs", true), ("scope.rs", false), ("corpus2.rs", false)]
        {
            let mut file = Source::new(&format!("crates/lycosa/src/{path}"), String::new());
            file.mark_test(&library.test_modules());
            assert_eq!(file.is_test_file(), expected, "{path}");
        }
        let inner = Source::new("crates/lycosa/src/fetch/pool.rs", "#[cfg(test)] mod cases;".to_owned());
        assert_eq!(inner.test_modules(), ["crates/lycosa/src/fetch/pool/cases"]);
    }

    #[test]
    fn paths_are_found_in_use_lines_groups_and_bodies() {
        let found = source(
            "use crate::model::{Clock, Url};\nuse crate::{error::{Error, Kind}, sink, fetch::{self}};\n\
             fn f() { crate::engine::run() } // crate::config\nfn crate_x() {}",
        );
        let words: Vec<String> = found.paths("crate").into_iter().map(|(_, word)| word).collect();
        assert_eq!(words, ["model", "error", "sink", "fetch", "engine"]);
    }

    #[test]
    fn bodies_modules_and_test_parts_are_found_by_their_braces() {
        let text = "fn f(x: [u8; 2]) -> u8 { { 1 } }\ntrait T { fn g(); }\nmod inner { fn h() {} }\nmod outer;\n\
                    type P = fn(u8);\n#[cfg(test)]\nmod tests { use super::*; }\nstruct S;";
        let found = source(text);
        let bodies: Vec<&str> = found.function_bodies().into_iter().map(|body| &found.code[body]).collect();
        assert_eq!(bodies, ["{ { 1 } }", "{}"]);
        let modules: Vec<String> = found.inline_modules().into_iter().map(|(name, _)| name).collect();
        assert_eq!(modules, ["inner", "tests"]);
        let tests: Vec<&str> = found.test_parts().into_iter().map(|part| &found.code[part]).collect();
        assert_eq!(tests, ["#[cfg(test)]\nmod tests { use super::*; }"]);
    }
}
