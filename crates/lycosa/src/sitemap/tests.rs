//! Real files counted by other means, and stories about broken ones.

use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;
use proptest::prelude::*;

use super::*;
use crate::corpus;

fn base() -> Url {
    Url::parse("https://example.com/maps/sitemap.xml").unwrap()
}

fn read(text: &str) -> Sitemap {
    parse(text.as_bytes(), &base())
}

fn locations(sitemap: &Sitemap) -> Vec<&str> {
    sitemap.entries.iter().map(|entry| entry.loc.as_str()).collect()
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// What a file lists, counted without an XML reader: opening tags of unprefixed `loc`, of items, or lines.
fn plain_count(name: &str, bytes: &[u8]) -> (SitemapKind, usize) {
    let mut unpacked = Vec::new();
    let text = match MultiGzDecoder::new(bytes).read_to_end(&mut unpacked) {
        Ok(_) => String::from_utf8(unpacked).unwrap(),
        Err(_) => String::from_utf8(bytes.to_vec()).unwrap(),
    };
    let count = |tag: &str| text.matches(&format!("<{tag}>")).count();
    if text.contains("<sitemapindex") {
        // One file puts its URLs into the `sitemap` elements themselves.
        (SitemapKind::Index, if count("loc") > 0 { count("loc") } else { count("sitemap") })
    } else if text.contains("<urlset") {
        (SitemapKind::UrlSet, count("loc"))
    } else if text.contains("<rss") {
        (SitemapKind::Feed, count("item"))
    } else if text.contains("jsonfeed.org") {
        (SitemapKind::Feed, text.matches("\"date_published\"").count())
    } else if name.ends_with(".txt") {
        (SitemapKind::Text, text.lines().filter(|line| line.contains("http")).count())
    } else {
        (SitemapKind::Unknown, 0)
    }
}

#[test]
fn every_file_of_the_corpus_gives_as_many_entries_as_a_plain_count() {
    let mut entries = 0;
    for name in corpus::files("sitemaps").iter().filter(|name| !name.ends_with("README.md")) {
        let bytes = corpus::read(name).unwrap();
        let sitemap = parse(&bytes, &base());
        assert_eq!(
            (sitemap.kind, sitemap.entries.len()),
            plain_count(name, &bytes),
            "{name}: {:?}",
            sitemap.problems
        );
        entries += sitemap.entries.len();
    }
    println!("{entries} entries");
}

/// Values looked up in the files by eye.
#[test]
fn files_of_the_corpus_say_what_stands_in_them() {
    let file = |name: &str| corpus::read(&format!("sitemaps/{name}")).map(|bytes| parse(&bytes, &base()));
    let Some(images) = file("cc-sitemap-images.xml") else { return };
    let extensions = |sitemap: &Sitemap| -> Vec<Extensions> {
        sitemap.entries.iter().filter_map(|entry| entry.extensions.as_deref().cloned()).collect()
    };
    println!("{:?}", extensions(&images));
    assert!(extensions(&images).iter().any(|said| !said.images.is_empty()));
    let videos = file("cc-sitemap-videos-tvshow.xml").unwrap();
    assert!(extensions(&videos).iter().any(|said| !said.videos.is_empty()));
    let dated = file("cc-xmlRss_pubDate.xml").unwrap();
    let is_dated: Vec<bool> = dated.entries.iter().map(|entry| entry.lastmod.is_some()).collect();
    assert_eq!(is_dated, [true, true, true, true, true, false, false], "two without a date");
}

#[test]
fn extensions_are_taken_with_their_entry() {
    let sitemap = read(
        "<urlset xmlns:xhtml='x'><url><loc>/en</loc><xhtml:link rel='alternate' hreflang='de' href='/de?a=1&amp;b=2'/>\
         <xhtml:link rel='alternate' hreflang='x-default' href='https://example.com/'></xhtml:link>\
         <image:image><image:loc>/1.png</image:loc><image:title>t</image:title></image:image><image:image>\
         <image:loc>javascript:x</image:loc></image:image><video:video><video:thumbnail_loc>/t.png</video:thumbnail_loc>\
         <video:content_loc>/v.mp4</video:content_loc></video:video><n:news xmlns:n='wrong'><n:publication><n:name>P</n:name>\
         </n:publication><n:publication_date>2005-01-01</n:publication_date><n:title>A &amp; B</n:title></n:news>\
         <lastmod>2005-01-01</lastmod></url><url><loc>/plain</loc></url></urlset>",
    );
    assert_eq!(locations(&sitemap), ["https://example.com/en", "https://example.com/plain"]);
    let said = sitemap.entries[0].extensions.as_deref().unwrap();
    let of = |urls: &[Url]| urls.iter().map(|url| url.path().to_owned()).collect::<Vec<_>>();
    assert_eq!((of(&said.images), of(&said.videos)), (vec!["/1.png".to_owned()], vec!["/v.mp4".to_owned()]));
    let langs: Vec<_> = said.alternates.iter().map(|one| (&*one.lang, one.url.as_str())).collect();
    assert_eq!(langs, [("de", "https://example.com/de?a=1&b=2"), ("x-default", "https://example.com/")]);
    let published = Some(Timestamp(1_104_537_600_000));
    assert_eq!(said.news, Some(News { published, title: Some("A & B".into()) }));
    assert_eq!((sitemap.entries[0].lastmod, &sitemap.entries[1].extensions), (published, &None));
}

#[test]
fn json_feeds_list_the_pages_of_their_items_and_survive_a_break() {
    let whole = r#"{"version":"https://jsonfeed.org/version/1.1","title":{"a":[1,{"items":3}]},"items":[
        {"id":"1","url":"/a","date_published":"2005-01-01","content_html":"<p>","tags":["x"]},
        {"id":7,"external_url":"https://other.test/b","date_modified":12},{"id":"https://example.com/c"},{"id":"4"}],"x":1}"#;
    let feed = read(whole);
    assert_eq!(feed.kind, SitemapKind::Feed);
    assert_eq!(locations(&feed), ["https://example.com/a", "https://other.test/b", "https://example.com/c"]);
    assert_eq!(feed.entries[0].lastmod, Some(Timestamp(1_104_537_600_000)));
    assert!(matches!(feed.problems[..], [SitemapProblem::BadUrl { .. }]), "{:?}", feed.problems);
    let cut = read(&whole[..whole.len() - 12]);
    assert_eq!(cut.entries.len(), 3);
    assert!(cut.problems.iter().any(|problem| matches!(problem, SitemapProblem::Malformed { .. })));
    let odd = read(
        r#"{"items":[{"url":["/no"],"url":{"a":1},"id":true,"external_url":"/x","url":null,"id":1.5}]}"#,
    );
    assert_eq!(locations(&odd), ["https://example.com/x"], "repeated keys and other forms are passed over");
    let deep = read(&format!("{{\"items\":[{}", "[".repeat(100_000)));
    assert_eq!(deep.entries.len(), 0);
}

#[test]
fn extensions_of_other_namespaces_are_not_pages() {
    let sitemap = read(
        "<?xml version='1.0'?><s:urlset xmlns:s='wrong' xmlns:image='x'><s:url><image:image><image:loc>https://i/1\
         </image:loc></image:image><s:loc> /a </s:loc><s:lastmod>2005-01-01</s:lastmod><video><loc>https://v/</loc>\
         </video></s:url><url><loc>https://example.com/b?x=1&amp;y=&#50;</loc></url></s:urlset>",
    );
    assert_eq!(locations(&sitemap), ["https://example.com/a", "https://example.com/b?x=1&y=2"]);
    assert_eq!(sitemap.entries[0].lastmod, Some(Timestamp(1_104_537_600_000)));
    assert_eq!(sitemap.problems, []);
}

#[test]
fn carelessly_written_xml_is_read_all_the_same() {
    let sitemap = read(
        "\n<URLSET><url><loc>https://example.com/1?a=1&b=2</loc><url><loc><![CDATA[https://example.com/2?a&b]]></loc>\
         </url><url><loc>https://example.com/3</url></wrong><url><loc/></url><url><loc>javascript:x</loc></url>\
         <url><loc>https://example.com/4?x&nbsp;y</loc>",
    );
    assert_eq!(
        locations(&sitemap),
        [
            "https://example.com/1?a=1&b=2",
            "https://example.com/2?a&b",
            "https://example.com/3",
            "https://example.com/4?x&nbsp;y",
        ]
    );
    assert_eq!(sitemap.problems.len(), 2, "{:?}", sitemap.problems);
}

#[test]
fn feeds_list_the_pages_of_their_items() {
    let atom = read(
        "<feed xmlns='http://www.w3.org/2005/Atom'><link href='https://example.com/'/><entry><link rel='self' \
         href='https://example.com/self'/><link href='/post?a=1&amp;b=2'/><updated>2005-01-01T00:00:00Z</updated>\
         </entry></feed>",
    );
    assert_eq!((atom.kind, locations(&atom)), (SitemapKind::Feed, vec!["https://example.com/post?a=1&b=2"]));
    assert_eq!(atom.entries[0].lastmod, Some(Timestamp(1_104_537_600_000)));
    let rdf = read(
        "<rdf:RDF xmlns:rdf='r'><channel><link>https://example.com/</link></channel><item><title>a</title>\
         <link>https://example.com/a</link><dc:date>2005-01-01</dc:date></item></rdf:RDF>",
    );
    assert_eq!((rdf.kind, locations(&rdf)), (SitemapKind::Feed, vec!["https://example.com/a"]));
    assert!(rdf.entries[0].lastmod.is_some());
    let rss = read(
        "<rss><channel><atom:link href='https://example.com/rss'/><item><guid isPermaLink='true'>https://example.com/g\
         </guid></item><item><guid isPermaLink='false'>https://example.com/no</guid></item></channel></rss>",
    );
    assert_eq!(locations(&rss), ["https://example.com/g"]);
    assert_eq!(rss.problems.len(), 1);
}

#[test]
fn what_breaks_off_gives_what_came_before_and_a_problem() {
    let whole: String = (0..100).map(|n| format!("<url><loc>https://example.com/{n}</loc></url>")).collect();
    let xml = format!("<urlset>{whole}</urlset>");
    let packed = gzip(xml.as_bytes());
    let half = parse(&packed[..packed.len() / 2], &base());
    assert!((1..100).contains(&half.entries.len()), "{}", half.entries.len());
    assert!(half.problems.contains(&SitemapProblem::DamagedGzip));
    let cut = read(&format!("{}<", &xml[..xml.len() - 40]));
    assert_eq!(cut.entries.len(), 99);
    assert!(matches!(cut.problems[..], [SitemapProblem::Malformed { .. }]), "{:?}", cut.problems);
}

#[test]
fn other_files_are_not_taken_for_sitemaps() {
    let others = [
        "",
        "Not found",
        "<!DOCTYPE html><html><body><a href='https://example.com/'>x</a>",
        "{\"a\": 1}",
        "\0\0",
    ];
    for text in others {
        let sitemap = read(text);
        assert_eq!((sitemap.kind, sitemap.entries.len()), (SitemapKind::Unknown, 0), "{text}");
        assert!(sitemap.problems.contains(&SitemapProblem::NotASitemap), "{text}");
    }
}

#[test]
fn the_limits_of_the_protocol_hold() {
    let many: String = (0..=MAX_SITEMAP_ENTRIES).map(|n| format!("https://example.com/{n}\n")).collect();
    let strict = SitemapLimits { entries: MAX_SITEMAP_ENTRIES, ..SitemapLimits::default() };
    let sitemap = parse_within(&gzip(many.as_bytes()), &base(), None, strict);
    assert_eq!((sitemap.kind, sitemap.entries.len()), (SitemapKind::Text, MAX_SITEMAP_ENTRIES));
    assert_eq!(sitemap.problems, [SitemapProblem::TooManyEntries]);
    let lenient = parse(many.as_bytes(), &base());
    assert_eq!(lenient.entries.len(), MAX_SITEMAP_ENTRIES + 1);
    assert_eq!(lenient.problems, [SitemapProblem::BeyondProtocol]);
    let items = "{\"url\":\"/a\"},".repeat(20);
    let few = SitemapLimits { entries: 3, ..strict };
    let feed = parse_within(format!("{{\"items\":[{items}{{}}]}}").as_bytes(), &base(), None, few);
    assert_eq!((feed.entries.len(), &feed.problems[..]), (3, &[SitemapProblem::TooManyEntries][..]));
    let prose = read(&format!("{}https://example.com/", "no URL\n".repeat(1000)));
    assert_eq!((prose.kind, prose.problems.len()), (SitemapKind::Unknown, 1));
    let bomb = gzip(&vec![b' '; SitemapLimits::default().bytes + (1 << 20)]);
    assert!(parse(&bomb, &base()).problems.contains(&SitemapProblem::TooLarge));
    let deep = read(&format!("<urlset>{}", "<a>".repeat(100_000)));
    assert!(matches!(deep.problems[..], [SitemapProblem::Malformed { .. }]));
}

#[test]
fn marks_and_wrong_bytes_are_dealt_with() {
    let wide: Vec<u8> = "<urlset><url><loc>https://example.com/ü</loc></url></urlset>"
        .encode_utf16()
        .flat_map(u16::to_be_bytes)
        .collect();
    let sitemap = parse(&[b"\xFE\xFF", wide.as_slice()].concat(), &base());
    assert_eq!(locations(&sitemap), ["https://example.com/%C3%BC"]);
    let latin = parse(b"<urlset><url><x>\xFC</x><loc>https://example.com/a</loc></url></urlset>", &base());
    assert_eq!(locations(&latin), ["https://example.com/a"]);
    assert_eq!(latin.problems, [SitemapProblem::Encoding { charset: "UTF-8" }]);
}

/// A text in an encoding that is written one byte a character.
fn single_bytes(text: &str, upper: &[(char, u8)]) -> Vec<u8> {
    let byte = |letter: char| upper.iter().find(|(known, _)| *known == letter).map(|(_, byte)| *byte);
    text.chars()
        .map(|letter| byte(letter).unwrap_or_else(|| u8::try_from(u32::from(letter)).unwrap()))
        .collect()
}

fn wide(text: &str, bytes: fn(u16) -> [u8; 2]) -> Vec<u8> {
    text.encode_utf16().flat_map(bytes).collect()
}

#[test]
fn a_file_is_read_in_the_charset_that_it_or_its_server_declares() {
    let said = |bytes: &[u8], content_type: Option<&str>| {
        let sitemap = parse_within(bytes, &base(), content_type, SitemapLimits::default());
        assert_eq!(sitemap.problems, [], "{content_type:?}");
        sitemap.entries.iter().map(|entry| entry.loc.path().to_owned()).collect::<Vec<_>>()
    };
    let set = |head: &str, path: &str| {
        format!("{head}<urlset><url><loc>https://example.com/{path}</loc></url></urlset>")
    };
    let latin = |text: &str| single_bytes(text, &[]);
    let declared = latin(&set("<?xml version='1.0' encoding='ISO-8859-1'?>", "iso-café"));
    assert_eq!(said(&declared, None), ["/iso-caf%C3%A9"]);
    assert_eq!(said(&gzip(&declared), Some("application/gzip")), ["/iso-caf%C3%A9"]);
    assert_eq!(said(&latin(&set("", "café")), Some("text/xml; charset=iso-8859-1")), ["/caf%C3%A9"]);
    let russian = "<?xml version='1.0' encoding='windows-1251'?><rss><item><link>https://example.com/мир</link></item></rss>";
    let russian = single_bytes(russian, &[('м', 0xEC), ('и', 0xE8), ('р', 0xF0)]);
    assert_eq!(said(&russian, None), ["/%D0%BC%D0%B8%D1%80"]);
    assert_eq!(said(&russian, Some("application/rss+xml")), ["/%D0%BC%D0%B8%D1%80"]);
    let xml = set("<?xml version='1.0' encoding='UTF-16'?>", "ü");
    for text in [&xml, &set("", "ü"), "https://example.com/ü", "https://example.com/ü\r\n"] {
        for bytes in [wide(text, u16::to_le_bytes), wide(text, u16::to_be_bytes)] {
            assert_eq!(said(&bytes, None), ["/%C3%BC"], "{text}");
        }
    }
    let marked = [b"\xFF\xFE".as_slice(), &wide("https://example.com/ü", u16::to_le_bytes)].concat();
    assert_eq!(said(&marked, Some("text/plain; charset=utf-8")), ["/%C3%BC"], "the mark knows better");
    assert_eq!(said(b"\xEF\xBB\xBFhttps://example.com/a\n", Some("text/plain")), ["/a"]);
    let list = latin("https://example.com/café\n");
    assert_eq!(said(&list, Some("text/plain; charset=iso-8859-1")), ["/caf%C3%A9"]);
    let utf8 = set("<?xml version='1.0' encoding='UTF-8'?>", "ü");
    assert_eq!(
        said(utf8.as_bytes(), Some("text/xml; charset=iso-8859-1")),
        ["/%C3%BC"],
        "the bytes know better"
    );
}

/// The folder is about texts, and few of its files name a URL: all must be told to be feeds, and no URL be garbled.
#[test]
fn feeds_of_all_encodings_are_told_to_be_feeds() {
    let (mut feeds, mut entries, mut others) = (0, 0, Vec::new());
    for name in corpus::files("feeds-encoding").iter().filter(|name| name.ends_with(".xml")) {
        let bytes = corpus::read(name).unwrap();
        let plain: String = bytes.iter().filter(|byte| **byte != 0).map(|byte| char::from(*byte)).collect();
        let header = plain.lines().find_map(|line| line.trim().strip_prefix("Header:"));
        let content_type = header.and_then(|header| header.split_once(':')).map(|(_, value)| value.trim());
        let sitemap = parse_within(&bytes, &base(), content_type, SitemapLimits::default());
        let is_feed = ["<feed", "<rss", "<rdf:RDF"].iter().any(|root| plain.contains(root));
        if is_feed && sitemap.kind != SitemapKind::Feed {
            others.push((name.clone(), sitemap.problems));
            continue;
        }
        feeds += usize::from(is_feed);
        entries += sitemap.entries.len();
        let wrong = sitemap.entries.iter().find(|entry| entry.loc.as_str().contains("%EF%BF%BD"));
        assert_eq!(wrong, None, "{name}");
    }
    println!("{feeds} feeds with {entries} entries, and {others:?}");
    assert!(others.is_empty(), "{others:?}");
}

#[test]
fn addresses_of_feeds_are_relative_to_the_bases_of_their_elements() {
    let atom = read(
        "<feed xml:base='https://example.com/base/'><link href='self'/><entry><link href='rel-entry'/></entry>\
         <entry xml:base='deep/'><link href='a'/></entry><entry xml:base='deep/'><link xml:base='er/' href='b'/></entry>\
         <entry><link href='/root'/><link href='no'/></entry><entry xml:base='https://other.test/x'><link href='y'/>\
         <entry><link href='after-a-forgotten-end'/></entry><entry xml:base='javascript:x'><link href='bad-base'/></entry>\
         <entry><content xml:base='https://other.test/'><p/></content><link href='last'/></entry></feed>",
    );
    let expected = [
        "https://example.com/base/rel-entry",
        "https://example.com/base/deep/a",
        "https://example.com/base/deep/er/b",
        "https://example.com/root",
        "https://other.test/y",
        "https://example.com/base/after-a-forgotten-end",
        "https://example.com/base/bad-base",
        "https://example.com/base/last",
    ];
    assert_eq!(locations(&atom), expected);
    let relative = read("<feed xml:base='../b/'><entry><link href='c'/></entry></feed>");
    assert_eq!(locations(&relative), ["https://example.com/b/c"]);
    let rss = read(
        "<rss><channel xml:base='https://example.com/ch/'><item><link>x</link></item></channel><channel><item>\
         <link>y</link></item></channel></rss>",
    );
    assert_eq!(locations(&rss), ["https://example.com/ch/x", "https://example.com/maps/y"]);
    let nested =
        format!("<feed>{}<entry><link href='x'/></entry>", "<a xml:base='aaaaaaaaaaaaaaaa/'>".repeat(500));
    assert!(read(&nested).entries[0].loc.as_str().len() < 3_000, "bases do not grow without end");
}

#[test]
fn entities_that_a_file_declares_are_read_or_make_the_url_a_bad_one() {
    let sitemap = read(
        "<?xml version='1.0'?><!DOCTYPE urlset [<!ENTITY h \"https://example.com\"><!ENTITY f SYSTEM 'file:///etc/passwd'>\
         <!ENTITY l0 'ha'><!ENTITY l1 '&l0;&l0;&l0;&l0;&l0;&l0;&l0;&l0;'><!ENTITY l2 '&l1;&l1;&l1;&l1;&l1;&l1;&l1;&l1;'>\
         <!ENTITY l3 '&l2;&l2;&l2;&l2;&l2;&l2;&l2;&l2;'><!ENTITY l4 '&l3;&l3;&l3;&l3;&l3;&l3;&l3;&l3;'>]>\
         <urlset><url><loc>&h;/x</loc></url><url><loc>&h;/&f;</loc></url><url><loc>&h;/&l4;</loc></url>\
         <url><loc>&h;/y?a&amp;b&c;</loc></url><url>https://example.com/stray&f;</url></urlset>",
    );
    assert_eq!(locations(&sitemap), ["https://example.com/x", "https://example.com/y?a&b&c;"]);
    let bad = |problem: &SitemapProblem| matches!(problem, SitemapProblem::BadUrl { .. });
    assert!(sitemap.problems.len() == 3 && sitemap.problems.iter().all(bad), "{:?}", sitemap.problems);
    let atom = read(
        "<!DOCTYPE feed [<!ENTITY h 'https://example.com/b/'><!ENTITY g '<i/>'>]><feed xml:base='&h;'><entry>\
         <link href=\"c?&amp;d\"/></entry><entry><link href='&h;e'/></entry><entry><link href='&g;f'/></entry></feed>",
    );
    assert_eq!(locations(&atom), ["https://example.com/b/c?&d", "https://example.com/b/e"]);
    assert!(matches!(atom.problems[..], [SitemapProblem::BadUrl { .. }]), "{:?}", atom.problems);
}

#[test]
fn lines_end_with_either_sign_or_both() {
    let list = read(
        "https://example.com/1\rhttps://example.com/2\r\nhttps://example.com/3\n\rhttps://example.com/4",
    );
    assert_eq!((list.kind, list.entries.len(), &list.problems[..]), (SitemapKind::Text, 4, &[][..]));
    let second = read("https://example.com/1\r\nwrong\r\n");
    assert!(
        matches!(second.problems[..], [SitemapProblem::BadUrl { position: 2, .. }]),
        "{:?}",
        second.problems
    );
}

#[test]
fn what_was_packed_twice_is_unpacked_twice() {
    let xml = b"<urlset><url><loc>https://example.com/a</loc></url></urlset>";
    assert_eq!(locations(&parse(&gzip(&gzip(xml)), &base())), ["https://example.com/a"]);
    let endless = (0..50).fold(xml.to_vec(), |inner, _| gzip(&inner));
    assert_eq!(parse(&endless, &base()).kind, SitemapKind::Unknown);
}

proptest! {
    #[test]
    fn no_bytes_panic(
        bytes in proptest::collection::vec(any::<u8>(), 0..300),
        pieces in proptest::collection::vec(0..16_usize, 0..40),
    ) {
        const PIECES: [&str; 16] = [
            "<urlset>", "</urlset>", "<url>", "</url>", "<loc>", "</loc>", "<loc/>", "https://a/", "&", "&#0;", "<![CDATA[",
            "]]>", "<rss>", "<item>", "<link href='", "'/>",
        ];
        let _ = parse(&bytes, &base());
        let text: String = pieces.into_iter().map(|piece| PIECES[piece]).collect();
        let _ = read(&format!("<urlset>{text}"));
        let _ = read(&format!("<rss>{text}"));
        let _ = parse(&[&[0x1F, 0x8B], bytes.as_slice()].concat(), &base());
    }
}
