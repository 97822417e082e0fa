//! Spellings met in the wild, each with what a reader takes out of it: one table, so that another case is one line.

use super::*;

/// What a file gives: its kind, the addresses behind the site's own, and how many problems are told.
fn given(bytes: &[u8]) -> (SitemapKind, String, usize) {
    let sitemap = parse(bytes, &Url::parse("https://example.com/maps/list").unwrap());
    let locations: Vec<&str> = sitemap
        .entries
        .iter()
        .map(|entry| entry.loc.as_str().strip_prefix("https://example.com").unwrap_or(entry.loc.as_str()))
        .collect();
    (sitemap.kind, locations.join(" "), sitemap.problems.len())
}

#[test]
fn url_sets_of_the_wild_give_their_pages() {
    let site = "https://example.com";
    let loc = |text: &str| format!("<urlset><url><loc>{text}</loc></url></urlset>");
    let cases = [
        ("<n:urlset xmlns:n='x'><n:url><n:loc>/a</n:loc></n:url></n:urlset>".to_owned(), "/a", 0),
        ("<URLSET><URL><LOC>/a</LOC></URL></URLSET>".to_owned(), "/a", 0),
        (loc("<![CDATA[\n https://example.com/a?b&c \n]]>"), "/a?b&c", 0),
        (loc(&format!("{site}/<!-- secret -->a<?x y?>b")), "/ab", 0),
        (loc(&format!("\n\t{site}/a\r\n")), "/a", 0),
        (loc(&format!("{site}/a\nb")), "/ab", 0),
        (loc(&format!("{site}/%7e%C3%A9?q=%26")), "/%7e%C3%A9?q=%26", 0),
        (loc(&format!("{site}/ü/日")), "/%C3%BC/%E6%97%A5", 0),
        (loc(&format!("{site}/?a&amp;amp;b")), "/?a&amp;b", 0),
        (loc(&format!("{site}/?a=1&lt=2&copy=3")), "/?a=1&lt=2&copy=3", 0),
        (loc(&format!("{site}/&#x41;&#66;&apos;")), "/AB'", 0),
        (loc("//example.com/a"), "/a", 0),
        (loc("http://example.com/a"), "http://example.com/a", 0),
        (loc("https://bücher.example/a"), "https://xn--bcher-kva.example/a", 0),
        (loc(&format!("{site}/a#b")), "/a#b", 0),
        (loc("ftp://example.com/a"), "", 1),
        (loc("https://"), "", 1),
        (loc(""), "", 1),
        (format!("<urlset><url><loc>{site}/a</loc><loc>{site}/b</loc></url></urlset>"), "/a", 0),
        (
            format!("<urlset><url><loc xml:lang='en'>{site}/a</loc><priority>1</priority></url></urlset>"),
            "/a",
            0,
        ),
        (format!("<urlset><url><x:loc xmlns:x='y'>{site}/a</x:loc></url></urlset>"), "", 1),
        (format!("<urlset><url>{site}/a</url></urlset>"), "/a", 0),
        (format!("<urlset><url><loc>{site}/a</loc></urlset>"), "/a", 0),
        (format!("<urlset><url><loc>{site}/a</loc></url></urlset><script>x</script>"), "/a", 0),
        (format!("\n\n<?xml version='1.0'?><?xml-stylesheet href='x'?><!-- c -->{}", loc("/a")), "/a", 0),
        (format!("<!DOCTYPE urlset SYSTEM 'x.dtd'>{}", loc("/a?b&c")), "/a?b&c", 0),
        (format!("<!DOCTYPE urlset SYSTEM 'x.dtd'>{}", loc("/a?b&c;d")), "", 1),
        (format!("<!DOCTYPE urlset [<!ENTITY amp2 '&#38;#38;'>]>{}", loc("/a?b&amp2;c")), "/a?b&c", 0),
        ("<urlset/>".to_owned(), "", 0),
        ("<urlset><url/><url></url></urlset>".to_owned(), "", 2),
        (loc("\u{feff}https://example.com/a"), "/maps/%EF%BB%BFhttps://example.com/a", 0),
    ];
    for (text, expected, problems) in cases {
        assert_eq!(given(text.as_bytes()), (SitemapKind::UrlSet, expected.to_owned(), problems), "{text}");
    }
    let index =
        "<sitemapindex><sitemap><loc>/1.xml</loc></sitemap><url><loc>/2.xml</loc></url></sitemapindex>";
    assert_eq!(given(index.as_bytes()), (SitemapKind::Index, "/1.xml /2.xml".to_owned(), 0));
}

#[test]
fn feeds_of_the_wild_give_the_pages_of_their_items() {
    let item = |inside: &str| format!("<rss xmlns:atom='a'><channel><item>{inside}</item></channel></rss>");
    let entry = |inside: &str| format!("<feed><entry>{inside}</entry></feed>");
    let cases = [
        (item("<link><![CDATA[https://example.com/a?b&c]]></link>"), "/a?b&c", 0),
        (item("<link/><guid>https://example.com/g</guid>"), "/g", 0),
        (item("<atom:link href='/self'/><link>/a</link>"), "/a", 0),
        (item("<title>t</title>"), "", 1),
        (item("<description>&lt;link>/no&lt;/link></description><link>/a</link>"), "/a", 0),
        (
            entry("<link rel='enclosure' href='/e'/><link rel='Alternate' type='text/html' href='/a'/>"),
            "/a",
            0,
        ),
        (entry("<content type='xhtml'><div><link href='/no'/></div></content><link href='/a'/>"), "/a", 0),
        (entry("<link href='?a=1&b=2&amp;c=3'/>"), "/maps/list?a=1&b=2&c=3", 0),
        ("<a:feed xmlns:a='x'><a:entry><a:link href='/a'/></a:entry></a:feed>".to_owned(), "/a", 0),
        ("\u{feff}{\"items\":[{\"url\":\"/a\"}]}".to_owned(), "/a", 0),
    ];
    for (text, expected, problems) in cases {
        assert_eq!(given(text.as_bytes()), (SitemapKind::Feed, expected.to_owned(), problems), "{text}");
    }
}

#[test]
fn lists_of_the_wild_give_their_lines() {
    let cases = [
        ("# mine\n\nhttps://example.com/a\n", "/a", 1),
        ("  https://example.com/a \t\n\u{feff}\nHTTPS://EXAMPLE.com/B", "/a /B", 1),
        ("https://example.com/a b\n/relative\nexample.com/c\n", "/a%20b", 2),
        ("https://example.com/a\0\n", "/a", 0),
    ];
    for (text, expected, problems) in cases {
        assert_eq!(given(text.as_bytes()), (SitemapKind::Text, expected.to_owned(), problems), "{text}");
    }
}
