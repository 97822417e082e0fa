//! Writes one response onto a socket, the way its script says: delays, drips, breaks. Returns whether the
//! connection may carry another request.

use crate::Request;
use crate::log::Open;
use crate::response::{Break, Framing, Point, Response};
use bytes::{Bytes, BytesMut};
use std::io;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// The largest piece written at once.
const PIECE: usize = 64 * 1024;

/// What becomes of the connection after an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum After {
    KeepAlive,
    Close,
    Reset,
}

/// Writes `response`. `open` ends just before the last bytes leave, or when the answer is given up.
pub(crate) async fn write(
    stream: &mut TcpStream,
    request: &Request,
    response: Response,
    open: Open,
) -> io::Result<After> {
    if !response.first_byte_delay.is_zero() {
        tokio::time::sleep(response.first_byte_delay).await;
    }
    if let Some(gate) = &response.gate {
        gate.opened().await;
    }
    let after = after(request, &response);
    let head = head(&response, after);
    match response.broken {
        Some((Point::BeforeHead, how)) => return broken(stream, how, open).await,
        Some((Point::InHead(at), how)) => {
            stream.write_all(&head[..at.min(head.len())]).await?;
            return broken(stream, how, open).await;
        }
        _ => {}
    }
    let bodyless = request.method == "HEAD" || matches!(response.status, 100..=199 | 204 | 304);
    if bodyless && response.framing != Framing::Raw {
        drop(open);
        stream.write_all(&head).await?;
        return Ok(after);
    }
    let broken_how = response.broken.map(|(_, how)| how);
    let open = write_body(stream, head, response, open).await?;
    match (broken_how, open) {
        (Some(how), Some(open)) => broken(stream, how, open).await,
        _ => Ok(after),
    }
}

/// Writes the head and the body. Gives the guard back when the script breaks the answer off.
async fn write_body(
    stream: &mut TcpStream,
    head: BytesMut,
    response: Response,
    open: Open,
) -> io::Result<Option<Open>> {
    let cut = match response.broken {
        Some((Point::InBody(at), _)) => Some(at),
        _ => None,
    };
    let chunked = response.framing == Framing::Chunked;
    let most = response.drip.map_or(PIECE, |(bytes, _)| bytes);
    let mut left = cut.unwrap_or(u64::MAX);
    let mut pieces = response.body.pieces();
    let mut next = pieces.next(most.min(limit(left)));
    let mut open = Some(open);
    let mut wire = head;
    loop {
        let piece = if left == 0 { None } else { next.take() };
        if let Some(piece) = &piece {
            left -= piece.len() as u64;
            next = pieces.next(most.min(limit(left)));
            frame(&mut wire, piece, chunked);
        }
        let ended = piece.is_none() || left == 0 || next.is_none();
        if ended && cut.is_none() {
            if chunked {
                wire.extend_from_slice(b"0\r\n\r\n");
            }
            open = None;
        }
        stream.write_all(&wire).await?;
        wire.clear();
        if ended {
            stream.flush().await?;
            return Ok(open);
        }
        if let Some((_, interval)) = response.drip {
            tokio::time::sleep(interval).await;
        }
    }
}

fn limit(left: u64) -> usize {
    usize::try_from(left).unwrap_or(usize::MAX)
}

fn frame(wire: &mut BytesMut, piece: &Bytes, chunked: bool) {
    if chunked {
        wire.extend_from_slice(format!("{:x}\r\n", piece.len()).as_bytes());
    }
    wire.extend_from_slice(piece);
    if chunked {
        wire.extend_from_slice(b"\r\n");
    }
}

fn after(request: &Request, response: &Response) -> After {
    let wrong_length = response.claimed_length.is_some_and(|length| response.body.len() != Some(length));
    let unframed = response.framing == Framing::Length && response.body.len().is_none();
    let no_end = matches!(response.framing, Framing::UntilClose | Framing::Raw) || wrong_length || unframed;
    let worn_out = response.close_after.is_some_and(|n| request.nth_on_connection >= n);
    if response.close || no_end || worn_out || request.wants_close() {
        After::Close
    } else {
        After::KeepAlive
    }
}

fn head(response: &Response, after: After) -> BytesMut {
    let mut head = BytesMut::new();
    if response.framing == Framing::Raw {
        return head;
    }
    let status = response.status;
    head.extend_from_slice(format!("HTTP/1.1 {status} {}\r\n", reason(status)).as_bytes());
    for (name, value) in &response.headers {
        head.extend_from_slice(name.as_bytes());
        head.extend_from_slice(b": ");
        head.extend_from_slice(value);
        head.extend_from_slice(b"\r\n");
    }
    let length = response.claimed_length.or_else(|| response.body.len());
    match (response.framing, length) {
        (Framing::Chunked, _) => head.extend_from_slice(b"Transfer-Encoding: chunked\r\n"),
        (Framing::Length, Some(length)) if !matches!(status, 100..=199 | 204 | 304) => {
            head.extend_from_slice(format!("Content-Length: {length}\r\n").as_bytes());
        }
        _ => {}
    }
    // A connection worn out by `close_after` says nothing: that surprise is its purpose.
    if after == After::Close && response.close_after.is_none() {
        head.extend_from_slice(b"Connection: close\r\n");
    }
    head.extend_from_slice(b"\r\n");
    head
}

async fn broken(stream: &mut TcpStream, how: Break, open: Open) -> io::Result<After> {
    match how {
        Break::Close => {
            drop(open);
            Ok(After::Close)
        }
        Break::Reset => {
            drop(open);
            stream.set_zero_linger()?;
            Ok(After::Reset)
        }
        Break::Hang => {
            let mut sink = [0; 1024];
            while stream.read(&mut sink).await? > 0 {}
            drop(open);
            Ok(After::Close)
        }
    }
}

fn reason(status: u16) -> &'static str {
    match status {
        200 => "OK",
        204 => "No Content",
        301 => "Moved Permanently",
        302 => "Found",
        303 => "See Other",
        304 => "Not Modified",
        307 => "Temporary Redirect",
        308 => "Permanent Redirect",
        403 => "Forbidden",
        404 => "Not Found",
        410 => "Gone",
        429 => "Too Many Requests",
        500 => "Internal Server Error",
        503 => "Service Unavailable",
        _ => "Status",
    }
}
