//! From a URL to the keys under which a crawl knows it.
//!
//! A fingerprint is keyed with bytes drawn per crawl, so nobody outside can make two of a crawl's URLs collide on
//! purpose. A record's id is a fixed function of (crawl, URL, visit, index): the same visit committed again yields
//! the same ids.

use std::borrow::Cow;
use std::hash::Hasher;
use std::sync::Arc;

use http::Method;
use siphasher::{sip::SipHasher13, sip128};
use url::{Position, Url};

use super::canonical;
use super::query_rules::QueryRules;
use super::site::{SiteRules, host_of};
use crate::model::{CrawlId, Discovered, Origin, RecordId, Request, Scheme, SiteKey, UrlKey};

/// Counts up whenever the function behind [`Identity::key`] or [`Identity::record_id`] changes.
pub const FINGERPRINT_VERSION: u32 = 1;

/// How one crawl makes fingerprints of URLs: SipHash-1-3-64 with a key drawn at random when the crawl is made.
#[derive(Clone, Copy, Default)]
pub struct Fingerprint([u8; 16]);

impl std::fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // The key is a secret.
        f.debug_struct("Fingerprint").finish_non_exhaustive()
    }
}

impl Fingerprint {
    /// With this key.
    #[must_use]
    pub fn new(key: [u8; 16]) -> Self {
        Self(key)
    }

    /// Of `method`, NUL, canonical URL, NUL, body.
    fn of(self, method: &Method, canonical: &[&str], body: &[u8]) -> UrlKey {
        let mut hasher = SipHasher13::new_with_key(&self.0);
        hasher.write(method.as_str().as_bytes());
        hasher.write(&[0]);
        canonical.iter().for_each(|part| hasher.write(part.as_bytes()));
        hasher.write(&[0]);
        hasher.write(body);
        UrlKey(hasher.finish())
    }

    /// Of a GET without a body, from a canonical URL's origin and what follows it.
    #[must_use]
    pub fn plain(self, origin: &Origin, path: &str) -> UrlKey {
        let scheme = origin.scheme.as_str();
        if origin.port == origin.scheme.default_port() {
            return self.of(&Method::GET, &[scheme, "://", &origin.host, path], &[]);
        }
        self.of(&Method::GET, &[scheme, "://", &origin.host, ":", &origin.port.to_string(), path], &[])
    }
}

/// How one crawl names URLs, sites and records. Cheap to use from many threads; share it behind an `Arc`.
#[derive(Debug)]
pub struct Identity {
    crawl: CrawlId,
    fingerprint_key: [u8; 16],
    sites: SiteRules,
    query: QueryRules,
}

/// A URL with its identities worked out, as a plain GET.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identified<'a> {
    /// The canonical form.
    pub canonical: Cow<'a, Url>,
    /// The fingerprint of a GET without a body.
    pub key: UrlKey,
    /// The site.
    pub site: SiteKey,
    /// The origin.
    pub origin: Origin,
}

impl Identity {
    /// The identity of a crawl: its id and its secret key, both drawn at random when the crawl is made and stored
    /// with its state.
    #[must_use]
    pub fn new(crawl: CrawlId, fingerprint_key: [u8; 16]) -> Self {
        Self { crawl, fingerprint_key, sites: SiteRules::default(), query: QueryRules::default() }
    }

    /// The same, with these rules from host to site.
    #[must_use]
    pub fn with_sites(mut self, sites: SiteRules) -> Self {
        self.sites = sites;
        self
    }

    /// The same, with these parameters left out of canonical URLs. A crawl that is continued under other rules would
    /// not know its URLs again.
    #[must_use]
    pub fn with_query_rules(mut self, query: QueryRules) -> Self {
        self.query = query;
        self
    }

    /// Whether URLs of different queries can have one key.
    #[must_use]
    pub fn merges_queries(&self) -> bool {
        !self.query.is_empty()
    }

    /// Works out everything about a URL in one go; `None` when it is not an `http` or `https` URL with a host.
    #[must_use]
    pub fn identify<'a>(&self, url: &'a Url) -> Option<Identified<'a>> {
        let canonical = self.query.apply(canonical(url));
        let scheme = match canonical.scheme() {
            "http" => Scheme::Http,
            "https" => Scheme::Https,
            _ => return None,
        };
        let (host, site) = self.sites.site(host_of(&canonical)?);
        let origin = Origin { scheme, host, port: canonical.port().unwrap_or(scheme.default_port()) };
        let key = self.key(&Method::GET, &canonical, &[]);
        Some(Identified { canonical, key, site, origin })
    }

    /// The fingerprint of a method, a canonical URL and a body.
    #[must_use]
    pub fn key(&self, method: &Method, canonical: &Url, body: &[u8]) -> UrlKey {
        Fingerprint(self.fingerprint_key).of(method, &[canonical.as_str()], body)
    }

    /// The key of a request that is sent once more although its key is known: after so many hops of its redirects.
    #[must_use]
    pub fn again(&self, key: UrlKey, hops: usize) -> UrlKey {
        let mut hasher = SipHasher13::new_with_key(&self.fingerprint_key);
        hasher.write(&key.0.to_le_bytes());
        hasher.write(&(hops as u64).to_le_bytes());
        UrlKey(hasher.finish())
    }

    /// SipHash-2-4-128, keyed with the crawl's id, over key, generation and index (little endian).
    #[must_use]
    pub fn record_id(&self, key: UrlKey, generation: u32, index: u32) -> RecordId {
        use sip128::Hasher128;
        let mut hasher = sip128::SipHasher24::new_with_key(&self.crawl.0.to_le_bytes());
        hasher.write(&key.0.to_le_bytes());
        hasher.write(&generation.to_le_bytes());
        hasher.write(&index.to_le_bytes());
        RecordId(hasher.finish128().as_u128())
    }

    /// The site of a canonical host.
    #[must_use]
    pub fn site(&self, host: &str) -> SiteKey {
        self.sites.site(host).1
    }
}

impl Identified<'_> {
    /// Joined with the request that was made for it; the key is worked out anew when that is not a plain GET.
    #[must_use]
    pub fn discovered(self, identity: &Identity, request: Request) -> Discovered {
        let plain = request.method == Method::GET && request.body.is_empty();
        let key =
            if plain { self.key } else { identity.key(&request.method, &self.canonical, &request.body) };
        Discovered { key, site: self.site, origin: self.origin, request }
    }
}

/// The spelling to send and to store: the URL as it was found, without its fragment.
#[must_use]
pub fn spelling(url: &Url) -> Arc<str> {
    url[..Position::AfterQuery].into()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn identity() -> Identity {
        Identity::new(CrawlId(7), *b"0123456789abcdef")
    }

    fn url(text: &str) -> Url {
        Url::parse(text).expect("a URL")
    }

    #[test]
    fn spellings_of_one_url_share_a_key_and_different_urls_do_not() {
        let identity = identity();
        let key = |text: &str| identity.identify(&url(text)).expect("http").key;
        assert_eq!(key("HTTP://Example.COM:80/%7euser#top"), key("http://example.com/~user"));
        assert_ne!(key("http://example.com/a"), key("https://example.com/a"));
        assert_ne!(key("http://example.com/a?x=1&y=2"), key("http://example.com/a?y=2&x=1"));
    }

    #[test]
    fn parameters_left_out_do_not_tell_urls_apart_but_are_sent() {
        let identity = identity().with_query_rules(QueryRules::new(&["utm_*"]).unwrap());
        let found = url("http://example.com/?a=1&utm_source=mail");
        let identified = identity.identify(&found).expect("http");
        assert_eq!(identified.key, identity.identify(&url("http://example.com/?a=1")).expect("http").key);
        assert_eq!(identified.canonical.as_str(), "http://example.com/?a=1");
        let request = Request::get(spelling(&found));
        assert_eq!(&*identified.discovered(&identity, request).request.url, found.as_str());
    }

    #[test]
    fn a_name_to_leave_out_is_found_however_it_and_the_url_are_spelled() {
        let left = |name: &str, query: &str| {
            let identity = identity().with_query_rules(QueryRules::new(&[name]).unwrap());
            let found = url(&format!("http://example.com/?{query}"));
            identity.identify(&found).expect("http").canonical.query().map(str::to_owned)
        };
        let spellings = [
            ("filter[a]", "filter%5ba%5D"),
            ("größe", "gr%c3%b6%C3%9Fe"),
            ("a b", "a%20b"),
            ("o'clock", "o%27clock"),
            ("{x|y}", "%7Bx%7Cy%7D"),
            ("~tilde", "%7etilde"),
            ("plain", "pl%61in"),
        ];
        for (raw, escaped) in spellings {
            for (name, spelling) in [(raw, raw), (raw, escaped), (escaped, raw), (escaped, escaped)] {
                assert_eq!(
                    left(name, &format!("x=1&{spelling}=2")).as_deref(),
                    Some("x=1"),
                    "{name} {spelling}"
                );
            }
        }
        for (name, query) in
            [("filter[*", "filter[a]=1&FILTER%5Bb%5D"), ("grö*", "größe=1&gr%C3%B6n=2"), ("%5B*", "[=")]
        {
            assert_eq!(left(name, query), None, "{name}");
        }
        for (name, query) in
            [("filter[a]", "filter=1"), ("filter[*", "filters=1"), ("a b", "a+b=1"), ("ö", "o=1")]
        {
            assert_eq!(left(name, query).as_deref(), Some(query), "{name}");
        }
    }

    #[test]
    fn method_and_body_are_part_of_the_key() {
        let identity = identity();
        let page = url("http://example.com/search");
        let get = identity.key(&Method::GET, &page, b"");
        let post = identity.key(&Method::POST, &page, b"");
        let other = identity.key(&Method::POST, &page, b"q=1");
        assert!(get != post && post != other && get != other);
        let found = url("http://example.com/%73earch#x");
        let identified = identity.identify(&found).expect("http");
        let mut request = Request::get(spelling(&found));
        assert_eq!(identified.clone().discovered(&identity, request.clone()).key, get);
        request.method = Method::POST;
        request.body = "q=1".into();
        let discovered = identified.discovered(&identity, request);
        assert_eq!(discovered.key, other);
        assert_eq!(&*discovered.request.url, "http://example.com/%73earch", "the spelling found is sent");
    }

    #[test]
    fn the_functions_are_frozen_by_their_version() {
        // Whoever changes one of these values has to count FINGERPRINT_VERSION up.
        let identity = identity();
        let key = identity.key(&Method::GET, &url("http://example.com/"), b"");
        assert_eq!((FINGERPRINT_VERSION, format!("{:016x}", key.0)), (1, "f32fb15563e031bf".to_owned()));
        assert_eq!(identity.record_id(UrlKey(1), 2, 3).to_string(), "363af3b79f34db601a99872dd4b6d660");
    }

    #[test]
    fn only_http_urls_with_a_host_have_an_identity() {
        let identity = identity();
        for text in ["mailto:a@b.c", "ftp://example.com/", "data:text/plain,x", "file:///etc/passwd"] {
            assert!(identity.identify(&url(text)).is_none(), "{text}");
        }
        let page = url("https://www.Example.co.uk:8443/x");
        let identified = identity.identify(&page).expect("https");
        assert_eq!(identified.site.to_string(), "example.co.uk");
        assert_eq!(identified.origin.to_string(), "https://www.example.co.uk:8443");
    }

    proptest! {
        #[test]
        fn any_host_has_a_site_that_is_its_own_end(host in "\\PC{1,20}", labels in "[a-z0-9.]{1,20}", tail in "[a-z/?%]{0,8}") {
            let identity = identity();
            for text in [format!("http://{host}/"), format!("https://{labels}:81/{tail}")] {
                let Ok(url) = Url::parse(&text) else { continue };
                let Some(identified) = identity.identify(&url) else { continue };
                let (origin, site) = (identified.origin, identified.site);
                prop_assert_eq!(Some(origin.clone()), Origin::of(&identified.canonical));
                let before = origin.host.strip_suffix(&*site.0);
                prop_assert!(before.is_some_and(|before| before.is_empty() || before.ends_with('.')), "{origin} {site}");
            }
        }
    }

    #[test]
    fn what_is_sent_keeps_its_spelling() {
        let found = url("http://example.com/%7euser?#frag");
        assert_eq!(&*spelling(&found), "http://example.com/%7euser?");
    }
}
