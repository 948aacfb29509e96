//! Lines over two logarithmic axes, as SVG.

use std::fmt::Write as _;

/// A line: its name and points.
pub(super) struct Line {
    pub(super) name: String,
    pub(super) points: Vec<(f64, f64)>,
}

const WIDTH: f64 = 560.0;
const HEIGHT: f64 = 300.0;
const LEFT: f64 = 64.0;
const TOP: f64 = 44.0;
const COLOURS: [&str; 4] = ["#d9541e", "#4a6f99", "#6a9955", "#8a6fa8"];

/// Lines with the names of both axes.
pub(super) fn lines(title: &str, axes: [&str; 2], lines: &[Line]) -> String {
    let all = || lines.iter().flat_map(|line| line.points.iter().copied());
    let range = |value: fn((f64, f64)) -> f64| {
        let values = all().map(value);
        let (low, high) = values.fold((f64::INFINITY, 0.0f64), |(l, h), v| (l.min(v), h.max(v)));
        // Whole powers of ten, at least one.
        let (low, high) = (low.max(1e-9).log10().floor(), high.max(1e-9).log10().ceil());
        (low, high.max(low + 1.0))
    };
    let (x_range, y_range) = (range(|point| point.0), range(|point| point.1));
    let part = |value: f64, (low, high): (f64, f64)| (value.max(1e-9).log10() - low) / (high - low);
    let x = |value: f64| LEFT + part(value, x_range) * WIDTH;
    let y = |value: f64| TOP + HEIGHT - part(value, y_range) * HEIGHT;
    let (width, height) = (LEFT + WIDTH + 90.0, TOP + HEIGHT + 44.0);
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" \
         font-family=\"system-ui, sans-serif\" font-size=\"12\">\n\
         <rect width=\"{width}\" height=\"{height}\" fill=\"#fff\"/>\n\
         <text x=\"8\" y=\"18\" font-size=\"14\" font-weight=\"600\" fill=\"#222\">{title}</text>\n\
         <text x=\"8\" y=\"34\" fill=\"#666\">{}</text>\n\
         <text x=\"{}\" y=\"{}\" text-anchor=\"end\" fill=\"#666\">{}</text>\n",
        axes[1],
        LEFT + WIDTH,
        TOP + HEIGHT + 34.0,
        axes[0]
    );
    let powers =
        |(low, high): (f64, f64)| (low as i32..=high as i32).map(|power| 10f64.powi(power));
    for tick in powers(x_range) {
        let _ = writeln!(
            out,
            "<path d=\"M{0:.1} {TOP}V{1}\" stroke=\"#ddd\"/>\
             <text x=\"{0:.1}\" y=\"{2}\" text-anchor=\"middle\" fill=\"#444\">{tick}</text>",
            x(tick),
            TOP + HEIGHT,
            TOP + HEIGHT + 16.0
        );
    }
    for tick in powers(y_range) {
        let _ = writeln!(
            out,
            "<path d=\"M{LEFT} {0:.1}H{1}\" stroke=\"#ddd\"/>\
             <text x=\"{2}\" y=\"{3:.1}\" text-anchor=\"end\" fill=\"#444\">{tick}</text>",
            y(tick),
            LEFT + WIDTH,
            LEFT - 8.0,
            y(tick) + 4.0
        );
    }
    for (line, colour) in lines.iter().zip(COLOURS.iter().cycle()) {
        let mut path = String::new();
        for (at, point) in line.points.iter().enumerate() {
            let letter = if at == 0 { 'M' } else { 'L' };
            let _ = write!(path, "{letter}{:.1} {:.1}", x(point.0), y(point.1));
            let _ = writeln!(
                out,
                "<circle cx=\"{:.1}\" cy=\"{:.1}\" r=\"3\" fill=\"{colour}\"/>",
                x(point.0),
                y(point.1)
            );
        }
        let _ = writeln!(
            out,
            "<path d=\"{path}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"2\"/>"
        );
        if let Some(last) = line.points.last() {
            let _ = writeln!(
                out,
                "<text x=\"{:.1}\" y=\"{:.1}\" fill=\"{colour}\">{}</text>",
                x(last.0) + 8.0,
                y(last.1) + 4.0,
                line.name
            );
        }
    }
    out.push_str("</svg>\n");
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_power_of_ten_is_a_step_of_the_grid() {
        let line =
            Line { name: "a".to_owned(), points: vec![(1.0, 0.1), (10.0, 1.0), (100.0, 10.0)] };
        let svg = lines("title", ["x", "y"], &[line]);
        assert!(svg.contains("d=\"M64.0 344.0L344.0 194.0L624.0 44.0\""), "{svg}");
    }
}
