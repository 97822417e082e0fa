//! Real and broken answers over a pipe: read in pieces of every size, and beside hyper's own client as the oracle.

use std::future::poll_fn;
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use http::header::{HeaderName, HeaderValue};
use http::{HeaderMap, Method, Request, StatusCode, Version};
use http_body_util::{BodyExt as _, Empty};
use hyper_util::rt::TokioIo;
use proptest::prelude::*;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream, duplex};

use super::{Failure, HeadLimits, Http1};

const LIMITS: HeadLimits = HeadLimits { bytes: 64 << 10, fields: 256 };

/// What an answer came to: status, fields, body, and whether all of that was whole.
#[derive(Debug, PartialEq, Eq)]
struct Answer {
    status: u16,
    fields: Vec<(String, Vec<u8>)>,
    body: Vec<u8>,
    whole: bool,
}

fn fields_of(headers: &HeaderMap) -> Vec<(String, Vec<u8>)> {
    headers.iter().map(|(name, value)| (name.to_string(), value.as_bytes().to_vec())).collect()
}

fn get<S: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin>(line: &mut Http1<S>, method: &Method) {
    line.begin(|out| {
        out.line(method, &["/page?x=1"], "host.example");
        out.fields(&HeaderMap::from_iter([(
            HeaderName::from_static("user-agent"),
            HeaderValue::from_static("test"),
        )]));
        out.end(&Bytes::new());
    });
}

/// Answers the one request on a pipe with these bytes, in pieces of this size, and closes it.
fn answering(mut server: DuplexStream, answer: Vec<u8>, piece: usize) -> tokio::task::JoinHandle<()> {
    tokio::spawn(async move {
        let mut request = Vec::new();
        while !request.ends_with(b"\r\n\r\n") {
            if server.read_buf(&mut request).await.unwrap_or(0) == 0 {
                return;
            }
        }
        for piece in answer.chunks(piece.max(1)) {
            if server.write_all(piece).await.is_err() {
                return;
            }
            tokio::task::yield_now().await;
        }
    })
}

async fn read_body<S>(line: &mut Http1<S>) -> (Vec<u8>, Option<Failure>)
where
    S: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin,
{
    let mut body = Vec::new();
    loop {
        match poll_fn(|cx| line.poll_data(cx)).await {
            Some(Ok(data)) => body.extend_from_slice(&data),
            Some(Err(failure)) => return (body, Some(failure)),
            None => return (body, None),
        }
    }
}

async fn ours(answer: &[u8], piece: usize, method: &Method) -> Result<Answer, Failure> {
    let (client, server) = duplex(1 << 16);
    let serving = answering(server, answer.to_vec(), piece);
    let mut line = Http1::new(client, LIMITS);
    get(&mut line, method);
    let head = poll_fn(|cx| line.poll_head(cx)).await;
    let read = match head {
        Err(failure) => Err(failure),
        Ok(head) => {
            let (body, failure) = read_body(&mut line).await;
            let (status, fields) = (head.status.as_u16(), fields_of(&head.headers));
            Ok(Answer { status, fields, body, whole: failure.is_none() })
        }
    };
    drop(line);
    serving.await.unwrap();
    read
}

async fn hypers(answer: &[u8], piece: usize, method: &Method) -> Option<Answer> {
    let (client, server) = duplex(1 << 16);
    let serving = answering(server, answer.to_vec(), piece);
    let (mut sender, connection) = hyper::client::conn::http1::Builder::new()
        .allow_obsolete_multiline_headers_in_responses(true)
        .allow_spaces_after_header_name_in_responses(true)
        .ignore_invalid_headers_in_responses(true)
        .handshake(TokioIo::new(client))
        .await
        .unwrap();
    let driving = tokio::spawn(connection);
    let mut request = Request::new(Empty::<Bytes>::new());
    *request.method_mut() = method.clone();
    request.headers_mut().insert("host", HeaderValue::from_static("host.example"));
    let answer = match sender.send_request(request).await {
        Err(_) => None,
        Ok(response) => {
            let (parts, mut incoming) = response.into_parts();
            let (mut body, mut whole) = (Vec::new(), true);
            while let Some(frame) = incoming.frame().await {
                match frame {
                    Ok(frame) => body.extend_from_slice(&frame.into_data().unwrap_or_default()),
                    Err(_) => whole = false,
                }
            }
            let (status, fields) = (parts.status.as_u16(), fields_of(&parts.headers));
            Some(Answer { status, fields, body, whole })
        }
    };
    drop(sender);
    driving.abort();
    serving.abort();
    answer
}

#[tokio::test]
async fn an_answer_is_read_whole_whatever_the_pieces_it_comes_in() {
    let cases: [(&str, &str, &[u8]); 8] = [
        ("by length", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", b"hello"),
        ("to the end", "HTTP/1.0 200 OK\r\n\r\nhello", b"hello"),
        (
            "in chunks",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3;x=1\r\nllo\r\n0\r\nt: 1\r\n\r\n",
            b"hello",
        ),
        (
            "chunks win",
            "HTTP/1.1 200 OK\r\nContent-Length: 9\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
            b"hello",
        ),
        (
            "after an interim answer",
            "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello",
            b"hello",
        ),
        ("after a line too many", "\r\nHTTP/1.1 200\r\nContent-Length: 5\r\n\r\nhello", b"hello"),
        ("bare line feeds", "HTTP/1.1 200 OK\nTransfer-Encoding: chunked\n\n5\nhello\n0\n\n", b"hello"),
        (
            "the same length twice",
            "HTTP/1.1 200 OK\r\nContent-Length: 5, 5\r\nContent-Length: 5\r\n\r\nhello",
            b"hello",
        ),
    ];
    for (name, answer, body) in cases {
        for piece in 1..=answer.len() {
            let read = ours(answer.as_bytes(), piece, &Method::GET).await.unwrap();
            assert_eq!(
                (read.status, &*read.body, read.whole),
                (200, body, true),
                "{name}, pieces of {piece}"
            );
        }
    }
}

#[tokio::test]
async fn some_answers_have_no_body_whatever_they_declare() {
    let head = |status: &str| format!("HTTP/1.1 {status}\r\nContent-Length: 5\r\n\r\n").into_bytes();
    for (method, status) in [(Method::HEAD, "200 OK"), (Method::GET, "204 None"), (Method::GET, "304 Same")] {
        let read = ours(&head(status), 7, &method).await.unwrap();
        assert_eq!((read.body.len(), read.whole), (0, true), "{method} {status}");
    }
}

#[tokio::test]
async fn folded_and_odd_fields_are_read_as_browsers_read_them() {
    let answer = "HTTP/1.1  200  OK\r\nX-Long: one\r\n\ttwo\r\n  three\r\nX-Space : a\r\nno colon here\r\n\
                  X-Latin: caf\u{e9}\r\nX-Empty:\r\nSet-Cookie: a=1\r\nset-cookie: b=2\r\nContent-Length: 0\r\n\r\n";
    let latin: Vec<u8> = answer.chars().map(|char| u8::try_from(u32::from(char)).unwrap()).collect();
    let read = ours(&latin, 1000, &Method::GET).await.unwrap();
    let fields: Vec<_> = read.fields.iter().map(|(name, value)| (&**name, &**value)).collect();
    let wanted: [(&str, &[u8]); 7] = [
        ("x-long", b"one two three"),
        ("x-space", b"a"),
        ("x-latin", b"caf\xe9"),
        ("x-empty", b""),
        ("set-cookie", b"a=1"),
        ("set-cookie", b"b=2"),
        ("content-length", b"0"),
    ];
    assert_eq!(fields, wanted);
}

#[tokio::test]
async fn what_cannot_be_trusted_is_refused_by_name() {
    let chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
    let heads = [
        ("SSH-2.0-OpenSSH_9.2\r\n".to_owned(), "Malformed"),
        ("HTTP/2 200\r\n\r\n".to_owned(), "Malformed"),
        ("HTTP/1.1 2x0 OK\r\n\r\n".to_owned(), "Malformed"),
        ("HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n".to_owned(), "Malformed"),
        ("HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n".to_owned(), "Malformed"),
        ("HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\n".to_owned(), "Malformed"),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n".to_owned(), "Malformed"),
        ("HTTP/1.1 200 OK\r\nX: half a head".to_owned(), "Incomplete"),
        ("HTTP/1.1 100 Go on\r\n\r\n".repeat(40), "Malformed"),
        (format!("HTTP/1.1 200 OK\r\nX: {}\r\n\r\n", "x".repeat(LIMITS.bytes)), "TooLarge"),
        (format!("HTTP/1.1 200 OK\r\nX: {}", "x".repeat(LIMITS.bytes)), "TooLarge"),
        (format!("HTTP/1.1 200 OK\r\n{}\r\n", "a: b\r\n".repeat(LIMITS.fields + 1)), "TooLarge"),
    ];
    for (answer, kind) in heads {
        let failure = ours(answer.as_bytes(), 4096, &Method::GET).await.unwrap_err();
        let shown = format!("{failure:?}");
        assert!(shown.starts_with(kind), "{:?}: {shown}", &answer[..answer.len().min(60)]);
    }
    let many =
        format!("HTTP/1.1 200 OK\r\n{}Content-Length: 0\r\n\r\n", "a: b\r\n".repeat(LIMITS.fields - 1));
    assert_eq!(ours(many.as_bytes(), 4096, &Method::GET).await.unwrap().fields.len(), LIMITS.fields);
    let bodies = [
        "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhello".to_owned(),
        format!("{chunked}5\r\nhello\r\n"),
        format!("{chunked}5\r\nhel"),
        format!("{chunked}5\r\nhello12\r\n0\r\n\r\n"),
        format!("{chunked}5\r\nhello\r\nx\r\n"),
        format!("{chunked}5\r\nhello\r\n\r\n"),
        format!("{chunked}5\r\nhello\r\r\r\n0\r\n\r\n"),
        format!("{chunked}5\r\nhello\r\n{}\r\n\r\n", "0".repeat(5000)),
        format!("{chunked}5\r\nhello\r\nffffffffffffffffff\r\n"),
        format!("{chunked}5\r\nhello\r\n1;{}\r\n", "e".repeat(20 << 10)),
        format!("{chunked}5\r\nhello\r\n0\r\n{}", "t: 1\r\n".repeat(LIMITS.bytes)),
    ];
    for answer in bodies {
        let read = ours(answer.as_bytes(), 4096, &Method::GET).await.unwrap();
        let name = &answer[..answer.len().min(80)];
        assert!(
            b"hello".starts_with(&read.body) && read.body.len() >= 3 && !read.whole,
            "{name:?}: {read:?}"
        );
    }
}

/// A server that reads a request and answers it, as often as asked; the answers are given in turn.
fn in_turn(mut server: DuplexStream, answers: Vec<&'static str>) -> tokio::task::JoinHandle<Vec<u8>> {
    tokio::spawn(async move {
        let mut requests = Vec::new();
        for answer in answers {
            let before = requests.len();
            while !requests[before..].ends_with(b"\r\n\r\n") {
                if server.read_buf(&mut requests).await.unwrap() == 0 {
                    return requests;
                }
            }
            server.write_all(answer.as_bytes()).await.unwrap();
        }
        requests
    })
}

#[tokio::test]
async fn a_connection_is_used_again_exactly_when_both_sides_keep_it() {
    let cases = [
        ("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", true),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n", true),
        ("HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 2\r\n\r\nok", true),
        ("HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok", false),
        ("HTTP/1.1 200 OK\r\nConnection: Foo, Close\r\nContent-Length: 2\r\n\r\nok", false),
        ("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok and more", false),
        (
            "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n",
            false,
        ),
    ];
    for (answer, again) in cases {
        let (client, server) = duplex(1 << 16);
        let serving = in_turn(server, vec![answer, "HTTP/1.1 204 None\r\n\r\n"]);
        let mut line = Http1::new(client, LIMITS);
        get(&mut line, &Method::GET);
        poll_fn(|cx| line.poll_head(cx)).await.unwrap();
        assert!(!line.is_reusable(), "{answer:?}: its body was not read");
        assert_eq!(read_body(&mut line).await.0, b"ok", "{answer:?}");
        assert_eq!((line.is_idle(), line.is_reusable()), (again, again), "{answer:?}");
        get(&mut line, &Method::GET);
        let second = poll_fn(|cx| line.poll_head(cx)).await;
        match second {
            Ok(head) => assert!(again && head.status == StatusCode::NO_CONTENT, "{answer:?}"),
            Err(failure) => assert!(!again && matches!(failure, Failure::Unsent), "{answer:?}: {failure:?}"),
        }
        drop(line);
        let sent = String::from_utf8(serving.await.unwrap()).unwrap();
        assert_eq!(
            sent.matches("GET /page?x=1 HTTP/1.1\r\nhost: host.example\r\nuser-agent: test\r\n\r\n").count(),
            1 + usize::from(again)
        );
    }
}

#[tokio::test]
async fn an_idle_connection_that_was_closed_or_spoke_up_sends_nothing() {
    for farewell in ["", "HTTP/1.1 408 Too slow\r\nContent-Length: 0\r\n\r\n"] {
        let (client, mut server) = duplex(1 << 16);
        let mut line = Http1::new(client, LIMITS);
        get(&mut line, &Method::GET);
        server.write_all(b"HTTP/1.1 204 None\r\n\r\n").await.unwrap();
        poll_fn(|cx| line.poll_head(cx)).await.unwrap();
        let mut request = vec![0; 1024];
        let _first = server.read(&mut request).await.unwrap();
        server.write_all(farewell.as_bytes()).await.unwrap();
        server.shutdown().await.unwrap();
        get(&mut line, &Method::GET);
        let answer = poll_fn(|cx| line.poll_head(cx)).await;
        assert!(matches!(answer, Err(Failure::Unsent)), "{farewell:?}: {answer:?}");
        assert!(!line.is_idle());
        drop(line);
        assert_eq!(server.read(&mut request).await.unwrap(), 0, "{farewell:?}: nothing more was sent");
    }
}

#[tokio::test]
async fn an_answer_that_comes_before_the_request_is_read_is_heard_and_ends_the_connection() {
    let (client, mut server) = duplex(64);
    let mut line = Http1::new(client, LIMITS);
    line.begin(|out| {
        out.line(&Method::POST, &["/upload"], "host.example");
        out.end(&Bytes::from(vec![b'x'; 4096]));
    });
    let answer = async {
        let mut some = [0; 16];
        server.read_exact(&mut some).await.unwrap();
        server.write_all(b"HTTP/1.1 413 No\r\nContent-Length: 0\r\n\r\n").await.unwrap();
    };
    let (head, ()) = tokio::join!(poll_fn(|cx| line.poll_head(cx)), answer);
    assert_eq!(head.unwrap().status, StatusCode::PAYLOAD_TOO_LARGE);
    assert!(!line.is_reusable());
}

#[tokio::test]
async fn a_request_is_written_to_its_end_while_its_answer_comes() {
    let (client, mut server) = duplex(64);
    let mut line = Http1::new(client, LIMITS);
    line.begin(|out| {
        out.line(&Method::POST, &["/echo"], "host.example");
        out.end(&Bytes::from(vec![b'x'; 4096]));
    });
    // Answers at once, and goes on as it reads.
    let answer = async {
        server.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 4096\r\n\r\n").await.unwrap();
        let (mut seen, mut body) = (Vec::new(), 0);
        while body < 4096 {
            let read = server.read_buf(&mut seen).await.unwrap();
            assert!(read > 0, "the request ends after {body} bytes");
            let now = seen.iter().filter(|&&byte| byte == b'x').count().saturating_sub(1).min(4096);
            server.write_all(&vec![b'y'; now - body]).await.unwrap();
            body = now;
        }
    };
    let ask = async {
        poll_fn(|cx| line.poll_head(cx)).await.unwrap();
        read_body(&mut line).await
    };
    let ((body, failure), ()) = tokio::join!(ask, answer);
    assert!(body.len() == 4096 && failure.is_none(), "{} {failure:?}", body.len());
}

#[test]
fn nothing_is_sent_on_a_connection_that_is_busy() {
    let (client, _server) = duplex(1 << 16);
    let mut line = Http1::new(client, LIMITS);
    let mut quiet = Context::from_waker(Waker::noop());
    get(&mut line, &Method::GET);
    assert!(line.poll_head(&mut quiet).is_pending());
    get(&mut line, &Method::GET);
    assert!(matches!(line.poll_head(&mut quiet), Poll::Ready(Err(Failure::Unsent))));
}

/// A well-formed answer, as bytes.
fn well_formed() -> impl Strategy<Value = Vec<u8>> {
    let field =
        ("[a-z][a-z0-9-]{0,8}", "[ -~]{0,12}").prop_map(|(name, value)| format!("x-{name}: {value}\r\n"));
    let chunks = proptest::collection::vec(proptest::collection::vec(any::<u8>(), 1..40), 0..6);
    (
        proptest::collection::vec(field, 0..6),
        chunks,
        0..4_u8,
        prop_oneof![Just(200_u16), Just(404), Just(204)],
    )
        .prop_map(|(fields, chunks, framing, status)| {
            let body: Vec<u8> = chunks.concat();
            let version = if framing == 3 { "1.0" } else { "1.1" };
            let mut answer = format!("HTTP/{version} {status} Fine\r\n{}", fields.concat()).into_bytes();
            match framing {
                0 => {
                    answer.extend_from_slice(b"transfer-encoding: chunked\r\n\r\n");
                    for chunk in chunks.iter().filter(|_| status != 204) {
                        answer.extend_from_slice(format!("{:x}\r\n", chunk.len()).as_bytes());
                        answer.extend_from_slice(chunk);
                        answer.extend_from_slice(b"\r\n");
                    }
                    answer.extend_from_slice(if status == 204 { b"" } else { b"0\r\n\r\n" });
                }
                1 | 3 => {
                    answer.extend_from_slice(format!("content-length: {}\r\n\r\n", body.len()).as_bytes());
                    answer.extend_from_slice(if status == 204 { b"" } else { &body });
                }
                _ => {
                    answer.extend_from_slice(b"\r\n");
                    answer.extend_from_slice(if status == 204 { b"" } else { &body });
                }
            }
            answer
        })
}

fn run<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(work)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn well_formed_answers_are_read_as_hyper_reads_them(answer in well_formed(), piece in 1..200_usize) {
        let (own, oracle) = run(async {
            (ours(&answer, piece, &Method::GET).await, hypers(&answer, piece, &Method::GET).await)
        });
        prop_assert_eq!(own.ok(), oracle);
    }

    /// Cut anywhere, an answer is never taken for a whole one, and what came is what hyper got.
    #[test]
    fn an_answer_that_breaks_off_is_known_to(answer in well_formed(), cut in any::<prop::sample::Index>()) {
        let cut = &answer[..cut.index(answer.len())];
        let (own, oracle) = run(async {
            (ours(cut, 64, &Method::GET).await, hypers(cut, 64, &Method::GET).await)
        });
        prop_assert_eq!(own.ok(), oracle);
    }

    /// Damaged bytes end in an answer or a failure, never in a panic or a wait; where both clients see a whole
    /// answer they see the same body. `chunked,` is the exception: hyper takes the empty element for an unknown coding,
    /// which a recipient must ignore (RFC 9110 §5.6.1.2).
    #[test]
    fn damaged_answers_end(
        answer in well_formed(),
        damage in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
        piece in 1..200_usize,
    ) {
        let mut answer = answer;
        for (at, byte) in damage {
            let at = at.index(answer.len());
            answer[at] = byte;
        }
        let (own, oracle) = run(async {
            (ours(&answer, piece, &Method::GET).await, hypers(&answer, piece, &Method::GET).await)
        });
        let has_empty_element = answer.windows(8).any(|bytes| bytes == b"chunked,");
        if let (Ok(own), Some(oracle)) = (own, oracle)
            && own.whole && oracle.whole && !has_empty_element
        {
            prop_assert_eq!(own.body, oracle.body);
        }
    }
}

#[test]
fn the_version_is_told() {
    for (line, version) in [("HTTP/1.0 200 OK", Version::HTTP_10), ("HTTP/1.1 200 OK", Version::HTTP_11)] {
        let head = run(async {
            let (client, server) = duplex(1 << 16);
            let serving = answering(server, format!("{line}\r\n\r\n").into_bytes(), 1000);
            let mut http = Http1::new(client, LIMITS);
            get(&mut http, &Method::GET);
            let head = poll_fn(|cx| http.poll_head(cx)).await.unwrap();
            serving.await.unwrap();
            head
        });
        assert_eq!(head.version, version);
    }
}
