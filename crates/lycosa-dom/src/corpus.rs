//! The test corpus: real material kept beside the workspace. Tests that need it say so and pass when it is
//! absent. The folder is `$LYCOSA_CORPUS`, else `shared/corpus` beside the workspace.

use std::{io::Read, path::PathBuf};

use serde_json::Value;

fn folder() -> PathBuf {
    std::env::var_os("LYCOSA_CORPUS").map_or_else(
        || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/corpus"),
        PathBuf::from,
    )
}

/// The bytes of a corpus file, unpacked if its name ends in `.zst` or `.gz`; `None` without a corpus.
pub(crate) fn read(name: &str) -> Option<Vec<u8>> {
    let folder = folder();
    if !folder.is_dir() {
        println!("skipped: no corpus at {}", folder.display());
        return None;
    }
    let bytes = std::fs::read(folder.join(name)).unwrap_or_else(|error| panic!("{name}: {error}"));
    let mut unpacked = Vec::new();
    if name.ends_with(".zst") {
        let mut decoder = zstd::stream::read::Decoder::new(&*bytes).unwrap();
        decoder.window_log_max(27).unwrap();
        decoder.read_to_end(&mut unpacked).unwrap();
    } else if name.ends_with(".gz")
        && flate2::read::GzDecoder::new(&*bytes).read_to_end(&mut unpacked).is_ok()
    {
        // What only claims to be compressed is read as it is.
    } else {
        return Some(bytes);
    }
    Some(unpacked)
}

/// The names of the files in a corpus folder that end like this, sorted.
pub(crate) fn list(folder: &str, ending: &str) -> Vec<String> {
    let Ok(entries) = std::fs::read_dir(self::folder().join(folder)) else { return Vec::new() };
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<_> =
        names.filter(|name| name.ends_with(ending)).map(|name| format!("{folder}/{name}")).collect();
    names.sort();
    names
}

/// The rows of a file with one JSON value a line.
pub(crate) fn rows(name: &str) -> Option<Vec<Value>> {
    let text = String::from_utf8(read(name)?).unwrap();
    Some(text.lines().map(|line| serde_json::from_str(line).unwrap()).collect())
}

/// The files of an archive: name and content.
pub(crate) fn archive(name: &str) -> Option<Vec<(String, Vec<u8>)>> {
    let bytes = read(name)?;
    let (mut files, mut at, mut long_name) = (Vec::new(), 0, None);
    while let Some(header) = bytes.get(at..at + 512) {
        let field = |from: usize, to: usize| {
            let text = String::from_utf8_lossy(&header[from..to]);
            text.split('\0').next().unwrap_or_default().trim().to_owned()
        };
        let Ok(size) = usize::from_str_radix(&field(124, 136), 8) else { break };
        let content = &bytes[at + 512..at + 512 + size];
        let prefix = field(345, 500);
        let plain = if prefix.is_empty() { field(0, 100) } else { format!("{prefix}/{}", field(0, 100)) };
        match header[156] {
            b'L' => long_name = Some(String::from_utf8_lossy(content).trim_end_matches('\0').to_owned()),
            b'0' | 0 => {
                let name = long_name.take().unwrap_or(plain);
                files.push((name.trim_start_matches("./").to_owned(), content.to_vec()));
            }
            _ => long_name = None,
        }
        at += 512 + size.div_ceil(512) * 512;
    }
    Some(files)
}

/// The cases of an html5lib `.dat` file: each a list of (section, content).
pub(crate) fn dat_cases(text: &str) -> Vec<Vec<(String, String)>> {
    let mut cases: Vec<Vec<(String, String)>> = Vec::new();
    let mut lines = text.split('\n').peekable();
    while let Some(line) = lines.next() {
        if line == "#data" {
            cases.push(vec![("data".into(), String::new())]);
        } else if let Some(case) = cases.last_mut() {
            let is_section = line.starts_with('#')
                && [
                    "errors",
                    "new-errors",
                    "document-fragment",
                    "script-off",
                    "script-on",
                    "document",
                    "encoding",
                ]
                .contains(&&line[1..]);
            if is_section {
                case.push((line[1..].into(), String::new()));
            } else if let Some((_, content)) = case.last_mut() {
                content.push_str(line);
                content.push('\n');
            }
        }
        if lines.peek().is_none() {
            break;
        }
    }
    cases
}
