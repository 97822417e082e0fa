//! `lycosa extract --format`: the content of pages without rules.

use serde_json::Value;

use crate::command::{Bench, Said};

const PAGE: &str = "<html lang=en><title>Kettles</title><body><nav><a href=/>Home</a></nav><article><h1>Kettles</h1>\
    <p>A kettle boils water, and it has done so, in one form or another, for four thousand years.</p>\
    <p>See <a href=/pots>pots</a>, which do the same, only more slowly and with less steam.</p></article>\
    <footer>Imprint</footer>";

fn extract(page: &str, flags: &[&str]) -> Said {
    let bench = Bench::new();
    bench.write("page.html", page);
    bench.run(&[&["extract", "page.html"][..], flags].concat())
}

#[test]
fn the_main_content_is_printed_as_markdown_text_and_html() {
    let url = ["--url", "http://shop.test/x"];
    let said = extract(PAGE, &[&["--format", "markdown"][..], &url].concat()).ends_with(0);
    assert_eq!(
        said.out,
        "# Kettles\n\nA kettle boils water, and it has done so, in one form or another, for four thousand years.\n\n\
         See [pots](http://shop.test/pots), which do the same, only more slowly and with less steam.\n"
    );
    let said = extract(PAGE, &["--format", "text"]).ends_with(0);
    assert!(said.out.starts_with("A kettle boils water") && !said.out.contains("Imprint"), "{}", said.out);
    let said = extract(PAGE, &["--format", "html", "--whole"]).ends_with(0);
    assert!(said.out.contains("<h1>Kettles</h1>") && said.out.contains("Imprint"), "{}", said.out);
}

#[test]
fn facts_come_as_front_matter_or_in_json() {
    let said = extract(PAGE, &["--format", "markdown", "--front-matter", "--url", "http://shop.test/x"])
        .ends_with(0);
    let wanted = "---\ntitle: \"Kettles\"\nurl: \"http://shop.test/x\"\nlang: \"en\"\n---\n\n# Kettles\n";
    assert!(said.out.starts_with(wanted), "{}", said.out);
    let said = extract(PAGE, &["--format", "json"]).ends_with(0);
    let page: Value = serde_json::from_str(&said.out).unwrap();
    assert_eq!(page["about"]["title"], "Kettles");
    assert!(page["markdown"].as_str().unwrap().contains("[pots](/pots)"));
    assert!(page["text"].as_str().unwrap().contains("See pots, which"));
}

#[test]
fn no_content_is_told_by_the_exit_and_flags_that_mean_nothing_are_refused() {
    let said = extract("<script>x</script>", &["--format", "markdown"]).ends_with(1);
    assert_eq!(said.out, "");
    said.mentions("no main content in page.html").mentions("--whole");
    extract(PAGE, &["--whole"]).ends_with(2);
    extract(PAGE, &["--format", "markdown", "--structured"]).ends_with(2);
}

#[test]
fn what_is_no_text_is_said_to_be_none_and_plain_text_keeps_its_lines() {
    let bench = Bench::new();
    bench.write("picture", &"\u{1}\u{2}PNG\u{3}\u{4}\u{5}".repeat(50));
    let said = bench.run(&["extract", "picture", "--format", "markdown"]).ends_with(1);
    assert_eq!(said.out, "");
    said.mentions("picture is no text");
    let poem = "one <two\n  three\n\nfour\n";
    bench.write("poem.txt", poem);
    assert_eq!(bench.run(&["extract", "poem.txt", "--format", "text"]).ends_with(0).out, poem);
}
