//! `--xpath` of `lycosa query` and `lycosa fetch`: every type of value in every form of output, and every mistake.

use lycosa_testkit::{Response, Server};
use serde_json::{Value, json};

use crate::command::{Bench, Said};

const PAGE: &str = "<title>T</title><h1 class=big>One\n <b>two</b></h1><p id=p>three &lt; four</p><p>five</p><!-- c -->\
                    <a href=/x>x</a><a href='y  z'>y</a><svg><path d=M0/></svg>";

fn query(xpath: &str, flags: &[&str]) -> Said {
    let bench = Bench::new();
    bench.write("page.html", PAGE);
    bench.run(&[&["query", "page.html", "--xpath", xpath][..], flags].concat())
}

#[track_caller]
fn json_of(xpath: &str, flags: &[&str]) -> Value {
    let said = query(xpath, &[&["--json"][..], flags].concat()).ends_with(0);
    serde_json::from_str(&said.out).expect("JSON")
}

#[test]
fn each_node_is_one_line_of_text_in_document_order() {
    assert_eq!(query("//p | //h1", &[]).ends_with(0).out, "One two\nthree < four\nfive\n");
    assert_eq!(query("//p/text()", &[]).ends_with(0).out, "three < four\nfive\n");
    assert_eq!(query("//a/@href", &[]).ends_with(0).out, "/x\ny z\n");
    assert_eq!(query("//comment()", &[]).ends_with(0).out, "c\n");
    assert_eq!(query("//P[has-class('x')] | //h1[has-class('big')]", &[]).ends_with(0).out, "One two\n");
}

#[test]
fn html_is_the_markup_of_nodes_and_the_value_of_attributes() {
    assert_eq!(query("//p[1]", &["--html"]).ends_with(0).out, "<p id=\"p\">three &lt; four</p>\n");
    assert_eq!(query("//p[1]/text()", &["--html"]).ends_with(0).out, "three &lt; four\n");
    assert_eq!(query("//comment()", &["--html"]).ends_with(0).out, "<!-- c -->\n");
    assert_eq!(query("//a/@href", &["--html"]).ends_with(0).out, "/x\ny  z\n");
    assert_eq!(query("count(//p)", &["--html"]).ends_with(0).out, "2\n");
    assert_eq!(json_of("//p[2]", &["--html"]), json!(["<p>five</p>"]));
}

#[test]
fn numbers_strings_and_booleans_are_printed_as_xpath_writes_them() {
    for (expression, expected) in [
        ("count(//p)", "2\n"),
        ("1 div 4", "0.25\n"),
        ("1 div 0", "Infinity\n"),
        ("1 div -0", "-Infinity\n"),
        ("number('x')", "NaN\n"),
        ("1000000 * 1000000 * 1000000 * 1000000", "1000000000000000000000000\n"),
        ("boolean(//p)", "true\n"),
        ("//p = 'six'", "false\n"),
        ("normalize-space(//h1)", "One two\n"),
        ("string(//nosuch)", "\n"),
    ] {
        assert_eq!(query(expression, &[]).ends_with(0).out, expected, "{expression}");
    }
    let bench = Bench::new();
    bench.write("page.html", PAGE);
    assert_eq!(bench.run(&["query", "page.html", "--xpath=-count(//p)"]).ends_with(0).out, "-2\n");
}

#[test]
fn json_has_the_type_that_xpath_gives() {
    assert_eq!(json_of("//p", &[]), json!(["three < four", "five"]));
    assert_eq!(json_of("//a/@href", &[]), json!(["/x", "y z"]));
    assert_eq!(json_of("count(//p)", &[]), json!(2));
    assert_eq!(json_of("1 div 4", &[]), json!(0.25));
    assert_eq!(json_of("string(//p)", &[]), json!("three < four"));
    assert_eq!(json_of("not(//p)", &[]), json!(false));
    assert_eq!(json_of("number('x')", &[]), Value::Null);
    assert_eq!(json_of("1 div 0", &[]), Value::Null);
}

#[test]
fn no_node_ends_with_1_and_any_other_answer_with_0() {
    assert_eq!(query("//nosuch", &[]).ends_with(1).out, "");
    let nothing = query("//nosuch", &["--json"]).ends_with(1).out;
    assert_eq!(serde_json::from_str::<Value>(&nothing).expect("JSON"), json!([]));
    for answer in ["boolean(//nosuch)", "count(//nosuch)", "string(//nosuch)", "number(//nosuch)"] {
        query(answer, &[]).ends_with(0);
    }
    let help = Bench::new().run(&["query", "--help"]).ends_with(0).out.replace('\n', " ");
    assert!(help.contains("always counts as a match"), "{help}");
}

#[test]
fn prefixes_are_bound_by_ns_and_some_from_the_start() {
    let svg = "http://www.w3.org/2000/svg";
    assert_eq!(query("//v:path/@d", &["--ns", &format!("v={svg}")]).ends_with(0).out, "M0/\n");
    let two = ["--ns", &format!("v={svg}"), "--ns", "h=http://www.w3.org/1999/xhtml"];
    assert_eq!(query("count(//v:path | //h:p)", &two).ends_with(0).out, "3\n");
    assert_eq!(query("count(//svg:path)", &[]).ends_with(0).out, "1\n");
}

#[test]
fn a_page_comes_from_standard_input_or_a_url() {
    let bench = Bench::new();
    let said = bench.run_with_input(&["query", "-", "--xpath", "//p"], PAGE).ends_with(0);
    assert_eq!(said.out, "three < four\nfive\n");
    let server = Server::start(|_| Response::html(PAGE.to_owned()));
    let said = bench.run(&["query", &server.url("/"), "--xpath", "string(//p[2])"]).ends_with(0);
    assert_eq!(said.out, "five\n");
}

#[test]
fn fetch_prints_what_an_expression_gives() {
    let server = Server::start(|_| Response::html(PAGE.to_owned()));
    let fetch = |xpath: &str| Bench::new().run(&["fetch", &server.url("/"), "-q", "--xpath", xpath]);
    assert_eq!(fetch("//p").ends_with(0).out, "three < four\nfive\n");
    assert_eq!(fetch("count(//a)").ends_with(0).out, "2\n");
    assert_eq!(fetch("//nosuch").ends_with(0).out, "");
    let before = server.hits();
    fetch("//p[").ends_with(2).complains("the expression cannot be used", "");
    assert_eq!(server.hits(), before, "a mistake costs no request");
    for other in [&["--css", "p"][..], &["--text"], &["--links"]] {
        let url = server.url("/");
        let words = [&["fetch", &url, "--xpath", "//p"][..], other].concat();
        Bench::new().run(&words).ends_with(2).complains("cannot be used with", "--help");
    }
}

const FEED: &str = "<?xml version='1.0'?><rss xmlns:dc='http://purl.org/dc/elements/1.1/'><Item><link>/a</link>\
                    <dc:creator>Ada</dc:creator></Item></rss>";

#[test]
fn xml_is_parsed_as_xml_when_it_looks_so_or_is_said_to_be() {
    let bench = Bench::new();
    bench.write("feed", FEED);
    let ask = |flags: &[&str]| bench.run(&[&["query", "feed"][..], flags].concat());
    // In XML names are compared exactly and `link` has content; in HTML neither.
    assert_eq!(ask(&["--xpath", "//Item/link"]).ends_with(0).out, "/a\n");
    assert_eq!(ask(&["--xpath", "//Item/link", "--as", "xml"]).ends_with(0).out, "/a\n");
    ask(&["--xpath", "//item/link"]).ends_with(1);
    ask(&["--xpath", "//Item/link[text()]", "--as", "html"]).ends_with(1);
    assert_eq!(ask(&["--css", "Item > link"]).ends_with(0).out, "/a\n");
    let dc = ["--ns", "d=http://purl.org/dc/elements/1.1/", "--xpath", "//d:creator"];
    assert_eq!(ask(&dc).ends_with(0).out, "Ada\n");
    assert_eq!(
        ask(&["--xpath", "//link", "--html"]).ends_with(0).out,
        "<link xmlns:dc=\"http://purl.org/dc/elements/1.1/\">/a</link>\n"
    );
    ask(&["--xpath", "//link", "--as", "sgml"]).ends_with(2).complains("sgml", "xml");

    bench.write("page", "<p>One<BR>two");
    let said = bench.run(&["query", "page", "--as", "xml", "--xpath", "count(//BR)"]).ends_with(0);
    assert_eq!(said.out, "1\n", "what is said to be XML stays XML, however ill-formed");
}

#[test]
fn the_media_type_of_a_url_decides_between_html_and_xml() {
    let server = Server::start(|request| {
        let kind = if request.target == "/xml" { "application/atom+xml" } else { "text/html" };
        Response::new(200).header("Content-Type", kind).body("<entry><LINK>/a</LINK></entry>")
    });
    let count = |path: &str| {
        Bench::new().run(&["query", &server.url(path), "--xpath", "count(//LINK[.='/a'])"]).ends_with(0).out
    };
    assert_eq!((count("/xml"), count("/html")), ("1\n".to_owned(), "0\n".to_owned()));
}

#[test]
fn a_bad_expression_is_shown_with_a_caret_and_a_hint() {
    let said = query("//p[contain(., 'x')]", &[]).ends_with(2);
    let said = said
        .complains("the expression cannot be used: unknown function `contain`", "did you mean `contains`?");
    assert!(said.err.contains("\n  //p[contain(., 'x')]\n      ^\n"), "{}", said.err);
    // A caret stands under its character also where characters take more bytes than one.
    let said = query("//p[.='é' and foo()]", &[]).ends_with(2);
    let said = said.complains("unknown function `foo`", "");
    assert!(said.err.contains("\n  //p[.='é' and foo()]\n                ^\n"), "{}", said.err);
    for (expression, what) in [
        ("", "the expression cannot be used"),
        ("//p[", "the expression cannot be used"),
        ("//x:p", "x"),
        ("$name", "name"),
        ("count(1)", "node-set"),
        ("count()", "count"),
        ("ends-with('a', 'b')", "ends-with"),
        ("re:test(., '(')", "the expression cannot be used"),
    ] {
        query(expression, &[]).ends_with(2).complains(what, "");
    }
}

#[test]
fn an_expression_that_asks_for_too_much_is_given_up() {
    let bench = Bench::new();
    bench.write("page.html", &"<i>x</i>".repeat(4000));
    let endless = "//i[contains(str:padding(1000000, 'x'), concat(., 'y'))]";
    let said = bench.run(&["query", "page.html", "--xpath", endless]).ends_with(1);
    said.complains("the expression was given up", "");
}

#[test]
fn the_flags_of_a_query_are_told_apart() {
    let run = |words: &[&str]| Bench::new().run(&[&["query", "page.html"][..], words].concat()).ends_with(2);
    run(&[]).complains("--css <SELECTOR>", "--help").mentions("--xpath <EXPRESSION>");
    run(&["--css", "p", "--xpath", "//p"]).complains("cannot be used with", "--help");
    run(&["--css", "p", "--ns", "a=b"]).complains("--ns without --xpath", "--xpath");
    for bad in ["a", "=b", "a="] {
        run(&["--xpath", "//a:p", "--ns", bad]).complains("PREFIX=URI", "--help");
    }
}
