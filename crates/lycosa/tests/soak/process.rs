//! What the process holds, as Linux tells.

use std::time::Duration;

/// Open descriptors; 0 where nobody tells.
pub(crate) fn descriptors() -> usize {
    // The listing holds one itself, before and after.
    std::fs::read_dir("/proc/self/fd").map_or(0, Iterator::count)
}

/// Resident memory; 0 where nobody tells.
pub(crate) fn resident_bytes() -> u64 {
    let text = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = text.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kilobytes = line.and_then(|rest| rest.trim().trim_end_matches(" kB").parse::<u64>().ok());
    kilobytes.unwrap_or(0) * 1_024
}

/// Looks until a figure is what it was, ten seconds at most; the last one seen.
pub(crate) async fn comes_to<T: PartialEq>(expected: T, look: impl Fn() -> T) -> T {
    let coming = async {
        while look() != expected {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    // Passing the limit is no failure here: the caller compares.
    drop(tokio::time::timeout(Duration::from_secs(10), coming).await);
    look()
}
