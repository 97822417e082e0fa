//! Stories of one exchange: what it takes along, what is kept of its answer.

use std::time::Duration;

use super::*;
use crate::error::Error;
use crate::middleware::script::{Script, exchange, run};
use crate::middleware::{Credentials, Headers};
use crate::model::{ManualClock, Origin, ProxyUrl, SessionId, Timestamp};
use crate::session::{Jar, Profile, Rotation, SessionOptions};

/// 2026-01-01T00:00:00Z.
const NOW: Timestamp = Timestamp(1_767_225_600_000);

struct Setting {
    pool: Arc<SessionPool>,
    clock: Arc<ManualClock>,
    stack: Vec<Arc<dyn Middleware>>,
}

fn setting(options: SessionOptions) -> Setting {
    let pool = Arc::new(SessionPool::new(options));
    let clock = Arc::new(ManualClock::new(NOW));
    let stack: Vec<Arc<dyn Middleware>> = vec![Arc::new(Sessions::new(pool.clone(), clock.clone()))];
    Setting { pool, clock, stack }
}

impl Setting {
    /// Asks with this request after the change, is answered with the status and the cookie; gives what was sent.
    async fn ask(
        &self,
        url: &str,
        change: impl FnOnce(&mut Request),
        status: u16,
        cookie: &str,
    ) -> (Exchange, Option<SessionId>) {
        let script = Script::answering([Ok(status)]).with_header("set-cookie", cookie);
        let mut asked = exchange(url);
        let mut request = (*asked.request).clone();
        change(&mut request);
        asked.request = Arc::new(request);
        let answer = run(&self.stack, &script, asked).await.unwrap();
        let Answer::Response(response) = answer else { panic!("{answer:?}") };
        (script.sent().pop().unwrap(), response.facts.session)
    }

    async fn cookie(&self, url: &str, change: impl FnOnce(&mut Request)) -> String {
        let (sent, _) = self.ask(url, change, 200, "").await;
        sent.headers.get(COOKIE).map_or_else(String::new, |value| value.to_str().unwrap().to_owned())
    }
}

#[tokio::test]
async fn cookies_of_every_answer_are_kept_and_sent_until_they_expire() {
    let setting = setting(SessionOptions::default());
    for (status, cookie) in [(302, "a=1; Max-Age=60"), (503, "b=2"), (404, "c=3"), (200, "a=4; Path=/x")] {
        setting.ask("http://a.example/", |_| {}, status, cookie).await;
    }
    assert_eq!(setting.cookie("http://a.example/x", |_| {}).await, "a=4; a=1; b=2; c=3");
    assert_eq!(setting.cookie("http://b.example/x", |_| {}).await, "");
    setting.clock.advance(Duration::from_secs(60));
    assert_eq!(setting.cookie("http://a.example/", |_| {}).await, "b=2; c=3");
}

#[tokio::test]
async fn two_sessions_at_one_host_know_nothing_of_each_other() {
    let setting = setting(SessionOptions::default());
    let of = |id| move |request: &mut Request| request.session = SessionId(id);
    setting.ask("http://a.example/", of(1), 200, "sid=one").await;
    setting.ask("http://a.example/", of(2), 200, "sid=two").await;
    assert_eq!(setting.cookie("http://a.example/", of(1)).await, "sid=one");
    assert_eq!(setting.cookie("http://a.example/", of(2)).await, "sid=two");
    assert_eq!(setting.cookie("http://a.example/", |_| {}).await, "");
}

#[tokio::test]
async fn the_page_that_led_here_and_the_method_decide_about_same_site_cookies() {
    let setting = setting(SessionOptions::default());
    for cookie in ["strict=1; SameSite=Strict", "lax=1", "none=1; SameSite=None; Secure"] {
        setting.ask("https://www.a.example/", |_| {}, 200, cookie).await;
    }
    for (parent, method, expected) in [
        (None, http::Method::GET, "strict=1; lax=1; none=1"),
        (None, http::Method::POST, "strict=1; lax=1; none=1"),
        (Some("https://deep.www.a.example/"), http::Method::GET, "strict=1; lax=1; none=1"),
        (Some("https://b.example/"), http::Method::GET, "lax=1; none=1"),
        (Some("http://www.a.example/"), http::Method::GET, "lax=1; none=1"),
        (Some("https://b.example/"), http::Method::POST, "none=1"),
    ] {
        let change = |request: &mut Request| {
            request.parent = parent.map(Into::into);
            request.method = method.clone();
        };
        assert_eq!(setting.cookie("https://www.a.example/", change).await, expected, "{parent:?} {method}");
    }
}

#[tokio::test]
async fn cookies_the_user_gave_come_first_in_one_field() {
    let mut setting = setting(SessionOptions::default());
    let seed = Origin::of(&"http://a.example/".parse().unwrap());
    let credentials = Credentials::new(seed).with_cookie("sid=mine; theme=dark").unwrap();
    setting.stack.insert(0, Arc::new(credentials));
    setting.stack.insert(0, Arc::new(Headers::new(None, &[]).unwrap()));
    setting.ask("http://a.example/", |_| {}, 200, "sid=theirs").await;
    setting.ask("http://a.example/", |_| {}, 200, "lang=de").await;
    let (sent, _) = setting.ask("http://a.example/", |_| {}, 200, "x=y").await;
    let fields: Vec<_> = sent.headers.get_all(COOKIE).iter().collect();
    assert_eq!(fields, ["sid=mine; theme=dark; lang=de"]);
    assert!(fields[0].is_sensitive() && !format!("{sent:?}").contains("mine"));
    let own = |request: &mut Request| request.headers = vec![("Cookie".into(), "lang=fr".into())];
    assert_eq!(setting.cookie("http://a.example/", own).await, "lang=fr; sid=theirs; x=y");
}

#[tokio::test]
async fn a_profile_brings_its_headers_and_its_proxy() {
    let mut headers = HeaderMap::new();
    headers.insert("user-agent", HeaderValue::from_static("Other/1"));
    headers.insert("x-own", HeaderValue::from_static("profile"));
    let proxy = ProxyUrl::new("http://u:hunter2@proxy.example:3128");
    let profile = Profile { headers, proxy: Some(proxy.clone()) };
    let mut setting = setting(SessionOptions { default_profile: profile, ..SessionOptions::default() });
    setting.stack.insert(0, Arc::new(Headers::new(Some("Mine/1"), &[]).unwrap()));
    let own = |request: &mut Request| request.headers = vec![("X-Own".into(), "request".into())];
    let (sent, session) = setting.ask("http://a.example/", own, 200, "").await;
    assert_eq!(
        (&sent.headers["user-agent"], &sent.headers["x-own"]),
        (&"Other/1".parse().unwrap(), &"request".parse().unwrap())
    );
    assert_eq!((&sent.proxy, session), (&Some(proxy), Some(SessionId(0))));
    assert!(!format!("{sent:?}").contains("hunter2"));
    let named = |request: &mut Request| request.session = SessionId(3);
    let (sent, session) = setting.ask("http://a.example/", named, 200, "").await;
    assert_eq!((sent.proxy, session), (None, Some(SessionId(3))));
}

#[tokio::test]
async fn a_rotation_changes_the_request_and_a_block_retires_the_session() {
    let setting =
        setting(SessionOptions { rotation: Rotation::RoundRobin, slots: 1, ..SessionOptions::default() });
    let (sent, first) = setting.ask("http://a.example/", |_| {}, 200, "sid=1").await;
    assert_eq!(Some(sent.request.session), first);
    let robots = |request: &mut Request| request.kind = RequestKind::Robots;
    let (_, same) = setting.ask("http://a.example/robots.txt", robots, 403, "").await;
    assert_eq!(same, first, "a forbidden robots.txt blocks nobody");
    let (sent, blocked) = setting.ask("http://a.example/", |_| {}, 429, "sid=2").await;
    assert_eq!((blocked, &sent.headers[COOKIE]), (first, &"sid=1".parse().unwrap()));
    let (sent, fresh) = setting.ask("http://a.example/", |_| {}, 200, "").await;
    assert!(fresh != first && !sent.headers.contains_key(COOKIE));
    assert_eq!(setting.pool.stats().blocked, 1);
}

#[tokio::test]
async fn what_was_never_sent_is_no_use_and_no_failure() {
    let options = SessionOptions {
        rotation: Rotation::RoundRobin,
        slots: 1,
        max_failures: 1,
        ..SessionOptions::default()
    };
    let setting = setting(options);
    let failing = |kind| Script::answering([Err(Error::new(kind, "no"))]);
    for (kind, uses, failed) in
        [(ErrorKind::Deferred, 0, 0), (ErrorKind::AddressRefused, 0, 0), (ErrorKind::Connect, 1, 1)]
    {
        run(&setting.stack, &failing(kind), exchange("http://a.example/")).await.unwrap_err();
        assert_eq!((setting.pool.stats().uses, setting.pool.stats().failing), (uses, failed), "{kind}");
    }
}

#[tokio::test]
async fn a_jar_put_in_beforehand_is_sent() {
    let setting = setting(SessionOptions::default());
    let text = b"a.example\tFALSE\t/\tFALSE\t0\tsid\tsaved\n";
    let jar = Jar::from_cookies_txt(text, crate::session::JarLimits::default(), NOW).unwrap();
    setting.pool.put(Session::new(SessionId(0), Profile::default(), jar)).unwrap();
    assert_eq!(setting.cookie("http://a.example/", |_| {}).await, "sid=saved");
}

/// Answers as a cache does, with what it kept.
#[derive(Debug)]
struct Kept;

impl Middleware for Kept {
    fn name(&self) -> &'static str {
        "kept"
    }

    fn handle<'a>(&'a self, exchange: Exchange, next: Next<'a>) -> BoxFuture<'a, Result<Answer>> {
        Box::pin(async move {
            let mut answer = next.run(exchange).await;
            if let Ok(Answer::Response(response)) = &mut answer {
                response.facts.cache = Some(CacheUse::Hit);
            }
            answer
        })
    }
}

#[tokio::test]
async fn cookies_of_an_answer_that_a_cache_kept_replace_none() {
    let mut setting = setting(SessionOptions::default());
    setting.ask("http://a.example/", |_| {}, 200, "a=new").await;
    let sessions = setting.stack.clone();
    setting.stack.push(Arc::new(Kept));
    setting.ask("http://a.example/", |_| {}, 200, "a=old").await;
    setting.stack = sessions;
    assert_eq!(setting.cookie("http://a.example/", |_| {}).await, "a=new");
}
