//! The suite of scopes: a verdict is a pure function of its candidate, whatever was judged before it.
//!
//! Which URLs belong is each scope's own business.

use url::Url;

use crate::model::{Candidate, RequestKind, Scope, Verdict};

const URLS: [&str; 12] = [
    "http://a.test/",
    "https://a.test/",
    "http://www.a.test:8080/x?y=1#z",
    "http://b.a.test/%F0%9F/..;/",
    "http://192.0.2.1/",
    "http://[2001:db8::1]/",
    "http://xn--bcher-kva.test/",
    "http://localhost/",
    "http://user:password@a.test/",
    "ftp://a.test/",
    "mailto:someone@a.test",
    "data:,x",
];

/// Judges many candidates, of every kind and depth, forwards, backwards and again.
///
/// # Errors
/// The first candidate that got two verdicts.
pub fn check(scope: &dyn Scope) -> Result<(), String> {
    let mut urls: Vec<Url> = URLS.iter().filter_map(|text| Url::parse(text).ok()).collect();
    urls.extend(Url::parse(&format!("http://a.test/{}", "long/".repeat(2_000))).ok());
    let mut candidates = Vec::new();
    for url in &urls {
        for kind in RequestKind::ALL {
            candidates.extend([0, 1, 7, u32::MAX].map(|depth| Candidate { url, kind, depth }));
        }
    }
    let judge = |candidate: &Candidate<'_>| scope.judge(*candidate);
    let first: Vec<Verdict> = candidates.iter().map(judge).collect();
    let mut backwards: Vec<Verdict> = candidates.iter().rev().map(judge).collect();
    backwards.reverse();
    let again: Vec<Verdict> = candidates.iter().map(judge).collect();
    for again in [backwards, again] {
        let differs = candidates.iter().zip(first.iter().zip(&again)).find(|(_, (one, other))| one != other);
        if let Some((candidate, verdicts)) = differs {
            return Err(format!("{candidate:?} got two verdicts: {verdicts:?}"));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;
    use crate::model::Exclusion;
    use crate::scope::{ScopeMode, ScopeOptions, ScopeRules};

    #[test]
    fn the_rules_are_pure_in_every_mode() {
        for (_, mode) in ScopeMode::ALL {
            let options = ScopeOptions {
                mode,
                seeds: vec![Url::parse("http://a.test/").unwrap()],
                max_depth: Some(3),
                include: vec!["a".to_owned()],
                exclude: vec!["y=".to_owned()],
                ..ScopeOptions::default()
            };
            check(&ScopeRules::new(options).unwrap()).unwrap();
        }
    }

    #[test]
    fn a_scope_that_counts_is_caught() {
        #[derive(Debug, Default)]
        struct FirstHundred(AtomicU32);
        impl Scope for FirstHundred {
            fn judge(&self, _candidate: Candidate<'_>) -> Verdict {
                if self.0.fetch_add(1, Ordering::Relaxed) < 100 {
                    Verdict::Accept
                } else {
                    Verdict::Refuse(Exclusion::Hook)
                }
            }
        }
        check(&FirstHundred::default()).unwrap_err();
    }
}
