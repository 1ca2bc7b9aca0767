//! Bodies that are large each in its own way.

/// Bodies of one shape.
pub struct Shape {
    /// What they are called.
    pub name: &'static str,
    /// The most instructions that a body of this shape may have.
    pub most: usize,
    /// Makes the text of a body with about so many instructions.
    pub text: fn(usize) -> String,
}

/// The most instructions that bodies are made with.
pub const MOST: usize = 100_000;

/// All shapes.
pub const SHAPES: [Shape; 11] = [
    Shape {
        name: "one loop",
        most: MOST,
        text: |count| {
            let body = parts(count / 13, |k| {
                format!(
                    "(if (i > {k}) (total = (total + xs/<i>)) else (total = (total - {k}))) (g total)"
                )
            });
            format!(
                "(fn f [xs n] (var i 0) (var total 0) (while (i < n) {body} (i = (i + 1))) total)"
            )
        },
    },
    Shape {
        name: "variables",
        most: MOST,
        text: |count| {
            let body = parts(count / 10, |k| {
                format!("(var v{k} (x + {k})) (if (v{k} > y) (g v{k}))")
            });
            format!("(fn f [x y] {body} x)")
        },
    },
    Shape {
        name: "variables in use",
        most: MOST,
        text: |count| {
            let body = parts(count / 14, |k| {
                format!("(var v{k} (x + {k})) (if (v{k} > y) (g v{k}))")
            });
            let sum = parts(count / 14, |k| format!("(x += v{k})"));
            format!("(fn f [x y] {body} {sum} x)")
        },
    },
    Shape {
        name: "loops in a row",
        most: MOST,
        text: |count| {
            let body = parts(count / 8, |_| {
                "(var i 0) (while (i < n) (total += i) (i += 1))".to_string()
            });
            format!("(fn f [n] (var total 0) {body} total)")
        },
    },
    // Expressions are nested a few hundred levels deep at most.
    Shape {
        name: "nested loops",
        most: 1_500,
        text: |count| {
            let depth = count / 5;
            let open = parts(depth, |k| {
                format!("(var i{k} 0) (while (i{k} < n) (i{k} += 1)")
            });
            format!("(fn f [n] {open} {})", ")".repeat(depth))
        },
    },
    Shape {
        name: "loops and handlers",
        most: MOST,
        text: |count| {
            let body = parts(count / 28, |k| {
                format!(
                    "(try (g {k}) catch * (x = {k})) (var i{k} 0) (while (i{k} < n) (i{k} += 1))"
                )
            });
            format!("(fn f [x n] {body} x)")
        },
    },
    Shape {
        name: "an expression",
        most: MOST,
        text: |count| {
            let sum = parts(count / 2, |k| format!("(x + {k}) *"));
            format!("(fn f [x y] ({sum} y))")
        },
    },
    // The elements of a literal are operands, of which there are fewer than 65,535.
    Shape {
        name: "elements",
        most: 60_000,
        text: |count| format!("(fn f [x] [{}])", parts(count, |k| format!("{k}.5"))),
    },
    Shape {
        name: "properties",
        most: 60_000,
        text: |count| format!("(fn f [x] {{{}}})", parts(count, |k| format!("^k{k} x"))),
    },
    Shape {
        name: "cases",
        most: MOST,
        text: |count| {
            let cases = parts(count / 4, |k| format!("elif (x == {k}) (g {k})"));
            format!("(fn f [x] (if (x == -1) 0 {cases} else 1))")
        },
    },
    Shape {
        name: "handlers",
        most: MOST,
        text: |count| {
            let tries = parts(count / 21, |k| format!("(try (g {k}) catch * (x = {k}))"));
            format!("(fn f [x] {tries} x)")
        },
    },
];

fn parts(count: usize, part: impl Fn(usize) -> String) -> String {
    (0..count).map(part).collect::<Vec<_>>().join("\n")
}
