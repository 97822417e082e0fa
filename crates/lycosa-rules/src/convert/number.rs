//! Numbers as people write them, one in a text: `1.234,56 €`, `1,234.56`, `12 345,6`, `(5)`, `1.2k`.
//!
//! The text may say more than the number (a currency, a label), but a second number makes it unclear which is meant
//! and is a failure, as is a number whose digits are not grouped as numbers are. Left out: numbers in words,
//! fractions, and suffixes other than `k`, `K` and `M`.

/// Characters that a text with a number in it may have.
const LONGEST: usize = 256;

/// Reads the one number of a text as a plain decimal: digits, perhaps a sign, a point and an exponent.
///
/// `decimal` is the decimal mark of the locale, `.` or `,`. Without one it is read off the number: of two different
/// marks the last is the decimal mark, a mark that is repeated is none, a single comma before exactly three digits
/// groups (`1,234`), and any other single mark is the decimal mark. Spaces and apostrophes group.
///
/// # Errors
/// Why the text is no number, as half a sentence.
pub(super) fn number(text: &str, decimal: Option<char>) -> Result<String, &'static str> {
    let chars: Vec<char> = text.trim().chars().take(LONGEST + 1).map(plain).collect();
    if chars.len() > LONGEST {
        return Err("it is too long for a number");
    }
    let Some(first) = chars.iter().position(char::is_ascii_digit) else { return Err("it holds no number") };
    let start = leading_mark(&chars, first);
    let (parts, end) = scan(&chars, start, first);
    let (mut whole, mut fraction) = split(parts, decimal)?;
    let (exponent, end) = exponent(&chars, end);
    let (shift, end) = if exponent.is_some() { (0, end) } else { magnitude(&chars, end) };
    let (before, after) = (chars.get(..start).unwrap_or_default(), chars.get(end..).unwrap_or_default());
    if after.iter().any(char::is_ascii_digit) {
        return Err("it holds more than one number");
    }
    let rest = fraction.split_off(fraction.len().min(shift));
    whole.push_str(&fraction);
    whole.extend(std::iter::repeat_n('0', shift - fraction.len()));
    let sign = if is_negative(before, after) { "-" } else { "" };
    let whole = match whole.trim_start_matches('0') {
        "" => "0",
        digits => digits,
    };
    let point = if rest.is_empty() { "" } else { "." };
    Ok(format!("{sign}{whole}{point}{rest}{}", exponent.unwrap_or_default()))
}

/// Digits of every script that crawled pages use as ASCII digits, spaces as one space, minus signs as one sign.
fn plain(c: char) -> char {
    let ascii = |zero: u32| {
        char::from_digit(u32::from(c).wrapping_sub(zero), 10).filter(|_| u32::from(c) >= zero).unwrap_or(c)
    };
    match c {
        '\u{660}'..='\u{669}' => ascii(0x660),
        '\u{6f0}'..='\u{6f9}' => ascii(0x6f0),
        '\u{966}'..='\u{96f}' => ascii(0x966),
        '\u{ff10}'..='\u{ff19}' => ascii(0xff10),
        '\u{66b}' => ',',
        '\u{66c}' | '\u{2019}' => '\'',
        '\u{2212}' | '\u{2013}' | '\u{2010}' | '\u{2011}' => '-',
        c if c.is_whitespace() => ' ',
        c => c,
    }
}

/// Where a number begins whose first digit is here: at a mark before it that stands alone, as in `.5`.
fn leading_mark(chars: &[char], first: usize) -> usize {
    let at = |back: usize| first.checked_sub(back).and_then(|place| chars.get(place));
    let stands_alone = at(2).is_none_or(|before| !before.is_alphanumeric() && !matches!(before, '.' | ','));
    if matches!(at(1), Some('.' | ',')) && stands_alone { first - 1 } else { first }
}

/// Digits with the mark before them.
type Part = (Option<char>, String);

/// The digits and marks of a number, and where it ends.
fn scan(chars: &[char], start: usize, first: usize) -> (Vec<Part>, usize) {
    let digits = |from: usize| -> String {
        chars.iter().skip(from).take_while(|c| c.is_ascii_digit()).copied().collect()
    };
    let mut parts = Vec::new();
    if start < first {
        parts.push((None, String::new()));
        parts.push((chars.get(start).copied(), digits(first)));
    } else {
        parts.push((None, digits(first)));
    }
    let mut end = first + parts.last().map_or(0, |(_, digits)| digits.len());
    while let Some(mark) = chars.get(end).copied().filter(|mark| matches!(mark, '.' | ',' | '\'' | ' ')) {
        let next = digits(end + 1);
        // A space groups thousands, or it ends the number.
        if next.is_empty() || (mark == ' ' && next.len() != 3) {
            break;
        }
        end += 1 + next.len();
        parts.push((Some(mark), next));
    }
    (parts, end)
}

/// The digits before and after the decimal mark.
fn split(mut parts: Vec<Part>, decimal: Option<char>) -> Result<(String, String), &'static str> {
    const GROUPED: &str = "its digits are not grouped as those of a number";
    let mark = decimal.or_else(|| decimal_mark(&parts));
    let is_mark = |part: &Part| part.0.is_some() && part.0 == mark;
    let fraction = match parts.iter().filter(|part| is_mark(part)).count() {
        0 => String::new(),
        1 if parts.last().is_some_and(is_mark) => parts.pop().map(|(_, digits)| digits).unwrap_or_default(),
        _ => return Err(GROUPED),
    };
    let mut groups = parts.iter().skip(1).map(|(mark, _)| *mark);
    let group = groups.next().flatten();
    if groups.any(|mark| mark != group) {
        return Err(GROUPED);
    }
    let last = parts.len().saturating_sub(1);
    // Indian numbers group by two, but for the last three digits: 12,34,567.
    let fits = |(place, (_, digits)): (usize, &Part)| match place {
        _ if last == 0 => true,
        0 => (1..=3).contains(&digits.len()),
        _ if place == last => digits.len() == 3,
        _ => digits.len() == 3 || (digits.len() == 2 && group == Some(',')),
    };
    if !parts.iter().enumerate().all(fits) {
        return Err(GROUPED);
    }
    Ok((parts.into_iter().map(|(_, digits)| digits).collect(), fraction))
}

/// The decimal mark as the number itself tells it, if it has one.
fn decimal_mark(parts: &[Part]) -> Option<char> {
    let marks = || parts.iter().filter_map(|(mark, _)| *mark);
    let last = marks().next_back().filter(|mark| matches!(mark, '.' | ','))?;
    if marks().filter(|mark| *mark == last).count() > 1 {
        return None;
    }
    let is_alone = marks().count() == 1;
    let before = parts.first().map(|(_, digits)| digits.as_str()).unwrap_or_default();
    let after = parts.last().map_or(0, |(_, digits)| digits.len());
    let groups = last == ',' && is_alone && after == 3 && (1..=3).contains(&before.len()) && before != "0";
    (!groups).then_some(last)
}

/// `e5`, `E-3` directly after a number.
fn exponent(chars: &[char], end: usize) -> (Option<String>, usize) {
    let is_sign = |c: &&char| matches!(c, '+' | '-');
    if !matches!(chars.get(end), Some('e' | 'E')) {
        return (None, end);
    }
    let sign: String = chars.get(end + 1).filter(is_sign).into_iter().collect();
    let from = end + 1 + sign.len();
    let digits: String = chars.iter().skip(from).take_while(|c| c.is_ascii_digit()).take(5).collect();
    if digits.is_empty() {
        return (None, end);
    }
    let end = from + digits.len();
    (Some(format!("e{sign}{digits}")), end)
}

/// By how many digits `k` (thousand) or `M` (million) directly after a number moves its point.
fn magnitude(chars: &[char], end: usize) -> (usize, usize) {
    let is_alone = chars.get(end + 1).is_none_or(|c| !c.is_alphanumeric());
    match chars.get(end) {
        Some('k' | 'K') if is_alone => (3, end + 1),
        Some('M') if is_alone => (6, end + 1),
        _ => (0, end),
    }
}

/// A minus before the number (a currency may stand between), or brackets around all of it, as accounts have them.
fn is_negative(before: &[char], after: &[char]) -> bool {
    let before: String = before.iter().collect();
    let after: String = after.iter().collect();
    if before.starts_with('(') && after.ends_with(')') && !before.contains(char::is_alphabetic) {
        return true;
    }
    let is_currency = |c: char| c == ' ' || (!c.is_ascii() && !c.is_alphanumeric()) || matches!(c, '$' | '+');
    match before.trim_end_matches(is_currency).strip_suffix('-') {
        // In `SKU-5` it is a hyphen.
        Some(left) => !left.ends_with(char::is_alphanumeric),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn numbers_are_read_as_they_are_written() {
        for (text, decimal, expected) in [
            ("1.234,56 €", None, "1234.56"),
            ("1,234.56", None, "1234.56"),
            ("12 345,6", None, "12345.6"),
            ("12\u{202f}345,6", None, "12345.6"),
            ("1\u{a0}234\u{a0}567", None, "1234567"),
            ("(5)", None, "-5"),
            ("($1,234.50)", None, "-1234.50"),
            ("Reviews (5)", None, "5"),
            ("1.2k", None, "1200"),
            ("1.2345k", None, "1234.5"),
            ("3M", None, "3000000"),
            ("5 kg", None, "5"),
            ("5m", None, "5"),
            ("1'234.50", None, "1234.50"),
            ("CHF 1’234.–", None, "1234"),
            ("12,34,567.8", None, "1234567.8"),
            ("1.234.567", None, "1234567"),
            ("1,234", None, "1234"),
            ("0,234", None, "0.234"),
            ("1234,567", None, "1234.567"),
            ("1.234", None, "1.234"),
            ("12,5", None, "12.5"),
            ("1.234", Some(','), "1234"),
            ("1,234", Some(','), "1.234"),
            ("1,234", Some('.'), "1234"),
            (".5", None, "0.5"),
            (",5", Some(','), "0.5"),
            ("5.", None, "5"),
            ("12,-", Some(','), "12"),
            ("Price: 12.50 EUR", None, "12.50"),
            ("USD12.50", None, "12.50"),
            ("-5", None, "-5"),
            ("\u{2212}5 °C", None, "-5"),
            ("-€ 5", None, "-5"),
            ("€ -5", None, "-5"),
            ("SKU-5", None, "5"),
            ("+7", None, "7"),
            ("1.5e3", None, "1.5e3"),
            ("2E-3", None, "2e-3"),
            ("007", None, "7"),
            ("٣٫٥", None, "3.5"),
            ("12 %", None, "12"),
        ] {
            assert_eq!(number(text, decimal).as_deref(), Ok(expected), "{text} {decimal:?}");
        }
    }

    #[test]
    fn what_is_unclear_is_no_number() {
        for (text, decimal) in [
            ("", None),
            ("free", None),
            ("2 for 5", None),
            ("12-15 €", None),
            ("24.12.2024 10", None),
            ("2024-12-24", None),
            ("1.23.4", None),
            ("1,2,3", None),
            ("12.50", Some(',')),
            ("1,234,56", None),
            ("1.234,567,8", None),
            ("1,5,6", Some(',')),
        ] {
            assert!(number(text, decimal).is_err(), "{text} {decimal:?}: {:?}", number(text, decimal));
        }
        assert!(number(&"1".repeat(300), None).is_err());
    }

    proptest! {
        #[test]
        fn any_text_is_a_number_that_others_can_read_or_none(text in "[-0-9., '()ekM€x\u{a0}]{0,20}|\\PC{0,40}") {
            for decimal in [None, Some('.'), Some(',')] {
                if let Ok(plain) = number(&text, decimal) {
                    prop_assert!(plain.parse::<f64>().is_ok(), "{} {}", text, plain);
                }
            }
        }

        #[test]
        fn every_number_is_read_back_in_both_notations(whole in 0_u64..10_000_000_000, cents in 0_u8..100) {
            let digits = whole.to_string();
            let grouped = |mark: &str| {
                let reversed: Vec<char> = digits.chars().rev().collect();
                let groups: Vec<String> = reversed.chunks(3).map(|group| group.iter().rev().collect()).rev().collect();
                groups.join(mark)
            };
            let expected = Ok(format!("{whole}.{cents:02}"));
            prop_assert_eq!(number(&format!("{},{cents:02} €", grouped(".")), Some(',')), expected.clone());
            prop_assert_eq!(number(&format!("${}.{cents:02}", grouped(",")), Some('.')), expected.clone());
            prop_assert_eq!(number(&format!("{}.{cents:02}", grouped("'")), None), expected.clone());
            prop_assert_eq!(number(&format!("{},{cents:02}", grouped("\u{a0}")), None), expected);
        }
    }
}
