//! Where: hosts, patterns, sitemaps, seeds. Names of hosts are served through a proxy, which needs no resolver.

use std::collections::BTreeSet;

use lycosa_testkit::{Request, Response, Server, gzip};
use serde_json::Value;

use crate::command::{Bench, page, site};

const HOSTS: [&str; 5] =
    ["shop.example.com", "www.shop.example.com", "deep.shop.example.com", "blog.example.com", "other.test"];

/// A proxy behind which every host has a start page that links all of them.
fn web() -> Server {
    Server::start(|request: &Request| {
        let links: Vec<String> = HOSTS.iter().map(|host| format!("http://{host}/")).collect();
        let links: Vec<&str> = links.iter().map(String::as_str).collect();
        if links.contains(&request.target.as_str()) { page("start", &links) } else { Response::not_found() }
    })
}

/// The hosts that were crawled from `shop.example.com` with these flags.
fn hosts(flags: &[&str]) -> BTreeSet<String> {
    let (web, bench) = (web(), Bench::new());
    let proxy = web.url("");
    let flags = [&["--proxy", &proxy, "-c", "8"][..], flags].concat();
    bench.crawl("http://shop.example.com/", &flags).ends_with(0);
    let host = |record: &Value| {
        let url = record["final_url"].as_str().expect("a URL");
        url.trim_start_matches("http://").trim_end_matches('/').to_owned()
    };
    bench.records("pages.jsonl").iter().map(host).collect()
}

fn set(names: &[&str]) -> BTreeSet<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

#[test]
fn a_scope_says_which_hosts_belong() {
    assert_eq!(hosts(&[]), set(&HOSTS[..2]), "by default the seed's host, with and without www");
    assert_eq!(hosts(&["--scope", "host"]), set(&HOSTS[..2]));
    assert_eq!(hosts(&["--scope", "subdomains"]), set(&HOSTS[..3]));
    assert_eq!(hosts(&["--scope", "domain"]), set(&HOSTS[..4]));
    assert_eq!(hosts(&["--scope", "any"]), set(&HOSTS));
}

#[test]
fn allowed_domains_belong_beside_the_scope() {
    let both = hosts(&["--allowed-domains", "other.test,blog.example.com"]);
    assert_eq!(both, set(&[HOSTS[0], HOSTS[1], HOSTS[3], HOSTS[4]]));
}

#[test]
fn another_port_is_another_host() {
    let other = site(&[("/", &[])]);
    let there = other.url("/");
    let server = Server::start(move |_| page("start", &[&there]));
    let bench = Bench::new();
    let said = bench.crawl(&server.url("/"), &[]).ends_with(0);
    assert_eq!((other.hits(), said.row("skipped")), (0, "host: 1"));
}

const BRANCHES: &[(&str, &[&str])] = &[
    ("/", &["/shop/1", "/shop/1?sort=up", "/blog/1", "/about"]),
    ("/shop/1", &["/shop/2"]),
    ("/shop/2", &[]),
    ("/shop/1?sort=up", &[]),
    ("/blog/1", &[]),
    ("/about", &[]),
];

#[test]
fn include_and_exclude_choose_links_and_spare_the_seed() {
    let server = site(BRANCHES);
    let bench = Bench::new();
    let flags = ["--include", "/shop/", "--include", "/blog/", "--exclude", "sort="];
    let said = bench.crawl(&server.url("/"), &flags).ends_with(0);
    assert_eq!(bench.paths(), set(&["/", "/shop/1", "/shop/2", "/blog/1"]));
    assert_eq!(said.row("skipped"), "excluded: 1, not_included: 1");
}

/// A site whose pages are only in its sitemaps: an index, one of them compressed.
fn mapped(robots: &'static str) -> Server {
    Server::start(move |request: &Request| {
        let at = |path: &str| format!("http://{}{path}", request.host());
        let urls = |paths: &[&str]| {
            let locs: String =
                paths.iter().map(|path| format!("<url><loc>{}</loc></url>", at(path))).collect();
            format!("<urlset xmlns=\"http://www.sitemaps.org/schemas/sitemap/0.9\">{locs}</urlset>")
        };
        match request.target.as_str() {
            "/robots.txt" if robots.is_empty() => Response::not_found(),
            "/robots.txt" => Response::text(robots),
            "/map.xml" | "/sitemap.xml" => {
                Response::new(200).header("Content-Type", "text/xml").body(format!(
                    "<sitemapindex xmlns=\"http://www.sitemaps.org/schemas/sitemap/0.9\">\
                 <sitemap><loc>{}</loc></sitemap><sitemap><loc>{}</loc></sitemap></sitemapindex>",
                    at("/plain.xml"),
                    at("/packed.xml.gz"),
                ))
            }
            "/plain.xml" => {
                Response::new(200).header("Content-Type", "text/xml").body(urls(&["/one", "/two"]))
            }
            "/packed.xml.gz" => Response::new(200)
                .header("Content-Type", "application/gzip")
                .body(gzip(urls(&["/three"]).as_bytes())),
            _ => page("page", &[]),
        }
    })
}

#[test]
fn sitemaps_are_read_index_and_gzip_from_robots_or_the_usual_place() {
    for robots in ["User-agent: *\nAllow: /\nSitemap: /map.xml\n", ""] {
        let server = mapped(robots);
        let bench = Bench::new();
        bench.crawl(&server.url("/"), &["--sitemap"]).ends_with(0);
        assert_eq!(bench.paths(), set(&["/", "/one", "/two", "/three"]), "robots: {robots:?}");
        assert_eq!(bench.record("/three")["parent"], server.url("/packed.xml.gz"));
        let without = Bench::new();
        without.crawl(&server.url("/"), &[]).ends_with(0);
        assert_eq!(without.paths(), set(&["/"]));
    }
}

#[test]
fn sitemaps_are_read_without_robots_too() {
    let server = mapped("");
    let bench = Bench::new();
    bench.crawl(&server.url("/"), &["--sitemap", "--no-robots"]).ends_with(0);
    assert_eq!(bench.paths(), set(&["/", "/one", "/two", "/three"]));
    assert_eq!(server.hits_on("/robots.txt"), 0);
}

#[test]
fn a_sitemap_can_be_named_by_its_address() {
    let server = mapped("User-agent: *\nAllow: /\n");
    let bench = Bench::new();
    bench.crawl(&server.url("/"), &["--sitemap-url", &server.url("/plain.xml")]).ends_with(0);
    assert_eq!(bench.paths(), set(&["/", "/one", "/two"]));
}

/// A site of other pages, and an index of two sitemaps of its own which name pages of the first site.
fn list_of(pages_of: &Server) -> Server {
    let there = pages_of.url("");
    let there = there.trim_end_matches('/').to_owned();
    Server::start(move |request: &Request| {
        let own = format!("http://{}", request.host());
        let set = |pages: &[String]| {
            let locs: String = pages.iter().map(|page| format!("<url><loc>{page}</loc></url>")).collect();
            let set =
                format!("<urlset xmlns=\"http://www.sitemaps.org/schemas/sitemap/0.9\">{locs}</urlset>");
            Response::new(200).header("Content-Type", "text/xml").body(set)
        };
        match request.target.as_str() {
            "/index.xml" => Response::new(200).header("Content-Type", "text/xml").body(format!(
                "<sitemapindex xmlns=\"http://www.sitemaps.org/schemas/sitemap/0.9\">\
                 <sitemap><loc>{own}/list.xml</loc></sitemap></sitemapindex>"
            )),
            "/moved.xml" => Response::redirect(302, "/list.xml"),
            "/list.xml" => set(&[format!("{there}/one"), format!("{own}/not-mine")]),
            _ => Response::not_found(),
        }
    })
}

#[test]
fn a_sitemap_that_was_named_is_read_on_whatever_host_and_what_it_names_must_belong() {
    for named in ["/list.xml", "/index.xml", "/moved.xml"] {
        let server = mapped("User-agent: *\nAllow: /\n");
        let (list, bench) = (list_of(&server), Bench::new());
        let said = bench.crawl(&server.url("/"), &["--sitemap-url", &list.url(named)]).ends_with(0);
        assert_eq!(bench.paths(), set(&["/", "/one"]), "{named}");
        assert_eq!((list.hits_on("/not-mine"), said.row("skipped")), (0, "host: 1"), "{named}");
    }
}

#[test]
fn a_named_sitemap_that_is_not_there_is_told() {
    let server = mapped("User-agent: *\nAllow: /\n");
    let bench = Bench::new();
    let missing = "http://127.0.0.1:1/none.xml";
    let said = bench.crawl(&server.url("/"), &["--sitemap-url", missing, "--retries", "0"]).ends_with(0);
    said.mentions(&format!("the sitemap {missing} gave no entries: "));
    let list = list_of(&server);
    let missing = list.url("/none.xml");
    let bench = Bench::new();
    let said = bench.crawl(&server.url("/"), &["--sitemap-url", &missing]).ends_with(0);
    said.mentions(&format!("the sitemap {missing} gave no entries: status 404"));
}

#[test]
fn a_sitemap_is_enough_to_begin_with_and_its_host_is_what_belongs() {
    let elsewhere = site(&[("/", &[])]);
    let there = elsewhere.url("/");
    let server = Server::start(move |request: &Request| {
        match request.target.as_str() {
        "/list.xml" => Response::new(200).header("Content-Type", "text/xml").body(format!(
            "<urlset xmlns=\"http://www.sitemaps.org/schemas/sitemap/0.9\"><url><loc>http://{}/one</loc></url>\
             <url><loc>{there}</loc></url></urlset>",
            request.host()
        )),
        "/one" => page("one", &["/two"]),
        "/two" => page("two", &[]),
        _ => Response::not_found(),
    }
    });
    let bench = Bench::new();
    let place = server.url("/list.xml");
    let flags = ["crawl", "--sitemap-url", &place, "--delay", "0s", "-o", "pages.jsonl", "--max-pages", "1"];
    bench.run(&flags).ends_with(3);
    assert_eq!(bench.paths(), set(&["/one"]));
    let state = format!(
        ".lycosa/{}",
        server.url("").trim_start_matches("http://").trim_end_matches('/').replace(':', "_")
    );
    let resumed =
        ["crawl", "--resume", "--state", &state, "--delay", "0s", "-o", "pages.jsonl", "--max-pages", "9"];
    bench.run(&resumed).ends_with(0);
    assert_eq!(bench.paths(), set(&["/one", "/two"]));
    assert_eq!((server.hits_on("/list.xml"), elsewhere.hits()), (1, 0));
    bench.run(&["crawl", "--sitemap-url", "ftp://a.test/"]).ends_with(2);
}

#[test]
fn what_pages_and_parameters_say_is_obeyed_as_chosen() {
    let server = Server::start(|request: &Request| match request.target.as_str() {
        "/robots.txt" => Response::not_found(),
        "/" => Response::html("<a href='/p?utm_x=1'>1</a><a href='/p?utm_x=2'>2</a><a href=/hidden>3</a>"),
        "/hidden" => Response::html("<a href=/behind>x</a>").header("X-Robots-Tag", "noindex"),
        _ => Response::html("<title>P</title>"),
    });
    let crawled = |flags: &[&str]| {
        let bench = Bench::new();
        bench.crawl(&server.url("/"), flags).ends_with(0);
        bench.paths()
    };
    assert_eq!(crawled(&[]), set(&["/", "/p?utm_x=1", "/p?utm_x=2", "/behind"]));
    let flags = ["--robots-tags", "ignore", "--duplicates", "skip"];
    let seen = crawled(&flags);
    assert!(seen.contains("/hidden") && seen.len() == 3, "one of the pages that say the same: {seen:?}");
    let bench = Bench::new();
    bench.crawl(&server.url("/"), &[&flags[..], &["--all-outcomes"]].concat()).ends_with(0);
    let records = bench.records("pages.jsonl");
    let left_out = records.iter().find(|record| record["reason"] == "duplicate").unwrap();
    let (url, like) = (left_out["url"].as_str().unwrap(), left_out["duplicate_of"].as_str().unwrap());
    assert!(url != like && records.iter().any(|record| record["url"] == like), "{left_out}");
    let story = bench.run(&["explain", url, "--state", "state"]).ends_with(0).out;
    assert!(story.contains(&format!("excluded: duplicate: it says the same as {like}")), "{story}");
    let merged = crawled(&["--strip-query", "utm_*,gclid"]);
    assert_eq!(merged.iter().filter(|path| path.starts_with("/p")).count(), 1, "{merged:?}");
}

#[test]
fn seeds_come_from_a_file_and_from_standard_input() {
    let server = site(&[("/", &[]), ("/a", &[]), ("/b", &[])]);
    let list = format!("# two seeds\n\n{}\n  {}  \n", server.url("/a"), server.url("/b"));
    // Only what was typed may be a private address, so the lists need an allowance.
    let allow = ["--allow-address", "127.0.0.1"];
    let bench = Bench::new();
    bench.write("seeds.txt", &list);
    bench.crawl(&server.url("/"), &["--seeds", "seeds.txt"]).ends_with(0);
    assert_eq!(bench.paths(), set(&["/", "/a", "/b"]));
    let bench = Bench::new();
    bench.crawl_with_input("-", &allow, &list).ends_with(0);
    assert_eq!(bench.paths(), set(&["/a", "/b"]));
    let bench = Bench::new();
    let said = bench.crawl_with_input("-", &["--retries", "0"], &list).ends_with(1);
    said.complains("which is a loopback address", "").mentions("--allow-address");
}

#[test]
fn a_host_without_a_scheme_is_a_seed() {
    let server = site(&[("/", &[])]);
    let bench = Bench::new();
    bench.crawl(&server.addr().to_string(), &[]).ends_with(0);
    assert_eq!(bench.record("/")["url"], server.url("/"));
}
