//! `lycosa frontier check`: it finds what is damaged, says where, and what is sound it leaves in peace.

use lycosa_testkit::{Response, Server};
use serde_json::Value;

use crate::command::{Bench, Said, Watchdog, page};

fn check(bench: &Bench, flags: &[&str]) -> Said {
    bench.run(&[&["frontier", "check", "--state", "state"], flags].concat())
}

fn json(said: &Said) -> Value {
    serde_json::from_str(&said.out).expect("JSON")
}

/// The files of a state that begin so.
fn files(bench: &Bench, beginning: &str) -> Vec<std::path::PathBuf> {
    let entries = std::fs::read_dir(bench.path("state")).expect("a folder");
    let paths = entries.map(|entry| entry.expect("an entry").path());
    let named = |path: &std::path::PathBuf| {
        path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(beginning))
    };
    let mut paths: Vec<_> = paths.filter(named).collect();
    paths.sort();
    paths
}

/// A site that names more URLs than little memory knows.
fn wide() -> Server {
    Server::start(|request| match request.path() {
        "/robots.txt" => Response::not_found(),
        "/" => {
            let links: Vec<String> = (0..12_000).map(|number| format!("/{number}")).collect();
            page("start", &links.iter().map(String::as_str).collect::<Vec<_>>())
        }
        path => page(path, &[]),
    })
}

/// What makes a crawl of it have files of every kind: visits of many pages are planned, too.
const LITTLE_MEMORY: [&str; 6] = ["-c", "16", "--per-host", "16", "--seen-memory", "64KiB"];

fn crawled() -> Bench {
    let (server, bench) = (wide(), Bench::new());
    bench
        .crawl(
            &server.url("/"),
            &[&LITTLE_MEMORY[..], &["--max-pages", "250", "--template-budget", "0"]].concat(),
        )
        .ends_with(3);
    bench
}

#[test]
fn damage_of_every_kind_of_file_is_told_with_the_file_and_a_hint() {
    let bench = crawled();
    let said = check(&bench, &[]).ends_with(0);
    assert_eq!(said.out.matches(": sound\n").count(), 7, "{}", said.out);
    let sound = json(&check(&bench, &["--json"]).ends_with(0));
    assert_eq!(sound["sound"], true);
    for kind in ["crawl", "snapshot", "backlog", "seen", "history", "run"] {
        let path = files(&bench, kind).pop().unwrap_or_else(|| panic!("a file of the kind {kind}"));
        let whole = std::fs::read(&path).expect("a file");
        let mut flipped = whole.clone();
        // Behind what begins a file of waiting URLs, where blocks are.
        let at = if kind == "run" { 0 } else { whole.len() / 2 };
        flipped[at] ^= 1;
        for damaged in [&flipped[..], &whole[..whole.len() / 2]] {
            std::fs::write(&path, damaged).expect("it can be written");
            let said = check(&bench, &[]).ends_with(1).complains("the state in state is damaged", "");
            let name = path.file_name().expect("a name").to_string_lossy().into_owned();
            assert!(said.out.contains(&name) && said.out.contains("hint: "), "{kind}: {}", said.out);
            assert_eq!(json(&check(&bench, &["--json"]).ends_with(1))["sound"], false);
            let goes_on = said.err.contains("the crawl can go on with --resume");
            assert_eq!(goes_on, matches!(kind, "run" | "history"), "{kind}: {}", said.err);
        }
        std::fs::write(&path, whole).expect("it can be written");
    }
    check(&bench, &[]).ends_with(0);
    let records = bench.read("pages.jsonl");
    bench.write("pages.jsonl", &records.replacen("start", "begin", 1));
    let said =
        check(&bench, &[]).ends_with(1).complains("an output is not what was written", "restore the file");
    assert!(said.out.contains("pages.jsonl was changed since this crawl wrote it"), "{}", said.out);
    std::fs::remove_file(bench.path("pages.jsonl")).expect("the file is ours");
    check(&bench, &[])
        .ends_with(1)
        .complains("an output is not what was written", "put it back where it was");
}

#[test]
fn an_output_that_is_ahead_of_the_state_is_told_and_what_becomes_of_it() {
    let bench = crawled();
    let records = bench.read("pages.jsonl");
    bench.write("pages.jsonl", &(records.clone() + "more"));
    let said = check(&bench, &[]).ends_with(1).complains("an output is ahead of it", "--resume cuts them");
    let what = "pages.jsonl has 4 bytes more than the state knows: the end of the log is lost, or";
    assert!(
        said.out.contains(" as they were written, and more\n") && said.out.contains(what),
        "{}",
        said.out
    );
    let output = &json(&check(&bench, &["--json"]).ends_with(1))["outputs"][0];
    assert!(output["ahead_bytes"] == 4 && output["error"].is_object(), "{output}");
    bench.write("pages.jsonl", &records);
    check(&bench, &[]).ends_with(0);
}

#[test]
fn an_output_of_a_killed_crawl_may_be_ahead_of_what_was_noted() {
    let (server, bench) = (wide(), Bench::new());
    for round in 0..4 {
        let resume: &[&str] = if round == 0 { &[] } else { &["--resume"] };
        let flags = [&LITTLE_MEMORY[..], &["--template-budget", "0"], resume].concat();
        let mut child = bench.start_crawl(&server.url("/"), &flags);
        let _watchdog = Watchdog::over(&child);
        let hits = server.hits();
        assert!(server.wait_for_hits(hits + 100 + 37 * round, crate::command::PATIENCE));
        child.kill().expect("it is killed");
        child.wait().expect("it ends");
        let ahead = json(&check(&bench, &["--json"]).ends_with(0))["outputs"][0]["ahead_bytes"].as_u64();
        let said = check(&bench, &[]).ends_with(0);
        let is_told = said.out.contains("bytes more were not noted before it was killed");
        assert_eq!(is_told, ahead > Some(0), "{}", said.out);
    }
    // More than what is still to be noted can be.
    let records = bench.read("pages.jsonl");
    bench.write("pages.jsonl", &(records + &"more".repeat(1 << 20)));
    check(&bench, &[]).ends_with(1).complains("an output is ahead of it", "--resume cuts them");
}

#[test]
fn rules_of_the_last_run_that_cannot_be_read_are_told_by_whoever_looks() {
    let bench = crawled();
    std::fs::write(bench.path("state/run.json"), "{").expect("it can be written");
    for words in [&["frontier", "stats"][..], &["frontier", "hosts"], &["explain", "http://a.test/"]] {
        let said = bench.run(&[words, &["--state", "state"]].concat());
        said.mentions("note: state/run.json is damaged: the rules of the last run cannot be read");
    }
}

#[test]
fn the_state_of_a_crawl_that_was_killed_is_sound_and_that_of_a_running_one_is_in_use() {
    let (server, bench) = (wide(), Bench::new());
    let mut child = bench.start_crawl(&server.url("/"), &LITTLE_MEMORY);
    let watchdog = Watchdog::over(&child);
    assert!(server.wait_for_hits(60, crate::command::PATIENCE));
    check(&bench, &[]).ends_with(1).complains("in use by another process", "lycosa ctl status");
    child.kill().expect("it is killed");
    child.wait().expect("it ends");
    drop(watchdog);
    let said = check(&bench, &[]).ends_with(0);
    assert!(
        said.out.contains("log        1 file") || said.out.contains("log        2 files"),
        "{}",
        said.out
    );
    bench
        .run(&["frontier", "check", "--state", "none"])
        .ends_with(1)
        .complains("no crawl in none", "--state");
}

#[test]
fn outputs_that_are_no_single_file_are_not_read() {
    for output in ["out/", "pages.sqlite", "-"] {
        let (server, bench) = (wide(), Bench::new());
        let words = ["crawl", &server.url("/"), "-o", output, "--state", "state", "--delay", "0s"];
        bench.run(&[&words[..], &["--max-pages", "3", "-q"]].concat()).ends_with(3);
        let said = check(&bench, &[]).ends_with(0);
        assert!(said.out.contains("not read: no single file"), "{output}: {}", said.out);
    }
}

#[test]
fn a_pipe_where_an_output_was_is_told_and_not_waited_for() {
    let bench = crawled();
    std::fs::remove_file(bench.path("pages.jsonl")).expect("the file is ours");
    let made = std::process::Command::new("mkfifo").arg(bench.path("pages.jsonl")).status().expect("mkfifo");
    assert!(made.success());
    check(&bench, &[]).ends_with(1).complains("an output is not what was written", "");
}

#[test]
fn rules_that_cannot_be_read_are_told_by_whoever_changes_the_state() {
    let bench = crawled();
    std::fs::write(bench.path("state/run.json"), "{").expect("it can be written");
    bench
        .run(&["frontier", "block", "127.0.0.1", "--for", "1h", "--state", "state"])
        .ends_with(0)
        .mentions("note: state/run.json is damaged");
}

#[test]
fn a_damaged_history_costs_the_story_of_a_url_and_nothing_else() {
    let bench = crawled();
    let path = files(&bench, "history").pop().expect("a history");
    let mut bytes = std::fs::read(&path).expect("a file");
    // Behind its index.
    let middle = bytes.len() / 2;
    bytes[middle..].fill(7);
    std::fs::write(&path, bytes).expect("it can be written");
    let urls: Vec<String> = bench
        .records("pages.jsonl")
        .iter()
        .map(|page| page["url"].as_str().expect("a URL").to_owned())
        .collect();
    let mut untold = 0;
    for url in urls.iter().step_by(25) {
        let said = bench.run(&["explain", url, "--state", "state"]).ends_with(0);
        assert!(said.out.contains("canonical"), "{}", said.out);
        untold += usize::from(said.err.contains("not everything can be told: the state file state/history-"));
    }
    assert!(untold > 0);
}

#[test]
fn a_history_without_its_index_costs_what_it_alone_tells() {
    let server = wide();
    let bench = Bench::new();
    let flags = ["--template-budget", "0", "--max-pages"];
    bench.crawl(&server.url("/"), &[&flags[..], &["2"]].concat()).ends_with(3);
    let early = files(&bench, "history").pop().expect("a history");
    bench.crawl(&server.url("/"), &[&flags[..], &["4", "--resume"]].concat()).ends_with(3);
    let pages = bench.records("pages.jsonl");
    let (first, last) = (&pages[0]["url"], &pages[pages.len() - 1]["url"]);
    let mut bytes = std::fs::read(&early).expect("a file");
    bytes[20] ^= 0xFF;
    std::fs::write(&early, bytes).expect("it can be written");
    let note =
        "note: part of the history cannot be read, so not everything can be told: the state file state/";
    for url in [first, last] {
        let url = url.as_str().expect("a URL");
        let said = bench.run(&["explain", url, "--state", "state"]).ends_with(0);
        let said =
            said.mentions(note).mentions("its index cannot be read").mentions("a crawl goes on without it");
        let told = said.out.contains("gave 1 records");
        assert_eq!(told, url == last.as_str().expect("a URL"), "{}", said.out);
        assert!(said.out.contains("\nrobots     allowed: there is no robots.txt"), "{}", said.out);
        if told {
            let seed = server.url("/");
            assert!(said.out.contains(&format!("found on   {seed}\n")), "{}", said.out);
        }
    }
    let json = bench.run(&["explain", &server.url("/"), "--state", "state", "--json"]).ends_with(0);
    let json: Value = serde_json::from_str(&json.out).expect("JSON");
    assert!(json["history_trouble"].as_str().is_some_and(|why| why.contains("its index")), "{json}");
    // What would leave URLs out is refused; what only counts says so.
    let export = bench.run(&["frontier", "export", "--state", "state"]).ends_with(1);
    export.mentions("its index cannot be read");
    let stats = bench.run(&["frontier", "stats", "--state", "state"]).ends_with(0);
    stats.mentions("note: part of the history cannot be read");
}
