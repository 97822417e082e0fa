//! Pages that are XML, or say so; pages in charsets of old.

use lycosa_testkit::{Request, Response, Server};
use serde_json::{Value, json};

use crate::crawled::crawled;

const XHTML: &str = "<html xmlns='http://www.w3.org/1999/xhtml' xml:lang='la'><head><title>Aranea</title></head>\
                     <body><![CDATA[<a href='/text'>]]><a href='/atom'/><a href='/tags'/></body></html>";
const TAGS: &str =
    "<html xmlns='http://www.w3.org/1999/xhtml'><title>Soup</title><p>One<p>Two <a href=/rss>x</a>";
const ATOM: &str = "<feed xmlns='http://www.w3.org/2005/Atom'><title>News</title><entry><title>First</title>\
                    <link href='/entry'/></entry></feed>";

fn site(request: &Request) -> Response {
    let (media_type, body) = match request.path() {
        "/" => ("application/xhtml+xml", XHTML),
        "/tags" => ("application/xhtml+xml; charset=utf-8", TAGS),
        "/atom" => ("application/atom+xml", ATOM),
        "/rss" => ("text/xml", "<rss><item><link>/item</link></item>"),
        _ => return Response::not_found(),
    };
    Response::new(200).header("Content-Type", media_type).body(body)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_record_says_which_language_a_page_turned_out_to_be() {
    let server = Server::start(site);
    let rules = "[title]\nfor_each = 'entry'\n[title.fields]\ntext = 'title'";
    let rules = lycosa::extract::rules::Rules::compile(&toml::from_str(rules).unwrap()).unwrap();
    let (_, records) =
        crawled(&server.url("/"), |options| options.extractors.push(std::sync::Arc::new(rules))).await;
    let pages: Vec<&Value> = records.iter().filter(|record| record.get("final_url").is_some()).collect();
    // Those of the feeds' entries are not there.
    assert_eq!(pages.len(), 6, "{records:#?}");
    let page = |path: &str| *pages.iter().find(|page| page["url"] == server.url(path)).unwrap();
    let told = |path: &str| {
        let page = page(path);
        (page["title"].clone(), page["outlinks"].clone(), page.get("parsed_as").cloned())
    };
    assert_eq!(told("/"), (json!("Aranea"), json!(2), Some(json!("xml"))));
    assert_eq!(told("/tags"), (json!("Soup"), json!(1), Some(json!("html"))));
    assert_eq!(told("/atom"), (Value::Null, json!(1), Some(json!("xml"))));
    assert_eq!(told("/rss"), (Value::Null, json!(1), Some(json!("xml"))));
    assert_eq!(page("/")["lang"], "la");
    let item = records.iter().find(|record| record["type"] == "title").unwrap();
    assert_eq!(item["text"], "First", "{item}");
    let why = page("/tags")["parsed_as_reason"].as_str().unwrap().to_owned();
    assert!(why.starts_with("line 1, column "), "{why}");
    assert!(page("/").get("parsed_as_reason").is_none());
}

/// A page in windows-1251 whose link has a word beyond ASCII in its path and in its query.
#[tokio::test(flavor = "multi_thread")]
async fn a_query_is_asked_in_the_charset_of_its_page_as_browsers_do() {
    let server = Server::start(|request: &Request| match request.path() {
        "/" => Response::new(200)
            .header("Content-Type", "text/html; charset=windows-1251")
            .body(b"<title>x</title><a href='/\xef?q=\xef\xf0&amp;l=a'>x</a>".to_vec()),
        _ => Response::html("<title>found</title>"),
    });
    let (_, records) = crawled(&server.url("/"), |_| {}).await;
    let urls: Vec<_> = records.iter().filter_map(|record| record["url"].as_str()).collect();
    assert!(urls.contains(&&*server.url("/%D0%BF?q=%EF%F0&l=a")), "{urls:?}");
}
