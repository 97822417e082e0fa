//! The server against a client of plain bytes: each misbehaviour is seen on the wire as it was ordered.

use super::*;
use crate::Gate;
use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream as Plain;

/// Asks once with `Connection: close` and reads to the end; the error kind tells a reset.
fn ask(server: &Server, target: &str) -> (Vec<u8>, Option<ErrorKind>) {
    let mut stream = Plain::connect(server.addr()).unwrap();
    write!(stream, "GET {target} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n", server.addr()).unwrap();
    let mut answer = Vec::new();
    let error = stream.read_to_end(&mut answer).err().map(|error| error.kind());
    (answer, error)
}

fn text(server: &Server, target: &str) -> String {
    let (answer, error) = ask(server, target);
    assert_eq!(error, None);
    String::from_utf8(answer).unwrap()
}

#[test]
fn a_page_is_answered_with_length_and_logged() {
    let server = Server::start(|request| Response::html(format!("you asked {}", request.target)));
    let answer = text(&server, "/a?b=c");
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
    assert!(
        answer.contains("Content-Length: 16\r\n") && answer.ends_with("\r\n\r\nyou asked /a?b=c"),
        "{answer}"
    );
    let log = server.log();
    assert_eq!((log.len(), log[0].path.as_str(), log[0].target.as_str()), (1, "/a", "/a?b=c"));
    assert_eq!((log[0].in_flight, log[0].connection, server.connections()), (1, 1, 1));
    assert!(log[0].ended >= Some(log[0].at));
}

#[test]
fn chunks_and_closing_both_end_a_body() {
    let server = Server::start(|request| match request.path() {
        "/chunked" => Response::text("abcdef").chunked().drip(4, Duration::ZERO),
        _ => Response::text("abcdef").until_close(),
    });
    assert!(text(&server, "/chunked").ends_with("\r\n\r\n4\r\nabcd\r\n2\r\nef\r\n0\r\n\r\n"));
    let closed = text(&server, "/closed");
    assert!(closed.ends_with("\r\n\r\nabcdef") && !closed.contains("Length"), "{closed}");
}

#[test]
fn broken_answers_stop_where_they_were_told_to() {
    let server = Server::start(|request| match request.path() {
        "/truncated" => Response::text("0123456789").truncate_at(4),
        "/reset" => Response::text("0123456789").reset_at(4),
        "/lie" => Response::text("0123456789").claim_length(20),
        "/chunk" => Response::text("0123456789").chunked().truncate_at(4),
        "/head" => Response::text("").truncate_head_at(12),
        "/none" => Response::text("").close_before_answer(),
        _ => Response::text("").reset_before_answer(),
    });
    let truncated = text(&server, "/truncated");
    assert!(truncated.contains("Content-Length: 10") && truncated.ends_with("\r\n\r\n0123"), "{truncated}");
    let lie = text(&server, "/lie");
    assert!(lie.contains("Content-Length: 20") && lie.ends_with("\r\n\r\n0123456789"), "{lie}");
    assert!(text(&server, "/chunk").ends_with("\r\n\r\n4\r\n0123\r\n"));
    assert_eq!(text(&server, "/head"), "HTTP/1.1 200");
    assert_eq!(text(&server, "/none"), "");
    assert_eq!(ask(&server, "/reset").1, Some(ErrorKind::ConnectionReset));
    assert_eq!(ask(&server, "/rst"), (Vec::new(), Some(ErrorKind::ConnectionReset)));
}

#[test]
fn a_hanging_answer_ends_when_the_client_gives_up() {
    let server = Server::start(|request| match request.path() {
        "/silent" => Response::text("never").never_answer(),
        _ => Response::text("never").hang_after_headers(),
    });
    for (number, path) in ["/silent", "/half"].into_iter().enumerate() {
        let mut stream = Plain::connect(server.addr()).unwrap();
        write!(stream, "GET {path} HTTP/1.1\r\nHost: h\r\n\r\n").unwrap();
        assert!(server.wait_for_hits(number + 1, Duration::from_secs(20)));
        let mut head = [0; 8];
        match path {
            "/half" => assert_eq!(stream.read_exact(&mut head).map(|()| head).unwrap(), *b"HTTP/1.1"),
            _ => assert_eq!(server.log()[number].ended, None),
        }
    }
    while server.open_connections() > 0 {
        std::thread::yield_now();
    }
    assert!(server.log().iter().all(|hit| hit.ended.is_some()));
}

#[test]
fn a_connection_is_kept_alive_and_then_closed_without_notice() {
    let server =
        Server::start(|request| Response::text(request.nth_on_connection.to_string()).close_after(2));
    let mut stream = Plain::connect(server.addr()).unwrap();
    stream.write_all(b"GET /1 HTTP/1.1\r\nHost: h\r\n\r\nGET /2 HTTP/1.1\r\nHost: h\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert_eq!(answer.matches("HTTP/1.1 200").count(), 2, "{answer}");
    assert!(!answer.to_lowercase().contains("connection: close"), "{answer}");
    assert_eq!(server.log().iter().map(|hit| hit.connection).collect::<Vec<_>>(), [1, 1]);
}

#[test]
fn requests_of_one_host_that_overlap_are_counted_and_wait_behind_their_gate() {
    let gate = Gate::closed();
    let door = gate.clone();
    let server = Server::start(move |_| Response::text("through").behind(&door).close());
    let open: Vec<_> = (0..3)
        .map(|count| {
            let mut stream = Plain::connect(server.addr()).unwrap();
            stream.write_all(b"GET / HTTP/1.1\r\nHost: one.test\r\n\r\n").unwrap();
            assert!(server.wait_for_hits(count + 1, Duration::from_secs(20)));
            stream
        })
        .collect();
    assert_eq!((server.most_in_flight("one.test"), server.most_in_flight("two.test")), (3, 0));
    assert_eq!(server.open_requests(), 3);
    gate.open();
    for mut stream in open {
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        assert!(answer.ends_with("through"));
    }
    assert_eq!(server.open_requests(), 0);
}

#[test]
fn a_host_never_looks_busier_to_the_log_than_its_client_was() {
    let server = Server::start(|request| match request.path() {
        "/chunked" => Response::text("abc").chunked(),
        "/closing" => Response::text("abc").until_close(),
        "/long" => Response::text("").size(3 << 20),
        _ => Response::text("abc"),
    });
    for path in ["/chunked", "/closing", "/long", "/plain"].repeat(50) {
        text(&server, path);
    }
    assert_eq!(server.most_in_flight(&server.addr().to_string()), 1);
}

#[test]
fn a_described_body_without_framing_ends_by_closing() {
    let server =
        Server::start(|_| Response::text("").described(crate::Body::endless("", b"x")).truncate_at(10));
    let answer = text(&server, "/");
    assert!(answer.ends_with("\r\n\r\nxxxxxxxxxx") && answer.contains("Connection: close"), "{answer}");
}

#[test]
fn visits_are_counted_by_target() {
    let server = Server::start(|request| Response::text(request.visit.to_string()));
    let visits: Vec<_> = ["/a", "/a", "/b", "/a?x"]
        .iter()
        .map(|target| text(&server, target).chars().next_back().unwrap())
        .collect();
    assert_eq!(visits, ['1', '2', '1', '1']);
    assert_eq!(server.hits_on("/a"), 3);
}

#[test]
fn a_panic_in_the_site_surfaces_when_the_server_is_dropped() {
    let server = Server::start(|_| panic!("the site is broken"));
    assert_eq!(ask(&server, "/"), (Vec::new(), None));
    let cause = catch_unwind(AssertUnwindSafe(move || drop(server))).unwrap_err();
    assert_eq!(cause.downcast_ref::<&str>(), Some(&"the site is broken"));
}

#[tokio::test]
async fn it_serves_an_async_test_whose_clock_is_its_own() {
    let server = Server::start(|_| Response::text("hello").delay_first_byte(Duration::from_millis(1)));
    let mut stream = TcpStream::connect(server.addr()).await.unwrap();
    stream.write_all(b"GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n").await.unwrap();
    server.hits_reach(1).await;
    let mut answer = String::new();
    tokio::io::AsyncReadExt::read_to_string(&mut stream, &mut answer).await.unwrap();
    assert!(answer.ends_with("hello"));
}

#[test]
fn dropping_the_server_frees_its_port() {
    let server = Server::start(|_| Response::text("first"));
    let addr = server.addr();
    assert!(text(&server, "/").ends_with("first"));
    drop(server);
    assert!(Plain::connect(addr).is_err());
    let again = Server::start_on(addr, |_| Response::text("second")).unwrap();
    assert!(text(&again, "/").ends_with("second"));
}
