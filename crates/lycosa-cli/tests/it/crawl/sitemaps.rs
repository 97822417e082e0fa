//! Sitemaps that are named: how they can be named, what is said when they give nothing, and what becomes of one that the
//! crawl knows already.

use lycosa_testkit::{Response, Server};

use crate::command::{Bench, page};

/// Lists of several kinds, and a page that links to one of them.
fn lists() -> Server {
    let set = |urls: &[&str]| {
        let urls: String = urls.iter().map(|url| format!("<url><loc>{url}</loc></url>")).collect();
        let body = format!("<urlset xmlns=\"http://www.sitemaps.org/schemas/sitemap/0.9\">{urls}</urlset>");
        Response::new(200).header("Content-Type", "text/xml").body(body)
    };
    Server::start(move |request| {
        let host = request.host();
        match request.path() {
            "/robots.txt" => Response::not_found(),
            "/" => page("start", &["/maps/good.xml"]),
            "/maps/good.xml" => set(&[&format!("http://{host}/one"), &format!("http://{host}/two")]),
            "/maps/foreign.xml" => {
                set(&["http://other.test/1", "http://other.test/2", "http://other.test/3"])
            }
            "/maps/private.xml" => set(&[
                &format!("http://{host}/private/1"),
                &format!("http://{host}/private/2"),
                "http://other.test/1",
            ]),
            "/maps/broken.xml" => set(&["http://[", "nothing://x", "mailto:a@b.test"]),
            "/maps/empty.xml" => set(&[]),
            "/maps/index.xml" => Response::new(200).header("Content-Type", "text/xml").body(
                "<sitemapindex xmlns=\"http://www.sitemaps.org/schemas/sitemap/0.9\"><sitemap>\
                 <loc>http://other.test/a.xml</loc></sitemap></sitemapindex>",
            ),
            path => page(path, &[]),
        }
    })
}

#[test]
fn a_sitemap_that_gives_nothing_is_told_with_the_reason_and_what_helps() {
    let server = lists();
    for (name, what, helps) in [
        (
            "foreign",
            "none of its 3 entries belongs to the crawl: its host is out of scope",
            "widen `--scope`",
        ),
        ("private", "none of its 3 entries belongs to the crawl, as of 2 of them: ", "`--exclude` pattern"),
        ("broken", "none of its 3 entries has a usable URL", "https://example.com/page"),
        ("empty", "it names no URL", ""),
        ("index", "none of the 1 sitemaps that it names belongs to the crawl", "--sitemap-url"),
    ] {
        let bench = Bench::new();
        let map = server.url(&format!("/maps/{name}.xml"));
        let flags = ["--sitemap-url", &map, "--exclude", "/private/", "-d", "0"];
        let said = bench.crawl(&server.url("/"), &flags).ends_with(0);
        said.mentions(&format!("note  sitemap {map}: {what}")).mentions(helps);
    }
    let bench = Bench::new();
    let map = server.url("/maps/good.xml");
    let said = bench.crawl(&server.url("/"), &["--sitemap-url", &map, "-d", "0"]).ends_with(0);
    said.keeps_quiet_about("note  sitemap");
}

#[test]
fn a_path_is_enough_beside_one_seed_and_else_an_error_that_says_so() {
    let (server, bench) = (lists(), Bench::new());
    bench.crawl(&server.url("/"), &["--sitemap-url", "/maps/good.xml", "-d", "0"]).ends_with(0);
    assert_eq!(bench.records("pages.jsonl").len(), 3);
    let hits = server.hits();
    let two = bench.run(&["crawl", &server.url("/"), &server.url("/a"), "--sitemap-url", "/maps/good.xml"]);
    two.ends_with(2).complains("the sitemap `/maps/good.xml` is a path", "beside exactly one seed");
    let none = bench.run(&["crawl", "--sitemap-url", "/maps/good.xml"]).ends_with(2);
    none.complains("it is not said of which host", "https://example.com/sitemap.xml");
    let dash = bench.run(&["crawl", &server.url("/"), "--sitemap-url", "-"]).ends_with(2);
    dash.complains("sitemaps are not read from standard input", "https://example.com/sitemap.xml");
    let wrong = bench.run(&["crawl", &server.url("/"), "--sitemap-url", "ftp://a.test/"]).ends_with(2);
    wrong.complains("sitemap `ftp://a.test/` has the scheme `ftp`", "");
    assert_eq!(server.hits(), hits, "nothing was asked for");
}

#[test]
fn a_sitemap_that_was_fetched_as_a_page_is_read_when_it_is_named() {
    let (server, bench) = (lists(), Bench::new());
    let map = server.url("/maps/good.xml");
    bench.crawl(&server.url("/"), &[]).ends_with(0);
    assert_eq!((server.hits_on("/maps/good.xml"), server.hits_on("/one")), (1, 0));
    let again = ["--resume", "--sitemap-url", &map];
    let said = bench.crawl(&server.url("/"), &again).ends_with(0);
    said.mentions(&format!(
        "note: {map} was fetched as a page before; it is fetched again, and read as a sitemap"
    ));
    assert_eq!((server.hits_on("/maps/good.xml"), server.hits_on("/one"), server.hits_on("/two")), (2, 1, 1));
    let story = bench.run(&["explain", &map, "--state", "state"]).ends_with(0).out;
    assert!(
        story.contains("kind       a sitemap or feed") && story.contains("names 2 URLs: 2 new"),
        "{story}"
    );
    // Named again, it was read.
    let said = bench.crawl(&server.url("/"), &again).ends_with(0);
    said.keeps_quiet_about("fetched again");
    assert_eq!(server.hits_on("/maps/good.xml"), 2);
}

#[test]
fn a_sitemap_that_waits_as_a_page_or_is_a_seed_too_is_read_as_what_it_is() {
    let (server, bench) = (lists(), Bench::new());
    let map = server.url("/maps/good.xml");
    bench.crawl(&server.url("/"), &["--max-pages", "1", "-c", "1"]).ends_with(3);
    bench.crawl(&server.url("/"), &["--resume", "--sitemap-url", &map]).ends_with(0);
    assert_eq!((server.hits_on("/maps/good.xml"), server.hits_on("/one")), (1, 1));
    let story = bench.run(&["explain", &map, "--state", "state"]).ends_with(0).out;
    assert!(
        story.contains("kind       a sitemap or feed") && story.contains("names 2 URLs: 2 new"),
        "{story}"
    );
    bench.crawl(&server.url("/"), &["--resume", "--sitemap-url", &map]).ends_with(0);
    assert_eq!(server.hits_on("/maps/good.xml"), 1, "it was read as a sitemap");
    let bench = Bench::new();
    bench.crawl(&map, &["--sitemap-url", &map]).ends_with(0);
    assert_eq!((server.hits_on("/maps/good.xml"), server.hits_on("/one")), (2, 2));
    assert_eq!(bench.records("pages.jsonl").len(), 2);
}

#[test]
fn addresses_are_asked_for_as_the_charset_the_bases_and_the_entities_of_their_file_say() {
    let server = Server::start(|request| {
        match request.path() {
        "/robots.txt" | "/" => Response::not_found(),
        "/latin.xml" => Response::new(200).header("Content-Type", "text/xml").body(
            format!(
                "<?xml version='1.0' encoding='ISO-8859-1'?><!DOCTYPE urlset [<!ENTITY h 'http://{0}'><!ENTITY f SYSTEM 'x'>]>\
                 <urlset><url><loc>http://{0}/iso-caf@</loc></url><url><loc>&h;/entity</loc></url><url><loc>&f;/bad</loc>\
                 </url></urlset>",
                request.host()
            )
            .bytes()
            .map(|byte| if byte == b'@' { 0xE9 } else { byte })
            .collect::<Vec<u8>>(),
        ),
        "/list.txt" => Response::new(200)
            .header("Content-Type", "text/plain")
            .body(format!("http://{0}/one\rhttp://{0}/two", request.host())),
        "/feed.atom" => Response::new(200)
            .header("Content-Type", "application/atom+xml")
            .body("<feed xml:base='/base/'><entry><link href='rel-entry'/></entry></feed>"),
        path => page(path, &[]),
    }
    });
    let bench = Bench::new();
    let maps = ["/latin.xml", "/list.txt", "/feed.atom"].map(|path| server.url(path));
    let flags: Vec<&str> = maps.iter().flat_map(|map| ["--sitemap-url", map]).collect();
    let said = bench.crawl(&server.url("/"), &flags);
    for path in ["/iso-caf%C3%A9", "/entity", "/one", "/two", "/base/rel-entry"] {
        assert_eq!(server.hits_on(path), 1, "{path}");
    }
    assert_eq!(bench.records("pages.jsonl").len(), 5);
    said.mentions("has no usable URL (`&f;/bad`)");
}

#[test]
fn addresses_in_other_languages_are_pages_of_the_sitemap_that_names_them() {
    let server = Server::start(|request| {
        match request.path() {
        "/robots.txt" => Response::new(200).body("User-agent: *\nDisallow: /no"),
        "/map.xml" => Response::new(200).header("Content-Type", "text/xml").body(format!(
            "<urlset xmlns:xhtml='http://www.w3.org/1999/xhtml' xmlns:image='i'><url><loc>http://{0}/en</loc>\
             <xhtml:link rel='alternate' hreflang='en' href='http://{0}/en'/><xhtml:link rel='alternate' hreflang='de' \
             href='http://{0}/de'/><xhtml:link rel='alternate' hreflang='fr' href='http://{0}/no/fr'/>\
             <xhtml:link rel='alternate' hreflang='it' href='http://other.test/it'/><image:image><image:loc>/1.png\
             </image:loc></image:image></url><url><loc>http://{0}/es</loc><xhtml:link rel='alternate' hreflang='de' \
             href='http://{0}/de'/></url></urlset>",
            request.host()
        )),
        path => page(path, &[]),
    }
    });
    let (bench, map) = (Bench::new(), server.url("/map.xml"));
    let said = bench.crawl(&server.url("/"), &["--sitemap-url", &map]).ends_with(0);
    said.mentions("also in sitemaps").mentions("alternates: 5, images: 1");
    let parents: Vec<_> = bench
        .records("pages.jsonl")
        .iter()
        .filter(|record| record["parent"] == *map)
        .map(|record| record["url"].as_str().expect("a URL").to_owned())
        .collect();
    let mut parents: Vec<&str> = parents.iter().map(String::as_str).collect();
    parents.sort_unstable();
    assert_eq!(parents, [server.url("/de"), server.url("/en"), server.url("/es")]);
    assert_eq!((server.hits_on("/no/fr"), server.hits_on("/1.png")), (0, 0));
    let story = bench.run(&["explain", &map, "--state", "state"]).ends_with(0).out;
    assert!(story.contains("names 5 URLs: 4 new, 1 refused"), "{story}");
}

#[test]
fn indexes_that_name_each_other_are_read_once_each() {
    let server = Server::start(|request| {
        let index = |names: [&str; 3]| {
            let host = request.host();
            let named: String = names
                .iter()
                .map(|name| format!("<sitemap><loc>http://{host}{name}</loc></sitemap>"))
                .collect();
            let body = format!("<sitemapindex>{named}</sitemapindex>");
            Response::new(200).header("Content-Type", "text/xml").body(body)
        };
        match request.path() {
            "/robots.txt" => Response::not_found(),
            "/1.xml" => index(["/1.xml", "/2.xml", "/list.txt"]),
            "/2.xml" => index(["/1.xml", "/2.xml", "/list.txt?again"]),
            "/list.txt" => Response::text(format!("http://{}/page", request.host())),
            path => page(path, &[]),
        }
    });
    let bench = Bench::new();
    bench.crawl(&server.url("/"), &["--sitemap-url", &server.url("/1.xml")]).ends_with(0);
    let hits = ["/1.xml", "/2.xml", "/page"].map(|path| server.hits_on(path));
    assert_eq!(hits, [1, 1, 1]);
}

#[test]
fn a_sitemap_that_robots_txt_names_and_that_gives_nothing_is_told_and_a_guess_is_not() {
    let server = |named: &'static [&'static str]| {
        Server::start(move |request| match request.path() {
            "/robots.txt" => {
                Response::text(named.iter().map(|path| format!("Sitemap: {path}\n")).collect::<String>())
            }
            "/" | "/page.xml" => page("start", &[]),
            "/far.xml" => Response::redirect(302, "http://elsewhere.test/far.xml"),
            "/index.xml" => Response::new(200).header("Content-Type", "text/xml").body(format!(
                "<sitemapindex><sitemap><loc>http://{}/gone.xml?2</loc></sitemap><sitemap>\
                 <loc>http://elsewhere.test/1.xml</loc></sitemap></sitemapindex>",
                request.host()
            )),
            _ => Response::not_found(),
        })
    };
    let (named, bench) = (server(&["/gone.xml", "/page.xml", "/far.xml", "/index.xml"]), Bench::new());
    let said = bench.crawl(&named.url("/"), &["--sitemap"]).ends_with(0);
    let told =
        |path: &str, why: &str| format!("note  the sitemap {} gave no entries: {why}", named.url(path));
    let said = said.mentions(&told("/gone.xml", "status 404"));
    let said = said.mentions(&told("/gone.xml?2", "status 404"));
    let said = said.mentions(&told("/far.xml", "it redirects to elsewhere.test, which is out of scope"));
    said.mentions(&format!("sitemap {}: the file is neither a sitemap nor", named.url("/page.xml")));
    let explain = |path: &str| bench.run(&["explain", &named.url(path), "--state", "state"]).ends_with(0).out;
    assert!(explain("/page.xml").contains("  names no URL\n"), "{}", explain("/page.xml"));
    assert!(
        explain("/index.xml").contains("  names 2 URLs: 1 new, 1 refused\n"),
        "{}",
        explain("/index.xml")
    );
    for (guessed, hits) in [(server(&[]), 1), (Server::start(|_| page("any", &[])), 1)] {
        let said = Bench::new().crawl(&guessed.url("/"), &["--sitemap"]).ends_with(0);
        said.keeps_quiet_about("note  ");
        assert_eq!(guessed.hits_on("/sitemap.xml"), hits);
    }
    let far = Server::start(|request| match request.path() {
        "/sitemap.xml" => Response::redirect(302, "http://elsewhere.test/far.xml"),
        _ => page("any", &[]),
    });
    Bench::new().crawl(&far.url("/"), &["--sitemap"]).ends_with(0).keeps_quiet_about("note  ");
}
