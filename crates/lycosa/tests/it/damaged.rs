//! Bodies whose coding is damaged, cut or too clever, through the whole client: the part that came is kept and flagged.

use std::path::PathBuf;

use lycosa::error::ErrorKind;
use lycosa::fetch::Client;
use lycosa::model::{BodyEnd, Fetch as _, FetchLimits};
use lycosa_testkit::{Request, Response, Server, gzip};

use crate::crawled::{crawled, record};
use crate::fetch_client::{get, options};

/// A body under these codings; the client's limits on it.
async fn fetched(codings: &str, wire: Vec<u8>, limits: FetchLimits) -> (bytes::Bytes, BodyEnd) {
    let codings = codings.to_owned();
    let server = Server::start(move |_: &Request| {
        Response::new(200).header("Content-Encoding", codings.clone()).body(wire.clone())
    });
    let client = Client::new(options()).unwrap();
    let mut exchange = get(&server.url("/"));
    exchange.limits = limits;
    let came = client.fetch(exchange).await.unwrap().body.read().await;
    client.close().await;
    came
}

fn corpus(name: &str) -> Option<Vec<u8>> {
    let root = std::env::var_os("LYCOSA_CORPUS").map_or_else(
        || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/corpus"),
        PathBuf::from,
    );
    std::fs::read(root.join("content-encoding").join(name)).ok()
}

#[tokio::test]
async fn every_file_of_the_corpus_ends_as_it_should_over_the_wire() {
    // Name, codings, decoded bytes, how it fails.
    let files: [(&str, &str, usize, Option<ErrorKind>); 9] = [
        ("html-gzip.bin", "gzip", 74_837, None),
        ("html-zlibdeflate.bin", "deflate", 74_840, None),
        ("html-zstd-static-no-content-size.bin", "zstd", 74_837, None),
        ("html-gzip-deflate-gzip.bin", "gzip, deflate, gzip", 0, Some(ErrorKind::Decompression)),
        ("truncated-crc-error-short.gz", "gzip", 3_741, Some(ErrorKind::Decompression)),
        ("bomb-br.bin", "br", 1 << 20, Some(ErrorKind::TooLarge)),
        ("bomb-gzip.bin", "gzip", 1 << 20, Some(ErrorKind::TooLarge)),
        ("feed-sample1.xml.bz2", "bzip2", 0, Some(ErrorKind::Decompression)),
        ("html-gzip.bin", "br", 0, Some(ErrorKind::Decompression)),
    ];
    let mut seen = 0;
    for (name, codings, length, fails) in files {
        let Some(wire) = corpus(name) else { continue };
        seen += 1;
        let limits = FetchLimits { decoded: 1 << 20, ratio: u32::MAX, ..FetchLimits::default() };
        let (body, end) = fetched(codings, wire, limits).await;
        assert_eq!(
            (body.len(), end.error.as_ref().map(lycosa::Error::kind)),
            (length, fails),
            "{name} as {codings}: {:?}",
            end.error
        );
        if codings.contains("deflate, ") {
            assert!(end.error.unwrap().message().contains("3 content codings are stacked, the limit is 2"));
        }
    }
    println!("{seen} of {} files", files.len());
}

#[tokio::test]
async fn the_ratio_stops_a_bomb_while_it_streams() {
    let zeros = gzip(&vec![0; 32 << 20]);
    let sent = zeros.len();
    let (body, end) = fetched("gzip", zeros, FetchLimits::default()).await;
    assert_eq!(end.error.unwrap().kind(), ErrorKind::TooLarge);
    assert!(body.len() < 32 << 20 && end.wire_bytes < sent as u64, "{} of {sent}", end.wire_bytes);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crawl_keeps_the_part_of_a_damaged_page_and_flags_it() {
    let text = format!(
        "<title>Whole</title><a href=/linked>1</a>{}",
        (0..20_000).map(|n| format!("{n} ")).collect::<String>()
    );
    let whole = gzip(text.as_bytes());
    let mut wrong_sum = whole.clone();
    let at = wrong_sum.len() - 6;
    wrong_sum[at] ^= 1;
    let cut = whole[..whole.len() / 2].to_vec();
    let server = Server::start(move |request: &Request| {
        let coded = |body: &[u8]| Response::html("").body(body.to_vec()).header("Content-Encoding", "gzip");
        match request.path() {
            "/" => {
                Response::html("<a href=/cut>1</a><a href=/sum>2</a><a href=/whole>3</a><a href=/none>4</a>")
            }
            "/cut" => coded(&cut),
            "/sum" => coded(&wrong_sum),
            "/whole" => coded(&whole),
            "/none" => coded(b"not gzip at all"),
            _ => Response::html("<title>Linked</title>"),
        }
    });
    let (report, records) = crawled(&server.url("/"), |_| {}).await;
    for path in ["/cut", "/sum"] {
        let page = record(&records, path);
        assert_eq!((&page["status"], &page["title"]), (&200.into(), &"Whole".into()), "{page:#}");
        assert_eq!(
            (&page["body"], &page["body_reason"]),
            (&"cut".into(), &"decompression".into()),
            "{page:#}"
        );
    }
    assert!(record(&records, "/whole").get("body").is_none());
    assert_eq!(record(&records, "/linked")["title"], "Linked", "its links are followed");
    assert_eq!(record(&records, "/none")["error"], "decompression", "of which nothing came is no page");
    assert_eq!(report.run.problems.len(), 2, "{:?}", report.run.problems);
}
