//! Stories of name resolution against DNS servers on loopback: one that answers, one that never does.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use lycosa::error::{ErrorKind, Phase};
use lycosa::fetch::{Client, ClientOptions, DnsResolver};
use lycosa::model::{Fetch as _, Resolve as _};
use tokio::net::UdpSocket;

use crate::fetch_client::{assert_nothing_open, get, text};
use crate::fetch_server::{Server, ok};

/// The answer to a question: this address for A, no data for AAAA, good for so many seconds.
pub(crate) fn answer(question: &[u8], address: Ipv4Addr, seconds: u8) -> Vec<u8> {
    // RFC 1035 §4.1: twelve bytes of header, then the question, whose name ends with a zero.
    let name = question[12..].iter().position(|byte| *byte == 0).unwrap() + 13;
    let is_a = question[name..name + 2] == [0, 1];
    let mut answer = question[..2].to_vec();
    answer.extend([0x81, 0x80, 0, 1, 0, u8::from(is_a), 0, 0, 0, 0]);
    answer.extend(&question[12..name + 4]);
    if is_a {
        answer.extend([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, seconds, 0, 4]);
        answer.extend(address.octets());
    }
    answer
}

/// A DNS server that knows one address for every name; where it listens, and how often it was asked for it.
async fn dns_server(address: Ipv4Addr) -> (SocketAddr, Arc<AtomicUsize>) {
    let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let (at, asked) = (socket.local_addr().unwrap(), Arc::new(AtomicUsize::new(0)));
    let count = asked.clone();
    tokio::spawn(async move {
        let mut question = [0; 1500];
        while let Ok((length, from)) = socket.recv_from(&mut question).await {
            let answer = answer(&question[..length], address, 60);
            count.fetch_add(usize::from(answer[7]), Ordering::SeqCst);
            socket.send_to(&answer, from).await.unwrap();
        }
    });
    (at, asked)
}

#[tokio::test]
async fn a_name_is_looked_up_once_and_kept_for_its_time_to_live() {
    let (dns, asked) = dns_server(Ipv4Addr::LOCALHOST).await;
    let resolver = DnsResolver::of_servers(&[dns]).unwrap();
    for _ in 0..3 {
        let found = resolver.resolve("shop.test.example").await.unwrap();
        assert_eq!(found.iter().map(SocketAddr::ip).collect::<Vec<_>>(), [IpAddr::from(Ipv4Addr::LOCALHOST)]);
    }
    assert_eq!(asked.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn a_page_is_fetched_from_the_address_that_dns_tells() {
    let (dns, _) = dns_server(Ipv4Addr::LOCALHOST).await;
    let server = Server::answering(ok("hello")).await;
    let client = Client::new(ClientOptions::new(Arc::new(DnsResolver::of_servers(&[dns]).unwrap()))).unwrap();
    let url = format!("http://shop.test.example:{}/", server.address.port());
    let response = client.fetch(get(&url)).await.unwrap();
    assert!(response.facts.timings.dns.is_some());
    assert_eq!(response.facts.peer, Some(server.address));
    assert_eq!(text(response).await, "hello");
}

#[tokio::test]
async fn a_dns_server_that_never_answers_fails_in_the_dns_phase_and_is_not_asked_any_more() {
    let silent = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let resolver = DnsResolver::of_servers(&[silent.local_addr().unwrap()]).unwrap();
    let mut options = ClientOptions::new(Arc::new(resolver));
    options.timeouts.dns = Duration::from_millis(80);
    let ledger = options.ledger.clone();
    let client = Client::new(options).unwrap();
    let error = client.fetch(get("http://shop.test.example/")).await.unwrap_err();
    assert_eq!((error.kind(), error.phase()), (ErrorKind::Timeout, Some(Phase::Dns)));
    assert_eq!(error.limit(), Some(Duration::from_millis(80)));
    assert!(error.elapsed() >= error.limit(), "{error:?}");
    assert_eq!(error.url(), Some("http://shop.test.example/"));
    client.close().await;
    assert_nothing_open(&ledger);
    // A lookup that went on would ask again after two seconds.
    let mut packet = [0; 1500];
    while silent.try_recv(&mut packet).is_ok() {}
    let again = tokio::time::timeout(Duration::from_millis(2_300), silent.recv(&mut packet)).await;
    assert!(again.is_err(), "the lookup went on after its phase had failed");
}
