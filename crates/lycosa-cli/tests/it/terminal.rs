//! A terminal with a person before it: the command runs on a pseudo-terminal of its own session, keys go in, and what
//! appears is waited for. Every wait ends; none is a guess about time.

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::os::fd::OwnedFd;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::time::Duration;

use rustix::fs::{Mode, OFlags};
use rustix::pty::OpenptFlags;
use rustix::termios::{LocalModes, OptionalActions, Termios, Winsize, tcgetattr, tcsetattr, tcsetwinsize};

use crate::command::{Bench, PATIENCE, Watchdog};

pub(crate) const PROMPT: &str = "\nlycosa> ";
pub(crate) const CTRL_C: &str = "\x03";
pub(crate) const CTRL_D: &str = "\x04";
pub(crate) const UP: &str = "\x1b[A";

/// The command on a terminal.
pub(crate) struct Terminal {
    keyboard: File,
    child: Child,
    _watchdog: Watchdog,
    output: Receiver<Vec<u8>>,
    /// All that was written, byte by byte.
    pub(crate) raw: Vec<u8>,
    /// The same as text, without control sequences and carriage returns.
    text: String,
    /// How much of the text was waited for.
    read: usize,
    /// How the terminal was set before.
    before: String,
}

impl Terminal {
    /// Starts the command with these arguments in the folder of the bench, which is its home too.
    pub(crate) fn start(bench: &Bench, arguments: &[&str]) -> Self {
        Self::start_with(bench, arguments, |_| {})
    }

    /// The same, with more said about the process.
    pub(crate) fn start_with(bench: &Bench, arguments: &[&str], more: impl FnOnce(&mut Command)) -> Self {
        let (keyboard, screen) = open();
        let before = settings(&tcgetattr(&keyboard).expect("a terminal"));
        let own = || Stdio::from(screen.try_clone().expect("a descriptor"));
        // A session whose terminal this is, so that Ctrl-C becomes a signal.
        let mut command = Command::new("setsid");
        let command_line = bench.command(arguments);
        command.arg("--ctty").arg(command_line.get_program()).args(command_line.get_args());
        command.current_dir(bench.path("")).stdin(own()).stdout(own()).stderr(own());
        command.env("TERM", "xterm").env("HOME", bench.path("")).env_remove("XDG_STATE_HOME");
        for name in
            ["DISPLAY", "WAYLAND_DISPLAY", "NO_COLOR", "http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"]
        {
            command.env_remove(name);
        }
        more(&mut command);
        let child = command.spawn().expect("the command starts");
        drop((command, screen));
        let watchdog = Watchdog::over(&child);
        let output = reader(keyboard.try_clone().expect("a descriptor"));
        Self {
            keyboard,
            child,
            _watchdog: watchdog,
            output,
            raw: Vec::new(),
            text: String::new(),
            read: 0,
            before,
        }
    }

    /// Presses keys.
    pub(crate) fn press(&mut self, keys: &str) {
        self.press_bytes(keys.as_bytes());
    }

    /// Presses what no keyboard has.
    pub(crate) fn press_bytes(&mut self, keys: &[u8]) {
        self.keyboard.write_all(keys).expect("the terminal takes keys");
    }

    /// Sends the process a signal of this name.
    pub(crate) fn signal(&self, name: &str) {
        let sent = Command::new("kill").args([format!("-{name}"), self.child.id().to_string()]).status();
        assert!(sent.is_ok_and(|status| status.success()), "kill is there");
    }

    /// Waits until this appears behind what was waited for before; gives what stood before it.
    #[track_caller]
    pub(crate) fn wait_for(&mut self, text: &str) -> String {
        loop {
            if let Some(place) = self.text[self.read..].find(text) {
                let before = self.text[self.read..self.read + place].to_owned();
                self.read += place + text.len();
                return before;
            }
            match self.output.recv_timeout(PATIENCE) {
                Ok(bytes) => self.take(&bytes),
                Err(_) => panic!("`{text}` did not appear; there is only:\n{}", &self.text[self.read..]),
            }
        }
    }

    /// Interrupts the command that works until this appears. Ctrl-C is pressed only while it is a signal, and not at every
    /// sign of life: its own echo is one. It is pressed again because a command may not have begun to work at the first.
    #[track_caller]
    pub(crate) fn interrupt_until(&mut self, text: &str) {
        const AGAIN: Duration = Duration::from_secs(1);
        for _ in 0..PATIENCE.as_secs() {
            if self.makes_signals() {
                self.press(CTRL_C);
            }
            while !self.text[self.read..].contains(text) {
                match self.output.recv_timeout(AGAIN) {
                    Ok(bytes) => self.take(&bytes),
                    Err(_) => break,
                }
            }
            if self.text[self.read..].contains(text) {
                self.wait_for(text);
                return;
            }
        }
        panic!("`{text}` did not appear; there is only:\n{}", &self.text[self.read..]);
    }

    /// Whether Ctrl-C becomes a signal, as it does while a command works; at the prompt it is a key.
    fn makes_signals(&self) -> bool {
        tcgetattr(&self.keyboard).is_ok_and(|terminal| terminal.local_modes.contains(LocalModes::ISIG))
    }

    /// Waits for the first prompt; gives what was said before it.
    #[track_caller]
    pub(crate) fn greeting(&mut self) -> String {
        self.wait_for(PROMPT)
    }

    /// Enters a line at the prompt and waits for the next prompt; gives what was said in between.
    #[track_caller]
    pub(crate) fn enter(&mut self, line: &str) -> String {
        self.press(line);
        self.press("\r");
        let said = self.wait_for(PROMPT);
        said.split_once('\n').map(|(_echo, said)| said.to_owned()).unwrap_or_default()
    }

    /// Waits for the end; gives the exit code. The terminal must be as it was.
    #[track_caller]
    pub(crate) fn ends(&mut self) -> Option<i32> {
        let status = self.child.wait().expect("the child is ours");
        let after = settings(&tcgetattr(&self.keyboard).expect("a terminal"));
        assert_eq!(self.before, after, "the terminal is left as it was found");
        status.code()
    }

    fn take(&mut self, bytes: &[u8]) {
        self.raw.extend_from_slice(bytes);
        self.text = plain(&String::from_utf8_lossy(&self.raw));
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        // Both fail when it has ended, as it should have.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// Both ends of a new terminal. Neither is inherited by what other tests start.
fn open() -> (File, OwnedFd) {
    let flags = OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC;
    let keyboard = rustix::pty::openpt(flags).expect("a pseudo-terminal");
    rustix::pty::grantpt(&keyboard).expect("it is granted");
    rustix::pty::unlockpt(&keyboard).expect("it is unlocked");
    let name = rustix::pty::ptsname(&keyboard, Vec::new()).expect("it has a name");
    let flags = OFlags::RDWR | OFlags::NOCTTY | OFlags::CLOEXEC;
    let screen = rustix::fs::open(name, flags, Mode::empty()).expect("its other end opens");
    let size = Winsize { ws_row: 50, ws_col: 500, ws_xpixel: 0, ws_ypixel: 0 };
    tcsetwinsize(&keyboard, size).expect("it has a size");
    // Else Ctrl-C throws away what was printed and not yet read.
    let mut terminal = tcgetattr(&screen).expect("a terminal");
    terminal.local_modes |= LocalModes::NOFLSH;
    tcsetattr(&screen, OptionalActions::Now, &terminal).expect("it is set");
    (keyboard.into(), screen)
}

/// Reads until the other end is closed, which is an error here.
fn reader(mut from: File) -> Receiver<Vec<u8>> {
    let (sender, output) = mpsc::channel();
    std::thread::spawn(move || {
        let mut buffer = [0; 4096];
        while let Ok(length @ 1..) = from.read(&mut buffer) {
            if sender.send(buffer[..length].to_vec()).is_err() {
                return;
            }
        }
    });
    output
}

fn settings(terminal: &Termios) -> String {
    let Termios { input_modes, output_modes, control_modes, local_modes, .. } = terminal;
    format!("{input_modes:?} {output_modes:?} {control_modes:?} {local_modes:?}")
}

/// Without control sequences (ECMA-48, 5.4) and carriage returns.
fn plain(text: &str) -> String {
    let (mut out, mut characters) = (String::new(), text.chars());
    while let Some(character) = characters.next() {
        match character {
            '\x1b' if characters.as_str().starts_with('[') => {
                characters.next();
                while characters.next().is_some_and(|c| !('\x40'..='\x7e').contains(&c)) {}
            }
            '\r' => {}
            other => out.push(other),
        }
    }
    out
}
