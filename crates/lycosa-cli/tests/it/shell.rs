//! `lycosa shell` without a terminal: commands from standard input and from the command line. `prompt` is the shell as a
//! person meets it, `tour` the session in the documentation.

mod prompt;
mod tour;

use lycosa_testkit::{Response, Server};

use crate::command::{Bench, Said};

pub(crate) const PAGE: &str = "<!doctype html><html lang=en><title>Kettles</title>\
    <script type='application/ld+json'>{\"@type\": \"Product\", \"offers\": [{\"price\": 5}, {\"price\": 12}]}</script>\
    <h1 class=big>One\n <b>two</b></h1><p class=price-tag>12,50 &euro;</p><p class=price-tag>7,00 &euro;</p>\
    <img src=i.png alt=''><a class=more rel=nofollow href=/k/1>more</a><a href=/imprint>imprint</a></html>";

/// Carries out a script on the page.
fn script(page: &str, lines: &str) -> Said {
    let bench = Bench::new();
    bench.write("page.html", page);
    bench.run_with_input(&["shell", "page.html", "--url", "http://shop.test/list"], lines)
}

#[track_caller]
fn out(lines: &str) -> String {
    script(PAGE, lines).ends_with(0).out
}

#[test]
fn a_script_asks_one_question_a_line() {
    assert_eq!(out("css h1\ncss .price-tag::text\n"), "One two\n12,50 €\n7,00 €\n");
    assert_eq!(out("css a::attr(href)"), "/k/1\n/imprint\n", "the last line needs no end");
    assert_eq!(out("css img"), "<img src=\"i.png\" alt=\"\">\n", "what has no text is shown by its tag");
    assert_eq!(out("# a comment\n\nquit\ncss h1\n"), "", "nothing follows quit");
}

#[test]
fn nodes_have_numbers_and_paths_and_other_values_are_written_as_xpath_does() {
    assert_eq!(
        out("xpath //p | //a/@href\n"),
        "1  /html/body/p[1]  12,50 €\n2  /html/body/p[2]  7,00 €\n3  /html/body/a[1]/@href  /k/1\n\
         4  /html/body/a[2]/@href  /imprint\n"
    );
    assert_eq!(out("xpath count(//p)\nxpath 1 div 3 > 0\nxpath string(//b)\n"), "2\ntrue\ntwo\n");
    let bench = Bench::new();
    bench.write("feed.xml", "<feed xmlns='http://www.w3.org/2005/Atom'><title>News</title></feed>");
    let bound = ["shell", "feed.xml", "--ns", "a=http://www.w3.org/2005/Atom", "-e", "//a:title"];
    assert_eq!(bench.run(&bound).ends_with(0).out, "1  /feed/title  News\n");
    bench.run(&["shell", "feed.xml", "-e", "//title"]).ends_with(1).mentions("bind it with --ns");
    assert_eq!(
        bench.run(&["shell", "feed.xml", "--as", "html", "-e", "count(//title)"]).ends_with(0).out,
        "1\n"
    );
}

#[test]
fn a_bare_selector_expression_or_element_needs_no_command() {
    assert_eq!(
        out(".price-tag\n//b\nh1 b\ncount(//a)\n"),
        "12,50 €\n7,00 €\n1  /html/body/h1/b  two\ntwo\n2\n"
    );
}

#[test]
fn patterns_look_in_the_text_then_in_the_source() {
    assert_eq!(out("re \\d+,\\d\\d\n"), "12,50\n7,00\n");
    assert_eq!(out("re (\\d+),(\\d\\d)\n"), "12  50\n7  00\n");
    assert_eq!(out("re \\b\n").lines().count(), 14, "empty matches end: seven words");
    assert_eq!(out("re ^\\w\n"), "O\n", "the text begins once");
    let said = script(PAGE, "re class=(\\w+)\n").ends_with(0).mentions("found in the source");
    assert_eq!(said.out, "big\nprice\nprice\nmore\n");
    assert_eq!(out("re --source &euro;\n"), "&euro;\n&euro;\n");
    script(PAGE, "re (a\n").ends_with(2).complains("the pattern `(a` cannot be used", "");
}

#[test]
fn paths_look_in_the_json_of_scripts_or_in_json_itself() {
    assert_eq!(out("json $..price\njson $.offers[?@.price < 10]\n"), "5\n12\n{\"price\":5}\n");
    script(PAGE, "json $.nothing\n").ends_with(1).mentions("nothing matches");
    script("<p>", "json $\n").ends_with(1).mentions("the page holds no JSON");
    script(PAGE, "json name\n").ends_with(2).complains("a path begins with `$` at column 1", "$.name");
    let bench = Bench::new();
    bench.write("data.json", "[{\"a\": 1}, {\"a\": \"x\"}]");
    assert_eq!(bench.run(&["shell", "data.json", "-e", "json $[*].a"]).ends_with(0).out, "1\n\"x\"\n");
    bench.write("lines.jsonl", "{\"a\": 1}\n{\"a\": \"x\"}\n");
    assert_eq!(bench.run(&["shell", "lines.jsonl", "-e", "json $[*].a"]).ends_with(0).out, "1\n\"x\"\n");
}

#[test]
fn rules_read_a_page_that_is_json() {
    let bench = Bench::new();
    bench.write("data.json", "{\"offers\": [{\"price\": 5}, {\"price\": \"<b>6</b>\"}]}");
    bench.write(
        "lycosa.toml",
        "[items.offer]\nfor_each = \"json:$.offers[*]\"\nfields.price = \"json:$.price\"\n",
    );
    let said = bench.run(&["shell", "data.json", "-e", "rules"]).ends_with(0).out;
    assert!(said.contains("offer 2: kept") && said.contains("<b>6</b>"), "{said}");
}

#[test]
fn links_are_numbered_and_can_be_narrowed() {
    let said = out("links\n");
    assert_eq!(
        said,
        "1  img  http://shop.test/i.png\n2  a    http://shop.test/k/1  more  [nofollow]\n\
         3  a    http://shop.test/imprint  imprint\n"
    );
    assert_eq!(out("links /k/\n").lines().count(), 1);
    assert_eq!(out("links nofollow\n").lines().count(), 1);
    script(PAGE, "links nosuch\n").ends_with(1).mentions("no link matches");
}

#[test]
fn the_page_is_told_as_text_source_facts_and_structured_data() {
    assert!(out("text\n").starts_with("One two\n"));
    assert_eq!(out("html\n"), format!("{PAGE}\n"));
    assert_eq!(out("css p\nhtml 2\n").lines().last(), Some("<p class=\"price-tag\">7,00 €</p>"));
    assert_eq!(out("xpath //a/@href\nhtml 1\n").lines().last(), Some("/k/1"));
    script(PAGE, "html 1\n").ends_with(2).complains("nothing was asked yet", "css SELECTOR");
    script(PAGE, "css p\nhtml 3\n").ends_with(1).mentions("no match 3");
    let facts = out("facts\n");
    assert!(facts.contains("* charset: UTF-8 (by ") && facts.contains("* title: Kettles"), "{facts}");
    let structured: serde_json::Value = serde_json::from_str(&out("structured\n")).expect("JSON");
    assert_eq!(structured["json-ld"][0]["@type"], "Product");
    script(PAGE, "headers\n").ends_with(2).complains("is a file", "facts");
}

#[test]
fn a_failure_is_told_the_script_goes_on_and_the_exit_code_remembers() {
    let said = script(PAGE, "css p[\ncss table\ncss b\n").ends_with(1);
    assert_eq!(said.out, "two\n");
    let said = said.complains("the selector `p[` cannot be read: invalid selector at column 3", "h1::text");
    said.mentions("\n  p[\n    ^\n").mentions("nothing matches");
    script(PAGE, "lnks\n").ends_with(2).complains("there is no command `lnks`", "did you mean `links`?");
    script(PAGE, &format!("css {}\n", "p".repeat(70_000))).ends_with(2).complains("longer than 64 KiB", "");
    let bench = Bench::new();
    bench.run_with_input(&["shell"], "css p\n").ends_with(2).complains("there is no page yet", "fetch");
    bench.run(&["shell", "none.html", "-e", "css p"]).ends_with(1).complains("reading none.html failed", "");
    bench.run_with_input(&["shell", "-"], "<p>").ends_with(2).complains("cannot be both", "-e");
    assert_eq!(bench.run_with_input(&["shell", "-", "-e", "css p"], "<p>x").ends_with(0).out, "x\n");
}

#[test]
fn commands_of_the_command_line_are_carried_out_in_turn() {
    let bench = Bench::new();
    bench.write("page.html", PAGE);
    let said = bench.run(&["shell", "page.html", "-e", "css b", "--execute", "//b/text()"]).ends_with(0);
    assert_eq!((said.out.as_str(), said.err.as_str()), ("two\n1  /html/body/h1/b/text()  two\n", ""));
    let help = bench.run(&["shell", "--help"]).ends_with(0).out.replace('\n', " ");
    for word in ["Examples:", "robots.txt is not consulted", "--no-history", "--proxy", "--charset", "--ns"] {
        assert!(help.contains(word), "no {word} in\n{help}");
    }
    bench.write("koi8.html", "");
    std::fs::write(bench.path("koi8.html"), b"<p>\xf0\xc1\xd5\xcb").expect("written");
    let said = bench.run(&["shell", "koi8.html", "--charset", "koi8-r", "-e", "css p"]).ends_with(0);
    assert_eq!(said.out, "Паук\n");
    bench
        .run(&["shell", "page.html", "--max-body", "10B", "-e", "text"])
        .ends_with(1)
        .complains("10", "--max-body");
}

/// A site whose pages tell how they were asked for.
fn site() -> Server {
    Server::start(|request| match request.target.as_str() {
        "/" => Response::html(
            "<title>Home</title><h1>Home</h1><a href=a/b>b</a><a href=file:///etc/hostname>f</a>",
        ),
        "/a/b" => Response::html("<title>B</title><h1>B</h1><a href=../>up</a>"),
        "/echo" => {
            let lines = request.headers.iter().map(|(name, value)| format!("{name}: {value}\n"));
            Response::text(lines.collect::<String>().to_lowercase())
        }
        "/moved" => Response::redirect(302, "/a/b"),
        _ => Response::not_found(),
    })
}

#[test]
fn fetch_leads_from_page_to_page_and_back() {
    let (bench, server) = (Bench::new(), site());
    let run = |lines: &str| bench.run_with_input(&["shell", &server.url("/")], lines);
    let walked = run(
        "fetch a/b\ncss h1\nfetch 1\ncss h1\nback\ncss h1\nforward\ncss h1\nfetch 1\nxpath string(//h1)\n",
    );
    assert_eq!(walked.ends_with(0).out, "B\nHome\nB\nHome\nB\n");
    assert_eq!(server.hits_on("/robots.txt"), 0);
    let told = run("fetch /moved\nfacts\nheaders\n").ends_with(0).out;
    assert!(told.contains("* 302 ") && told.contains("* robots.txt: not consulted"), "{told}");
    assert!(told.contains("HTTP/1.1 200") && told.contains("content-type: text/html"), "{told}");
    run("fetch 9\n").ends_with(2).complains("no link 9", "`links`");
    run("fetch 2\n").ends_with(2).complains("leads to a file of this machine", "yourself");
    run("back\n").ends_with(1).mentions("no page before");
    let missing = run("fetch /nosuch\nfacts\n").ends_with(1);
    assert!(missing.out.contains("* 404 "), "the page of an error can be looked at: {}", missing.out);
    bench.write("local.html", "<h1>Local</h1><a href=other.html>o</a>");
    bench.write("other.html", "<h1>Other</h1>");
    let local = bench.run(&["shell", "-e", "fetch local.html", "-e", "fetch 1", "-e", "h1"]).ends_with(0);
    assert_eq!(local.out, "Other\n");
    let there = bench.path("local.html");
    let line = format!("fetch file://{}\nh1\n", there.display());
    assert_eq!(run(&line).ends_with(0).out, "Local\n", "a person may name a file from anywhere");
}

#[test]
fn secrets_go_to_the_first_origin_and_private_hosts_are_those_that_were_entered() {
    let (bench, server, other) = (Bench::new(), site(), site());
    let secret = ["-u", "me:secret", "--cookie", "a=1", "-H", "X-Own: 1", "-A", "me/1"];
    let run =
        |lines: &str| bench.run_with_input(&[&["shell", &server.url("/echo")][..], &secret].concat(), lines);
    let own = run("text\n").ends_with(0).out;
    for line in ["authorization: basic", "cookie: a=1", "x-own: 1", "user-agent: me/1"] {
        assert!(own.contains(line), "no {line} in\n{own}");
    }
    let there = run(&format!("fetch {}\ntext\n", other.url("/echo"))).ends_with(0).out;
    assert!(there.contains("x-own: 1"), "headers that are no secret go along: {there}");
    assert!(!there.contains("authorization") && !there.contains("cookie"), "{there}");
    let back = format!("fetch {}\nfetch {}\nre author\\w+\n", other.url("/echo"), server.url("/echo"));
    assert_eq!(run(&back).ends_with(0).out, "authorization\n");
    // A link of a page is not what a person wrote.
    let page = format!("<a href='{}'>x</a>", other.url("/secret"));
    let server = Server::start(move |_| Response::html(page.clone()));
    let said = bench.run_with_input(&["shell", &server.url("/")], "fetch 1\n").ends_with(1);
    said.complains("loopback address", "");
    assert_eq!(other.hits_on("/secret"), 0);
}

#[test]
fn rules_are_read_anew_each_time() {
    let bench = Bench::new();
    bench.write("page.html", PAGE);
    bench.write(
        "lycosa.toml",
        "[items.kettle.fields]\nname = \"h1\"\nstock = { css = \".stock\", required = true }\n",
    );
    bench.write(
        "other.toml",
        "[items.tag]\nfor_each = \".price-tag\"\nfields.price = { css = \":scope\", type = \"number\" }\n",
    );
    let run = |lines: &str| bench.run_with_input(&["shell", "page.html"], lines);
    let said = run("rules\n").ends_with(1).out;
    assert!(said.contains("kettle 1: rejected for stock") && said.contains("missing, required"), "{said}");
    let said = run("rules other.toml\nrules\n").ends_with(0).out;
    assert_eq!(said.matches("tag 2: kept").count(), 2, "the file before is used again: {said}");
    run("rules none.toml\n").ends_with(2).complains("there is no none.toml", "`rules FILE`");
    bench.write("lycosa.toml", "[items.kettle.fields]\nname = \"h1[\"\n");
    run("rules\n").ends_with(2).mentions("lycosa.toml:2:");
    let set =
        ["shell", "page.html", "--config", "other.toml", "--set", "items.more.fields.name=h1", "-e", "rules"];
    assert!(bench.run(&set).ends_with(0).out.contains("more 1: kept"));
}

#[test]
fn view_saves_a_page_that_finds_its_images() {
    let (bench, server) = (Bench::new(), site());
    let run = |commands: &str| {
        let mut command = bench.command(&["shell", &server.url("/a/b"), "-e", commands]);
        command.env_remove("DISPLAY").env_remove("WAYLAND_DISPLAY").env("TMPDIR", bench.path(""));
        command.output().expect("the command runs")
    };
    let said = String::from_utf8(run("view").stdout).expect("text");
    let path = said.trim().strip_prefix("no display; saved ").unwrap_or_else(|| panic!("{said}")).to_owned();
    let saved = std::fs::read_to_string(&path).expect("the saved page");
    let begin = format!("<meta charset=\"utf-8\"><base href=\"{}\"><title>B", server.url("/a/b"));
    assert!(saved.starts_with(&begin), "{saved}");
    let mode =
        std::os::unix::fs::PermissionsExt::mode(&std::fs::metadata(path).expect("there").permissions());
    assert_eq!(mode & 0o777, 0o600);
    assert_eq!(run("view --save mine.html").status.code(), Some(0));
    assert_eq!(bench.read("mine.html"), saved);
    let again = run("view mine.html");
    assert_eq!(again.status.code(), Some(1), "nothing is written over");
    assert!(String::from_utf8_lossy(&again.stderr).contains("not there yet"));
}

#[test]
fn a_hostile_page_cannot_write_to_the_terminal() {
    let evil = "\u{1b}]0;owned\u{7}\u{1b}[2J\u{9b}31m\u{8}\u{202e}";
    let page = format!(
        "<title>{evil}</title><p class='{evil}' id='a{evil}'>{evil}text<a href='x' rel='{evil}'>{evil}</a>\
         <script type=application/json>[\"\\u001b[2J\\u009b1m\"]</script><!--{evil}--><img alt='{evil}' src=i>"
    );
    let bench = Bench::new();
    bench.write("page.html", &page);
    bench.write("lycosa.toml", "[items.p.fields]\nx = \"p\"\n");
    let lines = "css p\ncss img\ncss p::attr(class)\nxpath //p/@*\nxpath //comment()\nxpath string(/)\nre .*text\njson $\n\
                 links\ntext\nhtml\ncss p\nhtml 1\nfacts\nstructured\nrules\nall\nhelp\n";
    let said = bench.run_with_input(&["shell", "page.html"], lines).ends_with(0);
    let is_obeyed = |c: char| (c.is_control() && !"\n\t".contains(c)) || c == '\u{202e}';
    for text in [&said.out, &said.err] {
        assert!(!text.contains(is_obeyed), "{text:?}");
    }
    assert!(said.out.contains("\\u{1b}]0;owned"), "it is shown instead: {}", said.out);
}

#[test]
fn answers_of_scripts_are_whole() {
    let long = "word ".repeat(100);
    let long = long.trim();
    let page = format!("<h1>{long}</h1><a href=/x>{long}</a><img alt='{long}'>");
    let said = script(&page, "xpath //h1\nlinks\ncss img\n").ends_with(0);
    assert_eq!(said.out.matches(long).count(), 3, "{}", said.out);
    assert!(!said.out.contains('…'), "{}", said.out);
}

#[test]
fn a_script_hears_of_the_status_of_an_error() {
    let server = Server::start(|_| Response::not_found());
    let bench = Bench::new();
    let url = server.url("/gone");
    bench.run(&["shell", &url, "-e", "facts"]).ends_with(1).mentions(&format!("{url} answered 404"));
}
