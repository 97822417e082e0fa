//! How much memory the machine has, or what the process is allowed of it.

use std::fs;

/// What a machine is taken to have that does not say.
const UNKNOWN: usize = 4 << 30;

/// Bytes of memory that fingerprints of known URLs may take unless it is said otherwise: a quarter of the machine's, or of
/// what the process's control group allows.
#[must_use]
pub fn default_seen_memory() -> usize {
    let limits = ["/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"];
    // Each system has some of these files: one that cannot be read limits nothing.
    let read = |path| fs::read_to_string(path).ok();
    let limits = limits.into_iter().filter_map(|path| read(path)?.trim().parse().ok());
    let machine = read("/proc/meminfo").and_then(|text| total(&text));
    limits.chain([machine.unwrap_or(UNKNOWN)]).min().unwrap_or(UNKNOWN) / 4
}

/// The line `MemTotal` of `/proc/meminfo`, in bytes (proc_meminfo(5)).
fn total(text: &str) -> Option<usize> {
    let line = text.lines().find_map(|line| line.strip_prefix("MemTotal:"))?;
    line.trim().strip_suffix("kB")?.trim().parse::<usize>().ok()?.checked_mul(1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_a_quarter_of_what_there_is() {
        assert_eq!(total("MemTotal:       24624232 kB\nMemFree: 1 kB\n"), Some(24_624_232 * 1024));
        assert_eq!(total("MemFree: 1 kB\n"), None);
        assert!(default_seen_memory() > 1 << 20);
    }
}
