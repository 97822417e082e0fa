//! One answer of the site, as a plain value: the pages build it, the server sends it.

use super::layout;
use bytes::Bytes;
use encoding_rs::Encoding;
use flate2::Compression;
use flate2::write::GzEncoder;
use http::header::{HeaderName, HeaderValue};
use http::{Response, StatusCode};
use http_body_util::Full;
use std::io::Write;
use std::time::Duration;

#[derive(Debug, Clone)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) headers: Vec<(&'static str, String)>,
    pub(super) body: Vec<u8>,
    /// How long the server thinks before it answers.
    pub(super) delay: Duration,
}

impl Answer {
    pub(super) fn new(content_type: &str, body: impl Into<Vec<u8>>) -> Self {
        let headers = vec![("content-type", content_type.to_owned())];
        Self { status: 200, headers, body: body.into(), delay: Duration::ZERO }
    }

    pub(super) fn text(text: &str) -> Self {
        Self::new("text/plain; charset=utf-8", text)
    }

    pub(super) fn xml(text: String) -> Self {
        Self::new("application/xml; charset=utf-8", text)
    }

    /// A page of the site in its usual frame, in UTF-8.
    pub(super) fn page(title: &str, body: &str) -> Self {
        Self::page_with_head(title, "", body)
    }

    /// A page with further elements in its head.
    pub(super) fn page_with_head(title: &str, head: &str, body: &str) -> Self {
        Self::new("text/html; charset=utf-8", layout::page(title, head, body))
    }

    /// A page without frame in an older encoding; `declared` says so in the header.
    pub(super) fn encoded(html: &str, encoding: &'static Encoding, declared: bool) -> Self {
        let (bytes, _, _) = encoding.encode(html);
        let charset = if declared { format!("; charset={}", encoding.name()) } else { String::new() };
        Self::new(&format!("text/html{charset}"), bytes.into_owned())
    }

    pub(super) fn redirect(status: u16, to: &str) -> Self {
        Self::page("Moved", &format!("<h1>Moved</h1><p>Go <a href=\"{to}\">this way</a>.</p>"))
            .status(status)
            .header("location", to)
    }

    pub(super) fn not_found() -> Self {
        Self::page(
            "Nothing here",
            "<h1>Nothing here</h1><p>Only a shed skin. Try <a href=\"/\">the front door</a>.</p>",
        )
        .status(404)
    }

    #[must_use]
    pub(super) fn status(mut self, status: u16) -> Self {
        self.status = status;
        self
    }

    #[must_use]
    pub(super) fn header(mut self, name: &'static str, value: &str) -> Self {
        self.headers.push((name, value.to_owned()));
        self
    }

    #[must_use]
    pub(super) fn after(mut self, delay: Duration) -> Self {
        self.delay = delay;
        self
    }

    /// Sends the body as `Content-Encoding: gzip`.
    #[must_use]
    pub(super) fn compressed(mut self) -> Self {
        self.body = gzip(&self.body);
        self.header("content-encoding", "gzip")
    }

    pub(super) fn into_response(self) -> Response<Full<Bytes>> {
        let mut response = Response::new(Full::new(Bytes::from(self.body)));
        *response.status_mut() =
            StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        for (name, value) in self.headers {
            if let Ok(value) = HeaderValue::try_from(value) {
                response.headers_mut().append(HeaderName::from_static(name), value);
            }
        }
        response
    }
}

/// The bytes as one gzip member.
pub(super) fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::new(6));
    // Writing to memory cannot fail; were it to, the member would be short and the tests would say so.
    let _ = encoder.write_all(bytes);
    encoder.finish().unwrap_or_default()
}
