//! What pages say, format by format.

use lycosa_dom::{Document, ParseOptions};
use serde_json::{Value, json};
use url::Url;

use super::Structured;

fn read(html: &str) -> Structured {
    let document = Document::parse_html(html, ParseOptions::default());
    Structured::of(&document, Some(&Url::parse("http://site.test/dir/page").unwrap()))
}

fn microdata(html: &str) -> Value {
    read(html).microdata.into()
}

fn notes(html: &str) -> Vec<String> {
    read(html).notes.into_iter().map(|note| format!("{}: {}", note.format, note.what)).collect()
}

#[test]
fn scripts_of_json_ld_give_their_objects_and_broken_ones_a_note() {
    let html = "<script type='Application/LD+JSON; charset=utf-8'>[{\"@type\":\"A\"},[{\"@type\":\"B\"}]]</script>\
                <script type=application/ld+json>{\"@graph\": [{\"name\": \"x &amp; y\"}],}</script>\
                <script type=application/ld+json>\n{\"a\": </script><script type=application/ld+json> </script>\
                <script type=application/ld+json>false</script><script type=application/json>{\"no\":1}</script>";
    let wanted = json!([{"@type": "A"}, {"@type": "B"}, {"@graph": [{"name": "x &amp; y"}]}]);
    assert_eq!(Value::from(read(html).json_ld), wanted);
    let wanted = [
        "json-ld: script 2 was repaired: a comma too many",
        "json-ld: script 3 was left out: in its line 2, it ends where a value should be",
    ];
    assert_eq!(notes(html), wanted);
}

#[test]
fn each_element_has_its_own_way_to_say_a_value() {
    let html = "<div itemscope><meta itemprop=meta content=' m '><img itemprop=img src=i.png><a itemprop=a href='../x'>no</a>\
                <object itemprop=object data=o></object><data itemprop=data value=d>no</data><meter itemprop=meter value=1>no</meter>\
                <time itemprop=time datetime=2020>no</time><time itemprop=clock>noon</time><audio itemprop=audio></audio>\
                <p itemprop=content content=c>no</p><p itemprop=text> a <b>b</b>\n c<br>d <script>no</script></p>\
                <a itemprop=bad href='http://[bad'>no</a><p itemprop='two names two'>x</p></div>";
    let wanted = json!([{"properties": {
        "meta": [" m "], "img": ["http://site.test/dir/i.png"], "a": ["http://site.test/x"],
        "object": ["http://site.test/dir/o"], "data": ["d"], "meter": ["1"], "time": ["2020"], "clock": ["noon"],
        "audio": [""], "content": ["c"], "text": ["a b c\nd"], "bad": [""], "two": ["x"], "names": ["x"],
    }}]);
    assert_eq!(microdata(html), wanted);
}

#[test]
fn items_have_types_identifiers_and_parts() {
    let html = "<base href=/b/><div itemscope itemtype='http://t/A http://t/B http://t/A' itemid='urn:x'>\
                <p itemprop=part itemscope itemtype=http://t/P itemid=rel><b itemprop=name>in</b></p><b itemprop=name>out</b></div>\
                <div itemscope itemid=ignored></div>";
    let wanted = json!([
        {"type": ["http://t/A", "http://t/B"], "id": "urn:x", "properties": {
            "part": [{"type": ["http://t/P"], "id": "http://site.test/b/rel", "properties": {"name": ["in"]}}],
            "name": ["out"],
        }},
        {"properties": {}},
    ]);
    assert_eq!(microdata(html), wanted);
}

#[test]
fn itemref_adds_what_stands_elsewhere_in_document_order() {
    let html = "<p id=first itemprop=name>first</p><div itemscope itemref='last first gone last'><b itemprop=name>own</b></div>\
                <div id=last><i itemprop=name>last</i><i itemscope><u itemprop=name>other</u></i></div>";
    let found = microdata(html);
    assert_eq!(found[0]["properties"]["name"], json!(["first", "own", "last"]));
    assert_eq!(found[1]["properties"]["name"], json!(["other"]));
}

#[test]
fn items_that_are_parts_of_themselves_end_with_a_word_for_it() {
    let html = "<div itemscope itemref=b><b itemprop=name>top</b></div>\
                <div id=b itemprop=next itemscope itemref=c></div><div id=c itemprop=next itemscope itemref=b></div>";
    let wanted = json!([{"properties": {
        "name": ["top"],
        "next": [{"properties": {"next": [{"properties": {"next": ["ERROR"]}}]}}],
    }}]);
    assert_eq!(microdata(html), wanted);
    assert_eq!(notes(html), ["microdata: an item is a part of itself"]);
    // An item around, and the item itself, do not count twice.
    let around = "<div id=a><div id=i itemscope itemref='a i'><b itemprop=name>x</b></div><b itemprop=name>y</b></div>";
    assert_eq!(microdata(around)[0]["properties"]["name"], json!(["x", "y"]));
}

#[test]
fn a_part_of_nothing_is_taken_with_a_note_and_templates_do_not_count() {
    let html = "<div itemprop=breadcrumb itemscope><b itemprop=name>lost</b></div>\
                <template><div itemscope></div></template><div itemscope><template><b itemprop=no>x</b></template></div>";
    assert_eq!(microdata(html), json!([{"properties": {"name": ["lost"]}}, {"properties": {}}]));
    assert_eq!(notes(html), ["microdata: an item is a property of nothing"]);
}

#[test]
fn inputs_of_actions_say_what_they_take() {
    let html = "<form itemscope><input itemprop=query-input name=q required maxlength=9><input itemprop=other></form>";
    let wanted = json!({"query-input": [{"valueRequired": true, "valueName": "q", "valueMaxLength": "9"}], "other": [""]});
    assert_eq!(microdata(html)[0]["properties"], wanted);
}

#[test]
fn rdfa_says_things_about_the_page_and_about_what_is_in_it() {
    let html = "<html lang=en><body vocab=http://v/ prefix='x: http://x/#  y: http://y/'><h1 property=title>T</h1>\
                <div resource=#me typeof='Person x:P'><span property='name x:label'>Me</span><a property=y:home href=/h>h</a>\
                <p property=knows typeof=Person><b property=name lang>You</b></p><img property=image src=i.png>\
                <time property=born datetime=1970-01-01>then</time><b property=age datatype=x:int content=50>fifty</b></div>\
                <span vocab=''><b property=none>no</b><b property=dc:date>d</b></span></body>";
    let text = |text: &str| json!({"@language": "en", "@value": text});
    let wanted = json!([
        {"@id": "http://site.test/dir/page",
         "http://www.w3.org/ns/rdfa#usesVocabulary": [{"@id": "http://v/"}],
         "http://v/title": [text("T")], "http://purl.org/dc/terms/date": [text("d")]},
        {"@id": "http://site.test/dir/page#me", "@type": ["http://v/Person", "http://x/#P"],
         "http://v/name": [text("Me")], "http://x/#label": [text("Me")], "http://y/home": [{"@id": "http://site.test/h"}],
         "http://v/knows": [{"@id": "_:b0"}], "http://v/image": [{"@id": "http://site.test/dir/i.png"}],
         "http://v/born": [{"@type": "http://www.w3.org/2001/XMLSchema#date", "@value": "1970-01-01"}],
         "http://v/age": [{"@type": "http://x/#int", "@value": "50"}]},
        {"@id": "_:b0", "@type": ["http://v/Person"], "http://v/name": [{"@value": "You"}]},
    ]);
    let found = Value::from(read(html).rdfa);
    assert_eq!(found, wanted, "{found:#}");
}

#[test]
fn references_of_rdfa_may_be_short_or_names_of_the_pages_own() {
    let html = "<p vocab=http://v/ about=_:b0 property=a resource=_:z></p><p about='[foaf:me]' property=dc:title>x</p>\
                <p about='[gone:me]' property=dc:title>y</p><p resource=_:z property=dc:title content=z></p>\
                <p property='_:no dc:x:y'>w</p>";
    let found = Value::from(read(html).rdfa);
    let ids: Vec<_> = found.as_array().unwrap().iter().map(|node| node["@id"].as_str().unwrap()).collect();
    let page = "http://site.test/dir/page";
    assert_eq!(ids, [page, "_:page-b0", "http://xmlns.com/foaf/0.1/me", "_:page-z"], "{found:#}");
    assert_eq!(found[1]["http://v/a"], json!([{"@id": "_:page-z"}]));
    assert_eq!(found[0]["http://purl.org/dc/terms/x:y"], json!([{"@value": "w"}]));
}

#[test]
fn addresses_stay_as_written_when_nothing_says_what_they_are_relative_to() {
    let html = "<div itemscope><a itemprop=url href=' x/../y '>x</a></div>";
    let document = Document::parse_html(html, ParseOptions::default());
    let found = Structured::of(&document, None);
    assert_eq!(found.microdata[0]["properties"]["url"], json!(["x/../y"]));
    let html = format!("<base href=http://b.test/>{html}");
    let document = Document::parse_html(&html, ParseOptions::default());
    let found = Structured::of(&document, None);
    assert_eq!(found.microdata[0]["properties"]["url"], json!(["http://b.test/y"]));
}

#[test]
fn a_page_that_says_nothing_is_empty() {
    assert!(read("<p>Hello").is_empty());
    assert!(!read("<title>Hello</title>").is_empty());
}

/// A feed as the JSON that is printed.
fn feed(xml: &str) -> Value {
    let document = Document::parse_xml(xml, ParseOptions::default());
    let found = Structured::of(&document, Some(&Url::parse("http://site.test/feed.xml").unwrap()));
    json!(found.feed.unwrap())
}

#[test]
fn rss_of_every_age_gives_its_entries() {
    let found = feed(
        "<rss version='2.0' xmlns:content='http://purl.org/rss/1.0/modules/content/' xmlns:dc='http://purl.org/dc/elements/1.1/'
          xmlns:atom='http://www.w3.org/2005/Atom' xmlns:media='http://search.yahoo.com/mrss/'><channel>
          <title>News</title><atom:link rel='self' href='/feed.xml'/><link>/</link><description>All</description>
          <item><guid isPermaLink='false'>7</guid><media:title>no</media:title><title>One &amp; two</title><link> /1 </link>
            <description><![CDATA[<p>short</p>]]></description><content:encoded>&lt;p&gt;long</content:encoded>
            <pubDate>Sat, 07 Sep 2002 00:00:01 GMT</pubDate><dc:creator>Ann</dc:creator><category>a</category><category>b</category>
            <enclosure url='/1.mp3' length='9' type='audio/mpeg'/></item>
          <item><guid>http://site.test/2</guid></item></channel></rss>",
    );
    let wanted = json!({
        "format": "rss", "title": "News", "url": "http://site.test/", "feed_url": "http://site.test/feed.xml",
        "description": "All",
        "entries": [
            {"id": "7", "url": "http://site.test/1", "title": "One & two", "summary": "<p>short</p>", "content": "<p>long",
             "published": "Sat, 07 Sep 2002 00:00:01 GMT", "authors": ["Ann"], "categories": ["a", "b"],
             "enclosures": [{"url": "http://site.test/1.mp3", "type": "audio/mpeg", "length": 9}]},
            {"id": "http://site.test/2", "url": "http://site.test/2"},
        ],
    });
    assert_eq!(found, wanted, "{found:#}");
    let old = feed(
        "<rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#' xmlns='http://purl.org/rss/1.0/'>
          <channel><title>Old</title></channel><item><title>x</title><link>http://a.test/x</link></item></rdf:RDF>",
    );
    assert_eq!((&old["title"], &old["entries"][0]["url"]), (&json!("Old"), &json!("http://a.test/x")));
}

#[test]
fn atom_gives_its_entries_with_addresses_by_their_base() {
    let found = feed(
        "<feed xmlns='http://www.w3.org/2005/Atom' xml:base='/blog/'><title>B</title><updated>2003-12-13T18:30:02Z</updated>
          <link href='.'/><link rel='self' href='atom.xml'/><entry xml:base='2024/'><id>urn:1</id><title type='html'>&lt;b&gt;T</title>
          <link rel='alternate' href='one'/><link rel='enclosure' href='one.pdf' type='application/pdf'/>
          <published>2024-01-01</published><author><name>Bea</name><email>no</email></author><category term='t'/>
          <content type='xhtml'><div xmlns='http://www.w3.org/1999/xhtml'><p>x</p></div></content></entry></feed>",
    );
    let wanted = json!({
        "format": "atom", "title": "B", "url": "http://site.test/blog/", "feed_url": "http://site.test/blog/atom.xml",
        "updated": "2003-12-13T18:30:02Z",
        "entries": [{
            "id": "urn:1", "url": "http://site.test/blog/2024/one", "title": "<b>T", "content": "<p>x</p>",
            "published": "2024-01-01", "authors": ["Bea"], "categories": ["t"],
            "enclosures": [{"url": "http://site.test/blog/2024/one.pdf", "type": "application/pdf"}],
        }],
    });
    assert_eq!(found, wanted, "{found:#}");
}

#[test]
fn a_json_feed_is_a_feed_and_other_json_is_linked_data() {
    let text = "{\"version\": \"https://jsonfeed.org/version/1.1\", \"title\": \"J\", \"items\": [{\"id\": 1, \"url\": \"/1\",
        \"content_text\": \"x\", \"author\": {\"name\": \"Cy\"}, \"tags\": [\"a\"],
        \"attachments\": [{\"url\": \"f.mp3\", \"mime_type\": \"audio/mpeg\", \"size_in_bytes\": 5}]}]}";
    let found = Structured::of_json(text, Some(&Url::parse("http://site.test/").unwrap()));
    let wanted = json!({"format": "json", "title": "J", "entries": [{
        "id": "1", "url": "http://site.test/1", "content": "x", "authors": ["Cy"], "categories": ["a"],
        "enclosures": [{"url": "http://site.test/f.mp3", "type": "audio/mpeg", "length": 5}],
    }]});
    assert_eq!(json!(found.feed.unwrap()), wanted);
    let found = Structured::of_json("[{\"@type\": \"A\"},]", None);
    assert_eq!((found.json_ld, found.feed), (vec![json!({"@type": "A"})], None));
    assert_eq!(Structured::of_json("{", None).notes.len(), 1);
}

#[test]
fn an_ill_formed_feed_gives_what_it_has_and_a_note() {
    let document =
        Document::parse_xml("<rss><channel><item><title>A & B</title></item>", ParseOptions::default());
    let found = Structured::of(&document, None);
    assert_eq!(found.feed.unwrap().entries.len(), 1);
    assert!(found.notes[0].what.starts_with("the XML is ill-formed"), "{:?}", found.notes);
}
