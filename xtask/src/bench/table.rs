//! Results: one row per program, one column per subject, Gene first.

use std::fmt::{self, Display, Write};

/// Measured values and what they mean.
pub struct Table {
    /// What was measured.
    pub title: String,
    /// Unit of the values.
    pub unit: &'static str,
    /// Names of the columns; the first one is what the others are compared with.
    pub subjects: Vec<String>,
    /// The programs.
    pub rows: Vec<Row>,
}

/// The values of one program, where a subject ran it.
pub struct Row {
    /// Name of the program.
    pub program: &'static str,
    /// A value per subject.
    pub values: Vec<Option<f64>>,
}

impl Row {
    /// What a subject took, relative to the first one.
    pub fn ratio(&self, subject: usize) -> Option<f64> {
        Some(self.values[subject]? / self.values[0]?)
    }
}

impl Table {
    /// Geometric mean of a subject's ratios.
    pub fn mean(&self, subject: usize) -> Option<f64> {
        let logs: Vec<f64> = self
            .rows
            .iter()
            .filter_map(|row| row.ratio(subject))
            .map(f64::ln)
            .collect();
        (!logs.is_empty()).then(|| (logs.iter().sum::<f64>() / logs.len() as f64).exp())
    }
}

fn cell(value: Option<f64>) -> String {
    value.map_or("–".to_owned(), |value| match value {
        v if v >= 10_000.0 => format!("{v:.0}"),
        v if v >= 100.0 => format!("{v:.1}"),
        v => format!("{v:.3}"),
    })
}

impl Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let widths: Vec<usize> = self
            .subjects
            .iter()
            .map(|name| name.len().max(10))
            .collect();
        let line = |first: &str, cells: Vec<String>| {
            let mut line = format!("{first:<12}");
            for (cell, width) in cells.iter().zip(&widths) {
                let _ = write!(line, "  {cell:>width$}");
            }
            line
        };
        writeln!(f, "{} ({})", self.title, self.unit)?;
        writeln!(f, "{}", line("", self.subjects.clone()))?;
        for row in &self.rows {
            let cells = row.values.iter().map(|&value| cell(value)).collect();
            writeln!(f, "{}", line(row.program, cells))?;
        }
        writeln!(f, "\ntimes {}:", self.subjects[0])?;
        let subjects = 0..self.subjects.len();
        for row in &self.rows {
            let cells = subjects.clone().map(|s| cell(row.ratio(s))).collect();
            writeln!(f, "{}", line(row.program, cells))?;
        }
        let means = subjects.map(|s| cell(self.mean(s))).collect();
        writeln!(f, "{}", line("geo. mean", means))
    }
}
