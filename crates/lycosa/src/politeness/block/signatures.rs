//! The known pages: which markers in title and body belong to which product. Most specific first; the first that
//! fits decides. Markers are lower case; `markers` finds them whatever their case in the body.

use crate::model::BlockKind::{Captcha, Challenge, Forbidden, RateLimited};
use crate::model::BlockLayer::{Application, Edge, Unknown};
use crate::model::{BlockKind, BlockLayer};

/// With which statuses a signature counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Over {
    /// Only with one that refuses.
    Refusal,
    /// With any: its markers stand together on no other page.
    Any,
}

/// A known page.
#[derive(Debug)]
pub(super) struct Signature {
    pub(super) name: &'static str,
    pub(super) kind: BlockKind,
    pub(super) layer: BlockLayer,
    pub(super) over: Over,
    /// One of these is the title, or its beginning when it ends in `*`; any title when there are none.
    titles: &'static [&'static str],
    /// All of these are in the body.
    pub(super) body: &'static [&'static str],
}

impl Signature {
    pub(super) fn has_title(&self, title: &str) -> bool {
        let fits = |wanted: &&str| match wanted.strip_suffix('*') {
            Some(begin) => title.starts_with(begin),
            None => title == *wanted,
        };
        self.titles.is_empty() || self.titles.iter().any(fits)
    }
}

type Texts = &'static [&'static str];

const fn any(
    name: &'static str,
    kind: BlockKind,
    layer: BlockLayer,
    titles: Texts,
    body: Texts,
) -> Signature {
    Signature { name, kind, layer, over: Over::Any, titles, body }
}

const fn refusal(
    name: &'static str,
    kind: BlockKind,
    layer: BlockLayer,
    titles: Texts,
    body: Texts,
) -> Signature {
    Signature { name, kind, layer, over: Over::Refusal, titles, body }
}

/// The title of Cloudflare's challenge in the languages it is shown in.
const MOMENTS: Texts = &[
    "just a moment...",
    "nur einen moment...",
    "un instant...",
    "un momento...",
    "um momento...",
    "een moment...",
    "chwileczk\u{119}...",
    "bir dakika l\u{fc}tfen...",
    "\u{43e}\u{434}\u{438}\u{43d} \u{43c}\u{43e}\u{43c}\u{435}\u{43d}\u{442}...",
    "\u{8bf7}\u{7a0d}\u{5019}...",
    "\u{3057}\u{3070}\u{3089}\u{304f}\u{304a}\u{5f85}\u{3061}\u{304f}\u{3060}\u{3055}\u{3044}...",
];

/// Every signature.
pub(super) static SIGNATURES: &[Signature] = &[
    // Cloudflare
    any("Cloudflare challenge page", Challenge, Edge, MOMENTS, &["_cf_chl_opt"]),
    any("Cloudflare challenge page", Challenge, Edge, &["just a moment..."], &["cf-browser-verification"]),
    refusal("Cloudflare challenge script", Challenge, Edge, &[], &["_cf_chl_opt"]),
    refusal("Cloudflare captcha page", Captcha, Edge, &["attention required! | cloudflare"], &["captcha"]),
    any(
        "Cloudflare block page",
        Forbidden,
        Edge,
        &["attention required! | cloudflare"],
        &["cf-error-details"],
    ),
    refusal(
        "Cloudflare error 1015",
        RateLimited,
        Edge,
        &[],
        &["you are being rate limited", "cf-error-details"],
    ),
    refusal("Cloudflare error 1015", RateLimited, Edge, &[], &["error code: 1015"]),
    refusal("Cloudflare error page", Forbidden, Edge, &[], &["cf-error-details"]),
    refusal("Cloudflare error", Forbidden, Edge, &[], &["error code: 10"]),
    // Akamai
    any("Akamai challenge page", Challenge, Edge, &[], &["sec-if-cpt-container", "/_sec/cp_challenge/"]),
    any("Akamai verification page", Challenge, Edge, &[], &["bm-verify=", "http-equiv=\"refresh\""]),
    any("Akamai access denied page", Forbidden, Edge, &["access denied"], &["reference&#32;&#35;"]),
    any(
        "Akamai access denied page",
        Forbidden,
        Edge,
        &["access denied"],
        &["reference #", "errors.edgesuite.net"],
    ),
    // HUMAN (PerimeterX)
    any("HUMAN (PerimeterX) page", Captcha, Edge, &["access to this page has been denied*"], &["px-captcha"]),
    refusal("HUMAN (PerimeterX) page", Captcha, Edge, &[], &["px-captcha"]),
    refusal("HUMAN (PerimeterX) answer", Captcha, Edge, &[], &["\"blockscript\"", "\"appid\""]),
    // DataDome
    refusal("DataDome block", Forbidden, Edge, &[], &["captcha-delivery.com", "'t':'bv'"]),
    any("DataDome challenge", Challenge, Edge, &[], &["captcha-delivery.com", "var dd=", "'rt':'i'"]),
    any("DataDome captcha", Captcha, Edge, &[], &["captcha-delivery.com", "var dd="]),
    refusal("DataDome challenge", Challenge, Edge, &[], &["captcha-delivery.com/interstitial"]),
    refusal("DataDome captcha", Captcha, Edge, &[], &["captcha-delivery.com"]),
    // Imperva (Incapsula)
    any(
        "Imperva (Incapsula) page",
        Challenge,
        Edge,
        &[""],
        &["incapsula incident id", "_incapsula_resource"],
    ),
    refusal("Imperva (Incapsula) page", Challenge, Edge, &[], &["_incapsula_resource"]),
    refusal("Imperva block page", Forbidden, Edge, &[], &["powered by", "imperva", "incident id"]),
    // AWS
    any("AWS WAF captcha page", Captcha, Edge, &["human verification"], &["awswaf"]),
    any("AWS WAF challenge page", Challenge, Edge, &[""], &["gokuprops", "awswaf"]),
    refusal("AWS WAF captcha page", Captcha, Edge, &[], &["captcha.awswaf.com"]),
    refusal("AWS WAF challenge page", Challenge, Edge, &[], &["gokuprops"]),
    refusal(
        "CloudFront block page",
        Forbidden,
        Edge,
        &["error: the request could not be satisfied"],
        &["request blocked"],
    ),
    // Sucuri
    any(
        "Sucuri challenge page",
        Challenge,
        Edge,
        &["you are being redirected..."],
        &["sucuri_cloudproxy_js"],
    ),
    any("Sucuri block page", Forbidden, Edge, &["sucuri website firewall - access denied"], &["sucuri"]),
    refusal("Sucuri block page", Forbidden, Edge, &[], &["sucuri website firewall"]),
    // F5
    any(
        "F5 rejection page",
        Forbidden,
        Edge,
        &["request rejected", ""],
        &["the requested url was rejected", "support id"],
    ),
    any("F5 challenge page", Challenge, Edge, &[""], &["/tspd/", "bobcmn"]),
    // Others before the site
    any("Vercel checkpoint", Challenge, Edge, &["vercel security checkpoint"], &["vercel"]),
    any("Fastly challenge page", Challenge, Edge, &["client challenge"], &["/_fs-ch-"]),
    any("DDoS-Guard page", Challenge, Edge, &["ddos-guard"], &["ddos-guard"]),
    any("Bunny Shield page", Challenge, Edge, &["establishing a secure connection*"], &["bunny"]),
    any("Kasada page", Challenge, Edge, &[""], &["window.kpsdk", "/ips.js"]),
    any("StackPath page", Challenge, Edge, &["site verification", "stackpath*"], &["sbbi", "stackpath"]),
    any("Qrator page", Challenge, Edge, &[], &["__qrator/qauth"]),
    refusal("Azure WAF block page", Forbidden, Edge, &[], &["the request is blocked.", "ref"]),
    any(
        "Fortinet block page",
        Forbidden,
        Edge,
        &["web page blocked*", "web filter violation*"],
        &["fortiguard"],
    ),
    any(
        "FortiWeb block page",
        Forbidden,
        Edge,
        &["server unavailable!", "web page blocked!"],
        &["attack id"],
    ),
    any("Barracuda block page", Forbidden, Edge, &[], &["you have been blocked", "barracuda networks"]),
    refusal("Varnish error page", Forbidden, Edge, &["403 forbidden", "403 *"], &["guru meditation"]),
    refusal("Wikimedia rate limit", RateLimited, Edge, &["wikimedia error"], &["429"]),
    refusal("Reddit network policy", Forbidden, Edge, &[], &["whoa there, pardner", "network policy"]),
    any("Imperva interruption page", Challenge, Edge, &["pardon our interruption*"], &["made us think"]),
    any(
        "Radware page",
        Captcha,
        Edge,
        &["radware captcha page", "radware bot manager captcha"],
        &["captcha"],
    ),
    any("Alibaba page", Captcha, Edge, &[], &["_____tmd_____/punish", "x5secdata"]),
    // Defences in the site's own server
    any(
        "ModSecurity page",
        Forbidden,
        Application,
        &["not acceptable!", "406 not acceptable"],
        &["mod_security"],
    ),
    refusal("ModSecurity page", Forbidden, Application, &[], &["mod_security"]),
    any("Wordfence page", Forbidden, Application, &[], &["generated by wordfence", "access to this"]),
    any("Imunify360 page", Challenge, Application, &["one moment, please..."], &["wsidchk"]),
    any(
        "SiteGround page",
        Challenge,
        Application,
        &[],
        &["/.well-known/sgcaptcha/", "http-equiv=\"refresh\""],
    ),
    any("Anubis page", Challenge, Application, &["making sure you're not a bot!"], &["anubis"]),
    any("free hosting cookie test", Challenge, Application, &[""], &["slowaes.decrypt", "document.cookie"]),
    // Sites
    any("Google automated queries page", RateLimited, Application, &["sorry..."], &["automated queries"]),
    any(
        "Google unusual traffic page",
        Captcha,
        Application,
        &[],
        &["unusual traffic from your computer network", "captcha"],
    ),
    any(
        "Amazon robot check",
        Captcha,
        Application,
        &["robot check", "amazon.*"],
        &["enter the characters you see below"],
    ),
    any(
        "Amazon continue page",
        Challenge,
        Application,
        &["amazon.*"],
        &["click the button below to continue shopping"],
    ),
    refusal("Amazon throttling page", RateLimited, Application, &[], &["api-services-support@amazon.com"]),
    any("Yandex captcha page", Captcha, Application, &[], &["smartcaptcha", "showcaptcha"]),
    any(
        "Baidu verification page",
        Captcha,
        Application,
        &["\u{767e}\u{5ea6}\u{5b89}\u{5168}\u{9a8c}\u{8bc1}"],
        &["baidu"],
    ),
    refusal("GitHub secondary rate limit", RateLimited, Application, &[], &["secondary rate limit"]),
    any(
        "Stack Exchange rate limit",
        RateLimited,
        Application,
        &["too many requests - stack exchange"],
        &["stack"],
    ),
    // No product's name, but nothing else it could be
    any(
        "challenge page",
        Challenge,
        Unknown,
        &["just a moment...", "please wait...", "one moment, please..."],
        &["enable javascript and cookies to continue"],
    ),
    any(
        "browser check",
        Challenge,
        Unknown,
        &["checking your browser*", "ddos protection*", "please wait*"],
        &["checking your browser"],
    ),
    refusal("browser check", Challenge, Unknown, &[], &["checking your browser before accessing"]),
];
