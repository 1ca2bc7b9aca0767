//! What several tests need.

/// The programs of the conformance corpus, in a fixed order.
pub fn corpus() -> Vec<String> {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/conformance");
    let areas = std::fs::read_dir(root).expect("the corpus is there");
    let areas = areas.map(|area| area.expect("a directory can be listed").path());
    let files = areas
        .filter(|area| area.is_dir())
        .flat_map(|area| std::fs::read_dir(area).expect("a directory can be listed"));
    let mut paths: Vec<_> = files
        .map(|file| file.expect("a directory can be listed").path())
        .filter(|path| path.extension().is_some_and(|e| e == "gene"))
        .collect();
    paths.sort();
    let programs = paths.iter().map(std::fs::read_to_string);
    programs
        .map(|text| text.expect("programs are text"))
        .collect()
}
