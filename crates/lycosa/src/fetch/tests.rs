//! The client runs the suite of fetches against a small server, and a fetch that follows redirects is caught.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use super::conformance::{Behaviour, Stand, check};
use super::{Client, ClientOptions, SystemResolver};
use crate::clock::SystemClock;
use crate::error::Result;
use crate::ledger::{Ledger, Resource};
use crate::model::{BoxFuture, Exchange, Fetch, Response};

struct ClientStand {
    fetch: Box<dyn Fetch>,
    ledger: Ledger,
    address: SocketAddr,
    received: Arc<AtomicUsize>,
}

impl Stand for ClientStand {
    fn fetch(&self) -> &dyn Fetch {
        &*self.fetch
    }

    fn url(&self, behaviour: Behaviour) -> url::Url {
        format!("http://{}/{behaviour:?}", self.address).parse().unwrap()
    }

    fn received(&self) -> usize {
        self.received.load(Ordering::SeqCst)
    }

    fn connects(&self) -> bool {
        true
    }

    fn open(&self) -> String {
        // Idle connections are kept, each with its timer, and one task with one more watches over them.
        let allowed = |(what, count): &(Resource, i64)| match what {
            Resource::ConnectionsIdle => true,
            Resource::Timers => *count <= 1 + self.ledger.count(Resource::ConnectionsIdle),
            Resource::Tasks => *count == 1,
            _ => false,
        };
        let open: Vec<_> = self.ledger.snapshot().into_iter().filter(|one| !allowed(one)).collect();
        if open.is_empty() { String::new() } else { format!("{open:?}") }
    }
}

/// Answers by the path until the client closes or is hung up on.
async fn serve(mut stream: TcpStream, received: Arc<AtomicUsize>) {
    let mut head = Vec::new();
    while let Ok(byte) = stream.read_u8().await {
        head.push(byte);
        if !head.ends_with(b"\r\n\r\n") {
            continue;
        }
        received.fetch_add(1, Ordering::SeqCst);
        let path = String::from_utf8_lossy(&head).split(' ').nth(1).unwrap_or_default().to_owned();
        head.clear();
        let answer = match &*path {
            "/Redirect" => "302 Found\r\nLocation: /Page\r\nContent-Length: 4\r\n\r\ngone",
            "/ServerError" => "500 No\r\nContent-Length: 4\r\n\r\noops",
            "/HangUp" => return,
            _ => "200 OK\r\nContent-Length: 4\r\n\r\npage",
        };
        if stream.write_all(format!("HTTP/1.1 {answer}").as_bytes()).await.is_err() {
            return;
        }
    }
}

async fn stand(wrap: impl FnOnce(Client) -> Box<dyn Fetch>) -> ClientStand {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let (address, received) = (listener.local_addr().unwrap(), Arc::new(AtomicUsize::new(0)));
    let count = received.clone();
    tokio::spawn(async move {
        let mut running = tokio::task::JoinSet::new();
        while let Ok((stream, _)) = listener.accept().await {
            running.spawn(serve(stream, count.clone()));
        }
    });
    let options = ClientOptions::new(Arc::new(SystemResolver::new(Arc::new(SystemClock::new()))));
    let ledger = options.ledger.clone();
    ClientStand { fetch: wrap(Client::new(options).unwrap()), ledger, address, received }
}

#[tokio::test]
async fn the_client_keeps_every_promise() {
    let stand = stand(|client| Box::new(client)).await;
    check(&stand).await.unwrap();
}

#[tokio::test]
async fn a_fetch_that_follows_redirects_is_caught() {
    #[derive(Debug)]
    struct Follows(Client);
    impl Fetch for Follows {
        fn fetch(&self, exchange: Exchange) -> BoxFuture<'_, Result<Response>> {
            Box::pin(async move {
                let mut next = exchange.clone();
                let response = self.0.fetch(exchange).await?;
                let Some(to) = response.header("location") else { return Ok(response) };
                next.url = next.url.join(&to).unwrap();
                self.0.fetch(next).await
            })
        }
    }
    let stand = stand(|client| Box::new(Follows(client))).await;
    let caught = check(&stand).await.unwrap_err();
    assert!(caught.contains("Redirect"), "{caught}");
}

#[tokio::test]
async fn a_fetch_that_does_not_ask_is_caught() {
    #[derive(Debug)]
    struct Bold(Client);
    impl Fetch for Bold {
        fn fetch(&self, mut exchange: Exchange) -> BoxFuture<'_, Result<Response>> {
            let mut guard = super::AddressGuard::new();
            guard.allow_cidr("127.0.0.0/8").unwrap();
            exchange.policy = Arc::new(guard);
            self.0.fetch(exchange)
        }
    }
    let caught = check(&stand(|client| Box::new(Bold(client))).await).await.unwrap_err();
    assert!(caught.contains("policy"), "{caught}");
}
