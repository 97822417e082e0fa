//! Scope: which URL is which, and which belongs to the crawl.
//!
//! Question of this module: *is this URL the same as that one, and does it belong here?* [`canonical()`] brings
//! equivalent spellings to one; [`Identity`] turns the canonical form into the keys that the frontier stores;
//! [`ScopeRules`] judges it. All three are pure: no clock, no network, no files. What decides an identity carries
//! a version, gathered by [`versions`], because a stored crawl cannot be continued under other rules.

mod canonical;
#[cfg(any(test, feature = "conformance"))]
pub mod conformance;
mod explain;
mod identity;
mod query_rules;
mod rules;
mod score;
mod site;
mod template;
mod trap;

pub use canonical::{CANONICALISATION_VERSION, canonical};
pub use identity::{FINGERPRINT_VERSION, Fingerprint, Identified, Identity, spelling};
pub use query_rules::{QueryRuleError, QueryRules};
pub use rules::{MAX_URL_LENGTH, ScopeMode, ScopeOptions, ScopeRules};
pub use score::{ScoreRule, ScoreRules};
pub use site::{SITE_KEY_VERSION, SUFFIX_LIST_VERSION, SiteRules};
pub use template::{LONGEST_TEMPLATE, order_free, template};
pub(crate) use template::{path_shape, path_template};
pub(crate) use trap::is_suspect_path;
pub use trap::{SUSPECT_SCORE, TrapScore, TrapSign, trap_score};

use crate::model::Versions;

/// The versions in force in this build, with the given version of the state's own file format.
#[must_use]
pub fn versions(format: u32) -> Versions {
    Versions {
        format,
        fingerprint: FINGERPRINT_VERSION,
        canonicalisation: CANONICALISATION_VERSION,
        suffix_list: SUFFIX_LIST_VERSION,
        site_key: SITE_KEY_VERSION,
    }
}
