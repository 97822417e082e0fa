//! `lycosa fetch`: one URL, the way people use curl.

use std::time::Duration;

use lycosa_testkit::{Response, Server};

use crate::command::{Bench, page, site};
use crate::tls::TlsFront;

fn server() -> Server {
    Server::start(|request| {
        match request.target.as_str() {
        "/" => Response::html(
            "<title>Hello &amp; co</title><style>p{}</style><p>One <b>two</b></p>\
             <p class=x>three</p><a href=/a>a</a><a href='#f'>f</a><a href=/a>again</a><a href=//h.example/>h</a>",
        )
        .header("X-Thing", "42"),
        "/echo" => {
            let lines: String = request.headers.iter().map(|(name, value)| format!("{name}: {value}\n")).collect();
            Response::text(lines.to_lowercase())
        }
        "/one" => Response::redirect(301, "/two"),
        "/two" => Response::redirect(302, "/"),
        "/loop" => Response::redirect(302, "/loop"),
        "/large" => Response::html("").size(5_000),
        "/slow" => Response::new(200).never_answer(),
        "/bytes" => Response::new(200).header("Content-Type", "image/png").body(vec![0_u8, 159, 146, 150]),
        _ => Response::not_found(),
    }
    })
}

fn fetch(path: &str, flags: &[&str]) -> crate::command::Said {
    let server = server();
    Bench::new().run(&[&["fetch", &server.url(path)][..], flags].concat())
}

#[test]
fn the_body_goes_to_standard_output_and_the_facts_to_standard_error() {
    let said = fetch("/", &[]).ends_with(0);
    assert!(
        said.out.starts_with("<title>Hello &amp; co</title>") && said.out.ends_with("</a>"),
        "{}",
        said.out
    );
    let said = said.mentions("* 200 http://127.0.0.1").mentions("* peer: 127.0.0.1:");
    let said = said.mentions("* protocol: HTTP/1.1").mentions("* charset: UTF-8 (by header)");
    said.mentions("* title: Hello & co").mentions("first byte").mentions("robots.txt: not consulted");
}

#[test]
fn robots_txt_is_not_consulted_and_the_help_says_so() {
    let server = server();
    Bench::new().run(&["fetch", &server.url("/")]).ends_with(0);
    assert_eq!(server.hits(), 1);
    let help = Bench::new().run(&["fetch", "--help"]).ends_with(0);
    assert!(help.out.contains("robots.txt is not consulted"), "{}", help.out);
}

#[test]
fn include_puts_status_and_header_before_the_body() {
    let said = fetch("/", &["-i", "-q"]).ends_with(0);
    let (head, body) = said.out.split_once("\n\n").expect("an empty line");
    assert!(head.starts_with("HTTP/1.1 200\n") && head.contains("\nx-thing: 42"), "{head}");
    assert!(body.starts_with("<title>"), "{body}");
}

#[test]
fn text_links_and_css_print_parts_of_the_page() {
    let text = fetch("/", &["--text", "-q"]).ends_with(0).out;
    assert!(text.contains("One two") && text.contains("three") && !text.contains("p{}"), "{text}");
    let server = server();
    let said = Bench::new().run(&["fetch", &server.url("/"), "--links", "-q"]).ends_with(0);
    let own = server.url("/");
    assert_eq!(said.out, format!("{own}a\n{own}#f\nhttp://h.example/\n"), "absolute, each once");
    assert_eq!(fetch("/", &["--css", "p", "-q"]).ends_with(0).out, "One two\nthree\n");
    assert_eq!(fetch("/", &["--css", ".x::text", "-q"]).ends_with(0).out, "three\n");
    assert_eq!(fetch("/", &["--css", "a::attr(href)", "-q"]).ends_with(0).out.lines().count(), 4);
    fetch("/", &["--css", "p[", "-q"]).ends_with(2).complains("column 3", "::attr(name)");
    fetch("/", &["--css", "p", "--text"]).ends_with(2).complains("cannot be used with", "");
}

#[test]
fn links_as_json_say_what_the_page_says_of_them() {
    let server = Server::start(|_| {
        let page = "<base href=/b/><img src=i.png srcset='j.png 2x' alt=Wolf><a rel='ugc NoFollow' href=x>A <b>b</b></a>\
                    <form action=search></form><a href='mailto:me@site.test'>me</a>";
        Response::new(200).header("Content-Type", "text/html").body(page)
    });
    let said = Bench::new().run(&["fetch", &server.url("/"), "--links", "--json", "-q"]).ends_with(0);
    let found: serde_json::Value = serde_json::from_str(&said.out).expect("JSON");
    let own = |path: &str| server.url(path);
    let wanted = serde_json::json!([
        {"url": own("/b/i.png"), "kind": "img", "text": "Wolf", "rel": [], "position": 1},
        {"url": own("/b/j.png"), "kind": "img", "text": "Wolf", "rel": [], "descriptor": "2x", "position": 2},
        {"url": own("/b/x"), "kind": "a", "text": "A b", "rel": ["ugc", "nofollow"], "position": 3},
        {"url": own("/b/search"), "kind": "form", "text": "", "rel": [], "position": 4},
        {"url": "mailto:me@site.test", "kind": "a", "text": "me", "rel": [], "position": 5},
    ]);
    assert_eq!(found, wanted);
    fetch("/", &["--json"]).ends_with(2).complains("--links", "");
}

#[test]
fn facts_come_without_the_body() {
    let said = fetch("/", &["--facts"]).ends_with(0).mentions("* bytes: ");
    assert_eq!(said.out, "");
}

#[test]
fn headers_agent_password_and_cookie_are_sent() {
    let flags = ["-H", "X-One: 1", "-A", "me/1", "-u", "me:secret", "--cookie", "a=1; b=2", "-q"];
    let said = fetch("/echo", &flags).ends_with(0);
    for line in ["x-one: 1", "user-agent: me/1", "authorization: basic bwu6c2vjcmv0", "cookie: a=1; b=2"] {
        assert!(said.out.contains(line), "no {line} in\n{}", said.out);
    }
    fetch("/", &["-H", "nothing"]).ends_with(2).complains("has no colon", "Name: value");
    fetch("/", &["-u", "nobody"]).ends_with(2).complains("no password", "USER:PASSWORD");
}

#[test]
fn secrets_do_not_follow_a_redirect_to_another_host() {
    let other = server();
    let there = other.url("/echo");
    let server = Server::start(move |_| Response::redirect(302, &there));
    let url = server.url("/");
    let flags = ["fetch", &url, "-u", "me:secret", "--cookie", "a=1", "-q"];
    // The other host is private as well and was not typed.
    let said = Bench::new().run(&flags).ends_with(1);
    said.complains("leads to 127.0.0.1, which is a loopback address", "");
    assert_eq!(other.connections(), 0);
}

#[test]
fn redirects_are_followed_and_told() {
    let said = fetch("/one", &[]).ends_with(0);
    assert!(said.out.starts_with("<title>Hello"));
    let said = said.mentions("/one (redirect)").mentions("/two (redirect)");
    said.mentions("* 301 ").mentions("* 302 ").mentions("* 200 ");
    fetch("/loop", &[]).ends_with(1).complains("a redirect loop at", "try --cookie");
}

#[test]
fn an_error_status_is_a_failure_with_its_page() {
    let said = fetch("/missing", &[]).ends_with(1).mentions("* 404 ");
    assert!(said.out.contains("Nothing lives here"));
}

#[test]
fn a_body_beyond_the_limit_is_cut_and_said_to_be() {
    let said = fetch("/large", &["--max-body", "1kB"]).ends_with(1);
    said.complains("1000", "--max-body");
    assert_eq!(fetch("/large", &["--max-body", "5000", "-q"]).ends_with(0).out.len(), 5_000);
    fetch("/large", &["--max-body", "10M"]).ends_with(2).complains("write 10MB or 10MiB", "");
}

#[test]
fn a_timeout_names_phase_and_limit() {
    let said = fetch("/slow", &["--timeout", "300ms"]).ends_with(1);
    said.complains("total phase took longer than its limit of 300ms", "--timeout").mentions("phase total");
}

#[test]
fn a_connection_that_is_refused_names_its_phase() {
    let gone = {
        let server = site(&[]);
        server.url("/")
    };
    let said = Bench::new().run(&["fetch", &gone]).ends_with(1);
    said.complains("Connection refused", "check that the server runs").mentions("phase connect");
}

#[test]
fn certificates_are_checked_unless_known_or_switched_off() {
    let (server, bench) = (server(), Bench::new());
    let front = TlsFront::before(&server, &bench);
    let url = front.url("/");
    bench.run(&["fetch", &url]).ends_with(1).complains("certificate", "--cacert").mentions("phase tls");
    let certificate = front.certificate.to_str().expect("UTF-8");
    bench.run(&["fetch", &url, "--cacert", certificate]).ends_with(0).mentions("* tls: TLS");
    bench.run(&["fetch", &url, "-k"]).ends_with(0);
}

#[test]
fn bytes_come_out_as_they_are() {
    let server = server();
    let output = Bench::new().command(&["fetch", &server.url("/bytes"), "-q"]).output().expect("it runs");
    assert_eq!(output.stdout, [0, 159, 146, 150]);
}

#[test]
fn a_proxy_is_used_and_named() {
    let proxy = Server::start(|request| match request.target.as_str() {
        "http://a.example/" => page("through", &[]).delay_first_byte(Duration::ZERO),
        _ => Response::not_found(),
    });
    let said = Bench::new().run(&["fetch", "a.example", "--proxy", &proxy.url("")]).ends_with(0);
    said.mentions("* title: through").mentions("* proxy: ");
}

#[test]
fn verbose_shows_every_request_and_answer_with_its_connection() {
    let said = fetch("/one", &["-v", "-H", "X-Mine: 1", "-u", "me:hunter2"]).ends_with(0);
    assert!(said.out.starts_with("<title>Hello"));
    let said = said.mentions("* connected to 127.0.0.1:").mentions("connection #1");
    let said = said.mentions("> GET /one HTTP/1.1").mentions("> host: 127.0.0.1:").mentions("> x-mine: 1");
    let said = said.mentions("> user-agent: Lycosa/").mentions("< HTTP/1.1 301").mentions("< location: /two");
    let said = said.mentions("* using connection #1 again, request 3 on it").mentions("< x-thing: 42");
    let said = said.mentions("* body: ").mentions("B decoded");
    assert!(!said.err.contains("hunter2") && said.err.contains("> authorization: (secret)"), "{}", said.err);
    #[cfg(target_os = "linux")]
    said.mentions("* round trip ").mentions(" 0 segments sent again");
}

#[test]
fn timing_is_a_table_of_phases() {
    let said = fetch("/", &["--timing"]).ends_with(0);
    for phase in ["dns", "connect", "tls", "first byte", "body", "total"] {
        assert!(said.err.lines().any(|line| line.starts_with(phase)), "{phase}: {}", said.err);
    }
    assert!(said.err.lines().any(|line| line.starts_with("tls ") && line.trim_end().ends_with('-')));
}

#[test]
fn a_downgrade_is_shown_and_a_required_version_that_cannot_be_had_is_a_failure() {
    let server = server();
    let bench = Bench::new();
    let front = TlsFront::before(&server, &bench);
    let url = front.url("/");
    let said = bench.run(&["fetch", &url, "-k", "-v", "--http-version", "prefer-h2"]).ends_with(0);
    said.mentions("* TLSv1.3, full handshake")
        .mentions("* ALPN: offered h2,http/1.1")
        .mentions("* warning: HTTP/2 was offered and the server did not answer the offer (no ALPN)");
    let said = bench.run(&["fetch", &url, "-k", "--http-version", "require-h2"]).ends_with(1);
    said.complains("HTTP/2, which is required", "prefer-h2");
    bench.run(&["fetch", &url, "--http-version", "h4"]).ends_with(2).mentions("prefer-h2");
}

#[test]
fn a_cache_is_used_as_http_allows_and_offline_it_answers_alone() {
    let server = Server::start(|request| match request.target.as_str() {
        "/fresh" => Response::text("fresh").header("Cache-Control", "max-age=600"),
        "/tagged" if request.header("if-none-match") == Some("\"a\"") => Response::new(304),
        "/tagged" => Response::text("tagged").header("ETag", "\"a\""),
        "/moved" => Response::redirect(301, "/fresh").header("Cache-Control", "max-age=600"),
        _ => Response::text("private").header("Cache-Control", "no-store"),
    });
    let bench = Bench::new();
    let fetch = |path: &str, more: &[&str]| {
        bench.run(&[&["fetch", &server.url(path), "--cache", "kept"][..], more].concat())
    };
    for (path, first, second) in [
        ("/fresh", "miss", "hit"),
        ("/tagged", "miss", "revalidated"),
        ("/moved", "hit", "hit"),
        ("/private", "miss", "miss"),
    ] {
        for how in [first, second] {
            let said = fetch(path, &[]).ends_with(0);
            said.mentions(&format!("* cache: {how}\n"));
        }
        fetch(path, &["-v"]).ends_with(0).mentions(&format!("* cache: {second}"));
    }
    let asked = server.hits();
    for path in ["/fresh", "/tagged", "/moved"] {
        fetch(path, &["--offline"]).ends_with(0).mentions("* cache: offline\n");
    }
    fetch("/private", &["--offline"])
        .ends_with(1)
        .complains("the cache does not have this", "without --offline");
    assert_eq!(server.hits(), asked, "nobody was asked");
    let bare = bench.run(&["fetch", &server.url("/"), "--offline"]).ends_with(2);
    bare.mentions("--cache");
    let nameless = bench.run(&["fetch", &server.url("/"), "--cache", ""]).ends_with(2);
    nameless.mentions("a value is required for '--cache <DIR>'");
    fetch("/fresh", &["--facts"]).ends_with(0);
    let crawled = bench.crawl(
        &server.url("/fresh"),
        &["--cache", "kept", "--offline", "--accept-types", "text/plain", "--no-robots"],
    );
    crawled.ends_with(0).mentions("cache  offline: 1");
}

/// "Паук" in KOI8-R, called UTF-8.
fn miscalled() -> Server {
    Server::start(|_| {
        let mut bytes = b"<title>x</title><p>".to_vec();
        for _ in 0..3 {
            bytes.extend(b"\xf0\xc1\xd5\xcb \xcf\xc8\xcf\xd4\xc9\xd4\xd3\xd1 \xce\xcf\xde\xd8\xc0 ");
        }
        Response::new(200).header("Content-Type", "text/html; charset=utf-8").body(bytes)
    })
}

#[test]
fn a_charset_that_is_miscalled_is_found_and_told() {
    let said = Bench::new().run(&["fetch", &miscalled().url("/"), "--text"]).ends_with(0);
    assert!(said.out.starts_with("Паук охотится ночью"), "{}", said.out);
    said.mentions("* charset: KOI8-R (by detector, utf-8 was declared)");
}

#[test]
fn a_charset_is_overridden_by_name_and_a_misspelt_one_met_with_the_nearest() {
    let server = miscalled();
    let url = server.url("/");
    let fetch = |name: &str| Bench::new().run(&["fetch", &server.url("/"), "--text", "--charset", name]);
    let said = fetch("windows-1251").ends_with(0);
    assert!(said.out.starts_with("рБХЛ"), "{}", said.out);
    said.mentions("* charset: windows-1251 (by override)");
    assert!(fetch("auto").ends_with(0).out.starts_with("Паук"));
    let said = fetch("koi8-").ends_with(2);
    said.mentions("there is no decoder for the charset `koi8-`").mentions("did you mean `koi8-r`?");
    let said = Bench::new().run(&["query", &url, "--css", "p", "--charset", "uft-8"]).ends_with(2);
    said.mentions("did you mean `utf-8`?");
}
