//! Real servers as child processes: started on a free port of loopback, ended by their process id.
//!
//! A server that is not installed is no failure of the code under test: [`Daemon::start`] then answers nothing, and
//! the test says `skipped: …` on a line of its own.

use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

/// How long a server may take to accept its first connection.
const START: Duration = Duration::from_secs(20);

/// A running server; dropping it ends the process.
#[derive(Debug)]
pub struct Daemon {
    child: Child,
    program: PathBuf,
    arguments: Vec<String>,
    /// Where it accepts connections.
    pub address: SocketAddr,
}

impl Daemon {
    /// Starts a program that stays in the foreground and listens on the port that `arguments` is given. `None` when it
    /// is not installed.
    ///
    /// # Panics
    /// When it is installed and does not come up.
    #[expect(clippy::print_stdout, reason = "the test's own word for having been skipped")]
    pub fn start(program: &str, arguments: impl FnOnce(u16) -> Vec<String>) -> Option<Self> {
        let Some(path) = installed(program) else {
            println!("skipped: {program} is not installed");
            return None;
        };
        let port = free_port();
        let address = SocketAddr::from(([127, 0, 0, 1], port));
        let arguments = arguments(port);
        let mut daemon = Self { child: spawn(&path, &arguments), program: path, arguments, address };
        daemon.wait_until_it_accepts();
        Some(daemon)
    }

    /// Ends the process, as if it had crashed.
    pub fn stop(&mut self) {
        // Errors mean that it has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// Starts the same program on the same port, after [`Daemon::stop`].
    ///
    /// # Panics
    /// When it does not come up.
    pub fn start_again(&mut self) {
        self.child = spawn(&self.program, &self.arguments);
        self.wait_until_it_accepts();
    }

    fn wait_until_it_accepts(&mut self) {
        const PAUSE: Duration = Duration::from_millis(10);
        let mut left = START;
        let program = self.program.display().to_string();
        while TcpStream::connect(self.address).is_err() {
            if let Ok(Some(status)) = self.child.try_wait() {
                panic!("{program} ended with {status} before it accepted a connection");
            }
            assert!(!left.is_zero(), "{program} does not accept connections");
            std::thread::sleep(PAUSE);
            left = left.saturating_sub(PAUSE);
        }
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        self.stop();
    }
}

fn spawn(program: &Path, arguments: &[String]) -> Child {
    // microsocks writes a line for every connection there.
    let chatty = program.ends_with("microsocks");
    let complaints = if chatty { Stdio::null() } else { Stdio::inherit() };
    let mut command = Command::new(program);
    command.args(arguments).stdin(Stdio::null()).stdout(Stdio::null()).stderr(complaints);
    command.spawn().unwrap_or_else(|cause| panic!("{} does not start: {cause}", program.display()))
}

/// nginx with one `server` block of these lines, whose files are in `folder`; `LISTEN` in them is the address and port.
///
/// # Panics
/// When the configuration cannot be written or nginx refuses it.
pub fn nginx(folder: &Path, server: &str) -> Option<Daemon> {
    Daemon::start("nginx", |port| {
        let server = server.replace("LISTEN", &format!("127.0.0.1:{port}"));
        let user = if is_root() { "user root;\n" } else { "" };
        let place = folder.display();
        let text = format!(
            "{user}daemon off;\nmaster_process off;\nworker_processes 1;\npid {place}/nginx.pid;\nerror_log {place}/error.log;\n\
             events {{ worker_connections 512; }}\nhttp {{\naccess_log off;\nkeepalive_requests 100000;\n\
             client_body_temp_path {place}/t1;\nproxy_temp_path {place}/t2;\nfastcgi_temp_path {place}/t3;\n\
             uwsgi_temp_path {place}/t4;\nscgi_temp_path {place}/t5;\nserver {{\n{server}\n}}\n}}\n"
        );
        let path = folder.join("nginx.conf");
        std::fs::write(&path, text)
            .unwrap_or_else(|cause| panic!("{} cannot be written: {cause}", path.display()));
        vec!["-c".into(), path.display().to_string(), "-p".into(), place.to_string()]
    })
}

/// tinyproxy with these lines after its defaults (`BasicAuth USER PASSWORD`, `Bind ADDRESS`); its files are in `folder`.
///
/// # Panics
/// When its configuration cannot be written.
pub fn tinyproxy(folder: &Path, lines: &str) -> Option<Daemon> {
    Daemon::start("tinyproxy", |port| {
        let log = folder.join(format!("tinyproxy-{port}.log"));
        let text = format!(
            "Port {port}\nListen 127.0.0.1\nTimeout 60\nMaxClients 100\nLogLevel Critical\nLogFile \"{}\"\n{lines}\n",
            log.display()
        );
        let path = folder.join(format!("tinyproxy-{port}.conf"));
        std::fs::write(&path, text)
            .unwrap_or_else(|cause| panic!("{} cannot be written: {cause}", path.display()));
        vec!["-d".into(), "-c".into(), path.display().to_string()]
    })
}

/// microsocks with these arguments (`-u USER -P PASSWORD`, `-b ADDRESS` for what it connects from).
pub fn microsocks(arguments: &[&str]) -> Option<Daemon> {
    Daemon::start("microsocks", |port| {
        let place = ["-i", "127.0.0.1", "-p"].map(str::to_owned).into_iter().chain([port.to_string()]);
        place.chain(arguments.iter().map(|&argument| argument.to_owned())).collect()
    })
}

fn is_root() -> bool {
    let answer = Command::new("id").arg("-u").output();
    answer.is_ok_and(|answer| answer.stdout.trim_ascii() == b"0")
}

/// Where a program is; servers often live in folders that only root has on its path.
pub fn installed(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let more = ["/usr/sbin", "/usr/local/sbin"].map(PathBuf::from);
    std::env::split_paths(&path).chain(more).map(|folder| folder.join(program)).find(|path| path.is_file())
}

/// A port that nobody listened on a moment ago. It lies below those that a system gives to outgoing connections and to
/// listeners that ask for any port, which would take one of them before the daemon does.
fn free_port() -> u16 {
    const FIRST: u32 = 20_000;
    const COUNT: u32 = 12_000;
    static NEXT: AtomicU32 = AtomicU32::new(0);
    // Test programs that run at the same time begin at different places.
    let start = std::process::id().wrapping_mul(97);
    let candidates = std::iter::repeat_with(|| start.wrapping_add(NEXT.fetch_add(1, Ordering::Relaxed)));
    let ports = candidates.take(1_000).filter_map(|number| u16::try_from(FIRST + number % COUNT).ok());
    let free = |port: &u16| TcpListener::bind(("127.0.0.1", *port)).is_ok();
    ports.into_iter().find(free).unwrap_or_else(|| panic!("no free port"))
}
