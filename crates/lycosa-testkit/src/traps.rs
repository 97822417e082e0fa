//! A name for each hostile or awkward answer a crawler meets. [`answer`] serves them all below `/trap/<name>`, and
//! [`NAMES`] lists them, so that a test can walk the whole list and a person can try one in a browser. Everything
//! is a function of the request alone (its `visit` count included): no state, no clock.
//!
//! `/` links every trap. What a crawler must do with each is said at its function; the limits themselves are the
//! crawler's own.

use crate::body::Body;
use crate::{Request, Response};
use std::fmt::Write;
use std::time::Duration;

/// Every trap, as `/trap/<name>`.
pub const NAMES: &[&str] = &[
    "endless-body",
    "two-gigabytes",
    "gzip-bomb",
    "redirect-chain",
    "redirect-loop",
    "redirect-self",
    "nested-divs",
    "calendar",
    "slow-drip",
    "silent",
    "half-headers",
    "silent-after-headers",
    "huge-header",
    "endless-headers",
    "many-links",
    "busy-then-ok",
    "unavailable-twice",
    "unavailable",
    "charset-lie",
    "charset-conflict",
    "cookie-redirect",
    "length-too-long",
    "length-too-short",
    "truncated-chunks",
    "reset",
    "not-gzip",
    "not-http",
    "empty",
];

/// Hops in the redirect chain.
pub const CHAIN: u32 = 10_000;

/// The whole collection as one site. `/robots.txt` allows everything; unknown paths are 404.
pub fn answer(request: &Request) -> Response {
    let path = request.path();
    if path == "/" {
        return index();
    }
    if path == "/robots.txt" {
        return Response::text("User-agent: *\nDisallow:\n");
    }
    let Some(rest) = path.strip_prefix("/trap/") else { return Response::not_found() };
    let (name, rest) = rest.split_once('/').unwrap_or((rest, ""));
    named(name, rest, request).unwrap_or_else(Response::not_found)
}

fn named(name: &str, rest: &str, request: &Request) -> Option<Response> {
    Some(match name {
        "endless-body" => endless_body(),
        "two-gigabytes" => two_gigabytes(),
        "gzip-bomb" => gzip_bomb(),
        "redirect-chain" => redirect_chain(rest),
        "redirect-loop" => redirect_loop(rest),
        "redirect-self" => Response::redirect(302, request.path()),
        "nested-divs" => nested_divs(1 << 20),
        "calendar" => calendar(rest),
        "slow-drip" => slow_drip(),
        "silent" => Response::new(200).never_answer(),
        "half-headers" => half_headers(),
        "silent-after-headers" => Response::html("<title>Never</title>").hang_after_headers(),
        "huge-header" => huge_header(),
        "endless-headers" => endless_headers(),
        "many-links" => many_links(100_000),
        "busy-then-ok" => busy_then_ok(request),
        "unavailable-twice" => unavailable(request, 2),
        "unavailable" => Response::new(503),
        "charset-lie" => charset_lie(),
        "charset-conflict" => charset_conflict(),
        "cookie-redirect" => cookie_redirect(request),
        "length-too-long" => page("Too long").claim_length(1_000_000),
        "length-too-short" => page("Too short").claim_length(30),
        "truncated-chunks" => page("Truncated").chunked().truncate_at(40),
        "reset" => page("Reset").reset_at(20),
        "not-gzip" => page("Not gzip").header("Content-Encoding", "gzip"),
        "not-http" => Response::raw("220 mail.example ESMTP at your service\r\n"),
        "empty" => Response::new(200).header("Content-Type", "text/html"),
        _ => return None,
    })
}

fn page(title: &str) -> Response {
    let text = "A page that would be quite ordinary if it arrived the way it says.";
    Response::html(format!("<!doctype html><title>{title}</title><p>{text}</p>"))
}

fn index() -> Response {
    let mut html = String::from("<!doctype html><title>Traps</title><ul>");
    for name in NAMES {
        let _ = write!(html, "<li><a href=\"/trap/{name}\">{name}</a>");
    }
    Response::html(html)
}

/// A body without end, chunked, as fast as the client reads. To be cut at the byte cap.
pub fn endless_body() -> Response {
    Response::html("").endless()
}

/// Two gigabytes with a true `Content-Length`. To be refused by its length or cut at the byte cap.
pub fn two_gigabytes() -> Response {
    Response::html("").size(2 << 30)
}

/// Two mebibytes of gzip that decode to two gibibytes. To be cut at the decoded cap or by the ratio.
pub fn gzip_bomb() -> Response {
    Response::html("").gzip_bomb(2 << 30)
}

/// [`CHAIN`] hops, each to a new URL; the end is a page. To be stopped at the hop limit.
pub fn redirect_chain(rest: &str) -> Response {
    let hop: u32 = rest.parse().unwrap_or(0);
    if hop >= CHAIN {
        return page("End of the chain");
    }
    let status = [301, 302, 307, 308][hop as usize % 4];
    Response::redirect(status, &format!("/trap/redirect-chain/{}", hop + 1))
}

/// Three URLs that redirect in a circle. To end as one failure.
pub fn redirect_loop(rest: &str) -> Response {
    let hop: u32 = rest.parse().unwrap_or(0);
    Response::redirect(302, &format!("/trap/redirect-loop/{}", (hop + 1) % 3))
}

/// `<div>` nested over about `size` bytes, with a title before and a link to `/leaf/deep` at the bottom. To be parsed
/// or cut in linear time, without a deep stack.
pub fn nested_divs(size: u64) -> Response {
    let start = "<!doctype html><title>Deep</title><body>";
    let thousand = "<div>".repeat(1000);
    let times = size.div_ceil(thousand.len() as u64);
    let nested = Body::repeated(start, thousand, times, "<a href=\"/leaf/deep\">bottom</a>");
    Response::new(200).header("Content-Type", "text/html").described(nested)
}

/// Months that link the next, the previous and 28 days, for ever. To be bounded by depth, page or pattern limits.
pub fn calendar(rest: &str) -> Response {
    let month: i64 = rest.parse().unwrap_or(0);
    let mut html = format!("<!doctype html><title>Month {month}</title>");
    let (next, previous) = (month.saturating_add(1), month.saturating_sub(1));
    for (word, to) in [("next", next), ("previous", previous)] {
        let _ = write!(html, "<a href=\"/trap/calendar/{to}\">{word}</a> ");
    }
    for day in 1..=28 {
        let _ = write!(html, "<a href=\"/trap/calendar/{month}?day={day}\">{day}</a> ");
    }
    Response::html(html)
}

/// One byte each 50 ms for ever: never idle, never done. To be stopped by the total time or the lowest speed.
pub fn slow_drip() -> Response {
    endless_body().drip(1, Duration::from_millis(50))
}

/// A status line and a header and a half, then nothing. To end in a first-byte or idle timeout.
pub fn half_headers() -> Response {
    Response::html("").hang_in_head_at(40)
}

/// One header of a mebibyte. To be refused by the header limit.
pub fn huge_header() -> Response {
    page("Huge header").header("X-Filler", "x".repeat(1 << 20))
}

/// Header lines without end. To be refused by the header limit.
pub fn endless_headers() -> Response {
    Response::raw_body(Body::endless("HTTP/1.1 200 OK\r\n", b"X-Filler: the same line over and over\r\n"))
}

/// A page of so many distinct links, each of which is 404. To be cut at the links limit.
pub fn many_links(count: usize) -> Response {
    let mut html = String::with_capacity(count * 40);
    html.push_str("<!doctype html><title>Many links</title>");
    for number in 0..count {
        let _ = writeln!(html, "<a href=\"/leaf/{number}\">{number}</a>");
    }
    Response::html(html)
}

/// 429 with `Retry-After: 1` on the first visit, a page from the second on.
pub fn busy_then_ok(request: &Request) -> Response {
    if request.visit <= 1 {
        return Response::new(429).header("Retry-After", "1");
    }
    page("No longer busy")
}

/// 503 on the first `times` visits, a page afterwards.
pub fn unavailable(request: &Request, times: u32) -> Response {
    if request.visit <= times {
        return Response::new(503);
    }
    page("Available again")
}

/// A robots.txt with this crawl-delay (as written) and one disallowed branch, `/private/`.
pub fn robots(crawl_delay: &str) -> Response {
    Response::text(format!("User-agent: *\nCrawl-delay: {crawl_delay}\nDisallow: /private/\n"))
}

/// A site with another answer to `/robots.txt`: a text, an error, a redirect, or one of the traps.
pub fn with_robots(
    robots: Response,
    site: impl Fn(&Request) -> Response + Send + Sync + 'static,
) -> impl Fn(&Request) -> Response + Send + Sync + 'static {
    move |request| if request.path() == "/robots.txt" { robots.clone() } else { site(request) }
}

/// Says UTF-8 in the header and is windows-1251. The title decodes wrongly unless the bytes are looked at.
pub fn charset_lie() -> Response {
    // "Привет" in windows-1251.
    let mut bytes = b"<!doctype html><title>".to_vec();
    bytes.extend([0xcf, 0xf0, 0xe8, 0xe2, 0xe5, 0xf2]);
    bytes.extend(b"</title>");
    Response::new(200).header("Content-Type", "text/html; charset=utf-8").body(bytes)
}

/// Header and meta disagree; the header is right (Shift_JIS, title "日本"), as the standard has it.
pub fn charset_conflict() -> Response {
    let mut bytes = b"<!doctype html><meta charset=windows-1251><title>".to_vec();
    bytes.extend([0x93, 0xfa, 0x96, 0x7b]);
    bytes.extend(b"</title>");
    Response::new(200).header("Content-Type", "text/html; charset=Shift_JIS").body(bytes)
}

/// Redirects to itself with a cookie until the cookie comes back: a loop for a client without a jar.
pub fn cookie_redirect(request: &Request) -> Response {
    let known = request.header("cookie").is_some_and(|cookies| cookies.contains("passed=1"));
    if known {
        return page("Through with a cookie");
    }
    Response::redirect(302, request.path()).header("Set-Cookie", "passed=1; Path=/")
}

#[cfg(test)]
mod tests;
