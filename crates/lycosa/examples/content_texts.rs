//! The main text of pages, for measuring: `content_texts LISTING`, a file with a path and a URL a line, parted by a
//! tab. Prints for each a line of JSON with the text and the microseconds from bytes to text.

use std::io::Write as _;
use std::time::Instant;

use lycosa::extract::content::{Content, ContentOptions};
use lycosa_dom::{Document, ParseOptions, decode};

#[expect(clippy::disallowed_methods, reason = "a benchmark measures real time")]
fn main() -> Result<(), Box<dyn std::error::Error>> {
    let listing = std::env::args().nth(1).ok_or("name a listing")?;
    let mut out = std::io::stdout().lock();
    for line in std::fs::read_to_string(listing)?.lines() {
        let (path, _) = line.split_once('\t').unwrap_or((line, ""));
        let bytes = std::fs::read(path)?;
        let start = Instant::now();
        let decoded = decode(&bytes, None, None);
        let document = Document::parse_html(&decoded.text, ParseOptions::default());
        let text = Content::main(&document, &ContentOptions::default()).to_text();
        let micros = start.elapsed().as_micros();
        let row = serde_json::json!({ "text": text, "micros": u64::try_from(micros)? });
        writeln!(out, "{row}")?;
    }
    Ok(())
}
