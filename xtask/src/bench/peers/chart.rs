//! Bar charts as SVG.

use std::fmt::Write as _;

/// A bar: its label, first and warm values.
pub(super) struct Bar {
    pub(super) label: String,
    pub(super) values: [f64; 2],
    /// In another colour, and never cut.
    pub(super) ours: bool,
}

const ROW: usize = 34;
const LEFT: usize = 130;
const WIDTH: usize = 520;
const RIGHT: usize = 60;

/// Horizontal bars, two for each label: the pale one is the first pass.
pub(super) fn bars(title: &str, bars: &[Bar]) -> String {
    let largest = bars.iter().flat_map(|bar| bar.values).fold(1.0, f64::max);
    let (width, height) = (LEFT + WIDTH + RIGHT, 48 + ROW * bars.len());
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" \
         font-family=\"system-ui, sans-serif\" font-size=\"12\">\n\
         <rect width=\"{width}\" height=\"{height}\" fill=\"#fff\"/>\n\
         <text x=\"8\" y=\"18\" font-size=\"14\" font-weight=\"600\" fill=\"#222\">{}</text>\n\
         <text x=\"8\" y=\"34\" fill=\"#666\">MB/s of processor time; pale: first pass, full: warm</text>\n",
        escape(title)
    );
    for (row, bar) in bars.iter().enumerate() {
        let top = 44 + row * ROW;
        let colours = if bar.ours { ["#f2b38a", "#d9541e"] } else { ["#b9c9dc", "#4a6f99"] };
        let _ = writeln!(
            out,
            "<text x=\"{}\" y=\"{}\" text-anchor=\"end\" fill=\"#222\">{}</text>",
            LEFT - 8,
            top + 18,
            escape(&bar.label)
        );
        for (line, (value, colour)) in bar.values.iter().zip(colours).enumerate() {
            let (y, length) = (top + line * 14, value / largest * WIDTH as f64);
            let _ = writeln!(
                out,
                "<rect x=\"{LEFT}\" y=\"{y}\" width=\"{length:.1}\" height=\"12\" fill=\"{colour}\"/>\
                 <text x=\"{:.1}\" y=\"{}\" fill=\"#444\">{value:.0}</text>",
                LEFT as f64 + length + 5.0,
                y + 10
            );
        }
    }
    out.push_str("</svg>\n");
    out
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_bar_fills_the_width() {
        let bar = |label: &str, values| Bar { label: label.to_owned(), values, ours: false };
        let svg = bars("a < b", &[bar("x", [50.0, 200.0]), bar("y", [0.0, 100.0])]);
        assert!(svg.contains("a &lt; b"));
        for length in ["130.0", "520.0", "0.0", "260.0"] {
            assert!(svg.contains(&format!("width=\"{length}\" height=\"12\"")), "{length}");
        }
    }
}
