//! Selectors and pages made to be slow or to break something: all must end soon. There are no clocks here; what
//! is asserted is that the step limit of a search was not reached, or that it was.

use super::{Document, Selector, found, parse};
use crate::ParseOptions;

fn count(document: &Document, source: &str) -> usize {
    let selector = Selector::parse(source).unwrap();
    let mut select = document.select(&selector);
    let count = select.by_ref().count();
    assert!(!select.is_cut(), "{source} took too many steps");
    count
}

#[test]
fn selectors_without_end_are_refused() {
    let message = |source: &str| Selector::parse(source).unwrap_err().message;
    assert_eq!(message(&"x".repeat(70_000)), "the selector is longer than 64 KiB");
    assert_eq!(message(&"a ".repeat(600)), "the selector has more than 512 compounds");
    assert_eq!(message(&"a~".repeat(30_000)), "a combinator has nothing on one side");
    for open in
        [":not(", ":is(", ":has(", ":where(", ":nth-child(1 of ", ":haschild(", ":matches(", "[a!=b]:not("]
    {
        assert!(
            Selector::parse(&open.repeat(6000)).is_err()
                || open.starts_with(":is(")
                || open.starts_with(":where(")
        );
        let _ = Selector::parse(&format!("{}a{}", open.repeat(30), ")".repeat(30)));
    }
    let nested = format!("{}a b{}", ":not(a ".repeat(20), ")".repeat(20));
    assert!(Selector::parse(&nested).is_ok());
    let wide = (0..20).fold("a".to_owned(), |inner, _| format!("{}:is({inner})", "a ".repeat(40)));
    assert_eq!(message(&wide), "the selector has more than 512 compounds");
    for odd in ["\0", "\u{feff}", "\\", "a\\", "\"", "'", "/*", "a/*", "url(", "<!--", "-->", "[\\", ":is(\\"]
    {
        let _ = Selector::parse(odd).map(|selector| selector.to_css());
    }
}

#[test]
fn long_lists_run() {
    let list = (0..8000).map(|number| format!(".c{number}")).collect::<Vec<_>>().join(",");
    let document = parse("<p class=c7999></p><p class=x></p>");
    assert_eq!(found(&document, &list), ["nil"]);
    assert_eq!(found(&document, &format!(":is({list})")), ["nil"]);
}

#[test]
fn eighty_thousand_siblings_cost_a_walk() {
    let document = parse(&format!("<ul>{}</ul>", "<li>x".repeat(80_000)));
    assert_eq!(count(&document, "li + li"), 79_999);
    assert_eq!(count(&document, "li ~ li"), 79_999);
    assert_eq!(count(&document, "li:first-child ~ li"), 79_999);
    assert_eq!(count(&document, ".x ~ li"), 0);
    assert_eq!(count(&document, "b ~ li, .x ~ li ~ li"), 0);
    assert_eq!(count(&document, "li:nth-child(2n)"), 40_000);
    assert_eq!(count(&document, "li:nth-last-of-type(2n+1):nth-child(even)"), 40_000);
    assert_eq!(count(&document, "li:nth-last-child(3 of li)"), 1);
    assert_eq!(count(&document, "li:nth-child(3 of .x)"), 0);
    assert_eq!(count(&document, "li:has(~ .x)"), 0);
    assert_eq!(count(&document, "li:has(~ li)"), 79_999);
    assert_eq!(count(&document, "li:has(+ li)"), 79_999);
    assert_eq!(count(&document, "li:not(:is(.x ~ li))"), 80_000);
    assert_eq!(count(&document, "li:is(:is(:is(li ~ .x) ~ li) ~ li)"), 0);
    assert_eq!(count(&document, "li:lang(en)"), 0);
    assert_eq!(count(&document, "li:dir(rtl)"), 0);
}

#[test]
fn siblings_of_many_kinds_cost_a_walk() {
    let kinds: String = (0..20_000).map(|number| format!("<x-{number}></x-{number}>")).collect();
    let document = parse(&kinds);
    assert_eq!(count(&document, "body > :nth-of-type(1)"), 20_000);
    assert_eq!(count(&document, "body > :only-of-type"), 20_000);
    assert_eq!(count(&document, "body > :last-of-type:nth-of-type(2)"), 0);
}

#[test]
fn many_controls_cost_a_walk() {
    let document = parse(&format!(
        "<fieldset disabled>{}</fieldset><form>{}<select>{}</select></form>",
        "<input>".repeat(20_000),
        "<input type=radio name=x>".repeat(20_000),
        "<option>x".repeat(20_000),
    ));
    assert_eq!(count(&document, "input:disabled"), 20_000);
    assert_eq!(count(&document, "input:indeterminate"), 20_000);
    assert_eq!(count(&document, "option:checked"), 1);
    assert_eq!(count(&document, "form:valid"), 1);
}

#[test]
fn deep_trees_neither_overflow_nor_multiply() {
    let html = format!("{}<p class=x>y", "<div>".repeat(2000));
    let document = Document::parse_html(&html, ParseOptions::default().max_depth(2048));
    assert_eq!(count(&document, "div div p"), 1);
    assert_eq!(count(&document, "div:has(.x)"), 2000);
    assert_eq!(count(&document, "div:has(.y)"), 0);
    assert_eq!(count(&document, "div:has(div .y)"), 0);
    assert_eq!(count(&document, "div:not(:has(div div .x))"), 2);
    assert_eq!(count(&document, "div:is(:is(:is(.y div) div) div)"), 0);
    assert_eq!(count(&document, &format!("{}p", "div ".repeat(400))), 1);
    assert_eq!(count(&document, &format!("{}p", ".y ".repeat(400))), 0);
    assert_eq!(count(&document, &format!("{}p", "div > ".repeat(400))), 1);
    assert_eq!(count(&document, "div:empty"), 0);
}

#[test]
fn a_search_that_takes_too_long_says_that_it_was_cut() {
    // The text of each of the nested elements is all the text.
    let html = format!("{}{}", "<div>".repeat(500), "lycosa ".repeat(1_000_000));
    let document = parse(&html);
    let selector = Selector::parse("div:matches-re('tarantula$')").unwrap();
    let mut select = document.select(&selector);
    assert_eq!(select.by_ref().count(), 0);
    assert!(select.is_cut());
    assert!(select.next().is_none());
    let quick = Selector::parse("div").unwrap();
    let mut select = document.select(&quick);
    assert_eq!(select.by_ref().count(), 500);
    assert!(!select.is_cut());
}

/// How many steps it takes to ask all elements whether a selector matches.
fn steps_taken(document: &Document, source: &str) -> u64 {
    let list = Selector::parse(source).unwrap();
    let mut matcher = crate::select::matching::Matcher::new(document, None);
    let before = matcher.steps_left();
    for node in document.nodes().filter(|node| node.is_element()) {
        for branch in &*list.branches {
            matcher.matches_list(&branch.list, node);
        }
    }
    before - matcher.steps_left()
}

/// What every one of many elements looks at again is paid for every time: with twice of it, about twice as much.
#[test]
fn what_is_looked_through_again_and_again_is_paid_for() {
    let class = |size: usize| format!("<body class='{}'>{}", "a ".repeat(size), "<b></b>".repeat(100));
    let attributes = |size: usize| {
        let many: String = (0..size).map(|number| format!(" a{number}")).collect();
        format!("<body{many}>{}", "<b></b>".repeat(100))
    };
    let fieldset = |size: usize| attributes(size).replace("body", "fieldset").replace("<b></b>", "<input>");
    let select = |size: usize| attributes(size).replace("body", "select").replace("b>", "option>");
    let comments = |size: usize| format!("<p>{}</p>", "<!---->".repeat(size));
    let pages: [(&str, &dyn Fn(usize) -> String); 15] = [
        (".zz b", &class),
        ("#zz b", &attributes),
        (".zz b", &attributes),
        ("[title] b", &attributes),
        ("[unheard-of] b", &attributes),
        ("b:lang(en)", &attributes),
        ("b:dir(rtl)", &attributes),
        ("b:read-write", &attributes),
        ("input:disabled", &fieldset),
        ("option:checked", &select),
        ("p:haschild(b)", &comments),
        ("p:empty", &comments),
        ("p:containsOwn(x)", &comments),
        ("p:icontainsown(x)", &comments),
        ("p:-soup-contains-own(x)", &comments),
    ];
    for (selector, page) in pages {
        let [one, two] = [4000, 8000].map(|size| steps_taken(&parse(&page(size)), selector));
        assert!(one > 4000 && two > one + one / 2, "{selector}: {one} and then {two} steps");
    }
}
