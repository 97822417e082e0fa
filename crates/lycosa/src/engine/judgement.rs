//! What is decided about a page before its records are written: what it says to crawlers about itself, whether its
//! links are followed, and whether another page says the same.
//!
//! Only a page that was fetched is judged, so whatever is decided here costs no page: a wrong word leaves out one
//! record, and its links are followed all the same unless the page says not to.

use std::borrow::Cow;

use url::Url;

use super::journey::Journey;
use super::shown::Shown;
use crate::extract::{HeaderLink, Likeness, PageSays, content_hash, header_links, simhash};
use crate::model::{Exclusion, Page, Repeated, Robots, Timestamp, UseSignal, field_text};
use crate::politeness::PageRobots;

/// Header fields that a page's words to crawlers stand in.
const SAYING: [&str; 5] =
    ["x-robots-tag", "content-usage", "content-signal", "tdm-reservation", "tdm-policy"];

/// Values of such fields, and of `<meta>`, that are read of one page.
const MOST_VALUES: usize = 200;

/// Languages of a page that are kept.
const MOST_ALTERNATES: usize = 200;

/// Bytes of a URL in a header field or an alternate that is kept.
const LONGEST_URL: usize = 2_083;

/// Key in a request's facts: when the sitemap that named it says it changed, in milliseconds since 1970.
pub(super) const LASTMOD: &str = "sitemap.lastmod";

/// What is done with the words of pages to crawlers (`X-Robots-Tag`, `<meta name=robots>`). They are recorded in any
/// case.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RobotsTags {
    /// A page that says `noindex` gives no record and no items; of one that says `nofollow` no link is followed.
    #[default]
    Obey,
    /// Only `nofollow` is obeyed.
    Links,
    /// Neither is.
    Ignore,
}

/// What is done about pages that say the same as another of the crawl.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Duplicates {
    /// Nothing: pages are not compared.
    Off,
    /// Records say which page has the same bytes.
    #[default]
    Report,
    /// And which has nearly the same text.
    ReportNear,
    /// Pages with the same bytes as another give no record.
    Skip,
    /// Pages with nearly the same text give no record either.
    SkipNear,
}

impl Duplicates {
    /// Whether texts are compared too, which takes a walk over each.
    fn compares_texts(self) -> bool {
        matches!(self, Self::ReportNear | Self::SkipNear)
    }

    fn skips(self) -> bool {
        matches!(self, Self::Skip | Self::SkipNear)
    }
}

/// A page, judged.
#[derive(Debug, Default)]
pub(super) struct Judgement {
    robots: PageRobots,
    uses: Vec<UseSignal>,
    alternates: Vec<(String, String)>,
    sitemap_lastmod: Option<Timestamp>,
    content_hash: Option<u128>,
    simhash: Option<u64>,
    likeness: Option<Likeness>,
    /// The canonical URL that a header field names.
    pub(super) header_canonical: Option<Url>,
    /// Why the page gives no record, if so.
    pub(super) excluded: Option<Exclusion>,
    /// Whether its links are followed.
    pub(super) follows: bool,
}

impl Judgement {
    /// For the page's record.
    pub(super) fn says(&self) -> PageSays<'_> {
        let (duplicate_of, near_duplicate_of) = match &self.likeness {
            Some(Likeness::Same(url)) => (Some(&**url), None),
            Some(Likeness::Near(url)) => (None, Some(&**url)),
            Some(Likeness::New) | None => (None, None),
        };
        PageSays {
            robots: self.robots.words(),
            uses: &self.uses,
            alternates: &self.alternates,
            declared_alias_of: None,
            sitemap_lastmod: self.sitemap_lastmod,
            content_hash: self.content_hash,
            simhash: self.simhash,
            duplicate_of,
            near_duplicate_of,
        }
    }

    /// The page that it is like, when it gives no record for that.
    pub(super) fn repeats(&self) -> Option<Repeated> {
        self.excluded.filter(|reason| *reason == Exclusion::Duplicate)?;
        match self.likeness.as_ref()? {
            Likeness::New => None,
            Likeness::Same(url) => Some(Repeated { url: (**url).into(), nearly: false }),
            Likeness::Near(url) => Some(Repeated { url: (**url).into(), nearly: true }),
        }
    }
}

impl Journey {
    /// Judges a page.
    pub(super) fn judge(&self, page: &Page<'_>, shown: &Shown<'_>) -> Judgement {
        let mut judgement = Judgement { follows: true, ..Judgement::default() };
        self.hear(page, &mut judgement);
        languages(page, &mut judgement);
        judgement.sitemap_lastmod = self.listed_at();
        let settings = &self.shared.parts.settings;
        let tags = if settings.robots { settings.robots_tags } else { RobotsTags::Ignore };
        judgement.follows = tags == RobotsTags::Ignore || !judgement.robots.nofollow();
        if tags == RobotsTags::Obey
            && (judgement.robots.noindex() || is_over(&judgement.robots, page.fetched_at))
        {
            judgement.excluded = Some(Exclusion::NoIndex);
            return judgement;
        }
        self.compare(page, shown, &mut judgement);
        judgement
    }

    /// Gathers what header fields, elements and robots.txt say.
    fn hear(&self, page: &Page<'_>, judgement: &mut Judgement) {
        let own = super::robots::own_name(page.request).map(|name| vec![name.to_owned()]);
        let names = match &own {
            Some(own) => own.as_slice(),
            None => self.shared.parts.settings.robots_agents.of(&self.lease.origin),
        };
        for field in SAYING {
            let values = page.headers.get_all(field).iter().map(field_text);
            values.take(MOST_VALUES).for_each(|value| judgement.robots.header(field, &value, names));
        }
        if let Some(document) = page.document {
            let metas = document.named_metas().take(MOST_VALUES);
            metas.for_each(|(name, content)| judgement.robots.meta(name, content, names));
        }
        judgement.uses = judgement.robots.uses().to_vec();
        if let (Robots::Rules { body, .. }, Some(name)) = (&self.lease.robots, names.first()) {
            let path = &page.url[url::Position::BeforePath..url::Position::AfterQuery];
            let of_site = self.shared.robots.rules(&self.lease.origin, body, name).use_signals(path);
            judgement.uses.extend(of_site);
            judgement.uses.truncate(UseSignal::MOST);
        }
    }

    fn compare(&self, page: &Page<'_>, shown: &Shown<'_>, judgement: &mut Judgement) {
        let how = self.shared.parts.settings.duplicates;
        if how == Duplicates::Off || page.body.is_empty() {
            return;
        }
        let exact = content_hash(page.body);
        let near = how.compares_texts().then(|| simhash(shown.words())).flatten();
        (judgement.content_hash, judgement.simhash) = (Some(exact), near);
        if page.request.revisit.is_some() {
            // It would be found to be like itself.
            return;
        }
        let likeness = self.shared.contents.see(page.url.as_str(), exact, near);
        let is_skipped = match likeness {
            Likeness::New => false,
            Likeness::Same(_) => how.skips(),
            Likeness::Near(_) => how == Duplicates::SkipNear,
        };
        if is_skipped {
            judgement.excluded = Some(Exclusion::Duplicate);
        }
        judgement.likeness = Some(likeness);
    }
}

/// Whether one of the dates after which a page asks not to be kept has passed; one that cannot be read has not.
fn is_over(robots: &PageRobots, now: Timestamp) -> bool {
    robots
        .unavailable_after()
        .iter()
        .filter_map(|date| crate::sitemap::parse_date(date))
        .any(|until| until < now)
}

/// The addresses in other languages, and the canonical one of header fields.
fn languages(page: &Page<'_>, judgement: &mut Judgement) {
    let fields = page.headers.get_all(http::header::LINK).iter().take(MOST_VALUES);
    let fields: Vec<Cow<'_, str>> = fields.map(field_text).collect();
    let links = fields.iter().flat_map(|field| header_links(field));
    let links: Vec<HeaderLink<'_>> = links.take(MOST_ALTERNATES).collect();
    let canonical = links.iter().find(|link| link.is("canonical"));
    judgement.header_canonical = canonical.and_then(|link| page.url.join(link.target).ok());
    let of_header = links
        .iter()
        .filter(|link| link.is("alternate"))
        .filter_map(|link| Some((link.hreflang?, page.url.join(link.target).ok()?)));
    let of_document = page.document.into_iter().flat_map(|document| document.alternates());
    let of_document = of_document.filter_map(|(lang, href)| Some((lang, page.resolve(href)?)));
    for (lang, url) in of_header.chain(of_document).take(MOST_ALTERNATES) {
        let is_known = judgement.alternates.iter().any(|(known, at)| known == lang && at == url.as_str());
        if !is_known && lang.len() <= 40 && url.as_str().len() <= LONGEST_URL {
            judgement.alternates.push((lang.to_owned(), url.into()));
        }
    }
}
