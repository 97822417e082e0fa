//! Outputs that cannot be written, or are somebody's already.

use std::process::{Command, Stdio};

use super::one_page;
use crate::command::{Bench, ids, quick, site};

#[test]
fn an_output_that_is_there_already_is_not_touched() {
    let server = one_page();
    let bench = Bench::new();
    bench.write("pages.jsonl", "mine\n");
    let said = bench.crawl(&server.url("/"), &[]).ends_with(1);
    said.complains("pages.jsonl exists already", "--overwrite");
    assert_eq!((bench.read("pages.jsonl").as_str(), server.hits()), ("mine\n", 0));
    // The mistake is put right with a flag, and no state of the refused crawl stands in the way.
    bench.crawl(&server.url("/"), &["--overwrite"]).ends_with(0);
}

#[test]
fn what_is_no_database_is_not_touched_whatever_flag_is_given() {
    let server = one_page();
    let bench = Bench::new();
    bench.write("notes.db", "mine\n");
    for flag in ["-q", "--overwrite", "--append"] {
        let said =
            bench.run(&["crawl", &server.url("/"), "-o", "notes.db", "--state", "state", flag]).ends_with(1);
        said.complains("notes.db is no SQLite database", "choose another name");
        assert_eq!((bench.read("notes.db").as_str(), server.hits()), ("mine\n", 0));
    }
    bench
        .run(&["crawl", &server.url("/"), "-o", "crawl.sqlite", "--state", "state", "--delay", "0"])
        .ends_with(0);
    let said = bench.run(&["crawl", &server.url("/"), "-o", "crawl.sqlite", "--state", "other"]).ends_with(1);
    said.complains("crawl.sqlite exists already", "--overwrite");
}

#[test]
fn an_output_that_cannot_be_written_is_named_before_anything_is_fetched() {
    let server = one_page();
    let bench = Bench::new();
    bench.write("file", "mine");
    for (output, what) in [
        ("file/pages.jsonl", "file/pages.jsonl"),
        ("/proc/none/pages.jsonl", "/proc/none/pages.jsonl"),
        ("file/", "file/ is not a folder"),
        ("pages.parquet", "does not tell a format"),
        ("pages", "does not tell a format"),
    ] {
        let said = bench.run(&["crawl", &server.url("/"), "-o", output, "--state", "state"]);
        assert!(said.code == Some(1) || said.code == Some(2), "{output}: {said:?}");
        said.complains(what, "");
    }
    assert_eq!((server.hits(), bench.read("file").as_str()), (0, "mine"));
}

#[test]
fn an_output_without_permission_is_named() {
    let server = one_page();
    let bench = Bench::new();
    let file = bench.write("pages.jsonl", "mine\n");
    let mut read_only = std::fs::metadata(&file).expect("the file").permissions();
    read_only.set_readonly(true);
    std::fs::set_permissions(&file, read_only).expect("the file is ours");
    if std::fs::OpenOptions::new().write(true).open(&file).is_ok() {
        println!("skipped: this user may write everything");
        return;
    }
    let said = bench.crawl(&server.url("/"), &["--append"]).ends_with(1);
    said.complains("pages.jsonl failed: Permission denied", "");
    assert_eq!(bench.read("pages.jsonl"), "mine\n");
}

#[test]
fn a_changed_output_is_not_cut_on_resume() {
    let server = quick(11).serve();
    let bench = Bench::new();
    bench.crawl(&server.url("/"), &["--max-pages", "10"]).ends_with(3);
    let changed = bench.read("pages.jsonl").replacen("\"depth\":0", "\"depth\":9", 1) + "more\n";
    bench.write("pages.jsonl", &changed);
    let hits = server.hits();
    let said = bench.crawl(&server.url("/"), &["--resume"]).ends_with(1);
    said.complains("pages.jsonl was changed since this crawl wrote it", "nothing was cut");
    assert_eq!((bench.read("pages.jsonl"), server.hits()), (changed, hits));
    std::fs::remove_file(bench.path("pages.jsonl")).expect("the file is ours");
    let said = bench.crawl(&server.url("/"), &["--resume"]).ends_with(1);
    said.complains("it is gone", "put it back where it was, or begin anew with --fresh");
    // What the hint says works.
    bench.crawl(&server.url("/"), &["--fresh", "--max-pages", "12"]).ends_with(3);
    assert_eq!(bench.records("pages.jsonl").len(), 12);
}

#[test]
fn what_others_wrote_after_the_last_record_is_cut_and_told() {
    let server = quick(11).serve();
    let bench = Bench::new();
    bench.crawl(&server.url("/"), &["--max-pages", "10"]).ends_with(3);
    let added = bench.read("pages.jsonl") + "somebody's line\n";
    bench.write("pages.jsonl", &added);
    let said = bench.crawl(&server.url("/"), &["--resume", "--max-pages", "12"]).ends_with(3);
    said.mentions("16 bytes after the last record known of").mentions("were cut");
    assert_eq!(bench.records("pages.jsonl").len(), 12);
    let said = bench.crawl(&server.url("/"), &["--resume", "--max-pages", "14"]).ends_with(3);
    said.keeps_quiet_about("were cut");
}

#[test]
fn a_full_disk_is_named_and_the_crawl_can_go_on() {
    let server = site(&[("/", &["/a"]), ("/a", &[])]);
    let bench = Bench::new();
    let run = |output: &str, more: &[&str]| {
        let base = ["crawl", &server.url("/"), "--delay", "0", "--state", "state", "-o", output];
        bench.run(&[&base[..], more].concat())
    };
    let said = run("/dev/full", &[]).ends_with(1);
    said.complains("writing /dev/full failed: No space left on device", "--resume");
    run("pages.jsonl", &["--resume"]).ends_with(0);
    assert_eq!(bench.records("pages.jsonl").len(), 2, "nothing that was fetched is lost");
}

#[test]
fn two_crawls_do_not_write_one_file() {
    let bench = Bench::new();
    let gate = lycosa_testkit::Gate::closed();
    let held = gate.clone();
    let server = lycosa_testkit::Server::start(move |_| crate::command::page("held", &[]).behind(&held));
    let mut first = bench.start_crawl(&server.url("/"), &[]);
    assert!(server.wait_for_hits(1, std::time::Duration::from_secs(20)), "the first crawl runs");
    let arguments = ["crawl", &server.url("/"), "-o", "pages.jsonl", "--append", "--state", "other"];
    let said = bench.run(&arguments).ends_with(1);
    said.complains("another process is writing pages.jsonl", "choose another output");
    gate.open();
    assert!(first.wait().expect("the child is ours").success());
    assert_eq!(bench.records("pages.jsonl").len(), 1);
}

/// A file system of so many kilobytes below the bench, unmounted at the end.
struct SmallDisk(std::path::PathBuf);

impl SmallDisk {
    /// `None` where this user may not mount.
    fn mount(bench: &Bench, kilobytes: u32) -> Option<Self> {
        let place = bench.path("disk");
        std::fs::create_dir(&place).expect("a folder");
        let size = format!("size={kilobytes}k");
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", &size, "none"]).arg(&place).stderr(Stdio::null());
        mount.status().is_ok_and(|status| status.success()).then_some(Self(place))
    }

    fn grow(&self) {
        let mut remount = Command::new("mount");
        remount.args(["-o", "remount,size=64m"]).arg(&self.0);
        assert!(remount.status().expect("mount is there").success());
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let unmounted = Command::new("umount").arg("--lazy").arg(&self.0).status();
        assert!(unmounted.is_ok_and(|status| status.success()), "{} stays mounted", self.0.display());
    }
}

#[test]
fn a_disk_that_fills_up_costs_nothing_but_time() {
    for (output, state) in [("disk/pages.jsonl", "state"), ("pages.jsonl", "disk/state")] {
        let (site, bench) = (quick(13), Bench::new());
        let Some(disk) = SmallDisk::mount(&bench, 64) else {
            println!("skipped: this user may not mount");
            return;
        };
        let (oracle, server) = (site.oracle(None), site.serve());
        let run = |more: &[&str]| {
            let base = ["crawl", &server.url("/"), "--delay", "0", "-o", output, "--state", state];
            bench.run(&[&base[..], &["-c", "16", "--per-host", "16"], more].concat())
        };
        run(&[]).ends_with(1).complains("No space left on device", "--resume");
        let before = bench.read(output);
        disk.grow();
        run(&["--resume"]).ends_with(0);
        let records = bench.records(output);
        let whole = before.rfind('\n').map_or("", |end| &before[..=end]);
        assert!(bench.read(output).starts_with(whole), "what was written stays");
        assert_eq!(records.len(), oracle.pages().len(), "{output}, {state}");
        assert_eq!(ids(&records).len(), records.len(), "each once");
    }
}
