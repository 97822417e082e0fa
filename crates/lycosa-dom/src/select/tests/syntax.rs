//! What is a selector, how it is written again, and what errors say.

use super::{Selector, found, parse};

fn css(source: &str) -> String {
    Selector::parse(source).unwrap_or_else(|error| panic!("{source}: {error}")).to_css()
}

#[test]
fn errors_say_what_and_where() {
    let error = |source: &str| Selector::parse(source).unwrap_err();
    assert_eq!(error("p, ä >").column, 7);
    assert!(error("p:nosuch").message.contains("pseudo-class"));
    assert_eq!(error("a::text b").column, 9);
    assert!(Selector::parse("").is_err());
    assert!(Selector::parse("a,,b").is_err());
    assert!(Selector::parse(&"x".repeat(70_000)).is_err());
    assert!(Selector::parse(&":not(".repeat(10_000)).is_err());
}

#[test]
fn errors_name_the_part_that_is_not_understood_and_point_at_it() {
    let error = |source: &str| {
        let error = Selector::parse(source).unwrap_err();
        (error.column, error.message)
    };
    let said = |column, message: &str| (column, message.to_owned());
    assert_eq!(error("a, p:nosuch > b"), said(5, "the pseudo-class `:nosuch` is not supported"));
    assert_eq!(error("p:not(b:nosuch(1))"), said(8, "the pseudo-class `:nosuch()` is not supported"));
    assert_eq!(error("p::nosuch"), said(2, "the pseudo-element `::nosuch` is not supported"));
    assert_eq!(error("x|p"), said(3, "this namespace prefix is not declared"));
    assert_eq!(error("li:EQ(2)").0, 3);
    assert!(error("li:eq(2)").1.contains("take it from the selection"));
    // Positions are those of the source even where something was rewritten before.
    assert_eq!(error("[a!=b][c!='d']:nosuch"), said(15, "the pseudo-class `:nosuch` is not supported"));
    assert_eq!(error("[a!=b] >").0, 9);
    assert!(error(":matches-re('(')").1.starts_with("the regular expression cannot be used: "));
    let caret = Selector::parse("p,\nä:nosuch, q").unwrap_err().caret();
    assert_eq!(caret, "p, ä:nosuch, q\n    ^");
    let long = format!("{} :nosuch", "div ".repeat(100));
    let caret = Selector::parse(&long).unwrap_err().caret();
    assert!(caret.lines().all(|line| line.chars().count() < 90), "{caret}");
}

#[test]
fn selectors_are_written_as_browsers_write_them() {
    for (source, written) in [
        ("A , b>c+d~e  f", "A, b > c + d ~ e f"),
        (".a\\:b#\\31 x", ".a\\:b#\\31 x"),
        ("[ a = 'b\"c' i ]", "[a=\"b\\\"c\" i]"),
        ("[A=b s]", "[A=\"b\" s]"),
        ("[xlink|href]", "[xlink|href]"),
        ("svg|*", "svg|*"),
        ("*|*", "*"),
        ("|p", "|p"),
        ("*.a", ".a"),
        (":Nth-Child( EVEN )", ":nth-child(2n)"),
        (":nth-last-child(-n+3 of a,b)", ":nth-last-child(-n+3 of a, b)"),
        (":first-of-type", ":first-of-type"),
        (":is(a,,:nosuch)", ":is(a, , :nosuch)"),
        (":has(>a,+ b,c)", ":has(> a, + b, c)"),
        ("p:before", "p::before"),
        ("p::SELECTION", "p::selection"),
        (":lang(en,'de-AT')", ":lang(\"en\", \"de-AT\")"),
        (":dir(LTR)", ":dir(ltr)"),
        (":HOVER", ":hover"),
        ("a::text,b ::text", "a::text, b *::text"),
        ("a::attr('data-x')", "a::attr(data-x)"),
        ("[a!=b]", ":not([a=\"b\"])"),
        ("[a#=^b[0-9]$]", "[a#=\"^b[0-9]$\"]"),
        (":contains(wolf spider)", ":contains(\"wolf spider\")"),
        (":matches(a, b)", ":is(a, b)"),
        ("&", "&"),
    ] {
        assert_eq!(css(source), written, "{source}");
        assert_eq!(css(written), written, "{written}");
    }
}

/// What no browser takes.
#[rustfmt::skip]
const INVALID: &[&str] = &[
    "", " ", ",", "a,", ",a", "a,,b", ">a", "a>", "a > > b", "a >> b", "a++b", "..a", ". a", "a.", "#",
    "#1", "[", "[]", "[a=]", "[a=b x]", "[a b]", "[*]", "[=a]", "a:", "a: b", "a:: b", "a:::b",
    ":not()", ":not(a,)", ":not(::before)", ":has()", ":has(a,)", ":has(:has(a))", ":nth-child()",
    ":nth-child(n of)", ":nth-child(2 + n)", ":nth-child(2n of a,)", ":nth-of-type(2n of a)",
    ":first-child()", ":nosuch", "::nosuch", "a::before b", "a::before.c", "a)", "a]", "a{}", "a!",
    "@page", "a;b", "1a", ":lang()", ":dir()", ":state()", ":host(a b)", "a::text::text", "::attr()",
    "::attr(a b)", "a::text:hover", "*a", "a*", "a|*|b", "p:not(a::text)",
];

#[test]
fn what_browsers_refuse_is_refused() {
    for source in INVALID {
        assert!(Selector::parse(source).is_err(), "{source:?}");
    }
    // An unclosed block and a lone escape at the end are closed by the end, as CSS has it.
    for source in ["[a=b", ":is(a", ":not(b", "--x", "a\\", ":is()", ":where()", ":is(:has(a, :has(b)))"] {
        assert!(Selector::parse(source).is_ok(), "{source:?}");
    }
}

#[test]
fn lists_of_is_and_where_forgive() {
    let document = parse("<p id=a><b id=b></b></p>");
    assert_eq!(found(&document, ":is(:nosuch, #a, ::before, [)"), ["a"]);
    assert_eq!(found(&document, ":where(, #b)"), ["b"]);
    assert!(found(&document, ":is()").is_empty());
    assert_eq!(found(&document, "p:not(:is())"), ["a"]);
    assert!(Selector::parse(":not(:nosuch)").is_err());
}

#[test]
fn what_needs_a_user_or_a_window_parses_and_matches_nothing() {
    let document = parse("<a href=/x id=a>x</a><p id=p></p>");
    for class in [
        "hover",
        "active",
        "focus",
        "focus-visible",
        "focus-within",
        "visited",
        "target",
        "target-within",
        "local-link",
        "current",
        "past",
        "future",
        "playing",
        "paused",
        "user-invalid",
        "user-valid",
        "fullscreen",
        "modal",
        "popover-open",
        "autofill",
        "picture-in-picture",
        "host",
        "host(a)",
        "state(x)",
        "current(a)",
    ] {
        assert!(found(&document, &format!(":{class}")).is_empty(), "{class}");
        assert_eq!(found(&document, &format!("p:not(:{class})")), ["p"], "{class}");
    }
    for element in [
        "before",
        "after",
        "marker",
        "first-line",
        "-webkit-scrollbar",
        "highlight(x)",
        "part(x)",
        "slotted(a)",
    ] {
        assert!(found(&document, &format!("a::{element}")).is_empty(), "{element}");
        assert_eq!(found(&document, &format!("a::{element}, p")), ["p"], "{element}");
    }
    assert!(found(&document, "a:before").is_empty());
    assert!(found(&document, "a::before:hover").is_empty());
}

#[test]
fn mistakes_in_brackets_are_told_where_they_are() {
    let mut wrong = Vec::new();
    for (css, column) in [
        ("a[href=]", 8),
        ("a[=x]", 3),
        ("p a[href=x y] b", 12),
        ("p[ä='ö' x] > b", 9),
        ("a[href='x' q] b", 12),
        ("a[b|] c", 4),
        ("p:nth-child(foo) b", 13),
        ("p:nth-child( 2n+) b", 14),
        ("a:not(b, c..d) e", 13),
        // Nothing closes this bracket: the end is where that shows.
        ("a:not(b[) c", 12),
        ("a:not(c, d[=x]) e", 12),
        ("p:not(:foo) b", 7),
        ("p:has(> ) b", 9),
    ] {
        let error = Selector::parse(css).unwrap_err();
        if error.column != column {
            wrong.push(format!("{}\n{}", error.caret(), error.column));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
