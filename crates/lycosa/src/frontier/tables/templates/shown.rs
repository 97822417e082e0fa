//! What is shown of parked URLs to those who look into a state. What it leaves out: deciding about them.

use super::{Counts, Shapes, Templates, reason};
use crate::frontier::tables::entry::Entry;
use crate::frontier::tables::overflow::Overflow;
use crate::model::{ParkedShape, Parking};
use crate::scope::{path_shape, path_template};

impl Templates {
    /// How many URLs of a site are parked.
    pub(in crate::frontier::tables) fn parked_of(&self, site: u32) -> u64 {
        let shapes = self.sites.get(&site).into_iter();
        shapes.flat_map(|shapes| shapes.counts.values()).map(|counts| u64::from(counts.parked)).sum()
    }

    /// Takes out what is parked of a site and shows it with its shape, until `visit` says `false`.
    pub(in crate::frontier::tables) fn drain(
        &mut self,
        site: u32,
        overflow: &mut Overflow,
        mut visit: impl FnMut(&Entry, Parking) -> bool,
    ) -> bool {
        let Some(Shapes { counts, queues }) = self.sites.remove(&site) else { return true };
        for ((shape, origin), mut queue) in queues {
            let counts = counts.get(&shape).copied().unwrap_or_default();
            while let Some(entry) = queue.pop(origin, overflow) {
                if !visit(&entry, Parking::Shape(counts.told(shape, &entry))) {
                    return false;
                }
            }
        }
        true
    }
}

impl Counts {
    fn told(self, shape: u64, entry: &Entry) -> ParkedShape {
        ParkedShape {
            shape: path_shape(entry.path()),
            reason: reason(shape),
            admitted: self.admitted,
            budget: self.budget,
            parked: self.parked,
            is_closed: self.closed,
            is_shared: (path_template(entry.path()) | 1) != (shape | 1),
        }
    }
}
