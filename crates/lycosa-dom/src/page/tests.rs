//! Page facts and links.

use super::{LinkKind, facts::parse_refresh, scan_links};
use crate::{Document, ParseOptions};

fn parse(html: &str) -> Document {
    Document::parse_html(html, ParseOptions::default())
}

#[test]
fn the_title_is_the_first_html_title_with_whitespace_collapsed() {
    let page =
        parse("<svg><title>Icon</title></svg><title>\n  A  page\tof mine </title><title>Other</title>");
    assert_eq!(page.title().as_deref(), Some("A page of mine"));
    assert_eq!(parse("<p>x").title(), None);
}

#[test]
fn facts_of_the_head_are_read_as_written() {
    let page = parse(
        "<html lang=' de-AT '><base target=x><base href=' /b/ '><base href=/c/>\
         <meta name=Description content=' hello '><meta property=og:title content=T>\
         <meta name=robots content=noindex><meta name=Lycosa content=nofollow><meta name=other content=x>\
         <meta http-equiv=Refresh content='5; URL=\"/next\"'>\
         <link rel='alternate'><link rel='shortlink CANONICAL' href=/canon>",
    );
    assert_eq!(page.lang(), Some("de-AT"));
    assert_eq!(page.base_href(), Some("/b/"));
    assert_eq!(page.meta("description"), Some("hello"));
    assert_eq!(page.meta("og:title"), Some("T"));
    assert_eq!(page.meta_robots("lycosa").collect::<Vec<_>>(), ["noindex", "nofollow"]);
    assert_eq!(page.canonical(), Some("/canon"));
    let refresh = page.meta_refresh().unwrap();
    assert_eq!((refresh.seconds, refresh.url), (5.0, Some("/next")));
}

#[test]
fn all_named_metas_and_languages_of_a_page_are_listed() {
    let page = parse(
        "<meta name=' Robots ' content=' noindex '><meta name=empty><meta property=og:title content=T>\
         <template><meta name=robots content=none></template>\
         <link rel=alternate hreflang=de href=' /de '><link rel=alternate href=/feed><link hreflang=fr href=/fr>\
         <link rel='ALTERNATE' hreflang=x-default href=/><link rel=alternate hreflang=it href=''>",
    );
    assert_eq!(page.named_metas().collect::<Vec<_>>(), [("Robots", "noindex")]);
    assert_eq!(page.alternates().collect::<Vec<_>>(), [("de", "/de"), ("x-default", "/")]);
}

#[test]
fn refresh_directives_follow_the_standard() {
    let parsed = |text| parse_refresh(text).map(|refresh| (refresh.seconds, refresh.url));
    assert_eq!(parsed("5"), Some((5.0, None)));
    assert_eq!(parsed(" 0.5;url=a"), Some((0.0, Some("a"))));
    assert_eq!(parsed("0, a"), Some((0.0, Some("a"))));
    assert_eq!(parsed("0 url = 'a b' c"), Some((0.0, Some("a b"))));
    assert_eq!(parsed("0; urls"), Some((0.0, Some("urls"))));
    assert_eq!(parsed(".; url=x"), Some((0.0, Some("x"))));
    assert_eq!(parsed("0;"), Some((0.0, None)));
    assert_eq!(parsed("x"), None);
    assert_eq!(parsed("5x"), None);
    assert_eq!(parsed(""), None);
}

#[test]
fn links_come_in_document_order_with_kind_and_rel() {
    let page = parse(
        "<link rel=stylesheet href=s.css><a href=' one '>1</a><a name=x>none</a><area href=two>\
         <template><a href=hidden>x</a></template><noscript><a rel=nofollow href=three>3</a></noscript>\
         <iframe src=four></iframe><svg><a href=svg></a><a xlink:href=old></a><image href=no /></svg><form action=five></form>",
    );
    let found: Vec<_> = page.links().map(|link| (link.kind, link.href, link.rel)).collect();
    let expected = [
        (LinkKind::Link, "s.css", Some("stylesheet")),
        (LinkKind::A, "one", None),
        (LinkKind::Area, "two", None),
        (LinkKind::A, "three", Some("nofollow")),
        (LinkKind::Iframe, "four", None),
        (LinkKind::A, "svg", None),
        (LinkKind::A, "old", None),
        (LinkKind::Form, "five", None),
    ];
    assert_eq!(found, expected);
    assert!(page.links().all(|link| page.node(link.node.unwrap()).unwrap().is_element()));
}

#[test]
fn a_scan_finds_links_but_not_in_scripts_and_comments() {
    let text = "<a href='x?a=1&amp;b=2'>x</a><script>'<a href=no>'</script><!-- <a href=no> -->\
                <title><a href=no></title><A HREF=y rel=nofollow>";
    let found: Vec<_> = scan_links(text).into_iter().map(|link| (link.href, link.rel)).collect();
    assert_eq!(found, [("x?a=1&b=2".into(), None), ("y".into(), Some("nofollow".into()))]);
}
