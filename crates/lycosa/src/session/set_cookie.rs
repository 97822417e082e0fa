//! The `Set-Cookie` field as browsers read it (RFC 6265bis §5.6): almost anything is a cookie.
//!
//! Only reading; whether the cookie may be stored is decided by the [`Jar`](super::Jar). `Partitioned` is read over:
//! a session has one part already.

use super::cookie::{MOST_OCTETS, SameSite, is_control};
use super::date;

/// Octets an attribute's value may have; a longer attribute counts as absent.
const MOST_ATTRIBUTE_OCTETS: usize = 1024;

/// What a field says.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct SetCookie {
    pub(super) name: Vec<u8>,
    pub(super) value: Vec<u8>,
    /// Seconds from now; wins over `expires`.
    pub(super) max_age: Option<i64>,
    /// Seconds since 1970.
    pub(super) expires: Option<i64>,
    /// In lower case, without a leading dot; empty says nothing.
    pub(super) domain: Vec<u8>,
    /// As written, if it was written at all; one that does not begin with `/` stands for the default path.
    pub(super) path: Option<String>,
    pub(super) secure: bool,
    pub(super) http_only: bool,
    pub(super) same_site: SameSite,
}

/// Why a field is no cookie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unreadable {
    Control,
    Empty,
    TooLong,
}

/// Reads a field's value.
pub(super) fn parse(field: &[u8]) -> Result<SetCookie, Unreadable> {
    if field.iter().any(|octet| is_control(*octet)) {
        return Err(Unreadable::Control);
    }
    let mut parts = field.split(|octet| *octet == b';');
    let pair = parts.next().unwrap_or_default();
    let (name, value) = split_at_equals(pair).unwrap_or((b"", trim(pair)));
    if name.is_empty() && value.is_empty() {
        return Err(Unreadable::Empty);
    }
    if name.len() + value.len() > MOST_OCTETS {
        return Err(Unreadable::TooLong);
    }
    let mut cookie = SetCookie { name: name.to_vec(), value: value.to_vec(), ..SetCookie::default() };
    for attribute in parts {
        let (name, value) = split_at_equals(attribute).unwrap_or((trim(attribute), b""));
        if value.len() <= MOST_ATTRIBUTE_OCTETS {
            cookie.take(name, value);
        }
    }
    Ok(cookie)
}

impl SetCookie {
    /// Of several attributes with one name the last counts; one whose value makes no sense counts as absent.
    fn take(&mut self, name: &[u8], value: &[u8]) {
        match &*name.to_ascii_lowercase() {
            b"expires" => self.expires = date::parse(value).or(self.expires),
            b"max-age" => self.max_age = seconds(value).or(self.max_age),
            b"domain" => self.domain = value.strip_prefix(b".").unwrap_or(value).to_ascii_lowercase(),
            b"path" => self.path = Some(String::from_utf8_lossy(value).into_owned()),
            b"secure" => self.secure = true,
            b"httponly" => self.http_only = true,
            b"samesite" => {
                self.same_site = match &*value.to_ascii_lowercase() {
                    b"none" => SameSite::None,
                    b"lax" => SameSite::Lax,
                    b"strict" => SameSite::Strict,
                    _ => SameSite::Unset,
                }
            }
            _ => {}
        }
    }
}

/// Digits, perhaps after a minus sign; numbers too large for the type are as good as the largest.
fn seconds(value: &[u8]) -> Option<i64> {
    let (sign, digits) = match value.strip_prefix(b"-") {
        Some(digits) => (-1, digits),
        None => (1, value),
    };
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let number = std::str::from_utf8(digits).ok()?.parse().unwrap_or(i64::MAX);
    Some(sign * number)
}

fn split_at_equals(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let at = text.iter().position(|octet| *octet == b'=')?;
    let (name, rest) = text.split_at_checked(at)?;
    Some((trim(name), trim(rest.get(1..)?)))
}

/// Without blanks and tabs at both ends.
pub(super) fn trim(mut text: &[u8]) -> &[u8] {
    while let [b' ' | b'\t', rest @ ..] | [rest @ .., b' ' | b'\t'] = text {
        text = rest;
    }
    text
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(field: &str) -> SetCookie {
        parse(field.as_bytes()).unwrap_or_else(|why| panic!("{field}: {why:?}"))
    }

    #[test]
    fn the_last_attribute_that_makes_sense_counts() {
        let cookie = read(
            "a=b; MAX-AGE=5; max-age=x; Max-Age=-7; max-age=; Expires=soon; SameSite=Lax; \
             samesite=strict; Domain=.A.Example; path=/x; PATH = /y ; HttpOnly=no; Partitioned; secure",
        );
        assert_eq!((cookie.max_age, cookie.expires), (Some(-7), None));
        assert_eq!((cookie.same_site, cookie.secure, cookie.http_only), (SameSite::Strict, true, true));
        assert_eq!((&*cookie.domain, cookie.path.as_deref()), (&b"a.example"[..], Some("/y")));
        assert_eq!(read("a; SameSite=Strict; SameSite=whatever").same_site, SameSite::Unset);
        assert_eq!(read("a; domain=b; domain").domain, b"");
    }

    #[test]
    fn max_age_is_digits_with_an_optional_minus() {
        for (value, expected) in [
            ("0", Some(0)),
            ("-1", Some(-1)),
            ("007", Some(7)),
            ("99999999999999999999", Some(i64::MAX)),
            ("-99999999999999999999", Some(-i64::MAX)),
            ("", None),
            ("-", None),
            ("+5", None),
            ("--5", None),
            ("5.5", None),
            ("1e3", None),
            ("\"5\"", None),
        ] {
            assert_eq!(read(&format!("a=b; Max-Age={value}")).max_age, expected, "{value}");
        }
    }

    #[test]
    fn an_attribute_of_more_than_1024_octets_counts_as_absent() {
        let path = format!("/{}", "p".repeat(1023));
        assert_eq!(read(&format!("a=b; Path={path}")).path, Some(path.clone()));
        assert_eq!(read(&format!("a=b; Path=/x; Path={path}q")).path, Some("/x".to_owned()));
        assert_eq!(read(&format!("a=b; Domain=x; Domain={}", "d".repeat(1025))).domain, b"x");
    }

    #[test]
    fn names_and_values_share_4096_octets() {
        let fits = format!("{}={}", "n".repeat(2048), "v".repeat(2048));
        assert!(parse(fits.as_bytes()).is_ok());
        assert_eq!(parse(format!("{fits}v").as_bytes()), Err(Unreadable::TooLong));
        assert!(parse(format!("{fits}   ; x=y").as_bytes()).is_ok(), "blanks are cut first");
        assert_eq!(parse("v".repeat(4097).as_bytes()), Err(Unreadable::TooLong));
    }

    #[test]
    fn control_characters_anywhere_spoil_the_whole_field_but_a_tab_does_not() {
        for octet in (0..=0x1F).chain([0x7F]) {
            for field in [vec![b'a', b'=', octet, b'b'], [&b"a=b; x="[..], &[octet]].concat()] {
                let spoilt = parse(&field) == Err(Unreadable::Control);
                assert_eq!(spoilt, octet != b'\t', "{octet:#x}");
            }
        }
        for octet in 0x80..=0xFF {
            assert_eq!(parse(&[b'a', b'=', octet]).map(|cookie| cookie.value), Ok(vec![octet]));
        }
    }

    proptest! {
        #[test]
        fn no_bytes_at_all_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200),
            soup in "([a-c]|=|;| |\t|Max-Age|Expires|Domain|Path|SameSite|Secure|-?[0-9]{1,20}|\\.){0,30}") {
            let _ = (parse(&bytes), parse(soup.as_bytes()));
        }

        #[test]
        fn a_cookie_of_plain_octets_is_read_back(name in "[!-:<>-~]{1,20}", value in "[!-:<-~]{0,20}") {
            let cookie = read(&format!(" {name} = {value} ; Path=/"));
            prop_assert_eq!((cookie.name, cookie.value), (name.into_bytes(), value.into_bytes()));
        }
    }
}
