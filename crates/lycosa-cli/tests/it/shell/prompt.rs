//! The shell as a person meets it: at a terminal.

use lycosa_testkit::{Gate, Response, Server};

use super::PAGE;
use crate::command::{Bench, PATIENCE};
use crate::terminal::{CTRL_C, CTRL_D, PROMPT, Terminal, UP};

fn bench() -> Bench {
    let bench = Bench::new();
    bench.write("page.html", PAGE);
    bench
}

fn history(bench: &Bench) -> std::path::PathBuf {
    bench.path(".local/state/lycosa/history")
}

#[test]
fn a_person_asks_and_leaves() {
    let bench = bench();
    let mut terminal = Terminal::start(&bench, &["shell", "page.html", "--url", "http://shop.test/"]);
    let greeting = terminal.greeting();
    assert!(greeting.contains("Kettles") && greeting.contains("robots.txt is not consulted"), "{greeting}");
    assert_eq!(terminal.enter("css h1"), "One two");
    assert_eq!(terminal.enter("xpath //p"), "1  /html/body/p[1]  12,50 €\n2  /html/body/p[2]  7,00 €");
    assert!(terminal.enter("links /k/").ends_with("http://shop.test/k/1  more  [nofollow]"));
    let wrong = terminal.enter("css p[");
    assert!(wrong.contains("\n  p[\n    ^\n"), "{wrong}");
    assert!(terminal.enter("lnks").contains("did you mean `links`?"));
    assert_eq!(terminal.enter(""), "");
    assert!(terminal.enter("help css").starts_with("css SELECTOR: "));
    assert_eq!(terminal.enter("view --save out.html"), format!("saved {}", bench.path("out.html").display()));
    assert!(bench.read("out.html").contains("<base href=\"http://shop.test/\">"));
    terminal.press(CTRL_D);
    assert_eq!(terminal.ends(), Some(0));
}

#[test]
fn tab_completes_commands_files_and_what_is_on_the_page() {
    let bench = bench();
    let mut terminal = Terminal::start(&bench, &["shell", "page.html"]);
    terminal.greeting();
    for (typed, completed, said) in [
        ("cs\th1 b", "css h1 b", "two"),
        ("css .pri\t:first-of-type", "css .price-tag", "12,50 €"),
        (".mo\t", ".more", "more"),
        ("css im\t::attr(sr\t)", "css img::attr(src)", "i.png"),
        ("xpath //im\t/@sr\t", "xpath //img/@src", "1  /html/body/img/@src  i.png"),
        ("xpath cou\t//p)", "xpath count(//p)", "2"),
        ("xpath //b/ances\t", "xpath //b/ancestor", ""),
        ("xpath string(//a[has-class('mo\t')])", "xpath string(//a[has-class('more')])", "more"),
    ] {
        terminal.press(typed);
        terminal.wait_for(completed);
        if said.is_empty() {
            terminal.press(CTRL_C);
            terminal.wait_for(PROMPT);
        } else {
            assert_eq!(terminal.enter(""), said, "{typed}");
        }
    }
    terminal.press("fetch pa\t");
    terminal.wait_for("fetch page.html");
    assert!(terminal.enter("").contains("page.html"));
    terminal.press(CTRL_D);
    assert_eq!(terminal.ends(), Some(0));
}

#[test]
fn the_history_lasts_from_one_shell_to_the_next_without_secrets() {
    use std::os::unix::fs::PermissionsExt as _;
    let bench = bench();
    let mut terminal = Terminal::start(&bench, &["shell", "page.html"]);
    terminal.greeting();
    assert_eq!(terminal.enter("css h1 b"), "two");
    assert!(terminal.enter("fetch http://me:secret@127.0.0.1:1/").contains("-u USER:PASSWORD"));
    terminal.press("quit\r");
    assert_eq!(terminal.ends(), Some(0));
    let kept = std::fs::read_to_string(history(&bench)).expect("a history");
    assert_eq!(kept, "css h1 b\nquit\n");
    let mode = std::fs::metadata(history(&bench)).expect("there").permissions().mode();
    assert_eq!(mode & 0o777, 0o600);

    let mut terminal = Terminal::start(&bench, &["shell", "page.html"]);
    terminal.greeting();
    terminal.press(UP);
    terminal.wait_for("quit");
    terminal.press(UP);
    terminal.wait_for("css h1 b");
    assert_eq!(terminal.enter(""), "two");
    terminal.press(CTRL_D);
    assert_eq!(terminal.ends(), Some(0));

    let mut terminal = Terminal::start(&bench, &["shell", "page.html", "--no-history"]);
    terminal.greeting();
    assert_eq!(terminal.enter("css .more"), "more");
    terminal.press(CTRL_D);
    assert_eq!(terminal.ends(), Some(0));
    let kept = std::fs::read_to_string(history(&bench)).expect("a history");
    assert!(!kept.contains("more"), "{kept}");
}

#[test]
fn a_history_that_cannot_be_kept_is_told_and_stops_nobody() {
    let bench = bench();
    std::fs::create_dir_all(history(&bench)).expect("a folder in its place");
    let mut terminal = Terminal::start(&bench, &["shell", "page.html"]);
    let greeting = terminal.greeting();
    assert!(greeting.contains("no history is kept"), "{greeting}");
    assert_eq!(terminal.enter("css b"), "two");
    terminal.press(CTRL_D);
    assert_eq!(terminal.ends(), Some(0));
}

#[test]
fn ctrl_c_cancels_a_line_and_a_fetch_and_never_the_shell() {
    let bench = bench();
    let server = Server::start(|request| match request.target.as_str() {
        "/slow" => Response::new(200).never_answer(),
        "/half" => Response::html("<p>half of it").size(100_000).hang_at(1_000),
        _ => Response::html("<h1>Here</h1>"),
    });
    let mut terminal = Terminal::start(&bench, &["shell", "page.html"]);
    terminal.greeting();
    terminal.press("css wrong");
    terminal.wait_for("css wrong");
    terminal.press(CTRL_C);
    terminal.wait_for(PROMPT);
    assert_eq!(terminal.enter("css b"), "two", "the line is gone");
    for (number, path) in ["/slow", "/half"].into_iter().enumerate() {
        terminal.press(&format!("fetch {}\r", server.url(path)));
        assert!(server.wait_for_hits(number + 1, PATIENCE), "{path} is asked for");
        terminal.press(CTRL_C);
        let said = terminal.wait_for(PROMPT);
        assert!(said.ends_with("interrupted"), "{said}");
        assert_eq!(terminal.enter("css b"), "two", "the page is still the one before");
    }
    assert!(terminal.enter(&format!("fetch {}", server.url("/"))).contains("200 http"));
    assert_eq!(terminal.enter("h1"), "Here");
    terminal.press(CTRL_D);
    assert_eq!(terminal.ends(), Some(0));
}

#[test]
fn ctrl_c_at_the_first_fetch_leads_to_the_prompt() {
    let (bench, server) = (bench(), Server::start(|_| Response::new(200).never_answer()));
    let mut terminal = Terminal::start(&bench, &["shell", &server.url("/")]);
    assert!(server.wait_for_hits(1, PATIENCE));
    terminal.press(CTRL_C);
    assert!(terminal.greeting().contains("interrupted"));
    assert!(terminal.enter("css p").contains("there is no page yet"));
    terminal.press(CTRL_D);
    assert_eq!(terminal.ends(), Some(0));
}

#[test]
fn a_person_walks_over_a_site() {
    let (bench, gate) = (bench(), Gate::closed());
    let closed = gate.clone();
    let server = Server::start(move |request| match request.target.as_str() {
        "/" => Response::html("<title>Home</title><h1>Home</h1><a href=a/b>b</a>"),
        "/a/b" => Response::html("<title>B</title><h1>B</h1>").behind(&closed),
        _ => Response::not_found(),
    });
    let mut terminal = Terminal::start(&bench, &["shell", &server.url("/")]);
    assert!(terminal.greeting().contains(&format!("200 {}  ", server.url("/"))));
    terminal.press("fetch a/b\r");
    assert!(server.wait_for_hits(2, PATIENCE));
    gate.open();
    assert!(terminal.wait_for(PROMPT).contains(&server.url("/a/b")));
    assert_eq!(terminal.enter("css h1"), "B");
    terminal.enter("back");
    assert_eq!(terminal.enter("h1"), "Home");
    assert!(terminal.enter("fetch /none").contains("404 "));
    assert!(terminal.enter("facts").contains("* robots.txt: not consulted"));
    terminal.press(CTRL_D);
    assert_eq!(terminal.ends(), Some(0));
}

#[test]
fn rules_that_were_changed_are_read_anew() {
    let bench = bench();
    bench.write("lycosa.toml", "[items.kettle.fields]\nname = \"h2\"\n");
    let mut terminal = Terminal::start(&bench, &["shell", "page.html"]);
    terminal.greeting();
    let said = terminal.enter("rules");
    assert!(said.contains("missing"), "{said}");
    bench.write("lycosa.toml", "[items.kettle.fields]\nname = \"h1\"\n");
    let said = terminal.enter("rules");
    assert!(said.contains("found") && said.contains("One two"), "{said}");
    terminal.press(CTRL_D);
    assert_eq!(terminal.ends(), Some(0));
}

#[test]
fn long_answers_are_cut_and_all_shows_them() {
    let bench = Bench::new();
    let items: String = (1..=352).map(|number| format!("<li>item {number}")).collect();
    bench.write("long.html", &format!("<ul>{items}</ul><p>{}</p>", "x".repeat(5_000)));
    let mut terminal = Terminal::start(&bench, &["shell", "long.html"]);
    terminal.greeting();
    let said = terminal.enter("css li");
    assert!(said.ends_with("item 40\n… 312 more; `all` shows them"), "{said}");
    let said = terminal.enter("all");
    assert!(said.starts_with("item 1\n") && said.ends_with("\nitem 352"), "{said}");
    let said = terminal.enter("css p");
    assert!(said.lines().all(|line| line.chars().count() < 450) && said.contains("were cut"), "{said}");
    terminal.press(CTRL_D);
    assert_eq!(terminal.ends(), Some(0));
}

#[test]
fn a_hostile_page_cannot_move_the_cursor_or_set_the_title() {
    let (bench, server) = (
        Bench::new(),
        Server::start(|_| {
            let evil = "\u{1b}]0;owned\u{7}\u{1b}[2J\u{1b}[31mred";
            Response::html(format!(
            "<title>{evil}</title><p class='safe-{evil}'>{evil}</p><a href=x>{evil}</a><i class='safe-one'></i>"
        ))
        .header("X-Evil", "\u{9b}2J")
        }),
    );
    let mut terminal = Terminal::start(&bench, &["shell", &server.url("/")]);
    terminal.greeting();
    for line in [
        "css p",
        "xpath //p/@class",
        "links",
        "text",
        "html",
        "facts",
        "headers",
        "re .*red",
        "css p::attr(x",
    ] {
        terminal.enter(line);
    }
    // The only class that may be offered is the plain one.
    terminal.press("css .saf\t");
    terminal.wait_for("css .safe-one");
    terminal.enter("");
    terminal.press(CTRL_D);
    assert_eq!(terminal.ends(), Some(0));
    let holds = |bytes: &[u8]| terminal.raw.windows(bytes.len()).any(|part| part == bytes);
    assert!(!holds(b"\x1b]") && !holds(b"\x1b[31m") && !holds(b"\x1b[2J") && !holds("\u{9b}".as_bytes()));
    assert!(!holds(b"\x07owned") && holds(b"\\u{1b}]0;owned"), "it is shown instead");
}

#[test]
fn completion_on_a_huge_page_is_bounded() {
    let bench = Bench::new();
    let page: String = (0..300_000).map(|number| format!("<i class=c{number}></i>")).collect();
    bench.write("huge.html", &format!("<b class=first></b>{page}"));
    let mut terminal = Terminal::start(&bench, &["shell", "huge.html"]);
    terminal.greeting();
    terminal.press("css .fir\t");
    terminal.wait_for("css .first");
    terminal.press(CTRL_C);
    terminal.wait_for(PROMPT);
    // Far more than a screen: the editor asks before it shows what there is, which is no more than is collected.
    terminal.press("css .c\t\t");
    let count = {
        terminal.wait_for("Display all ");
        terminal.wait_for(" possibilities")
    };
    assert!(count.parse::<usize>().is_ok_and(|count| (100..=10_000).contains(&count)), "{count}");
    terminal.press("n");
    terminal.press(CTRL_C);
    terminal.wait_for(PROMPT);
    assert_eq!(terminal.enter("count(//i)"), "300000");
    terminal.press(CTRL_D);
    assert_eq!(terminal.ends(), Some(0));
}

#[test]
fn view_opens_a_browser_where_there_is_a_display() {
    use std::os::unix::fs::PermissionsExt as _;
    let bench = bench();
    std::fs::create_dir(bench.path("programs")).expect("a folder");
    let start = || {
        Terminal::start_with(&bench, &["shell", "page.html"], |command| {
            let programs = format!("{}:/usr/bin:/bin", bench.path("programs").display());
            command.env("DISPLAY", ":0").env("TMPDIR", bench.path("")).env("PATH", programs);
        })
    };
    let browser = bench.write("programs/xdg-open", "#!/bin/sh\nexit 0\n");
    std::fs::set_permissions(browser, std::fs::Permissions::from_mode(0o755)).expect("a program");
    let mut terminal = start();
    terminal.greeting();
    let said = terminal.enter("view");
    let saved = said.strip_prefix("opened ").unwrap_or_else(|| panic!("{said}"));
    assert!(std::fs::read_to_string(saved).is_ok_and(|page| page.contains("<base href=\"file:///")));
    assert!(terminal.enter("view --save kept.html").starts_with("saved "), "nothing is opened");
    terminal.press(CTRL_D);
    assert_eq!(terminal.ends(), Some(0));
}

#[test]
fn pasted_lines_are_carried_out_one_after_the_other() {
    let bench = bench();
    let mut terminal = Terminal::start(&bench, &["shell", "page.html"]);
    terminal.greeting();
    terminal.press("\x1b[200~css b\ncss .more\x1b[201~");
    terminal.wait_for("css .more");
    assert_eq!(terminal.enter(""), "two\nmore");
    terminal.press("css a");
    terminal.wait_for("css a");
    terminal.press("\x15");
    assert_eq!(terminal.enter("css b"), "two", "Ctrl-U clears the line");
    terminal.press(CTRL_D);
    assert_eq!(terminal.ends(), Some(0));
}

#[test]
fn a_terminal_without_control_sequences_serves_as_well() {
    let bench = bench();
    let mut terminal = Terminal::start_with(&bench, &["shell", "page.html"], |command| {
        command.env("TERM", "dumb");
    });
    terminal.greeting();
    terminal.press_bytes(b"css \xff\n");
    assert!(terminal.wait_for(PROMPT).contains("not UTF-8"));
    terminal.press("css b\n");
    assert!(terminal.wait_for(PROMPT).ends_with("two"));
    terminal.press(CTRL_D);
    assert_eq!(terminal.ends(), Some(0));
}

#[test]
fn neither_stray_bytes_nor_an_interrupt_from_elsewhere_end_the_shell() {
    let bench = bench();
    let mut terminal = Terminal::start(&bench, &["shell", "page.html"]);
    terminal.greeting();
    terminal.press_bytes(b"css \xff");
    assert!(terminal.wait_for(PROMPT).contains("not UTF-8"));
    terminal.press("css ");
    terminal.wait_for("css ");
    terminal.signal("INT");
    // The signal may be heard as late as this.
    let said = terminal.enter("b");
    assert!(["two", "interrupted"].contains(&said.as_str()), "{said}");
    assert_eq!(terminal.enter("css b"), "two");
    terminal.press(CTRL_D);
    assert_eq!(terminal.ends(), Some(0));
}

#[test]
fn ctrl_c_leaves_a_long_question_behind() {
    let bench = Bench::new();
    bench.write("slow.html", &format!("<b>x</b><p>{}", "a".repeat(2_000_000)));
    let mut terminal = Terminal::start(&bench, &["shell", "slow.html"]);
    terminal.greeting();
    // Each of two million matches looks for a `b` in all that is left: ten seconds are allowed for that.
    terminal.press("re a.*b|a\r");
    terminal.wait_for("\n");
    terminal.interrupt_until("interrupted");
    terminal.wait_for(PROMPT);
    terminal.press("css b\r");
    terminal.wait_for("\nx\nlycosa> ");
    terminal.press(CTRL_D);
    assert_eq!(terminal.ends(), Some(0));
}
