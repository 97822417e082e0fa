//! What is written is read again; what is damaged is told, never a panic.

use proptest::prelude::*;

use super::*;
use crate::error::{Error, ErrorKind, Phase};
use crate::model::{Block, BlockKind, BlockLayer, Revisit, Visit};

fn arbitrary_request() -> impl Strategy<Value = Request> {
    let texts = ("[a-z]{0,8}", "[ -~]{0,12}", prop::option::of("[a-z]{1,6}"));
    (texts, 0_u8..4, 0_u32..9, 0_u32..5, any::<bool>(), prop::collection::vec("[a-z]{1,4}", 0..3)).prop_map(
        |((path, value, label), class, depth, attempt, special, hops)| {
            let mut request = Request::get(format!("http://a.test:8080/{path}"));
            (request.class, request.depth, request.attempt) = (class, depth, attempt);
            request.parent = label.as_ref().map(|label| format!("http://a.test:8080/{label}").into());
            if special {
                request.label = label.map(Arc::from);
                request.headers.push(("X-Test".into(), value.clone().into()));
                request.meta.insert("note".into(), value.into());
                request.kind = RequestKind::Redirect;
                request.generation = depth + 1;
                let visit =
                    Visit { changes: 7, content: u64::MAX, etag: Some(path.into()), ..Visit::default() };
                let date = |days: u32| crate::model::Timestamp(u64::from(days) << 30);
                let mut revisit = Revisit::new(date(1 << 10), visit);
                (revisit.told, revisit.visit.lied) = ((depth > 4).then(|| date(depth)), depth % 2 == 0);
                revisit.visit.listed_at = (depth > 2).then(|| date(1));
                request.revisit = Some(Box::new(revisit));
                request.chain = hops
                    .iter()
                    .map(|hop| Hop { url: format!("http://b.test/{hop}").into(), status: 302 })
                    .collect();
            }
            request
        },
    )
}

fn discovered(request: Request, key: u64) -> Discovered {
    let origin = Origin::of(&url::Url::parse(&request.url).unwrap()).unwrap();
    Discovered { key: UrlKey(key), site: SiteKey(origin.host.clone()), origin, request }
}

proptest! {
    #[test]
    fn discoveries_come_back_as_they_were(requests in prop::collection::vec(arbitrary_request(), 0..6)) {
        let list: Vec<_> = requests.into_iter().zip(1..).map(|(request, key)| discovered(request, key)).collect();
        let mut out = Vec::new();
        put_discoveries(&mut out, &list);
        let mut reader = Reader::new(&out);
        prop_assert_eq!(read_discoveries(&mut reader), Ok(list));
        prop_assert!(reader.is_empty());
    }

    #[test]
    fn arbitrary_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = read_discoveries(&mut Reader::new(&bytes));
        let _ = read_outcome(&mut Reader::new(&bytes));
        let _ = read_record(&mut Reader::new(&bytes));
        let _ = read_attempt(&mut Reader::new(&bytes));
        let _ = read_host_update(&mut Reader::new(&bytes));
    }

    #[test]
    fn every_prefix_of_an_outcome_is_damage(request in arbitrary_request(), cut in 0_usize..400) {
        let to = Box::new(discovered(request, 7));
        let mut out = Vec::new();
        put_outcome(&mut out, &Outcome::Redirect { status: 301, to, if_known: Vec::new() });
        prop_assume!(cut < out.len());
        prop_assert!(read_outcome(&mut Reader::new(&out[..cut])).is_err());
    }
}

#[test]
fn a_plain_get_costs_its_path_and_a_few_bytes() {
    let request = Request::get("https://example.org/guide/spiders.html");
    let origin = Origin::of(&url::Url::parse(&request.url).unwrap()).unwrap();
    let mut out = Vec::new();
    put_request(&mut out, &request, &origin, true);
    assert!(out.len() <= "/guide/spiders.html".len() + 6, "{} bytes", out.len());
}

#[test]
fn an_error_keeps_what_people_and_programs_need() {
    let error = Error::new(ErrorKind::Timeout, "too slow")
        .in_phase(Phase::Tls)
        .at_url("https://a.test/")
        .with_hint("raise timeouts.tls");
    let mut out = Vec::new();
    put_outcome(&mut out, &Outcome::Failed { error });
    let Ok(Outcome::Failed { error }) = read_outcome(&mut Reader::new(&out)) else {
        panic!("another outcome")
    };
    assert_eq!((error.kind(), error.phase()), (ErrorKind::Timeout, Some(Phase::Tls)));
    assert_eq!((error.message(), error.url()), ("too slow", Some("https://a.test/")));
    assert_eq!(error.hint(), Some("raise timeouts.tls"));
}

#[test]
fn a_block_is_stored_with_its_error_and_costs_other_errors_nothing() {
    let block = Block {
        kind: BlockKind::Captcha,
        layer: BlockLayer::Edge,
        status: 403,
        evidence: "the page of a defence".into(),
    };
    let mut out = Vec::new();
    let error = Error::blocked(block.clone()).at_url("http://a.test/").with_hint("ask the site");
    put_outcome(&mut out, &Outcome::Failed { error: error.clone() });
    let mut reader = Reader::new(&out);
    let Ok(Outcome::Failed { error: stored }) = read_outcome(&mut reader) else { panic!("another outcome") };
    assert!(reader.is_empty());
    assert_eq!((stored.block(), stored.message()), (Some(&block), error.message()));
    assert_eq!((stored.url(), stored.hint()), (error.url(), error.hint()));

    let mut plain = Vec::new();
    put_outcome(&mut plain, &Outcome::Failed { error: Error::new(ErrorKind::Io, "m") });
    assert_eq!(plain, [4, 22, 0, 1, b'm', 0, 0], "as it was before there were blocks");
}

#[test]
fn records_of_every_kind_are_read_as_they_were_written() {
    let name = std::sync::Arc::<str>::from("product");
    for kind in [
        RecordKind::Page,
        RecordKind::Outcome,
        RecordKind::Item(name.clone()),
        RecordKind::Reject(name.clone()),
    ] {
        let record = Record { id: RecordId(7 << 70 | 9), kind, json: "{\"a\":1}".into() };
        let mut out = Vec::new();
        put_record(&mut out, &record);
        let mut reader = Reader::new(&out);
        assert_eq!(read_record(&mut reader), Ok(record));
        assert!(reader.is_empty());
    }
}
