//! How exchanges end before their time, seen from the other side: what a phase that timed out leaves behind, and
//! what becomes of a connection whose body nobody wants any more, with servers that others wrote.

use std::time::Duration;

use lycosa::error::{ErrorKind, Phase};
use lycosa::fetch::{Client, ClientOptions, HttpVersion, Timeouts};
use lycosa::model::Fetch as _;
use lycosa_testkit::daemon;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::sync::mpsc;

use crate::fetch_client::{assert_nothing_open, get, options, text};
use crate::fetch_server::{Server, read_head};
use crate::fetch_tunnels::{endless_http2_server, https};

/// Bytes of a body that no buffer holds.
const LARGE: usize = 8 << 20;
const SMALL: &str = "a small page";

/// Says these bytes after the head of a request (at once when there is none to wait for), then nothing, and tells when
/// the client is gone.
async fn silent(asks: bool, says: &'static [u8]) -> (Server, mpsc::UnboundedReceiver<()>) {
    let (tell, told) = mpsc::unbounded_channel();
    let server = Server::each(move |mut stream, _| {
        let tell = tell.clone();
        async move {
            if asks {
                read_head(&mut stream).await;
            }
            stream.write_all(says).await.unwrap();
            // The end, or a reset: either way the socket is closed.
            let _ = stream.read_to_end(&mut Vec::new()).await;
            tell.send(()).unwrap();
        }
    })
    .await;
    (server, told)
}

#[tokio::test]
async fn a_phase_that_timed_out_has_closed_its_socket() {
    let soon = Duration::from_millis(60);
    let long = Duration::from_secs(60);
    let none = Timeouts { dns: long, connect: long, tls: long, first_byte: long, idle: long, total: long };
    let part = b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\npart";
    let cases: [(Phase, Timeouts, &str, &[u8]); 5] = [
        (Phase::Tls, Timeouts { tls: soon, ..none }, "https", b""),
        (Phase::FirstByte, Timeouts { first_byte: soon, ..none }, "http", b""),
        (Phase::Idle, Timeouts { idle: soon, ..none }, "http", part),
        (Phase::Total, Timeouts { total: soon, ..none }, "http", part),
        (Phase::Total, Timeouts { total: soon, ..none }, "https", b""),
    ];
    for (phase, timeouts, scheme, says) in cases {
        let (server, mut closed) = silent(scheme == "http", says).await;
        let options = ClientOptions { timeouts, ..options() };
        let ledger = options.ledger.clone();
        let client = Client::new(options).unwrap();
        let url = server.url("/").replace("http:", &format!("{scheme}:"));
        let error = match client.fetch(get(&url)).await {
            Err(error) => error,
            Ok(response) => response.body.read().await.1.error.unwrap(),
        };
        assert_eq!((error.kind(), error.phase()), (ErrorKind::Timeout, Some(phase)), "{error}");
        assert_eq!((error.limit(), error.url()), (Some(soon), Some(url.as_str())), "{error}");
        assert!(error.elapsed() >= Some(soon), "{error}");
        closed.recv().await.unwrap();
        assert_nothing_open(&ledger);
    }
}

/// nginx with a small page and a large file.
fn nginx(folder: &std::path::Path, listen: &str) -> Option<daemon::Daemon> {
    let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    let large = "x".repeat(LARGE);
    let files = [
        ("index.html", SMALL),
        ("large", &large),
        ("key.pem", &made.signing_key.serialize_pem()),
        ("cert.pem", &made.cert.pem()),
    ];
    for (name, text) in files {
        std::fs::write(folder.join(name), text).unwrap();
    }
    let place = folder.display();
    let tls = format!("ssl_certificate {place}/cert.pem;\nssl_certificate_key {place}/key.pem;");
    daemon::nginx(
        folder,
        &format!(
            "listen LISTEN {listen};\nroot {place};\n{}",
            if listen.contains("ssl") { tls } else { String::new() }
        ),
    )
}

fn speaking(http_version: HttpVersion) -> ClientOptions {
    let mut options = options();
    (options.http_version, options.tls.insecure) = (http_version, true);
    options
}

#[tokio::test]
async fn of_nginx_a_small_rest_is_taken_and_a_large_one_costs_its_connection() {
    let folder = tempfile::tempdir().unwrap();
    let Some(server) = nginx(folder.path(), "") else { return };
    let options = speaking(HttpVersion::Http1);
    let ledger = options.ledger.clone();
    let client = Client::new(options).unwrap();
    let mut connections = Vec::new();
    for path in ["/", "/", "/", "/large", "/", "/large", "/"] {
        let mut response = client.fetch(get(&format!("http://{}{path}", server.address))).await.unwrap();
        connections.push(response.facts.connection);
        if path == "/large" {
            assert!(response.body.chunk().await.unwrap().is_some());
        }
        drop(response);
    }
    assert_eq!(connections, [1, 1, 1, 1, 2, 2, 3]);
    client.close().await;
    assert_nothing_open(&ledger);
}

#[tokio::test]
async fn of_nginx_over_http2_a_body_nobody_wants_costs_its_stream_alone() {
    let folder = tempfile::tempdir().unwrap();
    let Some(server) = nginx(folder.path(), "ssl http2") else { return };
    let options = speaking(HttpVersion::RequireH2);
    let ledger = options.ledger.clone();
    let client = Client::new(options).unwrap();
    for turn in 1..=40 {
        let path = if turn % 4 == 0 { "/" } else { "/large" };
        let url = format!("https://{}{path}", server.address);
        let mut response = client.fetch(get(&url)).await.unwrap();
        assert_eq!((response.facts.connection, response.facts.request_on_connection), (1, turn));
        match path {
            "/" => assert_eq!(text(response).await, SMALL, "the streams before it took no room for good"),
            _ if turn % 2 == 0 => assert!(response.body.chunk().await.unwrap().is_some()),
            _ => {}
        }
    }
    client.close().await;
    assert_nothing_open(&ledger);
}

#[tokio::test]
async fn the_stream_of_a_dropped_http2_body_is_reset_while_its_connection_lives() {
    let (server, mut reset) = endless_http2_server().await;
    let client = Client::new(speaking(HttpVersion::RequireH2)).unwrap();
    for turn in 1..=3 {
        let mut response = client.fetch(get(&https(&server, "/endless"))).await.unwrap();
        assert_eq!((response.facts.connection, response.facts.request_on_connection), (1, turn));
        assert!(response.body.chunk().await.unwrap().is_some());
        assert!(reset.try_recv().is_err(), "it is still wanted");
        drop(response);
        reset.recv().await.unwrap();
    }
    assert_eq!(server.accepted(), 1);
    client.close().await;
}
