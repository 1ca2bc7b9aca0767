//! The JIT on the command line.

use super::*;

const LOOP: &str =
    "(fn sum [n] (var t 0) (var i 0) (while (i < n) (t += i) (i += 1)) t)\n(println (sum 1000))";

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
    let functions = statistics["functions"].as_array().expect("a list");
    let sum = functions.iter().find(|function| function["name"] == "sum");
    assert_eq!(sum.expect("it was called")["outcome"], "compiled");
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
fn statistics_tell_why_a_body_stays_interpreted() {
    let source = "(fn count* [n] (var i 0) (while (i < n) (yield i) (i += 1)))
        (var sum 0) (for i in (count* 1000) (sum += i)) (println sum)";
    let ended = gene(&["run", "--jit=sim", "--stats"], source);
    assert_eq!((ended.status, ended.stdout.as_str()), (Some(0), "499500\n"));
    let reason = "declined count*: a generator's or an async function's body";
    assert!(ended.stderr.contains(reason), "{ended:?}");
}

#[test]
fn functions_that_do_not_fit_stay_interpreted() {
    let source = format!(
        "(fn large [x] {}) (println (large 1))\n{LOOP}",
        "(x += 1) ".repeat(2000)
    );
    let run = ["run", "--jit=sim", "--stats", "--jit-code-limit=16K"];
    let ended = gene(&run, &source);
    assert_eq!(ended.status, Some(0));
    assert!(ended.stdout.ends_with("499500\n"), "{ended:?}");
    for outcome in [
        "declined large: the limit for machine code is reached",
        "compiled sum: ",
    ] {
        assert!(ended.stderr.contains(outcome), "{ended:?}");
    }
}

#[test]
fn a_limit_for_code_that_makes_no_sense_is_an_error() {
    for (value, why) in [
        (
            "much",
            "must be a number of bytes, with K or M behind it for larger units",
        ),
        ("", "must be a number of bytes"),
        ("-1", "must be a number of bytes"),
        ("1.5M", "must be a number of bytes"),
        ("129M", "must be at most 128M: so far one branch reaches"),
        ("99999999999999999999G", "must be a number of bytes"),
    ] {
        let ended = gene(&["run", &format!("--jit-code-limit={value}")], LOOP);
        assert_eq!(ended.status, Some(1), "{ended:?}");
        assert!(ended.stderr.contains(why), "{ended:?}");
    }
    for value in ["0", "1", "100"] {
        let limit = format!("--jit-code-limit={value}");
        let ended = gene(&["run", "--jit=sim", &limit], LOOP);
        assert_eq!(ended.status, Some(1), "{ended:?}");
        let why = "less than the machine code shared by all functions";
        assert!(ended.stderr.contains(why), "{ended:?}");
    }
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

#[test]
fn explain_marks_the_instructions_that_a_profile_tells_of() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = |name: &str| folder.path().join(name).display().to_string();
    let (program, profile) = (path("sum.gene"), path("sum.profile"));
    std::fs::write(&program, LOOP).expect("the program is written");
    let run = gene(
        &["run", "--jit=sim", "--jit-profile", &profile, &program],
        "",
    );
    assert_eq!(run, ok("499500\n"));
    let shown = gene(&["explain", "--profile", &profile, &program], "").stdout;
    let shares = shown.lines().filter_map(|line| {
        let (share, _) = line.trim_start().split_once("% ")?;
        share.parse::<f64>().ok()
    });
    let shares: Vec<f64> = shares.collect();
    let total: f64 = shares.iter().sum();
    assert!(total > 90.0 && total < 101.0, "{total}: {shown}");
    // The loop's instructions are carried out equally often, all others hardly ever.
    let hot = shares.iter().filter(|&&share| share > 5.0).count();
    assert!(hot >= 4 && hot < shares.len(), "{shown}");

    let missing = gene(&["explain", "--profile", &program, &program], "");
    assert!(missing.stderr.contains("is no profile"), "{missing:?}");
    let uncounted = gene(&["run", "--jit-profile", &profile, &program], "");
    assert!(
        uncounted.stderr.contains("--jit-profile needs --jit=sim"),
        "{uncounted:?}"
    );
}

/// Code that is made for what an inline cache has met cannot be made again without it.
#[test]
fn explain_shows_the_code_that_a_profile_tells_of() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = |name: &str| folder.path().join(name).display().to_string();
    let (program, profile) = (path("points.gene"), path("points.profile"));
    let source = "(class Point (ctor [x] (/x = x)))
        (fn sum [point n] (var t 0) (var i 0) (while (i < n) (t += point/x) (i += 1)) t)
        (sum (new Point 1) 3) (println (sum (new Point 2) 1000))";
    std::fs::write(&program, source).expect("the program is written");
    let run = [
        "run",
        "--jit=sim",
        "--jit-threshold=1",
        "--jit-profile",
        &profile,
        &program,
    ];
    assert_eq!(gene(&run, ""), ok("2000\n"));
    let shown = gene(
        &["explain", "--function=sum", "--profile", &profile, &program],
        "",
    )
    .stdout;
    let field = shown
        .lines()
        .find(|line| line.contains("member_seen (rules/"));
    assert!(field.is_some_and(|line| line.contains('%')), "{shown}");
    // The loop is marked and has its line of the program beside it.
    assert!(shown.contains("2 |         (fn sum"), "{shown}");
}

#[test]
#[cfg(target_os = "linux")]
fn profilers_are_told_of_compiled_code() {
    let folder = tempfile::tempdir().expect("a folder");
    let program = folder.path().join("sum.gene");
    std::fs::write(&program, LOOP).expect("the program is written");
    let mode = if cfg!(target_arch = "aarch64") {
        "always"
    } else {
        "sim"
    };
    let output = support::gene()
        .args(["run", "--jit", mode])
        .arg(&program)
        .env("GENE_JIT_TOOLS", "perf-map,jitdump,gdb")
        .env("JITDUMPDIR", folder.path())
        .output()
        .expect("gene runs");
    assert_eq!(output.stdout, b"499500\n", "{output:?}");
    let files = std::fs::read_dir(folder.path()).expect("the folder is there");
    let names = files.filter_map(|file| file.ok()?.file_name().into_string().ok());
    let process = names.into_iter().find_map(|name| {
        let name = name.strip_prefix("jit-")?;
        Some(name.strip_suffix(".dump")?.to_string())
    });
    let process = process.expect("a jitdump");
    let map = format!("/tmp/perf-{process}.map");
    let text = std::fs::read_to_string(&map).expect("a perf map");
    std::fs::remove_file(&map).expect("it can be removed");
    let name = format!("sum ({}:1)", program.display());
    let line = text.lines().find(|line| line.ends_with(&name));
    let words: Vec<_> = line.expect("the function is in it").split(' ').collect();
    let number = |word| u64::from_str_radix(word, 16).expect("a hexadecimal number");
    let (address, size) = (number(words[0]), number(words[1]));

    let dump = folder.path().join(format!("jit-{process}.dump"));
    let dump = std::fs::read(dump).expect("the jitdump is there");
    let contains = |part: &[u8]| dump.windows(part.len()).any(|window| window == part);
    assert!(dump.starts_with(&0x4A69_5444u32.to_ne_bytes()));
    let place = [address, address, size].map(u64::to_ne_bytes).concat();
    assert!(contains(&place), "the same code is in both");
    assert!(contains(&[name.as_bytes(), &[0]].concat()));
}

#[test]
#[cfg(target_os = "linux")]
fn tools_are_told_of_functions_whose_names_hold_any_characters() {
    let source = LOOP.replace("sum", "s\0m");
    let mode = if cfg!(target_arch = "aarch64") {
        "--jit=always"
    } else {
        "--jit=sim"
    };
    let ended = gene(&["run", mode, "--jit-tools=gdb"], &source);
    assert_eq!(ended.stdout, "499500\n", "{ended:?}");
}
