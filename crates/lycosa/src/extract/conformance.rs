//! The suite of extractors: they add to what was found, find the same again, and take any page.
//!
//! What they find is each extractor's own business.

use std::sync::Arc;

use http::HeaderMap;
use lycosa_dom::{Document, ParseOptions};
use serde_json::Map;
use url::Url;

use crate::model::{Extract, Findings, Item, Outlink, Page, Request, Timestamp};

/// Pages of every kind: ordinary, empty, broken, deep, wide, odd.
fn pages() -> Vec<String> {
    let ordinary = "<html><head><title>T</title><base href=/b/></head><body><h1>One</h1><p class=x>two</p>
        <a href=1>1</a><a href='//other.test/2?q=%zz' rel=nofollow>2</a><a href='javascript:x'>3</a></body></html>";
    vec![
        ordinary.to_owned(),
        String::new(),
        "\0\u{fffd}<".to_owned(),
        "<a href='http://[bad'><a href='http://a:99999/'><a href=' '><a href=#><base href='::'>".to_owned(),
        "<div>".repeat(600) + "<a href=deep>x</a>",
        "<a href=/wide>x</a>".repeat(3_000),
        "<table><a href=1><select><a href=2><svg><a href=3 xlink:href=4><template><a href=5>".to_owned(),
    ]
}

/// Runs an extractor over many pages.
///
/// # Errors
/// The first promise that is broken, with the page.
pub fn check(extract: &dyn Extract) -> Result<(), String> {
    for html in pages() {
        let shown: String = html.chars().take(80).collect();
        check_page(extract, &html).map_err(|what| format!("{what} (page: {shown:?})"))?;
    }
    Ok(())
}

fn check_page(extract: &dyn Extract, html: &str) -> Result<(), String> {
    let document = Document::parse_html(html, ParseOptions::default());
    let url = Url::parse("http://site.test/dir/page").map_err(|error| error.to_string())?;
    let (request, headers) = (Request::get(url.as_str()), HeaderMap::new());
    let page = |document| Page {
        request: &request,
        url: &url,
        base: &url,
        status: 200,
        headers: &headers,
        body: html.as_bytes(),
        text: html,
        fetched_at: Timestamp(0),
        document,
    };
    let run = |document, mut findings: Findings| {
        let result = extract.extract(&page(document), &mut findings);
        result.map(|()| findings).map_err(|error| format!("an ordinary page is an error: {error}"))
    };
    let found = run(Some(&document), Findings::default())?;
    if run(Some(&document), Findings::default())? != found {
        return Err("the same page gave something else the second time".to_owned());
    }
    let before = Findings {
        outlinks: vec![Outlink::to(url.clone())],
        items: vec![Item { kind: Arc::from("other"), fields: Map::new() }],
        ..Findings::default()
    };
    let after = run(Some(&document), before.clone())?;
    let mut wanted = before;
    wanted.outlinks.extend(found.outlinks);
    wanted.items.extend(found.items);
    wanted.rejects.extend(found.rejects);
    wanted.notes.extend(found.notes);
    wanted.excluded = found.excluded;
    if after != wanted {
        return Err("what others had found before was changed".to_owned());
    }
    // Content that is not HTML has no document.
    run(None, Findings::default()).map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Result;
    use crate::extract::rules::Rules;
    use crate::extract::{LinkExtractor, LinkOptions};

    #[test]
    fn links_and_rules_keep_every_promise() {
        check(&LinkExtractor::new(LinkOptions::default())).unwrap();
        let rules = "[a]\nfields.title = 'h1::text'\n[b]\nfor_each = 'a'\nfields.to = '::attr(href)'";
        check(&Rules::compile(&toml::from_str(rules).unwrap()).unwrap()).unwrap();
    }

    #[test]
    fn an_extractor_that_forgets_what_others_found_is_caught() {
        #[derive(Debug)]
        struct Selfish;
        impl Extract for Selfish {
            fn extract(&self, _page: &Page<'_>, findings: &mut Findings) -> Result<()> {
                findings.outlinks.clear();
                Ok(())
            }
        }
        check(&Selfish).unwrap_err();
    }

    #[test]
    fn an_extractor_that_remembers_is_caught() {
        #[derive(Debug, Default)]
        struct Once(std::sync::atomic::AtomicBool);
        impl Extract for Once {
            fn extract(&self, page: &Page<'_>, findings: &mut Findings) -> Result<()> {
                if !self.0.swap(true, std::sync::atomic::Ordering::Relaxed) {
                    findings.outlinks.push(Outlink::to(page.url.clone()));
                }
                Ok(())
            }
        }
        check(&Once::default()).unwrap_err();
    }
}
