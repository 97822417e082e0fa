//! Hostile expressions and documents end soon and with a typed error, ordinary ones never meet a limit.

use super::{html, text, value};
use crate::{Document, ParseOptions, XPath, XPathEnvironment, XPathErrorKind as Kind, XPathOptions};

/// A page of about this many paragraphs under one parent, with text.
fn flat(count: usize) -> Document {
    html(&"<p class='a b'>some words here <a href=x>link</a></p>".repeat(count))
}

fn deep(depth: usize) -> Document {
    let page = "<div>".repeat(depth) + "aaaa" + &"</div>".repeat(depth);
    Document::parse_html(&page, ParseOptions::default().max_depth(2048))
}

fn with_steps(document: &Document, expression: &str, steps: u64) -> Result<f64, Kind> {
    let environment = XPathEnvironment::default().max_steps(steps);
    let value = XPath::compile(expression).unwrap().evaluate_with(document.root().into(), &environment);
    value.map(|value| value.to_number()).map_err(|error| error.kind())
}

#[test]
fn nested_counting_ends_with_the_step_limit() {
    let document = flat(2000);
    for bomb in [
        "//*[count(preceding::*[count(preceding::*) > 0]) > 0]",
        "//*[count(following::*/preceding::*/following::*) = 0]",
        "//node()[count(//node()[. = current-less]) > count(following::node()/following::text())]",
        "//*[//*[. = //*[string-length(.) > count(preceding::*)]] = following::*]",
    ] {
        let bomb = bomb.replace("current-less", "../following::node()");
        assert_eq!(with_steps(&document, &bomb, 3_000_000), Err(Kind::StepLimit), "{bomb}");
    }
}

#[test]
fn what_does_not_depend_on_the_context_is_computed_once() {
    let document = flat(2000);
    for expression in [
        "count(//p[not(//nosuch)])",
        "count(//*[count(//*[count(//*) > 0]) > 0])",
        "count(//a[count(//a) = count(//p)])",
        "count(//a[@href = //a/@href])",
        "count(//p[string-length(string(/)) > 5])",
    ] {
        with_steps(&document, expression, 1_000_000).unwrap_or_else(|kind| panic!("{expression}: {kind:?}"));
    }
}

#[test]
fn usual_expressions_take_steps_in_proportion_to_the_page() {
    let document = flat(5000);
    for expression in [
        "count(//p//a[@href])",
        "count(//a/ancestor::p)",
        "count(//p/following::a)",
        "count(//a/preceding::p)",
        "count(//p/following-sibling::p)",
        "count(//p/preceding-sibling::p)",
        "count(//p[not(preceding-sibling::p)])",
        "count(//p[not(following-sibling::p)])",
        "count(//p[position() mod 2 = 0])",
        "count(//p[last()])",
        "count(//p[last() - 1])",
        "count(//*[contains(., 'nothing like it')])",
        "count(//p[contains(@class, 'a')]/a/text())",
        "count(//p[1])",
        "count(//a/..)",
        "count(//p[a = 'link'])",
        "count(//p | //a | //text())",
        "count(//node()/node())",
    ] {
        with_steps(&document, expression, 1_500_000).unwrap_or_else(|kind| panic!("{expression}: {kind:?}"));
    }
}

#[test]
fn a_deep_document_is_walked_without_recursion() {
    let document = deep(2000);
    for (expression, count) in [
        ("count(//div[not(div)]/ancestor::div)", 1999.0),
        ("count(//div/ancestor-or-self::div)", 2000.0),
        ("count(//div//div//div)", 1998.0),
        ("count(//div[contains(., 'aaa')])", 2000.0),
        ("count(//div[contains(., 'aaaaa')])", 0.0),
        ("count(//div/div)", 1999.0),
        ("count(//div[1])", 2000.0),
        ("count(//div[last()])", 2000.0),
        ("string-length(/)", 4.0),
    ] {
        assert_eq!(value(&document, expression).to_number(), count, "{expression}");
    }
}

#[test]
fn the_deepest_expression_allowed_fits_a_small_stack() {
    let document = deep(400);
    let options = XPathOptions::default().max_nesting(200);
    for (open, inner, close) in [
        ("*[", "*", "]"),
        ("concat('a', ", "'b'", ")"),
        ("not(", "1", ")"),
        ("1 + (", "1", ")"),
        ("(//div)[", "*", "]"),
        ("count(//*[", "1", "])"),
        (".//*[string(", ".", ")='x']"),
    ] {
        let times = 200 / open.matches(['[', '(']).count().max(1);
        let expression = open.repeat(times) + inner + &close.repeat(times);
        let xpath = XPath::compile_with(&expression, &options).unwrap_or_else(|error| panic!("{error}"));
        let environment = XPathEnvironment::default().max_steps(1_000_000);
        // Whatever it gives, it ends.
        let _ = xpath.evaluate_with(document.root().into(), &environment);
    }
}

#[test]
fn memory_is_bounded() {
    let document = html(&format!("<p>{}", "x".repeat(100_000)));
    let double = |times: usize| {
        let mut expression = "string(//p)".to_owned();
        for _ in 0..times {
            expression = format!("concat({expression}, {expression})");
        }
        expression
    };
    let small = XPathEnvironment::default().max_memory(1 << 20);
    let evaluate = |expression: &str| {
        XPath::compile(expression)
            .unwrap()
            .evaluate_with(document.root().into(), &small)
            .map_err(|error| error.kind())
    };
    assert!(evaluate(&double(1)).is_ok());
    assert_eq!(evaluate(&double(6)).unwrap_err(), Kind::MemoryLimit);
    assert_eq!(
        evaluate("re:replace(//p, 'x+', 'g', '$0$0$0$0$0$0$0$0$0$0$0$0$0$0')").unwrap_err(),
        Kind::MemoryLimit
    );
    assert_eq!(evaluate("str:replace(//p, 'x', 'yyyyyyyyyyyyyyyyyyyy')").unwrap_err(), Kind::MemoryLimit);
    let many = flat(3000);
    let environment = XPathEnvironment::default().max_memory(10_000);
    let set = XPath::compile("//p[a]").unwrap().evaluate_with(many.root().into(), &environment);
    assert_eq!(set.unwrap_err().kind(), Kind::MemoryLimit);
    // What a condition needs is given back for the next node.
    let environment = XPathEnvironment::default().max_memory(100_000);
    let set = XPath::compile("count(//p[concat(., 'x', .) = 'x'])").unwrap();
    assert_eq!(set.evaluate_with(many.root().into(), &environment).unwrap().to_number(), 0.0);
}

#[test]
fn a_search_that_overlaps_itself_stays_linear() {
    let document = html(&format!("{}<p>{}", "<b>a</b>".repeat(50), "a".repeat(200_000)));
    let needle = "a".repeat(10_000);
    assert_eq!(text(&document, &format!("count(//*[contains(., '{needle}b')])")), "0");
    assert_eq!(text(&document, &format!("count(//*[contains(., '{needle}')])")), "3");
}

#[test]
fn regular_expressions_run_in_linear_time() {
    let document = html(&format!("<p>{}", "a".repeat(5_000)));
    assert_eq!(text(&document, "re:test(//p, '(a+)+$')"), "true");
    assert_eq!(text(&document, "re:test(//p, '(a|aa)+b')"), "false");
    let huge = XPath::compile("re:test(//p, '((a{100}){100}){100}')").unwrap_err();
    assert_eq!(huge.kind(), Kind::RegularExpression);
}

/// The fewest steps that an expression can do with.
fn steps_needed(document: &Document, expression: &str) -> u64 {
    let (mut least, mut most) = (0, 100_000_000);
    while least < most {
        let middle = least + (most - least) / 2;
        match with_steps(document, expression, middle) {
            Ok(_) => most = middle,
            Err(_) => least = middle + 1,
        }
    }
    most
}

/// What is looked at is paid for, also when nothing of it is wanted: with twice of it, nearly twice as much.
#[test]
fn what_is_looked_at_and_dropped_is_paid_for() {
    let links = |size: usize| html(&format!("<div>{}</div>", "<a></a>".repeat(size)));
    let attributes = |size: usize| {
        let many: String = (0..size).map(|number| format!(" a{number}")).collect();
        html(&format!("<div{many}>{}</div>", "<b></b>".repeat(20)))
    };
    for expression in ["count(//div[..//comment()[1]])", "count(//div[.//processing-instruction()[1]])"] {
        let [one, two] = [4000, 8000].map(|size| steps_needed(&links(size), expression));
        assert!(one >= 4000 && two > one + one / 2, "{expression}: {one} and then {two} steps");
    }
    for expression in [
        "count(//b[../@title])",
        "count(//b/parent::*[@title])",
        "count(//b/parent::*[@title = 'x'])",
        "count(//b/parent::*[@Unheard-of])",
        "count(//b/parent::*[not(contains(@title, 'x'))])",
        "count(//b/parent::*[has-class('x')])",
        "count(//b[lang('en')])",
    ] {
        let [one, two] = [4000, 8000].map(|size| steps_needed(&attributes(size), expression));
        assert!(one >= 4000 && two > one + one / 2, "{expression}: {one} and then {two} steps");
    }
}

#[test]
fn every_operand_is_paid_for() {
    let document = html("<p>");
    for (operand, operator) in
        [("position() = 9", "or"), ("position() = 1", "and"), ("position()", "+"), ("position()", "<")]
    {
        let chain =
            |length: usize| format!("count(//p[({})])", vec![operand; length].join(&format!(" {operator} ")));
        let [one, two] = [200, 400].map(|length| steps_needed(&document, &chain(length)));
        assert!(two >= one + 200, "{operator}: {one} and then {two} steps");
    }
}

#[test]
fn patterns_in_an_expression_are_made_once_and_bounded_together() {
    let many = |pattern: &dyn Fn(usize) -> String, count: usize| {
        let tests: Vec<_> = (0..count).map(|number| format!("re:test(., '{}')", pattern(number))).collect();
        XPath::compile(&tests.join(" or ")).map(drop).map_err(|error| error.kind())
    };
    assert_eq!(many(&|_| r"\w{1,40}".to_owned(), 100), Ok(()), "the same");
    assert_eq!(many(&|number| format!("a{number}"), 100), Ok(()), "small ones");
    assert_eq!(many(&|number| format!(r"\w{{1,40}}{number}"), 10), Ok(()), "some large ones");
    assert_eq!(many(&|number| format!(r"\w{{1,40}}{number}"), 100), Err(Kind::RegularExpression));
}

#[test]
fn patterns_from_the_page_cannot_be_made_by_the_thousand() {
    let page: String = (0..1000).map(|number| format!("<i>a{number}</i>")).collect();
    let expression = XPath::compile("count(//i[re:test('x', string(.))])").unwrap();
    let evaluate = |page: &str| {
        let document = html(page);
        expression.evaluate(document.root()).map(|value| value.to_number()).map_err(|error| error.kind())
    };
    assert_eq!(evaluate(&page), Err(Kind::StepLimit));
    assert_eq!(evaluate(&"<i>a</i><i>x</i>".repeat(1000)), Ok(1000.0));
}

#[test]
fn a_text_that_translating_may_widen_is_paid_for_before() {
    let document = html(&format!("<p>{}", "x".repeat(400_000)));
    let environment = XPathEnvironment::default().max_memory(1 << 20);
    let length = |expression: &str| {
        let xpath = XPath::compile(expression).unwrap();
        xpath.evaluate_with(document.root().into(), &environment).map_err(|error| error.kind()).map(drop)
    };
    assert_eq!(length("translate(//p, 'x', 'y')"), Ok(()));
    // Nothing is replaced, but that is known only afterwards.
    assert_eq!(length("translate(//p, 'y', '\u{1d11e}')"), Err(Kind::MemoryLimit));
}

#[test]
fn many_names_and_variables_are_numbered_once_each() {
    let names: String =
        (0..3000).map(|number| format!("n{} | @a{} | ", number % 1500, number % 1500)).collect();
    let xpath = XPath::compile(&format!("count({names} p)")).unwrap();
    assert_eq!(xpath.evaluate(html("<p>").root()).unwrap().to_number(), 0.0);
}
