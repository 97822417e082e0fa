//! How much memory the machine has, or what the process is allowed of it.

use std::fs;
use std::path::{Component, Path, PathBuf};

/// What a machine is taken to have that does not say.
const UNKNOWN: usize = 4 << 30;

/// Bytes of memory that fingerprints of known URLs may take unless it is said otherwise: a quarter of the machine's, or of
/// what the process's control group and those around it allow.
#[must_use]
pub fn default_seen_memory() -> usize {
    // Each system has some of these files: one that cannot be read limits nothing.
    let read = |path| fs::read_to_string(path).unwrap_or_default();
    let allowed = allowed(&read("/proc/self/cgroup"), Path::new("/sys/fs/cgroup"));
    let machine = total(&read("/proc/meminfo"));
    allowed.into_iter().chain([machine.unwrap_or(UNKNOWN)]).min().unwrap_or(UNKNOWN) / 4
}

/// The least that the control groups of a process allow, of its own up to the root: what `/proc/PID/cgroup` says
/// (cgroups(7)), and where their hierarchies lie. Version 2 has `memory.max`, version 1 a hierarchy `memory` of its own.
fn allowed(groups: &str, hierarchies: &Path) -> Option<usize> {
    let limits = groups.lines().filter_map(|line| {
        let (controllers, group) = line.split_once(':')?.1.split_once(':')?;
        if controllers.is_empty() {
            // Beside hierarchies of version 1 it lies in a folder of its own.
            let folders = [hierarchies.to_owned(), hierarchies.join("unified")];
            return folders.iter().filter_map(|folder| least(folder, group, "memory.max")).min();
        }
        let is_memory = controllers.split(',').any(|controller| controller == "memory");
        is_memory.then(|| least(&hierarchies.join("memory"), group, "memory.limit_in_bytes")).flatten()
    });
    limits.min()
}

/// The least number in the files of this name from a group up to the root of its hierarchy.
fn least(root: &Path, group: &str, file: &str) -> Option<usize> {
    // A container may see its own group as the root, and have a path that is not there.
    let names = Path::new(group).components().filter(|part| matches!(part, Component::Normal(_)));
    let innermost = root.join(names.collect::<PathBuf>());
    let groups = innermost.ancestors().take_while(|folder| folder.starts_with(root));
    groups.filter_map(|folder| fs::read_to_string(folder.join(file)).ok()?.trim().parse().ok()).min()
}

/// The line `MemTotal` of `/proc/meminfo`, in bytes (proc_meminfo(5)).
fn total(text: &str) -> Option<usize> {
    let line = text.lines().find_map(|line| line.strip_prefix("MemTotal:"))?;
    line.trim().strip_suffix("kB")?.trim().parse::<usize>().ok()?.checked_mul(1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Hierarchies with these files.
    fn hierarchies(files: &[(&str, &str)]) -> tempfile::TempDir {
        let root = tempfile::tempdir().unwrap();
        for (path, text) in files {
            let path = root.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        root
    }

    #[test]
    fn it_is_a_quarter_of_what_there_is() {
        assert_eq!(total("MemTotal:       24624232 kB\nMemFree: 1 kB\n"), Some(24_624_232 * 1024));
        assert_eq!(total("MemFree: 1 kB\n"), None);
        assert!(default_seen_memory() > 1 << 20);
    }

    #[test]
    fn the_tightest_group_around_the_process_counts_wherever_it_is() {
        let root = hierarchies(&[
            ("memory.max", "max\n"),
            ("jobs.slice/memory.max", "4000000\n"),
            ("jobs.slice/crawl.scope/memory.max", "9000000\n"),
            ("jobs.slice/crawl.scope/inner/memory.max", "max\n"),
            ("other.slice/memory.max", "5\n"),
        ]);
        let of = |groups: &str| allowed(groups, root.path());
        assert_eq!(of("0::/jobs.slice/crawl.scope/inner\n"), Some(4_000_000));
        assert_eq!(of("0::/jobs.slice\n"), Some(4_000_000));
        assert_eq!(of("0::/\n"), None, "no limit");
        assert_eq!(of("0::/gone/away\n"), None);
        assert_eq!(of("0::/../../other.slice\n"), Some(5), "what lies outside is not looked for");
        assert_eq!(of("nonsense\n::\n:\n"), None);
    }

    #[test]
    fn the_first_version_has_a_hierarchy_for_memory_and_may_stand_beside_the_second() {
        let root = hierarchies(&[
            ("memory/memory.limit_in_bytes", "9223372036854771712\n"),
            ("memory/docker/one/memory.limit_in_bytes", "7000000\n"),
            ("unified/docker/one/memory.max", "6000000\n"),
            ("cpu/docker/one/memory.limit_in_bytes", "5\n"),
        ]);
        let of = |groups: &str| allowed(groups, root.path());
        assert_eq!(of("9:cpu:/docker/one\n4:memory,hugetlb:/docker/one\n"), Some(7_000_000));
        assert_eq!(of("4:memory:/docker/one\n0::/docker/one\n"), Some(6_000_000));
        assert_eq!(of("4:memory:/a/path/of/the/host\n"), Some(9_223_372_036_854_771_712));
    }
}
