//! The configuration file of a running crawl: a change comes into force, a mistake leaves everything as it is.

use serde_json::Value;

use super::Running;
use crate::command::Bench;

/// Puts a text where a file is, as editors do: another file, renamed.
fn rename_over(bench: &Bench, name: &str, text: &str) {
    let new = bench.write(&format!("{name}.new"), text);
    std::fs::rename(new, bench.path(name)).expect("renamed");
}

#[test]
fn a_configuration_that_changes_comes_into_force_or_leaves_everything_as_it_is() {
    let bench = Bench::new();
    bench.write("lycosa.toml", "max_pages = 100000\nuser_agent = 'Test/1'\n");
    let running = Running::start_in(bench, &["--config", "lycosa.toml"]);
    rename_over(&running.bench, "lycosa.toml", "max_pages = 90000\nuser_agent = 'Test/2'\n");
    let status = running.until(|status| status["limits"]["max_pages"] == 90_000);
    assert_eq!(status["config"]["needs_restart"][0], "user_agent");
    assert_eq!(status["config"]["error"], Value::Null);
    running.bench.write("lycosa.toml", "max_pages = 80000\ndepth = 'deep'\n");
    let status = running.until(|status| status["config"]["error"].is_string());
    let error = status["config"]["error"].as_str().expect("a text");
    assert!(error.contains("lycosa.toml:2:9"), "{error}");
    assert_eq!(status["limits"]["max_pages"], 90_000, "all or nothing");
    running.ctl(&["reload"]).ends_with(2).mentions("lycosa.toml:2:9");
    // What a person set stays while the file says nothing new about it.
    running.ctl(&["set", "concurrency=5"]).ends_with(0);
    rename_over(&running.bench, "lycosa.toml", "max_pages = 70000\nuser_agent = 'Test/1'\n");
    let status = running.until(|status| status["limits"]["max_pages"] == 70_000);
    assert_eq!(status["pace"]["concurrency"], 5);
    assert_eq!(status["config"]["error"], Value::Null);
    running.bench.write("lycosa.toml", "max_pages = 60000\nuser_agent = 'Test/1'\n");
    running.ctl(&["reload"]).ends_with(0).mentions("in force: max_pages");
    running.ctl(&["stop"]).ends_with(0);
    let (_, said, _) = running.end();
    assert_eq!(said.matches("has a mistake").count(), 1, "told once:\n{said}");
    assert!(said.contains("cannot change while the crawl runs: user_agent"), "{said}");
}

#[test]
fn a_configuration_behind_a_link_that_is_swapped_is_read_again() {
    let bench = Bench::new();
    // As Kubernetes mounts one: the file links into ..data, which links to a folder of this version.
    for (version, pages) in [("..v1", 100_000), ("..v2", 50_000)] {
        std::fs::create_dir(bench.path(version)).expect("a folder");
        bench.write(&format!("{version}/lycosa.toml"), &format!("max_pages = {pages}\n"));
    }
    let link = |to: &str, name: &str| std::os::unix::fs::symlink(to, bench.path(name)).expect("a link");
    link("..v1", "..data");
    link("..data/lycosa.toml", "lycosa.toml");
    link("..v2", "..data_tmp");
    let running = Running::start_in(bench, &["--config", "lycosa.toml"]);
    assert_eq!(running.status().expect("a status")["limits"]["max_pages"], 100_000);
    std::fs::rename(running.bench.path("..data_tmp"), running.bench.path("..data")).expect("swapped");
    running.until(|status| status["limits"]["max_pages"] == 50_000);
    running.ctl(&["stop"]).ends_with(0);
    running.end();
}

#[test]
fn a_configuration_that_is_emptied_lifts_nothing() {
    let bench = Bench::new();
    bench.write("lycosa.toml", "max_pages = 100000\nexclude = ['/private/']\n");
    let running = Running::start_in(bench, &["--config", "lycosa.toml"]);
    for (number, empty) in ["", " \n\t\n", "\u{FEFF}# nothing\r\n  # at all"].into_iter().enumerate() {
        running.bench.write("lycosa.toml", empty);
        if number == 0 {
            let status = running.until(|status| status["config"]["error"].is_string());
            let error = status["config"]["error"].as_str().expect("a text");
            assert!(error.contains("lycosa.toml is empty"), "{error}");
        }
        running.ctl(&["reload"]).ends_with(2).complains("lycosa.toml is empty", "leave a line in it");
        let status = running.status().expect("a status");
        assert_eq!(status["limits"]["max_pages"], 100_000, "{empty:?}");
        assert_eq!(status["scope"]["exclude"][0], "/private/", "{empty:?}");
    }
    // A line is enough to say that the rest is meant to go.
    running.bench.write("lycosa.toml", "scope = 'host'\n");
    let status = running.until(|status| status["limits"]["max_pages"].is_null());
    assert!(
        status["config"]["error"].is_null() && status["scope"]["exclude"] == serde_json::json!([]),
        "{status}"
    );
    running.ctl(&["stop"]).ends_with(0);
    let (_, said, _) = running.end();
    assert_eq!(said.matches("lycosa.toml is empty").count(), 1, "told once:\n{said}");
}

#[test]
fn a_configuration_that_was_empty_all_the_time_may_stay_so() {
    let bench = Bench::new();
    bench.write("lycosa.toml", "");
    let running = Running::start_in(bench, &["--config", "lycosa.toml"]);
    running.ctl(&["reload"]).ends_with(0).mentions("nothing has changed");
    running.ctl(&["stop"]).ends_with(0);
    running.end();
}

#[test]
fn mistakes_are_shown_a_line_each_and_their_end_is_told() {
    let bench = Bench::new();
    bench.write("lycosa.toml", "max_pages = 100000\n");
    let running = Running::start_in(bench, &["--config", "lycosa.toml"]);
    running.bench.write("lycosa.toml", "max_pages = 'many'\ndepth = 'deep'\n");
    running.until(|status| status["config"]["error"].is_string());
    let shown = running.ctl(&["status"]).ends_with(0).out;
    let first = "\nconfig  lycosa.toml: what it said before stays in force: 2 mistakes in the options\n";
    assert!(shown.contains(first) && shown.contains("\n          lycosa.toml:2:9: "), "{shown}");
    let reload = running.ctl(&["reload"]).ends_with(2);
    reload.complains("2 mistakes", "stays in force").keeps_quiet_about("nothing was started");
    running.bench.write("lycosa.toml", "max_pages = 100000\n");
    running.until(|status| status["config"]["error"].is_null());
    running.ctl(&["stop"]).ends_with(0);
    let (_, said, _) = running.end();
    assert_eq!(said.matches("lycosa.toml is sound again").count(), 1, "{said}");
    assert!(!said.contains("nothing was started"), "{said}");
}

#[test]
fn a_configuration_that_is_gone_is_told_and_read_when_it_is_back() {
    let bench = Bench::new();
    bench.write("lycosa.toml", "max_pages = 100000\n");
    let running = Running::start_in(bench, &["--config", "lycosa.toml"]);
    std::fs::remove_file(running.bench.path("lycosa.toml")).expect("it is ours");
    let status = running.until(|status| status["config"]["error"].is_string());
    assert_eq!(status["limits"]["max_pages"], 100_000);
    let shown = running.ctl(&["status"]).ends_with(0).out;
    assert!(shown.contains("stays in force: there is no file lycosa.toml any more\n"), "{shown}");
    running.ctl(&["reload"]).ends_with(2).complains("there is no file lycosa.toml", "when it is back");
    rename_over(&running.bench, "lycosa.toml", "max_pages = 100000\n");
    running.until(|status| status["config"]["error"].is_null());
    running.ctl(&["stop"]).ends_with(0);
    let (_, said, _) = running.end();
    assert_eq!(said.matches("lycosa.toml is gone, what it said before stays in force").count(), 1, "{said}");
    assert_eq!(said.matches("lycosa.toml is sound again").count(), 1, "{said}");
}
