//! State folders that are missing, locked, damaged, of another crawl or of another version.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use lycosa_testkit::{Gate, Server};
use serde_json::Value;

use super::one_page;
use crate::command::{Bench, page, quick};

/// An unfinished crawl of ten pages.
fn unfinished() -> (Server, Bench) {
    let (server, bench) = (quick(12).serve(), Bench::new());
    bench.crawl(&server.url("/"), &["--max-pages", "10"]).ends_with(3);
    (server, bench)
}

/// The same, killed, so that its log is not covered by a snapshot.
fn killed() -> (Server, Bench) {
    let (server, bench) = (quick(12).serve(), Bench::new());
    let url = server.url("/");
    let settings = "--state state -o pages.jsonl --delay 20ms --per-host 1 -c 1 --max-pages 10";
    let line: Vec<&str> = ["crawl", &url].into_iter().chain(settings.split(' ')).collect();
    let mut child = bench.start(&line);
    assert!(server.wait_for_hits(6, Duration::from_secs(20)), "the crawl runs");
    child.kill().expect("the child is ours");
    child.wait().expect("the child is ours");
    (server, bench)
}

/// The log's last file.
fn log(bench: &Bench) -> PathBuf {
    let log = everything(bench).into_keys().rfind(|path| path.to_string_lossy().contains("/log-"));
    log.expect("a log")
}

/// Every file of the state and the output by name, with a hash of what it holds.
fn everything(bench: &Bench) -> BTreeMap<PathBuf, u64> {
    let hash = |path: &PathBuf| {
        let mut hasher = DefaultHasher::new();
        std::fs::read(path).expect("a file").hash(&mut hasher);
        hasher.finish()
    };
    let files = std::fs::read_dir(bench.path("state")).expect("a state");
    // A crawl that was killed leaves its socket behind.
    let mut all: Vec<PathBuf> =
        files.map(|entry| entry.expect("an entry").path()).filter(|path| path.is_file()).collect();
    all.push(bench.path("pages.jsonl"));
    all.into_iter().map(|path| (path.clone(), hash(&path))).collect()
}

#[test]
fn an_unfinished_crawl_is_neither_overwritten_nor_continued_by_accident() {
    let (server, bench) = unfinished();
    let (before, hits) = (bench.read("pages.jsonl"), server.hits());
    let said = bench.crawl(&server.url("/"), &["--overwrite"]).ends_with(1);
    said.complains("the crawl in state is not finished", "--resume").mentions("--fresh");
    assert_eq!((bench.read("pages.jsonl"), server.hits()), (before.clone(), hits));
    bench.crawl(&server.url("/"), &["--resume", "-c", "16", "--per-host", "16"]).ends_with(0);
    assert!(bench.read("pages.jsonl").starts_with(&before));
    assert_eq!(bench.records("pages.jsonl").len(), quick(12).oracle(None).pages().len(), "nothing was lost");
}

#[test]
fn a_refused_output_costs_no_state() {
    let (server, bench) = unfinished();
    let before = everything(&bench);
    let said = bench.crawl(&server.url("/"), &["--fresh"]).ends_with(1);
    said.complains("pages.jsonl exists already", "use --overwrite");
    assert_eq!(everything(&bench), before);
    let said = bench.crawl(&server.url("/"), &[]).ends_with(1);
    let hint = "go on with --resume if the crawl in state was cut short, or use --overwrite";
    said.complains("pages.jsonl exists already", hint);
    assert_eq!(everything(&bench), before);
    bench.crawl(&server.url("/"), &["--resume", "-c", "16", "--per-host", "16"]).ends_with(0);
    // The same with a finished crawl, which a new one replaces without --fresh.
    let before = everything(&bench);
    bench.crawl(&server.url("/"), &[]).ends_with(1).complains("pages.jsonl exists already", "--overwrite");
    assert_eq!(everything(&bench), before);
}

#[test]
fn a_state_of_another_crawl_is_refused() {
    let (server, bench) = unfinished();
    let before = everything(&bench);
    let said = bench.crawl("http://other.example/", &["--resume"]).ends_with(1);
    said.complains("the state in state is of another crawl: it began at http://127.0.0.1", "another --state");
    assert_eq!(everything(&bench), before);
    drop(server);
}

#[test]
fn resume_without_a_state_says_so() {
    let server = one_page();
    let bench = Bench::new();
    let said = bench.crawl(&server.url("/"), &["--resume"]).ends_with(1);
    said.complains("state", "without --resume");
    assert_eq!(server.hits(), 0);
    assert!(!bench.path("pages.jsonl").exists());
}

#[test]
fn a_crawl_is_gone_on_with_where_it_is_the_only_one() {
    let (server, bench) = (quick(12).serve(), Bench::new());
    bench.run(&["crawl", "--resume"]).ends_with(2).complains("there is no crawl below .lycosa", "--state");
    bench.run(&["crawl", &server.url("/"), "--delay", "0", "--max-pages", "3"]).ends_with(3);
    let name = format!(".lycosa/127.0.0.1_{}", server.addr().port());
    bench.run(&["crawl", "--resume", "--delay", "0", "--max-pages", "5"]).ends_with(3);
    assert_eq!(bench.records(&format!("{name}/pages.jsonl")).len(), 5);
    let other = "http://127.0.0.1:1/";
    let flags = ["--state", ".lycosa/other", "--retries", "0", "--max-time", "1ms", "-q"];
    bench.run(&[&["crawl", other][..], &flags].concat());
    let said = bench.run(&["crawl", "--resume"]).ends_with(2);
    said.complains("there are 2 crawls below .lycosa", &name).mentions(".lycosa/other");
}

#[test]
fn a_state_that_may_not_be_written_is_told_with_what_helps_to_go_on() {
    let (server, bench) = unfinished();
    // A lock that cannot be written, whoever asks.
    std::fs::remove_file(bench.path("state/lock")).expect("the file is ours");
    std::fs::create_dir(bench.path("state/lock")).expect("it can be made");
    let said = bench.crawl(&server.url("/"), &["--resume"]).ends_with(1);
    said.complains("writing state/lock", "go on with --resume").keeps_quiet_about("name a folder");
}

#[test]
fn a_state_in_use_is_named() {
    let gate = Gate::closed();
    let held = gate.clone();
    let server = Server::start(move |_| page("held", &[]).behind(&held));
    let bench = Bench::new();
    let mut first = bench.start_crawl(&server.url("/"), &[]);
    assert!(server.wait_for_hits(1, Duration::from_secs(20)), "the first crawl runs");
    for flag in ["--resume", "--fresh", "--overwrite"] {
        bench.crawl(&server.url("/"), &[flag]).ends_with(1).complains("another process", "");
    }
    gate.open();
    assert!(first.wait().expect("the child is ours").success());
    assert_eq!(bench.records("pages.jsonl").len(), 1, "the first crawl was not disturbed");
}

#[test]
fn a_state_that_is_a_file_is_named() {
    let server = one_page();
    let bench = Bench::new();
    bench.write("state", "mine");
    bench.crawl(&server.url("/"), &[]).ends_with(1).complains("state", "--state");
    assert_eq!((bench.read("state").as_str(), server.hits()), ("mine", 0));
}

#[test]
fn a_state_of_another_version_is_refused_with_both_named() {
    let (server, bench) = unfinished();
    let mut identity: Value = serde_json::from_str(&bench.read("state/crawl.json")).expect("JSON");
    identity["versions"]["format"] = 99.into();
    identity["checksum"] = checksum(&identity).into();
    bench.write("state/crawl.json", &identity.to_string());
    let before = everything(&bench);
    let said = bench.crawl(&server.url("/"), &["--resume"]).ends_with(1);
    said.complains(
        "made with version 99 of the state format rules, this program has version",
        "another --state",
    );
    assert_eq!(everything(&bench), before);
}

/// The checksum an identity of these fields has.
fn checksum(identity: &Value) -> String {
    let text = |name: &str| identity[name].as_str().expect("a text").to_owned();
    let versions = identity["versions"].as_object().expect("versions");
    let versions: Vec<String> = versions.iter().map(|(name, version)| format!("{name}: {version}")).collect();
    let all = format!(
        "{}\n{}\nVersions {{ {} }}\n{}\n{}",
        text("crawl"),
        text("fingerprint_key"),
        versions.join(", "),
        identity["shards"],
        text("meta")
    );
    format!("{:016x}", xxhash_rust::xxh3::xxh3_64(all.as_bytes()))
}

/// Flips one byte in the middle of the first file whose name begins so.
fn flip(bench: &Bench, beginning: &str) -> PathBuf {
    let is_it =
        |path: &Path| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(beginning));
    let path = everything(bench)
        .into_keys()
        .find(|path| is_it(path))
        .unwrap_or_else(|| panic!("no file {beginning} in the state"));
    let mut bytes = std::fs::read(&path).expect("the file just found");
    let middle = bytes.len() / 2;
    bytes[middle] ^= 0x55;
    std::fs::write(&path, bytes).expect("the file is ours");
    path
}

#[test]
fn a_damaged_log_or_identity_is_named_and_left_alone() {
    for file in ["log-", "crawl.json"] {
        let (server, bench) = killed();
        let path = flip(&bench, file);
        let (before, hits) = (everything(&bench), server.hits());
        let said = bench.crawl(&server.url("/"), &["--resume"]).ends_with(1);
        let name = path.file_name().expect("a name").to_string_lossy().into_owned();
        said.complains(&name, "");
        assert_eq!((everything(&bench), server.hits()), (before, hits), "{file}");
    }
}

#[test]
fn an_unfinished_write_at_the_end_of_the_log_is_cut_and_told() {
    let (server, bench) = killed();
    let tear = |end: &[u8]| {
        let path = log(&bench);
        std::fs::write(&path, [&std::fs::read(&path).expect("a log"), end].concat())
            .expect("the file is ours");
    };
    tear(b"LYF1 torn");
    let said = bench.crawl(&server.url("/"), &["--resume", "--max-pages", "12"]).ends_with(3);
    said.mentions("note: an unfinished write of 9 bytes was cut off the log");
    assert_eq!(bench.records("pages.jsonl").len(), 12);
    tear(b"torn");
    let said = bench.crawl(&server.url("/"), &["--resume", "--max-pages", "13", "-q"]).ends_with(3);
    assert_eq!(said.err, "", "quiet says nothing but errors");
}

#[test]
fn a_damaged_snapshot_is_made_good_from_the_log_or_refused() {
    let (server, bench) = unfinished();
    flip(&bench, "snapshot-");
    let before = bench.read("pages.jsonl");
    let said = bench.crawl(&server.url("/"), &["--resume", "-c", "16", "--per-host", "16"]);
    let after = bench.read("pages.jsonl");
    match said.code {
        // The log held everything: the crawl goes on as if nothing had been.
        Some(0) => {
            assert_eq!(bench.records("pages.jsonl").len(), quick(12).oracle(None).pages().len());
            assert!(after.starts_with(&before));
        }
        _ => {
            said.ends_with(1).complains("snapshot-", "");
            assert_eq!(after, before);
        }
    }
}
