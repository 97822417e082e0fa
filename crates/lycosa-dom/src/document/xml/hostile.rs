//! XML documents that mean harm: what they make grow is cut, and everything ends.

use std::cell::Cell;

use super::{
    XmlProblemKind as Kind,
    tests::{assert_comes_back, kinds, named, parse},
};
use crate::{CutReason, Document, ParseOptions, TreeState, corpus, decode};

#[test]
fn a_billion_laughs_are_cut() {
    let mut text = String::from("<!DOCTYPE a [<!ENTITY e0 'ha'>");
    for level in 1..30 {
        let inner = format!("&e{};", level - 1).repeat(10);
        text += &format!("<!ENTITY e{level} '{inner}'>");
    }
    let in_text = parse(&format!("{text}]><a>&e29;<end/></a>"));
    assert_eq!(in_text.tree_state(), TreeState::Cut { reason: CutReason::Size });
    assert_eq!(kinds(&in_text), [Kind::EntityLimit]);
    assert!(in_text.root().text().len() < 2 << 20);
    assert_eq!(named(&in_text, "end").name(), "end", "the document goes on after it");
    let in_value = parse(&format!("{text}]><a x='&e29;'/>"));
    assert!(named(&in_value, "a").attr("x").unwrap().len() < 2 << 20);
    assert_eq!(kinds(&in_value), [Kind::EntityLimit]);
}

#[test]
fn an_entity_within_itself_is_left_out() {
    let head = "<!DOCTYPE a [<!ENTITY e '1&f;2'><!ENTITY f '3&e;4'><!ENTITY % p '%p;'> %p;";
    let document = parse(&format!("{head}]><a x='&e;'>&e;</a>"));
    assert_eq!((document.root().text(), named(&document, "a").attr("x")), ("1342", Some("1342")));
    assert!(kinds(&document).ends_with(&[Kind::RecursiveEntity, Kind::RecursiveEntity]));
    let open = parse("<!DOCTYPE a [<!ENTITY e '<b></a>'>]><a>&e;x</a>");
    assert_eq!(open.root().inner_html(), "<!DOCTYPE a><a><b/>x</a>");
    assert_eq!(kinds(&open), [Kind::UnexpectedEndTag, Kind::UnclosedElement]);
}

#[test]
fn limits_cut_the_tree_and_say_so() {
    let deep = format!("{}x{}", "<a>".repeat(2000), "</a>".repeat(2000));
    let document = parse(&format!("<r>{deep}<after/></r>"));
    assert_eq!(document.tree_state(), TreeState::Cut { reason: CutReason::Depth });
    assert_eq!(document.nodes().filter(|node| node.is_element()).count(), 513);
    assert_eq!(named(&document, "after").parent(), document.root_element());
    assert_eq!(kinds(&document), []);
    let wide = format!("<r>{}</r>", "<a/>".repeat(1000));
    let document = Document::parse_xml(&wide, ParseOptions::default().max_nodes(100));
    assert_eq!(document.tree_state(), TreeState::Cut { reason: CutReason::Nodes });
    assert!(document.len() <= 102);
    let asked = Cell::new(0);
    let cancel = || {
        asked.set(asked.get() + 1);
        asked.get() > 3
    };
    let document = Document::parse_xml(&wide.repeat(100), ParseOptions::default().cancel(&cancel));
    assert_eq!(document.tree_state(), TreeState::Cut { reason: CutReason::Cancelled });
    let page =
        format!("<html xmlns='http://www.w3.org/1999/xhtml'>{}<a href='/deep'/></html>", "<div>".repeat(600));
    assert_eq!(parse(&page).links().next().map(|link| link.href), Some("/deep"));
}

#[test]
fn defaults_cannot_multiply_without_bounds() {
    let defaults: String = (0..500).map(|at| format!(" a{at} CDATA '{}'", "x".repeat(100))).collect();
    let text = format!("<!DOCTYPE r [<!ATTLIST e{defaults}>]><r>{}</r>", "<e/>".repeat(20_000));
    let document = parse(&text);
    assert_eq!(document.tree_state(), TreeState::Cut { reason: CutReason::Size });
    assert!(document.memory() < 128 << 20);
}

#[test]
fn defaults_are_paid_for_even_where_they_come_to_nothing() {
    // Under many prefixes for one namespace all but the first are doubles, of which nothing stays in the tree.
    let prefixes: String = (0..500).map(|at| format!(" xmlns:p{at}='urn:p'")).collect();
    let defaults: String = (0..500).map(|at| format!(" p{at}:a CDATA '{}'", "x".repeat(100))).collect();
    let text = format!("<!DOCTYPE r [<!ATTLIST e{defaults}>]><r{prefixes}>{}</r>", "<e/>".repeat(1000));
    let document = parse(&text);
    assert_eq!(document.tree_state(), TreeState::Cut { reason: CutReason::Size });
    let elements = document.nodes().filter(|node| node.is_element());
    assert_eq!(elements.filter(|node| node.name() == "e").count(), 1000, "the elements stay");
    // What has no default costs nothing.
    let implied = defaults.replace(&format!("'{}'", "x".repeat(100)), "#IMPLIED");
    let text = format!("<!DOCTYPE r [<!ATTLIST e{implied}>]><r{prefixes}>{}</r>", "<e/>".repeat(1000));
    assert_eq!(parse(&text).tree_state(), TreeState::Whole);
}

/// Work must grow with the text: counted as what is asked between pieces, and by finishing at all.
#[test]
fn hostile_repetitions_are_finished_with() {
    for piece in [
        "<a \">\"",
        "<a '>'",
        "<!--",
        "<![CDATA[",
        "<?",
        "<? >",
        "<!DOCTYPE a [",
        "<!DOCTYPE '",
        "</",
        "<",
        "&",
        "&#",
        "&a",
        "<a b=\"",
        "<a b='",
        "</x>",
        "<a></b>",
        "<x",
        "<a:",
        "]]>",
        "<!x",
        "<a b=\"<\">",
        "\u{feff}<",
        "<a xmlns:p='u'>",
        "<!DOCTYPE a [<!ENTITY \"> ",
        "<!DOCTYPE a [<!ATTLIST a ",
        "<!ATTLIST e a (>",
        "<a \u{0}\u{b}=",
    ] {
        let text = piece.repeat((256 << 10) / piece.len());
        let document = parse(&text);
        assert!(!document.is_well_formed_xml(), "{piece}");
        let inside = parse(&format!("<r>{text}"));
        assert!(!inside.is_well_formed_xml(), "{piece}");
        let dtd = parse(&format!("<!DOCTYPE r [{text}]><r/>"));
        assert!(!dtd.is_well_formed_xml(), "{piece}");
    }
}

#[test]
fn many_attributes_and_declarations_take_their_time_only_once() {
    let attributes: String = (0..20_000).map(|at| format!(" a{at}='{at}' xmlns:p{at}='urn:{at}'")).collect();
    let document = parse(&format!("<r{attributes}>{}</r>", "<p7:x p9:y=''/>".repeat(10_000)));
    assert_eq!(document.xml_problems(), []);
    assert_eq!(document.attribute_count(), 50_000);
    assert_eq!(named(&document, "p7:x").namespace_uri(), "urn:7");
    assert_eq!(named(&document, "r").in_scope_namespaces().len(), 20_001);
}

/// Pieces of real feeds cut out, doubled, moved and spoilt, always in the same way.
#[test]
fn mutilated_feeds_are_read() {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut random = |below: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        usize::try_from(state % (below.max(1) as u64)).unwrap()
    };
    let mut read = 0;
    for name in corpus::list("feeds-encoding", ".xml") {
        let original = decode(&corpus::read(&name).unwrap(), None, None).text.into_owned();
        for _ in 0..60 {
            let mut text: Vec<char> = original.chars().collect();
            for _ in 0..=random(4) {
                let start = random(text.len());
                let end = (start + random(40)).min(text.len());
                let piece: Vec<char> = text[start..end].to_vec();
                let target = random(text.len());
                match random(4) {
                    0 => drop(text.drain(start..end)),
                    1 => drop(text.splice(target..target, piece)),
                    2 => {
                        drop(text.splice(target..target, "<&>\"'/![]?;=-:".chars().skip(random(14)).take(2)))
                    }
                    _ => drop(text.splice(start..end, piece.into_iter().rev())),
                }
            }
            assert_comes_back(&text.into_iter().collect::<String>());
            read += 1;
        }
    }
    println!("{read} mutilated feeds were read");
}
