//! `lycosa explain`: the story of a URL is what happened to it, whatever happened.

use lycosa_testkit::{Response, Server};
use serde_json::Value;

use crate::command::{Bench, Said, page};

/// A site with something for every story.
fn eventful() -> Server {
    Server::start(|request| match request.target.as_str() {
        "/robots.txt" => Response::text("User-agent: *\n# no entry\nDisallow: /secret\nCrawl-delay: 0\n"),
        "/" => {
            page("start", &["/a", "/secret/x", "/old", "http://elsewhere.test/far", "/private/1", "/broken"])
        }
        "/a" => page("a", &["/b", "/", "http://elsewhere.test/far"]),
        "/b" => page("b", &["/a"]),
        // To where nothing else leads: whoever leads somewhere first is told as its parent.
        "/old" => Response::redirect(301, "/moved"),
        "/moved" => page("moved", &[]),
        "/broken" => Response::new(200).reset_before_answer(),
        "/busy" if request.visit == 1 => Response::new(429),
        "/asking" if request.visit == 1 => Response::new(503).header("Retry-After", "1"),
        "/busy" | "/asking" => page("not busy any more", &[]),
        _ => Response::not_found(),
    })
}

fn crawled(flags: &[&str]) -> (Server, Bench) {
    let (server, bench) = (eventful(), Bench::new());
    // One after the other, so that it is sure which link came first.
    let usual = ["--exclude", "/private/", "--retries", "1", "--set", "retry.first=1ms", "-c", "1"];
    bench.crawl(&server.url("/"), &[&usual[..], flags].concat()).ends_with(0);
    (server, bench)
}

fn explain(bench: &Bench, url: &str) -> Said {
    bench.run(&["explain", url, "--state", "state"])
}

#[track_caller]
fn tells(said: &Said, parts: &[&str]) {
    for part in parts {
        assert!(said.out.contains(part), "`{part}` is not in:\n{}", said.out);
    }
}

#[test]
fn a_page_is_followed_back_to_its_seed_with_what_it_gave() {
    let (server, bench) = crawled(&[]);
    let said = explain(&bench, &server.url("/b#top")).ends_with(0);
    let (a, seed) = (server.url("/a"), server.url("/"));
    tells(
        &said,
        &["fetched: status 200", &format!("found on   {a} (depth 1)"), &format!("{seed} (depth 0)")],
    );
    tells(&said, &["gave 1 records (0 items), 1 links: 0 new, 0 refused", "first byte", "127.0.0.1:"]);
    tells(&said, &["belongs: scope = host admits 127.0.0.1", "no rule matches"]);
    tells(&explain(&bench, &seed).ends_with(0), &["it is a seed", "6 links: 4 new, 2 refused"]);
    let json: Value =
        serde_json::from_str(&bench.run(&["explain", &a, "--state", "state", "--json"]).ends_with(0).out)
            .expect("JSON");
    assert_eq!((&json["known"], &json["begins_with"]), (&true.into(), &"seed".into()));
    assert_eq!(json["found_on"][0]["url"], seed);
    let ended = &json["history"][0]["fact"];
    assert_eq!(
        (&ended["what"], &ended["is_page"], &ended["links"]),
        (&"ended".into(), &true.into(), &3.into())
    );
    assert_eq!(ended["attempts"][0]["status"], 200);
    assert!(ended["attempts"][0]["first_byte_ms"].as_f64() > Some(0.0), "{ended}");
}

#[test]
fn what_was_not_fetched_is_told_with_the_rule_that_decided() {
    let (server, bench) = crawled(&[]);
    let robots = explain(&bench, &server.url("/secret/x")).ends_with(0);
    tells(&robots, &["excluded: robots", "disallowed for Lycosa by line 3: Disallow: /secret"]);
    let far = explain(&bench, "http://elsewhere.test/far").ends_with(1);
    tells(&far, &[&format!("refused: host, first seen from {}", server.url("/")), "not among its hosts"]);
    let private = explain(&bench, &server.url("/private/1")).ends_with(1);
    tells(&private, &["refused: excluded, first seen from", "exclude pattern `/private/`"]);
    let never = explain(&bench, "http://elsewhere.test/never").ends_with(1);
    tells(&never, &["never accepted; the rules refuse it now: host"]);
    tells(&explain(&bench, &server.url("/never")).ends_with(1), &["never met"]);
    let stats = bench.run(&["frontier", "stats", "--state", "state"]).ends_with(0);
    tells(&stats, &["refused    host 2, excluded 1"]);
}

#[test]
fn failures_and_redirects_are_told_attempt_by_attempt() {
    let (server, bench) = crawled(&[]);
    let broken = explain(&bench, &server.url("/broken")).ends_with(0);
    tells(&broken, &["failed: ", "; again not before "]);
    assert_eq!(broken.out.matches("disconnected/first_byte").count(), 2, "two attempts:\n{}", broken.out);
    let old = explain(&bench, &server.url("/old")).ends_with(0);
    tells(&old, &[&format!("redirected (301) to {}", server.url("/moved"))]);
}

#[test]
fn an_attempt_that_is_tried_again_names_its_status_once_and_how_long_each_phase_took() {
    for (path, status) in [("/busy", "status 429, "), ("/asking", "status 503 with Retry-After, ")] {
        let (server, bench) = (eventful(), Bench::new());
        bench.crawl(&server.url(path), &["--set", "retry.first=1ms"]).ends_with(0);
        let story = explain(&bench, &server.url(path)).ends_with(0);
        let tried =
            story.out.lines().find(|line| line.contains("; again not before")).expect("a line").to_owned();
        assert!(
            tried.contains(status) && tried.contains("first byte ") && tried.contains("127.0.0.1:"),
            "{tried}"
        );
        assert_eq!(tried.matches(&status[..10]).count(), 1, "{tried}");
    }
}

#[test]
fn a_url_that_waits_is_told_with_when_it_can_be_served() {
    let (server, bench) = (eventful(), Bench::new());
    bench.crawl(&server.url("/"), &["--max-pages", "1", "-c", "1"]).ends_with(3);
    tells(&explain(&bench, &server.url("/a")).ends_with(0), &["pending: class 1, depth 1; can be served"]);
    bench.crawl(&server.url("/"), &["--resume", "-d", "0", "-c", "1"]).ends_with(0);
    tells(&explain(&bench, &server.url("/a")).ends_with(0), &["parked: class 1, depth 1"]);
}

#[test]
fn a_crawl_without_history_says_that_it_has_none() {
    let (server, bench) = crawled(&["--no-history"]);
    let said = explain(&bench, &server.url("/a")).ends_with(0);
    tells(&said, &["done, in a run whose history was not kept"]);
    explain(&bench, "mailto:a@b.test").ends_with(2);
    explain(&bench, "http://").ends_with(2);
}

/// A site whose pages change with every visit.
fn restless() -> Server {
    Server::start(|request| match request.path() {
        "/robots.txt" => Response::text("User-agent: *\nAllow: /\n"),
        "/sitemap.xml" => Response::new(200).header("Content-Type", "text/xml").body(format!(
            "<urlset xmlns=\"http://www.sitemaps.org/schemas/sitemap/0.9\"><url><loc>http://{}/listed</loc>\
                 </url></urlset>",
            request.host()
        )),
        path => Response::html(format!("<!doctype html><title>a</title><p>{path}, time {}", request.visit)),
    })
}

#[test]
fn the_next_visit_is_told_with_why_it_is_due_then() {
    let (server, bench) = (restless(), Bench::new());
    let often = ["--recrawl", "--revisit-min", "1s", "--revisit-max", "1s"];
    let url = server.url("/");
    bench.crawl(&url, &[&often[..], &["--max-time", "3500ms"]].concat()).ends_with(3);
    let story = explain(&bench, &url).ends_with(0);
    tells(
        &story,
        &["now        fetched: status 200", "next visit ", "because    it is expected to change every "],
    );
    tells(&story, &[" changes in "]);
    // Without --recrawl a visit is planned, and it is due when its time has come.
    let again = Bench::new();
    again.crawl(&url, &["--revisit-max", "1s", "--revisit-min", "1s"]).ends_with(0);
    tells(&explain(&again, &url).ends_with(0), &["because    it was seen once and has no date"]);
    std::thread::sleep(std::time::Duration::from_millis(1100));
    tells(&explain(&again, &url).ends_with(0), &["next visit due now (since ", "with --recrawl\n"]);
    let json = again.run(&["explain", &url, "--state", "state", "--json"]).ends_with(0).out;
    let json: Value = serde_json::from_str(&json).expect("JSON");
    assert_eq!((&json["kind"], &json["next_visit_why"]["changes"]), (&"page".into(), &0.into()), "{json}");
}

#[test]
fn a_page_that_is_gone_is_not_said_to_be_unchanged() {
    let server = Server::start(|request| match request.target.as_str() {
        "/" if request.visit == 1 => page("here", &[]),
        "/" => Response::new(410),
        _ => Response::not_found(),
    });
    let bench = Bench::new();
    let often = ["--recrawl", "--revisit-min", "1s", "--revisit-max", "1s", "--max-requests", "3"];
    bench.crawl(&server.url("/"), &often).ends_with(3);
    let story = explain(&bench, &server.url("/")).ends_with(0);
    tells(
        &story,
        &[
            "now        fetched: status 410",
            "because    it was no page when it was last asked for (status 410)",
        ],
    );
}

#[test]
fn a_page_that_is_back_is_written_as_changed_though_it_says_the_same() {
    let server = Server::start(|request| match request.target.as_str() {
        "/" if request.visit == 2 => Response::new(404),
        "/" => page("here", &[]),
        _ => Response::not_found(),
    });
    let bench = Bench::new();
    let often = ["--recrawl", "--revisit-min", "1s", "--revisit-max", "1s", "--max-requests", "5"];
    bench.crawl(&server.url("/"), &[&often[..], &["--all-outcomes"]].concat()).ends_with(3);
    let records = bench.records("pages.jsonl");
    let told: Vec<_> = records.iter().map(|record| (&record["status"], &record["changed"])).collect();
    let null = Value::Null;
    assert_eq!(
        told,
        [(&200.into(), &null), (&404.into(), &null), (&200.into(), &true.into())],
        "{records:?}"
    );
    assert_eq!(server.hits_on("/"), 4, "the last of them found nothing new");
}

#[test]
fn a_page_that_is_asked_for_by_hand_is_asked_for_though_no_visit_is_worth_it() {
    let (server, bench) = (restless(), Bench::new());
    let often = ["--recrawl", "--revisit-min", "1s", "--revisit-max", "1s", "--max-requests", "3"];
    bench.crawl(&server.url("/"), &often).ends_with(3);
    std::thread::sleep(std::time::Duration::from_millis(1100));
    let before = server.hits_on("/");
    bench.run(&["frontier", "requeue", &server.url("/"), "--state", "state"]).ends_with(0);
    // By the usual bounds no visit is due for hours.
    bench.crawl(&server.url("/"), &["--resume"]).ends_with(0);
    assert_eq!(server.hits_on("/"), before + 1);
}

#[test]
fn a_visit_that_is_due_and_waits_for_its_turn_is_told() {
    let (server, bench) = (restless(), Bench::new());
    let often = ["--revisit-min", "1s", "--revisit-max", "1s", "--recrawl"];
    bench.crawl(&server.url("/"), &often[..4]).ends_with(0);
    std::thread::sleep(std::time::Duration::from_millis(1100));
    // It becomes due in a run whose site must not be asked.
    bench.run(&["frontier", "block", "127.0.0.1", "--state", "state"]).ends_with(0);
    bench.crawl(&server.url("/"), &[&often[..], &["--resume", "--max-time", "1s"]].concat()).ends_with(3);
    let story = explain(&bench, &server.url("/")).ends_with(0);
    tells(&story, &["now        fetched: status 200; its next visit is due", "next visit "]);
    tells(&story, &["because    it was seen once and has no date"]);
}

#[test]
fn what_a_url_is_asked_for_as_is_told() {
    let (server, bench) = (restless(), Bench::new());
    bench.crawl(&server.url("/"), &["--sitemap"]).ends_with(0);
    tells(&explain(&bench, &server.url("/")).ends_with(0), &["kind       a page\n"]);
    let story = explain(&bench, &server.url("/sitemap.xml")).ends_with(0);
    tells(
        &story,
        &["kind       a sitemap or feed, read for the URLs it names", "names 1 URLs: 1 new, 0 refused"],
    );
    let story = explain(&bench, &server.url("/robots.txt")).ends_with(0);
    tells(
        &story,
        &[
            "kind       a robots.txt, which is no URL of the crawl",
            "asked for as robots.txt; relied on until",
        ],
    );
    let elsewhere = explain(&bench, "http://elsewhere.test/robots.txt").ends_with(1);
    tells(&elsewhere, &["now        not asked for so far"]);
}

#[test]
fn visits_are_numbered_as_they_came() {
    let (server, bench) = (restless(), Bench::new());
    bench.crawl(&server.url("/"), &[]).ends_with(0);
    bench.run(&["frontier", "requeue", &server.url("/"), "--state", "state"]).ends_with(0);
    bench.crawl(&server.url("/"), &["--resume"]).ends_with(0);
    let story = explain(&bench, &server.url("/")).ends_with(0);
    tells(&story, &["waits again, by hand, as visit 2", "fetched: status 200 (visit 2)"]);
}

/// A site with an index, which its robots.txt names or to which the usual place leads.
fn mapped(names_it: bool) -> Server {
    Server::start(move |request| {
        let own = |path: &str| format!("<loc>http://{}{path}</loc>", request.host());
        let xml = |body: String| Response::new(200).header("Content-Type", "text/xml").body(body);
        match request.path() {
            "/robots.txt" if names_it => {
                Response::text(format!("Sitemap: http://{}/index.xml\n", request.host()))
            }
            "/robots.txt" => Response::not_found(),
            "/sitemap.xml" => Response::redirect(301, "/index.xml"),
            "/index.xml" => xml(format!(
                "<sitemapindex><sitemap>{}</sitemap><sitemap>{}</sitemap></sitemapindex>",
                own("/nested.xml"),
                own("/gone.xml")
            )),
            "/nested.xml" => xml(format!("<urlset><url>{}</url></urlset>", own("/listed"))),
            "/gone.xml" => Response::not_found(),
            "/plain.xml" => Response::html("<title>no list</title>"),
            path => page(path, &[]),
        }
    })
}

#[test]
fn a_sitemap_is_followed_back_to_who_named_it() {
    let (server, bench) = (mapped(true), Bench::new());
    bench.crawl(&server.url("/"), &["--sitemap", "-c", "1"]).ends_with(0);
    let [robots, index, nested, listed] =
        ["/robots.txt", "/index.xml", "/nested.xml", "/listed"].map(|path| server.url(path));
    let above = format!("{index} (sitemap)\n           {robots} (it names the sitemap)\n");
    let story = explain(&bench, &listed).ends_with(0);
    tells(&story, &[&format!("found on   {nested} (sitemap)\n           {above}scope")]);
    tells(&explain(&bench, &nested).ends_with(0), &[&format!("found on   {above}scope")]);
    let story = explain(&bench, &index).ends_with(0);
    tells(&story, &[&format!("found on   {robots} (it names the sitemap)\nscope")]);
    let json = bench.run(&["explain", &index, "--state", "state", "--json"]).ends_with(0).out;
    let json: Value = serde_json::from_str(&json).expect("JSON");
    assert_eq!(
        (&json["begins_with"], &json["found_on"][0]["kind"]),
        (&"robots".into(), &"robots".into()),
        "{json}"
    );
    let export = bench.run(&["frontier", "export", "--state", "state"]).ends_with(0).out;
    let lines = export.lines().map(|line| serde_json::from_str::<Value>(line).expect("JSON"));
    let of = |url: &str| lines.clone().find(|line| line["url"] == url).expect("a line")["parent"].clone();
    assert_eq!([of(&index), of(&nested), of(&listed)], [robots, index, nested].map(Value::from));
}

#[test]
fn a_sitemap_that_was_guessed_or_named_by_hand_is_no_seed() {
    let (server, bench) = (mapped(false), Bench::new());
    let plain = server.url("/plain.xml");
    bench.crawl(&server.url("/"), &["--sitemap", "--sitemap-url", &plain, "-c", "1"]).ends_with(0);
    let [guess, index, nested] = ["/sitemap.xml", "/index.xml", "/nested.xml"].map(|path| server.url(path));
    tells(
        &explain(&bench, &guess).ends_with(0),
        &["found      guessed: it is where most sites have their sitemap\n"],
    );
    let redirect = format!("{guess} (it redirects, 301; guessed)\n");
    tells(&explain(&bench, &index).ends_with(0), &[&format!("found on   {redirect}scope")]);
    let above = format!("found on   {index} (sitemap)\n           {redirect}scope");
    tells(&explain(&bench, &nested).ends_with(0), &[&above]);
    tells(&explain(&bench, &plain).ends_with(0), &["found      named by --sitemap-url\n"]);
    tells(&explain(&bench, &server.url("/")).ends_with(0), &["found      it is a seed\n"]);
}

#[test]
fn a_page_behind_a_redirect_is_followed_back_over_it() {
    let (server, bench) = crawled(&[]);
    let (old, seed) = (server.url("/old"), server.url("/"));
    let way = format!("found on   {old} (it redirects, 301)\n           {seed} (depth 0)\nscope");
    tells(&explain(&bench, &server.url("/moved")).ends_with(0), &[&way]);
}
