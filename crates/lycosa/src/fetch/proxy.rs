//! Proxies: reading their URL, and the greetings of HTTP CONNECT and SOCKS5.
//!
//! `http://` proxies get plain requests in absolute form and TLS through `CONNECT` (RFC 9110 §9.3.6);
//! `socks5://` resolves names here, `socks5h://` leaves that to the proxy (RFC 1928, RFC 1929).

use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;

use http::header::{SERVER, VIA};
use http::{HeaderMap, HeaderValue};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use url::{Host, Url};

use crate::basic_auth::basic_auth;
use crate::error::{Error, ErrorKind, Phase, Result};
use crate::model::{Origin, USER_AGENT};

/// Bytes a proxy's answer to `CONNECT` may have.
const GREETING: usize = 16 << 10;

/// A proxy for every request of a client. Printed without its credentials.
#[derive(Clone)]
pub struct Proxy {
    pub(super) kind: Kind,
    pub(super) host: Host<String>,
    pub(super) port: u16,
    auth: Option<(String, String)>,
    pub(super) shown: Arc<str>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Http,
    Socks5 { remote_dns: bool },
}

impl fmt::Debug for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Proxy").field(&self.shown).finish()
    }
}

impl Proxy {
    /// Reads `http://`, `socks5://` or `socks5h://` URLs, with `user:password@` when the proxy asks for it.
    ///
    /// # Errors
    /// [`ErrorKind::Usage`] for anything else.
    pub fn parse(text: &str) -> Result<Self> {
        let bad = |what: String| {
            Error::new(ErrorKind::Usage, what)
                .with_hint("give http://HOST:PORT, socks5://HOST:PORT or socks5h://HOST:PORT")
        };
        let with_scheme = if text.contains("://") { text.to_owned() } else { format!("http://{text}") };
        let url = Url::parse(&with_scheme)
            .map_err(|cause| bad("the proxy is not a URL".into()).with_source(cause))?;
        let (kind, default_port) = match url.scheme() {
            "http" => (Kind::Http, 80),
            "socks5" => (Kind::Socks5 { remote_dns: false }, 1080),
            "socks5h" => (Kind::Socks5 { remote_dns: true }, 1080),
            other => return Err(bad(format!("a proxy cannot be reached by {other}://"))),
        };
        let host = url.host_str().filter(|host| !host.is_empty());
        let host = host.ok_or_else(|| bad("the proxy has no host".into()))?;
        let host = Host::parse(host)
            .map_err(|cause| bad(format!("the proxy host {host} is not a host name")).with_source(cause))?;
        let port = url.port().unwrap_or(default_port);
        let auth = (!url.username().is_empty())
            .then(|| (decoded(url.username()), decoded(url.password().unwrap_or_default())));
        let shown = format!("{}://{host}:{port}", url.scheme()).into();
        Ok(Self { kind, host, port, auth, shown })
    }

    /// The header for requests in absolute form and for `CONNECT`.
    pub(super) fn authorization(&self) -> Option<http::HeaderValue> {
        self.auth.as_ref().map(|(user, password)| basic_auth(user, password))
    }

    /// Asks for a tunnel to the origin, or to one checked address of it.
    pub(super) async fn tunnel(
        &self,
        stream: &mut TcpStream,
        origin: &Origin,
        to: Option<SocketAddr>,
        agent: Option<&HeaderValue>,
    ) -> Result<()> {
        let done = match self.kind {
            Kind::Http => self.connect(stream, origin, agent).await,
            Kind::Socks5 { .. } => self.socks(stream, origin, to).await,
        };
        done.map_err(|error| error.in_phase(Phase::Proxy))
    }

    async fn connect(
        &self,
        stream: &mut TcpStream,
        origin: &Origin,
        agent: Option<&HeaderValue>,
    ) -> Result<()> {
        let target = format!("{}:{}", origin.host, origin.port);
        let mut request = format!("CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n").into_bytes();
        request.extend_from_slice(b"User-Agent: ");
        request.extend_from_slice(agent.map_or(USER_AGENT.as_bytes(), HeaderValue::as_bytes));
        request.extend_from_slice(b"\r\n");
        if let Some(value) = self.authorization() {
            request.extend_from_slice(b"Proxy-Authorization: ");
            request.extend_from_slice(value.as_bytes());
            request.extend_from_slice(b"\r\n");
        }
        request.extend_from_slice(b"\r\n");
        stream.write_all(&request).await.map_err(broken)?;
        let mut head = Vec::with_capacity(256);
        while !head.ends_with(b"\r\n\r\n") {
            // The server speaks second in TLS, so nothing but the head can be there yet; one byte at a time
            // never takes a byte of it, and happens once per connection.
            head.push(stream.read_u8().await.map_err(broken)?);
            if head.len() > GREETING {
                return Err(Error::new(ErrorKind::Proxy, "the proxy's answer to CONNECT does not end"));
            }
        }
        let line = String::from_utf8_lossy(head.split(|byte| *byte == b'\r').next().unwrap_or_default());
        match line.split(' ').nth(1) {
            Some(status) if status.len() == 3 && status.starts_with('2') => Ok(()),
            // tinyproxy answers 401 to a wrong password; nothing but the proxy has answered here.
            Some("401" | "407") => Err(self.login_refused()),
            Some(_) if line.starts_with("HTTP/1.") => Err(Error::new(
                ErrorKind::Tunnel,
                format!("the proxy {} refused to connect: {}", self.shown, line.trim()),
            )),
            _ => Err(Error::new(ErrorKind::Proxy, format!("{} does not answer as a proxy", self.shown))
                .with_hint("check its scheme and port: http, socks5 or socks5h")),
        }
    }

    /// Whether the answer to a request in absolute form is the proxy's word about its login: 407, or the 401 that
    /// tinyproxy (to 1.11) answers to a wrong password. What it forwards has a `Via` field.
    pub(super) fn refuses_login(&self, status: u16, headers: &HeaderMap) -> bool {
        let by_tinyproxy =
            || headers.get(SERVER).is_some_and(|name| name.as_bytes().starts_with(b"tinyproxy/"));
        status == 407 || status == 401 && self.auth.is_some() && !headers.contains_key(VIA) && by_tinyproxy()
    }

    /// What a wrong or a missing login comes to.
    pub(super) fn login_refused(&self) -> Error {
        let (message, hint) = if self.auth.is_some() {
            (
                "refused the user name and password",
                "check them in its URL; in them @ is written %40, : %3A and / %2F",
            )
        } else {
            ("asks for a user name and password", "write them into its URL: SCHEME://USER:PASSWORD@HOST:PORT")
        };
        Error::new(ErrorKind::Proxy, format!("the proxy {} {message}", self.shown))
            .in_phase(Phase::Proxy)
            .with_hint(hint)
    }

    async fn socks(&self, stream: &mut TcpStream, origin: &Origin, to: Option<SocketAddr>) -> Result<()> {
        let method = if self.auth.is_some() { 2 } else { 0 };
        stream.write_all(&[5, 1, method]).await.map_err(broken)?;
        let mut chosen = [0; 2];
        stream.read_exact(&mut chosen).await.map_err(broken)?;
        match chosen {
            [5, chosen] if chosen == method => {}
            [5, 0xff] if self.auth.is_none() => return Err(self.login_refused()),
            [5, _] => {
                let message = format!("the proxy {} does not accept this way of logging in", self.shown);
                return Err(Error::new(ErrorKind::Proxy, message)
                    .with_hint("it may want no user name: leave USER:PASSWORD@ out of its URL"));
            }
            _ => {
                let message = format!("{} does not answer as a SOCKS5 proxy", self.shown);
                return Err(Error::new(ErrorKind::Proxy, message)
                    .with_hint("check its scheme and port: http, socks5 or socks5h"));
            }
        }
        if let Some((user, password)) = &self.auth {
            let mut login = vec![1];
            for part in [user, password] {
                login.push(length(part.len(), "user name or password")?);
                login.extend_from_slice(part.as_bytes());
            }
            stream.write_all(&login).await.map_err(broken)?;
            let mut verdict = [0; 2];
            stream.read_exact(&mut verdict).await.map_err(broken)?;
            if verdict[1] != 0 {
                return Err(self.login_refused());
            }
        }
        stream.write_all(&socks_request(origin, to)?).await.map_err(broken)?;
        let mut reply = [0; 4];
        stream.read_exact(&mut reply).await.map_err(broken)?;
        if reply[0] != 5 || reply[1] != 0 {
            let why = socks_refusal(reply[1]);
            // Where to, the URL beside the message tells.
            let message = format!("the proxy {} did not connect: {why}", self.shown);
            return Err(Error::new(ErrorKind::Tunnel, message));
        }
        let rest = match reply[3] {
            1 => 4,
            4 => 16,
            _ => usize::from(stream.read_u8().await.map_err(broken)?),
        };
        let mut bound = [0; 257];
        stream.read_exact(&mut bound[..rest + 2]).await.map_err(broken)?;
        Ok(())
    }
}

fn socks_request(origin: &Origin, to: Option<SocketAddr>) -> Result<Vec<u8>> {
    let mut request = vec![5, 1, 0];
    match to {
        Some(SocketAddr::V4(v4)) => {
            request.push(1);
            request.extend_from_slice(&v4.ip().octets());
        }
        Some(SocketAddr::V6(v6)) => {
            request.push(4);
            request.extend_from_slice(&v6.ip().octets());
        }
        None => {
            request.extend_from_slice(&[3, length(origin.host.len(), "host name")?]);
            request.extend_from_slice(origin.host.as_bytes());
        }
    }
    request.extend_from_slice(&origin.port.to_be_bytes());
    Ok(request)
}

fn socks_refusal(code: u8) -> &'static str {
    match code {
        2 => "not allowed by its rules",
        3 => "network unreachable",
        4 => "host unreachable",
        5 => "connection refused",
        6 => "time to live expired",
        7 => "command not supported",
        8 => "address type not supported",
        _ => "general failure",
    }
}

fn length(bytes: usize, of: &str) -> Result<u8> {
    u8::try_from(bytes)
        .map_err(|_| Error::new(ErrorKind::Proxy, format!("the {of} is too long for SOCKS (255 bytes)")))
}

fn broken(cause: std::io::Error) -> Error {
    Error::new(ErrorKind::Proxy, "the proxy broke the connection off").with_source(cause)
}

fn decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, tail)) = rest.split_first() {
        let hex = |at: usize| tail.get(at).and_then(|byte| char::from(*byte).to_digit(16));
        if *first == b'%'
            && let (Some(high), Some(low)) = (hex(0), hex(1))
        {
            bytes.push(u8::try_from(high * 16 + low).unwrap_or(b'?'));
            rest = &tail[2..];
        } else {
            bytes.push(*first);
            rest = tail;
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}
