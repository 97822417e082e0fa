//! `lycosa frontier`: what it shows is what the crawl did, looking changes nothing, and a change by hand holds.

mod import;
mod statuses;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use lycosa_testkit::{Gate, Request, Response, Server};
use serde_json::Value;

use crate::command::{Bench, Said, Watchdog, page, path_of, plain, quick, records, site};

const TWO: &[(&str, &[&str])] = &[("/", &["/a"]), ("/a", &[])];

fn frontier(bench: &Bench, words: &[&str]) -> Said {
    bench.run(&[&["frontier"], words, &["--state", "state"]].concat())
}

fn json(said: &Said) -> Value {
    serde_json::from_str(&said.out).unwrap_or_else(|cause| panic!("{cause}: {}", said.out))
}

fn lines(said: &Said) -> Vec<Value> {
    said.out.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect()
}

/// Every file of a folder with its bytes.
fn content(bench: &Bench, folder: &str) -> BTreeMap<String, Vec<u8>> {
    let entries = std::fs::read_dir(bench.path(folder)).expect("a folder");
    entries
        .map(|entry| {
            let entry = entry.expect("an entry");
            (entry.file_name().to_string_lossy().into_owned(), std::fs::read(entry.path()).expect("a file"))
        })
        .collect()
}

#[test]
fn looking_shows_what_is_there_and_changes_no_byte() {
    let (server, bench) = (quick(9).serve(), Bench::new());
    bench.crawl(&server.url("/"), &["--max-pages", "20", "-d", "4"]).ends_with(3);
    let before = content(&bench, "state");
    let stats = json(&frontier(&bench, &["stats", "--json"]).ends_with(0));
    let (counts, rules) = (&stats["stats"], &stats["rules"]);
    assert_eq!(
        (&counts["pages"], &rules["max_pages"], &rules["max_depth"]),
        (&20.into(), &20.into(), &4.into())
    );
    let number = |name: &str| counts[name].as_u64().expect("a number");
    assert_eq!(number("known"), number("pending") + number("done") + number("parked"));
    assert!(stats["sizes"]["all"].as_u64() > Some(0));
    let pending = lines(&frontier(&bench, &["pending", "--json", "--limit", "0"]).ends_with(0));
    assert_eq!(pending.len() as u64, number("pending"));
    let deep = frontier(&bench, &["pending", "--json", "--limit", "0", "--depth", "2"]).ends_with(0);
    assert!(lines(&deep).iter().all(|line| line["depth"] == 2) && lines(&deep).len() <= pending.len());
    let cut = frontier(&bench, &["pending", "--limit", "1"]).ends_with(0).mentions("more with --limit");
    assert_eq!(cut.out.lines().count(), 1);
    assert!(frontier(&bench, &["pending", "--host", "other.test"]).ends_with(0).out.is_empty());
    let hosts = lines(&frontier(&bench, &["hosts", "--json", "--sort", "done"]).ends_with(0));
    assert_eq!(hosts.len(), 1);
    assert_eq!((&hosts[0]["pending"], &hosts[0]["done"]), (&counts["pending"], &counts["done"]));
    let classes = hosts[0]["pending_by_class"].as_array().expect("classes");
    let waiting = classes.iter().chain([&hosts[0]["pending_for_robots"]]).filter_map(Value::as_u64);
    assert_eq!(waiting.sum::<u64>(), counts["pending"].as_u64().unwrap_or(0), "{classes:?}");
    assert_eq!(hosts[0]["delay_cause"], "rule");
    assert_eq!(hosts[0]["origins"][0]["robots"], "rules");
    let exported = frontier(&bench, &["export"]).ends_with(0);
    assert_eq!(exported.out.lines().count() as u64, 2 + number("known"), "a head, every URL and an end");
    frontier(&bench, &["dead"]).ends_with(0);
    assert_eq!(content(&bench, "state"), before);
}

#[test]
fn a_crawl_can_be_moved() {
    let site = quick(9);
    let oracle = site.oracle(None);
    let (server, bench) = (site.serve(), Bench::new());
    bench.crawl(&server.url("/"), &["--max-pages", "100", "-c", "8", "--per-host", "8"]).ends_with(3);
    frontier(&bench, &["export", "-o", "all.jsonl"]).ends_with(0);
    bench.run(&["frontier", "import", "all.jsonl", "--state", "moved"]).ends_with(0).mentions("0 were known");
    let stats = |state: &str| {
        let said = bench.run(&["frontier", "stats", "--json", "--state", state]).ends_with(0);
        json(&said)["stats"].clone()
    };
    let (old, new) = (stats("state"), stats("moved"));
    for name in ["known", "pending", "done", "fetched", "redirected", "excluded", "failed"] {
        assert_eq!(old[name], new[name], "{name}");
    }
    let again = ["frontier", "import", "all.jsonl", "--state", "moved"];
    bench.run(&again).ends_with(0).mentions("0 wait, 0 came with their outcome");
    let go_on = ["crawl", "--state", "moved", "--resume", "-o", "rest.jsonl", "--delay", "0", "-c", "8"];
    let allowed = ["--per-host", "8", "--allow-address", "127.0.0.0/8"];
    bench.run(&[&go_on[..], &allowed].concat()).ends_with(0);
    let mut found: Vec<String> = Vec::new();
    for name in ["pages.jsonl", "rest.jsonl"] {
        found.extend(bench.records(name).iter().map(|record| plain(&path_of(record, "final_url"))));
    }
    found.sort();
    let mut expected: Vec<String> = oracle.titles().into_keys().map(|path| plain(&path)).collect();
    expected.sort();
    assert_eq!(found, expected, "each page once, by one of the two");
}

/// A site of a hundred pages of one shape that all say the same.
fn repetitive() -> Server {
    Server::start(|request| match request.path() {
        "/robots.txt" => Response::not_found(),
        "/" => {
            let links: Vec<String> = (0..100).map(|number| format!("/item/{number}")).collect();
            page("start", &links.iter().map(String::as_str).collect::<Vec<_>>())
        }
        _ => page("the same", &[]),
    })
}

#[test]
fn what_a_shapes_budget_holds_back_is_listed_explained_and_moved() {
    let (server, bench) = (repetitive(), Bench::new());
    let flags = ["--template-budget", "20", "-c", "8", "--per-host", "8"];
    let said = bench.crawl(&server.url("/"), &flags).ends_with(0);
    assert!(said.row("end").starts_with("complete but for "), "{}", said.err);
    assert!(frontier(&bench, &["stats"]).ends_with(0).out.contains("(complete but for "));
    let stats = |state: &str| {
        let said = bench.run(&["frontier", "stats", "--json", "--state", state]).ends_with(0);
        json(&said)["stats"].clone()
    };
    let before = stats("state");
    let parked = before["parked"].as_u64().expect("a number");
    assert!(parked > 0 && before["parked_templates"] == before["parked"], "{before}");
    let listed = lines(&frontier(&bench, &["pending", "--parked", "--limit", "0", "--json"]).ends_with(0));
    assert_eq!(listed.len() as u64, parked);
    assert!(listed.iter().all(|line| line["reason"] == "template" && line["shape"] == "/item/{n}"));
    let shown = frontier(&bench, &["pending", "--parked"]).ends_with(0);
    assert!(shown.out.contains("(parked, class 1, depth 1, template /item/{n})"), "{}", shown.out);
    let hosts = lines(&frontier(&bench, &["hosts", "--json"]).ends_with(0));
    assert_eq!(hosts[0]["parked"], before["parked"]);
    let one = listed[0]["url"].as_str().expect("a URL");
    let story = bench.run(&["explain", one, "--state", "state"]).ends_with(0);
    assert!(story.out.contains("parked: class 1, depth 1; of the shape /item/{n}, "), "{}", story.out);
    assert!(
        story.out.contains("repeat one another") && story.out.contains("--template-budget"),
        "{}",
        story.out
    );
    // A change by hand lets nothing through.
    frontier(&bench, &["block", "127.0.0.1", "--for", "1s"]).ends_with(0);
    assert_eq!(stats("state")["parked"], before["parked"]);
    let exported = frontier(&bench, &["export", "-o", "all.jsonl"]).ends_with(0);
    assert!(exported.err.is_empty(), "{}", exported.err);
    assert_eq!(bench.records("all.jsonl").len() as u64, 2 + before["known"].as_u64().expect("a number"));
    bench.run(&["frontier", "import", "all.jsonl", "--state", "moved"]).ends_with(0);
    let moved = stats("moved");
    let number = |name: &str| moved[name].as_u64().expect("a number");
    assert_eq!((&moved["known"], &moved["done"]), (&before["known"], &before["done"]), "{moved}");
    assert_eq!(number("parked") + number("pending"), parked, "none is lost");
    let go_on = ["crawl", "--state", "moved", "--resume", "-o", "rest.jsonl", "--delay", "0", "-c", "8"];
    let all = ["--per-host", "8", "--allow-address", "127.0.0.0/8", "--template-budget", "0"];
    bench.run(&[&go_on[..], &all].concat()).ends_with(0);
    assert_eq!(bench.records("rest.jsonl").len() as u64, parked);
}

#[test]
fn a_list_of_urls_begins_a_crawl_and_hostile_lines_are_told() {
    let server = site(TWO);
    let bench = Bench::new();
    let list = format!("# mine\n{}\n\n{}\n", server.url("/a"), server.url("/a#again"));
    let bad = format!(
        "{list}ftp://x.test/\n{{\"url\":1}}\n{{\"url\":\"http://a.test/\",\"state\":\"gone\"}}\n\u{0}\u{1}\n{}",
        "x".repeat(3 << 20)
    );
    let said = bench.run_with_input(&["frontier", "import", "-", "--state", "new"], &bad).ends_with(0);
    said.mentions("1 wait, 0 came with their outcome, 1 were known").mentions("the first is line 5");
    let go_on = ["crawl", "--state", "new", "--resume", "-o", "pages.jsonl", "--delay", "0"];
    bench.run(&[&go_on[..], &["--allow-address", "127.0.0.0/8"]].concat()).ends_with(0);
    assert_eq!(bench.records("pages.jsonl").len(), 1);
    let nothing = bench.run_with_input(&["frontier", "import", "-", "--state", "none"], "\n# nothing\n");
    nothing.ends_with(2).complains("no URL to begin a crawl with", "export");
    assert!(!bench.path("none").exists());
    for useless in ["ftp://a.test/\n", "{\"url\":\"http://a.test/\",\"state\":\"gone\"}\n", "\u{0}\n"] {
        let nothing = bench.run_with_input(&["frontier", "import", "-", "--state", "none"], useless);
        nothing.ends_with(2).complains("no URL to begin a crawl with", "export");
        assert!(!bench.path("none").exists(), "{useless:?} made a folder");
    }
    bench.run(&["frontier", "import", "missing.txt", "--state", "none"]).ends_with(1);
}

#[test]
fn a_list_with_a_mark_is_taken_whole() {
    let server = site(TWO);
    let text = format!("\u{FEFF}{}\r\n{}\r\n", server.url("/a"), server.url("/"));
    let wide = |bytes: fn(u16) -> [u8; 2]| text.encode_utf16().flat_map(bytes).collect::<Vec<u8>>();
    let lists =
        [("utf8", text.clone().into_bytes()), ("le", wide(u16::to_le_bytes)), ("be", wide(u16::to_be_bytes))];
    for (name, bytes) in lists {
        let bench = Bench::new();
        std::fs::write(bench.path("list.txt"), bytes).expect("written");
        let said = bench.run(&["frontier", "import", "list.txt", "--state", "new"]).ends_with(0);
        said.mentions("2 wait, 0 came with their outcome, 0 were known").keeps_quiet_about("line");
        let flags = ["--seeds", "list.txt", "-d", "0"];
        bench
            .run(
                &[
                    &["crawl"][..],
                    &flags,
                    &["-o", "pages.jsonl", "--delay", "0", "--allow-address", "127.0.0.1"],
                ]
                .concat(),
            )
            .ends_with(0);
        assert_eq!(bench.records("pages.jsonl").len(), 2, "{name}");
    }
}

#[test]
fn what_the_guard_refused_is_tried_again_by_a_run_that_allows_more() {
    let server = site(TWO);
    let bench = Bench::new();
    let list = server.url("/a");
    let said = bench.run_with_input(&["frontier", "import", "-", "--state", "new"], &list).ends_with(0);
    said.mentions("next: lycosa crawl --state new --resume --allow-address 127.0.0.1");
    let go_on = ["crawl", "--state", "new", "--resume", "-o", "pages.jsonl", "--delay", "0"];
    let said = bench.run(&go_on).ends_with(1);
    said.mentions("--allow-address 127.0.0.1; a crawl that is resumed so tries again what was refused");
    let said = bench.run(&[&go_on[..], &["--allow-address", "127.0.0.1"]].concat()).ends_with(0);
    said.mentions("more addresses are allowed now: URLs refused before wait again (1)");
    assert_eq!((bench.records("pages.jsonl").len(), server.hits_on("/a")), (1, 1));
    let same = [&go_on[..], &["--allow-address", "127.0.0.1"]].concat();
    bench.run(&same).ends_with(0).keeps_quiet_about("wait again");
    // Typing the seed does as well, as the hint says.
    bench.run_with_input(&["frontier", "import", "-", "--state", "other"], &list).ends_with(0);
    let go_on = ["--state", "other", "--resume", "-o", "other.jsonl", "--delay", "0"];
    bench.run(&[&["crawl"], &go_on[..]].concat()).ends_with(1);
    bench.run(&[&["crawl", &list], &go_on[..]].concat()).ends_with(0);
    assert_eq!(bench.records("other.jsonl").len(), 1);
}

#[test]
fn what_failed_goes_back_and_is_fetched_again_exactly_once() {
    let heals = Arc::new(AtomicBool::new(false));
    let healed = heals.clone();
    let server = Server::start(move |request| match request.target.as_str() {
        "/" => page("start", &["/good", "/flaky", "/gone"]),
        "/good" => page("good", &[]),
        "/flaky" if healed.load(Ordering::SeqCst) => page("flaky", &["/after"]),
        "/after" => page("after", &[]),
        "/flaky" | "/gone" => Response::new(200).reset_before_answer(),
        _ => Response::not_found(),
    });
    let bench = Bench::new();
    bench.crawl(&server.url("/"), &["--retries", "0"]).ends_with(0);
    let dead = lines(&frontier(&bench, &["dead", "--json"]).ends_with(0));
    assert_eq!(dead.len(), 2, "{dead:?}");
    let kind = dead[0]["error"]["kind"].as_str().expect("a kind").to_owned();
    assert!(frontier(&bench, &["dead", "--kind", "robots"]).ends_with(0).out.is_empty());
    assert!(frontier(&bench, &["dead", "--kind", &kind]).ends_with(0).out.contains("/flaky"));
    frontier(&bench, &["requeue"]).ends_with(2).complains("not said which URLs", "--kind");
    frontier(&bench, &["requeue", "--kind", "sadness"])
        .ends_with(2)
        .complains("no kind of failure", "timeout");
    frontier(&bench, &["requeue", "--host", "other.test"]).ends_with(1).mentions("0 URLs");
    let unknown = frontier(&bench, &["requeue", "http://other.test/"]).ends_with(1);
    unknown.mentions("http://other.test/ is not known to this crawl");
    frontier(&bench, &["dead", "--kind", "sadness"]).ends_with(2).complains("no kind of failure", "timeout");
    frontier(&bench, &["pending", "--class", "9"]).ends_with(2);
    heals.store(true, Ordering::SeqCst);
    let flaky = server.url("/flaky");
    frontier(&bench, &["requeue", &flaky]).ends_with(0).mentions("1 URL will");
    frontier(&bench, &["requeue", &flaky]).ends_with(1).mentions("0 URLs").keeps_quiet_about("not known");
    let hits = server.hits_on("/flaky");
    bench.crawl(&server.url("/"), &["--resume", "--retries", "0"]).ends_with(0);
    assert_eq!((server.hits_on("/flaky"), server.hits_on("/after")), (hits + 1, 1));
    assert_eq!((server.hits_on("/"), server.hits_on("/good")), (1, 1), "no other is asked again");
    assert_eq!(bench.records("pages.jsonl").len(), 4);
    frontier(&bench, &["requeue", "--kind", &kind]).ends_with(0).mentions("1 URL will");
    let story = bench.run(&["explain", &flaky, "--state", "state"]).ends_with(0);
    assert!(story.out.contains("waits again, by hand, as visit 2"), "{}", story.out);
    assert!(story.out.contains("fetched: status 200 (visit 2)"), "{}", story.out);
}

#[test]
fn an_overloaded_host_is_shown_as_such_and_loses_no_page() {
    let heals = Arc::new(AtomicBool::new(false));
    let healed = heals.clone();
    let pages: Vec<String> = (0..40).map(|number| format!("/{number}")).collect();
    let server = Server::start(move |request| match request.target.as_str() {
        "/robots.txt" => Response::not_found(),
        "/" => page("start", &pages.iter().map(String::as_str).collect::<Vec<_>>()),
        _ if healed.load(Ordering::SeqCst) => page("well again", &[]),
        _ => Response::new(503),
    });
    let bench = Bench::new();
    let busy = ["--set", "retry.first=1ms", "-c", "1"];
    // The first rest of the site lasts for longer.
    bench.crawl(&server.url("/"), &[&busy[..], &["--max-time", "3s"]].concat()).ends_with(3);
    assert!(server.hits() <= 8, "{} requests, with robots.txt and the start", server.hits());
    let hosts = frontier(&bench, &["hosts"]).ends_with(0);
    assert!(hosts.out.contains("(it is overloaded), failed 5 times in a row"), "{}", hosts.out);
    let hosts = lines(&frontier(&bench, &["hosts", "--json"]).ends_with(0));
    let host = &hosts[0];
    assert_eq!((&host["breaker"], &host["rests"], &host["failed"]), (&"open".into(), &1.into(), &0.into()));
    heals.store(true, Ordering::SeqCst);
    bench.crawl(&server.url("/"), &[&busy[..], &["--resume"]].concat()).ends_with(0);
    assert_eq!(bench.records("pages.jsonl").len(), 41);
}

#[test]
fn a_host_rests_for_as_long_as_it_is_blocked() {
    let (server, bench) = (quick(9).serve(), Bench::new());
    bench.crawl(&server.url("/"), &["--max-pages", "20"]).ends_with(3);
    frontier(&bench, &["block", "not a host"]).ends_with(2).complains("is no host", "example.com");
    frontier(&bench, &["block", "127.0.0.1", "--for", "soon"]).ends_with(2);
    frontier(&bench, &["block", "127.0.0.1", "--for", "7d"]).ends_with(0).mentions("rests for 7d");
    let hits = server.hits();
    bench.crawl(&server.url("/"), &["--resume", "--max-time", "1s"]).ends_with(3);
    assert_eq!(server.hits(), hits);
    let hosts = frontier(&bench, &["hosts"]).ends_with(0);
    assert!(hosts.out.contains("(by hand)"), "{}", hosts.out);
    let story = bench.run(&["explain", &server.url("/"), "--state", "state"]).ends_with(0);
    assert!(story.out.contains("by hand"), "{}", story.out);
    frontier(&bench, &["block", "127.0.0.1"]).ends_with(0).keeps_quiet_about("not met");
    let hosts = frontier(&bench, &["hosts"]).ends_with(0).out;
    assert!(hosts.contains("rests until it is unblocked (by hand)") && !hosts.contains("9999"), "{hosts}");
    let story = bench.run(&["explain", &server.url("/"), "--state", "state"]).ends_with(0).out;
    assert!(story.contains("rests until it is unblocked: by hand") && !story.contains("9999"), "{story}");
    let unmet = frontier(&bench, &["block", "exmaple.test"]).ends_with(0);
    unmet.mentions("this crawl has not met exmaple.test so far");
    frontier(&bench, &["unblock", "exmaple.test"]).ends_with(0);
    frontier(&bench, &["unblock", "127.0.0.1"]).ends_with(0).mentions("rests no longer");
    bench.crawl(&server.url("/"), &["--resume", "-c", "8", "--per-host", "8"]).ends_with(0);
}

#[test]
fn a_state_in_use_is_told_with_how_to_ask_the_crawl() {
    let gate = Gate::closed();
    let held = gate.clone();
    let server = Server::start(move |request| match request.target.as_str() {
        "/robots.txt" => Response::not_found(),
        _ => page("held", &[]).behind(&held),
    });
    let bench = Bench::new();
    let mut child = bench.start_crawl(&server.url("/"), &[]);
    let watchdog = Watchdog::over(&child);
    assert!(server.wait_for_hits(2, crate::command::PATIENCE));
    for words in [&["stats"][..], &["pending"], &["requeue", "--host", "*"]] {
        frontier(&bench, words).ends_with(1).complains("in use by another process", "lycosa ctl status");
    }
    frontier(&bench, &["block", "a.test", "--for", "1h"]).ends_with(0).mentions("a.test rests for 1h");
    gate.open();
    assert!(child.wait().expect("it ends").success());
    drop(watchdog);
    let hosts = frontier(&bench, &["hosts"]).ends_with(0);
    assert!(hosts.out.contains("a.test") && hosts.out.contains("by hand"), "{}", hosts.out);
    assert_eq!(records(&bench.path("pages.jsonl")).len(), 1);
}

#[test]
fn the_state_is_found_where_crawls_leave_it() {
    let (server, bench) = (site(TWO), Bench::new());
    bench.run(&["frontier", "stats"]).ends_with(2).complains("there is no crawl below .lycosa", "--state");
    bench.run(&["crawl", &server.url("/"), "--delay", "0"]).ends_with(0);
    assert!(bench.run(&["frontier", "stats"]).ends_with(0).out.contains("(complete)"));
    let name = format!("127.0.0.1_{}", server.addr().port());
    assert!(bench.run(&["frontier", "stats", "--state", &name]).ends_with(0).out.contains("(complete)"));
    bench.run(&["frontier", "import", "-", "--state", ".lycosa/other"]).ends_with(2);
    let list = server.url("/");
    bench.run_with_input(&["frontier", "import", "-", "--state", ".lycosa/other"], &list).ends_with(0);
    bench.run(&["frontier", "stats"]).ends_with(2).complains("there are 2 crawls", ".lycosa/other");
    bench
        .run(&["frontier", "stats", "--state", "none"])
        .ends_with(1)
        .complains("no crawl in none", "--state");
}

#[test]
fn the_document_shows_the_format_that_is_written() {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/frontier-tools.md");
    let text = std::fs::read_to_string(path).expect("the document is there");
    let format = format!("versions   format {},", lycosa::frontier::embedded::FORMAT_VERSION);
    assert!(text.contains(&format), "docs/frontier-tools.md does not say `{format}`");
}

#[test]
fn visits_to_come_are_told_with_the_first_and_each_pages_own() {
    let server = Server::start(|request| match request.path() {
        "/robots.txt" => Response::not_found(),
        "/" if request.header("if-none-match").is_some() => Response::new(304),
        "/" => page("start", &["http://other.test/"]).header("ETag", "\"1\""),
        _ => Response::not_found(),
    });
    let bench = Bench::new();
    bench.crawl(&server.url("/"), &["--revisit-min", "1s", "--revisit-max", "1s"]).ends_with(0).mentions(
        "note: --revisit-min, --revisit-max is about pages that are visited again; add --recrawl to do so",
    );
    let stats = frontier(&bench, &["stats"]).ends_with(0).out;
    assert!(stats.contains("revisits   none without --recrawl, 1 planned\n"), "{stats}");
    let flags = ["--resume", "--recrawl", "--revisit-min", "1s", "--revisit-max", "1s", "--max-time", "3s"];
    let said = bench.crawl(&server.url("/"), &flags).ends_with(3);
    said.keeps_quiet_about("gave no page").mentions("not_modified").keeps_quiet_about("note: --revisit");
    let stats = frontier(&bench, &["stats"]).ends_with(0).out;
    assert!(stats.contains("revisits   1 wait, the first due "), "{stats}");
    assert!(stats.contains("(links, counted at each visit of their page)"), "{stats}");
    let story = bench.run(&["explain", &server.url("/"), "--state", "state"]).ends_with(0).out;
    assert!(story.contains("next visit "), "{story}");
    let wrong = bench.crawl(&server.url("/"), &["--fresh", "--revisit-min", "2h", "--revisit-max", "1h"]);
    wrong
        .ends_with(2)
        .complains("`recrawl.min` is 2h, which is longer than `recrawl.max`, 1h", "--revisit-max");
}

#[test]
fn what_the_dates_of_a_site_are_worth_can_be_seen() {
    let server = Server::start(|request: &Request| match request.path() {
        "/sitemap.xml" => Response::new(200).header("Content-Type", "text/xml").body(format!(
            "<urlset xmlns=\"http://www.sitemaps.org/schemas/sitemap/0.9\"><url><loc>http://{}/dated</loc>\
             <lastmod>2024-02-29</lastmod></url></urlset>",
            request.host()
        )),
        "/robots.txt" => Response::not_found(),
        _ => Response::html("<title>Page</title>"),
    });
    let bench = Bench::new();
    bench.crawl(&server.url("/"), &["--sitemap", "--recrawl", "--max-requests", "4"]).ends_with(3);
    let hosts = frontier(&bench, &["hosts"]).ends_with(0).out;
    assert!(
        hosts.contains("sitemap dates believed 50 % (0 of 0 that moved were right, 0 changes without)"),
        "{hosts}"
    );
    let hosts = lines(&frontier(&bench, &["hosts", "--json"]).ends_with(0));
    let lastmod = &hosts[0]["lastmod"];
    assert_eq!(
        (&lastmod["share"], &lastmod["moved"], &lastmod["missed"]),
        (&0.5.into(), &0.into(), &0.into())
    );
    assert!(lastmod["read_at"].is_string() || lastmod["read_at"].is_number(), "{lastmod}");
    let explain = |flags: &[&str]| {
        let page = server.url("/dated");
        bench.run(&[&["explain", &page, "--state", "state"][..], flags].concat()).ends_with(0)
    };
    let story = explain(&[]).out;
    assert!(story.contains("listed     changed at 2024-02-29T00:00:00.000Z says its sitemap\n"), "{story}");
    assert!(story.contains("site       sitemap dates believed 50 %"), "{story}");
    assert_eq!(json(&explain(&["--json"]))["site_lastmod"]["share"], 0.5);
}

#[test]
fn a_host_that_asks_for_hours_gets_them_and_one_that_asks_for_years_a_day() {
    for (value, hours, is_told) in [("7200", 2, false), ("Fri, 31 Dec 9999 23:59:59 GMT", 24, true)] {
        let server = Server::start(move |request| match request.target.as_str() {
            "/robots.txt" => Response::not_found(),
            _ => Response::new(429).header("Retry-After", value),
        });
        let bench = Bench::new();
        let said = bench.crawl(&server.url("/"), &["--max-time", "1s"]).ends_with(3);
        assert_eq!(
            said.err.contains("asks to be left alone for a day or more (Retry-After)"),
            is_told,
            "{}",
            said.err
        );
        assert_eq!(server.hits_on("/"), 1);
        let hosts = lines(&frontier(&bench, &["hosts", "--json"]).ends_with(0));
        let until = hosts[0]["blocked_until"].as_u64().expect("it rests");
        let stats = json(&frontier(&bench, &["stats", "--json"]).ends_with(0));
        let rest = until - stats["rules"]["started"].as_u64().expect("when the run began");
        let most = hours * 3_600_000;
        assert!((most..most + 60_000).contains(&rest), "{value}: {rest} ms");
    }
}
