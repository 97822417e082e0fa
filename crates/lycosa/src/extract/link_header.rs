//! Links in header fields: `Link: <https://example.com/>; rel="canonical"` (RFC 8288 §3), read leniently.
//!
//! Relations with a charset of their own (`title*`), `anchor` and `rev` are passed over: what a crawl asks of these
//! fields is which address a page goes by and in which languages it exists.

/// Links that are taken from one field's value.
const MOST: usize = 200;

/// A link of a header field.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HeaderLink<'a> {
    /// Its address as written, perhaps relative.
    pub target: &'a str,
    /// The words of `rel`, as written.
    pub rel: &'a str,
    /// The language of what is there, if named.
    pub hreflang: Option<&'a str>,
}

impl HeaderLink<'_> {
    /// Whether `rel` has this word.
    #[must_use]
    pub fn is(&self, relation: &str) -> bool {
        self.rel.split_ascii_whitespace().any(|word| word.eq_ignore_ascii_case(relation))
    }
}

/// The links of one value of a `Link` field; reading ends at what cannot be one.
#[must_use]
pub fn header_links(value: &str) -> Vec<HeaderLink<'_>> {
    let mut links = Vec::new();
    let mut rest = value.trim_start_matches([',', ' ', '\t']);
    while let Some((target, after)) = rest.strip_prefix('<').and_then(|rest| rest.split_once('>')) {
        let mut link = HeaderLink { target: target.trim(), ..HeaderLink::default() };
        rest = after.trim_start();
        while let Some(after) = rest.strip_prefix(';') {
            let (name, found, left) = parameter(after);
            // The first counts (§3.3).
            if name.eq_ignore_ascii_case("rel") && link.rel.is_empty() {
                link.rel = found;
            } else if name.eq_ignore_ascii_case("hreflang") && link.hreflang.is_none() {
                link.hreflang = Some(found);
            }
            rest = left.trim_start();
        }
        links.push(link);
        if links.len() >= MOST || !rest.starts_with(',') {
            break;
        }
        rest = rest.trim_start_matches([',', ' ', '\t']);
    }
    links
}

/// Name and value of a parameter, and what follows. The inside of quotes is not unescaped: no value that is asked for
/// has quotes.
fn parameter(text: &str) -> (&str, &str, &str) {
    let end = text.find(['=', ';', ',']).unwrap_or(text.len());
    let (name, rest) = text.split_at(end);
    let Some(value) = rest.strip_prefix('=') else { return (name.trim(), "", rest) };
    let value = value.trim_start();
    if let Some(quoted) = value.strip_prefix('"') {
        let (value, rest) = quoted.split_once('"').unwrap_or((quoted, ""));
        return (name.trim(), value.trim(), rest);
    }
    let end = value.find([';', ',']).unwrap_or(value.len());
    (name.trim(), value[..end].trim(), &value[end..])
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn shown(value: &str) -> Vec<String> {
        let one =
            |link: &HeaderLink<'_>| format!("{} {} {}", link.target, link.rel, link.hreflang.unwrap_or("-"));
        header_links(value).iter().map(one).collect()
    }

    #[test]
    fn links_come_with_relation_and_language() {
        assert_eq!(shown("<https://a.test/x>; rel=\"canonical\""), ["https://a.test/x canonical -"]);
        assert_eq!(
            shown(
                "</de>;rel=alternate; hreflang=de, < /fr >; title=\"a, b; c\"; REL=\"Alternate next\"; hreflang=\"fr\""
            ),
            ["/de alternate de", "/fr Alternate next fr"]
        );
        assert_eq!(shown("</a,b;c>"), ["/a,b;c  -"]);
        assert_eq!(shown("</a>; rel=x; rel=y, nonsense, </b>; rel=z"), ["/a x -"]);
        assert!(header_links("").is_empty() && header_links("/a; rel=x").is_empty());
        assert!(header_links("<a>; rel=\"Canonical shortlink\"")[0].is("canonical"));
        assert_eq!(header_links(&"<a>,".repeat(10_000)).len(), MOST);
    }

    proptest! {
        #[test]
        fn no_text_panics(text in "\\PC{0,60}", likely in "[<>;,=\" a]{0,60}") {
            let _ = (header_links(&text), header_links(&likely));
        }
    }
}
