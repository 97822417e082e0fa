//! Login walls, and short notices that come with a status of success.

use super::{Case, HTML, block};
use crate::model::BlockKind::{Captcha, Challenge, Forbidden, Login, RateLimited};
use crate::model::BlockLayer::{Application, Unknown};

const FORM: &str = r#"<html><head><title>Sign in - Site</title></head><body><h1>Sign in</h1><form action="/session" method="post"><input name="user"><input type="password" name="password"><button>Sign in</button></form><p>Forgot your password?</p></body></html>"#;
const FACEBOOK: &str = r#"<html><head><title>Log in to Facebook</title></head><body><div>You must log in to continue.</div><form id="login_form"><input type="text" name="email"><input type="password" name="pass"></form></body></html>"#;
const AUTHWALL: &str = r#"<html><head><title>Sign Up | LinkedIn</title></head><body><h1>Join LinkedIn</h1><form><input type="password" name="session_password"></form></body></html>"#;
const SCRIPTED: &str = r#"<html><head><title>Login</title></head><body><div id="root"></div><script src="/login.js"></script></body></html>"#;

const fn login(name: &'static str, to: &'static str, from: &'static str, body: &'static str) -> Case {
    Case { name, status: 200, head: HTML, body, urls: (to, Some(from)), want: Some((Login, Application)) }
}

pub(super) const CASES: &[Case] = &[
    login(
        "redirected to /login",
        "https://site.example/login?next=%2Faccount",
        "https://site.example/account",
        FORM,
    ),
    login(
        "redirected to /users/sign_in",
        "https://site.example/users/sign_in",
        "https://site.example/issues/1",
        FORM,
    ),
    login(
        "redirected to wp-login.php",
        "https://site.example/wp-login.php?redirect_to=x",
        "https://site.example/wp-admin/",
        FORM,
    ),
    login(
        "redirected to /login.aspx",
        "https://site.example/Login.aspx",
        "https://site.example/Reports",
        FORM,
    ),
    login(
        "redirected to a login built by a script",
        "https://site.example/login",
        "https://site.example/inbox",
        SCRIPTED,
    ),
    login(
        "facebook login",
        "https://www.facebook.com/login/?next=x",
        "https://www.facebook.com/groups/1",
        FACEBOOK,
    ),
    login(
        "linkedin authwall",
        "https://www.linkedin.com/authwall?trk=x",
        "https://www.linkedin.com/in/someone",
        AUTHWALL,
    ),
    block("login form in the place of an article", 200, HTML, FORM, (Login, Application)),
    block(
        "too many requests with 200",
        200,
        HTML,
        "<html><head><title>Too Many Requests</title></head><body><h1>Too Many Requests</h1><p>Try again later.</p></body></html>",
        (RateLimited, Unknown),
    ),
    block(
        "rate limit exceeded with 200",
        200,
        HTML,
        "<title>Rate limit exceeded</title><p>Slow down, please.",
        (RateLimited, Unknown),
    ),
    block(
        "access denied with 200",
        200,
        HTML,
        "<title>Access Denied</title><h1>Access Denied</h1><p>Your address is not welcome here.",
        (Forbidden, Unknown),
    ),
    block(
        "403 forbidden with 200",
        200,
        HTML,
        "<html><head><title>403 Forbidden</title></head><body>Forbidden</body></html>",
        (Forbidden, Unknown),
    ),
    block(
        "are you a robot with 200",
        200,
        HTML,
        "<title>Are you a robot?</title><p>Click the box below.<script src=\"/check.js\"></script>",
        (Captcha, Unknown),
    ),
    block(
        "enable javascript and cookies with 200",
        200,
        HTML,
        "<title>Please wait...</title><p>Enable JavaScript and cookies to continue",
        (Challenge, Unknown),
    ),
    block(
        "checking your browser with 200",
        200,
        HTML,
        "<title>Checking your browser</title><h1>Checking your browser</h1><p>It takes five seconds.",
        (Challenge, Unknown),
    ),
];
