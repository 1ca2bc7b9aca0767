//! Compiled programs in files: `gene compile`, and what `gene run` keeps.

use std::fs;
use std::path::Path;

use super::*;

/// Runs `gene` in a folder, which also holds what is kept between runs.
fn gene_in(folder: &Path, words: &[&str]) -> Ended {
    let output = support::gene()
        .args(words)
        .current_dir(folder)
        .stdin(Stdio::null())
        .output()
        .expect("gene ends");
    let text = |bytes| String::from_utf8(bytes).expect("the output is UTF-8");
    Ended {
        status: output.status.code(),
        stdout: text(output.stdout),
        stderr: text(output.stderr),
    }
}

fn folder_with(name: &str, text: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join(name), text).expect("the file is written");
    folder
}

#[test]
fn files_are_compiled_when_they_have_changed() {
    let folder = folder_with("a.gene", "(println (1 + 1))");
    let folder = folder.path();
    let written = ok("Compiling: a.gene -> build/a.gir\nWritten: build/a.gir\n");
    let compile = || gene_in(folder, &["compile", "a.gene"]);
    assert_eq!(compile(), written);
    assert_eq!(gene_in(folder, &["run", "build/a.gir"]), ok("2\n"));
    assert_eq!(compile(), ok("Up-to-date: build/a.gir\n"));
    assert_eq!(gene_in(folder, &["compile", "--force", "a.gene"]), written);
    fs::write(folder.join("a.gene"), "(println $args)").expect("the file is written");
    assert_eq!(compile(), written);
    assert_eq!(
        gene_in(folder, &["run", "build/a.gir", "x", "-y"]),
        ok("[x -y]\n")
    );
    assert_eq!(
        gene_in(folder, &["compile", "-o", "out/deep", "a.gene"]),
        ok("Compiling: a.gene -> out/deep/a.gir\nWritten: out/deep/a.gir\n")
    );
}

#[test]
fn what_cannot_be_compiled_or_run_is_told() {
    let folder = folder_with("a.gene", "(println 1");
    let folder = folder.path();
    let ended = gene_in(folder, &["compile", "a.gene"]);
    assert_eq!(ended.status, Some(1));
    assert!(
        ended.stderr.contains("EOF while reading list )"),
        "{ended:?}"
    );
    fs::write(folder.join("b.gir"), "(println 1)").expect("the file is written");
    assert_eq!(
        gene_in(folder, &["run", "b.gir"]),
        failed("Error: Cannot run b.gir: it is not a compiled Gene program\n")
    );
    assert_eq!(
        gene_in(folder, &["run", "c.gir"]),
        failed("Error: File not found: c.gir\n")
    );
    assert_eq!(
        gene_in(folder, &["compile", "-f", "gir", "-e", "1"]),
        failed("Error: Only files can be compiled to .gir\n")
    );
}

#[test]
fn code_can_be_looked_at_in_several_forms() {
    let code = "(export [double]) (enum Size small large) (class A (method m [x] x))\n(fn double [n: Int] -> Int ^intent \"twice\" (n * 2))";
    let code = code.replace(
        "(fn double [n: Int] -> Int ^intent \"twice\"",
        "(fn double ^intent \"twice\" [n: Int] -> Int",
    );
    let form = |format: &str| {
        let ended = gene(&["compile", "-f", format, "-e", &code], "");
        assert_eq!(ended.status, Some(0), "{ended:?}");
        ended.stdout
    };
    assert!(form("pretty").contains("double: parameters 1"));
    assert!(
        form("compact")
            .lines()
            .any(|line| line.starts_with("double: "))
    );
    assert!(form("bytecode").lines().any(|line| line == "Return"));
    let words = ["compile", "-a", "--eager", "--emit-debug", "-f", "bytecode"];
    let ended = gene(&[&words[..], &["-e", "nil"]].concat(), "");
    assert_eq!(ended, ok("0000 Nil\n0001 Return\n"));
    let metadata: serde_json::Value =
        serde_json::from_str(&form("ai-metadata")).expect("it is JSON");
    assert_eq!(metadata["exports"][0], "double");
    assert_eq!(metadata["types"][0]["variants"][1], "large");
    let functions = metadata["functions"].as_array().expect("functions");
    let double = functions
        .iter()
        .find(|function| function["name"] == "double")
        .expect("it is listed");
    assert_eq!(double["parameters"][0]["type"], "Int");
    assert_eq!(double["returns"], "Int");
    assert_eq!(double["line"], 2);
}

/// A program that is long enough to be kept.
fn long_program() -> String {
    (0..1_000)
        .map(|i| format!("(fn f{i} [x] (if (x > {i}) (x - {i}) else x))\n"))
        .chain(["(println (f7 10))".to_owned()])
        .collect()
}

fn kept(folder: &Path) -> Option<std::path::PathBuf> {
    let file = folder.join("build/a.gir");
    file.exists().then_some(file)
}

#[test]
fn long_programs_are_kept_and_damage_is_mended() {
    let folder = folder_with("a.gene", &long_program());
    let folder = folder.path();
    assert_eq!(
        gene_in(folder, &["run", "--no-gir-cache", "a.gene"]),
        ok("3\n")
    );
    assert_eq!(kept(folder), None);
    let run = || assert_eq!(gene_in(folder, &["run", "a.gene"]), ok("3\n"));
    run();
    let file = kept(folder).expect("the code is kept");
    let code = fs::read(&file).expect("it can be read");
    for damage in [&code[..code.len() / 2], b"", b"\xff\x00"] {
        fs::write(&file, damage).expect("it can be written");
        run();
        assert_eq!(fs::read(&file).expect("it can be read"), code);
    }
    let changed = long_program().replace("(f7 10)", "(f8 10)");
    fs::write(folder.join("a.gene"), changed).expect("the file is written");
    assert_eq!(gene_in(folder, &["run", "a.gene"]), ok("2\n"));
    assert_ne!(fs::read(&file).expect("it can be read"), code);
}

#[test]
fn what_is_kept_is_used_unless_that_is_not_wanted() {
    let folder = folder_with("a.gene", &long_program());
    let folder = folder.path();
    let run = |words: &[&str]| gene_in(folder, &[&["run"], words, &["a.gene"]].concat());
    assert_eq!(run(&[]), ok("3\n"));
    let written = |file: &Path| {
        let about = fs::metadata(file).expect("it is there");
        std::os::unix::fs::MetadataExt::ino(&about)
    };
    let file = kept(folder).expect("the code is kept");
    // As long as it is held, its number is not given to another file.
    let _held = fs::File::open(&file).expect("it can be read");
    let first = written(&file);
    assert_eq!(run(&[]), ok("3\n"));
    assert_eq!(written(&file), first);
    assert_eq!(run(&["--force-compile"]), ok("3\n"));
    assert_ne!(written(&file), first);
}

#[test]
fn without_a_place_to_keep_code_programs_run() {
    let folder = folder_with("a.gene", &long_program());
    fs::write(folder.path().join("build"), "no folder").expect("the file is written");
    assert_eq!(gene_in(folder.path(), &["run", "a.gene"]), ok("3\n"));
}
