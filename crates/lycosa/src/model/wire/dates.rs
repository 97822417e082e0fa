//! What the dates of sitemaps told and proved, as bytes.

use super::{Damaged, Read, Reader, put_list, put_number, put_option};
use crate::model::{DateProof, Dates, LastmodTrust, SiteDates, UrlKey};

/// What a commit says about dates.
pub(crate) fn put_dates(out: &mut Vec<u8>, dates: &Dates) {
    match dates {
        Dates::Read { before, pages } => {
            out.push(0);
            put_option(out, *before, |out, at| put_number(out, at.0));
            put_list(out, pages, |out, (key, date)| {
                out.extend_from_slice(&key.0.to_le_bytes());
                put_number(out, date.0);
            });
        }
        Dates::Proof(DateProof::Moved(hundredths)) => out.extend([1, *hundredths]),
        Dates::Proof(DateProof::Missed) => out.push(2),
    }
}

pub(crate) fn read_dates(reader: &mut Reader<'_>) -> Read<Dates> {
    match reader.byte()? {
        0 => Ok(Dates::Read {
            before: reader.option(Reader::time)?,
            pages: reader.list(|reader| Ok((UrlKey(reader.fixed64()?), reader.time()?)))?,
        }),
        1 => reader.byte().map(|hundredths| Dates::Proof(DateProof::Moved(hundredths))),
        2 => Ok(Dates::Proof(DateProof::Missed)),
        _ => Err(Damaged),
    }
}

/// What a site's sitemaps have said so far.
pub(crate) fn put_site_dates(out: &mut Vec<u8>, dates: &SiteDates) {
    let LastmodTrust { moved, confirmed, missed } = dates.trust;
    [moved, confirmed, missed, dates.files].iter().for_each(|count| put_number(out, u64::from(*count)));
    put_number(out, dates.read_at.0);
    super::put_span(out, dates.every);
    put_number(out, u64::from(dates.news));
    super::put_span(out, dates.watched);
}

pub(crate) fn read_site_dates(reader: &mut Reader<'_>) -> Read<SiteDates> {
    let mut count = || reader.small();
    let trust = LastmodTrust { moved: count()?, confirmed: count()?, missed: count()? };
    let (files, read_at, every) = (count()?, reader.time()?, reader.span()?);
    Ok(SiteDates { trust, files, read_at, every, news: reader.small()?, watched: reader.span()? })
}
