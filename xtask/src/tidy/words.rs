//! Words that no file of the tree may hold: folders of one person's machine, and hosts of package registries.
//!
//! The entries are written in pieces, so that this file passes its own rule.

/// Absolute paths that exist on one machine only. They count where a path can begin, not inside a longer one.
const MACHINE_PATHS: &[&str] = &[concat!("/wo", "rk/"), concat!("/ro", "ot/"), concat!("/Us", "ers/")];
/// Hosts that tools learn from their own settings.
const REGISTRY_HOSTS: &[&str] = &[
    concat!("index.", "crates.io"),
    concat!("static.", "crates.io"),
    concat!("proxy.", "golang.org"),
    concat!("registry.", "npmjs.org"),
    concat!("pypi", ".org"),
    concat!("arti", "factory"),
];
/// The only source a lock file may name.
const LOCK_SOURCE: &str = "source = \"registry+https://github.com/rust-lang/crates.io-index\"";

/// The complaints about one text file.
pub(super) fn check(path: &str, text: &str) -> Vec<String> {
    let mut complaints = Vec::new();
    for (number, line) in text.lines().enumerate() {
        let at = format!("{path}:{}", number + 1);
        if let Some(word) = MACHINE_PATHS.iter().find(|word| begins_path(line, word)) {
            complaints.push(format!("{at}: `{word}` is a folder of one machine"));
        }
        if let Some(word) = REGISTRY_HOSTS.iter().find(|word| line.contains(*word)) {
            complaints.push(format!("{at}: `{word}` belongs to a tool's settings, not to the tree"));
        }
        if path.ends_with("Cargo.lock") && line.starts_with("source = ") && line != LOCK_SOURCE {
            complaints
                .push(format!("{at}: a locked package comes from elsewhere than the public index: {line}"));
        }
    }
    complaints
}

/// Whether a path begins with `word` somewhere in the line: after a space, a quote, a bracket or the like.
fn begins_path(line: &str, word: &str) -> bool {
    line.match_indices(word).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        before.is_none_or(|c| c.is_whitespace() || "\"'`(=<[{,:".contains(c))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn machine_paths_are_found_where_a_path_begins() {
        for word in MACHINE_PATHS {
            assert_eq!(check("a.md", &format!("see `{word}x`")).len(), 1, "{word}");
            assert_eq!(check("a.toml", &format!("dir = \"{word}x\"")).len(), 1, "{word}");
            assert_eq!(check("a.rs", &format!("http://host/a{word}b")).len(), 0, "{word}");
        }
    }

    #[test]
    fn registry_hosts_and_foreign_lock_sources_are_found() {
        for host in REGISTRY_HOSTS {
            assert_eq!(check("a.sh", &format!("curl https://{host}/x")).len(), 1, "{host}");
        }
        assert_eq!(check("Cargo.lock", &format!("name = \"x\"\n{LOCK_SOURCE}")).len(), 0);
        assert_eq!(check("bench/Cargo.lock", "source = \"git+https://example.org/x\"").len(), 1);
    }
}
