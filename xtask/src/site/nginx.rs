//! One nginx on loopback, with a configuration, a pid file and temporary folders of its own.
//!
//! It runs in the foreground as a child. It ends with its value; when this process is interrupted, it gets the same
//! signal from the terminal; when this process is killed, the kernel tells it (`setpriv --pdeathsig`, where the
//! system has it).

use std::fs;
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

use super::scratch::Scratch;
use crate::failure::{Context as _, Failure, Result};
use crate::workspace;

/// How often readiness is looked at, and how many looks it gets: ten seconds.
const LOOK: (Duration, u32) = (Duration::from_millis(20), 500);
/// Another process may take the free port between finding it and listening.
const PORT_ATTEMPTS: u32 = 5;

/// What to serve, and how.
#[derive(Debug, Clone)]
pub(crate) struct Options {
    /// The folder that becomes `/`.
    pub(crate) root: PathBuf,
    /// 0 for any free port.
    pub(crate) port: u16,
    /// Compress HTML for clients that accept it.
    pub(crate) gzip: bool,
    /// Where to write one line per request.
    pub(crate) log: Option<PathBuf>,
    /// Serve over TLS, HTTP/2 offered, with `cert.pem` and `key.pem` of this folder.
    pub(crate) tls: Option<PathBuf>,
    /// The only processor core to run on.
    pub(crate) core: Option<u32>,
}

impl Options {
    /// A folder on any port, plainly.
    pub(crate) fn new(root: PathBuf) -> Self {
        Self { root, port: 0, gzip: false, log: None, tls: None, core: None }
    }
}

/// A running server.
#[derive(Debug)]
pub(crate) struct Server {
    child: Child,
    scheme: &'static str,
    port: u16,
    // Dropped after the child has ended, because it holds the child's files.
    _scratch: Scratch,
}

impl Server {
    /// Starts nginx and returns when it listens.
    pub(crate) fn start(options: &Options) -> Result<Self> {
        let nginx = workspace::program("nginx").ok_or_else(|| {
            Failure::new("nginx is not installed").hint("on Debian: apt-get install nginx-light")
        })?;
        let attempts = if options.port == 0 { PORT_ATTEMPTS } else { 1 };
        let mut last = Failure::new("nginx was not started");
        for _ in 0..attempts {
            match Self::attempt(&nginx, options) {
                Ok(server) => return Ok(server),
                Err(failure) => last = failure,
            }
        }
        Err(last)
    }

    fn attempt(nginx: &Path, options: &Options) -> Result<Self> {
        let port = if options.port == 0 { free_port()? } else { options.port };
        let scratch = Scratch::new("nginx")?;
        let folder = scratch.path().to_path_buf();
        let configuration = folder.join("nginx.conf");
        fs::write(&configuration, configuration_text(options, port, &folder))
            .context(format!("write {}", configuration.display()))?;
        let mut words = wrappers(options.core);
        words.push(nginx.to_string_lossy().into_owned());
        let mut command = Command::new(&words[0]);
        command.args(&words[1..]).arg("-e").arg(folder.join("error.log"));
        command.arg("-p").arg(&folder).arg("-c").arg(&configuration);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let child = command.spawn().context("start nginx")?;
        let scheme = if options.tls.is_some() { "https" } else { "http" };
        let mut server = Self { child, scheme, port, _scratch: scratch };
        server.become_ready(&folder)?;
        Ok(server)
    }

    /// The pid file is written once the port is ours, so both signs together cannot come from someone else's server.
    fn become_ready(&mut self, folder: &Path) -> Result<()> {
        for _ in 0..LOOK.1 {
            let has_ended = self.child.try_wait().context("look at nginx")?.is_some();
            if has_ended {
                break;
            }
            if folder.join("nginx.pid").is_file() && TcpStream::connect(("127.0.0.1", self.port)).is_ok() {
                return Ok(());
            }
            thread::sleep(LOOK.0);
        }
        let said = fs::read_to_string(folder.join("error.log")).unwrap_or_default();
        let last = said.lines().rev().find(|line| line.contains("[emerg]")).unwrap_or("it said nothing");
        Err(Failure::new(format!("nginx does not serve on port {}: {last}", self.port)))
    }

    /// The address of `/`.
    pub(crate) fn url(&self) -> String {
        format!("{}://127.0.0.1:{}/", self.scheme, self.port)
    }

    /// Where it listens.
    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// Waits until it is stopped from outside.
    pub(crate) fn wait(&mut self) -> Result<()> {
        self.child.wait().map(|_| ()).context("wait for nginx")
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // The standard library can only kill outright, which would leave the worker behind. `kill` is part of every
        // shell, while the program of that name is missing from small systems.
        let line = format!("kill -TERM {}", self.child.id());
        let asked = Command::new("sh").args(["-c", &line]).stderr(Stdio::null()).status();
        if !asked.is_ok_and(|status| status.success()) {
            let _ = self.child.kill();
        }
        let _ = self.child.wait();
    }
}

/// The programs that start nginx under conditions; each replaces itself by the next, so the child's id is nginx's.
fn wrappers(core: Option<u32>) -> Vec<String> {
    let mut words = Vec::new();
    if workspace::program("setpriv").is_some() {
        words.extend(["setpriv", "--pdeathsig", "TERM"].map(str::to_owned));
    }
    if let Some(core) = core {
        words.extend(["taskset".to_owned(), "-c".to_owned(), core.to_string()]);
    }
    words
}

fn free_port() -> Result<u16> {
    let listener = TcpListener::bind(("127.0.0.1", 0)).context("find a free port")?;
    listener.local_addr().map(|address| address.port()).context("find a free port")
}

/// The whole configuration: nothing of the system's nginx is read.
fn configuration_text(options: &Options, port: u16, folder: &Path) -> String {
    let folder = folder.display();
    let root = options.root.display();
    // Started by root, nginx would change to a user who cannot read caches in a private home.
    let user = workspace::output("id", &["-un"]).filter(|name| name.trim() == "root");
    let user = user.map(|name| format!("user {0} {0};\n", name.trim())).unwrap_or_default();
    let log = match &options.log {
        Some(path) => format!("\"{}\"", std::path::absolute(path).unwrap_or_else(|_| path.clone()).display()),
        None => "off".to_owned(),
    };
    let tls = options.tls.as_ref().map(|folder| {
        let folder = folder.display();
        format!(" ssl http2; ssl_certificate \"{folder}/cert.pem\"; ssl_certificate_key \"{folder}/key.pem\"")
    });
    let tls = tls.unwrap_or_default();
    let gzip = if options.gzip { "on" } else { "off" };
    let temporary: String = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
        .iter()
        .map(|name| format!("  {name}_temp_path \"{folder}/{name}\";\n"))
        .collect();
    format!(
        "{user}daemon off;\nworker_processes 1;\npid \"{folder}/nginx.pid\";\nerror_log \"{folder}/error.log\";\n\
         events {{ worker_connections 1024; }}\n\
         http {{\n{temporary}  access_log {log};\n  gzip {gzip};\n  sendfile on;\n  keepalive_requests 1000000;\n\
         \x20 types {{\n    text/html html htm;\n    application/xhtml+xml xhtml;\n    text/css css;\n    \
         text/javascript js;\n    text/plain txt;\n    image/svg+xml svg;\n    image/png png;\n    \
         image/gif gif;\n    application/xml xml;\n    application/json json;\n  }}\n  \
         default_type application/octet-stream;\n  \
         server {{ listen 127.0.0.1:{port}{tls}; server_name localhost; root \"{root}\"; index index.html; }}\n}}\n"
    )
}

#[cfg(test)]
mod tests {
    use std::io::{Read as _, Write as _};

    use super::*;

    fn get(url: &str, path: &str) -> Option<String> {
        let address = url.strip_prefix("http://")?.strip_suffix('/')?;
        let mut stream = TcpStream::connect(address).ok()?;
        write!(stream, "GET {path} HTTP/1.0\r\nHost: localhost\r\n\r\n").ok()?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).ok()?;
        Some(answer)
    }

    #[test]
    fn a_folder_is_served_with_a_log_and_the_server_goes_with_its_value() {
        if workspace::program("nginx").is_none() {
            println!("skipped: nginx is not installed");
            return;
        }
        let scratch = Scratch::new("test-site").unwrap();
        fs::write(scratch.path().join("index.html"), "<title>Here</title>").unwrap();
        let log = scratch.path().join("access.log");
        let options = Options { log: Some(log.clone()), ..Options::new(scratch.path().to_path_buf()) };
        let server = Server::start(&options).unwrap();
        let url = server.url();
        let answer = get(&url, "/").unwrap();
        assert!(
            answer.contains("200 OK") && answer.contains("text/html") && answer.contains("Here"),
            "{answer}"
        );
        assert!(get(&url, "/absent").unwrap().contains("404"));
        drop(server);
        assert_eq!(get(&url, "/"), None);
        assert_eq!(fs::read_to_string(log).unwrap().lines().count(), 2);
    }

    #[test]
    fn a_port_in_use_is_a_failure_that_names_it() {
        if workspace::program("nginx").is_none() {
            println!("skipped: nginx is not installed");
            return;
        }
        let taken = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let port = taken.local_addr().unwrap().port();
        let failure = Server::start(&Options { port, ..Options::new(std::env::temp_dir()) }).unwrap_err();
        assert!(failure.to_string().contains(&port.to_string()), "{failure}");
    }
}
