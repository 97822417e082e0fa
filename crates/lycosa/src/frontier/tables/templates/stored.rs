//! Budgets of shapes as bytes.

use super::variety::Variety;
use super::{Counts, Shapes, Templates};
use crate::frontier::tables::overflow::Overflow;
use crate::frontier::tables::waiting::Waiting;
use crate::model::TemplateBudget;
use crate::model::wire::{self, Damaged, Reader};

impl Templates {
    /// Writes all of it, part by part.
    pub(in crate::frontier::tables) fn store<E>(
        &self,
        part: usize,
        mut put: impl FnMut(&[u8]) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut out = Vec::new();
        wire::put_bytes(&mut out, &self.met);
        wire::put_option(&mut out, self.rule, |out, rule| {
            wire::put_number(out, u64::from(rule.urls));
            out.push(u8::from(rule.trap_signs));
        });
        put(&out)?;
        let mut sites: Vec<_> = self.sites.iter().collect();
        sites.sort_unstable_by_key(|(site, _)| **site);
        out.clear();
        for (site, shapes) in sites {
            shapes.store(*site, &mut out);
            if out.len() > part {
                put(&out)?;
                out.clear();
            }
        }
        if out.is_empty() { Ok(()) } else { put(&out) }
    }

    /// Reads a part that [`Self::store`] wrote; the first differs from the others.
    pub(in crate::frontier::tables) fn load(
        &mut self,
        reader: &mut Reader<'_>,
        is_first: bool,
        overflow: &mut Overflow,
    ) -> Result<(), Damaged> {
        if is_first {
            self.met = reader.bytes()?.to_vec();
            self.rule = reader.option(|reader| {
                Ok(TemplateBudget { urls: reader.small()?, trap_signs: reader.byte()? != 0 })
            })?;
            return Ok(());
        }
        while !reader.is_empty() {
            let site = reader.small()?;
            let shapes = Shapes::load(reader, overflow)?;
            self.shapes += shapes.counts.len();
            self.sites.insert(site, shapes);
        }
        Ok(())
    }
}

impl Shapes {
    fn store(&self, site: u32, out: &mut Vec<u8>) {
        wire::put_number(out, u64::from(site));
        self.variety.store(out);
        wire::put_number(out, self.counts.len() as u64);
        for (shape, counts) in &self.counts {
            let Counts { admitted, budget, fresh, stale, parked, closed } = *counts;
            out.extend_from_slice(&shape.to_le_bytes());
            for number in [admitted, budget, fresh, stale, parked] {
                wire::put_number(out, u64::from(number));
            }
            out.push(u8::from(closed));
        }
        wire::put_number(out, self.queues.len() as u64);
        for ((shape, origin), queue) in &self.queues {
            out.extend_from_slice(&shape.to_le_bytes());
            wire::put_number(out, u64::from(*origin));
            queue.store(out);
        }
    }

    fn load(reader: &mut Reader<'_>, overflow: &mut Overflow) -> Result<Self, Damaged> {
        let variety = Variety::load(reader)?;
        let counts = reader.list(|reader| {
            let shape = reader.fixed64()?;
            let (admitted, budget) = (reader.small()?, reader.small()?);
            let (fresh, stale, parked) = (reader.small()?, reader.small()?, reader.small()?);
            Ok((shape, Counts { admitted, budget, fresh, stale, parked, closed: reader.byte()? != 0 }))
        })?;
        let queues = reader.list(|reader| {
            let key = (reader.fixed64()?, reader.small()?);
            Ok((key, Waiting::load(reader, true, overflow)?))
        })?;
        Ok(Self { counts: counts.into_iter().collect(), queues: queues.into_iter().collect(), variety })
    }
}
