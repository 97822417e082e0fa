//! `lycosa ctl` and the configuration file of a running crawl: what is asked for happens, and nobody can harm it.

mod reload;

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::Child;
use std::time::Duration;

use lycosa_testkit::Server;
use serde_json::Value;

use crate::command::{Bench, PATIENCE, Said, Watchdog, page, quick};

/// A site without end: every page links to the next two.
fn endless() -> Server {
    Server::start(|request| match request.target.strip_prefix('/').map(str::parse::<u64>) {
        Some(Ok(number)) => page("one", &[&format!("/{}", number * 2), &format!("/{}", number * 2 + 1)]),
        _ if request.target == "/" => page("start", &["/1"]),
        _ => lycosa_testkit::Response::not_found(),
    })
}

struct Running {
    bench: Bench,
    server: Server,
    child: Child,
    _watchdog: Watchdog,
}

impl Running {
    fn start(flags: &[&str]) -> Self {
        Self::start_in(Bench::new(), flags)
    }

    fn start_in(bench: Bench, flags: &[&str]) -> Self {
        let server = endless();
        // Its pages are all alike: a trap, if traps were looked for.
        let slowly = ["--set", "delay=20ms", "--set", "include=[]", "--template-budget", "0"];
        let words = ["crawl", &server.url("/"), "-o", "pages.jsonl", "--state", "state"];
        let child = bench.start(&[&words[..], &slowly, flags].concat());
        let watchdog = Watchdog::over(&child);
        let running = Self { bench, server, child, _watchdog: watchdog };
        running.until(|status| status["pages"].as_u64() > Some(0));
        running
    }

    fn ctl(&self, words: &[&str]) -> Said {
        self.bench.run(&[&["ctl"], words, &["--state", "state"]].concat())
    }

    fn status(&self) -> Option<Value> {
        let said = self.ctl(&["status", "--json"]);
        (said.code == Some(0)).then(|| serde_json::from_str(&said.out).expect("JSON"))
    }

    /// Asks until the status is so.
    fn until(&self, wanted: impl Fn(&Value) -> bool) -> Value {
        let mut last = None;
        for _ in 0..PATIENCE.as_millis() / 50 {
            last = self.status();
            if let Some(status) = last.as_ref().filter(|status| wanted(status)) {
                return status.clone();
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        panic!("it never came to that: {last:?}");
    }

    /// Waits for its end; the code and what it said on standard error.
    fn end(mut self) -> (Option<i32>, String, Bench) {
        let mut said = String::new();
        self.child.stderr.take().expect("a pipe").read_to_string(&mut said).expect("text");
        let code = self.child.wait().expect("it ends").code();
        assert!(!self.bench.path("state/control.sock").exists(), "the socket is gone");
        (code, said, self.bench)
    }
}

#[test]
fn a_crawl_is_paused_resumed_changed_and_stopped() {
    let running = Running::start(&[]);
    running.ctl(&["pause"]).ends_with(0).mentions("paused");
    running.until(|status| status["paused"] == true && status["at_work"] == 0);
    let hits = running.server.hits();
    std::thread::sleep(Duration::from_millis(300));
    assert_eq!(running.server.hits(), hits, "a paused crawl asks for nothing");
    let set = running.ctl(&[
        "set",
        "max-pages=1000000,max-pages-per-host=900000,delay=0ms",
        "concurrency=3",
        "per_host=3",
        "max_depth=50",
    ]);
    assert!(set.ends_with(0).out.contains("max_pages 1000000, max_pages_per_host 900000"));
    let status = running.status().expect("a status");
    assert_eq!((&status["pace"]["concurrency"], &status["pace"]["delay_ms"]), (&3.into(), &0.into()));
    assert_eq!((&status["limits"]["depth"], &status["crawl"]["leased"]), (&50.into(), &0.into()));
    running.ctl(&["set", "max-pages=many"]).ends_with(2);
    running.ctl(&["set", "user_agent=x"]).ends_with(2).complains("cannot be set", "max_pages");
    running.ctl(&["set", "concurrency=0", "max-pages=7"]).ends_with(2);
    assert_eq!(running.status().expect("a status")["limits"]["max_pages"], 1_000_000, "all or nothing");
    running.ctl(&["reload"]).ends_with(2).complains("without a configuration file", "ctl set");
    let hosts = running.ctl(&["hosts"]).ends_with(0).out;
    assert!(hosts.starts_with("host ") && hosts.contains("\n127.0.0.1 ") && !hosts.contains('{'), "{hosts}");
    let hosts = running.ctl(&["hosts", "--json"]).ends_with(0).out;
    let host: Value = serde_json::from_str(hosts.trim()).expect("JSON, one host a line");
    assert_eq!(host["site"], "127.0.0.1");
    let shown = running.ctl(&["status"]).ends_with(0).out;
    assert!(shown.contains(" 1 host, 0 errors, "), "that there is no robots.txt is none: {shown}");
    running.ctl(&["resume"]).ends_with(0);
    running.until(|status| status["pages"].as_u64() > Some(20));
    assert!(running.server.hits() > hits);
    running.ctl(&["stop"]).ends_with(0);
    let (code, said, bench) = running.end();
    assert_eq!(code, Some(130), "{said}");
    assert!(!said.contains("still open"), "{said}");
    let stats = bench.run(&["frontier", "stats", "--state", "state", "--json"]).ends_with(0);
    let stats: Value = serde_json::from_str(&stats.out).expect("JSON");
    assert_eq!(stats["rules"]["max_pages"], 1_000_000, "what was in force at the end");
    bench
        .run(&["ctl", "status", "--state", "state"])
        .ends_with(1)
        .complains("no crawl is running", "frontier");
}

#[test]
fn a_crawl_that_waits_says_why_and_until_when() {
    let server = Server::start(|request| match request.path() {
        "/" => lycosa_testkit::Response::new(503).header("Retry-After", "3600"),
        _ => lycosa_testkit::Response::not_found(),
    });
    let bench = Bench::new();
    let mut child = bench.start_crawl(&server.url("/"), &[]);
    let _watchdog = Watchdog::over(&child);
    let mut said = BufReader::new(child.stderr.take().expect("a pipe")).lines().map_while(Result::ok);
    let waiting = said.find(|line| line.starts_with("waiting: ")).expect("it says that it waits");
    assert!(waiting.contains("1 URL cannot be asked for until 20"), "{waiting}");
    assert!(waiting.contains(" (1 host rests as was asked for until 20"), "{waiting}");
    let ctl = |words: &[&str]| bench.run(&[&["ctl"], words, &["--state", "state"]].concat()).ends_with(0).out;
    let shown = ctl(&["status"]);
    assert!(shown.contains("\nwaits   1 host rests as was asked for until 20"), "{shown}");
    let status: Value = serde_json::from_str(&ctl(&["status", "--json"])).expect("JSON");
    let rests = &status["waits"]["rests"];
    assert_eq!((&rests[0]["reason"], &rests[0]["sites"]), (&"asked".into(), &1.into()), "{status}");
    let (until, soonest) = (rests[0]["until"].as_u64(), status["waits"]["until"].as_u64());
    assert!(until.is_some() && until == soonest, "{status}");
    let shown = ctl(&["hosts"]);
    assert!(shown.contains("  rests until 20") && shown.contains("(it was asked for)"), "{shown}");
    let host: Value = serde_json::from_str(ctl(&["hosts", "--json"]).trim()).expect("JSON");
    assert_eq!((&host["why"], &host["breaker"]), (&"it was asked for".into(), &"closed".into()), "{host}");
    ctl(&["stop"]);
    let rest: Vec<String> = said.collect();
    assert_eq!(child.wait().expect("it ends").code(), Some(130), "{rest:?}");
}

#[test]
fn a_budget_set_while_it_runs_is_met_exactly() {
    let running = Running::start(&["-c", "4", "--per-host", "4"]);
    let pages = running.status().expect("a status")["pages"].as_u64().expect("a number");
    let budget = pages + 40;
    running.ctl(&["set", &format!("max_pages={budget}"), "delay=0s"]).ends_with(0);
    let (code, said, bench) = running.end();
    assert_eq!(code, Some(3), "{said}");
    assert_eq!(bench.records("pages.jsonl").len() as u64, budget);
    assert!(
        said.contains("the limit max_pages was set while it ran; go on without it: lycosa crawl"),
        "{said}"
    );
}

#[test]
fn scope_rules_that_change_hold_for_the_next_link() {
    let running = Running::start(&[]);
    // Both at once: few URLs wait, and without new links they would be fetched before a second command came.
    running.ctl(&["set", "exclude=.", "delay=0s"]).ends_with(0);
    let (code, said, bench) = running.end();
    assert_eq!(code, Some(0), "it runs out of URLs: {said}");
    let refused = bench.run(&["frontier", "stats", "--state", "state"]).ends_with(0);
    assert!(refused.out.contains("refused    excluded"), "{}", refused.out);
}

#[test]
fn what_belongs_is_shown_and_none_lifts_it() {
    let running = Running::start(&[]);
    let words = ["set", r#"exclude=["/x/","/y/"],allowed_domains=a.example,b.example"#, "max_time=1h"];
    let shown = running.ctl(&words).ends_with(0).out;
    let lists = r#"scope   host, allowed_domains ["a.example","b.example"], exclude ["/x/","/y/"]"#;
    assert!(shown.contains(lists) && shown.contains(", max_time until 20"), "{shown}");
    running.ctl(&["set", "include="]).ends_with(2).complains("`include` has no value", "include=none");
    running.ctl(&["set", "include=/a/", "include=/b/"]).ends_with(2).complains("given twice", "[");
    let words = ["set", "exclude=none,allowed_domains=none,include=none,max_time=none"];
    let shown = running.ctl(&words).ends_with(0).out;
    assert!(shown.contains("\nscope   host\n") && !shown.contains("max_time"), "{shown}");
    running.ctl(&["stop"]).ends_with(0);
    running.end();
}

#[test]
fn the_socket_of_a_killed_crawl_is_replaced_and_only_its_user_may_open_it() {
    let running = Running::start(&[]);
    let socket = running.bench.path("state/control.sock");
    let mode = std::fs::metadata(&socket).expect("a socket").permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let Running { bench, server, mut child, _watchdog } = running;
    child.kill().expect("it is ours");
    child.wait().expect("it ends");
    assert!(socket.exists(), "a killed crawl leaves it");
    bench
        .run(&["ctl", "status", "--state", "state"])
        .ends_with(1)
        .complains("no crawl is running", "--state");
    let words = ["crawl", "--state", "state", "--resume", "-o", "pages.jsonl", "--delay", "20ms"];
    let child = bench.start(&words);
    let watchdog = Watchdog::over(&child);
    let running = Running { bench, server, child, _watchdog: watchdog };
    running.until(|status| status["pages"].as_u64() > Some(0));
    running.ctl(&["stop"]).ends_with(0);
    assert_eq!(running.end().0, Some(130));
}

#[test]
fn a_state_folder_with_a_long_path_has_a_socket_too() {
    let (bench, server) = (Bench::new(), endless());
    let folder = format!("{}/{}", "a".repeat(100), "b".repeat(100));
    let words = ["crawl", &server.url("/"), "--delay", "20ms", "-o", "pages.jsonl", "--state", &folder];
    let mut child = bench.start(&words);
    let _watchdog = Watchdog::over(&child);
    let reached = (0..PATIENCE.as_millis() / 50).any(|_| {
        std::thread::sleep(Duration::from_millis(50));
        bench.run(&["ctl", "stop", "--state", &folder]).code == Some(0)
    });
    assert!(reached);
    assert_eq!(child.wait().expect("it ends").code(), Some(130));
}

fn connect(socket: &Path) -> UnixStream {
    UnixStream::connect(socket).expect("it listens")
}

#[test]
fn hostile_clients_harm_nothing() {
    let site = quick(11);
    let oracle = site.oracle(None);
    let (server, bench) = (site.serve(), Bench::new());
    let words = ["crawl", &server.url("/"), "-o", "pages.jsonl", "--state", "state", "--delay", "10ms"];
    let child = bench.start(&[&words[..], &["-c", "4", "--per-host", "4"]].concat());
    let watchdog = Watchdog::over(&child);
    let running = Running { bench, server, child, _watchdog: watchdog };
    running.until(|status| status["pages"].as_u64() > Some(0));
    // So that it does not end before they have had their turn.
    running.ctl(&["pause"]).ends_with(0);
    let socket = running.bench.path("state/control.sock");
    let mut huge = connect(&socket);
    let line = vec![b'x'; 1 << 20];
    drop(huge.write_all(&line));
    let mut answer = String::new();
    drop(huge.read_to_string(&mut answer));
    assert!(answer.is_empty() || answer.contains("longer than"), "{answer}");
    for bad in
        ["\n", "{}\n", "[]\n", "{\"do\":\"fly\"}\n", "{\"do\":\"status\",\"more\":1}\n", "\u{0}\u{1}\n"]
    {
        let mut client = connect(&socket);
        client.write_all(bad.as_bytes()).expect("it listens");
        client.shutdown(std::net::Shutdown::Write).expect("half closed");
        let mut answer = String::new();
        client.read_to_string(&mut answer).expect("an answer");
        assert!(answer.contains("no order"), "{bad:?}: {answer}");
    }
    // Many that say nothing, some that say half a line, some that do not read.
    let mut crowd: Vec<UnixStream> = (0..100).map(|_| connect(&socket)).collect();
    for (number, client) in crowd.iter_mut().enumerate() {
        drop(client.write_all(if number % 2 == 0 { b"{\"do\":" } else { b"" }));
    }
    // Whoever waits long enough is served: the silent ones are sent away.
    running.ctl(&["status"]).ends_with(0);
    running.ctl(&["set", "delay=0s", "per_host=16", "concurrency=16"]).ends_with(0);
    running.ctl(&["resume"]).ends_with(0);
    let crowd_stays = crowd;
    let (code, said, bench) = running.end();
    drop(crowd_stays);
    assert_eq!(code, Some(0), "{said}");
    assert!(!said.contains("still open"), "{said}");
    assert_eq!(bench.records("pages.jsonl").len(), oracle.pages().len());
}
