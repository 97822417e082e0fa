//! Wishes about what content may be used for, such as the training of models: kept as data, acted upon by nobody here.
//!
//! Read from robots.txt and header fields (`Content-Usage`: IETF drafts draft-ietf-aipref-attach and
//! draft-ietf-aipref-vocab; `Content-Signal`: contentsignals.org), from `X-Robots-Tag` and `<meta name=robots>`
//! (`noai`, `noimageai`), and from the header fields and `<meta>` of the TDM Reservation Protocol of the W3C's
//! community group (`tdm-reservation`, `tdm-policy`). That protocol's `/.well-known/tdmrep.json` is not asked for.

/// Where a wish was said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SignalPlace {
    /// In robots.txt, for the whole site or a part of it.
    RobotsTxt,
    /// In a header field of the answer.
    Header,
    /// In a `<meta>` of the page.
    Meta,
}

impl SignalPlace {
    /// Its name in records.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::RobotsTxt => "robots.txt",
            Self::Header => "header",
            Self::Meta => "meta",
        }
    }
}

/// One wish about the use of content.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UseSignal {
    /// Where it was said.
    pub place: SignalPlace,
    /// The line, field or element that said it, in lower case, such as `content-usage`.
    pub name: Box<str>,
    /// The use, in lower case, in the words of that vocabulary: `train-ai`, `ai-train`, `search`, `ai`, `image-ai`,
    /// `tdm`.
    pub purpose: Box<str>,
    /// Whether it is allowed; none when the value is neither of the two that the vocabulary knows.
    pub allowed: Option<bool>,
    /// The value as written, cut to [`UseSignal::LONGEST`] bytes.
    pub value: Box<str>,
}

impl UseSignal {
    /// Wishes that are kept of one page.
    pub const MOST: usize = 32;
    /// Bytes that are kept of a name, a use or a value.
    pub const LONGEST: usize = 200;

    /// A wish, its parts cut to what is kept.
    #[must_use]
    pub fn new(place: SignalPlace, name: &str, purpose: &str, allowed: Option<bool>, value: &str) -> Self {
        let lower = |text: &str| cut(text).to_ascii_lowercase().into_boxed_str();
        Self { place, name: lower(name), purpose: lower(purpose), allowed, value: cut(value).into() }
    }

    /// The wishes of a list such as `train-ai=n, search=yes`: a dictionary of structured fields (RFC 9651 §3.2) read
    /// leniently. A use without a value is allowed, as there.
    pub fn list<'a>(place: SignalPlace, name: &'a str, text: &'a str) -> impl Iterator<Item = Self> + 'a {
        let members = text.split(',').map(|member| member.split(';').next().unwrap_or_default().trim());
        members.filter(|member| !member.is_empty()).take(Self::MOST).map(move |member| {
            let (purpose, value) = member.split_once('=').unwrap_or((member, "?1"));
            let (purpose, value) = (purpose.trim(), value.trim().trim_matches('"'));
            Self::new(place, name, purpose, yes_or_no(value), value)
        })
    }
}

fn yes_or_no(value: &str) -> Option<bool> {
    let is_one_of = |words: &[&str]| words.iter().any(|word| word.eq_ignore_ascii_case(value));
    if is_one_of(&["y", "yes", "?1", "allow"]) {
        Some(true)
    } else if is_one_of(&["n", "no", "?0", "disallow"]) {
        Some(false)
    } else {
        None
    }
}

fn cut(text: &str) -> &str {
    &text[..text.floor_char_boundary(UseSignal::LONGEST)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_gives_each_use_with_its_answer() {
        let list = |text| -> Vec<(String, Option<bool>)> {
            let signals = UseSignal::list(SignalPlace::Header, "Content-Usage", text);
            signals.map(|signal| (signal.purpose.into(), signal.allowed)).collect()
        };
        let is = |purpose: &str, allowed| (purpose.to_owned(), allowed);
        assert_eq!(list("train-ai=n"), [is("train-ai", Some(false))]);
        assert_eq!(
            list(" search = Yes ,AI-Train=no;exp=1,,use=reference, bots"),
            [is("search", Some(true)), is("ai-train", Some(false)), is("use", None), is("bots", Some(true))]
        );
        assert_eq!(list(&"a=n,".repeat(1_000)).len(), UseSignal::MOST);
        let long = UseSignal::list(SignalPlace::Meta, "x", &"ü".repeat(900)).next().unwrap();
        assert!(long.purpose.len() <= UseSignal::LONGEST);
    }
}
