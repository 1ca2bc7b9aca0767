//! What the integration tests share.

use std::process::Command;

/// The `gene` under test, to be given its arguments.
///
/// `GENE_TEST_RUNNER` names a program to run it with, such as an emulator when
/// the tests are built for another machine.
pub fn gene() -> Command {
    let gene = env!("CARGO_BIN_EXE_gene");
    match std::env::var_os("GENE_TEST_RUNNER") {
        Some(runner) => {
            let mut command = Command::new(runner);
            command.arg(gene);
            command
        }
        None => Command::new(gene),
    }
}
