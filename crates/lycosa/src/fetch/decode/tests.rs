//! Stories of the decoders: every coding in pieces of every size, bombs, damage, the shared corpus.

use std::io::Write as _;
use std::path::PathBuf;

use flate2::write::{DeflateEncoder, GzEncoder, ZlibEncoder};
use http::HeaderValue;
use proptest::prelude::*;

use super::*;

const WIDE: Bounds = Bounds { decoded: 256 << 20, ratio: u32::MAX, wire: u64::MAX };

fn decoder(codings: &str) -> Decoder {
    of(codings).unwrap().unwrap()
}

fn of(codings: &str) -> Result<Option<Decoder>> {
    let mut headers = HeaderMap::new();
    headers.insert(CONTENT_ENCODING, HeaderValue::from_str(codings).unwrap());
    Decoder::of(&headers)
}

/// Feeds it in pieces; the bytes that came out, and the first error.
fn decode(codings: &str, wire: &[u8], piece: usize, bounds: Bounds) -> (Vec<u8>, Option<Error>) {
    let mut decoder = decoder(codings);
    let mut out = Vec::new();
    let mut fed = 0;
    for piece in wire.chunks(piece) {
        fed += piece.len() as u64;
        let (bytes, error) = decoder.feed(piece, &Bounds { wire: bounds.wire.min(fed), ..bounds });
        out.extend_from_slice(&bytes);
        if error.is_some() {
            return (out, error);
        }
    }
    let error = decoder.finish().err();
    (out, error)
}

fn gzip(plain: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(plain).unwrap();
    encoder.finish().unwrap()
}

fn encode(coding: &str, plain: &[u8]) -> Vec<u8> {
    match coding {
        "gzip" => gzip(plain),
        "deflate" => {
            let mut encoder = ZlibEncoder::new(Vec::new(), flate2::Compression::default());
            encoder.write_all(plain).unwrap();
            encoder.finish().unwrap()
        }
        "raw" => {
            let mut encoder = DeflateEncoder::new(Vec::new(), flate2::Compression::default());
            encoder.write_all(plain).unwrap();
            encoder.finish().unwrap()
        }
        "zstd" => zstd::encode_all(plain, 3).unwrap(),
        other => unreachable!("{other}"),
    }
}

/// Text long enough for several steps, that does not shrink to nothing.
fn prose(bytes: usize) -> Vec<u8> {
    let mut number = 1_u32;
    let words = std::iter::repeat_with(|| {
        number = number.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        format!("{} ", number >> 20)
    });
    let mut text: Vec<u8> = words.flat_map(String::into_bytes).take(bytes).collect();
    text.shrink_to_fit();
    text
}

#[test]
fn every_coding_comes_out_whatever_the_pieces() {
    let plain = prose(200_000);
    for (header, coding) in
        [("gzip", "gzip"), ("X-GZIP", "gzip"), ("deflate", "deflate"), ("deflate", "raw"), ("zstd", "zstd")]
    {
        let wire = encode(coding, &plain);
        for piece in [1, 2, 7, 1_000, 16 << 10, usize::MAX] {
            let (out, error) = decode(header, &wire, piece, WIDE);
            assert!(error.is_none(), "{coding} by {piece}: {error:?}");
            assert!(out == plain, "{coding} by {piece}");
        }
    }
}

#[test]
fn two_codings_may_be_stacked_and_three_may_not() {
    let plain = prose(100_000);
    let wire = encode("zstd", &gzip(&plain));
    for piece in [1, 1_000, usize::MAX] {
        let (out, error) = decode("gzip, zstd", &wire, piece, WIDE);
        assert!(error.is_none() && out == plain, "{error:?}");
    }
    let error = of("gzip, deflate, gzip").err().unwrap();
    assert_eq!((error.kind(), error.phase()), (ErrorKind::Decompression, Some(Phase::Decode)));
    assert!(of("gzip, identity").unwrap().is_some());
    assert!(of("identity").unwrap().is_none());
    assert!(of("sdch").is_err());
}

#[test]
fn gzip_members_follow_each_other_and_garbage_after_them_is_ignored() {
    let two = [gzip(b"one "), gzip(b"two")].concat();
    for piece in [1, usize::MAX] {
        assert_eq!(decode("gzip", &two, piece, WIDE).0, b"one two");
        for garbage in [&b"\0\0\0\0"[..], b"<!-- cached -->"] {
            let (out, error) = decode("gzip", &[&two, garbage].concat(), piece, WIDE);
            assert_eq!((out.as_slice(), error.is_none()), (&b"one two"[..], true));
        }
    }
    let frames = [encode("zstd", b"one "), encode("zstd", b"two"), b"garbage".to_vec()].concat();
    assert_eq!(decode("zstd", &frames, 3, WIDE).0, b"one two");
}

#[test]
fn a_stream_cut_anywhere_gives_what_came_before_and_an_error() {
    let plain = prose(50_000);
    for coding in ["gzip", "deflate", "zstd"] {
        let wire = encode(coding, &plain);
        for cut in [1, 5, wire.len() / 2, wire.len() - 1] {
            let (out, error) = decode(coding, &wire[..cut], 100, WIDE);
            assert!(plain.starts_with(&out), "{coding} cut at {cut}");
            assert_eq!(error.unwrap().kind(), ErrorKind::Decompression, "{coding} cut at {cut}");
            assert!(
                coding != "gzip" || cut < 1_000 || out.len() > 10_000,
                "{coding} cut at {cut} gave {}",
                out.len()
            );
        }
    }
}

#[test]
fn bombs_stop_at_the_limit_and_leave_the_part_before_it() {
    let zeros = vec![0; 50 << 20];
    for coding in ["gzip", "deflate", "raw", "zstd"] {
        let wire = encode(coding, &zeros);
        let header = if coding == "raw" { "deflate" } else { coding };
        let (out, error) = decode(header, &wire, usize::MAX, Bounds { decoded: 1_000_000, ..WIDE });
        assert_eq!((out.len(), error.unwrap().kind()), (1_000_000, ErrorKind::TooLarge), "{coding}");
        let (out, error) = decode(header, &wire, 1 << 10, Bounds { ratio: 200, ..WIDE });
        assert_eq!(error.unwrap().kind(), ErrorKind::TooLarge, "{coding}");
        assert!(out.len() <= 200 * (wire.len() + STEP), "{coding}: {}", out.len());
    }
    let nested = gzip(&gzip(&zeros));
    let (out, error) = decode("gzip, gzip", &nested, usize::MAX, Bounds { ratio: 200, ..WIDE });
    assert_eq!(error.unwrap().kind(), ErrorKind::TooLarge);
    assert!(out.len() <= (64 << 10) + 200 * nested.len() + STEP);
}

#[test]
fn a_zstd_window_beyond_8_mib_is_refused() {
    let mut encoder = zstd::stream::Encoder::new(Vec::new(), 1).unwrap();
    encoder.window_log(27).unwrap();
    encoder.write_all(&prose(100_000)).unwrap();
    let wire = encoder.finish().unwrap();
    let (_, error) = decode("zstd", &wire, usize::MAX, WIDE);
    assert_eq!(error.unwrap().kind(), ErrorKind::Decompression);
}

proptest! {
    #[test]
    fn no_bytes_make_a_decoder_panic_or_spin(
        bytes in proptest::collection::vec(any::<u8>(), 0..2_000),
        piece in 1_usize..300,
        coding in 0_usize..5,
    ) {
        let coding = ["gzip", "deflate", "br", "zstd", "gzip, br"][coding];
        let _ = decode(coding, &bytes, piece, Bounds { decoded: 1 << 20, ratio: 200, wire: u64::MAX });
    }

    #[test]
    fn damage_in_a_good_stream_is_an_error_or_harmless(at in 0_usize..10_000, flip in 1_u8..) {
        let plain = prose(20_000);
        for coding in ["gzip", "deflate", "zstd"] {
            let mut wire = encode(coding, &plain);
            let at = at % wire.len();
            wire[at] ^= flip;
            let (out, error) = decode(coding, &wire, 500, Bounds { decoded: 1 << 20, ..WIDE });
            // A checksum guards gzip and zlib; only bytes that say nothing of the content may change. zlib's is weak
            // enough for a single flip to meet a text with the same sum.
            let met = coding == "deflate" && adler32(&out) == adler32(&plain);
            prop_assert!(error.is_some() || out == plain || met || coding == "zstd" || at < 10);
        }
    }
}

/// The checksum of zlib (RFC 1950 §8.2).
fn adler32(bytes: &[u8]) -> (u32, u32) {
    bytes.iter().fold((1, 0), |(a, b), byte| {
        let a = (a + u32::from(*byte)) % 65_521;
        (a, (a + b) % 65_521)
    })
}

fn corpus(name: &str) -> Option<Vec<u8>> {
    let root = std::env::var_os("LYCOSA_CORPUS").map_or_else(
        || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/corpus"),
        PathBuf::from,
    );
    let path = root.join("content-encoding").join(name);
    let bytes = std::fs::read(&path).ok();
    if bytes.is_none() {
        println!("skipped: {} is absent", path.display());
    }
    bytes
}

#[test]
fn the_corpus_of_compressed_bodies_decodes() {
    // The lengths are those that Python's zlib and the zstd command give.
    for (name, codings, length) in [
        ("html-gzip.bin", "gzip", 74_837),
        ("html-zlibdeflate.bin", "deflate", 74_840),
        ("html-zstd-static-no-content-size.bin", "zstd", 74_837),
    ] {
        let Some(wire) = corpus(name) else { continue };
        for piece in [1, 512, usize::MAX] {
            let (out, error) = decode(codings, &wire, piece, WIDE);
            assert!(
                error.is_none() && out.len() == length,
                "{name} by {piece}: {} bytes, {error:?}",
                out.len()
            );
            assert!(out.trim_ascii_end().ends_with(b"</html>"), "{name}");
        }
    }
    if let (Some(wire), Some(page)) = (corpus("html-gzip-deflate-gzip.bin"), corpus("html-gzip.bin")) {
        assert!(of("gzip, deflate, gzip").is_err(), "three codings are too many");
        // Two of the three are undone when only they are named: what is left is the third.
        let (inner, error) = decode("deflate, gzip", &wire, 512, WIDE);
        assert!(error.is_none(), "{error:?}");
        assert_eq!(decode("gzip", &inner, 512, WIDE).0, decode("gzip", &page, 512, WIDE).0);
    }
    if let Some(wire) = corpus("truncated-crc-error-short.gz") {
        let (out, error) = decode("gzip", &wire, 512, WIDE);
        assert_eq!(error.unwrap().kind(), ErrorKind::Decompression);
        assert_eq!(out.len(), 3_741, "the part before the cut is kept");
    }
}

#[test]
fn the_corpus_of_bombs_stops_at_every_limit() {
    for (name, codings) in [("bomb-br.bin", "br"), ("bomb-gzip.bin", "gzip")] {
        let Some(wire) = corpus(name) else { continue };
        let (out, error) = decode(codings, &wire, usize::MAX, Bounds { decoded: 1 << 20, ..WIDE });
        assert_eq!((out.len(), error.unwrap().kind()), (1 << 20, ErrorKind::TooLarge), "{name}");
        let (out, error) = decode(codings, &wire, usize::MAX, Bounds { ratio: 200, ..WIDE });
        assert_eq!(error.unwrap().kind(), ErrorKind::TooLarge, "{name}");
        assert!(out.len() <= (64 << 10) + 200 * wire.len() + STEP, "{name}: {}", out.len());
    }
}
