//! Headers every request carries: who asks, what it understands, what the user added.
//!
//! No request leaves without a `User-Agent`. Later ones win, name by name: the defaults, then the user's, then the
//! profile of the host, then those of the single request, then what middlewares further out had set. A profile's
//! fields come first, in its order.

use http::header::{ACCEPT, ACCEPT_ENCODING, ACCEPT_LANGUAGE, USER_AGENT as USER_AGENT_FIELD};
use http::{HeaderMap, HeaderName, HeaderValue};

use crate::error::{Error, ErrorKind, Result};
pub use crate::model::USER_AGENT;
use crate::model::{Answer, BoxFuture, Exchange, Middleware, Next, Origin};
use crate::profiles::{HostProfiles, agent_value, header_field};

/// Sets the headers of every request.
#[derive(Debug)]
pub struct Headers {
    base: HeaderMap,
    hosts: HostProfiles,
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
        base.insert(USER_AGENT_FIELD, agent_value(user_agent.unwrap_or(USER_AGENT))?);
        let accept = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";
        base.insert(ACCEPT, HeaderValue::from_static(accept));
        base.insert(ACCEPT_LANGUAGE, HeaderValue::from_static("en,*;q=0.5"));
        base.insert(ACCEPT_ENCODING, HeaderValue::from_static("gzip, br, zstd, deflate"));
        let mut own = HeaderMap::with_capacity(fields.len());
        for (name, value) in fields {
            let text = String::from_utf8_lossy(value.as_bytes());
            header_field(name.as_str(), &text)?;
            own.append(name.clone(), value.clone());
        }
        base.extend(own);
        Ok(Self { base, hosts: HostProfiles::default() })
    }

    /// With profiles for certain hosts.
    #[must_use]
    pub fn with_hosts(mut self, hosts: HostProfiles) -> Self {
        self.hosts = hosts.over(&self.base);
        self
    }

    fn for_exchange(&self, exchange: &mut Exchange) -> Result<()> {
        let origin = (!self.hosts.is_empty()).then(|| Origin::of(&exchange.url)).flatten();
        let of_host = origin.and_then(|origin| self.hosts.of(&origin));
        let mut headers = of_host.unwrap_or(&self.base).clone();
        if !exchange.request.headers.is_empty() {
            let mut own = HeaderMap::with_capacity(exchange.request.headers.len());
            for (name, value) in &exchange.request.headers {
                // An empty name is none: the one that is there already stays.
                if name.eq_ignore_ascii_case(USER_AGENT_FIELD.as_str()) && value.trim().is_empty() {
                    continue;
                }
                let (name, value) = header_field(name, value)?;
                own.append(name, value);
            }
            headers.extend(own);
        }
        let mut outer = std::mem::take(&mut exchange.headers);
        if outer.get(USER_AGENT_FIELD).is_some_and(HeaderValue::is_empty) {
            outer.remove(USER_AGENT_FIELD);
        }
        headers.extend(outer);
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
/// [`ErrorKind::Usage`] when there is no colon, and as [`header_field`].
pub fn parse_field(text: &str) -> Result<(HeaderName, HeaderValue)> {
    let Some((name, value)) = text.split_once(':') else {
        // What curl takes for an empty field.
        if text.trim().trim_end_matches(';').eq_ignore_ascii_case(USER_AGENT_FIELD.as_str()) {
            agent_value("")?;
        }
        return Err(Error::new(ErrorKind::Usage, format!("the header {text:?} has no colon"))
            .with_hint("write it as 'Name: value'"));
    };
    header_field(name.trim(), value.trim())
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
