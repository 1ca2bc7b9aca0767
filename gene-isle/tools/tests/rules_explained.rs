//! What the tools tell about rules.

mod support;

use gene_isle_core::diagnostic::render_all;
use gene_isle_tools::analysis::{Analysis, programs};
use gene_isle_tools::coverage::{Coverage, append};
use gene_isle_tools::{expand, explain, graph};
use insta::assert_snapshot;

/// The rules in `tests/rules`.
fn rules() -> Analysis {
    let programs = programs("tests/rules".as_ref()).unwrap();
    assert_eq!(programs.len(), 1);
    let analysis = Analysis::read(&programs[0]);
    assert!(
        analysis.diagnostics.is_empty(),
        "{}",
        render_all(&analysis.diagnostics, &analysis.sources)
    );
    analysis
}

#[test]
fn files_of_a_folder_are_common_and_those_of_folders_in_it_are_for_targets() {
    let folder = tempfile::tempdir().unwrap();
    for file in [
        "a.isle",
        "x64/b.isle",
        "arm64/c.isle",
        "arm64/deep/d.isle",
        "notes.txt",
    ] {
        let path = folder.path().join(file);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, "").unwrap();
    }
    let programs: Vec<Vec<String>> = programs(folder.path())
        .unwrap()
        .iter()
        .map(|files| {
            let short = |file: &std::path::PathBuf| {
                file.strip_prefix(folder.path())
                    .unwrap()
                    .display()
                    .to_string()
            };
            files.iter().map(short).collect()
        })
        .collect();
    assert_eq!(
        programs,
        [
            vec!["a.isle", "arm64/c.isle", "arm64/deep/d.isle"],
            vec!["a.isle", "x64/b.isle"]
        ]
    );
}

#[test]
fn a_folder_without_rules_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    assert!(programs(folder.path()).is_err());
    assert!(programs("no/such/folder".as_ref()).is_err());
}

#[test]
fn an_explanation_tells_what_a_rule_matches_does_and_competes_with() {
    assert_snapshot!(explain::explain(&rules(), "add_literal").unwrap(), @r"
            add_literal, tests/rules/arm64/lower.isle:8
            priority 1 among the rules of `lower`

            Adding a literal takes one instruction.

            (rule add_literal 1 (lower (Op.Add x (Op.Const k)))
                  (if-let imm (small k))
                  (add_imm (lower x) imm))

            matches when
              (op the argument) is Op.Add, with x
              (op y of (op the argument)) is Op.Const, with k
              (small k) gives a value, with imm

            does
              t1 = (lower x)         ; by one of 5 rules
              t2 = (add_imm t1 imm)  ; emits add {rd}, {rn}, {imm}
              gives t2

            tried before it
              double, priority 2, tests/rules/arm64/lower.isle:12

            tried after it
              add, priority 0, tests/rules/arm64/lower.isle:3

            tested by
              adds_a_literal, tests/rules/arm64/lower.isle:19
            ");
    assert_snapshot!(explain::explain(&rules(), "double").unwrap(), @r"
    double, tests/rules/arm64/lower.isle:12
    priority 2 among the rules of `lower`

    (rule double 2 (lower (Op.Add x x))
          (let ((a Reg (lower x)))
            (add a a)))

    matches when
      (op the argument) is Op.Add, with x
      x equals y of (op the argument)

    does
      a = (lower x)   ; by one of 5 rules
      t1 = (add a a)  ; emits add {rd}, {rn}, {rm}
      gives t1

    tried after it
      add_literal, priority 1, tests/rules/arm64/lower.isle:8
      add, priority 0, tests/rules/arm64/lower.isle:3
    ");
    assert_snapshot!(explain::explain(&rules(), "neg").unwrap(), @r"
    neg, tests/rules/arm64/lower.isle:16
    priority 0 among the rules of `lower`

    (rule neg (lower (Op.Neg x)) (slow_neg (lower x)))

    matches when
      (op the argument) is Op.Neg, with x

    does
      t1 = (lower x)      ; by one of 5 rules
      t2 = (slow_neg t1)  ; calls crate::runtime::slow_neg, which may allocate or raise
      gives t2
    ");
}

#[test]
fn unknown_names_are_answered_with_a_similar_one() {
    assert_eq!(
        explain::explain(&rules(), "add_litteral").unwrap_err(),
        "there is no rule `add_litteral`; did you mean `add_literal`?"
    );
    assert_eq!(
        graph::graph(&rules(), "lowr").unwrap_err(),
        "there is no term `lowr`; did you mean `lower`?"
    );
    assert_eq!(
        graph::graph(&rules(), "small").unwrap_err(),
        "the term `small` has no rules"
    );
    assert_eq!(
        expand::expand(rules(), "xyz").unwrap_err(),
        "there is no rule or term `xyz`"
    );
    assert_eq!(
        expand::expand(rules(), "small").unwrap_err(),
        "nothing is generated for the term `small`: it has no rules"
    );
}

#[test]
fn the_code_of_a_term_names_its_rules() {
    assert_snapshot!(expand::expand(rules(), "lower").unwrap(), @r#"
    /**The code for a tree.

    The rules of `lower`, declared at tests/rules/tree.isle:21.*/
    #[allow(
        unused_variables,
        unused_mut,
        unused_must_use,
        irrefutable_let_patterns,
        unreachable_patterns,
        unreachable_code
    )]
    #[allow(clippy::all)]
    pub fn constructor_lower<C: Context>(ctx: &mut C, arg0: Node) -> Reg {
        let v1 = ctx.op(arg0);
        match &v1 {
            &Op::Add { x: x_2, y: y_3 } => {
                if x_2 == y_3 {
                    // double, tests/rules/arm64/lower.isle:12
                    ctx.rule_fired(RuleId::double);
                    let a_13 = constructor_lower(ctx, x_2);
                    return constructor_add(ctx, a_13, a_13);
                }
                if let v7 = ctx.op(y_3) && let &Op::Const { value: k_8 } = &v7
                    && let Some(imm_10) = ctx.small(k_8)
                {
                    // add_literal, tests/rules/arm64/lower.isle:8
                    ctx.rule_fired(RuleId::add_literal);
                    let v11 = constructor_lower(ctx, x_2);
                    return constructor_add_imm(ctx, v11, imm_10);
                }
                // add, tests/rules/arm64/lower.isle:3
                ctx.rule_fired(RuleId::add);
                let a_4 = constructor_lower(ctx, x_2);
                let v5 = constructor_lower(ctx, y_3);
                return constructor_add(ctx, a_4, v5);
            }
            &Op::Neg { x: x_15 } => {
                // neg, tests/rules/arm64/lower.isle:16
                ctx.rule_fired(RuleId::neg);
                let v16 = constructor_lower(ctx, x_15);
                return constructor_slow_neg(ctx, v16);
            }
            &Op::Const { value: v18 } => {
                // constant, tests/rules/arm64/lower.isle:17
                ctx.rule_fired(RuleId::constant);
                return ZERO;
            }
        }
        unreachable!("no rule for the term `lower` matched")
    }
    "#);
}

#[test]
fn the_code_of_a_rule_has_no_other_rules() {
    assert_snapshot!(expand::expand(rules(), "add_literal").unwrap(), @r#"
    /**The code for a tree.

    The rules of `lower`, declared at tests/rules/tree.isle:21.*/
    #[allow(
        unused_variables,
        unused_mut,
        unused_must_use,
        irrefutable_let_patterns,
        unreachable_patterns,
        unreachable_code
    )]
    #[allow(clippy::all)]
    pub fn constructor_lower<C: Context>(ctx: &mut C, arg0: Node) -> Reg {
        if let v1 = ctx.op(arg0) && let &Op::Add { x: x_2, y: y_3 } = &v1
            && let v7 = ctx.op(y_3) && let &Op::Const { value: k_8 } = &v7
            && let Some(imm_10) = ctx.small(k_8)
        {
            // add_literal, tests/rules/arm64/lower.isle:8
            ctx.rule_fired(RuleId::add_literal);
            let v11 = constructor_lower(ctx, x_2);
            return constructor_add_imm(ctx, v11, imm_10);
        }
        unreachable!("no rule for the term `lower` matched")
    }
    "#);
}

#[test]
fn an_instruction_and_a_rule_of_one_name_are_both_shown() {
    let code = expand::expand(rules(), "add").unwrap();
    assert!(
        code.contains("fn constructor_add<") && code.contains("fn constructor_lower<"),
        "{code}"
    );
}

#[test]
fn the_graph_is_the_decision_tree() {
    assert_snapshot!(graph::graph(&rules(), "lower").unwrap(), @r#"
    digraph "lower" {
      node [fontname="monospace", shape=box];
      edge [fontname="monospace"];
      n0 [label="(op the argument)"];
      n1 [label="x equals y"];
      n2 [label="double\ntests/rules/arm64/lower.isle:12", shape=ellipse];
      n1 -> n2 [label="yes"];
      n3 [label="(op y) is Op.Const\n(small k) gives a value"];
      n4 [label="add_literal\ntests/rules/arm64/lower.isle:8", shape=ellipse];
      n3 -> n4 [label="yes"];
      n1 -> n3 [style=dashed];
      n5 [label="add\ntests/rules/arm64/lower.isle:3", shape=ellipse];
      n3 -> n5 [style=dashed];
      n0 -> n1 [label="Op.Add"];
      n6 [label="neg\ntests/rules/arm64/lower.isle:16", shape=ellipse];
      n0 -> n6 [label="Op.Neg"];
      n7 [label="constant\ntests/rules/arm64/lower.isle:17", shape=ellipse];
      n0 -> n7 [label="Op.Const"];
    }
    "#);
}

#[test]
fn coverage_counts_what_tests_name_and_what_lists_name() {
    let mut coverage = Coverage::default();
    coverage.tests(&rules());
    assert_snapshot!(coverage.report(&rules()).0, @r"
    rules: 1 of 5 fired
      not fired: add (tests/rules/arm64/lower.isle:3)
      not fired: double (tests/rules/arm64/lower.isle:12)
      not fired: neg (tests/rules/arm64/lower.isle:16)
      not fired: constant (tests/rules/arm64/lower.isle:17)
    ");
    let folder = tempfile::tempdir().unwrap();
    let list = folder.path().join("fired");
    append(&list, ["add", "neg"]).unwrap();
    append(&list, ["constant"]).unwrap();
    coverage.list(&std::fs::read_to_string(list).unwrap());
    coverage.list("\n double \n");
    assert_eq!(
        coverage.report(&rules()),
        ("rules: 5 of 5 fired\n".to_string(), true)
    );
}
