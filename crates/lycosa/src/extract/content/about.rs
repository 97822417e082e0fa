//! What a page says about its text where it is easily found: title, author, date, language, site. From the head, from
//! JSON-LD, then from the page itself.

use lycosa_dom::{Document, NodeRef, collapse_whitespace};
use serde::Serialize;
use serde_json::Value;
use url::Url;

use crate::extract::structured::Structured;

/// The facts of a text. What is not found is `None`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct About {
    /// Its title, without the name of the site where that can be told.
    pub title: Option<String>,
    /// Where the page says it belongs (`<link rel=canonical>`), else its address.
    pub url: Option<String>,
    /// Who wrote it; several are parted by commas.
    pub author: Option<String>,
    /// When it was published, as the page writes it; mostly ISO 8601.
    pub date: Option<String>,
    /// The language of the page, as declared (BCP 47).
    pub lang: Option<String>,
    /// The name of the site.
    pub site: Option<String>,
    /// What the page says it is about in a sentence.
    pub description: Option<String>,
}

/// The longest fact, in bytes.
const LONGEST: usize = 1000;
/// Types of JSON-LD that are texts.
const TEXTS: [&str; 9] = [
    "Article",
    "NewsArticle",
    "BlogPosting",
    "Report",
    "ReportageNewsArticle",
    "TechArticle",
    "ScholarlyArticle",
    "WebPage",
    "Recipe",
];

impl About {
    /// Reads the facts of a page from this address.
    #[must_use]
    pub fn of(document: &Document, url: Option<&Url>) -> Self {
        let found = Structured::of(document, url);
        let objects = objects(&found.json_ld);
        let text = |names: &[&str]| {
            objects.iter().find_map(|object| names.iter().find_map(|name| said(object.get(*name)?)))
        };
        let meta = |names: &[&str]| names.iter().find_map(|name| clean(document.meta(name)?));
        let site = meta(&["og:site_name", "application-name"])
            .or_else(|| objects.iter().find_map(|object| said(object.get("publisher")?)));
        let title = meta(&["og:title", "twitter:title"])
            .or_else(|| text(&["headline"]))
            .or_else(|| document.title().and_then(|title| clean(&title)));
        let is_name = |author: &String| !author.contains("://") && author.len() < 200;
        let author = meta(&[
            "author",
            "article:author",
            "dc.creator",
            "dcterms.creator",
            "sailthru.author",
            "parsely-author",
        ])
        .filter(is_name)
        .or_else(|| text(&["author", "creator"]).filter(is_name))
        .or_else(|| element(document, is_author).filter(is_name));
        let date = meta(&[
            "article:published_time",
            "datePublished",
            "date",
            "dc.date",
            "dcterms.created",
            "parsely-pub-date",
            "publishdate",
            "pubdate",
        ])
        .or_else(|| text(&["datePublished", "dateCreated"]))
        .or_else(|| element_date(document));
        Self {
            title: title.map(|title| without_site(title, site.as_deref())),
            url: found
                .meta
                .get("canonical")
                .and_then(said)
                .or_else(|| url.map(|url| url.as_str().to_owned())),
            author,
            date,
            lang: document.lang().and_then(clean),
            site,
            description: meta(&["og:description", "description", "twitter:description"]),
        }
    }
}

impl About {
    /// The facts as YAML between two lines of hyphens, as editors and site builders read them before Markdown. Values
    /// are quoted as in JSON, which is YAML too.
    #[must_use]
    pub fn front_matter(&self) -> String {
        let facts = [
            ("title", &self.title),
            ("url", &self.url),
            ("author", &self.author),
            ("date", &self.date),
            ("lang", &self.lang),
            ("site", &self.site),
            ("description", &self.description),
        ];
        let lines = facts
            .into_iter()
            .filter_map(|(name, value)| Some(format!("{name}: {}\n", Value::from(value.as_deref()?))));
        format!("---\n{}---\n\n", lines.collect::<String>())
    }
}

/// The objects that are texts, those in `@graph` too.
fn objects(json_ld: &[Value]) -> Vec<&Value> {
    let all = json_ld.iter().flat_map(|value| match value {
        Value::Array(list) => list.iter().collect(),
        other => vec![other],
    });
    let all = all.flat_map(|value| match value.get("@graph") {
        Some(Value::Array(list)) => list.iter().chain([value]).collect(),
        _ => vec![value],
    });
    let is_text = |value: &&Value| {
        let kind = value.get("@type");
        let named = |kind: &Value| kind.as_str().is_some_and(|kind| TEXTS.contains(&kind));
        kind.is_some_and(|kind| named(kind) || kind.as_array().is_some_and(|kinds| kinds.iter().any(named)))
    };
    all.filter(is_text).take(100).collect()
}

/// A text, the name of an object, or those of a list.
fn said(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => clean(text),
        Value::Object(object) => object.get("name").and_then(Value::as_str).and_then(clean),
        Value::Array(list) => {
            let names: Vec<_> = list
                .iter()
                .take(10)
                .filter_map(|value| match value {
                    Value::Array(_) => None,
                    value => said(value),
                })
                .collect();
            (!names.is_empty()).then(|| names.join(", "))
        }
        _ => None,
    }
}

fn clean(text: &str) -> Option<String> {
    let text = collapse_whitespace(text);
    (!text.is_empty() && text.len() <= LONGEST).then(|| text.into_owned())
}

/// The title without the name of the site behind or before a bar or dash.
fn without_site(title: String, site: Option<&str>) -> String {
    let Some(site) = site.filter(|site| !site.is_empty()) else { return title };
    let bars = [" | ", " - ", " – ", " — ", " :: ", " · "];
    let cut = bars.iter().find_map(|bar| {
        let behind = title.strip_suffix(site).and_then(|rest| rest.strip_suffix(bar));
        behind.or_else(|| title.strip_prefix(site).and_then(|rest| rest.strip_prefix(bar)))
    });
    cut.filter(|cut| !cut.trim().is_empty()).map_or_else(|| title.clone(), |cut| cut.trim().to_owned())
}

fn is_author(node: NodeRef<'_>) -> bool {
    let has = |name: &str, word: &str| {
        node.attr(name).is_some_and(|words| words.split_ascii_whitespace().any(|found| found == word))
    };
    has("rel", "author") || has("itemprop", "author") || has("class", "p-author")
}

fn element(document: &Document, wanted: impl Fn(NodeRef<'_>) -> bool) -> Option<String> {
    let found = document.nodes().find(|node| node.is_element() && node.name() != "meta" && wanted(*node))?;
    clean(found.text())
}

fn element_date(document: &Document) -> Option<String> {
    let published = |node: &NodeRef<'_>| node.attr("itemprop") == Some("datePublished");
    let found = document
        .nodes()
        .find(published)
        .or_else(|| document.nodes().find(|node| node.name() == "time" && node.attr("datetime").is_some()))?;
    found.attr("datetime").or_else(|| found.attr("content")).and_then(clean).or_else(|| clean(found.text()))
}
