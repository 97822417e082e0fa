//! Stories of the files: whole or not there, bounded, private, and never the reason why a request fails.

use std::fs;
use std::path::PathBuf;

use super::*;

const KEEP: &str = "cache-control: max-age=3600";

/// Every file of an entry.
fn files(kit: &Kit) -> Vec<PathBuf> {
    let below = |folder: PathBuf| {
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.is_dir())
    };
    let outer = below(kit.folder.path().to_owned()).filter(|path| !path.ends_with("new"));
    let inner = outer.flat_map(below);
    inner.flat_map(|folder| fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path())).collect()
}

fn numbered() -> Origin {
    Origin::new(|number, _| Ok(response(200, KEEP, number.to_string())))
}

#[tokio::test]
async fn bodies_come_back_octet_by_octet_over_restarts() {
    let kit = Kit::new();
    let body: Vec<u8> = (0..70_000_u32).map(|n| u8::try_from(n % 251).unwrap()).collect();
    let sent = body.clone();
    let origin = Origin::new(move |_, _| {
        Ok(response(200, "cache-control: max-age=60\nx-odd: caf\u{e9}", sent.clone()))
    });
    ask(&kit.cache, &origin, get(URL, "")).await.unwrap();
    let got = ask(&kit.again(SIZE, false), &origin, get(URL, "")).await.unwrap();
    assert_eq!((got.body, origin.hits()), (Bytes::from(body), 1));
    assert_eq!(got.headers["x-odd"].as_bytes(), "caf\u{e9}".as_bytes());
    let path = files(&kit).pop().unwrap();
    let name = path.file_name().unwrap().to_str().unwrap();
    let place = path.strip_prefix(kit.folder.path()).unwrap();
    assert_eq!(place, PathBuf::from(&name[..2]).join(&name[2..4]).join(name), "two levels of folders");
}

#[tokio::test]
async fn only_a_whole_body_is_kept() {
    let kit = Kit::new();
    let broken = || Error::new(ErrorKind::Disconnected, "it broke off");
    let origin = Origin::new(move |_, _| {
        let body = Body::new(Pieces(vec![Ok(Bytes::from("half ")), Err(broken())]));
        Ok(Response { body, ..response(200, KEEP, "") })
    });
    assert!(ask(&kit.cache, &origin, get(URL, "")).await.is_err());
    assert_eq!(files(&kit).len(), 0);

    let origin = Origin::new(|_, _| {
        let body = Body::new(Pieces(vec![Ok(Bytes::from("a ")), Ok(Bytes::from("whole"))]));
        Ok(Response { body, ..response(200, KEEP, "") })
    });
    let stack: [Arc<dyn Middleware>; 1] = [Arc::new(kit.cache.clone())];
    let Ok(Answer::Response(mut response)) = Next::new(&stack, &origin).run(get(URL, "")).await else {
        panic!("no answer")
    };
    assert_eq!(response.body.chunk().await.unwrap().unwrap(), "a ");
    drop(response);
    assert_eq!(files(&kit).len(), 0, "a body that was given up");
    ask(&kit.cache, &origin, get(URL, "")).await.unwrap();
    assert_eq!(&*ask(&kit.cache, &origin, get(URL, "")).await.unwrap().body, b"a whole");
    assert_eq!(origin.hits(), 2);
}

#[tokio::test]
async fn the_body_of_a_redirect_is_kept_though_nobody_reads_it() {
    let kit = Kit::new();
    let origin = Origin::new(|_, _| {
        let body = Body::new(Pieces(vec![Ok(Bytes::from("moved")), Ok(Bytes::from(" on"))]));
        Ok(Response { body, ..response(301, "location: /new\ncache-control: max-age=60", "") })
    });
    let stack: [Arc<dyn Middleware>; 1] = [Arc::new(kit.cache.clone())];
    drop(Next::new(&stack, &origin).run(get(URL, "")).await);
    let got = ask(&kit.cache, &origin, get(URL, "")).await.unwrap();
    assert_eq!((got.status, &*got.body, origin.hits()), (301, &b"moved on"[..], 1));
    assert_eq!(got.headers["location"], "/new");
}

#[tokio::test]
async fn a_damaged_entry_is_a_miss_and_goes_away() {
    let kit = Kit::new();
    let origin = numbered();
    ask(&kit.cache, &origin, get(URL, "")).await.unwrap();
    let whole = fs::read(&files(&kit)[0]).unwrap();
    let mut damages: Vec<Vec<u8>> = (0..whole.len()).step_by(7).map(|cut| whole[..cut].to_vec()).collect();
    for at in (0..whole.len()).step_by(5) {
        let mut flipped = whole.clone();
        flipped[at] ^= 1;
        damages.push(flipped);
    }
    damages.push([whole.as_slice(), b"x"].concat());
    for damaged in damages {
        fs::write(&files(&kit)[0], &damaged).unwrap();
        let key = kit.cache.0.store.key(&get(URL, ""));
        let found = kit.cache.0.store.read(&key, SIZE, Timestamp(NOON)).unwrap();
        assert!(found.is_none(), "{} bytes", damaged.len());
        assert_eq!(files(&kit).len(), 0, "removed");
        ask(&kit.cache, &origin, get(URL, "")).await.unwrap();
    }
    assert_eq!(ask(&kit.cache, &origin, get(URL, "")).await.unwrap().how, Some(CacheUse::Hit));
}

#[tokio::test]
async fn an_entry_in_anothers_place_is_not_believed() {
    let kit = Kit::new();
    let origin = numbered();
    ask(&kit.cache, &origin, get(URL, "")).await.unwrap();
    let one = files(&kit).pop().unwrap();
    ask(&kit.cache, &origin, get("http://b.example/", "")).await.unwrap();
    let other = files(&kit).into_iter().find(|path| *path != one).unwrap();
    fs::copy(&one, &other).unwrap();
    let got = ask(&kit.cache, &origin, get("http://b.example/", "")).await.unwrap();
    assert_eq!((&*got.body, got.how), (&b"2"[..], Some(CacheUse::Miss)));
}

#[tokio::test]
async fn what_was_not_used_for_longest_goes_first() {
    let kit = Kit::new();
    let cache = kit.again(100_000, false);
    let origin = Origin::new(|_, _| Ok(response(200, KEEP, vec![b'x'; 10_000])));
    let url = |n: usize| format!("http://a.example/{n}");
    for n in 0..9 {
        ask(&cache, &origin, get(&url(n), "")).await.unwrap();
        kit.pass(1);
    }
    // The first is used again, so the second is the oldest now.
    ask(&cache, &origin, get(&url(0), "")).await.unwrap();
    kit.pass(1);
    for n in 9..12 {
        ask(&cache, &origin, get(&url(n), "")).await.unwrap();
        kit.pass(1);
    }
    let total: u64 = files(&kit).iter().map(|path| fs::metadata(path).unwrap().len()).sum();
    assert!(total <= 100_000, "{total}");
    let before = origin.hits();
    let kept = [0, 8, 9, 10, 11];
    for n in kept {
        let got = ask(&cache, &origin, get(&url(n), "")).await.unwrap();
        assert_eq!(got.how, Some(CacheUse::Hit), "{n}");
    }
    assert_eq!(origin.hits(), before);
    assert_eq!(ask(&cache, &origin, get(&url(1), "")).await.unwrap().how, Some(CacheUse::Miss));
}

#[tokio::test]
async fn a_body_too_large_for_the_cache_passes_through() {
    let kit = Kit::new();
    let origin = Origin::new(|_, _| Ok(response(200, KEEP, vec![b'x'; 200_000])));
    let got = ask(&kit.cache, &origin, get(URL, "")).await.unwrap();
    assert_eq!((got.body.len(), files(&kit).len()), (200_000, 0));
    // And one that the reader may not have is not read from the disk.
    let origin = Origin::new(|_, _| Ok(response(200, KEEP, vec![b'x'; 1_000])));
    ask(&kit.cache, &origin, get(URL, "")).await.unwrap();
    let mut asked = get(URL, "");
    asked.limits.decoded = 999;
    assert_eq!(ask(&kit.cache, &origin, asked).await.unwrap().how, Some(CacheUse::Miss));
}

#[tokio::test(flavor = "multi_thread")]
async fn many_at_once_meet_whole_entries_only() {
    let kit = Kit::new();
    let origin = Arc::new(Origin::new(|number, _| {
        let piece = Bytes::from(vec![b'a' + u8::try_from(number % 26).unwrap(); 5_000]);
        let body = Body::new(Pieces(vec![Ok(piece.clone()), Ok(piece)]));
        Ok(Response { body, ..response(200, "cache-control: max-age=1", "") })
    }));
    // Two caches on one folder, as two processes would have.
    let caches = [kit.cache.clone(), kit.again(SIZE, false)];
    let mut tasks = tokio::task::JoinSet::new();
    for task in 0..16 {
        let (cache, origin, clock) = (caches[task % 2].clone(), origin.clone(), kit.clock.clone());
        tasks.spawn(async move {
            for turn in 0..40 {
                let url = format!("http://a.example/{}", (task + turn) % 3);
                let got = ask(&cache, &origin, get(&url, "")).await.unwrap();
                assert_eq!(got.body.len(), 10_000);
                assert!(got.body.iter().all(|byte| *byte == got.body[0]), "two answers mixed");
                clock.advance(Duration::from_millis(700));
            }
        });
    }
    while let Some(ended) = tasks.join_next().await {
        ended.unwrap();
    }
    assert_eq!(fs::read_dir(kit.folder.path().join("new")).unwrap().count(), 0, "nothing half written");
    for cache in caches {
        assert_eq!(cache.0.telemetry.snapshot().problems, [].into());
    }
}

#[tokio::test]
async fn what_a_kill_left_behind_is_removed_later() {
    let kit = Kit::new();
    let (old, young) = (kit.folder.path().join("new/1-0-x"), kit.folder.path().join("new/2-0-x"));
    for (path, at) in [(&old, NOON), (&young, NOON + 3_600_000)] {
        fs::write(path, "half").unwrap();
        fs::File::open(path).unwrap().set_modified(Timestamp(at).to_system_time()).unwrap();
    }
    kit.pass(2 * 3600 - 1);
    kit.again(SIZE, false);
    assert!(!old.exists() && young.exists(), "another process may be writing the young one");
}

#[tokio::test]
async fn trouble_with_the_disk_is_told_and_fails_nothing() {
    let kit = Kit::new();
    let origin = numbered();
    fs::remove_dir_all(kit.folder.path().join("new")).unwrap();
    let got = ask(&kit.cache, &origin, get(URL, "")).await.unwrap();
    assert_eq!(&*got.body, b"0");
    let problems = kit.cache.0.telemetry.snapshot().problems;
    assert!(problems.keys().any(|problem| problem.contains("cache")), "{problems:?}");
}

#[tokio::test]
async fn secrets_of_a_request_are_not_written_down() {
    let kit = Kit::new();
    let origin = Origin::new(|_, _| {
        Ok(response(200, "cache-control: max-age=60\nvary: cookie, authorization", "one"))
    });
    let asked = get(URL, "cookie: sid=hush-hush\nauthorization: Bearer tell-nobody");
    ask(&kit.cache, &origin, asked.clone()).await.unwrap();
    assert_eq!(ask(&kit.cache, &origin, asked).await.unwrap().how, Some(CacheUse::Hit));
    let text = String::from_utf8_lossy(&fs::read(&files(&kit)[0]).unwrap()).into_owned();
    assert!(!text.contains("hush") && !text.contains("tell-nobody"), "{text}");
}
