//! Who asks, by configuration: profiles that hosts wear, names that cannot be empty, sessions that take turns.

use lycosa_testkit::{Hit, Server};

use crate::command::{Bench, page, site};

fn header<'h>(hit: &'h Hit, name: &str) -> Option<&'h str> {
    hit.headers.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
}

#[test]
fn an_empty_user_agent_is_refused_with_a_reason() {
    let server = site(&[("/", &[])]);
    let url = server.url("/");
    let bench = Bench::new();
    for flags in [&["-A", ""][..], &["-A", "  "], &["-H", "User-Agent;"], &["-H", "User-Agent:"]] {
        for command in ["fetch", "crawl"] {
            let said = bench.run(&[&[command, &url][..], flags].concat()).ends_with(2);
            said.mentions("the User-Agent is empty").mentions("says who it is");
        }
    }
    assert_eq!(server.hits(), 0, "nothing was sent");
}

#[test]
fn a_host_wears_the_profile_that_the_file_gives_it() {
    let proxy = Server::start(|request| match request.target.as_str() {
        "http://a.test/" => page("start", &["http://m.b.test/"]),
        _ => page("other", &[]),
    });
    let bench = Bench::new();
    let file = "[[profiles]]\nname = 'phone'\nuser_agent = 'phone/2'\nheaders = ['X-Two: 2', 'Accept: text/html']\n\
                [[hosts]]\nhost = '*.b.test'\nprofile = 'phone'\nheaders = ['X-Two: two', 'X-Three: 3']\n";
    bench.write("lycosa.toml", file);
    bench.run(&["config", "check", "lycosa.toml"]).ends_with(0);
    let flags = ["--config", "lycosa.toml", "--proxy", &proxy.url(""), "--scope", "any", "-A", "survey/1"];
    bench.crawl("http://a.test/", &flags).ends_with(0);
    let agents: Vec<_> = proxy
        .log()
        .iter()
        .map(|hit| (hit.host.clone(), header(hit, "user-agent").map(str::to_owned)))
        .collect();
    assert!(agents.len() == 4, "{agents:?}");
    for (host, agent) in agents {
        assert_eq!(agent.as_deref(), Some(if host == "m.b.test" { "phone/2" } else { "survey/1" }), "{host}");
    }
    let log = proxy.log();
    let dressed = log.iter().find(|hit| hit.target == "http://m.b.test/").expect("it was crawled");
    let names: Vec<_> = dressed.headers.iter().take(5).map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["host", "user-agent", "x-two", "accept", "x-three"]);
    assert_eq!(header(dressed, "x-two"), Some("two"), "the host's own line takes the place of the profile's");
}

#[test]
fn sessions_take_turns_by_flag_and_are_summed_up() {
    let server = site(&[("/", &["/a", "/b", "/c"]), ("/a", &[]), ("/b", &[]), ("/c", &[])]);
    let flags = ["--sessions", "2", "--set", "sessions.max_uses=2", "--no-robots"];
    let said = Bench::new().crawl(&server.url("/"), &flags).ends_with(0);
    said.mentions("sessions: ").mentions(" opened, ").mentions(" used up, 0 blocked, 0 failing");
    let bench = Bench::new();
    bench.write("lycosa.toml", "[sessions]\nmax_uses = 2\n");
    let said = bench.run(&["config", "check", "lycosa.toml"]).ends_with(2);
    said.mentions("lycosa.toml:2:12: `sessions.max_uses` says nothing without `sessions.count`");
    bench.run(&["crawl", "a.test", "--sessions", "0"]).ends_with(2).complains("must be 1 or more", "");
}
