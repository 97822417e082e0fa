//! Axes, node tests, predicates, operators and comparisons (XPath 1.0, sections 2 and 3).

use super::{found, html, text, value, xml};
use crate::{XPath, XPathEnvironment, XPathNodes};

const FAMILY: &str = "<body id=body><div id=a><p id=b>1<i id=c>2</i></p><p id=d><i id=e></i><i id=f></i></p></div><div id=g></div>";

#[test]
fn all_thirteen_axes_find_their_nodes_in_document_order() {
    let document = html(FAMILY);
    for (expression, nodes) in [
        ("//p[@id='d']/ancestor::*", "html body#body div#a"),
        ("//p[@id='d']/ancestor-or-self::*", "html body#body div#a p#d"),
        ("//p[@id='d']/attribute::*", "@id"),
        ("//p[@id='d']/child::*", "i#e i#f"),
        ("//div[@id='a']/descendant::*", "p#b i#c p#d i#e i#f"),
        ("//div[@id='a']/descendant-or-self::*", "div#a p#b i#c p#d i#e i#f"),
        ("//i[@id='c']/following::*", "p#d i#e i#f div#g"),
        ("//i[@id='e']/following-sibling::*", "i#f"),
        ("//i[@id='e']/parent::*", "p#d"),
        ("//i[@id='e']/preceding::*", "head p#b i#c"),
        ("//div[@id='g']/preceding-sibling::node()", "div#a"),
        ("//p/self::p", "p#b p#d"),
        ("//p/namespace::*", ""),
    ] {
        assert_eq!(found(&document, expression).join(" "), nodes, "{expression}");
    }
    let document = xml("<r xmlns:a='urn:a'><s xmlns='urn:d' xmlns:a='urn:b'/></r>");
    assert_eq!(found(&document, "/r/namespace::*"), ["xml=http://www.w3.org/XML/1998/namespace", "a=urn:a"]);
    assert_eq!(text(&document, "count(/r/*/namespace::*)"), "3");
    assert_eq!(text(&document, "string(/r/*/namespace::a)"), "urn:b");
    assert_eq!(text(&document, "name(/r/*/namespace::*[. = 'urn:d'])"), "");
    assert_eq!(found(&document, "/r/*/namespace::a/.."), ["s"]);
}

#[test]
fn an_attribute_has_a_parent_and_a_place_but_is_no_child() {
    let document = html(FAMILY);
    for (expression, nodes) in [
        ("//p[@id='b']/@id/..", "p#b"),
        ("//p[@id='b']/@id/ancestor::div", "div#a"),
        ("//p[@id='b']/@id/following::i", "i#c i#e i#f"),
        ("//p[@id='d']/@id/preceding::i", "i#c"),
        ("//p[@id='b']/@id/descendant-or-self::node()", "@id"),
        ("//p[@id='b']/@id/child::node() | //@id/following-sibling::node()", ""),
        ("//p/@id/self::node()[. = 'd']/..", "p#d"),
        ("//p/node()[self::text()]/..", "p#b"),
    ] {
        assert_eq!(found(&document, expression).join(" "), nodes, "{expression}");
    }
}

#[test]
fn node_tests_tell_kinds_apart() {
    let document = xml("<?go now?><r>a<!--b--><?stop it?><?go on?><![CDATA[c]]></r>");
    assert_eq!(text(&document, "count(//processing-instruction())"), "3");
    assert_eq!(found(&document, "//processing-instruction('go')"), ["'now'", "'on'"]);
    assert_eq!(found(&document, "//comment()"), ["'b'"]);
    assert_eq!(found(&document, "//text()"), ["'a'", "'c'"]);
    assert_eq!(text(&document, "count(/node())"), "2");
    assert_eq!(text(&document, "count(/r/node())"), "5");
    assert_eq!(text(&document, "name(//processing-instruction()[2])"), "go");
    // A doctype is no node.
    assert_eq!(text(&html("<!doctype html><p>"), "count(/node())"), "1");
}

#[test]
fn a_position_is_counted_along_the_axis_from_one_context_node() {
    let list = "<ul><li id=a><li id=b><li id=c></ul><ul><li id=d><li id=e></ul>";
    let document = html(list);
    for (expression, nodes) in [
        ("//li[1]", "li#a li#d"),
        ("//li[2]", "li#b li#e"),
        ("(//li)[4]", "li#d"),
        ("(//li)[last()]", "li#e"),
        ("//li[last()]", "li#c li#e"),
        ("//li[last()-1]", "li#b li#d"),
        ("//li[position() mod 2 = 0]", "li#b li#e"),
        ("//li[position()<=2]", "li#a li#b li#d li#e"),
        ("//li[position()>1][1]", "li#b li#e"),
        ("//li[1][2]", ""),
        ("//li[2]/preceding::li[1]", "li#a li#d"),
        ("//li[@id='c']/preceding-sibling::li[1]", "li#b"),
        ("(//li[@id='c']/preceding-sibling::li)[1]", "li#a"),
        ("//li[@id='e']/preceding::li[position()<3]", "li#c li#d"),
        ("//li[@id='a']/ancestor::*[2]", "body"),
        ("/descendant::li[2]", "li#b"),
        ("//ul[2]/li[1]/following-sibling::*[1]", "li#e"),
        ("//li[@id!='a'][1]", "li#b li#d"),
        ("//li[0] | //li[1.5] | //li[-1] | //li['' = 'x']", ""),
        ("//li[true()][count(//ul)]", "li#b li#e"),
    ] {
        assert_eq!(found(&document, expression).join(" "), nodes, "{expression}");
    }
}

#[test]
fn what_lies_in_a_sibling_is_no_sibling() {
    let filler = "<i></i>".repeat(20);
    let document = html(&format!(
        "<div><p id=a></p>{filler}<section><b id=x></b></section>{filler}<b id=y></b>{filler}<p id=c></p></div>"
    ));
    for (expression, nodes) in [
        ("//p[@id='a']/following-sibling::b", "b#y"),
        ("//p[@id='c']/preceding-sibling::b", "b#y"),
        ("//p[@id='a']/following-sibling::b[1]", "b#y"),
        ("//p[following-sibling::b[@id='x']]", ""),
        ("//p[preceding-sibling::b[last()][@id='y']]", "p#c"),
        ("//p[not(preceding-sibling::u)]", "p#a p#c"),
    ] {
        assert_eq!(found(&document, expression).join(" "), nodes, "{expression}");
    }
}

#[test]
fn operators_bind_as_the_grammar_says() {
    let document = html("<p>");
    for (expression, result) in [
        ("1 + 2 * 3", "7"),
        ("(1 + 2) * 3", "9"),
        ("7 mod 3 + 7 div 2", "4.5"),
        ("-7 mod 3", "-1"),
        ("7 mod -3", "1"),
        ("1.5 mod 0.5", "0"),
        ("1 div 0", "Infinity"),
        ("-1 div 0", "-Infinity"),
        ("0 div 0", "NaN"),
        ("- - 3", "3"),
        ("--'3'", "3"),
        ("2 - -2", "4"),
        ("10 - 2 - 3", "5"),
        ("8 div 4 div 2", "1"),
        ("1 < 2 < 3", "true"),
        ("3 > 2 > 1", "false"),
        ("1 = 1 = 1", "true"),
        ("1 or 0 and 0", "true"),
        ("true() = 1 < 2", "true"),
        ("-//nosuch", "NaN"),
        ("count(//p | //p | //body)", "2"),
        ("-0", "0"),
        ("1e3 = 1", "syntax"),
        ("0.1 + 0.2", "0.30000000000000004"),
        ("1000000 * 1000000 * 1000000 * 1000000", "1000000000000000000000000"),
        ("div div div", "NaN"),
        ("//* * //*", "NaN"),
    ] {
        match XPath::compile(expression) {
            Ok(xpath) => {
                assert_eq!(xpath.evaluate(document.root()).unwrap().to_text(), result, "{expression}")
            }
            Err(_) => assert_eq!(result, "syntax", "{expression}"),
        }
    }
}

#[test]
fn every_pair_of_types_compares_as_section_3_4_says() {
    let document = html("<b>1</b><b>2</b><b>x</b><i>2</i><i>3</i><u></u>");
    for (expression, result) in [
        // node-set and node-set: any pair
        ("//b = //i", true),
        ("//b != //i", true),
        ("//i = //u", false),
        ("//u != //u", false),
        ("//b < //i", true),
        ("//i < //b", false),
        ("//i <= //b", true),
        ("//b >= //i", true),
        ("//b > //i", false),
        ("//nosuch = //nosuch", false),
        ("//nosuch != //b", false),
        // node-set and number, string, boolean
        ("//b = 2", true),
        ("//b != 2", true),
        ("//b > 2", false),
        ("2 > //b", true),
        ("//b = 'x'", true),
        ("'x' != //b", true),
        ("//u = ''", true),
        ("//b < '2'", true),
        ("//b = true()", true),
        ("//nosuch = false()", true),
        ("//nosuch != true()", true),
        ("//b > false()", true),
        ("//nosuch < true()", true),
        ("//nosuch = ''", false),
        ("//nosuch != ''", false),
        // the rest
        ("true() = 'x'", true),
        ("true() = 0", false),
        ("false() = ''", true),
        ("true() > false()", true),
        ("1 = '1'", true),
        ("1 = '1.0'", true),
        ("'1' = '1.0'", false),
        ("'a' != 'b'", true),
        ("'a' < 'b'", false),
        ("'1' < '2'", true),
        ("0 div 0 = 0 div 0", false),
        ("0 div 0 != 0 div 0", true),
        ("0 = -0", true),
    ] {
        assert_eq!(value(&document, expression).to_boolean(), result, "{expression}");
    }
}

#[test]
fn variables_have_the_type_they_are_given() {
    let document = html("<b>1</b><b>2</b>");
    let nodes = value(&document, "//b");
    let environment = XPathEnvironment::default()
        .variable("n", 2.0)
        .variable("s", "2")
        .variable("t", true)
        .variable("b", nodes.nodes().unwrap().clone());
    for (expression, result) in [
        ("//b[$n]", "2"),
        ("//b[. = $s]", "2"),
        ("//b[$s]", "1"),
        ("//b[$t]", "1"),
        ("$b[2]", "2"),
        ("count($b/..)", "1"),
        ("count($b | //body)", "3"),
        ("$b = $n", "true"),
        ("$n + $s", "4"),
        ("$t = $b", "true"),
        ("concat($n, $s, $t)", "22true"),
        ("sum($b)", "3"),
        ("not($b)", "false"),
    ] {
        let value = XPath::compile(expression).unwrap().evaluate_with(document.root().into(), &environment);
        assert_eq!(value.unwrap().to_text(), result, "{expression}");
    }
    let all = document.nodes().map(Into::into).collect::<Vec<_>>();
    let turned = XPathNodes::collect(&document, all.iter().rev().chain(&all).copied()).unwrap();
    assert_eq!(turned.iter().collect::<Vec<_>>(), all, "put in order, each once");
    assert!(XPathNodes::collect(&html(""), all).is_none());
}

#[test]
fn spaces_and_slashes_are_read_as_they_are_in_the_wild() {
    let document = html("<div id=a><p id=b></p></div>");
    for expression in [
        "//div / p",
        " // p ",
        "//div//child :: p",
        "//div\n/\tp[ @id = 'b' ]",
        "///p",
        "/html//./p",
        "./descendant::p",
    ] {
        assert_eq!(found(&document, expression), ["p#b"], "{expression}");
    }
    // After a name `*`, `and` and `div` are operators, elsewhere names.
    let document = xml("<and><or div='2'><mod/></or></and>");
    assert_eq!(text(&document, "and/or/@div * and/or/@div"), "4");
}
