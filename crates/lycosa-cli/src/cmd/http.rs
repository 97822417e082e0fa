//! How single requests are made, in `fetch` and `shell` alike: what is sent, through whom, and for how long.

use lycosa::crawler::single::SingleOptions;
use lycosa::fetch::HttpVersion;
use lycosa::{Error, ErrorKind, Result};

use super::fetch::CharsetChoice;
use super::page::Reading;

/// The flags of a request.
#[derive(Debug, clap::Args)]
pub(super) struct Http {
    /// Add a header; repeatable
    #[arg(short = 'H', long = "header", value_name = "NAME: VALUE")]
    headers: Vec<String>,
    /// The User-Agent header
    #[arg(short = 'A', long, value_name = "TEXT")]
    user_agent: Option<String>,
    /// Basic authentication, sent to the URL's own origin only
    #[arg(short = 'u', long, value_name = "USER:PASSWORD")]
    user: Option<String>,
    /// A Cookie header, sent to the URL's own origin only
    #[arg(long, value_name = "NAME=VALUE; …")]
    cookie: Option<String>,
    /// Begin with the cookies in this file (cookies.txt of Netscape, or JSON)
    #[arg(short = 'b', long, value_name = "FILE")]
    cookie_file: Option<std::path::PathBuf>,
    /// Write the cookies to this file afterwards; JSON if it ends in .json
    #[arg(short = 'c', long, value_name = "FILE")]
    cookie_jar: Option<std::path::PathBuf>,
    /// A proxy: http://, socks5:// or socks5h://[USER:PASSWORD@]HOST:PORT; repeatable, they take turns over redirects
    /// [default: http_proxy, https_proxy, all_proxy and no_proxy of the environment]
    #[arg(long, value_name = "URL")]
    proxy: Vec<String>,
    /// The time for the whole request, redirects included [default: 120s]
    #[arg(long, value_name = "TIME", value_parser = timeout)]
    timeout: Option<std::time::Duration>,
    /// Do not check certificates
    #[arg(short = 'k', long)]
    insecure: bool,
    /// Trust the certificate authorities in this PEM file too
    #[arg(long, value_name = "FILE")]
    cacert: Option<std::path::PathBuf>,
    /// Which HTTP to speak: http1, prefer-h2, require-h2 or h2-prior-knowledge [default: http1]
    #[arg(long, value_name = "VERSION", value_parser = http_version)]
    http_version: Option<HttpVersion>,
    /// Keep answers below this folder and use them again as HTTP allows; a crawl can share it
    #[arg(long, value_name = "DIR")]
    cache: Option<std::path::PathBuf>,
    /// Answer from the cache alone, without the network
    #[arg(long, requires = "cache")]
    offline: bool,
    /// Ask this DNS server, such as 9.9.9.9 or 127.0.0.1:5353, instead of the system's; repeatable
    #[arg(long = "dns-server", value_name = "ADDRESS")]
    dns_servers: Vec<String>,
}

impl Http {
    /// The choices of a client, with what the page is read as.
    ///
    /// # Errors
    /// When a header or the user is written wrongly.
    pub(super) fn options(&self, reading: &Reading, charset: CharsetChoice) -> Result<SingleOptions> {
        Ok(SingleOptions {
            headers: self.headers.iter().map(|line| header(line)).collect::<Result<_>>()?,
            user_agent: self.user_agent.clone(),
            user: self.user.as_deref().map(user).transpose()?,
            cookie: self.cookie.clone(),
            cookie_file: self.cookie_file.clone(),
            cookie_jar: self.cookie_jar.clone(),
            proxies: self.proxy.clone(),
            proxy_from_env: true,
            timeout: self.timeout,
            max_body: reading.max_body.map(|size| size.0),
            charset: charset.0,
            kind: reading.kind(),
            insecure: self.insecure,
            cacert: self.cacert.clone(),
            http_version: self.http_version.unwrap_or_default(),
            dns_servers: self.dns_servers.clone(),
            cache: self.cache.clone(),
            offline: self.offline,
        })
    }
}

/// `Name: value`.
fn header(line: &str) -> Result<(String, String)> {
    let (name, value) = lycosa::middleware::parse_field(line)?;
    Ok((name.to_string(), String::from_utf8_lossy(value.as_bytes()).into_owned()))
}

/// `USER:PASSWORD`.
fn user(text: &str) -> Result<(String, String)> {
    let (user, password) = text.split_once(':').ok_or_else(|| {
        Error::new(ErrorKind::Usage, "the user has no password").with_hint("write -u USER:PASSWORD")
    })?;
    Ok((user.to_owned(), password.to_owned()))
}

/// Reads `--timeout`.
fn timeout(text: &str) -> Result<std::time::Duration, String> {
    match humantime::parse_duration(text) {
        Ok(time) if time.is_zero() => Err("it must be longer than 0".to_owned()),
        Ok(time) => Ok(time),
        Err(cause) => Err(cause.to_string()),
    }
}

fn http_version(name: &str) -> Result<HttpVersion, String> {
    let names = HttpVersion::ALL.map(|(name, _)| name).join(", ");
    HttpVersion::named(name).ok_or_else(|| format!("it is none of {names}"))
}
