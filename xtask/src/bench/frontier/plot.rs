//! A picture of figures against sizes: a small panel for each, sizes by powers of ten, goals as dashed lines. It draws
//! what it is given and knows nothing of frontiers.

use std::fmt::Write as _;

const COLUMNS: usize = 3;
const WIDTH: f64 = 320.0;
const HEIGHT: f64 = 190.0;
/// Room for words around the drawing of a panel.
const LEFT: f64 = 46.0;
const TOP: f64 = 34.0;
const RIGHT: f64 = 16.0;
const BOTTOM: f64 = 28.0;

/// One figure against the size.
pub(super) struct Panel {
    pub(super) title: &'static str,
    pub(super) goal: Option<f64>,
    /// Size and figure.
    pub(super) points: Vec<(f64, f64)>,
}

/// The picture.
pub(super) fn svg(panels: &[Panel]) -> String {
    let rows = panels.len().div_ceil(COLUMNS);
    #[expect(clippy::cast_precision_loss, reason = "a few panels")]
    let (width, height) = (WIDTH * COLUMNS as f64, HEIGHT * rows as f64);
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" font-family=\"sans-serif\" \
         font-size=\"11\">\n<rect width=\"{width}\" height=\"{height}\" fill=\"#fff\"/>\n"
    );
    for (at, panel) in panels.iter().enumerate() {
        #[expect(clippy::cast_precision_loss, reason = "a few panels")]
        let (x, y) = ((at % COLUMNS) as f64 * WIDTH, (at / COLUMNS) as f64 * HEIGHT);
        let _ = writeln!(out, "<g transform=\"translate({x} {y})\">");
        draw(panel, &mut out);
        out.push_str("</g>\n");
    }
    out.push_str("</svg>\n");
    out
}

fn draw(panel: &Panel, out: &mut String) {
    let most =
        panel.points.iter().map(|(_, value)| *value).chain(panel.goal).fold(0.0, f64::max).max(1e-9) * 1.1;
    let sizes = || panel.points.iter().map(|(size, _)| size.log10());
    let (least, last) = (sizes().fold(f64::MAX, f64::min) - 0.3, sizes().fold(f64::MIN, f64::max) + 0.3);
    let x = |size: f64| LEFT + (size.log10() - least) / (last - least).max(0.1) * (WIDTH - LEFT - RIGHT);
    let y = |value: f64| HEIGHT - BOTTOM - value / most * (HEIGHT - TOP - BOTTOM);
    let (floor, end) = (HEIGHT - BOTTOM, WIDTH - RIGHT);
    let _ = writeln!(out, "<text x=\"{LEFT}\" y=\"18\" font-weight=\"bold\">{}</text>", panel.title);
    let _ = writeln!(out, "<path d=\"M{LEFT} {TOP}V{floor}H{end}\" fill=\"none\" stroke=\"#888\"/>");
    if let Some(goal) = panel.goal {
        let at = y(goal);
        let _ = writeln!(
            out,
            "<path d=\"M{LEFT} {at:.1}H{end}\" stroke=\"#c33\" stroke-dasharray=\"5 4\"/>\
             <text x=\"{end}\" y=\"{:.1}\" fill=\"#c33\" text-anchor=\"end\">goal {goal}</text>",
            at - 4.0
        );
    }
    let line: Vec<String> =
        panel.points.iter().map(|(size, value)| format!("{:.1} {:.1}", x(*size), y(*value))).collect();
    let _ =
        writeln!(out, "<path d=\"M{}\" fill=\"none\" stroke=\"#26a\" stroke-width=\"2\"/>", line.join("L"));
    for (size, value) in &panel.points {
        let (at, up) = (x(*size), y(*value));
        let _ = writeln!(
            out,
            "<circle cx=\"{at:.1}\" cy=\"{up:.1}\" r=\"3\" fill=\"#26a\"/>\
             <text x=\"{at:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{}</text>\
             <text x=\"{at:.1}\" y=\"{:.1}\" text-anchor=\"middle\" fill=\"#555\">10^{:.0}</text>",
            up - 7.0,
            super::shown(*value),
            floor + 15.0,
            size.log10()
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_point_and_goal_is_drawn_inside_the_picture() {
        let panel = |goal| Panel { title: "t", goal, points: vec![(1e6, 5.0), (1e7, 4.0), (1e8, 3.0)] };
        let picture = svg(&[panel(Some(9.0)), panel(None)]);
        assert_eq!(picture.matches("<circle").count(), 6);
        assert_eq!(picture.matches("goal 9").count(), 1);
        for place in picture.split("cy=\"").skip(1) {
            let up: f64 = place.split('"').next().unwrap_or_default().parse().unwrap();
            assert!((TOP..HEIGHT).contains(&up), "{up}");
        }
    }
}
