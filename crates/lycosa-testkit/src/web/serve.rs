//! The web over HTTP: one port on every address of 127/8 that its hosts live on, and a name server that tells a crawler
//! where each host is. Requests at an address that is not their host's are answered 421.

use super::{AccessLog, Ask, Manners, NameServer, Numbering, Settings, Web};
use crate::log::monotonic_micros;
use crate::{Request, Response, Server};
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

/// A running web. Stops when dropped.
#[derive(Debug)]
pub struct WebServer {
    web: Web,
    log: Arc<AccessLog>,
    server: Server,
    names: NameServer,
}

impl WebServer {
    /// Serves the web of these settings on a free port, which takes the place of the settings' own.
    ///
    /// # Panics
    /// When there is no free port.
    pub fn start(settings: Settings, manners: Manners) -> Self {
        // Every address of 127/8 is the machine's own; the server turns away whoever comes from elsewhere.
        let port = Server::reserve(Ipv4Addr::UNSPECIFIED).expect("a free port");
        let web = Web::new(settings).on_port(port.port());
        let log = Arc::new(AccessLog::new(web, Numbering::new(&web), manners));
        let site = log.clone();
        let server =
            port.start(move |request| answer(&web, &site, request)).expect("a server on a reserved port");
        Self { web, log, server, names: NameServer::start(web) }
    }

    /// The web, with its port.
    pub fn web(&self) -> Web {
        self.web
    }

    /// What has arrived.
    pub fn log(&self) -> &AccessLog {
        &self.log
    }

    /// The name server that knows the web's hosts.
    pub fn name_server(&self) -> SocketAddr {
        self.names.addr()
    }

    /// Connections accepted so far.
    pub fn connections(&self) -> u64 {
        self.server.connections()
    }
}

/// Ends a request when its answer has been written.
#[derive(Debug)]
struct Leaving {
    log: Arc<AccessLog>,
    host: u32,
}

impl Drop for Leaving {
    fn drop(&mut self) {
        self.log.leave(self.host);
    }
}

fn answer(web: &Web, log: &Arc<AccessLog>, request: &Request) -> Response {
    let Some(host) = web.host_of_authority(request.host()) else { return Response::new(421) };
    let lives_here = request.local.is_none_or(|local| local.ip() == web.address(host));
    if !lives_here {
        return Response::new(421);
    }
    let arrival = log.arrive(host, &request.target, monotonic_micros() / 1_000);
    let leaving = Leaving { log: log.clone(), host };
    let answer = web.answer(&Ask {
        host,
        target: &request.target,
        now_ms: now_ms(),
        first: arrival.first,
        if_none_match: request.header("if-none-match"),
        if_modified_since: request.header("if-modified-since"),
    });
    let mut response = Response::new(answer.status).body(answer.body).delay_first_byte(answer.latency);
    for (name, value) in &answer.headers {
        response = response.header(name, value);
    }
    response.holding(leaving)
}

#[expect(clippy::disallowed_methods, reason = "a server over real sockets lives in real time")]
fn now_ms() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_millis() as u64
}
