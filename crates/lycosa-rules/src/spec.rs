//! Rules as they are written: item types with their fields, links to follow.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::convert::{DateOrder, ValueType};
use super::{Named, Texts};

/// One type of item: where its items are in a page, and their fields.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ItemRule {
    /// What is one item each: elements, by a CSS selector such as `article.product` or an XPath expression after
    /// `xpath:`; values in JSON, by a JSONPath after `json:`; or matches in the text, by a regular expression after
    /// `regex:`. Of a list the first that finds something counts. Default none: the page as a whole is one item.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub for_each: Option<Texts>,
    /// With `json:` in `for_each`: where the JSON stands, as for fields. Default: the body if that is JSON, else
    /// `script[type='application/ld+json']`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// Regular expression; only pages in whose URL (the one that answered) it is found have such items. Default none:
    /// all pages.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub when: Option<String>,
    /// Labels that `[[follow]]` rules give; only pages with one of them have such items. `""` stands for pages without
    /// a label, such as seeds. Default none: all pages.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub when_label: Option<Texts>,
    /// Names of fields; of several items of a page that have the same values in them the first is kept. Default none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unique_by: Option<Texts>,
    /// How numbers and dates are written in the fields that do not say so themselves: `de`, `en-GB`. Default none:
    /// read off each value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub locale: Option<String>,
    /// The order of dates in figures in the fields that do not say so themselves. Default: that of the locale.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub date_order: Option<DateOrder>,
    /// The fields, in the order of output. `id`, `seq`, `type` and `page` are taken.
    pub fields: Named<FieldRule>,
}

/// One field of an item: where its value is (one of `css`, `xpath`, `select`, `json`, `value`, `fact`, `fields`, or
/// `regex` or `group` alone) and what becomes of it. Written as a string it is the source alone: `name = "h2::text"`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct FieldRule {
    /// CSS selector, searched inside the item's element. `::text` takes the text directly in each match,
    /// `::attr(name)` an attribute; without either, the whole text of the match. The item's own element is `:scope`,
    /// or nothing before `::text` or `::attr(name)`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub css: Option<String>,
    /// XPath 1.0 expression with the item's element as its context; `//x` looks at the whole page, `.//x` at the item.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub xpath: Option<String>,
    /// Sources in turn, each with a prefix: `css:`, `xpath:`, `json:`, `regex:` (in the text of the item's element),
    /// `group:`, `fact:`, `value:`; the first that gives something counts. Without a prefix it is CSS.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub select: Option<Texts>,
    /// JSONPath (RFC 9535 without functions): into the value that is the item, else the body if that is JSON, else
    /// the JSON of the elements that `from` selects.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub json: Option<String>,
    /// Where the JSON of `json` and `json:` stands in the page: CSS, or XPath after `xpath:`. Default: the value that
    /// is the item, or the body, if that is JSON, else `script[type='application/ld+json']`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// The value itself: a constant.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<serde_json::Value>,
    /// A fact of the page.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fact: Option<Fact>,
    /// Fields of a record inside the record; with `for_each` a list of such records. They nest 8 deep.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fields: Option<Named<FieldRule>>,
    /// With `fields`: what inside the item is one record each, as for items.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub for_each: Option<Texts>,
    /// With `for_each`: names of fields by which records are told apart, as for items.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unique_by: Option<Texts>,
    /// The type. Default `text`; of `json`, `value` and `fact` what the value is already.
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub kind: Option<ValueType>,
    /// How numbers and dates are written: `de`, `en-GB`. Default: as the item type says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub locale: Option<String>,
    /// The order of dates in figures. Default: as the item type says, else that of the locale.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub date_order: Option<DateOrder>,
    /// Take every value as a list. Default false, the first value that is not empty; true for `fields` with
    /// `for_each`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub many: Option<bool>,
    /// Reject the item when this field has no value. Not together with `default`. Default false.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub required: Option<bool>,
    /// The value when nothing is found, or nothing that can be converted: text, number, true or false, or a list of
    /// these. Default none: the field is null, or an empty list with `many`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub default: Option<serde_json::Value>,
    /// Cut whitespace at both ends of a value; values that are empty then do not count. Default true.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trim: Option<bool>,
    /// Make one space of every run of whitespace in a value. Default true, false for `html` and `json`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub collapse: Option<bool>,
    /// Regular expression searched in each value: its first group is the new value, or the whole match when it
    /// has no group. Values in which it is not found are dropped. Without a source it is searched in the text of the
    /// item's element.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub regex: Option<String>,
    /// Which group of `regex` is the value: its number (0 is the whole match) or its name. Default: the first that
    /// took part. Without `regex` and another source: of the expression of `for_each` that found the item.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub group: Option<Group>,
    /// Resolve the value against the page's address. Default: true for `::attr(href)`, `::attr(src)` and
    /// `::attr(action)` without a `regex` and without another `type`, else false. A value that cannot be resolved is
    /// dropped.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub absolute: Option<bool>,
}

impl FieldRule {
    /// A field that takes the first value of this selector, or of another source after its prefix.
    #[must_use]
    pub fn new(source: impl Into<String>) -> Self {
        let source = source.into();
        if super::source::has_prefix(&source) {
            return Self { select: Some(Texts(vec![source])), ..Self::default() };
        }
        Self { css: Some(source), ..Self::default() }
    }
}

/// A group of a regular expression.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Group {
    /// By number; 0 is the whole match.
    Number(u32),
    /// By name.
    Name(String),
}

impl fmt::Display for Group {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(number) => number.fmt(f),
            Self::Name(name) => f.write_str(name),
        }
    }
}

/// What is known of a page beside its content.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Fact {
    /// The URL with which its journey began.
    Url,
    /// The URL that answered.
    FinalUrl,
    /// The content of `<title>`.
    Title,
    /// The status, a number.
    Status,
    /// When it was fetched, RFC 3339.
    FetchedAt,
    /// Links from a seed, a number.
    Depth,
    /// The language that the document declares.
    Lang,
    /// The label of the rule by which it was followed.
    Label,
    /// The page on which it was found.
    Parent,
    /// The type that the server declared.
    ContentType,
    /// `<meta name=description>`
    Description,
}

impl Fact {
    /// Every fact.
    pub const ALL: [Self; 11] = [
        Self::Url,
        Self::FinalUrl,
        Self::Title,
        Self::Status,
        Self::FetchedAt,
        Self::Depth,
        Self::Lang,
        Self::Label,
        Self::Parent,
        Self::ContentType,
        Self::Description,
    ];

    /// Its name in a rule.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Url => "url",
            Self::FinalUrl => "final_url",
            Self::Title => "title",
            Self::Status => "status",
            Self::FetchedAt => "fetched_at",
            Self::Depth => "depth",
            Self::Lang => "lang",
            Self::Label => "label",
            Self::Parent => "parent",
            Self::ContentType => "content_type",
            Self::Description => "description",
        }
    }
}

/// Links to follow, with the label of the pages they lead to. With one such rule no other links are followed.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct FollowRule {
    /// CSS selector of the links, or of elements in which every `<a>` is meant. Default, without `xpath` too: all
    /// links of the page.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub css: Option<String>,
    /// XPath expression of links, of elements, or of attributes and texts that are addresses.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub xpath: Option<String>,
    /// JSONPath of addresses: in the body if that is JSON, else in the JSON of the elements that `from` selects.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub json: Option<String>,
    /// With `json`: where the JSON stands, as for fields.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// Label of the pages that the links lead to. Default none.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1))]
    pub label: Option<String>,
    /// Regular expression; only links in whose URL it is found are followed. Default none: all.
    #[serde(rename = "match", skip_serializing_if = "Option::is_none")]
    pub matching: Option<String>,
    /// Regular expression; only on pages in whose URL it is found. Default none: on all pages.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub when: Option<String>,
    /// Only on pages with one of these labels; `""` stands for pages without one. Default none: on all pages.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub when_label: Option<Texts>,
}
