//! Numbers to text and back as XPath 1.0 has them (sections 4.2 and 4.4): no exponent in either direction, no
//! plus sign, as many digits as tell the number from its neighbours.

/// Characters that XPath takes for whitespace (XML 1.0, production 3).
pub(super) fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r')
}

/// The text without XPath whitespace at its ends.
pub(super) fn trim(text: &str) -> &str {
    text.trim_matches([' ', '\t', '\n', '\r'])
}

/// The number a text stands for; not a number unless it is digits, maybe with a point among them and a minus
/// before, maybe between whitespace.
pub(super) fn parse_number(text: &str) -> f64 {
    let text = trim(text);
    let digits = text.strip_prefix('-').unwrap_or(text).as_bytes();
    if let [digit] = digits {
        // The usual case, without the general machine.
        let value = f64::from(digit.wrapping_sub(b'0'));
        return match value < 10.0 {
            true if text.len() == 2 => -value,
            true => value,
            false => f64::NAN,
        };
    }
    let points = digits.iter().filter(|&&byte| byte == b'.').count();
    let is_number = digits.len() > points
        && points <= 1
        && digits.iter().all(|byte| byte.is_ascii_digit() || *byte == b'.');
    if !is_number {
        return f64::NAN;
    }
    text.parse().unwrap_or(f64::NAN)
}

/// A number as text.
pub(super) fn format_number(number: f64) -> String {
    if number.is_nan() {
        "NaN".to_owned()
    } else if number.is_infinite() {
        if number > 0.0 { "Infinity".to_owned() } else { "-Infinity".to_owned() }
    } else if number == 0.0 {
        "0".to_owned()
    } else {
        // Rust never writes an exponent here and stops at the digits that are needed.
        number.to_string()
    }
}

/// The nearest integer, the greater of two equally near; keeps a negative zero (section 4.4).
pub(super) fn round(number: f64) -> f64 {
    let floor = number.floor();
    if number - floor >= 0.5 { (floor + 1.0).copysign(number) } else { floor }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_a_number_only_without_plus_exponent_or_letters() {
        for (text, number) in [
            ("1", 1.0_f64),
            (" -2 ", -2.0),
            ("\t.5\n", 0.5),
            ("-.5", -0.5),
            ("7.", 7.0),
            ("007", 7.0),
            ("12.50", 12.5),
        ] {
            assert_eq!(parse_number(text).to_bits(), number.to_bits(), "{text}");
        }
        assert!(parse_number("-0").is_sign_negative());
        for text in [
            "", " ", "-", ".", "-.", "+1", "1e3", "1 2", "- 1", "0x1", "NaN", "Infinity", "1.2.3", "a",
            "--1", "\u{a0}1",
        ] {
            assert!(parse_number(text).is_nan(), "{text}");
        }
    }

    #[test]
    fn a_number_is_written_without_exponent_and_minus_zero_as_zero() {
        for (number, text) in [
            (0.0, "0"),
            (-0.0, "0"),
            (1.0, "1"),
            (-12.5, "-12.5"),
            (0.1 + 0.2, "0.30000000000000004"),
            (1e21, "1000000000000000000000"),
            (1e-7, "0.0000001"),
            (f64::NAN, "NaN"),
            (f64::INFINITY, "Infinity"),
            (f64::NEG_INFINITY, "-Infinity"),
        ] {
            assert_eq!(format_number(number), text);
        }
    }

    #[test]
    fn rounding_goes_up_from_the_middle_and_keeps_the_sign_of_zero() {
        for (number, rounded) in
            [(1.5, 2.0), (-1.5, -1.0), (2.4, 2.0), (-2.6, -3.0), (0.5, 1.0), (0.49999999999999994, 0.0)]
        {
            assert_eq!(round(number), rounded, "{number}");
        }
        assert!(round(-0.2).is_sign_negative() && round(-0.5).is_sign_negative() && round(-0.5) == 0.0);
        assert!(round(f64::NAN).is_nan() && round(f64::INFINITY).is_infinite());
        assert_eq!(round(4_503_599_627_370_497.0), 4_503_599_627_370_497.0);
    }
}
