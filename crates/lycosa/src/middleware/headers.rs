//! Headers every request carries: who asks, what it understands, what the user added.
//!
//! No request leaves without a `User-Agent`. Later ones win, name by name: the defaults, then the user's, then
//! those of the single request, then what middlewares further out had set.

use http::header::{ACCEPT, ACCEPT_ENCODING, ACCEPT_LANGUAGE, CONNECTION, CONTENT_LENGTH, HOST, TE};
use http::header::{TRAILER, TRANSFER_ENCODING, UPGRADE, USER_AGENT as USER_AGENT_FIELD};
use http::{HeaderMap, HeaderName, HeaderValue};

use crate::error::{Error, ErrorKind, Result};
use crate::model::{Answer, BoxFuture, Exchange, Middleware, Next};

/// The honest name: `Lycosa/<version> (+<url>)`.
pub const USER_AGENT: &str =
    concat!("Lycosa/", env!("CARGO_PKG_VERSION"), " (+", env!("CARGO_PKG_REPOSITORY"), ")");

/// Fields that frame the message and belong to the client alone.
const FRAMING: [HeaderName; 7] = [HOST, CONTENT_LENGTH, TRANSFER_ENCODING, CONNECTION, UPGRADE, TE, TRAILER];

/// Sets the headers of every request.
#[derive(Debug)]
pub struct Headers {
    base: HeaderMap,
}

impl Headers {
    /// The name of this middleware.
    pub const NAME: &'static str = "headers";

    /// The defaults, with the user's fields in their order over them. A field given twice is sent twice.
    ///
    /// # Errors
    /// [`ErrorKind::Usage`] for a user agent that is empty or no header value, and for a field that frames the
    /// message (`Host`, `Content-Length` and the like).
    pub fn new(user_agent: Option<&str>, fields: &[(HeaderName, HeaderValue)]) -> Result<Self> {
        let mut base = HeaderMap::with_capacity(4 + fields.len());
        base.insert(USER_AGENT_FIELD, agent(user_agent.unwrap_or(USER_AGENT))?);
        let accept = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";
        base.insert(ACCEPT, HeaderValue::from_static(accept));
        base.insert(ACCEPT_LANGUAGE, HeaderValue::from_static("en,*;q=0.5"));
        base.insert(ACCEPT_ENCODING, HeaderValue::from_static("gzip, br, zstd, deflate"));
        let mut own = HeaderMap::with_capacity(fields.len());
        for (name, value) in fields {
            refuse_framing(name)?;
            if name == USER_AGENT_FIELD {
                agent(&String::from_utf8_lossy(value.as_bytes()))?;
            }
            own.append(name.clone(), value.clone());
        }
        base.extend(own);
        Ok(Self { base })
    }

    fn for_exchange(&self, exchange: &mut Exchange) -> Result<()> {
        let mut headers = self.base.clone();
        if !exchange.request.headers.is_empty() {
            let mut own = HeaderMap::with_capacity(exchange.request.headers.len());
            for (name, value) in &exchange.request.headers {
                let (name, value) = field(name, value)?;
                own.append(name, value);
            }
            headers.extend(own);
        }
        headers.extend(std::mem::take(&mut exchange.headers));
        if headers.get(USER_AGENT_FIELD).is_none_or(HeaderValue::is_empty) {
            headers.insert(USER_AGENT_FIELD, HeaderValue::from_static(USER_AGENT));
        }
        exchange.headers = headers;
        Ok(())
    }
}

impl Middleware for Headers {
    fn name(&self) -> &'static str {
        Self::NAME
    }

    fn handle<'a>(&'a self, mut exchange: Exchange, next: Next<'a>) -> BoxFuture<'a, Result<Answer>> {
        match self.for_exchange(&mut exchange) {
            Ok(()) => next.run(exchange),
            Err(error) => Box::pin(std::future::ready(Err(error))),
        }
    }
}

/// Reads a field as people write it, `Name: value`.
///
/// # Errors
/// [`ErrorKind::Usage`] when there is no colon, when the name or the value has characters that HTTP does not
/// allow, and for the fields that frame the message.
pub fn parse_field(text: &str) -> Result<(HeaderName, HeaderValue)> {
    let (name, value) = text.split_once(':').ok_or_else(|| {
        Error::new(ErrorKind::Usage, format!("the header {text:?} has no colon"))
            .with_hint("write it as 'Name: value'")
    })?;
    field(name.trim(), value.trim())
}

fn field(name: &str, value: &str) -> Result<(HeaderName, HeaderValue)> {
    let usage = |what: &str| Error::new(ErrorKind::Usage, format!("{name:?} {what}"));
    let parsed = HeaderName::from_bytes(name.as_bytes()).map_err(|_| usage("is not a header name"))?;
    refuse_framing(&parsed)?;
    let value = HeaderValue::from_str(value).map_err(|_| usage("has a value that HTTP does not allow"))?;
    Ok((parsed, value))
}

fn refuse_framing(name: &HeaderName) -> Result<()> {
    if FRAMING.contains(name) {
        return Err(Error::new(ErrorKind::Usage, format!("the header {name} is set by the client itself"))
            .with_hint("leave it out"));
    }
    Ok(())
}

fn agent(text: &str) -> Result<HeaderValue> {
    let bad = || Error::new(ErrorKind::Usage, format!("{text:?} cannot be a user agent"));
    if text.trim().is_empty() {
        return Err(bad().with_hint("a crawler says who it is: a name and an address to write to"));
    }
    HeaderValue::from_str(text).map_err(|_| bad())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::middleware::script::{Script, exchange, run};
    use crate::model::Request;

    async fn sent(headers: Headers, asked: Exchange) -> HeaderMap {
        let script = Script::answering([Ok(200)]);
        run(&[Arc::new(headers)], &script, asked).await.unwrap();
        script.sent().pop().unwrap().headers
    }

    fn values(headers: &HeaderMap, name: &str) -> Vec<String> {
        headers.get_all(name).iter().map(|value| value.to_str().unwrap().to_owned()).collect()
    }

    #[tokio::test]
    async fn every_request_says_who_asks_and_what_it_can_read() {
        let headers = sent(Headers::new(None, &[]).unwrap(), exchange("http://a.example/")).await;
        assert_eq!(values(&headers, "user-agent"), [USER_AGENT]);
        assert!(USER_AGENT.starts_with("Lycosa/") && USER_AGENT.contains("(+http"), "{USER_AGENT}");
        assert_eq!(values(&headers, "accept-encoding"), ["gzip, br, zstd, deflate"]);
        assert!(headers.contains_key("accept") && headers.contains_key("accept-language"));
    }

    #[tokio::test]
    async fn the_users_fields_replace_the_defaults_and_keep_their_order() {
        let fields =
            ["Accept: text/plain", "X-One: 1", "X-One: 2", "X-Two: b"].map(|text| parse_field(text).unwrap());
        let headers = Headers::new(Some("Spider/1 (+mailto:me@a.example)"), &fields).unwrap();
        let headers = sent(headers, exchange("http://a.example/")).await;
        assert_eq!(values(&headers, "accept"), ["text/plain"]);
        assert_eq!(values(&headers, "x-one"), ["1", "2"]);
        assert_eq!(values(&headers, "user-agent"), ["Spider/1 (+mailto:me@a.example)"]);
        let names: Vec<_> =
            headers.keys().map(HeaderName::as_str).filter(|name| name.starts_with("x-")).collect();
        assert_eq!(names, ["x-one", "x-two"]);
    }

    #[tokio::test]
    async fn the_request_has_the_last_word_but_cannot_go_nameless() {
        let mut asked = exchange("http://a.example/");
        let mut request = Request::get("http://a.example/");
        request.headers = vec![("X-One".into(), "mine".into()), ("User-Agent".into(), "".into())];
        asked.request = Arc::new(request);
        asked.headers.insert("accept", HeaderValue::from_static("image/png"));
        let headers = Headers::new(None, &[parse_field("X-One: theirs").unwrap()]).unwrap();
        let headers = sent(headers, asked).await;
        assert_eq!(values(&headers, "x-one"), ["mine"]);
        assert_eq!(values(&headers, "accept"), ["image/png"]);
        assert_eq!(values(&headers, "user-agent"), [USER_AGENT]);
    }

    #[test]
    fn headers_that_make_no_sense_are_refused_with_a_reason() {
        for (text, part) in [
            ("no colon here", "has no colon"),
            ("Bad Name: x", "is not a header name"),
            ("X: a\u{7}b", "does not allow"),
            ("Host: other.example", "set by the client itself"),
            ("content-length: 5", "set by the client itself"),
        ] {
            let error = parse_field(text).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Usage);
            assert!(error.message().contains(part), "{text}: {error}");
        }
        assert!(Headers::new(Some("  "), &[]).is_err());
        assert!(Headers::new(Some("a\nb"), &[]).is_err());
    }
}
