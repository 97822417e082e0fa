//! Secrets for the origins the user named, and for no other.
//!
//! A password or cookie given on the command line belongs to the sites that were typed beside it. It is set here,
//! per exchange, so a redirect or a link to another origin never carries it.

use std::collections::HashSet;

use http::header::{AUTHORIZATION, COOKIE};
use http::{HeaderMap, HeaderName, HeaderValue};

use crate::basic_auth::basic_auth;
use crate::error::{Error, ErrorKind, Result};
use crate::model::{Answer, BoxFuture, Exchange, Middleware, Next, Origin};

/// Adds `Authorization`, `Cookie` and the like to requests for certain origins.
#[derive(Debug)]
pub struct Credentials {
    origins: HashSet<Origin>,
    secrets: HeaderMap,
}

impl Credentials {
    /// The name of this middleware.
    pub const NAME: &'static str = "credentials";

    /// No secret yet, for these origins.
    #[must_use]
    pub fn new(origins: impl IntoIterator<Item = Origin>) -> Self {
        Self { origins: origins.into_iter().collect(), secrets: HeaderMap::new() }
    }

    /// Basic authentication (RFC 7617).
    #[must_use]
    pub fn with_user(mut self, user: &str, password: &str) -> Self {
        self.secrets.insert(AUTHORIZATION, basic_auth(user, password));
        self
    }

    /// A cookie header, `name=value; name=value`.
    ///
    /// # Errors
    /// [`ErrorKind::Usage`] when it has characters that HTTP does not allow.
    pub fn with_cookie(self, cookies: &str) -> Result<Self> {
        let value = HeaderValue::from_str(cookies.trim()).map_err(|_| {
            Error::new(ErrorKind::Usage, "the cookie has characters that HTTP does not allow")
                .with_hint("write it as 'name=value; name=value'")
        })?;
        Ok(self.with_field(COOKIE, value))
    }

    /// Any other secret field; a second one of the same name replaces the first.
    #[must_use]
    pub fn with_field(mut self, name: HeaderName, mut value: HeaderValue) -> Self {
        value.set_sensitive(true);
        self.secrets.insert(name, value);
        self
    }

    /// Whether a field the user gave for all requests is a secret that must stay with the seeds' origins.
    #[must_use]
    pub fn is_secret(name: &HeaderName) -> bool {
        *name == AUTHORIZATION || *name == COOKIE
    }
}

impl Middleware for Credentials {
    fn name(&self) -> &'static str {
        Self::NAME
    }

    fn handle<'a>(&'a self, mut exchange: Exchange, next: Next<'a>) -> BoxFuture<'a, Result<Answer>> {
        let meant = !self.secrets.is_empty()
            && Origin::of(&exchange.url).is_some_and(|origin| self.origins.contains(&origin));
        if meant {
            for (name, value) in &self.secrets {
                // What the single request brought along was put there on purpose.
                exchange.headers.entry(name).or_insert_with(|| value.clone());
            }
        }
        next.run(exchange)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::middleware::script::{Script, exchange, run};

    fn origin(url: &str) -> Origin {
        Origin::of(&url.parse().unwrap()).unwrap()
    }

    async fn sent_to(url: &str) -> HeaderMap {
        let credentials = Credentials::new([origin("https://a.example/"), origin("http://b.example:8080/x")])
            .with_user("me", "secret")
            .with_cookie("sid=1; lang=en")
            .unwrap();
        let script = Script::answering([Ok(200)]);
        run(&[Arc::new(credentials)], &script, exchange(url)).await.unwrap();
        script.sent().pop().unwrap().headers
    }

    #[tokio::test]
    async fn the_seeds_origins_get_the_secrets() {
        for url in ["https://a.example/deep/page?x=1", "https://A.example:443/", "http://b.example:8080/"] {
            let headers = sent_to(url).await;
            assert_eq!(headers["authorization"], "Basic bWU6c2VjcmV0", "{url}");
            assert_eq!(headers["cookie"], "sid=1; lang=en", "{url}");
        }
    }

    #[tokio::test]
    async fn no_other_origin_gets_them() {
        for url in [
            "http://a.example/",
            "https://a.example:8443/",
            "https://www.a.example/",
            "https://a.example.evil.example/",
            "https://a.example@evil.example/",
            "http://b.example/",
            "https://b.example:8080/",
        ] {
            assert!(sent_to(url).await.is_empty(), "{url}");
        }
    }

    #[tokio::test]
    async fn what_the_single_request_brings_stays() {
        let credentials = Credentials::new([origin("http://a.example/")]).with_user("me", "secret");
        let script = Script::answering([Ok(200)]);
        let mut asked = exchange("http://a.example/");
        asked.headers.insert(AUTHORIZATION, HeaderValue::from_static("Bearer t"));
        run(&[Arc::new(credentials)], &script, asked).await.unwrap();
        assert_eq!(script.sent()[0].headers["authorization"], "Bearer t");
    }

    #[test]
    fn secrets_do_not_show_in_debug_output() {
        let credentials = Credentials::new([]).with_user("me", "secret").with_cookie("sid=1").unwrap();
        let shown = format!("{credentials:?}");
        assert!(!shown.contains("bWU6") && !shown.contains("sid=1"), "{shown}");
    }
}
