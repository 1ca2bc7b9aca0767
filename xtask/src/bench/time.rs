//! Wall time of whole processes, in interleaved rounds: what slows the machine
//! down for a while slows everybody down.

use std::time::Instant;

use anyhow::{Result, ensure};

use super::programs::Program;
use super::subject::Subject;
use super::table::{Row, Table};
use crate::process::run;

/// Measures the programs; each value is the median of its rounds, in seconds.
pub fn measure(programs: &[&Program], subjects: &[Subject], rounds: usize) -> Result<Table> {
    let rows = programs
        .iter()
        .map(|program| {
            eprintln!("timing {}", program.name);
            measure_program(program, subjects, rounds)
        })
        .collect::<Result<_>>()?;
    Ok(Table {
        title: format!("Wall time, median of {rounds} interleaved runs"),
        unit: "seconds",
        subjects: subjects.iter().map(|s| s.name.to_owned()).collect(),
        rows,
    })
}

fn measure_program(program: &Program, subjects: &[Subject], rounds: usize) -> Result<Row> {
    let mut times = vec![Vec::new(); subjects.len()];
    let mut expected: Option<String> = None;
    for _ in 0..rounds {
        for (subject, times) in subjects.iter().zip(&mut times) {
            let file = super::program_file(program, subject.extension);
            let start = Instant::now();
            let (output, _) = run(&mut subject.command(&file, program.full))?;
            times.push(start.elapsed().as_secs_f64());
            let expected = expected.get_or_insert_with(|| output.clone());
            ensure!(
                *expected == output,
                "{}: {} wrote {output:?}, not {expected:?}",
                program.name,
                subject.name
            );
        }
    }
    Ok(Row {
        program: program.name,
        values: times.into_iter().map(|times| Some(median(times))).collect(),
    })
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
