//! Paths by name and place alone: the short way says what the general way says.

use super::*;
use crate::{XPathEnvironment, XPathErrorKind};

const PAGE: &str = "<!doctype html><title>t</title><body><!-- c --><div id=a>x<p>1<p>2</div>text<section><p>3</section>\
    <div id=b><p>4<div id=c><p>5</div></div><svg><p></p></svg><math><div></div></math>";

/// The numbers of the nodes, the short way and the general way.
fn both(document: &Document, path: &str) -> (Vec<u32>, Vec<u32>) {
    let ask = |expression: &str| {
        let value = XPath::compile(expression).unwrap().evaluate(document.root()).unwrap();
        let nodes: Vec<u32> = value
            .nodes()
            .unwrap()
            .iter()
            .filter_map(|item| item.node())
            .map(|node| node.id().number())
            .collect();
        nodes
    };
    (ask(path), ask(&format!("{path}/self::node()")))
}

#[test]
fn the_short_way_finds_what_the_general_way_finds() {
    let document = Document::parse_html(PAGE, ParseOptions::default());
    let mut found = 0;
    let heads =
        ["/html/body", "/HTML/Body", "html/body", "/html[1]/body[1]", "/html/body[2]", "/body", "/html/head"];
    let tails = [
        "",
        "/div",
        "/div[1]",
        "/div[2]",
        "/div[3]",
        "/div/p",
        "/div/p[2]",
        "/div[2]/div/p",
        "/p",
        "/title",
        "/section/p[1]",
    ];
    for head in heads {
        for tail in tails {
            let path = format!("{head}{tail}");
            let (short, general) = both(&document, &path);
            assert_eq!(short, general, "{path}");
            found += short.len();
        }
    }
    assert!(found > 20, "{found}");
}

#[test]
fn the_short_way_pays_for_what_it_looks_at() {
    let document = Document::parse_html(&"<i></i>".repeat(1000), ParseOptions::default());
    let path = XPath::compile("/html/body/i").unwrap();
    let mut purse = 1100;
    assert!(path.evaluate_paying(document.root(), &mut purse).is_ok());
    assert!((90..100).contains(&purse), "{purse}");
    let error = path.evaluate_paying(document.root(), &mut purse).unwrap_err();
    assert_eq!(error.kind(), XPathErrorKind::StepLimit);
}

#[test]
fn an_attribute_has_no_children_and_a_doctype_is_no_context() {
    let document = Document::parse_html(PAGE, ParseOptions::default());
    let id = XPath::compile("//@id").unwrap().evaluate(document.root()).unwrap();
    let attribute = id.nodes().unwrap().first().unwrap();
    let environment = XPathEnvironment::default();
    let under = |path: &str| XPath::compile(path).unwrap().evaluate_with(attribute, &environment).unwrap();
    assert_eq!(under("p").nodes().unwrap().len(), 0);
    assert_eq!(under("/html/body").nodes().unwrap().len(), 1);
    let doctype = document.root().first_child().unwrap();
    assert!(XPath::compile("/html").unwrap().evaluate(doctype).is_err());
}
