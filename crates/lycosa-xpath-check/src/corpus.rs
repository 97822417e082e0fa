//! The test corpus: real pages kept beside the workspace, in `$LYCOSA_CORPUS` or else `shared/corpus`. What needs
//! them does without when they are absent.

use std::io::Read as _;
use std::path::PathBuf;

fn folder() -> PathBuf {
    let beside = || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/corpus");
    std::env::var_os("LYCOSA_CORPUS").map_or_else(beside, PathBuf::from)
}

/// The bytes of a tar archive of pages with its window of compression.
fn archive() -> Option<Vec<u8>> {
    let packed = std::fs::read(folder().join("pages/pages.tar.zst")).ok()?;
    let mut decoder = zstd::stream::read::Decoder::new(&*packed).ok()?;
    decoder.window_log_max(27).ok()?;
    let mut bytes = Vec::new();
    decoder.read_to_end(&mut bytes).ok()?;
    Some(bytes)
}

/// The pages whose name and size are wanted, as (name, text) with what is no UTF-8 replaced. Empty without a corpus.
pub(crate) fn pages(wanted: impl Fn(&str, usize) -> bool) -> Vec<(String, String)> {
    let bytes = archive().unwrap_or_default();
    let (mut pages, mut at, mut long_name) = (Vec::new(), 0, None);
    while let Some(header) = bytes.get(at..at + BLOCK) {
        let text = |range: std::ops::Range<usize>| {
            let text = String::from_utf8_lossy(&header[range]);
            text.split('\0').next().unwrap_or_default().trim().to_owned()
        };
        let Ok(size) = usize::from_str_radix(&text(124..136), 8) else { break };
        let content = bytes.get(at + BLOCK..at + BLOCK + size).unwrap_or_default();
        let read = || String::from_utf8_lossy(content).into_owned();
        match header[156] {
            b'L' => long_name = Some(read().trim_end_matches('\0').to_owned()),
            b'0' | 0 => {
                let prefix = text(345..500);
                let plain =
                    if prefix.is_empty() { text(0..100) } else { format!("{prefix}/{}", text(0..100)) };
                let name = long_name.take().unwrap_or(plain);
                let name = name.trim_start_matches("./");
                if name.ends_with(".html") && !name.ends_with("expected.html") && wanted(name, size) {
                    pages.push((name.to_owned(), read()));
                }
            }
            _ => long_name = None,
        }
        at += BLOCK + size.div_ceil(BLOCK) * BLOCK;
    }
    pages
}

/// Archives are made of blocks of this many bytes.
const BLOCK: usize = 512;
