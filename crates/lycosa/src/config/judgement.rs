//! What is decided about pages and URLs: words of pages to crawlers, pages that say the same, parameters that do not
//! tell URLs apart.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::engine::{Duplicates, RobotsTags};

/// What is done with what pages say to crawlers about themselves.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum RobotsTagsField {
    /// A page that says `noindex` gives no record and no items, of one that says `nofollow` no link is followed.
    #[default]
    Obey,
    /// Only `nofollow` is obeyed.
    Links,
    /// Neither is; records tell the words all the same.
    Ignore,
}

impl From<RobotsTagsField> for RobotsTags {
    fn from(field: RobotsTagsField) -> Self {
        match field {
            RobotsTagsField::Obey => Self::Obey,
            RobotsTagsField::Links => Self::Links,
            RobotsTagsField::Ignore => Self::Ignore,
        }
    }
}

/// What is done about pages that say the same as another of the crawl.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum DuplicatesField {
    /// Pages are not compared.
    Off,
    /// Records say which page has the same bytes.
    #[default]
    Report,
    /// They say which has nearly the same text too; this takes work on every page.
    ReportNear,
    /// A page with the same bytes as another gives no record.
    Skip,
    /// Nor does one with nearly the same text.
    SkipNear,
}

impl From<DuplicatesField> for Duplicates {
    fn from(field: DuplicatesField) -> Self {
        match field {
            DuplicatesField::Off => Self::Off,
            DuplicatesField::Report => Self::Report,
            DuplicatesField::ReportNear => Self::ReportNear,
            DuplicatesField::Skip => Self::Skip,
            DuplicatesField::SkipNear => Self::SkipNear,
        }
    }
}

/// Which URLs are the same.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct CanonicalFields {
    /// Parameters of queries that do not tell URLs apart: names such as `gclid`, beginnings such as `utm_*`, or the lists
    /// `@tracking` and `@sessions`. The first spelling found is fetched, as it was found. Default none: some sites route
    /// by what others track with.
    pub strip_query: Vec<String>,
}

impl CanonicalFields {
    /// Whether nothing differs from the default.
    pub(super) fn is_default(&self) -> bool {
        *self == Self::default()
    }
}
