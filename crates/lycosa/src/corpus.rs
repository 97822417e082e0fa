//! The test corpus: real material kept beside the workspace. Tests that need it say so and pass when it is
//! absent. The folder is `$LYCOSA_CORPUS`, else `shared/corpus` beside the workspace.

use std::io::Read;
use std::path::PathBuf;

use serde_json::Value;

fn root() -> PathBuf {
    std::env::var_os("LYCOSA_CORPUS").map_or_else(
        || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/corpus"),
        PathBuf::from,
    )
}

/// The bytes of a corpus file, unpacked if its name ends in `.zst`; `None` without a corpus.
pub(crate) fn read(name: &str) -> Option<Vec<u8>> {
    if !root().is_dir() {
        println!("skipped: no corpus at {}", root().display());
        return None;
    }
    let bytes = std::fs::read(root().join(name)).unwrap_or_else(|error| panic!("{name}: {error}"));
    if !name.ends_with(".zst") {
        return Some(bytes);
    }
    let mut unpacked = Vec::new();
    let mut decoder = zstd::stream::read::Decoder::new(&*bytes).unwrap();
    decoder.read_to_end(&mut unpacked).unwrap();
    Some(unpacked)
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
        match header[156] {
            b'L' => long_name = Some(String::from_utf8_lossy(content).trim_end_matches('\0').to_owned()),
            b'0' | 0 => files.push((long_name.take().unwrap_or_else(|| field(0, 100)), content.to_vec())),
            _ => long_name = None,
        }
        at += 512 + size.div_ceil(512) * 512;
    }
    Some(files)
}

/// The names of the files in a folder, sorted; empty without a corpus.
pub(crate) fn files(folder: &str) -> Vec<String> {
    let Ok(entries) = std::fs::read_dir(root().join(folder)) else {
        println!("skipped: no corpus at {}", root().display());
        return Vec::new();
    };
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<_> = names.map(|name| format!("{folder}/{name}")).collect();
    names.sort();
    names
}
