//! Blocks by what stands before a site.

use super::{Case, HTML, block};
use crate::model::BlockKind::{Captcha, Challenge, Forbidden, RateLimited};
use crate::model::BlockLayer::Edge;

const CLOUDFLARE: &str =
    "content-type: text/html; charset=UTF-8\nserver: cloudflare\ncf-ray: 84a1b2c3d4e5f6a7-FRA";
const CHALLENGE: &str = r#"<!DOCTYPE html><html lang="en-US"><head><title>Just a moment...</title><meta http-equiv="Content-Type" content="text/html; charset=UTF-8"><meta name="robots" content="noindex,nofollow"><style>*{box-sizing:border-box}</style><meta http-equiv="refresh" content="390"></head><body class="no-js"><div class="main-wrapper" role="main"><div class="main-content"><noscript><div id="challenge-error-title"><span id="challenge-error-text">Enable JavaScript and cookies to continue</span></div></noscript></div></div><script>(function(){window._cf_chl_opt={cvId: '2',cZone: "site.example",cType: 'managed',cRay: '84a1b2c3d4e5f6a7'};var cpo = document.createElement('script');cpo.src = '/cdn-cgi/challenge-platform/h/b/orchestrate/chl_page/v1?ray=84a1';}());</script></body></html>"#;
const OLD_CHALLENGE: &str = r#"<!DOCTYPE HTML><html><head><title>Just a moment...</title></head><body><table><tr><td><div class="cf-browser-verification cf-im-under-attack"><noscript><h1>Please turn JavaScript on and reload the page.</h1></noscript><h1><span>Checking your browser before accessing</span> site.example.</h1><p>This process is automatic.</p></div><a href="https://www.cloudflare.com/5xx-error-landing/">DDoS protection by Cloudflare</a></td></tr></table></body></html>"#;
const CF_BLOCKED: &str = r#"<!DOCTYPE html><head><title>Attention Required! | Cloudflare</title></head><body><div id="cf-wrapper"><div id="cf-error-details" class="cf-error-details-wrapper"><h1 data-translate="block_headline">Sorry, you have been blocked</h1><h2><span data-translate="unable_to_access">You are unable to access</span> site.example</h2></div></div></body></html>"#;
const CF_CAPTCHA: &str = r#"<!DOCTYPE html><head><title>Attention Required! | Cloudflare</title></head><body><div id="cf-wrapper"><div id="cf-error-details"><h1 data-translate="challenge_headline">One more step</h1><h2>Please complete the security check to access site.example</h2><div class="cf-captcha-container"><form class="challenge-form" id="challenge-form" action="/?__cf_chl_captcha_tk__=a"></form></div></div></div></body></html>"#;
const CF_1020: &str = r#"<!DOCTYPE html><head><title>Access denied | site.example used Cloudflare to restrict access</title></head><body><div id="cf-wrapper"><div id="cf-error-details" class="p-0"><h1><span class="inline-block">Error</span><span>1020</span></h1><h2>Access denied</h2></div></div></body></html>"#;
const CF_1015: &str = r#"<!DOCTYPE html><head><title>Access denied | site.example used Cloudflare to restrict access</title></head><body><div id="cf-error-details"><h1><span>Error</span><span>1015</span></h1><h2>You are being rate limited</h2></div></body></html>"#;
const AKAMAI: &str = "<HTML><HEAD>\n<TITLE>Access Denied</TITLE>\n</HEAD><BODY>\n<H1>Access Denied</H1>\n \nYou don't have permission to access \"http&#58;&#47;&#47;site&#46;example&#47;\" on this server.<P>\nReference&#32;&#35;18&#46;8d3c1702&#46;1700000000&#46;1a2b3c4d\n<P>\nhttps&#58;&#47;&#47;errors&#46;edgesuite&#46;net&#47;18&#46;8d3c1702\n</P>\n</BODY>\n</HTML>";
const AKAMAI_HEAD: &str = "server: AkamaiGHost\nmime-version: 1.0\ncontent-type: text/html";
const AKAMAI_OLD: &str = "<HTML><HEAD><TITLE>Access Denied</TITLE></HEAD><BODY><H1>Access Denied</H1>You don't have permission to access this page on this server.<P>Reference #18.8d3c1702.1700000000 https://errors.edgesuite.net/18.8d3c1702</BODY></HTML>";
const AKAMAI_CPT: &str = r#"<html lang="en"><head><script src="https://site.example/abc?v=1"></script><script type="text/javascript" src="/_sec/cp_challenge/sec-4-5.js"></script></head><body><div id="sec-if-cpt-container" style="display: none"></div><div id="sec-bc-container"></div></body></html>"#;
const AKAMAI_BM: &str = r#"<html><head><meta charset="utf-8"><title>&nbsp;</title></head><body><p id="p1"></p><noscript></noscript><script>var i = 1700000000; var j = i + Number("12" + "34");</script><meta http-equiv="refresh" content="5; URL='/articles/7?bm-verify=AAQAAAAJ_____8x'" /></body></html>"#;
const PERIMETERX: &str = r#"<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><meta name="description" content="px-captcha"><title>Access to this page has been denied</title></head><body><script>window._pxVid = ''; window._pxUuid = '5a1'; window._pxAppId = 'PXabcdef12'; window._pxHostUrl = '/abcdef12/xhr';</script><div class="px-captcha-container"><div class="px-captcha-header">Before we continue...</div><div class="px-captcha-message">Press &amp; Hold to confirm you are a human (and not a bot).</div><div id="px-captcha"></div></div></body></html>"#;
const PERIMETERX_JSON: &str = r#"{"appId":"PXabcdef12","jsClientSrc":"/abcdef12/init.js","firstPartyEnabled":true,"vid":"","uuid":"5a1","hostUrl":"/abcdef12/xhr","blockScript":"/abcdef12/captcha/captcha.js?a=c&m=0"}"#;
const DATADOME: &str = r#"<html lang="en"><head><title>site.example</title><style>#cmsg{animation: A 1.5s;}</style></head><body style="margin:0"><p id="cmsg">Please enable JS and disable any ad blocker</p><script data-cfasync="false">var dd={'rt':'c','cid':'AHrlqAAA','hsh':'0A1','t':'fe','s':17434,'e':'9d5','host':'geo.captcha-delivery.com'}</script><script data-cfasync="false" src="https://ct.captcha-delivery.com/c.js"></script></body></html>"#;
const DATADOME_BAN: &str = r#"<html lang="en"><head><title>site.example</title></head><body><p id="cmsg">Please enable JS and disable any ad blocker</p><script>var dd={'rt':'c','cid':'AHrlqAAA','hsh':'0A1','t':'bv','s':17434,'host':'geo.captcha-delivery.com'}</script><script src="https://ct.captcha-delivery.com/c.js"></script></body></html>"#;
const DATADOME_WAIT: &str = r#"<html><head><title>site.example</title></head><body><p id="cmsg">Please enable JS and disable any ad blocker</p><script>var dd={'rt':'i','cid':'AHrlqAAA','hsh':'0A1','b':1,'s':17434,'host':'geo.captcha-delivery.com'}</script><script src="https://ct.captcha-delivery.com/i.js"></script></body></html>"#;
const DATADOME_JSON: &str = r#"{"url":"https://geo.captcha-delivery.com/captcha/?initialCid=AHrlqAAA&hash=0A1&cid=x&t=fe&referer=https%3A%2F%2Fsite.example"}"#;
const INCAPSULA: &str = r#"<html style="height:100%"><head><META NAME="ROBOTS" CONTENT="NOINDEX, NOFOLLOW"><meta name="viewport" content="initial-scale=1.0"></head><body style="margin:0px;height:100%"><iframe id="main-iframe" src="/_Incapsula_Resource?SWUDNSAI=31&xinfo=9-12345-0&incident_id=1234000-56789&edet=12&cinfo=04000000" frameborder=0 width="100%" height="100%">Request unsuccessful. Incapsula incident ID: 1234000-56789</iframe></body></html>"#;
const IMPERVA: &str = r#"<!DOCTYPE html><html><head><title>site.example</title></head><body><div class="error-headline">Access denied</div><div class="error-code">Error 15</div><p>This request was blocked by our security service</p><div class="powered-by"><span class="text">Powered by</span><a href="https://www.imperva.com/why-am-i-seeing-this-page/">Imperva</a></div><div>Incident ID: 1234000-56789</div></body></html>"#;
const AWS_CHALLENGE: &str = r#"<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title></title><script>window.awsWafCookieDomainList = [];window.gokuProps = {"key":"AQIDAHj","iv":"CgAF","context":"t2Q="};</script><script src="https://1a2b3c.eu-central-1.token.awswaf.com/1a2b3c/challenge.js"></script></head><body><div id="challenge-container"></div><noscript><h1>JavaScript is disabled</h1>In order to continue, we need to verify that you're not a robot.</noscript></body></html>"#;
const AWS_CAPTCHA: &str = r#"<!DOCTYPE html><html lang="en"><head><title>Human Verification</title><script>window.gokuProps = {"key":"AQIDAHj"};</script><script src="https://1a2b3c.eu-central-1.captcha.awswaf.com/1a2b3c/captcha.js"></script></head><body><div id="captcha-container"></div></body></html>"#;
const CLOUDFRONT: &str = "<!DOCTYPE HTML PUBLIC \"-//W3C//DTD HTML 4.01 Transitional//EN\"><HTML><HEAD><TITLE>ERROR: The request could not be satisfied</TITLE></HEAD><BODY><H1>403 ERROR</H1><H2>The request could not be satisfied.</H2>Request blocked. We can't connect to the server for this app or website at this time.<PRE>Generated by cloudfront (CloudFront)\nRequest ID: AbC==</PRE></BODY></HTML>";
const SUCURI: &str = "<!DOCTYPE html><html><head><title>Sucuri WebSite Firewall - Access Denied</title></head><body><h1>Access Denied - Sucuri Website Firewall</h1><p>If you are the site owner (or you manage this site), please whitelist your IP.</p><table><tr><td>Block ID:</td><td>BOT04</td></tr></table></body></html>";
const SUCURI_JS: &str = "<html><title>You are being redirected...</title>\n<noscript>Javascript is required. Please enable javascript before you are allowed to see this page.</noscript>\n<script>var s={},u,c,U,r,i,l=0,a,e=eval,w=String.fromCharCode,sucuri_cloudproxy_js='',S='cz0n';</script></html>";
const F5: &str = "<html><head><title>Request Rejected</title></head><body>The requested URL was rejected. Please consult with your administrator.<br><br>Your support ID is: 1234567890123456789<br><br><a href='javascript:history.back();'>[Go Back]</a></body></html>";
const F5_TSPD: &str = r#"<html><head><meta http-equiv="Pragma" content="no-cache"/><script type="text/javascript">(function(){window["bobcmn"] = "101110101";window["failureConfig"] = "524";})();</script><script type="text/javascript" src="/TSPD/08a1b2c3?type=11"></script><noscript>Please enable JavaScript to view the page content.<br/>Your support ID is: 123.</noscript></head><body></body></html>"#;
const VERCEL: &str = r#"<!DOCTYPE html><html lang="en"><head><title>Vercel Security Checkpoint</title></head><body><p id="header-text">We're verifying your browser</p><a href="https://vercel.link/security-checkpoint">Website owner? Click here to fix</a></body></html>"#;
const FASTLY: &str = r#"<!DOCTYPE html><html><head><title>Client Challenge</title><link rel="stylesheet" href="/_fs-ch-1T1wmsGaOgGaSxcX/assets/styles.css"></head><body><noscript><h1>JavaScript is disabled in your browser.</h1></noscript><script src="/_fs-ch-1T1wmsGaOgGaSxcX/script.js"></script></body></html>"#;
const KASADA: &str = r#"<!DOCTYPE html><html><head></head><body><script>window.KPSDK={};KPSDK.now=typeof performance;</script><script src="/149e9513-01fa/2d206a39/ips.js?tkrm_alpekz_s1.3=0Ab"></script></body></html>"#;
const DDOS_GUARD: &str = r#"<!DOCTYPE html><html><head><title>DDOS-GUARD</title></head><body><h1>Checking your browser before accessing site.example</h1><script>(function(){var s=document.createElement('script');s.src='/.well-known/ddos-guard/js-challenge/index.js'})()</script></body></html>"#;
const VARNISH_403: &str = "<!DOCTYPE html><html><head><title>403 Forbidden</title></head><body><h1>Error 403 Forbidden</h1><p>Forbidden</p><h3>Guru Meditation:</h3><p>XID: 32770</p><hr><p>Varnish cache server</p></body></html>";
const WIKIMEDIA: &str = r#"<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>Wikimedia Error</title></head><body><div class="content"><h1>Error</h1><p>You are making too many requests. Please respect our robot policy.</p></div><div class="footer"><p>If you report this error, please include the details below.</p><p class="text-muted"><code>Request from 203.0.113.7 via cp3062.esams.wmnet, ATS/9.1.4<br>Error: 429, Too Many Requests at Fri, 01 Mar 2026 12:00:00 GMT</code></p></div></body></html>"#;
const REDDIT: &str = r#"<!doctype html><html><head><title>Blocked</title></head><body><div><h1>whoa there, pardner!</h1><p>Your request has been blocked due to a network policy.</p><p>Try logging in or creating an account here to get back to browsing.</p></div></body></html>"#;
const AZURE: &str = "<html xmlns=\"http://www.w3.org/1999/xhtml\"><head><title>Service unavailable</title></head><body><div id='content'><div id='message'><h2>The request is blocked.</h2></div><div id='info'><span id='errorref'>Ref A: 1A2B Ref B: FRA23 Ref C: 2026-03-01T12:00:00Z</span></div></div></body></html>";
const FORTINET: &str = "<!DOCTYPE html><html><head><title>Web Page Blocked</title></head><body><h1>FortiGuard Intrusion Prevention - Access Blocked</h1><h3>Web Page Blocked</h3><p>The page you have requested has been blocked.</p></body></html>";
const FORTIWEB: &str = "<!DOCTYPE html><html><head><title>Web Page Blocked!</title></head><body><h1>Web Page Blocked!</h1><p>The page cannot be displayed. Please contact the administrator for additional information.</p><p>URL: site.example/</p><p>Attack ID: 20000051</p></body></html>";
const STACKPATH: &str = r#"<!DOCTYPE html><html><head><title>Site verification</title><script>function SBBI(){var sbbi=1}</script></head><body><p>Please wait while your request is being verified...</p><!-- StackPath --></body></html>"#;

pub(super) const CASES: &[Case] = &[
    block(
        "cloudflare managed challenge, 403",
        403,
        "server: cloudflare\ncf-mitigated: challenge",
        CHALLENGE,
        (Challenge, Edge),
    ),
    block("cloudflare managed challenge, 503", 503, CLOUDFLARE, CHALLENGE, (Challenge, Edge)),
    block("cloudflare managed challenge, 200", 200, CLOUDFLARE, CHALLENGE, (Challenge, Edge)),
    block(
        "cloudflare challenge told by the header alone",
        200,
        "content-type: text/html\ncf-mitigated: challenge",
        "",
        (Challenge, Edge),
    ),
    block("cloudflare challenge, 429", 429, CLOUDFLARE, CHALLENGE, (Challenge, Edge)),
    block("cloudflare under attack, 503", 503, CLOUDFLARE, OLD_CHALLENGE, (Challenge, Edge)),
    block("cloudflare under attack, 200", 200, CLOUDFLARE, OLD_CHALLENGE, (Challenge, Edge)),
    block("cloudflare firewall, 403", 403, CLOUDFLARE, CF_BLOCKED, (Forbidden, Edge)),
    block("cloudflare firewall, 200", 200, CLOUDFLARE, CF_BLOCKED, (Forbidden, Edge)),
    block("cloudflare captcha", 403, CLOUDFLARE, CF_CAPTCHA, (Captcha, Edge)),
    block("cloudflare 1020 page", 403, CLOUDFLARE, CF_1020, (Forbidden, Edge)),
    block(
        "cloudflare 1020 text",
        403,
        "content-type: text/plain\nserver: cloudflare",
        "error code: 1020",
        (Forbidden, Edge),
    ),
    block(
        "cloudflare 1010 text",
        403,
        "content-type: text/plain\nserver: cloudflare",
        "error code: 1010",
        (Forbidden, Edge),
    ),
    block("cloudflare 1015 page", 429, "server: cloudflare\nretry-after: 60", CF_1015, (RateLimited, Edge)),
    block(
        "cloudflare 1015 text",
        429,
        "content-type: text/plain\nserver: cloudflare",
        "error code: 1015",
        (RateLimited, Edge),
    ),
    block(
        "cloudflare plain 403",
        403,
        CLOUDFLARE,
        "<html><head><title>403 Forbidden</title></head><body><center><h1>403 Forbidden</h1></center><hr><center>cloudflare</center></body></html>",
        (Forbidden, Edge),
    ),
    block("akamai access denied", 403, AKAMAI_HEAD, AKAMAI, (Forbidden, Edge)),
    block("akamai access denied, plain text reference", 403, AKAMAI_HEAD, AKAMAI_OLD, (Forbidden, Edge)),
    block("akamai access denied with 200", 200, AKAMAI_HEAD, AKAMAI, (Forbidden, Edge)),
    block("akamai crypto challenge", 429, HTML, AKAMAI_CPT, (Challenge, Edge)),
    block("akamai crypto challenge with 200", 200, HTML, AKAMAI_CPT, (Challenge, Edge)),
    block("akamai crypto challenge with 428", 428, HTML, AKAMAI_CPT, (Challenge, Edge)),
    block("akamai meta refresh verification", 200, HTML, AKAMAI_BM, (Challenge, Edge)),
    block("akamai empty 403", 403, "server: AkamaiGHost", "", (Forbidden, Edge)),
    block("perimeterx press and hold", 403, HTML, PERIMETERX, (Captcha, Edge)),
    block("perimeterx with 200", 200, HTML, PERIMETERX, (Captcha, Edge)),
    block("perimeterx with 429", 429, HTML, PERIMETERX, (Captcha, Edge)),
    block("perimeterx json", 403, "content-type: application/json", PERIMETERX_JSON, (Captcha, Edge)),
    block(
        "datadome captcha",
        403,
        "content-type: text/html\nx-datadome: protected\nserver: DataDome",
        DATADOME,
        (Captcha, Edge),
    ),
    block("datadome captcha with 200", 200, HTML, DATADOME, (Captcha, Edge)),
    block("datadome ban", 403, HTML, DATADOME_BAN, (Forbidden, Edge)),
    block("datadome device check", 403, HTML, DATADOME_WAIT, (Challenge, Edge)),
    block(
        "datadome json",
        403,
        "content-type: application/json\nx-datadome: protected",
        DATADOME_JSON,
        (Captcha, Edge),
    ),
    block("datadome header", 403, "content-type: text/html\nx-dd-b: 1", "", (Captcha, Edge)),
    block(
        "incapsula with 200",
        200,
        "content-type: text/html\nx-iinfo: 9-1234-0 NNNN",
        INCAPSULA,
        (Challenge, Edge),
    ),
    block("incapsula with 403", 403, "content-type: text/html\nx-cdn: Imperva", INCAPSULA, (Challenge, Edge)),
    block("imperva error 15", 403, HTML, IMPERVA, (Forbidden, Edge)),
    block(
        "aws waf challenge, 202",
        202,
        "content-type: text/html\nx-amzn-waf-action: challenge",
        AWS_CHALLENGE,
        (Challenge, Edge),
    ),
    block("aws waf challenge, no header", 202, HTML, AWS_CHALLENGE, (Challenge, Edge)),
    block(
        "aws waf captcha, 405",
        405,
        "content-type: text/html\nx-amzn-waf-action: captcha",
        AWS_CAPTCHA,
        (Captcha, Edge),
    ),
    block("aws waf captcha, no header", 405, HTML, AWS_CAPTCHA, (Captcha, Edge)),
    block(
        "aws load balancer",
        403,
        "server: awselb/2.0\ncontent-type: text/html",
        "<html><head><title>403 Forbidden</title></head><body><center><h1>403 Forbidden</h1></center></body></html>",
        (Forbidden, Edge),
    ),
    block(
        "cloudfront request blocked",
        403,
        "server: CloudFront\nx-cache: Error from cloudfront\nvia: 1.1 a.cloudfront.net (CloudFront)",
        CLOUDFRONT,
        (Forbidden, Edge),
    ),
    block("sucuri firewall", 403, "server: Sucuri/Cloudproxy\nx-sucuri-id: 15006", SUCURI, (Forbidden, Edge)),
    block(
        "sucuri script with 200",
        200,
        "content-type: text/html\nx-sucuri-id: 15006",
        SUCURI_JS,
        (Challenge, Edge),
    ),
    block(
        "f5 rejection with 200",
        200,
        "content-type: text/html; charset=utf-8\nconnection: close",
        F5,
        (Forbidden, Edge),
    ),
    block("f5 rejection with 403", 403, HTML, F5, (Forbidden, Edge)),
    block("f5 script challenge", 200, HTML, F5_TSPD, (Challenge, Edge)),
    block(
        "vercel checkpoint, 429",
        429,
        "content-type: text/html\nserver: Vercel\nx-vercel-mitigated: challenge",
        VERCEL,
        (Challenge, Edge),
    ),
    block("vercel checkpoint, no header", 403, "server: Vercel", VERCEL, (Challenge, Edge)),
    block(
        "vercel deny",
        403,
        "server: Vercel\nx-vercel-mitigated: deny\ncontent-type: text/plain",
        "Forbidden",
        (Forbidden, Edge),
    ),
    block(
        "fastly client challenge",
        200,
        "via: 1.1 varnish\nx-served-by: cache-fra-1\ncontent-type: text/html",
        FASTLY,
        (Challenge, Edge),
    ),
    block("kasada, 429", 429, "x-kpsdk-ct: 0Ab\ncontent-type: text/html", KASADA, (Challenge, Edge)),
    block(
        "ddos-guard, 403",
        403,
        "server: ddos-guard\ncontent-type: text/html",
        DDOS_GUARD,
        (Challenge, Edge),
    ),
    block(
        "varnish 403",
        403,
        "server: Varnish\nvia: 1.1 varnish\nx-varnish: 32770",
        VARNISH_403,
        (Forbidden, Edge),
    ),
    block("varnish 429 synthetic", 429, "server: Varnish\nretry-after: 5", "", (RateLimited, Edge)),
    block("wikimedia 429", 429, "server: Varnish\ncontent-type: text/html", WIKIMEDIA, (RateLimited, Edge)),
    block(
        "wikimedia 429, another server name",
        429,
        "server: ATS/9.1.4\ncontent-type: text/html",
        WIKIMEDIA,
        (RateLimited, Edge),
    ),
    block("reddit network policy", 403, "server: snooserv\nvia: 1.1 varnish", REDDIT, (Forbidden, Edge)),
    block(
        "azure front door",
        403,
        "x-azure-ref: 20260301T1200\ncontent-type: text/html",
        AZURE,
        (Forbidden, Edge),
    ),
    block("fortinet with 200", 200, HTML, FORTINET, (Forbidden, Edge)),
    block("fortiweb with 500", 500, HTML, FORTIWEB, (Forbidden, Edge)),
    block("stackpath with 200", 200, HTML, STACKPATH, (Challenge, Edge)),
    block(
        "cloudflare challenge in german, 200",
        200,
        CLOUDFLARE,
        "<title>Nur einen Moment…</title><script>window._cf_chl_opt={};</script>",
        (Challenge, Edge),
    ),
    block(
        "cloudflare 1006 text",
        403,
        "content-type: text/plain\nserver: cloudflare",
        "error code: 1006",
        (Forbidden, Edge),
    ),
    block(
        "imperva interruption",
        200,
        HTML,
        "<title>Pardon Our Interruption</title><h1>Pardon Our Interruption</h1><p>As you were browsing something about your browser made us think you were a bot.",
        (Challenge, Edge),
    ),
    block(
        "radware captcha",
        200,
        HTML,
        "<title>Radware Captcha Page</title><h1>We apologize for the inconvenience</h1><div class=\"h-captcha\"></div>",
        (Captcha, Edge),
    ),
    block(
        "alibaba punish page",
        200,
        HTML,
        "<html><head></head><body><script>sessionStorage.x5referer = location.href;window.location.replace(\"https://site.example:443//x/_____tmd_____/punish?x5secdata=xd\");</script></body></html>",
        (Captcha, Edge),
    ),
];
