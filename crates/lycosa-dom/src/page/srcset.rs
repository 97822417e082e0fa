//! Lists of images to choose from: `srcset` (HTML standard, "parsing a srcset attribute").

/// One image of a `srcset`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ImageCandidate<'d> {
    /// The address as written.
    pub url: &'d str,
    /// For which width, height or density it is, as written: `640w`, `2x`; empty means `1x`.
    pub descriptor: &'d str,
}

/// The images of a `srcset` attribute in order, see [`image_candidates`].
#[derive(Clone, Debug)]
pub struct ImageCandidates<'d> {
    rest: &'d str,
}

/// The images that a `srcset` attribute offers, as browsers read it: an entry whose descriptors make no sense is left
/// out, and commas are part of an address unless they end it. Takes time linear in the text.
///
/// ```
/// use lycosa_dom::image_candidates;
/// let found: Vec<_> = image_candidates("a,b.png 1x, c.png 2x, d.png 2q").map(|image| image.url).collect();
/// assert_eq!(found, ["a,b.png", "c.png"]);
/// ```
#[must_use]
pub fn image_candidates(srcset: &str) -> ImageCandidates<'_> {
    ImageCandidates { rest: srcset }
}

impl<'d> Iterator for ImageCandidates<'d> {
    type Item = ImageCandidate<'d>;

    fn next(&mut self) -> Option<ImageCandidate<'d>> {
        loop {
            let text = self.rest.trim_start_matches(|c: char| c.is_ascii_whitespace() || c == ',');
            if text.is_empty() {
                self.rest = text;
                return None;
            }
            let end = text.find(|c: char| c.is_ascii_whitespace()).unwrap_or(text.len());
            let (written, after) = text.split_at(end);
            let url = written.trim_end_matches(',');
            let mut descriptor = "";
            if url.len() == written.len() {
                let length = descriptors_end(after);
                descriptor = after[..length].trim_ascii();
                self.rest = &after[length..];
            } else {
                self.rest = after;
            }
            if is_sensible(descriptor) {
                return Some(ImageCandidate { url, descriptor });
            }
        }
    }
}

/// Where the descriptors of one entry end: at the next comma outside of parentheses.
fn descriptors_end(text: &str) -> usize {
    let mut in_parentheses = false;
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            // Only within a word does one open; a word of its own begins with it, which is within as well.
            b'(' => in_parentheses = true,
            b')' => in_parentheses = false,
            b',' if !in_parentheses => return at,
            _ => {}
        }
    }
    text.len()
}

/// Whether descriptors are those the standard knows, each once and in a combination it allows.
fn is_sensible(descriptors: &str) -> bool {
    let (mut width, mut density, mut height) = (false, false, false);
    for word in descriptors.split_ascii_whitespace() {
        let Some(unit) = word.chars().next_back() else { continue };
        let number = &word[..word.len() - unit.len_utf8()];
        let is_fine = match unit {
            'w' if !width && !density => {
                width = true;
                is_positive(number)
            }
            'x' if !width && !density && !height => {
                density = true;
                is_density(number)
            }
            'h' if !height && !density => {
                height = true;
                is_positive(number)
            }
            _ => false,
        };
        if !is_fine {
            return false;
        }
    }
    width || !height
}

fn is_positive(number: &str) -> bool {
    !number.is_empty()
        && number.bytes().all(|byte| byte.is_ascii_digit())
        && number.bytes().any(|byte| byte != b'0')
}

/// A valid floating-point number of the standard that is not negative.
fn is_density(number: &str) -> bool {
    let is_plain = number.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'.' | b'e' | b'E' | b'-' | b'+'));
    let is_whole = number.ends_with(|last: char| last.is_ascii_digit()) && !number.starts_with('+');
    is_plain && is_whole && number.parse::<f64>().is_ok_and(|value| value.is_finite() && value >= 0.0)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(srcset: &str) -> Vec<(&str, &str)> {
        image_candidates(srcset).map(|image| (image.url, image.descriptor)).collect()
    }

    #[test]
    fn entries_are_read_as_browsers_read_them() {
        assert_eq!(read("a.png"), [("a.png", "")]);
        assert_eq!(
            read(" , a.png 1x ,, b.png 2.5x, c.png  "),
            [("a.png", "1x"), ("b.png", "2.5x"), ("c.png", "")]
        );
        assert_eq!(read("a.png, b.png,c.png 2x"), [("a.png", ""), ("b.png,c.png", "2x")]);
        assert_eq!(read("a.png,,, b.png"), [("a.png", ""), ("b.png", "")]);
        assert_eq!(read("data:,a ( , ) 1x, b.png 100w 50h"), [("b.png", "100w 50h")]);
        assert_eq!(read("a.png 320w,b.png 640w"), [("a.png", "320w"), ("b.png", "640w")]);
        assert_eq!(read(""), []);
        assert_eq!(read(",, ,"), []);
    }

    #[test]
    fn entries_that_make_no_sense_are_left_out() {
        for bad in ["1q", "0w", "-1x", "1w 2w", "1x 1w", "50h", "+1x", "1.x", "x", "w", "1.5w", "é", "1x 50h"]
        {
            assert_eq!(read(&format!("a.png {bad}, b.png")), [("b.png", "")], "{bad}");
        }
        for good in ["1w", "0x", ".5x", "1e2x", "50h 100w"] {
            assert_eq!(read(&format!("a.png {good}")), [("a.png", good)], "{good}");
        }
    }

    #[test]
    fn long_lists_take_linear_time() {
        assert_eq!(read(&"a.png 1x,".repeat(100_000)).len(), 100_000);
        assert_eq!(read(&"(".repeat(1_000_000)).len(), 1);
        assert_eq!(read(&"a (,".repeat(250_000)).len(), 0);
        assert_eq!(read(&", ".repeat(1_000_000)).len(), 0);
    }

    proptest! {
        #[test]
        fn any_text_is_read(text in "[ ,()a1wxh.é\t-]{0,60}") {
            for image in image_candidates(&text) {
                prop_assert!(!image.url.is_empty() && !image.url.ends_with(','));
            }
        }
    }
}
