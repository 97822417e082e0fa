//! One request as it arrived, and the reading of it from a socket. Names and values are kept as sent (names are
//! compared without case); a body is read only by `Content-Length`, which is all a crawler ever sends.

use std::io;
use tokio::io::{AsyncRead, AsyncReadExt};

/// The largest request head accepted; a longer one ends the connection.
const HEAD_LIMIT: usize = 64 * 1024;
/// The largest request body accepted; a longer one ends the connection.
const BODY_LIMIT: usize = 4 * 1024 * 1024;

/// A request as the site's function sees it.
#[derive(Debug, Clone, Default)]
pub struct Request {
    /// The method as sent.
    pub method: String,
    /// The request target as sent: path and query, or a whole URL when the client takes the server for a proxy.
    pub target: String,
    /// Header lines in the order sent.
    pub headers: Vec<(String, String)>,
    /// The body, empty without `Content-Length`.
    pub body: Vec<u8>,
    /// The number of the connection, from 1, in the order of acceptance.
    pub connection: u64,
    /// The number of this request on its connection, from 1.
    pub nth_on_connection: u32,
    /// How often this method, host and target has been asked, this time included: 1 is the first visit.
    pub visit: u32,
    /// The server's end of the connection; `None` for a request that was made up.
    pub local: Option<std::net::SocketAddr>,
}

impl Request {
    /// A request made up for calling a site's function without a server.
    pub fn get(target: &str) -> Self {
        Self {
            method: "GET".into(),
            target: target.into(),
            headers: vec![("Host".into(), "127.0.0.1:1".into())],
            connection: 1,
            nth_on_connection: 1,
            visit: 1,
            ..Self::default()
        }
    }

    /// The path without the query, as spelled by the client.
    pub fn path(&self) -> &str {
        self.target.split('?').next().unwrap_or_default()
    }

    /// The query without its question mark; empty when there is none.
    pub fn query(&self) -> &str {
        self.target.split_once('?').map_or("", |(_, query)| query)
    }

    /// The first value of a header, its name compared without case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    /// The `Host` header; empty when it was not sent.
    pub fn host(&self) -> &str {
        self.header("host").unwrap_or_default()
    }

    /// Whether the client asked for the connection to end after this exchange.
    pub(crate) fn wants_close(&self) -> bool {
        self.header("connection").is_some_and(|value| value.eq_ignore_ascii_case("close"))
    }
}

/// Reads the next request. `held` carries bytes read beyond the previous one. `None`: the client has closed.
pub(crate) async fn read(
    stream: &mut (impl AsyncRead + Unpin),
    held: &mut Vec<u8>,
) -> io::Result<Option<Request>> {
    let end = loop {
        if let Some(at) = held.windows(4).position(|window| window == b"\r\n\r\n") {
            break at;
        }
        if held.len() > HEAD_LIMIT {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "request head too long"));
        }
        if stream.read_buf(held).await? == 0 {
            return Ok(None);
        }
    };
    let mut request = parse_head(&held[..end])?;
    held.drain(..end + 4);
    let length = request.header("content-length").and_then(|value| value.parse().ok()).unwrap_or(0_usize);
    if length > BODY_LIMIT {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "request body too long"));
    }
    while held.len() < length {
        if stream.read_buf(held).await? == 0 {
            return Ok(None);
        }
    }
    request.body = held.drain(..length).collect();
    Ok(Some(request))
}

fn parse_head(head: &[u8]) -> io::Result<Request> {
    let text = String::from_utf8_lossy(head);
    let mut lines = text.split("\r\n");
    let mut words = lines.next().unwrap_or_default().split(' ');
    let (Some(method), Some(target), Some(_version)) = (words.next(), words.next(), words.next()) else {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "no request line"));
    };
    let headers = lines
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.trim().to_owned(), value.trim().to_owned()))
        .collect();
    Ok(Request { method: method.into(), target: target.into(), headers, ..Request::default() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn two_requests_in_one_packet_are_read_one_after_the_other() {
        let mut wire: &[u8] =
            b"POST /a?b=1 HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabcGET /c HTTP/1.1\r\n\r\n";
        let mut held = Vec::new();
        let first = read(&mut wire, &mut held).await.unwrap().unwrap();
        assert_eq!((first.path(), first.query(), first.host()), ("/a", "b=1", "x"));
        assert_eq!(first.body, b"abc");
        let second = read(&mut wire, &mut held).await.unwrap().unwrap();
        assert_eq!(second.target, "/c");
        assert!(read(&mut wire, &mut held).await.unwrap().is_none());
    }

    #[tokio::test]
    async fn a_head_without_end_and_a_line_without_a_target_are_errors() {
        let endless = vec![b'a'; HEAD_LIMIT * 2];
        assert!(read(&mut endless.as_slice(), &mut Vec::new()).await.is_err());
        assert!(read(&mut b"GET\r\n\r\n".as_slice(), &mut Vec::new()).await.is_err());
    }
}
