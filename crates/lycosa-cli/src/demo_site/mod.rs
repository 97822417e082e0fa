//! The small web site that `lycosa demo` starts on loopback and crawls: an imaginary field station for wolf spiders,
//! with a guide, a store, a journal, letters in five encodings and a workshop of awkward doors.
//!
//! - this file: the server (HTTP/1.1 on a free port of 127.0.0.1), its start and its end;
//! - `routes`: which path is answered by what;
//! - `pages`: the answers; `layout` the frame around them; `data` and `templates/` what they say;
//! - `facts`: what a visitor must find, written out by hand, for tests.
//!
//! The site knows nothing of the crawler. Its content is generated from tables, its clock is the demo's.

mod answer;
mod data;
#[cfg(test)]
mod facts;
mod layout;
mod pages;
mod routes;
#[cfg(test)]
mod tests;

#[cfg(test)]
pub(crate) use facts::{Charset, PRODUCTS, facts};

use answer::Answer;
use bytes::Bytes;
use http::{Method, Request, Response};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use std::convert::Infallible;
use std::io;
use std::net::Ipv4Addr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};

/// Connections served at once; a browser or a crawler opens far fewer, further ones wait to be accepted.
const CONNECTIONS: usize = 256;
/// How long open answers may go on after the site was told to stop; the slowest page takes less.
const LAST_ANSWERS: Duration = Duration::from_secs(2);

/// The running site. Dropping it cuts open connections; [`DemoSite::shutdown`] lets them finish.
#[derive(Debug)]
pub(crate) struct DemoSite {
    base_url: String,
    stop: watch::Sender<bool>,
    task: JoinHandle<()>,
}

/// Starts the site on a free port of 127.0.0.1. It answers as soon as this returns.
pub(crate) async fn start() -> io::Result<DemoSite> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    let base_url = format!("http://{}/", listener.local_addr()?);
    let site = Arc::new(routes::Site::new(base_url.clone()));
    let (stop, stopped) = watch::channel(false);
    let task = tokio::spawn(accept(listener, site, stopped));
    Ok(DemoSite { base_url, stop, task })
}

impl DemoSite {
    /// The address of the home page, with its final slash.
    pub(crate) fn base_url(&self) -> &str {
        &self.base_url
    }

    /// Stops accepting, lets open answers finish for a short while, and returns when nothing is left.
    pub(crate) async fn shutdown(mut self) {
        self.stop.send_replace(true);
        // The only error is a panic of the accept loop, after which nothing is left either.
        let _ = (&mut self.task).await;
    }
}

impl Drop for DemoSite {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn accept(listener: TcpListener, site: Arc<routes::Site>, stopped: watch::Receiver<bool>) {
    let mut connections = JoinSet::new();
    let mut stop = stopped.clone();
    loop {
        tokio::select! {
            () = told_to(&mut stop) => break,
            accepted = listener.accept(), if connections.len() < CONNECTIONS => match accepted {
                Ok((stream, _)) => {
                    connections.spawn(serve(stream, site.clone(), stopped.clone()));
                }
                // Out of descriptors, most likely: give the connections that are ending a moment.
                Err(_) => tokio::time::sleep(Duration::from_millis(10)).await,
            },
            Some(_) = connections.join_next() => {}
        }
    }
    drop(listener);
    let finish = async { while connections.join_next().await.is_some() {} };
    // What is still open after the deadline is aborted when the set is dropped.
    let _ = tokio::time::timeout(LAST_ANSWERS, finish).await;
}

/// Waits for the word to stop, which is also given by the site being gone.
async fn told_to(stop: &mut watch::Receiver<bool>) {
    let _ = stop.wait_for(|stop| *stop).await;
}

async fn serve(stream: TcpStream, site: Arc<routes::Site>, mut stopped: watch::Receiver<bool>) {
    let service = service_fn(move |request| {
        let site = site.clone();
        async move { Ok::<_, Infallible>(respond(&site, request).await) }
    });
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new());
    let mut connection = pin!(http.serve_connection(TokioIo::new(stream), service));
    tokio::select! {
        _ = connection.as_mut() => return,
        () = told_to(&mut stopped) => connection.as_mut().graceful_shutdown(),
    }
    // An error is a client that went away.
    let _ = connection.await;
}

async fn respond(site: &routes::Site, request: Request<Incoming>) -> Response<Full<Bytes>> {
    let readable = matches!(*request.method(), Method::GET | Method::HEAD);
    let answer = if readable {
        let uri = request.uri();
        site.answer(uri.path(), uri.query().unwrap_or_default())
    } else {
        Answer::text("this site can only be read\n").status(405).header("allow", "GET, HEAD")
    };
    if !answer.delay.is_zero() {
        tokio::time::sleep(answer.delay).await;
    }
    answer.into_response()
}
