//! The command line: what it prints, where, and the status it ends with.

mod support;

use std::io::Write;
use std::process::Stdio;

/// What came of a command.
#[derive(Debug, PartialEq)]
struct Ended {
    status: Option<i32>,
    stdout: String,
    stderr: String,
}

/// Runs `gene` with some words and standard input.
fn gene(words: &[&str], stdin: &str) -> Ended {
    let mut child = support::gene()
        .args(words)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("gene starts");
    let mut pipe = child.stdin.take().expect("standard input is a pipe");
    // A command that does not read it may be gone already.
    let _ = pipe.write_all(stdin.as_bytes());
    drop(pipe);
    let output = child.wait_with_output().expect("gene ends");
    let text = |bytes| String::from_utf8(bytes).expect("the output is UTF-8");
    Ended {
        status: output.status.code(),
        stdout: text(output.stdout),
        stderr: text(output.stderr),
    }
}

fn ok(stdout: &str) -> Ended {
    Ended {
        status: Some(0),
        stdout: stdout.to_owned(),
        stderr: String::new(),
    }
}

fn failed(stderr: &str) -> Ended {
    Ended {
        status: Some(1),
        stdout: String::new(),
        stderr: stderr.to_owned(),
    }
}

mod help {
    use super::*;

    #[test]
    fn every_way_of_asking_gives_the_same_text() {
        let help = gene(&["--help"], "");
        assert_eq!(help.status, Some(0));
        assert!(help.stdout.contains("Usage: gene"), "{help:?}");
        for words in [&[][..], &["help"], &["h"], &["-h"]] {
            assert_eq!(gene(words, ""), help, "{words:?}");
        }
    }

    #[test]
    fn a_command_has_help_of_its_own() {
        let help = gene(&["help", "completions"], "");
        assert_eq!(help.status, Some(0));
        assert!(help.stdout.contains("Usage: gene completions"), "{help:?}");
        assert_eq!(gene(&["completions", "--help"], ""), help);
    }

    #[test]
    fn the_version_is_that_of_the_package() {
        let version = concat!("gene ", env!("CARGO_PKG_VERSION"), "\n");
        assert_eq!(gene(&["--version"], ""), ok(version));
    }
}

mod wrong_use {
    use super::*;

    #[test]
    fn an_unknown_command_is_answered_with_the_help_text() {
        let help = gene(&["help"], "").stdout;
        assert_eq!(
            gene(&["nope"], ""),
            failed(&format!("Error: Unknown command: nope\n\n{help}"))
        );
    }

    #[test]
    fn an_unknown_option_is_an_error() {
        let ended = gene(&["completions", "--nope", "bash"], "");
        assert_eq!(ended.status, Some(1));
        assert!(
            ended
                .stderr
                .starts_with("Error: unexpected argument '--nope' found"),
            "{ended:?}"
        );
    }
}

mod parse {
    use super::*;

    #[test]
    fn the_pretty_form_has_one_child_per_line() {
        assert_eq!(
            gene(&["parse", "-e", "(a ^x 1 [2] {^k \"v\"} \"s\")"], ""),
            ok("(a ^x 1\n  [\n    2\n  ]\n  {\n    ^k \"v\"\n  }\n  \"s\"\n)\n")
        );
    }

    #[test]
    fn other_forms_take_one_line() {
        let code = "(a ^x 1 [2 \"s\"])\nb";
        for (format, line) in [
            ("compact", "(a ^x 1 [2 \"s\"])"),
            ("sexp", "(a :x 1 [2 \"s\"])"),
        ] {
            assert_eq!(
                gene(&["parse", "--format", format], code),
                ok(&format!("{line}\n\nb\n"))
            );
        }
    }

    #[test]
    fn several_files_are_told_apart() {
        let folder = tempfile::tempdir().expect("a scratch folder");
        let file = |name: &str, text: &str| {
            let path = folder.path().join(name);
            std::fs::write(&path, text).expect("the file is written");
            path.display().to_string()
        };
        let (a, b) = (file("a.gene", "x"), file("b.gene", "# nothing"));
        assert_eq!(
            gene(&["parse", "--format", "compact", &a, &b], ""),
            ok(&format!(
                "=== Parsing: {a} ===\nx\n=== Parsing: {b} ===\n(empty)\n"
            ))
        );
    }

    #[test]
    fn mistakes_are_reported() {
        for (words, stdin, message) in [
            (
                &["parse"][..],
                "",
                "Error: No input provided. Use -e for code or provide a file.\n",
            ),
            (
                &["parse", "--format", "xml", "-e", "1"],
                "",
                "Error: Invalid format 'xml'. Must be: pretty, compact, or sexp\n",
            ),
            (
                &["parse", "no-such-file"],
                "",
                "Error: File not found: no-such-file\n",
            ),
            (
                &["parse", "/"],
                "",
                "Error: / is a directory, not a source file\n",
            ),
        ] {
            assert_eq!(gene(words, stdin), failed(message), "{words:?}");
        }
        let ended = gene(&["parse", "-e", "(a"], "");
        assert_eq!(ended.status, Some(1));
        assert!(
            ended
                .stderr
                .starts_with("Parse error: EOF while reading list )"),
            "{ended:?}"
        );
    }

    #[test]
    fn deep_nesting_is_no_problem() {
        let deep = "(a ".repeat(100_000) + &")".repeat(100_000);
        assert_eq!(
            gene(&["parse", "--format", "compact"], &deep).status,
            Some(0)
        );
        assert_eq!(gene(&["parse"], &"[".repeat(100_000)).status, Some(1));
    }
}

mod fmt {
    use super::*;

    const LOOSE: &str = "(fn f [x]\nx  \n)\n";
    const TIDY: &str = "(fn f [x]\n  x\n)\n";

    #[test]
    fn standard_input_is_filtered() {
        assert_eq!(gene(&["fmt"], LOOSE), ok(TIDY));
        assert_eq!(gene(&["format"], TIDY), ok(TIDY));
    }

    #[test]
    fn files_are_rewritten_in_place() {
        let folder = tempfile::tempdir().expect("a scratch folder");
        let path = folder.path().join("a.gene");
        std::fs::write(&path, LOOSE).expect("the file is written");
        let name = path.display().to_string();
        assert_eq!(
            gene(&["fmt", "--check", &name], ""),
            failed(&format!(
                "Error: File is not canonically formatted: {name}\n"
            ))
        );
        assert_eq!(gene(&["fmt", &name], ""), ok(""));
        assert_eq!(std::fs::read_to_string(&path).expect("it is there"), TIDY);
        assert_eq!(
            gene(&["fmt", "--check", &name], ""),
            ok("All files are canonically formatted\n")
        );
    }

    #[test]
    fn checking_standard_input_tells_only() {
        assert_eq!(
            gene(&["fmt", "--check"], TIDY),
            ok("Stdin is canonically formatted\n")
        );
        assert_eq!(
            gene(&["fmt", "--check"], LOOSE),
            failed("Error: Stdin is not canonically formatted\n")
        );
        assert_eq!(gene(&["fmt"], ""), failed("Error: No input provided\n"));
    }
}

#[test]
fn completion_scripts_know_the_commands() {
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let ended = gene(&["completions", shell], "");
        assert_eq!(ended.status, Some(0), "{shell}");
        assert!(ended.stdout.contains("completions"), "{shell}");
    }
}

mod run {
    use super::*;

    fn script(text: &[u8]) -> (tempfile::TempDir, String) {
        let folder = tempfile::tempdir().expect("a scratch folder");
        let path = folder.path().join("script.gene");
        std::fs::write(&path, text).expect("the file is written");
        let name = path.display().to_string();
        (folder, name)
    }

    #[test]
    fn a_file_or_standard_input_is_executed_and_its_value_not_shown() {
        let code = "#!/usr/bin/env -S gene run\n(println \"hello\")\n5";
        let (_folder, name) = script(code.as_bytes());
        assert_eq!(gene(&["run", &name], ""), ok("hello\n"));
        assert_eq!(gene(&["run"], code), ok("hello\n"));
    }

    #[test]
    fn an_uncaught_exception_ends_with_a_diagnostic() {
        let (_folder, name) = script(b"(println 1)\n(fn f [] (1 % 0))\n(f)\n(println 2)\n");
        let ended = gene(&["run", &name], "");
        assert_eq!((ended.status, ended.stdout.as_str()), (Some(1), "1\n"));
        assert_eq!(
            ended.stderr,
            format!(
                "Error: {{^message \"Modulo by zero\" ^code \"GENE.RUNTIME.ERROR\" ^severity \"error\" \
                 ^stage \"runtime\" ^span {{^file \"{name}\" ^line 2 ^column 10}} ^hints [] \
                 ^repair_tags [\"runtime\"]}}\n"
            )
        );
        let human = gene(&["run", "--error-format=human", &name], "").stderr;
        assert!(
            human.contains("error: RuntimeException: Modulo by zero"),
            "{human}"
        );
        assert!(human.contains("2 | (fn f [] (1 % 0))"), "{human}");
    }

    #[test]
    fn a_malformed_program_prints_nothing() {
        let (_folder, name) = script(b"(println 1)\n(println 2");
        let ended = gene(&["run", &name], "");
        assert_eq!((ended.status, ended.stdout.as_str()), (Some(1), ""));
        assert!(
            ended.stderr.starts_with("Error: EOF while reading list )"),
            "{ended:?}"
        );
    }

    #[test]
    fn what_cannot_be_read_is_named() {
        let (_folder, latin) = script(b"(println 1)\n(println \"\xe9\")");
        for (file, message) in [
            (
                "no-such-file.gene",
                "File not found: no-such-file.gene".to_owned(),
            ),
            ("/", "/ is a directory, not a source file".to_owned()),
            (
                &latin,
                format!("{latin} is not UTF-8 text: line 2 holds an invalid byte"),
            ),
        ] {
            assert_eq!(
                gene(&["run", file], ""),
                failed(&format!("Error: {message}\n"))
            );
        }
        assert_eq!(
            gene(&["run"], ""),
            failed("Error: No input provided. Provide a file to run.\n")
        );
    }

    #[test]
    fn huge_and_deep_programs_are_answered() {
        let long = format!("(println \"{}\")", "x".repeat(10_000_000));
        assert_eq!(gene(&["run"], &long).stdout.len(), 10_000_001);
        let deep = "[".repeat(100_000) + &"]".repeat(100_000);
        let ended = gene(&["run"], &deep);
        assert!(matches!(ended.status, Some(0 | 1)), "{:?}", ended.status);
        let calls = "(println ".repeat(100_000) + &")".repeat(100_000);
        let ended = gene(&["run"], &calls);
        assert!(matches!(ended.status, Some(0 | 1)), "{:?}", ended.status);
    }

    #[test]
    fn endless_recursion_is_an_exception() {
        let code =
            "(fn f [n] (1 + (f n)))\n(try (f 1) catch RuntimeException (println \"caught\"))";
        assert_eq!(gene(&["run"], code), ok("caught\n"));
    }

    #[test]
    fn contracts_can_be_switched_off() {
        let code = "(fn f [n] ^pre [(n > 0)] n)\n(println (f 0))";
        assert_eq!(gene(&["run"], code).status, Some(1));
        for option in ["--contracts=off", "--contracts=false", "--contracts=0"] {
            let (_folder, name) = script(code.as_bytes());
            assert_eq!(gene(&["run", option, &name], ""), ok("0\n"), "{option}");
        }
    }

    #[test]
    fn the_examples_run() {
        for (example, output) in [
            ("fib", "46368\n"),
            ("counting-loop", "499999500000\n"),
            ("array-sum", "333833500\n"),
            (
                "primes",
                "168 primes up to 1000, the last ones are [971 977 983 991 997]\n",
            ),
            (
                "accounts",
                "30 from Ada to Max\n  Ada 70, Max 30\nMax cannot pay 50: 20 short\n  Max 30, Ada 70\n",
            ),
            ("words", "the 6\nis 3\nin 2\n"),
            (
                "macros",
                "one more rule\n(x > 3) holds\n(x == 21) does not hold\n",
            ),
        ] {
            let file = format!("{}/examples/{example}.gene", env!("CARGO_MANIFEST_DIR"));
            assert_eq!(gene(&["run", &file], ""), ok(output), "{example}");
            assert_eq!(
                gene(&["fmt", "--check", &file], "").status,
                Some(0),
                "{example}"
            );
        }
    }
}

mod eval {
    use super::*;

    #[test]
    fn the_words_are_one_module() {
        assert_eq!(gene(&["eval", "(println", "1)"], ""), ok("1\n"));
        assert_eq!(gene(&["e"], "(println 2)"), ok("2\n"));
        assert_eq!(
            gene(&["eval"], ""),
            failed("Error: No code provided to evaluate\n")
        );
    }

    #[test]
    fn the_last_value_is_printed_on_request() {
        for (code, written) in [
            ("(+ 1 2)", "3"),
            ("\"str\"", "\"str\""),
            ("nil", "nil"),
            ("[1 \"a\" nil]", "[1 \"a\" nil]"),
            ("{^a \"x\"}", "{^a \"x\"}"),
            ("'c'", "'c'"),
            ("(var x 3)", "3"),
            ("(fn f [] 1)", "VkFunction"),
            ("(class A)", "VkClass"),
            ("(println 1) 5", "1\n5"),
            ("(var x 3) (fn g [] 1)", "3"),
        ] {
            assert_eq!(gene(&["eval", "-p", code], ""), ok(&format!("{written}\n")));
        }
    }
}

#[test]
fn compile_lists_instructions() {
    let listing = gene(&["compile", "-e", "(fn f [n] (n + 1))"], "");
    assert_eq!(listing.status, Some(0));
    assert!(listing.stdout.contains("Instructions ("), "{listing:?}");
    let wrong = gene(&["compile", "-e", "(if)"], "");
    assert_eq!(wrong.status, Some(1));
    assert!(wrong.stderr.contains("if: missing condition"), "{wrong:?}");
}

mod isle {
    use super::*;

    const RULES: &str = "(decl double (u64) u64)\n(rule double_zero 1 (double 0) 0)\n(rule double_any (double x) x)\n";

    fn rules(text: &str) -> (tempfile::TempDir, String) {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::write(folder.path().join("a.isle"), text).expect("a file");
        let path = folder.path().display().to_string();
        (folder, path)
    }

    #[test]
    fn check_counts_what_there_is() {
        let (_folder, path) = rules(RULES);
        let ended = gene(&["isle", "check", "--rules", &path], "");
        assert_eq!(ended, ok("1 files, 2 rules: no errors\n"));
    }

    #[test]
    fn check_reports_what_is_wrong() {
        let (_folder, path) = rules("(decl f (u9) u8)\n");
        let ended = gene(&["isle", "check", "--rules", &path], "");
        assert_eq!(ended.status, Some(1));
        assert!(
            ended
                .stderr
                .starts_with("error[E0101]: unknown type `u9`\n"),
            "{}",
            ended.stderr
        );
        assert!(ended.stderr.contains("a.isle:1:10\n"), "{}", ended.stderr);
    }

    #[test]
    fn expand_shows_rust() {
        let (_folder, path) = rules(RULES);
        let ended = gene(&["isle", "expand", "double_zero", "--rules", &path], "");
        assert!(
            ended
                .stdout
                .contains("pub fn constructor_double<C: Context>(ctx: &mut C, arg0: u64) -> u64 {")
        );
        assert!(
            ended
                .stdout
                .contains("ctx.rule_fired(RuleId::double_zero);"),
            "{}",
            ended.stdout
        );
    }

    #[test]
    fn explain_names_rivals_and_unknown_rules() {
        let (_folder, path) = rules(RULES);
        let ended = gene(&["isle", "explain", "double_any", "--rules", &path], "");
        assert!(
            ended
                .stdout
                .contains("tried before it\n  double_zero, priority 1, "),
            "{}",
            ended.stdout
        );
        let ended = gene(&["isle", "explain", "double_an", "--rules", &path], "");
        assert_eq!(
            ended,
            failed("Error: there is no rule `double_an`; did you mean `double_any`?\n")
        );
    }

    #[test]
    fn graph_is_graphviz() {
        let (_folder, path) = rules(RULES);
        let ended = gene(&["isle", "graph", "double", "--rules", &path], "");
        assert!(
            ended.stdout.starts_with("digraph \"double\" {\n"),
            "{}",
            ended.stdout
        );
    }

    #[test]
    fn fmt_indents_in_place() {
        let (folder, path) = rules("(rule a\n(f x)\ny)\n");
        let ended = gene(&["isle", "fmt", "--check", &path], "");
        assert_eq!(ended.status, Some(1));
        assert_eq!(ended.stdout, format!("not formatted: {path}/a.isle\n"));
        assert_eq!(gene(&["isle", "fmt", &path], ""), ok(""));
        let text =
            std::fs::read_to_string(folder.path().join("a.isle")).expect("the file is there");
        assert_eq!(text, "(rule a\n      (f x)\n      y)\n");
        assert_eq!(gene(&["isle", "fmt", "--check", &path], ""), ok(""));
    }

    #[test]
    fn a_folder_without_rules_is_an_error() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().display().to_string();
        let ended = gene(&["isle", "check", "--rules", &path], "");
        assert_eq!(
            ended,
            failed(&format!(
                "Error: Cannot read the rules in {path}: it has no rule files (*.isle)\n"
            ))
        );
    }
}

mod jit {
    use super::*;

    const LOOP: &str = "(fn sum [n] (var t 0) (var i 0) (while (i < n) (t += i) (i += 1)) t)\n(println (sum 1000))";

    #[test]
    fn every_mode_gives_the_same_output() {
        for mode in ["auto", "off", "sim"] {
            assert_eq!(
                gene(&["run", "--jit", mode], LOOP),
                ok("499500\n"),
                "{mode}"
            );
        }
    }

    #[test]
    fn statistics_tell_what_was_compiled() {
        let human = gene(&["run", "--jit=sim", "--stats"], LOOP);
        assert_eq!((human.status, human.stdout.as_str()), (Some(0), "499500\n"));
        assert!(human.stderr.contains("compiled sum: "), "{human:?}");
        let json = gene(&["run", "--jit=sim", "--stats=json"], LOOP).stderr;
        let statistics: serde_json::Value = serde_json::from_str(&json).expect("one JSON object");
        assert_eq!(statistics["functions"][0]["name"], "sum");
        assert_eq!(statistics["functions"][0]["outcome"], "compiled");
        let idle = gene(
            &[
                "run",
                "--jit=sim",
                "--jit-threshold=1000000",
                "--stats=json",
            ],
            LOOP,
        );
        assert!(idle.stderr.contains("\"functions\":[]"), "{idle:?}");
    }

    #[test]
    fn an_unknown_mode_is_an_error() {
        let ended = gene(&["run", "--jit=often"], LOOP);
        assert_eq!(ended.status, Some(1));
        assert!(
            ended
                .stderr
                .contains("invalid value 'often' for '--jit <MODE>'"),
            "{ended:?}"
        );
    }

    #[test]
    fn explain_shows_source_bytecode_rules_and_assembly() {
        let file = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/fib.gene");
        let shown = gene(&["explain", "--function", "fib", file], "");
        assert_eq!(shown.status, Some(0));
        for part in [
            "5 |   (if (n < 2)",
            "JumpIfNotLocalLtInt",
            "rules/arm64/lower/compare.isle:",
            "subs x",
        ] {
            assert!(shown.stdout.contains(part), "{part}: {}", shown.stdout);
        }
        assert_eq!(
            gene(&["explain", "--function", "nope", file], ""),
            failed(&format!("Error: No function is called nope in {file}\n"))
        );
    }
}

mod repl {
    use super::*;

    /// What a session shows behind the banner and each prompt.
    fn answers(lines: &str) -> (Vec<String>, String) {
        let ended = gene(&["repl"], lines);
        assert_eq!(ended.status, Some(0));
        let (_, session) = ended.stdout.split_once("\n\n").expect("a banner");
        let answers = session.split("gene> ").skip(1);
        (answers.map(str::to_owned).collect(), ended.stderr)
    }

    #[test]
    fn lines_share_their_variables_and_show_their_values() {
        let (answers, errors) = answers(
            "(var x 2)\n\n(fn double [n] (n * x))\n\"s\"\nnil\n(print (double 4))\n(x = 3)\n(double 4)\n",
        );
        assert_eq!(
            answers,
            [
                "2\n",
                "",
                "VkFunction\n",
                "\"s\"\n",
                "",
                "8",
                "3\n",
                "12\n",
                "\n"
            ]
        );
        assert_eq!(errors, "");
    }

    #[test]
    fn an_error_does_not_end_the_session() {
        let (answers, errors) = answers("(+ 1\n(throw \"boom\")\nnope\n(+ 1 2)\nexit\n(print 9)\n");
        assert_eq!(answers, ["", "", "", "3\n", "\n"]);
        assert_eq!(
            errors,
            "Error: EOF while reading list ) (1, 1)\nError: boom\nError: nope is not defined\n"
        );
    }

    #[test]
    fn a_program_opens_a_session_where_it_stands() {
        let code = "(fn f [a] (var b 2) ($repl) (println a b)) (f 1)";
        let ended = gene(&["eval", code], "(b = (a + 10))\n(var a 7)\n");
        assert_eq!(ended, ok("gene> 11\ngene> 7\ngene> \n1 11\n"));
    }
}

mod pipe {
    use super::*;

    #[test]
    fn the_code_runs_for_each_line() {
        let ended = gene(
            &["pipe", "(if ($line .empty?) nil else ($line .length))"],
            "a b\n\nçé\r\n",
        );
        assert_eq!(ended, ok("3\n2\n"));
        assert_eq!(gene(&["pipe", "$line"], "a b"), ok("a b\n"));
        assert_eq!(
            gene(&["pipe", "--quote-str", "[$line", "void]"], "a"),
            ok("[\"a\" void]\n")
        );
    }

    #[test]
    fn what_is_kept_in_a_namespace_stays() {
        let code = "($ns/total = (($ns/total || 0) + ($line .to_i)))";
        assert_eq!(gene(&["pipe", code], "1\n2\n3\n"), ok("1\n3\n6\n"));
    }

    #[test]
    fn a_filter_prints_lines() {
        let ended = gene(
            &["pipe", "--filter", "($line .starts_with \"a\")"],
            "ab\nba\nac\n",
        );
        assert_eq!(ended, ok("ab\nac\n"));
    }

    #[test]
    fn the_code_may_be_in_a_file() {
        let mut file = tempfile::NamedTempFile::new().expect("a temporary file");
        write!(
            file,
            "#!/usr/bin/env gene\n# twice\n(#\"#{{$line}}#{{$line}}\")\n"
        )
        .expect("it can be written");
        let path = file.path().to_str().expect("its name is text");
        assert_eq!(gene(&["pipe", path], "x\n"), ok("xx\n"));
    }

    #[test]
    fn the_first_failing_line_ends_it() {
        let ended = gene(
            &["pipe", "(if ($line == \"b\") (throw \"bad\")) $line"],
            "a\nb\nc\n",
        );
        assert_eq!((ended.status, &*ended.stdout), (Some(1), "a\n"));
        assert!(ended.stderr.starts_with("Error at line 2: {"), "{ended:?}");
        assert!(ended.stderr.contains("\"message\":\"bad\""), "{ended:?}");
    }

    #[test]
    fn code_is_needed_and_must_be_correct() {
        assert_eq!(
            gene(&["pipe"], ""),
            failed("Error: No code provided. Usage: gene pipe '<code>'\n")
        );
        let message = "Error: Compilation error: EOF while reading list ) (1, 1)\n";
        assert_eq!(gene(&["pipe", "(a"], ""), failed(message));
    }
}
