//! Who asks: a name on every request that leaves, whatever it is for; profiles by host, in their order; robots.txt
//! judged by the name that is sent.

use std::sync::Arc;

use http::{HeaderMap, HeaderValue};
use lycosa::crawler::{Options, Report};
use lycosa::error::ErrorKind;
use lycosa::fetch::{Client, HttpVersion};
use lycosa::middleware::USER_AGENT;
use lycosa::model::{Exchange, Fetch as _, Request};
use lycosa::profiles::HostProfile;
use lycosa::proxies::{ProxyOptions, ProxyPool};
use lycosa_testkit as testkit;
use serde_json::Value;
use testkit::{Hit, Response};

use crate::crawled::{crawled, record};
use crate::fetch_client::{get, options, text};
use crate::fetch_tunnels::{http_proxy, http2_server, https};

fn agents(hit: &Hit) -> Vec<&str> {
    let fields = hit.headers.iter().filter(|(name, _)| name.eq_ignore_ascii_case("user-agent"));
    fields.map(|(_, value)| value.as_str()).collect()
}

/// A site that makes a crawl send requests of every kind.
fn everything(request: &testkit::Request) -> Response {
    match request.path() {
        "/robots.txt" if request.visit == 1 => Response::redirect(302, "/moved.txt"),
        "/robots.txt" | "/moved.txt" => Response::text("Sitemap: /map.xml"),
        "/map.xml" => Response::new(200).header("Content-Type", "application/xml").body(
            "<urlset><url><loc>/listed</loc></url></urlset>"
                .replace("/listed", &format!("http://{}/listed", request.host())),
        ),
        "/" => Response::html("<a href=/hop>1</a><a href=/tagged>2</a><a href=/busy>3</a>"),
        "/hop" => Response::redirect(302, "/landed"),
        "/busy" if request.visit == 1 => Response::new(500),
        "/tagged" if request.header("if-none-match").is_some() => Response::new(304),
        "/tagged" => Response::html("tagged").header("ETag", "\"a\""),
        _ => Response::html("a page"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_request_of_a_crawl_leaves_without_a_name_whatever_it_is_for() {
    let server = testkit::Server::start(everything);
    let folder = tempfile::tempdir().unwrap();
    for _ in 0..2 {
        let cache = folder.path().to_owned();
        let (report, _) = crawled(&server.url("/"), |options| {
            (options.robots, options.sitemap, options.cache) = (true, true, Some(cache));
            options.retry.first = std::time::Duration::ZERO;
            options.user_agent = Some("survey/1 (+me)".to_owned());
        })
        .await;
        assert!(report.run.failures.is_empty(), "{report}");
    }
    let log = server.log();
    let asked = |path: &str| log.iter().filter(|hit| hit.path == path).count();
    let kinds = ["/robots.txt", "/moved.txt", "/map.xml", "/listed", "/", "/hop", "/landed"];
    assert!(kinds.iter().all(|path| asked(path) > 0), "{log:?}");
    assert!(asked("/busy") >= 2, "a retry");
    let revalidated = |hit: &Hit| hit.headers.iter().any(|(name, _)| name == "if-none-match");
    assert!(log.iter().any(revalidated), "a revalidation");
    for hit in &log {
        assert_eq!(agents(hit), ["survey/1 (+me)"], "{}", hit.path);
    }
}

#[tokio::test]
async fn the_client_alone_names_itself_too_over_every_protocol_and_to_proxies() {
    let plain = testkit::Server::start(|_: &testkit::Request| Response::text("plain"));
    let client = Client::new(options()).unwrap();
    let mut nameless = get(&plain.url("/"));
    nameless.headers.insert("user-agent", HeaderValue::from_static(""));
    for exchange in [get(&plain.url("/")), nameless] {
        text(client.fetch(exchange).await.unwrap()).await;
    }
    assert!(plain.log().iter().all(|hit| agents(hit) == [USER_AGENT]), "{:?}", plain.log());

    let server = http2_server().await;
    let mut options = options();
    (options.http_version, options.tls.insecure) = (HttpVersion::RequireH2, true);
    let client = Client::new(options).unwrap();
    let told = text(client.fetch(get(&https(&server, "/fields"))).await.unwrap()).await;
    assert_eq!(told, format!("user-agent: {USER_AGENT}\n"));
    client.close().await;
}

#[tokio::test]
async fn a_proxy_that_is_asked_for_a_tunnel_learns_the_name_of_the_request() {
    let (proxy, mut told) = http_proxy(None).await;
    let client = Client::new(crate::fetch_client::options()).unwrap();
    let own = lycosa::model::ProxyUrl::new(format!("http://{}", proxy.address));
    for (agent, expected) in [(None, USER_AGENT), (Some("phone/2"), "phone/2")] {
        let mut exchange = Exchange { proxy: Some(own.clone()), ..get("https://site.invalid/") };
        exchange
            .headers
            .extend(agent.map(|agent| (http::header::USER_AGENT, HeaderValue::from_static(agent))));
        let _no_site = client.fetch(exchange).await;
        let head = told.recv().await.unwrap();
        assert!(head.starts_with("CONNECT site.invalid:443 "), "{head}");
        assert!(head.contains(&format!("\r\nUser-Agent: {expected}\r\n")), "{head}");
    }
}

/// The names of the fields in the order in which they arrived.
fn order(headers: &[(String, String)]) -> Vec<&str> {
    headers.iter().map(|(name, _)| name.as_str()).collect()
}

#[tokio::test]
async fn fields_are_sent_in_their_order_over_both_protocols() {
    let fields = ["x-c", "accept", "x-a", "user-agent", "accept-language", "x-b"];
    let mut headers = HeaderMap::new();
    for name in fields {
        headers.append(name, HeaderValue::from_static("v"));
    }
    headers.append("x-c", HeaderValue::from_static("again"));
    let server = testkit::Server::start(|_: &testkit::Request| Response::text("ok"));
    let client = Client::new(options()).unwrap();
    let asked = Exchange { headers: headers.clone(), ..get(&server.url("/")) };
    text(client.fetch(asked).await.unwrap()).await;
    let expected = ["host", "x-c", "x-c", "accept", "x-a", "user-agent", "accept-language", "x-b"];
    assert_eq!(order(&server.log()[0].headers), expected);

    let server = http2_server().await;
    let mut options = options();
    (options.http_version, options.tls.insecure) = (HttpVersion::RequireH2, true);
    let client = Client::new(options).unwrap();
    for turn in ["a new connection", "the same again"] {
        let asked = Exchange { headers: headers.clone(), ..get(&https(&server, "/fields")) };
        let told = text(client.fetch(asked).await.unwrap()).await;
        let names: Vec<_> = told.lines().filter_map(|line| line.split(':').next()).collect();
        assert_eq!(names, expected[1..], "{turn}");
    }
    client.close().await;
}

fn profile(host: &str, agent: &str, headers: &[(&str, &str)]) -> HostProfile {
    let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    HostProfile { host: host.to_owned(), user_agent: Some(agent.to_owned()), headers }
}

/// Crawls made-up hosts through a proxy that answers for all of them.
async fn through(proxy: &testkit::Server, change: impl FnOnce(&mut Options)) -> (Report, Vec<Value>) {
    let pool = Arc::new(ProxyPool::new([proxy.url("").as_str()], ProxyOptions::default()));
    crawled("http://a.test/", |options| {
        (options.robots, options.scope, options.proxies) = (true, lycosa::scope::ScopeMode::Any, Some(pool));
        change(options);
    })
    .await
}

fn hosts(request: &testkit::Request) -> Response {
    match request.target.as_str() {
        "http://a.test/" => Response::html("<a href=http://m.b.test/>b</a><a href=http://c.test/>c</a>"),
        target if target.ends_with("/robots.txt") => {
            Response::text("User-agent: phone\nDisallow: /closed\n\nUser-agent: survey\nDisallow: /shut")
        }
        _ => Response::html("<a href=/closed>1</a><a href=/shut>2</a>"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_host_meets_its_own_profile_and_judges_by_the_name_it_is_sent() {
    let proxy = testkit::Server::start(hosts);
    let headers = [("Accept-Language", "fr"), ("X-Device", "phone"), ("Accept", "text/html")];
    let (_, records) = through(&proxy, |options| {
        options.user_agent = Some("survey/1".to_owned());
        options.headers = vec![("X-Crawl".to_owned(), "7".to_owned())];
        options.hosts = vec![profile("*.b.test", "phone/2 (+me)", &headers)];
    })
    .await;
    let log = proxy.log();
    for hit in &log {
        let is_phone = hit.host == "m.b.test";
        assert_eq!(agents(hit), [if is_phone { "phone/2 (+me)" } else { "survey/1" }], "{}", hit.target);
        let names = order(&hit.headers);
        if is_phone {
            let expected =
                ["host", "user-agent", "accept-language", "x-device", "accept", "accept-encoding", "x-crawl"];
            assert_eq!(names, expected, "{}", hit.target);
        } else {
            assert!(!names.contains(&"x-device") && names.contains(&"x-crawl"), "{names:?}");
        }
    }
    for (url, name) in [("m.b.test/closed", "phone"), ("c.test/shut", "survey")] {
        assert_eq!(record(&records, url)["reason"], "robots", "{name} is told so: {records:#?}");
        assert!(!log.iter().any(|hit| hit.target.ends_with(url)), "{url}");
    }
    for url in ["m.b.test/shut", "c.test/closed"] {
        assert_eq!(record(&records, url)["status"], 200, "{url}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_that_a_hook_gives_a_request_is_the_one_robots_txt_judges() {
    let server = testkit::Server::start(|request: &testkit::Request| match request.path() {
        "/robots.txt" => Response::text("User-agent: phone\nDisallow: /closed"),
        _ => Response::html("<a href=/closed>1</a><a href=/closed?plain>2</a>"),
    });
    let folder = tempfile::tempdir().unwrap();
    let crawler = lycosa::Crawler::new(&server.url("/")).delay(std::time::Duration::ZERO);
    let rename = |request: &mut Request| {
        if request.url.ends_with("/closed") {
            request.headers.push(("User-Agent".into(), "phone/1".into()));
        }
        true
    };
    crawler.output(folder.path().join("out.jsonl")).on_request(rename).run().await.unwrap();
    let mut asked: Vec<_> = server.log().into_iter().map(|hit| hit.target).collect();
    asked.sort();
    assert_eq!(asked, ["/", "/closed?plain", "/robots.txt"]);
}

#[tokio::test]
async fn an_empty_name_is_refused_before_anything_is_sent() {
    let server = testkit::Server::start(|_: &testkit::Request| Response::text("never"));

    let by_option = |options: &mut Options| options.user_agent = Some(String::new());
    let by_header = |options: &mut Options| options.headers = vec![("User-Agent".to_owned(), " ".to_owned())];
    let by_host = |options: &mut Options| options.hosts = vec![profile("*", "", &[])];
    for change in [by_option as fn(&mut Options), by_header, by_host] {
        let crawler = lycosa::Crawler::new(&server.url("/")).options(change);
        let error = crawler.run().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Usage);
        assert!(error.message().contains("User-Agent is empty") && error.hint().is_some(), "{error}");
    }
    assert_eq!(server.hits(), 0);
}
