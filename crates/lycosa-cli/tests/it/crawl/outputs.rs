//! What comes out, where and in which form.

use std::io::Read as _;
use std::process::Stdio;

use lycosa_testkit::{Response, Server};
use serde_json::Value;

use crate::command::{Bench, Said, page, quick, records, site};

const TREE: &[(&str, &[&str])] = &[("/", &["/a,b", "/q"]), ("/a,b", &[]), ("/q", &["/gone"])];

/// A crawl of the tree into this output.
fn crawl_into(bench: &Bench, url: &str, output: &str, flags: &[&str]) -> Said {
    bench.run(&[&["crawl", url, "--delay", "0", "--state", "state", "-o", output][..], flags].concat())
}

#[test]
fn jsonl_csv_and_their_compressed_forms_hold_the_same_pages() {
    let server = site(TREE);
    let bench = Bench::new();
    for name in ["o.jsonl", "o.jsonl.gz", "o.jsonl.zst", "o.csv", "o.csv.gz"] {
        crawl_into(&bench, &server.url("/"), name, &[]).ends_with(0);
        let bytes = std::fs::read(bench.path(name)).expect("the output");
        let text = match name.rsplit_once('.').map(|(_, suffix)| suffix) {
            Some("gz") => unpacked("gzip", &bench, name).unwrap_or_else(|| gunzip(&bytes)),
            Some("zst") => match unpacked("zstd", &bench, name) {
                Some(text) => text,
                None => continue,
            },
            _ => String::from_utf8(bytes).expect("UTF-8"),
        };
        assert_eq!(text.lines().count(), if name.contains("csv") { 4 } else { 3 }, "{name}:\n{text}");
        let commas = if name.contains("csv") { "\"/a,b\"" } else { "\"title\":\"/a,b\"" };
        assert!(text.contains(commas), "{name}:\n{text}");
    }
    let header = bench.read("o.csv").lines().next().expect("a header").to_owned();
    assert!(header.starts_with("id,seq,url,final_url,status,depth,parent,title,"), "{header}");
}

/// The file as the usual tool unpacks it; `None` where it is not installed.
fn unpacked(tool: &str, bench: &Bench, name: &str) -> Option<String> {
    let output = std::process::Command::new(tool).arg("-dc").arg(bench.path(name)).output().ok()?;
    assert!(output.status.success(), "{tool} cannot read {name}");
    Some(String::from_utf8(output.stdout).expect("UTF-8"))
}

fn gunzip(bytes: &[u8]) -> String {
    let mut text = String::new();
    flate2::read::MultiGzDecoder::new(bytes).read_to_string(&mut text).expect("gzip of UTF-8");
    text
}

#[test]
fn a_folder_gets_numbered_parts() {
    let server = site(TREE);
    let bench = Bench::new();
    crawl_into(&bench, &server.url("/"), "out/", &["--set", "part_size=1"]).ends_with(0);
    let mut names: Vec<_> = std::fs::read_dir(bench.path("out"))
        .expect("the folder")
        .map(|entry| entry.expect("an entry").path())
        .collect();
    names.sort();
    for name in &names {
        let range = name.file_stem().expect("a name").to_string_lossy().replace("part-", "");
        let (first, last) = range.split_once('-').expect("a range");
        let range = first.parse::<u64>().expect("a number")..=last.parse().expect("a number");
        let inside = |record: &Value| record["seq"].as_u64().is_some_and(|seq| range.contains(&seq));
        assert!(records(name).iter().all(inside), "{} does not hold what it says", name.display());
    }
    let pages: usize = names.iter().map(|name| records(name).len()).sum();
    assert!(names.len() > 1 && pages == 3, "{pages} pages in {names:?}");
    assert!(names.iter().all(|name| name.extension().is_some_and(|end| end == "jsonl")), "{names:?}");
}

#[test]
fn standard_output_holds_records_and_nothing_else() {
    let server = site(TREE);
    let bench = Bench::new();
    let said = crawl_into(&bench, &server.url("/"), "-", &[]).ends_with(0).mentions("3 in ");
    assert_eq!(said.out.lines().count(), 3);
    for line in said.out.lines() {
        assert!(serde_json::from_str::<Value>(line).is_ok(), "{line}");
    }
}

#[test]
fn a_reader_that_goes_away_ends_the_crawl_cleanly() {
    let server = quick(8).serve();
    let bench = Bench::new();
    let arguments = ["crawl", &server.url("/"), "--delay", "0", "-o", "-", "-c", "1", "--state", "state"];
    let mut child = bench
        .command(&arguments)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the command starts");
    let mut out = child.stdout.take().expect("a pipe");
    let mut first = [0; 1];
    out.read_exact(&mut first).expect("a first record");
    drop(out);
    let output = child.wait_with_output().expect("the child is ours");
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{said}");
    assert!(said.contains("the reader of the output went away"), "{said}");
    assert!(server.hits() < 290, "the crawl went on to its end: {} requests", server.hits());
}

#[test]
fn without_an_output_pages_lie_beside_the_state() {
    let server = site(TREE);
    let bench = Bench::new();
    let said = bench.run(&["crawl", &server.url("/"), "--delay", "0"]).ends_with(0);
    let place = format!(".lycosa/127.0.0.1_{}/pages.jsonl", server.addr().port());
    assert_eq!(said.row("output"), place);
    assert_eq!(bench.records(&place).len(), 3);
}

#[test]
fn without_an_output_items_and_outcomes_lie_beside_the_state_too() {
    let server = site(TREE);
    let bench = Bench::new();
    bench.write("rules.toml", "all_outcomes = true\n[items.page.fields]\ntitle = \"title\"");
    let flags = ["--delay", "0", "--state", "state", "--config", "rules.toml"];
    let said = bench.run(&[&["crawl", &server.url("/")][..], &flags].concat()).ends_with(0);
    said.mentions("state/items.jsonl").mentions("state/pages.jsonl");
    let items = bench.records("state/items.jsonl");
    assert!(items.len() == 3 && items.iter().all(|item| item["type"] == "page"), "{items:?}");
    let pages = bench.records("state/pages.jsonl");
    let gone = |record: &Value| record["status"] == 404 && record["outcome"] == "fetched";
    assert!(pages.len() == 4 && pages.iter().any(gone), "{pages:?}");
}

#[test]
fn all_outcomes_writes_what_became_of_every_url() {
    let server = Server::start(|request| match request.target.as_str() {
        "/robots.txt" => Response::text("User-agent: *\nDisallow: /denied"),
        "/" => page("start", &["/missing", "/denied", "/picture", "/moved", "/out"]),
        "/picture" => Response::new(200).header("Content-Type", "image/png").body("png"),
        "/moved" => Response::redirect(301, "http://elsewhere.invalid/"),
        "/out" => Response::redirect(301, "mailto:x@y"),
        _ => Response::not_found(),
    });
    let bench = Bench::new();
    bench.crawl(&server.url("/"), &["--all-outcomes"]).ends_with(0);
    let told = |path: &str, field: &str| bench.record(path)[field].clone();
    assert_eq!((told("/missing", "outcome"), told("/missing", "status")), ("fetched".into(), 404.into()));
    assert_eq!((told("/denied", "outcome"), told("/denied", "reason")), ("excluded".into(), "robots".into()));
    assert_eq!(told("/picture", "reason"), "content_type");
    assert_eq!(told("/moved", "reason"), "host");
    assert_eq!((told("/out", "outcome"), told("/out", "error")), ("failed".into(), "redirect".into()));
    assert_eq!(bench.records("pages.jsonl").len(), 6);
    let bench = Bench::new();
    bench.crawl(&server.url("/"), &[]).ends_with(0);
    assert_eq!(bench.records("pages.jsonl").len(), 1, "without the flag pages alone");
}

#[test]
fn bodies_are_saved_byte_by_byte_in_the_tree_of_their_urls() {
    let server = Server::start(|request| match request.target.as_str() {
        "/" => Response::html("<a href=/deep/x>x</a><a href=/missing>y</a>"),
        "/deep/x" => Response::html("<title>caf\u{e9}</title>").gzipped(),
        _ => Response::not_found(),
    });
    let bench = Bench::new();
    bench.crawl(&server.url("/"), &["--save-bodies", "bodies"]).ends_with(0);
    let host = format!("127.0.0.1_{}", server.addr().port());
    for (url, place, body) in [
        ("/", format!("{host}/index~"), "<a href=/deep/x>x</a><a href=/missing>y</a>"),
        ("/deep/x", format!("{host}/deep/x~"), "<title>caf\u{e9}</title>"),
    ] {
        let record = bench.record(url);
        let file = record["body_file"].as_str().expect("the name of the file");
        assert!(file.starts_with(&place) && file.ends_with(".html"), "{file}");
        assert_eq!(bench.read(&format!("bodies/{file}")), body);
    }
    let files = std::fs::read_dir(bench.path(&format!("bodies/{host}"))).expect("the host's folder");
    assert_eq!(files.count(), 2, "index and deep; nothing of /missing");
}

#[test]
fn every_url_has_a_body_file_of_its_own() {
    const ALIKE: [&str; 7] = ["/a", "/a.html", "/a/", "/a/index", "/a/index.html", "/x.html", "/x.html/y"];
    let server = Server::start(|request| match request.target.as_str() {
        "/" => page("start", &ALIKE),
        path => page(path, &[]),
    });
    let bench = Bench::new();
    bench.crawl(&server.url("/"), &["--save-bodies", "bodies", "--no-robots"]).ends_with(0);
    let pages = bench.records("pages.jsonl");
    assert_eq!(pages.len(), 1 + ALIKE.len());
    for page in pages {
        let body = bench.read(&format!("bodies/{}", page["body_file"].as_str().expect("a file")));
        assert!(
            body.contains(&format!("<title>{}</title>", page["title"].as_str().expect("a title"))),
            "{page}"
        );
    }
}

#[test]
fn a_body_that_cannot_be_saved_stops_the_crawl_and_resume_has_it() {
    let server = site(TREE);
    let bench = Bench::new();
    let flags = ["--save-bodies", "bodies"];
    std::fs::create_dir(bench.path("bodies")).expect("a folder");
    let in_the_way = bench.write(&format!("bodies/127.0.0.1_{}", server.addr().port()), "");
    let said = bench.crawl(&server.url("/"), &flags).ends_with(1);
    said.complains("the body cannot be saved as bodies/", "--resume");
    assert_eq!(bench.records("pages.jsonl").len(), 0);
    std::fs::remove_file(in_the_way).expect("the file in the way");
    bench.crawl(&server.url("/"), &[&flags[..], &["--resume"]].concat()).ends_with(0);
    let pages = bench.records("pages.jsonl");
    let saved =
        |page: &Value| bench.path("bodies").join(page["body_file"].as_str().expect("a file")).exists();
    assert!(pages.len() == 3 && pages.iter().all(saved), "{pages:?}");
}

#[test]
fn a_folder_for_bodies_that_cannot_be_written_is_refused_before_anything_is_fetched() {
    let server = site(TREE);
    let bench = Bench::new();
    bench.write("bodies", "a file");
    let said = bench.crawl(&server.url("/"), &["--save-bodies", "bodies"]).ends_with(1);
    said.complains("bodies cannot be saved below bodies", "--save-bodies");
    assert_eq!(server.hits(), 0);
    assert!(!bench.path("state").exists(), "nothing was begun");
}

#[test]
fn accept_types_choose_what_is_a_page() {
    let server = Server::start(|request| match request.target.as_str() {
        "/" => page("start", &["/text", "/data", "/feed"]),
        "/text" => Response::text("words"),
        "/data" => Response::new(200).header("Content-Type", "application/json").body("{}"),
        "/feed" => Response::new(200).header("Content-Type", "application/rss+xml").body("<rss/>"),
        _ => Response::not_found(),
    });
    let titles = |flags: &[&str]| {
        let bench = Bench::new();
        bench.crawl(&server.url("/"), flags).ends_with(0);
        bench.paths().into_iter().collect::<Vec<_>>()
    };
    assert_eq!(titles(&[]), ["/", "/feed"], "the default");
    assert_eq!(titles(&["--accept-types", "text/*,application/json"]), ["/", "/data", "/text"]);
}

#[test]
fn overwrite_replaces_and_append_writes_after() {
    let server = site(TREE);
    let bench = Bench::new();
    bench.write("pages.jsonl", "{\"mine\":1}\n");
    bench.crawl(&server.url("/"), &["--append"]).ends_with(0);
    let lines = bench.records("pages.jsonl");
    assert!(lines.len() == 4 && lines[0]["mine"] == 1, "{lines:?}");
    bench.crawl(&server.url("/"), &["--overwrite"]).ends_with(0);
    let lines = bench.records("pages.jsonl");
    assert!(lines.len() == 3 && lines.iter().all(|line| line["mine"].is_null()), "{lines:?}");
}

/// A page in windows-1251 that is called UTF-8, and one in UTF-8 with a stray byte.
fn damaged() -> Server {
    Server::start(|request| match request.target.as_str() {
        "/" => {
            let mut body = b"<p><a href=/stray>x</a> ".to_vec();
            body.extend(b"\xcf\xe0\xf3\xea \xee\xf5\xee\xf2\xe8\xf2\xf1\xff \xed\xee\xf7\xfc\xfe");
            Response::new(200).header("Content-Type", "text/html; charset=utf-8").body(body)
        }
        "/stray" => {
            let body = ["<title>паук".as_bytes(), b"\xff</title>"].concat();
            Response::new(200).header("Content-Type", "text/html; charset=utf-8").body(body)
        }
        _ => Response::not_found(),
    })
}

#[test]
fn a_record_tells_what_is_odd_about_its_charset() {
    let server = damaged();
    let bench = Bench::new();
    crawl_into(&bench, &server.url("/"), "o.jsonl", &[]).ends_with(0);
    let pages = records(&bench.path("o.jsonl"));
    let page =
        |end: &str| pages.iter().find(|page| page["url"].as_str().is_some_and(|url| url.ends_with(end)));
    let miscalled = page("/").expect("the seed");
    assert_eq!(miscalled["charset"], "windows-1251");
    assert_eq!(miscalled["charset_source"], "detector");
    assert_eq!(miscalled["charset_declared"], "utf-8");
    assert_eq!(miscalled["charset_confidence"], "likely");
    let stray = page("/stray").expect("the page");
    assert_eq!((&stray["charset"], &stray["charset_malformed"]), (&Value::from("UTF-8"), &Value::from(1)));
    assert_eq!((stray["title"].as_str(), stray.get("charset_declared")), (Some("паук\u{fffd}"), None));
}

#[test]
fn malformed_bytes_are_skipped_or_end_the_page_as_asked() {
    let server = damaged();
    let run = |policy: &str| {
        let bench = Bench::new();
        let policy = format!("malformed={policy}");
        crawl_into(&bench, &server.url("/"), "o.jsonl", &["--set", &policy, "--set", "all_outcomes=true"])
            .ends_with(0);
        records(&bench.path("o.jsonl"))
    };
    let skipped = run("skip");
    assert!(skipped.iter().any(|page| page["title"] == "паук"), "{skipped:?}");
    let refused = run("fail");
    let failure = refused.iter().find(|record| record["outcome"] == "failed").expect("a failure");
    assert_eq!((&failure["error"], &failure["phase"]), (&Value::from("charset"), &Value::from("decode")));
    assert!(
        failure["message"].as_str().is_some_and(|text| text.contains("are not valid UTF-8")),
        "{failure}"
    );
    assert_eq!(refused.len(), 2);
    let bench = Bench::new();
    crawl_into(&bench, &server.url("/"), "o.jsonl", &["--set", "malformed=drop"])
        .ends_with(2)
        .mentions("skip");
}
