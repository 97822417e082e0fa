//! Hostile answers: each ends with a clear recorded reason, in bounded memory, and the crawl comes to its end.

use std::time::Duration;

use lycosa_testkit::{Request, Response, Server, traps};
use serde_json::Value;

use crate::command::{Bench, Said, page, site};

/// The most memory a crawl may take; the debug build alone takes some 30 MB. A page of 20 MB and a million elements,
/// which is within the limits, may take twice that.
const MEMORY: u64 = 150 << 20;

/// Crawls a page that links the trap and a harmless page; gives the trap's record.
fn meet(
    path: &str,
    flags: &[&str],
    site: impl Fn(&Request) -> Response + Send + Sync + 'static,
) -> (Value, Said) {
    let trap = path.to_owned();
    let server = Server::start(move |request| match request.target.as_str() {
        "/" => page("start", &[&trap, "/harmless"]),
        "/harmless" => page("harmless", &[]),
        "/robots.txt" => Response::not_found(),
        _ => site(request),
    });
    let bench = Bench::new();
    let flags = [&["--all-outcomes", "--retries", "0"][..], flags].concat();
    let (said, peak) = bench.crawl_measured(&server.url("/"), &flags);
    let said = said.ends_with(0).keeps_quiet_about("leak");
    let most = if path == "/many" { 2 * MEMORY } else { MEMORY };
    assert!(peak > 0 && peak < most, "{path} took {} MB", peak >> 20);
    assert_eq!(bench.record("/harmless")["status"], 200, "the crawl goes on");
    (bench.record(path), said)
}

fn trap(name: &str, flags: &[&str]) -> Value {
    meet(&format!("/trap/{name}"), flags, traps::answer).0
}

#[track_caller]
fn failed(record: &Value, error: &str, message: &str) {
    let told = record["message"].as_str().unwrap_or_default();
    assert!(record["outcome"] == "failed" && record["error"] == error && told.contains(message), "{record}");
}

#[test]
fn a_page_of_two_gigabytes_is_refused_by_its_length() {
    failed(&trap("two-gigabytes", &[]), "too_large", "declared with 2147483648 bytes");
}

#[test]
fn a_body_without_end_is_cut_at_the_limit() {
    failed(
        &trap("endless-body", &["--max-body", "8MB"]),
        "too_large",
        "larger than the limit of 8000000 bytes",
    );
}

#[test]
fn a_gzip_bomb_is_refused() {
    failed(&trap("gzip-bomb", &[]), "too_large", "decoded");
}

#[test]
fn a_zstd_bomb_is_refused() {
    let spaces = std::io::Read::take(std::io::repeat(b' '), 1 << 30);
    let bomb = zstd::encode_all(spaces, 1).expect("zstd");
    let (record, _) =
        meet("/bomb", &[], move |_| Response::html("").header("Content-Encoding", "zstd").body(bomb.clone()));
    failed(&record, "too_large", "decoded");
}

/// 128 MiB of spaces after a title, as brotli, in hexadecimal.
const BROTLI_BOMB: &str = "\
    cfffff7f00042672a41147987fef428401e7318d4c55ca841cbf06615fdeff03ffffff01900088c302d0bdffe7ffff3f\
    001200715800baf7fffcffff074002200e0b40f7fe9fffffff004800c46101e8defff3ffff1f000980382c00ddfb7ffe\
    ffff032001108705a07bffcfffff7f002400e2b00074efff23040080044014110001";

#[test]
fn a_brotli_bomb_is_refused() {
    let digits = BROTLI_BOMB.as_bytes().chunks(2);
    let byte = |pair: &[u8]| u8::from_str_radix(&String::from_utf8_lossy(pair), 16).expect("hexadecimal");
    let bomb: Vec<u8> = digits.map(byte).collect();
    let (record, _) =
        meet("/bomb", &[], move |_| Response::html("").header("Content-Encoding", "br").body(bomb.clone()));
    failed(&record, "too_large", "decoded");
}

#[test]
fn ten_thousand_redirects_end_at_the_hop_limit() {
    failed(&trap("redirect-chain", &[]), "redirect", "more than 20 redirects");
    failed(&trap("redirect-chain", &["--set", "max_redirects=3"]), "redirect", "more than 3 redirects");
}

#[test]
fn redirect_loops_are_seen() {
    failed(&trap("redirect-loop", &[]), "redirect", "a redirect loop at");
    failed(&trap("redirect-self", &[]), "redirect", "a redirect loop at");
    failed(&trap("cookie-redirect", &["--no-cookies"]), "redirect", "a redirect loop at");
    assert_eq!(trap("cookie-redirect", &[])["title"], "Through with a cookie");
}

#[test]
fn a_megabyte_of_nested_elements_is_cut_and_its_links_are_found() {
    let (record, said) = meet("/trap/nested-divs", &[], traps::answer);
    assert_eq!((&record["status"], &record["title"]), (&200.into(), &"Deep".into()));
    assert_eq!((&record["tree"], &record["outlinks"]), (&"cut".into(), &1.into()), "{record}");
    said.mentions("/trap/nested-divs was cut (depth); its links were taken without it");
}

#[test]
fn a_body_that_drips_is_ended_by_the_time_of_the_request() {
    let record = trap("slow-drip", &["--timeout", "700ms"]);
    failed(&record, "timeout", "the total phase took longer than its limit of 700ms");
}

#[test]
fn servers_that_say_nothing_or_stop_half_way_are_ended_by_the_time_of_the_phase() {
    for (name, phase) in
        [("silent", "first_byte"), ("half-headers", "first_byte"), ("silent-after-headers", "idle")]
    {
        let limits = ["--set", "timeouts.first_byte=300ms", "--set", "timeouts.idle=300ms"];
        let record = trap(name, &limits);
        failed(&record, "timeout", "its limit of 300ms");
        assert_eq!(record["phase"], phase, "{name}");
    }
}

#[test]
fn a_wrong_length_is_a_broken_exchange_or_cut_at_what_was_declared() {
    failed(&trap("length-too-long", &[]), "disconnected", "");
    failed(&trap("truncated-chunks", &[]), "disconnected", "");
    failed(&trap("reset", &[]), "disconnected", "");
    let short = trap("length-too-short", &[]);
    assert_eq!((&short["status"], &short["bytes"]), (&200.into(), &30.into()), "{short}");
}

#[test]
fn what_is_not_http_or_not_what_it_says_is_named() {
    failed(&trap("not-http", &[]), "protocol", "");
    failed(&trap("not-gzip", &[]), "decompression", "");
    let empty = trap("empty", &[]);
    assert_eq!((&empty["status"], &empty["bytes"]), (&200.into(), &0.into()));
}

#[test]
fn headers_without_end_are_refused() {
    failed(&trap("huge-header", &[]), "too_large", "header");
    failed(&trap("endless-headers", &[]), "too_large", "header");
}

#[test]
fn an_endless_calendar_is_bounded_by_the_page_budget() {
    let server = Server::start(traps::answer);
    let bench = Bench::new();
    let flags = ["--max-pages", "200", "-c", "16", "--per-host", "16"];
    let (said, peak) = bench.crawl_measured(&server.url("/trap/calendar"), &flags);
    said.ends_with(3).mentions("stopped by --max-pages");
    assert_eq!(bench.records("pages.jsonl").len(), 200);
    assert!(peak > 0 && peak < MEMORY, "{} MB", peak >> 20);
}

#[test]
fn a_page_of_a_million_links_is_taken_to_the_limit_of_links() {
    const LINKS: usize = 1_000_000;
    let mut html = String::from("<!doctype html><title>Many</title>");
    (0..LINKS).for_each(|number| html.push_str(&format!("<a href={number}>x</a>")));
    let (record, said) = meet("/many", &["--exclude", "/[0-9]+$"], move |_| Response::html(html.clone()));
    assert_eq!((&record["status"], &record["title"]), (&200.into(), &"Many".into()));
    assert!(
        record["outlinks"].as_u64().is_some_and(|count| (100_000..=1_000_000).contains(&count)),
        "{record}"
    );
    assert_eq!(said.row("skipped"), "excluded: 100000", "{}", said.err);
}

#[test]
fn redirects_and_names_that_lead_inside_are_refused_and_nothing_is_connected() {
    let inside = site(&[("/", &[])]);
    let port = inside.addr().port();
    for there in [
        format!("http://127.0.0.1:{port}/"),
        format!("http://localhost:{port}/"),
        format!("http://[::ffff:127.0.0.1]:{port}/"),
        "http://169.254.169.254/latest/meta-data/".to_owned(),
        format!("http://0.0.0.0:{port}/"),
        format!("http://2130706433:{port}/"),
    ] {
        let target = there.clone();
        let scope = ["--scope", "any", "--timeout", "5s"];
        let (record, _) = meet("/away", &scope, move |_| Response::redirect(302, &target));
        failed(&record, "address_refused", "leads to");
    }
    assert_eq!(inside.connections(), 0);
}

#[test]
fn a_charset_that_lies_is_recorded_with_how_it_was_found() {
    let lie = trap("charset-lie", &[]);
    let found = (&lie["charset"], &lie["charset_source"], &lie["charset_declared"]);
    assert_eq!(found, (&"windows-1251".into(), &"detector".into(), &"utf-8".into()), "{lie}");
    let conflict = trap("charset-conflict", &[]);
    assert_eq!((&conflict["title"], &conflict["charset_source"]), (&"日本".into(), &"header".into()));
}

#[test]
fn a_slow_trap_holds_up_nobody_else() {
    let server = Server::start(|request| match request.target.as_str() {
        "/" => page("start", &["/silent", "/1", "/2", "/3", "/4", "/5"]),
        "/silent" => Response::new(200).never_answer(),
        "/robots.txt" => Response::not_found(),
        _ => page("page", &[]),
    });
    let bench = Bench::new();
    let mut child = bench.start_crawl(&server.url("/"), &["--retries", "0", "--timeout", "20s"]);
    // robots.txt, the start, the trap and five pages: all of them while the trap is still open.
    assert!(server.wait_for_hits(8, Duration::from_secs(15)), "{} requests", server.hits());
    let trap = server.log().into_iter().find(|hit| hit.path == "/silent");
    assert!(trap.is_some_and(|hit| hit.ended.is_none()), "it was met and is not over");
    child.kill().expect("the child is ours");
    child.wait().expect("the child is ours");
}

#[test]
fn relative_links_whose_paths_have_their_words_in_every_order_end_soon() {
    let server = Server::start(|request| match request.path() {
        "/robots.txt" => Response::not_found(),
        _ => page("the same", &["about/", "contact/", "products/"]),
    });
    let bench = Bench::new();
    let said = bench.crawl(&server.url("/"), &["-c", "8", "--per-host", "8"]).ends_with(0);
    assert!(said.row("end").starts_with("complete but for "), "{}", said.err);
    assert!(server.hits() < 300, "{} requests", server.hits());
}

#[test]
fn relative_links_of_many_words_end_soon_and_take_no_honest_page_along() {
    const WORDS: [&str; 10] = [
        "about/",
        "contact/",
        "products/",
        "service/",
        "press/",
        "jobs/",
        "team/",
        "news/",
        "blog/",
        "help/",
    ];
    let honest = |number: usize| format!("/archive/article-of-the-day/{number}");
    let server = Server::start(move |request| match request.path() {
        "/robots.txt" => Response::not_found(),
        "/" => page("start", &[&WORDS[..], &["/archive/"]].concat()),
        "/archive/" => {
            let links: Vec<String> = (0..300).map(honest).collect();
            page("archive", &links.iter().map(String::as_str).collect::<Vec<_>>())
        }
        path if path.starts_with("/archive/") => page(&in_words(path), &[]),
        _ => page("the same", &WORDS),
    });
    let bench = Bench::new();
    let said = bench.crawl(&server.url("/"), &["-c", "8", "--per-host", "8"]).ends_with(0);
    assert!(said.row("end").starts_with("complete but for "), "{}", said.err);
    let honest = server.log().iter().filter(|hit| hit.path.starts_with("/archive/")).count();
    assert_eq!(honest, 301);
    assert!(server.hits() - honest < 900, "{} requests", server.hits());
}

#[test]
fn a_site_with_a_word_for_each_page_is_crawled_whole() {
    let name = |number: usize| format!("/{}", in_words(&number.to_string()).replace(' ', ""));
    let server = Server::start(move |request| match request.path() {
        "/robots.txt" => Response::not_found(),
        "/" => {
            let links: Vec<String> = (1..2_000).map(name).collect();
            page("start", &links.iter().map(String::as_str).collect::<Vec<_>>())
        }
        path => page(&format!("this is {path}"), &["/"]),
    });
    let bench = Bench::new();
    let said = bench.crawl(&server.url("/"), &["-c", "8", "--per-host", "8"]).ends_with(0);
    assert_eq!(
        (said.row("end"), bench.paths().len()),
        ("complete: every URL has its outcome", 2_000),
        "{}",
        said.err
    );
}

/// The digits of a text as words.
fn in_words(text: &str) -> String {
    let digits = text.bytes().filter(u8::is_ascii_digit).map(|digit| usize::from(digit - b'0'));
    let names = ["oak", "elm", "ash", "fir", "yew", "sea", "sky", "sun", "fog", "ice"];
    digits.map(|digit| names[digit]).collect::<Vec<_>>().join(" and ")
}
