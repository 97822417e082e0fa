//! Pages made to cost more than they are long: nesting, references that multiply, and any bytes at all.

use std::fmt::Write as _;

use lycosa_dom::{Document, ParseOptions};
use proptest::prelude::*;
use url::Url;

use super::Structured;

/// What is found, as the JSON that is printed.
fn printed(html: &str) -> String {
    let document = Document::parse_html(html, ParseOptions::default());
    let url = Url::parse("http://site.test/dir/page").unwrap();
    let json = serde_json::to_string(&Structured::of(&document, Some(&url))).unwrap();
    // Readers of JSON have a limit of nesting, too.
    serde_json::from_str::<serde_json::Value>(&json).unwrap();
    json
}

/// Nothing may print much more than what the page has.
fn is_in_proportion(html: &str) {
    let length = printed(html).len();
    assert!(length <= 64 * html.len() + 8_000_000, "{length} bytes from {}", html.len());
}

#[test]
fn items_in_items_end_at_a_level() {
    let nested = "<div itemprop=p itemscope itemtype=http://t/>".repeat(400) + "<b itemprop=p>x</b>";
    assert!(printed(&nested).contains("items nest too deep"));
    is_in_proportion(&("<div itemprop=p>".repeat(400) + &"text <b>".repeat(50_000)));
    is_in_proportion(&"<div itemscope><b itemprop=p>x</b>".repeat(50_000));
}

#[test]
fn references_that_double_at_each_step_end_soon() {
    let mut html = "<div itemscope itemref='a0 b0'></div>".to_owned();
    for step in 0..200 {
        let next = step + 1;
        for side in ["a", "b"] {
            let _ =
                write!(html, "<div id={side}{step} itemprop=p itemscope itemref='a{next} b{next}'></div>");
        }
    }
    is_in_proportion(&html);
    assert!(printed(&html).contains("repeat one another beyond bounds"));
}

#[test]
fn many_items_that_refer_to_one_long_part_end_soon() {
    let long = "<b itemprop=p content=".to_owned() + &"x".repeat(100_000) + ">";
    let html = format!("<div id=x>{long}</div>{}", "<div itemscope itemref=x></div>".repeat(20_000));
    is_in_proportion(&html);
    let wide = "<b itemprop=p>".repeat(200) + &"<b itemprop='p q r s t'>y</b>".repeat(20_000);
    is_in_proportion(&format!("<div id=x>{wide}</div>{}", "<div itemscope itemref=x></div>".repeat(20_000)));
    let ids: String = (0..20_000).map(|n| format!("x{n} ")).collect();
    is_in_proportion(&format!("<div itemscope itemref='{ids}'></div>").repeat(50));
    let chain: String =
        (0..20_000).map(|n| format!("<p id=x{n} itemprop=p itemscope itemref=x{}></p>", n + 1)).collect();
    is_in_proportion(&chain);
}

#[test]
fn names_and_addresses_of_rdfa_do_not_multiply() {
    let long = "a".repeat(8_000);
    is_in_proportion(&format!("<base href='/{long}/'>{}", "<a property=og:x href=y></a>".repeat(20_000)));
    let vocabulary = "v".repeat(100_000);
    is_in_proportion(&format!("<div vocab='http://{vocabulary}/'>{}", "<b property=p>x</b>".repeat(20_000)));
    let prefixes: String = (0..20_000).map(|n| format!("p{n}: http://p/{n} ")).collect();
    let children = "<b prefix='q: http://q/' property='q:x p9:y'>x</b>".repeat(20_000);
    is_in_proportion(&format!("<div prefix='{prefixes}'>{children}"));
    let declaring: String = (0..400).map(|n| format!("<div prefix='p{n}: http://p/'>")).collect();
    is_in_proportion(&format!("{declaring}<b property='{}'>x</b>", "gone:x ".repeat(300_000)));
    is_in_proportion(&("<div typeof=og:x property=og:y>".repeat(400) + &"text ".repeat(100_000)));
}

#[test]
fn bases_of_a_feed_do_not_multiply() {
    let long = "a".repeat(100_000);
    let xml = format!(
        "<feed xml:base='http://x/{long}/'>{}</feed>",
        "<entry><link href='y'/></entry>".repeat(20_000)
    );
    let document = Document::parse_xml(&xml, ParseOptions::default());
    let json = serde_json::to_string(&Structured::of(&document, None)).unwrap();
    assert!(json.len() <= 64 * xml.len() + 8_000_000, "{}", json.len());
}

#[test]
fn scripts_of_any_size_end_soon() {
    is_in_proportion(&"<script type=application/ld+json>{</script>".repeat(50_000));
    is_in_proportion(&format!("<script type=application/ld+json>{}</script>", "[".repeat(1_000_000)));
    is_in_proportion(&format!(
        "<script type=application/ld+json>[{}]</script>",
        "{\"a\":1},".repeat(100_000)
    ));
}

/// Elements and attributes that mean something, joined at random.
fn piece() -> impl Strategy<Value = &'static str> {
    prop_oneof![
        Just("<div itemscope>"),
        Just("<div itemscope itemprop='p q' id=a itemref='b c'>"),
        Just("<p id=b itemprop=p itemscope itemref=a itemtype='t u' itemid='#'>"),
        Just("<p id=c itemprop=p>"),
        Just("<img itemprop=i src='http://[' property=image>"),
        Just("<template>"),
        Just("</template>"),
        Just("</div>"),
        Just("</p>"),
        Just("text "),
        Just("<div vocab=v prefix='a: b c' typeof='x a:y'>"),
        Just("<b property='p a:q _:r' resource='[a:b]' content=c>"),
        Just("<time property=p typeof=t datetime=P1D>"),
        Just("<meta property=og:image:width content=1>"),
        Just("<meta name='a:b:c twitter:x' content=2>"),
        Just("<base href='//x:y'>"),
        Just("<script type=application/ld+json>{\"a\":[1,],}</script>"),
        Just("<script type=application/ld+json>{\"a\":"),
        Just("<svg>"),
        Just("<table>"),
        Just("<html about=x property=y>"),
    ]
}

proptest! {
    #[test]
    fn any_page_is_read(pieces in proptest::collection::vec(piece(), 0..40), tail in any::<String>()) {
        printed(&(pieces.concat() + &tail));
    }

    #[test]
    fn any_feed_is_read(pieces in proptest::collection::vec(prop_oneof![
        Just("<rss>"), Just("<channel>"), Just("<item>"), Just("</item>"), Just("<feed xml:base='//['>"), Just("<entry>"),
        Just("</entry>"), Just("<link>x</link>"), Just("<link href='http://[' rel=enclosure/>"), Just("<title type='xhtml'>"),
        Just("</title>"), Just("<guid>http</guid>"), Just("<enclosure url='x' length='-1'/>"), Just("text")], 0..30)) {
        let document = Document::parse_xml(&pieces.concat(), ParseOptions::default());
        let url = Url::parse("http://site.test/dir/page").unwrap();
        let _ = (Structured::of(&document, Some(&url)), Structured::of(&document, None));
    }

    #[test]
    fn any_text_is_read_as_json(text in any::<String>()) {
        let _ = Structured::of_json(&text, None);
    }
}
