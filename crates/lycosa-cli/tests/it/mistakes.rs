//! Bad input: one clear line saying what failed, on what, a hint, and nothing harmed.

mod outputs;
mod states;

use lycosa_testkit::Server;

use crate::command::{Bench, site};

fn one_page() -> Server {
    site(&[("/", &[])])
}

#[test]
fn a_typo_in_a_configuration_names_its_place_and_the_nearest_word() {
    let bench = Bench::new();
    bench.write("lycosa.toml", "max_pgaes = 3\n");
    let said = bench.run(&["config", "check", "lycosa.toml"]).ends_with(2);
    said.mentions("lycosa.toml:1:1").mentions("max_pages");
    assert_eq!(bench.read("lycosa.toml"), "max_pgaes = 3\n");
    let said = bench.run(&["crawl", "--config", "lycosa.toml", "http://127.0.0.1:1/"]).ends_with(2);
    said.complains("lycosa.toml:1:1: there is no option `max_pgaes`", "did you mean `max_pages`?");
    assert!(!bench.path(".lycosa").exists(), "nothing was started");
}

#[test]
fn a_malformed_seed_on_standard_input_names_its_line() {
    let bench = Bench::new();
    let said = bench.run_with_input(&["crawl", "-"], "# mine\nhttp://[\n").ends_with(2);
    said.complains("line 2 of standard input", "give a URL");
}

#[test]
fn an_unknown_flag_or_command_names_the_nearest() {
    let bench = Bench::new();
    let said = bench.run(&["crawl", "x.example", "--max-pagse", "3"]).ends_with(2);
    said.complains("unexpected argument '--max-pagse' found", "'--max-pages'");
    bench
        .run(&["crwal"])
        .ends_with(2)
        .complains("`lycosa` has no command `crwal`", "did you mean `lycosa crawl`?");
    bench.run(&["crawl", "--fresh", "--resume", "x"]).ends_with(2).complains("cannot be used with", "--help");
    bench.run(&["query", "x"]).ends_with(2).complains("--css <SELECTOR>", "--help");
    bench.run(&[]).ends_with(2).mentions("Usage: lycosa <COMMAND>");
}

#[test]
fn a_malformed_url_is_named() {
    let bench = Bench::new();
    for (url, what) in [
        ("http://[", "`http://[` is not a URL: invalid IPv6 address"),
        ("ftp://x.example/", "only http and https can be crawled"),
        ("http://exa mple/", "`http://exa mple/` is not a URL"),
    ] {
        bench.run(&["crawl", url]).ends_with(2).complains(what, "give a URL such as");
        bench.run(&["fetch", url]).ends_with(2).complains(what, "give a URL such as");
    }
    bench.run(&["crawl"]).ends_with(2).complains("there is no seed to begin with", "name a URL");
    assert!(!bench.path(".lycosa").exists(), "nothing was started");
}

#[test]
fn a_file_in_place_of_a_seed_is_told_and_nothing_is_written_beside_it() {
    let bench = Bench::new();
    bench.write("kettle.html", "<p>1</p>");
    for seed in ["http://../x", "../none.html", "http://a..b/"] {
        bench.run(&["crawl", seed]).ends_with(2).complains("names no host", "give a URL such as");
    }
    let folder = bench.path("");
    let upwards = format!("../{}/kettle.html", folder.file_name().unwrap_or_default().display());
    for seed in ["./kettle.html", &upwards] {
        let said = bench.run(&["crawl", seed]).ends_with(2);
        said.complains("names no host", "`lycosa extract` reads").mentions("--seeds FILE");
    }
    bench
        .run(&["crawl", "kettle.html", "--retries", "0", "--state", "s"])
        .ends_with(1)
        .mentions("kettle.html is a file");
    std::fs::remove_dir_all(bench.path("s")).expect("the state");
    let left: Vec<_> = std::fs::read_dir(bench.path("")).expect("the folder").flatten().collect();
    assert_eq!(left.len(), 1, "nothing was started: {left:?}");
}

#[test]
fn wrong_values_of_flags_are_all_told_at_once() {
    let bench = Bench::new();
    let arguments =
        ["crawl", "x.example", "--max-pages", "many", "-d", "far", "--include", "(", "--scope", "hots"];
    let said = bench.run(&arguments).ends_with(2).complains("4 mistakes", "nothing was started");
    said.mentions("--max-pages: `max_pages`").mentions("--include").mentions("did you mean `host`?");
}

#[test]
fn wrong_values_say_what_would_be_right() {
    let bench = Bench::new();
    for (flag, value, what) in [
        ("--max-bytes", "10M", "write 10MB or 10MiB"),
        ("--max-bytes", "100kB", "give 128KiB or more"),
        ("--max-time", "soon", "`soon`"),
        ("-H", "no colon", "write it as 'Name: value'"),
        ("-u", "nobody", "write USER:PASSWORD"),
        ("-c", "0", "1 or more"),
        ("--accept-types", "html", "write text/html or text/*"),
        ("--allow-address", "10.0.0", "10.0.0.0/8"),
        ("--proxy", "ftp://x", "http://HOST:PORT"),
        ("--cacert", "none.pem", "give a PEM file of certificates"),
        ("--max-pages", "-1", "string \"-1\", expected a whole number from 0"),
        ("--concurrency", "-1", "expected a whole number"),
        ("--state", "", "`state` is empty"),
        ("--cache", "", "`cache` is empty"),
        ("--seeds", "none.txt", "one URL a line"),
        ("--config", "none.toml", "none.toml"),
        ("--set", "depth", "write --set max_pages=100"),
        ("--set", "deepth=1", "did you mean `depth`?"),
    ] {
        let said = bench.run(&["crawl", "x.example", flag, value]);
        said.ends_with(2).mentions("lycosa: ").mentions(what);
    }
    assert!(!bench.path(".lycosa").exists(), "nothing was started");
}

#[test]
fn a_file_that_is_to_be_read_and_is_not_there_is_bad_usage() {
    let bench = Bench::new();
    for (flag, hint) in [("--cacert", "PEM file"), ("-b", "name a file that is there")] {
        let said = bench.run(&["fetch", "https://127.0.0.1:1/", flag, "none.txt"]).ends_with(2);
        said.complains("none.txt cannot be read: No such file", hint);
    }
    bench.write("lycosa.toml", "seed_files = ['none.txt']\nnofollow = true\noffline = true\n");
    let said = bench.run(&["config", "check", "lycosa.toml"]).ends_with(2);
    said.mentions("lycosa.toml:1:15: `none.txt` cannot be read")
        .mentions("lycosa.toml:2:1: there is no option `nofollow`");
    let said = bench.run(&["config", "check", "lycosa.toml"]);
    said.mentions("write respect_nofollow = true").mentions("lycosa.toml:3:11: `offline` without `cache`");
}

#[test]
fn a_seed_that_does_not_resolve_is_told_after_the_tries() {
    let bench = Bench::new();
    // Names under `invalid` never resolve (RFC 6761 §6.4).
    let said = bench.crawl("http://no.such.invalid/", &["--retries", "0"]).ends_with(1);
    said.complains("the host name no.such.invalid does not resolve", "check the seeds' spelling");
    let said = bench.run(&["fetch", "no.such.invalid"]).ends_with(1);
    said.complains("no.such.invalid does not resolve", "check the spelling of the host name")
        .mentions("phase dns");
}

#[test]
fn a_crawl_whose_seeds_are_all_out_of_scope_is_refused() {
    let server = one_page();
    let bench = Bench::new();
    let long = server.url(&format!("/{}", "x".repeat(3000)));
    let said = bench.crawl(&long, &[]).ends_with(2);
    said.complains("no seed belongs to the crawl", "check the spelling");
    assert_eq!(server.hits(), 0);
}
