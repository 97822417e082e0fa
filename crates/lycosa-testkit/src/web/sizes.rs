//! Zipf's law: how many pages the host of each rank has, and which host a link to elsewhere leads to. The host's number
//! is its rank, from 0 for the largest.

use super::prf::unit;

/// The law for one web. Nothing is kept per host.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Sizes {
    hosts: u32,
    exponent: f64,
    /// Pages of the first host, before rounding.
    scale: f64,
    /// `(hosts + 1)^(1 - exponent) - 1`, for the inverse of the distribution.
    span: f64,
}

impl Sizes {
    pub(super) fn new(hosts: u32, pages: u64, exponent: f64) -> Self {
        let span = (f64::from(hosts) + 1.0).powf(1.0 - exponent) - 1.0;
        let weights: f64 = (1..=hosts).map(|rank| f64::from(rank).powf(-exponent)).sum();
        let mut sizes = Self { hosts, exponent, scale: pages as f64 / weights, span };
        // Rounding, and the page that every host has, change the sum: a few steps bring it back.
        for _ in 0..6 {
            let sum: u64 = (0..hosts).map(|host| u64::from(sizes.of(host))).sum();
            sizes.scale *= pages as f64 / sum as f64;
        }
        sizes
    }

    /// The pages of a host, 1 or more.
    pub(super) fn of(&self, host: u32) -> u32 {
        let size = self.scale * (f64::from(host) + 1.0).powf(-self.exponent);
        // Saturates; a host has at most 2³² - 1 pages.
        (size as u32).max(1)
    }

    /// A host by a hash: the inverse of the distribution function of the continuous law.
    pub(super) fn host(&self, hash: u64) -> u32 {
        let u = unit(hash);
        let slope = 1.0 - self.exponent;
        let rank = if slope.abs() < 1e-9 {
            (f64::from(self.hosts) + 1.0).powf(u)
        } else {
            u.mul_add(self.span, 1.0).powf(1.0 / slope)
        };
        (rank as u32).clamp(1, self.hosts) - 1
    }
}

/// A number below `size`, low ones more often: its density falls as the root of its place.
pub(super) fn biased(hash: u64, size: u32) -> u32 {
    let u = unit(hash);
    ((u * u * f64::from(size)) as u32).min(size.saturating_sub(1))
}
