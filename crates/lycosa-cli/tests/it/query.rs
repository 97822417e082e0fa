//! `lycosa query`: parts of a page from a file, a URL or standard input.

use lycosa_testkit::{Response, Server};

use crate::command::{Bench, Said};

const PAGE: &str = "<title>T</title><h1 class=big>One\n <b>two</b></h1><p id=p>three &lt; four</p><p>five</p>\
                    <a href=/x>x</a><a href='y z'>y</a>";

fn query(css: &str, flags: &[&str]) -> Said {
    let bench = Bench::new();
    bench.write("page.html", PAGE);
    bench.run(&[&["query", "page.html", "--css", css][..], flags].concat())
}

#[test]
fn each_match_is_one_line_of_text() {
    assert_eq!(query("h1, p", &[]).ends_with(0).out, "One two\nthree < four\nfive\n");
    assert_eq!(query("p::text", &[]).ends_with(0).out, "three < four\nfive\n");
    assert_eq!(query("a::attr(href)", &[]).ends_with(0).out, "/x\ny z\n");
    assert_eq!(query("p#p", &[]).ends_with(0).out, "three < four\n");
}

#[test]
fn json_is_one_list_of_texts() {
    let said = query("p", &["--json"]).ends_with(0);
    let list: Vec<String> = serde_json::from_str(&said.out).expect("a list of texts");
    assert_eq!(list, ["three < four", "five"]);
}

#[test]
fn html_is_the_markup_of_the_matches() {
    assert_eq!(query("p#p", &["--html"]).ends_with(0).out, "<p id=\"p\">three &lt; four</p>\n");
    let both = query("p#p", &["--html", "--json"]).ends_with(0).out;
    let list: Vec<String> = serde_json::from_str(&both).expect("a list of texts");
    assert_eq!(list, ["<p id=\"p\">three &lt; four</p>"]);
}

#[test]
fn a_page_comes_from_standard_input_or_a_url() {
    let bench = Bench::new();
    assert_eq!(bench.run_with_input(&["query", "-", "--css", "p"], PAGE).ends_with(0).out.lines().count(), 2);
    // "Привет" in windows-1251, declared in the header alone.
    let server = Server::start(|_| {
        let mut bytes = b"<p>".to_vec();
        bytes.extend([0xcf, 0xf0, 0xe8, 0xe2, 0xe5, 0xf2]);
        Response::new(200).header("Content-Type", "text/html; charset=windows-1251").body(bytes)
    });
    assert_eq!(bench.run(&["query", &server.url("/"), "--css", "p"]).ends_with(0).out, "Привет\n");
    assert_eq!(server.hits(), 1, "robots.txt is not consulted");
    let help = bench.run(&["query", "--help"]).ends_with(0).out.replace('\n', " ");
    assert!(help.contains("without consulting robots.txt"), "{help}");
}

#[test]
fn nothing_found_ends_with_1_as_grep_does_and_the_help_says_so() {
    let said = query("table", &[]).ends_with(1);
    assert_eq!((said.out.as_str(), said.err.as_str()), ("", ""));
    assert_eq!(query("table", &["--json"]).ends_with(1).out, "[]\n");
    let help = Bench::new().run(&["query", "--help"]).ends_with(0).out.replace('\n', " ");
    assert!(help.contains("ends with 1 when nothing matches"), "{help}");
}

#[test]
fn a_bad_selector_is_told_with_its_column() {
    query("p[", &[])
        .ends_with(2)
        .complains("the selector `p[` cannot be read: invalid selector at column 3", "h1::text");
    query("a::attr()", &[]).ends_with(2).complains("column", "::attr(name)");
}

#[test]
fn a_missing_file_is_named() {
    let said = Bench::new().run(&["query", "none.html", "--css", "p"]).ends_with(1);
    said.complains("reading none.html failed: No such file", "name a file, an http(s) URL, or -");
}

#[test]
fn an_error_page_is_not_taken_for_the_page() {
    let server = Server::start(|_| Response::not_found());
    let said = Bench::new().run(&["query", &server.url("/"), "--css", "p"]).ends_with(1);
    said.complains("answered 404", "lycosa fetch");
}

#[test]
fn xml_is_read_as_xml() {
    const FEED: &str =
        "<rss><channel><link>http://a/</link><Item/><item><link>http://a/1</link></item></channel></rss>";
    let bench = Bench::new();
    bench.write("feed.xml", FEED);
    bench.write("feed.txt", &format!("<?xml version='1.0'?>{FEED}"));
    bench.write("page.xhtml", "<html><p>One<p>Two");
    let out = |arguments: &[&str]| bench.run(&[&["query"], arguments].concat()).ends_with(0).out;
    // HTML would take `<link>` for an empty element.
    for name in ["feed.xml", "feed.txt"] {
        assert_eq!(out(&[name, "--css", "item > link"]), "http://a/1\n", "{name}");
        assert_eq!(
            out(&[name, "--css", "item", "--html"]),
            "<item><link>http://a/1</link></item>\n",
            "{name}"
        );
    }
    assert_eq!(out(&["feed.xml", "--css", "item > link", "--as", "html"]), "\n", "an empty element");
    assert_eq!(out(&["page.xhtml", "--css", "body > p"]), "One\nTwo\n", "it only says that it is XML");
    assert_eq!(out(&["page.xhtml", "--css", "p > p", "--as", "xml"]), "Two\n");
    assert_eq!(
        bench.run_with_input(&["query", "-", "--css", "Item", "--html"], FEED).ends_with(0).out,
        "<Item/>\n"
    );
    let server = Server::start(|_| {
        Response::new(200).header("Content-Type", "text/xml").body("<a><B>x</B></a>".to_owned())
    });
    assert_eq!(out(&[&server.url("/"), "--css", "B"]), "x\n");
}
