//! Stories of servers that misbehave: silence, half answers, endless answers, lies about lengths, bombs.
//!
//! Each ends in a typed failure with its phase and leaves nothing open. The limits are short so that the tests
//! are; no test asserts how long something took.

use std::time::Duration;

use lycosa::error::{Error, ErrorKind, Phase};
use lycosa::fetch::{Client, Timeouts};
use lycosa::ledger::{Ledger, Resource};
use lycosa::model::{Exchange, Fetch as _};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use crate::fetch_client::{assert_nothing_open, get, options, text};
use crate::fetch_server::{Server, ok, read_head, with_headers};

/// A client whose limits pass soon, and its ledger.
fn impatient() -> (Client, Ledger) {
    let mut options = options();
    let soon = Duration::from_millis(60);
    options.timeouts =
        Timeouts { connect: soon, tls: soon, first_byte: soon, idle: soon, ..options.timeouts };
    let ledger = options.ledger.clone();
    (Client::new(options).unwrap(), ledger)
}

/// What an exchange failed with, and the part of the body that came before.
async fn failure(client: &Client, exchange: Exchange) -> (Error, Vec<u8>) {
    match client.fetch(exchange).await {
        Err(error) => (error, Vec::new()),
        Ok(response) => {
            let (part, end) = response.body.read().await;
            (end.error.expect("it must fail"), part.to_vec())
        }
    }
}

async fn assert_fails(answer: impl Into<Vec<u8>>, kind: ErrorKind, phase: Phase, part: &[u8]) {
    let server = Server::closing_after(answer).await;
    let (client, ledger) = impatient();
    let (error, kept) = failure(&client, get(&server.url("/"))).await;
    assert_eq!((error.kind(), error.phase()), (kind, Some(phase)), "{error}");
    assert_eq!(kept, part);
    assert_eq!(error.url(), Some(server.url("/").as_str()));
    assert_nothing_open(&ledger);
}

/// Sends the beginning and then nothing, until the client goes.
async fn stalling_after(beginning: &'static [u8]) -> Server {
    Server::each(move |mut stream, _| async move {
        read_head(&mut stream).await;
        stream.write_all(beginning).await.unwrap();
        let _ = stream.read_to_end(&mut Vec::new()).await;
    })
    .await
}

#[tokio::test]
async fn a_server_that_accepts_and_says_nothing_fails_in_the_first_byte_phase() {
    for beginning in [&b""[..], b"HTTP/1.1 200 OK\r\nContent-Le"] {
        let server = stalling_after(beginning).await;
        let (client, ledger) = impatient();
        let (error, _) = failure(&client, get(&server.url("/"))).await;
        assert_eq!((error.kind(), error.phase()), (ErrorKind::Timeout, Some(Phase::FirstByte)));
        assert_eq!(error.limit(), Some(Duration::from_millis(60)));
        assert!(error.elapsed().unwrap() >= Duration::from_millis(60));
        assert_nothing_open(&ledger);
    }
}

#[tokio::test]
async fn a_body_that_stalls_fails_in_the_idle_phase_and_keeps_its_part() {
    let server = stalling_after(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nfirst").await;
    let (client, ledger) = impatient();
    let (error, part) = failure(&client, get(&server.url("/"))).await;
    assert_eq!((error.kind(), error.phase()), (ErrorKind::Timeout, Some(Phase::Idle)));
    assert_eq!(part, b"first");
    assert_nothing_open(&ledger);
}

#[tokio::test]
async fn a_body_that_drips_fails_in_the_total_phase() {
    let server = Server::each(|mut stream, _| async move {
        read_head(&mut stream).await;
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await;
        while stream.write_all(b"x").await.is_ok() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    })
    .await;
    let mut options = options();
    options.timeouts.total = Duration::from_millis(120);
    let ledger = options.ledger.clone();
    let client = Client::new(options).unwrap();
    let (error, part) = failure(&client, get(&server.url("/"))).await;
    assert_eq!((error.kind(), error.phase()), (ErrorKind::Timeout, Some(Phase::Total)));
    assert!(!part.is_empty());
    assert_nothing_open(&ledger);
}

#[tokio::test]
async fn a_tls_handshake_that_stalls_fails_in_the_tls_phase() {
    let server = Server::each(|mut stream, _| async move {
        let _ = stream.read_to_end(&mut Vec::new()).await;
    })
    .await;
    let (client, ledger) = impatient();
    let (error, _) = failure(&client, get(&server.url("/").replace("http://", "https://"))).await;
    assert_eq!((error.kind(), error.phase()), (ErrorKind::Timeout, Some(Phase::Tls)));
    assert_nothing_open(&ledger);
}

#[tokio::test]
async fn a_port_where_nobody_listens_fails_in_the_connect_phase() {
    let gone = {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        listener.local_addr().unwrap()
    };
    let (client, ledger) = impatient();
    let (error, _) = failure(&client, get(&format!("http://{gone}/"))).await;
    assert_eq!((error.kind(), error.phase()), (ErrorKind::Connect, Some(Phase::Connect)));
    assert!(error.to_string().contains(&gone.to_string()), "{error}");
    assert_nothing_open(&ledger);
}

#[tokio::test]
async fn answers_that_break_off_keep_their_part() {
    let cut = ErrorKind::Disconnected;
    assert_fails("", cut, Phase::FirstByte, b"").await;
    assert_fails("HTTP/1.1 200 OK\r\nContent-", cut, Phase::FirstByte, b"").await;
    assert_fails("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf", cut, Phase::Idle, b"half").await;
    let chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
    assert_fails(format!("{chunked}4\r\nhalf\r\n"), cut, Phase::Idle, b"half").await;
    assert_fails(format!("{chunked}9\r\nhalf"), cut, Phase::Idle, b"half").await;
}

#[tokio::test]
async fn answers_that_are_not_http_are_called_so() {
    for answer in [
        "SSH-2.0-OpenSSH_9.2\r\n\r\n",
        "<html>\r\n\r\n",
        "HTTP/1.1 2x0 OK\r\n\r\n",
        "\0\0\0\0\0\0\0\0\r\n\r\n",
    ] {
        assert_fails(answer, ErrorKind::Protocol, Phase::FirstByte, b"").await;
    }
}

#[tokio::test]
async fn a_head_beyond_its_limits_is_refused() {
    let many: String = (0..300).map(|n| format!("X-{n}: 1\r\n")).collect();
    assert_fails(with_headers(&many, "x"), ErrorKind::TooLarge, Phase::FirstByte, b"").await;
    let long = format!("X-Long: {}\r\n", "y".repeat(300 << 10));
    assert_fails(with_headers(&long, "x"), ErrorKind::TooLarge, Phase::FirstByte, b"").await;
    let server = Server::answering(with_headers(&many[..2_000], "x")).await;
    let (client, _) = impatient();
    assert_eq!(text(client.fetch(get(&server.url("/"))).await.unwrap()).await, "x", "200 fields are fine");
}

#[tokio::test]
async fn a_body_declared_larger_than_the_limit_is_not_read_at_all() {
    let server = stalling_after(b"HTTP/1.1 200 OK\r\nContent-Length: 2147483648\r\n\r\n").await;
    let (client, ledger) = impatient();
    let (error, _) = failure(&client, get(&server.url("/"))).await;
    assert_eq!(error.kind(), ErrorKind::TooLarge);
    assert!(error.message().contains("2147483648"), "{error}");
    assert_nothing_open(&ledger);
}

#[tokio::test]
async fn an_endless_body_stops_at_the_wire_limit() {
    let server = Server::each(|mut stream, _| async move {
        read_head(&mut stream).await;
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await;
        while stream.write_all(&[b'x'; 4096]).await.is_ok() {}
    })
    .await;
    let (client, ledger) = impatient();
    let mut exchange = get(&server.url("/"));
    exchange.limits.wire = 1_000_000;
    let (error, part) = failure(&client, exchange).await;
    assert_eq!((error.kind(), part.len()), (ErrorKind::TooLarge, 1_000_000));
    assert_nothing_open(&ledger);
}

#[tokio::test]
async fn a_bomb_stops_at_the_ratio_and_the_connection_is_given_up() {
    let bomb = zstd::encode_all(&vec![0; 32 << 20][..], 19).unwrap();
    let server = Server::answering(with_headers("Content-Encoding: zstd\r\n", &bomb)).await;
    let (client, ledger) = impatient();
    let (error, part) = failure(&client, get(&server.url("/"))).await;
    assert_eq!((error.kind(), error.phase()), (ErrorKind::TooLarge, Some(Phase::Decode)));
    assert!(part.len() < 2 << 20, "{}", part.len());
    assert_nothing_open(&ledger);
}

#[tokio::test]
async fn a_coding_that_is_unknown_or_cut_off_leaves_the_head_readable() {
    for (coding, body) in [("sdch", &b"????"[..]), ("gzip", b"\x1f\x8b\x08\0"), ("gzip", b"<html>")] {
        let server = Server::answering(with_headers(&format!("Content-Encoding: {coding}\r\n"), body)).await;
        let (client, ledger) = impatient();
        let response = client.fetch(get(&server.url("/"))).await.unwrap();
        assert_eq!(response.status, 200);
        let (_, end) = response.body.read().await;
        assert_eq!(end.error.unwrap().kind(), ErrorKind::Decompression);
        client.close().await;
        assert_nothing_open(&ledger);
    }
}

#[tokio::test]
async fn a_connection_that_the_server_closed_while_idle_is_replaced_unnoticed() {
    let (closed, mut was_closed) = tokio::sync::mpsc::channel(1);
    let server = Server::each(move |mut stream, _| {
        let closed = closed.clone();
        async move {
            read_head(&mut stream).await;
            stream.write_all(&ok("once")).await.unwrap();
            drop(stream);
            closed.send(()).await.unwrap();
        }
    })
    .await;
    let (client, ledger) = impatient();
    for connection in 1..=20 {
        let response = client.fetch(get(&server.url("/"))).await.unwrap();
        assert_eq!((response.facts.connection, response.facts.request_on_connection), (connection, 1));
        assert_eq!(text(response).await, "once");
        was_closed.recv().await.unwrap();
    }
    client.close().await;
    assert_nothing_open(&ledger);
}

#[tokio::test]
async fn a_request_that_may_have_been_received_is_never_sent_again() {
    let requests = std::sync::Arc::new(std::sync::atomic::AtomicUsize::new(0));
    let count = requests.clone();
    let server = Server::each(move |mut stream, _| {
        let count = count.clone();
        async move {
            read_head(&mut stream).await;
            stream.write_all(&ok("once")).await.unwrap();
            // The second request is read, and then the connection dies without an answer.
            if read_head(&mut stream).await.is_some() {
                count.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
            }
        }
    })
    .await;
    let (client, ledger) = impatient();
    text(client.fetch(get(&server.url("/"))).await.unwrap()).await;
    let (error, _) = failure(&client, get(&server.url("/"))).await;
    assert_eq!((error.kind(), error.phase()), (ErrorKind::Disconnected, Some(Phase::FirstByte)));
    assert_eq!((requests.load(std::sync::atomic::Ordering::SeqCst), server.accepted()), (1, 1));
    client.close().await;
    assert_nothing_open(&ledger);
}

#[tokio::test]
async fn bodies_dropped_early_leave_nothing_open() {
    let server = stalling_after(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nfirst").await;
    let (client, ledger) = impatient();
    for read_first in [false, true] {
        let mut response = client.fetch(get(&server.url("/"))).await.unwrap();
        if read_first {
            assert_eq!(response.body.chunk().await.unwrap().unwrap(), "first");
        }
        assert_eq!(ledger.count(Resource::Bodies), 1);
        drop(response);
        assert_nothing_open(&ledger);
    }
}

#[tokio::test]
async fn a_small_rest_that_is_already_there_does_not_cost_the_connection() {
    let server = Server::answering(ok("a short page")).await;
    let (client, ledger) = impatient();
    for _ in 0..10 {
        drop(client.fetch(get(&server.url("/"))).await.unwrap());
    }
    assert_eq!((server.accepted(), ledger.connections()), (1, 1));
}

#[tokio::test]
async fn an_exchange_dropped_at_any_moment_leaves_nothing_open() {
    // Every poll is one moment: the exchange is dropped after one more of them each time, until it comes through.
    let server = Server::each(|mut stream, _| async move {
        stream.set_nodelay(true).unwrap();
        read_head(&mut stream).await;
        let answer = with_headers("Connection: close\r\n", "x".repeat(5_000));
        for piece in answer.chunks(500) {
            if stream.write_all(piece).await.is_err() {
                return;
            }
            for _ in 0..10 {
                tokio::task::yield_now().await;
            }
        }
    })
    .await;
    let (client, ledger) = impatient();
    for polls in 1..1_000 {
        let url = server.url("/").replace("127.0.0.1", "localhost");
        let mut exchange = get(&url);
        exchange.policy = crate::fetch_client::loopback();
        let mut whole = Box::pin(async { client.fetch(exchange).await.unwrap().body.read().await });
        let mut left = polls;
        let ended = std::future::poll_fn(|cx| {
            left -= 1;
            match whole.as_mut().poll(cx) {
                std::task::Poll::Ready(_) => std::task::Poll::Ready(true),
                std::task::Poll::Pending if left == 0 => std::task::Poll::Ready(false),
                std::task::Poll::Pending => std::task::Poll::Pending,
            }
        })
        .await;
        drop(whole);
        assert_nothing_open(&ledger);
        if ended {
            assert!(polls > 3, "there were moments in between: {polls}");
            return;
        }
    }
    panic!("it never came through");
}
