//! Stories of TLS and proxies: whom the client trusts, what it tells the proxy, what it keeps to itself.

use std::sync::Arc;

use lycosa::error::{ErrorKind, Phase};
use lycosa::fetch::{AddressGuard, Client, ClientOptions, HttpVersion, Proxy};
use lycosa::model::{Facts, Fetch as _};
use rustls_pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;

use crate::fetch_client::{assert_nothing_open, get, options, text};
use crate::fetch_server::{Server, ok, read_head};

/// What a TLS server for `localhost` and 127.0.0.1 accepts with, and its fresh certificate as PEM.
pub(crate) fn acceptor(alpn: &[&[u8]]) -> (TlsAcceptor, Vec<u8>) {
    let names = vec!["localhost".to_owned(), "127.0.0.1".to_owned()];
    let made = rcgen::generate_simple_self_signed(names).unwrap();
    let acceptor = accepting(alpn, made.cert.der().clone(), made.signing_key.serialize_der());
    (acceptor, made.cert.pem().into_bytes())
}

/// What a TLS server with this certificate and key accepts with.
fn accepting(alpn: &[&[u8]], certificate: CertificateDer<'static>, key: Vec<u8>) -> TlsAcceptor {
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key));
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate], key)
        .unwrap();
    config.alpn_protocols = alpn.iter().map(|name| name.to_vec()).collect();
    TlsAcceptor::from(Arc::new(config))
}

/// A TLS server that speaks HTTP/1, and its certificate.
pub(crate) async fn tls_server(alpn: &[&[u8]]) -> (Server, Vec<u8>) {
    let (acceptor, certificate) = acceptor(alpn);
    let server = Server::each(move |stream, _| {
        let acceptor = acceptor.clone();
        async move {
            let Ok(mut stream) = acceptor.accept(stream).await else { return };
            while read_head(&mut stream).await.is_some() {
                stream.write_all(&ok("over TLS")).await.unwrap();
            }
        }
    })
    .await;
    (server, certificate)
}

/// A server that speaks HTTP/2 alone: a short body, at `/endless` one that never ends, at `/fields` what it was sent.
pub(crate) async fn http2_server() -> Server {
    endless_http2_server().await.0
}

/// The same, telling when an endless body is not asked for any more.
pub(crate) async fn endless_http2_server() -> (Server, tokio::sync::mpsc::UnboundedReceiver<()>) {
    use http_body_util::{BodyExt as _, Full};
    use hyper::body::{Bytes, Frame, Incoming};
    type Boxed = http_body_util::combinators::BoxBody<Bytes, std::convert::Infallible>;

    struct Endless(tokio::sync::mpsc::UnboundedSender<()>);
    impl Drop for Endless {
        fn drop(&mut self) {
            let _nobody_listens = self.0.send(());
        }
    }
    impl hyper::body::Body for Endless {
        type Data = Bytes;
        type Error = std::convert::Infallible;
        fn poll_frame(
            self: std::pin::Pin<&mut Self>,
            _: &mut std::task::Context<'_>,
        ) -> std::task::Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
            std::task::Poll::Ready(Some(Ok(Frame::data(Bytes::from_static(&[b'x'; 1024])))))
        }
    }
    let acceptor = acceptor(&[b"h2"]).0;
    let (tell, told) = tokio::sync::mpsc::unbounded_channel();
    let server = Server::each(move |stream, _| {
        let (acceptor, tell) = (acceptor.clone(), tell.clone());
        async move {
            let Ok(stream) = acceptor.accept(stream).await else { return };
            let answer = hyper::service::service_fn(move |request: http::Request<Incoming>| {
                let tell = tell.clone();
                async move {
                    let body: Boxed = if request.uri().path() == "/endless" {
                        Endless(tell).boxed()
                    } else if request.uri().path() == "/fields" {
                        let line = |(name, value): (&http::HeaderName, &http::HeaderValue)| {
                            format!("{name}: {}\n", value.to_str().unwrap())
                        };
                        Full::from(request.headers().iter().map(line).collect::<String>()).boxed()
                    } else {
                        Full::from("over TLS").boxed()
                    };
                    assert!(!request.headers().contains_key("host"));
                    Ok::<_, std::convert::Infallible>(http::Response::new(body))
                }
            });
            let _ = hyper::server::conn::http2::Builder::new(hyper_util::rt::TokioExecutor::new())
                .serve_connection(hyper_util::rt::TokioIo::new(stream), answer)
                .await;
        }
    })
    .await;
    (server, told)
}

pub(crate) fn https(server: &Server, path: &str) -> String {
    server.url(path).replace("http://", "https://")
}

pub(crate) async fn facts_of(options: ClientOptions, url: &str) -> Facts {
    let ledger = options.ledger.clone();
    let client = Client::new(options).unwrap();
    let first = client.fetch(get(url)).await.unwrap();
    let facts = first.facts.clone();
    assert!(!text(first).await.is_empty());
    let second = client.fetch(get(url)).await.unwrap();
    assert_eq!((second.facts.request_on_connection, second.facts.timings.tls), (2, None));
    assert!(!text(second).await.is_empty());
    client.close().await;
    assert_nothing_open(&ledger);
    facts
}

#[tokio::test]
async fn a_self_signed_certificate_is_refused_with_a_way_out() {
    let (server, _) = tls_server(&[]).await;
    let options = options();
    let ledger = options.ledger.clone();
    let error = Client::new(options).unwrap().fetch(get(&https(&server, "/"))).await.unwrap_err();
    assert_eq!((error.kind(), error.phase()), (ErrorKind::Tls, Some(Phase::Tls)));
    assert!(error.hint().unwrap().contains("--cacert"), "{error}");
    assert_nothing_open(&ledger);
}

#[tokio::test]
async fn a_server_without_tls_is_told_from_one_with_a_bad_certificate() {
    // What nginx and most others say to bytes that are no request.
    let plain = Server::each(|mut stream, _| async move {
        let _ = stream.read(&mut [0; 64]).await;
        let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n").await;
        let _ = stream.read_to_end(&mut Vec::new()).await;
    })
    .await;
    let error = Client::new(options()).unwrap().fetch(get(&https(&plain, "/"))).await.unwrap_err();
    assert_eq!((error.kind(), error.phase()), (ErrorKind::Tls, Some(Phase::Tls)));
    assert_eq!(error.message(), "the server does not speak TLS on this port");
    assert!(error.hint().unwrap().contains("http://") && !error.to_string().contains("corrupt"), "{error}");
}

#[tokio::test]
async fn what_is_wrong_with_a_certificate_is_told_in_words() {
    type Change = fn(&mut rcgen::CertificateParams);
    let cases: [(Change, &str); 4] = [
        (
            |params| params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained),
            "certificate authority, which no server",
        ),
        (|params| params.not_after = rcgen::date_time_ymd(2000, 1, 1), "has expired"),
        (|params| params.not_before = rcgen::date_time_ymd(2999, 1, 1), "not valid yet"),
        (|params| params.subject_alt_names.clear(), "for another host name"),
    ];
    for (change, words) in cases {
        let mut params =
            rcgen::CertificateParams::new(vec!["localhost".to_owned(), "127.0.0.1".to_owned()]).unwrap();
        params.not_after = rcgen::date_time_ymd(4000, 1, 1);
        change(&mut params);
        let key = rcgen::KeyPair::generate().unwrap();
        let made = params.self_signed(&key).unwrap();
        let acceptor = accepting(&[], made.der().clone(), key.serialize_der());
        let server = Server::each(move |stream, _| {
            let acceptor = acceptor.clone();
            async move { drop(acceptor.accept(stream).await) }
        })
        .await;
        let mut options = options();
        options.tls.extra_roots = made.pem().into_bytes();
        let error = Client::new(options).unwrap().fetch(get(&https(&server, "/"))).await.unwrap_err();
        let said = error.to_string();
        assert!(
            said.contains(words) && !said.contains(['{', '(']) | said.contains("https://"),
            "{words}: {said}"
        );
        assert!(!said.contains("Other") && !said.contains("EndEntity"), "{said}");
        assert!(error.hint().unwrap().contains("--cacert"), "{error:?}");
    }
}

#[tokio::test]
async fn an_insecure_client_takes_any_certificate() {
    let (server, _) = tls_server(&[b"http/1.1"]).await;
    let mut options = options();
    options.tls.insecure = true;
    let facts = facts_of(options, &https(&server, "/")).await;
    assert_eq!((facts.tls, facts.alpn, facts.version), (Some("TLSv1.3"), Some("http/1.1"), "HTTP/1.1"));
    assert!(facts.timings.tls.is_some() && facts.timings.connect.is_some() && facts.timings.dns.is_none());
    assert_eq!(facts.peer, Some(server.address));
}

#[tokio::test]
async fn an_extra_ca_certificate_is_trusted() {
    let (server, certificate) = tls_server(&[]).await;
    for host in ["127.0.0.1", "localhost"] {
        let mut options = options();
        options.tls.extra_roots = certificate.clone();
        let facts = facts_of(options, &https(&server, "/").replace("127.0.0.1", host)).await;
        assert_eq!((facts.alpn, facts.timings.dns.is_some()), (None, host == "localhost"));
    }
}

#[tokio::test]
async fn http2_is_spoken_when_offered_and_chosen() {
    let server = http2_server().await;
    let url = https(&server, "/");
    for offer in [HttpVersion::PreferH2, HttpVersion::RequireH2, HttpVersion::H2PriorKnowledge] {
        let mut options = options();
        (options.http_version, options.tls.insecure) = (offer, true);
        let facts = facts_of(options, &url).await;
        assert_eq!((facts.version, facts.alpn, facts.downgrade), ("HTTP/2", Some("h2"), None));
        assert_eq!(
            facts.alpn_offered,
            Some(if offer == HttpVersion::PreferH2 { "h2,http/1.1" } else { "h2" })
        );
    }
    // This server speaks nothing else, and says so in the handshake.
    let mut options = options();
    options.tls.insecure = true;
    let error = Client::new(options).unwrap().fetch(get(&url)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Tls, "{error}");
}

#[tokio::test]
async fn an_http2_body_dropped_early_leaves_nothing_open() {
    let server = http2_server().await;
    let mut options = options();
    (options.http_version, options.tls.insecure) = (HttpVersion::PreferH2, true);
    let ledger = options.ledger.clone();
    let client = Client::new(options).unwrap();
    for path in ["/", "/endless"] {
        let mut response = client.fetch(get(&https(&server, path))).await.unwrap();
        assert!(response.body.chunk().await.unwrap().is_some());
        drop(response);
    }
    client.close().await;
    assert_nothing_open(&ledger);
}

#[test]
fn extra_certificates_that_are_none_are_refused() {
    for text in [
        "hello",
        "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
        "-----BEGIN CERTIFICATE-----\n",
    ] {
        let mut options = options();
        options.tls.extra_roots = text.into();
        assert_eq!(Client::new(options).unwrap_err().kind(), ErrorKind::Config, "{text}");
    }
}

/// A proxy that checks the greeting, tells it, and then is the server itself.
pub(crate) async fn http_proxy(acceptor: Option<Server>) -> (Server, tokio::sync::mpsc::Receiver<String>) {
    let (tell, told) = tokio::sync::mpsc::channel(16);
    let target = acceptor.as_ref().map(|server| server.address);
    let keep = Arc::new(acceptor);
    let server = Server::each(move |mut stream, _| {
        let (tell, _keep) = (tell.clone(), keep.clone());
        async move {
            while let Some(head) = read_head(&mut stream).await {
                let tunnel = head.starts_with("CONNECT ");
                tell.send(head).await.unwrap();
                if !tunnel {
                    stream.write_all(&ok("by proxy")).await.unwrap();
                } else if let Some(target) = target {
                    stream.write_all(b"HTTP/1.1 200 Connection established\r\nVia: x\r\n\r\n").await.unwrap();
                    let mut to = TcpStream::connect(target).await.unwrap();
                    let _ = tokio::io::copy_bidirectional(&mut stream, &mut to).await;
                    return;
                } else {
                    stream.write_all(b"HTTP/1.1 407 Who are you\r\n\r\n").await.unwrap();
                }
            }
        }
    })
    .await;
    (server, told)
}

fn through(proxy: &str) -> ClientOptions {
    ClientOptions { proxy: Some(Proxy::parse(proxy).unwrap()), ..options() }
}

#[tokio::test]
async fn plain_requests_go_to_the_proxy_in_absolute_form() {
    let (proxy, mut told) = http_proxy(None).await;
    let options = through(&format!("http://me:se%63ret@{}", proxy.address));
    let ledger = options.ledger.clone();
    let client = Client::new(options).unwrap();
    let response = client.fetch(get("http://site.invalid:81/a?b")).await.unwrap();
    assert!(response.facts.guard_delegated);
    assert_eq!(response.facts.proxy, Some(format!("http://{}", proxy.address)));
    assert_eq!(text(response).await, "by proxy");
    let head = told.recv().await.unwrap();
    assert!(
        head.starts_with("GET http://site.invalid:81/a?b HTTP/1.1\r\nhost: site.invalid:81\r\n"),
        "{head}"
    );
    assert!(head.contains("proxy-authorization: Basic bWU6c2VjcmV0\r\n"), "{head}");
    client.close().await;
    assert_nothing_open(&ledger);
}

#[tokio::test]
async fn tls_goes_through_a_tunnel_that_keeps_the_credentials_at_the_proxy() {
    let (server, certificate) = tls_server(&[]).await;
    let port = server.address.port();
    let (proxy, mut told) = http_proxy(Some(server)).await;
    let mut options = through(&format!("http://me:secret@{}", proxy.address));
    options.tls.extra_roots = certificate;
    let facts = facts_of(options, &format!("https://localhost:{port}/")).await;
    assert!(facts.guard_delegated && facts.tls.is_some() && facts.timings.dns.is_none());
    let head = told.recv().await.unwrap();
    assert!(head.starts_with(&format!("CONNECT localhost:{port} HTTP/1.1\r\n")), "{head}");
    assert!(head.contains("Proxy-Authorization: Basic "), "{head}");
    assert!(told.try_recv().is_err(), "the second request used the same tunnel");
}

#[tokio::test]
async fn a_proxy_that_refuses_is_named_as_the_culprit() {
    let (proxy, _told) = http_proxy(None).await;
    let options = through(&proxy.address.to_string());
    let ledger = options.ledger.clone();
    let error = Client::new(options).unwrap().fetch(get("https://site.invalid/")).await.unwrap_err();
    assert_eq!((error.kind(), error.phase()), (ErrorKind::Proxy, Some(Phase::Proxy)), "{error}");
    assert!(error.hint().is_some());
    assert_nothing_open(&ledger);
}

#[tokio::test]
async fn a_proxy_that_is_not_there_is_named_once_with_the_cause() {
    // The port belongs to nobody any more.
    let gone = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().to_string();
    let client = Client::new(through(&gone)).unwrap();
    let said = client.fetch(get("http://site.invalid/")).await.unwrap_err().to_string();
    assert_eq!((said.matches(&gone).count(), said.matches("refused").count()), (1, 1), "{said}");
}

#[tokio::test]
async fn a_proxy_that_will_not_connect_says_the_host_once() {
    let http = Server::answering("HTTP/1.1 403 Not there\r\n\r\n").await;
    let socks = Server::each(|mut stream, _| async move {
        let mut asked = [0; 128];
        for answer in [&[5, 0][..], &[5, 4, 0, 1, 0, 0, 0, 0, 0, 0]] {
            let _ = stream.read(&mut asked).await;
            let _ = stream.write_all(answer).await;
        }
    })
    .await;
    for (scheme, proxy) in [("http", &http), ("socks5h", &socks)] {
        let client = Client::new(through(&format!("{scheme}://{}", proxy.address))).unwrap();
        let error = client.fetch(get("https://site.invalid/")).await.unwrap_err();
        let said = error.to_string();
        assert_eq!(error.kind(), ErrorKind::Tunnel, "{said}");
        assert_eq!(
            (said.matches("site.invalid").count(), said.matches("127.0.0.1").count()),
            (1, 1),
            "{said}"
        );
    }
}

#[tokio::test]
async fn the_guard_judges_literals_behind_a_proxy_and_strict_refuses_names() {
    let (proxy, mut told) = http_proxy(None).await;
    let client = Client::new(through(&proxy.address.to_string())).unwrap();
    for (url, strict) in
        [("http://10.0.0.1/", false), ("http://[::1]/", false), ("http://site.invalid/", true)]
    {
        let mut exchange = get(url);
        exchange.policy = Arc::new(AddressGuard::new().strict(strict));
        assert_eq!(client.fetch(exchange).await.unwrap_err().kind(), ErrorKind::AddressRefused, "{url}");
    }
    assert!(told.try_recv().is_err());
}

/// A SOCKS5 proxy that answers every request itself and tells what it was asked for.
async fn socks_proxy(login: bool) -> (Server, tokio::sync::mpsc::Receiver<Vec<u8>>) {
    let (tell, told) = tokio::sync::mpsc::channel(16);
    let server = Server::each(move |mut stream, _| {
        let tell = tell.clone();
        async move {
            let mut greeting = [0; 3];
            stream.read_exact(&mut greeting).await.unwrap();
            assert_eq!(greeting, [5, 1, if login { 2 } else { 0 }]);
            stream.write_all(&[5, greeting[2]]).await.unwrap();
            if login {
                let mut asked = [0; 11];
                stream.read_exact(&mut asked).await.unwrap();
                stream.write_all(&[1, u8::from(&asked != b"\x01\x02me\x06secret")]).await.unwrap();
            }
            let mut request = vec![0; 4];
            stream.read_exact(&mut request).await.unwrap();
            let rest = match request[3] {
                1 => 6,
                4 => 18,
                _ => usize::from(stream.read_u8().await.unwrap()) + 2,
            };
            let mut address = vec![0; rest];
            stream.read_exact(&mut address).await.unwrap();
            request.extend(address);
            tell.send(request).await.unwrap();
            stream.write_all(&[5, 0, 0, 1, 0, 0, 0, 0, 0, 0]).await.unwrap();
            while read_head(&mut stream).await.is_some() {
                stream.write_all(&ok("by socks")).await.unwrap();
            }
        }
    })
    .await;
    (server, told)
}

#[tokio::test]
async fn socks5h_sends_the_name_and_socks5_the_address_that_was_checked() {
    for (scheme, url, asked, delegated) in [
        ("socks5h", "http://site.invalid:81/", &b"\x05\x01\x00\x03site.invalid\x00\x51"[..], true),
        ("socks5h", "http://127.0.0.1:81/", b"\x05\x01\x00\x01\x7f\x00\x00\x01\x00\x51", false),
        ("socks5", "http://127.0.0.9:81/", b"\x05\x01\x00\x01\x7f\x00\x00\x09\x00\x51", false),
    ] {
        let (proxy, mut told) = socks_proxy(false).await;
        let client = Client::new(through(&format!("{scheme}://{}", proxy.address))).unwrap();
        let response = client.fetch(get(url)).await.unwrap();
        assert_eq!(response.facts.guard_delegated, delegated, "{scheme} {url}");
        assert_eq!(text(response).await, "by socks");
        assert_eq!(told.recv().await.unwrap(), asked, "{scheme} {url}");
    }
}

#[tokio::test]
async fn socks_login_works() {
    let (proxy, _told) = socks_proxy(true).await;
    let client = Client::new(through(&format!("socks5h://me:secret@{}", proxy.address))).unwrap();
    assert_eq!(text(client.fetch(get("http://site.invalid/")).await.unwrap()).await, "by socks");
}

#[test]
fn a_proxy_that_makes_no_sense_is_refused_and_passwords_do_not_show() {
    for text in ["https://proxy.example", "socks4://proxy.example", "ftp://x", "http://", "", "http://a b"] {
        let error = Proxy::parse(text).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Usage, "{text}");
        assert!(error.hint().is_some());
    }
    let proxy = Proxy::parse("http://me:secret@proxy.example:3128").unwrap();
    assert_eq!(format!("{proxy:?}"), "Proxy(\"http://proxy.example:3128\")");
}
