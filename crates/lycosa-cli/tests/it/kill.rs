//! `kill -9` at random moments: nothing lost, nothing twice, whatever the moment.

use std::io::{BufRead as _, BufReader};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use lycosa_testkit::synthetic::{Oracle, SyntheticSite};
use lycosa_testkit::{Gate, Server};

use crate::command::{Bench, ids, page, path_of, plain, records};

/// Kills that must count.
const KILLS: u32 = 20;

/// A small deterministic generator: the test names its seed and nothing else is random.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % sides
    }
}

/// A kill counts only if the state grew since the last one and a request was open: the server has seen a request
/// that it has not yet answered.
#[test]
fn twenty_kills_of_a_500_page_crawl_lose_nothing_and_double_nothing() {
    let site = SyntheticSite::with_seed(20);
    let oracle = site.oracle(None);
    let server = Server::start(move |request| site.answer(request));
    let bench = Bench::new();
    let url = server.url("/");
    let arguments = [
        "crawl",
        &url,
        "--state",
        "state",
        "-o",
        "pages.jsonl",
        "--delay",
        "0",
        "--per-host",
        "8",
        "-c",
        "8",
        "-q",
    ];
    let (counted, started) = kill_often(&bench, &server, &arguments, KILLS);
    let said = bench.run(&[&arguments[..], &["--resume"]].concat()).ends_with(0);
    println!("{counted} kills counted in {started} runs; the last run said {}", said.err);
    assert_eq!(counted, KILLS, "the site was too small for that many kills");
    whole_and_once(&bench, &oracle);
    for path in oracle.denied().keys() {
        assert_eq!(server.hits_on(path), 0, "robots.txt denies {path}");
    }
}

#[test]
fn kills_lose_nothing_of_a_site_of_which_memory_cannot_know_every_url() {
    let site = SyntheticSite { pages: 1_500, ..SyntheticSite::with_seed(22) };
    let oracle = site.oracle(None);
    let server = Server::start(move |request| site.answer(request));
    let bench = Bench::new();
    let url = server.url("/");
    let settings = "--state state -o pages.jsonl --delay 0 --per-host 8 -c 8 -q --seen-memory 64KiB";
    let arguments: Vec<&str> = ["crawl", &url].into_iter().chain(settings.split(' ')).collect();
    kill_often(&bench, &server, &arguments, 5);
    bench.run(&[&arguments[..], &["--resume"]].concat()).ends_with(0);
    whole_and_once(&bench, &oracle);
    let stats = bench.run(&["frontier", "stats", "--state", "state", "--json"]).ends_with(0);
    let stats: serde_json::Value = serde_json::from_str(&stats.out).expect("JSON");
    assert!(stats["sizes"]["seen"].as_u64() > Some(1_000), "{stats}");
    bench
        .run(&["crawl", &url, "--state", "other", "--seen-memory", "1kB"])
        .ends_with(2)
        .complains("seen_memory", "64KiB");
}

/// Starts a crawl and kills it, over and over, until that many kills have counted. Tells how many did, in how many runs.
fn kill_often(bench: &Bench, server: &Server, arguments: &[&str], kills: u32) -> (u32, u32) {
    let mut dice = Dice(7);
    let (mut counted, mut started) = (0, 0);
    while counted < kills && started < 10 * kills {
        let mut line = arguments.to_vec();
        if started > 0 {
            line.push("--resume");
        }
        started += 1;
        let hits_before = server.hits();
        let mut child = bench.start(&line);
        // Some requests of this run must have been answered; then a random moment, small enough that the site
        // lasts for twenty of them.
        let wanted = hits_before + 9 + usize::try_from(dice.roll(14)).expect("small");
        if !server.wait_for_hits(wanted, Duration::from_secs(20)) {
            child.kill().expect("the child is ours");
            child.wait().expect("the child is ours");
            break;
        }
        let open = server.open_requests();
        child.kill().expect("the child is ours");
        let ended = child.wait().expect("the child is ours");
        if ended.code().is_none() && open > 0 {
            counted += 1;
        }
    }
    (counted, started)
}

#[test]
fn kills_neither_lose_nor_double_an_item_or_a_reject() {
    let site = SyntheticSite::with_seed(23);
    let oracle = site.oracle(None);
    let server = Server::start(move |request| site.answer(request));
    let bench = Bench::new();
    // Items with an odd number lack what is required.
    bench.write(
        "lycosa.toml",
        "delay = 0\nper_host = 8\nconcurrency = 8\noutput = 'items.jsonl'\nstate = 'state'\n[items.jar]\nfor_each = '.item'\n\
         [items.jar.fields]\nnumber = { css = ':scope::attr(data-id)', regex = '[02468]$', required = true }\n\
         name = '.name::text'\n",
    );
    let url = server.url("/");
    let arguments = ["crawl", &url, "--config", "lycosa.toml", "-q"];
    let (counted, started) = kill_often(&bench, &server, &arguments, 6);
    bench.run(&[&arguments[..], &["--resume"]].concat()).ends_with(0);
    let (items, rejects) = (bench.records("items.jsonl"), bench.records("items.jsonl.rejects.jsonl"));
    println!("{counted} kills counted in {started} runs: {} items, {} rejects", items.len(), rejects.len());
    assert_eq!(counted, 6, "the site was too small for that many kills");
    assert!(!items.is_empty() && !rejects.is_empty());
    assert_eq!(items.len() + rejects.len(), oracle.items().len());
    let all = [items, rejects].concat();
    assert!(ids(&all).values().all(|count| *count == 1), "written more than once");
}

/// Pages, items and rejects in one database: each table is whole, and the crawl goes on from what it says of itself.
#[test]
fn kills_leave_a_database_that_is_whole_and_goes_on() {
    let site = SyntheticSite::with_seed(24);
    let oracle = site.oracle(None);
    let server = Server::start(move |request| site.answer(request));
    let bench = Bench::new();
    bench.write(
        "lycosa.toml",
        "delay = 0\nper_host = 8\nconcurrency = 8\noutput = 'crawl.sqlite'\nstate = 'state'\n[items.jar]\nfor_each = '.item'\n\
         [items.jar.fields]\nnumber = { css = ':scope::attr(data-id)', regex = '[02468]$', required = true }\n\
         name = '.name::text'\n",
    );
    let url = server.url("/");
    let arguments = ["crawl", &url, "--config", "lycosa.toml", "-q"];
    let (counted, started) = kill_often(&bench, &server, &arguments, 8);
    bench.run(&[&arguments[..], &["--resume"]].concat()).ends_with(0);
    let database = rusqlite::Connection::open(bench.path("crawl.sqlite")).expect("a database");
    let ask = |query: &str| database.query_row(query, [], |row| row.get::<_, i64>(0)).expect(query);
    let count =
        |table: &str| usize::try_from(ask(&format!("SELECT count(*) FROM {table}"))).expect("a count");
    println!(
        "{counted} kills counted in {started} runs: {} pages, {} items, {} rejects",
        count("pages"),
        count("items_jar"),
        count("rejects")
    );
    assert_eq!(counted, 8, "the site was too small for that many kills");
    assert_eq!(count("pages"), oracle.titles().len());
    assert_eq!(ask("SELECT count(DISTINCT final_url) FROM pages"), ask("SELECT count(*) FROM pages"));
    assert_eq!(count("items_jar") + count("rejects"), oracle.items().len());
    assert_eq!(ask("SELECT count(*) FROM items_jar WHERE number IS NULL OR name IS NULL"), 0);
    let check: String = database.query_row("PRAGMA integrity_check", [], |row| row.get(0)).expect("a check");
    assert_eq!(check, "ok");
}

/// Every page of the oracle is in the output, each once, and nothing else is.
fn whole_and_once(bench: &Bench, oracle: &Oracle) {
    let records = bench.records("pages.jsonl");
    let twice: Vec<_> = ids(&records).into_iter().filter(|(_, count)| *count > 1).collect();
    assert!(twice.is_empty(), "written more than once: {twice:?}");
    let found: Vec<String> = records.iter().map(|record| path_of(record, "final_url")).collect();
    let expected = oracle.titles();
    let lost: Vec<_> = expected.keys().filter(|path| !found.iter().any(|sent| same(sent, path))).collect();
    assert!(lost.is_empty(), "lost: {lost:?}");
    assert_eq!(records.len(), expected.len(), "more records than pages");
}

/// The URL that was sent may be spelled otherwise than the oracle's: compare what the letters stand for.
fn same(sent: &str, canonical: &str) -> bool {
    sent == canonical || plain(sent) == plain(canonical)
}

#[test]
fn a_crawl_that_was_interrupted_by_ctrl_c_ends_cleanly_and_goes_on() {
    let site = SyntheticSite::with_seed(21);
    let oracle = site.oracle(None);
    let server = Server::start(move |request| site.answer(request));
    let bench = Bench::new();
    let url = server.url("/");
    let arguments = [
        "crawl",
        &url,
        "--state",
        "state",
        "-o",
        "pages.jsonl",
        "--delay",
        "0",
        "--per-host",
        "8",
        "-c",
        "8",
    ];
    let child = bench.start(&arguments);
    assert!(server.wait_for_hits(60, Duration::from_secs(20)), "the crawl does not get going");
    signal("-INT", child.id());
    let output = child.wait_with_output().expect("the child is ours");
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(130), "{said}");
    assert!(said.contains("--resume"), "the summary says how to go on: {said}");
    let first = records(&bench.path("pages.jsonl")).len();
    assert!(first > 0 && first < oracle.pages().len());
    bench.run(&[&arguments[..], &["--resume"]].concat()).ends_with(0);
    let records = bench.records("pages.jsonl");
    assert_eq!(records.len(), oracle.pages().len());
    assert_eq!(ids(&records).len(), records.len());
}

#[test]
fn sigterm_lets_open_requests_end() {
    let gate = Gate::closed();
    let held = gate.clone();
    let server = Server::start(move |_| page("held", &["/next"]).behind(&held));
    let bench = Bench::new();
    let mut first = bench.start_crawl(&server.url("/"), &["--no-robots"]);
    assert!(server.wait_for_hits(1, Duration::from_secs(20)), "the crawl does not get going");
    signal("-TERM", first.id());
    let mut said = BufReader::new(first.stderr.take().expect("it was piped")).lines();
    let heard = said.by_ref().map_while(Result::ok).any(|line| line.starts_with("stopping"));
    assert!(heard, "it was not answered");
    // A person who does not know of that is not impatient.
    signal("-INT", first.id());
    std::thread::sleep(Duration::from_millis(200));
    gate.open();
    let said: Vec<_> = said.map_while(Result::ok).collect();
    assert_eq!(first.wait().expect("the child is ours").code(), Some(130), "{said:?}");
    assert_eq!(bench.records("pages.jsonl").len(), 1, "the open request ended and was written");
}

#[test]
fn a_second_ctrl_c_ends_at_once_and_nothing_is_lost() {
    let site = SyntheticSite::with_seed(22);
    let oracle = site.oracle(None);
    let gate = Gate::closed();
    let (held, asked) = (gate.clone(), AtomicUsize::new(0));
    let server = Server::start(move |request| {
        let answer = site.answer(request);
        if asked.fetch_add(1, Ordering::SeqCst) < 60 { answer } else { answer.behind(&held) }
    });
    let bench = Bench::new();
    let url = server.url("/");
    let line = ["crawl", &url, "--state", "state", "-o", "pages.jsonl", "--delay", "0", "--set", "drain=30s"];
    let mut child = bench.start(&line);
    assert!(server.wait_for_hits(61, Duration::from_secs(20)), "the crawl does not get going");
    signal("-INT", child.id());
    let mut said = BufReader::new(child.stderr.take().expect("it was piped")).lines();
    let heard = said.by_ref().map_while(Result::ok).any(|line| line.starts_with("stopping"));
    assert!(heard, "the first is answered");
    // Those of the first second are the same wish.
    std::thread::sleep(Duration::from_millis(1_100));
    signal("-INT", child.id());
    let status = child.wait().expect("the child is ours");
    assert_eq!(status.code(), Some(130));
    let summary: Vec<_> = said.map_while(Result::ok).collect();
    assert!(summary.is_empty(), "it waited for the open requests and came to an orderly end: {summary:?}");
    gate.open();
    bench.run(&[&line[..], &["--resume"]].concat()).ends_with(0);
    whole_and_once(&bench, &oracle);
}

pub(crate) fn signal(name: &str, process: u32) {
    let status = std::process::Command::new("kill").args([name, &process.to_string()]).status();
    assert!(status.expect("kill is there").success());
}
