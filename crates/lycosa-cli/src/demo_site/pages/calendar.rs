//! The spider trap: a calendar that links every month to the next and the previous one and every day to itself with
//! a query, for some ten thousand years. Only a crawler's own limits end it.

use super::super::answer::Answer;
use std::fmt::Write;

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

pub(in super::super) fn answer(path: &str, query: &str) -> Option<Answer> {
    let (year, month) = path.split_once('/')?;
    let year = number(year, 4).filter(|year| *year >= 1)?;
    let month = number(month, 2).filter(|month| (1..=12).contains(month))?;
    let days = days(year, month);
    let day = match query {
        "" => None,
        _ => Some(number_of_day(query).filter(|day| (1..=days).contains(day))?),
    };
    Some(page(year, month, day, days))
}

fn page(year: u32, month: u32, day: Option<u32>, days: u32) -> Answer {
    let name = MONTHS[month as usize - 1];
    let title = day.map_or_else(|| format!("{name} {year}"), |day| format!("{day} {name} {year}"));
    let mut body = format!("<h1>{title}</h1><p>The night walk takes place if it is dry.</p><p>");
    let before = if month == 1 { (year - 1, 12) } else { (year, month - 1) };
    let after = if month == 12 { (year + 1, 1) } else { (year, month + 1) };
    for (word, (year, month)) in [("Previous", before), ("Next", after)] {
        if (1..=9999).contains(&year) {
            let _ = write!(body, "<a href=\"/calendar/{year:04}/{month:02}\">{word} month</a> ");
        }
    }
    body.push_str("</p><p>");
    for day in 1..=days {
        let _ = write!(body, "<a href=\"/calendar/{year:04}/{month:02}?day={day}\">{day}</a> ");
    }
    body.push_str("</p>");
    Answer::page(&title, &body)
}

/// A number of exactly so many digits.
fn number(text: &str, digits: usize) -> Option<u32> {
    (text.len() == digits && text.bytes().all(|byte| byte.is_ascii_digit())).then(|| text.parse().ok())?
}

fn number_of_day(query: &str) -> Option<u32> {
    let digits = query.strip_prefix("day=")?;
    number(digits, digits.len().min(2))
}

/// Days of a month in the Gregorian calendar.
fn days(year: u32, month: u32) -> u32 {
    let leap = (year.is_multiple_of(4) && !year.is_multiple_of(100)) || year.is_multiple_of(400);
    match month {
        2 if leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}
