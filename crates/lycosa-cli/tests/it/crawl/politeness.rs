//! How politely: requests at once, delays, robots.txt, servers that ask for rest. Times are lower bounds only.

use std::time::Duration;

use lycosa_testkit::synthetic::SyntheticSite;
use lycosa_testkit::{Hit, Response, Server, traps};

use crate::command::{Bench, Said, page, quick, site};

/// The arrival of a request is seen late rather than early; so much may be missing from a span.
const SLACK: u64 = 60_000;

/// Microseconds between the first and the last of these requests.
fn span(hits: &[Hit]) -> u64 {
    hits.last().expect("a request").at - hits[0].at
}

fn slow(seed: u64) -> SyntheticSite {
    SyntheticSite { delay_ms: (10, 30), pages: 80, ..quick(seed) }
}

#[test]
fn concurrency_is_used_and_never_exceeded_over_all_hosts() {
    let servers: Vec<Server> = (0..4).map(|seed| slow(seed).serve()).collect();
    let urls: Vec<String> = servers.iter().map(|server| server.url("/")).collect();
    let bench = Bench::new();
    let mut flags = vec!["-c", "3", "--per-host", "3"];
    flags.extend(urls[1..].iter().map(String::as_str));
    bench.crawl(&urls[0], &flags).ends_with(0);
    let mut edges = Vec::new();
    for hit in servers.iter().flat_map(Server::log) {
        edges.push((hit.at, 1));
        edges.push((hit.ended.expect("every request is answered"), -1));
    }
    // An end before a beginning of the same microsecond: the client may begin as soon as it has seen the end.
    edges.sort_unstable();
    let mut open = 0;
    let most = edges.iter().map(|(_, step)| {
        open += step;
        open
    });
    assert_eq!(most.max(), Some(3));
}

#[test]
fn per_host_is_used_and_never_exceeded() {
    let (one, two) = (slow(1).serve(), slow(2).serve());
    let bench = Bench::new();
    bench.crawl(&one.url("/"), &[&two.url("/"), "-c", "16", "--per-host", "4"]).ends_with(0);
    for server in [&one, &two] {
        assert_eq!(server.most_in_flight(&server.addr().to_string()), 4);
    }
    let bench = Bench::new();
    let default = slow(3).serve();
    bench.crawl(&default.url("/"), &["-c", "16"]).ends_with(0);
    assert_eq!(default.most_in_flight(&default.addr().to_string()), 2, "the default");
}

const STAR: &[(&str, &[&str])] =
    &[("/", &["/1", "/2", "/3", "/4"]), ("/1", &[]), ("/2", &[]), ("/3", &[]), ("/4", &[])];

#[test]
fn a_delay_stands_between_two_requests_to_a_site() {
    let server = site(STAR);
    let bench = Bench::new();
    bench.run(&["crawl", &server.url("/"), "--delay", "200ms", "-c", "8", "--per-host", "8"]).ends_with(0);
    let log = server.log();
    assert_eq!(log.len(), 6, "robots.txt and five pages");
    assert!(span(&log) >= 5 * 200_000 - SLACK, "{} µs", span(&log));
}

#[test]
fn the_default_delay_is_half_a_second() {
    let server = site(&[("/", &["/1"]), ("/1", &[])]);
    let bench = Bench::new();
    bench.run(&["crawl", &server.url("/")]).ends_with(0);
    assert!(span(&server.log()) >= 2 * 500_000 - SLACK, "{} µs", span(&server.log()));
}

#[test]
fn a_delay_does_not_undercut_the_crawl_delay_of_robots() {
    let server = Server::start(traps::with_robots(traps::robots("0.3"), |request| {
        crate::command::answer(STAR, request)
    }));
    let bench = Bench::new();
    bench.crawl(&server.url("/"), &["-c", "8", "--per-host", "8"]).ends_with(0);
    let pages: Vec<Hit> = server.log().into_iter().filter(|hit| hit.path != "/robots.txt").collect();
    assert_eq!(pages.len(), 5);
    assert!(span(&pages) >= 4 * 300_000 - SLACK, "{} µs", span(&pages));
}

fn denying() -> Server {
    let robots =
        "User-agent: *\nCrawl-delay: 9\nDisallow: /private\n\nUser-agent: mybot\nDisallow: /public\n";
    Server::start(traps::with_robots(Response::text(robots), |request| match request.target.as_str() {
        "/" => page("start", &["/private/x", "/public/x"]),
        _ => page("other", &[]),
    }))
}

#[test]
fn robots_rules_are_those_of_the_user_agent_and_no_robots_ignores_them() {
    let server = denying();
    let bench = Bench::new();
    let said = bench.crawl(&server.url("/"), &["-A", "MyBot/2.0 (me)"]).ends_with(0);
    assert_eq!((server.hits_on("/private/x"), server.hits_on("/public/x")), (1, 0), "its own group");
    assert_eq!(said.row("skipped"), "robots: 1");
    let server = denying();
    let bench = Bench::new();
    bench.crawl(&server.url("/"), &["--no-robots"]).ends_with(0);
    assert_eq!(bench.records("pages.jsonl").len(), 3, "nor does its crawl-delay of 9 s count");
    assert_eq!(server.hits_on("/robots.txt"), 0, "it is not asked for");
}

#[test]
fn without_robots_txt_everything_is_allowed_and_with_a_failing_one_nothing_is() {
    let ok = Server::start(traps::with_robots(Response::not_found(), |_| page("page", &[])));
    Bench::new().crawl(&ok.url("/"), &[]).ends_with(0);
    let broken = Server::start(traps::with_robots(Response::new(500), |_| page("page", &[])));
    let flags = ["--retries", "0", "--robots-patience", "0"];
    let said = Bench::new().crawl(&broken.url("/"), &flags).ends_with(1);
    assert_eq!(broken.hits_on("/"), 0);
    said.complains("robots.txt of http", "lycosa fetch").mentions("answered 500");
}

/// `--resume` of the crawl in `moved`, which an import began: its addresses are nobody's to allow but the command's.
fn go_on(bench: &Bench, flags: &[&str]) -> Said {
    let words = ["crawl", "--state", "moved", "--resume", "-o", "rest.jsonl", "--delay", "0"];
    bench.run(&[&words[..], flags].concat())
}

#[test]
fn a_robots_txt_that_the_guard_kept_from_being_asked_is_asked_by_the_next_run() {
    let server = denying();
    let bench = Bench::new();
    let list = ["/", "/private/x", "/open/x"].map(|path| server.url(path)).join("\n");
    bench.run_with_input(&["frontier", "import", "-", "--state", "moved"], &list).ends_with(0);
    go_on(&bench, &[]).ends_with(1);
    assert_eq!(server.hits(), 0, "the guard refused");
    let dead = bench.run(&["frontier", "dead", "--state", "moved", "--kind", "address_refused"]).ends_with(0);
    assert_eq!(dead.out.lines().count(), 3, "each for the same reason: {}", dead.out);
    go_on(&bench, &["--allow-address", "127.0.0.0/8"]).ends_with(0);
    assert_eq!((server.hits_on("/robots.txt"), server.hits_on("/open/x")), (1, 1));
    assert_eq!(server.hits_on("/private/x"), 0, "it is disallowed");
}

#[test]
fn a_robots_txt_that_leads_to_a_refused_address_allows_nothing() {
    let inner = Server::start(|_| Response::text("User-agent: *\nDisallow: /private\n"));
    // A name is an address of its own kind to the guard: only the seed's own host and port are allowed.
    let target = inner.url("/robots.txt");
    let server = Server::start(move |request| match request.path() {
        "/robots.txt" => Response::new(302).header("Location", &target),
        "/" => page("start", &["/private/x"]),
        _ => page("other", &[]),
    });
    let bench = Bench::new();
    bench.crawl(&server.url("/"), &[]).ends_with(1);
    assert_eq!((server.hits_on("/"), inner.hits()), (0, 0), "what it would say is not known");
    bench.crawl(&server.url("/"), &["--fresh", "--overwrite", "--allow-address", "127.0.0.0/8"]).ends_with(0);
    assert_eq!((server.hits_on("/"), server.hits_on("/private/x"), inner.hits()), (1, 0, 1));
}

#[test]
fn a_robots_txt_that_failed_is_counted_by_its_name() {
    let server = Server::start(|_| Response::new(200).reset_before_answer());
    let said = Bench::new().crawl(&server.url("/"), &["--retries", "0"]).ends_with(1);
    assert_eq!(said.row("failed"), "disconnected (first_byte) of robots.txt: 1", "no page was asked for");
}

#[test]
fn a_cache_that_has_no_robots_txt_leaves_it_unknown() {
    let server = denying();
    let bench = Bench::new();
    bench.crawl(&server.url("/"), &["--cache", "cache", "--offline"]).ends_with(1);
    bench
        .run(&["frontier", "requeue", "--kind", "offline", "--state", "state"])
        .ends_with(0)
        .mentions("1 URL");
    bench.crawl(&server.url("/"), &["--resume"]).ends_with(0);
    assert_eq!((server.hits_on("/"), server.hits_on("/private/x")), (1, 0));
}

#[test]
fn the_bound_of_a_page_does_not_cut_robots_txt() {
    let server = Server::start(traps::with_robots(
        Response::text(format!("# {}\nUser-agent: *\nDisallow: /private\n", "x".repeat(5000))),
        |request| match request.target.as_str() {
            "/" => page("start", &["/private/x"]),
            _ => page("other", &[]),
        },
    ));
    let bench = Bench::new();
    bench.crawl(&server.url("/"), &["--max-body", "1000"]).ends_with(0);
    assert_eq!((server.hits_on("/"), server.hits_on("/private/x")), (1, 0));
}

#[test]
fn a_429_or_503_lets_the_whole_site_rest_as_long_as_it_asks() {
    for status in [429, 503] {
        let server = Server::start(move |request| match (request.target.as_str(), request.visit) {
            ("/", _) => page("start", &["/busy", "/1", "/2"]),
            ("/busy", 1) => Response::new(status).header("Retry-After", "1"),
            _ => page("page", &[]),
        });
        let bench = Bench::new();
        let said = bench.crawl(&server.url("/"), &["-c", "1", "--no-robots"]).ends_with(0);
        assert_eq!(bench.records("pages.jsonl").len(), 4);
        let log = server.log();
        let busy = log.iter().position(|hit| hit.path == "/busy").expect("it was asked");
        let rest = log[busy + 1].at - log[busy].at;
        assert!(rest >= 1_000_000 - SLACK, "after a {status} the site rested {rest} µs");
        assert!(said.row("answers by status").contains(&format!("{status}: 1")), "{}", said.err);
        assert_eq!(said.row("tried again"), "1");
    }
}

#[test]
fn retries_are_as_many_as_asked_for_with_growing_pauses() {
    let server = Server::start(|request| match request.target.as_str() {
        "/" => page("start", &["/down"]),
        _ => Response::new(503),
    });
    let bench = Bench::new();
    bench.crawl(&server.url("/"), &["--retries", "1", "--all-outcomes", "--no-robots"]).ends_with(0);
    let down: Vec<Hit> = server.log().into_iter().filter(|hit| hit.path == "/down").collect();
    assert_eq!(down.len(), 2);
    assert!(span(&down) >= 500_000 - SLACK, "{} µs", span(&down));
    assert_eq!(
        (&bench.record("/down")["status"], &bench.record("/down")["attempts"]),
        (&503.into(), &2.into())
    );
    let none = Server::start(|request| match request.target.as_str() {
        "/" => page("start", &["/down"]),
        _ => Response::new(503),
    });
    Bench::new().crawl(&none.url("/"), &["--retries", "0", "--no-robots"]).ends_with(0);
    assert_eq!(none.hits_on("/down"), 1);
}

#[test]
fn a_connection_that_breaks_is_tried_again() {
    let server = Server::start(|request| match (request.target.as_str(), request.visit) {
        ("/", 1) => Response::new(200).reset_before_answer(),
        _ => page("there after all", &[]).delay_first_byte(Duration::from_millis(1)),
    });
    let bench = Bench::new();
    bench.crawl(&server.url("/"), &["--no-robots"]).ends_with(0);
    assert_eq!((bench.records("pages.jsonl").len(), server.hits_on("/")), (1, 2));
}

#[test]
fn robots_txt_is_read_for_the_name_that_is_sent() {
    let server = Server::start(|request| match request.path() {
        "/robots.txt" => Response::text("User-agent: evilbot\nDisallow: /\n\nUser-agent: *\nDisallow:\n"),
        _ => page("Home", &[]),
    });
    let bench = Bench::new();
    bench.crawl(&server.url("/"), &["-A", "nice/1", "-H", "User-Agent: EvilBot/1"]).ends_with(1);
    assert_eq!(server.hits_on("/"), 0, "it is EvilBot that asks");
}
