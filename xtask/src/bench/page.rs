//! The results as one HTML page with a plot per table.

use std::fmt::Write;

use super::table::Table;

const STYLE: &str = "
body { font: 15px/1.5 system-ui, sans-serif; margin: 2em auto; max-width: 75em; padding: 0 1em }
table { border-collapse: collapse; margin: 1em 0; font-variant-numeric: tabular-nums }
th, td { padding: .2em .8em; text-align: right; border-bottom: 1px solid #ddd }
th:first-child, td:first-child { text-align: left }
tr.mean td { font-weight: bold }
svg text { font: 12px system-ui, sans-serif }
";

const COLOURS: [&str; 9] = [
    "#333333", "#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00", "#999933",
    "#882255",
];

/// The page that shows some tables.
pub fn render(tables: &[Table]) -> String {
    let mut page = format!(
        "<!doctype html>\n<html lang=\"en\"><meta charset=\"utf-8\"><title>Gene benchmarks</title>\
         <style>{STYLE}</style>\n<h1>Gene benchmarks</h1>\n"
    );
    for table in tables {
        let _ = writeln!(page, "<h2>{}</h2>", table.title);
        let _ = writeln!(
            page,
            "<p>Each value relative to {}; right of the line is slower. Logarithmic.</p>",
            table.subjects[0]
        );
        plot(&mut page, table);
        values(&mut page, table);
    }
    page + "</html>\n"
}

/// One line per program with a dot per subject, on a logarithmic axis of ratios.
fn plot(page: &mut String, table: &Table) {
    const LEFT: f64 = 110.0;
    const WIDTH: f64 = 760.0;
    const STEP: f64 = 24.0;
    const TOP: f64 = 70.0;
    /// Names of subjects side by side.
    const IN_ROW: usize = 5;
    let ratios = || {
        table
            .rows
            .iter()
            .flat_map(|row| (0..table.subjects.len()).filter_map(|s| row.ratio(s)))
    };
    let low = ratios().fold(1.0_f64, f64::min).log10().floor();
    let high = ratios()
        .fold(1.0_f64, f64::max)
        .log10()
        .ceil()
        .max(low + 1.0);
    let x = |ratio: f64| LEFT + (ratio.log10() - low) / (high - low) * WIDTH;
    let height = TOP + STEP * (table.rows.len() as f64 + 1.0);
    let _ = writeln!(
        page,
        "<svg width=\"{}\" height=\"{height}\" role=\"img\">",
        LEFT + WIDTH + 30.0
    );
    for (s, subject) in table.subjects.iter().enumerate() {
        let at = LEFT + (s % IN_ROW) as f64 * (WIDTH / IN_ROW as f64);
        let y = 14 + 20 * (s / IN_ROW);
        let colour = COLOURS[s % COLOURS.len()];
        let _ = writeln!(
            page,
            "<circle cx=\"{at}\" cy=\"{y}\" r=\"5\" fill=\"{colour}\"/><text x=\"{}\" y=\"{}\">{subject}</text>",
            at + 9.0,
            y + 4
        );
    }
    for power in low as i32..=high as i32 {
        let ratio = 10f64.powi(power);
        let colour = if power == 0 { "#333" } else { "#ddd" };
        let _ = writeln!(
            page,
            "<line x1=\"{0}\" x2=\"{0}\" y1=\"{TOP}\" y2=\"{height}\" stroke=\"{colour}\"/>\
             <text x=\"{0}\" y=\"{1}\" text-anchor=\"middle\">{ratio}×</text>",
            x(ratio),
            TOP - 8.0
        );
    }
    for (index, row) in table.rows.iter().enumerate() {
        let y = TOP + STEP * (index as f64 + 1.0);
        let _ = writeln!(
            page,
            "<text x=\"0\" y=\"{}\">{}</text>",
            y + 4.0,
            row.program
        );
        for s in 0..table.subjects.len() {
            if let Some(ratio) = row.ratio(s) {
                let _ = writeln!(
                    page,
                    "<circle cx=\"{}\" cy=\"{y}\" r=\"5\" fill=\"{}\"><title>{}: {ratio:.2}×</title></circle>",
                    x(ratio),
                    COLOURS[s % COLOURS.len()],
                    table.subjects[s]
                );
            }
        }
    }
    page.push_str("</svg>\n");
}

fn values(page: &mut String, table: &Table) {
    let _ = write!(page, "<table><tr><th>{}</th>", table.unit);
    for subject in &table.subjects {
        let _ = write!(page, "<th>{subject}</th>");
    }
    page.push_str("</tr>\n");
    for row in &table.rows {
        let _ = write!(page, "<tr><td>{}</td>", row.program);
        for value in &row.values {
            let _ = match value {
                Some(value) => write!(page, "<td>{value:.3}</td>"),
                None => write!(page, "<td>–</td>"),
            };
        }
        page.push_str("</tr>\n");
    }
    page.push_str("<tr class=\"mean\"><td>geometric mean of ratios</td>");
    for subject in 0..table.subjects.len() {
        let _ = write!(
            page,
            "<td>{:.2}×</td>",
            table.mean(subject).unwrap_or(f64::NAN)
        );
    }
    page.push_str("</tr></table>\n");
}
