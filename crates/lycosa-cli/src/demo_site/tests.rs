//! The site against its facts, over real sockets, with a link scan and a reference resolver of the tests' own.

use super::*;
use crate::demo_site::facts::Reached;
use encoding_rs::Encoding;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::io::Read;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

struct Page {
    status: u16,
    head: String,
    body: Vec<u8>,
}

impl Page {
    fn header(&self, name: &str) -> &str {
        let value = self.head.lines().filter_map(|line| line.split_once(": ")).find(|(key, _)| *key == name);
        value.map_or("", |(_, value)| value)
    }

    /// The body without its content encoding.
    fn bytes(&self) -> Vec<u8> {
        if self.header("content-encoding") == "gzip" { unzipped(&self.body) } else { self.body.clone() }
    }

    fn html(&self, encoding: &str) -> String {
        let encoding = Encoding::for_label(encoding.as_bytes()).unwrap();
        let bytes = self.bytes();
        let (text, _, damaged) = encoding.decode(&bytes);
        assert!(!damaged, "not {}", encoding.name());
        text.into_owned()
    }
}

fn unzipped(bytes: &[u8]) -> Vec<u8> {
    let mut plain = Vec::new();
    flate2::read::GzDecoder::new(bytes).read_to_end(&mut plain).unwrap();
    plain
}

async fn ask(site: &DemoSite, method: &str, path: &str) -> Page {
    let host = site.base_url().trim_start_matches("http://").trim_end_matches('/');
    let mut stream = TcpStream::connect(host).await.unwrap();
    let request = format!("{method} {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap();
    let end = answer.windows(4).position(|window| window == b"\r\n\r\n").unwrap();
    let head = String::from_utf8(answer[..end].to_vec()).unwrap();
    Page { status: head[9..12].parse().unwrap(), head, body: answer.split_off(end + 4) }
}

async fn get(site: &DemoSite, path: &str) -> Page {
    ask(site, "GET", path).await
}

/// Like [`get`], knocking again where the first visitor is turned away.
async fn get_at_last(site: &DemoSite, path: &str) -> Page {
    let first = get(site, path).await;
    if matches!(first.status, 429 | 503) { get(site, path).await } else { first }
}

fn between<'a>(text: &'a str, start: &str, end: &str) -> &'a str {
    text.split_once(start).and_then(|(_, rest)| rest.split_once(end)).map_or("", |(inner, _)| inner)
}

fn unescaped(text: &str) -> String {
    text.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&amp;", "&")
}

/// Path and query of a reference seen on `page`; `None` when it leaves the site.
fn resolved(site: &DemoSite, page: &str, reference: &str) -> Option<String> {
    let reference = reference.trim().split('#').next().unwrap();
    let reference = match reference.strip_prefix(site.base_url()) {
        Some(rest) => format!("/{rest}"),
        None if reference.contains(':') => return None,
        None => reference.to_owned(),
    };
    let folder = &page[..=page.rfind('/').unwrap()];
    let whole = if reference.starts_with('/') { reference } else { format!("{folder}{reference}") };
    let (path, query) = whole.split_once('?').map_or((whole.as_str(), ""), |(path, query)| (path, query));
    let mut segments: Vec<&str> = Vec::new();
    for segment in path.split('/').skip(1) {
        match segment {
            ".." => drop(segments.pop()),
            "." => {}
            _ => segments.push(segment),
        }
    }
    let path = format!("/{}", segments.join("/")).replace("%c3%a9", "%C3%A9").replace('é', "%C3%A9");
    Some(if query.is_empty() { path } else { format!("{path}?{query}") })
}

fn encoding(charset: Charset) -> Option<&'static str> {
    match charset {
        Charset::Header(name) | Charset::Meta(name) | Charset::Undeclared(name) => Some(name),
        Charset::NoPage(_) => None,
    }
}

#[tokio::test]
async fn every_url_answers_as_the_facts_say() {
    let site = start().await.unwrap();
    for fact in facts() {
        let page = get(&site, fact.path).await;
        assert_eq!(page.status, fact.first_status.unwrap_or(fact.status), "{}", fact.path);
        if fact.first_status.is_some() {
            assert_eq!(page.header("retry-after"), "1", "{}", fact.path);
        }
        let page = if fact.first_status.is_some() { get(&site, fact.path).await } else { page };
        assert_eq!(page.status, fact.status, "{}", fact.path);
        if let Charset::NoPage(content_type) = fact.charset {
            assert_eq!(page.header("content-type"), content_type, "{}", fact.path);
        }
        let Some(encoding) = encoding(fact.charset) else { continue };
        let html = page.html(encoding);
        assert_eq!(unescaped(between(&html, "<title>", "</title>")), fact.title, "{}", fact.path);
        let declared = page.header("content-type").to_lowercase();
        let (lower, meta) = (encoding.to_lowercase(), html.to_lowercase());
        match fact.charset {
            Charset::Header(_) => {
                assert_eq!(declared, format!("text/html; charset={lower}"), "{}", fact.path)
            }
            _ => assert_eq!(declared, "text/html", "{}", fact.path),
        }
        if matches!(fact.charset, Charset::Meta(_)) {
            let quoted = between(&meta, "<meta", ">").contains(&format!("charset={lower}"));
            assert!(quoted || meta.contains(&format!("<meta charset=\"{lower}\">")), "{}", fact.path);
        }
        if matches!(fact.charset, Charset::Undeclared(_)) {
            assert!(!meta.contains("charset"), "{}", fact.path);
        }
    }
    site.shutdown().await;
}

/// Every reference found on the site by walking it from the home page, `nofollow` and denied ones included, with
/// the way each was first reached. The calendar is not entered.
async fn walk(site: &DemoSite) -> BTreeMap<String, Reached> {
    let mut seen = BTreeMap::from([("/".to_owned(), Reached::Link)]);
    let mut queue = VecDeque::from(["/".to_owned()]);
    while let Some(path) = queue.pop_front() {
        let page = get_at_last(site, &path).await;
        let html = String::from_utf8_lossy(&page.bytes()).into_owned();
        let base = between(&html, "<base href=\"", "\"");
        let base = if base.is_empty() { &path } else { base };
        let mut found = Vec::new();
        if page.status / 100 == 3 {
            found.push((page.header("location").to_owned(), Reached::Redirect));
        } else if page.header("content-type").starts_with("text/html") {
            for anchor in html.split("<a ").skip(1) {
                let tag = anchor.split('>').next().unwrap();
                let how = if tag.contains("nofollow") { Reached::NoFollow } else { Reached::Link };
                found.push((between(tag, "href=\"", "\"").to_owned(), how));
            }
            for image in html.split("<img ").skip(1) {
                let source = between(image, "src=\"", "\"").to_owned();
                assert_eq!(get(site, &source).await.status, 200, "{source} on {path}");
            }
        }
        for (reference, how) in found {
            let Some(to) = resolved(site, base, &reference) else { continue };
            let how = if to.starts_with("/private/") { Reached::Denied } else { how };
            if !seen.contains_key(&to) && !to.starts_with("/calendar/") {
                queue.push_back(to.clone());
            }
            let known = seen.entry(to).or_insert(how);
            *known = how.min(*known);
        }
    }
    seen
}

#[tokio::test]
async fn a_walk_finds_every_fact_and_no_link_is_unaccounted_for() {
    let site = start().await.unwrap();
    let mut walked = walk(&site).await;
    walked.retain(|path, _| !path.starts_with("/calendar/"));
    let not_linked = [Reached::Sitemap, Reached::Protocol];
    let expected: BTreeMap<_, _> = facts()
        .iter()
        .filter(|fact| !not_linked.contains(&fact.reached))
        .map(|fact| (fact.path.to_owned(), fact.reached))
        .collect();
    assert_eq!(walked, expected);
    let requests = facts().iter().filter(|fact| fact.reached != Reached::Denied).count() + 2;
    assert!(requests <= 90, "{requests} requests are more than the demo has time for");
}

#[tokio::test]
async fn the_sitemaps_name_the_pages_that_nothing_links() {
    let site = start().await.unwrap();
    let robots = get(&site, "/robots.txt").await.html("utf-8");
    assert!(robots.contains(&format!("Sitemap: {}sitemap.xml\n", site.base_url())), "{robots}");
    assert!(robots.contains("Crawl-delay: 0.1\n") && robots.contains("Disallow: /private/\n"), "{robots}");
    let locations = |xml: &str| {
        let located = xml.split("<loc>").skip(1).map(|rest| rest.split("</loc>").next().unwrap());
        located.map(|url| resolved(&site, "/", url).unwrap()).collect::<Vec<_>>()
    };
    let mut listed = BTreeSet::new();
    for child in locations(&get(&site, "/sitemap.xml").await.html("utf-8")) {
        let page = get(&site, &child).await;
        let xml = if child.ends_with(".gz") { unzipped(&page.body) } else { page.body };
        listed.extend(locations(std::str::from_utf8(&xml).unwrap()));
    }
    let only_there = facts().iter().filter(|fact| fact.reached == Reached::Sitemap);
    let only_there: BTreeSet<_> = only_there.map(|fact| fact.path.to_owned()).collect();
    assert!(only_there.len() == 3 && only_there.is_subset(&listed), "{listed:?}");
    assert!(listed.iter().all(|path| facts().iter().any(|fact| fact.path == path && fact.status == 200)));
}

#[tokio::test]
async fn the_articles_show_what_an_extraction_rule_looks_for() {
    let site = start().await.unwrap();
    let mut listed = Vec::new();
    for page in ["/store/", "/store/?page=2", "/store/?page=3"] {
        let html = get(&site, page).await.html("utf-8");
        let cards = html.split("<li class=\"product-card\"><a class=\"card-name\" href=\"").skip(1);
        listed.extend(cards.map(|card| card.split('"').next().unwrap().to_owned()));
    }
    assert_eq!(listed, PRODUCTS.map(|product| product.path.to_owned()));
    for product in PRODUCTS {
        let html = get(&site, product.path).await.html("utf-8");
        let text = |class: &str| {
            let rest = html.split_once(&format!("class=\"{class}\"")).unwrap().1.split_once('>').unwrap().1;
            unescaped(rest.split("</").next().unwrap())
        };
        assert_eq!(text("product-name"), product.name);
        assert_eq!((text("sku"), text("price")), (product.sku.to_owned(), product.price.to_owned()));
        let stock =
            if product.stock == 0 { "Sold out".into() } else { format!("{} in stock", product.stock) };
        assert_eq!(text("stock"), stock, "{}", product.path);
        assert!(text("description").len() > 20 && html.contains("class=\"product-image\" src=\"/img/"));
    }
}

#[test]
fn the_letters_survive_their_encodings() {
    let site = routes::Site::new("http://127.0.0.1:1/".into());
    let letters = [
        ("/world/zh-hans", encoding_rs::GBK, include_str!("templates/zh-hans.html")),
        ("/world/zh-hant", encoding_rs::BIG5, include_str!("templates/zh-hant.html")),
        ("/world/ja", encoding_rs::SHIFT_JIS, include_str!("templates/ja.html")),
        ("/world/ru", encoding_rs::WINDOWS_1251, include_str!("templates/ru.html")),
        ("/world/ru-letter", encoding_rs::WINDOWS_1251, include_str!("templates/ru-letter.html")),
    ];
    for (path, encoding, text) in letters {
        let body = site.answer(path, "").body;
        assert!(std::str::from_utf8(&body).is_err(), "{path} must not pass for UTF-8");
        let decoded = encoding.decode_without_bom_handling_and_without_replacement(&body);
        assert_eq!(decoded.as_deref(), Some(text), "{path}");
    }
}

#[test]
fn the_awkward_doors_are_as_awkward_as_their_labels() {
    let site = routes::Site::new("http://127.0.0.1:1/".into());
    assert_eq!(site.answer("/workshop/slow", "").delay, Duration::from_millis(1_500));
    assert!(site.answer("/workshop/long-shelf", "").body.len() > 100_000);
    let pressed = site.answer("/workshop/pressed", "");
    assert!(pressed.headers.contains(&("content-encoding", "gzip".into())));
    assert!(unzipped(&pressed.body).len() > 2 * pressed.body.len());
    let pdf = String::from_utf8(site.answer("/files/checklist.pdf", "").body).unwrap();
    let table: usize = between(&pdf, "startxref\n", "\n").parse().unwrap();
    assert!(pdf.starts_with("%PDF-") && pdf[table..].starts_with("xref\n"));
    let twin = String::from_utf8(site.answer("/workshop/twin", "from=workshop").body).unwrap();
    assert!(twin.contains("<link rel=\"canonical\" href=\"/workshop/twin\">"));
    let café =
        [("caf%C3%A9"), ("caf%c3%a9")].map(|spelled| site.answer(&format!("/workshop/{spelled}"), "").status);
    assert_eq!(café, [200, 200]);
}

#[test]
fn the_calendar_goes_on_and_its_edges_hold() {
    let site = routes::Site::new("http://127.0.0.1:1/".into());
    let html = |path: &str, query: &str| {
        let answer = site.answer(path, query);
        assert_eq!(answer.status, 200, "{path}?{query}");
        String::from_utf8(answer.body).unwrap()
    };
    let mut path = String::from("/calendar/2025/04");
    for _ in 0..1_000 {
        let month = html(&path, "");
        path = month.split("Next month").next().unwrap().rsplit('"').nth(1).unwrap().to_owned();
    }
    assert_eq!(path, "/calendar/2108/08");
    assert!(html("/calendar/2024/02", "day=29").contains("<title>29 February 2024</title>"));
    assert!(!html("/calendar/0001/01", "").contains("Previous month"));
    assert!(!html("/calendar/9999/12", "").contains("Next month"));
    for (path, query) in [
        ("/calendar/2023/02", "day=29"),
        ("/calendar/2023/13", ""),
        ("/calendar/0000/01", ""),
        ("/calendar/+999/01", ""),
        ("/calendar/2023/02", "day="),
        ("/calendar/2023/02", "day=001"),
        ("/calendar/2023", ""),
    ] {
        assert_eq!(site.answer(path, query).status, 404, "{path}?{query}");
    }
}

#[test]
fn paths_that_do_not_exist_are_404_and_nothing_else() {
    let site = routes::Site::new("http://127.0.0.1:1/".into());
    let paths = [
        "",
        "//",
        "/guide",
        "/guide//",
        "/store/none",
        "/journal/page/1",
        "/journal/page/9",
        "/journal/2/goats",
    ];
    for path in paths.into_iter().chain([
        "/journal/2023/goats",
        "/img/none.svg",
        "/img/",
        "/world/xx",
        "/é",
        "/archive/",
    ]) {
        let status = site.answer(path, "").status;
        assert_eq!(status, if path.is_empty() { 200 } else { 404 }, "{path}");
    }
    for query in ["page=0", "page=4", "page=", "x=1", "page=99999999999999999999"] {
        assert_eq!(site.answer("/store/", query).status, 404, "{query}");
    }
}

#[tokio::test]
async fn head_has_no_body_and_writing_is_refused() {
    let site = start().await.unwrap();
    let page = ask(&site, "HEAD", "/about").await;
    assert_eq!((page.status, page.body.len()), (200, 0));
    let page = ask(&site, "POST", "/about").await;
    assert_eq!((page.status, page.header("allow")), (405, "GET, HEAD"));
}

#[tokio::test]
async fn shutdown_lets_an_open_answer_finish_and_frees_the_port() {
    let site = start().await.unwrap();
    let host = site.base_url().trim_start_matches("http://").trim_end_matches('/').to_owned();
    let mut stream = TcpStream::connect(&host).await.unwrap();
    stream
        .write_all(b"GET /about HTTP/1.1\r\nHost: x\r\n\r\nGET /workshop/slow HTTP/1.1\r\nHost: x\r\n\r\n")
        .await
        .unwrap();
    // The first answer tells that the second request, sent with it, has been received.
    let mut first = [0; 12];
    stream.read_exact(&mut first).await.unwrap();
    site.shutdown().await;
    let mut rest = String::new();
    stream.read_to_string(&mut rest).await.unwrap();
    assert!(rest.contains("About the station") && rest.contains("hurried"), "{rest}");
    assert!(TcpStream::connect(&host).await.is_err());
}

#[tokio::test]
async fn dropping_the_site_frees_the_port() {
    let site = start().await.unwrap();
    let host = site.base_url().trim_start_matches("http://").trim_end_matches('/').to_owned();
    let mut idle = TcpStream::connect(&host).await.unwrap();
    drop(site);
    let mut nothing = Vec::new();
    let ended = idle.read_to_end(&mut nothing).await;
    assert!(ended.map_or(true, |read| read == 0));
    while TcpStream::connect(&host).await.is_ok() {
        tokio::task::yield_now().await;
    }
}
