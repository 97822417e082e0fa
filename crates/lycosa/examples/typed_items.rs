//! Items of a Rust type out of a crawl: `cargo run --example typed_items --features derive -- https://example.org/`.
#![expect(clippy::print_stdout, reason = "an example shows what it found")]

use lycosa::{Crawler, Item};

#[derive(Debug, Item)]
#[item(name = "link", for_each = "a[href]", unique_by = "target")]
struct Link {
    #[item(css = "::attr(href)")]
    target: lycosa::url::Url,
    #[item(css = ":scope")]
    text: Option<String>,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> lycosa::Result<()> {
    let seed = std::env::args().nth(1).unwrap_or_else(|| "https://example.org/".to_owned());
    let mut pages = Crawler::new(&seed).max_pages(10).items::<Link>().stream().await?;
    while let Some(page) = pages.next().await {
        for link in page.items_of::<Link>() {
            let link = link?;
            println!("{} -> {} {}", page.url(), link.target, link.text.unwrap_or_default());
        }
    }
    println!("{}", pages.finish().await?);
    Ok(())
}
