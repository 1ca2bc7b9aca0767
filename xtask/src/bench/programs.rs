//! The benchmark programs in `benches/programs/`: `NAME.gene`, `.lua`, `.js`, `.py`, `.php`.

/// One algorithm, written in each language. Its argument sets how much it does.
pub struct Program {
    /// Stem of the file names.
    pub name: &'static str,
    /// The argument when time is measured: some tenths of a second in Lua.
    pub full: u32,
    /// The argument when emulated instructions are counted.
    pub small: u32,
}

const fn program(name: &'static str, full: u32, small: u32) -> Program {
    Program { name, full, small }
}

/// All programs, from micro to macro.
pub const PROGRAMS: &[Program] = &[
    program("fib", 32, 27),
    program("loop-sum", 50_000_000, 5_000_000),
    program("permute", 400, 40),
    program("towers", 200, 40),
    program("storage", 200, 25),
    program("bounce", 20_000, 2_000),
    program("list", 600, 60),
    program("queens", 300, 40),
    program("mandelbrot", 700, 130),
    program("nbody", 150_000, 10_000),
    program("matmul", 250, 90),
    program("closures", 15_000, 1_000),
    program("map-count", 1_200_000, 100_000),
    program("strings", 25_000, 2_500),
    program("json", 10_000, 2_000),
    program("richards", 150, 20),
    program("deltablue", 8_000, 1_500),
];
