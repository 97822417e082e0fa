//! Figures of the XPath benchmark as tables.

use std::fmt::Write as _;

use super::super::figures::Summary;

/// The sides, in the order of every list: ours is the one that others are compared with.
pub(super) const SIDES: [&str; 3] = ["lycosa", "libxml2", "xpath-eval"];
/// How an expression is evaluated: over a document seen for the first time, and over one that is known.
pub(super) const HOWS: [&str; 2] = ["first", "warm"];

/// What was measured of an expression over a page.
#[derive(Clone, Debug, Default)]
pub(super) struct Row {
    pub(super) expression: &'static str,
    /// By how and side: nanoseconds, one for each round; one alone where an evaluation takes over a second.
    pub(super) series: [[Vec<f64>; 3]; 2],
    /// Count, hash and kind, by side.
    pub(super) found: [(u64, u64, String); 3],
    /// How many nodes libxml2 finds in the tree of its own HTML parser, where that was asked.
    pub(super) own_tree: Option<u64>,
}

/// A page and its rows.
#[derive(Debug)]
pub(super) struct Sheet {
    pub(super) title: String,
    pub(super) rows: Vec<Row>,
}

impl Row {
    /// The time of a side over ours, by rounds.
    fn ratios(&self, how: usize, side: usize) -> Summary {
        let [ours, theirs] = [0, side].map(|side| &self.series[how][side]);
        Summary::of(theirs.iter().zip(ours).map(|(theirs, ours)| theirs / ours))
    }

    /// Whether a side found something else than ours.
    pub(super) fn differs(&self, side: usize) -> bool {
        self.found[side] != self.found[0]
    }
}

/// Three significant digits, in microseconds, with the spread where there is one.
fn micros(series: &[f64]) -> String {
    let summary = Summary::of(series.iter().map(|ns| ns / 1e3));
    match series.len() {
        1 => format!("{} (once)", digits(summary.median())),
        _ => {
            let (low, high) = summary.range();
            format!("{} ({} to {})", digits(summary.median()), digits(low), digits(high))
        }
    }
}

fn digits(number: f64) -> String {
    let decimals = match number {
        ..1.0 => 3,
        ..10.0 => 2,
        ..100.0 => 1,
        _ => 0,
    };
    format!("{number:.decimals$}")
}

/// An expression in a cell of a table.
fn code(expression: &str) -> String {
    format!("`{}`", expression.replace('|', "\\|"))
}

/// The tables of one page.
pub(super) fn sheet(sheet: &Sheet) -> String {
    let mut text = format!("\n## {}\n", sheet.title);
    for (how, name) in HOWS.iter().enumerate().rev() {
        let _ = write!(
            text,
            "\n{name}, µs\n\n| expression | found | lycosa | libxml2 | xpath-eval | × libxml2 | × xpath-eval |\n\
             |---|---|---|---|---|---|---|\n"
        );
        for row in &sheet.rows {
            let [ours, libxml2, peer] = &row.series[how];
            let _ = writeln!(
                text,
                "| {} | {} | {} | {} | {} | {} | {} |",
                code(row.expression),
                found(row),
                micros(ours),
                micros(libxml2),
                micros(peer),
                digits(row.ratios(how, 1).median()),
                digits(row.ratios(how, 2).median())
            );
        }
    }
    text
}

/// How much was found; what another side or tree gives where that is something else.
fn found(row: &Row) -> String {
    let (count, _, kind) = &row.found[0];
    let mut text = if kind == "nodes" { count.to_string() } else { kind.clone() };
    for (side, name) in SIDES.iter().enumerate().filter(|(side, _)| row.differs(*side)) {
        let (count, _, kind) = &row.found[side];
        let _ = write!(text, " ({name}: {count} {kind})");
    }
    if let Some(own) = row.own_tree.filter(|own| kind == "nodes" && own != count) {
        let _ = write!(text, " (HTML of libxml2: {own})");
    }
    text
}

/// The goals: how, against which side, the least geometric mean of ratios, and the least single ratio.
const GOALS: &[(usize, usize, f64, f64)] = &[(1, 1, 10.0, 1.0), (0, 1, 3.0, 1.0), (1, 2, 3.0, 0.0)];

/// Geometric means over all pages and expressions, beside the goals, and the worst single ratios.
pub(super) fn summary(sheets: &[Sheet]) -> String {
    let mut text = String::from(
        "\n## Goals\n\n| ratio | geometric mean | goal | least | goal | where least |\n|---|---|---|---|---|---|\n",
    );
    for (how, side, mean_goal, least_goal) in GOALS {
        let all = ratios(sheets, *how, *side);
        let mean = geometric_mean(all.iter().map(|(ratio, ..)| *ratio));
        let least = all.iter().min_by(|(one, ..), (other, ..)| one.total_cmp(other));
        let (ratio, place) = least.map_or((f64::NAN, String::new()), |(ratio, page, expression)| {
            (*ratio, format!("{} on {page}", code(expression)))
        });
        let slower = all.iter().filter(|(ratio, ..)| ratio < least_goal).count();
        let least_goal = match *least_goal {
            0.0 => "none".to_owned(),
            goal => format!(
                "{goal:.0}: {}",
                if slower == 0 { "met".to_owned() } else { format!("{slower} below") }
            ),
        };
        let met = if mean >= *mean_goal { "met" } else { "not met" };
        let _ = writeln!(
            text,
            "| {} over {}, {} | {} | {mean_goal:.0}: {met} | {} | {least_goal} | {place} |",
            SIDES[*side],
            SIDES[0],
            HOWS[*how],
            digits(mean),
            digits(ratio)
        );
    }
    text.push_str(&by_expression(sheets));
    text
}

/// Geometric means over the pages, an expression a row.
fn by_expression(sheets: &[Sheet]) -> String {
    let columns =
        "| expression | warm × libxml2 | warm × xpath-eval | first × libxml2 | first × xpath-eval |";
    let mut text =
        format!("\n## By expression, geometric means over the pages\n\n{columns}\n|---|---|---|---|---|\n");
    let expressions = sheets.first().map_or(&[][..], |sheet| &sheet.rows);
    for row in expressions {
        let mean = |how, side| {
            let all = ratios(sheets, how, side).into_iter();
            digits(geometric_mean(
                all.filter(|(_, _, expression)| *expression == row.expression).map(|(ratio, ..)| ratio),
            ))
        };
        let cells = [mean(1, 1), mean(1, 2), mean(0, 1), mean(0, 2)].join(" | ");
        let _ = writeln!(text, "| {} | {cells} |", code(row.expression));
    }
    text
}

/// Every ratio with its page and expression.
fn ratios(sheets: &[Sheet], how: usize, side: usize) -> Vec<(f64, &str, &'static str)> {
    let mut all = Vec::new();
    for sheet in sheets {
        let page = sheet.title.split(':').next().unwrap_or_default();
        all.extend(sheet.rows.iter().map(|row| (row.ratios(how, side).median(), page, row.expression)));
    }
    all
}

fn geometric_mean(ratios: impl Iterator<Item = f64>) -> f64 {
    let (sum, count) = ratios.fold((0.0, 0.0), |(sum, count), ratio| (sum + ratio.ln(), count + 1.0));
    (sum / count).exp()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(expression: &'static str, ours: f64, theirs: f64) -> Row {
        let series = || [vec![ours], vec![theirs], vec![ours]];
        Row { expression, series: [series(), series()], ..Row::default() }
    }

    #[test]
    fn a_summary_says_which_goals_are_met_and_where_the_least_ratio_is() {
        let rows = vec![row("//a | //b", 1.0, 400.0), row("//c", 2.0, 1.0)];
        let text = summary(&[Sheet { title: "forum: 3 nodes".to_owned(), rows }]);
        let line = |start: &str| text.lines().find(|line| line.starts_with(start)).unwrap_or_default();
        let warm = line("| libxml2 over lycosa, warm");
        assert!(warm.contains("| 14.1 | 10: met | 0.500 | 1: 1 below | `//c` on forum |"), "{warm}");
        assert!(line("| xpath-eval over lycosa, warm").contains("| 1.00 | 3: not met |"), "{text}");
        assert!(text.contains("| `//a \\| //b` | 400 | 1.00 | 400 | 1.00 |"), "{text}");
    }

    #[test]
    fn a_row_says_where_a_side_found_something_else() {
        let mut odd = row("//a", 1.0, 2.0);
        odd.found = [(2, 5, "nodes".to_owned()), (2, 5, "nodes".to_owned()), (3, 6, "nodes".to_owned())];
        odd.own_tree = Some(4);
        assert!(!odd.differs(1) && odd.differs(2));
        assert_eq!(found(&odd), "2 (xpath-eval: 3 nodes) (HTML of libxml2: 4)");
    }
}
