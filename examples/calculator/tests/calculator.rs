//! The calculator shows its instructions and what they give.

use std::process::Command;

fn calculate(text: &str) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_calculator"))
        .arg(text)
        .output()
        .unwrap();
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn adding_a_number_takes_one_instruction() {
    assert_eq!(
        calculate("2 * 3 + 4"),
        "li r0, #2\nli r1, #3\nmul r2, r0, r1\naddi r3, r2, #4\n= 10\n"
    );
}

#[test]
fn what_is_no_sum_is_refused() {
    assert!(calculate("2 +").starts_with("usage:"));
}
