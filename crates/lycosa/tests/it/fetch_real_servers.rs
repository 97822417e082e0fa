//! Stories of the client against servers that others wrote: nginx and nghttpd, with and without HTTP/2.

use std::path::Path;

use lycosa::error::ErrorKind;
use lycosa::fetch::{Client, ClientOptions, HttpVersion};
use lycosa::model::{Downgrade, Facts, Fetch as _};
use lycosa_testkit::daemon::{self, Daemon};

use crate::fetch_client::{get, options, text};

const PAGE: &str = "<title>from a real server</title>";

/// A folder with a page, a key and its certificate.
fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    for (name, text) in
        [("index.html", PAGE), ("key.pem", &made.signing_key.serialize_pem()), ("cert.pem", &made.cert.pem())]
    {
        std::fs::write(folder.path().join(name), text).unwrap();
    }
    folder
}

fn nginx(folder: &Path, listen: &str, more: &str) -> Option<Daemon> {
    let place = folder.display();
    let tls = if listen.contains("ssl") {
        format!("ssl_certificate {place}/cert.pem;\nssl_certificate_key {place}/key.pem;\n")
    } else {
        String::new()
    };
    daemon::nginx(folder, &format!("listen LISTEN {listen};\nroot {place};\n{tls}{more}"))
}

fn asking_for(http_version: HttpVersion) -> ClientOptions {
    let mut options = options();
    (options.http_version, options.tls.insecure) = (http_version, true);
    options
}

async fn page(http_version: HttpVersion, url: &str) -> Facts {
    let client = Client::new(asking_for(http_version)).unwrap();
    let response = client.fetch(get(url)).await.unwrap_or_else(|error| panic!("{url}: {error:?}"));
    let facts = response.facts.clone();
    assert_eq!(text(response).await, PAGE);
    client.close().await;
    facts
}

#[tokio::test]
async fn nginx_with_http2_speaks_it_when_it_is_offered() {
    let folder = folder();
    let Some(server) = nginx(folder.path(), "ssl http2", "") else { return };
    let url = format!("https://{}/", server.address);
    for wish in [HttpVersion::PreferH2, HttpVersion::RequireH2] {
        let facts = page(wish, &url).await;
        assert_eq!((facts.version, facts.alpn, facts.downgrade), ("HTTP/2", Some("h2"), None));
    }
    let facts = page(HttpVersion::Http1, &url).await;
    assert_eq!((facts.version, facts.alpn_offered), ("HTTP/1.1", Some("http/1.1")));
}

#[tokio::test]
async fn nginx_without_http2_is_recorded_as_a_choice_of_http1() {
    let folder = folder();
    let Some(server) = nginx(folder.path(), "ssl", "") else { return };
    let url = format!("https://{}/", server.address);
    let facts = page(HttpVersion::PreferH2, &url).await;
    assert_eq!((facts.version, facts.downgrade), ("HTTP/1.1", Some(Downgrade::ChoseHttp1)));
    let client = Client::new(asking_for(HttpVersion::RequireH2)).unwrap();
    let error = client.fetch(get(&url)).await.unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::HttpVersion | ErrorKind::Tls), "{error:?}");
}

#[tokio::test]
async fn nginx_with_tls_1_2_alone_is_spoken_to_and_its_version_told() {
    let folder = folder();
    let Some(server) = nginx(folder.path(), "ssl http2", "ssl_protocols TLSv1.2;") else { return };
    let facts = page(HttpVersion::PreferH2, &format!("https://{}/", server.address)).await;
    assert_eq!((facts.tls, facts.version), (Some("TLSv1.2"), "HTTP/2"));
}

#[tokio::test]
async fn http2_is_spoken_without_asking_where_that_is_known_to_work() {
    let folder = folder();
    let Some(server) = nginx(folder.path(), "http2", "") else { return };
    let facts = page(HttpVersion::H2PriorKnowledge, &format!("http://{}/", server.address)).await;
    assert_eq!((facts.version, facts.alpn_offered, facts.tls), ("HTTP/2", None, None));
}

#[tokio::test]
async fn nghttpd_is_spoken_to_over_tls_and_without() {
    let folder = folder();
    let place = folder.path().display().to_string();
    let plain = Daemon::start("nghttpd", |port| {
        ["--no-tls", "-a", "127.0.0.1", "-d", &place, &port.to_string()].map(str::to_owned).to_vec()
    });
    let Some(plain) = plain else { return };
    let facts = page(HttpVersion::H2PriorKnowledge, &format!("http://{}/", plain.address)).await;
    assert_eq!(facts.version, "HTTP/2");
    let tls = Daemon::start("nghttpd", |port| {
        let (key, certificate) = (format!("{place}/key.pem"), format!("{place}/cert.pem"));
        ["-a", "127.0.0.1", "-d", &place, &port.to_string(), &key, &certificate].map(str::to_owned).to_vec()
    });
    let Some(tls) = tls else { return };
    let facts = page(HttpVersion::RequireH2, &format!("https://{}/", tls.address)).await;
    assert_eq!((facts.version, facts.alpn), ("HTTP/2", Some("h2")));
}
