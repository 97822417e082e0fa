//! What the command says while it crawls and afterwards, and how it ends.

use std::process::Command;

use lycosa_testkit::{Response, Server};

use crate::command::{Bench, page, quick, site};

fn mixed() -> Server {
    Server::start(|request| match request.target.as_str() {
        "/" => page("start", &["/a", "/missing", "/moved", "http://far.invalid/", "/a?x=1"]),
        "/a" | "/a?x=1" => page("a", &[]),
        "/moved" => Response::redirect(301, "/a"),
        _ => Response::not_found(),
    })
}

#[test]
fn the_summary_tells_answers_bytes_rate_skips_hosts_and_the_output() {
    let server = mixed();
    let said = Bench::new().crawl(&server.url("/"), &["--exclude", "x="]).ends_with(0);
    assert_eq!(said.row("end"), "complete: every URL has its outcome");
    assert!(
        said.row("pages").starts_with("2 in ") && said.row("pages").ends_with("pages/s)"),
        "{}",
        said.err
    );
    assert_eq!(said.row("answers by status"), "200: 2, 301: 1, 404: 2");
    assert!(said.row("received").ends_with("decoded)"), "{}", said.err);
    assert_eq!(said.row("URLs"), "4 known, 4 done, 0 left");
    assert_eq!(said.row("skipped"), "excluded: 1, host: 1");
    assert!(said.row("slowest hosts").starts_with("127.0.0.1 "), "{}", said.err);
    assert_eq!(said.row("output"), "pages.jsonl");
    assert_eq!(said.out, "", "standard output is for data");
    said.keeps_quiet_about("leak");
}

#[test]
fn quiet_says_nothing_and_still_names_errors() {
    let server = site(&[("/", &[])]);
    let said = Bench::new().crawl(&server.url("/"), &["-q"]).ends_with(0);
    assert_eq!((said.out.as_str(), said.err.as_str()), ("", ""));
    Bench::new()
        .crawl("http://127.0.0.1:1/", &["-q", "--retries", "0"])
        .ends_with(1)
        .complains("refused", "");
}

#[test]
fn verbose_names_the_options_in_force() {
    let server = site(&[("/", &[])]);
    let said = Bench::new().crawl(&server.url("/"), &["-v", "-d", "7"]).ends_with(0);
    let said = said.mentions("options in force").mentions("  depth = 7").mentions("  per_host = 2");
    said.mentions(&format!("  seeds = [\"{}\"]", server.url("/")));
    let flags = ["-v", "--sessions", "3", "--set", "sessions.max_uses=9"];
    let said = Bench::new().crawl(&server.url("/"), &flags).ends_with(0);
    said.mentions("  sessions.count = 3").mentions("  sessions.max_uses = 9");
}

#[test]
fn the_summary_shows_the_most_frequent_reasons_and_verbose_all_of_them() {
    let traps =
        ["redirect-self", "not-http", "not-gzip", "reset", "two-gigabytes", "silent", "silent-after-headers"];
    let paths: Vec<String> = traps.iter().map(|name| format!("/trap/{name}")).collect();
    let server = Server::start(move |request| match request.target.as_str() {
        "/" => page("start", &paths.iter().map(String::as_str).collect::<Vec<_>>()),
        _ => lycosa_testkit::traps::answer(request),
    });
    let quickly = ["--retries", "0", "--set", "timeouts.first_byte=200ms", "--set", "timeouts.idle=200ms"];
    let said = Bench::new().crawl(&server.url("/"), &quickly).ends_with(0);
    let failed = said.row("failed");
    assert!(failed.ends_with(", 2 more") && failed.matches(": 1").count() == 5, "{failed}");
    let said = Bench::new().crawl(&server.url("/"), &[&quickly[..], &["-v"]].concat()).ends_with(0);
    let failed = said.row("failed");
    for reason in
        ["redirect", "protocol", "decompression", "disconnected", "too_large", "timeout (first_byte)"]
    {
        assert!(failed.contains(reason), "no {reason} in {failed}");
    }
}

#[test]
fn a_crawl_without_a_single_page_has_failed() {
    let server = site(&[]);
    let said = Bench::new().crawl(&server.url("/"), &[]).ends_with(1);
    said.complains("gave no page: status 404", "lycosa fetch -v URL");
}

#[test]
fn a_seed_among_others_without_a_page_is_a_note() {
    let server = site(&[("/", &[])]);
    let said = Bench::new().crawl(&server.url("/"), &[&server.url("/gone")]).ends_with(0);
    said.mentions("/gone gave no page: status 404");
}

#[test]
fn a_seed_of_another_type_names_the_type() {
    let server =
        Server::start(|_| Response::new(200).header("Content-Type", "application/octet-stream").body("x"));
    let said = Bench::new().crawl(&server.url("/"), &[]).ends_with(1);
    said.complains("gave no page: application/octet-stream is not among the accepted types", "lycosa fetch");
}

#[test]
fn a_seed_that_is_left_out_is_told_in_a_sentence() {
    let server = Server::start(|request| match request.target.as_str() {
        "/robots.txt" => Response::text("User-agent: *\nDisallow: /closed\n"),
        "/hidden" => Response::html("<meta name=robots content=noindex>"),
        _ => Response::html("<p>the same"),
    });
    let seeds = [server.url("/closed"), server.url("/hidden"), server.url("/again"), server.url("/more")];
    let seeds: Vec<&str> = seeds.iter().map(String::as_str).collect();
    let said = Bench::new().crawl(&server.url("/"), &[&seeds[..], &["--duplicates", "skip"]].concat());
    let said = said.ends_with(0).mentions("/closed gave no page: the robots.txt of its site forbids it");
    said.mentions("/hidden gave no page: it asks not to be indexed; `--robots-tags links`")
        .mentions("gave no page: it says the same as another page; `--duplicates report`");
}

#[test]
fn a_seed_that_redirects_out_of_scope_says_what_to_do() {
    let server = Server::start(|request| match request.target.as_str() {
        "/" => Response::redirect(301, "http://www.elsewhere.invalid/"),
        _ => Response::not_found(),
    });
    let said = Bench::new().crawl(&server.url("/"), &[]).ends_with(1);
    said.complains("www.elsewhere.invalid, which is out of scope", "");
}

#[test]
fn progress_is_shown_on_a_terminal_and_nowhere_else() {
    let server = quick(10).serve();
    let bench = Bench::new();
    bench.crawl(&server.url("/"), &[]).ends_with(0).keeps_quiet_about("queued");
    let binary = env!("CARGO_BIN_EXE_lycosa");
    let command =
        format!("{binary} crawl {} --delay 20ms --max-pages 40 -o t.jsonl --state t", server.url("/"));
    // util-linux's `script` runs it on a terminal of its own.
    let shown = Command::new("script")
        .args(["-qec", &command, "/dev/null"])
        .current_dir(bench.path(""))
        .env("TERM", "xterm")
        .stdin(std::process::Stdio::null())
        .output();
    let Ok(shown) = shown else {
        println!("skipped: `script` is not installed");
        return;
    };
    let text = String::from_utf8_lossy(&shown.stdout);
    assert_eq!(shown.status.code(), Some(3), "{text}");
    for word in ["/40 pages", "pages/s", "queued", "ETA"] {
        assert!(text.contains(word), "no {word} in:\n{text}");
    }
    assert!(!text.contains(" 1 hosts") && !text.contains(" 1 errors"), "{text}");
    // Every drawing of the line goes back to its beginning.
    let drawn = text.split(['\r', '\n']).filter(|line| line.contains("ETA"));
    let plain = drawn.map(|line| {
        line.split("\u{1b}[")
            .map(|part| part.trim_start_matches(|c: char| c.is_ascii_digit() || c == 'K' || c == 'm'))
            .collect::<String>()
    });
    for line in plain {
        assert!(line.chars().count() <= 80, "a line that wraps: {line:?}");
    }
}
