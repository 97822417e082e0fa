//! The names that people give to parts of pages, in several languages; none belongs to one site. Words are compared
//! whole: `share` is one, `shareholder` is none.

use std::collections::HashMap;
use std::sync::OnceLock;

use super::words::Said;

/// What words name, wherever they stand in a name: navigation, advertising, sharing, other pages, requests.
const WORDS: [(Said, &str); 4] = [
    (
        Said::Beside,
        "nav navi navbar navigation breadcrumb breadcrumbs breadcrump menu submenu pagination pager paging \
     toolbar topbar skiplink skip sitemap sidebar rail rightcol rightcolumn footer masthead toc offcanvas \
     seitenleiste fusszeile daohang mianbao sidenav ad ads adv advert adverts advertisement advertising \
     adsense adslot adbox adunit dfp sponsor sponsored promo promos promotion outbrain taboola banner werbung \
     anzeige anzeigen publicite publicidad pubblicita publicidade advertentie reklama reklame guanggao \
     affiliate share sharing shares sharebar sharedaddy addthis addtoany social socials socialmedia follow \
     tweet teilen partage partager compartir condividi compartilhar delen udostepnij fenxiang bookmark \
     bookmarks related relatedposts relatedarticles recommended recommend recommendation recommendations \
     recirc recirculation readmore morefrom popular trending mostread mostpopular teaser teasers verwandte \
     relacionadas relacionados relacionado correlati xiangguan tuijian upnext nextpost prevnext suggested \
     suggestions yarpp hotnews ranking newsletter newsletters subscribe subscription signup paywall cookie \
     cookies consent gdpr popup modal lightbox overlay login signin register donate donation cta survey poll \
     widgets copyright disclaimer feedback rating ratings vote votes sociable vcard contactbox notification \
     notifications print printonly noprint abo erweima qrcode",
    ),
    (
        Said::Comments,
        "comment comments commentlist commentlisting disqus respond replies kommentar kommentare commentaire \
     commentaires comentario comentarios commenti reacties komentarze kommentarii pinglun livefyre discussion \
     commentform commentary-list",
    ),
    (
        Said::Caption,
        "caption captions figcaption bildunterschrift legende imagecaption photocaption piedefoto didascalia",
    ),
    (
        Said::About,
        "byline author authors authorbox autor auteur autore meta metadata postmeta entrymeta articlemeta date \
     datum timestamp published pubdate dateline tags taglist tagcloud taglinks categories category keywords \
     credit credits bio source views readtime postinfo articleinfo info kicker dachzeile topics avatar label \
     labels license",
    ),
];

/// What only counts as a whole name, with the signs in it.
const WHOLE: &str = "widget tools side right left-nav top buttons links sidebar-widget metabox navbox vertical-navbox mw- \
     editsection catlinks jump-link headerlink noexcerpt reflist-links";

/// The bodies of articles, their names without the signs in them.
const BODY: &str = "articlebody articletext articlecontent articlecontents entrycontent postcontent postbody posttext \
     storybody storycontent storytext blogpost blogcontent bodytext bodycopy articlebodytext articlemain \
     maincontent newsbody newscontent newstext texttext contenttext artikeltext artikelinhalt articlecopy \
     articledetail contenido cuerpo corps contenu zhengwen neirong artibody mwparseroutput mwcontenttext \
     markdownbody rstcontent postbodyinner entrybody pagecontent fulltext bodycontent articlefulltext \
     richtext readercontent singlecontent thecontent articlebodycontent contentbody contentdetail \
     detailcontent articlebodycopy";

/// What a word of a name says.
pub(super) fn word(word: &str) -> Said {
    static KNOWN: OnceLock<HashMap<&'static str, Said>> = OnceLock::new();
    let known = KNOWN.get_or_init(|| {
        let words =
            WORDS.iter().flat_map(|(said, words)| words.split_ascii_whitespace().map(|word| (word, *said)));
        words.collect()
    });
    known.get(word).copied().unwrap_or_default()
}

/// What a name says as a whole, with and without the signs in it.
pub(super) fn whole(name: &str, joined: &str) -> Said {
    static KNOWN: OnceLock<HashMap<&'static str, Said>> = OnceLock::new();
    let known = KNOWN.get_or_init(|| BODY.split_ascii_whitespace().map(|word| (word, Said::Body)).collect());
    if known.contains_key(joined) {
        return Said::Body;
    }
    if WHOLE.split_ascii_whitespace().any(|whole| whole == name) { Said::Beside } else { Said::Nothing }
}
