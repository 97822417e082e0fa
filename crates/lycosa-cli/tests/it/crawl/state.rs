//! The state folder: going on, beginning anew, and what a configuration file and `--set` change.

use lycosa_testkit::Server;

use crate::command::{Bench, ids, quick, site};

const TWO: &[(&str, &[&str])] = &[("/", &["/a"]), ("/a", &[])];

#[test]
fn a_finished_crawl_resumed_fetches_nothing() {
    let server = site(TWO);
    let bench = Bench::new();
    bench.crawl(&server.url("/"), &[]).ends_with(0);
    let (hits, before) = (server.hits(), bench.read("pages.jsonl"));
    bench.crawl(&server.url("/"), &["--resume"]).ends_with(0);
    assert_eq!((server.hits(), bench.read("pages.jsonl")), (hits, before));
}

fn stopped_at(pages: &str) -> (Server, Bench) {
    let (server, bench) = (quick(9).serve(), Bench::new());
    bench.crawl(&server.url("/"), &["--max-pages", pages]).ends_with(3);
    (server, bench)
}

#[test]
fn a_stopped_crawl_goes_on_without_its_seed_and_with_other_limits() {
    let (server, bench) = stopped_at("20");
    let first = bench.read("pages.jsonl");
    let base = ["crawl", "--state", "state", "-o", "pages.jsonl", "--delay", "0", "--resume", "-c", "16"];
    bench.run(&[&base[..], &["--per-host", "16"]].concat()).ends_with(0);
    let records = bench.records("pages.jsonl");
    assert_eq!(records.len(), quick(9).oracle(None).pages().len());
    assert_eq!(ids(&records).len(), records.len(), "each once");
    assert!(bench.read("pages.jsonl").starts_with(&first), "what was written stays as it was");
    assert!(server.hits_on("/") == 1, "nothing is fetched again");
}

#[test]
fn a_resumed_crawl_begins_no_output_that_would_lack_records() {
    let (server, bench) = stopped_at("20");
    let go_on = |output| {
        let url = server.url("/");
        bench.run(&[
            "crawl",
            &url,
            "--state",
            "state",
            "--delay",
            "0",
            "--resume",
            "-o",
            output,
            "--max-pages",
            "25",
        ])
    };
    let hits = server.hits();
    let said = go_on("other.jsonl").ends_with(1);
    said.complains(
        "other.jsonl would lack the records before 20",
        "pages.jsonl), or begin anew with --fresh",
    );
    assert!(server.hits() == hits && !bench.path("other.jsonl").exists(), "nothing was begun");
    let said = go_on("-").ends_with(3);
    assert_eq!(said.out.lines().count(), 5, "a stream goes on with what is new");
    go_on("pages.jsonl").ends_with(3);
    assert_eq!(bench.records("pages.jsonl").len(), 25, "a file gets what it lacks");
}

#[test]
fn an_output_may_be_added_while_no_record_is_written() {
    let (server, bench) = (site(TWO), Bench::new());
    bench.crawl(&server.url("/"), &["--max-time", "0s"]).ends_with(3);
    let resume = ["crawl", "--state", "state", "--delay", "0", "--resume", "-o", "other.jsonl"];
    bench.run(&resume).ends_with(0);
    assert_eq!(bench.records("other.jsonl").len(), 2);
}

#[test]
fn the_command_that_the_summary_names_goes_on() {
    let server = quick(9).serve();
    let bench = Bench::new();
    let said = bench.run(&["crawl", &server.url("/"), "--delay", "0", "--max-requests", "30"]).ends_with(3);
    let again = said.row("next").rsplit_once("lycosa ").expect("a command").1;
    let words: Vec<&str> = again.split_whitespace().collect();
    assert!(words.contains(&"--resume"), "{again}");
    assert!(!words.contains(&"--max-requests"), "it would stop at once: {again}");
    assert!(said.row("next").starts_with("raise or leave out --max-requests"), "{}", said.err);
    let more = [&words[..], &["--max-requests", "30"]].concat();
    bench.run(&more).ends_with(3);
    assert_eq!(server.hits(), 30, "the budget is that of all runs");
    bench.run(&[&words[..], &["-c", "16", "--per-host", "16"]].concat()).ends_with(0);
    assert!(server.hits() > 30);
}

#[test]
fn fresh_throws_an_unfinished_crawl_away() {
    let (server, bench) = stopped_at("20");
    bench.crawl(&server.url("/"), &["--fresh", "--overwrite", "--max-pages", "5"]).ends_with(3);
    assert_eq!(bench.records("pages.jsonl").len(), 5);
    assert_eq!(server.hits_on("/"), 2, "it began anew");
}

#[test]
fn a_finished_crawl_is_begun_anew_without_being_asked() {
    let server = site(TWO);
    let bench = Bench::new();
    bench.run(&["crawl", &server.url("/"), "--delay", "0"]).ends_with(0);
    bench.run(&["crawl", &server.url("/"), "--delay", "0"]).ends_with(0);
    assert_eq!(server.hits_on("/a"), 2);
    let place = format!(".lycosa/127.0.0.1_{}/pages.jsonl", server.addr().port());
    assert_eq!(bench.records(&place).len(), 2, "the state's own file is that of the newest crawl");
}

#[test]
fn what_lies_where_a_new_crawl_writes_by_default_is_kept() {
    let (server, bench) = (site(TWO), Bench::new());
    std::fs::create_dir(bench.path("state")).expect("a folder");
    bench.write("state/pages.jsonl", "mine\n");
    let url = server.url("/");
    let crawl = |flags: &[&str]| {
        bench.run(&[&["crawl", &url, "--delay", "0", "--state", "state"][..], flags].concat()).ends_with(0)
    };
    crawl(&[]);
    let first = bench.read("state/pages.jsonl");
    crawl(&["--resume"]);
    assert_eq!(bench.read("state/pages.jsonl"), first, "a resumed crawl goes on in its file");
    crawl(&[]);
    crawl(&["--fresh", "--overwrite"]);
    assert_eq!(bench.read("state/pages.1.jsonl"), "mine\n");
    assert_eq!(bench.read("state/pages.2.jsonl"), first);
    assert_eq!(bench.records("state/pages.jsonl").len(), 2);
    assert!(!bench.path("state/pages.3.jsonl").exists(), "what shall be overwritten is not kept");
}

#[test]
fn the_state_lies_where_it_was_asked_to() {
    let server = site(TWO);
    let bench = Bench::new();
    bench.run(&["crawl", &server.url("/"), "--delay", "0", "--state", "deep/place"]).ends_with(0);
    assert!(bench.path("deep/place/crawl.json").is_file() && !bench.path(".lycosa").exists());
    assert_eq!(bench.records("deep/place/pages.jsonl").len(), 2);
}

#[test]
fn durability_is_a_choice_of_two() {
    let server = site(TWO);
    for level in ["process", "power"] {
        let bench = Bench::new();
        let arguments =
            ["crawl", &server.url("/"), "--delay", "0", "-o", "p.jsonl", "-v", "--durability", level];
        bench.run(&arguments).ends_with(0).mentions(&format!("  durability = \"{level}\""));
        assert_eq!(bench.records("p.jsonl").len(), 2);
    }
    Bench::new().run(&["crawl", "x", "--durability", "prayer"]).ends_with(2).mentions("`process` or `power`");
}

#[test]
fn flags_come_before_set_and_set_before_the_file() {
    let server = site(&[("/", &["/1"]), ("/1", &["/2"]), ("/2", &["/3"]), ("/3", &[])]);
    let bench = Bench::new();
    let file = format!(
        "seeds = [\"{}\"]\ndepth = 0\ndelay = \"0s\"\nallow_address = [\"127.0.0.1\"]\n",
        server.url("/")
    );
    bench.write("lycosa.toml", &file);
    let run = |flags: &[&str]| {
        let base = ["crawl", "--config", "lycosa.toml", "-o", "pages.jsonl", "--overwrite", "--state", "s"];
        bench.run(&[&base[..], flags].concat()).ends_with(0);
        bench.records("pages.jsonl").len()
    };
    assert_eq!(run(&[]), 1, "the file");
    assert_eq!(run(&["--set", "depth=1"]), 2, "--set over the file");
    assert_eq!(run(&["--set", "depth=1", "-d", "2"]), 3, "a flag over both");
}

#[test]
fn outlinks_are_listed_when_asked_for() {
    let server = site(TWO);
    let bench = Bench::new();
    bench.crawl(&server.url("/"), &["--set", "outlinks=list"]).ends_with(0);
    assert_eq!(bench.record("/")["outlinks"], serde_json::json!([server.url("/a")]));
}
