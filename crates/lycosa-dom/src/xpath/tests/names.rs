//! What a name finds: in HTML, with SVG and MathML in it, and in XML.

use super::{found, html, text, xml};
use crate::{XPath, XPathErrorKind, XPathOptions};

const MIXED: &str = "<div id=h ID2=x><svg id=s viewBox='0 0 1 1' xlink:href=#><title id=t></title><linearGradient id=l></linearGradient>\
                     <foreignObject id=f><p id=p></p></foreignObject></svg><math id=m><mi id=i></mi></math></div>";

#[test]
fn an_unprefixed_name_finds_html_svg_and_mathml_without_regard_to_case() {
    let document = html(MIXED);
    for (expression, nodes) in [
        ("//DIV", "div#h"),
        ("//svg", "svg#s"),
        ("//svg/title", "title#t"),
        ("//foreignObject", "foreignObject#f"),
        ("//FOREIGNOBJECT/p", "p#p"),
        ("//math/mi", "mi#i"),
        ("//html:div | //html:svg", "div#h"),
        ("//svg:svg | //svg:title", "svg#s title#t"),
        ("//svg:SVG | //svg:foreignobject", ""),
        ("//svg:*", "svg#s title#t linearGradient#l foreignObject#f"),
        ("//math:mi", "mi#i"),
        ("//html:*[@id]", "div#h p#p"),
        ("//lineargradient | //linearGradient", "linearGradient#l"),
        ("//Nosuch", ""),
    ] {
        assert_eq!(found(&document, expression).join(" "), nodes, "{expression}");
    }
    assert_eq!(
        text(&document, "concat(name(//DIV), ' ', name(//svg:foreignObject), ' ', local-name(//P))"),
        "div foreignObject p"
    );
    assert_eq!(text(&document, "namespace-uri(//svg)"), "http://www.w3.org/2000/svg");
}

#[test]
fn an_attribute_name_has_no_case_on_html_elements_and_its_own_on_others() {
    let document = html(MIXED);
    for (expression, nodes) in [
        ("//*[@Id2]", "div#h"),
        ("//*[@ID]", "div#h p#p"),
        ("//*[@viewBox]", "svg#s"),
        ("//*[@viewbox]", ""),
        ("//*[@xlink:href]", "svg#s"),
        ("//@xlink:*/..", "svg#s"),
        ("//*[@xmlns]", ""),
    ] {
        assert_eq!(found(&document, expression).join(" "), nodes, "{expression}");
    }
    assert_eq!(text(&document, "name(//svg/@xlink:href)"), "xlink:href");
    // The HTML parser leaves this one an attribute without namespace; people ask for it like this all the same.
    let document = html("<html xml:lang=de><svg xml:lang=en></svg>");
    assert_eq!(found(&document, "//*[@xml:lang]"), ["html", "svg"]);
    assert_eq!(text(&document, "//@xml:lang[. = 'en']"), "en");
    assert_eq!(text(&document, "contains(/html/@xml:lang, 'd')"), "true");
}

#[test]
fn names_in_xml_are_strict() {
    let document = xml(
        "<A xmlns='urn:a' xmlns:b='urn:b'><b:c b:d='1' d='2' D='3'/><div xmlns='http://www.w3.org/1999/xhtml'/></A>",
    );
    let options = XPathOptions::default().namespace("x", "urn:a").namespace("y", "urn:b");
    for (expression, result) in [
        ("count(//A)", "0"),
        ("count(//x:A)", "1"),
        ("count(//x:a)", "0"),
        ("name(//y:c)", "b:c"),
        ("local-name(//y:*)", "c"),
        ("namespace-uri(//y:c)", "urn:b"),
        ("string(//@y:d)", "1"),
        ("string(//@d)", "2"),
        ("string(//@D)", "3"),
        ("count(//@y:*)", "1"),
        ("count(//@*)", "3"),
        ("name(//@y:d)", "b:d"),
        ("count(//y:c[@y:d=1][@d=2])", "1"),
        ("count(//html:div)", "1"),
        ("count(//div) + count(//html:DIV)", "0"),
        ("count(//x:* | //html:*)", "2"),
    ] {
        let value = XPath::compile_with(expression, &options).unwrap().evaluate(document.root()).unwrap();
        assert_eq!(value.to_text(), result, "{expression}");
    }
    let error = XPath::compile("//z:a").unwrap_err();
    assert_eq!((error.kind(), error.column()), (XPathErrorKind::UnboundPrefix, 3));
}

#[test]
fn the_contents_of_a_template_are_its_children() {
    let document = html("<template id=t><p id=p>x</p></template>");
    assert_eq!(found(&document, "//template/p"), ["p#p"]);
}

#[test]
fn the_names_for_editors_are_those_that_compile() {
    for axis in XPath::axis_names() {
        assert!(XPath::compile(&format!("{axis}::*")).is_ok(), "{axis}");
    }
    assert_eq!(XPath::axis_names().count(), 13);
    for name in XPath::function_names() {
        let error = XPath::compile(&format!("{name}(1, 2, 3, 4, 5, 6, 7, 8, 9)")).err();
        assert!(error.is_none_or(|error| error.kind() != XPathErrorKind::UnknownFunction), "{name}");
    }
    assert!(XPath::function_names().any(|name| name == "re:test"));
}
