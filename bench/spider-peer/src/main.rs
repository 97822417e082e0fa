//! `spider-peer URL FILE`: crawls one host with the crate `spider`, 16 requests in flight, and writes a JSON line per
//! page as it arrives over a subscription of 1,024 slots.
//!
//! Only the feature `sync` is on: no browser, no disk, no adaptive parts. A page is a 200. Pages lost because the
//! subscription overflowed are counted, and make the run fail: the caller compares sets of pages.

use std::fs::File;
use std::io::{BufWriter, Write as _};

use spider::website::Website;
use tokio::sync::broadcast::error::RecvError;

const IN_FLIGHT: usize = 16;
const SLOTS: usize = 1_024;

type AnyError = Box<dyn std::error::Error + Send + Sync>;

#[tokio::main]
async fn main() -> Result<(), AnyError> {
    let mut words = std::env::args().skip(1);
    let (Some(seed), Some(path)) = (words.next(), words.next()) else {
        return Err("usage: spider-peer URL FILE".into());
    };
    let mut output = BufWriter::new(File::create(path)?);
    let mut website = Website::new(&seed);
    website
        .with_concurrency_limit(Some(IN_FLIGHT))
        .with_delay(0)
        .with_respect_robots_txt(false)
        .with_subdomains(false)
        .with_return_page_links(true)
        .with_user_agent(Some("bench-peer"));
    let mut pages = website.subscribe(SLOTS);
    let writer = tokio::spawn(async move {
        let mut lost = 0;
        loop {
            match pages.recv().await {
                Ok(page) if page.status_code == 200 => {
                    let title = page.get_metadata().as_ref().and_then(|facts| facts.title.clone());
                    let count = page.page_links.as_ref().map_or(0, |links| links.len());
                    let title = title.map(|title| title.to_string()).unwrap_or_default();
                    let line = serde_json::json!({"url": page.get_url(), "title": title, "links": count});
                    writeln!(output, "{line}")?;
                }
                Ok(_) => {}
                Err(RecvError::Lagged(pages)) => lost += pages,
                Err(RecvError::Closed) => break,
            }
        }
        output.flush()?;
        Ok::<u64, AnyError>(lost)
    });
    website.crawl().await;
    website.unsubscribe();
    drop(website);
    match writer.await?? {
        0 => Ok(()),
        lost => Err(format!("{lost} pages were lost in the subscription").into()),
    }
}
