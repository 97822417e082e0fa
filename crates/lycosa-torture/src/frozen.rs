//! Processes that are stopped by the system for longer than a lease and go on: what they held is somebody else's by
//! then, and their own commits must be refused. The child is this program; its clock goes on while it stands still.

use std::process::{Child, Command, Stdio};
use std::time::Duration;

use lycosa::{Error, ErrorKind, Result};
use rustix::process::{Pid, Signal, kill_process};

use crate::dice::Dice;

/// A lease of the child, in its own time; a fiftieth of that in truth.
const LEASE_SECONDS: u64 = 15;
/// How long a child stands still, in milliseconds: longer than a lease, whatever was left of it.
const STILL: (u64, u64) = (320, 500);
/// How long it goes on before and in between.
const GOES_ON: (u64, u64) = (20, 150);
/// Times that one child is stopped, at most.
const STOPS: u64 = 6;

/// What became of the children.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Frozen {
    /// Times that one was stopped and went on.
    pub(crate) stops: u64,
    /// Leases that ran out meanwhile and whose commits were refused.
    pub(crate) fenced: u64,
}

/// Runs a child and stops it now and then. Answers what it found wrong, if anything.
///
/// # Errors
/// When the child cannot be run.
pub(crate) fn freeze(seed: u64, number: u64, frozen: &mut Frozen) -> Result<Option<String>> {
    let own = std::env::current_exe().map_err(|cause| Error::io("finding this program", cause))?;
    let words =
        ["--cycles", "12", "--minutes", "2", "--frozen", "0", "--mounts", "0", "--ext4", "0", "--plain"];
    let lease = LEASE_SECONDS.to_string();
    let child = Command::new(own)
        .args(words)
        .args(["--lease", &lease, "--seed", &seed.to_string(), "--crawl", &(number * 100).to_string()])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn();
    let mut child = child.map_err(|cause| Error::io("starting a child", cause))?;
    let stopped = stop_often(&mut child, &mut Dice::new(seed, number ^ (1 << 40)));
    let ended = child.wait_with_output().map_err(|cause| Error::io("waiting for a child", cause))?;
    frozen.stops += stopped?;
    let said = String::from_utf8_lossy(&ended.stdout);
    frozen.fenced += count(&said, "leases fenced").unwrap_or(0);
    let last = said.lines().last().unwrap_or("nothing").to_owned();
    Ok((!ended.status.success()).then(|| format!("a process that was stopped and went on: {last}")))
}

/// Answers how often.
fn stop_often(child: &mut Child, dice: &mut Dice) -> Result<u64> {
    let pid = i32::try_from(child.id()).ok().and_then(Pid::from_raw);
    let pid = pid.ok_or_else(|| Error::new(ErrorKind::Internal, "a child without a number"))?;
    let pause = |dice: &mut Dice, (least, most)| {
        std::thread::sleep(Duration::from_millis(dice.between(least, most)));
    };
    let mut stops = 0;
    while stops < STOPS {
        pause(dice, GOES_ON);
        let over = child.try_wait().map_err(|cause| Error::io("looking after a child", cause))?;
        if over.is_some() || kill_process(pid, Signal::STOP).is_err() {
            break;
        }
        pause(dice, STILL);
        if kill_process(pid, Signal::CONT).is_err() {
            break;
        }
        stops += 1;
    }
    Ok(stops)
}

/// The number before some words.
fn count(text: &str, words: &str) -> Option<u64> {
    text.split_once(words)?.0.trim_end().rsplit(' ').next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_number_is_found_before_its_words() {
        let said = "clean: 3 cycles, 7 budgets, 12 leases fenced; 4 pages";
        assert_eq!(super::count(said, "leases fenced"), Some(12));
        assert_eq!(super::count(said, "nothing"), None);
    }
}
