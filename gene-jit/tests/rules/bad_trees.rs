//! Trees that mean nothing are refused, with the part that is wrong.

use super::program::Program;
use gene_isle_tools::testing::{Bless, Suite};

/// Trees, what is said of them, and the part that is shown.
const TREES: &[(&str, &str, &str)] = &[
    ("(Op.Add x 1)", "nothing in it is tested", "(Op.Add x 1)"),
    (
        "(do (lower x) (lower y))",
        "another part of this tree is tested already",
        "(lower y)",
    ),
    (
        "(lower (Op.Ad x y))",
        "there is no opcode `Ad`",
        "(Op.Ad x y)",
    ),
    (
        "(lower (Op.Neg x y z))",
        "`Op.Neg` does not have its operands",
        "(Op.Neg x y z)",
    ),
    (
        "(statement (Stmt.Retrun x))",
        "`Stmt.Retrun` is no statement",
        "(Stmt.Retrun x)",
    ),
    (
        "(lower (Op.Add (Stmt.Return x) 1))",
        "this has no value",
        "(Stmt.Return x)",
    ),
    (
        "(statement (Stmt.JumpBack))",
        "there is no loop around this",
        "(Stmt.JumpBack)",
    ),
    ("(lower (Op.Captured zero 1))", "expected a number", "zero"),
    (
        "(lower (found (text) (Op.Add x y)))",
        "expected `int`, `float`, `object`, `string`, `other` or `many`",
        "text",
    ),
    (
        "(unless x (lower y))",
        "`unless` is not a form of trees",
        "(unless x (lower y))",
    ),
    ("(lower ())", "expected a word that says what this is", "()"),
];

/// Checks all of them.
pub fn are_refused() -> Result<(), String> {
    let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
    let target = folder.path().join("arm64");
    std::fs::create_dir(&target).map_err(|error| error.to_string())?;
    for &(tree, message, part) in TREES {
        let test = format!("(test t {tree})\n");
        std::fs::write(target.join("t.isle"), &test).map_err(|error| error.to_string())?;
        let suite = Suite::read(folder.path(), "", "arm64", Bless::default())?;
        let case = suite.cases().next().ok_or("there is a test")?;
        let Err(report) = Program::of(&case) else {
            return Err(format!("{tree} is accepted"));
        };
        let marks = "^".repeat(part.len());
        let column = test.find(part).map_or(0, |at| at + 1);
        let place = format!("arm64/t.isle:1:{column}\n");
        let expected = [&format!("error[E0409]: {message}"), &place, &marks];
        if !expected.iter().all(|text| report.contains(text.as_str())) {
            return Err(format!("{tree}: expected {expected:?} in\n{report}"));
        }
    }
    Ok(())
}
