//! Bad input: one clear line saying what failed, on what, a hint, and nothing harmed.

use crate::command::Bench;

#[test]
fn a_typo_in_a_configuration_names_its_place_and_the_nearest_word() {
    let bench = Bench::new();
    bench.write("lycosa.toml", "max_pgaes = 3\n");
    let said = bench.run(&["config", "check", "lycosa.toml"]).ends_with(2);
    said.mentions("lycosa.toml:1:1").mentions("max_pages");
    assert_eq!(bench.read("lycosa.toml"), "max_pgaes = 3\n");
}

#[test]
fn a_malformed_seed_on_standard_input_names_its_line() {
    let bench = Bench::new();
    bench.run_with_input(&["crawl", "-"], "# mine\nhttp://[\n").ends_with(2).mentions("line 2");
}
