//! XML documents: names and namespaces, entities, and what becomes of ill-formed ones. See `hostile` for the rest.

use proptest::prelude::*;

use super::XmlProblemKind as Kind;
use crate::{Document, DocumentKind, Namespace, NodeKind, NodeRef, ParseOptions, Selector, corpus, decode};

pub(super) fn parse(text: &str) -> Document {
    Document::parse_xml(text, ParseOptions::default())
}

pub(super) fn kinds(document: &Document) -> Vec<Kind> {
    document.xml_problems().iter().map(|problem| problem.kind).collect()
}

pub(super) fn named<'d>(document: &'d Document, name: &str) -> NodeRef<'d> {
    document.nodes().find(|node| node.is_element() && node.qualified_name() == name).unwrap()
}

/// What the text is read as, without the problems.
fn read(text: &str) -> String {
    parse(text).root().html()
}

#[test]
fn names_keep_their_case_and_their_prefixes() {
    let document = parse(
        "<Feed xmlns='urn:feed' xmlns:m='urn:media'><m:Thumb m:url='a' Url='b'/><plain xmlns=''/></Feed>",
    );
    assert_eq!(document.xml_problems(), []);
    assert_eq!(document.kind(), DocumentKind::Xml);
    let thumb = named(&document, "m:Thumb");
    assert_eq!((thumb.name(), thumb.prefix(), thumb.namespace_uri()), ("Thumb", "m", "urn:media"));
    assert_eq!(thumb.namespace(), Namespace::Other);
    assert_eq!((thumb.attr("m:url"), thumb.attr("Url"), thumb.attr("url")), (Some("a"), Some("b"), None));
    let attributes: Vec<_> = thumb
        .attrs()
        .map(|found| (found.id().number(), found.qualified_name().into_owned(), found.namespace_uri()))
        .collect();
    assert_eq!(attributes, [(2, "m:url".into(), "urn:media"), (3, "Url".into(), "")]);
    assert_eq!(named(&document, "plain").namespace_uri(), "");
    assert_eq!(
        thumb.in_scope_namespaces(),
        [("xml", "http://www.w3.org/XML/1998/namespace"), ("", "urn:feed"), ("m", "urn:media")]
    );
    assert_eq!(
        named(&document, "plain").in_scope_namespaces(),
        [("xml", "http://www.w3.org/XML/1998/namespace"), ("m", "urn:media")]
    );
}

#[test]
fn an_attribute_with_a_prefix_that_means_nothing_is_no_double() {
    let many: String = (0..12).map(|at| format!(" a{at}=''")).collect();
    for others in ["", &many] {
        let document = parse(&format!("<r p:x='1' x='2' q:x='3' x='4'{others}/>"));
        let names: Vec<_> =
            named(&document, "r").attrs().take(3).map(|found| found.qualified_name()).collect();
        assert_eq!(names, ["p:x", "x", "q:x"]);
        assert_eq!(kinds(&document).iter().filter(|&&kind| kind == Kind::DuplicateAttribute).count(), 1);
    }
}

#[test]
fn a_prefix_means_what_the_nearest_element_says() {
    let document = parse("<a xmlns:p='urn:1'><p:b><p:c xmlns:p='urn:2'/></p:b><p:d/></a>");
    let uris: Vec<_> =
        document.nodes().filter(|node| node.is_element()).map(NodeRef::namespace_uri).collect();
    assert_eq!(uris, ["", "urn:1", "urn:2", "urn:1"]);
}

#[test]
fn the_known_namespaces_are_known_under_any_prefix() {
    let page = parse(
        "<h:html xmlns:h='http://www.w3.org/1999/xhtml'><h:head><h:title>T  t</h:title></h:head>\
         <h:body><h:a href='/x'>x</h:a><a href='/no'/></h:body></h:html>",
    );
    assert_eq!(page.title().as_deref(), Some("T t"));
    assert_eq!(page.links().map(|link| link.href).collect::<Vec<_>>(), ["/x"]);
    assert_eq!(page.root().visible_text(), "x");
}

#[test]
fn selectors_compare_names_exactly() {
    let document = parse("<r xmlns:p='urn:p'><Item id='A'/><item/><p:item CLASS='c' class='d'/><p:row/></r>");
    let count = |selector: &str| document.select(&Selector::parse(selector).unwrap()).count();
    assert_eq!((count("Item"), count("item"), count("ITEM")), (1, 2, 0));
    assert_eq!((count("row"), count("Row"), count("r > row:last-child")), (1, 0, 1));
    assert_eq!((count("[class]"), count("[CLASS]"), count("[Class]")), (1, 1, 0));
    assert_eq!((count("item:nth-of-type(1)"), count("*|item:nth-child(3)")), (2, 1));
    assert_eq!((count("#A"), count("#a"), count(".d")), (1, 0, 1));
}

#[test]
fn entities_of_the_internal_subset_are_replaced() {
    let document = parse(
        "<!DOCTYPE a [<!ENTITY who 'the &#38; <b>wolf</b> &and;'><!ENTITY and \"&#x26;#x3C; spider\">\
         <!ENTITY who 'the second'>]><a>&who;!</a>",
    );
    assert_eq!(document.root().text(), "the & wolf < spider!");
    assert_eq!(kinds(&document), [Kind::InvalidReference], "the bare ampersand of the replacement text");
}

#[test]
fn attributes_are_normalised_by_their_type() {
    let document = parse(
        "<!DOCTYPE a [<!ENTITY tab '&#9;'><!ATTLIST a t NMTOKENS #IMPLIED key ID #IMPLIED d CDATA ' x ' \
         x:y CDATA 'z' xmlns:x CDATA #FIXED 'urn:x'>]>\n<a c=' 1\n 2&#10;3&tab;4 ' t=' b   c ' key=' k '/>",
    );
    assert_eq!(document.xml_problems(), []);
    let element = named(&document, "a");
    assert_eq!(element.attr("c"), Some(" 1  2\n3 4 "));
    assert_eq!(element.attr("t"), Some("b c"));
    assert_eq!(element.attr("d"), Some(" x "));
    assert_eq!(element.attr("x:y"), Some("z"));
    let ids: Vec<_> = element.attrs().filter(|found| found.is_id()).map(|found| found.value()).collect();
    assert_eq!(ids, ["k"]);
}

#[test]
fn identifiers_are_those_xml_knows() {
    let document = parse(
        "<r><a id='1' xml:id=' 2 '/><p id='3' xmlns='http://www.w3.org/1999/xhtml'/><b xml:id='2'/></r>",
    );
    let ids = document.nodes().flat_map(NodeRef::attrs).filter(|found| found.is_id());
    assert_eq!(ids.map(|found| found.value()).collect::<Vec<_>>(), ["2", "3", "2"]);
    let page = Document::parse_html("<p id=x class=y>", ParseOptions::default());
    assert_eq!(page.nodes().flat_map(NodeRef::attrs).filter(|found| found.is_id()).count(), 1);
}

#[test]
fn everything_but_elements_and_text_is_there_too() {
    let document = parse(
        "<?xml version='1.0'?>\n<?style a='b'?><!DOCTYPE r PUBLIC '-//X//Y' 'y.dtd'>\r\n\
         <r><!-- c --><![CDATA[<&]]>\r\nt\r</r>\n<!--end-->",
    );
    assert_eq!(document.xml_problems(), []);
    let nodes: Vec<_> = document.nodes().map(|node| (node.kind(), node.name(), node.data())).collect();
    assert_eq!(
        nodes,
        [
            (NodeKind::Document, "", ""),
            (NodeKind::ProcessingInstruction, "style", "a='b'"),
            (NodeKind::Doctype, "r", "-//X//Y"),
            (NodeKind::Element, "r", ""),
            (NodeKind::Comment, "", " c "),
            (NodeKind::Text, "", "<&\nt\n"),
            (NodeKind::Comment, "", "end"),
        ]
    );
    assert_eq!(
        document.root().html(),
        "<?style a='b'?><!DOCTYPE r PUBLIC \"-//X//Y\" \"y.dtd\"><r><!-- c -->&lt;&amp;\nt\n</r><!--end-->"
    );
}

#[test]
fn written_xml_is_escaped_and_stands_alone() {
    let document = parse(
        "<r xmlns='urn:r' xmlns:p='urn:p' a='&lt;&#10;&quot;'><p:x><y>&#13;\u{a0}</y><z></z></p:x></r>",
    );
    assert_eq!(
        document.root().inner_html(),
        "<r xmlns=\"urn:r\" xmlns:p=\"urn:p\" a=\"&lt;&#10;&quot;\"><p:x><y>&#13;\u{a0}</y><z/></p:x></r>"
    );
    let inner = named(&document, "p:x").html();
    assert_eq!(inner, "<p:x xmlns=\"urn:r\" xmlns:p=\"urn:p\"><y>&#13;\u{a0}</y><z/></p:x>");
    assert!(parse(&inner).is_well_formed_xml());
}

#[test]
fn ill_formed_documents_are_read_in_the_likely_sense() {
    let cases: &[(&str, &str, &[Kind])] = &[
        ("<a><b>x</a>", "<a><b>x</b></a>", &[Kind::UnclosedElement]),
        ("<a>x</b></a>", "<a>x</a>", &[Kind::UnexpectedEndTag]),
        ("<a><b>x", "<a><b>x</b></a>", &[Kind::UnclosedElement, Kind::UnclosedElement]),
        ("<a>1 < 2 & 3</a>", "<a>1 &lt; 2 &amp; 3</a>", &[Kind::StrayLessThan, Kind::InvalidReference]),
        ("<a x=1 y z='2'w='3'/>", "<a x=\"1\" y=\"\" z=\"2\" w=\"3\"/>", &[Kind::InvalidAttribute]),
        ("<a x='1' x='2'/>", "<a x=\"1\"/>", &[Kind::DuplicateAttribute]),
        ("<p:a q:b='1'/>", "<p:a q:b=\"1\"/>", &[Kind::UndeclaredPrefix, Kind::UndeclaredPrefix]),
        ("<a>&nbsp;&eacute;&nope;</a>", "<a>\u{a0}é&amp;nope;</a>", &[Kind::UndefinedEntity; 3]),
        (
            "<a>&#0;&#x110000;\u{b}</a>",
            "<a/>",
            &[Kind::InvalidReference, Kind::InvalidReference, Kind::InvalidCharacter],
        ),
        ("<a/>tail<b/>", "<a/>tail<b/>", &[Kind::TextOutsideRoot, Kind::SecondRoot]),
        ("<a><![CDATA[<b>", "<a>&lt;b&gt;</a>", &[Kind::UnclosedMarkup, Kind::UnclosedElement]),
        (
            "<a><b x=\"1></a>",
            "<a><b x=\"1\"/></a>",
            &[Kind::UnclosedMarkup, Kind::InvalidAttribute, Kind::UnclosedElement],
        ),
        ("  <?xml version='1.0'?><a/>", "<a/>", &[Kind::Misplaced]),
        ("<a><!DOCTYPE a><!foo>x</a>", "<a>x</a>", &[Kind::Misplaced, Kind::StrayLessThan]),
        ("<a xmlns:xml='urn:x'/>", "<a xmlns:xml=\"urn:x\"/>", &[Kind::InvalidDeclaration]),
        ("<a:b:c/>", "<a:b:c/>", &[Kind::InvalidName]),
        ("", "", &[Kind::NoRoot]),
        ("plain", "plain", &[Kind::TextOutsideRoot, Kind::NoRoot]),
        ("<a><!-- -- --></a>", "<a><!-- - - --></a>", &[Kind::InvalidComment]),
    ];
    for (text, expected, problems) in cases {
        let document = parse(text);
        assert_eq!(document.root().html(), *expected, "{text}");
        assert_eq!(kinds(&document), *problems, "{text}");
        assert!(!document.is_well_formed_xml(), "{text}");
    }
}

#[test]
fn a_problem_says_where() {
    let document = parse("<a>\n <é/><b\n>\n</c></b></a>");
    let told: Vec<_> = document.xml_problems().iter().map(ToString::to_string).collect();
    assert_eq!(told, ["line 4, column 1: the end tag has no start tag: c"]);
    let many = parse(&"</x>".repeat(1000));
    assert_eq!((many.xml_problems().len(), many.xml_problem_count()), (32, 1001));
}

#[test]
fn what_an_unread_subset_may_declare_is_no_fault() {
    let page = parse(
        "<!DOCTYPE html PUBLIC '-//W3C//DTD XHTML 1.0 Strict//EN' 'http://www.w3.org/TR/xhtml1/DTD/xhtml1-strict.dtd'>\
         <html xmlns='http://www.w3.org/1999/xhtml'><p>a&nbsp;b</p></html>",
    );
    assert!(page.is_well_formed_xml());
    assert_eq!((page.root().text(), kinds(&page)), ("a\u{a0}b", vec![Kind::UndefinedEntity]));
}

#[test]
fn nothing_external_is_read() {
    let document = parse(
        "<!DOCTYPE a [<!ENTITY file SYSTEM 'file:///etc/passwd'><!ENTITY % more SYSTEM 'more.dtd'> %more;\
         <!ENTITY pic SYSTEM 'p.gif' NDATA gif>]><a>[&file;&pic;]</a>",
    );
    assert_eq!(document.root().text(), "[]");
    assert_eq!(kinds(&document), [Kind::ExternalEntity, Kind::ExternalEntity]);
}

#[test]
fn parameter_entities_bring_declarations() {
    let document = parse(
        "<!DOCTYPE a [<!ENTITY % d '<!ENTITY e \"found\">'> %d; <!-- ]> --> <?x ]> ?> <!ELEMENT a ANY>]><a>&e;</a>",
    );
    assert_eq!((document.root().text(), kinds(&document)), ("found", vec![]));
}

#[test]
fn feeds_are_decoded_and_read() {
    let mut read = 0;
    for name in corpus::list("feeds-encoding", ".xml") {
        let bytes = corpus::read(&name).unwrap();
        let document = parse(&decode(&bytes, None, None).text);
        let root = document.root_element().map(|root| root.name());
        if matches!(root, Some("feed" | "rss" | "RDF" | "rdf")) {
            read += 1;
        } else {
            println!("{name}: {root:?} {:?}", document.xml_problems().first().map(ToString::to_string));
        }
    }
    println!("{read} feeds have a root element");
}

/// Kind, name, namespace, attributes, text of every node.
fn shape(document: &Document) -> Vec<String> {
    document
        .nodes()
        .filter(|node| node.kind() != NodeKind::Doctype)
        .map(|node| {
            let attributes: Vec<_> = node.attrs().map(|found| (found.namespace_uri(), found)).collect();
            let name = node.qualified_name();
            format!("{:?} {name} {} {attributes:?} {:?}", node.kind(), node.namespace_uri(), node.data())
        })
        .collect()
}

pub(super) fn assert_comes_back(text: &str) {
    let document = parse(text);
    let written = document.root().html();
    let again = parse(&written);
    if document.is_well_formed_xml() {
        assert_eq!(shape(&document), shape(&again), "{text:?} became {written:?}");
        assert!(again.is_well_formed_xml(), "{text:?} became {written:?}: {:?}", again.xml_problems());
    } else if !kinds(&document).contains(&Kind::TextOutsideRoot) {
        // White space beside such text comes and goes.
        assert_eq!(again.root().html(), written, "{text:?}");
    }
}

const PIECES: &[&str] = &[
    "<a>",
    "</a>",
    "<b x='1'>",
    "</b>",
    "<p:c xmlns:p='urn:p' p:y=\"&lt;\">",
    "</p:c>",
    "<d/>",
    "<!--",
    "-->",
    "--",
    "<![CDATA[",
    "]]>",
    "<?pi d?>",
    "?>",
    "<?",
    "&amp;",
    "&#65;",
    "&e;",
    "&",
    ";",
    "<",
    ">",
    "'",
    "\"",
    "=",
    "/",
    " ",
    "\n",
    "\r\n",
    "t",
    "é",
    "\u{1}",
    "\u{feff}",
    "<!DOCTYPE a [<!ENTITY e '<d/>'><!ATTLIST a z CDATA 'q'>]>",
    "<!DOCTYPE",
    "[",
    "]",
    "xmlns='urn:d'",
    ":",
    "<?xml version='1.0'?>",
    "<a b=\"",
    "<x:y z:w='1'/>",
];

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(400) })]

    #[test]
    fn anything_is_read_and_comes_back(pieces in prop::collection::vec(prop::sample::select(PIECES), 0..40)) {
        assert_comes_back(&pieces.concat());
        assert_comes_back(&format!("<r>{}</r>", pieces.concat()));
    }

    #[test]
    fn random_text_is_read(text in any::<String>(), bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        assert_comes_back(&text);
        assert_comes_back(&String::from_utf8_lossy(&bytes));
    }
}

#[test]
fn any_beginning_of_a_document_is_read() {
    let text = "\u{feff}<?xml version='1.0'?><!DOCTYPE r [<!ENTITY e '<b>é</b>&#38;#60;'><!ATTLIST r a ID #IMPLIED b (x|y) 'x'>\
        <!ENTITY % p \"<!ENTITY f 'f'>\">%p;]><?p q?><r a='1&e;' xmlns:n='urn:n'><!--c--><n:s n:t=\"u\"/>&e;&f;&#x41;<![CDATA[d]]></r>";
    assert!(kinds(&parse(text)).is_empty());
    for end in (0..=text.len()).filter(|&end| text.is_char_boundary(end)) {
        assert_comes_back(&text[..end]);
    }
    for name in corpus::list("feeds-encoding", ".xml") {
        let text = decode(&corpus::read(&name).unwrap(), None, None).text.into_owned();
        for end in (0..=text.len()).filter(|&end| text.is_char_boundary(end)) {
            parse(&text[..end]);
        }
        assert_comes_back(&text);
    }
}

#[test]
fn an_html_document_has_no_xml_to_it() {
    let page = Document::parse_html("<p>x<svg xmlns:xlink='u' xlink:href='#'/>", ParseOptions::default());
    assert_eq!(
        (page.kind(), page.xml_problems().len(), page.is_well_formed_xml()),
        (DocumentKind::Html, 0, false)
    );
    let svg = named(&page, "svg");
    assert_eq!((svg.prefix(), svg.namespace_uri()), ("", "http://www.w3.org/2000/svg"));
    let names: Vec<_> = svg.attrs().map(|found| found.qualified_name().into_owned()).collect();
    assert_eq!(names, ["xmlns:xlink", "xlink:href"]);
    assert_eq!(svg.in_scope_namespaces().len(), 2);
    assert_eq!(read("<p/>"), "<p/>");
}

#[test]
fn a_text_is_parsed_as_what_it_is_said_to_be() {
    let kind = |media: &str| DocumentKind::of(Some(media), "");
    let xml = Some(DocumentKind::Xml);
    assert_eq!([kind("text/xml"), kind("application/rss+xml"), kind("Image/SVG+XML; x=y")], [xml; 3]);
    assert_eq!((kind("text/html;charset=x"), kind("text/plain")), (Some(DocumentKind::Html), None));
    for (text, expected) in [
        ("<?xml version='1.0'?><html/>", xml),
        ("\u{feff}\n<!-- c --><?x y?> <rss version='2.0'>", xml),
        ("<rdf:RDF xmlns:rdf='u'>", xml),
        ("<urlset>", xml),
        ("<!DOCTYPE html><feed>", Some(DocumentKind::Html)),
        ("<!-- never ends", Some(DocumentKind::Html)),
        ("{}", None),
        ("", None),
    ] {
        assert_eq!(DocumentKind::of(None, text), expected, "{text}");
    }
}

#[test]
fn what_is_called_xhtml_and_is_not_becomes_html() {
    let parse = |text: &str| Document::parse(text, DocumentKind::Xml, ParseOptions::default());
    let good = parse("<html xmlns='http://www.w3.org/1999/xhtml'><title>t</title><a href='x'/></html>");
    assert_eq!((good.kind(), good.xml_fallback()), (DocumentKind::Xml, None));
    assert_eq!((good.title().as_deref(), good.links().count()), (Some("t"), 1));
    for bad in [
        "<html xmlns='http://www.w3.org/1999/xhtml'><title>t</title><a href=x></html>",
        "<html><title>t</title><a href='x'/></html>",
        "<HTML><TITLE>t</TITLE><A HREF='x'></A></HTML>",
    ] {
        let page = parse(bad);
        assert_eq!(page.kind(), DocumentKind::Html, "{bad}");
        assert!(page.xml_fallback().is_some(), "{bad}");
        assert_eq!((page.title().as_deref(), page.links().count()), (Some("t"), 1), "{bad}");
    }
    let feed = parse("<rss><item><title>a &nbsp; b</item>");
    assert_eq!((feed.kind(), feed.xml_problem_count()), (DocumentKind::Xml, 3));
    assert_eq!(parse("").kind(), DocumentKind::Html);
}
