//! Which host and which path a cookie belongs to (RFC 6265bis §5.1.3, §5.1.4).

use crate::domain::is_address;

/// Whether a host lies at or below a cookie's domain. Addresses have nothing below them.
pub(super) fn domain_matches(host: &str, domain: &str) -> bool {
    host == domain
        || (host.strip_suffix(domain).is_some_and(|before| before.ends_with('.')) && !is_address(host))
}

/// Whether a request's path lies at or below a cookie's path.
pub(super) fn path_matches(path: &str, below: &str) -> bool {
    path.strip_prefix(below)
        .is_some_and(|rest| rest.is_empty() || below.ends_with('/') || rest.starts_with('/'))
}

/// The path of a cookie that names none: the request's, up to its last slash.
pub(super) fn default_path(path: &str) -> &str {
    match path.rsplit_once('/') {
        Some((before, _)) if before.starts_with('/') => before,
        _ => "/",
    }
}

/// Whether this can be the value of a `Domain` attribute: no empty label, which in a URL's host stands for nothing
/// that resolves and would make everything below it one domain.
pub(super) fn is_domain_attribute(domain: &str) -> bool {
    domain.starts_with('[') || !domain.split('.').any(str::is_empty)
}

/// The host and every domain above it, longest first.
pub(super) fn domains_above(host: &str) -> impl Iterator<Item = &str> {
    let whole = is_address(host);
    std::iter::successors(Some(host), move |domain| {
        if whole { None } else { domain.split_once('.').map(|(_, above)| above) }
    })
    .filter(|domain| !domain.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_domain_holds_itself_and_what_is_below_it() {
        for (host, domain, expected) in [
            ("example.com", "example.com", true),
            ("www.example.com", "example.com", true),
            ("a.b.example.com", "example.com", true),
            ("badexample.com", "example.com", false),
            ("example.com", "www.example.com", false),
            ("example.com.", "example.com", false),
            ("127.0.0.1", "127.0.0.1", true),
            ("127.0.0.1", "0.0.1", false),
            ("[::1]", "[::1]", true),
        ] {
            assert_eq!(domain_matches(host, domain), expected, "{host} {domain}");
            assert_eq!(domains_above(host).any(|above| above == domain), expected, "{host} {domain}");
        }
    }

    #[test]
    fn a_path_holds_itself_and_what_is_below_it() {
        for (path, below, expected) in [
            ("/", "/", true),
            ("/a", "/", true),
            ("/a", "/a", true),
            ("/a/", "/a", true),
            ("/a/b", "/a/", true),
            ("/ab", "/a", false),
            ("/a", "/a/", false),
            ("/A", "/a", false),
        ] {
            assert_eq!(path_matches(path, below), expected, "{path} {below}");
        }
        for (path, expected) in
            [("", "/"), ("/", "/"), ("/a", "/"), ("/a/", "/a"), ("/a/b", "/a"), ("x/y", "/"), ("//x", "/")]
        {
            assert_eq!(default_path(path), expected, "{path}");
        }
    }
}
