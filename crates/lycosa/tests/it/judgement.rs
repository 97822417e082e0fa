//! What a crawl decides about pages: words of pages to crawlers, pages that say the same, parameters that do not count,
//! sitemaps and what they say.

use lycosa::crawler::{Continue, Duplicates, Options, RobotsTags};
use lycosa_testkit::{Request, Response, Server};
use serde_json::{Value, json};

use crate::crawled::{crawled, crawled_into, record};

/// The paths asked for, sorted, robots.txt left out.
fn asked(server: &Server) -> Vec<String> {
    let mut paths: Vec<String> = server.log().iter().map(|hit| hit.path.clone()).collect();
    paths.retain(|path| path != "/robots.txt");
    paths.sort();
    paths
}

fn site_with_tags(request: &Request) -> Response {
    let tagged = |value: &str, text: &str| Response::html(text).header("X-Robots-Tag", value);
    match request.path() {
        "/robots.txt" => Response::text("User-agent: *\nContent-Signal: search=yes, ai-train=no\nAllow: /\n"),
        "/" => Response::html(
            "<a href=/hidden>1</a><a href=/closed>2</a><a href=/others>3</a><a href=/ours>4</a><a href=/over>5</a>\
             <a href=/wishes>6</a>",
        ),
        "/hidden" => {
            Response::html("<meta name=ROBOTS content='noindex, follow'><a href=/behind-hidden>x</a>")
        }
        "/closed" => tagged("nofollow", "<title>Closed</title><a href=/behind-closed>x</a>"),
        "/others" => tagged("googlebot: noindex, nofollow", "<a href=/behind-others>x</a>"),
        "/ours" => tagged("noarchive, Lycosa: none", "<a href=/behind-ours>x</a>"),
        "/over" => tagged("unavailable_after: Friday, 25-Jun-10 15:00:00 PST", "x"),
        "/wishes" => {
            tagged("noai", "<meta name=tdm-reservation content=1><meta name=robots content=noimageai>")
                .header("Content-Usage", "train-ai=n")
        }
        _ => Response::html("<title>Behind</title>"),
    }
}

fn with_robots(tags: RobotsTags) -> impl FnOnce(&mut Options) {
    move |options| {
        options.robots = true;
        options.robots_tags = tags;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_that_ask_not_to_be_kept_give_no_record_and_closed_ones_no_links() {
    let server = Server::start(site_with_tags);
    let (report, records) = crawled(&server.url("/"), with_robots(RobotsTags::Obey)).await;
    for path in ["/hidden", "/ours", "/over"] {
        let left_out = record(&records, path);
        assert_eq!(
            (&left_out["outcome"], &left_out["reason"]),
            (&json!("excluded"), &json!("noindex")),
            "{path}"
        );
    }
    assert_eq!(record(&records, "/closed")["robots"], json!(["nofollow"]));
    assert_eq!(record(&records, "/closed")["title"], "Closed");
    assert!(record(&records, "/others").get("robots").is_none(), "said to somebody else");
    let asked = asked(&server);
    assert!(asked.contains(&"/behind-hidden".to_owned()) && asked.contains(&"/behind-others".to_owned()));
    assert!(!asked.iter().any(|path| path == "/behind-closed" || path == "/behind-ours"), "{asked:?}");
    assert_eq!(report.crawl.pages, 6, "/, closed, others, wishes and two behind: {report}");
}

#[tokio::test(flavor = "multi_thread")]
async fn words_are_heard_whatever_bytes_stand_beside_them() {
    const FIELDS: [(&str, &[u8]); 3] = [
        ("/latin", b"noindex, caf\xE9"),
        ("/utf8", "caf\u{e9}, noindex".as_bytes()),
        ("/junk", b"\xFF\xFE, noindex"),
    ];
    let server = Server::start(|request: &Request| {
        let field = FIELDS.iter().find(|(path, _)| *path == request.path());
        let links = "<a href=/latin>1</a><a href=/utf8>2</a><a href=/junk>3</a><a href=/type>4</a><a href=/link>5</a>";
        match (request.path(), field) {
            (_, Some((_, value))) => Response::html("x").header("X-Robots-Tag", value),
            ("/type", _) => Response::new(200).header("Content-Type", b"image/png; name=\xE9").body("x"),
            ("/link", _) => Response::html("x").header("Link", b"</c>; rel=canonical; title=\xE9"),
            _ => Response::html(links),
        }
    });
    let (_, records) = crawled(&server.url("/"), |options| options.robots = true).await;
    for (path, _) in FIELDS {
        assert_eq!(record(&records, path)["reason"], "noindex", "{path}");
    }
    assert_eq!(record(&records, "/type")["reason"], "content_type");
    assert_eq!(record(&records, "/link")["canonical"], server.url("/c"));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_earliest_date_that_can_be_read_says_when_a_page_is_over() {
    // Each has a date in the past, in one of the spellings that are in use; the last have none.
    const DATES: [&[&str]; 14] = [
        &["unavailable_after: 2999-01-01", "unavailable_after: 2020-01-01"],
        &["unavailable_after: soon", "unavailable_after: 2020-01-01"],
        &["unavailable_after: 2020-01-01, unavailable_after: 2999-01-01"],
        &["unavailable_after: 2020-01-02 03:04:05 UTC"],
        &["unavailable_after: 2020-01-02T03:04:05"],
        &["unavailable_after: 2020-01-02T03:04:05+02:00"],
        &["unavailable_after: Thu Jan  2 03:04:05 2020"],
        &["unavailable_after: Thursday, 02-Jan-20 03:04:05 GMT"],
        &["unavailable_after: Thu, 02 Jan 2020 03:04:05 PST"],
        &["unavailable_after: 02 Jan 2020 03:04:05 +0100"],
        &["unavailable_after: January 2, 2020"],
        &["unavailable_after: Thursday, January 2, 2020; noarchive"],
        &["unavailable_after: soon", "unavailable_after: 2999-01-02 03:04:05 UTC"],
        &["unavailable_after: never"],
    ];
    let server = Server::start(|request: &Request| {
        let number = request.path()[1..].parse::<usize>().ok();
        let fields = number.and_then(|number| DATES.get(number));
        let links: String =
            (0..DATES.len()).map(|number| format!("<a href=/{number}>{number}</a>")).collect();
        let page = Response::html(links);
        fields
            .into_iter()
            .flat_map(|fields| fields.iter())
            .fold(page, |page, field| page.header("X-Robots-Tag", field))
    });
    let (_, records) = crawled(&server.url("/"), |options| options.robots = true).await;
    for (number, fields) in DATES.iter().enumerate() {
        let is_over = record(&records, &format!("/{number}"))["reason"] == "noindex";
        assert_eq!(is_over, number < 12, "{fields:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_asks_for_it_gets_hidden_pages_with_their_words() {
    for (tags, has_links) in [(RobotsTags::Links, false), (RobotsTags::Ignore, true)] {
        let server = Server::start(site_with_tags);
        let (_, records) = crawled(&server.url("/"), with_robots(tags)).await;
        assert_eq!(record(&records, "/hidden")["robots"], json!(["noindex"]));
        assert_eq!(record(&records, "/ours")["robots"], json!(["noarchive", "noindex", "nofollow"]));
        let went_on = asked(&server).contains(&"/behind-closed".to_owned());
        assert_eq!(went_on, has_links, "{tags:?}");
    }
    let server = Server::start(site_with_tags);
    let (_, records) = crawled(&server.url("/"), |_| {}).await;
    assert_eq!(
        record(&records, "/hidden")["robots"],
        json!(["noindex"]),
        "without robots.txt nothing is obeyed"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn wishes_about_use_stand_in_the_record_with_their_place() {
    let server = Server::start(site_with_tags);
    let (_, records) = crawled(&server.url("/"), with_robots(RobotsTags::Obey)).await;
    let signal = |from: &str, name: &str, purpose: &str, allowed: bool| json!({ "from": from, "name": name, "use": purpose, "allowed": allowed });
    let of_site = [
        signal("robots.txt", "content-signal", "search", true),
        signal("robots.txt", "content-signal", "ai-train", false),
    ];
    assert_eq!(record(&records, "/closed")["content_use"], json!(of_site));
    let mut of_page = vec![
        signal("header", "x-robots-tag", "ai", false),
        signal("header", "content-usage", "train-ai", false),
        signal("meta", "tdm-reservation", "tdm", false),
        signal("meta", "robots", "image-ai", false),
    ];
    of_page.extend(of_site);
    assert_eq!(record(&records, "/wishes")["content_use"], json!(of_page));
}

/// A page of many words, the same for the same seed, with a line of its own.
fn text(seed: u32, line: &str) -> String {
    let words: Vec<String> = (0..400_u32).map(|n| format!("w{}", (n * n + seed * 7919) % 1_009)).collect();
    format!("<title>T</title><p>{}</p><p>{line}</p>", words.join(" "))
}

fn site_with_copies(request: &Request) -> Response {
    match request.path() {
        "/" => Response::html("<a href=/a>1</a>"),
        "/a" => Response::html(text(1, "<a href=/b>x</a>")),
        "/b" => Response::html(text(2, "printed at noon <a href=/c>x</a>")),
        "/c" => Response::html(text(2, "printed at night <a href=/d>x</a>")),
        "/d" => Response::html(text(1, "<a href=/b>x</a>")),
        _ => Response::not_found(),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_that_say_the_same_are_reported_or_skipped() {
    let server = Server::start(site_with_copies);
    let (_, records) = crawled(&server.url("/"), |_| {}).await;
    assert_eq!(record(&records, "/d")["duplicate_of"], server.url("/a"));
    assert!(
        record(&records, "/c").get("near_duplicate_of").is_none(),
        "texts are compared when that is asked for"
    );
    let (_, records) = crawled(&server.url("/"), |options| options.duplicates = Duplicates::ReportNear).await;
    assert_eq!(record(&records, "/d")["duplicate_of"], server.url("/a"));
    assert_eq!(record(&records, "/d")["content_hash"], record(&records, "/a")["content_hash"]);
    assert_eq!(record(&records, "/c")["near_duplicate_of"], server.url("/b"));
    assert!(
        record(&records, "/b").get("near_duplicate_of").is_none()
            && record(&records, "/b")["simhash"].is_string()
    );
    assert!(record(&records, "/").get("simhash").is_none(), "too short to tell");
    for (how, skipped) in [(Duplicates::Skip, &["/d"][..]), (Duplicates::SkipNear, &["/c", "/d"])] {
        let (_, records) = crawled(&server.url("/"), |options| options.duplicates = how).await;
        for path in ["/a", "/b", "/c", "/d"] {
            let is_skipped = record(&records, path)["reason"] == "duplicate";
            assert_eq!(is_skipped, skipped.contains(&path), "{how:?} {path}");
        }
    }
    let (_, records) = crawled(&server.url("/"), |options| options.duplicates = Duplicates::Off).await;
    assert!(
        record(&records, "/d").get("duplicate_of").is_none()
            && record(&records, "/d").get("content_hash").is_none()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn parameters_that_do_not_count_fetch_a_page_once_and_survive_its_redirect() {
    let server = Server::start(|request: &Request| match request.path() {
        "/" => Response::html(
            "<a href='/p?a=1&utm_source=x'>1</a><a href='/p?utm_medium=y&a=1'>2</a><a href='/p?a=2'>3</a><a href='/r?gclid=1'>4</a>",
        ),
        "/r" if request.target.contains("gclid") => Response::redirect(301, "/r"),
        _ => Response::html("<title>P</title>"),
    });
    let (_, records) =
        crawled(&server.url("/"), |options| options.strip_query = vec!["@tracking".to_owned()]).await;
    assert_eq!(asked(&server).iter().filter(|path| *path == "/p").count(), 2, "a=1 once, a=2 once");
    let moved = record(&records, "/r?gclid=1");
    assert_eq!((&moved["title"], &moved["final_url"]), (&json!("P"), &json!(server.url("/r"))));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_addresses_a_page_goes_by_stand_in_its_record() {
    let server = Server::start(|request: &Request| {
        match request.path() {
        "/" => Response::html(
            "<link rel=alternate hreflang=de href=/de><a href=/pdf>x</a><a href=/own>y</a><a href=/abroad>z</a>\
             <a href=/canon>c</a>",
        )
            .header("Link", "</fr>; rel=\"alternate\"; hreflang=\"fr\", </style.css>; rel=preload"),
        "/pdf" => Response::html("x").header("Link", "</canon>; rel=canonical"),
        "/own" => Response::html("<link rel=canonical href='/%6fwn#top'>"),
        "/abroad" => Response::html("<link rel=canonical href=https://other.test/abroad>"),
        "/canon" => Response::html("<link rel=canonical href='/c%61non?'>"),
        _ => Response::html("<title>P</title><link rel=canonical href='/%70df#x'>"),
    }
    });
    let (_, records) = crawled(&server.url("/"), |_| {}).await;
    let alternate = |lang: &str, path: &str| json!({ "lang": lang, "url": server.url(path) });
    assert_eq!(record(&records, "/")["alternates"], json!([alternate("fr", "/fr"), alternate("de", "/de")]));
    assert_eq!(record(&records, "/pdf")["canonical"], server.url("/canon"));
    let aliases = ["/pdf", "/de", "/own", "/abroad", "/canon"]
        .map(|path| record(&records, path).get("declared_alias_of").cloned());
    let to = |path: &str| Some(json!(server.url(path)));
    assert_eq!(
        aliases,
        [to("/canon"), to("/pdf"), None, None, None],
        "in canonical form, and within the scope"
    );
}

fn site_with_sitemaps(request: &Request) -> Response {
    let xml = |text: String| Response::new(200).header("Content-Type", "application/xml").body(text);
    let at = |path: &str| format!("http://{}{path}", request.host());
    let list = |of: &str, entries: &[(&str, &str)]| -> String {
        let (open, entry) = if of == "index" { ("sitemapindex", "sitemap") } else { ("urlset", "url") };
        let entries: String = entries
            .iter()
            .map(|(path, lastmod)| {
                format!("<{entry}><loc>{}</loc><lastmod>{lastmod}</lastmod></{entry}>", at(path))
            })
            .collect();
        format!(
            "<?xml version='1.0'?><{open} xmlns='http://www.sitemaps.org/schemas/sitemap/0.9'>{entries}</{open}>"
        )
    };
    match request.path() {
        "/robots.txt" => {
            Response::text(format!("User-agent: *\nDisallow: /secret\nSitemap: {}\n", at("/index.xml")))
        }
        "/index.xml" => xml(list("index", &[("/pages.xml.gz", ""), ("/nested.xml", ""), ("/index.xml", "")])),
        "/pages.xml.gz" => {
            Response::new(200).header("Content-Type", "application/gzip").body(lycosa_testkit::gzip(
                list("set", &[("/one", "2005-01-01"), ("/secret", ""), ("/two", "soon")]).as_bytes(),
            ))
        }
        "/nested.xml" => xml(list("index", &[("/deeper.xml", "")])),
        "/deeper.xml" => xml(list("index", &[("/deepest.xml", "")])),
        "/given.json" => Response::new(200)
            .header("Content-Type", "application/feed+json")
            .body(format!("{{\"items\":[{{\"url\":\"{}\"}}]}}", at("/three"))),
        _ => Response::html("<title>P</title>"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn from_robots_txt_to_the_pages_of_a_packed_sitemap_of_an_index() {
    let server = Server::start(site_with_sitemaps);
    let (report, records) = crawled(&server.url("/"), |options| {
        options.robots = true;
        options.sitemap = true;
        options.sitemap_urls = vec![server.url("/given.json").parse().unwrap()];
    })
    .await;
    let one = record(&records, "/one");
    assert_eq!((&one["title"], &one["sitemap_lastmod"]), (&json!("P"), &json!("2005-01-01T00:00:00.000Z")));
    assert_eq!((&one["depth"], &one["parent"]), (&json!(0), &json!(server.url("/pages.xml.gz"))));
    assert!(record(&records, "/two").get("sitemap_lastmod").is_none(), "no date");
    assert_eq!(record(&records, "/three")["title"], "P", "of the sitemap that was named");
    assert_eq!(record(&records, "/secret")["reason"], "robots");
    let asked = asked(&server);
    assert_eq!(asked.iter().filter(|path| *path == "/index.xml").count(), 1, "an index that names itself");
    assert!(asked.contains(&"/deeper.xml".to_owned()) && !asked.contains(&"/deepest.xml".to_owned()));
    assert_eq!(report.crawl.pages, 4, "sitemaps are no pages: {report}");
    assert!(report.run.problems.iter().any(|told| format!("{told:?}").contains("deeper.xml")), "{report}");
}

#[tokio::test(flavor = "multi_thread")]
async fn dates_that_fetching_makes_are_not_believed() {
    let server = Server::start(|request: &Request| match request.path() {
        "/sitemap.xml" => {
            let entries: String = (0..12)
                .map(|n| {
                    format!(
                        "<url><loc>http://{}/p{n}</loc><lastmod>2031-01-01</lastmod></url>",
                        request.host()
                    )
                })
                .collect();
            Response::new(200).header("Content-Type", "text/xml").body(format!("<urlset>{entries}</urlset>"))
        }
        _ => Response::html("<title>P</title>"),
    });
    let (_, records) = crawled(&server.url("/"), |options| options.sitemap = true).await;
    let told: Vec<&Value> = records.iter().filter(|record| record.get("sitemap_lastmod").is_some()).collect();
    assert_eq!((records.len(), told.len()), (13, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn duplicates_are_found_over_a_resume() {
    let words: String = (0..400_u32).map(|n| format!("word{} ", n * n % 331)).collect();
    let server = Server::start(move |request: &Request| {
        let same = format!("<title>Same</title><p>{words}");
        match request.path() {
            "/" => {
                Response::html("<a href=/d1>1</a><a href=/d2>2</a><a href=/near>3</a><a href=/other>4</a>")
            }
            "/near" => Response::html(format!("{same} printed today")),
            "/other" => Response::html("<title>Other</title><p>of its own"),
            _ => Response::html(same),
        }
    });
    let first = server.url("/d1");
    for (how, is_written) in [(Duplicates::ReportNear, true), (Duplicates::SkipNear, false)] {
        let folder = tempfile::tempdir().unwrap();
        let state = folder.path().join("state");
        let run = async |continuation, max_pages| {
            let change = |options: &mut Options| {
                (options.duplicates, options.continuation) = (how, continuation);
                (options.state, options.max_pages, options.per_host) = (Some(state.clone()), max_pages, 1);
            };
            crawled_into(folder.path(), &server.url("/"), change).await.1
        };
        run(Continue::Refuse, Some(2)).await;
        let records = run(Continue::Resume, None).await;
        let (same, near) = (record(&records, "/d2"), record(&records, "/near"));
        if is_written {
            assert_eq!((&same["duplicate_of"], &near["near_duplicate_of"]), (&json!(first), &json!(first)));
        } else {
            assert_eq!((&same["reason"], &near["reason"]), (&json!("duplicate"), &json!("duplicate")));
        }
        assert_eq!(record(&records, "/other")["title"], "Other");
    }
}
