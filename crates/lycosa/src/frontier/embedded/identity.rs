//! The identity file of a crawl: `crawl.json`, written once, checked at every opening.

use std::path::Path;

use xxhash_rust::xxh3::xxh3_64;

use super::files::FileLayer;
use super::folder;
use crate::error::{Error, ErrorKind, Result};
use crate::model::{CrawlId, Versions};

/// Name of the identity file.
pub(super) const FILE: &str = "crawl.json";

/// Logical shards of a crawl: fixed when it is made, so that the same layout can be spread over machines.
pub const SHARDS: u32 = 1024;

/// Who a crawl is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CrawlIdentity {
    /// Random, part of every record's id.
    pub crawl: CrawlId,
    /// Random, the key of every URL's fingerprint.
    pub fingerprint_key: [u8; 16],
    /// What everything in the state means.
    pub versions: Versions,
    /// Logical shards.
    pub shards: u32,
    /// What the crawl's maker wants to find again (seeds, address allowances), opaque here.
    pub meta: String,
}

#[derive(serde::Serialize, serde::Deserialize)]
struct Stored {
    crawl: String,
    fingerprint_key: String,
    versions: Versions,
    shards: u32,
    meta: String,
    /// xxh3-64 of the other fields, so that an edited or damaged file is noticed.
    checksum: String,
}

impl Stored {
    fn sum(&self) -> String {
        let all = format!(
            "{}\n{}\n{:?}\n{}\n{}",
            self.crawl, self.fingerprint_key, self.versions, self.shards, self.meta
        );
        format!("{:016x}", xxh3_64(all.as_bytes()))
    }
}

impl CrawlIdentity {
    /// A new identity, its id and key drawn from the system's randomness.
    ///
    /// # Errors
    /// When the system has none.
    pub fn random(versions: Versions, meta: String) -> Result<Self> {
        let mut bytes = [0; 32];
        getrandom::fill(&mut bytes).map_err(|cause| {
            Error::new(ErrorKind::Internal, format!("the system gives no random numbers: {cause}"))
        })?;
        let (mut id, mut fingerprint_key) = ([0; 16], [0; 16]);
        id.copy_from_slice(&bytes[..16]);
        fingerprint_key.copy_from_slice(&bytes[16..]);
        Ok(Self { crawl: CrawlId(u128::from_le_bytes(id)), fingerprint_key, versions, shards: SHARDS, meta })
    }

    /// Reads the identity of the crawl in a folder without opening it.
    ///
    /// # Errors
    /// When it is damaged or was made by other rules.
    pub fn read(folder: &Path, expected: Versions) -> Result<Self> {
        Self::load(folder, &super::Disk, expected)
    }

    pub(super) fn store(&self, folder: &Path, files: &dyn FileLayer) -> Result<()> {
        let key = u128::from_be_bytes(self.fingerprint_key);
        let mut stored = Stored {
            crawl: format!("{:032x}", self.crawl.0),
            fingerprint_key: format!("{key:032x}"),
            versions: self.versions,
            shards: self.shards,
            meta: self.meta.clone(),
            checksum: String::new(),
        };
        stored.checksum = stored.sum();
        let path = folder.join(FILE);
        let text = serde_json::to_vec_pretty(&stored).map_err(|cause| {
            Error::new(ErrorKind::Internal, "the identity cannot be written").with_source(cause)
        })?;
        files
            .replace(&path, &text)
            .map_err(|cause| folder::unusable(format!("writing {}", path.display()), cause))
    }

    /// Reads the identity and checks that this program can work with it.
    pub(super) fn load(folder: &Path, files: &dyn FileLayer, expected: Versions) -> Result<Self> {
        let path = folder.join(FILE);
        let text = files.read(&path).map_err(|cause| {
            Error::io(format!("reading {}", path.display()), cause)
                .with_hint("name the folder of a crawl with --state, or begin a new one without --resume")
        })?;
        let damaged = || {
            Error::new(ErrorKind::Corrupt, format!("the identity file {} is damaged", path.display()))
                .with_hint("restore it from a copy, or begin anew with --fresh")
        };
        let stored: Stored = serde_json::from_slice(&text).map_err(|cause| damaged().with_source(cause))?;
        if stored.checksum != stored.sum() {
            return Err(damaged());
        }
        compatible(folder, stored.versions, expected)?;
        let number = |text: &str| u128::from_str_radix(text, 16).map_err(|_| damaged());
        Ok(Self {
            crawl: CrawlId(number(&stored.crawl)?),
            fingerprint_key: number(&stored.fingerprint_key)?.to_be_bytes(),
            versions: stored.versions,
            shards: stored.shards,
            meta: stored.meta,
        })
    }
}

/// Another version of any rule would crawl everything a second time under other names.
fn compatible(folder: &Path, stored: Versions, expected: Versions) -> Result<()> {
    let rules = [
        ("state format", stored.format, expected.format),
        ("fingerprint", stored.fingerprint, expected.fingerprint),
        ("canonicalisation", stored.canonicalisation, expected.canonicalisation),
        ("public suffix list", stored.suffix_list, expected.suffix_list),
        ("site key", stored.site_key, expected.site_key),
    ];
    let Some((name, theirs, ours)) = rules.into_iter().find(|(_, theirs, ours)| theirs != ours) else {
        return Ok(());
    };
    let message = format!(
        "the state in {} was made with version {theirs} of the {name} rules, this program has version {ours}",
        folder.display()
    );
    Err(Error::new(ErrorKind::State, message)
        .with_hint("go on with the program that made it, or begin anew with --fresh or another --state"))
}
