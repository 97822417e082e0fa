//! Which pool serves a URL: the user's proxies, or those of the environment's variables.

use std::sync::Arc;

use url::{Host, Url};

use super::{NoProxy, ProxyOptions, ProxyPool};
use crate::model::ProxyUrl;

/// The pools by scheme, and what goes past them.
#[derive(Clone, Debug)]
pub struct ProxyRoutes {
    http: Option<Arc<ProxyPool>>,
    https: Option<Arc<ProxyPool>>,
    no_proxy: NoProxy,
    /// Whether this machine itself is reached by proxy too.
    loopback: bool,
}

impl ProxyRoutes {
    /// Proxies that the user named: for every URL but those of `no_proxy`.
    #[must_use]
    pub fn new(pool: Arc<ProxyPool>, no_proxy: NoProxy) -> Self {
        Self { http: Some(pool.clone()), https: Some(pool), no_proxy, loopback: true }
    }

    /// The proxies of the environment; none when it names none. `variable` gives a variable's value; an empty one
    /// counts as absent.
    ///
    /// As in curl: `http_proxy` in lower case alone (a web server gives its programs the header `Proxy` as
    /// `HTTP_PROXY`), `https_proxy` before `HTTPS_PROXY`, for both schemes else `all_proxy` before `ALL_PROXY`, and
    /// `no_proxy` before `NO_PROXY`. Unlike curl, `localhost`, names below it and addresses of loopback never go
    /// through these proxies: to them the name means another machine.
    pub fn of_environment(variable: impl Fn(&str) -> Option<String>) -> Option<Self> {
        let first = |names: &[&str]| names.iter().find_map(|name| variable(name).filter(|v| !v.is_empty()));
        let all = first(&["all_proxy", "ALL_PROXY"]);
        let http = first(&["http_proxy"]).or_else(|| all.clone());
        let https = first(&["https_proxy", "HTTPS_PROXY"]).or(all);
        let pool = |proxy: Option<&String>| {
            proxy.map(|proxy| Arc::new(ProxyPool::new([proxy.as_str()], ProxyOptions::default())))
        };
        let one = pool(http.as_ref());
        let other = if http == https { one.clone() } else { pool(https.as_ref()) };
        let no_proxy = first(&["no_proxy", "NO_PROXY"]).map(|list| NoProxy::from_variable(&list));
        let found = one.is_some() || other.is_some();
        let no_proxy = no_proxy.unwrap_or_default();
        found.then_some(Self { http: one, https: other, no_proxy, loopback: false })
    }

    /// With these instead of the hosts that went past the proxies so far.
    #[must_use]
    pub fn with_no_proxy(self, no_proxy: NoProxy) -> Self {
        Self { no_proxy, ..self }
    }

    /// The pool that a URL is fetched through; none goes without a proxy.
    #[must_use]
    pub fn pool(&self, url: &Url) -> Option<&Arc<ProxyPool>> {
        let pool = match url.scheme() {
            "http" => self.http.as_ref(),
            "https" => self.https.as_ref(),
            _ => None,
        };
        let past = self.no_proxy.covers(url) || (!self.loopback && is_loopback(url));
        pool.filter(|_| !past)
    }

    /// Every proxy there is.
    pub fn proxies(&self) -> impl Iterator<Item = &ProxyUrl> {
        self.http.iter().chain(&self.https).flat_map(|pool| pool.proxies())
    }
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => {
            let name = name.strip_suffix('.').unwrap_or(name);
            name == "localhost" || name.ends_with(".localhost")
        }
        Some(Host::Ipv4(v4)) => v4.is_loopback(),
        Some(Host::Ipv6(v6)) => std::net::IpAddr::from(v6).to_canonical().is_loopback(),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The proxy of a URL under these variables.
    fn route(variables: &[(&str, &str)], url: &str) -> Option<String> {
        let value = |name: &str| {
            variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
        };
        let routes = ProxyRoutes::of_environment(value)?;
        routes.pool(&url.parse().unwrap()).map(|pool| pool.proxies()[0].as_str().to_owned())
    }

    #[test]
    fn each_scheme_has_its_variables_in_their_order() {
        for (variables, http, https) in [
            (&[][..], None, None),
            (&[("http_proxy", "p1")], Some("p1"), None),
            (&[("HTTP_PROXY", "p1")], None, None),
            (&[("https_proxy", "p1")], None, Some("p1")),
            (&[("HTTPS_PROXY", "p1")], None, Some("p1")),
            (&[("https_proxy", "p1"), ("HTTPS_PROXY", "p2")], None, Some("p1")),
            (&[("https_proxy", ""), ("HTTPS_PROXY", "p2")], None, Some("p2")),
            (&[("all_proxy", "p1")], Some("p1"), Some("p1")),
            (&[("ALL_PROXY", "p1"), ("all_proxy", "p2")], Some("p2"), Some("p2")),
            (&[("ALL_PROXY", "p1"), ("http_proxy", "p2")], Some("p2"), Some("p1")),
            (&[("ALL_PROXY", "p1"), ("HTTP_PROXY", "p2")], Some("p1"), Some("p1")),
            (&[("http_proxy", "")], None, None),
            (&[("no_proxy", "x")], None, None),
        ] {
            assert_eq!(route(variables, "http://a.example/").as_deref(), http, "{variables:?}");
            assert_eq!(route(variables, "https://a.example/").as_deref(), https, "{variables:?}");
        }
    }

    #[test]
    fn no_proxy_in_lower_case_comes_first() {
        for (variables, expected) in [
            (&[("NO_PROXY", "a.example")][..], None),
            (&[("no_proxy", "b.example"), ("NO_PROXY", "a.example")], Some("p")),
            (&[("no_proxy", ""), ("NO_PROXY", "a.example")], None),
            (&[("no_proxy", "*")], None),
        ] {
            let all: Vec<_> = variables.iter().copied().chain([("all_proxy", "p")]).collect();
            assert_eq!(route(&all, "https://www.a.example/").as_deref(), expected, "{variables:?}");
        }
    }

    #[test]
    fn this_machine_is_not_reached_by_the_proxies_of_the_environment_but_by_those_named() {
        let named =
            ProxyRoutes::new(Arc::new(ProxyPool::new(["p"], ProxyOptions::default())), NoProxy::default());
        for (url, is_loopback) in [
            ("http://localhost:8000/", true),
            ("http://www.localhost./", true),
            ("http://127.9.9.9/", true),
            ("https://[::1]/", true),
            ("http://[::ffff:127.0.0.1]/", true),
            ("http://localhost.example/", false),
            ("http://10.0.0.1/", false),
        ] {
            let by_environment = route(&[("all_proxy", "p")], url).is_some();
            assert_eq!(by_environment, !is_loopback, "{url}");
            assert!(named.pool(&url.parse().unwrap()).is_some(), "{url}");
        }
    }

    #[test]
    fn one_proxy_for_both_schemes_has_one_health() {
        let both = |name: &str| name.ends_with("s_proxy").then(|| "p".to_owned());
        let routes = ProxyRoutes::of_environment(|name| both(name).or_else(|| both("https_proxy"))).unwrap();
        let pool = |url: &str| routes.pool(&url.parse().unwrap()).unwrap();
        assert!(Arc::ptr_eq(pool("http://a.example/"), pool("https://a.example/")));
        let past = routes.clone().with_no_proxy(NoProxy::new(["a.example"]).unwrap());
        assert!(past.pool(&"http://a.example/".parse().unwrap()).is_none());
    }
}
