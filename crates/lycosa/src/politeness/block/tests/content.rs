//! What is no block, however much it looks like one: content, and failures that would have met anybody.

use super::{Case, HTML, content};

const CF: &str = "content-type: text/html; charset=utf-8\nserver: cloudflare\ncf-ray: 84a1b2c3d4e5f6a7-FRA\ncf-cache-status: DYNAMIC";
const URL: &str = "https://site.example/articles/7";

/// A page at another URL than usual, asked for directly or by way of `from`.
const fn at(name: &'static str, url: &'static str, from: Option<&'static str>, body: &'static str) -> Case {
    Case { name, status: 200, head: HTML, body, urls: (url, from), want: None }
}

const LOGIN_FORM: &str = r#"<html><head><title>Log in</title></head><body><form><input name="user"><input type="password" name="p"></form></body></html>"#;

pub(super) const CASES: &[Case] = &[
    // Articles about blocks
    content(
        "article about captchas",
        200,
        HTML,
        "<title>How CAPTCHAs work</title><h1>How CAPTCHAs work</h1><p>A site that wants to verify you are human shows a puzzle. reCAPTCHA, hCaptcha and Turnstile are the usual makers.",
    ),
    content(
        "article that shows a captcha",
        200,
        HTML,
        "<title>Add reCAPTCHA to a form</title><p>Load <code>https://www.google.com/recaptcha/api.js</code>, then write <code>&lt;div class=\"g-recaptcha\"&gt;</code>.</p><textarea>try it</textarea>",
    ),
    content(
        "article about cloudflare's challenge",
        200,
        CF,
        "<title>Just a moment...: what Cloudflare asks of your browser</title><p>The page sets <code>window._cf_chl_opt = {cType: 'managed'}</code> and says: Enable JavaScript and cookies to continue.",
    ),
    content(
        "forum thread quoting the challenge",
        200,
        HTML,
        "<title>Stuck on \"Just a moment...\" - Forum</title><p>I only see: Checking your browser before accessing. DDoS protection by Cloudflare. cf-browser-verification",
    ),
    content(
        "documentation of 429",
        200,
        HTML,
        "<title>429 Too Many Requests - HTTP | Reference</title><h1>429 Too Many Requests</h1><p>The client has sent too many requests in a given time. A Retry-After header may say how long to wait.",
    ),
    content(
        "documentation of 403",
        200,
        HTML,
        "<title>403 Forbidden - HTTP | Reference</title><h1>403 Forbidden</h1><p>The server understood the request and refuses to authorise it.",
    ),
    content(
        "documentation of 503",
        200,
        HTML,
        "<title>503 Service Unavailable</title><p>The server is not ready to handle the request.",
    ),
    content(
        "documentation of rate limits",
        200,
        HTML,
        "<title>Rate limits - API</title><h1>Rate limits</h1><p>You have exceeded a secondary rate limit means: wait a few minutes.",
    ),
    content(
        "help page about access denied",
        200,
        HTML,
        "<title>Access denied errors - Help</title><p>You don't have permission to access this resource: ask the owner for a link.",
    ),
    content(
        "help page about akamai references",
        200,
        HTML,
        "<title>What does Reference #18 mean?</title><p>Access Denied. You don't have permission to access this page on this server. Reference #18.abc errors.edgesuite.net",
    ),
    content(
        "help page about incapsula",
        200,
        HTML,
        "<title>Incapsula incident ID explained</title><p>Request unsuccessful. Incapsula incident ID: 1234. The page loads /_Incapsula_Resource in a frame.",
    ),
    content(
        "help page about f5",
        200,
        HTML,
        "<title>Request Rejected pages of the BIG-IP ASM</title><p>The requested URL was rejected. Please consult with your administrator. Your support ID is: 1",
    ),
    content(
        "help page about perimeterx",
        200,
        HTML,
        "<title>PerimeterX explained</title><p>Press &amp; Hold, with a div of id px-captcha.",
    ),
    content(
        "help page about datadome",
        200,
        HTML,
        "<title>DataDome explained</title><p>The script comes from captcha-delivery.com and reads a variable.",
    ),
    content(
        "help page about aws waf",
        200,
        HTML,
        "<title>AWS WAF challenge</title><p>gokuProps, awswaf.com, challenge.js: what the script does.",
    ),
    content(
        "help page about sucuri",
        200,
        HTML,
        "<title>Sucuri WebSite Firewall - how it works</title><p>sucuri_cloudproxy_js is set by the script.",
    ),
    content(
        "article on google's sorry page",
        200,
        HTML,
        "<title>Unusual traffic</title><p>Our systems have detected unusual traffic from your computer, it said.",
    ),
    content(
        "article about robots",
        200,
        HTML,
        "<title>Are you a robot? The history of a question</title><p>Alan Turing asked it first.",
    ),
    content(
        "article on human verification",
        200,
        HTML,
        "<title>Human verification in court</title><p>How documents are verified by people.",
    ),
    content(
        "novel called just a moment",
        200,
        HTML,
        "<title>Just a moment...</title><h1>Just a moment...</h1><p>A novel in three parts. She waited at the station.",
    ),
    content(
        "a shop of captcha services",
        200,
        HTML,
        "<title>Captcha services compared</title><p>Prices of hCaptcha and GeeTest.</p><a href=\"https://www.geetest.com\">GeeTest</a>",
    ),
    content(
        "article that quotes a captcha",
        200,
        HTML,
        "<title>Add a captcha</title><p>To see whether you are human, load <code>https://www.google.com/recaptcha/api.js</code> and write an element of the class g-recaptcha where the puzzle shall be. The visitor solves it, the browser sends the answer along with the form, and your server asks the maker whether it is right. Keep the secret key on the server. Show the puzzle only when something looks odd, since nobody likes it, and offer a way that needs no eyes and no ears, or you lock people out.",
    ),
    content(
        "article about an interruption",
        200,
        HTML,
        "<title>Pardon the interruption - a show</title><p>Something made us think about sport.",
    ),
    content(
        "apology",
        200,
        HTML,
        "<title>Sorry</title><p>We are sorry for the automated queries of last week.",
    ),
    // Forms and scripts on ordinary pages
    content(
        "contact form with recaptcha",
        200,
        HTML,
        r#"<title>Contact</title><form><input name="email" type="email"><textarea name="message"></textarea><div class="g-recaptcha" data-sitekey="6Lf"></div><button>Send</button></form><script src="https://www.google.com/recaptcha/api.js"></script>"#,
    ),
    content(
        "contact form that asks for a human",
        200,
        HTML,
        r#"<title>Contact</title><form><textarea name="message"></textarea><p>Please confirm you are not a robot.</p><div class="h-captcha"></div></form>"#,
    ),
    content(
        "comment form with turnstile",
        200,
        CF,
        r#"<title>A post</title><p>The post.</p><form><input name="email"><div class="cf-turnstile"></div><p>Security check</p></form><script src="https://challenges.cloudflare.com/turnstile/v0/api.js"></script>"#,
    ),
    content(
        "invisible recaptcha on every page",
        200,
        HTML,
        r#"<title>Home</title><p>Welcome.</p><script src="https://www.google.com/recaptcha/api.js?render=6Lf"></script>"#,
    ),
    content(
        "newsletter with captcha",
        200,
        HTML,
        r#"<title>News</title><form><input type="email"><div class="g-recaptcha"></div></form>"#,
    ),
    content(
        "search page with captcha script",
        200,
        HTML,
        r#"<title>Search</title><form><input type="search" name="q"></form><script src="https://js.hcaptcha.com/1/api.js"></script>"#,
    ),
    content(
        "login link in the header",
        200,
        HTML,
        r#"<title>Spiders of Madeira</title><header><a href="/login">Log in</a> <a href="/signup">Sign up</a></header><p>Hogna ingens lives in one valley."#,
    ),
    content(
        "login form in the header",
        200,
        HTML,
        r#"<title>Spiders of Madeira</title><form action="/login"><input name="u"><input type="password" name="p"><button>Log in</button></form><p>Hogna ingens lives in one valley."#,
    ),
    content(
        "member area for guests",
        200,
        HTML,
        "<title>Forum</title><p>You must log in to post. Reading is free.",
    ),
    content(
        "paywall teaser",
        200,
        HTML,
        "<title>The valley of wolves</title><p>The first paragraph is free.</p><div class=paywall>Subscribe to read on, or <a href=/login>log in</a>.</div>",
    ),
    content(
        "cloudflare's detection script",
        200,
        CF,
        "<title>Shop</title><p>Hats.</p><script>(function(){var a=document.createElement('script');a.src='/cdn-cgi/challenge-platform/scripts/jsd/main.js';})();</script>",
    ),
    content(
        "cloudflare's email protection",
        200,
        CF,
        r#"<title>Team</title><a href="/cdn-cgi/l/email-protection">[email&#160;protected]</a><script src="/cdn-cgi/scripts/email-decode.min.js"></script>"#,
    ),
    content(
        "incapsula's script on a page",
        200,
        "content-type: text/html\nx-cdn: Imperva\nx-iinfo: 9-1",
        r#"<title>Shop</title><p>Hats.</p><script src="/_Incapsula_Resource?SWJIYLWA=719d34d31c8e3a6e"></script>"#,
    ),
    content(
        "f5's script on a page",
        200,
        HTML,
        r#"<title>Bank</title><p>Rates.</p><script src="/TSPD/08a1?type=9"></script>"#,
    ),
    content(
        "perimeterx's sensor on a page",
        200,
        HTML,
        "<title>Shop</title><p>Hats.</p><script>window._pxAppId='PXabc';</script>",
    ),
    content(
        "datadome's tag on a page",
        200,
        "content-type: text/html\nx-datadome: protected",
        "<title>Shop</title><p>Hats.</p><script src='https://js.datadome.co/tags.js'></script>",
    ),
    content(
        "akamai's sensor on a page",
        200,
        "content-type: text/html\nserver-timing: cdn-cache; desc=HIT",
        r#"<title>Shop</title><p>Hats.</p><script src="/akam/13/5a1b2c3d" defer></script>"#,
    ),
    content(
        "aws waf's token script on a page",
        200,
        HTML,
        r#"<title>Shop</title><p>Hats.</p><script src="https://1a2b.eu-central-1.sdk.awswaf.com/1a2b/challenge.js"></script>"#,
    ),
    content(
        "shell of a single page application",
        200,
        HTML,
        r#"<!doctype html><html><head><title>App</title></head><body><noscript>You need to enable JavaScript to run this app.</noscript><div id="root"></div><script src="/static/js/main.js"></script></body></html>"#,
    ),
    content(
        "shell that keeps a theme in a cookie",
        200,
        HTML,
        r#"<!doctype html><html><head><title>App</title><script>document.cookie="theme=dark";if(x)location.reload()</script></head><body><div id="root"></div></body></html>"#,
    ),
    content(
        "page that moves on",
        200,
        HTML,
        r#"<html><head><title>Moved</title><meta http-equiv="refresh" content="0;url=/new"></head><body>Moved to <a href="/new">here</a>.</body></html>"#,
    ),
    content(
        "untitled page that moves on",
        200,
        HTML,
        r#"<html><head><meta http-equiv="refresh" content="0;url=/de/"></head></html>"#,
    ),
    // Ordinary answers of well-known servers
    content("page behind cloudflare", 200, CF, "<title>Shop</title><p>Hats, caps and scarves."),
    content(
        "page behind akamai",
        200,
        "content-type: text/html\nx-cache: TCP_HIT from a23 (AkamaiGHost)",
        "<title>Airline</title><p>Flights.",
    ),
    content(
        "page through varnish",
        200,
        "content-type: text/html\nvia: 1.1 varnish\nx-cache: HIT",
        "<title>Paper</title><p>News.",
    ),
    content(
        "page with rate limit fields",
        200,
        "content-type: text/html\nx-ratelimit-limit: 60\nx-ratelimit-remaining: 0",
        "<title>Docs</title><p>Reference.",
    ),
    content(
        "page with retry-after",
        200,
        "content-type: text/html\nretry-after: 10",
        "<title>Docs</title><p>Reference.",
    ),
    content(
        "waf that counts only",
        200,
        "content-type: text/html\nx-amzn-waf-action: count",
        "<title>Docs</title><p>Reference.",
    ),
    content("empty page", 200, HTML, ""),
    content("very short page", 200, HTML, "<p>Hi."),
    content(
        "plain text about limits",
        200,
        "content-type: text/plain",
        "Too Many Requests\nerror code: 1020\nRate limit exceeded",
    ),
    content(
        "json that speaks of limits",
        200,
        "content-type: application/json",
        r#"{"title":"rate limit exceeded","blockScript":1,"appId":"PX"}"#,
    ),
    content(
        "feed about captchas",
        200,
        "content-type: application/rss+xml",
        "<rss><channel><title>Just a moment...</title><description>_cf_chl_opt</description></channel></rss>",
    ),
    content(
        "a product called forbidden",
        200,
        HTML,
        "<title>Forbidden Island - board game</title><p>Two to four players.",
    ),
    content(
        "a novel called access denied",
        200,
        HTML,
        "<title>Access Denied (novel) - Encyclopedia</title><p>A novel of 1997.",
    ),
    content(
        "amazon product",
        200,
        "server: Server\ncontent-type: text/html",
        "<title>Amazon.com: Enter the Characters, a novel</title><p>Paperback.",
    ),
    content("google result page", 200, HTML, "<title>spiders - Google Search</title><p>About 1,000 results."),
    content(
        "anubis the god",
        200,
        HTML,
        "<title>Anubis</title><p>The god of the dead. Making sure you're not a bot! is on no tomb.",
    ),
    // Login pages that were asked for
    at("login page asked for", "https://site.example/login", None, LOGIN_FORM),
    at(
        "login page after a redirect from the login",
        "https://site.example/login/",
        Some("https://site.example/login"),
        LOGIN_FORM,
    ),
    at(
        "login page after https",
        "https://site.example/users/sign_in",
        Some("http://site.example/users/sign_in"),
        LOGIN_FORM,
    ),
    at(
        "redirect to an article about login",
        "https://site.example/login/how-it-works",
        Some("https://site.example/old"),
        "<title>How login works</title><p>With a password.",
    ),
    at(
        "redirect to another article",
        "https://site.example/new",
        Some("https://site.example/old"),
        "<title>New</title><p>Log in to comment.",
    ),
    at(
        "page called login-free",
        "https://site.example/login-free-reading",
        Some(URL),
        "<title>Reading</title><p>Free.",
    ),
    // Failures that would have met anybody
    content("not found", 404, HTML, "<title>404 Not Found</title><h1>Not Found</h1>"),
    content(
        "not found with a captcha in its form",
        404,
        HTML,
        r#"<title>Page not found</title><form><input type="search"><div class="g-recaptcha"></div></form>"#,
    ),
    content("gone", 410, HTML, "<title>Gone</title>"),
    content(
        "server error",
        500,
        "content-type: text/html",
        "<title>500 Internal Server Error</title><center>nginx</center>",
    ),
    content(
        "server error that says access denied for its database",
        500,
        HTML,
        "<title>Error</title><p>SQLSTATE[HY000] [1045] Access denied for user 'www'@'localhost'",
    ),
    content(
        "bad gateway",
        502,
        CF,
        "<title>502 Bad Gateway</title><div id=\"cf-error-details\">Bad gateway</div>",
    ),
    content(
        "gateway timeout",
        504,
        "server: CloudFront",
        "<TITLE>ERROR: The request could not be satisfied</TITLE><H1>504 ERROR</H1>",
    ),
    content(
        "cloudflare 522",
        522,
        CF,
        "<title>site.example | 522: Connection timed out</title><div id=\"cf-error-details\">Error 522</div>",
    ),
    content(
        "maintenance",
        503,
        "retry-after: 600\ncontent-type: text/html",
        "<title>Maintenance</title><p>Briefly unavailable for scheduled maintenance. Check back in a minute.</p>",
    ),
    content(
        "varnish without a backend",
        503,
        "server: Varnish",
        "<title>503 Backend fetch failed</title><h1>Error 503 Backend fetch failed</h1><h3>Guru Meditation:</h3><p>XID: 1",
    ),
    content(
        "haproxy without a server",
        503,
        "content-type: text/html",
        "<html><body><h1>503 Service Unavailable</h1>No server is available to handle this request.</body></html>",
    ),
    content(
        "envoy without an upstream",
        503,
        "server: envoy\ncontent-type: text/plain",
        "no healthy upstream",
    ),
    content(
        "iis application pool stopped",
        503,
        "server: Microsoft-HTTPAPI/2.0",
        "<TITLE>Service Unavailable</TITLE><h2>Service Unavailable</h2><hr><p>HTTP Error 503. The service is unavailable.</p>",
    ),
    content("method not allowed", 405, "allow: POST", "<title>405 Method Not Allowed</title>"),
    content(
        "bad request",
        400,
        "server: cloudflare\ncontent-type: text/html",
        "<title>400 Bad Request</title><center>cloudflare</center>",
    ),
    content(
        "legal reasons",
        451,
        HTML,
        "<title>Unavailable For Legal Reasons</title><p>Not in your country.",
    ),
    content("not modified", 304, "etag: \"a\"", ""),
];
