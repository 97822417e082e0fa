//! Stories of the client against real sockets: what is reused, what comes back, what is refused.

use std::sync::Arc;

use lycosa::clock::SystemClock;
use lycosa::fetch::{AddressGuard, Client, ClientOptions, SystemResolver};
use lycosa::ledger::{Ledger, Resource};
use lycosa::model::{Exchange, Fetch as _, FetchLimits, Request, Response};

use crate::fetch_server::{Server, ok};

/// A guard that lets tests reach their servers.
pub(crate) fn loopback() -> Arc<AddressGuard> {
    let mut guard = AddressGuard::new();
    guard.allow_cidr("127.0.0.0/8").unwrap();
    Arc::new(guard)
}

/// Options with a ledger of their own.
pub(crate) fn options() -> ClientOptions {
    ClientOptions::new(Arc::new(SystemResolver::new(Arc::new(SystemClock::new()))))
}

/// A GET of this URL that may go to loopback.
pub(crate) fn get(url: &str) -> Exchange {
    Exchange {
        request: Arc::new(Request::get(url)),
        url: url.parse().unwrap(),
        headers: http::HeaderMap::new(),
        policy: loopback(),
        limits: FetchLimits::default(),
    }
}

pub(crate) async fn text(response: Response) -> String {
    let (bytes, end) = response.body.read().await;
    assert!(end.error.is_none(), "{:?}", end.error);
    String::from_utf8(bytes.to_vec()).unwrap()
}

pub(crate) fn assert_nothing_open(ledger: &Ledger) {
    assert_eq!(ledger.snapshot(), []);
}

#[tokio::test]
async fn a_thousand_requests_in_turn_use_one_connection() {
    let server = Server::answering(ok("hello")).await;
    let options = options();
    let ledger = options.ledger.clone();
    let client = Client::new(options).unwrap();
    for turn in 1..=1_000 {
        let response = client.fetch(get(&server.url("/"))).await.unwrap();
        assert_eq!((response.facts.connection, response.facts.request_on_connection), (1, turn));
        assert_eq!(text(response).await, "hello");
    }
    assert_eq!(server.accepted(), 1);
    assert_eq!(ledger.count(Resource::Connections), 1, "it is idle, not lost");
    client.close().await;
    assert_nothing_open(&ledger);
}
