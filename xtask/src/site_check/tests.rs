//! The check itself, against a crawler that is honest and against ones that are not.

use std::os::unix::fs::symlink;

use super::*;

/// Runs the whole check over a site of three pages, with a crawler that has one fault: it takes the fault
/// from the name it is started by.
fn check_fake(fault: &str) -> Option<Result<()>> {
    let has_parser =
        workspace::output(&workspace::python().to_string_lossy(), &["-c", "import lxml"]).is_some();
    if workspace::program("nginx").is_none() || !has_parser {
        println!("skipped: nginx or python3-lxml is not installed");
        return None;
    }
    let scratch = Scratch::new("fake").unwrap();
    let site = scratch.path().join("site");
    fs::create_dir(&site).unwrap();
    for (name, text) in [
        ("index.html", "<title>First\n page</title><a href=b.html>b</a><a href=c.html>c</a>"),
        ("b.html", "<title>B</title><a href=c.html>c</a>"),
        ("c.html", "<title>C</title>"),
        ("unlinked.html", "<title>Nobody comes here</title>"),
    ] {
        fs::write(site.join(name), text).unwrap();
    }
    let binary = scratch.path().join(fault);
    symlink(workspace::root().join("xtask/oracle/fake_crawler.py"), &binary).unwrap();
    Some(compare("a fake", &binary, &site))
}

#[test]
fn an_honest_crawl_passes_the_whole_check() {
    if let Some(result) = check_fake("honest") {
        assert_eq!(result, Ok(()));
    }
}

#[test]
fn each_fault_of_a_crawler_fails_the_check_with_its_name() {
    for (fault, words) in [
        ("misses-a-page", "1 pages of a fake differ"),
        ("mistitles", "2 pages of a fake differ"),
        ("fetches-again", "sent 1 requests when resumed"),
        ("writes-again", "changed its output"),
    ] {
        let Some(result) = check_fake(fault) else { return };
        let failure = result.unwrap_err().to_string();
        assert!(failure.contains(words), "{fault}: {failure}");
    }
}

fn pages(list: &[(&str, &str)]) -> Pages {
    list.iter().map(|(url, title)| ((*url).to_owned(), (*title).to_owned())).collect()
}

#[test]
fn a_missing_a_surplus_and_a_mistitled_page_are_each_named() {
    let expected = pages(&[("a", "A"), ("b", "B"), ("c", "C")]);
    let crawled = pages(&[("a", "A"), ("b", "X"), ("d", "D")]);
    let found = differences(&crawled, &expected);
    assert_eq!(found, ["title of b: `X`, not `B`", "missing: c", "not linked or not on disk: d"]);
    assert_eq!(differences(&expected, &expected), Vec::<String>::new());
}

#[test]
fn titles_are_compared_without_their_line_breaks_and_aliases_are_no_pages() {
    let output = "{\"final_url\":\"a\",\"title\":\"A\\n  b \"}\n{\"final_url\":\"a\",\"alias_of\":\"x\"}\n";
    assert_eq!(crawled(output), Ok(pages(&[("a", "A b")])));
}

#[test]
fn a_page_written_twice_is_a_failure() {
    assert!(crawled("{\"final_url\":\"a\"}\n{\"final_url\":\"a\"}\n").is_err());
    assert!(crawled("{\"url\":\"a\"}\n").is_err());
    assert!(crawled("not json\n").is_err());
}
