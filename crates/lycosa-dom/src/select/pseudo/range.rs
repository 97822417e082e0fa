//! `:in-range` and `:out-of-range`: numbers, dates and times against `min` and `max` (HTML standard, 4.10.5.3.7;
//! the formats of 2.3.5).

use super::{Matcher, NodeRef, forms};

/// Whether the value is within its limits; `None` where there are no limits or the control takes no part.
pub(super) fn place<'d>(matcher: &mut Matcher<'d>, node: NodeRef<'d>) -> Option<bool> {
    let kind = forms::input_type(node)?;
    let read = reader(kind)?;
    let limit = |name: &str| node.attr(name).and_then(read);
    let (mut least, mut most) = (limit("min"), limit("max"));
    if kind == "range" {
        (least, most) = (least.or(Some(0.0)), most.or(Some(100.0)));
    }
    if least.is_none() && most.is_none() {
        return None;
    }
    let takes_readonly = kind != "range";
    if forms::is_disabled(matcher, node) || takes_readonly && node.attr("readonly").is_some() {
        return None;
    }
    let Some(value) = limit("value") else { return Some(true) };
    let is_reversed = kind == "time" && matches!((least, most), (Some(least), Some(most)) if most < least);
    let (over, under) = (least.is_none_or(|least| value >= least), most.is_none_or(|most| value <= most));
    Some(if is_reversed { over || under } else { over && under })
}

type Read = fn(&str) -> Option<f64>;

fn reader(kind: &str) -> Option<Read> {
    Some(match kind {
        "number" | "range" => number,
        "date" => date,
        "month" => month,
        "week" => week,
        "time" => time,
        "datetime-local" => date_and_time,
        _ => return None,
    })
}

/// A valid floating-point number (2.3.4.3): no sign but minus, no spaces, no infinity.
fn number(text: &str) -> Option<f64> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let is_plain = digits.starts_with(|first: char| first.is_ascii_digit() || first == '.')
        && digits.bytes().all(|byte| byte.is_ascii_digit() || b".eE+-".contains(&byte))
        && !digits.ends_with('.');
    is_plain.then(|| text.parse().ok()).flatten().filter(|number: &f64| number.is_finite())
}

/// Digits only, of this many or, for years, more.
fn digits(text: &str, count: std::ops::RangeInclusive<usize>) -> Option<u32> {
    let is_number = count.contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| text.parse().ok()).flatten()
}

fn year_of(text: &str) -> Option<u32> {
    digits(text, 4..=7).filter(|year| *year > 0)
}

fn is_leap(year: u32) -> bool {
    year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400))
}

fn year_and_month(text: &str) -> Option<(u32, u32)> {
    let (year, month) = text.split_once('-')?;
    Some((year_of(year)?, digits(month, 2..=2).filter(|month| (1..=12).contains(month))?))
}

fn month(text: &str) -> Option<f64> {
    let (year, month) = year_and_month(text)?;
    Some(f64::from(year) * 12.0 + f64::from(month))
}

/// Grows with the date; it does not count days.
fn date(text: &str) -> Option<f64> {
    let (front, day) = text.rsplit_once('-')?;
    let (year, month) = year_and_month(front)?;
    let last = match month {
        2 if is_leap(year) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    };
    let day = digits(day, 2..=2).filter(|day| (1..=last).contains(day))?;
    Some(f64::from(year) * 372.0 + f64::from(month) * 31.0 + f64::from(day))
}

/// A year has 53 weeks if it begins on a Thursday, or on a Wednesday when it is a leap year (ISO 8601).
fn weeks_in(year: u32) -> u32 {
    let before = year - 1;
    let first_day = (1 + 365 * (before % 7) + before / 4 - before / 100 + before / 400) % 7;
    if first_day == 4 || first_day == 3 && is_leap(year) { 53 } else { 52 }
}

fn week(text: &str) -> Option<f64> {
    let (year, week) = text.split_once("-W")?;
    let year = year_of(year)?;
    let week = digits(week, 2..=2).filter(|week| (1..=weeks_in(year)).contains(week))?;
    Some(f64::from(year) * 53.0 + f64::from(week))
}

/// Seconds since midnight.
fn time(text: &str) -> Option<f64> {
    let mut parts = text.splitn(3, ':');
    let hour = digits(parts.next()?, 2..=2).filter(|hour| *hour < 24)?;
    let minute = digits(parts.next()?, 2..=2).filter(|minute| *minute < 60)?;
    let second = match parts.next() {
        None => 0.0,
        Some(text) => {
            let (whole, part) = text.split_once('.').unwrap_or((text, "0"));
            digits(whole, 2..=2).filter(|second| *second < 60)?;
            digits(part, 1..=3)?;
            text.parse().ok()?
        }
    };
    Some(f64::from(hour * 3600 + minute * 60) + second)
}

fn date_and_time(text: &str) -> Option<f64> {
    let (day, clock) = text.split_once(['T', ' '])?;
    Some(date(day)? * 86_400.0 + time(clock)?)
}
