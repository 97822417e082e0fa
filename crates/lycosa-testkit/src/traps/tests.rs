//! Every trap does on the wire what its name says, and lets go of a client that leaves.

use super::*;
use crate::Server;
use std::io::{Read, Write as _};
use std::net::TcpStream;
use std::time::Duration;

/// Asks for a trap and reads at most `most` bytes of the answer, or to its end.
fn wire(server: &Server, target: &str, more: &str, most: u64) -> Vec<u8> {
    let mut stream = TcpStream::connect(server.addr()).unwrap();
    write!(stream, "GET {target} HTTP/1.1\r\nHost: h\r\nConnection: close\r\n{more}\r\n").unwrap();
    let mut answer = Vec::new();
    // A reset is an end like any other here.
    let _ = stream.take(most).read_to_end(&mut answer);
    answer
}

fn text(server: &Server, target: &str) -> String {
    String::from_utf8_lossy(&wire(server, target, "", 1 << 20)).into_owned()
}

#[test]
fn every_name_has_a_trap_and_the_index_links_it() {
    let server = Server::start(answer);
    let index = text(&server, "/");
    for name in NAMES {
        assert_ne!(answer(&Request::get(&format!("/trap/{name}"))).status, 404, "{name}");
        assert!(index.contains(&format!("\"/trap/{name}\"")), "{name}");
    }
    assert!(text(&server, "/trap/unheard-of").starts_with("HTTP/1.1 404 "));
}

#[test]
fn the_large_ones_are_as_large_as_they_say_and_not_stored() {
    assert_eq!(two_gigabytes().body.len(), Some(2 << 30));
    assert_eq!(endless_body().body.len(), None);
    assert!((1 << 20..1_060_000).contains(&nested_divs(1 << 20).body.len().unwrap()));
    let bomb = gzip_bomb().body.len().unwrap();
    assert!(bomb < 4 << 20, "{bomb} bytes on the wire");
}

#[test]
fn the_endless_ones_go_on_for_as_long_as_one_reads_and_end_with_the_client() {
    let server = Server::start(answer);
    for name in ["endless-body", "two-gigabytes", "endless-headers", "huge-header"] {
        assert_eq!(wire(&server, &format!("/trap/{name}"), "", 1 << 20).len(), 1 << 20, "{name}");
    }
    let head = wire(&server, "/trap/endless-headers", "", 1 << 20);
    assert!(!head.windows(4).any(|window| window == b"\r\n\r\n"));
    while server.open_connections() > 0 {
        std::thread::yield_now();
    }
}

#[test]
fn the_silent_ones_say_as_much_as_they_should_and_then_hang() {
    let server = Server::start(answer);
    let lengths = [("silent", 0), ("half-headers", 40), ("silent-after-headers", 79), ("slow-drip", 120)];
    for (number, (name, length)) in lengths.into_iter().enumerate() {
        let mut stream = TcpStream::connect(server.addr()).unwrap();
        write!(stream, "GET /trap/{name} HTTP/1.1\r\nHost: h\r\n\r\n").unwrap();
        assert!(server.wait_for_hits(number + 1, Duration::from_secs(20)));
        stream.read_exact(&mut vec![0; length]).unwrap();
        assert_eq!(server.log()[number].ended, None, "{name} is still open");
    }
}

#[test]
fn the_chain_ends_after_its_hops_and_the_loops_never() {
    let location = |target: &str| {
        let response = answer(&Request::get(target));
        let to = response.headers.into_iter().find(|(name, _)| name == "Location");
        to.map(|(_, to)| String::from_utf8(to).unwrap())
    };
    let mut target = String::from("/trap/redirect-chain");
    let mut hops = 0;
    while let Some(to) = location(&target) {
        target = to;
        hops += 1;
    }
    assert_eq!(hops, CHAIN);
    let mut circle = vec![String::from("/trap/redirect-loop/0")];
    for _ in 0..3 {
        circle.push(location(circle.last().unwrap()).unwrap());
    }
    assert!(circle[0] == circle[3] && circle[0] != circle[1] && circle[1] != circle[2]);
    assert_eq!(location("/trap/redirect-self").as_deref(), Some("/trap/redirect-self"));
}

#[test]
fn the_moody_ones_give_in_when_they_said_they_would() {
    let server = Server::start(answer);
    assert!(text(&server, "/trap/busy-then-ok").contains(" 429 "));
    assert!(text(&server, "/trap/busy-then-ok").contains(" 200 "));
    let thrice: Vec<_> = (0..3).map(|_| text(&server, "/trap/unavailable-twice").contains(" 503 ")).collect();
    assert_eq!(thrice, [true, true, false]);
    let once = text(&server, "/trap/cookie-redirect");
    assert!(once.contains("Set-Cookie: passed=1") && once.contains("Location: /trap/cookie-redirect"));
    let twice = wire(&server, "/trap/cookie-redirect", "Cookie: a=b; passed=1\r\n", 1 << 20);
    assert!(String::from_utf8(twice).unwrap().contains("Through with a cookie"));
}

#[test]
fn many_links_are_all_different_and_lead_nowhere() {
    let server = Server::start(answer);
    let html = String::from_utf8(wire(&server, "/trap/many-links", "", 1 << 30)).unwrap();
    let links: std::collections::BTreeSet<_> = html.split("href=\"").skip(1).collect();
    assert_eq!(links.len(), 100_000);
    assert!(text(&server, "/leaf/5").starts_with("HTTP/1.1 404 "));
}

#[test]
fn robots_can_be_replaced_in_any_site() {
    let server = Server::start(with_robots(robots("0.1"), answer));
    assert!(text(&server, "/robots.txt").contains("Crawl-delay: 0.1\nDisallow: /private/\n"));
    assert!(text(&server, "/").contains("<title>Traps</title>"));
    let server = Server::start(with_robots(Response::new(503), answer));
    assert!(text(&server, "/robots.txt").starts_with("HTTP/1.1 503 "));
}
