//! What requests carry, whom they trust, through what they go, how long they may take.

use std::time::Duration;

use lycosa_testkit::{Hit, Response, Server};

use crate::command::{Bench, page, site};
use crate::tls::TlsFront;

fn header<'h>(hit: &'h Hit, name: &str) -> Option<&'h str> {
    hit.headers.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
}

#[test]
fn every_request_carries_the_headers_and_the_user_agent_that_were_given() {
    let server = site(&[("/", &["/a"]), ("/a", &[])]);
    let flags = ["-H", "X-One: 1", "-H", "Accept-Language: de", "-A", "survey/3 (+me)"];
    Bench::new().crawl(&server.url("/"), &flags).ends_with(0);
    assert_eq!(server.hits(), 3);
    for hit in server.log() {
        assert_eq!(header(&hit, "x-one"), Some("1"), "{}", hit.path);
        assert_eq!(header(&hit, "accept-language"), Some("de"));
        assert_eq!(header(&hit, "user-agent"), Some("survey/3 (+me)"));
    }
}

#[test]
fn the_user_agent_is_honest_when_none_is_given() {
    let server = site(&[("/", &[])]);
    Bench::new().crawl(&server.url("/"), &[]).ends_with(0);
    let log = server.log();
    let agent = header(&log[0], "user-agent").expect("always");
    assert!(agent.starts_with("Lycosa/") && agent.contains("+http"), "{agent}");
}

#[test]
fn password_and_cookie_go_to_the_seeds_and_nowhere_else() {
    let stranger = site(&[("/", &[])]);
    let there = stranger.url("/");
    let server = Server::start(move |request| match request.target.as_str() {
        "/" => page("start", &["/inside", &there, "/away"]),
        "/away" => Response::redirect(302, &there),
        _ => page("inside", &[]),
    });
    let flags =
        ["-u", "me:se:cret", "--cookie", "a=1; b=2", "--scope", "any", "--allow-address", "127.0.0.0/8"];
    Bench::new().crawl(&server.url("/"), &flags).ends_with(0);
    for hit in server.log() {
        assert_eq!(header(&hit, "authorization"), Some("Basic bWU6c2U6Y3JldA=="), "{}", hit.path);
        assert_eq!(header(&hit, "cookie"), Some("a=1; b=2"), "{}", hit.path);
    }
    assert_eq!(stranger.hits_on("/"), 1, "it is crawled");
    for hit in stranger.log() {
        assert_eq!((header(&hit, "authorization"), header(&hit, "cookie")), (None, None), "{}", hit.path);
    }
}

#[test]
fn secrets_are_not_said_aloud() {
    let server = site(&[("/", &[])]);
    let flags = ["-v", "-u", "me:hushhush", "--cookie", "a=hushhush", "-H", "Authorization: hushhush"];
    let said = Bench::new().crawl(&server.url("/"), &flags).ends_with(0).keeps_quiet_about("hushhush");
    said.mentions("  cookie = …").mentions("  timeouts.connect = \"10s\"");
}

#[test]
fn a_proxy_gets_every_request_and_names_are_its_business() {
    let proxy = Server::start(|request| match request.target.as_str() {
        "http://a.example/" => page("start", &["/next"]),
        "http://a.example/next" => page("next", &[]),
        _ => Response::not_found(),
    });
    let bench = Bench::new();
    bench.crawl("a.example", &["--proxy", &proxy.url("")]).ends_with(0);
    assert_eq!(bench.paths(), ["/", "/next"].map(String::from).into());
    assert_eq!(proxy.hits(), 3);
}

#[test]
fn the_strict_guard_refuses_what_a_proxy_hides() {
    let proxy = site(&[]);
    let said = Bench::new().crawl("a.example", &["--proxy", &proxy.url(""), "--strict-guard"]).ends_with(1);
    assert_eq!(proxy.hits(), 0);
    said.complains("a.example cannot be seen behind the proxy", "");
}

#[test]
fn a_certificate_is_checked_unless_it_is_known_or_checking_is_off() {
    let server = site(&[("/", &["/a"]), ("/a", &[])]);
    let bench = Bench::new();
    let front = TlsFront::before(&server, &bench);
    let url = front.url("/");
    let said = bench.crawl(&url, &["--retries", "0"]).ends_with(1);
    said.complains("certificate", "");
    assert_eq!(server.hits(), 0);
    let certificate = front.certificate.to_str().expect("UTF-8");
    bench.crawl(&url, &["--cacert", certificate, "--overwrite"]).ends_with(0);
    assert_eq!(bench.records("pages.jsonl").len(), 2);
    let bench = Bench::new();
    bench.crawl(&url, &["-k"]).ends_with(0);
    assert_eq!(bench.records("pages.jsonl").len(), 2);
}

fn silent() -> Server {
    Server::start(|request| match request.target.as_str() {
        "/" => page("start", &["/silent", "/stuck"]),
        "/silent" => Response::new(200).never_answer(),
        "/stuck" => Response::html("<title>stuck</title>").hang_after_headers(),
        _ => Response::not_found(),
    })
}

#[test]
fn the_timeout_ends_one_request_as_a_whole() {
    let server = silent();
    let bench = Bench::new();
    let flags = ["--timeout", "300ms", "--retries", "0", "--all-outcomes"];
    bench.crawl(&server.url("/"), &flags).ends_with(0);
    for path in ["/silent", "/stuck"] {
        let record = bench.record(path);
        assert_eq!((&record["error"], &record["phase"]), (&"timeout".into(), &"total".into()), "{record}");
    }
}

#[test]
fn each_phase_has_a_timeout_of_its_own() {
    let server = silent();
    let bench = Bench::new();
    let flags = [
        "--set",
        "timeouts.first_byte=300ms",
        "--set",
        "timeouts.idle=200ms",
        "--retries",
        "0",
        "--all-outcomes",
    ];
    bench.crawl(&server.url("/"), &flags).ends_with(0);
    for (path, phase, limit) in [("/silent", "first_byte", "300ms"), ("/stuck", "idle", "200ms")] {
        let record = bench.record(path);
        assert_eq!((&record["error"], &record["phase"]), (&"timeout".into(), &phase.into()), "{record}");
        assert!(record["message"].as_str().is_some_and(|message| message.contains(limit)), "{record}");
    }
}

#[test]
fn a_server_that_never_shakes_hands_is_ended_by_the_timeout_of_tls() {
    let server = silent();
    let url = server.url("/").replace("http://", "https://");
    let flags = ["--set", "timeouts.tls=300ms", "--retries", "0", "--no-robots"];
    let said = Bench::new().crawl(&url, &flags).ends_with(1);
    said.complains("the tls phase took longer than its limit of 300ms", "");
}

#[test]
fn an_internal_address_is_reached_only_when_it_was_allowed() {
    let inside = site(&[("/", &[])]);
    let there = inside.url("/");
    let server = Server::start(move |request| match request.target.as_str() {
        "/" => page("start", &[&there]).delay_first_byte(Duration::ZERO),
        _ => Response::not_found(),
    });
    let bench = Bench::new();
    bench.crawl(&server.url("/"), &["--scope", "any", "--all-outcomes"]).ends_with(0);
    assert_eq!(inside.connections(), 0, "not even connected to");
    let port = format!(":{}/", inside.addr().port());
    assert_eq!(bench.record(&port)["error"], "address_refused");
    let allowed = Bench::new();
    allowed.crawl(&server.url("/"), &["--scope", "any", "--allow-address", "127.0.0.1/32"]).ends_with(0);
    assert_eq!(allowed.record(&port)["status"], 200);
}

/// A proxy for `a.example`, whose start page links another.
fn proxy() -> Server {
    Server::start(|request| match request.target.as_str() {
        "http://a.example/" => page("start", &["/next"]),
        "http://a.example/next" => page("next", &[]),
        _ => Response::not_found(),
    })
}

#[test]
fn several_proxies_take_turns_and_records_name_theirs() {
    let proxies = [proxy(), proxy()];
    let urls = proxies.each_ref().map(|proxy| proxy.url("").trim_end_matches('/').to_owned());
    let bench = Bench::new();
    let flags = ["--proxy", &urls[0], "--proxy", &urls[1], "--no-robots", "-v"];
    let said = bench.crawl("a.example", &flags).ends_with(0);
    let told = |url: &String| format!("{url}: used 1, failed 0, refused 0, ejected 0");
    said.mentions(&told(&urls[0])).mentions(&told(&urls[1]));
    assert_eq!(proxies.each_ref().map(Server::hits), [1, 1]);
    for (path, url) in [("a.example/", &urls[0]), ("/next", &urls[1])] {
        let record = bench.record(path);
        assert_eq!(
            (record["proxy"].as_str(), &record["guard"]),
            (Some(&**url), &"delegated".into()),
            "{record}"
        );
    }
}

#[test]
fn the_proxies_of_the_environment_are_used_unless_others_are_named_or_it_is_left_unread() {
    let [of_environment, named] = [proxy(), proxy()];
    let url = named.url("");
    for (variable, flags, hits) in [
        ("http_proxy", &[][..], [3, 0]),
        ("ALL_PROXY", &[], [3, 0]),
        ("HTTP_PROXY", &["--retries", "0"], [0, 0]),
        ("http_proxy", &["--proxy", &url], [0, 3]),
        ("http_proxy", &["--set", "proxy_from_env=false", "--retries", "0"], [0, 0]),
        ("http_proxy", &["--set", "no_proxy=.example", "--retries", "0"], [0, 0]),
    ] {
        let before = [of_environment.hits(), named.hits()];
        let bench = Bench::new();
        // Without a proxy nothing is asked, as no server knows the name.
        let own = ["crawl", "a.example", "--delay", "0s", "--set", "timeouts.dns=200ms", "-o", "-"];
        let mut command = bench.command(&[&own[..], flags].concat());
        command.env(variable, of_environment.url("")).output().expect("it runs");
        let after = [of_environment.hits(), named.hits()];
        assert_eq!([after[0] - before[0], after[1] - before[1]], hits, "{variable} {flags:?}");
    }
}

#[test]
fn the_environment_never_sends_this_machine_by_proxy() {
    let (proxy, server) = (site(&[]), site(&[("/", &[])]));
    let bench = Bench::new();
    let mut command = bench.command(&["fetch", &server.url("/")]);
    let output = command.env("http_proxy", proxy.url("")).output().expect("it runs");
    assert!(output.status.success());
    assert_eq!((proxy.hits(), server.hits()), (0, 1));
}

#[test]
fn a_proxy_of_the_environment_that_is_none_is_refused_without_its_password() {
    let bench = Bench::new();
    let mut command = bench.command(&["fetch", "a.example"]);
    let output = command.env("http_proxy", "https://me:hushhush@proxy.example").output().expect("it runs");
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(
        said.contains("a proxy of the environment is of no use") && said.contains("http_proxy"),
        "{said}"
    );
    assert!(!said.contains("hushhush"), "{said}");
}

#[test]
fn a_wrong_password_of_a_proxy_is_told_with_a_hint_and_without_it() {
    let proxy = Server::start(|_| Response::new(407).header("Proxy-Authenticate", "Basic realm=x"));
    let url = proxy.url("").replace("http://", "http://me:hushhush@");
    for arguments in
        [&["fetch", "a.example"][..], &["crawl", "a.example", "--no-robots", "--retries", "0", "-v"]]
    {
        let said = Bench::new().run(&[arguments, &["--proxy", &url]].concat()).ends_with(1);
        let said = said.keeps_quiet_about("hushhush");
        said.mentions("refused the user name and password");
    }
    let said = Bench::new().run(&["fetch", "a.example", "--proxy", &url]).ends_with(1);
    said.complains("refused the user name and password", "check them in its URL");
}

#[test]
fn a_silent_downgrade_is_counted_for_each_host_and_told_once() {
    let server = site(&[("/", &["/a", "/b"]), ("/a", &[]), ("/b", &[])]);
    let bench = Bench::new();
    let front = TlsFront::before(&server, &bench);
    let url = front.url("/");
    let said = bench.crawl(&url, &["-k", "--set", "http_version=prefer-h2"]).ends_with(0);
    let origin = url.trim_end_matches('/');
    let note =
        format!("{origin}: HTTP/2 was offered and the server did not answer the offer (no ALPN) (4 times)");
    said.mentions(&note);
    let flags = ["-k", "--set", "http_version=require-h2", "--no-robots", "--overwrite"];
    let said = bench.crawl(&url, &flags).ends_with(1);
    said.mentions("the server does not speak HTTP/2");
}
