//! What people are told when an expression cannot be used.

use proptest::prelude::*;

use super::html;
use crate::{XPath, XPathEnvironment, XPathErrorKind as Kind, XPathOptions};

#[test]
fn errors_say_what_and_where() {
    for (expression, kind, column, message) in [
        ("", Kind::Syntax, 1, "the expression ends where something must follow"),
        ("//", Kind::Syntax, 3, "the expression ends where something must follow"),
        ("//p[", Kind::Syntax, 5, "the expression ends where something must follow"),
        ("//p[1", Kind::Syntax, 6, "a `]` is missing here"),
        ("//p]", Kind::Syntax, 4, "this `]` closes nothing"),
        ("count(//p", Kind::Syntax, 10, "a `)` is missing here"),
        ("//p)", Kind::Syntax, 4, "this `)` closes nothing"),
        ("'abc", Kind::Syntax, 1, "this string has no end"),
        ("//ä[&]", Kind::Syntax, 5, "`&` has no meaning here"),
        ("a b", Kind::Syntax, 3, "an operator must stand before `b`"),
        ("a 'b'", Kind::Syntax, 3, "an operator must stand before this"),
        ("//p/1", Kind::Syntax, 5, "a step or a value must stand here"),
        ("childs::p", Kind::Syntax, 1, "there is no axis `childs`"),
        ("a:", Kind::Syntax, 2, "a name must follow `a:`"),
        ("$", Kind::Syntax, 2, "a variable's name must follow the `$`"),
        ("text(1)", Kind::Syntax, 6, "`text()` must be closed here"),
        ("1 +", Kind::Syntax, 4, "the expression ends where something must follow"),
        (".[1]", Kind::Syntax, 2, "an operator must stand before this"),
        ("nosuch()", Kind::UnknownFunction, 1, "unknown function `nosuch`"),
        ("re:nosuch()", Kind::UnknownFunction, 1, "unknown function `re:nosuch`"),
        ("concat('a')", Kind::WrongArity, 1, "`concat` takes 2 or more arguments, not 1"),
        ("1 + last(1)", Kind::WrongArity, 5, "`last` takes no arguments, not 1"),
        ("substring('a')", Kind::WrongArity, 1, "`substring` takes 2 to 3 arguments, not 1"),
        ("count('a')", Kind::Type, 7, "argument 1 of `count` must be a node-set, and this is a string"),
        ("'a'/b", Kind::Type, 1, "what stands before `/` must be a node-set, and this is a string"),
        ("(1)[1]", Kind::Type, 2, "what stands before `[` must be a node-set, and this is a number"),
        ("//a | true()", Kind::Type, 7, "a side of `|` must be a node-set, and this is a boolean"),
        (
            "re:test(., '(')",
            Kind::RegularExpression,
            1,
            "the regular expression `(` cannot be used: unclosed group",
        ),
        ("x:p", Kind::UnboundPrefix, 1, "the prefix `x` is not bound to a namespace"),
    ] {
        let error = XPath::compile(expression).unwrap_err();
        assert_eq!((error.kind(), error.column(), error.message()), (kind, column, message), "{expression}");
    }
}

#[test]
fn hints_name_what_was_meant() {
    for (expression, hint) in [
        ("//p[contain(., 'x')]", "did you mean `contains`?"),
        ("normalise-space()", "did you mean `normalize-space`?"),
        ("re:tset('a', 'b')", "did you mean `re:test`?"),
        ("following-siblings::p", "did you mean `following-sibling`?"),
        ("svgs:path", "did you mean `svg`?"),
        ("ends-with(., 'x')", "XPath 1.0 has no `ends-with`; write `re:test(…, 'end$')`"),
    ] {
        assert_eq!(XPath::compile(expression).unwrap_err().hint(), Some(hint), "{expression}");
    }
}

#[test]
fn a_long_expression_is_shown_around_the_column() {
    let expression = format!("{} nosuch() {}", "//a |\t".repeat(40), "| //b".repeat(40));
    let error = XPath::compile(&expression).unwrap_err();
    let rendering = error.rendering();
    let lines: Vec<&str> = rendering.lines().collect();
    let caret = lines[2].chars().position(|character| character == '^').unwrap();
    let shown: Vec<char> = lines[1].chars().collect();
    assert_eq!(shown[caret..caret + 8].iter().collect::<String>(), "nosuch()");
    assert!(lines[1].starts_with("  …") && lines[1].ends_with('…') && shown.len() < 130);
}

#[test]
fn evaluation_fails_with_a_type_and_a_place() {
    let (document, other) = (html("<p>x"), html("<p>y"));
    let foreign = XPath::compile("//p").unwrap().evaluate(other.root()).unwrap();
    let environment =
        XPathEnvironment::default().variable("n", 1.0).variable("f", foreign.nodes().unwrap().clone());
    for (expression, kind, column) in [
        ("1 + $nosuch", Kind::UnboundVariable, 5),
        ("count($n)", Kind::Type, 7),
        ("$n/a", Kind::Type, 1),
        ("//p | $f", Kind::Type, 7),
        ("re:test(., concat('(', '('))", Kind::RegularExpression, 1),
    ] {
        let error = XPath::compile(expression).unwrap().evaluate_with(document.root().into(), &environment);
        let error = error.unwrap_err();
        assert_eq!((error.kind(), error.column()), (kind, column), "{expression}: {error}");
    }
    let doctype = html("<!doctype html>");
    let doctype = doctype.root().first_child().unwrap();
    assert_eq!(XPath::compile(".").unwrap().evaluate(doctype).unwrap_err().kind(), Kind::Type);
}

#[test]
fn absurd_expressions_are_refused_and_long_flat_ones_are_not() {
    let nested = |depth: usize| format!("{}1{}", "(".repeat(depth), ")".repeat(depth));
    assert_eq!(XPath::compile(&nested(101)).unwrap_err().kind(), Kind::TooDeep);
    assert!(XPath::compile(&nested(100)).is_ok());
    let deepest = XPathOptions::default().max_nesting(usize::MAX);
    assert!(XPath::compile_with(&nested(200), &deepest).is_ok());
    assert_eq!(XPath::compile_with(&nested(201), &deepest).unwrap_err().kind(), Kind::TooDeep);
    let predicates = format!("{}b{}", "a[".repeat(150), "]".repeat(150));
    assert_eq!(XPath::compile(&predicates).unwrap_err().kind(), Kind::TooDeep);
    let long = "a".repeat(70_000);
    assert_eq!(XPath::compile(&long).unwrap_err().kind(), Kind::TooLong);

    let document = html("<p>x");
    for flat in [
        "1+".repeat(20_000) + "1",
        "-".repeat(60_000) + "1",
        "1=".repeat(20_000) + "1",
        "a/".repeat(20_000) + "a",
        "//p|".repeat(10_000) + "//p",
        "1 or ".repeat(10_000) + "1",
        format!("concat({}'a')", "'a',".repeat(10_000)),
        "p".to_owned() + &"[1]".repeat(15_000),
    ] {
        XPath::compile(&flat).unwrap().evaluate(document.root()).unwrap();
    }
}

#[test]
fn expressions_travel_between_threads() {
    fn is_shared<T: Send + Sync + Clone + 'static>(_: &T) {}
    let xpath = XPath::compile("count(//p)").unwrap();
    is_shared(&xpath);
    let document = html("<p>1<p>2");
    std::thread::scope(|scope| {
        let threads: Vec<_> =
            (0..4).map(|_| scope.spawn(|| xpath.evaluate(document.root()).unwrap().to_number())).collect();
        assert!(threads.into_iter().all(|thread| thread.join().unwrap() == 2.0));
    });
    assert_eq!(xpath.clone().as_str(), "count(//p)");
}

const PIECES: &[&str] = &[
    "//",
    "/",
    "a",
    "*",
    "@",
    "[",
    "]",
    "(",
    ")",
    "1",
    ".5",
    "'x'",
    "\"",
    "'",
    "..",
    ".",
    "::",
    "child::",
    "ancestor::",
    "text()",
    "node(",
    "last()",
    "position()",
    "=",
    "!=",
    "<",
    ">=",
    "+",
    "-",
    "|",
    " and ",
    " or ",
    " div ",
    "mod",
    "$v",
    "$",
    ",",
    "count(",
    "not(",
    "contains(",
    "concat(",
    "id(",
    "re:test(",
    "svg:",
    "x:y",
    ":",
    "ä",
    "\u{0}",
    "&",
    " ",
    "\n",
    "has-class(",
    "set:distinct(",
    "namespace::",
    "processing-instruction('",
    "str:padding(",
    "substring(",
];

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_text_is_an_expression_or_is_refused_with_a_column(
        pieces in prop::collection::vec(prop::sample::select(PIECES), 0..24),
        noise in ".{0,12}",
    ) {
        let document = html("<div id=a class='b'><svg><path d='1'/></svg>text<a href=x>1</a></div>");
        for text in [pieces.concat(), format!("//a[{noise}"), pieces.join(" "), noise.clone()] {
            match XPath::compile(&text) {
                Ok(xpath) => {
                    let environment = XPathEnvironment::default().max_steps(100_000);
                    let _ = xpath.evaluate_with(document.root().into(), &environment);
                }
                Err(error) => {
                    prop_assert!(error.column() >= 1 && error.column() <= text.chars().count() + 1);
                    prop_assert!(error.rendering().contains('^'));
                }
            }
        }
    }
}
