//! What `lycosa frontier import` says of exports that are whole, cut short or lack lines.

use super::{TWO, frontier};
use crate::command::{Bench, site};

#[test]
fn a_crawl_that_was_moved_when_it_was_done_has_nothing_left_and_that_is_no_failure() {
    let (server, bench) = (site(TWO), Bench::new());
    bench.crawl(&server.url("/"), &[]).ends_with(0);
    frontier(&bench, &["export", "-o", "all.jsonl"]).ends_with(0);
    bench.run(&["frontier", "import", "all.jsonl", "--state", "moved"]).ends_with(0);
    let go_on =
        ["crawl", "--state", "moved", "--resume", "-o", "rest.jsonl", "--allow-address", "127.0.0.0/8"];
    let said = bench.run(&go_on).ends_with(0);
    assert!(!said.err.contains("no page"), "{}", said.err);
    let whole = std::fs::read_to_string(bench.path("all.jsonl")).expect("an export");
    for cut in [whole.len() - 2, whole.trim_end().rfind('\n').expect("lines") + 1] {
        let said = bench.run_with_input(&["frontier", "import", "-", "--state", "cut"], &whole[..cut]);
        said.ends_with(1).complains("the export was cut short", "import all of it");
    }
    let twice =
        bench.run_with_input(&["frontier", "import", "-", "--state", "cut"], &format!("{whole}{whole}"));
    twice.ends_with(0);
    let again = bench.run(&[&go_on[..], &["--recrawl"]].concat()).ends_with(0);
    again.mentions("no page is visited again");
}

#[test]
fn an_export_that_lacks_lines_or_has_broken_ones_is_not_whole() {
    let (server, bench) = (site(TWO), Bench::new());
    bench.crawl(&server.url("/"), &[]).ends_with(0);
    let whole = frontier(&bench, &["export"]).ends_with(0).out;
    let mut lines: Vec<&str> = whole.lines().collect();
    let broken = lines[1].replace('{', "[");
    lines[1] = &broken;
    let said = bench.run_with_input(&["frontier", "import", "-", "--state", "less"], &lines.join("\n"));
    let what = "the export is not whole: 1 URL that it had is missing or cannot be read";
    said.ends_with(1).mentions("line 2 is no URL").complains(what, "import all of it");
    lines.drain(1..3);
    let said = bench.run_with_input(&["frontier", "import", "-", "--state", "less"], &lines.join("\n"));
    said.ends_with(1).complains("2 URLs that it had are missing", "import all of it");
    bench.run_with_input(&["frontier", "import", "-", "--state", "less"], &whole).ends_with(0);
}
