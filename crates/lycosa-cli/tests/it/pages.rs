//! Pages in `query` and `fetch` alike: how they are read, what of them is left out, and what may be shown of them.

use lycosa_testkit::{Response, Server};

use crate::command::Bench;

const XHTML: &str = "<?xml version='1.0'?><!DOCTYPE html PUBLIC \"-//W3C//DTD XHTML 1.0 Strict//EN\" \"x\">\
                     <html xmlns='http://www.w3.org/1999/xhtml'><body><p>One</p></body></html>";
const ATOM: &str = "<feed xmlns='http://www.w3.org/2005/Atom'><title>News</title></feed>";

fn served(media_type: &'static str, body: impl Into<Vec<u8>>) -> Server {
    let body = body.into();
    Server::start(move |_| Response::new(200).header("Content-Type", media_type).body(body.clone()))
}

#[test]
fn a_cut_tree_is_told_and_changes_no_exit_code() {
    let bench = Bench::new();
    bench.write("wide.html", &"<i>".repeat(3).replace("<i>", "<i></i>").repeat(340_000));
    bench.write("deep.html", &format!("<p>top</p>{}<b>end</b>", "<div>".repeat(600)));
    let said = bench.run(&["query", "wide.html", "--xpath", "count(//i) > 0"]).ends_with(0);
    said.mentions("the tree was cut at 1000000 nodes: what lies behind is not searched");
    let deep = "the tree was cut at a depth of 512: what lies deeper is not searched";
    bench.run(&["query", "deep.html", "--css", "p"]).ends_with(0).mentions(deep);
    let said = bench.run(&["query", "deep.html", "--css", "b"]).ends_with(1).mentions(deep);
    assert_eq!(said.err.lines().count(), 1, "{}", said.err);
    let server = served("text/html", bench.read("deep.html"));
    bench.run(&["fetch", &server.url("/")]).ends_with(0).mentions("* tree: cut (depth)");
    let said = bench.run(&["fetch", &server.url("/"), "--css", "p", "-q"]).ends_with(0).mentions(deep);
    assert_eq!(said.out, "top\n");
    let whole = served("text/html", "<p>One");
    assert!(!bench.run(&["fetch", &whole.url("/")]).ends_with(0).err.contains("* tree"));
}

#[test]
fn entities_without_bounds_are_told() {
    let mut text = "<!DOCTYPE r [<!ENTITY e0 'ha'>".to_owned();
    for level in 1..40 {
        text += &format!("<!ENTITY e{level} '&e{0};&e{0};'>", level - 1);
    }
    let bench = Bench::new();
    bench.write("laughs.xml", &format!("{text}]><r><a>&e39;</a><b>x</b></r>"));
    let said = bench.run(&["query", "laughs.xml", "--css", "b"]).ends_with(0);
    assert_eq!(said.mentions("entities grow beyond bounds").out, "x\n");
}

#[test]
fn xhtml_is_html_unless_it_is_said_to_be_xml() {
    let bench = Bench::new();
    for name in ["page.html", "page.HTM", "page.txt"] {
        bench.write(name, XHTML);
        assert_eq!(bench.run(&["query", name, "--xpath", "//p"]).ends_with(0).out, "One\n", "{name}");
    }
    assert_eq!(bench.run_with_input(&["query", "-", "--xpath", "//p"], XHTML).ends_with(0).out, "One\n");
    let hint =
        "the page is XML and its elements are in http://www.w3.org/1999/xhtml: bind it with --ns x=URI";
    for arguments in [&["page.html", "--as", "xml"][..], &["page.xhtml"]] {
        bench.write("page.xhtml", XHTML);
        let said = bench.run(&[&["query", "--xpath", "//p"][..], arguments].concat()).ends_with(1);
        said.mentions(hint).mentions("or add --as html");
    }
    let server = served("application/xhtml+xml", XHTML);
    bench.run(&["query", &server.url("/"), "--xpath", "//p"]).ends_with(1).mentions(hint);
}

#[test]
fn an_unprefixed_name_that_finds_nothing_in_a_feed_gets_a_hint() {
    let bench = Bench::new();
    bench.write("feed.xml", ATOM);
    let ask = |xpath: &str| {
        bench.run(&["query", "feed.xml", "--xpath", xpath, "--ns", "a=http://www.w3.org/2005/Atom"])
    };
    ask("//title")
        .ends_with(1)
        .mentions("its elements are in http://www.w3.org/2005/Atom: bind it with --ns x=URI");
    assert_eq!(ask("//a:title").ends_with(0).err, "");
    assert_eq!(ask("//a:none").ends_with(1).err, "", "it asks in the namespace");
}

#[test]
fn fetch_reads_pages_with_the_flags_of_query() {
    let bench = Bench::new();
    let feed = served("application/atom+xml", ATOM);
    let url = feed.url("/");
    let ask = |flags: &[&str]| bench.run(&[&["fetch", &url, "-q"][..], flags].concat());
    let bound = ["--xpath", "//a:title", "--ns", "a=http://www.w3.org/2005/Atom"];
    assert_eq!(ask(&bound).ends_with(0).out, "News\n");
    assert_eq!(ask(&["--xpath", "//title", "--as", "html"]).ends_with(0).out, "News\n");
    ask(&["--xpath", "//title"]).ends_with(0).mentions("bind it with --ns");
    ask(&["--css", "p", "--ns", "a=b"]).ends_with(2).complains("--ns without --xpath", "--xpath");
    let html = served("text/html", "<a><LINK>x</LINK></a>");
    let said = bench.run(&["fetch", &html.url("/"), "-q", "--xpath", "//LINK", "--as", "xml"]).ends_with(0);
    assert_eq!(said.out, "x\n");
}

#[test]
fn bytes_of_no_known_type_are_read_alike_by_query_and_fetch() {
    let bench = Bench::new();
    let page = served("application/octet-stream", "<p>One</p>");
    let image = served("image/png", vec![0x89, b'P', b'N', b'G']);
    let binary = served("application/octet-stream", vec![0, 159, 146, 150]);
    for command in ["query", "fetch"] {
        assert_eq!(
            bench.run(&[command, &page.url("/"), "--css", "p"]).ends_with(0).out,
            "One\n",
            "{command}"
        );
        for (server, kind) in [(&image, "image/png"), (&binary, "application/octet-stream")] {
            let said = bench.run(&[command, &server.url("/"), "--css", "p"]);
            said.mentions(&format!("not read as a page: {kind}")).mentions("--as html");
        }
    }
}

#[test]
fn what_a_page_says_of_itself_cannot_move_the_cursor() {
    let server = Server::start(|request| match request.target.as_str() {
        "/" => Response::html("<title>\u{1b}[2J\u{7}\u{9b}evil \u{202e}txt</title>"),
        _ => Response::new(200).header("Content-Type", "text/html; charset=\u{9b}x").body("x"),
    });
    let bench = Bench::new();
    for flags in [&[][..], &["-v"]] {
        for path in ["/", "/type"] {
            let url = server.url(path);
            let said = bench.run(&[&["fetch", &url][..], flags].concat()).ends_with(0);
            let harmful = |c: char| c != '\n' && (c.is_control() || c == '\u{202e}');
            assert!(!said.err.contains(harmful), "{:?}", said.err);
        }
    }
    let lost = Server::start(|_| Response::redirect(302, "http://[\u{9b}2J"));
    let said = bench.run(&["fetch", &lost.url("/")]).ends_with(1);
    assert!(said.err.contains("a redirect to") && !said.err.contains('\u{9b}'), "{:?}", said.err);
    bench.run(&["fetch", &server.url("/")]).mentions("* title: \\u{1b}[2J\\u{7}\\u{9b}evil \\u{202e}txt");
}

#[test]
fn a_page_larger_than_the_limit_is_refused_with_the_flag_that_raises_it() {
    let bench = Bench::new();
    let page = format!("<p>One</p>{}", " ".repeat(5000));
    bench.write("page.html", &page);
    let server = served("text/html", page.clone());
    let url = server.url("/");
    for source in ["page.html", "-", &url] {
        let ask =
            |most: &str| bench.run_with_input(&["query", source, "--css", "p", "--max-body", most], &page);
        let said = ask("4KiB").ends_with(1).mentions("limit");
        said.complains("", "--max-body 200MB");
        assert_eq!(ask("6KiB").ends_with(0).out, "One\n");
    }
    let said = bench.run(&["fetch", &url, "--max-body", "4KiB"]).ends_with(1);
    said.complains("", "--max-body 200MB");
}

#[test]
fn an_endless_input_is_read_no_further_than_the_limit() {
    let bench = Bench::new();
    let said = bench.run(&["query", "/dev/zero", "--css", "p", "--max-body", "1MiB"]).ends_with(1);
    said.complains("/dev/zero is larger than the limit of 1MiB", "--max-body");
}

const PAGE: &str = "<h1>One</h1><p>a</p><p>b</p><a href=/x>x</a>";

fn asked(arguments: &[&str]) -> crate::command::Said {
    let bench = Bench::new();
    bench.write("page.html", PAGE);
    bench.run(&[&["query", "page.html"][..], arguments].concat())
}

#[test]
fn an_error_repeats_the_beginning_of_a_long_text_alone() {
    let long = "p[[".to_owned() + &"x".repeat(50_000);
    for flag in ["--css", "--xpath"] {
        let said = asked(&[flag, &long]).ends_with(2);
        assert!(said.err.chars().count() < 700, "{}", said.err.len());
        assert!(said.err.contains('…'), "{}", said.err);
    }
    let said = asked(&["--xpath", "//p", "--ns", &long]).ends_with(2);
    assert!(said.err.chars().count() < 700, "{}", said.err.len());
    said.complains("PREFIX=URI", "--help");
}

#[test]
fn an_expression_may_begin_with_a_hyphen_and_a_flag_is_none() {
    assert_eq!(asked(&["--xpath", "-count(//p)"]).ends_with(0).out, "-2\n");
    assert_eq!(asked(&["--xpath", "--count(//p)"]).ends_with(0).out, "2\n");
    asked(&["--xpath", "--json"]).ends_with(2).complains("this is a flag", "--help");
    asked(&["--css", "--json"]).ends_with(2).complains("this is a flag", "--help");
}

#[test]
fn the_ways_of_other_languages_are_told_their_like() {
    for (flag, text, hint) in [
        ("--xpath", "//h1::text", "write //h1/text()"),
        ("--xpath", "//p[.=='a']", "write ="),
        ("--xpath", "//p[. and @a && @b]", "write and"),
        ("--css", "a@href", "write a::attr(href)"),
        ("--css", "//a/@href", "write a::attr(href)"),
        ("--css", "dc|creator", "--xpath //dc:creator --ns dc=…"),
        ("--xpath", "//zz:creator", "bind it with --ns zz=URI, or write *[name()='zz:…']"),
        ("--xpath", "//dc:creator", "bind it with --ns dc=http://purl.org/dc/elements/1.1/"),
    ] {
        asked(&[flag, text]).ends_with(2).complains("cannot be", hint);
    }
}

#[test]
fn a_prefix_is_bound_once_and_those_of_xml_not_at_all() {
    let ask =
        |first: &str, second: &str| asked(&["--xpath", "//a:p", "--ns", first, "--ns", second]).ends_with(2);
    ask("a=b", "a=c").complains("the prefix `a` is bound twice", "each prefix once");
    ask("a=b", "xml=c").complains("the prefix `xml` belongs to XML", "another prefix");
    ask("a=b", "xmlns=c").complains("the prefix `xmlns` belongs to XML", "another prefix");
}

#[test]
fn a_source_is_a_url_in_any_case_and_a_host_is_asked_about() {
    let bench = Bench::new();
    let server = served("text/html", PAGE);
    let url = server.url("/").replace("http://", "HTTP://");
    assert_eq!(bench.run(&["query", &url, "--css", "h1"]).ends_with(0).out, "One\n");
    let ask = |source: &str| bench.run(&["query", source, "--css", "p"]);
    for host in ["example.com/page", "localhost:8080/", "example.com"] {
        ask(host).ends_with(1).complains("failed", &format!("did you mean http://{host}?"));
    }
    assert!(!ask("none.html").ends_with(1).err.contains("http://"));
    ask("").ends_with(2).complains("the source is empty", "name a file");
    ask("http://[").ends_with(2).complains("`http://[` is not a URL", "give a URL");
    assert!(!ask("http://[").err.contains("seed"));
}

#[test]
fn fetch_speaks_of_itself() {
    let bench = Bench::new();
    let server = served("text/html", PAGE);
    let url = server.url("/");
    let said = bench.run(&["fetch", &url, "--timeout", "0s"]).ends_with(2);
    said.complains("it must be longer than 0", "--help");
    let said = bench.run(&["fetch", &url, "--cache", "c", "--offline"]).ends_with(1);
    said.complains("the cache does not have this", "fetch once without --offline");
    bench.run(&["fetch", &url, "--cache", "c"]).ends_with(0);
    let said = bench.run(&["fetch", &url, "--cache", "c", "--offline"]);
    assert!(!said.err.contains("()"), "{}", said.err);
    assert!(!bench.run(&["fetch", "--nosuch"]).ends_with(2).err.contains("For more information"));
    assert!(!bench.run(&["fetch", &url, "--timeout", "x"]).ends_with(2).err.contains("For more information"));
}
