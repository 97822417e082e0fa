//! `reqwest-scraper URL FILE`: crawls one host with 16 requests in flight and writes a JSON line per page.
//!
//! What a person writes in an afternoon: no robots, no durable state, a set of strings for what was seen. Each
//! same-host link of `a[href]` is fetched once; a page is a 200 with an HTML content type.

use std::collections::{HashSet, VecDeque};
use std::fs::File;
use std::io::{BufWriter, Write as _};

use reqwest::{Client, Url, header::CONTENT_TYPE};
use scraper::{Html, Selector};
use tokio::task::JoinSet;

const IN_FLIGHT: usize = 16;

type AnyError = Box<dyn std::error::Error + Send + Sync>;

/// What one page came to.
struct Page {
    url: Url,
    title: String,
    count: usize,
    links: Vec<Url>,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), AnyError> {
    let mut words = std::env::args().skip(1);
    let (Some(seed), Some(path)) = (words.next(), words.next()) else {
        return Err("usage: reqwest-scraper URL FILE".into());
    };
    let seed = Url::parse(&seed)?;
    let client = Client::builder().user_agent("bench-peer").build()?;
    let mut output = BufWriter::new(File::create(path)?);
    let mut seen = HashSet::from([seed.to_string()]);
    let mut queue = VecDeque::from([seed.clone()]);
    let mut open = JoinSet::new();
    let mut errors = 0_u64;
    loop {
        while open.len() < IN_FLIGHT
            && let Some(url) = queue.pop_front()
        {
            open.spawn(fetch(client.clone(), url));
        }
        let Some(done) = open.join_next().await else { break };
        let page = match done? {
            Ok(Some(page)) => page,
            Ok(None) => continue,
            Err(_) => {
                errors += 1;
                continue;
            }
        };
        let line = serde_json::json!({"url": page.url.as_str(), "title": page.title, "links": page.count});
        writeln!(output, "{line}")?;
        for link in page.links {
            let same = link.host() == seed.host() && link.port() == seed.port() && link.scheme() == seed.scheme();
            if same && seen.insert(link.to_string()) {
                queue.push_back(link);
            }
        }
    }
    output.flush()?;
    if errors > 0 {
        eprintln!("{errors} requests failed");
    }
    Ok(())
}

/// Fetches and reads one page; `None` when it is not an HTML page with status 200.
async fn fetch(client: Client, url: Url) -> Result<Option<Page>, AnyError> {
    let response = client.get(url).send().await?;
    let kind = response.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if response.status() != 200 || !kind.starts_with("text/html") {
        return Ok(None);
    }
    let url = response.url().clone();
    let text = response.text().await?;
    Ok(Some(read(url, &text)))
}

fn read(url: Url, text: &str) -> Page {
    let document = Html::parse_document(text);
    let (anchors, titles) = (Selector::parse("a[href]"), Selector::parse("title"));
    let (Ok(anchors), Ok(titles)) = (anchors, titles) else { unreachable!("both selectors are constant") };
    let title = document.select(&titles).next().map(|title| title.text().collect()).unwrap_or_default();
    let mut links = Vec::new();
    let mut count = 0;
    for anchor in document.select(&anchors) {
        count += 1;
        let Some(mut link) = anchor.value().attr("href").and_then(|href| url.join(href).ok()) else { continue };
        link.set_fragment(None);
        links.push(link);
    }
    Page { url, title, count, links }
}
