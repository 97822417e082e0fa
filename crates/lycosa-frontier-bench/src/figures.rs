//! What the system says of this process and of files: memory, processor time, disk.

use std::fs;
use std::path::Path;

/// A line of `/proc/self/status` in bytes.
fn status(name: &str) -> u64 {
    let text = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = text.lines().find_map(|line| line.strip_prefix(name));
    let kib = line.and_then(|line| line.split_whitespace().nth(1)?.parse::<u64>().ok());
    kib.unwrap_or(0) * 1024
}

/// Bytes that are resident now.
pub(crate) fn resident() -> u64 {
    status("VmRSS")
}

/// The most bytes that were ever resident.
pub(crate) fn peak() -> u64 {
    status("VmHWM")
}

/// Bytes of all files in a folder, by the beginning of their names.
pub(crate) fn files(folder: &Path, begins: &str) -> u64 {
    let Ok(entries) = fs::read_dir(folder) else { return 0 };
    entries
        .filter_map(Result::ok)
        .filter(|entry| entry.file_name().to_string_lossy().starts_with(begins))
        .filter_map(|entry| entry.metadata().ok())
        .map(|metadata| metadata.len())
        .sum()
}
