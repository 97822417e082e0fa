//! Where a search looks, what it takes and how documents differ.

use std::borrow::Cow;

use proptest::prelude::*;

use super::{Output, Selector, parse};

#[test]
fn pseudo_elements_say_what_to_take_in_each_branch() {
    let document = parse("<div id=d>1<b>2</b>3<a href=/x>4</a></div>");
    let values = |source: &str| {
        let selector = Selector::parse(source).unwrap();
        selector.values(document.root()).map(Cow::into_owned).collect::<Vec<_>>()
    };
    assert_eq!(values("div::text"), ["1", "3"]);
    assert_eq!(values("div ::text"), ["2", "4"]);
    assert_eq!(values("div *::text"), ["2", "4"]);
    assert_eq!(values("div > ::text"), ["2", "4"]);
    assert_eq!(values("a::attr(href), b::text"), ["2", "/x"]);
    assert_eq!(values("a::attr('href')"), ["/x"]);
    assert_eq!(values("b::attr(href)"), Vec::<String>::new());
    assert_eq!(values("b"), ["<b>2</b>"]);
    assert_eq!(*Selector::parse("a::attr(href)").unwrap().output(), Output::Attr("href".into()));
    assert_eq!(values("a[title='::text, x'], b::TEXT"), ["2"]);
    assert_eq!(values("b, a::attr(href), a::text"), ["<b>2</b>", "/x", "4"]);
    let mixed = Selector::parse("b, a::attr(href), b::text").unwrap();
    let outputs: Vec<_> =
        mixed.outputs(document.root()).map(|(node, output)| (node.name(), output)).collect();
    assert_eq!(outputs, [("b", &Output::Node), ("b", &Output::Text), ("a", &Output::Attr("href".into()))]);
}

#[test]
fn a_search_under_a_node_finds_descendants_and_sees_the_whole_document() {
    let document = parse("<div class=a><p id=p><b id=b><i id=i></i></b></p></div><b id=other></b>");
    let p = document.select(&Selector::parse("p").unwrap()).next().unwrap();
    let found = |source: &str| {
        let selector = Selector::parse(source).unwrap();
        p.select(&selector).filter_map(|node| node.attr("id")).collect::<Vec<_>>()
    };
    assert_eq!(found("b"), ["b"]);
    assert_eq!(found(".a i"), ["i"]);
    assert_eq!(found(":scope > *"), ["b"]);
    assert!(found("p").is_empty());
    assert_eq!(found(":scope > b, :scope"), ["b"]);
    let texts = Selector::parse(":scope > b::attr(id), i::attr(id)").unwrap();
    assert_eq!(texts.values(p).collect::<Vec<_>>(), ["b", "i"]);
    assert!(p.matches(&Selector::parse(".a > p:scope").unwrap()));
    assert!(!document.root().matches(&Selector::parse("*").unwrap()));
}

#[test]
fn quirks_mode_compares_classes_and_ids_without_case() {
    let selector = Selector::parse(".AA, #BB").unwrap();
    let class = Selector::parse(".AA").unwrap();
    let quirky = parse("<p class=aa><p id=bb>");
    assert_eq!((quirky.select(&selector).count(), quirky.select(&class).count()), (2, 1));
    let standard = parse("<!doctype html><p class=aa><p id=bb>");
    assert_eq!((standard.select(&selector).count(), standard.select(&class).count()), (0, 0));
}

#[test]
fn names_fold_case_in_html_and_not_in_svg() {
    let document =
        parse("<DIV><svg><foreignObject></foreignObject><my-el></my-el></svg><My-El></My-El></DIV>");
    let count = |source: &str| document.select(&Selector::parse(source).unwrap()).count();
    assert_eq!(count("DIV"), 1);
    assert_eq!(count("foreignObject"), 1);
    assert_eq!(count("foreignobject"), 0);
    assert_eq!(count("MY-EL"), 1);
    assert_eq!(count("my-el"), 2);
    assert_eq!(count("svg|*"), 3);
    assert_eq!(count("svg|svg"), 1);
}

#[test]
fn a_selector_can_be_shared_between_threads() {
    fn shared<T: Send + Sync>(_: &T) {}
    shared(&Selector::parse("a > b").unwrap());
}

proptest! {
    #[test]
    fn any_selector_text_parses_or_fails(source in "\\PC{0,60}") {
        let _ = Selector::parse(&source);
    }

    #[test]
    fn any_mix_of_selector_parts_runs(
        source in "(a|div|\\*|\\.c|#i|\\[x\\]|\\[x=y\\]|:not\\(|:is\\(|:has\\(|:nth-child\\(2n\\+1|\\)| |>|\\+|~|,|::text|::attr\\(x\\)|:lang\\(en\\)|:root|:empty|:scope){0,12}"
    ) {
        let document = parse("<div class=c id=i x=y><a x>t</a><a lang=en><b class=c></b></a></div>");
        if let Ok(selector) = Selector::parse(&source) {
            let found: Vec<_> = document.select(&selector).collect();
            // The search by keys must agree with asking every element.
            let plain: Vec<_> = document.nodes().filter(|node| node.matches(&selector)).collect();
            if !source.contains(":scope") {
                prop_assert_eq!(found, plain);
            }
            let _ = selector.values(document.root()).count();
        }
    }
}
